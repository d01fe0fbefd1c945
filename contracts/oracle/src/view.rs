//! What anyone may ask.

use alloy_primitives::U256;
use novate_abi::{
    IOracle,
    snapshot::{Index, Perpetual, Series},
    words,
};
use novate_common::{Answer, Bytes, Input, Revert, Word, address, answers, refuse, timestamp};
use stylus_sdk::stylus_core::Host;

use crate::{
    admin::{nine_allowances, publisher, publisher_count},
    feed::MAX_PRICE,
    index::scaled,
    load::{self, Feed, expiry_slot, perpetual_slot, settlement_slot},
    market::{self, NOTHING, SequencerStatus},
    message,
    observation::Observation,
    settle::{DISPUTED, series},
    storage::KEEPER,
    words::{ForwardWord, FundingWord, MarkWord, SettlementWord, SurfaceWord},
};

/// `snapshot(series)`: market data of the series asked for, in packed words.
pub(crate) fn snapshot(input: &mut Input<'_>) -> Answer {
    let (count, mut elements) = input.array(1)?;
    let now = timestamp();
    let most = SequencerStatus::read(now)?.most_validity();
    let mut bytes = answers![32_u8, 0_u8]?;
    market::stable(now)?.pack().push(&mut bytes);
    let mut last = 0;
    let mut index = NOTHING;
    for _ in 0..count {
        let number = elements.u32()?;
        let asked = Series::decode(number).filter(|_| number > last);
        let is_same = last >> 22 == number >> 22;
        match asked {
            Some(Series::Underlying(underlying)) => {
                index = at_most(
                    market::index(underlying, now)?.map_or(NOTHING, |read| read.index),
                    most,
                );
                push(&mut bytes, index.pack());
            }
            Some(Series::Perpetual(underlying)) if is_same => {
                push(&mut bytes, market::perpetual(underlying, now, index.price).pack());
            }
            Some(Series::Expiry(_, hours)) if is_same => {
                push(&mut bytes, market::expiry(number, hours, now, index.price).pack());
            }
            _ => return Err(elements.last_malformed()),
        }
        last = number;
    }
    let length = bytes.len().saturating_sub(64).checked_div(32).unwrap_or(0);
    if let Some(place) = bytes.get_mut(32..64) {
        place.copy_from_slice(U256::from(length).word().as_slice());
    }
    Ok(bytes)
}

fn at_most(index: Index, validity: u8) -> Index {
    Index { validity: index.validity.min(validity), ..index }
}

fn push(bytes: &mut Bytes, words: impl IntoIterator<Item = U256>) {
    for word in words {
        word.push(bytes);
    }
}

/// An underlying's index, which must have a feed.
fn index(underlying: u8) -> Result<Index, Revert> {
    let now = timestamp();
    let most = SequencerStatus::read(now)?.most_validity();
    match market::index(underlying, now)? {
        Some(reading) => Ok(at_most(reading.index, most)),
        None => Err(refuse!(IOracle::UnknownUnderlying { underlying })),
    }
}

/// `indexPrice(underlying)`.
pub(crate) fn index_price(input: &mut Input<'_>) -> Answer {
    let index = index(input.u8()?)?;
    answers![index.price, index.updated_at, index.validity, index.slow_price]
}

/// `expiryState(underlying, expiry)`; zeros if nothing is stored.
pub(crate) fn expiry_state(input: &mut Input<'_>) -> Answer {
    let (underlying, expiry) = (input.u8()?, input.u64()?);
    let slot = expiry_slot(series(underlying, expiry)?);
    let forward = ForwardWord::at(&slot);
    let surface = SurfaceWord::at(&slot.plus(1));
    let price = if forward.ratio == 0 { 0 } else { index(underlying)?.price };
    answers![
        forward.model_time,
        scaled(price, forward.ratio).min(MAX_PRICE),
        forward.rate,
        surface.time,
        surface.a,
        surface.b,
        surface.rho,
        surface.m,
        surface.sigma,
        forward.forward_confidence,
        forward.rate_confidence,
        forward.volatility_confidence,
    ]
}

/// `perpetual(underlying)`.
pub(crate) fn perpetual(input: &mut Input<'_>) -> Answer {
    let underlying = input.u8()?;
    let now = timestamp();
    let Perpetual { mark, funding_index, .. } =
        market::perpetual(underlying, now, index(underlying)?.price);
    let slot = perpetual_slot(underlying);
    let MarkWord { model_time, confidence, .. } = MarkWord::at(&slot);
    let rate = FundingWord::at(&slot.plus(1)).rate_at(now);
    answers![mark, model_time, confidence, words::signed(funding_index), rate]
}

/// `fundingIndex(underlying)`.
pub(crate) fn funding_index(input: &mut Input<'_>) -> Answer {
    let slot = perpetual_slot(input.u8()?).plus(1);
    answers![FundingWord::at(&slot).index_at(timestamp())]
}

/// `settlement(underlying, expiry)`.
pub(crate) fn settlement(input: &mut Input<'_>) -> Answer {
    let (underlying, expiry) = (input.u8()?, input.u64()?);
    let slot = settlement_slot(series(underlying, expiry)?);
    let settlement = SettlementWord::at(&slot);
    let is_open = settlement.stage == DISPUTED && !settlement.is_final(timestamp());
    let observation = Observation::at(&slot);
    let observed = observation.completed(expiry, 0);
    answers![
        settlement.price,
        settlement.proposed_at,
        if is_open { 0 } else { settlement.final_at },
        observed.share,
        observed.average,
        observation.word.rounds,
        observation.least.least,
        observation.accepted.greatest,
        observation.word.last_round,
    ]
}

/// `settlementPrice(underlying, expiry)`.
pub(crate) fn settlement_price(input: &mut Input<'_>) -> Answer {
    let settlement = SettlementWord::at(&settlement_slot(series(input.u8()?, input.u64()?)?));
    answers![settlement.price, settlement.is_final(timestamp())]
}

/// `sequencerStatus()`.
pub(crate) fn sequencer_status() -> Answer {
    let status = SequencerStatus::read(timestamp())?;
    answers![status.is_up, status.since]
}

/// `feed(underlying)`.
pub(crate) fn feed(input: &mut Input<'_>) -> Answer {
    let underlying = input.u8()?;
    let Some(feed) = Feed::of(underlying) else {
        return Err(refuse!(IOracle::UnknownUnderlying { underlying }));
    };
    let (minimum, maximum) = feed.limits();
    answers![feed.reader.feed, feed.reader.heartbeat, minimum, maximum]
}

/// `allowances(underlying)`.
pub(crate) fn allowances(input: &mut Input<'_>) -> Answer {
    let mut bytes = Bytes::new();
    nine_allowances(&load::allowances(input.u8()?), &mut bytes);
    Ok(bytes)
}

/// `publishers()`.
pub(crate) fn publishers() -> Answer {
    let (count, threshold) = publisher_count();
    let mut bytes = answers![64_u8, threshold, count]?;
    for number in 0..count {
        publisher(number).push(&mut bytes);
    }
    Ok(bytes)
}

/// `keeper()`.
pub(crate) fn keeper() -> Answer {
    answers![address(&KEEPER.get())]
}

/// `domainSeparator()`.
pub(crate) fn domain_separator(vm: &impl Host) -> Answer {
    answers![message::domain(vm)]
}
