//! Expiry: the window, claims until the price is final, disputes, and feeds that die or change on the way.

use alloy_primitives::{B256, I256, aliases::U80};
use novate_abi::{IClearing, IOracle};
use novate_testbed::{
    House, Leg, Trader, call, dollars, dollars_of, future,
    house::{ANYONE, ETH, GOVERNOR, GUARDIAN, NOW, ORACLE},
    perpetual, put,
    units::{DAY, HOUR, MINUTE},
    wad,
};

use crate::{close, house_with, largest, leaves_whole, nobody_sinks};

const EXPIRY: u64 = NOW + DAY;

/// Passes the time to `end` with a round and a message a minute, at an index that goes linearly from where it is to `goal`.
fn drift(house: &House, end: u64, goal: f64) {
    let (start, from) = (house.now(), house.index());
    while house.now() < end {
        house.wait(MINUTE.min(end - house.now()));
        let way = (house.now() - start) as f64 / (end - start) as f64;
        house.set_index(from + (goal - from) * way);
        house.publish();
    }
}

/// To half an hour before expiry, without much ado.
fn to_the_window(house: &House) {
    while house.now() < EXPIRY - 30 * MINUTE {
        house.wait((20 * MINUTE).min(EXPIRY - 30 * MINUTE - house.now()));
        house.refresh();
    }
}

/// Observes what there is so far.
fn observe_so_far(house: &House) -> Result<(), novate_testbed::Refusal> {
    let seen = house.settlement(EXPIRY);
    let rounds = house.feed.window(EXPIRY - 30 * MINUTE, EXPIRY);
    let rest: Vec<U80> = rounds.into_iter().filter(|round| *round > seen.lastRound).collect();
    if rest.is_empty() { Ok(()) } else { house.observe(EXPIRY, rest) }
}

fn to_final(house: &House) {
    house.wait(MINUTE);
    house.set_index(house.index());
    observe_so_far(house).unwrap();
    house.publish();
    house.pass(2 * HOUR + MINUTE, 20 * MINUTE);
    assert!(
        house
            .view(ORACLE, &IOracle::settlementPriceCall { underlying: ETH, expiry: EXPIRY })
            .isFinal
    );
}

#[test]
fn row_6_the_last_seconds_need_margin_for_what_is_not_observed() {
    for (observed, silent) in [(false, false), (true, false), (false, true), (true, true)] {
        for goal in [2_955.0, 3_045.0] {
            let (house, _, depositor) = house_with(1_000_000.0);
            let (ours, friend) = (house.funded(1, 120_000.0), house.funded(2, 120_000.0));
            to_the_window(&house);
            if silent {
                // The last message is 20 minutes old.
                drift(&house, EXPIRY - 20 * MINUTE, house.index() + (goal - 3_000.0) / 3.0);
                while house.now() < EXPIRY - 10 {
                    house.wait(MINUTE.min(EXPIRY - 10 - house.now()));
                    house.set_index(goal);
                }
            } else {
                drift(&house, EXPIRY - 10, goal);
            }
            if observed {
                observe_so_far(&house).unwrap();
            }
            let instrument = future(ETH, EXPIRY);
            let mark = house.mark(instrument);
            let fits = |size: f64| {
                let best = if goal < 3_000.0 { mark * 0.951 } else { mark * 1.049 };
                house.world.trying(|_| house.trade(&ours, &friend, instrument, size, best).is_ok())
            };
            let unobserved = 1.0
                - dollars_of(alloy_primitives::U256::from(house.settlement(EXPIRY).observedShare));
            for (buyer, seller) in [(&ours, &friend), (&friend, &ours)] {
                house.world.trying(|_| {
                    let size = largest(20_000.0, &fits);
                    house.trade_at_mark(buyer, seller, instrument, size).ok();
                    let figures = house.figures(buyer);
                    if !observed {
                        assert!(
                            figures.initial >= 0.17 * size * mark * unobserved,
                            "{figures:?} {size}"
                        );
                    }
                    to_final(&house);
                    nobody_sinks(&house, &[&ours, &friend]);
                    house.settle(&[&ours, &friend]).unwrap();
                    let taken = house.extractable(&[&ours, &friend]);
                    assert!(taken <= 240_000.0 + 1e-3, "{observed} {silent} {goal}: {taken}");
                    leaves_whole(&house, &depositor);
                });
                house.world.set_timestamp(EXPIRY - 10);
                forget_rounds(&house, EXPIRY - 10);
            }
        }
    }
}

