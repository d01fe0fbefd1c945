//! What guardian and governor can do to people, and how slowly.

use alloy_primitives::U256;
use novate_abi::{IClearing, IExchange, IGoverned, IRiskParameters};
use novate_testbed::{
    House, Trader, call, future,
    house::{
        CLEARING, ETH, EXCHANGE, GOVERNOR, GUARDIAN, LIQUIDATION, MARGIN, NOW, ORACLE, PARAMETERS,
        SECOND,
    },
    perpetual, put,
    units::{DAY, HOUR, MINUTE, ONE, PERCENT},
};

use crate::{close, house_with, largest};

const WITHDRAW: u64 = 1;
const FILL: u64 = 2;

#[test]
fn row_15_stops_end_by_themselves() {
    for (target, bit, days) in
        [(CLEARING, WITHDRAW, 7), (CLEARING, FILL, 14), (ORACLE, 1, 14), (EXCHANGE, 1, 14)]
    {
        let (house, ..) = house_with(0.0);
        house.pause(target, bit).unwrap();
        let call = IGoverned::pausedUntilCall { operation: U256::from(bit) };
        assert_eq!(house.view(target, &call), house.now() + days * DAY);
        for _ in 0..29 {
            house.wait(DAY);
            let refusal = house.pause(target, bit).unwrap_err();
            assert!(refusal.is::<IGoverned::PausedRecently>(), "{refusal:?}");
        }
        assert_eq!(house.view(target, &IGoverned::pausedMaskCall {}), U256::ZERO);
        house.wait(DAY);
        house.pause(target, bit).unwrap();
        assert!(
            house
                .send(GUARDIAN, target, &IGoverned::unpauseCall { mask: U256::from(bit) })
                .is_err()
        );
        house.send(GOVERNOR, target, &IGoverned::unpauseCall { mask: U256::from(bit) }).unwrap();
        assert_eq!(house.view(target, &IGoverned::pausedMaskCall {}), U256::ZERO);
    }
}

#[test]
fn row_15_reducing_settling_and_deposits_never_stop() {
    let (house, ..) = house_with(1_000_000.0);
    let (ours, other) = (house.funded(1, 10_000.0), house.funded(2, 1_000_000.0));
    house.trade_at_mark(&ours, &other, perpetual(ETH), 6.0).unwrap();
    for bit in 0..8 {
        for target in [CLEARING, LIQUIDATION] {
            house.pause(target, 1 << bit).ok();
        }
    }
    house.trade_at_mark(&other, &ours, perpetual(ETH), 1.0).unwrap();
    let refusal = house.trade_at_mark(&ours, &other, perpetual(ETH), 1.0).unwrap_err();
    assert!(refusal.0.len() >= 4);
    house.fund(&ours, 100.0);
    house.touch(&[&ours, &other]).unwrap();
    house.settle(&[&ours]).unwrap();
    house.lend(&ours, 100.0).unwrap();
    house.wait(MINUTE);
    house.move_index(1_000.0);
    house.start(other.address(), &other).ok();
    house.start(other.address(), &ours).unwrap();
    house.check();
}

/// An account at its initial margin, nothing to spare.
fn at_the_edge(house: &House, number: u64) -> (Trader, Trader) {
    let (ours, other) = (house.funded(number, 10_000.0), house.funded(number + 100, 100_000_000.0));
    let size = largest(100.0, |size| {
        house.world.trying(|_| house.trade_at_mark(&ours, &other, perpetual(ETH), size).is_ok())
    });
    house.trade_at_mark(&ours, &other, perpetual(ETH), size).unwrap();
    (ours, other)
}

