//! Black-76 and its sensitivities, on hostile numbers and on plausible markets.

use arbitrary::Arbitrary;
use novate_math::{Black76, Error, I256, ONE, Prices, U256};

use crate::input::{Market, Wide, slack};

/// Any numbers, and a market.
#[derive(Debug, Arbitrary)]
pub struct Input {
    forward: Wide,
    strike: Wide,
    seconds: u64,
    volatility: Wide,
    rate: Wide,
    market: Market,
    more: u64,
}

/// Total; parity, bounds, directions, monotony.
pub fn check(input: &Input) {
    let option = Black76 {
        forward: input.forward.unsigned(),
        strike: input.strike.unsigned(),
        seconds: input.seconds,
        volatility: input.volatility.unsigned(),
        rate: input.rate.signed(),
    };
    total(&option);
    let option = input.market.option();
    total(&option);
    parity(&Black76 { rate: I256::ZERO, ..option });
    monotony(&option, U256::from(input.more));
}

fn total(option: &Black76) {
    match (option.prices_down(), option.prices(), option.prices_up()) {
        (Ok(down), Ok(nearest), Ok(up)) => {
            assert!(down.call <= nearest.call && nearest.call <= up.call, "{option:?}");
            assert!(down.put <= nearest.put && nearest.put <= up.put, "{option:?}");
        }
        (Err(a), Err(b), Err(c)) => {
            assert!(a == b && b == c && matches!(a, Error::Overflow | Error::RateOutOfRange));
        }
        other => panic!("{option:?}: {other:?}"),
    }
    match option.greeks() {
        Ok(greeks) => {
            assert_eq!(Ok(greeks.prices), option.prices());
            assert!(!greeks.delta_call.is_negative() && !greeks.delta_put.is_positive());
            assert!(greeks.rho_call <= I256::ZERO && greeks.rho_put <= I256::ZERO);
        }
        Err(Error::ZeroPrice) => assert!(option.forward.is_zero() || option.strike.is_zero()),
        Err(error) => assert!(matches!(error, Error::Overflow | Error::RateOutOfRange)),
    }
}

/// Without a rate: parity to the unit, intrinsic value below, forward and strike above.
fn parity(option: &Black76) {
    let Prices { call, put } = option.prices().unwrap();
    let (forward, strike) = (option.forward, option.strike);
    assert!((call + strike).abs_diff(put + forward) <= U256::from(1), "{option:?}");
    assert!(call <= forward && call >= forward.saturating_sub(strike), "{option:?}");
    assert!(put <= strike && put >= strike.saturating_sub(forward), "{option:?}");
    let greeks = option.greeks();
    if let Ok(greeks) = greeks {
        let sum = greeks.delta_call - greeks.delta_put;
        assert!((sum - I256::try_from(ONE).unwrap()).abs() <= I256::try_from(1).unwrap());
    }
}

fn monotony(option: &Black76, more: U256) {
    let (base, slack) = (option.prices().unwrap(), slack(option) * U256::from(2));
    let vol = Black76 { volatility: option.volatility + more, ..*option }.prices().unwrap();
    assert!(base.call <= vol.call + slack && base.put <= vol.put + slack, "{option:?} {more}");
    let strike = option.strike + more.min(option.strike);
    let higher = Black76 { strike, ..*option };
    let slack = slack.max(crate::input::slack(&higher) * U256::from(2));
    let higher = higher.prices().unwrap();
    assert!(higher.call <= base.call + slack && base.put <= higher.put + slack, "{option:?} {more}");
    let forward = option.forward + more.min(option.forward);
    let dearer = Black76 { forward, ..*option };
    let slack = slack.max(crate::input::slack(&dearer) * U256::from(2));
    let dearer = dearer.prices().unwrap();
    assert!(base.call <= dearer.call + slack && dearer.put <= base.put + slack, "{option:?} {more}");
}
