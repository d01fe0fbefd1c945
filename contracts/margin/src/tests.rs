//! Margin, through its ABI, against a mock of the oracle; figures against the risk crate itself.

#![allow(clippy::arithmetic_side_effects, reason = "test code: an overflow is a failed test")]

use std::{cell::RefCell, rc::Rc, vec::Vec};

use alloy_primitives::{Address, B256, I256, U256};
use alloy_sol_types::{SolCall, SolError};
use novate_abi::{
    IErrors, IMargin,
    book::{Book, Collateral, Position},
    parameters::{
        FLIGHT, Place, Root, Set, pack_ramp, pack_scenario, pack_table, pack_underlying, read,
    },
    snapshot::{ExpiryState, level_number},
};
use novate_common::testing::{
    World,
    fixture::{
        CALL, INDEX, NOW, ONE, PERCENT, PERPETUAL, PUT, Told, install_oracle, parameters, position,
        sample, sample_for_risk, word,
    },
};
use novate_risk::{
    Extensions, Instrument, Mark, Parameters, Rules,
    adaptive::{Flight, Ramp, assess_ramped},
    assess_extended,
    parameters::UnderlyingParameters,
    scenario::Scenario,
};

use crate::Margin;

const SELF: Address = Address::repeat_byte(0x3a);
const ORACLE: Address = Address::repeat_byte(0x0c);
const KEEPER: Address = Address::repeat_byte(0x60);
const STRANGER: Address = Address::repeat_byte(0x57);

#[derive(Debug)]
struct Bench {
    world: World,
    told: Rc<RefCell<Told>>,
}

impl Bench {
    fn new() -> Self {
        let world = World::default();
        let told = install_oracle(&world, ORACLE);
        world.install::<Margin>(SELF);
        let initialize = IMargin::initializeCall { keeper: KEEPER, oracle: ORACLE };
        world.send(STRANGER, SELF, &initialize).unwrap();
        let bench = Self { world, told };
        for place in [Place::Underlying(1), Place::Collateral(1)] {
            bench.write(place, word(place, ORACLE));
        }
        bench
    }

    /// Writes a word so early that what it changes has arrived.
    fn write(&self, place: Place, word: U256) {
        let now = self.world.timestamp();
        self.world.set_timestamp(NOW - FLIGHT);
        self.write_now(place, word);
        self.world.set_timestamp(now);
    }

    fn write_now(&self, place: Place, word: U256) {
        let call = IMargin::writeCall { place: place.encode(), word: word.into() };
        assert!(self.world.send(KEEPER, SELF, &call).is_ok());
    }

    /// Stores a shared set so early that it has arrived.
    fn store(&self, set: Set, parameters: &Parameters, extensions: &Extensions) {
        let now = self.world.timestamp();
        self.world.set_timestamp(NOW - FLIGHT);
        self.store_now(set, parameters, extensions);
        self.world.set_timestamp(now);
    }

    fn store_now(&self, set: Set, parameters: &Parameters, extensions: &Extensions) {
        let root = self.root();
        self.write_now(Place::Set(set), set.word(parameters, extensions));
        self.write_now(Place::Root, Root { stored: root.stored | set.bit(), ..root }.pack());
    }

    fn root(&self) -> Root {
        Root::unpack(self.world.storage(SELF, U256::from(1)).into())
    }

    fn parameters(&self, underlyings: &[u8], collaterals: &[u8]) -> Vec<U256> {
        let (underlyings, collaterals) = (underlyings.to_vec(), collaterals.to_vec());
        let call = IMargin::parametersCall { underlyings, collaterals };
        let told = self.world.send(STRANGER, SELF, &call).unwrap();
        told.iter().map(|word| U256::from_be_bytes(word.0)).collect()
    }

    fn assess(&self, book: &Book) -> IMargin::Assessment {
        self.assess_all(&[book], &[]).assessments.remove(0)
    }

