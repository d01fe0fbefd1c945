//! `4byteTracer`: which functions are called, by selector and size of their arguments.

use std::collections::BTreeMap;

use alloy_primitives::hex;
use serde_json::{Value, json};

use crate::trace::{CallTrace, FrameKind};

pub(super) fn show(trace: &CallTrace) -> Value {
    let mut counts = BTreeMap::new();
    count(trace, &mut counts);
    json!(counts)
}

fn count(trace: &CallTrace, counts: &mut BTreeMap<String, u64>) {
    let is_create = matches!(trace.kind, FrameKind::Create | FrameKind::Create2);
    if let Some((selector, arguments)) = trace.input.split_at_checked(4).filter(|_| !is_create) {
        let key = format!("{}-{}", hex::encode_prefixed(selector), arguments.len());
        let entry = counts.entry(key).or_default();
        *entry = entry.saturating_add(1);
    }
    trace.calls.iter().for_each(|call| count(call, counts));
}
