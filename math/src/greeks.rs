//! All sensitivities of a call and a put in one pass.
//!
//! With `n = exp(-d1^2/2)/sqrt(2 pi)`:
//!
//! ```text
//! delta call = D N(d1)          put = -D N(-d1)
//! gamma      = D n / (F s)
//! vega       = D F n sqrt(T)
//! theta      = r V - D F n s / (2 T)        (-dV/dT)
//! rho        = -T V
//! vanna      = -D n d2 sqrt(T) / s
//! volga      = vega d1 d2 sqrt(T) / s
//! ```

use alloy_primitives::{I256, U256};

use crate::{
    Black76, Error, Prices,
    black76::Distances,
    kernel::{Float, ONE, bell_float, delta_at},
};

/// Prices and sensitivities, in units of 1e-18.
///
/// `F` and `K` are held fixed by every derivative. Where `s = 0`, the limits: at the money `delta = D/2` and the derivatives that
/// do not exist (gamma, vega, vanna, volga, and the part of theta that comes from gamma) are zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Greeks {
    /// Call and put.
    pub prices: Prices,
    /// dV/dF of the call.
    pub delta_call: I256,
    /// dV/dF of the put.
    pub delta_put: I256,
    /// d²V/dF², of both.
    pub gamma: U256,
    /// dV/dvol per 1.00 of volatility, of both.
    pub vega: U256,
    /// -dV/dT a year of the call, at a constant forward.
    pub theta_call: I256,
    /// -dV/dT a year of the put.
    pub theta_put: I256,
    /// dV/dr of the call per 1.00 of rate.
    pub rho_call: I256,
    /// dV/dr of the put.
    pub rho_put: I256,
    /// d²V/(dF dvol), of both.
    pub vanna: I256,
    /// d²V/dvol², of both.
    pub volga: I256,
}

impl Black76 {
    /// Prices and sensitivities.
    ///
    /// # Errors
    /// As [`Self::prices`]; [`Error::ZeroPrice`] for a zero forward or strike; [`Error::Overflow`] where a sensitivity exceeds its
    /// type.
    ///
    /// # Accuracy
    /// See [`crate::accuracy::GREEKS`].
    pub fn greeks(&self) -> Result<Greeks, Error> {
        if self.forward.is_zero() || self.strike.is_zero() {
            return Err(Error::ZeroPrice);
        }
        let prices = self.prices()?;
        let discount = self.discount()?;
        let d = Distances::new(self)?;
        let years = Float::new(self.seconds, 0).times(Float::SECOND);
        let theta = Carry::new(self, prices);
        let rho_call = signed(Float::from_wad(prices.call).times(years), true)?;
        let rho_put = signed(Float::from_wad(prices.put).times(years), true)?;
        if d.deviation.is_zero() {
            let share = match self.forward.cmp(&self.strike) {
                core::cmp::Ordering::Less => 0,
                core::cmp::Ordering::Equal => ONE >> 1,
                core::cmp::Ordering::Greater => ONE,
            };
            let (delta_call, delta_put) = deltas(share, discount)?;
            return Ok(Greeks {
                prices,
                delta_call,
                delta_put,
                gamma: U256::ZERO,
                vega: U256::ZERO,
                theta_call: theta.call(Float::ZERO)?,
                theta_put: theta.put(Float::ZERO)?,
                rho_call,
                rho_put,
                vanna: I256::ZERO,
                volga: I256::ZERO,
            });
        }
        let (delta_call, delta_put) = deltas(delta_at(d.y, d.half, d.deep), discount)?;
        let (d1, below1, d2, below2) = signed_distances(&d);
        let density =
            bell_float(d1.to_fixed(58).min(39 << 58)).times(Float::DENSITY_AT_ZERO).times(discount);
        let forward = Float::from_wad(self.forward);
        let value_density = density.times(forward); // D F n
        let vega = value_density.times(d.root);
        let inverse = d.deviation.inverse();
        let per_vol = d.root.times(inverse); // 1/vol
        let decay = value_density.times(d.deviation).over(years).scale(-1);
        Ok(Greeks {
            prices,
            delta_call,
            delta_put,
            gamma: density.times(inverse).over(forward).to_wad().ok_or(Error::Overflow)?,
            vega: vega.to_wad().ok_or(Error::Overflow)?,
            theta_call: theta.call(decay)?,
            theta_put: theta.put(decay)?,
            rho_call,
            rho_put,
            vanna: signed(density.times(d2).times(per_vol), !below2)?,
            volga: signed(vega.times(d1).times(d2).times(per_vol), below1 != below2)?,
        })
    }
}

/// `|d1|`, whether `d1 < 0`, `|d2|`, and whether `d2 < 0`.
const fn signed_distances(d: &Distances) -> (Float, bool, Float, bool) {
    let half = d.deviation.scale(-1);
    let sum = d.away.plus(half);
    let (difference, outside) = half.difference(d.away); // outside: half < away
    if d.deep { (sum, false, difference, !outside) } else { (difference, outside, sum, true) }
}

/// `D N(d1)` and `-D N(-d1)`.
fn deltas(share: u64, discount: Float) -> Result<(I256, I256), Error> {
    Ok((
        signed(Float::new(share, -63).times(discount), false)?,
        signed(Float::new(ONE.saturating_sub(share), -63).times(discount), true)?,
    ))
}

fn signed(size: Float, negative: bool) -> Result<I256, Error> {
    let size = size.to_wad().and_then(|s| I256::try_from(s).ok()).ok_or(Error::Overflow)?;
    Ok(if negative { size.wrapping_neg() } else { size })
}

/// `r V` of call and put, to which theta adds the decay.
struct Carry {
    call: Float,
    put: Float,
    negative: bool,
}

impl Carry {
    fn new(option: &Black76, prices: Prices) -> Self {
        let rate = Float::from_wad(option.rate.unsigned_abs());
        Self {
            call: Float::from_wad(prices.call).times(rate),
            put: Float::from_wad(prices.put).times(rate),
            negative: option.rate.is_negative(),
        }
    }

    fn call(&self, decay: Float) -> Result<I256, Error> {
        self.theta(self.call, decay)
    }

    fn put(&self, decay: Float) -> Result<I256, Error> {
        self.theta(self.put, decay)
    }

    fn theta(&self, carry: Float, decay: Float) -> Result<I256, Error> {
        signed(carry, self.negative)?.checked_sub(signed(decay, false)?).ok_or(Error::Overflow)
    }
}
