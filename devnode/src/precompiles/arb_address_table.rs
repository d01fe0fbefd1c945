//! `ArbAddressTable` (0x66): short indices for addresses.

use alloy_primitives::{Address, B256, U256};
use alloy_rlp::{Decodable, Encodable, Header};
use alloy_sol_types::{SolCall, SolInterface, sol};
use revm::Database;

use super::call::{Call, Failure, Purity};
use crate::{
    stylus::{keyed, set_slot},
    wasm::wide,
};

sol! {
    interface ArbAddressTable {
        function register(address account) external returns (uint256);
        function addressExists(address account) external view returns (bool);
        function lookup(address account) external view returns (uint256);
        function lookupIndex(uint256 index) external view returns (address);
        function size() external view returns (uint256);
        function compress(address account) external view returns (bytes memory);
        function decompress(bytes calldata buffer, uint256 offset) external view
            returns (address, uint256);
    }
}

const TABLE: &str = "address table";

pub(super) fn run<DB: Database>(call: &mut Call<'_, DB>, input: &[u8]) -> Result<Vec<u8>, Failure> {
    use ArbAddressTable as T;
    use ArbAddressTable::ArbAddressTableCalls as C;
    let method = C::abi_decode(input).map_err(|_| Failure::BurnAll)?;
    call.enter(if matches!(method, C::register(_)) { Purity::Write } else { Purity::View })?;
    Ok(match method {
        C::register(arguments) => {
            let index = register(call, arguments.account)?;
            T::registerCall::abi_encode_returns(&U256::from(index))
        }
        C::addressExists(arguments) => {
            let exists = index_of(call, arguments.account)?.is_some();
            T::addressExistsCall::abi_encode_returns(&exists)
        }
        C::lookup(arguments) => {
            let index = index_of(call, arguments.account)?.ok_or(Failure::Revert(Vec::new()))?;
            T::lookupCall::abi_encode_returns(&U256::from(index))
        }
        C::lookupIndex(arguments) => {
            let index = u64::try_from(arguments.index).map_err(|_| Failure::Revert(Vec::new()))?;
            T::lookupIndexCall::abi_encode_returns(&address_at(call, index)?)
        }
        C::size(_) => T::sizeCall::abi_encode_returns(&U256::from(size(call)?)),
        C::compress(arguments) => {
            let mut bytes = Vec::new();
            match index_of(call, arguments.account)? {
                Some(index) => index.encode(&mut bytes),
                None => arguments.account.encode(&mut bytes),
            }
            T::compressCall::abi_encode_returns(&bytes.into())
        }
        C::decompress(arguments) => {
            let rest = usize::try_from(arguments.offset)
                .ok()
                .and_then(|offset| arguments.buffer.get(offset..))
                .ok_or(Failure::Revert(Vec::new()))?;
            let (address, read) = decompress(call, rest)?;
            T::decompressCall::abi_encode_returns(&(address, U256::from(read)).into())
        }
    })
}

fn size<DB: Database>(call: &mut Call<'_, DB>) -> Result<u64, Failure> {
    Ok(call.read(set_slot(TABLE, 0))?.saturating_to())
}

fn index_of<DB: Database>(
    call: &mut Call<'_, DB>,
    account: Address,
) -> Result<Option<u64>, Failure> {
    let position: u64 = call.read(keyed(TABLE, account.into_word()))?.saturating_to();
    Ok(position.checked_sub(1))
}

fn address_at<DB: Database>(call: &mut Call<'_, DB>, index: u64) -> Result<Address, Failure> {
    if index >= size(call)? {
        return Err(Failure::Revert(Vec::new()));
    }
    let word = call.read(set_slot(TABLE, index.saturating_add(1)))?;
    Ok(Address::from_word(B256::from(word)))
}

fn register<DB: Database>(call: &mut Call<'_, DB>, account: Address) -> Result<u64, Failure> {
    if let Some(index) = index_of(call, account)? {
        return Ok(index);
    }
    let index = size(call)?;
    let position = index.saturating_add(1);
    call.write(set_slot(TABLE, 0), U256::from(position))?;
    call.write(set_slot(TABLE, position), account.into_word().into())?;
    call.write(keyed(TABLE, account.into_word()), U256::from(position))?;
    Ok(index)
}

/// An address as it is, or by its index, and how many bytes it took.
fn decompress<DB: Database>(
    call: &mut Call<'_, DB>,
    buffer: &[u8],
) -> Result<(Address, u64), Failure> {
    let malformed = |_| Failure::Revert(Vec::new());
    let mut rest = buffer;
    let payload = Header::decode_bytes(&mut rest, false).map_err(malformed)?;
    let read = wide(buffer.len().saturating_sub(rest.len()));
    if payload.len() == Address::len_bytes() {
        return Ok((Address::from_slice(payload), read));
    }
    let index = u64::decode(&mut &*buffer).map_err(malformed)?;
    Ok((address_at(call, index)?, read))
}
