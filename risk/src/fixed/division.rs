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
pub(crate) fn divide(x: U256, divisor: u64) -> (U256, u64) {
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
pub(crate) fn divide_slowly(x: U256, divisor: U256) -> (U256, U256) {
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
