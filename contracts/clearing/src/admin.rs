//! What the governor sets, and what the liquidation module tells.

use alloy_primitives::{Address, I256, U256};
use novate_abi::{
    IClearing::{
        AlreadyListed, BandsChanged, CapsChanged, CollateralAdded, CollateralCapChanged,
        CollateralNotReady, FeesChanged, LendingChanged, ModulesChanged, TokenNotAccepted,
        TooManyCollaterals, VenueChanged,
    },
    IErrors::ParameterOutOfBounds,
};
use novate_common::{
    Answer, Input, Revert, Word, address, answers, empty, event, halves, low64, name, not_zero,
    only, out_of_bounds, pair, refuse, sender, token,
};

use crate::{
    Clearing,
    check::VALID,
    error::overflow,
    fees::Terms,
    storage::{
        CAPS, CASH_TOKEN, HELD, LIQUIDATION, MARGIN, NUMBERS, ORACLE, TOKENS, VENUES, headed, parts,
    },
    tokens::unit,
};

/// Most collateral tokens.
pub(crate) const COLLATERALS: u8 = 32;
/// Highest fee on notional, millionths: 1%.
const MAXIMUM_RATE: u32 = 10_000;
/// All of it, millionths.
const WHOLE: u32 = 1_000_000;
/// Highest least fee of an option trade, 18 decimals: 1 USD.
const MAXIMUM_MINIMUM: u64 = 1_000_000_000_000_000_000;
/// Highest cap, 18 decimals: ten trillion. What may be open settles within the ledger's 128 bits.
const MAXIMUM_CAP: u128 = 10_000_000_000_000_000_000_000_000_000_000;

impl Clearing {
    /// `initialize(governor, guardian, cashToken)`: no fees and nothing may be opened until the governor says so; bands and
    /// lending have their defaults.
    pub(crate) fn initialize(&mut self, input: &mut Input<'_>) -> Answer {
        self.governance.initialize(input.address()?, input.address()?)?;
        let token = input.address()?;
        CASH_TOKEN.set(&headed(decimals(&token)?, &token));
        set_band_terms(50_000, 50_000, 500_000);
        self.set_lending_terms(850_000, 10_000, 20_000);
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

    /// `addCollateral(token, cap)`: margin knows the number already, and the oracle has a valid price, so that no account can hold what
    /// nobody can value.
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
        let (_, marks) = self.ask(core::iter::empty(), &[count])?;
        let is_ready = |mark: &novate_abi::IMargin::Mark| {
            mark.isMarked && mark.mark != 0 && mark.validity >= VALID
        };
        if !marks.first().is_some_and(|(_, mark)| is_ready(mark)) {
            return Err(refuse!(CollateralNotReady { token, collateral }));
        }
        MARGIN.set(&headed(count, &margin));
        number.set(&collateral.word());
        let stored = TOKENS.of(&collateral);
        stored.set(&headed(decimals, &token));
        stored.plus(1).set(&pair(cap, 0));
        event!(CollateralAdded { collateral, token; cap });
        answers![collateral]
    }

    /// `setCollateralCap(collateral, cap)`.
    pub(crate) fn set_collateral_cap(&mut self, input: &mut Input<'_>) -> Answer {
        self.governance.only_governor()?;
        let (collateral, cap) = (input.u8()?, input.u128()?);
        let stored = TOKENS.of(&collateral);
        let token = address(&stored.get());
        if token.is_zero() {
            return Err(refuse!(TokenNotAccepted { token }));
        }
        let (previous, total) = halves(&stored.plus(1).get());
        stored.plus(1).set(&pair(cap, total));
        event!(CollateralCapChanged { collateral; previous, cap });
        empty()
    }

    /// `setFees(optionRate, optionPremiumCap, optionMinimum, makerRate, takerRate)`.
    pub(crate) fn set_fees(&mut self, input: &mut Input<'_>) -> Answer {
        self.governance.only_governor()?;
        let option = bounded(b"optionRate", input.u32()?, 0, MAXIMUM_RATE)?;
        let premium_cap = bounded(b"optionPremiumCap", input.u32()?, 0, WHOLE)?;
        let minimum = input.u64()?;
        if minimum > MAXIMUM_MINIMUM {
            let value = I256::from_raw(U256::from(minimum));
            return Err(out_of_bounds(b"optionMinimum", value, MAXIMUM_MINIMUM));
        }
        let maker = input.i64()?;
        let taker = bounded(b"takerRate", input.u32()?, 0, MAXIMUM_RATE)?;
        // A rebate comes out of the taker's fee.
        let rebate = i64::from(taker).wrapping_neg();
        let checked = i32::try_from(maker)
            .ok()
            .filter(|_| (rebate..=i64::from(MAXIMUM_RATE)).contains(&maker));
        let maker = checked.ok_or_else(|| {
            let value = crate::error::widen(i128::from(maker));
            let minimum = crate::error::widen(i128::from(rebate));
            outside(b"makerRate", value, minimum, MAXIMUM_RATE)
        })?;
        Terms { option, premium_cap, minimum, maker, taker, ..Terms::load() }.store();
        event!(FeesChanged {
            ; optionRate: option,
            optionPremiumCap: premium_cap,
            optionMinimum: minimum,
            makerRate: maker,
            takerRate: taker,
        });
        empty()
    }

