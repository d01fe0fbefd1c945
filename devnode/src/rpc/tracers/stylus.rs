//! `stylusTracer`: the host functions that programs called, with their ink; frames nest under the
//! function that opened them, and under `evm_*` names where the EVM did.

use alloy_primitives::{Address, Bytes};
use serde_json::{Map, Value, json};

use crate::trace::{CallTrace, FrameKind, HostIo};

/// The steps of a frame.
pub(super) fn show(trace: &CallTrace) -> Value {
    if trace.host_ios.is_empty() {
        return trace.calls.iter().map(from_evm).collect();
    }
    let mut steps = Vec::new();
    for host_io in &trace.host_ios {
        let opened = host_io.call.and_then(|index| trace.calls.get(index));
        let mut step = step(host_io);
        if is_call(host_io.name) {
            // A call that opened no frame, for want of funds or depth, went to its first argument.
            let target = host_io.args.get(..20).map(Address::from_slice).unwrap_or_default();
            step.insert("address".into(), json!(opened.map_or(target, |call| call.to)));
            step.insert("steps".into(), opened.map_or_else(|| json!([]), show));
        } else if let Some(call) = opened {
            steps.push(from_evm(call));
        }
        steps.push(Value::Object(step));
    }
    Value::Array(steps)
}

fn is_call(name: &str) -> bool {
    matches!(name, "call_contract" | "delegate_call_contract" | "static_call_contract")
}

fn step(host_io: &HostIo) -> Map<String, Value> {
    Map::from_iter([
        ("name".into(), json!(host_io.name)),
        ("args".into(), json!(host_io.args)),
        ("outs".into(), json!(host_io.outs)),
        ("startInk".into(), json!(host_io.start_ink)),
        ("endInk".into(), json!(host_io.end_ink)),
    ])
}

fn from_evm(call: &CallTrace) -> Value {
    let name = match call.kind {
        FrameKind::Call | FrameKind::CallCode => "evm_call_contract",
        FrameKind::DelegateCall => "evm_delegate_call_contract",
        FrameKind::StaticCall => "evm_static_call_contract",
        FrameKind::Create => "evm_create1",
        FrameKind::Create2 => "evm_create2",
    };
    json!({
        "name": name,
        "args": Bytes::new(),
        "outs": Bytes::new(),
        "startInk": 0,
        "endInk": 0,
        "address": call.to,
        "steps": show(call),
    })
}
