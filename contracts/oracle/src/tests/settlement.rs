//! Settlement prices out of rounds.

use novate_abi::IErrors;

use super::*;

/// An expiry in the past of the test's clock.
pub(super) const DUE: u64 = NOW - HOUR;
pub(super) const START: u64 = DUE - 1_800;

impl Bench {
    /// Rounds of phase 1 at these times, numbered from 1, with answers 1, 2, 3... hundred dollars above 2,900.
    pub(super) fn with_rounds(times: &[u64]) -> Self {
        let bench = Self::new();
        bench.feed.borrow_mut().rounds.clear();
        for (number, time) in (1_u8..).zip(times) {
            bench.feed.borrow_mut().set(PHASE + u128::from(number), hundreds(number), *time);
        }
        bench
    }

    pub(super) fn settled(&self) -> (u128, bool) {
        let call = IOracle::settlementPriceCall { underlying: ETH, expiry: DUE };
        let read = self.view(&call);
        (read.price.to(), read.isFinal)
    }

    pub(super) fn settlement(&self) -> IOracle::Settlement {
        self.view(&IOracle::settlementCall { underlying: ETH, expiry: DUE })
    }

    pub(super) fn observe(&self, rounds: &[u128]) {
        self.world.send(ANYONE, ORACLE, &observe(rounds)).unwrap();
    }

    pub(super) fn nothing(&self, rounds: &[u128]) -> (u8, u128) {
        let data = self.refusal(ANYONE, &observe(rounds));
        let error = IOracle::RoundsProveNothing::abi_decode(&data).unwrap();
        (error.reason, error.round.to())
    }
}

fn hundreds(number: u8) -> i64 {
    ANSWER + i64::from(number) * 10_000_000_000
}

/// A round's id by its number, or itself if it has a phase.
fn id(round: u128) -> u128 {
    if round >= PHASE { round } else { PHASE + round }
}

pub(super) fn observe(rounds: &[u128]) -> IOracle::observeCall {
    let rounds = rounds.iter().map(|round| U80::from(id(*round))).collect();
    IOracle::observeCall { underlying: ETH, expiry: DUE, rounds }
}

fn fallback(round: u128) -> IOracle::settleByLastRoundCall {
    IOracle::settleByLastRoundCall { underlying: ETH, expiry: DUE, round: U80::from(id(round)) }
}

const DISPUTE: IOracle::disputeSettlementCall =
    IOracle::disputeSettlementCall { underlying: ETH, expiry: DUE, reason: B256::repeat_byte(7) };

const fn answer(price: u128) -> IOracle::answerDisputeCall {
    IOracle::answerDisputeCall { underlying: ETH, expiry: DUE, price }
}

const fn announce(price: u128) -> IOracle::announceSettlementCall {
    IOracle::announceSettlementCall { underlying: ETH, expiry: DUE, price }
}

const ANNOUNCED: IOracle::settleAsAnnouncedCall =
    IOracle::settleAsAnnouncedCall { underlying: ETH, expiry: DUE };

fn none() -> Vec<u8> {
    encoded(&IOracle::NothingToDispute { underlying: ETH, expiry: DUE })
}

/// Round 1 before the window, 2 to 4 inside it, 5 after.
const USUAL: [u64; 5] = [START - 1, START + 600, START + 900, DUE - 300, DUE];
/// 600 s at 3,100, 300 at 3,200, 600 at 3,300, 300 at 3,400.
const AVERAGE: u128 = PRICE / 3_000 * (3_100 * 6 + 3_200 * 3 + 3_300 * 6 + 3_400 * 3) / 18;

