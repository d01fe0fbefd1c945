//! Where stored words are, and the words that aren't packed fields alone: feeds, sequencer.

use alloy_primitives::{Address, B256};
use novate_common::{Slot, address, halves, pair};

use crate::{
    feed,
    index::Answered,
    moves,
    storage::{ALLOWANCES, EXPIRIES, FEEDS, INDICES, PERPETUALS, SEQUENCER, SETTLEMENTS},
    words::{
        AcceptedWord, AllowanceWord, AnnouncedWord, ForwardWord, FundingWord, IndexWord, LeastWord,
        MarkWord, ObservationWord, SettlementWord, SurfaceWord,
    },
};

/// How a feed is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reader {
    pub(crate) feed: Address,
    /// Seconds.
    pub(crate) heartbeat: u32,
    pub(crate) decimals: u8,
    /// Binary digits of the least answer allowed.
    pub(crate) minimum_digits: u8,
    /// Binary digits of the greatest answer allowed.
    pub(crate) maximum_digits: u8,
    /// How often it was set.
    pub(crate) version: u16,
}

impl Reader {
    fn pack(&self) -> B256 {
        let [a, b, c, d] = self.heartbeat.to_be_bytes();
        let [high, low] = self.version.to_be_bytes();
        let head = [a, b, c, d, self.decimals, self.minimum_digits, self.maximum_digits, high, low];
        headed(&head, &self.feed)
    }

    fn unpack(word: &B256) -> Self {
        let [a, b, c, d, decimals, minimum_digits, maximum_digits, high, low, ..] = word.0;
        Self {
            feed: address(word),
            heartbeat: u32::from_be_bytes([a, b, c, d]),
            decimals,
            minimum_digits,
            maximum_digits,
            version: u16::from_be_bytes([high, low]),
        }
    }
}

/// An underlying's feed as stored.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Feed {
    slot: Slot,
    pub(crate) reader: Reader,
}

impl Feed {
    /// The feed of an underlying, if one was set.
    pub(crate) fn of(underlying: u8) -> Option<Self> {
        let slot = FEEDS.of(&underlying);
        let word = slot.get();
        (word != B256::ZERO).then(|| Self { slot, reader: Reader::unpack(&word) })
    }

    /// Makes a feed, without storing it.
    pub(crate) fn new(
        underlying: u8,
        (feed, heartbeat, decimals): (Address, u32, u8),
        (minimum, maximum): (u128, u128),
    ) -> Self {
        let version = Self::of(underlying).map_or(0, |feed| feed.reader.version.wrapping_add(1));
        let (minimum_digits, maximum_digits) = (digits(minimum), digits(maximum));
        let reader = Reader { feed, heartbeat, decimals, minimum_digits, maximum_digits, version };
        Self { slot: FEEDS.of(&underlying), reader }
    }

    /// Stores it with its limits.
    pub(crate) fn store(&self, (minimum, maximum): (u128, u128)) {
        self.slot.set(&self.reader.pack());
        self.slot.plus(1).set(&pair(maximum, minimum));
    }

    /// Least and greatest price between which answers are accepted.
    pub(crate) fn limits(&self) -> (u128, u128) {
        let (maximum, minimum) = halves(&self.slot.plus(1).get());
        (minimum, maximum)
    }

    /// The price of a round, if its answer is accepted: strictly between the limits, which are read only if the number of
    /// binary digits doesn't tell, and not from the future.
    pub(crate) fn accept(&self, round: &feed::Round, now: u64) -> Option<Answered> {
        let price = feed::price(round.answer, self.reader.decimals)?;
        let own = digits(price);
        let clear = own > self.reader.minimum_digits && own < self.reader.maximum_digits;
        let inside = clear || {
            let (minimum, maximum) = self.limits();
            minimum < price && price < maximum
        };
        (inside && round.updated_at <= now)
            .then_some(Answered { price, updated_at: round.updated_at })
    }
}

/// Reads and writes a packed word at a slot.
macro_rules! stored {
    ($($name:ident),*) => {
        $(impl $name {
            pub(crate) fn at(slot: &Slot) -> Self {
                Self::unpack(&slot.get())
            }

            pub(crate) fn store(&self, slot: &Slot) {
                slot.set(&self.pack());
            }
        })*
    };
}

stored!(
    IndexWord,
    MarkWord,
    FundingWord,
    ForwardWord,
    SurfaceWord,
    SettlementWord,
    ObservationWord,
    AcceptedWord,
    LeastWord,
    AnnouncedWord
);

/// Where an underlying's index stands.
pub(crate) fn index_slot(underlying: u8) -> Slot {
    INDICES.of(&underlying)
}

/// Where an underlying's mark stands, and one place on its funding.
pub(crate) fn perpetual_slot(underlying: u8) -> Slot {
    PERPETUALS.of(&underlying)
}

/// Where an expiry's forward stands, and one place on its surface.
pub(crate) fn expiry_slot(series: u32) -> Slot {
    EXPIRIES.of(&series)
}

/// Where an expiry's settlement stands, and the places on its observation (3) and what was announced.
pub(crate) fn settlement_slot(series: u32) -> Slot {
    SETTLEMENTS.of(&series)
}

/// An underlying's allowances.
pub(crate) fn allowances(underlying: u8) -> AllowanceWord {
    let word = ALLOWANCES.of(&underlying).get();
    if word == B256::ZERO { moves::DEFAULT } else { AllowanceWord::unpack(&word) }
}

/// Stores an underlying's allowances.
pub(crate) fn set_allowances(underlying: u8, word: &AllowanceWord) {
    ALLOWANCES.of(&underlying).set(&word.pack());
}

/// An address with these bytes at the left of its word, at most 12.
pub(crate) fn headed(head: &[u8], address: &Address) -> B256 {
    let mut word = address.into_word();
    for (to, from) in word.iter_mut().zip(head) {
        *to = *from;
    }
    word
}

/// The sequencer feed, its grace, and whether there is a stable feed.
pub(crate) fn sequencer() -> (Address, u32, bool) {
    let word = SEQUENCER.get();
    let [a, b, c, d, has_stable, ..] = word.0;
    (address(&word), u32::from_be_bytes([a, b, c, d]), has_stable != 0)
}

/// Stores what [`sequencer`] reads.
pub(crate) fn set_sequencer(feed: &Address, grace: u32, has_stable: bool) {
    let [a, b, c, d] = grace.to_be_bytes();
    SEQUENCER.set(&headed(&[a, b, c, d, u8::from(has_stable)], feed));
}

fn digits(value: u128) -> u8 {
    u8::try_from(128_u32.saturating_sub(value.leading_zeros())).unwrap_or(u8::MAX)
}

/// One, 18 decimals.
pub(crate) const ONE: u64 = 1_000_000_000_000_000_000;
