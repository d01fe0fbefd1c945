//! The risk parameters and the hard bounds inside which governance may move them.
//!
//! Numbers have 18 decimals unless a field says otherwise. The defaults are those of `docs/margin.md`.

use alloc::vec::Vec;

use crate::{
    Error,
    scenario::{MAX_SCENARIOS, Scenario, SpotMove, Weight},
};

/// Percent, 18 decimals.
const PERCENT: u64 = 10_000_000_000_000_000;
const ONE: u64 = 100 * PERCENT;
const DAY: u64 = 86_400;
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

/// What is particular to an underlying.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnderlyingParameters {
    /// Its number, 1..=255.
    pub underlying: u8,
    /// One unit of the scenarios' spot moves, as a share of the price.
    pub range: u64,
    /// How far volatility rises in 30 days' terms.
    pub volatility_up: u64,
    /// How far volatility falls in 30 days' terms.
    pub volatility_down: u64,
    /// Correlated underlyings share a group; 0: none, it stands alone.
    pub group: u8,
}

impl UnderlyingParameters {
    /// Default volatility ranges, and no group.
    pub const fn new(underlying: u8, range: u64) -> Self {
        let (volatility_up, volatility_down) = (50 * PERCENT, 30 * PERCENT);
        Self { underlying, range, volatility_up, volatility_down, group: 0 }
    }
}

/// What a collateral token counts for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CollateralParameters {
    /// Its number.
    pub collateral: u8,
    /// The underlying whose requirement it joins.
    pub underlying: u8,
    /// Share of its value required for maintenance.
    pub maintenance_haircut: u64,
    /// Further share required initially.
    pub initial_haircut: u64,
    /// Whether it enters the scenarios with the underlying's moves.
    pub cancels_risk: bool,
}

/// Factors on the loss of the worst scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScanFactors {
    /// For the initial requirement; not below `maintenance`.
    pub initial: u64,
    /// For the maintenance requirement.
    pub maintenance: u64,
    /// Below this price of the stable coin the initial factor rises
    pub peg_threshold: u64,
    /// by this much for each unit of the shortfall.
    pub peg_factor: u64,
}

/// How volatility shocks depend on the time to expiry: `m = (30 days / max(time, floor))^power`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VolatilityShock {
    /// Power up to 30 days.
    pub short_power: u64,
    /// Power beyond.
    pub long_power: u64,
    /// Seconds.
    pub floor: u64,
    /// Least volatility of the up mode.
    pub minimum_up: u64,
}

/// How the surface turns in the skew modes: `cap = base + slope * sqrt(tau)` (at least 0),
/// `kstar = max(minimum, sqrt(tau) * width * (static + sqrt(tau) * slope))`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SkewShock {
    /// Base of the cap, skew-linear.
    pub linear_cap: u64,
    /// Slope of the cap, skew-linear.
    pub linear_slope: i64,
    /// Base of the cap, skew-absolute.
    pub absolute_cap: u64,
    /// Slope of the cap, skew-absolute.
    pub absolute_slope: i64,
    /// Least kstar.
    pub kstar_minimum: u64,
    /// Width of kstar in deviations.
    pub width: u64,
    /// Volatility of kstar at expiry.
    pub volatility_static: u64,
    /// Its slope in `sqrt(tau)`.
    pub volatility_slope: i64,
}

/// The charge for the forward moving against the index: the worse of two moves, times `add + multiplier * tau`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Basis {
    /// Rise, as a share of the forward.
    pub up: u64,
    /// Fall, as a share of the forward.
    pub down: u64,
    /// Factor at expiry.
    pub add: u64,
    /// Factor for each year.
    pub multiplier: u64,
}

/// Rates of the contingencies. What is initial comes on top of maintenance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Contingencies {
    /// Of a perpetual's notional.
    pub perpetual_maintenance: u64,
    /// Further, initially.
    pub perpetual_initial: u64,
    /// Of the notional of naked short options.
    pub option_maintenance: u64,
    /// Further, initially.
    pub option_initial: u64,
    /// Confidence below which an exposure is charged.
    pub confidence_threshold: u64,
    /// Charge on the notional for each unit that confidence lacks.
    pub confidence_margin: u64,
}

