//! Identities and inequalities that must hold for every input, up to the guaranteed errors.

use alloy_primitives::{I256, U256};
use novate_math::{
    Black76, ONE, Prices, Quote, Right, WAD, kernel, normal_cdf, normal_complement, normal_inverse,
};
use proptest::prelude::*;

/// Prices from 1e-6 to 1e6.
fn price() -> impl Strategy<Value = U256> {
    (1_000_000_000_000_u64..10_000_000_000_000, 0u32..12)
        .prop_map(|(mantissa, tens)| U256::from(mantissa) * U256::from(10).pow(U256::from(tens)))
}

fn market() -> impl Strategy<Value = Black76> {
    (
        price(),
        1u64..10_000,
        prop_oneof![Just(0u64), 1u64..100, 100u64..100_000_000],
        prop_oneof![Just(0u64), 1u64..WAD, WAD..(10 * WAD)],
        -50_000_000_000_000_000_i64..200_000_000_000_000_000,
    )
        .prop_map(|(forward, ratio, seconds, volatility, rate)| Black76 {
            forward,
            strike: (forward * U256::from(ratio) / U256::from(1000)).max(U256::from(1)),
            seconds,
            volatility: U256::from(volatility),
            rate: I256::try_from(rate).unwrap(),
        })
}

/// What a price may be off by: 3e-17 of the larger price, grown by `exp(0.05 * 3.2)` at most, and a unit.
fn slack(option: &Black76) -> U256 {
    option.forward.max(option.strike) / U256::from(25_000_000_000_000_000_u64) + U256::from(1)
}

fn prices(option: &Black76) -> Prices {
    option.prices().unwrap()
}

fn at_most(a: U256, b: U256, slack: U256) -> bool {
    a <= b + slack
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn call_and_put_keep_parity(option in market()) {
        // Without a rate the identity is exact but for the rounding of each price.
        let option = Black76 { rate: I256::ZERO, ..option };
        let Prices { call, put } = prices(&option);
        let difference = (call + option.strike).abs_diff(put + option.forward);
        prop_assert!(difference <= U256::from(1), "{difference}");
    }

    #[test]
    fn prices_rise_with_volatility(option in market(), more in 1u64..WAD) {
        let low = prices(&option);
        let high = prices(&Black76 { volatility: option.volatility + U256::from(more), ..option });
        prop_assert!(at_most(low.call, high.call, slack(&option) * U256::from(2)));
        prop_assert!(at_most(low.put, high.put, slack(&option) * U256::from(2)));
    }

    #[test]
    fn prices_follow_the_forward(option in market(), part in 1u64..1000) {
        let moved = Black76 { forward: option.forward + option.forward / U256::from(part), ..option };
        let (low, high, slack) = (prices(&option), prices(&moved), slack(&moved) * U256::from(2));
        prop_assert!(at_most(low.call, high.call, slack));
        prop_assert!(at_most(high.put, low.put, slack));
    }

    #[test]
    fn prices_are_convex_in_the_strike(option in market(), part in 2u64..1000) {
        let step = option.strike / U256::from(part);
        let at = |strike| prices(&Black76 { strike, ..option });
        let (below, middle, above) = (at(option.strike - step), at(option.strike), at(option.strike + step));
        let slack = slack(&option) * U256::from(8);
        prop_assert!(at_most(middle.call * U256::from(2), below.call + above.call, slack));
        prop_assert!(at_most(middle.put * U256::from(2), below.put + above.put, slack));
        prop_assert!(at_most(above.call, middle.call, slack) && at_most(middle.put, above.put, slack));
    }

    #[test]
    fn prices_stay_within_their_bounds(option in market()) {
        let option = Black76 { rate: I256::ZERO, ..option };
        let Prices { call, put } = prices(&option);
        prop_assert!(call <= option.forward && call >= option.forward.saturating_sub(option.strike));
        prop_assert!(put <= option.strike && put >= option.strike.saturating_sub(option.forward));
    }

    #[test]
    fn directed_prices_enclose_the_nearest(option in market()) {
        let (down, nearest, up) =
            (option.prices_down().unwrap(), option.prices().unwrap(), option.prices_up().unwrap());
        prop_assert!(down.call <= nearest.call && nearest.call <= up.call);
        prop_assert!(down.put <= nearest.put && nearest.put <= up.put);
    }

    #[test]
    fn a_call_is_a_put_with_forward_and_strike_exchanged(option in market()) {
        let mirrored = Black76 { forward: option.strike, strike: option.forward, ..option };
        let (a, b, slack) = (prices(&option), prices(&mirrored), slack(&option) * U256::from(2));
        prop_assert!(a.call.abs_diff(b.put) <= slack && a.put.abs_diff(b.call) <= slack);
    }

    #[test]
    fn delta_is_the_slope_of_the_price(option in market()) {
        let volatility = option.volatility.max(U256::from(WAD / 20));
        let option = Black76 { seconds: option.seconds.max(86_400), volatility, ..option };
        let step = option.forward / U256::from(1_000_000);
        let at = |forward| prices(&Black76 { forward, ..option }).call;
        let rise = at(option.forward + step) - at(option.forward - step);
        let slope = I256::try_from(rise * ONE / (step * U256::from(2))).unwrap();
        let delta = option.greeks().unwrap().delta_call;
        // Third derivative times step^2: below 1e-12 F^2/s^2 here, and the rounding of the prices.
        prop_assert!((slope - delta).abs() < I256::try_from(WAD / 100_000).unwrap(), "{slope} {delta}");
    }

    #[test]
    fn implied_volatility_reprices(option in market(), call in any::<bool>()) {
        let option = Black76 { seconds: option.seconds.max(1), ..option };
        let Prices { call: call_price, put: put_price } = prices(&option);
        let price = if call { call_price } else { put_price };
        let quote = Quote {
            forward: option.forward,
            strike: option.strike,
            seconds: option.seconds,
            rate: option.rate,
            right: if call { Right::Call } else { Right::Put },
            price,
        };
        // A price at its limits may be refused; any volatility found must give the price back.
        if let Ok(volatility) = quote.implied_volatility() {
            let again = prices(&Black76 { volatility, ..option });
            let again = if call { again.call } else { again.put };
            prop_assert!(again.abs_diff(price) <= slack(&option) * U256::from(3), "{again} {price} {volatility}");
        }
    }

    #[test]
    fn the_distribution_and_its_complement_make_one(x in -9_000_000_000_000_000_000_i64..9_000_000_000_000_000_000) {
        let x = I256::try_from(x).unwrap();
        let sum = normal_cdf(x) + normal_complement(x);
        prop_assert!(sum.abs_diff(ONE) <= U256::from(1));
        prop_assert_eq!(normal_cdf(x), normal_complement(-x));
    }

    #[test]
    fn the_inverse_inverts(p in 1u64..WAD) {
        let x = normal_inverse(U256::from(p)).unwrap();
        prop_assert!(normal_cdf(x).abs_diff(U256::from(p)) <= U256::from(40));
    }

    #[test]
    fn kernel_values_stay_within_their_bounds(k in any::<i64>(), s in any::<u64>()) {
        let k = k >> 1;
        let value = kernel::call_fraction(k, &kernel::Deviation::new(s));
        prop_assert!(value <= kernel::ONE);
        let intrinsic = if k < 0 {
            kernel::ONE - kernel::exp_negative(k.unsigned_abs().min(63 << 56) << 2)
        } else {
            0
        };
        prop_assert!(value >= intrinsic);
        prop_assert!(kernel::time_value(k, &kernel::Deviation::new(s)) <= kernel::ONE);
    }
}

