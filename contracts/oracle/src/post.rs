//! What anyone may relay: signed surfaces and marks, and settlement prices that rounds prove.

use alloy_primitives::{Address, B256, U256};
use novate_abi::{
    IErrors,
    IOracle::{self, PerpetualMarkPosted, SettlementDisputed, SettlementProposed, SurfacePosted},
    snapshot::{CONFIDENCE_ONE, Series},
    words::{join, low_u64, split},
};
use novate_common::{
    Answer, Input, Revert, empty,
    signature::{self, keccak},
};
use stylus_sdk::{
    prelude::*,
    stylus_core::{Host, HostAccess},
};

use crate::{
    arbitrage::Slice,
    entry::PAUSE_POSTS,
    error::within,
    feed::{self, MAX_PRICE, Round},
    level::{self, MODEL_LIFE},
    load::{Mark, Model, Reader},
    settlement::{DISPUTE, FALLBACK, Proof, Rounds},
    storage::{FeedWords, Oracle},
};

const HOUR: u64 = 3_600;
/// Farthest expiry of a surface: 5 years.
const FARTHEST: u64 = 5 * 365 * 86_400;

/// EIP-712 type of a surface.
const SURFACE_TYPE: B256 = keccak(
    b"Surface(uint8 underlying,uint64 expiry,uint64 modelTime,uint128 forward,int64 rate,int64 a,uint64 b,int64 rho,int64 m,uint64 sigma,uint64 forwardConfidence,uint64 rateConfidence,uint64 volatilityConfidence,uint64 nonce)",
);
/// EIP-712 type of a mark.
const MARK_TYPE: B256 = keccak(
    b"PerpetualMark(uint8 underlying,uint64 modelTime,uint128 mark,uint64 confidence,uint64 nonce)",
);
const NAME: B256 = keccak(b"Novate Oracle");
const VERSION: B256 = keccak(b"1");

/// Words of a surface and of a mark in calldata.
const SURFACE_WORDS: usize = 14;
const MARK_WORDS: usize = 5;

/// A settlement price: proposed and, from a time on, final.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Settlement {
    /// 18 decimals; 0: not proposed.
    pub(crate) price: u128,
    /// Unix seconds.
    pub(crate) final_at: u64,
}

/// Rounds of an underlying's feed.
struct FeedRounds<'a, H> {
    vm: &'a H,
    words: &'a FeedWords,
    reader: Reader,
    latest: u128,
}

impl<H: Host> Rounds for FeedRounds<'_, H> {
    fn round(&self, id: u128) -> Result<Option<Round>, Revert> {
        feed::round(self.vm, self.reader.feed, id)
    }

    fn accepted(&self, round: &Round) -> Option<u128> {
        self.words.accept(&self.reader, round)
    }

    fn latest(&self) -> u128 {
        self.latest
    }
}

impl Oracle {
    /// The EIP-712 domain separator.
    pub(crate) fn domain(&self) -> B256 {
        signature::domain_separator(self.vm(), NAME, VERSION)
    }

    pub(crate) fn post_surface(&mut self, input: &mut Input<'_>) -> Answer {
        self.governance.not_paused(PAUSE_POSTS)?;
        let structure = self.hash_structure::<SURFACE_WORDS>(SURFACE_TYPE, *input)?;
        let posted = surface(input)?;
        self.check_signatures(structure, input)?;
        let now = self.vm().block_timestamp();
        let series = series(posted.underlying, posted.expiry)?;
        let index = self.index(posted.underlying, now)?;
        if posted.expiry <= now || posted.expiry > now.saturating_add(FARTHEST) {
            return Err(IOracle::InvalidExpiry { expiry: posted.expiry }.into());
        }
        let model = model(&posted, index.price)?;
        let stored = self.surfaces.getter(series);
        check_order(
            posted.modelTime,
            now,
            stored.last_model_time(),
            posted.nonce,
            stored.last_nonce(),
        )?;
        self.surfaces.setter(series).set(&model, posted.nonce);
        self.vm().log(SurfacePosted {
            underlying: posted.underlying,
            expiry: posted.expiry,
            modelTime: posted.modelTime,
            forward: posted.forward,
            nonce: posted.nonce,
        });
        empty()
    }

