//! What makes a surface acceptable: every strike has a price that no static portfolio can profit from.
//!
//! Conditions on the slice `w(k) = a + b (rho x + h)`, `x = k - m`, `h = sqrt(x^2 + sigma^2)`, in the order checked:
//! domain, `a + b sigma sqrt(1 - rho^2) >= 0`, `b (1 + |rho|) <= 2`, and on a fixed grid of `k` Gatheral's
//! `g = (1 - k w'/(2w))^2 - w'^2/4 (1/w + 1/4) + w''/2 >= 0`, here without its divisions by `w`:
//! `16 w^2 g = 4 (2w - k w')^2 - w'^2 w (4 + w) + 8 w^2 w''`.
//!
//! `novate_math::Svi` decides the same, with kernels that this program has no room for: it would exceed 24,576 bytes of code.
//!
//! Source: J. Gatheral, A. Jacquier, "Arbitrage-free SVI volatility surfaces", Quantitative Finance 14 (2014), section 2.

use alloy_primitives::{I256, U256};
use novate_math::kernel;

const ONE: i64 = 1_000_000_000_000_000_000;
/// Most that sigma, |m| and |a| may be: 5.
const LARGEST: i64 = 5_000_000_000_000_000_000;
/// Units of 1e-18 in a unit of 1e-16, in which roots are taken.
const ROOT_UNIT: i64 = 100;
/// Grid in units of 1/4 about k = 0, and in units of sigma/4 about the slice's centre.
const GRID: [i64; 23] =
    [0, -1, 1, -2, 2, -3, 3, -4, 4, -6, 6, -8, 8, -12, 12, -16, 16, -24, 24, -32, 32, -48, 48];

/// A raw SVI slice, 18 decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Slice {
    pub(crate) a: i64,
    pub(crate) b: u64,
    pub(crate) rho: i64,
    pub(crate) m: i64,
    pub(crate) sigma: u64,
}

/// The condition that a slice breaks, numbered as in `ArbitrageableSurface`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arbitrage {
    /// A parameter is outside its domain.
    Domain,
    /// Total variance falls below zero.
    NegativeVariance,
    /// A wing is steeper than 2.
    WingSlope,
    /// A butterfly at this log-moneyness (18 decimals) has a negative price.
    Butterfly(I256),
}

impl Arbitrage {
    /// Number and place.
    pub(crate) const fn describe(self) -> (u8, I256) {
        match self {
            Self::Domain => (1, I256::ZERO),
            Self::NegativeVariance => (2, I256::ZERO),
            Self::WingSlope => (3, I256::ZERO),
            Self::Butterfly(place) => (4, place),
        }
    }
}

impl Slice {
    /// Checks all conditions.
    ///
    /// # Errors
    /// The first condition that is broken.
    pub(crate) fn check(&self) -> Result<(), Arbitrage> {
        let inside = self.b.cast_signed() >= 0
            && self.b.cast_signed() <= 2 * ONE
            && self.rho.unsigned_abs() < ONE.unsigned_abs()
            && self.sigma > 0
            && self.sigma <= LARGEST.unsigned_abs()
            && self.m.unsigned_abs() <= LARGEST.unsigned_abs()
            && self.a.unsigned_abs() <= LARGEST.unsigned_abs();
        if !inside {
            return Err(Arbitrage::Domain);
        }
        if self.least_variance().is_negative() {
            return Err(Arbitrage::NegativeVariance);
        }
        let tilt = ONE.unsigned_abs().saturating_add(self.rho.unsigned_abs());
        let slope = wide(self.b.cast_signed()).wrapping_mul(wide(tilt.cast_signed()));
        if slope > wide(2 * ONE).wrapping_mul(wide(ONE)) {
            return Err(Arbitrage::WingSlope);
        }
        let centre = wide(self.m);
        let step = wide(self.sigma.cast_signed() / 4);
        for place in GRID {
            self.check_butterfly(wide(place).wrapping_mul(wide(ONE / 4)))?;
            self.check_butterfly(centre.wrapping_add(wide(place).wrapping_mul(step)))?;
        }
        Ok(())
    }

    /// Total variance at the money, 18 decimals, at least 0.
    pub(crate) fn variance_at_the_money(&self) -> i64 {
        let point = self.at(I256::ZERO);
        i64::try_from(point.variance).unwrap_or(i64::MAX).max(0)
    }

    /// `a + b sigma sqrt(1 - rho^2)`, times 1e54.
    fn least_variance(&self) -> I256 {
        // 1e36 - rho^2 is above zero, and its root at most 1e18; rounded down, so never too lenient.
        let rho = u128::from(self.rho.unsigned_abs());
        let square = u128::from(ONE.unsigned_abs()).saturating_mul(u128::from(ONE.unsigned_abs()));
        let root = kernel::sqrt(square.saturating_sub(rho.saturating_mul(rho)));
        let sides = wide(self.b.cast_signed())
            .wrapping_mul(wide(self.sigma.cast_signed()))
            .wrapping_mul(wide(root.cast_signed()));
        wide(self.a).wrapping_mul(wide(ONE)).wrapping_mul(wide(ONE)).wrapping_add(sides)
    }

    /// `g(k) >= 0`. With |k| <= 65: w <= 5 + 2 * 140 = 2^8.2, w' <= 4, w'' <= b/sigma.
    fn check_butterfly(&self, k: I256) -> Result<(), Arbitrage> {
        let Point { variance: w, slope, curvature } = self.at(k);
        // All in units of 1e-18; each product is scaled back at once and stays below 2^200.
        let lean = w.wrapping_mul(wide(2)).wrapping_sub(scaled(k, slope));
        let first = scaled(lean, lean).wrapping_mul(wide(4));
        let second = scaled(
            scaled(slope, slope),
            scaled(w, w.wrapping_add(wide(4).wrapping_mul(wide(ONE)))),
        );
        let third = scaled(scaled(w, w), curvature).wrapping_mul(wide(8));
        // Six roundings of at most some units of 1e-18, relative to terms of at most 2^18.
        let slack = wide(1 << 24);
        if first.wrapping_sub(second).wrapping_add(third).wrapping_add(slack).is_negative() {
            return Err(Arbitrage::Butterfly(k));
        }
        Ok(())
    }

