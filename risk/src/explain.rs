//! What a requirement is made of, how much more fits, and at what price an account becomes liquidatable.

use alloc::vec::Vec;

use alloy_primitives::I256;

use crate::{
    Error,
    assess::{assess, each_part},
    book::Book,
    extended::Extensions,
    fixed::{Fine, ONE_Q62, price_times, share_q62},
    instrument::{Instrument, InstrumentId},
    market::{MAX_PRICE, Market, UnderlyingMarket},
    parameters::Parameters,
    payoff,
    perpetual::perpetual,
    revalue::{Line, revalue},
    scenario::BASIS,
    shocks::{Row, Selection, Shock, Shocks},
    tenor::{Tenor, tenors},
    trade::{Trade, preview},
    underlying::{Context, Part, collateral_value},
};

/// What something contributes to the outcome of a scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contributor {
    /// A position.
    Position(InstrumentId),
    /// Risk-cancelling collateral of that number.
    Collateral(u8),
}

/// A share in the outcome of a scenario, 18 decimals, rounded down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// Whose it is.
    pub contributor: Contributor,
    /// Profit and loss.
    pub pnl: I256,
}

/// Shares of each position of `underlying` (and of risk-cancelling collateral) in the outcome of a scenario.
///
/// The static discount of an expiry and, in the skew modes, the sign of its change are those of the whole expiry, so the
/// shares add up to the entry of the loss vector, but for rounding. [`BASIS`] gives no shares: the basis charge isn't a
/// scenario.
///
/// # Errors
/// [`Error::UnknownScenario`]; else as [`assess`].
pub fn attribution(
    book: &Book,
    market: &Market,
    parameters: &Parameters,
    now: u64,
    underlying: u8,
    scenario: u8,
) -> Result<Vec<Share>, Error> {
    market.check_shared()?;
    if scenario == BASIS {
        return Err(Error::UnknownScenario(scenario));
    }
    let extensions = &Extensions::default();
    let context = Context { market, parameters, extensions, now };
    let ranges = parameters.underlying(underlying)?;
    let table = Shocks::prepare(parameters, ranges, Selection::One(scenario), None)?;
    let row = *table.rows.first().ok_or(Error::UnknownScenario(scenario))?;
    let shock = *table.distinct.get(row.shock).ok_or(Error::UnknownScenario(scenario))?;
    let mut shares = Vec::new();
    each_part(book, parameters, &mut |_, part| {
        if part.underlying == underlying {
            let known = market.underlying(underlying)?;
            linear_shares(part, known, &context, row, shock, &mut shares);
            for tenor in &tenors(part, &context, ranges).known {
                tenor_shares(part, tenor, known.index, &context, (row, shock), &mut shares);
            }
        }
        Ok(())
    })?;
    Ok(shares)
}

/// The perpetual's and the collateral's.
fn linear_shares(
    part: &Part<'_>,
    market: &UnderlyingMarket,
    context: &Context<'_>,
    row: Row,
    shock: Shock,
    shares: &mut Vec<Share>,
) {
    let mut push = |contributor: Contributor, value: Fine| {
        let change =
            if shock.mode.is_skew() { Fine::ZERO } else { value.times_change(shock.ratio) };
        shares.push(Share { contributor, pnl: row.counted(change).to_wad_down() });
    };
    if let (Some(held), Some(perpetual)) = (part.holdings.first(), perpetual(part, market)) {
        let value = price_times(perpetual.mark, i128::from(perpetual.quantity));
        push(Contributor::Position(held.instrument.id()), Fine(value));
    }
    for balance in part.collateral {
        let listed = context.parameters.collateral(balance.collateral);
        if listed.is_ok_and(|terms| terms.cancels_risk && terms.underlying == part.underlying) {
            let (value, _) = collateral_value(balance, context.market, market);
            push(Contributor::Collateral(balance.collateral), value);
        }
    }
}

