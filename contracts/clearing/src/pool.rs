//! Cash is never lent: who lends buys shares of the pool, which funds debts. Also `touch`, which settles gains and pays debts out of
//! the account's own shares.
//!
//! A share is worth 1; interest and losses of the pool aren't built yet.

use alloc::vec::Vec;

use alloy_primitives::{B256, I256, U256};
use novate_abi::IClearing::{CashBelowZero, InsufficientBalance};
use novate_common::{Answer, Input, Revert, address, empty, only, refuse, sender, timestamp};
use novate_risk::Instrument;

use crate::{
    Clearing,
    check::{Marks, mark_of, reference_of},
    error::{narrow, overflow},
    journal::Reason,
    ledger::Ledger,
    load::Loaded,
    session::{Session, debt},
    storage::CASH_TOKEN,
    tokens::owner,
};

impl Clearing {
    /// `lend(account, amount)`.
    pub(crate) fn lend(&mut self, input: &mut Input<'_>) -> Answer {
        let mut session = self.own_account(input.bytes32()?)?;
        let amount = amount(input)?;
        let Session { accounts, ledger, .. } = &mut session;
        let lender = accounts.first_mut().ok_or_else(overflow)?;
        let left = lender.book.cash().checked_sub(signed(amount)).ok_or_else(overflow)?;
        if left.is_negative() {
            return Err(refuse!(CashBelowZero { account: lender.id, cash: left }));
        }
        change_shares(lender, ledger, amount, true)?;
        self.commit(&session)?;
        empty()
    }

    /// `redeem(account, amount)`.
    pub(crate) fn redeem(&mut self, input: &mut Input<'_>) -> Answer {
        let mut session = self.own_account(input.bytes32()?)?;
        let amount = amount(input)?;
        let Session { accounts, ledger, .. } = &mut session;
        let lender = accounts.first_mut().ok_or_else(overflow)?;
        let (account, held) = (lender.id, lender.book.pool());
        if amount > held {
            let token = address(&CASH_TOKEN.get());
            let (requested, available) = (U256::from(amount), U256::from(held));
            return Err(refuse!(InsufficientBalance { account, token, requested, available }));
        }
        change_shares(lender, ledger, amount, false)?;
        session.totals()?.check_lending()?;
        self.commit(&session)?;
        empty()
    }

    /// A session with an account of the caller's, who acts.
    fn own_account(&self, account: B256) -> Result<Session, Revert> {
        only(sender(), owner(account))?;
        let mut session = self.session();
        self.reach(&mut session, account)?;
        for reached in &mut session.accounts {
            reached.acts = true;
        }
        Ok(session)
    }

    /// `touch(accounts)`.
    pub(crate) fn touch(&mut self, input: &mut Input<'_>) -> Answer {
        let (count, mut accounts) = input.array(1)?;
        let mut session = self.session();
        for _ in 0..count {
            self.reach(&mut session, accounts.bytes32()?)?;
        }
        let instruments = delta_one(session.accounts.iter());
        if !instruments.is_empty() {
            let (_, marks) = self.ask(core::iter::empty(), &instruments)?;
            let Session { accounts, ledger, .. } = &mut session;
            for account in accounts {
                settle_all(account, &marks, ledger)?;
            }
        }
        for index in 0..session.accounts.len() {
            pay_from_shares(&mut session, index)?;
        }
        self.commit(&session)?;
        empty()
    }
}

/// The perpetuals and futures of accounts that aren't expired: ascending, each once.
pub(crate) fn delta_one<'a>(accounts: impl Iterator<Item = &'a Loaded>) -> Vec<u64> {
    let now = timestamp();
    let mut instruments: Vec<u64> = Vec::new();
    for account in accounts {
        for held in account.book.holdings().filter(|held| is_live(&held.instrument, now)) {
            if let Err(place) = instruments.binary_search(&held.instrument.id()) {
                instruments.insert(place, held.instrument.id());
            }
        }
    }
    instruments
}

/// Settles an account's perpetuals and futures at their marks; those without a mark are left.
pub(crate) fn settle_all(
    account: &mut Loaded,
    marks: &Marks,
    ledger: &mut Ledger,
) -> Result<(), Revert> {
    let held: Vec<u64> = account.book.positions().iter().map(|held| held.instrument).collect();
    for instrument in held {
        if let Some(mark) = mark_of(marks, instrument).and_then(reference_of) {
            account.settle_at_mark(instrument, mark, ledger)?;
        }
    }
    Ok(())
}

/// Pays an account's debt out of its own shares, as far as redemption is open. The more is paid, the less is lent out of what is left:
/// if the most that can be paid leaves more than the limit, so does any part of it.
pub(crate) fn pay_from_shares(session: &mut Session, index: usize) -> Result<(), Revert> {
    let account = session.accounts.get(index).ok_or_else(overflow)?;
    let paid = debt(account.book.cash()).min(account.book.pool());
    if paid == 0 {
        return Ok(());
    }
    let totals = session.totals()?;
    let lent_out = totals.lent_out().checked_sub(signed(paid)).ok_or_else(overflow)?;
    let pool = totals.pool.saturating_sub(paid);
    // It is this limit that counts, whatever else the call does: both sums are as they stand.
    let limit = Ledger { pool, ..totals }.lending_limit();
    if !lent_out.is_negative() && lent_out.unsigned_abs() > limit {
        return Ok(());
    }
    redeem_own(session, index, paid)
}

/// Turns an account's own shares into cash, whatever is lent out.
pub(crate) fn redeem_own(session: &mut Session, index: usize, paid: u128) -> Result<(), Revert> {
    let Session { accounts, ledger, .. } = session;
    change_shares(accounts.get_mut(index).ok_or_else(overflow)?, ledger, paid, false)
}

/// Buys shares with cash, or turns them back.
fn change_shares(
    account: &mut Loaded,
    ledger: &mut Ledger,
    amount: u128,
    buys: bool,
) -> Result<(), Revert> {
    let change =
        |from: u128| if buys { from.checked_add(amount) } else { from.checked_sub(amount) };
    account.book.set_pool(change(account.book.pool()).ok_or_else(overflow)?);
    ledger.pool = change(ledger.pool).ok_or_else(overflow)?;
    let money = signed(amount);
    account.pay(Reason::Shares, if buys { money.wrapping_neg() } else { money })
}

/// An amount within the ledger.
fn amount(input: &mut Input<'_>) -> Result<u128, Revert> {
    let amount = u128::try_from(input.u256()?).map_err(|_| overflow())?;
    narrow(signed(amount))?;
    Ok(amount)
}

fn signed(amount: u128) -> I256 {
    I256::from_raw(U256::from(amount))
}

pub(crate) fn is_live(instrument: &Instrument, now: u64) -> bool {
    !instrument.is_option() && instrument.expiry().is_none_or(|expiry| now < expiry)
}
