//! Corners of the chain's rules where a unit of gas is easily lost: exact exhaustion, accounts that
//! are not looked at, what errors and owners pay, what enters the cache of recent programs.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod support;

use alloy_primitives::{Address, B256, KECCAK256_EMPTY, TxKind, U256, address, keccak256};
use alloy_sol_types::{SolCall, SolError, sol};
use novate_devnode::{ArbOs, CallOptions, DEV_OWNER, pack, precompile_address, wasm::Features};
use revm::{
    context::result::{ExecutionResult, ResultAndState},
    state::{AccountInfo, Bytecode},
};
use support::{ALICE, ARB_WASM, ArbWasm, ONE_ETHER, START, TX, TestChain, calldata_gas};

const OWNER: Address = precompile_address(0x70);
const OWNER_PUBLIC: Address = precompile_address(0x6b);
const CACHE: Address = precompile_address(0x72);
const GAS_INFO: Address = precompile_address(0x6c);
const INFO: Address = precompile_address(0x65);
const TEST: Address = precompile_address(0x69);
const AGGREGATOR: Address = precompile_address(0x6d);
const RETRYABLE: Address = precompile_address(0x6e);
const DEBUG: Address = precompile_address(0xff);

sol! {
    interface ArbOwner {
        function getAllChainOwners() external view returns (address[] memory);
        function removeChainOwner(address owner) external;
        function setWasmPageLimit(uint16 limit) external;
        function setWasmActivationGas(uint64 gas) external;
        function setWasmMaxSize(uint32 size) external;
    }
    interface ArbOwnerPublic {
        function isChainOwner(address account) external view returns (bool);
        function getAllChainOwners() external view returns (address[] memory);
        function rectifyChainOwner(address account) external;
        function isNativeTokenOwner(address account) external view returns (bool);
        function getAllNativeTokenOwners() external view returns (address[] memory);
        function getParentGasFloorPerToken() external view returns (uint64);
        function getNativeTokenManagementFrom() external view returns (uint64);
    }
    interface ArbosTest {
        function burnArbGas(uint256 gas) external pure;
    }
    interface ArbAggregator {
        function getFeeCollector(address poster) external view returns (address);
    }
    interface ArbRetryableTx {
        function redeem(bytes32 ticket) external returns (bytes32);
        error NoTicketWithID();
    }
    interface ArbDebug {
        function eventsView() external view;
        function customRevert(uint64 number) external pure;
    }
    interface ArbWasmCache {
        function cacheProgram(address addr) external;
        function evictCodehash(bytes32 codehash) external;
    }
    interface ArbGasInfo {
        function getPricesInWei() external view
            returns (uint256, uint256, uint256, uint256, uint256, uint256);
        function getMinimumGasPrice() external view returns (uint256);
        function getL1PricingSurplus() external view returns (int256);
        function getPerBatchGasCharge() external view returns (int64);
        function getAmortizedCostCapBips() external view returns (uint64);
        function getL1PricingEquilibrationUnits() external view returns (uint256);
        function getLastL1PricingUpdateTime() external view returns (uint64);
        function getL1PricingFundsDueForRewards() external view returns (uint256);
    }
    interface ArbInfo {
        function getBalance(address account) external view returns (uint256);
        function getCode(address account) external view returns (bytes memory);
    }
}

/// Calls the first address of its calldata (20 bytes) with what follows the second, and returns the
/// ink that the balance of the second then costs.
const PROBE: &str = r#"(module
    (import "vm_hooks" "read_args" (func $read_args (param i32)))
    (import "vm_hooks" "write_result" (func $write_result (param i32 i32)))
    (import "vm_hooks" "evm_ink_left" (func $ink (result i64)))
    (import "vm_hooks" "account_balance" (func $balance (param i32 i32)))
    (import "vm_hooks" "call_contract"
        (func $call (param i32 i32 i32 i32 i64 i32) (result i32)))
    (memory (export "memory") 1 1)
    (func (export "user_entrypoint") (param $len i32) (result i32) (local $before i64)
        (call $read_args (i32.const 1024))
        (if (call $call (i32.const 1024) (i32.const 1064) (i32.sub (local.get $len) (i32.const 40))
                (i32.const 0) (i64.const -1) (i32.const 64))
            (then unreachable))
        (local.set $before (call $ink))
        (call $balance (i32.const 1044) (i32.const 128))
        (i64.store (i32.const 0) (i64.sub (local.get $before) (call $ink)))
        (call $write_result (i32.const 0) (i32.const 8))
        i32.const 0))"#;