    fn assess_all(&self, books: &[&Book], instruments: &[u64]) -> IMargin::assessReturn {
        self.world.send(STRANGER, SELF, &asking(books, instruments)).unwrap()
    }

    fn marks(&self, instruments: &[u64]) -> Vec<IMargin::Mark> {
        self.assess_all(&[], instruments).marks
    }

    fn refused<C: SolCall, E: SolError>(&self, sender: Address, call: &C, error: &E) {
        let data = self.world.refusal(sender, SELF, call);
        assert_eq!(data, error.abi_encode(), "{data:02x?}");
    }

    fn assess_refused<E: SolError>(&self, book: &[u8], error: &E) {
        let (books, instruments) = (vec![book.to_vec().into()], Vec::new());
        self.refused(STRANGER, &IMargin::assessCall { books, instruments }, error);
    }

    fn under(&self, scenarios: Vec<u8>) -> I256 {
        let book = sample().pack().into();
        let call = IMargin::maintenanceExcessUnderCall { book, scenarios };
        self.world.send(STRANGER, SELF, &call).unwrap()
    }
}

fn asking(books: &[&Book], instruments: &[u64]) -> IMargin::assessCall {
    let books = books.iter().map(|book| book.pack().into()).collect();
    IMargin::assessCall { books, instruments: instruments.to_vec() }
}

fn assert_same(told: &IMargin::Assessment, expected: &novate_risk::Assessment) {
    assert_eq!(told.equity, expected.equity);
    assert_eq!(told.initialRequirement, expected.initial_requirement);
    assert_eq!(told.maintenanceRequirement, expected.maintenance_requirement);
    assert_eq!(told.worstUnderlying, expected.worst_underlying);
    assert_eq!(told.worstScenario, expected.worst_scenario);
    assert_eq!(told.validity, level_number(expected.validity));
    assert_eq!(told.closeEquity, expected.close_equity);
    assert_eq!(told.closeRequirement, expected.close_requirement);
    assert_eq!(told.lastEquity, expected.last_equity);
    assert_eq!(told.lastRequirement, expected.last_requirement);
    assert_eq!(told.healthyRequirement, expected.healthy_requirement);
}

fn excess(told: &IMargin::Assessment) -> I256 {
    told.closeEquity - I256::try_from(told.closeRequirement).unwrap()
}

#[test]
fn every_function_of_the_interface_is_routed() {
    let bench = Bench::new();
    for selector in IMargin::IMarginCalls::SELECTORS {
        let answer = bench.world.call(STRANGER, SELF, U256::ZERO, selector);
        let unknown = IErrors::UnknownSelector { selector: (*selector).into() }.abi_encode();
        assert_ne!(answer, Err(unknown), "{selector:02x?}");
    }
}

#[test]
fn figures_are_those_of_the_risk_crate() {
    let bench = Bench::new();
    let market = bench.told.borrow().market();
    let expected = novate_risk::assess(&sample_for_risk(), &market, &parameters(), NOW).unwrap();
    assert_same(&bench.assess(&sample()), &expected);
}

#[test]
fn a_stored_scenario_table_is_the_one_that_counts() {
    let bench = Bench::new();
    // Without the worst of the default table.
    let table = Scenario::defaults()[1..12].to_vec();
    let codes: Vec<u32> = table.iter().map(|entry| pack_scenario(entry).unwrap()).collect();
    let (first, others) = codes.split_first().unwrap();
    let words = pack_table(others);
    let table_words = words.len().try_into().unwrap();
    let root = Root { oracle: ORACLE, first: *first, table: table_words, ..Root::default() };
    bench.write(Place::Root, root.pack());
    for (number, word) in (0..).zip(words) {
        bench.write(Place::Table(number), word);
    }
    let market = bench.told.borrow().market();
    let changed = Parameters { scenarios: table, ..parameters() };
    let expected = novate_risk::assess(&sample_for_risk(), &market, &changed, NOW).unwrap();
    let default = novate_risk::assess(&sample_for_risk(), &market, &parameters(), NOW).unwrap();
    assert_ne!(expected, default);
    assert_same(&bench.assess(&sample()), &expected);
    let call =
        IMargin::maintenanceExcessUnderCall { book: sample().pack().into(), scenarios: vec![11] };
    bench.refused(STRANGER, &call, &IMargin::UnknownScenario { scenario: 11 });
}

