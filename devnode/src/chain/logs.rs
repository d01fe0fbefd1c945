//! Logs: which ones a filter matches, and in what range of blocks.

use alloy_consensus::TxReceipt;
use alloy_eips::BlockNumberOrTag;
use alloy_primitives::Bloom;
use alloy_rpc_types_eth::{Filter, FilterBlockOption, Log};

use super::{Error, MinedBlock, MinedTransaction, Node};

impl Node {
    /// The logs that `filter` matches, in order.
    ///
    /// # Errors
    /// [`Error::UnknownBlockHash`], [`Error::InvalidBlockRange`].
    pub fn logs(&self, filter: &Filter) -> Result<Vec<Log>, Error> {
        let (from, to) = match filter.block_option {
            FilterBlockOption::AtBlockHash(hash) => {
                let block = self.blocks.by_hash(hash).ok_or(Error::UnknownBlockHash { hash })?;
                return Ok(matching_logs(block, filter));
            }
            FilterBlockOption::Range { from_block, to_block } => {
                (self.bound(from_block), self.bound(to_block))
            }
        };
        if from > to {
            return Err(Error::InvalidBlockRange);
        }
        Ok(self.blocks.range(from, to).flat_map(|block| matching_logs(block, filter)).collect())
    }

    fn bound(&self, tag: Option<BlockNumberOrTag>) -> u64 {
        match tag {
            Some(BlockNumberOrTag::Number(number)) => number,
            Some(BlockNumberOrTag::Earliest) => self.blocks.first().header.number,
            _ => self.latest().header.number,
        }
    }
}

/// The logs of a block that `filter` matches, whatever range of blocks it names.
pub fn matching_logs(block: &MinedBlock, filter: &Filter) -> Vec<Log> {
    if block.header.logs_bloom == Bloom::ZERO || !filter.matches_bloom(block.header.logs_bloom) {
        return Vec::new();
    }
    let logs = block.transactions.iter().enumerate();
    let logs = logs.flat_map(|(index, mined)| transaction_logs(block, index, mined));
    logs.filter(|log| filter.matches(&log.inner)).collect()
}

/// The logs of a mined transaction with where they are.
pub fn transaction_logs<'a>(
    block: &'a MinedBlock,
    index: usize,
    mined: &'a MinedTransaction,
) -> impl Iterator<Item = Log> + 'a {
    let hash = mined.transaction.hash();
    let numbers = mined.first_log_index..;
    mined.logs.iter().zip(numbers).map(move |(log, log_index)| Log {
        inner: log.clone(),
        block_hash: Some(block.hash),
        block_number: Some(block.header.number),
        block_timestamp: Some(block.header.timestamp),
        transaction_hash: Some(hash),
        transaction_index: u64::try_from(index).ok(),
        log_index: Some(log_index),
        removed: false,
    })
}

impl MinedTransaction {
    /// Where the next transaction's logs begin.
    pub(super) fn next_log_index(&self) -> u64 {
        let count = u64::try_from(self.logs.len()).unwrap_or(u64::MAX);
        self.first_log_index.saturating_add(count)
    }

    /// The bloom filter of its logs.
    pub fn bloom(&self) -> Bloom {
        self.receipt().bloom()
    }
}
