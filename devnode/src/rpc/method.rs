//! The table of methods: what exists, what it does, and which code answers it. The server and the
//! documentation are made from this table.

use serde_json::Value;

use super::{Params, RpcError, anvil, debug, eth, evm, net};
use crate::chain::Node;

/// Code that answers a method.
pub type Handler = fn(&mut Node, &Params) -> Result<Value, RpcError>;

/// A JSON-RPC method.
#[derive(Clone, Copy, Debug)]
pub struct Method {
    /// Its name.
    pub name: &'static str,
    /// What it does, in a sentence.
    pub summary: &'static str,
    /// The code that answers it.
    pub handler: Handler,
}

impl Method {
    /// A row of the table.
    pub(super) const fn new(name: &'static str, summary: &'static str, handler: Handler) -> Self {
        Self { name, summary, handler }
    }
}

/// A group of methods, named by what they are about.
pub type Group = (&'static str, &'static [Method]);

/// All methods that answer over HTTP and WebSocket alike.
pub const GROUPS: &[Group] = &[
    ("Chain and network", net::METHODS),
    ("Blocks and transactions", eth::blocks::METHODS),
    ("State and calls", eth::state::METHODS),
    ("Simulation", eth::simulate::METHODS),
    ("Sending", eth::send::METHODS),
    ("Logs and filters", eth::filters::METHODS),
    ("Tracing", debug::METHODS),
    ("Time, mining and snapshots", evm::METHODS),
    ("Accounts, pool and the node", anvil::METHODS),
];

/// Names under which other tools know a method.
pub const ALIASES: &[(&str, &str)] = &[
    ("anvil_mine", "hardhat_mine"),
    ("anvil_setBalance", "hardhat_setBalance"),
    ("anvil_setBalance", "evm_setAccountBalance"),
    ("anvil_setCode", "hardhat_setCode"),
    ("anvil_setCode", "evm_setAccountCode"),
    ("anvil_setNonce", "hardhat_setNonce"),
    ("anvil_setNonce", "evm_setAccountNonce"),
    ("anvil_setStorageAt", "hardhat_setStorageAt"),
    ("anvil_setStorageAt", "evm_setAccountStorageAt"),
    ("anvil_impersonateAccount", "hardhat_impersonateAccount"),
    ("anvil_stopImpersonatingAccount", "hardhat_stopImpersonatingAccount"),
    ("anvil_setCoinbase", "hardhat_setCoinbase"),
    ("anvil_setNextBlockBaseFeePerGas", "hardhat_setNextBlockBaseFeePerGas"),
    ("anvil_dropTransaction", "hardhat_dropTransaction"),
    ("anvil_reset", "hardhat_reset"),
    ("evm_snapshot", "anvil_snapshot"),
    ("evm_revert", "anvil_revert"),
    ("evm_increaseTime", "anvil_increaseTime"),
    ("evm_setNextBlockTimestamp", "anvil_setNextBlockTimestamp"),
    ("evm_setAutomine", "anvil_setAutomine"),
    ("evm_getAutomine", "anvil_getAutomine"),
    ("evm_getAutomine", "hardhat_getAutomine"),
    ("evm_setIntervalMining", "anvil_setIntervalMining"),
    ("evm_setTime", "anvil_setTime"),
];

/// The method with a name, its own or another tool's.
pub fn find(name: &str) -> Option<&'static Method> {
    let own = ALIASES.iter().find(|(_, alias)| *alias == name).map_or(name, |(own, _)| own);
    GROUPS.iter().flat_map(|(_, methods)| *methods).find(|method| method.name == own)
}

/// Answers one request on the node's own thread.
///
/// # Errors
/// As the method; -32601 for one that does not exist.
pub fn answer(node: &mut Node, name: &str, params: Value) -> Result<Value, RpcError> {
    let method = find(name).ok_or_else(|| RpcError::unknown_method(name))?;
    (method.handler)(node, &Params::new(params)?)
}
