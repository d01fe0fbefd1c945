//! Where programs end: ink, stack, pages, depth, rights, size.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod support;

use alloy_primitives::{Address, B256, TxKind, U256};
use novate_devnode::{ArbOs, CallOptions, ChainConfig};
use revm::context::result::{ExecutionResult, HaltReason};
use support::{TX, TestChain};

fn word(number: u64) -> B256 {
    U256::from(number).into()
}

/// Calls itself with one byte less until its calldata is empty; returns the number of levels that ran.
const NEST: &str = r#"(module
    (import "vm_hooks" "read_args" (func $read_args (param i32)))
    (import "vm_hooks" "write_result" (func $write_result (param i32 i32)))
    (import "vm_hooks" "contract_address" (func $self (param i32)))
    (import "vm_hooks" "call_contract"
        (func $call (param i32 i32 i32 i32 i64 i32) (result i32)))
    (import "vm_hooks" "read_return_data" (func $return_data (param i32 i32 i32) (result i32)))
    (memory (export "memory") 1 1)
    (func (export "user_entrypoint") (param $len i32) (result i32)
        (call $read_args (i32.const 1024))
        (if (local.get $len) (then
            (call $self (i32.const 0))
            (drop (call $call (i32.const 0) (i32.const 1025)
                (i32.sub (local.get $len) (i32.const 1))
                (i32.const 64) (i64.const -1) (i32.const 128)))
            (drop (call $return_data (i32.const 32) (i32.const 0) (i32.const 4)))))
        (i32.store (i32.const 32) (i32.add (i32.load (i32.const 32)) (i32.const 1)))
        (call $write_result (i32.const 32) (i32.const 4))
        i32.const 0))"#;

#[test]
fn programs_nest_to_128_pages() {
    let mut chain = TestChain::default();
    let program = chain.program(NEST);
    let result = chain.send(program, vec![1; 200]);
    let levels = u32::from_le_bytes(result.output().unwrap()[..].try_into().unwrap());
    // With 32M gas the price of pages ends the nesting before the limit does.
    assert!(levels > 50, "{levels}");
    let mut tx = chain.tx(TxKind::Call(program), vec![1; 200], 0);
    tx.gas_limit = 1 << 50;
    let outcome =
        chain.engine.transact(&mut chain.db, &chain.block, tx, CallOptions::simulation()).unwrap();
    let output = outcome.result.output().unwrap();
    assert_eq!(u32::from_le_bytes(output[..].try_into().unwrap()), 128);
}

#[test]
fn a_mebibyte_is_returned_and_read() {
    let mut chain = TestChain::default();
    // Grows to 17 pages and returns 1 MiB of zeros.
    let giver = chain.program(
        r#"(module
        (import "vm_hooks" "write_result" (func $write_result (param i32 i32)))
        (import "vm_hooks" "pay_for_memory_grow" (func (param i32)))
        (memory (export "memory") 1)
        (func (export "user_entrypoint") (param i32) (result i32)
            (drop (memory.grow (i32.const 16)))
            (call $write_result (i32.const 0) (i32.const 1048576))
            i32.const 0))"#,
    );
    let result = chain.send(giver, vec![]);
    assert_eq!(result.output().unwrap().len(), 1 << 20);
    // At least EVM memory of 32,768 words: 3 * 32,768 + 32,768^2 / 512.
    assert!(result.tx_gas_used() >= TX + 98_304 + 2_097_152);
    assert!(result.tx_gas_used() < TX + 98_304 + 2_097_152 + 1_000);
    let taker = chain.program(
        r#"(module
        (import "vm_hooks" "read_args" (func $read_args (param i32)))
        (import "vm_hooks" "write_result" (func $write_result (param i32 i32)))
        (import "vm_hooks" "pay_for_memory_grow" (func (param i32)))
        (import "vm_hooks" "static_call_contract"
            (func $call (param i32 i32 i32 i64 i32) (result i32)))
        (import "vm_hooks" "read_return_data" (func $data (param i32 i32 i32) (result i32)))
        (memory (export "memory") 1)
        (func (export "user_entrypoint") (param i32) (result i32)
            (call $read_args (i32.const 0))
            (drop (memory.grow (i32.const 16)))
            (drop (call $call (i32.const 0) (i32.const 0) (i32.const 0) (i64.const -1) (i32.const 32)))
            (i32.store (i32.const 64) (call $data (i32.const 1024) (i32.const 0) (i32.load (i32.const 32))))
            (call $write_result (i32.const 64) (i32.const 4))
            i32.const 0))"#,
    );
    let result = chain.send(taker, giver.to_vec());
    assert_eq!(result.output().unwrap().as_ref(), (1u32 << 20).to_le_bytes());
}

