//! Bounds that setters and messages share.

use alloy_primitives::{I256, U256};
use novate_abi::IErrors;
use novate_common::{Revert, name, refuse};

/// Refuses a parameter outside its bounds.
///
/// # Errors
/// `ParameterOutOfBounds` with the name (ASCII), value and bounds.
#[inline(never)]
pub(crate) fn within(
    parameter: &[u8],
    value: u128,
    minimum: u128,
    maximum: u128,
) -> Result<(), Revert> {
    if minimum <= value && value <= maximum {
        return Ok(());
    }
    Err(refuse!(IErrors::ParameterOutOfBounds {
        name: name(parameter),
        value: signed(value),
        minimum: signed(minimum),
        maximum: signed(maximum),
    }))
}

fn signed(value: u128) -> I256 {
    I256::from_raw(U256::from(value))
}
