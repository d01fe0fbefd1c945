//! The API for Rust tests: a node on its own thread, reached by typed calls.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests"
)]

mod rpc_support;

use alloy_primitives::{Address, Bytes, U256};
use alloy_rpc_types_eth::{Filter, TransactionRequest};
use novate_devnode::chain::{Error, Mining, NodeConfig, NodeHandle, ether};
use rpc_support::{COUNTER, GENESIS, LOOP, REVERTER, init_code, word};

fn request(from: Address, to: Address, data: Bytes) -> TransactionRequest {
    TransactionRequest { from: Some(from), input: data.into(), ..Default::default() }.to(to)
}

/// A deployment, calls and a way through time; what it comes to.
fn play() -> Vec<(alloy_primitives::B256, u64)> {
    let node = NodeHandle::spawn(NodeConfig::reproducible(GENESIS)).unwrap();
    let accounts = node.accounts().unwrap();
    assert_eq!(accounts.len(), 10);
    let counter = node.deploy(accounts[0], init_code(COUNTER)).unwrap();
    let sent = node.send(request(accounts[1], counter, word(5))).unwrap().success().unwrap();
    assert_eq!((sent.block_number, sent.timestamp), (2, GENESIS));
    assert_eq!(sent.mined.logs[0].data.data, word(5));
    assert_eq!(node.call(request(accounts[0], counter, Bytes::new())).unwrap(), word(5));
    assert_eq!(node.warp(3600).unwrap(), GENESIS + 3600);
    assert_eq!(node.warp_to(GENESIS + 7200).unwrap(), GENESIS + 7200);
    assert_eq!(node.timestamp().unwrap(), GENESIS + 7200);
    assert_eq!(node.transaction(sent.hash).unwrap(), sent);
    let logs = node.logs(Filter::new().address(counter).from_block(0)).unwrap();
    assert_eq!(logs.len(), 1);
    node.set_balance(counter, ether(3)).unwrap();
    node.run(|node| {
        Ok(node.blocks().iter().map(|block| (block.hash, block.header.timestamp)).collect())
    })
    .unwrap()
}

#[test]
fn equal_runs_give_equal_blocks() {
    let first = play();
    assert_eq!(first.len(), 5);
    assert_eq!(first, play());
}

#[test]
fn failures_are_typed() {
    let node = NodeHandle::spawn(NodeConfig::reproducible(GENESIS)).unwrap();
    let alice = node.accounts().unwrap()[0];
    let contract = node.deploy(alice, init_code(REVERTER)).unwrap();
    let reverted = Error::Reverted { data: Bytes::from_static(&[0xde, 0xad, 0xbe, 0xef]) };
    let call = request(alice, contract, Bytes::new());
    assert_eq!(node.call(call.clone()).unwrap_err(), reverted);
    assert_eq!(node.send(call.clone()).unwrap_err(), reverted, "already at the estimate");
    let sent = node.send(TransactionRequest { gas: Some(100_000), ..call }).unwrap();
    assert!(!sent.mined.is_success);
    assert_eq!(sent.success().unwrap_err(), reverted);
    let endless = node.deploy(alice, init_code(LOOP)).unwrap();
    let call = request(alice, endless, Bytes::new());
    let sent = node.send(TransactionRequest { gas: Some(100_000), ..call }).unwrap();
    assert_eq!(sent.success().unwrap_err(), Error::Halted("out of gas".into()));
    let stranger = Address::repeat_byte(9);
    let error = node.send(request(stranger, alice, Bytes::new())).unwrap_err();
    assert_eq!(error, Error::UnknownAccount { address: stranger });
    let missing = node.deploy(alice, Bytes::from(REVERTER)).unwrap_err();
    assert_eq!(missing, reverted);
}

#[test]
fn a_handle_works_from_many_threads() {
    let node = NodeHandle::spawn(NodeConfig::reproducible(GENESIS)).unwrap();
    let accounts = node.accounts().unwrap();
    let threads: Vec<_> = accounts
        .into_iter()
        .map(|from| {
            let node = node.clone();
            std::thread::spawn(move || {
                for _ in 0..20 {
                    let call = TransactionRequest {
                        value: Some(U256::ONE),
                        ..request(from, from, Bytes::new())
                    };
                    node.send(call).unwrap().success().unwrap();
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    assert_eq!(node.run(|node| Ok(node.latest().header.number)).unwrap(), 200);
}

#[test]
fn blocks_come_at_intervals() {
    let mining = Mining::Interval(core::time::Duration::from_millis(20));
    let node =
        NodeHandle::spawn(NodeConfig { mining, ..NodeConfig::reproducible(GENESIS) }).unwrap();
    let begun = std::time::Instant::now();
    while node.run(|node| Ok(node.latest().header.number)).unwrap() < 5 {
        assert!(begun.elapsed().as_secs() < 20, "no blocks");
        std::thread::sleep(core::time::Duration::from_millis(5));
    }
}

#[test]
fn the_node_ends_with_its_last_handle() {
    let (node, thread) = NodeHandle::spawn_joinable(NodeConfig::reproducible(GENESIS)).unwrap();
    let other = node.clone();
    drop(node);
    other.timestamp().unwrap();
    drop(other);
    thread.join().unwrap();
}
