//! `demo --help`: a crash through the clearing house, from a fresh chain to the proof that every cent is where it belongs.

#![expect(clippy::print_stdout, reason = "a command")]

use std::process::ExitCode;

use clap::Parser;
use novate_e2e::demo::{DemoError, Options, run};

/// Bad input.
const BAD_INPUT: u8 = 2;

#[tokio::main]
async fn main() -> ExitCode {
    let options = match Options::try_parse() {
        Ok(options) => options,
        Err(error) if error.use_stderr() => {
            return fail(BAD_INPUT, &first_line(&error.to_string()));
        }
        Err(help) => {
            print!("{help}");
            return ExitCode::SUCCESS;
        }
    };
    match run(&options).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => fail(1, "an invariant is violated"),
        Err(error @ DemoError::Input(_)) => fail(BAD_INPUT, &error.to_string()),
        Err(error) => fail(1, &error.to_string()),
    }
}

fn first_line(text: &str) -> String {
    let text = text.strip_prefix("error: ").unwrap_or(text);
    let end = text.find("\n\nUsage").or_else(|| text.find("\n\nFor more")).unwrap_or(text.len());
    text.get(..end).unwrap_or(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

fn fail(code: u8, reason: &str) -> ExitCode {
    eprintln!("error: {reason}");
    ExitCode::from(code)
}
