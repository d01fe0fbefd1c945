//! The natural logarithm: of an integer, of a decimal, and differences of them.
//!
//! `ln(2^e m) = e ln 2 + ln m`, `m` in [1, 2), and `ln m = ln(2)/2 + 2 atanh(t)`, `t = (m - sqrt 2)/(m + sqrt 2)`,
//! `|t| <= 0.1716`; `2 atanh(t) = t A(t^2)` with a polynomial `A`.

use super::{
    coefficients::atanh,
    fixed::{join, multiply_high, multiply_wide},
    reciprocal::reciprocal,
};

/// sqrt(2) in Q63.
const SQRT_2: u64 = 13_043_817_825_332_782_212;
/// ln(2) in Q64.
const LN_2: u64 = 12_786_308_645_202_655_659;
/// 32 bits more of it.
const LN_2_EXTRA: u64 = 3_387_143_064;
/// ln(2)/2 in Q64.
const HALF_LN_2: u64 = 6_393_154_322_601_327_830;
/// ln(10) in Q61.
const LN_10: u64 = 5_309_399_739_799_983_627;
/// 32 bits more of it.
const LN_10_EXTRA: u64 = 1_965_779_733;

/// `ln(m)` in Q64 for `m` in Q63, in [1, 2); the result is below ln 2 < 1.
const fn ln_mantissa(m: u64) -> u64 {
    let sum = (m >> 1).wrapping_add(SQRT_2 >> 1); // Q62, [2.41, 3.42]: above 2^63
    // 2^127 / sum; the reciprocal is short by four units at most in this range: two centre it.
    let inverse = reciprocal(sum).wrapping_add(2);
    let below = m < SQRT_2;
    let difference = if below { SQRT_2.wrapping_sub(m) } else { m.wrapping_sub(SQRT_2) }; // Q63, [0, 0.586]
    // t = difference/sum: Q63 * 2^127 / Q62 = Q128; the high half is Q64. One more bit up front makes it Q65.
    let t = multiply_high(difference << 1, inverse); // Q65, [0, 0.1716]
    let w = multiply_high(t << 1, t << 1) << 1; // 32 t^2: Q66 Q66 -> Q68 of t^2 = Q63 of 32 t^2, doubled: Q64
    let a = atanh(w); // Q62, [2, 2.02]
    let y = multiply_high(t << 1, a); // Q66 Q62 -> Q64, [0, 0.3466]
    if below { HALF_LN_2.wrapping_sub(y) } else { HALF_LN_2.wrapping_add(y) }
}

/// `ln(x / 2^point)` in Q64, for `x > 0`; zero is taken as one unit.
const fn ln_q64(x: u128, point: i32) -> i128 {
    let (high, low) = split(x);
    let (word, base) = if high == 0 { (low, 0) } else { (high, 64) };
    let zeros = word.leading_zeros();
    let mut m = word.wrapping_shl(zeros);
    if high != 0 && zeros != 0 {
        m |= low.wrapping_shr(64u32.wrapping_sub(zeros));
    }
    if m == 0 {
        m = 1 << 63;
    }
    let exponent = 63i32.wrapping_add(base).wrapping_sub(zeros.cast_signed()).wrapping_sub(point);
    ln_scaled(m, exponent)
}

/// `ln(m 2^exponent)` in Q64 for `m` in Q63, in [1, 2), and an exponent within a few hundred.
pub(crate) const fn ln_scaled(m: u64, exponent: i32) -> i128 {
    multiple(exponent, LN_2, LN_2_EXTRA).wrapping_add(join(0, ln_mantissa(m)))
}

/// `exponent * (constant + extra/2^32)` in the constant's format.
#[inline(always)]
const fn multiple(exponent: i32, constant: u64, extra: u64) -> i128 {
    let n = widen(exponent.unsigned_abs()); // below 2^8
    let (high, low) = multiply_wide(n, constant);
    let magnitude =
        join(high.cast_signed(), low).wrapping_add(join(0, n.wrapping_mul(extra) >> 32));
    if exponent < 0 { magnitude.wrapping_neg() } else { magnitude }
}

#[inline(always)]
#[expect(clippy::as_conversions, reason = "lossless; From is not const")]
const fn widen(x: u32) -> u64 {
    x as u64
}

#[inline(always)]
#[expect(clippy::as_conversions, clippy::cast_possible_truncation, reason = "halves of 128 bits")]
const fn split(x: u128) -> (u64, u64) {
    ((x >> 64) as u64, x as u64)
}

/// Q64 to Q56, rounded to nearest.
#[inline(always)]
#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "|x| < 128 in Q64 fits 64 bits in Q56"
)]
const fn to_q56(x: i128) -> i64 {
    (x.wrapping_add(1 << 7) >> 8) as i64
}

/// `ln(x)` in Q56 of a fraction in Q63; zero is taken as one unit.
pub(super) const fn ln_fraction(x: u64) -> i64 {
    let x = if x == 0 { 1 } else { x };
    let zeros = x.leading_zeros();
    to_q56(ln_scaled(x.wrapping_shl(zeros), zeros.cast_signed().wrapping_neg()))
}

/// `ln(x)` of an integer amount of units of 1e-18.
///
/// # Units
/// `x` in units of 1e-18; the result in Q56, within [-41.5, 47.3]. Zero is taken as one unit.
///
/// # Accuracy
/// See [`crate::accuracy::LN_KERNEL`].
pub const fn ln_wad(x: u128) -> i64 {
    ln_decimal_wide(x, -18)
}

/// `ln(mantissa * 10^exponent)`: the strike of an instrument.
///
/// # Units
/// The result in Q56. A zero mantissa is taken as one. `exponent` is taken within [-36, 36].
///
/// # Accuracy
/// See [`crate::accuracy::LN_KERNEL`].
pub const fn ln_decimal(mantissa: u64, exponent: i32) -> i64 {
    ln_decimal_wide(join(0, mantissa).cast_unsigned(), exponent)
}

const fn ln_decimal_wide(mantissa: u128, exponent: i32) -> i64 {
    let exponent = if exponent > 36 {
        36
    } else if exponent < -36 {
        -36
    } else {
        exponent
    };
    let tens = multiple(exponent, LN_10, LN_10_EXTRA) << 3; // Q61, below 83, to Q64
    to_q56(ln_q64(mantissa, 0).wrapping_add(tens))
}
