//! What the oracle keeps, and which function answers which selector.
//!
//! | slot | content |
//! | --- | --- |
//! | 0..3 | roles and stops |
//! | 4 | sequencer feed (low 20 bytes), grace in seconds (uint32, high), whether a stable feed is set (uint8, next) |
//! | 5 | stable feed (low 20 bytes), heartbeat in seconds (uint32, high), decimals (uint8, next) |
//! | 6 | publishers (uint8, high), signatures that a message needs (uint8, next) |
//! | 7 | mapping: number from 0 => publisher |
//! | 8 | mapping: publisher => publishers (uint8, high), signatures that a message needs (uint8, next): one read tells both |
//! | 9 | mapping: underlying => feed, 2 words |
//! | 10 | mapping: underlying => mark and funding: `MarkWord`, `FundingWord` |
//! | 11 | mapping: series (underlying << 22 | expiry in hours) => forward and surface: `ForwardWord`, `SurfaceWord` |
//! | 12 | mapping: series => settlement: `SettlementWord`, `ObservationWord`, `AcceptedWord`, `LeastWord`, `AnnouncedWord` |
//! | 13 | mapping: underlying => last index: `IndexWord` |
//! | 14 | mapping: underlying => `AllowanceWord`; 0: the defaults |
//! | 15 | keeper |
//!
//! Packed words are declared in `words`. A feed: word 0 is its address (low 20 bytes), heartbeat in seconds (uint32, high), decimals,
//! binary digits of the least and of the greatest answer (uint8 each), how often it was set (uint16); word 1 the greatest (uint128)
//! and the least answer (uint128), read only if the answer is within a factor of 2 of a limit.

#[allow(unused_imports, reason = "the storage macro names them")]
use alloc::{vec, vec::Vec};

use alloy_sol_types::SolCall;
use novate_abi::IOracle::{
    allowancesCall, announceSettlementCall, answerDisputeCall, disputeSettlementCall,
    domainSeparatorCall, expiryStateCall, feedCall, fundingIndexCall, indexPriceCall,
    initializeCall, keeperCall, observeCall, perpetualCall, publishersCall, recordIndexCall,
    sequencerStatusCall, setAllowancesCall, setFeedCall, setKeeperCall, setPublishersCall,
    setSequencerFeedCall, setStableFeedCall, settleAsAnnouncedCall, settleByLastRoundCall,
    settlementCall, settlementPriceCall, snapshotCall, updateCall,
};
use novate_common::{Answer, Contract, DAY, Fixed, Governance, Input, Operation, empty};
use stylus_sdk::prelude::*;

use crate::{admin, settle, update, view};

/// Pause bit: updates, stopped for 14 days at most.
pub(crate) const PAUSE_UPDATES: u8 = 1;
const OPERATIONS: [Operation; 1] = [(PAUSE_UPDATES, 14 * DAY)];

pub(crate) const SEQUENCER: Fixed = Fixed::at(4);
pub(crate) const STABLE: Fixed = Fixed::at(5);
pub(crate) const THRESHOLD: Fixed = Fixed::at(6);
pub(crate) const PUBLISHERS: Fixed = Fixed::at(7);
pub(crate) const IS_PUBLISHER: Fixed = Fixed::at(8);
pub(crate) const FEEDS: Fixed = Fixed::at(9);
pub(crate) const PERPETUALS: Fixed = Fixed::at(10);
pub(crate) const EXPIRIES: Fixed = Fixed::at(11);
pub(crate) const SETTLEMENTS: Fixed = Fixed::at(12);
pub(crate) const INDICES: Fixed = Fixed::at(13);
pub(crate) const ALLOWANCES: Fixed = Fixed::at(14);
pub(crate) const KEEPER: Fixed = Fixed::at(15);

/// The oracle: its storage is the table above.
#[storage]
pub struct Oracle {
    pub(crate) governance: Governance,
}

impl core::fmt::Debug for Oracle {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.write_str("Oracle")
    }
}

impl Contract for Oracle {
    fn route(&mut self, selector: [u8; 4], input: &mut Input<'_>) -> Answer {
        match selector {
            snapshotCall::SELECTOR => view::snapshot(input),
            updateCall::SELECTOR => update::update(self, input),
            recordIndexCall::SELECTOR => update::record_index(input),
            indexPriceCall::SELECTOR => view::index_price(input),
            expiryStateCall::SELECTOR => view::expiry_state(input),
            perpetualCall::SELECTOR => view::perpetual(input),
            fundingIndexCall::SELECTOR => view::funding_index(input),
            settlementCall::SELECTOR => view::settlement(input),
            settlementPriceCall::SELECTOR => view::settlement_price(input),
            sequencerStatusCall::SELECTOR => view::sequencer_status(),
            feedCall::SELECTOR => view::feed(input),
            allowancesCall::SELECTOR => view::allowances(input),
            publishersCall::SELECTOR => view::publishers(),
            keeperCall::SELECTOR => view::keeper(),
            domainSeparatorCall::SELECTOR => view::domain_separator(self.vm()),
            observeCall::SELECTOR => settle::observe(input),
            settleByLastRoundCall::SELECTOR => settle::by_last_round(input),
            settleAsAnnouncedCall::SELECTOR => settle::as_announced(input),
            disputeSettlementCall::SELECTOR => settle::dispute(self, input),
            answerDisputeCall::SELECTOR => settle::answer(self, input),
            announceSettlementCall::SELECTOR => settle::announce(self, input),
            initializeCall::SELECTOR => {
                self.governance.initialize(input.address()?, input.address()?)?;
                empty()
            }
            setFeedCall::SELECTOR => admin::set_feed(self, input),
            setStableFeedCall::SELECTOR => admin::set_stable_feed(self, input),
            setSequencerFeedCall::SELECTOR => admin::set_sequencer_feed(self, input),
            setPublishersCall::SELECTOR => admin::set_publishers(self, input),
            setKeeperCall::SELECTOR => admin::set_keeper(self, input),
            setAllowancesCall::SELECTOR => admin::set_allowances(input),
            _ => self.governance.route(selector, input, &OPERATIONS),
        }
    }
}
