//! What margin and its lens evaluate books with: parameters and market data, each read once for all books of a call.

mod market;
mod refused;

use alloc::vec::Vec;

use alloy_primitives::U256;
use novate_abi::{
    book,
    parameters::{self, Place, Version},
    snapshot::{HOUR_MASK, Series, level_number, series_of_instrument},
};
use novate_risk::{Assessment, Book, Instrument, Mark, Market, Rules, Validity};

use crate::{Bytes, Input, Revert, Word, timestamp};

pub use refused::{Refused, malformed, refused};

/// What the functions of the risk crate take beside a book.
#[derive(Debug)]
pub struct Session {
    /// What the oracle says.
    pub market: Market,
    /// What governance decided, at the block's time.
    pub rules: Rules,
    /// Level of the stable coin's price, on which every book depends that holds more than cash.
    stable: Validity,
}

/// The series that a call needs and the collateral whose parameters it needs; each ascending and distinct.
#[derive(Debug, Default)]
pub struct Needs {
    series: Vec<u32>,
    collateral: Vec<u8>,
    /// The series added last.
    last: u32,
}

impl Needs {
    /// Adds what a book needs.
    #[inline(never)]
    pub fn add_book(&mut self, book: &Book) {
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
    pub fn add_instrument(&mut self, id: u64) -> Result<(), Revert> {
        let instrument = Instrument::decode(id).map_err(refused)?;
        self.add_series(series_of_instrument(instrument.id()));
        Ok(())
    }

    /// Adds what the mark of an instrument needs, or that of the collateral of a number below 256.
    ///
    /// # Errors
    /// `InvalidInstrument`.
    pub fn add_mark(&mut self, id: u64) -> Result<(), Revert> {
        if let Ok(collateral) = u8::try_from(id) {
            insert(&mut self.collateral, collateral);
            return Ok(());
        }
        self.add_instrument(id)
    }

    /// Adds an underlying.
    pub fn add_underlying(&mut self, underlying: u8) {
        self.add_series(Series::Underlying(underlying).encode());
    }

    /// Adds a series and its underlying. Books are sorted, so most repetitions are of the last one.
    #[inline(never)]
    fn add_series(&mut self, series: u32) {
        if self.last != series {
            self.last = series;
            insert(&mut self.series, series & !HOUR_MASK);
            insert(&mut self.series, series);
        }
    }

    /// The collateral whose parameters are needed, ascending.
    pub fn collateral(&self) -> &[u8] {
        &self.collateral
    }

    /// The underlyings whose parameters are needed, ascending, but for those of collateral alone.
    #[inline(never)]
    pub fn underlyings(&self) -> Vec<u8> {
        let number = |series: &u32| match Series::decode(*series) {
            Some(Series::Underlying(number)) => Some(number),
            _ => None,
        };
        self.series.iter().filter_map(number).collect()
    }

    /// Reads parameters, of which `word` gives the words, and market data of what is listed.
    ///
    /// # Errors
    /// What `word` fails with, what the oracle reverts with.
    #[inline(never)]
    pub fn open(
        mut self,
        word: &mut dyn FnMut(Place, Version) -> Result<U256, Refused>,
    ) -> Result<Session, Revert> {
        let (now, wanted) = (timestamp(), self.underlyings());
        let governed = parameters::read(&wanted, &self.collateral, now, word)?;
        let listed = &governed.decided.parameters.underlyings;
        let is_listed = |number: u8| listed.iter().any(|known| known.underlying == number);
        if !wanted.iter().all(|number| is_listed(*number)) {
            // The oracle may not know them either.
            self.series.retain(|series| is_listed(underlying_of(*series)));
        }
        for known in listed {
            insert(&mut self.series, Series::Underlying(known.underlying).encode());
        }
        // Collateral that cancels risk stands beside futures at the perpetual's mark, whether or not the book holds a perpetual.
        for token in &governed.decided.parameters.collateral {
            let number = token.underlying;
            let expires = |series: &u32| matches!(Series::decode(*series), Some(Series::Expiry(of, _)) if of == number);
            if token.cancels_risk && self.series.iter().any(expires) {
                insert(&mut self.series, Series::Perpetual(number).encode());
            }
        }
        let (market, stable) = if self.series.is_empty() {
            (Market::default(), Validity::Valid)
        } else {
            market::market(governed.oracle, &self.series)?
        };
        Ok(Session { market, rules: governed.rules(now), stable })
    }
}

/// The underlying of a series.
const fn underlying_of(series: u32) -> u8 {
    match Series::decode(series) {
        Some(
            Series::Underlying(number) | Series::Perpetual(number) | Series::Expiry(number, _),
        ) => number,
        None => 0,
    }
}

impl Session {
    /// A book's figures.
    ///
    /// # Errors
    /// `MarketNotValid` where the stable coin has no price.
    #[inline(never)]
    pub fn assess(&self, book: &Book) -> Result<Assessment, Revert> {
        let mut assessment = self.rules.figures(book, &self.market).map_err(refused)?;
        if !book.positions().is_empty() || !book.collateral().is_empty() {
            assessment.validity = assessment.validity.min(self.stable);
        }
        Ok(assessment)
    }

