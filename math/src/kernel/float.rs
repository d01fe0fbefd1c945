//! A non-negative number with 64 significant bits and a wide exponent, for products and quotients whose scale is not known
//! beforehand. Every operation has a relative error below `2^-60`.

use alloy_primitives::U256;

use crate::limbs::shift_right;

use super::{
    coefficients::{atanh, exp2_excess},
    fixed::{multiply_high, multiply_wide},
    reciprocal::reciprocal,
    sqrt::root_64,
};

/// `mantissa * 2^exponent`, the mantissa zero or at least `2^63`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Float {
    pub(crate) mantissa: u64,
    pub(crate) exponent: i32,
}

impl Float {
    pub(crate) const ZERO: Self = Self { mantissa: 0, exponent: 0 };
    /// 1e-18.
    const UNIT: Self = Self { mantissa: 10_633_823_966_279_326_983, exponent: -123 };
    /// 1/sqrt(2 pi).
    pub(crate) const DENSITY_AT_ZERO: Self =
        Self { mantissa: 14_718_372_293_494_604_904, exponent: -65 };
    /// 1/sqrt(31,536,000): of the seconds in a year.
    pub(crate) const ROOT_OF_SECOND: Self =
        Self { mantissa: 13_454_772_750_962_975_448, exponent: -76 };
    /// 1/31,536,000.
    pub(crate) const SECOND: Self = Self { mantissa: 9_813_705_283_528_192_184, exponent: -88 };

    /// `mantissa * 2^exponent` of any mantissa.
    #[inline]
    pub(crate) const fn new(mantissa: u64, exponent: i32) -> Self {
        if mantissa == 0 {
            return Self::ZERO;
        }
        let zeros = mantissa.leading_zeros();
        Self {
            mantissa: mantissa.wrapping_shl(zeros),
            exponent: exponent.wrapping_sub(zeros.cast_signed()),
        }
    }

    /// An integer, its bits below the first 64 dropped.
    #[inline]
    pub(crate) const fn from_integer(x: U256) -> Self {
        let [a, b, c, d] = *x.as_limbs();
        let (high, low, base) = match (d, c, b) {
            (0, 0, 0) => (a, 0, 0),
            (0, 0, _) => (b, a, 64),
            (0, _, _) => (c, b, 128),
            _ => (d, c, 192),
        };
        if high == 0 {
            return Self::ZERO;
        }
        let zeros = high.leading_zeros();
        let rest = if zeros == 0 { 0 } else { low.wrapping_shr(64u32.wrapping_sub(zeros)) };
        Self {
            mantissa: high.wrapping_shl(zeros) | rest,
            exponent: zeros.cast_signed().wrapping_neg().wrapping_add(base),
        }
    }

    /// A number in Q64.
    #[inline]
    pub(crate) fn from_q64(x: u128) -> Self {
        Self::from_integer(U256::from(x)).scale(-64)
    }

    /// A number in units of 1e-18.
    #[inline]
    pub(crate) const fn from_wad(x: U256) -> Self {
        Self::from_integer(x).times(Self::UNIT)
    }

    #[inline]
    pub(crate) const fn is_zero(self) -> bool {
        self.mantissa == 0
    }

    #[inline]
    pub(crate) const fn times(self, other: Self) -> Self {
        // [2^126, 2^128), or zero: one shift normalises.
        let (high, low) = multiply_wide(self.mantissa, other.mantissa);
        let up = (high >> 63) ^ 1;
        let mantissa = high.wrapping_shl(low_half(up)) | ((low >> 63) & up);
        let exponent = self.exponent.wrapping_add(other.exponent).wrapping_add(64);
        Self { mantissa, exponent: exponent.wrapping_sub(low_half(up).cast_signed()) }
    }

    /// `1/x` of a positive number.
    #[inline]
    pub(crate) const fn inverse(self) -> Self {
        // 2^127 / mantissa is in (2^63, 2^64), or 2^64 - 1 for 2^63.
        Self {
            mantissa: reciprocal(self.mantissa),
            exponent: (-127i32).wrapping_sub(self.exponent),
        }
    }

    #[inline]
    pub(crate) const fn over(self, other: Self) -> Self {
        self.times(other.inverse())
    }

    #[inline]
    pub(crate) const fn root(self) -> Self {
        if self.mantissa == 0 {
            return Self::ZERO;
        }
        // An even exponent: m 2^e = (m/2) 2^(e + 1).
        let (high, low, exponent) = if self.exponent & 1 == 0 {
            (self.mantissa, 0, self.exponent)
        } else {
            (self.mantissa >> 1, self.mantissa << 63, self.exponent.wrapping_add(1))
        };
        // sqrt(high 2^64 + low) has its top bit set: high >= 2^62.
        Self { mantissa: root_64(high, low), exponent: (exponent >> 1).wrapping_sub(32) }
    }

