//! Every host function: its ink by hand, and what it does.
//!
//! Prices in ink: base 8400, pointer 5040, asking the chain 59,673; reading n bytes of the program
//! 16,381 + 55 for each above 32, writing n bytes 5040 + 30 for each above 32. 1 gas = 10,000 ink.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod support;

use alloy_primitives::{Address, B256, TxKind, U256, keccak256};
use novate_devnode::{CallOptions, trace::HostIo};
use revm::context::result::ExecutionResult;
use support::{ALICE, TestChain};

const BASE: u64 = 8_400;
const PTR: u64 = 5_040;
const API: u64 = 59_673;
const GAS: u64 = 10_000;

const fn read(bytes: u64) -> u64 {
    16_381 + 55 * bytes.saturating_sub(32)
}

const fn write(bytes: u64) -> u64 {
    5_040 + 30 * bytes.saturating_sub(32)
}

const IMPORTS: &str = r#"
    (import "vm_hooks" "read_args" (func $read_args (param i32)))
    (import "vm_hooks" "write_result" (func $write_result (param i32 i32)))
    (import "vm_hooks" "exit_early" (func $exit_early (param i32)))
    (import "vm_hooks" "storage_load_bytes32" (func $load (param i32 i32)))
    (import "vm_hooks" "storage_cache_bytes32" (func $store (param i32 i32)))
    (import "vm_hooks" "storage_flush_cache" (func $flush (param i32)))
    (import "vm_hooks" "transient_load_bytes32" (func $tload (param i32 i32)))
    (import "vm_hooks" "transient_store_bytes32" (func $tstore (param i32 i32)))
    (import "vm_hooks" "call_contract"
        (func $call (param i32 i32 i32 i32 i64 i32) (result i32)))
    (import "vm_hooks" "delegate_call_contract"
        (func $delegate (param i32 i32 i32 i64 i32) (result i32)))
    (import "vm_hooks" "static_call_contract"
        (func $static (param i32 i32 i32 i64 i32) (result i32)))
    (import "vm_hooks" "create1" (func $create1 (param i32 i32 i32 i32 i32)))
    (import "vm_hooks" "create2" (func $create2 (param i32 i32 i32 i32 i32 i32)))
    (import "vm_hooks" "read_return_data" (func $return_data (param i32 i32 i32) (result i32)))
    (import "vm_hooks" "return_data_size" (func $return_size (result i32)))
    (import "vm_hooks" "emit_log" (func $log (param i32 i32 i32)))
    (import "vm_hooks" "account_balance" (func $balance (param i32 i32)))
    (import "vm_hooks" "account_code" (func $code (param i32 i32 i32 i32) (result i32)))
    (import "vm_hooks" "account_code_size" (func $code_size (param i32) (result i32)))
    (import "vm_hooks" "account_codehash" (func $codehash (param i32 i32)))
    (import "vm_hooks" "evm_gas_left" (func $gas_left (result i64)))
    (import "vm_hooks" "evm_ink_left" (func $ink_left (result i64)))
    (import "vm_hooks" "block_basefee" (func $basefee (param i32)))
    (import "vm_hooks" "block_coinbase" (func $coinbase (param i32)))
    (import "vm_hooks" "block_gas_limit" (func $gas_limit (result i64)))
    (import "vm_hooks" "block_number" (func $number (result i64)))
    (import "vm_hooks" "block_timestamp" (func $timestamp (result i64)))
    (import "vm_hooks" "chainid" (func $chainid (result i64)))
    (import "vm_hooks" "contract_address" (func $address (param i32)))
    (import "vm_hooks" "msg_reentrant" (func $reentrant (result i32)))
    (import "vm_hooks" "msg_sender" (func $sender (param i32)))
    (import "vm_hooks" "msg_value" (func $value (param i32)))
    (import "vm_hooks" "tx_gas_price" (func $gas_price (param i32)))
    (import "vm_hooks" "tx_ink_price" (func $ink_price (result i32)))
    (import "vm_hooks" "tx_origin" (func $origin (param i32)))
    (import "vm_hooks" "native_keccak256" (func $keccak (param i32 i32 i32)))
    (import "vm_hooks" "pay_for_memory_grow" (func $pay (param i32)))
    (import "vm_hooks" "math_div" (func $div (param i32 i32)))
    (import "vm_hooks" "math_mod" (func $mod (param i32 i32)))
    (import "vm_hooks" "math_pow" (func $pow (param i32 i32)))
    (import "vm_hooks" "math_add_mod" (func $add_mod (param i32 i32 i32)))
    (import "vm_hooks" "math_mul_mod" (func $mul_mod (param i32 i32 i32)))
    (import "console" "tee_i64" (func $tee (param i64) (result i64)))
    (import "debug" "null_host" (func $null))"#;

