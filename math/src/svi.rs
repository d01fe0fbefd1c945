//! Raw SVI: one expiry of a volatility surface, and what makes it admissible.
//!
//! `w(k) = a + b (rho (k - m) + sqrt((k - m)^2 + sigma^2))`, `k = ln K - ln F`, `vol = sqrt(w/T)`.
//!
//! Source: J. Gatheral, A. Jacquier, "Arbitrage-free SVI volatility surfaces", Quantitative Finance 14 (2014), equations 2.2 and
//! 3.1; the wing bound: R. Lee, "The moment formula for implied volatility at extreme strikes", Mathematical Finance 14 (2004).

use alloy_primitives::{I256, U256, U512};

use crate::{
    Error,
    kernel::{Float, Slice, multiply_wide},
    limbs,
    wad::{ONE, WAD, mul_up},
};

/// The parameters of a slice, in units of 1e-18.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Svi {
    /// The level of total variance.
    pub a: I256,
    /// The slope of the wings, at least 0 and below 4.
    pub b: U256,
    /// The skew, within (-1, 1).
    pub rho: I256,
    /// The centre, in log-moneyness, within (-127, 127).
    pub m: I256,
    /// The width of the bend, above 0 and below 127.
    pub sigma: U256,
}

impl Svi {
    /// The slice prepared for evaluation in 64 bits; `seconds` is the time that its total variance refers to.
    ///
    /// # Errors
    /// [`Error::SurfaceParameterOutOfRange`] for a parameter outside its range, and for `|a| >= 500`;
    /// [`Error::NegativeVariance`]; [`Error::WingTooSteep`].
    pub fn slice(&self, seconds: u64) -> Result<Slice, Error> {
        self.check()?;
        self.prepare(seconds)
    }

    /// Total variance at a log-moneyness, to nearest; a negative one counts as zero.
    ///
    /// # Errors
    /// [`Error::SurfaceParameterOutOfRange`], also for `|k| >= 127`.
    ///
    /// # Accuracy
    /// See [`crate::accuracy::SVI_VARIANCE`].
    pub fn total_variance(&self, log_moneyness: I256) -> Result<U256, Error> {
        let w = self.prepare(1)?.total_variance(to_q56(log_moneyness)?);
        // w 1e18 / 2^118, to nearest.
        let product = U256::from(w).wrapping_mul(ONE); // below 2^187
        Ok(product.wrapping_add(U256::ONE.wrapping_shl(117)).wrapping_shr(118))
    }

    /// The volatility at a log-moneyness, `seconds` from expiry, to nearest; it saturates just below 64.
    ///
    /// # Errors
    /// As [`Self::total_variance`].
    ///
    /// # Accuracy
    /// See [`crate::accuracy::SVI_VOLATILITY`].
    ///
    /// # Examples
    /// ```
    /// use novate_math::{I256, ONE, Svi, U256};
    /// let slice = Svi { a: I256::ZERO, b: ONE / U256::from(10), rho: I256::ZERO, m: I256::ZERO, sigma: ONE };
    /// // w(0) = b sigma = 0.1 over a year: 31.6% a year.
    /// let vol = slice.volatility(I256::ZERO, 31_536_000).unwrap();
    /// assert!(vol.abs_diff(U256::from(316_227_766_016_837_933_u64)) < U256::from(5));
    /// ```
    pub fn volatility(&self, log_moneyness: I256, seconds: u64) -> Result<U256, Error> {
        let vol = self.prepare(seconds)?.volatility(to_q56(log_moneyness)?);
        let (high, low) = multiply_wide(vol, WAD << 4); // Q58 by 2^4: 2^62 to the unit
        let product = U256::from_limbs([low, high, 0, 0]);
        Ok(product.wrapping_add(U256::ONE.wrapping_shl(61)).wrapping_shr(62))
    }

    /// Whether the parameters are in range, the smallest variance is not negative, and the wings obey Lee's bound.
    ///
    /// # Errors
    /// [`Error::SurfaceParameterOutOfRange`], [`Error::NegativeVariance`], [`Error::WingTooSteep`].
    ///
    /// # Rounding
    /// None: both limits are compared exactly.
    pub fn check(&self) -> Result<(), Error> {
        self.prepare(1)?;
        let rho = self.rho.unsigned_abs();
        // b (1 + |rho|) <= 2 in units of 1e-36, rounded up to 1e-18.
        if mul_up(self.b, ONE.wrapping_add(rho))? > ONE.wrapping_shl(1) {
            return Err(Error::WingTooSteep);
        }
        if self.a.is_negative() {
            // a^2 <= (b sigma)^2 (1 - rho^2), exact: both sides times 1e108 are below 2^379.
            let wide = |x: U256| U512::from(x);
            let a = wide(self.a.unsigned_abs()); // below 2^69
            let width = wide(self.b).wrapping_mul(wide(self.sigma)); // below 2^129
            let one = wide(ONE).wrapping_mul(wide(ONE)); // 1e36
            let lean = one.wrapping_sub(wide(rho).wrapping_mul(wide(rho)));
            let left = a.wrapping_mul(a).wrapping_mul(one).wrapping_mul(one);
            if left > width.wrapping_mul(width).wrapping_mul(lean) {
                return Err(Error::NegativeVariance);
            }
        }
        Ok(())
    }

