//! Values as ABI words, and errors, logs, calls and answers made of them.

use alloc::vec::Vec;

use alloy_primitives::{Address, B256, I256, U256, aliases::U80};

/// A value of a static ABI type that fills one word.
///
/// Implementations aren't inlined, and take and give references: a program has hundreds of words to write.
pub trait Word {
    /// Appends the word.
    fn push(&self, bytes: &mut Vec<u8>);

    /// The word.
    fn word(&self) -> B256;
}

macro_rules! words {
    ($($type:ty: $self:ident => $word:expr;)*) => {
        $(impl Word for $type {
            #[inline(never)]
            fn push(&self, bytes: &mut Vec<u8>) {
                bytes.extend_from_slice(self.word().as_slice());
            }

            #[inline(never)]
            fn word(&$self) -> B256 {
                $word
            }
        })*
    };
}

words! {
    B256: self => *self;
    Address: self => self.into_word();
    U256: self => (*self).into();
    I256: self => self.into_raw().into();
    U80: self => pair(0, self.to());
    u128: self => pair(0, *self);
    i128: self => pair(if *self < 0 { u128::MAX } else { 0 }, self.cast_unsigned());
    u64: self => pair(0, u128::from(*self));
}

macro_rules! widened {
    ($($type:ty => $wide:ty),*) => {
        $(impl Word for $type {
            fn push(&self, bytes: &mut Vec<u8>) {
                <$wide>::from(*self).push(bytes);
            }

            fn word(&self) -> B256 {
                <$wide>::from(*self).word()
            }
        })*
    };
}

widened!(u8 => u64, u16 => u64, u32 => u64, bool => u64, i32 => i64, i64 => i128);

/// A word of two halves.
#[inline(never)]
pub const fn pair(high: u128, low: u128) -> B256 {
    let mut word = [0; 32];
    let (first, second) = word.split_at_mut(16);
    first.copy_from_slice(&high.to_be_bytes());
    second.copy_from_slice(&low.to_be_bytes());
    B256::new(word)
}

/// The halves of a word.
#[inline(never)]
pub fn halves(word: &B256) -> (u128, u128) {
    let (high, low) = word.split_at(16);
    let number = |bytes: &[u8]| bytes.first_chunk().map_or(0, |bytes| u128::from_be_bytes(*bytes));
    (number(high), number(low))
}

/// The low 64 bits of a word.
pub fn low64(word: &B256) -> u64 {
    word.last_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes))
}

/// The address in the low 20 bytes of a word.
#[inline(never)]
pub fn address(word: &B256) -> Address {
    word.last_chunk().map_or(Address::ZERO, |bytes| Address::new(*bytes))
}

/// Return data of these words: `answers![price, is_final]`.
///
/// # Errors
/// None: the type is that of `Contract::route`.
#[macro_export]
macro_rules! answers {
    ($($value:expr),* $(,)?) => {{
        let mut bytes = $crate::Bytes::new();
        $($crate::Word::push(&$value, &mut bytes);)*
        $crate::Answer::Ok(bytes)
    }};
}

/// Calldata, or revert data, of a selector and words: `selected![SELECTOR, account, amount]`.
#[macro_export]
macro_rules! selected {
    ($selector:expr $(, $value:expr)* $(,)?) => {{
        #[allow(unused_mut, reason = "there may be no words")]
        let mut bytes = $crate::starting(&$selector);
        $($crate::Word::push(&$value, &mut bytes);)*
        bytes
    }};
}

/// Bytes that begin with a selector.
#[inline(never)]
pub fn starting(selector: &[u8; 4]) -> Vec<u8> {
    selector.to_vec()
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
        $crate::Revert::from_data($crate::selected![
            <Refused as $crate::SolError>::SELECTOR $(, $field)*
        ])
    }};
}

/// Emits an event of the interface: `event!(Deposited { account, token; credited, balance })`, indexed fields before the
/// semicolon. Fields stand in the order of the declaration; the compiler checks their names and types.
#[macro_export]
macro_rules! event {
    ($event:path { $($topic:ident $(: $indexed:expr)?),* ; $($field:ident $(: $value:expr)?),* $(,)? }) => {{
        use $event as Emitted;
        const TOPICS: usize =
            <<Emitted as $crate::SolEvent>::TopicList as $crate::TopicList>::COUNT;
        const SIGNATURE: $crate::B256 = <Emitted as $crate::SolEvent>::SIGNATURE_HASH;
        $($crate::bind!($topic $(, $indexed)?);)*
        $($crate::bind!($field $(, $value)?);)*
        if false {
            let _ = Emitted { $($topic: $topic.into(),)* $($field: $field.into()),* };
        }
        let mut bytes = $crate::Bytes::new();
        $crate::Word::push(&SIGNATURE, &mut bytes);
        $($crate::Word::push(&$topic, &mut bytes);)*
        $($crate::Word::push(&$field, &mut bytes);)*
        $crate::log(TOPICS, &bytes);
    }};
}

/// Names a value for [`refuse!`] and [`event!`].
#[doc(hidden)]
#[macro_export]
macro_rules! bind {
    ($field:ident) => {};
    ($field:ident, $value:expr) => {
        #[allow(non_snake_case, reason = "the interface names its fields as Solidity does")]
        let $field = $value;
    };
}
