//! From a built WASM file to the code that is deployed: normalise, strip, compress, and report.

use std::io::Write;

use alloy_primitives::Bytes;
use wasm_encoder::{Module as Encoder, RawSection};

use crate::wasm::{ActivationData, Features, Module, WasmError, activate, wide};

/// Prefix of a program's code; the last byte names the dictionary, 0 = none.
pub const CODE_PREFIX: [u8; 4] = [0xef, 0xf0, 0x00, 0x00];

/// Most bytes of code that an account may hold.
pub const MAX_CODE_SIZE: usize = 24_576;

const QUALITY: u32 = 11;
const WINDOW: u32 = 22;

/// Why a WASM file cannot be packed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PackError {
    /// The file is not WASM that can be printed and read again.
    #[error("cannot normalise: {0}")]
    Normalise(String),
    /// The chain would not activate it.
    #[error("cannot be activated: {0}")]
    Activate(#[from] WasmError),
    /// Compression failed.
    #[error("cannot compress: {0}")]
    Compress(String),
}

/// A program ready to be deployed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// The normalised WASM: what the chain decompresses.
    pub wasm: Vec<u8>,
    /// The account's code: prefix and compressed WASM.
    pub code: Bytes,
    /// Sizes and start costs.
    pub report: Report,
}

/// Sizes in bytes, costs in gas.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Report {
    /// Size of the normalised WASM; at most 262,144 (131,072 before `ArbOS` 60).
    pub raw_size: usize,
    /// Size of the code that is deployed.
    pub compressed_size: usize,
    /// What is left of the 24,576 bytes that code may have; negative if it is too large.
    pub headroom: i64,
    /// Bytes of data segments, for which every call pays.
    pub data_bytes: u64,
    /// Functions of the program's own.
    pub functions: usize,
    /// Memory pages at start.
    pub footprint: u16,
    /// Gas to start the program when it is not cached, in full.
    pub init_gas: u64,
    /// Gas that every start costs, cached or not, in full.
    pub cached_gas: u64,
    /// The parts of those that the chain stores.
    pub init_cost: u16,
    /// See `init_cost`.
    pub cached_cost: u16,
    /// Estimated size of the compiled program, for which activation pays the data fee.
    pub asm_estimate: u32,
}

/// Normalises, checks and compresses a built WASM file for the rules of `features`.
///
/// # Errors
/// What cannot be normalised, or would be refused at activation.
pub fn pack(wasm: &[u8], features: Features) -> Result<Package, PackError> {
    let wasm = normalise(wasm)?;
    let code = compress(&wasm)?;
    let report = report(&wasm, code.len(), features)?;
    Ok(Package { wasm, code, report })
}

/// Passes the module through its text form and drops custom sections.
///
/// Compilers write some indices in longer forms than the chain accepts; the text has no forms.
///
/// # Errors
/// What is not valid WASM.
pub fn normalise(wasm: &[u8]) -> Result<Vec<u8>, PackError> {
    let failed = |error: &dyn core::fmt::Display| PackError::Normalise(error.to_string());
    let bare = strip(wasm)?;
    let text = wasmprinter::print_bytes(&bare).map_err(|error| failed(&error))?;
    let again = wat::parse_str(&text).map_err(|error| failed(&error))?;
    strip(&again)
}

/// The module without custom sections: names, producers, target features.
///
/// # Errors
/// What is not valid WASM.
pub fn strip(wasm: &[u8]) -> Result<Vec<u8>, PackError> {
    let mut encoder = Encoder::new();
    for payload in wasmparser::Parser::new(0).parse_all(wasm) {
        let payload = payload.map_err(|error| PackError::Normalise(error.to_string()))?;
        if matches!(payload, wasmparser::Payload::CustomSection(_)) {
            continue;
        }
        if let Some((id, range)) = payload.as_section() {
            let start = usize::try_from(range.start).unwrap_or(usize::MAX);
            let end = usize::try_from(range.end).unwrap_or(usize::MAX);
            let data = wasm.get(start..end).unwrap_or_default();
            encoder.section(&RawSection { id, data });
        }
    }
    Ok(encoder.finish())
}

