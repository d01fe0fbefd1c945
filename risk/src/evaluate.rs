//! The sum of a book's parts: groups of underlyings, and the three views where a part's data can't be used.
//!
//! ```text
//! scan = max(w * group + (1 - w) * sum, floor),   w = offset/0.6
//! ```
//!
//! `sum` adds the worst of each underlying, `group` is the worst scenario of all together with gains counted for the offset alone;
//! the floor of a group is the sum of its underlyings'. So nothing jumps where an offset reaches 0.
//!
//! A part whose index isn't valid counts at its worst bound for adding risk. One that is broken counts at its last data where prices of
//! liquidation are reckoned with; where it is asked whether an account is short it does so for a day, then moves to its bound over
//! three. Where nothing is broken all views are one, and there is one sum.

use alloc::vec::Vec;

use alloy_primitives::{I256, U256};

use crate::{
    Error,
    assess::{Assessment, UnderlyingAssessment, each_part, share, to_wad_up},
    book::Book,
    bound::worst_bound,
    fixed::{Fine, ONE_Q62, WAD, binary, ratio_q60},
    market::{UnderlyingMarket, Validity},
    parameters::UnderlyingParameters,
    scenario::BASIS,
    shocks::{Selection, Shocks},
    underlying::{Context, Figures, Part},
};

/// A broken part counts at its last data for so long,
const GRACE: u64 = 24 * 3_600;
/// and reaches its worst bound in so long, seconds.
const DRIFT: u64 = 72 * 3_600;
/// The greatest offset, 18 decimals.
const GREATEST_OFFSET: u64 = WAD / 10 * 6;

/// One underlying's part of a book.
struct Entry {
    underlying: u8,
    /// The group in which it offsets; 0: it stands alone.
    group: u8,
    selection: Selection,
    figures: Figures,
    /// The worst of its scenarios and of the basis charge, at most 0.
    worst: Fine,
    /// Its number.
    scenario: u8,
    /// Least scan loss.
    floor: Fine,
    validity: Validity,
    /// What it is worth at worst; only where it isn't valid.
    bound: Fine,
    /// How far it has moved there, Q62.
    drift: u64,
}

impl Entry {
    const fn is_valid(&self) -> bool {
        matches!(self.validity, Validity::Valid)
    }

    const fn is_broken(&self) -> bool {
        matches!(self.validity, Validity::Invalid | Validity::TooVolatile)
    }
}

/// The slow price of an underlying over its price, Q60.
pub(crate) fn slow_ratio(market: &UnderlyingMarket) -> Option<u64> {
    market.slow_price.map(|slow| ratio_q60(slow, market.index))
}

/// Assesses a book under a selection of scenarios for each underlying (by its index among the book's), and shows each group's
/// share at last data.
pub(crate) fn evaluate(
    book: &Book,
    context: &Context<'_>,
    select: &mut dyn FnMut(usize) -> Selection,
    show: &mut dyn FnMut(&UnderlyingAssessment),
) -> Result<Assessment, Error> {
    evaluate_by(book, context, select, &scanned, show)
}

/// How a part is valued: under the rows of a table.
pub(crate) type Value<'f> = dyn Fn(&Part<'_>, &Context<'_>, &UnderlyingMarket, &UnderlyingParameters, &Shocks) -> Figures
    + 'f;

