//! Where rules meet: ties, limits, empty parts, and the exact figures of terms that are easy to get wrong by one.

use alloy_primitives::{I256, U256};
use novate_risk::{
    Book, CollateralBalance, Error, Extensions, Instrument, MAX_COLLATERALS, MAX_POSITIONS,
    Position, Reference, Strike, Trade, after, assess, assess_extended, excess_under, greeks,
    liquidation::WHOLE,
    liquidation_prices, loss_vector,
    market::{MAX_PRICE, Market, Settlement, Surface},
    parameters::{Corrections, Parameters},
};

use crate::common::{NOW, ONE, float, market, money, parameters, wad};

const HOURS: u32 = (NOW / 3_600) as u32;

fn calm() -> Market {
    market(3_000.0, 90_000.0, 0.6, false)
}

const fn perpetual(underlying: u8) -> u64 {
    Instrument::perpetual(underlying).unwrap().id()
}

const fn call(hours: u32, strike: u64) -> u64 {
    Instrument::call(1, hours, Strike::whole(strike).unwrap()).unwrap().id()
}

fn option_book(positions: &[(u64, i64)]) -> Book {
    let positions = positions
        .iter()
        .map(|(instrument, quantity)| Position { instrument: *instrument, quantity: *quantity });
    Book::new(I256::ZERO, positions.collect(), Vec::new(), Vec::new()).unwrap()
}

fn units(x: u128) -> I256 {
    I256::try_from(x).unwrap()
}

// Books

#[test]
fn a_book_is_checked_when_it_is_built() {
    // By id, which isn't by strike.
    let (second, first) = (call(HOURS + 24, 3_000), call(HOURS + 24, 3_250));
    let position = |instrument, quantity| Position { instrument, quantity };
    let reference = Reference { price: 1, funding: 2 };
    let held = |collateral| CollateralBalance { collateral, amount: 1 };
    let build = |positions: Vec<Position>,
                 references: Vec<Reference>,
                 collateral: Vec<CollateralBalance>| {
        Book::new(I256::ZERO, positions, references, collateral)
    };
    assert!(build(vec![position(first, 1), position(second, -1)], vec![], vec![]).is_ok());
    let unsorted = build(vec![position(second, 1), position(first, 1)], vec![], vec![]);
    assert_eq!(unsorted, Err(Error::UnsortedPositions(first)));
    let twice = build(vec![position(first, 1), position(first, 1)], vec![], vec![]);
    assert_eq!(twice, Err(Error::UnsortedPositions(first)));
    assert_eq!(build(vec![position(first, 0)], vec![], vec![]), Err(Error::ZeroQuantity(first)));
    assert_eq!(build(vec![position(7, 1)], vec![], vec![]), Err(Error::InvalidInstrument(7)));
    let lacking = build(vec![position(perpetual(1), 1)], vec![], vec![]);
    assert_eq!(lacking, Err(Error::ReferenceCount { expected: 1, actual: 0 }));
    let surplus = build(vec![position(first, 1)], vec![reference], vec![]);
    assert_eq!(surplus, Err(Error::ReferenceCount { expected: 0, actual: 1 }));
    assert!(build(vec![], vec![], vec![held(1), held(2)]).is_ok());
    assert_eq!(build(vec![], vec![], vec![held(2), held(2)]), Err(Error::UnsortedCollateral(2)));
    assert_eq!(build(vec![], vec![], vec![held(2), held(1)]), Err(Error::UnsortedCollateral(1)));
    let many = |count: u8| (1..=count).map(held).collect::<Vec<_>>();
    assert!(build(vec![], vec![], many(32)).is_ok());
    let too_many = Err(Error::BookTooLarge { count: 33, limit: MAX_COLLATERALS });
    assert_eq!(build(vec![], vec![], many(33)), too_many);
    let many = |count: u64| {
        (0..count).map(|n| position(call(HOURS + 24, 1_000 + n), 1)).collect::<Vec<_>>()
    };
    let mut sorted = many(257);
    sorted.sort_by_key(|held| held.instrument);
    assert!(build(sorted[..256].to_vec(), vec![], vec![]).is_ok());
    let too_many = Err(Error::BookTooLarge { count: 257, limit: MAX_POSITIONS });
    assert_eq!(build(sorted, vec![], vec![]), too_many);
}

