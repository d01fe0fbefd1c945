//! Standard margin: fixed formulas instead of scenarios, for small accounts and as the yardstick of what netting saves.
//!
//! Both requirements contain the options' values with their signs: equity holds the marks, so the requirement stands against cash.
//!
//! ```text
//! isolated   options              sum of values + for each short (mark + max(0.15 S - OTM, 0.13 S))   maintenance: mark + 0.09 S
//!            a short put's bracket is at most its strike
//!            perpetual, future    0.10 |q| S                                                          maintenance: 0.065 |q| S
//! cross      each expiry          max(0, value + min(sum over shorts, L + 0.01 S max(0, net short contracts)))
//!            delta-one            as isolated on the net quantity, plus the calendar charge
//! collateral                      its haircut, and if it cancels risk range of its value             maintenance: 0.8 range
//! ```
//!
//! `L` is the greatest loss of an expiry's payoff. Rates of delta-one grow with the range beyond 10%, those of options beyond 18%.
//! Charges for claims, low confidence, old surfaces and the slow price are those of portfolio margin: no mode escapes volatility or
//! sheds a charge.

use alloy_primitives::I256;

use crate::{
    Error,
    assess::Assessment,
    book::Book,
    evaluate::evaluate_by,
    extended::Extensions,
    fixed::{Fine, WAD, binary, price_times, strike_times},
    market::{ExpiryMarket, Market, UnderlyingMarket},
    parameters::{Parameters, UnderlyingParameters},
    payoff::room,
    revalue::{Line, revalue},
    shocks::{Selection, Shock, Shocks},
    tenor::{Tenor, tenors},
    underlying::{Context, Figures, Part, collateral_value, share_up},
};

const PERCENT: u64 = 10_000_000_000_000_000;
/// Range to which the rates of delta-one belong.
const LINEAR_RANGE: u64 = 10 * PERCENT;
/// Range to which the rates of options belong.
const OPTION_RANGE: u64 = 18 * PERCENT;
/// Share of the range that maintenance requires of risk-cancelling collateral.
const COLLATERAL_MAINTENANCE: u64 = 80 * PERCENT;

/// Rates of the standard formulas, 18 decimals, of the index price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StandardTerms {
    /// Of a short option at the money, initially.
    pub option_initial: u64,
    /// Least of a short option out of the money, initially.
    pub option_minimum: u64,
    /// Of a short option, for maintenance.
    pub option_maintenance: u64,
    /// Of a perpetual or a future, initially.
    pub linear_initial: u64,
    /// Of a perpetual or a future, for maintenance.
    pub linear_maintenance: u64,
    /// Of each contract that an expiry is short on balance, in cross mode: for payoffs beyond the prices that are looked at.
    pub option_beyond: u64,
}

impl Default for StandardTerms {
    fn default() -> Self {
        Self {
            option_initial: 15 * PERCENT,
            option_minimum: 13 * PERCENT,
            option_maintenance: 9 * PERCENT,
            linear_initial: 10 * PERCENT,
            linear_maintenance: 65 * PERCENT / 10,
            option_beyond: PERCENT,
        }
    }
}

/// How positions are netted by the standard formulas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Netting {
    /// Not at all.
    Isolated,
    /// Options of one expiry.
    Cross,
}

/// An initial and a maintenance amount.
#[derive(Debug, Clone, Copy, Default)]
struct Pair {
    initial: Fine,
    maintenance: Fine,
}

impl Pair {
    const fn plus(self, other: Self) -> Self {
        Self {
            initial: self.initial.plus(other.initial),
            maintenance: self.maintenance.plus(other.maintenance),
        }
    }

    fn min(self, other: Self) -> Self {
        Self {
            initial: self.initial.min(other.initial),
            maintenance: self.maintenance.min(other.maintenance),
        }
    }

    /// Both of an amount at two rates.
    fn shares(amount: Fine, initial: u64, maintenance: u64) -> Self {
        Self { initial: share_up(amount, initial), maintenance: share_up(amount, maintenance) }
    }

