//! Votes through the real keeper and the real margin contract: nobody is short by one in the block that it falls in, and what it raises
//! comes in a day.

#![allow(
    missing_docs,
    clippy::arithmetic_side_effects,
    clippy::missing_const_for_fn,
    clippy::too_many_lines,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test code"
)]

use std::{cell::RefCell, collections::HashMap, rc::Rc};

use alloy_primitives::{Address, Bytes, I256, U256};
use alloy_sol_types::{SolCall, SolError};
use novate_abi::{
    IMargin, IOracle,
    IOracle::{Allowances, setAllowancesCall},
    IRiskParameters,
    IRiskParameters::{
        initializeCall, rampRangeCall, setBasisCall, setCalendarCall, setCollateralCall,
        setConfidenceCall, setContingenciesCall, setFactorsCall, setFloorCall, setGammaChargeCall,
        setGroupCall, setLiquidityChargeCall, setLongDiscountCall, setOffsetCall, setPegCall,
        setScenariosCall, setShortDiscountCall, setSkewCall, setSkewWidthCall, setUnderlyingCall,
        setVanishingCall, setVolatilityShockCall, syncAllowancesCall,
    },
    book::Book,
    parameters::FLIGHT,
};
use novate_common::testing::{
    World,
    fixture::{CALL, INDEX, NOW, PERPETUAL, PUT, Told as Said, WAD, position, sample},
};
use novate_margin::Margin;
use novate_parameters::RiskParameters;
use novate_risk::scenario::{Scenario, SpotMove, Weight};
use proptest::prelude::*;

const SELF: Address = Address::repeat_byte(0x9a);
const MARGIN: Address = Address::repeat_byte(0x3a);
const ORACLE: Address = Address::repeat_byte(0x0c);
const GOVERNOR: Address = Address::repeat_byte(0x60);
const STRANGER: Address = Address::repeat_byte(0x57);
const ONE: u64 = 1_000_000_000_000_000_000;
const PERCENT: u64 = ONE / 100;

/// What the oracle was told last, of each underlying.
type Told = Rc<RefCell<HashMap<u8, Allowances>>>;

const FUTURE: u64 = (1 << 56) | (1 << 54) | (490_400 << 32);

/// A scenario as the interface has it.
fn entry(scenario: &Scenario) -> IRiskParameters::Scenario {
    let (spot, absolute) = match scenario.spot {
        SpotMove::Ranges(spot) => (spot, false),
        SpotMove::Absolute(spot) => (spot, true),
    };
    let (weight, tail) = match scenario.weight {
        Weight::Fixed(weight) => (weight, false),
        Weight::Tail(weight) => (weight, true),
    };
    IRiskParameters::Scenario {
        spotMove: spot,
        absolute,
        volatility: scenario.volatility.number(),
        weight,
        tail,
    }
}

fn entries(scenarios: &[Scenario]) -> Vec<IRiskParameters::Scenario> {
    scenarios.iter().map(entry).collect()
}

const fn offset(group: u8, offset: u64) -> setOffsetCall {
    setOffsetCall { group, offset }
}

/// Keeper, margin and an oracle.
struct House(World, Told);

impl House {
    fn new() -> Self {
        let world = World::default();
        world.set_timestamp(NOW - 10 * FLIGHT);
        world.install::<RiskParameters>(SELF);
        world.install::<Margin>(MARGIN);
        let told = Told::default();
        let kept = Rc::clone(&told);
        world.mock(ORACLE, move |_, message| {
            if let Ok(call) = setAllowancesCall::abi_decode(&message.data) {
                kept.borrow_mut().insert(call.underlying, call.allowances);
                return Ok(Vec::new());
            }
            let call = IOracle::snapshotCall::abi_decode(&message.data).unwrap();
            let words = Said::default().words(&call.series);
            Ok(IOracle::snapshotCall::abi_encode_returns(&words))
        });
        let call = initializeCall { governor: GOVERNOR, guardian: STRANGER, margin: MARGIN };
        world.send(GOVERNOR, SELF, &call).unwrap();
        let call = IMargin::initializeCall { keeper: SELF, oracle: ORACLE };
        world.send(GOVERNOR, MARGIN, &call).unwrap();
        let house = Self(world, told);
        house.govern(&listing(18));
        house.govern(&token(5));
        house.0.set_timestamp(NOW);
        house
    }

