//! The bench module of `novate-math`, and calls of its exports with the inputs of the reference vectors.

#![allow(dead_code, unreachable_pub, reason = "each test crate uses a part")]

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use novate_devnode::meter::Value;

/// A call of an export.
#[derive(Debug, Clone)]
pub struct Call {
    pub name: &'static str,
    pub arguments: Vec<Value>,
}

pub fn workspace() -> PathBuf {
    let folder = env::var_os("NOVATE_WORKSPACE");
    folder.map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."), PathBuf::from)
}

/// The bench module.
pub fn module() -> Vec<u8> {
    build(&[], "novate_math_bench.wasm")
}

/// The bench module with every other function too.
pub fn module_of_everything() -> Vec<u8> {
    build(&["--example", "novate_math_everything"], "examples/novate_math_everything.wasm")
}

/// Builds a module, and fixes the maximum of its memory: it never grows.
fn build(what: &[&str], file: &str) -> Vec<u8> {
    let target = workspace().join("target/math-bench");
    let status = Command::new(env!("CARGO"))
        .current_dir(workspace())
        .args(["build", "--locked", "-p", "novate-math-bench", "--profile", "contract"])
        .args(["--target", "wasm32-unknown-unknown", "--target-dir"])
        .arg(&target)
        .args(what)
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .status()
        .expect("cargo runs");
    assert!(status.success(), "novate-math-bench does not build");
    let path = target.join("wasm32-unknown-unknown/contract").join(file);
    let text = wasmprinter::print_bytes(fs::read(path).expect("the module")).expect("WASM");
    let (before, after) = text.split_once("(memory (;0;) ").expect("a memory");
    let (pages, after) = after.split_once(')').expect("a limit");
    wat::parse_str(format!("{before}(memory (;0;) {pages} {pages}){after}")).expect("WASM")
}

/// Cells of a vector file: all rows, or the first `most` edges and as many typical rows.
pub fn rows(file: &str, most: Option<usize>) -> Vec<Vec<String>> {
    let mut reader =
        csv::Reader::from_path(workspace().join("math/vectors").join(file)).expect("vectors");
    let all: Vec<Vec<String>> = reader
        .records()
        .map(|row| row.expect("a row").iter().map(str::to_owned).collect())
        .collect();
    let Some(most) = most else { return all };
    let typical = all.iter().filter(|row| row[0] == "typical").take(most);
    all.iter().filter(|row| row[0] == "edge").take(most).chain(typical).cloned().collect()
}

/// A decimal in units of 1e-18 where it fits 128 bits.
pub fn wad(text: &str) -> Option<i128> {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let number: i128 = format!("{whole}{fraction:0<18}").parse().ok()?;
    Some(sign * number)
}

/// Units of 1e-18 in `Q bits`.
pub fn binary(x: i128, bits: u32) -> Option<i64> {
    let whole = x / 1_000_000_000_000_000_000;
    let rest = (x % 1_000_000_000_000_000_000) << bits;
    i64::try_from((whole << bits) + rest / 1_000_000_000_000_000_000).ok()
}

pub fn halves(x: i128) -> [Value; 2] {
    [word(x), word(x >> 64)]
}

pub fn word(x: i128) -> Value {
    Value::I64(i64::from_le_bytes(x.to_le_bytes()[..8].try_into().unwrap()))
}

pub fn pairs(numbers: &[i128]) -> Vec<Value> {
    numbers.iter().copied().flat_map(halves).collect()
}

/// Calls on the inputs of every vector file; `most` as for [`rows`].
pub fn calls(most: Option<usize>) -> Vec<Call> {
    let mut calls = Vec::new();
    numbers(&mut calls, most);
    options(&mut calls, most);
    surfaces(&mut calls, most);
    calls
}

fn push(calls: &mut Vec<Call>, name: &'static str, arguments: impl Into<Vec<Value>>) {
    calls.push(Call { name, arguments: arguments.into() });
}

