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

fn allowances() -> IOracle::Allowances {
    let percent = ONE / 100;
    IOracle::Allowances {
        mark: percent / 4,
        forwardFloor: percent / 2,
        forwardSlope: percent * 2,
        volatilityUp: percent * 25,
        volatilityDown: percent * 12,
        shortPower: percent * 30,
        longPower: percent * 13,
        floor: 86_400,
    }
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
        |bench| bench.signed(&market()).abi_encode(),
        |_| set_feed().abi_encode(),
        |_| IOracle::snapshotCall { series: Vec::from([1 << 22]) }.abi_encode(),
        |_| {
            IOracle::observeCall { underlying: ETH, expiry: NOW, rounds: Vec::from([U80::ZERO]) }
                .abi_encode()
        },
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
fn fields_wider_than_their_types_are_malformed() {
    let bench = Bench::new();
    let call = bench.signed(&market()).abi_encode();
    // The expiry's fields from the end of the message: two offsets, five words, offset and length, then eleven.
    let first = 4 + 32 * (2 + 6 + 1);
    for (place, byte) in [(3, 26), (5, 27), (6, 26), (7, 26), (2, 27), (4, 27), (8, 29), (10, 29)] {
        let mut wide = call.clone();
        wide[first + place * 32 + byte] ^= 1;
        let data = bench.world.call(ANYONE, ORACLE, U256::ZERO, &wide).unwrap_err();
        let error = IErrors::MalformedBytes::abi_decode(&data).unwrap();
        assert_eq!(error.offset, U256::from(first + place * 32), "{place}");
    }
}

#[test]
fn only_the_governor_sets_and_only_once_is_initialised() {
    let bench = Bench::new();
    let caller = ANYONE;
    let unauthorized = encoded(&IErrors::Unauthorized { caller });
    let publishers = Vec::from([ANYONE]);
    let calls = [
        set_feed().abi_encode(),
        IOracle::setStableFeedCall { feed: STABLE, heartbeat: 60 }.abi_encode(),
        IOracle::setSequencerFeedCall { feed: SEQUENCER, grace: 60 }.abi_encode(),
        IOracle::setPublishersCall { publishers, threshold: 1 }.abi_encode(),
        IOracle::setKeeperCall { keeper: ANYONE }.abi_encode(),
        IOracle::setAllowancesCall { underlying: ETH, allowances: allowances() }.abi_encode(),
        IOracle::disputeSettlementCall { underlying: ETH, expiry: EXPIRY, reason: B256::ZERO }
            .abi_encode(),
        IOracle::answerDisputeCall { underlying: ETH, expiry: EXPIRY, price: PRICE }.abi_encode(),
        IOracle::announceSettlementCall { underlying: ETH, expiry: EXPIRY, price: PRICE }
            .abi_encode(),
    ];
    for call in calls {
        assert_eq!(bench.world.call(ANYONE, ORACLE, U256::ZERO, &call), Err(unauthorized.clone()));
    }
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
    let event = bench.events::<IOracle::PublishersChanged>().pop().unwrap();
    assert_eq!((event.publishers, event.threshold), (set(2, 2).publishers, 2));
    assert_eq!(bench.refusal(GOVERNOR, &set(17, 1)), out_of_bounds("publishers", 17, 1, 16));
    assert_eq!(bench.refusal(GOVERNOR, &set(0, 1)), out_of_bounds("publishers", 0, 1, 16));
    assert_eq!(bench.refusal(GOVERNOR, &set(2, 3)), out_of_bounds("threshold", 3, 1, 2));
    assert_eq!(bench.refusal(GOVERNOR, &set(2, 0)), out_of_bounds("threshold", 0, 1, 2));
    let publishers = Vec::from([ANYONE, ANYONE]);
    let twice = IOracle::setPublishersCall { publishers, threshold: 1 };
    let duplicate = encoded(&IOracle::DuplicatePublisher { publisher: ANYONE });
    assert_eq!(bench.refusal(GOVERNOR, &twice), duplicate);
    let publishers = Vec::from([Address::ZERO]);
    let zero = IOracle::setPublishersCall { publishers, threshold: 1 };
    assert_eq!(bench.refusal(GOVERNOR, &zero), encoded(&IErrors::ZeroAddress {}));
}

#[test]
fn the_keeper_writes_allowances_within_their_bounds() {
    let bench = Bench::new();
    let read = || bench.view(&IOracle::allowancesCall { underlying: ETH });
    assert_eq!((read().mark, read().forwardSlope, read().floor), (ONE / 400, ONE / 100, 86_400));
    assert_eq!(bench.view(&IOracle::keeperCall {}), KEEPER);
    let previous = read();
    let set = |allowances: IOracle::Allowances| IOracle::setAllowancesCall {
        underlying: ETH,
        allowances,
    };
    bench.world.send(KEEPER, ORACLE, &set(allowances())).unwrap();
    assert_eq!(read(), allowances());
    let changed = bench.events::<IOracle::AllowancesChanged>().pop().unwrap();
    assert_eq!((changed.previous, changed.current), (previous, allowances()));
    // Kept with nine decimals, rounded down.
    bench
        .world
        .send(KEEPER, ORACLE, &set(IOracle::Allowances { mark: 1_999_999_999, ..allowances() }))
        .unwrap();
    assert_eq!(read().mark, 1_000_000_000);
    let fifth = u128::from(ONE / 5);
    for (broken, error) in [
        (
            IOracle::Allowances { mark: ONE / 5 + 1, ..allowances() },
            out_of_bounds("mark", fifth + 1, 0, fifth),
        ),
        (
            IOracle::Allowances { volatilityDown: ONE + 1, ..allowances() },
            out_of_bounds("volatilityDown", fifth * 5 + 1, 0, fifth * 5),
        ),
        (
            IOracle::Allowances { floor: 59, ..allowances() },
            out_of_bounds("floor", 59, 60, 31_536_000),
        ),
    ] {
        assert_eq!(bench.refusal(KEEPER, &set(broken)), error);
    }
    let caller = GOVERNOR;
    assert_eq!(
        bench.refusal(GOVERNOR, &set(allowances())),
        encoded(&IErrors::Unauthorized { caller })
    );
    bench.govern(&IOracle::setKeeperCall { keeper: Address::ZERO });
    let caller = Address::ZERO;
    assert_eq!(
        bench.refusal(caller, &set(allowances())),
        encoded(&IErrors::Unauthorized { caller })
    );
}

/// The layout is that of the storage table, word by word.
#[test]
fn storage_is_the_documented_one() {
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
    assert_eq!(word(4), headed([0, 0, 1, 2, 1], SEQUENCER));
    assert_eq!(word(5), headed([0, 0, 3, 4, 8], STABLE));
    assert_eq!(word(15), KEEPER.into_word());
    let slot = |key: u64, mapping: u64| {
        let words = [B256::from(U256::from(key)), B256::from(U256::from(mapping))].concat();
        U256::from_be_bytes(alloy_primitives::keccak256(words).0)
    };
    bench.post(&market());
    let month = slot((1 << 22) | (EXPIRY / HOUR), 11);
    let first = bench.world.storage(ORACLE, month);
    let ratio = u64::from_be_bytes(first[..8].try_into().unwrap());
    assert!(near(ratio.into(), (1 << 60) / 1_000 * 1_010));
    assert_eq!(first[8..12], u32::try_from(NOW).unwrap().to_be_bytes());
    assert_eq!(first[12..16], expiry().rate.to_be_bytes());
    let second = bench.world.storage(ORACLE, month + U256::from(1));
    assert_eq!(second[2..7], 1_000_000_u64.to_be_bytes()[3..]);
    let feed = bench.world.storage(ORACLE, slot(1, 9));
    let digits = B256::from(U256::from(0x3e_52_u64) << 200);
    assert_eq!(feed, headed([0, 0, 0x0e, 0x10, 8], FEED) | digits);
    let index = bench.world.storage(ORACLE, slot(1, 13));
    assert_eq!(index[2..16], PRICE.to_be_bytes()[2..]);
    assert_eq!(index[16..20], u32::try_from(NOW).unwrap().to_be_bytes());
}
