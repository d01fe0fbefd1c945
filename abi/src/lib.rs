//! The contract interfaces as Rust types, read from `interfaces/*.sol`, and the packed forms in which contracts hand
//! books and market data to each other.
//!
//! - [`interfaces`]: one module per Solidity interface, re-exported at the root.
//! - [`book`]: a portfolio as a sequence of words, the argument of `IMargin`.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod book;
pub mod interfaces;
mod words;

pub use interfaces::*;
pub use words::Malformed;
