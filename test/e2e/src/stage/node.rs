//! The node: our own inside this process, served over HTTP, unless `NOVATE_RPC_URL` names another.

use core::net::SocketAddr;

use novate_client::{Chain, Gas};
use novate_devnode::ArbOs;
use novate_devnode::chain::{NodeConfig, NodeHandle};
use novate_devnode::rpc::{Server, ServerConfig};
use tokio::sync::Mutex;

use super::StageError;

/// Gas limit of every transaction: the chain's own limit on computation. A fixed one saves the estimate.
const GAS_LIMIT: u64 = 32_000_000;

/// Our node and its server; both stop when this is dropped.
#[derive(Debug)]
pub struct RunningNode {
    _server: Server,
}

/// Connects to the node that `NOVATE_RPC_URL` names, or starts one whose time begins at `time` and moves only when told.
///
/// # Errors
/// [`StageError::Node`] if it doesn't start, [`StageError::Client`] if it can't be reached.
pub(super) async fn connect(time: u64) -> Result<(Chain, String, Option<RunningNode>), StageError> {
    let (url, node) = if let Ok(url) = std::env::var("NOVATE_RPC_URL") {
        (url, None)
    } else {
        let failed = |error: String| StageError::Node(error);
        let mut config = NodeConfig::reproducible(time);
        config.chain.arbos = ArbOs::V60;
        let handle = NodeHandle::spawn(config).map_err(|error| failed(error.to_string()))?;
        let config = ServerConfig {
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            ..ServerConfig::default()
        };
        let server =
            Server::start(handle, config).await.map_err(|error| failed(error.to_string()))?;
        (server.url(), Some(RunningNode { _server: server }))
    };
    let chain = Chain::connect(&url).await?.with_gas(Gas::Limit(GAS_LIMIT));
    if node.is_none() {
        rewind(&chain).await;
    }
    Ok((chain, url, node))
}

/// Brings a foreign node back to where this process found it and lets its time stand still, so that tests one after the
/// other see what they would see on a node of their own. A node that cannot goes on as it is: then tests that move time
/// fail by themselves.
async fn rewind(chain: &Chain) {
    static FOUND: Mutex<Option<String>> = Mutex::const_new(None);
    let mut found = FOUND.lock().await;
    if let Some(id) = found.take() {
        let _: Result<bool, _> = chain.request("evm_revert", (id,)).await;
    }
    *found = chain.request("evm_snapshot", ()).await.ok();
    let _: Result<serde_json::Value, _> =
        chain.request("anvil_setBlockTimestampInterval", (0,)).await;
}
