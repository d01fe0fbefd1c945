//! The table of functions.

use alloy_sol_types::SolCall;
use novate_abi::IOracle::{
    disputeSettlementCall, domainSeparatorCall, feedCall, fundingIndexCall, indexPriceCall,
    initializeCall, perpetualMarkCall, postPerpetualMarkCall, postSurfaceCall,
    proposeSettlementAfterCall, proposeSettlementCall, proposeSettlementFallbackCall,
    publishersCall, sequencerStatusCall, setFeedCall, setPublishersCall, setSequencerFeedCall,
    setStableFeedCall, settlementPriceCall, snapshotCall, surfaceCall,
};
use novate_common::{Answer, Contract, Input, empty, returns};

use crate::storage::Oracle;

/// Pause bit: posts.
pub(crate) const PAUSE_POSTS: u8 = 1;

impl Contract for Oracle {
    fn route(&mut self, selector: [u8; 4], input: &mut Input<'_>) -> Answer {
        match selector {
            snapshotCall::SELECTOR => self.snapshot(input),
            indexPriceCall::SELECTOR => returns::<indexPriceCall>(&self.index_price(input.u8()?)?),
            surfaceCall::SELECTOR => {
                returns::<surfaceCall>(&self.surface(input.u8()?, input.u64()?)?)
            }
            perpetualMarkCall::SELECTOR => {
                returns::<perpetualMarkCall>(&self.perpetual_mark(input.u8()?))
            }
            fundingIndexCall::SELECTOR => {
                returns::<fundingIndexCall>(&self.funding_index(input.u8()?))
            }
            settlementPriceCall::SELECTOR => {
                returns::<settlementPriceCall>(&self.settlement_price(input.u8()?, input.u64()?)?)
            }
            sequencerStatusCall::SELECTOR => {
                returns::<sequencerStatusCall>(&self.sequencer_status()?.into_return())
            }
            feedCall::SELECTOR => returns::<feedCall>(&self.feed(input.u8()?)?),
            publishersCall::SELECTOR => returns::<publishersCall>(&self.publisher_set()),
            domainSeparatorCall::SELECTOR => returns::<domainSeparatorCall>(&self.domain()),
            postSurfaceCall::SELECTOR => self.post_surface(input),
            postPerpetualMarkCall::SELECTOR => self.post_perpetual_mark(input),
            proposeSettlementCall::SELECTOR => {
                self.propose_settlement(input.u8()?, input.u64()?, input.u80()?, input.u80()?)
            }
            proposeSettlementAfterCall::SELECTOR => {
                self.propose_settlement_after(input.u8()?, input.u64()?, input.u80()?)
            }
            proposeSettlementFallbackCall::SELECTOR => {
                self.propose_settlement_fallback(input.u8()?, input.u64()?, input.u80()?)
            }
            disputeSettlementCall::SELECTOR => self.dispute_settlement(input.u8()?, input.u64()?),
            initializeCall::SELECTOR => {
                self.governance.initialize(input.address()?, input.address()?)?;
                empty()
            }
            setFeedCall::SELECTOR => self.set_feed(input),
            setStableFeedCall::SELECTOR => self.set_stable_feed(input.address()?, input.u32()?),
            setSequencerFeedCall::SELECTOR => {
                self.set_sequencer_feed(input.address()?, input.u32()?)
            }
            setPublishersCall::SELECTOR => self.set_publishers(input),
            _ => self.governance.route(selector, input, PAUSE_POSTS),
        }
    }
}