/// Gas that the balance of `account` costs `probe` after it has called `to`.
fn touch(chain: &mut TestChain, probe: Address, to: Address, account: Address, data: &[u8]) -> u64 {
    let calldata = [to.as_slice(), account.as_slice(), data].concat();
    let result = chain.send(probe, calldata);
    let ink = result.output().unwrap_or_else(|| panic!("{result:?}")).first_chunk().copied();
    // A block 2450 + 210 + 2 + 3800; the balance 8400 + 2 * 5040 + 59,673; a block 2450 + 1 + 75 +
    // 3800; the ink 8400: the rest are whole units of gas.
    let fixed = 6_462 + 78_153 + 6_326 + 8_400;
    let ink = u64::from_le_bytes(ink.unwrap()) - fixed;
    assert_eq!(ink % 10_000, 0);
    ink / 10_000
}

const NOTHING: &str = r#"(module (memory (export "memory") 1 1)
    (func (export "user_entrypoint") (param i32) (result i32) i32.const 0))"#;

fn with_gas(
    chain: &mut TestChain,
    to: Address,
    data: impl Into<alloy_primitives::Bytes>,
    gas: u64,
) -> ResultAndState {
    let mut tx = chain.tx(TxKind::Call(to), data, 0);
    tx.gas_limit = gas;
    chain.engine.transact(&mut chain.db, &chain.block, tx, CallOptions::simulation()).unwrap()
}

/// Sends from the account that the chain starts with as its owner.
fn own(chain: &mut TestChain, to: Address, data: Vec<u8>) -> ExecutionResult {
    let nonce = chain.db.cache.accounts.get(&DEV_OWNER).map_or(0, |account| account.info.nonce);
    let rich = AccountInfo { balance: U256::from(ONE_ETHER), nonce, ..AccountInfo::default() };
    chain.db.insert_account_info(DEV_OWNER, rich);
    let mut tx = chain.tx(TxKind::Call(to), data, 0);
    (tx.caller, tx.nonce) = (DEV_OWNER, nonce);
    let result = chain.send_tx(tx);
    chain.nonce -= 1;
    result
}

#[test]
fn a_flush_may_take_the_last_unit_of_gas() {
    let mut chain = TestChain::default();
    let writer = chain.program(
        r#"(module
        (import "vm_hooks" "storage_cache_bytes32" (func $store (param i32 i32)))
        (import "vm_hooks" "storage_flush_cache" (func $flush (param i32)))
        (memory (export "memory") 1 1)
        (data (i32.const 63) "\01")
        (func (export "user_entrypoint") (param i32) (result i32)
            (drop (i32.load (i32.const 0))) (drop (i32.load (i32.const 0)))
            (call $store (i32.const 0) (i32.const 32))
            (call $flush (i32.const 0))
            i32.const 0))"#,
    );
    let start = chain.start_gas(writer);
    // Block 1: 2450 + 2 * (670 + 1 + 9) + 2 + 3800; store 18,480; block 2: 2450 + 1 + 3800;
    // flush 8400 + 59,673: 100,416 ink. A new slot then takes 22,100 gas, all that is left in whole
    // units; of the 9,584 ink besides, the last block takes 2,452.
    let ink: u64 = 2_450 + 2 * 680 + 2 + 3_800 + 18_480 + 6_251 + 68_073;
    assert_eq!(ink, 100_416);
    let gas = TX + start + 22_100 + ink.div_ceil(10_000);
    let fine = with_gas(&mut chain, writer, vec![], gas).result;
    assert!(fine.is_success(), "{fine:?}");
    assert_eq!(fine.tx_gas_used(), gas);
    let poor = with_gas(&mut chain, writer, vec![], gas - 1).result;
    assert!(poor.is_halt(), "{poor:?}");
}

