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
fn a_gain_of_a_perpetual_moves_at_the_mark_and_the_price_only_on_what_is_traded() {
    let bench = funded();
    bench.send(VENUE, &buys(perpetual(), 2 * CONTRACT, 3_000 * ONE));
    assert_eq!((bench.cash(ALICE), bench.cash(BOB)), (money(10_000), money(10_000)));
    assert_eq!(bench.positions(ALICE)[0].referencePrice, 3_000 * ONE);
    bench.told.borrow_mut().funding = 5 * ONE.cast_signed();
    bench.mark(perpetual(), 3_050 * ONE);
    bench.send(VENUE, &sells(perpetual(), CONTRACT, 3_100 * ONE));
    // 2 (3050 - 3000) - 2 * 5 + (3100 - 3050)
    assert_eq!((bench.cash(ALICE), bench.cash(BOB)), (money(10_140), money(9_860)));
    let held = bench.positions(ALICE);
    assert_eq!((held[0].quantity, held[0].referencePrice), (1_000_000, 3_050 * ONE));
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
    bench.mark(future(), 3_200 * ONE);
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
    bench.touch(&[BOB]);
    assert_eq!(bench.cash(BOB), money(9_800));
    assert_eq!(bench.ledger().1, 0);
    bench.check_balance(&[ALICE, BOB, third]);
}

#[test]
fn figures_of_the_check_are_those_of_the_state_that_it_leaves() {
    let bench = funded();
    set_fees(&bench, 0, 500);
    bench.send(VENUE, &buys(perpetual(), 7 * CONTRACT + 13, 3_001 * ONE + 7));
    bench.told.borrow_mut().funding = 5 * ONE.cast_signed() + 3;
    bench.mark(perpetual(), 3_049 * ONE + 11);
    let call = buys(perpetual(), 2 * CONTRACT + 1, 3_055 * ONE + 1);
    bench.told.borrow_mut().rate = 2_000 * ONE;
    let refusal = bench.refusal(VENUE, &call);
    let error =
        <IClearing::MarginShortfall as alloy_sol_types::SolError>::abi_decode(&refusal).unwrap();
    bench.told.borrow_mut().rate = ONE;
    bench.send(VENUE, &call);
    let owner = if error.account == account(ALICE) { ALICE } else { BOB };
    let left = bench.equity(owner) - i128::try_from(error.equity).unwrap();
    assert!((0..=1).contains(&left), "{left}");
}

