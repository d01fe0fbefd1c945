//! What all options of one expiry share, prepared once: time, forward, discounts, and how volatility answers each mode.
//!
//! Formats: `Qn` is the number times `2^n`. Time to expiry counts as at most 63 years.

mod volatility;

use novate_math::kernel::{exp_negative, ln_decimal, ln_wad, sqrt};

use crate::{
    fixed::{ONE_Q60, ONE_Q62, binary, binary_wide, multiply, price_ratio, ratio_q60},
    instrument::Strike,
    market::ExpiryMarket,
    parameters::{Parameters, UnderlyingParameters},
    scenario::VolatilityMode,
};
use volatility::{Smile, Turn, smile, turns, volatility_factors};

const YEAR: u64 = 31_536_000;
const MONTH: u64 = 30 * 86_400;
const LONGEST: u64 = 63 * YEAR;
/// A second in years, Q116: `2^116 / 31_536_000`.
const SECOND_Q116: u128 = (1 << 116) / 31_536_000;
/// Volatilities count as at most this, 2^119 units of 1e-18.
const MOST_VOLATILE: u128 = 1 << 119;
/// The bias of a strike's exponent.
const STRIKE_BIAS: i32 = -16;

/// One expiry at evaluation.
#[derive(Debug, Clone)]
pub(crate) struct Expiry {
    /// Seconds left; 0 once expired.
    pub(crate) seconds: u64,
    /// Forward; once expired, the settlement price, or the index until that is known.
    pub(crate) forward: u128,
    /// Its logarithm, Q56.
    pub(crate) ln_forward: i64,
    /// The share of the forward that can still move, Q60.
    pub(crate) variable: u64,
    /// Years left, Q58.
    pub(crate) tau: u64,
    /// `sqrt(tau)`, Q58.
    pub(crate) root: u64,
    /// `D = exp(-rate tau)`, Q62.
    pub(crate) discount: u64,
    /// `D` times the discount of long expiries, Q62.
    pub(crate) long: u64,
    /// `D` times the discount of short expiries, at most one, Q62.
    pub(crate) short: u64,
    /// Positive part of the rate, Q60.
    pub(crate) rate: u64,
    /// `1 + range_up m`, Q58.
    up: u64,
    /// `max(0, 1 - range_down m)`, Q58.
    down: u64,
    /// Least total deviation of the up mode, Q58.
    least_up: u64,
    linear: Turn,
    absolute: Turn,
    smile: Smile,
}

impl Expiry {
    /// Prepares an expiry as of `now` (Unix seconds).
    #[inline(never)]
    pub(crate) fn prepare(
        market: &ExpiryMarket,
        parameters: &Parameters,
        ranges: &UnderlyingParameters,
        now: u64,
    ) -> Self {
        let seconds = market.expiry().saturating_sub(now).min(LONGEST);
        let forward = market.forward;
        let tau_q116 = u128::from(seconds).wrapping_mul(SECOND_Q116); // below 2^122
        let tau = u64::try_from(tau_q116 >> 58).unwrap_or(u64::MAX);
        let root = sqrt(tau_q116);
        let rate = binary(u64::try_from(market.rate).unwrap_or(0), 60);
        let decay = multiply(rate, tau, 60); // Q58
        let (long, short) = static_discounts(parameters, rate, tau, decay);
        let (up, down) = volatility_factors(parameters, ranges, seconds);
        let least_up = multiply(binary_wide(parameters.volatility.minimum_up, 58), root, 58);
        let (linear, absolute) = turns(&parameters.skew, root);
        Self {
            seconds,
            forward,
            ln_forward: ln_wad(forward),
            variable: ratio_q60(market.variable(now), forward).min(ONE_Q60),
            tau,
            root,
            discount: exponential(decay) >> 1,
            long,
            short,
            rate,
            up,
            down,
            least_up,
            linear,
            absolute,
            smile: smile(market, seconds, now),
        }
    }

    /// `ln K - ln F`, Q56.
    pub(crate) fn log_moneyness(&self, strike: Strike) -> i64 {
        let exponent = i32::from(strike.exponent()).wrapping_add(STRIKE_BIAS);
        ln_decimal(u64::from(strike.mantissa()), exponent).wrapping_sub(self.ln_forward)
    }

