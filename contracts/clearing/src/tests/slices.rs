//! Slices: the one tool of the liquidation module.

use alloy_primitives::{Address, U256};
use novate_abi::{IClearing, IErrors};

use super::bench::*;

const BIDDER: Address = Address::repeat_byte(0xbd);

fn slice(bench: &Bench, fraction: u128, price: i128) -> IClearing::transferSliceCall {
    IClearing::transferSliceCall {
        from: account(ALICE),
        to: account(BIDDER),
        fraction: U256::from(fraction),
        price: signed(price),
        expectedNonce: bench.nonce(ALICE),
    }
}

fn short() -> Bench {
    let bench = Bench::new();
    bench.fund(ALICE, 1_000);
    bench.fund(BOB, 10_000);
    bench.fund(BIDDER, 10_000);
    bench.send(VENUE, &buys(perpetual(), 10 * CONTRACT, 3_000 * ONE));
    bench
}

#[test]
fn a_fraction_of_everything_changes_hands() {
    let bench = short();
    bench.told.borrow_mut().marks.insert(perpetual(), 2_940 * ONE);
    // Equity 400; a quarter is worth 100, sold at 90.
    bench.send(LIQUIDATION, &slice(&bench, ONE / 4, 90 * ONE.cast_signed()));
    assert_eq!(bench.positions(ALICE)[0].quantity, 7_500_000);
    assert_eq!(bench.cash(ALICE), (750 + 90) * ONE.cast_signed());
    let taken = bench.positions(BIDDER);
    assert_eq!((taken[0].quantity, taken[0].referencePrice), (2_500_000, 3_000 * ONE));
    assert_eq!(bench.cash(BIDDER), (10_000 + 250 - 90) * ONE.cast_signed());
    bench.check_balance(&[ALICE, BOB, BIDDER]);
    let interest = bench.send(ALICE, &IClearing::openInterestCall { instrument: perpetual() });
    assert_eq!(interest, 10 * CONTRACT);
}

#[test]
fn a_bidder_who_holds_the_other_side_is_settled_to_the_slice() {
    let bench = short();
    let fill = IClearing::Fill {
        instrument: perpetual(),
        quantity: 4 * CONTRACT,
        price: 2_950 * ONE,
        buyer: account(BOB),
        seller: account(BIDDER),
        buyerIsMaker: true,
    };
    bench.send(VENUE, &IClearing::fillCall { fills: [fill].into() });
    bench.told.borrow_mut().marks.insert(perpetual(), 2_940 * ONE);
    bench.send(LIQUIDATION, &slice(&bench, ONE / 2, 200 * ONE.cast_signed()));
    // Short 4 from 2950 settled to 3000: -200; then half of Alice's cash, less the price.
    assert_eq!(bench.cash(BIDDER), (10_000 - 200 + 500 - 200) * ONE.cast_signed());
    assert_eq!(bench.positions(BIDDER)[0].quantity, 1_000_000);
    bench.check_balance(&[ALICE, BOB, BIDDER]);
    let interest = bench.send(ALICE, &IClearing::openInterestCall { instrument: perpetual() });
    assert_eq!(interest, 6 * CONTRACT);
}

#[test]
fn the_insurance_fund_pays_for_an_insolvent_book() {
    let bench = short();
    bench.told.borrow_mut().marks.insert(perpetual(), 2_880 * ONE);
    let call = slice(&bench, ONE, -300 * ONE.cast_signed());
    let (requested, fund) = (U256::from(300 * ONE), U256::ZERO);
    let error = encoded(&IClearing::InsufficientInsurance { requested, fund });
    assert_eq!(bench.refusal(LIQUIDATION, &call), error);
    mint(&bench.world, CASH, BOB, U256::from(500_000_000));
    bench.send(BOB, &IClearing::fundInsuranceCall { amount: U256::from(500_000_000) });
    bench.send(LIQUIDATION, &call);
    assert!(bench.positions(ALICE).is_empty());
    assert_eq!(bench.cash(ALICE), 0);
    assert_eq!(bench.cash(BIDDER), (10_000 + 1_000 + 300) * ONE.cast_signed());
    assert_eq!(bench.ledger().3, 200 * ONE);
    bench.check_balance(&[ALICE, BOB, BIDDER]);
}

#[test]
fn a_slice_is_refused_for_what_it_is() {
    let bench = short();
    bench.told.borrow_mut().marks.insert(perpetual(), 2_940 * ONE);
    let good = slice(&bench, ONE / 4, 0);
    let error = encoded(&IErrors::Unauthorized { caller: ALICE });
    assert_eq!(bench.refusal(ALICE, &good), error);
    for fraction in [U256::ZERO, U256::from(ONE + 1), U256::MAX] {
        let mut call = good.clone();
        call.fraction = fraction;
        let error = encoded(&IClearing::InvalidFraction { fraction });
        assert_eq!(bench.refusal(LIQUIDATION, &call), error);
    }
    let mut call = good.clone();
    call.to = call.from;
    let error = encoded(&IClearing::SelfTrade { account: account(ALICE) });
    assert_eq!(bench.refusal(LIQUIDATION, &call), error);
    let mut call = good.clone();
    call.expectedNonce = 9;
    let (account, actual) = (account(ALICE), bench.nonce(ALICE));
    let error = encoded(&IClearing::StateChanged { account, expected: 9, actual });
    assert_eq!(bench.refusal(LIQUIDATION, &call), error);
    let mut call = good;
    call.price = alloy_primitives::I256::MIN;
    assert_eq!(bench.refusal(LIQUIDATION, &call), encoded(&IErrors::ArithmeticOverflow {}));
}

#[test]
fn a_slice_never_lowers_the_maintenance_excess() {
    let bench = short();
    bench.told.borrow_mut().marks.insert(perpetual(), 2_990 * ONE);
    // Equity 900, maintenance requirement 500: giving half away for nothing leaves 450 - 250.
    let error = IClearing::LiquidationWorsens {
        account: account(ALICE),
        excessBefore: signed(400 * ONE.cast_signed()),
        excessAfter: signed(200 * ONE.cast_signed()),
    };
    assert_eq!(bench.refusal(LIQUIDATION, &slice(&bench, ONE / 2, 0)), encoded(&error));
}

#[test]
fn a_bidder_must_bear_what_he_takes() {
    let bench = short();
    bench.told.borrow_mut().marks.insert(perpetual(), 2_940 * ONE);
    let mut call = slice(&bench, ONE, 0);
    call.to = account(Address::repeat_byte(0x99));
    let error = IClearing::MarginShortfall {
        account: call.to,
        required: U256::from(1_000 * ONE),
        equity: signed(400 * ONE.cast_signed()),
    };
    assert_eq!(bench.refusal(LIQUIDATION, &call), encoded(&error));
    bench.told.borrow_mut().validity = 1;
    let error = encoded(&IErrors::MarketNotValid { level: 1, needed: 2 });
    assert_eq!(bench.refusal(LIQUIDATION, &slice(&bench, ONE, 0)), error);
    bench.told.borrow_mut().validity = 2;
    bench.send(LIQUIDATION, &slice(&bench, ONE, 0));
}
