//! Packed words: their halves and limbs, and reading them in order with an error that tells where they go wrong.

use alloy_primitives::U256;

/// Bytes of a word.
pub(crate) const WORD: usize = 32;

/// The packed bytes are malformed at byte `offset`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed {
    /// Byte offset of the word that is wrong or missing.
    pub offset: usize,
}

impl From<Malformed> for crate::IErrors::MalformedBytes {
    fn from(malformed: Malformed) -> Self {
        Self { offset: U256::from(malformed.offset) }
    }
}

/// A cursor over whole words.
#[derive(Debug)]
pub(crate) struct Words<'a> {
    bytes: &'a [u8],
    next: usize,
}

impl<'a> Words<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, next: 0 }
    }

    /// Offset of the word that was read last (0 before the first).
    pub(crate) const fn last(&self) -> usize {
        self.next.saturating_sub(WORD)
    }

    /// The error for the word that was read last.
    pub(crate) const fn malformed(&self) -> Malformed {
        Malformed { offset: self.last() }
    }

    /// Takes the next word.
    ///
    /// # Errors
    /// [`Malformed`] at the end of the bytes, if fewer than 32 remain.
    pub(crate) fn take(&mut self) -> Result<&'a [u8; WORD], Malformed> {
        let rest = self.bytes.get(self.next..).unwrap_or_default();
        let word = rest.first_chunk().ok_or(Malformed { offset: self.next })?;
        self.next = self.next.saturating_add(WORD);
        Ok(word)
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// [`Malformed`] at the first byte left over.
    pub(crate) const fn finish(self) -> Result<(), Malformed> {
        if self.next == self.bytes.len() { Ok(()) } else { Err(Malformed { offset: self.next }) }
    }
}

/// Splits a word's bytes into its high and low half.
pub(crate) fn halves(word: &[u8; WORD]) -> (u128, u128) {
    split(U256::from_be_bytes(*word))
}

/// A word of two halves.
pub fn join(high: u128, low: u128) -> U256 {
    U256::from_limbs([low_u64(low), low_u64(low >> 64), low_u64(high), low_u64(high >> 64)])
}

/// The high and the low half of a word.
pub fn split(word: U256) -> (u128, u128) {
    let [first, second, third, fourth] = word.into_limbs();
    (wide(fourth, third), wide(second, first))
}

/// Half a word of two limbs.
pub fn wide(high: u64, low: u64) -> u128 {
    (u128::from(high) << 64) | u128::from(low)
}

/// The low 64 bits.
pub fn low_u64(value: u128) -> u64 {
    u64::try_from(value & u128::from(u64::MAX)).unwrap_or_default()
}

/// The low 8 bits.
pub fn low_u8(value: u128) -> u8 {
    u8::try_from(value & u128::from(u8::MAX)).unwrap_or_default()
}

/// A 128-bit integer in 256 bits.
pub fn signed(value: i128) -> alloy_primitives::I256 {
    let sign = if value < 0 { u128::MAX } else { 0 };
    alloy_primitives::I256::from_raw(join(sign, value.cast_unsigned()))
}
