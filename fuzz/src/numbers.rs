//! Products, quotients, exponentials, logarithms, powers, roots, averages.

use arbitrary::Arbitrary;
use novate_math::{
    Error, I256, ONE, U256, correlation, div_down, div_up, ewma_covariance, ewma_variance, exp,
    exp_down, exp_up, ln, ln_down, ln_up, log2, mul_div_down, mul_div_up, mul_down, mul_up, pow,
    sqrt_down, sqrt_up,
};

use crate::input::Wide;

/// Three numbers and a time.
#[derive(Debug, Arbitrary)]
pub struct Input {
    a: Wide,
    b: Wide,
    c: Wide,
    seconds: u64,
    tau: u64,
}

/// Every function is total, directions enclose, and inverses invert.
pub fn check(input: &Input) {
    let (a, b, c) = (input.a.unsigned(), input.b.unsigned(), input.c.unsigned());
    products(a, b, c);
    roots(a);
    logarithms(a);
    exponential(input.a.signed());
    powers(a, input.b.signed());
    averages(input);
}

fn products(a: U256, b: U256, c: U256) {
    match (mul_div_down(a, b, c), mul_div_up(a, b, c)) {
        (Ok(down), Ok(up)) => assert!(up - down <= U256::from(1)),
        (Ok(down), Err(Error::Overflow)) => assert_eq!(down, U256::MAX),
        (Err(error), Err(other)) => assert_eq!(error, other),
        other => panic!("{other:?}"),
    }
    assert_eq!(mul_div_down(a, b, U256::ZERO), Err(Error::DivisionByZero));
    assert_eq!(mul_down(a, b), mul_div_down(a, b, ONE));
    assert_eq!(mul_up(a, b), mul_div_up(a, b, ONE));
    assert_eq!(div_down(a, b), mul_div_down(a, ONE, b));
    assert_eq!(div_up(a, b), mul_div_up(a, ONE, b));
    assert_eq!(mul_div_down(a, b, c), mul_div_down(b, a, c));
    // (a / c) c <= a.
    if let Ok(quotient) = div_down(a, c) {
        assert!(mul_down(quotient, c).unwrap() <= a);
    }
}

fn roots(a: U256) {
    let (down, up) = (sqrt_down(a), sqrt_up(a));
    assert!(mul_down(down, down).unwrap() <= a && down <= up);
    // Rounded up, the square is not below: compared without the overflow of the largest.
    if let Ok(square) = mul_up(up, up) {
        assert!(square >= a, "{a} {up}");
    }
}

fn logarithms(a: U256) {
    if a.is_zero() {
        assert_eq!(ln(a), Err(Error::NotPositive));
        assert_eq!(ln_up(a), Err(Error::NotPositive));
        assert_eq!(ln_down(a), Err(Error::NotPositive));
        assert_eq!(log2(a), Err(Error::NotPositive));
        return;
    }
    let (down, nearest, up) = (ln_down(a).unwrap(), ln(a).unwrap(), ln_up(a).unwrap());
    assert!(down <= nearest && nearest <= up && up - down <= unit(3));
    assert!(log2(a).unwrap().unsigned_abs() >= nearest.unsigned_abs());
    if let Some(next) = a.checked_add(U256::from(1)) {
        assert!(ln_up(next).unwrap() >= down);
    }
    // exp(ln(a)) is a, as well as the units of both allow: 3e-18 of it and 3 units.
    if let Ok(again) = exp(nearest) {
        let slack = a / U256::from(300_000_000_000_000_000_u64) + U256::from(3);
        assert!(again.abs_diff(a) <= slack, "{a} {again}");
    }
}

fn exponential(x: I256) {
    match (exp_down(x), exp(x), exp_up(x)) {
        (Ok(down), Ok(nearest), Ok(up)) => {
            assert!(down <= nearest && nearest <= up, "{x}: {down} {nearest} {up}");
            assert!(up - down <= nearest / ONE * U256::from(3) + U256::from(4), "{x}");
            if x.is_negative() {
                assert!(nearest <= ONE);
            }
        }
        (Err(Error::Overflow) | Ok(_), Err(Error::Overflow) | Ok(_), Err(Error::Overflow)) => {
            assert!(x > unit(135) * I256::try_from(ONE).unwrap());
        }
        other => panic!("{x}: {other:?}"),
    }
}

fn powers(x: U256, y: I256) {
    match pow(x, y) {
        Ok(power) => {
            if x == ONE || (y.is_zero() && !x.is_zero()) {
                assert_eq!(power, ONE);
            }
            if x.is_zero() {
                assert!(power.is_zero() && y.is_positive());
            }
            // Above one with a positive exponent, or below with a negative one: at least one.
            if !x.is_zero() && (x > ONE) == y.is_positive() {
                assert!(power >= ONE - U256::from(2), "{x} {y} {power}");
            }
        }
        Err(Error::NotPositive) => assert!(x.is_zero() && !y.is_positive()),
        Err(error) => {
            assert_eq!(error, Error::Overflow);
            assert!((x > ONE) == y.is_positive());
        }
    }
    let one = I256::try_from(ONE).unwrap();
    // x^1: relative error below 1e-18 (2 + 3 |ln x|), at most 4.1e-16.
    if !x.is_zero() {
        match pow(x, one) {
            Ok(power) => {
                let slack = x / U256::from(2_400_000_000_000_000_u64) + U256::from(2);
                assert!(power.abs_diff(x) <= slack, "{x} {power}");
            }
            Err(error) => {
                assert!(error == Error::Overflow && x > U256::MAX - (U256::MAX >> 50));
            }
        }
    }
}

fn averages(Input { a, b, c, seconds, tau }: &Input) {
    let (a, b, c) = (a.unsigned(), b.signed(), c.signed());
    match ewma_variance(a, b, *seconds, *tau) {
        Ok(variance) if b.is_zero() => assert!(variance <= a),
        Ok(_) => {}
        Err(Error::DivisionByZero) => assert_eq!(*tau, 0),
        Err(error) => assert_eq!(error, Error::Overflow),
    }
    match ewma_covariance(b, (c, b), *seconds, *tau) {
        Ok(_) => {}
        Err(Error::DivisionByZero) => assert_eq!(*tau, 0),
        Err(error) => assert_eq!(error, Error::Overflow),
    }
    match correlation(b, a, c.unsigned_abs()) {
        Ok(rho) => assert!(rho.unsigned_abs() <= ONE && (rho.is_zero() || rho.is_negative() == b.is_negative())),
        Err(error) => assert_eq!(error, Error::Overflow),
    }
}

fn unit(n: u64) -> I256 {
    I256::try_from(n).unwrap()
}
