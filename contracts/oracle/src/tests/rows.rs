//! Attacks that were carried out, as the oracle's own part of them.

use novate_abi::IErrors;

use super::{
    movement::{follow, level, message, volatility},
    settlement::{DUE, START, observe},
    *,
};

/// Marks and forwards between messages and at them: nobody can see one part of a market without the other.
#[test]
fn row_2_an_index_moves_every_tenor_at_once() {
    let bench = Bench::new();
    let far = IOracle::ExpiryUpdate { forward: PRICE, ..flat(365, 60) };
    let near_one = IOracle::ExpiryUpdate { forward: PRICE, ..flat(30, 60) };
    bench.post(&message(&bench, PRICE, &[near_one.clone(), far.clone()]));
    let spread = |bench: &Bench| {
        let [a, b] = [near_one.expiry, far.expiry].map(|at| bench.expiry_now(at).forward);
        (a.abs_diff(b), a.abs_diff(bench.perpetual_now().mark))
    };
    assert_eq!(spread(&bench), (0, 0));
    bench.wait(30);
    bench.feed_answers(ANSWER / 100 * 101);
    assert_eq!(spread(&bench), (0, 0), "the feed moved, no message yet");
    // A message cut to one of its expiries is another message.
    let whole = IOracle::MarketUpdate {
        indexReference: PRICE / 100 * 101,
        perpetualMark: PRICE / 100 * 101,
        ..message(
            &bench,
            PRICE,
            &[near_one.clone(), far.clone()]
                .map(|entry| IOracle::ExpiryUpdate { forward: PRICE / 100 * 101, ..entry }),
        )
    };
    let call = bench.signed(&whole);
    let mut cut = call.clone();
    cut.update.expiries.pop();
    assert!(IErrors::InvalidSignature::abi_decode(&bench.refusal(ANYONE, &cut)).is_ok());
    bench.world.send(ANYONE, ORACLE, &call).unwrap();
    assert_eq!(spread(&bench), (0, 0), "the message is stored whole");
    // And it can't be relayed a second time, nor an older one after it.
    assert!(IOracle::InvalidModelTime::abi_decode(&bench.refusal(ANYONE, &call)).is_ok());
}

/// A message that was made at another index changes no spread when it arrives.
#[test]
fn row_3_a_message_that_arrives_late_leaves_spreads_alone() {
    let bench = Bench::new();
    let entries = [flat(30, 60), flat(365, 60)];
    bench.post(&message(&bench, PRICE, &entries));
    bench.wait(10);
    let made = IOracle::MarketUpdate { modelTime: bench.now(), ..message(&bench, PRICE, &entries) };
    bench.wait(100);
    bench.feed_answers(ANSWER / 100 * 102);
    let before = entries.clone().map(|entry| bench.expiry_now(entry.expiry).forward);
    bench.post(&made);
    let after = entries.map(|entry| bench.expiry_now(entry.expiry).forward);
    assert_eq!(before, after);
    assert_eq!(bench.perpetual_now().mark, PRICE / 100 * 102);
}

/// Row 1's post of one forward a dollar higher moves that forward, within half the calendar charge and no farther.
#[test]
fn row_1_a_forward_moves_less_than_the_charge_that_guards_it() {
    let bench = Bench::new();
    bench.post(&message(&bench, PRICE, &[flat(30, 60), flat(365, 60)]));
    bench.wait(60);
    bench.feed_answers(ANSWER);
    let higher = IOracle::ExpiryUpdate { forward: PRICE / 100 * 102, ..flat(30, 60) };
    bench.post(&message(&bench, PRICE, &[higher, flat(365, 60)]));
    let moved = bench.expiry_now(EXPIRY).forward - PRICE;
    // Half of 0.5% + 2% sqrt(30/365).
    assert!(near(moved, PRICE / 1_000_000 * 5_367) || moved < PRICE / 1_000_000 * 5_368, "{moved}");
}

