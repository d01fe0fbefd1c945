//! Time, mining and snapshots: `evm_*` and `anvil_*`.

use core::time::Duration;

use alloy_primitives::U64;
use serde_json::{Value, json};

use super::{Method, Params, RpcError, format};
use crate::chain::{Mining, Node};

pub(super) const METHODS: &[Method] = &[
    Method::new("evm_snapshot", "Marks the state; returns an identifier.", |node, _| {
        Ok(json!(U64::from(node.snapshot())))
    }),
    Method::new("evm_revert", "Goes back to a snapshot, once.", |node, params| {
        Ok(json!(node.revert(params.number(0)?)?))
    }),
    Method::new("evm_increaseTime", "Moves the clock forward, seconds.", |node, params| {
        Ok(json!(node.increase_time(params.number(0)?)))
    }),
    Method::new(
        "evm_setNextBlockTimestamp",
        "Gives the next block this timestamp.",
        |node, params| {
            node.set_next_timestamp(params.number(0)?)?;
            Ok(Value::Null)
        },
    ),
    Method::new("evm_setTime", "Moves the clock to a time.", |node, params| {
        node.set_time(params.number(0)?);
        Ok(json!(0))
    }),
    Method::new(
        "anvil_setBlockTimestampInterval",
        "Makes each block this many seconds later than its parent.",
        |node, params| {
            node.set_timestamp_interval(Some(params.number(0)?));
            Ok(Value::Null)
        },
    ),
    Method::new(
        "anvil_removeBlockTimestampInterval",
        "Returns to the clock; true if an interval was set.",
        |node, _| {
            let was_set = node.timestamp_interval().is_some();
            node.set_timestamp_interval(None);
            Ok(json!(was_set))
        },
    ),
    Method::new(
        "evm_mine",
        "Mines a block: at a timestamp, or as `{timestamp, blocks}` says.",
        mine,
    ),
    Method::new("evm_mine_detailed", "Like `evm_mine`; returns the blocks.", mine_detailed),
    Method::new("anvil_mine", "Mines blocks: count, seconds between them.", |node, params| {
        let count = params.optional_number(0)?.unwrap_or(1);
        node.mine_many(count, params.optional_number(1)?)?;
        Ok(Value::Null)
    }),
    Method::new("evm_setAutomine", "Mines each transaction at once, or not.", |node, params| {
        let mining = if params.required(0)? { Mining::Instant } else { Mining::Manual };
        node.set_mining(mining)?;
        Ok(Value::Null)
    }),
    Method::new("evm_getAutomine", "Whether each transaction is mined at once.", |node, _| {
        Ok(json!(node.mining() == Mining::Instant))
    }),
    Method::new(
        "evm_setIntervalMining",
        "Mines a block every so many seconds; 0 stops.",
        |node, params| {
            let mining = match params.number(0)? {
                0 => Mining::Manual,
                seconds => Mining::Interval(Duration::from_secs(seconds)),
            };
            node.set_mining(mining)?;
            Ok(Value::Null)
        },
    ),
    Method::new("anvil_getIntervalMining", "Seconds between blocks, or null.", |node, _| {
        let seconds = match node.mining() {
            Mining::Interval(interval) => Some(interval.as_secs()),
            Mining::Instant | Mining::Manual => None,
        };
        Ok(json!(seconds))
    }),
    Method::new(
        "anvil_rollback",
        "Undoes the newest blocks; one without a count.",
        |node, params| {
            node.roll_back(params.optional_number(0)?.unwrap_or(1))?;
            Ok(Value::Null)
        },
    ),
];

/// How `evm_mine` may be asked: Ganache's object, or a bare timestamp.
#[derive(serde::Deserialize)]
#[serde(untagged)]
enum MineOptions {
    Fields { timestamp: Option<alloy_primitives::U256>, blocks: Option<alloy_primitives::U256> },
    Timestamp(alloy_primitives::U256),
}

fn mine_blocks(node: &mut Node, params: &Params) -> Result<u64, RpcError> {
    let (timestamp, blocks) = match params.optional::<MineOptions>(0)? {
        None => (None, None),
        Some(MineOptions::Timestamp(timestamp)) => (Some(timestamp), None),
        Some(MineOptions::Fields { timestamp, blocks }) => (timestamp, blocks),
    };
    let blocks = blocks.map_or(1, |blocks| blocks.saturating_to());
    if let Some(timestamp) = timestamp {
        node.set_next_timestamp(timestamp.saturating_to())?;
    }
    node.mine_many(blocks, None)?;
    Ok(blocks)
}

fn mine(node: &mut Node, params: &Params) -> Result<Value, RpcError> {
    mine_blocks(node, params)?;
    Ok(json!("0x0"))
}

fn mine_detailed(node: &mut Node, params: &Params) -> Result<Value, RpcError> {
    let blocks = mine_blocks(node, params)?;
    let latest = node.latest().header.number;
    let first = latest.saturating_sub(blocks).saturating_add(1);
    node.blocks().range(first, latest).map(|block| format::block(block, true)).collect()
}
