//! Every hard bound of parameters and market states: the ends are accepted, one unit beyond is refused and named.

use novate_risk::{
    Assessment, Book, Error, Extensions, Instrument, Market, Parameters, Trade, after, assess,
    check_coverage,
    market::{MAX_PRICE, Settlement},
    parameters::{CollateralParameters, UnderlyingParameters},
    scenario::{MAX_SCENARIOS, Scenario, SpotMove, VolatilityMode, Weight},
};

use crate::common::{NOW, ONE, market, parameters, wad};

const PERCENT: u64 = ONE / 100;

type Set = fn(&mut Parameters, i128);

/// A value that a field may hold; the bounds below fit.
fn to<T: TryFrom<i128>>(value: i128) -> T {
    T::try_from(value).ok().unwrap()
}

macro_rules! field {
    ($($path:ident).+) => {
        (|p: &mut Parameters, x: i128| p.$($path).+ = to(x)) as Set
    };
}

/// Name, setter, least and most.
fn bounds() -> Vec<(&'static str, Set, i128, i128)> {
    let (one, percent) = (i128::from(ONE), i128::from(PERCENT));
    vec![
        ("range", |p, x| p.underlyings[0].range = to(x), percent, one),
        ("volatility_up", |p, x| p.underlyings[0].volatility_up = to(x), 0, 10 * one),
        ("volatility_down", |p, x| p.underlyings[0].volatility_down = to(x), 0, 10 * one),
        (
            "collateral.maintenance_haircut",
            |p, x| {
                (p.collateral[0].maintenance_haircut, p.collateral[0].initial_haircut) = (to(x), 0);
            },
            0,
            one,
        ),
        // Both haircuts together are at most one; the other is a tenth.
        (
            "collateral.initial_haircut",
            |p, x| p.collateral[0].initial_haircut = to(x),
            0,
            90 * percent,
        ),
        ("scenario.spot", |p, x| p.scenarios[3].spot = SpotMove::Ranges(to(x)), -4 * one, 4 * one),
        (
            "scenario.spot",
            |p, x| p.scenarios[3].spot = SpotMove::Absolute(to(x)),
            -99 * percent,
            9 * one,
        ),
        ("scenario.weight", |p, x| p.scenarios[3].weight = Weight::Fixed(to(x)), 0, 3 * one),
        ("scenario.weight", |p, x| p.scenarios[3].weight = Weight::Tail(to(x)), 0, 3 * one),
        (
            "scan.maintenance",
            |p, x| (p.scan.maintenance, p.scan.initial) = (to(x), 10 * ONE),
            10 * percent,
            10 * one,
        ),
        // Not below maintenance, which is 0.8.
        ("scan.initial", field!(scan.initial), 80 * percent, 10 * one),
        ("scan.peg_threshold", field!(scan.peg_threshold), 0, 2 * one),
        ("scan.peg_factor", field!(scan.peg_factor), 0, 10 * one),
        ("volatility.short_power", field!(volatility.short_power), 0, one),
        ("volatility.long_power", field!(volatility.long_power), 0, one),
        ("volatility.floor", field!(volatility.floor), 3_600, 400 * 86_400),
        ("volatility.minimum_up", field!(volatility.minimum_up), 0, 10 * one),
        ("skew.linear_cap", field!(skew.linear_cap), 0, 10 * one),
        ("skew.absolute_cap", field!(skew.absolute_cap), 0, 10 * one),
        ("skew.kstar_minimum", field!(skew.kstar_minimum), percent / 100, 10 * one),
        ("skew.width", field!(skew.width), 0, 10 * one),
        ("skew.volatility_static", field!(skew.volatility_static), 0, 10 * one),
        ("basis.up", field!(basis.up), 0, 2 * one),
        ("basis.down", field!(basis.down), 0, 99 * percent),
        ("skew.linear_slope", field!(skew.linear_slope), -10 * one, 10 * one),
        ("skew.absolute_slope", field!(skew.absolute_slope), -10 * one, 10 * one),
        ("skew.volatility_slope", field!(skew.volatility_slope), -10 * one, 10 * one),
        ("basis.add", field!(basis.add), 0, 10 * one),
        ("basis.multiplier", field!(basis.multiplier), 0, 10 * one),
        (
            "contingency.perpetual_maintenance",
            field!(contingencies.perpetual_maintenance),
            0,
            3 * one,
        ),
        ("contingency.perpetual_initial", field!(contingencies.perpetual_initial), 0, 3 * one),
        ("contingency.option_maintenance", field!(contingencies.option_maintenance), 0, 2 * one),
        ("contingency.option_initial", field!(contingencies.option_initial), 0, 2 * one),
        ("contingency.confidence_threshold", field!(contingencies.confidence_threshold), 0, one),
        ("contingency.confidence_margin", field!(contingencies.confidence_margin), 0, 10 * one),
        ("long.base", field!(long.base), 0, one),
        ("long.multiplier", field!(long.multiplier), 0, 10 * one),
        ("long.addition", field!(long.addition), 0, 10 * one),
        ("short.base", field!(short.base), one, 4 * one),
        ("short.multiplier", field!(short.multiplier), 0, 10 * one),
        ("short.addition", field!(short.addition), 0, 10 * one),
    ]
}

