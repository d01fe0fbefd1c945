//! Calls to other contracts, typed by their interface.
//!
//! A target's revert data is passed on as it is. A target that reverts without data, has no code, or answers something
//! that can't be decoded gives `CallFailed(target)`.

use alloc::vec::Vec;

use alloy_primitives::{Address, U256};
use alloy_sol_types::SolCall;
use novate_abi::IErrors;
use stylus_sdk::{
    call::{call, static_call},
    stylus_core::{
        Host,
        calls::{Call, errors::Error},
    },
};

use crate::Revert;

/// Calls a view function of `target`.
///
/// # Errors
/// What the target reverts with, or `CallFailed(target)`.
pub fn view<C: SolCall>(
    vm: &impl Host,
    target: Address,
    arguments: &C,
) -> Result<C::Return, Revert> {
    let data = view_bytes(vm, target, &arguments.abi_encode())?;
    C::abi_decode_returns(&data).map_err(|_| failed(target))
}

/// Calls a function of `target` that may change state.
///
/// # Errors
/// What the target reverts with, or `CallFailed(target)`.
pub fn send<C: SolCall>(
    vm: &impl Host,
    target: Address,
    arguments: &C,
) -> Result<C::Return, Revert> {
    let data = send_bytes(vm, target, &arguments.abi_encode())?;
    C::abi_decode_returns(&data).map_err(|_| failed(target))
}

/// [`view`] on bytes.
pub(crate) fn view_bytes(vm: &impl Host, target: Address, data: &[u8]) -> Result<Vec<u8>, Revert> {
    check(vm, target, static_call(vm, Call::new(), target, data))
}

/// [`send`] on bytes.
pub(crate) fn send_bytes(vm: &impl Host, target: Address, data: &[u8]) -> Result<Vec<u8>, Revert> {
    check(vm, target, call(vm, Call::new().value(U256::ZERO), target, data))
}

/// `CallFailed(target)`.
pub(crate) fn failed(target: Address) -> Revert {
    IErrors::CallFailed { target }.into()
}

fn check(
    vm: &impl Host,
    target: Address,
    result: Result<Vec<u8>, Error>,
) -> Result<Vec<u8>, Revert> {
    match result {
        Ok(data) if data.is_empty() && vm.code_size(target) == 0 => Err(failed(target)),
        Ok(data) => Ok(data),
        Err(Error::Revert(data)) if !data.is_empty() => Err(Revert::from_data(data)),
        Err(_) => Err(failed(target)),
    }
}