#[test]
fn the_average_covers_the_window_and_is_final_after_the_dispute_window() {
    let bench = Bench::with_rounds(&USUAL);
    bench.observe(&[1, 2, 3, 4, 5]);
    assert_eq!(bench.settled(), (AVERAGE, false));
    let read = bench.settlement();
    assert_eq!((read.price, read.proposedAt, read.finalAt), (AVERAGE, NOW, NOW + 7_200));
    assert_eq!((read.rounds, read.least, read.greatest), (4, PRICE / 30 * 31, PRICE / 30 * 34));
    let exists = encoded(&IOracle::SettlementExists { underlying: ETH, expiry: DUE });
    assert_eq!(bench.refusal(ANYONE, &observe(&[5])), exists);
    bench.wait(7_199);
    assert_eq!(bench.settled(), (AVERAGE, false));
    bench.wait(1);
    assert_eq!(bench.settled(), (AVERAGE, true));
    assert_eq!(bench.refusal(GUARDIAN, &DISPUTE), none());
    bench.wait(100 * DAY);
    assert_eq!(bench.refusal(ANYONE, &fallback(4)), exists);
    assert_eq!(bench.refusal(GOVERNOR, &announce(PRICE)), exists);
    assert_eq!(bench.settled(), (AVERAGE, true));
}

#[test]
fn observation_goes_on_in_pieces_before_and_after_expiry() {
    let bench = Bench::with_rounds(&USUAL[..1]);
    let show = |number: u8| {
        let at = USUAL[usize::from(number) - 1];
        bench.feed.borrow_mut().set(PHASE + u128::from(number), hundreds(number), at);
        bench.world.set_timestamp(at + 7);
    };
    bench.world.set_timestamp(START);
    let early = encoded(&IOracle::TooEarly { from: START + 1, timestamp: START });
    assert_eq!(bench.refusal(ANYONE, &observe(&[1])), early);
    bench.world.set_timestamp(START + 1);
    bench.observe(&[1]);
    show(2);
    show(3);
    bench.observe(&[2, 3]);
    let read = bench.settlement();
    assert_eq!((read.observedShare, read.rounds), (ONE / 2, 3));
    assert_eq!(read.average, PRICE / 3_000 * (3_100 * 6 + 3_200 * 3) / 9);
    assert_eq!((read.price, read.lastRound.to::<u128>()), (0, PHASE + 3));
    show(4);
    bench.observe(&[4]);
    assert_eq!(bench.nothing(&[5]), (0, PHASE + 5));
    show(5);
    bench.observe(&[5]);
    assert_eq!(bench.settled(), (AVERAGE, false));
    assert_eq!(bench.events::<IOracle::SettlementObserved>().len(), 4);
}

#[test]
fn rounds_out_of_order_prove_nothing() {
    let bench = Bench::with_rounds(&[START - 9, START, START + 5, START + 5, DUE - 1, DUE, DUE]);
    // The round in force at the start is the last one not after it.
    assert_eq!(bench.nothing(&[1]), (1, PHASE + 2));
    assert_eq!(bench.nothing(&[3]), (1, PHASE + 3));
    assert_eq!(bench.nothing(&[2, 2]), (2, PHASE + 2));
    assert_eq!(bench.nothing(&[2, 4]), (2, PHASE + 3));
    assert_eq!(bench.nothing(&[2, 3, 4, 6]), (2, PHASE + 5));
    assert_eq!(bench.nothing(&[2, 3, 4, 5, 7]), (2, PHASE + 6));
    assert_eq!(bench.nothing(&[2, 3, 4, 5, 6, 7]), (4, PHASE + 7));
    assert_eq!(bench.nothing(&[2, 99]), (2, PHASE + 99).min((0, PHASE + 99)));
    bench.observe(&[2, 3, 4, 5, 6]);
    // 5 s at 3,200, 0 at 3,300, 1,794 at 3,400, 1 at 3,500: two rounds of one time are normal.
    let sum = PRICE / 30 * 32 * 5 + PRICE / 30 * 34 * 1_794 + PRICE / 30 * 35;
    assert_eq!(bench.settled().0, sum / 1_800);
}

