//! Filters that clients poll: new logs, blocks, or accepted transactions since the last time.

use core::time::Duration;
use std::time::Instant;

use alloy_primitives::{B256, map::HashMap};
use alloy_rpc_types_eth::{Filter, Log};

use super::{Error, Node, matching_logs};

/// A filter that is not polled for this long is dropped, as in geth.
const EXPIRY: Duration = Duration::from_mins(5);
/// Filters that may be open at once.
const CAPACITY: usize = 10_000;

/// What a filter collects.
#[derive(Clone, Debug)]
pub enum FilterKind {
    /// Logs.
    Logs(Box<Filter>),
    /// Block hashes.
    Blocks,
    /// Hashes of accepted transactions.
    Transactions,
}

/// What a filter collected.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(untagged)]
pub enum FilterChanges {
    /// Logs.
    Logs(Vec<Log>),
    /// Block or transaction hashes.
    Hashes(Vec<B256>),
}

#[derive(Debug)]
struct OpenFilter {
    kind: FilterKind,
    /// How much of the event log was delivered.
    position: usize,
    polled: Instant,
}

/// The open filters.
#[derive(Debug, Default)]
pub struct Filters {
    open: HashMap<u64, OpenFilter>,
    count: u64,
}

impl Node {
    /// Opens a filter; it collects from now on.
    ///
    /// # Errors
    /// [`Error::TooManyFilters`].
    pub fn open_filter(&mut self, kind: FilterKind) -> Result<u64, Error> {
        self.filters.open.retain(|_, filter| filter.polled.elapsed() < EXPIRY);
        if self.filters.open.len() >= CAPACITY {
            return Err(Error::TooManyFilters { limit: CAPACITY });
        }
        let progress = self.events.progress();
        let position = match kind {
            FilterKind::Transactions => progress.transactions,
            FilterKind::Logs(_) | FilterKind::Blocks => progress.blocks,
        };
        self.filters.count = self.filters.count.saturating_add(1);
        let filter = OpenFilter { kind, position, polled: Instant::now() };
        self.filters.open.insert(self.filters.count, filter);
        Ok(self.filters.count)
    }

    /// Closes a filter; `false` if it was not open.
    pub fn close_filter(&mut self, id: u64) -> bool {
        self.filters.open.remove(&id).is_some()
    }

    /// What a filter collected since the last time.
    ///
    /// # Errors
    /// [`Error::UnknownFilter`].
    pub fn filter_changes(&mut self, id: u64) -> Result<FilterChanges, Error> {
        let filter = self.filters.open.get_mut(&id).ok_or(Error::UnknownFilter)?;
        filter.polled = Instant::now();
        let since = filter.position;
        let progress = self.events.progress();
        let blocks = self.events.blocks_since(since).iter();
        let mut blocks = blocks.filter_map(|hash| self.blocks.by_hash(*hash));
        Ok(match &filter.kind {
            FilterKind::Blocks => {
                filter.position = progress.blocks;
                FilterChanges::Hashes(blocks.map(|block| block.hash).collect())
            }
            FilterKind::Transactions => {
                filter.position = progress.transactions;
                FilterChanges::Hashes(self.events.transactions_since(since).to_vec())
            }
            FilterKind::Logs(criteria) => {
                filter.position = progress.blocks;
                let (from, to) = criteria.extract_block_range();
                let range = from.unwrap_or(0)..=to.unwrap_or(u64::MAX);
                let logs = blocks
                    .by_ref()
                    .filter(|block| range.contains(&block.header.number))
                    .flat_map(|block| matching_logs(block, criteria));
                FilterChanges::Logs(logs.collect())
            }
        })
    }

    /// All logs that a log filter matches, delivered or not.
    ///
    /// # Errors
    /// [`Error::UnknownFilter`], also for filters of another kind; as [`Self::logs`].
    pub fn filter_logs(&mut self, id: u64) -> Result<Vec<Log>, Error> {
        let filter = self.filters.open.get_mut(&id).ok_or(Error::UnknownFilter)?;
        filter.polled = Instant::now();
        let FilterKind::Logs(criteria) = &filter.kind else { return Err(Error::UnknownFilter) };
        let criteria = criteria.clone();
        self.logs(&criteria)
    }
}
