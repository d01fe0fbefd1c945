//! Blocks, transactions and receipts as JSON-RPC shows them, with Arbitrum's extra fields.

use alloy_consensus::transaction::Recovered;
use alloy_primitives::{B256, U64, U256};
use alloy_rpc_types_eth::{
    Block, BlockTransactions, Header, Log, Transaction as RpcTransaction, TransactionReceipt,
};
use serde::Serialize;
use serde_json::{Value, json};

use super::RpcError;
use crate::chain::{MinedBlock, MinedTransaction, Transaction, transaction_logs};

/// Fields that Arbitrum adds to a block.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ArbitrumBlock<T> {
    #[serde(flatten)]
    block: T,
    l1_block_number: U64,
    send_count: U64,
    send_root: B256,
}

/// Fields that Arbitrum adds to a receipt.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ArbitrumReceipt<T> {
    #[serde(flatten)]
    receipt: T,
    gas_used_for_l1: U64,
    l1_block_number: U64,
    timeboosted: bool,
}

/// A block, with whole transactions or their hashes.
pub(super) fn block(block: &MinedBlock, is_full: bool) -> Result<Value, RpcError> {
    let transactions = if is_full {
        let whole = block.transactions.iter().enumerate();
        BlockTransactions::Full(
            whole.map(|(index, mined)| rpc_transaction(block, index, mined)).collect(),
        )
    } else {
        let hashes = block.transactions.iter().map(|mined| mined.transaction.hash());
        BlockTransactions::Hashes(hashes.collect())
    };
    let shown = Block::new(rpc_header(block), transactions);
    Ok(serde_json::to_value(with_arbitrum_fields(block, shown))?)
}

/// A header, as `newHeads` sends it.
pub(super) fn header(block: &MinedBlock) -> Result<Value, RpcError> {
    Ok(serde_json::to_value(with_arbitrum_fields(block, rpc_header(block)))?)
}

fn rpc_header(block: &MinedBlock) -> Header {
    Header {
        hash: block.hash,
        inner: block.header.clone(),
        total_difficulty: None,
        size: Some(U256::from(alloy_rlp::Encodable::length(&block.header))),
    }
}

fn with_arbitrum_fields<T>(block: &MinedBlock, shown: T) -> ArbitrumBlock<T> {
    ArbitrumBlock {
        block: shown,
        l1_block_number: U64::from(block.l1_number),
        send_count: U64::ZERO,
        send_root: B256::ZERO,
    }
}

/// A mined transaction.
pub(super) fn mined_transaction(
    block: &MinedBlock,
    index: usize,
    mined: &MinedTransaction,
) -> Result<Value, RpcError> {
    Ok(serde_json::to_value(rpc_transaction(block, index, mined))?)
}

fn rpc_transaction(block: &MinedBlock, index: usize, mined: &MinedTransaction) -> RpcTransaction {
    use alloy_consensus::Transaction as _;

    let Transaction { envelope, sender } = mined.transaction.clone();
    // With the tip, which the sender offers and doesn't pay.
    let offered = envelope.effective_gas_price(Some(block.base_fee()));
    RpcTransaction {
        inner: Recovered::new_unchecked(envelope, sender),
        block_hash: Some(block.hash),
        block_number: Some(block.header.number),
        transaction_index: u64::try_from(index).ok(),
        effective_gas_price: Some(offered),
        block_timestamp: Some(block.header.timestamp),
    }
}

/// A waiting transaction.
pub(super) fn waiting_transaction(transaction: &Transaction) -> Result<Value, RpcError> {
    let Transaction { envelope, sender } = transaction.clone();
    let shown: RpcTransaction = RpcTransaction {
        inner: Recovered::new_unchecked(envelope, sender),
        block_hash: None,
        block_number: None,
        transaction_index: None,
        effective_gas_price: None,
        block_timestamp: None,
    };
    Ok(serde_json::to_value(shown)?)
}

/// The receipt of a mined transaction.
pub(super) fn receipt(
    block: &MinedBlock,
    index: usize,
    mined: &MinedTransaction,
) -> Result<Value, RpcError> {
    use alloy_consensus::Transaction as _;

    let mut logs = transaction_logs(block, index, mined);
    let inner = mined
        .receipt()
        .map_logs(|log| logs.next().unwrap_or_else(|| Log { inner: log, ..Log::default() }));
    let shown = TransactionReceipt {
        inner,
        transaction_hash: mined.transaction.hash(),
        transaction_index: u64::try_from(index).ok(),
        block_hash: Some(block.hash),
        block_number: Some(block.header.number),
        gas_used: mined.gas_used,
        effective_gas_price: u128::from(block.base_fee()),
        blob_gas_used: None,
        blob_gas_price: None,
        from: mined.transaction.sender,
        to: mined.transaction.envelope.to(),
        contract_address: mined.contract_address.or_else(|| {
            // Where it would be, had the creation not failed.
            let Transaction { envelope, sender } = &mined.transaction;
            envelope.is_create().then(|| sender.create(envelope.nonce()))
        }),
    };
    Ok(serde_json::to_value(ArbitrumReceipt {
        receipt: shown,
        gas_used_for_l1: U64::ZERO,
        l1_block_number: U64::from(block.l1_number),
        timeboosted: false,
    })?)
}

/// A number as JSON-RPC shows it.
pub(super) fn quantity(number: u64) -> Value {
    json!(U64::from(number))
}
