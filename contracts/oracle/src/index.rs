//! What is reckoned from an index over time: its slow price and its average of five minutes.
//!
//! The price that was recorded last held until the round that the feed answers now, which has held since. The slow price follows
//! by at most 0.03% a second, the average exponentially.

use alloy_primitives::U256;
use novate_math::kernel;

use crate::words::IndexWord;

/// A ratio of one, Q24.
const ONE: u32 = 1 << 24;
/// ln(1.0003) in Q58: what the slow price may follow in a second.
const FOLLOWS: u64 = 86_455_457_117_853;
/// 1/300 in Q58: what the average forgets in a second.
const FORGETS: u64 = (1 << 58) / 300;
/// Beyond so many seconds nothing of the past is left.
const LONGEST: u64 = 150_000;
/// Times, or share, of its average from which a price is too volatile.
const FACTOR: u128 = 5;

/// A price that a feed answers, and when it was updated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Answered {
    pub(crate) price: u128,
    pub(crate) updated_at: u64,
}

/// Slow price and average.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Followers {
    pub(crate) slow: u128,
    pub(crate) average: u128,
}

impl Followers {
    /// After `target` held for so many seconds.
    fn after(self, target: u128, seconds: u64) -> Self {
        if seconds == 0 {
            return self;
        }
        let seconds = seconds.min(LONGEST);
        let kept = |rate: u64| kernel::exp_negative(seconds.saturating_mul(rate).min(63 << 58));
        let gap = times(
            self.average.abs_diff(target),
            kept(if seconds == LONGEST { 63 << 58 } else { FORGETS }),
        );
        let average = if self.average > target {
            target.saturating_add(gap)
        } else {
            target.saturating_sub(gap)
        };
        let limit = kept(FOLLOWS);
        let slow = if target <= self.slow {
            times(self.slow, limit).max(target)
        } else if times(target, limit) <= self.slow {
            target
        } else {
            raised(self.slow, limit).min(target)
        };
        Self { slow, average }
    }
}

/// `value * factor`, the factor in Q63 and at most one, for values below 2^113.
fn times(value: u128, factor: u64) -> u128 {
    let low = value & ((1 << 63) - 1);
    let factor = u128::from(factor);
    (value >> 63).saturating_mul(factor).saturating_add(low.saturating_mul(factor) >> 63)
}

/// `value / factor`, the factor in Q63.
fn raised(value: u128, factor: u64) -> u128 {
    let whole = U256::from(value).wrapping_shl(63); // below 2^176
    whole
        .checked_div(U256::from(factor))
        .and_then(|raised| u128::try_from(raised).ok())
        .unwrap_or(u128::MAX)
}

/// `a / b` in Q`bits`, for numbers below 2^113; as much as fits where it doesn't.
pub(crate) fn ratio(a: u128, b: u128, bits: u32) -> u64 {
    // Both lose what a hasn't room for.
    let shift = bits.saturating_sub(a.leading_zeros());
    let quotient = a.wrapping_shr(shift).wrapping_shl(bits).checked_div(b.wrapping_shr(shift));
    quotient.and_then(|ratio| u64::try_from(ratio).ok()).unwrap_or(u64::MAX)
}

/// `price * ratio`, the ratio in Q60, for prices below 2^113 and products below 2^120.
pub(crate) fn scaled(price: u128, ratio: u64) -> u128 {
    let ratio = u128::from(ratio);
    let low = price & ((1 << 60) - 1);
    (price >> 60).saturating_mul(ratio).saturating_add(low.saturating_mul(ratio) >> 60)
}

/// `price * ratio`, the ratio in Q24.
fn follower(price: u128, ratio: u32) -> u128 {
    let ratio = u128::from(ratio);
    let low = price & ((1 << 24) - 1);
    (price >> 24).saturating_mul(ratio).saturating_add(low.saturating_mul(ratio) >> 24)
}

impl IndexWord {
    /// A first price, which everything starts from.
    pub(crate) const fn begun(answered: &Answered, now: u64) -> Self {
        let Answered { price, updated_at } = *answered;
        Self { price, updated_at, seen: now, slow: ONE, average: ONE }
    }

    /// Slow price and average now that the feed answers this.
    pub(crate) fn followers(&self, answered: &Answered, now: u64) -> Followers {
        if self.price == 0 {
            return Followers { slow: answered.price, average: answered.price };
        }
        let turn = answered.updated_at.clamp(self.seen.min(now), now);
        self.stored()
            .after(self.price, turn.saturating_sub(self.seen))
            .after(answered.price, now.saturating_sub(turn))
    }

    /// Slow price and average now that the feed answers nothing.
    pub(crate) fn followers_alone(&self, now: u64) -> Followers {
        self.stored().after(self.price, now.saturating_sub(self.seen))
    }

    fn stored(&self) -> Followers {
        Followers {
            slow: follower(self.price, self.slow),
            average: follower(self.price, self.average),
        }
    }

    /// The word after looking at the feed's answer: the last price is its, unless that is too volatile.
    pub(crate) fn recorded(&self, answered: &Answered, now: u64) -> Self {
        let followers = self.followers(answered, now);
        let (price, updated_at) = if is_too_volatile(answered.price, followers.average) {
            (self.price, self.updated_at)
        } else {
            (answered.price, answered.updated_at)
        };
        // To the nearest, so that recording again in the same second changes nothing.
        let share = |value| {
            let nearest = ratio(value, price, 40).saturating_add(1 << 15) >> 16;
            u32::try_from(nearest).unwrap_or(u32::MAX).max(1)
        };
        let word = Self {
            price,
            updated_at,
            seen: now,
            slow: share(followers.slow),
            average: share(followers.average),
        };
        // Time alone changes nothing of what stands still.
        if (Self { seen: self.seen, ..word }) == *self && self.slow == ONE && self.average == ONE {
            *self
        } else {
            word
        }
    }
}

