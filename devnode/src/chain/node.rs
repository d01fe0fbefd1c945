//! The chain itself: one owner of state, blocks, pool and clock. It lives on one thread; a
//! [`super::NodeHandle`] speaks to it from others.

use alloy_eips::{BlockId, BlockNumberOrTag};
use alloy_primitives::{Address, B256, Bytes, U256, map::AddressHashSet};
use tokio::sync::watch;

use super::{
    AccountRecord, Blocks, ChangeSet, Clock, Error, Events, Filters, Journal, Keyring, MinedBlock,
    Mining, NodeConfig, Pool, Progress, Remote, Snapshot, State, Version, block::GAS_LIMIT,
    genesis,
};
use crate::{Block, Engine};

/// Seconds between L1 blocks, from which the L1 block number is estimated.
const L1_BLOCK_SECONDS: u64 = 12;

/// What can be changed while the node runs.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub mining: Mining,
    pub base_fee: u64,
    /// The next block's base fee, once.
    pub next_base_fee: Option<u64>,
    pub coinbase: Address,
    pub impersonated: AddressHashSet,
    /// Anyone may be impersonated.
    pub impersonates_all: bool,
}

/// An Arbitrum development chain.
pub struct Node {
    pub(super) config: NodeConfig,
    pub(super) settings: Settings,
    pub(super) engine: Engine,
    pub(super) state: State,
    pub(super) blocks: Blocks,
    pub(super) pool: Pool,
    pub(super) clock: Clock,
    pub(super) keyring: Keyring,
    pub(super) snapshots: Vec<Snapshot>,
    pub(super) snapshot_count: u64,
    pub(super) filters: Filters,
    pub(super) events: Events,
    pub(super) journal: Option<Journal>,
}

impl core::fmt::Debug for Node {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Node")
            .field("config", &self.config)
            .field("latest", &self.latest().header.number)
            .field("pool", &self.pool.len())
            .finish_non_exhaustive()
    }
}

/// A block as executions see it, and the state that they run on.
#[derive(Clone, Debug)]
pub(super) struct Environment {
    pub block: Block,
    pub version: Version,
}

impl Node {
    /// Starts a chain: from genesis, from a fork, or where the state file left off.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for an unusable configuration, [`Error::Fork`],
    /// [`Error::StateFile`].
    pub fn new(mut config: NodeConfig) -> Result<Self, Error> {
        let keyring = Keyring::from_mnemonic(&config.mnemonic, config.accounts)?;
        let remote = config.fork.clone().map(Remote::connect).transpose()?;
        config.complete(remote.as_ref().map(Remote::point));
        let settings = Settings {
            mining: config.mining,
            base_fee: config.initial_base_fee(),
            next_base_fee: None,
            coinbase: config.coinbase,
            impersonated: AddressHashSet::default(),
            impersonates_all: false,
        };
        let clock = Clock::new(config.clock, config.genesis_timestamp);
        let mut state = State::new(remote);
        let first = genesis::write(&mut state, &config, &keyring, clock.now())?;
        let mut node = Self {
            engine: Engine::new(config.chain.clone()),
            settings,
            state,
            blocks: Blocks::new(first),
            pool: Pool::default(),
            clock,
            keyring,
            snapshots: Vec::new(),
            snapshot_count: 0,
            filters: Filters::default(),
            events: Events::default(),
            journal: None,
            config,
        };
        node.open_state_file()?;
        Ok(node)
    }

    /// Notifies of every block mined and transaction accepted from now on.
    pub fn progress(&self) -> watch::Receiver<Progress> {
        self.events.subscribe()
    }

    /// The newest block.
    pub fn latest(&self) -> &MinedBlock {
        self.blocks.latest()
    }

    /// All blocks.
    pub const fn blocks(&self) -> &Blocks {
        &self.blocks
    }

    /// How the node was set up.
    pub const fn config(&self) -> &NodeConfig {
        &self.config
    }

    /// The keys that the node signs with.
    pub const fn keyring(&self) -> &Keyring {
        &self.keyring
    }

    /// The chain id.
    pub const fn chain_id(&self) -> u64 {
        self.config.chain.chain_id
    }

    /// The base fee of the next block, wei per gas.
    pub fn base_fee(&self) -> u64 {
        self.settings.next_base_fee.unwrap_or(self.settings.base_fee)
    }

    /// What happened since the node started.
    pub const fn events(&self) -> &Events {
        &self.events
    }

    /// The transactions that wait.
    pub const fn pool(&self) -> &Pool {
        &self.pool
    }

    /// How many account and slot values are held over all versions of the state.
    pub fn held_values(&self) -> (usize, usize) {
        self.state.held_values()
    }

