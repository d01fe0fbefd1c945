//! Storage words to books and back.

use alloc::vec::Vec;

use alloy_primitives::{B256, I256};
use novate_abi::book;
use novate_common::{Revert, Slot, Word, halves, pair};
use novate_risk::{Book, CollateralBalance, Moved, Reference, Trade};

use crate::{
    Clearing,
    admin::COLLATERALS,
    error::{narrow, overflow, refused, widen},
    journal::Reason,
    ledger::Ledger,
    places::Places,
    storage::{ACCOUNTS, COLLATERAL, REFERENCES, SHARES, split},
};

/// Flag of an account that has pool shares.
const HAS_SHARES: u8 = 1;

/// An account as loaded, and as it is to be stored.
#[derive(Debug)]
pub(crate) struct Loaded {
    /// Its id.
    pub(crate) id: B256,
    /// Counts its owner's acts.
    pub(crate) nonce: u64,
    /// Whether its owner acts in this call.
    pub(crate) acts: bool,
    /// The book in storage.
    pub(crate) before: Book,
    /// The book to be.
    pub(crate) book: Book,
    /// Why cash moved, in order.
    pub(crate) moved: Vec<(Reason, I256)>,
    places: Places,
}

/// First word of an account.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Header {
    /// Cash.
    pub(crate) cash: i128,
    /// Counts its owner's acts.
    pub(crate) nonce: u64,
    /// Number of positions.
    pub(crate) positions: u16,
    /// Entries of the table of series; 0: positions are in the long form.
    pub(crate) series: u8,
    /// [`HAS_SHARES`].
    pub(crate) flags: u8,
    /// Bit n - 1: collateral n is held.
    pub(crate) collateral: u32,
}

impl Loaded {
    /// Moves cash and notes why.
    pub(crate) fn pay(&mut self, reason: Reason, change: I256) -> Result<(), Revert> {
        self.book.add_cash(change).map_err(|error| refused(self.id, error))?;
        self.note(reason, change);
        Ok(())
    }

    /// Notes why cash moved where the book was changed otherwise.
    pub(crate) fn note(&mut self, reason: Reason, change: I256) {
        if !change.is_zero() {
            self.moved.push((reason, change));
        }
    }

    /// Trades at the mark.
    pub(crate) fn trade(
        &mut self,
        trade: &Trade,
        mark: Option<Reference>,
        ledger: &mut Ledger,
    ) -> Result<(), Revert> {
        let moved = self.book.trade(trade, mark).map_err(|error| refused(self.id, error))?;
        self.note_settled(&moved, ledger)
    }

    /// Settles a perpetual or a future at its mark.
    pub(crate) fn settle_at_mark(
        &mut self,
        instrument: u64,
        mark: Reference,
        ledger: &mut Ledger,
    ) -> Result<(), Revert> {
        let settled = self.book.settle_at_mark(instrument, mark);
        let moved = settled.map_err(|error| refused(self.id, error))?;
        self.note_settled(&moved, ledger)
    }

    fn note_settled(&mut self, moved: &Moved, ledger: &mut Ledger) -> Result<(), Revert> {
        self.note(Reason::Trade, moved.traded);
        self.note(Reason::Gain, moved.gain);
        self.note(Reason::Funding, moved.funding);
        // Both are below 2^209.
        ledger.pay_variation(moved.gain.wrapping_add(moved.funding))
    }

    /// Whether nothing changed.
    pub(crate) fn is_same(&self) -> bool {
        !self.acts && self.book == self.before
    }
}

impl Clearing {
    /// An account's header.
    pub(crate) fn header(&self, id: &B256) -> Header {
        header(&ACCOUNTS.of(id))
    }

    /// The value of an account's pool shares.
    pub(crate) fn shares(&self, id: &B256) -> u128 {
        let account = ACCOUNTS.of(id);
        shares(&account, &header(&account))
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
            .map_err(|error| refused(id, error))?
            .with_pool(shares(&account, &header));
        let (nonce, before) = (header.nonce, book.clone());
        Ok(Loaded { id, nonce, acts: false, before, book, moved: Vec::new(), places })
    }

    /// Writes the words of an account that changed, counts its owner's act, and tells what changed.
    #[inline(never)]
    pub(crate) fn store_account(&mut self, loaded: &Loaded) -> Result<(), Revert> {
        let Loaded { id, nonce, acts, before, book, places, .. } = loaded;
        let nonce = nonce.checked_add(u64::from(*acts)).ok_or_else(overflow)?;
        let account = ACCOUNTS.of(id);
        let series = places.store(&account, before, book);
        store_references(&account, &references(before), &references(book));
        let mask = store_collateral(&account, before, book);
        let shares = book.pool();
        if shares != before.pool() {
            account.plus(SHARES).set(&shares.word());
        }
        let flags = if shares == 0 { 0 } else { HAS_SHARES };
        let count = u16::try_from(book.positions().len()).map_err(|_| overflow())?;
        let low = u128::from(nonce).wrapping_shl(64)
            | u128::from(count).wrapping_shl(48)
            | u128::from(series).wrapping_shl(40)
            | u128::from(flags).wrapping_shl(32)
            | u128::from(mask);
        account.set(&pair(narrow(book.cash())?.cast_unsigned(), low));
        self.tell_account(loaded, nonce)
    }
}

fn header(account: &Slot) -> Header {
    let (cash, low) = halves(&account.get());
    let [nonce, rest] = split(low);
    let [high, low, series, flags, mask @ ..] = rest.to_be_bytes();
    Header {
        cash: cash.cast_signed(),
        nonce,
        positions: u16::from_be_bytes([high, low]),
        series,
        flags,
        collateral: u32::from_be_bytes(mask),
    }
}

fn shares(account: &Slot, header: &Header) -> u128 {
    if header.flags & HAS_SHARES == 0 { 0 } else { halves(&account.plus(SHARES).get()).1 }
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
