//! Tracers, as clients and cargo-stylus ask for them.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests"
)]

mod rpc_support;

use alloy_primitives::{Address, Bytes, address, hex, keccak256};
use alloy_sol_types::{SolCall, sol};
use novate_devnode::{pack, wasm::Features};
use rpc_support::{ALICE, BOB, COUNTER, Client, REVERTER, word};
use serde_json::{Value, json};

sol! {
    function activateProgram(address program) external payable returns (uint16, uint256);
}

const ARB_WASM: Address = address!("0000000000000000000000000000000000000071");

/// Calls the address in the first word with the second word as call data; returns nothing.
const FORWARDER: &[u8] = &hex!("60206020600037600060006020600060006000355af100");

async fn send(client: &Client, to: Address, data: Bytes) -> Value {
    let request = json!([{"from": ALICE, "to": to, "data": data, "gas": "0x200000"}]);
    client.result("eth_sendTransaction", request).await
}

async fn trace(client: &Client, hash: &Value, tracer: &str, config: Value) -> Value {
    let options = json!({"tracer": tracer, "tracerConfig": config});
    client.result("debug_traceTransaction", json!([hash, options])).await
}

fn forward(to: Address, value: u64) -> Bytes {
    [to.into_word().as_slice(), &word(value)].concat().into()
}

#[tokio::test]
async fn the_call_tracer_shows_the_tree_of_calls() {
    let client = Client::start().await;
    let counter = client.deploy(COUNTER).await;
    let reverter = client.deploy(REVERTER).await;
    let forwarder = client.deploy(FORWARDER).await;
    let hash = send(&client, forwarder, forward(counter, 5)).await;
    let receipt = client.result("eth_getTransactionReceipt", json!([hash])).await;
    let top = trace(&client, &hash, "callTracer", json!({"withLog": true})).await;
    assert_eq!(top["type"], "CALL");
    assert_eq!((&top["from"], &top["to"]), (&json!(ALICE), &json!(forwarder)));
    assert_eq!((&top["gas"], &top["gasUsed"]), (&json!("0x200000"), &receipt["gasUsed"]));
    assert_eq!(top["calls"][0]["to"], json!(counter));
    assert_eq!(top["calls"][0]["input"], json!(word(5)));
    assert_eq!(top["calls"][0]["logs"][0]["topics"], json!([word(42)]));
    assert_eq!(top["calls"][0]["logs"][0]["position"], "0x0");
    assert_eq!(top["error"], Value::Null);
    let alone = trace(&client, &hash, "callTracer", json!({"onlyTopCall": true})).await;
    assert_eq!(alone["calls"], Value::Null);

    let hash = send(&client, forwarder, forward(reverter, 5)).await;
    let top = trace(&client, &hash, "callTracer", Value::Null).await;
    assert_eq!(top["calls"][0]["error"], "execution reverted");
    assert_eq!(top["calls"][0]["output"], "0xdeadbeef");
    let counts = trace(&client, &hash, "4byteTracer", Value::Null).await;
    assert_eq!(counts, json!({"0x00000000-28": 1, "0x00000000-60": 1}));
    assert_eq!(trace(&client, &hash, "noopTracer", Value::Null).await, json!({}));
    let block =
        client.result("debug_traceBlockByNumber", json!(["latest", {"tracer": "callTracer"}]));
    assert_eq!(block.await, json!([{"txHash": hash, "result": top}]));
}

#[tokio::test]
async fn a_transaction_is_traced_on_the_state_that_it_ran_on() {
    let client = Client::start().await;
    let counter = client.deploy(COUNTER).await;
    let first = send(&client, counter, word(5)).await;
    send(&client, counter, word(6)).await;
    let slot = word(0).to_string();
    let key = json!(counter).as_str().unwrap().to_owned();
    let before = trace(&client, &first, "prestateTracer", Value::Null).await;
    assert_eq!(before[&key]["storage"], json!({&slot: word(0)}));
    assert_eq!(before[&key]["code"], json!(Bytes::from(COUNTER)));
    let difference = trace(&client, &first, "prestateTracer", json!({"diffMode": true})).await;
    assert_eq!(difference["post"][&key], json!({"storage": {&slot: word(5)}}));
    let alice = json!(ALICE).as_str().unwrap().to_lowercase();
    assert_eq!(difference["pre"][&alice]["nonce"], 1);
    assert_eq!(difference["post"][&alice]["nonce"], 2);
    let second =
        client.result("eth_getTransactionByBlockNumberAndIndex", json!(["latest", "0x0"])).await;
    let second = trace(&client, &second["hash"], "prestateTracer", json!({"diffMode": true})).await;
    assert_eq!(second["pre"][&key]["storage"], json!({&slot: word(5)}));
}

#[tokio::test]
async fn calls_are_traced_with_overrides() {
    let client = Client::start().await;
    let options = json!({
        "tracer": "callTracer",
        "stateOverrides": {BOB.to_string(): {"code": Bytes::from(REVERTER)}},
    });
    let call = json!([{"from": ALICE, "to": BOB}, "latest", options]);
    let top = client.result("debug_traceCall", call).await;
    assert_eq!(
        (&top["error"], &top["output"]),
        (&json!("execution reverted"), &json!("0xdeadbeef"))
    );
    let unknown = json!([{"to": BOB}, "latest", {"tracer": "{ step: function() {} }"}]);
    assert!(client.error("debug_traceCall", unknown).await.1.starts_with("tracer not found"));
    let missing = json!([word(1), {"tracer": "callTracer"}]);
    let message = client.error("debug_traceTransaction", missing).await.1;
    assert_eq!(message, format!("transaction {} not found", word(1)));
}

