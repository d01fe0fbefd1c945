//! Ink per operator. One unit of gas is 10,000 ink.

use wasmparser::{FuncType, Operator};

use super::size;

/// What the injected check at the head of each basic block costs.
pub(super) const BLOCK_HEADER: u64 = 2_450;
/// Per byte of `memory.copy` and `memory.fill`, charged while running.
pub(super) const PER_BYTE: i64 = 100;

/// Ink of an operator that is accepted but that nobody can pay for.
const UNPAYABLE: u64 = u64::MAX;

const CALL_INDIRECT: u64 = 13_610;
const CALL_INDIRECT_PER_PARAMETER: u64 = 650;
const BR_TABLE: u64 = 2_400;
const BR_TABLE_PER_TARGET: u64 = 325;

/// Ink for one operator, or `None` if programs may not use it.
pub(super) fn operator(operator: &Operator<'_>, types: &[FuncType]) -> Option<u64> {
    use Operator as O;
    Some(match operator {
        O::Unreachable
        | O::Return
        | O::Nop
        | O::I32Const { .. }
        | O::I64Const { .. }
        | O::Block { .. }
        | O::Loop { .. }
        | O::Else
        | O::End => 1,
        O::Drop => 9,
        O::Br { .. } | O::BrIf { .. } | O::If { .. } => 765,
        O::Select => 1_250,
        O::Call { .. } => 3_800,
        O::CallIndirect { type_index, .. } => {
            let parameters = types.get(size(*type_index)).map_or(0, |ty| ty.params().len());
            let parameters = u64::try_from(parameters).unwrap_or(u64::MAX);
            CALL_INDIRECT.saturating_add(CALL_INDIRECT_PER_PARAMETER.saturating_mul(parameters))
        }
        O::BrTable { targets } => {
            let targets = u64::from(targets.len());
            BR_TABLE.saturating_add(BR_TABLE_PER_TARGET.saturating_mul(targets))
        }
        O::LocalGet { .. } | O::LocalTee { .. } => 75,
        O::LocalSet { .. } => 210,
        O::GlobalGet { .. } => 225,
        O::GlobalSet { .. } => 575,
        O::MemorySize { .. } => 3_000,
        O::MemoryGrow { .. } => 8_050,
        O::MemoryCopy { .. } | O::MemoryFill { .. } => 950,
        other if moves_floats(other) => UNPAYABLE,
        other => return memory_access(other).or_else(|| arithmetic(other)),
    })
}

/// Floats may be moved, though not computed with, in code that never runs.
const fn moves_floats(operator: &Operator<'_>) -> bool {
    use Operator as O;
    matches!(
        operator,
        O::F32Const { .. }
            | O::F64Const { .. }
            | O::F32Load { .. }
            | O::F64Load { .. }
            | O::F32Store { .. }
            | O::F64Store { .. }
            | O::I32ReinterpretF32
            | O::I64ReinterpretF64
            | O::F32ReinterpretI32
            | O::F64ReinterpretI64
    )
}

const fn memory_access(operator: &Operator<'_>) -> Option<u64> {
    use Operator as O;
    Some(match operator {
        O::I32Load { .. }
        | O::I32Load8S { .. }
        | O::I32Load8U { .. }
        | O::I32Load16S { .. }
        | O::I32Load16U { .. } => 670,
        O::I64Load { .. }
        | O::I64Load8S { .. }
        | O::I64Load8U { .. }
        | O::I64Load16S { .. }
        | O::I64Load16U { .. }
        | O::I64Load32S { .. }
        | O::I64Load32U { .. } => 680,
        O::I32Store { .. } | O::I32Store8 { .. } | O::I32Store16 { .. } => 825,
        O::I64Store { .. } | O::I64Store8 { .. } | O::I64Store16 { .. } | O::I64Store32 { .. } => {
            950
        }
        _ => return None,
    })
}

#[rustfmt::skip]
#[expect(clippy::match_same_arms, reason = "one arm a class of operators")]
const fn arithmetic(operator: &Operator<'_>) -> Option<u64> {
    use Operator as O;
    Some(match operator {
        O::I32Eqz | O::I32Eq | O::I32Ne | O::I32LtS | O::I32LtU | O::I32GtS | O::I32GtU
        | O::I32LeS | O::I32LeU | O::I32GeS | O::I32GeU => 170,
        O::I64Eqz | O::I64Eq | O::I64Ne | O::I64LtS | O::I64LtU | O::I64GtS | O::I64GtU
        | O::I64LeS | O::I64LeU | O::I64GeS | O::I64GeU => 225,
        O::I32Clz | O::I32Ctz | O::I64Clz | O::I64Ctz => 210,
        O::I32Add | O::I32Sub | O::I32And | O::I32Or | O::I32Xor
        | O::I32Shl | O::I32ShrS | O::I32ShrU | O::I32Rotl | O::I32Rotr => 70,
        O::I64Add | O::I64Sub | O::I64And | O::I64Or | O::I64Xor
        | O::I64Shl | O::I64ShrS | O::I64ShrU | O::I64Rotl | O::I64Rotr => 100,
        O::I32Mul | O::I64Mul => 160,
        O::I32DivS | O::I32DivU | O::I32RemS | O::I32RemU => 1_120,
        O::I64DivS | O::I64DivU | O::I64RemS | O::I64RemU => 1_270,
        O::I32Popcnt => 2_650,
        O::I64Popcnt => 6_000,
        O::I32WrapI64 | O::I64ExtendI32S | O::I64ExtendI32U | O::I32Extend8S | O::I32Extend16S
        | O::I64Extend8S | O::I64Extend16S | O::I64Extend32S => 100,
        _ => return None,
    })
}