    /// `|a - b|`, and whether `a < b`; the error is below `2^-62` of the larger.
    #[inline]
    pub(crate) const fn difference(self, other: Self) -> (Self, bool) {
        let less = other.mantissa != 0
            && (self.mantissa == 0
                || self.exponent < other.exponent
                || (self.exponent == other.exponent && self.mantissa < other.mantissa));
        let (large, small) = if less { (other, self) } else { (self, other) };
        let shift = large.exponent.wrapping_sub(small.exponent).cast_unsigned();
        let part =
            if small.mantissa == 0 || shift > 63 { 0 } else { small.mantissa.wrapping_shr(shift) };
        (Self::new(large.mantissa.wrapping_sub(part), large.exponent), less)
    }

    /// `a + b`; the error is below `2^-62` of the sum.
    #[inline]
    pub(crate) const fn plus(self, other: Self) -> Self {
        let (large, small) =
            if self.mantissa == 0 || (other.mantissa != 0 && self.exponent < other.exponent) {
                (other, self)
            } else {
                (self, other)
            };
        let shift = large.exponent.wrapping_sub(small.exponent).cast_unsigned();
        let part =
            if small.mantissa == 0 || shift > 62 { 0 } else { small.mantissa.wrapping_shr(shift) };
        Self::new((large.mantissa >> 1).wrapping_add(part >> 1), large.exponent.wrapping_add(1))
    }

    /// Multiplies by `2^n`.
    #[inline]
    pub(crate) const fn scale(self, n: i32) -> Self {
        Self { mantissa: self.mantissa, exponent: self.exponent.wrapping_add(n) }
    }

    /// The number in `Q bits`, floored, saturating.
    #[inline]
    pub(crate) const fn to_fixed(self, bits: i32) -> u64 {
        if self.mantissa == 0 {
            return 0;
        }
        let shift = self.exponent.wrapping_add(bits);
        if shift > 0 {
            u64::MAX
        } else if shift <= -64 {
            0
        } else {
            self.mantissa.wrapping_shr(shift.wrapping_neg().cast_unsigned())
        }
    }

    /// The number in units of 1e-18, rounded to nearest; `None` above 256 bits.
    #[inline]
    pub(crate) fn to_wad(self) -> Option<U256> {
        const WAD: u64 = 1_000_000_000_000_000_000;
        let (high, low) = multiply_wide(self.mantissa, WAD); // below 2^124
        if self.exponent >= 0 {
            return shift_left(U256::from_limbs([low, high, 0, 0]), self.exponent);
        }
        let by = self.exponent.unsigned_abs();
        if by >= 128 {
            return Some(U256::ZERO);
        }
        let ([low, high, ..], half) = shift_right(&[0, low, high, 0, 0], by.wrapping_add(64));
        let (low, carry) = low.overflowing_add(u64::from(half));
        Some(U256::from_limbs([low, high.wrapping_add(u64::from(carry)), 0, 0]))
    }

    /// `ln((1 + t)/(1 - t)) = 2 atanh(t)` of `t <= 0.1716`.
    #[inline]
    pub(crate) const fn double_atanh(self) -> Self {
        // t in Q66 loses its low bits for w alone, where 2^-64 suffices.
        let t = self.to_fixed(66);
        let w = multiply_high(t, t) << 1; // 32 t^2, Q64
        self.times(Self::new(atanh(w), -62))
    }
}

/// `x * 2^n`; `None` above 256 bits.
fn shift_left(x: U256, n: i32) -> Option<U256> {
    if x.is_zero() { Some(x) } else { x.checked_shl(usize::try_from(n).ok()?) }
}

/// `2^(n + f)` for `y = n + f` in Q64.
#[inline]
pub(crate) const fn power_of_two(y: i128) -> Float {
    let (n, f) = split(y);
    let excess = multiply_high(exp2_excess(f), f); // 2^f - 1 in Q63
    let excess = if excess >> 63 == 0 { excess } else { u64::MAX >> 1 };
    Float { mantissa: (1 << 63) | excess, exponent: n.wrapping_sub(63) }
}

#[inline(always)]
#[expect(clippy::as_conversions, clippy::cast_possible_truncation, reason = "of a bit")]
const fn low_half(x: u64) -> u32 {
    x as u32
}

/// Floor and fraction (Q64) of a number in Q64, the floor within 31 bits.
#[inline(always)]
#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the parts of a fixed-point number"
)]
const fn split(y: i128) -> (i32, u64) {
    ((y >> 64) as i32, y as u64)
}

#[cfg(test)]
mod tests;
