//! Parameters that move: the price range follows realised volatility, the group offset follows correlation, and all others change on a
//! flight.
//!
//! A rise of the range takes effect at once for initial margin; maintenance follows it linearly over a ramp, so nobody becomes
//! liquidatable by a parameter in one step. A fall takes effect over the ramp for both. The same holds of a vote: while it is in flight
//! a book is assessed under the parameters before it and after it, maintenance excess moves linearly in time from the one to the other,
//! and initial excess is the lesser of the two.

use novate_math::kernel::sqrt;

use crate::{
    Error,
    assess::Assessment,
    book::Book,
    extended::Extensions,
    fixed::{WAD, divide, halves, mul_div, multiply_256},
    market::Market,
    parameters::Parameters,
    rules::Rules,
};
use alloy_primitives::{I256, U256};

/// How an underlying's range follows its volatility.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RangeRule {
    /// Deviations that one range covers, 18 decimals.
    pub multiple: u64,
    /// Days that one range covers, whole.
    pub horizon: u16,
    /// Least range, 18 decimals.
    pub floor: u64,
    /// Greatest range, 18 decimals.
    pub ceiling: u64,
}

impl RangeRule {
    /// `clamp(multiple * daily volatility * sqrt(horizon), floor, ceiling)`, 18 decimals.
    ///
    /// # Rounding
    /// Up, by at most a few units.
    pub fn range(&self, daily_volatility: u64) -> u64 {
        // sqrt(days 1e36) has 18 decimals; 65,535e36 < 2^136 doesn't fit, so 1e32 and two decimals more.
        let scaled =
            u128::from(self.horizon).wrapping_mul(100_000_000_000_000_000_000_000_000_000_000);
        let root = sqrt(scaled).saturating_add(1); // 16 decimals, below 2^62
        let product = mul_div(U256::from(self.multiple), daily_volatility, true);
        // product < 2^69; times root < 2^131.
        let product = multiply_256(product, root);
        let (range, _) = divide(product, WAD / 100);
        let range = u64::try_from(range).unwrap_or(u64::MAX).saturating_add(1);
        range.clamp(self.floor.min(self.ceiling), self.ceiling)
    }
}

/// A parameter on its way to a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ramp {
    /// Where it was at the start.
    pub from: u64,
    /// Where it goes.
    pub to: u64,
    /// When it set out, Unix seconds.
    pub start: u64,
    /// How long it takes, seconds.
    pub length: u64,
}

impl Ramp {
    /// Where it is: linear in time.
    pub fn at(&self, now: u64) -> u64 {
        let elapsed = now.saturating_sub(self.start);
        if elapsed >= self.length {
            return self.to;
        }
        // Below 2^128; the quotient is below |to - from|.
        let moved = u128::from(self.to.abs_diff(self.from)).wrapping_mul(u128::from(elapsed));
        let (_, moved) = halves(moved.checked_div(u128::from(self.length)).unwrap_or(0));
        if self.to < self.from {
            self.from.saturating_sub(moved)
        } else {
            self.from.saturating_add(moved)
        }
    }

    /// For initial margin a rise counts at once.
    pub fn initial(&self, now: u64) -> u64 {
        self.at(now).max(self.to)
    }

    /// Maintenance margin follows.
    pub fn maintenance(&self, now: u64) -> u64 {
        self.at(now)
    }

    /// Sets out for a new target from where it is.
    #[must_use]
    pub fn towards(&self, to: u64, now: u64) -> Self {
        Self { from: self.at(now), to, start: now, length: self.length }
    }
}

/// A change of parameters on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flight {
    /// When it set out, Unix seconds.
    pub start: u64,
    /// How long it takes, seconds, below 2^32.
    pub length: u64,
}

impl Flight {
    /// Whether it hasn't arrived.
    pub const fn runs(&self, now: u64) -> bool {
        now < self.start.saturating_add(self.length)
    }

    /// The figures of a book on the way, from those under the parameters `before` and `after`.
    ///
    /// Equity, requirement and excess of each view are linear in time; the initial requirement is what leaves the lesser of the two initial
    /// excesses. All else is that after the change.
    ///
    /// # Rounding
    /// Equity down, requirements up.
    #[must_use]
    pub fn between(&self, before: &Assessment, after: &Assessment, now: u64) -> Assessment {
        let equity = |from, to| self.at(from, to, now, false);
        let requirement = |from: U256, to: U256| {
            self.at(I256::from_raw(from), I256::from_raw(to), now, true).into_raw()
        };
        let whole = equity(before.equity, after.equity);
        let least = before.initial_excess().min(after.initial_excess());
        Assessment {
            equity: whole,
            // Figures are far inside 256 bits. An excess above equity is one of a requirement below zero, which there isn't.
            initial_requirement: whole.saturating_sub(least).max(I256::ZERO).into_raw(),
            maintenance_requirement: requirement(
                before.maintenance_requirement,
                after.maintenance_requirement,
            ),
            close_equity: equity(before.close_equity, after.close_equity),
            close_requirement: requirement(before.close_requirement, after.close_requirement),
            last_equity: equity(before.last_equity, after.last_equity),
            last_requirement: requirement(before.last_requirement, after.last_requirement),
            healthy_requirement: requirement(before.healthy_requirement, after.healthy_requirement),
            validity: before.validity.min(after.validity),
            ..*after
        }
    }

