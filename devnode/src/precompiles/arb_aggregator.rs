//! `ArbAggregator` (0x6d): who posts batches to the parent chain. Nobody does here, but the sequencer is named.

use alloy_primitives::{Address, U256, address};
use alloy_sol_types::{SolCall, SolInterface, sol};
use revm::Database;

use super::call::{Call, Failure, Purity};

sol! {
    interface ArbAggregator {
        function getPreferredAggregator(address account) external view returns (address, bool);
        function getDefaultAggregator() external view returns (address);
        function getBatchPosters() external view returns (address[] memory);
        function getFeeCollector(address batchPoster) external view returns (address);
        function getTxBaseFee(address aggregator) external view returns (uint256);
    }
}

/// The sequencer's address, which every Arbitrum chain starts with as its batch poster.
const BATCH_POSTER: Address = address!("A4b000000000000000000073657175656e636572");

pub(super) fn run<DB: Database>(call: &mut Call<'_, DB>, input: &[u8]) -> Result<Vec<u8>, Failure> {
    use ArbAggregator as A;
    use ArbAggregator::ArbAggregatorCalls as C;
    let method = C::abi_decode(input).map_err(|_| Failure::BurnAll)?;
    call.enter(Purity::View)?;
    Ok(match method {
        C::getPreferredAggregator(_) => {
            A::getPreferredAggregatorCall::abi_encode_returns(&(BATCH_POSTER, true).into())
        }
        C::getDefaultAggregator(_) => {
            A::getDefaultAggregatorCall::abi_encode_returns(&BATCH_POSTER)
        }
        C::getBatchPosters(_) => {
            // The size of the table, and its one entry.
            call.pay_for_reads(2)?;
            A::getBatchPostersCall::abi_encode_returns(&vec![BATCH_POSTER])
        }
        C::getFeeCollector(arguments) => {
            // Whether it is a poster, and who collects for it.
            call.pay_for_reads(1)?;
            if arguments.batchPoster != BATCH_POSTER {
                return Err(Failure::Revert(Vec::new()));
            }
            call.pay_for_reads(1)?;
            A::getFeeCollectorCall::abi_encode_returns(&BATCH_POSTER)
        }
        C::getTxBaseFee(_) => A::getTxBaseFeeCall::abi_encode_returns(&U256::ZERO),
    })
}
