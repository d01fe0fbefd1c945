//! Why a WASM file is not accepted.

/// Why the chain refuses a WASM file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WasmError {
    /// Not valid WASM under the features that the chain has.
    #[error("malformed wasm at byte {offset}: {message}")]
    Malformed {
        /// Where in the file.
        offset: u64,
        /// What the validator says.
        message: String,
    },
    /// A count or size is above what the chain allows.
    #[error("too many {what}: {count} > {limit}")]
    TooMany {
        /// What is counted.
        what: &'static str,
        /// How many there are.
        count: u64,
        /// How many there may be.
        limit: u64,
    },
    /// An operator that the chain does not price.
    #[error("unsupported operator {0}")]
    UnsupportedOperator(String),
    /// A start function runs before the program is metered.
    #[error("start functions are not allowed")]
    StartFunction,
    /// The program lacks its entry point, or it has another type than `(i32) -> i32`.
    #[error("missing or mistyped export user_entrypoint(i32) -> i32")]
    MissingEntrypoint,
    /// The program lacks its memory, or exports another one.
    #[error("missing export memory (index 0)")]
    MissingMemory,
    /// An import that is not a function of a known module.
    #[error("unsupported import {module}.{name}")]
    UnsupportedImport {
        /// The module named.
        module: String,
        /// The item named.
        name: String,
    },
    /// An imported host function has another type than the program says.
    #[error("wrong type for import {module}.{name}")]
    ImportType {
        /// The module named.
        module: String,
        /// The item named.
        name: String,
    },
    /// A memory that can grow needs the host function that pays for growth.
    #[error("memory can grow but vm_hooks.pay_for_memory_grow is not imported")]
    MissingPayForMemoryGrow,
    /// A function is imported twice as of different types.
    #[error("inconsistent imports of {module}.{name}")]
    InconsistentImports {
        /// The module named.
        module: String,
        /// The item named.
        name: String,
    },
    /// An export has a name that the chain keeps for itself, or that of an import.
    #[error("reserved export {0}")]
    ReservedExport(String),
    /// A section that the chain does not read.
    #[error("unsupported {0}")]
    UnsupportedSection(&'static str),
    /// A data or element segment does not fit the memory or table that it initialises.
    #[error("{0} segment out of bounds")]
    SegmentOutOfBounds(&'static str),
    /// A cost does not fit the 16 bits that the chain stores.
    #[error("start cost is too high")]
    CostOverflow,
    /// The allowance for validation ran out.
    #[error("out of gas while activating")]
    OutOfGas,
}

impl From<wasmparser::Error> for WasmError {
    fn from(error: wasmparser::Error) -> Self {
        Self::Malformed { offset: error.offset(), message: error.message().to_owned() }
    }
}