#[test]
fn books_assessed_together_are_assessed_as_alone() {
    let bench = Bench::new();
    let mut other = sample();
    other.positions.truncate(1);
    let together = bench.assess_all(&[&sample(), &other, &Book::default()], &[]).assessments;
    let alone = [bench.assess(&sample()), bench.assess(&other), bench.assess(&Book::default())];
    for (one, other) in together.iter().zip(&alone) {
        assert_eq!(one.equity, other.equity);
        assert_eq!(one.initialRequirement, other.initialRequirement);
        assert_eq!(one.maintenanceRequirement, other.maintenanceRequirement);
    }
    assert_eq!(together[2].initialRequirement, U256::ZERO);
}

#[test]
fn a_scenario_that_does_not_exist_or_one_too_few_is_refused() {
    let bench = Bench::new();
    let none = u8::try_from(parameters().scenarios.len()).unwrap();
    for (scenarios, scenario) in [(vec![none], none), (vec![], 255), (vec![0, 4], 4)] {
        let call = IMargin::maintenanceExcessUnderCall { book: sample().pack().into(), scenarios };
        bench.refused(STRANGER, &call, &IMargin::UnknownScenario { scenario });
    }
}

#[test]
fn a_book_that_is_malformed_is_refused_where_it_is() {
    let bench = Bench::new();
    let mut bytes = sample().pack();
    bytes[50] = 1;
    bench.assess_refused(&bytes, &IErrors::MalformedBytes { offset: U256::from(32) });
    bench.assess_refused(&[0; 31], &IErrors::MalformedBytes { offset: U256::ZERO });

    let mut book = sample();
    book.positions[1].instrument = PERPETUAL + 1;
    bench.assess_refused(&book.pack(), &IErrors::InvalidInstrument { id: PERPETUAL + 1 });

    let mut bytes = sample().pack();
    bytes[60..62].copy_from_slice(&257_u16.to_be_bytes());
    let (positions, limit) = (U256::from(257), U256::from(256));
    bench.assess_refused(&bytes, &IMargin::BookTooLarge { positions, limit });

    let book = Book { cash: I256::MAX, ..Book::default() };
    bench.assess_refused(&book.pack(), &IErrors::ArithmeticOverflow {});
}

#[test]
fn row_9_what_is_not_listed_counts_nothing_and_breaks_nothing() {
    let bench = Bench::new();
    let plain = bench.assess(&sample());
    let mut book = sample();
    book.positions.push(position((2 << 56) | (2 << 54) | (490_400 << 32) | (19 << 27) | 3, -9));
    book.positions.push(Position { reference_price: 7, ..position(3 << 56, i64::MAX) });
    book.collateral.push(Collateral { number: 9, amount: u128::MAX });
    assert_eq!(bench.assess(&book), plain);
    let scenarios = vec![plain.worstScenario];
    let call = IMargin::maintenanceExcessUnderCall { book: book.pack().into(), scenarios };
    assert_eq!(bench.world.send(STRANGER, SELF, &call).unwrap(), excess(&plain));
    let mut words = bench.parameters(&[1, 2], &[1, 9]);
    words.retain(|word| !word.is_zero());
    assert_eq!(words, bench.parameters(&[1], &[1]));

    let alone = Book { positions: vec![position(2 << 56, 1)], ..Book::default() };
    bench.world.remove(ORACLE);
    assert_eq!(bench.assess(&alone), bench.assess(&Book::default()));
}

#[test]
fn an_oracle_that_does_not_answer_is_named() {
    let bench = Bench::new();
    bench.told.borrow_mut().is_silent = true;
    bench.assess_refused(&sample().pack(), &IErrors::CallFailed { target: ORACLE });
    bench.world.remove(ORACLE);
    bench.assess_refused(&sample().pack(), &IErrors::CallFailed { target: ORACLE });
}

