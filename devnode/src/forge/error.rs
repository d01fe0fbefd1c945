//! Why tests could not be run at all.

use std::path::PathBuf;

/// What keeps the runner from running tests. A test that fails is a result, not an error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ForgeError {
    /// A file or folder cannot be read.
    #[error("{}: {reason} (has `forge build` been run?)", file.display())]
    File {
        /// Which.
        file: PathBuf,
        /// The system's words.
        reason: String,
    },
    /// A file is not an artifact of forge.
    #[error("{}: not an artifact of forge: {reason}", file.display())]
    Artifact {
        /// Which.
        file: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A pattern is not a regular expression.
    #[error("{option} {pattern}: {reason}")]
    Pattern {
        /// The option that it was given with.
        option: &'static str,
        /// The pattern.
        pattern: String,
        /// What is wrong.
        reason: String,
    },
    /// No test has these names.
    #[error("no tests match the patterns")]
    NoTests,
}
