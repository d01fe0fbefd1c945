//! Measures the node against its bars and prints them: start, calls in-process and over HTTP (beside
//! anvil, if it is installed), ten thousand transactions, memory.
//!
//! `cargo run --release -p novate-devnode --example bench [path of an anvil binary]`

#![allow(clippy::arithmetic_side_effects, reason = "counts of a benchmark")]

use std::{
    error::Error,
    io::Write,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use alloy_primitives::{Address, Bytes, TxKind, U256, hex};
use alloy_rpc_types_eth::TransactionRequest;
use alloy_sol_types::{SolCall, sol};
use novate_devnode::{
    chain::{Mining, Node, NodeConfig, NodeHandle, Overrides, ether},
    pack, precompile_address,
    rpc::{Server, ServerConfig},
    wasm::Features,
};
use serde_json::{Value, json};

sol! {
    function activateProgram(address program) external payable returns (uint16, uint256);
}

type Result<T> = core::result::Result<T, Box<dyn Error>>;

/// The Stylus program that is measured: without call data it returns slot 0, with it it stores the
/// first word there.
const PROGRAM: &str = r#"(module
    (import "vm_hooks" "read_args" (func $read_args (param i32)))
    (import "vm_hooks" "write_result" (func $write_result (param i32 i32)))
    (import "vm_hooks" "storage_load_bytes32" (func $load (param i32 i32)))
    (import "vm_hooks" "storage_cache_bytes32" (func $store (param i32 i32)))
    (import "vm_hooks" "storage_flush_cache" (func $flush (param i32)))
    (memory (export "memory") 1 1)
    (func (export "user_entrypoint") (param $len i32) (result i32)
        (if (local.get $len)
            (then
                (call $read_args (i32.const 0))
                (call $store (i32.const 64) (i32.const 0))
                (call $flush (i32.const 0)))
            (else
                (call $load (i32.const 64) (i32.const 0))
                (call $write_result (i32.const 0) (i32.const 32))))
        i32.const 0))"#;

/// The same in EVM code, for anvil.
const COUNTER: &[u8] =
    &hex!("36600f5760005460005260206000f35b60003580600055600052602a60206000a100");

fn main() -> Result<()> {
    let anvil = std::env::args().nth(1);
    let mut out = std::io::stdout().lock();
    writeln!(out, "start to first block, in-process      {:>10}", show(start()?))?;
    let (mut node, program) = node_with_program()?;
    writeln!(
        out,
        "call of a small Stylus program        {:>10}",
        show(call_in_process(&mut node, program)?)
    )?;
    let ours = over_http()?;
    writeln!(out, "the same over HTTP, median            {:>10}", show(ours))?;
    match anvil {
        Some(path) => {
            let theirs = with_anvil(&path)?;
            let (ours, theirs_nanos) = (ours.as_nanos(), theirs.as_nanos());
            writeln!(out, "an equal Solidity call on anvil       {:>10}", show(theirs))?;
            writeln!(
                out,
                "ratio to anvil (bar: at most 200 %)   {:>8} %",
                ours * 100 / theirs_nanos.max(1)
            )?;
        }
        None => writeln!(out, "anvil: not measured (give the path of its binary)")?,
    }
    let before = resident_kib();
    let elapsed = ten_thousand(&mut node, program)?;
    writeln!(out, "10,000 transactions, 1,000 blocks     {:>10}", show(elapsed))?;
    let grown = resident_kib().saturating_sub(before);
    let (accounts, slots) = node.held_values();
    writeln!(out, "memory for these 1,000 blocks         {grown:>6} KiB")?;
    writeln!(out, "values held: {accounts} of accounts, {slots} of slots")?;
    Ok(())
}

fn show(time: Duration) -> String {
    format!("{time:.1?}")
}

fn start() -> Result<Duration> {
    let begun = Instant::now();
    let mut node = Node::new(NodeConfig::default())?;
    node.mine(None)?;
    Ok(begun.elapsed())
}

/// A node with the program deployed and activated.
fn node_with_program() -> Result<(Node, Address)> {
    let mut node = Node::new(NodeConfig::default())?;
    let program = deploy(&mut node)?;
    Ok((node, program))
}