#[test]
fn marks_are_those_of_the_risk_crate() {
    let bench = Bench::new();
    let future = (1 << 56) | (1 << 54) | (490_400 << 32);
    let market = bench.told.borrow().market();
    let ids = [CALL, PERPETUAL, future, 1, PUT, CALL];
    let told = bench.assess_all(&[&sample(), &Book::default()], &ids);
    assert_eq!(told.assessments.len(), 2);
    assert_eq!(told.assessments[0], bench.assess(&sample()));
    assert_eq!(told.marks, bench.marks(&ids));
    for (id, told) in ids.iter().zip(&told.marks) {
        let expected = if *id == 1 {
            Mark::of_collateral(1, &market, &parameters())
        } else {
            let instrument = Instrument::decode(*id).unwrap();
            Mark::of_instrument(&instrument, &market, &parameters(), NOW)
        };
        assert!(expected.is_marked && expected.price != 0);
        assert_eq!((told.mark, told.index), (expected.price, expected.index));
        assert_eq!((told.fundingIndex, told.isMarked), (expected.funding_index, true));
        assert_eq!(told.validity, level_number(expected.validity));
    }
}

#[test]
fn what_was_never_posted_or_is_not_listed_has_no_mark() {
    let bench = Bench::new();
    let nothing =
        IMargin::Mark { mark: 0, index: 0, fundingIndex: 0, validity: 0, isMarked: false };
    assert_eq!(bench.marks(&[2 << 56, 9]), [nothing.clone(), nothing.clone()]);
    bench.told.borrow_mut().state = ExpiryState::Unknown;
    bench.told.borrow_mut().mark = 0;
    let known = IMargin::Mark { index: INDEX, validity: 4, ..nothing };
    assert_eq!(bench.marks(&[CALL, PERPETUAL]), [known.clone(), known]);
    for id in [PERPETUAL + 1, 256, 1 << 54] {
        let call = asking(&[], &[id]);
        bench.refused(STRANGER, &call, &IErrors::InvalidInstrument { id });
    }
}

#[test]
fn a_level_below_valid_is_that_of_figures_and_marks() {
    let bench = Bench::new();
    bench.told.borrow_mut().validity = 3;
    assert_eq!((bench.assess(&sample()).validity, bench.marks(&[PERPETUAL])[0].validity), (3, 3));
    bench.told.borrow_mut().stable_validity = 2;
    assert_eq!((bench.assess(&sample()).validity, bench.marks(&[PERPETUAL])[0].validity), (2, 2));
    assert_eq!(bench.assess(&Book::default()).validity, 4);
}

#[test]
fn row_31_a_bidder_is_charged_for_no_data_that_the_account_is_not_charged_for() {
    let bench = Bench::new();
    let of_both = || {
        let mut bid = sample().pack();
        novate_abi::book::for_bid(&mut bid);
        let books = vec![sample().pack().into(), bid.into()];
        let call = IMargin::assessCall { books, instruments: Vec::new() };
        let told = bench.world.send(STRANGER, SELF, &call).unwrap().assessments;
        (told[0].clone(), told[1].clone())
    };
    // The fixture's surface is of confidence 0.4.
    let (plain, bid) = of_both();
    assert!(bid.initialRequirement < plain.initialRequirement);
    let certain = {
        let mut parameters = parameters();
        parameters.contingencies.confidence_threshold = 0;
        let market = bench.told.borrow().market();
        novate_risk::assess(&sample_for_risk(), &market, &parameters, NOW).unwrap()
    };
    assert_same(&bid, &certain);
    assert_eq!(bid.maintenanceRequirement, plain.maintenanceRequirement);
    // What is good enough to liquidate counts in full, what is broken at its worst bound.
    for (validity, counts) in [(3, true), (2, true), (1, false), (0, false)] {
        bench.told.borrow_mut().validity = validity;
        let (plain, bid) = of_both();
        assert_eq!(bid.equity == certain.equity, counts, "{validity}");
        assert!(plain.equity < certain.equity);
        assert_eq!(bid.lastEquity, plain.lastEquity);
    }
}

