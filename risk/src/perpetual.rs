//! The perpetual of a part: its mark, what it has gained, and the funding it owes.

use crate::{
    fixed::{Fine, price_times},
    instrument::Kind,
    market::UnderlyingMarket,
    underlying::Part,
};

/// The perpetual of a part.
pub(crate) struct Perpetual {
    pub(crate) quantity: i64,
    pub(crate) mark: u128,
    pub(crate) confidence: u64,
    pub(crate) value: Fine,
}

/// The perpetual of a part, if it is held. Without a mark it is valued at the index, with confidence 0.
#[inline(never)]
pub(crate) fn perpetual(part: &Part<'_>, market: &UnderlyingMarket) -> Option<Perpetual> {
    let held = part.holdings.first().filter(|held| held.instrument.kind() == Kind::Perpetual)?;
    let quantity = i128::from(held.quantity);
    let (mark, funding_index, confidence) =
        market.perpetual.map_or((market.index, held.reference.funding, 0), |known| {
            (known.mark, known.funding_index, known.confidence)
        });
    let gain =
        price_times(mark, quantity).wrapping_sub(price_times(held.reference.price, quantity));
    let value = Fine(gain).minus(funding(held.quantity, funding_index, held.reference.funding));
    Some(Perpetual { quantity: held.quantity, mark, confidence, value })
}

/// What `quantity` contracts owe for the funding index having moved from `from` to `to`; negative: what they are owed.
pub(crate) fn funding(quantity: i64, to: i128, from: i128) -> Fine {
    // Indices of accepted markets are below 2^110; a reference may be anything.
    let moved = to.saturating_sub(from);
    let owed = price_times(moved.unsigned_abs(), i128::from(quantity));
    Fine(if moved < 0 { owed.wrapping_neg() } else { owed })
}
