//! Tests that forge built, run on this chain: contracts of an `out` folder with `setUp`, `test*` and
//! fuzzed parameters, cheat codes at forge's address, and Stylus programs as real contracts.
//!
//! forge's own EVM cannot run programs. Here `vm.deployCode("target/counter.wasm")` packs, creates
//! and activates one, and calls of it run its WASM with the chain's gas.

mod artifact;
mod cheats;
mod console;
mod error;
mod evm;
mod frames;
mod fuzz;
mod input;
mod link;
mod outcome;
mod report;
mod runner;
mod shrink;
mod suite;
mod text;
mod trace;

use alloy_primitives::{Address, address};

pub use artifact::{Artifact, Artifacts, Object};
pub use error::ForgeError;
pub use outcome::{Outcome, SuiteReport, Summary, TestReport, Usage};
pub use runner::{Filter, FuzzOptions, Runner, RunnerOptions};

/// Where cheat codes are answered: the last 20 bytes of keccak256("hevm cheat code").
const CHEATS: Address = address!("7109709ECfa91a80626fF3989D68f67F5b1DD12D");
/// Who deploys and calls the test contracts.
const CALLER: Address = address!("1804c8AB1F12E6bbf3894d4083f33e07309d1f38");
/// Gas of a transaction of the runner.
const GAS_LIMIT: u64 = 1 << 30;

/// Signatures of the cheat codes that the runner answers, in order.
pub fn cheat_codes() -> Vec<String> {
    let registry = cheats::Registry::default();
    registry.signatures().into_iter().map(ToOwned::to_owned).collect()
}
