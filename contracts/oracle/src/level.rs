//! Validity levels and the ages at which data passes from one to the next.

/// Not to be used.
pub(crate) const INVALID: u8 = 0;
/// A model expired: priced on its last known shape, without confidence.
pub(crate) const TOO_UNCERTAIN: u8 = 2;
/// Good enough for a view and for liquidation, not for adding risk.
pub(crate) const STALE_FOR_MARGIN: u8 = 3;
/// Good for everything.
pub(crate) const VALID: u8 = 4;

/// Seconds that a feed's answer may be late beyond its heartbeat.
const HEARTBEAT_MARGIN: u64 = 60;
/// Seconds for which a posted model is valid, from its model time.
const MODEL_FRESH: u64 = 20 * 60;
/// Seconds after which a posted model has expired.
pub(crate) const MODEL_LIFE: u64 = 60 * 60;

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

/// Level of a posted model evaluated `age` seconds ago.
pub(crate) const fn of_model(age: u64) -> u8 {
    if age <= MODEL_FRESH {
        VALID
    } else if age <= MODEL_LIFE {
        STALE_FOR_MARGIN
    } else {
        TOO_UNCERTAIN
    }
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
        assert_eq!(of_model(1_200), VALID);
        assert_eq!(of_model(1_201), STALE_FOR_MARGIN);
        assert_eq!(of_model(3_600), STALE_FOR_MARGIN);
        assert_eq!(of_model(3_601), TOO_UNCERTAIN);
    }
}