/// Every second of the window is shocked until it is observed; what is observed can't be.
#[test]
fn row_6_what_is_observed_of_a_window_is_all_that_cannot_move() {
    let bench = Bench::new();
    bench.post(&message(&bench, PRICE, &[expiry()]));
    let start = EXPIRY - 1_800;
    bench.world.set_timestamp(EXPIRY - 10);
    bench.feed.borrow_mut().set(PHASE + 2, ANSWER, start);
    bench.feed.borrow_mut().set(PHASE + 3, ANSWER / 1_000 * 990, start + 900);
    bench.feed.borrow_mut().set(PHASE + 4, ANSWER / 1_000 * 985, EXPIRY - 20);
    // Ten seconds before expiry nobody has observed anything: all of it moves.
    let blind = bench.expiry_now(EXPIRY);
    assert_eq!((blind.forward, blind.forward_variable), (PRICE / 1_000 * 985, PRICE / 1_000 * 985));
    let rounds = [2, 3, 4].map(|number| U80::from(PHASE + number)).to_vec();
    bench
        .world
        .send(ANYONE, ORACLE, &IOracle::observeCall { underlying: ETH, expiry: EXPIRY, rounds })
        .unwrap();
    let seen = bench.expiry_now(EXPIRY);
    assert_eq!(seen.forward_variable, PRICE / 1_000 * 985 * 20 / 1_800);
    let average = (PRICE * 900 + PRICE / 1_000 * 990 * 880 + PRICE / 1_000 * 985 * 20) / 1_800;
    assert!(near(seen.forward, average));
}

/// A feed that dies, a refused round, a change of phase: a price is found in each case.
#[test]
fn row_11_every_window_comes_to_a_price() {
    // One refused round.
    let bench = Bench::with_rounds(&[START - 1, START + 1, START + 2, START + 3, DUE]);
    bench.feed.borrow_mut().set(PHASE + 3, 0, START + 2);
    bench.observe(&[1, 2, 3, 4, 5]);
    assert!(bench.settled().0 > 0);
    // A change of phase.
    let bench = Bench::with_rounds(&[START - 1, START + 1, START + 2]);
    bench.feed.borrow_mut().set(2 * PHASE + 1, ANSWER, DUE - 500);
    bench.feed.borrow_mut().set(2 * PHASE + 2, ANSWER, DUE + 1);
    bench.observe(&[1, 2, 3, 2 * PHASE + 1, 2 * PHASE + 2]);
    assert!(bench.settled().0 > 0);
    // The feed died before expiry, its history stands: two days.
    let bench = Bench::with_rounds(&[START - 1, START + 1]);
    bench.observe(&[1, 2]);
    assert_eq!(bench.nothing(&[3]).0, 0);
    bench.world.set_timestamp(DUE + 48 * HOUR);
    let round = U80::from(PHASE + 2);
    let call = IOracle::settleByLastRoundCall { underlying: ETH, expiry: DUE, round };
    bench.world.send(ANYONE, ORACLE, &call).unwrap();
    assert!(bench.settled().1);
    // It is gone altogether: nine days.
    let bench = Bench::new();
    bench.world.remove(FEED);
    bench.world.set_timestamp(DUE + 48 * HOUR);
    bench.govern(&IOracle::announceSettlementCall { underlying: ETH, expiry: DUE, price: PRICE });
    bench.wait(7 * DAY);
    let call = IOracle::settleAsAnnouncedCall { underlying: ETH, expiry: DUE };
    bench.world.send(ANYONE, ORACLE, &call).unwrap();
    assert_eq!(bench.settled(), (PRICE, true));
}

/// A mark that nobody relayed for 55 minutes can't be stored; a premium is against the message's own reference.
#[test]
fn row_13_an_old_mark_is_not_stored_and_a_premium_is_its_messages_own() {
    let bench = Bench::new();
    let old = IOracle::MarketUpdate { perpetualMark: PRICE / 100 * 98, ..market() };
    bench.wait(55 * 60);
    bench.feed_answers(ANSWER);
    assert!(IOracle::InvalidModelTime::abi_decode(&bench.refused(&old)).is_ok());
    // The index moved 2% since the message was made: no premium comes of it.
    bench.post(&message(&bench, PRICE, &[]));
    bench.wait(60);
    let made = message(&bench, PRICE, &[]);
    bench.wait(60);
    bench.feed_answers(ANSWER / 100 * 98);
    bench.post(&made);
    let interest = PRICE / 100 * 98 / 10_000 / 86_400;
    assert!(near(bench.perpetual().fundingRate.unsigned_abs().into(), interest));
    assert!(near(bench.perpetual().mark.to(), PRICE / 100 * 98));
}

/// No part of a market can be relayed before another.
#[test]
fn row_18_a_mark_without_its_surfaces_is_no_message() {
    let bench = Bench::new();
    let call = bench.signed(&market());
    let mut part = call.clone();
    part.update.expiries.clear();
    assert!(IErrors::InvalidSignature::abi_decode(&bench.refusal(ANYONE, &part)).is_ok());
    let mut part = call;
    part.update.perpetualMark = 0;
    assert!(IErrors::InvalidSignature::abi_decode(&bench.refusal(ANYONE, &part)).is_ok());
}

