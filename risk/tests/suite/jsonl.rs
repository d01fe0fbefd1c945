//! `margin-jsonl` as its users meet it: every parameter reaches the engine, wrong lines are answered where they stand.

use std::{
    collections::BTreeSet,
    io::Write,
    process::{Command, Stdio},
};

use serde_json::{Value, json};

const SCHEMA: &str = include_str!("../../../docs/margin-jsonl.md");

/// The program's answers to its input, and whether it was content.
pub(crate) fn run(input: &[u8]) -> (Vec<Value>, bool) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_margin-jsonl"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let answers = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    (answers, output.status.success())
}

fn answers(lines: &[Value]) -> Vec<Value> {
    let text: Vec<String> = lines.iter().map(Value::to_string).collect();
    let (answers, _) = run(text.join("\n").as_bytes());
    assert_eq!(answers.len(), lines.len());
    answers
}

fn error(line: &Value) -> String {
    let answer = answers(std::slice::from_ref(line)).remove(0);
    assert_eq!(answer["id"], line["id"]);
    answer["error"].as_str().unwrap_or_default().to_owned()
}

/// The figures of a line that is assessed.
fn figures(line: &Value) -> Value {
    let answer = answers(std::slice::from_ref(line)).remove(0);
    assert!(answer["error"].is_null(), "{answer}");
    answer
}

/// A book that every parameter matters to: two underlyings of one group, live and far expiries, both kinds of option, a future, a
/// perpetual, collateral; a weak stable coin and a doubtful forward.
fn line() -> Value {
    let svi = json!({"a": "0.01", "b": "0.08", "rho": "-0.3", "m": "0.02", "sigma": "0.2"});
    json!({
        "id": "book", "now": 1_768_406_400,
        "parameters": {
            "underlyings": [
                {"underlying": 1, "symbol": "ETH", "range": "0.18", "group": 1},
                {"underlying": 2, "symbol": "BTC", "range": "0.16", "group": 1}],
            "collateral": [{"collateral": 1, "underlying": 1, "maintenance_haircut": "0.1", "initial_haircut": "0.05", "cancels_risk": true}],
        },
        "market": {
            "stable_price": "0.97",
            "underlyings": [
                {"underlying": 1, "index": "3000", "perpetual": {"mark": "3001", "funding_index": "2"}},
                {"underlying": 2, "index": "90000"}],
            "expiries": [
                {"underlying": 1, "expiry": 1_769_616_000, "forward": "3010", "rate": "0.04", "svi": svi},
                {"underlying": 1, "expiry": 1_790_000_000 / 3_600 * 3_600, "forward": "3100", "rate": "0.05", "svi": svi, "forward_confidence": "0.3"},
                {"underlying": 2, "expiry": 1_769_616_000, "forward": "90300", "rate": "0.04", "svi": svi}],
            "collateral": [{"collateral": 1, "price": "2990", "confidence": "0.4"}],
        },
        "portfolio": {
            "cash": "20000",
            "positions": [
                {"instrument": "ETH-28JAN26T16-3000-C", "quantity": "-10"},
                {"instrument": "ETH-28JAN26T16-2500-P", "quantity": "-3.5"},
                {"instrument": "ETH-28JAN26T16-3600-C", "quantity": "4"},
                {"instrument": "ETH-21SEP26T14-2000-P", "quantity": "6"},
                {"instrument": "ETH-28JAN26T16", "quantity": "2", "reference_price": "2950"},
                {"instrument": "ETH-PERP", "quantity": "3", "reference_price": "2900", "funding_reference": "1"},
                {"instrument": "BTC-28JAN26T16-80000-P", "quantity": "3"},
                {"instrument": "BTC-28JAN26T16-90000-C", "quantity": "0.5"}],
            "collateral": [{"collateral": 1, "amount": "2"}],
        },
    })
}

/// The line with the value at a path of names and indices, created if it isn't there.
fn with(mut line: Value, path: &str, value: Value) -> Value {
    let mut place = &mut line;
    for step in path.split('.') {
        place = match step.parse::<usize>() {
            Ok(index) => &mut place[index],
            Err(_) => &mut place[step],
        };
    }
    *place = value;
    line
}

/// Each parameter with a value that changes the book's figures, after a change that it needs to be seen.
const SETTINGS: [(&str, &str, &str); 67] = [
    ("underlyings.0.range", "0.2", ""),
    ("underlyings.0.volatility_up", "0.8", ""),
    ("underlyings.0.volatility_down", "0.6", "lone down"),
    ("underlyings.0.group", "0", "offset"),
    ("collateral.0.maintenance_haircut", "0.2", ""),
    ("collateral.0.initial_haircut", "0.2", ""),
    ("collateral.0.underlying", "2", ""),
    ("scan.initial", "1.1", ""),
    ("scan.maintenance", "0.9", ""),
    ("scan.peg_threshold", "0.98", ""),
    ("scan.peg_factor", "5", ""),
    ("volatility.short_power", "0.5", ""),
    ("volatility.long_power", "0.5", ""),
    ("volatility.floor", "8640000", ""),
    ("volatility.minimum_up", "3", ""),
    ("skew.linear_cap", "0.5", "lone skew-linear"),
    ("skew.linear_slope", "0.3", "lone skew-linear"),
    ("skew.absolute_cap", "0.5", "lone skew-absolute"),
    ("skew.absolute_slope", "0.3", "lone skew-absolute"),
    ("skew.kstar_minimum", "2", "lone skew-linear"),
    ("skew.width", "6", "lone skew-linear"),
    ("skew.volatility_static", "0.9", "lone skew-linear"),
    ("skew.volatility_slope", "0.5", "lone skew-linear"),
    ("basis.up", "0.9", "lone none"),
    ("basis.down", "0.9", "lone none"),
    ("basis.add", "6", "lone none"),
    ("basis.multiplier", "9", "lone none"),
    ("contingencies.perpetual_maintenance", "0.04", ""),
    ("contingencies.perpetual_initial", "0.04", ""),
    ("contingencies.option_maintenance", "0.04", ""),
    ("contingencies.option_initial", "0.04", ""),
    ("contingencies.confidence_threshold", "0.35", ""),
    ("contingencies.confidence_margin", "2", ""),
    ("long.base", "0.9", ""),
    ("long.multiplier", "2", ""),
    ("long.addition", "0.3", ""),
    ("short.base", "1.0005", "short"),
    ("short.multiplier", "0.05", "short"),
    ("short.addition", "0.01", "short"),
    ("extensions.offsets.0.offset", "0.6", "offset"),
    ("extensions.floor_net", "1", ""),
    ("extensions.floor_hedged", "1", ""),
    ("extensions.gamma", "1", ""),
    ("extensions.gamma_threshold", "10", "gamma"),
    ("extensions.liquidity_rate", "0.00001", "liquidity"),
    ("extensions.liquidity_maximum", "0.001", "liquidity"),
    ("extensions.liquidity_threshold", "5000", "liquidity"),
    ("standard.option_initial", "0.3", "mode isolated"),
    ("standard.option_minimum", "0.14", "mode isolated"),
    ("standard.option_maintenance", "0.1", "mode isolated"),
    ("standard.linear_initial", "0.2", "mode isolated"),
    ("standard.linear_maintenance", "0.07", "mode cross"),
    ("underlyings.0.range.multiple", "4", "rule"),
    ("underlyings.0.range.daily_volatility", "0.05", "rule"),
    ("underlyings.0.range.horizon", "2", "rule"),
    ("underlyings.0.range.floor", "0.4", "rule"),
    ("underlyings.0.range.ceiling", "0.1", "rule"),
    ("underlyings.0.range.from", "0.12", "ramp"),
    ("underlyings.0.range.to", "0.3", "ramp"),
    ("extensions.offsets.0.offset.correlation", "0.5", "correlation"),
    ("corrections.calendar_floor", "0.01", "hedge"),
    ("corrections.calendar_slope", "0.05", "hedge"),
    ("corrections.calendar_initial", "0.1", "hedge"),
    ("corrections.vanishing", "0.5", "soon"),
    ("corrections.caps_losses", "false", "spread"),
    ("corrections.smooth_confidence", "false", ""),
    ("corrections.charges_old_surfaces", "false", "old"),
];

