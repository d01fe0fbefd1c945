//! What the governor sets.

use alloy_primitives::{Address, I256, U8, U32, U64, U256, aliases::U128};
use novate_abi::{
    IClearing::{
        AlreadyListed, CollateralAdded, FeesChanged, ModulesChanged, OpenInterestCapChanged,
        TooManyCollaterals, VenueChanged, addCollateralCall,
    },
    IErrors,
};
use novate_common::{Answer, Input, Revert, empty, name, not_zero, returns, token};
use stylus_sdk::prelude::*;

use crate::{
    Clearing,
    entry::unit,
    error::overflow,
    storage::{FILL, WITHDRAW},
};

/// Most collateral tokens.
const COLLATERALS: u8 = 32;
/// Highest fee on notional, millionths: 1%.
const MAXIMUM_RATE: u32 = 10_000;
/// Highest share of premium, millionths: all.
const MAXIMUM_SHARE: u32 = 1_000_000;

impl Clearing {
    /// `initialize(governor, guardian, cashToken)`.
    pub(crate) fn initialize(&mut self, input: &mut Input<'_>) -> Answer {
        self.governance.initialize(input.address()?, input.address()?)?;
        let address = input.address()?;
        let decimals = self.decimals(address)?;
        self.cash_token.set(address);
        self.cash_decimals.set(U8::from(decimals));
        empty()
    }

    /// Decimals of a token that can be taken.
    fn decimals(&self, address: Address) -> Result<u8, Revert> {
        not_zero(address)?;
        let decimals = token::decimals(self.vm(), address)?;
        unit(decimals)?;
        Ok(decimals)
    }

    /// `setModules(margin, oracle, liquidation)`.
    pub(crate) fn set_modules(&mut self, input: &mut Input<'_>) -> Answer {
        self.governance.only_governor()?;
        let (margin, oracle) = (input.address()?, input.address()?);
        let liquidation = input.address()?;
        for module in [margin, oracle, liquidation] {
            not_zero(module)?;
        }
        self.margin.set(margin);
        self.oracle.set(oracle);
        self.liquidation.set(liquidation);
        self.vm().log(ModulesChanged { margin, oracle, liquidation });
        empty()
    }

    /// `setVenue(venue, allowed)`.
    pub(crate) fn set_venue(&mut self, input: &mut Input<'_>) -> Answer {
        self.governance.only_governor()?;
        let (venue, allowed) = (input.address()?, input.bool()?);
        not_zero(venue)?;
        self.venues.setter(venue).set(allowed);
        self.vm().log(VenueChanged { venue, allowed });
        empty()
    }

    /// `addCollateral(token, cap)`.
    pub(crate) fn add_collateral(&mut self, input: &mut Input<'_>) -> Answer {
        self.governance.only_governor()?;
        let (token, cap) = (input.address()?, input.u128()?);
        not_zero(token)?;
        if token == self.cash_token.get() || !self.numbers.get(token).is_zero() {
            return Err(AlreadyListed { token }.into());
        }
        let collateral = self.collaterals.get().to::<u8>().saturating_add(1);
        if collateral > COLLATERALS {
            return Err(TooManyCollaterals { limit: U256::from(COLLATERALS) }.into());
        }
        let decimals = self.decimals(token)?;
        self.collaterals.set(U8::from(collateral));
        self.numbers.setter(token).set(U8::from(collateral));
        let mut stored = self.tokens.setter(collateral);
        stored.address.set(token);
        stored.decimals.set(U8::from(decimals));
        stored.cap.set(U128::from(cap));
        self.vm().log(CollateralAdded { collateral, token, cap });
        returns::<addCollateralCall>(&collateral)
    }

    /// `setFees(optionRate, optionPremiumCap, makerRate, takerRate)`.
    pub(crate) fn set_fees(&mut self, input: &mut Input<'_>) -> Answer {
        self.governance.only_governor()?;
        let option_rate = bounded(b"optionRate", input.u32()?, MAXIMUM_RATE)?;
        let option_premium_cap = bounded(b"optionPremiumCap", input.u32()?, MAXIMUM_SHARE)?;
        let maker_rate = bounded(b"makerRate", input.u32()?, MAXIMUM_RATE)?;
        let taker_rate = bounded(b"takerRate", input.u32()?, MAXIMUM_RATE)?;
        self.option_rate.set(U32::from(option_rate));
        self.option_premium_cap.set(U32::from(option_premium_cap));
        self.maker_rate.set(U32::from(maker_rate));
        self.taker_rate.set(U32::from(taker_rate));
        self.vm().log(FeesChanged {
            optionRate: option_rate,
            optionPremiumCap: option_premium_cap,
            makerRate: maker_rate,
            takerRate: taker_rate,
        });
        empty()
    }

    /// `setOpenInterestCap(underlying, cap)`.
    pub(crate) fn set_open_interest_cap(&mut self, input: &mut Input<'_>) -> Answer {
        self.governance.only_governor()?;
        let (underlying, cap) = (input.u8()?, input.u64()?);
        self.caps.setter(underlying).set(U64::from(cap));
        self.vm().log(OpenInterestCapChanged { underlying, cap });
        empty()
    }

    /// `sweepFees()`.
    pub(crate) fn sweep_fees(&mut self) -> Answer {
        self.governance.only_governor()?;
        let mut ledger = self.load_ledger();
        let fees = ledger.fees;
        ledger.fees = 0;
        ledger.insurance = ledger.insurance.checked_add(fees).ok_or_else(overflow)?;
        self.store_ledger(&ledger);
        self.tell_insurance(fees, ledger.insurance)
    }

    /// `pause(mask)`: notes when withdrawals stop. Repeating a pause doesn't prolong it.
    pub(crate) fn pause(&mut self, selector: [u8; 4], input: &mut Input<'_>) -> Answer {
        let was_paused = self.governance.is_paused(WITHDRAW);
        let answer = self.governance.route(selector, input, WITHDRAW | FILL)?;
        if !was_paused && self.governance.is_paused(WITHDRAW) {
            let now = self.vm().block_timestamp();
            self.withdraw_paused_at.set(U64::from(now));
        }
        Ok(answer)
    }
}

fn bounded(parameter: &[u8], value: u32, maximum: u32) -> Result<u32, Revert> {
    if value <= maximum {
        return Ok(value);
    }
    Err(IErrors::ParameterOutOfBounds {
        name: name(parameter),
        value: I256::from_raw(U256::from(value)),
        minimum: I256::ZERO,
        maximum: I256::from_raw(U256::from(maximum)),
    }
    .into())
}
