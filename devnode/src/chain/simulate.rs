//! Blocks that are only imagined: `eth_simulateV1` runs calls one after another on the state that the
//! ones before them left.

use alloy_eips::BlockId;
use alloy_primitives::{Address, B256, Log, U256, address, b256};
use alloy_rpc_types_eth::{
    BlockOverrides, TransactionRequest,
    simulate::{SimBlock, SimulatePayload},
};
use revm::{DatabaseCommit, DatabaseRef, database::CacheDB};

use super::{
    Error, MinedBlock, MinedTransaction, Node, Outcome, Overrides, Transaction, View,
    block::HeaderFields,
    call::{Limits, Overlay, apply_block, apply_state, call_env},
    node::Environment,
    transaction::{Defaults, build},
};
use crate::{
    Block, CallOptions, Engine,
    trace::{CallTrace, FrameKind},
};

/// Most blocks that one request may imagine, empty ones between them included.
const MOST_BLOCKS: u64 = 256;
/// Most calls in all blocks of a request.
const MOST_CALLS: usize = 10_000;

/// What a transfer of value is logged as, if asked for: an event of this address.
const TRANSFERS: Address = address!("EeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE");
/// `Transfer(address,address,uint256)`.
const TRANSFER: B256 = b256!("ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef");

/// A block that was imagined, and what its calls came to.
#[derive(Clone, Debug)]
pub struct SimulatedBlock {
    /// The block, with the calls as transactions.
    pub block: MinedBlock,
    /// What each call came to, in order.
    pub outcomes: Vec<Outcome>,
}

/// What stays the same for all blocks of a request.
struct Rules {
    limits: Limits,
    validates: bool,
    logs_transfers: bool,
    arbos_version: u64,
    base_fee: u64,
}

impl Node {
    /// Runs the calls of `payload` on the state of a block, in blocks that follow it.
    ///
    /// # Errors
    /// Unknown block; [`Error::InvalidArgument`] for blocks out of order and too many of them; why a
    /// call could not run at all. One that reverts is an [`Outcome`].
    pub fn simulate(
        &mut self,
        payload: &SimulatePayload,
        id: BlockId,
    ) -> Result<Vec<SimulatedBlock>, Error> {
        let calls = payload.block_state_calls.iter().map(|block| block.calls.len());
        if calls.fold(0, usize::saturating_add) > MOST_CALLS {
            return Err(Error::InvalidArgument(format!("too many calls: more than {MOST_CALLS}")));
        }
        let Environment { block: base, version } = self.environment(id)?;
        let parent_hash = self.block(id)?.hash;
        let rules = Rules {
            limits: self.call_limits(),
            validates: payload.validation,
            logs_transfers: payload.trace_transfers,
            arbos_version: self.config.chain.arbos.number(),
            base_fee: if payload.validation { self.base_fee() } else { 0 },
        };
        let view = View { state: &self.state, blocks: &self.blocks, version };
        let mut state = CacheDB::new(view);
        let mut chain =
            Imagined { previous: base.clone(), parent_hash, version, blocks: Vec::new() };
        self.engine.aside(|engine| {
            for wanted in &payload.block_state_calls {
                let number = wanted.block_number_override().map(|number| number.saturating_to());
                chain.fill(number, base.number, &rules)?;
                let block = chain.next(wanted.block_overrides.as_ref(), &rules)?;
                let calls = run(engine, &mut state, &block, wanted, &rules)?;
                chain.push(&block, calls, &rules);
                if let Some(last) = chain.blocks.last() {
                    let number = U256::from(last.block.header.number);
                    state.cache.block_hashes.insert(number, last.block.hash);
                }
            }
            Ok(chain.blocks)
        })
    }
}

/// The blocks so far.
struct Imagined {
    previous: Block,
    parent_hash: B256,
    version: u64,
    blocks: Vec<SimulatedBlock>,
}

impl Imagined {
    /// Empty blocks up to the one before `number`.
    fn fill(&mut self, number: Option<u64>, base: u64, rules: &Rules) -> Result<(), Error> {
        let number = number.unwrap_or_else(|| self.previous.number.saturating_add(1));
        if number <= self.previous.number {
            let last = self.previous.number;
            let message = format!("block numbers must be in order: {number} <= {last}");
            return Err(Error::InvalidArgument(message));
        }
        if number.saturating_sub(base) > MOST_BLOCKS {
            return Err(Error::InvalidArgument(format!(
                "too many blocks: more than {MOST_BLOCKS}"
            )));
        }
        while self.previous.number.saturating_add(1) < number {
            let block = self.next(None, rules)?;
            self.push(&block, Vec::new(), rules);
        }
        Ok(())
    }

    /// The block after the last one, with what is overridden.
    fn next(&self, overrides: Option<&BlockOverrides>, rules: &Rules) -> Result<Block, Error> {
        let mut block = self.previous.clone();
        block.number = block.number.saturating_add(1);
        block.timestamp = block.timestamp.saturating_add(1);
        block.base_fee = rules.base_fee;
        if let Some(overrides) = overrides {
            apply_block(&mut block, overrides);
        }
        if block.timestamp < self.previous.timestamp {
            let (wanted, last) = (block.timestamp, self.previous.timestamp);
            let message = format!("block timestamps must be in order: {wanted} < {last}");
            return Err(Error::InvalidArgument(message));
        }
        Ok(block)
    }