/// Takes the feed's rounds after `time` back.
fn forget_rounds(house: &House, time: u64) {
    for feed in [&house.feed, &house.stable] {
        feed.state.borrow_mut().rounds.retain(|_, round| round.2 <= time);
    }
}

#[test]
fn row_10_a_claim_is_not_an_exposure() {
    let (house, _, depositor) = house_with(1_000_000.0);
    let (short, other) = (house.funded(1, 8_000.0), house.funded(2, 1_000_000.0));
    let (tiny, far) = (house.funded(3, 560.0), house.funded(4, 1_000_000.0));
    house.pass(DAY - 4 * HOUR, 20 * MINUTE);
    drift(&house, EXPIRY - 2 * HOUR, 2_450.0);
    house.trade_at_mark(&other, &short, call(ETH, EXPIRY, 2_400.0), 10.0).unwrap();
    house.trade_at_mark(&tiny, &far, call(ETH, EXPIRY, 2_600.0), 0.1).unwrap();
    drift(&house, EXPIRY - 30 * MINUTE, 2_500.0);
    drift(&house, EXPIRY, 2_500.0);
    house.wait(MINUTE);
    house.set_index(2_500.0);
    observe_so_far(&house).unwrap();
    let settlement = house.settlement(EXPIRY);
    close(settlement.price as f64 / 1e18, 2_500.0, 1.0);
    // The index runs away inside the two hours.
    for index in [2_600.0, 2_750.0, 2_900.0, 3_050.0] {
        house.wait(10 * MINUTE);
        house.move_index(index);
        let figures = house.figures(&short);
        close(figures.maintenance, 0.0, 1e-9);
        assert!(figures.excess() > 4_000.0);
        assert!(house.start(other.address(), &short).is_err());
        // Who holds any position in the expiry isn't held up by it.
        house.world.trying(|_| house.withdraw(&tiny, 100.0).unwrap());
        house.world.trying(|_| house.trade_at_mark(&tiny, &far, perpetual(ETH), 0.1).unwrap());
    }
    house.wait(2 * HOUR);
    house.move_index(3_050.0);
    house.settle(&[&short, &other, &tiny, &far]).unwrap();
    nobody_sinks(&house, &[&short, &other, &tiny, &far]);
    leaves_whole(&house, &depositor);
}

#[test]
fn row_10_losses_are_seen_at_once() {
    // The other side: what the average has already lost isn't collateral.
    let (house, ..) = house_with(1_000_000.0);
    let (long, other) = (house.funded(1, 3_000.0), house.funded(2, 1_000_000.0));
    house.trade_at_mark(&long, &other, future(ETH, EXPIRY), 3.0).unwrap();
    to_the_window(&house);
    drift(&house, EXPIRY, 2_700.0);
    house.wait(MINUTE);
    house.set_index(3_300.0);
    observe_so_far(&house).unwrap();
    house.publish();
    let seen = house.figures(&long);
    let average = house.settlement(EXPIRY).price as f64 / 1e18;
    close(seen.equity, 3_000.0 + 3.0 * (average - 3_000.0), 0.01);
    assert!(house.withdrawable(&long) <= seen.equity.max(0.0) + 1e-6);
}

fn book_at_expiry(house: &House) -> (Trader, Trader) {
    let (ours, other) = (house.funded(1, 50_000.0), house.funded(2, 1_000_000.0));
    house.trade_at_mark(&ours, &other, future(ETH, EXPIRY), 5.0).unwrap();
    house.trade_at_mark(&other, &ours, call(ETH, EXPIRY, 2_900.0), 5.0).unwrap();
    (ours, other)
}

