//! What was taken from earlier rules, tried on these; and that nothing jumps.

use alloy_primitives::{I256, U256};
use novate_risk::{
    Assessment, Book, CollateralBalance, Extensions, Instrument, Kind, Market, Parameters,
    Position, Reference, Strike, Validity, assess, assess_extended, check_coverage, excess_under,
    market::{MAX_PRICE, Settlement, Surface},
    parameters::Corrections,
};
use proptest::prelude::*;

use crate::common::{
    NOW, ONE, TENORS, books, flat, float, market, markets, money, parameters, wad,
};

const HOURS: u32 = (NOW / 3_600) as u32;
const DAY: u64 = 86_400;
const PRICE: f64 = 3_000.0;

fn calm() -> Market {
    market(PRICE, 90_000.0, 0.6, false)
}

/// One line of a book: kind, hours from now, strike in whole units (0: none), contracts.
type Leg = (Kind, u32, u64, f64);

/// A book on ETH; delta-one at the market's marks.
fn book(legs: &[Leg], cash: f64, market: &Market) -> Book {
    let mut lines: Vec<(u64, i64, Option<Reference>)> = legs
        .iter()
        .map(|(kind, hours, strike, contracts)| {
            let strike = if *strike == 0 { Strike::NONE } else { Strike::whole(*strike).unwrap() };
            let expiry = if *kind == Kind::Perpetual { 0 } else { HOURS + hours };
            let instrument = Instrument::new(1, *kind, expiry, strike).unwrap();
            let reference = match kind {
                Kind::Perpetual => {
                    let known = market.underlyings[0].perpetual.unwrap();
                    Some(Reference { price: known.mark, funding: known.funding_index })
                }
                Kind::Future => {
                    let known = market.expiries.iter().find(|known| known.expiry_hours == expiry);
                    Some(Reference { price: known.unwrap().forward, funding: 0 })
                }
                Kind::Call | Kind::Put => None,
            };
            (instrument.id(), (contracts * 1e6) as i64, reference)
        })
        .collect();
    lines.sort_by_key(|line| line.0);
    let positions = lines
        .iter()
        .map(|(instrument, quantity, _)| Position { instrument: *instrument, quantity: *quantity });
    let references = lines.iter().filter_map(|line| line.2).collect();
    Book::new(money(cash), positions.collect(), references, vec![]).unwrap()
}

fn figures(book: &Book, market: &Market) -> Assessment {
    assess(book, market, &parameters(), NOW).unwrap()
}

fn number(x: U256) -> f64 {
    float(I256::from_raw(x))
}

/// Initial and maintenance requirement.
fn required(book: &Book, market: &Market) -> (f64, f64) {
    let figures = figures(book, market);
    (number(figures.initial_requirement), number(figures.maintenance_requirement))
}

#[track_caller]
fn assert_close(given: f64, expected: f64) {
    assert!((given - expected).abs() < 1e-9 * expected.abs().max(1.0), "{given} is not {expected}");
}

// Tenors

#[test]
fn row_1_a_spread_of_two_futures_needs_its_calendar_charge() {
    let state = calm();
    let (near, far) = (TENORS[3], TENORS[4]);
    let spread = [(Kind::Future, near, 0, 1_000_000.0), (Kind::Future, far, 0, -1_000_000.0)];
    let (initial, maintenance) = required(&book(&spread, 2_000.0, &state), &state);
    let leg = |hours: u32| {
        let tau = f64::from(hours) / 8_760.0;
        1e6 * PRICE * (1.0 + 0.04 * tau) * (0.005 + 0.02 * tau.sqrt())
    };
    let charge = leg(near) + leg(far);
    // The forwards differ: that much moves with the price.
    let tau = f64::from(far - near) / 8_760.0;
    let left = 1e6 * PRICE * 0.04 * tau * 0.18;
    assert_close(maintenance, 0.8 * left + charge);
    assert_close(initial, left + 1.5 * charge);
    // Half matched: half of the larger side is charged.
    let half = [(Kind::Future, near, 0, 1.0), (Kind::Future, far, 0, -2.0)];
    let mut silent = parameters();
    silent.scenarios.truncate(1);
    silent.scenarios[0].weight = novate_risk::scenario::Weight::Fixed(0);
    let of = |legs: &[Leg]| {
        let figures = assess(&book(legs, 0.0, &state), &state, &silent, NOW).unwrap();
        number(figures.maintenance_requirement)
    };
    assert_close(of(&half), charge / 1e6);
    // Tenors on one side, or one tenor, are no spread.
    assert_close(of(&[(Kind::Future, near, 0, 1.0), (Kind::Future, far, 0, 2.0)]), 0.0);
    assert_close(of(&[(Kind::Future, near, 0, 1.0)]), 0.0);
    // Against the perpetual the tenor is 0; its contingency is 3%.
    let carry = [(Kind::Perpetual, 0, 0, 1.0), (Kind::Future, near, 0, -1.0)];
    assert_close(of(&carry), leg(near) / 1e6 + 0.005 * 3_003.0 + 0.03 * PRICE);
}

