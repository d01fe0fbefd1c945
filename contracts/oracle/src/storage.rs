//! What the oracle keeps, and which function answers which selector. Prices, rates and confidences have 18 decimals.
//!
//! | slot | content |
//! | --- | --- |
//! | 0..2 | roles and pause mask |
//! | 3 | sequencer feed (low 20 bytes), grace in seconds (uint32, high), whether a stable feed is set (uint8, next) |
//! | 4 | stable feed (low 20 bytes), heartbeat in seconds (uint32, high), decimals (uint8, next) |
//! | 5 | publishers (uint8, high), signatures that a post needs (uint8, next) |
//! | 6 | mapping: number from 0 => publisher |
//! | 7 | mapping: publisher => 1 |
//! | 8 | mapping: underlying => feed, 2 words |
//! | 9 | mapping: underlying => perpetual, 3 words |
//! | 10 | mapping: series (underlying << 22 | expiry in hours) => forward and surface, 4 words |
//! | 11 | mapping: series => settlement price (uint128), final from (uint64) in Unix seconds; 0: not proposed |
//!
//! A feed: word 0 is its address (low 20 bytes), heartbeat in seconds (uint32, high), decimals, binary digits of the least and
//! of the greatest answer (uint8 each, next); word 1 the greatest (uint128) and the least answer (uint128). A snapshot reads
//! word 1 only if the answer is within a factor of 2 of a limit.
//!
//! A perpetual: word 0 is the mark (uint128), model time (uint64), confidence (uint64); word 1 the funding index (int128), rate in
//! 1e-18 of quote currency a second (int64), accrued until (uint64); word 2, which a snapshot doesn't read, nonce (uint128),
//! average premium (int64), last premium (int64).
//!
//! A surface: word 0 is the forward (uint128), a (int64), b (uint64); word 1 rho (int64), m (int64), sigma (uint64), rate (int64);
//! word 2 model time (uint40), forward confidence (uint60), forward over index when posted in 1e-7 (uint28), rate confidence
//! (uint64), volatility confidence (uint64); word 3, which a snapshot doesn't read, the nonce.

#[allow(unused_imports, reason = "the storage macro names them")]
use alloc::{vec, vec::Vec};

use alloy_sol_types::SolCall;
use novate_abi::IOracle::{
    disputeSettlementCall, domainSeparatorCall, feedCall, fundingIndexCall, indexPriceCall,
    initializeCall, perpetualMarkCall, postPerpetualMarkCall, postSurfaceCall,
    proposeSettlementAfterCall, proposeSettlementCall, proposeSettlementFallbackCall,
    publishersCall, sequencerStatusCall, setFeedCall, setPublishersCall, setSequencerFeedCall,
    setStableFeedCall, settlementPriceCall, snapshotCall, surfaceCall,
};
use novate_common::{Answer, Contract, Fixed, Governance, Input, empty};
use stylus_sdk::prelude::*;

use crate::{admin, post, settle, view};

/// Pause bit: posts.
pub(crate) const PAUSE_POSTS: u8 = 1;

pub(crate) const SEQUENCER: Fixed = Fixed::at(3);
pub(crate) const STABLE: Fixed = Fixed::at(4);
pub(crate) const THRESHOLD: Fixed = Fixed::at(5);
pub(crate) const PUBLISHERS: Fixed = Fixed::at(6);
pub(crate) const IS_PUBLISHER: Fixed = Fixed::at(7);
pub(crate) const FEEDS: Fixed = Fixed::at(8);
pub(crate) const PERPETUALS: Fixed = Fixed::at(9);
pub(crate) const SURFACES: Fixed = Fixed::at(10);
pub(crate) const SETTLEMENTS: Fixed = Fixed::at(11);

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
            indexPriceCall::SELECTOR => view::index_price(input),
            surfaceCall::SELECTOR => view::surface(input),
            perpetualMarkCall::SELECTOR => view::perpetual_mark(input),
            fundingIndexCall::SELECTOR => view::funding_index(input),
            settlementPriceCall::SELECTOR => view::settlement_price(input),
            sequencerStatusCall::SELECTOR => view::sequencer_status(),
            feedCall::SELECTOR => view::feed(input),
            publishersCall::SELECTOR => view::publishers(),
            domainSeparatorCall::SELECTOR => view::domain_separator(self.vm()),
            postSurfaceCall::SELECTOR => post::surface(self, input),
            postPerpetualMarkCall::SELECTOR => post::perpetual_mark(self, input),
            proposeSettlementCall::SELECTOR => settle::propose(input),
            proposeSettlementAfterCall::SELECTOR => settle::propose_after(input),
            proposeSettlementFallbackCall::SELECTOR => settle::propose_fallback(input),
            disputeSettlementCall::SELECTOR => settle::dispute(self, input),
            initializeCall::SELECTOR => {
                self.governance.initialize(input.address()?, input.address()?)?;
                empty()
            }
            setFeedCall::SELECTOR => admin::set_feed(self, input),
            setStableFeedCall::SELECTOR => admin::set_stable_feed(self, input),
            setSequencerFeedCall::SELECTOR => admin::set_sequencer_feed(self, input),
            setPublishersCall::SELECTOR => admin::set_publishers(self, input),
            _ => self.governance.route(selector, input, PAUSE_POSTS),
        }
    }
}