#[test]
fn a_book_of_cash_needs_no_oracle() {
    let bench = Bench::new();
    bench.world.remove(ORACLE);
    let cash = I256::try_from(77).unwrap();
    let told = bench.assess(&Book { cash, ..Book::default() });
    assert_eq!((told.equity, told.initialRequirement), (cash, U256::ZERO));
    assert_eq!((told.worstUnderlying, told.validity), (0, 4));
}

#[test]
fn a_stale_stable_price_makes_every_figure_stale() {
    let bench = Bench::new();
    bench.told.borrow_mut().stable_validity = 1;
    assert_eq!(bench.assess(&sample()).validity, 1);
}

#[test]
fn one_scenario_bounds_the_excess_from_above_and_the_worst_one_meets_it() {
    let bench = Bench::new();
    let told = bench.assess(&sample());
    for scenario in 0..parameters().scenarios.len().try_into().unwrap() {
        assert!(bench.under(vec![scenario]) >= excess(&told), "scenario {scenario}");
    }
    assert_eq!(bench.under(vec![told.worstScenario]), excess(&told));
}

#[test]
fn floor_and_charges_count_in_full_under_any_scenario() {
    let bench = Bench::new();
    let plain = bench.assess(&sample());
    let extensions = Extensions {
        floor_net: ONE,
        floor_hedged: ONE,
        gamma: ONE / 2,
        liquidity_rate: ONE / 1_000_000,
        liquidity_maximum: PERCENT,
        ..Extensions::default()
    };
    bench.store(Set::Charges, &parameters(), &extensions);
    bench.store(Set::Liquidity, &parameters(), &extensions);
    let told = bench.assess(&sample());
    let market = bench.told.borrow().market();
    let expected =
        assess_extended(&sample_for_risk(), &market, &parameters(), &extensions, NOW).unwrap();
    assert_same(&told, &expected);
    assert!(told.maintenanceRequirement > plain.maintenanceRequirement);
    assert_eq!(told.worstScenario, 255, "the floor decides");
    for scenario in [0, 16, 32, 255] {
        assert_eq!(bench.under(vec![scenario]), excess(&told));
    }
}

#[test]
fn a_range_on_its_way_counts_at_once_initially_and_as_far_as_it_came_for_maintenance() {
    let bench = Bench::new();
    let before = bench.assess(&sample());
    let (from, to) = (18 * PERCENT, 36 * PERCENT);
    let ramp = Ramp { from, to, start: NOW - 1_000, length: 4_000 };
    let mut listed = parameters().underlyings[0];
    listed.range = to;
    bench.write_now(Place::Ramp(1), pack_ramp(&ramp));
    bench.write_now(Place::Underlying(1), pack_underlying(&listed, true));
    assert_eq!(bench.root().flight, 0, "it moves by itself");
    let market = bench.told.borrow().market();
    let expected = assess_ramped(
        &sample_for_risk(),
        &market,
        &parameters(),
        &Extensions::default(),
        &[(1, ramp)],
        NOW,
    )
    .unwrap();
    let told = bench.assess(&sample());
    assert_same(&told, &expected);
    assert!(told.maintenanceRequirement > before.maintenanceRequirement);
    let rules = Rules::new(parameters(), Extensions::default(), &[(1, ramp)], NOW);
    let worst = rules.worst_scenarios(&sample_for_risk(), &market).unwrap();
    assert_eq!(bench.under(worst), excess(&told));

    bench.world.set_timestamp(NOW + 3_000);
    let mut wide = parameters();
    wide.underlyings[0].range = to;
    let arrived = novate_risk::assess(&sample_for_risk(), &market, &wide, NOW + 3_000).unwrap();
    assert_same(&bench.assess(&sample()), &arrived);
}

