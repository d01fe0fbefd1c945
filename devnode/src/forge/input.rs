//! Made-up inputs by ABI type: edges, values of the contract's own code, and random ones.

use alloy_dyn_abi::{DynSolType, DynSolValue};
use alloy_primitives::{Address, B256, Function, I256, U256};

use super::{cheats::Random, suite::Stage};

/// Elements of a list at most.
const MAX_ITEMS: usize = 8;
/// Bytes of a text at most, in most cases; sometimes it is eight times longer.
const MAX_BYTES: usize = 64;
/// Values taken from code at most.
const MAX_VALUES: usize = 2_048;

/// Values that may mean something to the contract under test: those that its code holds.
#[derive(Debug, Clone, Default)]
pub(super) struct Dictionary {
    words: Vec<U256>,
    addresses: Vec<Address>,
}

impl Dictionary {
    /// Collects the constants of all code on the chain, and the addresses of contracts.
    pub(super) fn new(stage: &Stage) -> Self {
        let mut dictionary = Self::default();
        let accounts = &stage.world.db.cache.accounts;
        let mut addresses: Vec<_> = accounts.keys().copied().collect();
        addresses.sort_unstable();
        // The test contract's constants first.
        addresses.sort_by_key(|address| *address != stage.contract);
        for address in addresses {
            dictionary.addresses.push(address);
            let hash = accounts.get(&address).map(|account| account.info.code_hash);
            let code = hash.and_then(|hash| stage.world.db.cache.contracts.get(&hash));
            let code = code.map(revm::bytecode::Bytecode::original_bytes).unwrap_or_default();
            if !code.starts_with(&[0xef]) {
                dictionary.collect(&code);
            }
        }
        dictionary
    }

    fn collect(&mut self, code: &[u8]) {
        let mut rest = code;
        while let Some((opcode, after)) = rest.split_first() {
            // PUSH1 to PUSH32.
            let size = match opcode {
                0x60..=0x7f => usize::from(opcode.wrapping_sub(0x5f)),
                _ => 0,
            };
            let size = size.min(after.len());
            let (word, next) = after.split_at(size);
            if size > 0 && self.words.len() < MAX_VALUES {
                let word = U256::from_be_slice(word);
                if !self.words.contains(&word) {
                    self.words.push(word);
                }
            }
            rest = next;
        }
    }

    fn word(&self, random: &mut Random) -> U256 {
        let at = random.below(self.words.len());
        self.words.get(at).copied().unwrap_or_default()
    }
}

/// A value of that type.
pub(super) fn sample(
    kind: &DynSolType,
    random: &mut Random,
    dictionary: &Dictionary,
    depth: usize,
) -> DynSolValue {
    match kind {
        DynSolType::Bool => DynSolValue::Bool(random.word().bit(0)),
        DynSolType::Uint(bits) => {
            let number = number(*bits, random, dictionary);
            DynSolValue::Uint(number & largest(*bits), *bits)
        }
        DynSolType::Int(bits) => DynSolValue::Int(signed(*bits, random, dictionary), *bits),
        DynSolType::Address => DynSolValue::Address(address(random, dictionary)),
        DynSolType::FixedBytes(size) => {
            let word = B256::from(match random.below(4) {
                0 => U256::ZERO,
                1 => {
                    let shift = 256_usize.saturating_sub(size.saturating_mul(8));
                    dictionary.word(random).wrapping_shl(shift)
                }
                _ => random.word(),
            });
            let kept = word.get(..*size).map(B256::right_padding_from).unwrap_or_default();
            DynSolValue::FixedBytes(kept, *size)
        }
        DynSolType::Function => {
            DynSolValue::Function(Function::from_slice(&random.bytes(Function::len_bytes())))
        }
        DynSolType::Bytes => {
            let length = length(random);
            DynSolValue::Bytes(random.bytes(length))
        }
        DynSolType::String => DynSolValue::String(string(random)),
        DynSolType::Array(item) => {
            let most = MAX_ITEMS >> depth.min(3);
            let count = random.below(most.saturating_add(1));
            DynSolValue::Array(items(item, count, random, dictionary, depth))
        }
        DynSolType::FixedArray(item, count) => {
            DynSolValue::FixedArray(items(item, *count, random, dictionary, depth))
        }
        // A struct's values are passed as a tuple's.
        DynSolType::Tuple(kinds) | DynSolType::CustomStruct { tuple: kinds, .. } => {
            let deeper = depth.saturating_add(1);
            let fields = kinds.iter().map(|kind| sample(kind, random, dictionary, deeper));
            DynSolValue::Tuple(fields.collect())
        }
    }
}