    fn push(&mut self, block: &Block, calls: Vec<(Transaction, Outcome)>, rules: &Rules) {
        let mut mined: Vec<MinedTransaction> = Vec::with_capacity(calls.len());
        let mut outcomes = Vec::with_capacity(calls.len());
        for (transaction, outcome) in calls {
            let (gas_before, first_log_index) = mined.last().map_or((0, 0), |previous| {
                (previous.cumulative_gas_used, previous.next_log_index())
            });
            mined.push(MinedTransaction {
                is_success: outcome.is_success(),
                gas_used: outcome.gas_used,
                cumulative_gas_used: gas_before.saturating_add(outcome.gas_used),
                contract_address: outcome.created,
                failure: outcome.failure().map(|error| error.to_string()),
                logs: outcome.logs.clone(),
                first_log_index,
                output: outcome.output.clone(),
                state_before: self.version,
                transaction,
            });
            outcomes.push(outcome);
        }
        let fields = HeaderFields {
            parent_hash: self.parent_hash,
            number: block.number,
            l1_number: block.l1_number,
            timestamp: block.timestamp,
            base_fee: block.base_fee,
            coinbase: block.coinbase,
            arbos_version: rules.arbos_version,
        };
        let sealed = MinedBlock::seal(&fields, mined, self.version);
        self.parent_hash = sealed.hash;
        self.previous = block.clone();
        self.blocks.push(SimulatedBlock { block: sealed, outcomes });
    }
}

/// Runs the calls of a block, each on what the one before it left.
fn run(
    engine: &mut Engine,
    state: &mut Overlay<'_>,
    block: &Block,
    wanted: &SimBlock,
    rules: &Rules,
) -> Result<Vec<(Transaction, Outcome)>, Error> {
    let state_overrides = wanted.state_overrides.clone().unwrap_or_default();
    let overrides = Overrides { state: state_overrides, block: BlockOverrides::default() };
    apply_state(state, &overrides.state)?;
    let calls = wanted.calls.iter();
    calls.map(|request| run_one(engine, state, block, request, rules)).collect()
}

fn run_one(
    engine: &mut Engine,
    state: &mut Overlay<'_>,
    block: &Block,
    request: &TransactionRequest,
    rules: &Rules,
) -> Result<(Transaction, Outcome), Error> {
    let mut env = call_env(request, state, block, rules.limits)?;
    env.nonce = request.nonce.unwrap_or(env.nonce);
    let sender = env.caller;
    if rules.validates && env.gas_price < u128::from(block.base_fee) {
        let (fee_cap, base_fee) = (env.gas_price, block.base_fee);
        return Err(Error::FeeCapTooLow { address: sender, fee_cap, base_fee });
    }
    let defaults = Defaults {
        chain_id: env.chain_id.unwrap_or_default(),
        nonce: state.basic_ref(sender)?.unwrap_or_default().nonce,
        gas_limit: env.gas_limit,
        base_fee: block.base_fee,
    };
    let transaction = Transaction::impersonated(build(request, &defaults)?, sender);
    let options = if rules.validates {
        CallOptions::default()
    } else {
        // Its blocks show the base fee that they were given, and its calls are limited as transactions are.
        CallOptions {
            hide_base_fee: false,
            disable_compute_gas_limit: false,
            forget_recent_programs: false,
            ..CallOptions::simulation()
        }
    };
    let (result, trace) = engine
        .trace(&mut *state, block, env, options)
        .map_err(|error| Error::from_engine(error, sender))?;
    state.commit(result.state);
    let mut outcome = Outcome::from(result.result);
    if rules.logs_transfers && outcome.is_success() {
        outcome.logs.clear();
        logs_with_transfers(&trace, &mut outcome.logs);
    }
    Ok((transaction, outcome))
}

/// The events of a frame and those that it opened, with an event for each transfer of value.
fn logs_with_transfers(trace: &CallTrace, logs: &mut Vec<Log>) {
    if trace.error.is_some() {
        return;
    }
    let moves = matches!(trace.kind, FrameKind::Call | FrameKind::Create | FrameKind::Create2);
    if moves && !trace.value.is_zero() {
        let topics = vec![TRANSFER, trace.from.into_word(), trace.to.into_word()];
        let value = trace.value.to_be_bytes::<32>().into();
        logs.push(Log::new_unchecked(TRANSFERS, topics, value));
    }
    let mut own = trace.logs.iter().peekable();
    for (index, call) in trace.calls.iter().enumerate() {
        while let Some((_, log)) = own.next_if(|(position, _)| *position <= index) {
            logs.push(log.clone());
        }
        logs_with_transfers(call, logs);
    }
    logs.extend(own.map(|(_, log)| log.clone()));
}
