//! Snapshots, impersonation, direct changes, mining modes, the pool, and overrides of calls.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "helpers of tests"
)]

mod rpc_support;

use alloy_primitives::{Bytes, U256, address};
use rpc_support::{ALICE, BOB, COUNTER, Client, ENVIRONMENT, GENESIS, number, word};
use serde_json::{Value, json};

const STRANGER: alloy_primitives::Address = address!("00000000000000000000000000000000000c0ffe");

#[tokio::test]
async fn a_snapshot_brings_back_state_blocks_and_time() {
    let client = Client::start().await;
    let counter = client.deploy(COUNTER).await;
    let snapshot = client.result("evm_snapshot", json!([])).await;
    let before = client.result("eth_getBlockByNumber", json!(["latest", true])).await;
    let send = json!([{"from": ALICE, "to": counter, "data": word(5)}]);
    let hash = client.result("eth_sendTransaction", send.clone()).await;
    client.result("anvil_setBalance", json!([STRANGER, "0x77"])).await;
    client.result("evm_increaseTime", json!(["0x1000"])).await;
    client.result("evm_mine", json!([])).await;
    let inner = client.result("evm_snapshot", json!([])).await;

    assert_eq!(client.result("evm_revert", json!([snapshot])).await, json!(true));
    let after = client.result("eth_getBlockByNumber", json!(["latest", true])).await;
    assert_eq!(after, before);
    assert_eq!(client.result("eth_getBalance", json!([STRANGER])).await, "0x0");
    assert_eq!(client.result("eth_getTransactionReceipt", json!([hash])).await, Value::Null);
    assert_eq!(client.result("eth_call", json!([{"to": counter}])).await, json!(word(0)));
    assert_eq!(client.result("evm_revert", json!([snapshot])).await, json!(false), "used up");
    assert_eq!(client.result("evm_revert", json!([inner])).await, json!(false), "taken after");
    // The same transaction at the same time gives the same block again.
    assert_eq!(client.result("eth_sendTransaction", send).await, hash);
    let block = client.result("eth_getBlockByNumber", json!(["latest", false])).await;
    assert_eq!(number(&block["timestamp"]), GENESIS);
}

#[tokio::test]
async fn anyone_can_be_impersonated_even_a_contract() {
    let client = Client::start().await;
    let counter = client.deploy(COUNTER).await;
    let send = json!([{"from": counter, "to": BOB, "value": "0x5", "gas": "0x5208"}]);
    let (code, message, _) = client.error("eth_sendTransaction", send.clone()).await;
    assert_eq!((code, message.as_str()), (-32000, "unknown account"));
    client.result("anvil_setBalance", json!([counter, "0xde0b6b3a7640000"])).await;
    client.result("anvil_impersonateAccount", json!([counter])).await;
    let hash = client.result("eth_sendTransaction", send.clone()).await;
    let receipt = client.result("eth_getTransactionReceipt", json!([hash])).await;
    assert_eq!(receipt["status"], "0x1");
    assert_eq!(receipt["from"], json!(counter));
    client.result("anvil_stopImpersonatingAccount", json!([counter])).await;
    assert_eq!(client.error("eth_sendTransaction", send.clone()).await.1, "unknown account");
    client.result("anvil_autoImpersonateAccount", json!([true])).await;
    client.result("eth_sendTransaction", send).await;
}

#[tokio::test]
async fn accounts_are_changed_directly() {
    let client = Client::start().await;
    client.result("anvil_setCode", json!([STRANGER, Bytes::from(COUNTER)])).await;
    client.result("anvil_setStorageAt", json!([STRANGER, "0x0", word(9)])).await;
    assert_eq!(client.result("eth_call", json!([{"to": STRANGER}])).await, json!(word(9)));
    client.result("hardhat_setNonce", json!([STRANGER, "0x9"])).await;
    assert_eq!(client.result("eth_getTransactionCount", json!([STRANGER])).await, "0x9");
    client.result("anvil_addBalance", json!([STRANGER, "0x3"])).await;
    client.result("anvil_addBalance", json!([STRANGER, "0x4"])).await;
    assert_eq!(client.result("eth_getBalance", json!([STRANGER])).await, "0x7");
    let info = client.result("eth_getAccountInfo", json!([STRANGER, "latest"])).await;
    assert_eq!(info, json!({"balance": "0x7", "nonce": "0x9", "code": Bytes::from(COUNTER)}));
    assert_eq!(client.result("eth_blockNumber", json!([])).await, "0x0", "no block is mined");
}

#[tokio::test]
async fn without_automine_transactions_wait_for_a_block() {
    let client = Client::start().await;
    client.result("evm_setAutomine", json!([false])).await;
    assert_eq!(client.result("evm_getAutomine", json!([])).await, json!(false));
    let send = |nonce: u64| json!([{"from": ALICE, "to": BOB, "gas": "0x5208", "nonce": format!("{nonce:#x}")}]);
    let late = client.result("eth_sendTransaction", send(3)).await;
    for nonce in 0..2 {
        client.result("eth_sendTransaction", send(nonce)).await;
    }
    let count = |tag: &str| client.result("eth_getTransactionCount", json!([ALICE, tag]));
    assert_eq!((count("latest").await, count("pending").await), (json!("0x0"), json!("0x2")));
    let status = client.result("txpool_status", json!([])).await;
    assert_eq!(status, json!({"pending": "0x2", "queued": "0x1"}));
    let waiting = client.result("eth_getTransactionByHash", json!([late])).await;
    assert_eq!(waiting["blockHash"], Value::Null);
    client.result("evm_mine", json!([])).await;
    let block = client.result("eth_getBlockByNumber", json!(["latest", false])).await;
    assert_eq!(block["transactions"].as_array().unwrap().len(), 2);
    let receipts = client.result("eth_getBlockReceipts", json!(["latest"])).await;
    assert_eq!(receipts[1]["cumulativeGasUsed"], "0xa410");
    // The missing nonce lets the waiting one through.
    client.result("eth_sendTransaction", send(2)).await;
    client.result("evm_setAutomine", json!([true])).await;
    let receipt = client.result("eth_getTransactionReceipt", json!([late])).await;
    assert_eq!(receipt["status"], "0x1");
}

