//! The JSON-RPC server over HTTP: deploy, call, send, logs, blocks, errors as geth words them.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "helpers of tests"
)]

mod rpc_support;

use alloy_consensus::{SignableTransaction, TxEip1559, TxEip2930, TxEnvelope, TxLegacy};
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{B256, Bytes, TxKind, U256, hex, keccak256};
use alloy_signer::SignerSync;
use novate_devnode::chain::{DEFAULT_MNEMONIC, Keyring};
use rpc_support::{
    ALICE, BOB, COUNTER, Client, ENVIRONMENT, GENESIS, LOOP, REVERTER, number, word,
};
use serde_json::{Value, json};

fn sign<T: SignableTransaction<alloy_primitives::Signature>>(unsigned: T) -> Bytes
where
    TxEnvelope: From<alloy_consensus::Signed<T>>,
{
    let keyring = Keyring::from_mnemonic(DEFAULT_MNEMONIC, 1).unwrap();
    let signature = keyring.signers()[0].sign_hash_sync(&unsigned.signature_hash()).unwrap();
    TxEnvelope::from(unsigned.into_signed(signature)).encoded_2718().into()
}

#[tokio::test]
async fn a_contract_is_deployed_called_and_read() {
    let client = Client::start().await;
    let counter = client.deploy(COUNTER).await;
    assert_eq!(client.result("eth_getCode", json!([counter])).await, json!(Bytes::from(COUNTER)));
    let send = json!([{"from": BOB, "to": counter, "data": word(7)}]);
    let hash = client.result("eth_sendTransaction", send).await;
    let call = json!([{"to": counter}, "latest"]);
    assert_eq!(client.result("eth_call", call).await, json!(word(7)));
    let slot = client.result("eth_getStorageAt", json!([counter, "0x0", "latest"])).await;
    assert_eq!(slot, json!(word(7)));

    let receipt = client.result("eth_getTransactionReceipt", json!([hash])).await;
    assert_eq!(number(&receipt["blockNumber"]), 2);
    assert_eq!(receipt["logs"][0]["data"], json!(word(7)));
    assert_eq!(receipt["type"], "0x2");
    assert_eq!(receipt["gasUsedForL1"], "0x0");
    let logs =
        client.result("eth_getLogs", json!([{"address": counter, "fromBlock": "0x0"}])).await;
    assert_eq!(logs.as_array().unwrap().len(), 1);
    assert_eq!(logs[0]["transactionHash"], hash);
    let other = json!([{"fromBlock": "0x0", "topics": [word(43)]}]);
    assert_eq!(client.result("eth_getLogs", other).await, json!([]));
    let topic = json!([{"fromBlock": "0x0", "topics": [[word(43), word(42)]]}]);
    assert_eq!(client.result("eth_getLogs", topic).await, logs);
}

#[tokio::test]
async fn state_is_readable_at_every_block() {
    let client = Client::start().await;
    let counter = client.deploy(COUNTER).await;
    for value in 1..=3 {
        let send = json!([{"from": ALICE, "to": counter, "data": word(value)}]);
        client.result("eth_sendTransaction", send).await;
    }
    for value in 1..=3_u64 {
        let block = format!("{:#x}", value + 1);
        let call = client.result("eth_call", json!([{"to": counter}, block])).await;
        assert_eq!(call, json!(word(value)));
        let count = client.result("eth_getTransactionCount", json!([ALICE, block])).await;
        assert_eq!(number(&count), value + 1);
        let hash =
            client.result("eth_getBlockByNumber", json!([block, false])).await["hash"].take();
        let by_hash = json!([counter, "0x0", {"blockHash": hash}]);
        assert_eq!(client.result("eth_getStorageAt", by_hash).await, json!(word(value)));
    }
    let (code, message, _) = client.error("eth_call", json!([{"to": counter}, "0x99"])).await;
    assert_eq!((code, message.as_str()), (-32000, "header not found"));
}

