//! An account's positions as stored: the words that they fill, in which order and form.
//!
//! A position keeps its place while it is held, and a new one takes the first that is free, so that a trade writes the
//! words of what was traded and no others. There are two forms:
//!
//! - long: two positions a word as in the packed book, an instrument id (uint64) and a quantity (int64) each;
//! - short: four a word. Of an id, the underlying and the expiry are named by their number in a table of the account's own,
//!   8 series a word; the rest and the quantity must fit, as all but odd strikes and giant quantities do.
//!
//! ```text
//!  63    59  58 57      54 53          36 35                       0
//! +--------+----+----------+--------------+--------------------------+
//! | series |put | exponent | strike       | quantity                 |
//! |        |    | less 10  | mantissa     | int36, millionths        |
//! +--------+----+----------+--------------+--------------------------+
//! ```
//!
//! A perpetual or a future has no strike and isn't a put. A series is underlying << 22 | expiry in hours (0: none).

use alloc::vec::Vec;

use alloy_primitives::B256;
use novate_common::{Slot, halves, pair};
use novate_risk::{Book, Position};

use crate::storage::{POSITIONS, SERIES, split};

/// Series in a table.
const MOST_SERIES: usize = 32;
/// Series in a word.
const SERIES_A_WORD: usize = 8;
/// Most positions of an account that begins in the long form: up to here it fills no more words than the short one.
const LONG_AT_MOST: usize = 6;
const HOUR_BITS: u32 = 22;
const HOUR_MASK: u64 = (1 << HOUR_BITS) - 1;
const MANTISSA_BITS: u32 = 18;
const MANTISSA_MASK: u64 = (1 << MANTISSA_BITS) - 1;
const QUANTITY_BITS: u32 = 36;
/// What a strike's exponent in an id has more than in a short position.
const EXPONENT_BIAS: u64 = 10;

/// Positions by place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Places {
    held: Vec<Position>,
    /// The table; empty in the long form.
    series: Vec<u32>,
    words: Vec<B256>,
}

impl Places {
    /// Reads `count` positions of an account whose table has `series` entries.
    pub(crate) fn load(account: &Slot, count: usize, series: u8) -> Self {
        let table_words = usize::from(series).div_ceil(SERIES_A_WORD);
        let table: Vec<B256> = words_from(account.plus(SERIES), table_words);
        let series: Vec<u32> = table.iter().flat_map(series_of).take(series.into()).collect();
        let mut held = Vec::with_capacity(count.saturating_add(3));
        let in_word = if series.is_empty() { 2 } else { 4 };
        let words = words_from(account.plus(POSITIONS), count.div_ceil(in_word));
        for word in &words {
            let (high, low) = halves(word);
            if series.is_empty() {
                held.extend([high, low].map(long));
            } else {
                for code in split(high).into_iter().chain(split(low)) {
                    held.push(lengthen(code, &series));
                }
            }
        }
        held.truncate(count);
        Self { held, series, words }
    }

    /// The positions, ascending by instrument.
    pub(crate) fn sorted(&self) -> Vec<Position> {
        let mut sorted: Vec<Position> = Vec::with_capacity(self.held.len().saturating_add(1));
        for position in &self.held {
            let place = sorted.partition_point(|other| other.instrument < position.instrument);
            sorted.insert(place, *position);
        }
        sorted
    }

    /// Writes the words that differ when the account, which held `before`, holds `book`. Returns the entries of the table.
    pub(crate) fn store(&self, account: &Slot, before: &Book, book: &Book) -> u8 {
        let after =
            if before.positions() == book.positions() { self } else { &self.after(before, book) };
        write(account.plus(POSITIONS), &self.words, &after.words);
        write(account.plus(SERIES), &table(&self.series), &table(&after.series));
        u8::try_from(after.series.len()).unwrap_or(0)
    }

    fn after(&self, before: &Book, book: &Book) -> Self {
        let mut held = self.held.clone();
        let mut free = Vec::new();
        for (place, position) in held.iter_mut().enumerate() {
            position.quantity = book.quantity(position.instrument);
            if position.quantity == 0 {
                free.push(place);
            }
        }
        let mut free = free.into_iter();
        for position in book.positions() {
            if before.quantity(position.instrument) == 0 {
                match free.next().and_then(|place| held.get_mut(place)) {
                    Some(place) => *place = *position,
                    None => held.push(*position),
                }
            }
        }
        // What is still free lies in ascending order: from the last on, the last position moves there.
        for place in free.rev() {
            held.swap_remove(place);
        }
        Self::encoded(held, &self.series)
    }

    /// Positions at their places, in a form that depends on them and on whether it was the short one.
    fn encoded(held: Vec<Position>, known: &[u32]) -> Self {
        let wants_short = held.len() > LONG_AT_MOST || !(known.is_empty() || held.is_empty());
        if wants_short
            && let Some((series, words)) = short(&held, known).or_else(|| short(&held, &[]))
        {
            return Self { held, series, words };
        }
        let half = |position: &Position| {
            let low = u128::from(position.quantity.cast_unsigned());
            u128::from(position.instrument).wrapping_shl(64) | low
        };
        let words =
            held.chunks(2).map(|two| pair(two.first().map_or(0, half), two.get(1).map_or(0, half)));
        let words = words.collect();
        Self { held, series: Vec::new(), words }
    }
}

