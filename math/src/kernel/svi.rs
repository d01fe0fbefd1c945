//! Total variance and volatility of a raw SVI slice, prepared once per expiry.
//!
//! `w(k) = a + b (rho (k - m) + sqrt((k - m)^2 + sigma^2))`, `vol = sqrt(w/tau)`.
//!
//! Source: J. Gatheral, A. Jacquier, "Arbitrage-free SVI volatility surfaces", Quantitative Finance 14 (2014), equation 3.1.

use super::{
    fixed::{join, multiply_high, multiply_wide},
    reciprocal::reciprocal,
    sqrt::{root_64, sqrt},
};

/// sqrt(31,536,000) in Q51.
const ROOT_YEAR: u64 = 12_645_414_873_193_752_579;

/// A slice of the surface, ready for evaluation at many strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slice {
    a: i128,
    b: u64,
    rho: i64,
    m: i64,
    sigma_squared: u128,
    rate: u64,
    shift: u32,
}

impl Slice {
    /// Prepares a slice.
    ///
    /// Total variance is taken within [0, 512): a negative one counts as zero.
    ///
    /// # Units
    /// `a` in Q118, `b` in Q62 (below 4), `rho` in Q63, `m` in Q56, `sigma` in Q56 (below 128). `seconds` is the time to which
    /// the slice refers, taken within [1, 2^31].
    pub const fn new(a: i128, b: u64, rho: i64, m: i64, sigma: u64, seconds: u64) -> Self {
        let (high, low) = multiply_wide(sigma, sigma);
        let sigma_squared = join(high.cast_signed(), low).cast_unsigned();
        let seconds = if seconds == 0 {
            1
        } else if seconds > 1 << 31 {
            1 << 31
        } else {
            seconds
        };
        let pairs = seconds.leading_zeros() >> 1; // 16..=31
        let root = root_64(seconds.wrapping_shl(pairs << 1), 0); // sqrt(seconds) 2^(32 + pairs), at least 2^63
        // 1/sqrt(tau) = sqrt(year) 2^(32 + pairs - 127) inverse = rate 2^(13 + 32 + pairs - 127) = rate 2^(shift - 66).
        let rate = multiply_high(ROOT_YEAR, reciprocal(root)); // [2^62.4, 2^63.5)
        let shift = pairs.wrapping_sub(16);
        Self { a, b, rho, m, sigma_squared, rate, shift }
    }

    /// Total variance in Q118, at least zero.
    pub const fn total_variance(&self, log_moneyness: i64) -> u128 {
        let x = log_moneyness.saturating_sub(self.m); // Q56, below 128
        let size = x.unsigned_abs();
        let (high, low) = multiply_wide(size, size);
        let square = join(high.cast_signed(), low).cast_unsigned(); // Q112, below 2^126
        let hypotenuse = sqrt(square.saturating_add(self.sigma_squared)); // Q56, below 2^64
        let lean = multiply_high(self.rho.unsigned_abs() << 1, size); // |rho x|, Q56: Q64 Q56 high
        let same = (x < 0) == (self.rho < 0);
        let y =
            if same { hypotenuse.saturating_add(lean) } else { hypotenuse.saturating_sub(lean) };
        let (high, low) = multiply_wide(self.b, y); // Q118
        let wing = join(if high >> 63 == 0 { high.cast_signed() } else { i64::MAX }, low);
        let w = wing.saturating_add(self.a);
        if w < 0 { 0 } else { w.cast_unsigned() }
    }

