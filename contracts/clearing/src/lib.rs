//! Who owns what: accounts, cash, collateral, positions, settlement, and custody of the tokens.
//!
//! Interface: `interfaces/IClearing.sol`. Tokens held = cash of all accounts + variation + fees + insurance, to the unit, after
//! every call; every trade leaves the sum of each instrument's quantities at zero.

#![cfg_attr(not(test), no_std)]
#![allow(
    clippy::unused_self,
    reason = "a method is a function of the contract; its storage is at fixed slots"
)]

extern crate alloc;

mod admin;
mod check;
mod entry;
mod error;
mod fill;
mod load;
mod places;
mod session;
mod settle;
mod slice;
mod storage;
#[cfg(test)]
mod tests;
mod view;

pub use storage::Clearing;

novate_common::entrypoint!(Clearing);
