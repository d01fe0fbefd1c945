//! The parameters: all have the method's default but what is particular to an underlying.

use novate_risk::{
    Extensions, Netting, Parameters, StandardTerms,
    adaptive::{Ramp, RangeRule, offset_from_correlation},
    parameters::{CollateralParameters, UnderlyingParameters},
    scenario::{MAX_SCENARIOS, Scenario, SpotMove, VolatilityMode, Weight},
};

use super::{
    Result,
    fields::{DECIMALS, Fields, distinct, number, text},
};
use crate::json::Value;

/// The mode: portfolio margin (nothing), or standard margin with its terms.
fn standard(given: &mut Fields<'_>) -> Result<Option<(Netting, StandardTerms)>> {
    let mut terms = StandardTerms::default();
    let path = given.path("standard");
    if let Some(value) = given.optional("standard") {
        let mut f = Fields::new(path, value)?;
        f.set("option_initial", DECIMALS, &mut terms.option_initial)?;
        f.set("option_minimum", DECIMALS, &mut terms.option_minimum)?;
        f.set("option_maintenance", DECIMALS, &mut terms.option_maintenance)?;
        f.set("linear_initial", DECIMALS, &mut terms.linear_initial)?;
        f.set("linear_maintenance", DECIMALS, &mut terms.linear_maintenance)?;
        f.finish()?;
    }
    let path = given.path("mode");
    let mode = given.optional("mode").map(|value| text(&path, value)).transpose()?;
    match mode.unwrap_or("portfolio") {
        "portfolio" => Ok(None),
        "cross" => Ok(Some((Netting::Cross, terms))),
        "isolated" => Ok(Some((Netting::Isolated, terms))),
        other => Err(format!("{path}: unknown mode {other}")),
    }
}

/// What the parameters of a line say.
pub(super) struct Given {
    pub(super) parameters: Parameters,
    pub(super) extensions: Extensions,
    pub(super) ramps: Vec<(u8, Ramp)>,
    pub(super) standard: Option<(Netting, StandardTerms)>,
    /// Numbers of underlyings and their symbols.
    pub(super) symbols: Vec<(u8, String)>,
}

/// Reads parameters as of `now`; with `bounds` they are refused where governance couldn't set them.
pub(super) fn read(mut given: Fields<'_>, now: u64) -> Result<Given> {
    let standard = standard(&mut given)?;
    let mut parameters = Parameters::default();
    let mut ramps = Vec::new();
    let mut symbols = Vec::new();
    for (terms, symbol, ramp) in given.list("underlyings", underlying)?.unwrap_or_default() {
        symbols.push((terms.underlying, symbol));
        ramps.extend(ramp.map(|ramp| (terms.underlying, ramp)));
        parameters.underlyings.push(terms);
    }
    distinct("parameters.underlyings", &symbols, |(number, _)| *number)?;
    distinct("parameters.underlyings", &symbols, |(_, symbol)| symbol.clone())?;
    parameters.collateral = given.list("collateral", collateral)?.unwrap_or_default();
    distinct("parameters.collateral", &parameters.collateral, |listed| listed.collateral)?;
    if let Some(scenarios) = given.list("scenarios", scenario)? {
        parameters.scenarios = scenarios;
    }
    sections(&mut given, &mut parameters)?;
    let extensions = extensions(&mut given)?;
    let bounds = given.flag("bounds", false)?;
    given.finish()?;
    let given = Given { parameters, extensions, ramps, standard, symbols };
    if bounds {
        check(&given, now)?;
    }
    // What isn't there at all isn't computed.
    let count = given.parameters.scenarios.len();
    if !(1..=MAX_SCENARIOS).contains(&count) {
        return Err(format!("parameters.scenarios: {count} of them, within 1 and {MAX_SCENARIOS}"));
    }
    Ok(given)
}

/// Checks the hard bounds.
fn check(given: &Given, now: u64) -> Result<()> {
    let Given { parameters, extensions, ramps, .. } = given;
    let refused = |error: novate_risk::Error| error.to_string();
    parameters.check().map_err(refused)?;
    extensions.check().map_err(refused)?;
    for (number, ramp) in ramps {
        let mut ahead = *parameters.underlying(*number).map_err(refused)?;
        for range in [ramp.maintenance(now), ramp.initial(now)] {
            ahead.range = range;
            ahead.check().map_err(refused)?;
        }
    }
    Ok(())
}

