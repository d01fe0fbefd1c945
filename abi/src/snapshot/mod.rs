//! Market data as the oracle hands it to margin: the request (series) and the answer (words) of `IOracle.snapshot`.
//!
//! A series is `underlying << 22 | hour`, ascending and distinct. Hour 0 is the underlying itself and stands before each
//! of its other series; hour 1 is its perpetual; any other hour is an expiry, in hours since 1970.
//!
//! ```text
//! word 0        stable price (uint128) << 128 | validity (uint8)
//! then, for each series in the order asked:
//! underlying    2 words   index price (uint128) << 128 | updated at (uint64) << 64 | validity (uint8)
//!                         slow price (uint128) << 128
//! perpetual     2 words   mark (uint128) << 128 | funding index (int128)
//!                         confidence (uint64) << 64
//! expiry        3 words   model time (uint40) << 216 | forward confidence (uint60) << 156 | state (uint8) << 128
//!                         | rate confidence (uint64) << 64 | volatility confidence (uint64)
//!                         forward or settlement price (uint128) << 128 | a (int64) << 64 | b (uint64)
//!                         rho (int64) << 192 | m (int64) << 128 | sigma (uint64) << 64 | rate (int64)
//!               2 more in the states Expired and Observed
//!                         forward that can still move (uint128) << 128 | observed share (uint64)
//!                         least (uint128) << 128 | greatest price that a dispute may set (uint128)
//! ```
//!
//! Prices, rates, the surface's parameters and confidences have 18 decimals.

mod market;
mod request;
mod words;

pub use market::{level, level_number, read_market};
pub use request::{
    EXPIRY_BITS, HOUR_MASK, PERPETUAL_HOUR, Series, add_book, series_of_instrument, sort,
};
pub use words::{CONFIDENCE_BITS, CONFIDENCE_ONE};
pub use words::{Expiry, ExpiryState, Index, Perpetual, Stable};
