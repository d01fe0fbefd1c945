//! Precompiles that only keep old interfaces alive: `ArbStatistics` (0x6f), `ArbFunctionTable`
//! (0x68) and `ArbosTest` (0x69).

use alloy_primitives::U256;
use alloy_sol_types::{SolCall, SolInterface, sol};
use revm::Database;

use super::call::{Call, Failure, Purity};

sol! {
    interface ArbStatistics {
        function getStats() external view
            returns (uint256, uint256, uint256, uint256, uint256, uint256);
    }
    interface ArbosTest {
        function burnArbGas(uint256 gasAmount) external pure;
    }
    interface ArbFunctionTable {
        function upload(bytes calldata table) external;
        function size(address account) external view returns (uint256);
        function get(address account, uint256 index) external view
            returns (uint256, bool, uint256);
    }
}

/// Statistics of the chain before Nitro: the block number, then zeros.
pub(super) fn statistics<DB: Database>(
    call: &mut Call<'_, DB>,
    input: &[u8],
) -> Result<Vec<u8>, Failure> {
    use ArbStatistics::ArbStatisticsCalls as C;
    let C::getStats(_) = C::abi_decode(input).map_err(|_| Failure::BurnAll)?;
    call.enter(Purity::View)?;
    let (number, none) = (U256::from(call.ctx.chain.block_number), U256::ZERO);
    let stats = (number, none, none, none, none, none);
    Ok(ArbStatistics::getStatsCall::abi_encode_returns(&stats.into()))
}

/// The table of functions for aggregators, which is always empty.
pub(super) fn function_table<DB: Database>(
    call: &mut Call<'_, DB>,
    input: &[u8],
) -> Result<Vec<u8>, Failure> {
    use ArbFunctionTable::ArbFunctionTableCalls as C;
    match C::abi_decode(input).map_err(|_| Failure::BurnAll)? {
        C::upload(_) => call.enter(Purity::Write).map(|()| Vec::new()),
        C::size(_) => {
            call.enter(Purity::View)?;
            Ok(ArbFunctionTable::sizeCall::abi_encode_returns(&U256::ZERO))
        }
        C::get(_) => {
            call.enter(Purity::View)?;
            Err(Failure::Revert(Vec::new()))
        }
    }
}

/// Burns gas for nothing: what is asked for, or all that is left, which is no error.
pub(super) fn test<DB: Database>(
    call: &mut Call<'_, DB>,
    input: &[u8],
) -> Result<Vec<u8>, Failure> {
    use ArbosTest::ArbosTestCalls as C;
    let C::burnArbGas(arguments) = C::abi_decode(input).map_err(|_| Failure::BurnAll)?;
    call.enter(Purity::Pure)?;
    let gas = u64::try_from(arguments.gasAmount).map_err(|_| Failure::Revert(Vec::new()))?;
    call.burn(gas.min(call.gas_left()))?;
    Ok(Vec::new())
}