#[test]
fn row_1_collateral_that_cancels_risk_is_a_leg_of_tenor_zero() {
    let state = calm();
    let mut short = book(&[(Kind::Future, TENORS[3], 0, -2.0)], 0.0, &state);
    let (_, without) = required(&short, &state);
    short.set_collateral(1, wad(1.0)).unwrap();
    let mut silent = parameters();
    silent.scenarios.truncate(1);
    silent.scenarios[0].weight = novate_risk::scenario::Weight::Fixed(0);
    let figures = assess(&short, &state, &silent, NOW).unwrap();
    let tau: f64 = f64::from(TENORS[3]) / 8_760.0;
    let leg = PRICE * (1.0 + 0.04 * tau) * (0.005 + 0.02 * tau.sqrt());
    // Without a perpetual the leg of tenor 0 is taken at the index, whatever marks there are; the haircut is a tenth.
    assert_close(number(figures.maintenance_requirement), leg + 0.005 * PRICE + 0.1 * PRICE);
    let mut unmarked = state;
    unmarked.underlyings[0].perpetual = None;
    assert_eq!(assess(&short, &unmarked, &silent, NOW), Ok(figures));
    assert!(without > 0.0);
}

#[test]
fn row_6_time_alone_frees_nothing_before_expiry() {
    // Ten seconds before expiry, nothing observed: all of the future can move.
    let state = calm();
    let long = book(&[(Kind::Future, 1, 0, 10.0)], 0.0, &state);
    let at = |now: u64, state: &Market| {
        number(assess(&long, state, &parameters(), now).unwrap().maintenance_requirement)
    };
    let early = at(NOW, &state);
    assert_close(at(NOW + 3_590, &state), early);
    // Two thirds observed: the rest moves.
    let mut seen = state.clone();
    let forward = seen.expiries[1].forward;
    seen.expiries[1].forward_variable = Some(forward / 3);
    assert_close(at(NOW + 3_590, &seen), early / 3.0);
}

#[test]
fn row_27_what_the_calendar_charge_guards_covers_its_allowances() {
    // The mark moves by half the floor, the forward by half its own charge, against the account.
    let state = calm();
    let legs = [(Kind::Perpetual, 0, 0, 100.0), (Kind::Future, TENORS[2], 0, -100.0)];
    let pair = book(&legs, 0.0, &state);
    let before = figures(&pair, &state);
    let mut moved = state.clone();
    let tau: f64 = f64::from(TENORS[2]) / 8_760.0;
    let scale = |price: u128, by: f64| (price as f64 * (1.0 + by)) as u128;
    let perpetual = moved.underlyings[0].perpetual.as_mut().unwrap();
    perpetual.mark = scale(perpetual.mark, -0.0025);
    moved.expiries[2].forward = scale(moved.expiries[2].forward, 0.5 * (0.005 + 0.02 * tau.sqrt()));
    let after = figures(&pair, &moved);
    let loss = float(before.equity - after.equity);
    assert!(loss > 0.0 && loss < number(before.maintenance_requirement), "{loss}");
}

// Parts whose data can't be used

#[test]
fn row_9_what_nobody_knows_counts_nothing_and_refuses_nothing() {
    let state = calm();
    let known = book(&[(Kind::Call, TENORS[3], 3_000, -1.0)], 10_000.0, &state);
    let expected = figures(&known, &state);
    let mut positions = known.positions().to_vec();
    for underlying in [3, 9] {
        let strange = Instrument::call(underlying, HOURS + 24, Strike::whole(5).unwrap()).unwrap();
        positions.push(Position { instrument: strange.id(), quantity: -7 });
    }
    let tokens = vec![CollateralBalance { collateral: 77, amount: wad(1.0) }];
    let strange = Book::new(known.cash(), positions, vec![], tokens).unwrap();
    assert_eq!(figures(&strange, &state), expected);
    assert!(excess_under(&strange, &state, &parameters(), NOW, &[0]).is_ok());
    let error = check_coverage(&strange, &state, &parameters());
    assert_eq!(error, Err(novate_risk::Error::UnderlyingNotListed(3)));
    let mut tokens = known.clone();
    tokens.set_collateral(77, 1).unwrap();
    let error = check_coverage(&tokens, &state, &parameters());
    assert_eq!(error, Err(novate_risk::Error::CollateralNotListed(77)));
}

