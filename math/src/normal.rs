//! The normal distribution of a number in units of 1e-18.

use alloy_primitives::{I256, U256};

use crate::{Error, kernel, wad::WAD};

/// 2^122 / 1e18: units of 1e-18 to Q58.
const TO_Q58: u64 = 5_316_911_983_139_663_492;

/// `N(x)`, to nearest.
///
/// # Accuracy
/// See [`crate::accuracy::CDF`].
///
/// # Examples
/// ```
/// use novate_math::{I256, U256, normal_cdf};
/// assert_eq!(normal_cdf(I256::ZERO), U256::from(500_000_000_000_000_000_u64));
/// ```
pub fn normal_cdf(x: I256) -> U256 {
    from_q63(kernel::cdf(to_q58(x)))
}

/// `1 - N(x)`, to nearest.
///
/// # Accuracy
/// See [`crate::accuracy::CDF`].
pub fn normal_complement(x: I256) -> U256 {
    from_q63(kernel::cdf(to_q58(x).wrapping_neg()))
}

/// The density `exp(-x^2/2)/sqrt(2 pi)`, to nearest.
///
/// # Accuracy
/// See [`crate::accuracy::PDF`].
pub fn normal_pdf(x: I256) -> U256 {
    from_q63(kernel::density(to_q58(x)))
}

/// `x` with `N(x) = p`, to nearest.
///
/// # Errors
/// [`Error::ProbabilityOutOfRange`] unless `0 < p < 1`.
///
/// # Accuracy
/// See [`crate::accuracy::INVERSE`].
///
/// # Examples
/// ```
/// use novate_math::{I256, U256, normal_inverse};
/// let x = normal_inverse(U256::from(975_000_000_000_000_000_u64)).unwrap();
/// let exact = I256::try_from(1_959_963_984_540_054_236_i64).unwrap();
/// assert!((x - exact).abs() <= I256::try_from(50).unwrap());
/// ```
pub fn normal_inverse(p: U256) -> Result<I256, Error> {
    let p = u64::try_from(p).map_err(|_| Error::ProbabilityOutOfRange)?;
    if p == 0 || p >= WAD {
        return Err(Error::ProbabilityOutOfRange);
    }
    let complement = WAD.wrapping_sub(p);
    let (tail, negative) = if p <= complement { (p, true) } else { (complement, false) };
    let x = kernel::inverse_tail(kernel::ln_decimal(tail, -18).unsigned_abs());
    // Q58 to units of 1e-18, x below 9: (x 2^2)(WAD 2^4) / 2^64.
    let (high, low) = kernel::multiply_wide(x << 2, WAD << 4);
    let magnitude = I256::try_from(high.wrapping_add(low >> 63)).unwrap_or(I256::ZERO);
    Ok(if negative { magnitude.wrapping_neg() } else { magnitude })
}

/// Units of 1e-18 to Q58, to nearest; beyond 9.5 the sign alone matters.
fn to_q58(x: I256) -> i64 {
    const FAR: u64 = 9_500_000_000_000_000_000;
    let size = u64::try_from(x.unsigned_abs()).unwrap_or(FAR).min(FAR);
    let (high, low) = kernel::multiply_wide(size, TO_Q58);
    let q = high.wrapping_add(low >> 63).cast_signed(); // below 2^61.3
    if x.is_negative() { q.wrapping_neg() } else { q }
}

/// Q63 to units of 1e-18, to nearest.
fn from_q63(x: u64) -> U256 {
    // x WAD / 2^63 = the high half of x (2 WAD).
    let (high, low) = kernel::multiply_wide(x, WAD << 1);
    U256::from(high.wrapping_add(low >> 63))
}
