//! Stored words to domain types and back.

use alloy_primitives::{Address, B256};
use novate_abi::{
    IOracle,
    words::{low_u64, wide},
};
use novate_common::{Revert, Slot, Word, address, halves, low64, pair, refuse};

use crate::{
    arbitrage::Slice,
    feed,
    funding::{Funding, Premium},
    storage::{FEEDS, PERPETUALS, SEQUENCER, SETTLEMENTS, SURFACES},
};

/// Unit of the stored ratio of forward and index.
const RATIO_UNIT: u128 = 10_000_000;
const RATIO_MASK: u128 = (1 << 28) - 1;
const CONFIDENCE_MASK: u128 = (1 << 60) - 1;

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
}

impl Reader {
    fn pack(&self) -> B256 {
        let [a, b, c, d] = self.heartbeat.to_be_bytes();
        headed(&[a, b, c, d, self.decimals, self.minimum_digits, self.maximum_digits], &self.feed)
    }

    fn unpack(word: &B256) -> Self {
        let [a, b, c, d, decimals, minimum_digits, maximum_digits, ..] = word.0;
        let heartbeat = u32::from_be_bytes([a, b, c, d]);
        Self { feed: address(word), heartbeat, decimals, minimum_digits, maximum_digits }
    }
}

/// An underlying's feed as stored.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Feed {
    slot: Slot,
    pub(crate) reader: Reader,
}

impl Feed {
    /// The feed of an underlying.
    ///
    /// # Errors
    /// `UnknownUnderlying` if none was set.
    pub(crate) fn of(underlying: u8) -> Result<Self, Revert> {
        let slot = FEEDS.of(&underlying);
        let word = slot.get();
        if word == B256::ZERO {
            return Err(refuse!(IOracle::UnknownUnderlying { underlying }));
        }
        Ok(Self { slot, reader: Reader::unpack(&word) })
    }

    /// Stores a feed.
    pub(crate) fn set(
        underlying: u8,
        (feed, heartbeat, decimals): (Address, u32, u8),
        (minimum, maximum): (u128, u128),
    ) {
        let (minimum_digits, maximum_digits) = (digits(minimum), digits(maximum));
        let reader = Reader { feed, heartbeat, decimals, minimum_digits, maximum_digits };
        let slot = FEEDS.of(&underlying);
        slot.set(&reader.pack());
        slot.plus(1).set(&pair(maximum, minimum));
    }

    /// Least and greatest price between which answers are accepted.
    pub(crate) fn limits(&self) -> (u128, u128) {
        let (maximum, minimum) = halves(&self.slot.plus(1).get());
        (minimum, maximum)
    }

    /// The price of an answer, if it is accepted: strictly between the limits, which are read only if the number of binary
    /// digits doesn't tell.
    pub(crate) fn accept(&self, round: &feed::Round) -> Option<u128> {
        let price = feed::price(round.answer, self.reader.decimals)?;
        let own = digits(price);
        if own > self.reader.minimum_digits && own < self.reader.maximum_digits {
            return Some(price);
        }
        let (minimum, maximum) = self.limits();
        (minimum < price && price < maximum).then_some(price)
    }
}

/// A perpetual's mark as stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark {
    /// 0: never posted.
    pub(crate) price: u128,
    pub(crate) model_time: u64,
    pub(crate) confidence: u64,
}

/// An underlying's perpetual as stored.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Perpetual(Slot);

impl Perpetual {
    pub(crate) fn of(underlying: u8) -> Self {
        Self(PERPETUALS.of(&underlying))
    }

    pub(crate) fn mark(&self) -> Mark {
        let (price, low) = halves(&self.0.get());
        Mark { price, model_time: low_u64(low >> 64), confidence: low_u64(low) }
    }

    pub(crate) fn funding(&self) -> Funding {
        let (index, low) = halves(&self.0.plus(1).get());
        Funding {
            index: index.cast_signed(),
            rate: low_u64(low >> 64).cast_signed(),
            until: low_u64(low),
        }
    }

    /// The last nonce and the premium.
    pub(crate) fn premium(&self) -> (u64, Premium) {
        let (nonce, low) = halves(&self.0.plus(2).get());
        let premium =
            Premium { average: low_u64(low >> 64).cast_signed(), last: low_u64(low).cast_signed() };
        (low_u64(nonce), premium)
    }

    pub(crate) fn set(&self, mark: &Mark, funding: &Funding, nonce: u64, premium: &Premium) {
        self.0.set(&pair(mark.price, wide(mark.model_time, mark.confidence)));
        let low = wide(funding.rate.cast_unsigned(), funding.until);
        self.0.plus(1).set(&pair(funding.index.cast_unsigned(), low));
        let low = wide(premium.average.cast_unsigned(), premium.last.cast_unsigned());
        self.0.plus(2).set(&pair(nonce.into(), low));
    }
}

