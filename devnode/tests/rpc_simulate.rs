//! Simulated blocks, opcode traces, typed data, and what Nitro answers at `NodeInterface`.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests"
)]

mod rpc_support;

use alloy_primitives::{Address, Bytes, U256, address, b256, hex};
use alloy_sol_types::{SolCall, sol};
use rpc_support::{ALICE, BOB, COUNTER, Client, ENVIRONMENT, LOOP, REVERTER, number, word};
use serde_json::{Value, json};

/// Forwards the value that it is sent to Bob: PUSH0 x4, CALLVALUE, PUSH20, GAS, CALL.
fn payer() -> Vec<u8> {
    [&hex!("5f5f5f5f3473")[..], BOB.as_slice(), &hex!("5af100")].concat()
}

fn slot(index: u64) -> String {
    hex::encode(U256::from(index).to_be_bytes::<32>())
}

#[tokio::test]
async fn simulated_calls_see_what_the_ones_before_them_did() {
    let client = Client::start().await;
    let counter = client.deploy(COUNTER).await;
    let reverter = client.deploy(REVERTER).await;
    let environment = client.deploy(ENVIRONMENT).await;
    let payload = json!({"blockStateCalls": [
        {"calls": [
            {"to": counter, "input": word(7)},
            {"to": counter},
            {"to": reverter},
        ]},
        {
            "blockOverrides": {"number": "0x9", "time": "0x77359400", "baseFeePerGas": "0x5"},
            "stateOverrides": {(format!("{ALICE}")): {"balance": "0x64"}},
            "calls": [
                {"to": counter},
                {"to": environment},
                {"from": ALICE, "to": BOB, "value": "0x64"},
            ],
        },
    ]});
    let before = client.result("eth_blockNumber", json!([])).await;
    let blocks = client.result("eth_simulateV1", json!([payload, "latest"])).await;
    assert_eq!(number(&before), 3);
    // Blocks 5 to 8 are filled in between.
    let numbers: Vec<u64> =
        blocks.as_array().unwrap().iter().map(|block| number(&block["number"])).collect();
    assert_eq!(numbers, [4, 5, 6, 7, 8, 9]);
    let calls = &blocks[0]["calls"];
    assert_eq!((&calls[0]["status"], &calls[1]["returnData"]), (&json!("0x1"), &json!(word(7))));
    assert_eq!(calls[0]["logs"][0]["topics"], json!([word(42)]));
    assert_eq!(calls[0]["logs"][0]["blockNumber"], "0x4");
    assert_eq!(calls[2]["status"], "0x0");
    assert_eq!(
        (&calls[2]["error"]["code"], &calls[2]["error"]["data"]),
        (&json!(3), &json!("0xdeadbeef"))
    );
    let last = &blocks[5];
    assert_eq!(last["parentHash"], blocks[4]["hash"]);
    assert_eq!(number(&last["timestamp"]), 2_000_000_000);
    assert_eq!(last["calls"][0]["returnData"], json!(word(7)), "the state of the block before");
    let seen: Bytes = serde_json::from_value(last["calls"][1]["returnData"].clone()).unwrap();
    let words: Vec<U256> = seen.chunks(32).map(U256::from_be_slice).collect();
    assert_eq!(words[..3], [U256::from(9), U256::from(2_000_000_000), U256::from(5)]);
    assert_eq!(last["calls"][2]["status"], "0x1");
    assert_eq!(client.result("eth_blockNumber", json!([])).await, before, "nothing was mined");
    let stored = client.result("eth_getStorageAt", json!([counter, "0x0"])).await;
    assert_eq!(stored, json!(word(0)));
}

#[tokio::test]
async fn transfers_are_logged_and_validation_is_strict_if_asked_for() {
    let client = Client::start().await;
    let payer = client.deploy(&payer()).await;
    let calls = json!([{"from": ALICE, "to": payer, "value": "0x5"}]);
    let payload = json!({"blockStateCalls": [{"calls": calls}], "traceTransfers": true});
    let blocks = client.result("eth_simulateV1", json!([payload])).await;
    let logs = blocks[0]["calls"][0]["logs"].as_array().unwrap();
    assert_eq!(logs.len(), 2);
    assert_eq!(logs[0]["address"], "0xeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee");
    assert_eq!(logs[1]["topics"][1], json!(payer.into_word()));
    assert_eq!(logs[1]["topics"][2], json!(BOB.into_word()));
    assert_eq!(logs[1]["data"], json!(word(5)));
    let payload = json!({"blockStateCalls": [{"calls": calls}], "validation": true});
    let (code, message, _) = client.error("eth_simulateV1", json!([payload])).await;
    assert_eq!(code, -32000);
    assert!(message.contains("max fee per gas less than block base fee"), "{message}");
    let calls = json!([{"from": ALICE, "to": BOB, "nonce": "0x63", "maxFeePerGas": "0x5f5e100"}]);
    let payload = json!({"blockStateCalls": [{"calls": calls}], "validation": true});
    let (_, message, _) = client.error("eth_simulateV1", json!([payload])).await;
    assert!(message.contains("nonce too high"), "{message}");
}

