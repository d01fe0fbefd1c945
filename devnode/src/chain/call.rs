//! Calls that change nothing: on any block, with any account and block field overridden.

use alloy_eips::{
    BlockId,
    eip2930::{AccessList, AccessListItem},
};
use alloy_primitives::{Address, B256, TxKind, U256};
use alloy_rpc_types_eth::{BlockOverrides, TransactionRequest, state::StateOverride};
use revm::{
    Database, DatabaseRef,
    context::{TxEnv, either::Either},
    database::{AccountState, CacheDB},
    database_interface::WrapDatabaseRef,
    state::EvmState,
};

use super::{
    Error, Node, Outcome, View, node::Environment, state::bytecode, transaction::call_input,
};
use crate::{Block, CallOptions};

/// How often an access list is tried before a call that never settles is given up on.
const ACCESS_LIST_ROUNDS: u32 = 8;

/// What a call sees otherwise than the chain has it.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// Accounts: balance, nonce, code, storage.
    pub state: StateOverride,
    /// Block fields.
    pub block: BlockOverrides,
}

/// The state of a call: overridden accounts over the chain's, neither of which is copied.
pub(super) type Overlay<'a> = CacheDB<View<'a>>;

/// A call made ready to run.
pub(super) struct PreparedCall<'a> {
    pub state: Overlay<'a>,
    pub block: Block,
    pub env: TxEnv,
}

impl Node {
    /// Runs a call on the state of a block.
    ///
    /// # Errors
    /// When it could not run: bad arguments, unknown block, insufficient funds. A revert is an
    /// [`Outcome`].
    pub fn call(
        &mut self,
        request: &TransactionRequest,
        id: BlockId,
        overrides: &Overrides,
    ) -> Result<Outcome, Error> {
        if let Some(answer) = self.node_interface(request, id, overrides)? {
            return Ok(answer);
        }
        let Environment { mut block, version } = self.environment(id)?;
        let view = View { state: &self.state, blocks: &self.blocks, version };
        let limits = self.call_limits();
        if overrides.state.is_empty() {
            apply_block(&mut block, &overrides.block);
            let env = call_env(request, &view, &block, limits)?;
            let sender = env.caller;
            let result = self
                .engine
                .transact(WrapDatabaseRef(view), &block, env, CallOptions::simulation())
                .map_err(|error| Error::from_engine(error, sender))?;
            return Ok(result.result.into());
        }
        let mut call = prepare(view, block, request, overrides, limits)?;
        let result = self.engine.transact(
            &mut call.state,
            &call.block,
            call.env.clone(),
            CallOptions::simulation(),
        );
        let result = result.map_err(|error| Error::from_engine(error, call.env.caller))?;
        Ok(result.result.into())
    }

    pub(super) const fn call_limits(&self) -> Limits {
        Limits { gas_cap: self.config.call_gas_cap, chain_id: self.config.chain.chain_id }
    }

    /// The accounts and slots that a call touches, and what it comes to when they are paid for in
    /// advance.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub fn access_list(
        &mut self,
        request: &TransactionRequest,
        id: BlockId,
        overrides: &Overrides,
    ) -> Result<(AccessList, Outcome), Error> {
        let Environment { block, version } = self.environment(id)?;
        let view = View { state: &self.state, blocks: &self.blocks, version };
        let limits = self.call_limits();
        let mut call = prepare(view, block, request, overrides, limits)?;
        call.env.tx_type = call.env.tx_type.max(1);
        let sender = call.env.caller;
        let target = call.env.kind.to().copied().unwrap_or_else(|| sender.create(call.env.nonce));
        let mut round: u32 = 0;
        loop {
            let result = self
                .engine
                .transact(&mut call.state, &call.block, call.env.clone(), CallOptions::simulation())
                .map_err(|error| Error::from_engine(error, sender))?;
            let list = touched(&result.state, &[sender, target, call.block.coinbase]);
            // Paying in advance may change the course of a call that looks at its gas.
            round = round.saturating_add(1);
            if list == call.env.access_list || round == ACCESS_LIST_ROUNDS {
                return Ok((list, result.result.into()));
            }
            call.env.access_list = list;
        }
    }
}

/// Accounts and slots that an execution read or wrote. Those in `free` are listed only with slots,
/// since they are warm from the start; so are precompiles.
fn touched(state: &EvmState, free: &[Address]) -> AccessList {
    let mut items: Vec<AccessListItem> = state
        .iter()
        .map(|(address, account)| {
            let mut storage_keys: Vec<B256> =
                account.storage.keys().map(|slot| B256::from(*slot)).collect();
            storage_keys.sort_unstable();
            AccessListItem { address: *address, storage_keys }
        })
        .filter(|item| {
            let is_free = free.contains(&item.address) || is_precompile(item.address);
            !item.storage_keys.is_empty() || !is_free
        })
        .collect();
    items.sort_unstable_by_key(|item| item.address);
    AccessList(items)
}

/// Ethereum's and Arbitrum's precompiles lie below 0x200.
fn is_precompile(address: Address) -> bool {
    U256::from_be_slice(address.as_slice()) < U256::from(0x200)
}

/// What holds for every call.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    gas_cap: u64,
    chain_id: u64,
}

