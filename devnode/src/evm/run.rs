//! The life of a program's frame: start, wait, resume, end.

use alloc::sync::Arc;

use alloy_primitives::{B256, Bytes, U256};
use revm::{
    Database,
    context_interface::{LocalContextTr, context::ContextError},
    handler::{FrameInitOrResult, FrameResult},
    interpreter::{
        FrameInput, InstructionResult, InterpreterAction, InterpreterResult,
        interpreter_types::InputsTr,
    },
};

use super::{
    answer::{Answer, Expected},
    machine::{ArbEvm, Error, Frame},
    state::ArbStorage,
};
use crate::{
    program::{Environment, Event, INK_PER_GAS, Outcome, Program, Running, State},
    stylus::ProgramRecord,
    wasm::{Features, wide},
};

/// A program that waits for the frame above its own.
#[derive(Debug)]
pub(super) struct Suspended {
    /// Its place on the frame stack.
    pub(super) frame: usize,
    pub(super) running: Box<dyn Running>,
    /// Pages that were open before it was called.
    pub(super) pages_before: u16,
    /// Gas that it was called with, before it paid for its start.
    pub(super) start_gas: u64,
    /// What it waits for.
    pub(super) expected: Option<Expected>,
}

/// Why a program's frame ends before the program runs.
enum Refusal {
    /// The start cannot be paid.
    OutOfGas,
    /// The program is not active.
    Inactive(String),
}

impl<DB: Database> ArbEvm<DB> {
    /// Starts the program of the topmost frame.
    pub(super) fn start_program(&mut self) -> Result<FrameInitOrResult<Frame>, Error<DB>> {
        let index = self.inner.frame_stack.index().unwrap_or_default();
        let frame = self.inner.frame_stack.get();
        let code_hash = frame.interpreter.bytecode.get_or_calculate_hash();
        let start_gas = frame.interpreter.gas.remaining();
        let depth = frame.depth;
        let record = self.inner.ctx.program(code_hash).map_err(ContextError::Db)?;
        let pages_before = self.inner.ctx.chain.pages.open;
        let gas = match self.pay_for_start(code_hash, &record, start_gas) {
            Ok(gas) => gas,
            Err(Refusal::OutOfGas) => {
                return self.end(InstructionResult::OutOfGas, Bytes::new(), 0);
            }
            Err(Refusal::Inactive(reason)) => {
                if depth == 0 {
                    self.inner.ctx.local.set_precompile_error_context(reason);
                }
                return self.end(InstructionResult::PrecompileError, Bytes::new(), 0);
            }
        };
        let compiled = self.compiled(code_hash)?;
        let environment = self.environment();
        let ink = gas.saturating_mul(INK_PER_GAS);
        let stack = self.inner.ctx.chain.params.max_stack_depth;
        let running = compiled
            .start(State::new(environment, ink), ink, stack)
            .map_err(|error| ContextError::Custom(error.to_string()))?;
        let mut suspended =
            Suspended { frame: index, running, pages_before, start_gas, expected: None };
        let event = suspended.running.run();
        self.drive(suspended, event)
    }

    /// Resumes the program of the topmost frame with the result that it waited for.
    pub(super) fn resume_program(&mut self) -> Result<FrameInitOrResult<Frame>, Error<DB>> {
        let lost = || ContextError::Custom("a program lost the frame it waited for".to_owned());
        let mut suspended = self.suspended.pop().ok_or_else(lost)?;
        let expected = suspended.expected.take().ok_or_else(lost)?;
        let result = self.returned.take().ok_or_else(lost)?;
        if result.instruction_result().is_ok() {
            let refund = match &result {
                FrameResult::Call(outcome) => outcome.gas().refunded(),
                FrameResult::Create(outcome) => outcome.gas().refunded(),
            };
            self.inner.frame_stack.get().interpreter.gas.record_refund(refund);
        }
        let event = suspended.running.resume(expected.reply(&result));
        self.drive(suspended, event)
    }

    /// Answers a program's requests until it ends or opens a frame.
    fn drive(
        &mut self,
        mut suspended: Suspended,
        mut event: Event,
    ) -> Result<FrameInitOrResult<Frame>, Error<DB>> {
        loop {
            match event {
                Event::End(outcome) => return self.end_program(suspended, outcome),
                Event::Ask(request) => match self.answer(request)? {
                    Answer::Reply(reply) => event = suspended.running.resume(reply),
                    Answer::Open(input, expected) => {
                        suspended.expected = Some(expected);
                        if let Some(recorder) = &self.inner.ctx.chain.recorder {
                            suspended.running.trace_call(recorder.children());
                        }
                        self.suspended.push(suspended);
                        return self.open_frame(input);
                    }
                },
            }
        }
    }

    fn open_frame(&mut self, input: FrameInput) -> Result<FrameInitOrResult<Frame>, Error<DB>> {
        let frame = self.inner.frame_stack.get();
        frame.process_next_action::<_, Error<DB>>(
            &mut self.inner.ctx,
            InterpreterAction::NewFrame(input),
        )
    }

