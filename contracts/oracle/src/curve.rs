//! A raw SVI slice in binary fixed point, and when it is acceptable: no static portfolio of options at its prices can profit.
//!
//! Conditions on `w(k) = a + b (rho x + h)`, `x = k - m`, `h = sqrt(x^2 + sigma^2)`: domain, `a + b sigma sqrt(1 - rho^2) >= 0`,
//! `b (1 + |rho|) <= 2`, and on a fixed grid of `k` Gatheral's `g = (1 - k w'/(2w))^2 - w'^2/4 (1/w + 1/4) + w''/2 >= 0`, here without
//! its divisions by `w`: `16 w^2 g = 4 (2w - k w')^2 - w'^2 w (4 + w) + 8 w^2 w''`. Between expiries: total variance at equal
//! log-moneyness doesn't fall (calendar).
//!
//! Units: log-moneyness, m and sigma in Q56.
//!
//! Source: J. Gatheral, A. Jacquier, "Arbitrage-free SVI volatility surfaces", Quantitative Finance 14 (2014), section 2.

use novate_math::kernel;

use crate::words::SurfaceWord;

/// Nine decimals.
const ONE: i64 = 1_000_000_000;
/// Most that b may be: 2.
const STEEPEST: u64 = 2_000_000_000;
/// Most that sigma, |m| and |a| may be: 5.
const LARGEST: u64 = 5 * ONE.unsigned_abs();
/// Least and greatest volatility at the money and one and two deviations off it: 1% and 1,000%, Q58.
const VOLATILITIES: (u64, u64) = ((1 << 58) / 100, 10 << 58);
/// 2^93 / 1e9: a number of nine decimals times this is in Q93.
const RECIPROCAL: u128 = (1 << 93) / 1_000_000_000;
/// Grid in units of 1/4 about k = 0, and in units of sigma/4 about the slice's centre.
const GRID: [i64; 23] =
    [0, -1, 1, -2, 2, -3, 3, -4, 4, -6, 6, -8, 8, -12, 12, -16, 16, -24, 24, -32, 32, -48, 48];
/// Where the calendar is looked at, in quarters of a standard deviation.
const QUARTERS: i64 = 8;

/// Why a surface isn't taken, numbered as in `ExpiryUpdated`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// A parameter, or a volatility near the money, is outside its domain.
    Domain,
    /// Total variance falls below zero.
    NegativeVariance,
    /// A wing is steeper than 2.
    WingSlope,
    /// A butterfly has a negative price.
    Butterfly,
    /// Total variance falls from an expiry to the next.
    Calendar,
    /// It moved by more than it may.
    Allowance,
}

impl Refusal {
    pub(crate) const fn number(self) -> u8 {
        match self {
            Self::Domain => 1,
            Self::NegativeVariance => 2,
            Self::WingSlope => 3,
            Self::Butterfly => 4,
            Self::Calendar => 5,
            Self::Allowance => 6,
        }
    }
}

/// A slice and the tenor that it belongs to, ready to be looked at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Curve {
    m: i64,
    sigma: u64,
    slice: kernel::Slice,
    /// How much of its total variance is left, Q32: tenor now over the tenor that it was made for.
    left: u64,
}

/// A number of nine decimals in Q93: below 2^98 for numbers below 2^34.
const fn binary(value: u64) -> u128 {
    widen(value).wrapping_mul(RECIPROCAL)
}

#[expect(clippy::as_conversions, reason = "lossless; From is not const")]
const fn widen(value: u64) -> u128 {
    value as u128
}

/// A number of nine decimals, below 2^34, in Q(93 - shift), which must fit 63 bits.
fn fixed(value: u64, shift: u32) -> u64 {
    u64::try_from(binary(value).wrapping_shr(shift)).unwrap_or(u64::MAX)
}

fn fixed_signed(value: i64, shift: u32) -> i64 {
    let size = fixed(value.unsigned_abs(), shift).min(i64::MAX.unsigned_abs()).cast_signed();
    if value < 0 { size.wrapping_neg() } else { size }
}

/// `value` (9 decimals) as a share in Q60 and in Q40.
pub(crate) fn share_q60(value: u32) -> u64 {
    fixed(value.into(), 33)
}

