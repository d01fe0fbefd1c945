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

use alloy_primitives::{Address, Bytes, U256, hex};
use alloy_rpc_types_eth::TransactionRequest;
use novate_devnode::{
    chain::{Mining, Node, NodeConfig, NodeHandle, Overrides},
    rpc::{Server, ServerConfig},
};
use serde_json::{Value, json};

type Result<T> = core::result::Result<T, Box<dyn Error>>;

/// Without call data returns slot 0; with it stores the first word there and logs it.
const COUNTER: &[u8] =
    &hex!("36600f5760005460005260206000f35b60003580600055600052602a60206000a100");

fn main() -> Result<()> {
    let anvil = std::env::args().nth(1);
    let mut out = std::io::stdout().lock();
    writeln!(out, "start to first block, in-process      {:>10}", show(start()?))?;
    let (mut node, counter) = node_with_counter()?;
    writeln!(
        out,
        "call of a small contract, in-process  {:>10}",
        show(call_in_process(&mut node, counter)?)
    )?;
    let ours = call_over_http(&serve()?, 2_000)?;
    writeln!(out, "the same over HTTP, median            {:>10}", show(ours))?;
    match anvil {
        Some(path) => {
            let theirs = with_anvil(&path)?;
            let (ours, theirs_nanos) = (ours.as_nanos(), theirs.as_nanos());
            writeln!(out, "the same on anvil, median             {:>10}", show(theirs))?;
            writeln!(
                out,
                "ratio to anvil (bar: at most 200 %)   {:>8} %",
                ours * 100 / theirs_nanos.max(1)
            )?;
        }
        None => writeln!(out, "anvil: not measured (give the path of its binary)")?,
    }
    let before = resident_kib();
    let elapsed = ten_thousand(&mut node, counter)?;
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

fn node_with_counter() -> Result<(Node, Address)> {
    let mut node = Node::new(NodeConfig::default())?;
    let counter = Address::repeat_byte(0xc0);
    node.set_code(counter, Bytes::from_static(COUNTER))?;
    Ok((node, counter))
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

struct Running {
    url: String,
    runtime: tokio::runtime::Runtime,
    _server: Server,
}

fn serve() -> Result<Running> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let node = NodeHandle::spawn(NodeConfig::default())?;
    let config = ServerConfig { address: ([127, 0, 0, 1], 0).into(), ..ServerConfig::default() };
    let server = runtime.block_on(Server::start(node, config))?;
    Ok(Running { url: server.url(), runtime, _server: server })
}

fn call_over_http(running: &Running, count: usize) -> Result<Duration> {
    running.runtime.block_on(measure(&running.url, count))
}

/// Sets the contract and calls it `count` times over one connection.
async fn measure(url: &str, count: usize) -> Result<Duration> {
    let client = reqwest::Client::new();
    let to = Address::repeat_byte(0xc0);
    post(&client, url, "anvil_setCode", json!([to, Bytes::from_static(COUNTER)])).await?;
    let mut times = Vec::new();
    for _ in 0..count {
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
                return measure(&url, 2_000).await;
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