/// The line in which a setting is seen.
fn prepared(need: &str) -> Value {
    let line = line();
    let at = |path: &str, value: Value| with(line.clone(), &format!("parameters.{path}"), value);
    match need.split_once(' ').unwrap_or((need, "")) {
        ("lone", mode) => {
            at("scenarios", json!([{"spot": {"ranges": "0"}, "volatility": mode, "weight": "1"}]))
        }
        ("mode", mode) => at("mode", json!(mode)),
        ("offset", _) => at("extensions", json!({"offsets": [{"group": 1, "offset": "0.1"}]})),
        ("correlation", _) => {
            let rule =
                json!({"correlation": "0.9", "share": "0.5", "floor": "0.1", "ceiling": "0.6"});
            at("extensions", json!({"offsets": [{"group": 1, "offset": rule}]}))
        }
        ("gamma", _) => at("extensions", json!({"gamma": "1"})),
        ("liquidity", _) => {
            at("extensions", json!({"liquidity_rate": "0.000001", "liquidity_maximum": "0.02"}))
        }
        ("rule", _) => at(
            "underlyings.0.range",
            json!({"multiple": "3", "daily_volatility": "0.04", "horizon": 1, "floor": "0.01", "ceiling": "0.9"}),
        ),
        ("ramp", _) => at(
            "underlyings.0.range",
            json!({"from": "0.1", "to": "0.2", "start": 1_768_406_390, "length": 20}),
        ),
        // A future against the perpetual.
        ("hedge", _) => with(line, "portfolio.positions.4.quantity", json!("-2")),
        // Three days before the nearest expiry, with long options in it.
        ("soon", _) => with(line, "now", json!(1_769_616_000 - 3 * 86_400)),
        // All it can lose is its width.
        ("spread", _) => with(
            line,
            "portfolio",
            json!({"cash": 1000, "positions": [
                {"instrument": "ETH-28JAN26T16-3000-C", "quantity": "-10"},
                {"instrument": "ETH-28JAN26T16-3010-C", "quantity": "10"}]}),
        ),
        // Long the wing that a flat surface would take down.
        ("old", _) => {
            let old = with(line, "market.expiries.0.model_time", json!(1_768_406_400 - 40_000));
            with(
                old,
                "portfolio",
                json!({"cash": 1000, "positions": [{"instrument": "ETH-28JAN26T16-2000-P", "quantity": 10}]}),
            )
        }
        // Below 1/D, so that the discount of what is owed isn't capped.
        ("short", _) => at("short", json!({"base": "1", "multiplier": "0", "addition": "0"})),
        _ => line,
    }
}

#[test]
fn every_parameter_is_settable_and_counts() {
    let mut lines = Vec::new();
    for (path, value, need) in SETTINGS {
        let before = prepared(need);
        let value = value.parse::<bool>().map_or_else(|_| json!(value), |flag| json!(flag));
        lines.push(with(before.clone(), &format!("parameters.{path}"), value));
        lines.push(before);
    }
    let answers = answers(&lines);
    for (pair, (path, ..)) in answers.chunks(2).zip(SETTINGS) {
        for answer in pair {
            assert!(answer["error"].is_null(), "{path}: {}", answer["error"]);
        }
        assert!(pair[0] != pair[1], "{path} changes nothing");
    }
}

/// The names in backticks of the table's rows under a heading, as paths of the schema's last step.
fn documented() -> BTreeSet<String> {
    let table = SCHEMA.split("### `parameters`").nth(1).unwrap().split("## Output").next().unwrap();
    table
        .split('`')
        .skip(1)
        .step_by(2)
        .flat_map(|quoted| quoted.split(['.', ',', ' ']))
        .map(|name| name.trim_matches(|c: char| !c.is_alphanumeric() && c != '_').to_owned())
        .filter(|name| !name.is_empty())
        .collect()
}

#[test]
fn every_parameter_is_documented() {
    let documented = documented();
    for (path, ..) in SETTINGS {
        for step in path.split('.').filter(|step| step.parse::<usize>().is_err()) {
            assert!(documented.contains(step), "{path}: the schema doesn't name {step}");
        }
    }
}

#[test]
fn the_documented_example_is_assessed() {
    let example = SCHEMA.split("```json\n").nth(1).unwrap().split("```").next().unwrap();
    let (answers, content) = run(example.as_bytes());
    assert!(content);
    assert_eq!(answers.len(), 1);
    let answer = &answers[0];
    assert_eq!(answer["underlyings"][0]["pnl"].as_array().unwrap().len(), 37);
    // Every field of the answer is documented.
    let output = SCHEMA.split("## Output").nth(1).unwrap();
    for fields in [answer, &answer["underlyings"][0]] {
        for name in fields.as_object().unwrap().keys() {
            assert!(output.contains(&format!("`{name}")), "{name}");
        }
    }
}