#[test]
fn a_call_without_a_hundred_gas_does_not_touch_the_account() {
    let mut chain = TestChain::default();
    let caller = chain.program(
        r#"(module
        (import "vm_hooks" "static_call_contract"
            (func $call (param i32 i32 i32 i64 i32) (result i32)))
        (memory (export "memory") 1 1)
        (data (i32.const 0) "\cc\cc\cc\cc\cc\cc\cc\cc\cc\cc\cc\cc\cc\cc\cc\cc\cc\cc\cc\cc")
        (func (export "user_entrypoint") (param i32) (result i32)
            (drop (call $call (i32.const 0) (i32.const 0) (i32.const 0) (i64.const -1)
                (i32.const 64)))
            i32.const 0))"#,
    );
    let start = chain.start_gas(caller);
    // Block 1: 2450 + 5 + 3800 = 6,255; call: 8400 + 3 * 5040 + 59,673 + 2 * 16,381 = 115,955.
    let before = 122_210u64;
    // The last block, 2450 + 9 + 2, is paid from what is left of the last unit: 7,790 ink.
    for (left, touched) in [(99, false), (100, true)] {
        let gas = TX + start + before.div_ceil(10_000) + left;
        let run = with_gas(&mut chain, caller, vec![], gas);
        assert!(run.result.is_success(), "{left}: {:?}", run.result);
        assert_eq!(run.result.tx_gas_used(), gas, "{left}: all is lost");
        assert_eq!(run.state.contains_key(&Address::repeat_byte(0xcc)), touched, "{left}");
    }
}

#[test]
fn long_term_cached_programs_enter_the_recent_ones_too() {
    let mut chain = TestChain::new(ArbOs::V60);
    let package =
        pack::pack(&wat::parse_str(NOTHING).unwrap(), Features { stylus_version: 2, debug: true });
    let code = package.unwrap().code;
    let program = chain.deploy_code(&code);
    assert!(chain.activate(program).is_success());
    let warm = TX + 352 + 11 + 1;
    let cold = TX + START + 18 + 11 + 1;
    let cache = ArbWasmCache::cacheProgramCall { addr: program }.abi_encode();
    let cached = own(&mut chain, CACHE, cache.clone());
    // Arguments 3, state 800, code hash 2600, is it a manager 800, an owner 800, parameters 100,
    // entry 800; event 375 * 4 + 8 * 32; what the start costs: 18; module hash 800; entry 20,000.
    let gas = 3 + 800 + 2_600 + 800 + 800 + 100 + 800 + 1_500 + 256 + 18 + 800 + 20_000;
    assert_eq!(cached.tx_gas_used(), TX + calldata_gas(&cache) + gas);
    assert_eq!(chain.send(program, vec![]).tx_gas_used(), warm);
    let evict = ArbWasmCache::evictCodehashCall { codehash: keccak256(&code) }.abi_encode();
    assert!(own(&mut chain, CACHE, evict).is_success());
    assert_eq!(chain.send(program, vec![]).tx_gas_used(), warm, "it ran in this block");
    chain.block.number += 1;
    assert_eq!(chain.send(program, vec![]).tx_gas_used(), cold);
    assert_eq!(chain.send(program, vec![]).tx_gas_used(), warm);
}

#[test]
fn a_cached_program_pays_a_read_more_when_activated_again() {
    let code = pack::compress(&wat::parse_str(NOTHING).unwrap()).unwrap();
    let run = |cached: bool| {
        let mut chain = TestChain::default();
        let program = chain.deploy_code(&code);
        assert!(chain.activate(program).is_success());
        if cached {
            let cache = ArbWasmCache::cacheProgramCall { addr: program }.abi_encode();
            assert!(own(&mut chain, CACHE, cache).is_success());
        }
        chain.block.timestamp += 366 * 86_400;
        let again = chain.activate(program);
        assert!(again.is_success(), "{again:?}");
        again.tx_gas_used()
    };
    assert_eq!(run(true), run(false) + 800);
}

#[test]
fn the_data_of_an_error_is_paid_as_results_are() {
    let mut chain = TestChain::default();
    let call = ArbWasm::programMemoryFootprintCall { program: ALICE }.abi_encode();
    let result = chain.send(ARB_WASM, call.clone());
    let ExecutionResult::Revert { output, .. } = &result else { panic!("{result:?}") };
    assert_eq!(output.as_ref(), ArbWasm::ProgramNotActivated {}.abi_encode());
    // Argument 3, state 800, parameters 100, code hash 2600, entry 800, one word of error 3.
    assert_eq!(result.tx_gas_used(), TX + calldata_gas(&call) + 3 + 800 + 100 + 2_600 + 800 + 3);
}

#[test]
fn owners_are_a_set_that_is_read() {
    let mut chain = TestChain::default();
    let call = ArbOwnerPublic::isChainOwnerCall { account: DEV_OWNER }.abi_encode();
    let result = chain.send(OWNER_PUBLIC, call.clone());
    assert_eq!(U256::from_be_slice(result.output().unwrap()), U256::ONE);
    // Argument 3, state 800, membership 800, result 3.
    assert_eq!(result.tx_gas_used(), TX + calldata_gas(&call) + 1_606);
    let call = ArbOwnerPublic::getAllChainOwnersCall {}.abi_encode();
    let result = chain.send(OWNER_PUBLIC, call.clone());
    let owners =
        ArbOwnerPublic::getAllChainOwnersCall::abi_decode_returns(result.output().unwrap());
    assert_eq!(owners.unwrap(), [DEV_OWNER]);
    // State 800, size 800, one member 800, three words of result 9.
    assert_eq!(result.tx_gas_used(), TX + calldata_gas(&call) + 2_409);
}