#[tokio::test]
async fn raw_transactions_of_types_0_1_and_2_are_mined() {
    let client = Client::start().await;
    let (chain_id, gas_limit) = (412_346, 21_000);
    let (gas_price, to, value) = (100_000_000, TxKind::Call(BOB), U256::from(5));
    let legacy = TxLegacy {
        chain_id: Some(chain_id),
        gas_price,
        gas_limit,
        to,
        value,
        ..TxLegacy::default()
    };
    let access =
        TxEip2930 { chain_id, nonce: 1, gas_price, gas_limit, to, value, ..TxEip2930::default() };
    let dynamic = TxEip1559 {
        chain_id,
        nonce: 2,
        gas_limit,
        max_fee_per_gas: 3 * gas_price,
        max_priority_fee_per_gas: gas_price,
        to,
        value,
        ..TxEip1559::default()
    };
    for (kind, raw) in [sign(legacy), sign(access), sign(dynamic)].into_iter().enumerate() {
        let hash = client.result("eth_sendRawTransaction", json!([raw])).await;
        assert_eq!(hash, json!(keccak256(&raw)), "the hash is that of the bytes");
        let transaction = client.result("eth_getTransactionByHash", json!([hash])).await;
        assert_eq!(number(&transaction["type"]), kind as u64);
        assert_eq!(transaction["from"], json!(ALICE).as_str().unwrap().to_lowercase());
        let receipt = client.result("eth_getTransactionReceipt", json!([hash])).await;
        assert_eq!(receipt["effectiveGasPrice"], "0x5f5e100", "tips are not paid");
        let offered = if kind == 2 { 100_000_000 + gas_price } else { gas_price };
        assert_eq!(u128::from(number(&transaction["gasPrice"])), offered, "but shown");
        let bytes = client.result("eth_getRawTransactionByHash", json!([hash])).await;
        assert_eq!(bytes, json!(raw));
        let (code, message, _) = client.error("eth_sendRawTransaction", json!([raw])).await;
        assert_eq!((code, message.as_str()), (-32000, "already known"));
    }
    let balance = client.result("eth_getBalance", json!([BOB])).await;
    let start = U256::from(10_000) * U256::from(10).pow(U256::from(18));
    assert_eq!(balance, json!(start + U256::from(15)));
}

#[tokio::test]
async fn refusals_are_worded_as_geth_does() {
    let client = Client::start().await;
    let base = TxEip1559 {
        chain_id: 412_346,
        gas_limit: 21_000,
        max_fee_per_gas: 100_000_000,
        to: TxKind::Call(BOB),
        ..TxEip1559::default()
    };
    let ether = U256::from(10).pow(U256::from(18));
    let cases = [
        (
            TxEip1559 { chain_id: 1, ..base.clone() },
            "invalid chain id for signer: have 1 want 412346",
        ),
        (
            TxEip1559 { gas_limit: 20_999, ..base.clone() },
            "intrinsic gas too low: have 20999, want 21000",
        ),
        (
            TxEip1559 { max_fee_per_gas: 1, ..base.clone() },
            "max fee per gas less than block base fee",
        ),
        (
            TxEip1559 { value: ether * U256::from(20_000), ..base.clone() },
            "insufficient funds for gas * price + value",
        ),
        (
            TxEip1559 { max_priority_fee_per_gas: 100_000_001, ..base.clone() },
            "max priority fee per gas higher than max fee per gas",
        ),
    ];
    for (transaction, expected) in cases {
        let (code, message, _) =
            client.error("eth_sendRawTransaction", json!([sign(transaction)])).await;
        assert_eq!(code, -32000);
        assert!(message.starts_with(expected), "{message}");
    }
    client.result("eth_sendRawTransaction", json!([sign(base.clone())])).await;
    let again = TxEip1559 { value: U256::from(1), ..base };
    let (_, message, _) = client.error("eth_sendRawTransaction", json!([sign(again)])).await;
    assert_eq!(message, format!("nonce too low: address {ALICE}, tx: 0 state: 1"));
    for (raw, expected) in [
        ("0x", "typed transaction too short"),
        ("0x03c0", "transaction type not supported"),
        ("0x02c0", "rlp"),
        ("0xdeadbeef", "rlp"),
    ] {
        let (code, message, _) = client.error("eth_sendRawTransaction", json!([raw])).await;
        assert_eq!(code, -32000);
        assert!(message.starts_with(expected), "{raw}: {message}");
    }
}

#[tokio::test]
async fn a_revert_carries_its_data_under_code_3() {
    let client = Client::start().await;
    let reverter = client.deploy(REVERTER).await;
    for method in ["eth_call", "eth_estimateGas", "eth_sendTransaction"] {
        let (code, message, data) =
            client.error(method, json!([{"from": ALICE, "to": reverter}])).await;
        assert_eq!(
            (code, message.as_str(), &data),
            (3, "execution reverted", &json!("0xdeadbeef"))
        );
    }
    // With a gas limit of its own it is mined, and fails there.
    let send = json!([{"from": ALICE, "to": reverter, "gas": "0x30000"}]);
    let hash = client.result("eth_sendTransaction", send).await;
    let receipt = client.result("eth_getTransactionReceipt", json!([hash])).await;
    assert_eq!(receipt["status"], "0x0");
}