#[test]
fn parameters_are_refused_one_unit_beyond_their_bounds() {
    for (name, set, least, most) in bounds() {
        for value in [least, most] {
            let mut p = parameters();
            set(&mut p, value);
            assert_eq!(p.check(), Ok(()), "{name} = {value}");
        }
        for value in [least - 1, most + 1] {
            // What a field can't hold at all needs no bound.
            if (least < 0 || value >= 0) && value <= i128::from(u64::MAX) {
                let mut p = parameters();
                set(&mut p, value);
                match p.check() {
                    Err(Error::ParameterOutOfBounds(bound)) => {
                        assert_eq!((bound.name, bound.value), (name, value));
                        assert_eq!((bound.minimum, bound.maximum), (least, most));
                    }
                    other => panic!("{name} = {value}: {other:?}"),
                }
            }
        }
    }
}

#[test]
fn numbers_of_underlyings_and_tables_have_bounds() {
    let refused = |p: &Parameters| match p.check() {
        Err(Error::ParameterOutOfBounds(bound)) => bound.name,
        other => panic!("{other:?}"),
    };
    let mut p = parameters();
    p.underlyings.push(UnderlyingParameters::new(0, PERCENT));
    assert_eq!(refused(&p), "underlying");
    let mut p = parameters();
    p.collateral.push(CollateralParameters { underlying: 0, ..p.collateral[0] });
    assert_eq!(refused(&p), "collateral.underlying");
    let mut p = parameters();
    p.scenarios.clear();
    assert_eq!(refused(&p), "scenarios");
    p.scenarios = vec![Scenario::defaults()[0]; MAX_SCENARIOS];
    assert_eq!(p.check(), Ok(()));
    p.scenarios.push(Scenario::defaults()[0]);
    assert_eq!(refused(&p), "scenarios");
    assert_eq!(MAX_SCENARIOS, 64);
}

#[test]
fn what_is_not_listed_is_named() {
    let p = parameters();
    assert_eq!(p.underlying(2).unwrap().underlying, 2);
    assert_eq!(p.underlying(3), Err(Error::UnderlyingNotListed(3)));
    assert_eq!(p.collateral(2).unwrap().collateral, 2);
    assert_eq!(p.collateral(3), Err(Error::CollateralNotListed(3)));
}

#[test]
fn extensions_are_refused_one_unit_beyond_their_bounds() {
    type Change = fn(&mut Extensions, u64);
    let cases: [(&str, Change, u64); 6] = [
        ("extensions.offset", |e, x| e.offsets = vec![(1, x)], 60 * PERCENT),
        ("extensions.floor_net", |e, x| e.floor_net = x, ONE),
        ("extensions.floor_hedged", |e, x| e.floor_hedged = x, ONE),
        ("extensions.gamma", |e, x| e.gamma = x, 10 * ONE),
        ("extensions.liquidity_rate", |e, x| e.liquidity_rate = x, ONE / 1_000),
        ("extensions.liquidity_maximum", |e, x| e.liquidity_maximum = x, ONE),
    ];
    for (name, set, most) in cases {
        let mut extensions = Extensions::default();
        set(&mut extensions, most);
        assert_eq!(extensions.check(), Ok(()), "{name}");
        set(&mut extensions, most + 1);
        match extensions.check() {
            Err(Error::ParameterOutOfBounds(bound)) => {
                assert_eq!((bound.name, bound.value), (name, i128::from(most) + 1));
                assert_eq!((bound.minimum, bound.maximum), (0, i128::from(most)));
            }
            other => panic!("{name}: {other:?}"),
        }
    }
}

