//! Liquidation: what a cut of a book costs, how old an auction is, how much may be taken, and how a book is cut.
//!
//! Whatever is cut has one price. V is its value at marks, R the maintenance requirement that it relieves when it leaves at V, E and M
//! the account's equity and maintenance requirement before, `e = E/M`, all at the last usable data and after rounding. For a unit of R
//!
//! ```text
//! the account gives    a = min(c, max(0, e))
//! the waterfall adds   w = k max(0, min(c, g) - a),   k = clamp(1 - 10 e, 0, 1)
//! ```
//!
//! The bidder pays `V - a R` to the account and a hundredth of `a R`, out of his concession, to the insurance fund; the waterfall pays him
//! `w R`. A slice of the whole of a book with E < 0 that is worth less than nothing is paid for by the waterfall, up to what E lacks to
//! zero; the rest, where parts that stay hold value, by the account. c and g grow with the seconds on the auction's [`Clock`]. All of it
//! is continuous in E and in time.
//!
//! *Units:* money, fractions and shares have 18 decimals. *Domain:* money below 2^220. *Rounding:* shares down; the account's and the
//! waterfall's payments down, the bidder's up; the rest is the insurance fund's.

mod clock;
mod cut;
mod size;
#[cfg(test)]
mod tests;

use alloy_primitives::{I256, U256};

use crate::fixed::{WAD, divide_slowly, mul_div, multiply_256};

pub use clock::Clock;
pub use cut::Leg;
pub use size::{Limit, Outcome, Size};

/// One, with 18 decimals.
pub const WHOLE: u64 = WAD;
const PERCENT: u64 = WAD / 100;
const MINUTE: u64 = 60;
const HOUR: u64 = 3_600;

/// c by seconds on the clock, straight between these.
const CONCESSION: [(u64, u64); 4] = [
    (0, 2 * PERCENT),
    (15 * MINUTE, 20 * PERCENT),
    (75 * MINUTE, 50 * PERCENT),
    (12 * HOUR, WHOLE),
];
/// g by seconds on the clock, straight between these.
const BONUS: [(u64, u64); 3] = [(0, 20 * PERCENT), (12 * HOUR, 20 * PERCENT), (36 * HOUR, WHOLE)];
/// The bidder's part of the concession.
const KEPT: u64 = 99 * PERCENT;

/// What is given for a unit of relieved requirement at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// c: by the account.
    pub concession: u64,
    /// g: by the waterfall.
    pub bonus: u64,
}

impl Terms {
    /// The terms with `elapsed` seconds on the clock.
    pub fn at(elapsed: u64) -> Self {
        Self { concession: along(&CONCESSION, elapsed), bonus: along(&BONUS, elapsed) }
    }
}

/// The height of a line through points of rising place and height, level beyond the last; rounded down.
fn along(points: &[(u64, u64)], place: u64) -> u64 {
    let mut before = (0, 0);
    for (next, height) in points.iter().copied() {
        if place <= next {
            let (from, start) = before;
            // Below 2^60 times 2^18.
            let way = u128::from(height.saturating_sub(start))
                .saturating_mul(u128::from(place.saturating_sub(from)));
            let risen = way.checked_div(u128::from(next.saturating_sub(from))).unwrap_or(0);
            let risen = u64::try_from(risen).unwrap_or(0);
            // At the first point there is no way.
            return if next == 0 { height } else { start.saturating_add(risen) };
        }
        before = (next, height);
    }
    before.1
}

/// Where the account stands before, at the last usable data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// E.
    pub equity: I256,
    /// M, with what a debt requires.
    pub requirement: U256,
}

/// What is cut, reckoned after rounding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece {
    /// V.
    pub value: I256,
    /// R.
    pub relief: I256,
    /// Whether it is a slice of the whole book.
    pub is_slice: bool,
}