/// Calls the address in calldata[0..20] with the rest of the call data.
const STYLUS_FORWARDER: &str = r#"(module
    (import "vm_hooks" "read_args" (func $read_args (param i32)))
    (import "vm_hooks" "call_contract"
        (func $call (param i32 i32 i32 i32 i64 i32) (result i32)))
    (memory (export "memory") 1 1)
    (func (export "user_entrypoint") (param $len i32) (result i32)
        (call $read_args (i32.const 0))
        (call $call (i32.const 0) (i32.const 20) (i32.sub (local.get $len) (i32.const 20))
            (i32.const 4096) (i64.const -1) (i32.const 8192))))"#;

#[tokio::test]
async fn the_stylus_tracer_nests_calls_under_host_functions() {
    let client = Client::start().await;
    let features = Features { stylus_version: 2, debug: true };
    let package = pack::pack(&wat::parse_str(STYLUS_FORWARDER).unwrap(), features).unwrap();
    let request = json!([{"from": ALICE, "data": pack::init_code(&package.code)}]);
    let hash = client.result("eth_sendTransaction", request).await;
    let receipt = client.result("eth_getTransactionReceipt", json!([hash])).await;
    let program: Address = serde_json::from_value(receipt["contractAddress"].clone()).unwrap();
    let data = Bytes::from(activateProgramCall { program }.abi_encode());
    let request =
        json!([{"from": ALICE, "to": ARB_WASM, "data": data, "value": "0xde0b6b3a7640000"}]);
    client.result("eth_sendTransaction", request).await;

    // program -> EVM forwarder -> program -> counter
    let counter = client.deploy(COUNTER).await;
    let forwarder = client.deploy(FORWARDER).await;
    let data: Bytes = [counter.as_slice(), &word(7)].concat().into();
    let hash = send(&client, program, data.clone()).await;
    for tracer in
        ["stylusTracer", r#"{ "hostio": function(info) { info.args = toHex(info.args); } }"#]
    {
        let steps = trace(&client, &hash, tracer, Value::Null).await;
        let names: Vec<_> = (0..4).map(|index| &steps[index]["name"]).collect();
        assert_eq!(names, ["user_entrypoint", "read_args", "call_contract", "user_returned"]);
        assert_eq!(steps[1]["outs"], json!(data));
        assert_eq!(steps[2]["address"], json!(counter));
        assert_eq!(steps[2]["steps"], json!([]));
        let inks = ["startInk", "endInk"].map(|key| steps[2][key].as_u64().unwrap());
        assert!(inks[0] > inks[1]);
    }
    let through: Bytes =
        [forwarder.as_slice(), program.into_word().as_slice(), &word(0)].concat().into();
    let hash = send(&client, program, through).await;
    let steps = trace(&client, &hash, "stylusTracer", Value::Null).await;
    let inner = &steps[2]["steps"][0];
    assert_eq!((&inner["name"], &inner["address"]), (&json!("evm_call_contract"), &json!(program)));
    assert_eq!(inner["steps"][1]["name"], "read_args");
    let top = trace(&client, &hash, "callTracer", Value::Null).await;
    assert_eq!(top["calls"][0]["calls"][0]["to"], json!(program));
}

#[tokio::test]
async fn a_thousand_nested_calls_are_traced() {
    let client = Client::start().await;
    // Calls itself with all gas until the depth or the gas ends.
    let recursive = client.deploy(&hex!("60006000600060006000305af100")).await;
    let call = json!([{"from": ALICE, "to": recursive, "gas": "0x2faf080"}, "latest", {"tracer": "callTracer"}]);
    // Deeper than what serde_json reads by default.
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "debug_traceCall", "params": call});
    let (status, answer) = client.post(body.to_string()).await;
    let depth = answer.matches(r#""calls":["#).count();
    assert!(status == 200 && depth > 300, "{depth}");
}

#[tokio::test]
async fn raw_encodings_hash_to_what_they_are() {
    let client = Client::start().await;
    client.deploy(COUNTER).await;
    let block = client.result("eth_getBlockByNumber", json!(["latest", false])).await;
    let header = client.result("debug_getRawHeader", json!(["latest"])).await;
    let header: Bytes = serde_json::from_value(header).unwrap();
    assert_eq!(json!(keccak256(&header)), block["hash"]);
    let raw = client.result("debug_getRawBlock", json!(["latest"])).await;
    let raw: Bytes = serde_json::from_value(raw).unwrap();
    let decoded: alloy_consensus::Block<alloy_consensus::TxEnvelope> =
        alloy_rlp::Decodable::decode(&mut raw.as_ref()).unwrap();
    assert_eq!(json!(decoded.body.transactions[0].tx_hash()), block["transactions"][0]);
    let receipts = client.result("debug_getRawReceipts", json!(["latest"])).await;
    assert_eq!(receipts.as_array().unwrap().len(), 1);
}
