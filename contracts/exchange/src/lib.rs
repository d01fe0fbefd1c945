//! Which trades were agreed: multi-leg trades signed by both sides, applied once, whole or not at all.
//!
//! The first venue of clearing. Interface: `interfaces/IExchange.sol`.

#![cfg_attr(not(test), no_std)]

extern crate alloc;

mod entry;
mod load;
mod storage;
#[cfg(test)]
mod tests;
mod view;

pub use storage::Exchange;

novate_common::entrypoint!(Exchange);
