//! `ArbGasInfo` (0x6c): prices. The parent chain costs nothing here, so its parts are zero.

use alloy_primitives::{Address, U256};
use alloy_sol_types::{SolCall, SolInterface, sol};
use revm::Database;

use super::call::{Call, Failure, Purity};

sol! {
    interface ArbGasInfo {
        function getPricesInWei() external view
            returns (uint256, uint256, uint256, uint256, uint256, uint256);
        function getPricesInWeiWithAggregator(address aggregator) external view
            returns (uint256, uint256, uint256, uint256, uint256, uint256);
        function getPricesInArbGas() external view returns (uint256, uint256, uint256);
        function getGasAccountingParams() external view returns (uint256, uint256, uint256);
        function getMinimumGasPrice() external view returns (uint256);
        function getL1BaseFeeEstimate() external view returns (uint256);
        function getL1GasPriceEstimate() external view returns (uint256);
        function getCurrentTxL1GasFees() external view returns (uint256);
        function getGasBacklog() external view returns (uint64);
        function getPricingInertia() external view returns (uint64);
        function getGasBacklogTolerance() external view returns (uint64);
        function getL1RewardRecipient() external view returns (address);
        function getL1RewardRate() external view returns (uint64);
    }
}

/// Lowest base fee of the chain, in wei.
const MINIMUM_PRICE: u64 = 100_000_000;
/// Gas of a storage write.
const STORAGE_GAS: u64 = 20_000;
/// Gas per second that the price is stable at.
const SPEED_LIMIT: u64 = 7_000_000;

pub(super) fn run<DB: Database>(call: &mut Call<'_, DB>, input: &[u8]) -> Result<Vec<u8>, Failure> {
    use ArbGasInfo as G;
    use ArbGasInfo::ArbGasInfoCalls as C;
    let method = C::abi_decode(input).map_err(|_| Failure::BurnAll)?;
    call.enter(Purity::View)?;
    let base_fee = call.ctx.block.basefee;
    let minimum = base_fee.min(MINIMUM_PRICE);
    let limit = U256::from(call.ctx.chain.config.compute_gas_limit);
    let owner: Address = call.ctx.chain.config.owner;
    let storage = U256::from(base_fee).saturating_mul(U256::from(STORAGE_GAS));
    let congestion = U256::from(base_fee.saturating_sub(minimum));
    let (base, total) = (U256::from(minimum), U256::from(base_fee));
    Ok(match method {
        C::getPricesInWei(_) => G::getPricesInWeiCall::abi_encode_returns(
            &(U256::ZERO, U256::ZERO, storage, base, congestion, total).into(),
        ),
        C::getPricesInWeiWithAggregator(_) => {
            G::getPricesInWeiWithAggregatorCall::abi_encode_returns(
                &(U256::ZERO, U256::ZERO, storage, base, congestion, total).into(),
            )
        }
        C::getPricesInArbGas(_) => G::getPricesInArbGasCall::abi_encode_returns(
            &(U256::ZERO, U256::ZERO, U256::from(STORAGE_GAS)).into(),
        ),
        C::getGasAccountingParams(_) => G::getGasAccountingParamsCall::abi_encode_returns(
            &(U256::from(SPEED_LIMIT), limit, limit).into(),
        ),
        C::getMinimumGasPrice(_) => {
            G::getMinimumGasPriceCall::abi_encode_returns(&U256::from(MINIMUM_PRICE))
        }
        C::getL1BaseFeeEstimate(_) => G::getL1BaseFeeEstimateCall::abi_encode_returns(&U256::ZERO),
        C::getL1GasPriceEstimate(_) => {
            G::getL1GasPriceEstimateCall::abi_encode_returns(&U256::ZERO)
        }
        C::getCurrentTxL1GasFees(_) => {
            G::getCurrentTxL1GasFeesCall::abi_encode_returns(&U256::ZERO)
        }
        C::getGasBacklog(_) => G::getGasBacklogCall::abi_encode_returns(&0),
        C::getPricingInertia(_) => G::getPricingInertiaCall::abi_encode_returns(&102),
        C::getGasBacklogTolerance(_) => G::getGasBacklogToleranceCall::abi_encode_returns(&10),
        C::getL1RewardRecipient(_) => G::getL1RewardRecipientCall::abi_encode_returns(&owner),
        C::getL1RewardRate(_) => G::getL1RewardRateCall::abi_encode_returns(&0),
    })
}