    /// Total deviation `vol sqrt(tau)` of a strike, unshocked, Q58.
    #[inline(never)]
    pub(crate) fn deviation(&self, strike: Strike, log_moneyness: i64) -> u64 {
        match &self.smile {
            // Variance is below 512, so its root in Q59 is below 2^63.6.
            Smile::Slice(slice, aged) => {
                sqrt(price_ratio(slice.total_variance(log_moneyness), *aged)) >> 1
            }
            Smile::Points(points) => {
                let code = strike.code();
                let after = points.partition_point(|(known, _)| *known <= code);
                let volatility = points.get(after.saturating_sub(1)).map_or(0, |(_, vol)| *vol);
                // The root is below 8, so it fits Q60 too.
                binary_wide(price_ratio(volatility.min(MOST_VOLATILE), self.root << 2), 58)
            }
            Smile::Flat(deviation) => *deviation,
        }
    }

    /// The same expiry with the volatility at the money for all strikes; `None` if the surface is a list of points: that has none.
    #[inline(never)]
    pub(crate) fn flattened(&self) -> Option<Self> {
        if matches!(self.smile, Smile::Points(_)) {
            return None;
        }
        let deviation = self.deviation(Strike::NONE, 0);
        Some(Self { smile: Smile::Flat(deviation), ..self.clone() })
    }

    /// A strike's total deviation in a mode, given the unshocked one, Q58.
    #[inline(never)]
    pub(crate) fn shocked(&self, base: u64, log_moneyness: i64, mode: VolatilityMode) -> u64 {
        match mode {
            VolatilityMode::None => base,
            VolatilityMode::Up => multiply(base, self.up, 58).max(self.least_up),
            VolatilityMode::Down => multiply(base, self.down, 58),
            VolatilityMode::SkewLinear => {
                multiply(base, self.linear.factor(log_moneyness, log_moneyness < 0), 58)
            }
            VolatilityMode::SkewAbsolute => {
                multiply(base, self.absolute.factor(log_moneyness, false), 58)
            }
        }
    }

    /// The ratio of a shocked forward to the forward, Q60, for a shock of the price of Q60.
    pub(crate) const fn ratio(&self, shock: u64) -> u64 {
        if shock >= ONE_Q60 {
            ONE_Q60.saturating_add(multiply(shock.wrapping_sub(ONE_Q60), self.variable, 60))
        } else {
            ONE_Q60.saturating_sub(multiply(ONE_Q60.wrapping_sub(shock), self.variable, 60))
        }
    }
}

/// `ln(ratio)` in Q56 of a positive ratio in Q60.
pub(crate) const fn ln_ratio(ratio: u64) -> i64 {
    /// `60 ln 2` in Q56.
    const LN_ONE_Q60: i64 = 2_996_791_088_719_372_420;
    ln_decimal(ratio, 0).wrapping_sub(LN_ONE_Q60)
}

/// `exp(-z)` in Q63 of `z` in Q58; exactly one at 0, so that without a rate nothing is discounted.
const fn exponential(z: u64) -> u64 {
    if z == 0 { 1 << 63 } else { exp_negative(z) }
}

/// `D` times the discounts of long and short expiries, Q62.
fn static_discounts(parameters: &Parameters, rate: u64, tau: u64, decay: u64) -> (u64, u64) {
    // tau (rate multiplier + addition), Q58; at most 64 a year.
    let growth = |multiplier: u64, addition: u64| {
        let annual =
            multiply(rate, binary(multiplier, 58), 60).saturating_add(binary(addition, 58));
        multiply(annual, tau, 58)
    };
    let extra = growth(parameters.long.multiplier, parameters.long.addition);
    let base = binary(parameters.long.base, 62);
    let long = multiply(exponential(decay.saturating_add(extra)), base, 63);

    let relief = growth(parameters.short.multiplier, parameters.short.addition);
    let base = binary(parameters.short.base, 60);
    let short = if base < ONE_Q60 && relief > decay {
        // Governance sets no base below one; from one on it would be the whole.
        let shrinking = exponential(relief.wrapping_sub(decay)).max(1);
        let quotient = (u128::from(base) << 65).checked_div(shrinking.into());
        quotient.and_then(|short| u64::try_from(short).ok()).unwrap_or(ONE_Q62)
    } else {
        multiply(exponential(decay.saturating_sub(relief)), base, 61)
    };
    (long, short.min(ONE_Q62))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_discount_without_a_rate_and_less_than_one_with_it() {
        assert_eq!(exponential(0), 1 << 63);
        assert!(exponential(1 << 40) < 1 << 63);
    }

    #[test]
    fn the_logarithm_of_one_is_zero() {
        assert_eq!(ln_ratio(ONE_Q60), 0);
        assert!(ln_ratio(ONE_Q60 + (1 << 20)) > 0 && ln_ratio(ONE_Q60 - (1 << 20)) < 0);
    }
}
