//! The loaders and the fit on real chains and bars, where the folder with them exists beside the project.

use std::path::PathBuf;

use novate_e2e::input::{load_bars, load_chain};
use novate_e2e::model::fit_expiry;

fn market_data(name: &str) -> Option<PathBuf> {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/market-data")).join(name);
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
                println!("{name} {underlying} {} {:?}", (expiry - snapshot.time) / 3_600, fit.error);
                let is_near = expiry - snapshot.time < 2 * 86_400;
                let (rms, maximum) = if is_near { (0.08, 0.30) } else { (0.02, 0.08) };
                assert!(fit.error.rms < rms && fit.error.maximum < maximum, "{name} {underlying} {expiry}: {fit:?}");
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
