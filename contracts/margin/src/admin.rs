//! What the governor sets. Bounds are those of the risk crate.

use alloy_primitives::{Address, B256};
use novate_abi::IMargin;
use novate_common::{Answer, Input, Revert, Slot, empty, event, not_zero};
use novate_risk::parameters::{CollateralParameters, UnderlyingParameters};

use crate::{
    Margin,
    error::refused,
    load,
    storage::{COLLATERALS, CONTINGENCIES, FACTORS, HAS_CONTINGENCIES, HAS_FACTORS, UNDERLYINGS},
};

impl Margin {
    /// `initialize(governor, guardian, oracle)`.
    pub(crate) fn initialize(&mut self, input: &mut Input<'_>) -> Answer {
        self.governance.initialize(input.address()?, input.address()?)?;
        change_oracle(input.address()?)
    }

    /// `setOracle(oracle)`.
    pub(crate) fn set_oracle(&mut self, input: &mut Input<'_>) -> Answer {
        self.governance.only_governor()?;
        change_oracle(input.address()?)
    }

    /// `setUnderlying(underlying, range, volatilityRangeUp, volatilityRangeDown)`.
    pub(crate) fn set_underlying(&mut self, input: &mut Input<'_>) -> Answer {
        self.governance.only_governor()?;
        let underlying = input.u8()?;
        let parameters = UnderlyingParameters {
            range: input.u64()?,
            volatility_up: input.u64()?,
            volatility_down: input.u64()?,
            ..UnderlyingParameters::new(underlying, 0)
        };
        parameters.check().map_err(refused)?;
        let current = load::underlying_word(&parameters);
        let previous = replace(UNDERLYINGS.of(&underlying), &current);
        event!(IMargin::UnderlyingParametersChanged { underlying; previous, current });
        empty()
    }

    /// `setFactors(initialFactor, maintenanceFactor)`.
    pub(crate) fn set_factors(&mut self, input: &mut Input<'_>) -> Answer {
        self.governance.only_governor()?;
        let (oracle, stored) = load::oracle();
        let mut scan = load::shared(stored).scan;
        let previous = load::factors_word(&scan);
        scan.initial = input.u64()?;
        scan.maintenance = input.u64()?;
        scan.check().map_err(refused)?;
        let current = load::factors_word(&scan);
        FACTORS.set(&current);
        load::set_oracle(oracle, stored | HAS_FACTORS);
        event!(IMargin::FactorsChanged { ; previous, current });
        empty()
    }

    /// `setContingencies(perpetualMaintenance, perpetualInitial, optionMaintenance, optionInitial)`.
    pub(crate) fn set_contingencies(&mut self, input: &mut Input<'_>) -> Answer {
        self.governance.only_governor()?;
        let (oracle, stored) = load::oracle();
        let mut contingencies = load::shared(stored).contingencies;
        let previous = load::contingencies_word(&contingencies);
        contingencies.perpetual_maintenance = input.u64()?;
        contingencies.perpetual_initial = input.u64()?;
        contingencies.option_maintenance = input.u64()?;
        contingencies.option_initial = input.u64()?;
        contingencies.check().map_err(refused)?;
        let current = load::contingencies_word(&contingencies);
        CONTINGENCIES.set(&current);
        load::set_oracle(oracle, stored | HAS_CONTINGENCIES);
        event!(IMargin::ContingenciesChanged { ; previous, current });
        empty()
    }

    /// `setCollateral(collateral, underlying, maintenanceHaircut, initialHaircut, cancelsRisk)`.
    pub(crate) fn set_collateral(&mut self, input: &mut Input<'_>) -> Answer {
        self.governance.only_governor()?;
        let collateral = input.u8()?;
        let parameters = CollateralParameters {
            collateral,
            underlying: input.u8()?,
            maintenance_haircut: input.u64()?,
            initial_haircut: input.u64()?,
            cancels_risk: input.bool()?,
        };
        parameters.check().map_err(refused)?;
        let current = load::collateral_word(&parameters);
        let previous = replace(COLLATERALS.of(&collateral), &current);
        event!(IMargin::CollateralChanged { collateral; previous, current });
        empty()
    }
}

fn change_oracle(oracle: Address) -> Result<alloc::vec::Vec<u8>, Revert> {
    not_zero(oracle)?;
    let (previous, stored) = load::oracle();
    load::set_oracle(oracle, stored);
    event!(IMargin::OracleChanged { previous, oracle; });
    empty()
}

/// Writes a word and gives the one that stood there.
fn replace(slot: Slot, current: &B256) -> B256 {
    let previous = slot.get();
    slot.set(current);
    previous
}
