//! Storage words to books and back.

use alloc::vec::Vec;

use alloy_primitives::{B256, I256};
use novate_abi::book;
use novate_common::Revert;
use novate_risk::{Book, CollateralBalance, Position, Reference};

use crate::{
    Clearing,
    error::{narrow, overflow, refused, widen},
};

/// An account as loaded, and as it is to be stored.
#[derive(Debug)]
pub(crate) struct Loaded {
    /// Its id.
    pub(crate) id: B256,
    /// Counts its changes.
    pub(crate) nonce: u64,
    /// The book in storage.
    pub(crate) before: Book,
    /// The book to be.
    pub(crate) book: Book,
}

/// The house's sums, 18 decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ledger {
    /// Cash of all accounts.
    pub(crate) cash: i128,
    /// Gains not yet paid in by losers, less gains not yet paid out.
    pub(crate) variation: i128,
    /// Collected fees.
    pub(crate) fees: u128,
    /// Insurance fund.
    pub(crate) insurance: u128,
}

/// First word of an account.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Header {
    /// Cash.
    pub(crate) cash: i128,
    /// Counts changes.
    pub(crate) nonce: u64,
    /// Number of positions.
    pub(crate) positions: u16,
    /// Bit n - 1: collateral n is held.
    pub(crate) collateral: u32,
}

impl Clearing {
    /// An account's header.
    pub(crate) fn header(&self, id: B256) -> Header {
        let (cash, low) = halves(self.accounts.getter(id).header.get());
        let [a, b, c, d, e, f, g, h, i, j, _, _, mask @ ..] = low.to_be_bytes();
        Header {
            cash: cash.cast_signed(),
            nonce: u64::from_be_bytes([a, b, c, d, e, f, g, h]),
            positions: u16::from_be_bytes([i, j]),
            collateral: u32::from_be_bytes(mask),
        }
    }

    /// An account.
    pub(crate) fn load_account(&self, id: B256) -> Result<Loaded, Revert> {
        let header = self.header(id);
        let account = self.accounts.getter(id);
        let count = usize::from(header.positions);
        let mut positions = Vec::with_capacity(count.saturating_add(1));
        let mut references = Vec::new();
        for index in 0..count.div_ceil(2) {
            let (high, low) = halves(account.positions.get(index).unwrap_or_default());
            positions.push(position(high));
            positions.push(position(low));
        }
        positions.truncate(count);
        for held in &positions {
            if book::is_delta_one(held.instrument) {
                let (price, funding) = halves(account.references.get(held.instrument));
                references.push(Reference { price, funding: funding.cast_signed() });
            }
        }
        let mut collateral = Vec::new();
        for (index, number) in (1..=32_u8).enumerate() {
            if header.collateral.wrapping_shr(u32::from(number).saturating_sub(1)) & 1 == 1 {
                let amount = account.collateral.get(index).unwrap_or_default().to();
                collateral.push(CollateralBalance { collateral: number, amount });
            }
        }
        let book = Book::new(widen(header.cash), positions, references, collateral)
            .map_err(|error| refused(id, error))?;
        Ok(Loaded { id, nonce: header.nonce, before: book.clone(), book })
    }

    /// Writes the words of an account that changed, and counts the change.
    pub(crate) fn store_account(&mut self, loaded: &Loaded) -> Result<(), Revert> {
        let Loaded { id, nonce, before, book } = loaded;
        let nonce = nonce.checked_add(1).ok_or_else(overflow)?;
        let mut account = self.accounts.setter(*id);
        let (old, new) = (before.positions(), book.positions());
        for (index, start) in (0..old.len().max(new.len())).step_by(2).enumerate() {
            let word = pair(new, start);
            if word != pair(old, start)
                && let Some(mut slot) = account.positions.setter(index)
            {
                slot.set(word);
            }
        }
        let (old, new) = (references(before), references(book));
        for (instrument, word) in &new {
            if !old.contains(&(*instrument, *word)) {
                account.references.setter(*instrument).set(*word);
            }
        }
        for (instrument, _) in &old {
            if new.iter().all(|(kept, _)| kept != instrument) {
                account.references.setter(*instrument).set(B256::ZERO);
            }
        }
        let mut mask = 0_u32;
        for (index, number) in (1..=32_u8).enumerate() {
            let amount = collateral(book, number);
            if amount != 0 {
                mask |= 1_u32.wrapping_shl(u32::from(number).saturating_sub(1));
            }
            if amount != collateral(before, number)
                && let Some(mut slot) = account.collateral.setter(index)
            {
                slot.set(alloy_primitives::aliases::U128::from(amount));
            }
        }
        let count = u16::try_from(book.positions().len()).map_err(|_| overflow())?;
        let [i, j] = count.to_be_bytes();
        let [a, b, c, d, e, f, g, h] = nonce.to_be_bytes();
        let [k, l, m, n] = mask.to_be_bytes();
        let low = u128::from_be_bytes([a, b, c, d, e, f, g, h, i, j, 0, 0, k, l, m, n]);
        account.header.set(word(narrow(book.cash())?.cast_unsigned(), low));
        Ok(())
    }

