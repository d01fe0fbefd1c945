//! The crate from outside: one binary, because linking each file by itself takes longer than its tests.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::float_arithmetic,
    clippy::float_cmp,
    clippy::indexing_slicing,
    clippy::needless_pass_by_value,
    clippy::redundant_clone,
    clippy::similar_names,
    clippy::too_many_lines,
    clippy::unwrap_used,
    missing_docs,
    reason = "tests may fail loudly, and a table of cases is as long as it is"
)]

mod bounds;
mod common;
mod edges;
mod example;
mod explain;
mod fixtures;
mod jsonl;
mod properties;
mod rows;
mod standard;
mod totality;
