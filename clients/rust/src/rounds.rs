//! Which rounds of a feed make a settlement price, found by reading the feed backwards from its last round.
//!
//! Ids ascend by one inside a phase (the upper 16 bits); where the walk comes to a phase's first round, it goes on at the last round
//! of the phase before.

use alloy_primitives::{Address, U256, aliases::U80};
use novate_abi::IAggregator;

use crate::{Chain, Error};

/// Length of the averaging window before expiry, seconds.
const WINDOW: u64 = 1_800;

/// One answer of a feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Round {
    /// Its id, phase included.
    pub id: U80,
    /// When it was written, Unix seconds.
    pub updated_at: u64,
}

/// The rounds that [`novate_abi::IOracle::observeCall`] takes for `expiry`, in order, as far as there are any: from the one in force when
/// the window begins (or the one after `last`, where observation goes on) to the first one at or after expiry.
///
/// # Errors
/// [`Error::NoProof`] while there is none; as [`Chain::view`].
pub async fn settlement_proof(
    chain: &Chain,
    feed: Address,
    expiry: u64,
    last: Option<U80>,
) -> Result<Vec<Round>, Error> {
    let begin = expiry.saturating_sub(WINDOW);
    let latest = chain.view(feed, &IAggregator::latestRoundDataCall {}).await?;
    let mut round = Round { id: latest.roundId, updated_at: latest.updatedAt.saturating_to() };
    let mut found: Vec<Round> = Vec::new();
    while Some(round.id) != last {
        // Of the rounds at or after expiry only the first counts.
        if round.updated_at >= expiry {
            found.clear();
        }
        found.push(round);
        if last.is_none() && round.updated_at <= begin {
            break;
        }
        match before(chain, feed, round.id).await? {
            Some(previous) => round = previous,
            None if last.is_some() => {
                return Err(Error::NoProof("the last round isn't found again"));
            }
            None => break,
        }
    }
    let is_begun = last.is_some() || found.last().is_some_and(|first| first.updated_at <= begin);
    if !is_begun || found.is_empty() {
        return Err(Error::NoProof("no round of the window"));
    }
    found.reverse();
    Ok(found)
}

/// The round before `id`; `None` if there is none.
async fn before(chain: &Chain, feed: Address, id: U80) -> Result<Option<Round>, Error> {
    let number = id.to::<u128>();
    let (phase, within) = (number >> 64, number & u128::from(u64::MAX));
    if within > 1 {
        return read(chain, feed, phase, within.saturating_sub(1)).await;
    }
    // The last round of the nearest phase before that has any: the greatest number that is answered.
    for phase in (1..phase).rev() {
        let (mut least, mut beyond) = (0_u128, 1_u128);
        while read(chain, feed, phase, beyond).await?.is_some() {
            (least, beyond) = (beyond, beyond.saturating_mul(2));
        }
        while beyond.saturating_sub(least) > 1 {
            let middle = least.midpoint(beyond);
            match read(chain, feed, phase, middle).await? {
                Some(_) => least = middle,
                None => beyond = middle,
            }
        }
        if least > 0 {
            return read(chain, feed, phase, least).await;
        }
    }
    Ok(None)
}

/// A round; `None` if the feed has none of that number: it reverts then, or answers zeros.
async fn read(
    chain: &Chain,
    feed: Address,
    phase: u128,
    within: u128,
) -> Result<Option<Round>, Error> {
    let id = U80::from(phase << 64 | within);
    match chain.view(feed, &IAggregator::getRoundDataCall { roundId: id }).await {
        Ok(answer) if answer.updatedAt == U256::ZERO => Ok(None),
        Ok(answer) => Ok(Some(Round { id, updated_at: answer.updatedAt.saturating_to() })),
        Err(Error::Reverted { .. } | Error::Contract { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}