#[test]
fn cash_has_two_hundred_bits() {
    let most = (I256::ONE << 200) - I256::ONE;
    assert_eq!(Book::with_cash(most).unwrap().cash(), most);
    assert_eq!(Book::with_cash(-most).unwrap().cash(), -most);
    assert_eq!(Book::with_cash(most + I256::ONE), Err(Error::CashOutOfRange));
    let mut book = Book::with_cash(most).unwrap();
    assert_eq!(book.add_cash(I256::ONE), Err(Error::CashOutOfRange));
    assert_eq!(book.cash(), most);
    assert_eq!(book.add_cash(I256::MAX), Err(Error::CashOutOfRange));
    assert_eq!(book.add_cash(-I256::ONE), Ok(()));
    assert_eq!(book.cash(), most - I256::ONE);
}

#[test]
fn collateral_is_set_replaced_and_removed() {
    let mut book = Book::default();
    assert_eq!(book.set_collateral(3, 0), Ok(()));
    assert!(book.collateral().is_empty());
    for (number, amount) in [(3, 30), (1, 10), (2, 20)] {
        assert_eq!(book.set_collateral(number, amount), Ok(()));
    }
    let held = |book: &Book| {
        book.collateral().iter().map(|held| (held.collateral, held.amount)).collect::<Vec<_>>()
    };
    assert_eq!(held(&book), [(1, 10), (2, 20), (3, 30)]);
    assert_eq!(book.set_collateral(2, 25), Ok(()));
    assert_eq!(held(&book), [(1, 10), (2, 25), (3, 30)]);
    assert_eq!(book.set_collateral(1, 0), Ok(()));
    assert_eq!(held(&book), [(2, 25), (3, 30)]);
    for number in 4..=33 {
        assert_eq!(book.set_collateral(number, 1), Ok(()));
    }
    assert_eq!(book.set_collateral(34, 1), Err(Error::BookTooLarge { count: 33, limit: 32 }));
    assert_eq!(book.set_collateral(33, 2), Ok(()));
}

#[test]
fn a_full_book_trades_what_it_holds_and_nothing_else() {
    let market = calm();
    let mut positions: Vec<(u64, i64)> =
        (0..256).map(|n| (call(HOURS + 24, 1_000 + n), 5)).collect();
    positions.sort_unstable();
    let book = option_book(&positions);
    let trade = |instrument, quantity| Trade { instrument, quantity, price: 0 };
    let full = Err(Error::BookTooLarge { count: 257, limit: 256 });
    let other = trade(call(HOURS + 24, 2_000), 1);
    assert_eq!(after(&book, &market, &[other]), full);
    let held = positions[100].0;
    let larger = after(&book, &market, &[trade(held, 2)]).unwrap();
    assert_eq!((larger.quantity(held), larger.positions().len()), (7, 256));
    let closed = after(&book, &market, &[trade(held, -5), other]).unwrap();
    assert_eq!((closed.quantity(held), closed.quantity(other.instrument)), (0, 1));
    assert_eq!(closed.positions().len(), 256);
    let zero = after(&book, &market, &[trade(held, 0)]);
    assert_eq!(zero, Err(Error::ZeroQuantity(held)));
    let over = after(&book, &market, &[trade(held, i64::MAX)]);
    assert_eq!(over, Err(Error::QuantityOutOfRange(held)));
    // The cash of an unpayable trade is refused, and nothing moves.
    let mut rich = Book::with_cash((I256::ONE << 200) - I256::ONE).unwrap();
    let before = rich.clone();
    let sale = Trade { instrument: held, quantity: -1_000_000, price: u128::from(ONE) };
    assert_eq!(rich.apply(&sale, 0), Err(Error::CashOutOfRange));
    assert_eq!(rich, before);
    // Refused for its size after the cash was moved: the cash is back.
    let mut full_book = book.clone();
    let dear = Trade { price: u128::from(ONE), quantity: -1_000_000, ..other };
    assert_eq!(full_book.apply(&dear, 0), Err(Error::BookTooLarge { count: 257, limit: 256 }));
    assert_eq!(full_book, book);
}

