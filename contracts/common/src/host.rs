//! The chain beneath: storage words, calls and logs, in as little code as they can be.
//!
//! A program has 24,576 compressed bytes. The SDK's typed storage, calls and logs are generic down to the host function, so
//! that every type pays for all of it again; these work on words and are compiled once.

use alloc::vec::Vec;

use alloy_primitives::{Address, B256};
use stylus_sdk::hostio;

use crate::Word;

/// A place in storage that a contract's layout names: a slot below 256.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fixed(u8);

impl Fixed {
    /// The slot of that number.
    pub const fn at(number: u8) -> Self {
        Self(number)
    }

    /// The slot of `key` in the mapping at this slot: keccak256 of key and slot, as Solidity places it.
    #[inline(never)]
    pub fn of(self, key: &impl Word) -> Slot {
        mapped(&key.word(), &self.slot())
    }

    /// The word that stands there.
    #[inline(never)]
    pub fn get(self) -> B256 {
        self.slot().get()
    }

    /// Writes a word.
    #[inline(never)]
    pub fn set(self, word: &B256) {
        self.slot().set(word);
    }

    /// The slot itself.
    pub const fn slot(self) -> Slot {
        let mut slot = [0; 32];
        slot[31] = self.0;
        Slot(B256::new(slot))
    }
}

#[inline(never)]
fn mapped(key: &B256, slot: &Slot) -> Slot {
    let mut bytes = [0; 64];
    let words = key.iter().chain(slot.0.iter());
    for (to, from) in bytes.iter_mut().zip(words) {
        *to = *from;
    }
    Slot(keccak256(&bytes))
}

/// A place in storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot(B256);

impl Slot {
    /// The slot of `key` in the mapping at this slot.
    #[must_use]
    pub fn of(&self, key: &impl Word) -> Self {
        mapped(&key.word(), self)
    }

    /// The slot that many places on.
    #[must_use]
    #[inline(never)]
    pub fn plus(&self, places: u8) -> Self {
        let mut slot = self.0;
        let mut carry = u16::from(places);
        for byte in slot.iter_mut().rev() {
            let sum = u16::from(*byte).wrapping_add(carry);
            let [high, low] = sum.to_be_bytes();
            *byte = low;
            carry = u16::from(high);
        }
        Self(slot)
    }

    /// The word that stands there.
    #[inline(never)]
    pub fn get(&self) -> B256 {
        let mut word = B256::ZERO;
        #[allow(unsafe_code, reason = "host function")]
        // SAFETY: both pointers are to 32 bytes.
        unsafe {
            hostio::storage_load_bytes32(self.0.as_ptr(), word.as_mut_ptr());
        }
        word
    }

    /// Writes a word.
    #[inline(never)]
    pub fn set(&self, word: &B256) {
        #[allow(unsafe_code, reason = "host function")]
        // SAFETY: both pointers are to 32 bytes.
        unsafe {
            hostio::storage_cache_bytes32(self.0.as_ptr(), word.as_ptr());
        }
    }
}

/// keccak256 by the host.
#[inline(never)]
pub fn keccak256(bytes: &[u8]) -> B256 {
    let mut hash = B256::ZERO;
    #[allow(unsafe_code, reason = "host function")]
    // SAFETY: the pointers are to `bytes.len()` and to 32 bytes.
    unsafe {
        hostio::native_keccak256(bytes.as_ptr(), bytes.len(), hash.as_mut_ptr());
    }
    hash
}

/// Who calls.
#[inline(never)]
pub fn sender() -> Address {
    let mut sender = Address::ZERO;
    #[allow(unsafe_code, reason = "host function")]
    // SAFETY: the pointer is to 20 bytes.
    unsafe {
        hostio::msg_sender(sender.as_mut_ptr());
    }
    sender
}

/// The address of this contract.
#[inline(never)]
pub fn this() -> Address {
    let mut this = Address::ZERO;
    #[allow(unsafe_code, reason = "host function")]
    // SAFETY: the pointer is to 20 bytes.
    unsafe {
        hostio::contract_address(this.as_mut_ptr());
    }
    this
}

/// Block time, seconds.
pub fn timestamp() -> u64 {
    #[allow(unsafe_code, reason = "host function")]
    // SAFETY: takes nothing.
    unsafe {
        hostio::block_timestamp()
    }
}

/// Gas that is left to this call.
pub fn gas_left() -> u64 {
    #[allow(unsafe_code, reason = "host function")]
    // SAFETY: takes nothing.
    unsafe {
        hostio::evm_gas_left()
    }
}

/// Bytes of code at an address.
pub(crate) fn code_size(address: Address) -> usize {
    #[allow(unsafe_code, reason = "host function")]
    // SAFETY: the pointer is to 20 bytes.
    unsafe {
        hostio::account_code_size(address.as_ptr())
    }
}

/// Emits a log: the first `topics` words of `bytes` as topics, and the rest as data.
#[inline(never)]
pub fn log(topics: usize, bytes: &[u8]) {
    #[allow(unsafe_code, reason = "host function")]
    // SAFETY: the pointer is to `bytes.len()` bytes, which `event!` makes at least `32 * topics`.
    unsafe {
        hostio::emit_log(bytes.as_ptr(), bytes.len(), topics);
    }
}

/// An answer of another contract.
#[derive(Debug)]
pub(crate) struct Called {
    /// Whether it returned, rather than reverted.
    pub(crate) is_fine: bool,
    /// What it returned or reverted with, as far as it was read.
    pub(crate) data: Vec<u8>,
    /// How long that is.
    pub(crate) length: usize,
}

/// Calls a contract with all gas and no value, statically or not, and reads at most `most` bytes of what it returned, or
/// `most_revert` of what it reverted with: a stranger's answer may be of any length, and memory is paid for.
///
/// Storage written so far is flushed first, so that whoever looks sees it.
#[inline(never)]
pub(crate) fn call(
    target: Address,
    data: &[u8],
    mutating: bool,
    most: usize,
    most_revert: usize,
) -> Called {
    let mut length = 0_usize;
    #[allow(unsafe_code, reason = "host functions")]
    // SAFETY: the pointers are to 20, `data.len()`, 32 bytes and a length; the answer's buffer has `size` bytes of capacity, of
    // which the host writes as many as it says, at most `size`, and the allocator hands out zeroed memory.
    unsafe {
        hostio::storage_flush_cache(mutating);
        let (to, bytes, gas) = (target.as_ptr(), data.as_ptr(), u64::MAX);
        let status = if mutating {
            let value = B256::ZERO;
            hostio::call_contract(to, bytes, data.len(), value.as_ptr(), gas, &raw mut length)
        } else {
            hostio::static_call_contract(to, bytes, data.len(), gas, &raw mut length)
        };
        let is_fine = status == 0;
        let size = length.min(if is_fine { most } else { most_revert });
        let mut answer = Vec::with_capacity(size);
        if size != 0 {
            let written = hostio::read_return_data(answer.as_mut_ptr(), 0, size);
            answer.set_len(written.min(size));
        }
        Called { is_fine, data: answer, length }
    }
}