#[test]
fn row_16_no_vote_liquidates_anybody_at_once() {
    let changes: Vec<fn(&House) -> bool> = vec![
        |house| {
            let call = IRiskParameters::setFactorsCall {
                initialFactor: 10 * ONE,
                maintenanceFactor: 10 * ONE,
            };
            house.send(GOVERNOR, PARAMETERS, &call).is_ok()
        },
        |house| {
            let call = IRiskParameters::setFactorsCall {
                initialFactor: 2 * ONE,
                maintenanceFactor: 2 * ONE,
            };
            house.send(GOVERNOR, PARAMETERS, &call).is_ok()
        },
        |house| {
            let stress = |spotMove: i64| IRiskParameters::Scenario {
                spotMove,
                absolute: false,
                volatility: 1,
                weight: 3 * ONE,
                tail: false,
            };
            let table = vec![stress(-1_000_000_000_000_000_000), stress(1_000_000_000_000_000_000)];
            house.send(GOVERNOR, PARAMETERS, &IRiskParameters::setScenariosCall { table }).is_ok()
        },
        |house| {
            let call = IRiskParameters::setUnderlyingCall {
                underlying: ETH,
                range: 36 * PERCENT,
                volatilityRangeUp: ONE,
                volatilityRangeDown: 60 * PERCENT,
            };
            house.send(GOVERNOR, PARAMETERS, &call).is_ok()
        },
        |house| {
            let call = IRiskParameters::setContingenciesCall {
                perpetualMaintenance: 20 * PERCENT,
                perpetualInitial: 10 * PERCENT,
                optionMaintenance: 20 * PERCENT,
                optionInitial: 10 * PERCENT,
            };
            house.send(GOVERNOR, PARAMETERS, &call).is_ok()
        },
        |house| {
            let call = IRiskParameters::setFloorCall { net: ONE / 2, hedged: ONE / 2 };
            house.send(GOVERNOR, PARAMETERS, &call).is_ok()
        },
        |house| {
            let call = IRiskParameters::setCollateralCall {
                collateral: 1,
                underlying: ETH,
                maintenanceHaircut: 50 * PERCENT,
                initialHaircut: 30 * PERCENT,
                cancelsRisk: true,
            };
            house.send(GOVERNOR, PARAMETERS, &call).is_ok()
        },
    ];
    let mut taken = 0;
    for (number, change) in changes.into_iter().enumerate() {
        let (house, ..) = house_with(0.0);
        let (ours, other) = at_the_edge(&house, 1);
        let holder = house.trader(5);
        house.fund_weth(&holder, 10.0);
        let before = house.figures(&ours);
        house.wait(HOUR);
        house.refresh();
        if change(&house) {
            taken += 1;
        }
        for (minutes, most) in [(0_u64, 0.001), (10, 0.2), (60, 0.6)] {
            house.wait(minutes * MINUTE);
            house.refresh();
            let after = house.figures(&ours);
            assert!(
                after.maintenance <= before.maintenance * (1.0 + most * 20.0 / 4.0),
                "{number}: {before:?} {after:?}"
            );
            if minutes == 0 {
                assert!(house.start(other.address(), &ours).is_err(), "{number}");
                close(after.maintenance, before.maintenance, 1.0);
            }
            assert!(house.start(other.address(), &holder).is_err(), "{number}");
        }
    }
    assert!(taken >= 3, "nothing was voted for");
}

#[test]
fn row_16_a_flight_takes_one_vote_at_a_time() {
    let (house, ..) = house_with(0.0);
    let set = |factor: u64| IRiskParameters::setFactorsCall {
        initialFactor: factor,
        maintenanceFactor: factor * 8 / 10,
    };
    house.wait(HOUR);
    house.refresh();
    house.send(GOVERNOR, PARAMETERS, &set(ONE + PERCENT * 10)).unwrap();
    for _ in 0..23 {
        house.wait(HOUR);
        let refusal = house.refused(GOVERNOR, PARAMETERS, &set(ONE + PERCENT * 20));
        assert!(refusal.is::<novate_abi::IMargin::ParametersInFlight>(), "{refusal:?}");
    }
    house.wait(HOUR);
    house.send(GOVERNOR, PARAMETERS, &set(ONE + PERCENT * 20)).unwrap();
}