fn settles(house: &House, ours: &Trader, other: &Trader) {
    house.settle(&[ours, other]).unwrap();
    assert!(house.positions(ours).is_empty(), "{:?}", house.positions(ours));
    house.check();
    nobody_sinks(house, &[ours, other]);
}

#[test]
fn row_11_a_refused_round_is_skipped() {
    let (house, ..) = house_with(0.0);
    let (ours, other) = book_at_expiry(&house);
    to_the_window(&house);
    drift(&house, EXPIRY - 15 * MINUTE, 3_000.0);
    house.wait(20);
    // Zero, negative, pegged, and of the future.
    house.feed.push_raw(I256::ZERO, house.now(), house.now());
    house.feed.push_raw(I256::MINUS_ONE, house.now(), house.now());
    house.feed.push(0.5, house.now());
    house.feed.push(2_000_000.0, house.now());
    drift_from(&house, EXPIRY, 3_000.0);
    to_final(&house);
    close(house.settlement(EXPIRY).price as f64 / 1e18, 3_000.0, 1e-6);
    settles(&house, &ours, &other);
}

/// As [`drift`], at one price.
fn drift_from(house: &House, end: u64, price: f64) {
    while house.now() < end {
        house.wait(MINUTE.min(end - house.now()));
        house.set_index(price);
        house.publish();
    }
}

#[test]
fn row_11_a_phase_change_inside_the_window_is_followed() {
    for minutes_before in [1, 10, 29] {
        let (house, ..) = house_with(0.0);
        let (ours, other) = book_at_expiry(&house);
        to_the_window(&house);
        drift(&house, EXPIRY - minutes_before * MINUTE, 3_000.0);
        house.feed.next_phase();
        drift(&house, EXPIRY, 2_970.0);
        to_final(&house);
        let price = house.settlement(EXPIRY).price as f64 / 1e18;
        assert!((2_970.0..=3_000.0).contains(&price), "{price}");
        settles(&house, &ours, &other);
    }
}

#[test]
fn row_11_a_feed_that_stops_ends_in_its_last_round() {
    for stopped in [5 * MINUTE, 25 * MINUTE, 2 * HOUR, 12 * HOUR] {
        let (house, ..) = house_with(0.0);
        let (ours, other) = book_at_expiry(&house);
        while house.now() < EXPIRY - stopped {
            house.wait((20 * MINUTE).min(EXPIRY - stopped - house.now()));
            house.move_index(2_980.0);
        }
        let last = *house.feed.window(EXPIRY, EXPIRY).last().unwrap();
        house.world.set_timestamp(EXPIRY + 47 * HOUR);
        let call = IOracle::settleByLastRoundCall { underlying: ETH, expiry: EXPIRY, round: last };
        assert!(house.refused(ANYONE, ORACLE, &call).is::<IOracle::TooEarly>());
        house.world.set_timestamp(EXPIRY + 48 * HOUR + 1);
        // Not an older round than the last one.
        let older = IOracle::settleByLastRoundCall {
            underlying: ETH,
            expiry: EXPIRY,
            round: last - U80::from(1),
        };
        assert!(house.send(ANYONE, ORACLE, &older).is_err());
        house.send(ANYONE, ORACLE, &call).unwrap();
        house.wait(2 * HOUR + 1);
        close(house.settlement(EXPIRY).price as f64 / 1e18, 2_980.0, 1e-6);
        settles(&house, &ours, &other);
    }
}

