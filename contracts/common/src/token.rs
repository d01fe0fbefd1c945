//! ERC-20 tokens as they are: some return nothing, some return false, some keep a part of what is sent.
//!
//! Everything that fails is `TransferFailed(token)`, except that a token's own revert data is passed on, up to 256 bytes. Of an
//! answer one word is read, however long it is.

use alloy_primitives::{Address, U256};
use alloy_sol_types::SolCall;
use novate_abi::{
    IClearing::TransferFailed,
    IERC20::{balanceOfCall, decimalsCall, transferCall, transferFromCall},
};

use crate::{
    Revert,
    call::{ask_stranger, call_stranger},
    host, refuse, selected,
};

/// Decimals of the token's amounts.
///
/// # Errors
/// `CallFailed(token)`.
pub fn decimals(token: &Address) -> Result<u8, Revert> {
    ask_stranger(*token, &decimalsCall::SELECTOR)?.u8(0)
}

/// What this contract holds, in token decimals.
///
/// # Errors
/// `CallFailed(token)`.
pub fn balance(token: &Address) -> Result<U256, Revert> {
    ask_stranger(*token, &selected![balanceOfCall::SELECTOR, host::this()])?.u256(0)
}

/// Sends `amount` (token decimals) to `receiver`.
///
/// # Errors
/// `TransferFailed(token)`, or the token's own.
pub fn pay(token: &Address, receiver: &Address, amount: &U256) -> Result<(), Revert> {
    accepted(token, &selected![transferCall::SELECTOR, *receiver, *amount])
}

/// What arrived of a transfer to this contract, and what it held before; token decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrived {
    /// The difference of balances.
    pub amount: U256,
    /// The balance before.
    pub before: U256,
}

/// Takes `amount` (token decimals) from `sender` by its allowance and tells what arrived: the difference of balances.
///
/// # Errors
/// `TransferFailed(token)` also if the balance fell, or the token's own.
pub fn take(token: &Address, sender: &Address, amount: &U256) -> Result<Arrived, Revert> {
    let before = balance(token)?;
    let call = selected![transferFromCall::SELECTOR, *sender, host::this(), *amount];
    accepted(token, &call)?;
    let amount = balance(token)?
        .checked_sub(before)
        .ok_or_else(|| refuse!(TransferFailed { token: *token }))?;
    Ok(Arrived { amount, before })
}

/// Offers a permit, which may fail: somebody may have used it already.
pub fn permit(token: &Address, call: &[u8]) {
    let _ = call_stranger(*token, call, true);
}

/// Sends and takes the answer for yes if it is empty (a token without code is refused) or begins with true.
fn accepted(token: &Address, call: &[u8]) -> Result<(), Revert> {
    let answer = call_stranger(*token, call, true)?;
    match answer.data.split_last() {
        None if answer.length == 0 => Ok(()),
        Some((1, zeros)) if zeros.len() == 31 && zeros.iter().all(|byte| *byte == 0) => Ok(()),
        _ => Err(refuse!(TransferFailed { token: *token })),
    }
}
