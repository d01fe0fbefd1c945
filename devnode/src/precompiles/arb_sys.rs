//! `ArbSys` (0x64): block, chain and caller.

use alloy_primitives::{Address, B256, Bytes, U256, address};
use alloy_sol_types::{SolCall, SolInterface, sol};
use revm::{Database, context_interface::JournalTr};

use super::{
    arb_sys_send,
    call::{Call, Failure, Purity, fatal},
};

sol! {
    interface ArbSys {
        function arbBlockNumber() external view returns (uint256);
        function arbBlockHash(uint256 number) external view returns (bytes32);
        function arbChainID() external view returns (uint256);
        function arbOSVersion() external view returns (uint256);
        function getStorageGasAvailable() external view returns (uint256);
        function isTopLevelCall() external view returns (bool);
        function mapL1SenderContractAddressToL2Alias(address sender, address unused)
            external pure returns (address);
        function wasMyCallersAddressAliased() external view returns (bool);
        function myCallersAddressWithoutAliasing() external view returns (address);
        function sendTxToL1(address destination, bytes calldata data) external payable
            returns (uint256);
        function withdrawEth(address destination) external payable returns (uint256);
        error InvalidBlockNumber(uint256 requested, uint256 current);
    }
}

/// Added to the address of a contract of the parent chain to give its alias here.
const ALIAS_OFFSET: Address = address!("1111000000000000000000000000000000001111");
/// What `arbOSVersion` adds to the version.
const VERSION_OFFSET: u64 = 55;
/// Blocks whose hash can be asked for.
const KNOWN_HASHES: u64 = 256;

pub(super) fn run<DB: Database>(call: &mut Call<'_, DB>, input: &[u8]) -> Result<Vec<u8>, Failure> {
    use ArbSys::ArbSysCalls as C;
    let method = C::abi_decode(input).map_err(|_| Failure::BurnAll)?;
    let purity = match method {
        C::mapL1SenderContractAddressToL2Alias(_) => Purity::Pure,
        C::sendTxToL1(_) | C::withdrawEth(_) => Purity::Payable,
        _ => Purity::View,
    };
    call.enter(purity)?;
    Ok(match method {
        C::arbBlockNumber(_) => {
            let number = U256::from(call.ctx.chain.block_number);
            ArbSys::arbBlockNumberCall::abi_encode_returns(&number)
        }
        C::arbBlockHash(arguments) => {
            let hash = block_hash(call, arguments.number)?;
            ArbSys::arbBlockHashCall::abi_encode_returns(&hash)
        }
        C::arbChainID(_) => {
            let id = U256::from(call.ctx.chain.config.chain_id);
            ArbSys::arbChainIDCall::abi_encode_returns(&id)
        }
        C::arbOSVersion(_) => {
            let version = call.ctx.chain.config.arbos.number().saturating_add(VERSION_OFFSET);
            ArbSys::arbOSVersionCall::abi_encode_returns(&U256::from(version))
        }
        C::getStorageGasAvailable(_) => {
            ArbSys::getStorageGasAvailableCall::abi_encode_returns(&U256::ZERO)
        }
        C::sendTxToL1(arguments) => {
            let number = arb_sys_send::send(call, arguments.destination, arguments.data)?;
            ArbSys::sendTxToL1Call::abi_encode_returns(&number)
        }
        C::withdrawEth(arguments) => {
            let number = arb_sys_send::send(call, arguments.destination, Bytes::new())?;
            ArbSys::withdrawEthCall::abi_encode_returns(&number)
        }
        C::isTopLevelCall(_) => {
            let is_top = call.ctx.chain.open.len() <= 2;
            ArbSys::isTopLevelCallCall::abi_encode_returns(&is_top)
        }
        C::mapL1SenderContractAddressToL2Alias(arguments) => {
            let alias = alias(arguments.sender);
            ArbSys::mapL1SenderContractAddressToL2AliasCall::abi_encode_returns(&alias)
        }
        C::wasMyCallersAddressAliased(_) => {
            // Only transactions from the parent chain alias senders; this chain has none.
            ArbSys::wasMyCallersAddressAliasedCall::abi_encode_returns(&false)
        }
        C::myCallersAddressWithoutAliasing(_) => {
            let open = &call.ctx.chain.open;
            let above = open.len().checked_sub(2).and_then(|index| open.get(index));
            let address = above.map(|frame| frame.caller).unwrap_or_default();
            ArbSys::myCallersAddressWithoutAliasingCall::abi_encode_returns(&address)
        }
    })
}

fn alias(address: Address) -> Address {
    let number = U256::from_be_slice(address.as_slice());
    let sum = number.wrapping_add(U256::from_be_slice(ALIAS_OFFSET.as_slice()));
    Address::from_word(B256::from(sum))
}

fn block_hash<DB: Database>(call: &mut Call<'_, DB>, number: U256) -> Result<B256, Failure> {
    let current = call.ctx.chain.block_number;
    let known = u64::try_from(number)
        .ok()
        .filter(|&number| number < current && number.saturating_add(KNOWN_HASHES) >= current);
    let Some(known) = known else {
        let current = U256::from(current);
        return Err(Failure::error(&ArbSys::InvalidBlockNumber { requested: number, current }));
    };
    call.ctx.journaled_state.db_mut().block_hash(known).map_err(fatal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alias_adds_the_documented_offset() {
        let expected = address!("1111000000000000000000000000000000001111");
        assert_eq!(alias(Address::ZERO), expected);
        let wrapped = address!("1111000000000000000000000000000000001110");
        assert_eq!(alias(Address::repeat_byte(0xff)), wrapped);
    }
}
