//! Governance, routing, layout.

use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::{SolCall, SolError, SolInterface};
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
                optionMinimum: 1,
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
    let call = IClearing::setCapsCall { underlying: 1, series: 1, account: 1 };
    assert_eq!(bench.refusal(GUARDIAN, &call), error);
    let call = IClearing::setBandsCall { deltaOne: 1, optionOfIndex: 1, optionOfMark: 1 };
    assert_eq!(bench.refusal(GUARDIAN, &call), error);
    let call = IClearing::setLendingCall { limit: 1, maintenance: 1, initial: 1 };
    assert_eq!(bench.refusal(GUARDIAN, &call), error);
    let call = IClearing::setCollateralCapCall { collateral: 1, cap: 1 };
    assert_eq!(bench.refusal(GUARDIAN, &call), error);
    let call = IClearing::setFlaggedShortfallCall { flagged: U256::from(1) };
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
        optionMinimum: 0,
        makerRate: 0,
        takerRate: 0,
    };
    let refusal = bench.refusal(GOVERNOR, &call);
    let error = IErrors::ParameterOutOfBounds::abi_decode(&refusal).unwrap();
    assert_eq!(&error.name[..11], b"optionRate\0");
    assert_eq!((error.value, error.maximum), (signed(10_001), signed(10_000)));
    let out_of_bounds = |call: Vec<u8>| {
        let answer = bench.world.call(GOVERNOR, CLEARING, U256::ZERO, &call).unwrap_err();
        let error = IErrors::ParameterOutOfBounds::abi_decode(&answer).unwrap();
        let name: Vec<u8> = error.name.iter().copied().take_while(|byte| *byte != 0).collect();
        String::from_utf8(name).unwrap()
    };
    let fees = |premium, minimum, maker, taker| {
        IClearing::setFeesCall {
            optionRate: 0,
            optionPremiumCap: premium,
            optionMinimum: minimum,
            makerRate: maker,
            takerRate: taker,
        }
        .abi_encode()
    };
    assert_eq!(out_of_bounds(fees(1_000_001, 0, 0, 0)), "optionPremiumCap");
    assert_eq!(out_of_bounds(fees(0, 1_000_000_000_000_000_001, 0, 0)), "optionMinimum");
    assert_eq!(out_of_bounds(fees(0, 0, -5, 4)), "makerRate");
    assert_eq!(out_of_bounds(fees(0, 0, 10_001, 0)), "makerRate");
    assert_eq!(out_of_bounds(fees(0, 0, 0, 10_001)), "takerRate");
    let caps = IClearing::setCapsCall { underlying: 1, series: u128::MAX, account: 0 };
    assert_eq!(out_of_bounds(caps.abi_encode()), "series");
    for (bands, name) in [
        ((9_999, 50_000, 500_000), "deltaOne"),
        ((200_001, 50_000, 500_000), "deltaOne"),
        ((50_000, 200_001, 500_000), "optionOfIndex"),
        ((50_000, 50_000, 1_000_001), "optionOfMark"),
    ] {
        let (delta_one, of_index, of_mark) = bands;
        let call = IClearing::setBandsCall {
            deltaOne: delta_one,
            optionOfIndex: of_index,
            optionOfMark: of_mark,
        };
        assert_eq!(out_of_bounds(call.abi_encode()), name);
    }
    for (terms, name) in [
        ((499_999, 10_000, 20_000), "limit"),
        ((950_001, 10_000, 20_000), "limit"),
        ((850_000, 4_999, 20_000), "maintenance"),
        ((850_000, 10_000, 100_001), "initial"),
        ((850_000, 10_000, 9_999), "initial"),
    ] {
        let (limit, maintenance, initial) = terms;
        let call = IClearing::setLendingCall { limit, maintenance, initial };
        assert_eq!(out_of_bounds(call.abi_encode()), name);
    }
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
        bench.told.borrow_mut().collaterals = number.into();
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
    let call = IClearing::setFeesCall {
        optionRate: 1,
        optionPremiumCap: 2,
        optionMinimum: 5,
        makerRate: -3,
        takerRate: 4,
    };
    bench.send(GOVERNOR, &call);
    let fees = bench.send(ALICE, &IClearing::feesCall {});
    assert_eq!((fees.optionRate, fees.optionPremiumCap), (1, 2));
    assert_eq!((fees.makerRate, fees.takerRate, fees.optionMinimum), (-3, 4, 5));
    let caps = IClearing::setCapsCall { underlying: 3, series: 7, account: 8 };
    bench.send(GOVERNOR, &caps);
    let caps = bench.send(ALICE, &IClearing::capsCall { underlying: 3 });
    assert_eq!((caps.series, caps.account), (7, 8));
    let bands = bench.send(ALICE, &IClearing::bandsCall {});
    assert_eq!(
        (bands.deltaOne, bands.optionOfIndex, bands.optionOfMark),
        (50_000, 50_000, 500_000)
    );
    let bands = IClearing::setBandsCall {
        deltaOne: 200_000,
        optionOfIndex: 10_000,
        optionOfMark: 1_000_000,
    };
    bench.send(GOVERNOR, &bands);
    let bands = bench.send(ALICE, &IClearing::bandsCall {});
    assert_eq!(
        (bands.deltaOne, bands.optionOfIndex, bands.optionOfMark),
        (200_000, 10_000, 1_000_000)
    );
    let fees = bench.send(ALICE, &IClearing::feesCall {});
    assert_eq!((fees.makerRate, fees.optionMinimum), (-3, 5), "fees stay");
    let lending = bench.send(ALICE, &IClearing::lendingCall {});
    assert_eq!((lending.limit, lending.maintenance, lending.initial), (850_000, 10_000, 20_000));
    bench.fund(ALICE, 5);
    let lending = IClearing::setLendingCall { limit: 500_000, maintenance: 5_000, initial: 7_000 };
    bench.send(GOVERNOR, &lending);
    let lending = bench.send(ALICE, &IClearing::lendingCall {});
    assert_eq!((lending.limit, lending.maintenance, lending.initial), (500_000, 5_000, 7_000));
    bench.check_balance(&[ALICE]);
    bench.send(GOVERNOR, &IClearing::setCollateralCapCall { collateral: 1, cap: 9 });
    let token = bench.send(ALICE, &IClearing::collateralTokenCall { collateral: 1 });
    assert_eq!((token.token, token.cap, token.total), (WETH, 9, 0));
}

