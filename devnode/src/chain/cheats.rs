//! Direct changes: balances, code, storage, impersonation, time and mining. Each is a version of the
//! state of its own, so snapshots undo it.

use alloy_eips::BlockId;
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};

use super::{AccountRecord, ChangeSet, Error, ForkConfig, Mining, Node, Transaction};
use crate::stylus::{ARBOS_STATE, Params, Slot};

/// Blocks that one request may mine.
const MAX_BLOCKS: u64 = 100_000;

impl Node {
    /// Sets a balance, wei.
    ///
    /// # Errors
    /// [`Error::Fork`], [`Error::StateFile`].
    pub fn set_balance(&mut self, address: Address, balance: U256) -> Result<(), Error> {
        self.change_account(address, |record| record.balance = balance)
    }

    /// Sets a nonce.
    ///
    /// # Errors
    /// [`Error::Fork`], [`Error::StateFile`].
    pub fn set_nonce(&mut self, address: Address, nonce: u64) -> Result<(), Error> {
        self.change_account(address, |record| record.nonce = nonce)
    }

    /// Puts code at an address.
    ///
    /// # Errors
    /// [`Error::Fork`], [`Error::StateFile`].
    pub fn set_code(&mut self, address: Address, code: Bytes) -> Result<(), Error> {
        let mut record = self.account(address, BlockId::latest())?;
        record.code_hash = keccak256(&code);
        let accounts = vec![(address, Some(record))];
        self.commit(&ChangeSet { accounts, code: vec![code], ..ChangeSet::default() })
    }

    /// Writes a storage slot.
    ///
    /// # Errors
    /// [`Error::StateFile`].
    pub fn set_storage(&mut self, address: Address, slot: U256, value: U256) -> Result<(), Error> {
        let storage = vec![(address, slot, value)];
        self.commit(&ChangeSet { storage, ..ChangeSet::default() })
    }

    /// Raises or lowers the version that programs must be activated for: a rehearsal of an upgrade of
    /// Stylus, after which every program needs to be activated again.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for version 0; [`Error::Fork`], [`Error::StateFile`].
    pub fn set_stylus_version(&mut self, version: u16) -> Result<(), Error> {
        if version == 0 {
            return Err(Error::InvalidArgument("the version of Stylus starts at 1".into()));
        }
        let slot = Slot::Params.into();
        let word = self.storage(ARBOS_STATE, slot, BlockId::latest())?;
        let params = Params { version, ..Params::from_word(word, self.config.chain.arbos) };
        self.set_storage(ARBOS_STATE, slot, params.to_word())
    }

    fn change_account(
        &mut self,
        address: Address,
        change: impl FnOnce(&mut AccountRecord),
    ) -> Result<(), Error> {
        let mut record = self.account(address, BlockId::latest())?;
        change(&mut record);
        self.commit(&ChangeSet { accounts: vec![(address, Some(record))], ..ChangeSet::default() })
    }

    /// Lets transactions of `address` be sent without its key.
    pub fn impersonate(&mut self, address: Address) {
        self.settings.impersonated.insert(address);
    }

    /// Ends [`Self::impersonate`].
    pub fn stop_impersonating(&mut self, address: Address) {
        self.settings.impersonated.remove(&address);
    }

    /// Lets anyone's transactions be sent without a key.
    pub const fn impersonate_all(&mut self, enabled: bool) {
        self.settings.impersonates_all = enabled;
    }

    /// Sets the base fee of the next block, wei per gas.
    pub const fn set_next_base_fee(&mut self, base_fee: u64) {
        self.settings.next_base_fee = Some(base_fee);
    }

    /// Sets the base fee of all blocks to come, wei per gas.
    pub const fn set_base_fee(&mut self, base_fee: u64) {
        self.settings.base_fee = base_fee;
        self.settings.next_base_fee = None;
    }

    /// Sets what contracts see as `block.coinbase`.
    pub const fn set_coinbase(&mut self, coinbase: Address) {
        self.settings.coinbase = coinbase;
    }

    /// Sets the chain id.
    pub fn set_chain_id(&mut self, chain_id: u64) {
        self.config.chain.chain_id = chain_id;
        self.engine = crate::Engine::new(self.config.chain.clone());
    }

    /// When blocks are mined.
    pub const fn mining(&self) -> Mining {
        self.settings.mining
    }

    /// Changes when blocks are mined. Switching to instant mining mines what waits.
    ///
    /// # Errors
    /// [`Error::Fork`], [`Error::StateFile`].
    pub fn set_mining(&mut self, mining: Mining) -> Result<(), Error> {
        self.settings.mining = mining;
        self.mine_waiting()
    }

