//! Decides what a module must look like to be activated, and what it measures.

use std::ops::Range;

use thiserror::Error;
use wasmparser::{Parser, Payload};

/// Start of a program's account code: the mark of a Stylus program, and no dictionary for brotli.
const CODE_PREFIX: [u8; 4] = [0xef, 0xf0, 0x00, 0x00];

/// Magic number and version of a module.
const HEADER_BYTES: usize = 8;
const CUSTOM_SECTION: u8 = 0;

const BROTLI_QUALITY: i32 = 11;
const BROTLI_WINDOW: i32 = 22;

/// Why a module is not one.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct ModuleError(String);

/// What activation will charge for at every entry, read from the module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Measure {
    /// Memory at entry, in pages of 64 KiB.
    pub(crate) footprint_pages: u64,
    /// Data and element segments as they are encoded, in bytes.
    pub(crate) segment_bytes: u64,
}

/// The same module without custom sections and with every number in its shortest encoding.
///
/// rustc writes the table index of an indirect call in five bytes, which activation takes for a feature that the chain
/// lacks: printing the module as text and reading it back leaves one.
///
/// # Errors
/// When the bytes are no WASM.
pub(super) fn normalise(wasm: &[u8]) -> Result<Vec<u8>, ModuleError> {
    let text = wasmprinter::print_bytes(wasm).map_err(refused)?;
    let plain = wat::parse_str(text).map_err(refused)?;
    without_custom_sections(&plain)
}

/// Code of the account: prefix and compressed module.
///
/// # Errors
/// When the compressor fails.
pub(super) fn code(wasm: &[u8]) -> Result<Vec<u8>, ModuleError> {
    let parameters = brotli::enc::BrotliEncoderParams {
        quality: BROTLI_QUALITY,
        lgwin: BROTLI_WINDOW,
        ..brotli::enc::BrotliEncoderParams::default()
    };
    let mut code = CODE_PREFIX.to_vec();
    let mut source = wasm;
    brotli::BrotliCompress(&mut source, &mut code, &parameters).map_err(refused)?;
    Ok(code)
}

/// What the module measures.
///
/// # Errors
/// When the bytes are no WASM, or it has no memory.
pub(super) fn measure(wasm: &[u8]) -> Result<Measure, ModuleError> {
    let mut footprint_pages = None;
    let mut segment_bytes = 0_u64;
    let mut add = |range: Range<u64>| {
        segment_bytes = segment_bytes.saturating_add(range.end.saturating_sub(range.start));
    };
    for payload in Parser::new(0).parse_all(wasm) {
        match payload.map_err(refused)? {
            Payload::MemorySection(memories) => {
                for memory in memories {
                    footprint_pages = Some(memory.map_err(refused)?.initial);
                }
            }
            Payload::DataSection(segments) => {
                for segment in segments {
                    add(segment.map_err(refused)?.range);
                }
            }
            Payload::ElementSection(segments) => {
                for segment in segments {
                    add(segment.map_err(refused)?.range);
                }
            }
            _ => {}
        }
    }
    let footprint_pages =
        footprint_pages.ok_or_else(|| ModuleError("it has no memory".to_owned()))?;
    Ok(Measure { footprint_pages, segment_bytes })
}

/// Every section but the custom ones. A section is an identifier, its length as a variable-length number, and its contents.
fn without_custom_sections(wasm: &[u8]) -> Result<Vec<u8>, ModuleError> {
    let cut_off = || ModuleError("it ends in the middle of a section".to_owned());
    let (header, mut rest) = wasm.split_at_checked(HEADER_BYTES).ok_or_else(cut_off)?;
    let mut kept = header.to_vec();
    while let Some((&identifier, after)) = rest.split_first() {
        let (length, length_bytes) = variable_length(after).ok_or_else(cut_off)?;
        let whole = length.checked_add(length_bytes).and_then(|bytes| bytes.checked_add(1));
        let (section, next) =
            whole.and_then(|bytes| rest.split_at_checked(bytes)).ok_or_else(cut_off)?;
        if identifier != CUSTOM_SECTION {
            kept.extend_from_slice(section);
        }
        rest = next;
    }
    Ok(kept)
}

