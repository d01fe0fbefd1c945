//! Prices, clocks, sizes and cuts: what must hold whatever the book.

use std::{vec, vec::Vec};

use alloy_primitives::{I256, U256};
use proptest::prelude::*;

use super::{Clock, HOUR, Leg, Limit, MINUTE, Outcome, Piece, Size, Standing, Terms, WHOLE};
use crate::{
    Assessment, Book, CollateralBalance, Error, Instrument, Market, Parameters, Position,
    Reference, Strike, Trade, Validity, assess,
    market::{ExpiryMarket, PerpetualMarket, Settlement, Surface, UnderlyingMarket},
    parameters::{CollateralParameters, UnderlyingParameters},
};

const ONE: u64 = WHOLE;
const PERCENT: u64 = ONE / 100;
const NOW: u64 = 1_768_406_400;
const NOW_HOURS: u32 = 491_224;
/// Maintenance and close requirement of a unit of debt.
const DEBT_RATE: u64 = PERCENT;

fn wad(units: i64) -> I256 {
    I256::try_from(units).unwrap() * I256::try_from(ONE).unwrap()
}

fn plain(units: u64) -> U256 {
    U256::from(units) * U256::from(ONE)
}

fn money(units: f64) -> I256 {
    I256::try_from((units * 1e6) as i128).unwrap() * I256::try_from(ONE / 1_000_000).unwrap()
}

const fn standing(equity: I256, requirement: U256) -> Standing {
    Standing { equity, requirement }
}

#[test]
fn terms_rise_along_their_points() {
    let of = |elapsed| {
        let Terms { concession, bonus } = Terms::at(elapsed);
        (concession, bonus)
    };
    assert_eq!(of(0), (2 * PERCENT, 20 * PERCENT));
    assert_eq!(of(450), (11 * PERCENT, 20 * PERCENT));
    assert_eq!(of(15 * MINUTE), (20 * PERCENT, 20 * PERCENT));
    assert_eq!(of(45 * MINUTE), (35 * PERCENT, 20 * PERCENT));
    assert_eq!(of(75 * MINUTE), (50 * PERCENT, 20 * PERCENT));
    assert_eq!(of(12 * HOUR), (ONE, 20 * PERCENT));
    assert_eq!(of(24 * HOUR), (ONE, 60 * PERCENT));
    assert_eq!(of(36 * HOUR), (ONE, ONE));
    assert_eq!(of(u64::MAX), (ONE, ONE));
    let mut last = of(0);
    for elapsed in 1..=36 * HOUR + 10 {
        let next = of(elapsed);
        let most = PERCENT / 40;
        assert!(next.0 >= last.0 && next.0 - last.0 <= most, "{elapsed}");
        assert!(next.1 >= last.1 && next.1 - last.1 <= most, "{elapsed}");
        last = next;
    }
}

const fn clock(elapsed: u64, last_seen: u64, ran: bool) -> Clock {
    Clock { elapsed, last_seen, ran }
}

#[test]
fn a_clock_counts_between_two_sightings_at_which_it_runs() {
    let step = |from: Clock, seconds, runs| from.sighted(from.last_seen + seconds, 0, runs).elapsed;
    assert_eq!(step(clock(100, 1_000, true), 12, true), 112);
    assert_eq!(step(clock(100, 1_000, true), 3_599, true), 160);
    assert_eq!(step(clock(899, 1_000, true), 3_599, true), 959);
    assert_eq!(step(clock(900, 1_000, true), 299, true), 1_199);
    assert_eq!(step(clock(900, 1_000, true), 3_599, true), 1_200);
    assert_eq!(step(clock(100, 1_000, false), 12, true), 100);
    assert_eq!(step(clock(100, 1_000, true), 12, false), 100);
    // Time cannot run backwards, nor past the range.
    assert_eq!(step(clock(100, 1_000, true), 0, true), 100);
    assert_eq!(clock(100, 1_000, true).sighted(900, 0, true).elapsed, 100);
    assert_eq!(clock(u64::MAX, 1_000, true).sighted(1_050, 0, true).elapsed, u64::MAX);
}

