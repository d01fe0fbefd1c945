//! The normal distribution: `N(-x) = exp(-x^2/2) M(x)`, with `M` the scaled Mills ratio.
//!
//! `M(x) = (1 - N(x)) exp(x^2/2)` falls smoothly from 1/2 to 0, and satisfies `M' = x M - 1/sqrt(2 pi)`. The variable
//! `t = (x - 5)/(x + 5)` maps [0, 20] to [-1, 0.6], where one polynomial serves. `t` is needed to 32 bits only: what the division
//! leaves over is known exactly from the wrapped remainder, and the differential equation turns it into the correction.

use super::{coefficients::mills as polynomial, exp::bell, fixed::multiply_near};

/// One in Q63.
pub const ONE: u64 = 1 << 63;
/// Beyond this many deviations (Q58, 9.3) the density is below `2^-63`.
pub(super) const CUT: u64 = 2_680_542_498_210_919_219;
/// 1/sqrt(2 pi) in Q64.
const DENSITY_AT_ZERO: u64 = 7_359_186_146_747_302_452;

/// [`mills`] for any `x`: beyond 20 it stays.
pub(super) const fn mills_clamped(x: u64) -> u64 {
    const LAST: u64 = 20 << 58;
    mills(if x > LAST { LAST } else { x })
}

/// `M(x) = (1 - N(x)) exp(x^2/2)` in Q63; `x` in Q58 and at most 20.
#[inline(always)]
pub(super) const fn mills(x: u64) -> u64 {
    let d = x.wrapping_add(5 << 58); // Q58, [5, 25]: below 2^62.7
    // u = 2x/d = 1 + t in Q31, [0, 1.6]; off by less than 1.6 units, since d is floored to 29 bits at least.
    let Some(u) = (x << 1).checked_div(d >> 31) else { return 0 };
    // The remainder 2x 2^31 - u d, exact in 64 wrapped bits because it is within 1.6 d at d <= 10, 1.1 d at d = 25.
    let rest = (x << 32).wrapping_sub(u.wrapping_mul(d)).cast_signed();
    let m = polynomial(u.cast_signed().wrapping_sub(1 << 31)); // Q63, [0, 2^62]
    // t is low by rest/d: M falls by rest/d * (1/sqrt(2 pi) - x M) * d^2/10.
    let product = multiply_near(x, m.cast_unsigned()); // x M: Q58 Q63 -> Q57, [0, 0.4]
    let slope = (DENSITY_AT_ZERO >> 7).wrapping_sub(product).cast_signed() >> 23; // Q34, [0.001, 0.4]
    let tenth = ((d >> 31).wrapping_mul(1_717_986_918) >> 31).cast_signed(); // d/10: Q27 Q34 -> Q30, [0.5, 2.5]
    let weight = slope.wrapping_mul(tenth) >> 30; // the product is at most 0.2: Q34
    // rest weight is largest at x = 0: 5 in Q28 times 0.2 in Q34.
    let correction = (rest >> 30).wrapping_mul(weight) >> 30; // Q28 Q34 2^-31 = Q93 -> Q63
    m.wrapping_sub(correction).cast_unsigned()
}

/// The probability beyond `x` deviations, `1 - N(x)`, for `x >= 0`.
///
/// # Units
/// `x` in Q58; result in Q63.
///
/// # Accuracy
/// See [`crate::accuracy::NORMAL`].
pub const fn upper_tail(x: u64) -> u64 {
    if x >= CUT {
        return 0;
    }
    bell(x).times(mills(x))
}

/// The normal distribution `N(x)`.
///
/// # Units
/// `x` in Q58 (so within 32 deviations); result in Q63, within [0, 1].
///
/// # Accuracy
/// See [`crate::accuracy::NORMAL`].
pub const fn cdf(x: i64) -> u64 {
    let tail = upper_tail(x.unsigned_abs());
    if x < 0 { tail } else { ONE.wrapping_sub(tail) }
}

/// The normal density `exp(-x^2/2)/sqrt(2 pi)`.
///
/// # Units
/// `x` in Q58; result in Q63.
///
/// # Accuracy
/// See [`crate::accuracy::DENSITY`].
pub const fn density(x: i64) -> u64 {
    let x = x.unsigned_abs();
    if x >= CUT {
        return 0;
    }
    bell(x).times(DENSITY_AT_ZERO >> 1)
}
