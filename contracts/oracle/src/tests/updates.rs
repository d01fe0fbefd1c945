//! Messages: signatures, model time, levels, what is stored of them.

use novate_abi::{IErrors, IGoverned};

use super::*;

#[test]
fn a_signed_market_is_stored_whole_and_read_back() {
    let bench = Bench::new();
    bench.post(&market());
    let state = bench.state(EXPIRY);
    let posted = expiry();
    assert!(near(state.forward, posted.forward));
    let expected = IOracle::ExpiryState {
        modelTime: NOW,
        forward: state.forward,
        rate: posted.rate,
        surfaceTime: NOW,
        a: posted.a,
        b: posted.b,
        rho: posted.rho,
        m: posted.m,
        sigma: posted.sigma,
        forwardConfidence: posted.forwardConfidence,
        rateConfidence: posted.rateConfidence,
        volatilityConfidence: posted.volatilityConfidence,
    };
    assert_eq!(state, expected);
    let perpetual = bench.perpetual();
    assert!(near(perpetual.mark.to(), market().perpetualMark));
    assert_eq!((perpetual.modelTime, perpetual.confidence), (NOW, 10_000));
    assert_eq!(bench.told().len(), 1);
    assert!(bench.told()[0].surfaceTaken && !bench.told()[0].clamped);
}

#[test]
fn extreme_fields_keep_their_values() {
    let bench = Bench::new();
    let extreme = IOracle::ExpiryUpdate {
        rate: 250_000_000,
        a: i40(200_000_000),
        b: 0,
        rho: -999_999_999,
        m: i40(-5_000_000_000),
        sigma: U40::from(1),
        expiry: NOW + 5 * 365 * DAY,
        forward: PRICE / 2 * 5,
        forwardConfidence: 0,
        rateConfidence: 10_000,
        volatilityConfidence: 1,
    };
    bench.post(&IOracle::MarketUpdate { expiries: Vec::from([extreme.clone()]), ..market() });
    let state = bench.state(extreme.expiry);
    assert_eq!((state.rate, state.a, state.rho), (extreme.rate, extreme.a, extreme.rho));
    assert_eq!((state.m, state.sigma), (extreme.m, extreme.sigma));
    assert_eq!((state.rateConfidence, state.volatilityConfidence), (10_000, 1));
    assert!(near(state.forward, extreme.forward));
}

#[test]
fn a_message_needs_enough_distinct_publishers_in_order() {
    let bench = Bench::new();
    let call = bench.signed(&market());
    let [first, second] = [0, 1].map(|place| call.signatures[place].clone());
    let with = |signatures: Vec<Bytes>| IOracle::updateCall { signatures, ..call.clone() };
    let (given, required) = (U256::from(1), U256::from(2));
    assert_eq!(
        bench.refusal(ANYONE, &with(Vec::from([first.clone()]))),
        encoded(&IOracle::TooFewSignatures { given, required })
    );
    let none = encoded(&IOracle::TooFewSignatures { given: U256::ZERO, required });
    assert_eq!(bench.refusal(ANYONE, &with(Vec::new())), none);
    let publishers = bench.view(&IOracle::publishersCall {}).publishers;
    let invalid = |recovered| encoded(&IErrors::InvalidSignature { recovered });
    for twice in [[first.clone(), first.clone()], [second.clone(), first.clone()]] {
        assert_eq!(bench.refusal(ANYONE, &with(Vec::from(twice))), invalid(publishers[0]));
    }
    let mut short = second.to_vec();
    short.pop();
    assert_eq!(
        bench.refusal(ANYONE, &with(Vec::from([first, short.into()]))),
        invalid(Address::ZERO)
    );
}

#[test]
fn a_signature_for_other_terms_or_by_a_stranger_is_refused() {
    let bench = Bench::new();
    let is_invalid = |call: &IOracle::updateCall| {
        IErrors::InvalidSignature::abi_decode(&bench.refusal(ANYONE, call)).is_ok()
    };
    let call = bench.signed(&market());
    let mut changed = call.clone();
    changed.update.perpetualMark += 1;
    assert!(is_invalid(&changed));
    let mut changed = call.clone();
    changed.update.expiries[0].rateConfidence -= 1;
    assert!(is_invalid(&changed));
    let mut changed = call.clone();
    changed.update.expiries.clear();
    assert!(is_invalid(&changed));
    let publishers = Vec::from([ANYONE]);
    bench.govern(&IOracle::setPublishersCall { publishers, threshold: 1 });
    assert!(is_invalid(&call));
}

#[test]
fn without_publishers_nothing_can_be_stored() {
    let bench = Bench::new();
    let call = IOracle::updateCall { update: market(), signatures: Vec::new() };
    let (given, required) = (U256::ZERO, U256::from(1));
    let few = encoded(&IOracle::TooFewSignatures { given, required });
    assert_eq!(bench.refusal(ANYONE, &call), few);
}

