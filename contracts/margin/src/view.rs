//! What margin computes and tells.

use alloc::vec::Vec;

use novate_common::{
    Answer, Bytes, Input, Word, answers,
    session::{Needs, Refused, Session, ascending, push_assessment, refused, unpack},
};

use crate::storage::word;

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
    let session = needs.open(&mut word)?;
    let mut bytes = array(count);
    for book in &books {
        push_assessment(&mut bytes, &session.assess(book)?);
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
    let Session { market, rules, .. } = needs.open(&mut word)?;
    answers![rules.excess_under(&book, &market, &scenarios).map_err(refused)?]
}

/// `parameters(underlyings, collaterals)`.
pub(crate) fn parameters(input: &mut Input<'_>) -> Answer {
    let (underlyings, collaterals) = (ascending(input)?, ascending(input)?);
    let mut words = Bytes::new();
    let mut keep = |place| -> Result<_, Refused> {
        let found = word(place)?;
        found.push(&mut words);
        Ok(found)
    };
    novate_abi::parameters::read(underlyings, &collaterals, &mut keep)?;
    let mut bytes = array(words.len() / 32);
    bytes.extend_from_slice(&words);
    Ok(bytes)
}

/// Offset and length of the one array that is returned.
fn array(length: usize) -> Bytes {
    let mut bytes = Bytes::new();
    for number in [32, length] {
        u64::try_from(number).unwrap_or(u64::MAX).push(&mut bytes);
    }
    bytes
}
