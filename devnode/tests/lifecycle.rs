//! Activation, expiry, keep-alive, caching, fragments, and what may be deployed.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod support;

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_sol_types::{SolCall, SolError, SolEvent, sol};
use novate_devnode::{ArbOs, DEV_OWNER, pack, precompile_address, wasm::Features};
use revm::{context::result::ExecutionResult, state::AccountInfo};
use support::{ARB_WASM, ArbWasm, ONE_ETHER, START, TX, TestChain, calldata_gas};

sol! {
    interface ArbWasmCache {
        function isCacheManager(address manager) external view returns (bool);
        function cacheProgram(address addr) external;
        function cacheCodehash(bytes32 codehash) external;
        function evictCodehash(bytes32 codehash) external;
        function codehashIsCached(bytes32 codehash) external view returns (bool);
        event UpdateProgramCache(address indexed manager, bytes32 indexed codehash, bool cached);
    }
    event ProgramActivated(
        bytes32 indexed codehash, bytes32 moduleHash, address program, uint256 dataFee,
        uint16 version
    );
    event ProgramLifetimeExtended(bytes32 indexed codehash, uint256 dataFee);
}

const FEATURES: Features = Features { stylus_version: 2, debug: true };
const CACHE: Address = precompile_address(0x72);
const DAY: u64 = 86_400;

/// Returns 0 without doing anything.
const NOTHING: &str = r#"(module (memory (export "memory") 1 1)
    (func (export "user_entrypoint") (param i32) (result i32) i32.const 0))"#;

fn nothing() -> pack::Package {
    pack::pack(&wat::parse_str(NOTHING).unwrap(), FEATURES).unwrap()
}

fn revert_data(result: &ExecutionResult) -> &Bytes {
    match result {
        ExecutionResult::Revert { output, .. } => output,
        other => panic!("expected a revert, got {other:?}"),
    }
}

#[test]
fn the_empty_program_costs_what_the_formulas_say() {
    let package = nothing();
    // 64 bytes of WASM, one function, two values in its type, four globals, no data, one page.
    assert_eq!(package.wasm.len(), 64);
    // asm: 512,000 + 996 + 22 + 400; init: 8 + 2 + 8; cached: 0 + 0 + 0 + 6 + 0 + 5.
    let report = package.report;
    assert_eq!(report.asm_estimate, 512_000 + 996 + 22 + 400);
    assert_eq!((report.init_cost, report.cached_cost), (8 + 2 + 8, 6 + 5));
    assert_eq!(report.init_gas, 8_832 + 18);
    assert_eq!(report.cached_gas, 352 + 11);
}

#[test]
fn activation_charges_work_state_and_data() {
    let mut chain = TestChain::default();
    let package = nothing();
    let program = chain.deploy_code(&package.code);
    let before = chain.db.cache.accounts.get(&DEV_OWNER).map_or(U256::ZERO, |a| a.info.balance);
    let result = chain.activate(program);
    assert!(result.is_success());
    // Work, in microseconds: 64 bytes 20, one function 0, no data, one page 2217; the function has
    // 2 operators of its own, 12 for its block, 12 on entry, 4 + 1 on return = 31 operators: 16.
    let work = (20 + 2_217 + 16) * 28;
    // State: open 800, parameters 100, entry read 800, hash written 20,000, five reads of the
    // pricer 4000, two writes 40,000, entry written 20,000, fee account 800.
    let state = 800 + 100 + 800 + 20_000 + 4_000 + 40_000 + 20_000 + 800;
    // Event: 375 * 3 + 8 * 128; argument one word 3, result two words 6.
    let event = 375 * 3 + 8 * 128 + 3 + 6;
    let data = ArbWasm::activateProgramCall { program }.abi_encode();
    let expected = TX + calldata_gas(&data) + 1_659_168 + work + state + event;
    assert_eq!(result.tx_gas_used(), expected);
    // Fee: 513,418 bytes; exponent 10,000 * 513,418 / 21,360,419 = 240 bips, e^0.0240 = 1.0242.
    let fee = U256::from(82_928_201u64 * 10_242 / 10_000 * 513_418);
    let log = &result.logs()[0];
    let event = ProgramActivated::decode_log(log).unwrap();
    assert_eq!((event.codehash, event.program), (keccak256(&package.code), program));
    assert_eq!((event.dataFee, event.version), (fee, 2));
    let gas_fee = U256::from(result.tx_gas_used()) * U256::from(100_000_000);
    let after = chain.db.cache.accounts[&DEV_OWNER].info.balance;
    assert_eq!(after - before, fee + gas_fee);
    assert_eq!(chain.db.cache.accounts[&ARB_WASM].info.balance, U256::ZERO, "the rest went back");
}

