//! The undiscounted value of an option as a fraction of its forward: the kernel of scenario revaluation.
//!
//! With `k = ln K - ln F`, total deviation `s = vol sqrt(tau)`, `y = |k|/s`, `h = s/2`, `q = |y - h|`, `p = y + h`, the scaled
//! Mills ratio `M`, and `e = exp(-d1^2/2)` (`|d1|` is `q` for `k >= 0` and `p` for `k < 0`), Black's formula is
//!
//! ```text
//! h >= y:           call/F = 1 - e (M(q) + M(p))
//! h <  y, k >= 0:   call/F =     e (M(q) - M(p))
//! h <  y, k <  0:   call/F =     e (M(q) - M(p)) + 1 - K/F
//! ```
//!
//! because `(K/F) exp(-d2^2/2) = exp(-d1^2/2)`: one exponential, no ratio, and nothing cancels in the tails. An error common to
//! `d1` and `d2` moves the value only by `s (K/F) N(d2)` times itself.
//!
//! Source: F. Black, "The pricing of commodity contracts", J. Financial Economics 3 (1976), equation 16; the arrangement by
//! Mills ratios is derived here.

use super::{
    exp::{bell, exp_negative},
    fixed::multiply_high,
    normal::{CUT, ONE, mills, upper_tail},
    reciprocal::reciprocal,
};

/// A total deviation `s = vol sqrt(tau)` prepared for many evaluations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deviation {
    /// `s/2`, Q58.
    half: u64,
    /// The bits of `1/s`; `|k|/s` in Q58 is the high half of `(|k| << shift) * reciprocal`, `|k|` in Q56.
    reciprocal: u64,
    /// See `reciprocal`.
    shift: u32,
    /// Log-moneyness (Q56) from which the time value is below `2^-63`: `s (9.3 + s/2)`, saturating.
    limit: u64,
}

impl Deviation {
    /// Prepares a total deviation.
    ///
    /// # Units
    /// `total` in Q58, so below 64. Above 30 the value of every option with `|k| <= 100` is its limit, and `total` is taken as 30.
    pub const fn new(total: u64) -> Self {
        const LAST: u64 = 30 << 58;
        let total = if total > LAST { LAST } else { total };
        if total == 0 {
            return Self { half: 0, reciprocal: 0, shift: 0, limit: 0 };
        }
        let half = total >> 1;
        let zeros = total.leading_zeros(); // 1..=63
        let inverse = reciprocal(total.wrapping_shl(zeros)); // 1/s = inverse 2^(zeros - 69)
        let (reciprocal, shift) = if zeros >= 3 {
            (inverse, zeros.wrapping_sub(3))
        } else {
            (inverse.wrapping_shr(3u32.wrapping_sub(zeros)), 0)
        };
        let limit = multiply_high(total, CUT.wrapping_add(half)); // Q52, below 30 * 24.3 = 2^9.6
        let limit = if limit >= 1 << 59 { 1 << 63 } else { (limit << 4).wrapping_add(1) };
        Self { half, reciprocal, shift, limit }
    }

    /// The total deviation in Q58.
    pub const fn total(&self) -> u64 {
        self.half << 1
    }

    /// `|k|/s` in Q58; `None` where the time value vanishes.
    #[inline(always)]
    const fn distance(&self, moneyness: u64) -> Option<u64> {
        if moneyness >= self.limit {
            return None;
        }
        // moneyness < s (9.3 + h): the result is below 9.3 + h <= 24.3, 2^62.7; the shifted operand is below 2^63.7.
        Some(multiply_high(moneyness.wrapping_shl(self.shift), self.reciprocal))
    }
}

/// `(q, p, h >= y)` from `y` and `h`, in Q58.
#[inline(always)]
pub(super) const fn distances(y: u64, half: u64) -> (u64, u64, bool) {
    let p = y.wrapping_add(half);
    if half >= y { (half.wrapping_sub(y), p, true) } else { (y.wrapping_sub(half), p, false) }
}

/// A call's undiscounted value: `fraction * F`, plus `F - K` where `plus_intrinsic`.
///
/// Keeping `F - K` apart leaves it exact: a valuation loop adds quantities and strikes, not rounded products.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallValue {
    /// In units of the forward, Q63, at most one.
    pub fraction: u64,
    /// Whether `F - K` (positive here) comes on top.
    pub plus_intrinsic: bool,
}

/// The value of a call, with the intrinsic value of deep calls kept apart.
///
/// Total: every input has a value, and it is the right limit at `s = 0`, for `|k|` up to 128.
///
/// # Units
/// `log_moneyness = ln K - ln F` in Q56.
///
/// # Accuracy
/// See [`crate::accuracy::OPTION_KERNEL`]: in units of the forward.
pub const fn call_value(log_moneyness: i64, deviation: &Deviation) -> CallValue {
    let deep = log_moneyness < 0;
    match deviation.distance(log_moneyness.unsigned_abs()) {
        Some(y) => call_at(y, deviation.half, deep),
        None => CallValue { fraction: 0, plus_intrinsic: deep },
    }
}

