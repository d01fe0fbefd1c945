//! What belongs to one call of a program.

use alloc::collections::BTreeMap;

use alloy_primitives::{Address, B256, Bytes, U256};

use super::{functions::HostFunction, request::Request};

/// What a program can learn about its call without asking the chain.
#[derive(Debug, Clone)]
pub(crate) struct Environment {
    pub(crate) calldata: Bytes,
    pub(crate) contract: Address,
    pub(crate) sender: Address,
    pub(crate) value: U256,
    pub(crate) origin: Address,
    pub(crate) gas_price: U256,
    pub(crate) base_fee: U256,
    pub(crate) coinbase: Address,
    pub(crate) block_gas_limit: u64,
    pub(crate) block_number: u64,
    pub(crate) block_timestamp: u64,
    pub(crate) chain_id: u64,
    pub(crate) reentrant: bool,
    pub(crate) stylus_version: u16,
    pub(crate) tracing: bool,
}

/// One host function call, as `stylusTracer` reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostIo {
    /// Name of the function.
    pub name: &'static str,
    /// Inputs, concatenated.
    pub args: Bytes,
    /// Outputs, concatenated.
    pub outs: Bytes,
    /// Ink left before it.
    pub start_ink: u64,
    /// Ink left after it.
    pub end_ink: u64,
    /// The frame that it opened, as an index into the frames that the program opened.
    pub call: Option<usize>,
}

/// A slot that the program has seen or written during this call.
#[derive(Debug, Clone, Copy)]
struct CachedSlot {
    value: B256,
    /// What the chain is known to hold.
    known: Option<B256>,
}

/// Storage as this call sees it: reads are kept, writes wait for a flush.
#[derive(Debug, Default)]
pub(crate) struct StorageCache {
    slots: BTreeMap<B256, CachedSlot>,
    reads: u32,
    writes: u32,
}

impl StorageCache {
    /// Gas that a read must be able to pay besides what a miss costs.
    pub(crate) const ACCESS_GAS: u64 = 10;

    /// Counts a read; its price in gas.
    pub(crate) const fn read_gas(&mut self) -> u64 {
        self.reads = self.reads.saturating_add(1);
        match self.reads {
            0..=32 => 0,
            33..=128 => 2,
            _ => 10,
        }
    }

    /// Counts a write; its price in gas.
    pub(crate) const fn write_gas(&mut self) -> u64 {
        self.writes = self.writes.saturating_add(1);
        match self.writes {
            0..=8 => 0,
            9..=64 => 7,
            _ => 10,
        }
    }

    pub(crate) fn get(&self, key: &B256) -> Option<B256> {
        self.slots.get(key).map(|slot| slot.value)
    }

    /// Keeps what the chain holds.
    pub(crate) fn learn(&mut self, key: B256, value: B256) {
        self.slots.insert(key, CachedSlot { value, known: Some(value) });
    }

    pub(crate) fn write(&mut self, key: B256, value: B256) {
        let known = self.slots.get(&key).and_then(|slot| slot.known);
        self.slots.insert(key, CachedSlot { value, known });
    }

    /// Slots whose value is not known to be the chain's, which are taken for written from now on.
    pub(crate) fn take_dirty(&mut self, clear: bool) -> Vec<(B256, B256)> {
        let mut dirty = Vec::new();
        for (key, slot) in &mut self.slots {
            if slot.known != Some(slot.value) {
                dirty.push((*key, slot.value));
                slot.known = Some(slot.value);
            }
        }
        if clear {
            self.slots.clear();
        }
        dirty
    }
}

/// A host function that waits for the chain.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pending {
    pub(crate) function: HostFunction,
    pub(crate) args: [u64; 6],
    /// Gas spent in the function before the chain was asked.
    pub(crate) gas: u64,
    /// The slot or account that was asked for.
    pub(crate) key: B256,
}

/// State of one call of a program.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) environment: Environment,
    pub(crate) output: Vec<u8>,
    pub(crate) return_data: Bytes,
    pub(crate) storage: StorageCache,
    pub(crate) last_code: Option<(Address, Bytes)>,
    pub(crate) pending: Option<Pending>,
    pub(crate) request: Option<Request>,
    pub(crate) trace: Trace,
}

/// Record of host function calls, kept only when asked for.
#[derive(Debug, Default)]
pub(crate) struct Trace {
    pub(crate) records: Vec<HostIo>,
    args: Vec<u8>,
    outs: Vec<u8>,
    /// Ink that the program started with.
    first_ink: u64,
    start_ink: u64,
    call: Option<usize>,
}

impl State {
    /// The state of a call that starts with `ink`.
    pub(crate) fn new(environment: Environment, ink: u64) -> Self {
        let length = u32::try_from(environment.calldata.len()).unwrap_or(u32::MAX);
        let mut state = Self {
            environment,
            output: Vec::new(),
            return_data: Bytes::new(),
            storage: StorageCache::default(),
            last_code: None,
            pending: None,
            request: None,
            trace: Trace { first_ink: ink, ..Trace::default() },
        };
        state.trace_frame("user_entrypoint", &length.to_be_bytes(), &[]);
        state
    }

    /// Notes start or end of the program, both with the ink that it started with.
    pub(crate) fn trace_frame(&mut self, name: &'static str, args: &[u8], outs: &[u8]) {
        if self.environment.tracing {
            self.trace_start(self.trace.first_ink);
            self.trace_args(&[args]);
            self.trace_outs(&[outs]);
            self.trace_end(name, self.trace.first_ink);
        }
    }

    pub(crate) fn trace_start(&mut self, ink: u64) {
        self.trace.start_ink = ink;
        self.trace.args.clear();
        self.trace.outs.clear();
    }

    pub(crate) fn trace_args(&mut self, parts: &[&[u8]]) {
        if self.environment.tracing {
            self.trace.args.extend(parts.iter().copied().flatten());
        }
    }

    pub(crate) fn trace_outs(&mut self, parts: &[&[u8]]) {
        if self.environment.tracing {
            self.trace.outs.extend(parts.iter().copied().flatten());
        }
    }

    /// The host function that runs has opened a frame.
    pub(crate) const fn trace_call(&mut self, index: usize) {
        self.trace.call = Some(index);
    }

    pub(crate) fn trace_end(&mut self, name: &'static str, end_ink: u64) {
        let record = HostIo {
            name,
            args: core::mem::take(&mut self.trace.args).into(),
            outs: core::mem::take(&mut self.trace.outs).into(),
            start_ink: self.trace.start_ink,
            end_ink,
            call: self.trace.call.take(),
        };
        self.trace.records.push(record);
    }
}
