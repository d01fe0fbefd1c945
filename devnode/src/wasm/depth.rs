//! How many stack slots a function can need: the measure that makes stack overflow deterministic.

use wasmparser::{BlockType, FuncType, Operator};

use super::{Module, WasmError, limits, size, wide};

/// Slots that every frame takes besides its values and locals.
const FRAME_SLOTS: u64 = 4;

/// Slots taken from the program's stack while a function runs.
///
/// Counted over the metered code, unreachable code included, as the chain counts it: a call first
/// pushes its results, then pops its arguments; a block reserves its results when it opens.
pub(super) fn frame_words<'a>(
    module: &Module<'_>,
    locals: u64,
    code: impl Iterator<Item = &'a Operator<'a>>,
) -> Result<u32, WasmError> {
    let mut walk = Walk { module, height: 0, worst: 0 };
    let mut scopes = vec![0];
    for operator in code {
        walk.step(operator, &mut scopes);
    }
    limits::check("values on the stack", walk.worst, limits::STACK_VALUES)?;
    let words = walk.worst.saturating_add(locals).saturating_add(FRAME_SLOTS);
    limits::check("words in a stack frame", words, limits::FRAME_WORDS)?;
    Ok(u32::try_from(words).unwrap_or(u32::MAX))
}

struct Walk<'m, 'a> {
    module: &'m Module<'a>,
    height: u64,
    worst: u64,
}

impl Walk<'_, '_> {
    fn push(&mut self, count: u64) {
        self.height = self.height.saturating_add(count);
        self.worst = self.worst.max(self.height);
    }

    const fn pop(&mut self, count: u64) {
        self.height = self.height.saturating_sub(count);
    }

    fn apply(&mut self, ty: Option<&FuncType>) {
        if let Some(ty) = ty {
            self.push(wide(ty.results().len()));
            self.pop(wide(ty.params().len()));
        }
    }

    fn block(&mut self, ty: BlockType) {
        match ty {
            BlockType::Empty => {}
            BlockType::Type(_) => self.push(1),
            BlockType::FuncType(index) => self.apply(self.module.types.get(size(index))),
        }
    }

    fn step(&mut self, operator: &Operator<'_>, scopes: &mut Vec<u64>) {
        use Operator as O;
        match operator {
            O::Block { blockty } | O::Loop { blockty } => {
                self.block(*blockty);
                scopes.push(self.height);
            }
            O::If { blockty } => {
                self.pop(1);
                self.block(*blockty);
                scopes.push(self.height);
            }
            O::Else => self.height = scopes.last().copied().unwrap_or_default(),
            O::End => self.height = scopes.pop().unwrap_or_default(),
            O::Call { function_index } => self.apply(self.module.function_type(*function_index)),
            O::CallIndirect { type_index, .. } => {
                self.apply(self.module.types.get(size(*type_index)));
                // The index into the table.
                self.pop(1);
            }
            other => match effect(other) {
                Effect::None => {}
                Effect::Push => self.push(1),
                Effect::Pop(count) => self.pop(count),
            },
        }
    }
}

enum Effect {
    None,
    Push,
    Pop(u64),
}

/// Net effect of an operator that neither opens a scope nor calls.
const fn effect(operator: &Operator<'_>) -> Effect {
    use Operator as O;
    match operator {
        O::LocalGet { .. }
        | O::GlobalGet { .. }
        | O::MemorySize { .. }
        | O::I32Const { .. }
        | O::I64Const { .. }
        | O::F32Const { .. }
        | O::F64Const { .. } => Effect::Push,
        O::Select
        | O::I32Store { .. }
        | O::I32Store8 { .. }
        | O::I32Store16 { .. }
        | O::I64Store { .. }
        | O::I64Store8 { .. }
        | O::I64Store16 { .. }
        | O::I64Store32 { .. }
        | O::F32Store { .. }
        | O::F64Store { .. } => Effect::Pop(2),
        O::MemoryCopy { .. } | O::MemoryFill { .. } => Effect::Pop(3),
        O::Drop | O::BrIf { .. } | O::BrTable { .. } | O::LocalSet { .. } | O::GlobalSet { .. } => {
            Effect::Pop(1)
        }
        other => binary(other),
    }
}

#[rustfmt::skip]
const fn binary(operator: &Operator<'_>) -> Effect {
    use Operator as O;
    match operator {
        O::I32Eq | O::I32Ne | O::I32LtS | O::I32LtU | O::I32GtS | O::I32GtU
        | O::I32LeS | O::I32LeU | O::I32GeS | O::I32GeU
        | O::I64Eq | O::I64Ne | O::I64LtS | O::I64LtU | O::I64GtS | O::I64GtU
        | O::I64LeS | O::I64LeU | O::I64GeS | O::I64GeU
        | O::I32Add | O::I32Sub | O::I32Mul | O::I32DivS | O::I32DivU | O::I32RemS | O::I32RemU
        | O::I64Add | O::I64Sub | O::I64Mul | O::I64DivS | O::I64DivU | O::I64RemS | O::I64RemU
        | O::I32And | O::I32Or | O::I32Xor | O::I32Shl | O::I32ShrS | O::I32ShrU
        | O::I32Rotl | O::I32Rotr
        | O::I64And | O::I64Or | O::I64Xor | O::I64Shl | O::I64ShrS | O::I64ShrU
        | O::I64Rotl | O::I64Rotr => Effect::Pop(1),
        _ => Effect::None,
    }
}