#[test]
fn row_7_an_hour_without_a_sighting_sets_the_clock_back() {
    let old = clock(12 * HOUR, 1_000, true);
    assert_eq!(old.sighted(1_000 + HOUR - 1, 0, true).elapsed, 12 * HOUR + 300);
    assert_eq!(old.sighted(1_000 + HOUR, 0, true), clock(0, 1_000 + HOUR, true));
    assert_eq!(old.sighted(1_000 + 31 * 24 * HOUR, 0, false).elapsed, 0);
}

#[test]
fn row_31_a_clock_stands_while_no_bid_can_pass() {
    let mut clock = clock(600, 1_000, true);
    for minute in 1..=40 {
        clock = clock.sighted(1_000 + minute * MINUTE, 0, false);
    }
    assert_eq!(clock.elapsed, 600);
    // The first sighting at which it runs again counts nothing; the next does.
    clock = clock.sighted(clock.last_seen + 10, 0, true);
    assert_eq!(clock.elapsed, 600);
    assert_eq!(clock.sighted(clock.last_seen + 10, 0, true).elapsed, 610);
    // Nor does anything before the sequencer was up.
    assert_eq!(clock.sighted(clock.last_seen + 50, clock.last_seen + 45, true).elapsed, 605);
    assert_eq!(clock.sighted(clock.last_seen + 50, clock.last_seen + 60, true).elapsed, 600);
}

#[test]
fn row_33_single_seconds_count_a_minute_each_and_no_more() {
    // Sighted every ten minutes at a second at which it is short.
    let mut clock = clock(0, 1_000, true);
    for turn in 1..=6 {
        clock = clock.sighted(1_000 + turn * 10 * MINUTE, 0, true);
        assert_eq!(clock.elapsed, turn * MINUTE);
    }
}

#[test]
fn a_price_is_what_the_rule_says() {
    let terms = Terms { concession: 20 * PERCENT, bonus: 10 * PERCENT };
    let piece = |value, relief, is_slice| Piece { value, relief, is_slice };
    let of = |equity, value, relief, is_slice| {
        standing(wad(equity), plain(1_000)).price(&piece(wad(value), wad(relief), is_slice), terms)
    };
    // e = 0.5: a = c, nothing from the waterfall.
    let price = of(500, 250, 500, true).unwrap();
    assert_eq!((price.to_account, price.from_bidder, price.fee), (wad(150), wad(151), plain(1)));
    assert_eq!((price.debt, price.bonus), (U256::ZERO, U256::ZERO));
    // e = 0.05: a = 0.05, k = 0.5, w = 0.5 * (0.1 - 0.05).
    let price = of(50, 25, 500, true).unwrap();
    assert_eq!((price.to_account, price.fee), (I256::ZERO, plain(25) / U256::from(100)));
    assert_eq!(price.bonus, plain(125) / U256::from(10));
    // E < 0: a slice is paid for, legs are paid for out of the account's cash.
    let price = of(-400, -200, 500, true).unwrap();
    assert_eq!((price.to_account, price.from_bidder), (I256::ZERO, I256::ZERO));
    assert_eq!((price.debt, price.bonus), (plain(200), plain(50)));
    let price = of(-400, -200, 500, false).unwrap();
    assert_eq!((price.to_account, price.from_bidder), (wad(-200), wad(-200)));
    assert_eq!((price.debt, price.bonus), (U256::ZERO, plain(50)));
    // Short legs of a solvent book are closed at V and the concession.
    let price = of(500, -800, 500, false).unwrap();
    assert_eq!((price.to_account, price.from_bidder), (wad(-900), wad(-899)));
}

