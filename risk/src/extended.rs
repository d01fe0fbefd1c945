//! Beyond the scenarios of each underlying alone: offsets between correlated underlyings, a floor under hedged books, and
//! charges for books that are large against their market. Each is off while its parameters are zero.
//!
//! ```text
//! together         = min over scenarios s of sum over the group's underlyings of phi(pnl[s]),   phi(x) = x if x < 0 else offset x
//! worst of a group = w together + (1 - w) sum of each one's worst,   w = offset/0.6
//! scan loss       >= (net |net delta| + hedged (gross delta - |net delta|)/2) S
//! gamma charge     = kappa max(0, max(0, -gamma) (range S)^2 / 2 - threshold)
//! liquidity charge = min(maximum, rate max(0, |net delta| S - threshold)) |net delta| S
//! ```
//!
//! Basis charges and the skew modes carry no gains. Both charges are part of the maintenance contingency, hence of both
//! requirements.

use alloc::vec::Vec;

use alloy_primitives::{I256, U256};

use crate::{
    Error,
    assess::{Assessment, UnderlyingAssessment, to_wad_up},
    book::Book,
    evaluate::evaluate,
    fixed::{Fine, divide, mul_div, multiply_256},
    market::Market,
    parameters::{Bound, Parameters},
    scenario::BASIS,
    sensitivity::Sensitivity,
    shocks::Selection,
    underlying::Context,
};

const PERCENT: u64 = 10_000_000_000_000_000;
const ONE: u64 = 100 * PERCENT;

/// Parameters of the extensions, 18 decimals; all zero: none is on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Extensions {
    /// For each group of underlyings (see [`crate::parameters::UnderlyingParameters::group`]) the share of a gain that
    /// offsets losses elsewhere in the group, at most 0.6. A group that isn't listed doesn't offset at all.
    pub offsets: Vec<(u8, u64)>,
    /// Least scan loss for each unit of net delta's notional.
    pub floor_net: u64,
    /// Least scan loss for each unit of hedged delta's notional.
    pub floor_hedged: u64,
    /// Share of the gamma loss of one range that is charged.
    pub gamma: u64,
    /// Gamma loss (quote currency) from which it is charged.
    pub gamma_threshold: u64,
    /// Rise of the liquidity charge's rate for each unit of quote currency of net delta's notional.
    pub liquidity_rate: u64,
    /// Most of that rate.
    pub liquidity_maximum: u64,
    /// Notional (whole units of quote currency) from which it rises.
    pub liquidity_threshold: u64,
}

impl Extensions {
    /// Checks the hard bounds.
    ///
    /// # Errors
    /// [`Error::ParameterOutOfBounds`].
    pub fn check(&self) -> Result<(), Error> {
        let within = |name, value: u64, maximum: u64| {
            if value <= maximum {
                return Ok(());
            }
            let (value, maximum) = (i128::from(value), i128::from(maximum));
            Err(Error::ParameterOutOfBounds(Bound { name, value, minimum: 0, maximum }))
        };
        for (_, offset) in &self.offsets {
            within("extensions.offset", *offset, 60 * PERCENT)?;
        }
        within("extensions.floor_net", self.floor_net, ONE)?;
        within("extensions.floor_hedged", self.floor_hedged, ONE)?;
        within("extensions.gamma", self.gamma, 10 * ONE)?;
        within("extensions.liquidity_rate", self.liquidity_rate, ONE / 1_000)?;
        within("extensions.liquidity_maximum", self.liquidity_maximum, ONE)
    }

    pub(crate) const fn needs_sensitivity(&self) -> bool {
        self.floor_net | self.floor_hedged | self.gamma | self.liquidity_rate != 0
    }

    pub(crate) fn offset(&self, group: u8) -> Option<u64> {
        let known = self.offsets.iter().find(|(known, _)| *known == group && group != 0)?;
        Some(known.1)
    }
}

/// Assesses a book with the extensions. With all of them zero it equals [`crate::assess`].
///
/// # Errors
/// As [`crate::assess`].
///
/// # Rounding
/// Equity down, requirements up.
pub fn assess_extended(
    book: &Book,
    market: &Market,
    parameters: &Parameters,
    extensions: &Extensions,
    now: u64,
) -> Result<Assessment, Error> {
    let context = Context { market, parameters, extensions, now };
    evaluate(book, &context, &mut |_| Selection::All, &mut |_| {})
}

