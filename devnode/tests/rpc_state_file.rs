//! The state file: the chain goes on where it was, also after a kill in the middle of a line.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "helpers of tests"
)]

mod rpc_support;

use std::{
    fs,
    path::{Path, PathBuf},
};

use alloy_eips::BlockId;
use alloy_primitives::U256;
use alloy_rpc_types_eth::TransactionRequest;
use novate_devnode::chain::{Error, Node, NodeConfig};
use rpc_support::{ALICE, BOB, COUNTER, GENESIS, init_code, word};

fn file(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("novate-devnode-{}-{name}", std::process::id()));
    let _ = fs::remove_file(&path);
    path
}

fn open(path: &Path) -> Result<Node, Error> {
    let state_file = Some(path.to_path_buf());
    Node::new(NodeConfig { state_file, ..NodeConfig::reproducible(GENESIS) })
}

fn call(to: alloy_primitives::Address, value: Option<u64>) -> TransactionRequest {
    let request = TransactionRequest { from: Some(ALICE), ..Default::default() }.to(to);
    match value {
        Some(value) => TransactionRequest { input: word(value).into(), ..request },
        None => request,
    }
}

/// A chain with a contract, some blocks, direct changes, and a way back.
fn play(node: &mut Node) -> alloy_primitives::Address {
    let deploy =
        TransactionRequest { input: init_code(COUNTER).into(), ..call(BOB, None) }.into_create();
    let hash = node.send(&deploy).unwrap();
    let counter = node.blocks().transaction(hash).unwrap().2.contract_address.unwrap();
    for value in 1..=5 {
        node.send(&call(counter, Some(value))).unwrap();
    }
    let snapshot = node.snapshot();
    node.send(&call(counter, Some(99))).unwrap();
    assert!(node.revert(snapshot).unwrap());
    node.set_balance(BOB, U256::from(77)).unwrap();
    node.increase_time(500);
    node.send(&call(counter, Some(6))).unwrap();
    counter
}

trait IntoCreate {
    fn into_create(self) -> Self;
}

impl IntoCreate for TransactionRequest {
    fn into_create(mut self) -> Self {
        self.to = Some(alloy_primitives::TxKind::Create);
        self
    }
}

#[test]
fn the_chain_goes_on_where_it_was() {
    let path = file("continue");
    let mut node = open(&path).unwrap();
    let counter = play(&mut node);
    let blocks: Vec<_> = node.blocks().iter().cloned().collect();
    drop(node);
    let mut node = open(&path).unwrap();
    assert_eq!(node.blocks().iter().cloned().collect::<Vec<_>>(), blocks);
    assert_eq!(node.account(BOB, BlockId::latest()).unwrap().balance, U256::from(77));
    for (block, value) in [(2, 1), (6, 5), (7, 6)] {
        let slot = node.storage(counter, U256::ZERO, BlockId::number(block)).unwrap();
        assert_eq!(slot, U256::from(value));
    }
    node.send(&call(counter, Some(8))).unwrap();
    assert_eq!(node.latest().header.parent_hash, blocks.last().unwrap().hash);
    assert_eq!(node.latest().header.timestamp, GENESIS + 500);
    fs::remove_file(path).unwrap();
}

#[test]
fn a_kill_at_any_byte_loses_at_most_the_last_block() {
    let path = file("kill");
    let mut node = open(&path).unwrap();
    play(&mut node);
    let whole: Vec<_> = node.blocks().iter().map(|block| block.hash).collect();
    drop(node);
    let bytes = fs::read(&path).unwrap();
    let last_line = bytes[..bytes.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
    // Every cut inside the last line, and a torn first line.
    let cuts = (last_line..bytes.len()).step_by(37).chain([bytes.len() - 1]);
    for cut in cuts {
        fs::write(&path, &bytes[..cut]).unwrap();
        let mut node = open(&path).unwrap();
        let blocks: Vec<_> = node.blocks().iter().map(|block| block.hash).collect();
        assert_eq!(blocks, whole[..whole.len() - 1], "cut at {cut}");
        // It goes on from there, into a file that loads again.
        node.mine(None).unwrap();
        let latest = node.latest().hash;
        drop(node);
        assert_eq!(open(&path).unwrap().latest().hash, latest);
    }
    fs::write(&path, &bytes[..10]).unwrap();
    assert_eq!(open(&path).unwrap().latest().header.number, 0);
    fs::remove_file(path).unwrap();
}

#[test]
fn a_damaged_or_foreign_file_is_refused() {
    let path = file("damaged");
    let mut node = open(&path).unwrap();
    play(&mut node);
    drop(node);
    let text = fs::read_to_string(&path).unwrap();
    let damaged = text.replacen("\"number\":\"0x3\"", "\"number\":\"0x9\"", 1);
    assert_ne!(damaged, text);
    let missing: Vec<&str> = text
        .split_inclusive('\n')
        .enumerate()
        .filter(|(index, _)| *index != 2)
        .map(|(_, line)| line)
        .collect();
    let missing = missing.concat();
    for (content, expected) in [
        (damaged, "line 4: block 9 does not follow"),
        (missing, "line 3: block 3 does not follow"),
        ("hello\n".into(), "line 1: "),
        ("{}\n".into(), "line 1: "),
        (format!("{text}{text}"), "second start"),
    ] {
        fs::write(&path, content).unwrap();
        let error = open(&path).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    fs::write(&path, &text).unwrap();
    let state_file = Some(path.clone());
    let config = NodeConfig { state_file, chain_id: Some(5), ..NodeConfig::reproducible(GENESIS) };
    let error = Node::new(config).unwrap_err().to_string();
    assert!(error.contains("written by chain 412346"), "{error}");
    let first = open(&path).unwrap();
    let error = open(&path).unwrap_err().to_string();
    assert!(error.ends_with("in use by another node"), "{error}");
    drop(first);
    fs::remove_file(path).unwrap();
}
