//! What the exchange keeps, and which function answers which selector.

#[allow(unused_imports, reason = "the storage macro names them")]
use alloc::{vec, vec::Vec};

use alloy_primitives::B256;
use alloy_sol_types::SolCall;
use novate_abi::IExchange::{
    cancelCall, clearingCall, digestCall, domainSeparatorCall, initializeCall, isUsedCall,
    setClearingCall, tradeCall,
};
use novate_common::{Answer, Contract, DAY, Governance, Input};
use stylus_sdk::{
    prelude::*,
    storage::{StorageAddress, StorageBool, StorageMap},
};

/// Pause bit of trades.
pub(crate) const TRADE: u8 = 1;

/// The exchange's storage.
#[storage]
pub struct Exchange {
    /// Roles and pause mask.
    pub(crate) governance: Governance,
    /// Where trades are filled.
    pub(crate) clearing: StorageAddress,
    /// Digests of trades that were done or cancelled.
    pub(crate) used: StorageMap<B256, StorageBool>,
}

impl core::fmt::Debug for Exchange {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Exchange")
    }
}

impl Contract for Exchange {
    fn route(&mut self, selector: [u8; 4], input: &mut Input<'_>) -> Answer {
        match selector {
            tradeCall::SELECTOR => self.trade(input),
            cancelCall::SELECTOR => self.cancel(input),
            initializeCall::SELECTOR => self.initialize(input),
            setClearingCall::SELECTOR => self.set_clearing(input),
            clearingCall::SELECTOR => self.clearing(),
            isUsedCall::SELECTOR => self.is_used(input),
            digestCall::SELECTOR => self.digest_of(input),
            domainSeparatorCall::SELECTOR => self.domain_separator(),
            _ => self.governance.route(selector, input, &[(TRADE, 14 * DAY)]),
        }
    }
}
