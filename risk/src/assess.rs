//! The requirement of a book: sections 1 to 5 of the method, summed over its underlyings.
//!
//! ```text
//! maintenance requirement = maintenance factor * -worst + maintenance contingency
//! initial requirement     = (initial factor + peg) * -worst + both contingencies
//! ```
//!
//! Equity is rounded down and requirements up, to 1e-18 of quote currency.

use alloc::vec::Vec;

use alloy_primitives::{I256, U256};

use crate::{
    Error,
    book::{Book, Holding},
    evaluate::evaluate,
    extended::{Extensions, excess_under_extended},
    fixed::Fine,
    market::{Market, Validity},
    parameters::Parameters,
    scenario::{BASIS, VolatilityMode},
    shocks::{Selection, Shocks},
    underlying::{Context, Figures, Part, underlyings},
};

/// A book's figures. Money has 18 decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Assessment {
    /// Cash, unsettled gains, options at mark, collateral at market; rounded down.
    pub equity: I256,
    /// What must be held to add risk; rounded up.
    pub initial_requirement: U256,
    /// What must be held to stay out of liquidation; rounded up.
    pub maintenance_requirement: U256,
    /// The underlying that requires most for maintenance; 0: the book depends on none.
    pub worst_underlying: u8,
    /// The number of its worst scenario; [`BASIS`] if the basis charge decides.
    pub worst_scenario: u8,
    /// Worst validity of the parts' indices.
    pub validity: Validity,
    /// Equity that says whether the account is short: a broken part counts at its last usable data for 24 hours, then moves to its
    /// worst bound over 72 hours; rounded down.
    pub close_equity: I256,
    /// The maintenance requirement that goes with it; rounded up.
    pub close_requirement: U256,
    /// Equity with every part at its last usable data: what prices of liquidation are reckoned with; rounded down.
    pub last_equity: I256,
    /// The maintenance requirement that goes with it; rounded up.
    pub last_requirement: U256,
    /// That of the parts that aren't broken; rounded up.
    pub healthy_requirement: U256,
}

impl Assessment {
    /// Close equity less close requirement: below 0 the account may be closed out.
    pub const fn close_excess(&self) -> I256 {
        self.close_equity.wrapping_sub(I256::from_raw(self.close_requirement))
    }

    /// Equity less the initial requirement: at least 0 to add risk.
    pub const fn initial_excess(&self) -> I256 {
        self.equity.wrapping_sub(I256::from_raw(self.initial_requirement))
    }

    /// Equity less the maintenance requirement: below 0 the account is liquidatable.
    pub const fn maintenance_excess(&self) -> I256 {
        self.equity.wrapping_sub(I256::from_raw(self.maintenance_requirement))
    }
}

/// One underlying's share of an assessment. Money has 18 decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnderlyingAssessment {
    /// Number of the underlying.
    pub underlying: u8,
    /// What its positions and collateral are worth; rounded down.
    pub value: I256,
    /// Profit and loss of the worst scenario or of the basis charge, at most 0; rounded down.
    pub worst: I256,
    /// Its number; [`BASIS`] if the basis charge decides.
    pub worst_scenario: u8,
    /// Its initial requirement; rounded up.
    pub initial_requirement: U256,
    /// Its maintenance requirement; rounded up.
    pub maintenance_requirement: U256,
    /// Worst validity of the market data used.
    pub validity: Validity,
}

/// Assesses a book at a time in Unix seconds.
///
/// # Errors
/// [`Error::UnderlyingNotListed`], [`Error::CollateralNotListed`], [`Error::NoMarketData`] if parameters or market don't
/// cover the book; [`Error::InvalidMarketData`] if the market state isn't one that may be accepted.
///
/// # Rounding
/// Equity down, requirements up.
pub fn assess(
    book: &Book,
    market: &Market,
    parameters: &Parameters,
    now: u64,
) -> Result<Assessment, Error> {
    let extensions = &Extensions::default();
    let context = Context { market, parameters, extensions, now };
    evaluate(book, &context, &mut |_| Selection::All, &mut |_| {})
}

/// The shares of each underlying in an assessment, ascending by underlying.
///
/// # Errors
/// As [`assess`].
pub fn breakdown(
    book: &Book,
    market: &Market,
    parameters: &Parameters,
    now: u64,
) -> Result<Vec<UnderlyingAssessment>, Error> {
    let extensions = &Extensions::default();
    let context = Context { market, parameters, extensions, now };
    let mut shares = Vec::new();
    evaluate(book, &context, &mut |_| Selection::All, &mut |share| shares.push(*share))?;
    Ok(shares)
}

/// An upper bound of the maintenance excess that looks at one scenario for each underlying of the book, ascending
/// ([`BASIS`]: the basis charge): if it is negative, the true excess is.
///
/// # Errors
/// [`Error::UnknownScenario`] if a scenario doesn't exist, or there isn't one for each underlying; else as [`assess`].
pub fn excess_under(
    book: &Book,
    market: &Market,
    parameters: &Parameters,
    now: u64,
    scenarios: &[u8],
) -> Result<I256, Error> {
    excess_under_extended(book, market, parameters, &Extensions::default(), now, scenarios)
}

/// One entry of a loss vector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// Weighted profit and loss of the underlying's part of the book, 18 decimals; rounded down.
    pub pnl: I256,
    /// Shocked price over price, 18 decimals.
    pub shock: u64,
    /// What happens to volatility.
    pub volatility: VolatilityMode,
}

