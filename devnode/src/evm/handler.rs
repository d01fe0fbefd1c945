//! The course of a transaction where Arbitrum differs from Ethereum: fees, floor and compute limit.

use core::marker::PhantomData;

use alloy_primitives::U256;
use revm::{
    Database,
    context::{
        journaled_state::account::JournaledAccountTr,
        result::{EVMError, HaltReason, InvalidTransaction},
    },
    context_interface::{Cfg, ContextTr, JournalTr, Transaction},
    handler::{EvmTr, FrameResult, Handler, pre_execution, validation},
    interpreter::{GasTracker, InitialAndFloorGas},
};

use super::ArbEvm;
use crate::stylus::{ARBOS_STATE, Params, Slot};

/// revm's transaction handler under Arbitrum's rules.
#[derive(Debug)]
pub(crate) struct ArbHandler<DB>(PhantomData<DB>);

impl<DB> Default for ArbHandler<DB> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<DB: Database> Handler for ArbHandler<DB> {
    type Evm = ArbEvm<DB>;
    type Error = EVMError<DB::Error, InvalidTransaction>;
    type HaltReason = HaltReason;

    /// Owners may have changed the parameters of programs.
    fn validate_env(&self, evm: &mut Self::Evm) -> Result<(), Self::Error> {
        let ctx = &mut evm.inner.ctx;
        let slot = Slot::Params.into();
        let word = ctx.journaled_state.db_mut().storage(ARBOS_STATE, slot);
        let word = word.map_err(EVMError::Database)?;
        ctx.chain.params = Params::from_word(word, ctx.chain.config.arbos);
        validation::validate_env(ctx)
    }

    /// The calldata floor of EIP-7623 is off.
    fn validate_initial_tx_gas(
        &self,
        evm: &mut Self::Evm,
    ) -> Result<InitialAndFloorGas, Self::Error> {
        let ctx = evm.ctx_ref();
        validation::validate_initial_tx_gas_with_gas_params(
            &ctx.tx,
            ctx.cfg.spec,
            ctx.cfg.gas_params(),
            true,
            false,
            u64::MAX,
            None,
        )
        .map_err(Into::into)
    }

    /// The sender must be able to pay the fee that it offers, but pays the base fee: tips are dropped.
    fn validate_against_state_and_deduct_caller(
        &self,
        evm: &mut Self::Evm,
        _gas: &mut InitialAndFloorGas,
    ) -> Result<(), Self::Error> {
        let ctx = &mut evm.inner.ctx;
        let mut caller = ctx.journaled_state.load_account_with_code_mut(ctx.tx.caller)?.data;
        let skip_code_check = ctx.cfg.disable_nonce_check;
        pre_execution::validate_account_nonce_and_code(
            &caller.account().info,
            ctx.tx.nonce,
            skip_code_check,
            ctx.cfg.disable_nonce_check,
        )?;
        let balance = *caller.balance();
        if !ctx.cfg.disable_balance_check {
            ctx.tx.ensure_enough_balance(balance)?;
        }
        let base_fee = u128::from(ctx.block.basefee);
        ctx.chain.offered_gas_price = ctx.tx.effective_gas_price(base_fee);
        ctx.tx.gas_price = ctx.tx.gas_price.min(base_fee);
        ctx.tx.gas_priority_fee = ctx.tx.gas_priority_fee.map(|_| 0);
        let fee = U256::from(ctx.tx.gas_price).saturating_mul(U256::from(ctx.tx.gas_limit));
        let mut left = balance.saturating_sub(fee);
        if ctx.cfg.disable_balance_check {
            left = left.max(ctx.tx.value);
        }
        caller.set_balance(left);
        if ctx.tx.kind.is_call() {
            caller.bump_nonce();
        }
        Ok(())
    }

    /// Gas beyond the compute limit is held, not refused.
    fn tx_gas(&self, evm: &mut Self::Evm, initial: &InitialAndFloorGas) -> GasTracker {
        let ctx = &mut evm.inner.ctx;
        let limit = ctx.tx.gas_limit;
        let (remaining, reservoir) =
            initial.initial_gas_and_reservoir(limit, ctx.cfg.tx_gas_limit_cap());
        let intrinsic = limit.saturating_sub(remaining);
        let usable = remaining.min(ctx.chain.compute_gas_limit.saturating_sub(intrinsic));
        ctx.chain.held_gas = remaining.saturating_sub(usable);
        GasTracker::new(limit, usable, reservoir)
    }

    fn last_frame_result(
        &mut self,
        evm: &mut Self::Evm,
        frame_result: &mut FrameResult,
        gas: &mut GasTracker,
    ) -> Result<(), Self::Error> {
        let halted = frame_result.instruction_result();
        gas.spend_all();
        revm::handler::handle_reservoir_remaining_gas(
            halted,
            gas,
            frame_result.gas_mut().tracker_mut(),
        );
        gas.erase_cost(evm.inner.ctx.chain.held_gas);
        *frame_result.gas_mut().tracker_mut() = *gas;
        Ok(())
    }

    /// The base fee goes to the network's fee account, whose keeper is the chain owner.
    fn reward_beneficiary(
        &self,
        evm: &mut Self::Evm,
        result: &mut FrameResult,
    ) -> Result<(), Self::Error> {
        let ctx = &mut evm.inner.ctx;
        let used = U256::from(result.gas().used());
        let fee = U256::from(ctx.tx.gas_price).saturating_mul(used);
        if !fee.is_zero() {
            let account = ctx.chain.config.owner;
            ctx.journal_mut().load_account_mut(account)?.incr_balance(fee);
        }
        Ok(())
    }
}
