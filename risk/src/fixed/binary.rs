//! Decimals of 18 digits as binary fractions.

use novate_math::kernel::multiply_wide;

/// `2^123 / 10^18`.
const BINARY: u64 = 10_633_823_966_279_326_983;

/// A number with 18 decimals in Q`point` (at most 62), saturating at 64 bits.
#[inline(never)]
pub(crate) fn binary(decimal: u64, point: u32) -> u64 {
    let (high, low) = multiply_wide(decimal, BINARY); // Q123
    let product = (u128::from(high) << 64) | u128::from(low);
    let shift = 123_u32.saturating_sub(point);
    // Rounded to nearest.
    let rounded = product.wrapping_add(1_u128.wrapping_shl(shift.wrapping_sub(1)));
    u64::try_from(rounded.wrapping_shr(shift)).unwrap_or(u64::MAX)
}

/// A signed number with 18 decimals in Q`point`, saturating.
pub(crate) fn binary_signed(decimal: i64, point: u32) -> i64 {
    let size = i64::try_from(binary(decimal.unsigned_abs(), point)).unwrap_or(i64::MAX);
    if decimal < 0 { size.wrapping_neg() } else { size }
}

/// A signed number with 18 decimals in Q118.
pub(crate) fn binary_q118(decimal: i64) -> i128 {
    let (high, low) = multiply_wide(decimal.unsigned_abs(), BINARY); // Q123, below 2^127
    let product = ((u128::from(high) << 64) | u128::from(low)) >> 5;
    let size = i128::try_from(product).unwrap_or(i128::MAX);
    if decimal < 0 { size.wrapping_neg() } else { size }
}

#[cfg(test)]
mod tests {
    use alloy_primitives::U256;
    use proptest::prelude::*;

    use super::*;
    use crate::fixed::WAD;

    proptest! {
        #[test]
        fn binaries_are_nearest(decimal in 0..4 * WAD, point in 20_u32..62) {
            let exact = (U256::from(decimal) << (point as usize + 1)) / U256::from(WAD);
            let nearest = (exact + U256::from(1)) >> 1;
            let given = U256::from(binary(decimal, point));
            prop_assert!(given.abs_diff(nearest) <= U256::from(1));
        }
    }

    #[test]
    fn one_is_one_in_every_format() {
        for point in 1..=62 {
            assert_eq!(binary(WAD, point), 1 << point, "{point}");
        }
        assert_eq!(binary_signed(-(i64::try_from(WAD).unwrap()), 60), -(1 << 60));
        assert_eq!(binary_q118(i64::try_from(WAD).unwrap()).abs_diff(1 << 118) >> 56, 0);
        assert_eq!(binary(u64::MAX, 62), u64::MAX);
    }
}
