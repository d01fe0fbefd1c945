//! Positions as stored: any sequence of fills leaves what a plain map says, in few words, and a fill writes few of them.

use std::{collections::BTreeMap, vec::Vec};

use alloy_primitives::{B256, U256};
use novate_abi::IClearing::{self, Fill};
use novate_risk::{Instrument, Strike};
use proptest::prelude::*;

use super::bench::*;

/// Mark and price of everything: next to nothing.
const MARK: u128 = 1_000_000;
/// Greatest quantity that the short form holds, millionths.
const SHORT_MOST: u64 = (1 << 35) - 1;

fn option(underlying: u8, hours: u32, put: bool, strike: Strike) -> u64 {
    let build = if put { Instrument::put } else { Instrument::call };
    build(underlying, EXPIRY_HOURS + hours, strike).unwrap().id()
}

/// A bench on which trades of anything by anybody are free of margin.
fn bench() -> Bench {
    let bench = Bench::new();
    bench.told.borrow_mut().rate = 0;
    bench.told.borrow_mut().marks.clear();
    bench.told.borrow_mut().default_mark = Some(MARK);
    bench.told.borrow_mut().index = 1;
    bench.fund(ALICE, 1_000_000);
    bench.fund(BOB, 1_000_000);
    for underlying in 1..=40 {
        let cap = 10_000_000_000_000 * ONE;
        bench.send(GOVERNOR, &IClearing::setCapsCall { underlying, series: cap, account: cap });
    }
    bench
}

/// Alice gets `quantity` from Bob.
fn trade(bench: &Bench, instrument: u64, quantity: i64) {
    let (alice, bob) = (account(ALICE), account(BOB));
    let (buyer, seller) = if quantity > 0 { (alice, bob) } else { (bob, alice) };
    let fill = Fill {
        instrument,
        quantity: quantity.unsigned_abs(),
        price: MARK,
        buyer,
        seller,
        buyerIsMaker: true,
    };
    bench.send(VENUE, &IClearing::fillCall { fills: Vec::from([fill]) });
}

fn held(bench: &Bench) -> Vec<(u64, i64)> {
    let positions = bench.positions(ALICE);
    positions.iter().map(|position| (position.instrument, position.quantity)).collect()
}

/// A word of Alice's account.
fn word(bench: &Bench, place: u64) -> B256 {
    bench.world.storage(CLEARING, account_slot(ALICE) + U256::from(place))
}

/// Words of Alice's positions and of their series.
fn words(bench: &Bench) -> (usize, usize) {
    let count = |places: core::ops::Range<u64>| {
        places.filter(|place| word(bench, *place) != B256::ZERO).count()
    };
    (count(1..129), count(162..166))
}

fn strike() -> impl Strategy<Value = Strike> {
    prop_oneof![
        6 => (20..90_u64).prop_map(|hundreds| Strike::whole(hundreds * 100).unwrap()),
        1 => (1..1_u32 << 27, 0..=31_u8)
            .prop_filter_map("canonical", |(mantissa, exponent)| Strike::new(mantissa, exponent)),
        1 => (0..=1_u32, prop_oneof![Just(9_u8), Just(10), Just(25), Just(26)])
            .prop_map(|(more, exponent)| Strike::new((1 << 18) - 1 + more, exponent).unwrap()),
    ]
}

fn instrument() -> impl Strategy<Value = u64> {
    let hours = prop_oneof![4 => (0..4_u32).prop_map(|week| week * 168), 1 => 0..400_u32];
    let underlying = prop_oneof![8 => Just(1_u8), 1 => 2..=40_u8];
    prop_oneof![
        8 => (underlying.clone(), hours.clone(), any::<bool>(), strike())
            .prop_map(|(underlying, hours, put, strike)| option(underlying, hours, put, strike)),
        1 => (underlying.clone(), hours).prop_map(|(underlying, hours)| {
            Instrument::future(underlying, EXPIRY_HOURS + hours).unwrap().id()
        }),
        1 => underlying.prop_map(|underlying| Instrument::perpetual(underlying).unwrap().id()),
    ]
}

fn quantity() -> impl Strategy<Value = i64> {
    let most = SHORT_MOST.cast_signed();
    prop_oneof![
        8 => -9_000_000..9_000_000_i64,
        1 => prop_oneof![Just(most), Just(most + 1), Just(-most - 1), Just(-most - 2)],
        1 => -(1_i64 << 50)..1_i64 << 50,
    ]
    .prop_filter("not nothing", |quantity| *quantity != 0)
}

