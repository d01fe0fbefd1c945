//! Funding of a perpetual: pure arithmetic.
//!
//! The daily rate is `clamp(average premium + 1 bp, ±4%)`, the average an exponential one over 8 hours of the premium that
//! held. A rate is fixed when a mark is posted and holds until the next post, so that what accrues is the integral of the
//! rates that held over the time that passed; with no post for 8 hours it stops.

use alloy_primitives::U256;
use novate_math::kernel;

const ONE: i64 = 1_000_000_000_000_000_000;
const ONE_WIDE: U256 = U256::from_limbs([1_000_000_000_000_000_000, 0, 0, 0]);
/// Seconds of the premium's average, and most for which a rate holds without a new mark.
const WINDOW: u64 = 8 * 3_600;
/// 1 bp a day.
const INTEREST: i64 = ONE / 10_000;
/// 4% a day.
const LIMIT: i64 = ONE / 100 * 4;
const DAY: u64 = 86_400;

/// What funding has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Funding {
    /// Paid by one long contract since the start, quote currency, 18 decimals.
    pub(crate) index: i128,
    /// Rate that holds, units of 1e-18 of quote currency a second and contract.
    pub(crate) rate: i64,
    /// Until when `index` is reckoned, Unix seconds.
    pub(crate) until: u64,
}

/// The premium's average.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Premium {
    /// Exponential average, share of the index, 18 decimals.
    pub(crate) average: i64,
    /// Premium since the last post, share of the index, 18 decimals.
    pub(crate) last: i64,
}

impl Funding {
    /// The index at `now`.
    pub(crate) fn index_at(&self, now: u64) -> i128 {
        let elapsed = now.saturating_sub(self.until).min(WINDOW);
        // At most 2^63 * 28,800 < 2^78.
        let accrued = i128::from(self.rate).saturating_mul(i128::from(elapsed));
        self.index.saturating_add(accrued)
    }

    /// Funding from `now` on, at the rate of `premium` on an index price.
    pub(crate) fn renewed(&self, now: u64, premium: &Premium, index_price: u128) -> Self {
        let daily = premium.average.saturating_add(INTEREST).clamp(-LIMIT, LIMIT);
        // 4e16 * 1e33 / 1e18 / 86,400 fits 128 bits; beyond 64 bits (prices above 19.9 million) the rate is held at the limit.
        let size = U256::from(daily.unsigned_abs())
            .saturating_mul(U256::from(index_price))
            .checked_div(ONE_WIDE.saturating_mul(U256::from(DAY)))
            .and_then(|rate| i64::try_from(rate).ok())
            .unwrap_or(i64::MAX);
        let rate = if daily < 0 { size.saturating_neg() } else { size };
        Self { index: self.index_at(now), rate, until: now }
    }
}

impl Premium {
    /// The average after the last premium held for `elapsed` seconds, and the premium of a new mark.
    pub(crate) fn renewed(&self, elapsed: u64, mark: u128, index_price: u128) -> Self {
        let gap = i128::from(self.last).saturating_sub(i128::from(self.average)); // below 2^62
        // exp(-elapsed/window) in Q63; the exponent in Q58, at most 63.
        let exponent = (u128::from(elapsed.min(WINDOW.saturating_mul(63))) << 58)
            .checked_div(u128::from(WINDOW));
        let kept = exponent.and_then(|z| u64::try_from(z).ok()).map_or(0, kernel::exp_negative);
        let moved = gap.saturating_mul(i128::from(kernel::ONE.saturating_sub(kept))) >> 63; // 2^62 2^63 < 2^127
        let average = i128::from(self.average).saturating_add(moved);
        Self {
            average: i64::try_from(average).unwrap_or(self.average),
            last: premium(mark, index_price),
        }
    }
}

/// `mark/index - 1`, 18 decimals, within ±1; 0 without an index.
pub(crate) fn premium(mark: u128, index_price: u128) -> i64 {
    let size = U256::from(mark.abs_diff(index_price))
        .saturating_mul(ONE_WIDE)
        .checked_div(U256::from(index_price))
        .map_or(0, |size| i64::try_from(size).unwrap_or(ONE).min(ONE));
    if mark < index_price { size.saturating_neg() } else { size }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRICE: u128 = 3_000_000_000_000_000_000_000;

    #[test]
    fn premium_is_a_share_of_the_index_within_one() {
        assert_eq!(premium(PRICE / 100 * 101, PRICE), ONE / 100);
        assert_eq!(premium(PRICE / 100 * 99, PRICE), -ONE / 100);
        assert_eq!(premium(u128::MAX, 1), ONE);
        assert_eq!(premium(0, PRICE), -ONE);
        assert_eq!(premium(PRICE, 0), 0);
    }

    #[test]
    fn average_moves_by_one_less_e_in_one_window() {
        let start = Premium { average: 0, last: ONE / 100 };
        let after = start.renewed(WINDOW, PRICE, PRICE);
        // 0.01 (1 - 1/e) = 0.006321205588285577
        assert!((after.average - 6_321_205_588_285_577).abs() <= 1, "{}", after.average);
        assert_eq!(after.last, 0);
        assert_eq!(start.renewed(0, PRICE, PRICE).average, 0);
        assert_eq!(start.renewed(u64::MAX, PRICE, PRICE).average, ONE / 100);
    }

    #[test]
    fn splitting_the_time_of_an_average_is_neutral() {
        let start = Premium { average: -ONE / 50, last: ONE / 100 };
        let whole = start.renewed(7_000, PRICE, PRICE).average;
        let first = Premium { last: ONE / 100, ..start.renewed(3_000, PRICE, PRICE) };
        let split = first.renewed(4_000, PRICE, PRICE).average;
        assert!((whole - split).abs() <= 2);
    }

    #[test]
    fn rates_are_interest_plus_premium_within_the_limit() {
        let per_day = |average| {
            let premium = Premium { average, last: 0 };
            i128::from(Funding::default().renewed(0, &premium, PRICE).rate) * 86_400
        };
        let dollars = |value: i128| value * i128::from(ONE);
        assert!((per_day(0) - dollars(3) / 10).abs() < 86_400); // 1 bp of 3000
        assert!((per_day(ONE) - dollars(120)).abs() < 86_400); // 4%
        assert!((per_day(-ONE) + dollars(120)).abs() < 86_400);
    }

    #[test]
    fn funding_is_the_integral_of_the_rates_that_held() {
        let first = Funding { index: 5, rate: 7, until: 1_000 };
        let premium = Premium { average: -ONE, last: 0 };
        let second = first.renewed(1_100, &premium, PRICE);
        assert_eq!(second.index, 5 + 700);
        assert_eq!(second.index_at(1_100), 705);
        assert_eq!(second.index_at(1_110), 705 + 10 * i128::from(second.rate));
    }

    #[test]
    fn a_rate_stops_after_its_window() {
        let funding = Funding { index: 0, rate: 1, until: 0 };
        assert_eq!(funding.index_at(u64::MAX), 28_800);
    }
}
