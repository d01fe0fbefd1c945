//! The market of an underlying, from one message that publishers signed and anyone relays.
//!
//! Nothing is refused for moving: a scalar that moves by more than its allowance is stored at it, a surface that does, or that
//! contradicts itself or its neighbours, isn't taken, and the old one stays at confidence 0. Marks and forwards are kept as ratios
//! to the message's own reference, so that between messages they follow the index.

use novate_abi::{IErrors, IOracle, words::signed};
use novate_common::{Answer, Input, Revert, empty, event, refuse, timestamp};
use stylus_sdk::prelude::*;

use crate::{
    Oracle,
    curve::{Curve, Refusal},
    error::within,
    feed::MAX_PRICE,
    funding,
    index::{ratio, scaled},
    level,
    load::{allowances, expiry_slot, index_slot, perpetual_slot},
    market::{self, Reading},
    message::{Entry, Message},
    moves::{self, RATE},
    settle::{HOUR, series},
    storage::PAUSE_UPDATES,
    words::{AllowanceWord, ForwardWord, FundingWord, MarkWord, SurfaceWord},
};

/// Farthest expiry: 5 years.
const FARTHEST: u64 = 5 * 365 * 86_400;
/// Oldest model time of a message, seconds.
const OLDEST: u64 = 120;
/// The reference stays within so many percent of the index, the mark of the reference.
const REFERENCE_PERCENT: u128 = 3;
const MARK_PERCENT: u128 = 2;
/// The forward stays within 1% or 30% a year of the reference, millionths; never below a tenth of it.
const FORWARD_LEAST: u128 = 10_000;
const FORWARD_YEARLY: u128 = 300_000;
const FORWARD_DOWN: u128 = 900_000;
const MILLION: u128 = 1_000_000;
const YEAR: u128 = 365 * 86_400;
/// Greatest rate, 9 decimals: 25%.
const MOST_RATE: u128 = 250_000_000;

/// `update(update, signatures)`.
pub(crate) fn update(oracle: &Oracle, input: &mut Input<'_>) -> Answer {
    oracle.governance.not_paused(PAUSE_UPDATES)?;
    let message = Message::read(oracle.vm(), input)?;
    let (underlying, now) = (message.underlying, timestamp());
    let stored = MarkWord::at(&perpetual_slot(underlying));
    check_time(&message, stored.model_time, now)?;
    let is_lifted = message.check(oracle.vm(), input)?;
    let Some(reading) = market::index(underlying, now)? else {
        return Err(refuse!(IOracle::UnknownUnderlying { underlying }));
    };
    let (level, needed) = (reading.index.validity, level::STALE_FOR_MARGIN);
    if level < needed {
        return Err(refuse!(IErrors::MarketNotValid { level, needed }));
    }
    let index = reading.index.price;
    let (least, most) = around(index, REFERENCE_PERCENT);
    within(b"indexReference", message.reference, least, most)?;
    record(underlying, &reading, now);
    let step =
        Step { message: &message, now, index, is_lifted, allowances: allowances(underlying) };
    step.perpetual(stored)?;
    step.expiries()?;
    empty()
}

/// `recordIndex(underlying)`.
pub(crate) fn record_index(input: &mut Input<'_>) -> Answer {
    let (underlying, now) = (input.u8()?, timestamp());
    let Some(reading) = market::index(underlying, now)? else {
        return Err(refuse!(IOracle::UnknownUnderlying { underlying }));
    };
    if reading.answered.is_none() {
        let (level, needed) = (level::INVALID, level::TOO_VOLATILE);
        return Err(refuse!(IErrors::MarketNotValid { level, needed }));
    }
    record(underlying, &reading, now);
    empty()
}

/// Keeps what the feed answers.
fn record(underlying: u8, reading: &Reading, now: u64) {
    let Some(answered) = reading.answered else { return };
    let before = reading.remembered;
    let word = before.recorded(&answered, now);
    if word == before {
        return;
    }
    word.store(&index_slot(underlying));
    if (word.price, word.updated_at) != (before.price, before.updated_at) {
        let (price, updated_at) = (word.price, word.updated_at);
        event!(IOracle::IndexRecorded { underlying; price, updatedAt: updated_at });
    }
}