proptest! {
    #[test]
    fn products_of_kernels_are_floored(a in any::<u64>(), b in any::<u64>(), shift in 0u32..64) {
        let a = a >> shift;
        let exact = u128::from(a) * u128::from(b);
        let floor = |bits: u32| u64::try_from(exact >> bits).unwrap_or(u64::MAX);
        prop_assert_eq!(kernel::multiply_q58(a, b), floor(58));
        prop_assert_eq!(kernel::total_deviation(a, b), floor(61));
    }

    #[test]
    fn years_are_floored(seconds in 0u64..64 * kernel::SECONDS_PER_YEAR) {
        let exact = (u128::from(seconds) << 58) / u128::from(kernel::SECONDS_PER_YEAR);
        prop_assert_eq!(u128::from(kernel::years(seconds)), exact);
        // The root's square in Q122 is the years; the root is short by a few units of Q61.
        let root = u128::from(kernel::sqrt_years(seconds));
        let square = (u128::from(seconds) << 90) / u128::from(kernel::SECONDS_PER_YEAR);
        let found = (root * root) >> 32;
        prop_assert!(found.abs_diff(square) <= (root >> 27) + 4, "{} {}", found, square);
    }
}

#[test]
fn kernels_are_total() {
    for k in [i64::MIN, i64::MIN + 1, -1, 0, 1, i64::MAX, 100 << 56, -(100 << 56)] {
        for s in [0, 1, 2, 1 << 20, 1 << 58, 30 << 58, (30 << 58) + 1, u64::MAX] {
            let deviation = kernel::Deviation::new(s);
            assert!(kernel::call_fraction(k, &deviation) <= kernel::ONE, "{k} {s}");
            assert!(kernel::time_value(k, &deviation) <= kernel::ONE, "{k} {s}");
            assert!(kernel::call_delta(k, &deviation) <= kernel::ONE, "{k} {s}");
        }
        let _ = (kernel::cdf(k), kernel::density(k), kernel::upper_tail(k.unsigned_abs()));
        let _ = (kernel::exp_negative(k.unsigned_abs()), kernel::years(k.unsigned_abs()));
        let _ =
            (kernel::sqrt_years(k.unsigned_abs()), kernel::ln_wad(u128::from(k.unsigned_abs())));
        let slice =
            kernel::Slice::new(i128::from(k) << 60, u64::MAX, k, k, u64::MAX, k.unsigned_abs());
        let _ = (slice.volatility(k), slice.volatility(-1), slice.total_variance(i64::MAX));
    }
    // The limits: an option without time is worth its intrinsic value, with endless volatility the forward.
    let (none, endless) = (kernel::Deviation::new(0), kernel::Deviation::new(u64::MAX));
    assert_eq!(kernel::call_fraction(1, &none), 0);
    assert_eq!(kernel::call_fraction(0, &none), 0);
    assert_eq!(
        kernel::call_fraction(-(1 << 56), &none),
        kernel::ONE - kernel::exp_negative(1 << 58)
    );
    assert_eq!(kernel::call_fraction(100 << 56, &endless), kernel::ONE);
    assert_eq!(kernel::call_fraction(-(100 << 56), &endless), kernel::ONE);
}
