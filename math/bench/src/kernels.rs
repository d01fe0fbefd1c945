//! The 64-bit kernels.

use novate_math::kernel::{self, CallValue, Deviation, Slice};

#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub(crate) extern "C" fn kernel_exp(z: u64) -> u64 {
    kernel::exp_negative(z)
}

#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub(crate) extern "C" fn kernel_ln(low: u64, high: u64) -> i64 {
    kernel::ln_wad((u128::from(high) << 64) | u128::from(low))
}

#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub(crate) extern "C" fn kernel_ln_decimal(mantissa: u64, exponent: i32) -> i64 {
    kernel::ln_decimal(mantissa, exponent)
}

#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub(crate) extern "C" fn kernel_sqrt(low: u64, high: u64) -> u64 {
    kernel::sqrt((u128::from(high) << 64) | u128::from(low))
}

#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub(crate) extern "C" fn kernel_cdf(x: i64) -> u64 {
    kernel::cdf(x)
}

#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub(crate) extern "C" fn kernel_density(x: i64) -> u64 {
    kernel::density(x)
}

#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub(crate) extern "C" fn kernel_deviation(total: u64) -> u64 {
    Deviation::new(total).total()
}

/// One option under `count` forwards and three volatilities, as a valuation loop runs: the sum of the fractions.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub(crate) extern "C" fn kernel_batch(
    moneyness: i64,
    step: i64,
    up: u64,
    base: u64,
    down: u64,
    count: u32,
) -> u64 {
    let deviations = [Deviation::new(up), Deviation::new(base), Deviation::new(down)];
    let (mut sum, mut itm, mut k) = (0u64, 0u64, moneyness);
    for _ in 0..count {
        for deviation in &deviations {
            let CallValue { fraction, plus_intrinsic } = kernel::call_value(k, deviation);
            sum = sum.wrapping_add(fraction);
            itm = itm.wrapping_add(u64::from(plus_intrinsic));
        }
        k = k.wrapping_add(step);
    }
    sum ^ itm
}

/// `count` strikes of one slice, `step` apart.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub(crate) extern "C" fn kernel_svi(
    a_low: u64,
    a_high: i64,
    b: u64,
    rho: i64,
    m: i64,
    sigma: u64,
    seconds: u64,
    count: u32,
) -> u64 {
    let slice = Slice::new(kernel::join(a_high, a_low), b, rho, m, sigma, seconds);
    let (mut sum, mut k) = (0u64, m);
    for _ in 0..count {
        sum = sum.wrapping_add(slice.volatility(k));
        k = k.wrapping_add(1 << 51);
    }
    sum
}
