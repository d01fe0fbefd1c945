//! Both WASM engines give the same: outputs, gas to the last unit, refunds, logs, failures, for programs made at random.
#![cfg(feature = "compiler")]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod support;

use core::fmt::Write;

use alloy_primitives::{Address, hex};
use novate_devnode::{ArbOs, WasmEngine};
use proptest::prelude::*;
use support::TestChain;

/// Locals: $a0..$a3 of i32, $b0..$b3 of i64. Memory: calldata at 0, scratch at 256, results at 512.
const HEAD: &str = r#"(module
    (import "vm_hooks" "read_args" (func $read_args (param i32)))
    (import "vm_hooks" "write_result" (func $write_result (param i32 i32)))
    (import "vm_hooks" "storage_load_bytes32" (func $load (param i32 i32)))
    (import "vm_hooks" "storage_cache_bytes32" (func $store (param i32 i32)))
    (import "vm_hooks" "storage_flush_cache" (func $flush (param i32)))
    (import "vm_hooks" "transient_load_bytes32" (func $tload (param i32 i32)))
    (import "vm_hooks" "transient_store_bytes32" (func $tstore (param i32 i32)))
    (import "vm_hooks" "native_keccak256" (func $keccak (param i32 i32 i32)))
    (import "vm_hooks" "emit_log" (func $log (param i32 i32 i32)))
    (import "vm_hooks" "evm_ink_left" (func $ink (result i64)))
    (import "vm_hooks" "exit_early" (func $exit (param i32)))
    (import "vm_hooks" "contract_address" (func $self (param i32)))
    (import "vm_hooks" "msg_reentrant" (func $reentrant (result i32)))
    (import "vm_hooks" "static_call_contract" (func $static (param i32 i32 i32 i64 i32) (result i32)))
    (import "vm_hooks" "call_contract" (func $call (param i32 i32 i32 i32 i64 i32) (result i32)))
    (import "vm_hooks" "read_return_data" (func $returned (param i32 i32 i32) (result i32)))
    (import "vm_hooks" "math_mul_mod" (func $mul_mod (param i32 i32 i32)))
    (import "vm_hooks" "pay_for_memory_grow" (func $pay (param i32)))
    (memory (export "memory") 1 3)
    (global $g (mut i64) (i64.const 7))
    (table 2 2 funcref)
    (elem (i32.const 0) $twice $sum)
    (type $binary (func (param i64 i64) (result i64)))
    (func $twice (type $binary) (i64.mul (local.get 0) (i64.const 2)))
    (func $sum (type $binary) (i64.add (local.get 0) (local.get 1)))
    (func $deep (param i64) (result i64)
        (if (result i64) (i64.eqz (local.get 0))
            (then (i64.const 1))
            (else (i64.add (i64.const 3) (call $deep (i64.sub (local.get 0) (i64.const 1)))))))
    (func (export "user_entrypoint") (param $len i32) (result i32)
        (local $a0 i32) (local $a1 i32) (local $a2 i32) (local $a3 i32)
        (local $b0 i64) (local $b1 i64) (local $b2 i64) (local $b3 i64)
        (call $read_args (i32.const 0))
"#;

const TAIL: &str = r"
        (i32.store (i32.const 512) (local.get $a0))
        (i32.store (i32.const 516) (local.get $a1))
        (i64.store (i32.const 520) (local.get $b0))
        (i64.store (i32.const 528) (local.get $b1))
        (i64.store (i32.const 536) (local.get $b2))
        (i64.store (i32.const 544) (local.get $b3))
        (i64.store (i32.const 552) (global.get $g))
        (i64.store (i32.const 560) (call $ink))
        (call $write_result (i32.const 256) (i32.const 312))
        (local.get $a3)))
";

