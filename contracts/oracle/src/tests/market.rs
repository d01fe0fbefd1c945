//! Index, stable coin, sequencer, and the snapshot.

use novate_abi::{
    IErrors,
    snapshot::{Expiry, ExpiryState, Index, Perpetual, Series, Stable},
};

use super::*;

fn underlying() -> u32 {
    Series::Underlying(ETH).encode()
}

fn perpetual() -> u32 {
    Series::Perpetual(ETH).encode()
}

fn series(expiry: u64) -> u32 {
    Series::Expiry(ETH, u32::try_from(expiry / HOUR).unwrap()).encode()
}

impl Bench {
    pub(super) fn snapshot(&self, series: &[u32]) -> Vec<U256> {
        self.view(&IOracle::snapshotCall { series: series.to_vec() })
    }

    pub(super) fn index_now(&self) -> Index {
        let words = self.snapshot(&[underlying()]);
        let index = Index::unpack([words[1], words[2]]);
        let read = self.view(&IOracle::indexPriceCall { underlying: ETH });
        assert_eq!((U256::from(index.price), index.validity), (read.price, read.validity));
        assert_eq!(
            (index.updated_at, U256::from(index.slow_price)),
            (read.updatedAt, read.slowPrice)
        );
        index
    }

    fn index(&self) -> (u128, u8) {
        let index = self.index_now();
        (index.price, index.validity)
    }

    pub(super) fn expiry_now(&self, expiry: u64) -> Expiry {
        let mut words = self.snapshot(&[underlying(), series(expiry)]).into_iter().skip(3);
        let read = Expiry::read(&mut || words.next().ok_or(())).unwrap();
        assert_eq!(words.next(), None);
        read
    }

    pub(super) fn perpetual_now(&self) -> Perpetual {
        let words = self.snapshot(&[underlying(), perpetual()]);
        assert_eq!(words.len(), 5);
        Perpetual::unpack([words[3], words[4]])
    }
}

#[test]
fn an_index_ages_from_valid_to_stale_to_invalid() {
    let bench = Bench::new();
    for (age, validity) in [(0, 4), (3_660, 4), (3_661, 3), (7_320, 3), (7_321, 0)] {
        bench.world.set_timestamp(NOW + age);
        assert_eq!(bench.index(), (PRICE, validity), "{age}");
    }
}

#[test]
fn an_answer_that_is_no_price_leaves_the_last_one_invalid() {
    let bench = Bench::new();
    bench.wait(5);
    let last = |reason: &str| {
        let index = bench.index_now();
        assert_eq!((index.price, index.updated_at, index.validity), (PRICE, NOW, 0), "{reason}");
    };
    for answer in [0, -1, i64::MIN, ANSWER / 1_000, ANSWER * 1_000] {
        bench.feed.borrow_mut().set(PHASE + 2, answer, NOW + 5);
        last("no price, or pegged");
    }
    bench.feed.borrow_mut().set(PHASE + 2, ANSWER / 10 * 11, NOW + 5);
    assert_eq!(bench.index(), (PRICE / 10 * 11, 4));
    bench.feed.borrow_mut().set(PHASE + 2, ANSWER, NOW + 6);
    last("from the future");
    bench.feed.borrow_mut().is_broken = true;
    last("broken");
    bench.world.remove(FEED);
    last("gone");
    bench.world.mock(FEED, |_, _| Ok(std::vec![1; 64]));
    last("another contract");
}

#[test]
fn an_index_five_times_its_average_is_too_volatile_until_that_follows() {
    let bench = Bench::new();
    bench.feed_answers(ANSWER * 6);
    let index = bench.index_now();
    assert_eq!((index.price, index.updated_at, index.validity), (PRICE, NOW, 1));
    // Recorded, it isn't the last price, but the average moves on.
    bench.wait(6);
    let call = IOracle::recordIndexCall { underlying: ETH };
    bench.world.send(ANYONE, ORACLE, &call).unwrap();
    assert_eq!(bench.index(), (PRICE, 1));
    bench.wait(6);
    assert_eq!(bench.index(), (PRICE, 1));
    bench.wait(1);
    assert_eq!(bench.index(), (PRICE * 6, 4));
    let bench = Bench::new();
    bench.feed_answers(ANSWER / 5);
    assert_eq!(bench.index(), (PRICE, 1));
    bench.wait(1);
    assert_eq!(bench.index(), (PRICE / 5, 4));
}

