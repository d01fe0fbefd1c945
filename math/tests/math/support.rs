//! Reading of the reference vectors: decimals as integers in units of 1e-36.

use alloy_primitives::{I256, U256};
use std::{collections::HashMap, path::Path};

/// Decimal places of the integers below.
pub const PLACES: usize = 36;

/// A row of a vector file, by column name.
#[derive(Debug)]
pub struct Row(HashMap<String, String>);

impl Row {
    pub fn text(&self, column: &str) -> &str {
        self.0.get(column).map_or_else(|| panic!("no column {column}"), String::as_str)
    }

    /// The value in units of 1e-36, or `None` where the cell is empty.
    pub fn number(&self, column: &str) -> Option<I256> {
        let text = self.text(column);
        (!text.is_empty()).then(|| decimal(text, PLACES))
    }

    /// The value in units of 1e-36 if there is one below `10^digits`.
    pub fn number_below(&self, column: &str, digits: usize) -> Option<I256> {
        let text = self.text(column);
        let whole = text.trim_start_matches('-').split('.').next().map_or(0, str::len);
        let exponent: usize =
            text.split_once("e+").map_or(0, |(_, e)| e.parse().expect("an exponent"));
        if text.is_empty() || whole + exponent > digits { None } else { self.number(column) }
    }

    /// The value in units of 1e-18; inputs are exact multiples of it.
    pub fn wad(&self, column: &str) -> I256 {
        decimal(self.text(column), 18)
    }

    pub fn seconds(&self, column: &str) -> u64 {
        self.text(column).parse().expect("whole seconds")
    }
}

pub fn rows(file: &str) -> Vec<Row> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors").join(file);
    let mut reader = csv::Reader::from_path(path).expect("a vector file");
    let header = reader.headers().expect("a header").clone();
    reader
        .records()
        .map(|record| {
            let record = record.expect("a row");
            Row(header.iter().zip(&record).map(|(h, v)| (h.to_owned(), v.to_owned())).collect())
        })
        .collect()
}

pub fn power_of_ten(n: usize) -> I256 {
    I256::try_from(U256::from(10).pow(U256::from(n))).expect("small")
}

/// Parses `-12.5e-3` and the like, in units of `10^-places`; further digits are dropped.
pub fn decimal(text: &str, places: usize) -> I256 {
    let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (digits, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let exponent: i64 = exponent.parse().expect("an exponent");
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let mut all = format!("{whole}{fraction}");
    let shift = i64::try_from(places).unwrap() + exponent - i64::try_from(fraction.len()).unwrap();
    if shift >= 0 {
        all.push_str(&"0".repeat(usize::try_from(shift).unwrap()));
    } else {
        let keep = i64::try_from(all.len()).unwrap() + shift;
        all.truncate(usize::try_from(keep.max(0)).unwrap());
    }
    let magnitude =
        if all.is_empty() { U256::ZERO } else { U256::from_str_radix(&all, 10).expect("digits") };
    let value = I256::try_from(magnitude).expect("in range");
    if negative { -value } else { value }
}

/// `value / 2^bits` in units of 1e-36.
pub fn from_binary(value: I256, bits: usize) -> I256 {
    (value * power_of_ten(PLACES)).asr(bits)
}

/// A number in units of 1e-18, in `Q bits`, rounded to nearest.
pub fn to_binary(wad: I256, bits: usize) -> I256 {
    let scaled = (wad << (bits + 1)) / power_of_ten(18);
    (scaled + I256::ONE).asr(1)
}

/// The largest error seen, in units of 1e-20, and where.
#[derive(Debug, Default)]
pub struct Worst {
    pub error: u128,
    pub at: String,
}

impl Worst {
    /// Records `|a - b|`, both in units of 1e-36.
    pub fn note(&mut self, a: I256, b: I256, at: impl FnOnce() -> String) {
        let error = ((a - b).unsigned_abs() / U256::from(10u64.pow(16))).saturating_to::<u128>();
        if error >= self.error {
            self.error = error;
            self.at = at();
        }
    }
}