/// The short form with the table `known` and what must be added; `None` if a position or the table doesn't fit, or the
/// table has words that a new one wouldn't need.
fn short(held: &[Position], known: &[u32]) -> Option<(Vec<u32>, Vec<B256>)> {
    let mut series = known.to_vec();
    let mut used = 0_u32;
    let mut codes = Vec::with_capacity(held.len());
    for position in held {
        let own = series_of_position(position)?;
        let number = if let Some(number) = series.iter().position(|known| *known == own) {
            number
        } else {
            series.push(own);
            series.len().checked_sub(1)?
        };
        if number >= MOST_SERIES {
            return None;
        }
        used |= 1_u32.rotate_left(u32::try_from(number).ok()?);
        codes.push(shorten(position, u64::try_from(number).ok()?)?);
    }
    let needed = usize::try_from(used.count_ones()).ok()?;
    if needed.div_ceil(SERIES_A_WORD) < series.len().div_ceil(SERIES_A_WORD) {
        return None;
    }
    let words = codes.chunks(4).map(|four| {
        let at = |place: usize| four.get(place).copied().unwrap_or(0);
        pair(joined(at(0), at(1)), joined(at(2), at(3)))
    });
    Some((series, words.collect()))
}

fn series_of_position(position: &Position) -> Option<u32> {
    let underlying = position.instrument.wrapping_shr(56);
    let hours = position.instrument.wrapping_shr(32) & HOUR_MASK;
    u32::try_from(underlying.wrapping_shl(HOUR_BITS) | hours).ok()
}

/// A position in 64 bits; `None` if its strike or its quantity doesn't fit.
fn shorten(position: &Position, series: u64) -> Option<u64> {
    let Position { instrument: id, quantity } = *position;
    let spare = u64::BITS.wrapping_sub(QUANTITY_BITS);
    let shifted = quantity.wrapping_shl(spare);
    if shifted.wrapping_shr(spare) != quantity {
        return None;
    }
    let strike = id & u64::from(u32::MAX);
    let terms = if strike == 0 {
        0
    } else {
        let mantissa = strike & ((1 << 27) - 1);
        let exponent = strike.wrapping_shr(27).checked_sub(EXPONENT_BIAS)?;
        if mantissa > MANTISSA_MASK || exponent > 15 {
            return None;
        }
        let put = id.wrapping_shr(54) & 1;
        put.wrapping_shl(22) | exponent.wrapping_shl(MANTISSA_BITS) | mantissa
    };
    let low = shifted.cast_unsigned().wrapping_shr(spare);
    Some(series.wrapping_shl(59) | terms.wrapping_shl(QUANTITY_BITS) | low)
}

/// What [`shorten`] made; a series that isn't in the table counts as 0, which is no instrument's.
fn lengthen(code: u64, series: &[u32]) -> Position {
    let number = usize::try_from(code.wrapping_shr(59)).unwrap_or(usize::MAX);
    let series = u64::from(series.get(number).copied().unwrap_or(0));
    let hours = series & HOUR_MASK;
    let mantissa = code.wrapping_shr(QUANTITY_BITS) & MANTISSA_MASK;
    let (kind, strike) = if mantissa == 0 {
        (u64::from(hours != 0), 0)
    } else {
        let exponent = code.wrapping_shr(54) & 15;
        let strike = exponent.wrapping_add(EXPONENT_BIAS).wrapping_shl(27) | mantissa;
        (2 | code.wrapping_shr(58) & 1, strike)
    };
    let underlying = series.wrapping_shr(HOUR_BITS);
    let instrument =
        underlying.wrapping_shl(56) | kind.wrapping_shl(54) | hours.wrapping_shl(32) | strike;
    let spare = u64::BITS.wrapping_sub(QUANTITY_BITS);
    let quantity = code.wrapping_shl(spare).cast_signed().wrapping_shr(spare);
    Position { instrument, quantity }
}

/// A position from half a word of the long form.
fn long(half: u128) -> Position {
    let [instrument, quantity] = split(half);
    Position { instrument, quantity: quantity.cast_signed() }
}

fn joined(high: u64, low: u64) -> u128 {
    u128::from(high).wrapping_shl(64) | u128::from(low)
}

/// The words of a table.
fn table(series: &[u32]) -> Vec<B256> {
    let word = |eight: &[u32]| {
        let mut word = B256::ZERO;
        for (to, from) in word.chunks_mut(4).zip(eight) {
            to.copy_from_slice(&from.to_be_bytes());
        }
        word
    };
    series.chunks(SERIES_A_WORD).map(word).collect()
}

/// The series of a word of the table.
fn series_of(word: &B256) -> impl Iterator<Item = u32> + use<'_> {
    let (chunks, _) = word.as_chunks::<4>();
    chunks.iter().copied().map(u32::from_be_bytes)
}

fn words_from(mut slot: Slot, count: usize) -> Vec<B256> {
    let mut words = Vec::with_capacity(count);
    while words.len() < count {
        words.push(slot.get());
        slot = slot.plus(1);
    }
    words
}

/// Writes what differs; words beyond the new ones become zero.
fn write(mut slot: Slot, old: &[B256], new: &[B256]) {
    for place in 0..old.len().max(new.len()) {
        let word = new.get(place).copied().unwrap_or(B256::ZERO);
        if old.get(place).copied().unwrap_or(B256::ZERO) != word {
            slot.set(&word);
        }
        slot = slot.plus(1);
    }
}
