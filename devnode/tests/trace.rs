//! The tree of calls and the record of host functions.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod support;

use alloy_primitives::{Address, Bytes, TxKind, U256};
use novate_devnode::{CallOptions, trace::FrameKind};
use support::{ALICE, TestChain};

/// Logs its calldata without topics, then calls the address in calldata[0..20] without data.
const LOG_AND_CALL: &str = r#"(module
    (import "vm_hooks" "read_args" (func $read_args (param i32)))
    (import "vm_hooks" "emit_log" (func $log (param i32 i32 i32)))
    (import "vm_hooks" "call_contract"
        (func $call (param i32 i32 i32 i32 i64 i32) (result i32)))
    (memory (export "memory") 1 1)
    (func (export "user_entrypoint") (param $len i32) (result i32)
        (call $read_args (i32.const 0))
        (call $log (i32.const 0) (local.get $len) (i32.const 0))
        (call $call (i32.const 0) (i32.const 0) (i32.const 0)
            (i32.const 4096) (i64.const -1) (i32.const 8192))))"#;

#[test]
fn programs_and_their_callees_are_traced() {
    let mut chain = TestChain::default();
    let program = chain.program(LOG_AND_CALL);
    // REVERT(0, 0)
    let reverting = Address::repeat_byte(0xaa);
    chain.etch(reverting, vec![0x5f, 0x5f, 0xfd]);
    let input = Bytes::copy_from_slice(reverting.as_slice());
    let tx = chain.tx(TxKind::Call(program), input.clone(), 0);
    let (outcome, trace) =
        chain.engine.trace(&mut chain.db, &chain.block, tx, CallOptions::default()).unwrap();
    assert!(!outcome.result.is_success());
    assert_eq!((trace.kind, trace.from, trace.to), (FrameKind::Call, ALICE, program));
    assert_eq!((trace.gas, trace.gas_used), (32_000_000, outcome.result.tx_gas_used()));
    assert_eq!(trace.error, Some("execution reverted"));
    assert!(trace.logs.is_empty(), "events of failed frames are dropped");
    let names: Vec<_> = trace.host_ios.iter().map(|io| io.name).collect();
    assert_eq!(
        names,
        ["user_entrypoint", "read_args", "emit_log", "call_contract", "user_returned"]
    );
    let [start, read, _, called, end] = &trace.host_ios[..] else { panic!("five") };
    assert_eq!((start.args.as_ref(), start.outs.as_ref()), (&[0, 0, 0, 20][..], &[][..]));
    assert_eq!(read.outs, input);
    // read_args: 8400 + 5040 ink.
    assert_eq!(read.start_ink - read.end_ink, 13_440);
    assert_eq!(called.call, Some(0));
    // Outputs: no return data, status 2.
    assert_eq!(called.outs.as_ref(), [0, 0, 0, 0, 2]);
    // Start and end have the ink that the program started with.
    assert_eq!((end.args.as_ref(), end.outs.as_ref()), (&[][..], &[0, 0, 0, 2][..]));
    assert!(start.start_ink > read.start_ink);
    for frame in [start, end] {
        assert_eq!([frame.start_ink, frame.end_ink], [start.start_ink; 2]);
    }
    let inner = &trace.calls[0];
    assert_eq!(
        (inner.from, inner.to, inner.error),
        (program, reverting, Some("execution reverted"))
    );
    // Two PUSH0.
    assert_eq!(inner.gas_used, 4);
}

#[test]
fn successful_events_stay_with_their_frame() {
    let mut chain = TestChain::default();
    let program = chain.program(LOG_AND_CALL);
    let empty = Address::repeat_byte(0xbb);
    let tx = chain.tx(TxKind::Call(program), empty.to_vec(), 0);
    let (outcome, trace) =
        chain.engine.trace(&mut chain.db, &chain.block, tx, CallOptions::default()).unwrap();
    assert!(outcome.result.is_success());
    assert_eq!(trace.logs.len(), 1);
    assert_eq!(trace.logs[0].0, 0);
    assert_eq!(trace.logs[0].1.data.data.as_ref(), empty.as_slice());
    assert_eq!(trace.calls[0].value, U256::ZERO);
}

#[test]
fn a_creation_is_one_frame() {
    let mut chain = TestChain::default();
    let tx = chain.tx(TxKind::Create, vec![0x60, 0x01, 0x60, 0x00, 0xf3], 0);
    let (_, trace) =
        chain.engine.trace(&mut chain.db, &chain.block, tx, CallOptions::default()).unwrap();
    assert_eq!((trace.kind, trace.to), (FrameKind::Create, ALICE.create(0)));
    assert_eq!(trace.output.as_ref(), [0]);
}

#[test]
fn the_console_has_names_of_its_own_and_debug_functions_none() {
    let mut chain = TestChain::default();
    let program = chain.program(
        r#"(module
        (import "console" "log_txt" (func $text (param i32 i32)))
        (import "console" "log_i32" (func $log (param i32)))
        (import "console" "tee_i32" (func $tee (param i32) (result i32)))
        (import "debug" "null_host" (func $null))
        (import "vm_hooks" "exit_early" (func $exit (param i32)))
        (memory (export "memory") 1 1) (data (i32.const 0) "hi")
        (func (export "user_entrypoint") (param i32) (result i32)
            (call $text (i32.const 0) (i32.const 2)) (call $log (call $tee (i32.const 7)))
            (call $null) (call $exit (i32.const 3)) unreachable))"#,
    );
    let tx = chain.tx(TxKind::Call(program), Bytes::new(), 0);
    let (_, trace) =
        chain.engine.trace(&mut chain.db, &chain.block, tx, CallOptions::default()).unwrap();
    let names: Vec<_> = trace.host_ios.iter().map(|io| io.name).collect();
    let expected =
        ["user_entrypoint", "console_log_text", "console_log", "exit_early", "user_returned"];
    assert_eq!(names, expected);
    assert_eq!(trace.host_ios[1].args.as_ref(), b"hi");
    assert_eq!(trace.host_ios[4].outs.as_ref(), [0, 0, 0, 3]);
}
