//! The bench module, and the functions whose ink is not followed: a module of its own, because one more caller changes what
//! the compiler inlines, and with it the ink.

#![allow(unsafe_code, reason = "exports need unmangled names")]
#![allow(
    clippy::missing_const_for_fn,
    clippy::too_many_arguments,
    reason = "exports are called from outside"
)]
#![cfg_attr(
    not(target_arch = "wasm32"),
    allow(dead_code, reason = "only the WASM module exports them")
)]

mod further;
#[path = "../../src/kernels.rs"]
mod kernels;
#[path = "../../src/numbers.rs"]
mod numbers;
