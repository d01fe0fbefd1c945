//! Which series a book needs.

use alloc::vec::Vec;

use crate::book::Book;

/// Bits of the hour in a series.
pub const EXPIRY_BITS: u32 = 22;
/// The hour that means an underlying's perpetual: no expiry lies in 1970.
pub const PERPETUAL_HOUR: u32 = 1;

/// The bits of the hour in a series.
pub const HOUR_MASK: u32 = (1 << EXPIRY_BITS) - 1;
const KNOWN_BITS: u32 = (1 << (EXPIRY_BITS + 8)) - 1;

/// What a series names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Series {
    /// An underlying.
    Underlying(u8),
    /// An underlying's perpetual.
    Perpetual(u8),
    /// An expiry of an underlying, in hours since 1970.
    Expiry(u8, u32),
}

impl Series {
    /// Reads a series; `None` for underlying 0 or bits beyond the 30 that a series has.
    pub const fn decode(series: u32) -> Option<Self> {
        // Bits 22..30, which the shift moves into the top byte.
        let [underlying, ..] = (series << 2).to_be_bytes();
        if underlying == 0 || series > KNOWN_BITS {
            return None;
        }
        Some(match series & HOUR_MASK {
            0 => Self::Underlying(underlying),
            PERPETUAL_HOUR => Self::Perpetual(underlying),
            hour => Self::Expiry(underlying, hour),
        })
    }

    /// The series' number.
    pub const fn encode(self) -> u32 {
        match self {
            Self::Underlying(underlying) => base(underlying),
            Self::Perpetual(underlying) => base(underlying) | PERPETUAL_HOUR,
            Self::Expiry(underlying, hour) => base(underlying) | (hour & HOUR_MASK),
        }
    }
}

const fn base(underlying: u8) -> u32 {
    u32::from_be_bytes([underlying, 0, 0, 0]) >> 2
}

/// The series that prices an instrument.
pub const fn series_of_instrument(instrument: u64) -> u32 {
    let [underlying, a, b, c, ..] = instrument.to_be_bytes();
    match u32::from_be_bytes([0, a, b, c]) & HOUR_MASK {
        0 => Series::Perpetual(underlying).encode(),
        hour => Series::Expiry(underlying, hour).encode(),
    }
}

/// Appends the series of a book's positions and of their underlyings, unsorted.
pub fn add_book(series: &mut Vec<u32>, book: &Book) {
    for position in &book.positions {
        let own = series_of_instrument(position.instrument);
        for needed in [own & !HOUR_MASK, own] {
            if series.last() != Some(&needed) {
                series.push(needed);
            }
        }
    }
}

/// Sorts the series and drops repetitions: the form that the oracle takes.
pub fn sort(series: &mut Vec<u32>) {
    series.sort_unstable();
    series.dedup();
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use alloy_primitives::I256;

    use super::*;
    use crate::book::{Collateral, Position};

    #[test]
    fn series_round_trip() {
        for series in [Series::Underlying(1), Series::Perpetual(255), Series::Expiry(7, HOUR_MASK)]
        {
            assert_eq!(Series::decode(series.encode()), Some(series));
        }
        assert_eq!(Series::Expiry(1, 490_000).encode(), 0x0047_7a10);
    }

    #[test]
    fn unknown_series_are_refused() {
        assert_eq!(Series::decode(0), None);
        assert_eq!(Series::decode(490_000), None);
        assert_eq!(Series::decode(1 << 30), None);
        assert_eq!(Series::decode((1 << 31) | (1 << 22)), None);
    }

    #[test]
    fn a_book_needs_its_underlyings_perpetuals_and_expiries() {
        let position = |instrument| Position {
            instrument,
            quantity: 1,
            reference_price: 0,
            funding_reference: 0,
        };
        let call = |underlying: u64, hour: u64| underlying << 56 | 2 << 54 | hour << 32 | 1;
        let book = Book {
            cash: I256::ZERO,
            pool: 0,
            positions: vec![
                position(1 << 56),
                position(call(1, 500)),
                position(call(1, 500) + 1),
                position(call(3, 400)),
            ],
            collateral: vec![Collateral { number: 9, amount: 1 }],
        };
        let mut series = Vec::new();
        add_book(&mut series, &book);
        sort(&mut series);
        let expected = [
            Series::Underlying(1),
            Series::Perpetual(1),
            Series::Expiry(1, 500),
            Series::Underlying(3),
            Series::Expiry(3, 400),
        ];
        assert_eq!(series, expected.map(Series::encode));
    }
}
