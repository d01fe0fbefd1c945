//! What margin computes and tells.

use alloc::vec::Vec;

use alloy_primitives::{B256, U256};
use novate_common::{Answer, Input, Word, address, answers};
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
    let mut words = Vec::with_capacity(count.saturating_mul(6).saturating_add(2));
    start_array(&mut words, count);
    for book in &books {
        words.extend(figures(&session.assess(book)?));
    }
    answers(&words)
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
    answers(&[excess.map_err(refused)?.word()])
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
    answers(&figures(&session.assess(&after)?))
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
    let array = count.saturating_add(1).saturating_mul(32);
    let mut words = Vec::with_capacity(count.saturating_add(2).saturating_mul(3));
    for place in 0..3_usize {
        words.push(size(place.saturating_mul(array).saturating_add(96)));
    }
    words.push(size(count));
    words.extend(outcomes.iter().map(|outcome| outcome.pnl.word()));
    words.push(size(count));
    words.extend(outcomes.iter().map(|outcome| outcome.shock.word()));
    words.push(size(count));
    words.extend(outcomes.iter().map(|outcome| mode(outcome.volatility).word()));
    answers(&words)
}

/// `greeks(book)`.
pub(crate) fn greeks(input: &mut Input<'_>) -> Answer {
    let book = unpack(input)?;
    let mut needs = Needs::default();
    needs.add_book(&book);
    let Session { market, parameters, now, .. } = needs.open()?;
    let rows = novate_risk::greeks(&book, &market, &parameters, now).map_err(refused)?;
    let mut words = Vec::with_capacity(rows.len().saturating_mul(7).saturating_add(2));
    start_array(&mut words, rows.len());
    for row in &rows {
        words.push(row.underlying.word());
        words.push(row.expiry.word());
        let numbers = [row.delta, row.gamma, row.vega, row.theta, row.value];
        words.extend(numbers.map(Word::word));
    }
    answers(&words)
}

/// `oracle()`.
pub(crate) fn oracle() -> Answer {
    answers(&[address(ORACLE.get()).word()])
}

/// `underlying(underlying)`: `UnderlyingNotListed` if it isn't.
pub(crate) fn underlying(input: &mut Input<'_>) -> Answer {
    let number = input.u8()?;
    let listed =
        load::underlying(number).ok_or_else(|| refused(Error::UnderlyingNotListed(number)))?;
    answers(&[listed.range, listed.volatility_up, listed.volatility_down].map(Word::word))
}

/// `factors()`.
pub(crate) fn factors() -> Answer {
    let scan = load::shared(load::oracle().1).scan;
    answers(&[scan.initial, scan.maintenance].map(Word::word))
}

/// `contingencies()`.
pub(crate) fn contingencies() -> Answer {
    let rates = load::shared(load::oracle().1).contingencies;
    let words = [
        rates.perpetual_maintenance,
        rates.perpetual_initial,
        rates.option_maintenance,
        rates.option_initial,
    ];
    answers(&words.map(Word::word))
}

/// `collateral(collateral)`: `CollateralNotListed` if it isn't.
pub(crate) fn collateral(input: &mut Input<'_>) -> Answer {
    let number = input.u8()?;
    let listed =
        load::collateral(number).ok_or_else(|| refused(Error::CollateralNotListed(number)))?;
    answers(&[
        listed.underlying.word(),
        listed.maintenance_haircut.word(),
        listed.initial_haircut.word(),
        listed.cancels_risk.word(),
    ])
}

/// The words of an assessment.
fn figures(assessment: &Assessment) -> [B256; 6] {
    [
        assessment.equity.word(),
        assessment.initial_requirement.word(),
        assessment.maintenance_requirement.word(),
        assessment.worst_underlying.word(),
        assessment.worst_scenario.word(),
        level_number(assessment.validity).word(),
    ]
}

/// Offset and length of the one array that is returned.
fn start_array(words: &mut Vec<B256>, length: usize) {
    words.push(size(32));
    words.push(size(length));
}

fn size(number: usize) -> B256 {
    U256::from(number).word()
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
