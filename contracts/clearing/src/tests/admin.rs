//! Governance, routing, layout.

use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::{SolError, SolInterface};
use novate_abi::{IClearing, IErrors, IGoverned};

use super::bench::*;

#[test]
fn every_selector_is_routed() {
    let bench = Bench::new();
    let selectors =
        IClearing::IClearingCalls::selectors().chain(IGoverned::IGovernedCalls::selectors());
    for selector in selectors {
        let answer = bench.world.call(ALICE, CLEARING, U256::ZERO, &selector);
        let unknown = encoded(&IErrors::UnknownSelector { selector: selector.into() });
        assert_ne!(answer.clone().err(), Some(unknown), "{selector:02x?}");
        assert!(answer.is_ok() || answer.unwrap_err().len() >= 4);
    }
}

#[test]
fn every_truncation_of_every_call_reverts_with_data_and_without_trace() {
    use alloy_sol_types::SolCall;
    let bench = Bench::new();
    bench.fund(ALICE, 100);
    bench.fund(BOB, 100);
    let calls = [
        (VENUE, buys(perpetual(), 1, ONE).abi_encode()),
        (VENUE, IClearing::settleCall { accounts: [account(ALICE)].into() }.abi_encode()),
        (
            GOVERNOR,
            IClearing::setFeesCall {
                optionRate: 1,
                optionPremiumCap: 1,
                makerRate: 1,
                takerRate: 1,
            }
            .abi_encode(),
        ),
    ];
    for (sender, calldata) in calls {
        let before = bench.world.all_storage();
        for length in 4..calldata.len() {
            let answer = bench.world.call(sender, CLEARING, U256::ZERO, &calldata[..length]);
            assert_eq!(answer.unwrap_err()[..4], IErrors::MalformedBytes::SELECTOR, "{length}");
            assert_eq!(before, bench.world.all_storage());
        }
    }
}

#[test]
fn the_governor_alone_sets() {
    let bench = Bench::new();
    let error = encoded(&IErrors::Unauthorized { caller: GUARDIAN });
    let (margin, oracle, liquidation) = (MARGIN, ORACLE, LIQUIDATION);
    let call = IClearing::setModulesCall { margin, oracle, liquidation };
    assert_eq!(bench.refusal(GUARDIAN, &call), error);
    let call = IClearing::setVenueCall { venue: ALICE, allowed: true };
    assert_eq!(bench.refusal(GUARDIAN, &call), error);
    let call = IClearing::addCollateralCall { token: BOB, cap: 1 };
    assert_eq!(bench.refusal(GUARDIAN, &call), error);
    let call = IClearing::setOpenInterestCapCall { underlying: 1, cap: 1 };
    assert_eq!(bench.refusal(GUARDIAN, &call), error);
    assert_eq!(bench.refusal(GUARDIAN, &IClearing::sweepFeesCall {}), error);
    let (governor, guardian) = (ALICE, ALICE);
    let call = IClearing::initializeCall { governor, guardian, cashToken: CASH };
    assert_eq!(bench.refusal(ALICE, &call), encoded(&IErrors::AlreadyInitialized {}));
}

#[test]
fn parameters_have_bounds() {
    let bench = Bench::new();
    let call = IClearing::setFeesCall {
        optionRate: 10_001,
        optionPremiumCap: 0,
        makerRate: 0,
        takerRate: 0,
    };
    let refusal = bench.refusal(GOVERNOR, &call);
    let error = IErrors::ParameterOutOfBounds::abi_decode(&refusal).unwrap();
    assert_eq!(&error.name[..11], b"optionRate\0");
    assert_eq!((error.value, error.maximum), (signed(10_001), signed(10_000)));
    let (margin, oracle, liquidation) = (MARGIN, Address::ZERO, LIQUIDATION);
    let call = IClearing::setModulesCall { margin, oracle, liquidation };
    assert_eq!(bench.refusal(GOVERNOR, &call), encoded(&IErrors::ZeroAddress {}));
    let token = Address::repeat_byte(0x77);
    install_token(&bench.world, token, 19);
    let call = IClearing::addCollateralCall { token, cap: 1 };
    let error = IErrors::ParameterOutOfBounds::abi_decode(&bench.refusal(GOVERNOR, &call)).unwrap();
    assert_eq!(&error.name[..9], b"decimals\0");
}

