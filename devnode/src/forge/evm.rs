//! The EVM of the tests: the chain's own, with cheat codes at the edge of every frame.

use core::convert::Infallible;

use alloy_primitives::{Address, Bytes, TxKind, U256};
use revm::{
    Database, DatabaseCommit,
    context::{
        BlockEnv, FrameStack, TxEnv,
        result::{EVMError, ExecutionResult, HaltReason, InvalidTransaction},
    },
    context_interface::JournalTr,
    database::{CacheDB, EmptyDB},
    handler::{
        EvmTr, FrameInitOrResult, FrameResult, Handler, ItemOrResult,
        evm::{ContextDbError, FrameInitResult},
    },
    interpreter::{GasTracker, InitialAndFloorGas, interpreter_action::FrameInit},
};

use super::cheats::Cheats;
use crate::{
    config::ChainConfig,
    engine::{Block, CallOptions},
    evm::{ArbContext, ArbEvm, ArbHandler, Programs},
    trace::{CallTrace, Recorder},
};

/// Everything that tests run on, in memory.
pub(super) type Db = CacheDB<EmptyDB>;
/// revm's context over it.
pub(super) type Context = ArbContext<Db>;
type Inner = ArbEvm<Db>;
type Frame = <Inner as EvmTr>::Frame;
type Error = ContextDbError<Context>;
type RunError = EVMError<<Db as Database>::Error, InvalidTransaction>;

const _: fn(<Db as Database>::Error) -> Infallible = |never| never;

/// What cheat codes can change about the block, kept between transactions.
#[derive(Debug, Clone)]
pub(super) struct Environment {
    pub(super) block: BlockEnv,
    /// What `ArbSys.arbBlockNumber` returns.
    pub(super) number: u64,
    pub(super) chain_id: u64,
    pub(super) gas_price: u128,
}

/// A chain in memory. A copy is as good as the original.
#[derive(Debug, Clone)]
pub(super) struct World {
    pub(super) db: Db,
    pub(super) config: ChainConfig,
    pub(super) environment: Environment,
}

/// A transaction of the runner.
#[derive(Debug, Clone)]
pub(super) struct Transaction {
    pub(super) from: Address,
    pub(super) to: TxKind,
    pub(super) input: Bytes,
    pub(super) value: U256,
    pub(super) gas: u64,
}

/// What came of it.
#[derive(Debug, Clone)]
pub(super) struct Executed {
    pub(super) result: ExecutionResult,
    pub(super) trace: Option<CallTrace>,
}

impl World {
    /// Runs a transaction and keeps what it changed.
    ///
    /// # Errors
    /// A fault of the engine, in words.
    pub(super) fn execute(
        &mut self,
        transaction: &Transaction,
        cheats: &mut Cheats,
        programs: &mut Option<Programs>,
        tracing: bool,
    ) -> Result<Executed, String> {
        let mut kept = programs.take().unwrap_or_else(|| Programs::new(self.config.engine));
        // Every test is its own block for the cache of recent programs.
        kept.recent.clear();
        let db = core::mem::take(&mut self.db);
        let block = Block { number: self.environment.number, ..Block::default() };
        self.config.chain_id = self.environment.chain_id;
        let arb = ArbEvm::new(db, &self.config, &block, CallOptions::simulation(), kept);
        let mut evm = CheatEvm { arb, cheats: core::mem::take(cheats) };
        evm.enter(&self.environment, transaction, tracing);
        let result = CheatHandler::default().run(&mut evm);
        let state = evm.context().journaled_state.finalize();
        let context = evm.arb.inner.ctx;
        *cheats = evm.cheats;
        *programs = Some(context.chain.programs);
        self.environment = Environment {
            block: context.block,
            number: context.chain.block_number,
            chain_id: context.cfg.chain_id,
            gas_price: cheats.gas_price.unwrap_or(self.environment.gas_price),
        };
        self.db = context.journaled_state.database;
        self.db.commit(state);
        let result = result.map_err(|error: RunError| error.to_string())?;
        let trace = context.chain.recorder.and_then(Recorder::finish);
        Ok(Executed { result, trace })
    }
}

/// The chain's EVM with cheat codes.
pub(super) struct CheatEvm {
    pub(super) arb: Inner,
    pub(super) cheats: Cheats,
}