#[test]
fn the_slow_price_follows_the_index() {
    let bench = Bench::new();
    bench.wait(1_000);
    bench.feed_answers(ANSWER / 100 * 103);
    assert_eq!(bench.index_now().slow_price, PRICE);
    bench.wait(10);
    assert!(near(bench.index_now().slow_price, PRICE / 1_000_000 * 1_003_004));
    bench.world.send(ANYONE, ORACLE, &IOracle::recordIndexCall { underlying: ETH }).unwrap();
    assert!(near(bench.index_now().slow_price, PRICE / 1_000_000 * 1_003_004));
    bench.wait(100);
    assert_eq!(bench.index_now().slow_price, PRICE / 100 * 103);
}

#[test]
fn a_recorded_index_outlives_its_feed() {
    let bench = Bench::new();
    bench.wait(60);
    bench.feed_answers(ANSWER / 100 * 105);
    bench.wait(60);
    let call = IOracle::recordIndexCall { underlying: ETH };
    bench.world.send(ANYONE, ORACLE, &call).unwrap();
    let recorded = bench.events::<IOracle::IndexRecorded>().pop().unwrap();
    assert_eq!((recorded.price, recorded.updatedAt), (PRICE / 100 * 105, NOW + 60));
    let count = bench.events::<IOracle::IndexRecorded>().len();
    bench.world.send(ANYONE, ORACLE, &call).unwrap();
    assert_eq!(bench.events::<IOracle::IndexRecorded>().len(), count);
    bench.feed.borrow_mut().is_broken = true;
    let index = bench.index_now();
    assert_eq!((index.price, index.updated_at, index.validity), (PRICE / 100 * 105, NOW + 60, 0));
    let none = encoded(&IErrors::MarketNotValid { level: 0, needed: 1 });
    assert_eq!(bench.refusal(ANYONE, &call), none);
    let unknown = encoded(&IOracle::UnknownUnderlying { underlying: 9 });
    assert_eq!(bench.refusal(ANYONE, &IOracle::recordIndexCall { underlying: 9 }), unknown);
}

#[test]
fn while_the_sequencer_is_down_or_in_grace_the_index_is_stale() {
    let bench = Bench::new();
    let status = || {
        let read = bench.view(&IOracle::sequencerStatusCall {});
        (read.isUp, read.since)
    };
    assert_eq!(status(), (true, 0));
    bench.govern(&IOracle::setSequencerFeedCall { feed: SEQUENCER, grace: 1_800 });
    assert_eq!((status(), bench.index().1), ((false, 0), 3), "no rounds");
    bench.sequencer.borrow_mut().set(1, 1, NOW - 100);
    assert_eq!((status(), bench.index().1), ((false, 0), 3), "down");
    bench.sequencer.borrow_mut().set(2, 0, NOW);
    bench.wait(1_799);
    assert_eq!((status(), bench.index().1), ((false, 0), 3), "grace");
    bench.wait(1);
    assert_eq!((status(), bench.index().1), ((true, NOW + 1_800), 4), "up: the grace counts in");
    bench.govern(&IOracle::setSequencerFeedCall { feed: Address::ZERO, grace: 0 });
    assert_eq!(status(), (true, 0));
}