#[test]
fn references_stay_with_their_positions() {
    let market = calm();
    let future = |underlying, hours| Instrument::future(underlying, hours).unwrap().id();
    let ids = [
        perpetual(1),
        future(1, HOURS + 24),
        future(1, HOURS + 24 * 14),
        perpetual(2),
        future(2, HOURS + 24),
    ];
    let mut book = Book::default();
    for (number, id) in [(3_u8, ids[3]), (1, ids[1]), (4, ids[4]), (0, ids[0]), (2, ids[2])] {
        let trade =
            Trade { instrument: id, quantity: 1_000_000, price: wad(1_000.0 + f64::from(number)) };
        book.apply(&trade, i128::from(number)).unwrap();
        book.apply(
            &Trade {
                instrument: call(HOURS + 24, 3_000 + 10 * u64::from(number)),
                quantity: 1,
                price: 0,
            },
            0,
        )
        .unwrap();
    }
    let prices: Vec<u128> = book.references().iter().map(|held| held.price).collect();
    assert_eq!(prices, [1_000.0, 1_001.0, 1_002.0, 1_003.0, 1_004.0].map(wad));
    // Futures have no funding.
    let funding: Vec<i128> = book.references().iter().map(|held| held.funding).collect();
    assert_eq!(funding, [0, 0, 0, 3, 0]);
    for held in book.holdings() {
        assert_eq!(held.reference == Reference::default(), held.instrument.is_option());
    }
    // Gains are settled against the position's own reference: 10 on one future of BTC.
    let gain = book
        .apply(&Trade { instrument: ids[4], quantity: -1_000_000, price: wad(1_014.0) }, 0)
        .unwrap();
    assert_eq!(gain, money(10.0));
    assert_eq!(book.references().len(), 4);
    let gain = book
        .apply(&Trade { instrument: ids[1], quantity: 1_000_000, price: wad(1_006.0) }, 0)
        .unwrap();
    assert_eq!(gain, money(5.0));
    let prices: Vec<u128> = book.references().iter().map(|held| held.price).collect();
    assert_eq!(prices, [1_000.0, 1_006.0, 1_002.0, 1_003.0].map(wad));
    assert!(assess(&book, &market, &parameters(), NOW).is_ok());
}

#[test]
fn settlement_pays_what_is_in_the_money() {
    let strike = Strike::whole(3_000).unwrap();
    let (call, put) =
        (Instrument::call(1, HOURS, strike).unwrap(), Instrument::put(1, HOURS, strike).unwrap());
    for (instrument, price, paid) in [
        (call, 3_100.0, 200.0),
        (call, 3_000.0, 0.0),
        (call, 2_900.0, 0.0),
        (put, 3_100.0, 0.0),
        (put, 3_000.0, 0.0),
        (put, 2_900.0, 200.0),
    ] {
        let mut book = option_book(&[(instrument.id(), 2_000_000)]);
        assert_eq!(book.settle(instrument.id(), wad(price)), Ok(money(paid)));
        assert_eq!((book.cash(), book.positions().len()), (money(paid), 0));
        let mut short = option_book(&[(instrument.id(), -2_000_000)]);
        assert_eq!(short.settle(instrument.id(), wad(price)), Ok(money(-paid)));
    }
    let mut book = Book::default();
    let future = Instrument::future(1, HOURS).unwrap().id();
    book.apply(&Trade { instrument: future, quantity: -3_000_000, price: wad(3_000.0) }, 0)
        .unwrap();
    assert_eq!(book.settle(future, wad(2_990.0)), Ok(money(30.0)));
    // A perpetual never expires, and what isn't held pays nothing.
    book.apply(&Trade { instrument: perpetual(1), quantity: 1_000_000, price: wad(3_000.0) }, 0)
        .unwrap();
    assert_eq!(book.settle(perpetual(1), wad(9_000.0)), Ok(I256::ZERO));
    assert_eq!(book.quantity(perpetual(1)), 1_000_000);
    assert_eq!(book.settle(call.id(), wad(9_000.0)), Ok(I256::ZERO));
}

