//! Asking margin: packed books in, figures out.

use alloc::vec::Vec;

use alloy_primitives::{Address, B256, I256, U256};
use alloy_sol_types::SolCall;
use novate_abi::{
    IErrors,
    IMargin::{Assessment, assessCall, maintenanceExcessUnderCall},
};

use crate::{Input, Revert, Word, call::view_bytes, host::flatten, read_reply, refuse, selected};

/// Words of an [`Assessment`].
const WORDS: usize = 6;

/// Figures of each packed book, from one snapshot.
///
/// # Errors
/// What margin reverts with, `CallFailed(margin)`.
#[inline(never)]
pub fn assess(margin: Address, books: &[Vec<u8>]) -> Result<Vec<Assessment>, Revert> {
    let mut words = Vec::with_capacity(books.len().saturating_add(2));
    words.push(32_u64.word());
    words.push(size(books.len()));
    let mut offset = books.len().saturating_mul(32);
    for book in books {
        words.push(size(offset));
        offset = offset.saturating_add(book.len()).saturating_add(32);
    }
    let mut calldata = selected(assessCall::SELECTOR, &words);
    calldata.reserve(offset);
    for book in books {
        // A packed book is a whole number of words.
        calldata.extend_from_slice(size(book.len()).as_slice());
        calldata.extend_from_slice(book);
    }
    let reply = view_bytes(margin, &calldata)?;
    read_reply(margin, &reply, |reply| {
        let (count, mut elements) = reply.array(WORDS)?;
        if count != books.len() {
            return Err(elements.last_malformed());
        }
        (0..count).map(|_| assessment(&mut elements)).collect()
    })
}

fn assessment(words: &mut Input<'_>) -> Result<Assessment, Revert> {
    Ok(Assessment {
        equity: words.i256()?,
        initialRequirement: words.u256()?,
        maintenanceRequirement: words.u256()?,
        worstUnderlying: words.u8()?,
        worstScenario: words.u8()?,
        validity: words.u8()?,
    })
}

/// The upper bound of a packed book's maintenance excess under one scenario for each of its underlyings.
///
/// # Errors
/// What margin reverts with, `CallFailed(margin)`.
pub fn maintenance_excess_under(
    margin: Address,
    book: &[u8],
    scenarios: &[u8],
) -> Result<I256, Revert> {
    let selector = maintenanceExcessUnderCall::SELECTOR;
    let second = size(book.len().saturating_add(96));
    let mut calldata = selected(selector, &[64_u64.word(), second, size(book.len())]);
    calldata.extend_from_slice(book);
    let mut words = Vec::with_capacity(scenarios.len().saturating_add(1));
    words.push(size(scenarios.len()));
    words.extend(scenarios.iter().map(|scenario| scenario.word()));
    calldata.extend_from_slice(&flatten(&[], &words));
    let reply = view_bytes(margin, &calldata)?;
    read_reply(margin, &reply, |reply| reply.i256())
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

fn size(size: usize) -> B256 {
    u64::try_from(size).unwrap_or(u64::MAX).word()
}
