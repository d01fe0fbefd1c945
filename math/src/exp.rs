//! The exponential of a number in units of 1e-18.
//!
//! `exp(x) = 2^(n + f)`, `x log2(e) = n + f`; the constant has 121 bits, so that `f` is good to `2^-63`; `2^f` is a polynomial.
//!
//! Source of the reduction: W. J. Cody, W. Waite, Software Manual for the Elementary Functions (1980), chapter 6.

use alloy_primitives::{I256, U256};

use crate::{
    Error,
    kernel::{Float, multiply_high, multiply_wide, power_of_two},
    limbs,
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
    let size = match limbs::multiply_word(rate.unsigned_abs().as_limbs(), seconds) {
        [low, high, 0, 0, 0] => (u128::from(high) << 64) | u128::from(low),
        _ => u128::MAX,
    };
    let size = if size <= LIMIT { Some(size.cast_signed()) } else { None };
    match (size, rate.is_negative()) {
        (Some(size), false) => Ok(power_of_two(exponent::<56>(size.wrapping_neg(), LOG2_E_SECOND))),
        (Some(size), true) if size.cast_unsigned() <= GROWTH => {
            Ok(power_of_two(exponent::<56>(size, LOG2_E_SECOND)))
        }
        (None, false) => Ok(Float::ZERO),
        (_, true) => Err(Error::RateOutOfRange),
    }
}

/// `exp(-rate * seconds)` as `mantissa * 2^exponent` with a relative error below `2^-112`, the mantissa in Q126 and in [1, 2).
///
/// A price quoted to 1e-18 has a time value known no better than `D |F - K|` is.
///
/// # Errors
/// As [`discount`]; zero is a zero mantissa.
pub(crate) fn discount_wide(rate: I256, seconds: u64) -> Result<(u128, i32), Error> {
    /// ln 2 in Q128.
    const LN_2: u128 = 235_865_763_225_513_294_137_944_142_764_154_484_399;
    const ONE_Q126: u128 = 1 << 126;
    if seconds == 0 || rate.is_zero() {
        return Ok((ONE_Q126, 0));
    }
    if discount(rate, seconds)?.is_zero() {
        return Ok((0, 0));
    }
    // |rate| * years in Q128: below 140, the division exact but for its floor.
    let Some(size) = rate.unsigned_abs().checked_mul(U256::from(seconds)) else {
        return Ok((0, 0));
    };
    let mut limbs = *size.wrapping_shl(128).as_limbs();
    limbs::divide_small(&mut limbs, WAD);
    limbs::divide_small(&mut limbs, 31_536_000);
    let z = U256::from_limbs(limbs);
    // z = n ln 2 + rest, or n ln 2 - rest for a discount: the rest is in [0, ln 2).
    let ln_2 = U256::from(LN_2);
    let (Some(n), Some(rest)) = (z.checked_div(ln_2), z.checked_rem(ln_2)) else {
        return Ok((0, 0));
    };
    let n = i32::try_from(n).map_err(|_| Error::RateOutOfRange)?;
    if rate.is_negative() {
        Ok((exp_q126(u128::try_from(rest).unwrap_or(0)), n))
    } else if rest.is_zero() {
        Ok((ONE_Q126, n.wrapping_neg()))
    } else {
        Ok((
            exp_q126(u128::try_from(ln_2.wrapping_sub(rest)).unwrap_or(0)),
            n.wrapping_add(1).wrapping_neg(),
        ))
    }
}

/// `e^z` in Q126 for `z` in Q128, below ln 2: Taylor's series at `z/16`, squared four times.
fn exp_q126(z: u128) -> u128 {
    const TERMS: u64 = 22; // (ln 2/16)^23/23! < 2^-178
    let w = z >> 4;
    let mut p = 1u128 << 126;
    for k in (1..=TERMS).rev() {
        let product = multiply_high_wide(w, p); // Q126
        let mut quotient = [low_half(product), high_half(product)];
        limbs::divide_small(&mut quotient, k);
        let [low, high] = quotient;
        p = (1u128 << 126).wrapping_add((u128::from(high) << 64) | u128::from(low));
    }
    for _ in 0..4 {
        p = multiply_high_wide(p << 1, p << 1); // Q127 Q127 -> Q126
    }
    p
}

/// `floor(a b / 2^128)`.
pub(crate) fn multiply_high_wide(a: u128, b: u128) -> u128 {
    let (a1, a0, b1, b0) = (high_half(a), low_half(a), high_half(b), low_half(b));
    // The three lower products, carried in 128 bits.
    let cross = wide(a1, b0).wrapping_add(u128::from(multiply_high(a0, b0)));
    let middle = wide(a0, b1).wrapping_add(u128::from(low_half(cross)));
    wide(a1, b1)
        .wrapping_add(u128::from(high_half(cross)))
        .wrapping_add(u128::from(high_half(middle)))
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