#[test]
fn absorbing_adds_collateral_and_cash() {
    let mut one = Book::with_cash(money(5.0)).unwrap();
    one.set_collateral(1, 10).unwrap();
    let mut other = Book::with_cash(money(-2.0)).unwrap();
    other.set_collateral(1, 7).unwrap();
    other.set_collateral(2, 4).unwrap();
    one.absorb(&other).unwrap();
    assert_eq!(one.cash(), money(3.0));
    let held: Vec<_> = one.collateral().iter().map(|held| (held.collateral, held.amount)).collect();
    assert_eq!(held, [(1, 17), (2, 4)]);
    let most = option_book(&[(call(HOURS + 24, 3_000), i64::MAX)]);
    let mut full = most.clone();
    assert_eq!(full.absorb(&most), Err(Error::QuantityOutOfRange(call(HOURS + 24, 3_000))));
}

#[test]
fn whole_strikes_have_eight_digits_and_end_at_a_quadrillion() {
    let price = |units: u64| Strike::whole(units).map(Strike::to_wad);
    for units in [1, 10, 12_345_678, 123_456_780_000, 1_000_000_000_000_000, (1 << 27) - 1] {
        assert_eq!(price(units), Some(U256::from(units) * U256::from(ONE)), "{units}");
    }
    for units in [
        0,
        (1 << 27) + 1,
        (1 << 32) + 1,
        (1 << 40) + 1,
        (1 << 48) + 1,
        (1 << 56) + 1,
        u64::MAX,
        10_000_000_000_000_000,
        2_000_000_000_000_000_001,
    ] {
        assert_eq!(price(units), None, "{units}");
    }
    for low in [32, 40, 48] {
        assert_eq!(
            price((1 << (low + 8)) + (1 << low) + 1),
            None,
            "two equal bytes from bit {low}"
        );
    }
}

// Ties

#[test]
fn of_equal_outcomes_the_first_is_the_worst_and_the_basis_charge_before_all() {
    // Collateral that doesn't enter the scenarios: every outcome is zero.
    let mut book = Book::default();
    book.set_collateral(2, wad(1.0)).unwrap();
    let figures = assess(&book, &calm(), &parameters(), NOW).unwrap();
    assert_eq!((figures.worst_underlying, figures.worst_scenario), (2, 255));
    let mut terms = parameters();
    for held in &mut terms.collateral {
        (held.underlying, held.maintenance_haircut, held.cancels_risk) =
            (held.collateral, 0, false);
    }
    book.set_collateral(1, wad(1.0)).unwrap();
    let figures = assess(&book, &calm(), &terms, NOW).unwrap();
    assert_eq!(figures.maintenance_requirement, U256::ZERO);
    assert_eq!((figures.worst_underlying, figures.worst_scenario), (1, 255));
    // Two scenarios alike: the first.
    let long = after(
        &Book::default(),
        &calm(),
        &[Trade { instrument: perpetual(1), quantity: 1_000_000, price: 0 }],
    )
    .unwrap();
    let mut twice = parameters();
    twice.scenarios.insert(1, twice.scenarios[0]);
    let figures = assess(&long, &calm(), &twice, NOW).unwrap();
    assert_eq!(figures.worst_scenario, 0);
    let figures = assess_extended(&long, &calm(), &twice, &Extensions::default(), NOW).unwrap();
    assert_eq!(figures.worst_scenario, 0);
}

#[test]
fn the_underlying_that_requires_most_is_the_worst() {
    let trade =
        |underlying, quantity| Trade { instrument: perpetual(underlying), quantity, price: 0 };
    for (eth, btc, worst) in [(30_000_000, 500_000, 1), (1_000_000, 1_000_000, 2)] {
        let book = after(&Book::default(), &calm(), &[trade(1, eth), trade(2, btc)]).unwrap();
        let figures = assess(&book, &calm(), &parameters(), NOW).unwrap();
        assert_eq!(figures.worst_underlying, worst);
        let figures =
            assess_extended(&book, &calm(), &parameters(), &Extensions::default(), NOW).unwrap();
        assert_eq!(figures.worst_underlying, worst);
    }
}