#[test]
fn every_shared_set_that_is_stored_counts() {
    let bench = Bench::new();
    let mut changed = parameters();
    changed.scan.maintenance = 90 * PERCENT;
    changed.contingencies.option_maintenance = PERCENT;
    changed.contingencies.confidence_threshold = 30 * PERCENT;
    changed.volatility.minimum_up = ONE.into();
    changed.skew.linear_slope = 100_000_000_000_000_000;
    changed.skew.width = 2 * ONE;
    changed.basis.up = 20 * PERCENT;
    changed.long.base = 90 * PERCENT;
    changed.short.base = 120 * PERCENT;
    changed.corrections.vanishing = 40 * PERCENT;
    let none = Extensions::default();
    for set in novate_abi::parameters::SETS {
        bench.store(set, &changed, &none);
    }
    let market = bench.told.borrow().market();
    let expected = novate_risk::assess(&sample_for_risk(), &market, &changed, NOW).unwrap();
    assert_same(&bench.assess(&sample()), &expected);
}

#[test]
fn the_keeper_alone_writes_and_everybody_reads() {
    let bench = Bench::new();
    let write = |place: u16| IMargin::writeCall { place, word: B256::repeat_byte(7) };
    let unauthorized = IErrors::Unauthorized { caller: STRANGER };
    bench.refused(STRANGER, &write(0), &unauthorized);
    let offset = U256::from(4);
    for place in [1, 0x010d, 0x0508, u16::MAX] {
        bench.refused(KEEPER, &write(place), &IErrors::MalformedBytes { offset });
        bench.refused(STRANGER, &IMargin::wordCall { place }, &IErrors::MalformedBytes { offset });
    }
    let again = IMargin::initializeCall { keeper: STRANGER, oracle: STRANGER };
    bench.refused(STRANGER, &again, &IErrors::AlreadyInitialized {});
    let fresh = Address::repeat_byte(0x11);
    bench.world.install::<Margin>(fresh);
    for (keeper, oracle) in [(Address::ZERO, ORACLE), (KEEPER, Address::ZERO)] {
        let data = bench.world.refusal(KEEPER, fresh, &IMargin::initializeCall { keeper, oracle });
        assert_eq!(data, IErrors::ZeroAddress {}.abi_encode());
    }

    let ask = |place: Place| {
        let call = IMargin::wordCall { place: place.encode() };
        U256::from_be_bytes(bench.world.send(STRANGER, SELF, &call).unwrap().0)
    };
    let places = [Place::Root, Place::Collateral(1), Place::Underlying(1)];
    let told = bench.parameters(&[], &[1]);
    assert_eq!(told, places.map(|place| word(place, ORACLE)));
    assert_eq!(told, places.map(ask));
    let keeper = bench.world.send(STRANGER, SELF, &IMargin::keeperCall {}).unwrap();
    let oracle = bench.world.send(STRANGER, SELF, &IMargin::oracleCall {}).unwrap();
    assert_eq!((keeper, oracle), (KEEPER, ORACLE));
}

#[test]
fn lists_out_of_order_are_refused() {
    let bench = Bench::new();
    let ask = |underlyings: &[u8], collaterals: &[u8]| IMargin::parametersCall {
        underlyings: underlyings.to_vec(),
        collaterals: collaterals.to_vec(),
    };
    for call in [ask(&[2, 1], &[]), ask(&[1, 1], &[])] {
        let offset = U256::from(4 + 4 * 32);
        bench.refused(STRANGER, &call, &IErrors::MalformedBytes { offset });
    }
}