#[test]
fn row_9_a_line_without_market_data_counts_at_its_worst_bound_everywhere() {
    let state = calm();
    let legs = [(Kind::Put, TENORS[3], 2_500, -2.0), (Kind::Call, TENORS[3], 3_000, -1.0)];
    let strange = book(&legs, 10_000.0, &state);
    let mut blind = state.clone();
    blind.expiries.retain(|known| known.expiry_hours != HOURS + TENORS[3]);
    let figures = figures(&strange, &blind);
    // Puts their strike, calls the index.
    let bound = 2.0 * 2_500.0 + PRICE;
    assert_close(float(figures.equity), 10_000.0 - bound);
    assert_eq!(figures.maintenance_requirement, U256::ZERO);
    assert_eq!(figures.last_equity, money(10_000.0));
    assert_close(number(figures.last_requirement), bound);
    assert_eq!(figures.close_excess(), figures.initial_excess());
    assert_eq!(figures.healthy_requirement, U256::ZERO);
    // The others stand as they were.
    let mut more = legs.to_vec();
    more.push((Kind::Call, TENORS[4], 3_000, -1.0));
    let both = book(&more, 10_000.0, &state);
    let alone = book(&more[2..], 10_000.0, &state);
    let (both, alone) = (self::figures(&both, &blind), self::figures(&alone, &blind));
    assert_eq!(both.maintenance_requirement, alone.maintenance_requirement);
    assert_eq!(both.healthy_requirement, alone.maintenance_requirement);
    assert_close(float(alone.equity - both.equity), bound);
}

#[test]
fn row_25_a_dead_feed_sells_nobodys_good_book() {
    // Collateral, debt and perpetuals of ETH; a bitcoin perpetual beside them.
    let state = calm();
    let mut held = book(&[(Kind::Perpetual, 0, 0, -4.0)], -5_000.0, &state);
    held.set_collateral(1, wad(10.0)).unwrap();
    let sound = figures(&held, &state);
    assert_eq!(sound.close_equity, sound.equity);
    let with = |level: Validity, age: u64| {
        let mut dead = state.clone();
        (dead.underlyings[0].validity, dead.underlyings[0].updated_at) = (level, NOW - age);
        figures(&held, &dead)
    };
    let gains: f64 = 0.18 * 4.0 * 3_003.0; // a rise of one range against the perpetual
    let bound = -5_000.0 - gains.max(0.77 * 0.18 * 4.0 * 3_003.0);
    for level in [Validity::Invalid, Validity::TooVolatile] {
        let fresh = with(level, DAY);
        // Prices of liquidation and whether it is short: as if nothing had happened.
        assert_eq!((fresh.last_equity, fresh.close_equity), (sound.equity, sound.equity));
        assert_eq!(fresh.close_requirement, sound.maintenance_requirement);
        assert_eq!(fresh.last_requirement, sound.maintenance_requirement);
        assert_eq!((fresh.healthy_requirement, fresh.validity), (U256::ZERO, level));
        // No risk is added on it.
        assert_close(float(fresh.equity), bound);
        assert_eq!(fresh.initial_requirement, U256::ZERO);
        // Half way, and at the end.
        let half = with(level, DAY + 36 * 3_600);
        assert_close(float(half.close_equity), f64::midpoint(float(sound.equity), bound));
        assert_close(number(half.close_requirement), number(sound.maintenance_requirement) / 2.0);
        let end = with(level, 4 * DAY);
        assert_eq!((end.close_equity, end.close_requirement), (end.equity, U256::ZERO));
        assert_eq!(with(level, 400 * DAY).close_equity, end.close_equity);
        assert_eq!(with(level, 400 * DAY).last_equity, sound.equity);
    }
    // Uncertain or stale data still say whether it is short.
    for level in [Validity::TooUncertain, Validity::StaleForMargin] {
        let stale = with(level, 400 * DAY);
        assert_eq!((stale.close_equity, stale.last_equity), (sound.equity, sound.equity));
        assert_eq!(stale.close_requirement, sound.maintenance_requirement);
        assert_eq!(stale.healthy_requirement, sound.maintenance_requirement);
        assert_close(float(stale.equity), bound);
    }
    // Never a price: it counts nothing and owes its worst bound.
    let mut never = state.clone();
    never.underlyings.remove(0);
    let figures = figures(&held, &never);
    assert_eq!(figures.last_equity, money(-5_000.0));
    assert_close(number(figures.last_requirement), gains);
    assert_eq!(figures.initial_excess(), figures.close_excess());
}

