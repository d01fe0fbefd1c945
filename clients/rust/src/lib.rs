//! A typed client of the Novate contracts over JSON-RPC.
//!
//! - [`Chain`]: a connection; views and transactions typed by the ABI, reverts decoded into [`ContractError`].
//! - [`Novate`]: the deployed contracts; what traders, keepers and publishers do, in one method each.
//! - [`Chain::create_program`]: puts a program on a chain.
//!
//! No formula of the protocol is in here: figures come from the contracts' views, or from `risk`. What publishers decide, and no
//! contract, is how a market approaches a jump: [`Publisher`].

#![forbid(unsafe_code)]

mod account;
mod chain;
mod contract_error;
mod deploy;
mod error;
mod evaluation;
mod novate;
mod publisher;
mod rounds;
mod signing;
mod wallet;

pub use account::{account_id, account_owner};
pub use chain::{Chain, Gas, Receipt};
pub use contract_error::ContractError;
pub use deploy::{Deployed, Program, create_code};
pub use error::Error;
pub use evaluation::{Evaluation, Lending, risk_book};
pub use novate::{Deployment, Novate};
pub use publisher::{Bucket, EIGHTHS, Publisher, Step, approach};
pub use rounds::{Round, settlement_proof};
pub use signing::{market_digest, trade_digest};
pub use wallet::Wallet;
