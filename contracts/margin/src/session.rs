//! Everything that the books of one call need: parameters and market data, read once.

use alloc::vec::Vec;

use novate_abi::{
    book,
    snapshot::{HOUR_MASK, Series, series_of_instrument},
};
use novate_common::{Input, Revert, timestamp};
use novate_risk::{Assessment, Book, Error, Instrument, Market, Parameters, Validity};

use crate::{
    error::{malformed, refused},
    load,
};

/// What the functions of the risk crate take beside a book.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) market: Market,
    pub(crate) parameters: Parameters,
    pub(crate) now: u64,
    /// Level of the stable coin's price, on which every book depends that holds more than cash.
    stable: Validity,
}

/// The series that a call needs and the collateral whose parameters it needs; each ascending and distinct.
#[derive(Debug, Default)]
pub(crate) struct Needs {
    series: Vec<u32>,
    collateral: Vec<u8>,
    /// The series added last.
    last: u32,
}

impl Needs {
    /// Adds what a book needs.
    pub(crate) fn add_book(&mut self, book: &Book) {
        for position in book.positions() {
            self.add_series(series_of_instrument(position.instrument));
        }
        for held in book.collateral() {
            insert(&mut self.collateral, held.collateral);
        }
    }

    /// Adds what an instrument needs.
    ///
    /// # Errors
    /// `InvalidInstrument`.
    pub(crate) fn add_instrument(&mut self, id: u64) -> Result<(), Revert> {
        let instrument = Instrument::decode(id).map_err(refused)?;
        self.add_series(series_of_instrument(instrument.id()));
        Ok(())
    }

    /// Adds an underlying.
    pub(crate) fn add_underlying(&mut self, underlying: u8) {
        self.add_series(Series::Underlying(underlying).encode());
    }

    /// Adds a series and its underlying. Books are sorted, so most repetitions are of the last one.
    fn add_series(&mut self, series: u32) {
        if self.last != series {
            self.last = series;
            insert(&mut self.series, series & !HOUR_MASK);
            insert(&mut self.series, series);
        }
    }

    /// Reads parameters and market data.
    ///
    /// # Errors
    /// `UnderlyingNotListed`, `CollateralNotListed`, what the oracle reverts with.
    pub(crate) fn open(mut self) -> Result<Session, Revert> {
        let (oracle, stored) = load::oracle();
        let mut parameters = load::shared(stored);
        for number in core::mem::take(&mut self.collateral) {
            let collateral = load::collateral(number)
                .ok_or_else(|| refused(Error::CollateralNotListed(number)))?;
            parameters.collateral.push(collateral);
            self.add_underlying(collateral.underlying);
        }
        for number in &self.series {
            if let Some(Series::Underlying(number)) = Series::decode(*number) {
                let underlying = load::underlying(number)
                    .ok_or_else(|| refused(Error::UnderlyingNotListed(number)))?;
                parameters.underlyings.push(underlying);
            }
        }
        let now = timestamp();
        let (market, stable) = if self.series.is_empty() {
            (Market::default(), Validity::Valid)
        } else {
            load::market(oracle, &self.series)?
        };
        Ok(Session { market, parameters, now, stable })
    }
}

impl Session {
    /// A book's figures.
    ///
    /// # Errors
    /// `NoMarketData`, `MarketNotValid`.
    pub(crate) fn assess(&self, book: &Book) -> Result<Assessment, Revert> {
        let mut assessment =
            novate_risk::assess(book, &self.market, &self.parameters, self.now).map_err(refused)?;
        if !book.positions().is_empty() || !book.collateral().is_empty() {
            assessment.validity = assessment.validity.min(self.stable);
        }
        Ok(assessment)
    }
}

/// Inserts a number into an ascending list, unless it is there. Lists are short, and calls come in rising order mostly.
fn insert<T: Ord + Copy>(list: &mut Vec<T>, number: T) {
    if let Err(place) = list.binary_search(&number) {
        list.insert(place, number);
    }
}

/// Reads a packed book, the next argument.
///
/// # Errors
/// `MalformedBytes`, `InvalidInstrument`, `BookTooLarge`, `ArithmeticOverflow` for cash out of range.
pub(crate) fn unpack(input: &mut Input<'_>) -> Result<Book, Revert> {
    let packed = book::Book::unpack(input.bytes()?).map_err(malformed)?;
    Book::try_from(packed).map_err(refused)
}
