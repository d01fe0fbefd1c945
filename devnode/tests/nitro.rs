//! The script that runs Nitro in Docker says clearly what is missing.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{path::PathBuf, process::Command};

/// The absolute path of Node, since the tests below take away PATH; skipped, aloud, without it.
fn node() -> Option<PathBuf> {
    let paths = std::env::var_os("PATH")?;
    let found = std::env::split_paths(&paths).map(|path| path.join("node")).find(|p| p.is_file());
    if found.is_none() {
        eprintln!("skipped: Node is not installed");
    }
    found
}

fn run(arguments: &[&str]) -> Option<(Option<i32>, String)> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/nitro.mjs");
    let run = Command::new(node()?).arg(script).args(arguments).env("PATH", "").output().unwrap();
    let text = [run.stdout, run.stderr].concat();
    Some((run.status.code(), String::from_utf8(text).unwrap()))
}

#[test]
fn without_docker_it_says_so_and_names_the_alternative() {
    let Some((status, text)) = run(&[]) else { return };
    assert_eq!(status, Some(1));
    assert!(text.contains("docker is not installed") && text.contains("make devnode"), "{text}");
}

#[test]
fn options_are_checked() {
    for arguments in [&["--port", "x"][..], &["--image"], &["port", "8547"], &["--what", "1"]] {
        let Some((status, text)) = run(arguments) else { return };
        assert_eq!(status, Some(2), "{arguments:?}: {text}");
    }
    let Some((status, text)) = run(&["--help"]) else { return };
    assert!(status == Some(0) && text.contains("nitro-node"), "{text}");
}
