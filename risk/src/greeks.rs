//! Sensitivities of a book, for each underlying and expiry.
//!
//! With `k = ln K - ln F`, `s = vol sqrt(tau)`, `d1 = s/2 - k/s`, normal density `n` and distribution `N`, for calls (a put is a
//! call less a forward):
//!
//! ```text
//! delta = D N(d1)     gamma = D n(d1)/(F s)     vega = D F n(d1) sqrt(tau)     theta = rate V - D F n(d1) s/(2 tau)
//! ```
//!
//! Delta and gamma are with respect to the forward; inside the settlement window they shrink with the part of the forward
//! that can still move. Volatility is held at each strike. Source: F. Black (1976); theta by differentiation.

use alloc::vec::Vec;

use alloy_primitives::{I256, U256};
use novate_math::kernel::{Deviation, call_delta, density, multiply_signed};

use crate::{
    Error,
    assess::each_part,
    book::Book,
    expiry::Expiry,
    extended::Extensions,
    fixed::{Fine, WAD, multiply, multiply_256, price_times, quotient_down},
    instrument::expiry_seconds,
    market::{Market, UnderlyingMarket},
    parameters::Parameters,
    perpetual::perpetual,
    revalue::{Line, revalue},
    shocks::Shock,
    tenor::tenors,
    underlying::{Context, Part, collateral_value},
};

/// Sensitivities of one underlying and expiry, 18 decimals. Rounded down; they inform, no requirement depends on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Greeks {
    /// Number of the underlying.
    pub underlying: u8,
    /// Unix seconds; 0: the perpetual and collateral.
    pub expiry: u64,
    /// Equivalent contracts of the underlying.
    pub delta: I256,
    /// Change of delta for each unit of the price.
    pub gamma: I256,
    /// Change of value for 1.00 of volatility.
    pub vega: I256,
    /// Change of value in a year's passing, at the present pace.
    pub theta: I256,
    /// Mark of the options, unsettled gains, collateral.
    pub value: I256,
}

/// A millionth with 18 decimals.
const MILLIONTH: u64 = 1_000_000_000_000;
/// Bits dropped from the products of Q63 fractions with quantities before they are summed.
const DROPPED: u32 = 8;
/// Greatest distance, in deviations, at which the density isn't nil, Q58.
const FAR: i64 = 31 << 58;
/// Least deviation that gamma is divided by, Q58: `2^-30`.
const THIN: u64 = 1 << 28;

/// The sensitivities of a book: for each underlying, ascending, first the perpetual and collateral if there are any, then each
/// expiry.
///
/// # Errors
/// As [`crate::assess`].
pub fn greeks(
    book: &Book,
    market: &Market,
    parameters: &Parameters,
    now: u64,
) -> Result<Vec<Greeks>, Error> {
    let extensions = &Extensions::default();
    let context = Context { market, parameters, extensions, now };
    market.check_shared()?;
    let mut rows = Vec::new();
    each_part(book, parameters, &mut |_, part| {
        // What has no price has no sensitivity.
        let Ok(known) = market.underlying(part.underlying) else { return Ok(()) };
        rows.extend(spot_row(part, known, &context));
        let ranges = parameters.underlying(part.underlying)?;
        for tenor in &tenors(part, &context, ranges).known {
            let mut row = options_row(&tenor.lines, &tenor.expiry);
            row.underlying = part.underlying;
            row.expiry = expiry_seconds(tenor.market.expiry_hours);
            let futures = Fine(price_times(u128::from(MILLIONTH), tenor.futures_quantity()));
            row.delta = row.delta.wrapping_add(futures.times(tenor.expiry.variable, 60).0);
            row.value = row.value.wrapping_add(tenor.futures_value().to_wad_down());
            rows.push(row);
        }
        Ok(())
    })?;
    Ok(rows)
}

/// The perpetual and collateral of an underlying.
fn spot_row(part: &Part<'_>, market: &UnderlyingMarket, context: &Context<'_>) -> Option<Greeks> {
    let mut value = Fine::ZERO;
    let mut delta = I256::ZERO;
    let mut any = false;
    if let Some(perpetual) = perpetual(part, market) {
        any = true;
        value = value.plus(perpetual.value);
        delta = price_times(u128::from(MILLIONTH), i128::from(perpetual.quantity));
    }
    for balance in part.collateral {
        let listed = context.parameters.collateral(balance.collateral);
        if listed.is_ok_and(|terms| terms.underlying == part.underlying) {
            any = true;
            let (worth, _) = collateral_value(balance, context.market, market);
            value = value.plus(worth);
            delta = delta.wrapping_add(contracts(worth, market.index));
        }
    }
    let zero = I256::ZERO;
    let (underlying, value) = (part.underlying, value.to_wad_down());
    any.then_some(Greeks {
        underlying,
        expiry: 0,
        delta,
        gamma: zero,
        vega: zero,
        theta: zero,
        value,
    })
}

