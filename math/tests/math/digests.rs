//! The bits of the results: a replica off chain must find the same ones, so a change must be deliberate.
//!
//! Each function runs on some thousand inputs of a fixed generator; the results are folded into one word. A word that differs is
//! printed with the one found: a change belongs into the commit that causes it, with the reason in its message.

use alloy_primitives::{I256, U256};
use novate_math::{
    Black76, Error, Greeks, ONE, Prices, Quote, Right, Svi, WAD, correlation, ewma_covariance,
    ewma_variance, exp, exp_down, exp_up, kernel, ln, ln_down, ln_up, log2, mul_div_down,
    mul_div_up, normal_cdf, normal_complement, normal_inverse, normal_pdf, pow, sqrt_down, sqrt_up,
};

/// Inputs of each function.
const ROUNDS: usize = 4000;

/// `SplitMix64`.
struct Random(u64);

impl Random {
    const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    const fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// Of every length up to `bits`.
    fn word(&mut self, bits: u32) -> u64 {
        let length = u32::try_from(self.below(u64::from(bits))).unwrap() + 1;
        self.next() >> (64 - length)
    }

    const fn sign(&mut self, x: u64) -> i64 {
        let x = (x & (u64::MAX >> 1)).cast_signed();
        if self.next() & 1 == 0 { x } else { -x }
    }

    fn wide(&mut self, bits: usize) -> U256 {
        let limbs = [self.next(), self.next(), self.next(), self.next()];
        U256::from_limbs(limbs)
            >> (255 - usize::try_from(self.below(bits.try_into().unwrap())).unwrap())
    }

    fn signed_wide(&mut self, bits: usize) -> I256 {
        let x = I256::try_from(self.wide(bits)).unwrap();
        if self.next() & 1 == 0 { x } else { -x }
    }

    /// Within `end` of zero.
    fn within(&mut self, end: u64) -> I256 {
        let x = self.below(end);
        I256::try_from(self.sign(x)).unwrap()
    }

    fn option(&mut self) -> Black76 {
        let near = self.next() & 1 == 0;
        let forward = self.wide(100) + U256::from(1);
        let strike = if near {
            forward * U256::from(self.below(300) + 1) / U256::from(100)
        } else {
            self.wide(100)
        };
        let seconds = if near { self.below(100_000_000) } else { self.word(34) };
        let volatility = U256::from(if near { self.below(3 * WAD) } else { self.word(64) });
        let rate = self.within(WAD / 3);
        Black76 { forward, strike: strike + U256::from(1), seconds, volatility, rate }
    }

    fn svi(&mut self) -> Svi {
        let rho = self.within(WAD + WAD / 50);
        Svi {
            a: self.within(WAD / 5),
            b: U256::from(self.word(61)),
            rho,
            m: self.within(WAD / 2),
            sigma: U256::from(self.word(61)),
        }
    }
}

const fn mix(digest: u64, word: u64) -> u64 {
    (digest.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95)
}

fn number(digest: u64, x: U256) -> u64 {
    x.as_limbs().iter().fold(digest, |all, &limb| mix(all, limb))
}

fn result(digest: u64, x: Result<U256, Error>) -> u64 {
    match x {
        Ok(x) => number(digest, x),
        Err(error) => refusal(digest, error),
    }
}

fn signed(digest: u64, x: Result<I256, Error>) -> u64 {
    result(digest, x.map(I256::into_raw))
}

fn refusal(digest: u64, error: Error) -> u64 {
    format!("{error:?}").bytes().fold(digest, |all, byte| mix(all, byte.into()))
}

fn prices(digest: u64, x: Result<Prices, Error>) -> u64 {
    match x {
        Ok(Prices { call, put }) => number(number(digest, call), put),
        Err(error) => refusal(digest, error),
    }
}

fn greeks(digest: u64, x: &Result<Greeks, Error>) -> u64 {
    let g = match x {
        Ok(g) => g,
        Err(error) => return refusal(digest, *error),
    };
    [g.delta_call, g.delta_put, g.theta_call, g.theta_put, g.rho_call, g.rho_put, g.vanna, g.volga]
        .into_iter()
        .fold(number(number(digest, g.gamma), g.vega), |all, x| number(all, x.into_raw()))
}

fn verdict(digest: u64, x: Result<(), Error>) -> u64 {
    result(digest, x.map(|()| U256::ZERO))
}

