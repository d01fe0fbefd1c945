//! What can go wrong on the chain, worded as go-ethereum and Nitro word it, because clients match on
//! these texts.

use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::{Panic, Revert, SolError};
use revm::context_interface::result::InvalidTransaction;

use crate::EngineError;

/// A refused transaction, a failed call, or a question that the chain cannot answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The call or transaction reverted; `data` is what it returned.
    #[error("execution reverted{}", reason(data))]
    Reverted {
        /// Returned data: an ABI-encoded error, or empty.
        data: Bytes,
    },
    /// The call ended in an exceptional halt, worded as geth words it.
    #[error("{0}")]
    Halted(String),
    /// No gas limit up to the allowance lets the call succeed.
    #[error("gas required exceeds allowance ({allowance})")]
    GasRequiredExceedsAllowance {
        /// The highest gas limit tried.
        allowance: u64,
    },
    /// The nonce was used before.
    #[error("nonce too low: address {address}, tx: {transaction} state: {state}")]
    NonceTooLow {
        /// The sender.
        address: Address,
        /// The transaction's nonce.
        transaction: u64,
        /// The account's next nonce.
        state: u64,
    },
    /// The nonce leaves a gap to the account's next one (calls only: transactions wait in the pool).
    #[error("nonce too high: address {address}, tx: {transaction} state: {state}")]
    NonceTooHigh {
        /// The sender.
        address: Address,
        /// The transaction's nonce.
        transaction: u64,
        /// The account's next nonce.
        state: u64,
    },
    /// The balance does not cover the gas limit at the fee cap plus the value.
    #[error(
        "insufficient funds for gas * price + value: address {address} have {have} want {want}"
    )]
    InsufficientFunds {
        /// The sender.
        address: Address,
        /// Its balance, wei.
        have: U256,
        /// What the transaction may cost, wei.
        want: U256,
    },
    /// The gas limit is below what the transaction costs before it runs.
    #[error("intrinsic gas too low: have {have}, want {want}")]
    IntrinsicGasTooLow {
        /// The gas limit.
        have: u64,
        /// The intrinsic gas.
        want: u64,
    },
    /// The fee cap is below the block's base fee.
    #[error(
        "max fee per gas less than block base fee: address {address}, maxFeePerGas: {fee_cap}, baseFee: {base_fee}"
    )]
    FeeCapTooLow {
        /// The sender.
        address: Address,
        /// The transaction's fee cap, wei per gas.
        fee_cap: u128,
        /// The block's base fee, wei per gas.
        base_fee: u64,
    },
    /// The tip is above the fee cap.
    #[error(
        "max priority fee per gas higher than max fee per gas: address {address}, maxPriorityFeePerGas: {tip}, maxFeePerGas: {fee_cap}"
    )]
    TipAboveFeeCap {
        /// The sender.
        address: Address,
        /// The tip, wei per gas.
        tip: u128,
        /// The fee cap, wei per gas.
        fee_cap: u128,
    },
    /// The transaction is signed for another chain.
    #[error("invalid chain id for signer: have {have} want {want}")]
    InvalidChainId {
        /// The transaction's chain id.
        have: u64,
        /// This chain's id.
        want: u64,
    },
    /// The signature does not recover to an address.
    #[error("invalid sender: {0}")]
    InvalidSender(String),
    /// The bytes are not a transaction.
    #[error("{0}")]
    Undecodable(String),
    /// Blob transactions do not exist on Arbitrum.
    #[error("transaction type not supported")]
    TypeNotSupported,
    /// The very same transaction is waiting or mined.
    #[error("already known")]
    AlreadyKnown,
    /// Another transaction waits with the same sender and nonce, and pays no less.
    #[error("replacement transaction underpriced")]
    ReplacementUnderpriced,
    /// The gas limit exceeds the block's.
    #[error("exceeds block gas limit")]
    GasLimit,
    /// The transaction is invalid in another way; the engine's wording.
    #[error("{0}")]
    InvalidTransaction(String),
    /// The node holds no key for the account.
    #[error("unknown account")]
    UnknownAccount {
        /// The account asked for.
        address: Address,
    },
    /// No such block.
    #[error("header not found")]
    UnknownBlock,
    /// No such block hash.
    #[error("unknown block {hash}")]
    UnknownBlockHash {
        /// The hash asked for.
        hash: B256,
    },
    /// No such transaction.
    #[error("transaction {hash} not found")]
    UnknownTransaction {
        /// The hash asked for.
        hash: B256,
    },
    /// The filter does not exist, or has expired.
    #[error("filter not found")]
    UnknownFilter,
    /// Too many filters are open.
    #[error("too many filters (limit {limit})")]
    TooManyFilters {
        /// Filters that may be open at once.
        limit: usize,
    },
    /// The block range of a log query runs backwards.
    #[error("invalid block range params")]
    InvalidBlockRange,
    /// A block may not be older than its parent.
    #[error("timestamp {asked} is lower than the previous block's timestamp {latest}")]
    TimestampTooLow {
        /// The timestamp asked for, seconds.
        asked: u64,
        /// The latest block's timestamp, seconds.
        latest: u64,
    },
    /// An argument is well-formed but out of its domain.
    #[error("{0}")]
    InvalidArgument(String),
    /// The forked chain could not be read.
    #[error("fork: {0}")]
    Fork(String),
    /// The state file could not be read or written.
    #[error("state file {path}: {message}")]
    StateFile {
        /// The file.
        path: String,
        /// What went wrong.
        message: String,
    },
    /// The engine failed in a way that is no fault of the caller.
    #[error("internal error: {0}")]
    Internal(String),
    /// The node's thread has ended.
    #[error("the node has stopped")]
    Stopped,
}

