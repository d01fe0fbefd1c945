//! The `eth_*` methods.

pub(super) mod blocks;
pub(super) mod filters;
pub(super) mod send;
pub(super) mod simulate;
pub(super) mod state;
