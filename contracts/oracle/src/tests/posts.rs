//! Surfaces and marks: signatures, order, bounds, funding.

use novate_abi::{IErrors, IGoverned};

use super::*;

#[test]
fn a_signed_surface_is_stored_and_read_back() {
    let bench = Bench::new();
    let call = bench.post_surface(&surface());
    bench.world.send(ANYONE, ORACLE, &call).unwrap();
    let read = bench.view(&IOracle::surfaceCall { underlying: ETH, expiry: EXPIRY });
    assert_eq!(read, surface());
    let stale = encoded(&IOracle::StaleNonce { nonce: 1, last: 1 });
    assert_eq!(bench.refusal(ANYONE, &call), stale);
}

#[test]
fn extreme_fields_keep_their_values() {
    let bench = Bench::new();
    let extreme = IOracle::Surface {
        rate: i64::MIN,
        a: 5_000_000_000_000_000_000,
        b: 0,
        rho: -999_999_999_999_999_999,
        m: -5_000_000_000_000_000_000,
        sigma: 1,
        forward: 10_u128.pow(33),
        nonce: u64::MAX,
        ..surface()
    };
    let call = bench.post_surface(&extreme);
    bench.world.send(ANYONE, ORACLE, &call).unwrap();
    let read = bench.view(&IOracle::surfaceCall { underlying: ETH, expiry: EXPIRY });
    assert_eq!(read, extreme);
}

#[test]
fn a_post_needs_enough_distinct_publishers_in_order() {
    let bench = Bench::new();
    let call = bench.post_surface(&surface());
    let [first, second] = [0, 1].map(|place| call.signatures[place].clone());
    let with = |signatures: Vec<Bytes>| IOracle::postSurfaceCall { signatures, ..call.clone() };
    let (given, required) = (U256::from(1), U256::from(2));
    assert_eq!(
        bench.refusal(ANYONE, &with(Vec::from([first.clone()]))),
        encoded(&IOracle::TooFewSignatures { given, required })
    );
    let publishers = bench.view(&IOracle::publishersCall {}).publishers;
    let invalid = |recovered| encoded(&IErrors::InvalidSignature { recovered });
    assert_eq!(
        bench.refusal(ANYONE, &with(Vec::from([first.clone(), first.clone()]))),
        invalid(publishers[0])
    );
    assert_eq!(
        bench.refusal(ANYONE, &with(Vec::from([second.clone(), first.clone()]))),
        invalid(publishers[0])
    );
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
    let mut call = bench.post_surface(&surface());
    call.surface.forward += 1;
    let data = bench.refusal(ANYONE, &call);
    assert!(IErrors::InvalidSignature::abi_decode(&data).is_ok());
    let call = bench.post_surface(&surface());
    let publishers = Vec::from([ANYONE]);
    bench.govern(&IOracle::setPublishersCall { publishers, threshold: 1 });
    let data = bench.refusal(ANYONE, &call);
    assert!(IErrors::InvalidSignature::abi_decode(&data).is_ok());
}

#[test]
fn without_publishers_nothing_can_be_posted() {
    let bench = Bench::new();
    let call = IOracle::postSurfaceCall { surface: surface(), signatures: Vec::new() };
    let (given, required) = (U256::ZERO, U256::from(1));
    let few = encoded(&IOracle::TooFewSignatures { given, required });
    assert_eq!(bench.refusal(ANYONE, &call), few);
}

#[test]
fn model_times_follow_each_other_and_the_clock() {
    let bench = Bench::new();
    let timestamp = NOW;
    let call = bench.post_surface(&IOracle::Surface { modelTime: NOW - 10, ..surface() });
    bench.world.send(ANYONE, ORACLE, &call).unwrap();
    for model_time in [NOW + 1, NOW - 11, 0] {
        let posted = IOracle::Surface { modelTime: model_time, nonce: 2, ..surface() };
        let call = bench.post_surface(&posted);
        let error = IOracle::InvalidModelTime { modelTime: model_time, timestamp };
        assert_eq!(bench.refusal(ANYONE, &call), encoded(&error));
    }
    let posted = IOracle::PerpetualMark { modelTime: NOW - 3_601, ..mark() };
    let error = IOracle::InvalidModelTime { modelTime: NOW - 3_601, timestamp };
    assert_eq!(bench.refusal(ANYONE, &bench.post_mark(&posted)), encoded(&error));
}

#[test]
fn expiries_are_whole_hours_ahead() {
    let bench = Bench::new();
    for expiry in [EXPIRY + 1, NOW, NOW - HOUR, NOW + 6 * 365 * 24 * HOUR, HOUR, u64::MAX] {
        let call = bench.post_surface(&IOracle::Surface { expiry, ..surface() });
        let error = encoded(&IOracle::InvalidExpiry { expiry });
        assert_eq!(bench.refusal(ANYONE, &call), error, "{expiry}");
    }
    for underlying in [0, 2] {
        let call = bench.post_surface(&IOracle::Surface { underlying, ..surface() });
        let error = encoded(&IOracle::UnknownUnderlying { underlying });
        assert_eq!(bench.refusal(ANYONE, &call), error);
    }
}

