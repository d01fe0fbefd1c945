//! Reads what forge built: the creation code of a Solidity contract, as `forge build` left it in `target/forge/out`.

use std::{fs, path::Path};

use alloy_primitives::Bytes;
use serde::Deserialize;
use thiserror::Error;

use crate::pack::workspace_root;

/// Why there is no creation code.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ArtifactError {
    /// The contract was not built.
    #[error("{path}: {source}: run 'make mocks'")]
    Missing {
        /// Artifact that was looked for.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is no artifact of a contract that can be created.
    #[error("{path}: {message}")]
    Malformed {
        /// Artifact that was read.
        path: String,
        /// What is wrong with it.
        message: String,
    },
}

#[derive(Deserialize)]
struct Artifact {
    bytecode: Bytecode,
}

#[derive(Deserialize)]
struct Bytecode {
    object: Bytes,
}

/// Creation code of the Solidity contract `name` in the file of the same name, without constructor arguments.
///
/// # Errors
/// When it was not built, or is an interface or an abstract contract.
pub fn creation_code(name: &str) -> Result<Bytes, ArtifactError> {
    read(&workspace_root().join(format!("target/forge/out/{name}.sol/{name}.json")))
}

fn read(file: &Path) -> Result<Bytes, ArtifactError> {
    let path = file.display().to_string();
    let text = match fs::read_to_string(file) {
        Ok(text) => text,
        Err(source) => return Err(ArtifactError::Missing { path, source }),
    };
    match serde_json::from_str::<Artifact>(&text) {
        Ok(artifact) if artifact.bytecode.object.is_empty() => Err(ArtifactError::Malformed {
            path,
            message: "an interface or an abstract contract has no code".to_owned(),
        }),
        Ok(artifact) => Ok(artifact.bytecode.object),
        Err(error) => Err(ArtifactError::Malformed { path, message: error.to_string() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn artifact(text: &str) -> Result<Bytes, ArtifactError> {
        let id = std::thread::current().id();
        let file =
            std::env::temp_dir().join(format!("novate-artifact-{}-{id:?}", std::process::id()));
        fs::write(&file, text).unwrap();
        let result = read(&file);
        fs::remove_file(&file).unwrap();
        result
    }

    #[test]
    fn code_is_read_from_an_artifact() {
        let code = artifact(r#"{"abi":[],"bytecode":{"object":"0x6001","linkReferences":{}}}"#);
        assert_eq!(code.unwrap(), Bytes::from_static(&[0x60, 0x01]));
    }

    #[test]
    fn an_interface_has_no_code() {
        let error = artifact(r#"{"bytecode":{"object":"0x"}}"#).unwrap_err();
        assert!(error.to_string().ends_with("an interface or an abstract contract has no code"));
    }

    #[test]
    fn text_that_is_no_artifact_is_refused() {
        assert!(matches!(artifact("{}"), Err(ArtifactError::Malformed { .. })));
        assert!(matches!(artifact("\u{0}"), Err(ArtifactError::Malformed { .. })));
    }

    #[test]
    fn a_missing_artifact_says_how_to_build_it() {
        let error = creation_code("NoSuchContract").unwrap_err();
        assert!(error.to_string().ends_with("run 'make mocks'"), "{error}");
    }
}
