//! What trades, settlement and transfers do to a book: the one place, for clearing, for previews and for clients.
//!
//! Options: the premium moves cash. Perpetuals and futures: the old quantity's gain since its reference (and a perpetual's
//! funding) moves to cash, and the trade's price becomes the reference, so equity doesn't depend on who traded when.
//! Every amount that moves to an account's cash is rounded down.

use alloy_primitives::I256;

use crate::{
    Error,
    assess::{Assessment, assess},
    book::{Book, Reference},
    fixed::{Fine, price_times},
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

impl Book {
    /// Applies a trade and returns the change of cash (18 decimals). `funding_index` is the underlying's, as of the trade; it
    /// matters for perpetuals only.
    ///
    /// # Errors
    /// [`Error::InvalidInstrument`], [`Error::ZeroQuantity`], [`Error::QuantityOutOfRange`], [`Error::BookTooLarge`],
    /// [`Error::CashOutOfRange`]; the book is then unchanged.
    ///
    /// # Rounding
    /// The change of cash is rounded down.
    pub fn apply(&mut self, trade: &Trade, funding_index: i128) -> Result<I256, Error> {
        let instrument = Instrument::decode(trade.instrument)?;
        if trade.quantity == 0 {
            return Err(Error::ZeroQuantity(trade.instrument));
        }
        let held = self.quantity(trade.instrument);
        let quantity =
            held.checked_add(trade.quantity).ok_or(Error::QuantityOutOfRange(trade.instrument))?;
        let (change, reference) = if instrument.is_option() {
            let premium = Fine(price_times(trade.price, i128::from(trade.quantity)));
            (premium.negated(), Reference::default())
        } else {
            let funding = if instrument.kind() == Kind::Perpetual { funding_index } else { 0 };
            let gain = self.gain(&instrument, held, trade.price, funding);
            (gain, Reference { price: trade.price, funding })
        };
        self.move_to(&instrument, quantity, reference, change.to_wad_down())
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
        let terms = Instrument::decode(instrument)?;
        let held = self.quantity(instrument);
        let quantity = i128::from(held);
        let (up, strike) = (
            price_times(price, quantity),
            crate::fixed::strike_times(terms.strike().to_wad(), held),
        );
        let above = alloy_primitives::U256::from(price) > terms.strike().to_wad();
        let change = match terms.kind() {
            Kind::Perpetual => return Ok(I256::ZERO),
            Kind::Future => self.gain(&terms, held, price, 0),
            Kind::Call if above => Fine(up.wrapping_sub(strike)),
            Kind::Put if !above => Fine(strike.wrapping_sub(up)),
            Kind::Call | Kind::Put => Fine::ZERO,
        };
        self.move_to(&terms, 0, Reference::default(), change.to_wad_down())
    }

    /// Takes over another book: cash, collateral and positions with their references, without any price.
    ///
    /// Where both hold a perpetual or a future, this book's is first settled to the other's reference, which leaves the sum
    /// of their values as it was, to the rounding of cash.
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

    /// The gain of `held` contracts at `price` since their reference, less the funding they owe.
    fn gain(&self, instrument: &Instrument, held: i64, price: u128, index: i128) -> Fine {
        if held == 0 {
            return Fine::ZERO;
        }
        let reference = self.reference(instrument.id());
        let quantity = i128::from(held);
        let gain =
            price_times(price, quantity).wrapping_sub(price_times(reference.price, quantity));
        Fine(gain).minus(funding(held, index, reference.funding))
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

/// The book after hypothetical trades, at the market's funding indices.
///
/// # Errors
/// As [`Book::apply`].
pub fn after(book: &Book, market: &Market, trades: &[Trade]) -> Result<Book, Error> {
    let mut after = book.clone();
    for trade in trades {
        let instrument = Instrument::decode(trade.instrument)?;
        let index = match instrument.kind() {
            Kind::Perpetual => {
                let known = market.underlying(instrument.underlying())?;
                let held = after.reference(trade.instrument).funding;
                known.perpetual.map_or(held, |perpetual| perpetual.funding_index)
            }
            Kind::Future | Kind::Call | Kind::Put => 0,
        };
        after.apply(trade, index)?;
    }
    Ok(after)
}

/// The figures of a book after hypothetical trades, before fees; the transaction that does them gives the same, to the last
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
