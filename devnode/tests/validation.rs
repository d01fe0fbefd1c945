//! What activation refuses, and that nothing makes it panic.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod support;

use novate_devnode::{
    pack,
    wasm::{ActivationData, Features, WasmError, activate},
};
use proptest::prelude::*;

const FEATURES: Features = Features { stylus_version: 2, debug: false };
const DEBUG: Features = Features { debug: true, ..FEATURES };
const MAIN: &str = r#"(func (export "user_entrypoint") (param i32) (result i32) i32.const 0)"#;
const MEMORY: &str = r#"(memory (export "memory") 1 1)"#;

fn check(text: &str) -> Result<ActivationData, WasmError> {
    activate(&wat::parse_str(text).unwrap(), FEATURES)
}

const fn too_many(what: &'static str, count: u64, limit: u64) -> WasmError {
    WasmError::TooMany { what, count, limit }
}

#[test]
fn the_smallest_program_is_fine() {
    assert_eq!(check(&format!("(module {MEMORY} {MAIN})")).unwrap().footprint, 1);
}

#[test]
fn entry_point_and_memory_are_required() {
    assert_eq!(check(&format!("(module {MEMORY})")), Err(WasmError::MissingEntrypoint));
    let wrong = r#"(func (export "user_entrypoint") (param i64) (result i32) i32.const 0)"#;
    assert_eq!(check(&format!("(module {MEMORY} {wrong})")), Err(WasmError::MissingEntrypoint));
    assert_eq!(check(&format!("(module {MAIN})")), Err(WasmError::MissingMemory));
    assert_eq!(check(&format!("(module (memory 1 1) {MAIN})")), Err(WasmError::MissingMemory));
}

fn check_debug(text: &str) -> Result<ActivationData, WasmError> {
    activate(&wat::parse_str(text).unwrap(), DEBUG)
}

#[test]
fn start_functions_are_for_debug_chains_where_nobody_runs_them() {
    let start = format!("(module {MEMORY} {MAIN} (func $s unreachable) (start $s))");
    assert_eq!(check(&start), Err(WasmError::StartFunction));
    assert!(check_debug(&start).is_ok());
    let mut chain = support::TestChain::default();
    let program = chain.program(&start);
    assert!(chain.send(program, vec![]).is_success());
}

