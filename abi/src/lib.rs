//! The contract interfaces as Rust types, read from `interfaces/*.sol`, and the packed forms in which contracts hand
//! books and market data to each other.
//!
//! - [`interfaces`]: one module per Solidity interface, re-exported at the root.
//! - [`book`]: a portfolio as a sequence of words, the argument of `IMargin`.
//! - [`words`]: the packing that both use.
//! - [`snapshot`]: market data as a sequence of words, the answer of `IOracle.snapshot`.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod book;
pub mod interfaces;
pub mod parameters;
pub mod snapshot;
pub mod words;

pub use interfaces::*;
pub use words::Malformed;