pub(crate) fn share_q40(value: u32) -> u64 {
    fixed(value.into(), 53)
}

impl Curve {
    /// Checks that a slice's parameters are in their domain, and prepares it for a tenor of `seconds`.
    ///
    /// # Errors
    /// `Domain`, `NegativeVariance`, `WingSlope`.
    pub(crate) fn check(surface: &SurfaceWord, seconds: u64) -> Result<Self, Refusal> {
        let SurfaceWord { a, b, sigma, m, rho, .. } = *surface;
        let inside = u64::from(b) <= STEEPEST
            && rho.unsigned_abs() < ONE.unsigned_abs()
            && sigma > 0
            && sigma <= LARGEST
            && m.unsigned_abs() <= LARGEST
            && a.unsigned_abs() <= LARGEST;
        if !inside {
            return Err(Refusal::Domain);
        }
        // 1e18 - rho^2 in (0, 1e18]: times 1e18 below 2^120. a 1e27 below 2^123, b sigma root below 2^31 2^33 2^60.
        let square = u128::from(rho.unsigned_abs()).wrapping_mul(rho.unsigned_abs().into());
        let rest = 1_000_000_000_000_000_000_u128.saturating_sub(square);
        let root = kernel::sqrt(rest.wrapping_mul(1_000_000_000_000_000_000));
        let side = u128::from(b).wrapping_mul(sigma.into()).wrapping_mul(root.into());
        let level = i128::from(a).wrapping_mul(1_000_000_000_000_000_000_000_000_000);
        if level.wrapping_add(side.cast_signed()) < 0 {
            return Err(Refusal::NegativeVariance);
        }
        let tilt = ONE.unsigned_abs().saturating_add(rho.unsigned_abs());
        if u64::from(b).saturating_mul(tilt) > 2_000_000_000_000_000_000 {
            return Err(Refusal::WingSlope);
        }
        Ok(Self::new(surface, seconds, seconds))
    }

    /// Prepares a slice that was found in its domain: made for a tenor of `made` seconds, of which `now` are left.
    pub(crate) fn new(surface: &SurfaceWord, made: u64, now: u64) -> Self {
        // |a| <= 5: 2^33 2^64 2^25 = 2^122.
        let size = binary(surface.a.unsigned_abs()).wrapping_shl(25).cast_signed();
        let a = if surface.a < 0 { size.wrapping_neg() } else { size };
        let (b, rho) = (fixed(surface.b.into(), 31), fixed_signed(surface.rho, 30));
        let (m, sigma) = (fixed_signed(surface.m, 37), fixed(surface.sigma, 37).max(1));
        let left = now.saturating_mul(1 << 32).checked_div(made).unwrap_or(0); // tenors are below 2^32
        let slice = kernel::Slice::new(a, b, rho, m, sigma, made);
        Self { m, sigma, slice, left }
    }

    /// Volatility at a log-moneyness in Q56: Q58. Time doesn't change it.
    pub(crate) const fn volatility(&self, k: i64) -> u64 {
        self.slice.volatility(k)
    }

    /// Total variance that is left at a log-moneyness in Q56: Q110.
    fn total_variance(&self, k: i64) -> u128 {
        // Below 512 in Q118: 2^127.
        let whole = self.slice.total_variance(k) >> 40;
        whole.wrapping_mul(self.left.into())
    }

    /// Log-moneyness of one standard deviation at the money for `seconds`, Q56: below 64.
    pub(crate) const fn deviation(&self, seconds: u64) -> i64 {
        let deviation = kernel::total_deviation(self.volatility(0), kernel::sqrt_years(seconds));
        (deviation >> 2).cast_signed()
    }

    /// Whether every volatility near the money is one that can be moved from.
    pub(crate) fn is_plausible(&self, seconds: u64) -> bool {
        let deviation = self.deviation(seconds);
        (-2..=2).all(|count| {
            let volatility = self.volatility(deviation.saturating_mul(count));
            VOLATILITIES.0 <= volatility && volatility <= VOLATILITIES.1
        })
    }

