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

/// The same of a number of any size.
pub(crate) fn binary_wide(decimal: u128, point: u32) -> u64 {
    if let Ok(decimal) = u64::try_from(decimal) {
        return binary(decimal, point);
    }
    let (whole, rest) = units(decimal);
    let whole = u64::try_from(whole).ok().filter(|whole| whole.leading_zeros() >= point);
    whole.map_or(u64::MAX, |whole| whole.wrapping_shl(point).saturating_add(binary(rest, point)))
}

/// Whole units of a number with 18 decimals, and the rest.
pub(crate) fn units(decimal: u128) -> (u128, u64) {
    let one = u128::from(super::WAD);
    let whole = decimal.checked_div(one).unwrap_or(0);
    let rest = decimal.wrapping_sub(whole.wrapping_mul(one));
    (whole, u64::try_from(rest).unwrap_or(0))
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
    use super::*;

    #[test]
    fn wide_numbers_continue_where_others_end() {
        let one = u128::from(super::super::WAD);
        for decimal in [0, 1, one, u128::from(u64::MAX)] {
            assert_eq!(binary_wide(decimal, 58), binary(u64::try_from(decimal).unwrap(), 58));
        }
        assert_eq!(binary_wide(20 * one, 58), 20 << 58);
        assert_eq!(binary_wide(20 * one + one / 2, 58), (20 << 58) + (1 << 57));
        assert_eq!(binary_wide(63 * one, 58), 63 << 58);
        for decimal in [64 * one, 1 << 100, u128::MAX] {
            assert_eq!(binary_wide(decimal, 58), u64::MAX);
        }
    }

    use alloy_primitives::U256;
    use proptest::prelude::*;

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