#[test]
fn refused_and_missing_rounds_are_skipped() {
    let bench = Bench::with_rounds(&USUAL);
    bench.feed.borrow_mut().set(PHASE + 3, 0, START + 900);
    bench.observe(&[1, 2, 3, 4, 5]);
    // 600 s at 3,100, 900 at 3,200, 300 at 3,400.
    let sum = PRICE / 3_000 * (3_100 * 6 + 3_200 * 9 + 3_400 * 3) / 18;
    assert_eq!(bench.settled(), (sum, false));
    let unseen = Bench::with_rounds(&USUAL);
    unseen.feed.borrow_mut().rounds.remove(&(PHASE + 3));
    unseen.observe(&[1, 2, 4, 5]);
    assert_eq!(unseen.settled(), (sum, false));
    // At the start too: the accepted one before is in force.
    let first = Bench::with_rounds(&[START - 9, START - 5, START + 600, START + 900, DUE]);
    first.feed.borrow_mut().set(PHASE + 2, -1, START - 5);
    assert_eq!(first.nothing(&[2]), (6, PHASE + 2));
    first.observe(&[1, 3, 4]);
    assert_eq!(first.settlement().rounds, 3);
}

#[test]
fn with_fewer_than_three_rounds_the_first_accepted_one_after_expiry_serves() {
    let bench = Bench::with_rounds(&[START - 1, START + 60, DUE, DUE + 60]);
    bench.feed.borrow_mut().set(PHASE + 3, 0, DUE);
    bench.observe(&[1, 2, 3]);
    assert_eq!(bench.settled(), (0, false));
    bench.observe(&[4]);
    assert_eq!(bench.settled(), (PRICE / 30 * 34, false));
    let read = bench.settlement();
    assert_eq!((read.least, read.greatest), (PRICE / 30 * 31, PRICE / 30 * 34));
}

#[test]
fn a_long_window_is_observed_over_several_calls() {
    let bench = Bench::with_rounds(&[START - 1]);
    for number in 0..600 {
        bench.feed.borrow_mut().set(
            PHASE + 2 + number,
            ANSWER,
            START + u64::try_from(number).unwrap() * 3,
        );
    }
    bench.feed.borrow_mut().set(PHASE + 602, ANSWER, DUE);
    let all: Vec<u128> = (1..=602).collect();
    let data = bench.refusal(ANYONE, &observe(&all));
    assert!(IErrors::ParameterOutOfBounds::abi_decode(&data).is_ok());
    let data = bench.refusal(ANYONE, &observe(&[]));
    assert!(IErrors::ParameterOutOfBounds::abi_decode(&data).is_ok());
    // The round of the window's first second is the one in force at it.
    for piece in all[1..].chunks(256) {
        bench.observe(piece);
    }
    assert_eq!(bench.settled(), (PRICE, false));
}

#[test]
fn of_a_new_phase_the_first_round_counts_that_is_not_before_the_last_one() {
    let second = |number: u128| 2 * PHASE + number;
    let bench = Bench::with_rounds(&USUAL[..3]);
    bench.feed.borrow_mut().rounds.remove(&(PHASE + 3));
    // It began before the last accepted round of the old phase, and goes on after it.
    for (number, time) in [(1, START + 100), (2, START + 500), (3, START + 1_000), (4, DUE + 5)] {
        bench.feed.borrow_mut().set(second(number), ANSWER, time);
    }
    assert_eq!(bench.nothing(&[1, 2, second(4)]), (2, second(3)));
    assert_eq!(bench.nothing(&[1, second(1)]), (5, PHASE + 2));
    bench.observe(&[1, 2, second(3), second(4)]);
    // 600 s at 3,100, 400 at 3,200, 800 at 3,000.
    assert_eq!(bench.settled().0, PRICE / 3_000 * (3_100 * 6 + 3_200 * 4 + 3_000 * 8) / 18);
    // From an earlier round of the new phase on it comes to the same.
    let other = Bench::with_rounds(&USUAL[..2]);
    for (number, time) in [(1, START + 100), (2, START + 500), (3, START + 1_000), (4, DUE + 5)] {
        other.feed.borrow_mut().set(second(number), ANSWER, time);
    }
    other.observe(&[1, 2, second(1), second(2), second(3), second(4)]);
    assert_eq!(other.settled(), bench.settled());
}

