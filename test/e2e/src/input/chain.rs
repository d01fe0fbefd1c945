//! Option chains: one row per option and snapshot, in the columns of a Deribit summary.
//!
//! Read: `ts` (ISO time of the snapshot; or `ts_ms`, Unix milliseconds of the row: then the file is one snapshot),
//! `instrument`, `ccy`, `type` (C or P), `strike` (USD), `expiry` (ISO time), `fwd` (USD), `index` (USD), `mark_iv`
//! (0.55 = 55%), and where present `bid` and `ask` (in coins per coin of the underlying). Others are ignored.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::sheet::{Column, InputError, Row, Sheet};
use super::time::parse_time;

/// Call or put.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Right {
    /// The right to buy.
    Call,
    /// The right to sell.
    Put,
}

/// One option of a snapshot.
#[derive(Debug, Clone, PartialEq)]
pub struct OptionQuote {
    /// Line of the file; 0 where the chain was generated.
    pub line: u64,
    /// Expiry, Unix seconds.
    pub expiry: u64,
    /// Strike in US dollars.
    pub strike: f64,
    /// Call or put.
    pub right: Right,
    /// Forward of the expiry in US dollars.
    pub forward: f64,
    /// Whether someone bid and someone offered.
    pub has_market: bool,
    /// Volatility of the mark; 0.55 is 55%.
    pub volatility: f64,
}

/// All options of one underlying at one time.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// Unix seconds.
    pub time: u64,
    /// Line of the first row; 0 where the chain was generated.
    pub line: u64,
    /// Median index price in US dollars.
    pub index: f64,
    /// Number of the column that the index stands in.
    pub index_column: usize,
    /// By expiry, strike and right; no two alike.
    pub quotes: Vec<OptionQuote>,
}

/// Snapshots of one underlying in ascending order of time.
#[derive(Debug, Clone, PartialEq)]
pub struct Chain {
    /// Where they come from.
    pub file: PathBuf,
    /// At least one.
    pub snapshots: Vec<Snapshot>,
}

impl Chain {
    /// An error about the snapshot at `line`, blamed on its time.
    pub fn unmatched(&self, line: u64, reason: String) -> InputError {
        InputError { file: self.file.clone(), line, column: 1, reason }
    }
}

struct Columns {
    time: Column,
    is_milliseconds: bool,
    currency: Column,
    right: Column,
    strike: Column,
    expiry: Column,
    forward: Column,
    index: Column,
    volatility: Column,
    bid: Option<Column>,
    ask: Option<Column>,
}

/// Reads the options of `underlying` (`ETH`, `BTC`: the column `ccy`) from `file`, plain or gzip-compressed.
///
/// # Errors
/// A file that can't be read, a missing column, a malformed cell, an option that expires before its snapshot or occurs
/// twice in it, a file without that underlying.
pub fn load_chain(file: &Path, underlying: &str) -> Result<Chain, InputError> {
    let sheet = Sheet::read(file)?;
    let columns = Columns::find(&sheet)?;
    let mut snapshots: BTreeMap<u64, (Snapshot, Vec<f64>)> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for row in &sheet.rows {
        if sheet.text(row, columns.currency)? != underlying {
            continue;
        }
        let time = columns.time(&sheet, row)?;
        let key = if columns.is_milliseconds { 0 } else { time };
        let quote = columns.quote(&sheet, row, time)?;
        if !seen.insert((key, quote.expiry, quote.strike.to_bits(), quote.right)) {
            return Err(sheet.at(row, columns.strike, "repeats an option of the same snapshot"));
        }
        let empty = Snapshot {
            time,
            line: row.line,
            index: 0.0,
            index_column: columns.index.number(),
            quotes: Vec::new(),
        };
        let (snapshot, indices) = snapshots.entry(key).or_insert_with(|| (empty, Vec::new()));
        snapshot.time = snapshot.time.max(time);
        snapshot.quotes.push(quote);
        indices.push(sheet.positive(row, columns.index)?);
    }
    let snapshots: Vec<Snapshot> = snapshots.into_values().map(finish).collect();
    match sheet.rows.first() {
        Some(row) if snapshots.is_empty() => Err(sheet.at(
            row,
            columns.currency,
            &format!("never is \"{underlying}\": the chain has no such options"),
        )),
        _ => Ok(Chain { file: file.into(), snapshots }),
    }
}

fn finish((mut snapshot, mut indices): (Snapshot, Vec<f64>)) -> Snapshot {
    indices.sort_by(f64::total_cmp);
    snapshot.index = indices.get(indices.len() / 2).copied().unwrap_or_default();
    snapshot.quotes.sort_by(|a, b| {
        (a.expiry, a.right).cmp(&(b.expiry, b.right)).then(a.strike.total_cmp(&b.strike))
    });
    snapshot
}

impl Columns {
    fn find(sheet: &Sheet) -> Result<Self, InputError> {
        let milliseconds = sheet.find("ts_ms");
        let time = match milliseconds {
            Some(column) => column,
            None => sheet.column("ts")?,
        };
        sheet.column("instrument")?;
        Ok(Self {
            time,
            is_milliseconds: milliseconds.is_some(),
            currency: sheet.column("ccy")?,
            right: sheet.column("type")?,
            strike: sheet.column("strike")?,
            expiry: sheet.column("expiry")?,
            forward: sheet.column("fwd")?,
            index: sheet.column("index")?,
            volatility: sheet.column("mark_iv")?,
            bid: sheet.find("bid"),
            ask: sheet.find("ask"),
        })
    }

    fn time(&self, sheet: &Sheet, row: &Row) -> Result<u64, InputError> {
        let text = sheet.text(row, self.time)?;
        let time = if self.is_milliseconds {
            text.parse::<u64>().ok().map(|milliseconds| milliseconds / 1000)
        } else {
            parse_time(text)
        };
        time.ok_or_else(|| sheet.at(row, self.time, &format!("is not a time: \"{text}\"")))
    }

    fn quote(&self, sheet: &Sheet, row: &Row, time: u64) -> Result<OptionQuote, InputError> {
        let right = match sheet.text(row, self.right)? {
            "C" => Right::Call,
            "P" => Right::Put,
            other => {
                return Err(sheet.at(row, self.right, &format!("is neither C nor P: \"{other}\"")));
            }
        };
        let text = sheet.text(row, self.expiry)?;
        let expiry = parse_time(text)
            .ok_or_else(|| sheet.at(row, self.expiry, &format!("is not a time: \"{text}\"")))?;
        if expiry <= time {
            return Err(sheet.at(row, self.expiry, &format!("is not after the snapshot: {text}")));
        }
        if expiry % 3600 != 0 {
            return Err(sheet.at(row, self.expiry, &format!("is not a whole hour: {text}")));
        }
        let volatility = sheet.positive(row, self.volatility)?;
        if volatility > 20.0 {
            return Err(sheet.at(
                row,
                self.volatility,
                &format!("is above 2,000%: {volatility} (0.55 means 55%)"),
            ));
        }
        // A collector writes 0 or nothing where there is no bid or offer.
        let bid = sheet.optional(row, self.bid)?;
        let ask = sheet.optional(row, self.ask)?;
        Ok(OptionQuote {
            line: row.line,
            expiry,
            strike: sheet.positive(row, self.strike)?,
            right,
            forward: sheet.positive(row, self.forward)?,
            has_market: bid.is_some_and(|bid| bid > 0.0) && ask.is_some_and(|ask| ask > 0.0),
            volatility,
        })
    }
}
