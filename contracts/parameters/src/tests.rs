//! The parameters contract, through its ABI, against a mock of margin that keeps words.

#![allow(clippy::arithmetic_side_effects, reason = "test code: an overflow is a failed test")]

use std::{cell::RefCell, collections::HashMap, rc::Rc, vec::Vec};

use alloy_primitives::{Address, B256, I256, U256};
use alloy_sol_types::{SolCall, SolError, SolEvent, SolInterface};
use novate_abi::{
    IErrors, IMargin,
    IMargin::IMarginCalls,
    IOracle::{Allowances, setAllowancesCall},
    IRiskParameters,
    IRiskParameters::{
        IRiskParametersCalls, OracleChanged, ParameterChanged, ScenarioChanged, ScenarioTooFine,
        UnknownGroup, UnknownParameter, initializeCall, marginCall, rampRangeCall, scenariosCall,
        setBasisCall, setCalendarCall, setCollateralCall, setConfidenceCall, setContingenciesCall,
        setFactorsCall, setFloorCall, setGammaChargeCall, setGroupCall, setLiquidityChargeCall,
        setLongDiscountCall, setOffsetCall, setOracleCall, setPegCall, setScenariosCall,
        setShortDiscountCall, setSkewCall, setSkewWidthCall, setUnderlyingCall, setVanishingCall,
        setVolatilityShockCall, syncAllowancesCall, valueCall,
    },
    parameters::{Place, Root, SETS, Set, read},
};
use novate_common::testing::World;
use novate_risk::{
    Decided, Extensions, Parameters,
    scenario::{Scenario, SpotMove, Weight},
};

use crate::RiskParameters;

const SELF: Address = Address::repeat_byte(0x9a);
const MARGIN: Address = Address::repeat_byte(0x3a);
const ORACLE: Address = Address::repeat_byte(0x0c);
const GOVERNOR: Address = Address::repeat_byte(0x60);
const STRANGER: Address = Address::repeat_byte(0x57);
const ONE: u64 = 1_000_000_000_000_000_000;
const PERCENT: u64 = ONE / 100;
const TENTH: i64 = 100_000_000_000_000_000;

#[derive(Debug)]
struct Bench(World, Told);

/// What the oracle was told last, of each underlying.
type Told = Rc<RefCell<HashMap<u8, Allowances>>>;

/// An oracle that takes allowances.
fn install_oracle(world: &World) -> Told {
    let told = Told::default();
    let kept = Rc::clone(&told);
    world.mock(ORACLE, move |_, message| {
        assert_eq!(message.sender, SELF, "the keeper alone writes");
        let call = setAllowancesCall::abi_decode(&message.data).unwrap();
        kept.borrow_mut().insert(call.underlying, call.allowances);
        Ok(Vec::new())
    });
    told
}

impl Bench {
    fn new() -> Self {
        let world = World::default();
        world.install::<RiskParameters>(SELF);
        world.mock(MARGIN, |world, message| {
            let slot = |place: u16| U256::from(place);
            match IMarginCalls::abi_decode(&message.data).unwrap() {
                IMarginCalls::word(call) => {
                    let found = world.storage(MARGIN, slot(call.place));
                    Ok(IMargin::wordCall::abi_encode_returns(&found))
                }
                IMarginCalls::write(call) => {
                    assert_eq!(message.sender, SELF, "the keeper alone writes");
                    world.set_storage(MARGIN, slot(call.place), call.word);
                    Ok(Vec::new())
                }
                IMarginCalls::parameters(call) => {
                    let mut words = Vec::new();
                    let mut keep = |place: Place, _| -> Result<U256, ()> {
                        words.push(world.storage(MARGIN, slot(place.encode())));
                        Ok(words.last().copied().unwrap_or_default().into())
                    };
                    read(&call.underlyings, &call.collaterals, world.timestamp(), &mut keep)
                        .unwrap();
                    Ok(IMargin::parametersCall::abi_encode_returns(&words))
                }
                _ => panic!("not mocked"),
            }
        });
        let root = Root { oracle: ORACLE, ..Root::default() }.pack();
        world.set_storage(MARGIN, U256::from(Place::Root.encode()), root.into());
        let call = initializeCall { governor: GOVERNOR, guardian: STRANGER, margin: MARGIN };
        world.send(GOVERNOR, SELF, &call).unwrap();
        let told = install_oracle(&world);
        Self(world, told)
    }

