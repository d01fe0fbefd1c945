//! Settlement prices that rounds prove, proposed by anyone.

use alloy_primitives::U256;
use novate_abi::{IErrors, IOracle, snapshot::Series};
use novate_common::{Answer, Input, Revert, empty, event, refuse, timestamp};

use crate::{
    Oracle,
    feed::{self, Round},
    load::{Feed, Settlement},
    proof::{DISPUTE, FALLBACK, Proof, Rounds},
};

const HOUR: u64 = 3_600;

/// Rounds of an underlying's feed.
struct FeedRounds {
    feed: Feed,
    latest: u128,
}

impl Rounds for FeedRounds {
    fn round(&self, id: u128) -> Result<Option<Round>, Revert> {
        feed::round(&self.feed.reader.feed, id)
    }

    fn accepted(&self, round: &Round) -> Option<u128> {
        self.feed.accept(round)
    }

    fn latest(&self) -> u128 {
        self.latest
    }
}

/// An expiry to be settled.
struct Case {
    underlying: u8,
    expiry: u64,
    series: u32,
}

/// `proposeSettlement(underlying, expiry, firstRound, lastRound)`.
pub(crate) fn propose(input: &mut Input<'_>) -> Answer {
    let case = Case::read(input)?;
    let (first, last) = (input.u80()?, input.u80()?);
    let rounds = case.rounds(0)?;
    let price = Proof { rounds: &rounds, expiry: case.expiry }.average(first, last)?;
    case.fix(price, DISPUTE)
}

/// `proposeSettlementAfter(underlying, expiry, round)`.
pub(crate) fn propose_after(input: &mut Input<'_>) -> Answer {
    let case = Case::read(input)?;
    let round = input.u80()?;
    let rounds = case.rounds(0)?;
    let price = Proof { rounds: &rounds, expiry: case.expiry }.first_after(round)?;
    case.fix(price, DISPUTE)
}

/// `proposeSettlementFallback(underlying, expiry, round)`.
pub(crate) fn propose_fallback(input: &mut Input<'_>) -> Answer {
    let case = Case::read(input)?;
    let round = input.u80()?;
    let rounds = case.rounds(FALLBACK)?;
    let price = Proof { rounds: &rounds, expiry: case.expiry }.last_before(round)?;
    case.fix(price, 0)
}

/// `disputeSettlement(underlying, expiry)`.
pub(crate) fn dispute(oracle: &Oracle, input: &mut Input<'_>) -> Answer {
    oracle.governance.only_guardian()?;
    let Case { underlying, expiry, series } = Case::read(input)?;
    let settlement = Settlement::of(series);
    if settlement.price == 0 || timestamp() >= settlement.final_at {
        return Err(refuse!(IOracle::NothingToDispute { underlying, expiry }));
    }
    Settlement { price: 0, final_at: 0 }.set(series);
    let price = U256::from(settlement.price);
    event!(IOracle::SettlementDisputed { underlying, expiry; price });
    empty()
}

impl Case {
    fn read(input: &mut Input<'_>) -> Result<Self, Revert> {
        let (underlying, expiry) = (input.u8()?, input.u64()?);
        Ok(Self { underlying, expiry, series: series(underlying, expiry)? })
    }

    /// The feed's rounds, from `delay` seconds after expiry on, if there is no settlement price yet.
    fn rounds(&self, delay: u64) -> Result<FeedRounds, Revert> {
        let Self { underlying, expiry, series } = *self;
        let (from, timestamp) = (expiry.saturating_add(delay), timestamp());
        if timestamp < from {
            return Err(refuse!(IOracle::TooEarly { from, timestamp }));
        }
        if Settlement::of(series).price != 0 {
            return Err(refuse!(IOracle::SettlementExists { underlying, expiry }));
        }
        let feed = Feed::of(underlying)?;
        let target = feed.reader.feed;
        let Some(latest) = feed::latest(&target)? else {
            return Err(refuse!(IErrors::CallFailed { target }));
        };
        Ok(FeedRounds { feed, latest: latest.id })
    }

    fn fix(&self, price: u128, dispute: u64) -> Answer {
        let final_at = timestamp().saturating_add(dispute);
        Settlement { price, final_at }.set(self.series);
        let price = U256::from(price);
        event!(IOracle::SettlementProposed {
            underlying: self.underlying, expiry: self.expiry; price, finalAt: final_at
        });
        empty()
    }
}

/// The series of an expiry, which must be a whole hour that a series can hold.
///
/// # Errors
/// `UnknownUnderlying` for 0, `InvalidExpiry`.
#[inline(never)]
pub(crate) fn series(underlying: u8, expiry: u64) -> Result<u32, Revert> {
    if underlying == 0 {
        return Err(refuse!(IOracle::UnknownUnderlying { underlying }));
    }
    let hours = expiry.checked_div(HOUR).and_then(|hours| u32::try_from(hours).ok()).unwrap_or(0);
    let terms = Series::Expiry(underlying, hours);
    let is_whole = u64::from(hours).saturating_mul(HOUR) == expiry;
    if is_whole && Series::decode(terms.encode()) == Some(terms) {
        Ok(terms.encode())
    } else {
        Err(refuse!(IOracle::InvalidExpiry { expiry }))
    }
}
