//! The contracts together: oracle, margin, parameters, clearing, liquidation, exchange and lens in one native world, with tokens and
//! feeds that a test steers, publishers and traders that sign, and a measure of what a group of accounts could carry away.
//!
//! - [`house`]: the deployed house and what its people do.
//! - [`market`]: aggregators, and the model whose messages publishers sign.
//! - [`token`], [`keys`]: tokens that behave or misbehave, and people.
//! - [`ledger`]: what must hold after every call.
//! - [`colluders`]: random groups that try everything, by the [`dice`].

#![allow(
    missing_docs,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::expect_used,
    clippy::float_arithmetic,
    clippy::indexing_slicing,
    clippy::missing_const_for_fn,
    clippy::missing_errors_doc,
    clippy::missing_panics_doc,
    clippy::manual_clamp,
    clippy::must_use_candidate,
    clippy::needless_pass_by_value,
    clippy::return_self_not_must_use,
    clippy::semicolon_if_nothing_returned,
    clippy::unused_self,
    clippy::useless_conversion,
    clippy::wrong_self_convention,
    clippy::doc_markdown,
    clippy::panic,
    clippy::unwrap_used,
    reason = "test code: whatever goes wrong here is a failed test"
)]

pub mod colluders;
pub mod dice;
pub mod house;
pub mod keys;
pub mod ledger;
pub mod market;
pub mod token;
pub mod units;

pub use house::{Figures, House, Leg, Refusal, Trader};
pub use market::{Aggregator, Model};
pub use units::*;
