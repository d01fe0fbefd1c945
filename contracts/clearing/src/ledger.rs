//! The house's sums: what is owed to whom, and what is lent out.
//!
//! ```text
//! tokens held = cash of all accounts (signed) + pool + variation + fees + insurance - carried
//! lent out    = debts - variation + carried
//! ```
//!
//! Variation is minus the sum of all gains, funding and payoffs settled so far. Each of them is rounded down where it moves cash; what
//! rounding leaves of premiums and prices goes to insurance, what it leaves of gains stays in variation.

use alloy_primitives::{B256, I256, U256};
use novate_abi::IClearing::{
    CarriedChanged, FlaggedShortfallChanged, InsuranceChanged, LendingLimitExceeded,
    LendingLimitPassed,
};
use novate_common::{Revert, event, halves, pair, refuse, timestamp};

use novate_risk::divide;

use crate::{
    Clearing,
    error::{narrow, overflow, widen},
    storage::{CARRIED, FUNDS, HELD, POOL, VARIATION, split},
};

/// Millionths in one.
pub(crate) const MILLION: u128 = 1_000_000;
/// The same, where it divides.
pub(crate) const MILLIONTHS: u64 = 1_000_000;

/// The house's sums, 18 decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ledger {
    /// Gains not yet paid in by losers, less gains not yet paid out.
    pub(crate) variation: i128,
    /// Of all accounts whose cash is below 0.
    pub(crate) debts: u128,
    /// Collected fees.
    pub(crate) fees: u128,
    /// Insurance fund.
    pub(crate) insurance: u128,
    /// Value of all pool shares.
    pub(crate) pool: u128,
    /// Losses beyond the insurance fund.
    pub(crate) carried: u128,
    /// Shortfall of open auctions.
    pub(crate) flagged: u128,
    /// Since when lent out is above its limit; 0: it isn't.
    pub(crate) over_limit_since: u64,
    /// Since when lent out is above the pool itself; 0: it isn't.
    pub(crate) over_pool_since: u64,
    /// Share of the pool that may be lent out, millionths.
    pub(crate) limit: u32,
}

/// What a debt requires, millionths of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DebtMargin {
    /// For maintenance.
    pub(crate) maintenance: u32,
    /// To add risk.
    pub(crate) initial: u32,
}

impl Clearing {
    /// The house's sums.
    #[inline(never)]
    pub(crate) fn load_ledger(&self) -> Ledger {
        let (variation, debts) = halves(&VARIATION.get());
        let (fees, insurance) = halves(&FUNDS.get());
        let (pool, low) = halves(&POOL.get());
        let bits = |from: u32, count: u32| {
            let mask = 1_u64.wrapping_shl(count).wrapping_sub(1);
            let [_, low] = split(low.wrapping_shr(from));
            low & mask
        };
        let is_carried = bits(16, 8) != 0;
        let (carried, flagged) = if is_carried { halves(&CARRIED.get()) } else { (0, 0) };
        Ledger {
            variation: variation.cast_signed(),
            debts,
            fees,
            insurance,
            pool,
            carried,
            flagged,
            over_limit_since: bits(88, 40),
            over_pool_since: bits(48, 40),
            limit: u32::try_from(bits(24, 24)).unwrap_or(0),
        }
    }

    /// Writes what differs, notes when lent out passes its limit or returns within it, and tells what changed.
    #[inline(never)]
    pub(crate) fn store_ledger(&mut self, before: &Ledger, ledger: &Ledger) {
        let mut ledger = *ledger;
        ledger.note_time(timestamp());
        let differs = |slot: novate_common::Fixed, old: B256, new: B256| {
            if old != new {
                slot.set(&new);
            }
        };
        differs(VARIATION, before.variation_word(), ledger.variation_word());
        differs(FUNDS, pair(before.fees, before.insurance), pair(ledger.fees, ledger.insurance));
        differs(POOL, before.pool_word(), ledger.pool_word());
        differs(CARRIED, before.carried_word(), ledger.carried_word());
        before.tell(&ledger);
    }

    /// What a debt requires.
    pub(crate) fn debt_margin(&self) -> DebtMargin {
        let (_, low) = halves(&HELD.get());
        let [high, _] = split(low);
        let (maintenance, initial) = crate::fees::quarters(high);
        DebtMargin { maintenance, initial }
    }

    /// Cash tokens that the sums account for, 18 decimals.
    pub(crate) fn tokens_held(&self) -> u128 {
        halves(&HELD.get()).0
    }

    /// Cash tokens arrived, or leave.
    pub(crate) fn change_tokens_held(&mut self, change: i128) -> Result<(), Revert> {
        if change != 0 {
            let (held, low) = halves(&HELD.get());
            let held = held.checked_add_signed(change).ok_or_else(overflow)?;
            HELD.set(&pair(held, low));
        }
        Ok(())
    }
}

impl Ledger {
    const fn variation_word(&self) -> B256 {
        pair(self.variation.cast_unsigned(), self.debts)
    }

