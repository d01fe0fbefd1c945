//! Collects: which accounts there are, from clearing's events; their books, and what they must hold.

use std::collections::BTreeSet;

use alloy_primitives::{B256, Bytes};
use novate_abi::{IClearing, ILiquidation, IMargin};
use novate_client::{Error, Novate};

/// An account that holds positions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The account.
    pub account: B256,
    /// Its nonce when it was read: a bid for another state is refused.
    pub nonce: u64,
    /// Its packed book.
    pub book: Bytes,
    /// Its figures.
    pub assessment: IMargin::Assessment,
    /// Its auction; `started_at` 0 if there is none.
    pub auction: ILiquidation::Auction,
}

/// Everything that a decision needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collected {
    /// Time of the last block, Unix seconds.
    pub time: u64,
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
        let mut accounts = Vec::new();
        let mut books = Vec::new();
        for account in &self.known {
            if novate.positions(*account).await?.is_empty() {
                continue;
            }
            let (nonce, book) = (novate.nonce(*account).await?, novate.book(*account).await?);
            books.push(book.clone());
            let auction = novate.auction(*account).await?;
            accounts.push(Held { account: *account, nonce, book, assessment: IMargin::Assessment::default(), auction });
        }
        if !books.is_empty() {
            for (held, assessment) in accounts.iter_mut().zip(novate.assess(books).await?) {
                held.assessment = assessment;
            }
        }
        Ok(Collected { time: novate.chain.timestamp().await?, accounts })
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
