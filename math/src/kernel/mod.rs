//! Fixed-point kernels in 64 bits, for loops that value many options under many scenarios.
//!
//! Every function is total: no input traps, wraps unnoticed, or is refused. Formats (`Qn`: the integer is the number times `2^n`):
//!
//! | quantity | type | format |
//! | --- | --- | --- |
//! | logarithm of a price, log-moneyness | `i64` | Q56 |
//! | annualised volatility, total deviation `vol sqrt(tau)`, years, deviations of the normal distribution | `u64` | Q58 |
//! | `sqrt(tau)` | `u64` | Q61 |
//! | probability, fraction of the forward | `u64` | Q63: one is `2^63` |
//! | total variance | `u128` | Q118 |
//!
//! The loop of a valuation: prepare [`ln_wad`] of each forward and [`ln_decimal`] of each strike, [`Slice`] for each expiry,
//! [`Deviation`] for each option and volatility; then [`call_value`] for each scenario costs no division of prices, no
//! logarithm and no 256-bit number.

#![expect(
    clippy::inline_always,
    reason = "a WebAssembly call costs as much as twenty multiplications"
)]

mod coefficients;
mod exp;
mod fixed;
mod float;
mod implied;
mod inverse;
mod log;
mod normal;
mod option;
mod reciprocal;
mod sqrt;
mod svi;
mod time;

pub(crate) use exp::bell_float;
pub(crate) use float::{Float, power_of_two};
pub(crate) use implied::{TimeValue, implied_deviation};
pub(crate) use inverse::inverse_tail;
pub(crate) use log::ln_scaled;
pub(crate) use option::{call_at, delta_at};
pub(crate) use sqrt::root_64;

pub use exp::exp_negative;
pub use fixed::{join, multiply_high, multiply_signed, multiply_wide};
pub use log::{ln_decimal, ln_wad};
pub use normal::{ONE, cdf, density, upper_tail};
pub use option::{CallValue, Deviation, call_delta, call_fraction, call_value, time_value};
pub use sqrt::sqrt;
pub use svi::Slice;
pub use time::{SECONDS_PER_YEAR, multiply_q58, sqrt_years, total_deviation, years};
