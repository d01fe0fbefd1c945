//! Logs, and filters that are polled.

use alloy_primitives::U64;
use alloy_rpc_types_eth::Filter;
use serde_json::{Value, json};

use crate::{
    chain::{FilterKind, Node},
    rpc::{Method, Params, RpcError},
};

pub(in crate::rpc) const METHODS: &[Method] = &[
    Method::new("eth_getLogs", "The logs that a filter matches.", |node, params| {
        Ok(json!(node.logs(&params.required(0)?)?))
    }),
    Method::new("eth_newFilter", "Opens a filter for logs.", |node, params| {
        open(node, FilterKind::Logs(Box::new(params.required::<Filter>(0)?)))
    }),
    Method::new("eth_newBlockFilter", "Opens a filter for block hashes.", |node, _| {
        open(node, FilterKind::Blocks)
    }),
    Method::new(
        "eth_newPendingTransactionFilter",
        "Opens a filter for hashes of accepted transactions.",
        |node, _| open(node, FilterKind::Transactions),
    ),
    Method::new("eth_getFilterChanges", "What a filter collected since.", |node, params| {
        Ok(json!(node.filter_changes(id(params))?))
    }),
    Method::new("eth_getFilterLogs", "All logs that a filter matches.", |node, params| {
        Ok(json!(node.filter_logs(id(params))?))
    }),
    Method::new("eth_uninstallFilter", "Closes a filter.", |node, params| {
        Ok(json!(node.close_filter(id(params))))
    }),
];

fn open(node: &mut Node, kind: FilterKind) -> Result<Value, RpcError> {
    Ok(json!(U64::from(node.open_filter(kind)?)))
}

/// An identifier that is no number of ours is unknown, not malformed: other nodes give out longer
/// ones.
fn id(params: &Params) -> u64 {
    params.number(0).unwrap_or(0)
}
