//! What liquidation keeps, and which function answers which selector.
//!
//! | slot | content |
//! | --- | --- |
//! | 0..2 | roles and pause mask |
//! | 3 | clearing |
//! | 4 | margin |
//! | 5 | oracle |
//! | 6 | mapping: account => start, seconds on the clock, when they were counted (uint64 each, high to low), unused; 0: none |

#[allow(unused_imports, reason = "the storage macro names them")]
use alloc::{vec, vec::Vec};

use alloy_sol_types::SolCall;
use novate_abi::ILiquidation::{
    auctionCall, bidCall, discountCall, initializeCall, modulesCall, releaseCall, setModulesCall,
    startAndBidCall, startCall,
};
use novate_common::{Answer, Contract, Fixed, Governance, Input};
use stylus_sdk::prelude::*;

/// Pause bit of starts.
pub(crate) const START: u8 = 1;
/// Pause bit of bids.
pub(crate) const BID: u8 = 2;

pub(crate) const CLEARING: Fixed = Fixed::at(3);
pub(crate) const MARGIN: Fixed = Fixed::at(4);
pub(crate) const ORACLE: Fixed = Fixed::at(5);
pub(crate) const AUCTIONS: Fixed = Fixed::at(6);

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
            startCall::SELECTOR => self.start(input),
            bidCall::SELECTOR => self.bid(input),
            startAndBidCall::SELECTOR => self.start_and_bid(input),
            releaseCall::SELECTOR => self.release(input),
            initializeCall::SELECTOR => self.initialize(input),
            setModulesCall::SELECTOR => self.set_modules(input),
            modulesCall::SELECTOR => self.modules(),
            auctionCall::SELECTOR => self.auction(input),
            discountCall::SELECTOR => self.discount(input),
            _ => self.governance.route(selector, input, START | BID),
        }
    }
}
