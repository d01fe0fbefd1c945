//! Tracers: forms in which `debug_traceTransaction` and `debug_traceCall` tell what happened.

mod call;
mod four_byte;
mod opcodes;
mod prestate;
mod stylus;

use serde::Deserialize;
use serde_json::{Value, json};

use super::RpcError;
use crate::{chain::Traced, trace::StepOptions};

/// What only the script of Stylus tools has: they send it where they cannot ask for `stylusTracer`.
const STYLUS_SCRIPT: &str = "\"hostio\": function(info)";

/// How a trace is asked for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct TraceOptions {
    tracer: Option<String>,
    tracer_config: Value,
    #[serde(flatten)]
    opcodes: opcodes::Settings,
}

/// A tracer with its settings.
#[derive(Clone, Debug)]
pub(super) enum Tracer {
    Call(call::Settings),
    Prestate(prestate::Settings),
    FourByte,
    Stylus,
    Opcodes(opcodes::Settings),
    Nothing,
}

impl Tracer {
    /// The tracer that `options` asks for.
    pub(super) fn new(options: TraceOptions) -> Result<Self, RpcError> {
        let TraceOptions { tracer, tracer_config, opcodes } = options;
        let Some(name) = tracer.filter(|name| !name.is_empty()) else {
            return Ok(Self::Opcodes(opcodes));
        };
        match name.as_str() {
            "callTracer" => Ok(Self::Call(settings(tracer_config)?)),
            "prestateTracer" => Ok(Self::Prestate(settings(tracer_config)?)),
            "4byteTracer" => Ok(Self::FourByte),
            "stylusTracer" => Ok(Self::Stylus),
            "noopTracer" => Ok(Self::Nothing),
            script if script.contains(STYLUS_SCRIPT) => Ok(Self::Stylus),
            other => {
                let shown: String = other.chars().take(40).collect();
                let message = format!("tracer not found: {shown} (JavaScript is not supported)");
                Err(RpcError::invalid_params(message))
            }
        }
    }

    /// What is to be recorded of each opcode, if this tracer shows them.
    pub(super) const fn steps(&self) -> Option<StepOptions> {
        match self {
            Self::Opcodes(settings) => Some(settings.recorded()),
            _ => None,
        }
    }

    /// The trace in this tracer's form.
    pub(super) fn show(&self, traced: &Traced) -> Result<Value, RpcError> {
        Ok(match self {
            Self::Opcodes(settings) => return opcodes::show(traced, *settings),
            Self::Call(settings) => call::show(&traced.trace, *settings),
            Self::Prestate(settings) => prestate::show(&traced.touched, *settings),
            Self::FourByte => four_byte::show(&traced.trace),
            Self::Stylus => stylus::show(&traced.trace),
            Self::Nothing => json!({}),
        })
    }
}

fn settings<T: Default + for<'de> Deserialize<'de>>(config: Value) -> Result<T, RpcError> {
    if config.is_null() {
        return Ok(T::default());
    }
    serde_json::from_value(config)
        .map_err(|error| RpcError::invalid_params(format!("tracerConfig: {error}")))
}