/// Those of one expiry's futures and options.
fn tenor_shares(
    part: &Part<'_>,
    tenor: &Tenor<'_>,
    index: u128,
    context: &Context<'_>,
    (row, shock): (Row, Shock),
    shares: &mut Vec<Share>,
) {
    let expiry = &tenor.expiry;
    for future in tenor.futures {
        let variable = tenor.market.variable(context.now);
        let value = Fine(price_times(variable, i128::from(future.quantity)));
        // Turns of the surface leave the price where it is.
        let change = value.times_change(shock.ratio);
        let pnl = row.counted(change).to_wad_down();
        shares.push(Share { contributor: Contributor::Position(future.instrument.id()), pnl });
    }
    let shocks = [Shock::UNSHOCKED, shock];
    let both = |lines: &[Line]| {
        let values = revalue(lines, expiry, &shocks).undiscounted;
        let value = |index: usize| values.get(index).copied().unwrap_or(Fine::ZERO);
        (value(0).times(expiry.discount, 62), value(1))
    };
    let (mark, value) = both(&tenor.lines);
    let factor = if value.is_negative() { expiry.short } else { expiry.long };
    let change = value.times(factor, 62).minus(mark);
    let gains = !change.is_negative();
    // Where the book's greatest loss caps the outcome, each one's share is cut in proportion.
    let room = payoff::room(&tenor.lines, mark, index);
    let room = room.max(Fine::ZERO).0.unsigned_abs();
    let loses = shock.mode.is_skew() || !gains;
    let capped = context.parameters.corrections.caps_losses && loses;
    let cut = if capped { share_q62(room, change.0.unsigned_abs()) } else { ONE_Q62 };
    let options = part.holdings.iter().filter(|held| {
        held.instrument.is_option() && held.instrument.expiry_hours() == tenor.market.expiry_hours
    });
    for held in options {
        let strike = held.instrument.strike();
        let (calls, puts) = match held.instrument.kind() {
            crate::Kind::Call => (held.quantity, 0),
            _ => (0, held.quantity),
        };
        let line = Line { strike, price: strike.to_wad(), calls, puts };
        let (mark, value) = both(&[line]);
        let change = value.times(factor, 62).minus(mark);
        let change = if shock.mode.is_skew() && gains { change.negated() } else { change };
        let pnl = row.counted(change.times(cut, 62)).to_wad_down();
        shares.push(Share { contributor: Contributor::Position(held.instrument.id()), pnl });
    }
}

/// The most contracts (millionths, at most `limit`) of `instrument` that the account may buy (or sell) at `price` and still
/// have an initial excess of at least `reserve` (18 decimals: fees, say); 0 if it doesn't have that as it is.
///
/// Excess is concave in the quantity, so what fits is an interval from 0, which bisection finds to the last millionth.
///
/// # Errors
/// As [`preview`].
#[expect(clippy::too_many_arguments, reason = "a trade, a limit, and what to value them with")]
pub fn max_quantity(
    book: &Book,
    instrument: &Instrument,
    buy: bool,
    price: u128,
    limit: i64,
    reserve: I256,
    market: &Market,
    parameters: &Parameters,
    now: u64,
) -> Result<i64, Error> {
    let fits = |quantity: i64| -> Result<bool, Error> {
        if quantity == 0 {
            return Ok(assess(book, market, parameters, now)?.initial_excess() >= reserve);
        }
        let quantity = if buy { quantity } else { quantity.wrapping_neg() };
        let trade = Trade { instrument: instrument.id(), quantity, price };
        match preview(book, &[trade], market, parameters, now) {
            Ok(figures) => Ok(figures.initial_excess() >= reserve),
            // Beyond the range of a book nothing fits.
            Err(Error::QuantityOutOfRange(_) | Error::CashOutOfRange) => Ok(false),
            Err(error) => Err(error),
        }
    };
    largest(limit, fits)
}

/// The most that fits, at most `limit`, by bisection; 0 if nothing does.
pub(crate) fn largest<E>(
    limit: i64,
    mut fits: impl FnMut(i64) -> Result<bool, E>,
) -> Result<i64, E> {
    if !fits(0)? {
        return Ok(0);
    }
    let (mut fitting, mut beyond) = (0_i64, limit.max(0));
    if fits(beyond)? {
        return Ok(beyond);
    }
    while beyond.wrapping_sub(fitting) > 1 {
        let middle = fitting.wrapping_add(beyond.wrapping_sub(fitting) >> 1);
        if fits(middle)? { fitting = middle } else { beyond = middle }
    }
    Ok(fitting)
}

