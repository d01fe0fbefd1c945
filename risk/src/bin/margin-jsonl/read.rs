//! Turns a line into a book, a market state and parameters.

use novate_risk::{
    Book, CollateralBalance, Extensions, Instrument, Market, Netting, Parameters, Position,
    Reference, StandardTerms, Validity,
    instrument::Symbols,
    market::{CollateralMarket, ExpiryMarket, PerpetualMarket, Surface, UnderlyingMarket},
    parameters::{CollateralParameters, UnderlyingParameters},
    scenario::{Scenario, SpotMove, VolatilityMode, Weight},
};

use crate::{decimal, json::Value};

const ONE: u64 = 1_000_000_000_000_000_000;
const DECIMALS: u32 = 18;
/// Digits of a quantity.
const MILLIONTHS: u32 = 6;

/// One line.
pub(crate) struct Case {
    pub(crate) now: u64,
    pub(crate) book: Book,
    pub(crate) market: Market,
    pub(crate) parameters: Parameters,
    pub(crate) extensions: Extensions,
    /// Standard margin instead of scenarios.
    pub(crate) standard: Option<(Netting, StandardTerms)>,
}

type Result<T> = std::result::Result<T, String>;
/// Numbers of underlyings and their symbols.
type Listed = Vec<(u8, String)>;

/// An object being read: every field must be known, so that a misspelt one is an error and not a default.
struct Fields<'a> {
    path: String,
    fields: Vec<(&'a str, &'a Value, bool)>,
}

impl<'a> Fields<'a> {
    fn new(path: String, value: &'a Value) -> Result<Self> {
        match value {
            Value::Object(fields) => Ok(Self {
                path,
                fields: fields.iter().map(|(name, v)| (name.as_str(), v, false)).collect(),
            }),
            _ => Err(format!("{path}: expected an object")),
        }
    }

    fn path(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    fn optional(&mut self, name: &str) -> Option<&'a Value> {
        let field = self.fields.iter_mut().find(|(known, ..)| *known == name)?;
        field.2 = true;
        Some(field.1)
    }

    fn required(&mut self, name: &str) -> Result<&'a Value> {
        self.optional(name).ok_or_else(|| format!("{}: missing", self.path(name)))
    }

    /// A number of that many digits after the point, as any integer type.
    fn number<T: TryFrom<alloy_primitives::I256>>(
        &mut self,
        name: &str,
        digits: u32,
        default: Option<T>,
    ) -> Result<T> {
        match (self.optional(name), default) {
            (Some(value), _) => number(&self.path(name), value, digits),
            (None, Some(default)) => Ok(default),
            (None, None) => Err(format!("{}: missing", self.path(name))),
        }
    }

    /// Overwrites a parameter if it is given.
    fn set<T: TryFrom<alloy_primitives::I256>>(
        &mut self,
        name: &str,
        digits: u32,
        target: &mut T,
    ) -> Result<()> {
        if let Some(value) = self.optional(name) {
            *target = number(&self.path(name), value, digits)?;
        }
        Ok(())
    }

    fn list<T>(&mut self, name: &str, read: impl Fn(Self) -> Result<T>) -> Result<Option<Vec<T>>> {
        let path = self.path(name);
        match self.optional(name) {
            None => Ok(None),
            Some(Value::List(items)) => items
                .iter()
                .enumerate()
                .map(|(index, item)| read(Fields::new(format!("{path}[{index}]"), item)?))
                .collect::<Result<Vec<T>>>()
                .map(Some),
            Some(_) => Err(format!("{path}: expected a list")),
        }
    }

    fn finish(self) -> Result<()> {
        match self.fields.iter().find(|(_, _, used)| !used) {
            Some((name, ..)) => Err(format!("{}: unknown field", self.path(name))),
            None => Ok(()),
        }
    }
}

fn number<T: TryFrom<alloy_primitives::I256>>(path: &str, value: &Value, digits: u32) -> Result<T> {
    let (Value::Number(text) | Value::Text(text)) = value else {
        return Err(format!("{path}: expected a number"));
    };
    decimal::parse(text, digits)
        .and_then(|number| T::try_from(number).ok())
        .ok_or_else(|| format!("{path}: {text} is no number of at most {digits} decimals in range"))
}

