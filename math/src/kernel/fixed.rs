//! Multiplication of 64-bit fixed-point numbers out of 32-bit limbs, and the steps of Horner's rule.
//!
//! WebAssembly has no 64 x 64 -> 128 multiplication; the compiler's substitute costs a call and handles 128-bit operands.
//! The products below use four (or two) 64-bit multiplications of 32-bit limbs and nothing else. Native builds run the same
//! code, so results are identical bit for bit.

const LOW: u64 = 0xffff_ffff;

/// The full product as (high, low) 64-bit halves.
///
/// The carries are taken by comparison: the schoolbook's form with masked middle words is recognised by the compiler and
/// replaced by a call of the 128-bit routine, at three times the cost.
#[inline(always)]
pub const fn multiply_wide(a: u64, b: u64) -> (u64, u64) {
    let (a1, a0, b1, b0) = (a >> 32, a & LOW, b >> 32, b & LOW);
    let (bottom, left, right) = (a0.wrapping_mul(b0), a1.wrapping_mul(b0), a0.wrapping_mul(b1));
    let (cross, above) = left.overflowing_add(right); // 65 bits
    let (low, carry) = bottom.overflowing_add(cross << 32);
    let high = a1
        .wrapping_mul(b1)
        .wrapping_add(cross >> 32)
        .wrapping_add(bit(above) << 32)
        .wrapping_add(bit(carry));
    (high, low)
}

#[inline(always)]
#[expect(clippy::as_conversions, reason = "lossless; From is not const")]
const fn bit(x: bool) -> u64 {
    x as u64
}

/// The high half of the product: `floor(a b / 2^64)`.
#[inline(always)]
pub const fn multiply_high(a: u64, b: u64) -> u64 {
    multiply_wide(a, b).0
}

/// The high half of the product, short by less than two units, for `a, b <= 2^63`: three multiplications.
#[inline(always)]
pub(super) const fn multiply_near(a: u64, b: u64) -> u64 {
    let (a1, a0, b1, b0) = (a >> 32, a & LOW, b >> 32, b & LOW);
    // Each cross product is at most 2^31 (2^32 - 1) < 2^63: the sum fits.
    let cross = a1.wrapping_mul(b0).wrapping_add(a0.wrapping_mul(b1));
    a1.wrapping_mul(b1).wrapping_add(cross >> 32)
}

/// The product of a signed integer and an unsigned one, as a 128-bit integer.
///
/// This is what a valuation loop needs to weigh a kernel's fraction by a signed quantity.
#[inline(always)]
pub const fn multiply_signed(a: i64, b: u64) -> i128 {
    let (high, low) = multiply_wide(a.unsigned_abs(), b);
    let sign = a >> 63; // 0 or -1
    // high < 2^63 because |a| <= 2^63: the pair is a non-negative 128-bit integer, negated by complement and carry.
    let low_signed = (low ^ sign.cast_unsigned()).wrapping_sub(sign.cast_unsigned());
    let carry = if a < 0 && low == 0 { 1 } else { 0 };
    let high_signed = (high.cast_signed() ^ sign).wrapping_add(carry);
    join(high_signed, low_signed)
}

/// A 128-bit integer from its halves.
#[inline(always)]
#[expect(clippy::as_conversions, reason = "lossless; From is not const")]
pub const fn join(high: i64, low: u64) -> i128 {
    ((high as i128) << 64) | (low as i128)
}

/// One step of Horner's rule: `c + p t`, with `t` in Q31 and `|t| <= 1`; `p` and `c` share any format.
///
/// The product is floored; the error is in [0, 1) units of `p`.
#[inline(always)]
pub(super) const fn step(p: i64, t: i64, c: i64) -> i64 {
    // |t| <= 2^31: |(p >> 32) t| <= 2^62 and |(p mod 2^32) t| < 2^63; the sum is p t / 2^31 floored.
    let high = (p >> 32).wrapping_mul(t) << 1;
    let low = (p & 0xffff_ffff).wrapping_mul(t) >> 31;
    c.wrapping_add(high).wrapping_add(low)
}

/// The same step when `|p| < 2^32`: one multiplication.
#[inline(always)]
pub(super) const fn step_small(p: i64, t: i64, c: i64) -> i64 {
    c.wrapping_add(p.wrapping_mul(t) >> 31)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::arithmetic_side_effects, reason = "test arithmetic on bounded values")]

    use super::*;
    use proptest::prelude::*;

    fn edgy() -> impl Strategy<Value = u64> {
        prop_oneof![
            any::<u64>(),
            (0u32..64, any::<u64>()).prop_map(|(s, x)| x >> s),
            (0u32..64).prop_map(|s| u64::MAX << s),
            (0u32..64).prop_map(|s| 1 << s),
            Just(0),
            Just(u64::MAX),
        ]
    }

    proptest! {
        #[test]
        fn products_equal_128_bit_products(a in edgy(), b in edgy()) {
            let exact = u128::from(a) * u128::from(b);
            let (high, low) = multiply_wide(a, b);
            prop_assert_eq!((u128::from(high) << 64) | u128::from(low), exact);
            prop_assert_eq!(multiply_high(a, b), high);
            let (c, d) = (a.min(1 << 63), b.min(1 << 63));
            prop_assert!(multiply_high(c, d).wrapping_sub(multiply_near(c, d)) < 2);
            let signed = a.cast_signed();
            if let Some(product) = i128::from(signed).checked_mul(i128::from(b)) {
                prop_assert_eq!(multiply_signed(signed, b), product);
            }
        }

        #[test]
        fn a_step_floors_the_product(p in any::<i64>(), t in -(1i64 << 31)..=(1 << 31), c in -(1i64 << 61)..(1 << 61)) {
            let p = p >> 2;
            let exact = i128::from(c) + ((i128::from(p) * i128::from(t)) >> 31);
            prop_assert_eq!(i128::from(step(p, t, c)), exact);
            let small = p >> 30;
            let exact = i128::from(c) + ((i128::from(small) * i128::from(t)) >> 31);
            prop_assert_eq!(i128::from(step_small(small, t, c)), exact);
        }
    }
}
