//! Results in forge's words.

use core::fmt::Write;

use super::{Outcome, SuiteReport, Summary, TestReport, Usage};

impl SuiteReport {
    /// The suite as forge prints it; `verbosity` 2 adds what tests printed, 3 the calls of failures.
    pub fn text(&self, verbosity: u8) -> String {
        let count = self.tests.len();
        let plural = if count == 1 { "test" } else { "tests" };
        // Writing to a string cannot fail.
        let mut out = format!("\nRan {count} {plural} for {}\n", self.id);
        for test in &self.tests {
            let _ = writeln!(out, "{}", test.line());
            if verbosity >= 2 && !test.console.is_empty() {
                out.push_str("Logs:\n");
                for line in test.console.iter().flat_map(|line| line.split('\n')) {
                    let _ = writeln!(out, "  {line}");
                }
                out.push('\n');
            }
            if verbosity >= 3 && !test.traces.is_empty() {
                let _ = writeln!(out, "Traces:\n{}", test.traces.join("\n"));
            }
        }
        let mut summary = Summary::default();
        summary.add(self);
        let verdict = if summary.failed == 0 { "ok" } else { "FAILED" };
        let _ = writeln!(
            out,
            "Suite result: {verdict}. {} passed; {} failed; {} skipped; finished in {:.2?}",
            summary.passed, summary.failed, summary.skipped, self.elapsed
        );
        out
    }
}

impl TestReport {
    /// The line of the test.
    pub fn line(&self) -> String {
        let verdict = match &self.outcome {
            Outcome::Passed => "[PASS]".to_owned(),
            Outcome::Failed { reason, counterexample: None } => format!("[FAIL: {reason}]"),
            Outcome::Failed { reason, counterexample: Some((calldata, values)) } => {
                format!("[FAIL: {reason}; counterexample: calldata={calldata} args={values}]")
            }
            Outcome::Skipped { reason } if reason.is_empty() => "[SKIP]".to_owned(),
            Outcome::Skipped { reason } => format!("[SKIP: {reason}]"),
        };
        let usage = match self.usage {
            Usage::Single(gas) => format!("(gas: {gas})"),
            Usage::Fuzzed { runs, mean, median } => {
                format!("(runs: {runs}, μ: {mean}, ~: {median})")
            }
        };
        format!("{verdict} {} {usage}", self.signature)
    }
}

impl core::fmt::Display for Summary {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let total = self.passed.saturating_add(self.failed).saturating_add(self.skipped);
        let plural = if self.suites == 1 { "suite" } else { "suites" };
        write!(
            f,
            "Ran {} test {plural}: {} tests passed, {} failed, {} skipped ({total} total tests); fuzz seed {:#x}",
            self.suites, self.passed, self.failed, self.skipped, self.seed
        )
    }
}
