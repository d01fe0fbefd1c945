//! What was taken from earlier houses, tried on this one: each test is an attack, on the real contracts together, and asserts that nothing
//! comes out, that nobody is immune, and that settlement ends.
//!
//! Not here, because chain and testbed can't express them: condors and short-dated calls on recorded chains (the risk crate's coverage study),
//! margin modes (they aren't on chain), first class, relay fees and the staked fund (they aren't built).

#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::float_arithmetic,
    clippy::float_cmp,
    clippy::manual_assert,
    clippy::manual_midpoint,
    clippy::needless_borrows_for_generic_args,
    clippy::panic,
    clippy::semicolon_if_nothing_returned,
    clippy::single_element_loop,
    clippy::unwrap_used,
    non_snake_case,
    clippy::missing_const_for_fn,
    clippy::similar_names,
    clippy::too_many_lines,
    missing_docs,
    reason = "test code"
)]

mod auctions;
mod broken;
mod governance;
mod marks;
mod messages;
mod payments;
mod pool;
mod settlements;

use novate_testbed::{House, Trader, house};

/// The greatest of [0, most] for which `fits` holds, to a millionth of `most`.
fn largest(most: f64, fits: impl Fn(f64) -> bool) -> f64 {
    let (mut least, mut most) = (0.0, most);
    if fits(most) {
        return most;
    }
    for _ in 0..40 {
        let middle = f64::midpoint(least, most);
        if fits(middle) { least = middle } else { most = middle }
    }
    (least * 1e6).floor() / 1e6
}

/// A house without fees, with somebody who lent it `pool`, and a depositor of 2,000,000 who does nothing.
fn house_with(pool: f64) -> (House, Trader, Trader) {
    let house = House::new();
    house.no_fees();
    let lender = house.trader(801);
    if pool > 0.0 {
        house.fund(&lender, pool);
        house.lend(&lender, pool).unwrap();
    }
    let depositor = house.funded(802, 2_000_000.0);
    (house, lender, depositor)
}

/// The depositor's cash is there to the last unit, in tokens.
fn leaves_whole(house: &House, depositor: &Trader) {
    house.check();
    let paid = house.world.trying(|_| {
        let before = house.wallet(depositor);
        house.withdraw(depositor, 2_000_000.0).unwrap();
        house.wallet(depositor) - before
    });
    assert!((paid - 2_000_000.0).abs() < 1e-6, "{paid}");
}

/// Nobody of the group owes what he hasn't.
fn nobody_sinks(house: &House, group: &[&Trader]) {
    house.check();
    for trader in group {
        let figures = house.figures(trader);
        assert!(figures.last_equity > -1e-9, "{figures:?}");
    }
}

fn close(left: f64, right: f64, within: f64) {
    assert!((left - right).abs() <= within, "{left} and {right} differ by more than {within}");
}

#[test]
fn a_house_opens() {
    let (house, lender, depositor) = house_with(1_000_000.0);
    house.check();
    leaves_whole(&house, &depositor);
    house.redeem(&lender, 1_000_000.0).unwrap();
    house.check();
    close(house.mark(novate_testbed::perpetual(house::ETH)), 3_000.0, 1e-9);
}
