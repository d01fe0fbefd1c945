//! What one contract, or one collateral token, is worth: the price to which gains are settled and around which trades may lie.
//!
//! ```text
//! perpetual   its mark
//! future      the forward; once expired, the settlement price or what is known of it
//! option      Black-76 on the forward, discounted; once expired, its payoff at that price
//! collateral  its price over that of the stable coin
//! ```
//!
//! *Units:* quote currency, 18 decimals. *Domain:* any instrument and any market: what has no price is [`Mark::NONE`] but for what is known.
//! *Rounding:* down, by less than one unit and the kernel's error (`docs/accuracy.md`); never below 0.

use crate::{
    expiry::Expiry,
    fixed::{WAD, divide, multiply_256},
    instrument::{Instrument, Kind},
    market::{Market, UnderlyingMarket, Validity},
    parameters::{Parameters, UnderlyingParameters},
    revalue::{Line, revalue},
    shocks::Shock,
};
use alloy_primitives::U256;

/// One contract, millionths.
const CONTRACT: i64 = 1_000_000;

/// What an instrument or a collateral token is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// Fair price of one contract or token, 18 decimals; 0 unless it is marked.
    pub price: u128,
    /// Last index price of its underlying, 18 decimals; 0: there never was one.
    pub index: u128,
    /// Funding that one long contract of a perpetual has paid since the start, 18 decimals.
    pub funding_index: i128,
    /// Level of the index.
    pub validity: Validity,
    /// Whether there is a price: a model was posted for it once.
    pub is_marked: bool,
}

impl Mark {
    /// Nothing is known.
    pub const NONE: Self = Self {
        price: 0,
        index: 0,
        funding_index: 0,
        validity: Validity::Invalid,
        is_marked: false,
    };

    const fn of(market: &UnderlyingMarket) -> Self {
        Self { index: market.index, validity: market.validity, ..Self::NONE }
    }

    /// The mark of an instrument at `now`, Unix seconds.
    #[inline(never)]
    pub fn of_instrument(
        instrument: &Instrument,
        market: &Market,
        parameters: &Parameters,
        now: u64,
    ) -> Self {
        let underlying = instrument.underlying();
        let Some(known) = find(market, underlying) else { return Self::NONE };
        let nothing = Self::of(known);
        if known.index == 0 {
            return nothing;
        }
        if instrument.kind() == Kind::Perpetual {
            return known.perpetual.map_or(nothing, |perpetual| Self {
                price: perpetual.mark,
                funding_index: perpetual.funding_index,
                is_marked: true,
                ..nothing
            });
        }
        let Ok(expiry) = market.expiry(underlying, instrument.expiry_hours()) else {
            return nothing;
        };
        let price = match instrument.kind() {
            Kind::Perpetual | Kind::Future => expiry.forward,
            Kind::Call | Kind::Put => {
                // Ranges move shocks alone, and there is none.
                let ranges = UnderlyingParameters::new(underlying, 0);
                let expiry = Expiry::prepare(expiry, parameters, &ranges, now);
                option(instrument, &expiry)
            }
        };
        Self { price, is_marked: true, ..nothing }
    }

    /// The mark of a collateral token, by its number.
    #[inline(never)]
    pub fn of_collateral(number: u8, market: &Market, parameters: &Parameters) -> Self {
        let Ok(listed) = parameters.collateral(number) else { return Self::NONE };
        let Some(known) = find(market, listed.underlying) else { return Self::NONE };
        let (price, _) = market.collateral(number, known);
        // Below 2^110 times 2^60, over at least a tenth.
        let scaled = multiply_256(U256::from(price), WAD);
        let price = divide(scaled, market.stable_price.max(1)).0;
        let price = u128::try_from(price).unwrap_or(0);
        Self { price, is_marked: price != 0, ..Self::of(known) }
    }
}

fn find(market: &Market, underlying: u8) -> Option<&UnderlyingMarket> {
    market.underlyings.iter().find(|known| known.underlying == underlying)
}

/// One contract of an option.
fn option(instrument: &Instrument, expiry: &Expiry) -> u128 {
    let strike = instrument.strike();
    let (calls, puts) = if instrument.kind() == Kind::Call { (CONTRACT, 0) } else { (0, CONTRACT) };
    let line = Line { strike, price: strike.to_wad(), calls, puts };
    let values = revalue(&[line], expiry, &[Shock::UNSHOCKED]).undiscounted;
    let value = values.first().map(|value| value.times(expiry.discount, 62).to_wad_down());
    value.and_then(|value| u128::try_from(value).ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests;
