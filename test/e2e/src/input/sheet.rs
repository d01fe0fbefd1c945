//! A CSV file with a header row, read whole, whose cells are asked for by column name.

use core::str::FromStr;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use csv::{ReaderBuilder, StringRecord};
use flate2::read::MultiGzDecoder;

/// Largest file read after decompression: a year of one-minute bars is a tenth of it.
const MAXIMUM_BYTES: u64 = 512 << 20;

/// Why an input file can't be used: one line, `file:line:column: reason`, both numbers from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}:{line}:{column}: {reason}", file.display())]
pub struct InputError {
    /// The file, as it was named.
    pub file: PathBuf,
    /// Line in the file.
    pub line: u64,
    /// Number of the column (the field, not the character).
    pub column: usize,
    /// What is wrong; names the column where one is meant.
    pub reason: String,
}

/// A file's rows and the numbers of its columns.
#[derive(Debug)]
pub(super) struct Sheet {
    pub(super) file: PathBuf,
    header: Vec<String>,
    pub(super) rows: Vec<Row>,
}

/// One row and the line that it begins on.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) line: u64,
    cells: StringRecord,
}

/// A column that the file has.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    index: usize,
    name: &'static str,
}

impl Column {
    /// From 1.
    pub(super) const fn number(self) -> usize {
        self.index + 1
    }
}

impl Sheet {
    /// Reads `file`; a name that ends in `.gz` is decompressed.
    pub(super) fn read(file: &Path) -> Result<Self, InputError> {
        let fault =
            |line, reason: String| InputError { file: file.into(), line, column: 1, reason };
        let text = read_text(file).map_err(|error| fault(1, format!("cannot be read: {error}")))?;
        let mut reader =
            ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
        let mut rows = Vec::new();
        for record in reader.records() {
            let cells = record.map_err(|error| {
                fault(
                    error.position().map_or(1, csv::Position::line),
                    format!("is not CSV: {error}"),
                )
            })?;
            rows.push(Row { line: cells.position().map_or(1, csv::Position::line), cells });
        }
        if rows.is_empty() {
            return Err(fault(1, "is empty: a header row was expected".into()));
        }
        let header: Vec<String> =
            rows.remove(0).cells.iter().map(|name| name.trim().into()).collect();
        let sheet = Self { file: file.into(), header, rows };
        match sheet.rows.iter().find(|row| row.cells.len() != sheet.header.len()) {
            Some(row) => Err(sheet.fault(
                row.line,
                row.cells.len().min(sheet.header.len()) + 1,
                format!("{} fields where the header has {}", row.cells.len(), sheet.header.len()),
            )),
            None if sheet.rows.is_empty() => {
                Err(sheet.fault(1, 1, "has no rows below the header".into()))
            }
            None => Ok(sheet),
        }
    }

    pub(super) fn find(&self, name: &'static str) -> Option<Column> {
        let index = self.header.iter().position(|column| column == name)?;
        Some(Column { index, name })
    }

    pub(super) fn column(&self, name: &'static str) -> Result<Column, InputError> {
        self.find(name).ok_or_else(|| {
            let last = self.header.len();
            self.fault(
                1,
                last,
                format!("column \"{name}\" is missing (the header has {})", self.header.join(", ")),
            )
        })
    }

    pub(super) fn text<'a>(&self, row: &'a Row, column: Column) -> Result<&'a str, InputError> {
        match row.cells.get(column.index).map(str::trim) {
            Some(text) if !text.is_empty() => Ok(text),
            _ => Err(self.at(row, column, "is empty")),
        }
    }

    /// A finite number.
    pub(super) fn number(&self, row: &Row, column: Column) -> Result<f64, InputError> {
        let text = self.text(row, column)?;
        match f64::from_str(text) {
            Ok(number) if number.is_finite() => Ok(number),
            _ => Err(self.at(row, column, &format!("is not a number: \"{text}\""))),
        }
    }

    /// A finite number above zero.
    pub(super) fn positive(&self, row: &Row, column: Column) -> Result<f64, InputError> {
        let number = self.number(row, column)?;
        if number > 0.0 {
            Ok(number)
        } else {
            Err(self.at(row, column, &format!("must be above zero: {number}")))
        }
    }

    /// A number, or nothing where the cell is empty.
    pub(super) fn optional(
        &self,
        row: &Row,
        column: Option<Column>,
    ) -> Result<Option<f64>, InputError> {
        match column {
            Some(column)
                if row.cells.get(column.index).is_some_and(|text| !text.trim().is_empty()) =>
            {
                self.number(row, column).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// A fault in one cell.
    pub(super) fn at(&self, row: &Row, column: Column, reason: &str) -> InputError {
        self.fault(row.line, column.number(), format!("column \"{}\" {reason}", column.name))
    }

    fn fault(&self, line: u64, column: usize, reason: String) -> InputError {
        InputError { file: self.file.clone(), line, column, reason }
    }
}

fn read_text(file: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    let source = fs::File::open(file)?;
    if file.extension().is_some_and(|extension| extension == "gz") {
        MultiGzDecoder::new(source).take(MAXIMUM_BYTES).read_to_string(&mut text)?;
    } else {
        source.take(MAXIMUM_BYTES).read_to_string(&mut text)?;
    }
    Ok(text)
}
