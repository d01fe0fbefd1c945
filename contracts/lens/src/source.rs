//! Parameters, from the margin contract that the caller names.

use alloy_primitives::Address;
use alloy_sol_types::SolCall;
use novate_abi::IMargin::parametersCall;
use novate_common::{
    Bytes, Reply, Revert, Word, ask, selected,
    session::{Needs, Refused, Session},
};

/// Reads parameters and market data.
///
/// # Errors
/// What margin and the oracle revert with; `CallFailed` if one of them isn't such a contract.
#[inline(never)]
pub(crate) fn open(margin: &Address, needs: Needs) -> Result<Session, Revert> {
    let underlyings = needs.underlyings();
    let second = underlyings.len().saturating_add(3).saturating_mul(32);
    let mut calldata = selected![parametersCall::SELECTOR, 64_u64, size(second)];
    for list in [&underlyings, needs.collateral()] {
        push(&mut calldata, list);
    }
    let reply = ask(margin, &calldata)?;
    let (first, count) = reply.array(0, 1)?;
    let words = Words { reply, next: first, end: first.saturating_add(count) };
    words.open(needs)
}

/// The words of the answer, in order.
struct Words {
    reply: Reply,
    next: usize,
    end: usize,
}

impl Words {
    fn open(mut self, needs: Needs) -> Result<Session, Revert> {
        needs.open(&mut |_, _| {
            let place = self.next;
            self.next = place.saturating_add(1);
            // Beyond the array there is no word: `CallFailed`.
            let place = if place < self.end { place } else { usize::MAX };
            self.reply.u256(place).map_err(Refused)
        })
    }
}

fn push(calldata: &mut Bytes, list: &[u8]) {
    size(list.len()).push(calldata);
    for number in list {
        number.push(calldata);
    }
}

/// A length as a word.
pub(crate) fn size(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
