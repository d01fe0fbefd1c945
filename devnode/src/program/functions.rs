//! The host functions: names, types, and the modules that they are imported from.

use wasmparser::{FuncType, ValType};

use crate::wasm::WasmError;

/// A host function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HostFunction {
    ReadArgs,
    WriteResult,
    ExitEarly,
    StorageLoad,
    StorageCache,
    StorageFlush,
    TransientLoad,
    TransientStore,
    Call,
    DelegateCall,
    StaticCall,
    Create1,
    Create2,
    ReadReturnData,
    ReturnDataSize,
    EmitLog,
    AccountBalance,
    AccountCode,
    AccountCodeSize,
    AccountCodeHash,
    EvmGasLeft,
    EvmInkLeft,
    BlockBaseFee,
    BlockCoinbase,
    BlockGasLimit,
    BlockNumber,
    BlockTimestamp,
    ChainId,
    ContractAddress,
    MsgReentrant,
    MsgSender,
    MsgValue,
    TxGasPrice,
    TxInkPrice,
    TxOrigin,
    Keccak256,
    PayForMemoryGrow,
    MathDiv,
    MathMod,
    MathPow,
    MathAddMod,
    MathMulMod,
    /// Prints text from the program's memory.
    ConsoleText,
    /// Any function of `console` that prints a number and returns nothing.
    ConsoleLog,
    /// Any function of `console` that prints and returns its argument.
    ConsoleTee,
    /// Any function of `debug`.
    Debug,
}

/// How a host function is imported.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Declaration {
    pub(crate) function: HostFunction,
    pub(crate) module: &'static str,
    pub(crate) name: &'static str,
    /// One letter a value: i = i32, l = i64, f = f32, d = f64.
    pub(crate) parameters: &'static str,
    pub(crate) result: &'static str,
}

const fn hook(
    function: HostFunction,
    name: &'static str,
    parameters: &'static str,
    result: &'static str,
) -> Declaration {
    Declaration { function, module: "vm_hooks", name, parameters, result }
}

const fn console(name: &'static str, parameters: &'static str, tee: bool) -> Declaration {
    let (function, result) =
        if tee { (HostFunction::ConsoleTee, parameters) } else { (HostFunction::ConsoleLog, "") };
    Declaration { function, module: "console", name, parameters, result }
}

const fn debug(name: &'static str) -> Declaration {
    Declaration { function: HostFunction::Debug, module: "debug", name, parameters: "", result: "" }
}

