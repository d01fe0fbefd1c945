//! The market state.

use alloy_primitives::U256;
use novate_risk::{
    Market, Strike, Validity,
    market::{
        CollateralMarket, ExpiryMarket, PerpetualMarket, Settlement, Surface, UnderlyingMarket,
    },
};

use super::{
    Result,
    fields::{DECIMALS, Fields, ONE, distinct, number, text},
};
use crate::json::Value;

/// How far from the index a price may yet be set of which nothing is observed: a fifth.
const UNKNOWN: u128 = 5;

pub(super) fn read(mut f: Fields<'_>, now: u64) -> Result<Market> {
    let underlyings =
        f.list("underlyings", |fields| underlying_market(fields, now))?.unwrap_or_default();
    let index = |number: u8| {
        underlyings.iter().find(|known| known.underlying == number).map_or(0, |known| known.index)
    };
    let expiries =
        f.list("expiries", |fields| expiry_market(fields, now, &index))?.unwrap_or_default();
    let market = Market {
        stable_price: f.number("stable_price", DECIMALS, Some(ONE))?,
        underlyings,
        expiries,
        collateral: f.list("collateral", collateral_market)?.unwrap_or_default(),
    };
    f.finish()?;
    distinct("market.underlyings", &market.underlyings, |known| known.underlying)?;
    distinct("market.expiries", &market.expiries, |known| (known.underlying, known.expiry()))?;
    distinct("market.collateral", &market.collateral, |known| known.collateral)?;
    Ok(market)
}

/// A level by its name.
fn validity(f: &mut Fields<'_>) -> Result<Validity> {
    let path = f.path("validity");
    let Some(value) = f.optional("validity") else { return Ok(Validity::Valid) };
    Ok(match text(&path, value)? {
        "invalid" => Validity::Invalid,
        "too-volatile" => Validity::TooVolatile,
        "too-uncertain" => Validity::TooUncertain,
        "stale" => Validity::StaleForMargin,
        "valid" => Validity::Valid,
        other => return Err(format!("{path}: unknown level {other}")),
    })
}

fn underlying_market(mut f: Fields<'_>, now: u64) -> Result<UnderlyingMarket> {
    let perpetual = match f.object("perpetual")? {
        None => None,
        Some(mut p) => {
            let perpetual = PerpetualMarket {
                mark: p.number("mark", DECIMALS, None)?,
                funding_index: p.number("funding_index", DECIMALS, Some(0))?,
                confidence: p.number("confidence", DECIMALS, Some(ONE))?,
            };
            p.finish()?;
            Some(perpetual)
        }
    };
    let market = UnderlyingMarket {
        underlying: f.number("underlying", 0, None)?,
        index: f.number("index", DECIMALS, None)?,
        confidence: f.number("confidence", DECIMALS, Some(ONE))?,
        validity: validity(&mut f)?,
        updated_at: f.number("updated_at", 0, Some(now))?,
        slow_price: match f.optional("slow_price") {
            None => None,
            Some(value) => Some(number(&f.path("slow_price"), value, DECIMALS)?),
        },
        perpetual,
    };
    f.finish()?;
    Ok(market)
}

fn expiry_market(mut f: Fields<'_>, now: u64, index: &dyn Fn(u8) -> u128) -> Result<ExpiryMarket> {
    let underlying: u8 = f.number("underlying", 0, None)?;
    let expiry: u64 = f.number("expiry", 0, None)?;
    let expiry_hours = expiry
        .is_multiple_of(3_600)
        .then(|| expiry.checked_div(3_600))
        .flatten()
        .and_then(|hours| u32::try_from(hours).ok())
        .ok_or_else(|| format!("{}: {expiry} is no whole hour", f.path("expiry")))?;
    let Forward { forward, forward_variable, settlement, is_observed } =
        forward(&mut f, expiry <= now, index(underlying))?;
    let market = ExpiryMarket {
        underlying,
        expiry_hours,
        forward,
        forward_variable,
        observed_share: f.number(
            "observed_share",
            DECIMALS,
            Some(if is_observed { ONE } else { 0 }),
        )?,
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

/// What is known of the price at which an expiry settles.
#[allow(clippy::struct_field_names, reason = "the names of the market's own fields")]
struct Forward {
    forward: u128,
    forward_variable: Option<u128>,
    settlement: Settlement,
    /// Whether the whole window is observed, where the line doesn't say how much is.
    is_observed: bool,
}

fn forward(f: &mut Fields<'_>, is_expired: bool, index: u128) -> Result<Forward> {
    let given: u128 = f.number("forward", DECIMALS, None)?;
    let price = f.optional("settlement_price");
    let range = settlement(f)?;
    let mut known = Forward {
        forward: given,
        forward_variable: None,
        settlement: range.unwrap_or_default(),
        is_observed: false,
    };
    let variable = f.optional("forward_variable");
    let fixed = f.optional("forward_fixed");
    if !is_expired {
        known.settlement = Settlement::default();
    } else if let Some(value) = price {
        known.forward = number(&f.path("settlement_price"), value, DECIMALS)?;
        known.settlement = range.unwrap_or(Settlement::Final);
        known.is_observed = true;
    } else if range == Some(Settlement::Final) {
        known.is_observed = true;
    } else if range.is_none() {
        // Nothing says how far a dispute may go.
        let margin = index.checked_div(UNKNOWN).unwrap_or(0);
        let (least, greatest) = (index.saturating_sub(margin), index.saturating_add(margin));
        known.settlement = Settlement::Open { least, greatest };
        if variable.is_none() && fixed.is_none() {
            // Nor is anything observed: the index stands for all of it.
            (known.forward, known.forward_variable) = (index, Some(index));
        }
    }
    match (variable, fixed) {
        (None, None) => {}
        (Some(_), Some(_)) => {
            let path = f.path("forward_fixed");
            return Err(format!("{path}: forward_variable says the same"));
        }
        (Some(value), None) => {
            let path = f.path("forward_variable");
            let part = number(&path, value, DECIMALS)?;
            if part > known.forward {
                return Err(format!("{path}: above the forward"));
            }
            known.forward_variable = Some(part);
        }
        (None, Some(value)) => {
            let path = f.path("forward_fixed");
            let part = number(&path, value, DECIMALS)?;
            let part = u128::checked_sub(known.forward, part);
            known.forward_variable = Some(part.ok_or(format!("{path}: above the forward"))?);
        }
    }
    Ok(known)
}

/// `"final"`, or the range that a dispute may yet choose from.
fn settlement(f: &mut Fields<'_>) -> Result<Option<Settlement>> {
    let path = f.path("settlement");
    let Some(value) = f.optional("settlement") else { return Ok(None) };
    if let Value::Text(word) = value {
        return if word == "final" {
            Ok(Some(Settlement::Final))
        } else {
            Err(format!("{path}: unknown state {word}"))
        };
    }
    let mut f = Fields::new(path.clone(), value)?;
    let least = f.number("least", DECIMALS, None)?;
    let greatest = f.number("greatest", DECIMALS, None)?;
    f.finish()?;
    if least > greatest {
        return Err(format!("{path}.least: above the greatest"));
    }
    Ok(Some(Settlement::Open { least, greatest }))
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
