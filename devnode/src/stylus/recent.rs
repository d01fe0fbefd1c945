//! Programs that ran lately in the block: from `ArbOS` 60 on they start at the cached price.

use alloc::collections::VecDeque;

use alloy_primitives::B256;

/// The programs seen last, most recent first.
#[derive(Debug, Clone, Default)]
pub(crate) struct RecentPrograms {
    seen: VecDeque<B256>,
    /// How many are remembered: at least one, and what held when the first one of the block came.
    capacity: Option<usize>,
}

impl RecentPrograms {
    /// Notes a program; whether it was there already.
    pub(crate) fn insert(&mut self, code_hash: B256, capacity: u16) -> bool {
        let found = self.seen.iter().position(|seen| *seen == code_hash);
        if let Some(index) = found {
            self.seen.remove(index);
        }
        self.seen.push_front(code_hash);
        let capacity = *self.capacity.get_or_insert_with(|| usize::from(capacity.max(1)));
        self.seen.truncate(capacity);
        found.is_some()
    }

    /// Forgets all: a new block.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn least_recently_used_leaves_first() {
        let hash = B256::with_last_byte;
        let mut recent = RecentPrograms::default();
        assert!(!recent.insert(hash(1), 2));
        assert!(!recent.insert(hash(2), 2));
        assert!(recent.insert(hash(1), 2));
        assert!(!recent.insert(hash(3), 2));
        assert!(!recent.insert(hash(2), 2));
    }

    #[test]
    fn the_first_program_of_a_block_decides_how_many_are_remembered() {
        let hash = B256::with_last_byte;
        let mut recent = RecentPrograms::default();
        assert!(!recent.insert(hash(1), 0));
        assert!(recent.insert(hash(1), 2), "none is one");
        assert!(!recent.insert(hash(2), 2));
        assert!(!recent.insert(hash(1), 2));
        recent.clear();
        assert!(!recent.insert(hash(1), 2));
        assert!(!recent.insert(hash(2), 0));
        assert!(recent.insert(hash(1), 0));
    }
}
