//! The machine that runs transactions: revm's frames and journal with Arbitrum's rules.

mod answer;
mod handler;
mod machine;
mod opcodes;
pub(crate) mod parent;
mod programs;
mod run;
mod state;

pub(crate) use handler::ArbHandler;
pub(crate) use machine::ArbEvm;
pub(crate) use programs::Programs;
pub(crate) use state::{ArbContext, ArbState, ArbStorage, Peek};