#[test]
fn a_broken_part_leaves_the_others_as_they_are() {
    let state = calm();
    let eth = book(&[(Kind::Call, TENORS[3], 3_000, -3.0)], 50_000.0, &state);
    let mut positions = eth.positions().to_vec();
    let perpetual = Instrument::perpetual(2).unwrap();
    positions.push(Position { instrument: perpetual.id(), quantity: 1_000_000 });
    let known = state.underlyings[1].perpetual.unwrap();
    let reference = Reference { price: known.mark, funding: known.funding_index };
    let both = Book::new(eth.cash(), positions, vec![reference], vec![]).unwrap();
    let mut dead = state.clone();
    dead.underlyings[0].validity = Validity::Invalid;
    for group in [0, 1] {
        let mut terms = parameters();
        for listed in &mut terms.underlyings {
            listed.group = group;
        }
        let offsets = vec![(1, ONE / 2)];
        let extensions = Extensions { offsets, ..Extensions::default() };
        let of = |book: &Book, market: &Market| {
            assess_extended(book, market, &terms, &extensions, NOW).unwrap()
        };
        let (sound, broken) = (of(&both, &state), of(&both, &dead));
        assert_eq!(broken.last_equity, sound.equity);
        assert_eq!(broken.last_requirement, sound.maintenance_requirement);
        assert_eq!(broken.close_excess(), sound.close_excess());
        // The bitcoin alone, and ether at three times the index owed.
        let mut alone = both.positions().to_vec();
        alone.remove(0);
        let alone = Book::new(both.cash(), alone, vec![reference], vec![]).unwrap();
        let alone = of(&alone, &state);
        assert_eq!(broken.maintenance_requirement, alone.maintenance_requirement);
        assert_eq!(broken.healthy_requirement, alone.maintenance_requirement);
        assert_close(float(alone.equity - broken.equity), 3.0 * PRICE);
    }
}

// Claims

fn expired(state: &mut Market, forward: f64, variable: f64, observed: u64, settlement: Settlement) {
    let expiry = &mut state.expiries[0];
    expiry.forward = wad(forward);
    expiry.forward_variable = Some(wad(variable));
    (expiry.observed_share, expiry.settlement) = (observed, settlement);
    // Nobody vouches for a model of it.
    expiry.forward_confidence = 0;
    expiry.volatility_confidence = 0;
}

#[test]
fn row_10_an_expired_line_is_a_claim_that_needs_no_notional() {
    let mut state = calm();
    let open = Settlement::Open { least: wad(2_375.0), greatest: wad(2_625.0) };
    expired(&mut state, 2_500.0, 0.0, ONE, open);
    let short = book(&[(Kind::Call, 0, 2_400, -10.0)], 5_292.0, &state);
    let figures = figures(&short, &state);
    // What it counts at is what was proposed, wherever the index went.
    assert_close(float(figures.equity), 5_292.0 - 1_000.0);
    assert_eq!(figures.maintenance_requirement, U256::ZERO);
    // A dispute may set it up to 2,625: 1,250 more.
    assert_close(number(figures.initial_requirement), 1_250.0);
    state.underlyings[0].index = wad(3_050.0);
    let later = self::figures(&short, &state);
    assert_eq!(later.equity, figures.equity);
    assert_eq!(later.maintenance_requirement, U256::ZERO);
    // Final: nothing is left to charge.
    let mut done = state.clone();
    expired(&mut done, 2_500.0, 0.0, ONE, Settlement::Final);
    assert_eq!(self::figures(&short, &done).initial_requirement, U256::ZERO);
}

#[test]
fn row_30_a_claim_cannot_be_spent_before_a_dispute_can_lower_it() {
    let mut state = calm();
    let open = Settlement::Open { least: wad(2_900.0), greatest: wad(3_100.0) };
    expired(&mut state, 3_050.0, 0.0, ONE, open);
    let long = book(&[(Kind::Call, 0, 3_000, 10.0)], 0.0, &state);
    let figures = figures(&long, &state);
    assert_close(float(figures.equity), 500.0);
    // All of it can vanish; the scan counts a twentieth as well.
    assert!(figures.initial_excess() <= I256::ZERO);
    assert!(figures.maintenance_excess() > I256::ZERO);
    // A range that nobody gave is a fifth about the index.
    let unknown = Settlement::default();
    expired(&mut state, 3_050.0, 0.0, ONE, unknown);
    let future = book(&[(Kind::Future, 0, 0, 1.0)], 0.0, &state);
    assert_close(required(&future, &state).0, 3_050.0 - 0.8 * PRICE);
}

#[test]
fn row_41_expired_lines_that_offset_owe_nothing_together() {
    let mut state = calm();
    let open = Settlement::Open { least: wad(2_800.0), greatest: wad(3_200.0) };
    expired(&mut state, 3_000.0, 0.0, ONE, open);
    let legs = [
        (Kind::Call, 0, 2_900, 1.0),
        (Kind::Put, 0, 2_900, -1.0),
        (Kind::Call, 0, 3_100, -1.0),
        (Kind::Put, 0, 3_100, 1.0),
    ];
    let (initial, _) = required(&book(&legs, 0.0, &state), &state);
    // A box pays 200 at any price. (Value is counted at 95% in the scan, but can't be lost.)
    assert_close(initial, 0.0);
    // A synthetic future against the future itself: the same.
    let legs =
        [(Kind::Call, 0, 3_000, 2.0), (Kind::Put, 0, 3_000, -2.0), (Kind::Future, 0, 0, -2.0)];
    assert_close(required(&book(&legs, 0.0, &state), &state).0, 0.0);
    // What isn't observed yet is in the scan, and the dispute's range besides.
    expired(&mut state, 3_000.0, 1_500.0, ONE / 2, open);
    let long = book(&[(Kind::Future, 0, 0, 1.0)], 0.0, &state);
    let (initial, maintenance) = required(&long, &state);
    assert_close(maintenance, 0.8 * 0.18 * 1_500.0);
    assert_close(initial, 0.18 * 1_500.0 + 200.0);
}

