//! Reading Chainlink-style feeds: rounds, scaling to 18 decimals, and which answers are accepted.

use alloy_primitives::{Address, I256};
use alloy_sol_types::SolCall;
use novate_abi::{IAggregator, IErrors, words::wide};
use novate_common::{Revert, ask, halves, refuse, selected};
use stylus_sdk::{host::WasmVM, stylus_core::MeteringAccess};

/// Most that a price may be, 18 decimals: 1e15.
pub(crate) const MAX_PRICE: u128 = 1_000_000_000_000_000_000_000_000_000_000_000;
/// Most decimals of a feed.
pub(crate) const MAX_DECIMALS: u8 = 18;
/// With less gas left after a call that failed, the call may have failed for want of gas: it had 63 times this.
const GAS_THAT_PROVES: u64 = 30_000;

/// One round of a feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Round {
    /// Phase << 64 | round of the phase.
    pub(crate) id: u128,
    /// In the feed's decimals.
    pub(crate) answer: I256,
    /// Unix seconds.
    pub(crate) started_at: u64,
    /// Unix seconds, above 0.
    pub(crate) updated_at: u64,
}

/// The answer of a feed as a price with 18 decimals, if it is one: above 0, at most [`MAX_PRICE`].
pub(crate) fn price(answer: I256, decimals: u8) -> Option<u128> {
    let [low, high, 0, 0] = answer.into_raw().into_limbs() else { return None };
    let mut price = wide(high, low);
    for _ in decimals..MAX_DECIMALS {
        price = price.checked_mul(10)?;
    }
    (price > 0 && price <= MAX_PRICE && decimals <= MAX_DECIMALS).then_some(price)
}

/// The latest round; `None` if the feed has none or doesn't answer as a feed.
///
/// # Errors
/// `CallFailed` if the call may have failed for want of gas.
pub(crate) fn latest(feed: &Address) -> Result<Option<Round>, Revert> {
    round_of(feed, &selected![IAggregator::latestRoundDataCall::SELECTOR])
}

/// A round by its id; `None` if there is none.
///
/// # Errors
/// `CallFailed` if the call may have failed for want of gas.
pub(crate) fn round(feed: &Address, id: u128) -> Result<Option<Round>, Revert> {
    if id >> 80 != 0 {
        return Ok(None);
    }
    let round = round_of(feed, &selected![IAggregator::getRoundDataCall::SELECTOR, id])?;
    Ok(round.map(|round| Round { id, ..round }))
}

/// A feed that reverts has no answer: that is no error of the caller's, unless he starved it of gas.
#[inline(never)]
fn round_of(feed: &Address, calldata: &[u8]) -> Result<Option<Round>, Revert> {
    let answer = ask(feed, calldata).and_then(|reply| {
        Ok(Round {
            id: reply.word(0).map(|word| halves(&word).1)?,
            answer: reply.i256(1)?,
            started_at: reply.u64(2)?,
            updated_at: reply.u64(3)?,
        })
    });
    match answer {
        Ok(round) => Ok((round.updated_at > 0).then_some(round)),
        Err(_) if WasmVM {}.evm_gas_left() < GAS_THAT_PROVES => {
            Err(refuse!(IErrors::CallFailed { target: *feed }))
        }
        Err(_) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_scaled_to_eighteen_decimals() {
        let answer = |value: i64| I256::try_from(value).unwrap();
        assert_eq!(price(answer(300_012_345_678), 8), Some(3_000_123_456_780_000_000_000));
        assert_eq!(price(answer(5), 18), Some(5));
        assert_eq!(price(answer(1), 0), Some(1_000_000_000_000_000_000));
    }

    #[test]
    fn what_is_no_price_is_refused() {
        assert_eq!(price(I256::ZERO, 8), None);
        assert_eq!(price(I256::MINUS_ONE, 8), None);
        assert_eq!(price(I256::MAX, 8), None);
        assert_eq!(price(I256::ONE, 19), None);
        assert_eq!(price(I256::try_from(MAX_PRICE + 1).unwrap(), 18), None);
    }
}