#[test]
fn defaults_written_out_change_nothing() {
    let defaults = json!({
        "scan": {"initial": "1", "maintenance": "0.8", "peg_threshold": "0.99", "peg_factor": "4"},
        "volatility": {"short_power": "0.3", "long_power": "0.13", "floor": 86_400, "minimum_up": "0.4"},
        "skew": {"linear_cap": "0.25", "linear_slope": "-0.1", "absolute_cap": "0.25", "absolute_slope": "-0.1",
                 "kstar_minimum": "0.01", "width": "4", "volatility_static": "0.6", "volatility_slope": "0"},
        "basis": {"up": "0.045", "down": "0.045", "add": "0.5", "multiplier": "2"},
        "contingencies": {"perpetual_maintenance": "0.03", "perpetual_initial": "0.01", "option_maintenance": "0.003",
                          "option_initial": "0.002", "confidence_threshold": "0.55", "confidence_margin": "1"},
        "long": {"base": "0.95", "multiplier": "0", "addition": "0.16"},
        "short": {"base": "1.05", "multiplier": "0", "addition": "0.16"},
        "corrections": {"calendar_floor": "0.005", "calendar_slope": "0.02", "calendar_initial": "0.5", "vanishing": "0.2",
                        "caps_losses": true, "smooth_confidence": true, "charges_old_surfaces": true},
        "extensions": {"offsets": [], "floor_net": 0, "floor_hedged": 0, "gamma": 0, "gamma_threshold": 0,
                       "liquidity_rate": 0, "liquidity_maximum": 0, "liquidity_threshold": 0},
        "standard": {"option_initial": "0.15", "option_minimum": "0.13", "option_maintenance": "0.09",
                     "linear_initial": "0.1", "linear_maintenance": "0.065"},
        "mode": "portfolio",
    });
    let mut explicit = line();
    for (section, fields) in defaults.as_object().unwrap() {
        explicit = with(explicit, &format!("parameters.{section}"), fields.clone());
    }
    let scenarios: Vec<Value> = (-4_i64..=4)
        .flat_map(|quarters| {
            let spot = quarters as f64 / 4.0;
            ["up", "none", "down"]
                .map(|mode| json!({"spot": {"ranges": spot}, "volatility": mode, "weight": 1}))
        })
        .chain(["-0.66", "-0.33", "0.5", "1", "2", "3", "4", "5"].map(|tail| {
            json!({"spot": {"absolute": tail}, "volatility": "up", "weight": {"tail": "0.77"}})
        }))
        .chain(["skew-linear", "skew-absolute"].map(
            |mode| json!({"spot": {"ranges": 0}, "volatility": mode, "weight": 1}),
        ))
        .collect();
    assert_eq!(scenarios.len(), 37);
    let explicit = with(explicit, "parameters.scenarios", json!(scenarios));
    let answers = answers(&[line(), explicit]);
    assert!(answers[0]["error"].is_null(), "{}", answers[0]);
    assert_eq!(answers[0], answers[1]);
}

#[test]
fn with_extensions_off_the_total_is_the_sum_of_the_underlyings() {
    // Sections 3 to 5 exactly: to the last digit, equity and both requirements are those of the parts.
    let answer = answers(&[line()]).remove(0);
    let units = |value: &Value| -> i128 {
        let text = value.as_str().unwrap();
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        format!("{whole}{fraction:0<18}").parse().unwrap()
    };
    for name in ["initial_requirement", "maintenance_requirement"] {
        let parts: i128 =
            answer["underlyings"].as_array().unwrap().iter().map(|part| units(&part[name])).sum();
        assert_eq!(units(&answer[name]), parts, "{name}");
    }
    let equity = units(&answer["equity"]);
    for (excess, requirement) in [
        ("initial_excess", "initial_requirement"),
        ("maintenance_excess", "maintenance_requirement"),
    ] {
        assert_eq!(units(&answer[excess]), equity - units(&answer[requirement]));
    }
    let parts: i128 =
        answer["underlyings"].as_array().unwrap().iter().map(|part| units(&part["value"])).sum();
    assert!((0..2).contains(&(equity - 20_000_000_000_000_000_000_000 - parts)));
}

#[test]
fn the_worst_of_a_part_is_the_least_of_its_outcomes() {
    let answer = answers(&[line()]).remove(0);
    for part in answer["underlyings"].as_array().unwrap() {
        let number = |value: &Value| value.as_str().unwrap().parse::<f64>().unwrap();
        let worst = part["worst_scenario"].as_u64().unwrap();
        let pnl = part["pnl"].as_array().unwrap();
        let least = pnl.iter().map(number).fold(number(&part["basis"]), f64::min);
        assert!((number(&part["worst"]) - least).abs() < 1e-12);
        if worst == 255 {
            assert_eq!(part["worst"], part["basis"]);
        } else {
            assert_eq!(part["worst"], pnl[usize::try_from(worst).unwrap()]);
        }
        assert_eq!(part["shocks"].as_array().unwrap().len(), pnl.len());
        assert_eq!(
            part["shocks"][0],
            "0.82".replace("0.82", if part["underlying"] == 1 { "0.82" } else { "0.84" })
        );
        assert_eq!(part["modes"][0], "up");
        assert_eq!(part["modes"][35], "skew-linear");
    }
}

#[test]
fn unknown_fields_are_refused_everywhere() {
    for path in [
        "",
        "parameters",
        "parameters.underlyings.0",
        "parameters.collateral.0",
        "market",
        "market.underlyings.0",
        "market.underlyings.0.perpetual",
        "market.expiries.0",
        "market.expiries.0.svi",
        "market.collateral.0",
        "portfolio",
        "portfolio.positions.0",
        "portfolio.collateral.0",
    ] {
        let place =
            if path.is_empty() { "misspelt".to_owned() } else { format!("{path}.misspelt") };
        let given = error(&with(line(), &place, json!(1)));
        let name = regular(&place);
        assert_eq!(given, format!("{name}: unknown field"));
    }
    for section in [
        "scan",
        "volatility",
        "skew",
        "basis",
        "contingencies",
        "long",
        "short",
        "corrections",
        "extensions",
        "standard",
    ] {
        let given = error(&with(line(), &format!("parameters.{section}"), json!({"misspelt": 1})));
        assert_eq!(given, format!("parameters.{section}.misspelt: unknown field"));
    }
}

/// `a.0.b` as the program writes it: `a[0].b`.
fn regular(path: &str) -> String {
    let mut name = String::new();
    for step in path.split('.') {
        if step.parse::<usize>().is_ok() {
            name = format!("{name}[{step}]");
        } else {
            if !name.is_empty() {
                name.push('.');
            }
            name.push_str(step);
        }
    }
    name
}

