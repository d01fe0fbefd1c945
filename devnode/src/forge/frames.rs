//! What happens at the edges of frames: cheat codes are answered, calls changed and results judged.

use alloy_primitives::{Address, Bytes};
use alloy_sol_types::{SolCall, SolError, SolValue, sol};
use revm::{
    context_interface::JournalTr,
    handler::{EvmTr, FrameResult, ItemOrResult, evm::ContextDbError},
    interpreter::{
        CallInput, CallInputs, CallOutcome, CallScheme, CallValue, CreateOutcome, FrameInput, Gas,
        InstructionResult, InterpreterResult, SharedMemory, interpreter_action::FrameInit,
    },
};

use super::{
    CALLER, CHEATS,
    cheats::{Answer, Failure, Session},
    console::{self, CONSOLE},
    evm::{CheatEvm, Context},
};
use crate::{precompile_address, stylus};

type Error = ContextDbError<Context>;

sol! {
    interface IActivation {
        function activateProgram(address program) external payable returns (uint16, uint256);
        error ProgramUpToDate();
    }
}

/// What is returned in place of a revert that was expected: enough zeros to decode as anything.
const EXPECTED_OUTPUT: usize = 8_192;
/// The data fee of an activation is far below this; the rest comes back.
const ACTIVATION_VALUE: u64 = 1_000_000_000_000_000_000;

/// What is known about a frame when it opens and needed when it ends.
#[derive(Debug, Clone)]
pub(super) struct Note {
    /// Frames below it.
    pub(super) depth: usize,
    /// Whose state it acts on; zero for a creation until it ended.
    pub(super) target: Address,
    pub(super) is_static: bool,
    /// It creates a contract for `vm.deployCode`: where the caller wants the address.
    pub(super) deploys: Option<core::ops::Range<usize>>,
}

impl CheatEvm {
    /// Answers a call to the cheat codes or the console; changes other frames as pranks and mocks
    /// demand.
    pub(super) fn before(
        &mut self,
        init: &mut FrameInit,
    ) -> Result<ItemOrResult<Note, FrameResult>, Error> {
        let context = &mut self.arb.inner.ctx;
        self.cheats.see_logs(context.journaled_state.logs());
        let depth = init.depth;
        let mut note = Note { depth, target: Address::ZERO, is_static: false, deploys: None };
        match &mut init.frame_input {
            FrameInput::Call(call) if call.bytecode_address == CHEATS => {
                let call = call.clone();
                return Ok(self.cheat_code(init, &call, note));
            }
            FrameInput::Call(call) if call.bytecode_address == CONSOLE => {
                let input = call.input.bytes(context);
                let line = console::line(&input);
                self.cheats.console.push(line);
                let result = call_result(call, InstructionResult::Return, Bytes::new());
                return Ok(ItemOrResult::Result(result));
            }
            FrameInput::Call(call) => {
                let input = call.input.bytes(context);
                self.cheats.count_call(call, &input);
                if let Some((ending, output)) = self.cheats.mocked(call, &input) {
                    let mut result = call_result(call, ending, output);
                    note.target = call.target_address;
                    self.record(&init.frame_input, &input, &result);
                    self.after(note, &mut result)?;
                    return Ok(ItemOrResult::Result(result));
                }
                self.cheats.redirect(context, call);
                self.cheats.prank_call(context, call, depth);
                note.target = call.target_address;
                note.is_static = call.is_static;
            }
            FrameInput::Create(create) => self.cheats.prank_create(context, create, depth),
            FrameInput::Empty => {}
        }
        Ok(ItemOrResult::Item(note))
    }

    fn cheat_code(
        &mut self,
        init: &mut FrameInit,
        call: &CallInputs,
        mut note: Note,
    ) -> ItemOrResult<Note, FrameResult> {
        let context = &mut self.arb.inner.ctx;
        let input = call.input.bytes(context);
        let mut session = Session {
            cheats: &mut self.cheats,
            ctx: context,
            caller: call.caller,
            depth: init.depth,
        };
        let (ending, output) = match session.answer(&input) {
            Ok(Answer::Values(output)) => (InstructionResult::Return, output),
            Ok(Answer::Create(create)) => {
                // The frame that opens now creates the contract; its end tells the caller where.
                note.deploys = Some(call.return_memory_offset.clone());
                let mut create = *create;
                create.set_gas_limit(call.gas_limit);
                init.frame_input = FrameInput::Create(Box::new(create));
                return ItemOrResult::Item(note);
            }
            Err(failure) => (InstructionResult::Revert, failure.into_data()),
        };
        let mut result = call_result(call, ending, output);
        self.record(&init.frame_input, &input, &result);
        if let Some(change) = self.cheats.judge_cheat_code(&result) {
            apply(&mut result, change);
        }
        ItemOrResult::Result(result)
    }

    /// Puts a call that opened no frame into the trace.
    fn record(&mut self, frame: &FrameInput, input: &Bytes, result: &FrameResult) {
        let context = &mut self.arb.inner.ctx;
        if let Some(recorder) = &mut context.chain.recorder {
            recorder.enter(frame, input.clone(), context.journaled_state.logs());
            recorder.exit(result, context.journaled_state.logs());
        }
    }

