//! The built WASM on the devnode: packing, end-to-end tests and the demonstration.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::float_arithmetic,
    reason = "a host tool with std: primitives trap on overflow in every profile, models are fitted in f64, and money is only \
              ever compared with what the contracts say"
)]

pub mod demo;
pub mod input;
pub mod message;
pub mod model;
pub mod pack;
pub mod stage;
pub mod table;
pub mod units;
