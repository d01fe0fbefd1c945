//! Fills: cash, references, fees, open interest, and who may be left with what.

use std::vec::Vec;

use alloy_primitives::U256;
use alloy_sol_types::SolEvent;
use novate_abi::{IClearing, IErrors, IGoverned};
use novate_risk::{Instrument, Strike};

use super::bench::*;

fn funded() -> Bench {
    let bench = Bench::new();
    bench.fund(ALICE, 10_000);
    bench.fund(BOB, 10_000);
    bench
}

fn money(units: i128) -> i128 {
    units * ONE.cast_signed()
}

#[test]
fn a_premium_moves_cash_at_once() {
    let bench = funded();
    bench.send(VENUE, &buys(call(), 2 * CONTRACT, 150 * ONE));
    assert_eq!((bench.cash(ALICE), bench.cash(BOB)), (money(9_700), money(10_300)));
    let held = bench.positions(ALICE);
    assert_eq!((held[0].instrument, held[0].quantity), (call(), 2_000_000));
    assert_eq!((held[0].referencePrice, held[0].fundingReference), (0, 0));
    assert_eq!(bench.positions(BOB)[0].quantity, -2_000_000);
    bench.check_balance(&[ALICE, BOB]);
    assert_eq!(bench.ledger().1, 0);
}

#[test]
fn a_gain_of_a_perpetual_moves_at_the_next_fill() {
    let bench = funded();
    bench.send(VENUE, &buys(perpetual(), 2 * CONTRACT, 3_000 * ONE));
    assert_eq!((bench.cash(ALICE), bench.cash(BOB)), (money(10_000), money(10_000)));
    assert_eq!(bench.positions(ALICE)[0].referencePrice, 3_000 * ONE);
    bench.told.borrow_mut().funding = 5 * ONE.cast_signed();
    bench.send(VENUE, &sells(perpetual(), CONTRACT, 3_100 * ONE));
    // 2 (3100 - 3000) - 2 * 5
    assert_eq!((bench.cash(ALICE), bench.cash(BOB)), (money(10_190), money(9_810)));
    let held = bench.positions(ALICE);
    assert_eq!((held[0].quantity, held[0].referencePrice), (1_000_000, 3_100 * ONE));
    assert_eq!(held[0].fundingReference, 5 * ONE.cast_signed());
    bench.check_balance(&[ALICE, BOB]);
    bench.send(VENUE, &sells(perpetual(), CONTRACT, 3_000 * ONE));
    assert_eq!((bench.cash(ALICE), bench.cash(BOB)), (money(10_090), money(9_910)));
    assert!(bench.positions(ALICE).is_empty());
    assert!(bench.positions(BOB).is_empty());
    assert_eq!(bench.ledger().1, 0);
}

#[test]
fn variation_bridges_the_time_between_the_touches_of_two_sides() {
    let bench = funded();
    let third = alloy_primitives::Address::repeat_byte(0xc3);
    bench.fund(third, 10_000);
    bench.send(VENUE, &buys(future(), CONTRACT, 3_000 * ONE));
    let (buyer, seller) = (account(third), account(ALICE));
    let fill = IClearing::Fill {
        instrument: future(),
        quantity: CONTRACT,
        price: 3_200 * ONE,
        buyer,
        seller,
        buyerIsMaker: false,
    };
    bench.send(VENUE, &IClearing::fillCall { fills: Vec::from([fill]) });
    assert_eq!(bench.cash(ALICE), money(10_200));
    assert_eq!(bench.cash(BOB), money(10_000));
    assert_eq!(bench.ledger().1, money(-200));
    bench.check_balance(&[ALICE, BOB, third]);
}

#[test]
fn a_batch_asks_margin_once_and_checks_the_end() {
    let bench = funded();
    bench.told.borrow_mut().rate = 6_000 * ONE;
    let mut call = buys(perpetual(), 2 * CONTRACT, 3_000 * ONE);
    call.fills.extend(sells(perpetual(), CONTRACT, 3_000 * ONE).fills);
    bench.send(VENUE, &call);
    assert_eq!(bench.told.borrow().asked, 1);
    assert_eq!(bench.positions(ALICE)[0].quantity, 1_000_000);
    assert_eq!(bench.nonce(ALICE), 2);
}

#[test]
fn an_account_that_ends_flat_is_not_judged() {
    let bench = funded();
    bench.send(VENUE, &buys(perpetual(), CONTRACT, 3_000 * ONE));
    bench.told.borrow_mut().validity = 0;
    bench.send(VENUE, &sells(perpetual(), CONTRACT, 3_000 * ONE));
    assert!(bench.positions(ALICE).is_empty());
}

#[test]
fn risk_is_added_only_within_the_initial_requirement() {
    let bench = funded();
    let required = U256::from(10_100 * ONE);
    let equity = signed(money(10_000));
    let error = encoded(&IClearing::MarginShortfall { account: account(ALICE), required, equity });
    assert_eq!(bench.refusal(VENUE, &buys(perpetual(), 101 * CONTRACT, 3_000 * ONE)), error);
    bench.send(VENUE, &buys(perpetual(), 100 * CONTRACT, 3_000 * ONE));
    bench.check_balance(&[ALICE, BOB]);
}

