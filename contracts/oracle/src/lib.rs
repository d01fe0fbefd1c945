//! The oracle contract: what a thing is worth, and how far that may be trusted (`interfaces/IOracle.sol`).
//!
//! - `storage`: the layout and the table of functions. `load`: stored words to domain types and back.
//! - `post`: signed surfaces and marks. `settle`: settlement prices. `admin`: what the governor sets.
//! - `view`: what anyone may ask, `snapshot` first of all; `market`: the values behind it.
//! - Pure: `funding`, `arbitrage`, `proof` (settlement by rounds), `level` (ages and validity), `feed` (answers to prices).

#![cfg_attr(not(test), no_std)]

extern crate alloc;

mod admin;
mod arbitrage;
mod error;
mod feed;
mod funding;
mod level;
mod load;
mod market;
mod post;
mod proof;
mod settle;
mod storage;
#[cfg(test)]
mod tests;
mod view;

pub use storage::Oracle;

novate_common::entrypoint!(Oracle);
