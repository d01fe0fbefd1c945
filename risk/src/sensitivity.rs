//! Net and gross delta and gamma of one underlying: what the floor and the charges look at.

use alloy_primitives::{I256, U256};

use crate::{
    Error,
    fixed::{Fine, price_times},
    greeks::{MILLIONTH, contracts, options_row},
    parameters::UnderlyingParameters,
    perpetual::perpetual,
    revalue::Line,
    tenor::tenors,
    underlying::{Context, Part, collateral_value},
};

/// Equivalent contracts of one underlying, 18 decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Sensitivity {
    /// Sum of deltas.
    pub(crate) net: I256,
    /// Sum of the sizes of each position's delta.
    pub(crate) gross: U256,
    /// Sum of gammas, for each unit of the price.
    pub(crate) gamma: I256,
}

impl Sensitivity {
    /// Of the perpetual, the futures, the options and the risk-cancelling collateral of a part.
    pub(crate) fn of(
        part: &Part<'_>,
        context: &Context<'_>,
        ranges: &UnderlyingParameters,
    ) -> Result<Self, Error> {
        let market = context.market.underlying(part.underlying)?;
        let mut sum = Self::default();
        if let Some(perpetual) = perpetual(part, market) {
            sum.add(price_times(u128::from(MILLIONTH), i128::from(perpetual.quantity)));
        }
        for balance in part.collateral {
            let terms = context.parameters.collateral(balance.collateral)?;
            if terms.cancels_risk && terms.underlying == part.underlying {
                let (worth, _) = collateral_value(balance, context.market, market);
                sum.add(contracts(worth, market.index));
            }
        }
        for tenor in tenors(part, context, ranges)? {
            for future in tenor.futures {
                let contracts = price_times(u128::from(MILLIONTH), i128::from(future.quantity));
                sum.add(Fine(contracts).times(tenor.expiry.variable, 60).0);
            }
            for line in &tenor.lines {
                for one in [Line { puts: 0, ..*line }, Line { calls: 0, ..*line }] {
                    if one.calls != 0 || one.puts != 0 {
                        let row = options_row(&[one], &tenor.expiry);
                        sum.add(row.delta);
                        sum.gamma = sum.gamma.saturating_add(row.gamma);
                    }
                }
            }
        }
        Ok(sum)
    }

    fn add(&mut self, delta: I256) {
        self.net = self.net.saturating_add(delta);
        self.gross = self.gross.saturating_add(delta.unsigned_abs());
    }

    /// The part of the gross delta that offsets itself, counted once.
    pub(crate) fn hedged(&self) -> U256 {
        self.gross.saturating_sub(self.net.unsigned_abs()).wrapping_shr(1)
    }
}