/// The digest of a function: `f` draws an input and folds the results.
fn digest(f: impl Fn(u64, &mut Random) -> u64) -> u64 {
    let mut random = Random(20_260_101);
    (0..ROUNDS).fold(0, |all, _| f(all, &mut random))
}

/// Compares digests, all of them before failing.
fn settle(found: &[(&str, u64)], kept: &[u64]) {
    let table: Vec<String> =
        found.iter().map(|(name, x)| format!("    {x:#018x}, // {name}")).collect();
    let found: Vec<u64> = found.iter().map(|(_, x)| *x).collect();
    assert_eq!(found, kept, "results have changed; now they are\n{}", table.join("\n"));
}

#[test]
fn bits_of_numbers_are_kept() {
    let found = [
        (
            "mul_div",
            digest(|all, r| {
                let (a, b, c) = (r.wide(256), r.wide(200), r.wide(256));
                result(result(all, mul_div_down(a, b, c)), mul_div_up(a, b, c))
            }),
        ),
        (
            "sqrt",
            digest(|all, r| {
                let x = r.wide(256);
                number(number(all, sqrt_down(x)), sqrt_up(x))
            }),
        ),
        (
            "exp",
            digest(|all, r| {
                let wide = I256::try_from(i128::from(r.next().cast_signed()) * 15).unwrap();
                let x = if r.next() & 1 == 0 { r.signed_wide(90) } else { wide };
                result(result(result(all, exp(x)), exp_down(x)), exp_up(x))
            }),
        ),
        (
            "ln",
            digest(|all, r| {
                let x = r.wide(256);
                signed(signed(signed(all, ln(x)), ln_down(x)), ln_up(x))
            }),
        ),
        ("log2", digest(|all, r| signed(all, log2(r.wide(256))))),
        (
            "pow",
            digest(|all, r| {
                let (x, y) = (r.wide(130), r.signed_wide(80));
                result(result(all, pow(x, y)), pow(x, y >> 20))
            }),
        ),
        (
            "normal",
            digest(|all, r| {
                let x = r.signed_wide(66);
                let all =
                    number(number(number(all, normal_cdf(x)), normal_complement(x)), normal_pdf(x));
                signed(all, normal_inverse(U256::from(r.word(60))))
            }),
        ),
        (
            "ewma",
            digest(|all, r| {
                let (a, b, v) = (r.signed_wide(70), r.signed_wide(70), r.wide(70));
                let (seconds, tau) = (r.word(30), r.word(24));
                let all = result(all, ewma_variance(v, a, seconds, tau));
                let all = signed(all, ewma_covariance(b, (a, b), seconds, tau));
                signed(all, correlation(a, v, b.unsigned_abs()))
            }),
        ),
    ];
    settle(
        &found,
        &[
            0x0af1_3614_e2ed_d61b, // mul_div
            0x1fab_3730_09c6_5951, // sqrt
            0xc8c1_71b1_f187_dfbe, // exp
            0x6a7e_932f_47c7_dd01, // ln
            0x02df_501d_5b07_1db6, // log2
            0xf168_56ce_0329_d041, // pow
            0xf62f_2736_5f78_9b6d, // normal
            0x4c9d_3426_3a98_248d, // ewma
        ],
    );
}