#[test]
fn owners_pay_nothing_and_every_act_is_logged() {
    let mut chain = TestChain::default();
    let view = ArbOwner::getAllChainOwnersCall {}.abi_encode();
    let result = own(&mut chain, OWNER, view.clone());
    assert_eq!(result.logs().len(), 1, "a view is logged too unless the call is static");
    assert_eq!(result.tx_gas_used(), TX + calldata_gas(&view));
    let absent = ArbOwner::removeChainOwnerCall { owner: ALICE }.abi_encode();
    let unknown = vec![1, 2, 3, 4];
    for data in [absent, unknown] {
        let result = own(&mut chain, OWNER, data.clone());
        assert!(matches!(&result, ExecutionResult::Revert { output, .. } if output.is_empty()));
        assert_eq!(result.tx_gas_used(), TX + calldata_gas(&data), "{result:?}");
    }
    let stranger = chain.send(OWNER, view);
    assert!(!stranger.is_success());
    assert_eq!(stranger.tx_gas_used(), 32_000_000);
}

#[test]
fn views_pay_for_what_they_read() {
    let mut chain = TestChain::default();
    let prices = ArbGasInfo::getPricesInWeiCall {}.abi_encode();
    // State 800, two reads 1600, six words 18.
    let expected = TX + calldata_gas(&prices) + 2_418;
    assert_eq!(chain.send(GAS_INFO, prices).tx_gas_used(), expected);
    let minimum = ArbGasInfo::getMinimumGasPriceCall {}.abi_encode();
    let expected = TX + calldata_gas(&minimum) + 800 + 800 + 3;
    assert_eq!(chain.send(GAS_INFO, minimum).tx_gas_used(), expected);
    let code = ArbInfo::getCodeCall { account: OWNER }.abi_encode();
    // Argument 3, state 800, code 2100, its one word 3, result of three words 9.
    let expected = TX + calldata_gas(&code) + 3 + 800 + 2_100 + 3 + 9;
    assert_eq!(chain.send(INFO, code).tx_gas_used(), expected);
}

#[test]
fn prices_of_the_parent_chain_are_read_too() {
    let mut chain = TestChain::default();
    let mut view = |data: Vec<u8>, reads: u64, answer: u64| {
        let result = chain.send(GAS_INFO, data.clone());
        // State 800, the reads, one word 3.
        assert_eq!(result.tx_gas_used(), TX + calldata_gas(&data) + 803 + 800 * reads);
        assert_eq!(U256::from_be_slice(result.output().unwrap()), U256::from(answer));
    };
    // What is due to posters and as rewards, and what there is.
    view(ArbGasInfo::getL1PricingSurplusCall {}.abi_encode(), 3, 0);
    view(ArbGasInfo::getPerBatchGasChargeCall {}.abi_encode(), 1, 210_000);
    view(ArbGasInfo::getAmortizedCostCapBipsCall {}.abi_encode(), 1, 0);
    view(ArbGasInfo::getL1PricingEquilibrationUnitsCall {}.abi_encode(), 1, 160_000_000);
    view(ArbGasInfo::getLastL1PricingUpdateTimeCall {}.abi_encode(), 1, 0);
    view(ArbGasInfo::getL1PricingFundsDueForRewardsCall {}.abi_encode(), 1, 0);
}

#[test]
fn anybody_may_ask_about_native_tokens_which_nobody_owns() {
    let mut chain = TestChain::default();
    let mut view = |data: Vec<u8>, gas: u64, answer: &[u64]| {
        let result = chain.send(OWNER_PUBLIC, data.clone());
        assert_eq!(result.tx_gas_used(), TX + calldata_gas(&data) + gas, "{result:?}");
        let words = result.output().unwrap().chunks(32).map(U256::from_be_slice);
        assert!(words.eq(answer.iter().map(|&word| U256::from(word))));
    };
    // State 800, a read 800, argument and result 3 per word.
    view(ArbOwnerPublic::isNativeTokenOwnerCall { account: ALICE }.abi_encode(), 1_606, &[0]);
    view(ArbOwnerPublic::getAllNativeTokenOwnersCall {}.abi_encode(), 1_606, &[32, 0]);
    view(ArbOwnerPublic::getParentGasFloorPerTokenCall {}.abi_encode(), 1_603, &[0]);
    view(ArbOwnerPublic::getNativeTokenManagementFromCall {}.abi_encode(), 1_603, &[0]);
}

