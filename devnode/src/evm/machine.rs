//! The EVM whose frames may hold programs: revm's frame stack, with programs suspended beside it.

use revm::{
    Context, Database, Journal,
    context::{BlockEnv, CfgEnv, Evm, FrameStack, TxEnv},
    context_interface::{
        ContextTr, JournalTr,
        block::BlobExcessGasAndPrice,
        context::{ContextError, take_error},
    },
    handler::{
        EthFrame, EvmTr, FrameData, FrameInitOrResult, FrameResult, ItemOrResult,
        evm::{ContextDbError, FrameInitResult},
        instructions::EthInstructions,
    },
    interpreter::{
        CallScheme, FrameInput, InstructionResult, InterpreterAction, interpreter::EthInterpreter,
        interpreter_action::FrameInit, interpreter_types::LoopControl,
    },
    primitives::{Bytes, KECCAK_EMPTY, U256, hardfork::SpecId},
    state::Bytecode,
};

use super::{
    ArbContext, ArbState, Programs, opcodes,
    run::Suspended,
    state::{OpenFrame, Peek},
};
use crate::{
    config::ChainConfig,
    engine::{Block, CallOptions},
    precompiles::ArbPrecompiles,
    steps::StepRecorder,
    stylus::{self, Pages, Params},
};

pub(super) type Frame = EthFrame<EthInterpreter>;
pub(super) type Error<DB> = ContextDbError<ArbContext<DB>>;
type Inner<DB> =
    Evm<ArbContext<DB>, (), EthInstructions<EthInterpreter, ArbContext<DB>>, ArbPrecompiles, Frame>;

/// An EVM whose frames may hold Stylus programs.
pub(crate) struct ArbEvm<DB: Database> {
    pub(crate) inner: Inner<DB>,
    /// Programs that wait for a frame above theirs.
    pub(super) suspended: Vec<Suspended>,
    /// Result of the frame that the topmost program waited for.
    pub(super) returned: Option<FrameResult>,
}

impl<DB: Database> ArbEvm<DB> {
    /// Prepares the execution of one transaction in `block`.
    pub(crate) fn new(
        db: DB,
        config: &ChainConfig,
        block: &Block,
        options: CallOptions,
        programs: Programs,
    ) -> Self {
        let spec = SpecId::OSAKA;
        let chain = ArbState {
            config: config.clone(),
            params: Params::new(config.arbos),
            block_number: block.number,
            offered_gas_price: 0,
            hidden_base_fee: None,
            compute_gas_limit: if options.disable_compute_gas_limit {
                u64::MAX
            } else {
                config.compute_gas_limit
            },
            held_gas: 0,
            pages: Pages::default(),
            open: Vec::new(),
            empties: Vec::new(),
            programs,
            recorder: None,
        };
        let ctx = Context::<BlockEnv, TxEnv, CfgEnv, DB, Journal<DB>, ()>::new(db, spec)
            .with_chain(chain)
            .with_block(block_env(block))
            .with_cfg(cfg_env(spec, config, options));
        let mut instructions = EthInstructions::new_mainnet_with_spec(spec);
        opcodes::install(&mut instructions);
        let precompiles = ArbPrecompiles::new(spec, config);
        Self {
            inner: Evm::new(ctx, instructions, precompiles),
            suspended: Vec::new(),
            returned: None,
        }
    }

    /// Whether the topmost frame is a program that waits.
    fn is_waiting(&self) -> bool {
        let top = self.inner.frame_stack.index();
        self.suspended.last().is_some_and(|suspended| Some(suspended.frame) == top)
    }

    /// An account that is delegated to a precompile has no code.
    fn forget_delegated_precompile(&mut self, input: &mut FrameInput) -> Result<(), Error<DB>> {
        let FrameInput::Call(call) = input else { return Ok(()) };
        let (code, _) =
            self.inner.ctx.peek_code(call.bytecode_address).map_err(ContextError::Db)?;
        let delegate = code.eip7702_address();
        if delegate.is_some_and(|delegate| self.inner.precompiles.is_precompile(&delegate)) {
            call.known_bytecode = (KECCAK_EMPTY, Bytecode::default());
        }
        Ok(())
    }