#[test]
fn a_count_of_data_segments_is_refused() {
    // The count of data segments that `memory.init` would need: section 12 before the code.
    let wasm = wat::parse_str(format!(r#"(module {MEMORY} {MAIN} (data "x"))"#)).unwrap();
    assert!(activate(&wasm, FEATURES).is_ok());
    let code = wasm.windows(3).rposition(|head| head[0] == 10 && head[2] == 1).unwrap();
    let mut counted = wasm;
    counted.splice(code..code, [12, 1, 1]);
    assert_eq!(
        activate(&counted, FEATURES),
        Err(WasmError::UnsupportedSection("data count section"))
    );
}

/// A length in two bytes of LEB128.
fn leb(length: usize) -> [u8; 2] {
    [u8::try_from(length & 0x7f).unwrap() | 0x80, u8::try_from(length >> 7).unwrap()]
}

#[test]
fn sections_of_names_are_read() {
    let wasm = wat::parse_str(format!("(module {MEMORY} {MAIN})")).unwrap();
    let with = |subsections: &[u8]| {
        // Section 0: length, name, subsections.
        let length = leb(subsections.len() + 5);
        activate(&[&wasm[..], &[0], &length, &[4], b"name", subsections].concat(), FEATURES)
    };
    let module =
        |length: usize| [&[0], &leb(length + 2)[..], &leb(length), &vec![b'm'; length]].concat();
    assert!(with(&[]).is_ok());
    assert!(with(&module(512)).is_ok());
    assert_eq!(with(&module(513)), Err(too_many("bytes in a name", 513, 512)));
    // Names of functions come in any order, and twice.
    assert!(with(&[1, 7, 2, 1, 1, b'a', 0, 1, b'b']).is_ok());
    assert!(with(&[1, 7, 2, 0, 1, b'a', 0, 1, b'b']).is_ok());
    // Functions: one name, of function 0; then one that ends too early.
    assert!(with(&[1, 4, 1, 0, 1, b'f']).is_ok());
    assert!(matches!(with(&[1, 4, 1, 0, 2, b'f']), Err(WasmError::Malformed { .. })));
    // A subsection longer than the section.
    assert!(matches!(with(&[1, 9, 1, 0, 1, b'f']), Err(WasmError::Malformed { .. })));
    // Other sections mean nothing.
    let mut other = wasm;
    other.extend([0, 5, 4, b'e', b'm', b'a', b'n']);
    assert!(activate(&other, FEATURES).is_ok());
}

#[test]
fn names_are_used_once_and_not_taken() {
    let read = r#"(import "vm_hooks" "read_args" (func (param i32)))"#;
    assert!(check(&format!("(module {read} {read} {MEMORY} {MAIN})")).is_ok());
    // Two types of one form are two types.
    let types = "(type $a (func (param i32))) (type $b (func (param i32)))";
    let named = |ty: &str| format!(r#"(import "vm_hooks" "read_args" (func (type {ty})))"#);
    let (a, b) = (named("$a"), named("$b"));
    assert!(check(&format!("(module {types} {a} {a} {MEMORY} {MAIN})")).is_ok());
    let error = check(&format!("(module {types} {a} {b} {MEMORY} {MAIN})")).unwrap_err();
    assert!(matches!(error, WasmError::InconsistentImports { .. }), "{error}");
    for (name, fine) in [
        ("read_args", false),
        ("x__read_args", false),
        ("read_args__x", true),
        ("write_result", true),
        ("stylus", false),
        ("stylus_ink_left", false),
        ("a__b__stylus2", false),
        ("stylus__x", true),
        ("my_stylus", true),
    ] {
        for kind in [r"(func (export NAME))", r"(global (export NAME) i32 (i32.const 0))"] {
            let export = kind.replace("NAME", &format!("\"{name}\""));
            let result = check(&format!("(module {read} {MEMORY} {MAIN} {export})"));
            assert_eq!(result.is_ok(), fine, "{name}: {result:?}");
            if !fine {
                assert_eq!(result, Err(WasmError::ReservedExport(name.to_owned())));
            }
        }
    }
}

#[test]
fn floats_may_be_moved_in_code_that_never_runs() {
    let moves =
        "(drop (f32.reinterpret_i32 (i32.const 1))) (drop (f64.reinterpret_i64 (i64.const 1)))
        (drop (i32.reinterpret_f32 (f32.const 1))) (drop (i64.reinterpret_f64 (f64.const 1)))
        (f32.store (i32.const 0) (f32.load (i32.const 4)))
        (f64.store (i32.const 0) (f64.load (i32.const 8)))";
    let program = format!(
        r#"(module (memory (export "memory") 1 1) (global $f (mut f64) (f64.const 1))
        (func (param f32) (result f32) (local f64) local.get 0)
        (func (export "user_entrypoint") (param i32) (result i32)
            (if (local.get 0) (then {moves})) i32.const 0))"#
    );
    assert!(check(&program).is_ok());
    let mut chain = support::TestChain::default();
    let program = chain.program(&program);
    assert!(chain.send(program, vec![]).is_success());
    let result = chain.send(program, vec![1]);
    assert!(!result.is_success());
    assert_eq!(result.tx_gas_used(), 32_000_000, "no ink suffices");
}

#[test]
fn floats_may_be_passed_around() {
    // Locals, globals, parameters, results and choices have prices whatever the type.
    let text = format!(
        r#"(module {MEMORY}
            (global $g (mut f64) (f64.const 1.5))
            (func $swap (param f32 f64) (result f64) (local f32)
                (local.set 2 (local.get 0)) (select (local.get 1) (global.get $g) (i32.const 0)))
            (func (export "user_entrypoint") (param i32) (result i32) (local f32 f64)
                (global.set $g (call $swap (local.get 1) (local.get 2)))
                (drop (block (result f32) (local.tee 1 (local.get 1))))
                i32.const 0))"#
    );
    let mut chain = support::TestChain::default();
    let program = chain.program(&text);
    assert!(chain.send(program, vec![]).is_success());
}

#[test]
fn memory_that_grows_must_be_paid() {
    let growing = r#"(memory (export "memory") 1)"#;
    let unpaid = check(&format!("(module {growing} {MAIN})"));
    assert_eq!(unpaid, Err(WasmError::MissingPayForMemoryGrow));
    let import = r#"(import "vm_hooks" "pay_for_memory_grow" (func (param i32)))"#;
    assert!(check(&format!("(module {import} {growing} {MAIN})")).is_ok());
    let large = r#"(memory (export "memory") 129 129)"#;
    assert_eq!(check(&format!("(module {large} {MAIN})")), Err(too_many("memory pages", 129, 128)));
    let most = r#"(memory (export "memory") 128 128)"#;
    assert_eq!(check(&format!("(module {most} {MAIN})")).unwrap().footprint, 128);
}

#[test]
fn only_host_functions_may_be_imported() {
    for import in [
        r#"(import "vm_hooks" "no_such" (func))"#,
        r#"(import "env" "read_args" (func (param i32)))"#,
        r#"(import "console" "log_i32" (func (param i32)))"#,
        r#"(import "vm_hooks" "g" (global i32))"#,
        r#"(import "vm_hooks" "m" (memory 1))"#,
    ] {
        let error = check(&format!("(module {import} {MEMORY} {MAIN})")).unwrap_err();
        assert!(
            matches!(error, WasmError::UnsupportedImport { .. } | WasmError::Malformed { .. }),
            "{import}: {error}"
        );
    }
    let mistyped = r#"(import "vm_hooks" "read_args" (func (param i64)))"#;
    let error = check(&format!("(module {mistyped} {MEMORY} {MAIN})")).unwrap_err();
    assert!(matches!(error, WasmError::ImportType { .. }), "{error}");
    let console = r#"(import "console" "log_i32" (func (param i32)))"#;
    let wasm = wat::parse_str(format!("(module {console} {MEMORY} {MAIN})")).unwrap();
    assert!(activate(&wasm, Features { debug: true, ..FEATURES }).is_ok());
}

#[test]
fn operators_without_a_price_are_refused() {
    for (body, name) in [
        ("f32.const 1 f32.const 1 f32.add drop", "F32Add"),
        ("f64.const 1 f64.sqrt drop", "F64Sqrt"),
        ("i32.const 0 f32.load i32.trunc_sat_f32_s drop", "I32TruncSatF32S"),
        ("i64.const 0 f32.convert_i64_u drop", "F32ConvertI64U"),
        ("f32.const 0 f64.promote_f32 drop", "F64PromoteF32"),
        ("i32.const 0 i32.const 0 i32.const 0 table.copy", "TableCopy"),
    ] {
        let text =
            format!(r#"(module (table 1 funcref) {MEMORY} {MAIN} (func {body}) (data $d "x"))"#);
        let error = check(&text).unwrap_err();
        assert_eq!(error, WasmError::UnsupportedOperator(name.to_owned()), "{body}");
    }
    for body in ["i32.const 0 i32.const 0 i32.const 0 memory.init $d", "data.drop $d"] {
        // These need a section that is refused before the code is read.
        let text = format!(r#"(module {MEMORY} {MAIN} (func {body}) (data $d "x"))"#);
        let error = check(&text).unwrap_err();
        assert_eq!(error, WasmError::UnsupportedSection("data count section"), "{body}");
    }
    for body in [
        "ref.null func drop",
        "i32.const 0 i32.const 1 i32.const 0 select (result i32) drop",
        "return_call 0",
        "v128.const i64x2 0 0 drop",
    ] {
        let error = check(&format!("(module {MEMORY} {MAIN} (func {body}))")).unwrap_err();
        let refused =
            matches!(error, WasmError::Malformed { .. } | WasmError::UnsupportedOperator(_));
        assert!(refused, "{body}: {error}");
    }
}

#[test]
fn segments_must_fit_what_they_initialise() {
    for (segment, what) in [
        (r#"(data (i32.const 65534) "abc")"#, "data"),
        (r#"(data (i32.const -1) "")"#, "data"),
        ("(table 2 funcref) (elem (i32.const 1) func 0 0)", "element"),
    ] {
        let error = check(&format!("(module {MEMORY} {MAIN} {segment})")).unwrap_err();
        assert_eq!(error, WasmError::SegmentOutOfBounds(what), "{segment}");
    }
    assert!(check(&format!(r#"(module {MEMORY} {MAIN} (data (i32.const 65533) "abc"))"#)).is_ok());
}

#[test]
fn counts_are_limited() {
    let repeat = |text: &str, count: usize| text.repeat(count);
    let module = |rest: &str| format!("(module {MEMORY} {MAIN} {rest})");
    let cases = [
        (repeat("(func)", 4_096), too_many("functions", 4_097, 4_096)),
        // Four globals are the meters'.
        (repeat("(global i32 (i32.const 0))", 32_765), too_many("globals", 32_769, 32_768)),
        (repeat(r#"(data "")"#, 129), too_many("data segments", 129, 128)),
        ("(table 4097 funcref)".to_owned(), too_many("table entries", 4_097, 4_096)),
        (format!("(func (local {}))", repeat("i32 ", 349)), too_many("locals", 349, 348)),
        (
            // Kind 1, offset 3, count 2, and a byte for each of 4091 items.
            format!("(table 4096 funcref) (elem (i32.const 0) func {})", repeat("0 ", 4_091)),
            too_many("bytes of element segments", 4_097, 4_096),
        ),
        (
            // 12 of the block, 12 on entry, 4 + 1 on return, the end, and the nops themselves.
            format!("(func {})", repeat("nop ", 65_536 - 29)),
            too_many("operators in a function", 65_537, 65_536),
        ),
        (
            format!("(func {} unreachable)", repeat("i32.const 0 ", 4_097)),
            too_many("values on the stack", 4_097, 4_096),
        ),
    ];
    for (rest, expected) in cases {
        assert_eq!(check(&module(&rest)), Err(expected));
    }
    assert!(check(&module(&repeat("(global i32 (i32.const 0))", 32_764))).is_ok());
    assert!(check(&module(&repeat("(func)", 4_095))).is_ok());
    assert!(check(&module(&format!("(func {})", repeat("nop ", 65_536 - 30)))).is_ok());
    let items = repeat("0 ", 4_090);
    let elements = format!("(table 4096 funcref) (elem (i32.const 0) func {items})");
    assert!(check(&module(&elements)).is_ok());
}

#[test]
fn exports_are_limited_where_they_are_kept() {
    let exports = |count: usize| -> String {
        let names = (0..count).map(|i| format!(r#"(export "{i}" (func 0))"#));
        format!("(module {MEMORY} {MAIN} {})", names.collect::<String>())
    };
    // The memory, the entry point and four globals of the meters are exported too.
    assert!(check_debug(&exports(1_018)).is_ok());
    assert_eq!(check_debug(&exports(1_019)), Err(too_many("exports", 1_025, 1_024)));
    assert!(check(&exports(3_000)).is_ok());
    let long = format!(r#"(module {MEMORY} {MAIN} (func (export "{}")))"#, "x".repeat(513));
    assert_eq!(check_debug(&long), Err(too_many("bytes in a name", 513, 512)));
    assert!(check(&long).is_ok());
}

#[test]
fn padded_table_indices_are_refused_until_normalised() {
    let text = format!(
        "(module (type $t (func)) (table 1 funcref) {MEMORY} {MAIN}
            (func (call_indirect (type $t) (i32.const 0))))"
    );
    let wasm = wat::parse_str(text).unwrap();
    // 11 tt 00 -> 11 tt 80 80 80 80 00, as compilers with reference types write it; two lengths grow.
    let at = wasm.windows(2).rposition(|pair| pair == [0x11, 0x00]).unwrap();
    let mut padded = wasm.clone();
    padded.splice(at + 2..at + 3, [0x80, 0x80, 0x80, 0x80, 0x00]);
    let body = at - 4;
    padded[body] += 4;
    // Section 10, its length, two functions.
    let section = padded.windows(3).rposition(|head| head[0] == 0x0a && head[2] == 2).unwrap();
    padded[section + 1] += 4;
    let error = activate(&padded, FEATURES).unwrap_err();
    assert!(
        matches!(&error, WasmError::Malformed { message, .. } if message.contains("zero byte")),
        "{error}"
    );
    assert_eq!(pack::normalise(&padded).unwrap(), pack::strip(&wasm).unwrap());
    assert!(activate(&wasm, FEATURES).is_ok());
}

/// Code of a program whose brotli stream keeps the bytes as they are.
fn stored(wasm: &[u8]) -> Vec<u8> {
    let mut code = pack::CODE_PREFIX.to_vec();
    let options = brotli::enc::BrotliEncoderParams { quality: 0, ..Default::default() };
    brotli::BrotliCompress(&mut &wasm[..], &mut code, &options).unwrap();
    code
}

/// A program that uses most sections, as a start for mutations.
fn seed() -> Vec<u8> {
    wat::parse_str(format!(
        r#"(module
            (type $t (func (param i32 i64) (result i32)))
            (import "vm_hooks" "pay_for_memory_grow" (func (param i32)))
            (import "vm_hooks" "read_args" (func $read_args (param i32)))
            (table 2 funcref) (elem (i32.const 0) func $f $f)
            (memory (export "memory") 1) (global $g (mut i64) (i64.const 5))
            (func $f (type $t) (local i64)
                (block $out (loop $again
                    (br_if $out (i32.eqz (local.get 0)))
                    (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
                    (br_table $again $out (local.get 0))))
                (memory.fill (i32.const 0) (i32.const 1) (i32.const 2))
                (drop (memory.grow (i32.const 1)))
                (call_indirect (type $t) (i32.const 0) (i64.const 1) (i32.const 1)))
            (data (i32.const 8) "some data")
            {MAIN})"#
    ))
    .unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn damaged_programs_are_accepted_or_refused(
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0u8..3), 1..6),
    ) {
        let mut wasm = seed();
        for (index, byte, kind) in edits {
            let at = index.index(wasm.len());
            match kind {
                0 => wasm[at] = byte,
                1 => wasm.insert(at, byte),
                _ => { wasm.remove(at); }
            }
        }
        if activate(&wasm, FEATURES).is_ok() {
            // What is accepted must survive packing too.
            let repacked = pack::pack(&wasm, FEATURES);
            prop_assert!(repacked.is_ok(), "{:?}", repacked);
        }
    }

    #[test]
    fn accepted_programs_run_to_an_end(
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        calldata in prop::collection::vec(any::<u8>(), 0..80),
    ) {
        let mut wasm = seed();
        for (index, byte) in edits {
            let at = index.index(wasm.len());
            wasm[at] = byte;
        }
        if activate(&wasm, FEATURES).is_ok() {
            let mut chain = support::TestChain::default();
            let program = alloy_primitives::Address::repeat_byte(0x55);
            chain.etch(program, stored(&wasm));
            prop_assert!(chain.activate(program).is_success());
            let mut tx = chain.tx(alloy_primitives::TxKind::Call(program), calldata, 0);
            tx.gas_limit = 200_000;
            let used = chain.send_tx(tx).tx_gas_used();
            prop_assert!((21_000..=200_000).contains(&used));
        }
    }

    #[test]
    fn noise_is_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(activate(&bytes, FEATURES).is_err());
        let code = [&[0, b'a', b's', b'm', 1, 0, 0, 0][..], &bytes].concat();
        let _ = activate(&code, FEATURES);
    }
}