#[tokio::test]
async fn a_call_that_never_ends_runs_out_of_gas() {
    let client = Client::start().await;
    let endless = client.deploy(LOOP).await;
    let (code, message, _) = client.error("eth_call", json!([{"to": endless}])).await;
    assert_eq!((code, message.as_str()), (-32000, "out of gas"));
    let (code, message, _) = client.error("eth_estimateGas", json!([{"to": endless}])).await;
    assert_eq!((code, message.as_str()), (-32000, "gas required exceeds allowance (50000000)"));
}

/// Calls compute with all their gas, transactions with 32 million: estimates are of transactions.
#[tokio::test]
async fn an_estimate_knows_the_compute_limit() {
    let client = Client::start().await;
    // Reverts with less than 33 million gas: PUSH4 GAS GT PUSH1 JUMPI PUSH0 PUSH0 REVERT JUMPDEST STOP.
    let greedy = client.deploy(&hex!("6301f78a405a11600d575f5ffd5b00")).await;
    assert_eq!(client.result("eth_call", json!([{"to": greedy}])).await, "0x");
    let (code, message, _) = client.error("eth_estimateGas", json!([{"to": greedy}])).await;
    assert_eq!((code, message.as_str()), (3, "execution reverted"));
}

#[tokio::test]
async fn a_creation_that_fails_shows_where_it_would_be() {
    let client = Client::start().await;
    let nonce = number(&client.result("eth_getTransactionCount", json!([ALICE])).await);
    let request = json!([{"from": ALICE, "data": "0x5f5ffd", "gas": "0x186a0"}]);
    let hash = client.result("eth_sendTransaction", request).await;
    let receipt = client.result("eth_getTransactionReceipt", json!([hash])).await;
    assert_eq!(receipt["status"], "0x0");
    assert_eq!(receipt["contractAddress"], json!(ALICE.create(nonce)));
}

#[tokio::test]
async fn an_estimate_is_enough_and_hardly_more() {
    let client = Client::start().await;
    let counter = client.deploy(COUNTER).await;
    let call = json!({"from": ALICE, "to": counter, "data": word(9)});
    let estimate = number(&client.result("eth_estimateGas", json!([call])).await);
    let hash = client.result("eth_sendTransaction", json!([call])).await;
    let receipt = client.result("eth_getTransactionReceipt", json!([hash])).await;
    assert_eq!(receipt["status"], "0x1");
    let used = number(&receipt["gasUsed"]);
    // SSTORE demands 2,300 gas to be left that it does not use.
    assert!((used..used + used / 50 + 2_300).contains(&estimate), "{estimate} for {used}");
    let transfer = json!([{"from": ALICE, "to": BOB, "value": "0x1"}]);
    assert_eq!(number(&client.result("eth_estimateGas", transfer).await), 21_000);
}

#[tokio::test]
async fn time_moves_as_told() {
    let client = Client::start().await;
    let environment = client.deploy(ENVIRONMENT).await;
    let time = async || {
        let output = client.result("eth_call", json!([{"to": environment}])).await;
        let output: Bytes = serde_json::from_value(output).unwrap();
        U256::from_be_slice(&output[32..64]).to::<u64>()
    };
    assert_eq!(time().await, GENESIS);
    client.result("evm_increaseTime", json!([3600])).await;
    client.result("evm_mine", json!([])).await;
    assert_eq!(time().await, GENESIS + 3600);
    client.result("evm_setNextBlockTimestamp", json!([format!("{:#x}", GENESIS + 9000)])).await;
    client.result("evm_mine", json!([])).await;
    assert_eq!(time().await, GENESIS + 9000);
    client.result("anvil_mine", json!(["0x3", "0xa"])).await;
    assert_eq!(time().await, GENESIS + 9020);
    let (code, message, _) = client.error("evm_setNextBlockTimestamp", json!([5])).await;
    assert_eq!(code, -32000);
    assert!(message.contains("lower than the previous block's"), "{message}");
}

