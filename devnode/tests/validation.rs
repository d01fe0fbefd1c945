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

const FEATURES: Features = Features { multi_value: true, debug: false };
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
    let start = format!("(module {MEMORY} {MAIN} (func $s) (start $s))");
    assert_eq!(check(&start), Err(WasmError::StartFunction));
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
        ("f32.const 1 drop", "F32Const"),
        ("f64.const 1 f64.sqrt drop", "F64Const"),
        ("i32.const 0 f32.load drop", "F32Load"),
        ("i32.const 0 i32.const 0 i32.const 0 memory.init $d", "MemoryInit"),
        ("data.drop $d", "DataDrop"),
        ("i32.const 0 i32.const 0 i32.const 0 table.copy", "TableCopy"),
    ] {
        let text =
            format!(r#"(module (table 1 funcref) {MEMORY} {MAIN} (func {body}) (data $d "x"))"#);
        let error = check(&text).unwrap_err();
        assert_eq!(error, WasmError::UnsupportedOperator(name.to_owned()), "{body}");
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
        (repeat("(global i32 (i32.const 0))", 32_769), too_many("globals", 32_769, 32_768)),
        (repeat(r#"(data "")"#, 129), too_many("data segments", 129, 128)),
        ("(table 4097 funcref)".to_owned(), too_many("table entries", 4_097, 4_096)),
        (format!("(func (local {}))", repeat("i32 ", 349)), too_many("locals", 349, 348)),
        (
            format!(r#"(func (export "{}"))"#, repeat("x", 513)),
            too_many("bytes in a name", 513, 512),
        ),
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
    let names: Vec<_> = (0..1_024).map(|i| format!(r#"(export "{i}" (func 0))"#)).collect();
    assert_eq!(check(&module(&names.concat())), Err(too_many("exports", 1_026, 1_024)));
    assert!(check(&module(&repeat("(func)", 4_095))).is_ok());
    assert!(check(&module(&format!("(func {})", repeat("nop ", 65_536 - 30)))).is_ok());
    let items = repeat("0 ", 4_090);
    let elements = format!("(table 4096 funcref) (elem (i32.const 0) func {items})");
    assert!(check(&module(&elements)).is_ok());
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
