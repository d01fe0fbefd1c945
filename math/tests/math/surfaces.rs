//! The conditions on a surface's slice: exact to the unit where they are inequalities of numbers, and against Gatheral's function
//! in floating point.

use alloy_primitives::{I256, U256};
use novate_math::{Error, ONE, Svi, WAD};
use proptest::prelude::*;

const E15: i64 = 1_000_000_000_000_000;

fn slice(a: i64, b: i64, rho: i64, m: i64, sigma: i64) -> Svi {
    Svi {
        a: I256::try_from(a).unwrap(),
        b: U256::try_from(b).unwrap(),
        rho: I256::try_from(rho).unwrap(),
        m: I256::try_from(m).unwrap(),
        sigma: U256::try_from(sigma).unwrap(),
    }
}

/// A plausible slice of a month.
fn sound() -> Svi {
    slice(E15, 30 * E15, -250 * E15, 10 * E15, 150 * E15)
}

/// Log-moneyness from -2 to 2 in steps of 1/50.
fn grid() -> impl Iterator<Item = I256> {
    (-100..=100).map(|n| I256::try_from(n * 20 * E15).unwrap())
}

#[test]
fn a_sound_slice_is_admissible() {
    assert_eq!(sound().check(), Ok(()));
    assert_eq!(sound().check_butterfly(grid()), Ok(()));
    // Without wings the surface is flat.
    assert_eq!(Svi { b: U256::ZERO, ..sound() }.check_butterfly(grid()), Ok(()));
}

#[test]
fn parameters_outside_their_range_are_refused_one_by_one() {
    let (one, whole) = (I256::try_from(ONE).unwrap(), U256::from(WAD));
    let wide = |n: u64| whole * U256::from(n);
    let refused = [
        Svi { a: one * I256::try_from(500).unwrap(), ..sound() },
        Svi { a: -one * I256::try_from(500).unwrap(), ..sound() },
        Svi { a: I256::MIN, ..sound() },
        Svi { b: wide(4), ..sound() },
        Svi { b: U256::MAX, ..sound() },
        Svi { rho: one, ..sound() },
        Svi { rho: -one, ..sound() },
        Svi { rho: I256::MIN, ..sound() },
        Svi { m: one * I256::try_from(127).unwrap(), ..sound() },
        Svi { m: I256::MIN, ..sound() },
        Svi { sigma: U256::ZERO, ..sound() },
        Svi { sigma: wide(127), ..sound() },
        Svi { sigma: U256::MAX, ..sound() },
    ];
    for svi in refused {
        let error = Err(Error::SurfaceParameterOutOfRange);
        assert_eq!(svi.check(), error, "{svi:?}");
        assert_eq!(svi.total_variance(I256::ZERO), Err(Error::SurfaceParameterOutOfRange));
        assert_eq!(svi.slice(86_400).map(|_| ()), error);
    }
    let unit = U256::from(1);
    let taken = [
        Svi { a: one * I256::try_from(500).unwrap() - I256::ONE, ..sound() },
        Svi { b: wide(4) - unit, ..sound() },
        Svi { rho: one - I256::ONE, ..sound() },
        Svi { m: I256::ONE - one * I256::try_from(127).unwrap(), ..sound() },
        Svi { sigma: wide(127) - unit, ..sound() },
        Svi { sigma: unit, ..sound() },
    ];
    for svi in taken {
        assert!(svi.total_variance(I256::ZERO).is_ok(), "{svi:?}");
    }
    let far = one * I256::try_from(127).unwrap();
    for k in [far, -far, I256::MAX, I256::MIN] {
        assert_eq!(sound().total_variance(k), Err(Error::SurfaceParameterOutOfRange));
        assert_eq!(sound().check_butterfly([k]), Err(Error::SurfaceParameterOutOfRange));
    }
    assert!(sound().total_variance(far - I256::ONE).is_ok());
}

#[test]
fn negative_variance_is_refused_to_the_unit() {
    // b sigma sqrt(1 - rho^2) = 0.03 * 0.15 * 0.9682458365518542.. = 0.0043571062644833439..
    let at = |a: i64| Svi { a: I256::try_from(a).unwrap(), ..sound() }.check();
    assert_eq!(at(-4_357_106_264_483_343), Ok(()));
    assert_eq!(at(-4_357_106_264_483_344), Err(Error::NegativeVariance));
    // 0.1 * 0.1 * sqrt(1 - 0.36) = 0.008 exactly.
    let exact = |a: i64| slice(a, 100 * E15, 600 * E15, 0, 100 * E15).check();
    assert_eq!(exact(-8 * E15), Ok(()));
    assert_eq!(exact(-8 * E15 - 1), Err(Error::NegativeVariance));
    assert_eq!(exact(-9 * E15), Err(Error::NegativeVariance));
}

