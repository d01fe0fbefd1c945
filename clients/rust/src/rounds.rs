//! Which rounds of a feed prove a settlement price, found by reading the feed backwards from its last round.
//!
//! Ids ascend by one inside a phase (the upper 16 bits); the walk stays inside the phase of the last round.

use alloy_primitives::{Address, aliases::U80};
use novate_abi::IAggregator;

use crate::{Chain, Error};

/// Length of the averaging window before expiry, seconds: its start belongs to it, expiry doesn't.
const WINDOW: u64 = 1_800;

/// One answer of a feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Round {
    /// Its id, phase included.
    pub id: U80,
    /// When it was written, Unix seconds.
    pub updated_at: u64,
}

/// What to call to propose a settlement price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SettlementProof {
    /// `proposeSettlement`: the first and last round of the window.
    Average {
        /// First round inside.
        first: U80,
        /// Last round inside.
        last: U80,
    },
    /// `proposeSettlementAfter`: the first round at or after expiry.
    After(U80),
}

/// Finds the proof for `expiry`: the average of the window if at least `fewest` rounds are in it; else the first round at
/// or after expiry.
///
/// # Errors
/// [`Error::NoProof`] while no round is at or after `expiry`, or where the feed's phase began too late.
pub async fn settlement_proof(
    chain: &Chain,
    feed: Address,
    expiry: u64,
    fewest: usize,
) -> Result<SettlementProof, Error> {
    let mut round = read(chain, feed, None).await?;
    if round.updated_at < expiry {
        return Err(Error::NoProof("no round at or after expiry yet"));
    }
    let mut first_after = round;
    let mut inside: Vec<Round> = Vec::new();
    while round.updated_at >= expiry.saturating_sub(WINDOW) {
        if round.updated_at >= expiry {
            first_after = round;
        } else {
            inside.push(round);
        }
        let is_first_of_phase = round.id.to::<u128>() & u128::from(u64::MAX) <= 1;
        if is_first_of_phase {
            return Err(Error::NoProof("the feed's phase began inside the window"));
        }
        round = read(chain, feed, Some(round.id.saturating_sub(U80::from(1)))).await?;
    }
    match (inside.last(), inside.first()) {
        (Some(first), Some(last)) if inside.len() >= fewest => {
            Ok(SettlementProof::Average { first: first.id, last: last.id })
        }
        _ => Ok(SettlementProof::After(first_after.id)),
    }
}

async fn read(chain: &Chain, feed: Address, id: Option<U80>) -> Result<Round, Error> {
    let (id, updated_at) = match id {
        None => {
            let answer = chain.view(feed, &IAggregator::latestRoundDataCall {}).await?;
            (answer.roundId, answer.updatedAt)
        }
        Some(id) => {
            let answer = chain.view(feed, &IAggregator::getRoundDataCall { roundId: id }).await?;
            (answer.id, answer.updatedAt)
        }
    };
    Ok(Round { id, updated_at: updated_at.saturating_to() })
}
