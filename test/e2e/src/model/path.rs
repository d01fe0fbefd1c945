//! Price paths: a seeded jump diffusion, and the realised volatility of a path.
//!
//! *Source*: R. C. Merton, Option pricing when underlying stock returns are discontinuous, Journal of Financial Economics
//! 3 (1976): between jumps a geometric Brownian motion, jumps by a Poisson process, log-normal in size.

use core::f64::consts::TAU;
use core::fmt;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha12Rng;

use crate::input::{Bar, Bars};

/// Seconds of a year of 365 days.
const YEAR: f64 = 31_536_000.0;

/// Prices within one bar from which open, high, low and close are taken.
const STEPS_PER_BAR: u32 = 6;

/// Parameters of the path, per year.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct JumpDiffusion {
    /// First price in US dollars.
    pub start: f64,
    /// Drift of the logarithm.
    pub drift: f64,
    /// Volatility between jumps.
    pub volatility: f64,
    /// Jumps a year.
    pub jumps: f64,
    /// Mean of a jump's logarithm.
    pub jump_mean: f64,
    /// Standard deviation of a jump's logarithm.
    pub jump_deviation: f64,
}

impl Default for JumpDiffusion {
    /// A bad fortnight of ether: two or three jumps, most of them down.
    fn default() -> Self {
        Self {
            start: 2_500.0,
            drift: -0.5,
            volatility: 0.65,
            jumps: 90.0,
            jump_mean: -0.09,
            jump_deviation: 0.07,
        }
    }
}

impl fmt::Display for JumpDiffusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "jump diffusion: start {} USD, drift {:+.2}, volatility {:.2}, {} jumps a year of mean {:+.3}, deviation {:.3}",
            self.start,
            self.drift,
            self.volatility,
            self.jumps,
            self.jump_mean,
            self.jump_deviation
        )
    }
}

impl JumpDiffusion {
    /// `count` bars of `interval` seconds from `time` on; the same for the same seed.
    pub fn bars(&self, seed: u64, time: u64, interval: u32, count: u32) -> Bars {
        let mut source = ChaCha12Rng::seed_from_u64(seed);
        let mut level = self.start;
        let dt = f64::from(interval) / f64::from(STEPS_PER_BAR) / YEAR;
        let bars = (0..count).map(|number| {
            let open = cents(level);
            let mut bar = Bar {
                time: time + u64::from(number) * u64::from(interval),
                open,
                high: open,
                low: open,
                close: open,
            };
            for _ in 0..STEPS_PER_BAR {
                let mut growth =
                    self.drift * dt + self.volatility * dt.sqrt() * normal(&mut source);
                if source.random::<f64>() < self.jumps * dt {
                    growth += self.jump_mean + self.jump_deviation * normal(&mut source);
                }
                level *= growth.exp();
                let quoted = cents(level);
                (bar.high, bar.low, bar.close) =
                    (bar.high.max(quoted), bar.low.min(quoted), quoted);
            }
            bar
        });
        Bars { file: "(generated)".into(), interval: interval.into(), bars: bars.collect() }
    }
}

/// A standard normal number by the transform of Box and Muller.
fn normal(random: &mut ChaCha12Rng) -> f64 {
    let radius = (-2.0 * (1.0 - random.random::<f64>()).ln()).sqrt();
    radius * (TAU * random.random::<f64>()).cos()
}

fn cents(price: f64) -> f64 {
    ((price * 100.0).round() / 100.0).max(0.01)
}

/// Realised volatility as an exponentially weighted mean of squared log returns over time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RealisedVolatility {
    half_life: f64,
    variance: f64,
    last: (u64, f64),
}

impl RealisedVolatility {
    /// Starts at `volatility` a year, at `price` and `time`; a return loses half of its weight in `half_life` seconds.
    pub const fn new(volatility: f64, half_life: f64, time: u64, price: f64) -> Self {
        Self { half_life, variance: volatility * volatility, last: (time, price) }
    }

    /// Takes the next price of the path.
    pub fn observe(&mut self, time: u64, price: f64) {
        let seconds = time
            .checked_sub(self.last.0)
            .and_then(|s| u32::try_from(s).ok())
            .map_or(0.0, f64::from);
        if seconds > 0.0 {
            let log_return = (price / self.last.1).ln();
            let kept = (-seconds / self.half_life).exp2();
            self.variance =
                kept * self.variance + (1.0 - kept) * log_return * log_return / (seconds / YEAR);
            self.last = (time, price);
        }
    }

    /// Volatility a year.
    pub fn volatility(&self) -> f64 {
        self.variance.sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_one_path_and_another_seed_another() {
        let model = JumpDiffusion::default();
        let path = model.bars(7, 1_767_225_600, 900, 500);
        assert_eq!(path, model.bars(7, 1_767_225_600, 900, 500));
        assert_ne!(path, model.bars(8, 1_767_225_600, 900, 500));
        assert!(
            path.bars.iter().all(
                |bar| bar.low <= bar.open.min(bar.close) && bar.high >= bar.open.max(bar.close)
            )
        );
        assert!(path.bars.windows(2).all(|pair| pair[0].close.to_bits() == pair[1].open.to_bits()));
    }

    #[test]
    fn without_jumps_the_realised_volatility_is_the_diffusion_s() {
        let model = JumpDiffusion { jumps: 0.0, drift: 0.0, ..JumpDiffusion::default() };
        let path = model.bars(1, 0, 900, 20_000);
        let mut realised = RealisedVolatility::new(0.2, 30.0 * 86_400.0, 0, model.start);
        for bar in &path.bars {
            realised.observe(bar.time + path.interval, bar.close);
        }
        assert!(
            (realised.volatility() - model.volatility).abs() < 0.04,
            "{}",
            realised.volatility()
        );
    }

    #[test]
    fn jumps_come_as_often_as_asked() {
        let calm = JumpDiffusion { volatility: 0.0, drift: 0.0, ..JumpDiffusion::default() };
        let path = calm.bars(3, 0, 900, 35_040);
        let jumps = path.bars.iter().filter(|bar| (bar.close / bar.open).ln().abs() > 1e-4).count();
        assert!((60..130).contains(&jumps), "{jumps} jumps in a year");
    }
}
