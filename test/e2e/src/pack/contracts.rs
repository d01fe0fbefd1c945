//! Decides what a contract is, and has cargo build it.
//!
//! A contract is a member of the workspace under `contracts/` with a `cdylib` target.
//!
//! The standard library is built along with it, without the text and formatting of panics: nobody can read them on a chain,
//! where a panic is a revert without data. That takes kilobytes of compressed code away, and most of the data segments, which
//! every entry pays for. Cargo's options for it are not stable yet, so the
//! pinned toolchain is told to accept them.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    process::Command,
};

use serde::Deserialize;

use super::PackError;

const TARGET: &str = "wasm32-unknown-unknown";
const PROFILE: &str = "contract";

/// What cargo needs to build the standard library anew, with panics that are nothing but a trap.
const STANDARD_LIBRARY_OPTIONS: [&str; 4] = [
    "-Zbuild-std=std,panic_abort",
    "-Zpanic-immediate-abort",
    "--config",
    "profile.contract.panic=\"immediate-abort\"",
];

/// A contract of the workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contract {
    /// Folder under `contracts/`, which is the contract's name everywhere: `margin`.
    pub name: String,
    /// Package of its crate.
    pub package: String,
    /// Where cargo puts its WASM.
    pub built: PathBuf,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    manifest_path: PathBuf,
    targets: Vec<Target>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    crate_types: Vec<String>,
}

/// All contracts of the workspace, by name.
///
/// # Errors
/// When cargo cannot be run or does not understand the workspace.
pub fn contracts(workspace: &Path) -> Result<Vec<Contract>, PackError> {
    let output = cargo(workspace)
        .args(["metadata", "--no-deps", "--locked", "--format-version", "1"])
        .output()
        .map_err(|source| PackError::Run { program: "cargo", source })?;
    if !output.status.success() {
        let message = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(PackError::Failed { program: "cargo metadata", message });
    }
    let metadata: Metadata = serde_json::from_slice(&output.stdout).map_err(|error| {
        PackError::Failed { program: "cargo metadata", message: error.to_string() }
    })?;
    let folder = workspace.join("contracts");
    let mut found: Vec<Contract> = metadata
        .packages
        .iter()
        .filter_map(|package| contract(workspace, &folder, package))
        .collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

fn contract(workspace: &Path, folder: &Path, package: &Package) -> Option<Contract> {
    let own = package.manifest_path.parent()?;
    let library = package
        .targets
        .iter()
        .find(|target| target.crate_types.iter().any(|kind| kind == "cdylib"))?;
    let name = own.strip_prefix(folder).ok()?.to_str()?.to_owned();
    let built = target_folder(workspace)
        .join(TARGET)
        .join(PROFILE)
        .join(format!("{}.wasm", library.name.replace('-', "_")));
    Some(Contract { name, package: package.name.clone(), built })
}

/// The contracts named, or all of them if none is.
///
/// # Errors
/// [`PackError::UnknownContract`] for a name that is none.
pub fn select(all: &[Contract], names: &[String]) -> Result<Vec<Contract>, PackError> {
    if names.is_empty() {
        return Ok(all.to_vec());
    }
    names
        .iter()
        .map(|name| {
            all.iter().find(|contract| contract.name == *name).cloned().ok_or_else(|| {
                let known = all.iter().map(|contract| contract.name.as_str()).collect::<Vec<_>>();
                PackError::UnknownContract { name: name.clone(), known: known.join(", ") }
            })
        })
        .collect()
}

/// Builds `contracts` one after the other; cargo's progress goes to standard error.
///
/// Each is built as a `cdylib` alone: cargo leaves link-time optimisation out where a library for Rust is asked for too.
/// The same source gives the same bytes in every folder of every machine: paths that panics carry are cut down, and flags
/// of the caller's environment are left out. What `.cargo/config.toml` says of the target holds.
///
/// # Errors
/// When cargo cannot be run, or a build fails.
pub fn build(workspace: &Path, contracts: &[Contract]) -> Result<(), PackError> {
    contracts.iter().try_for_each(|contract| build_one(workspace, contract))
}

fn build_one(workspace: &Path, contract: &Contract) -> Result<(), PackError> {
    let status = cargo(workspace)
        .args(["rustc", "--lib", "--crate-type", "cdylib", "--locked", "-p", &contract.package])
        .args(["--profile", PROFILE, "--target", TARGET])
        .args(STANDARD_LIBRARY_OPTIONS)
        .arg("--target-dir")
        .arg(target_folder(workspace))
        .arg("--config")
        .arg(compiler_flags(workspace))
        .env("RUSTC_BOOTSTRAP", "1")
        .status()
        .map_err(|source| PackError::Run { program: "cargo", source })?;
    if status.success() {
        Ok(())
    } else {
        let message = format!("{} does not build, see above", contract.name);
        Err(PackError::Failed { program: "cargo rustc", message })
    }
}

fn target_folder(workspace: &Path) -> PathBuf {
    workspace.join("target/contracts")
}

fn cargo(workspace: &Path) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")));
    command
        .current_dir(workspace)
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env_remove("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS");
    command
}

/// `--config` value with the compiler's flags: no source locations, and the machine's folders under fixed names.
fn compiler_flags(workspace: &Path) -> String {
    let home = env::var_os("CARGO_HOME").map_or_else(
        || PathBuf::from(env::var_os("HOME").unwrap_or_default()).join(".cargo"),
        PathBuf::from,
    );
    let flags = [
        "-Zlocation-detail=none".to_owned(),
        "-Zfmt-debug=none".to_owned(),
        format!("--remap-path-prefix={}=/cargo", home.display()),
        format!("--remap-path-prefix={}=/novate", workspace.display()),
    ];
    // A list of strings in JSON is one in TOML.
    format!("target.{TARGET}.rustflags={}", serde_json::Value::from(flags.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::{super::workspace_root, *};

    #[test]
    fn the_contracts_of_the_workspace_are_found() {
        let found = contracts(&workspace_root()).unwrap();
        let names: Vec<_> = found.iter().map(|contract| contract.name.as_str()).collect();
        let all = ["clearing", "exchange", "lens", "liquidation", "margin", "oracle", "parameters"];
        assert_eq!(names, all);
        let margin = &found[4];
        assert_eq!(margin.package, "novate-margin");
        let built = "target/contracts/wasm32-unknown-unknown/contract/novate_margin.wasm";
        assert!(margin.built.ends_with(built), "{}", margin.built.display());
    }

    #[test]
    fn a_name_that_is_no_contract_is_refused_with_the_names_that_are() {
        let all = contracts(&workspace_root()).unwrap();
        let error = select(&all, &["margins".to_owned()]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "no contract is called 'margins'; there are: clearing, exchange, lens, liquidation, \
             margin, oracle, parameters"
        );
        assert_eq!(select(&all, &[]).unwrap(), all);
        assert_eq!(select(&all, &["oracle".to_owned()]).unwrap(), [all[5].clone()]);
    }

    #[test]
    fn machine_folders_are_mapped_to_fixed_names() {
        let flags = compiler_flags(Path::new("/somewhere/novate"));
        assert!(flags.starts_with("target.wasm32-unknown-unknown.rustflags=[\"-Z"), "{flags}");
        assert!(flags.contains("\"--remap-path-prefix=/somewhere/novate=/novate\""), "{flags}");
    }
}