#[test]
fn the_set_of_owners_needs_no_repair() {
    let mut chain = TestChain::default();
    // Argument 3, state 800, membership 800; of an owner also its index, what is there, the size.
    for (account, gas) in [(ALICE, 1_603), (DEV_OWNER, 4_003)] {
        let data = ArbOwnerPublic::rectifyChainOwnerCall { account }.abi_encode();
        let result = chain.send(OWNER_PUBLIC, data.clone());
        assert!(matches!(&result, ExecutionResult::Revert { output, .. } if output.is_empty()));
        assert_eq!(result.tx_gas_used(), TX + calldata_gas(&data) + gas);
    }
}

#[test]
fn lookups_that_fail_pay_for_what_they_have_read() {
    let mut chain = TestChain::default();
    // Argument 3, state 800, the size of the ticket 800, the ticket 800, error 3.
    let data = ArbRetryableTx::redeemCall { ticket: B256::repeat_byte(7) }.abi_encode();
    let result = chain.send(RETRYABLE, data.clone());
    let error = ArbRetryableTx::NoTicketWithID {}.abi_encode();
    assert_eq!(result.output().unwrap().as_ref(), error);
    assert_eq!(result.tx_gas_used(), TX + calldata_gas(&data) + 2_406);
    // Argument 3, state 800, is it a poster 800.
    let data = ArbAggregator::getFeeCollectorCall { poster: ALICE }.abi_encode();
    let result = chain.send(AGGREGATOR, data.clone());
    assert!(matches!(&result, ExecutionResult::Revert { output, .. } if output.is_empty()));
    assert_eq!(result.tx_gas_used(), TX + calldata_gas(&data) + 1_603);
}

#[test]
fn gas_may_be_burned_for_nothing() {
    let mut chain = TestChain::default();
    let mut burn = |gas: U256, limit: u64| {
        let data = ArbosTest::burnArbGasCall { gas }.abi_encode();
        let base = TX + calldata_gas(&data);
        let result = with_gas(&mut chain, TEST, data, base + limit).result;
        (result.is_success(), result.tx_gas_used() - base)
    };
    // Argument 3; the method is pure.
    assert_eq!(burn(U256::from(500), 1_000), (true, 503));
    assert_eq!(burn(U256::from(5_000), 1_000), (true, 1_000), "more than there is");
    assert_eq!(burn(U256::from(u128::MAX), 1_000), (false, 3), "more than fits");
}

#[test]
fn a_view_that_logs_fails_and_keeps_its_gas() {
    let mut chain = TestChain::default();
    let data = ArbDebug::eventsViewCall {}.abi_encode();
    let result = chain.send(DEBUG, data.clone());
    assert!(matches!(&result, ExecutionResult::Revert { output, .. } if output.is_empty()));
    assert_eq!(result.tx_gas_used(), TX + calldata_gas(&data) + 800);
}

#[test]
fn numbers_must_fit_their_types() {
    let mut chain = TestChain::default();
    let mut limit = ArbOwner::setWasmPageLimitCall { limit: 2 }.abi_encode();
    limit[33] = 1;
    assert!(!own(&mut chain, OWNER, limit).is_success());
    let mut number = ArbDebug::customRevertCall { number: 1 }.abi_encode();
    number[4] = 1;
    let result = chain.send(DEBUG, number.clone());
    assert!(matches!(&result, ExecutionResult::Revert { output, .. } if output.is_empty()));
    assert_eq!(result.tx_gas_used(), 32_000_000);
    // The bytes before an address count for nothing.
    let mut account = ArbOwnerPublic::isChainOwnerCall { account: DEV_OWNER }.abi_encode();
    account[4] = 1;
    assert!(chain.send(OWNER_PUBLIC, account).is_success());
}

