//! Each operation against exact integers.

#![allow(clippy::arithmetic_side_effects, reason = "test arithmetic on bounded values")]

use super::*;
use alloy_primitives::U512;
use proptest::prelude::*;

const TOP: u64 = 1 << 63;

fn mantissa() -> impl Strategy<Value = u64> {
    prop_oneof![TOP..=u64::MAX, Just(TOP), Just(TOP + 1), Just(u64::MAX), Just(u64::MAX - 1)]
}

fn float(mantissa: u64, exponent: i32) -> Float {
    Float { mantissa, exponent }
}

/// The number times `2^400`.
fn exact(x: Float) -> U512 {
    U512::from(x.mantissa) << usize::try_from(x.exponent + 400).unwrap()
}

/// `a` within `2^-bits` of `b`.
fn near(a: U512, b: U512, bits: usize) -> bool {
    a.abs_diff(b) <= b >> bits
}

proptest! {
    #[test]
    fn sums_and_differences_are_near(a in mantissa(), b in mantissa(), shift in 0i32..70) {
        let (x, y) = (float(a, -63), float(b, -63 - shift));
        let (larger, smaller) = (exact(x).max(exact(y)), exact(x).min(exact(y)));
        for (x, y) in [(x, y), (y, x)] {
            prop_assert!(near(exact(x.plus(y)), larger + smaller, 61));
            let (difference, less) = x.difference(y);
            prop_assert_eq!(less, exact(x) < exact(y));
            prop_assert!(exact(difference).abs_diff(larger - smaller) <= larger >> 62);
        }
    }

    #[test]
    fn products_and_quotients_are_near(a in mantissa(), b in mantissa(), i in -40i32..40, j in -40i32..40) {
        let (x, y) = (float(a, i), float(b, j));
        let product = U512::from(a) * U512::from(b);
        let found = x.times(y);
        prop_assert!(found.mantissa >= TOP);
        let scaled = U512::from(found.mantissa) << usize::try_from(found.exponent - i - j).unwrap();
        prop_assert!(scaled <= product && near(scaled, product, 62), "{:?}", found);
        prop_assert!(near(exact(x.over(y).times(y)), exact(x), 58));
    }

    #[test]
    fn roots_are_floored(a in mantissa(), exponent in -120i32..120) {
        let root = float(a, exponent).root();
        prop_assert!(root.mantissa >= TOP);
        // root^2 <= a 2^(exponent - 2 root.exponent) < (root + 1)^2.
        let shift = usize::try_from(exponent - 2 * root.exponent).unwrap();
        let square = |x: u64| U512::from(x) * U512::from(x);
        let number = U512::from(a) << shift;
        prop_assert!(square(root.mantissa) <= number);
        prop_assert!(number < (U512::from(root.mantissa) + U512::from(1)).pow(U512::from(2)));
    }

    #[test]
    fn integers_are_cut_to_64_bits(limbs in any::<[u64; 4]>(), shift in 0usize..256) {
        let x = U256::from_limbs(limbs) >> shift;
        let found = Float::from_integer(x);
        if x.is_zero() {
            prop_assert_eq!(found, Float::ZERO);
        } else {
            let zeros = x.leading_zeros();
            prop_assert_eq!(U256::from(found.mantissa), (x << zeros) >> 192);
            prop_assert_eq!(found.exponent, 192 - i32::try_from(zeros).unwrap());
        }
    }

    #[test]
    fn fixed_numbers_are_floored(a in mantissa(), exponent in -140i32..10, bits in 0i32..64) {
        let found = float(a, exponent).to_fixed(bits);
        let shift = exponent + bits;
        let expected = if shift > 0 { u64::MAX } else { a.checked_shr(shift.unsigned_abs()).unwrap_or(0) };
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn units_are_rounded_to_nearest(a in mantissa(), exponent in -140i32..140) {
        let product = U512::from(a) * U512::from(1_000_000_000_000_000_000_u64);
        let expected = if exponent >= 0 {
            product << usize::try_from(exponent).unwrap()
        } else {
            let doubled: U512 = (product << 1) >> usize::try_from(-exponent).unwrap();
            (doubled + U512::from(1)) >> 1
        };
        let fits = expected <= U512::from(U256::MAX);
        prop_assert_eq!(float(a, exponent).to_wad(), fits.then(|| expected.to::<U256>()));
    }
}

#[test]
fn what_is_too_small_to_matter_ends_at_its_last_bit() {
    let (one, top) = (float(u64::MAX, 0), |shift: i32| float(TOP, -shift));
    assert_eq!(one.difference(top(63)).0.mantissa, u64::MAX - 1);
    assert_eq!(one.difference(top(64)).0.mantissa, u64::MAX);
    assert_eq!(one.plus(top(62)).mantissa, (u64::MAX >> 1) + 1);
    assert_eq!(one.plus(top(63)).exponent, 0);
    assert_eq!(one.difference(one), (Float::ZERO, false));
    assert_eq!(Float::ZERO.plus(one).mantissa >> 1, one.mantissa >> 1);
    assert_eq!(Float::ZERO.difference(one), (one, true));
    assert_eq!(one.difference(Float::ZERO), (one, false));
}