/// All host functions.
pub(crate) const DECLARATIONS: &[Declaration] = &[
    hook(HostFunction::ReadArgs, "read_args", "i", ""),
    hook(HostFunction::WriteResult, "write_result", "ii", ""),
    hook(HostFunction::ExitEarly, "exit_early", "i", ""),
    hook(HostFunction::StorageLoad, "storage_load_bytes32", "ii", ""),
    hook(HostFunction::StorageCache, "storage_cache_bytes32", "ii", ""),
    hook(HostFunction::StorageFlush, "storage_flush_cache", "i", ""),
    hook(HostFunction::TransientLoad, "transient_load_bytes32", "ii", ""),
    hook(HostFunction::TransientStore, "transient_store_bytes32", "ii", ""),
    hook(HostFunction::Call, "call_contract", "iiiili", "i"),
    hook(HostFunction::DelegateCall, "delegate_call_contract", "iiili", "i"),
    hook(HostFunction::StaticCall, "static_call_contract", "iiili", "i"),
    hook(HostFunction::Create1, "create1", "iiiii", ""),
    hook(HostFunction::Create2, "create2", "iiiiii", ""),
    hook(HostFunction::ReadReturnData, "read_return_data", "iii", "i"),
    hook(HostFunction::ReturnDataSize, "return_data_size", "", "i"),
    hook(HostFunction::EmitLog, "emit_log", "iii", ""),
    hook(HostFunction::AccountBalance, "account_balance", "ii", ""),
    hook(HostFunction::AccountCode, "account_code", "iiii", "i"),
    hook(HostFunction::AccountCodeSize, "account_code_size", "i", "i"),
    hook(HostFunction::AccountCodeHash, "account_codehash", "ii", ""),
    hook(HostFunction::EvmGasLeft, "evm_gas_left", "", "l"),
    hook(HostFunction::EvmInkLeft, "evm_ink_left", "", "l"),
    hook(HostFunction::BlockBaseFee, "block_basefee", "i", ""),
    hook(HostFunction::BlockCoinbase, "block_coinbase", "i", ""),
    hook(HostFunction::BlockGasLimit, "block_gas_limit", "", "l"),
    hook(HostFunction::BlockNumber, "block_number", "", "l"),
    hook(HostFunction::BlockTimestamp, "block_timestamp", "", "l"),
    hook(HostFunction::ChainId, "chainid", "", "l"),
    hook(HostFunction::ContractAddress, "contract_address", "i", ""),
    hook(HostFunction::MsgReentrant, "msg_reentrant", "", "i"),
    hook(HostFunction::MsgSender, "msg_sender", "i", ""),
    hook(HostFunction::MsgValue, "msg_value", "i", ""),
    hook(HostFunction::TxGasPrice, "tx_gas_price", "i", ""),
    hook(HostFunction::TxInkPrice, "tx_ink_price", "", "i"),
    hook(HostFunction::TxOrigin, "tx_origin", "i", ""),
    hook(HostFunction::Keccak256, "native_keccak256", "iii", ""),
    hook(HostFunction::PayForMemoryGrow, "pay_for_memory_grow", "i", ""),
    hook(HostFunction::MathDiv, "math_div", "ii", ""),
    hook(HostFunction::MathMod, "math_mod", "ii", ""),
    hook(HostFunction::MathPow, "math_pow", "ii", ""),
    hook(HostFunction::MathAddMod, "math_add_mod", "iii", ""),
    hook(HostFunction::MathMulMod, "math_mul_mod", "iii", ""),
    Declaration {
        function: HostFunction::ConsoleText,
        module: "console",
        name: "log_txt",
        parameters: "ii",
        result: "",
    },
    console("log_i32", "i", false),
    console("log_i64", "l", false),
    console("log_f32", "f", false),
    console("log_f64", "d", false),
    console("tee_i32", "i", true),
    console("tee_i64", "l", true),
    console("tee_f32", "f", true),
    console("tee_f64", "d", true),
    debug("null_host"),
    debug("start_benchmark"),
    debug("end_benchmark"),
];

fn letters(types: &[ValType]) -> String {
    let letter = |ty: &ValType| match ty {
        ValType::I32 => 'i',
        ValType::I64 => 'l',
        ValType::F32 => 'f',
        ValType::F64 => 'd',
        ValType::V128 | ValType::Ref(_) => '?',
    };
    types.iter().map(letter).collect()
}

/// Checks that every import is a host function of the type that the chain gives it.
///
/// # Errors
/// Unknown functions and mismatched types, by name; `console` and `debug` unless `debug_chain`.
pub(crate) fn check_imports(
    imports: &[(&str, &str, Option<&FuncType>)],
    debug_chain: bool,
) -> Result<(), WasmError> {
    for &(module, name, ty) in imports {
        let named = || (module.to_owned(), name.to_owned());
        let declaration = DECLARATIONS
            .iter()
            .find(|known| known.module == module && known.name == name)
            .filter(|known| debug_chain || known.module == "vm_hooks");
        let Some(declaration) = declaration else {
            let (module, name) = named();
            return Err(WasmError::UnsupportedImport { module, name });
        };
        let matches = ty.is_some_and(|ty| {
            letters(ty.params()) == declaration.parameters
                && letters(ty.results()) == declaration.result
        });
        if !matches {
            let (module, name) = named();
            return Err(WasmError::ImportType { module, name });
        }
    }
    Ok(())
}
