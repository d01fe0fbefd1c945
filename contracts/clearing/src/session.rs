//! The accounts and sums that a call works on, before any of it is written.

use alloc::vec::Vec;

use alloy_primitives::{B256, U256};
use novate_abi::IClearing::OpenInterestCapExceeded;
use novate_common::{Revert, Word, low64, refuse};
use novate_risk::Instrument;

use crate::{
    Clearing,
    error::overflow,
    load::{Ledger, Loaded},
    storage::{CAPS, OPEN_INTEREST},
};

/// Work in progress.
#[derive(Debug)]
pub(crate) struct Session {
    /// Accounts touched, in order of touch.
    pub(crate) accounts: Vec<Loaded>,
    /// The house's sums.
    pub(crate) ledger: Ledger,
    interest: Vec<Interest>,
}

/// Open interest of an instrument.
#[derive(Debug)]
struct Interest {
    instrument: u64,
    before: u64,
    now: u64,
}

impl Clearing {
    /// Nothing touched yet.
    pub(crate) fn session(&self) -> Session {
        Session { accounts: Vec::new(), ledger: self.load_ledger(), interest: Vec::new() }
    }

    /// Where an account stands in the session; loads it at the first touch.
    pub(crate) fn touch(&self, session: &mut Session, id: B256) -> Result<usize, Revert> {
        if let Some(index) = session.accounts.iter().position(|touched| touched.id == id) {
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
        let index = session.interest.iter().position(|seen| seen.instrument == instrument);
        let mut seen = if let Some(index) = index {
            session.interest.swap_remove(index)
        } else {
            let before = low64(&OPEN_INTEREST.of(&instrument).get());
            Interest { instrument, before, now: before }
        };
        // Adding before taking away: the sum of the other accounts' longs is never negative.
        let more = seen.now.checked_add(new).ok_or_else(overflow)?;
        seen.now = more.checked_sub(old).ok_or_else(overflow)?;
        session.interest.push(seen);
        Ok(())
    }

    /// Writes everything.
    pub(crate) fn commit(&mut self, session: &Session) -> Result<(), Revert> {
        for Interest { instrument, before, now } in &session.interest {
            if now > before {
                check_cap(*instrument, *now)?;
            }
            OPEN_INTEREST.of(instrument).set(&now.word());
        }
        for account in &session.accounts {
            self.store_account(account)?;
        }
        self.store_ledger(&session.ledger);
        Ok(())
    }
}

fn check_cap(instrument: u64, open: u64) -> Result<(), Revert> {
    let underlying = Instrument::decode(instrument).map_or(0, |terms| terms.underlying());
    let cap = low64(&CAPS.of(&underlying).get());
    if open > cap {
        let (open, cap) = (U256::from(open), U256::from(cap));
        return Err(refuse!(OpenInterestCapExceeded { instrument, openInterest: open, cap }));
    }
    Ok(())
}

/// The long part of a quantity.
const fn long(quantity: i64) -> u64 {
    if quantity > 0 { quantity.unsigned_abs() } else { 0 }
}
