//! What the node prints: accounts and keys at start, then a line per block.

use core::fmt::Write as _;
use std::io::{self, Write};

use novate_devnode::{
    chain::{Error, MinedBlock, Node, NodeHandle},
    rpc::{CLIENT_VERSION, Server},
};
use serde_json::json;

use super::Options;

/// Blocks fetched from the node at once.
const CHUNK: usize = 256;

/// How to print.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Output {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
    /// Nothing.
    Silent,
}

impl Output {
    pub(crate) const fn new(options: &Options) -> Self {
        match (options.silent, options.json) {
            (true, _) => Self::Silent,
            (false, true) => Self::Json,
            (false, false) => Self::Text,
        }
    }

    /// Accounts, keys and the address, as soon as the node listens.
    pub(crate) async fn banner(
        self,
        node: &NodeHandle,
        server: &Server,
        options: &Options,
    ) -> Result<(), String> {
        let url = server.url();
        let mnemonic = options.mnemonic.clone();
        let text = node.run_async(move |node| match self {
            Self::Text => text_banner(node, &url, &mnemonic),
            Self::Json => json_banner(node, &url, &mnemonic),
            Self::Silent => String::new(),
        });
        print(&text.await.map_err(|error| error.to_string())?);
        Ok(())
    }

    /// Prints blocks as they are mined; returns when the node stops.
    pub(crate) async fn follow(self, node: &NodeHandle) {
        let mut progress = node.progress();
        let mut position = 0;
        loop {
            if self != Self::Silent {
                match self.blocks_since(node, position).await {
                    Ok((text, next)) if next != position => {
                        print(&text);
                        position = next;
                        continue;
                    }
                    Ok(_) => {}
                    Err(_) => return,
                }
            }
            if progress.changed().await.is_err() {
                return;
            }
        }
    }

    async fn blocks_since(self, node: &NodeHandle, since: usize) -> Result<(String, usize), Error> {
        node.run_async(move |node| {
            let hashes = node.events().blocks_since(since);
            let next = since.saturating_add(hashes.len().min(CHUNK));
            let blocks = hashes.iter().take(CHUNK);
            let blocks = blocks.filter_map(|hash| node.blocks().by_hash(*hash));
            (blocks.map(|block| self.block(block)).collect(), next)
        })
        .await
    }

    fn block(self, block: &MinedBlock) -> String {
        if self == Self::Json {
            return format!("{}\n", json_block(block));
        }
        let header = &block.header;
        let mut text = format!(
            "block {} {} time {} gas {}\n",
            header.number, block.hash, header.timestamp, header.gas_used
        );
        for mined in &block.transactions {
            let failure = mined.failure.as_deref().unwrap_or("ok");
            let hash = mined.transaction.hash();
            let _ = writeln!(text, "  {hash} gas {} {failure}", mined.gas_used);
            if let Some(address) = mined.contract_address.filter(|_| mined.is_success) {
                let _ = writeln!(text, "    created {address}");
            }
        }
        text
    }
}

fn json_block(block: &MinedBlock) -> serde_json::Value {
    let transactions = block.transactions.iter().map(|mined| {
        json!({
            "hash": mined.transaction.hash(),
            "from": mined.transaction.sender,
            "gasUsed": mined.gas_used,
            "contractAddress": mined.contract_address,
            "failure": mined.failure,
        })
    });
    json!({
        "event": "block",
        "number": block.header.number,
        "hash": block.hash,
        "timestamp": block.header.timestamp,
        "gasUsed": block.header.gas_used,
        "transactions": transactions.collect::<Vec<_>>(),
    })
}

fn text_banner(node: &mut Node, url: &str, mnemonic: &str) -> String {
    let mut text = format!("{CLIENT_VERSION}\n\nAccounts\n");
    for (index, address) in node.keyring().addresses().enumerate() {
        let _ = writeln!(text, "({index}) {address}");
    }
    text.push_str("\nPrivate keys (public knowledge: never use them on a real chain)\n");
    for (index, signer) in node.keyring().signers().iter().enumerate() {
        let _ = writeln!(text, "({index}) {}", signer.to_bytes());
    }
    let _ = writeln!(
        text,
        "\nMnemonic   {mnemonic}\nPath       m/44'/60'/0'/0/\nChain id   {}\nArbOS      {}\nBase fee   {} wei\nTimestamp  {}\n\nListening on {url} (HTTP and WebSocket)",
        node.chain_id(),
        node.config().chain.arbos.number(),
        node.base_fee(),
        node.latest().header.timestamp,
    );
    text
}

fn json_banner(node: &mut Node, url: &str, mnemonic: &str) -> String {
    let keys = node.keyring().signers().iter();
    let line = json!({
        "event": "listening",
        "url": url,
        "version": CLIENT_VERSION,
        "chainId": node.chain_id(),
        "arbosVersion": node.config().chain.arbos.number(),
        "baseFee": node.base_fee(),
        "timestamp": node.latest().header.timestamp,
        "mnemonic": mnemonic,
        "accounts": node.keyring().addresses().collect::<Vec<_>>(),
        "privateKeys": keys.map(alloy_signer_local::PrivateKeySigner::to_bytes).collect::<Vec<_>>(),
    });
    format!("{line}\n")
}

/// A closed stdout does not stop the node.
fn print(text: &str) {
    let mut stdout = io::stdout().lock();
    let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
}
