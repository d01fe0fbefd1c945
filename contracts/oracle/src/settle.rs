//! Settlement prices: observed, proposed, disputed, answered, or where no feed answers any more, named by its last round or the governor.

use alloy_primitives::{U256, aliases::U80};
use novate_abi::{IErrors, IOracle, snapshot::Series};
use novate_common::{Answer, Input, Revert, Slot, empty, event, refuse, timestamp};

use crate::{
    Oracle,
    error::within,
    feed::{self, MAX_PRICE, Round},
    index::Answered,
    load::{Feed, index_slot, settlement_slot},
    observation::{Observation, Reason, Rounds, WINDOW, last_before, nothing},
    words::{AnnouncedWord, IndexWord, SettlementWord},
};

pub(crate) const HOUR: u64 = 3_600;
/// Seconds in which the guardian may dispute a proposal.
const DISPUTE: u64 = 2 * HOUR;
/// Seconds in which the governor may answer.
const ANSWER: u64 = 72 * HOUR;
/// Seconds after expiry from which the last round before it serves.
const FALLBACK: u64 = 48 * HOUR;
/// Seconds of notice of an announced price.
const NOTICE: u64 = 7 * 24 * HOUR;
/// Most rounds that one call looks at.
const MOST_ROUNDS: u128 = 256;
/// An announced price lies within so many percent of the last known index.
const ANNOUNCED_PERCENT: u128 = 20;
/// Stages of a settlement.
const PROPOSED: u8 = 0;
pub(crate) const DISPUTED: u8 = 1;
const ANSWERED: u8 = 2;

/// Rounds of an underlying's feed.
struct FeedRounds {
    feed: Feed,
    latest: u128,
    now: u64,
}

impl Rounds for FeedRounds {
    fn round(&self, id: u128) -> Result<Option<Round>, Revert> {
        feed::round(&self.feed.reader.feed, id)
    }

    fn accepted(&self, round: &Round) -> Option<Answered> {
        self.feed.accept(round, self.now)
    }

    fn latest(&self) -> u128 {
        self.latest
    }

    fn version(&self) -> u16 {
        self.feed.reader.version
    }
}

/// An expiry to be settled.
struct Case {
    underlying: u8,
    expiry: u64,
    slot: Slot,
    now: u64,
}

/// `observe(underlying, expiry, rounds)`.
pub(crate) fn observe(input: &mut Input<'_>) -> Answer {
    let case = Case::read(input)?;
    let (count, mut ids) = input.array(1)?;
    within(b"rounds", u128::try_from(count).unwrap_or(u128::MAX), 1, MOST_ROUNDS)?;
    // After the window's first second no round can come any more that is in force at it.
    case.not_before(case.expiry.saturating_sub(WINDOW).saturating_add(1))?;
    case.not_settled()?;
    let rounds = case.rounds()?;
    let mut observation = Observation::at(&case.slot);
    let mut closed = None;
    for _ in 0..count {
        let id = ids.u80()?;
        if closed.is_some() {
            return nothing(Reason::Complete, id);
        }
        closed = observation.look(&rounds, case.expiry, id, case.now)?;
    }
    observation.store(&case.slot);
    let observed = observation.completed(case.expiry, 0);
    event!(IOracle::SettlementObserved {
        underlying: case.underlying, expiry: case.expiry;
        observedShare: observed.share,
        average: observed.average,
        lastRound: U80::from(observation.word.last_round),
    });
    match closed {
        Some(price) => case.fix(price, DISPUTE),
        None => empty(),
    }
}

/// `settleByLastRound(underlying, expiry, round)`.
pub(crate) fn by_last_round(input: &mut Input<'_>) -> Answer {
    let case = Case::read(input)?;
    let id = input.u80()?;
    case.not_before(case.expiry.saturating_add(FALLBACK))?;
    case.not_settled()?;
    let price = last_before(&case.rounds()?, id, case.expiry)?;
    case.fix(price, 0)
}

/// `disputeSettlement(underlying, expiry, reason)`.
pub(crate) fn dispute(oracle: &Oracle, input: &mut Input<'_>) -> Answer {
    oracle.governance.only_guardian()?;
    let case = Case::read(input)?;
    let reason = input.bytes32()?;
    let Case { underlying, expiry, slot, now } = case;
    let settlement = SettlementWord::at(&slot);
    if settlement.price == 0 || settlement.stage != PROPOSED || settlement.is_final(now) {
        return Err(refuse!(IOracle::NothingToDispute { underlying, expiry }));
    }
    let until = now.saturating_add(ANSWER);
    SettlementWord { stage: DISPUTED, final_at: until, ..settlement }.store(&slot);
    let price = U256::from(settlement.price);
    event!(IOracle::SettlementDisputed { underlying, expiry; price, reason, answerUntil: until });
    empty()
}

