//! Direct changes to accounts, the pool, and what the node tells of itself: `anvil_*`, `txpool_*`.

use std::collections::BTreeMap;

use alloy_eips::BlockId;
use alloy_primitives::{Address, B256, Bytes, U256};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Method, Params, RpcError, format, net::CLIENT_VERSION};
use crate::chain::{ForkConfig, Mining, Node};

pub(super) const METHODS: &[Method] = &[
    Method::new("anvil_setBalance", "Sets a balance, wei.", |node, params| {
        node.set_balance(params.required(0)?, params.required(1)?)?;
        Ok(Value::Null)
    }),
    Method::new("anvil_addBalance", "Adds to a balance, wei.", |node, params| {
        let address = params.required(0)?;
        let balance = node.account(address, BlockId::latest())?.balance;
        node.set_balance(address, balance.saturating_add(params.required(1)?))?;
        Ok(Value::Null)
    }),
    Method::new("anvil_setNonce", "Sets a nonce.", |node, params| {
        node.set_nonce(params.required(0)?, params.number(1)?)?;
        Ok(Value::Null)
    }),
    Method::new("anvil_setCode", "Puts code at an address.", |node, params| {
        node.set_code(params.required(0)?, params.required(1)?)?;
        Ok(Value::Null)
    }),
    Method::new("anvil_setStorageAt", "Writes a storage slot.", |node, params| {
        let value: U256 = params.required(2)?;
        node.set_storage(params.required(0)?, params.required(1)?, value)?;
        Ok(json!(true))
    }),
    Method::new(
        "devnode_setStylusVersion",
        "Changes the version of Stylus: every program must be activated again.",
        |node, params| {
            let version = u16::try_from(params.number(0)?)
                .map_err(|_| RpcError::invalid_params("argument 0 is too large"))?;
            node.set_stylus_version(version)?;
            Ok(Value::Null)
        },
    ),
    Method::new(
        "anvil_impersonateAccount",
        "Sends for an account without its key.",
        |node, params| {
            node.impersonate(params.required(0)?);
            Ok(Value::Null)
        },
    ),
    Method::new("anvil_stopImpersonatingAccount", "Ends impersonation.", |node, params| {
        node.stop_impersonating(params.required(0)?);
        Ok(Value::Null)
    }),
    Method::new("anvil_autoImpersonateAccount", "Impersonates anyone, or not.", |node, params| {
        node.impersonate_all(params.required(0)?);
        Ok(Value::Null)
    }),
    Method::new(
        "anvil_setNextBlockBaseFeePerGas",
        "Sets the next block's base fee, wei per gas.",
        |node, params| {
            node.set_next_base_fee(params.number(0)?);
            Ok(Value::Null)
        },
    ),
    Method::new("anvil_setCoinbase", "Sets `block.coinbase`.", |node, params| {
        node.set_coinbase(params.required(0)?);
        Ok(Value::Null)
    }),
    Method::new("anvil_setChainId", "Sets the chain id.", |node, params| {
        node.set_chain_id(params.number(0)?);
        Ok(Value::Null)
    }),
    Method::new("anvil_dropTransaction", "Takes a transaction out of the pool.", |node, params| {
        let dropped = node.drop_transaction(params.required(0)?);
        Ok(json!(dropped.map(|transaction| transaction.hash())))
    }),
    Method::new("anvil_dropAllTransactions", "Empties the pool.", |node, _| {
        node.drop_transactions(None);
        Ok(Value::Null)
    }),
    Method::new(
        "anvil_removePoolTransactions",
        "Empties the pool of one sender.",
        |node, params| {
            node.drop_transactions(Some(params.required::<Address>(0)?));
            Ok(Value::Null)
        },
    ),
    Method::new("anvil_reset", "Begins anew; `{forking: {jsonRpcUrl, blockNumber}}` forks.", reset),
    Method::new("anvil_dumpState", "The whole state, for `anvil_loadState`.", |node, _| {
        Ok(json!(Bytes::from(serde_json::to_vec(&node.dump_state())?)))
    }),
    Method::new("anvil_loadState", "Lays a dumped state over the present one.", |node, params| {
        let bytes: Bytes = params.required(0)?;
        let changes = serde_json::from_slice(&bytes)
            .map_err(|error| RpcError::invalid_params(format!("not a dumped state: {error}")))?;
        node.load_state(&changes)?;
        Ok(json!(true))
    }),
    Method::new("anvil_nodeInfo", "How the node is set up.", node_info),
    Method::new("anvil_metadata", "What the node is and what it forks.", metadata),
    Method::new("txpool_status", "How many transactions wait.", |node, _| {
        let (pending, queued) = split_pool(node)?;
        let count =
            |group: &Group| U256::from(group.values().map(Map::len).fold(0, usize::saturating_add));
        Ok(json!({"pending": count(&pending), "queued": count(&queued)}))
    }),
    Method::new("txpool_content", "The waiting transactions.", |node, _| {
        let (pending, queued) = split_pool(node)?;
        Ok(json!({"pending": pending, "queued": queued}))
    }),
];