#[test]
fn row_11_a_feed_that_answers_nothing_ends_by_announcement() {
    let (house, ..) = house_with(0.0);
    let (ours, other) = book_at_expiry(&house);
    house.pass(12 * HOUR, 20 * MINUTE);
    house.feed.set_dead(true);
    house.world.set_timestamp(EXPIRY + 48 * HOUR + 1);
    let announce = |price: f64| IOracle::announceSettlementCall {
        underlying: ETH,
        expiry: EXPIRY,
        price: wad(price),
    };
    for price in [2_399.0, 3_601.0, 0.0, 1e9] {
        let refusal = house.refused(GOVERNOR, ORACLE, &announce(price));
        assert!(refusal.is::<IOracle::PriceOutOfRange>(), "{price}: {refusal:?}");
    }
    assert!(house.send(GUARDIAN, ORACLE, &announce(3_000.0)).is_err());
    house.send(GOVERNOR, ORACLE, &announce(3_000.0)).unwrap();
    let fix = IOracle::settleAsAnnouncedCall { underlying: ETH, expiry: EXPIRY };
    house.wait(7 * DAY - 10);
    assert!(house.refused(ANYONE, ORACLE, &fix).is::<IOracle::TooEarly>());
    house.wait(11);
    house.send(ANYONE, ORACLE, &fix).unwrap();
    house.wait(2 * HOUR + 1);
    settles(&house, &ours, &other);
}

#[test]
fn row_29_the_window_is_observed_to_its_last_second_or_not_at_all() {
    let (house, ..) = house_with(0.0);
    to_the_window(&house);
    drift(&house, EXPIRY - 20 * MINUTE, 3_000.0);
    observe_so_far(&house).unwrap();
    let first = house.settlement(EXPIRY);
    drift(&house, EXPIRY - 19 * MINUTE, 2_900.0);
    drift_from(&house, EXPIRY, 2_900.0);
    house.wait(MINUTE);
    house.set_index(2_900.0);
    // Straight from the tenth minute to the first round after expiry: not the next one.
    let last = *house.feed.window(EXPIRY - 30 * MINUTE, EXPIRY).last().unwrap();
    let refusal = house.observe(EXPIRY, vec![last]).unwrap_err();
    assert!(refusal.is::<IOracle::RoundsProveNothing>(), "{refusal:?}");
    assert_eq!(house.settlement(EXPIRY).lastRound, first.lastRound);
    observe_so_far(&house).unwrap();
    let price = house.settlement(EXPIRY).price as f64 / 1e18;
    close(price, 2_933.0, 6.0);
}

#[test]
fn row_29_the_average_is_the_same_however_it_is_observed() {
    let price = |chunk: usize, early: bool| {
        let (house, ..) = house_with(0.0);
        to_the_window(&house);
        for minute in 0..30_u32 {
            house.wait(MINUTE);
            house.set_index(3_000.0 + f64::from(minute * minute % 17) * 5.0);
            if early && minute % 4 == 0 {
                observe_so_far(&house).unwrap();
            }
        }
        house.wait(7);
        house.set_index(3_333.0);
        loop {
            let seen = house.settlement(EXPIRY);
            if seen.proposedAt != 0 {
                return seen.price;
            }
            let rounds = house.feed.window(EXPIRY - 30 * MINUTE, EXPIRY);
            let rest =
                rounds.into_iter().filter(|round| *round > seen.lastRound).take(chunk).collect();
            house.observe(EXPIRY, rest).unwrap();
        }
    };
    let all = price(100, false);
    for (chunk, early) in [(1, false), (3, false), (100, true), (1, true), (7, true)] {
        assert_eq!(price(chunk, early), all, "{chunk} {early}");
    }
}

