//! Integer square roots of 64 and 128 bits, floored exactly.
//!
//! The root of 32 bits starts from a quadratic (relative error 2^-7.6) and takes two Newton steps; the root of 64 bits takes one
//! long-division digit of 32 bits more (Zimmermann, "Karatsuba Square Root", INRIA RR-3805, 1999).

use super::fixed::multiply_wide;

/// `floor(sqrt(x))` for `x >= 2^62`; the result has 32 bits.
const fn root_32(x: u64) -> u64 {
    // u = x/2^64 in [1/4, 1), Q32; sqrt(u) = 0.25928 + 1.05202 u - 0.31632 u^2 within 0.51%.
    let u = x >> 32;
    let slope = 4_518_399_640u64.wrapping_sub(u.wrapping_mul(1_358_594_896) >> 32); // Q32, [0.73, 0.98]
    let y = 1_113_584_797u64.wrapping_add((slope >> 1).wrapping_mul(u) >> 31); // Q32, [0.5, 1)
    let y = half_sum(y, x);
    let y = half_sum(y, x);
    let y = if y > 0xffff_ffff { 0xffff_ffff } else { y };
    // Within one of the root: settle by the remainder.
    let square = y.wrapping_mul(y);
    if square > x {
        y.wrapping_sub(1)
    } else if x.wrapping_sub(square) > y << 1 {
        y.wrapping_add(1)
    } else {
        y
    }
}

/// A step of Newton's method: `(y + x/y)/2`.
#[inline(always)]
const fn half_sum(y: u64, x: u64) -> u64 {
    match x.checked_div(y) {
        Some(quotient) => y.wrapping_add(quotient) >> 1,
        None => 0,
    }
}

/// `floor(sqrt(high 2^64 + low))` for `high >= 2^62`; the result has 64 bits.
pub(crate) const fn root_64(high: u64, low: u64) -> u64 {
    let s = root_32(high); // [2^31, 2^32)
    let rest = high.wrapping_sub(s.wrapping_mul(s)); // [0, 2 s]
    // (rest 2^32 + low/2^32) / (2 s), both halved to fit 64 bits.
    let Some(digit) = ((rest << 31) | (low >> 33)).checked_div(s) else { return 0 };
    let digit = if digit > 0xffff_ffff { 0xffff_ffff } else { digit };
    let root = (s << 32) | digit;
    // The digit is exact or one too large.
    let (square_high, square_low) = multiply_wide(root, root);
    if square_high > high || (square_high == high && square_low > low) {
        root.wrapping_sub(1)
    } else {
        root
    }
}

/// The floor of the square root of a 128-bit integer, exact.
#[expect(clippy::as_conversions, clippy::cast_possible_truncation, reason = "halves of 128 bits")]
pub const fn sqrt(x: u128) -> u64 {
    if x == 0 {
        return 0;
    }
    let pairs = x.leading_zeros() >> 1;
    let shifted = x.wrapping_shl(pairs << 1);
    root_64((shifted >> 64) as u64, shifted as u64).wrapping_shr(pairs)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::arithmetic_side_effects, reason = "test arithmetic on bounded values")]

    use super::*;
    use proptest::prelude::*;

    fn check(x: u128) {
        let y = u128::from(sqrt(x));
        assert!(y * y <= x, "sqrt({x}) = {y} is too large");
        assert!(
            (y + 1).checked_mul(y + 1).is_none_or(|next| next > x),
            "sqrt({x}) = {y} is too small"
        );
    }

    #[test]
    fn squares_and_their_neighbours_have_exact_roots() {
        for shift in 0..64u32 {
            for delta in [0u64, 1, 2, 3] {
                for y in
                    [(1u64 << shift).wrapping_add(delta), (u64::MAX >> shift).wrapping_sub(delta)]
                {
                    let square = u128::from(y) * u128::from(y);
                    check(square);
                    check(square.saturating_sub(1));
                    check(square.saturating_add(1));
                    check(square.saturating_add(2 * u128::from(y)));
                    check(square.saturating_add(2 * u128::from(y) + 1));
                }
            }
        }
        check(u128::MAX);
    }

    proptest! {
        #[test]
        fn roots_are_floored(x in any::<u128>(), shift in 0u32..128) { check(x >> shift); }
    }
}
