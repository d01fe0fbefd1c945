//! Standard margin: fixed formulas instead of scenarios, for small accounts and as the yardstick of what netting saves.
//!
//! Isolated, every position stands alone. What a short option must hold, besides nothing being lent on long ones:
//!
//! ```text
//! call   premium + max(0.15 S - max(0, K - S), 0.13 S)          maintenance: premium + 0.09 S
//! put    the same with max(0, S - K), at most K in all
//! perpetual, future   0.10 |q| S                                 maintenance: 0.065 |q| S
//! ```
//!
//! Cross, the options of one expiry owe the lesser of that sum and their greatest loss at expiry, over settlement at 0 and at
//! every strike; calls that are short on balance lose more the higher it settles, so each owes `0.13 S` (`0.09 S`) on top.
//! An expired option owes its premium alone. Equity counts options at mark, so requirements include the mark of all options:
//! excess is cash less what must be held, either way.

use alloc::vec::Vec;

use alloy_primitives::{I256, U256};

use crate::{
    Error,
    assess::{Assessment, UnderlyingAssessment, each_part, to_wad_up},
    book::Book,
    fixed::{Fine, price_times, strike_times},
    market::{Market, UnderlyingMarket},
    parameters::Parameters,
    revalue::{Line, revalue},
    scenario::BASIS,
    shocks::{Shock, Shocks},
    tenor::{Tenor, tenors},
    underlying::{Context, Figures, Part, collateral_value, share_up},
};

const PERCENT: u64 = 10_000_000_000_000_000;

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
}

impl Default for StandardTerms {
    fn default() -> Self {
        Self {
            option_initial: 15 * PERCENT,
            option_minimum: 13 * PERCENT,
            option_maintenance: 9 * PERCENT,
            linear_initial: 10 * PERCENT,
            linear_maintenance: 65 * PERCENT / 10,
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

    const fn both(amount: Fine) -> Self {
        Self { initial: amount, maintenance: amount }
    }
}

/// Assesses a book by the standard formulas. Equity is the same as in [`crate::assess`]; collateral has the same haircuts.
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
    let context = Context { market, parameters, now };
    market.check_shared()?;
    let mut assessment = Assessment::NOTHING;
    let mut value = Fine::from_wad(book.liquid());
    let mut most = U256::ZERO;
    each_part(book, parameters, |_, part| {
        let ranges = parameters.underlying(part.underlying)?;
        let known = market.underlying(part.underlying)?;
        let figures = Figures::of(part, &context, ranges, &Shocks::unshocked())?;
        value = value.plus(figures.value);
        let mut required = linear(part, &context, known, terms)?;
        for tenor in tenors(part, &context, ranges)? {
            required = required.plus(options(&tenor, known, terms, netting));
        }
        let share = UnderlyingAssessment {
            underlying: part.underlying,
            value: figures.value.to_wad_down(),
            worst: I256::ZERO,
            worst_scenario: BASIS,
            initial_requirement: to_wad_up(required.initial.max(Fine::ZERO)),
            maintenance_requirement: to_wad_up(required.maintenance.max(Fine::ZERO)),
            validity: figures.validity,
        };
        assessment.require(&share, &mut most);
        Ok(())
    })?;
    assessment.equity = value.to_wad_down();
    Ok(assessment.whole())
}

/// Perpetuals, futures and collateral.
fn linear(
    part: &Part<'_>,
    context: &Context<'_>,
    market: &UnderlyingMarket,
    terms: &StandardTerms,
) -> Result<Pair, Error> {
    let contracts = part
        .holdings
        .iter()
        .filter(|held| !held.instrument.is_option())
        .fold(0_i128, |sum, held| sum.wrapping_add(i128::from(held.quantity).saturating_abs()));
    let notional = Fine(price_times(market.index, contracts));
    let mut pair = Pair {
        initial: share_up(notional, terms.linear_initial),
        maintenance: share_up(notional, terms.linear_maintenance),
    };
    for balance in part.collateral {
        let listed = context.parameters.collateral(balance.collateral)?;
        if listed.underlying == part.underlying {
            let (value, _) = collateral_value(balance, context.market, market);
            let maintenance = share_up(value, listed.maintenance_haircut);
            let initial = maintenance.plus(share_up(value, listed.initial_haircut));
            pair = pair.plus(Pair { initial, maintenance });
        }
    }
    Ok(pair)
}

/// What the options of one expiry must hold, their mark included.
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
    let live = expiry.seconds > 0;
    let mut marks = Fine::ZERO;
    let mut alone = Pair::default();
    for line in &tenor.lines {
        let call = mark(Line { puts: 0, ..*line });
        let put = mark(Line { calls: 0, ..*line });
        marks = marks.plus(call).plus(put);
        if line.calls < 0 {
            let premium = Pair::both(call.negated().max(Fine::ZERO));
            let extra = if live { short(line, line.calls, market, terms) } else { Pair::default() };
            alone = alone.plus(premium.plus(extra));
        }
        if line.puts < 0 {
            let premium = Pair::both(put.negated().max(Fine::ZERO));
            let extra = if live { short_put(line, market, terms) } else { Pair::default() };
            let most = Fine(strike_times(line.strike.to_wad(), line.puts)).negated();
            alone = alone.plus(premium.plus(extra).min(Pair::both(most)));
        }
    }
    let held = match netting {
        Netting::Isolated => alone,
        Netting::Cross => {
            let net_calls = tenor
                .lines
                .iter()
                .fold(0_i128, |sum, line| sum.wrapping_add(i128::from(line.calls)));
            let naked = Fine(price_times(market.index, net_calls.min(0).wrapping_neg()));
            let beyond = if live {
                Pair {
                    initial: share_up(naked, terms.option_minimum),
                    maintenance: share_up(naked, terms.option_maintenance),
                }
            } else {
                Pair::default()
            };
            alone.min(Pair::both(greatest_loss(&tenor.lines)).plus(beyond))
        }
    };
    held.plus(Pair::both(marks))
}