/// A program with all imports that reads its calldata to 0, runs `body` and returns its status.
fn source(body: &str) -> String {
    format!(
        r#"(module {IMPORTS} (memory (export "memory") 1 4)
            (func (export "user_entrypoint") (param $len i32) (result i32)
                (call $read_args (i32.const 0)) {body}))"#
    )
}

struct Run {
    result: ExecutionResult,
    program: Address,
    ios: Vec<HostIo>,
}

impl Run {
    /// Ink of the host functions after `read_args`.
    fn ink(&self) -> Vec<u64> {
        self.ios.iter().skip(1).map(|io| io.start_ink - io.end_ink).collect()
    }

    fn outs(&self, index: usize) -> &[u8] {
        &self.ios[index + 1].outs
    }
}

fn run_in(chain: &mut TestChain, body: &str, calldata: &[u8], value: u64) -> Run {
    let program = chain.program(&source(body));
    call(chain, program, calldata, value)
}

fn call(chain: &mut TestChain, program: Address, calldata: &[u8], value: u64) -> Run {
    use revm::DatabaseCommit;
    let tx = chain.tx(TxKind::Call(program), calldata.to_vec(), value);
    let (outcome, trace) =
        chain.engine.trace(&mut chain.db, &chain.block, tx, CallOptions::default()).unwrap();
    chain.db.commit(outcome.state);
    chain.nonce += 1;
    let ios = trace.host_ios.into_iter().filter(|io| !io.name.starts_with("user_")).collect();
    Run { result: outcome.result, program, ios }
}

fn run(body: &str, calldata: &[u8]) -> Run {
    run_in(&mut TestChain::default(), body, calldata, 0)
}

fn word(number: u64) -> B256 {
    U256::from(number).into()
}

fn words(numbers: &[u64]) -> Vec<u8> {
    numbers.iter().flat_map(|number| word(*number)).collect()
}

#[test]
fn numbers_of_block_and_transaction_cost_the_base() {
    let body = "(drop (call $gas_limit)) (drop (call $number)) (drop (call $timestamp))
        (drop (call $chainid)) (drop (call $reentrant)) (drop (call $ink_price))
        (drop (call $return_size)) (drop (call $ink_left)) (drop (call $gas_left)) (i32.const 0)";
    let run = run(body, &[]);
    assert_eq!(run.ink(), [BASE; 9]);
    assert_eq!(run.outs(0), (1u64 << 50).to_be_bytes());
    assert_eq!(run.outs(1), 5u64.to_be_bytes(), "the parent chain's number");
    assert_eq!(run.outs(2), 1_800_000_000u64.to_be_bytes());
    assert_eq!(run.outs(3), 412_346u64.to_be_bytes());
    assert_eq!(run.outs(4), 0u32.to_be_bytes());
    assert_eq!(run.outs(5), 10_000u32.to_be_bytes());
    assert_eq!(run.outs(6), 0u32.to_be_bytes());
    // The value is what is left after the function itself is paid.
    assert_eq!(run.outs(7), run.ios[8].end_ink.to_be_bytes());
    assert_eq!(run.outs(8), (run.ios[9].end_ink / GAS).to_be_bytes());
}

