//! Running a transaction or call again to see what happens inside it.

use alloy_eips::BlockId;
use alloy_primitives::B256;
use alloy_rpc_types_eth::TransactionRequest;
use revm::{database_interface::WrapDatabaseRef, state::EvmState};

use super::{
    Error, Node, Outcome, Overrides, View,
    call::prepare,
    node::{Environment, block_environment},
};
use crate::{
    CallOptions,
    trace::{CallTrace, StepOptions},
};

/// What happened inside a transaction or call.
#[derive(Clone, Debug)]
pub struct Traced {
    /// What it came to.
    pub outcome: Outcome,
    /// The tree of calls, with the host functions of each program.
    pub trace: CallTrace,
    /// Accounts and slots that it touched, with what they held before.
    pub touched: EvmState,
}

impl Node {
    /// Runs a mined transaction again, on the state that it ran on; with its opcodes if `steps`.
    ///
    /// # Errors
    /// [`Error::UnknownTransaction`], [`Error::Fork`].
    pub fn trace_transaction(
        &mut self,
        hash: B256,
        steps: Option<StepOptions>,
    ) -> Result<Traced, Error> {
        let (block, index, mined) =
            self.blocks.transaction(hash).ok_or(Error::UnknownTransaction { hash })?;
        let environment = block_environment(block);
        // The sender was checked when it was mined.
        let options = CallOptions { disable_nonce_check: true, steps, ..CallOptions::default() };
        // From ArbOS 60 on, programs that ran earlier in the block start at a lower price.
        self.engine.begin_block();
        for earlier in block.transactions.iter().take(index) {
            let version = earlier.state_before;
            let view = View { state: &self.state, blocks: &self.blocks, version };
            let sender = earlier.transaction.sender;
            let env = earlier.transaction.to_env();
            self.engine
                .transact(WrapDatabaseRef(view), &environment, env, options)
                .map_err(|error| Error::from_engine(error, sender))?;
        }
        let view = View { state: &self.state, blocks: &self.blocks, version: mined.state_before };
        let (result, trace) = self
            .engine
            .trace(WrapDatabaseRef(view), &environment, mined.transaction.to_env(), options)
            .map_err(|error| Error::from_engine(error, mined.transaction.sender))?;
        Ok(Traced { outcome: result.result.into(), trace, touched: result.state })
    }

    /// Runs a call like [`Self::call`] and records it.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub fn trace_call(
        &mut self,
        request: &TransactionRequest,
        id: BlockId,
        overrides: &Overrides,
        steps: Option<StepOptions>,
    ) -> Result<Traced, Error> {
        let options = CallOptions { steps, ..CallOptions::simulation() };
        let Environment { block, version } = self.environment(id)?;
        let limits = self.call_limits();
        let view = View { state: &self.state, blocks: &self.blocks, version };
        let mut call = prepare(view, block, request, overrides, limits)?;
        let sender = call.env.caller;
        let (result, trace) = self
            .engine
            .trace(&mut call.state, &call.block, call.env, options)
            .map_err(|error| Error::from_engine(error, sender))?;
        Ok(Traced { outcome: result.result.into(), trace, touched: result.state })
    }
}
