//! The runner of forge tests on artifacts made by hand: what forge cannot show, since it knows no programs and more cheat
//! codes. `make differential` compares everything else with forge.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::path::{Path, PathBuf};

use alloy_primitives::{hex, keccak256};
use alloy_sol_types::{SolCall, sol};
use novate_devnode::forge::{
    Filter, ForgeError, FuzzOptions, Outcome, Runner, RunnerOptions, TestReport,
};
use serde_json::json;

sol! {
    function ffi(string[] commands) external returns (bytes);
    function deployCode(string name) external returns (address);
    function log(string line) external;
    function assume(bool condition) external;
}

const VM: &str = "7109709ECfa91a80626fF3989D68f67F5b1DD12D";
const CONSOLE: &str = "000000000000000000636F6e736F6c652e6c6f67";

/// Returns 42, whatever it is called with.
const PROGRAM: &str = r#"(module
    (import "vm_hooks" "write_result" (func $write_result (param i32 i32)))
    (memory (export "memory") 1 1)
    (func (export "user_entrypoint") (param i32) (result i32)
        (i32.store8 (i32.const 31) (i32.const 42))
        (call $write_result (i32.const 0) (i32.const 32))
        (i32.const 0)))"#;

/// Code that calls `target` with `data`, and then runs `rest` with success on the stack and the returned word in
/// memory at 0.
fn calls(target: &str, data: &[u8], rest: &str) -> Vec<u8> {
    let length = u16::try_from(data.len()).unwrap();
    let body = |offset: u16| {
        // CODECOPY the data to 0, CALL with all gas, the answer's first word to 0.
        let text = format!(
            "61{length:04x}61{offset:04x}5f3960205f61{length:04x}5f5f73{target}5af1{rest}00"
        );
        hex::decode(text).unwrap()
    };
    let size = u16::try_from(body(0).len()).unwrap();
    [body(size), data.to_vec()].concat()
}

/// A project of one contract; every function of it runs `runtime`.
struct Project(PathBuf);

impl Project {
    fn new(name: &str, functions: &[(&str, &[&str])], runtime: &[u8]) -> Self {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("forge-{name}"));
        let folder = root.join("out/Made.sol");
        std::fs::create_dir_all(&folder).unwrap();
        let abi: Vec<_> = functions
            .iter()
            .map(|(name, kinds)| {
                let inputs = kinds.iter().map(|kind| json!({ "name": "", "type": kind }));
                json!({
                    "type": "function", "name": name, "inputs": inputs.collect::<Vec<_>>(),
                    "outputs": [], "stateMutability": "nonpayable",
                })
            })
            .collect();
        let length = u16::try_from(runtime.len()).unwrap();
        let creation = format!("61{length:04x}80600a5f395ff3{}", hex::encode(runtime));
        let artifact = json!({
            "abi": abi,
            "bytecode": { "object": creation },
            "deployedBytecode": { "object": hex::encode(runtime) },
        });
        std::fs::write(folder.join("Made.json"), artifact.to_string()).unwrap();
        Self(root)
    }

    fn runner(&self) -> Result<Runner, ForgeError> {
        let fuzz = FuzzOptions { runs: 64, max_rejects: 100, ..FuzzOptions::default() };
        let (root, out) = (self.0.clone(), PathBuf::from("out"));
        Runner::new(RunnerOptions { root, out, fuzz, traces: true, ..RunnerOptions::default() })
    }

    fn run(&self) -> Vec<TestReport> {
        let mut reports = Vec::new();
        let mut runner = self.runner().unwrap();
        runner.run(|suite| reports.extend(suite.tests.clone())).unwrap();
        reports
    }
}

fn reason(report: &TestReport) -> &str {
    match &report.outcome {
        Outcome::Failed { reason, .. } => reason,
        other => panic!("expected a failure, got {other:?}"),
    }
}

#[test]
fn an_unknown_cheat_code_fails_the_test_though_its_revert_is_swallowed() {
    let data = ffiCall { commands: vec!["true".into()] }.abi_encode();
    let project = Project::new("unknown", &[("test_Ffi", &[])], &calls(VM, &data, "50"));
    let reports = project.run();
    let selector = hex::encode_prefixed(ffiCall::SELECTOR);
    assert_eq!(
        reason(&reports[0]),
        format!("the cheat code with selector {selector} is not supported by this runner")
    );
    assert!(reports[0].traces.iter().any(|tree| tree.contains("VM::")), "{:?}", reports[0].traces);
}

