//! How much gas a call needs: the lowest limit with which it succeeds, by bisection.
//!
//! The gas used is not enough: a sub-call is only given 63/64 of what is left, refunds come at the
//! end, and stipends count on top.

use alloy_eips::BlockId;
use alloy_rpc_types_eth::TransactionRequest;
use revm::context::TxEnv;

use super::{
    Error, Node, Outcome, Overrides, Status, View,
    call::{PreparedCall, prepare},
    node::Environment,
};
use crate::{Block, CallOptions, Engine};

/// Gas of a plain transfer.
const TRANSFER_GAS: u64 = 21_000;
/// Gas given on top to a call with value.
const STIPEND: u64 = 2_300;
/// The bisection ends when the interval is this share of its upper end (geth: 0.015).
const TOLERANCE_PER_MILLE: u64 = 15;

impl Node {
    /// The gas limit that a transaction needs, at most 1.5 % above the least.
    ///
    /// # Errors
    /// Why the call fails with all the gas it may have; [`Error::GasRequiredExceedsAllowance`] when
    /// only gas is lacking.
    pub fn estimate_gas(
        &mut self,
        request: &TransactionRequest,
        id: BlockId,
        overrides: &Overrides,
    ) -> Result<u64, Error> {
        let Environment { block, version } = self.environment(id)?;
        let view = View { state: &self.state, blocks: &self.blocks, version };
        let limits = self.call_limits();
        let call = prepare(view, block, request, overrides, limits)?;
        estimate(&mut self.engine, call)
    }
}

fn estimate(engine: &mut Engine, call: PreparedCall<'_>) -> Result<u64, Error> {
    let PreparedCall { mut state, block, env } = call;
    let mut run = |gas_limit: u64| run_with(engine, &mut state, &block, &env, gas_limit);
    let allowance = env.gas_limit;
    let is_transfer = env.data.is_empty() && env.kind.is_call() && env.access_list.0.is_empty();
    if is_transfer && allowance >= TRANSFER_GAS {
        let outcome = run(TRANSFER_GAS)?;
        if outcome.is_some_and(|outcome| outcome.is_success()) {
            return Ok(TRANSFER_GAS);
        }
    }
    let Some(outcome) = run(allowance)? else {
        return Err(Error::GasRequiredExceedsAllowance { allowance });
    };
    if outcome.is_out_of_gas {
        return Err(Error::GasRequiredExceedsAllowance { allowance });
    }
    if let Some(error) = outcome.failure() {
        return Err(error);
    }
    let spent = outcome.gas_used.saturating_add(outcome.gas_refunded);
    let mut high = allowance;
    let mut low = outcome.gas_used.saturating_sub(1);
    // What a call with one level of sub-calls needs; most are settled by this guess.
    let guess =
        spent.saturating_add(STIPEND).saturating_mul(64).checked_div(63).unwrap_or_default();
    if guess < high {
        if succeeds(run(guess)?) {
            high = guess;
        } else {
            low = guess;
        }
    }
    while low.saturating_add(1) < high {
        let gap = high.saturating_sub(low);
        if gap.saturating_mul(1000) < high.saturating_mul(TOLERANCE_PER_MILLE) {
            break;
        }
        // Most need little more than they use: look near the lower end first.
        let middle = low.midpoint(high).min(low.saturating_mul(2).max(1));
        if succeeds(run(middle)?) {
            high = middle;
        } else {
            low = middle;
        }
    }
    Ok(high)
}

fn succeeds(outcome: Option<Outcome>) -> bool {
    outcome.is_some_and(|outcome| outcome.status == Status::Success)
}

/// Runs the call with a gas limit; `None` when the limit is below the intrinsic gas.
fn run_with(
    engine: &mut Engine,
    state: &mut super::call::Overlay<'_>,
    block: &Block,
    env: &TxEnv,
    gas_limit: u64,
) -> Result<Option<Outcome>, Error> {
    let env = TxEnv { gas_limit, ..env.clone() };
    let sender = env.caller;
    // Unlike a call, it computes with no more gas than a transaction would.
    let options = CallOptions { disable_compute_gas_limit: false, ..CallOptions::simulation() };
    match engine.transact(state, block, env, options) {
        Ok(result) => Ok(Some(result.result.into())),
        Err(error) => match Error::from_engine(error, sender) {
            Error::IntrinsicGasTooLow { .. } => Ok(None),
            other => Err(other),
        },
    }
}
