//! European options on a forward: Black's formula of 1976.
//!
//! `call = D (F N(d1) - K N(d2))`, `put = D (K N(-d2) - F N(-d1))`, `D = exp(-r T)`, `d1 = ln(F/K)/s + s/2`, `d2 = d1 - s`,
//! `s = vol sqrt(T)`. How it is arranged: see [`crate::kernel::call_value`].
//!
//! Source: F. Black, "The pricing of commodity contracts", J. Financial Economics 3 (1976), equation 16.

use alloy_primitives::{I256, U256};

use crate::{
    Error,
    exp::discount,
    kernel::{CallValue, Float, call_at, ln_scaled},
    limbs,
};

/// The terms and market data of an option.
///
/// # Domain
/// Everything has a value, `T = 0`, `vol = 0`, `F = 0` and `K = 0` included, except prices of `2^192` units (6e39) and above, and
/// growth `exp(-r T)` above `e^40`. The accuracy is guaranteed for `F/K` within `e^-100` and `e^100`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Black76 {
    /// The forward, in units of 1e-18.
    pub forward: U256,
    /// The strike, in units of 1e-18.
    pub strike: U256,
    /// Seconds to expiry; a year has 31,536,000.
    pub seconds: u64,
    /// Volatility a year, in units of 1e-18.
    pub volatility: U256,
    /// Continuously compounded rate a year, in units of 1e-18.
    pub rate: I256,
}

/// The prices of a call and a put of the same terms, in units of 1e-18.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prices {
    /// The right to buy.
    pub call: U256,
    /// The right to sell.
    pub put: U256,
}

/// Which way a result errs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    Down,
    Nearest,
    Up,
}

impl Black76 {
    /// Call and put, to nearest.
    ///
    /// # Errors
    /// [`Error::Overflow`] for prices of `2^192` units and above; [`Error::RateOutOfRange`].
    ///
    /// # Accuracy
    /// See [`crate::accuracy::BLACK76`].
    ///
    /// # Examples
    /// ```
    /// use novate_math::{Black76, I256, ONE, U256};
    /// let option = Black76 {
    ///     forward: ONE * U256::from(2000),
    ///     strike: ONE * U256::from(2100),
    ///     seconds: 30 * 86_400,
    ///     volatility: ONE * U256::from(8) / U256::from(10),
    ///     rate: I256::ZERO,
    /// };
    /// let prices = option.prices().unwrap();
    /// // Without a rate, call - put = F - K.
    /// assert_eq!(prices.put - prices.call, ONE * U256::from(100));
    /// ```
    pub fn prices(&self) -> Result<Prices, Error> {
        self.directed(Direction::Nearest)
    }

    /// Call and put, at most their exact value.
    ///
    /// # Errors
    /// As [`Self::prices`].
    pub fn prices_down(&self) -> Result<Prices, Error> {
        self.directed(Direction::Down)
    }

    /// Call and put, at least their exact value.
    ///
    /// # Errors
    /// As [`Self::prices`].
    pub fn prices_up(&self) -> Result<Prices, Error> {
        self.directed(Direction::Up)
    }

    fn directed(&self, direction: Direction) -> Result<Prices, Error> {
        let discount = self.discount()?;
        let (call, put) = Distances::new(self)?.values(self.forward, self.strike);
        let margin = if direction == Direction::Nearest { U256::ZERO } else { self.margin() };
        Ok(Prices {
            call: apply(call, discount, direction, margin),
            put: apply(put, discount, direction, margin),
        })
    }

    /// `exp(-r T)`.
    pub(crate) fn discount(&self) -> Result<Float, Error> {
        discount(self.rate, self.seconds)
    }

    /// More than the error of an undiscounted value, in Q63: `2^-54` of the larger price (twice the proved bound), and a unit.
    fn margin(&self) -> U256 {
        let [a, b, c, _] = *self.forward.max(self.strike).as_limbs();
        // x 2^63 / 2^54 = x 2^9, below 2^201.
        U256::from_limbs([a, b, c, 0]).wrapping_shl(9).wrapping_add(U256::ONE.wrapping_shl(63))
    }
}

/// Where an option stands, in deviations.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Distances {
    /// `|ln(K/F)|/s` in Q58, at most 25.
    pub(crate) y: u64,
    /// `s/2` in Q58, at most 15.
    pub(crate) half: u64,
    /// `|ln(K/F)|/s`.
    pub(crate) away: Float,
    /// `K < F`.
    pub(crate) deep: bool,
    /// `vol sqrt(T)`; zero also where it does not matter: `F = 0` or `K = 0`.
    pub(crate) deviation: Float,
    /// `sqrt(T)`.
    pub(crate) root: Float,
}

