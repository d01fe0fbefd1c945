//! What happened inside a transaction: the tree of calls, with the host functions of each program.

use alloy_primitives::{Address, Bytes, Log, U256};
use revm::{
    handler::FrameResult,
    interpreter::{CallScheme, FrameInput, InstructionResult},
};

use crate::steps::StepRecorder;
pub use crate::{
    program::HostIo,
    steps::{Step, StepOptions},
};

/// How a frame was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameKind {
    /// CALL, or the transaction itself.
    Call,
    /// CALLCODE.
    CallCode,
    /// DELEGATECALL.
    DelegateCall,
    /// STATICCALL.
    StaticCall,
    /// CREATE, or a transaction without recipient.
    Create,
    /// CREATE2.
    Create2,
}

impl FrameKind {
    /// The opcode's name, as tracers write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Call => "CALL",
            Self::CallCode => "CALLCODE",
            Self::DelegateCall => "DELEGATECALL",
            Self::StaticCall => "STATICCALL",
            Self::Create => "CREATE",
            Self::Create2 => "CREATE2",
        }
    }
}

/// One frame of a transaction, as `callTracer` reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallTrace {
    /// How it was opened.
    pub kind: FrameKind,
    /// Who opened it.
    pub from: Address,
    /// Whose code it ran, or the contract that it created; zero if none was created.
    pub to: Address,
    /// Value sent; that of the caller's frame for delegated calls.
    pub value: U256,
    /// Gas that it was given.
    pub gas: u64,
    /// Gas that it used.
    pub gas_used: u64,
    /// Calldata or init code.
    pub input: Bytes,
    /// Returned or reverted data; the code of a created contract.
    pub output: Bytes,
    /// Why it failed, in geth's words.
    pub error: Option<&'static str>,
    /// Frames that it opened, in order.
    pub calls: Vec<Self>,
    /// Its events with the number of frames that it had opened before; none if it failed.
    pub logs: Vec<(usize, Log)>,
    /// Host functions that it called, if it ran a program.
    pub host_ios: Vec<HostIo>,
    /// Opcodes of all frames in order, in the outermost frame, if they were asked for.
    pub steps: Vec<Step>,
}

/// Collects the frames of a transaction while it runs.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    open: Vec<CallTrace>,
    done: Option<CallTrace>,
    logs_seen: usize,
    pub(crate) steps: Option<StepRecorder>,
}

impl Recorder {
    /// Records frames, and opcodes if asked to.
    pub(crate) fn new(steps: Option<StepOptions>) -> Self {
        Self { steps: steps.map(StepRecorder::new), ..Self::default() }
    }

    /// A frame opens.
    pub(crate) fn enter(&mut self, input: &FrameInput, calldata: Bytes, logs: &[Log]) {
        self.take_logs(logs);
        let trace = match input {
            FrameInput::Call(call) => CallTrace {
                kind: match call.scheme {
                    CallScheme::Call => FrameKind::Call,
                    CallScheme::CallCode => FrameKind::CallCode,
                    CallScheme::DelegateCall => FrameKind::DelegateCall,
                    CallScheme::StaticCall => FrameKind::StaticCall,
                },
                from: match call.scheme {
                    CallScheme::DelegateCall => call.target_address,
                    _ => call.caller,
                },
                to: call.bytecode_address,
                value: call.value.get(),
                ..blank(call.gas_limit, calldata)
            },
            FrameInput::Create(create) => CallTrace {
                kind: match create.scheme() {
                    revm::context_interface::CreateScheme::Create2 { .. } => FrameKind::Create2,
                    _ => FrameKind::Create,
                },
                from: create.caller(),
                value: create.value(),
                ..blank(create.gas_limit(), create.init_code().clone())
            },
            FrameInput::Empty => return,
        };
        self.open.push(trace);
    }

    /// The topmost frame ended.
    pub(crate) fn exit(&mut self, result: &FrameResult, logs: &[Log]) {
        self.take_logs(logs);
        let Some(mut trace) = self.open.pop() else { return };
        let ending = result.instruction_result();
        let gas = result.gas();
        let left = if ending.is_ok_or_revert() { gas.remaining() } else { 0 };
        trace.gas_used = trace.gas.saturating_sub(left);
        trace.output = result.interpreter_result().output.clone();
        if let FrameResult::Create(outcome) = result {
            trace.to = outcome.address.filter(|_| ending.is_ok()).unwrap_or_default();
        }
        if !ending.is_ok() {
            trace.error = Some(error_text(ending));
            trace.logs.clear();
        }
        match self.open.last_mut() {
            Some(parent) => parent.calls.push(trace),
            None => self.done = Some(trace),
        }
    }

    /// Frames that the topmost one has opened so far.
    pub(crate) fn children(&self) -> usize {
        self.open.last().map_or(0, |trace| trace.calls.len())
    }

    /// Host functions that the topmost frame's program called.
    pub(crate) fn host_ios(&mut self, records: Vec<HostIo>) {
        if let Some(trace) = self.open.last_mut() {
            trace.host_ios = records;
        }
    }

    /// The whole tree, once the transaction ended.
    pub(crate) fn finish(self) -> Option<CallTrace> {
        let steps = self.steps.map(StepRecorder::into_steps).unwrap_or_default();
        self.done.map(|done| CallTrace { steps, ..done })
    }

    /// Gives new events to the topmost frame.
    fn take_logs(&mut self, logs: &[Log]) {
        let new = logs.get(self.logs_seen..).unwrap_or_default();
        if let Some(trace) = self.open.last_mut() {
            let position = trace.calls.len();
            trace.logs.extend(new.iter().map(|log| (position, log.clone())));
        }
        self.logs_seen = logs.len();
    }
}

const fn blank(gas: u64, input: Bytes) -> CallTrace {
    CallTrace {
        kind: FrameKind::Call,
        from: Address::ZERO,
        to: Address::ZERO,
        value: U256::ZERO,
        gas,
        gas_used: 0,
        input,
        output: Bytes::new(),
        error: None,
        calls: Vec::new(),
        logs: Vec::new(),
        host_ios: Vec::new(),
        steps: Vec::new(),
    }
}

/// Why a frame failed, in the words that geth uses and that tools look for.
pub const fn error_text(result: InstructionResult) -> &'static str {
    use InstructionResult as R;
    match result {
        R::Revert => "execution reverted",
        R::CallTooDeep => "max call depth exceeded",
        R::OutOfFunds => "insufficient balance for transfer",
        R::OutOfGas
        | R::MemoryOOG
        | R::MemoryLimitOOG
        | R::PrecompileOOG
        | R::InvalidOperandOOG
        | R::ReentrancySentryOOG => "out of gas",
        R::OpcodeNotFound | R::InvalidFEOpcode | R::NotActivated => "invalid opcode",
        R::CallNotAllowedInsideStatic | R::StateChangeDuringStaticCall => "write protection",
        R::InvalidJump => "invalid jump destination",
        R::StackUnderflow => "stack underflow",
        R::StackOverflow => "stack limit reached",
        R::OutOfOffset => "return data out of bounds",
        R::CreateCollision => "contract address collision",
        R::PrecompileError => "precompile or program failed",
        R::NonceOverflow => "nonce uint64 overflow",
        R::CreateContractSizeLimit => "max code size exceeded",
        R::CreateContractStartingWithEF => "invalid code: must not begin with 0xef",
        R::CreateInitCodeSizeLimit => "max initcode size exceeded",
        _ => "execution failed",
    }
}
