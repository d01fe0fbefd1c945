//! Events that were emitted, names of addresses, and what a test says about itself.

use alloy_dyn_abi::DynSolValue;
use alloy_primitives::Bytes;

use super::{ASSUME, Args, Code, Failure, Reply, SKIP, Session, args};

pub(super) const CODES: &[(&str, Code)] = &[
    ("recordLogs()", Code::Plain(record)),
    ("getRecordedLogs()", Code::Plain(recorded)),
    ("label(address,string)", Code::Plain(label)),
    ("getLabel(address)", Code::Plain(get_label)),
    ("assume(bool)", Code::Plain(assume)),
    ("skip(bool)", Code::Plain(skip)),
    ("skip(bool,string)", Code::Plain(skip)),
    ("lastCallGas()", Code::Plain(last_call_gas)),
    ("allowCheatcodes(address)", Code::Plain(nothing)),
    ("breakpoint(string)", Code::Plain(nothing)),
    ("breakpoint(string,bool)", Code::Plain(nothing)),
    ("sleep(uint256)", Code::Plain(sleep)),
    ("unixTime()", Code::Plain(unix_time)),
    ("isContext(uint8)", Code::Plain(is_context)),
];

fn record(session: &mut Session<'_>, _: &Args) -> Reply {
    session.cheats.recorded = Some(Vec::new());
    Ok(Vec::new())
}

fn recorded(session: &mut Session<'_>, _: &Args) -> Reply {
    let recorded = session.cheats.recorded.as_mut().ok_or("no logs are recorded")?;
    let logs = core::mem::take(recorded).into_iter().map(|log| {
        let topics = log.topics().iter().map(|topic| args::word(*topic)).collect();
        DynSolValue::Tuple(vec![
            DynSolValue::Array(topics),
            args::bytes(log.data.data.to_vec()),
            args::address(log.address),
        ])
    });
    Ok(vec![DynSolValue::Array(logs.collect())])
}

fn label(session: &mut Session<'_>, args: &Args) -> Reply {
    session.cheats.labels.insert(args.address(0)?, args.text(1)?.to_owned());
    Ok(Vec::new())
}

fn get_label(session: &mut Session<'_>, args: &Args) -> Reply {
    let address = args.address(0)?;
    let label = session.cheats.labels.get(&address).cloned();
    Ok(vec![args::text(label.unwrap_or_else(|| format!("unlabeled:{address}")))])
}

fn assume(_: &mut Session<'_>, args: &Args) -> Reply {
    if args.boolean(0)? { Ok(Vec::new()) } else { Err(Failure::Data(Bytes::from_static(ASSUME))) }
}

fn skip(_: &mut Session<'_>, args: &Args) -> Reply {
    if !args.boolean(0)? {
        return Ok(Vec::new());
    }
    let reason = if args.len() > 1 { args.text(1)? } else { "" };
    Err(Failure::Data([SKIP, reason.as_bytes()].concat().into()))
}

/// Struct Gas: limit, total used, memory, refunded, remaining.
fn last_call_gas(session: &mut Session<'_>, _: &Args) -> Reply {
    let (limit, used) = session.cheats.last_gas.ok_or("no external call was made yet")?;
    let words = [limit, used, 0].map(args::uint).to_vec();
    let rest = [
        DynSolValue::Int(alloy_primitives::I256::ZERO, 64),
        args::uint(limit.saturating_sub(used)),
    ];
    Ok(vec![DynSolValue::Tuple(words.into_iter().chain(rest).collect())])
}

/// The runner has no forks whose contracts could be locked out, and no debugger.
const fn nothing(_: &mut Session<'_>, _: &Args) -> Reply {
    Ok(Vec::new())
}

fn sleep(_: &mut Session<'_>, args: &Args) -> Reply {
    let milliseconds = args.small(0)?.min(60_000);
    std::thread::sleep(core::time::Duration::from_millis(milliseconds));
    Ok(Vec::new())
}

fn unix_time(_: &mut Session<'_>, _: &Args) -> Reply {
    let now = std::time::UNIX_EPOCH.elapsed().map_err(|error| error.to_string())?;
    Ok(vec![args::uint(now.as_millis())])
}

/// Enum `ForgeContext`: `TestGroup` is 0, `Test` 1; all others are false.
fn is_context(_: &mut Session<'_>, args: &Args) -> Reply {
    Ok(vec![DynSolValue::Bool(args.small(0)? <= 1)])
}
