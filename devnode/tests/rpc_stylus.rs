//! A Stylus program over JSON-RPC alone: deployed as on the chain, activated, called, estimated.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests"
)]

mod rpc_support;

use alloy_primitives::{Address, Bytes, U256, address};
use alloy_sol_types::{SolCall, sol};
use novate_devnode::{ArbOs, chain::NodeConfig, pack, wasm::Features};
use rpc_support::{ALICE, Client, GENESIS, number, word};
use serde_json::json;

sol! {
    function activateProgram(address program) external payable returns (uint16, uint256);
    function programTimeLeft(address program) external view returns (uint64);
}

const ARB_WASM: Address = address!("0000000000000000000000000000000000000071");

/// Without call data returns slot 0; with it stores the first word there and logs it.
const COUNTER: &str = r#"(module
    (import "vm_hooks" "read_args" (func $read_args (param i32)))
    (import "vm_hooks" "write_result" (func $write_result (param i32 i32)))
    (import "vm_hooks" "storage_load_bytes32" (func $load (param i32 i32)))
    (import "vm_hooks" "storage_cache_bytes32" (func $store (param i32 i32)))
    (import "vm_hooks" "storage_flush_cache" (func $flush (param i32)))
    (import "vm_hooks" "emit_log" (func $log (param i32 i32 i32)))
    (memory (export "memory") 1 1)
    (func (export "user_entrypoint") (param $len i32) (result i32)
        (if (local.get $len)
            (then
                (call $read_args (i32.const 0))
                (call $store (i32.const 64) (i32.const 0))
                (call $flush (i32.const 0))
                (call $log (i32.const 0) (i32.const 32) (i32.const 1)))
            (else
                (call $load (i32.const 64) (i32.const 0))
                (call $write_result (i32.const 0) (i32.const 32))))
        i32.const 0))"#;

async fn deploy_program(client: &Client) -> Address {
    let features = Features { stylus_version: 2, debug: true };
    let package = pack::pack(&wat::parse_str(COUNTER).unwrap(), features).unwrap();
    let request = json!([{"from": ALICE, "data": pack::init_code(&package.code)}]);
    let hash = client.result("eth_sendTransaction", request).await;
    let receipt = client.result("eth_getTransactionReceipt", json!([hash])).await;
    let program: Address = serde_json::from_value(receipt["contractAddress"].clone()).unwrap();
    let code = client.result("eth_getCode", json!([program])).await;
    assert_eq!(code, json!(package.code));
    program
}

async fn activate(client: &Client, program: Address) {
    let data = Bytes::from(activateProgramCall { program }.abi_encode());
    let value = "0xde0b6b3a7640000";
    let request = json!([{"from": ALICE, "to": ARB_WASM, "data": data, "value": value}]);
    let hash = client.result("eth_sendTransaction", request).await;
    let receipt = client.result("eth_getTransactionReceipt", json!([hash])).await;
    assert_eq!(receipt["status"], "0x1");
    assert!(number(&receipt["gasUsed"]) > 1_659_168);
}

#[tokio::test]
async fn a_program_is_deployed_activated_and_called() {
    for arbos in [ArbOs::V51, ArbOs::V60] {
        let mut config = NodeConfig::reproducible(GENESIS);
        config.chain.arbos = arbos;
        let client = Client::start_with(config).await;
        let program = deploy_program(&client).await;
        let (code, _, data) = client.error("eth_call", json!([{"to": program}])).await;
        assert_eq!((code, data), (-32000, json!(null)), "not active: burns all gas");
        activate(&client, program).await;
        assert_eq!(client.result("eth_call", json!([{"to": program}])).await, json!(word(0)));

        let call = json!({"from": ALICE, "to": program, "data": word(77)});
        let estimate = number(&client.result("eth_estimateGas", json!([call])).await);
        let hash = client.result("eth_sendTransaction", json!([call])).await;
        let receipt = client.result("eth_getTransactionReceipt", json!([hash])).await;
        assert_eq!(receipt["status"], "0x1");
        assert_eq!(receipt["logs"][0]["topics"], json!([word(77)]));
        let used = number(&receipt["gasUsed"]);
        assert!((used..used + used / 50 + 2_300).contains(&estimate), "{estimate} for {used}");
        assert_eq!(client.result("eth_call", json!([{"to": program}])).await, json!(word(77)));
        let slot = client.result("eth_getStorageAt", json!([program, "0x0"])).await;
        assert_eq!(slot, json!(word(77)));
    }
}