    /// `setCaps(underlying, series, account)`.
    pub(crate) fn set_caps(&mut self, input: &mut Input<'_>) -> Answer {
        self.governance.only_governor()?;
        let underlying = input.u8()?;
        let (series, account) = (input.u128()?, input.u128()?);
        for (parameter, cap) in [(&b"series"[..], series), (b"account", account)] {
            if cap > MAXIMUM_CAP {
                let (value, most) = (wide(cap), wide(MAXIMUM_CAP));
                let name = name(parameter);
                return Err(refuse!(ParameterOutOfBounds {
                    name,
                    value,
                    minimum: I256::ZERO,
                    maximum: most,
                }));
            }
        }
        CAPS.of(&underlying).set(&pair(series, account));
        event!(CapsChanged { underlying; series, account });
        empty()
    }

    /// `setBands(deltaOne, optionOfIndex, optionOfMark)`.
    pub(crate) fn set_bands(&mut self, input: &mut Input<'_>) -> Answer {
        self.governance.only_governor()?;
        let delta_one = bounded(b"deltaOne", input.u32()?, 10_000, 200_000)?;
        let of_index = bounded(b"optionOfIndex", input.u32()?, 10_000, 200_000)?;
        let of_mark = bounded(b"optionOfMark", input.u32()?, 100_000, WHOLE)?;
        set_band_terms(delta_one, of_index, of_mark);
        empty()
    }

    /// `setLending(limit, maintenance, initial)`.
    pub(crate) fn set_lending(&mut self, input: &mut Input<'_>) -> Answer {
        self.governance.only_governor()?;
        let limit = bounded(b"limit", input.u32()?, 500_000, 950_000)?;
        let maintenance = bounded(b"maintenance", input.u32()?, 5_000, 100_000)?;
        let initial = bounded(b"initial", input.u32()?, maintenance, 100_000)?;
        self.set_lending_terms(limit, maintenance, initial);
        empty()
    }

    fn set_lending_terms(&mut self, limit: u32, maintenance: u32, initial: u32) {
        let before = self.load_ledger();
        self.store_ledger(&before, &crate::ledger::Ledger { limit, ..before });
        let (held, _) = halves(&HELD.get());
        let low = u128::from(maintenance).wrapping_shl(96) | u128::from(initial).wrapping_shl(64);
        HELD.set(&pair(held, low));
        event!(LendingChanged { ; limit, maintenance, initial });
    }

    /// `sweepFees()`.
    pub(crate) fn sweep_fees(&mut self) -> Answer {
        self.governance.only_governor()?;
        let mut session = self.session();
        let fees = core::mem::take(&mut session.ledger.fees);
        session.ledger.insure(fees)?;
        self.commit(&session)?;
        empty()
    }

    /// `setFlaggedShortfall(flagged)`.
    pub(crate) fn set_flagged_shortfall(&mut self, input: &mut Input<'_>) -> Answer {
        only(sender(), address(&LIQUIDATION.get()))?;
        let flagged = u128::try_from(input.u256()?).map_err(|_| overflow())?;
        let mut session = self.session();
        session.ledger.flagged = flagged;
        self.commit(&session)?;
        empty()
    }
}

fn set_band_terms(delta_one: u32, of_index: u32, of_mark: u32) {
    Terms { delta_one, of_index, of_mark, ..Terms::load() }.store();
    event!(BandsChanged {
        ; deltaOne: delta_one, optionOfIndex: of_index, optionOfMark: of_mark,
    });
}

/// Decimals of a token that can be taken.
fn decimals(token: &Address) -> Result<u64, Revert> {
    not_zero(*token)?;
    let decimals = u64::from(token::decimals(token)?);
    unit(decimals)?;
    Ok(decimals)
}

fn bounded(parameter: &[u8], value: u32, minimum: u32, maximum: u32) -> Result<u32, Revert> {
    if (minimum..=maximum).contains(&value) {
        return Ok(value);
    }
    Err(outside(parameter, wide(value.into()), wide(minimum.into()), maximum))
}

#[cold]
fn outside(parameter: &[u8], value: I256, minimum: I256, maximum: u32) -> Revert {
    let (name, maximum) = (name(parameter), wide(maximum.into()));
    refuse!(ParameterOutOfBounds { name, value, minimum, maximum })
}

fn wide(amount: u128) -> I256 {
    I256::from_raw(U256::from(amount))
}

/// The number of a collateral token, 0 if it isn't accepted.
pub(crate) fn number(token: &Address) -> u8 {
    u8::try_from(low64(&NUMBERS.of(token).get())).unwrap_or(0)
}
