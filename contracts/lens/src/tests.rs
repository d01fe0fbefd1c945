//! The lens, through its ABI, against mocks of margin and the oracle; figures against the risk crate itself.

#![allow(clippy::arithmetic_side_effects, reason = "test code: an overflow is a failed test")]

use std::{cell::RefCell, rc::Rc, vec::Vec};

use alloy_primitives::{Address, B256, I256, U256};
use alloy_sol_types::{SolCall, SolError};
use novate_abi::{
    IClearing, IErrors, IMargin,
    IMarginLens::{
        IMarginLensCalls, Trade, attributionCall, greeksCall, liquidationPricesCall,
        maxQuantityCall, previewCall, requirementsCall, scenariosCall,
    },
    book::Book,
    parameters::{Place, read},
};
use novate_common::testing::{
    World,
    fixture::{
        CALL, INDEX, NOW, PERPETUAL, Told, WAD, install_oracle, parameters, position, sample,
        sample_for_risk, word,
    },
};
use novate_risk::{Contributor, Instrument, scenario::Scenario};

use crate::Lens;

const SELF: Address = Address::repeat_byte(0x1e);
const MARGIN: Address = Address::repeat_byte(0x3a);
const ORACLE: Address = Address::repeat_byte(0x0c);
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
        world.install::<Lens>(SELF);
        world.mock(MARGIN, |_, message| {
            let asked = IMargin::parametersCall::abi_decode(&message.data).unwrap();
            let mut words: Vec<B256> = Vec::new();
            let mut keep = |place: Place, _| -> Result<U256, ()> {
                words.push(word(place, ORACLE).into());
                Ok(word(place, ORACLE))
            };
            read(&asked.underlyings, &asked.collaterals, NOW, &mut keep).unwrap();
            Ok(IMargin::parametersCall::abi_encode_returns(&words))
        });
        Self { world, told }
    }

    fn ask<C: SolCall>(&self, call: &C) -> C::Return {
        self.world.send(STRANGER, SELF, call).unwrap()
    }

    fn refused<C: SolCall, E: SolError>(&self, call: &C, error: &E) {
        let data = self.world.refusal(STRANGER, SELF, call);
        assert_eq!(data, error.abi_encode(), "{data:02x?}");
    }

    fn market(&self) -> novate_risk::Market {
        self.told.borrow().market()
    }
}

fn packed() -> alloy_primitives::Bytes {
    sample().pack().into()
}

fn preview(instrument: u64, quantity: i64) -> previewCall {
    let trades = vec![Trade { instrument, quantity, price: WAD }];
    previewCall { margin: MARGIN, book: packed(), trades }
}

#[test]
fn every_function_of_the_interface_is_routed() {
    let bench = Bench::new();
    for selector in IMarginLensCalls::SELECTORS {
        let answer = bench.world.call(STRANGER, SELF, U256::ZERO, selector);
        let unknown = IErrors::UnknownSelector { selector: (*selector).into() }.abi_encode();
        assert_ne!(answer, Err(unknown), "{selector:02x?}");
        assert!(!answer.unwrap_err().is_empty());
    }
    let unknown = IErrors::UnknownSelector { selector: [1, 2, 3, 4].into() }.abi_encode();
    assert_eq!(bench.world.call(STRANGER, SELF, U256::ZERO, &[1, 2, 3, 4]), Err(unknown));
}

#[test]
fn a_preview_is_the_assessment_of_the_book_after_the_trades() {
    let bench = Bench::new();
    let trades = [(CALL, 1_000_000_i64, 250 * WAD), (PERPETUAL, -500_000, INDEX + 2 * WAD)];
    let for_risk = trades.map(|(instrument, quantity, price)| novate_risk::Trade {
        instrument,
        quantity,
        price,
    });
    let market = bench.market();
    let expected =
        novate_risk::preview(&sample_for_risk(), &for_risk, &market, &parameters(), NOW).unwrap();
    let trades = trades.map(|(instrument, quantity, price)| Trade { instrument, quantity, price });
    let told = bench.ask(&previewCall { margin: MARGIN, book: packed(), trades: trades.into() });
    assert_eq!(told.equity, expected.equity);
    assert_eq!(told.initialRequirement, expected.initial_requirement);
    assert_eq!(told.maintenanceRequirement, expected.maintenance_requirement);
    assert_eq!(told.worstUnderlying, expected.worst_underlying);
    assert_eq!((told.worstScenario, told.validity), (expected.worst_scenario, 4));
}

