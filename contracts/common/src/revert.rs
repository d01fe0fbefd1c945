//! The one error type of all contracts: revert data that is already ABI-encoded.

use alloc::vec::Vec;

use alloy_sol_types::SolError;

/// ABI-encoded revert data.
///
/// Every Solidity error converts into it, so contract code says `return Err(IErrors::Reentrant {}.into())` or uses `?`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revert(Vec<u8>);

impl Revert {
    /// Wraps revert data that another contract already encoded.
    pub const fn from_data(data: Vec<u8>) -> Self {
        Self(data)
    }

    /// The revert data.
    pub fn data(&self) -> &[u8] {
        &self.0
    }
}

impl<E: SolError> From<E> for Revert {
    fn from(error: E) -> Self {
        Self(error.abi_encode())
    }
}

impl From<Revert> for Vec<u8> {
    fn from(revert: Revert) -> Self {
        revert.0
    }
}
