//! Setters of what belongs to one underlying or one collateral token.

use alloy_primitives::{I256, U256};
use novate_abi::{
    IRiskParameters,
    parameters::{
        FLIGHT, GROUPS, Place, pack_collateral, pack_ramp, pack_underlying, unpack_collateral,
        unpack_ramp, unpack_underlying,
    },
    words::signed,
};
use novate_common::{Answer, Input, Revert, empty, refuse, session::refused, timestamp};
use novate_risk::{
    Error,
    adaptive::Ramp,
    parameters::{Bound, CollateralParameters, UnderlyingParameters},
};

use crate::{
    RiskParameters,
    allowances::{list, sync},
    change::{changed, changed_unsigned},
    keeper::{word, write},
};

const HOUR: u64 = 3_600;
const LONGEST_RAMP: u64 = 90 * 24 * HOUR;

/// An underlying's parameters as stored; before it is listed, all zero.
fn stored(underlying: u8) -> Result<(UnderlyingParameters, bool), Revert> {
    let nothing = UnderlyingParameters {
        volatility_up: 0,
        volatility_down: 0,
        ..UnderlyingParameters::new(underlying, 0)
    };
    let word = word(Place::Underlying(underlying))?;
    Ok(unpack_underlying(underlying, word).unwrap_or((nothing, false)))
}

/// The same of one that is listed.
fn listed(underlying: u8) -> Result<(UnderlyingParameters, bool), Revert> {
    let (parameters, moves) = stored(underlying)?;
    if parameters.range == 0 {
        return Err(refused(Error::UnderlyingNotListed(underlying)));
    }
    Ok((parameters, moves))
}

/// The way of an underlying's range; of one that stands still, one of no length.
pub(crate) fn ramp(parameters: &UnderlyingParameters, moves: bool) -> Result<Ramp, Revert> {
    let to = parameters.range;
    if moves {
        Ok(unpack_ramp(to, word(Place::Ramp(parameters.underlying))?))
    } else {
        Ok(Ramp { from: to, to, start: 0, length: 0 })
    }
}

fn put(
    previous: &UnderlyingParameters,
    current: &UnderlyingParameters,
    moves: bool,
) -> Result<(), Revert> {
    let number = current.underlying;
    write(Place::Underlying(number), pack_underlying(current, moves))?;
    changed_unsigned("range", number, previous.range, current.range);
    changed_unsigned("volatility_up", number, previous.volatility_up, current.volatility_up);
    changed_unsigned("volatility_down", number, previous.volatility_down, current.volatility_down);
    changed_unsigned("group", number, previous.group.into(), current.group.into());
    Ok(())
}

impl RiskParameters {
    /// `setUnderlying(underlying, range, volatilityRangeUp, volatilityRangeDown)`.
    pub(crate) fn set_underlying(&self, input: &mut Input<'_>) -> Answer {
        self.governance.only_governor()?;
        let (previous, moved) = stored(input.u8()?)?;
        let current = UnderlyingParameters {
            range: input.u64()?,
            volatility_up: input.u64()?,
            volatility_down: input.u64()?,
            ..previous
        };
        current.check().map_err(refused)?;
        put(&previous, &current, false)?;
        if moved {
            stop(current.underlying)?;
        }
        list(current.underlying);
        sync(current.underlying)?;
        empty()
    }

    /// `rampRange(underlying, range, duration)`.
    pub(crate) fn ramp_range(&self, input: &mut Input<'_>) -> Answer {
        self.governance.only_governor()?;
        let (previous, moves) = listed(input.u8()?)?;
        let current = UnderlyingParameters { range: input.u64()?, ..previous };
        let length = input.u64()?;
        current.check().map_err(refused)?;
        let before = ramp(&previous, moves)?;
        // What raises maintenance takes a day at least.
        let shortest = if current.range > before.at(timestamp()) { FLIGHT } else { HOUR };
        within("ramp.length", length, shortest, LONGEST_RAMP)?;
        let way = Ramp { length, ..before.towards(current.range, timestamp()) };
        write(Place::Ramp(current.underlying), pack_ramp(&way))?;
        put(&previous, &current, true)?;
        changed_unsigned("ramp.length", current.underlying, before.length, length);
        empty()
    }

    /// `setGroup(underlying, group)`.
    pub(crate) fn set_group(&self, input: &mut Input<'_>) -> Answer {
        self.governance.only_governor()?;
        let (previous, moves) = listed(input.u8()?)?;
        let group = input.u8()?;
        if group > GROUPS {
            return Err(refuse!(IRiskParameters::UnknownGroup { group }));
        }
        put(&previous, &UnderlyingParameters { group, ..previous }, moves)?;
        empty()
    }

    /// `setCollateral(collateral, underlying, maintenanceHaircut, initialHaircut, cancelsRisk)`.
    pub(crate) fn set_collateral(&self, input: &mut Input<'_>) -> Answer {
        self.governance.only_governor()?;
        let collateral = input.u8()?;
        let current = CollateralParameters {
            collateral,
            underlying: input.u8()?,
            maintenance_haircut: input.u64()?,
            initial_haircut: input.u64()?,
            cancels_risk: input.bool()?,
        };
        current.check().map_err(refused)?;
        listed(current.underlying)?;
        let place = Place::Collateral(collateral);
        let nothing = CollateralParameters {
            underlying: 0,
            maintenance_haircut: 0,
            initial_haircut: 0,
            cancels_risk: false,
            ..current
        };
        let previous = match unpack_collateral(collateral, word(place)?) {
            Some(previous) => {
                // Another price at once would be another equity at once: that is another listing.
                let same = previous.underlying.into();
                within("collateral.underlying", current.underlying.into(), same, same)?;
                previous
            }
            None => nothing,
        };
        write(place, pack_collateral(&current))?;
        for (name, value) in COLLATERAL {
            changed(name, collateral, value(&previous), value(&current));
        }
        empty()
    }
}

/// Refuses a number outside of limits.
fn within(name: &'static str, value: u64, minimum: u64, maximum: u64) -> Result<(), Revert> {
    if (minimum..=maximum).contains(&value) {
        return Ok(());
    }
    let [value, minimum, maximum] = [value, minimum, maximum].map(i128::from);
    Err(refused(Error::ParameterOutOfBounds(Bound { name, value, minimum, maximum })))
}

/// A value of a collateral token.
type TokenValue = fn(&CollateralParameters) -> I256;

/// The named values of a collateral token.
pub(crate) const COLLATERAL: [(&str, TokenValue); 4] = [
    ("collateral.underlying", |token| signed(token.underlying.into())),
    ("collateral.maintenance_haircut", |token| signed(token.maintenance_haircut.into())),
    ("collateral.initial_haircut", |token| signed(token.initial_haircut.into())),
    ("collateral.cancels_risk", |token| signed(i128::from(token.cancels_risk))),
];

/// Takes a ramp back.
fn stop(underlying: u8) -> Result<(), Revert> {
    let place = Place::Ramp(underlying);
    let way = unpack_ramp(0, word(place)?);
    write(place, U256::ZERO)?;
    changed_unsigned("ramp.length", underlying, way.length, 0);
    Ok(())
}
