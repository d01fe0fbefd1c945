//! Margin, through its ABI, against a mock of the oracle; figures against the risk crate itself.

#![allow(clippy::std_instead_of_core, clippy::std_instead_of_alloc, reason = "test code has std")]
#![allow(clippy::arithmetic_side_effects, reason = "test code: an overflow is a failed test")]

use std::{cell::RefCell, rc::Rc, vec::Vec};

use alloy_primitives::{Address, I256, U256};
use alloy_sol_types::{SolCall, SolError};
use novate_abi::{
    IClearing, IErrors, IMargin, IOracle,
    book::{Book, Collateral, Position},
    snapshot::{Expiry, ExpiryState, Index, Perpetual, Series, Stable},
};
use novate_common::testing::World;
use novate_risk::{
    CollateralBalance, Market, Parameters, Reference, Trade, Validity,
    market::{ExpiryMarket, PerpetualMarket, Surface, UnderlyingMarket},
    parameters::{CollateralParameters, UnderlyingParameters},
};

use crate::Margin;

const SELF: Address = Address::repeat_byte(0x3a);
const ORACLE: Address = Address::repeat_byte(0x0c);
const GOVERNOR: Address = Address::repeat_byte(0x60);
const STRANGER: Address = Address::repeat_byte(0x57);
const ONE: u64 = 1_000_000_000_000_000_000;
const WAD: u128 = 1_000_000_000_000_000_000;
const PERCENT: u64 = ONE / 100;
const NOW: u64 = 1_764_000_000;
const HOURS: u32 = 490_400;
const INDEX: u128 = 3_000 * WAD;

const PERPETUAL: u64 = 1 << 56;
const CALL: u64 = (1 << 56) | (2 << 54) | (490_400 << 32) | (19 << 27) | 3;
const PUT: u64 = CALL | (1 << 54);

/// What the oracle says.
#[derive(Debug, Clone, Copy)]
struct Told {
    index: u128,
    mark: u128,
    state: ExpiryState,
    stable_validity: u8,
    is_silent: bool,
}

#[derive(Debug)]
struct Bench {
    world: World,
    told: Rc<RefCell<Told>>,
}

impl Bench {
    fn new() -> Self {
        let told = Told {
            index: INDEX,
            mark: INDEX + WAD,
            state: ExpiryState::Live,
            stable_validity: 4,
            is_silent: false,
        };
        let bench = Self { world: World::default(), told: Rc::new(RefCell::new(told)) };
        bench.world.set_timestamp(NOW);
        bench.world.install::<Margin>(SELF);
        let told = Rc::clone(&bench.told);
        bench.world.mock(ORACLE, move |_, message| {
            let asked = IOracle::snapshotCall::abi_decode(&message.data).unwrap();
            let told = *told.borrow();
            let words = if told.is_silent { Vec::new() } else { told.words(&asked.series) };
            Ok(IOracle::snapshotCall::abi_encode_returns(&words))
        });
        let initialize =
            IMargin::initializeCall { governor: GOVERNOR, guardian: GOVERNOR, oracle: ORACLE };
        bench.world.send(GOVERNOR, SELF, &initialize).unwrap();
        let (up, down) = (50 * PERCENT, 30 * PERCENT);
        bench.govern(&IMargin::setUnderlyingCall {
            underlying: 1,
            range: 18 * PERCENT,
            volatilityRangeUp: up,
            volatilityRangeDown: down,
        });
        bench.govern(&IMargin::setCollateralCall {
            collateral: 1,
            underlying: 1,
            maintenanceHaircut: 5 * PERCENT,
            initialHaircut: 3 * PERCENT,
            cancelsRisk: true,
        });
        bench
    }

    fn govern<C: SolCall>(&self, call: &C) {
        assert!(self.world.send(GOVERNOR, SELF, call).is_ok());
    }

    fn assess(&self, book: &Book) -> IMargin::Assessment {
        let call = IMargin::assessCall { books: vec![book.pack().into()] };
        self.world.send(STRANGER, SELF, &call).unwrap().remove(0)
    }

    fn refused<C: SolCall, E: SolError>(&self, sender: Address, call: &C, error: &E) {
        let data = self.world.refusal(sender, SELF, call);
        assert_eq!(data, error.abi_encode(), "{data:02x?}");
    }

    fn assess_refused<E: SolError>(&self, book: &[u8], error: &E) {
        let call = IMargin::assessCall { books: vec![book.to_vec().into()] };
        self.refused(STRANGER, &call, error);
    }
}

impl Told {
    fn expiry(&self) -> Expiry {
        Expiry {
            state: self.state,
            forward: INDEX + 10 * WAD,
            a: 10_000_000_000_000_000,
            b: 40_000_000_000_000_000,
            rho: -200_000_000_000_000_000,
            m: 0,
            sigma: 200_000_000_000_000_000,
            rate: 40_000_000_000_000_000,
            model_time: NOW - 60,
            forward_confidence: ONE,
            rate_confidence: ONE,
            volatility_confidence: 40 * PERCENT,
            validity: 4,
        }
    }

