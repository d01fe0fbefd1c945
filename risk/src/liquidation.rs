//! Liquidation: how much of a book may be taken, at what share of its equity, and how a book is cut.
//!
//! A bidder takes the fraction `f` of everything and pays `d f E` for it. The account is left with equity
//! `(1 - f) E + d f E` and requirement `(1 - f) M`; its excess is the buffer's share `b` of its requirement when
//!
//! ```text
//! f = A / (A + d E),   A = (1 + b) M - E
//! ```
//!
//! Derived here; it uses that equity and requirement are homogeneous of degree one in the whole book.
//! Fractions and shares have 18 decimals.

use alloc::vec::Vec;

use alloy_primitives::{I256, U256};

use crate::{
    assess::Assessment,
    book::{Book, CollateralBalance, Position, Reference},
    fixed::{WAD, divide_slowly, mul_div, multiply_256},
};

/// One, with 18 decimals.
pub const WHOLE: u64 = WAD;
const PERCENT: u64 = WAD / 100;
const MINUTE: u64 = 60;
const HOUR: u64 = 3_600;

/// How liquidation auctions run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuctionTerms {
    /// Share of equity that a bidder pays at the start.
    pub first_discount: u64,
    /// Share at the end of the fast phase.
    pub second_discount: u64,
    /// Length of the fast phase, seconds.
    pub fast_phase: u64,
    /// Length of the slow phase that follows, in which the share falls to 0, seconds.
    pub slow_phase: u64,
    /// Length of the ramp of an insolvent account's payment, seconds.
    pub ramp: u64,
    /// Excess over the maintenance requirement that a liquidation restores, as a share of it.
    pub buffer: u64,
    /// Accounts with less equity go whole, 18 decimals.
    pub small_account: u128,
}

impl Default for AuctionTerms {
    fn default() -> Self {
        Self {
            first_discount: 98 * PERCENT,
            second_discount: 80 * PERCENT,
            fast_phase: 15 * MINUTE,
            slow_phase: 12 * HOUR,
            ramp: HOUR,
            buffer: 15 * PERCENT,
            small_account: 1_000_000_000_000_000_000_000,
        }
    }
}

impl AuctionTerms {
    /// Share of a slice's equity that a bidder pays `elapsed` seconds after the start.
    ///
    /// # Rounding
    /// Up.
    pub fn discount(&self, elapsed: u64) -> u64 {
        let between = |from: u64, to: u64, elapsed: u64, length: u64| {
            let fall = u128::from(from.saturating_sub(to)).saturating_mul(u128::from(elapsed));
            let fallen = fall.checked_div(u128::from(length)).unwrap_or(u128::MAX);
            from.saturating_sub(u64::try_from(fallen).unwrap_or(u64::MAX))
        };
        match elapsed.checked_sub(self.fast_phase) {
            None => between(self.first_discount, self.second_discount, elapsed, self.fast_phase),
            Some(slow) if slow < self.slow_phase => {
                between(self.second_discount, 0, slow, self.slow_phase)
            }
            Some(_) => 0,
        }
    }

    /// The largest fraction of a solvent account's book that may be taken at `discount`; 0 unless it is liquidatable.
    ///
    /// # Rounding
    /// Up, so that the fraction suffices.
    pub fn largest_fraction(&self, assessment: &Assessment, discount: u64) -> u64 {
        let equity = assessment.equity;
        if !assessment.maintenance_excess().is_negative() {
            return 0;
        }
        if !equity.is_positive() || equity.unsigned_abs() < U256::from(self.small_account) {
            return WHOLE;
        }
        // 0 < E < M: with M below 2^206, each product below is below 2^206 2^60, too wide for one word: scale both down
        // together by a power of two; the quotient keeps at least 120 bits.
        let requirement = assessment.maintenance_requirement;
        let spare = 180_usize;
        let shift = requirement.bit_len().saturating_sub(spare);
        let up = |x: U256| x.wrapping_shr(shift).wrapping_add(U256::from(u8::from(shift != 0)));
        let (requirement, equity) = (up(requirement), equity.unsigned_abs().wrapping_shr(shift));
        let target = WAD.saturating_add(self.buffer.min(WAD));
        // Both scaled by 1e18: A and d E.
        let lacking = multiply_256(requirement, target).saturating_sub(multiply_256(equity, WAD));
        let paid = multiply_256(equity, discount.min(WAD));
        let whole = lacking.wrapping_add(paid);
        // lacking < 2^241: divide in two steps of 1e9 to keep the numerator in 256 bits.
        let fraction = ratio_up(lacking, whole);
        fraction.min(WHOLE)
    }