// Offsets

fn pair() -> (Book, Parameters) {
    let state = calm();
    let perpetual = |underlying| Instrument::perpetual(underlying).unwrap().id();
    let positions = vec![
        Position { instrument: perpetual(1), quantity: 30_000_000 },
        Position { instrument: perpetual(2), quantity: -1_000_000 },
    ];
    let references = [0, 1]
        .map(|index: usize| {
            let known = state.underlyings[index].perpetual.unwrap();
            Reference { price: known.mark, funding: known.funding_index }
        })
        .to_vec();
    let mut terms = parameters();
    for listed in &mut terms.underlyings {
        listed.group = 1;
    }
    (Book::new(I256::ZERO, positions, references, vec![]).unwrap(), terms)
}

#[test]
fn row_20_nothing_jumps_where_an_offset_reaches_zero() {
    let (held, terms) = pair();
    let of = |offsets: Vec<(u8, u64)>| {
        let extensions = Extensions { offsets, ..Extensions::default() };
        let figures = assess_extended(&held, &calm(), &terms, &extensions, NOW).unwrap();
        number(figures.maintenance_requirement)
    };
    let (none, zero, least) = (of(vec![]), of(vec![(1, 0)]), of(vec![(1, ONE / 1_000_000)]));
    assert_close(zero, none);
    assert!((least - zero).abs() < 1e-5 * zero, "{least} {zero}");
    // Steps of a percent all the way: no step takes more than its share.
    let mut last = zero;
    let whole = zero - of(vec![(1, 60 * (ONE / 100))]);
    for step in 1..=60 {
        let here = of(vec![(1, step * (ONE / 100))]);
        assert!(here <= last && last - here < whole / 15.0, "{step}: {last} {here}");
        last = here;
    }
    // At the greatest offset all of it counts: the worst of both, gains at 60%.
    let (rise, fall): (f64, f64) = (0.16 * 90_090.0, 0.18 * 30.0 * 3_003.0);
    let contingency = 0.03 * (90_000.0 + 90_000.0);
    let worst = (fall - 0.6 * rise).max(rise - 0.6 * fall);
    assert!(last >= 0.8 * worst + contingency - 1e-6);
}

// Greatest losses

#[test]
fn row_22_an_iron_condor_costs_at_most_its_width() {
    for width in [25_u64, 50, 250] {
        for hours in TENORS.into_iter().skip(1) {
            let legs = [
                (Kind::Put, hours, 2_750 - width, 10.0),
                (Kind::Put, hours, 2_750, -10.0),
                (Kind::Call, hours, 3_250, -10.0),
                (Kind::Call, hours, 3_250 + width, 10.0),
            ];
            let state = calm();
            let held = book(&legs, 0.0, &state);
            let figures = figures(&held, &state);
            let (initial, maintenance) = required(&held, &state);
            let most = 10.0 * width as f64 + float(figures.equity);
            assert!(initial <= most + 1e-9, "{width} {hours}: {initial} of {most}");
            assert!(maintenance <= initial + 1e-9);
            // Credit and requirement together are less than the width.
            assert!(maintenance - float(figures.equity) <= 10.0 * width as f64 + 1e-9);
            // Without the cap, and at the peers' figures, it asks for more somewhere.
        }
    }
    let state = calm();
    let legs = [
        (Kind::Put, TENORS[3], 2_700, 1.0),
        (Kind::Put, TENORS[3], 2_750, -1.0),
        (Kind::Call, TENORS[3], 3_250, -1.0),
        (Kind::Call, TENORS[3], 3_300, 1.0),
    ];
    let held = book(&legs, 0.0, &state);
    let peers = Parameters { corrections: Corrections::NONE, ..parameters() };
    let asked = assess(&held, &state, &peers, NOW).unwrap();
    let own = figures(&held, &state);
    assert!(asked.initial_requirement > own.initial_requirement);
}

#[test]
fn row_23_value_that_can_vanish_by_tomorrow_is_no_collateral() {
    let state = calm();
    let of = |hours: u32, observed: u64| {
        let mut state = state.clone();
        state.expiries[2].expiry_hours = HOURS + hours;
        state.expiries[2].observed_share = observed;
        let held = book(&[(Kind::Call, hours, 3_000, 10.0)], 0.0, &state);
        let all = parameters();
        let mut none = parameters();
        none.corrections.vanishing = 0;
        let figures = |terms: &Parameters| assess(&held, &state, terms, NOW).unwrap();
        let (with, without) = (figures(&all), figures(&none));
        let value = float(with.equity);
        let more = number(with.maintenance_requirement) - number(without.maintenance_requirement);
        (more / value, number(with.maintenance_requirement) / value)
    };
    // Full within four days, half at six, none from eight on.
    for (hours, share) in [(24, 0.2), (96, 0.2), (144, 0.1), (168, 0.05), (192, 0.0), (336, 0.0)] {
        let (more, whole) = of(hours, 0);
        assert!((more - share).abs() < 1e-9, "{hours}: {more}");
        assert!(whole <= 1.0 + 1e-9);
    }
    // A day before expiry a fall of one range takes all of it: nothing is lent on it.
    assert!(of(24, 0).1 > 0.99);
    assert!((of(24, ONE / 2).0 - 0.1).abs() < 1e-9);
}