    fn govern<C: SolCall>(&self, call: &C) {
        if let Err(data) = self.0.send(GOVERNOR, SELF, call) {
            panic!("{} refused with {data:02x?}", C::SIGNATURE);
        }
    }

    fn refused<C: SolCall, E: SolError>(&self, sender: Address, call: &C, error: &E) {
        let data = self.0.refusal(sender, SELF, call);
        assert_eq!(data, error.abi_encode(), "{data:02x?}");
    }

    /// What margin then reads.
    fn governed(&self, underlyings: &[u8], collaterals: &[u8]) -> Decided {
        let mut word = |place: Place, _| -> Result<U256, ()> {
            Ok(self.0.storage(MARGIN, U256::from(place.encode())).into())
        };
        read(underlyings, collaterals, self.0.timestamp(), &mut word).unwrap().decided
    }

    fn allowances(&self, underlying: u8) -> Option<Allowances> {
        self.1.borrow().get(&underlying).cloned()
    }

    fn root(&self) -> Root {
        Root::unpack(self.0.storage(MARGIN, U256::ZERO).into())
    }

    fn value(&self, name: &str, subject: u8) -> I256 {
        self.0.send(STRANGER, SELF, &valueCall { name: named(name), subject }).unwrap()
    }

    /// The changes that were told since `logs` logs.
    fn changes(&self, logs: usize) -> Vec<(B256, u8, I256, I256)> {
        let all = self.0.logs();
        all.iter()
            .skip(logs)
            .map(|(_, topics, data)| {
                let event = ParameterChanged::decode_raw_log_validate(topics.iter().copied(), data)
                    .unwrap();
                (event.name, event.subject, event.previous, event.current)
            })
            .collect()
    }

    fn list(&self) {
        self.list_as(1);
    }

    fn list_as(&self, underlying: u8) {
        self.govern(&setUnderlyingCall {
            underlying,
            range: 18 * PERCENT,
            volatilityRangeUp: 50 * PERCENT,
            volatilityRangeDown: 30 * PERCENT,
        });
    }
}

fn named(name: &str) -> B256 {
    B256::right_padding_from(&name.as_bytes()[..name.len().min(32)])
}

fn signed(number: impl Into<i128>) -> I256 {
    I256::try_from(number.into()).unwrap()
}

const fn offset(group: u8, offset: u64) -> setOffsetCall {
    setOffsetCall { group, offset }
}