#[test]
fn what_is_wrong_is_named() {
    for (path, value, expected) in [
        ("now", json!("soon"), "now: soon is no number"),
        ("now", json!(-1), "now: -1 is no number"),
        ("parameters", json!([]), "parameters: expected an object"),
        ("parameters.underlyings", json!({}), "parameters.underlyings: expected a list"),
        ("parameters.underlyings.1.underlying", json!(1), "parameters.underlyings: 1 stands twice"),
        (
            "parameters.underlyings.1.symbol",
            json!("ETH"),
            "parameters.underlyings: \"ETH\" stands twice",
        ),
        (
            "parameters.underlyings.0.symbol",
            json!(7),
            "parameters.underlyings[0].symbol: expected a string",
        ),
        (
            "parameters.underlyings.0.range",
            json!({"multiple": 1}),
            "parameters.underlyings[0].range.horizon: missing",
        ),
        (
            "parameters.collateral.0.cancels_risk",
            json!("yes"),
            "parameters.collateral[0].cancels_risk: expected true or false",
        ),
        ("parameters.mode", json!("free"), "parameters.mode: unknown mode free"),
        ("parameters.scenarios", json!([]), "parameters.scenarios: 0 of them, within 1 and 64"),
        (
            "parameters.scenarios",
            json!([{"spot": {"ranges": 1}, "volatility": "sideways", "weight": 1}]),
            "parameters.scenarios[0].volatility: unknown mode sideways",
        ),
        (
            "parameters.scenarios",
            json!([{"spot": {"ranges": 1, "absolute": 1}, "volatility": "up", "weight": 1}]),
            "parameters.scenarios[0].spot.absolute: unknown field",
        ),
        (
            "parameters.extensions",
            json!({"offsets": [{"group": 1, "offset": 0}, {"group": 1, "offset": 0}]}),
            "parameters.extensions.offsets: 1 stands twice",
        ),
        ("market.stable_price", json!("0.05"), "market data out of range"),
        ("market.underlyings.1.underlying", json!(1), "market.underlyings: 1 stands twice"),
        (
            "market.expiries.1.expiry",
            json!(1_769_616_000),
            "market.expiries: (1, 1769616000) stands twice",
        ),
        (
            "market.expiries.0.expiry",
            json!(1_769_616_001),
            "market.expiries[0].expiry: 1769616001 is no whole hour",
        ),
        (
            "market.expiries.0.forward_fixed",
            json!("3011"),
            "market.expiries[0].forward_fixed: above the forward",
        ),
        (
            "market.expiries.0.forward_variable",
            json!("3011"),
            "market.expiries[0].forward_variable: above the forward",
        ),
        (
            "market.expiries.0.settlement",
            json!("soon"),
            "market.expiries[0].settlement: unknown state soon",
        ),
        (
            "market.expiries.0.settlement",
            json!({"least": 2}),
            "market.expiries[0].settlement.greatest: missing",
        ),
        (
            "market.expiries.0.settlement",
            json!({"least": 2, "greatest": 1}),
            "market.expiries[0].settlement.least: above the greatest",
        ),
        (
            "market.underlyings.0.validity",
            json!("fine"),
            "market.underlyings[0].validity: unknown level fine",
        ),
        (
            "market.underlyings.0.slow_price",
            json!("slow"),
            "market.underlyings[0].slow_price: slow is no number",
        ),
        (
            "parameters.corrections",
            json!({"caps_losses": 1}),
            "parameters.corrections.caps_losses: expected true or false",
        ),
        ("portfolio.pool", json!(-1), "portfolio.pool: -1 is no number"),
        ("market.expiries.0.forward", json!("0"), "market data out of range for underlying 1"),
        (
            "market.expiries.0.volatilities",
            json!([["3000", "0.6"]]),
            "market.expiries[0].svi: unknown field",
        ),
        (
            "portfolio.cash",
            json!("1.0000000000000000001"),
            "portfolio.cash: 1.0000000000000000001 is no number of at most 18",
        ),
        ("portfolio.cash", json!(null), "portfolio.cash: expected a number"),
        ("portfolio.positions.0.quantity", json!("0"), "quantity of"),
        (
            "portfolio.positions.0.quantity",
            json!("0.0000000000000000001"),
            "portfolio.positions[0].quantity: 0.0000000000000000001 is no number of at most 18",
        ),
        (
            "portfolio.positions.0.quantity",
            json!("9223372036854.775808"),
            "portfolio.positions: quantities differ by too many digits",
        ),
        ("portfolio.positions.1.instrument", json!("ETH-28JAN26T16-3000-C"), "position"),
        (
            "portfolio.positions.0.instrument",
            json!("ETH-28JAN26T16-3000-X"),
            "portfolio.positions[0].instrument: ETH-28JAN26T16-3000-X: invalid right",
        ),
        (
            "portfolio.positions.0.instrument",
            json!("SOL-PERP"),
            "portfolio.positions[0].instrument: SOL-PERP: unknown symbol",
        ),
        (
            "portfolio.positions.0.instrument",
            json!(7),
            "portfolio.positions[0].instrument: 7 is no instrument",
        ),
        (
            "portfolio.positions.0.instrument",
            json!("ETH-27MAR26-3000-C"),
            "no market data for underlying 1, expiry",
        ),
        ("portfolio.collateral.0.collateral", json!(9), "collateral 9 has no parameters"),
    ] {
        let given = error(&with(line(), path, value.clone()));
        assert!(given.starts_with(expected), "{path} = {value}: {given}");
    }
}

/// With `bounds`, what governance couldn't set is refused; without, it is computed.
#[test]
fn bounds_are_kept_where_they_are_asked_for() {
    for (path, value, expected) in [
        (
            "parameters.underlyings.0.range",
            json!("0.001"),
            "parameter range is 1000000000000000, outside",
        ),
        (
            "parameters.underlyings.0.range",
            json!({"from": "0.1", "to": "2", "start": 0, "length": 1}),
            "parameter range is 2000000000000000000",
        ),
        ("parameters.scan", json!({"initial": "0.5"}), "parameter scan.initial is"),
        (
            "parameters.extensions",
            json!({"offsets": [{"group": 1, "offset": "0.61"}]}),
            "parameter extensions.offset is",
        ),
    ] {
        let given = with(line(), path, value.clone());
        assert!(figures(&given)["equity"].is_string(), "{path} = {value}");
        let given = error(&with(given, "parameters.bounds", json!(true)));
        assert!(given.starts_with(expected), "{path} = {value}: {given}");
    }
}

