//! The engine: runs one transaction over a database and says what it changed.

use alloy_primitives::{Address, B256, U256};
use revm::{
    Database,
    context::{
        TxEnv,
        result::{EVMError, InvalidHeader, InvalidTransaction, ResultAndState},
    },
    context_interface::JournalTr,
    handler::Handler,
};

use crate::{
    config::ChainConfig,
    evm::{ArbEvm, ArbHandler, Programs},
    trace::{CallTrace, Recorder, StepOptions},
};

/// The block that a transaction runs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Number of this chain's block: what `ArbSys.arbBlockNumber` returns.
    pub number: u64,
    /// Estimate of the parent chain's block number: what the opcode NUMBER returns.
    pub l1_number: u64,
    /// Seconds since 1970.
    pub timestamp: u64,
    /// Price of a unit of gas, in wei.
    pub base_fee: u64,
    /// Address of the sequencer that the opcode COINBASE returns.
    pub coinbase: Address,
    /// Most gas of all transactions together; Arbitrum shows 2^50.
    pub gas_limit: u64,
    /// What PREVRANDAO returns; 1 on Arbitrum.
    pub prevrandao: B256,
}

impl Default for Block {
    fn default() -> Self {
        Self {
            number: 0,
            l1_number: 0,
            timestamp: 0,
            base_fee: 100_000_000,
            coinbase: Address::ZERO,
            gas_limit: 1 << 50,
            prevrandao: U256::ONE.into(),
        }
    }
}

/// How a call may depart from the rules for a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
#[expect(clippy::struct_excessive_bools, reason = "independent switches, not states")]
pub struct CallOptions {
    /// Accept any nonce, and a sender that has code.
    pub disable_nonce_check: bool,
    /// Accept a sender that cannot pay for its gas and value.
    pub disable_balance_check: bool,
    /// Accept a gas price below the base fee.
    pub disable_base_fee: bool,
    /// Show a call that names no gas price a base fee of zero, so that it never is above the price.
    pub hide_base_fee: bool,
    /// Let the call compute with all its gas.
    pub disable_compute_gas_limit: bool,
    /// Start without the programs that ran in this block, and do not remember those that run now.
    pub forget_recent_programs: bool,
    /// Record opcodes too when tracing.
    pub steps: Option<StepOptions>,
}

impl CallOptions {
    /// What `eth_call` uses: nothing about the sender is checked.
    pub const fn simulation() -> Self {
        Self {
            disable_nonce_check: true,
            disable_balance_check: true,
            disable_base_fee: true,
            hide_base_fee: true,
            disable_compute_gas_limit: true,
            forget_recent_programs: true,
            steps: None,
        }
    }
}

/// Why a transaction could not be executed at all (one that reverts or halts is not an error).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// The transaction is not valid here: nonce, balance, fee, intrinsic gas, size, chain id.
    #[error(transparent)]
    Transaction(#[from] InvalidTransaction),
    /// The block misses a field that the rules need.
    #[error("invalid block: {0}")]
    Header(InvalidHeader),
    /// The database failed to answer.
    #[error("database: {0}")]
    Database(String),
    /// A fault of the engine itself.
    #[error("internal error: {0}")]
    Internal(String),
}

/// Executes transactions; keeps what is costly to make twice.
#[derive(Debug)]
pub struct Engine {
    config: ChainConfig,
    /// Taken while a transaction runs.
    programs: Option<Programs>,
}

impl Engine {
    /// An engine for a chain.
    pub const fn new(config: ChainConfig) -> Self {
        Self { config, programs: None }
    }

    /// The chain's parameters.
    pub const fn config(&self) -> &ChainConfig {
        &self.config
    }

    /// Begins a block anew, whatever its number: no program has run in it yet.
    pub fn begin_block(&mut self) {
        if let Some(programs) = &mut self.programs {
            programs.recent.clear();
        }
    }

    /// Lets a simulation of several calls, of one block or more, run as one: it starts without the programs that ran in the
    /// block, remembers those that run in it, and leaves things as they were.
    pub(crate) fn aside<T>(&mut self, simulate: impl FnOnce(&mut Self) -> T) -> T {
        let engine = self.config.engine;
        let programs = self.programs.get_or_insert_with(|| Programs::new(engine));
        let before = core::mem::take(&mut programs.recent);
        programs.is_aside = true;
        let result = simulate(self);
        if let Some(programs) = &mut self.programs {
            programs.recent = before;
            programs.is_aside = false;
        }
        result
    }

    /// Runs `tx` in `block` over `db`; nothing is written to `db`, the caller commits the state.
    ///
    /// # Errors
    /// A transaction that may not be included, or a database that fails.
    pub fn transact<DB: Database>(
        &mut self,
        db: DB,
        block: &Block,
        tx: TxEnv,
        options: CallOptions,
    ) -> Result<ResultAndState, EngineError> {
        self.run(db, block, tx, options, None).map(|(outcome, _)| outcome)
    }

    /// As [`Engine::transact`], and tells what happened inside.
    ///
    /// # Errors
    /// As [`Engine::transact`].
    pub fn trace<DB: Database>(
        &mut self,
        db: DB,
        block: &Block,
        tx: TxEnv,
        options: CallOptions,
    ) -> Result<(ResultAndState, CallTrace), EngineError> {
        let gas_limit = tx.gas_limit;
        let recorder = Some(Recorder::new(options.steps));
        let (outcome, recorder) = self.run(db, block, tx, options, recorder)?;
        let mut trace = recorder
            .and_then(Recorder::finish)
            .ok_or_else(|| EngineError::Internal("no frame was recorded".to_owned()))?;
        trace.gas = gas_limit;
        trace.gas_used = outcome.result.tx_gas_used();
        Ok((outcome, trace))
    }

    fn run<DB: Database>(
        &mut self,
        db: DB,
        block: &Block,
        tx: TxEnv,
        options: CallOptions,
        recorder: Option<Recorder>,
    ) -> Result<(ResultAndState, Option<Recorder>), EngineError> {
        // A simulation knows nothing of the programs that ran in the block, and leaves no trace.
        let mut programs =
            self.programs.take().unwrap_or_else(|| Programs::new(self.config.engine));
        programs.enter_block(block.number);
        let recent = programs.recent.clone();
        if options.forget_recent_programs {
            programs.recent.clear();
        }
        let mut evm = ArbEvm::new(db, &self.config, block, options, programs);
        evm.inner.ctx.chain.recorder = recorder;
        if options.hide_base_fee && tx.gas_price == 0 {
            evm.inner.ctx.chain.hidden_base_fee = Some(block.base_fee);
            evm.inner.ctx.block.basefee = 0;
        }
        evm.inner.ctx.tx = tx;
        let result = ArbHandler::default().run(&mut evm).map_err(engine_error);
        let state = evm.inner.ctx.journaled_state.finalize();
        let chain = evm.inner.ctx.chain;
        let mut programs = chain.programs;
        if options.forget_recent_programs {
            programs.recent = recent;
        }
        self.programs = Some(programs);
        Ok((ResultAndState::new(result?, state), chain.recorder))
    }
}

fn engine_error<E: core::fmt::Display>(error: EVMError<E, InvalidTransaction>) -> EngineError {
    match error {
        EVMError::Transaction(error) => EngineError::Transaction(error),
        EVMError::Header(error) => EngineError::Header(error),
        EVMError::Database(error) => EngineError::Database(error.to_string()),
        EVMError::Custom(text) => EngineError::Internal(text),
        EVMError::CustomAny(error) => EngineError::Internal(error.to_string()),
    }
}
