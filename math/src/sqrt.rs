//! The square root of a number in units of 1e-18, exact to the unit in either direction.
//!
//! `sqrt(x 1e18)` of 256 bits takes the root of the upper half (64 bits), and one division for the lower 64
//! (Zimmermann, "Karatsuba Square Root", INRIA RR-3805, 1999).

use alloy_primitives::U256;

use crate::{
    kernel::{multiply_wide, root_64, sqrt as root_of_128},
    limbs,
    wad::WAD,
};

/// `sqrt(x)`, rounded down.
///
/// # Accuracy
/// Exact: the largest multiple of 1e-18 that is not above the root. From 2^196 (1e41) on, the root of the integer is exact, and
/// its multiple of 1e-9 is returned.
///
/// # Examples
/// ```
/// use novate_math::{ONE, U256, sqrt_down, sqrt_up};
/// assert_eq!(sqrt_down(ONE * U256::from(4)), ONE * U256::from(2));
/// assert_eq!(sqrt_up(ONE * U256::from(2)), sqrt_down(ONE * U256::from(2)) + U256::from(1));
/// ```
pub fn sqrt_down(x: U256) -> U256 {
    root(x).0
}

/// `sqrt(x)`, rounded up.
///
/// # Accuracy
/// As [`sqrt_down`].
pub fn sqrt_up(x: U256) -> U256 {
    let (floor, step) = root(x);
    // Below 2^158: the sum fits.
    floor.wrapping_add(U256::from(step))
}

/// The root rounded down, and what must be added to round it up.
fn root(x: U256) -> (U256, u64) {
    const NANO: u64 = 1_000_000_000;
    if x.as_limbs()[3] >> 4 == 0 {
        // Below 2^196: the product with 1e18 fits.
        let product = limbs::multiply(x.as_limbs(), &[WAD, 0, 0, 0]);
        let [a, b, c, d, ..] = product;
        let (root, exact) = integer_root([a, b, c, d]);
        (U256::from(root), u64::from(!exact))
    } else {
        let (root, exact) = integer_root(*x.as_limbs());
        (U256::from(root).wrapping_mul(U256::from(NANO)), if exact { 0 } else { NANO })
    }
}

/// The floor of the square root of a 256-bit integer, and whether it is exact.
fn integer_root(x: [u64; 4]) -> (u128, bool) {
    if let [low, high, 0, 0] = x {
        let number = join(high, low);
        let root = root_of_128(number);
        return (u128::from(root), square(u128::from(root)) == U256::from_limbs(x));
    }
    let number = U256::from_limbs(x);
    let pairs = number.leading_zeros() >> 1;
    let [x0, x1, x2, x3] = *number.wrapping_shl(pairs << 1).as_limbs();
    let s = root_64(x3, x2); // floor of the upper half's root, at least 2^63
    let (square_high, square_low) = multiply_wide(s, s);
    let (rest_low, borrow) = x2.overflowing_sub(square_low);
    let rest_high = x3.wrapping_sub(square_high).wrapping_sub(u64::from(borrow)); // rest <= 2 s: high is 0 or 1
    // (rest 2^64 + x1) / (2 s), both halved: the dividend is below 2^64 s unless rest = 2 s.
    let high = (rest_high << 63) | (rest_low >> 1);
    let low = (rest_low << 63) | (x1 >> 1);
    let digit = if high >= s { u64::MAX } else { limbs::divide_wide(high, low, s).0 };
    let mut root = join(s, digit);
    // The digit is exact or one too large.
    let shifted = U256::from_limbs([x0, x1, x2, x3]);
    if square(root) > shifted {
        root = root.wrapping_sub(1);
    }
    let root = if pairs >= 128 { 0 } else { root >> pairs };
    (root, square(root) == number)
}

fn square(x: u128) -> U256 {
    let [low, high, ..] = *U256::from(x).as_limbs();
    let [a, b, c, d, ..] = limbs::multiply(&[low, high, 0, 0], &[low, high, 0, 0]);
    U256::from_limbs([a, b, c, d])
}

fn join(high: u64, low: u64) -> u128 {
    (u128::from(high) << 64) | u128::from(low)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::arithmetic_side_effects, reason = "test arithmetic on bounded values")]

    use super::*;
    use alloy_primitives::U512;
    use proptest::prelude::*;

    fn check(x: U256) {
        let wide: U512 = x.widening_mul(U256::from(WAD));
        let square = |y: U256| -> U512 { y.widening_mul(y) };
        let (down, up) = (sqrt_down(x), sqrt_up(x));
        assert!(square(down) <= wide && wide <= square(up), "{x}: {down} {up}");
        let gap = if x >> 196 == U256::ZERO { U256::ONE } else { U256::from(1_000_000_000) };
        assert!(up - down <= gap, "{x}: {down} {up}");
        if square(down) == wide {
            assert_eq!(up, down);
        }
    }

    #[test]
    fn roots_of_edges_are_exact() {
        for shift in 0..256usize {
            for x in [U256::ONE << shift, U256::MAX >> shift, (U256::ONE << shift) - U256::ONE] {
                check(x);
                check(x >> 1);
            }
        }
        for root in [1u64, 2, 3, 1_000_000_007, u64::MAX, u64::MAX - 1] {
            let square = U256::from(root) * U256::from(root) * U256::from(WAD);
            assert_eq!(sqrt_up(square), sqrt_down(square));
            assert_eq!(sqrt_down(square), U256::from(root) * U256::from(WAD));
        }
    }

    proptest! {
        #[test]
        fn roots_are_exact(limbs in any::<[u64; 4]>(), shift in 0usize..256) { check(U256::from_limbs(limbs) >> shift); }

        #[test]
        fn integer_roots_are_floored(root in any::<u128>(), shift in 0u32..128, below in any::<bool>()) {
            let root = root >> shift;
            let exact = square(root);
            let x = if below { exact.saturating_sub(U256::ONE) } else { exact };
            let expected = if below && root > 0 { root - 1 } else { root };
            prop_assert_eq!(integer_root(*x.as_limbs()).0, expected);
        }
    }
}
