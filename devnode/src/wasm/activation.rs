//! What activation finds out about a program: its start costs, and what the work of activating costs.

use super::{
    Exports, Module, WasmError, instrument::Instrumented, instrument::instrument, limits::Features,
    wide,
};

/// Gas per microsecond of work: twice 7,000,000 gas in 500,000 microseconds.
const GAS_PER_MICROSECOND: u64 = 2 * 7_000_000 / 500_000;

/// What the chain stores about an active program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActivationData {
    /// Memory pages that the program starts with.
    pub footprint: u16,
    /// Gas to start it when it is not cached, on top of the minimum.
    pub init_cost: u16,
    /// Gas to start it in any case, on top of the minimum.
    pub cached_cost: u16,
    /// Estimate of the compiled program's size in bytes: what the data fee is paid for.
    pub asm_estimate: u32,
}

/// A program that passed validation.
#[derive(Debug, Clone)]
pub(crate) struct Activated {
    pub(crate) data: ActivationData,
    pub(crate) instrumented: Instrumented,
    pub(crate) work: ActivationWork,
}

/// Gas for the work of activation, on top of the fixed part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ActivationWork {
    pub(crate) gas: u64,
}

/// Validates and meters a program, and derives what the chain stores about it.
///
/// # Errors
/// Whatever the chain refuses.
pub fn activate(wasm: &[u8], features: Features) -> Result<ActivationData, WasmError> {
    run(wasm, features).map(|activated| activated.data)
}

impl Activated {
    /// As [`activate`], keeping the metered module and the cost of the work.
    pub(crate) fn new(wasm: &[u8], features: Features) -> Result<Self, WasmError> {
        run(wasm, features)
    }
}

fn run(wasm: &[u8], features: Features) -> Result<Activated, WasmError> {
    let module = Module::parse(wasm, features)?;
    let memory = module.exported_memory()?;
    module.check_entrypoint()?;
    crate::program::check_imports(&module_imports(&module), features.debug)?;
    let instrumented = instrument(&module, Exports::Entrypoint)?;
    let footprint = u16::try_from(memory.minimum).map_err(|_| WasmError::CostOverflow)?;
    let sizes = Sizes::new(&module, footprint);
    let data = ActivationData {
        footprint,
        init_cost: u16::try_from(sizes.init()).map_err(|_| WasmError::CostOverflow)?,
        cached_cost: u16::try_from(sizes.cached()).map_err(|_| WasmError::CostOverflow)?,
        asm_estimate: u32::try_from(sizes.asm()).map_err(|_| WasmError::CostOverflow)?,
    };
    let work = ActivationWork { gas: sizes.work(instrumented.operators) };
    Ok(Activated { data, instrumented, work })
}

fn module_imports<'a>(
    module: &'a Module<'_>,
) -> Vec<(&'a str, &'a str, Option<&'a wasmparser::FuncType>)> {
    let ty = |index| module.types.get(super::size(index));
    module.imports.iter().map(|i| (i.module, i.name, ty(i.type_index))).collect()
}

/// The counts that costs are linear in.
#[derive(Debug)]
struct Sizes {
    wasm: u64,
    functions: u64,
    /// Parameters and results of all functions.
    types: u64,
    globals: u64,
    data: u64,
    data_entries: u64,
    element_entries: u64,
    footprint: u64,
}

impl Sizes {
    fn new(module: &Module<'_>, footprint: u16) -> Self {
        let types = module.functions.iter().filter_map(|&ty| module.types.get(super::size(ty)));
        let slots = types.map(|ty| ty.params().len().saturating_add(ty.results().len()));
        Self {
            wasm: wide(module.wasm.len()),
            functions: wide(module.bodies.len()),
            types: slots.fold(0, |sum, count| sum.saturating_add(wide(count))),
            globals: u64::from(module.globals).saturating_add(4),
            data: module.data_bytes,
            data_entries: module.data_entry_bytes,
            element_entries: module.element_entry_bytes,
            footprint: u64::from(footprint),
        }
    }

    const fn asm(&self) -> u64 {
        512_000u64
            .saturating_add(part(self.functions, 996_829, 1_000))
            .saturating_add(part(self.types, 11_416, 1_000))
            .saturating_add(part(self.wasm, 62_628, 10_000))
    }

    const fn cached(&self) -> u64 {
        part(self.functions, 13_420, 100_000)
            .saturating_add(part(self.types, 89, 100_000))
            .saturating_add(part(self.wasm, 122, 100_000))
            .saturating_add(part(self.globals, 1_628, 1_000))
            .saturating_add(part(
                self.data_entries.saturating_add(self.element_entries),
                75_244,
                100_000,
            ))
            .saturating_add(self.footprint.saturating_mul(5))
    }

    const fn init(&self) -> u64 {
        part(self.functions, 8_252, 1_000)
            .saturating_add(part(self.types, 1_059, 1_000))
            .saturating_add(part(self.wasm, 1_286, 10_000))
    }

    fn work(&self, operators: u64) -> u64 {
        let microseconds = [
            part(self.wasm, 31_733, 100_000),
            part(self.functions, 17_263, 100_000),
            part(self.data, 17_376, 100_000),
            part(self.element_entries, 17_376, 100_000),
            self.footprint.saturating_mul(2_217),
            part(operators, 535, 1_000),
        ];
        microseconds
            .iter()
            .fold(0u64, |gas, &us| gas.saturating_add(us.saturating_mul(GAS_PER_MICROSECOND)))
    }
}

/// `count * price / unit`, rounded down.
const fn part(count: u64, price: u64, unit: u64) -> u64 {
    match count.saturating_mul(price).checked_div(unit) {
        Some(quotient) => quotient,
        None => 0,
    }
}
