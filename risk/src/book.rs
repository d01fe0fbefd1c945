//! A book: everything that an account owns and owes, as a value.

use alloc::vec::Vec;

use alloy_primitives::{I256, U256};

use crate::{
    Error,
    instrument::{Instrument, InstrumentId},
};

/// Most positions that a book may hold.
pub const MAX_POSITIONS: usize = 256;
/// Most collateral balances that a book may hold.
pub const MAX_COLLATERALS: usize = 32;
/// Cash lies within plus and minus `2^CASH_BITS` units of 1e-18 (1.6e42 of quote currency).
pub const CASH_BITS: usize = 200;

/// A held amount of an instrument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// What is held; canonical.
    pub instrument: InstrumentId,
    /// How much, in millionths of a contract; positive is long, never zero.
    pub quantity: i64,
}

/// From where the gain of a perpetual or a future counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reference {
    /// Price to which the position is settled, 18 decimals.
    pub price: u128,
    /// Funding index to which a perpetual is settled, 18 decimals; 0 for a future.
    pub funding: i128,
}

/// A balance of a collateral token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CollateralBalance {
    /// The token's number in the parameters.
    pub collateral: u8,
    /// How much, 18 decimals.
    pub amount: u128,
}

/// What an account owns and owes. Built checked, so a book is always well formed:
/// canonical ids, strictly ascending; no zero quantity; one reference for each perpetual and future, in their order;
/// collateral strictly ascending by number; cash within [`CASH_BITS`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Book {
    cash: I256,
    pool: u128,
    positions: Vec<Position>,
    references: Vec<Reference>,
    collateral: Vec<CollateralBalance>,
}

/// One line of a book: the terms, the quantity, and the reference of a perpetual or a future.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holding {
    /// The terms.
    pub instrument: Instrument,
    /// Millionths of a contract.
    pub quantity: i64,
    /// Zero for options.
    pub reference: Reference,
}

impl Book {
    /// A book of cash alone.
    ///
    /// # Errors
    /// [`Error::CashOutOfRange`].
    pub fn with_cash(cash: I256) -> Result<Self, Error> {
        Self::new(cash, Vec::new(), Vec::new(), Vec::new())
    }

    /// A book of these parts.
    ///
    /// # Errors
    /// The first of: [`Error::CashOutOfRange`], [`Error::BookTooLarge`], [`Error::InvalidInstrument`],
    /// [`Error::UnsortedPositions`], [`Error::ZeroQuantity`], [`Error::ReferenceCount`], [`Error::UnsortedCollateral`].
    pub fn new(
        cash: I256,
        positions: Vec<Position>,
        references: Vec<Reference>,
        collateral: Vec<CollateralBalance>,
    ) -> Result<Self, Error> {
        check_cash(cash)?;
        if positions.len() > MAX_POSITIONS {
            return Err(Error::BookTooLarge { count: positions.len(), limit: MAX_POSITIONS });
        }
        if collateral.len() > MAX_COLLATERALS {
            return Err(Error::BookTooLarge { count: collateral.len(), limit: MAX_COLLATERALS });
        }
        let mut last = 0;
        let mut delta_one = 0_usize;
        for position in &positions {
            let instrument = Instrument::decode(position.instrument)?;
            if position.instrument <= last {
                return Err(Error::UnsortedPositions(position.instrument));
            }
            if position.quantity == 0 {
                return Err(Error::ZeroQuantity(position.instrument));
            }
            last = position.instrument;
            delta_one = delta_one.saturating_add(usize::from(!instrument.is_option()));
        }
        if delta_one != references.len() {
            return Err(Error::ReferenceCount { expected: delta_one, actual: references.len() });
        }
        let ascending = collateral.iter().zip(collateral.iter().skip(1));
        for (one, next) in ascending {
            if next.collateral <= one.collateral {
                return Err(Error::UnsortedCollateral(next.collateral));
            }
        }
        Ok(Self { cash, pool: 0, positions, references, collateral })
    }

    /// A book of parts that are known to be well formed.
    pub(crate) const fn from_parts(
        cash: I256,
        positions: Vec<Position>,
        references: Vec<Reference>,
        collateral: Vec<CollateralBalance>,
    ) -> Self {
        Self { cash, pool: 0, positions, references, collateral }
    }

    /// The same book with pool shares worth `pool`, 18 decimals.
    #[must_use]
    pub const fn with_pool(mut self, pool: u128) -> Self {
        self.pool = pool;
        self
    }

    /// What its shares of the lending pool are worth, 18 decimals: part of equity at value, in no scenario.
    pub const fn pool(&self) -> u128 {
        self.pool
    }

    /// Sets what its pool shares are worth.
    pub const fn set_pool(&mut self, pool: u128) {
        self.pool = pool;
    }

    /// Signed cash, 18 decimals; negative is a loan.
    pub const fn cash(&self) -> I256 {
        self.cash
    }

