//! The functions of `novate-math` give the same bits as WASM and natively: every export, on every row of the reference
//! vectors and on random words.
//!
//! The sources of `math/bench` are compiled into this test, and called with what the module is called with.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking and report by printing"
)]
#![allow(
    clippy::missing_const_for_fn,
    clippy::too_many_arguments,
    unsafe_code,
    reason = "the sources of math/bench"
)]

#[path = "../../../math/bench/examples/everything/further.rs"]
mod further;
#[path = "../../../math/bench/src/kernels.rs"]
mod kernels;
mod math_calls;
#[path = "../../../math/bench/src/numbers.rs"]
mod numbers;

use std::collections::{BTreeMap, BTreeSet};

use math_calls::{
    Call, Surface, binary, calls, module, module_of_everything, pairs, rows, wad, word,
};
use novate_devnode::meter::{Meter, Value};
use proptest::{
    prelude::*,
    test_runner::{RngAlgorithm, TestRng},
};
use wasmparser::{ExternalKind, Parser, Payload};

/// Calls that the vectors alone do not make: the exports of `further.rs`, and loops.
fn further_calls() -> Vec<Call> {
    let mut calls = Vec::new();
    let mut push = |name, arguments: Vec<Value>| calls.push(Call { name, arguments });
    for (file, name) in [
        ("exp.csv", "exp_bounds"),
        ("ln.csv", "ln_bounds"),
        ("sqrt.csv", "sqrt_up"),
        ("norm_cdf.csv", "normal_complement"),
    ] {
        for row in rows(file, None) {
            if let Some(x) = wad(&row[1]) {
                push(name, pairs(&[x]));
                if let Some(x) = binary(x.abs(), 58) {
                    push("kernel_tail", vec![Value::I64(x)]);
                }
                let mantissa = Value::I64(i64::try_from(x >> 64).unwrap() ^ 1);
                push("kernel_ln_decimal", vec![mantissa, Value::I32((x % 40).try_into().unwrap())]);
            }
        }
    }
    for (a, b) in rows("exp.csv", None).iter().zip(rows("ln.csv", None)) {
        let (Some(a), Some(b)) = (wad(&a[1]), wad(&b[1])) else { continue };
        push("products_up", pairs(&[b, a.abs()]));
        push("kernel_signed", vec![word(a), word(b)]);
        let year = 31_536_000;
        push(
            "ewma",
            [vec![word(b)], pairs(&[a >> 4, -a >> 5]), vec![word(b % year), word(a.abs() % year)]]
                .concat(),
        );
    }
    for row in rows("black76.csv", None) {
        let x: Vec<i128> = [1, 2, 4, 5].iter().map(|&i| wad(&row[i]).expect("an input")).collect();
        let seconds = Value::I64(row[3].parse().expect("seconds"));
        push("black76_bounds", [pairs(&x[..2]), vec![seconds], pairs(&x[2..])].concat());
        let vol = binary(x[2], 58).unwrap_or(i64::MAX);
        push("kernel_time", vec![seconds, Value::I64(vol)]);
        push("kernel_deviation", vec![Value::I64(vol)]);
        let logs = [x[0], x[1]].map(novate_math_ln);
        let total = further::kernel_time(unsigned(seconds), vol.cast_unsigned()) >> 4;
        push("kernel_option", vec![Value::I64(logs[1] - logs[0]), Value::I64(total.cast_signed())]);
        push("kernel_option", vec![Value::I64(logs[1] - logs[0]), Value::I64(vol >> 2)]);
    }
    for row in rows("svi.csv", None) {
        let Surface { a, b, rho, m, sigma, k, seconds } = Surface::new(&row);
        let [a_low, a_high] = math_calls::halves(a);
        let slice =
            [pairs(&[a]), vec![word(b)], pairs(&[rho, m]), vec![word(sigma)], pairs(&[k])].concat();
        push("svi_total_variance", slice);
        let to = |x: i128, bits| Value::I64(binary(x, bits).unwrap_or(i64::MAX));
        let shape = [a_low, a_high, to(b, 60), to(rho, 62), to(m, 56), to(sigma, 56)];
        push("kernel_variance", [&shape[..], &[to(k, 56)]].concat());
        push("kernel_svi", [&shape[..], &[seconds, Value::I32(3)]].concat());
        push("kernel_batch", [&[to(k, 56), to(m, 56)], &shape[2..5], &[Value::I32(3)]].concat());
    }
    calls
}

