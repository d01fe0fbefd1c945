//! The chain below a fork: accounts, code and storage read from another node's JSON-RPC at one block,
//! each value once, and kept on disk between runs.

use core::{cell::RefCell, error::Error as _, time::Duration};
use std::{fs, path::PathBuf};

use alloy_primitives::{
    Address, B256, Bytes, KECCAK256_EMPTY, U64, U256, keccak256,
    map::{B256HashMap, HashMap},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::{AccountRecord, Error};

/// How often a request is tried when the node is busy.
const ATTEMPTS: u32 = 4;
const TIMEOUT: Duration = Duration::from_secs(30);

/// What to fork.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForkConfig {
    /// JSON-RPC over HTTP.
    pub url: String,
    /// The block whose state is forked; the latest without it.
    pub block: Option<u64>,
    /// Folder for what was read; nothing is kept without it.
    pub cache: Option<PathBuf>,
}

/// The block that was forked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ForkPoint {
    /// Chain id of the forked chain.
    pub chain_id: u64,
    /// Block number.
    pub number: u64,
    /// Block hash.
    pub hash: B256,
    /// Its timestamp, Unix seconds.
    pub timestamp: u64,
    /// Its base fee, wei per gas.
    pub base_fee: Option<u64>,
    /// The L1 block number, if the chain is an Arbitrum chain.
    pub l1_number: Option<u64>,
}

/// A read-only view of another chain at one block.
#[derive(Debug)]
pub struct Remote {
    client: reqwest::blocking::Client,
    config: ForkConfig,
    point: ForkPoint,
    cache: RefCell<Cache>,
}

#[derive(Debug, Default)]
struct Cache {
    accounts: HashMap<Address, Option<AccountRecord>>,
    storage: HashMap<(Address, U256), U256>,
    code: B256HashMap<Bytes>,
    is_dirty: bool,
}

/// The cache as it is written to disk.
#[derive(Debug, Default, Serialize, Deserialize)]
struct CacheFile {
    accounts: Vec<(Address, Option<AccountRecord>)>,
    storage: Vec<(Address, U256, U256)>,
    code: Vec<Bytes>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RemoteBlock {
    number: U64,
    hash: B256,
    timestamp: U64,
    base_fee_per_gas: Option<U64>,
    l1_block_number: Option<U64>,
}

impl Remote {
    /// Connects, and pins the block to fork.
    ///
    /// # Errors
    /// [`Error::Fork`] when the node does not answer or does not have the block.
    pub fn connect(config: ForkConfig) -> Result<Self, Error> {
        let client = reqwest::blocking::Client::builder()
            .timeout(TIMEOUT)
            .build()
            .map_err(|error| unreachable_node(&error))?;
        let tag = config.block.map_or_else(|| "latest".into(), |number| format!("{number:#x}"));
        let requests = [("eth_chainId", json!([])), ("eth_getBlockByNumber", json!([tag, false]))];
        let mut answers = request(&client, &config.url, &requests)?.into_iter();
        let chain_id: U64 = parse(answers.next())?;
        let block: Option<RemoteBlock> = parse(answers.next())?;
        let block =
            block.ok_or_else(|| Error::Fork(format!("no block {tag} at {}", config.url)))?;
        let point = ForkPoint {
            chain_id: chain_id.to(),
            number: block.number.to(),
            hash: block.hash,
            timestamp: block.timestamp.to(),
            base_fee: block.base_fee_per_gas.map(|fee| fee.to()),
            l1_number: block.l1_block_number.map(|number| number.to()),
        };
        let remote = Self { client, config, point, cache: RefCell::default() };
        remote.load_cache();
        Ok(remote)
    }

    /// The block that was forked.
    pub const fn point(&self) -> &ForkPoint {
        &self.point
    }

    /// What was asked for.
    pub const fn config(&self) -> &ForkConfig {
        &self.config
    }

    /// Reads an account.
    pub(super) fn account(&self, address: Address) -> Result<Option<AccountRecord>, Error> {
        if let Some(record) = self.cache.borrow().accounts.get(&address) {
            return Ok(*record);
        }
        Ok(self.read_accounts(&[address])?.pop().flatten())
    }

    /// Reads accounts in one request.
    pub(super) fn read_accounts(
        &self,
        addresses: &[Address],
    ) -> Result<Vec<Option<AccountRecord>>, Error> {
        let block = self.block_parameter();
        let methods = ["eth_getBalance", "eth_getTransactionCount", "eth_getCode"];
        let requests: Vec<_> = addresses
            .iter()
            .flat_map(|address| methods.map(|method| (method, json!([address, block]))))
            .collect();
        let mut answers = request(&self.client, &self.config.url, &requests)?.into_iter();
        addresses.iter().map(|address| self.keep_account(*address, &mut answers)).collect()
    }

    /// Takes balance, nonce and code of an account from `answers`.
    fn keep_account(
        &self,
        address: Address,
        answers: &mut impl Iterator<Item = Value>,
    ) -> Result<Option<AccountRecord>, Error> {
        let balance: U256 = parse(answers.next())?;
        let nonce: U64 = parse(answers.next())?;
        let code: Bytes = parse(answers.next())?;
        let code_hash = if code.is_empty() { KECCAK256_EMPTY } else { keccak256(&code) };
        let record = AccountRecord { balance, nonce: nonce.to(), code_hash, is_local: false };
        let record = (record != AccountRecord::default()).then_some(record);
        let mut cache = self.cache.borrow_mut();
        cache.accounts.insert(address, record);
        if !code.is_empty() {
            cache.code.insert(code_hash, code);
        }
        cache.is_dirty = true;
        Ok(record)
    }

