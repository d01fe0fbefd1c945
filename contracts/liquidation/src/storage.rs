//! What liquidation keeps, and which function answers which selector.
//!
//! | slot | content |
//! | --- | --- |
//! | 0..3 | roles |
//! | 4 | clearing |
//! | 5 | margin |
//! | 6 | oracle |
//! | 7 | mapping: account => start, seconds on the clock, last sighting, 1 if the clock ran then (uint64 each, high to low); 0: none; next slot: what equity lacked to zero then |
//! | 8 | the sum of that over all auctions |

#[allow(unused_imports, reason = "the storage macro names them")]
use alloc::{vec, vec::Vec};

use alloy_sol_types::SolCall;
use novate_abi::ILiquidation::{
    auctionCall, bidCall, flaggedShortfallCall, initializeCall, modulesCall, setModulesCall,
    sightCall, startAndBidCall, startCall, termsCall,
};
use novate_common::{Answer, Contract, Fixed, Governance, Input};
use stylus_sdk::prelude::*;

pub(crate) const CLEARING: Fixed = Fixed::at(4);
pub(crate) const MARGIN: Fixed = Fixed::at(5);
pub(crate) const ORACLE: Fixed = Fixed::at(6);
pub(crate) const AUCTIONS: Fixed = Fixed::at(7);
pub(crate) const FLAGGED: Fixed = Fixed::at(8);

/// Liquidation: its storage is the table above.
#[storage]
pub struct Liquidation {
    pub(crate) governance: Governance,
}

impl core::fmt::Debug for Liquidation {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Liquidation")
    }
}

impl Contract for Liquidation {
    fn route(&mut self, selector: [u8; 4], input: &mut Input<'_>) -> Answer {
        match selector {
            sightCall::SELECTOR => self.sight(input),
            bidCall::SELECTOR => self.bid(input),
            startCall::SELECTOR => self.start(input),
            startAndBidCall::SELECTOR => self.start_and_bid(input),
            initializeCall::SELECTOR => self.initialize(input),
            setModulesCall::SELECTOR => self.set_modules(input),
            modulesCall::SELECTOR => self.modules(),
            auctionCall::SELECTOR => self.auction(input),
            termsCall::SELECTOR => self.terms(input),
            flaggedShortfallCall::SELECTOR => self.flagged_shortfall(),
            _ => self.governance.route(selector, input, &[]),
        }
    }
}