/// Sets every shared parameter to something that isn't its default.
fn set_all(bench: &Bench) {
    bench.govern(&setFactorsCall { initialFactor: 2 * ONE, maintenanceFactor: ONE });
    bench.govern(&setPegCall { threshold: 98 * PERCENT, factor: 5 * ONE });
    bench.govern(&setContingenciesCall {
        perpetualMaintenance: 4 * PERCENT,
        perpetualInitial: 2 * PERCENT,
        optionMaintenance: PERCENT,
        optionInitial: PERCENT / 2,
    });
    bench.govern(&setConfidenceCall { threshold: 60 * PERCENT, margin: 2 * ONE });
    bench.govern(&setVolatilityShockCall {
        shortPower: 40 * PERCENT,
        longPower: 20 * PERCENT,
        floor: 3_600,
        minimumUp: 50 * PERCENT,
    });
    bench.govern(&setSkewCall {
        linearCap: 30 * PERCENT,
        linearSlope: -2 * TENTH,
        absoluteCap: 20 * PERCENT,
        absoluteSlope: TENTH,
    });
    bench.govern(&setSkewWidthCall {
        kstarMinimum: 2 * PERCENT,
        width: 3 * ONE,
        volatilityStatic: 70 * PERCENT,
        volatilitySlope: -TENTH,
    });
    bench.govern(&setBasisCall {
        up: 5 * PERCENT,
        down: 6 * PERCENT,
        add: 40 * PERCENT,
        multiplier: ONE,
    });
    bench.govern(&setLongDiscountCall {
        base: 90 * PERCENT,
        multiplier: PERCENT,
        addition: 20 * PERCENT,
    });
    bench.govern(&setShortDiscountCall { base: 110 * PERCENT, multiplier: 7, addition: 9 });
    bench.govern(&setFloorCall { net: PERCENT, hedged: 2 * PERCENT });
    bench.govern(&setGammaChargeCall { rate: 50 * PERCENT, threshold: 10_000 });
    bench.govern(&setLiquidityChargeCall { rate: 10, maximum: 5 * PERCENT, threshold: 1_000_000 });
    bench.govern(&offset(1, 60 * PERCENT));
    bench.govern(&offset(4, 30 * PERCENT));
    bench.govern(&setCalendarCall { floor: PERCENT, slope: 3 * PERCENT, initial: ONE });
    bench.govern(&setVanishingCall { share: 30 * PERCENT });
}

#[test]
fn every_function_of_the_interface_is_routed() {
    let bench = Bench::new();
    for selector in IRiskParametersCalls::SELECTORS {
        let answer = bench.0.call(STRANGER, SELF, U256::ZERO, selector);
        let unknown = IErrors::UnknownSelector { selector: (*selector).into() }.abi_encode();
        assert_ne!(answer, Err(unknown), "{selector:02x?}");
    }
    assert_eq!(bench.0.send(STRANGER, SELF, &marginCall {}).unwrap(), MARGIN);
}

#[test]
fn shared_parameters_are_stored_as_they_were_set_and_read_by_name() {
    let bench = Bench::new();
    set_all(&bench);
    let Decided { parameters, extensions, .. } = bench.governed(&[], &[]);
    assert_eq!(bench.root().oracle, ORACLE);
    let defaults = Parameters::default();
    assert_eq!((parameters.scan.initial, parameters.scan.maintenance), (2 * ONE, ONE));
    assert_eq!(parameters.scan.peg_threshold, u128::from(98 * PERCENT));
    assert_eq!(parameters.contingencies.option_initial, PERCENT / 2);
    assert_eq!(parameters.contingencies.confidence_margin, u128::from(2 * ONE));
    assert_eq!(
        (parameters.volatility.floor, parameters.skew.linear_slope),
        (3_600, i128::from(-2 * TENTH))
    );
    assert_eq!(
        (parameters.skew.volatility_slope, parameters.basis.down),
        (i128::from(-TENTH), 6 * PERCENT)
    );
    assert_eq!((parameters.long.base, parameters.short.addition), (90 * PERCENT, 9));
    assert_eq!(parameters.scenarios, defaults.scenarios);
    assert_eq!((extensions.floor_hedged, extensions.gamma_threshold), (2 * PERCENT, 10_000));
    assert_eq!((extensions.liquidity_rate, extensions.liquidity_threshold), (10, 1_000_000));
    assert_eq!(extensions.offsets, [(1, 60 * PERCENT), (4, 30 * PERCENT)]);
    for set in SETS {
        let none = Extensions::default();
        assert_ne!(set.word(&parameters, &extensions), set.word(&defaults, &none), "{set:?}");
        assert_ne!(bench.root().stored & set.bit(), 0, "{set:?}");
    }
    assert_eq!(bench.value("scan.initial", 0), signed(2 * ONE));
    assert_eq!(bench.value("skew.linear_slope", 0), signed(-2 * TENTH));
    assert_eq!(bench.value("contingency.perpetual_maintenance", 0), signed(4 * PERCENT));
    assert_eq!(bench.value("extensions.offset", 4), signed(30 * PERCENT));
    assert_eq!(bench.value("extensions.offset", 2), I256::ZERO);
    assert_eq!(bench.value("extensions.offset", 9), I256::ZERO);
    assert_eq!(bench.value("scan.initial", 1), I256::ZERO);
    assert_eq!(parameters.corrections.calendar_initial, ONE);
    assert!(parameters.corrections.caps_losses && parameters.corrections.smooth_confidence);
    assert!(parameters.corrections.charges_old_surfaces);
    let names = ["calendar.floor", "calendar.slope", "calendar.initial", "vanishing.share"];
    let values = [PERCENT, 3 * PERCENT, ONE, 30 * PERCENT];
    assert_eq!(names.map(|name| bench.value(name, 0)), values.map(signed));
    for name in ["no such thing", "", "scan.initia", "range "] {
        let (name, subject) = (named(name), 0);
        bench.refused(STRANGER, &valueCall { name, subject }, &UnknownParameter { name });
    }
}

