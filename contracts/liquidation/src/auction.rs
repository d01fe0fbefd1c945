//! Auctions in storage: their clocks, and the shortfall that they flag.

use alloy_primitives::{B256, I256, U256};
use alloy_sol_types::SolCall;
use novate_abi::{
    IClearing::setFlaggedShortfallCall,
    ILiquidation::{AuctionEnded, AuctionSighted},
};
use novate_common::{Revert, Slot, Word, address, event, halves, pair, selected, tell, timestamp};
use novate_risk::liquidation::Clock;

use crate::storage::{AUCTIONS, CLEARING, FLAGGED};

/// An auction that runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Auction {
    /// When it was started; never 0.
    pub(crate) started_at: u64,
    /// Its clock, as the last sighting left it.
    pub(crate) clock: Clock,
}

impl Auction {
    /// An auction that starts now.
    pub(crate) fn begin(ran: bool) -> Self {
        let now = timestamp();
        Self { started_at: now, clock: Clock { elapsed: 0, last_seen: now, ran } }
    }

    /// The auction of `account`.
    pub(crate) fn load(account: &B256) -> Option<Self> {
        let (high, low) = halves(&slot(account).get());
        let [started_at, elapsed] = split(high);
        let [last_seen, ran] = split(low);
        let clock = Clock { elapsed, last_seen, ran: ran != 0 };
        (started_at != 0).then_some(Self { started_at, clock })
    }

    pub(crate) fn store(&self, account: &B256) {
        let Clock { elapsed, last_seen, ran } = self.clock;
        slot(account).set(&pair(join(self.started_at, elapsed), join(last_seen, u64::from(ran))));
    }

    /// Keeps a sighting at which the account is short and has `equity`.
    pub(crate) fn sighted(&self, account: B256, equity: I256) -> Result<(), Revert> {
        self.store(&account);
        let flagged = flag(&account, shortfall(equity))?;
        let elapsed = self.clock.elapsed;
        event!(AuctionSighted { account; elapsed, isShort: true, flagged });
        Ok(())
    }
}

/// The auction of `account` ends: it isn't short any more.
pub(crate) fn end(account: B256, excess: I256) -> Result<(), Revert> {
    slot(&account).set(&B256::ZERO);
    flag(&account, U256::ZERO)?;
    event!(AuctionEnded { account; excess });
    Ok(())
}

/// What equity lacks to zero. At most 2^128, so that the sum of all auctions stays in a word.
fn shortfall(equity: I256) -> U256 {
    let lacking = equity.min(I256::ZERO).unsigned_abs();
    lacking.min(U256::from(u128::MAX))
}

/// What was flagged of `account` at the last sighting.
pub(crate) fn flagged(account: &B256) -> U256 {
    number(&slot(account).plus(1))
}

/// Replaces what is flagged of `account`; clearing is told the sum when it changes.
fn flag(account: &B256, lacking: U256) -> Result<U256, Revert> {
    let before = flagged(account);
    if lacking != before {
        slot(account).plus(1).set(&lacking.word());
        // Each is below 2^128, and `before` is part of the sum.
        let sum = number(&FLAGGED.slot()).wrapping_sub(before).wrapping_add(lacking);
        FLAGGED.set(&sum.word());
        let call = selected![setFlaggedShortfallCall::SELECTOR, sum];
        tell(&address(&CLEARING.get()), &call)?;
    }
    Ok(lacking)
}

fn slot(account: &B256) -> Slot {
    AUCTIONS.of(account)
}

fn number(slot: &Slot) -> U256 {
    U256::from_be_bytes(slot.get().0)
}

fn join(high: u64, low: u64) -> u128 {
    u128::from(high).wrapping_shl(64) | u128::from(low)
}

/// The high and the low 64 bits.
fn split(number: u128) -> [u64; 2] {
    let low = u64::try_from(number & u128::from(u64::MAX)).unwrap_or(0);
    [u64::try_from(number.wrapping_shr(64)).unwrap_or(0), low]
}
