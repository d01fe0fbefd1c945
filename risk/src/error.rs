//! What can be wrong with an argument.

use crate::instrument::InstrumentId;

/// Why an argument was refused. A portfolio, a market state and parameters that were all accepted cause none of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The id isn't the canonical form of any instrument.
    InvalidInstrument(InstrumentId),
    /// The position isn't above the one before it.
    UnsortedPositions(InstrumentId),
    /// A position of nothing, or a trade of nothing.
    ZeroQuantity(InstrumentId),
    /// The quantity would leave the range of 64 bits.
    QuantityOutOfRange(InstrumentId),
    /// Not one reference for each perpetual and future.
    ReferenceCount {
        /// Perpetuals and futures in the book.
        expected: usize,
        /// References given.
        actual: usize,
    },
    /// The collateral balance isn't above the one before it.
    UnsortedCollateral(u8),
    /// More positions, or more collateral balances, than a book may hold.
    BookTooLarge {
        /// How many there would be.
        count: usize,
        /// How many there may be.
        limit: usize,
    },
    /// Cash would leave the range of a book.
    CashOutOfRange,
    /// The underlying has no risk parameters.
    UnderlyingNotListed(u8),
    /// The collateral has no risk parameters.
    CollateralNotListed(u8),
    /// There is no market data for that series: an underlying (expiry 0), or an expiry in hours since 1970.
    NoMarketData {
        /// Number of the underlying.
        underlying: u8,
        /// Hours since 1970; 0 for the underlying itself.
        expiry_hours: u32,
    },
    /// A price, rate or confidence of that series lies outside what a market state may hold.
    InvalidMarketData {
        /// Number of the underlying; 0 for what all share.
        underlying: u8,
        /// Hours since 1970; 0 for the underlying itself.
        expiry_hours: u32,
    },
    /// There is no scenario of that number, or not one for each underlying of the book.
    UnknownScenario(u8),
    /// A parameter lies outside its bounds.
    ParameterOutOfBounds(crate::parameters::Bound),
}

impl core::fmt::Display for Error {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::InvalidInstrument(id) => write!(formatter, "invalid instrument {id:#018x}"),
            Self::UnsortedPositions(id) => write!(formatter, "position {id:#018x} out of order"),
            Self::ZeroQuantity(id) => write!(formatter, "quantity of {id:#018x} is zero"),
            Self::QuantityOutOfRange(id) => write!(formatter, "quantity of {id:#018x} overflows"),
            Self::ReferenceCount { expected, actual } => {
                write!(formatter, "{actual} references for {expected} perpetuals and futures")
            }
            Self::UnsortedCollateral(number) => {
                write!(formatter, "collateral {number} out of order")
            }
            Self::BookTooLarge { count, limit } => {
                write!(formatter, "{count} entries in a book of at most {limit}")
            }
            Self::CashOutOfRange => formatter.write_str("cash out of range"),
            Self::UnderlyingNotListed(number) => {
                write!(formatter, "underlying {number} has no parameters")
            }
            Self::CollateralNotListed(number) => {
                write!(formatter, "collateral {number} has no parameters")
            }
            Self::NoMarketData { underlying, expiry_hours } => {
                write!(
                    formatter,
                    "no market data for underlying {underlying}, expiry {expiry_hours} h"
                )
            }
            Self::InvalidMarketData { underlying, expiry_hours } => write!(
                formatter,
                "market data out of range for underlying {underlying}, expiry {expiry_hours} h"
            ),
            Self::UnknownScenario(number) => write!(formatter, "no scenario {number}"),
            Self::ParameterOutOfBounds(bound) => write!(
                formatter,
                "parameter {} is {}, outside {} to {}",
                bound.name, bound.value, bound.minimum, bound.maximum
            ),
        }
    }
}

impl core::error::Error for Error {}