    fn pool_word(&self) -> B256 {
        let is_carried = self.carried != 0 || self.flagged != 0;
        // Times are below 2^40, the limit below 2^20.
        let low = u128::from(self.over_limit_since).wrapping_shl(88)
            | u128::from(self.over_pool_since).wrapping_shl(48)
            | u128::from(self.limit).wrapping_shl(24)
            | u128::from(is_carried).wrapping_shl(16);
        pair(self.pool, low)
    }

    const fn carried_word(&self) -> B256 {
        pair(self.carried, self.flagged)
    }

    /// Debts, and unsettled losses whose winners were already paid.
    pub(crate) fn lent_out(&self) -> I256 {
        let owed = I256::from_raw(U256::from(self.debts));
        // Three numbers of 128 bits.
        owed.wrapping_sub(widen(self.variation))
            .wrapping_add(I256::from_raw(U256::from(self.carried)))
    }

    /// Most that may be lent out.
    pub(crate) fn lending_limit(&self) -> U256 {
        // Below 2^128 * 2^24.
        let product = U256::from(self.pool).wrapping_mul(U256::from(self.limit));
        divide(product, MILLIONTHS).0
    }

    /// Whether more than the limit is lent out.
    pub(crate) fn is_over_limit(&self) -> bool {
        exceeds(self.lent_out(), self.lending_limit())
    }

    /// Whether more than the pool is lent out.
    pub(crate) fn is_over_pool(&self) -> bool {
        exceeds(self.lent_out(), U256::from(self.pool))
    }

    /// Refuses above the limit.
    pub(crate) fn check_lending(&self) -> Result<(), Revert> {
        if self.is_over_limit() {
            let (lent_out, limit) = (self.lent_out(), self.lending_limit());
            return Err(refuse!(LendingLimitExceeded { lentOut: lent_out, limit }));
        }
        Ok(())
    }

    fn note_time(&mut self, now: u64) {
        let note = |since: u64, is_over: bool| match (since, is_over) {
            (_, false) => 0,
            (0, true) => now,
            (since, true) => since,
        };
        self.over_limit_since = note(self.over_limit_since, self.is_over_limit());
        self.over_pool_since = note(self.over_pool_since, self.is_over_pool());
    }

    fn tell(&self, after: &Self) {
        if self.insurance != after.insurance {
            let change = difference(self.insurance, after.insurance);
            event!(InsuranceChanged { ; change, fund: U256::from(after.insurance) });
        }
        if self.carried != after.carried {
            let change = difference(self.carried, after.carried);
            event!(CarriedChanged { ; change, carried: U256::from(after.carried) });
        }
        if self.flagged != after.flagged {
            let (previous, current) = (U256::from(self.flagged), U256::from(after.flagged));
            event!(FlaggedShortfallChanged { ; previous, current });
        }
        if self.over_limit_since != after.over_limit_since {
            event!(LendingLimitPassed { ; since: after.over_limit_since });
        }
    }

    /// A gain, funding or a payoff moved to an account's cash.
    pub(crate) fn pay_variation(&mut self, change: I256) -> Result<(), Revert> {
        self.variation = self.variation.checked_sub(narrow(change)?).ok_or_else(overflow)?;
        Ok(())
    }

    /// Money reaches the insurance fund: it pays carried losses first.
    pub(crate) fn insure(&mut self, amount: u128) -> Result<(), Revert> {
        let paid = self.carried.min(amount);
        self.carried = self.carried.saturating_sub(paid);
        let rest = amount.saturating_sub(paid);
        self.insurance = self.insurance.checked_add(rest).ok_or_else(overflow)?;
        Ok(())
    }

    /// The waterfall pays: the insurance fund, and what it lacks is carried. Returns what is carried of it.
    pub(crate) fn pay_loss(&mut self, amount: u128) -> Result<u128, Revert> {
        let paid = self.insurance.min(amount);
        self.insurance = self.insurance.saturating_sub(paid);
        let rest = amount.saturating_sub(paid);
        self.carried = self.carried.checked_add(rest).ok_or_else(overflow)?;
        Ok(rest)
    }

    /// Cash of all accounts, of what tokens are accounted for.
    pub(crate) fn cash(&self, held: u128) -> I256 {
        let wide = |money: u128| I256::from_raw(U256::from(money));
        // Six numbers of 128 bits.
        wide(held)
            .wrapping_add(wide(self.carried))
            .wrapping_sub(wide(self.pool))
            .wrapping_sub(widen(self.variation))
            .wrapping_sub(wide(self.fees))
            .wrapping_sub(wide(self.insurance))
    }
}

fn exceeds(amount: I256, limit: U256) -> bool {
    !amount.is_negative() && amount.unsigned_abs() > limit
}

/// `after - before`.
pub(crate) fn difference(before: u128, after: u128) -> I256 {
    I256::from_raw(U256::from(after).wrapping_sub(U256::from(before)))
}
