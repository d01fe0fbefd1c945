//! A chain in memory that activates and calls what was accepted.

use alloy_primitives::{Address, TxKind, U256};
use novate_devnode::{Block, CallOptions, ChainConfig, Engine, genesis, pack, precompile_address};
use revm::{
    DatabaseCommit,
    context::{TxEnv, result::ExecutionResult},
    database::InMemoryDB,
    state::{AccountInfo, Bytecode},
};

/// Gas of a call: enough for loops to be cut off.
const GAS: u64 = 200_000;
/// After so many programs the chain is begun anew.
const MOST_PROGRAMS: u64 = 2_000;

/// A chain for programs.
pub(crate) struct Machine {
    engine: Engine,
    db: InMemoryDB,
    programs: u64,
}

impl Default for Machine {
    fn default() -> Self {
        let config = ChainConfig::default();
        let mut db = InMemoryDB::default();
        for account in genesis(&config) {
            db.insert_account_info(account.address, account.info);
        }
        Self { engine: Engine::new(config), db, programs: 0 }
    }
}

impl Machine {
    /// Activates and calls a module; how the call ended.
    ///
    /// # Errors
    /// What the machine gets wrong: an accepted module that is not activated, or an internal error.
    pub(crate) fn run(&mut self, wasm: &[u8]) -> Result<&'static str, String> {
        if self.programs == MOST_PROGRAMS {
            *self = Self::default();
        }
        self.programs += 1;
        let program = Address::left_padding_from(&(0x1_0000 + self.programs).to_be_bytes());
        let code = pack::compress(wasm).map_err(|error| error.to_string())?;
        if code.len() > 24_576 {
            return Ok("larger than a contract");
        }
        let bytecode = Bytecode::new_legacy(code.into());
        self.db.insert_account_info(program, AccountInfo::default().with_code(bytecode));
        let input = [&[0x58, 0xc7, 0x80, 0xc2][..], program.into_word().as_slice()].concat();
        let activation = self.send(precompile_address(0x71), input, 32_000_000)?;
        match activation {
            ExecutionResult::Success { .. } => {}
            ExecutionResult::Revert { output, .. } if output.len() == 4 => {
                return Ok("the same module again");
            }
            other => return Err(format!("accepted, but not activated: {other:?}")),
        }
        let input: Vec<u8> = (0..100).collect();
        Ok(match self.send(program, input, GAS)? {
            ExecutionResult::Success { .. } => "returned",
            ExecutionResult::Revert { output, .. } if output.is_empty() => "reverted or trapped",
            ExecutionResult::Revert { .. } => "reverted with data",
            ExecutionResult::Halt { .. } => "out of gas or stack",
        })
    }

    fn send(&mut self, to: Address, data: Vec<u8>, gas: u64) -> Result<ExecutionResult, String> {
        let tx = TxEnv {
            kind: TxKind::Call(to),
            data: data.into(),
            gas_limit: gas,
            value: U256::from(1_000_000_000_000_000_000_u64),
            chain_id: Some(self.engine.config().chain_id),
            ..TxEnv::default()
        };
        let block = Block { timestamp: 1_800_000_000, ..Block::default() };
        let outcome = self
            .engine
            .transact(&mut self.db, &block, tx, CallOptions::simulation())
            .map_err(|error| error.to_string())?;
        self.db.commit(outcome.state);
        Ok(outcome.result)
    }
}
