//! The settlement price of an expiry, out of a feed's rounds: logic over a function that reads rounds.
//!
//! It is the time-weighted average of the index over the 30 minutes up to expiry: an accepted round holds from its time to that of
//! the next. Rounds are taken in order, from the one in force at the window's start, each proved the successor of the one before: a
//! round id is phase << 64 | number, numbers of a phase follow each other, and of a new phase, which is entered only when the old one
//! has no later round inside the window, the first counts whose time is not before the last accepted one. The first round at or
//! after expiry closes the average, which then covers the window to its last second.

use novate_abi::IOracle;
use novate_common::{Revert, Slot, SolError, selected};

use crate::{
    feed::{MAX_PRICE, Round},
    index::Answered,
    load::ONE,
    words::{AcceptedWord, LeastWord, ObservationWord, SettlementWord},
};

/// Seconds of the window.
pub(crate) const WINDOW: u64 = 30 * 60;
const WINDOW_WIDE: u128 = 30 * 60;
/// Longest time between the last accepted round of a phase and the first of the next, seconds.
const HOLE: u64 = 2 * 3_600;
/// Fewest accepted rounds of which an average is taken.
pub(crate) const FEWEST: u16 = 3;
/// Most refused or missing rounds in a row that are passed over unseen.
const PASSED_OVER: u128 = 32;
/// Most phases newer than the one used.
const PHASES: u128 = 16;
/// What a dispute may set lies within so many percent of the accepted rounds, or, without any, of the index.
const AROUND_ROUNDS: u128 = 5;
const AROUND_INDEX: u128 = 20;

/// Why rounds prove nothing, numbered as in `RoundsProveNothing`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    Missing,
    NotInForce,
    NotNext,
    BeforeExpiry,
    Complete,
    OldPhaseGoesOn,
    Refused,
    Hole,
    NotBeforeExpiry,
}

impl Reason {
    const fn number(self) -> u8 {
        match self {
            Self::Missing => 0,
            Self::NotInForce => 1,
            Self::NotNext => 2,
            Self::BeforeExpiry => 3,
            Self::Complete => 4,
            Self::OldPhaseGoesOn => 5,
            Self::Refused => 6,
            Self::Hole => 7,
            Self::NotBeforeExpiry => 9,
        }
    }
}

/// `RoundsProveNothing`.
#[cold]
#[inline(never)]
pub(crate) fn nothing<T>(reason: Reason, id: u128) -> Result<T, Revert> {
    let round = id & ((1 << 80) - 1);
    let data = selected![IOracle::RoundsProveNothing::SELECTOR, reason.number(), round];
    Err(Revert::from_data(data))
}

/// A feed's history.
pub(crate) trait Rounds {
    /// The round of that id, if there is one.
    fn round(&self, id: u128) -> Result<Option<Round>, Revert>;
    /// The price of a round, if its answer is accepted.
    fn accepted(&self, round: &Round) -> Option<Answered>;
    /// Id of the latest round.
    fn latest(&self) -> u128;
    /// Which feed of the underlying it is.
    fn version(&self) -> u16;
}

const fn phase(id: u128) -> u128 {
    id >> 64
}

/// What is observed of a window, and what it comes to with the index for the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Completed {
    /// Share of the window that is observed, 18 decimals.
    pub(crate) share: u64,
    /// Average of that share; 0 if it is none.
    pub(crate) average: u128,
    /// The share times its average.
    pub(crate) fixed: u128,
    /// The rest times the index.
    pub(crate) variable: u128,
    /// Least and greatest price that a dispute may set.
    pub(crate) least: u128,
    pub(crate) greatest: u128,
}

/// How far the window of an expiry is observed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Observation {
    pub(crate) word: ObservationWord,
    pub(crate) accepted: AcceptedWord,
    pub(crate) least: LeastWord,
}

impl Observation {
    /// That of an expiry whose settlement stands at `slot`.
    pub(crate) fn at(slot: &Slot) -> Self {
        let word = ObservationWord::at(&slot.plus(1));
        if word.rounds == 0 {
            return Self::default();
        }
        Self {
            word,
            accepted: AcceptedWord::at(&slot.plus(2)),
            least: LeastWord::at(&slot.plus(3)),
        }
    }

    pub(crate) fn store(&self, slot: &Slot) {
        self.word.store(&slot.plus(1));
        self.accepted.store(&slot.plus(2));
        self.least.store(&slot.plus(3));
    }

