//! What the risk crate refuses, as errors of the interface; and arithmetic that refuses instead of wrapping.

use alloy_primitives::{B256, I256, U256};
use novate_abi::{
    IClearing::{InvalidQuantity, TooManyPositions},
    IErrors,
};
use novate_common::{Revert, refuse};
use novate_risk::Error;

/// The error for something that was done to `account`.
#[cold]
#[inline(never)]
pub(crate) fn refused(account: B256, error: Error) -> Revert {
    match error {
        Error::InvalidInstrument(id) => refuse!(IErrors::InvalidInstrument { id }),
        Error::ZeroQuantity(instrument) | Error::QuantityOutOfRange(instrument) => {
            refuse!(InvalidQuantity { instrument })
        }
        Error::BookTooLarge { limit, .. } => {
            let limit = u64::try_from(limit).unwrap_or(u64::MAX);
            refuse!(TooManyPositions { account, limit: U256::from(limit) })
        }
        // Cash out of range; the others can't arise from a stored book.
        _ => overflow(),
    }
}

/// `ArithmeticOverflow`.
#[cold]
#[inline(never)]
pub(crate) fn overflow() -> Revert {
    refuse!(IErrors::ArithmeticOverflow {})
}

/// Money as the ledger keeps it.
#[inline(never)]
pub(crate) fn narrow(money: I256) -> Result<i128, Revert> {
    i128::try_from(money).map_err(|_| overflow())
}

/// Money as books keep it.
#[inline(never)]
pub(crate) fn widen(money: i128) -> I256 {
    let size = I256::from_raw(U256::from(money.unsigned_abs()));
    if money < 0 { size.wrapping_neg() } else { size }
}
