//! The figures of committed books equal those of the slow reference (scripts/risk/fixture.py), through `margin-jsonl`.

use serde_json::Value;

use crate::jsonl::run;

const BOOKS: &str = include_str!("fixtures/books.jsonl");
/// Relative, or in quote currency below one.
const TOLERANCE: f64 = 1e-9;

fn number(value: &Value) -> f64 {
    value.as_str().unwrap().parse().unwrap()
}

fn assert_close(what: &str, given: &Value, expected: &Value) {
    let (given, expected) = (number(given), number(expected));
    let error = (given - expected).abs() / expected.abs().max(1.0);
    assert!(error <= TOLERANCE, "{what}: {given} is not {expected}");
}

#[test]
fn figures_equal_the_reference() {
    let cases: Vec<Value> = BOOKS.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(cases.len(), 40);
    let lines: Vec<String> = cases.iter().map(|case| case["case"].to_string()).collect();
    let input = lines.join("\n");
    let (answers, success) = run(input.as_bytes());
    assert!(success);
    assert_eq!(answers.len(), cases.len());
    let mut entries = 0;
    for (answer, case) in answers.iter().zip(&cases) {
        let expected = &case["expected"];
        let id = &case["case"]["id"];
        assert_eq!(&answer["id"], id);
        for name in [
            "equity",
            "initial_requirement",
            "maintenance_requirement",
            "close_equity",
            "close_requirement",
            "last_equity",
            "last_requirement",
            "healthy_requirement",
        ] {
            assert_close(&format!("book {id} {name}"), &answer[name], &expected[name]);
        }
        let (given, expected) = (
            answer["underlyings"].as_array().unwrap(),
            expected["underlyings"].as_array().unwrap(),
        );
        assert_eq!(given.len(), expected.len());
        for (one, other) in given.iter().zip(expected) {
            assert_eq!(one["underlying"], other["underlying"]);
            for name in
                ["value", "worst", "basis", "initial_requirement", "maintenance_requirement"]
            {
                assert_close(&format!("book {id} {name}"), &one[name], &other[name]);
            }
            let (one, other) = (one["pnl"].as_array().unwrap(), other["pnl"].as_array().unwrap());
            assert_eq!(one.len(), other.len());
            for (scenario, (one, other)) in one.iter().zip(other).enumerate() {
                assert_close(&format!("book {id} scenario {scenario}"), one, other);
                entries += 1;
            }
        }
    }
    assert!(entries > 1_000);
}

#[test]
fn a_wrong_line_is_answered_and_the_others_too() {
    let good =
        serde_json::from_str::<Value>(BOOKS.lines().next().unwrap()).unwrap()["case"].clone();
    let mut misspelt = good.clone();
    misspelt["portfolio"]["csh"] = Value::from("1");
    let mut inexact = good.clone();
    inexact["portfolio"]["cash"] = Value::from("0.0000000000000000001");
    let mut uncovered = good.clone();
    uncovered["market"]["underlyings"] = Value::Array(Vec::new());
    let mut swapped = good.clone();
    swapped["parameters"]["long"] = serde_json::json!({"base": "1.05"});
    swapped["parameters"]["bounds"] = Value::from(true);
    let input = format!("{misspelt}\nnot json\n{inexact}\n{uncovered}\n{swapped}\n{good}\n");
    let (answers, success) = run(input.as_bytes());
    assert!(!success);
    let errors: Vec<&str> =
        answers.iter().map(|answer| answer["error"].as_str().unwrap_or("")).collect();
    assert_eq!(errors.len(), 6);
    assert_eq!(errors[0], "portfolio.csh: unknown field");
    assert_eq!(errors[1], "column 1: expected a value");
    assert!(errors[2].starts_with("portfolio.cash: "), "{}", errors[2]);
    assert!(errors[3].starts_with("no market data"), "{}", errors[3]);
    assert!(errors[4].starts_with("parameter long.base is"), "{}", errors[4]);
    assert_eq!(errors[5], "");
    assert!(answers[5]["equity"].is_string());
}
