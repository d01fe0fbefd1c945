//! Where the chain keeps what it knows: storage slots of one account that nobody can call.

use alloy_primitives::{Address, B256, U256, address, keccak256};

/// The account whose storage is the state of the chain's operating system.
pub(crate) const ARBOS_STATE: Address = address!("A4b05FffffFffFFFFfFFfffFfffFFfffFfFfFFFf");

/// Single values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Slot {
    /// Demand for compiled code, in bytes.
    DataDemand = 1,
    /// When the demand was last updated.
    DataUpdated = 2,
    /// Parameters of programs, if an owner changed them.
    Params = 3,
}

impl From<Slot> for U256 {
    fn from(slot: Slot) -> Self {
        let number = match slot {
            Slot::DataDemand => 1u8,
            Slot::DataUpdated => 2,
            Slot::Params => 3,
        };
        Self::from(number)
    }
}

/// Slot of a value that belongs to a key, within a table.
pub(crate) fn keyed(table: &str, key: B256) -> U256 {
    keccak256([table.as_bytes(), key.as_slice()].concat()).into()
}
