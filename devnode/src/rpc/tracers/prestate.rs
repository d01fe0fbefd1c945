//! `prestateTracer`: what the touched accounts held before, or how they changed.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, Bytes, U256};
use revm::state::{Account, AccountInfo, EvmState};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Settings of the tracer.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::rpc) struct Settings {
    diff_mode: bool,
    disable_code: bool,
    disable_storage: bool,
}

/// An account as the tracer shows it; what is absent is empty, or unchanged in a difference.
#[derive(Debug, Default, PartialEq, Serialize)]
struct Shown {
    #[serde(skip_serializing_if = "Option::is_none")]
    balance: Option<U256>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<Bytes>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    storage: BTreeMap<B256, B256>,
}

type Accounts = BTreeMap<Address, Shown>;

pub(super) fn show(touched: &EvmState, settings: Settings) -> Value {
    if settings.diff_mode {
        return difference(touched, settings);
    }
    let accounts = touched.iter().map(|(address, account)| {
        let storage = account.storage.iter().filter(|_| !settings.disable_storage);
        let storage = storage.map(|(slot, value)| (*slot, value.original_value));
        (*address, whole(&account.original_info(), storage, settings))
    });
    json!(accounts.collect::<Accounts>())
}

fn whole(
    info: &AccountInfo,
    storage: impl Iterator<Item = (U256, U256)>,
    settings: Settings,
) -> Shown {
    Shown {
        balance: Some(info.balance),
        nonce: Some(info.nonce).filter(|nonce| *nonce > 0),
        code: code(info).filter(|code| !settings.disable_code && !code.is_empty()),
        storage: storage.map(|(slot, value)| (slot.into(), value.into())).collect(),
    }
}

fn code(info: &AccountInfo) -> Option<Bytes> {
    info.code.as_ref().map(revm::bytecode::Bytecode::original_bytes)
}

fn difference(touched: &EvmState, settings: Settings) -> Value {
    let (mut before, mut after) = (Accounts::new(), Accounts::new());
    for (address, account) in touched.iter().filter(|(_, account)| account.is_touched()) {
        let (old, new) = change(account, settings);
        if old == new {
            continue;
        }
        if !account.is_created() {
            before.insert(*address, old);
        }
        if !account.is_selfdestructed() {
            after.insert(*address, new);
        }
    }
    json!({"pre": before, "post": after})
}

/// An account before, whole but for its storage, and after, only what differs.
fn change(account: &Account, settings: Settings) -> (Shown, Shown) {
    let (info, now) = (account.original_info(), &account.info);
    let mut old = whole(&info, core::iter::empty(), settings);
    let mut new = Shown {
        balance: Some(now.balance).filter(|balance| *balance != info.balance),
        nonce: Some(now.nonce).filter(|nonce| *nonce != info.nonce),
        code: code(now).filter(|_| now.code_hash != info.code_hash && !settings.disable_code),
        storage: BTreeMap::new(),
    };
    for (slot, value) in account.changed_storage_slots().filter(|_| !settings.disable_storage) {
        let key = B256::from(*slot);
        if !value.original_value.is_zero() {
            old.storage.insert(key, value.original_value.into());
        }
        if !value.present_value.is_zero() {
            new.storage.insert(key, value.present_value.into());
        }
    }
    if new == Shown::default() && old.storage.is_empty() {
        // Touched but unchanged.
        return (Shown::default(), Shown::default());
    }
    (old, new)
}
