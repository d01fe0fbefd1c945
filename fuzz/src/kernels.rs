//! The 64-bit kernels on any words.

use arbitrary::Arbitrary;
use novate_math::kernel::{self, Deviation, ONE, Slice};

/// Words of any length.
#[derive(Debug, Arbitrary)]
pub struct Input {
    a: u64,
    b: u64,
    c: u64,
    wide: u128,
    shifts: [u8; 4],
    signs: u8,
}

/// Two bounds of `accuracy::OPTION_KERNEL` (2.6e-17) in Q63.
const SLACK: u64 = 480;

/// Every kernel is total and stays within the bounds of what it computes.
pub fn check(input: &Input) {
    let word = |x: u64, i: usize| x >> (input.shifts[i] % 64);
    let sign = |x: u64, i: u8| {
        let x = (x >> 1).cast_signed();
        if input.signs >> i & 1 == 0 { x } else { -x }
    };
    let (a, b, c) = (word(input.a, 0), word(input.b, 1), word(input.c, 2));
    let wide = input.wide >> (input.shifts[3] % 128);
    scalars(a, b, wide);
    options(sign(a, 0), sign(c, 1), b);
    let slice = Slice::new(sign(c, 2).into(), b, sign(a, 3), sign(b, 4), c, a);
    let (variance, volatility) = (slice.total_variance(sign(b, 5)), slice.volatility(sign(b, 5)));
    assert!(variance != 0 || volatility == 0);
    let products = kernel::multiply_signed(sign(a, 6), b);
    assert_eq!(products, i128::from(sign(a, 6)).wrapping_mul(b.into()));
}

fn scalars(a: u64, b: u64, wide: u128) {
    let root = u128::from(kernel::sqrt(wide));
    assert!(root * root <= wide && (root + 1).checked_mul(root + 1).is_none_or(|next| next > wide));
    assert_eq!(kernel::multiply_high(a, b), ((u128::from(a) * u128::from(b)) >> 64) as u64);
    assert!(kernel::exp_negative(a) <= ONE);
    let (low, high) = (a.min(b), a.max(b));
    assert!(kernel::exp_negative(high) <= kernel::exp_negative(low).saturating_add(120));
    let x = (a >> 1).cast_signed();
    assert!(kernel::cdf(x) <= ONE && kernel::cdf(x).abs_diff(ONE - kernel::cdf(-x)) == 0);
    assert!(kernel::density(x) <= ONE / 5 * 2 && kernel::upper_tail(a) <= ONE / 2 + 100);
    assert!(kernel::upper_tail(high) <= kernel::upper_tail(low) + 200);
    assert!(kernel::years(low) <= kernel::years(high));
    assert!(kernel::sqrt_years(low) <= kernel::sqrt_years(high));
    let logarithm = kernel::ln_wad(wide);
    assert!(kernel::ln_wad(wide.saturating_add(1)) >= logarithm - 2);
    let exponent = (b % 200) as i32 - 100;
    assert!(kernel::ln_decimal(a, exponent) >= kernel::ln_decimal(a, exponent - 1));
    let _ = (kernel::total_deviation(a, b), kernel::multiply_q58(a, b));
}

fn options(k: i64, other: i64, total: u64) {
    let deviation = Deviation::new(total);
    let call = kernel::call_fraction(k, &deviation);
    let time_value = kernel::time_value(k, &deviation);
    let delta = kernel::call_delta(k, &deviation);
    assert!(call <= ONE && time_value <= ONE && delta <= ONE);
    let value = kernel::call_value(k, &deviation);
    assert!(value.fraction <= ONE && (!value.plus_intrinsic || k < 0));
    // Beyond |k| = 100 the accuracy is not guaranteed.
    if k.abs() > 100 << 56 || other.abs() > 100 << 56 {
        return;
    }
    // A call falls with its strike; its value and delta rise with the deviation at and out of the money.
    let (low, high) = (k.min(other), k.max(other));
    let (dear, cheap) =
        (kernel::call_fraction(low, &deviation), kernel::call_fraction(high, &deviation));
    assert!(cheap <= dear + SLACK, "{low} {high} {total}: {dear} {cheap}");
    let more = Deviation::new(total.saturating_add(total / 3));
    assert!(call <= kernel::call_fraction(k, &more) + SLACK, "{k} {total}");
    // The call is worth no more than its delta.
    if total >> 40 != 0 {
        assert!(call <= delta + SLACK, "{k} {total}: {call} {delta}");
    }
}