fn numbers(calls: &mut Vec<Call>, most: Option<usize>) {
    for (file, names) in [
        ("exp.csv", &["exp"][..]),
        ("ln.csv", &["ln", "log2"]),
        ("sqrt.csv", &["sqrt"]),
        ("norm_cdf.csv", &["normal_cdf"]),
        ("norm_pdf.csv", &["normal_pdf"]),
    ] {
        for row in rows(file, most) {
            let Some(x) = wad(&row[1]) else { continue };
            for name in names {
                push(calls, name, pairs(&[x]));
            }
            match file {
                "exp.csv" if x <= 0 => {
                    if let Some(z) = binary(-x, 58) {
                        push(calls, "kernel_exp", [Value::I64(z)]);
                    }
                }
                "ln.csv" => push(calls, "kernel_ln", halves(x)),
                "sqrt.csv" => push(calls, "kernel_sqrt", halves(x)),
                "norm_cdf.csv" => {
                    if let Some(x) = binary(x, 58) {
                        push(calls, "kernel_cdf", [Value::I64(x)]);
                        push(calls, "kernel_density", [Value::I64(x)]);
                    }
                }
                _ => {}
            }
        }
    }
    for row in rows("norm_inv.csv", most) {
        let p = wad(&row[1]).expect("a probability");
        push(calls, "normal_inverse", [word(p)]);
    }
    for (a, b) in rows("exp.csv", most).iter().zip(rows("ln.csv", most)) {
        let (Some(a), Some(b)) = (wad(&a[1]), wad(&b[1])) else { continue };
        push(calls, "mul_down", pairs(&[b, a.abs()]));
        push(calls, "div_down", pairs(&[b, a.abs().max(1)]));
        push(calls, "pow", pairs(&[b, a % 4_000_000_000_000_000_000]));
    }
}

fn options(calls: &mut Vec<Call>, most: Option<usize>) {
    for row in rows("black76.csv", most) {
        let x: Vec<i128> = [1, 2, 4, 5].iter().map(|&i| wad(&row[i]).expect("an input")).collect();
        let seconds = Value::I64(row[3].parse().expect("seconds"));
        let arguments = [pairs(&x[..2]), vec![seconds], pairs(&x[2..])].concat();
        push(calls, "black76", arguments.clone());
        push(calls, "greeks", arguments);
    }
    for row in rows("implied_vol.csv", most) {
        let x: Vec<i128> = [1, 2, 6, 4].iter().map(|&i| wad(&row[i]).expect("an input")).collect();
        let seconds = Value::I64(row[3].parse().expect("seconds"));
        let call = Value::I32(i32::from(row[5] == "call"));
        let arguments = [pairs(&x[..2]), vec![seconds], pairs(&x[2..]), vec![call]].concat();
        push(calls, "implied_volatility", arguments);
    }
}

fn surfaces(calls: &mut Vec<Call>, most: Option<usize>) {
    for row in rows("svi.csv", most) {
        let Surface { a, b, rho, m, sigma, k, seconds } = Surface::new(&row);
        let arguments = [
            pairs(&[a]),
            vec![word(b)],
            pairs(&[rho, m]),
            vec![word(sigma)],
            pairs(&[k]),
            vec![seconds],
        ]
        .concat();
        push(calls, "svi_volatility", arguments);
    }
}

/// A row of `svi.csv`, in units of 1e-18.
#[derive(Debug)]
pub struct Surface {
    pub a: i128,
    pub b: i128,
    pub rho: i128,
    pub m: i128,
    pub sigma: i128,
    pub k: i128,
    pub seconds: Value,
}

impl Surface {
    pub fn new(row: &[String]) -> Self {
        let [a, b, rho, m, sigma] =
            [3, 4, 5, 6, 7].map(|i: usize| wad(&row[i]).expect("a parameter"));
        let k =
            wad(&format!("{:.18}", row[9].parse::<f64>().expect("a number"))).expect("a number");
        Self { a, b, rho, m, sigma, k, seconds: Value::I64(row[8].parse().expect("seconds")) }
    }
}
