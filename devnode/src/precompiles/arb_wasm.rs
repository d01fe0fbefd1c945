//! `ArbWasm` (0x71): activation of programs, and what the chain knows about them.

use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_sol_types::{SolCall, SolInterface, sol};
use revm::{Database, context_interface::JournalTr, state::Bytecode};

use super::call::{Call, Failure, Purity, fatal};
use crate::{
    stylus::{
        self, DataPricer, FREE_PAGES, PAGE_GAS, PAGE_RAMP, ProgramError, ProgramRecord, Slot, keyed,
    },
    wasm::{Activated, Features, wide},
};

sol! {
    interface ArbWasm {
        function activateProgram(address program) external payable
            returns (uint16 version, uint256 dataFee);
        function codehashKeepalive(bytes32 codehash) external payable;
        function stylusVersion() external view returns (uint16);
        function inkPrice() external view returns (uint32);
        function maxStackDepth() external view returns (uint32);
        function freePages() external view returns (uint16);
        function pageGas() external view returns (uint16);
        function pageRamp() external view returns (uint64);
        function pageLimit() external view returns (uint16);
        function minInitGas() external view returns (uint64 gas, uint64 cached);
        function initCostScalar() external view returns (uint64);
        function expiryDays() external view returns (uint16);
        function keepaliveDays() external view returns (uint16);
        function blockCacheSize() external view returns (uint16);
        function activationGas() external view returns (uint64);
        function codehashVersion(bytes32 codehash) external view returns (uint16);
        function codehashAsmSize(bytes32 codehash) external view returns (uint32);
        function programVersion(address program) external view returns (uint16);
        function programInitGas(address program) external view
            returns (uint64 gas, uint64 gasWhenCached);
        function programMemoryFootprint(address program) external view returns (uint16);
        function programTimeLeft(address program) external view returns (uint64);

        event ProgramActivated(
            bytes32 indexed codehash, bytes32 moduleHash, address program, uint256 dataFee,
            uint16 version
        );
        event ProgramLifetimeExtended(bytes32 indexed codehash, uint256 dataFee);

        error ProgramNotWasm();
        error ProgramNotActivated();
        error ProgramNeedsUpgrade(uint16 version, uint16 stylusVersion);
        error ProgramExpired(uint64 ageInSeconds);
        error ProgramUpToDate();
        error ProgramKeepaliveTooSoon(uint64 ageInSeconds);
        error ProgramInsufficientValue(uint256 have, uint256 want);
    }
}

/// Gas of any activation, before the work is metered.
const ACTIVATION_GAS: u64 = 1_659_168;
/// Gas of looking up the parameters.
const PARAMS_GAS: u64 = 100;
const STORAGE_READ_GAS: u64 = 800;
const COLD_ACCOUNT_GAS: u64 = 2_600;
const WARM_ACCOUNT_GAS: u64 = 100;
const COPY_WORD_GAS: u64 = 3;

pub(super) fn run<DB: Database>(call: &mut Call<'_, DB>, input: &[u8]) -> Result<Vec<u8>, Failure> {
    use ArbWasm::ArbWasmCalls as C;
    let method = C::abi_decode(input).map_err(|_| Failure::BurnAll)?;
    match method {
        C::activateProgram(arguments) => {
            call.enter(Purity::Payable)?;
            activate(call, arguments.program)
        }
        C::codehashKeepalive(arguments) => {
            call.enter(Purity::Payable)?;
            keepalive(call, arguments.codehash).map(|()| Vec::new())
        }
        other => {
            call.enter(Purity::View)?;
            if !matches!(other, C::activationGas(_)) {
                call.burn(PARAMS_GAS)?;
            }
            view(call, &other)
        }
    }
}