#[test]
fn activation_errors_are_typed() {
    let mut chain = TestChain::default();
    let program = chain.deploy_code(&nothing().code);
    let call = ArbWasm::activateProgramCall { program }.abi_encode();
    let poor = chain.pay(ARB_WASM, call, 5);
    let error = ArbWasm::ProgramInsufficientValue::abi_decode(revert_data(&poor)).unwrap();
    assert_eq!(error.have, U256::from(5));
    assert!(chain.activate(program).is_success());
    let again = chain.activate(program);
    assert_eq!(revert_data(&again).as_ref(), ArbWasm::ProgramUpToDate {}.abi_encode());
    let nobody = chain.activate(Address::repeat_byte(0x99));
    assert_eq!(revert_data(&nobody).as_ref(), ArbWasm::ProgramNotWasm {}.abi_encode());
    // Other code is no program: no reason before ArbOS 60.
    let evm = Address::repeat_byte(0x98);
    chain.etch(evm, vec![0x5f]);
    assert!(revert_data(&chain.activate(evm)).is_empty());
    assert!(chain.activate(evm).tx_gas_used() < 2_000_000);
}

#[test]
fn what_does_not_validate_burns_all_gas() {
    let mut chain = TestChain::default();
    let float = r#"(module (memory (export "memory") 1 1)
        (func (export "user_entrypoint") (param i32) (result i32)
            (drop (f64.add (f64.const 1) (f64.const 2))) i32.const 0))"#;
    let code = pack::compress(&wat::parse_str(float).unwrap()).unwrap();
    let program = chain.deploy_code(&code);
    let result = chain.activate(program);
    assert!(revert_data(&result).is_empty());
    assert_eq!(result.tx_gas_used(), 32_000_000);
}

#[test]
fn the_same_code_elsewhere_is_active_already() {
    let mut chain = TestChain::default();
    let code = nothing().code;
    let first = chain.deploy_code(&code);
    assert!(chain.activate(first).is_success());
    let second = chain.deploy_code(&code);
    assert!(chain.send(second, vec![]).is_success());
}

#[test]
fn the_start_is_charged_on_every_call_until_cached() {
    let mut chain = TestChain::default();
    let program = chain.program(NOTHING);
    // Block: header 2450, const 1, end 1: one unit of gas.
    let cold = TX + START + 18 + 11 + 1;
    assert_eq!(chain.send(program, vec![]).tx_gas_used(), cold);
    assert_eq!(chain.send(program, vec![]).tx_gas_used(), cold, "no per-block cache before 60");
}

#[test]
fn from_60_on_a_block_remembers_its_programs() {
    let mut chain = TestChain::new(ArbOs::V60);
    let program = chain.program(NOTHING);
    let cold = TX + START + 18 + 11 + 1;
    let warm = TX + 352 + 11 + 1;
    assert_eq!(chain.send(program, vec![]).tx_gas_used(), cold);
    assert_eq!(chain.send(program, vec![]).tx_gas_used(), warm);
    let tx = chain.tx(alloy_primitives::TxKind::Call(program), vec![], 0);
    let options = novate_devnode::CallOptions::simulation();
    let simulated = chain.engine.transact(&mut chain.db, &chain.block, tx, options).unwrap();
    assert_eq!(simulated.result.tx_gas_used(), cold, "a simulation starts afresh");
    assert_eq!(chain.send(program, vec![]).tx_gas_used(), warm);
    chain.block.number += 1;
    assert_eq!(chain.send(program, vec![]).tx_gas_used(), cold);
}