/// The same with parts valued another way.
#[inline(never)]
pub(crate) fn evaluate_by(
    book: &Book,
    context: &Context<'_>,
    select: &mut dyn FnMut(usize) -> Selection,
    value_of: &Value<'_>,
    show: &mut dyn FnMut(&UnderlyingAssessment),
) -> Result<Assessment, Error> {
    context.market.check_shared()?;
    let mut entries: Vec<Entry> = Vec::new();
    each_part(book, context.parameters, &mut |index, part| {
        let entry = entry(part, context, select(index), value_of)?;
        let same = |known: &Entry| known.group != entry.group || known.selection == entry.selection;
        if entry.group != 0 && !entries.iter().all(same) {
            return Err(Error::UnknownScenario(entry.selection.number()));
        }
        entries.push(entry);
        Ok(())
    })?;
    let mut assessment = Assessment::NOTHING;
    let mut value = Fine::from_wad(book.liquid());
    for entry in &entries {
        value = value.plus(entry.figures.value);
        assessment.validity = assessment.validity.min(entry.validity);
    }
    assessment.equity = value.to_wad_down();
    let mut most = U256::ZERO;
    for group in groups(&entries) {
        let share = combined(&entries, &|entry| group.has(entry), context);
        show(&share);
        assessment.require(&share, &mut most);
    }
    let mut assessment = assessment.whole();
    let sound = |entry: &Entry| entry.is_valid() && entry.figures.unmarked == Fine::ZERO;
    if !entries.iter().all(sound) {
        part_views(&mut assessment, &entries, value, context);
    }
    Ok(assessment)
}

/// By revaluation.
fn scanned(
    part: &Part<'_>,
    context: &Context<'_>,
    market: &UnderlyingMarket,
    ranges: &UnderlyingParameters,
    table: &Shocks,
) -> Figures {
    let mut figures = Figures::of(part, context, market, ranges, table);
    let extensions = context.extensions;
    if extensions.needs_sensitivity() {
        let charge = extensions.charge(&figures.sensitivity, market.index, ranges.range);
        figures.maintenance_contingency = figures.maintenance_contingency.plus(charge);
        figures.initial_contingency = figures.initial_contingency.plus(charge);
    }
    figures
}

/// The figures of one part.
#[inline(never)]
fn entry(
    part: &Part<'_>,
    context: &Context<'_>,
    selection: Selection,
    value_of: &Value<'_>,
) -> Result<Entry, Error> {
    let Context { parameters, extensions, .. } = *context;
    let ranges = parameters.underlying(part.underlying)?;
    let market = context.market.underlying(part.underlying).ok();
    let table = Shocks::prepare(parameters, ranges, selection, market.and_then(slow_ratio))?;
    let mut entry = Entry {
        underlying: part.underlying,
        group: if extensions.offset(ranges.group).is_some() { ranges.group } else { 0 },
        selection,
        figures: Figures::nothing(),
        worst: Fine::ZERO,
        scenario: BASIS,
        floor: Fine::ZERO,
        validity: market.map_or(Validity::Invalid, |market| market.validity),
        bound: Fine::ZERO,
        drift: 0,
    };
    if let Some(market) = market {
        let figures = value_of(part, context, market, ranges, &table);
        entry.floor = extensions.floor(&figures.sensitivity);
        entry.worst = figures.basis;
        for (row, pnl) in table.rows.iter().zip(&figures.pnl) {
            if *pnl < entry.worst {
                (entry.worst, entry.scenario) = (*pnl, row.number);
            }
        }
        entry.figures = figures;
    }
    if !entry.is_valid() {
        let table = match selection {
            Selection::Slow => Shocks::prepare(parameters, ranges, Selection::All, None)?,
            Selection::All | Selection::One(_) => table,
        };
        entry.bound = worst_bound(part.holdings, market, context, &table);
        if market.is_none() {
            entry.figures.unmarked = entry.bound.min(Fine::ZERO);
        }
        if entry.is_broken() {
            let since = market.map_or(0, |market| market.updated_at);
            let drifted = context.now.saturating_sub(since).saturating_sub(GRACE).min(DRIFT);
            // Below 2^18.
            let drift = (u128::from(drifted) << 62).checked_div(u128::from(DRIFT));
            entry.drift = drift.and_then(|share| u64::try_from(share).ok()).unwrap_or(ONE_Q62);
        }
    }
    Ok(entry)
}

/// The underlyings that are scanned together: a group, or an underlying alone.
#[derive(Clone, Copy)]
struct Together {
    group: u8,
    underlying: u8,
}

impl Together {
    const fn has(self, entry: &Entry) -> bool {
        if self.group == 0 {
            entry.underlying == self.underlying
        } else {
            entry.group == self.group
        }
    }
}

