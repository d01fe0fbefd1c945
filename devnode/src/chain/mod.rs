//! The chain around the engine: state, blocks, transactions, time, snapshots, forks.
//!
//! [`Node`] owns it all and lives on one thread; [`NodeHandle`] is the way to it from anywhere.

mod accounts;
mod block;
mod call;
mod cheats;
mod clock;
mod config;
mod error;
mod estimate;
mod events;
mod filters;
mod fork;
mod genesis;
mod handle;
mod journal;
mod logs;
mod mine;
mod node;
mod node_interface;
mod outcome;
mod pool;
mod simulate;
mod snapshot;
mod state;
mod trace;
mod transaction;
mod view;

pub use accounts::{DEFAULT_MNEMONIC, Keyring};
pub use block::{Blocks, GAS_LIMIT, MinedBlock, MinedTransaction};
pub use call::Overrides;
pub use clock::{Clock, ClockSource};
pub use config::{Mining, NodeConfig, ether};
pub use error::Error;
pub use events::{Events, Progress};
pub use filters::{FilterChanges, FilterKind, Filters};
pub use fork::{ForkConfig, ForkPoint, Remote};
pub use handle::{NodeHandle, SentTransaction};
pub use journal::Journal;
pub use logs::{matching_logs, transaction_logs};
pub use node::Node;
pub use outcome::{Outcome, Status};
pub use pool::Pool;
pub use simulate::SimulatedBlock;
pub use snapshot::Snapshot;
pub use state::{AccountRecord, ChangeSet, State, Version};
pub use trace::Traced;
pub use transaction::Transaction;
pub use view::View;
