//! One expiry of a part: its futures, and its options paired by strike.

use alloc::vec::Vec;

use crate::{
    book::Holding,
    expiry::Expiry,
    fixed::{Fine, price_times},
    instrument::{Kind, MAX_EXPIRY_HOURS},
    market::ExpiryMarket,
    parameters::UnderlyingParameters,
    revalue::Line,
    underlying::{Context, Part},
};

/// One expiry of a part.
pub(crate) struct Tenor<'a> {
    pub(crate) market: &'a ExpiryMarket,
    pub(crate) expiry: Expiry,
    pub(crate) lines: Vec<Line>,
    pub(crate) futures: &'a [Holding],
}

/// The expiries of a part.
pub(crate) struct Tenors<'a> {
    /// Those with market data, ascending.
    pub(crate) known: Vec<Tenor<'a>>,
    /// Holdings of those without.
    pub(crate) unmarked: Vec<Holding>,
}

impl Tenor<'_> {
    /// The net quantity of the futures, millionths.
    pub(crate) fn futures_quantity(&self) -> i128 {
        self.futures.iter().fold(0, |sum, held| sum.wrapping_add(i128::from(held.quantity)))
    }

    /// The unsettled gains of the futures.
    pub(crate) fn futures_value(&self) -> Fine {
        self.futures.iter().fold(Fine::ZERO, |sum, future| {
            let held = i128::from(future.quantity);
            let gain = price_times(self.expiry.forward, held)
                .wrapping_sub(price_times(future.reference.price, held));
            sum.plus(Fine(gain))
        })
    }
}

/// The part's expiries in ascending order, with calls and puts paired by strike.
#[inline(never)]
pub(crate) fn tenors<'a>(
    part: &Part<'a>,
    context: &Context<'a>,
    ranges: &UnderlyingParameters,
) -> Tenors<'a> {
    let kind_from = |kind: Kind| {
        let start = part.holdings.partition_point(|held| held.instrument.kind() < kind);
        part.holdings.get(start..).unwrap_or_default()
    };
    let mut futures = kind_from(Kind::Future);
    let mut calls = kind_from(Kind::Call);
    let mut puts = kind_from(Kind::Put);
    let mut tenors = Tenors { known: Vec::new(), unmarked: Vec::new() };
    loop {
        let next = |rest: &[Holding], kind: Kind| match rest.first() {
            Some(held) if held.instrument.kind() == kind => held.instrument.expiry_hours(),
            _ => u32::MAX,
        };
        let hours =
            next(futures, Kind::Future).min(next(calls, Kind::Call)).min(next(puts, Kind::Put));
        if hours > MAX_EXPIRY_HOURS {
            return tenors;
        }
        let (these_futures, rest) = split(futures, Kind::Future, hours);
        futures = rest;
        let (these_calls, rest) = split(calls, Kind::Call, hours);
        calls = rest;
        let (these_puts, rest) = split(puts, Kind::Put, hours);
        puts = rest;
        let Ok(terms) = context.market.expiry(part.underlying, hours) else {
            for lost in [these_futures, these_calls, these_puts] {
                tenors.unmarked.extend_from_slice(lost);
            }
            continue;
        };
        tenors.known.push(Tenor {
            market: terms,
            expiry: Expiry::prepare(terms, context.parameters, ranges, context.now),
            lines: pair(these_calls, these_puts),
            futures: these_futures,
        });
    }
}

/// The leading holdings of that kind and expiry, and the others.
fn split(holdings: &[Holding], kind: Kind, hours: u32) -> (&[Holding], &[Holding]) {
    let count = holdings
        .iter()
        .take_while(|held| {
            held.instrument.kind() == kind && held.instrument.expiry_hours() == hours
        })
        .count();
    holdings.split_at_checked(count).unwrap_or((holdings, &[]))
}

/// Merges calls and puts, both ascending by strike code, into lines that ascend by strike: codes stand by exponent first, so
/// strikes come in few ascending runs.
#[inline(never)]
fn pair(mut calls: &[Holding], mut puts: &[Holding]) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::with_capacity(calls.len().saturating_add(puts.len()));
    loop {
        let strike = match (calls.first(), puts.first()) {
            (None, None) => return lines,
            (Some(held), None) | (None, Some(held)) => held.instrument.strike(),
            (Some(call), Some(put)) => {
                let (call, put) = (call.instrument.strike(), put.instrument.strike());
                if put.code() < call.code() { put } else { call }
            }
        };
        let take = |holdings: &mut &[Holding]| match holdings.split_first() {
            Some((held, rest)) if held.instrument.strike() == strike => {
                *holdings = rest;
                held.quantity
            }
            _ => 0,
        };
        let (call_quantity, put_quantity) = (take(&mut calls), take(&mut puts));
        let line =
            Line { strike, price: strike.to_wad(), calls: call_quantity, puts: put_quantity };
        match lines.last() {
            Some(last) if line.price < last.price => {
                let place = lines.partition_point(|known: &Line| known.price < line.price);
                lines.insert(place, line);
            }
            _ => lines.push(line),
        }
    }
}