#[test]
fn a_token_is_listed_once_and_only_32_are() {
    let bench = Bench::new();
    for token in [WETH, CASH] {
        let call = IClearing::addCollateralCall { token, cap: 1 };
        let error = encoded(&IClearing::AlreadyListed { token });
        assert_eq!(bench.refusal(GOVERNOR, &call), error);
    }
    for number in 2..=33_u8 {
        let token = Address::repeat_byte(number);
        install_token(&bench.world, token, 18);
        let call = IClearing::addCollateralCall { token, cap: 1 };
        if number <= 32 {
            assert_eq!(bench.send(GOVERNOR, &call), number);
        } else {
            let error = encoded(&IClearing::TooManyCollaterals { limit: U256::from(32) });
            assert_eq!(bench.refusal(GOVERNOR, &call), error);
        }
    }
}

#[test]
fn views_tell_what_was_set() {
    let bench = Bench::new();
    let modules = bench.send(ALICE, &IClearing::modulesCall {});
    assert_eq!((modules.margin, modules.oracle), (MARGIN, ORACLE));
    assert_eq!(modules.liquidation, LIQUIDATION);
    assert!(bench.send(ALICE, &IClearing::isVenueCall { venue: VENUE }));
    assert!(!bench.send(ALICE, &IClearing::isVenueCall { venue: ALICE }));
    assert_eq!(bench.send(ALICE, &IClearing::cashTokenCall {}), CASH);
    let call =
        IClearing::setFeesCall { optionRate: 1, optionPremiumCap: 2, makerRate: 3, takerRate: 4 };
    bench.send(GOVERNOR, &call);
    let fees = bench.send(ALICE, &IClearing::feesCall {});
    assert_eq!((fees.optionRate, fees.optionPremiumCap), (1, 2));
    assert_eq!((fees.makerRate, fees.takerRate), (3, 4));
    let cap = bench.send(ALICE, &IClearing::openInterestCapCall { underlying: 1 });
    assert_eq!(cap, 1_000_000 * CONTRACT);
}

#[test]
fn words_stand_where_the_layout_says() {
    let bench = Bench::new();
    bench.fund(ALICE, 100);
    bench.fund(BOB, 10_000);
    bench.send(VENUE, &buys(perpetual(), CONTRACT / 2, 3_000 * ONE));
    let slot = |number: u64| bench.world.storage(CLEARING, U256::from(number));
    assert_eq!(&slot(3)[12..], CASH.as_slice());
    assert_eq!(slot(3)[7], 6);
    assert_eq!((&slot(4)[12..], slot(4)[7]), (MARGIN.as_slice(), 1));
    assert_eq!(slot(5), ORACLE.into_word());
    assert_eq!(slot(6), LIQUIDATION.into_word());
    assert_eq!(slot(8)[..16], (10_100 * ONE).to_be_bytes());
    let mut preimage = [0; 64];
    preimage[..32].copy_from_slice(account(ALICE).as_slice());
    preimage[63] = 15;
    let base = U256::from_be_bytes(alloy_primitives::keccak256(preimage).0);
    let word = |place: u64| bench.world.storage(CLEARING, base + U256::from(place));
    assert_eq!(word(0)[..16], (100 * ONE).to_be_bytes());
    assert_eq!(word(0)[16..24], 2_u64.to_be_bytes());
    assert_eq!(word(0)[24..26], 1_u16.to_be_bytes());
    assert_eq!(word(1)[..8], perpetual().to_be_bytes());
    assert_eq!(word(1)[8..16], 500_000_i64.to_be_bytes());
    assert_eq!(word(2), B256::ZERO);
    let mut preimage = [0; 64];
    preimage[24..32].copy_from_slice(&perpetual().to_be_bytes());
    preimage[32..].copy_from_slice(&(base + U256::from(161)).to_be_bytes::<32>());
    let reference = U256::from_be_bytes(alloy_primitives::keccak256(preimage).0);
    assert_eq!(bench.world.storage(CLEARING, reference)[..16], (3_000 * ONE).to_be_bytes());
}