#[test]
fn only_the_phase_in_force_at_the_start_begins() {
    let bench = Bench::with_rounds(&USUAL);
    let second = |number: u128| 2 * PHASE + number;
    bench.feed.borrow_mut().set(second(1), ANSWER, START);
    assert_eq!(bench.nothing(&[1]), (1, second(1)));
    // A phase that began before expiry closes the window, not the old one's later round.
    bench.feed.borrow_mut().set(second(1), ANSWER, DUE - 1);
    assert_eq!(bench.nothing(&[1, 2, 3, 4, 5]), (2, second(1)));
    bench.observe(&[1, 2, 3, 4, second(1)]);
    assert_eq!(bench.nothing(&[second(2)]), (0, second(2)));
    bench.feed.borrow_mut().set(second(2), ANSWER, DUE + 50);
    bench.observe(&[second(2)]);
    assert!(bench.settled().0 > 0);
}

#[test]
fn a_hole_between_phases_refuses_the_window() {
    let bench = Bench::with_rounds(&USUAL[..4]);
    let second = 2 * PHASE + 1;
    bench.feed.borrow_mut().set(second, ANSWER, DUE - 300 + 7_201);
    bench.wait(2 * HOUR);
    assert_eq!(bench.nothing(&[1, 2, 3, 4, second]), (7, second));
    bench.feed.borrow_mut().set(second, ANSWER, DUE - 300 + 7_200);
    bench.observe(&[1, 2, 3, 4, second]);
    assert_eq!(bench.settled(), (AVERAGE, false));
}

#[test]
fn a_feed_set_anew_in_the_window_goes_on_like_a_new_phase() {
    let bench = Bench::with_rounds(&USUAL[..3]);
    bench.world.set_timestamp(START + 1_000);
    bench.observe(&[1, 2, 3]);
    let other = Address::repeat_byte(0xfe);
    let feed = install(&bench.world, other);
    feed.borrow_mut().set(PHASE + 8, ANSWER, START + 100);
    feed.borrow_mut().set(PHASE + 9, ANSWER, START + 1_000);
    let mut call = set_feed();
    call.feed.feed = other;
    bench.govern(&call);
    feed.borrow_mut().set(PHASE + 10, ANSWER, DUE + 1);
    bench.world.set_timestamp(NOW);
    assert_eq!(bench.nothing(&[10]), (2, PHASE + 9));
    bench.observe(&[9, 10]);
    // 600 s at 3,100, 300 at 3,200, 100 at 3,300, 800 at 3,000.
    assert_eq!(bench.settled().0, PRICE / 3_000 * (3_100 * 6 + 3_200 * 3 + 3_300 + 3_000 * 8) / 18);
}

#[test]
fn the_guardian_disputes_once_and_the_governor_answers_within_the_rounds() {
    let bench = Bench::with_rounds(&USUAL);
    assert_eq!(bench.refusal(GUARDIAN, &DISPUTE), none());
    bench.observe(&[1, 2, 3, 4, 5]);
    let nothing = encoded(&IOracle::NothingToAnswer { underlying: ETH, expiry: DUE });
    assert_eq!(bench.refusal(GOVERNOR, &answer(PRICE)), nothing);
    bench.wait(7_000);
    bench.world.send(GUARDIAN, ORACLE, &DISPUTE).unwrap();
    let event = bench.events::<IOracle::SettlementDisputed>().pop().unwrap();
    assert_eq!((event.reason, event.answerUntil), (DISPUTE.reason, bench.now() + 72 * HOUR));
    assert_eq!(bench.refusal(GUARDIAN, &DISPUTE), none(), "once");
    assert_eq!((bench.settled(), bench.settlement().finalAt), ((AVERAGE, false), 0));
    bench.wait(60 * HOUR);
    assert_eq!(bench.settled(), (AVERAGE, false));
    let exists = encoded(&IOracle::SettlementExists { underlying: ETH, expiry: DUE });
    assert_eq!(bench.refusal(ANYONE, &fallback(4)), exists);
    let (least, most) = (PRICE / 3_000 * 3_100 / 100 * 95, PRICE / 3_000 * 3_400 / 100 * 105);
    for price in [0, least - 1, most + 1] {
        let [price_, least, most] = [price, least, most].map(U256::from);
        let error = IOracle::PriceOutOfRange { price: price_, least, most };
        assert_eq!(bench.refusal(GOVERNOR, &answer(price)), encoded(&error));
    }
    bench.govern(&answer(least));
    assert_eq!(bench.settled(), (least, true));
    assert_eq!(bench.refusal(GOVERNOR, &answer(most)), nothing);
    assert_eq!(bench.refusal(GUARDIAN, &DISPUTE), none());
}

