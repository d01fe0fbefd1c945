//! `docs/devnode-rpc.md` is made from the table of methods; this test makes it and compares.
//!
//! `NOVATE_UPDATE=1 cargo test -p novate-devnode --test rpc_docs` writes it anew.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "helpers of tests"
)]

use std::{collections::BTreeSet, fmt::Write as _, path::PathBuf};

use novate_devnode::rpc::{ALIASES, GROUPS, SUBSCRIPTION_METHODS, find};

const HEAD: &str = "# Supported JSON-RPC methods

`novate-devnode` answers these over HTTP and WebSocket on one port. This file is generated from the
table that the server is built from (`devnode/src/rpc/method.rs`); a test fails when they differ.

Errors follow geth: code 3 with the revert data in `error.data` for a revert, -32602 for bad arguments,
-32601 for an unknown method, -32000 for what the chain refuses.

Differences from a real Arbitrum chain: the state root of blocks is zero, since the state is not a trie
(`eth_getProof` does not exist); blocks hold no internal start transaction; the L1 part of the fee is
zero; `block.number` is an estimate from the time passed (one L1 block per 12 seconds).
";

fn document() -> String {
    let mut text = HEAD.to_owned();
    for (group, methods) in GROUPS {
        write!(text, "\n## {group}\n\n| method | also as | what it does |\n|---|---|---|\n")
            .unwrap();
        for method in *methods {
            let aliases = ALIASES.iter().filter(|(own, _)| *own == method.name);
            let aliases: Vec<_> = aliases.map(|(_, alias)| format!("`{alias}`")).collect();
            let aliases = aliases.join(" ");
            writeln!(text, "| `{}` | {aliases} | {} |", method.name, method.summary).unwrap();
        }
    }
    text.push_str("\n## Subscriptions\n\n| method | what it does |\n|---|---|\n");
    for (name, summary) in SUBSCRIPTION_METHODS {
        writeln!(text, "| `{name}` | {summary} |").unwrap();
    }
    text
}

#[test]
fn the_document_matches_the_table() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/devnode-rpc.md");
    let expected = document();
    if std::env::var_os("NOVATE_UPDATE").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &expected).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == expected, "docs/devnode-rpc.md is stale: run this test with NOVATE_UPDATE=1");
}

#[test]
fn names_are_unique_and_aliases_lead_somewhere() {
    let own = GROUPS.iter().flat_map(|(_, methods)| *methods).map(|method| method.name);
    let aliases = ALIASES.iter().map(|(_, alias)| *alias);
    let names: Vec<_> =
        own.chain(aliases).chain(SUBSCRIPTION_METHODS.iter().map(|(name, _)| *name)).collect();
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
    for (own, alias) in ALIASES {
        assert_eq!(find(alias).unwrap().name, *own);
    }
}
