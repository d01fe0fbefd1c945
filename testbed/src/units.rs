//! Money, prices, quantities and instruments of tests: written as decimals, exact in what they become.

use alloy_primitives::{I256, U256};
use novate_risk::{Instrument, Strike};

pub const WAD: u128 = 1_000_000_000_000_000_000;
pub const ONE: u64 = 1_000_000_000_000_000_000;
pub const PERCENT: u64 = ONE / 100;
pub const MINUTE: u64 = 60;
pub const HOUR: u64 = 3_600;
pub const DAY: u64 = 24 * HOUR;

/// 18 decimals; exact to a millionth, which is what tokens and contracts are counted in.
pub fn wad(amount: f64) -> u128 {
    assert!(amount >= 0.0, "{amount}");
    (amount * 1e6).round() as u128 * (WAD / 1_000_000)
}

/// Units of the cash token.
pub fn units(amount: f64) -> U256 {
    U256::from((amount * 1e6).round() as u128)
}

/// Millionths of a contract.
pub fn contracts(quantity: f64) -> i64 {
    (quantity * 1e6).round() as i64
}

/// Signed money of 18 decimals.
pub fn money(amount: f64) -> I256 {
    let size = I256::try_from(wad(amount.abs())).unwrap();
    if amount < 0.0 { -size } else { size }
}

/// Money of 18 decimals as a number to compare and print.
pub fn dollars(amount: I256) -> f64 {
    let size = amount.unsigned_abs().to_string().parse::<f64>().unwrap() / 1e18;
    if amount.is_negative() { -size } else { size }
}

pub fn dollars_of(amount: U256) -> f64 {
    amount.to_string().parse::<f64>().unwrap() / 1e18
}

pub fn signed(amount: U256) -> I256 {
    I256::try_from(amount).unwrap()
}

fn hours(expiry: u64) -> u32 {
    assert_eq!(expiry % HOUR, 0);
    u32::try_from(expiry / HOUR).unwrap()
}

pub fn perpetual(underlying: u8) -> u64 {
    Instrument::perpetual(underlying).unwrap().id()
}

pub fn future(underlying: u8, expiry: u64) -> u64 {
    Instrument::future(underlying, hours(expiry)).unwrap().id()
}

fn strike(price: f64) -> Strike {
    Strike::from_wad(U256::from(wad(price))).unwrap()
}

pub fn call(underlying: u8, expiry: u64, price: f64) -> u64 {
    Instrument::call(underlying, hours(expiry), strike(price)).unwrap().id()
}

pub fn put(underlying: u8, expiry: u64, price: f64) -> u64 {
    Instrument::put(underlying, hours(expiry), strike(price)).unwrap().id()
}