#[test]
fn a_simulation_without_a_price_sees_no_base_fee() {
    let mut chain = TestChain::default();
    let program = chain.program(
        r#"(module
        (import "vm_hooks" "block_basefee" (func $fee (param i32)))
        (import "vm_hooks" "tx_gas_price" (func $price (param i32)))
        (import "vm_hooks" "write_result" (func $write_result (param i32 i32)))
        (memory (export "memory") 1 1)
        (func (export "user_entrypoint") (param i32) (result i32)
            (call $fee (i32.const 0)) (call $price (i32.const 32))
            (call $write_result (i32.const 0) (i32.const 64))
            i32.const 0))"#,
    );
    // BASEFEE and GASPRICE.
    let contract = Address::repeat_byte(0x24);
    chain.etch(contract, vec![0x48, 0x5f, 0x52, 0x3a, 0x60, 32, 0x52, 0x60, 64, 0x5f, 0xf3]);
    let prices = ArbGasInfo::getPricesInWeiCall {}.abi_encode();
    let base = U256::from(chain.block.base_fee);
    for (price, seen) in [(0, U256::ZERO), (chain.block.base_fee, base)] {
        let mut words = |to: Address, data: &[u8], options: CallOptions| {
            let mut tx = chain.tx(TxKind::Call(to), data.to_vec(), 0);
            tx.gas_price = u128::from(price);
            let block = chain.block.clone();
            let result = chain.engine.transact(&mut chain.db, &block, tx, options).unwrap().result;
            let output = result.output().unwrap().chunks(32).map(U256::from_be_slice);
            output.collect::<Vec<U256>>()
        };
        for to in [program, contract] {
            assert_eq!(words(to, &[], CallOptions::simulation()), [seen, seen], "{to} {price}");
        }
        // The chain's own prices are those of the block.
        assert_eq!(words(GAS_INFO, &prices, CallOptions::simulation())[5], base);
        // So is what an unpriced call sees that asks for the block as it is.
        let mut options = CallOptions::simulation();
        options.hide_base_fee = false;
        assert_eq!(words(contract, &[], options)[0], base);
    }
}

#[test]
fn an_owner_needs_the_gas_that_is_given_back() {
    let mut chain = TestChain::default();
    let data = ArbOwner::getAllChainOwnersCall {}.abi_encode();
    // To know the owner: state 800, membership 800. The view itself: state 800, size 800, the
    // member 800, three words 9.
    let rich = AccountInfo { balance: U256::from(ONE_ETHER), ..AccountInfo::default() };
    chain.db.insert_account_info(DEV_OWNER, rich);
    for (gas, burned, fine) in
        [(1_599, 1_599, false), (1_600, 0, false), (2_408, 0, false), (2_409, 0, true)]
    {
        let mut tx = chain.tx(TxKind::Call(OWNER), data.clone(), 0);
        (tx.caller, tx.nonce) = (DEV_OWNER, 0);
        tx.gas_limit = TX + calldata_gas(&data) + gas;
        let result = chain
            .engine
            .transact(&mut chain.db, &chain.block, tx, CallOptions::simulation())
            .unwrap()
            .result;
        assert_eq!(result.is_success(), fine, "{gas}: {result:?}");
        assert_eq!(result.tx_gas_used(), TX + calldata_gas(&data) + burned, "{gas}");
    }
}

const GROW: &str = r#"(module
    (import "vm_hooks" "pay_for_memory_grow" (func (param i32)))
    (memory (export "memory") 1)
    (func (export "user_entrypoint") (param i32) (result i32)
        (drop (memory.grow (i32.const 2)))
        i32.const 0))"#;

#[test]
fn from_60_on_the_page_limit_holds_while_a_program_runs() {
    for (arbos, fine) in [(ArbOs::V51, true), (ArbOs::V60, false)] {
        let mut chain = TestChain::new(arbos);
        let program = chain.program(GROW);
        assert!(chain.send(program, vec![]).is_success());
        let limit = ArbOwner::setWasmPageLimitCall { limit: 2 }.abi_encode();
        assert!(own(&mut chain, OWNER, limit).is_success());
        assert_eq!(chain.send(program, vec![]).is_success(), fine, "{arbos:?}");
    }
}

#[test]
fn a_lower_size_limit_stops_activations_not_programs() {
    let mut chain = TestChain::default();
    let program = chain.program(NOTHING);
    let other = NOTHING.replace("i32.const 0", "i32.const 1");
    let late = chain.deploy_code(&pack::compress(&wat::parse_str(other).unwrap()).unwrap());
    let limit = ArbOwner::setWasmMaxSizeCall { size: 10 }.abi_encode();
    assert!(own(&mut chain, OWNER, limit).is_success());
    assert!(!chain.activate(late).is_success());
    // Another engine has to compile it first.
    chain.engine = TestChain::default().engine;
    assert!(chain.send(program, vec![]).is_success());
}

