//! Index, stable coin, sequencer, and the snapshot's levels.

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

fn expiry() -> u32 {
    Series::Expiry(ETH, u32::try_from(EXPIRY / HOUR).unwrap()).encode()
}

impl Bench {
    fn snapshot(&self, series: &[u32]) -> Vec<U256> {
        self.view(&IOracle::snapshotCall { series: series.to_vec() })
    }

    fn index(&self) -> (u128, u8) {
        let read = self.view(&IOracle::indexPriceCall { underlying: ETH });
        let words = self.snapshot(&[underlying()]);
        let index = Index::unpack(words[1]);
        assert_eq!((U256::from(index.price), index.validity), (read.price, read.validity));
        assert_eq!(index.updated_at, read.updatedAt);
        (index.price, index.validity)
    }

    fn expiry_now(&self) -> Expiry {
        let words = self.snapshot(&[underlying(), expiry()]);
        assert_eq!(words.len(), 5);
        Expiry::unpack([words[2], words[3], words[4]])
    }

    fn perpetual_now(&self) -> Perpetual {
        let words = self.snapshot(&[underlying(), perpetual()]);
        assert_eq!(words.len(), 4);
        Perpetual::unpack([words[2], words[3]])
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
fn answers_that_are_no_price_are_invalid() {
    let bench = Bench::new();
    let answers = [0, -1, i64::MIN, ANSWER / 1_000, ANSWER * 1_000];
    for answer in answers {
        bench.feed.borrow_mut().set(PHASE + 1, answer, NOW);
        assert_eq!(bench.index(), (0, 0), "{answer}");
    }
    for (answer, price) in [
        (ANSWER / 1_000 + 1, PRICE / 1_000 + 10_000_000_000),
        (ANSWER * 1_000 - 1, PRICE * 1_000 - 10_000_000_000),
    ] {
        bench.feed.borrow_mut().set(PHASE + 1, answer, NOW);
        assert_eq!(bench.index(), (price, 4));
    }
    bench.feed.borrow_mut().set(PHASE + 1, ANSWER, NOW + 1);
    assert_eq!(bench.index(), (0, 0), "from the future");
    bench.feed.borrow_mut().is_broken = true;
    assert_eq!(bench.index(), (0, 0), "broken");
    bench.world.remove(FEED);
    assert_eq!(bench.index(), (0, 0), "gone");
    bench.world.mock(FEED, |_, _| Ok(std::vec![1; 64]));
    assert_eq!(bench.index(), (0, 0), "another contract");
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
fn a_surface_is_live_then_stale_then_flat_without_confidence() {
    let bench = Bench::new();
    assert_eq!(bench.expiry_now(), Expiry::UNKNOWN);
    bench.world.send(ANYONE, ORACLE, &bench.post_surface(&surface())).unwrap();
    let posted = surface();
    let live = Expiry {
        state: ExpiryState::Live,
        forward: posted.forward,
        a: posted.a,
        b: posted.b,
        rho: posted.rho,
        m: posted.m,
        sigma: posted.sigma,
        rate: posted.rate,
        model_time: NOW,
        forward_confidence: ONE,
        rate_confidence: ONE - 1,
        volatility_confidence: ONE - 2,
        validity: 4,
    };
    assert_eq!(bench.expiry_now(), live);
    bench.wait(1_201);
    assert_eq!(bench.expiry_now(), Expiry { validity: 3, ..live });
    bench.wait(2_400);
    // The index rose by a tenth, and takes the forward along; a = 0.001 + 0.03 (0.0025 + sqrt(0.0226)).
    bench.feed.borrow_mut().set(PHASE + 2, ANSWER / 10 * 11, NOW + 3_000);
    let flat = bench.expiry_now();
    assert_eq!(flat.forward, PRICE / 1_000 * 1_010 / 10 * 11);
    assert!((flat.a - 5_584_988_913_511_872).abs() < 1_000, "{}", flat.a);
    assert_eq!(
        flat,
        Expiry {
            forward: flat.forward,
            a: flat.a,
            b: 0,
            rho: 0,
            m: 0,
            sigma: ONE,
            forward_confidence: 0,
            rate_confidence: 0,
            volatility_confidence: 0,
            validity: 2,
            ..live
        }
    );
    bench.feed.borrow_mut().is_broken = true;
    assert_eq!(bench.expiry_now().forward, posted.forward, "no index to follow");
}

#[test]
fn a_mark_is_live_then_stale_then_the_index_without_confidence() {
    let bench = Bench::new();
    let none = Perpetual { mark: PRICE, funding_index: 0, confidence: 0, validity: 2 };
    assert_eq!(bench.perpetual_now(), none);
    bench.world.send(ANYONE, ORACLE, &bench.post_mark(&mark())).unwrap();
    let live = Perpetual { mark: mark().mark, funding_index: 0, confidence: ONE, validity: 4 };
    assert_eq!(bench.perpetual_now(), live);
    bench.wait(1_201);
    let funding_index = bench.perpetual_now().funding_index;
    assert!(funding_index > 0);
    assert_eq!(bench.perpetual_now(), Perpetual { funding_index, validity: 3, ..live });
    bench.wait(2_400);
    let funding_index = bench.perpetual_now().funding_index;
    assert_eq!(bench.perpetual_now(), Perpetual { funding_index, ..none });
}

#[test]
fn an_expired_expiry_is_the_index_until_it_is_settled() {
    let bench = Bench::new();
    bench.world.set_timestamp(EXPIRY);
    bench.feed.borrow_mut().set(PHASE + 2, ANSWER, EXPIRY);
    let expired =
        Expiry { state: ExpiryState::Expired, forward: PRICE, validity: 4, ..Expiry::UNKNOWN };
    assert_eq!(bench.expiry_now(), expired);
}

#[test]
fn series_are_ascending_known_and_led_by_their_underlying() {
    let bench = Bench::new();
    let malformed = |series: &[u32]| {
        let data = bench.refusal(ANYONE, &IOracle::snapshotCall { series: series.to_vec() });
        IErrors::MalformedBytes::abi_decode(&data).unwrap().offset
    };
    let place = |number: usize| U256::from(4 + 64 + 32 * number);
    assert_eq!(malformed(&[perpetual()]), place(0));
    assert_eq!(malformed(&[expiry()]), place(0));
    assert_eq!(malformed(&[underlying(), underlying()]), place(1));
    assert_eq!(malformed(&[underlying(), expiry(), perpetual()]), place(2));
    assert_eq!(malformed(&[underlying(), Series::Perpetual(2).encode()]), place(1));
    assert_eq!(malformed(&[5]), place(0));
    assert_eq!(malformed(&[1 << 30]), place(0));
    let unknown = encoded(&IOracle::UnknownUnderlying { underlying: 2 });
    let series = Vec::from([Series::Underlying(2).encode()]);
    assert_eq!(bench.refusal(ANYONE, &IOracle::snapshotCall { series }), unknown);
    assert_eq!(bench.snapshot(&[]).len(), 1);
}