/// The sections of the method's own parameters.
fn sections(given: &mut Fields<'_>, parameters: &mut Parameters) -> Result<()> {
    let mut section = |name: &str, set: &mut dyn FnMut(&mut Fields<'_>) -> Result<()>| {
        let Some(mut fields) = given.object(name)? else { return Ok(()) };
        set(&mut fields)?;
        fields.finish()
    };
    let scan = &mut parameters.scan;
    section("scan", &mut |f| {
        f.set("initial", DECIMALS, &mut scan.initial)?;
        f.set("maintenance", DECIMALS, &mut scan.maintenance)?;
        f.set("peg_threshold", DECIMALS, &mut scan.peg_threshold)?;
        f.set("peg_factor", DECIMALS, &mut scan.peg_factor)
    })?;
    let volatility = &mut parameters.volatility;
    section("volatility", &mut |f| {
        f.set("short_power", DECIMALS, &mut volatility.short_power)?;
        f.set("long_power", DECIMALS, &mut volatility.long_power)?;
        f.set("floor", 0, &mut volatility.floor)?;
        f.set("minimum_up", DECIMALS, &mut volatility.minimum_up)
    })?;
    let skew = &mut parameters.skew;
    section("skew", &mut |f| {
        f.set("linear_cap", DECIMALS, &mut skew.linear_cap)?;
        f.set("linear_slope", DECIMALS, &mut skew.linear_slope)?;
        f.set("absolute_cap", DECIMALS, &mut skew.absolute_cap)?;
        f.set("absolute_slope", DECIMALS, &mut skew.absolute_slope)?;
        f.set("kstar_minimum", DECIMALS, &mut skew.kstar_minimum)?;
        f.set("width", DECIMALS, &mut skew.width)?;
        f.set("volatility_static", DECIMALS, &mut skew.volatility_static)?;
        f.set("volatility_slope", DECIMALS, &mut skew.volatility_slope)
    })?;
    let basis = &mut parameters.basis;
    section("basis", &mut |f| {
        f.set("up", DECIMALS, &mut basis.up)?;
        f.set("down", DECIMALS, &mut basis.down)?;
        f.set("add", DECIMALS, &mut basis.add)?;
        f.set("multiplier", DECIMALS, &mut basis.multiplier)
    })?;
    let con = &mut parameters.contingencies;
    section("contingencies", &mut |f| {
        f.set("perpetual_maintenance", DECIMALS, &mut con.perpetual_maintenance)?;
        f.set("perpetual_initial", DECIMALS, &mut con.perpetual_initial)?;
        f.set("option_maintenance", DECIMALS, &mut con.option_maintenance)?;
        f.set("option_initial", DECIMALS, &mut con.option_initial)?;
        f.set("confidence_threshold", DECIMALS, &mut con.confidence_threshold)?;
        f.set("confidence_margin", DECIMALS, &mut con.confidence_margin)
    })?;
    let long = &mut parameters.long;
    section("long", &mut |f| {
        f.set("base", DECIMALS, &mut long.base)?;
        f.set("multiplier", DECIMALS, &mut long.multiplier)?;
        f.set("addition", DECIMALS, &mut long.addition)
    })?;
    let short = &mut parameters.short;
    section("short", &mut |f| {
        f.set("base", DECIMALS, &mut short.base)?;
        f.set("multiplier", DECIMALS, &mut short.multiplier)?;
        f.set("addition", DECIMALS, &mut short.addition)
    })?;
    let corrections = &mut parameters.corrections;
    section("corrections", &mut |f| {
        f.set("calendar_floor", DECIMALS, &mut corrections.calendar_floor)?;
        f.set("calendar_slope", DECIMALS, &mut corrections.calendar_slope)?;
        f.set("calendar_initial", DECIMALS, &mut corrections.calendar_initial)?;
        f.set("vanishing", DECIMALS, &mut corrections.vanishing)?;
        for (name, flag) in [
            ("caps_losses", &mut corrections.caps_losses),
            ("smooth_confidence", &mut corrections.smooth_confidence),
            ("charges_old_surfaces", &mut corrections.charges_old_surfaces),
        ] {
            *flag = f.flag(name, *flag)?;
        }
        Ok(())
    })
}

fn extensions(given: &mut Fields<'_>) -> Result<Extensions> {
    let mut wanted = Extensions::default();
    let Some(mut f) = given.object("extensions")? else { return Ok(wanted) };
    wanted.offsets = f.list("offsets", group_offset)?.unwrap_or_default();
    distinct(&f.path("offsets"), &wanted.offsets, |(group, _)| *group)?;
    f.set("floor_net", DECIMALS, &mut wanted.floor_net)?;
    f.set("floor_hedged", DECIMALS, &mut wanted.floor_hedged)?;
    f.set("gamma", DECIMALS, &mut wanted.gamma)?;
    f.set("gamma_threshold", 0, &mut wanted.gamma_threshold)?;
    f.set("liquidity_rate", DECIMALS, &mut wanted.liquidity_rate)?;
    f.set("liquidity_maximum", DECIMALS, &mut wanted.liquidity_maximum)?;
    f.set("liquidity_threshold", 0, &mut wanted.liquidity_threshold)?;
    f.finish()?;
    Ok(wanted)
}

