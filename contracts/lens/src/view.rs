//! What is told of a book as it is, or as trades would leave it.

use alloc::vec::Vec;

use alloy_primitives::Address;
use novate_abi::snapshot::level_number;
use novate_common::{
    Answer, Bytes, Input, Revert, Word, answers,
    session::{Needs, Session, refused, unpack},
};
use novate_risk::{Book, Contributor, Trade};

use crate::source::{open, size};

/// `preview(margin, book, trades)`.
pub(crate) fn preview(input: &mut Input<'_>) -> Answer {
    let (margin, book) = (input.address()?, unpack(input)?);
    let (count, mut elements) = input.array(3)?;
    let mut needs = Needs::default();
    needs.add_book(&book);
    let mut trades = Vec::with_capacity(count);
    for _ in 0..count {
        let trade = trade(&mut elements)?;
        needs.add_instrument(trade.instrument)?;
        trades.push(trade);
    }
    let session = open(&margin, needs)?;
    for trade in &trades {
        session.check_listed(trade.instrument)?;
    }
    let after = novate_risk::after(&book, &session.market, &trades).map_err(refused)?;
    let figures = session.assess(&after)?;
    answers![
        figures.equity,
        figures.initial_requirement,
        figures.maintenance_requirement,
        figures.worst_underlying,
        figures.worst_scenario,
        level_number(figures.validity),
    ]
}

/// The fields of a trade, the next arguments.
pub(crate) fn trade(input: &mut Input<'_>) -> Result<Trade, Revert> {
    Ok(Trade { instrument: input.u64()?, quantity: input.i64()?, price: input.u128()? })
}

/// The book of the second argument, and what is needed to evaluate it: of the first one's parameters.
fn book(input: &mut Input<'_>) -> Result<(Address, Book, Needs), Revert> {
    let (margin, book) = (input.address()?, unpack(input)?);
    let mut needs = Needs::default();
    needs.add_book(&book);
    Ok((margin, book, needs))
}

/// `scenarios(margin, book, underlying)`.
pub(crate) fn scenarios(input: &mut Input<'_>) -> Answer {
    let (margin, book, mut needs) = book(input)?;
    let underlying = input.u8()?;
    needs.add_underlying(underlying);
    let Session { market, rules, .. } = open(&margin, needs)?;
    let (outcomes, basis) = novate_risk::loss_vector(
        &rules.known(&book),
        &market,
        &rules.parameters,
        rules.now,
        underlying,
    )
    .map_err(refused)?;
    let count = outcomes.len();
    let step = count.saturating_add(1).saturating_mul(32);
    let mut bytes = Bytes::new();
    for place in 0..3_usize {
        size(place.saturating_mul(step).saturating_add(128)).push(&mut bytes);
    }
    basis.push(&mut bytes);
    size(count).push(&mut bytes);
    for outcome in &outcomes {
        outcome.pnl.push(&mut bytes);
    }
    size(count).push(&mut bytes);
    for outcome in &outcomes {
        outcome.shock.push(&mut bytes);
    }
    size(count).push(&mut bytes);
    for outcome in &outcomes {
        outcome.volatility.number().push(&mut bytes);
    }
    Ok(bytes)
}

/// `requirements(margin, book)`.
pub(crate) fn requirements(input: &mut Input<'_>) -> Answer {
    let (margin, book, needs) = book(input)?;
    let Session { market, rules, .. } = open(&margin, needs)?;
    let shares = rules.breakdown(&rules.known(&book), &market).map_err(refused)?;
    let mut bytes = array(shares.len());
    for share in &shares {
        share.underlying.push(&mut bytes);
        share.value.push(&mut bytes);
        share.worst.push(&mut bytes);
        share.worst_scenario.push(&mut bytes);
        share.initial_requirement.push(&mut bytes);
        share.maintenance_requirement.push(&mut bytes);
        level_number(share.validity).push(&mut bytes);
    }
    Ok(bytes)
}

/// `attribution(margin, book, underlying, scenario)`.
pub(crate) fn attribution(input: &mut Input<'_>) -> Answer {
    let (margin, book, mut needs) = book(input)?;
    let (underlying, scenario) = (input.u8()?, input.u8()?);
    needs.add_underlying(underlying);
    let Session { market, rules, .. } = open(&margin, needs)?;
    let shares = novate_risk::attribution(
        &rules.known(&book),
        &market,
        &rules.parameters,
        rules.now,
        underlying,
        scenario,
    )
    .map_err(refused)?;
    let mut bytes = array(shares.len());
    for share in &shares {
        let (instrument, collateral) = match share.contributor {
            Contributor::Position(instrument) => (instrument, 0),
            Contributor::Collateral(number) => (0, number),
        };
        instrument.push(&mut bytes);
        collateral.push(&mut bytes);
        share.pnl.push(&mut bytes);
    }
    Ok(bytes)
}

/// `greeks(margin, book)`.
pub(crate) fn greeks(input: &mut Input<'_>) -> Answer {
    let (margin, book, needs) = book(input)?;
    let Session { market, rules, .. } = open(&margin, needs)?;
    let book = rules.known(&book);
    let rows =
        novate_risk::greeks(&book, &market, &rules.parameters, rules.now).map_err(refused)?;
    let mut bytes = array(rows.len());
    for row in &rows {
        row.underlying.push(&mut bytes);
        row.expiry.push(&mut bytes);
        for number in [row.delta, row.gamma, row.vega, row.theta, row.value] {
            number.push(&mut bytes);
        }
    }
    Ok(bytes)
}

/// Offset and length of the one array that is returned.
fn array(length: usize) -> Bytes {
    let mut bytes = Bytes::new();
    for number in [32, length] {
        size(number).push(&mut bytes);
    }
    bytes
}