/// A trade: of something new, or of something held, then perhaps all of it.
#[derive(Debug, Clone)]
enum Step {
    New(u64, i64),
    Held(prop::sample::Index, i64),
    Close(prop::sample::Index),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        5 => (instrument(), quantity()).prop_map(|(id, quantity)| Step::New(id, quantity)),
        1 => (any::<prop::sample::Index>(), quantity()).prop_map(|(at, by)| Step::Held(at, by)),
        3 => any::<prop::sample::Index>().prop_map(Step::Close),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]
    #[test]
    fn storage_gives_back_what_was_traded(steps in prop::collection::vec(step(), 1..60)) {
        let bench = bench();
        let mut model: BTreeMap<u64, i64> = BTreeMap::new();
        for step in steps {
            let held_id = |at: prop::sample::Index| {
                (!model.is_empty()).then(|| *model.keys().nth(at.index(model.len())).unwrap())
            };
            let (id, quantity) = match step {
                Step::New(id, quantity) => (id, quantity),
                Step::Held(at, quantity) => match held_id(at) {
                    Some(id) => (id, quantity),
                    None => continue,
                },
                Step::Close(at) => match held_id(at) {
                    Some(id) => (id, -model[&id]),
                    None => continue,
                },
            };
            trade(&bench, id, quantity);
            let now = model.entry(id).or_default();
            *now += quantity;
            if *now == 0 {
                model.remove(&id);
            }
            prop_assert_eq!(held(&bench), model.clone().into_iter().collect::<Vec<_>>());
            let (positions, series) = words(&bench);
            let most = model.len().div_ceil(2);
            let short = model.len().div_ceil(4);
            prop_assert!(positions == most && series == 0 || positions == short && series > 0);
        }
    }
}

#[test]
fn forms_change_at_their_limits() {
    let bench = bench();
    let id = |number: u64| option(1, 0, false, Strike::whole(2_000 + number * 20).unwrap());
    for number in 1..=6 {
        trade(&bench, id(number), 1);
    }
    assert_eq!(words(&bench), (3, 0), "six in the long form");
    trade(&bench, id(7), 1);
    assert_eq!(words(&bench), (2, 1), "seven in the short one");
    trade(&bench, id(7), SHORT_MOST.cast_signed() - 1);
    assert_eq!(words(&bench), (2, 1), "the greatest quantity");
    trade(&bench, id(7), 1);
    assert_eq!(words(&bench), (4, 0), "one more");
    trade(&bench, id(7), -1);
    trade(&bench, id(8), -SHORT_MOST.cast_signed() - 1);
    assert_eq!(words(&bench), (2, 1), "the least");
    trade(&bench, id(8), -1);
    assert_eq!(words(&bench), (4, 0), "one less");
    for number in 1..=8 {
        let held: BTreeMap<u64, i64> = held(&bench).into_iter().collect();
        trade(&bench, id(number), -held[&id(number)]);
    }
    assert_eq!(words(&bench), (0, 0));
}

#[test]
fn a_table_that_overflows_or_wastes_a_word_is_made_anew() {
    let bench = bench();
    let strike = Strike::whole(2_000).unwrap();
    let id = |week: u32| option(1, week * 168, false, strike);
    for (week, count) in (0..33).zip(1_usize..) {
        trade(&bench, id(week), 1);
        let expected = match count {
            0..=6 => (count.div_ceil(2), 0),
            33 => (17, 0),
            _ => (count.div_ceil(4), count.div_ceil(8)),
        };
        assert_eq!(words(&bench), expected, "{count} series");
    }
    trade(&bench, id(0), -1);
    assert_eq!(words(&bench), (8, 4), "32 series again");
    for week in 1..9 {
        trade(&bench, id(week), -1);
    }
    assert_eq!(words(&bench), (6, 3), "24 are left");
}

#[test]
fn a_short_position_has_the_documented_bits() {
    let bench = bench();
    let put = option(1, 24, true, Strike::whole(2_420).unwrap());
    for number in 0..6_u64 {
        trade(&bench, option(1, 0, false, Strike::whole(2_000 + number).unwrap()), 1);
    }
    trade(&bench, put, -1_500_000);
    let word = |place| word(&bench, place);
    assert_eq!(word(162)[..4], (1 << 22 | EXPIRY_HOURS).to_be_bytes());
    assert_eq!(word(162)[4..8], (1 << 22 | (EXPIRY_HOURS + 24)).to_be_bytes());
    // Third in the second word: series 1, a put, 242 * 10^(17 - 16).
    let expected = 1_u64 << 59 | 1 << 58 | 7 << 54 | 242 << 36 | ((1 << 36) - 1_500_000);
    assert_eq!(word(2)[16..24], expected.to_be_bytes());
}

#[test]
fn a_new_position_writes_one_word_and_the_header() {
    let bench = bench();
    for number in 0..40_u64 {
        trade(&bench, option(1, 0, false, Strike::whole(3_000 + number * 20).unwrap()), 1);
    }
    let before: Vec<B256> = (1..129).map(|place| word(&bench, place)).collect();
    // Sorts before all that is held.
    trade(&bench, option(1, 0, false, Strike::whole(2_900).unwrap()), 1);
    let after: Vec<B256> = (1..129).map(|place| word(&bench, place)).collect();
    let changed = before.iter().zip(&after).filter(|(before, after)| before != after).count();
    assert_eq!(changed, 1);
}
