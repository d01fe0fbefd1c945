//! Compiled programs, kept between transactions.

use alloc::sync::Arc;
use std::collections::HashMap;

use alloy_primitives::B256;

use crate::{
    WasmEngine,
    program::{Engine, EngineError, Interpreter, Program},
    stylus::RecentPrograms,
    wasm::{Activated, Features, WasmError},
};

/// Programs that are kept compiled; beyond that all are dropped and compiled again when called.
const CAPACITY: usize = 1_024;

/// An engine and what it has compiled.
#[derive(Debug)]
pub(crate) struct Programs {
    engine: Box<dyn Engine>,
    compiled: HashMap<B256, Arc<dyn Program>>,
    /// Programs seen lately in the block `recent_block`.
    pub(crate) recent: RecentPrograms,
    pub(crate) recent_block: u64,
    /// Whether blocks are simulated, which share what they remember.
    pub(crate) is_aside: bool,
}

/// Why an active program cannot be compiled.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CompileError {
    /// Its WASM is not valid any more.
    #[error(transparent)]
    Wasm(#[from] WasmError),
    /// The engine refuses it.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl Programs {
    /// Nothing compiled yet.
    pub(crate) fn new(engine: WasmEngine) -> Self {
        let engine: Box<dyn Engine> = match engine {
            WasmEngine::Interpreter => Box::new(Interpreter::new()),
            #[cfg(feature = "compiler")]
            WasmEngine::Compiler => Box::new(crate::program::Compiler::new()),
        };
        Self {
            engine,
            compiled: HashMap::new(),
            recent: RecentPrograms::default(),
            recent_block: 0,
            is_aside: false,
        }
    }

    /// The compiled form of a program, if it is at hand.
    pub(crate) fn get(&self, code_hash: B256) -> Option<Arc<dyn Program>> {
        self.compiled.get(&code_hash).cloned()
    }

    /// Compiles a program from its WASM.
    pub(crate) fn compile(
        &mut self,
        code_hash: B256,
        wasm: &[u8],
        features: Features,
    ) -> Result<Arc<dyn Program>, CompileError> {
        let activated = Activated::new(wasm, features)?;
        self.keep(code_hash, &activated.instrumented.wasm).map_err(Into::into)
    }

    /// Compiles a metered module and keeps it.
    pub(crate) fn keep(
        &mut self,
        code_hash: B256,
        metered: &[u8],
    ) -> Result<Arc<dyn Program>, EngineError> {
        let compiled = self.engine.compile(metered)?;
        if self.compiled.len() >= CAPACITY {
            self.compiled.clear();
        }
        self.compiled.insert(code_hash, compiled.clone());
        Ok(compiled)
    }

    /// Forgets the programs of an earlier block.
    pub(crate) fn enter_block(&mut self, number: u64) {
        if !self.is_aside && self.recent_block != number {
            self.recent.clear();
            self.recent_block = number;
        }
    }
}
