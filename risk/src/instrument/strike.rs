//! A strike as it is coded in an instrument's id: a decimal floating-point number with one form for each value.

use alloy_primitives::U256;
use novate_math::kernel::multiply_wide;

use crate::fixed::halves;

const MANTISSA_BITS: u32 = 27;
const MAX_MANTISSA: u32 = (1 << MANTISSA_BITS) - 1;
const MAX_EXPONENT: u8 = 31;
/// Decimals of a strike with exponent 0.
const EXPONENT_BIAS: u32 = 16;
const TEN: U256 = U256::from_limbs([10, 0, 0, 0]);

/// `mantissa * 10^(exponent - 16)`, quote currency per contract, from 1e-16 to about 1.3e23.
///
/// The mantissa has no factor of 10, so each value has one code, except for values that no code fits. The pair (0, 0)
/// means "no strike".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Strike {
    mantissa: u32,
    exponent: u8,
}

impl Strike {
    /// What instruments without a strike have.
    pub const NONE: Self = Self { mantissa: 0, exponent: 0 };

    /// The strike `mantissa * 10^(exponent - 16)`; `None` unless `0 < mantissa < 2^27`, `exponent <= 31` and the
    /// mantissa isn't a multiple of 10.
    pub const fn new(mantissa: u32, exponent: u8) -> Option<Self> {
        let canonical =
            mantissa <= MAX_MANTISSA && exponent <= MAX_EXPONENT && !mantissa.is_multiple_of(10);
        if canonical { Some(Self { mantissa, exponent }) } else { None }
    }

    /// The strike of `units` whole units of quote currency; `None` if it doesn't fit.
    pub const fn whole(units: u64) -> Option<Self> {
        if units == 0 {
            return None;
        }
        let mut mantissa = units;
        let mut exponent: u8 = 16;
        while mantissa.is_multiple_of(10) && exponent < MAX_EXPONENT {
            // The divisor isn't zero, the exponent is below 31.
            mantissa = mantissa.wrapping_div(10);
            exponent = exponent.wrapping_add(1);
        }
        let bytes = mantissa.to_be_bytes();
        if bytes[0] | bytes[1] | bytes[2] | bytes[3] != 0 {
            return None;
        }
        Self::new(u32::from_be_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]), exponent)
    }

    /// The strike of a price with 18 decimals; `None` if it can't be written exactly.
    pub fn from_wad(price: U256) -> Option<Self> {
        let mut mantissa = price;
        // One more than the greatest power of ten that a strike has over 1e-18.
        for power in 0..=33_u8 {
            let (quotient, remainder) = mantissa.div_rem(TEN);
            if !remainder.is_zero() {
                let exponent = power.checked_sub(2)?;
                return Self::new(u32::try_from(mantissa).ok()?, exponent);
            }
            mantissa = quotient;
        }
        None
    }

    /// The low 32 bits of an id: `exponent << 27 | mantissa`.
    pub const fn code(self) -> u32 {
        let exponent = u32::from_be_bytes([0, 0, 0, self.exponent]);
        exponent << MANTISSA_BITS | self.mantissa
    }

    /// The strike of a code; `None` unless the code is canonical or 0 ("no strike").
    pub const fn from_code(code: u32) -> Option<Self> {
        if code == 0 {
            return Some(Self::NONE);
        }
        Self::new(code & MAX_MANTISSA, code.to_be_bytes()[0] >> 3)
    }

    /// Whether it is "no strike".
    pub const fn is_none(self) -> bool {
        self.mantissa == 0
    }

    /// The significant digits, below 2^27.
    pub const fn mantissa(self) -> u32 {
        self.mantissa
    }

    /// The power of ten, less the bias of 16; at most 31.
    pub const fn exponent(self) -> u8 {
        self.exponent
    }

    /// Digits after the decimal point.
    pub(crate) fn decimals(self) -> u32 {
        EXPONENT_BIAS.saturating_sub(u32::from(self.exponent))
    }

    /// The strike with 18 decimals. At most 2^27 * 10^33 < 2^137.
    pub fn to_wad(self) -> U256 {
        // 10^(exponent + 2) by squaring: at most 10^33 < 2^110; the last square is at most 10^32.
        let mut power: u128 = 100;
        let mut square: u128 = 10;
        let mut bits = self.exponent;
        while bits != 0 {
            if bits & 1 != 0 {
                power = power.wrapping_mul(square);
            }
            square = square.wrapping_mul(square);
            bits >>= 1;
        }
        let (high, low) = halves(power);
        let mantissa = u64::from(self.mantissa);
        let (h0, l0) = multiply_wide(low, mantissa);
        let (h1, l1) = multiply_wide(high, mantissa);
        let (p1, carry) = l1.overflowing_add(h0);
        U256::from_limbs([l0, p1, h1.wrapping_add(u64::from(carry)), 0])
    }
}
