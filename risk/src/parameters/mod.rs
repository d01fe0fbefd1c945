//! The risk parameters: everything that governance sets, inside hard bounds.
//!
//! Numbers have 18 decimals unless a field says otherwise. The defaults are those of `docs/margin.md`.

use alloc::vec::Vec;

use crate::{Error, scenario::Scenario};

mod bounds;

pub use bounds::Bound;

/// Percent, 18 decimals.
const PERCENT: u64 = 10_000_000_000_000_000;
const ONE: u64 = 100 * PERCENT;
const DAY: u64 = 86_400;

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
    pub peg_threshold: u128,
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
    pub minimum_up: u128,
}

/// How the surface turns in the skew modes: `cap = base + slope * sqrt(tau)` (at least 0),
/// `kstar = max(minimum, sqrt(tau) * width * (static + sqrt(tau) * slope))`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SkewShock {
    /// Base of the cap, skew-linear.
    pub linear_cap: u64,
    /// Slope of the cap, skew-linear.
    pub linear_slope: i128,
    /// Base of the cap, skew-absolute.
    pub absolute_cap: u64,
    /// Slope of the cap, skew-absolute.
    pub absolute_slope: i128,
    /// Least kstar.
    pub kstar_minimum: u64,
    /// Width of kstar in deviations.
    pub width: u64,
    /// Volatility of kstar at expiry.
    pub volatility_static: u64,
    /// Its slope in `sqrt(tau)`.
    pub volatility_slope: i128,
}

/// The charge for the forward moving against the index: the worse of two moves, times `add + multiplier * tau`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Basis {
    /// Rise, as a share of the forward.
    pub up: u64,
    /// Fall, as a share of the forward.
    pub down: u64,
    /// Factor at expiry.
    pub add: u128,
    /// Factor for each year.
    pub multiplier: u128,
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
    pub confidence_margin: u128,
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

/// What peers lack: charges that guard what the scan can't see, and limits where it sees too much. All zero or false: the peers' figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Corrections {
    /// Charge on delta-one positions of different tenors that offset each other: of each matched leg's notional,
    pub calendar_floor: u64,
    /// and this times the root of its tenor in years.
    pub calendar_slope: u64,
    /// Further share of the calendar charge, initially.
    pub calendar_initial: u64,
    /// Share of the value of long options that counts for nothing at expiry; it rises from 8 to 4 days before.
    pub vanishing: u64,
    /// A book's options never need more than they can lose.
    pub caps_losses: bool,
    /// The charge of low confidence begins at zero at the threshold.
    pub smooth_confidence: bool,
    /// A surface older than an hour is charged what options lose at a flat volatility.
    pub charges_old_surfaces: bool,
}

impl Corrections {
    /// None of them.
    pub const NONE: Self = Self {
        calendar_floor: 0,
        calendar_slope: 0,
        calendar_initial: 0,
        vanishing: 0,
        caps_losses: false,
        smooth_confidence: false,
        charges_old_surfaces: false,
    };
}

impl Default for Corrections {
    fn default() -> Self {
        Self {
            calendar_floor: PERCENT / 2,
            calendar_slope: 2 * PERCENT,
            calendar_initial: 50 * PERCENT,
            vanishing: 20 * PERCENT,
            caps_losses: true,
            smooth_confidence: true,
            charges_old_surfaces: true,
        }
    }
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
    /// Corrections of the sum.
    pub corrections: Corrections,
}

impl Default for Parameters {
    fn default() -> Self {
        const WIDE_PERCENT: u128 = 10_000_000_000_000_000;
        const TENTH: i128 = 100_000_000_000_000_000;
        Self {
            underlyings: Vec::new(),
            collateral: Vec::new(),
            scenarios: Scenario::defaults(),
            scan: ScanFactors {
                initial: ONE,
                maintenance: 80 * PERCENT,
                peg_threshold: 99 * WIDE_PERCENT,
                peg_factor: 4 * ONE,
            },
            volatility: VolatilityShock {
                short_power: 30 * PERCENT,
                long_power: 13 * PERCENT,
                floor: DAY,
                minimum_up: 40 * WIDE_PERCENT,
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
                add: 50 * WIDE_PERCENT,
                multiplier: 200 * WIDE_PERCENT,
            },
            contingencies: Contingencies {
                perpetual_maintenance: 3 * PERCENT,
                perpetual_initial: PERCENT,
                option_maintenance: 3 * PERCENT / 10,
                option_initial: 2 * PERCENT / 10,
                confidence_threshold: 55 * PERCENT,
                confidence_margin: 100 * WIDE_PERCENT,
            },
            long: LongDiscount { base: 95 * PERCENT, multiplier: 0, addition: 16 * PERCENT },
            short: ShortDiscount { base: 105 * PERCENT, multiplier: 0, addition: 16 * PERCENT },
            corrections: Corrections::default(),
        }
    }
}

impl Parameters {
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
