//! What can be wrong with an input.

use core::fmt;

/// Why a function has no result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Error {
    /// The result does not fit its type.
    Overflow,
    /// A divisor is zero.
    DivisionByZero,
    /// The logarithm, or a power, of a number that is not positive.
    NotPositive,
    /// A forward or a strike is zero.
    ZeroPrice,
    /// A probability outside (0, 1).
    ProbabilityOutOfRange,
    /// `|rate * years|` above 40.
    RateOutOfRange,
    /// The price is below the discounted intrinsic value: no volatility gives it.
    PriceBelowIntrinsic,
    /// The price is at or above its limit for infinite volatility: the discounted forward for a call, strike for a put.
    PriceAboveMaximum,
    /// A surface parameter outside its range: `b < 0`, `|rho| >= 1`, `sigma <= 0`, or one too large to represent.
    SurfaceParameterOutOfRange,
    /// The smallest total variance of the surface, `a + b sigma sqrt(1 - rho^2)`, is negative.
    NegativeVariance,
    /// A wing is steeper than two: `b (1 + |rho|) > 2`.
    WingTooSteep,
    /// Gatheral's `g(k)` is negative at a point of the grid: the surface admits butterfly arbitrage.
    ButterflyArbitrage,
    /// A weight of an average outside [0, 1].
    WeightOutOfRange,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Overflow => "the result does not fit",
            Self::DivisionByZero => "division by zero",
            Self::NotPositive => "the argument must be positive",
            Self::ZeroPrice => "forward and strike must be positive",
            Self::ProbabilityOutOfRange => "a probability must lie between 0 and 1",
            Self::RateOutOfRange => "rate times years is beyond 40",
            Self::PriceBelowIntrinsic => "the price is below intrinsic value",
            Self::PriceAboveMaximum => "the price is at or above its maximum",
            Self::SurfaceParameterOutOfRange => "a surface parameter is out of range",
            Self::NegativeVariance => "the surface has negative variance",
            Self::WingTooSteep => "a wing of the surface is steeper than two",
            Self::ButterflyArbitrage => "the surface admits butterfly arbitrage",
            Self::WeightOutOfRange => "a weight must lie between 0 and 1",
        })
    }
}

impl core::error::Error for Error {}
