//! Calls that a test expects.

use alloy_primitives::{Address, Bytes, U256};
use revm::interpreter::CallInputs;

use super::{Args, Cheats, Code, Reply, Session};

macro_rules! calls {
    ($($signature:literal [$value:literal $gas:literal $count:literal] $least:literal),* $(,)?) => {
        &[$(($signature, Code::Plain(|s, a| expect(s, a, Form {
            has_value: $value, has_gas: $gas, has_count: $count, least: $least,
        })))),*]
    };
}

pub(super) const CODES: &[(&str, Code)] = calls![
    "expectCall(address,bytes)" [false false false] false,
    "expectCall(address,bytes,uint64)" [false false true] false,
    "expectCall(address,uint256,bytes)" [true false false] false,
    "expectCall(address,uint256,bytes,uint64)" [true false true] false,
    "expectCall(address,uint256,uint64,bytes)" [true true false] false,
    "expectCall(address,uint256,uint64,bytes,uint64)" [true true true] false,
    "expectCallMinGas(address,uint256,uint64,bytes)" [true true false] true,
    "expectCallMinGas(address,uint256,uint64,bytes,uint64)" [true true true] true,
];

/// Gas that a call with value gets on top.
const STIPEND: u64 = 2_300;

/// Which arguments a variant has.
#[derive(Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "the variants of one cheat code")]
struct Form {
    has_value: bool,
    has_gas: bool,
    has_count: bool,
    least: bool,
}

/// A call that is expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ExpectedCall {
    target: Address,
    data: Bytes,
    value: Option<U256>,
    gas: Option<u64>,
    /// The gas is the least that will do.
    is_least: bool,
    count: u64,
    /// Neither more nor less than `count`.
    is_exact: bool,
    seen: u64,
}

fn expect(session: &mut Session<'_>, args: &Args, form: Form) -> Reply {
    let target = args.address(0)?;
    let value = form.has_value.then(|| args.uint(1)).transpose()?;
    let stipend = if value.is_some_and(|value| !value.is_zero()) { STIPEND } else { 0 };
    let gas = form.has_gas.then(|| args.small(2)).transpose()?;
    let gas = gas.map(|gas| gas.saturating_add(stipend));
    let at = usize::from(form.has_value).saturating_add(usize::from(form.has_gas));
    let data = Bytes::copy_from_slice(args.bytes(at.saturating_add(1))?);
    let count = if form.has_count { args.small(at.saturating_add(2))? } else { 1 };
    let expected = ExpectedCall {
        target,
        data,
        value,
        gas,
        is_least: form.least,
        count,
        is_exact: form.has_count,
        seen: 0,
    };
    let same = |other: &&mut ExpectedCall| {
        (other.target, &other.data, other.value) == (target, &expected.data, value)
    };
    match session.cheats.expected_calls.iter_mut().find(same) {
        Some(other) if other.is_exact || form.has_count => {
            return Err("counted expected calls can only bet set once".into());
        }
        Some(other) => other.count = other.count.saturating_add(1),
        None => session.cheats.expected_calls.push(expected),
    }
    Ok(Vec::new())
}

impl Cheats {
    /// A call: counts it where it was expected.
    pub(in crate::forge) fn count_call(&mut self, call: &CallInputs, input: &[u8]) {
        for expected in &mut self.expected_calls {
            let gas_fits = expected.gas.is_none_or(|gas| {
                if expected.is_least { call.gas_limit >= gas } else { call.gas_limit == gas }
            });
            if call.bytecode_address == expected.target
                && input.starts_with(&expected.data)
                && expected.value.is_none_or(|value| Some(value) == call.transfer_value())
                && gas_fits
            {
                expected.seen = expected.seen.saturating_add(1);
            }
        }
    }

    /// The test ends: which call is missing.
    pub(super) fn missing_call(&mut self) -> Option<String> {
        let calls = core::mem::take(&mut self.expected_calls);
        let missing = calls.iter().find(|call| {
            if call.is_exact { call.seen != call.count } else { call.seen < call.count }
        })?;
        let value = missing.value.map(|value| format!(", value {value}")).unwrap_or_default();
        let gas = missing.gas.map(|gas| format!(", gas {gas}")).unwrap_or_default();
        Some(format!(
            "expected call to {} with data {}{value}{gas} to be called {} time(s), but was called {} \
             time(s)",
            missing.target, missing.data, missing.count, missing.seen
        ))
    }
}