#[test]
fn wings_steeper_than_two_are_refused_to_the_unit() {
    let at = |b: i64, rho: i64| slice(500 * E15, b, rho, 0, 100 * E15).check();
    for sign in [-1, 1] {
        assert_eq!(at(1_600 * E15, sign * 250 * E15), Ok(()));
        assert_eq!(at(1_600 * E15 + 1, sign * 250 * E15), Err(Error::WingTooSteep));
        assert_eq!(at(1_600 * E15, sign * (250 * E15 + 1)), Err(Error::WingTooSteep));
        assert_eq!(at(3_000 * E15, sign * 250 * E15), Err(Error::WingTooSteep));
    }
    assert_eq!(at(2_000 * E15, 0), Ok(()));
    assert_eq!(at(2_000 * E15 + 1, 0), Err(Error::WingTooSteep));
}

/// The example of the source (there after Axel Vogt), whose g falls below zero near k = 0.8.
#[test]
fn the_example_with_butterfly_arbitrage_is_refused() {
    const E14: i64 = E15 / 10;
    let vogt = slice(-410 * E14, 1331 * E14, 3060 * E14, 3586 * E14, 4153 * E14);
    assert_eq!(vogt.check(), Ok(()));
    assert_eq!(vogt.check_butterfly(grid()), Err(Error::ButterflyArbitrage));
    let at = |k: i64| vogt.check_butterfly([I256::try_from(k * E15).unwrap()]);
    assert_eq!(at(800), Err(Error::ButterflyArbitrage));
    assert_eq!(at(0), Ok(()));
    assert_eq!(at(-800), Ok(()));
    // Mirrored, the place is on the other side.
    let mirrored = Svi { rho: -vogt.rho, m: -vogt.m, ..vogt };
    let at = |k: i64| mirrored.check_butterfly([I256::try_from(k * E15).unwrap()]);
    assert_eq!(at(-800), Err(Error::ButterflyArbitrage));
    assert_eq!(at(800), Ok(()));
    // What `check` refuses is not looked at further.
    let steep = Svi { b: U256::from(WAD) * U256::from(3), ..vogt };
    assert_eq!(steep.check_butterfly(grid()), Err(Error::WingTooSteep));
}

/// `g(k)` in floating point, and the size of its largest term.
#[allow(clippy::many_single_char_names, reason = "the letters of the paper")]
fn gatheral(a: f64, b: f64, rho: f64, m: f64, sigma: f64, k: f64) -> (f64, f64) {
    let x = k - m;
    let h = x.hypot(sigma);
    let w = a + b * (rho * x + h);
    let (slope, bend) = (b * (rho + x / h), b * sigma * sigma / h.powi(3));
    let first = (1.0 - k * slope / (2.0 * w)).powi(2);
    let second = slope * slope / 4.0 * (1.0 / w + 0.25);
    (first - second + bend / 2.0, first.max(second).max(bend))
}

fn float(x: i64) -> f64 {
    x as f64 / 1e18
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn butterflies_are_refused_where_g_is_negative(
        a in 0..300 * E15,
        b in 1..1000 * E15,
        rho in -999 * E15..999 * E15,
        m in -800 * E15..800 * E15,
        sigma in E15..900 * E15,
        k in -2500 * E15..2500 * E15,
        tight in any::<bool>(),
    ) {
        // Half of the slices touch zero variance nearly.
        let a = if tight { -(float(b) * float(sigma) * (1.0 - float(rho).powi(2)).sqrt() * 0.999e18) as i64 } else { a };
        let svi = slice(a, b, rho, m, sigma);
        prop_assume!(svi.check().is_ok());
        let (g, size) = gatheral(float(a), float(b), float(rho), float(m), float(sigma), float(k));
        prop_assume!(g.abs() > 1e-6 * size);
        let found = svi.check_butterfly([I256::try_from(k).unwrap()]);
        let expected = if g < 0.0 { Err(Error::ButterflyArbitrage) } else { Ok(()) };
        prop_assert_eq!(found, expected, "g = {}", g);
    }
}
