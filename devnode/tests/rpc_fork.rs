//! A fork of another node: reads what is missing, keeps its own changes to itself, caches on disk.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests"
)]

mod rpc_support;

use std::{fs, path::PathBuf};

use alloy_primitives::Address;
use novate_devnode::chain::{ForkConfig, Node, NodeConfig, NodeHandle};
use rpc_support::{ALICE, BOB, COUNTER, Client, GENESIS, number, word};
use serde_json::json;

fn folder(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("novate-fork-{}-{name}", std::process::id()));
    let _ = fs::remove_dir_all(&path);
    path
}

fn config(client: &Client, block: Option<u64>, cache: Option<PathBuf>) -> NodeConfig {
    let fork = Some(ForkConfig { url: client.server.url(), block, cache });
    NodeConfig { fork, ..NodeConfig::default() }
}

/// A chain with a counter that went 1, 2, 3.
async fn origin() -> (Client, Address) {
    let client = Client::start().await;
    let counter = client.deploy(COUNTER).await;
    for value in 1..=3 {
        let send = json!([{"from": ALICE, "to": counter, "data": word(value)}]);
        client.result("eth_sendTransaction", send).await;
    }
    (client, counter)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fork_reads_the_other_chain_and_leaves_it_alone() {
    let (origin, counter) = origin().await;
    for (block, value) in [(None, 3), (Some(2), 1)] {
        let fork_config = config(&origin, block, None);
        let fork = tokio::task::spawn_blocking(|| NodeHandle::spawn(fork_config)).await;
        let fork = Client::serve(fork.unwrap().unwrap()).await;
        let latest = fork.result("eth_getBlockByNumber", json!(["latest", false])).await;
        assert_eq!(number(&latest["number"]), block.unwrap_or(4));
        assert_eq!(number(&latest["timestamp"]), GENESIS);
        let call = json!([{"to": counter}]);
        assert_eq!(fork.result("eth_call", call.clone()).await, json!(word(value)));
        let send = json!([{"from": BOB, "to": counter, "data": word(9)}]);
        fork.result("eth_sendTransaction", send).await;
        assert_eq!(fork.result("eth_call", call.clone()).await, json!(word(9)));
        assert_eq!(origin.result("eth_call", call.clone()).await, json!(word(3)));
        // The block of the fork is still readable, and the way back leads there.
        let tag = latest["number"].clone();
        assert_eq!(
            fork.result("eth_call", json!([{"to": counter}, tag])).await,
            json!(word(value))
        );
        fork.result("anvil_rollback", json!([1])).await;
        assert_eq!(fork.result("eth_call", call).await, json!(word(value)));
        // A contract made here never asks the other chain for its storage.
        let own = fork.deploy(COUNTER).await;
        assert_eq!(fork.result("eth_call", json!([{"to": own}])).await, json!(word(0)));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_read_is_kept_on_disk() {
    let (origin, counter) = origin().await;
    let cache = folder("cache");
    let fork_config = config(&origin, Some(4), Some(cache.clone()));
    let read = move |config: NodeConfig| {
        let node = Node::new(config).unwrap();
        let latest = alloy_eips::BlockId::latest();
        let slot = node.storage(counter, alloy_primitives::U256::ZERO, latest).unwrap();
        let code = node.code(counter, latest).unwrap();
        node.flush().unwrap();
        (slot.to::<u64>(), code.to_vec())
    };
    let first = fork_config.clone();
    let (slot, code) = tokio::task::spawn_blocking(move || read(first)).await.unwrap();
    assert_eq!((slot, code.as_slice()), (3, COUNTER));
    assert_eq!(fs::read_dir(&cache).unwrap().count(), 1);
    // A cached value is not asked for again: change what the other node would answer.
    origin.result("anvil_setStorageAt", json!([counter, "0x0", word(77)])).await;
    let second = fork_config.clone();
    let (slot, _) = tokio::task::spawn_blocking(move || read(second)).await.unwrap();
    assert_eq!(slot, 3);
    // A damaged cache only costs time.
    let file = fs::read_dir(&cache).unwrap().next().unwrap().unwrap().path();
    fs::write(&file, "{").unwrap();
    let (slot, _) = tokio::task::spawn_blocking(move || read(fork_config)).await.unwrap();
    assert_eq!(slot, 77);
    fs::remove_dir_all(cache).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fork_that_cannot_be_read_is_a_typed_error() {
    let (origin, counter) = origin().await;
    let missing = config(&origin, Some(99), None);
    let error = tokio::task::spawn_blocking(|| Node::new(missing).unwrap_err().to_string()).await;
    assert!(error.unwrap().starts_with("fork: no block 0x63 at http://"));
    let fork_config = config(&origin, None, None);
    let fork = tokio::task::spawn_blocking(|| NodeHandle::spawn(fork_config)).await;
    let fork = Client::serve(fork.unwrap().unwrap()).await;
    origin.stop().await;
    let (code, message, _) = fork.error("eth_call", json!([{"to": counter}])).await;
    assert_eq!(code, -32000);
    assert!(message.starts_with("fork: "), "{message}");
    assert_eq!(fork.result("eth_blockNumber", json!([])).await, "0x4", "the node goes on");
}
