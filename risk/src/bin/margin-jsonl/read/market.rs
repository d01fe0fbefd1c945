//! The market state.

use alloy_primitives::U256;
use novate_risk::{
    Market, Strike, Validity,
    market::{CollateralMarket, ExpiryMarket, PerpetualMarket, Surface, UnderlyingMarket},
};

use super::{
    Result,
    fields::{DECIMALS, Fields, ONE, distinct, number},
};
use crate::json::Value;

pub(super) fn read(mut f: Fields<'_>, now: u64) -> Result<Market> {
    let market = Market {
        stable_price: f.number("stable_price", DECIMALS, Some(ONE))?,
        underlyings: f.list("underlyings", underlying_market)?.unwrap_or_default(),
        expiries: f.list("expiries", |fields| expiry_market(fields, now))?.unwrap_or_default(),
        collateral: f.list("collateral", collateral_market)?.unwrap_or_default(),
    };
    f.finish()?;
    distinct("market.underlyings", &market.underlyings, |known| known.underlying)?;
    distinct("market.expiries", &market.expiries, |known| (known.underlying, known.expiry()))?;
    distinct("market.collateral", &market.collateral, |known| known.collateral)?;
    Ok(market)
}

fn underlying_market(mut f: Fields<'_>) -> Result<UnderlyingMarket> {
    let perpetual = match f.object("perpetual")? {
        None => None,
        Some(mut p) => {
            let perpetual = PerpetualMarket {
                mark: p.number("mark", DECIMALS, None)?,
                funding_index: p.number("funding_index", DECIMALS, Some(0))?,
                confidence: p.number("confidence", DECIMALS, Some(ONE))?,
                validity: Validity::Valid,
            };
            p.finish()?;
            Some(perpetual)
        }
    };
    let market = UnderlyingMarket {
        underlying: f.number("underlying", 0, None)?,
        index: f.number("index", DECIMALS, None)?,
        confidence: f.number("confidence", DECIMALS, Some(ONE))?,
        validity: Validity::Valid,
        updated_at: 0,
        slow_price: None,
        perpetual,
    };
    f.finish()?;
    Ok(market)
}

fn expiry_market(mut f: Fields<'_>, now: u64) -> Result<ExpiryMarket> {
    let expiry: u64 = f.number("expiry", 0, None)?;
    let expiry_hours = expiry
        .is_multiple_of(3_600)
        .then(|| expiry.checked_div(3_600))
        .flatten()
        .and_then(|hours| u32::try_from(hours).ok())
        .ok_or_else(|| format!("{}: {expiry} is no whole hour", f.path("expiry")))?;
    let forward = f.number("forward", DECIMALS, None)?;
    let forward_variable = match f.optional("forward_fixed") {
        None => None,
        Some(value) => {
            let path = f.path("forward_fixed");
            let fixed: u128 = number(&path, value, DECIMALS)?;
            Some(u128::checked_sub(forward, fixed).ok_or(format!("{path}: above the forward"))?)
        }
    };
    let (forward, settlement) = match f.optional("settlement_price") {
        Some(value) if expiry <= now => {
            (number(&f.path("settlement_price"), value, DECIMALS)?, Settlement::Final)
        }
        _ => (forward, Settlement::default()),
    };
    let market = ExpiryMarket {
        underlying: f.number("underlying", 0, None)?,
        expiry_hours,
        forward,
        forward_variable,
        observed_share: 0,
        rate: f.number("rate", DECIMALS, Some(0))?,
        surface: if expiry > now { surface(&mut f)? } else { past_surface(&mut f) },
        model_time: f.number("model_time", 0, Some(now))?,
        forward_confidence: f.number("forward_confidence", DECIMALS, Some(ONE))?,
        rate_confidence: f.number("rate_confidence", DECIMALS, Some(ONE))?,
        volatility_confidence: f.number("volatility_confidence", DECIMALS, Some(ONE))?,
        settlement,
    };
    f.finish()?;
    Ok(market)
}

/// Nothing looks at the surface of an expiry that has passed: whatever is given of it is left alone.
fn past_surface(f: &mut Fields<'_>) -> Surface {
    let _ = (f.optional("volatilities"), f.optional("svi"));
    Surface::Points(Vec::new())
}

fn surface(f: &mut Fields<'_>) -> Result<Surface> {
    let path = f.path("volatilities");
    if let Some(value) = f.optional("volatilities") {
        let Value::List(pairs) = value else { return Err(format!("{path}: expected a list")) };
        let mut points = Vec::new();
        for pair in pairs {
            let Value::List(pair) = pair else { return Err(format!("{path}: expected pairs")) };
            let [strike, volatility] = pair.as_slice() else {
                return Err(format!("{path}: expected pairs of strike and volatility"));
            };
            let price: U256 = number(&path, strike, DECIMALS)?;
            let strike = Strike::from_wad(price)
                .ok_or_else(|| format!("{path}: no strike of an instrument: {strike}"))?;
            points.push((strike.code(), number(&path, volatility, DECIMALS)?));
        }
        points.sort_unstable();
        distinct(&path, &points, |(code, _)| *code)?;
        return Ok(Surface::Points(points));
    }
    let mut s = Fields::new(f.path("svi"), f.required("svi")?)?;
    let surface = Surface::Svi {
        a: s.number("a", DECIMALS, None)?,
        b: s.number("b", DECIMALS, None)?,
        rho: s.number("rho", DECIMALS, None)?,
        m: s.number("m", DECIMALS, None)?,
        sigma: s.number("sigma", DECIMALS, None)?,
    };
    s.finish()?;
    Ok(surface)
}

fn collateral_market(mut f: Fields<'_>) -> Result<CollateralMarket> {
    let market = CollateralMarket {
        collateral: f.number("collateral", 0, None)?,
        price: f.number("price", DECIMALS, None)?,
        confidence: f.number("confidence", DECIMALS, Some(ONE))?,
    };
    f.finish()?;
    Ok(market)
}
