//! A contract's tests: deployment, set-up, and each test on a copy of what they left.

use alloc::{collections::BTreeMap, sync::Arc};

use alloy_dyn_abi::{DynSolValue, JsonAbiExt};
use alloy_json_abi::Function;
use alloy_primitives::{Address, B256, Bytes, TxKind, U256, fixed_bytes, keccak256};
use revm::{
    context::{BlockEnv, result::ExecutionResult},
    database::CacheDB,
    state::{AccountInfo, Bytecode},
};

use super::{
    CALLER, CHEATS, GAS_LIMIT, Outcome, RunnerOptions, TestReport, Usage,
    artifact::Artifact,
    cheats::{ASSUME, Cheats, SKIP, Shared},
    evm::{Environment, Executed, Transaction, World},
    text, trace,
};
use crate::{ChainConfig, evm::Programs, genesis};

/// Chain id that forge's tests see.
const CHAIN_ID: u64 = 31_337;
/// What the test contract owns: 2^96 - 1 wei.
const BALANCE: u128 = (1 << 96) - 1;
/// What the caller owns, wei: enough for every data fee.
const RICH: u128 = 1 << 120;
/// Where libraries of old say that a test failed.
const FAILED: B256 =
    fixed_bytes!("6661696c65640000000000000000000000000000000000000000000000000000");

/// Tests of one contract.
pub(super) struct Suite<'a> {
    pub(super) shared: &'a Arc<Shared>,
    pub(super) options: &'a RunnerOptions,
    programs: &'a mut Option<Programs>,
    /// Contracts that recorded calls created, by name.
    created: BTreeMap<Address, String>,
}

/// A chain with the test contract on it.
#[derive(Clone)]
pub(super) struct Stage {
    pub(super) world: World,
    pub(super) cheats: Cheats,
    pub(super) contract: Address,
}

/// How one call of the test contract ended.
#[derive(Debug, Clone)]
pub(super) struct Run {
    pub(super) verdict: Verdict,
    pub(super) gas: u64,
    pub(super) console: Vec<String>,
}

/// What a call says about its test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    Passed,
    Failed(String),
    /// The input is not of interest.
    Rejected,
    Skipped(String),
}

impl<'a> Suite<'a> {
    pub(super) const fn new(
        shared: &'a Arc<Shared>,
        options: &'a RunnerOptions,
        programs: &'a mut Option<Programs>,
    ) -> Self {
        Self { shared, options, programs, created: BTreeMap::new() }
    }

    /// Runs the tests.
    pub(super) fn run(mut self, artifact: &Artifact, tests: &[Function]) -> Vec<TestReport> {
        let mut trees = Vec::new();
        let stage = match self.set_up(artifact, false, &mut trees) {
            Ok(stage) => stage,
            Err((step, verdict, console)) => {
                if self.options.traces {
                    // Once more, for its calls; it ends as it did.
                    let _ = self.set_up(artifact, true, &mut trees);
                }
                let outcome = Self::outcome(verdict);
                let usage = Usage::Single(0);
                return vec![TestReport {
                    signature: step,
                    outcome,
                    usage,
                    console,
                    traces: trees,
                }];
            }
        };
        tests.iter().map(|test| self.test(artifact, &stage, test)).collect()
    }

    /// Deploys the contract with its libraries and calls `setUp`.
    fn set_up(
        &mut self,
        artifact: &Artifact,
        tracing: bool,
        trees: &mut Vec<String>,
    ) -> Result<Stage, (String, Verdict, Vec<String>)> {
        let failed = |text: String| ("constructor()".to_owned(), Verdict::Failed(text), Vec::new());
        let mut stage = self.empty_stage();
        let code = self.linked(&mut stage, &artifact.creation).map_err(failed)?;
        let transaction = Transaction {
            from: CALLER,
            to: TxKind::Create,
            input: code,
            value: U256::ZERO,
            gas: GAS_LIMIT,
        };
        stage.contract = CALLER.create(1);
        stage.fund(stage.contract);
        let executed = self.execute(&mut stage, &transaction, tracing).map_err(failed)?;
        self.keep(&stage, &executed, trees);
        match &executed.result {
            ExecutionResult::Success { .. } => {}
            other => return Err(failed(self.reason(other))),
        }
        if artifact.abi.function("beforeTestSetup").is_some() {
            return Err(failed("beforeTestSetup is not supported by this runner".into()));
        }
        if artifact.abi.function("setUp").is_some() {
            let call =
                keccak256("setUp()").get(..4).map(Bytes::copy_from_slice).unwrap_or_default();
            let run = self.call(&mut stage, call, tracing, trees).map_err(failed)?;
            if run.verdict != Verdict::Passed {
                return Err(("setUp()".to_owned(), run.verdict, run.console));
            }
        }
        Ok(stage)
    }

