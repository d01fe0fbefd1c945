//! Routing, roles, bounds.

use alloy_sol_types::SolInterface;
use novate_abi::{IErrors, IGoverned};

use super::*;

fn out_of_bounds(name: &str, value: u128, minimum: u128, maximum: u128) -> Vec<u8> {
    let mut label = B256::ZERO;
    label[..name.len()].copy_from_slice(name.as_bytes());
    let signed = |value: u128| I256::from_raw(U256::from(value));
    encoded(&IErrors::ParameterOutOfBounds {
        name: label,
        value: signed(value),
        minimum: signed(minimum),
        maximum: signed(maximum),
    })
}

#[test]
fn every_selector_is_routed() {
    let bench = Bench::new();
    let selectors =
        IOracle::IOracleCalls::selectors().chain(IGoverned::IGovernedCalls::selectors());
    for selector in selectors {
        let answer = bench.world.call(ANYONE, ORACLE, U256::ZERO, &selector);
        let unknown = encoded(&IErrors::UnknownSelector { selector: selector.into() });
        assert_ne!(answer.err(), Some(unknown), "{selector:02x?}");
    }
}

#[test]
fn what_is_no_function_or_carries_value_is_refused() {
    let bench = Bench::new();
    let answer = bench.world.call(ANYONE, ORACLE, U256::ZERO, &[1, 2, 3, 4]);
    let unknown = encoded(&IErrors::UnknownSelector { selector: [1, 2, 3, 4].into() });
    assert_eq!(answer, Err(unknown));
    let value = U256::from(1);
    let answer = bench.world.call(ANYONE, ORACLE, value, &[]);
    assert_eq!(answer, Err(encoded(&IErrors::ValueNotAccepted { value })));
}

#[test]
fn truncated_calldata_is_malformed_and_changes_nothing() {
    let calls: [fn(&Bench) -> Vec<u8>; 5] = [
        |bench| bench.post_surface(&surface()).abi_encode(),
        |bench| bench.post_mark(&mark()).abi_encode(),
        |_| set_feed().abi_encode(),
        |_| IOracle::snapshotCall { series: Vec::from([1 << 22]) }.abi_encode(),
        |_| {
            let publishers = Vec::from([ANYONE]);
            IOracle::setPublishersCall { publishers, threshold: 1 }.abi_encode()
        },
    ];
    for call in calls {
        let bench = Bench::new();
        let call = call(&bench);
        let before = bench.world.all_storage();
        for length in (4..=call.len() - 32).step_by(32) {
            let answer = bench.world.call(GOVERNOR, ORACLE, U256::ZERO, &call[..length]);
            let data = answer.expect_err("arguments are missing");
            assert!(IErrors::MalformedBytes::abi_decode(&data).is_ok(), "{data:02x?}");
        }
        assert_eq!(before, bench.world.all_storage());
    }
}

#[test]
fn only_the_governor_sets_and_only_once_is_initialised() {
    let bench = Bench::new();
    let caller = ANYONE;
    let unauthorized = encoded(&IErrors::Unauthorized { caller });
    assert_eq!(bench.refusal(ANYONE, &set_feed()), unauthorized);
    let call = IOracle::setStableFeedCall { feed: STABLE, heartbeat: 60 };
    assert_eq!(bench.refusal(ANYONE, &call), unauthorized);
    let call = IOracle::setSequencerFeedCall { feed: SEQUENCER, grace: 60 };
    assert_eq!(bench.refusal(ANYONE, &call), unauthorized);
    let call = IOracle::setPublishersCall { publishers: Vec::from([ANYONE]), threshold: 1 };
    assert_eq!(bench.refusal(ANYONE, &call), unauthorized);
    let call = IOracle::disputeSettlementCall { underlying: ETH, expiry: EXPIRY };
    assert_eq!(bench.refusal(ANYONE, &call), unauthorized);
    let call = IOracle::initializeCall { governor: ANYONE, guardian: ANYONE };
    assert_eq!(bench.refusal(ANYONE, &call), encoded(&IErrors::AlreadyInitialized {}));
}

#[test]
fn a_feed_is_set_within_its_bounds_and_read_back() {
    let bench = Bench::new();
    assert_eq!(bench.view(&IOracle::feedCall { underlying: ETH }), set_feed().feed);
    let unknown = encoded(&IOracle::UnknownUnderlying { underlying: 2 });
    assert_eq!(bench.refusal(ANYONE, &IOracle::feedCall { underlying: 2 }), unknown);
    let refusal = |change: fn(&mut IOracle::setFeedCall)| {
        let mut call = set_feed();
        change(&mut call);
        bench.refusal(GOVERNOR, &call)
    };
    let most = 10_u128.pow(33);
    assert_eq!(refusal(|call| call.underlying = 0), out_of_bounds("underlying", 0, 1, 255));
    assert_eq!(refusal(|call| call.feed.heartbeat = 9), out_of_bounds("heartbeat", 9, 10, 604_800));
    assert_eq!(
        refusal(|call| call.feed.maximumAnswer = 10_u128.pow(33) + 1),
        out_of_bounds("maximumAnswer", most + 1, 1, most)
    );
    assert_eq!(
        refusal(|call| call.feed.minimumAnswer = call.feed.maximumAnswer),
        out_of_bounds("minimumAnswer", PRICE * 1_000, 0, PRICE * 1_000 - 1)
    );
    assert_eq!(refusal(|call| call.feed.feed = Address::ZERO), encoded(&IErrors::ZeroAddress {}));
    let target = Address::repeat_byte(9);
    let failed = encoded(&IErrors::CallFailed { target });
    assert_eq!(refusal(|call| call.feed.feed = Address::repeat_byte(9)), failed);
}

