//! The market of an underlying as publishers sign it: prices with 18 decimals, rates and surfaces with 9, confidences with 4.

use alloy_primitives::aliases::{I40, U40};
use novate_abi::IOracle::ExpiryUpdate;

use crate::model::Svi;
use crate::units;

/// A confidence of 1.
pub const CERTAIN: u16 = 10_000;

/// An expiry's forward, rate and surface.
pub fn expiry_update(expiry: u64, forward: f64, rate: f64, surface: &Svi) -> ExpiryUpdate {
    let signed = |value: f64| I40::try_from(units::nanos(value)).unwrap_or(I40::MAX);
    let small = |value: f64| u32::try_from(units::nanos(value)).unwrap_or_default();
    ExpiryUpdate {
        expiry,
        forward: units::price(forward),
        rate: small(rate),
        a: signed(surface.a),
        b: small(surface.b),
        rho: i32::try_from(units::nanos(surface.rho)).unwrap_or_default(),
        m: signed(surface.m),
        sigma: U40::saturating_from(units::nanos(surface.sigma).max(0)),
        forwardConfidence: CERTAIN,
        rateConfidence: CERTAIN,
        volatilityConfidence: CERTAIN,
    }
}
