//! The oracle's words to the types of the risk crate.

use alloy_primitives::{Address, U256};
use alloy_sol_types::SolCall;
use novate_abi::{
    IOracle::snapshotCall,
    snapshot::{Expiry, ExpiryState, Index, Perpetual, Series, Stable},
};
use novate_risk::{
    Market, Validity,
    market::{ExpiryMarket, PerpetualMarket, Surface, UnderlyingMarket},
};

use crate::{Input, Revert, Word, ask, selected};

/// Asks the oracle for the market data of `series`; with it comes the level of the stable coin's price.
///
/// # Errors
/// What the oracle reverts with, or `CallFailed(oracle)`.
#[inline(never)]
pub(crate) fn market(oracle: Address, series: &[u32]) -> Result<(Market, Validity), Revert> {
    let mut calldata = selected![snapshotCall::SELECTOR, 32_u64, U256::from(series.len())];
    for number in series {
        number.push(&mut calldata);
    }
    ask(&oracle, &calldata)?.read(|input| {
        let (_, mut words) = input.array(1)?;
        read_market(&mut words, series)
    })
}

fn read_market(words: &mut Input<'_>, series: &[u32]) -> Result<(Market, Validity), Revert> {
    let stable = Stable::unpack(words.u256()?);
    let mut market = Market {
        stable_price: u64::try_from(stable.price).unwrap_or(u64::MAX),
        ..Market::default()
    };
    for number in series {
        match Series::decode(*number) {
            Some(Series::Underlying(underlying)) => {
                let index = Index::unpack(words.u256()?);
                market.underlyings.push(UnderlyingMarket {
                    underlying,
                    index: index.price,
                    confidence: novate_abi::snapshot::CONFIDENCE_ONE,
                    validity: level(index.validity),
                    perpetual: None,
                });
            }
            Some(Series::Perpetual(_)) => {
                let perpetual = Perpetual::unpack([words.u256()?, words.u256()?]);
                if let Some(underlying) = market.underlyings.last_mut() {
                    underlying.perpetual = Some(PerpetualMarket {
                        mark: perpetual.mark,
                        funding_index: perpetual.funding_index,
                        confidence: perpetual.confidence,
                        validity: level(perpetual.validity),
                    });
                }
            }
            Some(Series::Expiry(underlying, hours)) => {
                let expiry = Expiry::unpack([words.u256()?, words.u256()?, words.u256()?]);
                market.expiries.extend(expiry_market(underlying, hours, &expiry));
            }
            None => return Err(words.last_malformed()),
        }
    }
    Ok((market, level(stable.validity)))
}

/// An expiry's market; `None` if nothing is known of it.
fn expiry_market(underlying: u8, expiry_hours: u32, expiry: &Expiry) -> Option<ExpiryMarket> {
    let is_settled = match expiry.state {
        ExpiryState::Unknown => return None,
        ExpiryState::Live | ExpiryState::Expired => false,
        ExpiryState::Settled => true,
    };
    Some(ExpiryMarket {
        underlying,
        expiry_hours,
        forward: expiry.forward,
        forward_variable: None,
        rate: expiry.rate,
        surface: Surface::Svi {
            a: expiry.a,
            b: expiry.b,
            rho: expiry.rho,
            m: expiry.m,
            sigma: expiry.sigma,
        },
        model_time: expiry.model_time,
        forward_confidence: expiry.forward_confidence,
        rate_confidence: expiry.rate_confidence,
        volatility_confidence: expiry.volatility_confidence,
        validity: level(expiry.validity),
        settlement_price: is_settled.then_some(expiry.forward),
    })
}

/// A validity level by its number; an unknown one counts as invalid.
const fn level(number: u8) -> Validity {
    match number {
        1 => Validity::TooVolatile,
        2 => Validity::TooUncertain,
        3 => Validity::StaleForMargin,
        4 => Validity::Valid,
        _ => Validity::Invalid,
    }
}

/// The number of a validity level.
pub const fn level_number(validity: Validity) -> u8 {
    match validity {
        Validity::Invalid => 0,
        Validity::TooVolatile => 1,
        Validity::TooUncertain => 2,
        Validity::StaleForMargin => 3,
        Validity::Valid => 4,
    }
}
