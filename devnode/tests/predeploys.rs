//! Contracts that tools expect from the first block on.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod support;

use std::{path::Path, process::Command};

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_sol_types::{SolCall, SolError, SolEvent, sol};
use novate_devnode::{
    CREATE2_FACTORY, ChainConfig, MULTICALL3, STYLUS_DEPLOYER, genesis, pack, wasm::Features,
};
use revm::context::result::ExecutionResult;
use support::{ALICE, ArbWasm, ONE_ETHER, TestChain};

sol! {
    struct Call3 {
        address target;
        bool allowFailure;
        bytes callData;
    }
    struct Answer {
        bool success;
        bytes returnData;
    }
    interface Multicall {
        function aggregate3(Call3[] calldata calls) external payable returns (Answer[] memory);
        function getEthBalance(address account) external view returns (uint256);
        function getChainId() external view returns (uint256);
    }
    interface Deployer {
        event ContractDeployed(address deployedContract);
        error ContractInitializationError(address newContract, bytes data);
        error InitValueButNotInitData();
        function deploy(
            bytes calldata bytecode, bytes calldata initData, uint256 initValue, bytes32 salt
        ) external payable returns (address);
        function initSalt(bytes32 salt, bytes calldata initData) external pure returns (bytes32);
    }
}

/// Returns its status from the first byte of calldata, and its value as data.
const CONSTRUCTED: &str = r#"(module
    (import "vm_hooks" "read_args" (func $args (param i32)))
    (import "vm_hooks" "msg_value" (func $value (param i32)))
    (import "vm_hooks" "write_result" (func $result (param i32 i32)))
    (memory (export "memory") 1 1)
    (func (export "user_entrypoint") (param i32) (result i32)
        (call $args (i32.const 64))
        (call $value (i32.const 0))
        (call $result (i32.const 0) (i32.const 32))
        (i32.load8_u (i32.const 64))))"#;

fn code() -> Bytes {
    let features = Features { stylus_version: 2, debug: true };
    let package = pack::pack(&wat::parse_str(CONSTRUCTED).unwrap(), features).unwrap();
    pack::init_code(&package.code)
}

fn deploy(init: &[u8], value: u64, salt: B256) -> Vec<u8> {
    let call = Deployer::deployCall {
        bytecode: code(),
        initData: Bytes::copy_from_slice(init),
        initValue: U256::from(value),
        salt,
    };
    call.abi_encode()
}

#[test]
fn a_stylus_contract_is_created_activated_and_constructed_in_one_transaction() {
    let mut chain = TestChain::default();
    let salt = B256::repeat_byte(5);
    let result = chain.pay(STYLUS_DEPLOYER, deploy(&[0, 1], 77, salt), ONE_ETHER);
    assert!(result.is_success(), "{result:?}");
    let logs = result.logs();
    let event = Deployer::ContractDeployed::decode_log(logs.last().unwrap()).unwrap();
    let mixed = keccak256([salt.as_slice(), &[0, 1]].concat());
    let created = STYLUS_DEPLOYER.create2(mixed, keccak256(code()));
    assert_eq!(event.deployedContract, created);
    assert_eq!(chain.db.cache.accounts[&created].info.balance, U256::from(77));
    assert_eq!(chain.db.cache.accounts[&STYLUS_DEPLOYER].info.balance, U256::ZERO);
    assert!(chain.send(created, vec![0]).is_success(), "it is active");
    let version = ArbWasm::programMemoryFootprintCall { program: created }.abi_encode();
    assert!(chain.send(support::ARB_WASM, version).is_success());
    // Again by CREATE: the code is active, nothing but the constructor is paid.
    let again = chain.pay(STYLUS_DEPLOYER, deploy(&[0], 3, B256::ZERO), 3);
    assert!(again.is_success(), "{again:?}");
    assert_eq!(again.logs().len(), 1);
}

#[test]
fn a_deployment_that_fails_says_why() {
    let mut chain = TestChain::default();
    let failed = chain.pay(STYLUS_DEPLOYER, deploy(&[1], 9, B256::ZERO), ONE_ETHER);
    let ExecutionResult::Revert { output, .. } = &failed else { panic!("{failed:?}") };
    let error = Deployer::ContractInitializationError::abi_decode(output).unwrap();
    assert_eq!(error.data.as_ref(), B256::from(U256::from(9)).as_slice());
    let useless = chain.pay(STYLUS_DEPLOYER, deploy(&[], 9, B256::ZERO), ONE_ETHER);
    let ExecutionResult::Revert { output, .. } = &useless else { panic!("{useless:?}") };
    assert_eq!(output.as_ref(), Deployer::InitValueButNotInitData {}.abi_encode());
}

#[test]
fn many_calls_run_in_one() {
    let mut chain = TestChain::default();
    let call = |target: Address, may_fail, data: Vec<u8>| Call3 {
        target,
        allowFailure: may_fail,
        callData: data.into(),
    };
    let balance = Multicall::getEthBalanceCall { account: ALICE }.abi_encode();
    let id = Multicall::getChainIdCall {}.abi_encode();
    let failing = call(MULTICALL3, true, vec![1, 2, 3, 4]);
    let calls = vec![call(MULTICALL3, false, id), failing, call(MULTICALL3, false, balance)];
    let result = chain.send(MULTICALL3, Multicall::aggregate3Call { calls }.abi_encode());
    let answers = Multicall::aggregate3Call::abi_decode_returns(result.output().unwrap()).unwrap();
    assert_eq!(U256::from_be_slice(&answers[0].returnData), U256::from(412_346));
    assert!(!answers[1].success && answers[2].success);
    let calls = vec![call(MULTICALL3, false, vec![1, 2, 3, 4])];
    let result = chain.send(MULTICALL3, Multicall::aggregate3Call { calls }.abi_encode());
    assert!(!result.is_success());
}

#[test]
fn the_contracts_can_be_left_out() {
    let addresses = [CREATE2_FACTORY, MULTICALL3, STYLUS_DEPLOYER];
    let holds = |predeploys| {
        let accounts = genesis(&ChainConfig { predeploys, ..ChainConfig::default() });
        addresses.map(|address| {
            let account = accounts.iter().find(|account| account.address == address);
            account.is_some_and(|account| account.info.code.as_ref().unwrap().len() > 60)
        })
    };
    assert_eq!(holds(true), [true; 3]);
    assert_eq!(holds(false), [false; 3]);
}

/// The committed code is what the source gives; skipped, aloud, where npm's solc is not installed.
#[test]
fn the_committed_code_is_what_the_source_gives() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    if !root.join("node_modules/solc").is_dir() {
        eprintln!("skipped: npm's solc is not installed (make setup)");
        return;
    }
    let script = root.join("devnode/solidity/build.mjs");
    let run = Command::new("node").arg(script).arg("--check").output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
}
