//! Tests of the public functions: against reference vectors, and by identities.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    unreachable_pub,
    reason = "tests fail by panicking and report by printing"
)]

mod digests;
mod edges;
mod kernel_vectors;
mod properties;
mod support;
mod vectors;