const INT: [&str; 17] = [
    "add", "sub", "mul", "and", "or", "xor", "shl", "shr_u", "shr_s", "rotl", "rotr", "div_u",
    "div_s", "rem_u", "rem_s", "lt_s", "ge_u",
];
const UNARY: [&str; 5] = ["clz", "ctz", "popcnt", "extend8_s", "extend16_s"];
/// Statements without parameters, from arithmetic that can trap to every kind of host function.
const PLAIN: [&str; 25] = [
    "(local.set $b0 (i64.extend_i32_s (local.get $a1)))",
    "(local.set $a1 (i32.wrap_i64 (local.get $b2)))",
    "(local.set $b3 (call $ink))",
    "(local.set $a2 (i32.and (local.get $a2) (i32.const 0xffff)))",
    "(i64.store offset=256 (i32.and (local.get $a0) (i32.const 255)) (local.get $b1))",
    "(local.set $b1 (i64.load offset=256 (i32.and (local.get $a2) (i32.const 255))))",
    "(local.set $b2 (i64.load32_s (local.get $a2)))",
    "(i32.store16 (local.get $a2) (local.get $a1))",
    "(global.set $g (i64.xor (global.get $g) (local.get $b0)))",
    "(call $store (i32.const 256) (i32.const 288))",
    "(call $load (i32.const 256) (i32.const 320))",
    "(call $flush (i32.and (local.get $a0) (i32.const 1)))",
    "(call $tstore (i32.const 256) (i32.const 288))",
    "(call $tload (i32.const 256) (i32.const 352))",
    "(call $keccak (i32.const 256) (i32.and (local.get $a0) (i32.const 511)) (i32.const 288))",
    "(call $log (i32.const 256) (i32.const 96) (i32.and (local.get $a0) (i32.const 3)))",
    "(call $mul_mod (i32.const 256) (i32.const 288) (i32.const 320))",
    "(memory.fill (i32.const 300) (local.get $a1) (i32.and (local.get $a0) (i32.const 127)))",
    "(memory.copy (i32.const 280) (i32.const 260) (i32.and (local.get $a0) (i32.const 127)))",
    "(local.set $b1 (call_indirect (type $binary) (local.get $b0) (local.get $b1) (i32.and (local.get $a0) (i32.const 1))))",
    "(local.set $b1 (call_indirect (type $binary) (local.get $b0) (local.get $b1) (local.get $a0)))",
    "(local.set $b0 (call $deep (i64.and (local.get $b0) (i64.const 4095))))",
    "(local.set $a1 (memory.grow (i32.and (local.get $a0) (i32.const 3))))",
    "(local.set $a1 (select (local.get $a2) (local.get $a0) (local.get $a3)))",
    "(block (block (block (br_table 0 1 2 (local.get $a0))) (local.set $a1 (i32.const 9))) (local.set $a3 (i32.const 0)))",
];
/// Calls of itself with shorter calldata: it recurses once, since a program called again leaves these out.
const CALLS: [&str; 2] = [
    "(call $self (i32.const 600)) (if (i32.eqz (call $reentrant)) (then \
        (local.set $a1 (call $static (i32.const 600) (i32.const 0) (i32.const 16) (i64.const 900000) (i32.const 640))) \
        (local.set $a2 (call $returned (i32.const 400) (i32.const 0) (i32.const 64)))))",
    "(call $self (i32.const 600)) (if (i32.eqz (call $reentrant)) (then \
        (local.set $a1 (call $call (i32.const 600) (i32.const 8) (i32.const 16) (i32.const 1000) (i64.const 900000) (i32.const 640))) \
        (local.set $a2 (call $returned (i32.const 400) (i32.const 0) (i32.const 64)))))",
];
/// Endings before the end, most of them bad.
const ENDS: [&str; 4] = [
    "unreachable",
    "(call $exit (local.get $a0))",
    "(loop $l (br $l))",
    "(return (local.get $a1))",
];

#[derive(Debug, Clone)]
enum Statement {
    Binary { wide: bool, operator: usize, to: usize, left: usize, right: usize },
    Unary { wide: bool, operator: usize, to: usize, from: usize },
    Constant { wide: bool, to: usize, value: u64 },
    Plain(usize),
    Call(usize),
    End(usize),
    If(Vec<Self>, Vec<Self>),
    Loop(u8, Vec<Self>),
}

impl Statement {
    fn write(&self, text: &mut String, depth: usize) {
        match self {
            Self::Binary { wide, operator, to, left, right } => {
                let (ty, letter) = if *wide { ("i64", 'b') } else { ("i32", 'a') };
                let operator = INT[*operator];
                let value = format!(
                    "({ty}.{operator} (local.get ${letter}{left}) (local.get ${letter}{right}))"
                );
                // Comparisons are i32 always.
                let value = match (wide, operator) {
                    (true, "lt_s" | "ge_u") => format!("(i64.extend_i32_u {value})"),
                    _ => value,
                };
                writeln!(text, "(local.set ${letter}{to} {value})").unwrap();
            }
            Self::Unary { wide, operator, to, from } => {
                let (ty, letter) = if *wide { ("i64", 'b') } else { ("i32", 'a') };
                let operator = UNARY[*operator];
                writeln!(
                    text,
                    "(local.set ${letter}{to} ({ty}.{operator} (local.get ${letter}{from})))"
                )
                .unwrap();
            }
            Self::Constant { wide, to, value } => {
                let line = if *wide {
                    format!("(local.set $b{to} (i64.const {value}))")
                } else {
                    format!("(local.set $a{to} (i32.const {}))", value & 0xffff_ffff)
                };
                writeln!(text, "{line}").unwrap();
            }
            Self::Plain(number) => writeln!(text, "{}", PLAIN[*number]).unwrap(),
            Self::Call(number) => writeln!(text, "{}", CALLS[*number]).unwrap(),
            Self::End(number) => writeln!(text, "{}", ENDS[*number]).unwrap(),
            Self::If(yes, no) => {
                writeln!(text, "(if (i32.and (local.get $a0) (i32.const 1)) (then").unwrap();
                for statement in yes {
                    statement.write(text, depth + 1);
                }
                writeln!(text, ") (else").unwrap();
                for statement in no {
                    statement.write(text, depth + 1);
                }
                writeln!(text, "))").unwrap();
            }
            Self::Loop(count, body) => {
                // The counter is memory, so that the body may write every local.
                let cell = 700 + 4 * depth;
                writeln!(
                    text,
                    "(i32.store (i32.const {cell}) (i32.const {count})) (loop $l{depth}"
                )
                .unwrap();
                for statement in body {
                    statement.write(text, depth + 1);
                }
                writeln!(
                    text,
                    "(i32.store (i32.const {cell}) (i32.sub (i32.load (i32.const {cell})) (i32.const 1)))
                    (br_if $l{depth} (i32.gt_s (i32.load (i32.const {cell})) (i32.const 0))))"
                )
                .unwrap();
            }
        }
    }
}

