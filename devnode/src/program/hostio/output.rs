//! Calldata, result, return data, events, console.

use alloy_primitives::{B256, Bytes};

use super::{Args, Step};
use crate::program::{
    functions::HostFunction as F,
    guest::{API, BASE, Guest, Stop, length},
    request::{Reply, Request},
};

const LOG_TOPIC_GAS: u64 = 375;
const LOG_BYTE_GAS: u64 = 8;
const MOST_TOPICS: u32 = 4;

pub(super) fn begin(function: F, guest: &mut impl Guest, args: Args) -> Result<Step, Stop> {
    match function {
        F::ReadArgs => read_args(guest, args.int(0)),
        F::WriteResult => write_result(guest, args.int(0), args.int(1)),
        F::ExitEarly => {
            let status = args.int(0);
            guest.state().trace_args(&[&status.to_be_bytes()]);
            Err(Stop::Exit(status))
        }
        F::ReadReturnData => read_return_data(guest, args.int(0), args.int(1), args.int(2)),
        F::ReturnDataSize => {
            guest.buy_ink(BASE)?;
            let size = length(&guest.state().return_data);
            guest.state().trace_outs(&[&size.to_be_bytes()]);
            Ok(Step::Done(u64::from(size)))
        }
        F::EmitLog => emit_log(guest, args.int(0), args.int(1), args.int(2)),
        // Console and benchmark functions are free; what they print is not shown.
        F::ConsoleText => {
            let text = guest.read(args.int(0), args.int(1))?;
            guest.state().trace_args(&[&text]);
            Ok(Step::NOTHING)
        }
        F::ConsoleTee => Ok(Step::Done(args.long(0))),
        _ => Ok(Step::NOTHING),
    }
}

fn read_args(guest: &mut impl Guest, destination: u32) -> Result<Step, Stop> {
    guest.buy_ink(BASE)?;
    let calldata = guest.state().environment.calldata.clone();
    guest.pay_for_write(length(&calldata))?;
    guest.write(destination, &calldata)?;
    guest.state().trace_outs(&[&calldata]);
    Ok(Step::NOTHING)
}

fn write_result(guest: &mut impl Guest, pointer: u32, size: u32) -> Result<Step, Stop> {
    guest.buy_ink(BASE)?;
    guest.pay_for_read(size)?;
    guest.pay_for_read(size)?;
    let output = guest.read(pointer, size)?;
    guest.state().trace_args(&[&output]);
    guest.state().output = output;
    Ok(Step::NOTHING)
}

fn read_return_data(
    guest: &mut impl Guest,
    destination: u32,
    offset: u32,
    size: u32,
) -> Result<Step, Stop> {
    guest.buy_ink(BASE.saturating_add(API))?;
    let data = guest.state().return_data.clone();
    let copied = size.min(length(&data).saturating_sub(offset));
    guest.pay_for_write(copied)?;
    let slice = slice(&data, offset, copied);
    if !slice.is_empty() {
        guest.write(destination, slice)?;
    }
    guest.state().trace_args(&[&offset.to_be_bytes(), &size.to_be_bytes()]);
    guest.state().trace_outs(&[slice]);
    Ok(Step::Done(u64::from(length(slice))))
}

/// The part of `data` from `offset` that exists, at most `size` bytes.
pub(super) fn slice(data: &Bytes, offset: u32, size: u32) -> &[u8] {
    let from = crate::wasm::size(offset).min(data.len());
    let to = from.saturating_add(crate::wasm::size(size)).min(data.len());
    data.get(from..to).unwrap_or_default()
}

fn emit_log(guest: &mut impl Guest, pointer: u32, size: u32, topics: u32) -> Result<Step, Stop> {
    guest.buy_ink(BASE.saturating_add(API))?;
    let topic_bytes = topics.saturating_mul(32);
    let data_bytes = size.checked_sub(topic_bytes).ok_or(Stop::Failure)?;
    if topics > MOST_TOPICS {
        return Err(Stop::Failure);
    }
    guest.pay_for_read(size)?;
    let gas = LOG_TOPIC_GAS
        .saturating_mul(u64::from(topics).saturating_add(1))
        .saturating_add(LOG_BYTE_GAS.saturating_mul(u64::from(data_bytes)));
    guest.buy_gas(gas)?;
    let bytes = guest.read(pointer, size)?;
    guest.state().trace_args(&[&topics.to_be_bytes(), &bytes]);
    let (head, data) =
        bytes.split_at_checked(crate::wasm::size(topic_bytes)).ok_or(Stop::Failure)?;
    let topics = head.chunks_exact(32).map(B256::from_slice).collect();
    Ok(Step::ask(Request::Log { topics, data: Bytes::copy_from_slice(data) }))
}

pub(super) const fn finish(reply: &Reply) -> Result<u64, Stop> {
    match reply {
        Reply::Accepted => Ok(0),
        _ => Err(Stop::Failure),
    }
}
