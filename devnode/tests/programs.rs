//! Programs from deployment to calls: start costs, ink, storage, sub-calls, failures.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod support;

use alloy_primitives::{Address, B256, U256};
use support::{START, TX, TestChain, calldata_gas};

/// Returns its calldata.
const ECHO: &str = r#"(module
    (import "vm_hooks" "read_args" (func $read_args (param i32)))
    (import "vm_hooks" "write_result" (func $write_result (param i32 i32)))
    (memory (export "memory") 1 1)
    (func (export "user_entrypoint") (param $len i32) (result i32)
        i32.const 0
        call $read_args
        i32.const 0
        local.get $len
        call $write_result
        i32.const 0))"#;

#[test]
fn a_call_costs_its_start_its_blocks_and_its_host_functions() {
    let mut chain = TestChain::default();
    let echo = chain.program(ECHO);
    let start = chain.start_gas(echo);
    let data = [7u8; 64];
    let result = chain.send(echo, data.to_vec());
    assert_eq!(result.output().unwrap().as_ref(), data);
    // Block 1: header 2450, const 1, call 3800. read_args: 8400 + 5040 + 32 * 30 = 14,400.
    // Block 2: header 2450, const 1, local.get 75, call 3800.
    // write_result: 8400 + 2 * (16,381 + 32 * 55) = 44,682.
    // Block 3: header 2450, const 1, end 1.
    let ink: u64 = 6_251 + 14_400 + 6_326 + 44_682 + 2_452;
    assert_eq!(ink, 74_111);
    assert_eq!(result.tx_gas_used(), TX + calldata_gas(&data) + start + ink.div_ceil(10_000));
    assert!(start > START);
}

#[test]
fn inactive_programs_burn_all_gas() {
    let mut chain = TestChain::default();
    let features = novate_devnode::wasm::Features { stylus_version: 2, debug: true };
    let wasm = wat::parse_str(ECHO).unwrap();
    let package = novate_devnode::pack::pack(&wasm, features).unwrap();
    let address = chain.deploy_code(&package.code);
    let result = chain.send(address, vec![]);
    assert!(result.is_halt(), "{result:?}");
    assert_eq!(result.tx_gas_used(), 32_000_000);
    assert!(format!("{result:?}").contains("ProgramNotActivated()"));
}

/// Stores calldata[32..64] at calldata[0..32], flushes, and returns what it loads from there.
const STORE: &str = r#"(module
    (import "vm_hooks" "read_args" (func $read_args (param i32)))
    (import "vm_hooks" "write_result" (func $write_result (param i32 i32)))
    (import "vm_hooks" "storage_load_bytes32" (func $load (param i32 i32)))
    (import "vm_hooks" "storage_cache_bytes32" (func $store (param i32 i32)))
    (import "vm_hooks" "storage_flush_cache" (func $flush (param i32)))
    (memory (export "memory") 1 1)
    (func (export "user_entrypoint") (param $len i32) (result i32)
        (call $read_args (i32.const 0))
        (call $store (i32.const 0) (i32.const 32))
        (call $flush (i32.const 0))
        (call $load (i32.const 0) (i32.const 64))
        (call $write_result (i32.const 64) (i32.const 32))
        i32.const 0))"#;

fn word(number: u64) -> B256 {
    U256::from(number).into()
}

#[test]
fn storage_persists_and_charges_as_the_evm() {
    let mut chain = TestChain::default();
    let program = chain.program(STORE);
    let start = chain.start_gas(program);
    let data = [word(1), word(42)].concat();
    let result = chain.send(program, data.clone());
    assert_eq!(result.output().unwrap().as_ref(), word(42).as_slice());
    assert_eq!(chain.db.cache.accounts[&program].storage[&U256::ONE], U256::from(42));
    // read_args 6,251 + 14,400; store: header 2450 + 2 const + call 3800 = 6,252, and 18,480;
    // flush: 6,251, and 8400 + 59,673 = 68,073; load (from the cache): 6,252, and 18,480;
    // write_result: 6,252, and 8400 + 2 * 16,381 = 41,162; last block 2,452.
    let ink: u64 =
        6_251 + 14_400 + 6_252 + 18_480 + 6_251 + 68_073 + 6_252 + 18_480 + 6_252 + 41_162 + 2_452;
    // A new slot, cold: 22,100.
    let gas = TX + calldata_gas(&data) + start + 22_100 + ink.div_ceil(10_000);
    assert_eq!(result.tx_gas_used(), gas);
    // The same value again: the flush writes, since the cache did not know: 2,100 + 100.
    let result = chain.send(program, data);
    assert_eq!(result.tx_gas_used(), gas - 22_100 + 2_200);
}

/// Calls the address in calldata[0..20] with the rest, returns its data; status as the callee's.
const FORWARD: &str = r#"(module
    (import "vm_hooks" "read_args" (func $read_args (param i32)))
    (import "vm_hooks" "write_result" (func $write_result (param i32 i32)))
    (import "vm_hooks" "call_contract"
        (func $call (param i32 i32 i32 i32 i64 i32) (result i32)))
    (import "vm_hooks" "read_return_data" (func $return_data (param i32 i32 i32) (result i32)))
    (memory (export "memory") 1 1)
    (func (export "user_entrypoint") (param $len i32) (result i32) (local $status i32)
        (call $read_args (i32.const 0))
        (local.set $status (call $call
            (i32.const 0) (i32.const 20) (i32.sub (local.get $len) (i32.const 20))
            (i32.const 4096) (i64.const -1) (i32.const 8192)))
        (drop (call $return_data (i32.const 16384) (i32.const 0) (i32.load (i32.const 8192))))
        (call $write_result (i32.const 16384) (i32.load (i32.const 8192)))
        local.get $status))"#;

#[test]
fn programs_call_programs_and_evm_contracts() {
    let mut chain = TestChain::default();
    let (forward, store) = (chain.program(FORWARD), chain.program(STORE));
    // EVM: forwards its calldata to `store`, and returns what it returns.
    let bridge = Address::repeat_byte(0xb1);
    let mut code = vec![0x36, 0x5f, 0x5f, 0x37, 0x60, 0x20, 0x5f, 0x36, 0x5f, 0x5f, 0x73];
    code.extend_from_slice(store.as_slice());
    code.extend_from_slice(&[0x5a, 0xf1, 0x50, 0x60, 0x20, 0x5f, 0xf3]);
    chain.etch(bridge, code);
    let data = [bridge.as_slice(), word(3).as_slice(), word(9).as_slice()].concat();
    let result = chain.send(forward, data);
    assert!(result.is_success(), "{result:?}");
    assert_eq!(result.output().unwrap().as_ref(), word(9).as_slice());
    assert_eq!(chain.db.cache.accounts[&store].storage[&U256::from(3)], U256::from(9));
}