type Underlying = (UnderlyingParameters, String, Option<Ramp>);

fn underlying(mut f: Fields<'_>) -> Result<Underlying> {
    let number: u8 = f.number("underlying", 0, None)?;
    let symbol = text(&f.path("symbol"), f.required("symbol")?)?.to_owned();
    let (range, ramp) = range(&mut f)?;
    let mut listed = UnderlyingParameters::new(number, range);
    f.set("volatility_up", DECIMALS, &mut listed.volatility_up)?;
    f.set("volatility_down", DECIMALS, &mut listed.volatility_down)?;
    f.set("group", 0, &mut listed.group)?;
    f.finish()?;
    Ok((listed, symbol, ramp))
}

/// A range: a number, a rule that follows volatility, or a ramp (whose range here is where it goes).
fn range(f: &mut Fields<'_>) -> Result<(u64, Option<Ramp>)> {
    let path = f.path("range");
    let value = f.required("range")?;
    if !matches!(value, Value::Object(_)) {
        return Ok((number(&path, value, DECIMALS)?, None));
    }
    let mut f = Fields::new(path, value)?;
    if f.has("from") {
        let ramp = Ramp {
            from: f.number("from", DECIMALS, None)?,
            to: f.number("to", DECIMALS, None)?,
            start: f.number("start", 0, None)?,
            length: f.number("length", 0, None)?,
        };
        f.finish()?;
        return Ok((ramp.to, Some(ramp)));
    }
    let rule = RangeRule {
        multiple: f.number("multiple", DECIMALS, None)?,
        horizon: f.number("horizon", 0, None)?,
        floor: f.number("floor", DECIMALS, None)?,
        ceiling: f.number("ceiling", DECIMALS, None)?,
    };
    let range = rule.range(f.number("daily_volatility", DECIMALS, None)?);
    f.finish()?;
    Ok((range, None))
}

/// An offset: a number, or one that follows correlation.
fn group_offset(mut f: Fields<'_>) -> Result<(u8, u64)> {
    let group = f.number("group", 0, None)?;
    let path = f.path("offset");
    let offset = match f.required("offset")? {
        value @ Value::Object(_) => {
            let mut rule = Fields::new(path, value)?;
            let offset = offset_from_correlation(
                rule.number("correlation", DECIMALS, None)?,
                rule.number("share", DECIMALS, None)?,
                rule.number("floor", DECIMALS, None)?,
                rule.number("ceiling", DECIMALS, None)?,
            );
            rule.finish()?;
            offset
        }
        value => number(&path, value, DECIMALS)?,
    };
    f.finish()?;
    Ok((group, offset))
}

fn collateral(mut f: Fields<'_>) -> Result<CollateralParameters> {
    let listed = CollateralParameters {
        collateral: f.number("collateral", 0, None)?,
        underlying: f.number("underlying", 0, None)?,
        maintenance_haircut: f.number("maintenance_haircut", DECIMALS, None)?,
        initial_haircut: f.number("initial_haircut", DECIMALS, None)?,
        cancels_risk: f.flag("cancels_risk", false)?,
    };
    f.finish()?;
    Ok(listed)
}

fn scenario(mut f: Fields<'_>) -> Result<Scenario> {
    let mut spot = Fields::new(f.path("spot"), f.required("spot")?)?;
    let spot_move = if spot.has("ranges") {
        SpotMove::Ranges(spot.number("ranges", DECIMALS, None)?)
    } else {
        SpotMove::Absolute(spot.number("absolute", DECIMALS, None)?)
    };
    spot.finish()?;
    let mode = match text(&f.path("volatility"), f.required("volatility")?)? {
        "none" => VolatilityMode::None,
        "up" => VolatilityMode::Up,
        "down" => VolatilityMode::Down,
        "skew-linear" => VolatilityMode::SkewLinear,
        "skew-absolute" => VolatilityMode::SkewAbsolute,
        other => return Err(format!("{}: unknown mode {other}", f.path("volatility"))),
    };
    let weight = match f.required("weight")? {
        value @ Value::Object(_) => {
            let mut tail = Fields::new(f.path("weight"), value)?;
            let weight = Weight::Tail(tail.number("tail", DECIMALS, None)?);
            tail.finish()?;
            weight
        }
        value => Weight::Fixed(number(&f.path("weight"), value, DECIMALS)?),
    };
    f.finish()?;
    Ok(Scenario { spot: spot_move, volatility: mode, weight })
}
