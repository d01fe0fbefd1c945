//! The parameters contract: what governance may decide about margin, inside hard bounds (`interfaces/IRiskParameters.sol`).
//!
//! It is the keeper of one margin contract, where the words lie that trades read: names, bounds and events would make every trade
//! dearer there. A function reads the words as they are, changes them as values of the risk crate, has that check its bounds, writes what
//! changed, and tells old and new values.

#![cfg_attr(not(test), no_std)]

extern crate alloc;

mod allowances;
mod change;
mod keeper;
mod listed;
mod router;
mod scenarios;
mod shared;
#[cfg(test)]
mod tests;
mod view;

pub use router::RiskParameters;

novate_common::entrypoint!(RiskParameters);
