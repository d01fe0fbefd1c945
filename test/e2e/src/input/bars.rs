//! Price bars: columns `t` (Unix seconds of the bar's opening), `open`, `high`, `low`, `close`; `volume` is not read.

use std::path::{Path, PathBuf};

use super::sheet::{InputError, Sheet};
use super::time::format_time;

/// One bar, prices in US dollars.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bar {
    /// Opening time, Unix seconds.
    pub time: u64,
    /// First price.
    pub open: f64,
    /// Highest price.
    pub high: f64,
    /// Lowest price.
    pub low: f64,
    /// Last price.
    pub close: f64,
}

/// Bars in ascending order of time.
#[derive(Debug, Clone, PartialEq)]
pub struct Bars {
    /// Where they come from.
    pub file: PathBuf,
    /// Length of one bar in seconds: the shortest step between two.
    pub interval: u64,
    /// At least two.
    pub bars: Vec<Bar>,
}

impl Bars {
    /// The bar that covers `time`.
    pub fn covering(&self, time: u64) -> Option<&Bar> {
        let after = self.bars.partition_point(|bar| bar.time <= time);
        let bar = self.bars.get(after.checked_sub(1)?)?;
        (time < bar.time + self.interval).then_some(bar)
    }

    /// First opening and last closing time.
    pub fn span(&self) -> (u64, u64) {
        let first = self.bars.first().map_or(0, |bar| bar.time);
        let last = self.bars.last().map_or(0, |bar| bar.time + self.interval);
        (first, last)
    }
}

/// Reads `file`, plain or gzip-compressed.
///
/// # Errors
/// A file that can't be read, a missing column, a cell that is no positive number, a bar whose low and high don't
/// enclose open and close, times that don't ascend, fewer than two bars.
pub fn load_bars(file: &Path) -> Result<Bars, InputError> {
    let sheet = Sheet::read(file)?;
    let time = sheet.column("t")?;
    let columns = [
        sheet.column("open")?,
        sheet.column("high")?,
        sheet.column("low")?,
        sheet.column("close")?,
    ];
    let mut bars: Vec<Bar> = Vec::with_capacity(sheet.rows.len());
    let mut interval = u64::MAX;
    for row in &sheet.rows {
        let text = sheet.text(row, time)?;
        let seconds: u64 = text.parse().map_err(|_| {
            sheet.at(row, time, &format!("is not a time in Unix seconds: \"{text}\""))
        })?;
        let [open, high, low, close] = columns;
        let bar = Bar {
            time: seconds,
            open: sheet.positive(row, open)?,
            high: sheet.positive(row, high)?,
            low: sheet.positive(row, low)?,
            close: sheet.positive(row, close)?,
        };
        if bar.low > bar.open.min(bar.close) {
            return Err(sheet.at(row, low, &format!("is above open or close: {}", bar.low)));
        }
        if bar.high < bar.open.max(bar.close) {
            return Err(sheet.at(row, high, &format!("is below open or close: {}", bar.high)));
        }
        if let Some(previous) = bars.last() {
            if bar.time <= previous.time {
                let reason = format!(
                    "does not ascend: {} follows {}",
                    format_time(bar.time),
                    format_time(previous.time)
                );
                return Err(sheet.at(row, time, &reason));
            }
            interval = interval.min(bar.time - previous.time);
        }
        bars.push(bar);
    }
    match sheet.rows.last() {
        Some(row) if bars.len() < 2 => {
            Err(sheet.at(row, time, "has one bar; at least two are needed"))
        }
        _ => Ok(Bars { file: file.into(), interval, bars }),
    }
}