#[test]
fn model_times_follow_each_other_and_are_two_minutes_old_at_most() {
    let bench = Bench::new();
    let first = IOracle::MarketUpdate { modelTime: NOW - 100, ..market() };
    bench.post(&first);
    let refused = |model_time: u64| {
        let data = bench.refused(&IOracle::MarketUpdate { modelTime: model_time, ..market() });
        let error = IOracle::InvalidModelTime::abi_decode(&data).unwrap();
        assert_eq!((error.modelTime, error.timestamp), (model_time, bench.now()));
        error.earliest
    };
    for model_time in [NOW - 100, NOW - 101, NOW + 1, 0, u64::MAX] {
        assert_eq!(refused(model_time), NOW - 99);
    }
    bench.wait(100);
    assert_eq!(refused(NOW - 21), NOW - 20);
    bench.post(&IOracle::MarketUpdate { modelTime: NOW - 20, ..market() });
}

#[test]
fn expiries_ascend_past_ones_are_skipped_others_are_whole_hours_ahead() {
    let bench = Bench::new();
    let with = |expiries: &[u64]| IOracle::MarketUpdate {
        expiries: expiries
            .iter()
            .map(|at| IOracle::ExpiryUpdate { expiry: *at, forward: PRICE, ..flat(30, 60) })
            .collect(),
        ..market()
    };
    let far = NOW + 5 * 365 * DAY + HOUR;
    for (expiries, wrong) in [
        (Vec::from([EXPIRY + 1]), EXPIRY + 1),
        (Vec::from([far]), far),
        (Vec::from([u64::MAX]), u64::MAX),
        (Vec::from([EXPIRY, EXPIRY]), EXPIRY),
        (Vec::from([EXPIRY, NOW]), NOW),
    ] {
        let invalid = encoded(&IOracle::InvalidExpiry { expiry: wrong });
        assert_eq!(bench.refused(&with(&expiries)), invalid, "{wrong}");
    }
    bench.post(&with(&[HOUR, NOW - HOUR, NOW, EXPIRY]));
    assert_eq!(bench.told().len(), 1);
    assert_eq!(bench.state(NOW).modelTime, 0);
    let many: Vec<u64> = (0..33).map(|hour| EXPIRY + hour * HOUR).collect();
    bench.wait(1);
    let later = |expiries: &[u64]| IOracle::MarketUpdate { modelTime: NOW + 1, ..with(expiries) };
    assert!(IErrors::ParameterOutOfBounds::abi_decode(&bench.refused(&later(&many))).is_ok());
    bench.post(&later(&many[..32]));
    for underlying in [0, 2] {
        let update = IOracle::MarketUpdate { underlying, ..later(&[]) };
        let unknown = encoded(&IOracle::UnknownUnderlying { underlying });
        assert_eq!(bench.refused(&update), unknown);
    }
}

#[test]
fn levels_hold_for_every_message() {
    let bench = Bench::new();
    let name = |update: &IOracle::MarketUpdate| {
        let error = IErrors::ParameterOutOfBounds::abi_decode(&bench.refused(update)).unwrap();
        std::string::String::from_utf8(error.name.to_vec()).unwrap().trim_matches('\0').to_owned()
    };
    let one = |expiry: IOracle::ExpiryUpdate| IOracle::MarketUpdate {
        expiries: Vec::from([expiry]),
        ..market()
    };
    let percent = PRICE / 100;
    for (least, most) in [(97, 103)] {
        for reference in [percent * least - 1, percent * most + 1, 0, u128::MAX] {
            let update = IOracle::MarketUpdate {
                indexReference: reference,
                perpetualMark: reference,
                ..market()
            };
            assert_eq!(name(&update), "indexReference");
        }
    }
    for mark in [percent * 98 - 1, percent * 102 + 1, 1, u128::MAX] {
        assert_eq!(
            name(&IOracle::MarketUpdate { perpetualMark: mark, ..market() }),
            "perpetualMark"
        );
    }
    // 30% a year: 2.46% for a month.
    for forward in [0, percent * 97, percent * 103, u128::MAX] {
        assert_eq!(name(&one(IOracle::ExpiryUpdate { forward, ..expiry() })), "forward");
    }
    // 1% at least.
    let near =
        IOracle::ExpiryUpdate { expiry: NOW + HOUR, forward: percent * 101 + 1, ..flat(1, 60) };
    assert_eq!(name(&one(near)), "forward");
    assert_eq!(name(&one(IOracle::ExpiryUpdate { rate: 250_000_001, ..expiry() })), "rate");
    assert_eq!(
        name(&IOracle::MarketUpdate { perpetualConfidence: 10_001, ..market() }),
        "perpetualConfidence"
    );
    let confidence = IOracle::ExpiryUpdate { forwardConfidence: 10_001, ..expiry() };
    assert_eq!(name(&one(confidence)), "forwardConfidence");
    let confidence = IOracle::ExpiryUpdate { rateConfidence: u16::MAX, ..expiry() };
    assert_eq!(name(&one(confidence)), "rateConfidence");
    let confidence = IOracle::ExpiryUpdate { volatilityConfidence: 10_001, ..expiry() };
    assert_eq!(name(&one(confidence)), "volatilityConfidence");
    bench.post(&market());
    bench.wait(1);
    let gone = IOracle::MarketUpdate { perpetualMark: 0, modelTime: NOW + 1, ..market() };
    assert_eq!(name(&gone), "perpetualMark");
}

