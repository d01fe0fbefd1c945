//! Hostile input: the node answers in bounds, stays up, and loses nothing.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "helpers of tests"
)]

mod rpc_support;

use std::time::{Duration, Instant};

use novate_devnode::{
    chain::{Node, NodeConfig},
    rpc::{ALIASES, GROUPS, answer},
};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use rpc_support::{ALICE, BOB, COUNTER, Client, GENESIS, websocket::WebSocket};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// JSON of any shape, with the strings that requests are made of.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(|number| json!(format!("{number:#x}"))),
        prop::collection::vec(any::<u8>(), 0..80)
            .prop_map(|bytes| json!(alloy_primitives::Bytes::from(bytes))),
        prop::array::uniform32(any::<u8>())
            .prop_map(|bytes| json!(alloy_primitives::B256::from(bytes))),
        prop_oneof!["latest", "pending", "earliest", "safe", "0x", "0xzz", "-1", "\\PC{0,12}"]
            .prop_map(Value::from),
        Just(json!(ALICE)),
        Just(json!(BOB)),
        Just(json!(format!("{:#x}", alloy_primitives::U256::MAX))),
    ];
    leaf.prop_recursive(3, 24, 6, |inner| {
        let key = prop_oneof![
            "from",
            "to",
            "data",
            "input",
            "value",
            "gas",
            "gasPrice",
            "nonce",
            "address",
            "topics",
            "fromBlock",
            "toBlock",
            "blockHash",
            "balance",
            "code",
            "state",
            "stateDiff",
            "timestamp",
            "blocks",
            "number",
            "time",
            "tracer",
            "tracerConfig",
            "accessList",
            "type",
            "maxFeePerGas",
            "authorizationList",
            "[a-z]{1,8}",
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::hash_map(key, inner, 0..6)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// How many requests to try; more by `NOVATE_FUZZ_CASES`.
fn cases() -> u32 {
    std::env::var("NOVATE_FUZZ_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(20_000)
}

#[test]
fn any_arguments_to_any_method_are_answered() {
    let methods = GROUPS.iter().flat_map(|(_, methods)| *methods).map(|method| method.name);
    // Mining a hundred thousand blocks at once is a valid wish; it only takes long.
    let methods = methods
        .filter(|name| !name.contains("mine"))
        .chain(ALIASES.iter().map(|(_, alias)| *alias));
    let methods: Vec<&'static str> = methods.filter(|name| !name.contains("mine")).collect();
    let mut node = Node::new(NodeConfig::reproducible(GENESIS)).unwrap();
    node.set_code(BOB, COUNTER.into()).unwrap();
    let start = node.snapshot();
    let mut runner =
        TestRunner::new(Config { cases: cases(), failure_persistence: None, ..Config::default() });
    let node = std::cell::RefCell::new((node, start));
    let strategy = (prop::sample::select(methods), prop::collection::vec(any_json(), 0..5));
    runner
        .run(&strategy, |(method, params)| {
            let (node, start) = &mut *node.borrow_mut();
            let begun = Instant::now();
            if let Err(error) = answer(node, method, Value::Array(params)) {
                prop_assert!(!error.message.is_empty());
                prop_assert_ne!(error.code, -32603, "{}", error.message);
            }
            prop_assert!(begun.elapsed() < Duration::from_secs(20), "{} took too long", method);
            // What happened is undone, so that each case meets the same chain.
            if !node.revert(*start).unwrap() {
                *node = Node::new(NodeConfig::reproducible(GENESIS)).unwrap();
                node.set_code(BOB, COUNTER.into()).unwrap();
            }
            *start = node.snapshot();
            Ok(())
        })
        .unwrap();
}

#[tokio::test]
async fn malformed_bodies_are_refused_and_the_node_goes_on() {
    let client = Client::start().await;
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let nested = format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"eth_call","params":{}1{}}}"#,
        "[".repeat(50_000),
        "]".repeat(50_000)
    );
    let empty_batch = "[]".to_owned();
    let bodies = [
        String::new(),
        "{".into(),
        "null".into(),
        "[1,2,3]".into(),
        empty_batch,
        "\u{0}\u{1}".into(),
        r#"{"jsonrpc":"2.0","id":{},"method":"eth_chainId"}"#.into(),
        r#"{"jsonrpc":"1.0","id":1,"method":"eth_chainId"}"#.into(),
        r#"{"jsonrpc":"2.0","id":1,"method":5}"#.into(),
        r#"{"jsonrpc":"2.0","id":1,"method":"eth_call","params":"text"}"#.into(),
        r#"{"jsonrpc":"2.0","id":1,"method":"eth_call","params":{"to":"0x"}}"#.into(),
        deep,
        nested,
    ];
    for body in bodies {
        let shown: String = body.chars().take(60).collect();
        let (status, answer) = client.post(body).await;
        // With an identifier of another type it is a notification, which nobody answers.
        let is_refused = status >= 400 || answer.contains("\"error\"") || answer == "null";
        assert!(is_refused, "{shown}: {status} {answer}");
    }
    assert_eq!(client.result("eth_chainId", json!([])).await, "0x64aba");
}

#[tokio::test]
async fn bodies_of_ten_megabytes_are_answered_and_larger_ones_refused() {
    let client = Client::start().await;
    let data = format!("0x{}", "00".repeat(5_000_000));
    let begun = Instant::now();
    // Init code of this size is refused by the rules of the chain, not by the server.
    let (code, message, _) = client.error("eth_call", json!([{"from": ALICE, "data": data}])).await;
    assert_eq!((code, message.as_str()), (-32000, "max initcode size exceeded"));
    let (code, _, _) = client.error("eth_sendRawTransaction", json!([data])).await;
    assert_eq!(code, -32000);
    assert!(begun.elapsed() < Duration::from_secs(20));
    let (status, _) = client.post("x".repeat(17 << 20)).await;
    assert_eq!(status, 413);
    assert_eq!(client.result("eth_chainId", json!([])).await, "0x64aba");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_connections_and_slow_ones_are_served() {
    let client = Client::start().await;
    let address = client.server.address();
    // Connections that say nothing, or never finish what they say.
    let mut idle = Vec::new();
    for index in 0..500 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        if index % 2 == 0 {
            let head =
                b"POST / HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{";
            stream.write_all(head).await.unwrap();
        }
        idle.push(stream);
    }
    let mut busy = Vec::new();
    for index in 0..1000_u64 {
        busy.push(tokio::spawn(async move {
            let mut stream = TcpStream::connect(address).await.unwrap();
            let body = json!({"jsonrpc": "2.0", "id": index, "method": "eth_chainId"}).to_string();
            let request = format!(
                "POST / HTTP/1.1\r\nHost: node\r\nContent-Type: application/json\r\n\
                 Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            );
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            answer.contains("0x64aba") && answer.contains(&format!("\"id\":{index}"))
        }));
    }
    for answer in busy {
        assert!(answer.await.unwrap());
    }
    drop(idle);
    assert_eq!(client.result("eth_chainId", json!([])).await, "0x64aba");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_subscriber_loses_nothing_and_holds_up_nobody() {
    let client = Client::start().await;
    let mut slow = WebSocket::connect(client.server.address()).await;
    slow.result("eth_subscribe", json!(["newHeads"])).await;
    // Far more than the buffers of the connection hold.
    client.result("anvil_mine", json!([20_000])).await;
    assert_eq!(client.result("eth_blockNumber", json!([])).await, "0x4e20");
    tokio::time::sleep(Duration::from_millis(200)).await;
    for number in 1..=20_000_u64 {
        let (_, head) = slow.notice().await;
        assert_eq!(head["number"], format!("{number:#x}"));
    }
}