    /// Reads a storage slot.
    pub(super) fn slot(&self, address: Address, slot: U256) -> Result<U256, Error> {
        if let Some(value) = self.cache.borrow().storage.get(&(address, slot)) {
            return Ok(*value);
        }
        let requests =
            [("eth_getStorageAt", json!([address, B256::from(slot), self.block_parameter()]))];
        let answers = request(&self.client, &self.config.url, &requests)?;
        let value: B256 = parse(answers.into_iter().next())?;
        let value = U256::from_be_bytes(value.0);
        let mut cache = self.cache.borrow_mut();
        cache.storage.insert((address, slot), value);
        cache.is_dirty = true;
        Ok(value)
    }

    /// A bytecode that came with an account read before.
    pub(super) fn code(&self, code_hash: B256) -> Option<Bytes> {
        self.cache.borrow().code.get(&code_hash).cloned()
    }

    /// Reads the hash of a block at or below the fork.
    pub(super) fn block_hash(&self, number: u64) -> Result<B256, Error> {
        let requests = [("eth_getBlockByNumber", json!([format!("{number:#x}"), false]))];
        let answers = request(&self.client, &self.config.url, &requests)?;
        let block: Option<RemoteBlock> = parse(answers.into_iter().next())?;
        Ok(block.map(|block| block.hash).unwrap_or_default())
    }

    fn block_parameter(&self) -> String {
        format!("{:#x}", self.point.number)
    }

    fn cache_path(&self) -> Option<PathBuf> {
        let ForkPoint { chain_id, number, hash, .. } = self.point;
        // The hash is part of the name: two development chains may share an id and a number.
        let name = format!("{chain_id}-{number}-{hash}.json");
        self.config.cache.as_ref().map(|folder| folder.join(name))
    }

    /// A cache that is missing or unreadable only costs time.
    fn load_cache(&self) {
        let Some(path) = self.cache_path() else { return };
        let Ok(text) = fs::read(path) else { return };
        let Ok(file) = serde_json::from_slice::<CacheFile>(&text) else { return };
        let mut cache = self.cache.borrow_mut();
        cache.accounts = file.accounts.into_iter().collect();
        cache.storage = file
            .storage
            .into_iter()
            .map(|(address, slot, value)| ((address, slot), value))
            .collect();
        cache.code = file.code.into_iter().map(|code| (keccak256(&code), code)).collect();
    }

    /// Writes to disk what was read since the last time.
    ///
    /// # Errors
    /// [`Error::Fork`] when the folder cannot be written.
    pub fn save_cache(&self) -> Result<(), Error> {
        let mut cache = self.cache.borrow_mut();
        let (true, Some(path)) = (cache.is_dirty, self.cache_path()) else { return Ok(()) };
        let file = CacheFile {
            accounts: cache.accounts.iter().map(|(address, record)| (*address, *record)).collect(),
            storage: cache.storage.iter().map(|((a, slot), value)| (*a, *slot, *value)).collect(),
            code: cache.code.values().cloned().collect(),
        };
        let write = || -> std::io::Result<()> {
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder)?;
            }
            let temporary = path.with_extension("tmp");
            fs::write(&temporary, serde_json::to_vec(&file)?)?;
            fs::rename(temporary, &path)
        };
        write().map_err(|error| Error::Fork(format!("cache {}: {error}", path.display())))?;
        cache.is_dirty = false;
        Ok(())
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        // Nobody is left to tell; the next run reads the values again.
        let _ = self.save_cache();
    }
}

/// What went wrong, down to its cause: that alone tells a refused certificate from a node that is down.
fn unreachable_node(error: &reqwest::Error) -> Error {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    Error::Fork(text)
}

/// Sends one batch; answers stand in the order of the requests.
fn request(
    client: &reqwest::blocking::Client,
    url: &str,
    requests: &[(&str, Value)],
) -> Result<Vec<Value>, Error> {
    if requests.is_empty() {
        return Ok(Vec::new());
    }
    let batch: Vec<Value> = requests
        .iter()
        .enumerate()
        .map(|(id, (method, params))| {
            json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})
        })
        .collect();
    let mut wait = Duration::from_millis(250);
    let mut attempt = 1;
    let mut answers: Vec<Value> = loop {
        let answer = client.post(url).json(&batch).send();
        let is_busy = match &answer {
            Ok(answer) => answer.status() == 429 || answer.status().is_server_error(),
            Err(error) => error.is_timeout() || error.is_connect(),
        };
        if is_busy && attempt < ATTEMPTS {
            std::thread::sleep(wait);
            wait = wait.saturating_mul(2);
            attempt = attempt.saturating_add(1);
            continue;
        }
        let answer = answer.and_then(reqwest::blocking::Response::error_for_status);
        break answer
            .and_then(reqwest::blocking::Response::json)
            .map_err(|error| unreachable_node(&error))?;
    };
    answers.sort_by_key(|answer| answer.get("id").and_then(Value::as_u64));
    if answers.len() != requests.len() {
        return Err(Error::Fork(format!("{url} answered {} of {}", answers.len(), requests.len())));
    }
    answers
        .into_iter()
        .map(|mut answer| match answer.get("error") {
            Some(error) if !error.is_null() => {
                let message = error.get("message").and_then(Value::as_str).unwrap_or("error");
                Err(Error::Fork(format!("{url}: {message}")))
            }
            _ => Ok(answer.get_mut("result").map(Value::take).unwrap_or_default()),
        })
        .collect()
}

fn parse<T: DeserializeOwned>(answer: Option<Value>) -> Result<T, Error> {
    serde_json::from_value(answer.unwrap_or_default())
        .map_err(|error| Error::Fork(format!("unexpected answer: {error}")))
}
