//! What margin keeps, and which function answers which selector.
//!
//! | slot | content |
//! | --- | --- |
//! | 0..2 | roles and pause mask |
//! | 3 | oracle (low 20 bytes), which parameters differ from the defaults (high byte: bit 0 factors, bit 1 contingencies) |
//! | 4 | factors: initial (uint64) << 64, maintenance (uint64) |
//! | 5 | contingencies: perpetual maintenance (uint64) << 192, initial << 128, option maintenance << 64, initial |
//! | 6 | mapping: underlying => range (uint64) << 128, volatility range up (uint64) << 64, down (uint64) |
//! | 7 | mapping: collateral => underlying (uint8) << 136, cancels risk (bool) << 128, haircut maintenance (uint64) << 64, initial (uint64) |
//!
//! All numbers have 18 decimals. Parameters at their defaults cost no storage read.

#[allow(unused_imports, reason = "the storage macro names them")]
use alloc::{vec, vec::Vec};

use alloy_sol_types::SolCall;
use novate_abi::IMargin::{
    assessCall, collateralCall, contingenciesCall, factorsCall, greeksCall, initializeCall,
    maintenanceExcessUnderCall, oracleCall, previewCall, scenariosCall, setCollateralCall,
    setContingenciesCall, setFactorsCall, setOracleCall, setUnderlyingCall, underlyingCall,
};
use novate_common::{Answer, Contract, Fixed, Governance, Input};
use stylus_sdk::prelude::*;

use crate::view;

pub(crate) const ORACLE: Fixed = Fixed::at(3);
pub(crate) const FACTORS: Fixed = Fixed::at(4);
pub(crate) const CONTINGENCIES: Fixed = Fixed::at(5);
pub(crate) const UNDERLYINGS: Fixed = Fixed::at(6);
pub(crate) const COLLATERALS: Fixed = Fixed::at(7);

/// Bit of slot 3's high byte: the factors are stored.
pub(crate) const HAS_FACTORS: u8 = 1;
/// Bit of slot 3's high byte: the contingencies are stored.
pub(crate) const HAS_CONTINGENCIES: u8 = 2;

/// Margin: its storage is the table above.
#[storage]
pub struct Margin {
    pub(crate) governance: Governance,
}

impl core::fmt::Debug for Margin {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.write_str("Margin")
    }
}

impl Contract for Margin {
    fn route(&mut self, selector: [u8; 4], input: &mut Input<'_>) -> Answer {
        match selector {
            assessCall::SELECTOR => view::assess(input),
            maintenanceExcessUnderCall::SELECTOR => view::maintenance_excess_under(input),
            previewCall::SELECTOR => view::preview(input),
            scenariosCall::SELECTOR => view::scenarios(input),
            greeksCall::SELECTOR => view::greeks(input),
            oracleCall::SELECTOR => view::oracle(),
            underlyingCall::SELECTOR => view::underlying(input),
            factorsCall::SELECTOR => view::factors(),
            contingenciesCall::SELECTOR => view::contingencies(),
            collateralCall::SELECTOR => view::collateral(input),
            initializeCall::SELECTOR => self.initialize(input),
            setUnderlyingCall::SELECTOR => self.set_underlying(input),
            setFactorsCall::SELECTOR => self.set_factors(input),
            setContingenciesCall::SELECTOR => self.set_contingencies(input),
            setCollateralCall::SELECTOR => self.set_collateral(input),
            setOracleCall::SELECTOR => self.set_oracle(input),
            _ => self.governance.route(selector, input, 0),
        }
    }
}
