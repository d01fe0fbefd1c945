//! `callTracer`: the tree of calls.

use alloy_primitives::U64;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{
    chain::Error,
    trace::{CallTrace, FrameKind},
};

/// Settings of the tracer.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::rpc) struct Settings {
    only_top_call: bool,
    with_log: bool,
}

pub(super) fn show(trace: &CallTrace, settings: Settings) -> Value {
    let mut frame = Map::new();
    let mut set = |key: &str, value: Value| frame.insert(key.to_owned(), value);
    let is_create = matches!(trace.kind, FrameKind::Create | FrameKind::Create2);
    set("type", json!(trace.kind.name()));
    set("from", json!(trace.from));
    if !is_create || !trace.to.is_zero() {
        set("to", json!(trace.to));
    }
    if trace.kind != FrameKind::StaticCall {
        set("value", json!(trace.value));
    }
    set("gas", json!(U64::from(trace.gas)));
    set("gasUsed", json!(U64::from(trace.gas_used)));
    set("input", json!(trace.input));
    if !trace.output.is_empty() {
        set("output", json!(trace.output));
    }
    if let Some(error) = trace.error {
        set("error", json!(error));
        let reverted = Error::Reverted { data: trace.output.clone() }.to_string();
        if let Some(reason) = reverted.strip_prefix("execution reverted: ") {
            set("revertReason", json!(reason));
        }
    }
    if !settings.only_top_call && !trace.calls.is_empty() {
        set("calls", trace.calls.iter().map(|call| show(call, settings)).collect());
    }
    if settings.with_log && !trace.logs.is_empty() {
        let logs = trace.logs.iter().map(|(position, log)| {
            json!({
                "address": log.address,
                "topics": log.topics(),
                "data": log.data.data,
                "position": format!("{position:#x}"),
            })
        });
        set("logs", logs.collect());
    }
    Value::Object(frame)
}
