//! What anyone may ask.

use alloc::vec::Vec;

use alloy_primitives::{I256, U256};
use novate_abi::{
    IOracle::{
        self, indexPriceReturn, perpetualMarkReturn, publishersReturn, sequencerStatusReturn,
        settlementPriceReturn,
    },
    snapshot::{Expiry, ExpiryState, Index, Perpetual, Series, Stable},
    words::{low_u8, split},
};
use novate_common::{Answer, Input, Revert};
use stylus_sdk::prelude::*;

use crate::{
    arbitrage::Slice,
    feed, level,
    load::{address_of, heartbeat_of},
    post::series,
    storage::Oracle,
};

const ONE: u128 = 1_000_000_000_000_000_000;
const ONE_SIGMA: u64 = 1_000_000_000_000_000_000;
const HOUR: u64 = 3_600;
const WORD: usize = 32;
/// Prices of the stable coin that are believed: 0.1 to 10 dollars.
const STABLE_LIMITS: (u128, u128) = (ONE / 10, ONE * 10);

/// Whether the sequencer is up and past its grace, and since when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SequencerStatus {
    pub(crate) is_up: bool,
    /// Unix seconds; 0 without a feed.
    pub(crate) since: u64,
}

impl SequencerStatus {
    pub(crate) const fn into_return(self) -> sequencerStatusReturn {
        sequencerStatusReturn { isUp: self.is_up, since: self.since }
    }
}

impl Oracle {
    /// Market data of the series asked for, in packed words.
    pub(crate) fn snapshot(&self, input: &mut Input<'_>) -> Answer {
        let (count, mut elements) = input.array(1)?;
        let now = self.vm().block_timestamp();
        let most = self.most_validity()?;
        let mut words = Words::with_capacity(count);
        words.push(self.stable(now)?.pack());
        let mut last = 0;
        let mut index = Index { price: 0, updated_at: 0, validity: level::INVALID };
        for _ in 0..count {
            let number = elements.u32()?;
            let parent = Series::decode(number).filter(|_| number > last);
            let malformed = || elements.last_malformed();
            match parent.ok_or_else(malformed)? {
                Series::Underlying(underlying) => {
                    index = self.index(underlying, now)?;
                    index.validity = index.validity.min(most);
                    words.push(index.pack());
                }
                Series::Perpetual(underlying) if same_underlying(last, number) => {
                    words.extend(self.perpetual(underlying, now, index.price).pack());
                }
                Series::Expiry(_, hours) if same_underlying(last, number) => {
                    words.extend(self.expiry(number, hours, now, index.price).pack());
                }
                _ => return Err(malformed()),
            }
            last = number;
        }
        Ok(words.finish())
    }

    /// An underlying's index.
    pub(crate) fn index(&self, underlying: u8, now: u64) -> Result<Index, Revert> {
        let words = self.feeds.getter(underlying);
        let reader = words.reader().ok_or(IOracle::UnknownUnderlying { underlying })?;
        let unusable = Index { price: 0, updated_at: 0, validity: level::INVALID };
        let Some(round) = feed::latest(self.vm(), reader.feed)? else { return Ok(unusable) };
        let Some(age) = now.checked_sub(round.updated_at) else { return Ok(unusable) };
        let Some(price) = words.accept(&reader, &round) else { return Ok(unusable) };
        let validity = level::of_answer(age, reader.heartbeat);
        Ok(Index { price, updated_at: round.updated_at, validity })
    }

    /// Price of the stable coin. A feed that can't be used counts as 1 dollar, stale: the peg then adds no margin, and
    /// nobody adds risk.
    fn stable(&self, now: u64) -> Result<Stable, Revert> {
        if low_u8(split(self.sequencer.get()).1) & 1 == 0 {
            return Ok(Stable { price: ONE, validity: level::VALID });
        }
        let word = self.stable.get();
        let (_, low) = split(word);
        let stale = level::STALE_FOR_MARGIN;
        let Some(round) = feed::latest(self.vm(), address_of(word))? else {
            return Ok(Stable { price: ONE, validity: stale });
        };
        let believed = feed::price(round.answer, low_u8(low))
            .filter(|price| (STABLE_LIMITS.0..=STABLE_LIMITS.1).contains(price));
        let (Some(price), Some(age)) = (believed, now.checked_sub(round.updated_at)) else {
            return Ok(Stable { price: ONE, validity: stale });
        };
        Ok(Stable { price, validity: level::of_answer(age, heartbeat_of(low)).max(stale) })
    }