#[test]
fn without_an_answer_the_proposed_price_stands() {
    let bench = Bench::with_rounds(&USUAL);
    bench.observe(&[1, 2, 3, 4, 5]);
    bench.world.send(GUARDIAN, ORACLE, &DISPUTE).unwrap();
    bench.wait(72 * HOUR - 1);
    assert_eq!(bench.settled(), (AVERAGE, false));
    bench.wait(1);
    assert_eq!((bench.settled(), bench.settlement().finalAt), ((AVERAGE, true), bench.now()));
    let nothing = encoded(&IOracle::NothingToAnswer { underlying: ETH, expiry: DUE });
    assert_eq!(bench.refusal(GOVERNOR, &answer(AVERAGE)), nothing);
}

#[test]
fn the_last_round_before_expiry_serves_after_two_days() {
    let bench = Bench::with_rounds(&USUAL);
    let (from, timestamp) = (DUE + 48 * HOUR, NOW);
    let early = encoded(&IOracle::TooEarly { from, timestamp });
    assert_eq!(bench.refusal(ANYONE, &fallback(4)), early);
    bench.world.set_timestamp(from);
    let refused = |round: u128| {
        let data = bench.refusal(ANYONE, &fallback(round));
        let error = IOracle::RoundsProveNothing::abi_decode(&data).unwrap();
        (error.reason, error.round.to::<u128>() - PHASE)
    };
    assert_eq!(refused(5), (9, 5));
    assert_eq!(refused(3), (3, 4));
    assert_eq!(refused(6), (0, 6));
    bench.feed.borrow_mut().set(PHASE + 4, -5, DUE - 1);
    assert_eq!(refused(4), (6, 4));
    bench.world.send(ANYONE, ORACLE, &fallback(3)).unwrap();
    assert_eq!(bench.settled(), (PRICE / 30 * 33, true));
    assert_eq!(bench.refusal(GUARDIAN, &DISPUTE), none());
    // A phase that began before expiry has the last word.
    let phases = Bench::with_rounds(&USUAL);
    phases.world.set_timestamp(from);
    phases.feed.borrow_mut().set(2 * PHASE + 1, ANSWER, DUE - 1);
    let data = phases.refusal(ANYONE, &fallback(4));
    assert_eq!(IOracle::RoundsProveNothing::abi_decode(&data).unwrap().reason, 3);
    phases.world.send(ANYONE, ORACLE, &fallback(2 * PHASE + 1)).unwrap();
    assert_eq!(phases.settled(), (PRICE, true));
}

#[test]
fn without_any_round_the_governor_announces_a_price_near_the_last_index() {
    let bench = Bench::new();
    bench.feed.borrow_mut().is_broken = true;
    let early = encoded(&IOracle::TooEarly { from: DUE + 48 * HOUR, timestamp: NOW });
    assert_eq!(bench.refusal(GOVERNOR, &announce(PRICE)), early);
    bench.world.set_timestamp(DUE + 48 * HOUR);
    let failed = encoded(&IErrors::CallFailed { target: FEED });
    assert_eq!(bench.refusal(ANYONE, &fallback(1)), failed);
    let [least, most] = [PRICE / 10 * 8, PRICE / 10 * 12];
    for price in [0, least - 1, most + 1] {
        let [price_, least, most] = [price, least, most].map(U256::from);
        let error = IOracle::PriceOutOfRange { price: price_, least, most };
        assert_eq!(bench.refusal(GOVERNOR, &announce(price)), encoded(&error));
    }
    let never = encoded(&IOracle::TooEarly { from: u64::MAX, timestamp: bench.now() });
    assert_eq!(bench.refusal(ANYONE, &ANNOUNCED), never);
    bench.govern(&announce(least));
    assert_eq!(bench.settled(), (0, false));
    bench.wait(7 * DAY - 1);
    assert!(IOracle::TooEarly::abi_decode(&bench.refusal(ANYONE, &ANNOUNCED)).is_ok());
    bench.wait(1);
    bench.world.send(ANYONE, ORACLE, &ANNOUNCED).unwrap();
    assert_eq!(bench.settled(), (least, true));
    let exists = encoded(&IOracle::SettlementExists { underlying: ETH, expiry: DUE });
    assert_eq!(bench.refusal(ANYONE, &ANNOUNCED), exists);
}