    fn words(&self, series: &[u32]) -> Vec<U256> {
        let stable = Stable { price: WAD, validity: self.stable_validity };
        let mut words = vec![stable.pack()];
        for number in series {
            match Series::decode(*number).unwrap() {
                Series::Underlying(_) => {
                    let (price, updated_at) = (self.index, NOW);
                    words.push(Index { price, updated_at, validity: 4 }.pack());
                }
                Series::Perpetual(_) => {
                    let (mark, funding_index) = (self.mark, 7);
                    let perpetual = Perpetual { mark, funding_index, confidence: ONE, validity: 3 };
                    words.extend(perpetual.pack());
                }
                Series::Expiry(..) => words.extend(self.expiry().pack()),
            }
        }
        words
    }

    /// The same as the risk crate takes it.
    fn market(&self) -> Market {
        let expiry = self.expiry();
        let surface = Surface::Svi {
            a: expiry.a,
            b: expiry.b,
            rho: expiry.rho,
            m: expiry.m,
            sigma: expiry.sigma,
        };
        Market {
            underlyings: vec![UnderlyingMarket {
                underlying: 1,
                index: self.index,
                confidence: ONE,
                validity: Validity::Valid,
                perpetual: Some(PerpetualMarket {
                    mark: self.mark,
                    funding_index: 7,
                    confidence: ONE,
                    validity: Validity::StaleForMargin,
                }),
            }],
            expiries: vec![ExpiryMarket {
                underlying: 1,
                expiry_hours: HOURS,
                forward: expiry.forward,
                forward_variable: None,
                rate: expiry.rate,
                surface,
                model_time: expiry.model_time,
                forward_confidence: ONE,
                rate_confidence: ONE,
                volatility_confidence: expiry.volatility_confidence,
                validity: Validity::Valid,
                settlement_price: None,
            }],
            ..Market::default()
        }
    }
}

fn parameters() -> Parameters {
    Parameters {
        underlyings: vec![UnderlyingParameters::new(1, 18 * PERCENT)],
        collateral: vec![CollateralParameters {
            collateral: 1,
            underlying: 1,
            maintenance_haircut: 5 * PERCENT,
            initial_haircut: 3 * PERCENT,
            cancels_risk: true,
        }],
        ..Parameters::default()
    }
}

const fn position(instrument: u64, quantity: i64) -> Position {
    Position { instrument, quantity, reference_price: 0, funding_reference: 0 }
}

fn sample() -> Book {
    Book {
        cash: I256::try_from(5_000 * WAD).unwrap(),
        positions: vec![
            Position {
                reference_price: INDEX - WAD,
                funding_reference: 3,
                ..position(PERPETUAL, 2_000_000)
            },
            position(CALL, -3_000_000),
            position(PUT, 1_500_000),
        ],
        collateral: vec![Collateral { number: 1, amount: 4 * WAD }],
    }
}

/// The sample as the risk crate takes it.
fn sample_for_risk() -> novate_risk::Book {
    let position = |instrument, quantity| novate_risk::Position { instrument, quantity };
    novate_risk::Book::new(
        I256::try_from(5_000 * WAD).unwrap(),
        vec![position(PERPETUAL, 2_000_000), position(CALL, -3_000_000), position(PUT, 1_500_000)],
        vec![Reference { price: INDEX - WAD, funding: 3 }],
        vec![CollateralBalance { collateral: 1, amount: 4 * WAD }],
    )
    .unwrap()
}

