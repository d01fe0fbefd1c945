//! What happened, in order: the log that filters and subscriptions read from, each at its own pace.
//!
//! Blocks are remembered by hash, so one that was rewound since is simply not found any more.

use alloy_primitives::B256;
use tokio::sync::watch;

/// How far the chain has come: entries in the logs of blocks and of transactions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Blocks mined since the start.
    pub blocks: usize,
    /// Transactions accepted since the start.
    pub transactions: usize,
}

/// The logs of blocks mined and transactions accepted since the node started.
#[derive(Debug, Default)]
pub struct Events {
    blocks: Vec<B256>,
    transactions: Vec<B256>,
    progress: watch::Sender<Progress>,
}

impl Events {
    /// Notes a mined block.
    pub(super) fn mined(&mut self, hash: B256) {
        self.blocks.push(hash);
        self.notify();
    }

    /// Notes an accepted transaction.
    pub(super) fn accepted(&mut self, hash: B256) {
        self.transactions.push(hash);
        self.notify();
    }

    /// The current end of the logs.
    pub const fn progress(&self) -> Progress {
        Progress { blocks: self.blocks.len(), transactions: self.transactions.len() }
    }

    /// Block hashes since `position`.
    pub fn blocks_since(&self, position: usize) -> &[B256] {
        self.blocks.get(position..).unwrap_or_default()
    }

    /// Transaction hashes since `position`.
    pub fn transactions_since(&self, position: usize) -> &[B256] {
        self.transactions.get(position..).unwrap_or_default()
    }

    pub(super) fn subscribe(&self) -> watch::Receiver<Progress> {
        self.progress.subscribe()
    }

    fn notify(&self) {
        // Without receivers there is nobody to tell.
        self.progress.send_replace(self.progress());
    }
}
