//! What the keeper writes. Bounds are the keeper's: it is `contracts/parameters`, and nobody else may write.
//!
//! A write sets out on a flight, on which the words before it are kept, so that maintenance moves to the requirement after it in a day. All
//! writes of a block are of one flight; until it has arrived there is no other. What changes no requirement in a step needs none: a
//! listing, another oracle, and a range that sets out on a ramp of its own.

use alloy_primitives::{B256, U256};
use novate_abi::{
    IErrors, IMargin,
    parameters::{FLIGHT, Place, Root, keeps, unpack_underlying},
};
use novate_common::{
    Answer, Input, Revert, Word, address, empty, event, not_zero, only, refuse, sender, timestamp,
};

use crate::storage::{KEEPER, before, slot};

/// `initialize(keeper, oracle)`.
pub(crate) fn initialize(input: &mut Input<'_>) -> Answer {
    let (keeper, oracle) = (input.address()?, input.address()?);
    if !KEEPER.get().is_zero() {
        return Err(refuse!(IErrors::AlreadyInitialized {}));
    }
    not_zero(keeper)?;
    not_zero(oracle)?;
    KEEPER.set(&keeper.word());
    put(Place::Root, &Root { oracle, ..Root::default() }.pack().into());
    empty()
}

/// `write(place, word)`.
pub(crate) fn write(input: &mut Input<'_>) -> Answer {
    only(sender(), address(&KEEPER.get()))?;
    let place = place(input)?;
    let mut word = input.bytes32()?;
    let (root, previous) = (root(), slot(place).get());
    if place == Place::Root {
        let flight = root.flight;
        word = Root { flight, ..Root::unpack(word.into()) }.pack().into();
    }
    if word == previous {
        return empty();
    }
    let flight = depart(root, place, previous.into(), word.into())?;
    if let Some(start) = flight {
        keep(place, previous.into(), start);
        if place == Place::Root {
            word = Root { flight: start, ..Root::unpack(word.into()) }.pack().into();
        } else if start != root.flight {
            put(Place::Root, &Root { flight: start, ..root }.pack().into());
        }
    }
    put(place, &word);
    empty()
}

/// The root as it stands.
pub(crate) fn root() -> Root {
    Root::unpack(slot(Place::Root).get().into())
}

/// The start of the flight that a write belongs to, if there is one: of the one that runs, or of a new one.
///
/// # Errors
/// `ParametersInFlight`.
fn depart(root: Root, place: Place, previous: U256, word: U256) -> Result<Option<u64>, Revert> {
    let now = timestamp();
    let flight = root.in_flight(now);
    if moves_alone(place, previous, word) {
        return Ok(flight);
    }
    match flight {
        Some(start) if start != now => {
            Err(refuse!(IMargin::ParametersInFlight { from: start.saturating_add(FLIGHT) }))
        }
        _ => Ok(Some(now)),
    }
}

/// Whether a write changes no requirement in a step.
fn moves_alone(place: Place, previous: U256, word: U256) -> bool {
    match place {
        Place::Ramp(_) => true,
        Place::Root => {
            let (previous, word) = (Root::unpack(previous), Root::unpack(word));
            Root { oracle: word.oracle, ..previous } == word
        }
        Place::Underlying(number) => {
            let Some((listed, _)) = unpack_underlying(number, previous) else { return true };
            let Some((changed, moves)) = unpack_underlying(number, word) else { return false };
            let mut alone = changed;
            alone.range = listed.range;
            moves && alone == listed
        }
        Place::Collateral(_) => previous.is_zero(),
        Place::Set(_) | Place::Table(_) => false,
    }
}

/// Keeps what a flight finds, the first time that it comes by.
fn keep(place: Place, previous: U256, flight: u64) {
    let slot = before(place, flight);
    if keeps(place, previous) && slot.get().is_zero() {
        slot.set(&(!previous).into());
    }
}

/// A place, the next argument.
///
/// # Errors
/// `MalformedBytes`, also where it is none.
pub(crate) fn place(input: &mut Input<'_>) -> Result<Place, Revert> {
    let number = input.u16()?;
    Place::decode(number).ok_or_else(|| input.last_malformed())
}

fn put(place: Place, current: &B256) {
    let slot = slot(place);
    let previous = slot.get();
    slot.set(current);
    event!(IMargin::ParameterWritten { place: place.encode(); previous, current: *current });
}
