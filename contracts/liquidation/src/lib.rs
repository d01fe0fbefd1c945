//! Who is closed out, and at what price: auctions of fractions of whole books.
//!
//! Interface: `interfaces/ILiquidation.sol`. Sizes and prices are those of `novate_risk::liquidation`.

#![cfg_attr(not(test), no_std)]
#![allow(
    clippy::unused_self,
    reason = "a method is a function of the contract; its storage is at fixed slots"
)]

extern crate alloc;

mod admin;
mod entry;
mod load;
mod storage;
#[cfg(test)]
mod tests;
mod view;

pub use storage::Liquidation;

novate_common::entrypoint!(Liquidation);