#[test]
fn words_and_addresses_cost_the_base_and_a_pointer() {
    let body = "(call $basefee (i32.const 0)) (call $coinbase (i32.const 0))
        (call $address (i32.const 0)) (call $sender (i32.const 0)) (call $value (i32.const 0))
        (call $gas_price (i32.const 0)) (call $origin (i32.const 0)) (i32.const 0)";
    let mut chain = TestChain::default();
    let run = run_in(&mut chain, body, &[], 17);
    assert_eq!(run.ink(), [BASE + PTR; 7]);
    assert_eq!(run.outs(0), word(100_000_000).as_slice());
    assert_eq!(run.outs(1), Address::ZERO.as_slice());
    assert_eq!(run.outs(2), run.program.as_slice());
    assert_eq!(run.outs(3), ALICE.as_slice());
    assert_eq!(run.outs(4), word(17).as_slice());
    assert_eq!(run.outs(5), word(100_000_000).as_slice());
    assert_eq!(run.outs(6), ALICE.as_slice());
}

#[test]
fn arguments_and_result_cost_per_byte() {
    let body = "(call $write_result (i32.const 0) (i32.const 100)) (i32.const 0)";
    let run = run(body, &[3; 200]);
    // read_args of 200 bytes: 8400 + 5040 + 30 * 168; result of 100: 8400 + 2 * (16,381 + 55 * 68).
    assert_eq!(run.ios[0].start_ink - run.ios[0].end_ink, BASE + write(200));
    assert_eq!(BASE + write(200), 18_480);
    assert_eq!(run.ink(), [BASE + 2 * read(100)]);
    assert_eq!(BASE + 2 * read(100), 48_642);
    assert_eq!(run.result.output().unwrap().as_ref(), [3; 100]);
}

#[test]
fn early_exit_is_free_and_sets_the_status() {
    let body = "(call $write_result (i32.const 0) (i32.const 2)) (call $exit_early (i32.const 7))
        (unreachable)";
    let run = run(body, &[9, 8]);
    assert_eq!(run.ink(), [BASE + 2 * read(2), 0]);
    assert!(matches!(&run.result, ExecutionResult::Revert { output, .. } if output[..] == [9, 8]));
}

#[test]
fn keccak_costs_per_word_above_two() {
    let body = "(call $keccak (i32.const 0) (i32.const 64) (i32.const 256))
        (call $keccak (i32.const 0) (i32.const 65) (i32.const 256))
        (call $keccak (i32.const 0) (i32.const 0) (i32.const 256)) (i32.const 0)";
    let run = run(body, &[5; 65]);
    assert_eq!(run.ink(), [121_800, 121_800 + 21_000, 121_800]);
    assert_eq!(run.outs(1), keccak256([5; 65]).as_slice());
}

#[test]
fn division_and_power() {
    // Three words: a, b, modulus; results overwrite a.
    let at = "(i32.const 0) (i32.const 32)";
    for (function, a, b, result, ink) in [
        ("div", 100, 7, 14, BASE + 3 * PTR + 20_000),
        ("div", 100, 0, 0, BASE + 3 * PTR + 20_000),
        ("mod", 100, 7, 2, BASE + 3 * PTR + 20_000),
        ("mod", 100, 0, 0, BASE + 3 * PTR + 20_000),
        // 3000 + 17,500 * (33 - leading zero bytes of the exponent).
        ("pow", 3, 4, 81, BASE + 3 * PTR + 3_000 + 17_500 * 2),
        ("pow", 3, 0, 1, BASE + 3 * PTR + 3_000 + 17_500),
        ("pow", 1, 256, 1, BASE + 3 * PTR + 3_000 + 17_500 * 3),
    ] {
        let run = run(&format!("(call ${function} {at}) (i32.const 0)"), &words(&[a, b]));
        assert_eq!(run.ink(), [ink], "{function}({a}, {b})");
        assert_eq!(run.outs(0), word(result).as_slice(), "{function}({a}, {b})");
    }
}

#[test]
fn modular_arithmetic() {
    let at = "(i32.const 0) (i32.const 32) (i32.const 64)";
    for (function, a, b, modulus, result, fixed) in [
        ("add_mod", 8, 9, 10, 7, 21_000),
        ("add_mod", 8, 9, 0, 0, 21_000),
        ("mul_mod", 8, 9, 10, 2, 24_100),
        ("mul_mod", 8, 9, 0, 0, 24_100),
    ] {
        let run = run(&format!("(call ${function} {at}) (i32.const 0)"), &words(&[a, b, modulus]));
        assert_eq!(run.ink(), [BASE + 4 * PTR + fixed], "{function}");
        assert_eq!(run.outs(0), word(result).as_slice(), "{function}({a}, {b}, {modulus})");
    }
}

