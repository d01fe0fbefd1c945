//! The total deviation that gives an option its time value.
//!
//! The time value in units of `D min(F, K)` is `G = e (M(q) - M(p))` below the inflection `s* = sqrt(2k)`, and
//! `1 - G = C = e (M(q) + M(p))` above it, with `e = exp(-q^2/2)` and the distances of [`super::call_value`]. Halley's method
//! solves `ln G = ln g`, or `ln C = ln c`: logarithms, so that the smallest prices keep their relative accuracy, and no
//! exponential. `G <= 1 - N(q)` and `C <= 2 (1 - N(q))` bound the root from one side, and there both functions are concave,
//! so that the steps cannot leave it. An error `e` of `M` moves the root by `2.5 e`, however far out the option is.
//!
//! Source of the split at the inflection: P. Jackel, "Let's be rational", Wilmott (2015); the arrangement is derived here.

use super::{
    Float,
    fixed::{join, multiply_high, multiply_wide},
    inverse::inverse_tail,
    log::ln_fraction,
    normal::{ONE, mills_clamped as mills},
    option::distances,
    sqrt::sqrt,
};

/// sqrt(2 pi) in Q62.
const ROOT_TWO_PI: u64 = 11_559_782_567_510_551_731;
/// ln 2 in Q56.
const LN_2: u64 = 49_946_518_145_322_874;
/// More steps are never taken; four or five are usual.
const MOST_STEPS: u32 = 24;
/// The largest total deviation, Q58: `C` is below `e^-98` there.
const LAST: u64 = 28 << 58;

/// A time value, as the solver needs it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TimeValue {
    /// `|ln(K/F)|` in Q56.
    pub(crate) moneyness: u64,
    /// `g` in Q63: only the choice of the branch, and the first guess.
    pub(crate) share: u64,
    /// `-ln(g)` in Q56.
    pub(crate) log_share: u64,
    /// `-ln(1 - g)` in Q56.
    pub(crate) log_complement: u64,
}

/// `vol sqrt(T)` in Q58.
pub(crate) const fn implied_deviation(value: &TimeValue) -> u64 {
    let k = value.moneyness;
    if k == 0 {
        // C = 2 (1 - N(s/2)).
        return inverse_tail(value.log_complement.wrapping_add(LN_2)) << 1;
    }
    let inflection = root_q58(join(0, k).cast_unsigned() << 1); // sqrt(2k)
    let below = inflection < LAST && value.share < (ONE >> 1).saturating_sub(mills(inflection));
    let (target, bound) = if below {
        (value.log_share, inverse_tail(value.log_share))
    } else {
        (value.log_complement, inverse_tail(value.log_complement.wrapping_add(LN_2)))
    };
    // From |y - h| = bound: s = sqrt(bound^2 + 2k) -+ bound, computed without cancellation.
    let square = join(multiply_high(bound, bound).cast_signed(), 0).cast_unsigned() >> 4; // Q116 to Q112
    let root = root_q58_wide(square.wrapping_add(join(0, k).cast_unsigned() << 57));
    let sum = bound.saturating_add(root);
    let (mut low, mut high, mut s) = if below {
        // 2k / (bound + root), and G <= s/sqrt(2 pi).
        let first = Float::new(k, -55).over(Float::new(sum, -58)).to_fixed(58);
        let second = multiply_high(value.share, ROOT_TWO_PI) >> 3; // Q61 to Q58
        (0, inflection, if first > second { first } else { second })
    } else {
        (inflection, LAST, sum)
    };
    s = clamp(clamp(s, low, high), 1, LAST);
    let mut left = MOST_STEPS;
    while left > 0 {
        left = left.wrapping_sub(1);
        let (size, short) = step(k, s, target, below);
        if short {
            low = s;
        } else {
            high = s;
        }
        let next = if short { s.saturating_add(size) } else { s.saturating_sub(size) };
        let next = if next <= low || next >= high {
            low.wrapping_add(high.wrapping_sub(low) >> 1)
        } else {
            next
        };
        let done = size <= s >> 26;
        s = if done {
            clamp(if short { s.saturating_add(size) } else { s.saturating_sub(size) }, 1, LAST)
        } else {
            next
        };
        if done {
            break;
        }
    }
    s
}

/// A Halley step from `s`: its size, and whether the root lies above.
const fn step(k: u64, s: u64, target: u64, below: bool) -> (u64, bool) {
    let y = Float::new(k, -56).over(Float::new(s, -58)).to_fixed(58);
    let y = clamp(y, 0, 40 << 58);
    let (q, p, _) = distances(y, s >> 1);
    let (near, far) = (mills(q), mills(p));
    let weight = if below { near.saturating_sub(far) } else { near.wrapping_add(far) };
    let weight = if weight == 0 { 1 } else { weight };
    // f = ln G - ln g, or ln C - ln c, in Q56.
    let half_square = multiply_square(q);
    let f = ln_fraction(weight)
        .saturating_sub(half_square.cast_signed())
        .saturating_add(target.cast_signed());
    // u = |f / f'|, f' = +-exp(-q^2/2)/(sqrt(2 pi) G) = +-1/(sqrt(2 pi) weight).
    let w = multiply_high(weight, ROOT_TWO_PI); // Q61, below 2.51
    let (high, low) = multiply_wide(f.unsigned_abs(), w); // Q117
    let u = if high >> 59 == 0 { (high << 5) | (low >> 59) } else { u64::MAX }; // Q58
    let short = (f < 0) == below;
    // f''/f' = q p/s - 1/w below, -q p/s + 1/w above; the signed step is -f/f' / (1 - (f/f') (f''/f')/2).
    let (bend, negative) = Float::new(q, -58)
        .times(Float::new(p, -58))
        .over(Float::new(s, -58))
        .difference(Float::new(w, -61).inverse());
    let t = Float::new(u, -58).times(bend).scale(-1).to_fixed(32);
    // f/f' is negative where the root lies above; bend changes sign with the branch.
    let shrinks = (short != negative) == below;
    let denominator = if shrinks {
        (1u64 << 32).wrapping_add(if t > 1 << 32 { 1 << 32 } else { t })
    } else {
        (1u64 << 32).wrapping_sub(if t > 1 << 31 { 1 << 31 } else { t })
    };
    (Float::new(u, -58).over(Float::new(denominator, -32)).to_fixed(58), short)
}

/// `q^2/2` in Q56, saturating.
const fn multiply_square(q: u64) -> u64 {
    let (high, low) = multiply_wide(q, q); // Q116
    if high >> 59 == 0 { (high << 3) | (low >> 61) } else { u64::MAX >> 1 }
}

/// The root of a Q56 number, in Q58.
const fn root_q58(x: u128) -> u64 {
    root_q58_wide(x << 56)
}

/// The root of a Q112 number, in Q58.
const fn root_q58_wide(x: u128) -> u64 {
    sqrt(x) << 2
}

const fn clamp(x: u64, low: u64, high: u64) -> u64 {
    if x < low {
        low
    } else if x > high {
        high
    } else {
        x
    }
}
