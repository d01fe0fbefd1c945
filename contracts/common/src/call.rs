//! Calls to other contracts.
//!
//! A target's revert data is passed on as it is. A target that reverts without data, has no code, or answers something
//! that can't be decoded gives `CallFailed(target)`.

use alloc::vec::Vec;

use alloy_primitives::{Address, B256, I256, U256};
use novate_abi::IErrors;

use crate::{Input, Revert, host, refuse};

/// Calls a view function of `target`.
///
/// # Errors
/// What the target reverts with, or `CallFailed(target)`.
#[inline(never)]
pub fn ask(target: &Address, calldata: &[u8]) -> Result<Reply, Revert> {
    Ok(Reply { target: *target, data: view_bytes(*target, calldata)? })
}

/// Calls a function of `target` that may change state, and gives its answer.
///
/// # Errors
/// As [`ask`].
#[inline(never)]
pub fn request(target: &Address, calldata: &[u8]) -> Result<Reply, Revert> {
    Ok(Reply { target: *target, data: send_bytes(*target, calldata)? })
}

/// An answer: static values are read by their place, the first word being 0.
#[derive(Debug)]
pub struct Reply {
    target: Address,
    data: Vec<u8>,
}

impl Reply {
    /// The word at a place.
    ///
    /// # Errors
    /// `CallFailed` if there is none; so for all that follow, and if the word isn't of the type.
    #[inline(never)]
    pub fn word(&self, place: usize) -> Result<B256, Revert> {
        let rest = self.data.get(place.saturating_mul(32)..).unwrap_or_default();
        rest.first_chunk().map(|word| B256::new(*word)).ok_or_else(|| failed(self.target))
    }

    /// A `uint256`.
    ///
    /// # Errors
    /// `CallFailed`.
    #[inline(never)]
    pub fn u256(&self, place: usize) -> Result<U256, Revert> {
        self.word(place).map(|word| U256::from_be_bytes(word.0))
    }

    /// An `int256`.
    ///
    /// # Errors
    /// `CallFailed`.
    pub fn i256(&self, place: usize) -> Result<I256, Revert> {
        self.u256(place).map(I256::from_raw)
    }

    /// A `uint128`.
    ///
    /// # Errors
    /// `CallFailed`.
    #[inline(never)]
    pub fn u128(&self, place: usize) -> Result<u128, Revert> {
        u128::try_from(self.u256(place)?).map_err(|_| failed(self.target))
    }

    /// An `int128`.
    ///
    /// # Errors
    /// `CallFailed`.
    pub fn i128(&self, place: usize) -> Result<i128, Revert> {
        i128::try_from(self.i256(place)?).map_err(|_| failed(self.target))
    }

    /// A `uint64`.
    ///
    /// # Errors
    /// `CallFailed`.
    #[inline(never)]
    pub fn u64(&self, place: usize) -> Result<u64, Revert> {
        u64::try_from(self.u256(place)?).map_err(|_| failed(self.target))
    }

    /// A `uint8`.
    ///
    /// # Errors
    /// `CallFailed`.
    pub fn u8(&self, place: usize) -> Result<u8, Revert> {
        u8::try_from(self.u64(place)?).map_err(|_| failed(self.target))
    }

    /// A `bool`.
    ///
    /// # Errors
    /// `CallFailed`.
    pub fn bool(&self, place: usize) -> Result<bool, Revert> {
        match self.u64(place)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(failed(self.target)),
        }
    }

    /// What `read` makes of the answer, read in order.
    ///
    /// # Errors
    /// `CallFailed` where `read` fails.
    pub fn read<T>(
        &self,
        read: impl FnOnce(&mut Input<'_>) -> Result<T, Revert>,
    ) -> Result<T, Revert> {
        read(&mut Input::reply(&self.data, 0)).map_err(|_| failed(self.target))
    }

    /// The `bytes` whose offset stands at a place.
    ///
    /// # Errors
    /// `CallFailed`.
    pub fn bytes(&self, place: usize) -> Result<&[u8], Revert> {
        let skip = place.saturating_mul(32);
        let mut input = Input::reply(&self.data, skip);
        input.bytes().map_err(|_| failed(self.target))
    }

    /// Words of an array, `width` to an element, whose offset stands at a place: the place of the first, and the length.
    ///
    /// # Errors
    /// `CallFailed`, also unless all elements are there.
    pub fn array(&self, place: usize, width: usize) -> Result<(usize, usize), Revert> {
        let skip = place.saturating_mul(32);
        let (count, elements) =
            Input::reply(&self.data, skip).array(width).map_err(|_| failed(self.target))?;
        let (first, rest) = (elements.offset() / 32, elements.offset() % 32);
        if rest == 0 { Ok((first, count)) } else { Err(failed(self.target)) }
    }
}

/// Calls a function of `target` that may change state; its answer is left alone.
///
/// # Errors
/// What the target reverts with, or `CallFailed(target)`.
pub fn tell(target: &Address, calldata: &[u8]) -> Result<(), Revert> {
    send_bytes(*target, calldata).map(|_| ())
}

/// Most bytes that are read of what a stranger (a token, a wallet) returns.
const MOST: usize = 32;
/// Most bytes that are read of what a stranger reverts with.
const MOST_REVERT: usize = 256;

/// What a stranger returned: at most a word of it, and how long it was.
#[derive(Debug)]
pub(crate) struct Short {
    /// At most 32 bytes.
    pub(crate) data: Vec<u8>,
    /// How many there were.
    pub(crate) length: usize,
}

/// Calls a contract that isn't of the house: of its answer one word is read, of its revert data 256 bytes.
#[inline(never)]
pub(crate) fn call_stranger(target: Address, data: &[u8], mutating: bool) -> Result<Short, Revert> {
    let called = host::call(target, data, mutating, MOST, MOST_REVERT);
    let length = called.length;
    check(target, called).map(|data| Short { data, length })
}

/// Asks a contract that isn't of the house for one word.
#[inline(never)]
pub(crate) fn ask_stranger(target: Address, data: &[u8]) -> Result<Reply, Revert> {
    Ok(Reply { target, data: call_stranger(target, data, false)?.data })
}

/// A static call on bytes.
pub(crate) fn view_bytes(target: Address, data: &[u8]) -> Result<Vec<u8>, Revert> {
    check(target, host::call(target, data, false, usize::MAX, usize::MAX))
}

/// A call on bytes.
pub(crate) fn send_bytes(target: Address, data: &[u8]) -> Result<Vec<u8>, Revert> {
    check(target, host::call(target, data, true, usize::MAX, usize::MAX))
}

/// `CallFailed(target)`.
#[cold]
#[inline(never)]
pub(crate) fn failed(target: Address) -> Revert {
    refuse!(IErrors::CallFailed { target })
}

#[inline(never)]
fn check(target: Address, called: host::Called) -> Result<Vec<u8>, Revert> {
    let host::Called { is_fine, data, .. } = called;
    match is_fine {
        true if data.is_empty() && host::code_size(target) == 0 => Err(failed(target)),
        true => Ok(data),
        false if !data.is_empty() => Err(Revert::from_data(data)),
        false => Err(failed(target)),
    }
}
