//! Files of the project, for reading.

use std::path::{Path, PathBuf};

use alloy_dyn_abi::DynSolValue;

use super::{Args, Code, Failure, Reply, Session, args};

pub(super) const CODES: &[(&str, Code)] = &[
    ("projectRoot()", Code::Plain(root)),
    ("readFile(string)", Code::Plain(read_text)),
    ("readFileBinary(string)", Code::Plain(read_bytes)),
    ("exists(string)", Code::Plain(|s, a| check(s, a, Path::exists))),
    ("isFile(string)", Code::Plain(|s, a| check(s, a, Path::is_file))),
    ("isDir(string)", Code::Plain(|s, a| check(s, a, Path::is_dir))),
];

fn root(session: &mut Session<'_>, _: &Args) -> Reply {
    Ok(vec![args::text(session.shared()?.root.display().to_string())])
}

/// Where a path leads, links followed; an error if that is outside the project.
fn resolve(session: &Session<'_>, path: &str) -> Result<PathBuf, Failure> {
    let root = &session.shared()?.root;
    let full = root.join(path).canonicalize();
    let full = full.map_err(|error| format!("failed to read \"{path}\": {error}"))?;
    if full.starts_with(root) {
        Ok(full)
    } else {
        Err(format!("the path {path} is not allowed to be accessed for read operations").into())
    }
}

/// The bytes of a file of the project.
pub(super) fn read(session: &Session<'_>, path: &str) -> Result<Vec<u8>, Failure> {
    let full = resolve(session, path)?;
    std::fs::read(full).map_err(|error| format!("failed to read \"{path}\": {error}").into())
}

fn read_text(session: &mut Session<'_>, args: &Args) -> Reply {
    let path = args.text(0)?;
    let text = String::from_utf8(read(session, path)?);
    Ok(vec![args::text(text.map_err(|_| format!("\"{path}\" is not UTF-8"))?)])
}

fn read_bytes(session: &mut Session<'_>, args: &Args) -> Reply {
    Ok(vec![args::bytes(read(session, args.text(0)?)?)])
}

fn check(session: &mut Session<'_>, args: &Args, holds: fn(&Path) -> bool) -> Reply {
    let path = args.text(0)?;
    let root = &session.shared()?.root;
    if !root.join(path).exists() {
        return Ok(vec![DynSolValue::Bool(false)]);
    }
    Ok(vec![DynSolValue::Bool(holds(&resolve(session, path)?))])
}