/// The account's code for a WASM file: prefix, then brotli at its best.
///
/// # Errors
/// None that an in-memory stream gives; kept typed.
pub fn compress(wasm: &[u8]) -> Result<Bytes, PackError> {
    let mut code = CODE_PREFIX.to_vec();
    let mut writer = brotli::CompressorWriter::new(&mut code, 4_096, QUALITY, WINDOW);
    writer.write_all(wasm).map_err(|error| PackError::Compress(error.to_string()))?;
    writer.flush().map_err(|error| PackError::Compress(error.to_string()))?;
    drop(writer);
    Ok(code.into())
}

/// Init code that deploys `code` as it is: what `cargo-stylus` sends.
pub fn init_code(code: &[u8]) -> Bytes {
    // PUSH32 len, DUP1, PUSH1 43, PUSH1 0, CODECOPY, PUSH1 0, RETURN, then a version byte.
    let mut out = vec![0x7f];
    out.extend_from_slice(&[0; 24]);
    out.extend_from_slice(&wide(code.len()).to_be_bytes());
    out.extend_from_slice(&[0x80, 0x60, 0x2b, 0x60, 0x00, 0x39, 0x60, 0x00, 0xf3, 0x00]);
    out.extend_from_slice(code);
    out.into()
}

fn report(wasm: &[u8], compressed_size: usize, features: Features) -> Result<Report, PackError> {
    let data: ActivationData = activate(wasm, features)?;
    let module = Module::parse(wasm, features)?;
    let params = crate::stylus::Params::new(crate::config::ArbOs::V51);
    let size = |bytes: usize| i64::try_from(bytes).unwrap_or(i64::MAX);
    Ok(Report {
        raw_size: wasm.len(),
        compressed_size,
        headroom: size(MAX_CODE_SIZE).saturating_sub(size(compressed_size)),
        data_bytes: module.data_bytes(),
        functions: module.function_count(),
        footprint: data.footprint,
        init_gas: params.init_gas(data.init_cost),
        cached_gas: params.cached_gas(data.cached_cost),
        init_cost: data.init_cost,
        cached_cost: data.cached_cost,
        asm_estimate: data.asm_estimate,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FEATURES: Features = Features { stylus_version: 2, debug: false };

    #[test]
    fn code_decompresses_to_the_normalised_wasm() {
        let text = r#"(module
            (memory (export "memory") 1 1)
            (func $named (export "user_entrypoint") (param i32) (result i32) i32.const 0))"#;
        let package = pack(&wat::parse_str(text).unwrap(), FEATURES).unwrap();
        assert_eq!(package.code[..4], CODE_PREFIX);
        assert_eq!(crate::stylus::decompress(&package.code, 131_072).unwrap(), package.wasm);
        assert_eq!(package.report.footprint, 1);
        assert!(package.report.headroom > 24_000);
        assert!(!package.wasm.windows(4).any(|bytes| bytes == b"name"));
    }

    #[test]
    fn init_code_is_the_prelude_of_43_bytes() {
        let init = init_code(&[0xef; 300]);
        assert_eq!(init.len(), 43 + 300);
        assert_eq!(init[31..33], [0x01, 0x2c]);
        assert_eq!(init[33..43], [0x80, 0x60, 0x2b, 0x60, 0x00, 0x39, 0x60, 0x00, 0xf3, 0x00]);
    }

    #[test]
    fn what_cannot_be_activated_is_a_typed_error() {
        let no_entry = wat::parse_str(r#"(module (memory (export "memory") 1 1))"#).unwrap();
        let expected = PackError::Activate(WasmError::MissingEntrypoint);
        assert_eq!(pack(&no_entry, FEATURES), Err(expected));
        assert!(matches!(pack(b"nonsense", FEATURES), Err(PackError::Normalise(_))));
    }
}
