//! What the oracle lets a message move: half of the charge that guards each scalar.
//!
//! ```text
//! mark / reference      calendar floor / 2
//! forward / reference   (calendar floor + calendar slope sqrt(tenor)) / 2
//! volatility up         0.8 volatility range up m / 2
//! volatility down       volatility range down m / 2,    m = (30 days / max(tenor, floor))^power
//! ```
//!
//! While a change is in flight the charge in force lies between the one before it and the one after it: the lesser of the two is halved.

use alloy_primitives::{Address, U256};
use alloy_sol_types::SolCall;
use novate_abi::{
    IMargin::parametersCall,
    IOracle::{Allowances, setAllowancesCall},
    parameters::read,
};
use novate_common::{Answer, Fixed, Input, Revert, ask, empty, selected, session::refused, tell};
use novate_risk::{Decided, Error};

use crate::{RiskParameters, keeper::margin};

/// The underlyings that are listed, one bit each.
const LISTED: Fixed = Fixed::at(5);

impl RiskParameters {
    /// `syncAllowances(underlying)`.
    pub(crate) fn sync_allowances(input: &mut Input<'_>) -> Answer {
        sync(input.u8()?)?;
        empty()
    }
}

/// Remembers that an underlying is listed.
pub(crate) fn list(underlying: u8) {
    let listed = U256::from_be_bytes(LISTED.get().0);
    LISTED.set(&(listed | U256::ONE.wrapping_shl(underlying.into())).into());
}

/// Writes the allowances of every underlying that is listed.
///
/// # Errors
/// As [`sync`].
pub(crate) fn sync_all() -> Answer {
    let listed = U256::from_be_bytes(LISTED.get().0);
    for underlying in 1..=u8::MAX {
        if listed.bit(usize::from(underlying)) {
            sync(underlying)?;
        }
    }
    empty()
}

/// Writes the allowances of an underlying.
///
/// # Errors
/// `UnderlyingNotListed`, what margin or the oracle reverts with: it knows this contract as its keeper.
#[inline(never)]
pub(crate) fn sync(underlying: u8) -> Result<(), Revert> {
    let (margin, now) = (margin(), novate_common::timestamp());
    let selector = parametersCall::SELECTOR;
    let lists = selected![selector, 64_u64, 128_u64, 1_u64, underlying, 0_u64];
    let reply = ask(&margin, &lists)?;
    let (first, count) = reply.array(0, 1)?;
    let mut places = first..first.saturating_add(count);
    let mut next = |_, _| reply.u256(places.next().unwrap_or(usize::MAX));
    let governed = read(&[underlying], &[], now, &mut next)?;
    let not_listed = || refused(Error::UnderlyingNotListed(underlying));
    let mut allowances = of(&governed.decided).ok_or_else(not_listed)?;
    if let Some((before, _)) = &governed.before {
        allowances = lesser(&allowances, &of(before).ok_or_else(not_listed)?);
    }
    write(&governed.oracle, underlying, &allowances)
}

/// Half of the charges of the one underlying that was read.
fn of(decided: &Decided) -> Option<Allowances> {
    let Decided { parameters, .. } = decided;
    let listed = parameters.underlyings.first()?;
    let (corrections, volatility) = (&parameters.corrections, &parameters.volatility);
    let forward_floor = corrections.calendar_floor >> 1;
    Some(Allowances {
        mark: forward_floor,
        forwardFloor: forward_floor,
        forwardSlope: corrections.calendar_slope >> 1,
        // 0.8 / 2; a range is at most 10 (2^63.2), so the fifth comes first.
        volatilityUp: (listed.volatility_up / 5).saturating_mul(2),
        volatilityDown: listed.volatility_down >> 1,
        shortPower: volatility.short_power,
        longPower: volatility.long_power,
        floor: u32::try_from(volatility.floor).unwrap_or(u32::MAX),
    })
}

/// What isn't above either for any tenor: up to 30 days a power makes the allowance of a volatility greater, beyond them lesser, as a
/// longer floor does.
fn lesser(one: &Allowances, other: &Allowances) -> Allowances {
    Allowances {
        mark: one.mark.min(other.mark),
        forwardFloor: one.forwardFloor.min(other.forwardFloor),
        forwardSlope: one.forwardSlope.min(other.forwardSlope),
        volatilityUp: one.volatilityUp.min(other.volatilityUp),
        volatilityDown: one.volatilityDown.min(other.volatilityDown),
        shortPower: one.shortPower.min(other.shortPower),
        longPower: one.longPower.max(other.longPower),
        floor: one.floor.max(other.floor),
    }
}

fn write(oracle: &Address, underlying: u8, allowances: &Allowances) -> Result<(), Revert> {
    tell(
        oracle,
        &selected![
            setAllowancesCall::SELECTOR,
            underlying,
            allowances.mark,
            allowances.forwardFloor,
            allowances.forwardSlope,
            allowances.volatilityUp,
            allowances.volatilityDown,
            allowances.shortPower,
            allowances.longPower,
            allowances.floor,
        ],
    )
}
