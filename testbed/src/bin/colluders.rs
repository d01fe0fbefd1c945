//! Runs random colluding groups against the house and writes what they got.

#![allow(clippy::print_stdout, reason = "a command's output")]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::cast_precision_loss,
    clippy::expect_used,
    clippy::float_arithmetic,
    clippy::panic,
    reason = "test code"
)]

use std::{fmt::Write as _, path::PathBuf, thread, time::Instant};

use clap::Parser;
use novate_testbed::colluders::{Report, run};

/// Random groups of two or three accounts, every public function, messages in any order: joint profit beyond honest market moves.
#[derive(Debug, Parser)]
struct Options {
    /// Steps in all.
    #[arg(long, default_value_t = 1_000_000)]
    steps: u64,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Threads, each with a share of the steps and a seed of its own.
    #[arg(long, default_value_t = 2)]
    threads: u64,
    /// Where the report goes; none: nowhere.
    #[arg(long)]
    report: Option<PathBuf>,
}

fn main() {
    let options = Options::parse();
    let begun = Instant::now();
    let share = options.steps.div_ceil(options.threads);
    let workers: Vec<_> = (0..options.threads)
        .map(|number| {
            let seed = options.seed.wrapping_mul(1_000).wrapping_add(number);
            thread::spawn(move || run(seed, share))
        })
        .collect();
    let mut total = Report::default();
    for worker in workers {
        total.add(&worker.join().expect("an invariant broke"));
    }
    let text = told(&options, &total, begun.elapsed().as_secs());
    println!("{text}");
    if let Some(path) = options.report {
        std::fs::write(&path, text).expect("the report can be written");
    }
}

fn told(options: &Options, report: &Report, seconds: u64) -> String {
    let mut text = String::from(
        "# Colluders\n\nWritten by `make colluders`: random groups of two to four accounts against the contracts together, natively. \
         What they try and what must hold stands in `testbed/src/colluders.rs`.\n\n| | |\n| --- | --- |\n",
    );
    let mut row =
        |name: &str, value: String| writeln!(text, "| {name} | {value} |").expect("text grows");
    row("steps", report.steps.to_string());
    row("seed", options.seed.to_string());
    row("groups", report.episodes.to_string());
    row("close-outs", report.close_outs.to_string());
    row(
        "most that an act gained beyond market moves and waterfall, USD",
        format!("{:.9}", report.greatest_gain),
    );
    row(
        "gained by all acts together, USD (fees paid make it negative)",
        format!("{:.2}", report.sum_of_gains),
    );
    row("fees, USD", format!("{:.2}", report.fees));
    row("paid by the waterfall, USD", format!("{:.2}", report.waterfall));
    row(
        "greatest shortfall of somebody whom nobody closed out, USD",
        format!("{:.2}", report.greatest_shortfall),
    );
    row("greatest carried loss, USD", format!("{:.2}", report.carried));
    row("seconds", seconds.to_string());
    text.push_str("\n| step | accepted | refused |\n| --- | ---: | ---: |\n");
    for (kind, (accepted, refused)) in &report.kinds {
        writeln!(text, "| {kind} | {accepted} | {refused} |").expect("text grows");
    }
    text.push_str("\n| refused with | times |\n| --- | ---: |\n");
    for (name, count) in &report.refusals {
        writeln!(text, "| {name} | {count} |").expect("text grows");
    }
    text
}
