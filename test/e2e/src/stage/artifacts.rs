//! Built code: the mocks that forge compiled, the programs that `pack` made deployable.

use std::path::{Path, PathBuf};

use alloy_primitives::{Bytes, hex};
use novate_client::Program;

/// Built code is missing or unreadable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {reason} ({hint})", file.display())]
pub struct ArtifactError {
    /// The file.
    pub file: PathBuf,
    /// What is wrong with it.
    pub reason: String,
    /// What makes it.
    pub hint: &'static str,
}

/// Where built code lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifacts {
    root: PathBuf,
}

impl Default for Artifacts {
    /// In the workspace's `target`.
    fn default() -> Self {
        Self { root: Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target") }
    }
}

impl Artifacts {
    /// A program as it is deployed.
    ///
    /// # Errors
    /// [`ArtifactError`] if it wasn't packed.
    pub fn program(&self, name: &str) -> Result<Program, ArtifactError> {
        let read = |extension: &str| {
            let file = self.root.join(format!("novate/{name}.{extension}"));
            let hint = "`make pack` builds it";
            std::fs::read(&file).map_err(|error| ArtifactError {
                file,
                reason: error.to_string(),
                hint,
            })
        };
        let (code, wasm) = (read("code")?, read("wasm")?);
        Ok(Program { code: code.into(), wasm_bytes: u32::try_from(wasm.len()).unwrap_or(u32::MAX) })
    }

    /// The init code of a Solidity contract.
    ///
    /// # Errors
    /// [`ArtifactError`] if forge didn't compile it.
    pub fn solidity(&self, name: &str) -> Result<Bytes, ArtifactError> {
        let file = self.root.join(format!("forge/out/{name}.sol/{name}.json"));
        let hint = "`make mocks` builds it";
        let fault = |reason: String| ArtifactError { file: file.clone(), reason, hint };
        let text = std::fs::read_to_string(&file).map_err(|error| fault(error.to_string()))?;
        let json: serde_json::Value =
            serde_json::from_str(&text).map_err(|error| fault(error.to_string()))?;
        let object = json.pointer("/bytecode/object").and_then(serde_json::Value::as_str);
        let object = object.ok_or_else(|| fault("has no bytecode".into()))?;
        hex::decode(object).map(Bytes::from).map_err(|error| fault(error.to_string()))
    }
}
