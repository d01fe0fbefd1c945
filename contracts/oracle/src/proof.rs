//! Settlement prices proved by the ids of a feed's rounds: logic over a function that reads rounds.
//!
//! A round id is phase << 64 | number; ids of one phase are consecutive from 1. The window is the 30 minutes before
//! expiry, its start included, expiry excluded. The phase in force at a time is the newest one whose first round is
//! before it; a proxy's earlier phases keep updating, so they prove nothing.

use novate_abi::IOracle;
use novate_common::{Revert, SolError, selected};

use crate::feed::Round;

/// Seconds of the window.
pub(crate) const WINDOW: u64 = 30 * 60;
/// Seconds in which the guardian may dispute a proposal.
pub(crate) const DISPUTE: u64 = 2 * 3_600;
/// Seconds after expiry from which the fallback is possible.
pub(crate) const FALLBACK: u64 = 48 * 3_600;
/// Fewest rounds of which an average is taken.
pub(crate) const FEWEST: u128 = 3;
/// Most rounds of which an average is taken.
pub(crate) const MOST: u128 = 256;
/// Most refused rounds that the fallback passes over.
const PASSED_OVER: u128 = 32;
/// Most phases newer than the one used.
const PHASES: u128 = 16;

/// Why rounds prove nothing, numbered as in `RoundsProveNothing`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    Missing,
    NotBeforeWindow,
    NotInWindow,
    NotAfter,
    TooFew,
    TooMany,
    Refused,
    WrongPhase,
    Enough,
    NotBefore,
}

impl Reason {
    pub(crate) const fn number(self) -> u8 {
        match self {
            Self::Missing => 0,
            Self::NotBeforeWindow => 1,
            Self::NotInWindow => 2,
            Self::NotAfter => 3,
            Self::TooFew => 4,
            Self::TooMany => 5,
            Self::Refused => 6,
            Self::WrongPhase => 7,
            Self::Enough => 8,
            Self::NotBefore => 9,
        }
    }
}

/// A feed's history around an expiry.
pub(crate) trait Rounds {
    /// The round of that id, if there is one.
    fn round(&self, id: u128) -> Result<Option<Round>, Revert>;
    /// The answer of a round as a price, if it is accepted.
    fn accepted(&self, round: &Round) -> Option<u128>;
    /// Id of the latest round.
    fn latest(&self) -> u128;
}

/// A proof about the rounds of `rounds` around `expiry`.
pub(crate) struct Proof<'a, R> {
    pub(crate) rounds: &'a R,
    pub(crate) expiry: u64,
}