    const fn both(amount: Fine) -> Self {
        Self { initial: amount, maintenance: amount }
    }
}

/// Assesses a book by the standard formulas. Equity is the same as in [`crate::assess`], and so are the views of parts that are broken.
///
/// # Errors
/// As [`crate::assess`].
///
/// # Rounding
/// Equity down, requirements up.
pub fn assess_standard(
    book: &Book,
    market: &Market,
    parameters: &Parameters,
    terms: &StandardTerms,
    netting: Netting,
    now: u64,
) -> Result<Assessment, Error> {
    let extensions = &Extensions::default();
    let context = Context { market, parameters, extensions, now };
    let value_of = |part: &Part<'_>,
                    context: &Context<'_>,
                    known: &UnderlyingMarket,
                    ranges: &UnderlyingParameters,
                    table: &Shocks| {
        let mut figures = Figures::of(part, context, known, ranges, table);
        let terms = scaled(terms, ranges.range);
        let mut required = linear(part, context, known, &terms, netting);
        let (moves, haircuts) = collateral(part, context, known, ranges.range);
        required = required.plus(moves);
        if netting == Netting::Cross {
            required = required.plus(Pair::both(figures.charges.calendar));
        }
        for tenor in &tenors(part, context, ranges).known {
            required = required.plus(options(tenor, known, &terms, netting));
        }
        let charges = figures.charges;
        let maintenance = required.maintenance.max(Fine::ZERO).plus(haircuts.maintenance);
        figures.maintenance_contingency = maintenance.plus(charges.maintenance);
        // What the slow price would cost is required in any case; haircuts come on top, as they do on a scan.
        let slow = figures.slow.negated().max(Fine::ZERO);
        let initial = required.initial.max(slow).plus(haircuts.initial);
        figures.initial_contingency = initial.plus(charges.initial);
        figures.slow = Fine::ZERO;
        figures
    };
    evaluate_by(book, &context, &mut |_| Selection::Slow, &value_of, &mut |_| {})
}

/// The terms where the price ranges so far.
fn scaled(terms: &StandardTerms, range: u64) -> StandardTerms {
    let times = |rate: u64, norm: u64| {
        let product = u128::from(rate).saturating_mul(u128::from(range.max(norm)));
        u64::try_from(product.div_ceil(norm.into())).unwrap_or(u64::MAX)
    };
    StandardTerms {
        option_initial: times(terms.option_initial, OPTION_RANGE),
        option_minimum: times(terms.option_minimum, OPTION_RANGE),
        option_maintenance: times(terms.option_maintenance, OPTION_RANGE),
        linear_initial: times(terms.linear_initial, LINEAR_RANGE),
        linear_maintenance: times(terms.linear_maintenance, LINEAR_RANGE),
        option_beyond: times(terms.option_beyond, OPTION_RANGE),
    }
}

/// What of an amount is charged: all of it, once expired what isn't observed.
fn exposed(amount: Fine, has_expired: bool, market: &ExpiryMarket) -> Fine {
    if has_expired {
        let share = binary(WAD.saturating_sub(market.observed_share), 62);
        amount.negated().times(share, 62).negated()
    } else {
        amount
    }
}

/// Perpetuals and futures.
fn linear(
    part: &Part<'_>,
    context: &Context<'_>,
    market: &UnderlyingMarket,
    terms: &StandardTerms,
    netting: Netting,
) -> Pair {
    let (mut net, mut gross) = (Fine::ZERO, Fine::ZERO);
    for held in part.holdings.iter().filter(|held| !held.instrument.is_option()) {
        let whole = Fine(price_times(market.index, held.quantity.into()));
        let known = context.market.expiry(part.underlying, held.instrument.expiry_hours());
        let notional = match (held.instrument.expiry(), known) {
            (None, _) => whole,
            (Some(expiry), Ok(known)) => exposed(whole, expiry <= context.now, known),
            // Counted at its worst bound elsewhere.
            (Some(_), Err(_)) => Fine::ZERO,
        };
        net = net.plus(notional);
        gross = gross.plus(size(notional));
    }
    let notional = match netting {
        Netting::Isolated => gross,
        Netting::Cross => size(net),
    };
    Pair::shares(notional, terms.linear_initial, terms.linear_maintenance)
}

