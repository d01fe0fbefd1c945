//! A chain in memory for the engine's tests: deploys programs from WAT, activates and calls them.
#![allow(dead_code, unreachable_pub, reason = "each test file uses a part of it")]

use alloy_primitives::{Address, Bytes, TxKind, U256, address};
use alloy_sol_types::{SolCall, sol};
use novate_devnode::{
    ArbOs, Block, CallOptions, ChainConfig, Engine, WasmEngine, genesis, pack, precompile_address,
    wasm::Features,
};
use revm::{
    DatabaseCommit,
    context::{TxEnv, result::ExecutionResult},
    database::InMemoryDB,
    state::{AccountInfo, Bytecode},
};

sol! {
    interface ArbWasm {
        function activateProgram(address program) external payable returns (uint16, uint256);
        function codehashKeepalive(bytes32 codehash) external payable;
        function programInitGas(address program) external view returns (uint64, uint64);
        function programMemoryFootprint(address program) external view returns (uint16);
        function programTimeLeft(address program) external view returns (uint64);
        function codehashAsmSize(bytes32 codehash) external view returns (uint32);
        function stylusVersion() external view returns (uint16);
        error ProgramNotWasm();
        error ProgramNotActivated();
        error ProgramNeedsUpgrade(uint16 version, uint16 stylusVersion);
        error ProgramExpired(uint64 ageInSeconds);
        error ProgramUpToDate();
        error ProgramKeepaliveTooSoon(uint64 ageInSeconds);
        error ProgramInsufficientValue(uint256 have, uint256 want);
    }
}

pub const ALICE: Address = address!("00000000000000000000000000000000000a11ce");
pub const ARB_WASM: Address = precompile_address(0x71);
pub const ONE_ETHER: u64 = 1_000_000_000_000_000_000;
/// Gas of a plain transaction with a non-zero and a zero byte of calldata.
pub const TX: u64 = 21_000;

/// The start cost of a program that is not cached: parts that do not depend on it, in gas.
pub const START: u64 = 8_832 + 352;

pub struct TestChain {
    pub engine: Engine,
    pub db: InMemoryDB,
    pub block: Block,
    pub nonce: u64,
}

impl Default for TestChain {
    fn default() -> Self {
        Self::new(ArbOs::V51)
    }
}

impl TestChain {
    /// On the engine that `NOVATE_WASM_ENGINE` names, so that every test can run on each.
    pub fn new(arbos: ArbOs) -> Self {
        let engine = match std::env::var("NOVATE_WASM_ENGINE").as_deref() {
            Err(_) | Ok("interpreter") => WasmEngine::Interpreter,
            #[cfg(feature = "compiler")]
            Ok("compiler") => WasmEngine::Compiler,
            other => panic!("NOVATE_WASM_ENGINE {other:?}: no such engine in this build"),
        };
        Self::on(arbos, engine)
    }

    pub fn on(arbos: ArbOs, engine: WasmEngine) -> Self {
        let config = ChainConfig { arbos, engine, ..ChainConfig::default() };
        let mut db = InMemoryDB::default();
        for account in genesis(&config) {
            db.insert_account_info(account.address, account.info);
            for (slot, value) in account.storage {
                db.insert_account_storage(account.address, slot, value).unwrap();
            }
        }
        let rich = U256::from(ONE_ETHER) * U256::from(1_000);
        db.insert_account_info(ALICE, AccountInfo::from_balance(rich));
        let block = Block { number: 7, l1_number: 5, timestamp: 1_800_000_000, ..Block::default() };
        Self { engine: Engine::new(config), db, block, nonce: 0 }
    }

    /// A transaction of Alice's that the next call of `send` accepts.
    pub fn tx(&self, to: TxKind, data: impl Into<Bytes>, value: u64) -> TxEnv {
        TxEnv {
            caller: ALICE,
            kind: to,
            data: data.into(),
            value: U256::from(value),
            nonce: self.nonce,
            gas_limit: 32_000_000,
            gas_price: 100_000_000,
            gas_priority_fee: None,
            chain_id: Some(412_346),
            ..TxEnv::default()
        }
    }

    pub fn send_tx(&mut self, tx: TxEnv) -> ExecutionResult {
        let outcome =
            self.engine.transact(&mut self.db, &self.block, tx, CallOptions::default()).unwrap();
        self.db.commit(outcome.state);
        self.nonce += 1;
        outcome.result
    }

    pub fn send(&mut self, to: Address, data: impl Into<Bytes>) -> ExecutionResult {
        let tx = self.tx(TxKind::Call(to), data, 0);
        self.send_tx(tx)
    }

    pub fn pay(&mut self, to: Address, data: impl Into<Bytes>, value: u64) -> ExecutionResult {
        let tx = self.tx(TxKind::Call(to), data, value);
        self.send_tx(tx)
    }

    /// Puts EVM code at an address.
    pub fn etch(&mut self, address: Address, code: impl Into<Bytes>) {
        let code = Bytecode::new_legacy(code.into());
        let info = AccountInfo { nonce: 1, ..AccountInfo::default() };
        self.db.insert_account_info(address, info.with_code(code));
    }

    pub fn create(&mut self, code: &[u8]) -> ExecutionResult {
        let tx = self.tx(TxKind::Create, pack::init_code(code), 0);
        self.send_tx(tx)
    }

    pub fn deploy_code(&mut self, code: &[u8]) -> Address {
        let result = self.create(code);
        assert!(result.is_success(), "deploy: {result:?}");
        result.created_address().unwrap()
    }

    pub fn activate(&mut self, program: Address) -> ExecutionResult {
        let call = ArbWasm::activateProgramCall { program };
        self.pay(ARB_WASM, call.abi_encode(), ONE_ETHER / 100)
    }

    /// Deploys and activates WASM; returns its address.
    pub fn program_wasm(&mut self, wasm: &[u8]) -> Address {
        let features = Features { stylus_version: 2, debug: true };
        let package = pack::pack(wasm, features).unwrap();
        let address = self.deploy_code(&package.code);
        let result = self.activate(address);
        assert!(result.is_success(), "activate: {result:?}");
        address
    }

    pub fn program(&mut self, wat: &str) -> Address {
        self.program_wasm(&wat::parse_str(wat).unwrap())
    }

    /// Gas that a start of the program costs now, from the chain's own view.
    pub fn start_gas(&mut self, program: Address) -> u64 {
        let call = ArbWasm::programInitGasCall { program };
        let result = self.send(ARB_WASM, call.abi_encode());
        ArbWasm::programInitGasCall::abi_decode_returns(result.output().unwrap()).unwrap()._0
    }
}

/// Gas of the calldata's bytes.
pub fn calldata_gas(data: &[u8]) -> u64 {
    data.iter().map(|byte| if *byte == 0 { 4 } else { 16 }).sum()
}