    /// Whether Gatheral's `g(k) = (1 - k w'/2w)^2 - w'^2/4 (1/w + 1/4) + w''/2` is not negative at each log-moneyness given.
    ///
    /// # Errors
    /// [`Error::ButterflyArbitrage`]; those of [`Self::check`]; [`Error::SurfaceParameterOutOfRange`] for `|k| >= 127`.
    ///
    /// # Accuracy
    /// `g` below zero by less than `2^-40` of its largest term passes.
    pub fn check_butterfly(&self, grid: impl IntoIterator<Item = I256>) -> Result<(), Error> {
        self.check()?;
        let slice = self.prepare(1)?;
        grid.into_iter().try_for_each(|k| self.check_point(&slice, to_q56(k)?))
    }

    fn check_point(&self, slice: &Slice, k: i64) -> Result<(), Error> {
        let w = Float::from_integer(U256::from(slice.total_variance(k))).scale(-118);
        let (b, sigma) = (Float::from_wad(self.b), Float::from_wad(self.sigma));
        let x = k.saturating_sub(to_q56(self.m)?);
        let size = Float::new(x.unsigned_abs(), -56);
        let hypotenuse = size.times(size).plus(sigma.times(sigma)).root();
        // w' = b (rho + x/hypotenuse), with its sign.
        let (tilt, rho) = (size.over(hypotenuse), Float::from_wad(self.rho.unsigned_abs()));
        let (slope, falls) = if self.rho.is_negative() == (x < 0) {
            (tilt.plus(rho), x < 0)
        } else {
            let (difference, rho_wins) = tilt.difference(rho);
            (difference, rho_wins != (x < 0))
        };
        let slope = slope.times(b);
        let bend = b.times(sigma).times(sigma).over(hypotenuse.times(hypotenuse).times(hypotenuse)); // w''
        // 4 w^2 g = (2w - k w')^2 + 2 w'' w^2 - w'^2 w (1 + w/4).
        let (double, moved) = (w.scale(1), Float::new(k.unsigned_abs(), -56).times(slope));
        let first = if (k < 0) == falls { double.difference(moved).0 } else { double.plus(moved) };
        let gain = first.times(first).plus(bend.times(w).times(w).scale(1));
        let loss = slope.times(slope).times(w).times(Float::new(1, 0).plus(w.scale(-2)));
        let (gap, short) = gain.difference(loss);
        let tolerated = gap.scale(40).difference(loss).1;
        if short && !tolerated { Err(Error::ButterflyArbitrage) } else { Ok(()) }
    }

    fn prepare(&self, seconds: u64) -> Result<Slice, Error> {
        const OUT: Error = Error::SurfaceParameterOutOfRange;
        let (a, rho) = (self.a.unsigned_abs(), self.rho.unsigned_abs());
        if a >= U256::from(500).wrapping_mul(ONE)
            || self.b >= ONE.wrapping_shl(2)
            || rho >= ONE
            || self.sigma.is_zero()
            || self.sigma >= U256::from(127).wrapping_mul(ONE)
        {
            return Err(OUT);
        }
        let a_q118 = i128::try_from(to_binary(a, 118)).map_err(|_| OUT)?;
        let b = u64::try_from(to_binary(self.b, 62)).map_err(|_| OUT)?;
        let rho_q63 =
            u64::try_from(to_binary(rho, 63)).map_err(|_| OUT)?.min(u64::MAX >> 1).cast_signed();
        let sigma = u64::try_from(to_binary(self.sigma, 56)).map_err(|_| OUT)?;
        let a = if self.a.is_negative() { a_q118.wrapping_neg() } else { a_q118 };
        let rho = if self.rho.is_negative() { rho_q63.wrapping_neg() } else { rho_q63 };
        Ok(Slice::new(a, b, rho, to_q56(self.m)?, sigma, seconds))
    }
}

/// Log-moneyness in Q56, to nearest.
fn to_q56(k: I256) -> Result<i64, Error> {
    let size = k.unsigned_abs();
    if size >= U256::from(127).wrapping_mul(ONE) {
        return Err(Error::SurfaceParameterOutOfRange);
    }
    let q = u64::try_from(to_binary(size, 56)).unwrap_or(0).cast_signed();
    Ok(if k.is_negative() { q.wrapping_neg() } else { q })
}

/// Units of 1e-18 to `Q bits`, to nearest, for a number below 2^69 and at most 118 bits.
fn to_binary(x: U256, bits: usize) -> U256 {
    let mut number = *x.wrapping_shl(bits.wrapping_add(1)).as_limbs();
    limbs::divide_small(&mut number, WAD);
    U256::from_limbs(number).wrapping_add(U256::ONE).wrapping_shr(1)
}