    /// The highest level that an index can have: valid, or stale while the sequencer is down or was a moment ago.
    fn most_validity(&self) -> Result<u8, Revert> {
        let status = self.sequencer_status()?;
        Ok(if status.is_up { level::VALID } else { level::STALE_FOR_MARGIN })
    }

    /// Whether the sequencer is up and past its grace. A feed that doesn't answer counts as down.
    pub(crate) fn sequencer_status(&self) -> Result<SequencerStatus, Revert> {
        let word = self.sequencer.get();
        let feed = address_of(word);
        if feed.is_zero() {
            return Ok(SequencerStatus { is_up: true, since: 0 });
        }
        let Some(round) = feed::latest(self.vm(), feed)? else {
            return Ok(SequencerStatus { is_up: false, since: 0 });
        };
        let grace = u64::from(heartbeat_of(split(word).1));
        let now = self.vm().block_timestamp();
        let age = now.checked_sub(round.started_at).filter(|_| round.started_at > 0);
        let is_up = round.answer.is_zero() && age.is_some_and(|age| age >= grace);
        Ok(SequencerStatus { is_up, since: round.started_at })
    }

    /// An underlying's perpetual. Without a mark, or with one that expired, it is worth the index, without confidence.
    fn perpetual(&self, underlying: u8, now: u64, index: u128) -> Perpetual {
        let words = self.marks.getter(underlying);
        let mark = words.mark();
        let validity = level::of_model(now.saturating_sub(mark.model_time));
        let funding_index = words.funding().index_at(now);
        if mark.price == 0 || validity == level::TOO_UNCERTAIN {
            let validity = level::TOO_UNCERTAIN;
            return Perpetual { mark: index, funding_index, confidence: 0, validity };
        }
        Perpetual { mark: mark.price, funding_index, confidence: mark.confidence, validity }
    }

    /// An expiry: its model, or what replaces it once that, or the expiry itself, has passed.
    fn expiry(&self, series: u32, hours: u32, now: u64, index: u128) -> Expiry {
        let expiry = u64::from(hours).saturating_mul(HOUR);
        if now >= expiry {
            let settlement = self.settlement(series);
            let is_final = settlement.price != 0 && now >= settlement.final_at;
            let (state, forward) = if is_final {
                (ExpiryState::Settled, settlement.price)
            } else {
                (ExpiryState::Expired, index)
            };
            return Expiry { state, forward, validity: level::VALID, ..Expiry::UNKNOWN };
        }
        let model = self.surfaces.getter(series).model();
        if model.forward == 0 {
            return Expiry::UNKNOWN;
        }
        let validity = level::of_model(now.saturating_sub(model.evaluated_at));
        let Slice { a, b, rho, m, sigma } = model.slice;
        let live = Expiry {
            state: ExpiryState::Live,
            forward: model.forward,
            a,
            b,
            rho,
            m,
            sigma,
            rate: model.rate,
            model_time: model.evaluated_at,
            forward_confidence: model.forward_confidence,
            rate_confidence: model.rate_confidence,
            volatility_confidence: model.volatility_confidence,
            validity,
        };
        if validity > level::TOO_UNCERTAIN {
            return live;
        }
        // Flat at the last volatility at the money, the forward where the index takes it, no confidence in either.
        Expiry {
            forward: model.rolled_forward(index),
            a: model.slice.variance_at_the_money(),
            b: 0,
            rho: 0,
            m: 0,
            sigma: ONE_SIGMA,
            forward_confidence: 0,
            rate_confidence: 0,
            volatility_confidence: 0,
            ..live
        }
    }

    pub(crate) fn index_price(&self, underlying: u8) -> Result<indexPriceReturn, Revert> {
        let most = self.most_validity()?;
        let index = self.index(underlying, self.vm().block_timestamp())?;
        Ok(indexPriceReturn {
            price: U256::from(index.price),
            updatedAt: index.updated_at,
            validity: index.validity.min(most),
        })
    }