/// Ten times the book and ten times finer quantities: the same digits.
#[test]
fn finer_quantities_are_exact() {
    let digits = |text: &Value| text.as_str().unwrap().replace('.', "");
    let mut coarse = line();
    let positions = coarse["portfolio"]["positions"].as_array().unwrap().clone();
    for (index, position) in positions.iter().enumerate() {
        let whole: i64 = if index % 2 == 0 { 12_345_678 } else { -7_654_321 };
        assert!(position["instrument"].is_string());
        coarse["portfolio"]["positions"][index]["quantity"] = json!(format!("{whole}"));
    }
    coarse["portfolio"]["cash"] = json!("1000000000");
    coarse["portfolio"]["collateral"][0]["amount"] = json!("30000000");
    let mut fine = coarse.clone();
    for index in 0..positions.len() {
        let whole = if index % 2 == 0 { "1.2345678" } else { "-0.7654321" };
        fine["portfolio"]["positions"][index]["quantity"] = json!(whole);
    }
    fine["portfolio"]["cash"] = json!("100");
    fine["portfolio"]["collateral"][0]["amount"] = json!("3");
    let (coarse, fine) = (figures(&coarse), figures(&fine));
    for name in ["equity", "initial_requirement", "maintenance_requirement"] {
        let (many, few) = (digits(&coarse[name]), digits(&fine[name]));
        let shared = few.len().min(many.len()) - 2;
        assert!(shared > 15, "{name}: {few}");
        assert_eq!(many[..shared], few[..shared], "{name}");
    }
    assert_eq!(coarse["worst_scenario"], fine["worst_scenario"]);
}

#[test]
fn charges_with_a_threshold_take_no_finer_quantities() {
    let fine = with(line(), "portfolio.positions.0.quantity", json!("0.1234567"));
    assert!(figures(&fine)["equity"].is_string());
    for charge in [json!({"gamma": "0.1"}), json!({"liquidity_rate": "0.0001"})] {
        let given = error(&with(fine.clone(), "parameters.extensions", charge));
        assert!(given.starts_with("portfolio.positions: charges with a threshold"), "{given}");
    }
}

/// Parameters of peers reach beyond what 64 bits hold with 18 decimals.
#[test]
fn parameters_beyond_64_bits_go_on() {
    for (path, least, most) in [
        ("parameters.basis", json!({"add": "18"}), json!({"add": "19.99"})),
        ("parameters.basis", json!({"multiplier": "18"}), json!({"multiplier": "20"})),
        (
            "parameters.scan",
            json!({"peg_threshold": "18", "peg_factor": "10"}),
            json!({"peg_threshold": "100", "peg_factor": "10"}),
        ),
    ] {
        let of = |value: &Value| {
            // One scenario in which nothing happens, so that the basis charge decides.
            let calm = json!([{"spot": {"ranges": 0}, "volatility": "none", "weight": 0}]);
            let given = with(line(), "parameters.scenarios", calm);
            let given = figures(&with(given, path, value.clone()));
            given["initial_requirement"].as_str().unwrap().parse::<f64>().unwrap()
        };
        assert!(of(&most) > of(&least), "{path}");
    }
}

/// Governance can't raise what is long above its mark; a line can, to four times.
#[test]
fn a_long_discount_above_one_is_computed() {
    let calm = json!([{"spot": {"ranges": 0}, "volatility": "none", "weight": 1}]);
    let mut bought = with(line(), "parameters.scenarios", calm);
    bought["portfolio"] =
        json!({"positions": [{"instrument": "ETH-28JAN26T16-3000-C", "quantity": 7}]});
    let outcome = |base: &str| {
        let given = json!({"base": base, "multiplier": 0, "addition": 0});
        let answer = figures(&with(bought.clone(), "parameters.long", given));
        answer["underlyings"][0]["pnl"][0].as_str().unwrap().parse::<f64>().unwrap()
    };
    let half = -outcome("0.5");
    assert!(half > 0.0);
    for (base, halves) in [("1", 0.0), ("1.5", 1.0), ("2", 2.0), ("3.5", 5.0), ("4", 6.0)] {
        let found = outcome(base) / half;
        assert!((found - halves).abs() < 1e-9, "{base}: {found}");
    }
}

/// Governance sets no weight above three, and no growth of a discount above one a year; peers go further.
#[test]
fn weights_and_discounts_count_as_they_are_given() {
    let number = |value: &Value| value.as_str().unwrap().parse::<f64>().unwrap();
    let outcome = |weight: Value| {
        let fall = json!([{"spot": {"absolute": "-0.5"}, "volatility": "up", "weight": weight}]);
        number(&figures(&with(line(), "parameters.scenarios", fall))["underlyings"][0]["pnl"][0])
    };
    let once = outcome(json!(1));
    assert!(once.abs() > 1.0);
    for weight in [0.25, 3.999, 4.0, 5.0, 18.0] {
        let found = outcome(json!(weight.to_string()));
        assert!((found / once / weight - 1.0).abs() < 1e-12, "{weight}: {found}");
        // The range of the line is 0.18.
        let found = outcome(json!({"tail": weight.to_string()}));
        let share = weight * 0.18 / 0.5;
        assert!((found / once / share - 1.0).abs() < 1e-12, "{weight}: {found}");
    }

    let calm = json!([{"spot": {"ranges": 0}, "volatility": "none", "weight": 1}]);
    let mut bought = with(line(), "parameters.scenarios", calm);
    bought["portfolio"] =
        json!({"positions": [{"instrument": "ETH-28JAN26T16-3000-C", "quantity": 7}]});
    bought["market"]["expiries"][0]["rate"] = json!(5);
    let tau = 1_209_600.0 / 31_536_000.0;
    for (multiplier, addition) in [(1.0_f64, 0.0), (2.0, 7.0), (5.0, 5.0), (3.0, 18.0), (0.0, 18.0)]
    {
        let given = json!({"base": 1, "multiplier": multiplier.to_string(), "addition": addition.to_string()});
        let answer = figures(&with(bought.clone(), "parameters.long", given));
        let (mark, pnl) = (number(&answer["equity"]), number(&answer["underlyings"][0]["pnl"][0]));
        let left = (-(5.0 * multiplier + addition) * tau).exp();
        assert!((1.0 + pnl / mark - left).abs() < 1e-12, "{multiplier} {addition}: {pnl} {mark}");
    }
}

