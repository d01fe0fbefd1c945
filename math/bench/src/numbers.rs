//! The 256-bit layer, with numbers below `2^128`.

use alloy_primitives::{I256, U256};
use novate_math::{Black76, Error, Quote, Right, Svi};

pub(crate) fn number(low: u64, high: u64) -> U256 {
    U256::from_limbs([low, high, 0, 0])
}

pub(crate) fn signed(low: u64, high: u64) -> I256 {
    let sign = if high >> 63 == 0 { 0 } else { u64::MAX };
    I256::from_raw(U256::from_limbs([low, high, sign, sign]))
}

/// One word that every bit of the result moves; all ones for an error.
pub(crate) fn fold(x: Result<U256, Error>) -> u64 {
    x.map_or(u64::MAX, |x| mix(0, &x))
}

pub(crate) fn fold_signed(x: Result<I256, Error>) -> u64 {
    fold(x.map(I256::into_raw))
}

/// One word of several results.
pub(crate) fn fold_all<const N: usize>(x: Result<[U256; N], Error>) -> u64 {
    x.map_or(u64::MAX, |x| x.iter().fold(0, mix))
}

fn mix(word: u64, x: &U256) -> u64 {
    mix_limbs(word, x.as_limbs())
}

/// Limbs are rotated before they meet, so that equal changes of two of them do not cancel.
fn mix_limbs(word: u64, limbs: &[u64; 4]) -> u64 {
    limbs.iter().fold(word, |word, limb| word.rotate_left(7) ^ limb)
}

#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub(crate) extern "C" fn exp(low: u64, high: u64) -> u64 {
    fold(novate_math::exp(signed(low, high)))
}

#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub(crate) extern "C" fn ln(low: u64, high: u64) -> u64 {
    fold_signed(novate_math::ln(number(low, high)))
}

#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub(crate) extern "C" fn log2(low: u64, high: u64) -> u64 {
    fold_signed(novate_math::log2(number(low, high)))
}

#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub(crate) extern "C" fn pow(low: u64, high: u64, power_low: u64, power_high: u64) -> u64 {
    fold(novate_math::pow(number(low, high), signed(power_low, power_high)))
}

#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub(crate) extern "C" fn sqrt(low: u64, high: u64) -> u64 {
    fold(Ok(novate_math::sqrt_down(number(low, high))))
}

#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub(crate) extern "C" fn mul_down(a_low: u64, a_high: u64, b_low: u64, b_high: u64) -> u64 {
    fold(novate_math::mul_down(number(a_low, a_high), number(b_low, b_high)))
}

#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub(crate) extern "C" fn div_down(a_low: u64, a_high: u64, b_low: u64, b_high: u64) -> u64 {
    fold(novate_math::div_down(number(a_low, a_high), number(b_low, b_high)))
}

#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub(crate) extern "C" fn normal_cdf(low: u64, high: u64) -> u64 {
    fold(Ok(novate_math::normal_cdf(signed(low, high))))
}

#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub(crate) extern "C" fn normal_pdf(low: u64, high: u64) -> u64 {
    fold(Ok(novate_math::normal_pdf(signed(low, high))))
}

#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub(crate) extern "C" fn normal_inverse(low: u64) -> u64 {
    fold_signed(novate_math::normal_inverse(U256::from(low)))
}

pub(crate) fn option(
    f0: u64,
    f1: u64,
    k0: u64,
    k1: u64,
    seconds: u64,
    v0: u64,
    v1: u64,
    r0: u64,
    r1: u64,
) -> Black76 {
    Black76 {
        forward: number(f0, f1),
        strike: number(k0, k1),
        seconds,
        volatility: number(v0, v1),
        rate: signed(r0, r1),
    }
}

#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub(crate) extern "C" fn black76(
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
    let prices = option(f0, f1, k0, k1, seconds, v0, v1, r0, r1).prices();
    fold_all(prices.map(|p| [p.call, p.put]))
}

#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub(crate) extern "C" fn greeks(
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
    let greeks = option(f0, f1, k0, k1, seconds, v0, v1, r0, r1).greeks();
    greeks.map_or(u64::MAX, |g| {
        let unsigned = [g.prices.call, g.prices.put, g.gamma, g.vega].iter().fold(0, mix);
        let signed = [
            g.delta_call,
            g.delta_put,
            g.theta_call,
            g.theta_put,
            g.rho_call,
            g.rho_put,
            g.vanna,
            g.volga,
        ];
        signed.iter().fold(unsigned, |word, x| mix_limbs(word, x.as_limbs()))
    })
}

#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub(crate) extern "C" fn implied_volatility(
    f0: u64,
    f1: u64,
    k0: u64,
    k1: u64,
    seconds: u64,
    p0: u64,
    p1: u64,
    r0: u64,
    r1: u64,
    is_call: u32,
) -> u64 {
    let quote = Quote {
        forward: number(f0, f1),
        strike: number(k0, k1),
        seconds,
        rate: signed(r0, r1),
        right: if is_call == 1 { Right::Call } else { Right::Put },
        price: number(p0, p1),
    };
    fold(quote.implied_volatility())
}

pub(crate) fn slice(
    a0: u64,
    a1: u64,
    b: u64,
    rho0: u64,
    rho1: u64,
    m0: u64,
    m1: u64,
    sigma: u64,
) -> Svi {
    Svi {
        a: signed(a0, a1),
        b: U256::from(b),
        rho: signed(rho0, rho1),
        m: signed(m0, m1),
        sigma: U256::from(sigma),
    }
}

#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub(crate) extern "C" fn svi_volatility(
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
    seconds: u64,
) -> u64 {
    let svi = slice(a0, a1, b, rho0, rho1, m0, m1, sigma);
    fold(svi.volatility(signed(k0, k1), seconds))
}
