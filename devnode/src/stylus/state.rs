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
    /// Gas burned before each activation, if an owner set it (`ArbOS` 60).
    ActivationGas = 4,
    /// How many messages were sent to the parent chain.
    MessagesSent = 5,
    /// Number of the parent chain's block as of the latest block.
    ParentNumber = 6,
}

impl From<Slot> for U256 {
    fn from(slot: Slot) -> Self {
        let number = match slot {
            Slot::DataDemand => 1u8,
            Slot::DataUpdated => 2,
            Slot::Params => 3,
            Slot::ActivationGas => 4,
            Slot::MessagesSent => 5,
            Slot::ParentNumber => 6,
        };
        Self::from(number)
    }
}

/// Slot of a value that belongs to a key, within a table.
pub(crate) fn keyed(table: &str, key: B256) -> U256 {
    keccak256([table.as_bytes(), key.as_slice()].concat()).into()
}

/// Slot of a set's size (0) or of its n-th member.
pub(crate) fn set_slot(set: &str, index: u64) -> U256 {
    keyed(&format!("{set} list"), U256::from(index).into())
}

/// The slots of a set with one member.
pub(crate) fn set_of_one(set: &str, member: Address) -> Vec<(U256, U256)> {
    let word = member.into_word();
    vec![
        (keyed(set, word), U256::ONE),
        (set_slot(set, 1), word.into()),
        (set_slot(set, 0), U256::ONE),
    ]
}
