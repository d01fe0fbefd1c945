//! The oracle contract: what a thing is worth, and how far that may be trusted (`interfaces/IOracle.sol`).
//!
//! - `storage`: the layout and the table of functions. `words`: every packed word. `load`: where they are.
//! - `message`, `update`: the signed market of an underlying. `settle`: settlement prices. `admin`: what governor and keeper set.
//! - `view`: what anyone may ask, `snapshot` first of all; `market`: the values behind it.
//! - Pure: `curve` (surfaces), `moves` (allowances), `index` (slow price, average), `funding`, `observation` (settlement by rounds),
//!   `level` (ages), `feed` (answers to prices).

#![cfg_attr(not(test), no_std)]

extern crate alloc;

mod admin;
mod curve;
mod error;
mod feed;
mod funding;
mod index;
mod level;
mod load;
mod market;
mod message;
mod moves;
mod observation;
mod settle;
mod storage;
#[cfg(test)]
mod tests;
mod update;
mod view;
mod words;

pub use storage::Oracle;

novate_common::entrypoint!(Oracle);
