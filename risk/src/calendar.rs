//! The charge on delta-one positions of different tenors that offset each other.
//!
//! ```text
//! calendar = sum over both sides of matched/side * sum_{e in side} |q_e| F_e (floor + slope sqrt(tau_e))
//! ```
//!
//! `side` is the sum of `|q_e|` of that sign, `matched` the lesser of both. In the scan such positions cancel: without the charge a
//! spread of any size would need nothing.

use alloy_primitives::{I256, U256};

use crate::{
    fixed::{Fine, binary, multiply, price_times, share_q62},
    parameters::Corrections,
};

/// Contracts of a tenor: millionths, Q40, because collateral isn't a whole number of them.
pub(crate) const CONTRACTS: u32 = 40;
/// Most contracts of a tenor.
const MOST: u128 = 1 << 120;

#[derive(Debug, Clone, Copy, Default)]
struct Side {
    contracts: u128,
    /// What it would cost if all of it were matched.
    cost: Fine,
}

/// The legs of one underlying.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Calendar {
    long: Side,
    short: Side,
}

impl Calendar {
    /// Adds the net contracts of a tenor at a price; `root` is `sqrt(tau)`, Q58.
    #[inline(never)]
    pub(crate) fn add(&mut self, contracts: i128, price: u128, root: u64, terms: &Corrections) {
        let size = contracts.unsigned_abs().min(MOST);
        let rate = binary(terms.calendar_floor, 58).saturating_add(multiply(
            binary(terms.calendar_slope, 58),
            root,
            58,
        ));
        // Below 2^110 2^120; floored, then up by a unit.
        let notional = price_times(price, i128::try_from(size).unwrap_or(0)).asr(40);
        let cost = Fine(notional.wrapping_neg()).times(rate, 58).negated();
        let legs = if contracts < 0 { &mut self.short } else { &mut self.long };
        legs.contracts = legs.contracts.saturating_add(size);
        legs.cost = legs.cost.plus(cost);
    }

    /// The charge.
    #[inline(never)]
    pub(crate) fn charge(&self) -> Fine {
        let matched = self.long.contracts.min(self.short.contracts);
        if matched == 0 {
            return Fine::ZERO;
        }
        let share = |side: &Side| {
            let share = share_q62(U256::from(matched), U256::from(side.contracts));
            side.cost.negated().times(share, 62)
        };
        share(&self.long).plus(share(&self.short)).negated()
    }
}

/// Contracts of a tenor from whole millionths.
pub(crate) const fn from_millionths(quantity: i128) -> i128 {
    // Quantities are sums of 64-bit numbers.
    quantity.wrapping_shl(CONTRACTS)
}

/// Contracts of a tenor that money buys at a price.
pub(crate) fn from_money(money: Fine, price: u128) -> i128 {
    let amount = U256::from(money.0.max(I256::ZERO).unsigned_abs()).wrapping_shl(40);
    let (contracts, _) = crate::fixed::divide_slowly(amount, U256::from(price));
    i128::try_from(contracts).unwrap_or(i128::MAX).min(MOST.cast_signed())
}
