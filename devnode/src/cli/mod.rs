//! The command line: options in, accounts and mined blocks out.

mod options;
mod output;

pub(crate) use options::Options;
pub(crate) use output::Output;
