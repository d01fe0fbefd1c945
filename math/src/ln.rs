//! Logarithms and powers of numbers in units of 1e-18.

use alloy_primitives::{I256, U256};

use crate::{
    Error,
    kernel::{Float, join, ln_scaled, multiply_high, multiply_wide, power_of_two},
    wad::WAD,
};

/// 18 ln(10) in Q64.
const LN_UNIT: i128 = 764_553_562_531_197_642_353;
/// The largest error of [`ln_q64`], in units of `2^-64`.
const MARGIN: i128 = 12;
/// log2(e) in Q63.
const LOG2_E: u64 = 13_306_513_097_844_322_492;

/// `ln(x)`, to nearest.
///
/// # Errors
/// [`Error::NotPositive`] for zero.
///
/// # Accuracy
/// See [`crate::accuracy::LN`].
///
/// # Examples
/// ```
/// use novate_math::{I256, ONE, U256, ln};
/// assert_eq!(ln(ONE), Ok(I256::ZERO));
/// assert_eq!(ln(ONE * U256::from(2)), Ok(I256::try_from(693_147_180_559_945_309_i64).unwrap()));
/// ```
pub fn ln(x: U256) -> Result<I256, Error> {
    Ok(widen(to_wad_floor(ln_q64(x)?.wrapping_add(HALF_UNIT))))
}

/// At most `ln(x)`.
///
/// # Errors
/// As [`ln`].
pub fn ln_down(x: U256) -> Result<I256, Error> {
    if x == crate::ONE {
        return Ok(I256::ZERO);
    }
    Ok(widen(to_wad_floor(ln_q64(x)?.wrapping_sub(MARGIN))))
}

/// At least `ln(x)`.
///
/// # Errors
/// As [`ln`].
pub fn ln_up(x: U256) -> Result<I256, Error> {
    if x == crate::ONE {
        return Ok(I256::ZERO);
    }
    Ok(widen(to_wad_floor(ln_q64(x)?.wrapping_add(MARGIN)).wrapping_add(1)))
}

/// `log2(x)`, to nearest.
///
/// # Errors
/// [`Error::NotPositive`] for zero.
///
/// # Accuracy
/// See [`crate::accuracy::LOG2`].
pub fn log2(x: U256) -> Result<I256, Error> {
    let ln = ln_q64(x)?;
    let size = ln.unsigned_abs(); // below 2^72
    let (whole, fraction) = parts(size.cast_signed());
    let (high, low) = multiply_wide(whole.unsigned_abs(), LOG2_E); // Q63, whole below 2^8
    let product =
        join(high.cast_signed(), low).wrapping_add(join(0, multiply_high(fraction, LOG2_E))) << 1;
    let value = if ln < 0 { product.wrapping_neg() } else { product };
    Ok(widen(to_wad_floor(value.wrapping_add(HALF_UNIT))))
}

/// `x^y`.
///
/// # Errors
/// [`Error::NotPositive`] for `x = 0` and `y <= 0`; [`Error::Overflow`].
///
/// # Accuracy
/// Relative error below `1e-18 (1 + |y| + 3 |y ln x|)`, and half a unit.
pub fn pow(x: U256, y: I256) -> Result<U256, Error> {
    if x.is_zero() {
        return if y.is_positive() { Ok(U256::ZERO) } else { Err(Error::NotPositive) };
    }
    // Of one the logarithm is known exactly; an exponent would multiply its error.
    if y.is_zero() || x == crate::ONE {
        return Ok(crate::ONE);
    }
    // y ln(x)/ln(2) in Q64, by a product of floats: its error is relative, below 2^-58.
    let ln = ln_q64(x)?;
    let size = Float::from_integer(U256::from(ln.unsigned_abs()))
        .scale(-64)
        .times(Float::new(LOG2_E, -63))
        .times(Float::from_wad(y.unsigned_abs()));
    if size.is_zero() {
        return Ok(crate::ONE);
    }
    let negative = (ln < 0) != y.is_negative();
    // Above 2^8 the result is beyond 256 bits, or zero.
    if size.exponent.wrapping_add(63) >= 8 {
        return if negative { Ok(U256::ZERO) } else { Err(Error::Overflow) };
    }
    let shift = size.exponent.wrapping_add(64); // within [.., 8]
    let q64 = if shift >= 0 {
        i128::from(size.mantissa).wrapping_shl(shift.cast_unsigned())
    } else if shift > -64 {
        i128::from(size.mantissa.wrapping_shr(shift.wrapping_neg().cast_unsigned()))
    } else {
        0
    };
    power_of_two(if negative { q64.wrapping_neg() } else { q64 }).to_wad().ok_or(Error::Overflow)
}

/// Half a unit of 1e-18, in Q64.
const HALF_UNIT: i128 = 9;

/// `ln(x)` in Q64, within `MARGIN` units.
pub(crate) fn ln_q64(x: U256) -> Result<i128, Error> {
    if x.is_zero() {
        return Err(Error::NotPositive);
    }
    let x = Float::from_integer(x);
    Ok(ln_scaled(x.mantissa, x.exponent.wrapping_add(63)).wrapping_sub(LN_UNIT))
}

/// Q64 to units of 1e-18, floored; `|x|` below `2^100`.
fn to_wad_floor(x: i128) -> i128 {
    let (whole, fraction) = parts(x);
    i128::from(whole)
        .wrapping_mul(i128::from(WAD))
        .wrapping_add(i128::from(multiply_high(fraction, WAD)))
}

fn widen(x: i128) -> I256 {
    I256::try_from(x).unwrap_or(I256::ZERO)
}

/// Floor and fraction (Q64).
#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the parts of a fixed-point number"
)]
const fn parts(x: i128) -> (i64, u64) {
    ((x >> 64) as i64, x as u64)
}