#[test]
fn what_relieves_nothing_has_no_price() {
    let terms = Terms::at(0);
    let of = |equity, relief| {
        let piece = Piece { value: I256::ONE, relief, is_slice: false };
        standing(equity, plain(1)).price(&piece, terms).is_some()
    };
    assert!(!of(I256::ONE, I256::ZERO) && !of(I256::ZERO, I256::ZERO));
    assert!(of(-I256::ONE, I256::ZERO) && of(I256::ZERO, I256::ONE));
    assert!(!of(-I256::ONE, -I256::ONE) && !of(wad(1), -wad(1)));
    // Without a requirement there is nothing to concede, but the waterfall's debt.
    let piece = Piece { value: wad(-5), relief: I256::ZERO, is_slice: true };
    let price = standing(wad(-5), U256::ZERO).price(&piece, terms).unwrap();
    assert_eq!((price.debt, price.bonus, price.fee), (plain(5), U256::ZERO, U256::ZERO));
}

#[test]
fn row_25_the_waterfall_pays_no_more_than_the_account_lacks() {
    // A slice that leaves 1,000,000 of a dead token behind: it carries half a million of debt, the account lacks 1.
    let piece = Piece { value: wad(-500_000), relief: wad(40_000), is_slice: true };
    let terms = Terms::at(0);
    let lacking = standing(wad(-1), plain(50_000)).price(&piece, terms).unwrap();
    assert_eq!((lacking.debt, lacking.to_account), (plain(1), wad(-499_999)));
    let solvent = standing(wad(1), plain(50_000)).price(&piece, terms).unwrap();
    assert_eq!(solvent.debt, U256::ZERO);
    assert!((solvent.to_account - lacking.to_account).unsigned_abs() <= plain(3));
    let rich = standing(wad(500_000), plain(50_000)).price(&piece, terms).unwrap();
    assert_eq!((rich.debt, rich.bonus), (U256::ZERO, U256::ZERO));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn nothing_is_printed_by_a_price(
        equity in any::<i128>(), requirement in any::<u128>(), value in any::<i128>(), relief in any::<u128>(),
        elapsed in 0..40 * HOUR, is_slice in any::<bool>(), scale in 0_u32..100,
    ) {
        let big = |x: i128| I256::try_from(x >> scale.min(126)).unwrap();
        let relief = I256::try_from(relief >> scale).unwrap();
        let from = standing(big(equity), U256::from(requirement >> scale));
        let piece = Piece { value: big(value), relief, is_slice };
        let terms = Terms::at(elapsed);
        let Some(price) = from.price(&piece, terms) else { return Ok(()) };
        prop_assert_eq!(price.from_bidder - I256::from_raw(price.fee), price.to_account);
        // The account's equity falls by a R, at most c R and e R, and rises by no more than it lacks.
        let after = from.equity - piece.value + price.to_account;
        let most = super::mul_div(relief.unsigned_abs(), terms.concession, true);
        if from.equity.is_negative() {
            prop_assert!(after >= from.equity && after <= I256::ZERO);
            prop_assert_eq!(after - from.equity, I256::from_raw(price.debt));
        } else {
            prop_assert!(after <= from.equity && after >= from.equity - I256::from_raw(most));
            prop_assert_eq!(price.debt, U256::ZERO);
            if relief.unsigned_abs() <= from.requirement {
                prop_assert!(after >= I256::ZERO - I256::ONE);
            }
        }
        // The fund's part is a hundredth of what the account gave.
        let gave = piece.value + I256::from_raw(price.debt) - price.to_account;
        prop_assert!(price.fee * U256::from(100) <= gave.unsigned_abs() + U256::from(300));
    }

    #[test]
    fn row_17_a_price_is_continuous_in_equity_and_time(
        cents in -100_000_i64..100_000, requirement in 1_000_i64..10_000, part in 1_i64..=100, elapsed in 0..37 * HOUR,
    ) {
        let requirement = wad(requirement).unsigned_abs();
        let cent = wad(1) / I256::try_from(100).unwrap();
        let relief = I256::from_raw(requirement * U256::from(part.unsigned_abs()) / U256::from(100));
        let of = |equity: I256, elapsed| {
            let value = equity * I256::try_from(part).unwrap() / I256::try_from(100).unwrap();
            let piece = Piece { value, relief, is_slice: true };
            let price = standing(equity, requirement).price(&piece, Terms::at(elapsed)).unwrap();
            // What the account keeps of the piece, and what the bidder has of it in all.
            let bidder = value - price.from_bidder + I256::from_raw(price.debt + price.bonus);
            (price.to_account, bidder, price.debt)
        };
        let equity = I256::try_from(cents).unwrap() * cent;
        let (one, next) = (of(equity, elapsed), of(equity + cent, elapsed));
        // At most eleven times as steep as equity itself.
        let steep = (cent * I256::try_from(12).unwrap()).unsigned_abs();
        prop_assert!((next.0 - one.0).unsigned_abs() <= steep);
        prop_assert!((next.1 - one.1).unsigned_abs() <= steep);
        prop_assert!(next.2.abs_diff(one.2) <= steep);
        let later = of(equity, elapsed + 1);
        let most = relief.unsigned_abs() / U256::from(3_000);
        prop_assert!((later.1 - one.1).unsigned_abs() <= most);
        // Nobody is paid for the account's equity to be less: what it lacks below zero the bidder doesn't gain.
        if !equity.is_positive() {
            prop_assert_eq!(one.1, of(equity - wad(100), elapsed).1);
        }
    }
}