#[test]
fn decimals_beyond_eighteen_are_refused() {
    let bench = Bench::new();
    bench.world.mock(STABLE, |_, _| Ok(IAggregator::decimalsCall::abi_encode_returns(&19)));
    let call = IOracle::setStableFeedCall { feed: STABLE, heartbeat: 60 };
    assert_eq!(bench.refusal(GOVERNOR, &call), out_of_bounds("decimals", 19, 0, 18));
    let call = IOracle::setSequencerFeedCall { feed: SEQUENCER, grace: 86_401 };
    assert_eq!(bench.refusal(GOVERNOR, &call), out_of_bounds("grace", 86_401, 0, 86_400));
}

#[test]
fn publishers_are_distinct_and_replace_the_last() {
    let bench = Bench::new();
    let publisher = |number: u8| Address::repeat_byte(number);
    let set = |count: u8, threshold| IOracle::setPublishersCall {
        publishers: (1..=count).map(publisher).collect(),
        threshold,
    };
    bench.govern(&set(16, 3));
    bench.govern(&set(2, 2));
    let read = bench.view(&IOracle::publishersCall {});
    assert_eq!((read.publishers, read.threshold), (set(2, 2).publishers, 2));
    let changed = bench.world.logs().pop().unwrap();
    let data = alloy_primitives::LogData::new(changed.1, changed.2.into()).unwrap();
    let event = <IOracle::PublishersChanged as alloy_sol_types::SolEvent>::decode_log_data(&data);
    assert_eq!(event.unwrap().publishers, set(2, 2).publishers);
    assert_eq!(bench.refusal(GOVERNOR, &set(17, 1)), out_of_bounds("publishers", 17, 1, 16));
    assert_eq!(bench.refusal(GOVERNOR, &set(0, 1)), out_of_bounds("publishers", 0, 1, 16));
    assert_eq!(bench.refusal(GOVERNOR, &set(2, 3)), out_of_bounds("threshold", 3, 1, 2));
    assert_eq!(bench.refusal(GOVERNOR, &set(2, 0)), out_of_bounds("threshold", 0, 1, 2));
    let publishers = Vec::from([publisher(4), publisher(4)]);
    let call = IOracle::setPublishersCall { publishers, threshold: 1 };
    let duplicate = encoded(&IOracle::DuplicatePublisher { publisher: publisher(4) });
    assert_eq!(bench.refusal(GOVERNOR, &call), duplicate);
    let call = IOracle::setPublishersCall { publishers: Vec::from([Address::ZERO]), threshold: 1 };
    assert_eq!(bench.refusal(GOVERNOR, &call), encoded(&IErrors::ZeroAddress {}));
}

#[test]
fn the_storage_layout_is_the_documented_one() {
    let bench = Bench::new();
    bench.govern(&IOracle::setSequencerFeedCall { feed: SEQUENCER, grace: 0x0102 });
    bench.govern(&IOracle::setStableFeedCall { feed: STABLE, heartbeat: 0x0304 });
    let word = |slot: u8| bench.world.storage(ORACLE, U256::from(slot));
    let headed = |head: [u8; 5], address: Address| {
        let mut word = address.into_word();
        word[..5].copy_from_slice(&head);
        word
    };
    assert_eq!(word(0), GOVERNOR.into_word());
    assert_eq!(word(3), headed([0, 0, 1, 2, 1], SEQUENCER));
    assert_eq!(word(4), headed([0, 0, 3, 4, 8], STABLE));
    let slot = |key: u64, mapping: u64| {
        let words = [B256::from(U256::from(key)), B256::from(U256::from(mapping))].concat();
        U256::from_be_bytes(alloy_primitives::keccak256(words).0)
    };
    let call = bench.post_surface(&surface());
    bench.world.send(ANYONE, ORACLE, &call).unwrap();
    let first = bench.world.storage(ORACLE, slot((1 << 22) | (EXPIRY / HOUR), 10));
    assert_eq!(first[..16], surface().forward.to_be_bytes());
    assert_eq!(first[16..24], surface().a.to_be_bytes());
    let feed = bench.world.storage(ORACLE, slot(1, 8));
    assert_eq!(
        feed,
        headed([0, 0, 0x0e, 0x10, 8], FEED) | B256::from(U256::from(0x3e_52_u64) << 200)
    );
}