#[test]
fn endless_loops_stop_at_the_compute_limit() {
    let mut chain = TestChain::default();
    let program = chain.program(
        r#"(module (memory (export "memory") 1 1)
        (func (export "user_entrypoint") (param i32) (result i32)
            (loop (memory.fill (i32.const 0) (i32.const 1) (i32.const 65536)) (br 0)) unreachable))"#,
    );
    let mut tx = chain.tx(TxKind::Call(program), vec![], 0);
    tx.gas_limit = 40_000_000;
    let result = chain.send_tx(tx);
    assert!(matches!(result, ExecutionResult::Halt { reason: HaltReason::OutOfGas(_), .. }));
    assert_eq!(result.tx_gas_used(), ChainConfig::default().compute_gas_limit);
}

#[test]
fn deep_recursion_is_a_depth_error_that_burns_the_calls_gas() {
    let mut chain = TestChain::default();
    let program = chain.program(
        r#"(module (memory (export "memory") 1 1)
        (func $down (param i32) (result i32)
            (if (result i32) (local.get 0)
                (then (call $down (i32.sub (local.get 0) (i32.const 1))))
                (else (i32.const 0))))
        (func (export "user_entrypoint") (param i32) (result i32)
            (call $down (local.get 0))))"#,
    );
    // `down` holds at most four values: the slot of the result of `if`, what `call` returned, and
    // the meter's two before `else`; with 4 more a frame takes 8 words, and parameters are free.
    // The entry point takes 3 + 4. Of 22,000 words a frame needs more than it takes to be left.
    let frames = (22_000 - 7 - 1) / 8;
    // Depth 0 takes one frame itself.
    let result = chain.send(program, vec![0; frames - 1]);
    assert!(result.is_success(), "{result:?}");
    let result = chain.send(program, vec![0; frames]);
    let is_depth = matches!(result, ExecutionResult::Halt { reason: HaltReason::CallTooDeep, .. });
    assert!(is_depth, "{result:?}");
    assert_eq!(result.tx_gas_used(), 32_000_000);
    // A contract that calls it gets nothing back either.
    let forward = chain.program(STATIC_FORWARD);
    let input = [program.as_slice(), &vec![0; frames]].concat();
    let result = chain.send(forward, input);
    assert_eq!(result.output().unwrap().as_ref(), [2], "the status of a failure");
    assert!(result.tx_gas_used() > 31_000_000);
}

/// Forwards calldata[20..] to calldata[0..20] by a static call and returns the status as a result.
const STATIC_FORWARD: &str = r#"(module
    (import "vm_hooks" "read_args" (func $read_args (param i32)))
    (import "vm_hooks" "write_result" (func $write_result (param i32 i32)))
    (import "vm_hooks" "static_call_contract"
        (func $call (param i32 i32 i32 i64 i32) (result i32)))
    (memory (export "memory") 1 1)
    (func (export "user_entrypoint") (param $len i32) (result i32)
        (call $read_args (i32.const 1024))
        (i32.store (i32.const 0) (call $call (i32.const 1024) (i32.const 1044)
            (i32.sub (local.get $len) (i32.const 20)) (i64.const -1) (i32.const 64)))
        (call $write_result (i32.const 0) (i32.const 1))
        i32.const 0))"#;

