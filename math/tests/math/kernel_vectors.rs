//! The 64-bit kernels against the reference vectors, within the bounds of the accuracy table.

use crate::support::{Worst, from_binary, power_of_ten, rows, to_binary};
use alloy_primitives::{I256, U256};
use novate_math::{accuracy, kernel};

/// Inputs are rounded to Q58 (Q56 for logarithms): what that may add, in units of 1e-20.
const INPUT: u128 = 200;

fn small(x: I256) -> i64 {
    i64::try_from(x).expect("fits 64 bits")
}

fn unsigned(x: I256) -> u64 {
    u64::try_from(x).expect("fits 64 bits")
}

fn fraction(x: u64) -> I256 {
    from_binary(I256::try_from(x).unwrap(), 63)
}

fn settle(worst: &Worst, bound: accuracy::Bound, input: u128) {
    println!(
        "{}: worst {} of {} (1e-20) at {}",
        bound.function, worst.error, bound.error, worst.at
    );
    assert!(worst.error <= u128::from(bound.error) + input, "{bound:?}: {worst:?}");
}

#[test]
fn normal_distribution_keeps_its_bound() {
    let (mut cdf, mut tail, mut density) = (Worst::default(), Worst::default(), Worst::default());
    for row in rows("norm_cdf.csv") {
        let x = row.wad("x");
        if x.unsigned_abs() >= U256::from(31u64) * U256::from(10u64.pow(18)) {
            continue;
        }
        let q = small(to_binary(x, 58));
        cdf.note(fraction(kernel::cdf(q)), row.number("cdf").unwrap(), || format!("{x}"));
        tail.note(fraction(kernel::cdf(-q)), row.number("cdf_complement").unwrap(), || {
            format!("{x}")
        });
    }
    for row in rows("norm_pdf.csv") {
        let x = row.wad("x");
        if x.unsigned_abs() < U256::from(31u64) * U256::from(10u64.pow(18)) {
            let q = small(to_binary(x, 58));
            density
                .note(fraction(kernel::density(q)), row.number("pdf").unwrap(), || format!("{x}"));
        }
    }
    settle(&cdf, accuracy::NORMAL, INPUT);
    settle(&tail, accuracy::NORMAL, INPUT);
    settle(&density, accuracy::DENSITY, INPUT);
}

#[test]
fn exponential_keeps_its_bound() {
    let mut worst = Worst::default();
    for row in rows("exp.csv") {
        let x = row.wad("x");
        if x <= I256::ZERO && x > -(I256::try_from(63u64).unwrap() * power_of_ten(18)) {
            let z = unsigned(to_binary(-x, 58));
            worst.note(fraction(kernel::exp_negative(z)), row.number("exp").unwrap(), || {
                format!("{x}")
            });
        }
    }
    settle(&worst, accuracy::EXP_NEGATIVE, INPUT);
}

#[test]
fn logarithm_keeps_its_bound() {
    let mut worst = Worst::default();
    for row in rows("ln.csv") {
        let Ok(x) = u128::try_from(row.wad("x")) else { continue };
        let ln = from_binary(I256::try_from(kernel::ln_wad(x)).unwrap(), 56);
        worst.note(ln, row.number("ln").unwrap(), || format!("{x}"));
        if let Ok(mantissa) = u64::try_from(x) {
            assert_eq!(kernel::ln_decimal(mantissa, -18), kernel::ln_wad(x));
        }
    }
    settle(&worst, accuracy::LN_KERNEL, 0);
}