/// What a broken or bribed publisher signs leaves the series alive.
#[test]
fn row_19_no_message_ends_a_series() {
    let bench = Bench::new();
    bench.post(&message(&bench, PRICE, &[flat(7, 60), flat(30, 60)]));
    bench.wait(60);
    bench.feed_answers(ANSWER);
    let last = IOracle::MarketUpdate { modelTime: u64::MAX, ..market() };
    assert!(IOracle::InvalidModelTime::abi_decode(&bench.refused(&last)).is_ok());
    let thirty = IOracle::ExpiryUpdate { forward: PRICE / 100, ..expiry() };
    let update = message(&bench, PRICE, &[thirty]);
    assert!(IErrors::ParameterOutOfBounds::abi_decode(&bench.refused(&update)).is_ok());
    // Contradicting calendars, and a volatility of nothing: neither is taken.
    let nothing = IOracle::ExpiryUpdate { a: i40(0), b: 0, ..flat(365, 60) };
    bench.post(&message(
        &bench,
        PRICE,
        &[flat(7, 60), level(&bench, EXPIRY, 20.0), nothing.clone()],
    ));
    let refusals: Vec<u8> = bench.told().iter().rev().take(3).map(|told| told.refusal).collect();
    assert_eq!(refusals, [1, 5, 0]);
    assert_eq!(bench.state(nothing.expiry).modelTime, 0);
    // The next honest message is taken whole.
    bench.wait(60);
    bench.feed_answers(ANSWER);
    bench.post(&message(&bench, PRICE, &[flat(7, 60), flat(30, 60), flat(365, 60)]));
    let honest: Vec<bool> =
        bench.told().iter().rev().take(3).map(|told| told.surfaceTaken).collect();
    assert_eq!(honest, [true; 3]);
    assert_eq!(bench.state(EXPIRY).modelTime, bench.now());
}

/// A feed is set only with a look at its price.
#[test]
fn row_21_a_new_feed_is_near_the_last_price_or_the_one_named() {
    let bench = Bench::new();
    let other = Address::repeat_byte(0xfe);
    let feed = install(&bench.world, other);
    let set = |underlying: u8, expected: u128| {
        let mut call = set_feed();
        (call.underlying, call.feed.feed, call.expectedPrice) = (underlying, other, expected);
        call
    };
    let out = |price: u128, near: u128| {
        let [price, least, most] = [price, near / 10 * 9, near / 10 * 11].map(U256::from);
        encoded(&IOracle::PriceOutOfRange { price, least, most })
    };
    assert_eq!(bench.refusal(GOVERNOR, &set(ETH, 0)), out(0, PRICE), "no answer");
    feed.borrow_mut().set(1, ANSWER * 2, NOW);
    assert_eq!(bench.refusal(GOVERNOR, &set(ETH, 0)), out(PRICE * 2, PRICE));
    feed.borrow_mut().set(1, ANSWER / 10 * 11 + 1, NOW);
    assert!(IOracle::PriceOutOfRange::abi_decode(&bench.refusal(GOVERNOR, &set(ETH, 0))).is_ok());
    feed.borrow_mut().set(1, ANSWER, NOW - 7_321);
    assert_eq!(bench.refusal(GOVERNOR, &set(ETH, 0)), out(0, PRICE), "too old");
    feed.borrow_mut().set(1, ANSWER / 10 * 11, NOW);
    bench.govern(&set(ETH, 0));
    assert_eq!(bench.index_now().price, PRICE / 10 * 11);
    // The first feed of an underlying needs a price to be named.
    assert_eq!(bench.refusal(GOVERNOR, &set(2, 0)), out(PRICE / 10 * 11, 0));
    assert_eq!(bench.refusal(GOVERNOR, &set(2, PRICE * 2)), out(PRICE / 10 * 11, PRICE * 2));
    bench.govern(&set(2, PRICE));
    // And so does one that is far from the last.
    feed.borrow_mut().set(2, ANSWER * 3, NOW);
    bench.govern(&set(2, PRICE * 3));
    let index = bench.view(&IOracle::indexPriceCall { underlying: 2 });
    assert_eq!((index.price, index.validity), (U256::from(PRICE * 3), 4));
    assert_eq!(index.slowPrice, U256::from(PRICE * 3));
}

