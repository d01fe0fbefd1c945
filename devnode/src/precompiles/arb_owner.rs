//! `ArbOwner` (0x70): what the chain's owners may change. Its methods cost no gas.

use alloy_primitives::{Address, Bytes, FixedBytes, U256};
use alloy_sol_types::{SolCall, SolInterface, sol};
use revm::{Database, context_interface::JournalTr};

use super::call::{Call, Failure, Purity};
use crate::stylus::{Params, Slot};

sol! {
    interface ArbOwner {
        function addChainOwner(address newOwner) external;
        function removeChainOwner(address ownerToRemove) external;
        function isChainOwner(address account) external view returns (bool);
        function getAllChainOwners() external view returns (address[] memory);
        function addWasmCacheManager(address manager) external;
        function removeWasmCacheManager(address manager) external;
        function setWasmMaxStackDepth(uint32 depth) external;
        function setWasmPageLimit(uint16 limit) external;
        function setWasmMinInitGas(uint8 gas, uint16 cached) external;
        function setWasmInitCostScalar(uint64 percent) external;
        function setWasmExpiryDays(uint16 expiryDays) external;
        function setWasmKeepaliveDays(uint16 keepaliveDays) external;
        function setWasmBlockCacheSize(uint16 count) external;
        function setWasmMaxSize(uint32 size) external;
        function setMaxStylusContractFragments(uint8 maxFragments) external;
        function setWasmActivationGas(uint64 gas) external;
        function setL1PricePerUnit(uint256 pricePerUnit) external;
        function getNetworkFeeAccount() external view returns (address);
        function getInfraFeeAccount() external view returns (address);
        event OwnerActs(bytes4 indexed method, address indexed owner, bytes data);
        event ChainOwnerAdded(address indexed newOwner);
        event ChainOwnerRemoved(address indexed removedOwner);
    }
}

/// The set of owners.
pub(crate) const OWNERS: &str = "chain owner";
/// The set of accounts that may keep programs cached.
pub(super) const CACHE_MANAGERS: &str = "cache manager";

/// Whether an account owns the chain.
pub(super) fn is_owner<DB: Database>(
    call: &mut Call<'_, DB>,
    account: Address,
) -> Result<bool, Failure> {
    call.set_contains(OWNERS, account)
}

/// All owners.
pub(super) fn owners<DB: Database>(call: &mut Call<'_, DB>) -> Result<Vec<Address>, Failure> {
    call.set_members(OWNERS)
}

/// Who owns the chain pays nothing for calling `ArbOwner`, whether the call succeeds or not.
pub(super) fn free<DB: Database>(
    call: &mut Call<'_, DB>,
    result: Result<Vec<u8>, Failure>,
) -> Result<Vec<u8>, Failure> {
    if call.is_owner {
        call.refund_all();
        return result.map_err(|failure| match failure {
            Failure::BurnAll => Failure::Revert(Vec::new()),
            other => other,
        });
    }
    result
}

