//! The world state, kept in versions: every commit appends what it wrote, so the state at any block
//! and before any transaction stays readable, and going back is dropping the newest versions.
//!
//! A read at version `v` is a binary search over the few versions that wrote that key. A commit
//! costs what it writes; nothing is ever cloned.

use alloy_primitives::{
    Address, B256, Bytes, KECCAK256_EMPTY, U256, keccak256,
    map::{B256HashMap, HashMap},
};
use revm::{
    bytecode::Bytecode,
    state::{AccountInfo, EvmState},
};
use serde::{Deserialize, Serialize};

use super::{Error, fork::Remote};

/// Counts commits; version 0 is the empty state below genesis.
pub type Version = u64;

/// An account as the state keeps it; its code lives once, under the code hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountRecord {
    /// Balance in wei.
    pub balance: U256,
    /// Transactions sent, or contracts created.
    pub nonce: u64,
    /// Keccak-256 of the code.
    pub code_hash: B256,
    /// The account was created here: its storage is never read from a forked chain.
    pub is_local: bool,
}

impl AccountRecord {
    const EMPTY: Self =
        Self { balance: U256::ZERO, nonce: 0, code_hash: KECCAK256_EMPTY, is_local: false };

    const fn from_info(info: &AccountInfo, is_local: bool) -> Self {
        Self { balance: info.balance, nonce: info.nonce, code_hash: info.code_hash, is_local }
    }
}

impl Default for AccountRecord {
    fn default() -> Self {
        Self::EMPTY
    }
}

/// What one commit writes: a transaction, or a direct change asked for by RPC.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeSet {
    /// Accounts with their new content; `None` deletes.
    pub accounts: Vec<(Address, Option<AccountRecord>)>,
    /// Storage: account, slot, new value.
    pub storage: Vec<(Address, U256, U256)>,
    /// Bytecodes that the accounts above refer to and that may be new.
    pub code: Vec<Bytes>,
}

/// A value with the version that wrote it; a key's list is in rising order of version.
type Versions<T> = Vec<(Version, T)>;

/// Every version of the state, and the forked chain below it, if any.
#[derive(Debug, Default)]
pub struct State {
    accounts: HashMap<Address, Versions<Option<AccountRecord>>>,
    storage: HashMap<(Address, U256), Versions<U256>>,
    code: B256HashMap<Bytecode>,
    /// `written[v - 1]`: the keys that version `v` wrote.
    written: Vec<Written>,
    remote: Option<Remote>,
}

#[derive(Debug, Default)]
struct Written {
    accounts: Vec<Address>,
    storage: Vec<(Address, U256)>,
}

impl State {
    /// An empty state, over a forked chain if one is given.
    pub fn new(remote: Option<Remote>) -> Self {
        Self { remote, ..Self::default() }
    }

    /// The newest version.
    pub fn version(&self) -> Version {
        u64::try_from(self.written.len()).unwrap_or(u64::MAX)
    }

    /// The forked chain below this state.
    pub const fn remote(&self) -> Option<&Remote> {
        self.remote.as_ref()
    }

    /// Exchanges the forked chains below two states.
    pub(super) const fn swap_remote(&mut self, other: &mut Self) {
        core::mem::swap(&mut self.remote, &mut other.remote);
    }

    /// Applies `changes` as a new version, which it returns.
    pub fn commit(&mut self, changes: &ChangeSet) -> Version {
        let version = self.version().saturating_add(1);
        for code in &changes.code {
            self.insert_code(keccak256(code), || bytecode(code.clone()));
        }
        let mut written = Written::default();
        for (address, record) in &changes.accounts {
            self.accounts.entry(*address).or_default().push((version, *record));
            written.accounts.push(*address);
        }
        for (address, slot, value) in &changes.storage {
            self.storage.entry((*address, *slot)).or_default().push((version, *value));
            written.storage.push((*address, *slot));
        }
        self.written.push(written);
        version
    }

