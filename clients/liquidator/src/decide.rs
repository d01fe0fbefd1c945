//! Decides: whom to close out, and what to bid.

use alloy_primitives::{B256, I256, U256};
use novate_abi::ILiquidation;
use novate_client::Error;

use crate::Collected;

/// The whole book.
const WHOLE: u64 = 1_000_000_000_000_000_000;

/// How long a bid stands, seconds.
const BID_LIFE: u64 = 60;

/// What to do about one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Start its auction under these scenarios, and bid in the same transaction.
    StartAndBid {
        /// One per underlying, ascending.
        scenarios: Vec<u8>,
        /// The bid.
        bid: ILiquidation::Bid,
    },
    /// Bid in its running auction.
    Bid(ILiquidation::Bid),
    /// It recovered: end its auction.
    Release(B256),
}

/// What to do, in the order of need: the account that is short by most first. Never about `own`.
///
/// # Errors
/// [`Error::Inconsistent`] if a book can't be evaluated with the market that was collected.
pub fn decide(collected: &Collected, own: B256) -> Result<Vec<Decision>, Error> {
    let mut short: Vec<(I256, Decision)> = Vec::new();
    for held in collected.accounts.iter().filter(|held| held.account != own) {
        let (figures, worst) = collected.evaluation.assess(&held.book)?;
        let excess = figures.maintenance_excess();
        let is_running = held.auction.startedAt != 0;
        if !excess.is_negative() {
            if is_running {
                short.push((excess, Decision::Release(held.account)));
            }
            continue;
        }
        let is_solvent = figures.equity.is_positive();
        let bid = ILiquidation::Bid {
            account: held.account,
            bidder: own,
            mode: u8::from(!is_solvent),
            fraction: U256::from(WHOLE),
            minimumFraction: U256::from(1),
            // Never more than what is bought is worth: of the insolvent, the fund must pay at least the hole.
            maximumPrice: figures.equity,
            expectedNonce: held.nonce,
            deadline: collected.evaluation.rules.now.saturating_add(BID_LIFE),
        };
        let decision = if is_running {
            Decision::Bid(bid)
        } else {
            Decision::StartAndBid { scenarios: worst, bid }
        };
        short.push((excess, decision));
    }
    short.sort_by_key(|(excess, _)| *excess);
    Ok(short.into_iter().map(|(_, decision)| decision).collect())
}
