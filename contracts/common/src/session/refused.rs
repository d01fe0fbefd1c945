//! What the risk crate and the codecs refuse, as errors of the interface.

use alloy_primitives::{I256, U256};
use novate_abi::{IClearing, IErrors, IMargin, book::BookError};
use novate_risk::Error;

use crate::{Revert, Word, name, refuse};

const HOUR: u64 = 3_600;

/// A refusal of the risk crate, as revert data, or revert data of whoever was asked.
#[derive(Debug)]
pub struct Refused(pub Revert);

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self(refused(error))
    }
}

impl From<Revert> for Refused {
    fn from(revert: Revert) -> Self {
        Self(revert)
    }
}

impl From<Refused> for Revert {
    fn from(Refused(revert): Refused) -> Self {
        revert
    }
}

/// The error for what the risk crate refuses.
#[cold]
#[inline(never)]
pub fn refused(error: Error) -> Revert {
    match error {
        Error::InvalidInstrument(id) => refuse!(IErrors::InvalidInstrument { id }),
        Error::ZeroQuantity(instrument) | Error::QuantityOutOfRange(instrument) => {
            refuse!(IClearing::InvalidQuantity { instrument })
        }
        Error::BookTooLarge { count, limit } => too_large(count, limit),
        Error::UnderlyingNotListed(underlying) => {
            refuse!(IMargin::UnderlyingNotListed { underlying })
        }
        Error::CollateralNotListed(collateral) => {
            refuse!(IMargin::CollateralNotListed { collateral })
        }
        Error::NoMarketData { underlying, expiry_hours } => {
            let expiry = u64::from(expiry_hours).saturating_mul(HOUR);
            refuse!(IMargin::NoMarketData { underlying, expiry })
        }
        // The oracle hands over no data outside the accepted range but the price 0 of an index that can't be read.
        Error::InvalidMarketData { .. } => {
            refuse!(IErrors::MarketNotValid { level: 0_u8, needed: 1_u8 })
        }
        Error::UnknownScenario(scenario) => refuse!(IMargin::UnknownScenario { scenario }),
        Error::ParameterOutOfBounds(bound) => {
            let [value, minimum, maximum] = [bound.value, bound.minimum, bound.maximum]
                .map(|number| I256::from_be_bytes(number.word().0));
            let name = name(bound.name.as_bytes());
            refuse!(IErrors::ParameterOutOfBounds { name, value, minimum, maximum })
        }
        // Cash out of range; the others can't arise from a book that was unpacked.
        _ => refuse!(IErrors::ArithmeticOverflow {}),
    }
}

/// The error for bytes that aren't a book.
#[cold]
#[inline(never)]
pub fn malformed(error: BookError) -> Revert {
    match error {
        BookError::TooLarge(positions) => too_large(positions, novate_abi::book::MAXIMUM_POSITIONS),
        BookError::InvalidInstrument(id) => refuse!(IErrors::InvalidInstrument { id }),
        BookError::Malformed(malformed) => {
            refuse!(IErrors::MalformedBytes { offset: U256::from(malformed.offset) })
        }
        _ => refuse!(IErrors::ArithmeticOverflow {}),
    }
}

fn too_large(positions: usize, limit: usize) -> Revert {
    refuse!(IMargin::BookTooLarge { positions: U256::from(positions), limit: U256::from(limit) })
}