fn size(amount: Fine) -> Fine {
    Fine(I256::from_raw(amount.0.unsigned_abs()))
}

/// What risk-cancelling collateral can lose, nothing offsetting it here; and haircuts.
fn collateral(
    part: &Part<'_>,
    context: &Context<'_>,
    market: &UnderlyingMarket,
    range: u64,
) -> (Pair, Pair) {
    let (mut moves, mut haircuts) = (Pair::default(), Pair::default());
    for balance in part.collateral {
        let Ok(listed) = context.parameters.collateral(balance.collateral) else { continue };
        if listed.underlying != part.underlying {
            continue;
        }
        let (value, _) = collateral_value(balance, context.market, market);
        let haircut = share_up(value, listed.maintenance_haircut);
        let initial = haircut.plus(share_up(value, listed.initial_haircut));
        haircuts = haircuts.plus(Pair { initial, maintenance: haircut });
        if listed.cancels_risk {
            let loss = share_up(value, range);
            let maintenance = share_up(loss, COLLATERAL_MAINTENANCE);
            moves = moves.plus(Pair { initial: loss, maintenance });
        }
    }
    (moves, haircuts)
}

/// What the options of one expiry must hold, their value included.
fn options(
    tenor: &Tenor<'_>,
    market: &UnderlyingMarket,
    terms: &StandardTerms,
    netting: Netting,
) -> Pair {
    let expiry = &tenor.expiry;
    let mark = |line: Line| {
        let values = revalue(&[line], expiry, &[Shock::UNSHOCKED]).undiscounted;
        values.first().copied().unwrap_or(Fine::ZERO).times(expiry.discount, 62)
    };
    let charged = |amount: Fine| exposed(amount, expiry.seconds == 0, tenor.market);
    let mut value = Fine::ZERO;
    let mut shorts = Pair::default();
    let mut net: i128 = 0;
    for line in &tenor.lines {
        net = net.wrapping_add(line.calls.into()).wrapping_add(line.puts.into());
        for (quantity, one) in
            [(line.calls, Line { puts: 0, ..*line }), (line.puts, Line { calls: 0, ..*line })]
        {
            if quantity == 0 {
                continue;
            }
            let mark = mark(one);
            value = value.plus(mark);
            if quantity > 0 {
                continue;
            }
            let notional = Fine(price_times(market.index, quantity.into())).negated();
            let strike = Fine(strike_times(line.price, quantity)).negated();
            let is_put = one.puts != 0;
            let outside = if is_put { notional.minus(strike) } else { strike.minus(notional) };
            let near = share_up(notional, terms.option_initial).minus(outside.max(Fine::ZERO));
            let least = share_up(notional, terms.option_minimum);
            let charge = Pair {
                initial: charged(near.max(least)),
                maintenance: charged(share_up(notional, terms.option_maintenance)),
            };
            let bracket = Pair::both(mark.negated().max(Fine::ZERO)).plus(charge);
            let bracket = if is_put { bracket.min(Pair::both(strike)) } else { bracket };
            shorts = shorts.plus(bracket);
        }
    }
    if netting == Netting::Isolated {
        return Pair::both(value).plus(shorts);
    }
    let loss = room(&tenor.lines, value, market.index).minus(value);
    let beyond = Fine(price_times(market.index, net.min(0).wrapping_neg()));
    let most = Pair::both(loss.plus(charged(share_up(beyond, terms.option_beyond))));
    let held = Pair::both(value).plus(shorts.min(most));
    Pair { initial: held.initial.max(Fine::ZERO), maintenance: held.maintenance.max(Fine::ZERO) }
}