#[test]
fn owners_may_price_activation_from_60_on() {
    let set = ArbOwner::setWasmActivationGasCall { gas: 1_000_000 }.abi_encode();
    let mut chain = TestChain::default();
    assert!(!own(&mut chain, OWNER, set.clone()).is_success());
    let code = pack::compress(&wat::parse_str(NOTHING).unwrap()).unwrap();
    let run = |raise: bool| {
        let mut chain = TestChain::new(ArbOs::V60);
        if raise {
            assert!(own(&mut chain, OWNER, set.clone()).is_success());
        }
        let program = chain.deploy_code(&code);
        chain.activate(program).tx_gas_used()
    };
    assert_eq!(run(true), run(false) + 1_000_000);
}

#[test]
fn console_text_is_read() {
    let mut chain = TestChain::default();
    for (pointer, fine) in [(65_530, true), (65_531, false), (-1, false)] {
        let program = chain.program(&format!(
            r#"(module (import "console" "log_txt" (func $log (param i32 i32)))
            (memory (export "memory") 1 1)
            (func (export "user_entrypoint") (param i32) (result i32)
                (call $log (i32.const {pointer}) (i32.const 6)) i32.const 0))"#
        ));
        assert_eq!(chain.send(program, vec![]).is_success(), fine, "{pointer}");
    }
}

#[test]
fn what_the_chain_looks_at_stays_cold() {
    let mut chain = TestChain::default();
    let probe = chain.program(PROBE);
    let account = Address::repeat_byte(0xcc);
    assert_eq!(touch(&mut chain, probe, ALICE, account, &[]), 2_600);
    assert_eq!(touch(&mut chain, probe, account, account, &[]), 100, "a call warms");
    let balance = ArbInfo::getBalanceCall { account }.abi_encode();
    assert_eq!(touch(&mut chain, probe, INFO, account, &balance), 2_600);
    let code = ArbInfo::getCodeCall { account }.abi_encode();
    assert_eq!(touch(&mut chain, probe, INFO, account, &code), 2_600);
    let program = chain.program(NOTHING);
    let pages = ArbWasm::programMemoryFootprintCall { program }.abi_encode();
    assert_eq!(touch(&mut chain, probe, ARB_WASM, program, &pages), 2_600);
    // The state of the chain's operating system is an account too.
    let state = address!("A4b05FffffFffFFFFfFFfffFfffFFfffFfFfFFFf");
    assert_eq!(touch(&mut chain, probe, ARB_WASM, state, &pages), 2_600);
}

#[test]
fn a_program_neither_pays_for_a_delegate_nor_warms_it() {
    let mut chain = TestChain::default();
    let probe = chain.program(PROBE);
    let (delegated, plain) = (Address::repeat_byte(0x77), Address::repeat_byte(0x78));
    let program = chain.program(NOTHING);
    let code = Bytecode::new_eip7702(program);
    chain.db.insert_account_info(delegated, AccountInfo::default().with_code(code));
    assert_eq!(touch(&mut chain, probe, delegated, program, &[]), 2_600);
    // It runs the delegate's code at the price of any program.
    let used = |chain: &mut TestChain, to: Address| {
        let calldata = [to.as_slice(), ALICE.as_slice()].concat();
        chain.send(probe, calldata).tx_gas_used()
    };
    let through = used(&mut chain, delegated);
    assert_eq!(through, used(&mut chain, program));
    assert!(through > used(&mut chain, plain) + START);
}

