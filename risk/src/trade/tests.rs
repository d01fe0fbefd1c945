//! Trades at the mark against trades at their prices, and what reducing may cost.

use alloc::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::instrument::Strike;

const WAD: u128 = 1_000_000_000_000_000_000;

fn money(units: i128) -> I256 {
    I256::try_from(units).unwrap()
}

fn perpetual() -> u64 {
    Instrument::perpetual(1).unwrap().id()
}

fn future() -> u64 {
    Instrument::future(1, 490_000).unwrap().id()
}

fn option() -> u64 {
    Instrument::call(1, 490_000, Strike::whole(3_000).unwrap()).unwrap().id()
}

fn price() -> impl Strategy<Value = u128> {
    prop_oneof![1..4 * WAD, 2_500 * WAD..3_500 * WAD, any::<u64>().prop_map(u128::from)]
}

fn mark() -> impl Strategy<Value = Reference> {
    (price(), -1_000_000_000_000_000_000_i64..1_000_000_000_000_000_000)
        .prop_map(|(price, funding)| Reference { price, funding: funding.into() })
}

fn trade() -> impl Strategy<Value = Trade> {
    let instrument = prop::sample::select(Vec::from([perpetual(), future(), option()]));
    (instrument, -9_000_000_i64..9_000_000, price())
        .prop_filter("something", |(_, quantity, _)| *quantity != 0)
        .prop_map(|(instrument, quantity, price)| Trade { instrument, quantity, price })
}

/// Equity without options, 1e-24.
fn worth(book: &Book, marks: &[(u64, Reference)]) -> Fine {
    Fine::from_wad(book.cash()).plus(book.worth(marks))
}

proptest! {
    #[test]
    fn two_ways_to_trade_differ_by_the_revaluation(
        history in prop::collection::vec((trade(), mark()), 0..5),
        trades in prop::collection::vec(trade(), 1..6),
        perpetual_mark in mark(),
        future_mark in mark(),
    ) {
        let mut book = Book::with_cash(money(5)).unwrap();
        for (trade, mark) in history {
            book.trade(&trade, Some(mark)).unwrap();
        }
        let marks = [(perpetual(), perpetual_mark), (future(), future_mark)];
        let (mut provisional, mut done) = (book.clone(), book.clone());
        let mut moved = I256::ZERO;
        for trade in &trades {
            provisional.trade(trade, None).unwrap();
            let mark = marks.iter().find(|(id, _)| *id == trade.instrument).map(|(_, mark)| *mark);
            moved += done.trade(trade, mark).unwrap().total();
        }
        prop_assert_eq!(done.cash(), book.cash() + moved);
        prop_assert_eq!(done.positions(), provisional.positions());
        let change = revaluation(&provisional, &done, &marks);
        let exact = worth(&done, &marks).minus(worth(&provisional, &marks));
        prop_assert_eq!(change, exact.to_wad_down());
        // Funding aside the two differ by roundings alone: at most three a trade.
        let most = money(3 * i128::try_from(trades.len()).unwrap() + 1);
        let mut still = marks;
        for (id, mark) in &mut still {
            mark.funding = book.reference(*id).funding;
        }
        let mut quiet = book.clone();
        for trade in &trades {
            let mark = still.iter().find(|(id, _)| *id == trade.instrument).map(|(_, mark)| *mark);
            quiet.trade(trade, mark).unwrap();
        }
        let change = revaluation(&provisional, &quiet, &still);
        prop_assert!(change.abs() <= most, "{}", change);
        // What is traded is settled to the mark.
        for held in done.holdings().filter(|held| !held.instrument.is_option()) {
            let id = held.instrument.id();
            if trades.iter().any(|trade| trade.instrument == id) {
                let (_, mark) = marks.iter().find(|(known, _)| *known == id).unwrap();
                prop_assert_eq!(held.reference, marked(&held.instrument, *mark));
            }
        }
    }

    #[test]
    fn equity_at_the_mark_moves_by_the_distance_of_the_price_alone(
        history in prop::collection::vec((trade(), mark()), 0..5),
        trade in trade(),
        mark in mark(),
    ) {
        prop_assume!(trade.instrument != option());
        let mut book = Book::default();
        for (trade, mark) in history {
            book.trade(&trade, Some(mark)).unwrap();
        }
        let marks = [(trade.instrument, mark)];
        let before = worth(&book, &marks);
        let mut after = book;
        after.trade(&trade, Some(mark)).unwrap();
        let quantity = i128::from(trade.quantity);
        let better = price_times(mark.price, quantity) - price_times(trade.price, quantity);
        let lost = before.plus(Fine(better)).minus(worth(&after, &marks));
        prop_assert!(!lost.is_negative() && lost.0 <= money(3_000_000), "{:?}", lost);
        // Settling again moves nothing.
        let again = after.settle_at_mark(trade.instrument, mark).unwrap();
        prop_assert_eq!(again, Moved::default());
    }

    #[test]
    fn two_sides_of_a_trade_lose_what_rounding_takes(trade in trade(), mark in mark()) {
        let other = Trade { quantity: -trade.quantity, ..trade };
        let sides = [trade, other].map(|side| Book::default().trade(&side, Some(mark)).unwrap());
        let sum = sides[0].total() + sides[1].total();
        prop_assert!(sum == I256::ZERO || sum == I256::MINUS_ONE);
    }

    #[test]
    fn a_concession_is_bounded_and_continuous(
        equity in -10_000_i128..10_000,
        requirement in 0_u128..10_000,
        relief in 0_u128..10_000,
    ) {
        let unit = 1_000_000_000_000_u128;
        let most = most_concession(
            money(equity) * money(unit.cast_signed()),
            U256::from(requirement * unit),
            U256::from(relief * unit),
        );
        let e = equity as f64 / requirement as f64;
        let share = if requirement == 0 { 0.0 } else { (2.0 * e - 1.0).clamp(0.0, 0.25) };
        let expected = share * (relief * unit) as f64;
        let most: u128 = most.to();
        prop_assert!((most as f64 - expected).abs() <= 1e-9 * expected + 1.0, "{most} {expected}");
    }
}

#[test]
fn without_a_mark_what_stays_keeps_its_reference() {
    let mut book = Book::default();
    let buy = Trade { instrument: future(), quantity: 3_000_000, price: 100 * WAD };
    book.trade(&buy, Some(Reference { price: 100 * WAD, funding: 0 })).unwrap();
    let sell = Trade { quantity: -1_000_000, price: 150 * WAD, ..buy };
    let moved = book.trade(&sell, None).unwrap();
    assert_eq!((moved.gain, moved.traded), (money(50 * WAD.cast_signed()), I256::ZERO));
    assert_eq!(book.reference(future()).price, 100 * WAD);
    assert_eq!(book.quantity(future()), 2_000_000);
}

#[test]
fn closing_is_only_what_makes_a_position_smaller() {
    for (held, quantity, expected) in [
        (0, 1, false),
        (5, 4, true),
        (5, 0, true),
        (5, 5, false),
        (5, 6, false),
        (5, -1, false),
        (-5, -4, true),
        (-5, 0, true),
        (-5, 1, false),
        (i64::MIN, i64::MIN + 1, true),
    ] {
        assert_eq!(closes(held, quantity), expected, "{held} {quantity}");
    }
}
