//! The lens: what people and bots ask about a portfolio (`interfaces/IMarginLens.sol`).
//!
//! It keeps nothing. Each function takes the margin contract whose parameters count, asks it for the words of those that the book needs,
//! asks its oracle for market data, and has the risk crate compute: the same code on the same words as margin itself.

#![cfg_attr(not(test), no_std)]

extern crate alloc;

mod meter;
mod router;
mod search;
mod source;
#[cfg(test)]
mod tests;
mod view;

pub use router::Lens;

/// Searches evaluate a book hundreds of times, and the SDK's allocator never takes memory back.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

novate_common::entrypoint!(Lens);
