//! Tests of the public functions: against reference vectors, and by identities.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    unreachable_pub,
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::float_arithmetic,
    reason = "tests fail by panicking and report by printing"
)]

mod digests;
mod documents;
mod edges;
mod kernel_vectors;
mod properties;
mod support;
mod surfaces;
mod vectors;
