//! What the oracle stores. Field order is the storage layout: append, never reorder. Words are packed in `load.rs`.

#[allow(unused_imports, reason = "the storage macro names them")]
use alloc::{vec, vec::Vec};

use alloy_primitives::Address;
use novate_common::Governance;
use stylus_sdk::{
    prelude::*,
    storage::{StorageAddress, StorageBool, StorageMap, StorageU8, StorageU256, StorageVec},
};

/// The oracle's storage root.
#[storage]
pub struct Oracle {
    /// Governor, guardian, pause mask.
    pub(crate) governance: Governance,
    /// Sequencer feed (address) << 96 | grace, seconds (u32) << 64 | whether a stable feed is set (bit 0).
    pub(crate) sequencer: StorageU256,
    /// Stable feed (address) << 96 | heartbeat, seconds (u32) << 64 | decimals (u8).
    pub(crate) stable: StorageU256,
    /// Signatures that a post needs.
    pub(crate) threshold: StorageU8,
    /// Who may sign posts.
    pub(crate) publishers: StorageVec<StorageAddress>,
    /// Whether an address is among the publishers.
    pub(crate) is_publisher: StorageMap<Address, StorageBool>,
    /// Feed of each underlying.
    pub(crate) feeds: StorageMap<u8, FeedWords>,
    /// Perpetual of each underlying.
    pub(crate) marks: StorageMap<u8, MarkWords>,
    /// Forward and surface of each series (`underlying << 22 | hours`).
    pub(crate) surfaces: StorageMap<u32, SurfaceWords>,
    /// Settlement price of each series: price (u128) << 128 | final from, Unix seconds (u64); 0: not proposed.
    pub(crate) settlements: StorageMap<u32, StorageU256>,
}

/// An underlying's feed: 2 words, of which a snapshot reads one, unless the answer is within a factor of 2 of a bound.
#[storage]
pub struct FeedWords {
    /// Feed (address) << 96 | heartbeat, seconds (u32) << 64 | binary digits of the maximum (u8) << 16 | of the minimum (u8) << 8 | decimals (u8).
    pub(crate) reader: StorageU256,
    /// Maximum answer (u128) << 128 | minimum answer (u128), 18 decimals.
    pub(crate) bounds: StorageU256,
}

/// A perpetual's mark and funding: 3 words, of which a snapshot reads 2.
#[storage]
pub struct MarkWords {
    /// Mark, 18 decimals (u128) << 128 | model time (u64) << 64 | confidence, 18 decimals (u64).
    pub(crate) mark: StorageU256,
    /// Funding index, 18 decimals (i128) << 128 | rate, 1e-18 of quote a second (i64) << 64 | accrued until, Unix seconds (u64).
    pub(crate) funding: StorageU256,
    /// Nonce (u64) << 128 | premium average, 18 decimals (i64) << 64 | last premium, 18 decimals (i64).
    pub(crate) premium: StorageU256,
}

/// A forward and a surface: 4 words, of which a snapshot reads 3.
#[storage]
pub struct SurfaceWords {
    /// Forward (u128) << 128 | a (i64) << 64 | b (u64), 18 decimals.
    pub(crate) level: StorageU256,
    /// Rho (i64) << 192 | m (i64) << 128 | sigma (u64) << 64 | rate (i64), 18 decimals.
    pub(crate) shape: StorageU256,
    /// Model time (u40) << 216 | forward confidence (u60) << 156 | forward over index when posted, 1e-7 (u28) << 128
    /// | rate confidence (u64) << 64 | volatility confidence (u64).
    pub(crate) trust: StorageU256,
    /// Nonce (u64).
    pub(crate) nonce: StorageU256,
}

impl core::fmt::Debug for Oracle {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.write_str("Oracle")
    }
}
