//! The arguments of a call, read word by word in the order of the interface.
//!
//! Every word is checked: unused bits must be zero (or repeat the sign), offsets and lengths must stay inside the
//! calldata. What is malformed is refused with `MalformedBytes(offset)`, the offset counted from the first byte of the
//! calldata. Bytes that nothing points to are ignored, as in Solidity.

use alloy_primitives::{Address, B256, I256, U256};
use novate_abi::IErrors;

use crate::{Revert, refuse};

const WORD: usize = 32;
const SELECTOR: usize = 4;

/// A cursor over ABI-encoded arguments.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    calldata: &'a [u8],
    /// What offsets are relative to.
    base: usize,
    /// Where the next word starts.
    next: usize,
}

impl<'a> Input<'a> {
    /// The arguments in `calldata`, which begins with a selector.
    pub const fn new(calldata: &'a [u8]) -> Self {
        Self { calldata, base: SELECTOR, next: SELECTOR }
    }

    /// The words of an answer, which has no selector, from `next` on.
    pub(crate) const fn reply(data: &'a [u8], next: usize) -> Self {
        Self { calldata: data, base: 0, next }
    }

    /// Where the next word stands.
    pub(crate) const fn offset(&self) -> usize {
        self.next
    }

    /// The next 32 bytes.
    ///
    /// # Errors
    /// `MalformedBytes` at the end of the calldata.
    #[inline(never)]
    pub fn word(&mut self) -> Result<&'a [u8; WORD], Revert> {
        let rest = self.calldata.get(self.next..).unwrap_or_default();
        let word = rest.first_chunk().ok_or_else(|| malformed(self.next))?;
        self.next = self.next.saturating_add(WORD);
        Ok(word)
    }

    /// The next `count` words as they stand, for what is hashed.
    ///
    /// # Errors
    /// `MalformedBytes` at the end of the calldata.
    pub fn words(&mut self, count: usize) -> Result<&'a [u8], Revert> {
        let end = self.next.saturating_add(count.saturating_mul(WORD));
        let words =
            self.calldata.get(self.next..end).ok_or_else(|| malformed(self.calldata.len()))?;
        self.next = end;
        Ok(words)
    }

    /// The last `N` bytes of the next word, whose other bytes must be zero.
    fn unsigned<const N: usize>(&mut self) -> Result<[u8; N], Revert> {
        let (word, zeros) = self.split::<N>()?;
        if zeros.iter().any(|byte| *byte != 0) {
            return Err(self.last_malformed());
        }
        Ok(word)
    }

    #[inline]
    fn split<const N: usize>(&mut self) -> Result<([u8; N], &'a [u8]), Revert> {
        let (rest, last) = self.word()?.split_last_chunk().ok_or_else(|| self.last_malformed())?;
        Ok((*last, rest))
    }

    /// A `uint8`.
    ///
    /// # Errors
    /// `MalformedBytes` where it isn't one; so for all that follow.
    pub fn u8(&mut self) -> Result<u8, Revert> {
        self.unsigned().map(u8::from_be_bytes)
    }

    /// A `uint16`.
    ///
    /// # Errors
    /// `MalformedBytes`.
    pub fn u16(&mut self) -> Result<u16, Revert> {
        self.unsigned().map(u16::from_be_bytes)
    }

    /// A `uint32`.
    ///
    /// # Errors
    /// `MalformedBytes`.
    pub fn u32(&mut self) -> Result<u32, Revert> {
        self.unsigned().map(u32::from_be_bytes)
    }

    /// A `uint64`.
    ///
    /// # Errors
    /// `MalformedBytes`.
    pub fn u64(&mut self) -> Result<u64, Revert> {
        self.unsigned().map(u64::from_be_bytes)
    }

    /// A `uint80` (a round id).
    ///
    /// # Errors
    /// `MalformedBytes`.
    pub fn u80(&mut self) -> Result<u128, Revert> {
        let low = self.unsigned::<10>()?;
        let mut wide = [0; 16];
        for (to, from) in wide.iter_mut().rev().zip(low.iter().rev()) {
            *to = *from;
        }
        Ok(u128::from_be_bytes(wide))
    }

    /// A `uint128`.
    ///
    /// # Errors
    /// `MalformedBytes`.
    pub fn u128(&mut self) -> Result<u128, Revert> {
        self.unsigned().map(u128::from_be_bytes)
    }

    /// A `uint256`.
    ///
    /// # Errors
    /// `MalformedBytes`.
    pub fn u256(&mut self) -> Result<U256, Revert> {
        self.word().map(|word| U256::from_be_bytes(*word))
    }

    /// An `int64`.
    ///
    /// # Errors
    /// `MalformedBytes`.
    pub fn i64(&mut self) -> Result<i64, Revert> {
        let (value, extension) = self.split()?;
        let value = i64::from_be_bytes(value);
        let sign = if value < 0 { u8::MAX } else { 0 };
        if extension.iter().any(|byte| *byte != sign) {
            return Err(self.last_malformed());
        }
        Ok(value)
    }

    /// An `int256`.
    ///
    /// # Errors
    /// `MalformedBytes`.
    pub fn i256(&mut self) -> Result<I256, Revert> {
        self.word().map(|word| I256::from_be_bytes(*word))
    }

    /// A `bool`.
    ///
    /// # Errors
    /// `MalformedBytes`.
    pub fn bool(&mut self) -> Result<bool, Revert> {
        match self.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(self.last_malformed()),
        }
    }

    /// An `address`.
    ///
    /// # Errors
    /// `MalformedBytes`.
    pub fn address(&mut self) -> Result<Address, Revert> {
        self.unsigned().map(Address::new)
    }

    /// A `bytes32`.
    ///
    /// # Errors
    /// `MalformedBytes`.
    pub fn bytes32(&mut self) -> Result<B256, Revert> {
        self.word().map(|word| B256::new(*word))
    }

    /// A dynamic structure: a cursor at its first field.
    ///
    /// # Errors
    /// `MalformedBytes`.
    pub fn structure(&mut self) -> Result<Self, Revert> {
        let offset = self.size()?;
        let start = self.base.saturating_add(offset);
        if start > self.calldata.len() {
            return Err(self.last_malformed());
        }
        Ok(Self { calldata: self.calldata, base: start, next: start })
    }

    /// An array: its length and a cursor at its first element. Each element takes `words` words in place (a dynamic
    /// element takes one: its offset), and all of them are there.
    ///
    /// # Errors
    /// `MalformedBytes`.
    pub fn array(&mut self, words: usize) -> Result<(usize, Self), Revert> {
        let mut elements = self.structure()?;
        let length = elements.size()?;
        let needed = length.saturating_mul(words).saturating_mul(WORD);
        if needed > self.calldata.len().saturating_sub(elements.next) {
            return Err(elements.last_malformed());
        }
        elements.base = elements.next;
        Ok((length, elements))
    }

    /// A `bytes`.
    ///
    /// # Errors
    /// `MalformedBytes`.
    pub fn bytes(&mut self) -> Result<&'a [u8], Revert> {
        let mut content = self.structure()?;
        let length = content.size()?;
        let end = content.next.saturating_add(length);
        self.calldata.get(content.next..end).ok_or_else(|| content.last_malformed())
    }

    /// An offset or a length: beyond 32 bits it can't lie inside the calldata.
    fn size(&mut self) -> Result<usize, Revert> {
        let value = self.u32()?;
        usize::try_from(value).map_err(|_| self.last_malformed())
    }

    /// `MalformedBytes` of the word read last: for values that the interface narrows further.
    pub fn last_malformed(&self) -> Revert {
        malformed(self.next.saturating_sub(WORD))
    }
}