/// The shares of each group in an assessment with the extensions, under its first underlying's number; an underlying that
/// offsets nothing is a group of its own.
///
/// # Errors
/// As [`crate::assess`].
pub fn breakdown_extended(
    book: &Book,
    market: &Market,
    parameters: &Parameters,
    extensions: &Extensions,
    now: u64,
) -> Result<Vec<UnderlyingAssessment>, Error> {
    let context = Context { market, parameters, extensions, now };
    let mut shares = Vec::new();
    evaluate(book, &context, &mut |_| Selection::All, &mut |share| shares.push(*share))?;
    Ok(shares)
}

/// [`crate::excess_under`] with the extensions. The floor and the charges of large books count in full under any scenario, so the bound
/// is met by the worst one, and by [`BASIS`] where the floor decides.
///
/// # Errors
/// [`Error::UnknownScenario`] also unless underlyings that offset each other have the same scenario: losses of one and gains of
/// another scenario bound nothing. Else as [`crate::excess_under`].
pub fn excess_under_extended(
    book: &Book,
    market: &Market,
    parameters: &Parameters,
    extensions: &Extensions,
    now: u64,
    scenarios: &[u8],
) -> Result<I256, Error> {
    let context = Context { market, parameters, extensions, now };
    let number = |index: usize| scenarios.get(index).copied();
    let mut count = 0_usize;
    let mut select = |index: usize| {
        count = index.saturating_add(1);
        Selection::One(number(index).unwrap_or(BASIS))
    };
    let figures = evaluate(book, &context, &mut select, &mut |_| {})?;
    if count == scenarios.len() {
        Ok(figures.close_excess())
    } else {
        Err(Error::UnknownScenario(number(count).unwrap_or(BASIS)))
    }
}

impl Extensions {
    /// Least scan loss of an underlying.
    pub(crate) fn floor(&self, sensitivity: &Sensitivity) -> Fine {
        let net = mul_div(sensitivity.net_size(), self.floor_net, true);
        let hedged = mul_div(sensitivity.hedged(), self.floor_hedged, true);
        Fine(I256::from_raw(net.saturating_add(hedged)))
    }

    /// The gamma charge and the liquidity charge of an underlying.
    pub(crate) fn charge(&self, sensitivity: &Sensitivity, index: u128, range: u64) -> Fine {
        let mut sum = U256::ZERO;
        if self.gamma != 0 && sensitivity.gamma.is_negative() {
            let moved = mul_div(U256::from(index), range, true);
            let delta = multiply_wads(sensitivity.gamma.unsigned_abs(), moved);
            let loss = multiply_wads(delta, moved).wrapping_shr(1);
            let threshold = whole(self.gamma_threshold);
            sum = mul_div(loss.saturating_sub(threshold), self.gamma, true);
        }
        if self.liquidity_rate != 0 {
            let net = to_wad_up(Fine(I256::from_raw(sensitivity.net_size())));
            let above = net.saturating_sub(whole(self.liquidity_threshold));
            let rate = mul_div(above, self.liquidity_rate, true);
            let rate = u64::try_from(rate).unwrap_or(u64::MAX).min(self.liquidity_maximum);
            sum = sum.saturating_add(mul_div(net, rate, true));
        }
        money(sum)
    }
}

/// Most that a floor or a charge may be: 2^180 units of 1e-18, beyond any book's value.
const MOST: U256 = U256::from_limbs([0, 0, 1 << 52, 0]);

fn whole(units: u64) -> U256 {
    multiply_256(U256::from(units), ONE)
}

/// The product of two numbers of 18 decimals, rounded up, saturating at [`MOST`].
fn multiply_wads(a: U256, b: U256) -> U256 {
    match a.checked_mul(b).and_then(|product| product.checked_add(U256::from(ONE - 1))) {
        Some(product) => divide(product, ONE).0.min(MOST),
        None => MOST,
    }
}

fn money(wad: U256) -> Fine {
    Fine::from_wad(I256::from_raw(wad.min(MOST)))
}
