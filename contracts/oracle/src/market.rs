//! What things are worth now, and how far that may be trusted.

use alloy_primitives::Address;
use novate_abi::snapshot::{Expiry, ExpiryState, Index, Perpetual, Stable};
use novate_common::{Revert, address};

use crate::{
    feed::{self, MAX_PRICE},
    index::{Answered, is_too_volatile, scaled},
    level,
    load::{self, Feed, expiry_slot, index_slot, perpetual_slot, sequencer, settlement_slot},
    observation::{Observation, WINDOW},
    storage::STABLE,
    words::{ForwardWord, FundingWord, IndexWord, MarkWord, SettlementWord, SurfaceWord},
};

/// A dollar.
const ONE: u128 = 1_000_000_000_000_000_000;
const HOUR: u64 = 3_600;
/// Units of 1e-18 in the nine decimals of rates and surfaces.
const NINE: u64 = 1_000_000_000;
/// Prices of the stable coin that are believed: 0.1 to 10 dollars.
const STABLE_LIMITS: (u128, u128) = (ONE / 10, ONE * 10);

/// Whether the sequencer is up and past its grace, and since when it is both (Unix seconds; 0 without a feed
/// and while it isn't).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SequencerStatus {
    pub(crate) is_up: bool,
    pub(crate) since: u64,
}

impl SequencerStatus {
    /// The status. A feed that doesn't answer counts as down.
    pub(crate) fn read(now: u64) -> Result<Self, Revert> {
        let (feed, grace, _) = sequencer();
        if feed == Address::ZERO {
            return Ok(Self { is_up: true, since: 0 });
        }
        let Some(round) = feed::latest(&feed)? else {
            return Ok(Self { is_up: false, since: 0 });
        };
        // A feed that never reported stands at 0.
        let started = (round.started_at > 0).then_some(round.started_at);
        let since = started.map_or(u64::MAX, |at| at.saturating_add(u64::from(grace)));
        let is_up = round.answer.is_zero() && since <= now;
        Ok(Self { is_up, since: if is_up { since } else { 0 } })
    }

    /// The highest level that an index can have: valid, or stale while the sequencer is down or was a moment ago.
    pub(crate) const fn most_validity(self) -> u8 {
        if self.is_up { level::VALID } else { level::STALE_FOR_MARGIN }
    }
}

/// An underlying's index: what it is worth, and what the oracle remembers and its feed answers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reading {
    pub(crate) index: Index,
    pub(crate) remembered: IndexWord,
    /// The feed's answer, if it is accepted.
    pub(crate) answered: Option<Answered>,
}

/// An underlying's index; `None` without a feed. Where the feed answers nothing usable it is the last accepted price.
#[inline(never)]
pub(crate) fn index(underlying: u8, now: u64) -> Result<Option<Reading>, Revert> {
    let Some(feed) = Feed::of(underlying) else { return Ok(None) };
    let round = feed::latest(&feed.reader.feed)?;
    let answered = round.and_then(|round| feed.accept(&round, now));
    let remembered = IndexWord::at(&index_slot(underlying));
    let IndexWord { price, updated_at, .. } = remembered;
    let index = if let Some(answered) = answered {
        let followers = remembered.followers(&answered, now);
        let age = now.saturating_sub(answered.updated_at);
        let validity = level::of_answer(age, feed.reader.heartbeat);
        let slow_price = followers.slow;
        if is_too_volatile(answered.price, followers.average) {
            Index { price, updated_at, slow_price, validity: validity.min(level::TOO_VOLATILE) }
        } else {
            let Answered { price, updated_at } = answered;
            Index { price, updated_at, slow_price, validity }
        }
    } else {
        let slow_price = remembered.followers_alone(now).slow;
        Index { price, updated_at, slow_price, validity: level::INVALID }
    };
    Ok(Some(Reading { index, remembered, answered }))
}

/// An underlying of which nothing is known.
pub(crate) const NOTHING: Index =
    Index { price: 0, slow_price: 0, updated_at: 0, validity: level::INVALID };

