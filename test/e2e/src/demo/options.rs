//! The command line of the demonstration.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};

use crate::input::{Bars, Chain, InputError, Snapshot, load_bars, load_chain, parse_time};
use crate::model::{JumpDiffusion, Market, generate_chain};

/// Expiries that are traded.
pub(super) const EXPIRIES: usize = 4;

/// Days of a generated path, and the length of its bars in seconds.
const GENERATED_DAYS: u32 = 10;
const GENERATED_INTERVAL: u32 = 900;

/// When a generated path begins: 2026-01-05 00:00 UTC, a Monday.
const GENERATED_START: u64 = 1_767_571_200;

/// At-the-money volatility of a generated chain.
const GENERATED_VOLATILITY: f64 = 0.65;

/// Where traders' history begins before a chain is generated around the bars: a day.
const HISTORY: u64 = 86_400;

/// Plays a crash through the clearing house: deploys it on a development chain, trades an option book, replays prices,
/// liquidates, settles, and proves that not a cent was lost.
///
/// Without --chain and --prices both are generated from the seed. With --prices alone the chain is generated around
/// the price a day after the bars begin. Files may be gzip-compressed.
#[derive(Debug, Clone, Parser)]
#[command(name = "demo", version)]
pub struct Options {
    /// Option chain, CSV with columns ts, instrument, ccy, type, strike, expiry, fwd, index, `mark_iv`, bid, ask.
    #[arg(long, value_name = "FILE", requires = "prices")]
    pub chain: Option<PathBuf>,
    /// Price bars, CSV with columns t, open, high, low, close.
    #[arg(long, value_name = "FILE")]
    pub prices: Option<PathBuf>,
    /// Decides the generated market and all keys.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// The underlying that is traded.
    #[arg(long, value_enum, default_value_t = Underlying::Eth)]
    pub underlying: Underlying,
    /// Begin with the chain's first snapshot at or after this time (2026-01-31T00:00:00Z).
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub at: Option<u64>,
    /// How often, over the whole replay, surfaces are posted and the liquidator looks.
    #[arg(long, default_value_t = 120, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub steps: u32,
}

/// What is traded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Underlying {
    /// Ether.
    #[value(name = "ETH")]
    Eth,
    /// Bitcoin.
    #[value(name = "BTC")]
    Btc,
}

impl Underlying {
    /// As the chains' files call it.
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Eth => "ETH",
            Self::Btc => "BTC",
        }
    }

    /// Its number in the contracts.
    pub const fn number(self) -> u8 {
        match self {
            Self::Eth => 1,
            Self::Btc => 2,
        }
    }

    /// The default price range of one spot unit, 18 decimals.
    pub const fn range(self) -> u64 {
        match self {
            Self::Eth => 180_000_000_000_000_000,
            Self::Btc => 160_000_000_000_000_000,
        }
    }
}

/// The market, and in words where it comes from.
#[derive(Debug, Clone)]
pub(super) struct Source {
    pub(super) market: Market,
    /// The snapshot that the book is traded on.
    pub(super) snapshot: Snapshot,
    pub(super) words: Vec<String>,
}

impl Options {
    /// Loads or generates chain and prices.
    ///
    /// # Errors
    /// As [`load_bars`], [`load_chain`] and [`Market::new`].
    pub(super) fn source(&self) -> Result<Source, InputError> {
        let mut words = Vec::new();
        let bars = match &self.prices {
            Some(file) => {
                let bars = load_bars(file)?;
                words.push(format!(
                    "prices  {} bars of {} s from {}",
                    bars.bars.len(),
                    bars.interval,
                    file.display()
                ));
                bars
            }
            None => self.generated_bars(&mut words),
        };
        let chain = match &self.chain {
            Some(file) => {
                let mut chain = load_chain(file, self.underlying.symbol())?;
                if let Some(at) = self.at {
                    let none = chain.unmatched(1, "no snapshot at or after --at".into());
                    chain.snapshots.retain(|snapshot| snapshot.time >= at);
                    if chain.snapshots.is_empty() {
                        return Err(none);
                    }
                }
                words.push(format!(
                    "chain   {} snapshot(s) from {}",
                    chain.snapshots.len(),
                    file.display()
                ));
                chain
            }
            None => Self::chain_around(&bars, &mut words),
        };
        let market = Market::new(&chain, bars, EXPIRIES)?;
        let missing = chain.unmatched(1, "no snapshot".into());
        let snapshot = chain.snapshots.into_iter().next().ok_or(missing)?;
        Ok(Source { market, snapshot, words })
    }

    fn generated_bars(&self, words: &mut Vec<String>) -> Bars {
        let start = match self.underlying {
            Underlying::Eth => 2_500.0,
            Underlying::Btc => 90_000.0,
        };
        let model = JumpDiffusion { start, ..JumpDiffusion::default() };
        let count = GENERATED_DAYS * 86_400 / GENERATED_INTERVAL;
        words.push(format!("prices  generated, seed {}: {model}", self.seed));
        model.bars(self.seed, GENERATED_START, GENERATED_INTERVAL, count)
    }

    /// No chain of the day is at hand: one is made around the price of a day after the beginning.
    fn chain_around(bars: &Bars, words: &mut Vec<String>) -> Chain {
        let (from, to) = bars.span();
        let time = from + HISTORY.min((to - from) / 10);
        let time = time - time % bars.interval;
        let index = bars.covering(time).or(bars.bars.first()).map_or(1.0, |bar| bar.open);
        words.push(format!(
            "chain   generated around {index} USD: a parametric surface, at-the-money volatility {GENERATED_VOLATILITY}"
        ));
        generate_chain(time, index, GENERATED_VOLATILITY)
    }
}

fn time(text: &str) -> Result<u64, String> {
    parse_time(text).ok_or_else(|| "not a time like 2026-01-31T00:00:00Z".into())
}
