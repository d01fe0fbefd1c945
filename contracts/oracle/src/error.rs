//! Reverts that several functions share.

use alloy_primitives::{I256, U256, aliases::U80};
use novate_abi::{IErrors, IOracle};
use novate_common::Revert;

use crate::settlement::Refusal;

/// Refuses a parameter outside its bounds.
///
/// # Errors
/// `ParameterOutOfBounds` with the name (ASCII), value and bounds.
pub(crate) fn within(name: &[u8], value: u128, minimum: u128, maximum: u128) -> Result<(), Revert> {
    if (minimum..=maximum).contains(&value) {
        return Ok(());
    }
    let signed = |value: u128| I256::from_raw(U256::from(value));
    Err(IErrors::ParameterOutOfBounds {
        name: novate_common::name(name),
        value: signed(value),
        minimum: signed(minimum),
        maximum: signed(maximum),
    }
    .into())
}

/// `RoundsProveNothing`.
pub(crate) fn proves_nothing(refusal: Refusal) -> Revert {
    IOracle::RoundsProveNothing {
        reason: refusal.reason.number(),
        round: U80::from(refusal.round & ((1 << 80) - 1)),
    }
    .into()
}
