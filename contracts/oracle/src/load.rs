//! Stored words to domain types and back.

use alloy_primitives::{Address, U256};
use novate_abi::{
    IOracle,
    words::{join, low_u8, low_u64, split, wide},
};

use crate::{
    arbitrage::Slice,
    feed,
    funding::{Funding, Premium},
    storage::{FeedWords, MarkWords, SurfaceWords},
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
    pub(crate) fn pack(&self) -> U256 {
        let tail = [0, self.maximum_digits, self.minimum_digits, self.decimals];
        let low = u128::from(u32::from_be_bytes(tail));
        address_word(self.feed) | U256::from((u128::from(self.heartbeat) << 64) | low)
    }

    pub(crate) fn unpack(word: U256) -> Self {
        let (_, low) = split(word);
        Self {
            feed: address_of(word),
            heartbeat: heartbeat_of(low),
            decimals: low_u8(low),
            minimum_digits: low_u8(low >> 8),
            maximum_digits: low_u8(low >> 16),
        }
    }
}

impl FeedWords {
    /// How the feed is read; `None` if none was set.
    pub(crate) fn reader(&self) -> Option<Reader> {
        let word = self.reader.get();
        (!word.is_zero()).then(|| Reader::unpack(word))
    }

    /// Least and greatest price between which answers are accepted.
    pub(crate) fn limits(&self) -> (u128, u128) {
        let (maximum, minimum) = split(self.bounds.get());
        (minimum, maximum)
    }

    pub(crate) fn set(&mut self, feed: &IOracle::Feed, decimals: u8) {
        self.reader.set(
            Reader {
                feed: feed.feed,
                heartbeat: feed.heartbeat,
                decimals,
                minimum_digits: digits(feed.minimumAnswer),
                maximum_digits: digits(feed.maximumAnswer),
            }
            .pack(),
        );
        self.bounds.set(join(feed.maximumAnswer, feed.minimumAnswer));
    }

    /// Whether a price lies strictly between the limits. Reads them only if the number of binary digits doesn't tell.
    pub(crate) fn is_unpegged(&self, reader: &Reader, price: u128) -> bool {
        let own = digits(price);
        if own > reader.minimum_digits && own < reader.maximum_digits {
            return true;
        }
        let (minimum, maximum) = self.limits();
        minimum < price && price < maximum
    }

    /// The price of an answer, if it is accepted.
    pub(crate) fn accept(&self, reader: &Reader, round: &feed::Round) -> Option<u128> {
        feed::price(round.answer, reader.decimals).filter(|price| self.is_unpegged(reader, *price))
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

impl MarkWords {
    pub(crate) fn mark(&self) -> Mark {
        let (price, low) = split(self.mark.get());
        Mark { price, model_time: low_u64(low >> 64), confidence: low_u64(low) }
    }

    pub(crate) fn set_mark(&mut self, mark: &Mark) {
        self.mark.set(join(mark.price, wide(mark.model_time, mark.confidence)));
    }

    pub(crate) fn funding(&self) -> Funding {
        let (index, low) = split(self.funding.get());
        Funding {
            index: index.cast_signed(),
            rate: low_u64(low >> 64).cast_signed(),
            until: low_u64(low),
        }
    }

    pub(crate) fn set_funding(&mut self, funding: &Funding) {
        let low = wide(funding.rate.cast_unsigned(), funding.until);
        self.funding.set(join(funding.index.cast_unsigned(), low));
    }

    /// The last nonce and the premium.
    pub(crate) fn premium(&self) -> (u64, Premium) {
        let (nonce, low) = split(self.premium.get());
        let premium =
            Premium { average: low_u64(low >> 64).cast_signed(), last: low_u64(low).cast_signed() };
        (low_u64(nonce), premium)
    }

    pub(crate) fn set_premium(&mut self, nonce: u64, premium: &Premium) {
        let low = wide(premium.average.cast_unsigned(), premium.last.cast_unsigned());
        self.premium.set(join(u128::from(nonce), low));
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
    /// The ratio of forward and index as stored.
    pub(crate) fn ratio_of(forward: u128, index: u128) -> u32 {
        U256::from(forward)
            .saturating_mul(U256::from(RATIO_UNIT))
            .checked_div(U256::from(index))
            .and_then(|ratio| u128::try_from(ratio).ok())
            .map_or(0, |ratio| u32::try_from(ratio.min(RATIO_MASK)).unwrap_or(0))
    }

    /// The forward that an index implies by the stored ratio; the forward as posted if either is unknown.
    pub(crate) fn rolled_forward(&self, index: u128) -> u128 {
        // index <= 1e33, ratio < 2^28: the product is below 2^138.
        let rolled = U256::from(index)
            .saturating_mul(U256::from(self.ratio))
            .checked_div(U256::from(RATIO_UNIT))
            .and_then(|forward| u128::try_from(forward).ok())
            .unwrap_or_default();
        if rolled == 0 { self.forward } else { rolled.min(feed::MAX_PRICE) }
    }
}

impl SurfaceWords {
    pub(crate) fn model(&self) -> Model {
        let (forward, level) = split(self.level.get());
        let (turn, rest) = split(self.shape.get());
        let (high, confidences) = split(self.trust.get());
        Model {
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

    /// The last nonce.
    pub(crate) fn last_nonce(&self) -> u64 {
        low_u64(split(self.nonce.get()).1)
    }

    /// The model time of the last post; 0 if there was none.
    pub(crate) fn last_model_time(&self) -> u64 {
        low_u64(split(self.trust.get()).0 >> 88)
    }

    pub(crate) fn set(&mut self, model: &Model, nonce: u64) {
        let slice = &model.slice;
        self.level.set(join(model.forward, wide(slice.a.cast_unsigned(), slice.b)));
        self.shape.set(join(
            wide(slice.rho.cast_unsigned(), slice.m.cast_unsigned()),
            wide(slice.sigma, model.rate.cast_unsigned()),
        ));
        let high = (u128::from(model.evaluated_at) << 88)
            | (u128::from(model.forward_confidence) << 28)
            | u128::from(model.ratio);
        self.trust.set(join(high, wide(model.rate_confidence, model.volatility_confidence)));
        self.nonce.set(U256::from(nonce));
    }
}

/// An address in the upper 160 bits of a word.
pub(crate) fn address_word(address: Address) -> U256 {
    let mut bytes = [0; 32];
    for (to, from) in bytes.iter_mut().zip(address) {
        *to = from;
    }
    U256::from_be_bytes(bytes)
}

/// The address in the upper 160 bits of a word.
pub(crate) fn address_of(word: U256) -> Address {
    let bytes = word.to_be_bytes::<32>();
    bytes.first_chunk().map_or(Address::ZERO, |address| Address::new(*address))
}

/// The 32 bits above the low 64 of a word's lower half.
pub(crate) fn heartbeat_of(low: u128) -> u32 {
    u32::try_from((low >> 64) & u128::from(u32::MAX)).unwrap_or(0)
}

fn digits(value: u128) -> u8 {
    u8::try_from(128_u32.saturating_sub(value.leading_zeros())).unwrap_or(u8::MAX)
}
