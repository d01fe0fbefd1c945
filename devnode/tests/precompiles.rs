//! Precompiles besides those of programs: messages to the parent chain, tables, old interfaces.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    clippy::too_many_arguments,
    reason = "a test fails by panicking; the event has nine fields"
)]

mod support;

use alloy_primitives::{Address, B256, Bytes, U256, address, bytes, keccak256};
use alloy_sol_types::{SolCall, SolError, SolEvent, sol};
use novate_devnode::{ArbOs, precompile_address};
use revm::{
    context::result::ExecutionResult,
    state::{AccountInfo, Bytecode},
};
use support::{ALICE, TX, TestChain, calldata_gas};

sol! {
    interface ArbSys {
        function sendTxToL1(address destination, bytes calldata data) external payable
            returns (uint256);
        function withdrawEth(address destination) external payable returns (uint256);
        event SendMerkleUpdate(
            uint256 indexed reserved, bytes32 indexed hash, uint256 indexed position
        );
        event L2ToL1Tx(
            address caller, address indexed destination, uint256 indexed hash,
            uint256 indexed position, uint256 arbBlockNum, uint256 ethBlockNum, uint256 timestamp,
            uint256 callvalue, bytes data
        );
    }
    interface ArbAddressTable {
        function register(address account) external returns (uint256);
        function addressExists(address account) external view returns (bool);
        function lookup(address account) external view returns (uint256);
        function lookupIndex(uint256 index) external view returns (address);
        function size() external view returns (uint256);
        function compress(address account) external view returns (bytes memory);
        function decompress(bytes calldata buffer, uint256 offset) external view
            returns (address, uint256);
    }
    interface ArbRetryableTx {
        function getLifetime() external view returns (uint256);
        function redeem(bytes32 ticketId) external returns (bytes32);
        error NoTicketWithID();
    }
    interface ArbStatistics {
        function getStats() external view
            returns (uint256, uint256, uint256, uint256, uint256, uint256);
    }
    interface ArbAggregator {
        function getDefaultAggregator() external view returns (address);
    }
    interface ArbFunctionTable {
        function size(address account) external view returns (uint256);
    }
}

const ARB_SYS: Address = precompile_address(0x64);

fn ask<C: SolCall>(chain: &mut TestChain, to: u8, call: &C) -> C::Return {
    let result = chain.send(precompile_address(to), call.abi_encode());
    assert!(result.is_success(), "{result:?}");
    C::abi_decode_returns(result.output().unwrap()).unwrap()
}

#[test]
fn messages_to_the_parent_chain_are_hashed_numbered_and_accumulated() {
    let mut chain = TestChain::default();
    let destination = Address::repeat_byte(0xd1);
    let mut leaves = Vec::new();
    for index in 0..4u64 {
        let data = Bytes::from(vec![7; 5]);
        let call = ArbSys::sendTxToL1Call { destination, data: data.clone() };
        let result = chain.pay(ARB_SYS, call.abi_encode(), 1_000);
        assert!(result.is_success(), "{result:?}");
        assert_eq!(U256::from_be_slice(result.output().unwrap()), U256::from(index));
        let event = ArbSys::L2ToL1Tx::decode_log(result.logs().last().unwrap()).unwrap();
        let word = |number: u64| B256::from(U256::from(number));
        let (block, l1, time, value) = (word(7), word(5), word(1_800_000_000), word(1_000));
        let parts = [ALICE.as_slice(), destination.as_slice(), &block[..], &l1[..], &time[..]];
        let hash = keccak256([&parts.concat()[..], &value[..], &data].concat());
        assert_eq!(event.hash, U256::from_be_bytes(hash.0));
        assert_eq!((event.position, event.callvalue), (U256::from(index), U256::from(1_000)));
        leaves.push(keccak256(hash));
        let updates: Vec<_> = result.logs()[..result.logs().len() - 1]
            .iter()
            .map(|log| ArbSys::SendMerkleUpdate::decode_log(log).unwrap().data)
            .collect();
        let pair = |a: B256, b: B256| keccak256([a, b].concat());
        let at = |level: u64| (U256::from(level) << 192) | U256::from(index);
        let expected: Vec<(B256, U256)> = match index {
            1 => vec![(pair(leaves[0], leaves[1]), at(1))],
            3 => {
                let right = pair(leaves[2], leaves[3]);
                vec![(right, at(1)), (pair(pair(leaves[0], leaves[1]), right), at(2))]
            }
            _ => vec![],
        };
        let updates: Vec<_> = updates.iter().map(|update| (update.hash, update.position)).collect();
        assert_eq!(updates, expected, "message {index}");
    }
    // The value left the chain.
    assert_eq!(chain.db.cache.accounts[&ARB_SYS].info.balance, U256::ZERO);
    let withdraw = ArbSys::withdrawEthCall { destination };
    let result = chain.pay(ARB_SYS, withdraw.abi_encode(), 1);
    assert_eq!(U256::from_be_slice(result.output().unwrap()), U256::from(4));
}

