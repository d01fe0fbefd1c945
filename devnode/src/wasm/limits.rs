//! What the chain accepts: features of the language, and counts.

use wasmparser::WasmFeatures;

use super::WasmError;

pub(super) const MEMORIES: u64 = 1;
pub(super) const DATA_SEGMENTS: u64 = 128;
pub(super) const ELEMENT_SEGMENTS: u64 = 128;
/// With those of the meters; counted only where exports are kept, on debug chains.
pub(super) const EXPORTS: u64 = 1_024;
pub(super) const IMPORTS: u64 = 513;
pub(super) const FUNCTIONS: u64 = 4_096;
/// With those of the meters.
pub(super) const GLOBALS: u64 = 32_768;
pub(super) const LOCALS: u64 = 348;
pub(super) const OPERATORS: u64 = 65_536;
pub(super) const TABLE_ENTRIES: u64 = 4_096;
/// The chain counts the encoded bytes of all element segments, not their items.
pub(super) const ELEMENT_BYTES: u64 = 4_096;
pub(super) const NAME_BYTES: u64 = 512;
/// Globals that the meters add, each of them exported.
pub(super) const METER_GLOBALS: u64 = 4;
pub(super) const FRAME_WORDS: u64 = 10 * 1_024;
pub(super) const STACK_VALUES: u64 = 4_096;

/// Most memory pages (64 KiB each) of all programs that are open at once.
pub(crate) const PAGES: u16 = 128;

/// From this version of Stylus on, functions and blocks return one value at most, `memory.fill` takes the low byte of any
/// value, and growth by more pages than 16 bits count can't be paid.
pub(crate) const VERSION_3: u16 = 3;

/// What depends on the version of the chain or its mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Features {
    /// The version of Stylus that a program is activated for: 2 until `ArbOS` 60, 3 from then on.
    pub stylus_version: u16,
    /// The chain allows debugging: the modules `console` and `debug` may be imported, exports are
    /// kept, and a start function is accepted though it never runs.
    pub debug: bool,
}

impl Features {
    pub(super) fn parser(self) -> WasmFeatures {
        let mut features = WasmFeatures::MUTABLE_GLOBAL
            | WasmFeatures::SATURATING_FLOAT_TO_INT
            | WasmFeatures::SIGN_EXTENSION
            | WasmFeatures::BULK_MEMORY
            | WasmFeatures::FLOATS
            | WasmFeatures::GC_TYPES;
        features.set(WasmFeatures::MULTI_VALUE, self.stylus_version < VERSION_3);
        features
    }

    /// Whether `memory.fill` traps where its value isn't a byte.
    pub(super) const fn fills_with_bytes_only(self) -> bool {
        self.stylus_version < VERSION_3
    }
}

/// Checks a count against its limit.
pub(super) const fn check(what: &'static str, count: u64, limit: u64) -> Result<(), WasmError> {
    if count > limit { Err(WasmError::TooMany { what, count, limit }) } else { Ok(()) }
}
