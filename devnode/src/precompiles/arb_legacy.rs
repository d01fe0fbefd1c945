//! Precompiles that only keep old interfaces alive: `ArbStatistics` (0x6f) and `ArbFunctionTable` (0x68).

use alloy_primitives::U256;
use alloy_sol_types::{SolCall, SolInterface, sol};
use revm::Database;

use super::call::{Call, Failure, Purity};

sol! {
    interface ArbStatistics {
        function getStats() external view
            returns (uint256, uint256, uint256, uint256, uint256, uint256);
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
