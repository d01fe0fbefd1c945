//! What came of the tests.

use alloy_primitives::{Bytes, U256};

/// How a test ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It passed.
    Passed,
    /// It failed.
    Failed {
        /// Why, in words.
        reason: String,
        /// The input that it failed with, if inputs were made up: calldata, and values in words.
        counterexample: Option<(Bytes, String)>,
    },
    /// It asked to be left out.
    Skipped {
        /// Why, in its own words.
        reason: String,
    },
}

/// Gas that a test used, without that of its transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Usage {
    /// Of a test without parameters.
    Single(u64),
    /// Of a test with made-up inputs: runs, mean and median.
    Fuzzed {
        /// How often it ran.
        runs: u64,
        /// Mean gas.
        mean: u64,
        /// Median gas.
        median: u64,
    },
}

/// A test's result.
#[derive(Debug, Clone)]
pub struct TestReport {
    /// Its signature.
    pub signature: String,
    /// How it ended.
    pub outcome: Outcome,
    /// What it used.
    pub usage: Usage,
    /// Lines that it and its set-up printed.
    pub console: Vec<String>,
    /// Its calls as a tree, if they were recorded.
    pub traces: Vec<String>,
}

impl TestReport {
    /// Whether it failed.
    pub const fn has_failed(&self) -> bool {
        matches!(self.outcome, Outcome::Failed { .. })
    }
}

/// Results of a contract's tests.
#[derive(Debug, Clone)]
pub struct SuiteReport {
    /// Source and contract: `test/A.t.sol:A`.
    pub id: String,
    /// Its tests by signature.
    pub tests: Vec<TestReport>,
    /// How long they took.
    pub elapsed: core::time::Duration,
}

/// How many tests ended how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Summary {
    /// Contracts with tests.
    pub suites: usize,
    /// Tests that passed.
    pub passed: usize,
    /// Tests that failed.
    pub failed: usize,
    /// Tests that asked to be left out.
    pub skipped: usize,
    /// The seed of all made-up inputs.
    pub seed: U256,
}

impl Summary {
    /// Adds a suite.
    pub fn add(&mut self, report: &SuiteReport) {
        self.suites = self.suites.saturating_add(1);
        for test in &report.tests {
            let count = match test.outcome {
                Outcome::Passed => &mut self.passed,
                Outcome::Failed { .. } => &mut self.failed,
                Outcome::Skipped { .. } => &mut self.skipped,
            };
            *count = count.saturating_add(1);
        }
    }
}
