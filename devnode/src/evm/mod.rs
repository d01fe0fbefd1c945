//! The machine that runs transactions: revm's frames and journal with Arbitrum's rules.

mod handler;

use alloy_primitives::{Address, U256};
use revm::{
    Context, Database, Journal,
    context::{BlockEnv, CfgEnv, Evm, FrameStack, TxEnv},
    context_interface::block::BlobExcessGasAndPrice,
    handler::{
        EthFrame, EthPrecompiles, EvmTr, FrameInitOrResult, FrameResult, FrameTr,
        evm::{ContextDbError, FrameInitResult},
        instructions::EthInstructions,
    },
    interpreter::interpreter::EthInterpreter,
    primitives::hardfork::SpecId,
};

use crate::{
    config::ChainConfig,
    engine::{Block, CallOptions},
};

pub(crate) use handler::ArbHandler;

/// What Arbitrum's rules need to know beyond revm's environment.
#[derive(Debug)]
pub(crate) struct ArbState {
    /// Most gas this transaction may compute with, intrinsic gas included.
    pub(crate) compute_gas_limit: u64,
    /// Who receives the base fee.
    pub(crate) network_fee_account: Address,
    /// Gas above that limit, returned at the end.
    pub(crate) held_gas: u64,
}

/// revm's context over a database.
pub(crate) type ArbContext<DB> = Context<BlockEnv, TxEnv, CfgEnv, DB, Journal<DB>, ArbState>;

type Frame = EthFrame<EthInterpreter>;

/// An EVM whose frames may hold Stylus programs.
pub(crate) struct ArbEvm<DB: Database> {
    pub(crate) inner:
        Evm<ArbContext<DB>, (), EthInstructions<EthInterpreter, ArbContext<DB>>, EthPrecompiles, Frame>,
}

impl<DB: Database> ArbEvm<DB> {
    /// Prepares the execution of one transaction in `block`.
    pub(crate) fn new(db: DB, config: &ChainConfig, block: &Block, options: &CallOptions) -> Self {
        let spec = SpecId::OSAKA;
        let chain = ArbState {
            compute_gas_limit: if options.disable_compute_gas_limit {
                u64::MAX
            } else {
                config.compute_gas_limit
            },
            network_fee_account: config.owner,
            held_gas: 0,
        };
        let ctx = Context::<BlockEnv, TxEnv, CfgEnv, DB, Journal<DB>, ()>::new(db, spec)
            .with_chain(chain)
            .with_block(block_env(block))
            .with_cfg(cfg_env(spec, config, options));
        Self {
            inner: Evm::new(
                ctx,
                EthInstructions::new_mainnet_with_spec(spec),
                EthPrecompiles::new(spec),
            ),
        }
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

fn cfg_env(spec: SpecId, config: &ChainConfig, options: &CallOptions) -> CfgEnv {
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
    type Precompiles = EthPrecompiles;
    type Frame = Frame;

    fn all(
        &self,
    ) -> (&Self::Context, &Self::Instructions, &Self::Precompiles, &FrameStack<Frame>) {
        self.inner.all()
    }

    fn all_mut(
        &mut self,
    ) -> (
        &mut Self::Context,
        &mut Self::Instructions,
        &mut Self::Precompiles,
        &mut FrameStack<Frame>,
    ) {
        self.inner.all_mut()
    }

    fn frame_init(
        &mut self,
        frame_input: <Frame as FrameTr>::FrameInit,
    ) -> Result<FrameInitResult<'_, Frame>, ContextDbError<Self::Context>> {
        self.inner.frame_init(frame_input)
    }

    fn frame_run(
        &mut self,
    ) -> Result<FrameInitOrResult<Frame>, ContextDbError<Self::Context>> {
        self.inner.frame_run()
    }

    fn frame_return_result(
        &mut self,
        result: FrameResult,
    ) -> Result<Option<FrameResult>, ContextDbError<Self::Context>> {
        self.inner.frame_return_result(result)
    }
}
