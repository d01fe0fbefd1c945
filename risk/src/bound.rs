//! What holdings are worth at worst where their market data can't be used.
//!
//! Long options and collateral: nothing. Delta-one: its value at last data less the worst row of its scenario table. Short puts: minus
//! their strike. Short calls: minus the last index.

use crate::{
    book::Holding,
    fixed::{Fine, ONE_Q60, price_times, strike_times},
    instrument::Kind,
    market::UnderlyingMarket,
    perpetual::funding,
    shocks::Shocks,
    underlying::Context,
};

/// The worst bound of the holdings of one underlying. Without any data a delta-one position counts from its reference, a short call at
/// its strike.
#[inline(never)]
pub(crate) fn worst_bound(
    holdings: &[Holding],
    market: Option<&UnderlyingMarket>,
    context: &Context<'_>,
    table: &Shocks,
) -> Fine {
    let (mut value, mut linear) = (Fine::ZERO, Fine::ZERO);
    for held in holdings {
        let quantity = i128::from(held.quantity);
        let strike = held.instrument.strike().to_wad();
        let short = held.quantity.min(0);
        let worst = match held.instrument.kind() {
            Kind::Put => Fine(strike_times(strike, short)),
            Kind::Call => market.map_or(Fine(strike_times(strike, short)), |known| {
                Fine(price_times(known.index, i128::from(short)))
            }),
            Kind::Perpetual | Kind::Future => {
                let (price, moving, owed) = last(held, market, context);
                linear = linear.plus(Fine(price_times(moving, quantity)));
                let gain = price_times(price, quantity)
                    .wrapping_sub(price_times(held.reference.price, quantity));
                Fine(gain).minus(owed)
            }
        };
        value = value.plus(worst);
    }
    let outcomes = table.rows.iter().map(|row| {
        let ratio = table.distinct.get(row.shock).map_or(ONE_Q60, |shock| shock.ratio);
        row.counted(linear.times_change(ratio))
    });
    value.plus(outcomes.min().unwrap_or(Fine::ZERO).min(Fine::ZERO))
}

/// The last price of a delta-one position, the part of it that can move, and the funding that is owed.
fn last(
    held: &Holding,
    market: Option<&UnderlyingMarket>,
    context: &Context<'_>,
) -> (u128, u128, Fine) {
    let reference = held.reference.price;
    let instrument = &held.instrument;
    if instrument.kind() == Kind::Future {
        let (price, moving) = context
            .market
            .expiry(instrument.underlying(), instrument.expiry_hours())
            .map_or((reference, reference), |known| (known.forward, known.variable(context.now)));
        return (price, moving, Fine::ZERO);
    }
    let Some(market) = market else { return (reference, reference, Fine::ZERO) };
    market.perpetual.map_or((market.index, market.index, Fine::ZERO), |known| {
        let owed = funding(held.quantity, known.funding_index, held.reference.funding);
        (known.mark, known.mark, owed)
    })
}