fn view<DB: Database>(
    call: &mut Call<'_, DB>,
    method: &ArbWasm::ArbWasmCalls,
) -> Result<Vec<u8>, Failure> {
    use ArbWasm as W;
    use ArbWasm::ArbWasmCalls as C;
    let params = call.ctx.chain.params;
    Ok(match method {
        C::stylusVersion(_) => W::stylusVersionCall::abi_encode_returns(&params.version),
        C::inkPrice(_) => W::inkPriceCall::abi_encode_returns(&params.ink_price),
        C::maxStackDepth(_) => W::maxStackDepthCall::abi_encode_returns(&params.max_stack_depth),
        C::freePages(_) => W::freePagesCall::abi_encode_returns(&FREE_PAGES),
        C::pageGas(_) => {
            let gas = u16::try_from(PAGE_GAS).unwrap_or(u16::MAX);
            W::pageGasCall::abi_encode_returns(&gas)
        }
        C::pageRamp(_) => W::pageRampCall::abi_encode_returns(&PAGE_RAMP),
        C::pageLimit(_) => W::pageLimitCall::abi_encode_returns(&params.page_limit),
        C::minInitGas(_) => {
            let (gas, cached) = (params.init_gas(0), params.cached_gas(0));
            W::minInitGasCall::abi_encode_returns(&(gas, cached).into())
        }
        C::initCostScalar(_) => {
            let percent = u64::from(params.init_cost_scalar).saturating_mul(2);
            W::initCostScalarCall::abi_encode_returns(&percent)
        }
        C::expiryDays(_) => W::expiryDaysCall::abi_encode_returns(&params.expiry_days),
        C::keepaliveDays(_) => W::keepaliveDaysCall::abi_encode_returns(&params.keepalive_days),
        C::blockCacheSize(_) => W::blockCacheSizeCall::abi_encode_returns(&params.block_cache_size),
        C::activationGas(_) if call.ctx.chain.config.arbos.is_60() => {
            let gas = call.read(Slot::ActivationGas.into())?.saturating_to();
            W::activationGasCall::abi_encode_returns(&gas)
        }
        C::codehashVersion(arguments) => {
            let version = active(call, arguments.codehash)?.version;
            W::codehashVersionCall::abi_encode_returns(&version)
        }
        C::codehashAsmSize(arguments) => {
            let size = active(call, arguments.codehash)?.asm_bytes();
            W::codehashAsmSizeCall::abi_encode_returns(&size)
        }
        C::programVersion(arguments) => {
            let version = active_at(call, arguments.program)?.version;
            W::programVersionCall::abi_encode_returns(&version)
        }
        C::programInitGas(arguments) => {
            let record = active_at(call, arguments.program)?;
            let cached = params.cached_gas(record.cached_cost);
            let init = params.init_gas(record.init_cost).saturating_add(cached);
            W::programInitGasCall::abi_encode_returns(&(init, cached).into())
        }
        C::programMemoryFootprint(arguments) => {
            let pages = active_at(call, arguments.program)?.footprint;
            W::programMemoryFootprintCall::abi_encode_returns(&pages)
        }
        C::programTimeLeft(arguments) => {
            let age = active_at(call, arguments.program)?.age(call.time());
            let left = params.expiry().saturating_sub(age);
            W::programTimeLeftCall::abi_encode_returns(&left)
        }
        C::activationGas(_) | C::activateProgram(_) | C::codehashKeepalive(_) => {
            return Err(Failure::BurnAll);
        }
    })
}

fn active_at<DB: Database>(
    call: &mut Call<'_, DB>,
    program: Address,
) -> Result<ProgramRecord, Failure> {
    let code_hash = call.code_hash(program)?;
    active(call, code_hash)
}

/// The entry of a program that may be called now.
fn active<DB: Database>(call: &mut Call<'_, DB>, hash: B256) -> Result<ProgramRecord, Failure> {
    let record = call.program(hash)?;
    record.check(&call.ctx.chain.params, call.time()).map_err(|error| match error {
        ProgramError::NotActivated => Failure::error(&ArbWasm::ProgramNotActivated {}),
        ProgramError::NeedsUpgrade { version, required } => {
            Failure::error(&ArbWasm::ProgramNeedsUpgrade { version, stylusVersion: required })
        }
        ProgramError::Expired { age } => {
            Failure::error(&ArbWasm::ProgramExpired { ageInSeconds: age })
        }
    })?;
    Ok(record)
}

fn activate<DB: Database>(call: &mut Call<'_, DB>, program: Address) -> Result<Vec<u8>, Failure> {
    if call.ctx.chain.config.arbos.is_60() {
        let extra = call.read(Slot::ActivationGas.into())?;
        call.burn(extra.saturating_to())?;
    }
    call.burn(ACTIVATION_GAS)?;
    let (code, code_hash) = call.code(program)?;
    if call.is_destroyed(program) {
        return Err(Failure::Revert(Vec::new()));
    }
    call.burn(PARAMS_GAS)?;
    let (params, time) = (call.ctx.chain.params, call.time());
    let old = call.program(code_hash)?;
    if old.is_current(&params, time) {
        return Err(Failure::error(&ArbWasm::ProgramUpToDate {}));
    }
    let wasm = wasm_of(call, &code)?;
    let features =
        Features { stylus_version: params.version, debug: call.ctx.chain.config.allow_debug };
    // What does not validate burns all gas.
    let activated = Activated::new(&wasm, features).map_err(|_| Failure::BurnAll)?;
    let free = params.page_limit.saturating_sub(call.ctx.chain.pages.open);
    if activated.data.footprint > free {
        return Err(Failure::BurnAll);
    }
    call.burn(activated.work.gas)?;
    let programs = &mut call.ctx.chain.programs;
    programs.keep(code_hash, &activated.instrumented.wasm).map_err(fatal)?;
    if old.cached {
        // What was cached under the old module is replaced.
        call.pay_for_reads(1)?;
    }
    let module_hash = keccak256(&wasm);
    call.write(keyed("module hash", code_hash), module_hash.into())?;
    let data_fee = buy_data(call, activated.data.asm_estimate)?;
    let record = ProgramRecord::new(&activated.data, &params, time, old.cached);
    call.set_program(code_hash, record)?;
    pay_data_fee(call, data_fee)?;
    let version = params.version;
    call.emit(&ArbWasm::ProgramActivated {
        codehash: code_hash,
        moduleHash: module_hash,
        program,
        dataFee: data_fee,
        version,
    })?;
    Ok(ArbWasm::activateProgramCall::abi_encode_returns(&(version, data_fee).into()))
}

