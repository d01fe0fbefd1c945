//! Reading packed words in order, with an error that tells where the bytes end or go wrong.

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

/// Splits a word into its high and low 16 bytes.
pub(crate) fn halves(word: &[u8; WORD]) -> (u128, u128) {
    let (high, low) = word.split_at(16);
    (
        high.first_chunk().map_or(0, |b| u128::from_be_bytes(*b)),
        low.first_chunk().map_or(0, |b| u128::from_be_bytes(*b)),
    )
}
