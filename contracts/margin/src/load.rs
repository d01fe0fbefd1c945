//! Stored words and the oracle's words to the types of the risk crate.

use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::SolCall;
use novate_abi::{
    IOracle::snapshotCall,
    snapshot::{Expiry, ExpiryState, Index, Perpetual, Series, Stable},
    words::low_u64,
};
use novate_common::{Input, Revert, Word, address, ask, halves, pair, selected};
use novate_risk::{
    Market, Parameters, Validity,
    market::{ExpiryMarket, PerpetualMarket, Surface, UnderlyingMarket},
    parameters::{CollateralParameters, Contingencies, ScanFactors, UnderlyingParameters},
};

use crate::storage::{
    COLLATERALS, CONTINGENCIES, FACTORS, HAS_CONTINGENCIES, HAS_FACTORS, ORACLE, UNDERLYINGS,
};

/// The oracle's address, and which parameters are stored.
pub(crate) fn oracle() -> (Address, u8) {
    let word = ORACLE.get();
    let [stored, ..] = word.0;
    (address(&word), stored)
}

/// Stores the oracle's address and which parameters are stored.
pub(crate) fn set_oracle(oracle: Address, stored: u8) {
    let mut word = oracle.word();
    if let Some(byte) = word.first_mut() {
        *byte = stored;
    }
    ORACLE.set(&word);
}

/// The parameters that all underlyings share: defaults but for what is stored.
pub(crate) fn shared(stored: u8) -> Parameters {
    let mut parameters = Parameters::default();
    if stored & HAS_FACTORS != 0 {
        (parameters.scan.initial, parameters.scan.maintenance) = factors(FACTORS.get());
    }
    if stored & HAS_CONTINGENCIES != 0 {
        set_contingencies(&mut parameters.contingencies, CONTINGENCIES.get());
    }
    parameters
}

/// Initial and maintenance factor.
fn factors(word: B256) -> (u64, u64) {
    let (_, low) = halves(&word);
    (low_u64(low >> 64), low_u64(low))
}

/// The word of the factors.
pub(crate) fn factors_word(scan: &ScanFactors) -> B256 {
    pair(0, wide(scan.initial, scan.maintenance))
}

fn set_contingencies(contingencies: &mut Contingencies, word: B256) {
    let (high, low) = halves(&word);
    contingencies.perpetual_maintenance = low_u64(high >> 64);
    contingencies.perpetual_initial = low_u64(high);
    contingencies.option_maintenance = low_u64(low >> 64);
    contingencies.option_initial = low_u64(low);
}

/// The word of the contingencies.
pub(crate) fn contingencies_word(contingencies: &Contingencies) -> B256 {
    pair(
        wide(contingencies.perpetual_maintenance, contingencies.perpetual_initial),
        wide(contingencies.option_maintenance, contingencies.option_initial),
    )
}

/// An underlying's parameters; `None` if it isn't listed.
pub(crate) fn underlying(underlying: u8) -> Option<UnderlyingParameters> {
    let (high, low) = halves(&UNDERLYINGS.of(&underlying).get());
    (high != 0).then(|| UnderlyingParameters {
        volatility_up: low_u64(low >> 64),
        volatility_down: low_u64(low),
        ..UnderlyingParameters::new(underlying, low_u64(high))
    })
}

/// The word of an underlying's parameters.
pub(crate) fn underlying_word(parameters: &UnderlyingParameters) -> B256 {
    pair(parameters.range.into(), wide(parameters.volatility_up, parameters.volatility_down))
}

/// A collateral token's parameters; `None` if it isn't listed.
pub(crate) fn collateral(collateral: u8) -> Option<CollateralParameters> {
    let (high, low) = halves(&COLLATERALS.of(&collateral).get());
    let [.., underlying, cancels_risk] = high.to_be_bytes();
    (underlying != 0).then(|| CollateralParameters {
        collateral,
        underlying,
        maintenance_haircut: low_u64(low >> 64),
        initial_haircut: low_u64(low),
        cancels_risk: cancels_risk != 0,
    })
}

/// The word of a collateral token's parameters.
pub(crate) fn collateral_word(parameters: &CollateralParameters) -> B256 {
    let high = u16::from_be_bytes([parameters.underlying, u8::from(parameters.cancels_risk)]);
    pair(high.into(), wide(parameters.maintenance_haircut, parameters.initial_haircut))
}

/// Asks the oracle for the market data of `series`; with it comes the level of the stable coin's price.
///
/// # Errors
/// What the oracle reverts with, or `CallFailed(oracle)`.
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
pub(crate) const fn level_number(validity: Validity) -> u8 {
    match validity {
        Validity::Invalid => 0,
        Validity::TooVolatile => 1,
        Validity::TooUncertain => 2,
        Validity::StaleForMargin => 3,
        Validity::Valid => 4,
    }
}

fn wide(high: u64, low: u64) -> u128 {
    novate_abi::words::wide(high, low)
}
