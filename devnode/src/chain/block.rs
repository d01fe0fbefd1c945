//! Mined blocks: headers, transactions, receipts, and where the state stood around each of them.

use alloy_consensus::{
    Header, Receipt, ReceiptEnvelope, TxReceipt, TxType, Typed2718,
    constants::EMPTY_OMMER_ROOT_HASH, proofs,
};
use alloy_primitives::{
    Address, B64, B256, Bloom, Bytes, Log, U256,
    map::{B256HashMap, HashMap},
};
use serde::{Deserialize, Serialize};

use super::{Transaction, Version};

/// The block gas limit that Arbitrum chains show: 2^50.
pub const GAS_LIMIT: u64 = 1 << 50;

/// A mined transaction: what happened, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MinedTransaction {
    /// The transaction.
    pub transaction: Transaction,
    /// Whether it succeeded.
    pub is_success: bool,
    /// Gas used by it alone.
    pub gas_used: u64,
    /// Gas used in the block up to and including it.
    pub cumulative_gas_used: u64,
    /// The contract it created.
    pub contract_address: Option<Address>,
    /// What it logged.
    pub logs: Vec<Log>,
    /// The index within the block of its first log.
    pub first_log_index: u64,
    /// What it returned, also when it reverted; empty on an exceptional halt.
    pub output: Bytes,
    /// Why it failed, worded as geth does.
    pub failure: Option<String>,
    /// The state that it ran on.
    pub state_before: Version,
}

impl MinedTransaction {
    /// The receipt as consensus encodes it.
    pub fn receipt(&self) -> ReceiptEnvelope {
        let receipt = Receipt {
            status: self.is_success.into(),
            cumulative_gas_used: self.cumulative_gas_used,
            logs: self.logs.clone(),
        };
        let kind = TxType::try_from(self.transaction.envelope.ty()).unwrap_or(TxType::Legacy);
        ReceiptEnvelope::from_typed(kind, receipt)
    }
}

/// A mined block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MinedBlock {
    /// The header; its state root is zero, since the state is not a trie.
    pub header: Header,
    /// Keccak-256 of the encoded header.
    pub hash: B256,
    /// The estimate of the L1 block number that contracts see as `block.number`.
    pub l1_number: u64,
    /// Transactions in order.
    pub transactions: Vec<MinedTransaction>,
    /// The state at its end.
    pub state: Version,
}

/// What a header is made of, besides transactions.
#[derive(Clone, Copy, Debug)]
pub(super) struct HeaderFields {
    pub parent_hash: B256,
    pub number: u64,
    pub l1_number: u64,
    pub timestamp: u64,
    pub base_fee: u64,
    pub coinbase: Address,
    pub arbos_version: u64,
}

impl MinedBlock {
    /// Seals `transactions` into a block.
    pub(super) fn seal(
        fields: &HeaderFields,
        transactions: Vec<MinedTransaction>,
        state: Version,
    ) -> Self {
        let envelopes: Vec<_> =
            transactions.iter().map(|mined| &mined.transaction.envelope).collect();
        let receipts: Vec<_> = transactions.iter().map(MinedTransaction::receipt).collect();
        let logs_bloom =
            receipts.iter().fold(Bloom::ZERO, |bloom, receipt| bloom | receipt.bloom());
        let header = Header {
            parent_hash: fields.parent_hash,
            ommers_hash: EMPTY_OMMER_ROOT_HASH,
            beneficiary: fields.coinbase,
            state_root: B256::ZERO,
            transactions_root: proofs::calculate_transaction_root(&envelopes),
            receipts_root: proofs::calculate_receipt_root(&receipts),
            logs_bloom,
            difficulty: U256::ONE,
            number: fields.number,
            gas_limit: GAS_LIMIT,
            gas_used: transactions.last().map_or(0, |last| last.cumulative_gas_used),
            timestamp: fields.timestamp,
            extra_data: B256::ZERO.into(),
            mix_hash: mix_hash(fields.l1_number, fields.arbos_version),
            nonce: B64::ZERO,
            base_fee_per_gas: Some(fields.base_fee),
            ..Header::default()
        };
        let hash = header.hash_slow();
        Self { header, hash, l1_number: fields.l1_number, transactions, state }
    }

    /// The base fee, wei per gas.
    pub fn base_fee(&self) -> u64 {
        self.header.base_fee_per_gas.unwrap_or_default()
    }
}

/// Nitro packs into the mix hash: messages sent (none here), the L1 block number, the `ArbOS` version.
fn mix_hash(l1_number: u64, arbos_version: u64) -> B256 {
    let words = [0, l1_number, arbos_version, 0].map(u64::to_be_bytes);
    B256::from_slice(words.as_flattened())
}

/// The chain of mined blocks, and where each transaction is. There is always a first block.
#[derive(Clone, Debug)]
pub struct Blocks {
    first: MinedBlock,
    rest: Vec<MinedBlock>,
    by_hash: B256HashMap<u64>,
    /// Transaction hash to block number and index.
    transactions: HashMap<B256, (u64, usize)>,
}

impl Blocks {
    /// A chain of one block: genesis, or the copy of the forked block.
    pub(super) fn new(first: MinedBlock) -> Self {
        let by_hash = [(first.hash, first.header.number)].into_iter().collect();
        Self { first, rest: Vec::new(), by_hash, transactions: HashMap::default() }
    }

    /// Appends a block.
    pub(super) fn push(&mut self, block: MinedBlock) {
        self.by_hash.insert(block.hash, block.header.number);
        for (index, mined) in block.transactions.iter().enumerate() {
            self.transactions.insert(mined.transaction.hash(), (block.header.number, index));
        }
        self.rest.push(block);
    }

    /// Removes the blocks above `number`, and returns them in falling order. The first one stays.
    pub(super) fn truncate(&mut self, number: u64) -> Vec<MinedBlock> {
        let mut removed = Vec::new();
        while let Some(block) = self.rest.pop_if(|block| block.header.number > number) {
            self.by_hash.remove(&block.hash);
            for mined in &block.transactions {
                self.transactions.remove(&mined.transaction.hash());
            }
            removed.push(block);
        }
        removed
    }

    /// The oldest block held: genesis, or the block of the fork.
    pub const fn first(&self) -> &MinedBlock {
        &self.first
    }

    /// The newest block.
    pub fn latest(&self) -> &MinedBlock {
        self.rest.last().unwrap_or(&self.first)
    }

    /// The block with a number.
    pub fn by_number(&self, number: u64) -> Option<&MinedBlock> {
        let index = number.checked_sub(self.first.header.number)?;
        match index.checked_sub(1) {
            None => Some(&self.first),
            Some(index) => self.rest.get(usize::try_from(index).ok()?),
        }
    }

    /// The block with a hash.
    pub fn by_hash(&self, hash: B256) -> Option<&MinedBlock> {
        self.by_number(*self.by_hash.get(&hash)?)
    }

    /// A mined transaction with its block and its index there.
    pub fn transaction(&self, hash: B256) -> Option<(&MinedBlock, usize, &MinedTransaction)> {
        let (number, index) = *self.transactions.get(&hash)?;
        let block = self.by_number(number)?;
        Some((block, index, block.transactions.get(index)?))
    }

    /// Blocks in rising order of number.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &MinedBlock> {
        core::iter::once(&self.first).chain(&self.rest)
    }

    /// Blocks from one number to another, both included.
    pub fn range(&self, from: u64, to: u64) -> impl Iterator<Item = &MinedBlock> {
        let numbers = from.max(self.first.header.number)..=to.min(self.latest().header.number);
        numbers.map_while(|number| self.by_number(number))
    }
}
