//! Turns a line into a book, a market state and parameters.

mod fields;
mod market;
mod parameters;
mod portfolio;

use novate_risk::{
    Book, Extensions, Market, Netting, Parameters, StandardTerms, adaptive::Ramp, market::Surface,
};

use crate::json::Value;
use fields::Fields;

type Result<T> = std::result::Result<T, String>;

/// One line.
pub(crate) struct Case {
    pub(crate) now: u64,
    /// Larger than the portfolio by this power of ten.
    pub(crate) book: Book,
    pub(crate) scale: u32,
    pub(crate) market: Market,
    pub(crate) parameters: Parameters,
    pub(crate) extensions: Extensions,
    /// Ranges that are on their way.
    pub(crate) ramps: Vec<(u8, Ramp)>,
    /// Standard margin instead of scenarios.
    pub(crate) standard: Option<(Netting, StandardTerms)>,
}

/// Reads a line.
pub(crate) fn case(line: &Value) -> Result<Case> {
    let mut fields = Fields::new(String::new(), line)?;
    fields.optional("id");
    let now = fields.number("now", 0, None)?;
    let given = Fields::new("parameters".to_owned(), fields.required("parameters")?)?;
    let given = parameters::read(given, now)?;
    let symbols: Vec<(u8, &str)> = given.symbols.iter().map(|(n, s)| (*n, s.as_str())).collect();
    let market = market::read(Fields::new("market".to_owned(), fields.required("market")?)?, now)?;
    let portfolio = Fields::new("portfolio".to_owned(), fields.required("portfolio")?)?;
    let (book, scale) = portfolio::read(portfolio, &symbols)?;
    let has_thresholds = given.extensions.gamma != 0 || given.extensions.liquidity_rate != 0;
    if scale != 0 && has_thresholds {
        return Err(
            "portfolio.positions: charges with a threshold take quantities of at most 6 decimals"
                .to_owned(),
        );
    }
    fields.finish()?;
    check_strikes(&book, &market, now, &symbols)?;
    let parameters::Given { parameters, extensions, ramps, standard, .. } = given;
    Ok(Case { now, book, scale, market, parameters, extensions, ramps, standard })
}

/// Where volatilities are given by strike, each live option must have its own: another's would be a guess.
fn check_strikes(book: &Book, market: &Market, now: u64, symbols: &[(u8, &str)]) -> Result<()> {
    for held in book.holdings().filter(|held| held.instrument.is_option()) {
        let terms = market.expiries.iter().find(|known| {
            known.underlying == held.instrument.underlying()
                && known.expiry_hours == held.instrument.expiry_hours()
        });
        let Some(terms) = terms.filter(|terms| terms.expiry() > now) else { continue };
        if let Surface::Points(points) = &terms.surface
            && !points.iter().any(|(code, _)| *code == held.instrument.strike().code())
        {
            let name = held.instrument.name(symbols);
            let name = name.map_or_else(|| held.instrument.id().to_string(), |n| n.to_string());
            return Err(format!("market.expiries: no volatility for the strike of {name}"));
        }
    }
    Ok(())
}
