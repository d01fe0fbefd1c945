//! The scenario table.

use alloc::vec::Vec;

use alloy_primitives::U256;
use alloy_sol_types::SolEvent;
use novate_abi::{
    IRiskParameters,
    parameters::{Place, Root, TABLE_WORDS, pack_scenario, pack_table},
};
use novate_common::{Answer, Bytes, Input, Revert, Word, empty, log, refuse, session::refused};
use novate_risk::{
    Parameters,
    scenario::{Scenario, SpotMove, VolatilityMode, Weight},
};

use crate::{
    RiskParameters,
    keeper::{root, table, write},
};

/// Words of an entry.
const FIELDS: usize = 5;

impl RiskParameters {
    /// `setScenarios(table)`.
    pub(crate) fn set_scenarios(&self, input: &mut Input<'_>) -> Answer {
        self.governance.only_governor()?;
        let (count, mut elements) = input.array(FIELDS)?;
        let mut scenarios = Vec::with_capacity(count);
        for _ in 0..count {
            scenarios.push(scenario(&mut elements)?);
        }
        let parameters = Parameters { scenarios, ..Parameters::default() };
        parameters.check().map_err(refused)?;
        replace(&parameters.scenarios)
    }
}

/// `scenarios()`.
pub(crate) fn scenarios() -> Answer {
    let table = table(root()?)?;
    let mut bytes = Bytes::new();
    for number in [32, table.len()] {
        U256::from(number).push(&mut bytes);
    }
    for entry in &table {
        push(Some(entry), &mut bytes);
    }
    Ok(bytes)
}

/// Writes a table that was checked, and tells what changed.
fn replace(current: &[Scenario]) -> Answer {
    let root = root()?;
    let previous = table(root)?;
    let mut words = Vec::new();
    let mut next = Root { first: 0, ..root };
    // The default table isn't stored: then it costs trades nothing.
    if current != Scenario::defaults() {
        let mut codes = Vec::with_capacity(current.len());
        for (index, entry) in current.iter().enumerate() {
            let index = U256::from(index);
            let too_fine = || refuse!(IRiskParameters::ScenarioTooFine { index });
            codes.push(pack_scenario(entry).ok_or_else(too_fine)?);
        }
        if let Some((first, others)) = codes.split_first() {
            next.first = *first;
            words = pack_table(others);
        }
    }
    next.table = u8::try_from(words.len()).unwrap_or(TABLE_WORDS);
    words.resize(words.len().max(root.table.into()), U256::ZERO);
    for (number, word) in (0..TABLE_WORDS).zip(words) {
        write(Place::Table(number), word)?;
    }
    if next != root {
        write(Place::Root, next.pack())?;
    }
    for number in (0..u8::MAX).take(previous.len().max(current.len())) {
        let (before, after) = (previous.get(usize::from(number)), current.get(usize::from(number)));
        if before != after {
            tell(number, before, after);
        }
    }
    empty()
}

fn tell(number: u8, previous: Option<&Scenario>, current: Option<&Scenario>) {
    let mut bytes = Bytes::new();
    IRiskParameters::ScenarioChanged::SIGNATURE_HASH.push(&mut bytes);
    number.push(&mut bytes);
    push(previous, &mut bytes);
    push(current, &mut bytes);
    log(2, &bytes);
}

/// An entry, the next five arguments.
fn scenario(input: &mut Input<'_>) -> Result<Scenario, Revert> {
    let (spot, absolute) = (input.i64()?, input.bool()?);
    let volatility =
        VolatilityMode::from_number(input.u8()?).ok_or_else(|| input.last_malformed())?;
    let (weight, tail) = (input.u64()?, input.bool()?);
    Ok(Scenario {
        spot: if absolute { SpotMove::Absolute(spot) } else { SpotMove::Ranges(spot) },
        volatility,
        weight: if tail { Weight::Tail(weight) } else { Weight::Fixed(weight) },
    })
}

/// Appends an entry's words.
fn push(entry: Option<&Scenario>, bytes: &mut Bytes) {
    let (mut spot, mut absolute, mut mode, mut weight, mut tail) = (0, false, 0, 0, false);
    if let Some(entry) = entry {
        (spot, absolute) = match entry.spot {
            SpotMove::Ranges(spot) => (spot, false),
            SpotMove::Absolute(spot) => (spot, true),
        };
        (weight, tail) = match entry.weight {
            Weight::Fixed(weight) => (weight, false),
            Weight::Tail(weight) => (weight, true),
        };
        mode = entry.volatility.number();
    }
    spot.push(bytes);
    absolute.push(bytes);
    mode.push(bytes);
    weight.push(bytes);
    tail.push(bytes);
}