#[test]
fn writes_in_static_calls_fail_and_keep_the_gas() {
    let mut chain = TestChain::default();
    let forward = chain.program(STATIC_FORWARD);
    for (imports, body) in [
        (
            r#"(import "vm_hooks" "storage_cache_bytes32" (func $store (param i32 i32)))
            (import "vm_hooks" "storage_flush_cache" (func $f (param i32)))"#,
            "(call $store (i32.const 0) (i32.const 32)) (call $f (i32.const 0))",
        ),
        (
            r#"(import "vm_hooks" "transient_store_bytes32" (func $f (param i32 i32)))"#,
            "(call $f (i32.const 0) (i32.const 32))",
        ),
        (
            r#"(import "vm_hooks" "emit_log" (func $f (param i32 i32 i32)))"#,
            "(call $f (i32.const 0) (i32.const 0) (i32.const 0))",
        ),
        (
            r#"(import "vm_hooks" "create1" (func $f (param i32 i32 i32 i32 i32)))"#,
            "(call $f (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 64) (i32.const 96))",
        ),
    ] {
        let program = chain.program(&format!(
            r#"(module {imports} (memory (export "memory") 1 1)
                (func (export "user_entrypoint") (param i32) (result i32) {body} i32.const 0))"#
        ));
        assert!(chain.send(program, vec![]).is_success(), "{body}");
        let result = chain.send(forward, program.to_vec());
        assert_eq!(result.output().unwrap().as_ref(), [2], "{body}");
        assert!(result.tx_gas_used() < 80_000, "{body}: {}", result.tx_gas_used());
    }
}

#[test]
fn value_in_a_static_call_fails_without_cost() {
    let mut chain = TestChain::default();
    let forward = chain.program(STATIC_FORWARD);
    let payer = chain.program(
        r#"(module
        (import "vm_hooks" "call_contract"
            (func $call (param i32 i32 i32 i32 i64 i32) (result i32)))
        (memory (export "memory") 1 1)
        (data (i32.const 63) "\01")
        (func (export "user_entrypoint") (param i32) (result i32)
            (call $call (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 32) (i64.const -1)
                (i32.const 128))))"#,
    );
    let result = chain.send(forward, payer.to_vec());
    assert_eq!(result.output().unwrap().as_ref(), [2]);
}

#[test]
fn reentrancy_counts_frames_of_the_acting_address() {
    let mut chain = TestChain::default();
    // Without calldata returns msg_reentrant; otherwise calls the address given, which calls back.
    let program = chain.program(
        r#"(module
        (import "vm_hooks" "read_args" (func $read_args (param i32)))
        (import "vm_hooks" "write_result" (func $write_result (param i32 i32)))
        (import "vm_hooks" "msg_reentrant" (func $reentrant (result i32)))
        (import "vm_hooks" "call_contract"
            (func $call (param i32 i32 i32 i32 i64 i32) (result i32)))
        (import "vm_hooks" "read_return_data" (func $return_data (param i32 i32 i32) (result i32)))
        (memory (export "memory") 1 1)
        (func (export "user_entrypoint") (param $len i32) (result i32)
            (if (local.get $len)
                (then
                    (call $read_args (i32.const 64))
                    (drop (call $call (i32.const 64) (i32.const 0) (i32.const 0) (i32.const 128)
                        (i64.const -1) (i32.const 192)))
                    (drop (call $return_data (i32.const 0) (i32.const 0) (i32.const 4))))
                (else (i32.store (i32.const 0) (call $reentrant))))
            (call $write_result (i32.const 0) (i32.const 4))
            i32.const 0))"#,
    );
    assert_eq!(chain.send(program, vec![]).output().unwrap().as_ref(), [0; 4]);
    let bridge = |opcodes: &[u8]| {
        // PUSH0 x4 (and value for CALL), PUSH20 program, GAS, call; then returns four bytes.
        let mut code = opcodes[..opcodes.len() - 1].to_vec();
        code.push(0x73);
        code.extend_from_slice(program.as_slice());
        code.extend_from_slice(&[0x5a, opcodes[opcodes.len() - 1], 0x50]);
        code.extend_from_slice(&[0x60, 0x04, 0x5f, 0xf3]);
        code
    };
    // CALL with return data to memory 0..4.
    let calling = Address::repeat_byte(0x11);
    chain.etch(calling, bridge(&[0x60, 0x04, 0x5f, 0x5f, 0x5f, 0x5f, 0xf1]));
    let result = chain.send(program, calling.to_vec());
    assert_eq!(result.output().unwrap().as_ref(), [1, 0, 0, 0], "the EVM between does not matter");
    // DELEGATECALL: the acting address is the bridge, of which one frame is open.
    let delegating = Address::repeat_byte(0x12);
    chain.etch(delegating, bridge(&[0x60, 0x04, 0x5f, 0x5f, 0x5f, 0xf4]));
    let result = chain.send(program, delegating.to_vec());
    assert_eq!(result.output().unwrap().as_ref(), [0, 0, 0, 0]);
}

