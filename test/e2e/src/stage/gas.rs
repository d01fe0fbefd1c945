//! Gas used, by kind of operation.

use std::collections::BTreeMap;

use crate::table::Table;

/// Gas of every transaction, by kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GasLog {
    used: BTreeMap<String, Vec<u64>>,
}

impl GasLog {
    /// Notes one transaction.
    pub fn note(&mut self, kind: impl Into<String>, gas: u64) {
        self.used.entry(kind.into()).or_default().push(gas);
    }

    /// Takes over what `other` noted.
    pub fn absorb(&mut self, other: Self) {
        for (kind, gas) in other.used {
            self.used.entry(kind).or_default().extend(gas);
        }
    }

    /// Least, median and most, one row a kind.
    pub fn table(&self, title: &str) -> Table {
        let mut table = Table::new(title, &["operation", "count", "least", "median", "most"]);
        for (kind, gas) in &self.used {
            let mut sorted = gas.clone();
            sorted.sort_unstable();
            let at =
                |index: usize| sorted.get(index).map_or_else(String::new, |gas| thousands(*gas));
            let last = sorted.len().saturating_sub(1);
            table.row([kind.clone(), sorted.len().to_string(), at(0), at(last / 2), at(last)]);
        }
        table
    }
}

fn thousands(number: u64) -> String {
    let dollars = crate::units::dollars(u32::try_from(number).map_or(f64::NAN, f64::from));
    dollars.trim_end_matches(".00").into()
}
