//! Turns the contract crates into code that can be deployed: build, optimise, normalise, strip, compress, measure.
//!
//! `target/novate/<contract>.wasm` is the module that is activated, `<contract>.code` the account's code (`EFF00000` and the
//! compressed module), `<contract>.json` its [`Size`] and the fingerprint of what it was made from, so that an unchanged
//! contract is not made again. rustc's own output cannot be activated: it pads the table index of indirect calls.

mod contracts;
mod size;

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    thread,
};

use alloy_primitives::{B256, Bytes, Keccak256};
use novate_devnode::{pack as program, wasm::Features};
use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use contracts::{Contract, build, contracts, select};
pub use size::{Size, Snapshot, table};

/// Folder of the packed contracts, relative to the workspace.
const OUTPUT: &str = "target/novate";

/// wasm-opt's work: for size, with the features that activation accepts and no others.
const OPTIMISER_OPTIONS: [&str; 9] = [
    "--mvp-features",
    "--enable-mutable-globals",
    "--enable-sign-ext",
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-nontrapping-float-to-int",
    "--strip-debug",
    "--strip-producers",
    "-Oz",
];

/// What every chain that runs Stylus today accepts: several results of a function are refused from `ArbOS` 60.
const FEATURES: Features = Features { stylus_version: 3, debug: false };

/// Why a contract could not be packed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PackError {
    /// A program could not be started.
    #[error("{program} cannot be run: {source}")]
    Run {
        /// What was to be run.
        program: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
    /// A program failed.
    #[error("{program}: {message}")]
    Failed {
        /// What was run.
        program: &'static str,
        /// What it said.
        message: String,
    },
    /// There is no such contract.
    #[error("no contract is called '{name}'; there are: {known}")]
    UnknownContract {
        /// The name asked for.
        name: String,
        /// All names.
        known: String,
    },
    /// A file could not be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A snapshot of sizes is not one.
    #[error("{}: {message}", path.display())]
    Snapshot {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// The chain would refuse the module.
    #[error("{contract}: {source}")]
    Refused {
        /// The contract.
        contract: String,
        /// Why.
        source: program::PackError,
    },
}

impl PackError {
    pub(crate) fn file(path: &Path, source: std::io::Error) -> Self {
        Self::File { path: path.to_owned(), source }
    }
}

/// A packed contract.
#[derive(Debug, Clone)]
pub struct Packed {
    /// The contract's name.
    pub name: String,
    /// Code of the account.
    pub code: Bytes,
    /// What it measures.
    pub size: Size,
}

#[derive(Serialize, Deserialize)]
struct Record {
    fingerprint: B256,
    size: Size,
}

/// Root of the workspace that this crate belongs to.
#[must_use]
pub fn workspace_root() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.ancestors().nth(2).unwrap_or(own).to_owned()
}

/// Packs contracts that [`build`] has built, as many at a time as there are processors.
///
/// # Errors
/// The first contract's failure, in the order given.
pub fn pack(workspace: &Path, contracts: &[Contract]) -> Result<Vec<Packed>, PackError> {
    let recipe = recipe(workspace)?;
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let mut packed = Vec::new();
    for group in contracts.chunks(workers) {
        let results: Vec<_> = thread::scope(|scope| {
            let recipe = &recipe;
            let started: Vec<_> = group
                .iter()
                .map(|contract| scope.spawn(move || pack_one(workspace, contract, recipe)))
                .collect();
            started.into_iter().map(thread::ScopedJoinHandle::join).collect()
        });
        for result in results {
            match result {
                Ok(result) => packed.push(result?),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
    }
    Ok(packed)
}

fn pack_one(
    workspace: &Path,
    contract: &Contract,
    recipe: &Keccak256,
) -> Result<Packed, PackError> {
    let name = contract.name.clone();
    let built = read(&contract.built)?;
    let mut fingerprint = recipe.clone();
    fingerprint.update(&built);
    let fingerprint = fingerprint.finalize();

    let file = |extension: &str| workspace.join(OUTPUT).join(format!("{name}.{extension}"));
    if let Some(size) = unchanged(&file("json"), fingerprint)
        && let Ok(code) = fs::read(file("code"))
    {
        return Ok(Packed { name, code: code.into(), size });
    }

    let optimised = optimise(workspace, &contract.built, &file("optimised.wasm"))?;
    let package = program::pack(&optimised, FEATURES)
        .map_err(|source| PackError::Refused { contract: name.clone(), source })?;
    let size = Size::new(built.len(), &package.report);

    write(&file("wasm"), &package.wasm)?;
    write(&file("code"), &package.code)?;
    let record = Record { fingerprint, size: size.clone() };
    let text = serde_json::to_vec_pretty(&record)
        .map_err(|error| PackError::Failed { program: "pack", message: error.to_string() })?;
    write(&file("json"), &text)?;
    Ok(Packed { name, code: package.code, size })
}

fn unchanged(record: &Path, fingerprint: B256) -> Option<Size> {
    let text = fs::read_to_string(record).ok()?;
    let record: Record = serde_json::from_str(&text).ok()?;
    (record.fingerprint == fingerprint).then_some(record.size)
}

/// Everything that decides the result besides the contract: this program, the optimiser and its options.
fn recipe(workspace: &Path) -> Result<Keccak256, PackError> {
    let program =
        env::current_exe().map_err(|source| PackError::Run { program: "pack", source })?;
    let mut hash = Keccak256::new();
    hash.update(read(&program)?);
    hash.update(OPTIMISER_OPTIONS.join(" "));
    let optimiser = workspace.join("node_modules/binaryen/package.json");
    hash.update(fs::read(&optimiser).map_err(|_| PackError::Failed {
        program: "wasm-opt",
        message: format!("{} is missing: run 'make setup'", optimiser.display()),
    })?);
    Ok(hash)
}

fn optimise(workspace: &Path, from: &Path, to: &Path) -> Result<Vec<u8>, PackError> {
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder).map_err(|source| PackError::file(folder, source))?;
    }
    let output = Command::new("node")
        .arg(workspace.join("node_modules/binaryen/bin/wasm-opt"))
        .args(OPTIMISER_OPTIONS)
        .arg(from)
        .arg("-o")
        .arg(to)
        .output()
        .map_err(|source| PackError::Run { program: "node", source })?;
    if !output.status.success() {
        let message = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(PackError::Failed { program: "wasm-opt", message });
    }
    let optimised = read(to)?;
    fs::remove_file(to).map_err(|source| PackError::file(to, source))?;
    Ok(optimised)
}

fn read(path: &Path) -> Result<Vec<u8>, PackError> {
    fs::read(path).map_err(|source| PackError::file(path, source))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), PackError> {
    fs::write(path, bytes).map_err(|source| PackError::file(path, source))
}