#[test]
fn a_set_back_at_its_defaults_is_not_stored() {
    let bench = Bench::new();
    bench.govern(&setFloorCall { net: PERCENT, hedged: 0 });
    assert_eq!(bench.root().stored, Set::Charges.bit());
    bench.govern(&setFloorCall { net: 0, hedged: 0 });
    assert_eq!(bench.root(), Root { oracle: ORACLE, ..Root::default() });
}

#[test]
fn every_change_is_told_with_old_and_new_value() {
    let bench = Bench::new();
    bench.govern(&setFactorsCall { initialFactor: 2 * ONE, maintenanceFactor: 80 * PERCENT });
    let expected = [(named("scan.initial"), 0, signed(ONE), signed(2 * ONE))];
    assert_eq!(bench.changes(2), expected, "what stays isn't told");
    let logs = bench.0.logs().len();
    bench.govern(&setSkewCall {
        linearCap: 25 * PERCENT,
        linearSlope: TENTH,
        absoluteCap: 0,
        absoluteSlope: -TENTH,
    });
    let expected = [
        (named("skew.linear_slope"), 0, signed(-TENTH), signed(TENTH)),
        (named("skew.absolute_cap"), 0, signed(25 * PERCENT), I256::ZERO),
    ];
    assert_eq!(bench.changes(logs), expected);
    let logs = bench.0.logs().len();
    bench.govern(&offset(3, PERCENT));
    let expected = [(named("extensions.offset"), 3, I256::ZERO, signed(PERCENT))];
    assert_eq!(bench.changes(logs), expected);
    let logs = bench.0.logs().len();
    bench.list();
    let expected = [
        (named("range"), 1, I256::ZERO, signed(18 * PERCENT)),
        (named("volatility_up"), 1, I256::ZERO, signed(50 * PERCENT)),
        (named("volatility_down"), 1, I256::ZERO, signed(30 * PERCENT)),
    ];
    assert_eq!(bench.changes(logs), expected);
    let logs = bench.0.logs().len();
    let token = setCollateralCall {
        collateral: 2,
        underlying: 1,
        maintenanceHaircut: 5 * PERCENT,
        initialHaircut: 0,
        cancelsRisk: true,
    };
    bench.govern(&token);
    let expected = [
        (named("collateral.underlying"), 2, I256::ZERO, signed(1)),
        (named("collateral.maintenance_haircut"), 2, I256::ZERO, signed(5 * PERCENT)),
        (named("collateral.cancels_risk"), 2, I256::ZERO, signed(1)),
    ];
    assert_eq!(bench.changes(logs), expected);
    assert_eq!(bench.value("collateral.maintenance_haircut", 2), signed(5 * PERCENT));

    bench.0.mock(STRANGER, |_, message| {
        let call = setAllowancesCall::abi_decode(&message.data).unwrap();
        assert_eq!(call.underlying, 1, "the new one is told what is listed");
        Ok(Vec::new())
    });
    bench.govern(&setOracleCall { oracle: STRANGER });
    let logs = bench.0.logs();
    let (_, topics, data) = logs.last().unwrap();
    let event = OracleChanged::decode_raw_log_validate(topics.iter().copied(), data).unwrap();
    assert_eq!((event.previous, event.oracle), (ORACLE, STRANGER));
    assert_eq!(
        bench.root(),
        Root {
            oracle: STRANGER,
            stored: 1 | Set::Skew.bit() | Set::Offsets.bit(),
            ..Root::default()
        }
    );
}

