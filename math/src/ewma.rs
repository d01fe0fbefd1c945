//! Exponentially weighted variance and correlation of log returns at irregular times.
//!
//! With `x = dt/tau` (`tau` the time constant), a return `r` over `dt` seconds moves the annualised variance to
//!
//! ```text
//! v' = e^-x v + (1 - e^-x)/x * r^2 * year/tau
//! ```
//!
//! which is `e^-x v + (1 - e^-x) r^2 year/dt` for `dt > 0`, and has a value for `dt = 0` too: two observations with the same
//! timestamp count in full. Splitting an interval without a move is neutral.
//!
//! Source: J.P. Morgan/Reuters, `RiskMetrics` Technical Document (1996), section 5.2, for unequal intervals.

use alloy_primitives::{I256, U256};

use crate::{
    Error,
    exp::exp,
    sqrt::sqrt_down,
    wad::{ONE, WAD, div_down, mul_div_down, mul_down},
};

/// Seconds in a year, ACT/365.
const YEAR: U256 = U256::from_limbs([31_536_000, 0, 0, 0]);

/// The annualised variance after a log return over `seconds`, for a time constant of `tau` seconds.
///
/// # Units
/// 1e-18 for `variance` (a year), `log_return` and the result.
///
/// # Errors
/// [`Error::DivisionByZero`] for `tau = 0`; [`Error::Overflow`].
///
/// # Rounding
/// Down, by a few units.
///
/// # Examples
/// ```
/// use novate_math::{I256, ONE, U256, ewma_variance};
/// // 1% in a day, held up against a 30-day average of 60% volatility.
/// let old = ONE * U256::from(36) / U256::from(100);
/// let one_percent = I256::try_from(10_000_000_000_000_000_i64).unwrap();
/// let new = ewma_variance(old, one_percent, 86_400, 30 * 86_400).unwrap();
/// assert!(new < old);
/// ```
pub fn ewma_variance(
    variance: U256,
    log_return: I256,
    seconds: u64,
    tau: u64,
) -> Result<U256, Error> {
    let (keep, take) = weights(seconds, tau)?;
    let size = log_return.unsigned_abs();
    let square = mul_down(size, size)?;
    let kept = mul_down(variance, keep)?;
    kept.checked_add(mul_down(square, take)?).ok_or(Error::Overflow)
}

/// The annualised covariance after a pair of log returns over the same `seconds`.
///
/// # Units
/// As [`ewma_variance`].
///
/// # Errors
/// As [`ewma_variance`].
///
/// # Rounding
/// Each term toward zero, by a few units.
pub fn ewma_covariance(
    covariance: I256,
    returns: (I256, I256),
    seconds: u64,
    tau: u64,
) -> Result<I256, Error> {
    let (keep, take) = weights(seconds, tau)?;
    let (a, b) = returns;
    let product = mul_down(mul_down(a.unsigned_abs(), b.unsigned_abs())?, take)?;
    let kept = signed(mul_down(covariance.unsigned_abs(), keep)?, covariance.is_negative())?;
    kept.checked_add(signed(product, a.is_negative() != b.is_negative())?).ok_or(Error::Overflow)
}

/// `covariance / sqrt(variance_a variance_b)`, within [-1, 1]; zero where a variance is zero.
///
/// # Units
/// 1e-18 throughout.
///
/// # Errors
/// [`Error::Overflow`] for variances whose product exceeds 256 bits.
///
/// # Rounding
/// Away from zero by the floor of the root: relative `1e-18 / sqrt(variance_a variance_b)`.
pub fn correlation(covariance: I256, variance_a: U256, variance_b: U256) -> Result<I256, Error> {
    // sqrt(a b) in units of 1e-18, the product taken at full width.
    let root = sqrt_down(mul_down(variance_a, variance_b)?);
    if root.is_zero() {
        return Ok(I256::ZERO);
    }
    let size = div_down(covariance.unsigned_abs(), root)?.min(ONE);
    signed(size, covariance.is_negative())
}