/// The loss vector of one underlying, one entry for each scenario, and the basis charge (at most 0, 18 decimals).
///
/// # Errors
/// As [`assess`], for this underlying alone.
pub fn loss_vector(
    book: &Book,
    market: &Market,
    parameters: &Parameters,
    now: u64,
    underlying: u8,
) -> Result<(Vec<Outcome>, I256), Error> {
    let extensions = &Extensions::default();
    let context = Context { market, parameters, extensions, now };
    let holdings: Vec<Holding> =
        book.holdings().filter(|held| held.instrument.underlying() == underlying).collect();
    let part = Part { underlying, holdings: &holdings, collateral: book.collateral() };
    market.check_shared()?;
    let ranges = parameters.underlying(underlying)?;
    let known = market.underlying(underlying)?;
    let table = Shocks::prepare(parameters, ranges, Selection::All, None)?;
    let figures = Figures::of(&part, &context, known, ranges, &table);
    let outcomes = table
        .rows
        .iter()
        .zip(&figures.pnl)
        .filter_map(|(row, pnl)| {
            let shock = table.distinct.get(row.shock)?;
            Some(Outcome { pnl: pnl.to_wad_down(), shock: row.moved, volatility: shock.mode })
        })
        .collect();
    Ok((outcomes, figures.basis.to_wad_down()))
}

/// Visits the part of each listed underlying that the book depends on, ascending, with its index among them.
#[inline(never)]
pub(crate) fn each_part(
    book: &Book,
    parameters: &Parameters,
    visit: &mut dyn FnMut(usize, &Part<'_>) -> Result<(), Error>,
) -> Result<(), Error> {
    let holdings: Vec<Holding> = book.holdings().collect();
    let mut rest = holdings.as_slice();
    for (index, underlying) in underlyings(&holdings, book, parameters).into_iter().enumerate() {
        let before = |held: &Holding| held.instrument.underlying() < underlying;
        rest = rest.get(rest.partition_point(before)..).unwrap_or_default();
        let mine = |held: &&Holding| held.instrument.underlying() == underlying;
        let count = rest.iter().take_while(mine).count();
        let (holdings, others) = rest.split_at_checked(count).unwrap_or((rest, &[]));
        rest = others;
        visit(index, &Part { underlying, holdings, collateral: book.collateral() })?;
    }
    Ok(())
}

impl Assessment {
    /// The figures of nothing.
    pub(crate) const NOTHING: Self = Self {
        equity: I256::ZERO,
        initial_requirement: U256::ZERO,
        maintenance_requirement: U256::ZERO,
        worst_underlying: 0,
        worst_scenario: BASIS,
        validity: Validity::Valid,
        close_equity: I256::ZERO,
        close_requirement: U256::ZERO,
        last_equity: I256::ZERO,
        last_requirement: U256::ZERO,
        healthy_requirement: U256::ZERO,
    };

    /// Without a broken part all views are one.
    pub(crate) const fn whole(mut self) -> Self {
        self.close_equity = self.equity;
        self.close_requirement = self.maintenance_requirement;
        self.last_equity = self.equity;
        self.last_requirement = self.maintenance_requirement;
        self.healthy_requirement = self.maintenance_requirement;
        self
    }

    /// Adds a requirement, and remembers the greatest.
    pub(crate) fn require(&mut self, share: &UnderlyingAssessment, most: &mut U256) {
        self.initial_requirement =
            self.initial_requirement.saturating_add(share.initial_requirement);
        self.maintenance_requirement =
            self.maintenance_requirement.saturating_add(share.maintenance_requirement);
        if self.worst_underlying == 0 || share.maintenance_requirement > *most {
            *most = share.maintenance_requirement;
            self.worst_underlying = share.underlying;
            self.worst_scenario = share.worst_scenario;
        }
    }
}

/// What an underlying (or a group, under its first underlying's number) requires whose worst outcomes are these: for maintenance, and
/// initially.
pub(crate) fn share(
    underlying: u8,
    figures: &Figures,
    (worst, worst_initially): (Fine, Fine),
    worst_scenario: u8,
    validity: Validity,
    context: &Context<'_>,
) -> UnderlyingAssessment {
    let worst = worst.to_wad_down();
    // At most 2^204, rounded up because the loss was rounded down.
    let initial_loss = worst_initially.to_wad_down().unsigned_abs();
    let scan = &context.parameters.scan;
    let peg_loss = scan.peg_threshold.saturating_sub(context.market.stable_price.into());
    let peg = factor_up(U256::from(peg_loss), scan.peg_factor.into());
    let initial_factor =
        u128::try_from(peg).unwrap_or(u128::MAX).saturating_add(scan.initial.into());
    let maintenance_requirement = factor_up(worst.unsigned_abs(), scan.maintenance.into())
        .wrapping_add(to_wad_up(figures.maintenance_contingency));
    let initial_requirement = factor_up(initial_loss, initial_factor)
        .wrapping_add(to_wad_up(figures.initial_contingency));
    UnderlyingAssessment {
        underlying,
        value: figures.value.to_wad_down(),
        worst,
        worst_scenario,
        // Contingencies are capped by each expiry's own worst scenario, the scan by that of all: where expiries hedge each other the
        // cap alone would leave less initially.
        initial_requirement: initial_requirement.max(maintenance_requirement),
        maintenance_requirement,
        validity,
    }
}

/// `ceil(amount * factor)`, factor with 18 decimals.
fn factor_up(amount: U256, factor: u128) -> U256 {
    crate::underlying::share_up_wide(Fine(I256::from_raw(amount)), factor).0.unsigned_abs()
}

/// An amount that isn't negative, with 18 decimals, rounded up.
pub(crate) fn to_wad_up(amount: Fine) -> U256 {
    amount.negated().to_wad_down().unsigned_abs()
}