#[test]
fn the_address_table_compresses() {
    let mut chain = TestChain::default();
    let account = Address::repeat_byte(0xab);
    let register = ArbAddressTable::registerCall { account };
    assert!(!ask(&mut chain, 0x66, &ArbAddressTable::addressExistsCall { account }));
    let compressed = ask(&mut chain, 0x66, &ArbAddressTable::compressCall { account });
    assert_eq!(compressed.len(), 21);
    let first = chain.send(precompile_address(0x66), register.abi_encode());
    // Argument 3, state 800, look-up 800, size 800, three writes 60,000, result 3.
    let gas = TX + calldata_gas(&register.abi_encode()) + 3 + 2_400 + 60_000 + 3;
    assert_eq!(first.tx_gas_used(), gas);
    assert_eq!(ask(&mut chain, 0x66, &register), U256::ZERO, "registered once");
    assert_eq!(ask(&mut chain, 0x66, &ArbAddressTable::sizeCall {}), U256::ONE);
    assert_eq!(ask(&mut chain, 0x66, &ArbAddressTable::lookupCall { account }), U256::ZERO);
    let index = ArbAddressTable::lookupIndexCall { index: U256::ZERO };
    assert_eq!(ask(&mut chain, 0x66, &index), account);
    let short = ask(&mut chain, 0x66, &ArbAddressTable::compressCall { account });
    assert_eq!(short, bytes!("80"));
    for (buffer, read) in [(short, 1u64), (compressed, 21)] {
        let padded = [&[9, 9][..], &buffer, &[1]].concat().into();
        let call = ArbAddressTable::decompressCall { buffer: padded, offset: U256::from(2) };
        let answer = ask(&mut chain, 0x66, &call);
        assert_eq!((answer._0, answer._1), (account, U256::from(read)));
    }
    for (buffer, offset) in
        [(bytes!("05"), 0u64), (bytes!("80"), 2), (bytes!("b8"), 0), (bytes!(""), 0)]
    {
        let call = ArbAddressTable::decompressCall { buffer, offset: U256::from(offset) };
        let result = chain.send(precompile_address(0x66), call.abi_encode());
        assert!(matches!(&result, ExecutionResult::Revert { output, .. } if output.is_empty()));
        assert!(result.tx_gas_used() < 30_000, "{result:?}");
    }
}

#[test]
fn there_are_no_tickets_and_old_interfaces_answer() {
    let mut chain = TestChain::default();
    assert_eq!(ask(&mut chain, 0x6e, &ArbRetryableTx::getLifetimeCall {}), U256::from(604_800));
    let redeem = ArbRetryableTx::redeemCall { ticketId: B256::repeat_byte(1) }.abi_encode();
    let result = chain.send(precompile_address(0x6e), redeem);
    let ExecutionResult::Revert { output, .. } = &result else { panic!("{result:?}") };
    assert_eq!(output.as_ref(), ArbRetryableTx::NoTicketWithID {}.abi_encode());
    assert_eq!(ask(&mut chain, 0x6f, &ArbStatistics::getStatsCall {})._0, U256::from(7));
    assert_eq!(
        ask(&mut chain, 0x6d, &ArbAggregator::getDefaultAggregatorCall {}),
        address!("A4b000000000000000000073657175656e636572")
    );
    let size = ArbFunctionTable::sizeCall { account: ALICE };
    assert_eq!(ask(&mut chain, 0x68, &size), U256::ZERO);
    // No account may mint native tokens: whoever calls that precompile loses all gas.
    let mint = chain.send(precompile_address(0x73), vec![0x13, 0x03, 0x84, 0x8f]);
    assert_eq!(mint.tx_gas_used(), 32_000_000);
}

const OWNER: Address = precompile_address(0x70);

