//! Reading Chainlink-style feeds: rounds, scaling to 18 decimals, and which answers are accepted.

use alloy_primitives::{Address, I256, aliases::U80};
use alloy_sol_types::SolCall;
use novate_abi::{IAggregator, IErrors};
use novate_common::{Revert, view};
use stylus_sdk::stylus_core::Host;

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
    let shift = u32::from(MAX_DECIMALS.checked_sub(decimals)?);
    let price = u128::try_from(answer).ok()?.checked_mul(10_u128.checked_pow(shift)?)?;
    (price > 0 && price <= MAX_PRICE).then_some(price)
}

/// The latest round; `None` if the feed has none or doesn't answer as a feed.
///
/// # Errors
/// `CallFailed` if the call may have failed for want of gas.
pub(crate) fn latest(vm: &impl Host, feed: Address) -> Result<Option<Round>, Revert> {
    let answer = ask(vm, feed, &IAggregator::latestRoundDataCall {})?;
    Ok(answer.and_then(|round| {
        let (started_at, updated_at) =
            (u64::try_from(round.startedAt).ok()?, u64::try_from(round.updatedAt).ok()?);
        let id = round.roundId.to_be_bytes::<10>();
        present(Round { id: id_of(id), answer: round.answer, started_at, updated_at })
    }))
}

/// A round by its id; `None` if there is none.
///
/// # Errors
/// `CallFailed` if the call may have failed for want of gas.
pub(crate) fn round(vm: &impl Host, feed: Address, id: u128) -> Result<Option<Round>, Revert> {
    let Ok(round_id) = U80::try_from(id) else { return Ok(None) };
    let answer = ask(vm, feed, &IAggregator::getRoundDataCall { roundId: round_id })?;
    Ok(answer.and_then(|round| {
        let (started_at, updated_at) =
            (u64::try_from(round.startedAt).ok()?, u64::try_from(round.updatedAt).ok()?);
        present(Round { id, answer: round.answer, started_at, updated_at })
    }))
}

fn present(round: Round) -> Option<Round> {
    (round.updated_at > 0).then_some(round)
}

fn id_of(bytes: [u8; 10]) -> u128 {
    let mut wide = [0; 16];
    for (to, from) in wide.iter_mut().skip(6).zip(bytes) {
        *to = from;
    }
    u128::from_be_bytes(wide)
}

/// Calls a feed. A feed that reverts has no answer: that is no error of the caller's, unless he starved it of gas.
fn ask<C: SolCall>(vm: &impl Host, feed: Address, call: &C) -> Result<Option<C::Return>, Revert> {
    match view(vm, feed, call) {
        Ok(answer) => Ok(Some(answer)),
        Err(_) if vm.evm_gas_left() < GAS_THAT_PROVES => {
            Err(IErrors::CallFailed { target: feed }.into())
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
