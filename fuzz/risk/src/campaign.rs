//! A fixed number of executions from a seed: `campaign --count 10000000 --seed 1 --threads 2`.

use std::{panic, process::ExitCode, thread, time::Instant};

use novate_fuzz_risk::{Tally, execute};

/// Bytes of a case; a book of 256 positions uses more, and its rest is zeros.
const LENGTH: usize = 16_384;

fn main() -> ExitCode {
    let number = |name: &str, default: u64| {
        let mut arguments = std::env::args().skip_while(|argument| argument != name).skip(1);
        arguments.next().map_or(default, |text| text.parse().expect("a number"))
    };
    let (count, seed) = (number("--count", 10_000_000), number("--seed", 1));
    let threads = number("--threads", 1);
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