    fn empty_stage(&self) -> Stage {
        let config = ChainConfig { arbos: self.options.arbos, ..ChainConfig::default() };
        let mut db = CacheDB::default();
        for account in genesis(&config) {
            db.insert_account_info(account.address, account.info);
        }
        let rich = AccountInfo { balance: U256::from(RICH), nonce: 1, ..AccountInfo::default() };
        db.insert_account_info(CALLER, rich);
        let code = Bytecode::new_legacy(Bytes::from_static(&[0]));
        db.insert_account_info(CHEATS, AccountInfo::default().with_code(code));
        let block = BlockEnv {
            number: U256::ONE,
            timestamp: U256::ONE,
            gas_limit: GAS_LIMIT,
            basefee: 0,
            prevrandao: Some(B256::ZERO),
            ..BlockEnv::default()
        };
        let environment = Environment { block, number: 1, chain_id: CHAIN_ID, gas_price: 0 };
        let cheats = Cheats::new(Arc::clone(self.shared), self.options.fuzz.seed);
        Stage { world: World { db, config, environment }, cheats, contract: Address::ZERO }
    }

    pub(super) fn execute(
        &mut self,
        stage: &mut Stage,
        transaction: &Transaction,
        tracing: bool,
    ) -> Result<Executed, String> {
        stage.world.execute(transaction, &mut stage.cheats, self.programs, tracing)
    }

    /// Calls the test contract and judges the result.
    pub(super) fn call(
        &mut self,
        stage: &mut Stage,
        input: Bytes,
        tracing: bool,
        trees: &mut Vec<String>,
    ) -> Result<Run, String> {
        let intrinsic = intrinsic_gas(&input);
        let (to, value) = (TxKind::Call(stage.contract), U256::ZERO);
        let transaction = Transaction { from: CALLER, to, input, value, gas: GAS_LIMIT };
        let executed = self.execute(stage, &transaction, tracing)?;
        self.keep(stage, &executed, trees);
        let gas = executed.result.tx_gas_used().saturating_sub(intrinsic);
        let verdict = self.verdict(stage, &executed.result);
        Ok(Run { verdict, gas, console: stage.cheats.console.clone() })
    }

    fn verdict(&self, stage: &Stage, result: &ExecutionResult) -> Verdict {
        if let Some(text) = &stage.cheats.unsupported {
            return Verdict::Failed(text.clone());
        }
        match result {
            ExecutionResult::Success { .. } => {
                let slots =
                    stage.world.db.cache.accounts.get(&CHEATS).map(|account| &account.storage);
                let failed = slots.and_then(|slots| slots.get(&FAILED.into()));
                if failed.is_some_and(|failed| !failed.is_zero()) {
                    return Verdict::Failed("assertion failed".into());
                }
                Verdict::Passed
            }
            ExecutionResult::Revert { output, .. } if output.starts_with(ASSUME) => {
                Verdict::Rejected
            }
            ExecutionResult::Revert { output, .. } if output.starts_with(SKIP) => {
                let reason = output.get(SKIP.len()..).unwrap_or_default();
                Verdict::Skipped(String::from_utf8_lossy(reason).into_owned())
            }
            other => Verdict::Failed(self.reason(other)),
        }
    }

