//! The stage with the cast on it, the clock, and the books kept about everyone's money.

use alloy_primitives::{B256, U256};
use novate_client::{Error, Wallet};

use super::audit::{Flows, Moment, Violation, accounts};
use super::cast::Who;
use super::options::Underlying;
use crate::stage::{Stage, StageError};
use crate::units;

/// Why the demonstration stopped.
#[derive(Debug, thiserror::Error)]
pub enum PlayError {
    /// The stage couldn't be set.
    #[error(transparent)]
    Stage(#[from] StageError),
    /// A call failed that may not.
    #[error(transparent)]
    Client(#[from] Error),
    /// A trade that all should agree to was refused.
    #[error("{what}: {error}")]
    Refused {
        /// What was tried.
        what: String,
        /// Why not.
        error: Error,
    },
    /// The chain lists too few strikes.
    #[error("the chain lists too few strikes for the plan")]
    TooFewStrikes,
}

/// The stage with the cast on it.
#[derive(Debug)]
pub(super) struct Theatre {
    pub(super) stage: Stage,
    pub(super) underlying: Underlying,
    pub(super) wallets: Vec<Wallet>,
    /// Of the cast, and at last the house's, which lends.
    pub(super) accounts: Vec<B256>,
    /// Time of the last block, Unix seconds.
    pub(super) now: u64,
    /// Cash that came in, 18 decimals.
    pub(super) deposited: U256,
    pub(super) violations: Vec<Violation>,
    /// The last reading of all accounts.
    pub(super) last: Option<Moment>,
    flows: Vec<Flows>,
}

impl Theatre {
    /// Calls the cast.
    pub(super) async fn new(
        stage: Stage,
        underlying: Underlying,
        now: u64,
    ) -> Result<Self, PlayError> {
        let mut wallets = Vec::new();
        for who in Who::ALL {
            wallets.push(stage.wallet(who.name()).await?);
        }
        let mut accounts = accounts(&wallets);
        accounts.push(stage.governor.account());
        Ok(Self {
            stage,
            underlying,
            accounts,
            wallets,
            now,
            deposited: Stage::house_share(),
            violations: Vec::new(),
            last: None,
            flows: vec![Flows::default(); Who::ALL.len()],
        })
    }

    /// The key of `who`.
    #[expect(clippy::indexing_slicing, reason = "one wallet each")]
    pub(super) fn wallet(&self, who: Who) -> Wallet {
        self.wallets[who.index()].clone()
    }

    /// The account of `who`.
    #[expect(clippy::indexing_slicing, reason = "one account each")]
    pub(super) fn account(&self, who: Who) -> B256 {
        self.accounts[who.index()]
    }

    /// Where the money of `who` went.
    #[expect(clippy::indexing_slicing, reason = "one record each")]
    pub(super) fn flows(&mut self, who: Who) -> &mut Flows {
        &mut self.flows[who.index()]
    }

    /// Who has `account`, if anyone of the cast.
    pub(super) fn who(&self, account: B256) -> Option<Who> {
        let place = self.accounts.iter().position(|of| *of == account)?;
        Who::ALL.get(place).copied()
    }

    /// Reads all accounts now.
    pub(super) async fn moment(&self) -> Result<Moment, Error> {
        Moment::read(&self.stage, self.underlying.number(), &self.accounts).await
    }

    /// Reads all accounts after the market, or time alone, has moved: whoever gains by it, gains from someone, for prices create no
    /// money.
    pub(super) async fn marked(&mut self, what: &str) -> Result<Moment, Error> {
        let marked = self.moment().await?;
        if let Some(before) = self.last.take() {
            self.violations.extend(marked.printed(&before, what));
            for who in Who::ALL {
                let change = units::units(marked.equity(who) - before.equity(who));
                self.flows(who).market += change;
            }
        }
        Ok(marked)
    }

    /// Settles the gains of all accounts at the mark.
    pub(super) async fn touch(&mut self) -> Result<(), Error> {
        let (keeper, accounts) = (self.stage.keeper.clone(), self.accounts.clone());
        let receipt = self.stage.novate.touch(&keeper, accounts).await?;
        self.stage.gas.note("touch all accounts", receipt.gas_used);
        Ok(())
    }

    /// Moves the chain's time to `time`; the next transaction is at that second.
    pub(super) async fn move_to(&mut self, time: u64) -> Result<(), Error> {
        self.stage.chain().set_next_timestamp(time).await?;
        self.now = time;
        Ok(())
    }
}