#[test]
fn row_16_a_fully_paid_book_is_out_of_reach_of_votes() {
    let (house, ..) = house_with(0.0);
    let (ours, other) = (house.funded(1, 5_000.0), house.funded(2, 1_000_000.0));
    house.trade_at_mark(&ours, &other, call(ETH, NOW + 30 * DAY, 3_000.0), 10.0).unwrap();
    house.trade_at_mark(&other, &ours, call(ETH, NOW + 30 * DAY, 3_500.0), 10.0).unwrap();
    assert!(house.figures(&ours).is_fully_paid);
    house.wait(HOUR);
    house.refresh();
    let call =
        IRiskParameters::setFactorsCall { initialFactor: 2 * ONE, maintenanceFactor: 2 * ONE };
    house.send(GOVERNOR, PARAMETERS, &call).ok();
    for _ in 0..30 {
        house.wait(HOUR);
        house.refresh();
        assert!(house.start(other.address(), &ours).is_err());
    }
}

fn short_long_ten() -> (House, Trader, Trader, Trader) {
    let (house, ..) = house_with(1_000_000.0);
    house.insure(100_000.0);
    let (ours, other) = (house.funded(1, 7_000.0), house.funded(2, 1_000_000.0));
    house.trade_at_mark(&ours, &other, perpetual(ETH), 10.0).unwrap();
    house.wait(MINUTE);
    house.move_index(2_700.0);
    house.start(other.address(), &ours).unwrap();
    let bidder = house.funded(3, 20_000.0);
    (house, ours, other, bidder)
}

#[test]
fn row_34_a_vote_ends_no_auction_and_asks_no_more_of_bidders() {
    let (house, ours, _, bidder) = short_long_ten();
    house.pass(5 * MINUTE, MINUTE);
    house.sight(&ours).unwrap();
    let before = house.auction(&ours);
    let most = before.maximumFraction;
    house.world.trying(|_| house.bid(&bidder, &house.whole(&ours, &bidder, most)).unwrap());
    // Up and down.
    for factor in [3 * ONE / 2, ONE / 2 + PERCENT * 20] {
        house.world.trying(|_| {
            let call = IRiskParameters::setFactorsCall {
                initialFactor: factor,
                maintenanceFactor: factor * 8 / 10,
            };
            house.send(GOVERNOR, PARAMETERS, &call).unwrap();
            house.sight(&ours).unwrap();
            let after = house.auction(&ours);
            assert_eq!(after.startedAt, before.startedAt, "the auction goes on");
            assert!(after.excess < alloy_primitives::I256::ZERO);
            house
                .bid(&bidder, &house.whole(&ours, &bidder, after.maximumFraction.min(most)))
                .unwrap();
            house.check();
        });
    }
}

#[test]
fn row_34_stops_end_no_auction() {
    let (house, ours, _, bidder) = short_long_ten();
    house.pass(MINUTE, MINUTE);
    for target in [CLEARING, ORACLE, EXCHANGE] {
        house.pause(target, 3).ok();
        house.pause(target, 1).ok();
    }
    house.wait(MINUTE);
    house.set_index(2_700.0);
    let most = house.auction(&ours).maximumFraction;
    house.bid(&bidder, &house.whole(&ours, &bidder, most)).unwrap();
    house.check();
}