#[test]
fn settlement_needs_a_due_whole_hour_and_a_feed_that_answers() {
    let bench = Bench::with_rounds(&USUAL);
    let refusal = |underlying: u8, expiry: u64| {
        bench.refusal(ANYONE, &IOracle::observeCall { underlying, expiry, ..observe(&[1]) })
    };
    let invalid = encoded(&IOracle::InvalidExpiry { expiry: DUE + 1 });
    assert_eq!(refusal(ETH, DUE + 1), invalid);
    let early = encoded(&IOracle::TooEarly { from: EXPIRY - 1_799, timestamp: NOW });
    assert_eq!(refusal(ETH, EXPIRY), early);
    for underlying in [0, 9] {
        let unknown = encoded(&IOracle::UnknownUnderlying { underlying });
        assert_eq!(refusal(underlying, DUE), unknown);
    }
    bench.feed.borrow_mut().is_broken = true;
    assert_eq!(refusal(ETH, DUE), encoded(&IErrors::CallFailed { target: FEED }));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(128))]

    /// Whatever rounds a feed has, and however the calls are cut, the price is the average that a second by second sum gives.
    #[test]
    fn the_average_is_that_of_every_second(
        gaps in proptest::collection::vec((0_u64..700, 1_i64..500, proptest::bool::weighted(0.2)), 3..12), cut in 1_usize..5,
    ) {
        let bench = Bench::with_rounds(&[START - 50]);
        let mut rounds = std::vec![(START - 50, hundreds(1), true)];
        let mut time = START - 50;
        for (gap, percent, is_refused) in gaps {
            time += gap;
            rounds.push((time, if is_refused { 0 } else { ANSWER / 100 * (percent + 50) }, !is_refused));
        }
        rounds.push((DUE.max(time) + 3, ANSWER, true));
        for (number, (time, answer, _)) in (1_u128..).zip(&rounds) {
            bench.feed.borrow_mut().set(PHASE + number, *answer, *time);
        }
        bench.world.set_timestamp(DUE + DAY);
        let begin = rounds.iter().rposition(|(time, _, good)| *good && *time <= START).unwrap();
        let end = rounds.iter().position(|(time, ..)| *time >= DUE).unwrap();
        let good: Vec<_> = rounds[begin..].iter().filter(|(_, _, good)| *good).collect();
        let inside = good.iter().filter(|(time, ..)| *time < DUE).count();
        let first_after = good.iter().find(|(time, ..)| *time >= DUE).unwrap();
        let price = |answer: i64| u128::try_from(answer).unwrap() * 10_000_000_000;
        let expected = if inside < 3 {
            price(first_after.1)
        } else {
            (START..DUE).map(|second| price(good.iter().rev().find(|(time, ..)| *time <= second).unwrap().1)).sum::<u128>() / 1_800
        };
        let last = if inside < 3 { rounds.iter().position(|round| round == *first_after).unwrap() } else { end };
        let ids: Vec<u128> = (begin..=last).map(|place| u128::try_from(place).unwrap() + 1).collect();
        for piece in ids.chunks(cut) {
            bench.observe(piece);
        }
        proptest::prop_assert_eq!(bench.settled().0, expected);
    }
}
