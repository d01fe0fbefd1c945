//! Tests with parameters: many made-up inputs, and the simplest that fails.

use alloy_dyn_abi::{DynSolType, DynSolValue, Specifier};
use alloy_json_abi::Function;

use super::{
    Outcome, TestReport, Usage,
    cheats::Random,
    input::{Dictionary, sample},
    shrink::simpler,
    suite::{Run, Stage, Suite, Verdict, calldata},
    text,
};

/// Runs spent on making a counterexample simpler.
const SHRINK_RUNS: u64 = 512;

impl Suite<'_> {
    /// Runs a test with made-up inputs until one fails.
    pub(super) fn fuzz(&mut self, stage: &Stage, test: &Function) -> TestReport {
        let signature = test.signature();
        let kinds: Result<Vec<DynSolType>, _> =
            test.inputs.iter().map(Specifier::resolve).collect();
        let kinds = match kinds {
            Ok(kinds) => kinds,
            Err(error) => return report(signature, failed(error.to_string()), &[], Vec::new()),
        };
        let options = self.options.fuzz;
        let dictionary = Dictionary::new(stage);
        let mut random = Random::named(options.seed, &signature);
        let (mut gas, mut rejects, mut console) = (Vec::new(), 0_u64, Vec::new());
        let wanted = usize::try_from(options.runs).unwrap_or(usize::MAX);
        while gas.len() < wanted {
            let values: Vec<_> =
                kinds.iter().map(|kind| sample(kind, &mut random, &dictionary, 0)).collect();
            let run = self.try_input(stage, test, &values);
            match run.verdict {
                Verdict::Passed => gas.push(run.gas),
                Verdict::Rejected => {
                    rejects = rejects.saturating_add(1);
                    if rejects > options.max_rejects {
                        let reason = format!(
                            "`vm.assume` rejected too many inputs ({} allowed)",
                            options.max_rejects
                        );
                        return report(signature, failed(reason), &gas, run.console);
                    }
                }
                Verdict::Skipped(reason) => {
                    return report(signature, Outcome::Skipped { reason }, &gas, run.console);
                }
                Verdict::Failed(reason) => {
                    let (reason, values, console) =
                        self.shrink(stage, test, (reason, values, run.console));
                    let counterexample =
                        Some((calldata(test, &values), format!("[{}]", text::list(&values))));
                    let outcome = Outcome::Failed { reason, counterexample };
                    return report(signature, outcome, &gas, console);
                }
            }
            console = run.console;
        }
        report(signature, Outcome::Passed, &gas, console)
    }

    fn try_input(&mut self, stage: &Stage, test: &Function, values: &[DynSolValue]) -> Run {
        let input = calldata(test, values);
        let run = self.call(&mut stage.clone(), input, false, &mut Vec::new());
        run.unwrap_or_else(Run::fault)
    }

    /// Takes simpler inputs as long as they fail too.
    fn shrink(
        &mut self,
        stage: &Stage,
        test: &Function,
        failure: (String, Vec<DynSolValue>, Vec<String>),
    ) -> (String, Vec<DynSolValue>, Vec<String>) {
        let mut best = failure;
        let mut runs = 0_u64;
        'again: loop {
            for at in 0..best.1.len() {
                let candidates = best.1.get(at).map(simpler).unwrap_or_default();
                for candidate in candidates {
                    if runs == SHRINK_RUNS {
                        return best;
                    }
                    runs = runs.saturating_add(1);
                    let mut values = best.1.clone();
                    if let Some(slot) = values.get_mut(at) {
                        *slot = candidate;
                    }
                    let run = self.try_input(stage, test, &values);
                    if let Verdict::Failed(reason) = run.verdict {
                        best = (reason, values, run.console);
                        continue 'again;
                    }
                }
            }
            return best;
        }
    }
}

const fn failed(reason: String) -> Outcome {
    Outcome::Failed { reason, counterexample: None }
}

fn report(signature: String, outcome: Outcome, gas: &[u64], console: Vec<String>) -> TestReport {
    let runs = u64::try_from(gas.len()).unwrap_or(u64::MAX);
    let total = gas.iter().fold(0_u64, |total, gas| total.saturating_add(*gas));
    let mut sorted = gas.to_vec();
    sorted.sort_unstable();
    let median = sorted.get(sorted.len().checked_div(2).unwrap_or_default()).copied();
    let usage = Usage::Fuzzed {
        runs,
        mean: total.checked_div(runs).unwrap_or_default(),
        median: median.unwrap_or_default(),
    };
    TestReport { signature, outcome, usage, console, traces: Vec::new() }
}