#[tokio::test]
async fn a_program_expires_after_a_year_and_a_snapshot_brings_it_back() {
    let client = Client::start().await;
    let program = deploy_program(&client).await;
    activate(&client, program).await;
    let snapshot = client.result("evm_snapshot", json!([])).await;
    let call = json!([{"to": program}]);
    client.result("evm_increaseTime", json!([366 * 24 * 3600])).await;
    client.result("evm_mine", json!([])).await;
    assert_eq!(client.error("eth_call", call.clone()).await.0, -32000);
    client.result("evm_revert", json!([snapshot])).await;
    assert_eq!(client.result("eth_call", call).await, json!(word(0)));
    let data = Bytes::from(programTimeLeftCall { program }.abi_encode());
    let left = client.result("eth_call", json!([{"to": ARB_WASM, "data": data}])).await;
    let left: U256 = serde_json::from_value(left).unwrap();
    assert!(left > U256::from(364 * 24 * 3600) && left <= U256::from(365 * 24 * 3600), "{left}");
}

#[tokio::test]
async fn after_going_back_the_same_transactions_cost_the_same() {
    let mut config = NodeConfig::reproducible(GENESIS);
    config.chain.arbos = ArbOs::V60;
    let client = Client::start_with(config).await;
    let program = deploy_program(&client).await;
    activate(&client, program).await;
    let mut receipts = Vec::new();
    for _ in 0..2 {
        let snapshot = client.result("evm_snapshot", json!([])).await;
        let request = json!([{"from": ALICE, "to": program, "data": word(5), "gas": "0x100000"}]);
        let hash = client.result("eth_sendTransaction", request).await;
        receipts.push(client.result("eth_getTransactionReceipt", json!([hash])).await);
        client.result("evm_revert", json!([snapshot])).await;
    }
    assert_eq!(receipts[0], receipts[1]);
}

#[tokio::test]
async fn a_call_runs_a_program_that_an_override_puts_there() {
    let client = Client::start().await;
    let program = deploy_program(&client).await;
    activate(&client, program).await;
    let code = client.result("eth_getCode", json!([program])).await;
    let elsewhere = Address::repeat_byte(0x5e);
    let overrides =
        json!({elsewhere.to_string(): {"code": code, "balance": format!("{:#x}", U256::MAX)}});
    // Activation goes by the hash of the code.
    let call = json!([{"to": elsewhere}, "latest", overrides]);
    assert_eq!(client.result("eth_call", call).await, json!(word(0)));
}

#[tokio::test]
async fn a_new_version_of_stylus_asks_for_activation_again() {
    let client = Client::start().await;
    let program = deploy_program(&client).await;
    activate(&client, program).await;
    client.result("devnode_setStylusVersion", json!([3])).await;
    let (_, message, _) = client.error("eth_call", json!([{"to": program}])).await;
    assert!(message.contains("ProgramNeedsUpgrade(2, 3)"), "{message}");
    let data = Bytes::from(programTimeLeftCall { program }.abi_encode());
    let (code, _, data) = client.error("eth_call", json!([{"to": ARB_WASM, "data": data}])).await;
    assert_eq!(code, 3);
    // ProgramNeedsUpgrade(uint16,uint16) with 2 and 3.
    let data: Bytes = serde_json::from_value(data).unwrap();
    assert_eq!(data[4..], [word(2), word(3)].concat());
    activate(&client, program).await;
    let answer = client.result("eth_call", json!([{"to": program}])).await;
    assert_eq!(answer, json!(word(0)));
    let (code, _, _) = client.error("devnode_setStylusVersion", json!([0])).await;
    assert_eq!(code, -32602);
}

/// From 60 on a block remembers its programs: so does a simulation, by itself.
#[tokio::test]
async fn simulated_calls_remember_programs() {
    let mut config = NodeConfig::reproducible(GENESIS);
    config.chain.arbos = ArbOs::V60;
    let client = Client::start_with(config).await;
    let program = deploy_program(&client).await;
    activate(&client, program).await;
    let call = json!({"from": ALICE, "to": program});
    for validation in [false, true] {
        let calls = json!([call, call]);
        let price = json!({"from": ALICE, "to": program, "maxFeePerGas": "0x5f5e100"});
        let calls = if validation { json!([price, price]) } else { calls };
        let payload = json!({
            "blockStateCalls": [{"calls": calls}, {"calls": calls}], "validation": validation,
        });
        for _ in 0..2 {
            let blocks = client.result("eth_simulateV1", json!([payload])).await;
            let used: Vec<u64> = (0..4)
                .map(|index| number(&blocks[index / 2]["calls"][index % 2]["gasUsed"]))
                .collect();
            assert!(used[0] > used[1] + 8_832, "{used:?}");
            assert_eq!(
                [used[1]; 2],
                used[2..],
                "blocks of one simulation share what they remember"
            );
        }
    }
    // Nothing of it is left: the call of a transaction starts anew.
    let hash = client.result("eth_sendTransaction", json!([call])).await;
    let receipt = client.result("eth_getTransactionReceipt", json!([hash])).await;
    assert!(number(&receipt["gasUsed"]) > 21_000 + 8_832);
}
