//! An instrument's id is its terms: 64 bits that anyone can decode without a registry.
//!
//! ```text
//!  63      56 55  54 53                 32 31    27 26                              0
//! +----------+------+---------------------+--------+---------------------------------+
//! |underlying| kind | expiry              | strike | strike mantissa                 |
//! | u8       | u2   | u22, hours from 1970| exp u5 | u27, canonical (no factor of 10)|
//! +----------+------+---------------------+--------+---------------------------------+
//! ```
//!
//! `strike = mantissa * 10^(exponent - 16)`. Ids in ascending order are grouped by underlying, then by kind (perpetual,
//! futures, calls, puts), then by expiry, then by the strike's code.

mod name;
mod strike;
#[cfg(test)]
mod tests;

pub use name::{Name, NameError, Symbols};
pub use strike::Strike;

use crate::Error;

/// Seconds in an hour, the unit of expiries.
const HOUR: u64 = 3_600;
/// Greatest expiry that an id can hold, in hours since 1970 (the year 2448).
pub const MAX_EXPIRY_HOURS: u32 = (1 << 22) - 1;

/// The 64-bit code of an instrument, as stored, sent and hashed. It may be anything; [`Instrument::decode`] checks it.
pub type InstrumentId = u64;

/// What kind of contract an instrument is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Kind {
    /// Never expires; exchanges funding.
    Perpetual = 0,
    /// Settles the difference between the settlement price and its entry.
    Future = 1,
    /// European, cash settled: pays `max(0, settlement - strike)`.
    Call = 2,
    /// European, cash settled: pays `max(0, strike - settlement)`.
    Put = 3,
}

/// The terms of an instrument. Only canonical terms can be built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Instrument {
    underlying: u8,
    kind: Kind,
    expiry_hours: u32,
    strike: Strike,
}

impl Instrument {
    /// The perpetual on `underlying` (1..=255); `None` for underlying 0.
    pub const fn perpetual(underlying: u8) -> Option<Self> {
        Self::new(underlying, Kind::Perpetual, 0, Strike::NONE)
    }

    /// The future on `underlying` that expires `expiry_hours` after 1970.
    pub const fn future(underlying: u8, expiry_hours: u32) -> Option<Self> {
        Self::new(underlying, Kind::Future, expiry_hours, Strike::NONE)
    }

    /// A call on `underlying`.
    pub const fn call(underlying: u8, expiry_hours: u32, strike: Strike) -> Option<Self> {
        Self::new(underlying, Kind::Call, expiry_hours, strike)
    }

    /// A put on `underlying`.
    pub const fn put(underlying: u8, expiry_hours: u32, strike: Strike) -> Option<Self> {
        Self::new(underlying, Kind::Put, expiry_hours, strike)
    }

    /// An instrument of these terms, if they are canonical: the underlying isn't 0, only a perpetual lacks an expiry, and
    /// exactly the options have a strike.
    pub const fn new(
        underlying: u8,
        kind: Kind,
        expiry_hours: u32,
        strike: Strike,
    ) -> Option<Self> {
        let expires = expiry_hours != 0;
        let canonical = match kind {
            Kind::Perpetual => !expires && strike.is_none(),
            Kind::Future => expires && strike.is_none(),
            Kind::Call | Kind::Put => expires && !strike.is_none(),
        };
        if canonical && underlying != 0 && expiry_hours <= MAX_EXPIRY_HOURS {
            Some(Self { underlying, kind, expiry_hours, strike })
        } else {
            None
        }
    }

    /// Reads the terms out of an id.
    ///
    /// # Errors
    /// [`Error::InvalidInstrument`] unless `id` is canonical: then [`Self::id`] gives back the same id.
    #[inline]
    pub const fn decode(id: InstrumentId) -> Result<Self, Error> {
        let bytes = id.to_be_bytes();
        let kind = match bytes[1] >> 6 {
            0 => Kind::Perpetual,
            1 => Kind::Future,
            2 => Kind::Call,
            _ => Kind::Put,
        };
        let expiry_hours = u32::from_be_bytes([0, bytes[1] & 0x3f, bytes[2], bytes[3]]);
        let code = u32::from_be_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]);
        let Some(strike) = Strike::from_code(code) else {
            return Err(Error::InvalidInstrument(id));
        };
        match Self::new(bytes[0], kind, expiry_hours, strike) {
            Some(instrument) => Ok(instrument),
            None => Err(Error::InvalidInstrument(id)),
        }
    }

    /// The id of these terms.
    pub const fn id(&self) -> InstrumentId {
        let expiry = self.expiry_hours.to_be_bytes();
        let strike = self.strike.code().to_be_bytes();
        let kind = match self.kind {
            Kind::Perpetual => 0,
            Kind::Future => 0x40,
            Kind::Call => 0x80,
            Kind::Put => 0xc0,
        };
        u64::from_be_bytes([
            self.underlying,
            kind | expiry[1],
            expiry[2],
            expiry[3],
            strike[0],
            strike[1],
            strike[2],
            strike[3],
        ])
    }

    /// Number of the underlying, 1..=255.
    pub const fn underlying(&self) -> u8 {
        self.underlying
    }

    /// What kind of contract it is.
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// Expiry in hours since 1970; 0 for a perpetual.
    pub const fn expiry_hours(&self) -> u32 {
        self.expiry_hours
    }

    /// Expiry in Unix seconds; `None` for a perpetual.
    pub const fn expiry(&self) -> Option<u64> {
        match self.kind {
            Kind::Perpetual => None,
            Kind::Future | Kind::Call | Kind::Put => Some(expiry_seconds(self.expiry_hours)),
        }
    }

    /// The strike; [`Strike::NONE`] unless it is an option.
    pub const fn strike(&self) -> Strike {
        self.strike
    }

    /// Whether it is a call or a put.
    pub const fn is_option(&self) -> bool {
        matches!(self.kind, Kind::Call | Kind::Put)
    }

    /// The key under which the oracle keeps its market data: `underlying << 22 | expiry in hours` (0 for the underlying
    /// itself, hence for a perpetual).
    pub const fn series(&self) -> u32 {
        series_key(self.underlying, self.expiry_hours)
    }
}

/// The series `underlying << 22 | expiry_hours`; hour 0 is the underlying itself.
pub const fn series_key(underlying: u8, expiry_hours: u32) -> u32 {
    let expiry = (expiry_hours & MAX_EXPIRY_HOURS).to_be_bytes();
    let head = u32::from_be_bytes([0, 0, 0, underlying]) << 22;
    head | u32::from_be_bytes(expiry)
}

/// Unix seconds of an expiry given in hours since 1970.
pub const fn expiry_seconds(expiry_hours: u32) -> u64 {
    let hours = expiry_hours.to_be_bytes();
    // At most 2^32 * 3600 < 2^44.
    u64::from_be_bytes([0, 0, 0, 0, hours[0], hours[1], hours[2], hours[3]]).wrapping_mul(HOUR)
}
