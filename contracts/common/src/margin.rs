//! Asking margin: packed books and instruments in, figures and marks out, all from one snapshot.

use alloc::vec::Vec;

use alloy_primitives::{Address, I256, U256};
use alloy_sol_types::SolCall;
use novate_abi::{
    IErrors,
    IMargin::{Assessment, Mark, assessCall, maintenanceExcessUnderCall},
};

use crate::{Reply, Revert, Word, ask, call::failed, refuse, selected};

/// Words of an [`Assessment`].
const WORDS: usize = 11;
/// Words of a [`Mark`].
const MARK_WORDS: usize = 5;

/// Figures of each packed book and the mark of each instrument, in their order.
///
/// # Errors
/// What margin reverts with, `CallFailed(margin)`.
#[inline(never)]
pub fn assess(
    margin: &Address,
    books: &[Vec<u8>],
    instruments: &[u64],
) -> Result<(Vec<Assessment>, Vec<Mark>), Revert> {
    let mut content = Vec::new();
    let mut offset = books.len().saturating_mul(32);
    size(books.len()).push(&mut content);
    for book in books {
        size(offset).push(&mut content);
        offset = offset.saturating_add(book.len()).saturating_add(32);
    }
    for book in books {
        // A packed book is a whole number of words.
        size(book.len()).push(&mut content);
        content.extend_from_slice(book);
    }
    let second = size(content.len().saturating_add(64));
    size(instruments.len()).push(&mut content);
    for instrument in instruments {
        instrument.push(&mut content);
    }
    let mut calldata = selected![assessCall::SELECTOR, 64_u64, second];
    calldata.extend_from_slice(&content);
    let reply = ask(margin, &calldata)?;
    let assessments = list(&reply, 0, WORDS, books.len(), margin, assessment)?;
    let marks = list(&reply, 1, MARK_WORDS, instruments.len(), margin, mark)?;
    Ok((assessments, marks))
}

/// The array whose offset stands at `place`: as many elements as were asked for.
fn list<T>(
    reply: &Reply,
    place: usize,
    width: usize,
    expected: usize,
    margin: &Address,
    read: fn(&Reply, usize) -> Result<T, Revert>,
) -> Result<Vec<T>, Revert> {
    let (mut first, count) = reply.array(place, width)?;
    if count != expected {
        return Err(failed(*margin));
    }
    let mut elements = Vec::with_capacity(count);
    for _ in 0..count {
        elements.push(read(reply, first)?);
        first = first.saturating_add(width);
    }
    Ok(elements)
}

fn assessment(reply: &Reply, place: usize) -> Result<Assessment, Revert> {
    let at = |word: usize| place.saturating_add(word);
    Ok(Assessment {
        equity: reply.i256(at(0))?,
        initialRequirement: reply.u256(at(1))?,
        maintenanceRequirement: reply.u256(at(2))?,
        worstUnderlying: reply.u8(at(3))?,
        worstScenario: reply.u8(at(4))?,
        validity: reply.u8(at(5))?,
        closeEquity: reply.i256(at(6))?,
        closeRequirement: reply.u256(at(7))?,
        lastEquity: reply.i256(at(8))?,
        lastRequirement: reply.u256(at(9))?,
        healthyRequirement: reply.u256(at(10))?,
    })
}

fn mark(reply: &Reply, place: usize) -> Result<Mark, Revert> {
    let at = |word: usize| place.saturating_add(word);
    Ok(Mark {
        mark: reply.u128(at(0))?,
        index: reply.u128(at(1))?,
        fundingIndex: reply.i128(at(2))?,
        validity: reply.u8(at(3))?,
        isMarked: reply.bool(at(4))?,
    })
}

/// The upper bound of a packed book's close excess under one scenario for each of its underlyings.
///
/// # Errors
/// What margin reverts with, `CallFailed(margin)`.
pub fn maintenance_excess_under(
    margin: &Address,
    book: &[u8],
    scenarios: &[u8],
) -> Result<I256, Revert> {
    let selector = maintenanceExcessUnderCall::SELECTOR;
    let second = size(book.len().saturating_add(96));
    let mut calldata = selected![selector, 64_u64, second, size(book.len())];
    calldata.extend_from_slice(book);
    size(scenarios.len()).push(&mut calldata);
    for scenario in scenarios {
        scenario.push(&mut calldata);
    }
    ask(margin, &calldata)?.i256(0)
}

/// `equity - requirement`.
///
/// # Errors
/// `ArithmeticOverflow` for figures that no book has.
pub fn excess(equity: I256, requirement: U256) -> Result<I256, Revert> {
    let required = I256::try_from(requirement).ok();
    required
        .and_then(|required| equity.checked_sub(required))
        .ok_or_else(|| refuse!(IErrors::ArithmeticOverflow {}))
}

fn size(size: usize) -> u64 {
    u64::try_from(size).unwrap_or(u64::MAX)
}
