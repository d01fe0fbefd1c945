//! What governance decided, as one value: parameters, extensions, and ranges on their way to a target. The margin contract, its lens and
//! clients hold one each and ask it.
//!
//! While a range moves, the maintenance requirement is that under the range as it has come so far; the initial requirement is the
//! higher of that and the one under the range to come.

use alloc::vec::Vec;

use alloy_primitives::I256;

use crate::{
    Error,
    adaptive::{Ramp, with_ranges},
    assess::{Assessment, UnderlyingAssessment},
    book::Book,
    explain::{LiquidationPrices, at_price, largest, turning_prices},
    extended::{Extensions, assess_extended, breakdown_extended, excess_under_extended},
    market::Market,
    parameters::Parameters,
    scenario::BASIS,
    trade::{Trade, after},
    underlying::underlyings,
};

/// The rules at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// Ranges are those that count for maintenance.
    pub parameters: Parameters,
    /// Offsets, floor and charges.
    pub extensions: Extensions,
    /// The time of evaluation, Unix seconds.
    pub now: u64,
    /// The parameters for initial margin, where they differ.
    ahead: Option<Parameters>,
}

/// A trade whose quantity is sought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wish {
    /// Instrument and price; the sign of the quantity is the side, its size the most that is wanted.
    pub most: Trade,
    /// Initial excess that must remain, 18 decimals.
    pub reserve: I256,
}

impl Rules {
    /// The rules at `now`; `ramps` pairs underlyings with the ways of their ranges.
    pub fn new(
        parameters: Parameters,
        extensions: Extensions,
        ramps: &[(u8, Ramp)],
        now: u64,
    ) -> Self {
        let differs = |(_, ramp): &(u8, Ramp)| ramp.initial(now) != ramp.maintenance(now);
        let moved = ramps.iter().any(differs);
        let ahead = moved.then(|| with_ranges(&parameters, ramps, |ramp| ramp.initial(now)));
        let parameters = if ramps.is_empty() {
            parameters
        } else {
            with_ranges(&parameters, ramps, |ramp| ramp.maintenance(now))
        };
        Self { parameters, extensions, now, ahead }
    }

    /// Assesses a book.
    ///
    /// # Errors
    /// As [`crate::assess`].
    ///
    /// # Rounding
    /// Equity down, requirements up.
    pub fn assess(&self, book: &Book, market: &Market) -> Result<Assessment, Error> {
        let under =
            |parameters| assess_extended(book, market, parameters, &self.extensions, self.now);
        let mut figures = under(&self.parameters)?;
        if let Some(ahead) = &self.ahead {
            // A wider range needn't cost more in every book: the higher of the two counts.
            let initial = under(ahead)?.initial_requirement;
            figures.initial_requirement = figures.initial_requirement.max(initial);
        }
        Ok(figures)
    }

    /// What each group of underlyings requires under the ranges for maintenance.
    ///
    /// # Errors
    /// As [`crate::assess`].
    pub fn breakdown(
        &self,
        book: &Book,
        market: &Market,
    ) -> Result<Vec<UnderlyingAssessment>, Error> {
        breakdown_extended(book, market, &self.parameters, &self.extensions, self.now)
    }

    /// The worst scenario of each underlying of a book, ascending, that of its group if it offsets: with these [`Rules::excess_under`]
    /// is the maintenance excess itself.
    ///
    /// # Errors
    /// As [`crate::assess`].
    pub fn worst_scenarios(&self, book: &Book, market: &Market) -> Result<Vec<u8>, Error> {
        let shares = self.breakdown(book, market)?;
        let holdings: Vec<_> = book.holdings().collect();
        let numbers = underlyings(&holdings, book, &self.parameters)?;
        let group = |number: u8| {
            let group = self.parameters.underlying(number).map_or(0, |listed| listed.group);
            self.extensions.offset(group).map(|_| group)
        };
        let worst = |number: &u8| {
            let own = group(*number);
            let share = shares.iter().find(|share| {
                share.underlying == *number || own.is_some() && group(share.underlying) == own
            });
            share.map_or(BASIS, |share| share.worst_scenario)
        };
        Ok(numbers.iter().map(worst).collect())
    }

    /// An upper bound of the maintenance excess under one scenario for each underlying.
    ///
    /// # Errors
    /// As [`excess_under_extended`].
    pub fn excess_under(
        &self,
        book: &Book,
        market: &Market,
        scenarios: &[u8],
    ) -> Result<I256, Error> {
        excess_under_extended(book, market, &self.parameters, &self.extensions, self.now, scenarios)
    }

    /// The most contracts (millionths, not signed) that may be traded, as [`crate::max_quantity`]. `proceed` is asked before each
    /// evaluation, which is where a meter can end the search.
    ///
    /// # Errors
    /// As [`crate::preview`], and what `proceed` fails with.
    pub fn max_quantity<E: From<Error>>(
        &self,
        book: &Book,
        market: &Market,
        wish: &Wish,
        mut proceed: impl FnMut() -> Result<(), E>,
    ) -> Result<i64, E> {
        let Trade { quantity: most, .. } = wish.most;
        largest(most.saturating_abs(), |size| {
            proceed()?;
            let signed = if most < 0 { size.wrapping_neg() } else { size };
            let trades = [Trade { quantity: signed, ..wish.most }];
            let trades = if size == 0 { &[] } else { trades.as_slice() };
            match after(book, market, trades) {
                Ok(book) => Ok(self.assess(&book, market)?.initial_excess() >= wish.reserve),
                // Beyond the range of a book nothing fits.
                Err(Error::QuantityOutOfRange(_) | Error::CashOutOfRange) => Ok(false),
                Err(error) => Err(error.into()),
            }
        })
    }

    /// The nearest index prices at which an account becomes liquidatable, as [`crate::liquidation_prices`]. `proceed` is asked before
    /// each evaluation.
    ///
    /// # Errors
    /// As [`crate::assess`], and what `proceed` fails with.
    pub fn liquidation_prices<E: From<Error>>(
        &self,
        book: &Book,
        market: &Market,
        underlying: u8,
        mut proceed: impl FnMut() -> Result<(), E>,
    ) -> Result<LiquidationPrices, E> {
        let index = market.underlying(underlying)?.index;
        turning_prices(index, |price| {
            proceed()?;
            let moved = at_price(market, &self.parameters, underlying, index, price);
            let extensions = &self.extensions;
            let figures = assess_extended(book, &moved, &self.parameters, extensions, self.now)?;
            Ok(figures.maintenance_excess().is_negative())
        })
    }
}

#[cfg(test)]
mod tests;