/// Peers' test portfolios have volatilities of hundreds of thousands of percent: what counts is their product with the root of
/// time, up to 64.
#[test]
fn volatilities_go_beyond_64_bits() {
    let equity = |expiry: u64, volatility: &str| {
        let mut given = line();
        given["market"]["expiries"] = json!([{"underlying": 1, "expiry": expiry, "forward": 3010, "volatilities": [[3000, volatility]]}]);
        let name =
            if expiry == 1_769_616_000 { "ETH-28JAN26T16-3000-C" } else { "ETH-15JAN26T13-3000-C" };
        given["portfolio"] = json!({"positions": [{"instrument": name, "quantity": 1}]});
        figures(&given)["equity"].as_str().unwrap().parse::<f64>().unwrap()
    };
    // 336 hours and 21: four times the volatility.
    let (long, short) = (1_769_616_000, 1_768_406_400 + 21 * 3_600);
    for (one, other) in [("4.6", "18.4"), ("5", "20"), ("25.5", "102"), ("75", "300")] {
        let (one, other) = (equity(long, one), equity(short, other));
        assert!((one - other).abs() < 1e-12 * one, "{one} {other}");
    }
    assert!(equity(long, "18.446744073709551615") < equity(long, "18.46"));
    // From 64 on a call is worth its forward.
    for volatility in ["350", "2511.421980938193", "1000000000000000000", "300000000000000000000"] {
        assert!((equity(long, volatility) - 3_010.0).abs() < 1e-9, "{volatility}");
    }
    assert!((equity(short, "0.000001") - 10.0).abs() < 1e-9);
}

/// Nor lower what is short below its mark: `min(1/D, base * exp(tau * addition))`, to the cent.
#[test]
fn a_short_discount_below_one_is_computed() {
    let calm = json!([{"spot": {"ranges": 0}, "volatility": "none", "weight": 1}]);
    let mut sold = with(line(), "parameters.scenarios", calm);
    sold["portfolio"] =
        json!({"positions": [{"instrument": "ETH-28JAN26T16-3000-C", "quantity": -7}]});
    sold["market"]["expiries"][0]["rate"] = json!(0);
    let outcome = |base: &str, addition: &str| {
        let given = json!({"base": base, "multiplier": 0, "addition": addition});
        let answer = figures(&with(sold.clone(), "parameters.short", given));
        answer["underlyings"][0]["pnl"][0].as_str().unwrap().parse::<f64>().unwrap()
    };
    assert!(outcome("1", "0").abs() < 1e-12);
    let half = outcome("0.5", "0");
    assert!(half > 0.0);
    let tau = 1_209_600.0 / 31_536_000.0;
    for addition in [0.1_f64, 2.0, 9.0] {
        let expected = half * (2.0 - (addition * tau).exp());
        let found = outcome("0.5", &addition.to_string());
        assert!((found - expected).abs() < 1e-9 * half, "{addition}: {found} {expected}");
    }
    // With a rate that outgrows it: half of the mark.
    let mut rated = sold.clone();
    rated["market"]["expiries"][0]["rate"] = json!("0.04");
    let short = json!({"base": "0.5", "multiplier": 0, "addition": "0"});
    let answer = figures(&with(rated, "parameters.short", short));
    let number = |value: &Value| value.as_str().unwrap().parse::<f64>().unwrap();
    let (pnl, mark) = (number(&answer["underlyings"][0]["pnl"][0]), number(&answer["equity"]));
    assert!((pnl + mark / 2.0).abs() < 1e-9 * pnl, "{pnl} {mark}");
    let whole = outcome("0.999999999999999999", "9");
    assert!(whole.abs() < 1e-12, "without a rate it ends at the mark: {whole}");
}

/// Nothing looks at the surface of what has expired.
#[test]
fn a_surface_that_has_passed_may_be_anything() {
    let mut given = line();
    given["now"] = json!(1_900_000_000);
    for expiry in given["market"]["expiries"].as_array_mut().unwrap() {
        expiry["model_time"] = json!(1_700_000_000);
        expiry["svi"] = json!({"a": "2511.4"});
    }
    assert!(figures(&given)["equity"].is_string());
    // From its last second on.
    let expired = with(line(), "market.expiries.0.svi", json!({"a": "2511.4"}));
    let at = |now: u64| with(expired.clone(), "now", json!(now));
    assert!(figures(&at(1_769_616_000))["equity"].is_string());
    assert_eq!(
        error(&at(1_769_615_999)),
        "market.expiries[0].svi.a: 2511.4 is no number of at most 18 decimals in range"
    );
}

#[test]
fn a_live_option_needs_its_own_volatility() {
    let points = |strikes: Value| {
        let mut given = line();
        let expiry = given["market"]["expiries"][2].as_object_mut().unwrap();
        expiry.remove("svi");
        expiry.insert("volatilities".to_owned(), strikes);
        given
    };
    assert_eq!(error(&points(json!([["90000", "0.5"], ["80000", "0.6"]]))), "");
    let lacking = error(&points(json!([["90000", "0.5"], ["85000", "0.6"]])));
    assert_eq!(lacking, "market.expiries: no volatility for the strike of BTC-28JAN26T16-80000-P");
    let twice = error(&points(json!([["90000", "0.5"], ["9e4", "0.6"]])));
    assert!(twice.starts_with("market.expiries[2].volatilities: "), "{twice}");
    let odd = error(&points(json!([["90000", "0.5", "1"]])));
    assert_eq!(odd, "market.expiries[2].volatilities: expected pairs of strike and volatility");
    let wide = error(&points(json!([["90000.123456789", "0.5"]])));
    assert!(
        wide.starts_with("market.expiries[2].volatilities: no strike of an instrument"),
        "{wide}"
    );
    // Once expired it is worth its payoff.
    let mut expired = points(json!([]));
    expired["now"] = json!(1_769_616_000);
    assert_eq!(error(&expired), "");
}

