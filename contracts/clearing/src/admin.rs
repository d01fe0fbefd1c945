//! What the governor sets.

use alloy_primitives::{Address, I256, U256};
use novate_abi::IClearing::{
    AlreadyListed, CollateralAdded, FeesChanged, ModulesChanged, OpenInterestCapChanged,
    TooManyCollaterals, VenueChanged,
};
use novate_common::{
    Answer, Input, Revert, Word, address, answers, empty, event, low64, not_zero, out_of_bounds,
    pair, refuse, timestamp, token,
};

use crate::{
    Clearing,
    entry::unit,
    error::overflow,
    storage::{
        CAPS, CASH_TOKEN, FEES, FILL, LIQUIDATION, MARGIN, NUMBERS, ORACLE, TOKENS, VENUES,
        WITHDRAW, headed, parts,
    },
};

/// Most collateral tokens.
pub(crate) const COLLATERALS: u8 = 32;
/// Highest fee on notional, millionths: 1%.
const MAXIMUM_RATE: u32 = 10_000;
/// Highest share of premium, millionths: all.
const MAXIMUM_SHARE: u32 = 1_000_000;

impl Clearing {
    /// `initialize(governor, guardian, cashToken)`.
    pub(crate) fn initialize(&mut self, input: &mut Input<'_>) -> Answer {
        self.governance.initialize(input.address()?, input.address()?)?;
        let token = input.address()?;
        CASH_TOKEN.set(&headed(decimals(&token)?, &token));
        empty()
    }

    /// `setModules(margin, oracle, liquidation)`.
    pub(crate) fn set_modules(&mut self, input: &mut Input<'_>) -> Answer {
        self.governance.only_governor()?;
        let (margin, oracle) = (input.address()?, input.address()?);
        let liquidation = input.address()?;
        for (slot, module) in [(MARGIN, margin), (ORACLE, oracle), (LIQUIDATION, liquidation)] {
            not_zero(module)?;
            let (head, _) = parts(&slot.get());
            slot.set(&headed(head, &module));
        }
        event!(ModulesChanged { ; margin, oracle, liquidation });
        empty()
    }

    /// `setVenue(venue, allowed)`.
    pub(crate) fn set_venue(&mut self, input: &mut Input<'_>) -> Answer {
        self.governance.only_governor()?;
        let (venue, allowed) = (input.address()?, input.bool()?);
        not_zero(venue)?;
        VENUES.of(&venue).set(&allowed.word());
        event!(VenueChanged { venue; allowed });
        empty()
    }

    /// `addCollateral(token, cap)`.
    pub(crate) fn add_collateral(&mut self, input: &mut Input<'_>) -> Answer {
        self.governance.only_governor()?;
        let (token, cap) = (input.address()?, input.u128()?);
        let number = NUMBERS.of(&token);
        if token == address(&CASH_TOKEN.get()) || !number.get().is_zero() {
            return Err(refuse!(AlreadyListed { token }));
        }
        let (count, margin) = parts(&MARGIN.get());
        if count >= u64::from(COLLATERALS) {
            return Err(refuse!(TooManyCollaterals { limit: U256::from(COLLATERALS) }));
        }
        let decimals = decimals(&token)?;
        let count = count.saturating_add(1);
        let collateral = u8::try_from(count).map_err(|_| overflow())?;
        MARGIN.set(&headed(count, &margin));
        number.set(&collateral.word());
        let stored = TOKENS.of(&collateral);
        stored.set(&headed(decimals, &token));
        stored.plus(1).set(&pair(cap, 0));
        event!(CollateralAdded { collateral, token; cap });
        answers![collateral]
    }

    /// `setFees(optionRate, optionPremiumCap, makerRate, takerRate)`.
    pub(crate) fn set_fees(&mut self, input: &mut Input<'_>) -> Answer {
        self.governance.only_governor()?;
        let option_rate = bounded(b"optionRate", input.u32()?, MAXIMUM_RATE)?;
        let option_premium_cap = bounded(b"optionPremiumCap", input.u32()?, MAXIMUM_SHARE)?;
        let maker_rate = bounded(b"makerRate", input.u32()?, MAXIMUM_RATE)?;
        let taker_rate = bounded(b"takerRate", input.u32()?, MAXIMUM_RATE)?;
        let rates = [option_rate, option_premium_cap, maker_rate, taker_rate];
        let packed =
            rates.iter().fold(0_u128, |packed, rate| packed.wrapping_shl(32) | u128::from(*rate));
        FEES.set(&packed.word());
        event!(FeesChanged {
            ; optionRate: option_rate,
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
        CAPS.of(&underlying).set(&cap.word());
        event!(OpenInterestCapChanged { underlying; cap });
        empty()
    }

    /// `sweepFees()`.
    pub(crate) fn sweep_fees(&mut self) -> Answer {
        self.governance.only_governor()?;
        let mut ledger = self.load_ledger();
        let fees = core::mem::take(&mut ledger.fees);
        ledger.insure(fees)?;
        self.store_ledger(&ledger);
        tell_insurance(fees, ledger.insurance)
    }

    /// `pause(mask)`: notes when withdrawals stop. Repeating a pause doesn't prolong it.
    pub(crate) fn pause(&mut self, selector: [u8; 4], input: &mut Input<'_>) -> Answer {
        let was_paused = self.governance.is_paused(WITHDRAW);
        let answer = self.governance.route(selector, input, WITHDRAW | FILL)?;
        if !was_paused && self.governance.is_paused(WITHDRAW) {
            let liquidation = address(&LIQUIDATION.get());
            LIQUIDATION.set(&headed(timestamp(), &liquidation));
        }
        Ok(answer)
    }
}

/// `InsuranceChanged` for a gain.
pub(crate) fn tell_insurance(gain: u128, fund: u128) -> Answer {
    let change = I256::from_raw(U256::from(gain));
    event!(novate_abi::IClearing::InsuranceChanged { ; change, fund: U256::from(fund) });
    empty()
}

/// Decimals of a token that can be taken.
fn decimals(token: &Address) -> Result<u64, Revert> {
    not_zero(*token)?;
    let decimals = u64::from(token::decimals(token)?);
    unit(decimals)?;
    Ok(decimals)
}

fn bounded(parameter: &[u8], value: u32, maximum: u32) -> Result<u32, Revert> {
    if value <= maximum {
        return Ok(value);
    }
    let value = I256::from_raw(U256::from(value));
    Err(out_of_bounds(parameter, value, u64::from(maximum)))
}

/// The number of a collateral token, 0 if it isn't accepted.
pub(crate) fn number(token: &Address) -> u8 {
    u8::try_from(low64(&NUMBERS.of(token).get())).unwrap_or(0)
}