    /// Whether the slice gives a density that isn't negative at a log-moneyness within 65: Gatheral's
    /// `g = (1 - k w'/(2w))^2 - w'^2/4 (1/w + 1/4) + w''/2 >= 0`, without its divisions by `w`, within `2^-48`:
    /// `16 w^2 g = 4 (2w - k w')^2 - w'^2 w (4 + w) + 8 w^2 w''`. The slice has `|a|, |m| <= 5`, `sigma <= 5`, `b (1 + |rho|) <= 2`.
    pub const fn has_density(&self, log_moneyness: i64) -> bool {
        let x = log_moneyness.saturating_sub(self.m); // Q56, |x| <= 70: 2^62.2
        let size = x.unsigned_abs();
        let (high, low) = multiply_wide(size, size);
        let square = join(high.cast_signed(), low).cast_unsigned();
        let root = sqrt(square.saturating_add(self.sigma_squared));
        let h = if root == 0 { 1 } else { root }; // Q56, below 2^62.3
        let zeros = h.leading_zeros();
        let inverse = reciprocal(h.wrapping_shl(zeros)); // 2^127 / (h 2^zeros)
        let turn = multiply_high(size.wrapping_shl(zeros), inverse); // |x|/h in Q63
        let turn = if turn > 1 << 63 { 1 << 63 } else { turn };
        let half = (turn >> 1).cast_signed();
        let lean = (self.rho >> 1).wrapping_add(if x < 0 { half.wrapping_neg() } else { half }); // Q62, below 2^63
        let slope = multiply_high(self.b, lean.unsigned_abs()); // |w'| in Q60, at most 2^61

        let tilt = multiply_high(self.rho.unsigned_abs() << 1, size); // |rho x|, Q56
        let same = (x < 0) == (self.rho < 0);
        let y = if same { h.saturating_add(tilt) } else { h.saturating_sub(tilt) };
        let wing = multiply_high(self.b, y).cast_signed(); // Q54, below 2^62.3
        #[expect(clippy::as_conversions, reason = "|a| <= 5 in Q54")]
        let w = wing.wrapping_add((self.a >> 64) as i64);
        let w = if w < 0 { 0 } else { w.cast_unsigned() };

        let k = log_moneyness;
        let moved = multiply_high(k.unsigned_abs() << 1, slope) >> 1; // |k w'| in Q52, below 2^59.1
        let moved = if (k < 0) == (lean < 0) {
            moved.cast_signed()
        } else {
            moved.cast_signed().wrapping_neg()
        };
        let centre = (w >> 1).cast_signed().wrapping_sub(moved).unsigned_abs(); // |2w - k w'| in Q52, below 2^62
        let (high, low) = multiply_wide(centre, centre);
        let first = join(high.cast_signed(), low) << 2; // Q104, below 2^126
        let steep = multiply_high(slope, slope); // Q56, at most 2^58
        let (high, low) = multiply_wide(w >> 2, (w >> 2).wrapping_add(4 << 52)); // Q104, below 2^121
        let level = (high << 4) | (low >> 60); // w (4 + w) in Q44, below 2^61
        let (high, low) = multiply_wide(steep, level);
        let second = join(high.cast_signed(), low) << 4; // Q104, below 2^123
        let rest = first.wrapping_sub(second).wrapping_add(1 << 56);
        if rest >= 0 {
            return true;
        }
        // w'' = b (1 - (x/h)^2)/h.
        let share = (1_u64 << 62).wrapping_sub(multiply_high(turn, turn)); // (sigma/h)^2 in Q62
        let bend = multiply_high(multiply_high(self.b, share << 1), inverse); // w'' 2^(68 - zeros)
        let curved = multiply_high(w, bend); // w w'' 2^(58 - zeros)
        let curved = if zeros < 10 {
            curved >> 10_u32.wrapping_sub(zeros)
        } else if zeros.wrapping_sub(10) > curved.leading_zeros() {
            return true; // more than 2^16 w is more than any slope takes
        } else {
            curved.wrapping_shl(zeros.wrapping_sub(10))
        }; // Q48
        let (high, low) = multiply_wide(curved, w); // Q102
        if high >> 56 != 0 {
            return true; // beyond what the second term can be
        }
        rest.wrapping_add(join(high.cast_signed(), low) << 5) >= 0
    }

    /// The annualised volatility in Q58, saturating just below 64.
    pub const fn volatility(&self, log_moneyness: i64) -> u64 {
        let w = self.total_variance(log_moneyness);
        if w == 0 {
            return 0;
        }
        // The root with a full mantissa: w 2^(2 pairs) >= 2^126, root in [2^63, 2^64).
        let pairs = w.leading_zeros() >> 1;
        let (high, low) = halves(w.wrapping_shl(pairs << 1));
        let root = root_64(high, low); // sqrt(w) 2^(59 + pairs)
        // vol = root 2^(-59 - pairs) rate 2^(shift - 66); in Q58: root rate 2^(shift - pairs - 67).
        let product = multiply_high(root, self.rate); // root rate / 2^64, [2^61.4, 2^63.5)
        let right = pairs.wrapping_add(3);
        if right >= self.shift {
            let right = right.wrapping_sub(self.shift);
            if right > 63 { 0 } else { product.wrapping_shr(right) }
        } else {
            let left = self.shift.wrapping_sub(right);
            if left > product.leading_zeros() { u64::MAX } else { product.wrapping_shl(left) }
        }
    }
}

#[inline(always)]
#[expect(clippy::as_conversions, clippy::cast_possible_truncation, reason = "halves of 128 bits")]
const fn halves(x: u128) -> (u64, u64) {
    ((x >> 64) as u64, x as u64)
}
