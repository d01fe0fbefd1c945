//! What trades, settlement and transfers do to a book: the one place, for clearing, for previews and for clients.
//!
//! Options: the premium moves cash. Perpetuals and futures: the *mark* is the state of a position. Whenever one is traded or
//! touched, the gain since its reference (and a perpetual's funding) moves to cash at the mark, which becomes the reference;
//! what a trade's price differs from the mark is cash on the traded quantity alone.
//!
//! Who asks for marks and figures in one call can't know the marks before it. He asks about a *provisional* book, to which the
//! trades were applied at their prices ([`Book::apply`]), and afterwards trades at the marks ([`Book::trade`]); the two books
//! have the same quantities, and their equities differ by [`revaluation`], which needs no second evaluation.
//!
//! Every amount that moves to an account's cash is rounded down.

#[cfg(test)]
mod tests;

use alloy_primitives::{I256, U256};

use crate::{
    Error,
    assess::{Assessment, assess},
    book::{Book, Reference},
    fixed::{Fine, divide_slowly, price_times},
    instrument::{Instrument, InstrumentId, Kind},
    market::Market,
    parameters::Parameters,
    perpetual::funding,
};

/// A trade of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trade {
    /// What is traded.
    pub instrument: InstrumentId,
    /// Millionths of a contract; positive: bought.
    pub quantity: i64,
    /// Per contract, 18 decimals.
    pub price: u128,
}

/// What moved to an account's cash, 18 decimals each, rounded down each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Moved {
    /// A premium, or what a price differs from the mark.
    pub traded: I256,
    /// Gain since the reference, at the mark.
    pub gain: I256,
    /// Funding received; negative: paid.
    pub funding: I256,
}

impl Moved {
    /// The change of cash.
    pub const fn total(&self) -> I256 {
        // Each is below 2^209 in size.
        self.traded.wrapping_add(self.gain).wrapping_add(self.funding)
    }
}

impl Book {
    /// Applies a trade without a mark and returns the change of cash (18 decimals): equity at any mark is as if it had been done
    /// there. `funding_index` counts for perpetuals only.
    ///
    /// What closes a perpetual or a future moves the gain of the closed part at the trade's price, and the rest keeps its reference.
    /// What opens one or adds to it moves the gain of all that was held, and price and index become the reference.
    ///
    /// # Errors
    /// [`Error::InvalidInstrument`], [`Error::ZeroQuantity`], [`Error::QuantityOutOfRange`], [`Error::BookTooLarge`],
    /// [`Error::CashOutOfRange`]; the book is then unchanged.
    ///
    /// # Rounding
    /// The change of cash is rounded down.
    pub fn apply(&mut self, trade: &Trade, funding_index: i128) -> Result<I256, Error> {
        let (instrument, held, quantity) = self.traded(trade)?;
        let (change, reference) = if instrument.is_option() {
            (premium(trade), Reference::default())
        } else {
            let index = if instrument.kind() == Kind::Perpetual { funding_index } else { 0 };
            if closes(held, quantity) {
                // The part has the sign of what is held and is no greater.
                let part = trade.quantity.wrapping_neg();
                let (gain, owed) = self.gain(&instrument, part, trade.price, index);
                (gain.minus(owed), self.reference(instrument.id()))
            } else {
                let (gain, owed) = self.gain(&instrument, held, trade.price, index);
                (gain.minus(owed), Reference { price: trade.price, funding: index })
            }
        };
        self.move_to(&instrument, quantity, reference, change.to_wad_down())
    }

    /// Trades at the mark: what was held of a perpetual or a future is settled there, and what the price differs from it is cash on
    /// the traded quantity. `mark`: what one contract is worth, and for a perpetual the funding index. Without a mark, as
    /// [`Book::apply`] with the funding index as it was.
    ///
    /// # Errors
    /// As [`Book::apply`].
    pub fn trade(&mut self, trade: &Trade, mark: Option<Reference>) -> Result<Moved, Error> {
        let (instrument, held, quantity) = self.traded(trade)?;
        let Some(mark) = mark.filter(|_| !instrument.is_option()) else {
            let index = self.reference(instrument.id()).funding;
            let change = self.apply(trade, index)?;
            return Ok(if instrument.is_option() {
                Moved { traded: change, ..Moved::default() }
            } else {
                Moved { gain: change, ..Moved::default() }
            });
        };
        let mark = marked(&instrument, mark);
        let (gain, owed) = self.gain(&instrument, held, mark.price, mark.funding);
        let amount = i128::from(trade.quantity);
        let better = price_times(mark.price, amount).wrapping_sub(price_times(trade.price, amount));
        let moved = Moved {
            traded: Fine(better).to_wad_down(),
            gain: gain.to_wad_down(),
            funding: owed.negated().to_wad_down(),
        };
        self.move_to(&instrument, quantity, mark, moved.total())?;
        Ok(moved)
    }

