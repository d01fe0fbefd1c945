//! The first block: what the engine wants on the chain, and the funded development accounts.

use alloy_primitives::{Address, B256, KECCAK256_EMPTY, keccak256};

use super::{
    AccountRecord, ChangeSet, Error, Keyring, MinedBlock, NodeConfig, State, block::HeaderFields,
};
use crate::predeploys::ADDRESSES;

/// Writes the genesis state and returns the block that stands on it. On a fork the block takes the
/// place of the forked one: its number, its timestamp.
pub(super) fn write(
    state: &mut State,
    config: &NodeConfig,
    keyring: &Keyring,
    now: u64,
) -> Result<MinedBlock, Error> {
    let changes = change_set(state, config, keyring)?;
    let point = state.remote().map(|remote| *remote.point());
    let version = state.commit(&changes);
    let fields = HeaderFields {
        parent_hash: point.map_or(B256::ZERO, |point| point.hash),
        number: point.map_or(0, |point| point.number),
        l1_number: point.map_or(1, |point| point.l1_number.unwrap_or(point.number)),
        timestamp: config.genesis_timestamp.or(point.map(|point| point.timestamp)).unwrap_or(now),
        base_fee: config.initial_base_fee(),
        coinbase: config.coinbase,
        arbos_version: config.chain.arbos.number(),
    };
    Ok(MinedBlock::seal(&fields, Vec::new(), version))
}

fn change_set(state: &State, config: &NodeConfig, keyring: &Keyring) -> Result<ChangeSet, Error> {
    let mut changes = ChangeSet::default();
    let present = present_contracts(state)?;
    for account in crate::genesis(&config.chain) {
        let address = account.address;
        if present.contains(&address) {
            continue;
        }
        let code = account.info.code.map(|code| code.original_bytes()).unwrap_or_default();
        let record = AccountRecord {
            balance: account.info.balance,
            nonce: account.info.nonce,
            code_hash: keccak256(&code),
            is_local: true,
        };
        changes.accounts.push((address, Some(record)));
        changes.code.push(code);
        let slots = account.storage.into_iter();
        changes.storage.extend(slots.map(|(slot, value)| (address, slot, value)));
    }
    let addresses: Vec<_> = keyring.addresses().collect();
    let nonces = match state.remote() {
        None => vec![0; addresses.len()],
        // They may have sent transactions there. Their keys are public knowledge, so that whatever
        // code others have put at them is left behind.
        Some(remote) => {
            let records = remote.read_accounts(&addresses)?.into_iter();
            records.map(|record| record.map_or(0, |record| record.nonce)).collect()
        }
    };
    for (address, nonce) in addresses.into_iter().zip(nonces) {
        let record = AccountRecord { balance: config.balance, nonce, ..AccountRecord::default() };
        changes.accounts.push((address, Some(record)));
    }
    Ok(changes)
}

/// Those of the contracts that tools expect which the forked chain has itself.
fn present_contracts(state: &State) -> Result<Vec<Address>, Error> {
    let Some(remote) = state.remote() else { return Ok(Vec::new()) };
    let records = remote.read_accounts(&ADDRESSES)?;
    let has_code = |record: &Option<AccountRecord>| {
        record.as_ref().is_some_and(|record| record.code_hash != KECCAK256_EMPTY)
    };
    let found = ADDRESSES.into_iter().zip(&records).filter(|(_, record)| has_code(record));
    Ok(found.map(|(address, _)| address).collect())
}
