//! What the contract keeps, and which function answers which selector.
//!
//! | slot | content |
//! | --- | --- |
//! | 0..3 | roles; no operation can be stopped |
//! | 4 | margin |
//! | 5 | underlyings that are listed, one bit each |

#[allow(unused_imports, reason = "the storage macro names them")]
use alloc::{vec, vec::Vec};

use alloy_sol_types::SolCall;
use novate_abi::{
    IRiskParameters::{
        initializeCall, marginCall, rampRangeCall, scenariosCall, setBasisCall, setCalendarCall,
        setCollateralCall, setConfidenceCall, setContingenciesCall, setFactorsCall, setFloorCall,
        setGammaChargeCall, setGroupCall, setLiquidityChargeCall, setLongDiscountCall,
        setOffsetCall, setOracleCall, setPegCall, setScenariosCall, setShortDiscountCall,
        setSkewCall, setSkewWidthCall, setUnderlyingCall, setVanishingCall, setVolatilityShockCall,
        syncAllowancesCall, valueCall,
    },
    parameters::Set,
};
use novate_common::{
    Answer, Contract, Fixed, Governance, Input, Word, address, answers, empty, not_zero,
};
use stylus_sdk::prelude::*;

use crate::{allowances::sync_all, view};

/// The margin contract whose keeper this is.
pub(crate) const MARGIN: Fixed = Fixed::at(4);

/// The parameters contract: its storage is the table above.
#[storage]
pub struct RiskParameters {
    pub(crate) governance: Governance,
}

impl core::fmt::Debug for RiskParameters {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.write_str("RiskParameters")
    }
}

impl Contract for RiskParameters {
    fn route(&mut self, selector: [u8; 4], input: &mut Input<'_>) -> Answer {
        match selector {
            marginCall::SELECTOR => answers![address(&MARGIN.get())],
            valueCall::SELECTOR => view::value(input),
            initializeCall::SELECTOR => self.initialize(input),
            setOracleCall::SELECTOR => self.set_oracle(input),
            setUnderlyingCall::SELECTOR => self.set_underlying(input),
            rampRangeCall::SELECTOR => self.ramp_range(input),
            setGroupCall::SELECTOR => self.set_group(input),
            setCollateralCall::SELECTOR => self.set_collateral(input),
            setFactorsCall::SELECTOR => self.set_shared(Set::Scan, 0, 2, input),
            setPegCall::SELECTOR => self.set_shared(Set::Scan, 2, 2, input),
            setContingenciesCall::SELECTOR => self.set_shared(Set::Contingencies, 0, 4, input),
            setConfidenceCall::SELECTOR => self.set_shared(Set::Confidence, 0, 2, input),
            setVolatilityShockCall::SELECTOR => {
                self.set_shared(Set::Volatility, 0, 4, input)?;
                sync_all()
            }
            setCalendarCall::SELECTOR => {
                self.set_shared(Set::Corrections, 0, 3, input)?;
                sync_all()
            }
            setVanishingCall::SELECTOR => self.set_shared(Set::Corrections, 3, 1, input),
            syncAllowancesCall::SELECTOR => Self::sync_allowances(input),
            setSkewCall::SELECTOR => self.set_shared(Set::Skew, 0, 4, input),
            setSkewWidthCall::SELECTOR => self.set_shared(Set::SkewWidth, 0, 4, input),
            setBasisCall::SELECTOR => self.set_shared(Set::Basis, 0, 4, input),
            setLongDiscountCall::SELECTOR => self.set_shared(Set::Long, 0, 3, input),
            setShortDiscountCall::SELECTOR => self.set_shared(Set::Short, 0, 3, input),
            setFloorCall::SELECTOR => self.set_shared(Set::Charges, 0, 2, input),
            setGammaChargeCall::SELECTOR => self.set_shared(Set::Charges, 2, 2, input),
            setLiquidityChargeCall::SELECTOR => self.set_shared(Set::Liquidity, 0, 3, input),
            setOffsetCall::SELECTOR => self.set_offset(input),
            setScenariosCall::SELECTOR => self.set_scenarios(input),
            scenariosCall::SELECTOR => crate::scenarios::scenarios(),
            _ => self.governance.route(selector, input, &[]),
        }
    }
}

impl RiskParameters {
    /// `initialize(governor, guardian, margin)`.
    fn initialize(&mut self, input: &mut Input<'_>) -> Answer {
        self.governance.initialize(input.address()?, input.address()?)?;
        let margin = input.address()?;
        not_zero(margin)?;
        MARGIN.set(&margin.word());
        empty()
    }
}