/// Money at a price, in contracts with 18 decimals. Fine money over a price is in millionths: at most 2^201 2^40.
fn contracts(worth: Fine, price: u128) -> I256 {
    let amount = I256::from_raw(multiply_256(worth.0.unsigned_abs(), MILLIONTH));
    quotient_down(amount, U256::from(price))
}

/// The options of one expiry; the caller fills in which.
pub(crate) fn options_row(lines: &[Line], expiry: &Expiry) -> Greeks {
    let mut deltas: i128 = 0; // Q55
    let mut puts: i128 = 0;
    let mut densities: i128 = 0; // Q55
    let mut decays: i128 = 0; // Q49
    let mut curvatures = I256::ZERO; // Q43
    for line in lines {
        let log_moneyness = expiry.log_moneyness(line.strike);
        let total = expiry.deviation(line.strike, log_moneyness);
        let deviation = Deviation::new(total);
        let probability = call_delta(log_moneyness, &deviation);
        let bell = if total == 0 { 0 } else { density(distance(log_moneyness, total)) };
        let decay = multiply(bell, total, 63) >> 1; // Q57, below 2^63
        let curvature = (u128::from(bell) << 38).checked_div(u128::from(total.max(THIN)));
        let curvature = curvature.unwrap_or(0); // Q43
        puts = puts.wrapping_add(line.puts.into());
        for quantity in [line.calls, line.puts] {
            deltas = deltas.wrapping_add(multiply_signed(quantity, probability) >> DROPPED);
            densities = densities.wrapping_add(multiply_signed(quantity, bell) >> DROPPED);
            decays = decays.wrapping_add(multiply_signed(quantity, decay) >> DROPPED);
            curvatures = curvatures.wrapping_add(price_times(curvature, i128::from(quantity)));
        }
    }
    let money = |sum: i128, point: usize| {
        Fine(price_times(expiry.forward, sum).asr(point)).times(expiry.discount, 62)
    };
    let value = revalue(lines, expiry, &[Shock::UNSHOCKED]).undiscounted.first().copied();
    let value = value.unwrap_or(Fine::ZERO).times(expiry.discount, 62);

    // Contracts with 18 decimals: a millionth is 1e12.
    let net = price_times(u128::from(MILLIONTH), deltas)
        .asr(55)
        .wrapping_sub(price_times(u128::from(MILLIONTH), puts));
    let delta = Fine(net).times(expiry.discount, 62).times(expiry.variable, 60);
    // curvatures < 2^43 2^30 2^71, times 1e30 < 2^244.
    let size = multiply_256(multiply_256(curvatures.unsigned_abs(), MILLIONTH), WAD);
    let size = I256::from_raw(size);
    let signed = if curvatures.is_negative() { size.wrapping_neg() } else { size };
    let per_price = quotient_down(signed, U256::from(expiry.forward));
    let gamma = Fine(per_price.asr(43))
        .times(expiry.discount, 62)
        .times(expiry.variable, 60)
        .times(expiry.variable, 60);
    let vega = money(densities, 55).times(expiry.root, 58);
    // Below 2^185 2^57.
    let decay = money(decays, 49).0.wrapping_shl(57);
    let decay = quotient_down(decay, U256::from(expiry.tau.max(1)));
    let theta = value.times(expiry.rate, 60).minus(Fine(decay));
    Greeks {
        underlying: 0,
        expiry: 0,
        delta: delta.0,
        gamma: gamma.0,
        vega: vega.to_wad_down(),
        theta: if expiry.seconds == 0 { I256::ZERO } else { theta.to_wad_down() },
        value: value.to_wad_down(),
    }
}

/// `d1 = s/2 - k/s` in Q58, within the distance at which the density isn't nil.
fn distance(log_moneyness: i64, total: u64) -> i64 {
    let quotient = (u128::from(log_moneyness.unsigned_abs()) << 60).checked_div(u128::from(total));
    let size = i64::try_from(quotient.unwrap_or(u128::MAX)).unwrap_or(i64::MAX).min(FAR);
    let half = i64::try_from(total >> 1).unwrap_or(FAR);
    let shift = if log_moneyness < 0 { size } else { size.wrapping_neg() };
    half.saturating_add(shift).clamp(FAR.wrapping_neg(), FAR)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_bounded() {
        assert_eq!(distance(0, 1 << 58), 1 << 57);
        assert_eq!(distance(1 << 56, 1 << 58), -(1 << 57));
        assert_eq!(distance(i64::MAX, 1), -FAR);
        assert_eq!(distance(i64::MIN, u64::MAX), FAR);
    }
}
