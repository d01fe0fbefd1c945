//! `ArbOwnerPublic` (0x6b): who owns the chain.

use alloy_primitives::Address;
use alloy_sol_types::{SolCall, SolInterface, sol};
use revm::Database;

use super::{
    arb_owner,
    call::{Call, Failure, Purity},
};

sol! {
    interface ArbOwnerPublic {
        function isChainOwner(address account) external view returns (bool);
        function getAllChainOwners() external view returns (address[] memory);
        function getNetworkFeeAccount() external view returns (address);
        function getInfraFeeAccount() external view returns (address);
        function getBrotliCompressionLevel() external view returns (uint64);
        function getScheduledUpgrade() external view returns (uint64, uint64);
        function isCalldataPriceIncreaseEnabled() external view returns (bool);
        function getMaxStylusContractFragments() external view returns (uint8);
        function rectifyChainOwner(address account) external;
        function isNativeTokenOwner(address account) external view returns (bool);
        function getAllNativeTokenOwners() external view returns (address[] memory);
        function getParentGasFloorPerToken() external view returns (uint64);
        function getNativeTokenManagementFrom() external view returns (uint64);
    }
}

/// Gas of looking up the parameters.
const PARAMS_GAS: u64 = 100;

pub(super) fn run<DB: Database>(call: &mut Call<'_, DB>, input: &[u8]) -> Result<Vec<u8>, Failure> {
    use ArbOwnerPublic as P;
    use ArbOwnerPublic::ArbOwnerPublicCalls as C;
    let method = C::abi_decode(input).map_err(|_| Failure::BurnAll)?;
    let rectifies = matches!(method, C::rectifyChainOwner(_));
    call.enter(if rectifies { Purity::Write } else { Purity::View })?;
    let owner = call.ctx.chain.config.owner;
    call.pay_for_reads(match method {
        C::getScheduledUpgrade(_) => 2,
        C::isChainOwner(_)
        | C::rectifyChainOwner(_)
        | C::getAllChainOwners(_)
        | C::getMaxStylusContractFragments(_) => 0,
        _ => 1,
    })?;
    Ok(match method {
        C::isChainOwner(arguments) => {
            let is_owner = arb_owner::is_owner(call, arguments.account)?;
            P::isChainOwnerCall::abi_encode_returns(&is_owner)
        }
        C::getAllChainOwners(_) => {
            let owners = arb_owner::owners(call)?;
            P::getAllChainOwnersCall::abi_encode_returns(&owners)
        }
        C::rectifyChainOwner(arguments) => {
            // Of an owner the index, the entry there and the size are read; they are always right.
            if arb_owner::is_owner(call, arguments.account)? {
                call.pay_for_reads(3)?;
            }
            return Err(Failure::Revert(Vec::new()));
        }
        C::isNativeTokenOwner(_) => P::isNativeTokenOwnerCall::abi_encode_returns(&false),
        C::getAllNativeTokenOwners(_) => {
            P::getAllNativeTokenOwnersCall::abi_encode_returns(&Vec::new())
        }
        C::getParentGasFloorPerToken(_) | C::getNativeTokenManagementFrom(_) => {
            P::getParentGasFloorPerTokenCall::abi_encode_returns(&0)
        }
        C::getNetworkFeeAccount(_) => P::getNetworkFeeAccountCall::abi_encode_returns(&owner),
        // Nobody was ever named.
        C::getInfraFeeAccount(_) => P::getInfraFeeAccountCall::abi_encode_returns(&Address::ZERO),
        C::getBrotliCompressionLevel(_) => P::getBrotliCompressionLevelCall::abi_encode_returns(&1),
        C::getScheduledUpgrade(_) => P::getScheduledUpgradeCall::abi_encode_returns(&(0, 0).into()),
        C::isCalldataPriceIncreaseEnabled(_) => {
            P::isCalldataPriceIncreaseEnabledCall::abi_encode_returns(&false)
        }
        C::getMaxStylusContractFragments(_) => {
            if !call.ctx.chain.has_fragments() {
                return Err(Failure::BurnAll);
            }
            call.burn(PARAMS_GAS)?;
            let most = call.ctx.chain.params.max_fragments;
            P::getMaxStylusContractFragmentsCall::abi_encode_returns(&most)
        }
    })
}