/// Reduces what long expiries are worth under stress: `base * exp(-tau * (rate * multiplier + addition))`, `base <= 1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LongDiscount {
    /// At expiry; at most one.
    pub base: u64,
    /// Of the rate.
    pub multiplier: u64,
    /// A year.
    pub addition: u64,
}

/// Raises what short expiries cost under stress: `min(1/D, base * exp(tau * (rate * multiplier + addition)))`, `base >= 1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShortDiscount {
    /// At expiry; at least one.
    pub base: u64,
    /// Of the rate.
    pub multiplier: u64,
    /// A year.
    pub addition: u64,
}

/// Everything that governance sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameters {
    /// Ascending by number.
    pub underlyings: Vec<UnderlyingParameters>,
    /// Ascending by number.
    pub collateral: Vec<CollateralParameters>,
    /// At least one, at most [`MAX_SCENARIOS`].
    pub scenarios: Vec<Scenario>,
    /// Factors on the worst loss.
    pub scan: ScanFactors,
    /// Volatility up and down.
    pub volatility: VolatilityShock,
    /// Turns of the surface.
    pub skew: SkewShock,
    /// Basis charge.
    pub basis: Basis,
    /// Contingencies.
    pub contingencies: Contingencies,
    /// Discount of long expiries.
    pub long: LongDiscount,
    /// Discount of short expiries.
    pub short: ShortDiscount,
}

impl Default for Parameters {
    fn default() -> Self {
        const TENTH: i64 = 100_000_000_000_000_000;
        Self {
            underlyings: Vec::new(),
            collateral: Vec::new(),
            scenarios: Scenario::defaults(),
            scan: ScanFactors {
                initial: ONE,
                maintenance: 80 * PERCENT,
                peg_threshold: 99 * PERCENT,
                peg_factor: 4 * ONE,
            },
            volatility: VolatilityShock {
                short_power: 30 * PERCENT,
                long_power: 13 * PERCENT,
                floor: DAY,
                minimum_up: 40 * PERCENT,
            },
            skew: SkewShock {
                linear_cap: 25 * PERCENT,
                linear_slope: -TENTH,
                absolute_cap: 25 * PERCENT,
                absolute_slope: -TENTH,
                kstar_minimum: PERCENT,
                width: 4 * ONE,
                volatility_static: 60 * PERCENT,
                volatility_slope: 0,
            },
            basis: Basis {
                up: 45 * PERCENT / 10,
                down: 45 * PERCENT / 10,
                add: 50 * PERCENT,
                multiplier: 2 * ONE,
            },
            contingencies: Contingencies {
                perpetual_maintenance: 3 * PERCENT,
                perpetual_initial: PERCENT,
                option_maintenance: 3 * PERCENT / 10,
                option_initial: 2 * PERCENT / 10,
                confidence_threshold: 55 * PERCENT,
                confidence_margin: ONE,
            },
            long: LongDiscount { base: 95 * PERCENT, multiplier: 0, addition: 16 * PERCENT },
            short: ShortDiscount { base: 105 * PERCENT, multiplier: 0, addition: 16 * PERCENT },
        }
    }
}

fn within(
    name: &'static str,
    value: impl Into<i128>,
    minimum: impl Into<i128>,
    maximum: impl Into<i128>,
) -> Result<(), Error> {
    let (value, minimum, maximum) = (value.into(), minimum.into(), maximum.into());
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

    /// The parameters of an underlying.
    ///
    /// # Errors
    /// [`Error::UnderlyingNotListed`].
    pub fn underlying(&self, number: u8) -> Result<&UnderlyingParameters, Error> {
        self.underlyings
            .iter()
            .find(|listed| listed.underlying == number)
            .ok_or(Error::UnderlyingNotListed(number))
    }

    /// The parameters of a collateral token.
    ///
    /// # Errors
    /// [`Error::CollateralNotListed`].
    pub fn collateral(&self, number: u8) -> Result<&CollateralParameters, Error> {
        self.collateral
            .iter()
            .find(|listed| listed.collateral == number)
            .ok_or(Error::CollateralNotListed(number))
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