#[test]
fn confidence_at_the_threshold_is_enough() {
    let doubtful = |confidence: u64, smooth: bool| {
        let mut state = calm();
        let mut terms = parameters();
        terms.corrections.smooth_confidence = smooth;
        state.underlyings[0].confidence = confidence;
        let trade = Trade { instrument: perpetual(1), quantity: 1_000_000, price: 0 };
        let book = after(&Book::default(), &state, &[trade]).unwrap();
        assess(&book, &state, &terms, NOW).unwrap().initial_requirement
    };
    let threshold = 55 * (ONE / 100);
    let charge = |confidence, smooth| {
        float(I256::from_raw(doubtful(confidence, smooth) - doubtful(ONE, smooth)))
    };
    assert_eq!(charge(threshold, true), 0.0);
    assert_eq!(charge(threshold, false), 0.0);
    // The peers': (1 - 0.55) of 3,000 at once.
    assert!((charge(threshold - 1, false) - 1_350.0).abs() < 1e-9);
    assert!(charge(threshold - 1, true) < 1e-9);
    // Half of what the threshold asks lacks: half of 3,000; all of it: all.
    assert!((charge(threshold / 2, true) - 1_500.0).abs() < 1e-9);
    assert!((charge(0, true) - 3_000.0).abs() < 1e-9);
}

// Liquidation

#[test]
fn a_cut_takes_whole_millionths_toward_zero() {
    let instrument = call(HOURS + 24, 3_000);
    for (quantity, taken) in [(7, 3), (-7, -3), (1, 0), (-1, 0)] {
        let (slice, rest) = option_book(&[(instrument, quantity)]).cut(ONE / 2);
        assert_eq!(
            (slice.quantity(instrument), rest.quantity(instrument)),
            (taken, quantity - taken)
        );
        assert_eq!(slice.positions().len(), usize::from(taken != 0));
    }
    let mut book = Book::with_cash(units(3)).unwrap();
    book.set_collateral(1, 1).unwrap();
    let (slice, rest) = book.cut(ONE / 2);
    assert_eq!((slice.cash(), rest.cash()), (units(1), units(2)));
    assert_eq!((slice.collateral().len(), rest.collateral().len()), (0, 1));
    let (slice, rest) = Book::with_cash(-units(3)).unwrap().cut(ONE / 2);
    assert_eq!((slice.cash(), rest.cash()), (-units(2), -units(1)));
    assert_eq!(book.cut(WHOLE), (book.clone(), Book::default()));
    assert_eq!(book.cut(WHOLE - 1).0.cash(), units(2));
}

#[test]
fn liquidation_prices_end_with_the_range_of_prices() {
    // With cash in plenty there is no such price, however near the ends of the range the index is.
    let trade = Trade { instrument: perpetual(1), quantity: 1, price: 0 };
    for index in [1, 2, 60, MAX_PRICE - 1, MAX_PRICE] {
        let mut state = calm();
        state.underlyings[0].index = index;
        state.underlyings[0].perpetual.as_mut().unwrap().mark = index;
        let mut book = after(&Book::default(), &state, &[trade]).unwrap();
        book.add_cash(I256::ONE << 190).unwrap();
        let prices = liquidation_prices(&book, &state, &parameters(), NOW, 1).unwrap();
        assert_eq!((prices.below, prices.above), (None, None), "{index}");
    }
    // A price of few units: found to the unit.
    let mut state = calm();
    state.underlyings[0].index = 1_000_000;
    state.underlyings[0].perpetual.as_mut().unwrap().mark = 1_000_000;
    let trade = Trade { instrument: perpetual(1), quantity: 1_000_000_000_000, price: 1_000_000 };
    let mut book = after(&Book::default(), &state, &[trade]).unwrap();
    book.add_cash(units(200_000 * 1_000_000)).unwrap();
    let settled = assess(&book, &state, &parameters(), NOW).unwrap();
    assert!(!settled.maintenance_excess().is_negative());
    let below = liquidation_prices(&book, &state, &parameters(), NOW, 1).unwrap().below.unwrap();
    let excess = |price: u128| {
        let mut moved = state.clone();
        moved.underlyings[0].index = price;
        moved.underlyings[0].perpetual.as_mut().unwrap().mark = price;
        assess(&book, &moved, &parameters(), NOW).unwrap().maintenance_excess()
    };
    assert!(excess(below).is_negative() && !excess(below + 1).is_negative(), "{below}");
}

