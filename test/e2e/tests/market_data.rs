//! The loaders and the fit on real chains and bars, where the folder with them exists beside the project.

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

use novate_e2e::input::{load_bars, load_chain};
use novate_e2e::model::fit_expiry;

/// The folder beside the workspace, or where `NOVATE_MARKET_DATA` points.
fn market_data(name: &str) -> Option<PathBuf> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/market-data");
    let folder = std::env::var_os("NOVATE_MARKET_DATA").unwrap_or_else(|| beside.into());
    let path = PathBuf::from(folder).join(name);
    if path.exists() {
        return Some(path);
    }
    eprintln!("skipped: {} isn't there", path.display());
    None
}

#[test]
fn every_expiry_of_the_real_chains_is_fitted() {
    let chains = [
        ("chains/deribit_20260114T153405Z_calm.csv", "ETH", 1, 11),
        ("chains/deribit_20260114T153405Z_calm.csv", "BTC", 1, 11),
        ("chains/deribit_20260131-20260202_selloff_seq.csv.gz", "ETH", 11, 10),
        ("chains/deribit_20260131-20260202_selloff_seq.csv.gz", "BTC", 11, 10),
        ("chains/deribit_BTC_20200521_fullgreeks.csv", "BTC", 1, 6),
    ];
    for (name, underlying, snapshots, least_expiries) in chains {
        let Some(file) = market_data(name) else { return };
        let chain = load_chain(&file, underlying).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(chain.snapshots.len(), snapshots, "{name}");
        for snapshot in &chain.snapshots {
            let mut expiries: Vec<u64> = snapshot.quotes.iter().map(|quote| quote.expiry).collect();
            expiries.dedup();
            assert!(expiries.len() >= least_expiries, "{name}: {} expiries", expiries.len());
            for expiry in expiries {
                let fit = fit_expiry(&snapshot.quotes, expiry, snapshot.time)
                    .unwrap_or_else(|| panic!("{name} {underlying} {expiry}: no fit"));
                eprintln!(
                    "{name} {underlying} {} {:?}",
                    (expiry - snapshot.time) / 3_600,
                    fit.error
                );
                // In the last hours marks are noise: a slice must be found, near or far.
                let (rms, maximum) = match (expiry - snapshot.time) / 3_600 {
                    0..12 => (0.20, 0.60),
                    12..48 => (0.03, 0.10),
                    _ => (0.02, 0.08),
                };
                assert!(
                    fit.error.rms < rms && fit.error.maximum < maximum,
                    "{name} {underlying} {expiry}: {fit:?}"
                );
            }
        }
    }
}

#[test]
fn the_real_bars_are_read() {
    let files = [
        ("prices/ETHUSDT_binance_5m_20200308-20200319.csv", 300, 3_456),
        ("prices/BTCUSDT_binance_15m_20260112-20260202.csv.gz", 900, 2_112),
        ("prices/ETHUSDT_binance_1m_20210517-20210520.csv.gz", 60, 5_559),
        ("prices/ETHUSDT_binance_30m_20240802-20240807.csv", 1_800, 288),
        ("prices/BTCUSDT_binance_1h_history_dev.csv.gz", 3_600, 56_112),
    ];
    for (name, interval, count) in files {
        let Some(file) = market_data(name) else { return };
        let bars = load_bars(&file).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!((bars.interval, bars.bars.len()), (interval, count), "{name}");
    }
}