impl revm::database_interface::DBErrorMarker for Error {}

impl Error {
    /// Words an engine error for a transaction of `address`.
    pub(super) fn from_engine(error: EngineError, address: Address) -> Self {
        use InvalidTransaction as Invalid;
        let error = match error {
            EngineError::Transaction(error) => error,
            // The state behind the engine fails only when a forked chain cannot be read.
            EngineError::Database(message) => {
                return Self::Fork(message.trim_start_matches("fork: ").into());
            }
            other => return Self::Internal(other.to_string()),
        };
        match error {
            Invalid::CallGasCostMoreThanGasLimit { initial_gas, gas_limit } => {
                Self::IntrinsicGasTooLow { have: gas_limit, want: initial_gas }
            }
            Invalid::LackOfFundForMaxFee { fee, balance } => {
                Self::InsufficientFunds { address, have: *balance, want: *fee }
            }
            Invalid::NonceTooHigh { tx, state } => {
                Self::NonceTooHigh { address, transaction: tx, state }
            }
            Invalid::NonceTooLow { tx, state } => {
                Self::NonceTooLow { address, transaction: tx, state }
            }
            Invalid::RejectCallerWithCode => {
                Self::InvalidTransaction(format!("sender not an eoa: address {address}"))
            }
            Invalid::CreateInitCodeSizeLimit => {
                Self::InvalidTransaction("max initcode size exceeded".into())
            }
            Invalid::CallerGasLimitMoreThanBlock => Self::GasLimit,
            other => Self::InvalidTransaction(other.to_string()),
        }
    }
}

/// `": <text>"` when the revert data is Solidity's `Error(string)` or `Panic(uint256)`.
fn reason(data: &Bytes) -> String {
    if let Ok(revert) = Revert::abi_decode(data) {
        return format!(": {}", revert.reason);
    }
    let Ok(panic) = Panic::abi_decode(data) else { return String::new() };
    let text = match u64::try_from(panic.code) {
        Ok(0x00) => "generic panic",
        Ok(0x01) => "assert(false)",
        Ok(0x11) => "arithmetic underflow or overflow",
        Ok(0x12) => "division or modulo by zero",
        Ok(0x21) => "enum overflow",
        Ok(0x22) => "invalid encoded storage byte array accessed",
        Ok(0x31) => "out-of-bounds array access; popping on an empty array",
        Ok(0x32) => "out-of-bounds access of an array or bytesN",
        Ok(0x41) => "out of memory",
        Ok(0x51) => "uninitialized function",
        _ => return format!(": unknown panic code: {:#x}", panic.code),
    };
    format!(": {text}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revert_string_follows_the_message() {
        let data: Bytes = Revert::from("not enough").abi_encode().into();
        assert_eq!(Error::Reverted { data }.to_string(), "execution reverted: not enough");
        assert_eq!(Error::Reverted { data: Bytes::new() }.to_string(), "execution reverted");
        let custom = Bytes::from_static(&[1, 2, 3, 4]);
        assert_eq!(Error::Reverted { data: custom }.to_string(), "execution reverted");
    }
}
