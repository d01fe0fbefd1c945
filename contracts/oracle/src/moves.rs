//! How far one message may move each scalar: buckets that refill by model time.
//!
//! Every move, of either sign, takes its share of the scalar's own allowance out of the bucket; a bucket refills in ten
//! minutes. No string of messages moves a scalar by more than the allowance and what refilled meanwhile. Shares are counted in
//! 4,095ths, used ones rounded up, refilled ones down.

use novate_math::kernel;

use crate::{
    curve::{Curve, share_q40, share_q60},
    words::AllowanceWord,
};

/// A bucket that is used up.
pub(crate) const FULL: u16 = 4_095;
/// Seconds in which a bucket refills.
const REFILL: u64 = 600;
/// What a rate may move in that time: 1 point, 9 decimals.
pub(crate) const RATE: u32 = 10_000_000;
/// 30 days, at which volatility's allowances are stated.
const MONTH: u64 = 30 * 86_400;
/// Where volatilities are compared, in standard deviations of the stored surface at its own money.
const PLACES: [i64; 5] = [0, -1, 1, -2, 2];
/// Most that tenor multiplies an allowance by, Q40.
const MOST_MULTIPLE: u128 = 1 << 50;

/// Half of the default charges: for an underlying whose allowances nobody wrote yet.
pub(crate) const DEFAULT: AllowanceWord = AllowanceWord {
    mark: 2_500_000,
    forward_floor: 2_500_000,
    forward_slope: 10_000_000,
    volatility_up: 200_000_000,
    volatility_down: 120_000_000,
    short_power: 300_000_000,
    long_power: 130_000_000,
    floor: 86_400,
};

/// What is used of a bucket after so many seconds.
pub(crate) fn refilled(used: u16, seconds: u64) -> u16 {
    // 600 * 4,095 fits.
    let refill = seconds.min(REFILL).saturating_mul(FULL.into()).checked_div(REFILL).unwrap_or(0);
    used.min(FULL).saturating_sub(u16::try_from(refill).unwrap_or(FULL))
}

/// The share of `allowance` (below 2^116) that a move takes, rounded up; more than a bucket holds if it is too far.
fn share(moved: u64, allowance: u128) -> u16 {
    if moved == 0 {
        return 0;
    }
    let whole = u128::from(moved).saturating_mul(FULL.into()); // below 2^76
    let share = whole.saturating_add(allowance.saturating_sub(1)).checked_div(allowance);
    share.and_then(|share| u16::try_from(share).ok()).unwrap_or(u16::MAX)
}

/// A scalar after a move towards `new`: there, or as far as the bucket allows; and what is used of the bucket then.
pub(crate) fn step(old: u64, new: u64, allowance: u128, used: u16) -> (u64, u16) {
    let total = used.saturating_add(share(new.abs_diff(old), allowance));
    if total <= FULL {
        return (new, total);
    }
    let room = u128::from(FULL.saturating_sub(used));
    let far = allowance.saturating_mul(room).checked_div(FULL.into()).unwrap_or(0);
    let far = u64::try_from(far).unwrap_or(u64::MAX).min(new.abs_diff(old));
    (if new > old { old.saturating_add(far) } else { old.saturating_sub(far) }, FULL)
}

impl AllowanceWord {
    /// What mark / reference may move, Q60.
    pub(crate) fn mark_move(&self) -> u128 {
        share_q60(self.mark).into()
    }

    /// What a forward / reference of `ratio` (Q60) may move at that tenor, Q60: a share of the forward, as the charge is.
    pub(crate) fn forward_move(&self, ratio: u64, seconds: u64) -> u128 {
        let root = u128::from(kernel::sqrt_years(seconds)); // Q61, below 8
        let slope = u128::from(share_q60(self.forward_slope)).wrapping_mul(root) >> 61; // below 2^66
        let whole = slope.saturating_add(share_q60(self.forward_floor).into());
        // Below 2^66 times below 2^64: the low bits of the share don't matter.
        (whole >> 8).saturating_mul(ratio.into()) >> 52
    }

    /// What volatilities may rise and fall at that tenor, relative, Q40.
    fn volatility_moves(&self, seconds: u64) -> (u128, u128) {
        let multiple = self.multiple(seconds);
        let scaled = |share: u32| u128::from(share_q40(share)).wrapping_mul(multiple) >> 40; // 2^43 2^50
        (scaled(self.volatility_up), scaled(self.volatility_down))
    }