impl<R: Rounds> Proof<'_, R> {
    /// Average of all rounds of the window, which are `first..=last`; rounded down.
    ///
    /// # Errors
    /// `RoundsProveNothing`.
    pub(crate) fn average(&self, first: u128, last: u128) -> Result<u128, Revert> {
        let start = self.expiry.saturating_sub(WINDOW);
        let count = last.saturating_sub(first).saturating_add(1);
        if last < first || phase(first) != phase(last) || count < FEWEST {
            return nothing(Reason::TooFew, last);
        }
        if count > MOST {
            return nothing(Reason::TooMany, last);
        }
        self.check_phase(first, start)?;
        let before = self.existing(first.saturating_sub(1))?;
        if before.updated_at >= start {
            return nothing(Reason::NotBeforeWindow, before.id);
        }
        let mut sum = 0_u128; // at most 256 * 1e33
        for id in first..=last {
            let round = self.existing(id)?;
            if round.updated_at < start || round.updated_at >= self.expiry {
                return nothing(Reason::NotInWindow, id);
            }
            sum = sum.saturating_add(self.accepted(&round)?);
        }
        self.check_last_before(last)?;
        Ok(sum.checked_div(count).unwrap_or_default())
    }

    /// The first round at or after expiry, where the window has not [`FEWEST`] accepted rounds last (or more than [`MOST`]).
    ///
    /// # Errors
    /// `RoundsProveNothing`.
    pub(crate) fn first_after(&self, id: u128) -> Result<u128, Revert> {
        self.check_phase(id, self.expiry)?;
        let round = self.existing(id)?;
        if round.updated_at < self.expiry {
            return nothing(Reason::NotAfter, id);
        }
        let before = self.existing(id.saturating_sub(1))?;
        if before.updated_at >= self.expiry {
            return nothing(Reason::NotBefore, before.id);
        }
        if !self.has_too_few(id)?
            && !self.is_in_window(id.saturating_sub(MOST).saturating_sub(1))?
        {
            return nothing(Reason::Enough, id);
        }
        self.accepted(&round)
    }

    /// The last accepted round before expiry.
    ///
    /// # Errors
    /// `RoundsProveNothing`.
    pub(crate) fn last_before(&self, id: u128) -> Result<u128, Revert> {
        self.check_phase(id, self.expiry)?;
        let round = self.existing(id)?;
        if round.updated_at >= self.expiry {
            return nothing(Reason::NotBefore, id);
        }
        let price = self.accepted(&round)?;
        let mut last = id;
        while last.saturating_sub(id) <= PASSED_OVER {
            match self.rounds.round(last.saturating_add(1))? {
                Some(next) if next.updated_at < self.expiry => {
                    if self.rounds.accepted(&next).is_some() {
                        return nothing(Reason::NotAfter, next.id);
                    }
                    last = next.id;
                }
                _ => {
                    self.check_last_before(last)?;
                    return Ok(price);
                }
            }
        }
        nothing(Reason::TooMany, last)
    }

    /// Whether the [`FEWEST`] rounds before `id` aren't all accepted rounds of the window.
    fn has_too_few(&self, id: u128) -> Result<bool, Revert> {
        for distance in 1..=FEWEST {
            if !self.is_in_window(id.saturating_sub(distance))? {
                return Ok(true);
            }
            let round = self.existing(id.saturating_sub(distance))?;
            if self.rounds.accepted(&round).is_none() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn is_in_window(&self, id: u128) -> Result<bool, Revert> {
        let start = self.expiry.saturating_sub(WINDOW);
        let round = self.rounds.round(id)?;
        Ok(round.is_some_and(|round| (start..self.expiry).contains(&round.updated_at)))
    }

    /// The round after `id` is at or after expiry, or there is none yet.
    fn check_last_before(&self, id: u128) -> Result<(), Revert> {
        let next = id.saturating_add(1);
        match self.rounds.round(next)? {
            Some(round) if round.updated_at >= self.expiry => Ok(()),
            Some(_) => nothing(Reason::NotAfter, next),
            None if self.rounds.latest() == id || phase(self.rounds.latest()) > phase(id) => Ok(()),
            None => nothing(Reason::Missing, next),
        }
    }

    /// No phase newer than that of `id` has its first round before `time`.
    fn check_phase(&self, id: u128, time: u64) -> Result<(), Revert> {
        let newest = phase(self.rounds.latest());
        let own = phase(id);
        if own > newest || newest.saturating_sub(own) > PHASES {
            return nothing(Reason::WrongPhase, id);
        }
        for newer in own.saturating_add(1)..=newest {
            let first = (newer << 64) | 1;
            if self.rounds.round(first)?.is_some_and(|round| round.updated_at < time) {
                return nothing(Reason::WrongPhase, first);
            }
        }
        Ok(())
    }

    fn existing(&self, id: u128) -> Result<Round, Revert> {
        match self.rounds.round(id)? {
            Some(round) => Ok(round),
            None => nothing(Reason::Missing, id),
        }
    }

    fn accepted(&self, round: &Round) -> Result<u128, Revert> {
        match self.rounds.accepted(round) {
            Some(price) => Ok(price),
            None => nothing(Reason::Refused, round.id),
        }
    }
}

const fn phase(id: u128) -> u128 {
    id >> 64
}

#[cold]
#[inline(never)]
fn nothing<T>(reason: Reason, id: u128) -> Result<T, Revert> {
    let round = id & ((1 << 80) - 1);
    let data = selected![IOracle::RoundsProveNothing::SELECTOR, reason.number(), round];
    Err(Revert::from_data(data))
}