#[test]
fn row_31_a_little_less_confidence_costs_a_little() {
    let held = book(&[(Kind::Perpetual, 0, 0, 1.0)], 0.0, &calm());
    let at = |confidence: f64| {
        let mut state = calm();
        state.underlyings[0].confidence = wad(confidence) as u64;
        required(&held, &state).0
    };
    let step = at(0.547) - at(0.552);
    assert!(step > 0.0 && step < 0.006 * PRICE, "{step}");
    // No step anywhere.
    let mut last = at(1.0);
    for percent in (0..100).rev() {
        let here = at(f64::from(percent) / 100.0);
        assert!(here >= last && here - last <= 0.0182 * PRICE, "{percent}");
        last = here;
    }
    assert_close(last - at(1.0), PRICE);
}

#[test]
fn row_37_boxes_lend_nothing_to_perpetuals() {
    // A box of 1,000 a year out: worth about 951, pays 1,000.
    let state = calm();
    let hours = TENORS[5];
    let boxes = [
        (Kind::Call, hours, 2_500, 100.0),
        (Kind::Put, hours, 2_500, -100.0),
        (Kind::Call, hours, 3_500, -100.0),
        (Kind::Put, hours, 3_500, 100.0),
    ];
    let perpetuals = [(Kind::Perpetual, 0, 0, 90.0)];
    let both: Vec<Leg> = boxes.iter().chain(&perpetuals).copied().collect();
    let (initial, maintenance) = required(&book(&both, 0.0, &state), &state);
    let alone = required(&book(&perpetuals, 0.0, &state), &state);
    assert!(initial >= alone.0 - 1e-6 && maintenance >= alone.1 - 1e-6);
    assert_close(alone.0, 90.0 * (0.18 * 3_003.0 + 0.04 * 3_000.0));
    // What always gains costs nothing by itself, in the scan and under the floor.
    let held = book(&boxes, 0.0, &state);
    let floor = Extensions { floor_net: ONE / 2, floor_hedged: ONE / 2, ..Extensions::default() };
    let figures = assess_extended(&held, &state, &parameters(), &floor, NOW).unwrap();
    assert_close(number(figures.initial_requirement), 0.0);
    assert!(figures.equity > money(70_000.0));
}

// The slow price and old surfaces

#[test]
fn initial_margin_alone_looks_at_the_slow_price() {
    let long =
        book(&[(Kind::Perpetual, 0, 0, 1.0), (Kind::Call, TENORS[3], 3_000, -2.0)], 0.0, &calm());
    let at = |slow: Option<f64>| {
        let mut state = calm();
        state.underlyings[0].slow_price = slow.map(wad);
        figures(&long, &state)
    };
    let plain = at(None);
    assert_eq!(at(Some(PRICE)), plain);
    for slow in [100.0, 2_000.0, 4_500.0, 12_000.0] {
        let figures = at(Some(slow));
        assert!(figures.initial_requirement > plain.initial_requirement, "{slow}");
        let same = Assessment { initial_requirement: plain.initial_requirement, ..figures };
        assert_eq!(same, plain);
    }
    // A perpetual alone: the loss itself, at full weight.
    let long = book(&[(Kind::Perpetual, 0, 0, 1.0)], 0.0, &calm());
    let mut state = calm();
    state.underlyings[0].slow_price = Some(wad(1_500.0));
    assert_close(required(&long, &state).0, 0.5 * 3_003.0 + 0.04 * PRICE);
    state.underlyings[0].slow_price = Some(MAX_PRICE);
    assert!(required(&long, &state).0 < 1_000.0);
}

#[test]
fn an_old_surface_is_charged_what_a_flat_one_would_cost() {
    let fresh = calm();
    // Out of the money calls on a steep smile lose where it is flat.
    let held = book(&[(Kind::Put, TENORS[4], 2_000, 10.0)], 0.0, &fresh);
    let at = |age: u64| {
        let mut state = fresh.clone();
        let expiry = &mut state.expiries[4];
        let Surface::Svi { b, .. } = &mut expiry.surface else { panic!() };
        *b *= 3;
        // Total variance is what was posted, whenever.
        expiry.model_time = NOW - age;
        let mut off = parameters();
        off.corrections.charges_old_surfaces = false;
        let of = |terms: &Parameters| assess(&held, &state, terms, NOW).unwrap();
        let (with, without) = (of(&parameters()), of(&off));
        (
            number(with.initial_requirement) - number(without.initial_requirement),
            number(with.maintenance_requirement) - number(without.maintenance_requirement),
        )
    };
    assert_eq!(at(3_600), (0.0, 0.0));
    let (initial, maintenance) = at(3_601);
    assert!(initial > 1.0 && maintenance < initial / 10_000.0, "{initial} {maintenance}");
    let (initial, maintenance) = at(3_600 + DAY / 2);
    assert_close(maintenance, initial / 2.0);
    let (initial, maintenance) = at(3_600 + 2 * DAY);
    assert_close(maintenance, initial);
}