#[test]
fn a_program_is_created_and_activated_by_name_and_runs() {
    let data = deployCodeCall { name: "program.wasm".into() }.abi_encode();
    // Call the address in memory; if the answer is 42, stop, else revert.
    let check = "5060205f5f5f5f5f515af1505f51602a14";
    let size = calls(VM, &data, check).len().checked_sub(data.len()).unwrap();
    // The last byte before the data is STOP: jump over a revert to it.
    let target = size.checked_add(5).unwrap();
    let check = format!("{check}60{target:02x}575f5ffd5b");
    let project = Project::new("program", &[("test_Program", &[])], &calls(VM, &data, &check));
    std::fs::write(project.0.join("program.wasm"), wat::parse_str(PROGRAM).unwrap()).unwrap();
    let reports = project.run();
    assert_eq!(reports[0].outcome, Outcome::Passed, "{:?}", reports[0].traces);
}

#[test]
fn files_outside_the_project_cannot_be_deployed() {
    let data =
        deployCodeCall { name: "../../../../../../../etc/hostname.wasm".into() }.abi_encode();
    let bubble = "6031573d5f5f3e3d5ffd5b";
    let project = Project::new("outside", &[("test_Outside", &[])], &calls(VM, &data, bubble));
    assert!(project.run()[0].has_failed());
}

#[test]
fn console_lines_are_kept() {
    let data = logCall { line: "two\nlines".into() }.abi_encode();
    let project = Project::new("console", &[("test_Log", &[])], &calls(CONSOLE, &data, "50"));
    let reports = project.run();
    assert_eq!(reports[0].outcome, Outcome::Passed);
    assert_eq!(reports[0].console, ["two\nlines"]);
}

#[test]
fn a_counterexample_is_the_simplest_and_the_same_for_a_seed() {
    // Reverts with no data if the first argument exceeds 999.
    let runtime = hex::decode("6103e76004351160095700").unwrap();
    let runtime = [runtime, hex::decode("5b5f5ffd").unwrap()].concat();
    // JUMPDEST is at 0x0b.
    let mut code = runtime;
    code[8] = 0x0b;
    let project = Project::new("fuzz", &[("testFuzz_Edge", &["uint256", "bytes[]"])], &code);
    let (first, second) = (project.run(), project.run());
    assert_eq!(first[0].outcome, second[0].outcome);
    let Outcome::Failed { counterexample: Some((calldata, values)), .. } = &first[0].outcome else {
        panic!("{:?}", first[0].outcome)
    };
    assert_eq!(values, "[1000, []]");
    assert_eq!(calldata[..4], keccak256("testFuzz_Edge(uint256,bytes[])")[..4]);
}

#[test]
fn inputs_that_are_all_rejected_fail_the_test() {
    let data = assumeCall { condition: false }.abi_encode();
    let code = calls(VM, &data, "503d5f5f3e3d5ffd");
    let project = Project::new("assume", &[("testFuzz_None", &["bool"])], &code);
    let reports = project.run();
    assert_eq!(reason(&reports[0]), "`vm.assume` rejected too many inputs (100 allowed)");
}

#[test]
fn invariants_and_old_failing_tests_are_refused_by_name() {
    let project =
        Project::new("kinds", &[("testFail_Old", &[]), ("invariant_Holds", &[])], &[0x00]);
    let reports = project.run();
    assert_eq!(reason(&reports[0]), "only unit and fuzz tests are supported by this runner");
    assert_eq!(reason(&reports[1]), "`testFail*` has been removed; expect the revert instead");
}

#[test]
fn what_cannot_be_read_is_a_typed_error() {
    let project = Project::new("errors", &[("other", &[])], &[0x00]);
    assert_eq!(project.runner().unwrap().run(|_| {}).unwrap_err(), ForgeError::NoTests);
    std::fs::write(project.0.join("out/Made.sol/Bad.json"), "{").unwrap();
    assert!(matches!(project.runner().unwrap_err(), ForgeError::Artifact { .. }));
    std::fs::remove_file(project.0.join("out/Made.sol/Bad.json")).unwrap();
    let options = RunnerOptions { root: "no such folder".into(), ..RunnerOptions::default() };
    assert!(matches!(Runner::new(options).unwrap_err(), ForgeError::File { .. }));
    let error = Filter::new("--match-test", Some("("), None).unwrap_err();
    assert!(matches!(error, ForgeError::Pattern { option: "--match-test", .. }));
}
