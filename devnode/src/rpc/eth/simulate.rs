//! `eth_simulateV1`: calls in imagined blocks.

use alloy_rpc_types_eth::simulate::SimulatePayload;
use serde_json::{Value, json};

use crate::{
    chain::{Error, Node, Outcome, SimulatedBlock, Status, transaction_logs},
    rpc::{Method, Params, RpcError, format},
};

pub(in crate::rpc) const METHODS: &[Method] = &[Method::new(
    "eth_simulateV1",
    "Runs calls in imagined blocks, one after another: overrides, `validation`, `traceTransfers`, \
     `returnFullTransactions`.",
    simulate,
)];

/// What `eth_simulateV1` calls a halt.
const HALTED: i32 = -32_015;

fn simulate(node: &mut Node, params: &Params) -> Result<Value, RpcError> {
    let payload: SimulatePayload = params.required(0)?;
    let blocks = node.simulate(&payload, params.block(1)?)?;
    blocks.iter().map(|simulated| shown(simulated, payload.return_full_transactions)).collect()
}

fn shown(simulated: &SimulatedBlock, is_full: bool) -> Result<Value, RpcError> {
    let SimulatedBlock { block, outcomes } = simulated;
    let mut answer = format::block(block, is_full)?;
    let calls = outcomes.iter().zip(&block.transactions).enumerate();
    let calls = calls.map(|(index, (outcome, mined))| {
        let logs: Vec<_> = transaction_logs(block, index, mined).collect();
        let mut call = json!({
            "returnData": outcome.output,
            "logs": logs,
            "gasUsed": format::quantity(outcome.gas_used),
            "maxUsedGas": format::quantity(outcome.gas_used.saturating_add(outcome.gas_refunded)),
            "status": format::quantity(outcome.is_success().into()),
        });
        if let (Some(error), Some(fields)) = (outcome.failure(), call.as_object_mut()) {
            fields.insert("error".into(), failure(outcome, &error));
        }
        call
    });
    let calls: Vec<Value> = calls.collect();
    if let Some(fields) = answer.as_object_mut() {
        fields.insert("calls".into(), Value::Array(calls));
    }
    Ok(answer)
}

fn failure(outcome: &Outcome, error: &Error) -> Value {
    let message = error.to_string();
    match outcome.status {
        Status::Reverted => {
            json!({"code": RpcError::REVERTED, "message": message, "data": outcome.output})
        }
        _ => json!({"code": HALTED, "message": message}),
    }
}