/// The value from `y = |k|/s` and `half = s/2`, in Q58, their sum below 64; `deep` where `K < F`.
#[inline(always)]
pub(crate) const fn call_at(y: u64, half: u64, deep: bool) -> CallValue {
    // Masks (0 or -1) in place of branches: a branch costs as much as three multiplications.
    let signed = half.cast_signed().wrapping_sub(y.cast_signed()); // |.| below 2^62.7
    let far = signed >> 63; // h < y
    let q = (signed ^ far).wrapping_sub(far).cast_unsigned();
    let p = y.wrapping_add(half);
    let first = if deep { p } else { q }; // |d1|
    if first >= CUT {
        // exp(-d1^2/2) is below one unit.
        let fraction = ONE & !far.cast_unsigned();
        return CallValue { fraction, plus_intrinsic: deep && far != 0 };
    }
    // M(q) + M(p), at most one and a few units; or M(q) - M(p), not below zero but for rounding. p <= 18.9 here.
    let far_bits = far.cast_unsigned();
    let sum = mills(q).wrapping_add((mills(p) ^ far_bits).wrapping_sub(far_bits));
    let sum = sum & !((sum.cast_signed() >> 63) & far).cast_unsigned();
    let part = bell(first).times(sum);
    // 1 - part, or part; one less a few units more wraps to the top, and is zero.
    let value = (ONE & !far_bits).wrapping_add((part ^ !far_bits).wrapping_sub(!far_bits));
    let fraction = if value > ONE { 0 } else { value };
    CallValue { fraction, plus_intrinsic: deep && far != 0 }
}

/// The value of a call as a fraction of the forward, within `[max(0, 1 - e^k), 1]`.
///
/// # Units
/// `log_moneyness = ln K - ln F` in Q56; the result in Q63.
///
/// # Accuracy
/// See [`crate::accuracy::OPTION_KERNEL`].
pub const fn call_fraction(log_moneyness: i64, deviation: &Deviation) -> u64 {
    let value = call_value(log_moneyness, deviation);
    let intrinsic = if log_moneyness < 0 { ONE.wrapping_sub(ratio(log_moneyness)) } else { 0 };
    if value.plus_intrinsic {
        let sum = value.fraction.wrapping_add(intrinsic); // each at most 2^63, the sum about 2^63 at most
        if sum > ONE { ONE } else { sum }
    } else if value.fraction < intrinsic {
        intrinsic
    } else {
        value.fraction
    }
}

/// The value of a put as a fraction of the forward for `k < 0`, by parity otherwise left to the caller:
/// the value beyond intrinsic, of call and put alike, as a fraction of the forward.
///
/// # Units
/// `log_moneyness = ln K - ln F` in Q56; the result in Q63, at most `min(1, e^k)`.
///
/// # Accuracy
/// See [`crate::accuracy::OPTION_KERNEL`].
pub const fn time_value(log_moneyness: i64, deviation: &Deviation) -> u64 {
    let value = call_value(log_moneyness, deviation);
    if value.plus_intrinsic || log_moneyness >= 0 {
        value.fraction
    } else {
        // h >= y: call/F = 1 - rest; the intrinsic part is 1 - e^k.
        value.fraction.saturating_sub(ONE.wrapping_sub(ratio(log_moneyness)))
    }
}

/// `e^k` in Q63 for `k < 0` in Q56.
#[inline(always)]
const fn ratio(log_moneyness: i64) -> u64 {
    let k = log_moneyness.unsigned_abs();
    exp_negative(if k >= 63 << 56 { u64::MAX } else { k << 2 })
}

/// `N(d1)`: the undiscounted delta of a call with respect to the forward.
///
/// At `s = 0` it is 1 in the money, 0 out of the money, and 1/2 at the money.
///
/// # Units
/// `log_moneyness` in Q56; the result in Q63.
///
/// # Accuracy
/// See [`crate::accuracy::NORMAL`], and the error of `d1` itself, about `2^-57 (1 + 1/s)`.
pub const fn call_delta(log_moneyness: i64, deviation: &Deviation) -> u64 {
    let deep = log_moneyness < 0;
    match deviation.distance(log_moneyness.unsigned_abs()) {
        Some(y) if deviation.half != 0 => delta_at(y, deviation.half, deep),
        _ if log_moneyness == 0 => ONE >> 1,
        _ => {
            if deep {
                ONE
            } else {
                0
            }
        }
    }
}

/// `N(d1)` from `y` and `half` as in [`call_at`].
#[inline(always)]
pub(crate) const fn delta_at(y: u64, half: u64, deep: bool) -> u64 {
    let (q, p, near) = distances(y, half);
    let tail = upper_tail(if deep { p } else { q });
    if deep || near { ONE.wrapping_sub(tail) } else { tail }
}
