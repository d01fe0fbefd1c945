//! Cheat codes: what a test may ask of the runner at the address that forge answers at.

#![expect(clippy::unnecessary_wraps, reason = "all cheat codes have one signature")]

mod accounts;
mod args;
mod assertions;
mod block;
mod deploy;
mod expect_call;
mod expect_emit;
mod expect_revert;
mod files;
mod keys;
mod logs;
mod mock;
mod numbers;
mod prank;
mod random;
mod registry;
mod snapshots;
mod strings;
mod variables;

use alloc::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};
use std::path::PathBuf;

use alloy_dyn_abi::DynSolValue;
use alloy_primitives::{Address, Bytes, Log};
use alloy_sol_types::{SolError, sol};
use revm::{handler::FrameResult, interpreter::CreateInputs};

use super::{
    artifact::Artifacts,
    evm::Context,
    frames::{Change, Note},
};
pub(super) use args::Args;
pub(super) use random::Random;
pub(super) use registry::Registry;

sol! {
    error CheatcodeError(string message);
}

/// Revert data of `vm.assume(false)`.
pub(super) const ASSUME: &[u8] = b"FOUNDRY::ASSUME";
/// Revert data of `vm.skip(true)`, before the reason.
pub(super) const SKIP: &[u8] = b"FOUNDRY::SKIP";

/// Why a cheat code fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Failure {
    /// In words.
    Message(String),
    /// With this revert data.
    Data(Bytes),
}

impl Failure {
    pub(super) fn into_data(self) -> Bytes {
        match self {
            Self::Message(message) => CheatcodeError { message }.abi_encode().into(),
            Self::Data(data) => data,
        }
    }
}

impl<T: Into<String>> From<T> for Failure {
    fn from(text: T) -> Self {
        Self::Message(text.into())
    }
}

/// What a cheat code returns.
pub(super) type Reply = Result<Vec<DynSolValue>, Failure>;

/// What happens after a cheat code.
pub(super) enum Answer {
    /// The caller gets this.
    Values(Bytes),
    /// A contract is created, and the caller gets its address.
    Create(Box<CreateInputs>),
}

/// What does not change between the tests of a run.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) artifacts: Artifacts,
    pub(super) registry: Registry,
    /// The folder that tests may read files from.
    pub(super) root: PathBuf,
}

/// Pranks, expectations, mocks and records of a test.
#[derive(Debug, Clone, Default)]
pub(super) struct Cheats {
    pub(super) shared: Option<Arc<Shared>>,
    /// Frames that are open, outermost first.
    pub(super) open: Vec<Note>,
    /// Lines of console.log.
    pub(super) console: Vec<String>,
    pub(super) labels: BTreeMap<Address, String>,
    /// Gas limit and use of the last call that was no cheat code.
    pub(super) last_gas: Option<(u64, u64)>,
    /// What `vm.txGasPrice` set.
    pub(super) gas_price: Option<u128>,
    pub(super) random: Random,
    /// A fault of the test that it cannot catch: it asked for what the runner does not know.
    pub(super) unsupported: Option<String>,
    origin: Address,
    pranks: BTreeMap<usize, prank::Prank>,
    expected_revert: Option<expect_revert::ExpectedRevert>,
    expected_emits: VecDeque<expect_emit::ExpectedEmit>,
    expected_calls: Vec<expect_call::ExpectedCall>,
    mocks: mock::Mocks,
    recorded: Option<Vec<Log>>,
    logs_seen: usize,
    snapshots: Vec<Option<snapshots::Snapshot>>,
    variables: BTreeMap<String, String>,
}

/// A cheat code at work.
pub(super) struct Session<'a> {
    pub(super) cheats: &'a mut Cheats,
    pub(super) ctx: &'a mut Context,
    /// The contract that asks.
    pub(super) caller: Address,
    /// Depth of the frames that it opens.
    pub(super) depth: usize,
}

/// A cheat code.
#[derive(Debug, Clone, Copy)]
pub(super) enum Code {
    /// Answers by itself.
    Plain(fn(&mut Session<'_>, &Args) -> Reply),
    /// Gives the init code of a contract that is created next.
    Deploy(fn(&mut Session<'_>, &Args) -> Result<Box<CreateInputs>, Failure>),
}

impl Cheats {
    /// Fresh cheats of a run.
    pub(super) fn new(shared: Arc<Shared>, seed: alloy_primitives::U256) -> Self {
        Self { shared: Some(shared), random: Random::new(seed), ..Self::default() }
    }

    /// A transaction begins.
    pub(super) fn begin(&mut self, origin: Address) {
        self.origin = origin;
        self.open.clear();
        self.logs_seen = 0;
        self.last_gas = None;
        self.gas_price = None;
    }

    /// Looks at the events since the last look.
    pub(super) fn see_logs(&mut self, logs: &[Log]) {
        let seen = self.logs_seen.min(logs.len());
        for log in logs.get(seen..).unwrap_or_default() {
            if let Some(recorded) = &mut self.recorded {
                recorded.push(log.clone());
            }
            self.see_event(log);
        }
        self.logs_seen = logs.len();
    }

    /// Judges the end of a frame by what was expected of it.
    pub(super) fn judge(&mut self, note: &Note, result: &FrameResult) -> Option<Change> {
        let change = self.judge_revert(note, result);
        let failed = matches!(change, Some(Change::Fail(_)));
        if failed || (!result.instruction_result().is_ok() && change.is_none()) {
            return change;
        }
        if let Some(text) = self.missing_event(note) {
            return Some(Change::Fail(text));
        }
        if note.depth == 0
            && let Some(text) = self.missing_call()
        {
            return Some(Change::Fail(text));
        }
        change
    }
}

impl Session<'_> {
    /// Answers one call.
    pub(super) fn answer(&mut self, input: &[u8]) -> Result<Answer, Failure> {
        let shared = self.cheats.shared.clone().ok_or("no project")?;
        let selector: [u8; 4] = input
            .first_chunk()
            .copied()
            .ok_or_else(|| self.unsupported("a call without a selector"))?;
        let Some(entry) = shared.registry.get(selector) else {
            let name = shared.artifacts.function(selector.into()).map_or_else(
                || {
                    format!(
                        "the cheat code with selector {}",
                        alloy_primitives::Selector::from(selector)
                    )
                },
                |function| format!("vm.{}", function.signature()),
            );
            return Err(self.unsupported(&name));
        };
        let args = entry.decode(input.get(4..).unwrap_or_default());
        let args = args.map_err(|error| format!("vm.{}: {error}", entry.name))?;
        match entry.code {
            Code::Plain(run) => {
                let values = run(self, &args).map_err(|failure| entry.prefix(failure))?;
                Ok(Answer::Values(DynSolValue::Tuple(values).abi_encode_params().into()))
            }
            Code::Deploy(run) => {
                run(self, &args).map(Answer::Create).map_err(|failure| entry.prefix(failure))
            }
        }
    }

    /// The test fails whatever it makes of the revert.
    fn unsupported(&mut self, name: &str) -> Failure {
        let text = format!("{name} is not supported by this runner");
        self.cheats.unsupported.get_or_insert_with(|| text.clone());
        Failure::Message(text)
    }

    pub(super) fn shared(&self) -> Result<Arc<Shared>, Failure> {
        self.cheats.shared.clone().ok_or_else(|| "no project".into())
    }
}
