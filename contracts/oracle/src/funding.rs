//! Funding of a perpetual: pure arithmetic.
//!
//! The daily rate is `clamp(3 * average premium + 1 bp, ±4%)`, the average an exponential one over 8 hours of each message's
//! premium, mark over its own index reference less 1: one step a message, of at most ten minutes. A rate holds from the call that
//! stored the message until the next, at most an hour, so that what accrues is the integral of the rates that held.

use alloy_primitives::U256;
use novate_math::kernel;

use crate::words::FundingWord;

const ONE: i64 = 1_000_000_000_000_000_000;
const ONE_WIDE: U256 = U256::from_limbs([1_000_000_000_000_000_000, 0, 0, 0]);
/// Seconds of the premium's average.
const WINDOW: u64 = 8 * 3_600;
/// Longest step of the average, seconds.
const STEP: u64 = 600;
/// Most seconds for which a rate holds without a new message.
const LIFE: u64 = 3_600;
/// What the premium counts in the daily rate.
const WEIGHT: i64 = 3;
/// 1 bp a day.
const INTEREST: i64 = ONE / 10_000;
/// 4% a day.
const LIMIT: i64 = ONE / 100 * 4;
const DAY: u64 = 86_400;

impl FundingWord {
    /// The index at `now`.
    pub(crate) fn index_at(&self, now: u64) -> i128 {
        let elapsed = now.saturating_sub(self.until).min(LIFE);
        // At most 2^63 * 3,600 < 2^75.
        let accrued = i128::from(self.rate).saturating_mul(i128::from(elapsed));
        self.index.saturating_add(accrued)
    }

    /// The rate at `now`.
    pub(crate) const fn rate_at(&self, now: u64) -> i64 {
        if now.saturating_sub(self.until) < LIFE { self.rate } else { 0 }
    }

    /// Funding from `now` on, at the rate of an average premium on an index price; `None`: there is no perpetual.
    pub(crate) fn renewed(&self, now: u64, average: Option<i64>, index_price: u128) -> Self {
        let index = self.index_at(now);
        let Some(average) = average else { return Self { index, rate: 0, until: now } };
        let daily = average.saturating_mul(WEIGHT).saturating_add(INTEREST).clamp(-LIMIT, LIMIT);
        // 4e16 * 1e33 / 1e18 / 86,400 fits 128 bits; beyond 64 bits (prices above 19.9 million) the rate is held at the limit.
        let size = U256::from(daily.unsigned_abs())
            .saturating_mul(U256::from(index_price))
            .checked_div(ONE_WIDE.saturating_mul(U256::from(DAY)))
            .and_then(|rate| i64::try_from(rate).ok())
            .unwrap_or(i64::MAX);
        let rate = if daily < 0 { size.saturating_neg() } else { size };
        Self { index, rate, until: now }
    }
}

/// The average premium after a message `elapsed` seconds after the last one, whose premium is this (both 18 decimals).
pub(crate) fn averaged(average: i64, premium: i64, elapsed: u64) -> i64 {
    if elapsed == 0 {
        return average;
    }
    let gap = i128::from(premium).saturating_sub(i128::from(average)); // below 2^64
    // exp(-elapsed/window) in Q63; the exponent in Q58, below 1.
    let exponent = (u128::from(elapsed.min(STEP)) << 58).checked_div(u128::from(WINDOW));
    let kept =
        exponent.and_then(|z| u64::try_from(z).ok()).map_or(kernel::ONE, kernel::exp_negative);
    let moved = gap.saturating_mul(i128::from(kernel::ONE.saturating_sub(kept))) >> 63; // below 2^59 times 2^63
    i64::try_from(i128::from(average).saturating_add(moved)).unwrap_or(average)
}

/// The premium of a mark whose ratio to its reference is this (Q60): 18 decimals, within ±1.
pub(crate) fn premium(ratio: u64) -> i64 {
    const ONE_RATIO: u64 = 1 << 60;
    let size =
        u128::from(ratio.abs_diff(ONE_RATIO)).saturating_mul(u128::from(ONE.unsigned_abs())) >> 60; // below 2^124
    let size = i64::try_from(size).unwrap_or(ONE).min(ONE);
    if ratio < ONE_RATIO { size.saturating_neg() } else { size }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::float_arithmetic,
        clippy::as_conversions,
        clippy::cast_precision_loss,
        clippy::arithmetic_side_effects,
        reason = "test code: expectations are reckoned in floating point"
    )]

    use super::*;

    const PRICE: u128 = 3_000_000_000_000_000_000_000;

    #[test]
    fn premium_is_the_ratio_less_one() {
        assert_eq!(premium(1 << 60), 0);
        assert_eq!(premium((1 << 60) + (1 << 58)), ONE / 4);
        assert_eq!(premium((1 << 60) - (1 << 58)), -ONE / 4);
        assert_eq!((premium(0), premium(u64::MAX)), (-ONE, ONE));
    }

    #[test]
    fn a_step_of_the_average_is_of_ten_minutes_at_most() {
        // 0.01 (1 - exp(-1/48)) = 0.000206178...
        let step = averaged(0, ONE / 100, 600);
        let expected = 0.01 * (1.0 - (-1.0_f64 / 48.0).exp()) * 1e18;
        assert!((step as f64 / expected - 1.0).abs() < 1e-12, "{step}");
        assert_eq!(averaged(0, ONE / 100, 86_400), step);
        assert_eq!(averaged(5, ONE, 0), 5);
        assert_eq!(averaged(i64::MAX, i64::MIN, 0), i64::MAX);
    }

    #[test]
    fn rates_are_interest_and_three_premiums_within_the_limit() {
        let per_day = |average| {
            i128::from(FundingWord::default().renewed(0, Some(average), PRICE).rate) * 86_400
        };
        let dollars = |value: i128| value * i128::from(ONE);
        assert!((per_day(0) - dollars(3) / 10).abs() < 86_400); // 1 bp of 3000
        assert!((per_day(ONE / 1_000) - dollars(93) / 10).abs() < 86_400); // 30 bp and 1
        assert!((per_day(ONE) - dollars(120)).abs() < 86_400); // 4%
        assert!((per_day(-ONE) + dollars(120)).abs() < 86_400);
        assert_eq!(FundingWord::default().renewed(0, None, PRICE).rate, 0);
    }

    #[test]
    fn funding_is_the_integral_of_the_rates_that_held() {
        let first = FundingWord { index: 5, rate: 7, until: 1_000 };
        let second = first.renewed(1_100, Some(-ONE), PRICE);
        assert_eq!(second.index, 5 + 700);
        assert_eq!(second.index_at(1_100), 705);
        assert_eq!(second.index_at(1_110), 705 + 10 * i128::from(second.rate));
    }

    #[test]
    fn a_rate_stops_after_an_hour() {
        let funding = FundingWord { index: 0, rate: 1, until: 0 };
        assert_eq!(funding.index_at(u64::MAX), 3_600);
        assert_eq!((funding.rate_at(3_599), funding.rate_at(3_600)), (1, 0));
    }
}