/// Refuses a model time that isn't after the last one, lies ahead, or too far back.
fn check_time(message: &Message, last: u64, timestamp: u64) -> Result<(), Revert> {
    let earliest = last.saturating_add(1).max(timestamp.saturating_sub(OLDEST));
    let model_time = message.model_time;
    if model_time < earliest || model_time > timestamp {
        let error = IOracle::InvalidModelTime { modelTime: model_time, earliest, timestamp };
        return Err(error.into());
    }
    Ok(())
}

/// Least and most that are within so many percent of a price, at most [`MAX_PRICE`].
fn around(price: u128, percent: u128) -> (u128, u128) {
    let far = price.saturating_mul(percent).checked_div(100).unwrap_or(0);
    (price.saturating_sub(far).max(1), price.saturating_add(far).min(MAX_PRICE))
}

/// A message on its way into storage.
struct Step<'a> {
    message: &'a Message,
    now: u64,
    /// The index as it is.
    index: u128,
    /// Whether allowances don't hold.
    is_lifted: bool,
    allowances: AllowanceWord,
}

impl Step<'_> {
    /// The mark and funding.
    fn perpetual(&self, stored: MarkWord) -> Result<(), Revert> {
        let Message { underlying, model_time, reference, mark, mark_confidence, .. } =
            *self.message;
        let is_first = stored.ratio == 0;
        if mark != 0 || !is_first {
            let (least, most) = around(reference, MARK_PERCENT);
            within(b"perpetualMark", mark, least, most)?;
        }
        let elapsed = model_time.saturating_sub(stored.model_time);
        let wanted = ratio(mark, reference, 60);
        let (ratio, used) = if is_first || self.is_lifted {
            (wanted, 0)
        } else {
            let used = moves::refilled(stored.used, elapsed);
            moves::step(stored.ratio, wanted, self.allowances.mark_move(), used)
        };
        let average = (mark != 0).then(|| {
            let elapsed = if is_first { 0 } else { elapsed };
            funding::averaged(stored.average, funding::premium(ratio), elapsed)
        });
        let slot = perpetual_slot(underlying);
        let word = MarkWord {
            ratio,
            model_time,
            confidence: mark_confidence,
            used,
            average: average.unwrap_or(0),
        };
        word.store(&slot);
        let slot = slot.plus(1);
        let funding = FundingWord::at(&slot).renewed(self.now, average, self.index);
        funding.store(&slot);
        event!(IOracle::PerpetualUpdated {
            underlying;
            modelTime: model_time,
            mark: scaled(self.index, ratio),
            fundingIndex: signed(funding.index),
            fundingRate: funding.rate,
        });
        Ok(())
    }

    /// The expiries, in order; each surface is held against the one before as that then stands.
    fn expiries(&self) -> Result<(), Revert> {
        let (mut last, mut earlier) = (0, None);
        for entry in &self.message.entries {
            let expiry = entry.expiry;
            if expiry <= last {
                return Err(refuse!(IOracle::InvalidExpiry { expiry }));
            }
            last = expiry;
            if expiry <= self.now {
                continue;
            }
            let series = series(self.message.underlying, expiry)?;
            if expiry > self.now.saturating_add(FARTHEST) || expiry < HOUR.saturating_mul(2) {
                return Err(refuse!(IOracle::InvalidExpiry { expiry }));
            }
            earlier = self.expiry(entry, series, earlier.as_ref())?.or(earlier);
        }
        Ok(())
    }

    /// One expiry; its surface as it then stands.
    fn expiry(
        &self,
        entry: &Entry,
        series: u32,
        earlier: Option<&Curve>,
    ) -> Result<Option<Curve>, Revert> {
        let reference = self.message.reference;
        let seconds = entry.expiry.saturating_sub(self.message.model_time);
        check_levels(entry, reference, seconds)?;
        let slot = expiry_slot(series);
        let stored = ForwardWord::at(&slot);
        let wanted = ratio(entry.forward, reference, 60);
        let mut word = ForwardWord {
            ratio: wanted,
            model_time: self.message.model_time,
            rate: entry.rate,
            used: [0; 7],
            forward_confidence: entry.forward_confidence,
            rate_confidence: entry.rate_confidence,
            volatility_confidence: entry.volatility_confidence,
        };
        if stored.ratio == 0 {
            // The first of an expiry lists it, if its surface is sound.
            let curve = check_surface(&entry.surface, seconds, earlier);
            if curve.is_ok() {
                word.store(&slot);
                entry.surface.store(&slot.plus(1));
            }
            self.tell(entry, &word, false, curve.err());
            return Ok(curve.ok());
        }
        self.hold(&mut word, &stored, seconds);
        let is_clamped = (word.ratio, word.rate) != (wanted, entry.rate);
        let kept = SurfaceWord::at(&slot.plus(1));
        let old = Curve::new(&kept, entry.expiry.saturating_sub(kept.time), seconds);
        let taken = self.take(entry, &old, seconds, earlier, &mut word);
        match &taken {
            Ok(_) => entry.surface.store(&slot.plus(1)),
            Err(_) => word.volatility_confidence = 0,
        }
        word.store(&slot);
        self.tell(entry, &word, is_clamped, taken.as_ref().err().copied());
        Ok(Some(taken.unwrap_or(old)))
    }

    /// Holds forward and rate within their allowances, and refills all buckets.
    fn hold(&self, word: &mut ForwardWord, stored: &ForwardWord, seconds: u64) {
        if self.is_lifted {
            return;
        }
        let elapsed = word.model_time.saturating_sub(stored.model_time);
        word.used = stored.used.map(|used| moves::refilled(used, elapsed));
        let [forward, rate, ..] = &mut word.used;
        let allowance = self.allowances.forward_move(stored.ratio, seconds);
        (word.ratio, *forward) = moves::step(stored.ratio, word.ratio, allowance, *forward);
        let held;
        (held, *rate) = moves::step(stored.rate.into(), word.rate.into(), RATE.into(), *rate);
        word.rate = u32::try_from(held).unwrap_or(stored.rate);
    }

    /// The new surface, if it is sound and within its allowance, which it then uses.
    fn take(
        &self,
        entry: &Entry,
        old: &Curve,
        seconds: u64,
        earlier: Option<&Curve>,
        word: &mut ForwardWord,
    ) -> Result<Curve, Refusal> {
        let curve = check_surface(&entry.surface, seconds, earlier)?;
        if !self.is_lifted {
            let [_, _, used @ ..] = &mut word.used;
            let after = self.allowances.volatility_step(old, &curve, seconds, used);
            *used = after.ok_or(Refusal::Allowance)?;
        }
        Ok(curve)
    }

    fn tell(&self, entry: &Entry, word: &ForwardWord, clamped: bool, refusal: Option<Refusal>) {
        event!(IOracle::ExpiryUpdated {
            underlying: self.message.underlying, expiry: entry.expiry;
            modelTime: self.message.model_time,
            forward: scaled(self.index, word.ratio),
            clamped,
            surfaceTaken: refusal.is_none(),
            refusal: refusal.map_or(0, Refusal::number),
        });
    }
}