sol! {
    interface ArbOwner {
        function addChainOwner(address newOwner) external;
        function removeChainOwner(address ownerToRemove) external;
        function setL1PricePerUnit(uint256 pricePerUnit) external;
        function getInfraFeeAccount() external view returns (address);
        event OwnerActs(bytes4 indexed method, address indexed owner, bytes data);
        event ChainOwnerAdded(address indexed newOwner);
        event ChainOwnerRemoved(address indexed removedOwner);
    }
    interface ArbDebug {
        function becomeChainOwner() external;
    }
    interface ArbGasInfo {
        function getL1RewardRate() external view returns (uint64);
    }
}

#[test]
fn who_owns_the_chain_is_told_from_60_on() {
    for arbos in [ArbOs::V51, ArbOs::V60] {
        let mut chain = TestChain::new(arbos);
        ask(&mut chain, 0xff, &ArbDebug::becomeChainOwnerCall {});
        let friend = Address::repeat_byte(0xf1);
        let add = ArbOwner::addChainOwnerCall { newOwner: friend };
        let added = chain.send(OWNER, add.abi_encode());
        let remove = ArbOwner::removeChainOwnerCall { ownerToRemove: friend };
        let removed = chain.send(OWNER, remove.abi_encode());
        for result in [&added, &removed] {
            ArbOwner::OwnerActs::decode_log(result.logs().last().unwrap()).unwrap();
        }
        let told = if arbos == ArbOs::V60 { 2 } else { 1 };
        assert_eq!((added.logs().len(), removed.logs().len()), (told, told));
        if arbos == ArbOs::V60 {
            let event = ArbOwner::ChainOwnerAdded::decode_log(&added.logs()[0]).unwrap();
            assert_eq!(event.newOwner, friend);
            let event = ArbOwner::ChainOwnerRemoved::decode_log(&removed.logs()[0]).unwrap();
            assert_eq!(event.removedOwner, friend);
        }
        // What scripts set first: the price of the parent chain's data.
        let price = ArbOwner::setL1PricePerUnitCall { pricePerUnit: U256::ZERO };
        assert!(chain.send(OWNER, price.abi_encode()).is_success());
        assert_eq!(ask(&mut chain, 0x70, &ArbOwner::getInfraFeeAccountCall {}), Address::ZERO);
        assert_eq!(ask(&mut chain, 0x6c, &ArbGasInfo::getL1RewardRateCall {}), 10);
    }
}

#[test]
fn value_that_leaves_costs_a_read_more() {
    let mut chain = TestChain::default();
    let call = ArbSys::withdrawEthCall { destination: ALICE }.abi_encode();
    let mut used = |value| chain.pay(ARB_SYS, call.clone(), value).tx_gas_used();
    // Messages 5 and 9 end no level of the tree but the lowest, as messages 1 and 3 do: they cost the same but for the value.
    let used: Vec<u64> = [0, 0, 0, 0, 0, 1, 0, 0, 0, 0].map(&mut used).to_vec();
    assert_eq!(used[5], used[9] + 800, "{used:?}");
}

#[test]
fn accounts_of_precompiles_are_as_the_chain_makes_them() {
    let acts = address!("00000000000000000000000000000000000a4b05");
    for (arbos, filtered) in [(ArbOs::V51, false), (ArbOs::V60, true)] {
        let mut chain = TestChain::new(arbos);
        for (address, there) in [(acts, true), (precompile_address(0x74), filtered)] {
            let account = chain.db.cache.accounts.get(&address).map(|account| account.info.nonce);
            assert_eq!(account, there.then_some(0));
            let result = chain.send(address, vec![]);
            assert_eq!(result.is_halt(), there, "{address}: {result:?}");
        }
    }
}

