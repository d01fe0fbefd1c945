//! Fits one raw-SVI slice per expiry to the volatilities of a chain, free of butterfly arbitrage.
//!
//! `w(k) = a + b (rho (k - m) + sqrt((k - m)^2 + sigma^2))`, `k = ln(strike / forward)`, `w` = total variance.
//! The search runs over coordinates in which every point is a valid domain (`b > 0`, `|rho| < 1`, `sigma > 0`, least
//! variance > 0); wing slopes above 2 and negative `g(k)` are penalised until they are gone. The cost is the squared
//! error in volatility, weighted by how near the money a quote is.
//!
//! *Source*: J. Gatheral, A. Jacquier, Arbitrage-free SVI volatility surfaces, Quantitative Finance 14 (2014).

use super::simplex::minimise;
use crate::input::{OptionQuote, Right};

/// A raw-SVI slice; `tau` is the time in years to which its total variance belongs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Svi {
    /// Level.
    pub a: f64,
    /// Slope.
    pub b: f64,
    /// Skew.
    pub rho: f64,
    /// Shift.
    pub m: f64,
    /// Curvature.
    pub sigma: f64,
    /// Years.
    pub tau: f64,
}

/// A volatility to be met.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FitPoint {
    /// Log-moneyness.
    pub k: f64,
    /// Volatility.
    pub volatility: f64,
    /// Weight of the squared error.
    pub weight: f64,
}

/// How far a slice is from the volatilities that it was fitted to, in volatility (0.01 = one point).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FitError {
    /// Quotes used.
    pub count: usize,
    /// Root of the mean square.
    pub rms: f64,
    /// Largest.
    pub maximum: f64,
}

/// A fitted expiry.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SurfaceFit {
    /// Expiry, Unix seconds.
    pub expiry: u64,
    /// Forward in US dollars.
    pub forward: f64,
    /// The slice.
    pub slice: Svi,
    /// Its error.
    pub error: FitError,
}

/// Seconds of a year of 365 days.
const YEAR: f64 = 31_536_000.0;

/// `g` is held this far above zero, so that rounding to 18 decimals and other grids find no arbitrage.
const BUTTERFLY_MARGIN: f64 = 1e-3;

/// Wing slopes are held below this (the limit is 2).
const STEEPEST_WING: f64 = 1.95;

impl Svi {
    /// Total variance at log-moneyness `k`.
    pub fn total_variance(&self, k: f64) -> f64 {
        let x = k - self.m;
        self.a + self.b * (self.rho * x + x.hypot(self.sigma))
    }

    /// Volatility at log-moneyness `k`.
    pub fn volatility(&self, k: f64) -> f64 {
        (self.total_variance(k) / self.tau).sqrt()
    }

    /// Gatheral's g: negative where a butterfly spread would cost less than nothing.
    pub fn butterfly(&self, k: f64) -> f64 {
        let x = k - self.m;
        let root = x.hypot(self.sigma);
        let w = self.total_variance(k);
        let slope = self.b * (self.rho + x / root);
        let curvature = self.b * self.sigma * self.sigma / (root * root * root);
        (1.0 - k * slope / (2.0 * w)).powi(2) - slope * slope / 4.0 * (1.0 / w + 0.25)
            + curvature / 2.0
    }

    /// The steeper wing's slope.
    pub fn wing(&self) -> f64 {
        self.b * (1.0 + self.rho.abs())
    }

    /// Whether the oracle would take it: domain, positive variance, wings and butterflies, with a margin.
    pub fn is_arbitrage_free(&self) -> bool {
        let least = self.a + self.b * self.sigma * (1.0 - self.rho * self.rho).sqrt();
        self.b >= 0.0
            && self.rho.abs() < 1.0
            && self.sigma > 0.0
            && least > 0.0
            && self.wing() <= STEEPEST_WING
            && self.grid(1).all(|k| self.butterfly(k) >= 0.0)
    }

