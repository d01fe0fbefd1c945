//! A scenario table prepared for one underlying: distinct revaluations, and which of them each scenario uses.

use alloc::vec::Vec;

use crate::{
    Error,
    expiry::ln_ratio,
    fixed::{Fine, ONE_Q58, ONE_Q60, WAD, binary, multiply},
    parameters::{Parameters, UnderlyingParameters},
    scenario::{BASIS, Scenario, SpotMove, VolatilityMode, Weight},
};

/// A revaluation that scenarios ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shock {
    /// Shocked price over price, Q60, at least `2^-30`.
    pub(crate) ratio: u64,
    /// Its logarithm, Q56.
    pub(crate) log: i64,
    /// What happens to volatility.
    pub(crate) mode: VolatilityMode,
}

impl Shock {
    /// The market as it is.
    pub(crate) const UNSHOCKED: Self = Self { ratio: ONE_Q60, log: 0, mode: VolatilityMode::None };

    fn new(ratio: u64, mode: VolatilityMode) -> Self {
        let ratio = if mode.is_skew() { ONE_Q60 } else { ratio.max(1 << 30) };
        let log = if ratio == ONE_Q60 { 0 } else { ln_ratio(ratio) };
        Self { ratio, log, mode }
    }
}

/// A scenario as it is evaluated.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row {
    /// Index of its revaluation.
    pub(crate) shock: usize,
    /// Shocked price over price, 18 decimals.
    pub(crate) moved: u64,
    /// Q58.
    pub(crate) weight: u64,
    /// Its number in the table.
    pub(crate) number: u8,
}

impl Row {
    /// What counts of a change in value.
    #[inline]
    pub(crate) fn counted(&self, change: Fine) -> Fine {
        change.times(self.weight, 58)
    }
}

/// The table of one underlying. Shock 0 is the market as it is; with the basis charge, 1 and 2 are its two moves.
#[derive(Debug, Clone)]
pub(crate) struct Shocks {
    pub(crate) distinct: Vec<Shock>,
    pub(crate) rows: Vec<Row>,
    /// The slow price's row, for initial margin alone.
    pub(crate) slow: Option<Row>,
    /// The greatest weight of the rows that were left out, Q58.
    pub(crate) left_out: u64,
    pub(crate) with_basis: bool,
}

/// Which rows of the table are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Selection {
    /// All scenarios and the basis charge.
    All,
    /// One scenario, or the basis charge alone ([`BASIS`]).
    One(u8),
    /// Only what initial margin adds: the slow price.
    Slow,
}

impl Selection {
    /// The number under which an error names it.
    pub(crate) const fn number(self) -> u8 {
        match self {
            Self::All | Self::Slow => BASIS,
            Self::One(number) => number,
        }
    }
}

impl Shocks {
    /// Prepares the wanted rows; `slow` is the slow price over the price, Q60.
    ///
    /// # Errors
    /// [`Error::UnknownScenario`].
    #[inline(never)]
    pub(crate) fn prepare(
        parameters: &Parameters,
        ranges: &UnderlyingParameters,
        selection: Selection,
        slow: Option<u64>,
    ) -> Result<Self, Error> {
        let with_basis = matches!(selection, Selection::All | Selection::One(BASIS));
        let mut table = Self {
            distinct: Vec::with_capacity(parameters.scenarios.len().saturating_add(4)),
            rows: Vec::new(),
            slow: None,
            left_out: 0,
            with_basis,
        };
        table.distinct.push(Shock::UNSHOCKED);
        if with_basis {
            let up = ONE_Q60.saturating_add(binary(parameters.basis.up, 60));
            let down = ONE_Q60.saturating_sub(binary(parameters.basis.down, 60));
            table.distinct.push(Shock::new(up, VolatilityMode::None));
            table.distinct.push(Shock::new(down, VolatilityMode::None));
        }
        match selection {
            Selection::All => {
                table.rows.reserve_exact(parameters.scenarios.len());
                for (number, scenario) in (0_u8..=254).zip(&parameters.scenarios) {
                    table.push(number, scenario, ranges.range);
                }
            }
            Selection::Slow => {}
            Selection::One(wanted) => {
                for (number, scenario) in (0_u8..=254).zip(&parameters.scenarios) {
                    if number == wanted {
                        table.push(number, scenario, ranges.range);
                    } else {
                        let weight = weight(scenario, spot(scenario, ranges.range).0, ranges.range);
                        table.left_out = table.left_out.max(weight);
                    }
                }
                if table.rows.is_empty() && wanted != BASIS {
                    return Err(Error::UnknownScenario(wanted));
                }
            }
        }
        if let Some(ratio) = slow.filter(|_| !matches!(selection, Selection::One(_))) {
            // Where the slow price has arrived, the market as it is: nothing to revalue.
            let shock = table.index(Shock::new(ratio, VolatilityMode::None));
            table.slow = Some(Row { shock, moved: 0, weight: ONE_Q58, number: BASIS });
        }
        Ok(table)
    }

    fn push(&mut self, number: u8, scenario: &Scenario, range: u64) {
        let (size, falls) = spot(scenario, range);
        let moved = if falls { WAD.saturating_sub(size) } else { WAD.saturating_add(size) };
        let moved = if scenario.volatility.is_skew() { WAD } else { moved };
        let weight = weight(scenario, size, range);
        // Scenarios of one spot move stand together: its logarithm is taken once.
        let shock = match (self.rows.last(), self.distinct.last()) {
            (Some(row), Some(last))
                if row.moved == moved && row.shock.wrapping_add(1) == self.distinct.len() =>
            {
                Shock { mode: scenario.volatility, ..*last }
            }
            _ => Shock::new(binary(moved, 60), scenario.volatility),
        };
        let shock = self.index(shock);
        self.rows.push(Row { shock, moved, weight, number });
    }

    /// The index of a revaluation. Only the leading ones (unshocked, basis moves) are worth a search: others repeat in no sensible
    /// table.
    fn index(&mut self, shock: Shock) -> usize {
        let known = self.distinct.iter().take(3).position(|known| *known == shock);
        let index = known.unwrap_or(self.distinct.len());
        if known.is_none() {
            self.distinct.push(shock);
        }
        index
    }
}

/// The size of a scenario's move of the price, 18 decimals, and whether it falls.
fn spot(scenario: &Scenario, range: u64) -> (u64, bool) {
    match scenario.spot {
        SpotMove::Ranges(ranges) => {
            // Exact decimals: a move of 3/4 of a range of 0.18 is 0.135.
            let product = u128::from(ranges.unsigned_abs()).wrapping_mul(u128::from(range));
            let size = product.checked_div(u128::from(WAD)).unwrap_or(0);
            (u64::try_from(size).unwrap_or(u64::MAX), ranges < 0)
        }
        SpotMove::Absolute(share) => (share.unsigned_abs(), share < 0),
    }
}

/// A scenario's weight, Q58.
fn weight(scenario: &Scenario, size: u64, range: u64) -> u64 {
    match scenario.weight {
        Weight::Fixed(share) => binary(share, 58),
        Weight::Tail(share) => {
            let worth = multiply(binary(share, 59), binary(range, 59), 59);
            (u128::from(worth) << 58)
                .checked_div(u128::from(binary(size, 59)))
                .and_then(|weight| u64::try_from(weight).ok())
                .unwrap_or(u64::MAX)
        }
    }
}
