//! Environment variables, read by type.

use alloy_dyn_abi::{DynSolType, DynSolValue};

use super::{Args, Code, Failure, Reply, Session, strings};

macro_rules! variables {
    ($($name:literal $word:literal $kind:expr),* $(,)?) => {
        &[
            ("setEnv(string,string)", Code::Plain(set)),
            ("envExists(string)", Code::Plain(exists)),
            $(
                (concat!("env", $name, "(string)"), Code::Plain(|s, a| one(s, a, &$kind))),
                (concat!("env", $name, "(string,string)"), Code::Plain(|s, a| many(s, a, &$kind))),
                (concat!("envOr(string,", $word, ")"), Code::Plain(|s, a| one_or(s, a, &$kind))),
                (
                    concat!("envOr(string,string,", $word, "[])"),
                    Code::Plain(|s, a| many_or(s, a, &$kind)),
                ),
            )*
        ]
    };
}

pub(super) const CODES: &[(&str, Code)] = variables![
    "Bool" "bool" DynSolType::Bool,
    "Uint" "uint256" DynSolType::Uint(256),
    "Int" "int256" DynSolType::Int(256),
    "Address" "address" DynSolType::Address,
    "Bytes32" "bytes32" DynSolType::FixedBytes(32),
    "String" "string" DynSolType::String,
    "Bytes" "bytes" DynSolType::Bytes,
];

/// Seen by this test alone.
fn set(session: &mut Session<'_>, args: &Args) -> Reply {
    let name = args.text(0)?;
    if name.is_empty() || name.contains(['=', '\0']) {
        return Err("environment variable key can't be empty or contain '=' or '\\0'".into());
    }
    session.cheats.variables.insert(name.to_owned(), args.text(1)?.to_owned());
    Ok(Vec::new())
}

fn value(session: &Session<'_>, name: &str) -> Option<String> {
    session.cheats.variables.get(name).cloned().or_else(|| std::env::var(name).ok())
}

fn exists(session: &mut Session<'_>, args: &Args) -> Reply {
    Ok(vec![DynSolValue::Bool(value(session, args.text(0)?).is_some())])
}

fn need(session: &Session<'_>, name: &str) -> Result<String, Failure> {
    value(session, name).ok_or_else(|| format!("environment variable \"{name}\" not found").into())
}

/// The value is a secret perhaps: errors do not show it.
fn parse(name: &str, text: &str, kind: &DynSolType) -> Result<DynSolValue, Failure> {
    strings::parse(text, kind)
        .map_err(|_| format!("failed parsing ${name} as type `{kind}`").into())
}

fn list(name: &str, text: &str, mark: &str, kind: &DynSolType) -> Reply {
    let parts = text.split(mark).filter(|_| !text.is_empty());
    let items = parts.map(|part| parse(name, part.trim(), kind)).collect::<Result<_, _>>()?;
    Ok(vec![DynSolValue::Array(items)])
}

fn one(session: &mut Session<'_>, args: &Args, kind: &DynSolType) -> Reply {
    let name = args.text(0)?;
    Ok(vec![parse(name, &need(session, name)?, kind)?])
}

fn many(session: &mut Session<'_>, args: &Args, kind: &DynSolType) -> Reply {
    let name = args.text(0)?;
    list(name, &need(session, name)?, args.text(1)?, kind)
}

fn one_or(session: &mut Session<'_>, args: &Args, kind: &DynSolType) -> Reply {
    let name = args.text(0)?;
    match value(session, name) {
        Some(text) => Ok(vec![parse(name, &text, kind)?]),
        None => Ok(vec![args.at(1)?.clone()]),
    }
}

fn many_or(session: &mut Session<'_>, args: &Args, kind: &DynSolType) -> Reply {
    let name = args.text(0)?;
    match value(session, name) {
        Some(text) => list(name, &text, args.text(1)?, kind),
        None => Ok(vec![args.at(2)?.clone()]),
    }
}
