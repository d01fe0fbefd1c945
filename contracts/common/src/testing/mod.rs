//! A world for native tests: contracts under test and mocks at addresses, calls between them, time, and roll-back.
//!
//! A call that reverts leaves no trace in storage or logs, at every depth, as on the chain. There is no gas. The host
//! functions that a program imports are defined in [`hooks`] over the call that is running in this thread, so the code
//! under test is the very code that runs on the chain.

#![allow(clippy::missing_const_for_fn, reason = "host functions aren't called in constants")]

pub mod fixture;
mod hooks;

use std::{cell::RefCell, collections::HashMap, fmt, rc::Rc, vec::Vec};

use alloy_primitives::{Address, B256, Signature, U256};
use alloy_sol_types::SolCall;
use stylus_sdk::{
    host::{VM, WasmVM},
    storage::StorageType,
};

use crate::{Contract, entry};

type Bytes = Vec<u8>;
type Outcome = Result<Bytes, Bytes>;
type Program = Rc<dyn Fn(&World, &Message) -> Outcome>;

/// A log: who emitted it, topics, data.
pub type Log = (Address, Vec<B256>, Bytes);

/// A call that arrives at a program.
#[derive(Debug, Clone)]
pub struct Message {
    /// Who calls.
    pub sender: Address,
    /// Who is called.
    pub target: Address,
    /// Ether sent along.
    pub value: U256,
    /// Calldata.
    pub data: Bytes,
}

struct State {
    storage: HashMap<(Address, U256), B256>,
    /// What each write replaced since the outermost call that is running began, oldest first: a revert undoes from the end.
    journal: Vec<((Address, U256), B256)>,
    /// Calls that are running.
    depth: usize,
    logs: Vec<Log>,
    programs: HashMap<Address, Program>,
    timestamp: u64,
    chain: u64,
}

/// Contracts at addresses. Clones share the state.
#[derive(Clone)]
pub struct World(Rc<RefCell<State>>);

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("World")
    }
}

impl Default for World {
    fn default() -> Self {
        let state = State {
            storage: HashMap::new(),
            journal: Vec::new(),
            depth: 0,
            logs: Vec::new(),
            programs: HashMap::new(),
            timestamp: 1_700_000_000,
            chain: 412_346,
        };
        Self(Rc::new(RefCell::new(state)))
    }
}

impl World {
    /// Puts a contract at `address`.
    pub fn install<C: Contract + StorageType>(&self, address: Address) {
        self.mock(address, |_, message| {
            #[allow(unsafe_code, reason = "constructs the storage root")]
            // SAFETY: one accessor per call, as on the chain.
            let mut contract = unsafe { C::new(U256::ZERO, 0, VM { host: WasmVM {} }) };
            entry::answer(&mut contract, &message.data).map_err(Into::into)
        });
    }

    /// Puts a function at `address`, instead of what was there.
    pub fn mock(&self, address: Address, program: impl Fn(&Self, &Message) -> Outcome + 'static) {
        self.0.borrow_mut().programs.insert(address, Rc::new(program));
    }

    /// Takes away what is at `address`.
    pub fn remove(&self, address: Address) {
        self.0.borrow_mut().programs.remove(&address);
    }

    /// Calls `target`, rolling back if it reverts. Addresses without code answer nothing.
    ///
    /// # Errors
    /// The revert data.
    pub fn call(&self, sender: Address, target: Address, value: U256, data: &[u8]) -> Outcome {
        if target == Address::with_last_byte(1) {
            return Ok(recover(data));
        }
        let Some(program) = self.program(target) else { return Ok(Vec::new()) };
        let mark = self.begin();
        let message = Message { sender, target, value, data: data.to_vec() };
        hooks::enter(self, message.clone());
        let outcome = program(self, &message);
        hooks::leave();
        self.end(mark, outcome.is_err());
        outcome
    }

    /// [`World::call`] that reverts if state changed.
    fn static_call(&self, sender: Address, target: Address, data: &[u8]) -> Outcome {
        let mark = self.begin();
        let outcome = self.call(sender, target, U256::ZERO, data);
        let is_changed = self.is_changed(mark);
        self.end(mark, is_changed);
        if is_changed { Err(Vec::new()) } else { outcome }
    }

    /// Calls that see everything and leave no trace: what `look` does is undone.
    pub fn trying<T>(&self, look: impl FnOnce(&Self) -> T) -> T {
        let mark = self.begin();
        let seen = look(self);
        self.end(mark, true);
        seen
    }

    /// A call begins: how much journal and how many logs there were.
    fn begin(&self) -> (usize, usize) {
        let mut state = self.0.borrow_mut();
        state.depth = state.depth.saturating_add(1);
        (state.journal.len(), state.logs.len())
    }