/// Index prices at which an account becomes liquidatable, 18 decimals; `None`: not within a hundredth and a hundred times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LiquidationPrices {
    /// The highest price below the present one.
    pub below: Option<u128>,
    /// The lowest price above it.
    pub above: Option<u128>,
}

/// The nearest index prices of `underlying`, below and above, at which maintenance excess turns negative: forwards, the
/// perpetual's mark and collateral of that underlying move in proportion, volatilities stay on their log-moneyness. An account
/// that is liquidatable already has the present price on both sides.
///
/// The search steps by 2% (a shortfall that opens and closes within a step is missed) and then halves to a relative 1e-9.
///
/// # Errors
/// As [`assess`].
pub fn liquidation_prices(
    book: &Book,
    market: &Market,
    parameters: &Parameters,
    now: u64,
    underlying: u8,
) -> Result<LiquidationPrices, Error> {
    let index = market.underlying(underlying)?.index;
    let short = |price: u128| -> Result<bool, Error> {
        let moved = at_price(market, parameters, underlying, index, price);
        Ok(assess(book, &moved, parameters, now)?.maintenance_excess().is_negative())
    };
    turning_prices(index, short)
}

/// The nearest prices around `index` at which an account is short.
pub(crate) fn turning_prices<E>(
    index: u128,
    mut short: impl FnMut(u128) -> Result<bool, E>,
) -> Result<LiquidationPrices, E> {
    if short(index)? {
        return Ok(LiquidationPrices { below: Some(index), above: Some(index) });
    }
    let mut search = |up: bool| -> Result<Option<u128>, E> {
        let mut safe = index;
        // 1.02^233 is a hundred.
        for _ in 0..233 {
            let step = safe.wrapping_div(50).max(1);
            let next = if up { safe.saturating_add(step) } else { safe.saturating_sub(step) };
            if next == 0 || next > MAX_PRICE {
                return Ok(None);
            }
            if short(next)? {
                return halve(safe, next, &mut short).map(Some);
            }
            safe = next;
        }
        Ok(None)
    };
    Ok(LiquidationPrices { below: search(false)?, above: search(true)? })
}

/// Between a safe price and a short one, the short end of an interval of a relative 1e-9.
fn halve<E>(
    mut safe: u128,
    mut short: u128,
    is_short: &mut impl FnMut(u128) -> Result<bool, E>,
) -> Result<u128, E> {
    while safe.abs_diff(short) > short.wrapping_div(1_000_000_000).max(1) {
        let middle = safe.midpoint(short);
        if is_short(middle)? { short = middle } else { safe = middle }
    }
    Ok(short)
}

/// The market with an underlying's index at `price` and all that hangs on it in proportion.
pub(crate) fn at_price(
    market: &Market,
    parameters: &Parameters,
    underlying: u8,
    index: u128,
    price: u128,
) -> Market {
    let scaled = |value: u128| {
        let (product, _) = crate::fixed::divide_slowly(
            price_times(value, i128::try_from(price).unwrap_or(i128::MAX)).into_raw(),
            alloy_primitives::U256::from(index),
        );
        u128::try_from(product).unwrap_or(MAX_PRICE).clamp(1, MAX_PRICE)
    };
    let mut moved = market.clone();
    for known in moved.underlyings.iter_mut().filter(|known| known.underlying == underlying) {
        known.index = price;
        if let Some(perpetual) = &mut known.perpetual {
            perpetual.mark = scaled(perpetual.mark);
        }
    }
    for expiry in moved.expiries.iter_mut().filter(|expiry| expiry.underlying == underlying) {
        expiry.forward = scaled(expiry.forward);
        expiry.forward_variable =
            expiry.forward_variable.map(|part| scaled(part).min(expiry.forward));
    }
    for token in &mut moved.collateral {
        let listed = parameters.collateral(token.collateral);
        if listed.is_ok_and(|terms| terms.underlying == underlying) {
            token.price = scaled(token.price);
        }
    }
    moved
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_price_of_all_is_looked_at() {
        // The first step up ends there.
        let index = MAX_PRICE - MAX_PRICE / 51;
        assert_eq!(index + index / 50, MAX_PRICE);
        let found = turning_prices(index, |price| Ok::<_, Error>(price == MAX_PRICE)).unwrap();
        assert_eq!(found, LiquidationPrices { below: None, above: Some(MAX_PRICE) });
    }
}
