//! How much of an account may be taken.
//!
//! Afterwards its close excess is at most [`BUFFER`] of its close requirement, or the bid was the least one; a bid relieves at least
//! [`LEAST`], or heals the account, or takes all that can be taken. A book that requires less than [`SMALL`] may go whole.
//!
//! A bid that relieves R costs the account `a R`. With X the close excess, M the close requirement and b the buffer
//!
//! ```text
//! X + R (1 - a) <= b (M - R),   so   R <= (b M - X) / (1 + b - a)
//! ```
//!
//! A slice of fraction f relieves f of what the healthy parts require, and of what the debt requires their share m of it and what the
//! slice's value pays off: `f (H + m D + r m E)`, r the requirement of a unit of debt; or `f H + D`, if it pays off all. Derived here; it uses
//! that requirements are homogeneous of degree one in the whole book. What the concession adds to a debt is left out: it only leaves room.

use alloy_primitives::{I256, U256};

use super::{PERCENT, Standing, Terms, WHOLE, ratio_down};
use crate::{
    assess::Assessment,
    fixed::{divide, mul_div, multiply_256},
};

/// Excess that a bid leaves at most, as a share of the requirement.
const BUFFER: u64 = 15 * PERCENT;
const DOLLAR: u128 = 1_000_000_000_000_000_000;
/// Requirement that a bid relieves at least.
const LEAST: u128 = 100 * DOLLAR;
/// A bid that relieves no more than this above the least, and what its lines' last millionths may do, is the least one.
const SLACK: u128 = DOLLAR;
/// A book that requires less may go whole.
const SMALL: u128 = 1_000 * DOLLAR;

/// What the size of a slice depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// At the last usable data.
    pub standing: Standing,
    /// Equity that says whether the account is short.
    pub close_equity: I256,
    /// The requirement that goes with it, with what the debt requires.
    pub close_requirement: U256,
    /// Requirement of the healthy parts.
    pub healthy_requirement: U256,
    /// Of `standing`'s and of the close requirement: what the debt requires.
    pub debt_requirement: U256,
    /// What a unit of debt requires, 18 decimals.
    pub debt_rate: u64,
}

impl Size {
    /// From an account's figures, in which what a debt requires is counted: `debt_requirement` of them, at `debt_rate`.
    pub const fn of(figures: &Assessment, debt_requirement: U256, debt_rate: u64) -> Self {
        Self {
            standing: Standing {
                equity: figures.last_equity,
                requirement: figures.last_requirement,
            },
            close_equity: figures.close_equity,
            close_requirement: figures.close_requirement,
            healthy_requirement: figures.healthy_requirement,
            debt_requirement,
            debt_rate,
        }
    }

    /// Close excess.
    pub const fn excess(&self) -> I256 {
        self.close_equity.wrapping_sub(I256::from_raw(self.close_requirement))
    }

    /// m: the share of the requirement that is the healthy parts', and so the share of cash or debt that goes with all of them.
    pub fn healthy_share(&self) -> u64 {
        let parts = self.standing.requirement.saturating_sub(self.debt_requirement);
        ratio_down(self.healthy_requirement, parts)
    }

    /// Whether a bid for a slice can pass: something healthy requires something, or nothing does.
    pub fn slice_passes(&self) -> bool {
        !self.healthy_requirement.is_zero() || self.standing.requirement <= self.debt_requirement
    }

    /// The largest fraction of the whole that may be taken; 0 unless the account is short.
    ///
    /// # Rounding
    /// Down; the least bid's fraction up.
    pub fn largest_fraction(&self, terms: Terms) -> u64 {
        let excess = self.excess();
        if !excess.is_negative() {
            return 0;
        }
        let is_insolvent = self.standing.equity.is_negative();
        if is_insolvent || self.close_requirement < U256::from(SMALL) {
            return WHOLE;
        }
        let share = self.healthy_share();
        let healthy = self.healthy_requirement;
        let paid = if self.debt_requirement.is_zero() {
            U256::ZERO
        } else {
            let worth = mul_div(self.standing.equity.unsigned_abs(), share, true);
            mul_div(worth, self.debt_rate, true)
        };
        let debt = mul_div(self.debt_requirement, share, true);
        let relieved = healthy.saturating_add(debt).saturating_add(paid);
        if relieved.is_zero() {
            return 0;
        }
        let most = self.most_relief(excess.unsigned_abs(), terms);
        let outlasted = ratio_down(most, relieved);
        let paid_off = match most.checked_sub(self.debt_requirement) {
            Some(most) if !most.is_zero() => ratio_down(most, healthy),
            _ => 0,
        };
        let least = ratio_down(U256::from(LEAST.saturating_add(SLACK / 2)), relieved);
        outlasted.max(paid_off).max(least)
    }

    /// `(b M - X) / (1 + b - a)`, X below 0 by `lacking`; rounded down.
    fn most_relief(&self, lacking: U256, terms: Terms) -> U256 {
        let conceded = terms.concession.min(self.standing.cover());
        let target = mul_div(self.close_requirement, BUFFER, false).saturating_add(lacking);
        // At least the buffer: nothing more than 1 is conceded.
        let divisor = WHOLE.saturating_add(BUFFER).saturating_sub(conceded.min(WHOLE));
        let (whole, rest) = divide(target, divisor);
        let (part, _) = divide(multiply_256(U256::from(rest), WHOLE), divisor);
        // Below 2^210 times 2^60 over the buffer: far inside.
        multiply_256(whole, WHOLE).wrapping_add(part)
    }
}

/// What a bid left behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// R.
    pub relief: I256,
    /// Close excess afterwards.
    pub excess: I256,
    /// Close requirement afterwards.
    pub requirement: U256,
    /// Notional of the last millionth of each line that was cut: what rounding may have done to relief and excess.
    pub rounding: U256,
    /// Whether all went that can be cut.
    pub took_all: bool,
}

/// Why a bid isn't of a size that is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// It relieves less than this.
    TooLittle(U256),
    /// It leaves an excess above this.
    TooMuch(U256),
}

impl Outcome {
    /// Whether the bid is of a size that is allowed.
    ///
    /// # Errors
    /// Which limit it passes.
    pub fn check(&self) -> Result<(), Limit> {
        // Never negative: the price refused that.
        let relief = self.relief.max(I256::ZERO).unsigned_abs();
        let least = U256::from(LEAST);
        if relief < least && self.excess.is_negative() && !self.took_all {
            return Err(Limit::TooLittle(least));
        }
        let before = self.requirement.saturating_add(relief);
        let is_least =
            relief <= least.saturating_add(U256::from(SLACK)).saturating_add(self.rounding);
        let most = mul_div(self.requirement, BUFFER, false).saturating_add(self.rounding);
        let too_much = self.excess.is_positive() && self.excess.unsigned_abs() > most;
        if too_much && !is_least && before >= U256::from(SMALL) {
            return Err(Limit::TooMuch(most));
        }
        Ok(())
    }
}
