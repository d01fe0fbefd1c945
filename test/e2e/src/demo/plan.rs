//! Which trades are done: options on four expiries, futures and the perpetual.

use novate_abi::{IExchange, IMarginLens};
use novate_risk::{Instrument, Strike, instrument::Kind};

use super::cast::Who;
use crate::input::{Right, Snapshot};
use crate::model::{Market, Slice, black};
use crate::units;

/// Where the makers' strikes are, in standard deviations from the forward; a call and a put on each.
const GRID: [f64; 8] = [-1.6, -1.15, -0.7, -0.25, 0.25, 0.7, 1.15, 1.6];

/// What customers pay or give up against the model's price.
const EDGE: f64 = 0.015;

/// Interest rate of all surfaces.
pub(super) const RATE: f64 = 0.04;

/// Seconds of a year of 365 days.
const YEAR: f64 = 31_536_000.0;

/// One leg: `contracts` above zero are bought by the deal's buyer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Leg {
    pub(super) instrument: Instrument,
    pub(super) contracts: f64,
    pub(super) price: f64,
}

/// A trade of one or more legs.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Deal {
    pub(super) what: String,
    pub(super) buyer: Who,
    pub(super) seller: Who,
    pub(super) legs: Vec<Leg>,
}

/// Everything that is agreed at the start.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Plan {
    pub(super) deals: Vec<Deal>,
    /// WETH brought by the writer of calls, whole coins.
    pub(super) collateral: f64,
    /// The unit of size, contracts: about 25,000 dollars of the underlying.
    pub(super) unit: f64,
}

impl Leg {
    /// As the exchange takes it.
    pub(super) fn to_exchange(self) -> IExchange::Leg {
        IExchange::Leg {
            instrument: self.instrument.id(),
            quantity: units::quantity(self.contracts),
            price: units::price(self.price),
        }
    }

    /// As margin's preview takes it, for the side that buys (1) or sells (-1) the deal.
    pub(super) fn to_margin(self, side: i64) -> IMarginLens::Trade {
        IMarginLens::Trade {
            instrument: self.instrument.id(),
            quantity: units::quantity(self.contracts) * side,
            price: units::price(self.price),
        }
    }
}

impl Plan {
    /// The trades of `who` in the first `deals` deals, in order.
    pub(super) fn trades(&self, who: Who, deals: usize) -> Vec<IMarginLens::Trade> {
        let sides = self.deals.iter().take(deals).filter_map(|deal| {
            let side = if deal.buyer == who {
                1
            } else if deal.seller == who {
                -1
            } else {
                return None;
            };
            Some((deal, side))
        });
        sides
            .flat_map(|(deal, side)| deal.legs.iter().map(move |leg| leg.to_margin(side)))
            .collect()
    }
}

/// Prices what is traded at the start.
struct Desk<'a> {
    underlying: u8,
    time: u64,
    snapshot: &'a Snapshot,
    slices: Vec<Slice>,
    unit: f64,
}

/// Plans the book on `snapshot`, at the market's surfaces at `time` and the index at `index`.
///
/// `None` if the chain lists too few strikes.
pub(super) fn plan(
    underlying: u8,
    snapshot: &Snapshot,
    market: &Market,
    time: u64,
    index: f64,
) -> Option<Plan> {
    let unit = ((25_000.0 / index) * 10.0).round().max(1.0) / 10.0;
    let desk = Desk { underlying, time, snapshot, slices: market.slices(time, index), unit };
    let mut deals = Vec::new();
    for slice in &desk.slices {
        deals.push(desk.grid(slice)?);
    }
    let [first, second, third, last] = desk.slices.as_slice() else { return None };
    let puts = [(second, -1.0), (third, -1.0), (third, -1.5), (last, -1.0), (last, -1.5)];
    let puts: Option<Vec<Leg>> =
        puts.iter().map(|(slice, z)| desk.option(slice, Right::Put, *z, 4.0, EDGE)).collect();
    deals.push(Deal {
        what: "protective puts".into(),
        buyer: Who::TailBuyer,
        seller: Who::PutSeller,
        legs: puts?,
    });
    let mut strangles = Vec::new();
    for slice in [first, second, third, last] {
        strangles.push(desk.option(slice, Right::Put, -1.1, 3.0, -EDGE)?);
        strangles.push(desk.option(slice, Right::Call, 1.1, 3.0, -EDGE)?);
    }
    deals.push(Deal {
        what: "strangles".into(),
        buyer: Who::North,
        seller: Who::StrangleSeller,
        legs: strangles,
    });
    let mut calls = Vec::new();
    for slice in [second, third] {
        calls.push(desk.option(slice, Right::Call, 0.8, 5.0, -EDGE)?);
    }
    deals.push(Deal {
        what: "covered calls".into(),
        buyer: Who::South,
        seller: Who::CallWriter,
        legs: calls,
    });
    deals.push(Deal {
        what: "puts on credit".into(),
        buyer: Who::CallWriter,
        seller: Who::North,
        legs: vec![desk.option(last, Right::Put, -0.25, 8.0, EDGE)?],
    });
    let perpetual = Leg {
        instrument: Instrument::perpetual(underlying)?,
        contracts: 12.0 * unit,
        price: cents(index),
    };
    deals.push(Deal {
        what: "perpetual".into(),
        buyer: Who::Trend,
        seller: Who::Basis,
        legs: vec![perpetual],
    });
    let mut futures = Vec::new();
    for (slice, size) in [(second, 5.0), (last, 5.0)] {
        let instrument = Instrument::future(underlying, hours(slice.expiry)?)?;
        futures.push(Leg { instrument, contracts: size * unit, price: cents(slice.forward) });
    }
    deals.push(Deal {
        what: "futures".into(),
        buyer: Who::Basis,
        seller: Who::Bear,
        legs: futures,
    });
    Some(Plan { deals, collateral: 10.0 * unit, unit })
}

