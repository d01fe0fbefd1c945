//! Collects: which accounts there are, from clearing's events; their books; the market and the risk parameters.

use std::collections::BTreeSet;

use alloy_primitives::B256;
use novate_abi::ILiquidation::ILiquidationErrors;
use novate_abi::{IClearing, ILiquidation};
use novate_client::{ContractError, Error, Evaluation, Lending, Novate, risk_book};
use novate_risk::Book;

/// How many blocks are read again at every look: what a reorganisation replaces is seen.
const AGAIN: u64 = 64;

/// An account that holds lines or collateral, or owes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The account.
    pub account: B256,
    /// Its book.
    pub book: Book,
    /// Its auction; `startedAt` 0 if there is none.
    pub auction: ILiquidation::Auction,
}

/// Everything that a decision needs.
#[derive(Debug, Clone)]
pub struct Collected {
    /// Market and parameters, as far as these books need them.
    pub evaluation: Evaluation,
    /// What debts require.
    pub lending: Lending,
    /// Accounts that can be short, ascending.
    pub accounts: Vec<Held>,
}

/// Follows the chain.
#[derive(Debug)]
pub struct Collector {
    next_block: u64,
    known: BTreeSet<B256>,
}

impl Collector {
    /// A collector that has seen nothing before block `first`.
    pub const fn new(first: u64) -> Self {
        Self { next_block: first, known: BTreeSet::new() }
    }

    /// Reads the chain as it is now.
    ///
    /// # Errors
    /// As [`novate_client::Chain::view`].
    pub async fn collect(&mut self, novate: &Novate) -> Result<Collected, Error> {
        self.follow(novate).await?;
        let (mut accounts, mut books) = (Vec::new(), Vec::new());
        for account in &self.known {
            let packed = novate.book(*account).await?;
            let book = risk_book(&packed)?;
            let is_idle = book.positions().is_empty() && book.collateral().is_empty();
            if is_idle && !book.cash().is_negative() {
                continue;
            }
            let auction = auction(novate, *account).await?;
            accounts.push(Held { account: *account, book, auction });
            books.push(packed);
        }
        let evaluation = novate.evaluation(&books).await?;
        Ok(Collected { evaluation, lending: novate.lending().await?, accounts })
    }

    /// Learns of accounts: who holds a line has traded or was given it, who holds collateral has deposited it.
    async fn follow(&mut self, novate: &Novate) -> Result<(), Error> {
        let (chain, clearing) = (&novate.chain, novate.at.clearing);
        let last = chain.block_number().await?;
        let first = self.next_block.min(last.saturating_add(1));
        let lines = chain.events::<IClearing::PositionChanged>(clearing, first).await?;
        self.known.extend(lines.into_iter().map(|event| event.account));
        let collateral = chain.events::<IClearing::CollateralChanged>(clearing, first).await?;
        self.known.extend(collateral.into_iter().map(|event| event.account));
        self.next_block = last.saturating_sub(AGAIN).max(self.next_block.min(last));
        Ok(())
    }
}

/// The auction of `account`, or one that never started.
async fn auction(novate: &Novate, account: B256) -> Result<ILiquidation::Auction, Error> {
    match novate.auction(account).await {
        Err(error) if is_no_auction(&error) => Ok(ILiquidation::Auction::default()),
        other => other,
    }
}

fn is_no_auction(error: &Error) -> bool {
    matches!(error.contract(), Some(ContractError::Liquidation(ILiquidationErrors::NoAuction(_))))
}
