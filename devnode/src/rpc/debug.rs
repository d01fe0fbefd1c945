//! `debug_*`: what happened inside transactions, and raw encodings.

use alloy_consensus::Block;
use alloy_eips::{BlockId, eip2718::Encodable2718};
use alloy_primitives::Bytes;
use alloy_rpc_types_eth::{BlockOverrides, state::StateOverride};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Method, Params, RpcError, eth,
    tracers::{TraceOptions, Tracer},
};
use crate::chain::{MinedBlock, Node, Overrides};

pub(super) const METHODS: &[Method] = &[
    Method::new(
        "debug_traceTransaction",
        "Runs a mined transaction again: opcodes (without a tracer), `callTracer`, `prestateTracer`, \
         `4byteTracer`, `stylusTracer` (also as the script that cargo-stylus sends), `noopTracer`.",
        |node, params| {
            let tracer = tracer(params.optional(1)?)?;
            tracer.show(&node.trace_transaction(params.required(0)?, tracer.steps())?)
        },
    ),
    Method::new(
        "debug_traceCall",
        "Traces a call: call, block, options with `stateOverrides` and `blockOverrides`.",
        trace_call,
    ),
    Method::new(
        "debug_traceBlockByNumber",
        "Traces all transactions of a block.",
        |node, params| {
            let tag = params.required::<alloy_eips::BlockNumberOrTag>(0)?;
            trace_block(node, tag.into(), params)
        },
    ),
    Method::new("debug_traceBlockByHash", "Traces all transactions of a block.", |node, params| {
        trace_block(node, params.required::<alloy_primitives::B256>(0)?.into(), params)
    }),
    Method::new("debug_getRawHeader", "The encoded header of a block.", |node, params| {
        let block = node.block(params.block(0)?)?;
        Ok(json!(Bytes::from(alloy_rlp::encode(&block.header))))
    }),
    Method::new("debug_getRawBlock", "The encoded block.", |node, params| {
        Ok(json!(raw_block(node.block(params.block(0)?)?)))
    }),
    Method::new("debug_getRawReceipts", "The encoded receipts of a block.", |node, params| {
        let block = node.block(params.block(0)?)?;
        let receipts = block.transactions.iter().map(|mined| mined.receipt().encoded_2718());
        Ok(json!(receipts.map(Bytes::from).collect::<Vec<_>>()))
    }),
];

fn tracer(options: Option<TraceOptions>) -> Result<Tracer, RpcError> {
    Tracer::new(options.unwrap_or_default())
}

/// What `debug_traceCall` takes besides the options of a trace.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct CallTraceOptions {
    #[serde(flatten)]
    trace: TraceOptions,
    state_overrides: Option<StateOverride>,
    block_overrides: Option<BlockOverrides>,
}

fn trace_call(node: &mut Node, params: &Params) -> Result<Value, RpcError> {
    let options: CallTraceOptions = params.optional(2)?.unwrap_or_default();
    let overrides = Overrides {
        state: options.state_overrides.unwrap_or_default(),
        block: options.block_overrides.unwrap_or_default(),
    };
    let tracer = Tracer::new(options.trace)?;
    let call = eth::state::request(params)?;
    tracer.show(&node.trace_call(&call, params.block(1)?, &overrides, tracer.steps())?)
}

fn trace_block(node: &mut Node, id: BlockId, params: &Params) -> Result<Value, RpcError> {
    let form = tracer(params.optional(1)?)?;
    let block = node.block(id)?;
    let hashes: Vec<_> = block.transactions.iter().map(|mined| mined.transaction.hash()).collect();
    let traces = hashes.into_iter().map(|hash| {
        let result = form.show(&node.trace_transaction(hash, form.steps())?)?;
        Ok(json!({"txHash": hash, "result": result}))
    });
    traces.collect()
}

fn raw_block(block: &MinedBlock) -> Bytes {
    let mut encoded = Block::uncle(block.header.clone());
    encoded.body.transactions =
        block.transactions.iter().map(|mined| mined.transaction.envelope.clone()).collect();
    alloy_rlp::encode(&encoded).into()
}
