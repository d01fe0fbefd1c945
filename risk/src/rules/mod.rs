//! What governance decided, as one value: parameters, extensions, ranges on their way to a target, and a change in flight. The margin
//! contract, its lens and clients hold one each and ask it.
//!
//! While a range moves, the maintenance requirement is that under the range as it has come so far; the initial requirement is the
//! higher of that and the one under the range to come. While a change is in flight, see [`Flight`].

use alloc::{borrow::Cow, boxed::Box, vec::Vec};

use alloy_primitives::I256;

use crate::{
    Error,
    adaptive::{Flight, Ramp, with_ranges},
    assess::{Assessment, UnderlyingAssessment},
    book::{Book, Position},
    explain::{LiquidationPrices, at_price, largest, turning_prices},
    extended::{Extensions, assess_extended, breakdown_extended, excess_under_extended},
    market::{Market, Validity},
    parameters::Parameters,
    scenario::BASIS,
    trade::{Trade, after},
    underlying::underlyings,
};

/// What governance decides, as it stands in storage.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Decided {
    /// Ranges are the targets of their ramps.
    pub parameters: Parameters,
    /// Offsets, floor and charges.
    pub extensions: Extensions,
    /// Ranges on their way.
    pub ramps: Vec<(u8, Ramp)>,
}

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
    /// The rules before the change that is in flight.
    before: Option<(Box<Self>, Flight)>,
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
        Self { parameters, extensions, now, ahead, before: None }
    }

    /// What was decided, at `now`.
    pub fn of(decided: Decided, now: u64) -> Self {
        let Decided { parameters, extensions, ramps } = decided;
        Self::new(parameters, extensions, &ramps, now)
    }

    /// The same rules on the flight that started with `before`.
    #[must_use]
    pub fn in_flight(mut self, before: Decided, flight: &Flight) -> Self {
        if flight.runs(self.now) {
            self.before = Some((Box::new(Self::of(before, self.now)), *flight));
        }
        self
    }

    /// Assesses a book of which nothing is refused: underlyings and collateral without parameters count 0, and the part with an expiry
    /// that never had a market counts as one without last data.
    ///
    /// # Errors
    /// As [`crate::assess`], for a market that doesn't cover the book's underlyings or isn't acceptable.
    pub fn figures(&self, book: &Book, market: &Market) -> Result<Assessment, Error> {
        let book = self.known(book);
        let mut blind = Cow::Borrowed(market);
        loop {
            match self.assess(&book, &blind) {
                // One round for each underlying at most: without an index none of its expiries is looked for.
                Err(Error::NoMarketData { underlying, expiry_hours })
                    if expiry_hours != 0 && has_index(&blind, underlying) =>
                {
                    for known in &mut blind.to_mut().underlyings {
                        if known.underlying == underlying {
                            (known.index, known.validity) = (0, Validity::Invalid);
                        }
                    }
                }
                other => return other,
            }
        }
    }

    /// The part of a book that there are parameters for.
    #[inline(never)]
    pub fn known<'a>(&self, book: &'a Book) -> Cow<'a, Book> {
        let lists = |underlying| self.parameters.underlying(underlying).is_ok();
        let is_known =
            |number| self.parameters.collateral(number).is_ok_and(|token| lists(token.underlying));
        // Positions ascend by underlying.
        let mut last = (0, true);
        let mut whole = true;
        for position in book.positions() {
            let [underlying, ..] = position.instrument.to_be_bytes();
            if underlying != last.0 {
                last = (underlying, lists(underlying));
            }
            whole &= last.1;
        }
        if whole && book.collateral().iter().all(|held| is_known(held.collateral)) {
            return Cow::Borrowed(book);
        }
        let (mut positions, mut references) = (Vec::new(), Vec::new());
        for held in book.holdings().filter(|held| lists(held.instrument.underlying())) {
            positions.push(Position { instrument: held.instrument.id(), quantity: held.quantity });
            if !held.instrument.is_option() {
                references.push(held.reference);
            }
        }
        let mut collateral = book.collateral().to_vec();
        collateral.retain(|held| is_known(held.collateral));
        let part = Book::from_parts(book.cash(), positions, references, collateral);
        Cow::Owned(part.with_pool(book.pool()))
    }

    /// Assesses a book.
    ///
    /// # Errors
    /// As [`crate::assess`].
    ///
    /// # Rounding
    /// Equity down, requirements up.
    pub fn assess(&self, book: &Book, market: &Market) -> Result<Assessment, Error> {
        let after = self.assess_after(book, market)?;
        Ok(match &self.before {
            Some((rules, flight)) => {
                flight.between(&rules.assess_after(book, market)?, &after, self.now)
            }
            None => after,
        })
    }

    /// The same rules for a bidder, who isn't charged for data that the account which he takes from isn't charged for: no confidence is
    /// asked for.
    #[must_use]
    pub fn for_bids(&self) -> Self {
        let mut rules = self.clone();
        rules.parameters.contingencies.confidence_threshold = 0;
        if let Some(ahead) = &mut rules.ahead {
            ahead.contingencies.confidence_threshold = 0;
        }
        rules.before =
            self.before.as_ref().map(|(before, flight)| (Box::new(before.for_bids()), *flight));
        rules
    }

    /// The figures with no regard to a flight.
    fn assess_after(&self, book: &Book, market: &Market) -> Result<Assessment, Error> {
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

    /// What each group of underlyings requires under the ranges for maintenance; while a change is in flight, at its end.
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
    /// is the close excess itself, but for a change in flight that turns another scenario into the worst.
    ///
    /// # Errors
    /// As [`crate::assess`].
    pub fn worst_scenarios(&self, book: &Book, market: &Market) -> Result<Vec<u8>, Error> {
        let shares = self.breakdown(book, market)?;
        let holdings: Vec<_> = book.holdings().collect();
        let numbers = underlyings(&holdings, book, &self.parameters);
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

    /// An upper bound of the close excess under one scenario for each underlying. While a change is in flight the scenarios are those of the
    /// table after it, and of the one before it where that has them; where not, that side counts in full.
    ///
    /// # Errors
    /// As [`excess_under_extended`].
    pub fn excess_under(
        &self,
        book: &Book,
        market: &Market,
        scenarios: &[u8],
    ) -> Result<I256, Error> {
        let Self { parameters, extensions, now, .. } = self;
        let after = excess_under_extended(book, market, parameters, extensions, *now, scenarios)?;
        let Some((rules, flight)) = &self.before else { return Ok(after) };
        let before = match rules.excess_under(book, market, scenarios) {
            Err(Error::UnknownScenario(_)) => rules.assess(book, market)?.close_excess(),
            other => other?,
        };
        Ok(flight.at(before, after, self.now, true))
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
            // The initial requirement isn't asked for.
            let excess = |rules: &Self| -> Result<I256, Error> {
                let Self { parameters, extensions, now, .. } = rules;
                let figures = assess_extended(book, &moved, parameters, extensions, *now)?;
                Ok(figures.close_excess())
            };
            let mut close = excess(self)?;
            if let Some((rules, flight)) = &self.before {
                close = flight.at(excess(rules)?, close, self.now, false);
            }
            Ok(close.is_negative())
        })
    }
}

fn has_index(market: &Market, underlying: u8) -> bool {
    market.underlyings.iter().any(|known| known.underlying == underlying && known.index != 0)
}

#[cfg(test)]
mod tests;
