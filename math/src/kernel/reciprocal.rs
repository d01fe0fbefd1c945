//! The reciprocal of a normalised 64-bit number: one division and one Newton step.

/// `2^127 / m` for `m >= 2^63`, saturating at `2^64 - 1`.
///
/// # Accuracy
/// Relative error below `2^-60`.
pub(super) const fn reciprocal(m: u64) -> u64 {
    let (high, low) = (m >> 32, m & 0xffff_ffff); // high in [2^31, 2^32)
    let Some(quotient) = (1u64 << 63).checked_div(high) else { return u64::MAX };
    let y = if quotient > 0xffff_ffff { 0xffff_ffff } else { quotient }; // [2^31, 2^32)
    let rest = (1u64 << 63).wrapping_sub(high.wrapping_mul(y)); // [0, 2^32)
    // e = 2^95 - m y = 2^32 rest - low y, relative to 2^95 below 2^-31 + 2^-31; halved to fit: |e / 2| < 2^63.
    let half = (rest << 31).cast_signed().wrapping_sub((low.wrapping_mul(y) >> 1).cast_signed());
    let correction = (half >> 32).wrapping_mul(y.cast_signed()) >> 30; // y e / 2^63
    (y << 32).wrapping_add_signed(correction)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::arithmetic_side_effects, reason = "test arithmetic on bounded values")]

    use super::*;
    use proptest::prelude::*;

    fn check(m: u64) {
        let r = reciprocal(m);
        let product = u128::from(m) * u128::from(r);
        let error = product.abs_diff(1 << 127);
        assert!(error < 1 << 67, "m = {m:#x}: relative error {error:e} / 2^127");
    }

    #[test]
    fn ends_of_the_domain_are_accurate() {
        for m in [
            1 << 63,
            (1 << 63) + 1,
            u64::MAX,
            u64::MAX - 1,
            0xffff_ffff_0000_0000,
            0x8000_0000_ffff_ffff,
        ] {
            check(m);
        }
    }

    proptest! {
        #[test]
        fn reciprocals_are_accurate(m in (1u64 << 63)..) { check(m); }
    }
}