#[tokio::test]
async fn simulations_are_bounded() {
    let client = Client::start().await;
    let backwards = json!({"blockStateCalls": [{"blockOverrides": {"number": "0x0"}}]});
    let far = json!({"blockStateCalls": [{"blockOverrides": {"number": "0xffffffffffff"}}]});
    let early = json!({"blockStateCalls": [{"blockOverrides": {"time": "0x1"}}]});
    let many = json!({"blockStateCalls": [{"calls": vec![json!({}); 10_001]}]});
    for (payload, expected) in [
        (backwards, "block numbers must be in order"),
        (far, "too many blocks"),
        (early, "block timestamps must be in order"),
        (many, "too many calls"),
    ] {
        let (code, message, _) = client.error("eth_simulateV1", json!([payload])).await;
        assert_eq!(code, -32602);
        assert!(message.contains(expected), "{message}");
    }
}

#[tokio::test]
async fn opcodes_are_shown_as_struct_logs() {
    let client = Client::start().await;
    let counter = client.deploy(COUNTER).await;
    let request = json!([{"from": ALICE, "to": counter, "data": word(9), "gas": "0x20000"}]);
    let hash = client.result("eth_sendTransaction", request).await;
    let options = json!({"enableMemory": true});
    let trace = client.result("debug_traceTransaction", json!([hash, options])).await;
    assert_eq!((&trace["failed"], &trace["returnValue"]), (&json!(false), &json!("0x")));
    let logs = trace["structLogs"].as_array().unwrap();
    let receipt = client.result("eth_getTransactionReceipt", json!([hash])).await;
    assert_eq!(trace["gas"], json!(number(&receipt["gasUsed"])));
    // CALLDATASIZE, PUSH1 15, JUMPI, then from 15 on JUMPDEST ...
    let shown = |log: &Value| (log["pc"].clone(), log["op"].clone(), log["gasCost"].clone());
    assert_eq!(shown(&logs[0]), (json!(0), json!("CALLDATASIZE"), json!(2)));
    assert_eq!(shown(&logs[2]), (json!(3), json!("JUMPI"), json!(10)));
    assert_eq!(logs[2]["stack"], json!(["0x20", "0xf"]));
    assert_eq!(shown(&logs[3]), (json!(15), json!("JUMPDEST"), json!(1)));
    let store = logs.iter().find(|log| log["op"] == "SSTORE").unwrap();
    assert_eq!((&store["gasCost"], &store["depth"]), (&json!(22_100), &json!(1)));
    assert_eq!(store["storage"], json!({(slot(0)): slot(9)}));
    let event = logs.iter().find(|log| log["op"] == "LOG1").unwrap();
    assert_eq!(event["memory"], json!([slot(9)]));
    // Gas of all steps and of the start add up to what the receipt says.
    let steps: u64 = logs.iter().map(|log| log["gasCost"].as_u64().unwrap()).sum();
    assert_eq!(steps + 21_000 + 31 * 4 + 16, number(&receipt["gasUsed"]));
    let call = json!([{"to": counter}, "latest", {"disableStack": true, "limit": 3}]);
    let trace = client.result("debug_traceCall", call).await;
    assert_eq!(trace["structLogs"].as_array().unwrap().len(), 3);
    assert_eq!(trace["structLogs"][0]["stack"], Value::Null);
    assert_eq!(trace["returnValue"], json!(word(9)));
}