// Nothing jumps

/// The greatest notional of a book: contracts at their prices.
fn notional(book: &Book, market: &Market) -> f64 {
    let size = |held: &Position| {
        let instrument = Instrument::decode(held.instrument).unwrap();
        let index = market.underlyings[usize::from(instrument.underlying() - 1)].index;
        held.quantity.unsigned_abs() as f64 / 1e6 * (index as f64 / 1e18)
    };
    book.positions().iter().map(size).sum()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn requirements_are_continuous_in_time(book in books(16), market in markets(), hours in 0_u64..12_100, minute in 0_u64..60) {
        let now = NOW + hours * 3_600 + minute * 60;
        let mut state = market.clone();
        for expiry in &mut state.expiries {
            // Fresh surfaces; an expired line counts what was posted.
            expiry.model_time = (now - 60).min(expiry.expiry() - 60);
            expiry.settlement = Settlement::Final;
            expiry.observed_share = if expiry.expiry() <= now { ONE } else { 0 };
        }
        state.expiries.retain(|expiry| expiry.expiry() > now + 120 || expiry.expiry() + 120 < now);
        let of = |now: u64| assess(&book, &state, &parameters(), now).unwrap();
        let (one, other) = (of(now), of(now + 60));
        let most = 0.01 * notional(&book, &market) + 1e-9;
        prop_assert!((number(one.initial_requirement) - number(other.initial_requirement)).abs() <= most);
        prop_assert!((number(one.maintenance_requirement) - number(other.maintenance_requirement)).abs() <= most);
    }

    #[test]
    fn requirements_are_continuous_in_every_price(book in books(16), market in markets(), which in 0_usize..4, slow in 0.9_f64..1.1) {
        let mut market = market;
        let index = market.underlyings[0].index;
        market.underlyings[0].slow_price = Some((index as f64 * slow) as u128);
        let mut moved = market.clone();
        let nudge = |price: &mut u128| *price += *price / 1_000_000;
        match which {
            0 => nudge(&mut moved.underlyings[0].index),
            1 => nudge(&mut moved.underlyings[0].perpetual.as_mut().unwrap().mark),
            2 => moved.expiries.iter_mut().for_each(|expiry| nudge(&mut expiry.forward)),
            _ => moved.underlyings[0].slow_price = moved.underlyings[0].slow_price.map(|price| price + price / 1_000_000),
        }
        let of = |market: &Market| assess(&book, market, &parameters(), NOW).unwrap();
        let (one, other) = (of(&market), of(&moved));
        let collateral: f64 = book.collateral().iter().map(|held| held.amount as f64 / 1e18 * 150_000.0).sum();
        // An hour before expiry and less, options turn with a gamma of many notionals.
        let most = 2e-4 * (notional(&book, &market) + collateral) + 1e-9;
        prop_assert!((number(one.initial_requirement) - number(other.initial_requirement)).abs() <= most);
        prop_assert!((number(one.maintenance_requirement) - number(other.maintenance_requirement)).abs() <= most);
    }

    #[test]
    fn a_book_of_options_never_needs_more_than_it_can_lose(
        legs in prop::collection::vec((any::<bool>(), 4_u64..25, -50_i64..50), 1..12), tenor in 1_usize..TENORS.len(), eth in 2_000.0_f64..5_000.0,
        vol in 0.2_f64..1.2,
    ) {
        let state = market(eth, 90_000.0, vol, false);
        let mut lines = std::collections::BTreeMap::new();
        for (is_call, level, contracts) in legs {
            let kind = if is_call { Kind::Call } else { Kind::Put };
            *lines.entry((kind, level * 250)).or_insert(0) += contracts;
        }
        let legs: Vec<Leg> = lines
            .iter()
            .filter(|(_, contracts)| **contracts != 0)
            .map(|((kind, strike), contracts)| (*kind, TENORS[tenor], *strike, *contracts as f64))
            .collect();
        let held = book(&legs, 0.0, &state);
        let figures = figures(&held, &state);
        let payoff = |price: f64| -> f64 {
            let one = |(kind, _, strike, contracts): &Leg| {
                let strike = *strike as f64;
                contracts * if *kind == Kind::Call { (price - strike).max(0.0) } else { (strike - price).max(0.0) }
            };
            legs.iter().map(one).sum()
        };
        let prices = legs.iter().map(|leg| leg.2 as f64).chain([0.0, 6.0 * eth]);
        let least = prices.map(payoff).fold(f64::INFINITY, f64::min);
        // What is short of calls on balance loses without end: each leaves room of the index at least.
        let calls: f64 = legs.iter().filter(|leg| leg.0 == Kind::Call).map(|leg| leg.3).sum();
        let most = (float(figures.equity) - least).max(-calls * eth).max(0.0);
        let asked = number(figures.initial_requirement);
        prop_assert!(asked <= most * (1.0 + 1e-9) + 1e-6, "{asked} of {most}");
    }

    #[test]
    fn a_broken_part_is_worth_at_least_its_bound_at_any_age(book in books(12), market in markets(), age in 0_u64..500_000, level in 0_u8..5) {
        let mut state = market;
        state.underlyings[0].validity = [
            Validity::Invalid, Validity::TooVolatile, Validity::TooUncertain, Validity::StaleForMargin, Validity::Valid,
        ][usize::from(level)];
        state.underlyings[0].updated_at = NOW - age;
        let of = |state: &Market| assess(&book, state, &parameters(), NOW).unwrap();
        let here = of(&state);
        prop_assert!(here.initial_excess() <= here.maintenance_excess());
        let mut valid = state.clone();
        valid.underlyings[0].validity = Validity::Valid;
        let sound = of(&valid);
        prop_assert_eq!(here.last_equity, sound.equity);
        prop_assert!(here.last_requirement.abs_diff(sound.maintenance_requirement) <= U256::from(2));
        prop_assert!(here.healthy_requirement <= here.last_requirement);
        // A minute moves a 4,320th of the way.
        state.underlyings[0].updated_at = NOW - age - 60;
        let later = of(&state);
        let way = (here.last_equity - here.equity).unsigned_abs() + here.last_requirement;
        prop_assert!(number((later.close_excess() - here.close_excess()).unsigned_abs()) <= number(way) / 4_319.0 + 1e-9);
        // One scenario bounds the close excess.
        let numbers = novate_risk::breakdown(&book, &state, &parameters(), NOW).unwrap().len();
        let bound = excess_under(&book, &state, &parameters(), NOW, &vec![7; numbers]).unwrap();
        prop_assert!(bound >= later.close_excess());
    }
}