/// In the order of their first underlying.
fn groups(entries: &[Entry]) -> impl Iterator<Item = Together> {
    let first = |(index, entry): (usize, &Entry)| {
        let group = Together { group: entry.group, underlying: entry.underlying };
        let before = entries.iter().take(index).any(|known| group.has(known));
        (!before).then_some(group)
    };
    entries.iter().enumerate().filter_map(first)
}

/// What the entries that are wanted, all of one group, require together.
#[inline(never)]
fn combined(
    entries: &[Entry],
    wanted: &dyn Fn(&Entry) -> bool,
    context: &Context<'_>,
) -> UnderlyingAssessment {
    let mut sum = Figures::nothing();
    let (mut worst, mut worst_initially) = (Fine::ZERO, Fine::ZERO);
    let mut floor = Fine::ZERO;
    let mut first: Option<&Entry> = None;
    let mut together: Option<Offset> = None;
    let mut validity = Validity::Valid;
    for entry in entries.iter().filter(|entry| wanted(entry)) {
        let figures = &entry.figures;
        if let Some(first) = first {
            together.get_or_insert_with(|| Offset::start(first, context)).add(entry, context);
        }
        first = first.or(Some(entry));
        sum.value = sum.value.plus(figures.value);
        sum.maintenance_contingency =
            sum.maintenance_contingency.plus(figures.maintenance_contingency);
        sum.initial_contingency = sum.initial_contingency.plus(figures.initial_contingency);
        worst = worst.plus(entry.worst);
        worst_initially = worst_initially.plus(entry.worst.min(figures.slow));
        floor = floor.plus(entry.floor);
        validity = validity.min(entry.validity);
    }
    let Some(first) = first else {
        return share(0, &sum, (Fine::ZERO, Fine::ZERO), BASIS, Validity::Valid, context);
    };
    let mut scenario = first.scenario;
    if let Some(together) = &together {
        let (group, number) = together.worst(first.selection);
        scenario = number;
        worst_initially = together.blend(group.min(together.slow), worst_initially);
        worst = together.blend(group, worst);
    }
    let least = floor.negated();
    if least < worst {
        (worst, scenario) = (least, BASIS);
    }
    let worst = (worst, worst_initially.min(worst));
    share(first.underlying, &sum, worst, scenario, validity, context)
}

/// Outcomes of several underlyings together, each gain counted for the offset.
struct Offset {
    /// Q62.
    gains: u64,
    /// Share of the outcome together, Q62; the rest is the plain sum.
    weight: u64,
    pnl: Vec<Fine>,
    slow: Fine,
    basis: Fine,
}

impl Offset {
    fn start(first: &Entry, context: &Context<'_>) -> Self {
        let offset = context.extensions.offset(first.group).unwrap_or(0);
        let weight = u128::from(offset)
            .wrapping_mul(u128::from(WAD))
            .checked_div(u128::from(GREATEST_OFFSET));
        let weight = weight.and_then(|weight| u64::try_from(weight).ok()).unwrap_or(WAD).min(WAD);
        let mut together = Self {
            gains: binary(offset, 62),
            weight: binary(weight, 62),
            pnl: alloc::vec![Fine::ZERO; first.figures.pnl.len()],
            slow: Fine::ZERO,
            basis: Fine::ZERO,
        };
        together.add(first, context);
        together
    }

    fn counted(&self, pnl: Fine) -> Fine {
        if pnl.is_negative() { pnl } else { pnl.times(self.gains, 62) }
    }

    /// Basis charge and turns of the surface carry no gains.
    fn add(&mut self, entry: &Entry, context: &Context<'_>) {
        let scenarios = context.parameters.scenarios.iter().skip(first_row(entry.selection));
        let gains = self.gains;
        for ((sum, pnl), scenario) in self.pnl.iter_mut().zip(&entry.figures.pnl).zip(scenarios) {
            let counted = if pnl.is_negative() {
                *pnl
            } else if scenario.volatility.is_skew() {
                Fine::ZERO
            } else {
                pnl.times(gains, 62)
            };
            *sum = sum.plus(counted);
        }
        self.slow = self.slow.plus(self.counted(entry.figures.slow));
        self.basis = self.basis.plus(entry.figures.basis);
    }