fn constant() -> impl Strategy<Value = u64> {
    prop_oneof![
        4 => 0..600_u64,
        1 => any::<u64>(),
        1 => prop_oneof![Just(u64::MAX), Just(1 << 63), Just(1 << 31), Just(0xffff_ffff)],
    ]
}

fn statement() -> impl Strategy<Value = Statement> {
    let local = 0..4_usize;
    let leaf = prop_oneof![
        8 => (any::<bool>(), 0..INT.len(), local.clone(), local.clone(), local.clone()).prop_map(
            |(wide, operator, to, left, right)| Statement::Binary { wide, operator, to, left, right }
        ),
        2 => (any::<bool>(), 0..UNARY.len(), local.clone(), local.clone())
            .prop_map(|(wide, operator, to, from)| Statement::Unary { wide, operator, to, from }),
        6 => (any::<bool>(), local, constant())
            .prop_map(|(wide, to, value)| Statement::Constant { wide, to, value }),
        10 => (0..PLAIN.len()).prop_map(Statement::Plain),
        1 => (0..CALLS.len()).prop_map(Statement::Call),
    ];
    leaf.prop_recursive(3, 24, 8, |inner| {
        let block = prop::collection::vec(inner, 0..8);
        prop_oneof![
            (block.clone(), block.clone()).prop_map(|(yes, no)| Statement::If(yes, no)),
            (1..12_u8, block).prop_map(|(count, body)| Statement::Loop(count, body)),
        ]
    })
}

fn program() -> impl Strategy<Value = String> {
    let end =
        prop_oneof![6 => Just(None), 1 => (0..ENDS.len()).prop_map(|n| Some(Statement::End(n)))];
    (prop::collection::vec(statement(), 1..24), end).prop_map(|(mut statements, end)| {
        statements.extend(end);
        let mut text = HEAD.to_owned();
        for statement in statements {
            statement.write(&mut text, 0);
        }
        text + TAIL
    })
}

/// Everything that two calls of a program leave behind, as text.
fn run(engine: WasmEngine, wat: &str, calldata: &[Vec<u8>]) -> Vec<String> {
    let mut chain = TestChain::on(ArbOs::V51, engine);
    let program = chain.program(wat);
    let mut found = Vec::new();
    for data in calldata {
        let mut tx = chain.tx(alloy_primitives::TxKind::Call(program), data.clone(), 0);
        tx.gas_limit = 3_000_000;
        found.push(format!("{:?}", chain.send_tx(tx)));
    }
    found.push(storage(&chain, program));
    found
}

fn storage(chain: &TestChain, program: Address) -> String {
    let account = &chain.db.cache.accounts[&program];
    let mut slots: Vec<_> = account.storage.iter().map(|(slot, word)| (*slot, *word)).collect();
    slots.sort_unstable();
    format!("{slots:?}")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, max_shrink_iters: 200, ..ProptestConfig::default() })]
    #[test]
    fn random_programs_do_the_same_on_both(
        wat in program(),
        calldata in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 1..3),
    ) {
        let interpreted = run(WasmEngine::Interpreter, &wat, &calldata);
        let compiled = run(WasmEngine::Compiler, &wat, &calldata);
        for (one, other) in interpreted.iter().zip(&compiled) {
            prop_assert_eq!(one, other, "calldata {:?}\n{}", calldata.iter().map(hex::encode).collect::<Vec<_>>(), wat);
        }
    }
}

/// Fixed programs for the ways to end that random ones meet rarely.
#[test]
fn stack_ink_and_nesting_end_alike() {
    let deep =
        |words: &str| format!("{HEAD} (local.set $b0 (call $deep (i64.const {words}))) {TAIL}");
    let nested = format!(
        "{HEAD} (call $self (i32.const 600)) (local.set $a1 (call $static (i32.const 600) (i32.const 0) (i32.const 16) (i64.const -1) (i32.const 640))) {TAIL}"
    );
    for wat in [deep("100"), deep("2000"), deep("1000000"), nested] {
        let run = |engine| run(engine, &wat, &[vec![1; 32]]);
        assert_eq!(run(WasmEngine::Interpreter), run(WasmEngine::Compiler), "{wat}");
    }
}