    /// Seconds of the window up to the last accepted round.
    fn covered(&self, expiry: u64) -> u64 {
        let start = expiry.saturating_sub(WINDOW);
        self.least.updated_at.clamp(start, expiry).saturating_sub(start)
    }

    /// What is observed, completed by an index. With fewer rounds than an average needs it counts as nothing.
    pub(crate) fn completed(&self, expiry: u64, index: u128) -> Completed {
        let covered = if self.word.rounds < FEWEST { 0 } else { self.covered(expiry) };
        let rest = WINDOW.saturating_sub(covered);
        let part = |whole: u128, by: u128| whole.checked_div(by).unwrap_or(0);
        let share = part(u128::from(covered).saturating_mul(ONE.into()), WINDOW_WIDE);
        let sum = if covered == 0 { 0 } else { self.word.sum };
        let (least, greatest) = self.range(index);
        Completed {
            share: u64::try_from(share).unwrap_or(ONE),
            average: part(sum, covered.into()),
            fixed: part(sum, WINDOW_WIDE),
            // 1e33 * 1,800 fits.
            variable: part(index.saturating_mul(rest.into()), WINDOW_WIDE),
            least,
            greatest,
        }
    }

    /// Least and greatest price that a dispute may set.
    pub(crate) fn range(&self, index: u128) -> (u128, u128) {
        let (least, greatest, percent) = if self.word.rounds == 0 {
            (index, index, AROUND_INDEX)
        } else {
            (self.least.least, self.accepted.greatest, AROUND_ROUNDS)
        };
        let part = |price: u128| price.saturating_mul(percent).checked_div(100).unwrap_or(0);
        (least.saturating_sub(part(least)), greatest.saturating_add(part(greatest)).min(MAX_PRICE))
    }

    /// Looks at the next round: the price, if it closes the window.
    ///
    /// # Errors
    /// `RoundsProveNothing`.
    pub(crate) fn look(
        &mut self,
        rounds: &impl Rounds,
        expiry: u64,
        id: u128,
        now: u64,
    ) -> Result<Option<u128>, Revert> {
        let Some(round) = rounds.round(id)? else { return nothing(Reason::Missing, id) };
        if round.updated_at > now {
            return nothing(Reason::Refused, id);
        }
        if self.word.rounds == 0 {
            self.begin(rounds, expiry, &round)?;
            return Ok(None);
        }
        self.check_next(rounds, expiry, &round)?;
        self.word.version = rounds.version();
        self.word.last_round = id;
        let last = self.least.updated_at;
        if round.updated_at < last {
            return Ok(None);
        }
        let answered = rounds.accepted(&round);
        if round.updated_at < expiry {
            if let Some(answered) = answered {
                self.accept(&answered, expiry);
            }
            return Ok(None);
        }
        check_phase(rounds, id, expiry.saturating_sub(1), Reason::NotNext)?;
        if self.word.rounds < FEWEST {
            if let Some(answered) = answered {
                self.widen(answered.price);
                return Ok(Some(answered.price));
            }
            return Ok(None);
        }
        self.hold_until(expiry, expiry);
        Ok(Some(self.word.sum.checked_div(WINDOW_WIDE).unwrap_or(0).max(1)))
    }

    /// The round in force at the window's start.
    fn begin(&mut self, rounds: &impl Rounds, expiry: u64, round: &Round) -> Result<(), Revert> {
        let start = expiry.saturating_sub(WINDOW);
        let Some(Answered { price, updated_at }) = rounds.accepted(round) else {
            return nothing(Reason::Refused, round.id);
        };
        if updated_at > start {
            return nothing(Reason::NotInForce, round.id);
        }
        check_phase(rounds, round.id, start, Reason::NotInForce)?;
        check_last(rounds, round.id, start.saturating_add(1), Reason::NotInForce)?;
        let (last_round, version) = (round.id, rounds.version());
        self.word = ObservationWord { sum: 0, last_round, rounds: 1, version };
        self.accepted = AcceptedWord { price, greatest: price };
        self.least = LeastWord { least: price, updated_at };
        Ok(())
    }

    /// An accepted round before expiry, not before the last one.
    fn accept(&mut self, answered: &Answered, expiry: u64) {
        let start = expiry.saturating_sub(WINDOW);
        let Answered { price, updated_at } = *answered;
        self.hold_until(updated_at, expiry);
        if updated_at <= start {
            // It takes the place of the one that was thought in force.
            (self.accepted.greatest, self.least.least) = (price, price);
        } else {
            self.word.rounds = self.word.rounds.saturating_add(1);
            self.widen(price);
        }
        self.accepted.price = price;
        self.least.updated_at = updated_at;
    }