    /// The figures of a bidder's book.
    ///
    /// # Errors
    /// As [`Session::assess`].
    #[inline(never)]
    pub fn assess_bid(&self, book: &Book) -> Result<Assessment, Revert> {
        let (rules, market) = (self.rules.for_bids(), self.market.for_bids());
        Self { market, rules, stable: self.stable }.assess(book)
    }

    /// The mark of an instrument, or of the collateral of a number below 256.
    ///
    /// # Errors
    /// `InvalidInstrument`.
    #[inline(never)]
    pub fn mark(&self, id: u64) -> Result<Mark, Revert> {
        let Rules { parameters, now, .. } = &self.rules;
        let mut mark = if let Ok(collateral) = u8::try_from(id) {
            Mark::of_collateral(collateral, &self.market, parameters)
        } else {
            let instrument = Instrument::decode(id).map_err(refused)?;
            Mark::of_instrument(&instrument, &self.market, parameters, *now)
        };
        mark.validity = mark.validity.min(self.stable);
        Ok(mark)
    }

    /// Refuses an instrument whose underlying has no parameters.
    ///
    /// # Errors
    /// `UnderlyingNotListed`.
    pub fn check_listed(&self, id: u64) -> Result<(), Revert> {
        let [underlying, ..] = id.to_be_bytes();
        self.rules.parameters.underlying(underlying).map_err(refused)?;
        Ok(())
    }
}

/// Appends the words of an assessment.
#[inline(never)]
pub fn push_assessment(bytes: &mut Bytes, assessment: &Assessment) {
    assessment.equity.push(bytes);
    assessment.initial_requirement.push(bytes);
    assessment.maintenance_requirement.push(bytes);
    assessment.worst_underlying.push(bytes);
    assessment.worst_scenario.push(bytes);
    level_number(assessment.validity).push(bytes);
    assessment.close_equity.push(bytes);
    assessment.close_requirement.push(bytes);
    assessment.last_equity.push(bytes);
    assessment.last_requirement.push(bytes);
    assessment.healthy_requirement.push(bytes);
}

/// Appends the words of a mark.
#[inline(never)]
pub fn push_mark(bytes: &mut Bytes, mark: &Mark) {
    mark.price.push(bytes);
    mark.index.push(bytes);
    mark.funding_index.push(bytes);
    level_number(mark.validity).push(bytes);
    mark.is_marked.push(bytes);
}

/// Inserts a number into an ascending list, unless it is there. Lists are short, and calls come in rising order mostly.
fn insert<T: Ord + Copy>(list: &mut Vec<T>, number: T) {
    if let Err(place) = list.binary_search(&number) {
        list.insert(place, number);
    }
}

/// Reads an ascending list of `uint8`, the next argument.
///
/// # Errors
/// `MalformedBytes`, also where it doesn't ascend.
#[inline(never)]
pub fn ascending(input: &mut Input<'_>) -> Result<Vec<u8>, Revert> {
    let (count, mut elements) = input.array(1)?;
    let mut numbers = Vec::with_capacity(count);
    for _ in 0..count {
        let number = elements.u8()?;
        if numbers.last().is_some_and(|last| *last >= number) {
            return Err(elements.last_malformed());
        }
        numbers.push(number);
    }
    Ok(numbers)
}

/// Reads a packed book, the next argument, and whether it is a bidder's.
///
/// # Errors
/// As [`unpack`].
#[inline(never)]
pub fn unpack_any(input: &mut Input<'_>) -> Result<(Book, bool), Revert> {
    let bytes = input.bytes()?;
    let plain = book::of_bid(bytes);
    let packed = book::Book::unpack(plain.as_deref().unwrap_or(bytes)).map_err(malformed)?;
    Ok((Book::try_from(packed).map_err(refused)?, plain.is_some()))
}

/// Reads a packed book, the next argument.
///
/// # Errors
/// `MalformedBytes`, `InvalidInstrument`, `BookTooLarge`, `ArithmeticOverflow` for cash out of range.
#[inline(never)]
pub fn unpack(input: &mut Input<'_>) -> Result<Book, Revert> {
    let packed = book::Book::unpack(input.bytes()?).map_err(malformed)?;
    Book::try_from(packed).map_err(refused)
}