    /// The slice when total variance at the money is multiplied by `factor` and the smile keeps its shape in units of
    /// the standard deviation: `w'(k) = factor * w(k / sqrt(factor))`. A factor up to 1 keeps it free of arbitrage.
    #[must_use]
    pub fn scaled(&self, factor: f64, tau: f64) -> Self {
        let root = factor.sqrt();
        Self {
            a: self.a * factor,
            b: self.b * root,
            rho: self.rho,
            m: self.m * root,
            sigma: self.sigma * root,
            tau,
        }
    }

    /// Where butterflies are looked for: fine near the bend, wide in the wings; every `stride`-th point.
    fn grid(&self, stride: usize) -> impl Iterator<Item = f64> {
        let (m, sigma) = (self.m, self.sigma);
        let wide = (-160..=160).map(|i| f64::from(i) / 40.0);
        wide.chain((-40..=40).map(move |i| m + sigma * f64::from(i) / 5.0)).step_by(stride)
    }

    /// How much arbitrage there is, 0 if none.
    fn arbitrage(&self, stride: usize) -> f64 {
        self.grid(stride).map(|k| (BUTTERFLY_MARGIN - self.butterfly(k)).max(0.0)).sum::<f64>()
            + (self.wing() - STEEPEST_WING).max(0.0)
    }

    /// From coordinates of which every value is valid: ln of least variance, ln b, atanh rho, m, ln sigma.
    fn from_free(free: &[f64; 5], tau: f64) -> Self {
        let [least, b, rho, m, sigma] = *free;
        let (b, rho, sigma) = (b.exp(), rho.tanh(), sigma.exp());
        let a = least.exp() - b * sigma * (1.0 - rho * rho).sqrt();
        Self { a, b, rho, m, sigma, tau }
    }

    fn error(&self, points: &[FitPoint]) -> FitError {
        let errors = points.iter().map(|point| self.volatility(point.k) - point.volatility);
        let (mut sum, mut maximum) = (0.0, 0.0_f64);
        for error in errors {
            sum += error * error;
            maximum = maximum.max(error.abs());
        }
        let count = u32::try_from(points.len()).map_or(f64::INFINITY, f64::from);
        FitError { count: points.len(), rms: (sum / count).sqrt(), maximum }
    }
}

/// The slice that meets `points` best. At least five points make it determinate; fewer give a smooth one through them.
///
/// Returns `None` without points, or if no slice free of arbitrage was found.
pub fn fit_points(points: &[FitPoint], tau: f64) -> Option<Svi> {
    let nearest = points.iter().min_by(|a, b| a.k.abs().total_cmp(&b.k.abs()))?;
    let level = (nearest.volatility * nearest.volatility * tau).max(1e-9);
    let spread = level.sqrt();
    let cost = |penalty: f64, stride: usize| {
        move |free: &[f64; 5]| {
            let slice = Svi::from_free(free, tau);
            let misfit: f64 = points
                .iter()
                .map(|point| point.weight * (slice.volatility(point.k) - point.volatility).powi(2))
                .sum();
            misfit + penalty * slice.arbitrage(stride)
        }
    };
    let mut best: Option<([f64; 5], f64)> = None;
    for rho in [-0.6, -0.2, 0.3] {
        for width in [0.5, 1.5, 4.0] {
            // A hyperbola whose bend is `width` deviations wide and that meets the level at the money.
            let sigma = width * spread;
            let start =
                [(0.6 * level).ln(), (0.4 * level / sigma).ln(), f64::atanh(rho), 0.0, sigma.ln()];
            let found = minimise(start, [0.3, 0.3, 0.3, 0.3 * sigma, 0.3], 200, cost(1.0, 8));
            if best.is_none_or(|(_, least)| found.1 < least) {
                best = Some(found);
            }
        }
    }
    let (mut free, _) = best?;
    for (penalty, stride) in [(1.0, 8), (10.0, 4), (1e3, 1), (1e6, 1)] {
        let edge = [0.05, 0.05, 0.05, 0.05 * spread, 0.05];
        free = minimise(free, edge, 600, cost(penalty, stride)).0;
    }
    Some(Svi::from_free(&free, tau)).filter(Svi::is_arbitrage_free)
}

