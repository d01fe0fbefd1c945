//! Ink of the functions of `novate-math`, metered as the chain meters programs, against `snapshots/math.json`.
//!
//! `NOVATE_SNAPSHOTS=write cargo test -p novate-e2e --test math_ink` rewrites the snapshot.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod math_calls;

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
};

use math_calls::{Call, calls, module, workspace};
use novate_devnode::meter::{Meter, Value};
use serde_json::{Value as Json, json};
use wasmparser::{ExternalKind, Operator, Parser, Payload};

/// Rows of each vector file that are measured: the first ones, which are edges, and as many typical ones.
const ROWS: usize = 100;

/// Bytes of code that each export reaches.
fn code_bytes(wasm: &[u8]) -> BTreeMap<String, usize> {
    let (mut bodies, mut exports) = (Vec::new(), Vec::new());
    for payload in Parser::new(0).parse_all(wasm) {
        match payload.expect("WASM") {
            Payload::CodeSectionEntry(body) => {
                let mut calls = Vec::new();
                for operator in body.get_operators_reader().expect("code") {
                    if let Operator::Call { function_index } = operator.expect("an operator") {
                        calls.push(usize::try_from(function_index).unwrap());
                    }
                }
                let range = body.range();
                bodies.push((usize::try_from(range.end - range.start).unwrap(), calls));
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export.expect("an export");
                    if export.kind == ExternalKind::Func {
                        exports
                            .push((export.name.to_owned(), usize::try_from(export.index).unwrap()));
                    }
                }
            }
            _ => {}
        }
    }
    let reach = |start: usize| -> usize {
        let (mut seen, mut left) = (BTreeSet::new(), vec![start]);
        while let Some(index) = left.pop() {
            if seen.insert(index) {
                left.extend(&bodies[index].1);
            }
        }
        seen.iter().map(|&index| bodies[index].0).sum()
    };
    exports.into_iter().map(|(name, index)| (name, reach(index))).collect()
}

struct Bench {
    meter: Meter,
    inks: BTreeMap<&'static str, Vec<u64>>,
}

impl Bench {
    fn call(&mut self, name: &'static str, arguments: &[Value]) -> u64 {
        self.meter.call(name, arguments).unwrap_or_else(|error| panic!("{name}: {error}")).ink
    }

    fn measure(&mut self, Call { name, arguments }: &Call) {
        let ink = self.call(name, arguments);
        self.inks.entry(name).or_default().push(ink);
    }

    /// What one more round costs, beside the call and the preparation.
    fn marginal(&mut self, name: &'static str, fixed: &[Value], each: u64) {
        let mut with = |count: i32| {
            let arguments: Vec<Value> = fixed.iter().copied().chain([Value::I32(count)]).collect();
            self.call(name, &arguments)
        };
        let (one, many) = (with(1), with(11));
        self.inks.entry(name).or_default().push((many - one) / (10 * each));
    }
}

fn loops(bench: &mut Bench) {
    for tenths in -10..=10_i64 {
        for vol in 1..=6_i64 {
            // Deviations of 0.1 vol, and half as much again or less; the forward moves by 1% a round.
            let (k, step, s) = (tenths * (1 << 56) / 10, (1 << 56) / 100, vol * (1 << 58) / 10);
            let fixed = [k, step, s + s / 2, s, s / 2].map(Value::I64);
            bench.marginal("kernel_batch", &fixed, 3);
        }
        let (rho, m) = (tenths * (1 << 59), tenths * (1 << 52));
        let fixed = [0, 1 << 48, 1 << 60, rho, m, 1 << 53, 2_592_000].map(Value::I64);
        bench.marginal("kernel_svi", &fixed, 1);
    }
}

fn found() -> Json {
    let wasm = module();
    let sizes = code_bytes(&wasm);
    let mut bench = Bench { meter: Meter::new(&wasm).expect("a module"), inks: BTreeMap::new() };
    for call in &calls(Some(ROWS)) {
        bench.measure(call);
    }
    loops(&mut bench);
    let functions: serde_json::Map<String, Json> = bench
        .inks
        .into_iter()
        .map(|(name, mut inks)| {
            inks.sort_unstable();
            let (least, median, most) = (inks[0], inks[inks.len() / 2], inks[inks.len() - 1]);
            let entry = json!({
                "code_bytes": sizes[name], "inputs": inks.len(),
                "ink_min": least, "ink_median": median, "ink_max": most,
            });
            (name.to_owned(), entry)
        })
        .collect();
    Json::Object(functions)
}

#[test]
fn ink_equals_the_snapshot() {
    let path = workspace().join("snapshots/math.json");
    let found = format!("{:#}\n", found());
    if env::var_os("NOVATE_SNAPSHOTS").is_some_and(|value| value == "write") {
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, found).expect("a file");
        return;
    }
    let kept =
        fs::read_to_string(path).expect("snapshots/math.json; NOVATE_SNAPSHOTS=write makes it");
    assert!(
        kept == found,
        "the ink has changed; NOVATE_SNAPSHOTS=write rewrites the snapshot\n{found}"
    );
}