impl CheatEvm {
    fn enter(&mut self, environment: &Environment, transaction: &Transaction, tracing: bool) {
        self.cheats.begin(transaction.from);
        let context = &mut self.arb.inner.ctx;
        context.block = environment.block.clone();
        context.cfg.limit_contract_code_size = Some(usize::MAX);
        context.cfg.limit_contract_initcode_size = Some(usize::MAX);
        context.chain.recorder = tracing.then(Recorder::default);
        context.tx = TxEnv {
            caller: transaction.from,
            kind: transaction.to,
            data: transaction.input.clone(),
            value: transaction.value,
            gas_limit: transaction.gas,
            gas_price: environment.gas_price,
            chain_id: Some(environment.chain_id),
            ..TxEnv::default()
        };
    }

    pub(super) const fn context(&mut self) -> &mut Context {
        &mut self.arb.inner.ctx
    }
}

impl EvmTr for CheatEvm {
    type Context = Context;
    type Instructions = <Inner as EvmTr>::Instructions;
    type Precompiles = <Inner as EvmTr>::Precompiles;
    type Frame = Frame;

    fn all(&self) -> (&Context, &Self::Instructions, &Self::Precompiles, &FrameStack<Frame>) {
        self.arb.all()
    }

    fn all_mut(
        &mut self,
    ) -> (&mut Context, &mut Self::Instructions, &mut Self::Precompiles, &mut FrameStack<Frame>)
    {
        self.arb.all_mut()
    }

    fn frame_init(&mut self, mut input: FrameInit) -> Result<FrameInitResult<'_, Frame>, Error> {
        let note = match self.before(&mut input)? {
            ItemOrResult::Item(note) => note,
            ItemOrResult::Result(answer) => return Ok(ItemOrResult::Result(answer)),
        };
        let ended = match self.arb.frame_init(input)? {
            ItemOrResult::Item(_) => None,
            ItemOrResult::Result(result) => Some(result),
        };
        if let Some(mut result) = ended {
            self.after(note, &mut result)?;
            return Ok(ItemOrResult::Result(result));
        }
        self.cheats.open.push(note);
        Ok(ItemOrResult::Item(self.arb.inner.frame_stack.get()))
    }

    fn frame_run(&mut self) -> Result<FrameInitOrResult<Frame>, Error> {
        self.arb.frame_run()
    }

    fn frame_return_result(
        &mut self,
        mut result: FrameResult,
    ) -> Result<Option<FrameResult>, Error> {
        if !self.arb.inner.frame_stack.get().is_finished() {
            return self.arb.frame_return_result(result);
        }
        // The trace shows what happened, not what an expectation makes of it.
        if let Some(recorder) = &mut self.arb.inner.ctx.chain.recorder {
            recorder.exit(&result, self.arb.inner.ctx.journaled_state.logs());
        }
        if let Some(note) = self.cheats.open.pop() {
            self.after(note, &mut result)?;
        }
        let recorder = self.arb.inner.ctx.chain.recorder.take();
        let returned = self.arb.frame_return_result(result);
        self.arb.inner.ctx.chain.recorder = recorder;
        returned
    }
}

/// The chain's course of a transaction.
#[derive(Default)]
struct CheatHandler(ArbHandler<Db>);

impl Handler for CheatHandler {
    type Evm = CheatEvm;
    type Error = RunError;
    type HaltReason = HaltReason;

    fn validate_env(&self, evm: &mut CheatEvm) -> Result<(), RunError> {
        self.0.validate_env(&mut evm.arb)
    }

    fn validate_initial_tx_gas(&self, evm: &mut CheatEvm) -> Result<InitialAndFloorGas, RunError> {
        self.0.validate_initial_tx_gas(&mut evm.arb)
    }

    fn validate_against_state_and_deduct_caller(
        &self,
        evm: &mut CheatEvm,
        gas: &mut InitialAndFloorGas,
    ) -> Result<(), RunError> {
        self.0.validate_against_state_and_deduct_caller(&mut evm.arb, gas)
    }

    fn tx_gas(&self, evm: &mut CheatEvm, initial: &InitialAndFloorGas) -> GasTracker {
        self.0.tx_gas(&mut evm.arb, initial)
    }

    fn last_frame_result(
        &mut self,
        evm: &mut CheatEvm,
        result: &mut FrameResult,
        gas: &mut GasTracker,
    ) -> Result<(), RunError> {
        self.0.last_frame_result(&mut evm.arb, result, gas)
    }

    fn reward_beneficiary(
        &self,
        evm: &mut CheatEvm,
        result: &mut FrameResult,
    ) -> Result<(), RunError> {
        self.0.reward_beneficiary(&mut evm.arb, result)
    }
}