#[test]
fn call_indirect_gives_its_index_back_to_the_stack() {
    let mut chain = TestChain::default();
    let program = chain.program(
        r#"(module
        (type $nothing (func))
        (table 1 funcref) (elem (i32.const 0) $leaf)
        (memory (export "memory") 1 1)
        (func $leaf)
        (func $deep (param i32)
            (call_indirect (type $nothing) (i32.const 0))
            (call_indirect (type $nothing) (i32.const 0))
            (if (local.get 0) (then (call $deep (i32.sub (local.get 0) (i32.const 1))))))
        (func (export "user_entrypoint") (param i32) (result i32)
            (call $deep (local.get 0))
            i32.const 0))"#,
    );
    // Nothing is on a stack when a block is metered, which takes two values: each of the frames
    // is of 2 + 4 words. Of 22,000 the entry point, n + 1 frames and a leaf take 6 each, and the
    // last must leave a word: 6 * (n + 3) < 22,000.
    for (levels, fine) in [(3_663, true), (3_664, false)] {
        let result = chain.send(program, vec![0; levels]);
        assert_eq!(result.is_success(), fine, "{levels}: {result:?}");
        if !fine {
            assert_eq!(result.tx_gas_used(), 32_000_000, "out of stack takes all gas");
        }
    }
}

#[test]
fn failed_frames_roll_back_storage_of_programs() {
    let mut chain = TestChain::default();
    let writer = chain.program(
        r#"(module
        (import "vm_hooks" "read_args" (func $read_args (param i32)))
        (import "vm_hooks" "storage_cache_bytes32" (func $store (param i32 i32)))
        (import "vm_hooks" "storage_flush_cache" (func $flush (param i32)))
        (memory (export "memory") 1 1)
        (func (export "user_entrypoint") (param i32) (result i32)
            (call $read_args (i32.const 0))
            (call $store (i32.const 0) (i32.const 32))
            (call $flush (i32.const 0))
            (i32.load8_u (i32.const 64))))"#,
    );
    let data = |status: u8| [word(1).as_slice(), word(9).as_slice(), &[status]].concat();
    assert!(!chain.send(writer, data(1)).is_success());
    let slots = &chain.db.cache.accounts[&writer].storage;
    assert!(slots.get(&U256::ONE).is_none_or(U256::is_zero));
    assert!(chain.send(writer, data(0)).is_success());
    assert_eq!(chain.db.cache.accounts[&writer].storage[&U256::ONE], U256::from(9));
}

