//! Implied volatility: total on hostile numbers, and a round trip on plausible markets.

use arbitrary::Arbitrary;
use novate_math::{Black76, Error, I256, Prices, Quote, Right, U256};

use crate::input::{Market, Wide, slack};

/// Any quote, and a market.
#[derive(Debug, Arbitrary)]
pub struct Input {
    forward: Wide,
    strike: Wide,
    seconds: u64,
    rate: Wide,
    price: Wide,
    is_call: bool,
    market: Market,
}

/// Total; every volatility found gives the price back.
pub fn check(input: &Input) {
    let right = if input.is_call { Right::Call } else { Right::Put };
    let quote = Quote {
        forward: input.forward.unsigned(),
        strike: input.strike.unsigned(),
        seconds: input.seconds,
        rate: input.rate.signed(),
        right,
        price: input.price.unsigned(),
    };
    match quote.implied_volatility() {
        Ok(_) | Err(Error::Overflow | Error::PriceAboveMaximum | Error::PriceBelowIntrinsic) => {}
        Err(Error::ZeroPrice) => assert!(quote.forward.is_zero() || quote.strike.is_zero()),
        Err(error) => assert_eq!(error, Error::RateOutOfRange),
    }
    let option = input.market.option();
    round_trip(&option, right, price(&option, right));
    // Without a rate, any price between intrinsic value and the forward (call) or strike (put) has a volatility.
    let option = Black76 { rate: I256::ZERO, seconds: option.seconds.max(1), ..option };
    let (low, high) = match right {
        Right::Call => (option.forward.saturating_sub(option.strike), option.forward),
        Right::Put => (option.strike.saturating_sub(option.forward), option.strike),
    };
    let part = ((high - low) * U256::from(input.seconds)) >> 64;
    let quoted = low + part;
    if quoted < high {
        let volatility = quote_of(&option, right, quoted).implied_volatility();
        assert!(volatility.is_ok(), "{option:?} {quoted}: {volatility:?}");
        round_trip(&option, right, quoted);
    }
}

fn quote_of(option: &Black76, right: Right, price: U256) -> Quote {
    let Black76 { forward, strike, seconds, rate, .. } = *option;
    Quote { forward, strike, seconds, rate, right, price }
}

fn price(option: &Black76, right: Right) -> U256 {
    let Prices { call, put } = option.prices().unwrap();
    match right {
        Right::Call => call,
        Right::Put => put,
    }
}

fn round_trip(option: &Black76, right: Right, quoted: U256) {
    if option.seconds == 0 {
        return;
    }
    // A price at its limits may be refused: it is rounded.
    match quote_of(option, right, quoted).implied_volatility() {
        Ok(volatility) => {
            let again = price(&Black76 { volatility, ..*option }, right);
            let slack = slack(option) * U256::from(3);
            assert!(again.abs_diff(quoted) <= slack, "{option:?} {quoted} {volatility} {again}");
        }
        Err(error) => assert!(
            matches!(error, Error::PriceAboveMaximum | Error::PriceBelowIntrinsic),
            "{option:?} {quoted}: {error}"
        ),
    }
}