#[test]
fn a_batch_asks_margin_once_and_checks_the_end() {
    let bench = funded();
    bench.told.borrow_mut().rate = 6_000 * ONE;
    let mut call = buys(perpetual(), 2 * CONTRACT, 3_000 * ONE);
    call.fills.extend(sells(perpetual(), CONTRACT, 3_000 * ONE).fills);
    bench.told.borrow_mut().asked = 0;
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
fn risk_is_added_only_on_valid_data_and_reduced_on_a_mark_of_any_age() {
    let bench = funded();
    bench.send(VENUE, &buys(perpetual(), 50 * CONTRACT, 3_000 * ONE));
    for level in 0..4 {
        bench.told.borrow_mut().validity = level;
        let error = encoded(&IErrors::MarketNotValid { level, needed: 4 });
        assert_eq!(bench.refusal(VENUE, &buys(perpetual(), CONTRACT, 3_000 * ONE)), error);
        bench.send(VENUE, &sells(perpetual(), CONTRACT, 3_000 * ONE));
    }
}

fn set_fees(bench: &Bench, maker: i32, taker: u32) {
    bench.send(
        GOVERNOR,
        &IClearing::setFeesCall {
            optionRate: 300,
            optionPremiumCap: 125_000,
            optionMinimum: 10_000_000_000_000_000,
            makerRate: maker,
            takerRate: taker,
        },
    );
}

fn last_fill(bench: &Bench) -> IClearing::Filled {
    let logs = bench.world.logs();
    let filled = |log: &novate_common::testing::Log| {
        IClearing::Filled::decode_raw_log(log.1.iter().copied(), &log.2).ok()
    };
    logs.iter().rev().find_map(filled).unwrap()
}

#[test]
fn fees_follow_notional_and_the_premium_at_the_mark() {
    let bench = funded();
    set_fees(&bench, 100, 500);
    // 3 bp of 2 * 3000 is 1.8; 12.5% of 2 * 100 (at the mark) is 25: the lower.
    bench.send(VENUE, &buys(call(), 2 * CONTRACT, 150 * ONE));
    let fee = 1_800_000_000_000_000_000_i128;
    assert_eq!(bench.cash(ALICE), money(9_700) - fee);
    assert_eq!(bench.cash(BOB), money(10_300) - fee);
    let event = last_fill(&bench);
    assert_eq!((event.buyerFee, event.sellerFee), (signed(fee), signed(fee)));
    assert_eq!(event.mark, 100 * ONE);
    // 12.5% of 2 * 1 is 0.25, whatever the price.
    bench.mark(call(), ONE);
    bench.send(VENUE, &buys(call(), 2 * CONTRACT, 50 * ONE));
    assert_eq!(bench.cash(BOB), money(10_400) - fee - money(1) / 4);
    // At least a cent a line.
    bench.send(VENUE, &buys(call(), 1, 0));
    assert_eq!(bench.cash(BOB), money(10_400) - fee - money(1) / 4 - money(1) / 100);
    // Alice makes, Bob takes: 1 and 5 bp of 3000, at any price.
    let before = (bench.cash(ALICE), bench.cash(BOB));
    bench.send(VENUE, &buys(perpetual(), CONTRACT, 2_900 * ONE));
    assert_eq!(bench.cash(ALICE) - before.0, money(100) - money(3) / 10);
    assert_eq!(bench.cash(BOB) - before.1, money(-100) - money(3) / 2);
    bench.check_balance(&[ALICE, BOB]);
    let fees = bench.ledger().2;
    bench.send(GOVERNOR, &IClearing::sweepFeesCall {});
    assert_eq!((bench.ledger().2, bench.ledger().3), (0, fees));
    bench.check_balance(&[ALICE, BOB]);
}

#[test]
fn a_rebate_comes_out_of_the_fee_of_the_same_fill() {
    let bench = funded();
    set_fees(&bench, -200, 500);
    // Alice makes: 2 bp of 3000 to her out of Bob's 5 bp.
    bench.send(VENUE, &buys(perpetual(), CONTRACT, 3_000 * ONE));
    assert_eq!(bench.cash(ALICE), money(10_000) + money(6) / 10);
    assert_eq!(bench.cash(BOB), money(10_000) - money(15) / 10);
    assert_eq!(bench.ledger().2, ONE * 9 / 10);
    let event = last_fill(&bench);
    assert_eq!(event.buyerFee, signed(-money(6) / 10));
    assert_eq!(event.sellerFee, signed(money(15) / 10));
    bench.check_balance(&[ALICE, BOB]);
}

#[test]
fn no_rebate_out_of_the_fee_of_a_side_that_passes_only_as_reducing() {
    let bench = funded();
    bench.send(VENUE, &buys(perpetual(), 90 * CONTRACT, 3_000 * ONE));
    set_fees(&bench, -200, 500);
    // Alice's equity is 5,500 against an initial requirement of 9,000: she may only reduce, and takes.
    bench.mark(perpetual(), 2_950 * ONE);
    let before = bench.cash(BOB);
    bench.send(VENUE, &sells(perpetual(), CONTRACT, 2_950 * ONE));
    assert_eq!(bench.cash(BOB) - before, money(90 * 50));
    assert_eq!(last_fill(&bench).buyerFee, signed(0));
    bench.check_balance(&[ALICE, BOB]);
}

fn out_of_band(instrument: u64, price: u128, least: u128, most: u128) -> Vec<u8> {
    let [price, least, most] = [price, least, most].map(U256::from);
    encoded(&IClearing::PriceOutOfBand { instrument, price, least, most })
}

#[test]
fn prices_lie_in_a_band_around_the_mark() {
    let bench = funded();
    let banded = |instrument, least: u128, most: u128| {
        bench.send(VENUE, &buys(instrument, 1, least));
        bench.send(VENUE, &buys(instrument, 1, most));
        for price in [least.checked_sub(1), Some(most + 1)].into_iter().flatten() {
            let error = out_of_band(instrument, price, least, most);
            assert_eq!(bench.refusal(VENUE, &buys(instrument, 1, price)), error);
        }
    };
    banded(perpetual(), 2_850 * ONE, 3_150 * ONE);
    banded(future(), 2_850 * ONE, 3_150 * ONE);
    // Half of 400 is more than 5% of 3000; of 100 it is less.
    bench.mark(call(), 400 * ONE);
    banded(call(), 200 * ONE, 600 * ONE);
    bench.mark(call(), 100 * ONE);
    banded(call(), 0, 250 * ONE);
}

#[test]
fn without_a_mark_both_sides_may_close_and_nothing_else() {
    let bench = funded();
    bench.send(VENUE, &buys(call(), 2 * CONTRACT, 100 * ONE));
    bench.send(VENUE, &buys(future(), 2 * CONTRACT, 3_000 * ONE));
    bench.told.borrow_mut().marks.clear();
    bench.told.borrow_mut().rate = 0;
    for instrument in [call(), future(), perpetual()] {
        let error = encoded(&IClearing::NoMark { instrument });
        assert_eq!(bench.refusal(VENUE, &buys(instrument, 1, 3_000 * ONE)), error);
        assert_eq!(bench.refusal(VENUE, &sells(instrument, 3 * CONTRACT, 3_000 * ONE)), error);
    }
    let (least, most) = (1_500 * ONE, 4_500 * ONE);
    let refusal = bench.refusal(VENUE, &sells(call(), CONTRACT, 3_000 * ONE + 1));
    assert_eq!(refusal, out_of_band(call(), 3_000 * ONE + 1, 0, 3_000 * ONE));
    for price in [least - 1, most + 1] {
        let refusal = bench.refusal(VENUE, &sells(future(), CONTRACT, price));
        assert_eq!(refusal, out_of_band(future(), price, least, most));
    }
    // The closed part is settled at the price, the rest keeps its reference: nothing is gained on what stays.
    bench.told.borrow_mut().default_mark = None;
    bench.send(VENUE, &sells(future(), CONTRACT, 3_200 * ONE));
    assert_eq!((bench.cash(ALICE), bench.cash(BOB)), (money(10_000), money(10_000)));
    let held = bench.positions(ALICE);
    assert_eq!((held[0].quantity, held[0].referencePrice), (1_000_000, 3_000 * ONE));
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
fn open_interest_counts_longs_of_a_series_and_is_capped_as_notional() {
    let bench = funded();
    let open = |expiry| bench.send(ALICE, &IClearing::openInterestCall { underlying: 1, expiry });
    bench.send(VENUE, &buys(perpetual(), 3 * CONTRACT, 3_000 * ONE));
    assert_eq!(open(0), u128::from(3 * CONTRACT));
    bench.send(VENUE, &sells(perpetual(), 5 * CONTRACT, 3_000 * ONE));
    assert_eq!(open(0), u128::from(2 * CONTRACT));
    let caps = |series: u128, account: u128| {
        let (series, account) = (series * ONE, account * ONE);
        bench.send(GOVERNOR, &IClearing::setCapsCall { underlying: 1, series, account });
    };
    caps(3_000, 1_000_000);
    let (notional, cap) = (U256::from(9_000 * ONE), U256::from(3_000 * ONE));
    let (underlying, zero) = (1, 0);
    let error = IClearing::OpenInterestCapExceeded { underlying, expiry: zero, notional, cap };
    let refusal = bench.refusal(VENUE, &sells(perpetual(), CONTRACT, 3_000 * ONE));
    assert_eq!(refusal, encoded(&error));
    // Above the cap, but it falls.
    bench.send(VENUE, &buys(perpetual(), CONTRACT / 2, 3_000 * ONE));
    assert_eq!(open(0), u128::from(CONTRACT * 3 / 2));
    caps(1_000_000, 4_000);
    let refusal = bench.refusal(VENUE, &buys(call(), CONTRACT, 100 * ONE));
    let (notional, cap) = (U256::from(7_500 * ONE), U256::from(4_000 * ONE));
    let error =
        IClearing::AccountCapExceeded { account: account(ALICE), underlying, notional, cap };
    assert_eq!(refusal, encoded(&error));
    bench.send(VENUE, &buys(perpetual(), CONTRACT, 3_000 * ONE));
    assert_eq!(open(expiry()), 0);
}

#[test]
fn only_a_venue_may_fill() {
    let bench = funded();
    let fill = buys(perpetual(), CONTRACT, 3_000 * ONE);
    let error = encoded(&IErrors::Unauthorized { caller: ALICE });
    assert_eq!(bench.refusal(ALICE, &fill), error);
    bench.send(VENUE, &fill);
    bench.send(GOVERNOR, &IClearing::setVenueCall { venue: VENUE, allowed: false });
    let error = encoded(&IErrors::Unauthorized { caller: VENUE });
    assert_eq!(bench.refusal(VENUE, &fill), error);
}

#[test]
fn a_paused_fill_still_takes_what_reduces_on_both_sides() {
    let bench = funded();
    let third = alloy_primitives::Address::repeat_byte(0xc3);
    bench.fund(third, 10_000);
    bench.send(VENUE, &buys(perpetual(), 2 * CONTRACT, 3_000 * ONE));
    bench.send(GUARDIAN, &IGoverned::pauseCall { mask: U256::from(2) });
    let error = encoded(&IErrors::OperationPaused { operation: U256::from(2) });
    assert_eq!(bench.refusal(VENUE, &buys(perpetual(), CONTRACT, 3_000 * ONE)), error);
    let mut other = sells(perpetual(), CONTRACT, 3_000 * ONE);
    other.fills[0].buyer = account(third);
    assert_eq!(bench.refusal(VENUE, &other), error);
    bench.send(VENUE, &sells(perpetual(), CONTRACT, 3_000 * ONE));
    assert_eq!(bench.positions(ALICE)[0].quantity, 1_000_000);
    let end = bench.world.timestamp() + 14 * 86_400;
    bench.world.set_timestamp(end);
    bench.send(VENUE, &buys(perpetual(), CONTRACT, 3_000 * ONE));
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
    bench.told.borrow_mut().default_mark = Some(ONE);
    for number in 0..256 {
        let instrument = option(number * 91 % 256);
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
