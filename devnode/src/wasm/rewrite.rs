//! Writes the metered module: what did not change is copied byte for byte.

use wasm_encoder::{
    CodeSection, ConstExpr, Encode, ExportKind, ExportSection, GlobalSection, GlobalType,
    Instruction, MemorySection, MemoryType, Module as Encoder, RawSection, ValType,
};
use wasmparser::{ExternalKind, Operator};

use super::{
    Module, WasmError,
    instrument::{DEPTH_GLOBAL, INK_GLOBAL, SCRATCH_GLOBAL, STATUS_GLOBAL, Step},
    limits,
    module::{ENTRYPOINT, MEMORY},
};

const GLOBAL_SECTION: u8 = 6;
const MEMORY_SECTION: u8 = 5;
const EXPORT_SECTION: u8 = 7;
const CODE_SECTION: u8 = 10;

/// What the metered module exports, besides its memory and the globals of the meters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exports {
    /// The entry point of a program, as on the chain.
    Entrypoint,
    /// Every exported function: for measuring.
    AllFunctions,
}

/// A function's bytes: its locals as they were, then its operators.
pub(super) fn body(head: &[u8], steps: &[Step<'_>]) -> Vec<u8> {
    let mut out = head.to_vec();
    for step in steps {
        match step.source {
            Some(bytes) => out.extend_from_slice(bytes),
            None => added(&step.operator).encode(&mut out),
        }
    }
    out
}

/// The encoder's form of an operator that the passes add.
const fn added(operator: &Operator<'_>) -> Instruction<'static> {
    use Instruction as I;
    use Operator as O;
    match *operator {
        O::GlobalGet { global_index } => I::GlobalGet(global_index),
        O::GlobalSet { global_index } => I::GlobalSet(global_index),
        O::I32Const { value } => I::I32Const(value),
        O::I64Const { value } => I::I64Const(value),
        O::I64LtU => I::I64LtU,
        O::I32LeU => I::I32LeU,
        O::I32GtU => I::I32GtU,
        O::If { .. } => I::If(wasm_encoder::BlockType::Empty),
        O::End => I::End,
        O::Return => I::Return,
        O::I64Sub => I::I64Sub,
        O::I64Mul => I::I64Mul,
        O::I64ExtendI32U => I::I64ExtendI32U,
        O::I32Sub => I::I32Sub,
        O::I32Add => I::I32Add,
        O::Call { function_index } => I::Call(function_index),
        _ => I::Unreachable,
    }
}

/// The whole file, in the order that WASM prescribes.
pub(super) fn module(
    module: &Module<'_>,
    code: &[Vec<u8>],
    exports: Exports,
) -> Result<Vec<u8>, WasmError> {
    let mut encoder = Encoder::new();
    for id in [1, 2, 3, 4, MEMORY_SECTION, GLOBAL_SECTION, EXPORT_SECTION, 9, CODE_SECTION, 11] {
        match id {
            MEMORY_SECTION => {
                if let Some(section) = memory_section(module) {
                    encoder.section(&section);
                }
            }
            GLOBAL_SECTION => {
                let data = global_section(module)?;
                encoder.section(&RawSection { id, data: &data });
            }
            EXPORT_SECTION => {
                encoder.section(&export_section(module, exports));
            }
            CODE_SECTION => {
                let mut section = CodeSection::new();
                for body in code {
                    section.raw(body);
                }
                encoder.section(&section);
            }
            _ => {
                if let Some((_, data)) = module.sections.iter().find(|(found, _)| *found == id) {
                    encoder.section(&RawSection { id, data });
                }
            }
        }
    }
    Ok(encoder.finish())
}

/// Memory may never grow beyond what the chain allows in total.
fn memory_section(module: &Module<'_>) -> Option<MemorySection> {
    let bounds = module.memory?;
    let limit = u64::from(limits::PAGES);
    let mut section = MemorySection::new();
    section.memory(MemoryType {
        minimum: bounds.minimum,
        maximum: Some(bounds.maximum.unwrap_or(limit).min(limit)),
        memory64: false,
        shared: false,
        page_size_log2: None,
    });
    Some(section)
}

/// The program's globals as they were, then the four of the meters.
fn global_section(module: &Module<'_>) -> Result<Vec<u8>, WasmError> {
    let old = module.sections.iter().find(|(id, _)| *id == GLOBAL_SECTION);
    let mut out = Vec::new();
    module.globals.saturating_add(4).encode(&mut out);
    if let Some((_, data)) = old {
        let mut reader = wasmparser::BinaryReader::new(data, 0);
        reader.read_var_u32()?;
        let start = usize::try_from(reader.original_position()).unwrap_or(usize::MAX);
        out.extend_from_slice(data.get(start..).unwrap_or_default());
    }
    let mut added = GlobalSection::new();
    let global = |val_type| GlobalType { val_type, mutable: true, shared: false };
    added.global(global(ValType::I64), &ConstExpr::i64_const(0));
    for _ in 0..3 {
        added.global(global(ValType::I32), &ConstExpr::i32_const(0));
    }
    let mut bytes = Vec::new();
    added.encode(&mut bytes);
    // Size and count of the new section (one byte each) are replaced by those above.
    out.extend_from_slice(bytes.get(2..).unwrap_or_default());
    Ok(out)
}

fn export_section(module: &Module<'_>, exports: Exports) -> ExportSection {
    let mut section = ExportSection::new();
    for item in &module.exports {
        match (item.name, item.kind) {
            (name, ExternalKind::Func) if exports == Exports::AllFunctions => {
                section.export(name, ExportKind::Func, item.index);
            }
            (ENTRYPOINT, ExternalKind::Func) => {
                section.export(item.name, ExportKind::Func, item.index);
            }
            (MEMORY, ExternalKind::Memory) => {
                section.export(item.name, ExportKind::Memory, item.index);
            }
            _ => {}
        }
    }
    for (offset, name) in (0..).zip([INK_GLOBAL, STATUS_GLOBAL, SCRATCH_GLOBAL, DEPTH_GLOBAL]) {
        let index = module.globals.saturating_add(offset);
        section.export(name, ExportKind::Global, index);
    }
    section
}