/// A call, a future and a perpetual on ETH.
fn book(market: &Market) -> Book {
    let hours = u32::try_from(NOW / 3_600).unwrap() + 24;
    let strike = novate_risk::Strike::whole(3_000).unwrap();
    let trades = [
        Instrument::call(1, hours, strike).unwrap(),
        Instrument::future(1, hours).unwrap(),
        Instrument::perpetual(1).unwrap(),
    ]
    .map(|instrument| Trade {
        instrument: instrument.id(),
        quantity: 1_000_000,
        price: wad(1.0),
    });
    after(&Book::default(), market, &trades).unwrap()
}

fn assessed(market: &Market) -> Result<Assessment, Error> {
    let book = book(&self::market(3_000.0, 90_000.0, 0.6, false));
    check_coverage(&book, market, &parameters())?;
    assess(&book, market, &parameters(), NOW)
}

#[test]
fn market_states_are_refused_one_unit_beyond_their_bounds() {
    type Change = fn(&mut Market);
    let hours = u32::try_from(NOW / 3_600).unwrap() + 24;
    let fine: [Change; 14] = [
        |m| m.stable_price = ONE / 10,
        |m| m.stable_price = 10 * ONE,
        |m| m.underlyings[0].index = 1,
        |m| m.underlyings[0].index = MAX_PRICE,
        |m| m.underlyings[0].confidence = ONE,
        |m| m.underlyings[0].perpetual.as_mut().unwrap().mark = 1,
        |m| m.underlyings[0].perpetual.as_mut().unwrap().mark = MAX_PRICE,
        |m| m.underlyings[0].perpetual.as_mut().unwrap().funding_index = MAX_PRICE as i128,
        |m| m.underlyings[0].perpetual.as_mut().unwrap().funding_index = -(MAX_PRICE as i128),
        |m| m.underlyings[0].perpetual = None,
        |m| m.expiries[2].forward = 1,
        |m| m.expiries[2].forward = MAX_PRICE,
        |m| m.expiries[2].forward_variable = Some(m.expiries[2].forward),
        |m| m.expiries[2].settlement = Settlement::Open { least: MAX_PRICE, greatest: MAX_PRICE },
    ];
    for (number, change) in fine.into_iter().enumerate() {
        let mut state = market(3_000.0, 90_000.0, 0.6, false);
        change(&mut state);
        assert!(assessed(&state).is_ok(), "{number}: {:?}", assessed(&state));
    }
    let wrong: [(Change, u8, u32); 20] = [
        (|m| m.stable_price = ONE / 10 - 1, 0, 0),
        (|m| m.stable_price = 10 * ONE + 1, 0, 0),
        (|m| m.underlyings[0].index = 0, 1, 0),
        (|m| m.underlyings[0].index = MAX_PRICE + 1, 1, 0),
        (|m| m.underlyings[0].confidence = ONE + 1, 1, 0),
        (|m| m.underlyings[0].perpetual.as_mut().unwrap().mark = 0, 1, 0),
        (|m| m.underlyings[0].perpetual.as_mut().unwrap().mark = MAX_PRICE + 1, 1, 0),
        (|m| m.underlyings[0].perpetual.as_mut().unwrap().confidence = ONE + 1, 1, 0),
        (
            |m| m.underlyings[0].perpetual.as_mut().unwrap().funding_index = MAX_PRICE as i128 + 1,
            1,
            0,
        ),
        (
            |m| {
                m.underlyings[0].perpetual.as_mut().unwrap().funding_index =
                    -(MAX_PRICE as i128) - 1;
            },
            1,
            0,
        ),
        (|m| m.expiries[2].forward = 0, 1, 1),
        (|m| m.expiries[2].forward = MAX_PRICE + 1, 1, 1),
        (|m| m.expiries[2].forward_variable = Some(m.expiries[2].forward + 1), 1, 1),
        (|m| m.expiries[2].forward_confidence = ONE + 1, 1, 1),
        (|m| m.expiries[2].rate_confidence = ONE + 1, 1, 1),
        (|m| m.expiries[2].volatility_confidence = ONE + 1, 1, 1),
        (
            |m| m.expiries[2].settlement = Settlement::Open { least: 0, greatest: MAX_PRICE + 1 },
            1,
            1,
        ),
        (|m| m.expiries[2].settlement = Settlement::Open { least: 2, greatest: 1 }, 1, 1),
        (|m| m.expiries[2].observed_share = ONE + 1, 1, 1),
        (|m| m.expiries[2].forward = u128::MAX, 1, 1),
    ];
    for (number, (change, underlying, dated)) in wrong.into_iter().enumerate() {
        let mut state = market(3_000.0, 90_000.0, 0.6, false);
        change(&mut state);
        let error = Error::InvalidMarketData { underlying, expiry_hours: dated * hours };
        assert_eq!(assessed(&state), Err(error), "{number}");
    }
}