    fn record_enter(&mut self, input: &FrameInput) {
        if let Some(mut recorder) = self.inner.ctx.chain.recorder.take() {
            let calldata = match input {
                FrameInput::Call(call) => call.input.bytes(&self.inner.ctx),
                _ => Bytes::new(),
            };
            recorder.enter(input, calldata, self.inner.ctx.journaled_state.logs());
            self.inner.ctx.chain.recorder = Some(recorder);
        }
    }

    fn record_exit(&mut self, result: &FrameResult) {
        if let Some(recorder) = &mut self.inner.ctx.chain.recorder {
            recorder.exit(result, self.inner.ctx.journaled_state.logs());
        }
    }

    /// Runs the opcodes of the topmost frame.
    fn run_opcodes(&mut self, steps: Option<&mut StepRecorder>) -> InterpreterAction {
        let frame = self.inner.frame_stack.get();
        let (table, gas) =
            (self.inner.instruction.instruction_table(), self.inner.instruction.gas_table());
        let ctx = &mut self.inner.ctx;
        let Some(steps) = steps else { return frame.interpreter.run_plain(table, gas, ctx) };
        let ending = loop {
            steps.before(&frame.interpreter, frame.depth);
            let result = frame.interpreter.step(table, gas, ctx);
            steps.after(&frame.interpreter, result);
            if let Err(ending) = result {
                break ending;
            }
        };
        if frame.interpreter.bytecode.action().is_none() {
            frame.interpreter.halt(ending);
        }
        frame.interpreter.take_next_action()
    }

    /// Runs an EVM frame until it ends or opens another.
    fn run_evm(&mut self) -> Result<FrameInitOrResult<Frame>, Error<DB>> {
        let fragments = self.inner.ctx.chain.has_fragments();
        // The recorder is taken out while it watches.
        let mut recorder = self.inner.ctx.chain.recorder.take();
        let steps = recorder.as_mut().and_then(|recorder| recorder.steps.as_mut());
        let mut action = self.run_opcodes(steps);
        self.inner.ctx.chain.recorder = recorder;
        let frame = self.inner.frame_stack.get();
        let ctx = &mut self.inner.ctx;
        if let (FrameData::Create(_), InterpreterAction::Return(result)) =
            (&frame.data, &mut action)
            && result.result.is_ok()
            && !stylus::is_acceptable(&result.output, fragments)
        {
            result.result = InstructionResult::CreateContractStartingWithEF;
        }
        let next = frame.process_next_action::<_, Error<DB>>(ctx, action)?;
        if next.is_result() {
            frame.set_finished(true);
        }
        Ok(next)
    }
}

/// How a frame counts while it is open.
fn open_frame(input: &FrameInput, empties: usize) -> Option<OpenFrame> {
    match input {
        FrameInput::Call(call) => {
            let delegated = matches!(call.scheme, CallScheme::DelegateCall | CallScheme::CallCode);
            let acting = (!delegated).then_some(call.target_address);
            Some(OpenFrame { caller: call.caller, acting, empties })
        }
        FrameInput::Create(create) => {
            Some(OpenFrame { caller: create.caller(), acting: None, empties })
        }
        FrameInput::Empty => None,
    }
}

fn block_env(block: &Block) -> BlockEnv {
    BlockEnv {
        number: U256::from(block.l1_number),
        beneficiary: block.coinbase,
        timestamp: U256::from(block.timestamp),
        gas_limit: block.gas_limit,
        basefee: block.base_fee,
        difficulty: U256::ONE,
        prevrandao: Some(block.prevrandao),
        blob_excess_gas_and_price: Some(BlobExcessGasAndPrice {
            excess_blob_gas: 0,
            blob_gasprice: 1,
        }),
        slot_num: 0,
    }
}

