//! Net and gross delta and gamma of one underlying: what the floor and the charges look at.

use alloy_primitives::{I256, U256};
use novate_math::kernel::{Deviation, call_delta, multiply_signed};

use crate::{
    expiry::Expiry,
    fixed::{Fine, price_times_q55},
    greeks::options_row,
    revalue::Line,
};

/// Bits dropped from the products of Q63 fractions with quantities before they are summed.
const DROPPED: u32 = 8;
const ONE_Q63: u64 = 1 << 63;

/// Deltas at the index, in money, and gamma.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Sensitivity {
    /// Sum of deltas.
    pub(crate) net: Fine,
    /// Sum of the sizes of each position's delta.
    pub(crate) gross: Fine,
    /// Sum of gammas, contracts of 18 decimals for each unit of the price.
    pub(crate) gamma: I256,
}

impl Sensitivity {
    /// Adds the delta of one position, in money.
    pub(crate) const fn add(&mut self, delta: Fine) {
        self.net = self.net.plus(delta);
        self.gross = self.gross.plus(if delta.is_negative() { delta.negated() } else { delta });
    }

    /// Adds the options of one expiry, each line's calls and puts by themselves; what they bring is cut to `most`, if there is such.
    #[inline(never)]
    pub(crate) fn add_options(
        &mut self,
        lines: &[Line],
        expiry: &Expiry,
        index: u128,
        most: Option<Fine>,
        with_gamma: bool,
    ) {
        let (mut net, mut gross) = (0_i128, 0_i128); // Q55; below 2^126
        for line in lines {
            let log_moneyness = expiry.log_moneyness(line.strike);
            let total = expiry.deviation(line.strike, log_moneyness);
            let call = call_delta(log_moneyness, &Deviation::new(total)).min(ONE_Q63);
            let mut add = |quantity: i64, size: u64, sign: i64| {
                let delta = multiply_signed(quantity, size) >> DROPPED;
                gross = gross.wrapping_add(delta.wrapping_abs());
                net = net.wrapping_add(if sign < 0 { delta.wrapping_neg() } else { delta });
            };
            add(line.calls, call, 1);
            add(line.puts, ONE_Q63.wrapping_sub(call), -1);
        }
        let money = |deltas: i128| {
            Fine(price_times_q55(index, deltas))
                .times(expiry.discount, 62)
                .times(expiry.variable, 60)
        };
        let (mut net, mut gross) = (money(net), money(gross));
        if let Some(most) = most {
            net = net.max(most.negated()).min(most);
            gross = gross.min(most);
        }
        self.net = self.net.plus(net);
        self.gross = self.gross.plus(gross);
        if with_gamma {
            self.gamma = self.gamma.saturating_add(options_row(lines, expiry).gamma);
        }
    }

    /// The size of the net delta.
    pub(crate) fn net_size(&self) -> U256 {
        self.net.0.unsigned_abs()
    }

    /// The part of the gross delta that offsets itself, counted once.
    pub(crate) fn hedged(&self) -> U256 {
        self.gross.0.max(I256::ZERO).unsigned_abs().saturating_sub(self.net_size()).wrapping_shr(1)
    }
}
