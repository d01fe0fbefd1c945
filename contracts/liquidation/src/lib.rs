//! Who is closed out, by whose bid, and how old an auction is.
//!
//! Interface: `interfaces/ILiquidation.sol`. What a cut costs and how much may be taken is `novate_risk::liquidation`'s; clearing cuts.

#![cfg_attr(not(test), no_std)]
#![allow(
    clippy::unused_self,
    reason = "a method is a function of the contract; its storage is at fixed slots"
)]

extern crate alloc;

mod admin;
mod auction;
mod bid;
mod entry;
mod load;
mod storage;
#[cfg(test)]
mod tests;
mod view;

pub use storage::Liquidation;

novate_common::entrypoint!(Liquidation);
