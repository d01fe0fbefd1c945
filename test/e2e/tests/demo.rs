//! The demonstration on generated input and, where the folder beside the project has it, on real data: it proves its
//! invariants, liquidates and settles, and prints the same bytes for the same seed.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::float_arithmetic,
    clippy::indexing_slicing,
    clippy::missing_const_for_fn,
    clippy::panic,
    reason = "a test fails loudly"
)]

use std::path::PathBuf;
use std::process::Command;

/// Runs it, checks that it succeeded and proved everything, and returns what it printed.
fn play(arguments: &[&str]) -> String {
    let output =
        Command::new(env!("CARGO_BIN_EXE_demo")).args(arguments).output().expect("it runs");
    let text = String::from_utf8(output.stdout).expect("text");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{text}\n{errors}");
    assert!(text.contains("Proved after every step:"), "{text}");
    assert!(!text.contains("VIOLATED"), "{text}");
    text
}

/// The number before `word` in the line that sums the replay up.
fn count(text: &str, word: &str) -> u32 {
    let words: Vec<&str> =
        text.split([' ', '\n', ';', ',']).filter(|word| !word.is_empty()).collect();
    let place =
        words.windows(2).rposition(|pair| pair[1] == word && pair[0].parse::<u32>().is_ok());
    place.map_or(0, |place| words[place].parse().expect("a number"))
}

fn market_data(name: &str) -> Option<String> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/market-data");
    let folder = std::env::var_os("NOVATE_MARKET_DATA").unwrap_or_else(|| beside.into());
    let path = PathBuf::from(folder).join(name);
    if path.exists() {
        return Some(path.display().to_string());
    }
    eprintln!("skipped: {} isn't there", path.display());
    None
}

#[test]
fn a_generated_crash_plays_the_same_for_the_same_seed() {
    let first = play(&["--seed", "1", "--steps", "30"]);
    assert!(count(&first, "auctions") >= 1, "{first}");
    assert!(count(&first, "expiries") >= 2, "{first}");
    assert_eq!(first, play(&["--seed", "1", "--steps", "30"]), "not the same twice");
    assert_ne!(first, play(&["--seed", "2", "--steps", "30"]));
}

#[test]
fn march_2020_liquidates_and_settles() {
    let Some(prices) = market_data("prices/ETHUSDT_binance_5m_20200308-20200319.csv") else {
        return;
    };
    let text = play(&["--prices", &prices, "--steps", "60"]);
    assert!(count(&text, "bids") >= 1, "{text}");
    assert!(count(&text, "expiries") >= 1 && count(&text, "positions") >= 1, "{text}");
}

#[test]
fn january_and_february_2026_play_on_the_real_chains() {
    let cases = [
        ("ETH", "chains/deribit_20260131-20260202_selloff_seq.csv.gz"),
        ("BTC", "chains/deribit_20260131-20260202_selloff_seq.csv.gz"),
        ("ETH", "chains/deribit_20260114T153405Z_calm.csv"),
    ];
    for (underlying, chain) in cases {
        let prices = format!("prices/{underlying}USDT_binance_15m_20260112-20260202.csv.gz");
        let (Some(chain), Some(prices)) = (market_data(chain), market_data(&prices)) else {
            return;
        };
        let text = play(&[
            "--underlying",
            underlying,
            "--chain",
            &chain,
            "--prices",
            &prices,
            "--steps",
            "40",
        ]);
        assert!(count(&text, "expiries") >= 1, "{text}");
    }
}
