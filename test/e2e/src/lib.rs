//! The built WASM on the devnode: packing, end-to-end tests and the demonstration.

pub mod artifact;
pub mod pack;
