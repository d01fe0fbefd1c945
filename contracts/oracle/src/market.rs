//! What things are worth now, and how far that may be trusted.

use alloy_primitives::Address;
use novate_abi::snapshot::{Expiry, ExpiryState, Index, Perpetual, Stable};
use novate_common::{Revert, address};

use crate::{
    arbitrage::Slice,
    feed, level,
    load::{self, Feed, Model, Settlement, sequencer, surface_slot},
    storage::STABLE,
};

/// A dollar.
const ONE: u128 = 1_000_000_000_000_000_000;
const ONE_SIGMA: u64 = 1_000_000_000_000_000_000;
const HOUR: u64 = 3_600;
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

/// An underlying's index; price 0 if the feed answers nothing usable.
#[inline(never)]
pub(crate) fn index(underlying: u8, now: u64) -> Result<Index, Revert> {
    let feed = Feed::of(underlying)?;
    let unusable = Index { price: 0, updated_at: 0, validity: level::INVALID };
    let Some(round) = feed::latest(&feed.reader.feed)? else { return Ok(unusable) };
    let Some(age) = now.checked_sub(round.updated_at) else { return Ok(unusable) };
    let Some(price) = feed.accept(&round) else { return Ok(unusable) };
    let validity = level::of_answer(age, feed.reader.heartbeat);
    Ok(Index { price, updated_at: round.updated_at, validity })
}

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

/// An underlying's perpetual. Without a mark, or with one that expired, it is worth the index, without confidence.
pub(crate) fn perpetual(underlying: u8, now: u64, index: u128) -> Perpetual {
    let stored = load::Perpetual::of(underlying);
    let mark = stored.mark();
    let validity = level::of_model(now.saturating_sub(mark.model_time));
    let funding_index = stored.funding().index_at(now);
    if mark.price == 0 || validity == level::TOO_UNCERTAIN {
        let validity = level::TOO_UNCERTAIN;
        return Perpetual { mark: index, funding_index, confidence: 0, validity };
    }
    Perpetual { mark: mark.price, funding_index, confidence: mark.confidence, validity }
}

/// An expiry: its model, or what replaces it once that, or the expiry itself, has passed.
pub(crate) fn expiry(series: u32, hours: u32, now: u64, index: u128) -> Expiry {
    if now >= u64::from(hours).saturating_mul(HOUR) {
        let settlement = Settlement::of(series);
        let (state, forward) = if settlement.is_final(now) {
            (ExpiryState::Settled, settlement.price)
        } else {
            (ExpiryState::Expired, index)
        };
        return Expiry { state, forward, validity: level::VALID, ..Expiry::UNKNOWN };
    }
    let mut model = Model::of(&surface_slot(series));
    if model.forward == 0 {
        return Expiry::UNKNOWN;
    }
    let validity = level::of_model(now.saturating_sub(model.evaluated_at));
    if validity == level::TOO_UNCERTAIN {
        // Flat at the last volatility at the money, the forward where the index takes it, no confidence in any of it.
        model.forward = model.rolled_forward(index);
        let a = model.slice.variance_at_the_money();
        model.slice = Slice { a, b: 0, rho: 0, m: 0, sigma: ONE_SIGMA };
        model.forward_confidence = 0;
        model.rate_confidence = 0;
        model.volatility_confidence = 0;
    }
    Expiry {
        state: ExpiryState::Live,
        forward: model.forward,
        a: model.slice.a,
        b: model.slice.b,
        rho: model.slice.rho,
        m: model.slice.m,
        sigma: model.slice.sigma,
        rate: model.rate,
        model_time: model.evaluated_at,
        forward_confidence: model.forward_confidence,
        rate_confidence: model.rate_confidence,
        volatility_confidence: model.volatility_confidence,
        validity,
    }
}