// Greeks

#[test]
fn sensitivities_at_the_ends() {
    // Settled: worth its payoff, and nothing moves it any more.
    let mut state = calm();
    state.expiries[0].settlement = Settlement::Final;
    state.expiries[0].forward = wad(3_100.0);
    let expired = option_book(&[(call(HOURS, 3_000), 2_000_000)]);
    let row = greeks(&expired, &state, &parameters(), NOW).unwrap()[0];
    assert_eq!((row.value, row.theta, row.vega), (money(200.0), I256::ZERO, I256::ZERO));
    assert_eq!((row.delta, row.gamma), (I256::ZERO, I256::ZERO));
    assert_eq!(row.expiry, u64::from(HOURS) * 3_600);
    // At the money without volatility to speak of: gamma is taken at a deviation of 2^-30.
    let mut thin = calm();
    thin.expiries[3].forward = wad(3_000.0);
    thin.expiries[3].rate = 0;
    thin.expiries[3].surface =
        Surface::Points(vec![(Strike::whole(3_000).unwrap().code(), 1_000_000_000)]);
    let book = option_book(&[(call(HOURS + 24 * 14, 3_000), 1_000_000)]);
    let row = greeks(&book, &thin, &parameters(), NOW).unwrap()[0];
    let exact = 0.398_942_280_401 / 3_000.0 * 2_f64.powi(30);
    assert!((float(row.gamma) / exact - 1.0).abs() < 1e-6, "{} {exact}", float(row.gamma));
    assert!((float(row.delta) - 0.5).abs() < 1e-6);
}

#[test]
fn each_strike_has_its_point() {
    let code = |units| Strike::whole(units).unwrap().code();
    let value = |points: &[(u32, u128)], strike| {
        let mut state = calm();
        state.expiries[3].surface = Surface::Points(points.to_vec());
        let book = option_book(&[(call(HOURS + 24 * 14, strike), 1_000_000)]);
        assess(&book, &state, &parameters(), NOW).unwrap().equity
    };
    let quotes = [(2_900, ONE / 2), (3_000, ONE / 3), (3_100, ONE), (3_333, ONE / 4)];
    let mut points = quotes.map(|(strike, volatility)| (code(strike), u128::from(volatility)));
    points.sort_unstable();
    for (strike, volatility) in quotes {
        let expected = value(&[(code(strike), u128::from(volatility))], strike);
        assert_eq!(value(&points, strike), expected, "{strike}");
    }
}

#[test]
fn the_last_expiry_there_is_counts() {
    let hours = (1 << 22) - 1;
    let mut state = calm();
    let mut last = state.expiries[5].clone();
    last.expiry_hours = hours;
    state.expiries.insert(6, last);
    let future = Instrument::future(1, hours).unwrap().id();
    let book = after(
        &Book::default(),
        &state,
        &[Trade { instrument: future, quantity: 1_000_000, price: wad(1_000.0) }],
    )
    .unwrap();
    let figures = assess(&book, &state, &parameters(), NOW).unwrap();
    assert!(figures.equity > I256::ZERO && figures.maintenance_requirement > U256::ZERO);
}

