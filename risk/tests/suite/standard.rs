//! Standard margin: the formulas, and that netting never costs.

use crate::common::{NOW, ONE, books, float, market, markets, money, parameters, wad};
use alloy_primitives::{I256, U256};
use novate_risk::{
    Assessment, Book, Extensions, Instrument, Kind, Netting, Position, StandardTerms, Strike,
    Trade,
    adaptive::{Ramp, assess_ramped},
    after, assess, assess_standard,
};
use proptest::prelude::*;

const HOURS: u32 = (NOW / 3600) as u32 + 24 * 14;

/// A book of options on ETH at no premium: (kind, strike, whole contracts).
fn options(legs: &[(Kind, u64, i64)]) -> Book {
    let trades: Vec<Trade> = legs
        .iter()
        .map(|(kind, strike, contracts)| Trade {
            instrument: Instrument::new(1, *kind, HOURS, Strike::whole(*strike).unwrap())
                .unwrap()
                .id(),
            quantity: contracts * 1_000_000,
            price: 0,
        })
        .collect();
    after(&Book::default(), &market(3_000.0, 90_000.0, 0.6, false), &trades).unwrap()
}

fn standard(book: &Book, netting: Netting) -> Assessment {
    let market = market(3_000.0, 90_000.0, 0.6, false);
    assess_standard(book, &market, &parameters(), &StandardTerms::default(), netting, NOW).unwrap()
}

/// What must be held in cash: the requirement less the mark of the options.
fn held(book: &Book, netting: Netting) -> (f64, f64) {
    let figures = standard(book, netting);
    let mark = float(figures.equity);
    let number = |x: U256| float(I256::from_raw(x)) - mark;
    (number(figures.initial_requirement), number(figures.maintenance_requirement))
}

#[track_caller]
fn assert_close(given: f64, expected: f64) {
    assert!((given - expected).abs() < 1e-9 * expected.abs().max(1.0), "{given} is not {expected}");
}

#[test]
fn isolated_options_follow_the_formulas() {
    for (kind, strike, initial) in [
        (Kind::Call, 3_000, 450.0),
        (Kind::Call, 2_500, 450.0),
        (Kind::Call, 3_050, 400.0),
        (Kind::Call, 4_000, 390.0),
        (Kind::Put, 3_000, 450.0),
        (Kind::Put, 2_950, 400.0),
        (Kind::Put, 2_000, 390.0),
    ] {
        let book = options(&[(kind, strike, -2)]);
        let premium = -float(standard(&book, Netting::Isolated).equity);
        let (im, mm) = held(&book, Netting::Isolated);
        assert_close(im, premium + 2.0 * initial);
        assert_close(mm, premium + 2.0 * 270.0);
    }
    // A put can't lose more than its strike.
    let (im, mm) = held(&options(&[(Kind::Put, 250, -2)]), Netting::Isolated);
    assert_close(im, 500.0);
    assert_close(mm, 500.0);
    // What is long is paid.
    let (im, mm) = held(&options(&[(Kind::Call, 3_000, 5)]), Netting::Isolated);
    assert_close(im, 0.0);
    assert_close(mm, 0.0);
}

#[test]
fn cross_counts_the_greatest_loss_of_spreads() {
    // A put spread of 100, a call spread of 200, and both.
    let puts = [(Kind::Put, 2_900, -1), (Kind::Put, 2_800, 1)];
    let calls = [(Kind::Call, 3_100, -1), (Kind::Call, 3_300, 1)];
    assert_close(held(&options(&puts), Netting::Cross).0, 100.0);
    assert_close(held(&options(&calls), Netting::Cross).0, 200.0);
    let condor: Vec<_> = puts.iter().chain(&calls).copied().collect();
    assert_close(held(&options(&condor), Netting::Cross).0, 200.0);
    assert_close(held(&options(&condor), Netting::Cross).1, 200.0);
    // A ratio spread, one more call short than long, loses without end: two short calls are what counts.
    let ratio = [(Kind::Call, 3_000, 1), (Kind::Call, 3_100, -2)];
    let (im, mm) = held(&options(&ratio), Netting::Cross);
    let premium = -float(standard(&options(&[(Kind::Call, 3_100, -2)]), Netting::Cross).equity);
    assert_close(im, premium + 2.0 * 0.13 * 3_000.0);
    assert_close(mm, premium + 2.0 * 0.09 * 3_000.0);
    // One put more: at a price of 0 it costs its strike, and 1% of the price for what is short on balance.
    let puts = [(Kind::Put, 300, -1)];
    assert_close(held(&options(&puts), Netting::Cross).0, 300.0);
    let spread = [(Kind::Put, 3_000, -2), (Kind::Put, 2_990, 1), (Kind::Call, 3_000, 1)];
    assert!(held(&options(&spread), Netting::Cross).0 > 0.0);
}