    /// Settles a perpetual or a future at its mark, which becomes its reference; anything else is left alone.
    ///
    /// # Errors
    /// [`Error::InvalidInstrument`], [`Error::CashOutOfRange`]; the book is then unchanged.
    pub fn settle_at_mark(
        &mut self,
        instrument: InstrumentId,
        mark: Reference,
    ) -> Result<Moved, Error> {
        let terms = Instrument::decode(instrument)?;
        let held = self.quantity(instrument);
        if terms.is_option() || held == 0 {
            return Ok(Moved::default());
        }
        let mark = marked(&terms, mark);
        let (gain, owed) = self.gain(&terms, held, mark.price, mark.funding);
        let moved = Moved {
            traded: I256::ZERO,
            gain: gain.to_wad_down(),
            funding: owed.negated().to_wad_down(),
        };
        self.move_to(&terms, held, mark, moved.total())?;
        Ok(moved)
    }

    /// The terms, what is held, and what will be.
    fn traded(&self, trade: &Trade) -> Result<(Instrument, i64, i64), Error> {
        let instrument = Instrument::decode(trade.instrument)?;
        if trade.quantity == 0 {
            return Err(Error::ZeroQuantity(trade.instrument));
        }
        let held = self.quantity(trade.instrument);
        let quantity =
            held.checked_add(trade.quantity).ok_or(Error::QuantityOutOfRange(trade.instrument))?;
        Ok((instrument, held, quantity))
    }

    /// Closes the expired position in `instrument` at its settlement price and returns the change of cash (18 decimals):
    /// an option's payoff, a future's gain. A perpetual, or what isn't held, is left alone.
    ///
    /// # Errors
    /// [`Error::InvalidInstrument`], [`Error::CashOutOfRange`]; the book is then unchanged.
    ///
    /// # Rounding
    /// The change of cash is rounded down.
    pub fn settle(&mut self, instrument: InstrumentId, price: u128) -> Result<I256, Error> {
        self.settle_with(instrument, price, &mut 0)
    }

    /// As [`Book::settle`], but what rounding leaves (below one unit, in units of 1e-24) is added to the next line that is settled with the
    /// same `rest`: so lines that are settled together pay what they are worth together, rounded down once.
    ///
    /// # Errors
    /// As [`Book::settle`].
    pub fn settle_with(
        &mut self,
        instrument: InstrumentId,
        price: u128,
        rest: &mut u32,
    ) -> Result<I256, Error> {
        let terms = Instrument::decode(instrument)?;
        let held = self.quantity(instrument);
        let quantity = i128::from(held);
        let (up, strike) = (
            price_times(price, quantity),
            crate::fixed::strike_times(terms.strike().to_wad(), held),
        );
        let above = U256::from(price) > terms.strike().to_wad();
        let change = match terms.kind() {
            Kind::Perpetual => return Ok(I256::ZERO),
            Kind::Future => self.gain(&terms, held, price, 0).0,
            Kind::Call if above => Fine(up.wrapping_sub(strike)),
            Kind::Put if !above => Fine(strike.wrapping_sub(up)),
            Kind::Call | Kind::Put => Fine::ZERO,
        };
        let change = change.plus(Fine(I256::from_raw(U256::from(*rest))));
        let paid = change.to_wad_down();
        self.move_to(&terms, 0, Reference::default(), paid)?;
        let left = change.minus(Fine::from_wad(paid)).0;
        *rest = u32::try_from(left.unsigned_abs()).unwrap_or(0);
        Ok(paid)
    }

    /// Takes over another book: cash, collateral and positions with their references, without any price.
    ///
    /// Where both hold a perpetual or a future, the other's is a trade at its own reference, which leaves the sum of their values as
    /// it was, to the rounding of cash.
    ///
    /// # Errors
    /// [`Error::QuantityOutOfRange`], [`Error::BookTooLarge`], [`Error::CashOutOfRange`]; the book may then be partly merged.
    pub fn absorb(&mut self, other: &Self) -> Result<(), Error> {
        for held in other.holdings() {
            let id = held.instrument.id();
            if held.instrument.is_option() {
                let sum = self.quantity(id).checked_add(held.quantity);
                let quantity = sum.ok_or(Error::QuantityOutOfRange(id))?;
                self.set_position(&held.instrument, quantity, Reference::default())?;
            } else {
                let price = held.reference.price;
                let trade = Trade { instrument: id, quantity: held.quantity, price };
                self.apply(&trade, held.reference.funding)?;
            }
        }
        for balance in other.collateral() {
            let own = self.collateral().iter().find(|own| own.collateral == balance.collateral);
            let sum = own.map_or(0, |own| own.amount).saturating_add(balance.amount);
            self.set_collateral(balance.collateral, sum)?;
        }
        self.add_cash(other.cash())
    }

    /// The gain of `held` contracts at `price` since their reference, and the funding they owe.
    fn gain(&self, instrument: &Instrument, held: i64, price: u128, index: i128) -> (Fine, Fine) {
        if held == 0 {
            return (Fine::ZERO, Fine::ZERO);
        }
        let reference = self.reference(instrument.id());
        let quantity = i128::from(held);
        let gain =
            price_times(price, quantity).wrapping_sub(price_times(reference.price, quantity));
        (Fine(gain), funding(held, index, reference.funding))
    }

