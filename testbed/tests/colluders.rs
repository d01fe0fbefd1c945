//! Twenty thousand steps of colluding groups; a million are `make colluders`.

#![allow(clippy::float_arithmetic, reason = "test code")]

use std::thread;

use novate_testbed::colluders::run;

/// Fewer where nothing is optimised.
const STEPS: u64 = if cfg!(debug_assertions) { 300 } else { 10_000 };

#[test]
fn colluders_gain_nothing_beyond_the_market() {
    let workers = [11, 12].map(|seed| thread::spawn(move || run(seed, STEPS)));
    for worker in workers {
        let report = worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        assert!(report.steps == STEPS && report.greatest_gain <= 1e-6, "{report:?}");
    }
}