#[tokio::test]
async fn a_call_sees_overridden_accounts_and_blocks() {
    let client = Client::start().await;
    let code = json!({STRANGER.to_string(): {"code": Bytes::from(COUNTER), "balance": "0x5",
        "stateDiff": {word(0).to_string(): word(77)}}});
    let call = json!([{"to": STRANGER}, "latest", code]);
    assert_eq!(client.result("eth_call", call).await, json!(word(77)));
    assert_eq!(client.result("eth_call", json!([{"to": STRANGER}])).await, "0x");
    // `state` replaces the whole storage, `stateDiff` single slots.
    let counter = client.deploy(COUNTER).await;
    client.result("anvil_setStorageAt", json!([counter, "0x0", word(5)])).await;
    for (field, expected) in [("state", 0), ("stateDiff", 5)] {
        let other = json!({counter.to_string(): {field: {word(1).to_string(): word(1)}}});
        let output = client.result("eth_call", json!([{"to": counter}, "latest", other])).await;
        assert_eq!(output, json!(word(expected)), "{field}");
    }
    let environment = client.deploy(ENVIRONMENT).await;
    let block = json!({"number": "0x10", "time": "0x20", "baseFee": "0x30"});
    // A call that names no price sees no base fee.
    for (price, fee) in [("0x30", 0x30), ("0x0", 0)] {
        let call = json!({"from": ALICE, "to": environment, "gasPrice": price});
        let call = json!([call, "latest", {}, block]);
        let output: Bytes = serde_json::from_value(client.result("eth_call", call).await).unwrap();
        let words: Vec<u64> = output.chunks(32).map(|w| U256::from_be_slice(w).to()).collect();
        assert_eq!(words, [0x10, 0x20, fee, 412_346]);
    }
    let funds = json!([{"from": STRANGER, "to": BOB, "value": "0x10"}, "latest"]);
    let (code, message, _) = client.error("eth_call", funds).await;
    assert_eq!(code, -32000);
    assert!(message.starts_with("insufficient funds for gas * price + value"), "{message}");
    let funded = json!([{"from": STRANGER, "to": BOB, "value": "0x10"}, "latest",
        {STRANGER.to_string(): {"balance": "0x10"}}]);
    assert_eq!(client.result("eth_call", funded).await, "0x");
}

#[tokio::test]
async fn an_access_list_names_what_is_touched() {
    let client = Client::start().await;
    let counter = client.deploy(COUNTER).await;
    let call = json!([{"from": ALICE, "to": counter, "data": word(1)}]);
    let answer = client.result("eth_createAccessList", call).await;
    let expected = json!([{"address": counter, "storageKeys": [word(0)]}]);
    assert_eq!(answer["accessList"], expected);
    let send = json!([{"from": ALICE, "to": counter, "data": word(1), "accessList": expected}]);
    let hash = client.result("eth_sendTransaction", send).await;
    let receipt = client.result("eth_getTransactionReceipt", json!([hash])).await;
    assert_eq!(receipt["gasUsed"], answer["gasUsed"]);
}

#[tokio::test]
async fn blocks_are_undone_one_by_one() {
    let client = Client::start().await;
    let counter = client.deploy(COUNTER).await;
    for value in 1..=4 {
        let send = json!([{"from": ALICE, "to": counter, "data": word(value)}]);
        client.result("eth_sendTransaction", send).await;
    }
    client.result("anvil_rollback", json!([2])).await;
    assert_eq!(client.result("eth_blockNumber", json!([])).await, "0x3");
    assert_eq!(client.result("eth_call", json!([{"to": counter}])).await, json!(word(2)));
    assert_eq!(client.error("anvil_rollback", json!([9])).await.0, -32602);
}

#[tokio::test]
async fn a_state_is_dumped_loaded_and_reset() {
    let client = Client::start().await;
    let counter = client.deploy(COUNTER).await;
    client.result("anvil_setStorageAt", json!([counter, "0x0", word(9)])).await;
    let dump = client.result("anvil_dumpState", json!([])).await;
    client.result("anvil_reset", json!([])).await;
    assert_eq!(client.result("eth_blockNumber", json!([])).await, "0x0");
    assert_eq!(client.result("eth_call", json!([{"to": counter}])).await, "0x");
    client.result("anvil_loadState", json!([dump])).await;
    assert_eq!(client.result("eth_call", json!([{"to": counter}])).await, json!(word(9)));
    assert_eq!(client.error("anvil_loadState", json!(["0x7b"])).await.0, -32602);
    assert_eq!(client.error("anvil_reset", json!([{"forking": {}}])).await.0, -32602);
    let bad = json!([{"forking": {"jsonRpcUrl": "http://127.0.0.1:1"}}]);
    assert!(client.error("anvil_reset", bad).await.1.starts_with("fork: "));
    assert_eq!(client.result("eth_call", json!([{"to": counter}])).await, json!(word(9)));
}
