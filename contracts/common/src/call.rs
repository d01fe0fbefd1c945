//! Calls to other contracts, typed by their interface.
//!
//! A target's revert data is passed on as it is. A target that reverts without data, has no code, or answers something
//! that can't be decoded gives `CallFailed(target)`.

use alloc::vec::Vec;

use alloy_primitives::{Address, B256};
use alloy_sol_types::SolCall;
use novate_abi::IErrors;
use stylus_sdk::stylus_core::Host;

use crate::{Input, Revert, host, refuse, selected};

/// Calls a view function of `target`.
///
/// # Errors
/// What the target reverts with, or `CallFailed(target)`.
pub fn view<C: SolCall>(
    _vm: &impl Host,
    target: Address,
    arguments: &C,
) -> Result<C::Return, Revert> {
    let data = view_bytes(target, &arguments.abi_encode())?;
    C::abi_decode_returns(&data).map_err(|_| failed(target))
}

/// Calls a function of `target` that may change state.
///
/// # Errors
/// What the target reverts with, or `CallFailed(target)`.
pub fn send<C: SolCall>(
    _vm: &impl Host,
    target: Address,
    arguments: &C,
) -> Result<C::Return, Revert> {
    let data = send_bytes(target, &arguments.abi_encode())?;
    C::abi_decode_returns(&data).map_err(|_| failed(target))
}

/// Calls a view function of `target` with these words and reads the answer with `read`.
///
/// # Errors
/// What the target reverts with, or `CallFailed(target)`.
pub fn ask<T>(
    target: Address,
    selector: [u8; 4],
    words: &[B256],
    read: impl FnOnce(&mut Input<'_>) -> Result<T, Revert>,
) -> Result<T, Revert> {
    let reply = view_bytes(target, &selected(selector, words))?;
    read_reply(target, &reply, read)
}

/// Calls a function of `target` that may change state with these words; its answer is left alone.
///
/// # Errors
/// What the target reverts with, or `CallFailed(target)`.
pub fn tell(target: Address, calldata: &[u8]) -> Result<(), Revert> {
    send_bytes(target, calldata).map(|_| ())
}

/// Reads the answer of `target`.
///
/// # Errors
/// `CallFailed(target)` if it can't be read.
pub fn read_reply<T>(
    target: Address,
    reply: &[u8],
    read: impl FnOnce(&mut Input<'_>) -> Result<T, Revert>,
) -> Result<T, Revert> {
    read(&mut Input::reply(reply)).map_err(|_| failed(target))
}

/// A static call on bytes.
pub fn view_bytes(target: Address, data: &[u8]) -> Result<Vec<u8>, Revert> {
    check(target, host::call(target, data, false))
}

/// A call on bytes.
pub(crate) fn send_bytes(target: Address, data: &[u8]) -> Result<Vec<u8>, Revert> {
    check(target, host::call(target, data, true))
}

/// `CallFailed(target)`.
pub(crate) fn failed(target: Address) -> Revert {
    refuse!(IErrors::CallFailed { target })
}

#[inline(never)]
fn check(target: Address, result: Result<Vec<u8>, Vec<u8>>) -> Result<Vec<u8>, Revert> {
    match result {
        Ok(data) if data.is_empty() && host::code_size(target) == 0 => Err(failed(target)),
        Ok(data) => Ok(data),
        Err(data) if !data.is_empty() => Err(Revert::from_data(data)),
        Err(_) => Err(failed(target)),
    }
}
