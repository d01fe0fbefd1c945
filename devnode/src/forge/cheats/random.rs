//! Random values, the same for the same seed.

use alloy_dyn_abi::DynSolValue;
use alloy_primitives::{Address, B256, I256, U256, keccak256};

use super::{Args, Code, Reply, Session, args, numbers::into_range};

pub(super) const CODES: &[(&str, Code)] = &[
    ("randomUint()", Code::Plain(uint)),
    ("randomUint(uint256)", Code::Plain(uint_of_bits)),
    ("randomUint(uint256,uint256)", Code::Plain(uint_between)),
    ("randomInt()", Code::Plain(int)),
    ("randomInt(uint256)", Code::Plain(int_of_bits)),
    ("randomAddress()", Code::Plain(address)),
    ("randomBool()", Code::Plain(boolean)),
    ("randomBytes(uint256)", Code::Plain(bytes)),
    ("setSeed(uint256)", Code::Plain(set_seed)),
];

/// A stream of random words: hashes of a counter.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::forge) struct Random {
    seed: U256,
    count: u64,
}

impl Random {
    /// The stream of a seed.
    pub(in crate::forge) const fn new(seed: U256) -> Self {
        Self { seed, count: 0 }
    }

    /// The stream of a seed that belongs to a name.
    pub(in crate::forge) fn named(seed: U256, name: &str) -> Self {
        let mut data = seed.to_be_bytes::<32>().to_vec();
        data.extend_from_slice(name.as_bytes());
        Self::new(keccak256(data).into())
    }

    /// The next word.
    pub(in crate::forge) fn word(&mut self) -> U256 {
        self.count = self.count.saturating_add(1);
        let mut data = [0; 40];
        let (seed, count) = data.split_at_mut(32);
        seed.copy_from_slice(&self.seed.to_be_bytes::<32>());
        count.copy_from_slice(&self.count.to_be_bytes());
        keccak256(data).into()
    }

    /// The next number below `limit`; 0 for an empty range.
    pub(in crate::forge) fn below(&mut self, limit: usize) -> usize {
        let word = self.word();
        let rest = word.checked_rem(U256::from(limit)).unwrap_or_default();
        usize::try_from(rest).unwrap_or_default()
    }

    /// So many bytes.
    pub(in crate::forge) fn bytes(&mut self, length: usize) -> Vec<u8> {
        let mut out = Vec::with_capacity(length);
        while out.len() < length {
            let word = self.word().to_be_bytes::<32>();
            let rest = length.saturating_sub(out.len());
            out.extend(word.into_iter().take(rest));
        }
        out
    }
}

fn uint(session: &mut Session<'_>, _: &Args) -> Reply {
    Ok(vec![args::uint(session.cheats.random.word())])
}

fn bits(args: &Args) -> Result<usize, super::Failure> {
    let bits = args.small(0)?;
    if bits > 256 {
        return Err("number of bits cannot exceed 256".into());
    }
    Ok(usize::try_from(bits).unwrap_or(256))
}

fn uint_of_bits(session: &mut Session<'_>, args: &Args) -> Reply {
    let word = session.cheats.random.word();
    let kept = word.checked_shr(256_usize.saturating_sub(bits(args)?)).unwrap_or_default();
    Ok(vec![args::uint(kept)])
}

fn uint_between(session: &mut Session<'_>, args: &Args) -> Reply {
    let word = session.cheats.random.word();
    Ok(vec![args::uint(into_range(word, args.uint(0)?, args.uint(1)?)?)])
}

fn int(session: &mut Session<'_>, _: &Args) -> Reply {
    Ok(vec![DynSolValue::Int(I256::from_raw(session.cheats.random.word()), 256)])
}

fn int_of_bits(session: &mut Session<'_>, args: &Args) -> Reply {
    let word = I256::from_raw(session.cheats.random.word());
    let kept = word.asr(256_usize.saturating_sub(bits(args)?));
    Ok(vec![DynSolValue::Int(kept, 256)])
}

fn address(session: &mut Session<'_>, _: &Args) -> Reply {
    let word = B256::from(session.cheats.random.word());
    Ok(vec![args::address(Address::from_word(word))])
}

fn boolean(session: &mut Session<'_>, _: &Args) -> Reply {
    Ok(vec![DynSolValue::Bool(session.cheats.random.word().bit(0))])
}

fn bytes(session: &mut Session<'_>, args: &Args) -> Reply {
    let length = usize::try_from(args.small(0)?.min(1 << 20)).unwrap_or_default();
    Ok(vec![args::bytes(session.cheats.random.bytes(length))])
}

fn set_seed(session: &mut Session<'_>, args: &Args) -> Reply {
    session.cheats.random = Random::new(args.uint(0)?);
    Ok(Vec::new())
}
