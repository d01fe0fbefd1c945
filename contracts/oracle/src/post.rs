//! Surfaces and marks, signed by publishers and relayed by anyone.

use alloy_primitives::{Address, B256, U256};
use novate_abi::{IErrors, IOracle, snapshot::CONFIDENCE_ONE};
use novate_common::{
    Answer, Input, Revert, empty, event, refuse,
    signature::{self, keccak},
    timestamp,
};
use stylus_sdk::{prelude::*, stylus_core::Host};

use crate::{
    Oracle,
    admin::publisher_count,
    arbitrage::Slice,
    error::within,
    feed::MAX_PRICE,
    level::{self, MODEL_LIFE},
    load::{Mark, Model, Perpetual, surface_nonce, surface_slot},
    market,
    settle::series,
    storage::{IS_PUBLISHER, PAUSE_POSTS},
};

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
const SURFACE_WORDS: u8 = 14;
const MARK_WORDS: u8 = 5;

/// The EIP-712 domain separator.
pub(crate) fn domain(vm: &impl Host) -> B256 {
    signature::domain_separator(vm, NAME, VERSION)
}

/// `postSurface(surface, signatures)`.
pub(crate) fn surface(oracle: &Oracle, input: &mut Input<'_>) -> Answer {
    let signed = Signed::read(oracle, SURFACE_TYPE, SURFACE_WORDS, input)?;
    let (underlying, expiry) = (input.u8()?, input.u64()?);
    let now = timestamp();
    let series = series(underlying, expiry)?;
    if expiry <= now || expiry > now.saturating_add(FARTHEST) {
        return Err(refuse!(IOracle::InvalidExpiry { expiry }));
    }
    let index = market::index(underlying, now)?;
    let (model, nonce) = model(input, index.price)?;
    let slot = surface_slot(series);
    check_order(
        model.evaluated_at,
        now,
        Model::of(&slot).evaluated_at,
        nonce,
        surface_nonce(&slot),
    )?;
    signed.check(oracle, input)?;
    model.set(&slot, nonce);
    event!(IOracle::SurfacePosted {
        underlying, expiry; modelTime: model.evaluated_at, forward: model.forward, nonce
    });
    empty()
}

/// `postPerpetualMark(mark, signatures)`.
pub(crate) fn perpetual_mark(oracle: &Oracle, input: &mut Input<'_>) -> Answer {
    let signed = Signed::read(oracle, MARK_TYPE, MARK_WORDS, input)?;
    let underlying = input.u8()?;
    let (model_time, price) = (input.u64()?, input.u128()?);
    let (confidence, nonce) = (input.u64()?, input.u64()?);
    let now = timestamp();
    within(b"mark", price, 1, MAX_PRICE)?;
    within(b"confidence", confidence.into(), 0, CONFIDENCE_ONE.into())?;
    let index = market::index(underlying, now)?;
    let needed = level::STALE_FOR_MARGIN;
    if index.validity < needed {
        return Err(refuse!(IErrors::MarketNotValid { level: index.validity, needed }));
    }
    let stored = Perpetual::of(underlying);
    let (last_nonce, premium) = stored.premium();
    check_order(model_time, now, stored.mark().model_time, nonce, last_nonce)?;
    signed.check(oracle, input)?;
    let funding = stored.funding();
    let premium = premium.renewed(now.saturating_sub(funding.until), price, index.price);
    let funding = funding.renewed(now, &premium, index.price);
    stored.set(&Mark { price, model_time, confidence }, &funding, nonce, &premium);
    event!(IOracle::PerpetualMarkPosted {
        underlying;
        modelTime: model_time,
        mark: price,
        fundingIndex: novate_abi::words::signed(funding.index),
        nonce,
    });
    empty()
}

/// A structure that publishers signed.
struct Signed {
    structure: B256,
}

impl Signed {
    /// Hashes the structure of `count` static fields that stands next in the calldata, unless posts are paused.
    fn read(oracle: &Oracle, kind: B256, count: u8, input: &Input<'_>) -> Result<Self, Revert> {
        oracle.governance.not_paused(PAUSE_POSTS)?;
        let mut words = alloc::vec::Vec::new();
        words.push(kind);
        let mut fields = *input;
        for _ in 0..count {
            words.push(fields.bytes32()?);
        }
        Ok(Self { structure: signature::hash_words(oracle.vm(), &words) })
    }

    /// Refuses what fewer publishers signed than must; the signatures stand next in the calldata, in ascending order of
    /// signer.
    fn check(&self, oracle: &Oracle, input: &mut Input<'_>) -> Result<(), Revert> {
        let (count, mut elements) = input.array(1)?;
        let given = U256::from(count);
        let required = U256::from(publisher_count().1.max(1));
        if given < required {
            return Err(refuse!(IOracle::TooFewSignatures { given, required }));
        }
        let digest = signature::digest(oracle.vm(), domain(oracle.vm()), self.structure);
        let mut last = Address::ZERO;
        for _ in 0..count {
            let recovered = signature::recover(oracle.vm(), digest, elements.bytes()?)?;
            if recovered <= last || IS_PUBLISHER.of(&recovered).get() == B256::ZERO {
                return Err(refuse!(IErrors::InvalidSignature { recovered }));
            }
            last = recovered;
        }
        Ok(())
    }
}

/// Refuses a model time or a nonce that doesn't follow the last one.
fn check_order(
    model_time: u64,
    timestamp: u64,
    last_model_time: u64,
    nonce: u64,
    last: u64,
) -> Result<(), Revert> {
    if nonce <= last {
        return Err(refuse!(IOracle::StaleNonce { nonce, last }));
    }
    let oldest = last_model_time.max(timestamp.saturating_sub(MODEL_LIFE));
    if model_time > timestamp || model_time < oldest {
        return Err(refuse!(IOracle::InvalidModelTime { modelTime: model_time, timestamp }));
    }
    Ok(())
}

/// The model that stands next in the calldata, and its nonce, if prices can be made of it.
fn model(input: &mut Input<'_>, index: u128) -> Result<(Model, u64), Revert> {
    let evaluated_at = input.u64()?;
    let forward = input.u128()?;
    within(b"forward", forward, 1, MAX_PRICE)?;
    let rate = input.i64()?;
    let slice = Slice {
        a: input.i64()?,
        b: input.u64()?,
        rho: input.i64()?,
        m: input.i64()?,
        sigma: input.u64()?,
    };
    let mut confidence = |name: &[u8]| {
        let confidence = input.u64()?;
        within(name, confidence.into(), 0, CONFIDENCE_ONE.into())?;
        Ok::<_, Revert>(confidence)
    };
    let forward_confidence = confidence(b"forwardConfidence")?;
    let rate_confidence = confidence(b"rateConfidence")?;
    let volatility_confidence = confidence(b"volatilityConfidence")?;
    let nonce = input.u64()?;
    if let Err(arbitrage) = slice.check() {
        let (condition, place) = arbitrage.describe();
        return Err(refuse!(IOracle::ArbitrageableSurface { condition, where_: place }));
    }
    let model = Model {
        forward,
        slice,
        rate,
        evaluated_at,
        forward_confidence,
        rate_confidence,
        volatility_confidence,
        ratio: Model::ratio_of(forward, index),
    };
    Ok((model, nonce))
}
