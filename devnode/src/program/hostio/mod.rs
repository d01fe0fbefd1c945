//! The host functions, in groups. Each begins in the program and, if the chain is asked, finishes with its reply.

mod accounts;
mod calls;
mod environment;
mod math;
mod output;
mod storage;

use alloy_primitives::B256;

use super::{
    engine::Outcome,
    functions::{Declaration, HostFunction as F},
    guest::{Guest, Stop},
    request::{Reply, Request},
    state::{Pending, State},
};

/// Arguments of a host function as the program passed them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Args(pub(super) [u64; 6]);

impl Args {
    /// The argument at `index`, an i32 seen as unsigned.
    fn int(self, index: usize) -> u32 {
        let low = self.long(index) & u64::from(u32::MAX);
        u32::try_from(low).unwrap_or_default()
    }

    /// The argument at `index`, an i64 seen as unsigned.
    fn long(self, index: usize) -> u64 {
        self.0.get(index).copied().unwrap_or_default()
    }
}

/// How a host function went on.
#[derive(Debug)]
pub(super) enum Step {
    /// It is done, with this result.
    Done(u64),
    /// It needs the chain; the word says which slot or account.
    Ask(Request, B256, u64),
}

impl Step {
    const NOTHING: Self = Self::Done(0);

    const fn ask(request: Request) -> Self {
        Self::Ask(request, B256::ZERO, 0)
    }
}

/// Notes a host function that is done, if the call is traced.
pub(super) fn record(guest: &mut impl Guest, declaration: &Declaration) {
    if !guest.state().environment.tracing {
        return;
    }
    let name = match declaration.function {
        F::ConsoleText => "console_log_text",
        F::ConsoleLog => "console_log",
        F::ConsoleTee | F::Debug => return,
        _ => declaration.name,
    };
    let ink = guest.ink();
    guest.state().trace_end(name, ink);
}

/// How a program ends that returned from its entry point with a status.
pub(super) fn ended(state: &mut State, status: u32) -> Outcome {
    state.trace_frame("user_returned", &[], &status.to_be_bytes());
    let output = core::mem::take(&mut state.output);
    if status == 0 { Outcome::Success(output) } else { Outcome::Revert(output) }
}

/// How a program ends that a host function stopped.
pub(super) fn stopped(state: &mut State, stop: Stop) -> Outcome {
    match stop {
        Stop::OutOfInk => Outcome::OutOfInk,
        Stop::Failure => Outcome::Failure,
        Stop::Exit(status) => ended(state, status),
    }
}

/// Runs a host function until it is done or needs the chain.
pub(super) fn begin(function: F, guest: &mut impl Guest, args: Args) -> Result<Step, Stop> {
    match function {
        F::ReadArgs
        | F::WriteResult
        | F::ExitEarly
        | F::ReadReturnData
        | F::ReturnDataSize
        | F::EmitLog
        | F::ConsoleText
        | F::ConsoleLog
        | F::ConsoleTee
        | F::Debug => output::begin(function, guest, args),
        F::StorageLoad
        | F::StorageCache
        | F::StorageFlush
        | F::TransientLoad
        | F::TransientStore => storage::begin(function, guest, args),
        F::Call | F::DelegateCall | F::StaticCall | F::Create1 | F::Create2 => {
            calls::begin(function, guest, args)
        }
        F::AccountBalance | F::AccountCode | F::AccountCodeSize | F::AccountCodeHash => {
            accounts::begin(function, guest, args)
        }
        F::Keccak256 | F::MathDiv | F::MathMod | F::MathPow | F::MathAddMod | F::MathMulMod => {
            math::run(function, guest, args).map(|()| Step::NOTHING)
        }
        _ => environment::begin(function, guest, args),
    }
}

/// Ends a host function with the chain's reply.
pub(super) fn finish(pending: Pending, reply: Reply, guest: &mut impl Guest) -> Result<u64, Stop> {
    let args = Args(pending.args);
    match pending.function {
        F::StorageLoad | F::StorageFlush | F::TransientLoad | F::TransientStore => {
            storage::finish(pending, args, reply, guest)
        }
        F::Call | F::DelegateCall | F::StaticCall | F::Create1 | F::Create2 => {
            calls::finish(pending.function, args, reply, guest)
        }
        F::AccountBalance | F::AccountCode | F::AccountCodeSize | F::AccountCodeHash => {
            accounts::finish(pending, args, reply, guest)
        }
        F::PayForMemoryGrow => environment::finish(&reply, guest),
        F::EmitLog => output::finish(&reply),
        _ => Err(Stop::Failure),
    }
}
