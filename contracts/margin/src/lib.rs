//! The margin contract: what a portfolio must hold (`interfaces/IMargin.sol`).
//!
//! A thin shell about the risk crate, and no more than what a trade or a liquidation calls: it unpacks the books of its calldata, reads
//! the parameters that they need, asks the oracle once for the market data of all of them, and has the risk crate compute.
//! Who sets parameters is `contracts/parameters`; what people ask is `contracts/lens`.

#![cfg_attr(not(test), no_std)]

extern crate alloc;

mod admin;
mod storage;
#[cfg(test)]
mod tests;
mod view;

pub use storage::Margin;

novate_common::entrypoint!(Margin);
