//! Decides: about whom something must be done, and what.

use alloy_primitives::{B256, I256};
use novate_client::Error;

use crate::Collected;

/// Seconds between two sightings of an auction in which no bid can be made: the clock counts up to a minute of each.
const SIGHT: u64 = 60;

/// What to do about one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// It is short and nobody has started its auction: start it and bid, or start it alone, under these scenarios.
    StartAndBid {
        /// Whose.
        account: B256,
        /// One per underlying, ascending: what makes it short.
        scenarios: Vec<u8>,
    },
    /// It is short and its auction runs: bid, or else let the clock count if the last sighting is old enough.
    Bid {
        /// Whose.
        account: B256,
        /// Whether it is time for a sighting.
        is_due: bool,
    },
    /// It recovered: a sighting ends its auction.
    Release(B256),
    /// It has neither line nor collateral and owes: what it owes is written off.
    WriteOff(B256),
}

/// What to do, in the order of need: the account that is short by most first. Never about `own`.
///
/// # Errors
/// [`Error::Inconsistent`] if a book can't be evaluated with the market that was collected.
pub fn decide(collected: &Collected, own: B256) -> Result<Vec<Decision>, Error> {
    let mut short: Vec<(I256, Decision)> = Vec::new();
    let now = collected.evaluation.rules.now;
    for held in collected.accounts.iter().filter(|held| held.account != own) {
        let account = held.account;
        if held.book.positions().is_empty() && held.book.collateral().is_empty() {
            short.push((held.book.cash(), Decision::WriteOff(account)));
            continue;
        }
        let (figures, scenarios) = collected.evaluation.account(&held.book, &collected.lending)?;
        let excess = figures.close_excess();
        let is_running = held.auction.startedAt != 0;
        let decision = match (excess.is_negative(), is_running) {
            (false, false) => continue,
            (false, true) => Decision::Release(account),
            (true, false) => Decision::StartAndBid { account, scenarios },
            (true, true) => {
                let is_due = now.saturating_sub(held.auction.lastSeen) >= SIGHT;
                Decision::Bid { account, is_due }
            }
        };
        short.push((excess, decision));
    }
    short.sort_by_key(|(excess, _)| *excess);
    Ok(short.into_iter().map(|(_, decision)| decision).collect())
}
