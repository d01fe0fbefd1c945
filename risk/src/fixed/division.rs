//! Products that need their whole width, and quotients: of money by rates, prices and other money.

use alloy_primitives::{I256, U256};
use novate_math::kernel::multiply_wide;

use super::{WAD, carry, halves};

/// `amount * share`, share with 18 decimals, rounded up or down; the result stays below 2^255.
#[inline(never)]
pub(crate) fn mul_div(amount: U256, share: u64, up: bool) -> U256 {
    // Whole units and the rest apart, so that no product needs more bits than the result.
    let (whole, rest) = divide(amount, WAD);
    let (high, low) = multiply_wide(rest, share);
    let (part, left) = divide(U256::from_limbs([low, high, 0, 0]), WAD);
    let part = part.wrapping_add(U256::from(u8::from(up && left != 0)));
    multiply_256(whole, share).wrapping_add(part)
}

/// The product with a 64-bit number, modulo 2^256.
#[inline(never)]
pub(crate) const fn multiply_256(x: U256, factor: u64) -> U256 {
    let [x0, x1, x2, x3] = *x.as_limbs();
    let (h0, l0) = multiply_wide(x0, factor);
    let (h1, l1) = multiply_wide(x1, factor);
    let (h2, l2) = multiply_wide(x2, factor);
    let l3 = x3.wrapping_mul(factor);
    let (p1, c1) = l1.overflowing_add(h0);
    let (p2, c2) = carry(l2, h1, c1);
    let (p3, _) = carry(l3, h2, c2);
    U256::from_limbs([l0, p1, p2, p3])
}

/// Quotient and remainder by a 64-bit number that isn't 0, limb by limb.
#[inline(never)]
pub fn divide(x: U256, divisor: u64) -> (U256, u64) {
    let mut limbs = *x.as_limbs();
    let mut rest: u64 = 0;
    for limb in limbs.iter_mut().rev() {
        if rest == 0 && *limb < divisor {
            (*limb, rest) = (0, *limb);
            continue;
        }
        let value = (u128::from(rest) << 64) | u128::from(*limb);
        // rest < divisor, so the quotient has 64 bits, and so has the new rest.
        let (_, quotient) = halves(value.checked_div(u128::from(divisor)).unwrap_or(0));
        rest = limb.wrapping_sub(quotient.wrapping_mul(divisor));
        *limb = quotient;
    }
    (U256::from_limbs(limbs), rest)
}

/// Quotient and remainder by a number below 2^255, bit by bit: small code for what is rarely asked. By 0: 0.
#[inline(never)]
pub fn divide_slowly(x: U256, divisor: U256) -> (U256, U256) {
    let (mut quotient, mut rest) = (U256::ZERO, U256::ZERO);
    if divisor.is_zero() {
        return (quotient, rest);
    }
    for place in (0..x.bit_len()).rev() {
        rest = rest.wrapping_shl(1);
        quotient = quotient.wrapping_shl(1);
        if x.bit(place) {
            rest = rest.wrapping_add(U256::ONE);
        }
        if rest >= divisor {
            rest = rest.wrapping_sub(divisor);
            quotient = quotient.wrapping_add(U256::ONE);
        }
    }
    (quotient, rest)
}

/// The signed quotient, rounded down.
pub(crate) fn quotient_down(x: I256, divisor: U256) -> I256 {
    let (quotient, rest) = divide_slowly(x.unsigned_abs(), divisor);
    let quotient = I256::from_raw(quotient);
    if !x.is_negative() {
        quotient
    } else if rest.is_zero() {
        quotient.wrapping_neg()
    } else {
        quotient.wrapping_neg().wrapping_sub(I256::ONE)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Limbs at the edges of a divisor, where a digit of the quotient turns.
    fn limbs(divisor: u64) -> impl Strategy<Value = u64> {
        let near = [0, 1, divisor.wrapping_sub(1), divisor, divisor.wrapping_add(1), u64::MAX];
        prop_oneof![prop::sample::select(near.to_vec()), any::<u64>()]
    }

    fn wide() -> impl Strategy<Value = (U256, u64)> {
        prop_oneof![Just(1), Just(WAD), Just(u64::MAX), 1..u64::MAX].prop_flat_map(|divisor| {
            let limb = || limbs(divisor);
            (limb(), limb(), limb(), limb())
                .prop_map(move |(a, b, c, d)| (U256::from_limbs([a, b, c, d]), divisor))
        })
    }

    proptest! {
        #[test]
        fn quotients_are_exact((x, divisor) in wide()) {
            let (quotient, rest) = x.div_rem(U256::from(divisor));
            prop_assert_eq!(divide(x, divisor), (quotient, rest.to::<u64>()));
        }

        #[test]
        fn slow_quotients_are_exact((x, small) in wide(), bits in 0_usize..190) {
            let divisor = U256::from(small) << bits;
            prop_assert_eq!(divide_slowly(x, divisor), x.div_rem(divisor));
            let signed = I256::from_raw(x >> 1);
            let quotient = I256::from_raw((x >> 1) / divisor);
            prop_assert_eq!(quotient_down(signed, divisor), quotient);
            let half: U256 = x >> 1;
            let exact = (half % divisor).is_zero();
            let below = -quotient - if exact { I256::ZERO } else { I256::ONE };
            prop_assert_eq!(quotient_down(-signed, divisor), below);
        }

        #[test]
        fn shares_round_where_they_are_told((x, share) in wide()) {
            let x: U256 = x >> 70;
            let product: U256 = x * U256::from(share);
            let (down, rest) = product.div_rem(U256::from(WAD));
            prop_assert_eq!(mul_div(x, share, false), down);
            prop_assert_eq!(mul_div(x, share, true), down + U256::from(u8::from(!rest.is_zero())));
        }

        #[test]
        fn narrow_products_are_exact((x, factor) in wide()) {
            prop_assert_eq!(multiply_256(x, factor), x.wrapping_mul(U256::from(factor)));
        }
    }

    #[test]
    fn nothing_divides_by_nothing() {
        assert_eq!(divide_slowly(U256::from(7), U256::ZERO), (U256::ZERO, U256::ZERO));
    }
}
