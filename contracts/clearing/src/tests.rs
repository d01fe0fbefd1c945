//! Clearing, through its ABI, against mocks of tokens, margin and oracle.

#![allow(clippy::items_after_statements, reason = "test code imports where it needs")]
#![allow(clippy::arithmetic_side_effects, reason = "test code: an overflow is a failed test")]
#![allow(clippy::similar_names, reason = "world and word")]

mod admin;
mod bench;
mod close_out_rows;
mod close_outs;
mod custody;
mod desk;
mod fills;
mod model;
mod places;
mod pool;
mod rows;
mod settlement;