#[test]
fn scenarios_are_those_of_the_risk_crate() {
    let bench = Bench::new();
    let told = bench.ask(&scenariosCall { margin: MARGIN, book: packed(), underlying: 1 });
    let (expected, basis) =
        novate_risk::loss_vector(&sample_for_risk(), &bench.market(), &parameters(), NOW, 1)
            .unwrap();
    assert_eq!(told.pnl.len(), Scenario::defaults().len());
    assert_eq!(told.pnl, expected.iter().map(|outcome| outcome.pnl).collect::<Vec<_>>());
    let shocks: Vec<U256> = expected.iter().map(|outcome| U256::from(outcome.shock)).collect();
    assert_eq!((told.shocks, told.basis), (shocks, basis));
    let modes: Vec<u8> =
        Scenario::defaults().iter().map(|entry| entry.volatility.number()).collect();
    assert_eq!(told.modes, modes);
}

#[test]
fn greeks_requirements_and_shares_are_those_of_the_risk_crate() {
    let bench = Bench::new();
    let (book, market) = (sample_for_risk(), bench.market());
    let told = bench.ask(&greeksCall { margin: MARGIN, book: packed() });
    let expected = novate_risk::greeks(&book, &market, &parameters(), NOW).unwrap();
    assert_eq!(told.len(), expected.len());
    for (told, expected) in told.iter().zip(&expected) {
        assert_eq!((told.underlying, told.expiry), (expected.underlying, expected.expiry));
        assert_eq!([told.delta, told.gamma], [expected.delta, expected.gamma]);
        assert_eq!([told.vega, told.theta], [expected.vega, expected.theta]);
        assert_eq!(told.value, expected.value);
    }

    let told = bench.ask(&requirementsCall { margin: MARGIN, book: packed() });
    let expected = novate_risk::breakdown(&book, &market, &parameters(), NOW).unwrap();
    assert_eq!((told.len(), expected.len()), (1, 1));
    assert_eq!((told[0].underlying, told[0].validity), (1, 4));
    assert_eq!([told[0].value, told[0].worst], [expected[0].value, expected[0].worst]);
    assert_eq!(told[0].initialRequirement, expected[0].initial_requirement);
    assert_eq!(told[0].maintenanceRequirement, expected[0].maintenance_requirement);
    let (underlying, scenario) = (1, told[0].worstScenario);
    assert_eq!(scenario, expected[0].worst_scenario);

    let call = attributionCall { margin: MARGIN, book: packed(), underlying, scenario };
    let told = bench.ask(&call);
    let expected =
        novate_risk::attribution(&book, &market, &parameters(), NOW, 1, scenario).unwrap();
    assert_eq!((told.len(), expected.len()), (4, 4));
    for (told, expected) in told.iter().zip(&expected) {
        let whose = match expected.contributor {
            Contributor::Position(instrument) => (instrument, 0),
            Contributor::Collateral(number) => (0, number),
        };
        assert_eq!((told.instrument, told.collateral), whose);
        assert_eq!(told.pnl, expected.pnl);
    }
    for scenario in [Scenario::defaults().len().try_into().unwrap(), 255] {
        let call = attributionCall { scenario, ..call.clone() };
        bench.refused(&call, &IMargin::UnknownScenario { scenario });
    }
}

#[test]
fn what_fits_is_found_to_the_last_millionth() {
    let bench = Bench::new();
    let (book, market) = (sample_for_risk(), bench.market());
    let instrument = Instrument::decode(CALL).unwrap();
    for (quantity, price) in [(i64::MAX, 250 * WAD), (-1_000_000_000, 100 * WAD), (7, WAD)] {
        let reserve = I256::try_from(100 * WAD).unwrap();
        let most = Trade { instrument: CALL, quantity, price };
        let call = maxQuantityCall { margin: MARGIN, book: packed(), most, reserve };
        let expected = novate_risk::max_quantity(
            &book,
            &instrument,
            quantity > 0,
            price,
            quantity.abs(),
            reserve,
            &market,
            &parameters(),
            NOW,
        )
        .unwrap();
        assert_eq!(bench.ask(&call), expected.unsigned_abs());
        assert!(expected > 0);
    }
}

