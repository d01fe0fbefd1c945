//! A fixed number of executions from a seed: `campaign --count 10000000 --seed 1 --threads 2`; one of them again, with its panic:
//! `campaign --case 7 --seed 1`.

use std::{panic, process::ExitCode, thread, time::Instant};

use novate_fuzz_risk::{Tally, execute};

/// Bytes of a case: more than what a book of 256 positions, its market and its parameters draw.
const LENGTH: usize = 16_384;

/// What the arguments set.
struct Options {
    count: u64,
    seed: u64,
    threads: u64,
    case: Option<u64>,
}

impl Options {
    /// `None` where an argument isn't one, or isn't followed by a number.
    fn parse(mut arguments: impl Iterator<Item = String>) -> Option<Self> {
        let mut options = Self { count: 10_000_000, seed: 1, threads: 1, case: None };
        while let Some(name) = arguments.next() {
            let number = arguments.next()?.parse().ok()?;
            match name.as_str() {
                "--count" => options.count = number,
                "--seed" => options.seed = number,
                "--threads" if number > 0 => options.threads = number,
                "--case" => options.case = Some(number),
                _ => return None,
            }
        }
        Some(options)
    }
}

fn main() -> ExitCode {
    let Some(options) = Options::parse(std::env::args().skip(1)) else {
        eprintln!("usage: campaign [--count N] [--seed N] [--threads N] [--case N]");
        return ExitCode::from(2);
    };
    let Options { count, seed, threads, case } = options;
    if let Some(case) = case {
        let mut bytes = vec![0; LENGTH];
        fill(&mut bytes, seed, case);
        execute(&bytes, &mut Tally::default());
        return ExitCode::SUCCESS;
    }
    let started = Instant::now();
    let workers: Vec<_> = (0..threads)
        .map(|worker| thread::spawn(move || run(worker, threads, count, seed)))
        .collect();
    let mut tally = Tally::default();
    let mut failures = Vec::new();
    for worker in workers {
        let (met, failed) = worker.join().expect("caught inside");
        tally.merge(&met);
        failures.extend(failed);
    }
    println!("{tally}");
    println!("{count} executions, seed {seed}: {} failed", failures.len());
    eprintln!("{} s", started.elapsed().as_secs());
    for case in &failures {
        println!("case {case} failed: campaign --case {case} --seed {seed}");
    }
    if failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Every `step`th case from `first`; a failing one is noted and the campaign goes on.
fn run(first: u64, step: u64, count: u64, seed: u64) -> (Tally, Vec<u64>) {
    let mut tally = Tally::default();
    let mut failures = Vec::new();
    let mut bytes = vec![0; LENGTH];
    let mut case = first;
    while case < count {
        fill(&mut bytes, seed, case);
        let execution = panic::AssertUnwindSafe(|| execute(&bytes, &mut tally));
        if panic::catch_unwind(execution).is_err() {
            failures.push(case);
        }
        case += step;
        if case.is_multiple_of(1_000_000) {
            eprintln!("{case}");
        }
    }
    (tally, failures)
}

/// Splitmix64 from seed and case, so that any case can be run again by itself.
fn fill(bytes: &mut [u8], seed: u64, case: u64) {
    let mut state =
        seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ case.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    for chunk in bytes.chunks_mut(8) {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = state;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        chunk.copy_from_slice(&(x ^ (x >> 31)).to_le_bytes());
    }
}