#[test]
fn row_17_ten_dollars_on_either_side_of_zero_are_twenty_apart() {
    let requirement = plain(40_000);
    let of = |equity: i64| {
        let piece = Piece { value: wad(equity), relief: wad(40_000), is_slice: true };
        let price = standing(wad(equity), requirement).price(&piece, Terms::at(15 * MINUTE));
        let price = price.unwrap();
        wad(equity) - price.from_bidder + I256::from_raw(price.debt + price.bonus)
    };
    let (above, below) = (of(10), of(-10));
    // 20% of 40,000 on both sides; a tenth of a percent of equity moves k by a hundredth.
    assert_eq!(below, wad(8_000));
    assert!((above - below).unsigned_abs() < plain(40));
}

// What clearing does with it, on books that margin assesses.

fn underlying(number: u8, index: u128) -> UnderlyingMarket {
    UnderlyingMarket {
        underlying: number,
        index,
        confidence: ONE,
        validity: Validity::Valid,
        updated_at: NOW,
        slow_price: None,
        perpetual: Some(PerpetualMarket { mark: index, funding_index: 0, confidence: ONE }),
    }
}

const TENORS: [u32; 3] = [24, 24 * 30, 24 * 300];

fn market(eth: u64, btc: u64) -> Market {
    let mut market = Market::default();
    for (number, index) in [(1, eth), (2, btc)] {
        let index = u128::from(index) * u128::from(ONE);
        market.underlyings.push(underlying(number, index));
        for tenor in TENORS {
            market.expiries.push(ExpiryMarket {
                underlying: number,
                expiry_hours: NOW_HOURS + tenor,
                forward: index + index / 100,
                forward_variable: None,
                observed_share: 0,
                rate: 40_000_000_000_000_000,
                surface: Surface::Svi {
                    a: 1_000_000_000_000_000 * i64::from(tenor / 24),
                    b: 2_000_000_000_000_000 * u64::from(tenor / 24).min(50),
                    rho: 0,
                    m: 0,
                    sigma: 200_000_000_000_000_000,
                },
                model_time: NOW - 60,
                forward_confidence: ONE,
                rate_confidence: ONE,
                volatility_confidence: ONE,
                settlement: Settlement::default(),
            });
        }
    }
    market
}

