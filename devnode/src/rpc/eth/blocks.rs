//! Blocks, transactions, receipts and fees.

use alloy_eips::{BlockId, BlockNumberOrTag, eip2718::Encodable2718};
use alloy_primitives::{B256, Bytes, U256};
use serde_json::{Value, json};

use crate::{
    chain::{GAS_LIMIT, MinedBlock, Node},
    rpc::{Method, Params, RpcError, format},
};

/// Blocks that one fee history covers at most.
const MAX_FEE_HISTORY: u64 = 1024;

pub(in crate::rpc) const METHODS: &[Method] = &[
    Method::new("eth_blockNumber", "The number of the latest block.", |node, _| {
        Ok(format::quantity(node.latest().header.number))
    }),
    Method::new("eth_getBlockByNumber", "A block by number or tag.", |node, params| {
        let tag = params.required::<BlockNumberOrTag>(0)?;
        block(node, tag.into(), params)
    }),
    Method::new("eth_getBlockByHash", "A block by hash.", |node, params| {
        block(node, params.required::<B256>(0)?.into(), params)
    }),
    Method::new(
        "eth_getBlockTransactionCountByNumber",
        "How many transactions a block has.",
        |node, params| Ok(count(node, params.required::<BlockNumberOrTag>(0)?.into())),
    ),
    Method::new(
        "eth_getBlockTransactionCountByHash",
        "How many transactions a block has.",
        |node, params| Ok(count(node, params.required::<B256>(0)?.into())),
    ),
    Method::new("eth_getUncleCountByBlockNumber", "Zero: there are no uncles.", |_, _| {
        Ok(format::quantity(0))
    }),
    Method::new("eth_getUncleCountByBlockHash", "Zero: there are no uncles.", |_, _| {
        Ok(format::quantity(0))
    }),
    Method::new("eth_getBlockReceipts", "All receipts of a block.", block_receipts),
    Method::new("eth_getTransactionByHash", "A transaction, mined or waiting.", transaction),
    Method::new(
        "eth_getTransactionByBlockNumberAndIndex",
        "A transaction by its place.",
        |node, params| by_index(node, params.required::<BlockNumberOrTag>(0)?.into(), params),
    ),
    Method::new(
        "eth_getTransactionByBlockHashAndIndex",
        "A transaction by its place.",
        |node, params| by_index(node, params.required::<B256>(0)?.into(), params),
    ),
    Method::new("eth_getTransactionReceipt", "The receipt of a mined transaction.", receipt),
    Method::new("eth_getRawTransactionByHash", "A transaction as it was signed.", raw_transaction),
    Method::new("eth_gasPrice", "The base fee: tips are not paid on Arbitrum.", |node, _| {
        Ok(format::quantity(node.base_fee()))
    }),
    Method::new("eth_maxPriorityFeePerGas", "Zero: tips are not paid.", |_, _| {
        Ok(format::quantity(0))
    }),
    Method::new("eth_feeHistory", "Base fees and gas used of recent blocks.", fee_history),
];

/// An unknown block is null, not an error.
fn found(node: &Node, id: BlockId) -> Option<&MinedBlock> {
    node.block(id).ok()
}

fn block(node: &Node, id: BlockId, params: &Params) -> Result<Value, RpcError> {
    let is_full = params.optional(1)?.unwrap_or(false);
    found(node, id).map_or(Ok(Value::Null), |block| format::block(block, is_full))
}

fn count(node: &Node, id: BlockId) -> Value {
    json!(found(node, id).map(|block| U256::from(block.transactions.len())))
}

fn block_receipts(node: &mut Node, params: &Params) -> Result<Value, RpcError> {
    let Some(block) = found(node, params.required(0)?) else { return Ok(Value::Null) };
    let mined = block.transactions.iter().enumerate();
    mined.map(|(index, mined)| format::receipt(block, index, mined)).collect()
}

fn transaction(node: &mut Node, params: &Params) -> Result<Value, RpcError> {
    let hash = params.required(0)?;
    if let Some((block, index, mined)) = node.blocks().transaction(hash) {
        return format::mined_transaction(block, index, mined);
    }
    node.pool().get(hash).map_or(Ok(Value::Null), format::waiting_transaction)
}

fn by_index(node: &Node, id: BlockId, params: &Params) -> Result<Value, RpcError> {
    let index = usize::try_from(params.number(1)?).unwrap_or(usize::MAX);
    let place = found(node, id).and_then(|block| Some((block, block.transactions.get(index)?)));
    place.map_or(Ok(Value::Null), |(block, mined)| format::mined_transaction(block, index, mined))
}

fn receipt(node: &mut Node, params: &Params) -> Result<Value, RpcError> {
    let place = node.blocks().transaction(params.required(0)?);
    place.map_or(Ok(Value::Null), |(block, index, mined)| format::receipt(block, index, mined))
}

fn raw_transaction(node: &mut Node, params: &Params) -> Result<Value, RpcError> {
    let hash = params.required(0)?;
    let mined = node.blocks().transaction(hash).map(|(_, _, mined)| &mined.transaction);
    let transaction = mined.or_else(|| node.pool().get(hash));
    Ok(json!(transaction.map(|transaction| Bytes::from(transaction.envelope.encoded_2718()))))
}

fn fee_history(node: &mut Node, params: &Params) -> Result<Value, RpcError> {
    let count = params.number(0)?.min(MAX_FEE_HISTORY);
    let newest = node.block(params.required::<BlockNumberOrTag>(1)?.into())?.header.number;
    let percentiles = params.optional::<Vec<serde_json::Number>>(2)?;
    if count == 0 {
        return Ok(json!({"oldestBlock": "0x0", "gasUsedRatio": []}));
    }
    let oldest = newest.saturating_sub(count.saturating_sub(1));
    let oldest = oldest.max(node.blocks().first().header.number);
    let blocks: Vec<&MinedBlock> = node.blocks().range(oldest, newest).collect();
    let mut fees: Vec<_> = blocks.iter().map(|block| format::quantity(block.base_fee())).collect();
    let next = node.blocks().by_number(newest.saturating_add(1));
    fees.push(format::quantity(next.map_or_else(|| node.base_fee(), MinedBlock::base_fee)));
    let mut history = json!({
        "oldestBlock": format::quantity(oldest),
        "baseFeePerGas": fees,
        "gasUsedRatio": blocks.iter().map(|block| gas_used_ratio(block)).collect::<Vec<_>>(),
    });
    if let (Some(percentiles), Some(fields)) = (percentiles, history.as_object_mut()) {
        let rewards = vec![vec![format::quantity(0); percentiles.len()]; blocks.len()];
        fields.insert("reward".into(), json!(rewards));
    }
    Ok(history)
}

/// Gas used over the gas limit, which is 2^50: exact in an `f64`.
#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    clippy::float_arithmetic,
    reason = "the interface asks for a floating-point ratio"
)]
fn gas_used_ratio(block: &MinedBlock) -> f64 {
    block.header.gas_used as f64 / GAS_LIMIT as f64
}
