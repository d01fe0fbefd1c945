//! Turns figures into a line.

use alloy_primitives::{I256, U256};
use novate_risk::{
    Error, Parameters, Validity,
    adaptive::{assess_ramped, with_ranges},
    assess_standard, breakdown, check_coverage, loss_vector,
    scenario::VolatilityMode,
};

use crate::{
    decimal::{show, ten_to},
    json::Value,
    read::Case,
};

/// The line of what is wrong.
pub(crate) fn error(id: &Value, error: &str) -> String {
    object([("id", id.clone()), ("error", Value::Text(error.to_owned()))]).to_string()
}

/// The line of a case's figures.
pub(crate) fn figures(id: &Value, case: &Case) -> Result<String, Error> {
    let Case { now, book, scale, market, parameters, extensions, ramps, standard } = case;
    let unit = I256::from_raw(ten_to(*scale));
    // Floored; what is owed goes the other way.
    let money = |value: I256| {
        let (whole, rest) = (value.wrapping_div(unit), value.wrapping_rem(unit));
        let below = if rest.is_negative() { I256::ONE } else { I256::ZERO };
        Value::Text(show(whole.wrapping_sub(below)))
    };
    let owed = |value: U256| Value::Text(show(I256::from_raw(value.div_ceil(unit.into_raw()))));
    check_coverage(book, market, parameters)?;
    let ahead = &with_ranges(parameters, ramps, |ramp| ramp.initial(*now));
    let parameters = &with_ranges(parameters, ramps, |ramp| ramp.maintenance(*now));
    let total = match standard {
        None => assess_ramped(book, market, parameters, extensions, ramps, *now)?,
        Some((netting, terms)) => {
            let under = |parameters: &Parameters| {
                assess_standard(book, market, parameters, terms, *netting, *now)
            };
            let mut total = under(parameters)?;
            total.initial_requirement =
                total.initial_requirement.max(under(ahead)?.initial_requirement);
            total
        }
    };
    let mut parts = Vec::new();
    for part in breakdown(book, market, parameters, *now)? {
        let (outcomes, basis) = loss_vector(book, market, parameters, *now, part.underlying)?;
        let list = |of: &dyn Fn(&novate_risk::Outcome) -> Value| {
            Value::List(outcomes.iter().map(of).collect())
        };
        parts.push(object([
            ("underlying", Value::Number(part.underlying.to_string())),
            ("value", money(part.value)),
            ("worst", money(part.worst)),
            ("worst_scenario", Value::Number(part.worst_scenario.to_string())),
            ("initial_requirement", owed(part.initial_requirement)),
            ("maintenance_requirement", owed(part.maintenance_requirement)),
            ("basis", money(basis)),
            ("pnl", list(&|outcome| money(outcome.pnl))),
            ("shocks", list(&|outcome| decimal(outcome.shock))),
            ("modes", list(&|outcome| Value::Text(mode(outcome.volatility).to_owned()))),
        ]));
    }
    Ok(object([
        ("id", id.clone()),
        ("equity", money(total.equity)),
        ("initial_requirement", owed(total.initial_requirement)),
        ("maintenance_requirement", owed(total.maintenance_requirement)),
        ("initial_excess", money(total.initial_excess())),
        ("maintenance_excess", money(total.maintenance_excess())),
        ("validity", Value::Text(level(total.validity).to_owned())),
        ("close_equity", money(total.close_equity)),
        ("close_requirement", owed(total.close_requirement)),
        ("last_equity", money(total.last_equity)),
        ("last_requirement", owed(total.last_requirement)),
        ("healthy_requirement", owed(total.healthy_requirement)),
        ("worst_underlying", Value::Number(total.worst_underlying.to_string())),
        ("worst_scenario", Value::Number(total.worst_scenario.to_string())),
        ("underlyings", Value::List(parts)),
    ])
    .to_string())
}

const fn mode(mode: VolatilityMode) -> &'static str {
    match mode {
        VolatilityMode::None => "none",
        VolatilityMode::Up => "up",
        VolatilityMode::Down => "down",
        VolatilityMode::SkewLinear => "skew-linear",
        VolatilityMode::SkewAbsolute => "skew-absolute",
    }
}

const fn level(level: Validity) -> &'static str {
    match level {
        Validity::Invalid => "invalid",
        Validity::TooVolatile => "too-volatile",
        Validity::TooUncertain => "too-uncertain",
        Validity::StaleForMargin => "stale",
        Validity::Valid => "valid",
    }
}

fn decimal(number: u64) -> Value {
    Value::Text(show(I256::try_from(number).unwrap_or_default()))
}

fn object<const N: usize>(fields: [(&str, Value); N]) -> Value {
    Value::Object(fields.map(|(name, value)| (name.to_owned(), value)).to_vec())
}