/// A hedge of `contracts` perpetuals that `maker` buys (below zero: sells) from the basis trader.
pub(super) fn hedge(underlying: u8, maker: Who, contracts: f64, index: f64) -> Option<Deal> {
    let leg =
        Leg { instrument: Instrument::perpetual(underlying)?, contracts, price: cents(index) };
    Some(Deal { what: "hedge".into(), buyer: maker, seller: Who::Basis, legs: vec![leg] })
}

impl Desk<'_> {
    /// Calls and puts on the strikes around the forward, long and short in a pattern that leaves little delta and vega.
    fn grid(&self, slice: &Slice) -> Option<Deal> {
        let strikes = self.nearest(slice, &GRID)?;
        let mut legs = Vec::new();
        for (place, strike) in strikes.into_iter().enumerate() {
            // The sequence of Thue and Morse: level, slope and curvature cancel over eight.
            let side = if place.count_ones().is_multiple_of(2) { 1.0 } else { -1.0 };
            for right in [Right::Call, Right::Put] {
                legs.push(self.leg(slice, right, strike, side * self.unit, 0.0)?);
            }
        }
        Some(Deal { what: "option grid".into(), buyer: Who::North, seller: Who::South, legs })
    }

    /// The option nearest to `z` standard deviations, `size` units of it.
    fn option(&self, slice: &Slice, right: Right, z: f64, size: f64, edge: f64) -> Option<Leg> {
        let strike = *self.nearest(slice, &[z])?.first()?;
        self.leg(slice, right, strike, size * self.unit, edge)
    }

    /// Distinct listed strikes, each the nearest still free to its number of standard deviations; ascending.
    fn nearest(&self, slice: &Slice, deviations: &[f64]) -> Option<Vec<f64>> {
        let mut free: Vec<f64> = self
            .snapshot
            .quotes
            .iter()
            .filter(|quote| quote.expiry == slice.expiry)
            .map(|quote| quote.strike)
            .collect();
        free.sort_by(f64::total_cmp);
        free.dedup();
        let deviation = slice.svi.total_variance(0.0).sqrt();
        let mut chosen = Vec::new();
        for z in deviations {
            let target = slice.forward * (z * deviation).exp();
            let distance = |strike: &f64| (strike - target).abs();
            let (place, _) =
                free.iter().enumerate().min_by(|a, b| distance(a.1).total_cmp(&distance(b.1)))?;
            chosen.push(free.remove(place));
        }
        chosen.sort_by(f64::total_cmp);
        Some(chosen)
    }

    fn leg(
        &self,
        slice: &Slice,
        right: Right,
        strike: f64,
        contracts: f64,
        edge: f64,
    ) -> Option<Leg> {
        let deviation = slice.svi.total_variance((strike / slice.forward).ln()).sqrt();
        let tau = u32::try_from(slice.expiry - self.time).map_or(0.0, f64::from) / YEAR;
        let value = black(right, slice.forward, strike, deviation) * (-RATE * tau).exp();
        let kind = match right {
            Right::Call => Kind::Call,
            Right::Put => Kind::Put,
        };
        let exact = Strike::from_wad(units::price(strike).try_into().ok()?)?;
        let instrument = Instrument::new(self.underlying, kind, hours(slice.expiry)?, exact)?;
        Some(Leg { instrument, contracts, price: cents(value * (1.0 + edge)) })
    }
}

fn hours(expiry: u64) -> Option<u32> {
    u32::try_from(expiry / 3_600).ok()
}

fn cents(price: f64) -> f64 {
    ((price * 100.0).round() / 100.0).max(0.01)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::model::{JumpDiffusion, generate_chain};

    #[test]
    fn the_plan_has_sixty_options_on_four_expiries_and_perpetuals_and_futures() {
        let start = 1_767_571_200;
        let bars = JumpDiffusion::default().bars(1, start, 900, 960);
        let price = bars.covering(start + 86_400).map(|bar| bar.open).unwrap_or_default();
        let chain = generate_chain(start + 86_400, price, 0.65);
        let snapshot = chain.snapshots[0].clone();
        let market = Market::new(&chain, bars, 4).expect("a market");
        let plan = plan(1, &snapshot, &market, start + 86_400, price).expect("a plan");
        let legs: Vec<&Leg> = plan.deals.iter().flat_map(|deal| &deal.legs).collect();
        let options: BTreeSet<u64> = legs
            .iter()
            .filter(|leg| leg.instrument.is_option())
            .map(|leg| leg.instrument.id())
            .collect();
        let expiries: BTreeSet<u32> = legs
            .iter()
            .filter(|leg| leg.instrument.is_option())
            .map(|leg| leg.instrument.expiry_hours())
            .collect();
        assert!(options.len() >= 60, "{} options", options.len());
        assert_eq!(expiries.len(), 4);
        for kind in [Kind::Perpetual, Kind::Future] {
            assert!(legs.iter().any(|leg| leg.instrument.kind() == kind), "{kind:?}");
        }
        assert!(legs.iter().all(|leg| leg.price > 0.0 && leg.contracts != 0.0));
    }
}