/// Price of the stable coin. A feed that can't be used counts as 1 dollar, stale: the peg then adds no margin, and nobody
/// adds risk.
pub(crate) fn stable(now: u64) -> Result<Stable, Revert> {
    let (_, _, has_stable) = sequencer();
    if !has_stable {
        return Ok(Stable { price: ONE, validity: level::VALID });
    }
    let word = STABLE.get();
    let [a, b, c, d, decimals, ..] = word.0;
    let stale = Stable { price: ONE, validity: level::STALE_FOR_MARGIN };
    let Some(round) = feed::latest(&address(&word))? else { return Ok(stale) };
    let Some(price) = feed::price(round.answer, decimals) else { return Ok(stale) };
    let Some(age) = now.checked_sub(round.updated_at) else { return Ok(stale) };
    if price < STABLE_LIMITS.0 || price > STABLE_LIMITS.1 {
        return Ok(stale);
    }
    let validity = level::of_answer(age, u32::from_be_bytes([a, b, c, d]));
    Ok(Stable { price, validity: validity.max(stale.validity) })
}

/// An underlying's perpetual at its index.
pub(crate) fn perpetual(underlying: u8, now: u64, index: u128) -> Perpetual {
    let slot = perpetual_slot(underlying);
    let mark = MarkWord::at(&slot);
    let funding_index = FundingWord::at(&slot.plus(1)).index_at(now);
    Perpetual {
        mark: scaled(index, mark.ratio).min(MAX_PRICE),
        funding_index,
        confidence: level::decayed(mark.confidence, now.saturating_sub(mark.model_time)),
    }
}

/// An expiry at its underlying's index: its model; inside the settlement window, what is observed of the price and what isn't yet;
/// from expiry on the price, as far as it is known.
pub(crate) fn expiry(series: u32, hours: u32, now: u64, index: u128) -> Expiry {
    let expiry = u64::from(hours).saturating_mul(HOUR);
    if now >= expiry {
        return expired(series, expiry, now, index);
    }
    let slot = expiry_slot(series);
    let forward = ForwardWord::at(&slot);
    if forward.ratio == 0 {
        return Expiry::UNKNOWN;
    }
    let surface = SurfaceWord::at(&slot.plus(1));
    let nine = |value: i64| value.saturating_mul(NINE.cast_signed());
    let age = now.saturating_sub(forward.model_time);
    let live = Expiry {
        state: ExpiryState::Live,
        forward: scaled(index, forward.ratio).min(MAX_PRICE),
        a: nine(surface.a),
        b: u64::from(surface.b).saturating_mul(NINE),
        rho: nine(surface.rho),
        m: nine(surface.m),
        sigma: surface.sigma.saturating_mul(NINE),
        rate: nine(forward.rate.into()),
        model_time: surface.time,
        forward_confidence: level::decayed(forward.forward_confidence, age),
        rate_confidence: level::decayed(forward.rate_confidence, age),
        volatility_confidence: level::decayed(forward.volatility_confidence, age),
        ..Expiry::UNKNOWN
    };
    if now < expiry.saturating_sub(WINDOW) {
        return live;
    }
    let observed = Observation::at(&settlement_slot(series)).completed(expiry, index);
    Expiry {
        state: ExpiryState::Observed,
        forward: observed.fixed.saturating_add(observed.variable).min(MAX_PRICE),
        forward_variable: observed.variable,
        observed_share: observed.share,
        least: observed.least,
        greatest: observed.greatest,
        ..live
    }
}

fn expired(series: u32, expiry: u64, now: u64, index: u128) -> Expiry {
    let slot = settlement_slot(series);
    let settlement = SettlementWord::at(&slot);
    if settlement.is_final(now) {
        let (state, forward) = (ExpiryState::Settled, settlement.price);
        return Expiry { state, forward, ..Expiry::UNKNOWN };
    }
    let observed = Observation::at(&slot).completed(expiry, index);
    let (fixed, variable, observed_share) = if settlement.price == 0 {
        (observed.fixed, observed.variable, observed.share)
    } else {
        (settlement.price, 0, load::ONE)
    };
    Expiry {
        state: ExpiryState::Expired,
        forward: fixed.saturating_add(variable).min(MAX_PRICE),
        forward_variable: variable,
        observed_share,
        least: observed.least,
        greatest: observed.greatest,
        ..Expiry::UNKNOWN
    }
}
