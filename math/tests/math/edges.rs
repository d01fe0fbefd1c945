//! Errors, limits, and the ends of the domains: what is refused, and by which name.

use alloy_primitives::{I256, U256};
use novate_math::{
    Black76, Error, ONE, Prices, Quote, Right, WAD, correlation, ewma_covariance, ewma_variance,
    exp, exp_down, exp_up, kernel, ln, log2, normal_inverse, pow,
};

fn number(x: u128) -> U256 {
    U256::from(x)
}

fn signed(x: i128) -> I256 {
    I256::try_from(x).unwrap()
}

const OPTION: Black76 = Black76 {
    forward: U256::from_limbs([2_000 * (WAD / 1000), 0, 0, 0]),
    strike: U256::from_limbs([2_100 * (WAD / 1000), 0, 0, 0]),
    seconds: 86_400 * 30,
    volatility: ONE,
    rate: I256::ZERO,
};

const fn quote(option: &Black76, right: Right, price: U256) -> Quote {
    let Black76 { forward, strike, seconds, rate, .. } = *option;
    Quote { forward, strike, seconds, rate, right, price }
}

#[test]
fn messages_name_the_condition() {
    assert_eq!(Error::Overflow.to_string(), "the result does not fit");
    assert_eq!(Error::ButterflyArbitrage.to_string(), "the surface admits butterfly arbitrage");
}

#[test]
fn the_exponential_ends_where_its_result_does() {
    // 256 ln 2 - 18 ln 10, and a unit more.
    let most = signed(135_999_146_549_453_176_897);
    assert!(exp(most).is_ok() && exp_down(most).is_ok());
    for beyond in [136_000_000_000_000_000_000, 1 << 100, i128::MAX] {
        assert_eq!(exp(signed(beyond)), Err(Error::Overflow));
        assert_eq!(exp_down(signed(beyond)), Err(Error::Overflow));
        assert_eq!(exp_up(signed(beyond)), Err(Error::Overflow));
    }
    assert_eq!(exp(I256::MAX), Err(Error::Overflow));
    // ln(0.5e-18) = -42.13967885445276762..: half a unit is one, less is none.
    for below in [-42_139_678_854_452_767_630, -(1 << 100), i128::MIN] {
        assert_eq!(exp(signed(below)), Ok(U256::ZERO), "{below}");
        assert_eq!(exp_down(signed(below)), Ok(U256::ZERO), "{below}");
        assert_eq!(exp_up(signed(below)), Ok(U256::from(1)), "{below}");
    }
    assert_eq!(exp(signed(-42_139_678_854_452_767_610)), Ok(U256::from(1)));
    assert_eq!(exp(I256::MIN), Ok(U256::ZERO));
    assert_eq!(exp_up(I256::MIN), Ok(U256::from(1)));
}

#[test]
fn growth_beyond_forty_is_refused() {
    let year = 31_536_000;
    let at = |rate: i128, seconds| Black76 { rate: signed(rate), seconds, ..OPTION }.prices();
    let forty = i128::from(WAD) * 40;
    assert!(at(-forty, year).is_ok());
    assert_eq!(at(-forty - 1, year), Err(Error::RateOutOfRange));
    assert_eq!(at(-(1 << 100), year), Err(Error::RateOutOfRange));
    assert_eq!(at(i128::MIN, u64::MAX), Err(Error::RateOutOfRange));
    // A discount may be as strong as it likes: 140 years' worth and more is zero.
    let none = Prices { call: U256::ZERO, put: U256::ZERO };
    assert_eq!(at(i128::from(WAD) * 139, year), Ok(none));
    assert_eq!(at(i128::from(WAD) * 141, year), Ok(none));
    assert_eq!(at(i128::MAX, u64::MAX), Ok(none));
    let whole = quote(&Black76 { rate: I256::MIN, ..OPTION }, Right::Call, ONE);
    assert_eq!(whole.implied_volatility(), Err(Error::RateOutOfRange));
    let gone = quote(&Black76 { rate: I256::MAX, ..OPTION }, Right::Call, ONE);
    assert_eq!(gone.implied_volatility(), Err(Error::PriceAboveMaximum));
    // Without time no rate matters.
    let now = Black76 { seconds: 0, rate: I256::MIN, ..OPTION };
    assert_eq!(now.prices().unwrap().put, OPTION.strike - OPTION.forward);
    assert_eq!(
        quote(&now, Right::Put, OPTION.strike - OPTION.forward).implied_volatility(),
        Ok(U256::ZERO)
    );
}

#[test]
fn prices_of_192_bits_are_refused() {
    let large = U256::from(1) << 192;
    for option in [Black76 { forward: large, ..OPTION }, Black76 { strike: large, ..OPTION }] {
        assert_eq!(option.prices(), Err(Error::Overflow));
        assert_eq!(option.prices_down(), Err(Error::Overflow));
        assert_eq!(option.greeks(), Err(Error::Overflow));
        assert_eq!(quote(&option, Right::Call, ONE).implied_volatility(), Err(Error::Overflow));
    }
    let quoted = quote(&OPTION, Right::Put, large).implied_volatility();
    assert_eq!(quoted, Err(Error::PriceAboveMaximum));
}

