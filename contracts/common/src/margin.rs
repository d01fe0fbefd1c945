//! Asking margin: packed books in, figures out.

use alloc::vec::Vec;

use alloy_primitives::{Address, I256, U256};
use alloy_sol_types::SolCall;
use novate_abi::{
    IErrors,
    IMargin::{Assessment, assessCall, maintenanceExcessUnderCall},
};

use crate::{Reply, Revert, Word, ask, call::failed, refuse, selected};

/// Words of an [`Assessment`].
const WORDS: usize = 6;

/// Figures of each packed book, from one snapshot.
///
/// # Errors
/// What margin reverts with, `CallFailed(margin)`.
#[inline(never)]
pub fn assess(margin: &Address, books: &[Vec<u8>]) -> Result<Vec<Assessment>, Revert> {
    let mut calldata = selected![assessCall::SELECTOR, 32_u64, size(books.len())];
    let mut offset = books.len().saturating_mul(32);
    for book in books {
        size(offset).push(&mut calldata);
        offset = offset.saturating_add(book.len()).saturating_add(32);
    }
    calldata.reserve(offset);
    for book in books {
        // A packed book is a whole number of words.
        size(book.len()).push(&mut calldata);
        calldata.extend_from_slice(book);
    }
    let reply = ask(margin, &calldata)?;
    let (mut place, count) = reply.array(0, WORDS)?;
    if count != books.len() {
        return Err(failed(*margin));
    }
    let mut assessments = Vec::with_capacity(count);
    for _ in 0..count {
        assessments.push(assessment(&reply, place)?);
        place = place.saturating_add(WORDS);
    }
    Ok(assessments)
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
    })
}

/// The upper bound of a packed book's maintenance excess under one scenario for each of its underlyings.
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

/// Equity less the maintenance requirement.
///
/// # Errors
/// `ArithmeticOverflow` for figures that no book has.
pub fn maintenance_excess(assessment: &Assessment) -> Result<I256, Revert> {
    less(assessment.equity, assessment.maintenanceRequirement)
}

/// `equity - requirement`.
fn less(equity: I256, requirement: U256) -> Result<I256, Revert> {
    let required = I256::try_from(requirement).ok();
    required
        .and_then(|required| equity.checked_sub(required))
        .ok_or_else(|| refuse!(IErrors::ArithmeticOverflow {}))
}

fn size(size: usize) -> u64 {
    u64::try_from(size).unwrap_or(u64::MAX)
}