    /// Total variance and its first two derivatives.
    fn at(&self, k: I256) -> Point {
        let b = wide(self.b.cast_signed());
        let x = k.wrapping_sub(wide(self.m));
        let h = hypotenuse(x, self.sigma);
        let rho_x = scaled(wide(self.rho), x);
        let variance = wide(self.a).wrapping_add(scaled(b, rho_x.wrapping_add(h)));
        let slope = scaled(b, wide(self.rho).wrapping_add(ratio(x, h)));
        // sigma^2/h^2 <= 1, so that the last ratio is at most 1e18/h.
        let share = ratio(wide(self.sigma.cast_signed()), h);
        let curvature = ratio(scaled(b, scaled(share, share)), h);
        Point { variance, slope, curvature }
    }
}

/// A slice at one log-moneyness, 18 decimals.
struct Point {
    variance: I256,
    slope: I256,
    curvature: I256,
}

/// `sqrt(x^2 + sigma^2)`, at least one unit of 1e-16; |x| < 1e5, so that the sum of squares stays below 2^127.
fn hypotenuse(x: I256, sigma: u64) -> I256 {
    let unit =
        |value: u128| value.checked_div(u128::from(ROOT_UNIT.unsigned_abs())).unwrap_or_default();
    let side = unit(u128::try_from(x.unsigned_abs()).unwrap_or_default());
    let height = unit(u128::from(sigma));
    let square = side.saturating_mul(side).saturating_add(height.saturating_mul(height));
    let root = U256::from(kernel::sqrt(square).max(1));
    I256::from_raw(root).wrapping_mul(wide(ROOT_UNIT))
}

const fn wide(value: i64) -> I256 {
    let limb = value.cast_unsigned();
    let sign = if value < 0 { u64::MAX } else { 0 };
    I256::from_raw(U256::from_limbs([limb, sign, sign, sign]))
}

/// Product of numbers with 18 decimals, rounded toward zero.
fn scaled(a: I256, b: I256) -> I256 {
    a.wrapping_mul(b).wrapping_div(wide(ONE))
}

/// Quotient of numbers with 18 decimals, rounded toward zero; `b` is above zero.
fn ratio(a: I256, b: I256) -> I256 {
    a.wrapping_mul(wide(ONE)).checked_div(b).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A plausible slice of a month.
    pub(crate) const SOUND: Slice = Slice {
        a: ONE / 1_000,
        b: 30_000_000_000_000_000,
        rho: -ONE / 4,
        m: ONE / 100,
        sigma: 150_000_000_000_000_000,
    };

    #[test]
    fn a_sound_slice_is_accepted() {
        assert_eq!(SOUND.check(), Ok(()));
        assert_eq!(Slice { b: 0, ..SOUND }.check(), Ok(()));
    }

    #[test]
    fn parameters_outside_their_domain_are_refused() {
        let broken = [
            Slice { sigma: 0, ..SOUND },
            Slice { sigma: 6 * ONE.unsigned_abs(), ..SOUND },
            Slice { rho: ONE, ..SOUND },
            Slice { rho: -ONE, ..SOUND },
            Slice { rho: i64::MIN, ..SOUND },
            Slice { b: u64::MAX, ..SOUND },
            Slice { m: i64::MIN, ..SOUND },
            Slice { a: 6 * ONE, ..SOUND },
        ];
        for slice in broken {
            assert_eq!(slice.check(), Err(Arbitrage::Domain), "{slice:?}");
        }
    }

    #[test]
    fn negative_variance_is_refused_to_the_unit() {
        // b sigma sqrt(1 - rho^2) = 0.03 * 0.15 * 0.9682458... = 0.004357106264483...
        let least = -4_357_106_264_483_343;
        assert_eq!(Slice { a: least - 1, ..SOUND }.check(), Err(Arbitrage::NegativeVariance));
        assert_ne!(Slice { a: least, ..SOUND }.check(), Err(Arbitrage::NegativeVariance));
    }

    #[test]
    fn wings_steeper_than_two_are_refused() {
        let steep = Slice { b: 1_600_000_000_000_000_001, a: ONE, ..SOUND };
        assert_eq!(steep.check(), Err(Arbitrage::WingSlope));
        let limit = Slice { b: 1_600_000_000_000_000_000, a: 5 * ONE, ..SOUND };
        assert_ne!(limit.check(), Err(Arbitrage::WingSlope));
    }

    /// The example of the source (there after Axel Vogt), whose g falls below zero near k = 0.8.
    #[test]
    fn the_example_with_butterfly_arbitrage_is_refused() {
        let vogt = Slice {
            a: -41_000_000_000_000_000,
            b: 133_100_000_000_000_000,
            rho: 306_000_000_000_000_000,
            m: 358_600_000_000_000_000,
            sigma: 415_300_000_000_000_000,
        };
        assert!(matches!(vogt.check(), Err(Arbitrage::Butterfly(_))));
    }

    #[test]
    fn variance_at_the_money_is_that_of_the_formula() {
        // 0.001 + 0.03 (0.0025 + sqrt(0.0001 + 0.0225)) = 0.005584988913511872
        let difference = SOUND.variance_at_the_money() - 5_584_988_913_511_872;
        assert!(difference.abs() < 1_000, "{difference}");
    }
}
