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
        clippy::float_arithmetic,
        reason = "tests may fail loudly, and compare with floating point"
    )
)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod error;
pub mod instrument;

pub use error::Error;
pub use instrument::{Instrument, InstrumentId, Kind, Strike};