    /// The house's sums.
    pub(crate) fn load_ledger(&self) -> Ledger {
        let (cash, variation) = halves(self.balances.get());
        let (fees, insurance) = halves(self.funds.get());
        Ledger { cash: cash.cast_signed(), variation: variation.cast_signed(), fees, insurance }
    }

    /// Writes the house's sums.
    pub(crate) fn store_ledger(&mut self, ledger: &Ledger) {
        let balances = word(ledger.cash.cast_unsigned(), ledger.variation.cast_unsigned());
        self.balances.set(balances);
        self.funds.set(word(ledger.fees, ledger.insurance));
    }
}

impl Ledger {
    /// An account's cash changed by `change`.
    pub(crate) fn add_cash(&mut self, change: I256) -> Result<(), Revert> {
        self.cash = self.cash.checked_add(narrow(change)?).ok_or_else(overflow)?;
        Ok(())
    }

    /// Moves `change` between variation and an account's cash.
    pub(crate) fn pay_variation(&mut self, change: I256) -> Result<(), Revert> {
        self.variation = self.variation.checked_sub(narrow(change)?).ok_or_else(overflow)?;
        Ok(())
    }

    /// Adds to the insurance fund.
    pub(crate) fn insure(&mut self, amount: u128) -> Result<(), Revert> {
        self.insurance = self.insurance.checked_add(amount).ok_or_else(overflow)?;
        Ok(())
    }
}

/// The amount held of a collateral.
pub(crate) fn collateral(book: &Book, number: u8) -> u128 {
    let held = book.collateral().iter().find(|held| held.collateral == number);
    held.map_or(0, |held| held.amount)
}

/// The packed book that margin takes.
pub(crate) fn packed(book: &Book) -> Vec<u8> {
    let positions = book.holdings().map(|held| book::Position {
        instrument: held.instrument.id(),
        quantity: held.quantity,
        reference_price: held.reference.price,
        funding_reference: held.reference.funding,
    });
    let collateral = book
        .collateral()
        .iter()
        .map(|held| book::Collateral { number: held.collateral, amount: held.amount });
    let packed = book::Book {
        cash: book.cash(),
        positions: positions.collect(),
        collateral: collateral.collect(),
    };
    packed.pack()
}

fn references(book: &Book) -> Vec<(u64, B256)> {
    let delta_one = book.holdings().filter(|held| !held.instrument.is_option());
    delta_one
        .map(|held| {
            let funding = held.reference.funding.cast_unsigned();
            (held.instrument.id(), word(held.reference.price, funding))
        })
        .collect()
}

/// A position from half a word.
fn position(half: u128) -> Position {
    let [a, b, c, d, e, f, g, h, quantity @ ..] = half.to_be_bytes();
    Position {
        instrument: u64::from_be_bytes([a, b, c, d, e, f, g, h]),
        quantity: i64::from_be_bytes(quantity),
    }
}

/// Two positions from `start` on as a word.
fn pair(positions: &[Position], start: usize) -> B256 {
    let half = |index: usize| {
        positions.get(index).map_or(0, |held| {
            let low = u128::from(held.quantity.cast_unsigned());
            u128::from(held.instrument).wrapping_shl(64) | low
        })
    };
    word(half(start), half(start.saturating_add(1)))
}

fn word(high: u128, low: u128) -> B256 {
    let mut word = B256::ZERO;
    let bytes = high.to_be_bytes().into_iter().chain(low.to_be_bytes());
    for (to, from) in word.iter_mut().zip(bytes) {
        *to = from;
    }
    word
}

fn halves(word: B256) -> (u128, u128) {
    let (high, low) = word.split_at(16);
    (
        high.first_chunk().map_or(0, |bytes| u128::from_be_bytes(*bytes)),
        low.first_chunk().map_or(0, |bytes| u128::from_be_bytes(*bytes)),
    )
}
