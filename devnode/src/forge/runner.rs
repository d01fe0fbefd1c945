//! Which tests are run, and on what.

use alloc::sync::Arc;
use std::{path::PathBuf, time::Instant};

use alloy_primitives::U256;
use regex::Regex;

use super::{
    ForgeError, SuiteReport, Summary,
    artifact::{Artifact, Artifacts},
    cheats::{Registry, Shared},
    suite::Suite,
};
use crate::{ArbOs, evm::Programs};

/// How inputs are made up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FuzzOptions {
    /// Runs of a test.
    pub runs: u64,
    /// Inputs that `vm.assume` may reject before the test fails.
    pub max_rejects: u64,
    /// Decides all inputs.
    pub seed: U256,
}

impl Default for FuzzOptions {
    fn default() -> Self {
        Self { runs: 256, max_rejects: 65_536, seed: U256::ONE }
    }
}

/// Regular expressions that names must match, and must not.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    wanted: Option<Regex>,
    unwanted: Option<Regex>,
}

impl Filter {
    /// A filter out of two patterns; `option` names them in errors.
    ///
    /// # Errors
    /// [`ForgeError::Pattern`].
    pub fn new(
        option: &'static str,
        wanted: Option<&str>,
        unwanted: Option<&str>,
    ) -> Result<Self, ForgeError> {
        let compile = |pattern: &str| {
            Regex::new(pattern).map_err(|error| ForgeError::Pattern {
                option,
                pattern: pattern.into(),
                reason: error.to_string().lines().last().unwrap_or_default().to_owned(),
            })
        };
        Ok(Self {
            wanted: wanted.map(compile).transpose()?,
            unwanted: unwanted.map(compile).transpose()?,
        })
    }

    pub(super) fn accepts(&self, name: &str) -> bool {
        self.wanted.as_ref().is_none_or(|pattern| pattern.is_match(name))
            && !self.unwanted.as_ref().is_some_and(|pattern| pattern.is_match(name))
    }
}

/// What a run of tests needs to know.
#[derive(Debug, Clone, Default)]
pub struct RunnerOptions {
    /// The project, whose files tests may read.
    pub root: PathBuf,
    /// forge's artifacts, below `root` unless absolute.
    pub out: PathBuf,
    /// Which tests, by signature.
    pub tests: Filter,
    /// Which contracts, by name.
    pub contracts: Filter,
    /// Which source files.
    pub paths: Filter,
    /// How inputs are made up.
    pub fuzz: FuzzOptions,
    /// Rules of the chain.
    pub arbos: ArbOs,
    /// Whether failures are run again to record their calls.
    pub traces: bool,
}

/// Runs the tests of a project.
#[derive(Debug)]
pub struct Runner {
    shared: Arc<Shared>,
    options: RunnerOptions,
    programs: Option<Programs>,
}

impl Runner {
    /// Reads the artifacts.
    ///
    /// # Errors
    /// [`ForgeError::File`], [`ForgeError::Artifact`].
    pub fn new(options: RunnerOptions) -> Result<Self, ForgeError> {
        let root = options.root.canonicalize().map_err(|error| ForgeError::File {
            file: options.root.clone(),
            reason: error.to_string(),
        })?;
        let artifacts = Artifacts::read(&root.join(&options.out))?;
        let shared = Shared { artifacts, registry: Registry::default(), root };
        Ok(Self { shared: Arc::new(shared), options, programs: None })
    }

    /// Runs all tests that the filters let through, and shows every suite as it ends.
    ///
    /// # Errors
    /// [`ForgeError::NoTests`].
    pub fn run(&mut self, mut show: impl FnMut(&SuiteReport)) -> Result<Summary, ForgeError> {
        let mut summary = Summary { seed: self.options.fuzz.seed, ..Summary::default() };
        let shared = Arc::clone(&self.shared);
        for artifact in shared.artifacts.iter() {
            let tests = self.tests(artifact);
            if tests.is_empty() {
                continue;
            }
            let started = Instant::now();
            let suite = Suite::new(&shared, &self.options, &mut self.programs);
            let reports = suite.run(artifact, &tests);
            let report = SuiteReport {
                id: format!("{}:{}", artifact.source, artifact.name),
                tests: reports,
                elapsed: started.elapsed(),
            };
            summary.add(&report);
            show(&report);
        }
        if summary.suites == 0 { Err(ForgeError::NoTests) } else { Ok(summary) }
    }

    /// The tests of a contract, by signature.
    fn tests(&self, artifact: &Artifact) -> Vec<alloy_json_abi::Function> {
        let options = &self.options;
        if artifact.creation.is_empty()
            || !options.contracts.accepts(&artifact.name)
            || !options.paths.accepts(&artifact.source)
        {
            return Vec::new();
        }
        let kinds = ["test", "invariant", "statefulFuzz", "table"];
        let is_test = |function: &&alloy_json_abi::Function| {
            kinds.iter().any(|kind| function.name.starts_with(kind))
        };
        let tests = artifact.abi.functions().filter(is_test);
        let tests = tests.filter(|function| options.tests.accepts(&function.signature()));
        let mut tests: Vec<_> = tests.cloned().collect();
        tests.sort_by_key(alloy_json_abi::Function::signature);
        tests
    }
}
