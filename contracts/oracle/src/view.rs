//! What anyone may ask.

use alloy_primitives::U256;
use novate_abi::snapshot::{Index, Series};
use novate_common::{Answer, Bytes, Input, Word, answers, timestamp};
use stylus_sdk::stylus_core::Host;

use crate::{
    admin::{publisher, publisher_count},
    level,
    load::{Feed, Model, Perpetual, Settlement, surface_nonce, surface_slot},
    market::{self, SequencerStatus},
    post,
    settle::series,
};

/// `snapshot(series)`: market data of the series asked for, in packed words.
pub(crate) fn snapshot(input: &mut Input<'_>) -> Answer {
    let (count, mut elements) = input.array(1)?;
    let now = timestamp();
    let most = SequencerStatus::read(now)?.most_validity();
    let mut bytes = answers![32_u8, 0_u8]?;
    market::stable(now)?.pack().push(&mut bytes);
    let mut last = 0;
    let mut index = Index { price: 0, updated_at: 0, validity: level::INVALID };
    for _ in 0..count {
        let number = elements.u32()?;
        let asked = Series::decode(number).filter(|_| number > last);
        let is_same = last >> 22 == number >> 22;
        match asked {
            Some(Series::Underlying(underlying)) => {
                index = market::index(underlying, now)?;
                index.validity = index.validity.min(most);
                index.pack().push(&mut bytes);
            }
            Some(Series::Perpetual(underlying)) if is_same => {
                push(&mut bytes, &market::perpetual(underlying, now, index.price).pack());
            }
            Some(Series::Expiry(_, hours)) if is_same => {
                push(&mut bytes, &market::expiry(number, hours, now, index.price).pack());
            }
            _ => return Err(elements.last_malformed()),
        }
        last = number;
    }
    let length = bytes.len().saturating_sub(64) / 32;
    if let Some(place) = bytes.get_mut(32..64) {
        place.copy_from_slice(U256::from(length).word().as_slice());
    }
    Ok(bytes)
}

fn push(bytes: &mut Bytes, words: &[U256]) {
    for word in words {
        word.push(bytes);
    }
}

/// `indexPrice(underlying)`.
pub(crate) fn index_price(input: &mut Input<'_>) -> Answer {
    let now = timestamp();
    let most = SequencerStatus::read(now)?.most_validity();
    let index = market::index(input.u8()?, now)?;
    answers![index.price, index.updated_at, index.validity.min(most)]
}

/// `surface(underlying, expiry)` as posted; zeros if there is none.
pub(crate) fn surface(input: &mut Input<'_>) -> Answer {
    let (underlying, expiry) = (input.u8()?, input.u64()?);
    let slot = surface_slot(series(underlying, expiry)?);
    let model = Model::of(&slot);
    answers![
        underlying,
        expiry,
        model.evaluated_at,
        model.forward,
        model.rate,
        model.slice.a,
        model.slice.b,
        model.slice.rho,
        model.slice.m,
        model.slice.sigma,
        model.forward_confidence,
        model.rate_confidence,
        model.volatility_confidence,
        surface_nonce(&slot),
    ]
}

/// `perpetualMark(underlying)` as posted, and the funding index now.
pub(crate) fn perpetual_mark(input: &mut Input<'_>) -> Answer {
    let underlying = input.u8()?;
    let stored = Perpetual::of(underlying);
    let (mark, (nonce, _)) = (stored.mark(), stored.premium());
    let funding_index = stored.funding().index_at(timestamp());
    answers![underlying, mark.model_time, mark.price, mark.confidence, nonce, funding_index]
}

/// `fundingIndex(underlying)`.
pub(crate) fn funding_index(input: &mut Input<'_>) -> Answer {
    answers![Perpetual::of(input.u8()?).funding().index_at(timestamp())]
}

/// `settlementPrice(underlying, expiry)`.
pub(crate) fn settlement_price(input: &mut Input<'_>) -> Answer {
    let settlement = Settlement::of(series(input.u8()?, input.u64()?)?);
    answers![settlement.price, settlement.is_final(timestamp())]
}

/// `sequencerStatus()`.
pub(crate) fn sequencer_status() -> Answer {
    let status = SequencerStatus::read(timestamp())?;
    answers![status.is_up, status.since]
}

/// `feed(underlying)`.
pub(crate) fn feed(input: &mut Input<'_>) -> Answer {
    let feed = Feed::of(input.u8()?)?;
    let (minimum, maximum) = feed.limits();
    answers![feed.reader.feed, feed.reader.heartbeat, minimum, maximum]
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

/// `domainSeparator()`.
pub(crate) fn domain_separator(vm: &impl Host) -> Answer {
    answers![post::domain(vm)]
}
