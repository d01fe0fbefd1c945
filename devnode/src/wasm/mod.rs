//! WASM as the chain sees it: what it accepts, how it meters it, and what that costs.

mod activation;
mod depth;
mod error;
mod instrument;
mod limits;
mod module;
mod prices;
mod rewrite;

pub use activation::{ActivationData, activate};
pub use error::WasmError;
pub use instrument::{DEPTH_GLOBAL, INK_GLOBAL, Instrumented, STATUS_GLOBAL, instrument};
pub use limits::Features;
pub use module::Module;
pub use rewrite::Exports;

pub(crate) use activation::Activated;
pub(crate) use limits::VERSION_3;

/// A `usize` from a count read in a WASM file; what does not fit is larger than any limit.
pub(crate) fn size(count: u32) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

/// A count as `u64`.
pub(crate) fn wide(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