    /// The surface as posted; zeros if there is none.
    pub(crate) fn surface(&self, underlying: u8, expiry: u64) -> Result<IOracle::Surface, Revert> {
        let words = self.surfaces.getter(series(underlying, expiry)?);
        let model = words.model();
        Ok(IOracle::Surface {
            underlying,
            expiry,
            modelTime: model.evaluated_at,
            forward: model.forward,
            rate: model.rate,
            a: model.slice.a,
            b: model.slice.b,
            rho: model.slice.rho,
            m: model.slice.m,
            sigma: model.slice.sigma,
            forwardConfidence: model.forward_confidence,
            rateConfidence: model.rate_confidence,
            volatilityConfidence: model.volatility_confidence,
            nonce: words.last_nonce(),
        })
    }

    /// The mark as posted, and the funding index now.
    pub(crate) fn perpetual_mark(&self, underlying: u8) -> perpetualMarkReturn {
        let words = self.marks.getter(underlying);
        let mark = words.mark();
        let (nonce, _) = words.premium();
        perpetualMarkReturn {
            mark: IOracle::PerpetualMark {
                underlying,
                modelTime: mark.model_time,
                mark: mark.price,
                confidence: mark.confidence,
                nonce,
            },
            fundingIndex: self.funding_index(underlying),
        }
    }

    pub(crate) fn funding_index(&self, underlying: u8) -> I256 {
        let funding = self.marks.getter(underlying).funding();
        signed(funding.index_at(self.vm().block_timestamp()))
    }

    pub(crate) fn settlement_price(
        &self,
        underlying: u8,
        expiry: u64,
    ) -> Result<settlementPriceReturn, Revert> {
        let settlement = self.settlement(series(underlying, expiry)?);
        let now = self.vm().block_timestamp();
        Ok(settlementPriceReturn {
            price: U256::from(settlement.price),
            isFinal: settlement.price != 0 && now >= settlement.final_at,
        })
    }

    pub(crate) fn feed(&self, underlying: u8) -> Result<IOracle::Feed, Revert> {
        let words = self.feeds.getter(underlying);
        let reader = words.reader().ok_or(IOracle::UnknownUnderlying { underlying })?;
        let (minimum, maximum) = words.limits();
        Ok(IOracle::Feed {
            feed: reader.feed,
            heartbeat: reader.heartbeat,
            minimumAnswer: minimum,
            maximumAnswer: maximum,
        })
    }

    pub(crate) fn publisher_set(&self) -> publishersReturn {
        let count = self.publishers.len();
        let publishers = (0..count).filter_map(|index| self.publishers.get(index)).collect();
        let [threshold, ..] = self.threshold.get().to_le_bytes::<1>();
        publishersReturn { publishers, threshold }
    }
}

/// A `uint256[]` as return data, built in place.
struct Words(Vec<u8>);

impl Words {
    fn with_capacity(series: usize) -> Self {
        let words = series.saturating_mul(3).saturating_add(3);
        let mut bytes = Vec::with_capacity(words.saturating_mul(WORD));
        bytes.extend_from_slice(&U256::from(WORD).to_be_bytes::<WORD>());
        bytes.extend_from_slice(&[0; WORD]);
        Self(bytes)
    }

    fn push(&mut self, word: U256) {
        self.0.extend_from_slice(&word.to_be_bytes::<WORD>());
    }

    fn extend<const N: usize>(&mut self, words: [U256; N]) {
        for word in words {
            self.push(word);
        }
    }

    fn finish(mut self) -> Vec<u8> {
        let count = self.0.len().saturating_sub(2 * WORD).checked_div(WORD).unwrap_or_default();
        let length = U256::from(count).to_be_bytes::<WORD>();
        for (to, from) in self.0.iter_mut().skip(WORD).zip(length) {
            *to = from;
        }
        self.0
    }
}

/// Whether two series are of one underlying.
const fn same_underlying(one: u32, other: u32) -> bool {
    one >> 22 == other >> 22
}

/// A 128-bit integer as 256 bits.
pub(crate) fn signed(value: i128) -> I256 {
    I256::try_from(value).unwrap_or_default()
}
