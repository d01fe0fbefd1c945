//! Compiled programs, kept between transactions.

use std::collections::HashMap;

use alloy_primitives::B256;

use crate::{
    program::{Compiled, Interpreter, InterpreterError},
    stylus::RecentPrograms,
    wasm::{Activated, Features, WasmError},
};

/// Programs that are kept compiled; beyond that all are dropped and compiled again when called.
const CAPACITY: usize = 1_024;

/// The interpreter and what it has compiled.
#[derive(Debug)]
pub(crate) struct Programs {
    pub(crate) interpreter: Interpreter,
    compiled: HashMap<B256, Compiled>,
    /// Programs seen lately in the block `recent_block`.
    pub(crate) recent: RecentPrograms,
    pub(crate) recent_block: u64,
}

/// Why an active program cannot be compiled.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CompileError {
    /// Its WASM is not valid any more.
    #[error(transparent)]
    Wasm(#[from] WasmError),
    /// The interpreter refuses it.
    #[error(transparent)]
    Interpreter(#[from] InterpreterError),
}

impl Default for Programs {
    fn default() -> Self {
        Self {
            interpreter: Interpreter::new(),
            compiled: HashMap::new(),
            recent: RecentPrograms::default(),
            recent_block: 0,
        }
    }
}

impl Programs {
    /// The compiled form of a program, if it is at hand.
    pub(crate) fn get(&self, code_hash: B256) -> Option<Compiled> {
        self.compiled.get(&code_hash).cloned()
    }

    /// Compiles a program from its WASM.
    pub(crate) fn compile(
        &mut self,
        code_hash: B256,
        wasm: &[u8],
        features: Features,
    ) -> Result<Compiled, CompileError> {
        let activated = Activated::new(wasm, features)?;
        self.keep(code_hash, &activated.instrumented.wasm).map_err(Into::into)
    }

    /// Compiles a metered module and keeps it.
    pub(crate) fn keep(
        &mut self,
        code_hash: B256,
        metered: &[u8],
    ) -> Result<Compiled, InterpreterError> {
        let compiled = self.interpreter.compile(metered)?;
        if self.compiled.len() >= CAPACITY {
            self.compiled.clear();
        }
        self.compiled.insert(code_hash, compiled.clone());
        Ok(compiled)
    }

    /// Forgets the programs of an earlier block.
    pub(crate) fn enter_block(&mut self, number: u64) {
        if self.recent_block != number {
            self.recent.clear();
            self.recent_block = number;
        }
    }
}