    /// Whether no butterfly has a negative price.
    pub(crate) fn is_convex(&self) -> bool {
        // sigma <= 5 and |m| <= 5 in Q56: places within 65, below 2^63.
        let step = (self.sigma >> 2).cast_signed();
        GRID.iter().all(|place| {
            self.slice.has_density(place.wrapping_mul(1 << 54))
                && self.slice.has_density(self.m.wrapping_add(place.wrapping_mul(step)))
        })
    }

    /// Whether a later expiry's total variance is nowhere below this one's.
    pub(crate) fn is_below(&self, later: &Self) -> bool {
        // Q110 to Q112, at most 2^127 after the shift for variances below 2^15: the root is in Q56.
        let deviation = kernel::sqrt(self.total_variance(0).wrapping_shl(2)).cast_signed();
        (QUARTERS.wrapping_neg()..=QUARTERS).all(|quarter| {
            let k = (deviation >> 2).saturating_mul(quarter);
            self.total_variance(k) <= later.total_variance(k)
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::float_arithmetic,
        clippy::as_conversions,
        clippy::cast_precision_loss,
        clippy::arithmetic_side_effects,
        reason = "test code: expectations are reckoned in floating point"
    )]

    use super::*;

    const MONTH: u64 = 30 * 86_400;

    /// A plausible slice of a month.
    const SOUND: SurfaceWord = SurfaceWord {
        a: 1_000_000,
        b: 30_000_000,
        rho: -250_000_000,
        m: 10_000_000,
        sigma: 150_000_000,
        time: 0,
    };

    fn refusal(surface: SurfaceWord) -> Option<Refusal> {
        match Curve::check(&surface, MONTH) {
            Err(refusal) => Some(refusal),
            Ok(curve) if !curve.is_convex() => Some(Refusal::Butterfly),
            Ok(_) => None,
        }
    }

    #[test]
    fn a_sound_slice_is_accepted() {
        assert_eq!(refusal(SOUND), None);
        assert_eq!(refusal(SurfaceWord { b: 0, ..SOUND }), None);
        assert!(Curve::check(&SOUND, MONTH).unwrap().is_plausible(MONTH));
    }

    #[test]
    fn parameters_outside_their_domain_are_refused() {
        let broken = [
            SurfaceWord { sigma: 0, ..SOUND },
            SurfaceWord { sigma: LARGEST + 1, ..SOUND },
            SurfaceWord { rho: ONE, ..SOUND },
            SurfaceWord { rho: -ONE, ..SOUND },
            SurfaceWord { rho: i64::MIN, ..SOUND },
            SurfaceWord { b: u32::MAX, ..SOUND },
            SurfaceWord { m: i64::MIN, ..SOUND },
            SurfaceWord { a: 6 * ONE, ..SOUND },
        ];
        for surface in broken {
            assert_eq!(refusal(surface), Some(Refusal::Domain), "{surface:?}");
        }
    }

    #[test]
    fn negative_variance_is_refused_to_the_unit() {
        // b sigma sqrt(1 - rho^2) = 0.03 * 0.15 * 0.9682458... = 0.004357106264483...
        let least = -4_357_106;
        assert_eq!(refusal(SurfaceWord { a: least - 1, ..SOUND }), Some(Refusal::NegativeVariance));
        assert_ne!(refusal(SurfaceWord { a: least, ..SOUND }), Some(Refusal::NegativeVariance));
    }

    #[test]
    fn wings_steeper_than_two_are_refused() {
        let steep = SurfaceWord { b: 1_600_000_001, a: ONE, ..SOUND };
        assert_eq!(refusal(steep), Some(Refusal::WingSlope));
        let limit = SurfaceWord { b: 1_600_000_000, a: 5 * ONE, ..SOUND };
        assert_ne!(refusal(limit), Some(Refusal::WingSlope));
    }

    /// The example of the source (there after Axel Vogt), whose g falls below zero near k = 0.8.
    #[test]
    fn the_example_with_butterfly_arbitrage_is_refused() {
        let vogt = SurfaceWord {
            a: -41_000_000,
            b: 133_100_000,
            rho: 306_000_000,
            m: 358_600_000,
            sigma: 415_300_000,
            time: 0,
        };
        assert_eq!(refusal(vogt), Some(Refusal::Butterfly));
    }

    /// The same condition in floating point on the same grid.
    #[allow(clippy::many_single_char_names, reason = "the source's names")]
    fn least_g(surface: &SurfaceWord) -> f64 {
        let unit = |value: i64| value as f64 / 1e9;
        let (a, b, rho, m) =
            (unit(surface.a), unit(surface.b.into()), unit(surface.rho), unit(surface.m));
        let sigma = unit(surface.sigma.cast_signed());
        let g = |k: f64| {
            let x = k - m;
            let h = x.hypot(sigma);
            let (w, slope) = (a + b * (rho * x + h), b * (rho + x / h));
            let bend = b * sigma * sigma / (h * h * h);
            4.0 * (2.0 * w - k * slope).powi(2) - slope * slope * w * (4.0 + w) + 8.0 * w * w * bend
        };
        GRID.iter()
            .flat_map(|place| [*place as f64 / 4.0, m + *place as f64 * sigma / 4.0])
            .map(g)
            .fold(f64::INFINITY, f64::min)
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(2_000))]

