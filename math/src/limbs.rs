//! Long multiplication and division on 64-bit limbs, least significant first.

#![expect(
    clippy::inline_always,
    reason = "a WebAssembly call costs as much as twenty multiplications"
)]

use crate::kernel::multiply_wide;

/// `a b` in 512 bits.
pub(crate) fn multiply(a: &[u64; 4], b: &[u64; 4]) -> [u64; 8] {
    let mut product = [0; 8];
    for (i, &x) in a.iter().enumerate() {
        if x == 0 {
            continue;
        }
        let mut carry = 0;
        for (place, &y) in product.iter_mut().skip(i).zip(b) {
            let (high, low) = multiply_wide(x, y);
            // x y + place + carry <= (2^64 - 1)^2 + 2 (2^64 - 1) = 2^128 - 1.
            let (sum, first) = low.overflowing_add(*place);
            let (sum, second) = sum.overflowing_add(carry);
            *place = sum;
            carry = high.wrapping_add(u64::from(first)).wrapping_add(u64::from(second));
        }
        if let Some(place) = product.get_mut(i.wrapping_add(4)) {
            *place = carry;
        }
    }
    product
}

/// `a b` in 320 bits for a single limb `b`.
#[inline(always)]
pub(crate) const fn multiply_word(a: &[u64; 4], b: u64) -> [u64; 5] {
    let [a0, a1, a2, a3] = *a;
    let (h0, r0) = multiply_wide(a0, b);
    let (h1, l1) = multiply_wide(a1, b);
    let (h2, l2) = multiply_wide(a2, b);
    let (h3, l3) = multiply_wide(a3, b);
    // The carry out of a limb goes with the next high half, which is at most 2^64 - 2.
    let (r1, c1) = l1.overflowing_add(h0);
    let (r2, c2) = l2.overflowing_add(h1.wrapping_add(bit(c1)));
    let (r3, c3) = l3.overflowing_add(h2.wrapping_add(bit(c2)));
    [r0, r1, r2, r3, h3.wrapping_add(bit(c3))]
}

/// `x / 2^shift` for `shift >= 64`: the floor's lower four limbs, and the bit below them.
pub(crate) const fn shift_right(x: &[u64; 5], shift: u32) -> ([u64; 4], bool) {
    let [x0, x1, x2, x3, x4] = *x;
    let (below, words) = match shift >> 6 {
        1 => (x0, [x1, x2, x3, x4]),
        2 => (x1, [x2, x3, x4, 0]),
        3 => (x2, [x3, x4, 0, 0]),
        4 => (x3, [x4, 0, 0, 0]),
        5 => (x4, [0; 4]),
        _ => (0, [0; 4]),
    };
    let n = shift & 63;
    let [w0, w1, w2, w3] = words;
    let left = 63u32.wrapping_sub(n); // (w << 1) << left is w << (64 - n), and 0 for n = 0
    let floor = [
        w0.wrapping_shr(n) | (w1 << 1).wrapping_shl(left),
        w1.wrapping_shr(n) | (w2 << 1).wrapping_shl(left),
        w2.wrapping_shr(n) | (w3 << 1).wrapping_shl(left),
        w3.wrapping_shr(n),
    ];
    let half = if n == 0 { below >> 63 } else { w0.wrapping_shr(n.wrapping_sub(1)) & 1 };
    (floor, half != 0)
}

#[inline(always)]
#[expect(clippy::as_conversions, reason = "lossless; From is not const")]
const fn bit(x: bool) -> u64 {
    x as u64
}

/// Divides in place by a single limb and returns the remainder; `divisor` is not zero.
pub(crate) fn divide_small(number: &mut [u64], divisor: u64) -> u64 {
    let shift = divisor.leading_zeros();
    let normalised = divisor.wrapping_shl(shift);
    let mut rest = 0u64; // below divisor
    for limb in number.iter_mut().rev() {
        // (rest, limb) shifted: rest 2^shift stays below the normalised divisor.
        let high = if shift == 0 {
            rest
        } else {
            rest.wrapping_shl(shift) | limb.wrapping_shr(64u32.wrapping_sub(shift))
        };
        let (quotient, remainder) = divide_wide(high, limb.wrapping_shl(shift), normalised);
        *limb = quotient;
        rest = remainder.wrapping_shr(shift);
    }
    rest
}