fn cfg_env(spec: SpecId, config: &ChainConfig, options: CallOptions) -> CfgEnv {
    let mut cfg = CfgEnv::new_with_spec(spec);
    cfg.chain_id = config.chain_id;
    cfg.limit_contract_code_size = Some(config.max_code_size);
    cfg.limit_contract_initcode_size = Some(config.max_code_size.saturating_mul(2));
    cfg.tx_gas_limit_cap = Some(u64::MAX);
    cfg.disable_eip3541 = true;
    cfg.disable_nonce_check = options.disable_nonce_check;
    cfg.disable_balance_check = options.disable_balance_check;
    cfg.disable_base_fee = options.disable_base_fee;
    cfg
}

impl<DB: Database> EvmTr for ArbEvm<DB> {
    type Context = ArbContext<DB>;
    type Instructions = EthInstructions<EthInterpreter, ArbContext<DB>>;
    type Precompiles = ArbPrecompiles;
    type Frame = Frame;

    fn all(&self) -> (&Self::Context, &Self::Instructions, &Self::Precompiles, &FrameStack<Frame>) {
        self.inner.all()
    }

    fn all_mut(
        &mut self,
    ) -> (&mut Self::Context, &mut Self::Instructions, &mut Self::Precompiles, &mut FrameStack<Frame>)
    {
        self.inner.all_mut()
    }

    fn frame_init(
        &mut self,
        mut input: FrameInit,
    ) -> Result<FrameInitResult<'_, Frame>, Error<DB>> {
        // Precompiles run inside this call and want to see who called them.
        let counted = open_frame(&input.frame_input, self.inner.ctx.chain.empties.len());
        self.inner.ctx.chain.open.extend(counted);
        if let FrameInput::Call(call) = &input.frame_input
            && (call.scheme == CallScheme::StaticCall
                || call.scheme == CallScheme::Call
                    && self.inner.precompiles.is_precompile(&call.target_address))
        {
            self.inner.ctx.chain.empties.push(call.target_address);
        }
        self.forget_delegated_precompile(&mut input.frame_input)?;
        self.record_enter(&input.frame_input);
        let result = self.inner.frame_init(input)?;
        match result {
            ItemOrResult::Item(frame) => {
                if let FrameData::Create(create) = &frame.data {
                    let address = create.created_address;
                    if let Some(open) = self.inner.ctx.chain.open.last_mut() {
                        open.acting = Some(address);
                    }
                }
                Ok(ItemOrResult::Item(self.inner.frame_stack.get()))
            }
            ItemOrResult::Result(result) => {
                if counted.is_some() {
                    self.inner.ctx.chain.close_frame(result.instruction_result().is_ok());
                    self.record_exit(&result);
                }
                Ok(ItemOrResult::Result(result))
            }
        }
    }

    fn frame_run(&mut self) -> Result<FrameInitOrResult<Frame>, Error<DB>> {
        if self.is_waiting() {
            return self.resume_program();
        }
        let fragments = self.inner.ctx.chain.has_fragments();
        let frame = self.inner.frame_stack.get();
        let code = frame.interpreter.bytecode.original_byte_slice();
        if matches!(frame.data, FrameData::Call(_)) && stylus::is_program(code, fragments) {
            return self.start_program();
        }
        self.run_evm()
    }

    fn frame_return_result(
        &mut self,
        result: FrameResult,
    ) -> Result<Option<FrameResult>, Error<DB>> {
        if self.inner.frame_stack.get().is_finished() {
            self.inner.frame_stack.pop();
            self.inner.ctx.chain.close_frame(result.instruction_result().is_ok());
            self.record_exit(&result);
        }
        if self.inner.frame_stack.index().is_none() {
            return Ok(Some(result));
        }
        let waiting = self.is_waiting();
        let frame = self.inner.frame_stack.get();
        if waiting {
            frame.interpreter.memory.free_child_context();
            take_error::<Error<DB>, _>(self.inner.ctx.error())?;
            self.returned = Some(result);
        } else {
            frame.return_result::<_, Error<DB>>(&mut self.inner.ctx, result)?;
        }
        Ok(None)
    }
}