/// The words of a place lie where the layout says: what is deployed must be found again.
#[test]
fn every_place_has_a_slot_of_its_own() {
    let bench = Bench::new();
    let mut places = vec![Place::Root];
    places.extend(novate_abi::parameters::SETS.map(Place::Set));
    for number in [0, 1, 2, 255] {
        places.extend([Place::Collateral(number), Place::Underlying(number), Place::Ramp(number)]);
    }
    for (number, place) in (1_u64..).zip(&places) {
        assert_eq!(Place::decode(place.encode()), Some(*place));
        bench.write(*place, U256::from(number));
    }
    for (number, place) in (1_u64..).zip(&places) {
        let call = IMargin::wordCall { place: place.encode() };
        let found = bench.world.send(STRANGER, SELF, &call).unwrap();
        let content = U256::from_be_bytes(found.0) & !(U256::MAX << 216_usize);
        assert_eq!(content, U256::from(number), "{place:?}");
    }
    let root = Root { flight: NOW - FLIGHT, ..Root::unpack(U256::ONE) };
    assert_eq!(bench.world.storage(SELF, U256::from(1)), B256::from(root.pack()));
    assert_eq!(bench.world.storage(SELF, U256::from(27)), B256::from(U256::from(13)));
}

/// Parameters under which the sample requires several times as much.
fn harder() -> Parameters {
    let mut harder = parameters();
    (harder.scan.initial, harder.scan.maintenance) = (10 * ONE, 10 * ONE);
    harder
}

#[test]
fn row_16_a_change_reaches_maintenance_in_a_day_and_initial_margin_at_once() {
    let bench = Bench::new();
    let before = bench.assess(&sample());
    bench.store_now(Set::Scan, &harder(), &Extensions::default());
    let at_once = bench.assess(&sample());
    assert_eq!(excess(&at_once), excess(&before));
    assert_eq!(at_once.maintenanceRequirement, before.maintenanceRequirement);
    assert_eq!(at_once.lastRequirement, before.lastRequirement);
    let market = bench.told.borrow().market();
    let after = novate_risk::assess(&sample_for_risk(), &market, &harder(), NOW).unwrap();
    assert_eq!(at_once.initialRequirement, after.initial_requirement);
    assert!(at_once.initialRequirement > U256::from(2) * before.initialRequirement);
    let flight = bench.world.send(STRANGER, SELF, &IMargin::flightCall {}).unwrap();
    assert_eq!((flight.start, flight.length), (NOW, FLIGHT));

    let mut last = before.closeRequirement;
    for hour in 1..=24 {
        let now = NOW + hour * 3_600;
        bench.world.set_timestamp(now);
        let told = bench.assess(&sample());
        let of = |parameters: &Parameters| {
            novate_risk::assess(&sample_for_risk(), &market, parameters, now).unwrap()
        };
        let (from, to) = (of(&parameters()), of(&harder()));
        let way = Flight { start: NOW, length: FLIGHT };
        assert_same(&told, &way.between(&from, &to, now));
        assert!(told.closeRequirement > last, "hour {hour}");
        last = told.closeRequirement;
        let scenario = to.worst_scenario;
        for number in [scenario, 0] {
            assert!(bench.under(vec![number]) >= excess(&told));
        }
    }
    // The rolled surface and the time left made it the same without a flight.
    assert_same(&bench.assess(&sample()), &{
        novate_risk::assess(&sample_for_risk(), &market, &harder(), NOW + FLIGHT).unwrap()
    });
}

