//! The binary: its banner, its answers to bad input, its end, and a kill.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests"
)]

use core::time::Duration;
use std::{
    io::{BufRead, BufReader, Read},
    process::{Child, ChildStdout, Command, Stdio},
    time::Instant,
};

use serde_json::{Value, json};

fn command(options: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_novate-devnode"));
    command.args(options).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// A running node; killed when dropped.
struct Running {
    child: Child,
    lines: BufReader<ChildStdout>,
    banner: Value,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Running {
    fn start(options: &[&str]) -> Self {
        let mut child = command(options).args(["--port", "0", "--json"]).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        lines.read_line(&mut line).unwrap();
        let banner = serde_json::from_str(&line).unwrap();
        Self { child, lines, banner }
    }

    fn request(&self, method: &str, params: &Value) -> Value {
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        let url = self.banner["url"].as_str().unwrap();
        let client = reqwest::blocking::Client::new();
        let mut answer: Value = client.post(url).json(&body).send().unwrap().json().unwrap();
        assert!(answer["error"].is_null(), "{answer}");
        answer["result"].take()
    }

    /// Sends a signal and waits for the exit code.
    fn end(mut self, signal: &str) -> Option<i32> {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            assert!(begun.elapsed() < Duration::from_secs(20), "does not end");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

#[test]
fn accounts_and_keys_are_printed_and_the_end_is_graceful() {
    for signal in ["-INT", "-TERM"] {
        let mut node = Running::start(&["--accounts", "3", "--chain-id", "777", "--arbos", "60"]);
        assert_eq!(node.banner["chainId"], 777);
        assert_eq!(node.banner["arbosVersion"], 60);
        let keys = node.banner["privateKeys"].as_array().unwrap();
        assert_eq!(keys.len(), 3);
        let expected = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
        assert_eq!(keys[0], expected);
        node.request("evm_mine", &json!([]));
        let mut line = String::new();
        node.lines.read_line(&mut line).unwrap();
        let block: Value = serde_json::from_str(&line).unwrap();
        assert_eq!((&block["event"], &block["number"]), (&json!("block"), &json!(1)));
        assert_eq!(node.end(signal), Some(0));
    }
}

#[test]
fn bad_input_is_one_line_and_exit_code_2() {
    let cases: &[(&[&str], &str)] = &[
        (&["--port", "abc"], "--port"),
        (&["--nonsense"], "--nonsense"),
        (&["--mnemonic", "one two"], "mnemonic: expected 12"),
        (&["--arbos", "7"], "ArbOS 51 and 60"),
        (&["--balance", "much"], "--balance"),
        (&["--block-time", "0"], "at least a millisecond"),
        (&["--block-time", "NaN"], "at least a millisecond"),
        (&["--block-time", "2", "--no-mining"], "cannot be used with"),
        (&["--fork-block-number", "5"], "required"),
        (&["--fork-url", "ftp://x"], "expected http://"),
        (&["--state", "/nonexistent/folder/file"], "state file /nonexistent/folder/file"),
        (&["--host", "nowhere"], "--host"),
    ];
    for (options, expected) in cases {
        let output = command(options).output().unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{options:?}: {text}");
        assert_eq!(text.lines().count(), 1, "{options:?}: {text}");
        assert!(text.starts_with("error: ") && text.contains(expected), "{options:?}: {text}");
    }
    let help = command(&["--help"]).output().unwrap();
    assert!(
        help.status.success() && String::from_utf8(help.stdout).unwrap().contains("--fork-url")
    );
    let version = command(&["--version"]).output().unwrap();
    assert_eq!(
        String::from_utf8(version.stdout).unwrap().trim(),
        concat!("novate-devnode ", env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn a_port_in_use_is_named() {
    let holder = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = holder.local_addr().unwrap().port().to_string();
    let output = command(&["--port", &port]).output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(text.starts_with(&format!("error: cannot listen on 127.0.0.1:{port}: ")), "{text}");
}

#[test]
fn silence_is_silent() {
    let mut child = command(&["--silent", "--port", "0"]).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(500));
    child.kill().unwrap();
    let mut text = String::new();
    child.stdout.take().unwrap().read_to_string(&mut text).unwrap();
    child.wait().unwrap();
    assert_eq!(text, "");
}

#[test]
fn a_killed_node_goes_on_with_every_block_it_announced() {
    let path = std::env::temp_dir().join(format!("novate-kill-{}", std::process::id()));
    let _ = std::fs::remove_file(&path);
    let file = path.to_str().unwrap();
    let mut latest = 0;
    for _ in 0..3 {
        let node = Running::start(&["--state", file]);
        let number = node.request("eth_blockNumber", &json!([]));
        assert_eq!(number, format!("{latest:#x}"), "nothing announced was lost");
        node.request("anvil_mine", &json!([25]));
        latest += 25;
        assert_eq!(node.end("-KILL"), None);
    }
    std::fs::remove_file(path).unwrap();
}