#[test]
fn storage_is_cached_per_call() {
    let body = "(call $load (i32.const 0) (i32.const 64)) (call $load (i32.const 0) (i32.const 64))
        (call $store (i32.const 0) (i32.const 32)) (call $load (i32.const 0) (i32.const 64))
        (call $flush (i32.const 0)) (call $flush (i32.const 0)) (call $flush (i32.const 1))
        (call $load (i32.const 0) (i32.const 64)) (i32.const 0)";
    let run = run(body, &words(&[1, 2]));
    let two = BASE + 2 * PTR;
    let cold_miss = two + (2_100 + 5) * GAS;
    let warm_miss = two + (100 + 5) * GAS;
    // The slot is warm and known to be 0, so the flush pays 20,000; the next two find nothing dirty.
    let flush = BASE + API + 20_000 * GAS;
    let idle = BASE + API;
    assert_eq!(run.ink(), [cold_miss, two, two, two, flush, idle, idle, warm_miss]);
    assert_eq!(run.outs(0), word(0).as_slice());
    assert_eq!(run.outs(3), word(2).as_slice());
    assert_eq!(run.outs(7), word(2).as_slice());
}

#[test]
fn many_reads_and_writes_cost_more() {
    let loads = "(call $load (i32.const 0) (i32.const 64))".repeat(130);
    let run1 = run(&format!("{loads} (i32.const 0)"), &words(&[1]));
    let two = BASE + 2 * PTR;
    let ink = run1.ink();
    // Read 1 misses; up to 32 are free, up to 128 cost 2 gas, then 10.
    assert_eq!(ink[0], two + 2_105 * GAS);
    assert!(ink[1..32].iter().all(|ink| *ink == two));
    assert!(ink[32..128].iter().all(|ink| *ink == two + 2 * GAS));
    assert_eq!(ink[128..], [two + 10 * GAS; 2]);
    let stores = "(call $store (i32.const 0) (i32.const 32))".repeat(66);
    let ink = run(&format!("{stores} (i32.const 0)"), &words(&[1, 2])).ink();
    assert!(ink[..8].iter().all(|ink| *ink == two));
    assert!(ink[8..64].iter().all(|ink| *ink == two + 7 * GAS));
    assert_eq!(ink[64..], [two + 10 * GAS; 2]);
}

#[test]
fn writes_without_flush_are_lost_and_restored_slots_are_refunded() {
    let mut chain = TestChain::default();
    let lost = run_in(
        &mut chain,
        "(call $store (i32.const 0) (i32.const 32)) (i32.const 0)",
        &words(&[1, 2]),
        0,
    );
    assert!(lost.result.is_success());
    assert!(!chain.db.cache.accounts[&lost.program].storage.contains_key(&U256::ONE));
    // Set, then back to zero: 22,100 + 100, and the refund of 19,900 is capped at a fifth.
    let body = "(call $store (i32.const 0) (i32.const 32)) (call $flush (i32.const 0))
        (call $store (i32.const 0) (i32.const 64)) (call $flush (i32.const 0)) (i32.const 0)";
    let run = run_in(&mut chain, body, &words(&[1, 2, 0]), 0);
    let ink = run.ink();
    assert_eq!(ink[1], BASE + API + 22_100 * GAS);
    assert_eq!(ink[3], BASE + API + 100 * GAS);
    let ExecutionResult::Success { gas, .. } = run.result else { panic!("{:?}", run.result) };
    assert_eq!(gas.inner_refunded(), 19_900.min(gas.total_gas_spent() / 5));
}

