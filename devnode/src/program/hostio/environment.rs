//! What is known about the call, the transaction and the block; gas; memory growth.

use super::{Args, Step};
use crate::{
    program::{
        functions::HostFunction as F,
        guest::{BASE, Guest, INK_PER_GAS, POINTER, Stop},
        request::{Reply, Request},
    },
    wasm::VERSION_3,
};

pub(super) fn begin(function: F, guest: &mut impl Guest, args: Args) -> Result<Step, Stop> {
    if function == F::PayForMemoryGrow {
        return pay_for_memory_grow(guest, args);
    }
    if let Some(bytes) = written(function, guest) {
        guest.buy_ink(BASE.saturating_add(POINTER))?;
        guest.write(args.int(0), &bytes)?;
        guest.state().trace_outs(&[&bytes]);
        return Ok(Step::NOTHING);
    }
    guest.buy_ink(BASE)?;
    let is_small = matches!(function, F::MsgReentrant | F::TxInkPrice);
    let value = returned(function, guest);
    let bytes = value.to_be_bytes();
    let (_, low) = bytes.split_at(4);
    guest.state().trace_outs(&[if is_small { low } else { &bytes }]);
    Ok(Step::Done(value))
}

/// Bytes that the function writes to the program's memory.
fn written(function: F, guest: &mut impl Guest) -> Option<Vec<u8>> {
    let environment = &guest.state().environment;
    Some(match function {
        F::BlockBaseFee => environment.base_fee.to_be_bytes_vec(),
        F::BlockCoinbase => environment.coinbase.to_vec(),
        F::ContractAddress => environment.contract.to_vec(),
        F::MsgSender => environment.sender.to_vec(),
        F::MsgValue => environment.value.to_be_bytes_vec(),
        F::TxGasPrice => environment.gas_price.to_be_bytes_vec(),
        F::TxOrigin => environment.origin.to_vec(),
        _ => return None,
    })
}

/// Number that the function returns.
fn returned(function: F, guest: &mut impl Guest) -> u64 {
    match function {
        F::EvmGasLeft => return guest.gas_left(),
        F::EvmInkLeft => return guest.ink(),
        _ => {}
    }
    let environment = &guest.state().environment;
    match function {
        F::BlockGasLimit => environment.block_gas_limit,
        F::BlockNumber => environment.block_number,
        F::BlockTimestamp => environment.block_timestamp,
        F::ChainId => environment.chain_id,
        F::MsgReentrant => u64::from(environment.reentrant),
        F::TxInkPrice => INK_PER_GAS,
        _ => 0,
    }
}

fn pay_for_memory_grow(guest: &mut impl Guest, args: Args) -> Result<Step, Stop> {
    // Until version 3 the chain takes the low 16 bits, and growth beyond them fails in the program itself.
    let pages = args.int(0);
    if pages > 0xffff && guest.state().environment.stylus_version >= VERSION_3 {
        guest.exhaust();
        return Err(Stop::OutOfInk);
    }
    let pages = u16::try_from(pages & 0xffff).unwrap_or_default();
    guest.state().trace_args(&[&pages.to_be_bytes()]);
    if pages == 0 {
        guest.buy_ink(BASE)?;
        return Ok(Step::NOTHING);
    }
    Ok(Step::ask(Request::AddPages { pages }))
}

pub(super) fn finish(reply: &Reply, guest: &mut impl Guest) -> Result<u64, Stop> {
    let Reply::Pages { gas } = *reply else { return Err(Stop::Failure) };
    guest.buy_gas(gas)?;
    Ok(0)
}