type Group = BTreeMap<Address, Map<String, Value>>;

/// Waiting transactions that can run, and those that wait for a missing nonce.
fn split_pool(node: &Node) -> Result<(Group, Group), RpcError> {
    let (mut pending, mut queued) = (Group::new(), Group::new());
    for (sender, nonce, waiting) in node.pool().iter() {
        let can_run = nonce < node.nonce(sender, BlockId::pending())?;
        let group = if can_run { &mut pending } else { &mut queued };
        let shown = format::waiting_transaction(waiting)?;
        group.entry(sender).or_default().insert(nonce.to_string(), shown);
    }
    Ok((pending, queued))
}

#[expect(clippy::unnecessary_wraps, reason = "a handler")]
fn node_info(node: &mut Node, _: &Params) -> Result<Value, RpcError> {
    let latest = node.latest();
    let fork = node.config().fork.as_ref();
    Ok(json!({
        "currentBlockNumber": format::quantity(latest.header.number),
        "currentBlockTimestamp": latest.header.timestamp,
        "currentBlockHash": latest.hash,
        "hardFork": "osaka",
        "transactionOrder": "fifo",
        "arbosVersion": node.config().chain.arbos.number(),
        "environment": {
            "baseFee": format::quantity(node.base_fee()),
            "chainId": node.chain_id(),
            "gasLimit": format::quantity(latest.header.gas_limit),
            "gasPrice": format::quantity(node.base_fee()),
        },
        "forkConfig": {
            "forkUrl": fork.map(|fork| &fork.url),
            "forkBlockNumber": fork.map(|_| node.blocks().first().header.number),
            "forkRetryBackoff": null,
        },
        "automine": node.mining() == Mining::Instant,
    }))
}

/// What `anvil_reset` takes.
#[derive(Debug, Default, Deserialize)]
struct ResetOptions {
    forking: Option<Forking>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Forking {
    json_rpc_url: Option<String>,
    block_number: Option<U256>,
}

fn reset(node: &mut Node, params: &Params) -> Result<Value, RpcError> {
    let options: ResetOptions = params.optional(0)?.unwrap_or_default();
    let fork = match options.forking {
        None => None,
        Some(Forking { json_rpc_url, block_number }) => {
            let present = node.config().fork.clone();
            let url = json_rpc_url.or_else(|| present.as_ref().map(|fork| fork.url.clone()));
            let missing = || RpcError::invalid_params("forking: missing jsonRpcUrl");
            let block = block_number.map(|number| number.saturating_to());
            let cache = present.and_then(|fork| fork.cache);
            Some(ForkConfig { url: url.ok_or_else(missing)?, block, cache })
        }
    };
    node.reset(fork)?;
    Ok(Value::Null)
}

#[expect(clippy::unnecessary_wraps, reason = "a handler")]
fn metadata(node: &mut Node, _: &Params) -> Result<Value, RpcError> {
    let latest = node.latest();
    let first = node.blocks().first();
    let fork = node.config().fork.as_ref().map(|_| {
        json!({
            "chainId": node.chain_id(),
            "forkBlockNumber": first.header.number,
            "forkBlockHash": first.header.parent_hash,
        })
    });
    Ok(json!({
        "clientVersion": CLIENT_VERSION,
        "clientSemver": env!("CARGO_PKG_VERSION"),
        "chainId": node.chain_id(),
        "instanceId": B256::from(U256::from(std::process::id())),
        "latestBlockNumber": latest.header.number,
        "latestBlockHash": latest.hash,
        "forkedNetwork": fork,
        "snapshots": {},
    }))
}
