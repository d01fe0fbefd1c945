//! The inverse of the normal distribution, solved for the logarithm of its tail.
//!
//! `L(x) = x^2/2 - ln M(x)` is `-ln(1 - N(x))`; its derivative is the hazard `h = 1/(sqrt(2 pi) M)`, and `h' = h (h - x)`. Two
//! steps of Halley's method from a rational guess (error 3e-3) leave the rounding of the logarithms: no exponential is taken.
//!
//! Source of the guess: M. Abramowitz, I. Stegun, Handbook of Mathematical Functions (1964), 26.2.22.

use super::{
    fixed::join, fixed::multiply_high, log::ln_fraction, normal::mills_clamped as mills, sqrt::sqrt,
};

/// sqrt(2 pi) in Q62.
const ROOT_TWO_PI: u64 = 11_559_782_567_510_551_731;
/// ln 2 in Q56.
const LN_2: u64 = 49_946_518_145_322_874;

/// `x >= 0` in Q58 with `1 - N(x) = exp(-l)`, for `l` in Q56 from ln 2 (smaller ones are taken as ln 2) to 120.
pub(crate) const fn inverse_tail(l: u64) -> u64 {
    const MOST: u64 = 120 << 56; // x is 15.3 there
    let l = if l > MOST { MOST } else { l };
    if l <= LN_2 {
        return 0;
    }
    let x = guess(l);
    let x = improve(x, l);
    improve(x, l)
}

/// The tail's deviation within 3e-3, Q58.
const fn guess(l: u64) -> u64 {
    let t = sqrt(join(0, l).cast_unsigned() << 57); // sqrt(2 l), Q56, [1.17, 15.5]
    let t24 = t >> 32; // Q24, below 2^28
    let numerator = 38_713_929u64.wrapping_add(t24.wrapping_mul(4_540_082) >> 24); // 2.30753 + 0.27061 t
    let square = t24.wrapping_mul(t24) >> 24;
    let denominator = 16_777_216u64 // 1 + 0.99229 t + 0.04481 t^2
        .wrapping_add(t24.wrapping_mul(16_647_864) >> 24)
        .wrapping_add(square.wrapping_mul(751_787) >> 24);
    let Some(ratio) = (numerator << 24).checked_div(denominator) else { return 0 }; // Q24, [0.48, 1.3]
    (t << 2).saturating_sub(ratio << 34)
}

/// One step of Halley's method.
const fn improve(x: u64, l: u64) -> u64 {
    let m = mills(x); // Q63
    let r = multiply_high(m, ROOT_TWO_PI); // 1/h in Q61, [0.1, 1.26]
    let half_square = multiply_high(x << 2, x << 2) >> 1; // x^2/2 in Q56, below 128
    // f = L(x) - l, below 0.05 in size from the guess on.
    let f = half_square.cast_signed().wrapping_sub(ln_fraction(m)).wrapping_sub(l.cast_signed());
    let size = multiply_high(f.unsigned_abs() << 5, r); // |f|/h in Q58
    let u = if f < 0 { size.cast_signed().wrapping_neg() } else { size.cast_signed() };
    let h = match (1u64 << 60).checked_div(r >> 30) {
        Some(h) => h, // Q29
        None => 0,
    };
    let bend = h.wrapping_sub(x >> 29).cast_signed(); // h - x in Q29, [0, 0.8]
    let square = (u >> 22).wrapping_mul(u >> 22) >> 43; // u^2: Q72 to Q29
    let step = u.wrapping_add(square.wrapping_mul(bend) >> 1); // u + u^2 (h - x)/2, Q58
    let next = x.cast_signed().wrapping_sub(step);
    if next < 0 { 0 } else { next.cast_unsigned() }
}
