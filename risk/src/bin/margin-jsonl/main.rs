//! Assesses portfolios as JSON lines: one portfolio with its market state and parameters a line in, its figures a line out.
//!
//! The schema is docs/margin-jsonl.md. Numbers are read as exact decimals, never through floating point. Line n of the output
//! answers line n of the input: what can't be assessed, an empty line too, gives `{"id":…,"error":"…"}` and doesn't stop the
//! others; the exit code is then 1.

mod decimal;
mod json;
mod read;
mod write;

use std::{
    io::{self, BufRead, Write},
    process::ExitCode,
};

use json::Value;

fn main() -> ExitCode {
    let mut input = io::stdin().lock();
    let mut output = io::BufWriter::new(io::stdout().lock());
    let mut failed = false;
    let mut line = Vec::new();
    loop {
        line.clear();
        match input.read_until(b'\n', &mut line) {
            Ok(0) => break,
            Ok(_) => {}
            Err(error) => {
                eprintln!("margin-jsonl: can't read: {error}");
                return ExitCode::FAILURE;
            }
        }
        let text =
            answer(line.strip_suffix(b"\n").unwrap_or(&line)).unwrap_or_else(|(id, error)| {
                failed = true;
                write::error(&id, &error)
            });
        if writeln!(output, "{text}").and_then(|()| output.flush()).is_err() {
            // The reader went away.
            return ExitCode::FAILURE;
        }
    }
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// The figures of one line, or its id and what is wrong.
fn answer(line: &[u8]) -> Result<String, (Value, String)> {
    let text = core::str::from_utf8(line).map_err(|error| {
        (Value::Null, format!("column {}: expected UTF-8", error.valid_up_to().saturating_add(1)))
    })?;
    let line = json::parse(text).map_err(|error| (Value::Null, error))?;
    let id = line.get("id").cloned().unwrap_or(Value::Null);
    let case = read::case(&line).map_err(|error| (id.clone(), error))?;
    write::figures(&id, &case).map_err(|error| (id, error.to_string()))
}