fn deploy(node: &mut Node) -> Result<Address> {
    let features = Features { stylus_version: 2, debug: true };
    let package = pack::pack(&wat::parse_str(PROGRAM)?, features)?;
    let from = node.keyring().addresses().next();
    let create = TransactionRequest {
        from,
        to: Some(TxKind::Create),
        input: pack::init_code(&package.code).into(),
        ..TransactionRequest::default()
    };
    let hash = node.send(&create)?;
    let mined = node.blocks().transaction(hash).map(|(_, _, mined)| mined.contract_address);
    let program = mined.flatten().ok_or("the program was not deployed")?;
    let activate = TransactionRequest {
        from,
        value: Some(ether(1)),
        input: activateProgramCall { program }.abi_encode().into(),
        ..TransactionRequest::default().to(precompile_address(0x71))
    };
    node.send(&activate)?;
    Ok(program)
}

fn call_in_process(node: &mut Node, to: Address) -> Result<Duration> {
    let request = TransactionRequest::default().to(to);
    let overrides = Overrides::default();
    let mut times = Vec::new();
    for _ in 0..20_000 {
        let begun = Instant::now();
        let outcome = node.call(&request, alloy_eips::BlockId::latest(), &overrides)?;
        times.push(begun.elapsed());
        if outcome.output.len() != 32 {
            return Err("the contract did not answer".into());
        }
    }
    median(times)
}

fn median(mut times: Vec<Duration>) -> Result<Duration> {
    times.sort_unstable();
    times.get(times.len() / 2).copied().ok_or_else(|| "nothing measured".into())
}

fn over_http() -> Result<Duration> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let node = NodeHandle::spawn(NodeConfig::default())?;
    let program = node.run(|node| {
        deploy(node).map_err(|error| novate_devnode::chain::Error::Internal(error.to_string()))
    })?;
    let config = ServerConfig { address: ([127, 0, 0, 1], 0).into(), ..ServerConfig::default() };
    let server = runtime.block_on(Server::start(node, config))?;
    runtime.block_on(measure(&server.url(), program))
}

/// Calls the contract over one connection.
async fn measure(url: &str, to: Address) -> Result<Duration> {
    let client = reqwest::Client::new();
    let mut times = Vec::new();
    for _ in 0..2_000 {
        let begun = Instant::now();
        let answer = post(&client, url, "eth_call", json!([{"to": to}, "latest"])).await?;
        times.push(begun.elapsed());
        if answer != json!(format!("0x{}", "0".repeat(64))) {
            return Err(format!("unexpected answer {answer}").into());
        }
    }
    median(times)
}

async fn post(client: &reqwest::Client, url: &str, method: &str, params: Value) -> Result<Value> {
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
    let mut answer: Value = client.post(url).json(&body).send().await?.json().await?;
    match answer.get_mut("result") {
        Some(result) => Ok(result.take()),
        None => Err(answer.to_string().into()),
    }
}

/// Ends the process when dropped.
struct Guard(Child);

impl Drop for Guard {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn with_anvil(path: &str) -> Result<Duration> {
    let port = 20_000 + std::process::id() % 20_000;
    let arguments = ["--port", &port.to_string(), "--silent"];
    let _anvil = Guard(Command::new(path).args(arguments).stdout(Stdio::null()).spawn()?);
    let url = format!("http://127.0.0.1:{port}");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let client = reqwest::Client::new();
        for _ in 0..100 {
            if post(&client, &url, "eth_chainId", json!([])).await.is_ok() {
                let to = Address::repeat_byte(0xc0);
                let code = json!([to, Bytes::from_static(COUNTER)]);
                post(&client, &url, "anvil_setCode", code).await?;
                return measure(&url, to).await;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Err("anvil does not answer".into())
    })
}

fn ten_thousand(node: &mut Node, to: Address) -> Result<Duration> {
    node.set_mining(Mining::Manual)?;
    let senders: Vec<Address> = node.keyring().addresses().collect();
    let begun = Instant::now();
    for block in 0..1_000_u64 {
        for (index, from) in (0_u64..).zip(&senders) {
            let value = U256::from(block * 10 + index + 1);
            let request = TransactionRequest {
                from: Some(*from),
                gas: Some(100_000),
                input: Bytes::from(value.to_be_bytes::<32>()).into(),
                ..TransactionRequest::default().to(to)
            };
            node.send(&request)?;
        }
        if node.mine(None)?.transactions.len() != senders.len() {
            return Err("a transaction is missing".into());
        }
    }
    Ok(begun.elapsed())
}

/// Memory of this process that is in use, KiB; zero where /proc does not tell.
fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|text| text.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
