//! Opcode by opcode: what an EVM frame had before each of its steps, as geth's struct logs show it.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, Bytes, U256};
use revm::{
    bytecode::opcode,
    interpreter::{
        InstructionResult, Interpreter,
        interpreter::EthInterpreter,
        interpreter_types::{InputsTr, Jumps, ReturnData},
    },
};

use crate::{trace::error_text, wasm::wide};

/// What is recorded of each step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches, not states")]
pub struct StepOptions {
    /// The stack.
    pub stack: bool,
    /// The memory.
    pub memory: bool,
    /// Slots read and written so far, at the opcodes that do.
    pub storage: bool,
    /// What the last call returned.
    pub return_data: bool,
    /// Most steps to record; the rest is run but not recorded.
    pub limit: usize,
    /// Stop recording when stacks and memories together take more bytes than this.
    pub bytes: usize,
}

/// One step of an EVM frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Position in the code.
    pub counter: u64,
    /// The opcode.
    pub opcode: u8,
    /// Gas left before it.
    pub gas: u64,
    /// Gas that it took, with what it passed on to a frame.
    pub gas_cost: u64,
    /// Depth of the frame; 1 is the outermost.
    pub depth: u64,
    /// The stack before it, top last, if asked for.
    pub stack: Option<Vec<U256>>,
    /// The memory before it, if asked for.
    pub memory: Option<Bytes>,
    /// Slots of the contract that the transaction has used so far, at storage opcodes.
    pub storage: Option<BTreeMap<B256, B256>>,
    /// What the last call returned, if asked for.
    pub return_data: Option<Bytes>,
    /// Why the frame failed here.
    pub error: Option<&'static str>,
}

impl Step {
    /// Bytes of the stack and the memory that it records.
    pub fn held(&self) -> usize {
        let words = self.stack.as_ref().map_or(0, Vec::len).saturating_mul(32);
        words.saturating_add(self.memory.as_ref().map_or(0, |memory| memory.len()))
    }
}

/// Collects steps.
#[derive(Debug)]
pub(crate) struct StepRecorder {
    options: StepOptions,
    steps: Vec<Step>,
    /// Whether the step that runs is recorded.
    is_open: bool,
    /// The slot that it loads, if it does.
    loaded: Option<U256>,
    /// Bytes of stacks and memories recorded.
    held: usize,
    storage: BTreeMap<Address, BTreeMap<B256, B256>>,
}

impl StepRecorder {
    pub(crate) const fn new(options: StepOptions) -> Self {
        Self {
            options,
            steps: Vec::new(),
            is_open: false,
            loaded: None,
            held: 0,
            storage: BTreeMap::new(),
        }
    }

    pub(crate) fn into_steps(self) -> Vec<Step> {
        self.steps
    }

    /// The interpreter is about to run an opcode.
    pub(crate) fn before(&mut self, interpreter: &Interpreter<EthInterpreter>, depth: usize) {
        self.is_open = self.steps.len() < self.options.limit && self.held <= self.options.bytes;
        if !self.is_open {
            return;
        }
        let options = self.options;
        let opcode = interpreter.bytecode.opcode();
        let stack = interpreter.stack.data();
        self.loaded = stack.last().copied().filter(|_| opcode == opcode::SLOAD);
        if opcode == opcode::SSTORE
            && let [.., value, slot] = stack.as_slice()
        {
            let slots = self.storage.entry(interpreter.input.target_address()).or_default();
            slots.insert((*slot).into(), (*value).into());
        }
        let step = Step {
            counter: wide(interpreter.bytecode.pc()),
            opcode,
            gas: interpreter.gas.remaining(),
            gas_cost: 0,
            depth: wide(depth).saturating_add(1),
            stack: options.stack.then(|| stack.clone()),
            memory: options
                .memory
                .then(|| Bytes::copy_from_slice(&interpreter.memory.context_memory())),
            storage: None,
            return_data: options
                .return_data
                .then(|| Bytes::copy_from_slice(interpreter.return_data.buffer())),
            error: None,
        };
        self.held = self.held.saturating_add(step.held());
        self.steps.push(step);
    }

    /// The opcode has run.
    pub(crate) fn after(
        &mut self,
        interpreter: &Interpreter<EthInterpreter>,
        result: Result<(), InstructionResult>,
    ) {
        if !self.is_open {
            return;
        }
        let Some(step) = self.steps.last_mut() else { return };
        step.gas_cost = step.gas.saturating_sub(interpreter.gas.remaining());
        step.error = result.err().filter(|result| is_failure(*result)).map(error_text);
        let contract = interpreter.input.target_address();
        if let (opcode::SLOAD, Some(slot), Some(value)) =
            (step.opcode, self.loaded, interpreter.stack.data().last())
        {
            self.storage.entry(contract).or_default().insert(slot.into(), (*value).into());
        }
        if self.options.storage && matches!(step.opcode, opcode::SLOAD | opcode::SSTORE) {
            step.storage = self.storage.get(&contract).cloned();
        }
    }
}

/// Whether a step ended its frame by a fault; opening another frame is none.
const fn is_failure(result: InstructionResult) -> bool {
    result.is_halt() && !matches!(result, InstructionResult::Suspend)
}
