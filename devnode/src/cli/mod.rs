//! The command line: options in, accounts and mined blocks out.

mod options;
mod output;
mod test;

pub(crate) use options::{Command, Options};
pub(crate) use output::Output;
