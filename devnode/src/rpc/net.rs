//! Who and where the node is.

use alloy_primitives::{Bytes, keccak256};
use serde_json::{Value, json};

use super::{Method, Params, RpcError, format::quantity};
use crate::chain::Node;

/// Name and version, as `web3_clientVersion` gives them.
pub const CLIENT_VERSION: &str = concat!("novate-devnode/v", env!("CARGO_PKG_VERSION"));

pub(super) const METHODS: &[Method] = &[
    Method::new("eth_chainId", "The chain id.", |node, _| Ok(quantity(node.chain_id()))),
    Method::new("net_version", "The chain id in decimal.", |node, _| {
        Ok(json!(node.chain_id().to_string()))
    }),
    Method::new("net_listening", "Always true.", |_, _| Ok(json!(true))),
    Method::new("net_peerCount", "Zero: the node is alone.", |_, _| Ok(quantity(0))),
    Method::new("web3_clientVersion", "Name and version of the node.", |_, _| {
        Ok(json!(CLIENT_VERSION))
    }),
    Method::new("web3_sha3", "Keccak-256 of the given bytes.", sha3),
    Method::new("rpc_modules", "The groups of methods.", |_, _| {
        let names = ["anvil", "debug", "devnode", "eth", "evm", "net", "rpc", "txpool", "web3"];
        let modules = names.map(|name| (name.to_owned(), json!("1.0")));
        Ok(Value::Object(modules.into_iter().collect()))
    }),
    Method::new("eth_syncing", "Always false.", |_, _| Ok(json!(false))),
    Method::new("eth_mining", "Always false: a sequencer orders the chain.", |_, _| {
        Ok(json!(false))
    }),
    Method::new("eth_coinbase", "The sequencer's address.", |node, _| {
        Ok(json!(node.latest().header.beneficiary))
    }),
    Method::new("eth_accounts", "The development accounts.", |node, _| {
        Ok(json!(node.keyring().addresses().collect::<Vec<_>>()))
    }),
];

fn sha3(_: &mut Node, params: &Params) -> Result<Value, RpcError> {
    Ok(json!(keccak256(params.required::<Bytes>(0)?)))
}
