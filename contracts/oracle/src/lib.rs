//! The oracle contract: what a thing is worth, and how far that may be trusted (`interfaces/IOracle.sol`).
//!
//! - [`entry`]: the table of functions; posts and settlement proposals.
//! - `admin`: what the governor and the guardian do. `view`: what anyone may ask, `snapshot` first of all.
//! - Pure: `funding`, `arbitrage`, `settlement` (proofs by rounds), `level` (ages and validity).

#![cfg_attr(target_arch = "wasm32", no_std)]

extern crate alloc;

mod admin;
mod arbitrage;
mod entry;
mod error;
mod feed;
mod funding;
mod level;
mod load;
mod post;
mod settlement;
mod storage;
#[cfg(test)]
mod tests;
mod view;

pub use storage::Oracle;

novate_common::entrypoint!(Oracle);
