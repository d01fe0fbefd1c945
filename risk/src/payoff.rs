//! What the lines of one expiry pay at expiry, and the least of it.

use alloy_primitives::U256;

use crate::{
    fixed::{Fine, price_times, strike_times},
    revalue::Line,
};

/// The least payoff of `lines` (ascending by strike) and of `futures` millionths of the price itself, over the prices `from`, `to` and
/// the strikes between; `beyond`: the strikes above `to` as well.
///
/// Between two strikes the payoff is a line, so one pass steps from point to point. Strikes beyond 2^128 units of 1e-18 are looked
/// at there; no price comes near.
#[inline(never)]
pub(crate) fn least_payoff(
    lines: &[Line],
    futures: i128,
    (from, to): (u128, u128),
    beyond: bool,
) -> Fine {
    // At a price of 0 puts pay their strikes; the slope is what is held of the price itself, less the puts.
    let mut value = Fine::ZERO;
    let mut slope = futures;
    for line in lines.iter().filter(|line| line.puts != 0) {
        value = value.plus(Fine(strike_times(line.price, line.puts)));
        slope = slope.wrapping_sub(i128::from(line.puts));
    }
    let mut walk = Walk { at: 0, value, slope, least: None };
    let ends = [from, to];
    let mut ends = ends.iter().peekable();
    for line in lines {
        let strike = price(line.price);
        while let Some(end) = ends.next_if(|end| **end <= strike) {
            walk.step(*end, true);
        }
        walk.step(strike, from <= strike && (beyond || strike <= to));
        let calls = i128::from(line.calls).wrapping_add(i128::from(line.puts));
        walk.slope = walk.slope.wrapping_add(calls);
    }
    for end in ends {
        walk.step(*end, true);
    }
    walk.least.unwrap_or(Fine::ZERO)
}

/// How far `lines` (ascending by strike) that are worth `mark` can fall: mark plus greatest loss at expiry over 0, every strike and six times the
/// index; below 0 if they always gain.
///
/// Calls that are short on balance lose ever more beyond. For each there is room of at least the index: looked at six times the index
/// alone, one struck near it or above, or one in a ratio that still gains there, could be sold for nothing.
pub(crate) fn room(lines: &[Line], mark: Fine, index: u128) -> Fine {
    let room = mark.minus(least_payoff(lines, 0, (0, index.saturating_mul(6)), true));
    let net = lines.iter().fold(0_i128, |sum, line| sum.wrapping_add(line.calls.into()));
    if net < 0 { room.max(Fine(price_times(index, net.wrapping_neg()))) } else { room }
}

/// A walk along prices.
struct Walk {
    at: u128,
    value: Fine,
    slope: i128,
    least: Option<Fine>,
}

impl Walk {
    #[inline(never)]
    fn step(&mut self, to: u128, counts: bool) {
        let change = price_times(to.wrapping_sub(self.at), self.slope);
        self.value = self.value.plus_inline(Fine(change));
        self.at = to;
        if counts {
            self.least = Some(self.least.map_or(self.value, |least| least.min(self.value)));
        }
    }
}

/// A strike as a price.
fn price(strike: U256) -> u128 {
    u128::try_from(strike).unwrap_or(u128::MAX)
}