/// `(high 2^64 + low) / d` and the remainder, for `high < d` and `d >= 2^63`.
///
/// Source: D. Knuth, The Art of Computer Programming 2, section 4.3.1, algorithm D, with digits of 32 bits.
pub(crate) const fn divide_wide(high: u64, low: u64, d: u64) -> (u64, u64) {
    if high == 0 && low < d {
        return (0, low);
    }
    let (first, rest) = digit(high, low >> 32, d);
    let (second, rest) = digit(rest, low & 0xffff_ffff, d);
    ((first << 32) | second, rest)
}

/// One 32-bit digit: `(rest 2^32 + next) / d`, `rest < d`.
#[inline]
const fn digit(rest: u64, next: u64, d: u64) -> (u64, u64) {
    let (d1, d0) = (d >> 32, d & 0xffff_ffff);
    let (Some(mut q), Some(mut r)) = (rest.checked_div(d1), rest.checked_rem(d1)) else {
        return (0, 0);
    };
    // q is at most two too large.
    while r <= 0xffff_ffff && (q > 0xffff_ffff || q.wrapping_mul(d0) > ((r << 32) | next)) {
        q = q.wrapping_sub(1);
        r = r.wrapping_add(d1);
    }
    let rest = ((rest << 32) | next).wrapping_sub(q.wrapping_mul(d)); // exact modulo 2^64, and below d
    (q, rest)
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::arithmetic_side_effects,
        clippy::as_conversions,
        reason = "test arithmetic on bounded values"
    )]

    use super::*;
    use alloy_primitives::{U256, U512};
    use proptest::prelude::*;

    fn limb() -> impl Strategy<Value = u64> {
        prop_oneof![
            any::<u64>(),
            (0u32..64).prop_map(|s| u64::MAX << s),
            (0u32..64).prop_map(|s| u64::MAX >> s),
            (0u32..64).prop_map(|s| 1 << s),
            Just(0)
        ]
    }

    proptest! {
        #[test]
        fn products_equal_those_of_the_integer_library(a in [limb(), limb(), limb(), limb()], b in [limb(), limb(), limb(), limb()]) {
            let exact: U512 = U256::from_limbs(a).widening_mul(U256::from_limbs(b));
            prop_assert_eq!(multiply(&a, &b), *exact.as_limbs());
        }

        #[test]
        fn products_by_a_word_equal_those_of_the_integer_library(a in [limb(), limb(), limb(), limb()], b in limb()) {
            let exact: U512 = U256::from_limbs(a).widening_mul(U256::from(b));
            let product = multiply_word(&a, b);
            prop_assert_eq!(&product[..], &exact.as_limbs()[..5]);
        }

        #[test]
        fn shifts_equal_those_of_the_integer_library(x in [limb(), limb(), limb(), limb(), limb()], shift in 64u32..400) {
            let [x0, x1, x2, x3, x4] = x;
            let wide = U512::from_limbs([x0, x1, x2, x3, x4, 0, 0, 0]);
            let (floor, half) = shift_right(&x, shift);
            let shifted = wide >> shift as usize;
            prop_assert_eq!(&floor[..], &shifted.as_limbs()[..4]);
            prop_assert_eq!(half, (wide >> (shift as usize - 1)).bit(0));
        }

        #[test]
        fn quotients_equal_those_of_the_integer_library(a in [limb(), limb(), limb(), limb()], d in limb()) {
            prop_assume!(d != 0);
            let mut quotient = a;
            let rest = divide_small(&mut quotient, d);
            let (number, divisor) = (U256::from_limbs(a), U256::from(d));
            prop_assert_eq!(U256::from_limbs(quotient), number / divisor);
            prop_assert_eq!(U256::from(rest), number % divisor);
        }
    }
}