#[test]
fn programs_expire_and_can_be_kept_alive() {
    let mut chain = TestChain::default();
    let package = nothing();
    let program = chain.deploy_code(&package.code);
    assert!(chain.activate(program).is_success());
    let codehash = keccak256(&package.code);
    let keepalive = ArbWasm::codehashKeepaliveCall { codehash }.abi_encode();
    let early = chain.pay(ARB_WASM, keepalive.clone(), ONE_ETHER);
    ArbWasm::ProgramKeepaliveTooSoon::abi_decode(revert_data(&early)).unwrap();
    chain.block.timestamp += 32 * DAY;
    let kept = chain.pay(ARB_WASM, keepalive, ONE_ETHER);
    assert!(kept.is_success(), "{kept:?}");
    ProgramLifetimeExtended::decode_log(&kept.logs()[0]).unwrap();
    chain.block.timestamp += 364 * DAY;
    assert!(chain.send(program, vec![]).is_success());
    chain.block.timestamp += 2 * DAY;
    let expired = chain.send(program, vec![]);
    assert!(expired.is_halt());
    assert_eq!(expired.tx_gas_used(), 32_000_000);
    let left = ArbWasm::programTimeLeftCall { program }.abi_encode();
    let view = chain.send(ARB_WASM, left);
    ArbWasm::ProgramExpired::abi_decode(revert_data(&view)).unwrap();
    assert!(chain.activate(program).is_success());
    assert!(chain.send(program, vec![]).is_success());
}

#[test]
fn the_owner_caches_programs() {
    let mut chain = TestChain::default();
    let package = nothing();
    let program = chain.deploy_code(&package.code);
    assert!(chain.activate(program).is_success());
    let cache = ArbWasmCache::cacheProgramCall { addr: program }.abi_encode();
    let stranger = chain.send(CACHE, cache.clone());
    assert!(revert_data(&stranger).is_empty());
    chain.db.insert_account_info(DEV_OWNER, AccountInfo::from_balance(U256::from(ONE_ETHER)));
    let mut tx = chain.tx(alloy_primitives::TxKind::Call(CACHE), cache, 0);
    (tx.caller, tx.nonce) = (DEV_OWNER, 0);
    let cached = chain.send_tx(tx);
    chain.nonce -= 1;
    assert!(cached.is_success(), "{cached:?}");
    let event = ArbWasmCache::UpdateProgramCache::decode_log(&cached.logs()[0]).unwrap();
    assert_eq!(
        (event.manager, event.codehash, event.cached),
        (DEV_OWNER, keccak256(&package.code), true)
    );
    assert_eq!(chain.send(program, vec![]).tx_gas_used(), TX + 352 + 11 + 1);
}

#[test]
fn code_may_start_with_ef_only_as_a_program() {
    let mut chain = TestChain::default();
    for (code, fine) in [
        (&[0xef, 0xf0, 0x00, 0x00][..], true),
        (&[0xef, 0xf0, 0x00], false),
        (&[0xef], false),
        (&[0xef, 0xf0, 0x01, 0x00], false),
        (&[0xef, 0x01, 0x00, 0x00], false),
        (&[0x5f], true),
    ] {
        assert_eq!(chain.create(code).is_success(), fine, "{code:x?}");
    }
    let mut chain = TestChain::new(ArbOs::V60);
    for (code, fine) in [
        (&[0xef, 0xf0, 0x01, 0x00][..], true),
        (&[0xef, 0xf0, 0x02, 0x00], true),
        (&[0xef, 0xf0, 0x03, 0x00], false),
    ] {
        assert_eq!(chain.create(code).is_success(), fine, "{code:x?}");
    }
}

#[test]
fn fragments_make_one_program() {
    let mut chain = TestChain::new(ArbOs::V60);
    let package = nothing();
    let stream = &package.code[4..];
    let (head, tail) = stream.split_at(stream.len() / 2);
    let fragment = |part: &[u8]| [&[0xef, 0xf0, 0x01], part].concat();
    let first = chain.deploy_code(&fragment(head));
    let second = chain.deploy_code(&fragment(tail));
    let root = |length: usize, fragments: &[Address]| {
        let length = u32::try_from(length).unwrap().to_be_bytes();
        let list: Vec<u8> = fragments.iter().flat_map(|address| address.to_vec()).collect();
        [&[0xef, 0xf0, 0x02, 0x00][..], &length, &list].concat()
    };
    let program = chain.deploy_code(&root(package.wasm.len(), &[first, second]));
    let plain = chain.deploy_code(&package.code);
    let whole = chain.activate(plain).tx_gas_used();
    let result = chain.activate(program);
    assert!(result.is_success(), "{result:?}");
    // Two cold accounts and 3 gas a word of each fragment; the program itself is the same.
    let words = |part: &[u8]| u64::try_from((part.len() + 3).div_ceil(32)).unwrap();
    let reads = 2 * 2_600 + 3 * (words(head) + words(tail));
    let zeros = |address: Address| {
        calldata_gas(&ArbWasm::activateProgramCall { program: address }.abi_encode())
    };
    assert_eq!(result.tx_gas_used() - zeros(program), whole - zeros(plain) + reads);
    assert!(chain.send(program, vec![]).is_success());
    let wrong = chain.deploy_code(&root(package.wasm.len() + 1, &[first, second]));
    assert!(revert_data(&chain.activate(wrong)).is_empty());
    let parts: Vec<Address> = stream
        .chunks(stream.len().div_ceil(4))
        .map(|part| chain.deploy_code(&fragment(part)))
        .collect();
    let [a, b, c, d] = parts[..] else { panic!("four parts") };
    let four = chain.deploy_code(&root(package.wasm.len(), &[a, b, c, d]));
    assert!(chain.activate(four).is_success());
    assert!(chain.send(four, vec![]).is_success());
    let five = chain.deploy_code(&root(package.wasm.len(), &[a, b, c, d, first]));
    assert!(revert_data(&chain.activate(five)).is_empty());
    assert!(revert_data(&chain.activate(first)).is_empty());
}

