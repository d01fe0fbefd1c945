//! How a node is set up.

use core::time::Duration;
use std::path::PathBuf;

use alloy_primitives::{Address, U256, address};

use super::{ClockSource, DEFAULT_MNEMONIC, ForkConfig, ForkPoint};
use crate::ChainConfig;

/// When blocks are mined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mining {
    /// One block per transaction, as soon as it arrives.
    #[default]
    Instant,
    /// A block whenever this much time has passed, with all that waits.
    Interval(Duration),
    /// Only when asked to.
    Manual,
}

/// How a node is set up. The default is a fresh chain with ten funded accounts, instant mining and
/// the system clock.
#[derive(Clone, Debug)]
pub struct NodeConfig {
    /// `ArbOS` version and limits.
    pub chain: ChainConfig,
    /// Chain id; that of the engine's configuration, or of the forked chain, without it.
    pub chain_id: Option<u64>,
    /// Phrase that the development accounts are derived from.
    pub mnemonic: String,
    /// How many development accounts.
    pub accounts: u32,
    /// What each of them owns at genesis, wei.
    pub balance: U256,
    /// When blocks are mined.
    pub mining: Mining,
    /// Where time comes from.
    pub clock: ClockSource,
    /// Timestamp of genesis, Unix seconds; the current time without it.
    pub genesis_timestamp: Option<u64>,
    /// Wei per gas, constant unless changed by RPC; 0.1 gwei, or the forked block's, without it.
    pub base_fee: Option<u64>,
    /// The sequencer's address, which contracts see as `block.coinbase`.
    pub coinbase: Address,
    /// Gas limit of calls that name none.
    pub call_gas_cap: u64,
    /// The chain to read missing state from.
    pub fork: Option<ForkConfig>,
    /// Where the chain is kept between runs.
    pub state_file: Option<PathBuf>,
}

/// What `nitro --dev` charges, wei per gas.
const BASE_FEE: u64 = 100_000_000;

impl NodeConfig {
    /// Takes from the forked block what is left open.
    pub(super) fn complete(&mut self, point: Option<&ForkPoint>) {
        let inherited = point.map(|point| point.chain_id);
        self.chain.chain_id = self.chain_id.or(inherited).unwrap_or(self.chain.chain_id);
        let inherited = point.and_then(|point| point.base_fee);
        self.base_fee = self.base_fee.or(inherited).or(Some(BASE_FEE));
    }

    /// The base fee that blocks start with, wei per gas.
    pub(super) fn initial_base_fee(&self) -> u64 {
        self.base_fee.unwrap_or(BASE_FEE)
    }

    /// A chain whose time stands still until it is moved, so that equal runs give equal blocks.
    pub fn reproducible(genesis_timestamp: u64) -> Self {
        Self {
            clock: ClockSource::Manual,
            genesis_timestamp: Some(genesis_timestamp),
            ..Self::default()
        }
    }
}

impl Default for NodeConfig {
    fn default() -> Self {
        Self {
            chain: ChainConfig::default(),
            chain_id: None,
            mnemonic: DEFAULT_MNEMONIC.into(),
            accounts: 10,
            balance: ether(10_000),
            mining: Mining::Instant,
            clock: ClockSource::System,
            genesis_timestamp: None,
            base_fee: None,
            coinbase: address!("A4b000000000000000000073657175656e636572"),
            call_gas_cap: 50_000_000,
            fork: None,
            state_file: None,
        }
    }
}

/// Whole ether in wei.
pub fn ether(amount: u64) -> U256 {
    U256::from(amount).saturating_mul(U256::from(1_000_000_000_000_000_000_u64))
}
