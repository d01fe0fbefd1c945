//! Books that can't fall short: no perpetual or future, and cash that covers the least payoffs of all expiries as they come.
//!
//! ```text
//! least_e = min over S in {0, every strike of e, infinity} of the sum of quantity * payoff(S)
//! fully paid: cash + sum of least_e over expiries up to t >= 0 for every t, and cash >= 0
//! ```
//!
//! A later gain covers no earlier loss; of expiries at one time (of several underlyings) losses count before gains, because they
//! may be settled in any order. Expired lines that aren't settled yet count together: a debt that settling one of them made, while
//! what covers it isn't final, leaves the book in the class.
//!
//! Payoffs are piecewise linear in the settlement price: one pass over the strikes in order gives the least.
//!
//! # Rounding
//! The least payoff of an expiry is rounded down, as settling its lines together is ([`Book::settle_with`]).

#[cfg(test)]
mod tests;

use alloc::vec::Vec;

use alloy_primitives::{I256, U256};

use crate::{
    book::Book,
    fixed::{Fine, strike_times},
    instrument::{Kind, expiry_seconds},
};

/// What such a book can pay out without a price: the least of its cash and of all its running sums; `None`: the book isn't fully
/// paid. Unix seconds say which lines have expired.
pub fn free_cash(book: &Book, now: u64) -> Option<U256> {
    let mut least = book.cash();
    let mut running = least;
    let expiries = payoffs(book)?;
    let expired = expiries.partition_point(|(hours, _)| expiry_seconds(*hours) <= now);
    let (expired, open) = expiries.split_at_checked(expired)?;
    for (_, payoff) in expired {
        // Sums of 256 positions stay below 2^209.
        running = running.wrapping_add(*payoff);
        least = least.min(running);
    }
    if running.is_negative() || (expired.is_empty() && book.cash().is_negative()) {
        return None;
    }
    for (_, payoff) in open {
        running = running.wrapping_add(*payoff);
        least = least.min(running);
        if running.is_negative() {
            return None;
        }
    }
    Some(least.max(I256::ZERO).unsigned_abs())
}

/// Whether a book is fully paid.
pub fn is_fully_paid(book: &Book, now: u64) -> bool {
    free_cash(book, now).is_some()
}

/// An option: what its payoff depends on.
#[derive(Clone, Copy)]
struct Line {
    series: u32,
    hours: u32,
    strike: U256,
    is_put: bool,
    quantity: i64,
}

/// Hours and least payoff of each (underlying, expiry), 18 decimals, ascending; `None` if one has no least or isn't made of options.
fn payoffs(book: &Book) -> Option<Vec<(u32, I256)>> {
    let mut lines: Vec<Line> = Vec::with_capacity(book.positions().len());
    // Calls of one series stand together: what is short of them on balance loses without end, which most books show before they are sorted.
    let (mut series, mut calls) = (0, 0_i128);
    for held in book.holdings() {
        let (instrument, quantity) = (held.instrument, held.quantity);
        if !instrument.is_option() {
            return None;
        }
        let own = instrument.series();
        let is_put = instrument.kind() == Kind::Put;
        if !is_put {
            if own != series {
                if calls < 0 {
                    return None;
                }
                (series, calls) = (own, 0);
            }
            calls = calls.wrapping_add(i128::from(quantity));
        }
        let (hours, strike) = (instrument.expiry_hours(), instrument.strike().to_wad());
        lines.push(Line { series: own, hours, strike, is_put, quantity });
    }
    if calls < 0 {
        return None;
    }
    let mut payoffs: Vec<(u32, I256)> = Vec::new();
    let lines =
        ascending(lines, |one, other| (one.series, one.strike) <= (other.series, other.strike));
    for expiry in lines.chunk_by(|one, other| one.series == other.series) {
        payoffs.push((expiry.first()?.hours, least(expiry)?));
    }
    Some(ascending(payoffs, |one, other| one <= other))
}

/// Sorts by insertion: a book has few lines, mostly in order, and the library's sorts are 25 kB of code.
fn ascending<T>(items: Vec<T>, not_above: impl Fn(&T, &T) -> bool) -> Vec<T> {
    let mut sorted: Vec<T> = Vec::with_capacity(items.len());
    for item in items {
        let place = sorted.partition_point(|other| not_above(other, &item));
        sorted.insert(place, item);
    }
    sorted
}

/// The least payoff of the options of one expiry, ascending by strike; `None` if it falls without end.
fn least(lines: &[Line]) -> Option<I256> {
    // At 0 puts pay their strikes; from there on the payoff falls by the puts, and each strike adds its contracts to the slope.
    let mut value = Fine::ZERO;
    let mut slope = 0_i128;
    for line in lines.iter().filter(|line| line.is_put) {
        value = value.plus(Fine(strike_times(line.strike, line.quantity)));
        slope = slope.wrapping_sub(i128::from(line.quantity));
    }
    let mut least = value;
    let mut at = U256::ZERO;
    for line in lines {
        value = value.plus(Fine(times(line.strike.wrapping_sub(at), slope)));
        least = least.min(value);
        at = line.strike;
        slope = slope.wrapping_add(i128::from(line.quantity));
    }
    if slope < 0 {
        return None;
    }
    Some(least.to_wad_down())
}

/// The product of a distance below 2^137 and a sum of 256 quantities.
fn times(distance: U256, slope: i128) -> I256 {
    // Below 2^137 * 2^71.
    let size = I256::from_raw(distance.wrapping_mul(U256::from(slope.unsigned_abs())));
    if slope < 0 { size.wrapping_neg() } else { size }
}