    /// Cash and pool shares.
    pub fn liquid(&self) -> I256 {
        // Below 2^200 and 2^128.
        self.cash.wrapping_add(I256::from_raw(U256::from(self.pool)))
    }

    /// Positions, ascending by instrument.
    pub fn positions(&self) -> &[Position] {
        &self.positions
    }

    /// References of the perpetuals and futures, in the order of positions.
    pub fn references(&self) -> &[Reference] {
        &self.references
    }

    /// Collateral balances, ascending by number.
    pub fn collateral(&self) -> &[CollateralBalance] {
        &self.collateral
    }

    /// The positions with their terms and references.
    pub fn holdings(&self) -> impl Iterator<Item = Holding> + '_ {
        let mut references = self.references.iter();
        self.positions.iter().filter_map(move |position| {
            // Ids were checked when the book was built.
            let instrument = Instrument::decode(position.instrument).ok()?;
            let reference = if instrument.is_option() {
                Reference::default()
            } else {
                references.next().copied().unwrap_or_default()
            };
            Some(Holding { instrument, quantity: position.quantity, reference })
        })
    }

    /// The quantity held of an instrument.
    pub fn quantity(&self, instrument: InstrumentId) -> i64 {
        match self.find(instrument) {
            Ok(index) => self.positions.get(index).map_or(0, |position| position.quantity),
            Err(_) => 0,
        }
    }

    /// Adds money (18 decimals, negative to take).
    ///
    /// # Errors
    /// [`Error::CashOutOfRange`].
    pub fn add_cash(&mut self, amount: I256) -> Result<(), Error> {
        let cash = self.cash.checked_add(amount).ok_or(Error::CashOutOfRange)?;
        check_cash(cash)?;
        self.cash = cash;
        Ok(())
    }

    /// Sets the balance of a collateral token; 0 removes it.
    ///
    /// # Errors
    /// [`Error::BookTooLarge`].
    pub fn set_collateral(&mut self, collateral: u8, amount: u128) -> Result<(), Error> {
        match self.collateral.binary_search_by_key(&collateral, |held| held.collateral) {
            Ok(index) if amount == 0 => {
                self.collateral.remove(index);
            }
            Ok(index) => {
                if let Some(held) = self.collateral.get_mut(index) {
                    held.amount = amount;
                }
            }
            Err(_) if amount == 0 => {}
            Err(index) => {
                if self.collateral.len() >= MAX_COLLATERALS {
                    let count = self.collateral.len().saturating_add(1);
                    return Err(Error::BookTooLarge { count, limit: MAX_COLLATERALS });
                }
                self.collateral.insert(index, CollateralBalance { collateral, amount });
            }
        }
        Ok(())
    }

    /// Replaces the position in `instrument` by `quantity` with `reference` (ignored for options); 0 removes it.
    pub(crate) fn set_position(
        &mut self,
        instrument: &Instrument,
        quantity: i64,
        reference: Reference,
    ) -> Result<(), Error> {
        let id = instrument.id();
        let place = self.find(id);
        let (Ok(index) | Err(index)) = place;
        let delta_one = !instrument.is_option();
        let slot = if delta_one { self.reference_index(index) } else { 0 };
        match (place, quantity) {
            (Err(_), 0) => {}
            (Err(_), _) => {
                if self.positions.len() >= MAX_POSITIONS {
                    let count = self.positions.len().saturating_add(1);
                    return Err(Error::BookTooLarge { count, limit: MAX_POSITIONS });
                }
                self.positions.insert(index, Position { instrument: id, quantity });
                if delta_one {
                    self.references.insert(slot, reference);
                }
            }
            (Ok(_), 0) => {
                self.positions.remove(index);
                if delta_one {
                    self.references.remove(slot);
                }
            }
            (Ok(_), _) => {
                if let Some(position) = self.positions.get_mut(index) {
                    position.quantity = quantity;
                }
                if delta_one && let Some(held) = self.references.get_mut(slot) {
                    *held = reference;
                }
            }
        }
        Ok(())
    }

    /// The reference of a perpetual or a future that is held.
    pub(crate) fn reference(&self, instrument: InstrumentId) -> Reference {
        self.find(instrument)
            .ok()
            .and_then(|index| self.references.get(self.reference_index(index)))
            .copied()
            .unwrap_or_default()
    }

    fn find(&self, instrument: InstrumentId) -> Result<usize, usize> {
        self.positions.binary_search_by_key(&instrument, |position| position.instrument)
    }

    /// How many perpetuals and futures stand before the position of that index.
    fn reference_index(&self, index: usize) -> usize {
        self.positions
            .iter()
            .take(index)
            .filter(|position| {
                Instrument::decode(position.instrument).is_ok_and(|held| !held.is_option())
            })
            .count()
    }
}

fn check_cash(cash: I256) -> Result<(), Error> {
    if cash.unsigned_abs().bit_len() <= CASH_BITS { Ok(()) } else { Err(Error::CashOutOfRange) }
}