#[test]
fn row_20_the_offset_fades_without_a_step() {
    // ETH against the second underlying in one group: the requirement at offsets around zero.
    let requirement = |offset: u64, grouped: bool| {
        let (house, ..) = house_with(0.0);
        house.list_second(3_000.0);
        let expiry = NOW + 30 * DAY;
        let model = novate_testbed::Model::new(SECOND, vec![expiry]);
        house.wait(1);
        house.relay(&model.message(house.now(), 3_000.0)).unwrap();
        if grouped {
            for underlying in [ETH, SECOND] {
                house.govern(PARAMETERS, &IRiskParameters::setGroupCall { underlying, group: 1 });
            }
            house.govern(PARAMETERS, &IRiskParameters::setOffsetCall { group: 1, offset });
        }
        house.govern(PARAMETERS, &IRiskParameters::syncAllowancesCall { underlying: ETH });
        let (ours, other) = (house.funded(1, 100_000.0), house.funded(2, 10_000_000.0));
        house.trade_at_mark(&ours, &other, perpetual(ETH), 10.0).unwrap();
        house.trade_at_mark(&other, &ours, perpetual(SECOND), 10.0).unwrap();
        house.trade_at_mark(&ours, &other, put(ETH, expiry, 2_800.0), 5.0).unwrap();
        let figures = house.figures(&ours);
        (figures.maintenance, figures.initial)
    };
    let none = requirement(0, false);
    let zero = requirement(0, true);
    let crumb = requirement(1_000_000_000_000, true);
    let little = requirement(PERCENT, true);
    let gross = 60_000.0;
    for (left, right, within) in [(none, zero, 1e-6), (zero, crumb, 1e-5), (zero, little, 0.01)] {
        close(left.0, right.0, within * gross);
        close(left.1, right.1, within * gross);
    }
}

#[test]
fn row_15_only_roles_have_their_power() {
    let (house, ..) = house_with(0.0);
    let thief = house.trader(66).address();
    for target in [CLEARING, ORACLE, EXCHANGE, LIQUIDATION, PARAMETERS] {
        assert!(house.send(thief, target, &IGoverned::pauseCall { mask: U256::from(1) }).is_err());
        assert!(
            house.send(thief, target, &IGoverned::setGuardianCall { guardian: thief }).is_err()
        );
        assert!(
            house
                .send(GUARDIAN, target, &IGoverned::proposeGovernorCall { proposed: thief })
                .is_err()
        );
    }
    assert!(
        house
            .send(
                thief,
                MARGIN,
                &novate_abi::IMargin::writeCall { place: 0, word: thief.into_word() }
            )
            .is_err()
    );
    let (margin, oracle, liquidation) = (thief, thief, thief);
    assert!(
        house
            .send(GUARDIAN, CLEARING, &IClearing::setModulesCall { margin, oracle, liquidation })
            .is_err()
    );
    assert!(
        house
            .send(GUARDIAN, CLEARING, &IClearing::setVenueCall { venue: thief, allowed: true })
            .is_err()
    );
    assert!(house.send(thief, EXCHANGE, &IExchange::setClearingCall { clearing: thief }).is_err());
    // What was deployed can't be taken over.
    let again = IClearing::initializeCall {
        governor: thief,
        guardian: thief,
        cashToken: house.cash.address,
    };
    assert!(house.send(thief, CLEARING, &again).is_err());
}

#[test]
fn row_3_and_16_a_future_at_the_edge_survives_a_vote_and_a_message() {
    let (house, ..) = house_with(0.0);
    let (ours, other) = (house.funded(1, 10_000.0), house.funded(2, 1_000_000.0));
    let instrument = future(ETH, NOW + 30 * DAY);
    let size = largest(100.0, |size| {
        house.world.trying(|_| house.trade_at_mark(&ours, &other, instrument, size).is_ok())
    });
    house.trade_at_mark(&ours, &other, instrument, size).unwrap();
    house.wait(MINUTE);
    let call = IRiskParameters::setContingenciesCall {
        perpetualMaintenance: 6 * PERCENT,
        perpetualInitial: 2 * PERCENT,
        optionMaintenance: PERCENT,
        optionInitial: PERCENT,
    };
    house.send(GOVERNOR, PARAMETERS, &call).unwrap();
    house.model.borrow_mut().basis.insert(NOW + 30 * DAY, -0.01);
    house.refresh();
    assert!(house.start(other.address(), &ours).is_err());
}
