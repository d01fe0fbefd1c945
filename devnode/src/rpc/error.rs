//! JSON-RPC errors with geth's codes: 3 for a revert with its data, -32602 for bad arguments, -32000
//! for what the chain refuses.

use alloy_primitives::Bytes;
use jsonrpsee::types::{ErrorCode, ErrorObjectOwned};

use crate::chain;

/// A JSON-RPC error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RpcError {
    /// JSON-RPC error code.
    pub code: i32,
    /// What went wrong, in geth's words.
    pub message: String,
    /// Revert data.
    pub data: Option<Bytes>,
}

impl RpcError {
    /// The chain refuses: -32000.
    pub const SERVER: i32 = -32_000;
    /// The call reverted: 3.
    pub const REVERTED: i32 = 3;

    /// Bad arguments.
    pub fn invalid_params(message: impl Into<String>) -> Self {
        Self { code: ErrorCode::InvalidParams.code(), message: message.into(), data: None }
    }

    /// A method that does not exist.
    pub fn unknown_method(name: &str) -> Self {
        let message = format!("the method {name} does not exist/is not available");
        Self { code: ErrorCode::MethodNotFound.code(), message, data: None }
    }
}

impl From<chain::Error> for RpcError {
    fn from(error: chain::Error) -> Self {
        let code = match &error {
            chain::Error::Reverted { .. } => Self::REVERTED,
            chain::Error::InvalidArgument(_) => ErrorCode::InvalidParams.code(),
            chain::Error::Internal(_) | chain::Error::Stopped => ErrorCode::InternalError.code(),
            _ => Self::SERVER,
        };
        let message = error.to_string();
        let data = if let chain::Error::Reverted { data } = error { Some(data) } else { None };
        Self { code, message, data }
    }
}

impl From<serde_json::Error> for RpcError {
    fn from(error: serde_json::Error) -> Self {
        Self { code: ErrorCode::InternalError.code(), message: error.to_string(), data: None }
    }
}

impl From<RpcError> for ErrorObjectOwned {
    fn from(error: RpcError) -> Self {
        Self::owned(error.code, error.message, error.data)
    }
}