/// A program's account may have code run in its name, but not be destroyed by it.
#[test]
fn programs_cannot_be_destroyed() {
    let mut chain = TestChain::default();
    // SELFDESTRUCT(0xb0b...)
    let (heir, destroyer) = (Address::repeat_byte(0xb0), Address::repeat_byte(0xde));
    chain.etch(destroyer, [&[0x73][..], heir.as_slice(), &[0xff]].concat());
    let program = chain.program(
        r#"(module (import "vm_hooks" "read_args" (func $read (param i32)))
        (import "vm_hooks" "delegate_call_contract"
            (func $delegate (param i32 i32 i32 i64 i32) (result i32)))
        (import "vm_hooks" "account_codehash" (func $codehash (param i32 i32)))
        (import "vm_hooks" "call_contract"
            (func $call (param i32 i32 i32 i32 i64 i32) (result i32)))
        (import "vm_hooks" "write_result" (func $write (param i32 i32)))
        (memory (export "memory") 1 1)
        (func (export "user_entrypoint") (param i32) (result i32)
            (call $read (i32.const 0))
            (i32.store8 (i32.const 96) (call $delegate (i32.const 0) (i32.const 0) (i32.const 0)
                (i64.const 100000) (i32.const 128)))
            (call $codehash (i32.const 20) (i32.const 64))
            (i32.store8 (i32.const 97) (call $call (i32.const 0) (i32.const 0) (i32.const 0)
                (i32.const 256) (i64.const 100000) (i32.const 160)))
            (call $codehash (i32.const 20) (i32.const 192))
            (i64.store (i32.const 98) (i64.load (i32.const 64)))
            (i64.store (i32.const 106) (i64.load (i32.const 192)))
            (call $write (i32.const 96) (i32.const 18)) i32.const 0))"#,
    );
    let input = [destroyer.as_slice(), heir.as_slice()].concat();
    let result = chain.pay(program, input, 5);
    let output = result.output().unwrap();
    // In its own name: a revert that keeps the gas, and nobody is heir. In the contract's: done, and the heir exists though it
    // got nothing.
    assert_eq!(output[..2], [2, 0], "{result:?}");
    assert!(result.tx_gas_used() < 110_000);
    assert_eq!(output[2..10], [0; 8]);
    assert_eq!(output[10..18], keccak256([])[..8]);
    assert_eq!(chain.db.cache.accounts[&program].info.balance, U256::from(5));
}

#[test]
fn there_are_no_blobs() {
    let mut chain = TestChain::default();
    let contract = Address::repeat_byte(0xc0);
    chain.etch(contract, vec![0x4a]);
    assert!(chain.send(contract, vec![]).is_halt());
}

#[test]
fn an_account_delegated_to_a_precompile_has_no_code() {
    let mut chain = TestChain::default();
    let (delegated, caller) = (Address::repeat_byte(0xd0), Address::repeat_byte(0xca));
    let code = Bytecode::new_eip7702(precompile_address(0x64));
    let info = AccountInfo { nonce: 1, ..AccountInfo::default() };
    chain.db.insert_account_info(delegated, info.with_code(code));
    // MSTORE(0, CALL(gas, delegated, 0, 0, 0, 0, 0)) RETURN
    let call = [&[0x5f, 0x5f, 0x5f, 0x5f, 0x5f, 0x73][..], delegated.as_slice(), &[0x5a, 0xf1]];
    let code = [&call.concat()[..], &[0x5f, 0x52, 0x60, 0x20, 0x5f, 0xf3]].concat();
    chain.etch(caller, code);
    let result = chain.send(delegated, vec![1, 2, 3, 4]);
    assert!(result.is_success() && result.output().unwrap().is_empty(), "{result:?}");
    assert_eq!(result.tx_gas_used(), TX + 64);
    let result = chain.send(caller, vec![]);
    assert_eq!(result.output().unwrap()[31], 1, "{result:?}");
    assert!(result.tx_gas_used() < 30_000);
}

/// What only shows a value that its caller got, by a delegated call, counts as paid.
#[test]
fn delegated_calls_bring_the_callers_value() {
    let mut chain = TestChain::default();
    let caller = Address::repeat_byte(0xca);
    // mapL1SenderContractAddressToL2Alias(0, 0)
    let selector = &keccak256("mapL1SenderContractAddressToL2Alias(address,address)")[..4];
    let arb_sys = precompile_address(0x64);
    // MSTORE(0, selector << 224) MSTORE(0, DELEGATECALL(50000, 0x64, 0, 68, 0, 0)) RETURN(0, 32)
    let code = [
        &[0x63][..],
        selector,
        &[0x60, 0xe0, 0x1b, 0x5f, 0x52, 0x5f, 0x5f, 0x60, 68, 0x5f, 0x73],
        arb_sys.as_slice(),
        &[0x61, 0xc3, 0x50, 0xf4, 0x5f, 0x52, 0x60, 0x20, 0x5f, 0xf3],
    ];
    chain.etch(caller, code.concat());
    for (value, fine) in [(0, 1), (1, 0)] {
        let result = chain.pay(caller, vec![], value);
        assert_eq!(result.output().unwrap()[31], fine, "{result:?}");
    }
}