fn novate_math_ln(x: i128) -> i64 {
    let [low, high] = math_calls::halves(x);
    kernels::kernel_ln(unsigned(low), unsigned(high))
}

/// Inputs that no vector holds: words of every length, for every export.
fn random_calls(
    names: &BTreeMap<String, Vec<ValueKind>>,
    count: usize,
) -> Vec<(String, Vec<Value>)> {
    let mut rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut calls = Vec::new();
    for (name, kinds) in names {
        for _ in 0..count {
            let arguments = kinds.iter().map(|kind| kind.random(&mut rng)).collect();
            calls.push((name.clone(), arguments));
        }
    }
    calls
}

/// The type of an argument.
#[derive(Debug, Clone, Copy)]
enum ValueKind {
    I32,
    I64,
}

impl ValueKind {
    fn random(self, rng: &mut TestRng) -> Value {
        match self {
            // Loop counts and exponents.
            Self::I32 => Value::I32(i32::try_from(rng.next_u32() % 41).unwrap()),
            Self::I64 => {
                let word = rng.next_u64() >> (rng.next_u32() % 64);
                let word = if rng.next_u32().is_multiple_of(4) { !word } else { word };
                Value::I64(word.cast_signed())
            }
        }
    }
}

fn unsigned(value: Value) -> u64 {
    match value {
        Value::I64(x) => x.cast_unsigned(),
        Value::I32(x) => u64::from(x.cast_unsigned()),
    }
}

/// The native result of an export; `None` for a name that is not called here.
fn native(name: &str, arguments: &[Value]) -> Option<u64> {
    let x: Vec<u64> = arguments.iter().copied().map(unsigned).collect();
    let s = |i: usize| x[i].cast_signed();
    let small = |i: usize| u32::try_from(x[i]).unwrap();
    Some(match name {
        "kernel_exp" => kernels::kernel_exp(x[0]),
        "kernel_ln" => kernels::kernel_ln(x[0], x[1]).cast_unsigned(),
        "kernel_ln_decimal" => {
            kernels::kernel_ln_decimal(x[0], small(1).cast_signed()).cast_unsigned()
        }
        "kernel_sqrt" => kernels::kernel_sqrt(x[0], x[1]),
        "kernel_cdf" => kernels::kernel_cdf(s(0)),
        "kernel_density" => kernels::kernel_density(s(0)),
        "kernel_deviation" => kernels::kernel_deviation(x[0]),
        "kernel_batch" => kernels::kernel_batch(s(0), s(1), x[2], x[3], x[4], small(5)),
        "kernel_svi" => kernels::kernel_svi(x[0], s(1), x[2], s(3), s(4), x[5], x[6], small(7)),
        "kernel_tail" => further::kernel_tail(x[0]),
        "kernel_option" => further::kernel_option(s(0), x[1]),
        "kernel_time" => further::kernel_time(x[0], x[1]),
        "kernel_signed" => further::kernel_signed(s(0), x[1]),
        "kernel_variance" => further::kernel_variance(x[0], s(1), x[2], s(3), s(4), x[5], s(6)),
        "exp" => numbers::exp(x[0], x[1]),
        "exp_bounds" => further::exp_bounds(x[0], x[1]),
        "ln" => numbers::ln(x[0], x[1]),
        "ln_bounds" => further::ln_bounds(x[0], x[1]),
        "log2" => numbers::log2(x[0], x[1]),
        "logarithms_wide" => further::logarithms_wide(x[0], x[1], x[2], x[3]),
        "pow" => numbers::pow(x[0], x[1], x[2], x[3]),
        "sqrt" => numbers::sqrt(x[0], x[1]),
        "sqrt_up" => further::sqrt_up(x[0], x[1]),
        "roots_wide" => further::roots_wide(x[0], x[1], x[2], x[3]),
        "mul_down" => numbers::mul_down(x[0], x[1], x[2], x[3]),
        "div_down" => numbers::div_down(x[0], x[1], x[2], x[3]),
        "products_up" => further::products_up(x[0], x[1], x[2], x[3]),
        "normal_cdf" => numbers::normal_cdf(x[0], x[1]),
        "normal_complement" => further::normal_complement(x[0], x[1]),
        "normal_pdf" => numbers::normal_pdf(x[0], x[1]),
        "normal_inverse" => numbers::normal_inverse(x[0]),
        "black76" => numbers::black76(x[0], x[1], x[2], x[3], x[4], x[5], x[6], x[7], x[8]),
        "black76_bounds" => {
            further::black76_bounds(x[0], x[1], x[2], x[3], x[4], x[5], x[6], x[7], x[8])
        }
        "greeks" => numbers::greeks(x[0], x[1], x[2], x[3], x[4], x[5], x[6], x[7], x[8]),
        "implied_volatility" => numbers::implied_volatility(
            x[0],
            x[1],
            x[2],
            x[3],
            x[4],
            x[5],
            x[6],
            x[7],
            x[8],
            small(9),
        ),
        "svi_volatility" => numbers::svi_volatility(
            x[0], x[1], x[2], x[3], x[4], x[5], x[6], x[7], x[8], x[9], x[10],
        ),
        "svi_total_variance" => {
            further::svi_total_variance(x[0], x[1], x[2], x[3], x[4], x[5], x[6], x[7], x[8], x[9])
        }
        "ewma" => further::ewma(x[0], x[1], x[2], x[3], x[4], x[5], x[6]),
        _ => return None,
    })
}