#[test]
fn risk_is_added_only_on_valid_data_and_reduced_on_worse() {
    let bench = funded();
    bench.send(VENUE, &buys(perpetual(), 50 * CONTRACT, 3_000 * ONE));
    bench.told.borrow_mut().validity = 1;
    let error = encoded(&IErrors::MarketNotValid { level: 1, needed: 4 });
    assert_eq!(bench.refusal(VENUE, &buys(perpetual(), CONTRACT, 3_000 * ONE)), error);
    bench.send(VENUE, &sells(perpetual(), CONTRACT, 3_000 * ONE));
    bench.told.borrow_mut().validity = 0;
    let error = encoded(&IErrors::MarketNotValid { level: 0, needed: 4 });
    assert_eq!(bench.refusal(VENUE, &sells(perpetual(), CONTRACT, 3_000 * ONE)), error);
}

#[test]
fn a_short_account_may_still_reduce_but_not_at_a_price_that_hurts() {
    let bench = funded();
    bench.send(VENUE, &buys(perpetual(), 90 * CONTRACT, 3_000 * ONE));
    // Alice's equity falls to 10,000 - 90 * 50 = 5,500 against 9,000 of initial and 4,500 of maintenance requirement.
    bench.told.borrow_mut().marks.insert(perpetual(), 2_950 * ONE);
    bench.send(VENUE, &sells(perpetual(), 10 * CONTRACT, 2_950 * ONE));
    let answer = bench.refusal(VENUE, &sells(perpetual(), 10 * CONTRACT, 2_800 * ONE));
    assert_eq!(answer[..4], <IClearing::MarginShortfall as alloy_sol_types::SolError>::SELECTOR);
    bench.check_balance(&[ALICE, BOB]);
}

#[test]
fn fees_follow_notional_and_premium() {
    let bench = funded();
    bench.send(
        GOVERNOR,
        &IClearing::setFeesCall {
            optionRate: 300,
            optionPremiumCap: 125_000,
            makerRate: 100,
            takerRate: 500,
        },
    );
    // 3 bp of 2 * 3000 is 1.8; 12.5% of 2 * 150 is 37.5: the lower.
    bench.send(VENUE, &buys(call(), 2 * CONTRACT, 150 * ONE));
    let fee = 1_800_000_000_000_000_000_i128;
    assert_eq!(bench.cash(ALICE), money(9_700) - fee);
    assert_eq!(bench.cash(BOB), money(10_300) - fee);
    let (_, topics, data) = bench.world.logs().pop().unwrap();
    let event = IClearing::Filled::decode_raw_log(topics, &data).unwrap();
    assert_eq!(event.buyerFee, U256::from(fee.unsigned_abs()));
    // 12.5% of 2 * 1 is 0.25.
    bench.send(VENUE, &buys(call(), 2 * CONTRACT, ONE));
    assert_eq!(bench.cash(BOB), money(10_302) - fee - money(1) / 4);
    // Alice makes, Bob takes: 1 and 5 bp of 3000.
    let before = (bench.cash(ALICE), bench.cash(BOB));
    bench.send(VENUE, &buys(perpetual(), CONTRACT, 3_000 * ONE));
    assert_eq!(before.0 - bench.cash(ALICE), money(3) / 10);
    assert_eq!(before.1 - bench.cash(BOB), money(3) / 2);
    bench.check_balance(&[ALICE, BOB]);
    let fees = bench.ledger().2;
    bench.send(GOVERNOR, &IClearing::sweepFeesCall {});
    assert_eq!((bench.ledger().2, bench.ledger().3), (0, fees));
    bench.check_balance(&[ALICE, BOB]);
}

#[test]
fn dust_of_a_premium_goes_to_the_insurance_fund() {
    let bench = funded();
    bench.send(VENUE, &buys(call(), 1, 1));
    assert_eq!(bench.cash(ALICE), money(10_000) - 1);
    assert_eq!(bench.cash(BOB), money(10_000));
    assert_eq!(bench.ledger(), (money(20_000) - 1, 0, 0, 1));
    bench.check_balance(&[ALICE, BOB]);
}

#[test]
fn open_interest_counts_longs_and_is_capped() {
    let bench = funded();
    let open = |instrument| bench.send(ALICE, &IClearing::openInterestCall { instrument });
    bench.send(VENUE, &buys(perpetual(), 3 * CONTRACT, 3_000 * ONE));
    assert_eq!(open(perpetual()), 3 * CONTRACT);
    bench.send(VENUE, &sells(perpetual(), 5 * CONTRACT, 3_000 * ONE));
    assert_eq!(open(perpetual()), 2 * CONTRACT);
    bench.send(GOVERNOR, &IClearing::setOpenInterestCapCall { underlying: 1, cap: CONTRACT });
    let instrument = perpetual();
    let (open_interest, cap) = (U256::from(3 * CONTRACT), U256::from(CONTRACT));
    let error = IClearing::OpenInterestCapExceeded { instrument, openInterest: open_interest, cap };
    let refusal = bench.refusal(VENUE, &sells(perpetual(), CONTRACT, 3_000 * ONE));
    assert_eq!(refusal, encoded(&error));
    // Above the cap, but it falls.
    bench.send(VENUE, &buys(perpetual(), CONTRACT / 2, 3_000 * ONE));
    assert_eq!(open(perpetual()), CONTRACT * 3 / 2);
}

