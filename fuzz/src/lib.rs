//! What must hold for every input of `novate-math`, however hostile: no panic, no wrap, a result or a typed error; and the
//! identities of what the results mean, up to the guaranteed errors.
//!
//! Each module has the input of a fuzz target and its check.

pub mod implied_volatility;
pub mod input;
pub mod kernels;
pub mod normal;
pub mod numbers;
pub mod options;
pub mod surfaces;
