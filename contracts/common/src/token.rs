//! ERC-20 tokens as they are: some return nothing, some return false, some keep a part of what is sent.
//!
//! Everything that fails is `TransferFailed(token)`, except that a token's own revert data is passed on.

use alloc::vec::Vec;

use alloy_primitives::{Address, U256};
use alloy_sol_types::SolCall;
use novate_abi::{
    IClearing::TransferFailed,
    IERC20::{balanceOfCall, decimalsCall, transferCall, transferFromCall},
};
use stylus_sdk::stylus_core::Host;

use crate::{
    Revert,
    call::{send_bytes, view},
};

/// Decimals of the token's amounts.
///
/// # Errors
/// `CallFailed(token)`.
pub fn decimals(vm: &impl Host, token: Address) -> Result<u8, Revert> {
    view(vm, token, &decimalsCall {})
}

/// What this contract holds, in token decimals.
///
/// # Errors
/// `CallFailed(token)`.
pub fn balance(vm: &impl Host, token: Address) -> Result<U256, Revert> {
    view(vm, token, &balanceOfCall { account: vm.contract_address() })
}

/// Sends `amount` (token decimals) to `receiver`.
///
/// # Errors
/// `TransferFailed(token)`, or the token's own.
pub fn pay(vm: &impl Host, token: Address, receiver: Address, amount: U256) -> Result<(), Revert> {
    accepted(vm, token, &transferCall { to: receiver, amount }.abi_encode())
}

/// Takes `amount` (token decimals) from `sender` by its allowance and tells what arrived: the difference of balances.
///
/// # Errors
/// `TransferFailed(token)` also if the balance fell, or the token's own.
pub fn take(vm: &impl Host, token: Address, sender: Address, amount: U256) -> Result<U256, Revert> {
    let before = balance(vm, token)?;
    let call = transferFromCall { from: sender, to: vm.contract_address(), amount };
    accepted(vm, token, &call.abi_encode())?;
    balance(vm, token)?.checked_sub(before).ok_or_else(|| TransferFailed { token }.into())
}

/// Sends and takes the answer for yes if it is empty (a code-less token is refused) or true.
fn accepted(vm: &impl Host, token: Address, call: &[u8]) -> Result<(), Revert> {
    let answer: Vec<u8> = send_bytes(vm, token, call)?;
    match answer.split_last() {
        None => Ok(()),
        Some((1, zeros)) if zeros.len() == 31 && zeros.iter().all(|byte| *byte == 0) => Ok(()),
        Some(_) => Err(TransferFailed { token }.into()),
    }
}