/// `answerDispute(underlying, expiry, price)`.
pub(crate) fn answer(oracle: &Oracle, input: &mut Input<'_>) -> Answer {
    oracle.governance.only_governor()?;
    let case = Case::read(input)?;
    let price = input.u128()?;
    let Case { underlying, expiry, slot, now } = case;
    let settlement = SettlementWord::at(&slot);
    if settlement.stage != DISPUTED || settlement.is_final(now) {
        return Err(refuse!(IOracle::NothingToAnswer { underlying, expiry }));
    }
    let (least, most) = Observation::at(&slot).range(settlement.price);
    in_range(price, least, most)?;
    SettlementWord { price, stage: ANSWERED, final_at: now, ..settlement }.store(&slot);
    event!(IOracle::SettlementAnswered { underlying, expiry; price: U256::from(price) });
    empty()
}

/// `announceSettlement(underlying, expiry, price)`.
pub(crate) fn announce(oracle: &Oracle, input: &mut Input<'_>) -> Answer {
    oracle.governance.only_governor()?;
    let case = Case::read(input)?;
    let price = input.u128()?;
    case.not_before(case.expiry.saturating_add(FALLBACK))?;
    case.not_settled()?;
    let Case { underlying, expiry, slot, now } = case;
    let last = IndexWord::at(&index_slot(underlying)).price;
    let far = last.saturating_mul(ANNOUNCED_PERCENT).checked_div(100).unwrap_or(0);
    in_range(price, last.saturating_sub(far), last.saturating_add(far).min(MAX_PRICE))?;
    let from = now.saturating_add(NOTICE);
    AnnouncedWord { price, from }.store(&slot.plus(4));
    event!(IOracle::SettlementAnnounced { underlying, expiry; price: U256::from(price), from });
    empty()
}

/// `settleAsAnnounced(underlying, expiry)`.
pub(crate) fn as_announced(input: &mut Input<'_>) -> Answer {
    let case = Case::read(input)?;
    case.not_settled()?;
    let AnnouncedWord { price, from } = AnnouncedWord::at(&case.slot.plus(4));
    // Nothing announced: never.
    case.not_before(if price == 0 { u64::MAX } else { from })?;
    case.fix(price, 0)
}

/// Refuses a price outside a range, and zero.
fn in_range(price: u128, least: u128, most: u128) -> Result<(), Revert> {
    if price == 0 || price < least || price > most {
        let [price, least, most] = [price, least, most].map(U256::from);
        return Err(refuse!(IOracle::PriceOutOfRange { price, least, most }));
    }
    Ok(())
}

impl Case {
    fn read(input: &mut Input<'_>) -> Result<Self, Revert> {
        let (underlying, expiry) = (input.u8()?, input.u64()?);
        let slot = settlement_slot(series(underlying, expiry)?);
        Ok(Self { underlying, expiry, slot, now: timestamp() })
    }

    fn not_before(&self, from: u64) -> Result<(), Revert> {
        let timestamp = self.now;
        if timestamp < from {
            return Err(refuse!(IOracle::TooEarly { from, timestamp }));
        }
        Ok(())
    }

    fn not_settled(&self) -> Result<(), Revert> {
        let Self { underlying, expiry, slot, .. } = *self;
        if SettlementWord::at(&slot).price != 0 {
            return Err(refuse!(IOracle::SettlementExists { underlying, expiry }));
        }
        Ok(())
    }

    fn rounds(&self) -> Result<FeedRounds, Revert> {
        let underlying = self.underlying;
        let Some(feed) = Feed::of(underlying) else {
            return Err(refuse!(IOracle::UnknownUnderlying { underlying }));
        };
        let target = feed.reader.feed;
        let Some(latest) = feed::latest(&target)? else {
            return Err(refuse!(IErrors::CallFailed { target }));
        };
        Ok(FeedRounds { feed, latest: latest.id, now: self.now })
    }

    fn fix(&self, price: u128, dispute: u64) -> Answer {
        let (proposed_at, final_at) = (self.now, self.now.saturating_add(dispute));
        SettlementWord { price, stage: PROPOSED, proposed_at, final_at }.store(&self.slot);
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
