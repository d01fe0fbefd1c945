//! The hard bounds inside which governance may move the parameters.

use super::{
    Basis, CollateralParameters, Contingencies, Corrections, DAY, LongDiscount, ONE, PERCENT,
    Parameters, ScanFactors, ShortDiscount, SkewShock, UnderlyingParameters, VolatilityShock,
};
use crate::{
    Error,
    scenario::{MAX_SCENARIOS, SpotMove, Weight},
};

const FOUR: i64 = 4_000_000_000_000_000_000;
const TEN: i128 = 10_000_000_000_000_000_000;

/// A parameter outside its bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound {
    /// The parameter.
    pub name: &'static str,
    /// What it was to be.
    pub value: i128,
    /// The least that it may be.
    pub minimum: i128,
    /// The most that it may be.
    pub maximum: i128,
}

fn within(
    name: &'static str,
    value: impl TryInto<i128>,
    minimum: impl Into<i128>,
    maximum: impl Into<i128>,
) -> Result<(), Error> {
    let (minimum, maximum) = (minimum.into(), maximum.into());
    let value = value.try_into().unwrap_or(i128::MAX);
    if (minimum..=maximum).contains(&value) {
        Ok(())
    } else {
        Err(Error::ParameterOutOfBounds(Bound { name, value, minimum, maximum }))
    }
}

impl UnderlyingParameters {
    /// Checks the hard bounds.
    ///
    /// # Errors
    /// [`Error::ParameterOutOfBounds`].
    pub fn check(&self) -> Result<(), Error> {
        within("underlying", self.underlying, 1, 255)?;
        within("range", self.range, PERCENT, ONE)?;
        within("volatility_up", self.volatility_up, 0, 10 * ONE)?;
        within("volatility_down", self.volatility_down, 0, 10 * ONE)
    }
}

impl CollateralParameters {
    /// Checks the hard bounds.
    ///
    /// # Errors
    /// [`Error::ParameterOutOfBounds`].
    pub fn check(&self) -> Result<(), Error> {
        within("collateral.underlying", self.underlying, 1, 255)?;
        within("collateral.maintenance_haircut", self.maintenance_haircut, 0, ONE)?;
        let rest = ONE.saturating_sub(self.maintenance_haircut);
        within("collateral.initial_haircut", self.initial_haircut, 0, rest)
    }
}

impl Parameters {
    /// Checks every hard bound.
    ///
    /// The functions of this crate are total for any parameters (they saturate), but only inside the bounds do they mean what
    /// `docs/margin.md` says, so a setter must check.
    ///
    /// # Errors
    /// [`Error::ParameterOutOfBounds`] names the first parameter that lies outside, with its bounds.
    pub fn check(&self) -> Result<(), Error> {
        self.underlyings.iter().try_for_each(UnderlyingParameters::check)?;
        self.collateral.iter().try_for_each(CollateralParameters::check)?;
        self.check_scenarios()?;
        self.scan.check()?;
        self.volatility.check()?;
        self.skew.check()?;
        self.basis.check()?;
        self.contingencies.check()?;
        self.long.check()?;
        self.short.check()
    }

    fn check_scenarios(&self) -> Result<(), Error> {
        let count = i128::try_from(self.scenarios.len()).unwrap_or(i128::MAX);
        within("scenarios", count, 1, i128::try_from(MAX_SCENARIOS).unwrap_or(0))?;
        for scenario in &self.scenarios {
            let lowest = 0_i64.saturating_sub_unsigned(99 * PERCENT);
            match scenario.spot {
                SpotMove::Ranges(spot) => within("scenario.spot", spot, -FOUR, FOUR)?,
                SpotMove::Absolute(spot) => within("scenario.spot", spot, lowest, 9 * ONE)?,
            }
            match scenario.weight {
                Weight::Fixed(weight) | Weight::Tail(weight) => {
                    within("scenario.weight", weight, 0, 3 * ONE)?;
                }
            }
        }
        Ok(())
    }
}

impl ScanFactors {
    /// Checks the hard bounds.
    ///
    /// # Errors
    /// [`Error::ParameterOutOfBounds`].
    pub fn check(&self) -> Result<(), Error> {
        within("scan.maintenance", self.maintenance, 10 * PERCENT, 10 * ONE)?;
        within("scan.initial", self.initial, self.maintenance, 10 * ONE)?;
        within("scan.peg_threshold", self.peg_threshold, 0, 2 * ONE)?;
        within("scan.peg_factor", self.peg_factor, 0, 10 * ONE)
    }
}

impl VolatilityShock {
    /// Checks the hard bounds.
    ///
    /// # Errors
    /// [`Error::ParameterOutOfBounds`].
    pub fn check(&self) -> Result<(), Error> {
        within("volatility.short_power", self.short_power, 0, ONE)?;
        within("volatility.long_power", self.long_power, 0, ONE)?;
        within("volatility.floor", self.floor, 3_600, 400 * DAY)?;
        within("volatility.minimum_up", self.minimum_up, 0, 10 * ONE)
    }
}

