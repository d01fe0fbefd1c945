//! An expiry's volatilities: what the surface says, and how far each mode shifts or turns it.

use novate_math::kernel::{Slice, exp_negative, ln_decimal};

use super::MONTH;
use crate::{
    fixed::{ONE_Q58, ONE_Q60, binary, binary_q118, binary_signed, binary_wide, halves, multiply},
    market::{ExpiryMarket, Surface},
    parameters::{Parameters, SkewShock, UnderlyingParameters},
};

/// How volatility scales in each mode.
#[derive(Debug, Clone, Copy)]
pub(super) struct Turn {
    /// Most change, Q58.
    cap: u64,
    /// `cap / kstar`, Q`point`.
    slope: u64,
    point: u32,
    /// The cap is below 0: what rose falls, and `cap` is the least change.
    inverted: bool,
}

#[derive(Debug, Clone)]
pub(super) enum Smile {
    /// A slice and `tau / tau_ref`, Q60.
    Slice(Slice, u64),
    /// Volatilities by strike code.
    Points(alloc::vec::Vec<(u32, u128)>),
    /// One total deviation for all strikes, Q58; none once expired.
    Flat(u64),
}

impl Turn {
    /// `max(0, 1 + clamp(k cap/kstar, -cap, cap))`, Q58, of `|k|` (Q56) and its sign. A cap below 0 turns the clamp inside out, as the
    /// peer's does: then the change is at least the cap's size.
    pub(super) fn factor(&self, log_moneyness: i64, below: bool) -> u64 {
        let product = u128::from(log_moneyness.unsigned_abs()).wrapping_mul(u128::from(self.slope));
        let change = product.checked_shr(self.point.saturating_sub(2)).unwrap_or(0);
        let change = u64::try_from(change).unwrap_or(u64::MAX);
        let change = if self.inverted { change.max(self.cap) } else { change.min(self.cap) };
        if below == self.inverted {
            ONE_Q58.saturating_add(change)
        } else {
            ONE_Q58.saturating_sub(change)
        }
    }
}

/// `1 + range_up m` and `max(0, 1 - range_down m)`, Q58, with `m = (30 days / max(seconds, floor))^power`.
/// The first is taken below 64.
#[inline(never)]
pub(super) fn volatility_factors(
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
pub(super) fn turns(skew: &SkewShock, root: u64) -> (Turn, Turn) {
    // sqrt(tau) is below 8, so each product of it with a parameter below 16 is below 128.
    let tilt = |base: u64, slope: i128| {
        let change = i128::from(multiply(binary_wide(slope.unsigned_abs(), 59), root, 59));
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
    let turn = |base: u64, slope: i128| {
        let tilt = tilt(base, slope);
        let cap = u64::try_from(tilt.unsigned_abs()).unwrap_or(u64::MAX);
        let quotient = (u128::from(cap) << 64).checked_div(u128::from(kstar)).unwrap_or(0); // Q74
        let excess = 64_u32.saturating_sub(quotient.leading_zeros());
        let slope = u64::try_from(quotient.wrapping_shr(excess)).unwrap_or(u64::MAX);
        Turn { cap, slope, point: 74_u32.saturating_sub(excess), inverted: tilt < 0 }
    };
    (turn(skew.linear_cap, skew.linear_slope), turn(skew.absolute_cap, skew.absolute_slope))
}

#[inline(never)]
pub(super) fn smile(market: &ExpiryMarket, seconds: u64, now: u64) -> Smile {
    if seconds == 0 {
        return Smile::Flat(0);
    }
    match &market.surface {
        Surface::Svi { a, b, rho, m, sigma } => {
            let reference = market.expiry().saturating_sub(market.model_time.min(now)).max(1);
            // A model time in the future counts as now, so the share is at most one.
            let aged = (u128::from(seconds) << 60).checked_div(u128::from(reference)).unwrap_or(0);
            let aged = u64::try_from(aged).unwrap_or(ONE_Q60).min(ONE_Q60);
            let slice = Slice::new(
                binary_q118(*a),
                binary(*b, 62),
                binary_signed(*rho, 63),
                binary_signed(*m, 56),
                binary(*sigma, 56).min(i64::MAX.unsigned_abs()),
                // Of total variances alone; volatilities would need the slice's time.
                1,
            );
            Smile::Slice(slice, aged)
        }
        Surface::Points(points) => Smile::Points(points.clone()),
    }
}