    /// Where a number is between `from` and `to`, both below 2^220: linear in time.
    pub(crate) fn at(&self, from: I256, to: I256, now: u64, up: bool) -> I256 {
        let elapsed = now.saturating_sub(self.start);
        if elapsed >= self.length || from == to {
            return to;
        }
        let way = to.wrapping_sub(from);
        let product = multiply_256(way.unsigned_abs(), elapsed);
        let (whole, rest) = divide(product, self.length);
        // Away from `from` where that is the side to round to.
        let away = rest != 0 && up != way.is_negative();
        let moved = I256::from_raw(whole.wrapping_add(U256::from(away)));
        if way.is_negative() { from.wrapping_sub(moved) } else { from.wrapping_add(moved) }
    }
}

/// The offset of a group whose correlation is estimated at `correlation` (18 decimals, negative counts as 0), inside
/// governance's bounds.
pub fn offset_from_correlation(correlation: i64, share: u64, floor: u64, ceiling: u64) -> u64 {
    let correlation = u64::try_from(correlation).unwrap_or(0).min(WAD);
    let offset = mul_div(U256::from(correlation), share, false);
    u64::try_from(offset).unwrap_or(u64::MAX).clamp(floor.min(ceiling), ceiling)
}

/// The parameters with each ramp's underlying at the range that `range` takes from it; others keep theirs.
#[must_use]
pub fn with_ranges(
    parameters: &Parameters,
    ramps: &[(u8, Ramp)],
    range: impl Fn(&Ramp) -> u64,
) -> Parameters {
    let mut moved = parameters.clone();
    for listed in &mut moved.underlyings {
        let number = listed.underlying;
        if let Some((_, ramp)) = ramps.iter().find(|(known, _)| *known == number) {
            listed.range = range(ramp);
        }
    }
    moved
}

/// Assesses a book whose ranges are on ramps: `ramps` pairs underlyings with theirs, others have the range of `parameters`.
/// The initial requirement is that under the initial ranges, all else that under the maintenance ranges.
///
/// # Errors
/// As [`crate::assess`].
pub fn assess_ramped(
    book: &Book,
    market: &Market,
    parameters: &Parameters,
    extensions: &Extensions,
    ramps: &[(u8, Ramp)],
    now: u64,
) -> Result<Assessment, Error> {
    Rules::new(parameters.clone(), extensions.clone(), ramps, now).assess(book, market)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PERCENT: u64 = WAD / 100;

    #[test]
    fn ranges_follow_volatility_inside_their_bounds() {
        let rule =
            RangeRule { multiple: 3 * WAD, horizon: 4, floor: 10 * PERCENT, ceiling: 50 * PERCENT };
        // 3 deviations of 4% a day over 4 days: 24%.
        assert!(rule.range(4 * PERCENT).abs_diff(24 * PERCENT) < 1_000);
        assert_eq!(rule.range(PERCENT), 10 * PERCENT);
        assert_eq!(rule.range(20 * PERCENT), 50 * PERCENT);
        assert_eq!(rule.range(u64::MAX), 50 * PERCENT);
        let odd = RangeRule { multiple: u64::MAX, horizon: u16::MAX, floor: 9, ceiling: 5 };
        assert_eq!(odd.range(u64::MAX), 5);
    }

    #[test]
    fn a_rise_counts_at_once_initially_and_over_the_ramp_for_maintenance() {
        let up = Ramp { from: 100, to: 200, start: 1_000, length: 100 };
        assert_eq!((up.initial(1_000), up.maintenance(1_000)), (200, 100));
        assert_eq!((up.initial(1_050), up.maintenance(1_050)), (200, 150));
        assert_eq!((up.initial(5_000), up.maintenance(5_000)), (200, 200));
        assert_eq!(up.at(0), 100);
        let down = up.towards(50, 1_050);
        assert_eq!((down.initial(1_050), down.maintenance(1_100)), (150, 100));
        let jump = Ramp { length: 0, ..up };
        assert_eq!(jump.at(1_000), 200);
        let far = Ramp { from: 0, to: u64::MAX, start: 0, length: u64::MAX };
        assert_eq!(far.at(u64::MAX - 1), u64::MAX - 1);
    }

    #[test]
    fn a_number_in_flight_is_rounded_to_its_side_and_arrives() {
        let flight = Flight { start: 1_000, length: 100 };
        let at = |from: i64, to: i64, now, up| {
            let wide = |number: i64| I256::try_from(number).unwrap();
            flight.at(wide(from), wide(to), now, up).as_i64()
        };
        assert_eq!([at(0, 7, 1_000, true), at(0, 7, 900, false)], [0, 0]);
        assert_eq!([at(0, 7, 1_050, true), at(0, 7, 1_050, false)], [4, 3]);
        assert_eq!([at(7, 0, 1_050, true), at(7, 0, 1_050, false)], [4, 3]);
        assert_eq!([at(-7, 0, 1_050, true), at(-7, 0, 1_050, false)], [-3, -4]);
        assert_eq!([at(5, -7, 1_100, true), at(5, -7, 9_000, false)], [-7, -7]);
        assert!(flight.runs(1_099) && !flight.runs(1_100));
    }

    #[test]
    fn offsets_follow_correlation_inside_their_bounds() {
        let of = |correlation| {
            offset_from_correlation(correlation, 70 * PERCENT, 10 * PERCENT, 60 * PERCENT)
        };
        assert_eq!(of(500_000_000_000_000_000), 35 * PERCENT);
        assert_eq!(of(i64::MIN), 10 * PERCENT);
        assert_eq!(of(i64::MAX), 60 * PERCENT);
    }
}