fn malformed(offset: usize) -> Revert {
    let offset = u64::try_from(offset).unwrap_or(u64::MAX);
    refuse!(IErrors::MalformedBytes { offset: U256::from(offset) })
}

#[cfg(test)]
#[allow(clippy::many_single_char_names, reason = "fields of a made-up structure")]
mod tests {
    use alloc::vec::Vec;

    use alloy_sol_types::{SolCall, SolError, sol};

    use super::*;

    sol! {
        #![sol(extra_derives(Debug))]
        struct Inner { uint64 a; bytes data; }
        function all(uint8 a, int64 b, bool c, address d, bytes32 e, bytes f, uint64[] g, Inner h, bytes[] i) external;
    }

    fn sample() -> allCall {
        allCall {
            a: 7,
            b: -3,
            c: true,
            d: Address::repeat_byte(0x11),
            e: B256::repeat_byte(0x22),
            f: alloc::vec![1, 2, 3].into(),
            g: alloc::vec![4, 5],
            h: Inner { a: 9, data: alloc::vec![6].into() },
            i: alloc::vec![alloc::vec![8].into(), Vec::new().into()],
        }
    }

    fn read(calldata: &[u8]) -> Result<allCall, Revert> {
        let mut input = Input::new(calldata);
        let (a, b, c) = (input.u8()?, input.i64()?, input.bool()?);
        let (d, e, f) = (input.address()?, input.bytes32()?, input.bytes()?.to_vec().into());
        let (length, mut elements) = input.array(1)?;
        let g = (0..length).map(|_| elements.u64()).collect::<Result<_, _>>()?;
        let mut inner = input.structure()?;
        let h = Inner { a: inner.u64()?, data: inner.bytes()?.to_vec().into() };
        let (length, mut elements) = input.array(1)?;
        let i = (0..length)
            .map(|_| elements.bytes().map(|bytes| bytes.to_vec().into()))
            .collect::<Result<_, _>>()?;
        Ok(allCall { a, b, c, d, e, f, g, h, i })
    }

    #[test]
    fn what_is_read_is_what_was_encoded() {
        let read = read(&sample().abi_encode()).unwrap();
        assert_eq!(read.abi_encode(), sample().abi_encode());
    }

    #[test]
    fn every_truncation_is_malformed_inside_the_calldata() {
        let calldata = sample().abi_encode();
        for length in 4..calldata.len() {
            let revert = read(&calldata[..length]).unwrap_err();
            let error = IErrors::MalformedBytes::abi_decode(revert.data()).unwrap();
            assert!(error.offset <= U256::from(length));
        }
    }

    #[test]
    fn dirty_bits_are_malformed_where_they_stand() {
        for (byte, word) in [(4, 4), (36, 36), (68, 68), (99, 68), (100, 100), (164, 164)] {
            let mut calldata = sample().abi_encode();
            calldata[byte] = 2;
            let revert = read(&calldata).unwrap_err();
            let error = IErrors::MalformedBytes::abi_decode(revert.data()).unwrap();
            assert_eq!(error.offset, U256::from(word), "byte {byte}");
        }
    }

    #[test]
    fn an_array_longer_than_the_calldata_is_malformed() {
        let mut calldata = sample().abi_encode();
        let head: &[u8; 2] = calldata[4 + 7 * 32 - 2..][..2].try_into().unwrap();
        let offset = 4 + usize::from(u16::from_be_bytes(*head));
        calldata[offset..offset + 32].copy_from_slice(&[0xff; 32]);
        assert!(read(&calldata).is_err());
        calldata[offset..offset + 28].fill(0);
        let revert = read(&calldata).unwrap_err();
        let error = IErrors::MalformedBytes::abi_decode(revert.data()).unwrap();
        assert_eq!(error.offset, U256::from(offset));
    }
}