#[test]
fn line_n_of_the_output_answers_line_n_of_the_input() {
    let good = line().to_string();
    let deep = "[".repeat(10_000);
    let mut input: Vec<u8> = Vec::new();
    for bad in ["", "   ", "null", "{", deep.as_str(), "{\"id\":3}", "{\"id\":1-2}", "[1]", "01"] {
        input.extend_from_slice(bad.as_bytes());
        input.push(b'\n');
        input.extend_from_slice(good.as_bytes());
        input.push(b'\n');
    }
    input.extend_from_slice(b"{\"id\":\"\xff\"}\n");
    input.extend_from_slice(good.as_bytes());
    let (answers, content) = run(&input);
    assert!(!content);
    assert_eq!(answers.len(), 20);
    for (index, answer) in answers.iter().enumerate() {
        assert_eq!(answer["error"].is_string(), index % 2 == 0, "{index}: {answer}");
    }
    let errors: Vec<&str> =
        answers.iter().step_by(2).map(|answer| answer["error"].as_str().unwrap()).collect();
    assert_eq!(
        errors,
        [
            "column 1: expected a value",
            "column 4: expected a value",
            ": expected an object",
            "column 2: expected a string",
            "column 33: expected less nesting",
            "now: missing",
            "column 8: expected \",\" or \"}\"",
            ": expected an object",
            "column 2: expected end of line",
            "column 8: expected UTF-8",
        ]
    );
    assert_eq!(answers[10]["id"], 3);
}

