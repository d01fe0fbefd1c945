//! Time and deviation: years, their square root, and products of Q58 numbers. ACT/365: one year is 31,536,000 seconds.

use super::{
    fixed::{multiply_high, multiply_wide},
    sqrt::root_64,
};

/// Seconds in a year, ACT/365.
pub const SECONDS_PER_YEAR: u64 = 31_536_000;

/// 64 years, below 2^31 seconds.
const MOST_SECONDS: u64 = 64 * SECONDS_PER_YEAR;
/// 2^75 / sqrt(31,536,000).
const ROOT_RATE: u64 = 6_727_386_375_481_487_724;

/// The product of two Q58 numbers in Q58, floored, saturating: `vol * sqrt(tau)`, or a shocked volatility.
pub const fn multiply_q58(a: u64, b: u64) -> u64 {
    let (high, low) = multiply_wide(a, b); // Q116
    if high >> 58 == 0 { (high << 6) | (low >> 58) } else { u64::MAX }
}

/// Years of a number of seconds, in Q58, floored; saturating at 64 years.
pub const fn years(seconds: u64) -> u64 {
    if seconds >= MOST_SECONDS {
        return u64::MAX;
    }
    // Two digits of long division: seconds < 2^31.
    let scaled = seconds << 32;
    let (Some(first), Some(rest)) =
        (scaled.checked_div(SECONDS_PER_YEAR), scaled.checked_rem(SECONDS_PER_YEAR))
    else {
        return 0;
    };
    match (rest << 26).checked_div(SECONDS_PER_YEAR) {
        Some(second) => (first << 26) | second,
        None => 0,
    }
}

/// `vol * sqrt(tau)` in Q58, floored, saturating; `vol` in Q58, `sqrt_tau` in Q61 as [`sqrt_years`] gives it.
pub const fn total_deviation(vol: u64, sqrt_tau: u64) -> u64 {
    let (high, low) = multiply_wide(vol, sqrt_tau); // Q119
    if high >> 61 == 0 { (high << 3) | (low >> 61) } else { u64::MAX }
}

/// The square root of the years of a number of seconds, in Q61; saturating just below 8.
pub const fn sqrt_years(seconds: u64) -> u64 {
    if seconds == 0 {
        return 0;
    }
    if seconds >= MOST_SECONDS {
        return u64::MAX;
    }
    let pairs = seconds.leading_zeros() >> 1; // 16..=31
    let root = root_64(seconds.wrapping_shl(pairs << 1), 0); // sqrt(seconds) 2^(32 + pairs)
    let high = multiply_high(root, ROOT_RATE); // sqrt(years) 2^(32 + pairs + 75 - 64), below 2^62.6
    if pairs >= 18 {
        high.wrapping_shr(pairs.wrapping_sub(18))
    } else {
        high.wrapping_shl(18u32.wrapping_sub(pairs))
    }
}