/// Fits one expiry of a snapshot taken at `time`: options out of the money with bid and ask; if fewer than five have
/// both, all that are out of the money.
pub fn fit_expiry(quotes: &[OptionQuote], expiry: u64, time: u64) -> Option<SurfaceFit> {
    let of_expiry: Vec<&OptionQuote> =
        quotes.iter().filter(|quote| quote.expiry == expiry).collect();
    let mut forwards: Vec<f64> = of_expiry.iter().map(|quote| quote.forward).collect();
    forwards.sort_by(f64::total_cmp);
    let forward = *forwards.get(forwards.len() / 2)?;
    let tau = u32::try_from(expiry.checked_sub(time)?).map_or(f64::INFINITY, f64::from) / YEAR;
    let points = |need_market: bool| -> Vec<FitPoint> {
        let out_of_the_money = |quote: &&&OptionQuote| match quote.right {
            Right::Call => quote.strike >= quote.forward,
            Right::Put => quote.strike < quote.forward,
        };
        let chosen = of_expiry
            .iter()
            .filter(out_of_the_money)
            .filter(|quote| quote.has_market || !need_market);
        chosen
            .map(|quote| {
                let k = (quote.strike / quote.forward).ln();
                let deviations = k / (quote.volatility * tau.sqrt());
                // Vega's shape, with enough left in the wings to hold them.
                let weight = (-deviations * deviations / 4.0).exp().max(0.02);
                FitPoint { k, volatility: quote.volatility, weight }
            })
            .collect()
    };
    let with_market = points(true);
    let points = if with_market.len() >= 5 { with_market } else { points(false) };
    let slice = fit_points(&points, tau)?;
    Some(SurfaceFit { expiry, forward, slice, error: slice.error(&points) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(truth: Svi) -> Vec<FitPoint> {
        (-10..=10)
            .map(|i| f64::from(i) * 0.04)
            .map(|k| FitPoint { k, volatility: truth.volatility(k), weight: 1.0 })
            .collect()
    }

    #[test]
    fn a_slice_is_found_again() {
        let truth = Svi { a: 0.01, b: 0.08, rho: -0.4, m: 0.02, sigma: 0.12, tau: 0.1 };
        assert!(truth.is_arbitrage_free());
        let points = sample(truth);
        let slice = fit_points(&points, truth.tau).expect("a fit");
        let error = slice.error(&points);
        assert!(error.maximum < 1e-3, "{error:?} {slice:?}");
    }

    #[test]
    fn arbitrage_in_the_data_does_not_reach_the_slice() {
        // A kink at the money far sharper than any density allows.
        let points: Vec<FitPoint> = (-10..=10)
            .map(|i| f64::from(i) * 0.05)
            .map(|k| FitPoint { k, volatility: 0.5 + 6.0 * k.abs(), weight: 1.0 })
            .collect();
        let kinked = Svi { a: 0.0, b: 2.5, rho: 0.0, m: 0.0, sigma: 0.01, tau: 0.1 };
        assert!(!kinked.is_arbitrage_free());
        assert!(fit_points(&points, 0.1).expect("a fit").is_arbitrage_free());
    }

    #[test]
    fn scaling_keeps_the_smile_and_its_absence_of_arbitrage() {
        let slice = Svi { a: 0.01, b: 0.08, rho: -0.4, m: 0.02, sigma: 0.12, tau: 0.1 };
        let half = slice.scaled(0.25, 0.025);
        assert!((half.volatility(0.05) - slice.volatility(0.1)).abs() < 1e-12);
        assert!(half.is_arbitrage_free());
    }
}
