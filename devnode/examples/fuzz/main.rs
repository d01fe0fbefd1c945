//! Feeds random modules to the validator, the activator and the machine, and prints what became of
//! them: nothing may panic or hang, whatever is refused must be refused with a typed error, and what
//! is accepted must be valid after metering, give the same figures twice, and run to an end.
//!
//! `cargo run --release -p novate-devnode --example fuzz -- [MODULES] [SEED] [FIRST MODULE]`

#![allow(clippy::arithmetic_side_effects, reason = "counts of a campaign")]

mod generate;
mod machine;

use std::{
    collections::BTreeMap,
    error::Error,
    io::Write,
    panic::{AssertUnwindSafe, catch_unwind},
    time::{Duration, Instant},
};

use generate::Random;
use machine::Machine;
use novate_devnode::wasm::{Exports, Features, Module, WasmError, activate, instrument};

const FEATURES: Features = Features { stylus_version: 2, debug: true };

/// Of so many modules one is looked at again if it is accepted: metered, validated, activated twice.
const CHECK_ONE_IN: u64 = 10;
/// Of so many modules one that is accepted is deployed, activated on a chain and called.
const RUN_ONE_IN: u64 = 50;

/// No module may take more processor time than this from bytes to the end of its call.
const MOST_TIME: Duration = Duration::from_secs(5);

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let count: u64 = arguments.next().map_or(Ok(1_000_000), |text| text.parse())?;
    let seed: u64 = arguments.next().map_or(Ok(1), |text| text.parse())?;
    let first: u64 = arguments.next().map_or(Ok(0), |text| text.parse())?;
    let begun = Instant::now();
    let mut tally: BTreeMap<String, u64> = BTreeMap::new();
    let mut machine = Machine::default();
    let mut slowest = (Duration::ZERO, 0);
    for index in first..first.saturating_add(count) {
        let wasm = generate::module(&mut Random::new(seed, index));
        let started = processor_time(begun);
        let result = catch_unwind(AssertUnwindSafe(|| judge(&mut machine, &wasm, index)));
        let elapsed = processor_time(begun).saturating_sub(started);
        slowest = slowest.max((elapsed, index));
        let became = result.map_err(|_| format!("module {index} of seed {seed} panicked"))??;
        if elapsed > MOST_TIME {
            return Err(format!("module {index} of seed {seed} took {elapsed:?}").into());
        }
        *tally.entry(became).or_default() += 1;
    }
    report(count, seed, &tally, slowest, begun.elapsed())?;
    Ok(())
}

/// Processor time of this thread, so that a busy machine accuses nobody; the time since `begun` where
/// the system does not tell.
fn processor_time(begun: Instant) -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = text.split_whitespace().next().and_then(|number| number.parse().ok());
    nanoseconds.map_or_else(|| begun.elapsed(), Duration::from_nanos)
}

/// What becomes of a module; an error is a violation.
fn judge(machine: &mut Machine, wasm: &[u8], index: u64) -> Result<String, String> {
    if std::env::var_os("FUZZ_DUMP").is_some() {
        // To look at a module that an error names.
        std::fs::write("module.wasm", wasm).map_err(|error| error.to_string())?;
    }
    let data = match activate(wasm, FEATURES) {
        Err(error) => return Ok(format!("refused: {}", kind(&error))),
        Ok(data) => data,
    };
    if !index.is_multiple_of(CHECK_ONE_IN) {
        return Ok("accepted".to_owned());
    }
    if activate(wasm, FEATURES) != Ok(data) {
        return Err("a second activation gave other figures".to_owned());
    }
    let module = Module::parse(wasm, FEATURES).map_err(|error| error.to_string())?;
    let metered = instrument(&module, Exports::Entrypoint).map_err(|error| error.to_string())?;
    wasmparser::Validator::new()
        .validate_all(&metered.wasm)
        .map_err(|error| format!("the metered module is invalid: {error}"))?;
    if !index.is_multiple_of(RUN_ONE_IN) {
        return Ok("accepted and checked".to_owned());
    }
    machine.run(wasm).map(|ending| format!("accepted and called: {ending}"))
}

/// The kind of a refusal.
fn kind(error: &WasmError) -> String {
    match error {
        WasmError::Malformed { .. } => "malformed".to_owned(),
        WasmError::TooMany { what, .. } => format!("too many {what}"),
        WasmError::UnsupportedOperator(_) => "unsupported operator".to_owned(),
        WasmError::UnsupportedImport { .. } => "unsupported import".to_owned(),
        WasmError::ImportType { .. } => "wrong type of an import".to_owned(),
        other => other.to_string(),
    }
}

fn report(
    count: u64,
    seed: u64,
    tally: &BTreeMap<String, u64>,
    slowest: (Duration, u64),
    elapsed: Duration,
) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "## Modules\n")?;
    writeln!(out, "{count} modules of seed {seed}: no panic, no hang, no untyped refusal.")?;
    writeln!(
        out,
        "Slowest: module {} with {:.1?}; all together {:.0?}.\n",
        slowest.1, slowest.0, elapsed
    )?;
    writeln!(out, "| what became of them | modules |\n|---|---:|")?;
    for (became, number) in tally {
        writeln!(out, "| {became} | {number} |")?;
    }
    Ok(())
}
