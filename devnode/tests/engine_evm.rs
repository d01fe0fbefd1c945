//! Ordinary EVM transactions: fees, nonce, creation, compute limit.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use alloy_primitives::{Address, Bytes, TxKind, U256, address, bytes};
use novate_devnode::{
    Block, CREATE2_FACTORY, CallOptions, ChainConfig, Engine, EngineError, genesis,
};
use revm::{
    DatabaseCommit,
    context::{TxEnv, result::InvalidTransaction},
    database::InMemoryDB,
    state::AccountInfo,
};

const ALICE: Address = address!("00000000000000000000000000000000000a11ce");

fn chain() -> (Engine, InMemoryDB, Block) {
    let config = ChainConfig::default();
    let mut db = InMemoryDB::default();
    for account in genesis(&config) {
        db.insert_account_info(account.address, account.info);
        for (slot, value) in account.storage {
            db.insert_account_storage(account.address, slot, value).unwrap();
        }
    }
    let ether = U256::from(10).pow(U256::from(18));
    db.insert_account_info(ALICE, AccountInfo::from_balance(ether));
    (Engine::new(config), db, Block { number: 1, timestamp: 1_800_000_000, ..Block::default() })
}

fn call(to: Address, data: Bytes, nonce: u64) -> TxEnv {
    TxEnv {
        caller: ALICE,
        kind: TxKind::Call(to),
        data,
        nonce,
        gas_limit: 1_000_000,
        gas_price: 300_000_000,
        gas_priority_fee: None,
        chain_id: Some(412_346),
        ..TxEnv::default()
    }
}

#[test]
fn sender_pays_the_base_fee_and_not_the_tip() {
    let (mut engine, mut db, block) = chain();
    let owner = engine.config().owner;
    let mut tx = call(Address::repeat_byte(7), Bytes::new(), 0);
    tx.value = U256::from(5);
    let outcome = engine.transact(&mut db, &block, tx, CallOptions::default()).unwrap();
    assert_eq!(outcome.result.tx_gas_used(), 21_000);
    let fee = U256::from(21_000u64 * 100_000_000);
    let ether = U256::from(10).pow(U256::from(18));
    assert_eq!(outcome.state[&ALICE].info.balance, ether - fee - U256::from(5));
    assert_eq!(outcome.state[&owner].info.balance, fee);
}

#[test]
fn factory_creates_at_the_known_address() {
    let (mut engine, mut db, block) = chain();
    // Salt 0, then init code that returns one byte of code: STOP.
    let data = [[0u8; 32].as_slice(), &bytes!("60016000f3")].concat();
    let tx = call(CREATE2_FACTORY, data.into(), 0);
    let outcome = engine.transact(&mut db, &block, tx, CallOptions::default()).unwrap();
    let created = Address::from_slice(outcome.result.output().unwrap());
    assert_eq!(created, CREATE2_FACTORY.create2_from_code([0; 32], bytes!("60016000f3")));
    db.commit(outcome.state);
    assert_eq!(db.cache.accounts[&created].info.nonce, 1);
}

#[test]
fn gas_above_the_compute_limit_is_held_and_returned() {
    let (mut engine, mut db, block) = chain();
    let looping = Address::repeat_byte(9);
    let code = revm::state::Bytecode::new_legacy(bytes!("5b600056"));
    db.insert_account_info(looping, AccountInfo::default().with_code(code));
    let mut tx = call(looping, Bytes::new(), 0);
    tx.gas_limit = 40_000_000;
    let outcome = engine.transact(&mut db, &block, tx, CallOptions::default()).unwrap();
    assert!(outcome.result.is_halt());
    assert_eq!(outcome.result.tx_gas_used(), 32_000_000);
}

#[test]
fn bad_transactions_are_typed_errors() {
    let (mut engine, mut db, block) = chain();
    let to = Address::repeat_byte(7);
    let error = engine.transact(&mut db, &block, call(to, Bytes::new(), 3), CallOptions::default());
    let expected = InvalidTransaction::NonceTooHigh { tx: 3, state: 0 };
    assert_eq!(error.unwrap_err(), EngineError::Transaction(expected));
    let mut tx = call(to, Bytes::new(), 0);
    tx.gas_price = 1;
    let error = engine.transact(&mut db, &block, tx.clone(), CallOptions::default());
    let expected = InvalidTransaction::GasPriceLessThanBasefee;
    assert_eq!(error.unwrap_err(), EngineError::Transaction(expected));
    assert!(engine.transact(&mut db, &block, tx, CallOptions::simulation()).is_ok());
}