fn items(
    kind: &DynSolType,
    count: usize,
    random: &mut Random,
    dictionary: &Dictionary,
    depth: usize,
) -> Vec<DynSolValue> {
    let deeper = depth.saturating_add(1);
    (0..count).map(|_| sample(kind, random, dictionary, deeper)).collect()
}

/// The largest number of so many bits.
const fn largest(bits: usize) -> U256 {
    U256::MAX.wrapping_shr(256_usize.saturating_sub(bits))
}

/// A number of so many bits: every size is as likely as another, edges more so.
fn number(bits: usize, random: &mut Random, dictionary: &Dictionary) -> U256 {
    let max = largest(bits);
    match random.below(10) {
        0 => U256::from(random.below(4)),
        1 => max.saturating_sub(U256::from(random.below(4))),
        2 => {
            let power = U256::ONE.wrapping_shl(random.below(bits));
            let edges = [power, power.saturating_sub(U256::ONE), power.saturating_add(U256::ONE)];
            edges.get(random.below(3)).copied().unwrap_or_default().min(max)
        }
        3 | 4 => {
            let word = dictionary.word(random);
            let near = [word, word.saturating_add(U256::ONE), word.saturating_sub(U256::ONE)];
            near.get(random.below(3)).copied().filter(|word| *word <= max).unwrap_or(word & max)
        }
        5 => random.word() & max,
        _ => random.word() & largest(random.below(bits).saturating_add(1)),
    }
}

/// As [`number`], with either sign.
fn signed(bits: usize, random: &mut Random, dictionary: &Dictionary) -> I256 {
    let magnitude = number(bits.saturating_sub(1).max(1), random, dictionary);
    let positive = I256::from_raw(magnitude);
    // The complement of a number that fits is a number that fits: 0 and the maximum turn to -1 and
    // the minimum.
    if random.word().bit(0) { positive } else { I256::from_raw(!magnitude) }
}

fn address(random: &mut Random, dictionary: &Dictionary) -> Address {
    match random.below(8) {
        0 => Address::ZERO,
        1 => Address::with_last_byte(u8::try_from(random.below(16)).unwrap_or_default()),
        2 => {
            let at = random.below(dictionary.addresses.len());
            dictionary.addresses.get(at).copied().unwrap_or_default()
        }
        _ => Address::from_word(random.word().into()),
    }
}

fn length(random: &mut Random) -> usize {
    match random.below(8) {
        0 => 0,
        // Around the size of a word.
        1 => 31_usize.saturating_add(random.below(3)),
        2 => random.below(MAX_BYTES.saturating_mul(8)),
        _ => random.below(MAX_BYTES),
    }
}

fn string(random: &mut Random) -> String {
    let length = length(random);
    let char = |random: &mut Random| match random.below(10) {
        0 => ['\0', '\n', 'é', '漢', '🎲', '"', '\\'].get(random.below(7)).copied().unwrap_or(' '),
        _ => char::from(u8::try_from(random.below(95)).unwrap_or_default().saturating_add(32)),
    };
    (0..length).map(|_| char(random)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_encodes_as_its_type() {
        let mut random = Random::new(U256::from(7));
        let dictionary = Dictionary { words: vec![U256::from(1_000)], addresses: Vec::new() };
        let kind = "(bool,uint8,uint256,int8,int256,address,bytes3,bytes32,bytes,string,(int128,bytes)[],uint16[3])";
        let kind = DynSolType::parse(kind).unwrap();
        for _ in 0..2_000 {
            let value = sample(&kind, &mut random, &dictionary, 0);
            assert!(kind.matches(&value), "{value:?}");
            let data = value.abi_encode_params();
            assert_eq!(kind.abi_decode_params(&data).unwrap(), value);
        }
    }

    #[test]
    fn small_integers_take_every_value() {
        let mut random = Random::new(U256::from(1));
        let dictionary = Dictionary::default();
        let mut seen = alloc::collections::BTreeSet::new();
        for _ in 0..50_000 {
            seen.insert(
                sample(&DynSolType::Int(8), &mut random, &dictionary, 0).as_int().unwrap().0,
            );
        }
        assert_eq!(seen.len(), 256);
        assert_eq!(seen.first().unwrap().to_string(), "-128");
    }

    #[test]
    fn constants_of_code_are_tried() {
        let mut dictionary = Dictionary::default();
        // PUSH2 0x1234, ADD, PUSH1 0x07, and a PUSH32 that is cut off.
        dictionary.collect(&[0x61, 0x12, 0x34, 0x01, 0x60, 0x07, 0x7f, 0x09]);
        let words = [0x1234, 7, 9].map(U256::from).to_vec();
        assert_eq!(dictionary.words, words);
    }
}
