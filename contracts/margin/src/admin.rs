//! What the keeper writes. Bounds are the keeper's: it is `contracts/parameters`, and nobody else may write.

use alloy_primitives::B256;
use novate_abi::{
    IErrors, IMargin,
    parameters::{Place, Root},
};
use novate_common::{
    Answer, Input, Revert, Word, address, empty, event, not_zero, only, refuse, sender,
};

use crate::storage::{KEEPER, slot};

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
    put(place(input)?, &input.bytes32()?);
    empty()
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
