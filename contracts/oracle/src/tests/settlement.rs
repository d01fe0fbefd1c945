//! Settlement prices proved by rounds.

use novate_abi::IErrors;

use super::*;

/// An expiry in the past of the test's clock.
const DUE: u64 = NOW - HOUR;
const START: u64 = DUE - 1_800;

impl Bench {
    /// Rounds of phase 1 at these times, numbered from 1, with answers 1, 2, 3... hundred dollars above 2,900.
    fn with_rounds(times: &[u64]) -> Self {
        let bench = Self::new();
        bench.feed.borrow_mut().rounds.clear();
        for (number, time) in (1_u8..).zip(times) {
            let answer = ANSWER + i64::from(number) * 10_000_000_000;
            bench.feed.borrow_mut().set(PHASE + u128::from(number), answer, *time);
        }
        bench
    }

    fn settled(&self) -> (u128, bool) {
        let call = IOracle::settlementPriceCall { underlying: ETH, expiry: DUE };
        let read = self.view(&call);
        (read.price.to(), read.isFinal)
    }
}

fn average(first: u128, last: u128) -> IOracle::proposeSettlementCall {
    let (first, last) = (U80::from(PHASE + first), U80::from(PHASE + last));
    IOracle::proposeSettlementCall {
        underlying: ETH,
        expiry: DUE,
        firstRound: first,
        lastRound: last,
    }
}

fn after(round: u128) -> IOracle::proposeSettlementAfterCall {
    let round = U80::from(PHASE + round);
    IOracle::proposeSettlementAfterCall { underlying: ETH, expiry: DUE, round }
}

fn fallback(round: u128) -> IOracle::proposeSettlementFallbackCall {
    let round = U80::from(PHASE + round);
    IOracle::proposeSettlementFallbackCall { underlying: ETH, expiry: DUE, round }
}

fn nothing(reason: u8, round: u128) -> Vec<u8> {
    let round = U80::from(if round >= PHASE { round } else { PHASE + round });
    encoded(&IOracle::RoundsProveNothing { reason, round })
}

/// Round 1 before the window, 2 to 4 inside it, 5 after.
const USUAL: [u64; 5] = [START - 1, START, START + 60, DUE - 1, DUE];

#[test]
fn the_average_of_the_window_is_final_after_the_dispute_window() {
    let bench = Bench::with_rounds(&USUAL);
    bench.world.send(ANYONE, ORACLE, &average(2, 4)).unwrap();
    // 3,200, 3,300, 3,400.
    let price = PRICE / 10 * 11;
    assert_eq!(bench.settled(), (price, false));
    let exists = encoded(&IOracle::SettlementExists { underlying: ETH, expiry: DUE });
    assert_eq!(bench.refusal(ANYONE, &average(2, 4)), exists);
    bench.wait(7_199);
    assert_eq!(bench.settled(), (price, false));
    bench.wait(1);
    assert_eq!(bench.settled(), (price, true));
    let call = IOracle::disputeSettlementCall { underlying: ETH, expiry: DUE };
    let late = encoded(&IOracle::NothingToDispute { underlying: ETH, expiry: DUE });
    assert_eq!(bench.refusal(GUARDIAN, &call), late);
    bench.wait(100 * 24 * HOUR);
    assert_eq!(bench.refusal(ANYONE, &fallback(4)), exists);
    assert_eq!(bench.settled(), (price, true));
}

#[test]
fn an_average_of_rounds_that_arent_the_window_is_refused() {
    let bench = Bench::with_rounds(&USUAL);
    assert_eq!(bench.refusal(ANYONE, &average(3, 4)), nothing(4, 4));
    assert_eq!(bench.refusal(ANYONE, &average(4, 2)), nothing(4, 2));
    assert_eq!(bench.refusal(ANYONE, &average(1, 4)), nothing(0, PHASE));
    assert_eq!(bench.refusal(ANYONE, &average(2, 5)), nothing(2, 5));
    assert_eq!(bench.refusal(ANYONE, &average(2, 300)), nothing(5, 300));
    let longer = Bench::with_rounds(&[START - 1, START, START, START, DUE - 1, DUE - 1, DUE]);
    assert_eq!(longer.refusal(ANYONE, &average(3, 6)), nothing(1, 2));
    assert_eq!(longer.refusal(ANYONE, &average(2, 5)), nothing(3, 6));
    longer.world.send(ANYONE, ORACLE, &average(2, 6)).unwrap();
}

#[test]
fn a_refused_answer_spoils_the_average() {
    let bench = Bench::with_rounds(&USUAL);
    bench.feed.borrow_mut().set(PHASE + 3, 0, START + 60);
    assert_eq!(bench.refusal(ANYONE, &average(2, 4)), nothing(6, 3));
    // Then the round after counts.
    bench.world.send(ANYONE, ORACLE, &after(5)).unwrap();
    assert_eq!(bench.settled(), (PRICE / 30 * 35, false));
}

#[test]
fn a_window_without_a_later_round_ends_at_the_latest() {
    let bench = Bench::with_rounds(&USUAL[..4]);
    bench.world.send(ANYONE, ORACLE, &average(2, 4)).unwrap();
    let gap = Bench::with_rounds(&USUAL[..4]);
    gap.feed.borrow_mut().set(PHASE + 6, ANSWER, DUE + 60);
    assert_eq!(gap.refusal(ANYONE, &average(2, 4)), nothing(0, 5));
}

