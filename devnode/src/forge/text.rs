//! Values and revert data in words.

use alloy_dyn_abi::{DynSolValue, FunctionExt, JsonAbiExt};
use alloy_primitives::{Bytes, hex, utils::format_units};
use alloy_sol_types::{Panic, Revert, SolError};

use super::{artifact::Artifacts, cheats};

/// A value as forge prints it.
pub(super) fn value(value: &DynSolValue) -> String {
    match value {
        DynSolValue::Bool(value) => value.to_string(),
        DynSolValue::Int(value, _) => value.to_string(),
        DynSolValue::Uint(value, _) => value.to_string(),
        DynSolValue::FixedBytes(word, size) => {
            hex::encode_prefixed(word.get(..*size).unwrap_or_default())
        }
        DynSolValue::Address(address) => address.to_checksum(None),
        DynSolValue::Function(function) => hex::encode_prefixed(function),
        DynSolValue::Bytes(bytes) => hex::encode_prefixed(bytes),
        DynSolValue::String(text) => text.clone(),
        DynSolValue::Array(items) | DynSolValue::FixedArray(items) => format!("[{}]", list(items)),
        DynSolValue::Tuple(items) | DynSolValue::CustomStruct { tuple: items, .. } => {
            format!("({})", list(items))
        }
    }
}

/// Values with commas; text in quotes.
pub(super) fn list(items: &[DynSolValue]) -> String {
    let items = items.iter().map(|item| match item {
        DynSolValue::String(text) => format!("{text:?}"),
        other => value(other),
    });
    items.collect::<Vec<_>>().join(", ")
}

/// A number with its decimals, anything else as it is.
pub(super) fn with_decimals(item: &DynSolValue, decimals: u64) -> String {
    let units = u8::try_from(decimals).ok().filter(|decimals| *decimals > 0);
    let formatted = units.and_then(|units| match item {
        DynSolValue::Uint(number, _) => format_units(*number, units).ok(),
        DynSolValue::Int(number, _) => format_units(*number, units).ok(),
        _ => None,
    });
    formatted.unwrap_or_else(|| value(item))
}

/// Revert data without knowledge of the project: its words, or hex.
pub(super) fn plain(data: &Bytes) -> String {
    reason(data, None)
}

/// Revert data in words.
pub(super) fn reason(data: &Bytes, artifacts: Option<&Artifacts>) -> String {
    if data.is_empty() {
        return "EvmError: Revert".to_owned();
    }
    if let Ok(revert) = Revert::abi_decode(data) {
        return revert.reason;
    }
    if let Ok(error) = cheats::CheatcodeError::abi_decode(data) {
        return error.message;
    }
    if let Ok(panic) = Panic::abi_decode(data) {
        let kind = panic.kind().map_or("unknown code", |kind| kind.as_str());
        return format!("panic: {kind} (0x{:02x})", panic.code);
    }
    custom_error(data, artifacts).unwrap_or_else(|| {
        let text =
            core::str::from_utf8(data).ok().filter(|text| text.chars().all(|c| !c.is_control()));
        text.map_or_else(|| data.to_string(), ToOwned::to_owned)
    })
}

fn custom_error(data: &Bytes, artifacts: Option<&Artifacts>) -> Option<String> {
    let error = artifacts?.error(data.first_chunk().copied()?.into())?;
    let values = error.abi_decode_input(data.get(4..)?).ok()?;
    Some(format!("{}({})", error.name, list(&values)))
}

/// A call in words: the function and its arguments, as far as the project knows them.
pub(super) fn call(
    input: &Bytes,
    artifacts: &Artifacts,
) -> (String, Option<alloy_json_abi::Function>) {
    let known =
        input.first_chunk::<4>().and_then(|selector| artifacts.function((*selector).into()));
    let Some(function) = known else {
        let name = if input.is_empty() { "fallback" } else { "" };
        return (format!("{name}({input})"), None);
    };
    let values = function.abi_decode_input(input.get(4..).unwrap_or_default());
    let values = values.map_or_else(|_| input.to_string(), |values| list(&values));
    (format!("{}({values})", function.name), Some(function.clone()))
}

/// What a function returned, in words.
pub(super) fn output(data: &Bytes, function: Option<&alloy_json_abi::Function>) -> String {
    if data.is_empty() {
        return String::new();
    }
    let values = function.and_then(|function| function.abi_decode_output(data).ok());
    values.map_or_else(|| data.to_string(), |values| list(&values))
}
