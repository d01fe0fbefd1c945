//! What can be wrong with an argument.

/// Why an argument was refused. Nothing here can be caused by a portfolio and a market state that were both accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The id isn't the canonical form of any instrument.
    InvalidInstrument(u64),
}

impl core::fmt::Display for Error {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::InvalidInstrument(id) => write!(formatter, "invalid instrument {id:#018x}"),
        }
    }
}

impl core::error::Error for Error {}
