//! Calls of other contracts, and creation of contracts.

use alloy_primitives::{Bytes, U256};

use super::{Args, Step};
use crate::program::{
    functions::HostFunction as F,
    guest::{API, BASE, Guest, POINTER, Stop, length},
    request::{CallKind, Reply, Request},
};

/// Status of a call that did not succeed, whatever the reason.
const FAILED: u8 = 2;

pub(super) fn begin(function: F, guest: &mut impl Guest, args: Args) -> Result<Step, Stop> {
    match function {
        F::Create1 | F::Create2 => create(function, guest, args),
        _ => call(function, guest, args),
    }
}

fn call(function: F, guest: &mut impl Guest, args: Args) -> Result<Step, Stop> {
    let (address, data, size) = (args.int(0), args.int(1), args.int(2));
    let (kind, value, gas) = match function {
        F::Call => (CallKind::Call, Some(args.int(3)), args.long(4)),
        F::DelegateCall => (CallKind::Delegate, None, args.long(3)),
        _ => (CallKind::Static, None, args.long(3)),
    };
    guest.buy_ink(BASE.saturating_add(POINTER.saturating_mul(3)).saturating_add(API))?;
    guest.pay_for_read(size)?;
    guest.pay_for_read(size)?;
    let gas_left = guest.gas_left();
    let address = guest.read_address(address)?;
    let input: Bytes = guest.read(data, size)?.into();
    let value_word = value.map(|pointer| guest.read_word(pointer)).transpose()?;
    let value: U256 = value_word.unwrap_or_default().into();
    guest.state().trace_args(&[address.as_slice(), &gas.to_be_bytes()]);
    if let Some(word) = value_word {
        guest.state().trace_args(&[word.as_slice()]);
    }
    guest.state().trace_args(&[&input]);
    let gas_requested = gas.min(gas_left);
    Ok(Step::ask(Request::Call { kind, address, input, value, gas_left, gas_requested }))
}

fn create(function: F, guest: &mut impl Guest, args: Args) -> Result<Step, Stop> {
    let (code, size, endowment) = (args.int(0), args.int(1), args.int(2));
    let (pointers, salt) = match function {
        F::Create2 => (4, Some(args.int(3))),
        _ => (3, None),
    };
    guest.buy_ink(BASE.saturating_add(POINTER.saturating_mul(pointers)).saturating_add(API))?;
    guest.pay_for_read(size)?;
    guest.pay_for_read(size)?;
    let code: Bytes = guest.read(code, size)?.into();
    let value = guest.read_number(endowment)?;
    let salt = salt.map(|pointer| guest.read_number(pointer)).transpose()?;
    let gas_left = guest.gas_left();
    guest.state().trace_args(&[&value.to_be_bytes::<32>()]);
    if let Some(salt) = salt {
        guest.state().trace_args(&[&salt.to_be_bytes::<32>()]);
    }
    guest.state().trace_args(&[&code]);
    Ok(Step::ask(Request::Create { code, value, salt, gas_left }))
}

pub(super) fn finish(
    function: F,
    args: Args,
    reply: Reply,
    guest: &mut impl Guest,
) -> Result<u64, Stop> {
    match reply {
        Reply::Called { success, data, gas } => {
            guest.buy_gas(gas)?;
            let size = length(&data);
            guest.state().return_data = data;
            let pointer = if function == F::Call { args.int(5) } else { args.int(4) };
            guest.write(pointer, &size.to_le_bytes())?;
            let status = if success { 0 } else { FAILED };
            guest.state().trace_outs(&[&size.to_be_bytes(), &[status]]);
            Ok(u64::from(status))
        }
        Reply::Created { address, data, gas } => {
            guest.buy_gas(gas)?;
            let size = length(&data);
            guest.state().return_data = data;
            let (created, pointer) = match function {
                F::Create2 => (args.int(4), args.int(5)),
                _ => (args.int(3), args.int(4)),
            };
            guest.write(pointer, &size.to_le_bytes())?;
            guest.write(created, address.as_slice())?;
            guest.state().trace_outs(&[address.as_slice(), &size.to_be_bytes()]);
            Ok(0)
        }
        _ => Err(Stop::Failure),
    }
}
