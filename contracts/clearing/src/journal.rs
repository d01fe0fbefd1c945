//! What is told of an account: from these events alone its state can be rebuilt.

use alloy_primitives::{B256, I256, U256};
use novate_abi::IClearing::{
    CashChanged, CollateralChanged, NonceChanged, PoolSharesChanged, PositionChanged,
};
use novate_common::{Revert, address, event};
use novate_risk::Reference;

use crate::{
    Clearing,
    admin::COLLATERALS,
    error::overflow,
    ledger::difference,
    load::{Loaded, collateral},
    storage::TOKENS,
};

/// Why cash moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
#[allow(dead_code, reason = "the numbers of the interface")]
pub(crate) enum Reason {
    /// Tokens came in.
    Deposit = 1,
    /// Tokens went out.
    Withdrawal = 2,
    /// A premium, or what a price differs from the mark.
    Trade = 3,
    /// A gain at the mark.
    Gain = 4,
    /// Funding of a perpetual.
    Funding = 5,
    /// The house's fee, or a rebate.
    Fee = 6,
    /// An expired position was settled.
    Payoff = 7,
    /// The price of a close-out.
    Liquidation = 8,
    /// A slice of cash or debt.
    Slice = 9,
    /// Pool shares were bought or redeemed.
    Shares = 10,
    /// Collateral was sold.
    CollateralSold = 11,
    /// A debt was written off.
    WrittenOff = 12,
}

impl Reason {
    const fn number(self) -> u8 {
        match self {
            Self::Deposit => 1,
            Self::Withdrawal => 2,
            Self::Trade => 3,
            Self::Gain => 4,
            Self::Funding => 5,
            Self::Fee => 6,
            Self::Payoff => 7,
            Self::Liquidation => 8,
            Self::Slice => 9,
            Self::Shares => 10,
            Self::CollateralSold => 11,
            Self::WrittenOff => 12,
        }
    }
}

impl Clearing {
    /// Tells every change of an account, with the new value.
    pub(crate) fn tell_account(&self, loaded: &Loaded, nonce: u64) -> Result<(), Revert> {
        tell_cash(loaded)?;
        tell_positions(loaded);
        tell_collateral(loaded);
        let Loaded { id: account, before, book, .. } = loaded;
        let account = *account;
        if before.pool() != book.pool() {
            let change = difference(before.pool(), book.pool());
            event!(PoolSharesChanged { account; change, shares: U256::from(book.pool()) });
        }
        if loaded.acts {
            event!(NonceChanged { account; nonce });
        }
        Ok(())
    }
}

/// One event for each reason, in order of their first change. What was noted must be what changed.
fn tell_cash(loaded: &Loaded) -> Result<(), Revert> {
    let account = loaded.id;
    let mut cash = loaded.before.cash();
    for (place, (reason, _)) in loaded.moved.iter().enumerate() {
        let same = |(other, _): &&(_, _)| other == reason;
        if loaded.moved.iter().take(place).any(|noted| same(&noted)) {
            continue;
        }
        let mut change = I256::ZERO;
        for (_, noted) in loaded.moved.iter().filter(same) {
            change = change.checked_add(*noted).ok_or_else(overflow)?;
        }
        cash = cash.checked_add(change).ok_or_else(overflow)?;
        if !change.is_zero() {
            event!(CashChanged { account, reason: reason.number(); change, cash });
        }
    }
    if cash == loaded.book.cash() { Ok(()) } else { Err(overflow()) }
}

/// Both books are in order, so that one walk through both finds what differs.
fn tell_positions(loaded: &Loaded) {
    let mut old = loaded.before.holdings().peekable();
    for held in loaded.book.holdings() {
        let id = held.instrument.id();
        while let Some(closed) = old.next_if(|old| old.instrument.id() < id) {
            tell_position(loaded.id, closed.instrument.id(), 0, Reference::default());
        }
        if old.next_if(|old| old.instrument.id() == id) != Some(held) {
            tell_position(loaded.id, id, held.quantity, held.reference);
        }
    }
    for closed in old {
        tell_position(loaded.id, closed.instrument.id(), 0, Reference::default());
    }
}

#[inline(never)]
fn tell_position(account: B256, instrument: u64, quantity: i64, reference: Reference) {
    let Reference { price: reference_price, funding } = reference;
    event!(PositionChanged {
        account, instrument;
        quantity, referencePrice: reference_price, fundingReference: funding,
    });
}

fn tell_collateral(loaded: &Loaded) {
    let Loaded { id: account, before, book, .. } = loaded;
    let account = *account;
    if before.collateral() == book.collateral() {
        return;
    }
    for number in 1..=COLLATERALS {
        let (old, new) = (collateral(before, number), collateral(book, number));
        if old != new {
            let token = address(&TOKENS.of(&number).get());
            let change = difference(old, new);
            event!(CollateralChanged { account, token; change, balance: U256::from(new) });
        }
    }
}
