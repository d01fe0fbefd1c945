//! Metering by rewriting: the program itself counts its ink and its stack, and pays before memory grows.
//!
//! Four passes over each function, in this order: the meter of basic blocks, the meter of bulk memory
//! operators, the stack check, and the payment for memory growth. Four globals are appended:
//! ink left (i64), ink status (i32, 1 = exhausted), a scratch (i32) and stack left (i32).

use wasmparser::{BlockType, FunctionBody, Operator};

use super::{Exports, Module, WasmError, depth, limits, prices, rewrite, wide};

/// Exported name of the global that holds the ink left.
pub const INK_GLOBAL: &str = "stylus_ink_left";
/// Exported name of the global that says that ink ran out.
pub const STATUS_GLOBAL: &str = "stylus_ink_status";
/// Exported name of the global that bulk operators keep their length in.
pub(super) const SCRATCH_GLOBAL: &str = "stylus_scratch_global";
/// Exported name of the global that holds the stack slots left.
pub const DEPTH_GLOBAL: &str = "stylus_stack_left";

const HOST_MODULE: &str = "vm_hooks";
const PAY_FOR_MEMORY_GROW: &str = "pay_for_memory_grow";

/// A module that meters itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instrumented {
    /// The rewritten file.
    pub wasm: Vec<u8>,
    /// Operators of all functions after rewriting.
    pub operators: u64,
}

/// One operator, with its bytes if it stood in the file.
#[derive(Debug, Clone)]
pub(super) struct Step<'a> {
    pub(super) operator: Operator<'a>,
    pub(super) source: Option<&'a [u8]>,
}

impl<'a> From<Operator<'a>> for Step<'a> {
    fn from(operator: Operator<'a>) -> Self {
        Self { operator, source: None }
    }
}

/// The appended globals, by index.
#[derive(Debug, Clone, Copy)]
struct Globals {
    ink: u32,
    status: u32,
    scratch: u32,
    depth: u32,
}

/// Rewrites a module so that it meters itself.
///
/// # Errors
/// Operators without a price, frames that are too large, functions that grow beyond the limit, or
/// a memory that can grow without being paid for.
pub fn instrument(module: &Module<'_>, exports: Exports) -> Result<Instrumented, WasmError> {
    let first = module.globals;
    let globals = Globals {
        ink: first,
        status: first.saturating_add(1),
        scratch: first.saturating_add(2),
        depth: first.saturating_add(3),
    };
    let pay_for_growth = growth_function(module)?;
    let mut operators = 0u64;
    let mut code = Vec::with_capacity(module.bodies.len());
    for body in &module.bodies {
        let (locals, head, steps) = read(body)?;
        let steps = meter(module, globals, steps)?;
        let steps = meter_bulk(globals, steps);
        let steps = check_depth(module, globals, locals, steps)?;
        let steps = pay_for_memory(globals, pay_for_growth, steps);
        limits::check("operators in a function", wide(steps.len()), limits::OPERATORS)?;
        operators = operators.saturating_add(wide(steps.len()));
        // The chain's engine looks at the value itself: that costs nothing and counts nowhere.
        let steps = check_fill(module, globals, steps);
        code.push(rewrite::body(head, &steps));
    }
    Ok(Instrumented { wasm: rewrite::module(module, &code, exports)?, operators })
}

/// The host function that is paid before memory grows; `None` if memory cannot grow.
fn growth_function(module: &Module<'_>) -> Result<Option<u32>, WasmError> {
    let Some(memory) = module.memory else { return Ok(None) };
    limits::check("memory pages", memory.minimum, u64::from(limits::PAGES))?;
    if memory.maximum == Some(memory.minimum) {
        return Ok(None);
    }
    let index = module
        .import_index(HOST_MODULE, PAY_FOR_MEMORY_GROW)
        .ok_or(WasmError::MissingPayForMemoryGrow)?;
    Ok(Some(index))
}