#[test]
fn a_flush_that_cannot_be_paid_is_out_of_gas() {
    let mut chain = TestChain::default();
    let writer = chain.program(
        r#"(module
        (import "vm_hooks" "storage_cache_bytes32" (func $store (param i32 i32)))
        (import "vm_hooks" "storage_flush_cache" (func $flush (param i32)))
        (memory (export "memory") 1 1)
        (data (i32.const 63) "\01")
        (func (export "user_entrypoint") (param i32) (result i32)
            (call $store (i32.const 0) (i32.const 32))
            (call $flush (i32.const 0))
            i32.const 0))"#,
    );
    let enough = chain.send(writer, vec![]).tx_gas_used();
    // The slot is set now; another chain of the same state pays the full price.
    let mut chain = TestChain::default();
    let writer = chain.program_wasm(&wat::parse_str(WRITER).unwrap());
    for (gas, fine) in [(enough, false), (enough + 40, true)] {
        let mut tx = chain.tx(TxKind::Call(writer), vec![], 0);
        tx.gas_limit = gas - 1;
        let options = CallOptions::simulation();
        let run = chain.engine.transact(&mut chain.db, &chain.block, tx, options).unwrap();
        assert_eq!(run.result.is_success(), fine, "{gas}: {:?}", run.result);
        if !fine {
            assert_eq!(run.result.tx_gas_used(), gas - 1);
        }
    }
}

const WRITER: &str = r#"(module
    (import "vm_hooks" "storage_cache_bytes32" (func $store (param i32 i32)))
    (import "vm_hooks" "storage_flush_cache" (func $flush (param i32)))
    (memory (export "memory") 1 1)
    (data (i32.const 63) "\01")
    (func (export "user_entrypoint") (param i32) (result i32)
        (call $store (i32.const 0) (i32.const 32))
        (call $flush (i32.const 0))
        i32.const 0))"#;

#[test]
fn memory_is_filled_with_bytes() {
    let fill = |value: i64, length: u32| {
        format!(
            r#"(module (import "vm_hooks" "write_result" (func $write (param i32 i32)))
            (memory (export "memory") 1 1)
            (func (export "user_entrypoint") (param i32) (result i32)
                (memory.fill (i32.const 0) (i32.const {value}) (i32.const {length}))
                (call $write (i32.const 0) (i32.const 1)) i32.const 0))"#
        )
    };
    for (arbos, strict) in [(ArbOs::V51, true), (ArbOs::V60, false)] {
        let mut chain = TestChain::new(arbos);
        for (value, length, byte) in [(255, 1, 255), (256, 1, 0), (-1, 1, 255), (511, 0, 0)] {
            let program = chain.program(&fill(value, length));
            let result = chain.send(program, vec![]);
            assert!(result.tx_gas_used() < 100_000, "a trap keeps the gas");
            if strict && !(0..=255).contains(&value) {
                let ExecutionResult::Revert { output, .. } = result else { panic!("{result:?}") };
                assert!(output.is_empty());
            } else {
                let byte = if length == 0 { 0 } else { byte };
                assert_eq!(result.output().unwrap().as_ref(), [byte], "{value} {length}");
            }
        }
    }
    // The check itself is free: version 3, which has none, costs the same.
    let used = |arbos| {
        let mut chain = TestChain::new(arbos);
        let program = chain.program(&fill(7, 100));
        chain.send(program, vec![]).tx_gas_used()
    };
    assert_eq!(used(ArbOs::V51), used(ArbOs::V60));
}

#[test]
fn growth_beyond_16_bits_is_out_of_gas_from_60_on() {
    let grow = r#"(module (import "vm_hooks" "pay_for_memory_grow" (func (param i32)))
        (memory (export "memory") 1)
        (func (export "user_entrypoint") (param i32) (result i32)
            (drop (memory.grow (i32.const 65536))) i32.const 0))"#;
    for (arbos, fine) in [(ArbOs::V51, true), (ArbOs::V60, false)] {
        let mut chain = TestChain::new(arbos);
        let program = chain.program(grow);
        let result = chain.send(program, vec![]);
        assert_eq!((result.is_success(), result.is_halt()), (fine, !fine), "{result:?}");
        assert_eq!(result.tx_gas_used() == 32_000_000, !fine);
    }
}