fn assert_same(told: &IMargin::Assessment, expected: &novate_risk::Assessment) {
    assert_eq!(told.equity, expected.equity);
    assert_eq!(told.initialRequirement, expected.initial_requirement);
    assert_eq!(told.maintenanceRequirement, expected.maintenance_requirement);
    assert_eq!(told.worstUnderlying, expected.worst_underlying);
    assert_eq!(told.worstScenario, expected.worst_scenario);
    assert_eq!(told.validity, 3, "the perpetual's mark is stale");
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
fn books_assessed_together_are_assessed_as_alone() {
    let bench = Bench::new();
    let mut other = sample();
    other.positions.truncate(1);
    let books = vec![sample().pack().into(), other.pack().into(), Book::default().pack().into()];
    let together = bench.world.send(STRANGER, SELF, &IMargin::assessCall { books }).unwrap();
    let alone = [bench.assess(&sample()), bench.assess(&other), bench.assess(&Book::default())];
    for (one, other) in together.iter().zip(&alone) {
        assert_eq!(one.equity, other.equity);
        assert_eq!(one.initialRequirement, other.initialRequirement);
        assert_eq!(one.maintenanceRequirement, other.maintenanceRequirement);
    }
    assert_eq!(together[2].initialRequirement, U256::ZERO);
}

#[test]
fn a_preview_is_the_assessment_of_the_book_after_the_trades() {
    let bench = Bench::new();
    let trades = [(CALL, 1_000_000_i64, 250 * WAD), (PERPETUAL, -500_000, INDEX + 2 * WAD)];
    let for_risk =
        trades.map(|(instrument, quantity, price)| Trade { instrument, quantity, price });
    let market = bench.told.borrow().market();
    let expected =
        novate_risk::preview(&sample_for_risk(), &for_risk, &market, &parameters(), NOW).unwrap();
    let told = bench
        .world
        .send(
            STRANGER,
            SELF,
            &IMargin::previewCall {
                book: sample().pack().into(),
                trades: trades
                    .iter()
                    .map(|(instrument, quantity, price)| IMargin::Trade {
                        instrument: *instrument,
                        quantity: *quantity,
                        price: *price,
                    })
                    .collect(),
            },
        )
        .unwrap();
    assert_same(&told, &expected);
}

#[test]
fn scenarios_and_greeks_are_those_of_the_risk_crate() {
    let bench = Bench::new();
    let market = bench.told.borrow().market();
    let book = sample().pack();
    let told = bench
        .world
        .send(STRANGER, SELF, &IMargin::scenariosCall { book: book.clone().into(), underlying: 1 })
        .unwrap();
    let (expected, _) =
        novate_risk::loss_vector(&sample_for_risk(), &market, &parameters(), NOW, 1).unwrap();
    assert_eq!(told.pnl.len(), 33);
    assert_eq!(told.pnl, expected.iter().map(|outcome| outcome.pnl).collect::<Vec<_>>());
    assert_eq!((told.shocks.len(), told.modes.len()), (33, 33));
    assert!(told.modes.iter().all(|mode| *mode <= 4));

    let told =
        bench.world.send(STRANGER, SELF, &IMargin::greeksCall { book: book.into() }).unwrap();
    let expected = novate_risk::greeks(&sample_for_risk(), &market, &parameters(), NOW).unwrap();
    assert_eq!(told.len(), expected.len());
    for (told, expected) in told.iter().zip(&expected) {
        assert_eq!((told.underlying, told.expiry), (expected.underlying, expected.expiry));
        assert_eq!([told.delta, told.gamma], [expected.delta, expected.gamma]);
        assert_eq!([told.vega, told.theta], [expected.vega, expected.theta]);
        assert_eq!(told.value, expected.value);
    }
}

#[test]
fn one_scenario_bounds_the_excess_from_above_and_the_worst_one_meets_it() {
    let bench = Bench::new();
    let told = bench.assess(&sample());
    let excess = told.equity - I256::try_from(told.maintenanceRequirement).unwrap();
    let under = |scenario: u8| {
        let call = IMargin::maintenanceExcessUnderCall {
            book: sample().pack().into(),
            scenarios: vec![scenario],
        };
        bench.world.send(STRANGER, SELF, &call).unwrap()
    };
    for scenario in 0..33 {
        assert!(under(scenario) >= excess, "scenario {scenario}");
    }
    assert_eq!(under(told.worstScenario), excess);
}

#[test]
fn a_scenario_that_does_not_exist_or_one_too_few_is_refused() {
    let bench = Bench::new();
    for (scenarios, scenario) in [(vec![33], 33), (vec![], 255), (vec![0, 4], 4)] {
        let call = IMargin::maintenanceExcessUnderCall { book: sample().pack().into(), scenarios };
        bench.refused(STRANGER, &call, &IMargin::UnknownScenario { scenario });
    }
}

#[test]
fn a_book_that_is_malformed_is_refused_where_it_is() {
    let bench = Bench::new();
    let mut bytes = sample().pack();
    bytes[40] = 1;
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
fn what_is_not_listed_is_refused() {
    let bench = Bench::new();
    let mut book = sample();
    book.positions = vec![position(2 << 56, 1)];
    bench.assess_refused(&book.pack(), &IMargin::UnderlyingNotListed { underlying: 2 });
    let mut book = sample();
    book.collateral[0].number = 9;
    bench.assess_refused(&book.pack(), &IMargin::CollateralNotListed { collateral: 9 });
}

#[test]
fn market_data_that_is_missing_or_unusable_is_refused() {
    let bench = Bench::new();
    bench.told.borrow_mut().state = ExpiryState::Unknown;
    let expiry = u64::from(HOURS) * 3_600;
    bench.assess_refused(&sample().pack(), &IMargin::NoMarketData { underlying: 1, expiry });

    bench.told.borrow_mut().index = 0;
    let book = Book { positions: Vec::new(), ..sample() };
    bench.assess_refused(&book.pack(), &IErrors::MarketNotValid { level: 0, needed: 1 });

    bench.told.borrow_mut().is_silent = true;
    bench.assess_refused(&book.pack(), &IErrors::CallFailed { target: ORACLE });
    bench.world.remove(ORACLE);
    bench.assess_refused(&book.pack(), &IErrors::CallFailed { target: ORACLE });
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
fn a_trade_of_nothing_and_one_beyond_the_range_are_refused() {
    let bench = Bench::new();
    let preview = |instrument, quantity| IMargin::previewCall {
        book: sample().pack().into(),
        trades: vec![IMargin::Trade { instrument, quantity, price: WAD }],
    };
    let invalid = IClearing::InvalidQuantity { instrument: CALL };
    bench.refused(STRANGER, &preview(CALL, 0), &invalid);
    bench.refused(STRANGER, &preview(CALL, i64::MIN), &invalid);
    let id = CALL + 7; // a strike mantissa of 10
    bench.refused(STRANGER, &preview(id, 1), &IErrors::InvalidInstrument { id });
}

#[test]
fn only_the_governor_sets_parameters() {
    let bench = Bench::new();
    let unauthorized = IErrors::Unauthorized { caller: STRANGER };
    let oracle = STRANGER;
    bench.refused(STRANGER, &IMargin::setOracleCall { oracle }, &unauthorized);
    let factors = IMargin::setFactorsCall { initialFactor: ONE, maintenanceFactor: ONE };
    bench.refused(STRANGER, &factors, &unauthorized);
    let rates = IMargin::setContingenciesCall {
        perpetualMaintenance: 0,
        perpetualInitial: 0,
        optionMaintenance: 0,
        optionInitial: 0,
    };
    bench.refused(STRANGER, &rates, &unauthorized);
    let zero = IMargin::setOracleCall { oracle: Address::ZERO };
    bench.refused(GOVERNOR, &zero, &IErrors::ZeroAddress {});
    let again = IMargin::initializeCall { governor: STRANGER, guardian: STRANGER, oracle: ORACLE };
    bench.refused(STRANGER, &again, &IErrors::AlreadyInitialized {});
}

#[test]
fn parameters_keep_to_their_bounds_and_change_the_figures() {
    let bench = Bench::new();
    let before = bench.assess(&sample());
    let factors = |initial, maintenance| IMargin::setFactorsCall {
        initialFactor: initial,
        maintenanceFactor: maintenance,
    };
    let data = bench.world.refusal(GOVERNOR, SELF, &factors(ONE, 2 * ONE));
    let error = IErrors::ParameterOutOfBounds::abi_decode(&data).unwrap();
    assert!(error.name.starts_with(b"scan.initial\0"));
    let wad = |number: u64| I256::try_from(number).unwrap();
    assert_eq!(
        [error.value, error.minimum, error.maximum],
        [wad(ONE), wad(2 * ONE), wad(10 * ONE)]
    );

    bench.govern(&factors(2 * ONE, ONE));
    let told = bench.world.send(STRANGER, SELF, &IMargin::factorsCall {}).unwrap();
    assert_eq!((told.initialFactor, told.maintenanceFactor), (2 * ONE, ONE));
    let after = bench.assess(&sample());
    assert!(after.initialRequirement > before.initialRequirement);
    assert!(after.maintenanceRequirement > before.maintenanceRequirement);

    bench.govern(&IMargin::setContingenciesCall {
        perpetualMaintenance: 4 * PERCENT,
        perpetualInitial: 2 * PERCENT,
        optionMaintenance: 3 * PERCENT,
        optionInitial: PERCENT,
    });
    let told = bench.world.send(STRANGER, SELF, &IMargin::contingenciesCall {}).unwrap();
    assert_eq!((told.perpetualMaintenance, told.optionInitial), (4 * PERCENT, PERCENT));
    assert!(bench.assess(&sample()).maintenanceRequirement > after.maintenanceRequirement);
}

#[test]
fn listed_terms_are_told_as_they_were_set() {
    let bench = Bench::new();
    let told =
        bench.world.send(STRANGER, SELF, &IMargin::underlyingCall { underlying: 1 }).unwrap();
    assert_eq!((told.range, told.volatilityRangeUp), (18 * PERCENT, 50 * PERCENT));
    let told =
        bench.world.send(STRANGER, SELF, &IMargin::collateralCall { collateral: 1 }).unwrap();
    assert_eq!((told.underlying, told.cancelsRisk), (1, true));
    assert_eq!((told.maintenanceHaircut, told.initialHaircut), (5 * PERCENT, 3 * PERCENT));
    let oracle = bench.world.send(STRANGER, SELF, &IMargin::oracleCall {}).unwrap();
    assert_eq!(oracle, ORACLE);
}
