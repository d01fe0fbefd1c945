//! What all options of one expiry share, prepared once: time, forward, discounts, and how volatility answers each mode.
//!
//! Formats: `Qn` is the number times `2^n`. Time to expiry counts as at most 63 years.

use novate_math::kernel::{Slice, exp_negative, ln_decimal, ln_wad, sqrt};

use crate::{
    fixed::{
        ONE_Q58, ONE_Q60, ONE_Q62, binary, binary_q118, binary_signed, halves, multiply,
        price_ratio,
    },
    instrument::Strike,
    market::{ExpiryMarket, SETTLEMENT_WINDOW, Surface, UnderlyingMarket},
    parameters::{Parameters, SkewShock, UnderlyingParameters},
    scenario::VolatilityMode,
};

const YEAR: u64 = 31_536_000;
const MONTH: u64 = 30 * 86_400;
const LONGEST: u64 = 63 * YEAR;
/// A second in years, Q116: `2^116 / 31_536_000`.
const SECOND_Q116: u128 = (1 << 116) / 31_536_000;
/// The bias of a strike's exponent.
const STRIKE_BIAS: i32 = -16;

/// How volatility scales in each mode.
#[derive(Debug, Clone, Copy)]
struct Turn {
    /// Most change, Q58.
    cap: u64,
    /// `cap / kstar`, Q`point`.
    slope: u64,
    point: u32,
}

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

#[derive(Debug, Clone)]
enum Smile {
    /// A slice and `tau / tau_ref`, Q60.
    Slice(Slice, u64),
    /// Volatilities by strike code.
    Points(alloc::vec::Vec<(u32, u64)>),
    /// Expired: no volatility.
    Flat,
}

