//! Settlement in any order.

use std::vec::Vec;

use alloy_primitives::Address;
use alloy_sol_types::SolEvent;
use novate_abi::IClearing;

use super::bench::*;

fn settle(owners: &[Address]) -> IClearing::settleCall {
    IClearing::settleCall { accounts: owners.iter().map(|owner| account(*owner)).collect() }
}

fn traded() -> Bench {
    let bench = Bench::new();
    bench.fund(ALICE, 10_000);
    bench.fund(BOB, 10_000);
    bench.send(VENUE, &buys(call(), 2 * CONTRACT, 100 * ONE));
    bench.send(VENUE, &sells(future(), CONTRACT, 3_000 * ONE));
    bench.send(VENUE, &buys(perpetual(), CONTRACT, 3_000 * ONE));
    bench.world.set_timestamp(expiry());
    bench
}

#[test]
fn expired_positions_become_cash_and_the_rest_stays() {
    let bench = traded();
    bench.settle_at(3_400 * ONE);
    bench.send(VENUE, &settle(&[ALICE]));
    // 10,000 - 200 premium + 2 * 400 payoff - 400 of the future.
    assert_eq!(bench.cash(ALICE), 10_200 * ONE.cast_signed());
    let held: Vec<u64> = bench.positions(ALICE).iter().map(|held| held.instrument).collect();
    assert_eq!(held, [perpetual()]);
    assert_eq!(bench.ledger().1, -400 * ONE.cast_signed());
    bench.check_balance(&[ALICE, BOB]);
    let settled = |log: &novate_common::testing::Log| {
        IClearing::Settled::decode_raw_log(log.1.iter().copied(), &log.2).ok()
    };
    let event = bench.world.logs().iter().rev().find_map(settled).unwrap();
    assert_eq!((event.instrument, event.quantity), (call(), 2_000_000));
    assert_eq!(event.cashflow, signed(800 * ONE.cast_signed()));
    bench.send(ALICE, &settle(&[BOB]));
    assert_eq!(bench.cash(BOB), 9_800 * ONE.cast_signed());
    assert_eq!(bench.ledger().1, 0);
    bench.check_balance(&[ALICE, BOB]);
    let open = |expiry| bench.send(ALICE, &IClearing::openInterestCall { underlying: 1, expiry });
    assert_eq!((open(expiry()), open(0)), (0, 1_000_000));
}

#[test]
fn settling_waits_for_a_final_price() {
    let bench = traded();
    let error = encoded(&IClearing::SettlementNotFinal { instrument: future() });
    assert_eq!(bench.refusal(VENUE, &settle(&[ALICE])), error);
}

#[test]
fn settling_again_changes_nothing() {
    let bench = traded();
    bench.settle_at(2_000 * ONE);
    bench.send(VENUE, &settle(&[ALICE, BOB, ALICE]));
    let (cash, nonce) = (bench.cash(ALICE), bench.nonce(ALICE));
    bench.send(VENUE, &settle(&[ALICE, BOB, VENUE]));
    assert_eq!((bench.cash(ALICE), bench.nonce(ALICE)), (cash, nonce));
    assert_eq!(bench.nonce(VENUE), 0);
}

#[test]
fn nothing_is_settled_before_expiry() {
    let bench = traded();
    bench.world.set_timestamp(expiry() - 1);
    bench.settle_at(2_000 * ONE);
    bench.send(VENUE, &settle(&[ALICE, BOB]));
    assert_eq!(bench.positions(ALICE).len(), 3);
}