#[test]
fn huge_prices_keep_their_intrinsic_value() {
    // Limbs of the difference that differ from each other, and from those of the prices.
    let forward = (U256::from(0x1234_5678_9abc_def3_u64) << 127) + U256::from(77);
    let strike = (U256::from(0x0fed_cba9_8765_4321_u64) << 65) + (U256::from(5) << 64);
    for (forward, strike) in [(forward, strike), (strike, forward)] {
        let option = Black76 { forward, strike, volatility: U256::ZERO, ..OPTION };
        let Prices { call, put } = option.prices().unwrap();
        assert_eq!(call, forward.saturating_sub(strike));
        assert_eq!(put, strike.saturating_sub(forward));
    }
}

#[test]
fn options_on_nothing_have_a_price_and_no_sensitivities() {
    let free = Black76 { forward: U256::ZERO, ..OPTION };
    assert_eq!(free.prices(), Ok(Prices { call: U256::ZERO, put: OPTION.strike }));
    let given = Black76 { strike: U256::ZERO, ..OPTION };
    assert_eq!(given.prices(), Ok(Prices { call: OPTION.forward, put: U256::ZERO }));
    for option in [free, given] {
        assert_eq!(option.greeks(), Err(Error::ZeroPrice));
        let implied = quote(&option, Right::Call, ONE).implied_volatility();
        assert_eq!(implied, Err(Error::ZeroPrice));
    }
}

#[test]
fn prices_a_unit_below_intrinsic_value_are_refused() {
    let option = Black76 { forward: OPTION.strike, strike: OPTION.forward, ..OPTION };
    let intrinsic = option.forward - option.strike;
    let at = |price| quote(&option, Right::Call, price).implied_volatility();
    assert_eq!(at(intrinsic), Ok(U256::ZERO));
    assert_eq!(at(intrinsic - U256::from(1)), Err(Error::PriceBelowIntrinsic));
    assert_eq!(at(U256::ZERO), Err(Error::PriceBelowIntrinsic));
    assert!(at(intrinsic + U256::from(1)).unwrap() > U256::ZERO);
    // A discounted intrinsic value is no whole number of units: one rounded down is no offence, one unit less is.
    let option = Black76 { rate: signed(50_000_000_000_000_000), ..option };
    let floor = Black76 { volatility: U256::ZERO, ..option }.prices_down().unwrap().call;
    let nearest = Black76 { volatility: U256::ZERO, ..option }.prices().unwrap().call;
    let floor = floor.max(nearest - U256::from(1));
    let at = |price| quote(&option, Right::Call, price).implied_volatility();
    assert_eq!(at(floor), Ok(U256::ZERO));
    assert_eq!(at(floor - U256::from(1)), Err(Error::PriceBelowIntrinsic));
    // From the maximum on there is none.
    let option = Black76 { rate: I256::ZERO, ..option };
    let at = |right, price| quote(&option, right, price).implied_volatility();
    assert_eq!(at(Right::Call, option.forward), Err(Error::PriceAboveMaximum));
    assert!(at(Right::Call, option.forward - U256::from(1)).is_ok());
    assert_eq!(at(Right::Put, option.strike), Err(Error::PriceAboveMaximum));
    // At expiry only intrinsic value is a price.
    let now = Black76 { seconds: 0, ..option };
    let at = |price| quote(&now, Right::Call, price).implied_volatility();
    assert_eq!(at(intrinsic), Ok(U256::ZERO));
    assert_eq!(at(intrinsic + U256::from(1)), Err(Error::PriceAboveMaximum));
}

#[test]
fn the_smallest_prices_at_the_money_have_exact_volatilities() {
    // price = F s/sqrt(2 pi): 1e-15 of 1,000 in a second is s = 2.5066e-18 and a volatility of 1.40763e-14 a year.
    let forward = ONE * number(1000);
    let option = Black76 { forward, strike: forward, seconds: 1, ..OPTION };
    let implied = quote(&option, Right::Call, number(1000)).implied_volatility().unwrap();
    assert_eq!(implied, number(14_076));
    // On both sides of the place where the solver takes over (2^-28 of the forward) the volatility follows the price.
    let at = |price: u128| quote(&option, Right::Put, number(price)).implied_volatility().unwrap();
    let (below, above) = (3_725_290_298_000, 3_725_290_299_000);
    for price in [below, above] {
        // s (1 - s^2/24) = sqrt(2 pi) price/F, s about 1e-8: the square is far below the unit.
        let exact = U256::from(price) * U256::from(14_076_453_099_u64) / number(1_000_000_000);
        assert!(at(price).abs_diff(exact) < exact / number(100_000_000), "{} {exact}", at(price));
    }
    assert!(at(below) < at(above));
}

#[test]
fn probabilities_outside_of_their_range_are_refused() {
    for p in [U256::ZERO, ONE, ONE + U256::from(1), U256::MAX, U256::from(1) << 64] {
        assert_eq!(normal_inverse(p), Err(Error::ProbabilityOutOfRange));
    }
    assert!(normal_inverse(U256::from(1)).is_ok());
}