    /// Mines `count` blocks, each `interval` seconds after the one before if given.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for more blocks than one request may mine; as [`Self::mine`].
    pub fn mine_many(&mut self, count: u64, interval: Option<u64>) -> Result<(), Error> {
        if count > MAX_BLOCKS {
            let message = format!("at most {MAX_BLOCKS} blocks can be mined at once");
            return Err(Error::InvalidArgument(message));
        }
        for index in 0..count {
            let spaced = interval.filter(|_| index > 0);
            let latest = self.latest().header.timestamp;
            self.mine(spaced.map(|seconds| latest.saturating_add(seconds)))?;
        }
        Ok(())
    }

    /// Moves the clock forward without mining; returns by how much it was moved in all.
    pub fn increase_time(&mut self, seconds: u64) -> i64 {
        self.clock.advance(seconds);
        self.clock.offset()
    }

    /// Moves the clock forward and mines a block, so that calls see the new time.
    ///
    /// # Errors
    /// As [`Self::mine`].
    pub fn warp(&mut self, seconds: u64) -> Result<u64, Error> {
        self.clock.advance(seconds);
        Ok(self.mine(None)?.header.timestamp)
    }

    /// Moves the clock to `timestamp` and mines a block there.
    ///
    /// # Errors
    /// [`Error::TimestampTooLow`]; as [`Self::mine`].
    pub fn warp_to(&mut self, timestamp: u64) -> Result<u64, Error> {
        Ok(self.mine(Some(timestamp))?.header.timestamp)
    }

    /// Moves the clock to a time, which may lie in the past; blocks never go back.
    pub fn set_time(&mut self, timestamp: u64) {
        self.clock.set(timestamp);
    }

    /// Gives the next block exactly this timestamp.
    ///
    /// # Errors
    /// [`Error::TimestampTooLow`].
    pub fn set_next_timestamp(&mut self, timestamp: u64) -> Result<(), Error> {
        self.clock.set_next(timestamp, self.latest().header.timestamp)
    }

    /// Makes each block this much later than its parent; `None` returns to the clock.
    pub const fn set_timestamp_interval(&mut self, seconds: Option<u64>) {
        self.clock.set_interval(seconds);
    }

    /// The interval between timestamps, if one is set.
    pub const fn timestamp_interval(&self) -> Option<u64> {
        self.clock.interval()
    }

    /// Takes a transaction out of the pool.
    pub fn drop_transaction(&mut self, hash: B256) -> Option<Transaction> {
        self.pool.remove(hash)
    }

    /// Empties the pool, of one sender or of all.
    pub fn drop_transactions(&mut self, sender: Option<Address>) {
        match sender {
            Some(sender) => self.pool.clear_sender(sender),
            None => self.pool.clear(),
        }
    }

    /// The whole state at the latest block. Of a fork, what was written since.
    pub fn dump_state(&self) -> ChangeSet {
        self.state.flatten()
    }

    /// Lays a dumped state over the present one.
    ///
    /// # Errors
    /// [`Error::StateFile`].
    pub fn load_state(&mut self, changes: &ChangeSet) -> Result<(), Error> {
        self.commit(changes)
    }

    /// Begins anew, on another fork or on none. Snapshots and open filters are lost; the session's
    /// settings stay.
    ///
    /// # Errors
    /// [`Error::Fork`]; [`Error::InvalidArgument`] when the chain is kept in a state file.
    pub fn reset(&mut self, fork: Option<ForkConfig>) -> Result<(), Error> {
        if self.config.state_file.is_some() {
            let message = "a chain that is kept in a state file cannot be reset";
            return Err(Error::InvalidArgument(message.into()));
        }
        let mut config = self.config.clone();
        config.fork = fork;
        let mut fresh = Self::new(config)?;
        fresh.settings.mining = self.settings.mining;
        fresh.settings.impersonated = core::mem::take(&mut self.settings.impersonated);
        fresh.settings.impersonates_all = self.settings.impersonates_all;
        // Subscribers go on listening to the same log of events.
        core::mem::swap(&mut fresh.events, &mut self.events);
        *self = fresh;
        Ok(())
    }

    /// Undoes the newest `depth` blocks.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] when there are fewer; [`Error::StateFile`].
    pub fn roll_back(&mut self, depth: u64) -> Result<(), Error> {
        let latest = self.latest().header.number;
        let target = latest.checked_sub(depth).and_then(|number| self.blocks.by_number(number));
        let Some(target) = target else {
            return Err(Error::InvalidArgument(format!("cannot undo {depth} blocks of {latest}")));
        };
        let (number, state) = (target.header.number, target.state);
        self.snapshots.retain(|snapshot| snapshot.block <= number && snapshot.state <= state);
        self.rewind(number, state)
    }
}