#[test]
fn the_first_round_after_serves_where_the_window_has_too_few() {
    let bench = Bench::with_rounds(&[START - 1, START, DUE - 1, DUE, DUE + 60]);
    assert_eq!(bench.refusal(ANYONE, &after(3)), nothing(3, 3));
    assert_eq!(bench.refusal(ANYONE, &after(5)), nothing(9, 4));
    assert_eq!(bench.refusal(ANYONE, &after(6)), nothing(0, 6));
    bench.world.send(ANYONE, ORACLE, &after(4)).unwrap();
    assert_eq!(bench.settled(), (PRICE / 30 * 34, false));
    let enough = Bench::with_rounds(&USUAL);
    assert_eq!(enough.refusal(ANYONE, &after(5)), nothing(8, 5));
}

#[test]
fn a_crowded_window_is_settled_by_the_round_after() {
    let mut times = std::vec![START - 1];
    times.extend((0..257).map(|number| START + number));
    times.push(DUE);
    let bench = Bench::with_rounds(&[]);
    for (number, time) in (1_u128..).zip(&times) {
        bench.feed.borrow_mut().set(PHASE + number, ANSWER, *time);
    }
    assert_eq!(bench.refusal(ANYONE, &average(2, 258)), nothing(5, 258));
    bench.world.send(ANYONE, ORACLE, &after(259)).unwrap();
    assert_eq!(bench.settled(), (PRICE, false));
}

#[test]
fn the_guardian_withdraws_a_proposal_and_delays_it_by_no_more_than_the_fallback() {
    let bench = Bench::with_rounds(&USUAL);
    let dispute = IOracle::disputeSettlementCall { underlying: ETH, expiry: DUE };
    let none = encoded(&IOracle::NothingToDispute { underlying: ETH, expiry: DUE });
    assert_eq!(bench.refusal(GUARDIAN, &dispute), none);
    bench.world.send(ANYONE, ORACLE, &average(2, 4)).unwrap();
    bench.world.send(GUARDIAN, ORACLE, &dispute).unwrap();
    assert_eq!(bench.settled(), (0, false));
    let (from, timestamp) = (DUE + 48 * HOUR, NOW);
    let early = encoded(&IOracle::TooEarly { from, timestamp });
    assert_eq!(bench.refusal(ANYONE, &fallback(4)), early);
    bench.world.set_timestamp(from);
    assert_eq!(bench.refusal(ANYONE, &fallback(5)), nothing(9, 5));
    assert_eq!(bench.refusal(ANYONE, &fallback(3)), nothing(3, 4));
    bench.world.send(ANYONE, ORACLE, &fallback(4)).unwrap();
    assert_eq!(bench.settled(), (PRICE / 30 * 34, true));
    assert_eq!(bench.refusal(GUARDIAN, &dispute), none);
}

#[test]
fn the_fallback_passes_over_refused_answers() {
    let bench = Bench::with_rounds(&USUAL);
    bench.feed.borrow_mut().set(PHASE + 4, -5, DUE - 1);
    bench.world.set_timestamp(DUE + 48 * HOUR);
    assert_eq!(bench.refusal(ANYONE, &fallback(4)), nothing(6, 4));
    bench.world.send(ANYONE, ORACLE, &fallback(3)).unwrap();
    assert_eq!(bench.settled(), (PRICE / 30 * 33, true));
}

#[test]
fn only_the_newest_phase_that_began_before_proves_anything() {
    let bench = Bench::with_rounds(&USUAL);
    let second = |number: u128| 2 * PHASE + number;
    bench.feed.borrow_mut().set(second(1), ANSWER, START - 5);
    assert_eq!(bench.refusal(ANYONE, &average(2, 4)), nothing(7, second(1)));
    // A phase that began later changes nothing.
    bench.feed.borrow_mut().set(second(1), ANSWER, START);
    bench.world.send(ANYONE, ORACLE, &average(2, 4)).unwrap();
    let future = Bench::with_rounds(&USUAL);
    assert_eq!(future.refusal(ANYONE, &average(PHASE + 2, PHASE + 4)), nothing(7, second(2)));
}

#[test]
fn a_phase_that_ended_in_the_window_is_ended_by_the_next_one() {
    let bench = Bench::with_rounds(&USUAL[..4]);
    bench.feed.borrow_mut().set(2 * PHASE + 1, ANSWER, DUE - 30);
    bench.world.send(ANYONE, ORACLE, &average(2, 4)).unwrap();
}

#[test]
fn settlement_needs_a_due_whole_hour_and_a_feed_that_answers() {
    let bench = Bench::with_rounds(&USUAL);
    let propose = |underlying: u8, expiry: u64| {
        bench.refusal(
            ANYONE,
            &IOracle::proposeSettlementCall { underlying, expiry, ..average(2, 4) },
        )
    };
    let invalid = encoded(&IOracle::InvalidExpiry { expiry: DUE + 1 });
    assert_eq!(propose(ETH, DUE + 1), invalid);
    let early = encoded(&IOracle::TooEarly { from: EXPIRY, timestamp: NOW });
    assert_eq!(propose(ETH, EXPIRY), early);
    for underlying in [0, 9] {
        let unknown = encoded(&IOracle::UnknownUnderlying { underlying });
        assert_eq!(propose(underlying, DUE), unknown);
    }
    bench.feed.borrow_mut().is_broken = true;
    assert_eq!(propose(ETH, DUE), encoded(&IErrors::CallFailed { target: FEED }));
}