#[test]
fn words_stand_where_the_layout_says() {
    let bench = Bench::new();
    bench.send(
        GOVERNOR,
        &IClearing::setFeesCall {
            optionRate: 300,
            optionPremiumCap: 125_000,
            optionMinimum: 10_000_000_000_000_000,
            makerRate: -100,
            takerRate: 500,
        },
    );
    bench.fund(ALICE, 100);
    bench.fund(BOB, 10_000);
    bench.lend(BOB, 1_000);
    bench.send(VENUE, &buys(perpetual(), CONTRACT / 2, 3_000 * ONE));
    bench.mark(perpetual(), 2_740 * ONE);
    bench.touch(&[ALICE]);
    bench.send(LIQUIDATION, &IClearing::setFlaggedShortfallCall { flagged: U256::from(77) });
    let slot = |number: u64| bench.world.storage(CLEARING, U256::from(number));
    for number in 4..8 {
        assert_eq!(slot(number), B256::ZERO);
    }
    assert_eq!(&slot(8)[12..], CASH.as_slice());
    assert_eq!(slot(8)[7], 6);
    assert_eq!((&slot(9)[12..], slot(9)[7]), (MARGIN.as_slice(), 1));
    assert_eq!(slot(10), ORACLE.into_word());
    assert_eq!(slot(11), LIQUIDATION.into_word());
    let terms = [
        &300_u32.to_be_bytes()[1..],
        &125_000_u32.to_be_bytes()[1..],
        &(-100_i32).to_be_bytes()[1..],
        &500_u32.to_be_bytes()[1..],
        &10_000_000_000_000_000_u64.to_be_bytes(),
        &50_000_u32.to_be_bytes()[1..],
        &50_000_u32.to_be_bytes()[1..],
        &500_000_u32.to_be_bytes()[1..],
        &[0; 3],
    ];
    assert_eq!(slot(12)[..], terms.concat());
    // The maker gets 0.15 of the taker's 0.75; then she loses 130.
    let debt = 30 * ONE - ONE * 15 / 100;
    assert_eq!(slot(13)[..16], (130 * ONE).to_be_bytes());
    assert_eq!(slot(13)[16..], debt.to_be_bytes());
    assert_eq!(slot(14)[..16], (ONE * 60 / 100).to_be_bytes());
    assert_eq!(slot(15)[..16], (1_000 * ONE).to_be_bytes());
    assert_eq!(slot(15)[16..26], [0; 10]);
    assert_eq!(slot(15)[26..29], 850_000_u32.to_be_bytes()[1..]);
    assert_eq!(slot(15)[29..], [1, 0, 0]);
    assert_eq!(slot(16)[16..], 77_u128.to_be_bytes());
    assert_eq!(slot(17)[..16], (10_100 * ONE).to_be_bytes());
    assert_eq!(slot(17)[16..24], [10_000_u32.to_be_bytes(), 20_000_u32.to_be_bytes()].concat());
    let base = account_slot(ALICE);
    let word = |place: u64| bench.world.storage(CLEARING, base + U256::from(place));
    assert_eq!(word(0)[..16], (-debt.cast_signed()).to_be_bytes());
    assert_eq!(word(0)[16..24], 2_u64.to_be_bytes());
    assert_eq!(word(0)[24..26], 1_u16.to_be_bytes());
    assert_eq!(word(0)[26..28], [0, 0]);
    assert_eq!(word(1)[..8], perpetual().to_be_bytes());
    assert_eq!(word(1)[8..16], 500_000_i64.to_be_bytes());
    assert_eq!(word(2), B256::ZERO);
    let lender = account_slot(BOB);
    assert_eq!(bench.world.storage(CLEARING, lender)[27], 1);
    let shares = bench.world.storage(CLEARING, lender + U256::from(166));
    assert_eq!(shares[16..], (1_000 * ONE).to_be_bytes());
    let mut preimage = [0; 64];
    preimage[24..32].copy_from_slice(&perpetual().to_be_bytes());
    preimage[32..].copy_from_slice(&(base + U256::from(161)).to_be_bytes::<32>());
    let reference = U256::from_be_bytes(alloy_primitives::keccak256(preimage).0);
    assert_eq!(bench.world.storage(CLEARING, reference)[..16], (2_740 * ONE).to_be_bytes());
    let mut preimage = [0; 64];
    preimage[28..32].copy_from_slice(&(1_u32 << 22).to_be_bytes());
    preimage[63] = 22;
    let interest = U256::from_be_bytes(alloy_primitives::keccak256(preimage).0);
    assert_eq!(bench.world.storage(CLEARING, interest)[16..], 500_000_u128.to_be_bytes());
}
