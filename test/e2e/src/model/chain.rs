//! An option chain from a parametric surface, for when no file is given: the level, skew and curvature of crypto options
//! in an ordinary month, quoted as an exchange does.

use super::svi::Svi;
use crate::input::{Chain, OptionQuote, Right, Snapshot};

/// Seconds of a day and of a year of 365 days.
const DAY: u64 = 86_400;
const YEAR: f64 = 31_536_000.0;

/// Annual growth of the generated forwards over the index.
const CARRY: f64 = 0.04;

/// Expiries as exchanges list them, all at 08:00 UTC: in two, five, twelve and thirty-three days from the next one.
pub fn generated_expiries(time: u64) -> [u64; 4] {
    let next = (time + DAY - 8 * 3_600).div_ceil(DAY) * DAY + 8 * 3_600;
    [2, 5, 12, 33].map(|days| next + (days - 1) * DAY)
}

/// A chain of one snapshot at `time` around the price `index`, with at-the-money volatility near `level` for a month.
pub fn generate_chain(time: u64, index: f64, level: f64) -> Chain {
    let step = strike_step(index);
    let centre = (index / step).round();
    let mut quotes = Vec::new();
    for expiry in generated_expiries(time) {
        let tau = u32::try_from(expiry - time).map_or(f64::INFINITY, f64::from) / YEAR;
        let slice = parametric(level, tau);
        let forward = (index * (CARRY * tau).exp() * 1e4).round() / 1e4;
        let reach = (4.0 * level * tau.sqrt() * index / step).clamp(6.0, 40.0);
        for offset in -40..=40_i32 {
            let strike = step * (centre + f64::from(offset));
            if f64::from(offset).abs() > reach || strike <= 0.0 {
                continue;
            }
            let volatility = (slice.volatility((strike / forward).ln()) * 1e4).round() / 1e4;
            quotes.extend([Right::Call, Right::Put].map(|right| OptionQuote {
                line: 0,
                expiry,
                strike,
                right,
                forward,
                has_market: true,
                volatility,
            }));
        }
    }
    Chain {
        file: "(generated)".into(),
        snapshots: vec![Snapshot { time, line: 0, index, index_column: 1, quotes }],
    }
}

/// A smile whose level falls a little with time, with skew and curvature that flatten like the root of time.
fn parametric(level: f64, tau: f64) -> Svi {
    let volatility = level * (0.94 + 0.10 * (-tau / 0.06).exp());
    let deviation = volatility * tau.sqrt();
    // In units of the standard deviation every expiry has the same smile; at the money it is the level exactly.
    let (b, rho, m, sigma) = (0.16 * deviation, -0.28, 0.10 * deviation, 0.9 * deviation);
    let bend = b * (-rho * m + m.hypot(sigma));
    Svi { a: deviation * deviation - bend, b, rho, m, sigma, tau }
}

/// 1, 2 or 5 times a power of ten: about a fiftieth of the price.
fn strike_step(index: f64) -> f64 {
    let rough = index / 50.0;
    let power = 10_f64.powf(rough.log10().floor());
    let multiple =
        [1.0, 2.0, 5.0].into_iter().rfind(|multiple| multiple * power <= rough * 1.000_001);
    multiple.unwrap_or(1.0) * power
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fit_expiry;

    #[test]
    fn the_generated_surface_is_fitted_within_a_tenth_of_a_point() {
        let chain = generate_chain(1_767_279_600, 2_500.0, 0.65);
        for expiry in generated_expiries(1_767_279_600) {
            let fit = fit_expiry(&chain.snapshots[0].quotes, expiry, 1_767_279_600).expect("a fit");
            assert!(fit.error.rms < 1e-3 && fit.error.maximum < 4e-3, "{fit:?}");
            assert!(fit.slice.is_arbitrage_free());
        }
    }

    #[test]
    fn expiries_are_future_and_at_eight_o_clock() {
        for time in [1_767_225_600, 1_767_225_600 + 8 * 3_600, 1_767_225_600 + 8 * 3_600 + 1] {
            let expiries = generated_expiries(time);
            assert!(
                expiries.iter().all(|expiry| expiry % DAY == 8 * 3_600 && *expiry > time + DAY)
            );
        }
    }

    #[test]
    fn strikes_are_round() {
        assert_eq!(
            [137.0, 2_500.0, 96_000.0].map(strike_step).map(f64::to_bits),
            [2.0, 50.0, 1_000.0].map(f64::to_bits)
        );
    }
}