/// Overlays the overrides and fills in what the request leaves open.
pub(super) fn prepare<'a>(
    view: View<'a>,
    mut block: Block,
    request: &TransactionRequest,
    overrides: &Overrides,
    limits: Limits,
) -> Result<PreparedCall<'a>, Error> {
    apply_block(&mut block, &overrides.block);
    let mut state = CacheDB::new(view);
    apply_state(&mut state, &overrides.state)?;
    let env = call_env(request, &state, &block, limits)?;
    Ok(PreparedCall { state, block, env })
}

pub(super) fn call_env<DB: DatabaseRef<Error = Error>>(
    request: &TransactionRequest,
    state: &DB,
    block: &Block,
    limits: Limits,
) -> Result<TxEnv, Error> {
    if request.blob_versioned_hashes.is_some() {
        return Err(Error::TypeNotSupported);
    }
    if request.gas_price.is_some() && request.max_fee_per_gas.is_some() {
        let message = "both gasPrice and (maxFeePerGas or maxPriorityFeePerGas) specified";
        return Err(Error::InvalidArgument(message.into()));
    }
    if let Some(have) = request.chain_id.filter(|id| *id != limits.chain_id) {
        return Err(Error::InvalidChainId { have, want: limits.chain_id });
    }
    let caller = request.from.unwrap_or_default();
    let account = state.basic_ref(caller)?.unwrap_or_default();
    let gas_price = request.gas_price.or(request.max_fee_per_gas).unwrap_or(0);
    if gas_price > 0 && gas_price < u128::from(block.base_fee) {
        let base_fee = block.base_fee;
        return Err(Error::FeeCapTooLow { address: caller, fee_cap: gas_price, base_fee });
    }
    let value = request.value.unwrap_or_default();
    let mut gas_limit = request.gas.unwrap_or(limits.gas_cap).min(limits.gas_cap);
    if gas_price > 0 && request.gas.is_none() {
        // Without a limit of its own the call gets what its sender can pay for.
        let spendable = account.balance.saturating_sub(value);
        let affordable = spendable.checked_div(U256::from(gas_price)).unwrap_or_default();
        gas_limit = gas_limit.min(affordable.saturating_to());
    }
    let fee = U256::from(gas_limit).saturating_mul(U256::from(gas_price));
    let want = fee.saturating_add(value);
    if account.balance < want {
        return Err(Error::InsufficientFunds { address: caller, have: account.balance, want });
    }
    let authorizations = request.authorization_list.clone().unwrap_or_default();
    let tx_type = match (&request.access_list, authorizations.is_empty(), request.gas_price) {
        (_, false, _) => 4,
        (Some(_), true, Some(_)) => 1,
        (None, true, Some(_)) => 0,
        (_, true, None) => 2,
    };
    Ok(TxEnv {
        tx_type,
        caller,
        gas_limit,
        gas_price,
        kind: request.to.unwrap_or(TxKind::Create),
        value,
        data: call_input(request)?,
        nonce: account.nonce,
        chain_id: Some(limits.chain_id),
        access_list: request.access_list.clone().unwrap_or_default(),
        gas_priority_fee: (tx_type != 0 && tx_type != 1).then_some(0),
        authorization_list: authorizations.into_iter().map(Either::Left).collect(),
        ..TxEnv::default()
    })
}

pub(super) fn apply_block(block: &mut Block, overrides: &BlockOverrides) {
    if let Some(number) = overrides.number {
        // What contracts read as block.number is the L1 number.
        block.l1_number = number.saturating_to();
        block.number = number.saturating_to();
    }
    block.timestamp = overrides.time.unwrap_or(block.timestamp);
    block.gas_limit = overrides.gas_limit.unwrap_or(block.gas_limit);
    block.coinbase = overrides.coinbase.unwrap_or(block.coinbase);
    block.prevrandao = overrides.random.unwrap_or(block.prevrandao);
    block.base_fee = overrides.base_fee.map_or(block.base_fee, |fee| fee.saturating_to());
}

pub(super) fn apply_state(state: &mut Overlay<'_>, overrides: &StateOverride) -> Result<(), Error> {
    for (address, change) in overrides {
        if change.move_precompile_to.is_some() {
            let message = "movePrecompileToAddress is not supported";
            return Err(Error::InvalidArgument(message.into()));
        }
        if change.state.is_some() && change.state_diff.is_some() {
            let message = format!("account {address} has both 'state' and 'stateDiff'");
            return Err(Error::InvalidArgument(message));
        }
        let mut info = state.basic(*address)?.unwrap_or_default();
        info.balance = change.balance.unwrap_or(info.balance);
        info.nonce = change.nonce.unwrap_or(info.nonce);
        if let Some(code) = &change.code {
            let code = bytecode(code.clone());
            info.code_hash = code.hash_slow();
            info.code = Some(code);
        }
        state.insert_account_info(*address, info);
        if let Some(slots) = &change.state {
            let slots = slots.iter().map(|(slot, value)| (word(slot), word(value))).collect();
            state.replace_account_storage(*address, slots)?;
        }
        for (slot, value) in change.state_diff.iter().flatten() {
            state.insert_account_storage(*address, word(slot), word(value))?;
        }
        set_existing(state, *address);
    }
    Ok(())
}

/// An account made up by an override exists from the start.
fn set_existing(state: &mut Overlay<'_>, address: Address) {
    if let Some(account) = state.cache.accounts.get_mut(&address)
        && account.account_state == AccountState::NotExisting
    {
        account.account_state = AccountState::None;
    }
}

const fn word(bytes: &B256) -> U256 {
    U256::from_be_bytes(bytes.0)
}
