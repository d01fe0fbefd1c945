//! What can go wrong between a client and the contracts.

use alloy_primitives::{Address, B256, Bytes};

use crate::ContractError;

/// A failed call, transaction or connection.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The contract refused, and said why.
    #[error("{target} reverted: {error}")]
    Contract {
        /// The contract called.
        target: Address,
        /// Its reason.
        error: Box<ContractError>,
    },
    /// The call reverted with data that no interface of ours declares (empty: no data).
    #[error("{target} reverted with data {data}")]
    Reverted {
        /// The contract called.
        target: Address,
        /// What it returned.
        data: Bytes,
    },
    /// A transaction failed though its replay as a call doesn't.
    #[error("transaction {transaction} failed; the same call now succeeds")]
    Failed {
        /// Hash of the transaction.
        transaction: B256,
    },
    /// A transaction wasn't included in time.
    #[error("transaction {transaction} isn't included after {seconds} s")]
    NotIncluded {
        /// Hash of the transaction.
        transaction: B256,
        /// How long we waited.
        seconds: u64,
    },
    /// What a contract returned isn't what its interface declares.
    #[error("{target} answered something that can't be decoded: {reason}")]
    Undecodable {
        /// The contract called.
        target: Address,
        /// Why.
        reason: String,
    },
    /// The node refused a request.
    #[error("the node refused {method}: {message} (code {code})")]
    Refused {
        /// The JSON-RPC method.
        method: String,
        /// The node's code.
        code: i64,
        /// The node's words.
        message: String,
    },
    /// The node can't be reached, or its answer can't be read.
    #[error("{method}: {reason}")]
    Transport {
        /// The JSON-RPC method.
        method: String,
        /// What failed.
        reason: String,
    },
    /// The contracts' answers don't fit together, or not with this client's version of `risk`.
    #[error("the contracts' answers are inconsistent: {0}")]
    Inconsistent(String),
    /// Not a URL.
    #[error("not a URL: {0}")]
    InvalidUrl(String),
    /// Not a private key.
    #[error("not a private key of secp256k1")]
    InvalidKey,
    /// A signature couldn't be made.
    #[error("signing failed: {0}")]
    Signing(String),
    /// A feed's rounds don't allow a settlement proof yet.
    #[error("the feed's rounds prove no settlement price: {0}")]
    NoProof(&'static str),
}

impl Error {
    /// The contract's reason, where there is one.
    pub fn contract(&self) -> Option<&ContractError> {
        match self {
            Self::Contract { error, .. } => Some(error),
            _ => None,
        }
    }
}
