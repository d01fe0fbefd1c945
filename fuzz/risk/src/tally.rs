//! What a campaign met.

use std::{collections::BTreeMap, fmt};

/// Counts by name.
#[derive(Debug, Default)]
pub struct Tally(BTreeMap<&'static str, u64>);

impl Tally {
    /// One more of that.
    pub fn count(&mut self, name: &'static str) {
        *self.0.entry(name).or_default() += 1;
    }

    /// Adds another's counts.
    pub fn merge(&mut self, other: &Self) {
        for (name, count) in &other.0 {
            *self.0.entry(name).or_default() += count;
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "| met | times |\n| --- | --- |")?;
        self.0.iter().try_for_each(|(name, count)| writeln!(formatter, "| {name} | {count} |"))
    }
}