    fn widen(&mut self, price: u128) {
        self.accepted.greatest = self.accepted.greatest.max(price);
        self.least.least = self.least.least.min(price);
    }

    /// The last accepted price held until then.
    fn hold_until(&mut self, time: u64, expiry: u64) {
        let start = expiry.saturating_sub(WINDOW);
        let seconds = time.saturating_sub(self.least.updated_at.max(start));
        // At most 1e33 for each of 1,800 seconds.
        let held = self.accepted.price.saturating_mul(seconds.into());
        self.word.sum = self.word.sum.saturating_add(held);
    }

    /// The round follows the one looked at last.
    fn check_next(&self, rounds: &impl Rounds, expiry: u64, round: &Round) -> Result<(), Revert> {
        let (last, last_time) = (self.word.last_round, self.least.updated_at);
        let is_other_feed = self.word.version != rounds.version();
        if !is_other_feed && phase(round.id) == phase(last) {
            let distance = round.id.saturating_sub(last);
            if distance == 0 || distance > PASSED_OVER {
                return nothing(Reason::NotNext, round.id);
            }
            for id in last.saturating_add(1)..round.id {
                let between = rounds.round(id)?;
                if between.is_some_and(|between| rounds.accepted(&between).is_some()) {
                    return nothing(Reason::NotNext, id);
                }
            }
            return Ok(());
        }
        if is_other_feed {
            check_phase(rounds, round.id, last_time, Reason::NotNext)?;
        } else {
            let distance = phase(round.id).saturating_sub(phase(last));
            if distance == 0 || distance > PHASES {
                return nothing(Reason::NotNext, round.id);
            }
            check_last(rounds, last, expiry, Reason::OldPhaseGoesOn)?;
            for between in phase(last).saturating_add(1)..phase(round.id) {
                let first = (between << 64) | 1;
                if rounds.round(first)?.is_some() {
                    return nothing(Reason::NotNext, first);
                }
            }
        }
        if round.updated_at < last_time {
            return Ok(());
        }
        if round.updated_at.saturating_sub(last_time) > HOLE {
            return nothing(Reason::Hole, round.id);
        }
        let first = (phase(round.id) << 64) | 1;
        let before = round.id.saturating_sub(1);
        if round.id > first
            && rounds.round(before)?.is_none_or(|round| round.updated_at >= last_time)
        {
            return nothing(Reason::NotNext, before);
        }
        Ok(())
    }
}

/// No phase newer than that of `id` has its first round at or before `time`.
fn check_phase(rounds: &impl Rounds, id: u128, time: u64, reason: Reason) -> Result<(), Revert> {
    let (own, newest) = (phase(id), phase(rounds.latest()));
    if own > newest || newest.saturating_sub(own) > PHASES {
        return nothing(reason, id);
    }
    for newer in own.saturating_add(1)..=newest {
        let first = (newer << 64) | 1;
        if rounds.round(first)?.is_some_and(|round| round.updated_at <= time) {
            return nothing(reason, first);
        }
    }
    Ok(())
}

/// The phase of `id` has no accepted round after it and before `time`.
fn check_last(rounds: &impl Rounds, id: u128, time: u64, reason: Reason) -> Result<(), Revert> {
    let mut next = id;
    for _ in 0..PASSED_OVER {
        next = next.saturating_add(1);
        match rounds.round(next)? {
            Some(round) if round.updated_at < time => {
                if rounds.accepted(&round).is_some() {
                    return nothing(reason, next);
                }
            }
            _ => return Ok(()),
        }
    }
    nothing(reason, next)
}

/// The last accepted round before expiry.
///
/// # Errors
/// `RoundsProveNothing`.
pub(crate) fn last_before(rounds: &impl Rounds, id: u128, expiry: u64) -> Result<u128, Revert> {
    let Some(round) = rounds.round(id)? else { return nothing(Reason::Missing, id) };
    if round.updated_at >= expiry {
        return nothing(Reason::NotBeforeExpiry, id);
    }
    let Some(answered) = rounds.accepted(&round) else { return nothing(Reason::Refused, id) };
    check_phase(rounds, id, expiry.saturating_sub(1), Reason::BeforeExpiry)?;
    check_last(rounds, id, expiry, Reason::BeforeExpiry)?;
    Ok(answered.price)
}

impl SettlementWord {
    /// Whether the price can't change any more: nobody disputed it in time, or the answer came, or its time passed.
    pub(crate) const fn is_final(&self, now: u64) -> bool {
        self.price != 0 && now >= self.final_at
    }
}
