//! ERC-20 tokens as they are: some return nothing, some return false, some keep a part of what is sent.
//!
//! Everything that fails is `TransferFailed(token)`, except that a token's own revert data is passed on.

use alloy_primitives::{Address, U256};
use alloy_sol_types::SolCall;
use novate_abi::{
    IClearing::TransferFailed,
    IERC20::{balanceOfCall, decimalsCall, transferCall, transferFromCall},
};

use crate::{Revert, ask, call::send_bytes, host, refuse, selected};

/// Decimals of the token's amounts.
///
/// # Errors
/// `CallFailed(token)`.
pub fn decimals(token: &Address) -> Result<u8, Revert> {
    ask(token, &decimalsCall::SELECTOR)?.u8(0)
}

/// What this contract holds, in token decimals.
///
/// # Errors
/// `CallFailed(token)`.
pub fn balance(token: &Address) -> Result<U256, Revert> {
    ask(token, &selected![balanceOfCall::SELECTOR, host::this()])?.u256(0)
}

/// Sends `amount` (token decimals) to `receiver`.
///
/// # Errors
/// `TransferFailed(token)`, or the token's own.
pub fn pay(token: &Address, receiver: &Address, amount: &U256) -> Result<(), Revert> {
    accepted(token, &selected![transferCall::SELECTOR, *receiver, *amount])
}

/// Takes `amount` (token decimals) from `sender` by its allowance and tells what arrived: the difference of balances.
///
/// # Errors
/// `TransferFailed(token)` also if the balance fell, or the token's own.
pub fn take(token: &Address, sender: &Address, amount: &U256) -> Result<U256, Revert> {
    let before = balance(token)?;
    let call = selected![transferFromCall::SELECTOR, *sender, host::this(), *amount];
    accepted(token, &call)?;
    balance(token)?.checked_sub(before).ok_or_else(|| refuse!(TransferFailed { token: *token }))
}

/// Sends and takes the answer for yes if it is empty (a token without code is refused) or true.
fn accepted(token: &Address, call: &[u8]) -> Result<(), Revert> {
    let answer = send_bytes(*token, call)?;
    match answer.split_last() {
        None => Ok(()),
        Some((1, zeros)) if zeros.len() == 31 && zeros.iter().all(|byte| *byte == 0) => Ok(()),
        Some(_) => Err(refuse!(TransferFailed { token: *token })),
    }
}
