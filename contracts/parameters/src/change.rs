//! What the event of a changed parameter says.

use alloy_primitives::{I256, U256};
use novate_abi::{IRiskParameters, words::signed};
use novate_common::{event, name};

/// Tells that a parameter changed, if it did.
#[inline(never)]
pub(crate) fn changed(parameter: &str, subject: u8, previous: I256, current: I256) {
    if previous != current {
        let name = name(parameter.as_bytes());
        event!(IRiskParameters::ParameterChanged { name, subject; previous, current });
    }
}

/// The same of a number that isn't signed.
pub(crate) fn changed_unsigned(parameter: &str, subject: u8, previous: u64, current: u64) {
    changed(parameter, subject, unsigned(previous), unsigned(current));
}

/// A lane of a shared set's word, the first highest.
pub(crate) fn lane(word: U256, place: usize, is_signed: bool) -> I256 {
    let [fourth, third, second, first] = word.into_limbs();
    let lanes = [first, second, third, fourth];
    let lane = lanes.get(place).copied().unwrap_or(0);
    if is_signed { signed(lane.cast_signed().into()) } else { unsigned(lane) }
}

/// A number as an event has it.
pub(crate) fn unsigned(number: u64) -> I256 {
    signed(number.into())
}
