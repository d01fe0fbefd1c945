//! A running program: its host functions, the chain's answers, and the engines that run it.
//!
//! A program never holds a reference to the chain. A host function that needs the chain suspends
//! the program with a [`Request`]; the machine answers with a [`Reply`] and the program resumes.

#[cfg(feature = "compiler")]
mod compiler;
mod engine;
mod functions;
mod guest;
mod hostio;
mod interpreter;
mod request;
mod state;

#[cfg(feature = "compiler")]
pub(crate) use compiler::Compiler;
pub(crate) use engine::{Engine, EngineError, Event, Outcome, Program, Running};
pub(crate) use functions::check_imports;
pub(crate) use guest::INK_PER_GAS;
pub(crate) use interpreter::Interpreter;
pub(crate) use request::{CallKind, FlushStatus, Reply, Request};
pub use state::HostIo;
pub(crate) use state::{Environment, State};