#[test]
fn perpetuals_and_futures_owe_a_share_of_notional() {
    let market = market(3_000.0, 90_000.0, 0.6, false);
    let legs = [
        (Instrument::perpetual(1).unwrap(), 2_000_000),
        (Instrument::future(1, HOURS).unwrap(), -3_000_000),
    ];
    let trades = legs.map(|(instrument, quantity)| Trade {
        instrument: instrument.id(),
        quantity,
        price: wad(3_000.0),
    });
    let book = after(&Book::default(), &market, &trades).unwrap();
    let standard_of = standard;
    // ETH's range is 18%, of which 10% belong to the rates. Three futures short and two perpetuals long: one is left, and the matched
    // two are charged for their tenors: 0.5% of the mark, 0.5% + 2% sqrt(tau) of the forward.
    let tau: f64 = 24.0 * 14.0 / 8_760.0;
    let forward = 3_000.0 * (1.0 + 0.04 * tau);
    let calendar = 2.0 * 0.005 * 3_003.0 + 2.0 * forward * (0.005 + 0.02 * tau.sqrt());
    let of = |netting| {
        let figures = standard_of(&book, netting);
        (
            float(I256::from_raw(figures.initial_requirement)),
            float(I256::from_raw(figures.maintenance_requirement)),
        )
    };
    let (im, mm) = of(Netting::Isolated);
    assert_close(im, 1.8 * 1_500.0);
    assert_close(mm, 1.8 * 975.0);
    let (im, mm) = of(Netting::Cross);
    assert_close(im, 1.8 * 300.0 + calendar);
    assert_close(mm, 1.8 * 195.0 + calendar);
}

#[test]
fn collateral_owes_the_haircuts_of_its_own_underlying() {
    let mut book = Book::default();
    book.set_collateral(1, wad(2.0)).unwrap();
    book.set_collateral(2, wad(0.5)).unwrap();
    let figures = standard(&book, Netting::Isolated);
    // Two ether at 3,000 less a tenth (and a twentieth), half a bitcoin at 90,000 less a fifth (and a tenth). Ether cancels risk: it
    // is charged its range of 18%, four fifths of it for maintenance.
    assert_eq!(figures.maintenance_requirement, U256::from(wad(600.0 + 9_000.0 + 864.0)));
    assert_eq!(figures.initial_requirement, U256::from(wad(900.0 + 13_500.0 + 1_080.0)));
}

#[test]
fn an_expired_short_option_owes_its_payoff_and_nothing_more() {
    let mut state = market(3_000.0, 90_000.0, 0.6, false);
    state.expiries[0].observed_share = ONE;
    state.expiries[0].settlement = novate_risk::market::Settlement::Final;
    state.expiries[0].forward = wad(3_100.0);
    let short = |kind, strike| {
        let hours = (NOW / 3600) as u32;
        let strike = Strike::whole(strike).unwrap();
        let instrument = Instrument::new(1, kind, hours, strike).unwrap().id();
        let position = Position { instrument, quantity: -1_000_000 };
        let book = Book::new(I256::ZERO, vec![position], vec![], vec![]).unwrap();
        let terms = StandardTerms::default();
        assess_standard(&book, &state, &parameters(), &terms, Netting::Isolated, NOW).unwrap()
    };
    for (kind, strike, payoff) in
        [(Kind::Call, 3_000, 100.0), (Kind::Put, 3_000, 0.0), (Kind::Put, 3_250, 150.0)]
    {
        let figures = short(kind, strike);
        assert_eq!(figures.initial_requirement, U256::ZERO, "{kind:?} {strike}");
        assert_eq!(figures.equity, money(-payoff), "{kind:?} {strike}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn netting_never_costs_and_equity_is_one(book in books(24), market in markets()) {
        let of = |netting| assess_standard(&book, &market, &parameters(), &StandardTerms::default(), netting, NOW).unwrap();
        let (isolated, cross) = (of(Netting::Isolated), of(Netting::Cross));
        let portfolio = assess(&book, &market, &parameters(), NOW).unwrap();
        prop_assert_eq!(isolated.equity, portfolio.equity);
        prop_assert_eq!(cross.equity, portfolio.equity);
        // But for the calendar charge against collateral, which no mode lets offset a future for nothing. Sums are rounded up.
        let plain = Book::new(book.cash(), book.positions().to_vec(), book.references().to_vec(), vec![]).unwrap();
        let of = |netting| assess_standard(&plain, &market, &parameters(), &StandardTerms::default(), netting, NOW).unwrap();
        let (isolated, cross) = (of(Netting::Isolated), of(Netting::Cross));
        let unit = U256::from(4);
        prop_assert!(cross.initial_requirement <= isolated.initial_requirement + unit);
        prop_assert!(cross.maintenance_requirement <= isolated.maintenance_requirement + unit);
        for figures in [isolated, cross] {
            prop_assert!(figures.initial_excess() <= figures.maintenance_excess());
        }
    }

    #[test]
    fn a_ramp_ends_where_the_parameter_goes(book in books(16), market in markets(), to in 1_u64..60, elapsed in 0_u64..200) {
        let mut target = parameters();
        target.underlyings[0].range = to * (ONE / 100);
        let ramp = Ramp { from: parameters().underlyings[0].range, to: to * (ONE / 100), start: NOW - elapsed, length: 100 };
        let figures = assess_ramped(&book, &market, &parameters(), &Extensions::default(), &[(1, ramp)], NOW).unwrap();
        prop_assert!(figures.initial_excess() <= figures.maintenance_excess());
        if elapsed >= 100 {
            prop_assert_eq!(figures, assess(&book, &market, &target, NOW).unwrap());
        }
        if elapsed == 0 {
            let before = assess(&book, &market, &parameters(), NOW).unwrap();
            prop_assert_eq!(figures.maintenance_requirement, before.maintenance_requirement);
        }
    }
}