#[test]
fn market_data_that_is_missing_is_named() {
    let mut state = market(3_000.0, 90_000.0, 0.6, false);
    let lost = state.expiries.remove(2);
    let error = Error::NoMarketData { underlying: 1, expiry_hours: lost.expiry_hours };
    assert_eq!(assessed(&state), Err(error));
    assert_eq!(lost.series(), (1 << 22) | lost.expiry_hours);
    assert_eq!(lost.expiry(), u64::from(lost.expiry_hours) * 3_600);
    state.underlyings.remove(0);
    let error = Error::NoMarketData { underlying: 1, expiry_hours: 0 };
    assert_eq!(assessed(&state), Err(error));
}

#[test]
fn only_the_skew_modes_are_skew() {
    use VolatilityMode::{Down, None, SkewAbsolute, SkewLinear, Up};
    for (mode, skew) in
        [(None, false), (Up, false), (Down, false), (SkewLinear, true), (SkewAbsolute, true)]
    {
        assert_eq!(mode.is_skew(), skew);
    }
}

#[test]
fn every_error_says_what_is_wrong() {
    let mut wrong = parameters();
    wrong.long.base = 2 * ONE;
    let Err(Error::ParameterOutOfBounds(bound)) = wrong.check() else { panic!("{wrong:?}") };
    for (error, text) in [
        (Error::InvalidInstrument(7), "invalid instrument 0x0000000000000007"),
        (Error::UnsortedPositions(7), "position 0x0000000000000007 out of order"),
        (Error::ZeroQuantity(7), "quantity of 0x0000000000000007 is zero"),
        (Error::QuantityOutOfRange(7), "quantity of 0x0000000000000007 overflows"),
        (
            Error::ReferenceCount { expected: 2, actual: 1 },
            "1 references for 2 perpetuals and futures",
        ),
        (Error::UnsortedCollateral(3), "collateral 3 out of order"),
        (Error::BookTooLarge { count: 257, limit: 256 }, "257 entries in a book of at most 256"),
        (Error::CashOutOfRange, "cash out of range"),
        (Error::UnderlyingNotListed(3), "underlying 3 has no parameters"),
        (Error::CollateralNotListed(3), "collateral 3 has no parameters"),
        (
            Error::NoMarketData { underlying: 1, expiry_hours: 5 },
            "no market data for underlying 1, expiry 5 h",
        ),
        (
            Error::InvalidMarketData { underlying: 1, expiry_hours: 5 },
            "market data out of range for underlying 1, expiry 5 h",
        ),
        (Error::UnknownScenario(40), "no scenario 40"),
        (
            Error::ParameterOutOfBounds(bound),
            "parameter long.base is 2000000000000000000, outside 0 to 1000000000000000000",
        ),
    ] {
        assert_eq!(error.to_string(), text);
    }
}