/// What changes hands for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Price {
    /// Cash that the account receives; below 0 it pays.
    pub to_account: I256,
    /// Cash that the bidder pays to the account and to the insurance fund; below 0 the account pays him.
    pub from_bidder: I256,
    /// Of that, what the insurance fund gets.
    pub fee: U256,
    /// What the waterfall owes the bidder for the debt that he takes.
    pub debt: U256,
    /// What the funds of the waterfall owe him beside it, as far as they reach.
    pub bonus: U256,
}

impl Standing {
    /// e, between 0 and 1: beyond 1 it doesn't matter. 0 where there is no equity, 1 where nothing is required.
    fn cover(&self) -> u64 {
        if !self.equity.is_positive() {
            return 0;
        }
        ratio_down(self.equity.unsigned_abs(), self.requirement)
    }

    /// What the waterfall owes for a piece of this value: for the debt of a slice, up to what equity lacks to zero.
    fn debt(&self, value: I256, is_slice: bool) -> U256 {
        if is_slice && self.equity.is_negative() && value.is_negative() {
            value.unsigned_abs().min(self.equity.unsigned_abs())
        } else {
            U256::ZERO
        }
    }

    /// What the account receives for a piece of this value before any concession (below 0: it pays). What the piece relieves is reckoned
    /// with that: a debt that comes back as the price of a burden was never relieved.
    pub fn settled(&self, value: I256, is_slice: bool) -> I256 {
        value.wrapping_add(I256::from_raw(self.debt(value, is_slice)))
    }

    /// The price of a piece; `None` if it relieves nothing.
    pub fn price(&self, piece: &Piece, terms: Terms) -> Option<Price> {
        let is_insolvent = self.equity.is_negative();
        if piece.relief.is_negative() || piece.relief.is_zero() && !is_insolvent {
            return None;
        }
        let relief = piece.relief.unsigned_abs();
        let cover = self.cover();
        let conceded = terms.concession.min(cover).min(WHOLE);
        let need = WHOLE.saturating_sub(cover.saturating_mul(10));
        let added = terms.concession.min(terms.bonus).min(WHOLE).saturating_sub(conceded);
        let added = mul_div(U256::from(added), need, false);
        let bonus = mul_div(relief, u64::try_from(added).unwrap_or(0), false);
        let debt = self.debt(piece.value, piece.is_slice);
        let settled = self.settled(piece.value, piece.is_slice);
        let given = mul_div(relief, conceded, true);
        let kept = mul_div(mul_div(relief, conceded, false), KEPT, false);
        Some(Price {
            to_account: settled.wrapping_sub(I256::from_raw(given)),
            from_bidder: settled.wrapping_sub(I256::from_raw(kept)),
            fee: given.wrapping_sub(kept),
            debt,
            bonus,
        })
    }
}

/// A share of a share, both with 18 decimals; rounded down.
pub fn share_of(share: u64, of: u64) -> u64 {
    u64::try_from(mul_div(U256::from(of), share, false)).unwrap_or(u64::MAX)
}

/// What a debt requires at `rate` (18 decimals), rounded up; nothing unless cash is below 0.
pub fn debt_requirement(cash: I256, rate: u64) -> U256 {
    mul_div(cash.min(I256::ZERO).unsigned_abs(), rate, true)
}

/// `floor(1e18 part / whole)`, at most one; one for nothing of nothing. Both below 2^226.
pub(crate) fn ratio_down(part: U256, whole: U256) -> u64 {
    const BILLION: u64 = 1_000_000_000;
    if part >= whole {
        return WHOLE;
    }
    // Long division in two steps: part < whole, so that each step's product is below 2^256.
    let (high, rest) = divide_slowly(multiply_256(part, BILLION), whole);
    let (low, _) = divide_slowly(multiply_256(rest, BILLION), whole);
    let ratio = multiply_256(high, BILLION).wrapping_add(low);
    u64::try_from(ratio).unwrap_or(WHOLE)
}
