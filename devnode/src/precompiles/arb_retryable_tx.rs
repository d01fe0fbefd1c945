//! `ArbRetryableTx` (0x6e): messages of the parent chain that can be tried again. There is no parent
//! chain here, so no ticket ever exists.

use alloy_primitives::{Address, U256};
use alloy_sol_types::{SolCall, SolInterface, sol};
use revm::Database;

use super::call::{Call, Failure, Purity};

sol! {
    interface ArbRetryableTx {
        function redeem(bytes32 ticketId) external returns (bytes32);
        function getLifetime() external view returns (uint256);
        function getTimeout(bytes32 ticketId) external view returns (uint256);
        function keepalive(bytes32 ticketId) external returns (uint256);
        function getBeneficiary(bytes32 ticketId) external view returns (address);
        function cancel(bytes32 ticketId) external;
        function getCurrentRedeemer() external view returns (address);
        function submitRetryable(
            bytes32 requestId, uint256 l1BaseFee, uint256 deposit, uint256 callvalue,
            uint256 gasFeeCap, uint64 gasLimit, uint256 maxSubmissionFee,
            address feeRefundAddress, address beneficiary, address retryTo, bytes calldata retryData
        ) external;
        error NoTicketWithID();
        error NotCallable();
    }
}

/// Seconds that a ticket lives: a week.
const LIFETIME: u64 = 7 * 86_400;

pub(super) fn run<DB: Database>(call: &mut Call<'_, DB>, input: &[u8]) -> Result<Vec<u8>, Failure> {
    use ArbRetryableTx as R;
    use ArbRetryableTx::ArbRetryableTxCalls as C;
    let method = C::abi_decode(input).map_err(|_| Failure::BurnAll)?;
    call.enter(match method {
        C::redeem(_) | C::keepalive(_) | C::cancel(_) | C::submitRetryable(_) => Purity::Write,
        _ => Purity::View,
    })?;
    match method {
        C::getLifetime(_) => Ok(R::getLifetimeCall::abi_encode_returns(&U256::from(LIFETIME))),
        C::getCurrentRedeemer(_) => {
            Ok(R::getCurrentRedeemerCall::abi_encode_returns(&Address::ZERO))
        }
        C::submitRetryable(_) => Err(Failure::error(&R::NotCallable {})),
        C::redeem(_) | C::getTimeout(_) | C::keepalive(_) | C::getBeneficiary(_) | C::cancel(_) => {
            // The time at which the ticket ends says that there is none; who redeems it asks for its
            // size first.
            call.pay_for_reads(if matches!(method, C::redeem(_)) { 2 } else { 1 })?;
            Err(Failure::error(&R::NoTicketWithID {}))
        }
    }
}
