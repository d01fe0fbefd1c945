//! Bad input to the demonstration: one line that names file, line and column, and exit code 2.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::float_arithmetic,
    clippy::indexing_slicing,
    clippy::missing_const_for_fn,
    clippy::panic,
    reason = "a test fails loudly"
)]

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

const CHAIN: &str = "ts,instrument,ccy,type,strike,expiry,fwd,index,bid,ask,mark_iv\n\
    2026-01-14T15:34:05Z,ETH-30JAN26-3000-C,ETH,C,3000,2026-01-30T08:00:00Z,3360.5,3354.1,0.12,0.13,0.55\n\
    2026-01-14T15:34:05Z,ETH-30JAN26-3000-P,ETH,P,3000,2026-01-30T08:00:00Z,3360.5,3354.1,0.01,0.02,0.55\n";

const PRICES: &str = "t,open,high,low,close,volume\n\
    1768404600,3350,3360,3340,3355,10\n\
    1768405500,3355,3365,3345,3350,10\n\
    1768406400,3350,3352,3300,3310,10\n";

/// Files of one test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder =
            PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("command-line-{name}"));
        fs::create_dir_all(&folder).expect("a folder");
        Self(folder)
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        fs::write(&path, text).expect("written");
        path.display().to_string()
    }
}

fn demo(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_demo")).args(arguments).output().expect("it runs")
}

/// Exit code 2, nothing on standard output, and exactly `error: <expected...>` on standard error.
fn assert_refused(output: &Output, beginning: &str, mentions: &str) {
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(text.starts_with(&format!("error: {beginning}")), "{text}\nexpected {beginning}");
    assert!(text.contains(mentions), "{text}\nexpected {mentions}");
    assert!(output.stdout.is_empty(), "{}", String::from_utf8_lossy(&output.stdout));
}

fn refuse_chain(name: &str, chain: &str, place: &str, mentions: &str) {
    let folder = Folder::new(name);
    let (chain, prices) = (folder.file("chain.csv", chain), folder.file("prices.csv", PRICES));
    let output = demo(&["--chain", &chain, "--prices", &prices]);
    assert_refused(&output, &format!("{chain}:{place}: "), mentions);
}

fn refuse_prices(name: &str, prices: &str, place: &str, mentions: &str) {
    let prices = Folder::new(name).file("prices.csv", prices);
    assert_refused(&demo(&["--prices", &prices]), &format!("{prices}:{place}: "), mentions);
}

#[test]
fn help_is_printed_and_is_no_error() {
    let output = demo(&["--help"]);
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8_lossy(&output.stdout);
    for option in ["--chain", "--prices", "--seed", "--underlying", "--steps"] {
        assert!(text.contains(option), "{text}");
    }
}

#[test]
fn arguments_that_do_not_exist_are_one_line() {
    assert_refused(&demo(&["--chian", "x"]), "unexpected argument '--chian'", "--chian");
    assert_refused(&demo(&["--seed", "many"]), "invalid value 'many'", "--seed");
    assert_refused(&demo(&["--chain", "x"]), "the following required arguments", "--prices");
    assert_refused(&demo(&["--steps", "0"]), "invalid value '0'", "--steps");
    assert_refused(&demo(&["--at", "noon"]), "invalid value 'noon'", "--at");
}

#[test]
fn a_missing_file() {
    assert_refused(
        &demo(&["--prices", "/no/such/bars.csv"]),
        "/no/such/bars.csv:1:1: ",
        "cannot be read",
    );
    let prices = Folder::new("missing").file("prices.csv", PRICES);
    let output = demo(&["--chain", "/no/such/chain.csv.gz", "--prices", &prices]);
    assert_refused(&output, "/no/such/chain.csv.gz:1:1: ", "cannot be read");
}

#[test]
fn malformed_prices() {
    refuse_prices("empty", "", "1:1", "header");
    refuse_prices("bare", "t,open,high,low,close\n", "1:1", "no rows");
    refuse_prices("no-close", "t,open,high,low\n1,2,3,4\n", "1:4", "column \"close\" is missing");
    refuse_prices(
        "text",
        &PRICES.replace("3355,3365", "abc,3365"),
        "3:2",
        "column \"open\" is not a number",
    );
    refuse_prices(
        "short",
        &PRICES.replace("1768405500,3355,3365,3345,3350,10", "1768405500,3355"),
        "3:3",
        "2 fields",
    );
    refuse_prices(
        "negative",
        &PRICES.replace("3300,3310", "-1,3310"),
        "4:4",
        "column \"low\" must be above zero",
    );
    refuse_prices(
        "inverted",
        &PRICES.replace("3350,3352,3300", "3350,3320,3300"),
        "4:3",
        "column \"high\" is below",
    );
    refuse_prices(
        "order",
        &PRICES.replace("1768406400", "1768404600"),
        "4:1",
        "column \"t\" does not ascend",
    );
    refuse_prices("time", &PRICES.replace("1768405500", "2026-01-14"), "3:1", "Unix seconds");
    refuse_prices("single", "t,open,high,low,close\n1768404600,1,1,1,1\n", "2:1", "at least two");
    refuse_prices(
        "infinite",
        &PRICES.replace("3365", "inf"),
        "3:3",
        "column \"high\" is not a number",
    );
}

#[test]
fn malformed_chains() {
    refuse_chain(
        "column",
        &CHAIN.replace("mark_iv", "iv"),
        "1:11",
        "column \"mark_iv\" is missing",
    );
    refuse_chain(
        "strike",
        &CHAIN.replace("ETH,P,3000", "ETH,P,three"),
        "3:5",
        "column \"strike\" is not a number",
    );
    refuse_chain(
        "right",
        &CHAIN.replace("ETH,P,", "ETH,put,"),
        "3:4",
        "column \"type\" is neither C nor P",
    );
    refuse_chain(
        "expired",
        &CHAIN.replace("2026-01-30T08", "2026-01-10T08"),
        "2:6",
        "not after the snapshot",
    );
    refuse_chain("no-time", &CHAIN.replace("2026-01-30T08:00:00Z", "soon"), "2:6", "is not a time");
    refuse_chain("half-hour", &CHAIN.replace("T08:00:00Z,", "T08:30:00Z,"), "2:6", "whole hour");
    refuse_chain("twice", &CHAIN.replace("ETH,P,", "ETH,C,"), "3:5", "repeats an option");
    refuse_chain("volatility", &CHAIN.replace(",0.13,0.55", ",0.13,55"), "2:11", "0.55 means 55%");
    refuse_chain("no-volatility", &CHAIN.replace(",0.13,0.55", ",0.13,"), "2:11", "is empty");
    refuse_chain("other", &CHAIN.replace(",ETH,", ",SOL,"), "2:3", "never is \"ETH\"");
    refuse_chain("fields", &CHAIN.replace(",0.02,0.55", ""), "3:10", "9 fields");
    refuse_chain("few", CHAIN, "2:1", "fewer than 4 expiries");
}

#[test]
fn a_chain_without_a_matching_price() {
    refuse_chain(
        "late",
        &CHAIN.replace("2026-01-14T15", "2026-01-15T15"),
        "2:1",
        "no price at 2026-01-15T15:34:05Z",
    );
    refuse_chain("level", &CHAIN.replace("3354.1", "96800"), "2:8", "another underlying?");
}