#[test]
fn bits_of_options_are_kept() {
    let found = [
        (
            "prices",
            digest(|all, r| {
                let option = r.option();
                let all = prices(prices(all, option.prices()), option.prices_down());
                prices(all, option.prices_up())
            }),
        ),
        ("greeks", digest(|all, r| greeks(all, &r.option().greeks()))),
        (
            "implied volatility",
            digest(|all, r| {
                let Black76 { forward, strike, seconds, rate, volatility } = r.option();
                let option = Black76 { forward, strike, seconds, rate, volatility };
                let right = if r.next() & 1 == 0 { Right::Call } else { Right::Put };
                let quote = |price| Quote { forward, strike, seconds, rate, right, price };
                let any = quote(forward.min(strike) * U256::from(r.below(1000)) / U256::from(1000));
                let all = result(all, any.implied_volatility());
                match option.prices() {
                    Ok(Prices { call, put }) => {
                        let price = if right == Right::Call { call } else { put };
                        result(all, quote(price).implied_volatility())
                    }
                    Err(error) => refusal(all, error),
                }
            }),
        ),
        (
            "surface",
            digest(|all, r| {
                let (svi, k, seconds) = (r.svi(), r.within(3 * WAD), r.word(28));
                let all = result(all, svi.total_variance(k));
                let all = result(all, svi.volatility(k, seconds));
                verdict(verdict(all, svi.check()), svi.check_butterfly([k]))
            }),
        ),
        (
            "admissible surface",
            digest(|all, r| {
                // Small enough wings, and a level that is not negative: what decides is g(k).
                let (svi, k) = (r.svi(), r.within(2 * WAD));
                let b = svi.b % (ONE / U256::from(2));
                let rho = svi.rho / I256::try_from(2).unwrap();
                let svi = Svi {
                    a: svi.a.abs(),
                    b,
                    rho,
                    sigma: svi.sigma + U256::from(WAD / 1000),
                    ..svi
                };
                verdict(all, svi.check_butterfly([k, k / I256::try_from(10).unwrap()]))
            }),
        ),
    ];
    settle(
        &found,
        &[
            0x07b3_9566_ca3f_5a4c, // prices
            0x3e83_02fb_c552_ecbc, // greeks
            0xe37a_0463_b116_ec54, // implied volatility
            0x2ebb_4472_c1c4_e88d, // surface
            0x10a5_1aca_9f34_d40c, // admissible surface
        ],
    );
}

#[test]
fn bits_of_kernels_are_kept() {
    let found = [
        ("exponential", digest(|all, r| mix(all, kernel::exp_negative(r.word(64))))),
        (
            "normal",
            digest(|all, r| {
                let x = r.word(62);
                let x = r.sign(x);
                let all = mix(mix(all, kernel::cdf(x)), kernel::density(x));
                mix(all, kernel::upper_tail(x.unsigned_abs()))
            }),
        ),
        (
            "logarithm",
            digest(|all, r| {
                let (low, high, exponent) = (r.word(64), r.word(64), r.below(80));
                let x = (u128::from(high) << 64 | u128::from(low)) >> r.below(128);
                let exponent = i32::try_from(exponent).unwrap() - 40;
                let all = mix(all, kernel::ln_wad(x).cast_unsigned());
                mix(all, kernel::ln_decimal(low, exponent).cast_unsigned())
            }),
        ),
        (
            "root",
            digest(|all, r| {
                mix(
                    all,
                    kernel::sqrt(
                        (u128::from(r.next()) << 64 | u128::from(r.next())) >> r.below(128),
                    ),
                )
            }),
        ),
        (
            "time",
            digest(|all, r| {
                let (seconds, vol) = (r.word(32), r.word(64));
                let root = kernel::sqrt_years(seconds);
                let words = [
                    root,
                    kernel::years(seconds),
                    kernel::total_deviation(vol, root),
                    kernel::multiply_q58(vol, root),
                ];
                words.into_iter().fold(all, mix)
            }),
        ),
        (
            "option",
            digest(|all, r| {
                let (k, s) = (r.word(59), kernel::Deviation::new(r.word(64)));
                let k = r.sign(k);
                let value = kernel::call_value(k, &s);
                let words = [
                    value.fraction,
                    value.plus_intrinsic.into(),
                    kernel::call_fraction(k, &s),
                    kernel::time_value(k, &s),
                    kernel::call_delta(k, &s),
                    s.total(),
                ];
                words.into_iter().fold(all, mix)
            }),
        ),
        (
            "slice",
            digest(|all, r| {
                let (a, rho, m) = (r.word(63), r.word(63), r.word(57));
                let (a, rho, m) = (i128::from(r.sign(a)) << r.below(55), r.sign(rho), r.sign(m));
                let slice = kernel::Slice::new(a, r.word(63), rho, m, r.word(60), r.word(33));
                let k = r.word(58);
                let k = r.sign(k);
                let w = slice.total_variance(k);
                let all = number(all, U256::from(w));
                mix(all, slice.volatility(k))
            }),
        ),
    ];
    settle(
        &found,
        &[
            0xff2b_4809_f5ad_c4d0, // exponential
            0xb8c5_0cdc_a3ac_b680, // normal
            0x1892_90d1_d33c_a460, // logarithm
            0x9500_e9c9_730f_7cec, // root
            0xd47e_9f85_5ae6_a000, // time
            0xacc2_07cf_0b91_19b9, // option
            0xd1cd_12c9_d787_d090, // slice
        ],
    );
}