/// Five times or a fifth of the average, or beyond.
pub(crate) const fn is_too_volatile(price: u128, average: u128) -> bool {
    price >= average.saturating_mul(FACTOR) || price.saturating_mul(FACTOR) <= average
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

    const PRICE: u128 = 3_000_000_000_000_000_000_000;
    const NOW: u64 = 1_700_000_000;

    fn start() -> IndexWord {
        IndexWord::begun(&Answered { price: PRICE, updated_at: NOW }, NOW)
    }

    fn close(value: u128, expected: f64) -> bool {
        (value as f64 / (expected * PRICE as f64) - 1.0).abs() < 1e-6
    }

    #[test]
    fn the_slow_price_follows_by_three_hundredths_of_a_percent_a_second() {
        let rise = Answered { price: PRICE / 10 * 11, updated_at: NOW + 1_000 };
        let slow = |now| start().followers(&rise, now).slow;
        assert!(close(slow(NOW + 1_000), 1.0), "the old price held until then");
        assert!(close(slow(NOW + 1_001), 1.0003));
        assert!(close(slow(NOW + 1_100), 1.0003_f64.powi(100)));
        assert_eq!(slow(NOW + 1_318), rise.price);
        let fall = Answered { price: PRICE / 10 * 9, ..rise };
        assert!(close(start().followers(&fall, NOW + 1_100).slow, 1.0003_f64.powi(-100)));
        assert_eq!(start().followers(&fall, NOW + 1_352).slow, fall.price);
        assert_eq!(start().followers(&fall, u64::MAX).slow, fall.price);
    }

    #[test]
    fn the_average_forgets_in_five_minutes() {
        let rise = Answered { price: 2 * PRICE, updated_at: NOW };
        let average = |now| start().followers(&rise, now).average;
        assert!(close(average(NOW + 300), 2.0 - (-1.0_f64).exp()));
        assert!(close(average(NOW + LONGEST), 2.0));
    }

    #[test]
    fn a_price_that_is_too_volatile_is_not_kept_but_is_followed() {
        let wild = Answered { price: 6 * PRICE, updated_at: NOW + 10 };
        let early = start().recorded(&wild, NOW + 12);
        assert_eq!((early.price, early.updated_at), (PRICE, NOW));
        assert!(early.average > ONE);
        let late = early.recorded(&wild, NOW + 24);
        assert_eq!((late.price, late.updated_at), (6 * PRICE, NOW + 10));
        assert!(is_too_volatile(500, 100) && is_too_volatile(20, 100));
        assert!(!is_too_volatile(499, 100) && !is_too_volatile(21, 100));
    }

    #[test]
    fn what_stands_still_is_not_written() {
        let answered = Answered { price: PRICE, updated_at: NOW };
        assert_eq!(start().recorded(&answered, NOW + 500), start());
        assert_ne!(
            start().recorded(&Answered { updated_at: NOW + 1, ..answered }, NOW + 500),
            start()
        );
    }

    #[test]
    fn ratios_hold_their_digits() {
        assert_eq!(ratio(3, 2, 60), 3 << 59);
        assert_eq!(ratio(1, 0, 60), u64::MAX);
        let most = 10_u128.pow(33);
        assert_eq!(ratio(most, most, 60), 1 << 60);
        assert_eq!(scaled(most, 1 << 60), most);
        assert_eq!(scaled(PRICE, 3 << 59), PRICE / 2 * 3);
    }

    proptest! {
        /// Recording again in the same second, however often, moves neither follower.
        #[test]
        fn records_of_one_second_change_nothing(
            price in 1_u128 << 44..10_u128.pow(33), slow in 1_u32.., average in 1_u32..,
        ) {
            let word = IndexWord { price, updated_at: NOW, seen: NOW, slow, average };
            let answered = Answered { price, updated_at: NOW };
            let again = word.recorded(&answered, NOW);
            prop_assert_eq!(again, word);
            prop_assert_eq!(again.recorded(&answered, NOW), word);
        }

        /// Recording more often moves neither follower beyond rounding, whatever the times.
        #[test]
        fn records_in_between_change_nothing(price in 1_u128..10_u128.pow(33), next in 1_u128..10_u128.pow(33), waits in proptest::collection::vec(0_u64..500, 1..6)) {
            prop_assume!(next / price < 100 && price / next < 100);
            let answered = Answered { price: next, updated_at: NOW };
            let first = IndexWord::begun(&Answered { price, updated_at: NOW - 9 }, NOW);
            let mut word = first;
            let mut now = NOW;
            for wait in waits {
                now += wait;
                word = word.recorded(&answered, now);
            }
            let (whole, cut) = (first.followers(&answered, now), word.followers(&answered, now));
            let near = |a: u128, b: u128| a.abs_diff(b) <= (a.max(b) >> 14) + 8;
            prop_assert!(near(whole.slow, cut.slow), "{} {}", whole.slow, cut.slow);
            prop_assert!(near(whole.average, cut.average), "{} {}", whole.average, cut.average);
        }

        #[test]
        fn a_ratio_gives_its_price_back(price in 1_u128 << 40..10_u128.pow(33), part in 1_u64..2_000_000) {
            let scaled_part = price / 1_000_000 * u128::from(part);
            let back = scaled(price, ratio(scaled_part, price, 60));
            prop_assert!(back.abs_diff(scaled_part) <= (price >> 58) + 2);
        }
    }
}
