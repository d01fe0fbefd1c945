//! The way into a contract: refuse value and re-entry, find the function, answer.
//!
//! A contract answers `UnknownSelector` to what it doesn't know, `ValueNotAccepted` to ether (no function takes any),
//! and `Reentrant` when it is entered again while it is at work. The host counts entries of an address over the whole
//! transaction, so the lock needs no storage slot and can't be left closed.

use alloc::vec::Vec;

use alloy_sol_types::SolCall;
use novate_abi::IErrors;
use stylus_sdk::stylus_core::{HostAccess, MessageAccess};

use crate::{Input, Revert, refuse};

/// What a function answers: return data or revert data.
pub type Answer = Result<Vec<u8>, Revert>;

/// A contract: storage with functions.
pub trait Contract: HostAccess {
    /// Answers the function of `selector`, or `UnknownSelector`.
    ///
    /// # Errors
    /// Whatever the function refuses with.
    fn route(&mut self, selector: [u8; 4], input: &mut Input<'_>) -> Answer;
}

/// Answers a call.
///
/// # Errors
/// `ValueNotAccepted`, `Reentrant`, `UnknownSelector`, or what the function refuses with.
pub fn answer<C: Contract>(contract: &mut C, calldata: &[u8]) -> Answer {
    let vm = contract.vm();
    let value = vm.msg_value();
    if !value.is_zero() {
        return Err(refuse!(IErrors::ValueNotAccepted { value }));
    }
    if vm.msg_reentrant() {
        return Err(refuse!(IErrors::Reentrant {}));
    }
    let mut selector = [0; 4];
    for (to, from) in selector.iter_mut().zip(calldata) {
        *to = *from;
    }
    contract.route(selector, &mut Input::new(calldata))
}

/// Return data of a function that returns `value`.
///
/// # Errors
/// None: the type is that of [`Contract::route`].
pub fn returns<C: SolCall>(value: &C::Return) -> Answer {
    Ok(C::abi_encode_returns(value))
}

/// Return data of a function that returns nothing.
///
/// # Errors
/// None: the type is that of [`Contract::route`].
pub const fn empty() -> Answer {
    Ok(Vec::new())
}

/// Exports a contract type as the program of its crate.
#[macro_export]
macro_rules! entrypoint {
    ($contract:ty) => {
        #[cfg(target_arch = "wasm32")]
        #[allow(unsafe_code, reason = "the host looks the entry point up by name")]
        #[unsafe(no_mangle)]
        extern "C" fn user_entrypoint(length: usize) -> usize {
            $crate::run::<$contract>(length)
        }
    };
}

/// Runs one call of the program: the body of the entry point.
#[cfg(target_arch = "wasm32")]
pub fn run<C: Contract + stylus_sdk::storage::StorageType>(length: usize) -> usize {
    use alloy_primitives::U256;
    use stylus_sdk::{
        host::{VM, WasmVM},
        stylus_core::{CalldataAccess, MemoryAccess, StorageAccess},
    };

    let vm = VM { host: WasmVM {} };
    // Free; the reference makes the linker import the function, through which the host meters memory growth.
    vm.pay_for_memory_grow(0);
    let calldata = vm.read_args(length);
    #[allow(unsafe_code, reason = "constructs the storage root")]
    // SAFETY: the one storage accessor of this call; nothing else aliases slot 0.
    let mut contract = unsafe { C::new(U256::ZERO, 0, vm.clone()) };
    match answer(&mut contract, &calldata) {
        Ok(data) => {
            vm.flush_cache(false);
            vm.write_result(&data);
            0
        }
        Err(revert) => {
            vm.write_result(revert.data());
            1
        }
    }
}