    /// Sets a position and moves cash, or changes nothing.
    fn move_to(
        &mut self,
        instrument: &Instrument,
        quantity: i64,
        reference: Reference,
        change: I256,
    ) -> Result<I256, Error> {
        self.add_cash(change)?;
        if let Err(error) = self.set_position(instrument, quantity, reference) {
            // Back to where it was, which was in range.
            self.add_cash(change.wrapping_neg())?;
            return Err(error);
        }
        Ok(change)
    }
}

/// What the premium of an option moves to cash.
fn premium(trade: &Trade) -> Fine {
    Fine(price_times(trade.price, i128::from(trade.quantity))).negated()
}

/// Whether a position that goes from `held` to `quantity` is only made smaller.
pub const fn closes(held: i64, quantity: i64) -> bool {
    held != 0
        && quantity.unsigned_abs() < held.unsigned_abs()
        && (quantity == 0 || (quantity < 0) == (held < 0))
}

/// Only perpetuals have funding.
fn marked(instrument: &Instrument, mark: Reference) -> Reference {
    let funding = if instrument.kind() == Kind::Perpetual { mark.funding } else { 0 };
    Reference { funding, ..mark }
}

/// By how much the equity of `after` exceeds that of `before` at these marks; rounded down. The books differ in cash and in the
/// perpetuals and futures that are named, of which each is named once.
pub fn revaluation(before: &Book, after: &Book, marks: &[(InstrumentId, Reference)]) -> I256 {
    let mut change = after.worth(marks).minus(before.worth(marks));
    change = change.plus(Fine::from_wad(after.cash().wrapping_sub(before.cash())));
    change.to_wad_down()
}

impl Book {
    /// Unsettled gains and funding of the named perpetuals and futures.
    fn worth(&self, marks: &[(InstrumentId, Reference)]) -> Fine {
        let mut worth = Fine::ZERO;
        for (id, mark) in marks {
            let Ok(instrument) = Instrument::decode(*id) else { continue };
            if !instrument.is_option() {
                let mark = marked(&instrument, *mark);
                let held = self.quantity(*id);
                let (gain, owed) = self.gain(&instrument, held, mark.price, mark.funding);
                worth = worth.plus(gain).minus(owed);
            }
        }
        worth
    }
}

impl Market {
    /// The mark of a perpetual or a future, and a perpetual's funding index; `None` for options and where there is no mark.
    pub fn mark(&self, instrument: &Instrument) -> Option<Reference> {
        let underlying = instrument.underlying();
        match instrument.kind() {
            Kind::Perpetual => {
                let perpetual = self.underlying(underlying).ok()?.perpetual?;
                Some(Reference { price: perpetual.mark, funding: perpetual.funding_index })
            }
            Kind::Future => {
                let market = self.expiry(underlying, instrument.expiry_hours()).ok()?;
                Some(Reference { price: market.forward, funding: 0 })
            }
            Kind::Call | Kind::Put => None,
        }
    }
}

/// The book after hypothetical trades, at the market's marks.
///
/// # Errors
/// As [`Book::apply`].
pub fn after(book: &Book, market: &Market, trades: &[Trade]) -> Result<Book, Error> {
    let mut after = book.clone();
    for trade in trades {
        let instrument = Instrument::decode(trade.instrument)?;
        after.trade(trade, market.mark(&instrument))?;
    }
    Ok(after)
}

/// The figures of a book after hypothetical trades, before fees; the transaction that does them leaves the same, to the last
/// digit.
///
/// # Errors
/// As [`Book::apply`] and [`assess`].
pub fn preview(
    book: &Book,
    trades: &[Trade],
    market: &Market,
    parameters: &Parameters,
    now: u64,
) -> Result<Assessment, Error> {
    assess(&after(book, market, trades)?, market, parameters, now)
}

/// What a trade that passes only as reducing may lose at marks, 18 decimals:
/// `min(1/4, max(0, 2e - 1)) * relief`, `e` equity over requirement before it; without a requirement nothing.
///
/// # Rounding
/// Down. Products beyond 256 bits count as 0: nobody's book reaches there.
pub fn most_concession(equity: I256, requirement: U256, relief: U256) -> U256 {
    let twice = equity.max(I256::ZERO).unsigned_abs().saturating_mul(TWO);
    let Some(above) = twice.checked_sub(requirement) else { return U256::ZERO };
    let quarter = requirement.wrapping_shr(2);
    if requirement.is_zero() {
        return U256::ZERO;
    }
    if above >= quarter {
        return relief.wrapping_shr(2);
    }
    let product = above.checked_mul(relief).unwrap_or(U256::ZERO);
    divide_slowly(product, requirement).0
}

const TWO: U256 = U256::from_limbs([2, 0, 0, 0]);