#[test]
fn the_stable_coin_is_a_dollar_unless_its_feed_says_otherwise() {
    let bench = Bench::new();
    let stable = || Stable::unpack(bench.snapshot(&[underlying()])[0]);
    let one = u128::from(ONE);
    assert_eq!(stable(), Stable { price: one, validity: 4 });
    bench.govern(&IOracle::setStableFeedCall { feed: STABLE, heartbeat: 86_400 });
    assert_eq!(stable(), Stable { price: one, validity: 3 }, "no answer");
    bench.stable.borrow_mut().set(1, 98_000_000, NOW);
    assert_eq!(stable(), Stable { price: one / 100 * 98, validity: 4 });
    bench.wait(86_461);
    assert_eq!(stable(), Stable { price: one / 100 * 98, validity: 3 });
    bench.wait(864_000);
    assert_eq!(stable(), Stable { price: one / 100 * 98, validity: 3 });
    for answer in [9_999_999, 1_000_000_001, 0] {
        bench.stable.borrow_mut().set(1, answer, NOW);
        assert_eq!(stable(), Stable { price: one, validity: 3 }, "{answer}");
    }
    bench.govern(&IOracle::setStableFeedCall { feed: Address::ZERO, heartbeat: 0 });
    assert_eq!(stable(), Stable { price: one, validity: 4 });
}

#[test]
fn everything_follows_the_index_and_confidence_falls_with_age() {
    let bench = Bench::new();
    assert_eq!(bench.expiry_now(EXPIRY), Expiry::UNKNOWN);
    assert_eq!(bench.perpetual_now(), Perpetual { mark: 0, funding_index: 0, confidence: 0 });
    bench.post(&market());
    let live = bench.expiry_now(EXPIRY);
    let posted = expiry();
    assert!(near(live.forward, posted.forward));
    let nine = |value: i64| value * 1_000_000_000;
    assert_eq!(
        live,
        Expiry {
            state: ExpiryState::Live,
            forward: live.forward,
            a: nine(1_000_000),
            b: 30_000_000_000_000_000,
            rho: nine(-250_000_000),
            m: nine(10_000_000),
            sigma: 150_000_000_000_000_000,
            rate: nine(50_000_000),
            model_time: NOW,
            forward_confidence: ONE,
            rate_confidence: ONE / 10_000 * 9_999,
            volatility_confidence: ONE / 10_000 * 9_998,
            ..Expiry::UNKNOWN
        }
    );
    assert!(near(bench.perpetual_now().mark, market().perpetualMark));
    // From the first second on.
    bench.wait(1);
    bench.feed_answers(ANSWER / 10 * 11);
    let moved = bench.expiry_now(EXPIRY);
    assert!(near(moved.forward, posted.forward / 10 * 11));
    assert_eq!(moved, Expiry { forward: moved.forward, ..live });
    assert!(near(bench.perpetual_now().mark, market().perpetualMark / 10 * 11));
    bench.wait(2_399);
    let half = bench.expiry_now(EXPIRY);
    assert_eq!((half.forward_confidence, bench.perpetual_now().confidence), (ONE / 2, ONE / 2));
    assert_eq!(half.volatility_confidence, ONE / 20_000 * 9_998);
    bench.wait(1_200);
    let old = bench.expiry_now(EXPIRY);
    assert_eq!((old.forward_confidence, old.rate_confidence, old.volatility_confidence), (0, 0, 0));
    assert_eq!((old.a, old.b, old.model_time), (live.a, live.b, NOW), "the surface stays");
    assert_eq!(bench.perpetual_now().confidence, 0);
    bench.feed.borrow_mut().is_broken = true;
    assert!(near(bench.expiry_now(EXPIRY).forward, posted.forward), "at the last index recorded");
}