/// Refuses a message for a forward or rate outside the levels that hold for all.
fn check_levels(entry: &Entry, reference: u128, seconds: u64) -> Result<(), Revert> {
    let yearly = u128::from(seconds).saturating_mul(FORWARD_YEARLY).checked_div(YEAR).unwrap_or(0);
    let far = yearly.max(FORWARD_LEAST);
    let part = |share: u128| reference.saturating_mul(share).checked_div(MILLION).unwrap_or(0);
    let least = reference.saturating_sub(part(far.min(FORWARD_DOWN))).max(1);
    let most = reference.saturating_add(part(far)).min(MAX_PRICE);
    within(b"forward", entry.forward, least, most)?;
    within(b"rate", entry.rate.into(), 0, MOST_RATE)
}

/// A surface that has no arbitrage in itself nor against the expiry before it.
fn check_surface(
    surface: &SurfaceWord,
    seconds: u64,
    earlier: Option<&Curve>,
) -> Result<Curve, Refusal> {
    let curve = Curve::check(surface, seconds)?;
    if !curve.is_plausible(seconds) {
        return Err(Refusal::Domain);
    }
    if !curve.is_convex() {
        return Err(Refusal::Butterfly);
    }
    if earlier.is_some_and(|earlier| !earlier.is_below(&curve)) {
        return Err(Refusal::Calendar);
    }
    Ok(curve)
}
