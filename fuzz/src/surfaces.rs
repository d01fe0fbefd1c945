//! Raw SVI: parameters that nobody would post, and the conditions that refuse them.

use arbitrary::Arbitrary;
use novate_math::{Error, I256, ONE, Svi, U256};

use crate::input::Wide;

/// Parameters, places, a time.
#[derive(Debug, Arbitrary)]
pub struct Input {
    a: Wide,
    b: Wide,
    rho: Wide,
    m: Wide,
    sigma: Wide,
    k: [Wide; 3],
    seconds: u64,
    small: [i64; 4],
}

/// Total; an admissible slice has a variance everywhere, and no negative one.
pub fn check(input: &Input) {
    check_slice(
        &Svi {
            a: input.a.signed(),
            b: input.b.unsigned(),
            rho: input.rho.signed(),
            m: input.m.signed(),
            sigma: input.sigma.unsigned(),
        },
        input,
    );
    let [a, rho, m, wing] = input.small.map(|x| I256::try_from(x).unwrap());
    let one = I256::try_from(ONE).unwrap();
    check_slice(
        &Svi {
            a,
            b: wing.unsigned_abs() / U256::from(5),
            rho: rho / I256::try_from(10).unwrap(),
            m: m % one,
            sigma: input.sigma.unsigned() % ONE + U256::from(1),
        },
        input,
    );
}

fn check_slice(svi: &Svi, input: &Input) {
    let places = input.k.map(Wide::signed);
    let admissible = svi.check();
    if let Err(error) = admissible {
        assert!(matches!(
            error,
            Error::SurfaceParameterOutOfRange | Error::NegativeVariance | Error::WingTooSteep
        ));
        assert_eq!(svi.check_butterfly(places), Err(error));
    }
    assert_eq!(svi.slice(input.seconds).map(|_| ()), admissible);
    for k in places {
        let variance = svi.total_variance(k);
        let volatility = svi.volatility(k, input.seconds);
        assert_eq!(variance.is_ok(), volatility.is_ok());
        match variance {
            Ok(variance) => bound(svi, k, variance, admissible.is_ok()),
            Err(error) => assert_eq!(error, Error::SurfaceParameterOutOfRange),
        }
        if admissible.is_ok() {
            match svi.check_butterfly([k]) {
                Ok(()) | Err(Error::ButterflyArbitrage) => {}
                Err(error) => assert_eq!(error, Error::SurfaceParameterOutOfRange),
            }
        }
    }
}

/// `|w - a| <= b (1 + |rho|) (|k - m| + sigma)`, and `w >= a + b sigma sqrt(1 - rho^2)`, here its weaker form without the root.
fn bound(svi: &Svi, k: I256, variance: U256, admissible: bool) {
    let variance = I256::try_from(variance).unwrap();
    let reach = (k - svi.m).unsigned_abs() + svi.sigma;
    let most = U256::from(2) * svi.b * reach / ONE + U256::from(1 << 20);
    let most = I256::try_from(most).unwrap();
    // Saturates below 512.
    let ceiling = I256::try_from(ONE).unwrap() * I256::try_from(511).unwrap();
    assert!(variance <= (svi.a + most).max(I256::ZERO), "{svi:?} {k} {variance}");
    if admissible && svi.a + most < ceiling {
        let least = svi.a - I256::try_from(1 << 20).unwrap();
        assert!(variance >= least, "{svi:?} {k} {variance}");
    }
}