pub(super) fn run<DB: Database>(call: &mut Call<'_, DB>, input: &[u8]) -> Result<Vec<u8>, Failure> {
    use ArbOwner as O;
    use ArbOwner::ArbOwnerCalls as C;
    let caller = call.caller;
    // The state is opened to find the owner; who is none has burned all.
    call.pay_for_reads(1)?;
    call.is_owner = is_owner(call, caller)?;
    if !call.is_owner {
        return Err(Failure::BurnAll);
    }
    // The method starts with all gas again. It may run out of it, though all is given back.
    call.refund_all();
    call.pay_for_input(input.len())?;
    let method = decode(input).ok_or(Failure::BurnAll)?;
    let is_view = matches!(
        method,
        C::isChainOwner(_)
            | C::getAllChainOwners(_)
            | C::getNetworkFeeAccount(_)
            | C::getInfraFeeAccount(_)
    );
    call.enter(if is_view { Purity::View } else { Purity::Write })?;
    let output = match method {
        C::isChainOwner(arguments) => {
            let is_owner = is_owner(call, arguments.account)?;
            O::isChainOwnerCall::abi_encode_returns(&is_owner)
        }
        C::getAllChainOwners(_) => O::getAllChainOwnersCall::abi_encode_returns(&owners(call)?),
        C::getNetworkFeeAccount(_) => {
            O::getNetworkFeeAccountCall::abi_encode_returns(&call.ctx.chain.config.owner)
        }
        C::getInfraFeeAccount(_) => O::getInfraFeeAccountCall::abi_encode_returns(&Address::ZERO),
        C::setWasmActivationGas(arguments) if call.ctx.chain.config.arbos.is_60() => {
            edit(call.write(Slot::ActivationGas.into(), U256::from(arguments.gas)))?
        }
        // Nothing is paid for the parent chain here, whatever its price.
        C::setL1PricePerUnit(_) => Vec::new(),
        C::addChainOwner(arguments) => {
            call.set_add(OWNERS, arguments.newOwner)?;
            if call.ctx.chain.config.arbos.is_60() {
                call.emit(&O::ChainOwnerAdded { newOwner: arguments.newOwner })?;
            }
            Vec::new()
        }
        C::removeChainOwner(arguments) => {
            call.set_remove(OWNERS, arguments.ownerToRemove)?;
            if call.ctx.chain.config.arbos.is_60() {
                call.emit(&O::ChainOwnerRemoved { removedOwner: arguments.ownerToRemove })?;
            }
            Vec::new()
        }
        C::addWasmCacheManager(arguments) => edit(call.set_add(CACHE_MANAGERS, arguments.manager))?,
        C::removeWasmCacheManager(arguments) => {
            edit(call.set_remove(CACHE_MANAGERS, arguments.manager))?
        }
        other => {
            let params = changed(call.ctx.chain.params, &other, call.ctx.chain.has_fragments())?;
            edit(call.set_params(params))?
        }
    };
    if !call.is_static {
        acted(call, input);
    }
    Ok(output)
}

/// The method called. Numbers must fit their types; what precedes an address counts for nothing.
fn decode(input: &[u8]) -> Option<ArbOwner::ArbOwnerCalls> {
    use ArbOwner::ArbOwnerCalls as C;
    let method = C::abi_decode(input).ok()?;
    let of_address = matches!(
        method,
        C::addChainOwner(_)
            | C::removeChainOwner(_)
            | C::isChainOwner(_)
            | C::addWasmCacheManager(_)
            | C::removeWasmCacheManager(_)
    );
    if of_address { Some(method) } else { C::abi_decode_validate(input).ok() }
}

fn edit(result: Result<(), Failure>) -> Result<Vec<u8>, Failure> {
    result.map(|()| Vec::new())
}

/// The parameters with the change that a method asks for.
fn changed(
    mut params: Params,
    method: &ArbOwner::ArbOwnerCalls,
    fragments: bool,
) -> Result<Params, Failure> {
    use ArbOwner::ArbOwnerCalls as C;
    // Minima are kept in units of 128 and 32 gas, the scalar in units of 2 %, rounded up.
    let unit = |value: u64, unit: u64| u8::try_from(value.div_ceil(unit)).unwrap_or(u8::MAX);
    match method {
        C::setWasmMaxStackDepth(arguments) => params.max_stack_depth = arguments.depth,
        C::setWasmPageLimit(arguments) => params.page_limit = arguments.limit,
        C::setWasmMinInitGas(arguments) => {
            params.min_init_gas = unit(u64::from(arguments.gas), 128);
            params.min_cached_gas = unit(u64::from(arguments.cached), 32);
        }
        C::setWasmInitCostScalar(arguments) => {
            params.init_cost_scalar = unit(arguments.percent, 2);
        }
        C::setWasmExpiryDays(arguments) => params.expiry_days = arguments.expiryDays,
        C::setWasmKeepaliveDays(arguments) => params.keepalive_days = arguments.keepaliveDays,
        C::setWasmBlockCacheSize(arguments) => params.block_cache_size = arguments.count,
        C::setWasmMaxSize(arguments) => params.max_wasm_size = arguments.size,
        C::setMaxStylusContractFragments(arguments) if fragments => {
            params.max_fragments = arguments.maxFragments;
        }
        _ => return Err(Failure::BurnAll),
    }
    Ok(params)
}

/// Tells the world what an owner did.
fn acted<DB: Database>(call: &mut Call<'_, DB>, input: &[u8]) {
    use alloy_sol_types::SolEvent;
    let method = input.first_chunk::<4>().copied().unwrap_or_default();
    let event = ArbOwner::OwnerActs {
        method: FixedBytes(method),
        owner: call.caller,
        data: Bytes::copy_from_slice(input),
    };
    let log = alloy_primitives::Log { address: call.address, data: event.encode_log_data() };
    call.ctx.journaled_state.log(log);
}
