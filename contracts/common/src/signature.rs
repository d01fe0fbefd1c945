//! EIP-712 digests and who signed them.
//!
//! Source: EIP-712 (typed data), EIP-2 (a signature's `s` in the lower half of the group), ERC-1271 (contract wallets).

use alloc::vec::Vec;

use alloy_primitives::{Address, B256, U256, address, b256};
use alloy_sol_types::SolCall;
use novate_abi::{IERC1271, IErrors};
use stylus_sdk::{keccak_const::Keccak256, stylus_core::Host};

use crate::{
    Revert, Word,
    call::{call_stranger, view_bytes},
    host::code_size,
    refuse, selected,
};

const ECRECOVER: Address = address!("0000000000000000000000000000000000000001");

/// Half of the order of secp256k1, rounded down: the greatest `s` of a signature that can't be changed by a stranger.
const HALF_ORDER: B256 = b256!("7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0");

/// What `isValidSignature` of ERC-1271 answers to a good signature.
const MAGIC: [u8; 4] = [0x16, 0x26, 0xba, 0x7e];

const DOMAIN_TYPE: &[u8] =
    b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)";

/// keccak256 at compile time, for type strings.
pub const fn keccak(bytes: &[u8]) -> B256 {
    B256::new(Keccak256::new().update(bytes).finalize())
}

/// Hash of the concatenated words, as `keccak256(abi.encode(...))` over static types.
pub fn hash_words(vm: &impl Host, words: &[B256]) -> B256 {
    let mut bytes = Vec::new();
    for word in words {
        word.push(&mut bytes);
    }
    vm.native_keccak256(&bytes)
}

/// The separator of the domain `name`, `version`, this chain and this contract.
///
/// `name_hash` and `version_hash` are their [`keccak`].
pub fn domain_separator(vm: &impl Host, name_hash: B256, version_hash: B256) -> B256 {
    const TYPE: B256 = keccak(DOMAIN_TYPE);
    let chain = U256::from(vm.chain_id()).into();
    hash_words(vm, &[TYPE, name_hash, version_hash, chain, vm.contract_address().into_word()])
}

/// The digest to be signed for the structure hash `structure`.
pub fn digest(vm: &impl Host, domain: B256, structure: B256) -> B256 {
    let mut bytes = Vec::with_capacity(66);
    bytes.extend_from_slice(&[0x19, 0x01]);
    bytes.extend_from_slice(domain.as_slice());
    bytes.extend_from_slice(structure.as_slice());
    vm.native_keccak256(&bytes)
}

/// Who signed `digest`: `signature` is r (32 bytes), s (32), v (1: 27 or 28).
///
/// # Errors
/// `InvalidSignature(0)` for one of another length, with `s` in the upper half, another `v`, or that nobody made.
pub fn recover(_vm: &impl Host, digest: B256, signature: &[u8]) -> Result<Address, Revert> {
    let signature: &[u8; 65] = signature.try_into().map_err(|_| invalid(Address::ZERO))?;
    let [points @ .., v] = signature;
    let (r, s) = points.split_at(32);
    if !matches!(v, 27 | 28) || s > HALF_ORDER.as_slice() {
        return Err(invalid(Address::ZERO));
    }
    let mut input = Vec::with_capacity(128);
    input.extend_from_slice(digest.as_slice());
    input.extend_from_slice(&[0; 31]);
    input.push(*v);
    input.extend_from_slice(r);
    input.extend_from_slice(s);
    let answer = view_bytes(ECRECOVER, &input).map_err(|_| invalid(Address::ZERO))?;
    answer
        .last_chunk()
        .map(|signer| Address::new(*signer))
        .filter(|signer| !signer.is_zero())
        .ok_or_else(|| invalid(Address::ZERO))
}

/// Refuses unless `signer` signed `digest`: by key, also where the account has code (EIP-7702), else as a contract wallet by
/// ERC-1271.
///
/// # Errors
/// `InvalidSignature(recovered)` with who signed instead (the wallet itself, if it denies).
pub fn require_signed(
    vm: &impl Host,
    signer: Address,
    digest: B256,
    signature: &[u8],
) -> Result<(), Revert> {
    let recovered = recover(vm, digest, signature);
    if recovered.as_ref().is_ok_and(|recovered| *recovered == signer) {
        return Ok(());
    }
    if code_size(signer) == 0 {
        return recovered.and_then(|recovered| Err(invalid(recovered)));
    }
    match call_stranger(signer, &bytes_argument(digest, signature), false) {
        Ok(answer) if answer.length == 32 && answer.data.starts_with(&MAGIC) => Ok(()),
        _ => Err(invalid(signer)),
    }
}

/// Calldata of `isValidSignature(digest, signature)`.
fn bytes_argument(digest: B256, signature: &[u8]) -> Vec<u8> {
    let length = u64::try_from(signature.len()).unwrap_or(u64::MAX);
    let selector = IERC1271::isValidSignatureCall::SELECTOR;
    let mut calldata = selected![selector, digest, 64_u64, length];
    calldata.extend_from_slice(signature);
    calldata.resize(calldata.len().next_multiple_of(32).saturating_add(4), 0);
    calldata
}

fn invalid(recovered: Address) -> Revert {
    refuse!(IErrors::InvalidSignature { recovered })
}