#[test]
fn one_scenario_leaves_the_basis_charge_aside() {
    // 500 days out the basis charge is 3.2 times its outcome: more than that of any mild scenario.
    let book = option_book(&[(call(HOURS + 24 * 500, 3_000), 1_000_000)]);
    let (state, terms) = (calm(), parameters());
    let whole = assess(&book, &state, &terms, NOW).unwrap();
    let (outcomes, _) = loss_vector(&book, &state, &terms, NOW, 1).unwrap();
    for (number, outcome) in (0_u8..).zip(&outcomes) {
        let excess = excess_under(&book, &state, &terms, NOW, &[number]).unwrap();
        // Bought options owe no contingency.
        let loss =
            float(outcome.pnl).min(0.0) * float(I256::try_from(terms.scan.maintenance).unwrap());
        let expected = float(whole.equity) + loss;
        assert!((float(excess) - expected).abs() < 1e-9, "{number}: {} {expected}", float(excess));
    }
}

#[test]
fn one_row_for_each_underlying_and_expiry() {
    let state = calm();
    let future = Instrument::future(1, HOURS + 24).unwrap().id();
    let trade = |instrument, quantity| Trade { instrument, quantity, price: wad(3_000.0) };
    let trades = [
        trade(future, 2_000_000),
        trade(perpetual(1), -3_000_000),
        trade(call(HOURS + 24 * 14, 3_000), 1_000_000),
    ];
    let mut book = after(&Book::default(), &state, &trades).unwrap();
    book.set_collateral(1, wad(1.5)).unwrap();
    book.set_collateral(2, wad(1.0)).unwrap();
    let rows = greeks(&book, &state, &parameters(), NOW).unwrap();
    let places: Vec<(u8, u64)> = rows.iter().map(|row| (row.underlying, row.expiry)).collect();
    let hours = |hours: u32| u64::from(HOURS + hours) * 3_600;
    assert_eq!(places, [(1, 0), (1, hours(24)), (1, hours(24 * 14)), (2, 0)]);
    // Three perpetuals short, one and a half of the coin itself; two futures.
    assert_eq!(rows[0].delta, money(-1.5));
    assert_eq!(rows[1].delta, money(2.0));
    // Three short at a mark 3 above the price: that is settled with the trade.
    assert_eq!(rows[0].value, money(1.5 * 3_000.0));
    assert_eq!(rows[3].delta, money(1.0));
}

// Extensions

#[test]
fn equal_floors_and_charges_are_both_on() {
    // Equal bits don't cancel.
    let rate = ONE / 10;
    let trades = [
        Trade { instrument: perpetual(1), quantity: 10_000_000, price: 0 },
        Trade {
            instrument: Instrument::future(1, HOURS + 24 * 14).unwrap().id(),
            quantity: -4_000_000,
            price: 0,
        },
    ];
    let book = after(&Book::default(), &calm(), &trades).unwrap();
    let of = |extensions: Extensions, p: &Parameters| {
        float(I256::from_raw(
            assess_extended(&book, &calm(), p, &extensions, NOW).unwrap().maintenance_requirement,
        ))
    };
    // To the last digit: 10 perpetuals are 30,000 net.
    let plain = Trade { instrument: perpetual(1), quantity: 10_000_000, price: 0 };
    let plain = after(&Book::default(), &calm(), &[plain]).unwrap();
    let mut silent = parameters();
    silent.scenarios.truncate(1);
    silent.scenarios[0].weight = novate_risk::scenario::Weight::Fixed(0);
    let net = Extensions { floor_net: rate, ..Extensions::default() };
    let figures = assess_extended(&plain, &calm(), &silent, &net, NOW).unwrap();
    assert_eq!(figures.maintenance_requirement, U256::from(wad(0.8 * 3_000.0 + 900.0)));
    // No scenario: the floor alone, at 80%, and 3% of the perpetual. Net 6, hedged 4.
    let mut still = parameters();
    still.corrections = Corrections::NONE;
    still.scenarios.truncate(1);
    still.scenarios[0].weight = novate_risk::scenario::Weight::Fixed(0);
    let both =
        of(Extensions { floor_net: rate, floor_hedged: rate, ..Extensions::default() }, &still);
    assert!((both - (0.8 * 0.1 * 10.0 * 3_000.0 + 900.0)).abs() < 1e-9, "{both}");
    let net = of(Extensions { floor_net: rate, ..Extensions::default() }, &still);
    assert!((net - (0.8 * 0.1 * 6.0 * 3_000.0 + 900.0)).abs() < 1e-9, "{net}");
    let hedged = of(Extensions { floor_hedged: rate, ..Extensions::default() }, &still);
    assert!((hedged - (0.8 * 0.1 * 4.0 * 3_000.0 + 900.0)).abs() < 1e-9, "{hedged}");
    let crossed =
        of(Extensions { floor_hedged: rate, gamma: rate, ..Extensions::default() }, &still);
    assert!((crossed - hedged).abs() < 1e-9, "{crossed}");
    // The liquidity charge: 18,000 net, threshold 8,000, 1e-6 a dollar: 1% of 18,000; at most half of that.
    let liquid = Extensions {
        liquidity_rate: ONE / 1_000_000,
        liquidity_maximum: ONE,
        liquidity_threshold: 8_000,
        ..Extensions::default()
    };
    assert!((of(liquid.clone(), &still) - (180.0 + 900.0)).abs() < 1e-9);
    assert!(
        (of(Extensions { liquidity_maximum: ONE / 200, ..liquid.clone() }, &still)
            - (90.0 + 900.0))
            .abs()
            < 1e-9
    );
    let all = Extensions { gamma: liquid.liquidity_rate, ..liquid };
    assert!((of(all, &still) - (180.0 + 900.0)).abs() < 1e-9);
}