#[test]
fn multi_value_ends_with_60() {
    let multi = r#"(module (memory (export "memory") 1 1)
        (func $two (result i32 i32) i32.const 0 i32.const 1)
        (func (export "user_entrypoint") (param i32) (result i32) call $two drop))"#;
    let code = pack::compress(&wat::parse_str(multi).unwrap()).unwrap();
    for (arbos, fine) in [(ArbOs::V51, true), (ArbOs::V60, false)] {
        let mut chain = TestChain::new(arbos);
        let program = chain.deploy_code(&code);
        assert_eq!(chain.activate(program).is_success(), fine, "{arbos:?}");
    }
}

#[test]
fn unknown_methods_and_wrong_use_of_precompiles_burn_all_gas() {
    let mut chain = TestChain::default();
    let arb_sys = precompile_address(0x64);
    for (to, data, value) in [
        (arb_sys, vec![1, 2, 3, 4], 0),
        (arb_sys, vec![1], 0),
        (arb_sys, vec![], 0),
        // arbBlockNumber() does not take value.
        (arb_sys, vec![0xa3, 0xb1, 0xb3, 0x1d], 1),
    ] {
        let result = chain.pay(to, data, value);
        assert!(revert_data(&result).is_empty());
        assert_eq!(result.tx_gas_used(), 32_000_000);
    }
    let result = chain.send(arb_sys, vec![0xa3, 0xb1, 0xb3, 0x1d]);
    assert_eq!(result.output().unwrap().as_ref(), B256::from(U256::from(7)).as_slice());
    // Four bytes of calldata that are not zero; state 800, one word of result 3.
    assert_eq!(result.tx_gas_used(), TX + 64 + 803);
}

sol! {
    interface ArbOwner {
        function addChainOwner(address newOwner) external;
        function isChainOwner(address account) external view returns (bool);
        function addWasmCacheManager(address manager) external;
        function removeWasmCacheManager(address manager) external;
        function setWasmExpiryDays(uint16 expiryDays) external;
        event OwnerActs(bytes4 indexed method, address indexed owner, bytes data);
    }
    interface ArbDebug {
        function becomeChainOwner() external;
        function customRevert(uint64 number) external pure;
        error Custom(uint64 number, string name, bool flag);
    }
}

#[test]
fn owners_change_parameters_and_cache_managers() {
    let mut chain = TestChain::default();
    let (owner, debug) = (precompile_address(0x70), precompile_address(0xff));
    let expiry = ArbOwner::setWasmExpiryDaysCall { expiryDays: 3 }.abi_encode();
    assert!(revert_data(&chain.send(owner, expiry.clone())).is_empty());
    assert!(chain.send(debug, ArbDebug::becomeChainOwnerCall {}.abi_encode()).is_success());
    let act = chain.send(owner, expiry.clone());
    assert!(act.is_success(), "{act:?}");
    // Methods of owners cost nothing beyond the transaction.
    assert_eq!(act.tx_gas_used(), TX + calldata_gas(&expiry));
    let event = ArbOwner::OwnerActs::decode_log(&act.logs()[0]).unwrap();
    assert_eq!((event.owner, event.data.data.as_ref()), (support::ALICE, expiry.as_slice()));
    let program = chain.program(NOTHING);
    chain.block.timestamp += 2 * DAY;
    assert!(chain.send(program, vec![]).is_success());
    chain.block.timestamp += 2 * DAY;
    assert!(chain.send(program, vec![]).is_halt());
    let manager = Address::repeat_byte(0x77);
    let is_manager = ArbWasmCache::isCacheManagerCall { manager }.abi_encode();
    for (call, expected) in [
        (ArbOwner::addWasmCacheManagerCall { manager }.abi_encode(), true),
        (ArbOwner::removeWasmCacheManagerCall { manager }.abi_encode(), false),
    ] {
        assert!(chain.send(owner, call).is_success());
        let answer = chain.send(CACHE, is_manager.clone());
        let answer = ArbWasmCache::isCacheManagerCall::abi_decode_returns(answer.output().unwrap());
        assert_eq!(answer.unwrap(), expected);
    }
    let custom = chain.send(debug, ArbDebug::customRevertCall { number: 9 }.abi_encode());
    assert_eq!(ArbDebug::Custom::abi_decode(revert_data(&custom)).unwrap().number, 9);
}

