//! The table of `docs/accuracy.md` is that of the module `accuracy`.
//!
//! `NOVATE_SNAPSHOTS=write cargo test -p novate-math --test math documents` rewrites it.

use std::{env, fs, path::Path};

use novate_math::accuracy::{ALL, Bound};

const START: &str = "<!-- accuracy -->\n";
const END: &str = "<!-- end -->";

/// A number of units of 1e-20, with two digits.
fn scientific(units: u64) -> String {
    let digits = units.to_string();
    let exponent = 21 - i64::try_from(digits.len()).unwrap();
    let (first, rest) = digits.split_at(1);
    let rest = rest.trim_end_matches('0');
    let point = if rest.is_empty() { "" } else { "." };
    format!("{first}{point}{rest}e-{exponent}")
}

fn table() -> String {
    let rows = ALL.iter().map(|Bound { function, domain, unit, error }| {
        let [domain, unit] = [domain, unit].map(|text| text.replace('|', "\\|"));
        format!("| `{function}` | {domain} | {} | {unit} |\n", scientific(*error))
    });
    let head = "| function | domain | error | of |\n| --- | --- | ---: | --- |\n";
    format!("{head}{}", rows.collect::<String>())
}

#[test]
fn the_table_of_bounds_is_the_documented_one() {
    assert_eq!(
        [scientific(100), scientific(6500), scientific(95_000_000)],
        ["1e-18", "6.5e-17", "9.5e-13"]
    );
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let page = docs.join("accuracy.md");
    let text = fs::read_to_string(&page).expect("docs/accuracy.md");
    let (before, rest) = text.split_once(START).expect("the start of the table");
    let (kept, after) = rest.split_once(END).expect("the end of the table");
    let found = table();
    if env::var_os("NOVATE_SNAPSHOTS").is_some_and(|value| value == "write") {
        fs::write(page, format!("{before}{START}{found}{END}{after}")).expect("a file");
        return;
    }
    assert_eq!(kept, found, "NOVATE_SNAPSHOTS=write rewrites docs/accuracy.md");
}
