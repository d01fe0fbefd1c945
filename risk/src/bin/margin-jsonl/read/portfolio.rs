//! The portfolio.
//!
//! Contracts count quantities in millionths. A line with finer ones is read in a unit of a power of ten less: the method is
//! homogeneous, so that ten times the book requires ten times as much.

use alloy_primitives::{I256, U256};
use novate_risk::{
    Book, CollateralBalance, Instrument, InstrumentId, Position, Reference, instrument::Symbols,
};

use super::{
    Result,
    fields::{DECIMALS, Fields, MILLIONTHS, text},
};
use crate::{decimal::ten_to, json::Value};

/// Most digits of a quantity behind the millionths.
const FINEST: u32 = DECIMALS - MILLIONTHS;

/// The book, and the power of ten by which it is larger than what is given.
pub(super) fn read(mut f: Fields<'_>, symbols: &Symbols<'_>) -> Result<(Book, u32)> {
    let cash: I256 = f.number("cash", DECIMALS, Some(I256::ZERO))?;
    let pool: u128 = f.number("pool", DECIMALS, Some(0))?;
    let mut held = f.list("positions", |fields| position(fields, symbols))?.unwrap_or_default();
    held.sort_unstable_by_key(|held| held.instrument);
    let collateral = f.list("collateral", collateral_balance)?.unwrap_or_default();
    let path = f.path("positions");
    f.finish()?;
    let finer = held.iter().map(|held| finer_digits(held.quantity)).max().unwrap_or(0);
    let scale = I256::from_raw(ten_to(finer));
    let unit = I256::from_raw(ten_to(FINEST.saturating_sub(finer)));
    let mut positions = Vec::with_capacity(held.len());
    for Held { instrument, quantity, .. } in &held {
        let quantity = quantity
            .checked_div(unit)
            .and_then(|millionths| i64::try_from(millionths).ok())
            .ok_or_else(|| format!("{path}: quantities differ by too many digits"))?;
        positions.push(Position { instrument: *instrument, quantity });
    }
    let large = |what: &str| format!("{what}: too large beside quantities of so many digits");
    let cash = cash.checked_mul(scale).ok_or_else(|| large("cash"))?;
    let scaled = |what: &str, amount: u128| {
        let amount = U256::from(amount).checked_mul(scale.into_raw());
        amount.and_then(|amount| u128::try_from(amount).ok()).ok_or_else(|| large(what))
    };
    let pool = scaled("pool", pool)?;
    let mut balances = Vec::with_capacity(collateral.len());
    for (collateral, amount) in collateral {
        balances.push(CollateralBalance { collateral, amount: scaled("collateral", amount)? });
    }
    balances.sort_unstable_by_key(|balance| balance.collateral);
    let references = held.iter().filter_map(|held| held.reference).collect();
    let book =
        Book::new(cash, positions, references, balances).map_err(|error| error.to_string())?;
    Ok((book.with_pool(pool), finer))
}

/// A position as it is given.
struct Held {
    instrument: InstrumentId,
    /// 18 decimals.
    quantity: I256,
    reference: Option<Reference>,
}

/// Digits of a quantity behind the millionths.
fn finer_digits(quantity: I256) -> u32 {
    let is_whole = |digits: &u32| {
        let unit = I256::from_raw(ten_to(FINEST.saturating_sub(*digits)));
        quantity.checked_rem(unit) == Some(I256::ZERO)
    };
    (0..FINEST).find(is_whole).unwrap_or(FINEST)
}

fn position(mut f: Fields<'_>, symbols: &Symbols<'_>) -> Result<Held> {
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
    let quantity = f.number("quantity", DECIMALS, None)?;
    let price: u128 = f.number("reference_price", DECIMALS, Some(0))?;
    let funding = f.number("funding_reference", DECIMALS, Some(0))?;
    f.finish()?;
    let reference = (!instrument.is_option()).then_some(Reference { price, funding });
    Ok(Held { instrument: instrument.id(), quantity, reference })
}

/// Number and amount, 18 decimals.
fn collateral_balance(mut f: Fields<'_>) -> Result<(u8, u128)> {
    let balance = (f.number("collateral", 0, None)?, f.number("amount", DECIMALS, None)?);
    f.finish()?;
    Ok(balance)
}
