//! `ArbWasmCache` (0x72): which programs stay cached.

use alloy_primitives::B256;
use alloy_sol_types::{SolCall, SolInterface, sol};
use revm::Database;

use super::{
    arb_owner::{CACHE_MANAGERS, is_owner},
    arb_wasm::ArbWasm,
    call::{Call, Failure, Purity},
};
use crate::stylus::keyed;

sol! {
    interface ArbWasmCache {
        function isCacheManager(address manager) external view returns (bool);
        function allCacheManagers() external view returns (address[] memory managers);
        function cacheProgram(address addr) external;
        function cacheCodehash(bytes32 codehash) external;
        function evictCodehash(bytes32 codehash) external;
        function codehashIsCached(bytes32 codehash) external view returns (bool);
        event UpdateProgramCache(address indexed manager, bytes32 indexed codehash, bool cached);
    }
}

/// Gas of looking up the parameters.
const PARAMS_GAS: u64 = 100;

pub(super) fn run<DB: Database>(call: &mut Call<'_, DB>, input: &[u8]) -> Result<Vec<u8>, Failure> {
    use ArbWasmCache as W;
    use ArbWasmCache::ArbWasmCacheCalls as C;
    let method = C::abi_decode(input).map_err(|_| Failure::BurnAll)?;
    let purity = match method {
        C::cacheProgram(_) | C::cacheCodehash(_) | C::evictCodehash(_) => Purity::Write,
        _ => Purity::View,
    };
    // `cacheCodehash` ended with ArbOS 31.
    if matches!(method, C::cacheCodehash(_)) {
        return Err(Failure::BurnAll);
    }
    call.enter(purity)?;
    match method {
        C::isCacheManager(arguments) => {
            let is_manager = call.set_contains(CACHE_MANAGERS, arguments.manager)?;
            Ok(W::isCacheManagerCall::abi_encode_returns(&is_manager))
        }
        C::allCacheManagers(_) => {
            let managers = call.set_members(CACHE_MANAGERS)?;
            Ok(W::allCacheManagersCall::abi_encode_returns(&managers))
        }
        C::cacheProgram(arguments) => {
            let code_hash = call.code_hash(arguments.addr)?;
            set_cached(call, code_hash, true).map(|()| Vec::new())
        }
        C::cacheCodehash(_) => Err(Failure::BurnAll),
        C::evictCodehash(arguments) => {
            set_cached(call, arguments.codehash, false).map(|()| Vec::new())
        }
        C::codehashIsCached(arguments) => {
            let cached = call.program(arguments.codehash)?.cached;
            Ok(W::codehashIsCachedCall::abi_encode_returns(&cached))
        }
    }
}

fn set_cached<DB: Database>(
    call: &mut Call<'_, DB>,
    code_hash: B256,
    cached: bool,
) -> Result<(), Failure> {
    let caller = call.caller;
    if !call.set_contains(CACHE_MANAGERS, caller)? && !is_owner(call, caller)? {
        return Err(Failure::BurnAll);
    }
    call.burn(PARAMS_GAS)?;
    let params = call.ctx.chain.params;
    let mut record = call.program(code_hash)?;
    if cached && record.version != params.version {
        let (version, required) = (record.version, params.version);
        let error = ArbWasm::ProgramNeedsUpgrade { version, stylusVersion: required };
        return Err(Failure::error(&error));
    }
    let age = record.age(call.time());
    if cached && age > params.expiry() {
        return Err(Failure::error(&ArbWasm::ProgramExpired { ageInSeconds: age }));
    }
    if record.cached == cached {
        return Ok(());
    }
    call.emit(&ArbWasmCache::UpdateProgramCache { manager: caller, codehash: code_hash, cached })?;
    call.burn(u64::from(record.init_cost))?;
    call.read(keyed("module hash", code_hash))?;
    record.cached = cached;
    call.set_program(code_hash, record)
}