    /// The mined block that `id` names; `pending` is the latest one.
    ///
    /// # Errors
    /// [`Error::UnknownBlock`], [`Error::UnknownBlockHash`].
    pub fn block(&self, id: BlockId) -> Result<&MinedBlock, Error> {
        match id {
            BlockId::Hash(hash) => {
                let hash = hash.block_hash;
                self.blocks.by_hash(hash).ok_or(Error::UnknownBlockHash { hash })
            }
            BlockId::Number(BlockNumberOrTag::Number(number)) => {
                self.blocks.by_number(number).ok_or(Error::UnknownBlock)
            }
            BlockId::Number(BlockNumberOrTag::Earliest) => Ok(self.blocks.first()),
            BlockId::Number(_) => Ok(self.latest()),
        }
    }

    /// The block that calls at `id` see: a mined one, or the one to come for `pending`.
    pub(super) fn environment(&self, id: BlockId) -> Result<Environment, Error> {
        if id.is_pending() {
            let timestamp = self.clock.peek(self.latest().header.timestamp);
            let block = self.next_block(timestamp);
            return Ok(Environment { block, version: self.state.version() });
        }
        let block = self.block(id)?;
        // Changes made by RPC since the latest block belong to it.
        let is_latest = block.header.number == self.latest().header.number;
        let version = if is_latest { self.state.version() } else { block.state };
        Ok(Environment { block: block_environment(block), version })
    }

    /// The block after the latest one, at `timestamp`.
    pub(super) fn next_block(&self, timestamp: u64) -> Block {
        let parent = self.latest();
        Block {
            number: parent.header.number.saturating_add(1),
            l1_number: self.l1_number(timestamp).max(parent.l1_number),
            timestamp,
            base_fee: self.base_fee(),
            coinbase: self.settings.coinbase,
            gas_limit: GAS_LIMIT,
            prevrandao: B256::with_last_byte(1),
        }
    }

    /// The L1 block number is estimated from the time since the first block.
    const fn l1_number(&self, timestamp: u64) -> u64 {
        let first = self.blocks.first();
        let elapsed = timestamp.saturating_sub(first.header.timestamp);
        first.l1_number.saturating_add(elapsed.wrapping_div(L1_BLOCK_SECONDS))
    }

    fn version_at(&self, id: BlockId) -> Result<Version, Error> {
        Ok(self.environment(id)?.version)
    }

    /// An account as of a block; an absent one is empty.
    ///
    /// # Errors
    /// Unknown block, or [`Error::Fork`].
    pub fn account(&self, address: Address, id: BlockId) -> Result<AccountRecord, Error> {
        let version = self.version_at(id)?;
        Ok(self.state.account(address, version)?.unwrap_or_default())
    }

    /// The code of an account as of a block.
    ///
    /// # Errors
    /// Unknown block, or [`Error::Fork`].
    pub fn code(&self, address: Address, id: BlockId) -> Result<Bytes, Error> {
        let record = self.account(address, id)?;
        Ok(self.state.bytecode(record.code_hash)?.original_bytes())
    }

    /// A storage slot as of a block.
    ///
    /// # Errors
    /// Unknown block, or [`Error::Fork`].
    pub fn storage(&self, address: Address, slot: U256, id: BlockId) -> Result<U256, Error> {
        self.state.slot(address, slot, self.version_at(id)?)
    }

    /// The nonce of an account; `pending` counts what waits in the pool.
    ///
    /// # Errors
    /// Unknown block, or [`Error::Fork`].
    pub fn nonce(&self, address: Address, id: BlockId) -> Result<u64, Error> {
        let nonce = self.account(address, id)?.nonce;
        Ok(if id.is_pending() { self.pool.pending_nonce(address, nonce) } else { nonce })
    }

    /// Whether the node sends transactions for `address` without its signature.
    pub fn can_impersonate(&self, address: Address) -> bool {
        self.settings.impersonates_all || self.settings.impersonated.contains(&address)
    }

    /// Applies a change asked for by RPC, outside any block.
    pub(super) fn commit(&mut self, changes: &ChangeSet) -> Result<(), Error> {
        self.state.commit(changes);
        self.journal.as_mut().map_or(Ok(()), |journal| journal.changes(changes))
    }

    /// Appends a block whose changes the state already holds.
    pub(super) fn push_block(
        &mut self,
        block: MinedBlock,
        changes: Vec<ChangeSet>,
    ) -> Result<(), Error> {
        if let Some(journal) = &mut self.journal {
            journal.block(&block, changes, self.clock)?;
        }
        self.events.mined(block.hash);
        self.blocks.push(block);
        Ok(())
    }
}

/// A mined block as the engine sees it.
pub(super) fn block_environment(block: &MinedBlock) -> Block {
    Block {
        number: block.header.number,
        l1_number: block.l1_number,
        timestamp: block.header.timestamp,
        base_fee: block.base_fee(),
        coinbase: block.header.beneficiary,
        gas_limit: GAS_LIMIT,
        prevrandao: B256::with_last_byte(1),
    }
}
