//! Which function answers which selector.

#[allow(unused_imports, reason = "the storage macro names them")]
use alloc::{vec, vec::Vec};

use alloy_sol_types::SolCall;
use novate_abi::IMarginLens::{
    attributionCall, greeksCall, liquidationPricesCall, maxQuantityCall, previewCall,
    requirementsCall, scenariosCall,
};
use novate_common::{Answer, Contract, Input, unknown_selector};
use stylus_sdk::prelude::*;

use crate::{search, view};

/// The lens: no storage.
#[storage]
pub struct Lens {}

impl core::fmt::Debug for Lens {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.write_str("Lens")
    }
}

impl Contract for Lens {
    fn route(&mut self, selector: [u8; 4], input: &mut Input<'_>) -> Answer {
        match selector {
            previewCall::SELECTOR => view::preview(input),
            scenariosCall::SELECTOR => view::scenarios(input),
            requirementsCall::SELECTOR => view::requirements(input),
            attributionCall::SELECTOR => view::attribution(input),
            greeksCall::SELECTOR => view::greeks(input),
            maxQuantityCall::SELECTOR => search::max_quantity(input),
            liquidationPricesCall::SELECTOR => search::liquidation_prices(input),
            _ => Err(unknown_selector(&selector)),
        }
    }
}
