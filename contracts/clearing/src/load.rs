//! Storage words to books and back.

use alloc::vec::Vec;

use alloy_primitives::{B256, I256};
use novate_abi::book;
use novate_common::{Revert, Slot, Word, halves, pair};
use novate_risk::{Book, CollateralBalance, Reference};

use crate::{
    Clearing,
    admin::COLLATERALS,
    error::{narrow, overflow, refused, widen},
    places::Places,
    storage::{ACCOUNTS, BALANCES, COLLATERAL, FUNDS, REFERENCES, split},
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
    places: Places,
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
    /// Entries of the table of series; 0: positions are in the long form.
    pub(crate) series: u8,
    /// Bit n - 1: collateral n is held.
    pub(crate) collateral: u32,
}

impl Clearing {
    /// An account's header.
    pub(crate) fn header(&self, id: &B256) -> Header {
        header(&ACCOUNTS.of(id))
    }

    /// An account.
    #[inline(never)]
    pub(crate) fn load_account(&self, id: B256) -> Result<Loaded, Revert> {
        let account = ACCOUNTS.of(&id);
        let header = header(&account);
        let count = usize::from(header.positions);
        let places = Places::load(&account, count, header.series);
        let positions = places.sorted();
        let mut references = Vec::new();
        let held = account.plus(REFERENCES);
        for position in &positions {
            if book::is_delta_one(position.instrument) {
                let (price, funding) = halves(&held.of(&position.instrument).get());
                references.push(Reference { price, funding: funding.cast_signed() });
            }
        }
        let mut collateral = Vec::new();
        for number in 1..=COLLATERALS {
            if header.collateral & bit(number) != 0 {
                let (_, amount) = halves(&collateral_slot(&account, number).get());
                collateral.push(CollateralBalance { collateral: number, amount });
            }
        }
        let book = Book::new(widen(header.cash), positions, references, collateral)
            .map_err(|error| refused(id, error))?;
        Ok(Loaded { id, nonce: header.nonce, before: book.clone(), book, places })
    }

    /// Writes the words of an account that changed, and counts the change.
    #[inline(never)]
    pub(crate) fn store_account(&mut self, loaded: &Loaded) -> Result<(), Revert> {
        let Loaded { id, nonce, before, book, places } = loaded;
        let nonce = nonce.checked_add(1).ok_or_else(overflow)?;
        let account = ACCOUNTS.of(id);
        let series = places.store(&account, before, book);
        store_references(&account, &references(before), &references(book));
        let mask = store_collateral(&account, before, book);
        let count = u16::try_from(book.positions().len()).map_err(|_| overflow())?;
        let low = u128::from(nonce).wrapping_shl(64)
            | u128::from(count).wrapping_shl(48)
            | u128::from(series).wrapping_shl(40)
            | u128::from(mask);
        account.set(&pair(narrow(book.cash())?.cast_unsigned(), low));
        Ok(())
    }

    /// The house's sums.
    pub(crate) fn load_ledger(&self) -> Ledger {
        let (cash, variation) = halves(&BALANCES.get());
        let (fees, insurance) = halves(&FUNDS.get());
        Ledger { cash: cash.cast_signed(), variation: variation.cast_signed(), fees, insurance }
    }

    /// Writes the house's sums.
    pub(crate) fn store_ledger(&mut self, ledger: &Ledger) {
        BALANCES.set(&pair(ledger.cash.cast_unsigned(), ledger.variation.cast_unsigned()));
        FUNDS.set(&pair(ledger.fees, ledger.insurance));
    }
}

fn header(account: &Slot) -> Header {
    let (cash, low) = halves(&account.get());
    let [nonce, rest] = split(low);
    let [high, low, series, _, mask @ ..] = rest.to_be_bytes();
    Header {
        cash: cash.cast_signed(),
        nonce,
        positions: u16::from_be_bytes([high, low]),
        series,
        collateral: u32::from_be_bytes(mask),
    }
}

fn store_references(account: &Slot, old: &[(u64, B256)], new: &[(u64, B256)]) {
    let held = account.plus(REFERENCES);
    for reference in new {
        if !old.contains(reference) {
            held.of(&reference.0).set(&reference.1);
        }
    }
    for (instrument, _) in old {
        if new.iter().all(|(kept, _)| kept != instrument) {
            held.of(instrument).set(&B256::ZERO);
        }
    }
}

/// Writes what changed and returns the mask of what is held.
fn store_collateral(account: &Slot, before: &Book, book: &Book) -> u32 {
    let mut mask = 0;
    for number in 1..=COLLATERALS {
        let amount = collateral(book, number);
        if amount != 0 {
            mask |= bit(number);
        }
        if amount != collateral(before, number) {
            collateral_slot(account, number).set(&amount.word());
        }
    }
    mask
}

fn collateral_slot(account: &Slot, number: u8) -> Slot {
    account.plus(COLLATERAL.saturating_add(number))
}

/// A collateral's bit in the header.
fn bit(number: u8) -> u32 {
    // Numbers are 1..=32, so the shift is below 32.
    1_u32.rotate_left(u32::from(number.wrapping_sub(1)))
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
    book::Book::from(book).pack()
}

fn references(book: &Book) -> Vec<(u64, B256)> {
    let delta_one = book.holdings().filter(|held| !held.instrument.is_option());
    delta_one
        .map(|held| {
            let funding = held.reference.funding.cast_unsigned();
            (held.instrument.id(), pair(held.reference.price, funding))
        })
        .collect()
}
