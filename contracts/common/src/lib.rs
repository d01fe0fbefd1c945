//! What every Novate contract shares: entry and routing, revert type, typed calls, roles and pause, signatures, tokens.
//!
//! A contract is a `#[storage]` struct that implements [`Contract`] and is exported by [`entrypoint!`]. Everything that a
//! caller can get wrong ends in one of the errors of `interfaces/`, never in a trap or in empty revert data.

#![cfg_attr(not(feature = "testing"), no_std)]

extern crate alloc;

mod call;
mod entry;
mod governance;
mod host;
mod input;
pub mod margin;
mod revert;
pub mod session;
pub mod signature;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(test)]
mod tests;
pub mod token;
mod word;

#[doc(hidden)]
pub use alloy_primitives::B256;
#[doc(hidden)]
pub use alloy_sol_types::{SolError, SolEvent, TopicList};
pub use call::{Reply, ask, request, tell};
#[cfg(target_arch = "wasm32")]
pub use entry::run;
pub use entry::{Answer, Contract, answer, empty, returns};
pub use governance::{
    DAY, Governance, Operation, name, not_zero, only, out_of_bounds, unknown_selector,
};
pub use host::{Fixed, Slot, gas_left, keccak256, log, sender, this, timestamp};
pub use input::Input;
pub use revert::Revert;
pub use word::{Word, address, halves, low64, pair, starting};

/// Encoded bytes.
pub type Bytes = alloc::vec::Vec<u8>;