/// Number of declared locals, their bytes, and the operators of a function.
fn read<'a>(body: &FunctionBody<'a>) -> Result<(u64, &'a [u8], Vec<Step<'a>>), WasmError> {
    let mut locals = 0u64;
    for local in body.get_locals_reader()? {
        locals = locals.saturating_add(u64::from(local?.0));
    }
    let bytes = body.as_bytes();
    let start = body.range().start;
    let at = |offset: u64| usize::try_from(offset.saturating_sub(start)).unwrap_or(usize::MAX);
    let reader = body.get_operators_reader()?;
    let head = bytes.get(..at(reader.original_position())).unwrap_or_default();
    let mut steps: Vec<Step<'a>> = Vec::new();
    let mut reader = reader;
    while !reader.eof() {
        let from = at(reader.original_position());
        let operator = reader.read()?;
        let to = at(reader.original_position());
        steps.push(Step { operator, source: bytes.get(from..to) });
    }
    Ok((locals, head, steps))
}

const fn ends_block(operator: &Operator<'_>) -> bool {
    use Operator as O;
    matches!(
        operator,
        O::End
            | O::Else
            | O::Return
            | O::Loop { .. }
            | O::Br { .. }
            | O::BrTable { .. }
            | O::BrIf { .. }
            | O::If { .. }
            | O::Call { .. }
            | O::CallIndirect { .. }
    )
}

/// Before each basic block: stop if its ink is not there, otherwise take it.
fn meter<'a>(
    module: &Module<'_>,
    globals: Globals,
    steps: Vec<Step<'a>>,
) -> Result<Vec<Step<'a>>, WasmError> {
    let mut out: Vec<Step<'a>> = Vec::with_capacity(steps.len().saturating_mul(3));
    let mut block: Vec<Step<'a>> = Vec::new();
    let mut cost = prices::BLOCK_HEADER;
    for step in steps {
        let price = prices::operator(&step.operator, &module.types)
            .ok_or_else(|| WasmError::UnsupportedOperator(name_of(&step.operator)))?;
        cost = cost.saturating_add(price);
        let ends = ends_block(&step.operator);
        block.push(step);
        if ends {
            out.extend(block_header(globals, cost.cast_signed()).map(Step::from));
            out.append(&mut block);
            cost = prices::BLOCK_HEADER;
        }
    }
    Ok(out)
}

/// Name of an operator, without its immediates.
fn name_of(operator: &Operator<'_>) -> String {
    let text = format!("{operator:?}");
    text.split([' ', '{', '(']).next().unwrap_or_default().to_owned()
}

const fn get(global_index: u32) -> Operator<'static> {
    Operator::GlobalGet { global_index }
}

const fn set(global_index: u32) -> Operator<'static> {
    Operator::GlobalSet { global_index }
}

const fn block_header(globals: Globals, cost: i64) -> [Operator<'static>; 12] {
    [
        get(globals.ink),
        Operator::I64Const { value: cost },
        Operator::I64LtU,
        Operator::If { blockty: BlockType::Empty },
        Operator::I32Const { value: 1 },
        set(globals.status),
        Operator::Unreachable,
        Operator::End,
        get(globals.ink),
        Operator::I64Const { value: cost },
        Operator::I64Sub,
        set(globals.ink),
    ]
}

/// Before `memory.copy` and `memory.fill`: take ink per byte; an overflow means that it was not there.
fn meter_bulk(globals: Globals, steps: Vec<Step<'_>>) -> Vec<Step<'_>> {
    let is_bulk = |operator: &Operator<'_>| {
        matches!(operator, Operator::MemoryCopy { .. } | Operator::MemoryFill { .. })
    };
    insert_before(steps, is_bulk, &bulk_header(globals))
}