    /// Turns what an execution touched into a change set, and keeps its new bytecodes.
    ///
    /// Touched empty accounts are deleted (EIP-161); unchanged slots are left out.
    pub fn change_set(&mut self, touched: EvmState) -> ChangeSet {
        let mut changes = ChangeSet::default();
        let mut touched: Vec<_> =
            touched.into_iter().filter(|(_, account)| account.is_touched()).collect();
        touched.sort_unstable_by_key(|(address, _)| *address);
        for (address, account) in touched {
            let known = self.account_at(address, self.version()).flatten();
            let mut slots: Vec<_> = account
                .changed_storage_slots()
                .map(|(slot, value)| (address, *slot, value.present_value))
                .collect();
            slots.sort_unstable();
            if account.is_selfdestructed() || account.is_empty() {
                if known.is_some() || self.remote.is_some() {
                    changes.accounts.push((address, None));
                }
                if !account.is_selfdestructed() {
                    changes.storage.extend(slots);
                }
                continue;
            }
            let is_local = account.is_created() || known.is_some_and(|record| record.is_local);
            let record = AccountRecord::from_info(&account.info, is_local);
            if let Some(code) = &account.info.code
                && record.code_hash != KECCAK256_EMPTY
                && !self.code.contains_key(&record.code_hash)
            {
                changes.code.push(code.original_bytes());
                self.code.insert(record.code_hash, code.clone());
            }
            if known != Some(record) {
                changes.accounts.push((address, Some(record)));
            }
            changes.storage.extend(slots);
        }
        changes
    }

    /// Forgets every version after `version`.
    pub fn rewind(&mut self, version: Version) {
        while self.version() > version {
            let Some(written) = self.written.pop() else { return };
            for address in written.accounts {
                pop_version(&mut self.accounts, &address, version);
            }
            for key in written.storage {
                pop_version(&mut self.storage, &key, version);
            }
        }
    }

    /// The account as of `version`: `None` when no version wrote it, `Some(None)` when deleted.
    #[expect(clippy::option_option, reason = "unwritten and deleted are different answers")]
    fn account_at(&self, address: Address, version: Version) -> Option<Option<AccountRecord>> {
        at(self.accounts.get(&address)?, version)
    }

    /// Reads one account as of `version`.
    ///
    /// # Errors
    /// [`Error::Fork`] when a forked chain cannot be read.
    pub fn account(
        &self,
        address: Address,
        version: Version,
    ) -> Result<Option<AccountRecord>, Error> {
        if let Some(record) = self.account_at(address, version) {
            return Ok(record);
        }
        let Some(remote) = &self.remote else { return Ok(None) };
        remote.account(address)
    }

    /// Reads one storage slot as of `version`.
    ///
    /// # Errors
    /// [`Error::Fork`] when a forked chain cannot be read.
    pub fn slot(&self, address: Address, slot: U256, version: Version) -> Result<U256, Error> {
        let known = self.storage.get(&(address, slot)).and_then(|versions| at(versions, version));
        if let Some(value) = known {
            return Ok(value);
        }
        let Some(remote) = &self.remote else { return Ok(U256::ZERO) };
        match self.account_at(address, version) {
            Some(None) => Ok(U256::ZERO),
            Some(Some(record)) if record.is_local => Ok(U256::ZERO),
            _ => remote.slot(address, slot),
        }
    }

    /// Reads a bytecode by its hash.
    ///
    /// # Errors
    /// [`Error::Fork`] when a forked chain cannot be read.
    pub fn bytecode(&self, code_hash: B256) -> Result<Bytecode, Error> {
        if code_hash == KECCAK256_EMPTY || code_hash.is_zero() {
            return Ok(Bytecode::default());
        }
        if let Some(code) = self.code.get(&code_hash) {
            return Ok(code.clone());
        }
        let remote = self.remote.as_ref().and_then(|remote| remote.code(code_hash));
        Ok(remote.map(bytecode).unwrap_or_default())
    }