impl Expiry {
    /// Prepares an expiry as of `now` (Unix seconds).
    #[inline(never)]
    pub(crate) fn prepare(
        market: &ExpiryMarket,
        underlying: &UnderlyingMarket,
        parameters: &Parameters,
        ranges: &UnderlyingParameters,
        now: u64,
    ) -> Self {
        let seconds = market.expiry().saturating_sub(now).min(LONGEST);
        let forward = if seconds == 0 {
            market.settlement_price.unwrap_or(underlying.index)
        } else {
            market.forward
        };
        let tau_q116 = u128::from(seconds).wrapping_mul(SECOND_Q116); // below 2^122
        let tau = u64::try_from(tau_q116 >> 58).unwrap_or(u64::MAX);
        let root = sqrt(tau_q116);
        let rate = binary(u64::try_from(market.rate).unwrap_or(0), 60);
        let decay = multiply(rate, tau, 60); // Q58
        let (long, short) = static_discounts(parameters, rate, tau, decay);
        let (up, down) = volatility_factors(parameters, ranges, seconds);
        let least_up = multiply(binary(parameters.volatility.minimum_up, 58), root, 58);
        let (linear, absolute) = turns(&parameters.skew, root);
        Self {
            seconds,
            forward,
            ln_forward: ln_wad(forward),
            variable: variable_share(market, seconds),
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
                multiply(binary(volatility, 58), self.root, 58)
            }
            Smile::Flat => 0,
        }
    }

    /// A strike's total deviation in a mode, given the unshocked one, Q58.
    #[inline(never)]
    pub(crate) fn shocked(&self, base: u64, log_moneyness: i64, mode: VolatilityMode) -> u64 {
        match mode {
            VolatilityMode::None => base,
            VolatilityMode::Up => multiply(base, self.up, 58).max(self.least_up),
            VolatilityMode::Down => multiply(base, self.down, 58),
            VolatilityMode::SkewLinear => {
                let change = self.linear.change(log_moneyness);
                let factor = if log_moneyness < 0 {
                    ONE_Q58.saturating_sub(change)
                } else {
                    ONE_Q58.saturating_add(change)
                };
                multiply(base, factor, 58)
            }
            VolatilityMode::SkewAbsolute => {
                let factor = ONE_Q58.saturating_add(self.absolute.change(log_moneyness));
                multiply(base, factor, 58)
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

impl Turn {
    /// `min(cap, |k| cap/kstar)`, Q58; `log_moneyness` in Q56.
    fn change(&self, log_moneyness: i64) -> u64 {
        let product = u128::from(log_moneyness.unsigned_abs()).wrapping_mul(u128::from(self.slope));
        let change = product.checked_shr(self.point.saturating_sub(2)).unwrap_or(0);
        u64::try_from(change).unwrap_or(u64::MAX).min(self.cap)
    }
}

/// `ln(ratio)` in Q56 of a positive ratio in Q60.
pub(crate) const fn ln_ratio(ratio: u64) -> i64 {
    /// `60 ln 2` in Q56.
    const LN_ONE_Q60: i64 = 2_996_791_088_719_372_420;
    ln_decimal(ratio, 0).wrapping_sub(LN_ONE_Q60)
}

/// `exp(-z)` in Q63 of `z` in Q58; exactly one at 0, so that without a rate nothing is discounted.
fn exponential(z: u64) -> u64 {
    if z == 0 { 1 << 63 } else { exp_negative(z) }
}

/// `D` times the discounts of long and short expiries, Q62.
fn static_discounts(parameters: &Parameters, rate: u64, tau: u64, decay: u64) -> (u64, u64) {
    // tau (rate multiplier + addition), Q58.
    let growth = |multiplier: u64, addition: u64| {
        let annual =
            multiply(rate, binary(multiplier, 60), 60).saturating_add(binary(addition, 60));
        multiply(annual, tau, 60)
    };
    let extra = growth(parameters.long.multiplier, parameters.long.addition);
    let base = binary(parameters.long.base, 62);
    let long = multiply(exponential(decay.saturating_add(extra)), base, 63);

    let relief = growth(parameters.short.multiplier, parameters.short.addition);
    let base = binary(parameters.short.base, 60);
    let short = multiply(exponential(decay.saturating_sub(relief)), base, 61);
    (long.min(ONE_Q62), short.min(ONE_Q62))
}

/// `1 + range_up m` and `max(0, 1 - range_down m)`, Q58, with `m = (30 days / max(seconds, floor))^power`.
/// The first is taken below 64.
#[inline(never)]
fn volatility_factors(
    parameters: &Parameters,
    ranges: &UnderlyingParameters,
    seconds: u64,
) -> (u64, u64) {
    let shock = &parameters.volatility;
    let power = binary(if seconds <= MONTH { shock.short_power } else { shock.long_power }, 60);
    let time = seconds.max(shock.floor).max(1);
    let log = ln_decimal(MONTH, 0).wrapping_sub(ln_decimal(time, 0)); // Q56
    let exponent = multiply(log.unsigned_abs() << 2, power, 60); // Q58
    let decay = exp_negative(exponent).max(1); // Q63, e^-|...|
    let scaled = |range: u64| {
        let range = binary(range, 58);
        if log < 0 {
            multiply(range, decay, 63)
        } else {
            let quotient = (u128::from(range) << 63).checked_div(u128::from(decay));
            u64::try_from(quotient.unwrap_or(u128::MAX)).unwrap_or(u64::MAX)
        }
    };
    let up = ONE_Q58.saturating_add(scaled(ranges.volatility_up));
    (up, ONE_Q58.saturating_sub(scaled(ranges.volatility_down)))
}

#[inline(never)]
fn turns(skew: &SkewShock, root: u64) -> (Turn, Turn) {
    // sqrt(tau) is below 8, so each product of it with a parameter below 16 is below 128.
    let tilt = |base: u64, slope: i64| {
        let change = i128::from(multiply(binary(slope.unsigned_abs(), 59), root, 59));
        let change = if slope < 0 { change.wrapping_neg() } else { change };
        i128::from(binary(base, 58)).wrapping_add(change)
    };
    let volatility = tilt(skew.volatility_static, skew.volatility_slope).max(0).cast_unsigned();
    let (high, low) = halves(volatility);
    // Q58; at least 2^-14 of one so that the quotient below fits.
    let volatility = if high == 0 { low } else { u64::MAX };
    let width = multiply(binary(skew.width, 56), root, 62); // Q52, below 128
    let kstar = multiply(width, volatility, 62); // Q48, below 2^14
    let kstar = kstar.max(binary(skew.kstar_minimum, 48)).max(1);
    let turn = |base: u64, slope: i64| {
        let cap = u64::try_from(tilt(base, slope).max(0)).unwrap_or(u64::MAX);
        let quotient = (u128::from(cap) << 64).checked_div(u128::from(kstar)).unwrap_or(0); // Q74
        let excess = 64_u32.saturating_sub(quotient.leading_zeros());
        let slope = u64::try_from(quotient.wrapping_shr(excess)).unwrap_or(u64::MAX);
        Turn { cap, slope, point: 74_u32.saturating_sub(excess) }
    };
    (turn(skew.linear_cap, skew.linear_slope), turn(skew.absolute_cap, skew.absolute_slope))
}

/// The share of the forward that can still move, Q60: inside the settlement window, part of the average is known.
#[inline(never)]
fn variable_share(market: &ExpiryMarket, seconds: u64) -> u64 {
    if seconds == 0 {
        return 0;
    }
    if let Some(part) = market.forward_variable {
        // Both below 2^110: long division by 12 bits five times.
        let (mut quotient, mut rest) = (0_u64, part);
        if part >= market.forward {
            return ONE_Q60;
        }
        for _ in 0..5 {
            let scaled = rest.wrapping_shl(12);
            let digit = scaled.checked_div(market.forward).unwrap_or(0);
            rest = scaled.wrapping_sub(digit.wrapping_mul(market.forward));
            quotient = (quotient << 12) | u64::try_from(digit).unwrap_or(0);
        }
        return quotient;
    }
    if seconds >= SETTLEMENT_WINDOW {
        return ONE_Q60;
    }
    // seconds < 2^11: long division in two steps of 2^50 and 2^10.
    let scaled = seconds << 50;
    let quotient = scaled.wrapping_div(SETTLEMENT_WINDOW);
    let rest = scaled.wrapping_rem(SETTLEMENT_WINDOW) << 10;
    (quotient << 10) | rest.wrapping_div(SETTLEMENT_WINDOW)
}

#[inline(never)]
fn smile(market: &ExpiryMarket, seconds: u64, now: u64) -> Smile {
    if seconds == 0 {
        return Smile::Flat;
    }
    match &market.surface {
        Surface::Svi { a, b, rho, m, sigma } => {
            let reference = market.expiry().saturating_sub(market.model_time.min(now)).max(1);
            // A model time in the future counts as now, so the share is at most one.
            let aged = (u128::from(seconds) << 60).checked_div(u128::from(reference)).unwrap_or(0);
            let aged = u64::try_from(aged).unwrap_or(ONE_Q60).min(ONE_Q60);
            let tau =
                u64::try_from(u128::from(reference.min(LONGEST)).wrapping_mul(SECOND_Q116) >> 58)
                    .unwrap_or(u64::MAX);
            let slice = Slice::new(
                binary_q118(*a),
                binary(*b, 62),
                binary_signed(*rho, 63),
                binary_signed(*m, 56),
                binary(*sigma, 56).min(i64::MAX.unsigned_abs()),
                tau,
            );
            Smile::Slice(slice, aged)
        }
        Surface::Points(points) => Smile::Points(points.clone()),
    }
}