fn keepalive<DB: Database>(call: &mut Call<'_, DB>, code_hash: B256) -> Result<(), Failure> {
    call.burn(PARAMS_GAS)?;
    let time = call.time();
    let mut record = active(call, code_hash)?;
    let age = record.age(time);
    if age < call.ctx.chain.params.keepalive() {
        return Err(Failure::error(&ArbWasm::ProgramKeepaliveTooSoon { ageInSeconds: age }));
    }
    let fee = buy_data(call, record.asm_bytes())?;
    record.renew(time);
    call.set_program(code_hash, record)?;
    pay_data_fee(call, fee)?;
    call.emit(&ArbWasm::ProgramLifetimeExtended { codehash: code_hash, dataFee: fee })
}

/// Adds a program's compiled size to the demand; the fee for it.
fn buy_data<DB: Database>(call: &mut Call<'_, DB>, bytes: u32) -> Result<U256, Failure> {
    let demand = call.read(Slot::DataDemand.into())?.saturating_to();
    let updated = call.read(Slot::DataUpdated.into())?.saturating_to();
    // Rate, minimum price and inertia are read from state too.
    call.burn(STORAGE_READ_GAS.saturating_mul(3))?;
    let mut pricer = DataPricer::new(demand, updated);
    let fee = pricer.buy(bytes, call.time());
    call.write(Slot::DataDemand.into(), U256::from(pricer.demand))?;
    call.write(Slot::DataUpdated.into(), U256::from(pricer.updated))?;
    Ok(U256::from(fee))
}

/// Takes the fee out of the value sent and returns the rest.
fn pay_data_fee<DB: Database>(call: &mut Call<'_, DB>, fee: U256) -> Result<(), Failure> {
    let have = call.value;
    let Some(rest) = have.checked_sub(fee) else {
        return Err(Failure::error(&ArbWasm::ProgramInsufficientValue { have, want: fee }));
    };
    call.burn(STORAGE_READ_GAS)?;
    let (owner, caller) = (call.ctx.chain.config.owner, call.caller);
    call.pay(owner, fee)?;
    call.pay(caller, rest)
}

/// The WASM of a program; reading fragments costs gas.
fn wasm_of<DB: Database>(call: &mut Call<'_, DB>, code: &[u8]) -> Result<Vec<u8>, Failure> {
    let fragments = call.ctx.chain.has_fragments();
    let params = call.ctx.chain.params;
    if !stylus::is_program(code, fragments) {
        // Without fragments, and for a fragment itself, the chain reverts without a reason.
        let is_fragment = stylus::root(code).is_err();
        let typed = code.is_empty() || fragments && !is_fragment;
        return Err(if typed {
            Failure::error(&ArbWasm::ProgramNotWasm {})
        } else {
            Failure::Revert(Vec::new())
        });
    }
    let invalid = |_| Failure::Revert(Vec::new());
    let Some(root) = stylus::root(code).map_err(invalid)? else {
        return stylus::decompress(code, params.max_wasm_size).map_err(invalid);
    };
    let count = root.fragments.len();
    if root.length > params.max_wasm_size || count > usize::from(params.max_fragments) {
        return Err(Failure::Revert(Vec::new()));
    }
    let mut stream = Vec::new();
    for address in root.fragments {
        let largest = wide(call.ctx.chain.config.max_code_size);
        let load = call.ctx.journaled_state.load_account_with_code(address).map_err(fatal)?;
        let touch = if load.is_cold { COLD_ACCOUNT_GAS } else { WARM_ACCOUNT_GAS };
        let code = load.data.info.code.as_ref().map(Bytecode::original_bytes);
        let code = code.unwrap_or_default();
        let price =
            |bytes: u64| touch.saturating_add(bytes.div_ceil(32).saturating_mul(COPY_WORD_GAS));
        if call.gas_left() < price(largest) {
            return Err(Failure::BurnAll);
        }
        call.burn(price(wide(code.len())))?;
        stream.extend_from_slice(stylus::fragment_payload(&code).map_err(invalid)?);
    }
    let wasm = stylus::inflate(root.dictionary, &stream, root.length).map_err(invalid)?;
    if wide(wasm.len()) == u64::from(root.length) {
        Ok(wasm)
    } else {
        Err(Failure::Revert(Vec::new()))
    }
}
