//! A tree of calls, as forge prints it.

use alloc::collections::BTreeMap;
use core::fmt::Write;

use alloy_dyn_abi::EventExt;
use alloy_primitives::{Address, Log};

use super::{CHEATS, artifact::Artifacts, console::CONSOLE, text};
use crate::trace::{CallTrace, FrameKind};

/// Names of addresses: labels, and the contracts that were created.
#[derive(Debug, Clone)]
pub(super) struct Names(BTreeMap<Address, String>);

impl Names {
    pub(super) fn new(
        labels: &BTreeMap<Address, String>,
        created: &BTreeMap<Address, String>,
    ) -> Self {
        let mut names = created.clone();
        names.extend([(CHEATS, "VM".into()), (CONSOLE, "console".into())]);
        names.extend(labels.iter().map(|(address, label)| (*address, label.clone())));
        Self(names)
    }

    fn of(&self, address: Address) -> String {
        self.0.get(&address).cloned().unwrap_or_else(|| address.to_checksum(None))
    }
}

/// Adds the contracts that a tree creates.
pub(super) fn collect(
    artifacts: &Artifacts,
    tree: &CallTrace,
    names: &mut BTreeMap<Address, String>,
) {
    if matches!(tree.kind, FrameKind::Create | FrameKind::Create2)
        && let Some(artifact) = artifacts.created_by(&tree.input)
    {
        names.insert(tree.to, artifact.name.clone());
    }
    for call in &tree.calls {
        collect(artifacts, call, names);
    }
}

/// The tree as text.
pub(super) fn render(tree: &CallTrace, names: &Names, artifacts: &Artifacts) -> String {
    let mut out = String::new();
    frame(tree, names, artifacts, "  ", "  ", &mut out);
    out
}

fn frame(
    tree: &CallTrace,
    names: &Names,
    artifacts: &Artifacts,
    first: &str,
    rest: &str,
    out: &mut String,
) {
    let is_create = matches!(tree.kind, FrameKind::Create | FrameKind::Create2);
    let (title, function) = if is_create {
        (format!("→ new {}@{}", names.of(tree.to), tree.to), None)
    } else {
        let (call, function) = text::call(&tree.input, artifacts);
        let value =
            if tree.value.is_zero() { String::new() } else { format!("{{value: {}}}", tree.value) };
        let kind = match tree.kind {
            FrameKind::StaticCall => " [staticcall]",
            FrameKind::DelegateCall => " [delegatecall]",
            _ => "",
        };
        let (name, arguments) = call.split_once('(').unwrap_or((&call, ")"));
        (format!("{}::{name}{value}({arguments}{kind}", names.of(tree.to)), function)
    };
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{first}[{}] {title}", tree.gas_used);
    let branch = format!("{rest}  ├─ ");
    let deeper = format!("{rest}  │  ");
    let mut logs = tree.logs.iter().peekable();
    for (position, call) in tree.calls.iter().enumerate() {
        while let Some((_, log)) = logs.next_if(|(at, _)| *at <= position) {
            let _ = writeln!(out, "{branch}emit {}", event(log, artifacts));
        }
        frame(call, names, artifacts, &branch, &deeper, out);
    }
    for (_, log) in logs {
        let _ = writeln!(out, "{branch}emit {}", event(log, artifacts));
    }
    let end = match (tree.error, is_create) {
        (Some("execution reverted"), _) => {
            format!("[Revert] {}", text::reason(&tree.output, Some(artifacts)))
        }
        (Some(error), _) => format!("[{error}]"),
        (None, true) => format!("[Return] {} bytes of code", tree.output.len()),
        (None, false) if tree.output.is_empty() => "[Stop]".into(),
        (None, false) => format!("[Return] {}", text::output(&tree.output, function.as_ref())),
    };
    let _ = writeln!(out, "{rest}  └─ ← {end}");
}

fn event(log: &Log, artifacts: &Artifacts) -> String {
    let known = log.topics().first().and_then(|topic| artifacts.event(*topic));
    let decoded = known.and_then(|event| Some((event, event.decode_log(&log.data).ok()?)));
    let Some((event, decoded)) = decoded else {
        return format!("topics {:?} data {}", log.topics(), log.data.data);
    };
    let (mut indexed, mut body) = (decoded.indexed.iter(), decoded.body.iter());
    let fields = event.inputs.iter().map(|input| {
        let value = if input.indexed { indexed.next() } else { body.next() };
        let value = value.map(text::value).unwrap_or_default();
        if input.name.is_empty() { value } else { format!("{}: {value}", input.name) }
    });
    format!("{}({})", event.name, fields.collect::<Vec<_>>().join(", "))
}