/// A posted forward and surface as stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Model {
    /// 0: never posted.
    pub(crate) forward: u128,
    pub(crate) slice: Slice,
    pub(crate) rate: i64,
    /// When it was evaluated, Unix seconds.
    pub(crate) evaluated_at: u64,
    pub(crate) forward_confidence: u64,
    pub(crate) rate_confidence: u64,
    pub(crate) volatility_confidence: u64,
    /// Forward over index when posted, in units of 1e-7, at most 26.8; 0: no index.
    pub(crate) ratio: u32,
}

impl Model {
    /// The ratio of forward and index as stored, from prices of at most 1e33.
    pub(crate) fn ratio_of(forward: u128, index: u128) -> u32 {
        // Both lose the bits beyond the first 104, so that the product with 1e7 fits 128.
        let shift = 24_u32.saturating_sub(forward.leading_zeros().min(index.leading_zeros()));
        let (forward, index) = (forward >> shift.min(24), index >> shift.min(24));
        let ratio = forward.saturating_mul(RATIO_UNIT).checked_div(index).unwrap_or(0);
        u32::try_from(ratio.min(RATIO_MASK)).unwrap_or(0)
    }

    /// The forward that an index implies by the stored ratio; the forward as posted if either is unknown.
    pub(crate) fn rolled_forward(&self, index: u128) -> u128 {
        // index <= 1e33 < 2^110: whole units of 1e7 and the rest apart, below 2^87 2^28.
        let ratio = u128::from(self.ratio);
        let whole = index.checked_div(RATIO_UNIT).unwrap_or(0).saturating_mul(ratio);
        let rest = index.checked_rem(RATIO_UNIT).unwrap_or(0).saturating_mul(ratio);
        let rolled = whole.saturating_add(rest.checked_div(RATIO_UNIT).unwrap_or(0));
        if rolled == 0 { self.forward } else { rolled.min(feed::MAX_PRICE) }
    }

    /// The model of a series.
    pub(crate) fn of(slot: &Slot) -> Self {
        let (forward, level) = halves(&slot.get());
        let (turn, rest) = halves(&slot.plus(1).get());
        let (high, confidences) = halves(&slot.plus(2).get());
        Self {
            forward,
            slice: Slice {
                a: low_u64(level >> 64).cast_signed(),
                b: low_u64(level),
                rho: low_u64(turn >> 64).cast_signed(),
                m: low_u64(turn).cast_signed(),
                sigma: low_u64(rest >> 64),
            },
            rate: low_u64(rest).cast_signed(),
            evaluated_at: low_u64(high >> 88),
            forward_confidence: low_u64((high >> 28) & CONFIDENCE_MASK),
            rate_confidence: low_u64(confidences >> 64),
            volatility_confidence: low_u64(confidences),
            ratio: u32::try_from(high & RATIO_MASK).unwrap_or(0),
        }
    }

    /// Stores the model of a series.
    pub(crate) fn set(&self, slot: &Slot, nonce: u64) {
        let slice = &self.slice;
        slot.set(&pair(self.forward, wide(slice.a.cast_unsigned(), slice.b)));
        slot.plus(1).set(&pair(
            wide(slice.rho.cast_unsigned(), slice.m.cast_unsigned()),
            wide(slice.sigma, self.rate.cast_unsigned()),
        ));
        let high = (u128::from(self.evaluated_at) << 88)
            | (u128::from(self.forward_confidence) << 28)
            | u128::from(self.ratio);
        slot.plus(2).set(&pair(high, wide(self.rate_confidence, self.volatility_confidence)));
        slot.plus(3).set(&nonce.word());
    }
}

/// Where the forward and surface of a series are.
pub(crate) fn surface_slot(series: u32) -> Slot {
    SURFACES.of(&series)
}

/// The nonce of the surface that stands there.
pub(crate) fn surface_nonce(slot: &Slot) -> u64 {
    low64(&slot.plus(3).get())
}

/// A settlement price: proposed and, from a time on, final.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Settlement {
    /// 18 decimals; 0: not proposed.
    pub(crate) price: u128,
    /// Unix seconds.
    pub(crate) final_at: u64,
}

impl Settlement {
    /// The settlement price of a series.
    pub(crate) fn of(series: u32) -> Self {
        let (price, low) = halves(&SETTLEMENTS.of(&series).get());
        Self { price, final_at: low_u64(low) }
    }

    pub(crate) fn set(&self, series: u32) {
        SETTLEMENTS.of(&series).set(&pair(self.price, self.final_at.into()));
    }

    pub(crate) const fn is_final(&self, now: u64) -> bool {
        self.price != 0 && now >= self.final_at
    }
}

/// An address with these bytes at the left of its word, at most 12.
pub(crate) fn headed(head: &[u8], address: &Address) -> B256 {
    let mut word = address.word();
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