/// Exported functions and the types of their arguments.
fn exports(wasm: &[u8]) -> BTreeMap<String, Vec<ValueKind>> {
    let (mut types, mut functions, mut exports) = (Vec::new(), Vec::new(), BTreeMap::new());
    for payload in Parser::new(0).parse_all(wasm) {
        match payload.expect("WASM") {
            Payload::TypeSection(section) => {
                for ty in section.into_iter_err_on_gc_types() {
                    types.push(ty.expect("a function type"));
                }
            }
            Payload::FunctionSection(section) => {
                functions.extend(section.into_iter().map(|index| index.expect("an index")));
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export.expect("an export");
                    if export.kind == ExternalKind::Func {
                        let function = usize::try_from(export.index).unwrap();
                        let ty = &types[usize::try_from(functions[function]).unwrap()];
                        let kinds = ty.params().iter().map(|&param| match param {
                            wasmparser::ValType::I32 => ValueKind::I32,
                            wasmparser::ValType::I64 => ValueKind::I64,
                            other => panic!("{}: {other:?}", export.name),
                        });
                        exports.insert(export.name.to_owned(), kinds.collect());
                    }
                }
            }
            _ => {}
        }
    }
    exports
}

/// Compares one call.
fn compare(meter: &mut Meter, name: &str, arguments: &[Value]) {
    let measured = meter.call(name, arguments).unwrap_or_else(|error| panic!("{name}: {error}"));
    let [result] = measured.results[..] else { panic!("{name}: {:?}", measured.results) };
    let native = native(name, arguments).unwrap_or_else(|| panic!("{name} has no native twin"));
    assert_eq!(unsigned(result), native, "{name} {arguments:?}");
}

/// Compares every call that the module can take; the number of calls.
fn compare_all(wasm: &[u8]) -> usize {
    let exports = exports(wasm);
    let mut meter = Meter::new(wasm).expect("a module");
    let mut done: BTreeSet<&str> = BTreeSet::new();
    let mut vectors = [calls(None), further_calls()].concat();
    vectors.retain(|call| exports.contains_key(call.name));
    for Call { name, arguments } in &vectors {
        compare(&mut meter, name, arguments);
        done.insert(name);
    }
    // Rows beyond 128 bits have inputs of four words, which random calls give too.
    let random = random_calls(&exports, 500);
    for (name, arguments) in &random {
        compare(&mut meter, name, arguments);
    }
    let random_only = ["logarithms_wide", "roots_wide"];
    let missing: Vec<&String> = exports
        .keys()
        .filter(|name| !done.contains(name.as_str()) && !random_only.contains(&name.as_str()))
        .collect();
    assert!(missing.is_empty(), "on no vector: {missing:?}");
    vectors.len() + random.len()
}

#[test]
fn results_of_the_metered_module_are_the_same_bits_as_native() {
    println!("{} calls agree", compare_all(&module()));
}

#[test]
fn results_of_every_function_are_the_same_bits_as_native() {
    println!("{} calls agree", compare_all(&module_of_everything()));
}