    /// Judges how a frame ended, and changes its result as expectations demand.
    pub(super) fn after(&mut self, note: Note, result: &mut FrameResult) -> Result<(), Error> {
        let mut note = note;
        if let FrameResult::Create(outcome) = result {
            note.target = outcome.address.unwrap_or_default();
        }
        let context = &mut self.arb.inner.ctx;
        self.cheats.see_logs(context.journaled_state.logs());
        self.cheats.last_gas = Some((result.gas().limit(), result.gas().used()));
        self.cheats.end_pranks(context, note.depth);
        if let Some(memory_offset) = note.deploys.take() {
            self.end_deployment(result, memory_offset)?;
        }
        if let Some(change) = self.cheats.judge(&note, result) {
            apply(result, change);
        }
        Ok(())
    }

    /// Turns the end of a creation for `vm.deployCode` into the answer of that cheat code; a
    /// program is activated first.
    fn end_deployment(
        &mut self,
        result: &mut FrameResult,
        memory_offset: core::ops::Range<usize>,
    ) -> Result<(), Error> {
        let FrameResult::Create(outcome) = result else { return Ok(()) };
        let mut answer = outcome.result.clone();
        match outcome.address.filter(|_| outcome.result.result.is_ok()) {
            Some(address) => {
                answer.output = address.abi_encode().into();
                if let Err(failure) = self.activate(address)? {
                    answer.result = InstructionResult::Revert;
                    answer.output = failure.into_data();
                }
            }
            None if answer.output.is_empty() => {
                let text = format!("deployment failed: {:?}", answer.result);
                answer.result = InstructionResult::Revert;
                answer.output = Failure::Message(text).into_data();
            }
            None => {}
        }
        *result = FrameResult::Call(CallOutcome::new(answer, memory_offset));
        Ok(())
    }

    /// Activates the program at an address, if there is one.
    fn activate(&mut self, program: Address) -> Result<Result<(), Failure>, Error> {
        let context = &mut self.arb.inner.ctx;
        let Ok(code) = context.journaled_state.code(program);
        let code = code.data;
        if !stylus::is_program(&code, context.chain.has_fragments()) {
            return Ok(Ok(()));
        }
        let Ok(_) = context.journaled_state.load_account(CALLER);
        let target = precompile_address(0x71);
        let Ok(account) = context.journaled_state.load_account_with_code(target);
        let info = &account.data.info;
        let known_bytecode = (info.code_hash, info.code.clone().unwrap_or_default());
        let input = IActivation::activateProgramCall { program }.abi_encode();
        let call = CallInputs {
            input: CallInput::Bytes(input.into()),
            return_memory_offset: 0..0,
            gas_limit: super::GAS_LIMIT,
            reservoir: 0,
            bytecode_address: target,
            known_bytecode,
            target_address: target,
            caller: CALLER,
            value: CallValue::Transfer(alloy_primitives::U256::from(ACTIVATION_VALUE)),
            scheme: CallScheme::Call,
            is_static: false,
            charged_new_account_state_gas: false,
        };
        let init = FrameInit {
            depth: 1,
            memory: SharedMemory::new(),
            frame_input: FrameInput::Call(Box::new(call)),
        };
        // A precompile ends before a frame opens.
        let ItemOrResult::Result(result) = self.arb.frame_init(init)? else {
            return Ok(Err(Failure::Message("ArbWasm is not a precompile".into())));
        };
        let output = &result.interpreter_result().output;
        let up_to_date = IActivation::ProgramUpToDate::SELECTOR;
        if result.instruction_result().is_ok() || output.starts_with(&up_to_date) {
            return Ok(Ok(()));
        }
        let text = format!("activation of {program} failed: {output}");
        Ok(Err(Failure::Message(text)))
    }
}

/// What an expectation makes of a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Change {
    /// The expected revert counts as success.
    Succeed,
    /// The expectation was not met.
    Fail(String),
}

fn apply(result: &mut FrameResult, change: Change) {
    let (ending, output) = match change {
        Change::Succeed => (InstructionResult::Return, vec![0; EXPECTED_OUTPUT].into()),
        Change::Fail(text) => (InstructionResult::Revert, Failure::Message(text).into_data()),
    };
    let failed = !ending.is_ok();
    match result {
        FrameResult::Call(outcome) => {
            outcome.result.result = ending;
            outcome.result.output = output;
        }
        FrameResult::Create(CreateOutcome { result, address, .. }) => {
            result.result = ending;
            result.output = if failed { output } else { Bytes::new() };
            *address = (!failed).then(|| Address::with_last_byte(1));
        }
    }
}

/// The result of a call that ran no code: it costs nothing.
fn call_result(call: &CallInputs, result: InstructionResult, output: Bytes) -> FrameResult {
    let gas = Gas::new_with_regular_gas_and_reservoir(call.gas_limit, call.reservoir);
    let result = InterpreterResult { result, output, gas };
    FrameResult::Call(CallOutcome::new(result, call.return_memory_offset.clone()))
}
