//! Collects: which accounts there are, from clearing's events; their books; the market and the risk parameters.

use std::collections::BTreeSet;

use alloy_primitives::B256;
use novate_abi::ILiquidation::ILiquidationErrors;
use novate_abi::{IClearing, ILiquidation};
use novate_client::{ContractError, Error, Evaluation, Novate, risk_book};
use novate_risk::Book;

/// An account that holds positions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The account.
    pub account: B256,
    /// Its nonce when it was read: a bid for another state is refused.
    pub nonce: u64,
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
    /// Accounts with positions, ascending.
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
            if novate.positions(*account).await?.is_empty() {
                continue;
            }
            let (nonce, packed) = (novate.nonce(*account).await?, novate.book(*account).await?);
            let auction = auction(novate, *account).await?;
            accounts.push(Held { account: *account, nonce, book: risk_book(&packed)?, auction });
            books.push(packed);
        }
        Ok(Collected { evaluation: novate.evaluation(&books).await?, accounts })
    }

    /// Learns of accounts: whoever trades has deposited before, or took over a slice.
    async fn follow(&mut self, novate: &Novate) -> Result<(), Error> {
        let (chain, clearing) = (&novate.chain, novate.at.clearing);
        let last = chain.block_number().await?;
        let deposits = chain.events::<IClearing::Deposited>(clearing, self.next_block).await?;
        self.known.extend(deposits.into_iter().map(|event| event.account));
        let slices = chain.events::<IClearing::SliceTransferred>(clearing, self.next_block).await?;
        self.known.extend(slices.into_iter().map(|event| event.to));
        self.next_block = last.saturating_add(1);
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