#[test]
fn one_flight_runs_at_a_time_and_a_block_is_one_flight() {
    let bench = Bench::new();
    let before = bench.assess(&sample());
    let mut words = Vec::new();
    for (times, parameters) in [(3, harder()), (5, parameters()), (9, harder())] {
        let mut parameters = parameters;
        parameters.contingencies.perpetual_maintenance = times * PERCENT;
        bench.store_now(Set::Contingencies, &parameters, &Extensions::default());
        bench.store_now(Set::Scan, &parameters, &Extensions::default());
        words.push(bench.assess(&sample()).initialRequirement);
        assert_eq!(
            excess(&bench.assess(&sample())),
            excess(&before),
            "what was before all of them"
        );
    }
    assert!(words[2] > words[0]);
    let write =
        |place: Place, word: U256| IMargin::writeCall { place: place.encode(), word: word.into() };
    let skew = write(Place::Set(Set::Skew), U256::ONE);
    let listed = pack_underlying(&parameters().underlyings[0], true);
    let grouped = UnderlyingParameters { group: 1, ..parameters().underlyings[0] };
    let grouped = pack_underlying(&grouped, false);
    for now in [NOW + 1, NOW + FLIGHT - 1] {
        bench.world.set_timestamp(now);
        let error = IMargin::ParametersInFlight { from: NOW + FLIGHT };
        bench.refused(KEEPER, &skew, &error);
        bench.refused(KEEPER, &write(Place::Underlying(1), grouped), &error);
        bench.refused(KEEPER, &write(Place::Collateral(1), U256::ONE << 136_usize), &error);
    }
    // What changes no requirement in a step is always open: a listing, a ramp, another oracle, what stands there.
    bench.write_now(Place::Underlying(7), word(Place::Underlying(1), ORACLE));
    bench.write_now(Place::Collateral(7), U256::ONE << 136_usize);
    bench.write_now(Place::Ramp(1), U256::ONE);
    bench.write_now(Place::Underlying(1), listed);
    bench.write_now(Place::Root, Root { oracle: KEEPER, ..bench.root() }.pack());
    bench.write_now(Place::Set(Set::Scan), Set::Scan.word(&harder(), &Extensions::default()));
    assert_eq!(bench.root().flight, NOW);
    bench.world.set_timestamp(NOW + FLIGHT);
    assert!(bench.world.send(KEEPER, SELF, &skew).is_ok());
    assert_eq!(bench.root().flight, NOW + FLIGHT);
}

/// What clients evaluate from the words that margin hands over is what margin says, on the way and before and after it.
#[test]
fn words_that_are_handed_over_evaluate_to_the_same() {
    let bench = Bench::new();
    let mut changed = harder();
    changed.skew.linear_cap = 0;
    let charges = Extensions { floor_net: PERCENT, gamma: ONE, ..Extensions::default() };
    let same = |now| {
        bench.world.set_timestamp(now);
        let mut words = bench.parameters(&[1], &[1]).into_iter();
        let governed = read(&[1], &[1], now, &mut |_, _| words.next().ok_or(())).unwrap();
        assert_eq!(words.next(), None);
        let market = bench.told.borrow().market();
        let expected = governed.rules(now).figures(&sample_for_risk(), &market).unwrap();
        assert_same(&bench.assess(&sample()), &expected);
    };
    same(NOW);
    bench.store_now(Set::Scan, &changed, &charges);
    bench.store_now(Set::Charges, &changed, &charges);
    bench.store_now(Set::Skew, &changed, &charges);
    let listed = UnderlyingParameters { range: 30 * PERCENT, ..parameters().underlyings[0] };
    bench.write_now(Place::Underlying(1), pack_underlying(&listed, false));
    for elapsed in [0, 1, FLIGHT / 3, FLIGHT - 1, FLIGHT, 2 * FLIGHT] {
        same(NOW + elapsed);
    }
    // Back from a set of zeros to the defaults: the zeros were there before.
    let now = NOW + 2 * FLIGHT;
    let before = bench.assess(&sample());
    bench.store_now(Set::Charges, &changed, &Extensions::default());
    bench.store_now(Set::Skew, &parameters(), &charges);
    assert_eq!(excess(&bench.assess(&sample())), excess(&before));
    for elapsed in [0, FLIGHT / 2, FLIGHT] {
        same(now + elapsed);
    }
}

/// Storage reads outside of a flight: the root, the underlying, the token.
#[test]
fn a_flight_that_is_over_is_not_looked_at() {
    let bench = Bench::new();
    bench.store(Set::Scan, &harder(), &Extensions::default());
    let words = bench.parameters(&[1], &[1]);
    assert_eq!(words.len(), 4);
    bench.world.set_timestamp(NOW - 1);
    assert_eq!(bench.parameters(&[1], &[1]).len(), 4 + 5, "old root, then what it calls for");
}