#[test]
fn the_gamma_charge_starts_at_its_threshold() {
    let state = calm();
    let book = option_book(&[(call(HOURS + 24 * 14, 3_000), -10_000_000)]);
    let gamma = -float(greeks(&book, &state, &parameters(), NOW).unwrap()[0].gamma);
    let move_ = 0.18 * 3_000.0;
    let loss = gamma * move_ * move_ / 2.0;
    let charge = |extensions: Extensions, book: &Book| {
        let of = |e: &Extensions| {
            assess_extended(book, &state, &parameters(), e, NOW).unwrap().maintenance_requirement
        };
        float(I256::from_raw(of(&extensions) - of(&Extensions::default())))
    };
    let half = Extensions { gamma: ONE / 2, ..Extensions::default() };
    assert!((charge(half.clone(), &book) - loss / 2.0).abs() < 1e-9 * loss);
    let above = Extensions { gamma_threshold: 1_000, ..half.clone() };
    assert!((charge(above, &book) - (loss - 1_000.0) / 2.0).abs() < 1e-9 * loss);
    let beyond = Extensions { gamma_threshold: 1_000_000, ..half.clone() };
    assert!(charge(beyond, &book).abs() < 1e-15);
    // Who is long of gamma owes nothing.
    let long = option_book(&[(call(HOURS + 24 * 14, 3_000), 10_000_000)]);
    assert!(charge(half, &long).abs() < 1e-15);
}

#[test]
fn a_group_offsets_only_its_own() {
    // Long ETH, short BTC by the same notional: with an offset of one half, half of BTC's gain counts.
    let trades = [
        Trade { instrument: perpetual(1), quantity: 30_000_000, price: 0 },
        Trade { instrument: perpetual(2), quantity: -1_000_000, price: 0 },
    ];
    let book = after(&Book::default(), &calm(), &trades).unwrap();
    let of = |groups: [u8; 2], offsets: Vec<(u8, u64)>| {
        let mut p = parameters();
        (p.underlyings[0].group, p.underlyings[1].group) = (groups[0], groups[1]);
        let extensions = Extensions { offsets, ..Extensions::default() };
        assess_extended(&book, &calm(), &p, &extensions, NOW).unwrap()
    };
    let half = ONE / 2;
    let plain = assess(&book, &calm(), &parameters(), NOW).unwrap();
    assert_eq!(of([1, 2], vec![(1, half), (2, half)]), plain);
    assert_eq!(of([0, 0], vec![(0, half)]), plain);
    assert_eq!(of([1, 1], vec![(2, half)]), plain);
    let offset = of([1, 1], vec![(2, 0), (1, half)]);
    assert!(offset.maintenance_requirement < plain.maintenance_requirement);
    assert_eq!((offset.worst_underlying, offset.worst_scenario), (1, 0));
}
