//! Deploys, activates and configures everything.

use alloy_primitives::{B256, U256, b256};
use novate_client::{Deployment, Novate, Wallet};

use super::builder::Builder;
use super::{Artifacts, GasLog, IMockSequencerFeed, Stage, StageError, fund, named_wallet, node};

/// The first development account of the phrase that development chains share; `NOVATE_PRIVATE_KEY` replaces it.
const DEVELOPMENT_KEY: B256 =
    b256!("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80");

/// An underlying and its risk parameters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct UnderlyingSettings {
    /// Its number.
    pub number: u8,
    /// Price range of one spot unit, 18 decimals.
    pub range: u64,
    /// Most notional open in an expiry, and on an account, 18 decimals.
    pub caps: [u128; 2],
    /// The index when its feed is named.
    pub price: f64,
}

/// The collateral token's parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Collateral {
    /// The underlying whose index prices it.
    pub underlying: u8,
    /// Maintenance haircut, 18 decimals.
    pub maintenance_haircut: u64,
    /// Further initial haircut, 18 decimals.
    pub initial_haircut: u64,
    /// Whether it enters the scenarios.
    pub cancels_risk: bool,
}

/// What trades cost; rates in millionths of notional at the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fees {
    /// Of options.
    pub option: u32,
    /// Most of the premium at the mark, millionths.
    pub premium_cap: u32,
    /// Least of an option trade, 18 decimals.
    pub option_minimum: u64,
    /// Of a delta-one maker; below zero: a rebate.
    pub maker: i32,
    /// Of a delta-one taker.
    pub taker: u32,
}

/// How the stage is set.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Decides all keys, so all addresses.
    pub seed: u64,
    /// When the chain's time begins, Unix seconds.
    pub time: u64,
    /// Underlyings listed; each has a feed.
    pub underlyings: Vec<UnderlyingSettings>,
    /// Heartbeat of the feeds, seconds.
    pub heartbeat: u32,
    /// What the WETH-like token counts for.
    pub collateral: Collateral,
    /// Publishers, all of whom but one must sign.
    pub publishers: usize,
    /// What trades cost.
    pub fees: Fees,
}

impl Settings {
    /// Ether as underlying 1, its WETH as collateral, and the default fees.
    pub fn ether(seed: u64, time: u64) -> Self {
        Self {
            seed,
            time,
            underlyings: vec![UnderlyingSettings {
                number: 1,
                range: 180_000_000_000_000_000,
                caps: [10_u128.pow(28), 10_u128.pow(28)],
                price: 2_500.0,
            }],
            heartbeat: 3_600,
            collateral: Collateral {
                underlying: 1,
                maintenance_haircut: 100_000_000_000_000_000,
                initial_haircut: 50_000_000_000_000_000,
                cancels_risk: true,
            },
            publishers: 3,
            fees: Fees {
                option: 300,
                premium_cap: 125_000,
                option_minimum: 10_000_000_000_000_000,
                maker: 100,
                taker: 500,
            },
        }
    }
}

impl Stage {
    /// Sets the stage; `progress` hears of each step.
    ///
    /// # Errors
    /// What [`StageError`] lists.
    pub async fn new(
        settings: &Settings,
        mut progress: impl FnMut(&str),
    ) -> Result<Self, StageError> {
        let (chain, url, node) = node::connect(settings.time).await?;
        let key = std::env::var("NOVATE_PRIVATE_KEY")
            .ok()
            .and_then(|key| key.parse().ok())
            .unwrap_or(DEVELOPMENT_KEY);
        let funder = Wallet::from_key(key)?;
        let wallet = |name: &str| named_wallet(settings.seed, name);
        let (governor, keeper) = (wallet("governor")?, wallet("keeper")?);
        for to in [&governor, &keeper] {
            fund(&chain, &funder, to.address()).await?;
        }
        let publishers: Result<Vec<Wallet>, _> =
            (0..settings.publishers).map(|number| wallet(&format!("publisher {number}"))).collect();
        let publishers = publishers?;

        let mut builder =
            Builder { chain, governor, gas: GasLog::default(), artifacts: Artifacts::default() };
        progress("tokens and feeds");
        let usdc = builder.solidity("MockUsdc", &[]).await?;
        let weth = builder.solidity("MockWeth", &[]).await?;
        let sequencer = builder.solidity("MockSequencerFeed", &[]).await?;
        let mut feeds = Vec::new();
        for _ in &settings.underlyings {
            feeds.push(builder.feed().await?);
        }
        let mut programs = Vec::new();
        for name in
            ["oracle", "margin", "clearing", "liquidation", "exchange", "parameters", "lens"]
        {
            progress(name);
            programs.push(builder.program(name).await?);
        }
        let [oracle, margin, clearing, liquidation, exchange, parameters, lens] =
            programs.try_into().unwrap_or_default();
        let at = Deployment { oracle, margin, clearing, liquidation, exchange, parameters, lens };
        progress("parameters");
        // Up since a day, so that no grace period runs.
        let up = IMockSequencerFeed::reportSinceCall {
            isUp: true,
            startedAt: U256::from(settings.time - 86_400),
        };
        builder.chain.send(&keeper, sequencer, &up).await?;
        builder.initialise(at, usdc).await?;
        builder.configure(at, settings, &publishers, &feeds, sequencer, weth).await?;
        builder.seed_pool(at, usdc).await?;
        let Builder { chain, governor, gas, .. } = builder;
        Ok(Self {
            novate: Novate::new(chain, at),
            usdc,
            weth,
            feeds,
            sequencer,
            governor,
            keeper,
            publishers,
            gas,
            seed: settings.seed,
            funder,
            url,
            _node: node,
        })
    }
}
