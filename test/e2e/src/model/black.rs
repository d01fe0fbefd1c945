//! Black-76 on the host's side, in f64: at which price the demonstration's traders agree. What an option is worth to the
//! clearing house, the contracts say.

use crate::input::Right;

/// Undiscounted value of one option on a forward, with total deviation `volatility * sqrt(tau)`.
pub fn black(right: Right, forward: f64, strike: f64, deviation: f64) -> f64 {
    let intrinsic = match right {
        Right::Call => forward - strike,
        Right::Put => strike - forward,
    };
    if deviation <= 0.0 {
        return intrinsic.max(0.0);
    }
    let d1 = (forward / strike).ln() / deviation + deviation / 2.0;
    let call = forward * normal_cdf(d1) - strike * normal_cdf(d1 - deviation);
    match right {
        Right::Call => call.max(intrinsic).max(0.0),
        Right::Put => (call - (forward - strike)).max(intrinsic).max(0.0),
    }
}

/// The standard normal distribution.
///
/// *Error*: below 1e-7. *Source*: M. Abramowitz, I. Stegun, Handbook of Mathematical Functions (1964), 26.2.17.
pub fn normal_cdf(x: f64) -> f64 {
    const COEFFICIENTS: [f64; 5] =
        [0.319_381_530, -0.356_563_782, 1.781_477_937, -1.821_255_978, 1.330_274_429];
    let t = 1.0 / (1.0 + 0.231_641_9 * x.abs());
    let polynomial =
        COEFFICIENTS.iter().rev().fold(0.0, |sum, coefficient| (sum + coefficient) * t);
    let tail = (-x * x / 2.0).exp() / core::f64::consts::TAU.sqrt() * polynomial;
    if x < 0.0 { tail } else { 1.0 - tail }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_textbook_call() {
        // Forward 100, strike 100, 20% for a year: 100 * (2 N(0.1) - 1).
        assert!((black(Right::Call, 100.0, 100.0, 0.2) - 7.965_567).abs() < 1e-4);
        assert!(
            (black(Right::Put, 100.0, 90.0, 0.2) - black(Right::Call, 100.0, 90.0, 0.2) + 10.0)
                .abs()
                < 1e-9
        );
    }

    #[test]
    fn limits_are_payoffs() {
        assert!((black(Right::Put, 90.0, 100.0, 0.0) - 10.0).abs() < 1e-12);
        assert!(black(Right::Call, 90.0, 1_000.0, 0.01).abs() < 1e-12);
    }
}