fn parameters() -> Parameters {
    Parameters {
        underlyings: vec![
            UnderlyingParameters::new(1, 18 * PERCENT),
            UnderlyingParameters::new(2, 16 * PERCENT),
        ],
        collateral: vec![CollateralParameters {
            collateral: 1,
            underlying: 1,
            maintenance_haircut: ONE / 10,
            initial_haircut: ONE / 20,
            cancels_risk: true,
        }],
        ..Parameters::default()
    }
}

/// An account's figures as clearing has them: with what a debt requires, lines settled at their marks.
#[derive(Debug)]
struct Figures {
    book: Book,
    size: Size,
}

fn figures(book: &Book, market: &Market) -> Figures {
    let mut book = book.clone();
    for position in book.positions().to_vec() {
        let terms = Instrument::decode(position.instrument).unwrap();
        let known = market.underlying(terms.underlying()).unwrap();
        let price = if terms.expiry().is_none() {
            known.perpetual.unwrap().mark
        } else {
            market.expiry(terms.underlying(), terms.expiry_hours()).unwrap().forward
        };
        if !terms.is_option() {
            // Closed and opened again at the mark.
            let Position { instrument, quantity } = position;
            for quantity in [-quantity, quantity] {
                book.apply(&Trade { instrument, quantity, price }, 0).unwrap();
            }
        }
    }
    let Assessment { equity, maintenance_requirement, .. } =
        assess(&book, market, &parameters(), NOW).unwrap();
    let owed = if book.cash().is_negative() { book.cash().unsigned_abs() } else { U256::ZERO };
    let debt = super::mul_div(owed, DEBT_RATE, true);
    let requirement = maintenance_requirement + debt;
    let size = Size {
        standing: standing(equity, requirement),
        close_equity: equity,
        close_requirement: requirement,
        healthy_requirement: maintenance_requirement,
        debt_requirement: debt,
        debt_rate: DEBT_RATE,
    };
    Figures { book, size }
}

/// What a bid did to the account.
#[derive(Debug)]
struct Step {
    left: Book,
    outcome: Outcome,
    before: I256,
}

/// A bid for a part of a book, as clearing takes it. The piece is given by its slice and rest.
fn bid(
    from: &Figures,
    (slice, rest): (Book, Book),
    terms: Terms,
    is_slice: bool,
    market: &Market,
) -> Option<Step> {
    let one = from.size.standing;
    let value = one.equity - figures(&rest, market).size.standing.equity;
    let mut sold = rest.clone();
    sold.add_cash(one.settled(value, is_slice)).unwrap();
    let two = figures(&sold, market).size.standing;
    let relief = I256::from_raw(one.requirement) - I256::from_raw(two.requirement);
    let price = one.price(&Piece { value, relief, is_slice }, terms)?;
    let mut left = rest;
    left.add_cash(price.to_account).unwrap();
    let last = figures(&left, market).size;
    let million = U256::from(1_000_000);
    let notional = |held: crate::Holding| {
        U256::from(market.underlying(held.instrument.underlying()).unwrap().index) / million
    };
    let outcome = Outcome {
        relief,
        excess: last.excess(),
        requirement: last.close_requirement,
        rounding: slice.holdings().map(notional).sum(),
        took_all: left.positions().is_empty() && left.collateral().is_empty(),
    };
    Some(Step { left, outcome, before: from.size.excess() })
}

fn instruments() -> Vec<u64> {
    let mut ids = Vec::new();
    for (number, unit) in [(1, 250), (2, 7_500)] {
        ids.push(Instrument::perpetual(number).unwrap().id());
        for tenor in TENORS {
            let hours = NOW_HOURS + tenor;
            ids.push(Instrument::future(number, hours).unwrap().id());
            for level in [6, 10, 12, 13, 20] {
                let strike = Strike::whole(level * unit).unwrap();
                ids.push(Instrument::call(number, hours, strike).unwrap().id());
                ids.push(Instrument::put(number, hours, strike).unwrap().id());
            }
        }
    }
    ids.sort_unstable();
    ids
}

