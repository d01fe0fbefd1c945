//! Who owns what: accounts, cash, pool shares, collateral, positions, settlement, and custody of the tokens.
//!
//! Interface: `interfaces/IClearing.sol`. Tokens held = cash of all accounts + pool + variation + fees + insurance - carried, to the
//! unit, after every call; every trade leaves the sum of each instrument's quantities at zero. Every change of an account is in an
//! event, with the new value.

#![cfg_attr(not(test), no_std)]
#![allow(
    clippy::unused_self,
    reason = "a method is a function of the contract; its storage is at fixed slots"
)]

extern crate alloc;

mod admin;
mod callable;
mod caps;
mod check;
mod close_out;
mod cut;
mod entry;
mod error;
mod fees;
mod fill;
mod journal;
mod judge;
mod ledger;
mod load;
mod places;
mod pool;
mod session;
mod settle;
mod storage;
#[cfg(test)]
mod tests;
mod tokens;
mod view;

pub use storage::Clearing;

novate_common::entrypoint!(Clearing);