/// A number in seven bits a byte, lowest first, and how many bytes it takes; at most 32 bits.
fn variable_length(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut value = 0_usize;
    for (byte, shift) in bytes.iter().zip((0_u32..35).step_by(7)) {
        value |= usize::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            let taken = usize::try_from(shift).ok()?.checked_div(7)?.checked_add(1)?;
            return Some((value, taken));
        }
    }
    None
}

fn refused(error: impl std::fmt::Display) -> ModuleError {
    ModuleError(error.to_string())
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    const MODULE: &str = r#"(module
        (type $t (func (param i32) (result i32)))
        (import "vm_hooks" "pay_for_memory_grow" (func (param i32)))
        (table 2 funcref)
        (memory (export "memory") 1)
        (func $double (type $t) local.get 0 i32.const 2 i32.mul)
        (func (export "user_entrypoint") (type $t) local.get 0 i32.const 0 call_indirect (type $t))
        (elem (i32.const 0) $double)
        (data (i32.const 16) "sixteen bytes ab")
        (@custom "target_features" "noise"))"#;

    #[test]
    fn normalising_takes_custom_sections_away_and_keeps_the_rest() {
        let wasm = wat::parse_str(MODULE).unwrap();
        assert!(wasm.windows(15).any(|bytes| bytes == b"target_features"));
        let plain = normalise(&wasm).unwrap();
        assert!(!plain.windows(15).any(|bytes| bytes == b"target_features"));
        let text = wasmprinter::print_bytes(&plain).unwrap();
        assert!(text.contains("call_indirect") && text.contains("sixteen bytes ab"), "{text}");
        assert_eq!(normalise(&plain).unwrap(), plain);
    }

    #[test]
    fn normalising_shortens_a_padded_table_index() {
        let short = wat::parse_str(MODULE).unwrap();
        // call_indirect, type 0, table 0; and the same with table 0 in five bytes, as rustc writes it.
        let at = short.windows(3).position(|bytes| bytes == [0x11, 0x00, 0x00]).unwrap();
        let mut padded = short.clone();
        padded.splice(at + 2..at + 3, [0x80, 0x80, 0x80, 0x80, 0x00]);
        // The body and the code section grow by four bytes; both lengths are below 124 and fit their byte.
        let body = short[..at].iter().rposition(|byte| *byte == 9).unwrap();
        padded[body] += 4;
        let section = short.windows(2).position(|bytes| bytes[0] == 10 && bytes[1] > 9).unwrap();
        padded[section + 1] += 4;
        assert_eq!(normalise(&padded).unwrap(), normalise(&short).unwrap());
    }

    #[test]
    fn code_is_the_prefix_and_what_brotli_unpacks_to_the_module() {
        let wasm = wat::parse_str(MODULE).unwrap();
        let code = code(&wasm).unwrap();
        assert_eq!(code[..4], [0xef, 0xf0, 0x00, 0x00]);
        let mut unpacked = Vec::new();
        brotli::Decompressor::new(&code[4..], 4096).read_to_end(&mut unpacked).unwrap();
        assert_eq!(unpacked, wasm);
    }

    #[test]
    fn footprint_and_segments_are_measured_with_their_headers() {
        let measure = measure(&wat::parse_str(MODULE).unwrap()).unwrap();
        // Data: mode, offset expression of 3 bytes, length, 16 bytes. Elements: mode, expression, count, one index.
        assert_eq!(measure, Measure { footprint_pages: 1, segment_bytes: 21 + 6 });
    }

    #[test]
    fn what_is_no_module_is_refused() {
        let wasm = wat::parse_str(MODULE).unwrap();
        assert!(normalise(b"no wasm at all").is_err());
        assert!(normalise(&wasm[..wasm.len() - 20]).is_err());
        assert!(without_custom_sections(&wasm[..30]).is_err());
        assert!(measure(&wat::parse_str("(module)").unwrap()).is_err());
    }
}