/// Lines of edge quantities: dust, one contract, many.
fn lines() -> impl Strategy<Value = Vec<(u64, i64)>> {
    let ids = instruments();
    let quantity = (any::<bool>(), 0_u32..9, 1_i64..30).prop_map(|(sign, power, digits)| {
        let size = digits * 10_i64.pow(power);
        if sign { size } else { -size }
    });
    prop::collection::btree_map(prop::sample::select(ids), quantity, 1..12)
        .prop_map(|lines| lines.into_iter().collect())
}

/// A book of these lines and of a token, with cash that leaves about `cover` of its requirement as equity.
fn book(lines: &[(u64, i64)], token: u128, cover: f64, market: &Market) -> Book {
    let positions = lines
        .iter()
        .map(|(instrument, quantity)| Position { instrument: *instrument, quantity: *quantity });
    let delta_one = lines.iter().filter(|(id, _)| !Instrument::decode(*id).unwrap().is_option());
    let reference = |(id, _): &(u64, i64)| {
        let terms = Instrument::decode(*id).unwrap();
        let price = market.underlying(terms.underlying()).unwrap().index / 100 * 97;
        Reference { price, funding: 0 }
    };
    let tokens = (token != 0).then_some(CollateralBalance { collateral: 1, amount: token });
    let mut book = Book::new(
        I256::ZERO,
        positions.collect(),
        delta_one.map(reference).collect(),
        tokens.into_iter().collect(),
    )
    .unwrap();
    let bare = figures(&book, market).size;
    let wanted = super::mul_div(bare.standing.requirement, (cover.abs() * 1e18) as u64, false);
    let wanted = I256::from_raw(wanted);
    let wanted = if cover < 0.0 { -wanted } else { wanted };
    book.add_cash(wanted - bare.standing.equity).unwrap();
    book
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// From every state that is short a slice of the largest fraction is taken, and slices end the auction.
    #[test]
    fn some_step_succeeds_on_every_short_account(
        lines in lines(), tokens in prop_oneof![Just(0_u128), 1_u128..1_000_000_000_000_000_000_000],
        cover in -2.0_f64..1.0, elapsed in prop_oneof![Just(0), 0..40 * HOUR],
        eth in 1_000_u64..9_000, btc in 20_000_u64..200_000,
    ) {
        let market = market(eth, btc);
        let terms = Terms::at(elapsed);
        let mut from = figures(&book(&lines, tokens, cover, &market), &market);
        for turn in 0.. {
            if !from.size.excess().is_negative() {
                break;
            }
            prop_assert!(turn < 40, "{:?}", from.size);
            let fraction = from.size.largest_fraction(terms);
            let cut = from.book.cut(fraction);
            let step = bid(&from, cut, terms, true, &market);
            prop_assert!(step.is_some(), "{fraction} relieves nothing: {from:?}");
            let step = step.unwrap();
            prop_assert!(step.outcome.excess >= step.before, "worse: {step:?} {from:?}");
            prop_assert_eq!(step.outcome.check(), Ok(()), "{} {:?} {:?}", fraction, step, from);
            from = figures(&step.left, &market);
        }
    }

    /// The account loses at most the concession, and never falls below zero by a bid.
    #[test]
    fn legs_cost_no_more_than_the_concession(
        lines in lines(), cover in -1.0_f64..1.0, pick in any::<prop::sample::Index>(), part in 1_i64..=100, elapsed in 0..40 * HOUR,
    ) {
        let market = market(3_000, 100_000);
        let terms = Terms::at(elapsed);
        let from = figures(&book(&lines, 0, cover, &market), &market);
        let held = from.book.positions()[pick.index(from.book.positions().len())];
        let quantity = i128::from(held.quantity) * i128::from(part) / 100;
        let leg = Leg { instrument: held.instrument, quantity };
        let Ok(cut) = from.book.cut_legs(&[leg]) else { return Ok(()) };
        let Some(step) = bid(&from, cut, terms, false, &market) else { return Ok(()) };
        let left = figures(&step.left, &market).size.standing.equity;
        let equity = from.size.standing.equity;
        let most = super::mul_div(step.outcome.relief.unsigned_abs(), terms.concession, true);
        let grain = I256::try_from(20).unwrap();
        prop_assert!(left >= equity - I256::from_raw(most) - grain && left <= equity + grain);
    }

    #[test]
    fn a_slice_and_the_rest_are_the_book(
        lines in lines(), tokens in 0_u128..1_000_000_000_000_000_000_000, fraction in 0..=ONE, liquid in 0..=ONE, pool in any::<u128>(),
    ) {
        let market = market(3_000, 100_000);
        let book = book(&lines, tokens, 0.5, &market).with_pool(pool >> 8);
        let dead = |terms: &Instrument| terms.underlying() != 2;
        let (slice, rest) = book.cut_where(fraction, liquid, &dead, &|_| false);
        prop_assert!(slice.holdings().all(|held| held.instrument.underlying() == 1));
        prop_assert!(slice.collateral().is_empty());
        let mut whole = rest.clone();
        whole.absorb(&slice).unwrap();
        whole.set_pool(rest.pool() + slice.pool());
        prop_assert_eq!(&whole, &book);
        let legs: Vec<Leg> = slice.positions().iter().map(|held| Leg {
            instrument: held.instrument,
            quantity: held.quantity.into(),
        }).collect();
        let (by_name, left) = book.cut_legs(&legs).unwrap();
        prop_assert_eq!(by_name.positions(), slice.positions());
        prop_assert_eq!(by_name.references(), slice.references());
        prop_assert_eq!((by_name.cash(), left.cash()), (I256::ZERO, book.cash()));
    }
}