#[test]
fn row_30_a_claim_is_not_spent_before_it_is_final() {
    for (kind, size) in [(true, 10.0), (false, 10.0), (true, 40.0)] {
        let (house, _, depositor) = house_with(1_000_000.0);
        let (ours, other) = (house.funded(1, 30_000.0), house.funded(2, 1_000_000.0));
        let instrument = if kind { call(ETH, EXPIRY, 2_900.0) } else { put(ETH, EXPIRY, 3_100.0) };
        house.trade_at_mark(&ours, &other, instrument, size).unwrap();
        to_the_window(&house);
        drift(&house, EXPIRY, 3_000.0);
        house.wait(MINUTE);
        house.set_index(3_000.0);
        observe_so_far(&house).unwrap();
        house.publish();
        // Spends what he can: withdraws, and buys what there is.
        let free = house.withdrawable(&ours);
        house.withdraw(&ours, free).unwrap();
        let fits = |size: f64| {
            house.world.trying(|_| {
                house.trade_at_mark(&ours, &other, put(ETH, NOW + 7 * DAY, 3_000.0), size).is_ok()
            })
        };
        let more = largest(100.0, fits);
        if more > 0.0 {
            house.trade_at_mark(&ours, &other, put(ETH, NOW + 7 * DAY, 3_000.0), more).unwrap();
        }
        // The dispute, and the worst answer that it may get.
        let dispute =
            IOracle::disputeSettlementCall { underlying: ETH, expiry: EXPIRY, reason: B256::ZERO };
        house.send(GUARDIAN, ORACLE, &dispute).unwrap();
        let seen = house.settlement(EXPIRY);
        let worst =
            if kind { seen.least as f64 / 1e18 * 0.95 } else { seen.greatest as f64 / 1e18 * 1.05 };
        let answer = |price: f64| IOracle::answerDisputeCall {
            underlying: ETH,
            expiry: EXPIRY,
            price: wad(price),
        };
        let beyond = if kind { worst - 1.0 } else { worst + 1.0 };
        assert!(house.refused(GOVERNOR, ORACLE, &answer(beyond)).is::<IOracle::PriceOutOfRange>());
        house.send(GOVERNOR, ORACLE, &answer(worst)).unwrap();
        house.wait(2 * HOUR + 1);
        house.refresh();
        house.settle(&[&ours, &other]).unwrap();
        let figures = house.figures(&ours);
        assert!(figures.last_equity >= -1e-6, "a debt of a claim: {figures:?}");
        nobody_sinks(&house, &[&ours, &other]);
        leaves_whole(&house, &depositor);
    }
}

#[test]
fn row_15_disputes_end() {
    let (house, ..) = house_with(0.0);
    let (ours, other) = book_at_expiry(&house);
    to_the_window(&house);
    drift(&house, EXPIRY, 3_000.0);
    house.wait(MINUTE);
    house.set_index(3_000.0);
    observe_so_far(&house).unwrap();
    let proposed = house.settlement(EXPIRY).price;
    let dispute = IOracle::disputeSettlementCall {
        underlying: ETH,
        expiry: EXPIRY,
        reason: B256::repeat_byte(1),
    };
    assert!(house.send(ANYONE, ORACLE, &dispute).is_err());
    house.send(GUARDIAN, ORACLE, &dispute).unwrap();
    for _ in 0..24 {
        assert!(house.refused(GUARDIAN, ORACLE, &dispute).is::<IOracle::NothingToDispute>());
        house.wait(HOUR);
    }
    house.wait(72 * HOUR);
    let answer = IOracle::answerDisputeCall { underlying: ETH, expiry: EXPIRY, price: proposed };
    assert!(house.refused(GOVERNOR, ORACLE, &answer).is::<IOracle::NothingToAnswer>());
    let (price, is_final) = {
        let seen =
            house.view(ORACLE, &IOracle::settlementPriceCall { underlying: ETH, expiry: EXPIRY });
        (seen.price, seen.isFinal)
    };
    assert!(is_final);
    assert_eq!(
        price,
        alloy_primitives::U256::from(proposed),
        "no answer: the proposed price stands"
    );
    assert!(house.refused(GUARDIAN, ORACLE, &dispute).is::<IOracle::NothingToDispute>());
    settles(&house, &ours, &other);
}

#[test]
fn row_41_one_round_in_the_window_observes_nothing() {
    let (house, _, depositor) = house_with(1_000_000.0);
    let (ours, other) = (house.funded(1, 20_000.0), house.funded(2, 1_000_000.0));
    house.trade_at_mark(&ours, &other, future(ETH, EXPIRY), 20.0).unwrap();
    to_the_window(&house);
    let before = house.figures(&ours).maintenance;
    house.wait(15 * MINUTE);
    house.set_index(3_000.0);
    observe_so_far(&house).unwrap();
    assert!(house.settlement(EXPIRY).rounds < 3);
    house.wait(14 * MINUTE);
    house.publish_if_possible();
    let late = house.figures(&ours).maintenance;
    assert!(
        late >= 0.97 * before,
        "the requirement is gone before the price is known: {before} {late}"
    );
    // The price is the first round at or after expiry; it may lie anywhere, and the requirement was there for it.
    house.world.set_timestamp(EXPIRY + 40);
    house.set_index(2_900.0);
    observe_so_far(&house).unwrap();
    close(house.settlement(EXPIRY).price as f64 / 1e18, 2_900.0, 1e-6);
    house.wait(2 * HOUR + 1);
    house.set_index(2_900.0);
    house.settle(&[&ours, &other]).unwrap();
    nobody_sinks(&house, &[&ours, &other]);
    leaves_whole(&house, &depositor);
}

