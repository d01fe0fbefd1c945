//! Every test that the security model names exists.

#![allow(clippy::unwrap_used, missing_docs, reason = "test code")]

use std::{fs, path::Path};

fn sources(folder: &Path, text: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, text);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            text.push_str(&fs::read_to_string(&path).unwrap());
        }
    }
}

/// Words in code that read like a claim.
fn named(document: &str) -> Vec<&str> {
    let code = document.split('`').skip(1).step_by(2);
    code.filter(|word| {
        word.matches('_').count() >= 3
            && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    })
    .collect()
}

#[test]
fn the_security_model_names_tests_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let document = fs::read_to_string(root.join("docs/security-model.md")).unwrap();
    let mut text = String::new();
    sources(&root.join("testbed/tests"), &mut text);
    let names = named(&document);
    assert!(names.len() > 50, "{}", names.len());
    let missing: Vec<_> =
        names.iter().filter(|name| !text.contains(&format!("fn {name}()"))).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