    /// Takes the cost of starting the program; what is left.
    fn pay_for_start(
        &mut self,
        code_hash: B256,
        record: &ProgramRecord,
        gas: u64,
    ) -> Result<u64, Refusal> {
        let time = self.inner.ctx.block.timestamp.saturating_to();
        let chain = &mut self.inner.ctx.chain;
        record.check(&chain.params, time).map_err(|error| Refusal::Inactive(error.to_string()))?;
        // A program that is cached for long takes a place among the recent ones too.
        let recent = chain.config.arbos.is_60()
            && chain.programs.recent.insert(code_hash, chain.params.block_cache_size);
        let cached = record.cached || recent;
        let mut cost = chain.pages.cost(record.footprint, chain.page_limit());
        if cached || record.version > 1 {
            cost = cost.saturating_add(chain.params.cached_gas(record.cached_cost));
        }
        if !cached {
            cost = cost.saturating_add(chain.params.init_gas(record.init_cost));
        }
        let left = gas.checked_sub(cost).ok_or(Refusal::OutOfGas)?;
        chain.pages.add(record.footprint);
        Ok(left)
    }

    /// The compiled program of the topmost frame.
    fn compiled(&mut self, code_hash: B256) -> Result<Arc<dyn Program>, Error<DB>> {
        if let Some(compiled) = self.inner.ctx.chain.programs.get(code_hash) {
            return Ok(compiled);
        }
        let code = self.inner.frame_stack.get().interpreter.bytecode.original_bytes();
        let custom = |error: &dyn core::fmt::Display| ContextError::Custom(error.to_string());
        let wasm = super::answer::wasm_of(&mut self.inner.ctx, &code)?;
        let chain = &mut self.inner.ctx.chain;
        // Programs of another version don't run.
        let version = chain.params.version;
        let features = Features { stylus_version: version, debug: chain.config.allow_debug };
        chain.programs.compile(code_hash, &wasm, features).map_err(|error| custom(&error))
    }

    fn environment(&mut self) -> Environment {
        let frame = self.inner.frame_stack.get();
        let input = &frame.interpreter.input;
        let contract = input.target_address();
        let (sender, value) = (input.caller_address(), input.call_value());
        let calldata = input.input().bytes(&self.inner.ctx);
        let (block, tx, chain) = (&self.inner.ctx.block, &self.inner.ctx.tx, &self.inner.ctx.chain);
        Environment {
            calldata,
            contract,
            sender,
            value,
            origin: tx.caller,
            gas_price: U256::from(chain.offered_gas_price),
            base_fee: U256::from(block.basefee),
            coinbase: block.beneficiary,
            block_gas_limit: block.gas_limit,
            block_number: block.number.saturating_to(),
            block_timestamp: block.timestamp.saturating_to(),
            chain_id: chain.config.chain_id,
            reentrant: chain.is_reentrant(contract),
            stylus_version: chain.params.version,
            tracing: chain.recorder.is_some(),
        }
    }

    /// Ends a program's frame.
    fn end_program(
        &mut self,
        mut suspended: Suspended,
        outcome: Outcome,
    ) -> Result<FrameInitOrResult<Frame>, Error<DB>> {
        self.inner.ctx.chain.pages.open = suspended.pages_before;
        if let Some(recorder) = &mut self.inner.ctx.chain.recorder {
            recorder.host_ios(suspended.running.take_trace());
        }
        let gas = suspended.running.ink().checked_div(INK_PER_GAS).unwrap_or_default();
        let (result, output) = match outcome {
            Outcome::Success(output) => (InstructionResult::Return, output),
            Outcome::Revert(output) => (InstructionResult::Revert, output),
            Outcome::Failure => (InstructionResult::Revert, Vec::new()),
            Outcome::OutOfInk => return self.end(InstructionResult::OutOfGas, Bytes::new(), 0),
            Outcome::OutOfStack => {
                return self.end(InstructionResult::CallTooDeep, Bytes::new(), 0);
            }
            Outcome::Fault(error) => return Err(ContextError::Custom(error)),
        };
        if output.is_empty() {
            return self.end(result, Bytes::new(), gas);
        }
        // Returned data costs at least what EVM memory of its size would.
        match suspended.start_gas.checked_sub(evm_memory_gas(wide(output.len()))) {
            Some(most) => self.end(result, output.into(), gas.min(most)),
            None => self.end(InstructionResult::OutOfGas, Bytes::new(), 0),
        }
    }

    /// Ends the topmost frame with `gas` left.
    fn end(
        &mut self,
        result: InstructionResult,
        output: Bytes,
        gas_left: u64,
    ) -> Result<FrameInitOrResult<Frame>, Error<DB>> {
        let frame = self.inner.frame_stack.get();
        let mut gas = frame.interpreter.gas;
        gas.set_remaining(gas_left);
        let action = InterpreterAction::Return(InterpreterResult { result, output, gas });
        let next = frame.process_next_action::<_, Error<DB>>(&mut self.inner.ctx, action)?;
        if next.is_result() {
            frame.set_finished(true);
        }
        Ok(next)
    }
}

/// Gas of EVM memory of a size.
const fn evm_memory_gas(bytes: u64) -> u64 {
    let words = bytes.div_ceil(32);
    let square = words.saturating_mul(words) >> 9;
    words.saturating_mul(3).saturating_add(square)
}