#[test]
fn option_values_keep_their_bound() {
    let mut worst = Worst::default();
    let (mut delta, mut beyond) = (Worst::default(), Worst::default());
    for row in rows("black76.csv") {
        let (forward, strike) = (row.wad("F"), row.wad("K"));
        let discount = row.number("delta_call").unwrap() - row.number("delta_put").unwrap();
        let root = I256::try_from(kernel::sqrt_years(row.seconds("T_seconds"))).unwrap();
        let s =
            u64::try_from((row.wad("sigma") * root).asr(3) / power_of_ten(18)).unwrap_or(u64::MAX);
        let deviation = kernel::Deviation::new(s);
        let (f, k) = (u128::try_from(forward).unwrap(), u128::try_from(strike).unwrap());
        let moneyness = kernel::ln_wad(k) - kernel::ln_wad(f);
        let value = kernel::call_value(moneyness, &deviation);
        let one = power_of_ten(36);
        // call / (D F), in units of 1e-36; the reference has 30 digits.
        let call = row.number("call").unwrap();
        if call > power_of_ten(58) || discount < power_of_ten(30) || forward < power_of_ten(9) {
            continue;
        }
        let undiscounted = call * power_of_ten(18) / (discount / power_of_ten(18));
        let expected = undiscounted * power_of_ten(18) / forward;
        let mut actual = fraction(value.fraction);
        if value.plus_intrinsic {
            actual += (forward - strike) * one / forward;
        }
        worst.note(actual, expected, || format!("{row:?}"));
        let total = fraction(kernel::call_fraction(moneyness, &deviation));
        worst.note(total, expected, || format!("{row:?}"));
        let intrinsic = (forward - strike).max(I256::ZERO) * one / forward;
        let value = kernel::time_value(moneyness, &deviation);
        beyond.note(fraction(value), expected - intrinsic, || format!("{row:?}"));
        if s > 1 << 56 {
            let expected = row.number("delta_call").unwrap() * power_of_ten(18)
                / (discount / power_of_ten(18));
            delta.note(fraction(kernel::call_delta(moneyness, &deviation)), expected, || {
                format!("{row:?}")
            });
        }
    }
    // A deviation of a quarter and more divides the error of two logarithms by that much: 0.4 (1.4e-17 + 2^-57)/0.25.
    settle(&delta, accuracy::NORMAL, 4000);
    settle(&beyond, accuracy::OPTION_KERNEL, 1400);
    // Two logarithms in Q56 come before the kernel: half a unit of each may add 1.4e-17; and the reference's 30 digits.
    settle(&worst, accuracy::OPTION_KERNEL, 1400);
}

#[test]
fn volatility_of_the_surface_keeps_its_bound() {
    let (mut variance, mut vol) = (Worst::default(), Worst::default());
    for row in rows("svi.csv") {
        let (forward, strike) = (row.wad("F"), row.wad("K"));
        let seconds = row.seconds("T_seconds");
        let slice = kernel::Slice::new(
            i128::try_from(to_binary(row.wad("a"), 118)).unwrap(),
            unsigned(to_binary(row.wad("b"), 62)),
            small(to_binary(row.wad("rho"), 63)),
            small(to_binary(row.wad("m"), 56)),
            unsigned(to_binary(row.wad("sigma"), 56)),
            seconds,
        );
        let k = kernel::ln_wad(u128::try_from(strike).unwrap())
            - kernel::ln_wad(u128::try_from(forward).unwrap());
        let w = from_binary(I256::try_from(slice.total_variance(k) >> 20).unwrap(), 98);
        variance.note(w, row.number("w").unwrap().max(I256::ZERO), || format!("{row:?}"));
        if let Some(expected) = row.number("vol")
            && row.number("w").unwrap() > power_of_ten(36 - 6)
            && expected < power_of_ten(36) * I256::try_from(60).unwrap()
        {
            let v = from_binary(I256::try_from(slice.volatility(k)).unwrap(), 58);
            vol.note(v, expected, || format!("{row:?}"));
        }
    }
    // Two logarithms in Q56, each within 8e-18 of the truth, move the variance by twice that at most (the wing bound).
    settle(&variance, accuracy::SVI_VARIANCE, 3_200);
    println!("vol: {vol:?}");
    assert!(vol.error <= 1_000_000, "{vol:?}");
}
