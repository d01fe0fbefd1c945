//! `novate-devnode test`: options named as forge names them.

use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use alloy_primitives::U256;
use clap::{ArgAction, Args};
use novate_devnode::{
    ArbOs,
    forge::{Filter, ForgeError, FuzzOptions, Runner, RunnerOptions},
};

/// Exit code when a test failed.
const FAILED: u8 = 1;

/// Options of the runner.
#[derive(Debug, Args)]
pub(crate) struct TestOptions {
    /// The project: tests may read its files.
    #[arg(long, default_value = ".", value_name = "FOLDER")]
    root: PathBuf,
    /// forge's artifacts, below the project.
    #[arg(long, default_value = "out", value_name = "FOLDER")]
    out: PathBuf,
    /// Only tests whose signature matches.
    #[arg(long, visible_alias = "mt", value_name = "REGEX")]
    match_test: Option<String>,
    /// No tests whose signature matches.
    #[arg(long, visible_alias = "nmt", value_name = "REGEX")]
    no_match_test: Option<String>,
    /// Only contracts whose name matches.
    #[arg(long, visible_alias = "mc", value_name = "REGEX")]
    match_contract: Option<String>,
    /// No contracts whose name matches.
    #[arg(long, visible_alias = "nmc", value_name = "REGEX")]
    no_match_contract: Option<String>,
    /// Only source files whose path matches.
    #[arg(long, visible_alias = "mp", value_name = "REGEX")]
    match_path: Option<String>,
    /// No source files whose path matches.
    #[arg(long, visible_alias = "nmp", value_name = "REGEX")]
    no_match_path: Option<String>,
    /// Runs of a test with parameters.
    #[arg(long, default_value_t = 256, value_name = "NUM")]
    fuzz_runs: u64,
    /// Inputs that vm.assume may reject.
    #[arg(long, default_value_t = 65_536, value_name = "NUM")]
    fuzz_max_rejects: u64,
    /// Decides all made-up inputs.
    #[arg(long, default_value = "1", value_name = "NUM")]
    fuzz_seed: U256,
    /// `ArbOS` version whose rules and prices hold: 51 or 60.
    #[arg(long, default_value = "51", value_name = "VERSION", value_parser = super::options::arbos)]
    arbos: ArbOs,
    /// -vv prints what tests log, -vvv also the calls of those that fail.
    #[arg(short, action = ArgAction::Count)]
    verbosity: u8,
    /// List the cheat codes that are supported, and run nothing.
    #[arg(long)]
    cheat_codes: bool,
}

impl TestOptions {
    /// Runs the tests and prints their results.
    pub(crate) fn run(&self) -> Result<ExitCode, String> {
        if self.cheat_codes {
            print(&format!("{}\n", novate_devnode::forge::cheat_codes().join("\n")));
            return Ok(ExitCode::SUCCESS);
        }
        let options = self.runner().map_err(|error| error.to_string())?;
        let mut runner = Runner::new(options).map_err(|error| error.to_string())?;
        let summary = runner.run(|suite| print(&suite.text(self.verbosity)));
        let summary = summary.map_err(|error| error.to_string())?;
        print(&format!("\n{summary}\n"));
        Ok(if summary.failed == 0 { ExitCode::SUCCESS } else { ExitCode::from(FAILED) })
    }

    fn runner(&self) -> Result<RunnerOptions, ForgeError> {
        let filter = |option, wanted: &Option<String>, unwanted: &Option<String>| {
            Filter::new(option, wanted.as_deref(), unwanted.as_deref())
        };
        Ok(RunnerOptions {
            root: self.root.clone(),
            out: self.out.clone(),
            tests: filter("--match-test", &self.match_test, &self.no_match_test)?,
            contracts: filter("--match-contract", &self.match_contract, &self.no_match_contract)?,
            paths: filter("--match-path", &self.match_path, &self.no_match_path)?,
            fuzz: FuzzOptions {
                runs: self.fuzz_runs,
                max_rejects: self.fuzz_max_rejects,
                seed: self.fuzz_seed,
            },
            arbos: self.arbos,
            traces: self.verbosity >= 3,
        })
    }
}

/// A closed stdout does not stop the tests.
fn print(text: &str) {
    let mut stdout = io::stdout().lock();
    let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
}