    /// `(30 days / tenor)^power`, Q40.
    fn multiple(&self, seconds: u64) -> u128 {
        let tenor = seconds.max(self.floor.into()).max(1);
        let log = |value: u64| kernel::ln_decimal(value, 0);
        let distance = log(MONTH).abs_diff(log(tenor)); // Q56, below 2^61
        let power = if tenor > MONTH { self.long_power } else { self.short_power };
        // Q56 Q40 -> Q58.
        let exponent = u128::from(distance).wrapping_mul(share_q40(power).into()) >> 38;
        let kept = u128::from(kernel::exp_negative(u64::try_from(exponent).unwrap_or(u64::MAX))); // Q63
        if tenor > MONTH {
            kept >> 23
        } else {
            (1_u128 << 103).checked_div(kept).unwrap_or(MOST_MULTIPLE).min(MOST_MULTIPLE)
        }
    }

    /// What is used of the volatilities' buckets after a move from one surface to another with `seconds` to expiry; `None` if one of
    /// them doesn't hold it.
    pub(crate) fn volatility_step(
        &self,
        old: &Curve,
        new: &Curve,
        seconds: u64,
        used: &[u16],
    ) -> Option<[u16; 5]> {
        let (up, down) = self.volatility_moves(seconds);
        let mut after = [0; 5];
        let deviation = old.deviation(seconds);
        for ((place, used), after) in PLACES.iter().zip(used).zip(after.iter_mut()) {
            let k = deviation.saturating_mul(*place);
            let (before, now) = (old.volatility(k), new.volatility(k));
            let relative = if now > before { up } else { down };
            let allowance = u128::from(before).wrapping_mul(relative) >> 40; // 2^64 2^53
            *after = used.saturating_add(share(now.abs_diff(before), allowance));
        }
        after.iter().all(|used| *used <= FULL).then_some(after)
    }
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

    use proptest::prelude::*;

    use super::*;

    const Q60: u64 = 1 << 60;

    #[test]
    fn buckets_refill_in_ten_minutes_and_never_beyond() {
        assert_eq!(
            [0, 1, 60, 599, 600, u64::MAX].map(|time| refilled(FULL, time)),
            [4_095, 4_089, 3_686, 7, 0, 0]
        );
        assert_eq!(refilled(5, 10), 0);
        assert_eq!(refilled(u16::MAX, 0), FULL);
    }

    #[test]
    fn a_move_beyond_the_allowance_stops_at_it() {
        let allowance = 4_095_000;
        assert_eq!(step(Q60, Q60 + 4_095_000, allowance, 0), (Q60 + 4_095_000, FULL));
        assert_eq!(step(Q60, Q60 + 4_095_001, allowance, 0), (Q60 + 4_095_000, FULL));
        assert_eq!(step(Q60, Q60 - 9_000_000, allowance, 4_000), (Q60 - 95_000, FULL));
        assert_eq!(step(Q60, Q60 - 1, allowance, 0), (Q60 - 1, 1));
        assert_eq!(step(Q60, 0, allowance, FULL), (Q60, FULL));
        assert_eq!(step(Q60, Q60 + 1, 0, 0), (Q60, FULL));
        assert_eq!(step(Q60, Q60, 0, FULL), (Q60, FULL));
    }

    #[test]
    fn allowances_follow_tenor() {
        let unit = |value: u128| value as f64 / 2_f64.powi(60);
        assert!((unit(DEFAULT.mark_move()) - 0.0025).abs() < 1e-12);
        let year = DEFAULT.forward_move(Q60, kernel::SECONDS_PER_YEAR);
        assert!((unit(year) - 0.0125).abs() < 1e-12);
        assert!((unit(DEFAULT.forward_move(2 * Q60, 0)) - 0.005).abs() < 1e-12);
        let relative = |seconds| {
            let (up, down) = DEFAULT.volatility_moves(seconds);
            (up as f64 / 2_f64.powi(40), down as f64 / 2_f64.powi(40))
        };
        let close = |read: (f64, f64), multiple: f64| {
            (read.0 - 0.2 * multiple).abs() < 1e-6 && (read.1 - 0.12 * multiple).abs() < 1e-6
        };
        assert!(close(relative(MONTH), 1.0));
        assert!(close(relative(86_400), 30_f64.powf(0.3)));
        assert!(close(relative(60), 30_f64.powf(0.3)));
        assert!(close(relative(kernel::SECONDS_PER_YEAR), (30.0_f64 / 365.0).powf(0.13)));
    }

    proptest! {
        /// However a string of moves is cut, no point of it lies farther from the start than the allowance and its refill.
        #[test]
        fn no_string_of_moves_goes_farther_than_its_allowance(
            moves in proptest::collection::vec((0_u64..2 * Q60, 1_u64..90), 1..40), allowance in 1_u64..(1 << 56),
        ) {
            let (mut value, mut used, mut elapsed) = (Q60, 0, 0);
            for (target, wait) in moves {
                (value, used) = step(value, target, allowance.into(), refilled(used, wait));
                elapsed += wait;
                let most = u128::from(allowance) + u128::from(allowance) * u128::from(elapsed) / 600;
                prop_assert!(u128::from(value.abs_diff(Q60)) <= most);
                prop_assert!(used <= FULL);
            }
        }
    }
}
