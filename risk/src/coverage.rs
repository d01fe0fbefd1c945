//! Whether parameters and market cover a book. An assessment doesn't ask: what isn't listed counts nothing there, and what has no
//! data counts at its worst bound. Who would rather know asks here first.

use crate::{Error, book::Book, market::Market, parameters::Parameters};

/// Checks that everything in a book is listed and has market data.
///
/// # Errors
/// [`Error::UnderlyingNotListed`], [`Error::CollateralNotListed`], [`Error::NoMarketData`], [`Error::InvalidMarketData`].
pub fn check_coverage(book: &Book, market: &Market, parameters: &Parameters) -> Result<(), Error> {
    market.check_shared()?;
    let underlying = |number: u8| {
        parameters.underlying(number)?;
        market.underlying(number).map(|_| ())
    };
    for held in book.holdings() {
        let instrument = held.instrument;
        underlying(instrument.underlying())?;
        if instrument.expiry().is_some() {
            market.expiry(instrument.underlying(), instrument.expiry_hours())?;
        }
    }
    for balance in book.collateral() {
        underlying(parameters.collateral(balance.collateral)?.underlying)?;
    }
    Ok(())
}
