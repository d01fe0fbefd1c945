//! Decides what is said of a contract's size, and whether it is what was said before.

use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path};

use novate_devnode::pack::{MAX_CODE_SIZE, Report};
use serde::{Deserialize, Serialize};

use super::PackError;

/// Most bytes of code that four fragments carry, which is what `ArbOS` 60 joins: each gives up 3 bytes for its prefix, and the
/// 4 bytes of the whole program's prefix aren't among what they carry.
const FRAGMENTED_BYTES: usize = 4 * (MAX_CODE_SIZE - 3) + 4;

/// Most bytes of WASM that the chain decompresses.
const WASM_BYTES: usize = 262_144;

/// Size of one contract, and what it costs to enter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Size {
    /// WASM as rustc leaves it, in bytes.
    pub built_bytes: usize,
    /// WASM as it is activated: optimised, normalised, stripped; in bytes.
    pub wasm_bytes: usize,
    /// Account code: prefix and compressed WASM, in bytes.
    pub code_bytes: usize,
    /// What is left of the 24,576 bytes that an account can hold; negative if the code is too long.
    pub headroom_bytes: i64,
    /// Memory at entry, in pages of 64 KiB. Each page above the transaction's second costs 1,000 gas and more.
    pub footprint_pages: u16,
    /// Data segments, in bytes: 0.752 gas each at every entry, cached or not.
    pub data_bytes: u64,
    /// Gas of every entry while the program is cached.
    pub cached_entry_gas: u64,
    /// Gas of every entry while it is not.
    pub uncached_entry_gas: u64,
}

impl Size {
    /// Size of a contract from the length of what rustc built and the report on what is deployed.
    pub(crate) const fn new(built_bytes: usize, report: &Report) -> Self {
        Self {
            built_bytes,
            wasm_bytes: report.raw_size,
            code_bytes: report.compressed_size,
            headroom_bytes: report.headroom,
            footprint_pages: report.footprint,
            data_bytes: report.data_bytes,
            cached_entry_gas: report.cached_gas,
            uncached_entry_gas: report.init_gas.saturating_add(report.cached_gas),
        }
    }

    /// Why this contract must not be deployed as it is, if so.
    #[must_use]
    pub fn fault(&self) -> Option<String> {
        if self.code_bytes > FRAGMENTED_BYTES {
            return Some(format!(
                "its code is {} bytes too long for four fragments",
                self.code_bytes.saturating_sub(FRAGMENTED_BYTES)
            ));
        }
        if self.wasm_bytes > WASM_BYTES {
            return Some(format!(
                "its WASM is {} bytes longer than a chain decompresses",
                self.wasm_bytes.saturating_sub(WASM_BYTES)
            ));
        }
        (self.footprint_pages > 1).then(|| {
            format!("it takes {} pages of memory at entry instead of one", self.footprint_pages)
        })
    }
}

/// Sizes of all contracts by name, as committed in `snapshots/size.json`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Snapshot(pub BTreeMap<String, Size>);

impl Snapshot {
    /// Reads the committed sizes; none if there is no file yet.
    ///
    /// # Errors
    /// When the file cannot be read or is no such snapshot.
    pub fn read(path: &Path) -> Result<Self, PackError> {
        if !path.exists() {
            return Ok(Self::default());
        }
        let text = fs::read_to_string(path).map_err(|source| PackError::file(path, source))?;
        serde_json::from_str(&text).map_err(|error| PackError::Snapshot {
            path: path.to_owned(),
            message: error.to_string(),
        })
    }

    /// Writes the sizes, one field a line.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), PackError> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|source| PackError::file(folder, source))?;
        }
        let text = serde_json::to_string_pretty(self).map_err(|error| PackError::Snapshot {
            path: path.to_owned(),
            message: error.to_string(),
        })?;
        fs::write(path, text + "\n").map_err(|source| PackError::file(path, source))
    }

    /// One line for every contract of `found` whose size is not the committed one.
    #[must_use]
    pub fn differences(&self, found: &Self) -> Vec<String> {
        found
            .0
            .iter()
            .filter_map(|(name, size)| match self.0.get(name) {
                Some(committed) if committed == size => None,
                Some(committed) => {
                    Some(format!("{name}: committed {}, found {}", fields(committed), fields(size)))
                }
                None => Some(format!("{name}: no committed size, found {}", fields(size))),
            })
            .collect()
    }
}

