//! What the tests of the JSON-RPC server share: a node on a free port, a client, small contracts.

#![allow(dead_code, unreachable_pub, reason = "each test crate uses its own part")]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::missing_panics_doc,
    missing_docs,
    missing_debug_implementations,
    reason = "support of tests"
)]

pub mod websocket;

use alloy_primitives::{Address, Bytes, U256, address, hex};
use novate_devnode::{
    chain::{NodeConfig, NodeHandle},
    rpc::{Server, ServerConfig},
};
use serde_json::{Value, json};

/// The first and second development accounts.
pub const ALICE: Address = address!("f39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
pub const BOB: Address = address!("70997970C51812dc3A010C7d01b50e0d17dc79C8");

/// When the test chains begin.
pub const GENESIS: u64 = 1_770_000_000;

/// Without call data returns slot 0; with it stores the first word there and logs it under topic 42.
pub const COUNTER: &[u8] =
    &hex!("36600f5760005460005260206000f35b60003580600055600052602a60206000a100");

/// Always reverts with the four bytes deadbeef.
pub const REVERTER: &[u8] = &hex!("63deadbeef6000526004601cfd");

/// Returns NUMBER, TIMESTAMP, BASEFEE, CHAINID as four words.
pub const ENVIRONMENT: &[u8] = &hex!("4360005242602052486040524660605260806000f3");

/// Never ends.
pub const LOOP: &[u8] = &hex!("5b600056");

/// Init code that deploys `runtime`.
pub fn init_code(runtime: &[u8]) -> Bytes {
    let mut code = vec![0x60, u8::try_from(runtime.len()).unwrap()];
    code.extend(hex!("80600b6000396000f3"));
    code.extend(runtime);
    code.into()
}

/// A running server and a client for it.
pub struct Client {
    pub node: NodeHandle,
    pub server: Server,
    http: reqwest::Client,
}

impl Client {
    pub async fn start() -> Self {
        Self::start_with(NodeConfig::reproducible(GENESIS)).await
    }

    pub async fn start_with(config: NodeConfig) -> Self {
        Self::serve(NodeHandle::spawn(config).unwrap()).await
    }

    /// Serves a node that runs already.
    pub async fn serve(node: NodeHandle) -> Self {
        let address = ([127, 0, 0, 1], 0).into();
        let config = ServerConfig { address, ..ServerConfig::default() };
        let server = Server::start(node.clone(), config).await.unwrap();
        Self { node, server, http: reqwest::Client::new() }
    }

    /// Ends the server and the node.
    pub async fn stop(self) {
        self.server.stop().await;
    }

    /// Sends a body as it is; returns status and answer.
    pub async fn post(&self, body: impl Into<reqwest::Body>) -> (u16, String) {
        let request = self.http.post(self.server.url()).header("content-type", "application/json");
        let answer = request.body(body).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    /// The whole answer to a request.
    pub async fn answer(&self, method: &str, params: Value) -> Value {
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        serde_json::from_str(&self.post(body.to_string()).await.1).unwrap()
    }

    /// The result of a request that must succeed.
    pub async fn result(&self, method: &str, params: Value) -> Value {
        let mut answer = self.answer(method, params).await;
        assert!(answer.get("error").is_none(), "{method}: {answer}");
        answer["result"].take()
    }

    /// The error of a request that must fail: code, message, data.
    pub async fn error(&self, method: &str, params: Value) -> (i64, String, Value) {
        let answer = self.answer(method, params).await;
        let error = &answer["error"];
        assert!(error.is_object(), "{method} did not fail: {answer}");
        let message = error["message"].as_str().unwrap().to_owned();
        (error["code"].as_i64().unwrap(), message, error["data"].clone())
    }

    /// Deploys a contract from Alice; returns its address.
    pub async fn deploy(&self, runtime: &[u8]) -> Address {
        let request = json!([{"from": ALICE, "data": init_code(runtime)}]);
        let hash = self.result("eth_sendTransaction", request).await;
        let receipt = self.result("eth_getTransactionReceipt", json!([hash])).await;
        assert_eq!(receipt["status"], "0x1");
        serde_json::from_value(receipt["contractAddress"].clone()).unwrap()
    }
}

/// A word of call data.
pub fn word(value: u64) -> Bytes {
    Bytes::from(U256::from(value).to_be_bytes::<32>())
}

/// A quantity in an answer.
pub fn number(value: &Value) -> u64 {
    serde_json::from_value::<U256>(value.clone()).unwrap().to()
}