#[test]
fn a_static_call_makes_an_account_exist() {
    let mut chain = TestChain::default();
    // Calls the address in calldata, statically if the first byte is not zero; through a contract if
    // that is given, which reverts. Returns the code hash of the address.
    let program = chain.program(
        r#"(module
        (import "vm_hooks" "read_args" (func $read_args (param i32)))
        (import "vm_hooks" "write_result" (func $write_result (param i32 i32)))
        (import "vm_hooks" "account_codehash" (func $hash (param i32 i32)))
        (import "vm_hooks" "call_contract"
            (func $call (param i32 i32 i32 i32 i64 i32) (result i32)))
        (import "vm_hooks" "static_call_contract"
            (func $static (param i32 i32 i32 i64 i32) (result i32)))
        (memory (export "memory") 1 1)
        (func (export "user_entrypoint") (param i32) (result i32)
            (call $read_args (i32.const 1024))
            (if (i32.load8_u (i32.const 1024))
                (then (drop (call $static (i32.const 1025) (i32.const 1045) (i32.const 20)
                    (i64.const -1) (i32.const 64))))
                (else (drop (call $call (i32.const 1025) (i32.const 0) (i32.const 0) (i32.const 0)
                    (i64.const -1) (i32.const 64)))))
            (call $hash (i32.const 1045) (i32.const 0))
            (call $write_result (i32.const 0) (i32.const 32))
            i32.const 0))"#,
    );
    let nobody = Address::repeat_byte(0xcc);
    let identity = precompile_address(4);
    // Static calls the address in its calldata, then returns or reverts.
    let bridge = |last: u8| {
        let call = [0x5f, 0x5f, 0x5f, 0x5f, 0x5f, 0x35, 0x60, 0x60, 0x1c, 0x5a, 0xfa];
        [&call[..], &[0x5f, 0x5f, last]].concat()
    };
    let (returns, reverts) = (Address::repeat_byte(0x21), Address::repeat_byte(0x22));
    chain.etch(returns, bridge(0xf3));
    chain.etch(reverts, bridge(0xfd));
    for (is_static, to, account, exists) in [
        (0, nobody, nobody, false),
        (1, nobody, nobody, true),
        (0, identity, identity, true),
        (1, identity, identity, true),
        (1, returns, nobody, true),
        (1, reverts, nobody, false),
    ] {
        let calldata = [&[is_static], to.as_slice(), account.as_slice()].concat();
        let result = chain.send(program, calldata);
        let hash = if exists { KECCAK256_EMPTY.as_slice() } else { &[0; 32] };
        assert_eq!(result.output().unwrap().as_ref(), hash, "{is_static} {to} {account}");
    }
}

#[test]
fn what_destroys_itself_is_not_activated() {
    let mut chain = TestChain::default();
    let destructor = Address::repeat_byte(0x23);
    chain.etch(destructor, vec![0x5f, 0xff]);
    let code = pack::compress(&wat::parse_str(NOTHING).unwrap()).unwrap();
    let short = |length: usize| u16::try_from(length).unwrap().to_be_bytes();
    // Copies the `rest` that follows these bytes to 0.
    let copy = |rest: usize, offset: usize| {
        [&[0x61], &short(rest)[..], &[0x61], &short(offset)[..], &[0x5f, 0x39]].concat()
    };
    // Delegates to the destructor, then returns the program.
    let destroy = [&[0x5f, 0x5f, 0x5f, 0x5f, 0x73], destructor.as_slice(), &[0x5a, 0xf4, 0x50]];
    let finish = [&[0x61], &short(code.len())[..], &[0x5f, 0xf3]].concat();
    let inner = |destroy: &[u8]| {
        let copy = copy(code.len(), destroy.len() + 8 + finish.len());
        [destroy, &copy[..], &finish[..], &code[..]].concat()
    };
    let selector = ArbWasm::activateProgramCall::SELECTOR;
    // Creates the program, activates it with 3,000,000 gas, and returns success and gas used.
    let outer = |inner: &[u8]| {
        let create = [&[0x61], &short(inner.len())[..], &[0x5f, 0x5f, 0xf0]].concat();
        let calldata = [&[0x63], &selector[..], &[0x60, 0xe0, 0x1b, 0x5f, 0x52, 0x60, 4, 0x52]];
        let call = [
            0x5a, 0x5f, 0x5f, 0x60, 0x24, 0x5f, 0x5f, 0x60, 0x71, 0x62, 0x2d, 0xc6, 0xc0, 0xf1,
            0x5f, 0x52, 0x5a, 0x90, 0x03, 0x60, 0x20, 0x52, 0x60, 0x40, 0x5f, 0xf3,
        ];
        let rest = [create, calldata.concat(), call.to_vec()].concat();
        [copy(inner.len(), 8 + rest.len()), rest, inner.to_vec()].concat()
    };
    let mut run = |inner: &[u8]| {
        let tx = chain.tx(TxKind::Create, outer(inner), 0);
        let result = chain.send_tx(tx);
        let output = result.output().unwrap_or_else(|| panic!("{result:?}")).clone();
        let words: Vec<U256> = output.chunks(32).map(U256::from_be_slice).collect();
        assert_eq!(words[0], U256::ZERO);
        words[1].to::<u64>()
    };
    // The call 100 and the opcodes around it 24; argument 3, state 800, the fixed price.
    assert_eq!(run(&inner(&destroy.concat())), 124 + 803 + 1_659_168);
    // Otherwise the missing fee is found out after all the work.
    assert!(run(&inner(&[])) > 124 + 803 + 1_659_168 + 40_000);
}
