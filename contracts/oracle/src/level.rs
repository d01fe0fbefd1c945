//! Validity levels, and the ages at which data passes from one to the next.

use novate_abi::snapshot::CONFIDENCE_ONE;

/// Not to be used.
pub(crate) const INVALID: u8 = 0;
/// Too far from its average of five minutes.
pub(crate) const TOO_VOLATILE: u8 = 1;
/// Good enough for a view and for liquidation, not for adding risk.
pub(crate) const STALE_FOR_MARGIN: u8 = 3;
/// Good for everything.
pub(crate) const VALID: u8 = 4;

/// Seconds that a feed's answer may be late beyond its heartbeat.
const HEARTBEAT_MARGIN: u64 = 60;
/// Seconds for which a model's confidences count in full.
const MODEL_FRESH: u64 = 20 * 60;
/// Seconds after which nothing is left of them.
const MODEL_LIFE: u64 = 60 * 60;
/// A unit of the four decimals of a stored confidence, in 18.
const CONFIDENCE_UNIT: u64 = CONFIDENCE_ONE / 10_000;

/// Level of a feed's answer `age` seconds old: valid for its heartbeat and a margin, stale for as long again, then invalid.
pub(crate) fn of_answer(age: u64, heartbeat: u32) -> u8 {
    let limit = u64::from(heartbeat).saturating_add(HEARTBEAT_MARGIN);
    if age <= limit {
        VALID
    } else if age <= limit.saturating_mul(2) {
        STALE_FOR_MARGIN
    } else {
        INVALID
    }
}

/// What is left of a confidence (4 decimals) that a model stated `age` seconds ago: 18 decimals.
pub(crate) fn decayed(confidence: u16, age: u64) -> u64 {
    let full = u64::from(confidence.min(10_000)).saturating_mul(CONFIDENCE_UNIT);
    let left = MODEL_LIFE.saturating_sub(age.max(MODEL_FRESH));
    let whole = MODEL_LIFE.saturating_sub(MODEL_FRESH);
    // Below 1e18 * 2,400: 72 bits.
    let part = u128::from(full).saturating_mul(left.into()).checked_div(whole.into()).unwrap_or(0);
    u64::try_from(part).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_fall_at_their_ages() {
        assert_eq!(of_answer(3_660, 3_600), VALID);
        assert_eq!(of_answer(3_661, 3_600), STALE_FOR_MARGIN);
        assert_eq!(of_answer(7_320, 3_600), STALE_FOR_MARGIN);
        assert_eq!(of_answer(7_321, 3_600), INVALID);
    }

    #[test]
    fn confidence_falls_from_twenty_minutes_to_an_hour() {
        assert_eq!(decayed(10_000, 0), CONFIDENCE_ONE);
        assert_eq!(decayed(10_000, 1_200), CONFIDENCE_ONE);
        assert_eq!(decayed(10_000, 1_201), CONFIDENCE_ONE / 2_400 * 2_399 + 1_599);
        assert_eq!(decayed(5_000, 2_400), CONFIDENCE_ONE / 4);
        assert_eq!(decayed(10_000, 3_600), 0);
        assert_eq!(decayed(u16::MAX, u64::MAX), 0);
    }
}
