//! What margin computes and tells.

use alloc::vec::Vec;

use novate_common::{
    Answer, Bytes, Input, Word, answers,
    session::{
        Needs, Refused, Session, ascending, push_assessment, push_mark, refused, unpack, unpack_any,
    },
    timestamp,
};

use crate::storage::word;

/// Words of an assessment.
const WORDS: usize = 11;

/// `assess(books, instruments)`.
pub(crate) fn assess(input: &mut Input<'_>) -> Answer {
    let (count, mut elements) = input.array(1)?;
    let mut needs = Needs::default();
    let mut books = Vec::with_capacity(count);
    for _ in 0..count {
        let (book, bids) = unpack_any(&mut elements)?;
        needs.add_book(&book);
        books.push((book, bids));
    }
    let (count, mut elements) = input.array(1)?;
    let mut marked = Vec::with_capacity(count);
    for _ in 0..count {
        let id = elements.u64()?;
        needs.add_mark(id)?;
        marked.push(id);
    }
    let session = needs.open(&mut word)?;
    let second = books.len().saturating_mul(WORDS).saturating_add(3).saturating_mul(32);
    let mut bytes = Bytes::new();
    for number in [64, second, books.len()] {
        size(number).push(&mut bytes);
    }
    for (book, bids) in &books {
        let figures = if *bids { session.assess_bid(book)? } else { session.assess(book)? };
        push_assessment(&mut bytes, &figures);
    }
    size(marked.len()).push(&mut bytes);
    for id in marked {
        push_mark(&mut bytes, &session.mark(id)?);
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
    answers![rules.excess_under(&rules.known(&book), &market, &scenarios).map_err(refused)?]
}

/// `parameters(underlyings, collaterals)`.
pub(crate) fn parameters(input: &mut Input<'_>) -> Answer {
    let (underlyings, collaterals) = (ascending(input)?, ascending(input)?);
    let mut words = Bytes::new();
    let mut keep = |place, version| -> Result<_, Refused> {
        let found = word(place, version)?;
        found.push(&mut words);
        Ok(found)
    };
    novate_abi::parameters::read(&underlyings, &collaterals, timestamp(), &mut keep)?;
    let mut bytes = Bytes::new();
    for number in [32, words.len() / 32] {
        size(number).push(&mut bytes);
    }
    bytes.extend_from_slice(&words);
    Ok(bytes)
}

fn size(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
