//! What the chain records of its parent's blocks: a number, and for each of the last 256 blocks a hash that stands for
//! the parent's, made from hashes of this chain. That is what BLOCKHASH answers with.

use alloy_primitives::{B256, U256, keccak256};
use revm::{Database, interpreter::Host};

use super::{ArbContext, ArbStorage};
use crate::stylus::{Slot, keyed};

/// Hashes that are kept.
const KEPT: u64 = 256;

/// A block that follows one of this chain with the hash `previous`: the parent's number was `recorded`, now it is `number`.
struct Step {
    recorded: u64,
    number: u64,
    previous: B256,
}

impl Step {
    /// The hash that the step records for a block of the parent, if any: the last one gets that of this chain's block, those
    /// in between one made from it. The first one after `recorded` keeps what was there before, unless it is the last.
    fn entry(&self, parent: u64) -> Option<B256> {
        let last = self.number.checked_sub(1).filter(|last| *last >= self.recorded)?;
        let first = self.recorded.max(last.saturating_sub(KEPT));
        if parent == last {
            Some(self.previous)
        } else if first < parent && parent < last {
            Some(keccak256([self.previous.as_slice(), &parent.to_le_bytes()].concat()))
        } else {
            None
        }
    }
}

fn place(parent: u64) -> U256 {
    keyed("parent block", U256::from(parent.wrapping_rem(KEPT)).into())
}

/// What a block writes to the chain's state, slot and value, if the parent went on.
pub(crate) fn changes(recorded: u64, number: u64, previous: B256) -> Vec<(U256, U256)> {
    let step = Step { recorded, number, previous };
    let mut changes: Vec<_> = (recorded.max(number.saturating_sub(KEPT))..number)
        .filter_map(|parent| step.entry(parent).map(|hash| (place(parent), hash.into())))
        .collect();
    if number > recorded {
        changes.push((Slot::ParentNumber.into(), U256::from(number)));
    }
    changes
}

/// The hash for a block of the parent, zero if it isn't known; `None` if the database fails.
pub(super) fn hash<DB: Database>(context: &mut ArbContext<DB>, parent: U256) -> Option<B256> {
    let number = context.block.number.saturating_to::<u64>();
    let wanted = parent.saturating_to::<u64>();
    if wanted >= number || wanted.saturating_add(KEPT) < number {
        return Some(B256::ZERO);
    }
    let recorded = context.read(Slot::ParentNumber.into()).ok()?.saturating_to();
    if number > recorded {
        // The block that runs has recorded its step, though the state shows it only once it is complete.
        let own = context.chain.block_number.checked_sub(1)?;
        let step = Step { recorded, number, previous: context.block_hash(own)? };
        if let Some(hash) = step.entry(wanted) {
            return Some(hash);
        }
    }
    context.read(place(wanted)).ok().map(B256::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_records_what_lies_between() {
        let previous = B256::repeat_byte(7);
        let hashed = |parent: u64| {
            U256::from_be_bytes(keccak256([&[7; 32][..], &parent.to_le_bytes()].concat()).0)
        };
        let number = |n: u64| (Slot::ParentNumber.into(), U256::from(n));
        assert_eq!(changes(5, 5, previous), []);
        assert_eq!(changes(5, 6, previous), [(place(5), previous.into()), number(6)]);
        // Block 5 keeps what stood there.
        assert_eq!(
            changes(5, 8, previous),
            [(place(6), hashed(6)), (place(7), previous.into()), number(8)]
        );
        let far = changes(5, 10_000, previous);
        assert_eq!(far.len(), 257);
        assert_eq!(far[0], (place(9_744), hashed(9_744)));
        assert_eq!(far[254], (place(9_998), hashed(9_998)));
    }
}
