//! Market data files: option chains and price bars as CSV, plain or gzip-compressed.
//!
//! Every fault is one line that names file, line and column (both from 1), so that an editor can jump there.

mod bars;
mod chain;
mod sheet;
mod time;

pub use bars::{Bar, Bars, load_bars};
pub use chain::{Chain, OptionQuote, Right, Snapshot, load_chain};
pub use sheet::InputError;
pub use time::{format_time, parse_time};
