//! Assertions, for every type that forge's library has them for.

use core::cmp::Ordering;

use alloy_dyn_abi::DynSolValue;
use alloy_primitives::{I256, U256, U512};

use super::{Args, Code, Failure, Reply, Session};
use crate::forge::text;

/// The sign bit: turned over, signed order is unsigned order.
const SIGN: U256 = U256::from_limbs([0, 0, 0, 1 << 63]);

type Run = fn(&mut Session<'_>, &Args) -> Reply;

/// Signatures of all assertions.
pub(super) fn codes() -> Vec<(String, Code)> {
    let mut codes = Vec::new();
    let mut add = |name: &str, inputs: &str, run: Run| {
        codes.push((format!("{name}({inputs})"), Code::Plain(run)));
        codes.push((format!("{name}({inputs},string)"), Code::Plain(run)));
    };
    add("assertTrue", "bool", |_, a| claim(a.boolean(0)?, a, 1, String::new));
    add("assertFalse", "bool", |_, a| claim(!a.boolean(0)?, a, 1, String::new));
    for kind in ["bool", "uint256", "int256", "address", "bytes32", "string", "bytes"] {
        for array in ["", "[]"] {
            let inputs = format!("{kind}{array},{kind}{array}");
            add("assertEq", &inputs, |_, a| {
                compare(a, 2, 0, "!=", |order| order == Ordering::Equal)
            });
            add("assertNotEq", &inputs, |_, a| {
                compare(a, 2, 0, "==", |order| order != Ordering::Equal)
            });
        }
    }
    for kind in ["uint256", "int256"] {
        let inputs = format!("{kind},{kind}");
        add("assertLt", &inputs, |_, a| compare(a, 2, 0, ">=", Ordering::is_lt));
        add("assertLe", &inputs, |_, a| compare(a, 2, 0, ">", Ordering::is_le));
        add("assertGt", &inputs, |_, a| compare(a, 2, 0, "<=", Ordering::is_gt));
        add("assertGe", &inputs, |_, a| compare(a, 2, 0, "<", Ordering::is_ge));
        let inputs = format!("{kind},{kind},uint256");
        add("assertEqDecimal", &inputs, |_, a| decimal(a, "!=", Ordering::is_eq));
        add("assertNotEqDecimal", &inputs, |_, a| decimal(a, "==", Ordering::is_ne));
        add("assertLtDecimal", &inputs, |_, a| decimal(a, ">=", Ordering::is_lt));
        add("assertLeDecimal", &inputs, |_, a| decimal(a, ">", Ordering::is_le));
        add("assertGtDecimal", &inputs, |_, a| decimal(a, "<=", Ordering::is_gt));
        add("assertGeDecimal", &inputs, |_, a| decimal(a, "<", Ordering::is_ge));
        add("assertApproxEqAbs", &inputs, |_, a| within(a, 3, 0));
        add("assertApproxEqRel", &inputs, |_, a| within_share(a, 3, 0));
        let inputs = format!("{kind},{kind},uint256,uint256");
        add("assertApproxEqAbsDecimal", &inputs, |_, a| within(a, 4, a.small(3)?));
        add("assertApproxEqRelDecimal", &inputs, |_, a| within_share(a, 4, a.small(3)?));
    }
    codes
}

/// Fails with the message that the test gave, and with what was found.
fn claim(holds: bool, args: &Args, message_at: usize, found: impl FnOnce() -> String) -> Reply {
    if holds {
        return Ok(Vec::new());
    }
    let message = args.text(message_at).ok().filter(|message| !message.is_empty());
    let found = found();
    Err(Failure::Message(match (message, found.is_empty()) {
        (Some(message), true) => message.to_owned(),
        (Some(message), false) => format!("{message}: {found}"),
        (None, true) => "assertion failed".to_owned(),
        (None, false) => format!("assertion failed: {found}"),
    }))
}

fn order(left: &DynSolValue, right: &DynSolValue) -> Ordering {
    match (left, right) {
        (DynSolValue::Uint(left, _), DynSolValue::Uint(right, _)) => left.cmp(right),
        (DynSolValue::Int(left, _), DynSolValue::Int(right, _)) => left.cmp(right),
        _ if left == right => Ordering::Equal,
        // Other types have no order: only their equality is asked for.
        _ => Ordering::Less,
    }
}

fn compare(
    args: &Args,
    message_at: usize,
    decimals: u64,
    sign: &str,
    holds: fn(Ordering) -> bool,
) -> Reply {
    let (left, right) = (args.at(0)?, args.at(1)?);
    claim(holds(order(left, right)), args, message_at, || {
        format!(
            "{} {sign} {}",
            text::with_decimals(left, decimals),
            text::with_decimals(right, decimals)
        )
    })
}

fn decimal(args: &Args, sign: &str, holds: fn(Ordering) -> bool) -> Reply {
    compare(args, 3, args.small(2)?, sign, holds)
}

/// Absolute difference of two numbers of one type.
fn distance(left: &DynSolValue, right: &DynSolValue) -> Result<U256, Failure> {
    match (left, right) {
        (DynSolValue::Uint(left, _), DynSolValue::Uint(right, _)) => Ok(left.abs_diff(*right)),
        (DynSolValue::Int(left, _), DynSolValue::Int(right, _)) => {
            let flip = |number: &I256| -> U256 { number.into_raw() ^ SIGN };
            Ok(flip(left).abs_diff(flip(right)))
        }
        _ => Err("not numbers".into()),
    }
}

fn magnitude(value: &DynSolValue) -> U256 {
    match value {
        DynSolValue::Uint(value, _) => *value,
        DynSolValue::Int(value, _) => value.unsigned_abs(),
        _ => U256::ZERO,
    }
}

fn within(args: &Args, message_at: usize, decimals: u64) -> Reply {
    let (left, right, most) = (args.at(0)?, args.at(1)?, args.uint(2)?);
    let real = distance(left, right)?;
    let show = |number| text::with_decimals(&DynSolValue::Uint(number, 256), decimals);
    claim(real <= most, args, message_at, || {
        format!(
            "{} !~= {} (max delta: {}, real delta: {})",
            text::with_decimals(left, decimals),
            text::with_decimals(right, decimals),
            show(most),
            show(real)
        )
    })
}

/// The difference as a share of the right side: 10^18 is 100%.
fn within_share(args: &Args, message_at: usize, decimals: u64) -> Reply {
    let (left, right, most) = (args.at(0)?, args.at(1)?, args.uint(2)?);
    let real = distance(left, right)?;
    let whole = U512::from(1_000_000_000_000_000_000_u64);
    let share = U512::from(real).saturating_mul(whole).checked_div(U512::from(magnitude(right)));
    let shown = share.map_or_else(|| "undefined".to_owned(), percent);
    let holds = real.is_zero() || share.is_some_and(|share| share <= U512::from(most));
    claim(holds, args, message_at, || {
        format!(
            "{} !~= {} (max delta: {}, real delta: {shown})",
            text::with_decimals(left, decimals),
            text::with_decimals(right, decimals),
            percent(U512::from(most))
        )
    })
}

fn percent(share: U512) -> String {
    let unit = U512::from(10_000_000_000_000_000_u64);
    let (whole, rest) = share.div_rem(unit);
    format!("{whole}.{:0>16}%", rest.to_string())
}