#[test]
fn liquidation_prices_are_those_of_the_risk_crate() {
    let bench = Bench::new();
    let owing = Book { cash: I256::try_from(9_000 * WAD).unwrap() * I256::MINUS_ONE, ..sample() };
    let book = owing.pack().into();
    let told = bench.ask(&liquidationPricesCall { margin: MARGIN, book, underlying: 1 });
    let owing = novate_risk::Book::try_from(owing).unwrap();
    let expected =
        novate_risk::liquidation_prices(&owing, &bench.market(), &parameters(), NOW, 1).unwrap();
    let price = |found: Option<u128>| U256::from(found.unwrap_or(0));
    assert_eq!((told.below, told.above), (price(expected.below), price(expected.above)));
    assert!(expected.below.is_some_and(|below| below < INDEX), "{expected:?}");

    // Cash alone has none; a book that is short already has the present price.
    let book = Book { cash: I256::try_from(5).unwrap(), ..Book::default() }.pack().into();
    let told = bench.ask(&liquidationPricesCall { margin: MARGIN, book, underlying: 1 });
    assert_eq!((told.below, told.above), (U256::ZERO, U256::ZERO));
    let book = Book { cash: I256::try_from(-5).unwrap(), ..Book::default() }.pack().into();
    let told = bench.ask(&liquidationPricesCall { margin: MARGIN, book, underlying: 1 });
    assert_eq!((told.below, told.above), (U256::from(INDEX), U256::from(INDEX)));
}

#[test]
fn trades_that_cannot_be_are_refused() {
    let bench = Bench::new();
    let invalid = IClearing::InvalidQuantity { instrument: CALL };
    bench.refused(&preview(CALL, 0), &invalid);
    bench.refused(&preview(CALL, i64::MIN), &invalid);
    let id = CALL + 7; // a strike mantissa of 10
    bench.refused(&preview(id, 1), &IErrors::InvalidInstrument { id });
    bench.refused(&preview(2 << 56, 1), &IMargin::UnderlyingNotListed { underlying: 2 });
}

#[test]
fn malformed_books_are_refused_where_they_are() {
    let bench = Bench::new();
    let book = vec![0; 31].into();
    let offset = U256::ZERO;
    bench.refused(&greeksCall { margin: MARGIN, book }, &IErrors::MalformedBytes { offset });
    let mut book = sample();
    book.positions = vec![position(PERPETUAL + 1, 1)];
    let call = requirementsCall { margin: MARGIN, book: book.pack().into() };
    bench.refused(&call, &IErrors::InvalidInstrument { id: PERPETUAL + 1 });
}

#[test]
fn what_is_no_margin_or_no_oracle_is_named() {
    let bench = Bench::new();
    let call = |margin| greeksCall { margin, book: packed() };
    let nobody = Address::repeat_byte(0x99);
    bench.refused(&call(nobody), &IErrors::CallFailed { target: nobody });
    // One word too few.
    let short = [word(Place::Root, ORACLE), word(Place::Collateral(1), ORACLE)];
    let words: Vec<B256> = short.map(B256::from).into();
    bench.world.mock(nobody, move |_, _| Ok(IMargin::parametersCall::abi_encode_returns(&words)));
    bench.refused(&call(nobody), &IErrors::CallFailed { target: nobody });

    bench.told.borrow_mut().is_silent = true;
    bench.refused(&call(MARGIN), &IErrors::CallFailed { target: ORACLE });
    bench.told.borrow_mut().is_silent = false;
    bench.told.borrow_mut().index = 0;
    // Without an index nothing moves with a price.
    assert_eq!(bench.world.send(STRANGER, SELF, &call(MARGIN)).unwrap(), Vec::new());
}
