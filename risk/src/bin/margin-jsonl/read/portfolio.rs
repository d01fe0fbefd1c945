//! The portfolio.

use alloy_primitives::I256;
use novate_risk::{Book, CollateralBalance, Instrument, Position, Reference, instrument::Symbols};

use super::{
    Result,
    fields::{DECIMALS, Fields, MILLIONTHS, text},
};
use crate::json::Value;

pub(super) fn read(mut f: Fields<'_>, symbols: &Symbols<'_>) -> Result<Book> {
    let cash = f.number("cash", DECIMALS, Some(I256::ZERO))?;
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
