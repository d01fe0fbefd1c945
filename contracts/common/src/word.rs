//! Values as ABI words, and errors, logs, calls and answers made of them.

use alloc::vec::Vec;

use alloy_primitives::{Address, B256, I256, U256};

use crate::{Answer, Revert, host::flatten};

/// A value of a static ABI type that fills one word.
pub trait Word {
    /// The word.
    fn word(self) -> B256;
}

impl Word for B256 {
    fn word(self) -> B256 {
        self
    }
}

impl Word for Address {
    #[inline(never)]
    fn word(self) -> B256 {
        self.into_word()
    }
}

impl Word for U256 {
    #[inline(never)]
    fn word(self) -> B256 {
        self.into()
    }
}

impl Word for I256 {
    fn word(self) -> B256 {
        self.into_raw().word()
    }
}

impl Word for u128 {
    #[inline(never)]
    fn word(self) -> B256 {
        pair(0, self)
    }
}

impl Word for i128 {
    #[inline(never)]
    fn word(self) -> B256 {
        pair(if self < 0 { u128::MAX } else { 0 }, self.cast_unsigned())
    }
}

impl Word for i64 {
    fn word(self) -> B256 {
        i128::from(self).word()
    }
}

impl Word for u64 {
    #[inline(never)]
    fn word(self) -> B256 {
        u128::from(self).word()
    }
}

macro_rules! widened {
    ($($type:ty),*) => {
        $(impl Word for $type {
            fn word(self) -> B256 {
                u64::from(self).word()
            }
        })*
    };
}

widened!(u8, u16, u32, bool);

/// A word of two halves.
#[inline(never)]
pub fn pair(high: u128, low: u128) -> B256 {
    let mut word = [0; 32];
    let (first, second) = word.split_at_mut(16);
    first.copy_from_slice(&high.to_be_bytes());
    second.copy_from_slice(&low.to_be_bytes());
    B256::new(word)
}

/// The halves of a word.
#[inline(never)]
pub fn halves(word: B256) -> (u128, u128) {
    let (high, low) = word.split_at(16);
    let number = |bytes: &[u8]| bytes.first_chunk().map_or(0, |bytes| u128::from_be_bytes(*bytes));
    (number(high), number(low))
}

/// The low 64 bits of a word.
pub fn low64(word: B256) -> u64 {
    word.last_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes))
}

/// The address in the low 20 bytes of a word.
#[inline(never)]
pub fn address(word: B256) -> Address {
    word.last_chunk().map_or(Address::ZERO, |bytes| Address::new(*bytes))
}

/// A selector and words: calldata, or revert data.
pub fn selected(selector: [u8; 4], words: &[B256]) -> Vec<u8> {
    flatten(&selector, words)
}

/// Return data of these words.
///
/// # Errors
/// None: the type is that of `Contract::route`.
#[inline(never)]
pub fn answers(words: &[B256]) -> Answer {
    Ok(flatten(&[], words))
}

/// The revert data of an error, from its selector and its fields.
#[inline(never)]
#[cold]
pub fn refusal(selector: [u8; 4], words: &[B256]) -> Revert {
    Revert::from_data(selected(selector, words))
}

/// A [`Revert`] of an error of the interface: `refuse!(IErrors::Unauthorized { caller })`. Fields stand in the order of the
/// declaration; the compiler checks their names and types.
#[macro_export]
macro_rules! refuse {
    ($error:path { $($field:ident $(: $value:expr)?),* $(,)? }) => {{
        use $error as Refused;
        $($crate::bind!($field $(, $value)?);)*
        if false {
            let _ = Refused { $($field: $field.into()),* };
        }
        $crate::refusal(
            <Refused as $crate::SolError>::SELECTOR,
            &[$($crate::Word::word($field)),*],
        )
    }};
}

/// Emits an event of the interface: `event!(Deposited { account, token; credited, balance })`, indexed fields before the
/// semicolon. Fields stand in the order of the declaration; the compiler checks their names and types.
#[macro_export]
macro_rules! event {
    ($event:path { $($topic:ident $(: $indexed:expr)?),* ; $($field:ident $(: $value:expr)?),* $(,)? }) => {{
        use $event as Emitted;
        $($crate::bind!($topic $(, $indexed)?);)*
        $($crate::bind!($field $(, $value)?);)*
        if false {
            let _ = Emitted { $($topic: $topic.into(),)* $($field: $field.into()),* };
        }
        let words = [
            <Emitted as $crate::SolEvent>::SIGNATURE_HASH,
            $($crate::Word::word($topic),)*
            $($crate::Word::word($field)),*
        ];
        const TOPICS: usize =
            <<Emitted as $crate::SolEvent>::TopicList as $crate::TopicList>::COUNT;
        $crate::log(TOPICS, &words);
    }};
}

/// Names a value for [`refuse!`] and [`event!`].
#[doc(hidden)]
#[macro_export]
macro_rules! bind {
    ($field:ident) => {};
    ($field:ident, $value:expr) => {
        let $field = $value;
    };
}
