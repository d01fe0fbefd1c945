//! Liquidation, through its ABI, against mocks of clearing, margin and oracle.

#![allow(clippy::items_after_statements, reason = "test code imports where it needs")]
#![allow(clippy::arithmetic_side_effects, reason = "test code: an overflow is a failed test")]

mod bench;
mod bids;
mod clock;
mod rows;
