//! The tracer without a name: every opcode of the EVM's frames, as geth's struct logs show them.
//! What happens inside a program is not made of opcodes: `stylusTracer` shows that.

use alloy_primitives::{B256, hex};
use revm::bytecode::opcode::OpCode;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{
    chain::Traced,
    rpc::RpcError,
    trace::{Step, StepOptions},
};

/// Most steps that one answer may hold.
const MOST_STEPS: usize = 200_000;
/// Most bytes of stacks and memories that one answer may hold.
const MOST_BYTES: usize = 64 << 20;

/// Settings of the tracer, as geth names them.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(clippy::struct_excessive_bools, reason = "geth's options")]
pub(in crate::rpc) struct Settings {
    enable_memory: bool,
    disable_stack: bool,
    disable_storage: bool,
    enable_return_data: bool,
    /// Most steps shown; 0 is all.
    limit: usize,
}

impl Settings {
    /// One step more than the answer may hold, to notice that there are too many.
    pub(super) const fn recorded(self) -> StepOptions {
        let all = MOST_STEPS.saturating_add(1);
        StepOptions {
            stack: !self.disable_stack,
            memory: self.enable_memory,
            storage: !self.disable_storage,
            return_data: self.enable_return_data,
            bytes: MOST_BYTES,
            limit: if self.limit == 0 || self.limit > MOST_STEPS { all } else { self.limit },
        }
    }
}

pub(super) fn show(traced: &Traced, settings: Settings) -> Result<Value, RpcError> {
    let steps = &traced.trace.steps;
    let bytes = steps.iter().map(Step::held).fold(0, usize::saturating_add);
    if steps.len() > MOST_STEPS || bytes > MOST_BYTES {
        let message = format!(
            "the trace is too long: more than {MOST_STEPS} opcodes or {MOST_BYTES} bytes of stack and \
             memory; set limit, disableStack, or another tracer (callTracer, stylusTracer)"
        );
        return Err(RpcError { code: RpcError::SERVER, message, data: None });
    }
    Ok(json!({
        "gas": traced.outcome.gas_used,
        "failed": !traced.outcome.is_success(),
        "returnValue": traced.outcome.output,
        "structLogs": steps.iter().map(|step| shown(step, settings)).collect::<Vec<_>>(),
    }))
}

fn shown(step: &Step, settings: Settings) -> Value {
    let mut log = Map::new();
    log.insert("pc".into(), json!(step.counter));
    log.insert("op".into(), json!(name(step.opcode)));
    log.insert("gas".into(), json!(step.gas));
    log.insert("gasCost".into(), json!(step.gas_cost));
    log.insert("depth".into(), json!(step.depth));
    if let Some(error) = step.error {
        log.insert("error".into(), json!(error));
    }
    if let Some(stack) = &step.stack {
        log.insert("stack".into(), json!(stack));
    }
    if let Some(memory) = &step.memory {
        let words: Vec<_> = memory.chunks(32).map(hex::encode).collect();
        log.insert("memory".into(), json!(words));
    }
    if let Some(data) = step.return_data.as_ref().filter(|data| !data.is_empty()) {
        log.insert("returnData".into(), json!(data));
    }
    if let Some(storage) = step.storage.as_ref().filter(|_| !settings.disable_storage) {
        let bare = |word: &B256| hex::encode(word);
        let slots: Map<_, _> =
            storage.iter().map(|(slot, value)| (bare(slot), json!(bare(value)))).collect();
        log.insert("storage".into(), Value::Object(slots));
    }
    Value::Object(log)
}

fn name(opcode: u8) -> String {
    OpCode::new(opcode).map_or_else(
        || format!("opcode {opcode:#x} not defined"),
        |known| known.as_str().to_owned(),
    )
}