    /// The call that began at `mark` ends.
    fn end(&self, (journal, logs): (usize, usize), is_undone: bool) {
        let mut state = self.0.borrow_mut();
        if is_undone {
            for (place, word) in state.journal.split_off(journal).into_iter().rev() {
                state.storage.insert(place, word);
            }
            state.logs.truncate(logs);
        }
        state.depth = state.depth.saturating_sub(1);
        if state.depth == 0 {
            state.journal.clear();
        }
    }

    /// Whether anything differs from what was at `mark`.
    fn is_changed(&self, (journal, logs): (usize, usize)) -> bool {
        let state = self.0.borrow();
        let mut first = HashMap::new();
        for (place, word) in state.journal.iter().skip(journal) {
            first.entry(*place).or_insert(*word);
        }
        let now = |place| state.storage.get(place).copied().unwrap_or_default();
        state.logs.len() != logs || first.iter().any(|(place, word)| now(place) != *word)
    }

    /// Calls a function of an interface.
    ///
    /// # Errors
    /// The revert data.
    ///
    /// # Panics
    /// If the answer can't be decoded.
    #[allow(clippy::expect_used, reason = "test code: an answer of another type is a failed test")]
    pub fn send<C: SolCall>(
        &self,
        sender: Address,
        target: Address,
        call: &C,
    ) -> Result<C::Return, Bytes> {
        let data = self.call(sender, target, U256::ZERO, &call.abi_encode())?;
        Ok(C::abi_decode_returns_validate(&data).expect("the answer is of the declared type"))
    }

    /// Calls a function of an interface that must revert, and gives the revert data.
    ///
    /// # Panics
    /// If it doesn't.
    #[allow(clippy::panic, reason = "test code: an answer is a failed test")]
    pub fn refusal<C: SolCall>(&self, sender: Address, target: Address, call: &C) -> Bytes {
        match self.call(sender, target, U256::ZERO, &call.abi_encode()) {
            Ok(answer) => panic!("{} answered {answer:02x?}", C::SIGNATURE),
            Err(data) => data,
        }
    }

    fn program(&self, address: Address) -> Option<Program> {
        self.0.borrow().programs.get(&address).cloned()
    }

    /// Logs of all calls that didn't revert.
    pub fn logs(&self) -> Vec<Log> {
        self.0.borrow().logs.clone()
    }

    /// The same, and forgets them: long runs would fill the memory.
    pub fn take_logs(&self) -> Vec<Log> {
        core::mem::take(&mut self.0.borrow_mut().logs)
    }

    /// A storage word.
    pub fn storage(&self, contract: Address, slot: U256) -> B256 {
        self.0.borrow().storage.get(&(contract, slot)).copied().unwrap_or_default()
    }

    /// Writes a storage word: what mocks keep there is rolled back like everything else.
    pub fn set_storage(&self, contract: Address, slot: U256, word: B256) {
        let mut state = self.0.borrow_mut();
        let before = state.storage.insert((contract, slot), word).unwrap_or_default();
        if state.depth > 0 {
            state.journal.push(((contract, slot), before));
        }
    }

    /// All storage words that aren't zero, in order.
    pub fn all_storage(&self) -> Vec<(Address, U256, B256)> {
        let state = self.0.borrow();
        let words = state.storage.iter().filter(|(_, word)| !word.is_zero());
        let mut words: Vec<_> = words.map(|((at, slot), word)| (*at, *slot, *word)).collect();
        words.sort_unstable();
        words
    }

    /// Block time, seconds.
    pub fn timestamp(&self) -> u64 {
        self.0.borrow().timestamp
    }

    /// Sets the block time.
    pub fn set_timestamp(&self, timestamp: u64) {
        self.0.borrow_mut().timestamp = timestamp;
    }
}

/// The precompile at 0x01.
fn recover(input: &[u8]) -> Bytes {
    let mut padded = [0; 128];
    for (to, from) in padded.iter_mut().zip(input) {
        *to = *from;
    }
    let words: Vec<B256> = padded.chunks(32).map(B256::from_slice).collect();
    let [digest, v, r, s] = words.as_slice() else { return Vec::new() };
    let v = U256::from_be_bytes(v.0);
    if v != U256::from(27) && v != U256::from(28) {
        return Vec::new();
    }
    let parity = v == U256::from(28);
    Signature::new(U256::from_be_bytes(r.0), U256::from_be_bytes(s.0), parity)
        .recover_address_from_prehash(digest)
        .map(|signer| signer.into_word().to_vec())
        .unwrap_or_default()
}