#[test]
fn a_range_moves_from_where_it_has_come() {
    let bench = Bench::new();
    bench.list();
    let start = bench.0.timestamp();
    let move_to = |range, duration| rampRangeCall { underlying: 1, range, duration };
    bench.govern(&move_to(28 * PERCENT, 100_000));
    bench.0.set_timestamp(start + 50_000);
    assert_eq!(bench.value("ramp.range", 1), signed(23 * PERCENT));
    assert_eq!(bench.value("range", 1), signed(28 * PERCENT));
    bench.govern(&setGroupCall { underlying: 1, group: 2 });
    bench.govern(&move_to(13 * PERCENT, 20_000));
    let governed = bench.governed(&[1], &[]);
    let [(number, ramp)] = governed.ramps.as_slice() else { panic!("{governed:?}") };
    assert_eq!((*number, ramp.from, ramp.to), (1, 23 * PERCENT, 13 * PERCENT));
    assert_eq!((ramp.start, ramp.length), (start + 50_000, 20_000));
    assert_eq!(governed.parameters.underlyings[0].group, 2);
    assert_eq!(bench.value("ramp.length", 1), signed(20_000));

    // Set at once, it stands still and stays in its group.
    bench.list();
    let governed = bench.governed(&[1], &[]);
    assert!(governed.ramps.is_empty());
    assert_eq!(governed.parameters.underlyings[0].range, 18 * PERCENT);
    assert_eq!((bench.value("group", 1), bench.value("ramp.length", 1)), (signed(2), I256::ZERO));
}

#[test]
fn only_the_governor_sets() {
    let bench = Bench::new();
    bench.list();
    let before = bench.0.all_storage();
    let error = IErrors::Unauthorized { caller: STRANGER };
    bench.refused(STRANGER, &setOracleCall { oracle: STRANGER }, &error);
    bench.refused(STRANGER, &setPegCall { threshold: 0, factor: 0 }, &error);
    bench.refused(STRANGER, &offset(1, 0), &error);
    bench.refused(STRANGER, &setGroupCall { underlying: 1, group: 0 }, &error);
    let ramp = rampRangeCall { underlying: 1, range: ONE, duration: 3_600 };
    bench.refused(STRANGER, &ramp, &error);
    let listed = setUnderlyingCall {
        underlying: 1,
        range: ONE,
        volatilityRangeUp: 0,
        volatilityRangeDown: 0,
    };
    bench.refused(STRANGER, &listed, &error);
    let token = setCollateralCall {
        collateral: 1,
        underlying: 1,
        maintenanceHaircut: 0,
        initialHaircut: 0,
        cancelsRisk: true,
    };
    bench.refused(STRANGER, &token, &error);
    let again = initializeCall { governor: STRANGER, guardian: STRANGER, margin: STRANGER };
    bench.refused(STRANGER, &again, &IErrors::AlreadyInitialized {});
    bench.refused(GOVERNOR, &setOracleCall { oracle: Address::ZERO }, &IErrors::ZeroAddress {});
    assert_eq!(bench.0.all_storage(), before);
}

