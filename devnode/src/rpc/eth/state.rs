//! Accounts, storage, and calls that change nothing.

use alloy_eips::BlockId;
use alloy_primitives::{Address, B256, U256};
use alloy_rpc_types_eth::{BlockOverrides, TransactionRequest, state::StateOverride};
use serde_json::{Value, json};

use crate::{
    chain::{Node, Overrides},
    rpc::{Method, Params, RpcError, format},
};

pub(in crate::rpc) const METHODS: &[Method] = &[
    Method::new("eth_getBalance", "A balance, wei.", |node, params| {
        Ok(json!(node.account(params.required(0)?, params.block(1)?)?.balance))
    }),
    Method::new(
        "eth_getTransactionCount",
        "A nonce; `pending` counts waiting transactions.",
        |node, params| Ok(format::quantity(node.nonce(params.required(0)?, params.block(1)?)?)),
    ),
    Method::new("eth_getCode", "The code of an account.", |node, params| {
        Ok(json!(node.code(params.required(0)?, params.block(1)?)?))
    }),
    Method::new("eth_getStorageAt", "A storage slot.", |node, params| {
        let (address, slot) = (params.required(0)?, params.required::<U256>(1)?);
        Ok(json!(B256::from(node.storage(address, slot, params.block(2)?)?)))
    }),
    Method::new("eth_getAccountInfo", "Balance, nonce and code in one answer.", account_info),
    Method::new(
        "eth_call",
        "Runs a call; takes state overrides (3rd) and block overrides (4th argument).",
        |node, params| {
            let outcome = node.call(&request(params)?, params.block(1)?, &overrides(params)?)?;
            Ok(json!(outcome.into_output()?))
        },
    ),
    Method::new(
        "eth_estimateGas",
        "The gas limit that a transaction needs; takes overrides like `eth_call`.",
        |node, params| {
            let block = params.optional(1)?.unwrap_or_else(BlockId::pending);
            let gas = node.estimate_gas(&request(params)?, block, &overrides(params)?)?;
            Ok(format::quantity(gas))
        },
    ),
    Method::new(
        "eth_createAccessList",
        "The accounts and slots that a call touches.",
        |node, params| {
            let block = params.optional(1)?.unwrap_or_else(BlockId::pending);
            let (list, outcome) =
                node.access_list(&request(params)?, block, &overrides(params)?)?;
            let mut answer = json!({
                "accessList": list,
                "gasUsed": format::quantity(outcome.gas_used),
            });
            if let (Some(error), Some(fields)) = (outcome.failure(), answer.as_object_mut()) {
                fields.insert("error".into(), json!(error.to_string()));
            }
            Ok(answer)
        },
    ),
];

/// The call that is the first argument.
pub(in crate::rpc) fn request(params: &Params) -> Result<TransactionRequest, RpcError> {
    params.required(0)
}

/// State overrides in the third and block overrides in the fourth argument.
pub(in crate::rpc) fn overrides(params: &Params) -> Result<Overrides, RpcError> {
    let state: Option<StateOverride> = params.optional(2)?;
    let block: Option<BlockOverrides> = params.optional(3)?;
    Ok(Overrides { state: state.unwrap_or_default(), block: block.unwrap_or_default() })
}

fn account_info(node: &mut Node, params: &Params) -> Result<Value, RpcError> {
    let (address, block) = (params.required::<Address>(0)?, params.block(1)?);
    let account = node.account(address, block)?;
    Ok(json!({
        "balance": account.balance,
        "nonce": format::quantity(account.nonce),
        "code": node.code(address, block)?,
    }))
}
