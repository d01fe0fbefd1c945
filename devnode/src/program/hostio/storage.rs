//! Permanent storage behind a cache that belongs to the call, and transient storage.

use alloy_primitives::B256;

use super::{Args, Step};
use crate::program::{
    functions::HostFunction as F,
    guest::{API, BASE, Guest, INK_PER_GAS, POINTER, Stop},
    request::{FlushStatus, Reply, Request},
    state::{Pending, StorageCache},
};

const COLD_LOAD_GAS: u64 = 2_100;
/// Gas that must be left before storage may be written (EIP-2200).
const STORE_SENTRY_GAS: u64 = 2_300;
const TRANSIENT_GAS: u64 = 100;
/// Gas of asking the chain on a cache miss.
const MISS_GAS: u64 = API / INK_PER_GAS;

const TWO_POINTERS: u64 = BASE + 2 * POINTER;

pub(super) fn begin(function: F, guest: &mut impl Guest, args: Args) -> Result<Step, Stop> {
    match function {
        F::StorageLoad => load(guest, args.int(0), args.int(1)),
        F::StorageCache => {
            guest.buy_ink(TWO_POINTERS)?;
            guest.require_gas(STORE_SENTRY_GAS.saturating_add(StorageCache::ACCESS_GAS))?;
            let key = guest.read_word(args.int(0))?;
            let value = guest.read_word(args.int(1))?;
            let gas = guest.state().storage.write_gas();
            guest.state().storage.write(key, value);
            guest.buy_gas(gas)?;
            guest.state().trace_args(&[key.as_slice(), value.as_slice()]);
            Ok(Step::NOTHING)
        }
        F::StorageFlush => flush(guest, args.int(0) != 0),
        F::TransientLoad => {
            guest.buy_ink(TWO_POINTERS.saturating_add(API))?;
            guest.buy_gas(TRANSIENT_GAS)?;
            let key = guest.read_word(args.int(0))?;
            guest.state().trace_args(&[key.as_slice()]);
            Ok(Step::ask(Request::TransientLoad { key }))
        }
        _ => {
            guest.buy_ink(TWO_POINTERS.saturating_add(API))?;
            guest.buy_gas(TRANSIENT_GAS)?;
            let key = guest.read_word(args.int(0))?;
            let value = guest.read_word(args.int(1))?;
            guest.state().trace_args(&[key.as_slice(), value.as_slice()]);
            Ok(Step::ask(Request::TransientStore { key, value }))
        }
    }
}

fn load(guest: &mut impl Guest, key: u32, destination: u32) -> Result<Step, Stop> {
    guest.buy_ink(TWO_POINTERS)?;
    guest.require_gas(
        COLD_LOAD_GAS.saturating_add(StorageCache::ACCESS_GAS).saturating_add(MISS_GAS),
    )?;
    let key = guest.read_word(key)?;
    guest.state().trace_args(&[key.as_slice()]);
    let gas = guest.state().storage.read_gas();
    let Some(value) = guest.state().storage.get(&key) else {
        return Ok(Step::Ask(Request::StorageLoad { key }, key, gas));
    };
    loaded(guest, destination, value, gas)?;
    Ok(Step::NOTHING)
}

fn loaded(guest: &mut impl Guest, destination: u32, value: B256, gas: u64) -> Result<(), Stop> {
    guest.buy_gas(gas)?;
    guest.write(destination, value.as_slice())?;
    guest.state().trace_outs(&[value.as_slice()]);
    Ok(())
}

fn flush(guest: &mut impl Guest, clear: bool) -> Result<Step, Stop> {
    guest.buy_ink(BASE.saturating_add(API))?;
    guest.require_gas(STORE_SENTRY_GAS)?;
    let gas_left = guest.gas_left();
    guest.state().trace_args(&[&[u8::from(clear)]]);
    let slots = guest.state().storage.take_dirty(clear);
    if slots.is_empty() {
        return Ok(Step::NOTHING);
    }
    Ok(Step::ask(Request::StorageFlush { slots, gas_left }))
}

pub(super) fn finish(
    pending: Pending,
    args: Args,
    reply: Reply,
    guest: &mut impl Guest,
) -> Result<u64, Stop> {
    match (pending.function, reply) {
        (F::StorageLoad, Reply::Word { value, gas }) => {
            guest.state().storage.learn(pending.key, value);
            let gas = pending.gas.saturating_add(gas).saturating_add(MISS_GAS);
            loaded(guest, args.int(1), value, gas)?;
        }
        (F::StorageFlush, Reply::Flush { status, gas }) => {
            guest.buy_gas(gas)?;
            match status {
                FlushStatus::Written => {}
                FlushStatus::OutOfGas => {
                    guest.exhaust();
                    return Err(Stop::OutOfInk);
                }
                FlushStatus::WriteProtected => return Err(Stop::Failure),
            }
        }
        (F::TransientLoad, Reply::Word { value, .. }) => loaded(guest, args.int(1), value, 0)?,
        (F::TransientStore, Reply::Accepted) => {}
        _ => return Err(Stop::Failure),
    }
    Ok(0)
}
