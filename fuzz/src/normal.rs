//! The normal distribution, its density and its inverse.

use arbitrary::Arbitrary;
use novate_math::{
    Error, I256, ONE, U256, WAD, normal_cdf, normal_complement, normal_inverse, normal_pdf,
};

use crate::input::Wide;

/// Two points and two probabilities.
#[derive(Debug, Arbitrary)]
pub struct Input {
    far: Wide,
    x: i64,
    y: i64,
    p: u64,
    q: u64,
}

/// Total, symmetric, monotone, and inverted by the inverse.
pub fn check(input: &Input) {
    point(input.far.signed());
    let (x, y) = (I256::try_from(input.x).unwrap(), I256::try_from(input.y).unwrap());
    point(x);
    let (low, high) = if x < y { (x, y) } else { (y, x) };
    // Each errs by at most 1.2e-17.
    assert!(normal_cdf(low) <= normal_cdf(high) + U256::from(25));
    let (nearer, farther) = if x.abs() < y.abs() { (x, y) } else { (y, x) };
    assert!(normal_pdf(farther) <= normal_pdf(nearer) + U256::from(11));
    let far = input.far.unsigned();
    if far.is_zero() || far >= ONE {
        assert_eq!(normal_inverse(far), Err(Error::ProbabilityOutOfRange));
    }
    let (p, q) = (probability(input.p), probability(input.q));
    let (a, b) = (normal_inverse(p).unwrap(), normal_inverse(q).unwrap());
    // The inverse errs by 6.5e-17, so its distribution by 0.4 of that and 1.2e-17 more.
    assert!(normal_cdf(a).abs_diff(p) <= U256::from(40), "{p} {a}");
    assert_eq!(normal_inverse(ONE - p).unwrap(), -a);
    if p <= q {
        assert!(a <= b + I256::try_from(131).unwrap());
    }
}

fn point(x: I256) {
    let (below, above) = (normal_cdf(x), normal_complement(x));
    assert!(below <= ONE && above <= ONE && (below + above).abs_diff(ONE) <= U256::from(1));
    assert_eq!(below, normal_complement(x.wrapping_neg()));
    assert!(normal_pdf(x) <= U256::from(398_942_280_401_432_683_u64));
    assert_eq!(normal_pdf(x), normal_pdf(x.wrapping_neg()));
}

fn probability(x: u64) -> U256 {
    U256::from(x % (WAD - 1) + 1)
}