/// `e^-x`, and `(1 - e^-x)/x * year/tau`, for `x = seconds/tau`.
fn weights(seconds: u64, tau: u64) -> Result<(U256, U256), Error> {
    if tau == 0 {
        return Err(Error::DivisionByZero);
    }
    let tau = U256::from(tau);
    let full = YEAR.wrapping_mul(ONE); // below 2^85
    if seconds == 0 {
        return Ok((ONE, div(full, tau)?));
    }
    let seconds = U256::from(seconds);
    let x = mul_div_down(seconds, U256::from(WAD), tau)?; // below 2^124
    let keep = exp(I256::try_from(x).map_err(|_| Error::Overflow)?.wrapping_neg())?;
    let lost = ONE.saturating_sub(keep);
    Ok((keep, mul_div_down(lost, YEAR, seconds)?))
}

fn div(a: U256, b: U256) -> Result<U256, Error> {
    a.checked_div(b).ok_or(Error::DivisionByZero)
}

fn signed(size: U256, negative: bool) -> Result<I256, Error> {
    let size = I256::try_from(size).map_err(|_| Error::Overflow)?;
    Ok(if negative { size.wrapping_neg() } else { size })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::arithmetic_side_effects, reason = "test arithmetic on bounded values")]

    use super::*;
    use proptest::prelude::*;

    const DAY: u64 = 86_400;

    fn percent(n: i64) -> I256 {
        I256::try_from(n * 10_000_000_000_000_000).unwrap()
    }

    #[test]
    fn a_steady_volatility_is_reproduced() {
        // 2% a day is 38.2% a year: 0.0004 * 365 = 0.146 of variance.
        let mut variance = U256::ZERO;
        for _ in 0..1000 {
            variance = ewma_variance(variance, percent(2), DAY, 10 * DAY).unwrap();
        }
        let exact = U256::from(146_000_000_000_000_000_u64);
        assert!(variance.abs_diff(exact) < U256::from(10_000), "{variance}");
    }

    #[test]
    fn observations_with_one_timestamp_count() {
        let before = U256::from(WAD / 10);
        let after = ewma_variance(before, percent(1), 0, 10 * DAY).unwrap();
        // r^2 year/tau = 0.0001 * 36.5.
        assert_eq!(after - before, U256::from(3_650_000_000_000_000_u64));
    }

    #[test]
    fn perfectly_correlated_returns_correlate() {
        let (mut a, mut b, mut both) = (U256::ZERO, U256::ZERO, I256::ZERO);
        for n in [1, -2, 3, -1, 2] {
            a = ewma_variance(a, percent(n), DAY, 10 * DAY).unwrap();
            b = ewma_variance(b, percent(-2 * n), DAY, 10 * DAY).unwrap();
            both = ewma_covariance(both, (percent(n), percent(-2 * n)), DAY, 10 * DAY).unwrap();
        }
        let rho = correlation(both, a, b).unwrap();
        assert!(
            (rho + I256::try_from(ONE).unwrap()).abs() < I256::try_from(1_000).unwrap(),
            "{rho}"
        );
        assert_eq!(correlation(both, U256::ZERO, b), Ok(I256::ZERO));
    }

    #[test]
    fn a_zero_time_constant_is_refused() {
        assert_eq!(ewma_variance(ONE, percent(1), DAY, 0), Err(Error::DivisionByZero));
        assert_eq!(
            ewma_covariance(percent(1), (percent(1), percent(1)), DAY, 0),
            Err(Error::DivisionByZero)
        );
    }

    proptest! {
        #[test]
        fn an_interval_without_a_move_may_be_split(first in 0u64..100_000, second in 0u64..100_000, tau in 1u64..10_000_000) {
            let start = ONE;
            let whole = ewma_variance(start, I256::ZERO, first + second, tau).unwrap();
            let parts = ewma_variance(start, I256::ZERO, first, tau)
                .and_then(|v| ewma_variance(v, I256::ZERO, second, tau))
                .unwrap();
            prop_assert!(whole.abs_diff(parts) <= U256::from(6));
        }

        #[test]
        fn variance_never_exceeds_the_larger_of_old_and_new(
            old in 0u64..WAD, n in -50i64..50, seconds in 1u64..1_000_000, tau in 1u64..10_000_000
        ) {
            let old = U256::from(old);
            let r = percent(n);
            let fresh = mul_down(r.unsigned_abs(), r.unsigned_abs()).unwrap() * YEAR / U256::from(seconds);
            let new = ewma_variance(old, r, seconds, tau).unwrap();
            prop_assert!(new <= old.max(fresh) + U256::from(2));
            prop_assert!(new + U256::from(1_000_000_000) >= old.min(fresh));
        }
    }
}