    fn govern<C: SolCall>(&self, call: &C) {
        self.0.call(GOVERNOR, SELF, U256::ZERO, &call.abi_encode()).unwrap();
    }

    fn assess(&self, book: &Book) -> IMargin::Assessment {
        let (books, instruments) = (vec![Bytes::from(book.pack())], Vec::new());
        let call = IMargin::assessCall { books, instruments };
        self.0.send(STRANGER, MARGIN, &call).unwrap().assessments.remove(0)
    }
}

fn listing(range: u64) -> setUnderlyingCall {
    setUnderlyingCall {
        underlying: 1,
        range: range * PERCENT,
        volatilityRangeUp: 50 * PERCENT,
        volatilityRangeDown: 30 * PERCENT,
    }
}

fn token(haircut: u64) -> setCollateralCall {
    setCollateralCall {
        collateral: 1,
        underlying: 1,
        maintenanceHaircut: haircut * 97 / 100 * PERCENT,
        initialHaircut: 3 * PERCENT,
        cancelsRisk: haircut % 2 == 1,
    }
}

fn close(told: &IMargin::Assessment) -> I256 {
    told.closeEquity - I256::try_from(told.closeRequirement).unwrap()
}

fn initial(told: &IMargin::Assessment) -> I256 {
    told.equity - I256::try_from(told.initialRequirement).unwrap()
}

/// Each setter of margin's parameters, `degree` (0 to 100) between its least and its most.
fn votes(degree: u64) -> Vec<Vec<u8>> {
    let part = |most: u64| most / 100 * degree;
    let table: Vec<_> = entries(&Scenario::defaults())
        .into_iter()
        .map(|scenario| IRiskParameters::Scenario { weight: 3 * part(ONE), ..scenario })
        .collect();
    vec![
        setFactorsCall { initialFactor: 10 * ONE, maintenanceFactor: ONE / 10 + part(9 * ONE) }
            .abi_encode(),
        setPegCall { threshold: part(2 * ONE), factor: part(10 * ONE) }.abi_encode(),
        setContingenciesCall {
            perpetualMaintenance: part(3 * ONE),
            perpetualInitial: 0,
            optionMaintenance: part(2 * ONE),
            optionInitial: part(ONE),
        }
        .abi_encode(),
        setConfidenceCall { threshold: part(ONE), margin: part(10 * ONE) }.abi_encode(),
        setVolatilityShockCall {
            shortPower: part(ONE),
            longPower: part(ONE),
            floor: 3_600,
            minimumUp: part(10 * ONE),
        }
        .abi_encode(),
        setSkewCall {
            linearCap: part(ONE),
            linearSlope: 0,
            absoluteCap: part(ONE),
            absoluteSlope: 0,
        }
        .abi_encode(),
        setSkewWidthCall {
            kstarMinimum: PERCENT,
            width: part(10 * ONE),
            volatilityStatic: part(ONE),
            volatilitySlope: 0,
        }
        .abi_encode(),
        setBasisCall { up: part(ONE), down: part(ONE / 2), add: part(ONE), multiplier: part(ONE) }
            .abi_encode(),
        setLongDiscountCall { base: part(ONE), multiplier: 0, addition: part(ONE) }.abi_encode(),
        setShortDiscountCall { base: ONE + part(ONE), multiplier: 0, addition: 0 }.abi_encode(),
        setFloorCall { net: part(ONE), hedged: part(ONE) }.abi_encode(),
        setGammaChargeCall { rate: part(ONE), threshold: 0 }.abi_encode(),
        setLiquidityChargeCall { rate: part(ONE / 1_000_000), maximum: part(ONE), threshold: 0 }
            .abi_encode(),
        setCalendarCall { floor: PERCENT, slope: PERCENT + part(10 * PERCENT), initial: part(ONE) }
            .abi_encode(),
        setVanishingCall { share: part(ONE / 2) }.abi_encode(),
        setScenariosCall { table }.abi_encode(),
        listing(1 + degree * 99 / 100).abi_encode(),
        token(degree).abi_encode(),
        setGroupCall { underlying: 1, group: 1 }.abi_encode(),
        offset(1, part(60 * PERCENT)).abi_encode(),
    ]
}