#[test]
fn transient_storage_lives_through_the_transaction() {
    let body =
        "(call $tload (i32.const 0) (i32.const 64)) (call $tstore (i32.const 0) (i32.const 32))
        (call $tload (i32.const 0) (i32.const 64)) (i32.const 0)";
    let mut chain = TestChain::default();
    let run = run_in(&mut chain, body, &words(&[1, 2]), 0);
    assert_eq!(run.ink(), [BASE + 2 * PTR + API + 100 * GAS; 3]);
    assert_eq!(run.outs(0), word(0).as_slice());
    assert_eq!(run.outs(2), word(2).as_slice());
    let again = call(&mut chain, run.program, &words(&[1, 3]), 0);
    assert_eq!(again.outs(0), word(0).as_slice());
}

#[test]
fn events_cost_as_in_the_evm_plus_the_copy() {
    let body = "(call $log (i32.const 0) (i32.const 70) (i32.const 2)) (i32.const 0)";
    let data = [words(&[1, 2]), vec![9; 6]].concat();
    let run = run(body, &data);
    // 375 * (1 + 2) + 8 * 6 gas.
    assert_eq!(run.ink(), [BASE + API + read(70) + (1_125 + 48) * GAS]);
    let log = &run.result.logs()[0];
    assert_eq!((log.address, log.data.topics()), (run.program, [word(1), word(2)].as_slice()));
    assert_eq!(log.data.data.as_ref(), [9; 6]);
}

#[test]
fn bad_events_fail_the_program_and_keep_its_gas() {
    for body in [
        "(call $log (i32.const 0) (i32.const 160) (i32.const 5)) (i32.const 0)",
        "(call $log (i32.const 0) (i32.const 31) (i32.const 1)) (i32.const 0)",
        "(call $log (i32.const 0) (i32.const 32) (i32.const 0x8000001)) (i32.const 0)",
    ] {
        let run = run(body, &[]);
        assert!(matches!(&run.result, ExecutionResult::Revert { output, .. } if output.is_empty()));
        assert!(run.result.tx_gas_used() < 100_000);
    }
}

#[test]
fn accounts_are_cold_once() {
    let mut chain = TestChain::default();
    let other = Address::repeat_byte(0xcc);
    chain.etch(other, vec![0xfe; 100]);
    let body =
        "(call $balance (i32.const 0) (i32.const 64)) (call $balance (i32.const 0) (i32.const 64))
        (call $codehash (i32.const 0) (i32.const 64))
        (drop (call $code_size (i32.const 0)))
        (drop (call $code (i32.const 0) (i32.const 90) (i32.const 32) (i32.const 64)))
        (drop (call $code (i32.const 32) (i32.const 0) (i32.const 32) (i32.const 64)))
        (i32.const 0)";
    let nobody = [other.as_slice(), &[0; 12], Address::repeat_byte(0xdd).as_slice()].concat();
    let run = run_in(&mut chain, body, &nobody, 0);
    let two = BASE + 2 * PTR + API;
    assert_eq!(
        run.ink(),
        [
            two + 2_600 * GAS,
            two + 100 * GAS,
            two + 100 * GAS,
            BASE + API + (700 + 100) * GAS,
            // The code is at hand: no gas, but the copy of all 100 bytes is paid.
            BASE + API + write(100),
            // A cold account without code.
            BASE + API + (700 + 2_600) * GAS + write(0),
        ]
    );
    assert_eq!(run.outs(2), keccak256([0xfe; 100]).as_slice());
    assert_eq!(run.outs(3), 100u32.to_be_bytes());
    assert_eq!(run.outs(4), [0xfe; 10]);
    assert_eq!(run.outs(5), [0u8; 0]);
}

