#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]
#![allow(clippy::many_single_char_names, reason = "formulas keep the letters of their papers")]

pub mod accuracy;
pub mod kernel;

mod black76;
mod error;
mod ewma;
mod exp;
mod greeks;
mod implied_volatility;
mod limbs;
mod ln;
mod normal;
mod sqrt;
mod svi;
mod wad;

pub use alloy_primitives::{I256, U256};

pub use black76::{Black76, Prices};
pub use error::Error;
pub use ewma::{correlation, ewma_covariance, ewma_variance};
pub use exp::{exp, exp_down, exp_up};
pub use greeks::Greeks;
pub use implied_volatility::{Quote, Right};
pub use ln::{ln, ln_down, ln_up, log2, pow};
pub use normal::{normal_cdf, normal_complement, normal_inverse, normal_pdf};
pub use sqrt::{sqrt_down, sqrt_up};
pub use svi::Svi;
pub use wad::{ONE, WAD, div_down, div_up, mul_div_down, mul_div_up, mul_down, mul_up};