fn books() -> impl Strategy<Value = Book> {
    let quantity = || -5_000_000_i64..5_000_000;
    let lines = [quantity(), quantity(), quantity(), quantity()];
    (lines, -50_000_i64..50_000, 0_u64..9).prop_map(|(quantities, cash, tokens)| {
        let mut book = sample();
        book.cash = I256::try_from(cash).unwrap() * I256::try_from(WAD).unwrap();
        let instruments = [PERPETUAL, FUTURE, CALL, PUT];
        book.positions = instruments
            .into_iter()
            .zip(quantities)
            .filter(|(_, quantity)| *quantity != 0)
            .map(|(instrument, quantity)| {
                let mut held = position(instrument, quantity);
                if held.is_delta_one() {
                    held.reference_price = INDEX;
                }
                held
            })
            .collect();
        book.collateral[0].amount = u128::from(tokens) * WAD + 1;
        book
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Votes of one block and of later ones, of any kind and degree: in its block none moves maintenance excess by a unit, initial excess
    /// never rises above what it was, and between blocks the way is walked in steps as small as the time.
    #[test]
    fn row_16_maintenance_excess_is_continuous_across_any_vote(
        book in books(),
        rounds in prop::collection::vec(
            prop::collection::vec((0_usize..20, 0_u64..=100), 1..4), 1..4,
        ),
        pauses in prop::collection::vec(0_u64..4, 3),
    ) {
        let house = House::new();
        for (round, pause) in rounds.iter().zip(pauses) {
            let before = house.assess(&book);
            for (which, degree) in round {
                let vote = votes(*degree).remove(*which);
                house.0.call(GOVERNOR, SELF, U256::ZERO, &vote).unwrap();
                let after = house.assess(&book);
                prop_assert_eq!(close(&after), close(&before));
                prop_assert_eq!(after.maintenanceRequirement, before.maintenanceRequirement);
                prop_assert_eq!(after.lastRequirement, before.lastRequirement);
                prop_assert_eq!(after.healthyRequirement, before.healthyRequirement);
                prop_assert!(initial(&after) <= initial(&before));
            }
            let start = house.0.timestamp();
            let from = house.assess(&book);
            // The market stands still but for the clock: its own effect in a second is that of a second anywhere on the way.
            let mut last = from;
            let mut greatest = I256::ZERO;
            for second in 1..=3 {
                house.0.set_timestamp(start + second);
                let told = house.assess(&book);
                greatest = greatest.max((close(&told) - close(&last)).abs());
                last = told;
            }
            house.0.set_timestamp(start + FLIGHT);
            let arrived = house.assess(&book);
            let whole = (close(&arrived) - close(&last)).abs();
            // A second is 1/86,400 of the way; the clock's own part is small beside the book's size.
            let size = U256::from(1_000_000) + last.initialRequirement / U256::from(10_000);
            let most = whole / I256::try_from(20_000).unwrap() + I256::try_from(size).unwrap();
            prop_assert!(greatest <= most, "{greatest} of {whole}");
            house.0.set_timestamp(start + FLIGHT + pause * 3_600);
        }
    }
}

/// A vote in the middle of an auction: bidders and owner see no step, at any elapsed time.
#[test]
fn row_34_a_vote_while_an_account_is_short_neither_ends_nor_sharpens_that() {
    for degree in [0, 100] {
        for vote in votes(degree) {
            let house = House::new();
            let mut book = sample();
            let told = house.assess(&book);
            // Short by a little.
            book.cash = book.cash - close(&told) - I256::ONE;
            let before = house.assess(&book);
            assert_eq!(close(&before), I256::MINUS_ONE);
            house.0.call(GOVERNOR, SELF, U256::ZERO, &vote).unwrap();
            let after = house.assess(&book);
            assert_eq!(close(&after), I256::MINUS_ONE);
            assert_eq!(
                (after.lastEquity, after.lastRequirement),
                (before.lastEquity, before.lastRequirement)
            );
            assert!(initial(&after) <= initial(&before));
        }
    }
}

#[test]
fn row_16_a_long_only_book_is_not_short_by_a_vote_in_its_block() {
    for vote in [
        setFactorsCall { initialFactor: 10 * ONE, maintenanceFactor: 10 * ONE }.abi_encode(),
        votes(100).remove(15),
    ] {
        let house = House::new();
        // Long calls, no debt.
        let book = Book { positions: vec![position(CALL, 3_000_000)], ..Book::default() };
        assert!(!close(&house.assess(&book)).is_negative());
        house.0.call(GOVERNOR, SELF, U256::ZERO, &vote).unwrap();
        assert!(!close(&house.assess(&book)).is_negative());
    }
}

#[test]
fn another_vote_waits_for_the_flight_that_runs() {
    let house = House::new();
    house.govern(&setFactorsCall { initialFactor: 2 * ONE, maintenanceFactor: ONE });
    house.0.set_timestamp(NOW + FLIGHT - 1);
    let error = IMargin::ParametersInFlight { from: NOW + FLIGHT }.abi_encode();
    for vote in votes(37) {
        let refused = house.0.call(GOVERNOR, SELF, U256::ZERO, &vote);
        assert_eq!(refused, Err(error.clone()));
    }
    // A range that moves by itself, and new listings, don't.
    house.govern(&rampRangeCall { underlying: 1, range: 30 * PERCENT, duration: FLIGHT });
    house.govern(&setUnderlyingCall { underlying: 2, ..listing(20) });
    house.govern(&setCollateralCall { collateral: 2, underlying: 2, ..token(10) });
    house.0.set_timestamp(NOW + FLIGHT);
    house.govern(&setFactorsCall { initialFactor: ONE, maintenanceFactor: ONE });
}

#[test]
fn a_ramp_set_out_while_a_vote_is_in_flight_is_continuous_too() {
    let house = House::new();
    let book = sample();
    house.govern(&listing(30));
    house.govern(&setFactorsCall { initialFactor: 2 * ONE, maintenanceFactor: ONE });
    for (hour, range) in [(0, 50), (5, 20), (11, 90), (23, 18), (30, 40), (70, 10)] {
        house.0.set_timestamp(NOW + hour * 3_600);
        let before = house.assess(&book);
        let (range, duration) = (range * PERCENT, FLIGHT);
        house.govern(&rampRangeCall { underlying: 1, range, duration });
        let after = house.assess(&book);
        assert_eq!(close(&after), close(&before), "hour {hour}");
        assert!(initial(&after) <= initial(&before) || range < 30 * PERCENT);
    }
}

#[test]
fn allowances_are_the_lesser_of_those_before_and_after_while_a_vote_is_in_flight() {
    let house = House::new();
    let mark = || house.1.borrow().get(&1).map(|told| told.mark);
    let sync = || house.0.send(STRANGER, SELF, &syncAllowancesCall { underlying: 1 }).map(|_| ());
    let calendar = |floor| setCalendarCall { floor, slope: 2 * PERCENT, initial: 0 };
    assert_eq!(mark(), Some(PERCENT / 4));
    house.govern(&calendar(PERCENT));
    assert_eq!(mark(), Some(PERCENT / 4));
    house.0.set_timestamp(NOW + FLIGHT - 1);
    sync().unwrap();
    assert_eq!(mark(), Some(PERCENT / 4));
    house.0.set_timestamp(NOW + FLIGHT);
    sync().unwrap();
    assert_eq!(mark(), Some(PERCENT / 2));
    house.govern(&calendar(PERCENT / 5));
    assert_eq!(mark(), Some(PERCENT / 10), "at once");
}
