//! Multiplication and division in units of 1e-18, with 512-bit intermediates and a named direction.

use alloy_primitives::{U256, U512};

use crate::{Error, limbs};

/// One, in units of 1e-18.
pub const ONE: U256 = U256::from_limbs([WAD, 0, 0, 0]);
/// One, in units of 1e-18, as a 64-bit integer.
pub const WAD: u64 = 1_000_000_000_000_000_000;

/// `a b / divisor`, rounded down.
///
/// # Errors
/// [`Error::DivisionByZero`]; [`Error::Overflow`] when the quotient exceeds 256 bits.
///
/// # Examples
/// ```
/// use novate_math::{U256, mul_div_down, mul_div_up};
/// let (a, b, d) = (U256::from(10), U256::from(10), U256::from(7));
/// assert_eq!(mul_div_down(a, b, d), Ok(U256::from(14)));
/// assert_eq!(mul_div_up(a, b, d), Ok(U256::from(15)));
/// assert!(mul_div_down(U256::MAX, U256::MAX, U256::MAX).is_ok());
/// ```
pub fn mul_div_down(a: U256, b: U256, divisor: U256) -> Result<U256, Error> {
    Ok(mul_div(a, b, divisor)?.0)
}

/// `a b / divisor`, rounded up.
///
/// # Errors
/// As [`mul_div_down`].
pub fn mul_div_up(a: U256, b: U256, divisor: U256) -> Result<U256, Error> {
    let (quotient, exact) = mul_div(a, b, divisor)?;
    if exact { Ok(quotient) } else { quotient.checked_add(U256::ONE).ok_or(Error::Overflow) }
}

/// The quotient rounded down, and whether it is exact.
fn mul_div(a: U256, b: U256, divisor: U256) -> Result<(U256, bool), Error> {
    let mut product = limbs::multiply(a.as_limbs(), b.as_limbs());
    match *divisor.as_limbs() {
        [0, 0, 0, 0] => Err(Error::DivisionByZero),
        [small, 0, 0, 0] => {
            let rest = limbs::divide_small(&mut product, small);
            Ok((narrow(product)?, rest == 0))
        }
        _ => {
            let wide = U512::from(divisor);
            let (Some(quotient), Some(rest)) = (
                U512::from_limbs(product).checked_div(wide),
                U512::from_limbs(product).checked_rem(wide),
            ) else {
                return Err(Error::DivisionByZero);
            };
            Ok((narrow(*quotient.as_limbs())?, rest.is_zero()))
        }
    }
}

const fn narrow(wide: [u64; 8]) -> Result<U256, Error> {
    match wide {
        [a, b, c, d, 0, 0, 0, 0] => Ok(U256::from_limbs([a, b, c, d])),
        _ => Err(Error::Overflow),
    }
}

/// `a b` for numbers in units of 1e-18, rounded down.
///
/// # Errors
/// [`Error::Overflow`].
pub fn mul_down(a: U256, b: U256) -> Result<U256, Error> {
    mul_div_down(a, b, ONE)
}

/// `a b` for numbers in units of 1e-18, rounded up.
///
/// # Errors
/// [`Error::Overflow`].
pub fn mul_up(a: U256, b: U256) -> Result<U256, Error> {
    mul_div_up(a, b, ONE)
}

/// `a / b` for numbers in units of 1e-18, rounded down.
///
/// # Errors
/// [`Error::DivisionByZero`], [`Error::Overflow`].
pub fn div_down(a: U256, b: U256) -> Result<U256, Error> {
    mul_div_down(a, ONE, b)
}

/// `a / b` for numbers in units of 1e-18, rounded up.
///
/// # Errors
/// [`Error::DivisionByZero`], [`Error::Overflow`].
pub fn div_up(a: U256, b: U256) -> Result<U256, Error> {
    mul_div_up(a, ONE, b)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::arithmetic_side_effects, reason = "test arithmetic on bounded values")]

    use super::*;
    use proptest::prelude::*;

    fn edgy() -> impl Strategy<Value = U256> {
        (any::<[u64; 4]>(), 0usize..256, prop_oneof![Just(0u8), Just(1), Just(2)]).prop_map(
            |(limbs, shift, kind)| match kind {
                0 => U256::from_limbs(limbs) >> shift,
                1 => U256::MAX >> shift,
                _ => U256::ONE << shift,
            },
        )
    }

    proptest! {
        #[test]
        fn quotients_are_exact_or_refused(a in edgy(), b in edgy(), d in edgy()) {
            prop_assume!(!d.is_zero());
            let exact: U512 = a.widening_mul(b);
            let wide = U512::from(d);
            let (quotient, rest) = (exact / wide, exact % wide);
            let fits = quotient <= U512::from(U256::MAX);
            let down = fits.then(|| quotient.to::<U256>()).ok_or(Error::Overflow);
            prop_assert_eq!(mul_div_down(a, b, d), down);
            let up = down.and_then(|q| if rest.is_zero() { Ok(q) } else { q.checked_add(U256::ONE).ok_or(Error::Overflow) });
            prop_assert_eq!(mul_div_up(a, b, d), up);
        }
    }

    #[test]
    fn division_by_zero_is_refused() {
        assert_eq!(mul_div_down(ONE, ONE, U256::ZERO), Err(Error::DivisionByZero));
        assert_eq!(div_up(ONE, U256::ZERO), Err(Error::DivisionByZero));
    }

    #[test]
    fn unit_products_and_quotients_name_their_direction() {
        let third = div_down(ONE, U256::from(3) * ONE).unwrap();
        assert_eq!(third, U256::from(333_333_333_333_333_333_u64));
        assert_eq!(div_up(ONE, U256::from(3) * ONE).unwrap(), third + U256::ONE);
        assert_eq!(mul_down(third, U256::from(2)).unwrap(), U256::ZERO);
        assert_eq!(mul_up(third, U256::from(2)).unwrap(), U256::ONE);
    }
}
