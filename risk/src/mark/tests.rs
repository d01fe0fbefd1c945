//! Marks against the value of a book of one contract.

use alloc::{vec, vec::Vec};

use alloy_primitives::I256;
use proptest::prelude::*;

use super::*;
use crate::{
    Book, CollateralBalance, Position, Reference, Strike, assess,
    market::{ExpiryMarket, PerpetualMarket, Settlement, Surface},
    parameters::CollateralParameters,
};

const ONE: u64 = WAD;
const NOW: u64 = 1_768_406_400;
const HOURS: u32 = 491_224 + 24 * 14;
const UNIT: u128 = 1_000_000_000_000_000_000;

fn parameters() -> Parameters {
    Parameters {
        underlyings: vec![UnderlyingParameters::new(1, ONE / 5)],
        collateral: vec![CollateralParameters {
            collateral: 7,
            underlying: 1,
            maintenance_haircut: 0,
            initial_haircut: 0,
            cancels_risk: false,
        }],
        ..Parameters::default()
    }
}

fn market() -> Market {
    Market {
        underlyings: vec![UnderlyingMarket {
            underlying: 1,
            index: 3_000 * UNIT,
            confidence: ONE,
            validity: Validity::StaleForMargin,
            updated_at: NOW - 5,
            slow_price: None,
            perpetual: Some(PerpetualMarket {
                mark: 3_001 * UNIT,
                funding_index: -5,
                confidence: ONE,
            }),
        }],
        expiries: vec![ExpiryMarket {
            underlying: 1,
            expiry_hours: HOURS,
            forward: 3_030 * UNIT,
            forward_variable: None,
            observed_share: 0,
            rate: 40_000_000_000_000_000,
            surface: Surface::Svi {
                a: 10_000_000_000_000_000,
                b: 40_000_000_000_000_000,
                rho: -200_000_000_000_000_000,
                m: 0,
                sigma: ONE / 5,
            },
            model_time: NOW - 60,
            forward_confidence: ONE,
            rate_confidence: ONE,
            volatility_confidence: ONE,
            settlement: Settlement::default(),
        }],
        ..Market::default()
    }
}

fn of(instrument: &Instrument, market: &Market, now: u64) -> Mark {
    Mark::of_instrument(instrument, market, &parameters(), now)
}

/// Equity of a book of one contract.
fn worth(instrument: &Instrument, market: &Market, now: u64) -> u128 {
    let positions = vec![Position { instrument: instrument.id(), quantity: CONTRACT }];
    let references = if instrument.is_option() { Vec::new() } else { vec![Reference::default()] };
    let book = Book::new(I256::ZERO, positions, references, Vec::new()).unwrap();
    let equity = assess(&book, market, &parameters(), now).unwrap().last_equity;
    u128::try_from(equity).unwrap()
}

proptest! {
    #[test]
    fn a_mark_is_what_a_book_of_one_contract_is_worth(
        strike in 1_u32..20_000, is_call in any::<bool>(), later in 0_u64..86_400 * 14,
    ) {
        let strike = Strike::whole(strike.into()).unwrap();
        let make = if is_call { Instrument::call } else { Instrument::put };
        let option = make(1, HOURS, strike).unwrap();
        let (market, now) = (market(), NOW + later);
        let mark = of(&option, &market, now);
        prop_assert!(mark.is_marked);
        prop_assert_eq!(mark.price, worth(&option, &market, now));
    }
}

#[test]
fn delta_one_is_marked_by_its_own_price() {
    let market = market();
    let perpetual = of(&Instrument::perpetual(1).unwrap(), &market, NOW);
    let known = Mark {
        price: 3_001 * UNIT,
        index: 3_000 * UNIT,
        funding_index: -5,
        validity: Validity::StaleForMargin,
        is_marked: true,
    };
    assert_eq!(perpetual, known);
    let future = of(&Instrument::future(1, HOURS).unwrap(), &market, NOW);
    assert_eq!(future, Mark { price: 3_030 * UNIT, funding_index: 0, ..known });
}

#[test]
fn an_expired_option_is_worth_its_payoff() {
    let mut market = market();
    market.expiries[0].forward = 2_950 * UNIT;
    market.expiries[0].forward_variable = Some(0);
    let now = market.expiries[0].expiry() + 1;
    let put = Instrument::put(1, HOURS, Strike::whole(3_000).unwrap()).unwrap();
    let call = Instrument::call(1, HOURS, Strike::whole(3_000).unwrap()).unwrap();
    assert_eq!(of(&put, &market, now).price, 50 * UNIT);
    assert_eq!((of(&call, &market, now).price, of(&call, &market, now).is_marked), (0, true));
}

#[test]
fn what_has_no_price_is_not_marked() {
    let perpetual = Instrument::perpetual(1).unwrap();
    let call = Instrument::call(1, HOURS, Strike::whole(3_000).unwrap()).unwrap();
    let mut market = market();
    assert_eq!(of(&Instrument::perpetual(2).unwrap(), &market, NOW), Mark::NONE);
    market.underlyings[0].perpetual = None;
    market.expiries.clear();
    for instrument in [&perpetual, &call] {
        let mark = of(instrument, &market, NOW);
        assert_eq!((mark.price, mark.index, mark.is_marked), (0, 3_000 * UNIT, false));
    }
    market.underlyings[0].index = 0;
    assert!(!of(&perpetual, &market, NOW).is_marked);
}

#[test]
fn collateral_is_marked_in_quote_currency() {
    let mut market = market();
    market.stable_price = ONE / 2;
    let mark = Mark::of_collateral(7, &market, &parameters());
    assert_eq!((mark.price, mark.index), (6_000 * UNIT, 3_000 * UNIT));
    assert_eq!((mark.validity, mark.is_marked), (Validity::StaleForMargin, true));
    assert_eq!(Mark::of_collateral(8, &market, &parameters()), Mark::NONE);
    let held = vec![CollateralBalance { collateral: 7, amount: UNIT }];
    let book = Book::new(I256::ZERO, Vec::new(), Vec::new(), held).unwrap();
    let equity = assess(&book, &market, &parameters(), NOW).unwrap().last_equity;
    assert_eq!(u128::try_from(equity), Ok(mark.price));
    market.underlyings[0].index = 0;
    assert!(!Mark::of_collateral(7, &market, &parameters()).is_marked);
}