#[test]
fn only_a_venue_may_fill_and_only_while_it_is_not_paused() {
    let bench = funded();
    let fill = buys(perpetual(), CONTRACT, 3_000 * ONE);
    let error = encoded(&IErrors::Unauthorized { caller: ALICE });
    assert_eq!(bench.refusal(ALICE, &fill), error);
    bench.send(GUARDIAN, &IGoverned::pauseCall { mask: U256::from(2) });
    let error = encoded(&IErrors::OperationPaused { operation: U256::from(2) });
    assert_eq!(bench.refusal(VENUE, &fill), error);
    bench.send(GOVERNOR, &IGoverned::unpauseCall { mask: U256::from(2) });
    bench.send(GOVERNOR, &IClearing::setVenueCall { venue: VENUE, allowed: false });
    let error = encoded(&IErrors::Unauthorized { caller: VENUE });
    assert_eq!(bench.refusal(VENUE, &fill), error);
}

#[test]
fn a_fill_is_refused_for_what_it_is() {
    let bench = funded();
    let refusal =
        |instrument, quantity, price| bench.refusal(VENUE, &buys(instrument, quantity, price));
    let instrument = perpetual();
    let error = encoded(&IErrors::InvalidInstrument { id: perpetual() + 1 });
    assert_eq!(refusal(perpetual() + 1, CONTRACT, ONE), error);
    let error = encoded(&IClearing::InvalidQuantity { instrument });
    assert_eq!(refusal(instrument, 0, ONE), error);
    assert_eq!(refusal(instrument, 1 << 63, ONE), error);
    for price in [0, 1_000_000_000_000 * ONE + 1] {
        let error = encoded(&IClearing::InvalidPrice { instrument, price });
        assert_eq!(refusal(instrument, CONTRACT, price), error);
    }
    let mut own = buys(instrument, CONTRACT, ONE);
    own.fills[0].seller = account(ALICE);
    let error = encoded(&IClearing::SelfTrade { account: account(ALICE) });
    assert_eq!(bench.refusal(VENUE, &own), error);
    bench.world.set_timestamp(expiry());
    let error = encoded(&IClearing::InstrumentExpired { instrument: call() });
    assert_eq!(refusal(call(), CONTRACT, ONE), error);
}

#[test]
fn an_account_holds_256_positions_and_no_more() {
    let bench = Bench::new();
    bench.fund(ALICE, 1_000_000);
    bench.fund(BOB, 1_000_000);
    let option = |number: u128| {
        let strike = Strike::from_wad(U256::from((number + 1) * ONE)).unwrap();
        Instrument::call(1, EXPIRY_HOURS, strike).unwrap().id()
    };
    let mut call = IClearing::fillCall { fills: Vec::new() };
    // Not in order, so that positions are inserted everywhere.
    for number in 0..256 {
        let instrument = option(number * 91 % 256);
        bench.told.borrow_mut().marks.insert(instrument, ONE);
        call.fills.extend(buys(instrument, CONTRACT, ONE).fills);
    }
    bench.send(VENUE, &call);
    let held = bench.positions(ALICE);
    assert_eq!(held.len(), 256);
    assert!(held.windows(2).all(|pair| pair[0].instrument < pair[1].instrument));
    let (account, limit) = (account(ALICE), U256::from(256));
    let error = encoded(&IClearing::TooManyPositions { account, limit });
    assert_eq!(bench.refusal(VENUE, &buys(option(256), CONTRACT, ONE)), error);
    for number in 0..256 {
        bench.send(VENUE, &sells(option(number), CONTRACT, ONE));
    }
    assert!(bench.positions(ALICE).is_empty());
    bench.check_balance(&[ALICE, BOB]);
}

#[test]
fn the_book_is_what_margin_takes() {
    let bench = funded();
    bench.send(VENUE, &buys(perpetual(), CONTRACT, 3_000 * ONE));
    bench.send(VENUE, &sells(call(), CONTRACT, 100 * ONE));
    let packed = bench.send(ALICE, &IClearing::bookCall { account: account(ALICE) });
    let book = novate_abi::book::Book::unpack(&packed).unwrap();
    assert_eq!(book.cash, signed(bench.cash(ALICE)));
    assert_eq!(book.positions.len(), 2);
    assert_eq!(book.positions[0].reference_price, 3_000 * ONE);
    assert_eq!(book.positions[1].quantity, -1_000_000);
}
