//! A market and a book for tests of margin and its lens: what the oracle is mocked to say, and the same as the risk crate takes it.

#![allow(clippy::unwrap_used, reason = "test code: a fixture that isn't one is a failed test")]
#![allow(clippy::arithmetic_side_effects, reason = "test code: an overflow is a failed test")]
#![allow(clippy::indexing_slicing, reason = "test code: an absent element is a failed test")]
#![allow(clippy::missing_panics_doc, reason = "test code: a panic is a failed test")]
#![allow(missing_docs, reason = "names of a fixture")]

use std::{cell::RefCell, rc::Rc, vec, vec::Vec};

use alloy_primitives::{Address, I256, U256};
use alloy_sol_types::SolCall;
use novate_abi::{
    IOracle,
    book::{Book, Collateral, Position},
    parameters::{Place, Root, pack_collateral, pack_underlying},
    snapshot::{Expiry, ExpiryState, Index, Perpetual, Series, Stable, level},
};
use novate_risk::{
    CollateralBalance, Market, Parameters, Reference,
    market::{ExpiryMarket, PerpetualMarket, Settlement, Surface, UnderlyingMarket},
    parameters::{CollateralParameters, UnderlyingParameters},
};

use super::World;

pub const ONE: u64 = 1_000_000_000_000_000_000;
pub const WAD: u128 = 1_000_000_000_000_000_000;
pub const PERCENT: u64 = ONE / 100;
pub const NOW: u64 = 1_764_000_000;
pub const HOURS: u32 = 490_400;
pub const INDEX: u128 = 3_000 * WAD;
pub const PERPETUAL: u64 = 1 << 56;
pub const CALL: u64 = (1 << 56) | (2 << 54) | (490_400 << 32) | (19 << 27) | 3;
pub const PUT: u64 = CALL | (1 << 54);

/// What the oracle says.
#[derive(Debug, Clone, Copy)]
pub struct Told {
    pub index: u128,
    pub mark: u128,
    pub state: ExpiryState,
    /// Level of the index, and when it was updated.
    pub validity: u8,
    pub updated_at: u64,
    pub stable_validity: u8,
    pub is_silent: bool,
}

impl Default for Told {
    fn default() -> Self {
        Self {
            index: INDEX,
            mark: INDEX + WAD,
            state: ExpiryState::Live,
            validity: 4,
            updated_at: NOW,
            stable_validity: 4,
            is_silent: false,
        }
    }
}

/// Puts an oracle at `address` that says what the cell holds.
pub fn install_oracle(world: &World, address: Address) -> Rc<RefCell<Told>> {
    world.set_timestamp(NOW);
    let told = Rc::new(RefCell::new(Told::default()));
    let said = Rc::clone(&told);
    world.mock(address, move |_, message| {
        let asked = IOracle::snapshotCall::abi_decode(&message.data).unwrap();
        let told = *said.borrow();
        let words = if told.is_silent { Vec::new() } else { told.words(&asked.series) };
        Ok(IOracle::snapshotCall::abi_encode_returns(&words))
    });
    told
}

impl Told {
    pub fn expiry(&self) -> Expiry {
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
            ..Expiry::UNKNOWN
        }
    }

    pub fn words(&self, series: &[u32]) -> Vec<U256> {
        let stable = Stable { price: WAD, validity: self.stable_validity };
        let mut words = vec![stable.pack()];
        for number in series {
            match Series::decode(*number).unwrap() {
                Series::Underlying(_) => {
                    let Self { index: price, validity, updated_at, .. } = *self;
                    words.extend(Index { price, slow_price: 0, updated_at, validity }.pack());
                }
                Series::Perpetual(_) => {
                    let (mark, funding_index) = (self.mark, 7);
                    let perpetual = Perpetual { mark, funding_index, confidence: ONE };
                    words.extend(perpetual.pack());
                }
                Series::Expiry(..) => words.extend(self.expiry().pack()),
            }
        }
        words
    }

    /// The same as the risk crate takes it.
    pub fn market(&self) -> Market {
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
                validity: level(self.validity),
                updated_at: self.updated_at,
                slow_price: None,
                perpetual: Some(PerpetualMarket {
                    mark: self.mark,
                    funding_index: 7,
                    confidence: ONE,
                }),
            }],
            expiries: vec![ExpiryMarket {
                underlying: 1,
                expiry_hours: HOURS,
                forward: expiry.forward,
                forward_variable: None,
                observed_share: 0,
                rate: expiry.rate,
                surface,
                model_time: expiry.model_time,
                forward_confidence: ONE,
                rate_confidence: ONE,
                volatility_confidence: expiry.volatility_confidence,
                settlement: Settlement::default(),
            }],
            ..Market::default()
        }
    }
}

/// What the words of [`word`] say.
pub fn parameters() -> Parameters {
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

/// A position without reference.
pub const fn position(instrument: u64, quantity: i64) -> Position {
    Position { instrument, quantity, reference_price: 0, funding_reference: 0 }
}

/// A perpetual, a call short, a put long, and collateral.
pub fn sample() -> Book {
    Book {
        cash: I256::try_from(5_000 * WAD).unwrap(),
        pool: 0,
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
pub fn sample_for_risk() -> novate_risk::Book {
    let position = |instrument, quantity| novate_risk::Position { instrument, quantity };
    novate_risk::Book::new(
        I256::try_from(5_000 * WAD).unwrap(),
        vec![position(PERPETUAL, 2_000_000), position(CALL, -3_000_000), position(PUT, 1_500_000)],
        vec![Reference { price: INDEX - WAD, funding: 3 }],
        vec![CollateralBalance { collateral: 1, amount: 4 * WAD }],
    )
    .unwrap()
}

/// The words of [`parameters`] with `oracle`; zero where nothing is stored.
pub fn word(place: Place, oracle: Address) -> U256 {
    let parameters = parameters();
    match place {
        Place::Root => Root { oracle, ..Root::default() }.pack(),
        Place::Underlying(1) => pack_underlying(&parameters.underlyings[0], false),
        Place::Collateral(1) => pack_collateral(&parameters.collateral[0]),
        _ => U256::ZERO,
    }
}