#[test]
fn the_id_comes_back_as_it_was() {
    for id in
        [json!(null), json!(7), json!("a\"b\\c\u{1}é😀"), json!([1, {"x": false}]), json!(-1.5e-3)]
    {
        let answer = answers(&[with(line(), "id", id.clone())]).remove(0);
        assert_eq!(answer["id"], id);
    }
    // A character beyond the basic plane, as two escapes.
    let text = line().to_string().replace("\"book\"", r#""\ud83d\ude00\u00e9""#);
    let (answers, _) = run(text.as_bytes());
    assert_eq!(answers[0]["id"], "😀é");
    for wrong in [r#""\ud83d""#, r#""\ud83dx""#, r#""\ude00\ud83d""#, r#""\u+12f""#, r#""\u12""#] {
        let text = line().to_string().replace("\"book\"", wrong);
        let (answers, _) = run(text.as_bytes());
        assert!(answers[0]["error"].as_str().unwrap().ends_with("expected an escape"), "{wrong}");
    }
}

#[test]
fn an_input_that_cannot_be_read_ends_the_program() {
    // A directory opens but doesn't read.
    let directory = std::fs::File::open(env!("CARGO_MANIFEST_DIR")).unwrap();
    let output =
        Command::new(env!("CARGO_BIN_EXE_margin-jsonl")).stdin(directory).output().unwrap();
    assert!(!output.status.success());
    assert!(output.stdout.is_empty());
    assert!(String::from_utf8(output.stderr).unwrap().starts_with("margin-jsonl: can't read: "));
}

#[test]
fn instruments_may_be_named_by_id_and_in_any_order() {
    let mut turned = line();
    let positions = turned["portfolio"]["positions"].as_array_mut().unwrap();
    positions.reverse();
    // ETH-PERP is 1 << 56.
    let perpetual = positions.iter_mut().find(|held| held["instrument"] == "ETH-PERP").unwrap();
    perpetual["instrument"] = json!(1_u64 << 56);
    turned["market"]["expiries"].as_array_mut().unwrap().reverse();
    let answers = answers(&[line(), turned]);
    assert_eq!(answers[0], answers[1]);
}

#[test]
fn a_range_that_rises_counts_initially_at_once_and_for_maintenance_on_its_way() {
    let at =
        |range: Value| answers(&[with(line(), "parameters.underlyings.0.range", range)]).remove(0);
    let ramp = |from: &str, to: &str| json!({"from": from, "to": to, "start": 1_768_406_350, "length": 100});
    let (low, half, high) = (at(json!("0.1")), at(json!("0.15")), at(json!("0.2")));
    assert_ne!(low["initial_requirement"], high["initial_requirement"]);
    let rising = at(ramp("0.1", "0.2"));
    assert_eq!(rising["initial_requirement"], high["initial_requirement"]);
    assert_eq!(rising["maintenance_requirement"], half["maintenance_requirement"]);
    assert_eq!(rising["underlyings"], half["underlyings"]);
    let falling = at(ramp("0.2", "0.1"));
    assert_eq!(falling["initial_requirement"], half["initial_requirement"]);
    assert_eq!(falling["maintenance_requirement"], half["maintenance_requirement"]);
    let rule = json!({"multiple": 3, "daily_volatility": "0.05", "horizon": 1, "floor": "0.01", "ceiling": "0.9"});
    let close = |one: &Value, other: &Value| {
        let number =
            |value: &Value| value["initial_requirement"].as_str().unwrap().parse::<f64>().unwrap();
        (number(one) - number(other)).abs() < 1e-9
    };
    assert!(close(&at(rule), &half));
}

fn amount(value: &Value) -> f64 {
    value.as_str().unwrap().parse().unwrap()
}

/// One future or call of an expiry that is over, with what its line says of the settlement.
fn claim(instrument: &str, terms: &Value) -> Value {
    let mut given = line();
    given["now"] = json!(1_769_616_000 + 60);
    given["market"]["stable_price"] = json!(1);
    given["portfolio"] = json!({"cash": 0, "positions": [
        {"instrument": instrument, "quantity": 1, "reference_price": "3000"}]});
    let expiry = given["market"]["expiries"][0].as_object_mut().unwrap();
    for (name, value) in terms.as_object().unwrap() {
        expiry.insert(name.clone(), value.clone());
    }
    given
}

#[test]
fn an_expired_line_says_what_is_known_of_its_price() {
    let of = |terms: &Value| figures(&claim("ETH-28JAN26T16", terms));
    // Nothing: the index, all of which moves, and a fifth of it that a dispute may take.
    let unknown = of(&json!({}));
    assert_eq!(unknown["equity"], "0");
    assert!(amount(&unknown["maintenance_requirement"]) > 0.8 * 0.18 * 2_999.0);
    let difference =
        amount(&unknown["initial_requirement"]) - amount(&unknown["maintenance_requirement"]) / 0.8;
    assert!((difference - 600.0).abs() < 1e-9, "{difference}");
    // Half observed at 3,100, the other half at the index.
    let half = of(&json!({"forward": 3050, "forward_fixed": 1550, "observed_share": "0.5",
                          "settlement": {"least": 2900, "greatest": 3300}}));
    assert_eq!(half["equity"], "50");
    let again = of(&json!({"forward": 3050, "forward_variable": 1500, "observed_share": "0.5",
                           "settlement": {"least": 2900, "greatest": 3300}}));
    assert_eq!(half, again);
    let maintenance = amount(&half["maintenance_requirement"]);
    assert!(maintenance > 0.0 && maintenance < amount(&unknown["maintenance_requirement"]));
    // Proposed: it moves no more, but a dispute may lower it.
    let proposed =
        of(&json!({"settlement_price": 3040, "settlement": {"least": 2900, "greatest": 3300}}));
    assert_eq!(proposed["equity"], "40");
    assert_eq!(proposed["maintenance_requirement"], "0");
    assert_eq!(proposed["initial_requirement"], "140");
    for terms in [
        json!({"settlement_price": 3040}),
        json!({"settlement_price": 3040, "settlement": "final"}),
        json!({"forward": 3040, "settlement": "final"}),
    ] {
        let settled = of(&terms);
        assert_eq!(settled["equity"], "40");
        assert_eq!(settled["initial_requirement"], "0");
    }
    let both = error(&claim("ETH-28JAN26T16", &json!({"forward_fixed": 0, "forward_variable": 1})));
    assert_eq!(both, "market.expiries[0].forward_fixed: forward_variable says the same");
}

#[test]
fn pool_shares_count_in_equity_alone() {
    let before = figures(&line());
    let after = figures(&with(line(), "portfolio.pool", json!("12.5")));
    assert!((amount(&after["equity"]) - amount(&before["equity"]) - 12.5).abs() < 1e-9);
    assert_eq!(before["initial_requirement"], after["initial_requirement"]);
}

#[test]
fn initial_margin_alone_looks_at_the_slow_price() {
    let at = |price: &str| figures(&with(line(), "market.underlyings.0.slow_price", json!(price)));
    let (near, far) = (at("3000"), at("1500"));
    assert_eq!(figures(&line()), near);
    assert!(amount(&far["initial_requirement"]) > amount(&near["initial_requirement"]));
    assert_eq!(far["maintenance_requirement"], near["maintenance_requirement"]);
    assert_eq!(far["equity"], near["equity"]);
}

#[test]
fn an_unusable_part_stops_only_itself() {
    let now = 1_768_406_400_u64;
    let at = |level: &str, age: u64| {
        let dead = with(line(), "market.underlyings.0.validity", json!(level));
        figures(&with(dead, "market.underlyings.0.updated_at", json!(now - age)))
    };
    let well = figures(&line());
    let of = |answer: &Value, name: &str| amount(&answer[name]);
    for level in ["invalid", "too-volatile", "too-uncertain", "stale"] {
        let dead = at(level, 0);
        assert_eq!(dead["validity"], level);
        // For adding risk the part counts at its worst bound and requires nothing.
        assert!(of(&dead, "equity") < of(&well, "equity"), "{level}");
        assert_eq!(
            dead["maintenance_requirement"],
            well["underlyings"][1]["maintenance_requirement"]
        );
        // Whether it is short, and its price, are reckoned with the last data.
        for (close, last) in
            [("close_equity", "last_equity"), ("close_requirement", "last_requirement")]
        {
            assert_eq!(dead[close], well[last], "{level}");
            assert_eq!(dead[last], well[last], "{level}");
        }
    }
    let close = |answer: &Value| of(answer, "close_equity");
    let (fresh, day, half, four) =
        (at("invalid", 0), at("invalid", 86_400), at("invalid", 216_000), at("invalid", 345_600));
    assert_eq!(fresh["close_equity"], day["close_equity"]);
    let middle = f64::midpoint(close(&day), close(&four));
    assert!((close(&half) - middle).abs() < 1e-9);
    assert_eq!(four["close_equity"], four["equity"]);
    assert_eq!(four["close_requirement"], four["healthy_requirement"]);
    assert_eq!(four["last_equity"], well["equity"]);
    assert_eq!(at("too-uncertain", 345_600)["close_equity"], well["equity"]);
}

/// Looked at six times the index alone, a call struck there could lose nothing, nor could two against one that still gains there: both
/// could be sold for nothing.
#[test]
fn what_is_short_beyond_the_last_strike_is_not_free() {
    let needs = |legs: &[(u64, f64)], mode: &str| {
        let mut given = line();
        given["parameters"] = json!({"mode": mode, "underlyings": [{"underlying": 1, "symbol": "ETH", "range": "0.18"}]});
        let volatilities: Vec<Value> =
            legs.iter().map(|(strike, _)| json!([strike.to_string(), "1.2"])).collect();
        given["market"] = json!({
            "underlyings": [{"underlying": 1, "index": "3000"}],
            "expiries": [{"underlying": 1, "expiry": 1_799_971_200, "forward": "3100", "volatilities": volatilities}]});
        let positions: Vec<Value> = legs
            .iter()
            .map(|(strike, size)| json!({"instrument": format!("ETH-15JAN27T00-{strike}-C"), "quantity": size}))
            .collect();
        given["portfolio"] = json!({"cash": 0, "positions": positions});
        // Besides what the options are worth.
        let answer = figures(&given);
        (-amount(&answer["initial_excess"]), amount(&answer["initial_requirement"]))
    };
    for mode in ["portfolio", "cross"] {
        // Every one costs more than it is worth, and nothing jumps at six times the index.
        let costs: Vec<f64> = [12_000, 17_900, 18_000, 18_100, 30_000]
            .map(|strike| needs(&[(strike, -1.0)], mode).0)
            .to_vec();
        assert!(costs.iter().all(|cost| *cost > 100.0), "{mode}: {costs:?}");
        assert!((costs[1] / costs[2] - 1.0).abs() < 0.02, "{mode}: {costs:?}");
        assert!((costs[3] / costs[2] - 1.0).abs() < 0.02, "{mode}: {costs:?}");
        // At 18,000 this pays 14,600 - 2 4,400: more than nothing.
        let (_, ratio) = needs(&[(3_400, 1.0), (13_600, -2.0)], mode);
        assert!(ratio > 300.0, "{mode}: {ratio}");
        // A millionth more costs next to nothing more.
        let (_, spread) = needs(&[(3_400, 1.0), (3_600, -1.0)], mode);
        let (_, next) = needs(&[(3_400, 1.0), (3_600, -1.000_001)], mode);
        assert!((next - spread).abs() < 0.1, "{mode}: {spread} {next}");
    }
}

#[test]
fn haircuts_come_on_top_of_the_slow_price_in_every_mode() {
    for mode in ["portfolio", "cross", "isolated"] {
        let of = |haircut: &str| {
            let given = with(line(), "parameters.mode", json!(mode));
            let given = with(given, "parameters.collateral.0.initial_haircut", json!(haircut));
            let given = with(given, "market.underlyings.0.slow_price", json!("300"));
            amount(&figures(&given)["initial_requirement"])
        };
        // Two tokens at 2,990, in a stable coin at 0.97.
        let difference = of("0.25") - of("0.05");
        assert!((difference - 0.2 * 2.0 * 2_990.0 / 0.97).abs() < 1e-6, "{mode}: {difference}");
    }
}
