//! Random modules: well-typed programs that use the host functions, and damaged ones.

use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, DataSection, ElementSection, Elements, EntityType,
    ExportKind, ExportSection, Function, FunctionSection, GlobalSection, GlobalType, ImportSection,
    Instruction as I, MemArg, MemArgTarget, MemorySection, MemoryType, Module, RefType,
    TableSection, TableType, TypeSection, ValType,
};

/// A reproducible stream of numbers (`SplitMix64`).
pub(crate) struct Random(u64);

impl Random {
    /// The stream of a module of a campaign.
    pub(crate) const fn new(seed: u64, index: u64) -> Self {
        Self(seed.wrapping_mul(0xd134_2543_de82_ef95) ^ index.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`.
    fn below(&mut self, bound: u32) -> u32 {
        u32::try_from(self.next() % u64::from(bound.max(1))).unwrap_or_default()
    }

    fn one_in(&mut self, count: u32) -> bool {
        self.below(count) == 0
    }
}

/// Host functions by name, with one letter a parameter: i = i32, l = i64; and the result.
const HOST: &[(&str, &str, &str)] = &[
    ("read_args", "i", ""),
    ("write_result", "ii", ""),
    ("exit_early", "i", ""),
    ("storage_load_bytes32", "ii", ""),
    ("storage_cache_bytes32", "ii", ""),
    ("storage_flush_cache", "i", ""),
    ("transient_store_bytes32", "ii", ""),
    ("call_contract", "iiiili", "i"),
    ("static_call_contract", "iiili", "i"),
    ("create1", "iiiii", ""),
    ("read_return_data", "iii", "i"),
    ("emit_log", "iii", ""),
    ("account_balance", "ii", ""),
    ("account_code", "iiii", "i"),
    ("evm_ink_left", "", "l"),
    ("msg_sender", "i", ""),
    ("native_keccak256", "iii", ""),
    ("math_pow", "ii", ""),
    ("pay_for_memory_grow", "i", ""),
];
const PAY: u32 = 18;

/// A module: three of four are well-typed, the others damaged.
pub(crate) fn module(random: &mut Random) -> Vec<u8> {
    let mut wasm = well_typed(random);
    if random.one_in(4) {
        for _ in 0..=random.below(4) {
            damage(random, &mut wasm);
        }
    }
    wasm
}

fn damage(random: &mut Random, wasm: &mut Vec<u8>) {
    let length = u32::try_from(wasm.len()).unwrap_or(u32::MAX);
    let at = usize::try_from(random.below(length.max(1))).unwrap_or_default();
    let byte = random.next().to_le_bytes()[0];
    match random.below(4) {
        0 => wasm.insert(at, byte),
        1 if wasm.len() > at => drop(wasm.remove(at)),
        2 => wasm.truncate(at.max(1)),
        // Whatever an empty module can lose, it has lost.
        _ => {
            if let Some(place) = wasm.get_mut(at) {
                *place = byte;
            }
        }
    }
}

fn types(letters: &str) -> Vec<ValType> {
    letters.chars().map(|c| if c == 'l' { ValType::I64 } else { ValType::I32 }).collect()
}

fn well_typed(random: &mut Random) -> Vec<u8> {
    let functions = 1 + random.below(3);
    let host = u32::try_from(HOST.len()).unwrap_or_default();
    let mut type_section = TypeSection::new();
    let mut imports = ImportSection::new();
    for (index, (name, parameters, result)) in (0..).zip(HOST) {
        type_section.ty().function(types(parameters), types(result));
        imports.import("vm_hooks", name, EntityType::Function(index));
    }
    type_section.ty().function([ValType::I32], [ValType::I32]);
    let mut function_section = FunctionSection::new();
    let mut code = CodeSection::new();
    for _ in 0..functions {
        function_section.function(host);
        code.function(&body(random, functions));
    }
    let mut tables = TableSection::new();
    tables.table(TableType {
        element_type: RefType::FUNCREF,
        minimum: 4,
        maximum: None,
        table64: false,
        shared: false,
    });
    let (minimum, grows) = (u64::from(1 + random.below(3)), random.one_in(2));
    let maximum = if grows { random.one_in(2).then_some(minimum + 5) } else { Some(minimum) };
    let mut memories = MemorySection::new();
    memories.memory(MemoryType {
        minimum,
        maximum,
        memory64: false,
        shared: false,
        page_size_log2: None,
    });
    let mut globals = GlobalSection::new();
    for val_type in [ValType::I32, ValType::I64] {
        let zero = if val_type == ValType::I32 {
            ConstExpr::i32_const(0)
        } else {
            ConstExpr::i64_const(0)
        };
        globals.global(GlobalType { val_type, mutable: true, shared: false }, &zero);
    }
    let mut exports = ExportSection::new();
    exports.export("user_entrypoint", ExportKind::Func, host);
    exports.export("memory", ExportKind::Memory, 0);
    let mut elements = ElementSection::new();
    let listed: Vec<u32> = (0..functions).map(|index| host + index).collect();
    elements.active(None, &ConstExpr::i32_const(0), Elements::Functions(listed.into()));
    let mut data = DataSection::new();
    let bytes: Vec<u8> = (0..random.below(64)).map(|_| random.next().to_le_bytes()[0]).collect();
    let offset = i32::try_from(random.below(70_000)).unwrap_or_default();
    data.active(0, &ConstExpr::i32_const(offset), bytes);
    let mut module = Module::new();
    module.section(&type_section).section(&imports).section(&function_section);
    module.section(&tables).section(&memories).section(&globals).section(&exports);
    module.section(&elements).section(&code).section(&data);
    module.finish()
}

/// A function (i32) -> i32 with an i64 local that keeps the types of its operands in mind.
fn body(random: &mut Random, functions: u32) -> Function {
    let mut function = Function::new([(1, ValType::I64)]);
    let mut stack: Vec<ValType> = Vec::new();
    for _ in 0..random.below(60) {
        step(random, &mut function, &mut stack, functions);
    }
    for _ in 0..stack.len() {
        function.instruction(&I::Drop);
    }
    function.instruction(&I::I32Const(i32::from(random.one_in(5))));
    function.instruction(&I::End);
    function
}

fn step(random: &mut Random, function: &mut Function, stack: &mut Vec<ValType>, functions: u32) {
    use ValType::{I32, I64};
    let host = u32::try_from(HOST.len()).unwrap_or_default();
    match random.below(12) {
        0 | 1 => call_host(random, function, stack),
        2 => {
            push(random, function, stack, I32);
            function.instruction(&I::Call(host + random.below(functions)));
        }
        3 => {
            push(random, function, stack, I32);
            push(random, function, stack, I32);
            function.instruction(&I::CallIndirect { type_index: host, table_index: 0 });
            stack.pop();
        }
        4 => {
            // A loop that seldom runs until the gas is out.
            function.instruction(&I::Loop(BlockType::Empty));
            function.instruction(&I::I32Const(i32::from(random.one_in(16))));
            function.instruction(&I::BrIf(0));
            function.instruction(&I::End);
        }
        5 => {
            push(random, function, stack, I32);
            stack.pop();
            function.instruction(&I::If(BlockType::Result(I64)));
            function.instruction(&I::I64Const(random.next().cast_signed()));
            function.instruction(&I::Else);
            function.instruction(&I::LocalGet(1));
            function.instruction(&I::End);
            stack.push(I64);
        }
        6 => bulk(random, function, stack),
        7 => {
            push(random, function, stack, I32);
            function.instruction(&I::MemoryGrow(0));
        }
        8 => memory(random, function, stack),
        9 => locals(random, function, stack),
        _ => arithmetic(random, function, stack),
    }
}

/// Puts a value of a type on the stack; small ones are likely.
fn push(random: &mut Random, function: &mut Function, stack: &mut Vec<ValType>, ty: ValType) {
    let value = if random.one_in(3) { random.next() } else { u64::from(random.below(200)) };
    let low = u32::try_from(value & u64::from(u32::MAX)).unwrap_or_default();
    match ty {
        ValType::I64 => function.instruction(&I::I64Const(value.cast_signed())),
        _ if random.one_in(6) => function.instruction(&I::LocalGet(0)),
        _ => function.instruction(&I::I32Const(low.cast_signed())),
    };
    stack.push(ty);
}

fn call_host(random: &mut Random, function: &mut Function, stack: &mut Vec<ValType>) {
    let index = random.below(u32::try_from(HOST.len()).unwrap_or_default());
    let Some((_, parameters, result)) = HOST.get(usize::try_from(index).unwrap_or_default()) else {
        return;
    };
    if index == PAY && !random.one_in(8) {
        return;
    }
    for ty in types(parameters) {
        push(random, function, stack, ty);
        stack.pop();
    }
    function.instruction(&I::Call(index));
    stack.extend(types(result));
}

fn bulk(random: &mut Random, function: &mut Function, stack: &mut Vec<ValType>) {
    for _ in 0..3 {
        push(random, function, stack, ValType::I32);
        stack.pop();
    }
    function.instruction(&if random.one_in(2) {
        I::MemoryFill(0)
    } else {
        I::MemoryCopy { src_mem: 0, dst_mem: 0 }
    });
}

fn memory(random: &mut Random, function: &mut Function, stack: &mut Vec<ValType>) {
    let place = MemArg {
        offset: u64::from(random.below(100)),
        align: 0,
        target: MemArgTarget::Memory(0),
        ordering: None,
    };
    push(random, function, stack, ValType::I32);
    match random.below(4) {
        0 => function.instruction(&I::I32Load(place)),
        1 => {
            stack.pop();
            stack.push(ValType::I64);
            function.instruction(&I::I64Load32S(place))
        }
        other => {
            let ty = if other == 2 { ValType::I32 } else { ValType::I64 };
            push(random, function, stack, ty);
            stack.truncate(stack.len().saturating_sub(2));
            function.instruction(&if ty == ValType::I32 {
                I::I32Store8(place)
            } else {
                I::I64Store(place)
            })
        }
    };
}

fn locals(random: &mut Random, function: &mut Function, stack: &mut Vec<ValType>) {
    match stack.pop() {
        Some(ValType::I64) if random.one_in(2) => function.instruction(&I::LocalSet(1)),
        Some(ValType::I64) => function.instruction(&I::GlobalSet(1)),
        Some(_) if random.one_in(2) => function.instruction(&I::LocalSet(0)),
        Some(_) => function.instruction(&I::GlobalSet(0)),
        None => {
            stack.push(ValType::I64);
            function.instruction(&I::GlobalGet(1))
        }
    };
}

fn arithmetic(random: &mut Random, function: &mut Function, stack: &mut Vec<ValType>) {
    const WORD: &[I<'_>] = &[
        I::I32Add,
        I::I32Mul,
        I::I32DivS,
        I::I32RemU,
        I::I32ShrS,
        I::I32Rotl,
        I::I32LtU,
        I::I32Xor,
    ];
    const LONG: &[I<'_>] =
        &[I::I64Add, I::I64Mul, I::I64DivS, I::I64RemU, I::I64ShrU, I::I64Rotr, I::I64And];
    const ONE: &[I<'_>] = &[I::I64Popcnt, I::I64Clz, I::I64Extend8S, I::I64Extend32S];
    let pick = |random: &mut Random, list: &'static [I<'static>]| {
        let index = random.below(u32::try_from(list.len()).unwrap_or_default());
        list.get(usize::try_from(index).unwrap_or_default()).cloned().unwrap_or(I::Nop)
    };
    match random.below(3) {
        0 => {
            push(random, function, stack, ValType::I32);
            push(random, function, stack, ValType::I32);
            stack.pop();
            function.instruction(&pick(random, WORD));
        }
        1 => {
            push(random, function, stack, ValType::I64);
            push(random, function, stack, ValType::I64);
            stack.pop();
            function.instruction(&pick(random, LONG));
        }
        _ => {
            push(random, function, stack, ValType::I64);
            function.instruction(&pick(random, ONE));
        }
    }
}
