//! What a WASM engine does: compile metered modules, and run calls that suspend when they need the chain.

use alloc::sync::Arc;
use core::fmt;

use super::{
    request::{Reply, Request},
    state::{HostIo, State},
};

/// A fault of the engine: the program was accepted but cannot be run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("wasm engine: {0}")]
pub(crate) struct EngineError(pub(super) String);

impl EngineError {
    pub(super) fn missing(export: &str) -> Self {
        Self(format!("missing export {export}"))
    }
}

/// An engine with all host functions.
pub(crate) trait Engine: fmt::Debug + Send {
    /// Compiles a metered module.
    fn compile(&self, wasm: &[u8]) -> Result<Arc<dyn Program>, EngineError>;
}

/// A program ready to be called.
pub(crate) trait Program: fmt::Debug + Send + Sync {
    /// Prepares a call with `ink` and a stack of `depth` words.
    fn start(&self, state: State, ink: u64, depth: u32) -> Result<Box<dyn Running>, EngineError>;
}

/// A program in the middle of a call.
pub(crate) trait Running: fmt::Debug + Send {
    /// Runs from the entry point.
    fn run(&mut self) -> Event;
    /// Gives the chain's answer to the host function that asked, and runs on.
    fn resume(&mut self, reply: Reply) -> Event;
    /// Notes that the host function which asked opened the frame of that number.
    fn trace_call(&mut self, frame: usize);
    /// Ink left once the call has ended; none if the program ran out.
    fn ink(&mut self) -> u64;
    /// The host functions that were called, once the call has ended.
    fn take_trace(&mut self) -> Vec<HostIo>;
}

/// How a program ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// With status 0.
    Success(Vec<u8>),
    /// With another status.
    Revert(Vec<u8>),
    /// By a trap or a host function that refused: reverts without data, keeps its gas.
    Failure,
    /// Without ink.
    OutOfInk,
    /// Without stack.
    OutOfStack,
    /// By a fault of the engine, which is not the program's.
    Fault(String),
}

/// What a program does next.
#[derive(Debug)]
pub(crate) enum Event {
    /// It waits for the chain.
    Ask(Request),
    /// It ended.
    End(Outcome),
}