impl Distances {
    pub(crate) fn new(option: &Black76) -> Result<Self, Error> {
        let deep = option.strike < option.forward;
        check_prices(option.forward, option.strike)?;
        let root = Float::new(option.seconds, 0).root().times(Float::ROOT_OF_SECOND);
        let mut deviation = Float::from_wad(option.volatility).times(root);
        if option.forward.is_zero() || option.strike.is_zero() {
            deviation = Float::ZERO;
        }
        if deviation.is_zero() {
            return Ok(Self { y: 0, half: 0, away: Float::ZERO, deep, deviation, root });
        }
        let away = log_moneyness(option.forward, option.strike).over(deviation);
        let y = away.to_fixed(58).min(25 << 58);
        let half = deviation.scale(-1).to_fixed(58).min(15 << 58);
        Ok(Self { y, half, away, deep, deviation, root })
    }

    /// The undiscounted values of call and put in Q63.
    fn values(&self, forward: U256, strike: U256) -> (U256, U256) {
        // Below 2^192 2^63.
        let difference =
            if self.deep { forward.wrapping_sub(strike) } else { strike.wrapping_sub(forward) };
        let [a, b, c, _] = *difference.as_limbs();
        let difference =
            U256::from_limbs([a << 63, (a >> 1) | (b << 63), (b >> 1) | (c << 63), c >> 1]);
        let value = if self.deviation.is_zero() {
            CallValue { fraction: 0, plus_intrinsic: self.deep }
        } else {
            call_at(self.y, self.half, self.deep)
        };
        let [a, b, c, d, _] = limbs::multiply_word(forward.as_limbs(), value.fraction);
        let part = U256::from_limbs([a, b, c, d]);
        if value.plus_intrinsic {
            (part.wrapping_add(difference), part)
        } else if self.deep {
            // The call is not below its intrinsic value.
            let call = part.max(difference);
            (call, call.wrapping_sub(difference))
        } else {
            (part, part.wrapping_add(difference))
        }
    }
}

pub(crate) const fn check_prices(forward: U256, strike: U256) -> Result<(), Error> {
    if forward.as_limbs()[3] != 0 || strike.as_limbs()[3] != 0 {
        Err(Error::Overflow)
    } else {
        Ok(())
    }
}

/// `|ln(K/F)|`, for positive prices, with a relative error below `2^-58`.
pub(crate) fn log_moneyness(forward: U256, strike: U256) -> Float {
    /// (sqrt 2 - 1)/(sqrt 2 + 1) in Q66.
    const NEAR: u64 = 12_659_843_679_190_103_994;
    // Near the money the logarithm is 2 atanh((K - F)/(K + F)), which keeps its relative accuracy; else a difference of logarithms.
    let (low, high) = if strike < forward { (strike, forward) } else { (forward, strike) };
    let ratio = Float::from_integer(high.wrapping_sub(low))
        .over(Float::from_integer(high.wrapping_add(low)));
    if ratio.to_fixed(66) <= NEAR {
        return ratio.double_atanh();
    }
    let (a, b) = (Float::from_integer(high), Float::from_integer(low));
    let difference = ln_scaled(a.mantissa, a.exponent.wrapping_add(63))
        .wrapping_sub(ln_scaled(b.mantissa, b.exponent.wrapping_add(63)));
    Float::from_q64(difference.unsigned_abs())
}

/// `value * discount` for a value in Q63, in the direction asked for.
fn apply(value: U256, discount: Float, direction: Direction, margin: U256) -> U256 {
    /// More than the relative error of the discount, in units of `2^-63`.
    const DISCOUNT_MARGIN: u64 = 8;
    let (value, mantissa) = match direction {
        Direction::Nearest => (value, discount.mantissa),
        Direction::Down => {
            (value.saturating_sub(margin), discount.mantissa.saturating_sub(DISCOUNT_MARGIN))
        }
        Direction::Up => {
            (value.saturating_add(margin), discount.mantissa.saturating_add(DISCOUNT_MARGIN))
        }
    };
    // The product is below 2^319 and in Q(63 - exponent), at least Q68: the quotient fits.
    let product = limbs::multiply_word(value.as_limbs(), mantissa);
    let (floor, half) =
        limbs::shift_right(&product, 63i32.wrapping_sub(discount.exponent).unsigned_abs());
    let floor = U256::from_limbs(floor);
    if direction == Direction::Up || (direction == Direction::Nearest && half) {
        floor.saturating_add(U256::ONE)
    } else {
        floor
    }
}