fn fields(size: &Size) -> String {
    format!(
        "{} bytes built, {} of WASM, {} of code, {} of data, {} pages, {} gas cached, {} uncached",
        size.built_bytes,
        size.wasm_bytes,
        size.code_bytes,
        size.data_bytes,
        size.footprint_pages,
        size.cached_entry_gas,
        size.uncached_entry_gas
    )
}

/// The sizes as a table for people.
#[must_use]
pub fn table(sizes: &Snapshot) -> String {
    let mut text = String::from(
        "contract          built      wasm      code  headroom  pages   data  entry gas  uncached\n",
    );
    for (name, size) in &sizes.0 {
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "{name:<12} {:>10} {:>9} {:>9} {:>9} {:>6} {:>6} {:>10} {:>9}",
            size.built_bytes,
            size.wasm_bytes,
            size.code_bytes,
            size.headroom_bytes,
            size.footprint_pages,
            size.data_bytes,
            size.cached_entry_gas,
            size.uncached_entry_gas
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size(code_bytes: usize, headroom_bytes: i64, footprint_pages: u16) -> Size {
        Size {
            built_bytes: 90_000,
            wasm_bytes: 60_000,
            code_bytes,
            headroom_bytes,
            footprint_pages,
            data_bytes: 1_200,
            cached_entry_gas: 1_500,
            uncached_entry_gas: 17_000,
        }
    }

    fn snapshot(entries: &[(&str, Size)]) -> Snapshot {
        Snapshot(entries.iter().map(|(name, size)| ((*name).to_owned(), size.clone())).collect())
    }

    #[test]
    fn a_contract_that_fits_has_no_fault() {
        assert_eq!(size(24_576, 0, 1).fault(), None);
    }

    #[test]
    fn a_byte_more_than_four_fragments_carry_is_a_fault() {
        assert_eq!(size(98_296, -73_720, 1).fault(), None);
        let fault = size(98_297, -73_721, 1).fault();
        assert_eq!(fault.as_deref(), Some("its code is 1 bytes too long for four fragments"));
    }

    #[test]
    fn more_wasm_than_a_chain_decompresses_is_a_fault() {
        let long = |wasm_bytes| Size { wasm_bytes, ..size(60_000, -35_424, 1) };
        assert_eq!(long(262_144).fault(), None);
        let fault = long(262_145).fault();
        assert_eq!(fault.as_deref(), Some("its WASM is 1 bytes longer than a chain decompresses"));
    }

    #[test]
    fn a_second_page_is_a_fault() {
        let fault = size(10_000, 14_576, 17).fault();
        assert_eq!(fault.as_deref(), Some("it takes 17 pages of memory at entry instead of one"));
    }

    #[test]
    fn a_changed_size_and_a_new_contract_are_differences() {
        let committed =
            snapshot(&[("clearing", size(20_000, 4_576, 1)), ("oracle", size(1, 24_575, 1))]);
        let found =
            snapshot(&[("clearing", size(20_001, 4_575, 1)), ("margin", size(5, 24_571, 1))]);
        let differences = committed.differences(&found);
        assert_eq!(differences.len(), 2);
        assert!(differences[0].starts_with("clearing: committed 90000 bytes built"));
        assert!(differences[1].starts_with("margin: no committed size"));
        assert!(committed.differences(&committed).is_empty());
    }

    #[test]
    fn a_snapshot_survives_its_file() {
        let folder = std::env::temp_dir().join(format!("novate-size-{}", std::process::id()));
        let path = folder.join("snapshots/size.json");
        let written = snapshot(&[("margin", size(5, 24_571, 1))]);
        written.write(&path).unwrap();
        assert_eq!(Snapshot::read(&path).unwrap(), written);
        fs::write(&path, "{\"margin\": 1}").unwrap();
        assert!(matches!(Snapshot::read(&path), Err(PackError::Snapshot { .. })));
        fs::remove_dir_all(&folder).unwrap();
        assert_eq!(Snapshot::read(&path).unwrap(), Snapshot::default());
    }
}
