//! `ArbGasInfo` (0x6c): prices. The parent chain costs nothing here, so its parts are zero.

use alloy_primitives::{Address, I256, U256};
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
        function getPricesInArbGasWithAggregator(address aggregator) external view
            returns (uint256, uint256, uint256);
        function getGasAccountingParams() external view returns (uint256, uint256, uint256);
        function getMaxTxGasLimit() external view returns (uint256);
        function getMaxBlockGasLimit() external view returns (uint256);
        function getGasPricingConstraints() external view returns (uint64[3][] memory);
        function getMinimumGasPrice() external view returns (uint256);
        function getL1BaseFeeEstimate() external view returns (uint256);
        function getL1BaseFeeEstimateInertia() external view returns (uint64);
        function getL1GasPriceEstimate() external view returns (uint256);
        function getCurrentTxL1GasFees() external view returns (uint256);
        function getGasBacklog() external view returns (uint64);
        function getPricingInertia() external view returns (uint64);
        function getGasBacklogTolerance() external view returns (uint64);
        function getL1RewardRecipient() external view returns (address);
        function getL1RewardRate() external view returns (uint64);
        function getL1PricingSurplus() external view returns (int256);
        function getL1FeesAvailable() external view returns (uint256);
        function getL1PricingUnitsSinceUpdate() external view returns (uint64);
        function getLastL1PricingSurplus() external view returns (int256);
        function getPerBatchGasCharge() external view returns (int64);
        function getAmortizedCostCapBips() external view returns (uint64);
        function getL1PricingEquilibrationUnits() external view returns (uint256);
        function getLastL1PricingUpdateTime() external view returns (uint64);
        function getL1PricingFundsDueForRewards() external view returns (uint256);
    }
}

/// Lowest base fee of the chain, in wei.
const MINIMUM_PRICE: u64 = 100_000_000;
/// Gas of a storage write.
const STORAGE_GAS: u64 = 20_000;
/// Gas per second that the price is stable at.
const SPEED_LIMIT: u64 = 7_000_000;
/// How slowly the estimate of the parent chain's base fee would follow.
const L1_INERTIA: u64 = 10;
/// How slowly the base fee follows the backlog.
const INERTIA: u64 = 102;
/// Gas that a batch would cost its poster besides its data.
const BATCH_GAS: i64 = 210_000;
/// Wei that a unit of data posted earns its reward's recipient.
const REWARD_RATE: u64 = 10;
/// Units of data over which the parent chain's price would be corrected.
const EQUILIBRATION_UNITS: u64 = 160_000_000;
/// Seconds of backlog that are forgiven.
const TOLERANCE: u64 = 10;

pub(super) fn run<DB: Database>(call: &mut Call<'_, DB>, input: &[u8]) -> Result<Vec<u8>, Failure> {
    let method = ArbGasInfo::ArbGasInfoCalls::abi_decode(input).map_err(|_| Failure::BurnAll)?;
    call.enter(Purity::View)?;
    call.pay_for_reads(reads(&method))?;
    Ok(answer(call, &method))
}

/// How many values of the chain's state a method reads.
const fn reads(method: &ArbGasInfo::ArbGasInfoCalls) -> u64 {
    use ArbGasInfo::ArbGasInfoCalls as C;
    match method {
        C::getCurrentTxL1GasFees(_) => 0,
        C::getPricesInWei(_)
        | C::getPricesInWeiWithAggregator(_)
        | C::getGasAccountingParams(_) => 2,
        // What is due to posters and as rewards, and what there is.
        C::getL1PricingSurplus(_) => 3,
        _ => 1,
    }
}

fn answer<DB: Database>(call: &Call<'_, DB>, method: &ArbGasInfo::ArbGasInfoCalls) -> Vec<u8> {
    use ArbGasInfo as G;
    use ArbGasInfo::ArbGasInfoCalls as C;
    let base_fee = call.ctx.chain.hidden_base_fee.unwrap_or(call.ctx.block.basefee);
    let minimum = base_fee.min(MINIMUM_PRICE);
    let limit = U256::from(call.ctx.chain.config.compute_gas_limit);
    let owner: Address = call.ctx.chain.config.owner;
    let zero = U256::ZERO;
    match method {
        C::getPricesInWei(_) | C::getPricesInWeiWithAggregator(_) => {
            let storage = U256::from(base_fee).saturating_mul(U256::from(STORAGE_GAS));
            let congestion = U256::from(base_fee.saturating_sub(minimum));
            let (base, total) = (U256::from(minimum), U256::from(base_fee));
            let prices = (zero, zero, storage, base, congestion, total);
            G::getPricesInWeiCall::abi_encode_returns(&prices.into())
        }
        C::getPricesInArbGas(_) | C::getPricesInArbGasWithAggregator(_) => {
            let prices = (zero, zero, U256::from(STORAGE_GAS));
            G::getPricesInArbGasCall::abi_encode_returns(&prices.into())
        }
        C::getGasAccountingParams(_) => {
            let params = (U256::from(SPEED_LIMIT), limit, limit);
            G::getGasAccountingParamsCall::abi_encode_returns(&params.into())
        }
        C::getMaxTxGasLimit(_) | C::getMaxBlockGasLimit(_) => {
            G::getMaxTxGasLimitCall::abi_encode_returns(&limit)
        }
        C::getGasPricingConstraints(_) => {
            G::getGasPricingConstraintsCall::abi_encode_returns(&Vec::new())
        }
        C::getMinimumGasPrice(_) => {
            G::getMinimumGasPriceCall::abi_encode_returns(&U256::from(MINIMUM_PRICE))
        }
        C::getL1BaseFeeEstimateInertia(_) => {
            G::getL1BaseFeeEstimateInertiaCall::abi_encode_returns(&L1_INERTIA)
        }
        C::getPricingInertia(_) => G::getPricingInertiaCall::abi_encode_returns(&INERTIA),
        C::getGasBacklogTolerance(_) => {
            G::getGasBacklogToleranceCall::abi_encode_returns(&TOLERANCE)
        }
        C::getL1RewardRecipient(_) => G::getL1RewardRecipientCall::abi_encode_returns(&owner),
        C::getL1PricingSurplus(_) | C::getLastL1PricingSurplus(_) => {
            G::getL1PricingSurplusCall::abi_encode_returns(&I256::ZERO)
        }
        C::getPerBatchGasCharge(_) => G::getPerBatchGasChargeCall::abi_encode_returns(&BATCH_GAS),
        C::getL1PricingEquilibrationUnits(_) => {
            let units = U256::from(EQUILIBRATION_UNITS);
            G::getL1PricingEquilibrationUnitsCall::abi_encode_returns(&units)
        }
        C::getL1RewardRate(_) => G::getL1RewardRateCall::abi_encode_returns(&REWARD_RATE),
        C::getGasBacklog(_)
        | C::getL1PricingUnitsSinceUpdate(_)
        | C::getAmortizedCostCapBips(_)
        | C::getLastL1PricingUpdateTime(_) => G::getGasBacklogCall::abi_encode_returns(&0),
        C::getL1BaseFeeEstimate(_)
        | C::getL1GasPriceEstimate(_)
        | C::getCurrentTxL1GasFees(_)
        | C::getL1PricingFundsDueForRewards(_)
        | C::getL1FeesAvailable(_) => G::getL1BaseFeeEstimateCall::abi_encode_returns(&zero),
    }
}