#[tokio::test]
async fn blocks_hang_together() {
    let client = Client::start().await;
    client.deploy(COUNTER).await;
    let genesis = client.result("eth_getBlockByNumber", json!(["earliest", false])).await;
    let block = client.result("eth_getBlockByNumber", json!(["latest", true])).await;
    assert_eq!(block["parentHash"], genesis["hash"]);
    assert_eq!(block["transactions"][0]["blockHash"], block["hash"]);
    assert_eq!(block["gasLimit"], "0x4000000000000");
    assert_eq!(block["l1BlockNumber"], "0x1");
    assert_eq!(block["difficulty"], "0x1");
    let header: alloy_consensus::Header = serde_json::from_value(block.clone()).unwrap();
    assert_eq!(json!(header.hash_slow()), block["hash"]);
    let by_hash = client.result("eth_getBlockByHash", json!([block["hash"], true])).await;
    assert_eq!(by_hash, block);
    let receipts = client.result("eth_getBlockReceipts", json!(["latest"])).await;
    assert_eq!(receipts.as_array().unwrap().len(), 1);
    assert_eq!(client.result("eth_getBlockByNumber", json!(["0x99", false])).await, Value::Null);
    let history = client.result("eth_feeHistory", json!(["0x5", "latest", [50]])).await;
    assert_eq!(history["baseFeePerGas"], json!(["0x5f5e100", "0x5f5e100", "0x5f5e100"]));
    assert_eq!(history["reward"], json!([["0x0"], ["0x0"]]));
}

#[tokio::test]
async fn a_batch_is_answered_in_one() {
    let client = Client::start().await;
    let batch = json!([
        {"jsonrpc": "2.0", "id": 1, "method": "eth_chainId"},
        {"jsonrpc": "2.0", "id": "two", "method": "web3_sha3", "params": ["0x"]},
        {"jsonrpc": "2.0", "id": 3, "method": "eth_nonsense", "params": []},
    ]);
    let (_, answer) = client.post(batch.to_string()).await;
    let answers: Vec<Value> = serde_json::from_str(&answer).unwrap();
    assert_eq!(answers[0]["result"], "0x64aba");
    assert_eq!(answers[1]["result"], json!(keccak256([])));
    let unknown = "the method eth_nonsense does not exist/is not available";
    assert_eq!(answers[2]["error"], json!({"code": -32601, "message": unknown}));
    assert_eq!(client.error("eth_nonsense", json!([])).await.1, unknown);
    let bad = client.error("eth_getBalance", json!(["0x12"])).await;
    assert_eq!(bad.0, -32602);
}

/// NUMBER counts the parent's blocks, and BLOCKHASH gives what is recorded of them, not the hashes of this chain's.
#[tokio::test]
async fn hashes_of_the_parents_blocks_are_recorded() {
    let client = Client::start().await;
    // BLOCKHASH(calldata[0..32])
    let asker = client.deploy(&hex!("5f35405f5260205ff3")).await;
    let ask = async |number: u64, block: &str| {
        let call = json!([{"to": asker, "data": word(number)}, block]);
        let answer: B256 = serde_json::from_value(client.result("eth_call", call).await).unwrap();
        answer
    };
    let latest = async || {
        let block = client.result("eth_getBlockByNumber", json!(["latest", false])).await;
        let hash: B256 = serde_json::from_value(block["hash"].clone()).unwrap();
        (number(&block["l1BlockNumber"]), hash)
    };
    let genesis = client.result("eth_getBlockByNumber", json!(["0x0", false])).await;
    assert_eq!(json!(ask(0, "latest").await), genesis["hash"], "the first block recorded it");

    let (before, previous) = latest().await;
    client.result("evm_increaseTime", json!([3_600])).await;
    let hashed = |parent: u64| keccak256([previous.as_slice(), &parent.to_le_bytes()].concat());
    let now = before + 300;
    // The block that runs knows them already; then they stay.
    for tag in ["pending", "latest"] {
        if tag == "latest" {
            client.result("evm_mine", json!([])).await;
        }
        assert_eq!(ask(now - 1, tag).await, previous, "{tag}");
        assert_eq!(ask(now - 2, tag).await, hashed(now - 2));
        assert_eq!(ask(now - 256, tag).await, hashed(now - 256));
        for unknown in [now, now - 257, u64::MAX] {
            assert_eq!(ask(unknown, tag).await, B256::ZERO);
        }
    }
    assert_eq!(latest().await.0, now);
    client.result("evm_mine", json!([])).await;
    assert_eq!(ask(now - 1, "latest").await, previous, "as long as the parent doesn't go on");
}