#[test]
fn calls_cost_what_they_use() {
    let mut chain = TestChain::default();
    // Returns 33 bytes: PUSH1 33, PUSH0, RETURN = 3 + 2 gas, memory of two words 6.
    let callee = Address::repeat_byte(0xcc);
    chain.etch(callee, vec![0x60, 0x21, 0x5f, 0xf3]);
    let body = "(drop (call $call (i32.const 0) (i32.const 0) (i32.const 40) (i32.const 512)
            (i64.const -1) (i32.const 256)))
        (drop (call $static (i32.const 0) (i32.const 0) (i32.const 0) (i64.const -1) (i32.const 256)))
        (drop (call $delegate (i32.const 0) (i32.const 0) (i32.const 0) (i64.const 10) (i32.const 256)))
        (drop (call $return_size))
        (drop (call $static (i32.const 0) (i32.const 0) (i32.const 0) (i64.const -1) (i32.const 256)))
        (drop (call $return_data (i32.const 512) (i32.const 1) (i32.const 64)))
        (drop (call $return_data (i32.const 512) (i32.const 99) (i32.const 64)))
        (i32.const 0)";
    let run = run_in(&mut chain, body, callee.as_slice(), 0);
    let own = BASE + 3 * PTR + API;
    assert_eq!(
        run.ink(),
        [
            own + 2 * read(40) + (2_600 + 11) * GAS,
            own + 2 * read(0) + (100 + 11) * GAS,
            // Ten gas do not suffice: they are lost, the status is 2.
            own + 2 * read(0) + (100 + 10) * GAS,
            BASE,
            own + 2 * read(0) + (100 + 11) * GAS,
            // 32 of the 33 bytes are copied.
            BASE + API + write(32),
            BASE + API + write(0),
        ]
    );
    assert_eq!(run.outs(0), [0, 0, 0, 33, 0]);
    assert_eq!(run.outs(2), [0, 0, 0, 0, 2]);
    assert_eq!(run.outs(3), 0u32.to_be_bytes());
    assert_eq!(run.outs(5), [0; 32]);
    assert_eq!(run.outs(6), [0; 0]);
}

#[test]
fn value_costs_9000_and_a_new_account_25000() {
    let mut chain = TestChain::default();
    // calldata: address, padding, value 5.
    let to = Address::repeat_byte(0xee);
    let data = [to.as_slice(), &[0; 12], word(5).as_slice()].concat();
    let body = "(drop (call $call (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 32)
            (i64.const 0) (i32.const 256)))
        (drop (call $call (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 32)
            (i64.const 0) (i32.const 256))) (i32.const 0)";
    let run = run_in(&mut chain, body, &data, 10);
    let own = BASE + 3 * PTR + API + 2 * read(0);
    // The stipend comes back unused.
    assert_eq!(run.ink(), [own + (2_600 + 9_000 + 25_000) * GAS, own + (100 + 9_000) * GAS]);
    assert_eq!(chain.db.cache.accounts[&to].info.balance, U256::from(10));
}

#[test]
fn creations_deploy_at_the_right_address() {
    let mut chain = TestChain::default();
    // Init code that returns no code: PUSH0 PUSH0 RETURN, 4 gas.
    let data =
        [[0x5f, 0x5f, 0xf3].as_slice(), &[0; 29], word(0).as_slice(), word(77).as_slice()].concat();
    let body =
        "(call $create1 (i32.const 0) (i32.const 3) (i32.const 32) (i32.const 128) (i32.const 256))
        (call $create2 (i32.const 0) (i32.const 3) (i32.const 32) (i32.const 64) (i32.const 128)
            (i32.const 256)) (i32.const 0)";
    let run = run_in(&mut chain, body, &data, 0);
    assert_eq!(
        run.ink(),
        [
            BASE + 3 * PTR + API + 2 * read(3) + (32_000 + 4) * GAS,
            BASE + 4 * PTR + API + 2 * read(3) + (32_000 + 6 + 4) * GAS,
        ]
    );
    let first = run.program.create(1);
    let second = run.program.create2_from_code(word(77), [0x5f, 0x5f, 0xf3]);
    assert_eq!(run.outs(0), [first.as_slice(), &[0; 4]].concat());
    assert_eq!(run.outs(1), [second.as_slice(), &[0; 4]].concat());
}

#[test]
fn a_reverted_creation_returns_its_reason() {
    let mut chain = TestChain::default();
    // PUSH1 5, PUSH0, REVERT: five bytes of reason; 3 + 2 + 3 gas.
    let body =
        "(call $create1 (i32.const 0) (i32.const 4) (i32.const 32) (i32.const 128) (i32.const 256))
        (drop (call $return_size)) (i32.const 0)";
    let run = run_in(&mut chain, body, &[0x60, 0x05, 0x5f, 0xfd], 0);
    assert_eq!(run.ink()[0], BASE + 3 * PTR + API + 2 * read(4) + 32_008 * GAS);
    assert_eq!(run.outs(0), [Address::ZERO.as_slice(), &[0, 0, 0, 5]].concat());
    assert_eq!(run.outs(1), 5u32.to_be_bytes());
}

