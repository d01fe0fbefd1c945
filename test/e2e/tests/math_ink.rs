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

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use novate_devnode::meter::{Meter, Value};
use serde_json::{Value as Json, json};
use wasmparser::{ExternalKind, Operator, Parser, Payload};

/// Rows of each vector file that are measured: the first ones, which are edges, and as many typical ones.
const ROWS: usize = 100;

fn workspace() -> PathBuf {
    let folder = env::var_os("NOVATE_WORKSPACE");
    folder.map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."), PathBuf::from)
}

/// The bench module, with the maximum of its memory fixed: it never grows.
fn module() -> Vec<u8> {
    let target = workspace().join("target/math-bench");
    let status = Command::new(env!("CARGO"))
        .current_dir(workspace())
        .args(["build", "--locked", "-p", "novate-math-bench", "--profile", "contract"])
        .args(["--target", "wasm32-unknown-unknown", "--target-dir"])
        .arg(&target)
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .status()
        .expect("cargo runs");
    assert!(status.success(), "novate-math-bench does not build");
    let path = target.join("wasm32-unknown-unknown/contract/novate_math_bench.wasm");
    let text = wasmprinter::print_bytes(fs::read(path).expect("the module")).expect("WASM");
    let (before, after) = text.split_once("(memory (;0;) ").expect("a memory");
    let (pages, after) = after.split_once(')').expect("a limit");
    wat::parse_str(format!("{before}(memory (;0;) {pages} {pages}){after}")).expect("WASM")
}

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

/// Cells of the measured rows of a vector file.
fn rows(file: &str) -> Vec<Vec<String>> {
    let mut reader =
        csv::Reader::from_path(workspace().join("math/vectors").join(file)).expect("vectors");
    let all: Vec<Vec<String>> = reader
        .records()
        .map(|row| row.expect("a row").iter().map(str::to_owned).collect())
        .collect();
    let typical = all.iter().filter(|row| row[0] == "typical").take(ROWS);
    all.iter().filter(|row| row[0] == "edge").take(ROWS).chain(typical).cloned().collect()
}

/// A decimal in units of 1e-18 where it fits 128 bits.
fn wad(text: &str) -> Option<i128> {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let number: i128 = format!("{whole}{fraction:0<18}").parse().ok()?;
    Some(sign * number)
}

/// Units of 1e-18 in `Q bits`.
fn binary(x: i128, bits: u32) -> Option<i64> {
    let whole = x / 1_000_000_000_000_000_000;
    let rest = (x % 1_000_000_000_000_000_000) << bits;
    i64::try_from((whole << bits) + rest / 1_000_000_000_000_000_000).ok()
}

fn halves(x: i128) -> [Value; 2] {
    [word(x), word(x >> 64)]
}

fn word(x: i128) -> Value {
    Value::I64(i64::from_le_bytes(x.to_le_bytes()[..8].try_into().unwrap()))
}

fn pairs(numbers: &[i128]) -> Vec<Value> {
    numbers.iter().copied().flat_map(halves).collect()
}

struct Bench {
    meter: Meter,
    inks: BTreeMap<&'static str, Vec<u64>>,
}

impl Bench {
    fn call(&mut self, name: &'static str, arguments: &[Value]) -> u64 {
        self.meter.call(name, arguments).unwrap_or_else(|error| panic!("{name}: {error}")).ink
    }

    fn measure(&mut self, name: &'static str, arguments: &[Value]) {
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

fn numbers(bench: &mut Bench) {
    for (file, names) in [
        ("exp.csv", &["exp"][..]),
        ("ln.csv", &["ln", "log2"]),
        ("sqrt.csv", &["sqrt"]),
        ("norm_cdf.csv", &["normal_cdf"]),
        ("norm_pdf.csv", &["normal_pdf"]),
    ] {
        for row in rows(file) {
            let Some(x) = wad(&row[1]) else { continue };
            for name in names {
                bench.measure(name, &pairs(&[x]));
            }
            match file {
                "exp.csv" if x <= 0 => {
                    if let Some(z) = binary(-x, 58) {
                        bench.measure("kernel_exp", &[Value::I64(z)]);
                    }
                }
                "ln.csv" => bench.measure("kernel_ln", &halves(x)),
                "sqrt.csv" => bench.measure("kernel_sqrt", &halves(x)),
                "norm_cdf.csv" => {
                    if let Some(x) = binary(x, 58) {
                        bench.measure("kernel_cdf", &[Value::I64(x)]);
                        bench.measure("kernel_density", &[Value::I64(x)]);
                    }
                }
                _ => {}
            }
        }
    }
    for row in rows("norm_inv.csv") {
        let p = wad(&row[1]).expect("a probability");
        bench.measure("normal_inverse", &[word(p)]);
    }
    for row in rows("exp.csv").iter().zip(rows("ln.csv")) {
        let (Some(a), Some(b)) = (wad(&row.0[1]), wad(&row.1[1])) else { continue };
        bench.measure("mul_down", &pairs(&[b, a.abs()]));
        bench.measure("div_down", &pairs(&[b, a.abs().max(1)]));
        bench.measure("pow", &pairs(&[b, a % 4_000_000_000_000_000_000]));
    }
}

fn options(bench: &mut Bench) {
    for row in rows("black76.csv") {
        let x: Vec<i128> = [1, 2, 4, 5].iter().map(|&i| wad(&row[i]).expect("an input")).collect();
        let seconds = Value::I64(row[3].parse().expect("seconds"));
        let arguments = [pairs(&x[..2]), vec![seconds], pairs(&x[2..])].concat();
        bench.measure("black76", &arguments);
        bench.measure("greeks", &arguments);
    }
    for row in rows("implied_vol.csv") {
        let x: Vec<i128> = [1, 2, 6, 4].iter().map(|&i| wad(&row[i]).expect("an input")).collect();
        let seconds = Value::I64(row[3].parse().expect("seconds"));
        let call = Value::I32(i32::from(row[5] == "call"));
        let arguments = [pairs(&x[..2]), vec![seconds], pairs(&x[2..]), vec![call]].concat();
        bench.measure("implied_volatility", &arguments);
    }
    for row in rows("svi.csv") {
        let x: Vec<i128> = [3, 4, 5, 6, 7, 9]
            .iter()
            .map(|&i| {
                wad(&row[i]).unwrap_or_else(|| {
                    row[i].parse::<f64>().map_or(0, |k| wad(&format!("{k:.18}")).unwrap())
                })
            })
            .collect();
        let [a, b, rho, m, sigma, _] = x[..] else { unreachable!("six inputs") };
        let k =
            wad(&format!("{:.18}", row[9].parse::<f64>().expect("a number"))).expect("a number");
        let seconds = Value::I64(row[8].parse().expect("seconds"));
        let arguments = [
            pairs(&[a]),
            vec![word(b)],
            pairs(&[rho, m]),
            vec![word(sigma)],
            pairs(&[k]),
            vec![seconds],
        ]
        .concat();
        bench.measure("svi_volatility", &arguments);
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
    numbers(&mut bench);
    options(&mut bench);
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