fn text<'a>(path: &str, value: &'a Value) -> Result<&'a str> {
    match value {
        Value::Text(text) => Ok(text),
        _ => Err(format!("{path}: expected a string")),
    }
}

/// Reads a line.
pub(crate) fn case(line: &Value) -> Result<Case> {
    let mut fields = Fields::new(String::new(), line)?;
    fields.optional("id");
    let now = fields.number("now", 0, None)?;
    let mut given = Fields::new("parameters".to_owned(), fields.required("parameters")?)?;
    let standard = standard(&mut given)?;
    let (parameters, extensions, symbols) = parameters(given)?;
    let symbols: Vec<(u8, &str)> = symbols.iter().map(|(n, s)| (*n, s.as_str())).collect();
    let market = market(Fields::new("market".to_owned(), fields.required("market")?)?, now)?;
    let given = Fields::new("portfolio".to_owned(), fields.required("portfolio")?)?;
    let book = portfolio(given, &symbols)?;
    fields.finish()?;
    parameters.check().map_err(|error| error.to_string())?;
    extensions.check().map_err(|error| error.to_string())?;
    Ok(Case { now, book, market, parameters, extensions, standard })
}

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

fn parameters(mut given: Fields<'_>) -> Result<(Parameters, Extensions, Listed)> {
    let mut parameters = Parameters::default();
    let listed = given.list("underlyings", underlying_parameters)?;
    let (underlyings, symbols) = listed.unwrap_or_default().into_iter().unzip();
    parameters.underlyings = underlyings;
    let symbols: Listed = symbols;
    parameters.collateral = given.list("collateral", collateral_parameters)?.unwrap_or_default();
    if let Some(scenarios) = given.list("scenarios", scenario)? {
        parameters.scenarios = scenarios;
    }
    let mut section = |name: &str, set: &mut dyn FnMut(&mut Fields<'_>) -> Result<()>| {
        let path = given.path(name);
        if let Some(value) = given.optional(name) {
            let mut fields = Fields::new(path, value)?;
            set(&mut fields)?;
            fields.finish()?;
        }
        Ok::<(), String>(())
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
    let mut extensions = Extensions::default();
    let wanted = &mut extensions;
    section("extensions", &mut |f| {
        wanted.offsets = f.list("offsets", group_offset)?.unwrap_or_default();
        f.set("floor_net", DECIMALS, &mut wanted.floor_net)?;
        f.set("floor_hedged", DECIMALS, &mut wanted.floor_hedged)?;
        f.set("gamma", DECIMALS, &mut wanted.gamma)?;
        f.set("gamma_threshold", 0, &mut wanted.gamma_threshold)?;
        f.set("liquidity_rate", DECIMALS, &mut wanted.liquidity_rate)?;
        f.set("liquidity_maximum", DECIMALS, &mut wanted.liquidity_maximum)?;
        f.set("liquidity_threshold", 0, &mut wanted.liquidity_threshold)
    })?;
    given.finish()?;
    Ok((parameters, extensions, symbols))
}

fn underlying_parameters(mut f: Fields<'_>) -> Result<(UnderlyingParameters, (u8, String))> {
    let number: u8 = f.number("underlying", 0, None)?;
    let symbol = text(&f.path("symbol"), f.required("symbol")?)?.to_owned();
    let mut listed = UnderlyingParameters::new(number, f.number("range", DECIMALS, None)?);
    f.set("volatility_up", DECIMALS, &mut listed.volatility_up)?;
    f.set("volatility_down", DECIMALS, &mut listed.volatility_down)?;
    f.set("group", 0, &mut listed.group)?;
    f.finish()?;
    Ok((listed, (number, symbol)))
}

fn group_offset(mut f: Fields<'_>) -> Result<(u8, u64)> {
    let pair = (f.number("group", 0, None)?, f.number("offset", DECIMALS, None)?);
    f.finish()?;
    Ok(pair)
}

fn collateral_parameters(mut f: Fields<'_>) -> Result<CollateralParameters> {
    let listed = CollateralParameters {
        collateral: f.number("collateral", 0, None)?,
        underlying: f.number("underlying", 0, None)?,
        maintenance_haircut: f.number("maintenance_haircut", DECIMALS, None)?,
        initial_haircut: f.number("initial_haircut", DECIMALS, None)?,
        cancels_risk: matches!(f.optional("cancels_risk"), Some(Value::Bool(true))),
    };
    f.finish()?;
    Ok(listed)
}

fn scenario(mut f: Fields<'_>) -> Result<Scenario> {
    let mut spot = Fields::new(f.path("spot"), f.required("spot")?)?;
    let spot_move = if spot.fields.iter().any(|(name, ..)| *name == "ranges") {
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

fn market(mut f: Fields<'_>, now: u64) -> Result<Market> {
    let market = Market {
        stable_price: f.number("stable_price", DECIMALS, Some(ONE))?,
        underlyings: f.list("underlyings", underlying_market)?.unwrap_or_default(),
        expiries: f.list("expiries", |fields| expiry_market(fields, now))?.unwrap_or_default(),
        collateral: f.list("collateral", collateral_market)?.unwrap_or_default(),
    };
    f.finish()?;
    Ok(market)
}

fn underlying_market(mut f: Fields<'_>) -> Result<UnderlyingMarket> {
    let path = f.path("perpetual");
    let perpetual = match f.optional("perpetual") {
        None => None,
        Some(value) => {
            let mut p = Fields::new(path, value)?;
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
    let settlement_price = match f.optional("settlement_price") {
        None => None,
        Some(value) => Some(number(&f.path("settlement_price"), value, DECIMALS)?),
    };
    let market = ExpiryMarket {
        underlying: f.number("underlying", 0, None)?,
        expiry_hours,
        forward,
        forward_variable,
        rate: f.number("rate", DECIMALS, Some(0))?,
        surface: surface(&mut f)?,
        model_time: f.number("model_time", 0, Some(now))?,
        forward_confidence: f.number("forward_confidence", DECIMALS, Some(ONE))?,
        rate_confidence: f.number("rate_confidence", DECIMALS, Some(ONE))?,
        volatility_confidence: f.number("volatility_confidence", DECIMALS, Some(ONE))?,
        validity: Validity::Valid,
        settlement_price,
    };
    f.finish()?;
    Ok(market)
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
            let price: alloy_primitives::U256 = number(&path, strike, DECIMALS)?;
            let strike = novate_risk::Strike::from_wad(price)
                .ok_or_else(|| format!("{path}: no strike of an instrument: {strike}"))?;
            points.push((strike.code(), number(&path, volatility, DECIMALS)?));
        }
        points.sort_unstable();
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

fn portfolio(mut f: Fields<'_>, symbols: &Symbols<'_>) -> Result<Book> {
    let cash = f.number("cash", DECIMALS, Some(alloy_primitives::I256::ZERO))?;
    let mut positions =
        f.list("positions", |fields| position(fields, symbols))?.unwrap_or_default();
    positions.sort_unstable_by_key(|(position, _)| position.instrument);
    let references = positions.iter().filter_map(|(_, reference)| *reference).collect();
    let positions = positions.into_iter().map(|(position, _)| position).collect();
    let mut collateral = f.list("collateral", collateral_balance)?.unwrap_or_default();
    collateral.sort_unstable_by_key(|balance| balance.collateral);
    f.finish()?;
    Book::new(cash, positions, references, collateral).map_err(|error| error.to_string())
}

fn position(mut f: Fields<'_>, symbols: &Symbols<'_>) -> Result<(Position, Option<Reference>)> {
    let path = f.path("instrument");
    let instrument = match f.required("instrument")? {
        Value::Number(id) => id
            .parse()
            .ok()
            .and_then(|id| Instrument::decode(id).ok())
            .ok_or_else(|| format!("{path}: {id} is no instrument"))?,
        value => {
            let name = text(&path, value)?;
            Instrument::parse(name, symbols).map_err(|error| format!("{path}: {name}: {error}"))?
        }
    };
    let quantity = f.number("quantity", MILLIONTHS, None)?;
    let price: u128 = f.number("reference_price", DECIMALS, Some(0))?;
    let funding = f.number("funding_reference", DECIMALS, Some(0))?;
    f.finish()?;
    let reference = (!instrument.is_option()).then_some(Reference { price, funding });
    Ok((Position { instrument: instrument.id(), quantity }, reference))
}

fn collateral_balance(mut f: Fields<'_>) -> Result<CollateralBalance> {
    let balance = CollateralBalance {
        collateral: f.number("collateral", 0, None)?,
        amount: f.number("amount", DECIMALS, None)?,
    };
    f.finish()?;
    Ok(balance)
}
