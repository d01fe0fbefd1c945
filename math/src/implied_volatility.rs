//! The volatility that a price implies.
//!
//! The price is reduced exactly to its time value: intrinsic value is taken off with a discount factor of 112 bits, because what
//! remains may be a unit of the last place. See the kernel's `implied` for the solution.

use alloy_primitives::{I256, U256, U512};

use crate::{
    Error,
    black76::{check_prices, log_moneyness},
    exp::discount_wide,
    kernel::{Float, TimeValue, implied_deviation, ln_scaled},
    limbs,
};

/// The kind of an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Right {
    /// The right to buy.
    Call,
    /// The right to sell.
    Put,
}

/// A quoted price, and the terms of the option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quote {
    /// The forward, in units of 1e-18.
    pub forward: U256,
    /// The strike, in units of 1e-18.
    pub strike: U256,
    /// Seconds to expiry; a year has 31,536,000.
    pub seconds: u64,
    /// Continuously compounded rate a year, in units of 1e-18.
    pub rate: I256,
    /// Call or put.
    pub right: Right,
    /// The price, in units of 1e-18.
    pub price: U256,
}

impl Quote {
    /// The volatility at which [`crate::Black76`] gives the price, in units of 1e-18; zero for a price of intrinsic value.
    ///
    /// At most 24 steps are taken; four or five are usual.
    ///
    /// # Errors
    /// [`Error::PriceBelowIntrinsic`] for a price a whole unit or more below discounted intrinsic value;
    /// [`Error::PriceAboveMaximum`] for one at or above the discounted forward (call) or strike (put), or above intrinsic value
    /// at expiry; [`Error::ZeroPrice`] for a zero forward or strike; [`Error::Overflow`] for prices of `2^192` units and above;
    /// [`Error::RateOutOfRange`].
    ///
    /// # Accuracy
    /// See [`crate::accuracy::IMPLIED_VOLATILITY`].
    ///
    /// # Examples
    /// ```
    /// use novate_math::{Black76, I256, ONE, Quote, Right, U256};
    /// let (forward, strike) = (ONE * U256::from(2000), ONE * U256::from(2100));
    /// let (seconds, rate, volatility) = (30 * 86_400, I256::ZERO, ONE * U256::from(8) / U256::from(10));
    /// let price = Black76 { forward, strike, seconds, volatility, rate }.prices().unwrap().call;
    /// let quote = Quote { forward, strike, seconds, rate, right: Right::Call, price };
    /// let implied = quote.implied_volatility().unwrap();
    /// assert!(implied.abs_diff(volatility) < U256::from(100));
    /// ```
    pub fn implied_volatility(&self) -> Result<U256, Error> {
        check_prices(self.forward, self.strike)?;
        if self.forward.is_zero() || self.strike.is_zero() {
            return Err(Error::ZeroPrice);
        }
        let discount = discount_wide(self.rate, self.seconds)?;
        let Some((time_value, most)) = self.time_value(discount)? else { return Ok(U256::ZERO) };
        if time_value >= most || self.seconds == 0 {
            return Err(Error::PriceAboveMaximum);
        }
        let inverse = Float::from_integer(most).inverse();
        let share = Float::from_integer(time_value).times(inverse);
        let complement = Float::from_integer(most.wrapping_sub(time_value)).times(inverse);
        let moneyness = log_moneyness(self.forward, self.strike);
        let deviation = if moneyness.is_zero() && share.to_fixed(63) < 1 << 35 {
            // At the money and below 2^-28: the time value is s/sqrt(2 pi) (1 - s^2/24).
            share.over(Float::DENSITY_AT_ZERO)
        } else {
            let deviation = implied_deviation(&TimeValue {
                moneyness: moneyness.to_fixed(56),
                share: share.to_fixed(63),
                log_share: minus_log(share),
                log_complement: minus_log(complement),
            });
            Float::new(deviation, -58)
        };
        let root = Float::new(self.seconds, 0).root().times(Float::ROOT_OF_SECOND);
        deviation.over(root).to_wad().ok_or(Error::Overflow)
    }

    /// The price beyond discounted intrinsic value, and its limit `D min(F, K)`, in 2^-64 of a unit; `None` if it is zero.
    fn time_value(&self, discount: (u128, i32)) -> Result<Option<(U256, U256)>, Error> {
        let call = self.right == Right::Call;
        let (low, high) = (self.forward.min(self.strike), self.forward.max(self.strike));
        let in_the_money = (self.forward > self.strike) == call;
        let intrinsic =
            if in_the_money { discounted(high.wrapping_sub(low), discount)? } else { U256::ZERO };
        if self.price.as_limbs()[3] != 0 {
            return Err(Error::PriceAboveMaximum);
        }
        let price = self.price.wrapping_shl(64);
        match price.checked_sub(intrinsic) {
            // A price is a whole number of units: below one unit, the deficit is its rounding.
            None if intrinsic.wrapping_sub(price) < U256::ONE.wrapping_shl(64) => Ok(None),
            None => Err(Error::PriceBelowIntrinsic),
            Some(U256::ZERO) => Ok(None),
            Some(time_value) => Ok(Some((time_value, discounted(low, discount)?))),
        }
    }
}

/// `x D` in 2^-64 of a unit, `x` below `2^192`.
fn discounted(x: U256, (mantissa, exponent): (u128, i32)) -> Result<U256, Error> {
    let product = limbs::multiply(x.as_limbs(), U256::from(mantissa).as_limbs());
    // x m 2^(exponent - 126 + 64), the exponent at most 58: always to the right.
    let shift = usize::try_from(62i32.wrapping_sub(exponent)).map_err(|_| Error::RateOutOfRange)?;
    let shifted = U512::from_limbs(product).wrapping_shr(shift);
    match *shifted.as_limbs() {
        [a, b, c, d, 0, 0, 0, 0] => Ok(U256::from_limbs([a, b, c, d])),
        _ => Err(Error::Overflow),
    }
}

/// `-ln(x)` in Q56 for `x` in (0, 1], at most 127.
fn minus_log(x: Float) -> u64 {
    const MOST: u64 = 127 << 56;
    if x.is_zero() {
        return MOST;
    }
    let log = ln_scaled(x.mantissa, x.exponent.wrapping_add(63)).wrapping_neg().max(0) >> 8;
    u64::try_from(log).unwrap_or(MOST).min(MOST)
}