impl SkewShock {
    /// Checks the hard bounds.
    ///
    /// # Errors
    /// [`Error::ParameterOutOfBounds`].
    pub fn check(&self) -> Result<(), Error> {
        within("skew.linear_cap", self.linear_cap, 0, TEN)?;
        within("skew.linear_slope", self.linear_slope, -TEN, TEN)?;
        within("skew.absolute_cap", self.absolute_cap, 0, TEN)?;
        within("skew.absolute_slope", self.absolute_slope, -TEN, TEN)?;
        within("skew.kstar_minimum", self.kstar_minimum, PERCENT / 100, TEN)?;
        within("skew.width", self.width, 0, TEN)?;
        within("skew.volatility_static", self.volatility_static, 0, TEN)?;
        within("skew.volatility_slope", self.volatility_slope, -TEN, TEN)
    }
}

impl Basis {
    /// Checks the hard bounds.
    ///
    /// # Errors
    /// [`Error::ParameterOutOfBounds`].
    pub fn check(&self) -> Result<(), Error> {
        within("basis.up", self.up, 0, 2 * ONE)?;
        within("basis.down", self.down, 0, 99 * PERCENT)?;
        within("basis.add", self.add, 0, 10 * ONE)?;
        within("basis.multiplier", self.multiplier, 0, 10 * ONE)
    }
}

impl Contingencies {
    /// Checks the hard bounds.
    ///
    /// # Errors
    /// [`Error::ParameterOutOfBounds`].
    pub fn check(&self) -> Result<(), Error> {
        within("contingency.perpetual_maintenance", self.perpetual_maintenance, 0, 3 * ONE)?;
        within("contingency.perpetual_initial", self.perpetual_initial, 0, 3 * ONE)?;
        within("contingency.option_maintenance", self.option_maintenance, 0, 2 * ONE)?;
        within("contingency.option_initial", self.option_initial, 0, 2 * ONE)?;
        within("contingency.confidence_threshold", self.confidence_threshold, 0, ONE)?;
        within("contingency.confidence_margin", self.confidence_margin, 0, 10 * ONE)
    }
}

impl LongDiscount {
    /// Checks the hard bounds: the base is at most one.
    ///
    /// # Errors
    /// [`Error::ParameterOutOfBounds`].
    pub fn check(&self) -> Result<(), Error> {
        within("long.base", self.base, 0, ONE)?;
        within("long.multiplier", self.multiplier, 0, 10 * ONE)?;
        within("long.addition", self.addition, 0, 10 * ONE)
    }
}

impl ShortDiscount {
    /// Checks the hard bounds: the base is at least one.
    ///
    /// # Errors
    /// [`Error::ParameterOutOfBounds`].
    pub fn check(&self) -> Result<(), Error> {
        within("short.base", self.base, ONE, 4 * ONE)?;
        within("short.multiplier", self.multiplier, 0, 10 * ONE)?;
        within("short.addition", self.addition, 0, 10 * ONE)
    }
}

impl Corrections {
    /// Checks the hard bounds. Not part of [`Parameters::check`]: peers' figures are those without corrections.
    ///
    /// # Errors
    /// [`Error::ParameterOutOfBounds`].
    pub fn check(&self) -> Result<(), Error> {
        within("calendar.floor", self.calendar_floor, PERCENT / 5, 5 * PERCENT)?;
        within("calendar.slope", self.calendar_slope, PERCENT / 2, 20 * PERCENT)?;
        within("calendar.initial", self.calendar_initial, 0, ONE)?;
        within("vanishing.share", self.vanishing, 0, 50 * PERCENT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Those that are on: without them the figures are the peers', which a client may ask for and governance may not set.
    #[test]
    fn corrections_are_refused_one_unit_beyond_their_bounds() {
        type Field = fn(&mut Corrections) -> &mut u64;
        let fields: [(&str, Field, u64, u64); 4] = [
            ("calendar.floor", |all| &mut all.calendar_floor, PERCENT / 5, 5 * PERCENT),
            ("calendar.slope", |all| &mut all.calendar_slope, PERCENT / 2, 20 * PERCENT),
            ("calendar.initial", |all| &mut all.calendar_initial, 0, ONE),
            ("vanishing.share", |all| &mut all.vanishing, 0, ONE / 2),
        ];
        assert_eq!(Corrections::default().check(), Ok(()));
        assert!(Corrections::NONE.check().is_err());
        for (name, field, least, most) in fields {
            for value in [least, most, least.wrapping_sub(1), most + 1] {
                let mut corrections = Corrections::default();
                *field(&mut corrections) = value;
                let expected = if (least..=most).contains(&value) {
                    Ok(())
                } else {
                    let [value, minimum, maximum] = [value, least, most].map(i128::from);
                    Err(Error::ParameterOutOfBounds(Bound { name, value, minimum, maximum }))
                };
                assert_eq!(corrections.check(), expected);
            }
        }
    }
}