/// Puts operators before each one of a kind.
fn insert_before<'a>(
    steps: Vec<Step<'a>>,
    is_wanted: impl Fn(&Operator<'_>) -> bool,
    added: &[Operator<'static>],
) -> Vec<Step<'a>> {
    let mut out = Vec::with_capacity(steps.len());
    for step in steps {
        if is_wanted(&step.operator) {
            out.extend(added.iter().cloned().map(Step::from));
        }
        out.push(step);
    }
    out
}

const fn bulk_header(globals: Globals) -> [Operator<'static>; 17] {
    [
        set(globals.scratch),
        get(globals.ink),
        get(globals.ink),
        get(globals.scratch),
        Operator::I64ExtendI32U,
        Operator::I64Const { value: prices::PER_BYTE },
        Operator::I64Mul,
        Operator::I64Sub,
        set(globals.ink),
        get(globals.ink),
        Operator::I64LtU,
        Operator::If { blockty: BlockType::Empty },
        Operator::I32Const { value: 1 },
        set(globals.status),
        Operator::Unreachable,
        Operator::End,
        get(globals.scratch),
    ]
}

/// Before `memory.fill`: trap if the value isn't a byte. The status holds it meanwhile, which is 0 before and after.
fn check_fill<'a>(module: &Module<'_>, globals: Globals, steps: Vec<Step<'a>>) -> Vec<Step<'a>> {
    if !module.features.fills_with_bytes_only() {
        return steps;
    }
    let check = [
        set(globals.scratch),
        set(globals.status),
        get(globals.status),
        Operator::I32Const { value: 255 },
        Operator::I32GtU,
        Operator::If { blockty: BlockType::Empty },
        Operator::I32Const { value: 0 },
        set(globals.status),
        Operator::Unreachable,
        Operator::End,
        get(globals.status),
        Operator::I32Const { value: 0 },
        set(globals.status),
        get(globals.scratch),
    ];
    insert_before(steps, |operator| matches!(operator, Operator::MemoryFill { .. }), &check)
}

/// On entry: stop if the frame does not fit the stack, otherwise take it; give it back on return.
fn check_depth<'a>(
    module: &Module<'_>,
    globals: Globals,
    locals: u64,
    mut steps: Vec<Step<'a>>,
) -> Result<Vec<Step<'a>>, WasmError> {
    let words = depth::frame_words(module, locals, steps.iter().map(|step| &step.operator))?;
    let words = words.cast_signed();
    let enter = [
        get(globals.depth),
        Operator::I32Const { value: words },
        Operator::I32LeU,
        Operator::If { blockty: BlockType::Empty },
        Operator::I32Const { value: 0 },
        set(globals.depth),
        Operator::Unreachable,
        Operator::End,
        get(globals.depth),
        Operator::I32Const { value: words },
        Operator::I32Sub,
        set(globals.depth),
    ];
    let leave = [
        get(globals.depth),
        Operator::I32Const { value: words },
        Operator::I32Add,
        set(globals.depth),
    ];
    // The chain closes every function with an explicit return, whether or not it is reached.
    let last = steps.pop();
    steps.push(Operator::Return.into());
    steps.extend(last);
    let mut out: Vec<Step<'a>> = Vec::with_capacity(steps.len().saturating_add(20));
    out.extend(enter.map(Step::from));
    for step in steps {
        if matches!(step.operator, Operator::Return) {
            out.extend(leave.clone().map(Step::from));
        }
        out.push(step);
    }
    Ok(out)
}

/// Before `memory.grow`: call the host function that takes the price of the pages.
fn pay_for_memory(globals: Globals, pay: Option<u32>, steps: Vec<Step<'_>>) -> Vec<Step<'_>> {
    let Some(function_index) = pay else { return steps };
    let call = [
        set(globals.scratch),
        get(globals.scratch),
        get(globals.scratch),
        Operator::Call { function_index },
    ];
    insert_before(steps, |operator| matches!(operator, Operator::MemoryGrow { .. }), &call)
}