#[test]
fn row_41_a_box_of_expired_lines_carries_nothing() {
    let (house, ..) = house_with(1_000_000.0);
    let (ours, other) = (house.funded(1, 30_000.0), house.funded(2, 1_000_000.0));
    let at = |instrument, size: f64| Leg(instrument, size, house.mark(instrument));
    let legs = [
        at(call(ETH, EXPIRY, 2_900.0), 10.0),
        at(call(ETH, EXPIRY, 3_100.0), -10.0),
        at(put(ETH, EXPIRY, 3_100.0), 10.0),
        at(put(ETH, EXPIRY, 2_900.0), -10.0),
    ];
    house.trade_legs(&ours, &other, &legs).unwrap();
    to_the_window(&house);
    drift(&house, EXPIRY, 3_000.0);
    for observed in [false, true] {
        house.wait(MINUTE);
        house.set_index(3_000.0);
        if observed {
            observe_so_far(&house).unwrap();
        }
        house.publish();
        let figures = house.figures(&ours);
        close(figures.equity, 30_000.0, 60.0);
        // At most what the four of them can lose together, which is nothing.
        assert!(figures.initial <= 1.0, "{figures:?}");
        assert!(figures.maintenance <= 1e-6);
    }
}

#[test]
fn row_41_rounds_observed_and_never_closed_free_no_claim() {
    let (house, _, depositor) = house_with(1_000_000.0);
    let (ours, other) = (house.funded(1, 30_000.0), house.funded(2, 1_000_000.0));
    house.trade_at_mark(&ours, &other, call(ETH, EXPIRY, 2_700.0), 10.0).unwrap();
    to_the_window(&house);
    drift(&house, EXPIRY - 16 * MINUTE, 3_000.0);
    observe_so_far(&house).unwrap();
    // Nobody observes the fall of the second half.
    drift(&house, EXPIRY, 2_700.0);
    house.wait(MINUTE);
    house.set_index(2_700.0);
    house.publish();
    let free = house.withdrawable(&ours);
    house.withdraw(&ours, free).unwrap();
    house.pass(24 * HOUR, HOUR / 2);
    let free = house.withdrawable(&ours);
    house.withdraw(&ours, free).ok();
    observe_so_far(&house).unwrap();
    house.pass(2 * HOUR + MINUTE, 20 * MINUTE);
    house.settle(&[&ours, &other]).unwrap();
    let figures = house.figures(&ours);
    assert!(figures.last_equity >= -1e-6, "{figures:?}");
    leaves_whole(&house, &depositor);
}

#[test]
fn nothing_waits_for_a_holder_who_does_not_settle() {
    let (house, ..) = house_with(0.0);
    let (ours, other) = book_at_expiry(&house);
    to_the_window(&house);
    drift(&house, EXPIRY, 3_100.0);
    to_final(&house);
    let before = house.figures(&ours).equity;
    house.settle(&[&other]).unwrap();
    house.check();
    house.settle(&[&ours, &other, &ours]).unwrap();
    house.check();
    close(house.figures(&ours).equity, before, 1e-9);
    let early = call(ETH, EXPIRY, 2_900.0);
    assert!(
        house
            .trade(&ours, &other, early, 1.0, 100.0)
            .unwrap_err()
            .is::<IClearing::InstrumentExpired>()
    );
    assert!(dollars(house.cash_of(&ours)) > 0.0);
}