#[test]
fn logarithms_of_powers_are_exact_to_the_unit() {
    assert_eq!(log2(U256::ZERO), Err(Error::NotPositive));
    assert_eq!(ln(U256::ZERO), Err(Error::NotPositive));
    for n in 0..196u32 {
        let power = log2(ONE << usize::try_from(n).unwrap()).unwrap();
        let exact = signed(i128::from(WAD) * i128::from(n));
        assert!((power - exact).abs() <= signed(i128::from(n) / 2 + 1), "{n}: {power}");
    }
    for n in 1..18u32 {
        let half = log2(number(u128::from(WAD) >> n)).unwrap();
        assert!(
            (half + signed(i128::from(WAD) * i128::from(n))).abs() <= signed(40),
            "{n}: {half}"
        );
    }
    assert_eq!(log2(ONE), Ok(I256::ZERO));
}

#[test]
fn powers_of_nothing_and_to_nothing() {
    assert_eq!(pow(ONE * number(7), I256::ZERO), Ok(ONE));
    assert_eq!(pow(U256::ZERO, signed(1)), Ok(U256::ZERO));
    assert_eq!(pow(U256::ZERO, I256::ZERO), Err(Error::NotPositive));
    assert_eq!(pow(U256::ZERO, signed(-1)), Err(Error::NotPositive));
    assert_eq!(pow(ONE, I256::MAX), Ok(ONE));
    assert_eq!(pow(ONE + ONE, I256::MAX), Err(Error::Overflow));
    assert_eq!(pow(ONE + ONE, I256::MIN), Ok(U256::ZERO));
    assert_eq!(pow(ONE / number(2), I256::MAX), Ok(U256::ZERO));
    assert_eq!(pow(ONE / number(2), I256::MIN), Err(Error::Overflow));
    // 2^196 fits, 2^197 does not: 1e18 takes 60 bits.
    let two = |n: i128| pow(ONE + ONE, signed(n * i128::from(WAD)));
    assert!(two(196).unwrap().abs_diff(ONE << 196) < ONE << 140);
    assert_eq!(two(197), Err(Error::Overflow));
    assert_eq!(two(256), Err(Error::Overflow));
    assert_eq!(two(-256), Ok(U256::ZERO));
    // 2^-60 is 0.87 units, 2^-61 is 0.43.
    assert_eq!(two(-60), Ok(U256::from(1)));
    assert_eq!(two(-61), Ok(U256::ZERO));
    for (n, exact) in [(1, 2 * WAD), (2, 4 * WAD), (3, 8 * WAD), (-1, WAD / 2), (-2, WAD / 4)] {
        assert!(two(n).unwrap().abs_diff(U256::from(exact)) <= number(30), "{n}");
    }
    // An exponent of a unit, and one that no float holds beside one.
    assert_eq!(pow(ONE * number(3), signed(1)), Ok(ONE + U256::from(1)));
    assert_eq!(pow(ONE + U256::from(1), signed(1)), Ok(ONE));
}

#[test]
fn averages_refuse_what_does_not_fit() {
    assert_eq!(ewma_variance(U256::MAX, I256::MAX, 1, 1), Err(Error::Overflow));
    assert_eq!(ewma_variance(U256::MAX, signed(1), 0, 1), Ok(U256::MAX));
    assert_eq!(ewma_variance(U256::MAX, signed(1 << 60), 0, 1), Err(Error::Overflow));
    assert_eq!(ewma_covariance(I256::MIN, (I256::ZERO, I256::ZERO), 0, 1), Err(Error::Overflow));
    assert_eq!(ewma_covariance(I256::MAX, (I256::MAX, I256::MAX), 5, 1), Err(Error::Overflow));
    assert_eq!(correlation(I256::MAX, U256::MAX, U256::MAX), Err(Error::Overflow));
    let minus = ewma_covariance(I256::ZERO, (signed(1 << 59), signed(-(1 << 59))), 0, 1).unwrap();
    assert!(minus.is_negative());
}

#[test]
fn times_beyond_64_years_saturate() {
    let year = kernel::SECONDS_PER_YEAR;
    assert_eq!(kernel::years(year), 1 << 58);
    assert_eq!(kernel::years(64 * year), u64::MAX);
    assert_eq!(kernel::years(u64::MAX), u64::MAX);
    assert!(kernel::years(64 * year - 1) < u64::MAX - (1 << 28));
    assert_eq!(kernel::sqrt_years(0), 0);
    assert_eq!(kernel::sqrt_years(64 * year), u64::MAX);
    let almost = kernel::sqrt_years(64 * year - 1);
    assert!(almost < u64::MAX && almost > u64::MAX - (1 << 38), "{almost:#x}");
    assert!(kernel::sqrt_years(year).abs_diff(1 << 61) < 8);
    assert!(kernel::sqrt_years(4 * year).abs_diff(2 << 61) < 8);
    assert!(kernel::sqrt_years(year / 4).abs_diff(1 << 60) < 8);
}