#[test]
fn what_is_out_of_bounds_is_refused_by_name_and_limits() {
    let bench = Bench::new();
    bench.list();
    let before = bench.0.all_storage();
    let refused = |data: Vec<u8>, name: &str, value: i128, minimum: i128, maximum: i128| {
        let error = IErrors::ParameterOutOfBounds::abi_decode(&data).unwrap();
        assert_eq!(error.name, named(name));
        let limits = [value, minimum, maximum].map(signed);
        assert_eq!([error.value, error.minimum, error.maximum], limits, "{name}");
    };
    let one = i128::from(ONE);
    let percent = i128::from(PERCENT);
    let data = |call: &dyn Fn(&World) -> Vec<u8>| call(&bench.0);
    macro_rules! bound {
        ($call:expr, $name:expr, $value:expr, $minimum:expr, $maximum:expr) => {
            refused(
                data(&|world| world.refusal(GOVERNOR, SELF, &$call)),
                $name,
                $value,
                $minimum,
                $maximum,
            )
        };
    }
    let factors = |initial, maintenance| setFactorsCall {
        initialFactor: initial,
        maintenanceFactor: maintenance,
    };
    bound!(factors(ONE, 2 * ONE), "scan.initial", one, 2 * one, 10 * one);
    bound!(factors(ONE, 0), "scan.maintenance", 0, 10 * percent, 10 * one);
    let long = setLongDiscountCall { base: ONE + 1, multiplier: 0, addition: 0 };
    bound!(long, "long.base", one + 1, 0, one);
    let short = setShortDiscountCall { base: ONE - 1, multiplier: 0, addition: 0 };
    bound!(short, "short.base", one - 1, one, 4 * one);
    let confidence = setConfidenceCall { threshold: ONE + 1, margin: 0 };
    bound!(confidence, "contingency.confidence_threshold", one + 1, 0, one);
    let skew =
        setSkewCall { linearCap: 0, linearSlope: 0, absoluteCap: 10 * ONE + 1, absoluteSlope: 0 };
    bound!(skew, "skew.absolute_cap", 10 * one + 1, 0, 10 * one);
    bound!(setFloorCall { net: 0, hedged: ONE + 1 }, "extensions.floor_hedged", one + 1, 0, one);
    let liquidity = setLiquidityChargeCall { rate: ONE, maximum: 0, threshold: 0 };
    bound!(liquidity, "extensions.liquidity_rate", one, 0, one / 1_000);
    bound!(offset(1, ONE), "extensions.offset", one, 0, 60 * percent);
    let ramp = |range, duration| rampRangeCall { underlying: 1, range, duration };
    bound!(ramp(ONE, 86_399), "ramp.length", 86_399, 86_400, 7_776_000);
    bound!(ramp(PERCENT, 3_599), "ramp.length", 3_599, 3_600, 7_776_000);
    bound!(ramp(ONE + 1, 3_600), "range", one + 1, percent, one);
    let calendar = |floor, slope, initial| setCalendarCall { floor, slope, initial };
    let (floor, slope) = (PERCENT / 2, 2 * PERCENT);
    let (least, most) = (percent / 5, 5 * percent);
    bound!(calendar(PERCENT / 5 - 1, slope, 0), "calendar.floor", least - 1, least, most);
    bound!(calendar(5 * PERCENT + 1, slope, 0), "calendar.floor", most + 1, least, most);
    let (least, most) = (percent / 2, 20 * percent);
    bound!(calendar(floor, 0, 0), "calendar.slope", 0, least, most);
    bound!(calendar(floor, slope, ONE + 1), "calendar.initial", one + 1, 0, one);
    bound!(setVanishingCall { share: ONE }, "vanishing.share", one, 0, one / 2);
    let token = |maintenance, initial| setCollateralCall {
        collateral: 1,
        underlying: 1,
        maintenanceHaircut: maintenance,
        initialHaircut: initial,
        cancelsRisk: false,
    };
    bound!(token(ONE / 2, ONE), "collateral.initial_haircut", one, 0, one / 2);
    let elsewhere = setCollateralCall { underlying: 7, ..token(0, 0) };
    bench.refused(GOVERNOR, &elsewhere, &IMargin::UnderlyingNotListed { underlying: 7 });

    for group in [0, 5] {
        bench.refused(GOVERNOR, &offset(group, 0), &UnknownGroup { group });
    }
    let group = setGroupCall { underlying: 1, group: 5 };
    bench.refused(GOVERNOR, &group, &UnknownGroup { group: 5 });
    let unlisted = IMargin::UnderlyingNotListed { underlying: 7 };
    bench.refused(GOVERNOR, &setGroupCall { underlying: 7, group: 1 }, &unlisted);
    let ramp = rampRangeCall { underlying: 7, range: ONE, duration: 3_600 };
    bench.refused(GOVERNOR, &ramp, &unlisted);
    assert_eq!(bench.0.all_storage(), before);
}

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

