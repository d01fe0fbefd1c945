//! The exponential of a non-positive number, and the bell curve.
//!
//! `exp(-z) = 2^-n * 2^-f`, `z log2(e) = n + f`, `f` in [-1/2, 1/2): `f` is split into a part of 32 bits, which the polynomial
//! takes, and a rest below `2^-32`, for which `1 - rest ln 2` is exact to `2^-66`.

use super::{
    coefficients::exp2,
    fixed::{multiply_high, multiply_near, multiply_wide},
    float::Float,
};

/// log2(e) in Q63.
const LOG2_E: u64 = 13_306_513_097_844_322_492;
/// log2(e)/2 in Q64.
const HALF_LOG2_E: u64 = LOG2_E;
/// ln 2 in Q32.
const LN_2: i64 = 2_977_044_472;

/// `exp(-z)` as `mantissa / 2^62 / 2^shift`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scaled {
    /// In (2^61.4, 2^62.6).
    pub(super) mantissa: u64,
    /// Binary places to the right, at most 64.
    pub(super) shift: u32,
}

impl Scaled {
    /// `mantissa * factor` for a factor in Q63 and at most one: Q63, short by less than five units.
    #[inline(always)]
    pub(super) const fn times(self, factor: u64) -> u64 {
        let product = multiply_near(self.mantissa, factor); // Q62 Q63 -> Q61, at most 2^61.5
        (product << 2).wrapping_shr(self.shift)
    }
}

/// `2^-v`, `v` in Q58 and below `63.9 * 2^58`.
#[inline(always)]
const fn power_of_half(v: u64) -> Scaled {
    let n = v.wrapping_add(1 << 57) >> 58; // nearest integer, 0..=63
    #[expect(clippy::as_conversions, reason = "at most 63")]
    Scaled { mantissa: power_of_fraction(v.wrapping_sub(n << 58).cast_signed()), shift: n as u32 }
}

/// `2^-f` in Q62, `f` in Q58 and within [-1/2, 1/2).
#[inline(always)]
const fn power_of_fraction(f: i64) -> u64 {
    let p = exp2(f >> 26); // Q62; argument 2 f in Q31
    // The rest times ln 2 in Q64, below 2^31.5; 22 is the mean of what the floor of f has lost.
    let rest = ((f & 0x3ff_ffff).wrapping_mul(LN_2) >> 26).wrapping_add(22);
    p.wrapping_sub((p >> 31).wrapping_mul(rest) >> 33).cast_unsigned() // Q31 Q64 = Q95 -> Q62
}

/// `exp(-x^2/2)`, `x` in Q58 and at most 9.3.
#[inline(always)]
pub(super) const fn bell(x: u64) -> Scaled {
    let scaled = multiply_near(x << 1, HALF_LOG2_E >> 1); // x log2(e)/2: Q59 Q63 -> Q58, below 6.8
    let (high, low) = multiply_wide(x << 2, scaled << 2); // Q120, below 62.5
    power_of_half((high << 2) | (low >> 62))
}

/// `exp(-x^2/2)`, `x` in Q58 and below 40: for factors whose relative error matters far out.
pub(crate) const fn bell_float(x: u64) -> Float {
    let scaled = multiply_high(x, HALF_LOG2_E); // Q58
    let (high, low) = multiply_wide(x, scaled); // Q116, below 1155
    let n = high.wrapping_add(1 << 51) >> 52;
    // The fraction in Q58, wrapped into [-1/2, 1/2).
    let f = ((high << 6) | (low >> 58)).wrapping_sub(n << 58);
    #[expect(clippy::as_conversions, reason = "at most 1155")]
    Float::new(power_of_fraction(f.cast_signed()), (-62i32).wrapping_sub(n as i32))
}

/// `exp(-z)` as a Q63 fraction for every `z >= 0`.
///
/// # Units
/// `z` in Q58, so below 64; the result is in Q63: `2^63` is one.
///
/// # Accuracy
/// See [`crate::accuracy::EXP_NEGATIVE`].
pub const fn exp_negative(z: u64) -> u64 {
    const LIMIT: u64 = 44 << 58; // exp(-44) = 7.8e-20 is below one unit
    if z >= LIMIT {
        return 0;
    }
    let (high, low) = multiply_wide(z, LOG2_E); // Q121, below 63.5
    let e = power_of_half((high << 1) | (low >> 63));
    (e.mantissa << 1).wrapping_shr(e.shift)
}
