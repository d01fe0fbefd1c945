//! Arguments of a cheat code, by place and type.

use alloy_dyn_abi::DynSolValue;
use alloy_primitives::{Address, B256, U256};

use super::Failure;

/// Decoded arguments.
#[derive(Debug)]
pub(in crate::forge) struct Args(pub(super) Vec<DynSolValue>);

const WRONG: &str = "an argument has another type";

impl Args {
    pub(super) const fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn at(&self, index: usize) -> Result<&DynSolValue, Failure> {
        self.0.get(index).ok_or_else(|| "an argument is missing".into())
    }

    pub(super) fn address(&self, index: usize) -> Result<Address, Failure> {
        self.at(index)?.as_address().ok_or_else(|| WRONG.into())
    }

    pub(super) fn uint(&self, index: usize) -> Result<U256, Failure> {
        Ok(self.at(index)?.as_uint().ok_or(WRONG)?.0)
    }

    /// A number that has to fit 64 bits.
    pub(super) fn small(&self, index: usize) -> Result<u64, Failure> {
        let value = self.uint(index)?;
        u64::try_from(value).map_err(|_| format!("{value} is more than 2^64 - 1").into())
    }

    pub(super) fn boolean(&self, index: usize) -> Result<bool, Failure> {
        self.at(index)?.as_bool().ok_or_else(|| WRONG.into())
    }

    /// A word: bytes32, or a shorter fixed array with zeros behind it.
    pub(super) fn word(&self, index: usize) -> Result<B256, Failure> {
        Ok(fixed(self.at(index)?).map(B256::right_padding_from).ok_or(WRONG)?)
    }

    pub(super) fn text(&self, index: usize) -> Result<&str, Failure> {
        self.at(index)?.as_str().ok_or_else(|| WRONG.into())
    }

    /// Bytes, or a fixed array of them.
    pub(super) fn bytes(&self, index: usize) -> Result<&[u8], Failure> {
        let value = self.at(index)?;
        value.as_bytes().or_else(|| fixed(value)).ok_or_else(|| WRONG.into())
    }

    pub(super) fn items(&self, index: usize) -> Result<&[DynSolValue], Failure> {
        self.at(index)?.as_array().ok_or_else(|| WRONG.into())
    }

    /// Fields of a struct.
    pub(super) fn fields(&self, index: usize) -> Result<&[DynSolValue], Failure> {
        self.at(index)?.as_tuple().ok_or_else(|| WRONG.into())
    }
}

/// The bytes of a fixed array, without what fills the word up.
fn fixed(value: &DynSolValue) -> Option<&[u8]> {
    value.as_fixed_bytes().and_then(|(word, size)| word.get(..size))
}

/// An address as a value.
pub(super) const fn address(address: Address) -> DynSolValue {
    DynSolValue::Address(address)
}

/// A number as a value of type uint256.
pub(super) fn uint(number: impl TryInto<U256>) -> DynSolValue {
    DynSolValue::Uint(number.try_into().unwrap_or_default(), 256)
}

/// A word as a value.
pub(super) const fn word(word: B256) -> DynSolValue {
    DynSolValue::FixedBytes(word, 32)
}

/// Text as a value.
pub(super) fn text(text: impl Into<String>) -> DynSolValue {
    DynSolValue::String(text.into())
}

/// Bytes as a value.
pub(super) fn bytes(bytes: impl Into<Vec<u8>>) -> DynSolValue {
    DynSolValue::Bytes(bytes.into())
}