#[test]
fn updates_stop_while_paused() {
    let bench = Bench::new();
    let mask = U256::from(1);
    bench.world.send(GUARDIAN, ORACLE, &IGoverned::pauseCall { mask }).unwrap();
    let paused = encoded(&IErrors::OperationPaused { operation: mask });
    assert_eq!(bench.refused(&market()), paused);
}

#[test]
fn a_message_needs_an_index_to_be_compared_with() {
    let bench = Bench::new();
    bench.feed.borrow_mut().is_broken = true;
    let error = encoded(&IErrors::MarketNotValid { level: 0, needed: 3 });
    assert_eq!(bench.refused(&market()), error);
    bench.feed.borrow_mut().is_broken = false;
    bench.feed_answers(ANSWER * 6);
    let error = encoded(&IErrors::MarketNotValid { level: 1, needed: 3 });
    assert_eq!(bench.refused(&market()), error);
    bench.feed_answers(ANSWER);
    bench.wait(3_661);
    bench.post(&IOracle::MarketUpdate { modelTime: bench.now(), ..market() });
}

#[test]
fn an_underlying_may_have_no_perpetual() {
    let bench = Bench::new();
    bench.post(&IOracle::MarketUpdate { perpetualMark: 0, ..market() });
    let perpetual = bench.perpetual();
    assert_eq!((perpetual.mark, perpetual.fundingIndex), (U256::ZERO, I256::ZERO));
    bench.wait(100);
    assert_eq!(bench.perpetual().fundingRate, 0);
    // And be given one later.
    bench.post(&IOracle::MarketUpdate { modelTime: NOW + 100, ..market() });
    assert!(near(bench.perpetual().mark.to(), market().perpetualMark));
}

#[test]
fn surfaces_that_contradict_themselves_list_nothing() {
    let bench = Bench::new();
    let sound = expiry();
    let broken = [
        (1, IOracle::ExpiryUpdate { sigma: U40::ZERO, ..sound.clone() }),
        (1, IOracle::ExpiryUpdate { a: i40(0), b: 0, ..sound.clone() }),
        (2, IOracle::ExpiryUpdate { a: i40(-5_000_000), ..sound.clone() }),
        (3, IOracle::ExpiryUpdate { b: 2_000_000_000, ..sound.clone() }),
        (
            4,
            IOracle::ExpiryUpdate {
                a: i40(-41_000_000),
                b: 133_100_000,
                rho: 306_000_000,
                m: i40(358_600_000),
                sigma: U40::from(415_300_000),
                ..sound
            },
        ),
    ];
    for (time, (refusal, expiry)) in (1..).zip(broken) {
        bench.wait(1);
        bench.post(&IOracle::MarketUpdate {
            modelTime: NOW + time,
            expiries: Vec::from([expiry]),
            ..market()
        });
        let told = bench.told().pop().unwrap();
        assert_eq!((told.surfaceTaken, told.refusal), (false, refusal));
        assert_eq!(bench.state(EXPIRY).modelTime, 0);
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

    /// Whatever publishers sign is stored or refused by a named error; what is stored can be read.
    #[test]
    fn every_message_is_stored_or_refused_by_name(
        underlying in 0_u8..3, time in 0_u64..300, reference in edges(), mark in edges(), forward in edges(),
        rate in 0_u32.., a in -(1_i64 << 39)..(1 << 39), b in 0_u32.., rho in i32::MIN.., m in -(1_i64 << 39)..(1 << 39),
        sigma in 0_u64..(1 << 40), confidence in 0_u16.., hours in 0_u64..50_000,
    ) {
        let bench = Bench::new();
        let expiry = IOracle::ExpiryUpdate {
            expiry: NOW + hours * HOUR, forward, rate, a: i40(a), b, rho, m: i40(m), sigma: U40::from(sigma),
            forwardConfidence: confidence, rateConfidence: confidence / 7, volatilityConfidence: confidence / 9,
        };
        let update = IOracle::MarketUpdate {
            underlying, modelTime: NOW + 100 - time, indexReference: reference, perpetualMark: mark,
            perpetualConfidence: confidence / 8, expiries: Vec::from([expiry]),
        };
        let call = bench.signed(&update);
        match bench.world.send(ANYONE, ORACLE, &call) {
            Ok(_) => { bench.state(NOW + hours * HOUR); }
            Err(data) => proptest::prop_assert!(data.len() >= 4, "refused by name"),
        }
    }
}

fn edges() -> impl proptest::strategy::Strategy<Value = u128> {
    use proptest::prelude::*;
    prop_oneof![
        Just(0),
        Just(1),
        Just(PRICE),
        Just(u128::MAX),
        Just(PRICE / 100 * 98),
        Just(PRICE / 100 * 103),
        PRICE / 100 * 95..PRICE / 100 * 105,
        any::<u128>(),
    ]
}