#[test]
fn a_negative_cap_of_the_skew_turns_it_inside_out() {
    // Nine years: 0.25 - 0.1 * 3 = -0.05. A wing of |k| = 2 kstar then moves by 2 * 5%, the other way; at the money by 5%.
    let mut state = flat(calm(), 0.5);
    let hours = HOURS + 9 * 8_760;
    let expiry = &mut state.expiries[5];
    expiry.expiry_hours = hours;
    let tau = (expiry.expiry() - expiry.model_time) as f64 / 31_536_000.0;
    expiry.surface =
        Surface::Svi { a: (0.25 * tau * 1e18) as i64, b: 0, rho: 0, m: 0, sigma: ONE / 10 };
    (expiry.rate, expiry.forward) = (0, wad(PRICE));
    let mut terms = parameters();
    terms.corrections = Corrections::NONE;
    terms.skew.width = ONE / 10; // kstar = 3 * 0.1 * 0.6 = 0.18
    terms.scenarios.retain(|scenario| scenario.volatility.is_skew());
    (terms.long.base, terms.long.addition) = (ONE, 0);
    let value = |vol: f64, strike: f64| {
        let s = vol * 3.0;
        let d1 = (PRICE / strike).ln() / s + s / 2.0;
        let cdf = |x: f64| 0.5 * erfc(-x / 2_f64.sqrt());
        PRICE * cdf(d1) - strike * cdf(d1 - s)
    };
    for strike in [3_000_u64, 4_500] {
        let call = Instrument::call(1, hours, Strike::whole(strike).unwrap()).unwrap();
        let position = Position { instrument: call.id(), quantity: 1_000_000 };
        let held = Book::new(I256::ZERO, vec![position], vec![], vec![]).unwrap();
        let (outcomes, _) = novate_risk::loss_vector(&held, &state, &terms, NOW, 1).unwrap();
        let k = (strike as f64 / PRICE).ln();
        let turn = 1.0 - 0.05 * (k / 0.18).max(1.0);
        let expected = -(value(0.5 * turn, strike as f64) - value(0.5, strike as f64)).abs();
        for outcome in &outcomes {
            let given = float(outcome.pnl);
            assert!(
                (given - expected).abs() < 1e-3 * expected.abs(),
                "{strike}: {given} {expected}"
            );
        }
    }
}

/// Abramowitz and Stegun 7.1.26: 1.5e-7 is enough here.
fn erfc(x: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.327_591_1 * x.abs());
    let poly = t
        * (0.254_829_592
            + t * (-0.284_496_736
                + t * (1.421_413_741 + t * (-1.453_152_027 + t * 1.061_405_429))));
    let tail = poly * (-x * x).exp();
    if x < 0.0 { 2.0 - tail } else { tail }
}
