//! Snapshots: marks in the history of the chain to which it can go back.

use super::{Clock, Error, Node, Pool, Version, node::Settings};

/// The most snapshots kept; the oldest is forgotten first.
const CAPACITY: usize = 100_000;

/// Where the chain stood.
#[derive(Clone, Debug)]
pub struct Snapshot {
    id: u64,
    pub(super) block: u64,
    pub(super) state: Version,
    pool: Pool,
    clock: Clock,
    settings: Settings,
}

impl Node {
    /// Marks the present state of the chain; the identifier brings it back once.
    pub fn snapshot(&mut self) -> u64 {
        self.snapshot_count = self.snapshot_count.saturating_add(1);
        let snapshot = Snapshot {
            id: self.snapshot_count,
            block: self.latest().header.number,
            state: self.state.version(),
            pool: self.pool.clone(),
            clock: self.clock,
            settings: self.settings.clone(),
        };
        if self.snapshots.len() >= CAPACITY {
            self.snapshots.remove(0);
        }
        self.snapshots.push(snapshot);
        self.snapshot_count
    }

    /// Goes back to a snapshot, which is used up with all taken after it. `false` if there is none.
    ///
    /// # Errors
    /// [`Error::StateFile`].
    pub fn revert(&mut self, id: u64) -> Result<bool, Error> {
        let Some(index) = self.snapshots.iter().position(|snapshot| snapshot.id == id) else {
            return Ok(false);
        };
        let Some(snapshot) = self.snapshots.drain(index..).next() else { return Ok(false) };
        self.pool = snapshot.pool;
        self.clock = snapshot.clock;
        // Whom to impersonate and when to mine are settings of the session, not of the chain.
        self.settings.base_fee = snapshot.settings.base_fee;
        self.settings.next_base_fee = snapshot.settings.next_base_fee;
        self.settings.coinbase = snapshot.settings.coinbase;
        self.rewind(snapshot.block, snapshot.state)?;
        Ok(true)
    }

    /// Forgets the blocks above `number` and the state after `version`.
    pub(super) fn rewind(&mut self, number: u64, version: Version) -> Result<(), Error> {
        self.blocks.truncate(number);
        self.state.rewind(version);
        let clock = self.clock;
        self.journal.as_mut().map_or(Ok(()), |journal| journal.rewind(number, version, clock))
    }
}