#[test]
fn what_follows_the_compressed_wasm_is_not_read() {
    let wasm = wat::parse_str(
        r#"(module (memory (export "memory") 1 1)
        (func (export "user_entrypoint") (param i32) (result i32) i32.const 0))"#,
    );
    let code = pack::compress(&wasm.unwrap()).unwrap();
    for (tail, fine) in [(&[0u8, 1, 2, 3][..], true), (&[0xff; 40], true), (&[], true)] {
        let mut chain = TestChain::default();
        let program = chain.deploy_code(&[&code[..], tail].concat());
        assert_eq!(chain.activate(program).is_success(), fine, "{tail:?}");
        assert!(chain.send(program, vec![]).is_success());
    }
    // A stream that ends too early is no stream.
    let mut chain = TestChain::default();
    let program = chain.deploy_code(&code[..code.len() - 1]);
    assert!(!chain.activate(program).is_success());
}

#[test]
fn an_imported_function_may_be_the_entry_point() {
    // The length of the calldata is taken for a pointer; the size of that account's code is the status.
    let wasm = wat::parse_str(
        r#"(module (import "vm_hooks" "account_code_size" (func $size (param i32) (result i32)))
        (memory (export "memory") 1 1) (export "user_entrypoint" (func $size)))"#,
    );
    let mut chain = TestChain::default();
    let program = chain.program_wasm(&wasm.unwrap());
    assert!(chain.send(program, vec![]).is_success());
    assert!(!chain.send(program, vec![0; 65_517]).is_success());
}

#[test]
fn version_3_comes_with_60() {
    for (arbos, version, gas) in [(ArbOs::V51, 2_u16, 0), (ArbOs::V60, 3, 800)] {
        let mut chain = TestChain::new(arbos);
        let asked = chain.send(ARB_WASM, ArbWasm::stylusVersionCall {}.abi_encode());
        assert_eq!(U256::from_be_slice(asked.output().unwrap()), U256::from(version));
        let program = chain.deploy_code(&nothing().code);
        let activated = chain.activate(program);
        let event = ProgramActivated::decode_log(activated.logs().last().unwrap()).unwrap();
        assert_eq!(event.version, version);
        // From 60 on the gas that owners may add to activation is read, and paid for, though it is nothing.
        let mut old = TestChain::default();
        old.send(ARB_WASM, ArbWasm::stylusVersionCall {}.abi_encode());
        let same = old.deploy_code(&nothing().code);
        assert_eq!(same, program);
        assert_eq!(activated.tx_gas_used(), old.activate(same).tx_gas_used() + gas);
    }
    let mut chain = TestChain::new(ArbOs::V60);
    // activationGas()
    let selector = keccak256("activationGas()")[..4].to_vec();
    let input = calldata_gas(&selector);
    assert_eq!(chain.send(ARB_WASM, selector).tx_gas_used(), TX + input + 800 + 800 + 3);
}

/// A stream of the kind that only decoders with large windows read.
#[test]
fn streams_of_large_windows_are_refused() {
    let stream = [0x11, 0x16, 0x08, 0x00, 0x02, 0x68, 0x65, 0x6c, 0x6c, 0x6f, 0x03];
    let mut chain = TestChain::default();
    let program = chain.deploy_code(&[&[0xef, 0xf0, 0x00, 0x00][..], &stream].concat());
    let result = chain.activate(program);
    assert!(revert_data(&result).is_empty());
    assert!(result.tx_gas_used() < 3_000_000, "an invalid stream keeps the gas: {result:?}");
}