#[test]
fn legs_are_cut_as_far_as_they_are_held() {
    let market = market(3_000, 100_000);
    let [perpetual, call] = [instruments()[0], instruments()[7]];
    let book = book(&[(perpetual, -5), (call, 7)], 9, 0.5, &market);
    let cut = |instrument, quantity| book.cut_legs(&[Leg { instrument, quantity }]).map(|_| ());
    assert_eq!([cut(perpetual, -5), cut(call, 7), cut(1, 9)], [Ok(()); 3]);
    for (instrument, quantity) in [
        (perpetual, -6),
        (perpetual, 1),
        (call, 8),
        (call, -1),
        (1, 10),
        (1, -1),
        (2, 1),
        (call, i128::MAX),
        (perpetual, i128::MIN),
        (instruments()[9], 1),
    ] {
        assert_eq!(cut(instrument, quantity), Err(Error::QuantityOutOfRange(instrument)));
    }
    assert_eq!(cut(call, 0), Err(Error::ZeroQuantity(call)));
    assert_eq!(cut(300, 1), Err(Error::InvalidInstrument(300)));
    let twice = [Leg { instrument: call, quantity: 4 }, Leg { instrument: call, quantity: 3 }];
    assert_eq!(book.cut_legs(&twice).unwrap().0.quantity(call), 7);
    let (_, rest) = book.cut_legs(&twice[..1]).unwrap();
    assert_eq!(rest.quantity(call), 3);
}