    /// What a bidder pays for a slice of a solvent account: `discount * fraction * equity`.
    ///
    /// # Rounding
    /// Up: the account is paid.
    pub fn price(&self, equity: I256, fraction: u64, discount: u64) -> I256 {
        let slice = mul_div(equity.max(I256::ZERO).unsigned_abs(), fraction, true);
        I256::from_raw(mul_div(slice, discount, true))
    }

    /// What the insurance fund pays a bidder for taking `fraction` of an insolvent account `elapsed` seconds after the start.
    ///
    /// # Rounding
    /// Down: the fund pays.
    pub fn insolvent_payment(&self, assessment: &Assessment, fraction: u64, elapsed: u64) -> U256 {
        let shortfall = assessment.maintenance_excess().min(I256::ZERO).unsigned_abs();
        let slice = mul_div(shortfall, fraction, false);
        let share = u128::from(elapsed.min(self.ramp)).saturating_mul(u128::from(WAD));
        let share = share.checked_div(u128::from(self.ramp)).unwrap_or(u128::from(WAD));
        mul_div(slice, u64::try_from(share).unwrap_or(WAD), false)
    }
}

const BILLION: u64 = 1_000_000_000;

/// `ceil(1e18 * part / whole)` for `part <= whole < 2^245`, by long division in two steps.
fn ratio_up(part: U256, whole: U256) -> u64 {
    if whole.is_zero() {
        return WHOLE;
    }
    let shift = whole.bit_len().saturating_sub(220);
    let (part, whole) = (part.wrapping_shr(shift), whole.wrapping_shr(shift));
    let (high, rest) = divide_slowly(multiply_256(part, BILLION), whole);
    let (low, left) = divide_slowly(multiply_256(rest, BILLION), whole);
    let ratio = multiply_256(high, BILLION).wrapping_add(low);
    let up = u64::from(!left.is_zero() || shift != 0);
    u64::try_from(ratio).unwrap_or(WHOLE).saturating_add(up)
}

impl Book {
    /// Cuts a book: the slice of `fraction` (18 decimals; one or more is everything), and the rest.
    ///
    /// Both parts keep the references, so their values add up to the book's, and so do their cash, quantities and amounts.
    ///
    /// # Rounding
    /// Quantities and collateral of the slice toward zero, its cash down.
    pub fn cut(&self, fraction: u64) -> (Self, Self) {
        if fraction >= WHOLE {
            return (self.clone(), Self::default());
        }
        let mut slice = Parts::default();
        let mut rest = Parts::default();
        for held in self.holdings() {
            let part = part_of(held.quantity, fraction);
            let delta_one = (!held.instrument.is_option()).then_some(held.reference);
            slice.push(held.instrument.id(), part, delta_one);
            rest.push(held.instrument.id(), held.quantity.saturating_sub(part), delta_one);
        }
        for balance in self.collateral() {
            let part = mul_div(U256::from(balance.amount), fraction, false);
            let part = u128::try_from(part).unwrap_or(balance.amount);
            slice.collateral(balance.collateral, part);
            rest.collateral(balance.collateral, balance.amount.saturating_sub(part));
        }
        let cash = self.cash();
        let size = mul_div(cash.unsigned_abs(), fraction, cash.is_negative());
        let size = I256::from_raw(size);
        let part = if cash.is_negative() { size.wrapping_neg() } else { size };
        let pool = mul_div(U256::from(self.pool()), fraction, false);
        let pool = u128::try_from(pool).unwrap_or(self.pool());
        let left = self.pool().saturating_sub(pool);
        (slice.book(part).with_pool(pool), rest.book(cash.wrapping_sub(part)).with_pool(left))
    }
}

/// A book under construction, from parts that keep their order.
#[derive(Default)]
struct Parts {
    positions: Vec<Position>,
    references: Vec<Reference>,
    balances: Vec<CollateralBalance>,
}

impl Parts {
    fn push(&mut self, instrument: u64, quantity: i64, reference: Option<Reference>) {
        if quantity != 0 {
            self.positions.push(Position { instrument, quantity });
            self.references.extend(reference);
        }
    }

    fn collateral(&mut self, collateral: u8, amount: u128) {
        if amount != 0 {
            self.balances.push(CollateralBalance { collateral, amount });
        }
    }

    fn book(self, cash: I256) -> Book {
        Book::from_parts(cash, self.positions, self.references, self.balances)
    }
}

/// `quantity * fraction`, toward zero.
fn part_of(quantity: i64, fraction: u64) -> i64 {
    let size = u128::from(quantity.unsigned_abs()).wrapping_mul(u128::from(fraction));
    // Below 2^63: fraction < 1e18.
    let size = size.checked_div(u128::from(WAD)).unwrap_or(0);
    let size = i64::try_from(size).unwrap_or(i64::MAX);
    if quantity < 0 { size.wrapping_neg() } else { size }
}
