//! The functions whose ink is not followed: exported so that the module's results can be compared with a native build's.

use novate_math::{
    I256, Prices, U256,
    kernel::{self, CallValue, Deviation, Slice},
};

use super::numbers::{fold, fold_all, fold_signed, number, option, signed, slice};

#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub(crate) extern "C" fn kernel_tail(x: u64) -> u64 {
    kernel::upper_tail(x)
}

/// Every value of one option: `plus_intrinsic` is the lowest bit of the rotated word.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub(crate) extern "C" fn kernel_option(moneyness: i64, total: u64) -> u64 {
    let deviation = Deviation::new(total);
    let CallValue { fraction, plus_intrinsic } = kernel::call_value(moneyness, &deviation);
    let words = [
        u64::from(plus_intrinsic),
        kernel::call_fraction(moneyness, &deviation),
        kernel::time_value(moneyness, &deviation),
        kernel::call_delta(moneyness, &deviation),
    ];
    words.into_iter().fold(fraction, |all, word| all.rotate_left(7) ^ word)
}

#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub(crate) extern "C" fn kernel_time(seconds: u64, volatility: u64) -> u64 {
    let root = kernel::sqrt_years(seconds);
    let words = [
        kernel::years(seconds),
        kernel::total_deviation(volatility, root),
        kernel::multiply_q58(volatility, root),
    ];
    words.into_iter().fold(root, |all, word| all.rotate_left(7) ^ word)
}

#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub(crate) extern "C" fn kernel_signed(quantity: i64, fraction: u64) -> u64 {
    let product = kernel::multiply_signed(quantity, fraction);
    fold_signed(Ok(I256::try_from(product).unwrap_or(I256::ZERO)))
}

/// Total variance of one strike.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub(crate) extern "C" fn kernel_variance(
    a_low: u64,
    a_high: i64,
    b: u64,
    rho: i64,
    m: i64,
    sigma: u64,
    moneyness: i64,
) -> u64 {
    let slice = Slice::new(kernel::join(a_high, a_low), b, rho, m, sigma, 1);
    fold(Ok(U256::from(slice.total_variance(moneyness))))
}

#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub(crate) extern "C" fn exp_bounds(low: u64, high: u64) -> u64 {
    let x = signed(low, high);
    fold_all(novate_math::exp_down(x).and_then(|down| Ok([down, novate_math::exp_up(x)?])))
}

#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub(crate) extern "C" fn ln_bounds(low: u64, high: u64) -> u64 {
    let x = number(low, high);
    let bounds = novate_math::ln_down(x).and_then(|down| Ok([down, novate_math::ln_up(x)?]));
    fold_all(bounds.map(|bounds| bounds.map(I256::into_raw)))
}

#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub(crate) extern "C" fn sqrt_up(low: u64, high: u64) -> u64 {
    fold(Ok(novate_math::sqrt_up(number(low, high))))
}

#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub(crate) extern "C" fn products_up(a_low: u64, a_high: u64, b_low: u64, b_high: u64) -> u64 {
    let (a, b) = (number(a_low, a_high), number(b_low, b_high));
    fold_all(
        novate_math::mul_up(a, b).and_then(|product| Ok([product, novate_math::div_up(a, b)?])),
    )
}

#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub(crate) extern "C" fn normal_complement(low: u64, high: u64) -> u64 {
    fold(Ok(novate_math::normal_complement(signed(low, high))))
}

#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub(crate) extern "C" fn black76_bounds(
    f0: u64,
    f1: u64,
    k0: u64,
    k1: u64,
    seconds: u64,
    v0: u64,
    v1: u64,
    r0: u64,
    r1: u64,
) -> u64 {
    let option = option(f0, f1, k0, k1, seconds, v0, v1, r0, r1);
    let bounds = option.prices_down().and_then(|down| Ok([down, option.prices_up()?]));
    fold_all(bounds.map(|[down, up]| {
        let (Prices { call, put }, Prices { call: call_up, put: put_up }) = (down, up);
        [call, put, call_up, put_up]
    }))
}

/// Total variance, and the first condition of an admissible slice that fails at this point.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub(crate) extern "C" fn svi_total_variance(
    a0: u64,
    a1: u64,
    b: u64,
    rho0: u64,
    rho1: u64,
    m0: u64,
    m1: u64,
    sigma: u64,
    k0: u64,
    k1: u64,
) -> u64 {
    let svi = slice(a0, a1, b, rho0, rho1, m0, m1, sigma);
    let k = signed(k0, k1);
    let admissible = match (svi.check(), svi.check_butterfly([k])) {
        (Ok(()), Ok(())) => 0,
        (Ok(()), Err(_)) => 1,
        (Err(_), _) => 2,
    };
    fold(svi.total_variance(k)).rotate_left(7) ^ admissible
}

#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub(crate) extern "C" fn ewma(
    variance: u64,
    return_low: u64,
    return_high: u64,
    other_low: u64,
    other_high: u64,
    seconds: u64,
    tau: u64,
) -> u64 {
    let (a, b) = (signed(return_low, return_high), signed(other_low, other_high));
    let old = U256::from(variance);
    fold_all(novate_math::ewma_variance(old, a, seconds, tau).and_then(|first| {
        let second = novate_math::ewma_variance(old, b, seconds, tau)?;
        let both = novate_math::ewma_covariance(I256::ZERO, (a, b), seconds, tau)?;
        let rho = novate_math::correlation(both, first, second)?;
        Ok([first, second, both.into_raw(), rho.into_raw()])
    }))
}

/// `ln` and `log2` of a number of 256 bits.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub(crate) extern "C" fn logarithms_wide(l0: u64, l1: u64, l2: u64, l3: u64) -> u64 {
    let x = U256::from_limbs([l0, l1, l2, l3]);
    let both = novate_math::ln(x).and_then(|ln| Ok([ln, novate_math::log2(x)?]));
    fold_all(both.map(|both| both.map(I256::into_raw)))
}

/// Both roots of a number of 256 bits.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub(crate) extern "C" fn roots_wide(l0: u64, l1: u64, l2: u64, l3: u64) -> u64 {
    let x = U256::from_limbs([l0, l1, l2, l3]);
    fold_all(Ok([novate_math::sqrt_down(x), novate_math::sqrt_up(x)]))
}