#[tokio::test]
async fn sub_calls_are_a_level_deeper_and_long_traces_are_refused() {
    let client = Client::start().await;
    let reverter = client.deploy(REVERTER).await;
    let forward = hex!("60206020600037600060006020600060006000355af100");
    let forwarder = client.deploy(&forward).await;
    let data: Bytes = [reverter.into_word().as_slice(), &word(0)].concat().into();
    let call = json!([{"to": forwarder, "data": data}, "latest", {}]);
    let trace = client.result("debug_traceCall", call).await;
    let depths: Vec<u64> = trace["structLogs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|log| log["depth"].as_u64().unwrap())
        .collect();
    assert!(depths.contains(&2) && depths[0] == 1 && depths[depths.len() - 1] == 1, "{depths:?}");
    let endless = client.deploy(LOOP).await;
    let call = json!([{"to": endless}, "latest", {}]);
    let (code, message, _) = client.error("debug_traceCall", call).await;
    assert_eq!(code, -32000);
    assert!(message.contains("the trace is too long"), "{message}");
    let call = json!([{"to": endless, "gas": "0x5300"}, "latest", {"limit": 5}]);
    let trace = client.result("debug_traceCall", call).await;
    assert_eq!(
        (&trace["failed"], trace["structLogs"].as_array().unwrap().len()),
        (&json!(true), 5)
    );
}

#[tokio::test]
async fn typed_data_is_signed_as_wallets_do() {
    let client = Client::start().await;
    // The example of EIP-712, whose hash is in its text.
    let data = json!({
        "types": {
            "EIP712Domain": [
                {"name": "name", "type": "string"}, {"name": "version", "type": "string"},
                {"name": "chainId", "type": "uint256"},
                {"name": "verifyingContract", "type": "address"},
            ],
            "Person": [{"name": "name", "type": "string"}, {"name": "wallet", "type": "address"}],
            "Mail": [
                {"name": "from", "type": "Person"}, {"name": "to", "type": "Person"},
                {"name": "contents", "type": "string"},
            ],
        },
        "primaryType": "Mail",
        "domain": {
            "name": "Ether Mail", "version": "1", "chainId": 1,
            "verifyingContract": "0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC",
        },
        "message": {
            "from": {"name": "Cow", "wallet": "0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826"},
            "to": {"name": "Bob", "wallet": "0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB"},
            "contents": "Hello, Bob!",
        },
    });
    let hash = b256!("be609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2");
    for shape in [data.clone(), json!(data.to_string())] {
        let signature = client.result("eth_signTypedData_v4", json!([ALICE, shape])).await;
        let bytes: Bytes = serde_json::from_value(signature).unwrap();
        let signature = alloy_primitives::Signature::from_raw(&bytes).unwrap();
        assert_eq!(signature.recover_address_from_prehash(&hash).unwrap(), ALICE);
    }
    let (code, _, _) = client.error("eth_signTypedData_v4", json!([ALICE, {"types": 1}])).await;
    assert_eq!(code, -32602);
    let stranger = Address::repeat_byte(9);
    client.error("eth_signTypedData_v4", json!([stranger, data])).await;
}

sol! {
    function gasEstimateComponents(address to, bool contractCreation, bytes calldata data)
        external payable returns (uint64, uint64, uint256, uint256);
    function nitroGenesisBlock() external pure returns (uint256);
    function blockL1Num(uint64 number) external view returns (uint64);
    function l2BlockRangeForL1(uint64 number) external view returns (uint64, uint64);
    function constructOutboxProof(uint64 size, uint64 leaf) external view
        returns (bytes32, bytes32, bytes32[] memory);
}

const NODE_INTERFACE: Address = address!("00000000000000000000000000000000000000c8");

async fn ask<C: SolCall>(client: &Client, call: C) -> C::Return {
    let data = Bytes::from(call.abi_encode());
    let request = json!([{"from": ALICE, "to": NODE_INTERFACE, "data": data}]);
    let answer: Bytes = serde_json::from_value(client.result("eth_call", request).await).unwrap();
    C::abi_decode_returns(&answer).unwrap()
}

#[tokio::test]
async fn node_interface_answers_calls() {
    let client = Client::start().await;
    let counter = client.deploy(COUNTER).await;
    let data = word(3);
    let call =
        gasEstimateComponentsCall { to: counter, contractCreation: false, data: data.clone() };
    let parts = ask(&client, call).await;
    let estimate = json!([{"from": ALICE, "to": counter, "data": data}]);
    assert_eq!(parts._0, number(&client.result("eth_estimateGas", estimate).await));
    assert_eq!((parts._1, parts._2), (0, U256::from(100_000_000)));
    assert_eq!(ask(&client, nitroGenesisBlockCall {}).await, U256::ZERO);
    let l1 = ask(&client, blockL1NumCall { number: 1 }).await;
    let range = ask(&client, l2BlockRangeForL1Call { number: l1 }).await;
    assert_eq!((range._0, range._1), (0, 1));
    let proof = Bytes::from(constructOutboxProofCall { size: 1, leaf: 0 }.abi_encode());
    let request = json!([{"to": NODE_INTERFACE, "data": proof}]);
    let (_, message, _) = client.error("eth_call", request).await;
    assert!(message.contains("NodeInterface"), "{message}");
}
