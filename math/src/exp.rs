//! The exponential of a number in units of 1e-18.
//!
//! `exp(x) = 2^(n + f)`, `x log2(e) = n + f`; the constant has 121 bits, so that `f` is good to `2^-63`; `2^f` is a polynomial.
//!
//! Source of the reduction: W. J. Cody, W. Waite, Software Manual for the Elementary Functions (1980), chapter 6.

use alloy_primitives::{I256, U256};

use crate::{
    Error,
    kernel::{Float, multiply_high, multiply_wide, power_of_two},
    wad::{ONE, WAD},
};

/// log2(e)/1e18 times 2^180.
const LOG2_E: [u64; 2] = [5_703_220_516_047_468_117, 119_854_414_858_104_630];
/// log2(e)/(1e18 * 31,536,000) times 2^184: of a rate times seconds.
const LOG2_E_SECOND: [u64; 2] = [14_409_521_198_085_212_076, 60_808_937_015];
/// `x` below which the result is less than half a unit: ln(0.5e-18).
const LEAST: i128 = -42_139_678_854_452_767_621;
/// `x` from which the result exceeds 256 bits: 256 ln 2 - 18 ln 10.
const MOST: i128 = 135_999_146_549_453_176_898;
/// The largest relative error of the mantissa, in units of `2^-63`.
const MARGIN: u64 = 8;

/// `e^x`, to nearest.
///
/// # Errors
/// [`Error::Overflow`] above 135.999.
///
/// # Accuracy
/// See [`crate::accuracy::EXP`].
///
/// # Examples
/// ```
/// use novate_math::{I256, U256, exp};
/// let one = I256::try_from(1_000_000_000_000_000_000_i64).unwrap();
/// assert_eq!(exp(one), Ok(U256::from(2_718_281_828_459_045_235_u64)));
/// ```
pub fn exp(x: I256) -> Result<U256, Error> {
    exp_float(x)?.to_wad().ok_or(Error::Overflow)
}

/// At most `e^x`.
///
/// # Errors
/// As [`exp`].
pub fn exp_down(x: I256) -> Result<U256, Error> {
    if x.is_zero() {
        return Ok(ONE);
    }
    let e = exp_float(x)?;
    if e.is_zero() {
        return Ok(U256::ZERO);
    }
    to_wad_floor(Float { mantissa: e.mantissa.saturating_sub(MARGIN), exponent: e.exponent })
        .ok_or(Error::Overflow)
}

/// At least `e^x`.
///
/// # Errors
/// As [`exp`].
pub fn exp_up(x: I256) -> Result<U256, Error> {
    if x.is_zero() {
        return Ok(ONE);
    }
    let e = exp_float(x)?;
    if e.is_zero() {
        return Ok(U256::ONE);
    }
    to_wad_floor(Float { mantissa: e.mantissa.saturating_add(MARGIN), exponent: e.exponent })
        .and_then(|floor| floor.checked_add(U256::ONE))
        .ok_or(Error::Overflow)
}

fn to_wad_floor(x: Float) -> Option<U256> {
    let (high, low) = multiply_wide(x.mantissa, WAD);
    let product = U256::from_limbs([low, high, 0, 0]);
    let by = usize::try_from(x.exponent.unsigned_abs()).ok()?;
    if x.exponent >= 0 { product.checked_shl(by) } else { Some(product.wrapping_shr(by)) }
}

/// `e^x` with 62 significant bits; zero below half a unit.
fn exp_float(x: I256) -> Result<Float, Error> {
    let Ok(x) = i128::try_from(x) else {
        return if x.is_negative() { Ok(Float::ZERO) } else { Err(Error::Overflow) };
    };
    if x < LEAST {
        return Ok(Float::ZERO);
    }
    if x > MOST {
        return Err(Error::Overflow);
    }
    Ok(power_of_two(exponent::<52>(x, LOG2_E)))
}

/// `exp(-rate * seconds)` for a rate a year in units of 1e-18.
///
/// # Errors
/// [`Error::RateOutOfRange`] when the exponent is above 40; below -140 the result is zero.
pub(crate) fn discount(rate: I256, seconds: u64) -> Result<Float, Error> {
    const LIMIT: u128 = 140 * 31_536_000 * 1_000_000_000_000_000_000; // below 2^92
    const GROWTH: u128 = LIMIT / 140 * 40;
    if seconds == 0 || rate.is_zero() {
        return Ok(Float { mantissa: 1 << 63, exponent: -63 });
    }
    let size =
        u128::try_from(rate.unsigned_abs()).ok().and_then(|r| r.checked_mul(u128::from(seconds)));
    let size = size.filter(|&s| s <= LIMIT).and_then(|s| i128::try_from(s).ok());
    match (size, rate.is_negative()) {
        (Some(size), false) => Ok(power_of_two(exponent::<56>(size.wrapping_neg(), LOG2_E_SECOND))),
        (Some(size), true) if size.cast_unsigned() <= GROWTH => {
            Ok(power_of_two(exponent::<56>(size, LOG2_E_SECOND)))
        }
        (None, false) => Ok(Float::ZERO),
        (_, true) => Err(Error::RateOutOfRange),
    }
}

/// `x c / 2^(64 + SHIFT)` in Q64, floored, for `|x|` such that the product is below `2^127 + 2^(64 + SHIFT)`.
fn exponent<const SHIFT: u32>(x: i128, c: [u64; 2]) -> i128 {
    let size = x.unsigned_abs();
    let [c0, c1] = c;
    let (x1, x0) = (high_half(size), low_half(size));
    // |x| c / 2^64, the lowest product by its high half: below 2^127 by the callers' limits.
    let total = wide(x0, c1)
        .wrapping_add(wide(x1, c0))
        .wrapping_add(u128::from(multiply_high(x0, c0)))
        .wrapping_add(u128::from(x1.wrapping_mul(c1)) << 64);
    let y = (total >> SHIFT).cast_signed();
    if x < 0 { y.wrapping_neg() } else { y }
}

fn wide(a: u64, b: u64) -> u128 {
    let (high, low) = multiply_wide(a, b);
    (u128::from(high) << 64) | u128::from(low)
}

#[expect(clippy::as_conversions, clippy::cast_possible_truncation, reason = "the low half")]
const fn low_half(x: u128) -> u64 {
    x as u64
}

const fn high_half(x: u128) -> u64 {
    low_half(x >> 64)
}
