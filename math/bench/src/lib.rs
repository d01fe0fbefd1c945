//! The functions of `novate-math` as exports of a WASM module, to be metered. Numbers come as 64-bit halves; results are folded
//! into one word, so that nothing is optimised away.

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

mod kernels;
mod numbers;
