//! Subscriptions over WebSocket, and filters that are polled.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "helpers of tests"
)]

mod rpc_support;

use rpc_support::{ALICE, BOB, COUNTER, Client, number, websocket::WebSocket, word};
use serde_json::{Value, json};

#[tokio::test]
async fn new_heads_and_logs_are_announced_in_order() {
    let client = Client::start().await;
    let mut socket = WebSocket::connect(client.server.address()).await;
    let counter = client.deploy(COUNTER).await;
    let heads = socket.result("eth_subscribe", json!(["newHeads"])).await;
    let logs = socket.result("eth_subscribe", json!(["logs", {"address": counter}])).await;
    assert!(heads.as_str().unwrap().starts_with("0x"));
    for value in 1..=20 {
        let send = json!([{"from": ALICE, "to": counter, "data": word(value)}]);
        client.result("eth_sendTransaction", send).await;
    }
    let (mut blocks, mut values) = (Vec::new(), Vec::new());
    for _ in 0..40 {
        let (subscription, message) = socket.notice().await;
        if subscription == heads {
            blocks.push(number(&message["number"]));
            assert_eq!(message["baseFeePerGas"], "0x5f5e100");
        } else {
            assert_eq!(subscription, logs);
            values.push(message["data"].clone());
        }
    }
    assert_eq!(blocks, (2..=21).collect::<Vec<_>>());
    assert_eq!(values, (1..=20).map(|value| json!(word(value))).collect::<Vec<_>>());
    assert_eq!(socket.result("eth_unsubscribe", json!([heads])).await, json!(true));
    assert_eq!(socket.result("eth_unsubscribe", json!(["0x99"])).await, json!(false));
}

#[tokio::test]
async fn accepted_transactions_are_announced() {
    let client = Client::start().await;
    let mut socket = WebSocket::connect(client.server.address()).await;
    let hashes = socket.result("eth_subscribe", json!(["newPendingTransactions"])).await;
    let whole = socket.result("eth_subscribe", json!(["newPendingTransactions", true])).await;
    let send = json!([{"from": ALICE, "to": BOB, "value": "0x1"}]);
    let hash = socket.result("eth_sendTransaction", send).await;
    let mut seen = Vec::new();
    for _ in 0..2 {
        let (subscription, message) = socket.notice().await;
        if subscription == whole {
            assert_eq!(message["hash"], hash);
        } else {
            assert_eq!((&subscription, &message), (&hashes, &hash));
        }
        seen.push(subscription);
    }
    assert_ne!(seen[0], seen[1]);
}

#[tokio::test]
async fn an_unknown_subscription_is_refused() {
    let client = Client::start().await;
    let mut socket = WebSocket::connect(client.server.address()).await;
    for (params, expected) in [
        (json!(["weather"]), "no \"weather\" subscription in eth namespace"),
        (json!([]), "missing value for required argument 0"),
        (json!(["logs", {"address": "0x12"}]), "invalid argument 1"),
    ] {
        let answer = socket.answer("eth_subscribe", params).await;
        assert_eq!(answer["error"]["code"], -32602);
        let message = answer["error"]["message"].as_str().unwrap();
        assert!(message.starts_with(expected), "{message}");
    }
    // The connection goes on.
    assert_eq!(socket.result("eth_chainId", json!([])).await, "0x64aba");
}

#[tokio::test]
async fn filters_collect_since_the_last_poll() {
    let client = Client::start().await;
    let counter = client.deploy(COUNTER).await;
    let logs = client.result("eth_newFilter", json!([{"address": counter}])).await;
    let blocks = client.result("eth_newBlockFilter", json!([])).await;
    let pending = client.result("eth_newPendingTransactionFilter", json!([])).await;
    let changes = async |id: &Value| client.result("eth_getFilterChanges", json!([id])).await;
    assert_eq!(changes(&logs).await, json!([]));
    let send = json!([{"from": ALICE, "to": counter, "data": word(5)}]);
    let hash = client.result("eth_sendTransaction", send).await;
    let collected = changes(&logs).await;
    assert_eq!(collected[0]["data"], json!(word(5)));
    assert_eq!(changes(&logs).await, json!([]));
    let latest = client.result("eth_getBlockByNumber", json!(["latest", false])).await;
    assert_eq!(changes(&blocks).await, json!([latest["hash"]]));
    assert_eq!(changes(&pending).await, json!([hash]));
    assert_eq!(client.result("eth_getFilterLogs", json!([logs])).await, collected);
    assert_eq!(client.result("eth_uninstallFilter", json!([logs])).await, json!(true));
    assert_eq!(client.result("eth_uninstallFilter", json!([logs])).await, json!(false));
    let (code, message, _) = client.error("eth_getFilterChanges", json!([logs])).await;
    assert_eq!((code, message.as_str()), (-32000, "filter not found"));
}