#[test]
fn a_table_is_stored_read_told_and_taken_back() {
    let bench = Bench::new();
    let shown = || bench.0.send(STRANGER, SELF, &scenariosCall {}).unwrap();
    let defaults = Scenario::defaults();
    assert_eq!(shown(), entries(&defaults));

    // Longer than the default one, with its second entry changed: then shorter, then a single entry, another, the default one.
    let mut longer = defaults.clone();
    longer.extend_from_slice(&defaults[..27]);
    longer[1].weight = Weight::Fixed(ONE / 2);
    let shorter = vec![defaults[0], defaults[30], longer[1]];
    let mut before = defaults.clone();
    let (one, other) = (vec![defaults[5]], vec![defaults[6]]);
    for (table, words) in [(longer, 8), (shorter, 1), (one, 0), (other, 0), (defaults.clone(), 0)] {
        let logs = bench.0.logs().len();
        bench.govern(&setScenariosCall { table: entries(&table) });
        assert_eq!(bench.root().table, words);
        assert_eq!(bench.root().first == 0, table == defaults);
        assert_eq!(bench.governed(&[], &[]).parameters.scenarios, table);
        assert_eq!(shown(), entries(&table));
        let of = |table: &[Scenario], number: usize| {
            let nothing = IRiskParameters::Scenario {
                spotMove: 0,
                absolute: false,
                volatility: 0,
                weight: 0,
                tail: false,
            };
            table.get(number).map_or(nothing, entry)
        };
        let mut told = bench.0.logs().into_iter().skip(logs);
        for number in 0..64 {
            let (previous, current) = (of(&before, number), of(&table, number));
            if previous != current {
                let (_, topics, data) = told.next().unwrap();
                let event = ScenarioChanged::decode_raw_log_validate(topics, &data).unwrap();
                assert_eq!(usize::from(event.number), number);
                assert_eq!((event.previous, event.current), (previous, current));
            }
        }
        assert_eq!(told.count(), 0);
        before = table;
    }
    for number in 0..8 {
        let place = U256::from(Place::Table(number).encode());
        assert_eq!(bench.0.storage(MARGIN, place), B256::ZERO, "nothing is left behind");
    }
}

