//! Sending and signing.

use alloy_dyn_abi::TypedData;
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Address, Bytes};
use alloy_rpc_types_eth::TransactionRequest;
use serde_json::{Value, json};

use crate::{
    chain::Node,
    rpc::{Method, Params, RpcError, format},
};

pub(in crate::rpc) const METHODS: &[Method] = &[
    Method::new(
        "eth_sendRawTransaction",
        "Sends a signed transaction (types 0, 1, 2, 4).",
        |node, params| Ok(json!(node.send_raw(&params.required::<Bytes>(0)?)?)),
    ),
    Method::new(
        "eth_sendRawTransactionSync",
        "Sends a signed transaction and answers with its receipt (EIP-7966).",
        send_raw_sync,
    ),
    Method::new(
        "eth_sendTransaction",
        "Signs and sends for a development or impersonated account.",
        |node, params| Ok(json!(node.send(&params.required::<TransactionRequest>(0)?)?)),
    ),
    Method::new(
        "eth_sendUnsignedTransaction",
        "Like `eth_sendTransaction`: sends for an impersonated account.",
        |node, params| Ok(json!(node.send(&params.required::<TransactionRequest>(0)?)?)),
    ),
    Method::new("eth_signTransaction", "Signs for a development account.", |node, params| {
        let signed = node.sign(&params.required(0)?)?;
        Ok(json!(Bytes::from(signed.envelope.encoded_2718())))
    }),
    Method::new("eth_sign", "Signs a message (EIP-191): account, message.", |node, params| {
        sign(node, params.required(0)?, &params.required::<Bytes>(1)?)
    }),
    Method::new("personal_sign", "Signs a message (EIP-191): message, account.", |node, params| {
        sign(node, params.required(1)?, &params.required::<Bytes>(0)?)
    }),
    Method::new(
        "eth_signTypedData_v4",
        "Signs typed data (EIP-712): account, data as an object or as text.",
        sign_typed,
    ),
    Method::new("eth_pendingTransactions", "Waiting transactions.", |node, _| {
        node.pool().iter().map(|(_, _, waiting)| format::waiting_transaction(waiting)).collect()
    }),
];

fn send_raw_sync(node: &mut Node, params: &Params) -> Result<Value, RpcError> {
    let hash = node.send_raw(&params.required::<Bytes>(0)?)?;
    match node.blocks().transaction(hash) {
        Some((block, index, mined)) => format::receipt(block, index, mined),
        None => Err(RpcError {
            code: 4,
            message: "the transaction was accepted but waits for a block".into(),
            data: Some(hash.into()),
        }),
    }
}

fn sign(node: &Node, account: Address, message: &Bytes) -> Result<Value, RpcError> {
    Ok(json!(node.keyring().sign_message(account, message)?))
}

fn sign_typed(node: &mut Node, params: &Params) -> Result<Value, RpcError> {
    let account: Address = params.required(0)?;
    let data: TypedData = match params.required::<Value>(1)? {
        Value::String(text) => serde_json::from_str(&text).map_err(malformed)?,
        object => serde_json::from_value(object).map_err(malformed)?,
    };
    let hash = data.eip712_signing_hash().map_err(malformed)?;
    let signature = node.keyring().sign_hash(account, &hash)?;
    Ok(json!(Bytes::from(signature.as_bytes().to_vec())))
}

fn malformed(error: impl core::fmt::Display) -> RpcError {
    RpcError::invalid_params(format!("typed data: {error}"))
}
