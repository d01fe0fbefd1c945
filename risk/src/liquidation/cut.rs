//! Books in two: what is cut out, and what stays. Both parts keep the references of their lines, so their values add up to the book's,
//! and so do their cash, pool shares, quantities and amounts.

use alloc::vec::Vec;

use alloy_primitives::{I256, U256};

use super::WHOLE;
use crate::{
    Error,
    book::{Book, CollateralBalance, Position, Reference},
    fixed::{WAD, mul_div},
    instrument::{Instrument, InstrumentId},
};

/// Instrument ids below this are numbers of collateral tokens.
const TOKENS: u64 = 256;

/// A named line of a cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leg {
    /// An instrument, or the number of a collateral token.
    pub instrument: InstrumentId,
    /// Millionths, of the sign that is held; of a token an amount with 18 decimals.
    pub quantity: i128,
}

impl Book {
    /// Cuts a book: the slice of `fraction` (18 decimals; one or more is everything), and the rest.
    ///
    /// # Rounding
    /// As [`Book::cut_where`].
    pub fn cut(&self, fraction: u64) -> (Self, Self) {
        self.cut_where(fraction, fraction, &|_| true, &|_| true)
    }

    /// Cuts `fraction` of the lines and collateral tokens named, and the share `liquid` of cash, debt and pool shares.
    ///
    /// # Rounding
    /// Quantities and collateral of the slice toward zero, its cash down.
    pub fn cut_where(
        &self,
        fraction: u64,
        liquid: u64,
        takes: &dyn Fn(&Instrument) -> bool,
        takes_token: &dyn Fn(u8) -> bool,
    ) -> (Self, Self) {
        let (fraction, liquid) = (fraction.min(WHOLE), liquid.min(WHOLE));
        let mut slice = Parts::default();
        let mut rest = Parts::default();
        for held in self.holdings() {
            let fraction = if takes(&held.instrument) { fraction } else { 0 };
            let part = part_of(held.quantity, fraction);
            let delta_one = (!held.instrument.is_option()).then_some(held.reference);
            slice.push(held.instrument.id(), part, delta_one);
            rest.push(held.instrument.id(), held.quantity.saturating_sub(part), delta_one);
        }
        for balance in self.collateral() {
            let fraction = if takes_token(balance.collateral) { fraction } else { 0 };
            let part = share(balance.amount, fraction);
            slice.collateral(balance.collateral, part);
            rest.collateral(balance.collateral, balance.amount.saturating_sub(part));
        }
        let cash = self.cash();
        let size = I256::from_raw(mul_div(cash.unsigned_abs(), liquid, cash.is_negative()));
        let part = if cash.is_negative() { size.wrapping_neg() } else { size };
        let pool = share(self.pool(), liquid);
        let left = self.pool().saturating_sub(pool);
        (slice.book(part).with_pool(pool), rest.book(cash.wrapping_sub(part)).with_pool(left))
    }

    /// Cuts named lines, without cash. A line named twice is cut twice.
    ///
    /// # Errors
    /// [`Error::InvalidInstrument`]; [`Error::ZeroQuantity`]; [`Error::QuantityOutOfRange`] for more than is held, or of the other sign.
    pub fn cut_legs(&self, legs: &[Leg]) -> Result<(Self, Self), Error> {
        let (mut slice, mut rest) = (Self::default(), self.clone());
        for leg in legs {
            if leg.quantity == 0 {
                return Err(Error::ZeroQuantity(leg.instrument));
            }
            if leg.instrument < TOKENS {
                move_token(&mut rest, &mut slice, leg)?;
            } else {
                move_line(&mut rest, &mut slice, leg)?;
            }
        }
        Ok((slice, rest))
    }
}

fn move_line(from: &mut Book, to: &mut Book, leg: &Leg) -> Result<(), Error> {
    let refused = Error::QuantityOutOfRange(leg.instrument);
    let terms = Instrument::decode(leg.instrument)?;
    let part = i64::try_from(leg.quantity).map_err(|_| refused)?;
    let held = from.quantity(leg.instrument);
    let left = held.checked_sub(part).ok_or(refused)?;
    // Of the sign that is held, and no more: what is left has that sign or is nothing.
    if held == 0 || (part < 0) != (held < 0) || left != 0 && (left < 0) != (held < 0) {
        return Err(refused);
    }
    let reference = from.reference(leg.instrument);
    let taken = to.quantity(leg.instrument).checked_add(part).ok_or(refused)?;
    to.set_position(&terms, taken, reference)?;
    from.set_position(&terms, left, reference)
}

fn move_token(from: &mut Book, to: &mut Book, leg: &Leg) -> Result<(), Error> {
    let refused = Error::QuantityOutOfRange(leg.instrument);
    let number = u8::try_from(leg.instrument).map_err(|_| refused)?;
    let part = u128::try_from(leg.quantity).map_err(|_| refused)?;
    let left = amount(from, number).checked_sub(part).ok_or(refused)?;
    // Both parts are of one amount.
    to.set_collateral(number, amount(to, number).saturating_add(part))?;
    from.set_collateral(number, left)
}

fn amount(book: &Book, number: u8) -> u128 {
    let held = book.collateral().iter().find(|held| held.collateral == number);
    held.map_or(0, |held| held.amount)
}

/// A book under construction, from parts that keep their order.
#[derive(Default)]
struct Parts {
    positions: Vec<Position>,
    references: Vec<Reference>,
    balances: Vec<CollateralBalance>,
}

impl Parts {
    fn push(&mut self, instrument: InstrumentId, quantity: i64, reference: Option<Reference>) {
        if quantity != 0 {
            self.positions.push(Position { instrument, quantity });
            self.references.extend(reference);
        }
    }

    fn collateral(&mut self, collateral: u8, amount: u128) {
        if amount != 0 {
            self.balances.push(CollateralBalance { collateral, amount });
        }
    }

    fn book(self, cash: I256) -> Book {
        Book::from_parts(cash, self.positions, self.references, self.balances)
    }
}

/// `amount * fraction`, down.
fn share(amount: u128, fraction: u64) -> u128 {
    u128::try_from(mul_div(U256::from(amount), fraction, false)).unwrap_or(amount)
}

/// `quantity * fraction`, toward zero.
fn part_of(quantity: i64, fraction: u64) -> i64 {
    if fraction >= WHOLE {
        return quantity;
    }
    let size = u128::from(quantity.unsigned_abs()).wrapping_mul(u128::from(fraction));
    // Below 2^63: fraction < 1e18.
    let size = size.checked_div(u128::from(WAD)).unwrap_or(0);
    let size = i64::try_from(size).unwrap_or(i64::MAX);
    if quantity < 0 { size.wrapping_neg() } else { size }
}