/// Three messages that somebody held back, in one transaction, and what one message may move.
#[test]
fn row_27_held_messages_move_no_more_than_one_and_the_refill_between_them() {
    let bench = Bench::new();
    let percent = PRICE / 100;
    let year = NOW + 365 * DAY;
    let first = IOracle::ExpiryUpdate { rate: 50_000_000, ..level(&bench, year, 60.0) };
    bench.post(&message(&bench, percent * 98, &[first]));
    // An hour later three messages at two, one and no minutes of age: mark to +2%, volatility to 75, rate to 25%.
    bench.wait(HOUR);
    bench.feed_answers(ANSWER);
    for age in [120, 60, 0] {
        let jump = IOracle::ExpiryUpdate { rate: 250_000_000, ..level(&bench, year, 75.0) };
        bench.post(&IOracle::MarketUpdate {
            modelTime: bench.now() - age,
            ..message(&bench, percent * 102, &[jump])
        });
    }
    let moved = bench.perpetual().mark.to::<u128>() - percent * 98;
    // 0.25%, and a fifth of it for the two minutes between.
    assert!(moved <= percent / 4 / 10 * 12, "{moved}");
    // A point, and a fifth for the two minutes between.
    assert!(bench.state(year).rate <= 62_000_000);
    // A year's volatility may rise by 20% (30/365)^0.13 = 14.45%: 25% is refused, whoever sends it.
    assert!((volatility(&bench, year) - 60.0).abs() < 1e-3);
    assert_eq!(bench.state(year).volatilityConfidence, 0);
    // In eighths the three together bring no more than the allowance and a fifth.
    bench.wait(HOUR);
    bench.feed_answers(ANSWER);
    for (age, percent) in [(120, 68.6), (60, 69.4), (0, 75.0)] {
        let part = IOracle::ExpiryUpdate { rate: 62_000_000, ..level(&bench, year, percent) };
        let update = message(&bench, PRICE, &[part]);
        bench.post(&IOracle::MarketUpdate { modelTime: bench.now() - age, ..update });
    }
    let reached = volatility(&bench, year);
    assert!(reached <= 60.0 * (1.0 + 0.1446 * 1.2) && reached > 68.0, "{reached}");
}

/// The average closes only when it covers the window to its last second.
#[test]
fn row_29_a_window_observed_in_part_is_not_closed() {
    // 3,000 for ten minutes, then 2,900: the average is 2,933.
    let bench = Bench::with_rounds(&[]);
    for (number, answer, time) in [
        (1, ANSWER, START),
        (2, ANSWER, START + 300),
        (3, ANSWER / 30 * 29, START + 600),
        (4, ANSWER / 30 * 29, DUE + 9),
    ] {
        bench.feed.borrow_mut().set(PHASE + number, answer, time);
    }
    bench.observe(&[1, 2]);
    assert_eq!(bench.settled(), (0, false));
    assert_eq!(bench.nothing(&[4]), (2, PHASE + 3), "no round is left out");
    let expired = bench.view(&IOracle::snapshotCall { series: Vec::from([1 << 22]) });
    assert!(!expired.is_empty());
    assert_eq!(bench.refusal(ANYONE, &observe(&[])).len(), 4 + 4 * 32);
    bench.observe(&[3]);
    assert_eq!(bench.settlement().observedShare, ONE / 3);
    bench.observe(&[4]);
    assert_eq!(bench.settled().0, (PRICE * 600 + PRICE / 30 * 29 * 1_200) / 1_800);
}

/// Volatility 60 to 85 in three minutes, and 60 to 110 in twenty, a message a minute.
#[test]
fn row_40_a_jump_of_volatility_arrives_within_minutes() {
    let jump = |most: f64, minutes: u64| {
        move |minute: u64| 60.0 + (most - 60.0) * (minute.min(minutes) as f64 / minutes as f64)
    };
    let (arrived, refused) = follow(&Bench::new(), jump(85.0, 3), 40);
    assert!(arrived <= 20 && refused <= 2, "{arrived} {refused}");
    let (arrived, refused) = follow(&Bench::new(), jump(110.0, 20), 60);
    assert!(arrived <= 40 && refused <= 2, "{arrived} {refused}");
}

/// A feed with one round in the window: nothing counts as observed, and the first round after expiry is the price.
#[test]
fn row_41_a_window_with_one_round_is_not_observed() {
    let bench = Bench::with_rounds(&[START - 600, START + 1_000]);
    bench.observe(&[1, 2]);
    let read = bench.settlement();
    assert_eq!((read.observedShare, read.average, read.rounds, read.price), (0, 0, 2, 0));
    bench.feed.borrow_mut().set(PHASE + 3, ANSWER / 1_000 * 1_005, DUE + 30);
    bench.observe(&[3]);
    assert_eq!(bench.settled(), (PRICE / 1_000 * 1_005, false));
    // Rounds that are observed but never closed: anyone closes them, at any time.
    let open = Bench::with_rounds(&[START - 600, START + 1_000, START + 1_100, START + 1_200]);
    open.observe(&[1, 2, 3, 4]);
    open.feed.borrow_mut().set(PHASE + 5, ANSWER, DUE + 1);
    open.wait(30 * DAY);
    open.observe(&[5]);
    assert!(open.settled().0 > 0);
}