#[test]
fn memory_growth_pays_for_pages() {
    // From 1 to 3 pages: two are free per transaction, one costs 1000; the ramp stays at 1.
    let body = "(drop (memory.grow (i32.const 2))) (drop (memory.grow (i32.const 0)))
        (drop (memory.grow (i32.const 65536))) (i32.const 0)";
    let run = run(body, &[]);
    assert_eq!(run.ink(), [1_000 * GAS, BASE, BASE]);
}

#[test]
fn debug_functions_are_free() {
    let used = |body: &str| {
        let body = format!("(drop (call $ink_left)) {body} (drop (call $ink_left)) (i32.const 0)");
        let run = run(&body, &[]);
        let left: Vec<u64> = run
            .ios
            .iter()
            .filter(|io| io.name == "evm_ink_left")
            .map(|io| u64::from_be_bytes(io.outs[..].try_into().unwrap()))
            .collect();
        left[0] - left[1]
    };
    // What they add is operators: 2 calls at 3800 that each end a basic block (2450), a constant (1) and a drop (9).
    let added = used("(drop (call $tee (i64.const 5))) (call $null)") - used("");
    assert_eq!(added, 2 * (3_800 + 2_450) + 1 + 9);
}

#[test]
fn bad_pointers_fail_the_program_and_keep_its_gas() {
    for body in [
        "(call $sender (i32.const 262140))",
        "(call $load (i32.const -1) (i32.const 0))",
        "(call $write_result (i32.const 0) (i32.const -1))",
        "(call $keccak (i32.const 65536) (i32.const 1) (i32.const 0))",
        "(drop (call $call (i32.const 65530) (i32.const 0) (i32.const 0) (i32.const 0) (i64.const 0) (i32.const 0)))",
    ] {
        let run = run(&format!("{body} (i32.const 0)"), &[]);
        // A result of 4 GiB cannot be paid at all.
        if body.contains("write_result") {
            assert!(run.result.is_halt(), "{body}");
        } else {
            assert!(
                matches!(&run.result, ExecutionResult::Revert { output, .. } if output.is_empty()),
                "{body}"
            );
            assert!(run.result.tx_gas_used() < 100_000, "{body}");
        }
    }
}

#[test]
fn programs_are_told_the_price_with_the_tip_that_nobody_pays() {
    use revm::DatabaseCommit;
    let body = "(call $gas_price (i32.const 0)) (call $write_result (i32.const 0) (i32.const 32)) (i32.const 0)";
    // GASPRICE MSTORE RETURN
    let opcode = [0x3a, 0x5f, 0x52, 0x60, 0x20, 0x5f, 0xf3];
    let mut chain = TestChain::default();
    let program = chain.program(&source(body));
    let contract = Address::repeat_byte(0xc0);
    chain.etch(contract, opcode.to_vec());
    let base_fee = 100_000_000;
    for (price, tip, told) in [
        (base_fee, None, base_fee),
        (10 * base_fee, None, 10 * base_fee),
        (10 * base_fee, Some(5 * base_fee), 6 * base_fee),
        (10 * base_fee, Some(10 * base_fee), 10 * base_fee),
        (10 * base_fee, Some(0), base_fee),
    ] {
        for (to, expected) in [(program, told), (contract, base_fee)] {
            let mut tx = chain.tx(TxKind::Call(to), vec![], 0);
            (tx.gas_price, tx.gas_priority_fee) = (price, tip);
            tx.tx_type = if tip.is_some() { 2 } else { 0 };
            let options = CallOptions::default();
            let outcome = chain.engine.transact(&mut chain.db, &chain.block, tx, options).unwrap();
            let output = outcome.result.output().unwrap();
            assert_eq!(U256::from_be_slice(output), U256::from(expected), "{price} {tip:?}");
            chain.db.commit(outcome.state);
            chain.nonce += 1;
        }
    }
}
