//! The signed message: read, hashed and checked for its signatures.

use alloc::vec::Vec;

use alloy_primitives::{Address, B256, U256};
use novate_abi::{IErrors, IOracle};
use novate_common::{
    Bytes, Input, Revert, Word, refuse,
    signature::{self, keccak},
};
use stylus_sdk::stylus_core::Host;

use crate::{
    admin::publisher_count, error::within, load::headed, storage::IS_PUBLISHER, words::SurfaceWord,
};

macro_rules! expiry_type {
    () => {
        "ExpiryUpdate(uint64 expiry,uint128 forward,uint32 rate,int40 a,uint32 b,int32 rho,int40 m,uint40 sigma,uint16 forwardConfidence,uint16 rateConfidence,uint16 volatilityConfidence)"
    };
}

/// EIP-712 types.
const EXPIRY_TYPE: B256 = keccak(expiry_type!().as_bytes());
const MARKET_TYPE: B256 = keccak(
    concat!(
        "MarketUpdate(uint8 underlying,uint64 modelTime,uint128 indexReference,uint128 perpetualMark,uint16 perpetualConfidence,ExpiryUpdate[] expiries)",
        expiry_type!()
    )
    .as_bytes(),
);
const NAME: B256 = keccak(b"Novate Oracle");
const VERSION: B256 = keccak(b"2");

/// Most expiries of a message.
const MOST_EXPIRIES: u128 = 32;
/// Words of an expiry in calldata.
const EXPIRY_WORDS: usize = 11;
/// A confidence of 1.
const CONFIDENCE: u128 = 10_000;

/// The EIP-712 domain separator.
pub(crate) fn domain(vm: &impl Host) -> B256 {
    signature::domain_separator(vm, NAME, VERSION)
}

/// What a message says of an expiry.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry {
    pub(crate) expiry: u64,
    pub(crate) forward: u128,
    pub(crate) rate: u32,
    pub(crate) surface: SurfaceWord,
    pub(crate) forward_confidence: u16,
    pub(crate) rate_confidence: u16,
    pub(crate) volatility_confidence: u16,
}

/// A market of an underlying.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) underlying: u8,
    pub(crate) model_time: u64,
    pub(crate) reference: u128,
    /// 0: no perpetual.
    pub(crate) mark: u128,
    pub(crate) mark_confidence: u16,
    pub(crate) entries: Vec<Entry>,
    structure: B256,
}

impl Message {
    /// Reads the structure whose offset stands next in the calldata.
    pub(crate) fn read(vm: &impl Host, input: &mut Input<'_>) -> Result<Self, Revert> {
        let mut fields = input.structure()?;
        let mut hashed = Bytes::with_capacity(7 * 32);
        MARKET_TYPE.push(&mut hashed);
        hashed.extend_from_slice({ fields }.words(5)?);
        let (underlying, model_time) = (fields.u8()?, fields.u64()?);
        let (reference, mark) = (fields.u128()?, fields.u128()?);
        let mark_confidence = fields.u16()?;
        within(b"perpetualConfidence", mark_confidence.into(), 0, CONFIDENCE)?;
        let (count, mut elements) = fields.array(EXPIRY_WORDS)?;
        within(b"expiries", u128::try_from(count).unwrap_or(u128::MAX), 0, MOST_EXPIRIES)?;
        let mut entries = Vec::with_capacity(count);
        let mut structures = Bytes::with_capacity(count.saturating_mul(32));
        let mut entry = Bytes::with_capacity(12 * 32);
        for _ in 0..count {
            entry.clear();
            EXPIRY_TYPE.push(&mut entry);
            entry.extend_from_slice({ elements }.words(EXPIRY_WORDS)?);
            vm.native_keccak256(&entry).push(&mut structures);
            entries.push(Entry::read(&mut elements, model_time)?);
        }
        vm.native_keccak256(&structures).push(&mut hashed);
        let structure = vm.native_keccak256(&hashed);
        Ok(Self { underlying, model_time, reference, mark, mark_confidence, entries, structure })
    }

    /// Refuses what fewer publishers signed than must; the signatures stand next in the calldata, in ascending order of
    /// signer. Tells whether all publishers signed, and they are more than must.
    pub(crate) fn check(&self, vm: &impl Host, input: &mut Input<'_>) -> Result<bool, Revert> {
        let (count, mut elements) = input.array(1)?;
        let digest = signature::digest(vm, domain(vm), self.structure);
        let (mut last, mut numbers) = (Address::ZERO, None);
        for _ in 0..count {
            let recovered = signature::recover(vm, digest, elements.bytes()?)?;
            let [publishers, threshold, ..] = IS_PUBLISHER.of(&recovered).get().0;
            if recovered <= last || publishers == 0 {
                return Err(refuse!(IErrors::InvalidSignature { recovered }));
            }
            last = recovered;
            numbers = Some((publishers, threshold));
        }
        let (publishers, threshold) = numbers.unwrap_or_else(publisher_count);
        let given = U256::from(count);
        let required = U256::from(threshold.max(1));
        if given < required {
            return Err(refuse!(IOracle::TooFewSignatures { given, required }));
        }
        Ok(given == U256::from(publishers) && publishers > threshold)
    }
}

impl Entry {
    fn read(input: &mut Input<'_>, model_time: u64) -> Result<Self, Revert> {
        let (expiry, forward, rate) = (input.u64()?, input.u128()?, input.u32()?);
        let a = signed(input, 40)?;
        let b = input.u32()?;
        let (rho, m) = (signed(input, 32)?, signed(input, 40)?);
        let sigma = input.u64()?;
        if sigma >> 40 != 0 {
            return Err(input.last_malformed());
        }
        let mut confidence = |name: &[u8]| {
            let confidence = input.u16()?;
            within(name, confidence.into(), 0, CONFIDENCE)?;
            Ok::<_, Revert>(confidence)
        };
        Ok(Self {
            expiry,
            forward,
            rate,
            surface: SurfaceWord { a, b, rho, m, sigma, time: model_time },
            forward_confidence: confidence(b"forwardConfidence")?,
            rate_confidence: confidence(b"rateConfidence")?,
            volatility_confidence: confidence(b"volatilityConfidence")?,
        })
    }
}

/// A signed integer of so many bits.
fn signed(input: &mut Input<'_>, bits: u32) -> Result<i64, Revert> {
    let value = input.i64()?;
    let above = 64_u32.wrapping_sub(bits);
    if value.wrapping_shl(above) >> above == value {
        Ok(value)
    } else {
        Err(input.last_malformed())
    }
}

/// The word that is kept for a publisher: how many there are, and how many must sign.
pub(crate) fn publisher_word(count: u8, threshold: u8) -> B256 {
    headed(&[count, threshold], &Address::ZERO)
}
