//! Balance, code and code hash of accounts.

use alloy_primitives::{Address, Bytes};

use super::{Args, Step, output};
use crate::program::{
    functions::HostFunction as F,
    guest::{API, BASE, Guest, POINTER, Stop, length},
    request::{Reply, Request},
    state::Pending,
};

const COLD_ACCOUNT_GAS: u64 = 2_600;

pub(super) fn begin(function: F, guest: &mut impl Guest, args: Args) -> Result<Step, Stop> {
    let pointers = match function {
        F::AccountBalance | F::AccountCodeHash => 2,
        _ => 0,
    };
    guest.buy_ink(BASE.saturating_add(POINTER.saturating_mul(pointers)).saturating_add(API))?;
    guest.require_gas(COLD_ACCOUNT_GAS)?;
    let address = guest.read_address(args.int(0))?;
    guest.state().trace_args(&[address.as_slice()]);
    let request = match function {
        F::AccountBalance => Request::Balance { address },
        F::AccountCodeHash => Request::CodeHash { address },
        _ => {
            let known = guest.state().last_code.clone().filter(|(known, _)| *known == address);
            if let Some((_, code)) = known {
                return with_code(function, guest, args, &code, 0).map(Step::Done);
            }
            Request::Code { address, gas_left: guest.gas_left() }
        }
    };
    Ok(Step::Ask(request, address.into_word(), 0))
}

/// Ends `account_code` or `account_code_size` with the account's code.
fn with_code(
    function: F,
    guest: &mut impl Guest,
    args: Args,
    code: &Bytes,
    gas: u64,
) -> Result<u64, Stop> {
    guest.buy_gas(gas)?;
    if function == F::AccountCodeSize {
        let size = length(code);
        guest.state().trace_outs(&[&size.to_be_bytes()]);
        return Ok(u64::from(size));
    }
    guest.pay_for_write(length(code))?;
    let (offset, size) = (args.int(1), args.int(2));
    let slice = output::slice(code, offset, size);
    guest.write(args.int(3), slice)?;
    guest.state().trace_args(&[&offset.to_be_bytes(), &size.to_be_bytes()]);
    guest.state().trace_outs(&[slice]);
    Ok(u64::from(length(slice)))
}

pub(super) fn finish(
    pending: Pending,
    args: Args,
    reply: Reply,
    guest: &mut impl Guest,
) -> Result<u64, Stop> {
    match reply {
        Reply::Word { value, gas } => {
            guest.buy_gas(gas)?;
            guest.write(args.int(1), value.as_slice())?;
            guest.state().trace_outs(&[value.as_slice()]);
            Ok(0)
        }
        Reply::Code { code, gas } => {
            if !code.is_empty() {
                let address = Address::from_word(pending.key);
                guest.state().last_code = Some((address, code.clone()));
            }
            with_code(pending.function, guest, args, &code, gas)
        }
        _ => Err(Stop::Failure),
    }
}
