//! What a program asks of the chain, and what the chain answers.

use alloy_primitives::{Address, B256, Bytes, U256};

/// How another contract is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CallKind {
    /// With its own storage and sender.
    Call,
    /// With the storage, sender and value of the caller.
    Delegate,
    /// Without the right to change anything.
    Static,
}

/// A question that only the chain can answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Request {
    /// Value of a storage slot.
    StorageLoad { key: B256 },
    /// Write of storage slots, in order, for at most `gas_left`.
    StorageFlush { slots: Vec<(B256, B256)>, gas_left: u64 },
    /// Value of a transient slot.
    TransientLoad { key: B256 },
    /// Write of a transient slot.
    TransientStore { key: B256, value: B256 },
    /// Call of another contract.
    Call {
        kind: CallKind,
        address: Address,
        input: Bytes,
        value: U256,
        gas_left: u64,
        gas_requested: u64,
    },
    /// Creation of a contract; with a salt by CREATE2.
    Create { code: Bytes, value: U256, salt: Option<U256>, gas_left: u64 },
    /// An event.
    Log { topics: Vec<B256>, data: Bytes },
    /// Balance of an account.
    Balance { address: Address },
    /// Code of an account.
    Code { address: Address, gas_left: u64 },
    /// Hash of an account's code.
    CodeHash { address: Address },
    /// More memory pages.
    AddPages { pages: u16 },
}

/// How a flush of the storage cache ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FlushStatus {
    /// All slots are written.
    Written,
    /// The gas did not suffice.
    OutOfGas,
    /// Nothing may be written in a static call.
    WriteProtected,
}

/// The answer to a [`Request`]; `gas` is what it cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reply {
    /// A word: slot, balance or hash.
    Word { value: B256, gas: u64 },
    /// Whether slots were written.
    Flush { status: FlushStatus, gas: u64 },
    /// A write or an event was accepted.
    Accepted,
    /// It is not allowed here; the program fails.
    Refused,
    /// A call ended.
    Called { success: bool, data: Bytes, gas: u64 },
    /// A creation ended; the address is zero if it failed.
    Created { address: Address, data: Bytes, gas: u64 },
    /// Code of an account.
    Code { code: Bytes, gas: u64 },
    /// Pages were added.
    Pages { gas: u64 },
}
