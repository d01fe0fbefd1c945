//! Precompiles besides those of programs: messages to the parent chain, tables, old interfaces.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod support;

use alloy_primitives::{Address, B256, Bytes, U256, address, bytes, keccak256};
use alloy_sol_types::{SolCall, SolError, SolEvent, sol};
use novate_devnode::precompile_address;
use revm::context::result::ExecutionResult;
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
