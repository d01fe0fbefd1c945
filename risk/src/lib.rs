//! Portfolio margin by full revaluation: instruments, scenarios, requirement, netting, liquidation sizing.
//!
//! Pure and total: no clock, no storage, no ABI; time is an argument and an account is a value. The same code runs in the
//! margin contract, in the liquidator and in tests, and gives the same bits everywhere.
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(
    test,
    allow(
        clippy::arithmetic_side_effects,
        clippy::as_conversions,
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        clippy::float_arithmetic,
        clippy::redundant_clone,
        reason = "tests may fail loudly, and compare with floating point"
    )
)]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod adaptive;
mod assess;
mod book;
mod bound;
mod calendar;
mod coverage;
mod error;
mod evaluate;
mod expiry;
mod explain;
pub mod extended;
mod fixed;
pub mod fully_paid;
mod greeks;
pub mod instrument;
pub mod liquidation;
mod mark;
pub mod market;
pub mod parameters;
mod payoff;
mod perpetual;
mod revalue;
pub mod rules;
pub mod scenario;
mod sensitivity;
mod shocks;
pub mod standard;
mod tenor;
mod trade;
mod underlying;

pub use assess::{
    Assessment, Outcome, UnderlyingAssessment, assess, breakdown, excess_under, loss_vector,
};
pub use book::{
    Book, CASH_BITS, CollateralBalance, Holding, MAX_COLLATERALS, MAX_POSITIONS, Position,
    Reference,
};
pub use coverage::check_coverage;
pub use error::Error;
pub use explain::{
    Contributor, LiquidationPrices, Share, attribution, liquidation_prices, max_quantity,
};
pub use extended::{Extensions, assess_extended, breakdown_extended, excess_under_extended};
pub use fixed::{divide, divide_slowly};
pub use greeks::{Greeks, greeks};
pub use instrument::{Instrument, InstrumentId, Kind, Strike};
pub use mark::Mark;
pub use market::{Market, Validity};
pub use parameters::Parameters;
pub use rules::{Decided, Rules};
pub use standard::{Netting, StandardTerms, assess_standard};
pub use trade::{Moved, Trade, after, closes, most_concession, preview, revaluation};