    pub(crate) fn post_perpetual_mark(&mut self, input: &mut Input<'_>) -> Answer {
        self.governance.not_paused(PAUSE_POSTS)?;
        let structure = self.hash_structure::<MARK_WORDS>(MARK_TYPE, *input)?;
        let posted = perpetual_mark(input)?;
        self.check_signatures(structure, input)?;
        let now = self.vm().block_timestamp();
        let index = self.index(posted.underlying, now)?;
        within(b"mark", posted.mark, 1, MAX_PRICE)?;
        within(b"confidence", posted.confidence.into(), 0, CONFIDENCE_ONE.into())?;
        if index.validity < level::STALE_FOR_MARGIN {
            let needed = level::STALE_FOR_MARGIN;
            return Err(IErrors::MarketNotValid { level: index.validity, needed }.into());
        }
        let mut words = self.marks.setter(posted.underlying);
        let (last_nonce, premium) = words.premium();
        check_order(posted.modelTime, now, words.mark().model_time, posted.nonce, last_nonce)?;
        let funding = words.funding();
        let premium = premium.renewed(now.saturating_sub(funding.until), posted.mark, index.price);
        let funding = funding.renewed(now, &premium, index.price);
        words.set_mark(&Mark {
            price: posted.mark,
            model_time: posted.modelTime,
            confidence: posted.confidence,
        });
        words.set_funding(&funding);
        words.set_premium(posted.nonce, &premium);
        self.vm().log(PerpetualMarkPosted {
            underlying: posted.underlying,
            modelTime: posted.modelTime,
            mark: posted.mark,
            fundingIndex: crate::view::signed(funding.index),
            nonce: posted.nonce,
        });
        empty()
    }

    pub(crate) fn propose_settlement(
        &mut self,
        underlying: u8,
        expiry: u64,
        first: u128,
        last: u128,
    ) -> Answer {
        let price = self.prove(underlying, expiry, 0, |proof| proof.average(first, last))?;
        self.propose(underlying, expiry, price, DISPUTE)
    }

    pub(crate) fn propose_settlement_after(
        &mut self,
        underlying: u8,
        expiry: u64,
        round: u128,
    ) -> Answer {
        let price = self.prove(underlying, expiry, 0, |proof| proof.first_after(round))?;
        self.propose(underlying, expiry, price, DISPUTE)
    }

    pub(crate) fn propose_settlement_fallback(
        &mut self,
        underlying: u8,
        expiry: u64,
        round: u128,
    ) -> Answer {
        let price = self.prove(underlying, expiry, FALLBACK, |proof| proof.last_before(round))?;
        self.propose(underlying, expiry, price, 0)
    }

    pub(crate) fn dispute_settlement(&mut self, underlying: u8, expiry: u64) -> Answer {
        self.governance.only_guardian()?;
        let series = series(underlying, expiry)?;
        let settlement = self.settlement(series);
        if settlement.price == 0 || self.vm().block_timestamp() >= settlement.final_at {
            return Err(IOracle::NothingToDispute { underlying, expiry }.into());
        }
        self.settlements.insert(series, U256::ZERO);
        let price = U256::from(settlement.price);
        self.vm().log(SettlementDisputed { underlying, expiry, price });
        empty()
    }

    /// The settlement price of a series.
    pub(crate) fn settlement(&self, series: u32) -> Settlement {
        let (price, low) = split(self.settlements.get(series));
        Settlement { price, final_at: low_u64(low) }
    }

    /// Runs a proof over the feed's rounds, from `delay` seconds after expiry on.
    fn prove(
        &self,
        underlying: u8,
        expiry: u64,
        delay: u64,
        proof: impl FnOnce(
            &Proof<'_, FeedRounds<'_, <Self as HostAccess>::Host>>,
        ) -> Result<u128, Revert>,
    ) -> Result<u128, Revert> {
        let series = series(underlying, expiry)?;
        let timestamp = self.vm().block_timestamp();
        let from = expiry.saturating_add(delay);
        if timestamp < from {
            return Err(IOracle::TooEarly { from, timestamp }.into());
        }
        if self.settlement(series).price != 0 {
            return Err(IOracle::SettlementExists { underlying, expiry }.into());
        }
        let words = self.feeds.getter(underlying);
        let reader = words.reader().ok_or(IOracle::UnknownUnderlying { underlying })?;
        let latest = feed::latest(self.vm(), reader.feed)?
            .ok_or(IErrors::CallFailed { target: reader.feed })?
            .id;
        let rounds = FeedRounds { vm: self.vm(), words: &words, reader, latest };
        proof(&Proof { rounds: &rounds, expiry })
    }

    fn propose(&mut self, underlying: u8, expiry: u64, price: u128, dispute: u64) -> Answer {
        let series = series(underlying, expiry)?;
        let final_at = self.vm().block_timestamp().saturating_add(dispute);
        self.settlements.insert(series, join(price, final_at.into()));
        let price = U256::from(price);
        self.vm().log(SettlementProposed { underlying, expiry, price, finalAt: final_at });
        empty()
    }