/// A short call's margin besides its premium; `quantity` is negative.
fn short(line: &Line, quantity: i64, market: &UnderlyingMarket, terms: &StandardTerms) -> Pair {
    let size = i128::from(quantity).saturating_abs();
    let notional = Fine(price_times(market.index, size));
    let strike = Fine(strike_times(line.strike.to_wad(), quantity)).negated();
    let distance = strike.minus(notional).max(Fine::ZERO);
    margin(notional, distance, terms)
}

/// A short put's margin besides its premium.
fn short_put(line: &Line, market: &UnderlyingMarket, terms: &StandardTerms) -> Pair {
    let size = i128::from(line.puts).saturating_abs();
    let notional = Fine(price_times(market.index, size));
    let strike = Fine(strike_times(line.strike.to_wad(), line.puts)).negated();
    let distance = notional.minus(strike).max(Fine::ZERO);
    margin(notional, distance, terms)
}

fn margin(notional: Fine, out_of_the_money: Fine, terms: &StandardTerms) -> Pair {
    let near = share_up(notional, terms.option_initial).minus(out_of_the_money);
    Pair {
        initial: near.max(share_up(notional, terms.option_minimum)),
        maintenance: share_up(notional, terms.option_maintenance),
    }
}

/// The greatest loss of options at expiry, settlement being at 0 or at a strike; at least 0.
fn greatest_loss(lines: &[Line]) -> Fine {
    let mut ascending: Vec<Line> = lines.to_vec();
    ascending.sort_unstable_by_key(|line| line.strike.to_wad());
    // Payoff is `constant + slope * settlement` between strikes; below the lowest, all puts pay.
    let mut constant = Fine::ZERO;
    let mut slope: i128 = 0;
    for line in &ascending {
        constant = constant.plus(Fine(strike_times(line.strike.to_wad(), line.puts)));
        slope = slope.wrapping_sub(i128::from(line.puts));
    }
    let mut least = constant.min(Fine::ZERO);
    for line in &ascending {
        let strike = line.strike.to_wad();
        // Below 2^137 2^71.
        let size = I256::from_raw(strike.wrapping_mul(U256::from(slope.unsigned_abs())));
        let linear = Fine(if slope < 0 { size.wrapping_neg() } else { size });
        least = least.min(constant.plus(linear));
        for quantity in [line.calls, line.puts] {
            slope = slope.wrapping_add(i128::from(quantity));
            constant = constant.minus(Fine(strike_times(strike, quantity)));
        }
    }
    least.negated()
}