#[test]
fn a_table_out_of_bounds_is_refused() {
    let bench = Bench::new();
    let before = bench.0.all_storage();
    let good = entry(&Scenario::defaults()[0]);
    let set = |table| setScenariosCall { table };
    bench.refused(STRANGER, &set(vec![good.clone()]), &IErrors::Unauthorized { caller: STRANGER });
    let one = i128::from(ONE);
    let bound = |table, name: &str, limits: [i128; 3]| {
        let [value, minimum, maximum] = limits.map(signed);
        let name = named(name);
        let error = IErrors::ParameterOutOfBounds { name, value, minimum, maximum };
        bench.refused(GOVERNOR, &set(table), &error);
    };
    bound(vec![], "scenarios", [0, 1, 64]);
    bound(vec![good.clone(); 65], "scenarios", [65, 1, 64]);
    let spot = |spot: i64, absolute| IRiskParameters::Scenario {
        spotMove: spot,
        absolute,
        ..good.clone()
    };
    let four = 4 * one;
    bound(vec![spot(4_000_000_000_000_000_001, false)], "scenario.spot", [four + 1, -four, four]);
    let lowest = -one / 100 * 99;
    let below = -990_000_000_000_000_001;
    bound(vec![spot(below, true)], "scenario.spot", [below.into(), lowest, 9 * one]);
    let heavy = IRiskParameters::Scenario { weight: 3 * ONE + 1, ..good.clone() };
    bound(vec![heavy], "scenario.weight", [3 * one + 1, 0, 3 * one]);
    let fine = ScenarioTooFine { index: U256::ONE };
    bench.refused(GOVERNOR, &set(vec![good.clone(), spot(1, false)]), &fine);
    let light = IRiskParameters::Scenario { weight: ONE - 1, ..good.clone() };
    bench.refused(GOVERNOR, &set(vec![good.clone(), light]), &fine);
    let unknown = IRiskParameters::Scenario { volatility: 5, ..good };
    let malformed = IErrors::MalformedBytes { offset: U256::from(4 + 4 * 32) };
    bench.refused(GOVERNOR, &set(vec![unknown]), &malformed);
    assert_eq!(bench.0.all_storage(), before);
}

#[test]
fn a_listed_token_stays_with_its_underlying() {
    let bench = Bench::new();
    bench.list();
    bench.list_as(2);
    let token = |underlying| setCollateralCall {
        collateral: 3,
        underlying,
        maintenanceHaircut: 0,
        initialHaircut: 0,
        cancelsRisk: false,
    };
    bench.govern(&token(2));
    bench.govern(&token(2));
    let (name, one, two) = (named("collateral.underlying"), signed(1), signed(2));
    let error = IErrors::ParameterOutOfBounds { name, value: one, minimum: two, maximum: two };
    bench.refused(GOVERNOR, &token(1), &error);
}

#[test]
fn allowances_are_half_of_the_charges() {
    let bench = Bench::new();
    let allowances = Allowances {
        mark: PERCENT / 4,
        forwardFloor: PERCENT / 4,
        forwardSlope: PERCENT,
        volatilityUp: 20 * PERCENT,
        volatilityDown: 15 * PERCENT,
        shortPower: 30 * PERCENT,
        longPower: 13 * PERCENT,
        floor: 86_400,
    };
    bench.list();
    bench.list_as(255);
    for underlying in [1, 255] {
        assert_eq!(bench.allowances(underlying), Some(allowances.clone()));
    }
    bench.govern(&setCalendarCall { floor: PERCENT, slope: 3 * PERCENT, initial: 0 });
    bench.govern(&setVolatilityShockCall {
        shortPower: 40 * PERCENT,
        longPower: 20 * PERCENT,
        floor: 3_600,
        minimumUp: 0,
    });
    // The mock knows no flights: what is written counts.
    let expected = Allowances {
        mark: PERCENT / 2,
        forwardFloor: PERCENT / 2,
        forwardSlope: 3 * PERCENT / 2,
        shortPower: 40 * PERCENT,
        longPower: 20 * PERCENT,
        floor: 3_600,
        ..allowances
    };
    for underlying in [1, 255] {
        assert_eq!(bench.allowances(underlying), Some(expected.clone()));
    }
    bench.1.borrow_mut().clear();
    bench.0.send(STRANGER, SELF, &syncAllowancesCall { underlying: 1 }).unwrap();
    assert_eq!((bench.allowances(1), bench.allowances(255)), (Some(expected), None));
    let unlisted = IMargin::UnderlyingNotListed { underlying: 2 };
    bench.refused(STRANGER, &syncAllowancesCall { underlying: 2 }, &unlisted);
}