    fn insert_code(&mut self, code_hash: B256, code: impl FnOnce() -> Bytecode) {
        self.code.entry(code_hash).or_insert_with(code);
    }

    /// How many account and slot values are held over all versions.
    pub fn held_values(&self) -> (usize, usize) {
        (
            self.accounts.values().map(Vec::len).fold(0, usize::saturating_add),
            self.storage.values().map(Vec::len).fold(0, usize::saturating_add),
        )
    }

    /// Everything that differs from genesis' emptiness or the fork at the newest version, as one
    /// change set: what a compacted state file holds.
    pub fn flatten(&self) -> ChangeSet {
        let version = self.version();
        let mut changes = ChangeSet::default();
        for (address, versions) in &self.accounts {
            if let Some(record) = at(versions, version) {
                changes.accounts.push((*address, record));
            }
        }
        for ((address, slot), versions) in &self.storage {
            if let Some(value) = at(versions, version) {
                changes.storage.push((*address, *slot, value));
            }
        }
        changes.code = self.code.values().map(Bytecode::original_bytes).collect();
        changes.accounts.sort_unstable_by_key(|(address, _)| *address);
        changes.storage.sort_unstable();
        changes.code.sort_unstable();
        changes
    }
}

/// Wraps raw code for execution; code that is not a well-formed delegation runs as legacy code.
pub(super) fn bytecode(code: Bytes) -> Bytecode {
    Bytecode::new_raw_checked(code.clone()).unwrap_or_else(|_| Bytecode::new_legacy(code))
}

/// The value of the last version at or below `version`.
fn at<T: Copy>(versions: &Versions<T>, version: Version) -> Option<T> {
    let newest = versions.last()?;
    if newest.0 <= version {
        return Some(newest.1);
    }
    let after = versions.partition_point(|(written, _)| *written <= version);
    versions.get(after.checked_sub(1)?).map(|(_, value)| *value)
}

fn pop_version<K: core::hash::Hash + Eq, T>(
    map: &mut HashMap<K, Versions<T>>,
    key: &K,
    version: Version,
) {
    if let Some(versions) = map.get_mut(key) {
        while versions.last().is_some_and(|(written, _)| *written > version) {
            versions.pop();
        }
        if versions.is_empty() {
            map.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(balance: u64) -> AccountRecord {
        AccountRecord { balance: U256::from(balance), is_local: true, ..AccountRecord::EMPTY }
    }

    fn write(address: Address, balance: u64, slot: u64, value: u64) -> ChangeSet {
        ChangeSet {
            accounts: vec![(address, Some(record(balance)))],
            storage: vec![(address, U256::from(slot), U256::from(value))],
            code: vec![],
        }
    }

    #[test]
    fn every_version_stays_readable() {
        let (a, slot) = (Address::repeat_byte(1), U256::from(7));
        let mut state = State::default();
        for value in 1..=5 {
            state.commit(&write(a, value, 7, value * 10));
        }
        assert_eq!(state.account(a, 0).unwrap(), None);
        for version in 1..=5 {
            assert_eq!(state.account(a, version).unwrap(), Some(record(version)));
            assert_eq!(state.slot(a, slot, version).unwrap(), U256::from(version * 10));
        }
    }

    #[test]
    fn rewind_restores_the_older_version_exactly() {
        let (a, b) = (Address::repeat_byte(1), Address::repeat_byte(2));
        let mut state = State::default();
        state.commit(&write(a, 1, 0, 1));
        let before = state.flatten();
        state.commit(&write(b, 2, 0, 2));
        state.commit(&ChangeSet { accounts: vec![(a, None)], ..ChangeSet::default() });
        assert_eq!(state.account(a, 3).unwrap(), None);
        state.rewind(1);
        assert_eq!(state.version(), 1);
        assert_eq!(state.flatten(), before);
        assert_eq!(state.held_values(), (1, 1));
    }
}