#[test]
fn inside_the_window_and_after_it_a_forward_is_what_is_observed_and_the_index() {
    let bench = Bench::new();
    bench.post(&market());
    let start = EXPIRY - 1_800;
    let rounds =
        [(start - 60, ANSWER), (start + 600, ANSWER / 10 * 11), (start + 1_200, ANSWER / 10 * 12)];
    for (number, (time, answer)) in (2_u128..).zip(rounds) {
        bench.feed.borrow_mut().set(PHASE + number, answer, time);
    }
    bench.world.set_timestamp(start - 1);
    bench.feed.borrow_mut().rounds.retain(|id, _| *id <= PHASE + 2);
    assert_eq!(bench.expiry_now(EXPIRY).state, ExpiryState::Live);
    bench.world.set_timestamp(start);
    let begun = bench.expiry_now(EXPIRY);
    assert_eq!(
        (begun.state, begun.forward, begun.forward_variable),
        (ExpiryState::Observed, PRICE, PRICE)
    );
    assert_eq!(
        (begun.observed_share, begun.least, begun.greatest),
        (0, PRICE / 10 * 8, PRICE / 10 * 12)
    );
    assert_eq!(begun.model_time, NOW);
    for (number, (time, answer)) in (2_u128..).zip(rounds) {
        bench.feed.borrow_mut().set(PHASE + number, answer, time);
    }
    bench.world.set_timestamp(start + 1_500);
    let observe = |numbers: &[u128]| {
        let rounds = numbers.iter().map(|number| U80::from(PHASE + number)).collect();
        let call = IOracle::observeCall { underlying: ETH, expiry: EXPIRY, rounds };
        bench.world.send(ANYONE, ORACLE, &call).unwrap();
    };
    observe(&[2, 3]);
    let two = bench.expiry_now(EXPIRY);
    assert_eq!((two.observed_share, two.forward), (0, PRICE / 10 * 12), "two rounds are none");
    observe(&[4]);
    // 600 s at 3,000, 600 at 3,300, the rest at the index.
    let three = bench.expiry_now(EXPIRY);
    assert_eq!(three.observed_share, 666_666_666_666_666_666);
    assert_eq!((three.forward, three.forward_variable), (PRICE / 10 * 11, PRICE / 10 * 4));
    assert_eq!((three.least, three.greatest), (PRICE / 100 * 95, PRICE / 100 * 126));
    bench.world.set_timestamp(EXPIRY);
    let expired = bench.expiry_now(EXPIRY);
    assert_eq!(expired.state, ExpiryState::Expired);
    assert_eq!(
        (expired.forward, expired.forward_variable),
        (three.forward, three.forward_variable)
    );
    bench.feed_answers(ANSWER * 2);
    assert_eq!(bench.expiry_now(EXPIRY).forward, PRICE / 10 * 7 + PRICE / 3 * 2);
    observe(&[5]);
    let proposed = bench.expiry_now(EXPIRY);
    assert_eq!((proposed.state, proposed.forward), (ExpiryState::Expired, PRICE / 10 * 11));
    assert_eq!((proposed.forward_variable, proposed.observed_share), (0, ONE));
    assert_eq!((proposed.least, proposed.greatest), (PRICE / 100 * 95, PRICE / 100 * 126));
    bench.wait(7_200);
    let settled = bench.expiry_now(EXPIRY);
    assert_eq!(
        settled,
        Expiry { state: ExpiryState::Settled, forward: PRICE / 10 * 11, ..Expiry::UNKNOWN }
    );
}

#[test]
fn series_are_ascending_known_and_led_by_their_underlying() {
    let bench = Bench::new();
    let malformed = |series: &[u32]| {
        let data = bench.refusal(ANYONE, &IOracle::snapshotCall { series: series.to_vec() });
        IErrors::MalformedBytes::abi_decode(&data).unwrap().offset
    };
    let place = |number: usize| U256::from(4 + 64 + 32 * number);
    let month = series(EXPIRY);
    assert_eq!(malformed(&[perpetual()]), place(0));
    assert_eq!(malformed(&[month]), place(0));
    assert_eq!(malformed(&[underlying(), underlying()]), place(1));
    assert_eq!(malformed(&[underlying(), month, perpetual()]), place(2));
    assert_eq!(malformed(&[underlying(), Series::Perpetual(2).encode()]), place(1));
    assert_eq!(malformed(&[5]), place(0));
    assert_eq!(malformed(&[1 << 30]), place(0));
    assert_eq!(bench.snapshot(&[]).len(), 1);
    // An underlying without a feed is worth nothing, and is no error.
    let unknown = [Series::Underlying(2), Series::Perpetual(2), Series::Expiry(2, 500_000)];
    let words = bench.snapshot(&unknown.map(Series::encode));
    assert!(words[1..].iter().all(U256::is_zero), "{words:?}");
}