    /// Hash of a structure of `N` static fields, which stand next in the calldata.
    fn hash_structure<const N: usize>(
        &self,
        kind: B256,
        mut input: Input<'_>,
    ) -> Result<B256, Revert> {
        let mut words = alloc::vec::Vec::with_capacity(N.saturating_add(1));
        words.push(kind);
        for _ in 0..N {
            words.push(input.bytes32()?);
        }
        Ok(signature::hash_words(self.vm(), &words))
    }

    /// Refuses a structure that fewer publishers signed than must; the signatures stand next in the calldata, in ascending
    /// order of signer.
    fn check_signatures(&self, structure: B256, input: &mut Input<'_>) -> Result<(), Revert> {
        let (count, mut elements) = input.array(1)?;
        let (given, required) =
            (U256::from(count), U256::from(self.threshold.get()).max(U256::ONE));
        if given < required {
            return Err(IOracle::TooFewSignatures { given, required }.into());
        }
        let digest = signature::digest(self.vm(), self.domain(), structure);
        let mut last = Address::ZERO;
        for _ in 0..count {
            let recovered = signature::recover(self.vm(), digest, elements.bytes()?)?;
            if recovered <= last || !self.is_publisher.get(recovered) {
                return Err(IErrors::InvalidSignature { recovered }.into());
            }
            last = recovered;
        }
        Ok(())
    }
}

/// Refuses a model time or a nonce that doesn't follow the last one.
fn check_order(
    model_time: u64,
    now: u64,
    last_model_time: u64,
    nonce: u64,
    last_nonce: u64,
) -> Result<(), Revert> {
    if nonce <= last_nonce {
        return Err(IOracle::StaleNonce { nonce, last: last_nonce }.into());
    }
    let oldest = last_model_time.max(now.saturating_sub(MODEL_LIFE));
    if model_time > now || model_time < oldest {
        return Err(IOracle::InvalidModelTime { modelTime: model_time, timestamp: now }.into());
    }
    Ok(())
}

/// The series of an expiry, which must be a whole hour that a series can hold.
pub(crate) fn series(underlying: u8, expiry: u64) -> Result<u32, Revert> {
    let whole = expiry.checked_rem(HOUR) == Some(0);
    let hours = expiry.checked_div(HOUR).and_then(|hours| u32::try_from(hours).ok()).unwrap_or(0);
    let series = Series::Expiry(underlying, hours).encode();
    if whole && Series::decode(series) == Some(Series::Expiry(underlying, hours)) {
        Ok(series)
    } else if underlying == 0 {
        Err(IOracle::UnknownUnderlying { underlying }.into())
    } else {
        Err(IOracle::InvalidExpiry { expiry }.into())
    }
}

/// The model of a posted surface, if it is one.
fn model(posted: &IOracle::Surface, index: u128) -> Result<Model, Revert> {
    within(b"forward", posted.forward, 1, MAX_PRICE)?;
    let one = u128::from(CONFIDENCE_ONE);
    within(b"forwardConfidence", posted.forwardConfidence.into(), 0, one)?;
    within(b"rateConfidence", posted.rateConfidence.into(), 0, one)?;
    within(b"volatilityConfidence", posted.volatilityConfidence.into(), 0, one)?;
    let slice =
        Slice { a: posted.a, b: posted.b, rho: posted.rho, m: posted.m, sigma: posted.sigma };
    slice.check().map_err(|arbitrage| {
        let (condition, place) = arbitrage.describe();
        Revert::from(IOracle::ArbitrageableSurface { condition, where_: place })
    })?;
    Ok(Model {
        forward: posted.forward,
        slice,
        rate: posted.rate,
        evaluated_at: posted.modelTime,
        forward_confidence: posted.forwardConfidence,
        rate_confidence: posted.rateConfidence,
        volatility_confidence: posted.volatilityConfidence,
        ratio: Model::ratio_of(posted.forward, index),
    })
}

fn surface(input: &mut Input<'_>) -> Result<IOracle::Surface, Revert> {
    Ok(IOracle::Surface {
        underlying: input.u8()?,
        expiry: input.u64()?,
        modelTime: input.u64()?,
        forward: input.u128()?,
        rate: input.i64()?,
        a: input.i64()?,
        b: input.u64()?,
        rho: input.i64()?,
        m: input.i64()?,
        sigma: input.u64()?,
        forwardConfidence: input.u64()?,
        rateConfidence: input.u64()?,
        volatilityConfidence: input.u64()?,
        nonce: input.u64()?,
    })
}

fn perpetual_mark(input: &mut Input<'_>) -> Result<IOracle::PerpetualMark, Revert> {
    Ok(IOracle::PerpetualMark {
        underlying: input.u8()?,
        modelTime: input.u64()?,
        mark: input.u128()?,
        confidence: input.u64()?,
        nonce: input.u64()?,
    })
}
