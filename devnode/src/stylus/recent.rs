//! Programs that ran lately in the block: from `ArbOS` 60 on they start at the cached price.

use alloc::collections::VecDeque;

use alloy_primitives::B256;

/// The programs seen last, most recent first.
#[derive(Debug, Clone, Default)]
pub(crate) struct RecentPrograms {
    seen: VecDeque<B256>,
}

impl RecentPrograms {
    /// Notes a program; whether it was there already.
    pub(crate) fn insert(&mut self, code_hash: B256, capacity: u16) -> bool {
        let found = self.seen.iter().position(|seen| *seen == code_hash);
        if let Some(index) = found {
            self.seen.remove(index);
        }
        self.seen.push_front(code_hash);
        self.seen.truncate(usize::from(capacity));
        found.is_some()
    }

    /// Forgets all: a new block.
    pub(crate) fn clear(&mut self) {
        self.seen.clear();
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
}
