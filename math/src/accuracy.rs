//! Guaranteed accuracy: one bound per function and domain, read by the tests and the documentation.

/// A bound on the absolute error, in units of 1e-20.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound {
    /// The function, as it is called.
    pub function: &'static str,
    /// Where the bound holds.
    pub domain: &'static str,
    /// What the error is measured in: `1` for an absolute error, or the quantity that it is a fraction of.
    pub unit: &'static str,
    /// The bound, in units of 1e-20.
    pub error: u64,
}

const fn bound(
    function: &'static str,
    domain: &'static str,
    unit: &'static str,
    error: u64,
) -> Bound {
    Bound { function, domain, unit, error }
}

/// [`crate::kernel::exp_negative`].
pub const EXP_NEGATIVE: Bound = bound("kernel::exp_negative", "0 <= z < 64", "1", 600);
/// [`crate::kernel::cdf`] and [`crate::kernel::upper_tail`].
pub const NORMAL: Bound = bound("kernel::cdf", "|x| <= 32", "1", 1000);
/// [`crate::kernel::density`].
pub const DENSITY: Bound = bound("kernel::density", "|x| <= 32", "1", 400);
/// [`crate::kernel::ln_wad`] and [`crate::kernel::ln_decimal`].
pub const LN_KERNEL: Bound = bound("kernel::ln_wad", "1e-18 <= x <= 3.4e20", "1", 800);
/// [`crate::kernel::call_value`], for exact log-moneyness and deviation.
pub const OPTION_KERNEL: Bound =
    bound("kernel::call_value", "|k| <= 100, 0 <= s < 64", "the forward", 2600);

/// [`crate::exp`]: of the result above one, absolute below.
pub const EXP: Bound = bound("exp", "x <= 135.999", "max(1, result)", 100);
/// [`crate::ln`]: of the result above one, absolute below.
pub const LN: Bound = bound("ln", "all", "max(1, result)", 100);
/// [`crate::log2`]: of the result above one, absolute below.
pub const LOG2: Bound = bound("log2", "all", "max(1, result)", 150);
/// [`crate::pow`], beside half a unit of rounding.
pub const POW: Bound = bound("pow", "x > 0", "result (1 + |y| + 3 |y ln x|)", 100);
/// [`crate::sqrt_down`] and [`crate::sqrt_up`]: the unit on the side that is asked for, so the error is below it.
pub const SQRT: Bound = bound("sqrt_down, sqrt_up", "x < 2^196 units", "1", 100);
/// [`crate::normal_cdf`] and [`crate::normal_complement`].
pub const CDF: Bound = bound("normal_cdf", "all", "1", 1200);
/// [`crate::normal_pdf`].
pub const PDF: Bound = bound("normal_pdf", "all", "1", 500);
/// [`crate::normal_inverse`].
pub const INVERSE: Bound = bound("normal_inverse", "1e-18 <= p <= 1 - 1e-18", "1", 6500);
/// [`crate::Black76::prices`], beside half a unit of rounding.
pub const BLACK76: Bound =
    bound("Black76::prices", "|ln(K/F)| <= 100", "max(1e-18, D max(F, K))", 3000);
/// [`crate::Black76::greeks`]: delta.
pub const DELTA: Bound = bound("Black76::greeks delta", "|ln(K/F)| <= 100, D <= 1", "1", 2600);
/// [`crate::Black76::greeks`]: gamma, vega, vanna, volga.
pub const GREEKS: Bound = bound(
    "Black76::greeks gamma, vega, vanna, volga",
    "|d1| <= 6, |ln(K/F)| <= 14",
    "max(1, S), S = gamma, vega, D n(d1) (1 + |d2|)/vol, vega (1 + |d1|) (1 + |d2|)/vol",
    32_000,
);
/// [`crate::Black76::greeks`]: theta and rho, which carry the price's own error.
pub const CARRY: Bound = bound(
    "Black76::greeks theta, rho",
    "|d1| <= 6, |ln(K/F)| <= 14, D <= 1, |r| <= 1, T <= 5 years",
    "max(1, F, K, the sensitivity)",
    64_000,
);
/// [`crate::Quote::implied_volatility`]: beside what two units of the price (2e-18) move the volatility by.
pub const IMPLIED_VOLATILITY: Bound =
    bound("Quote::implied_volatility", "|ln(K/F)| <= 100, T >= 1 s, vol <= 1,000", "1", 95_000_000);
/// [`crate::Svi::total_variance`], per unit of `max(1, b)`.
pub const SVI_VARIANCE: Bound =
    bound("Svi::total_variance", "|k|, |m|, sigma <= 5", "max(1, b)", 7000);
/// [`crate::Svi::volatility`], beside what the error of the variance moves it by: `vol/(2 w)` times that.
pub const SVI_VOLATILITY: Bound = bound("Svi::volatility", "vol <= 60", "max(1, vol)", 600);

/// Every bound.
pub const ALL: [Bound; 20] = [
    EXP_NEGATIVE,
    NORMAL,
    DENSITY,
    LN_KERNEL,
    OPTION_KERNEL,
    EXP,
    LN,
    LOG2,
    POW,
    SQRT,
    CDF,
    PDF,
    INVERSE,
    BLACK76,
    DELTA,
    GREEKS,
    CARRY,
    IMPLIED_VOLATILITY,
    SVI_VARIANCE,
    SVI_VOLATILITY,
];
