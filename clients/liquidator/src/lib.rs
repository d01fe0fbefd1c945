//! The liquidation bot: watches accounts over JSON-RPC, starts auctions and bids.
//!
//! One round is collect, decide, act. It collects books, the market's snapshot and the risk parameters from the contracts;
//! decides with `risk`, the very code that runs in the margin contract; looks by a call what a bid would get; and bids with limits
//! on price and worth, so that nothing surprises it and no dust deposit voids it. What it can't bid for it sights, so that the
//! auction's clock counts.

#![forbid(unsafe_code)]

mod act;
mod collect;
mod decide;

use novate_client::{Chain, Deployment, Error, Novate, Wallet};

pub use act::Action;
pub use collect::{Collected, Collector};
pub use decide::{Decision, decide};

/// What the bot is told.
#[derive(Debug, Clone)]
pub struct LiquidatorConfig {
    /// Its key; its account number 0 takes over the books.
    pub wallet: Wallet,
    /// The contracts.
    pub at: Deployment,
    /// Where it begins to look for accounts: the block in which clearing was deployed, or any before.
    pub first_block: u64,
}

/// The bot.
#[derive(Debug)]
pub struct Liquidator {
    novate: Novate,
    wallet: Wallet,
    collector: Collector,
}

impl Liquidator {
    /// A bot on a connection.
    pub fn new(chain: Chain, config: LiquidatorConfig) -> Self {
        Self {
            novate: Novate::new(chain, config.at),
            wallet: config.wallet,
            collector: Collector::new(config.first_block),
        }
    }

    /// One round: what it did. What the contracts or the node refuse about one account is reported as [`Action::Passed`], and the
    /// round goes on with the next.
    ///
    /// # Errors
    /// As [`Chain::view`], if the node or the contracts can't be read.
    pub async fn step(&mut self) -> Result<Vec<Action>, Error> {
        let collected = self.collector.collect(&self.novate).await?;
        let mut actions = Vec::new();
        for decision in decide(&collected, self.wallet.account())? {
            actions.extend(act::act(&self.novate, &self.wallet, &decision).await);
        }
        Ok(actions)
    }
}