    /// The worst outcome and its scenario's number.
    fn worst(&self, selection: Selection) -> (Fine, u8) {
        let (mut worst, mut number) = (self.basis, BASIS);
        for (index, pnl) in (first_row(selection)..).zip(&self.pnl) {
            if *pnl < worst {
                (worst, number) = (*pnl, u8::try_from(index).unwrap_or(BASIS));
            }
        }
        (worst, number)
    }

    fn blend(&self, group: Fine, sum: Fine) -> Fine {
        group.times(self.weight, 62).plus(sum.times(ONE_Q62.saturating_sub(self.weight), 62))
    }
}

fn first_row(selection: Selection) -> usize {
    match selection {
        Selection::One(number) => number.into(),
        Selection::All | Selection::Slow => 0,
    }
}

/// The views where some part isn't valid or has lines without market data; `value` is that of all at last data.
#[cold]
#[inline(never)]
fn part_views(assessment: &mut Assessment, entries: &[Entry], value: Fine, context: &Context<'_>) {
    let (mut equity, mut close) = (value, value);
    let mut owed = U256::ZERO;
    let mut owed_at_close = U256::ZERO;
    for entry in entries {
        let Entry { figures, bound, drift, .. } = entry;
        let unmarked = to_wad_up(figures.unmarked.negated());
        owed = owed.saturating_add(unmarked);
        owed_at_close = owed_at_close.saturating_add(less(unmarked, *drift));
        let worst = if entry.is_valid() { figures.unmarked } else { bound.minus(figures.value) };
        equity = equity.plus(worst);
        close = close.plus(bound.minus(figures.value).times(*drift, 62));
    }
    assessment.equity = equity.to_wad_down();
    assessment.close_equity = close.to_wad_down();
    (assessment.initial_requirement, assessment.maintenance_requirement) = (U256::ZERO, U256::ZERO);
    assessment.healthy_requirement = U256::ZERO;
    assessment.close_requirement = owed_at_close;
    assessment.last_requirement = assessment.last_requirement.saturating_add(owed);
    for group in groups(entries) {
        let of = |wanted: &dyn Fn(&Entry) -> bool| {
            combined(entries, &|entry| group.has(entry) && wanted(entry), context)
        };
        let valid = of(&Entry::is_valid);
        let healthy = of(&|entry| !entry.is_broken()).maintenance_requirement;
        let last = of(&|_| true).maintenance_requirement;
        let broken = entries.iter().filter(|entry| group.has(entry) && entry.is_broken());
        let drift = broken.map(|entry| entry.drift).min().unwrap_or(0);
        assessment.initial_requirement =
            assessment.initial_requirement.saturating_add(valid.initial_requirement);
        assessment.maintenance_requirement =
            assessment.maintenance_requirement.saturating_add(valid.maintenance_requirement);
        assessment.healthy_requirement = assessment.healthy_requirement.saturating_add(healthy);
        // What the broken ones add goes as they drift; they may have offset others.
        let close = if last < healthy {
            last.saturating_add(kept(healthy.saturating_sub(last), drift))
        } else {
            healthy.saturating_add(less(last.saturating_sub(healthy), drift))
        };
        assessment.close_requirement = assessment.close_requirement.saturating_add(close);
    }
}

/// `amount * drift`, rounded up.
fn kept(amount: U256, drift: u64) -> U256 {
    let amount = Fine(I256::from_raw(amount));
    amount.negated().times(drift, 62).negated().0.unsigned_abs()
}

/// `amount * (1 - drift)`, rounded up.
fn less(amount: U256, drift: u64) -> U256 {
    kept(amount, ONE_Q62.saturating_sub(drift))
}