        #[test]
        fn convexity_is_that_of_floating_point(
            a in -50_000_000_i64..500_000_000, b in 0_u32..2_000_000_000, rho in -999_999_999_i64..1_000_000_000,
            m in -1_000_000_000_i64..1_000_000_000, sigma in 1_000_000_u64..2_000_000_000, shrink in 0_u32..12,
        ) {
            // Short tenors scale a, b, m and sigma down together.
            let surface = SurfaceWord { a: a >> shrink, b: b >> shrink, rho, m: m >> (shrink / 2), sigma: (sigma >> (shrink / 2)).max(1), time: 0 };
            if let Ok(curve) = Curve::check(&surface, MONTH) {
                let least = least_g(&surface);
                if least.abs() > 1e-9 {
                    proptest::prop_assert_eq!(curve.is_convex(), least > 0.0, "{}", least);
                }
            }
        }
    }

    #[test]
    fn volatilities_are_those_of_the_formula_and_time_keeps_them() {
        let curve = Curve::check(&SOUND, MONTH).unwrap();
        // 0.001 + 0.03 (0.0025 + sqrt(0.0001 + 0.0225)) = 0.005584988913511872; sqrt(. * 365/30) = 0.26067...
        let expected = (0.005_584_988_913_511_872_f64 * 365.0 / 30.0).sqrt();
        let read = |curve: &Curve| curve.volatility(0) as f64 / 2_f64.powi(58);
        assert!((read(&curve) - expected).abs() < 1e-8);
        let rolled = Curve::new(&SOUND, MONTH, MONTH / 3);
        assert_eq!(rolled.volatility(0), curve.volatility(0));
        let variance = |curve: &Curve| curve.total_variance(0) as f64;
        assert!((variance(&rolled) / variance(&curve) - 1.0 / 3.0).abs() < 1e-8);
        let deviation = 2.0 * rolled.deviation(MONTH / 3) as f64 / 2_f64.powi(56);
        assert!((deviation - 2.0 * expected * (10.0_f64 / 365.0).sqrt()).abs() < 1e-8);
    }

    #[test]
    fn a_calendar_is_looked_at_where_the_shorter_expiry_moves() {
        let short = Curve::check(&SOUND, MONTH).unwrap();
        let same = Curve::check(&SOUND, 2 * MONTH).unwrap();
        assert!(short.is_below(&same));
        let lower = Curve::check(&SurfaceWord { a: SOUND.a - 1, ..SOUND }, 2 * MONTH).unwrap();
        assert!(!short.is_below(&lower));
        assert!(lower.is_below(&short));
        // Rolled by half, the short one lies below.
        assert!(Curve::new(&SOUND, MONTH, MONTH / 2).is_below(&lower));
        // A far wing that contradicts is out of sight, a near one isn't.
        let tilted = Curve::check(&SurfaceWord { rho: 0, ..SOUND }, 2 * MONTH).unwrap();
        assert!(!short.is_below(&tilted));
    }

    #[test]
    fn volatility_of_nothing_or_too_much_is_implausible() {
        for a in [0, 1, 5 * ONE] {
            let flat = Curve::check(&SurfaceWord { a, b: 0, ..SOUND }, MONTH / 30).unwrap();
            assert!(!flat.is_plausible(MONTH / 30), "{a}");
        }
    }
}
