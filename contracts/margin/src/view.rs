//! What margin computes and tells.

use alloc::vec::Vec;

use alloy_primitives::U256;
use novate_common::{Answer, Bytes, Input, Word, address, answers};
use novate_risk::{Assessment, Error, Trade, scenario::VolatilityMode};

use crate::{
    error::refused,
    load::{self, level_number},
    session::{Needs, Session, unpack},
    storage::ORACLE,
};

/// `assess(books)`.
pub(crate) fn assess(input: &mut Input<'_>) -> Answer {
    let (count, mut elements) = input.array(1)?;
    let mut needs = Needs::default();
    let mut books = Vec::with_capacity(count);
    for _ in 0..count {
        let book = unpack(&mut elements)?;
        needs.add_book(&book);
        books.push(book);
    }
    let session = needs.open()?;
    let mut bytes = array(count);
    for book in &books {
        push(&mut bytes, &session.assess(book)?);
    }
    Ok(bytes)
}

/// `maintenanceExcessUnder(book, scenarios)`.
pub(crate) fn maintenance_excess_under(input: &mut Input<'_>) -> Answer {
    let book = unpack(input)?;
    let (count, mut elements) = input.array(1)?;
    let mut scenarios = Vec::with_capacity(count);
    for _ in 0..count {
        scenarios.push(elements.u8()?);
    }
    let mut needs = Needs::default();
    needs.add_book(&book);
    let Session { market, parameters, now, .. } = needs.open()?;
    let excess = novate_risk::excess_under(&book, &market, &parameters, now, &scenarios);
    answers![excess.map_err(refused)?]
}

/// `preview(book, trades)`.
pub(crate) fn preview(input: &mut Input<'_>) -> Answer {
    let book = unpack(input)?;
    let (count, mut elements) = input.array(3)?;
    let mut needs = Needs::default();
    needs.add_book(&book);
    let mut trades = Vec::with_capacity(count);
    for _ in 0..count {
        let trade = Trade {
            instrument: elements.u64()?,
            quantity: elements.i64()?,
            price: elements.u128()?,
        };
        needs.add_instrument(trade.instrument)?;
        trades.push(trade);
    }
    let session = needs.open()?;
    let after = novate_risk::after(&book, &session.market, &trades).map_err(refused)?;
    let mut bytes = Bytes::new();
    push(&mut bytes, &session.assess(&after)?);
    Ok(bytes)
}

/// `scenarios(book, underlying)`.
pub(crate) fn scenarios(input: &mut Input<'_>) -> Answer {
    let book = unpack(input)?;
    let underlying = input.u8()?;
    let mut needs = Needs::default();
    needs.add_book(&book);
    needs.add_underlying(underlying);
    let Session { market, parameters, now, .. } = needs.open()?;
    let (outcomes, _) =
        novate_risk::loss_vector(&book, &market, &parameters, now, underlying).map_err(refused)?;
    let count = outcomes.len();
    let step = count.saturating_add(1).saturating_mul(32);
    let mut bytes = Bytes::new();
    for place in 0..3_usize {
        size(&mut bytes, place.saturating_mul(step).saturating_add(96));
    }
    size(&mut bytes, count);
    for outcome in &outcomes {
        outcome.pnl.push(&mut bytes);
    }
    size(&mut bytes, count);
    for outcome in &outcomes {
        outcome.shock.push(&mut bytes);
    }
    size(&mut bytes, count);
    for outcome in &outcomes {
        mode(outcome.volatility).push(&mut bytes);
    }
    Ok(bytes)
}

/// `greeks(book)`.
pub(crate) fn greeks(input: &mut Input<'_>) -> Answer {
    let book = unpack(input)?;
    let mut needs = Needs::default();
    needs.add_book(&book);
    let Session { market, parameters, now, .. } = needs.open()?;
    let rows = novate_risk::greeks(&book, &market, &parameters, now).map_err(refused)?;
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

/// `oracle()`.
pub(crate) fn oracle() -> Answer {
    answers![address(&ORACLE.get())]
}

/// `underlying(underlying)`: `UnderlyingNotListed` if it isn't.
pub(crate) fn underlying(input: &mut Input<'_>) -> Answer {
    let number = input.u8()?;
    let listed =
        load::underlying(number).ok_or_else(|| refused(Error::UnderlyingNotListed(number)))?;
    answers![listed.range, listed.volatility_up, listed.volatility_down]
}

/// `factors()`.
pub(crate) fn factors() -> Answer {
    let scan = load::shared(load::oracle().1).scan;
    answers![scan.initial, scan.maintenance]
}

/// `contingencies()`.
pub(crate) fn contingencies() -> Answer {
    let rates = load::shared(load::oracle().1).contingencies;
    answers![
        rates.perpetual_maintenance,
        rates.perpetual_initial,
        rates.option_maintenance,
        rates.option_initial,
    ]
}

/// `collateral(collateral)`: `CollateralNotListed` if it isn't.
pub(crate) fn collateral(input: &mut Input<'_>) -> Answer {
    let number = input.u8()?;
    let listed =
        load::collateral(number).ok_or_else(|| refused(Error::CollateralNotListed(number)))?;
    answers![
        listed.underlying,
        listed.maintenance_haircut,
        listed.initial_haircut,
        listed.cancels_risk,
    ]
}

/// Appends the words of an assessment.
fn push(bytes: &mut Bytes, assessment: &Assessment) {
    assessment.equity.push(bytes);
    assessment.initial_requirement.push(bytes);
    assessment.maintenance_requirement.push(bytes);
    assessment.worst_underlying.push(bytes);
    assessment.worst_scenario.push(bytes);
    level_number(assessment.validity).push(bytes);
}

/// Offset and length of the one array that is returned.
fn array(length: usize) -> Bytes {
    let mut bytes = Bytes::new();
    size(&mut bytes, 32);
    size(&mut bytes, length);
    bytes
}

fn size(bytes: &mut Bytes, number: usize) {
    U256::from(number).push(bytes);
}

const fn mode(volatility: VolatilityMode) -> u8 {
    match volatility {
        VolatilityMode::None => 0,
        VolatilityMode::Up => 1,
        VolatilityMode::Down => 2,
        VolatilityMode::SkewLinear => 3,
        VolatilityMode::SkewAbsolute => 4,
    }
}
