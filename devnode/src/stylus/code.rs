//! The code format: programs are accounts whose code starts with EF F0.

use std::io::Read;

use alloy_primitives::Address;

/// A whole program: prefix, dictionary, brotli.
const PROGRAM: [u8; 3] = [0xef, 0xf0, 0x00];
/// A fragment: prefix, bytes.
const FRAGMENT: [u8; 3] = [0xef, 0xf0, 0x01];
/// The root of a fragmented program: prefix, dictionary, length, addresses.
const ROOT: [u8; 3] = [0xef, 0xf0, 0x02];

/// How a brotli stream of a large window starts, but for the highest bit.
const LARGE_WINDOW: u8 = 0x11;

/// Why code is not a program's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum CodeError {
    /// It does not start as a program does.
    #[error("not a program")]
    NotProgram,
    /// A fragment is no program by itself.
    #[error("a fragment cannot be activated")]
    Fragment,
    /// The dictionary byte is unknown.
    #[error("unsupported dictionary {0}")]
    Dictionary(u8),
    /// The brotli stream is damaged or gives more bytes than allowed.
    #[error("invalid or too long compressed wasm")]
    Compression,
    /// The root's length differs from what its fragments give, or its list is malformed.
    #[error("malformed root of a fragmented program")]
    Root,
}

/// Whether created code that starts with EF may be stored.
pub(crate) fn is_acceptable(code: &[u8], fragments: bool) -> bool {
    if code.first() != Some(&0xef) {
        return true;
    }
    let kind = |prefix: [u8; 3]| code.starts_with(&prefix);
    code.len() > 3 && (kind(PROGRAM) || fragments && (kind(FRAGMENT) || kind(ROOT)))
}

/// Whether calls to an account with this code run a program.
pub(crate) fn is_program(code: &[u8], fragments: bool) -> bool {
    code.len() > 3 && (code.starts_with(&PROGRAM) || fragments && code.starts_with(&ROOT))
}

/// The root of a fragmented program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Root {
    pub(crate) dictionary: u8,
    pub(crate) length: u32,
    pub(crate) fragments: Vec<Address>,
}

/// Reads a root; `None` if the code is a whole program.
pub(crate) fn root(code: &[u8]) -> Result<Option<Root>, CodeError> {
    if code.starts_with(&FRAGMENT) {
        return Err(CodeError::Fragment);
    }
    let Some(rest) = code.strip_prefix(&ROOT) else { return Ok(None) };
    let (dictionary, rest) = rest.split_first().ok_or(CodeError::Root)?;
    let (length, rest) = rest.split_first_chunk::<4>().ok_or(CodeError::Root)?;
    let addresses = rest.chunks_exact(20);
    if rest.is_empty() || !addresses.remainder().is_empty() {
        return Err(CodeError::Root);
    }
    Ok(Some(Root {
        dictionary: *dictionary,
        length: u32::from_be_bytes(*length),
        fragments: addresses.map(Address::from_slice).collect(),
    }))
}

/// The bytes that a fragment carries.
pub(crate) fn fragment_payload(code: &[u8]) -> Result<&[u8], CodeError> {
    code.strip_prefix(&FRAGMENT).ok_or(CodeError::Root)
}

/// Decompresses a whole program's code to at most `limit` bytes of WASM.
pub(crate) fn decompress(code: &[u8], limit: u32) -> Result<Vec<u8>, CodeError> {
    let rest = code.strip_prefix(&PROGRAM).ok_or(CodeError::NotProgram)?;
    let (dictionary, stream) = rest.split_first().ok_or(CodeError::NotProgram)?;
    inflate(*dictionary, stream, limit)
}

/// Decompresses a brotli stream to at most `limit` bytes.
pub(crate) fn inflate(dictionary: u8, stream: &[u8], limit: u32) -> Result<Vec<u8>, CodeError> {
    if dictionary != 0 {
        return Err(CodeError::Dictionary(dictionary));
    }
    // The decoder knows streams of large windows, which are no part of the format's standard; the chain's refuses them.
    if stream.first().is_some_and(|first| first & 0x7f == LARGE_WINDOW) {
        return Err(CodeError::Compression);
    }
    let mut wasm = Vec::new();
    let bound = u64::from(limit).saturating_add(1);
    brotli::Decompressor::new(stream, 4_096)
        .take(bound)
        .read_to_end(&mut wasm)
        .map_err(|_| CodeError::Compression)?;
    if crate::wasm::wide(wasm.len()) > u64::from(limit) {
        return Err(CodeError::Compression);
    }
    Ok(wasm)
}