#[test]
fn row_28_rounding_of_a_slice_refuses_nothing() {
    // Eight short lines and one long, together a millionth net short, each of a quantity that no fraction divides.
    let market = market(3_000, 100_000);
    let hours = NOW_HOURS + 24 * 30;
    let call = |level: u64| Instrument::call(1, hours, Strike::whole(level).unwrap()).unwrap().id();
    let mut lines: Vec<(u64, i64)> = (0..8_u64)
        .map(|line| (call(3_000 + 50 * line), -7_777_771 - 13 * i64::try_from(line).unwrap()))
        .collect();
    let short: i64 = lines.iter().map(|(_, quantity)| quantity).sum();
    lines.push((call(2_950), -short - 1));
    lines.sort_unstable();
    for cover in [0.9, 0.5, 0.05, 0.0, -0.5] {
        let from = figures(&book(&lines, 0, cover, &market), &market);
        assert!(from.size.excess().is_negative());
        for elapsed in [0, 15 * MINUTE, 12 * HOUR] {
            let terms = Terms::at(elapsed);
            let most = from.size.largest_fraction(terms);
            for part in 1..=97 {
                let fraction = most / 97 * part;
                let step = bid(&from, from.book.cut(fraction), terms, true, &market);
                let step = step.unwrap_or_else(|| panic!("{fraction} of {cover} relieves nothing"));
                assert!(step.outcome.excess >= step.before, "{fraction} of {cover}");
                let check = step.outcome.check();
                let small = step.outcome.relief < wad(100);
                assert!(check.is_ok() || small && check == Err(Limit::TooLittle(plain(100))));
            }
        }
    }
}

#[test]
fn a_size_is_refused_for_what_it_is() {
    let of = |relief: f64, excess: f64, requirement: u64, took_all| {
        let rounding = plain(2);
        let (relief, excess) = (money(relief), money(excess));
        Outcome { relief, excess, requirement: plain(requirement), rounding, took_all }.check()
    };
    let little = Err(Limit::TooLittle(plain(100)));
    assert_eq!(of(99.999, -1.0, 5_000, false), little);
    assert_eq!([of(99.9, -1.0, 5_000, true), of(99.9, 0.0, 5_000, false)], [Ok(()); 2]);
    assert_eq!(of(100.0, -1.0, 5_000, false), Ok(()));
    assert_eq!(of(2_000.0, 752.0, 5_000, false), Ok(()));
    assert_eq!(of(2_000.0, 752.01, 5_000, false), Err(Limit::TooMuch(plain(752))));
    // The least bid may leave any excess, and so may a bid for a small book.
    assert_eq!(of(103.0, 900.0, 5_000, false), Ok(()));
    assert_eq!(of(103.01, 900.0, 5_000, false), Err(Limit::TooMuch(plain(752))));
    assert_eq!(of(500.0, 400.0, 499, false), Ok(()));
    assert_eq!(of(500.0, 400.0, 500, false), Err(Limit::TooMuch(plain(77))));
}

#[test]
fn the_largest_fraction_leaves_the_buffer() {
    let size = |equity: i64, requirement: u64| Size {
        standing: standing(wad(equity), plain(requirement)),
        close_equity: wad(equity),
        close_requirement: plain(requirement),
        healthy_requirement: plain(requirement),
        debt_requirement: U256::ZERO,
        debt_rate: DEBT_RATE,
    };
    let terms = Terms::at(0);
    // (300 + 1,000) / (2,000 (1.15 - 0.02)), rounded down.
    assert_eq!(size(1_000, 2_000).largest_fraction(terms), 575_221_238_938_053_097);
    assert_eq!(size(2_000, 2_000).largest_fraction(terms), 0);
    assert_eq!(size(-1, 2_000).largest_fraction(terms), WHOLE);
    assert_eq!(size(900, 999).largest_fraction(terms), WHOLE);
    // All is conceded: nothing is left of what equity there is.
    assert_eq!(size(1_000, 2_000).largest_fraction(Terms::at(12 * HOUR)), WHOLE);
    // Nearly healthy: the least bid.
    let nearly = size(99_999, 100_000);
    assert!(nearly.largest_fraction(terms) > ONE / 10);
    let mut dead = size(1_000, 2_000);
    dead.healthy_requirement = plain(500);
    assert_eq!(dead.healthy_share(), ONE / 4);
    assert!(dead.slice_passes());
    assert_eq!(dead.largest_fraction(terms), WHOLE);
    dead.healthy_requirement = U256::ZERO;
    assert!(!dead.slice_passes());
    assert_eq!(dead.largest_fraction(terms), 0);
}
