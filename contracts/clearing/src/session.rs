//! The accounts and sums that a call works on, before any of it is written.

use alloc::vec::Vec;

use alloy_primitives::{B256, I256, U256};
use novate_abi::IErrors::InvalidInstrument;
use novate_common::{Revert, Word, halves, refuse};
use novate_risk::Instrument;

use crate::{
    Clearing,
    error::overflow,
    ledger::{Ledger, difference},
    load::Loaded,
    storage::OPEN_INTEREST,
};

/// Most that roundings of one call leave, units of 1e-18: each account, line and price leaves less than one.
const MOST_DUST: u64 = 1 << 16;

/// Work in progress.
#[derive(Debug)]
pub(crate) struct Session {
    /// Accounts reached, in that order.
    pub(crate) accounts: Vec<Loaded>,
    /// The house's sums; debts, and what rounding leaves, are reckoned in [`Session::totals`].
    pub(crate) ledger: Ledger,
    /// Change of the cash tokens accounted for, 18 decimals.
    pub(crate) tokens: i128,
    /// Open interest that changes.
    pub(crate) interest: Vec<Interest>,
    before: Ledger,
}

/// Open interest of a series: long contracts over all its instruments, millionths.
#[derive(Debug)]
pub(crate) struct Interest {
    /// Underlying << 22 | expiry in hours (0: perpetual).
    pub(crate) series: u32,
    /// In storage.
    pub(crate) before: u128,
    /// To be.
    pub(crate) now: u128,
}

impl Clearing {
    /// Nothing reached yet.
    pub(crate) fn session(&self) -> Session {
        let ledger = self.load_ledger();
        let (accounts, interest) = (Vec::new(), Vec::new());
        Session { accounts, ledger, tokens: 0, interest, before: ledger }
    }

    /// Where an account stands in the session; it is loaded the first time.
    pub(crate) fn reach(&self, session: &mut Session, id: B256) -> Result<usize, Revert> {
        if let Some(index) = session.accounts.iter().position(|reached| reached.id == id) {
            return Ok(index);
        }
        session.accounts.push(self.load_account(id)?);
        Ok(session.accounts.len().saturating_sub(1))
    }

    /// A position of `instrument` goes from `old` to `new`.
    pub(crate) fn count_interest(
        &self,
        session: &mut Session,
        instrument: u64,
        old: i64,
        new: i64,
    ) -> Result<(), Revert> {
        let (old, new) = (long(old), long(new));
        if old == new {
            return Ok(());
        }
        let terms = Instrument::decode(instrument)
            .map_err(|_| refuse!(InvalidInstrument { id: instrument }))?;
        let series = terms.series();
        let index = session.interest.iter().position(|seen| seen.series == series);
        let mut seen = if let Some(index) = index {
            session.interest.swap_remove(index)
        } else {
            let (_, before) = halves(&OPEN_INTEREST.of(&series).get());
            Interest { series, before, now: before }
        };
        // Adding before taking away: the sum of the other accounts' longs is never negative.
        let more = seen.now.checked_add(new).ok_or_else(overflow)?;
        seen.now = more.checked_sub(old).ok_or_else(overflow)?;
        session.interest.push(seen);
        Ok(())
    }

    /// Counts every change of the accounts' positions.
    pub(crate) fn count_all_interest(&self, session: &mut Session) -> Result<(), Revert> {
        let mut changes = Vec::new();
        for account in &session.accounts {
            let (before, book) = (&account.before, &account.book);
            for held in before.positions() {
                changes.push((held.instrument, held.quantity, book.quantity(held.instrument)));
            }
            for held in book.positions() {
                if before.quantity(held.instrument) == 0 {
                    changes.push((held.instrument, 0, held.quantity));
                }
            }
        }
        // First what grows, so that no sum falls below what is left of it.
        for grows in [true, false] {
            for (instrument, old, new) in &changes {
                if (long(*new) > long(*old)) == grows {
                    self.count_interest(session, *instrument, *old, *new)?;
                }
            }
        }
        Ok(())
    }

    /// Writes everything and tells what changed.
    pub(crate) fn commit(&mut self, session: &Session) -> Result<(), Revert> {
        let ledger = session.totals()?;
        for Interest { series, before, now } in &session.interest {
            if now != before {
                OPEN_INTEREST.of(series).set(&now.word());
            }
        }
        for account in session.accounts.iter().filter(|account| !account.is_same()) {
            self.store_account(account)?;
        }
        self.change_tokens_held(session.tokens)?;
        self.store_ledger(&session.before, &ledger);
        Ok(())
    }
}

impl Session {
    /// The sums as they are to be: with the accounts' debts, and with what rounding leaves in the insurance fund.
    ///
    /// # Errors
    /// `ArithmeticOverflow` if the call made money or lost more than roundings do.
    pub(crate) fn totals(&self) -> Result<Ledger, Revert> {
        let mut ledger = self.ledger;
        let mut cash = I256::ZERO;
        for Loaded { before, book, .. } in &self.accounts {
            let (old, new) = (before.cash(), book.cash());
            // Each below 2^200.
            cash = cash.checked_add(new.wrapping_sub(old)).ok_or_else(overflow)?;
            let debts = ledger.debts.checked_add(debt(new)).ok_or_else(overflow)?;
            // A sum of debts holds each of them.
            ledger.debts = debts.checked_sub(debt(old)).ok_or_else(overflow)?;
        }
        let before = &self.before;
        let variation = i256(ledger.variation).wrapping_sub(i256(before.variation));
        let sums = [
            cash,
            variation,
            difference(before.pool, ledger.pool),
            difference(before.fees, ledger.fees),
            difference(before.insurance, ledger.insurance),
            difference(ledger.carried, before.carried),
        ];
        // Six numbers far below 2^255.
        let owed = sums.into_iter().fold(I256::ZERO, I256::wrapping_add);
        let dust = i256(self.tokens).wrapping_sub(owed);
        if dust.is_negative() || dust.unsigned_abs() > U256::from(MOST_DUST) {
            return Err(overflow());
        }
        ledger.insure(u128::try_from(dust.unsigned_abs()).map_err(|_| overflow())?)?;
        Ok(ledger)
    }
}

/// What is owed of an account's cash.
pub(crate) fn debt(cash: I256) -> u128 {
    if cash.is_negative() { u128::try_from(cash.unsigned_abs()).unwrap_or(u128::MAX) } else { 0 }
}

fn i256(money: i128) -> I256 {
    crate::error::widen(money)
}

/// The long part of a quantity.
fn long(quantity: i64) -> u128 {
    u128::from(quantity.max(0).unsigned_abs())
}
