//! Packs the contracts and says what they measure.

use std::{path::PathBuf, process::ExitCode};

use clap::Parser;
use novate_e2e::pack::{self, PackError, Snapshot};

/// Builds contracts, makes them fit for deployment into target/novate, and prints their sizes.
#[derive(Debug, Parser)]
#[command(name = "pack", version)]
struct Options {
    /// Contracts to pack, such as `margin`; all of them if none is named.
    contracts: Vec<String>,
    /// Fail if a size is not the one in snapshots/size.json.
    #[arg(long, conflicts_with = "write")]
    check: bool,
    /// Write the sizes into snapshots/size.json.
    #[arg(long)]
    write: bool,
    /// Root of the workspace whose contracts are packed, if not the one that this program was built from.
    #[arg(long, value_name = "FOLDER")]
    workspace: Option<PathBuf>,
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            report(&error.to_string());
            ExitCode::from(2)
        }
    }
}

fn run(options: &Options) -> Result<bool, PackError> {
    let workspace = options.workspace.clone().unwrap_or_else(pack::workspace_root);
    let chosen = pack::select(&pack::contracts(&workspace)?, &options.contracts)?;
    pack::build(&workspace, &chosen)?;
    let packed = pack::pack(&workspace, &chosen)?;
    let found =
        Snapshot(packed.into_iter().map(|contract| (contract.name, contract.size)).collect());
    show(&pack::table(&found));

    let mut good = true;
    for (name, size) in &found.0 {
        if let Some(fault) = size.fault() {
            report(&format!("{name}: {fault}"));
            good = false;
        }
    }
    let path = workspace.join("snapshots/size.json");
    let mut committed = Snapshot::read(&path)?;
    if options.check {
        for difference in committed.differences(&found) {
            report(&format!("{difference}; 'make snapshots' accepts it"));
            good = false;
        }
    }
    if options.write {
        committed.0.extend(found.0);
        committed.write(&path)?;
    }
    Ok(good)
}

#[expect(clippy::print_stdout, reason = "the table is what this program is for")]
fn show(text: &str) {
    print!("{text}");
}

fn report(message: &str) {
    eprintln!("pack: {message}");
}