#[test]
fn surfaces_with_arbitrage_are_refused_by_condition() {
    let bench = Bench::new();
    let condition = |surface: IOracle::Surface| {
        let data = bench.refusal(ANYONE, &bench.post_surface(&surface));
        let error = IOracle::ArbitrageableSurface::abi_decode(&data).unwrap();
        (error.condition, error.where_)
    };
    assert_eq!(condition(IOracle::Surface { sigma: 0, ..surface() }), (1, I256::ZERO));
    let below = IOracle::Surface { a: -5_000_000_000_000_000, ..surface() };
    assert_eq!(condition(below), (2, I256::ZERO));
    assert_eq!(condition(IOracle::Surface { b: 2 * ONE, ..surface() }), (3, I256::ZERO));
    let vogt = IOracle::Surface {
        a: -41_000_000_000_000_000,
        b: 133_100_000_000_000_000,
        rho: 306_000_000_000_000_000,
        m: 358_600_000_000_000_000,
        sigma: 415_300_000_000_000_000,
        ..surface()
    };
    let (number, place) = condition(vogt);
    assert_eq!(number, 4);
    assert!(place.is_positive() && place < I256::try_from(2 * ONE).unwrap(), "{place}");
}

#[test]
fn prices_and_confidences_stay_in_their_bounds() {
    let bench = Bench::new();
    let is_out = |data: Vec<u8>| IErrors::ParameterOutOfBounds::abi_decode(&data).is_ok();
    for broken in [
        IOracle::Surface { forward: 0, ..surface() },
        IOracle::Surface { forward: 10_u128.pow(33) + 1, ..surface() },
        IOracle::Surface { forwardConfidence: ONE + 1, ..surface() },
        IOracle::Surface { rateConfidence: ONE + 1, ..surface() },
        IOracle::Surface { volatilityConfidence: u64::MAX, ..surface() },
    ] {
        assert!(is_out(bench.refusal(ANYONE, &bench.post_surface(&broken))));
    }
    for broken in [
        IOracle::PerpetualMark { mark: 0, ..mark() },
        IOracle::PerpetualMark { mark: u128::MAX, ..mark() },
        IOracle::PerpetualMark { confidence: ONE + 1, ..mark() },
    ] {
        assert!(is_out(bench.refusal(ANYONE, &bench.post_mark(&broken))));
    }
}

#[test]
fn posts_stop_while_paused() {
    let bench = Bench::new();
    let call = bench.post_surface(&surface());
    let mask = U256::from(1);
    bench.world.send(GUARDIAN, ORACLE, &IGoverned::pauseCall { mask }).unwrap();
    let paused = encoded(&IErrors::OperationPaused { operation: mask });
    assert_eq!(bench.refusal(ANYONE, &call), paused);
    assert_eq!(bench.refusal(ANYONE, &bench.post_mark(&mark())), paused);
}

#[test]
fn a_mark_needs_an_index_to_be_compared_with() {
    let bench = Bench::new();
    bench.feed.borrow_mut().set(PHASE + 1, 0, NOW);
    let error = encoded(&IErrors::MarketNotValid { level: 0, needed: 3 });
    assert_eq!(bench.refusal(ANYONE, &bench.post_mark(&mark())), error);
}

#[test]
fn funding_accrues_at_the_rates_that_held() {
    let bench = Bench::new();
    let post = |nonce: u64, price: u128| {
        let now = bench.world.timestamp();
        bench.feed.borrow_mut().set(PHASE + u128::from(nonce) + 1, ANSWER, now);
        let posted = IOracle::PerpetualMark { modelTime: now, mark: price, nonce, ..mark() };
        bench.world.send(ANYONE, ORACLE, &bench.post_mark(&posted)).unwrap();
    };
    let funding = || bench.view(&IOracle::fundingIndexCall { underlying: ETH });
    let rate = |daily_hundredths: u64| {
        // Of the index, a second, at a rate of so many 1e-4 a day.
        I256::try_from(PRICE * u128::from(daily_hundredths) / 10_000 / 86_400).unwrap()
    };
    assert_eq!(funding(), I256::ZERO);
    // A premium of 10%: until the next mark the average is 0, so the interest alone is paid.
    post(1, PRICE / 10 * 11);
    bench.wait(600);
    assert_eq!(funding(), rate(1) * I256::try_from(600).unwrap());
    // Then the average has moved by 10% (1 - exp(-600/28800)) = 0.206175...%.
    post(2, PRICE);
    let before = funding();
    bench.wait(100);
    let paid = funding() - before;
    let daily = 0.000_1 + 0.1 * (1.0 - (-600.0_f64 / 28_800.0).exp());
    let expected = 3_000.0 * daily / 86_400.0 * 100.0;
    let paid: f64 = paid.to_string().parse::<f64>().unwrap() / 1e18;
    assert!((paid / expected - 1.0).abs() < 1e-9, "{paid} {expected}");
    let read = bench.view(&IOracle::perpetualMarkCall { underlying: ETH });
    assert_eq!((read.mark.nonce, read.mark.mark, read.fundingIndex), (2, PRICE, funding()));
    // With no mark for more than 8 hours, nothing more accrues.
    bench.wait(28_700);
    let last = funding();
    bench.wait(86_400);
    assert_eq!(funding(), last);
}