    fn reason(&self, result: &ExecutionResult) -> String {
        match result {
            ExecutionResult::Revert { output, .. } => {
                text::reason(output, Some(&self.shared.artifacts))
            }
            ExecutionResult::Halt { reason, .. } => format!("EvmError: {reason:?}"),
            ExecutionResult::Success { .. } => String::new(),
        }
    }

    /// Keeps the tree of calls, if it was recorded.
    fn keep(&mut self, stage: &Stage, executed: &Executed, trees: &mut Vec<String>) {
        if let Some(tree) = &executed.trace {
            trace::collect(&self.shared.artifacts, tree, &mut self.created);
            let names = trace::Names::new(&stage.cheats.labels, &self.created);
            trees.push(trace::render(tree, &names, &self.shared.artifacts));
        }
    }

    fn test(&mut self, artifact: &Artifact, stage: &Stage, test: &Function) -> TestReport {
        let signature = test.signature();
        let fail = |reason: &str| TestReport {
            signature: signature.clone(),
            outcome: Outcome::Failed { reason: reason.into(), counterexample: None },
            usage: Usage::Single(0),
            console: Vec::new(),
            traces: Vec::new(),
        };
        if test.name.starts_with("testFail") {
            return fail("`testFail*` has been removed; expect the revert instead");
        }
        if !test.name.starts_with("test") {
            return fail("only unit and fuzz tests are supported by this runner");
        }
        let mut report =
            if test.inputs.is_empty() { self.unit(stage, test) } else { self.fuzz(stage, test) };
        if report.has_failed() && self.options.traces {
            report.traces = self.traces(artifact, test, &report);
        }
        report
    }

    fn unit(&mut self, stage: &Stage, test: &Function) -> TestReport {
        let input = Bytes::copy_from_slice(test.selector().as_slice());
        let run = self.call(&mut stage.clone(), input, false, &mut Vec::new());
        let run = run.unwrap_or_else(Run::fault);
        TestReport {
            signature: test.signature(),
            outcome: Self::outcome(run.verdict),
            usage: Usage::Single(run.gas),
            console: run.console,
            traces: Vec::new(),
        }
    }

    fn outcome(verdict: Verdict) -> Outcome {
        match verdict {
            Verdict::Passed => Outcome::Passed,
            Verdict::Failed(reason) => Outcome::Failed { reason, counterexample: None },
            Verdict::Rejected => {
                let reason = "`vm.assume` rejected the only input".into();
                Outcome::Failed { reason, counterexample: None }
            }
            Verdict::Skipped(reason) => Outcome::Skipped { reason },
        }
    }

    /// Runs a failed test again from the start, and records its calls.
    fn traces(&mut self, artifact: &Artifact, test: &Function, report: &TestReport) -> Vec<String> {
        let mut trees = Vec::new();
        let Ok(mut stage) = self.set_up(artifact, true, &mut trees) else { return trees };
        let input = match &report.outcome {
            Outcome::Failed { counterexample: Some((input, _)), .. } => input.clone(),
            _ if test.inputs.is_empty() => Bytes::copy_from_slice(test.selector().as_slice()),
            _ => return trees,
        };
        // It fails as it did; only the calls are of interest.
        let _ = self.call(&mut stage, input, true, &mut trees);
        trees
    }
}

impl Run {
    /// The engine itself failed.
    pub(super) const fn fault(text: String) -> Self {
        Self { verdict: Verdict::Failed(text), gas: 0, console: Vec::new() }
    }
}

impl Stage {
    fn fund(&mut self, address: Address) {
        let info = AccountInfo::from_balance(U256::from(BALANCE));
        self.world.db.insert_account_info(address, info);
    }
}

/// Calldata of a test with these values.
pub(super) fn calldata(test: &Function, values: &[DynSolValue]) -> Bytes {
    test.abi_encode_input(values).map(Bytes::from).unwrap_or_default()
}

/// Gas of a transaction before its first frame.
fn intrinsic_gas(input: &[u8]) -> u64 {
    let bytes = input.iter().map(|byte| if *byte == 0 { 4_u64 } else { 16 });
    bytes.fold(21_000, u64::saturating_add)
}
