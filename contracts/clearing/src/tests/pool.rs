//! The pool: shares, what may be lent out, debts paid out of own shares, called, written off.

use std::vec::Vec;

use alloy_primitives::{Address, U256};
use alloy_sol_types::SolEvent;
use novate_abi::{IClearing, IErrors};

use super::bench::*;

const LENDER: Address = Address::repeat_byte(0x1e);
const CAROL: Address = Address::repeat_byte(0xc4);
const HOUR: u64 = 3_600;

fn lend(owner: Address, units: u128) -> IClearing::lendCall {
    IClearing::lendCall { account: account(owner), amount: U256::from(units * ONE) }
}

fn redeem(owner: Address, units: u128) -> IClearing::redeemCall {
    IClearing::redeemCall { account: account(owner), amount: U256::from(units * ONE) }
}

fn withdraw(owner: Address, units: u64) -> IClearing::withdrawCall {
    let amount = U256::from(units) * U256::from(1_000_000);
    IClearing::withdrawCall { account: account(owner), token: CASH, amount, receiver: owner }
}

fn shares(bench: &Bench, owner: Address) -> u128 {
    bench.send(owner, &IClearing::poolSharesCall { account: account(owner) }).to()
}

fn buy(amount: u128, most: u128) -> IClearing::buyCollateralCall {
    IClearing::buyCollateralCall {
        from: account(ALICE),
        to: account(CAROL),
        collateral: 1,
        amount,
        maximumPrice: U256::from(most),
    }
}

/// Alice holds WETH worth 20,000 and 10 short perpetuals that lost 5,000 at 3,500 against Bob; both are touched. Of the pool of `pool`
/// 5,000 are lent out. Carol is rich.
fn in_debt(pool: u64) -> Bench {
    let bench = Bench::new();
    bench.told.borrow_mut().rate = 10 * ONE;
    bench.told.borrow_mut().haircut = 50_000;
    bench.pledge(ALICE, 10);
    bench.fund(BOB, 10_000);
    bench.fund(CAROL, 100_000);
    bench.fund(LENDER, 50_000);
    bench.lend(LENDER, pool);
    bench.send(VENUE, &sells(perpetual(), 10 * CONTRACT, 3_000 * ONE));
    bench.mark(perpetual(), 3_500 * ONE);
    bench.touch(&[ALICE, BOB]);
    assert_eq!(bench.cash(ALICE), -5_000 * ONE.cast_signed());
    bench.check_balance(&OWNERS);
    bench
}

const OWNERS: [Address; 4] = [ALICE, BOB, CAROL, LENDER];

#[test]
fn shares_are_bought_with_cash_and_redeemed_into_it() {
    let bench = Bench::new();
    bench.fund(ALICE, 100);
    bench.send(ALICE, &lend(ALICE, 60));
    assert_eq!((bench.cash(ALICE), shares(&bench, ALICE)), (40 * ONE.cast_signed(), 60 * ONE));
    assert_eq!(bench.sums().pool, U256::from(60 * ONE));
    assert_eq!(bench.equity(ALICE), 100 * ONE.cast_signed());
    bench.send(ALICE, &redeem(ALICE, 25));
    assert_eq!((bench.cash(ALICE), shares(&bench, ALICE)), (65 * ONE.cast_signed(), 35 * ONE));
    assert_eq!(bench.nonce(ALICE), 3);
    bench.check_balance(&[ALICE]);
    let (account, token) = (account(ALICE), CASH);
    let (requested, available) = (U256::from(36 * ONE), U256::from(35 * ONE));
    let error = IClearing::InsufficientBalance { account, token, requested, available };
    assert_eq!(bench.refusal(ALICE, &redeem(ALICE, 36)), encoded(&error));
    let error = encoded(&IErrors::Unauthorized { caller: BOB });
    assert_eq!(bench.refusal(BOB, &lend(ALICE, 1)), error);
    assert_eq!(bench.refusal(BOB, &redeem(ALICE, 1)), error);
    let huge = IClearing::lendCall { account, amount: U256::MAX };
    assert_eq!(bench.refusal(ALICE, &huge), encoded(&IErrors::ArithmeticOverflow {}));
    bench.send(ALICE, &redeem(ALICE, 35));
    assert_eq!(shares(&bench, ALICE), 0);
    assert_eq!(bench.send(ALICE, &IClearing::bookCall { account })[32..48], [0; 16]);
}

#[test]
fn redemption_leaves_the_limit() {
    let bench = in_debt(10_000);
    let sums = bench.sums();
    assert_eq!(sums.lentOut, signed(5_000 * ONE.cast_signed()));
    assert_eq!(sums.overLimitSince, 0);
    // 5,000 of 85% of what stays: 5,882.35.
    bench.send(LENDER, &redeem(LENDER, 4_117));
    let limit = U256::from((5_882 * ONE) / 100 * 85);
    let error = encoded(&IClearing::LendingLimitExceeded { lentOut: sums.lentOut, limit });
    assert_eq!(bench.refusal(LENDER, &redeem(LENDER, 1)), error);
    // Everybody else's cash leaves as it likes.
    bench.send(BOB, &withdraw(BOB, 14_000));
    bench.send(CAROL, &withdraw(CAROL, 100_000));
    bench.check_balance(&OWNERS);
}

#[test]
fn the_time_above_the_limit_is_noted_and_cleared() {
    let bench = in_debt(5_500);
    let start = bench.world.timestamp();
    assert_eq!(bench.sums().overLimitSince, start);
    let passed = |log: &novate_common::testing::Log| {
        IClearing::LendingLimitPassed::decode_raw_log(log.1.iter().copied(), &log.2).ok()
    };
    let passed = |bench: &Bench| {
        bench.world.logs().iter().filter_map(passed).map(|event| event.since).collect::<Vec<_>>()
    };
    assert_eq!(passed(&bench), [start]);
    bench.world.set_timestamp(start + 50);
    bench.touch(&[ALICE]);
    assert_eq!(bench.sums().overLimitSince, start, "it stays");
    bench.fund(ALICE, 1_000);
    assert_eq!(bench.sums().overLimitSince, 0);
    assert_eq!(passed(&bench), [start, 0]);
}

#[test]
fn a_fill_that_leaves_debt_above_the_limit_must_reduce() {
    let bench = in_debt(5_500);
    let (lent_out, limit) = (signed(5_000 * ONE.cast_signed()), U256::from(4_675 * ONE));
    let error = encoded(&IClearing::LendingLimitExceeded { lentOut: lent_out, limit });
    assert_eq!(bench.refusal(VENUE, &sells(perpetual(), CONTRACT, 3_500 * ONE)), error);
    bench.send(VENUE, &buys(perpetual(), CONTRACT, 3_500 * ONE));
    bench.check_balance(&OWNERS);
}

#[test]
fn a_debt_is_paid_out_of_own_shares_where_redemption_is_open() {
    let bench = in_debt(10_000);
    bench.fund(ALICE, 6_000);
    bench.send(ALICE, &lend(ALICE, 1_000));
    bench.mark(perpetual(), 3_600 * ONE);
    bench.touch(&[ALICE]);
    assert_eq!((bench.cash(ALICE), shares(&bench, ALICE)), (0, 0));
    bench.check_balance(&OWNERS);
    // Above the limit it stays, unless it is itself what brings it back.
    let bench = in_debt(5_500);
    bench.fund(ALICE, 5_100);
    bench.send(ALICE, &lend(ALICE, 100));
    bench.mark(perpetual(), 4_100 * ONE);
    bench.touch(&[BOB]);
    assert!(bench.sums().overLimitSince != 0);
    bench.touch(&[ALICE]);
    assert_eq!(bench.cash(ALICE), -6_000 * ONE.cast_signed());
    assert_eq!(shares(&bench, ALICE), 100 * ONE);
    bench.check_balance(&OWNERS);
}

#[test]
fn a_touch_settles_funding_and_is_nobodys_act() {
    let bench = in_debt(10_000);
    let nonces = [bench.nonce(ALICE), bench.nonce(BOB)];
    bench.told.borrow_mut().funding = 7 * ONE.cast_signed();
    bench.touch(&[ALICE, BOB, LENDER, ALICE]);
    assert_eq!(bench.cash(ALICE), -4_930 * ONE.cast_signed());
    assert_eq!(bench.positions(ALICE)[0].fundingReference, 7 * ONE.cast_signed());
    assert_eq!([bench.nonce(ALICE), bench.nonce(BOB)], nonces);
    bench.check_balance(&OWNERS);
    let logs = bench.world.logs().len();
    bench.touch(&[ALICE, BOB, LENDER]);
    assert_eq!(bench.world.logs().len(), logs, "nothing happens twice");
    // What has no mark is left as it is.
    bench.told.borrow_mut().marks.clear();
    bench.touch(&[ALICE, BOB]);
    assert_eq!(bench.world.logs().len(), logs);
}

#[test]
fn a_debt_carries_margin() {
    let bench = in_debt(10_000);
    let figures = bench.send(ALICE, &IClearing::assessCall { account: account(ALICE) });
    // 10 WETH against 10 perpetuals at an index of 3,000: 3.33 short contracts at 10.
    let bare = 33_333_330_000_000_000_000 + 10_000_000_000_000 + 2_000 * ONE;
    let near = |requirement: U256, expected: u128| {
        let requirement: u128 = requirement.to();
        assert!(requirement.abs_diff(expected) < 100_000_000_000_000, "{requirement}");
    };
    near(figures.initialRequirement, bare + 100 * ONE);
    near(figures.maintenanceRequirement, bare / 2 + 50 * ONE);
    near(figures.closeRequirement, bare / 2 + 50 * ONE);
    near(figures.lastRequirement, bare / 2 + 50 * ONE);
    assert!(!figures.isFullyPaid);
    assert_eq!(bench.send(ALICE, &IClearing::freeCashCall { account: account(ALICE) }), U256::ZERO);
}

#[test]
fn debts_are_called_a_day_after_the_limit_and_cheaper_by_the_hour() {
    let bench = in_debt(5_500);
    let start = bench.world.timestamp();
    let error = encoded(&IClearing::DebtNotCallable { account: account(ALICE) });
    assert_eq!(bench.refusal(CAROL, &buy(ONE, u128::MAX)), error);
    bench.world.set_timestamp(start + 24 * HOUR - 1);
    assert_eq!(bench.refusal(CAROL, &buy(ONE, u128::MAX)), error);
    // One WETH, 2,000: less 1%, then up to 5%, if it is asked at once or later.
    for (after, price) in [(24, 1_980), (36, 1_940), (48, 1_900), (500, 1_900)] {
        bench.world.set_timestamp(start + after * HOUR);
        let data = alloy_sol_types::SolCall::abi_encode(&buy(ONE, 0));
        let answer = bench.world.call(CAROL, CLEARING, U256::ZERO, &data).unwrap_err();
        let (price, limit) = (U256::from(price * ONE), U256::ZERO);
        assert_eq!(answer, encoded(&IClearing::PriceAboveLimit { price, limit }));
    }
    let bought = bench.send(CAROL, &buy(ONE, u128::MAX));
    assert_eq!(bought, U256::from(1_900 * ONE));
    assert_eq!(bench.cash(ALICE), -3_100 * ONE.cast_signed());
    assert_eq!(bench.cash(CAROL), (100_000 - 1_900) * ONE.cast_signed());
    assert_eq!(bench.nonce(ALICE), 2, "the deposit and the fill");
    assert_eq!(bench.nonce(CAROL), 2);
    // A tenth of the WETH is 0.667 contracts of the 10 that are short (6.67 of them cancelled).
    assert_eq!(bench.positions(ALICE)[0].quantity, -9_333_334);
    assert_eq!(bench.positions(CAROL)[0].quantity, -666_666);
    bench.check_balance(&OWNERS);
    // Within the limit again.
    assert_eq!(bench.refusal(CAROL, &buy(ONE, u128::MAX)), error);
}

#[test]
fn a_discount_beyond_what_a_sale_relieves_is_not_taken() {
    let bench = in_debt(5_500);
    bench.world.set_timestamp(bench.world.timestamp() + 48 * HOUR);
    // A WETH of 2,000 relieves 1% of its value and of the debt, and half of 10 a contract: what more would be given stays.
    bench.told.borrow_mut().haircut = 10_000;
    let before = bench.send(ALICE, &IClearing::assessCall { account: account(ALICE) });
    let bought: u128 = bench.send(CAROL, &buy(ONE, u128::MAX)).to();
    assert!((1_958 * ONE..1_962 * ONE).contains(&bought), "{bought}");
    let after = bench.send(ALICE, &IClearing::assessCall { account: account(ALICE) });
    let excess = |figures: &IClearing::assessReturn| {
        figures.lastEquity - alloy_primitives::I256::from_raw(figures.lastRequirement)
    };
    assert!(excess(&after) >= excess(&before));
    bench.check_balance(&OWNERS);
}

#[test]
fn above_the_pool_debts_are_called_at_once_and_no_more_than_is_owed_is_sold() {
    let bench = in_debt(4_000);
    let error = encoded(&IErrors::Unauthorized { caller: BOB });
    assert_eq!(bench.refusal(BOB, &buy(ONE, u128::MAX)), error);
    bench.world.set_timestamp(bench.world.timestamp() + HOUR / 2);
    // 5,000 at 2,000 less 3%: 2.577 WETH.
    let bought = bench.send(CAROL, &buy(10 * ONE, u128::MAX));
    assert_eq!(bought, U256::from(5_000 * ONE));
    assert_eq!(bench.cash(ALICE), 0);
    let held = bench.send(CAROL, &IClearing::collateralCall { account: account(CAROL) });
    assert_eq!(held[0].amount / 1_000_000_000_000_000, 2_577);
    bench.check_balance(&OWNERS);
    let token = bench.send(ALICE, &IClearing::collateralTokenCall { collateral: 1 });
    assert_eq!(token.total, 10 * ONE);
}

#[test]
fn a_purchase_is_refused_for_what_it_is() {
    let bench = in_debt(4_000);
    let mut call = buy(ONE, u128::MAX);
    call.to = call.from;
    let error = encoded(&IClearing::SelfTrade { account: account(ALICE) });
    assert_eq!(bench.refusal(ALICE, &call), error);
    let mut call = buy(ONE, u128::MAX);
    call.collateral = 2;
    let error = encoded(&IClearing::TokenNotAccepted { token: Address::ZERO });
    assert_eq!(bench.refusal(CAROL, &call), error);
    let error = encoded(&IClearing::InvalidQuantity { instrument: 1 });
    assert_eq!(bench.refusal(CAROL, &buy(0, u128::MAX)), error);
    let (account, token) = (account(ALICE), WETH);
    let (requested, available) = (U256::from(11 * ONE), U256::from(10 * ONE));
    let error = IClearing::InsufficientBalance { account, token, requested, available };
    assert_eq!(bench.refusal(CAROL, &buy(11 * ONE, u128::MAX)), encoded(&error));
    bench.told.borrow_mut().validity = 1;
    let error = encoded(&IErrors::MarketNotValid { level: 1, needed: 2 });
    assert_eq!(bench.refusal(CAROL, &buy(ONE, u128::MAX)), error);
    bench.told.borrow_mut().validity = 4;
    let owner = Address::repeat_byte(0x99);
    let mut call = buy(ONE, u128::MAX);
    call.to = super::bench::account(owner);
    let answer = bench.refusal(owner, &call);
    assert_eq!(
        answer[..4],
        <IClearing::MarginShortfall as alloy_sol_types::SolError>::SELECTOR,
        "the buyer can't bear it"
    );
}

#[test]
fn what_nothing_covers_is_written_off_and_carried() {
    let bench = in_debt(50_000);
    let error = encoded(&IClearing::NothingToWriteOff { account: account(ALICE) });
    let write_off = IClearing::writeOffCall { account: account(ALICE) };
    assert_eq!(bench.refusal(BOB, &write_off), error);
    // Alice's collateral and line go to Carol by a sale that pays 5,000 less than is owed.
    let bench = Bench::new();
    bench.told.borrow_mut().rate = 10 * ONE;
    bench.fund(ALICE, 1_000);
    bench.fund(BOB, 10_000);
    bench.fund(LENDER, 20_000);
    bench.lend(LENDER, 10_000);
    mint(&bench.world, CASH, CAROL, U256::from(300_000_000));
    bench.send(CAROL, &IClearing::fundInsuranceCall { amount: U256::from(300_000_000) });
    bench.send(VENUE, &buys(perpetual(), 10 * CONTRACT, 3_000 * ONE));
    bench.mark(perpetual(), 2_800 * ONE);
    bench.told.borrow_mut().rate = 0;
    bench.send(VENUE, &sells(perpetual(), 10 * CONTRACT, 2_800 * ONE));
    assert_eq!(bench.cash(ALICE), -1_000 * ONE.cast_signed());
    bench.send(BOB, &write_off);
    let sums = bench.sums();
    assert_eq!((sums.insurance, sums.carried), (U256::ZERO, U256::from(700 * ONE)));
    assert_eq!((sums.debts, sums.lentOut), (U256::ZERO, signed(700 * ONE.cast_signed())));
    assert_eq!(bench.cash(ALICE), 0);
    bench.check_balance(&OWNERS);
    assert_eq!(bench.refusal(BOB, &write_off), error);
    // Whatever reaches insurance pays what is carried first.
    mint(&bench.world, CASH, CAROL, U256::from(800_000_000));
    bench.send(CAROL, &IClearing::fundInsuranceCall { amount: U256::from(500_000_000) });
    let sums = bench.sums();
    assert_eq!((sums.insurance, sums.carried), (U256::ZERO, U256::from(200 * ONE)));
    bench.send(CAROL, &IClearing::fundInsuranceCall { amount: U256::from(300_000_000) });
    let sums = bench.sums();
    assert_eq!((sums.insurance, sums.carried), (U256::from(100 * ONE), U256::ZERO));
    bench.check_balance(&OWNERS);
}

#[test]
fn own_shares_pay_before_anything_is_written_off() {
    let bench = Bench::new();
    bench.told.borrow_mut().rate = 10 * ONE;
    bench.fund(ALICE, 1_500);
    bench.fund(BOB, 10_000);
    bench.lend(ALICE, 500);
    bench.send(VENUE, &buys(perpetual(), 10 * CONTRACT, 3_000 * ONE));
    bench.mark(perpetual(), 2_800 * ONE);
    bench.told.borrow_mut().rate = 0;
    bench.send(VENUE, &sells(perpetual(), 10 * CONTRACT, 2_800 * ONE));
    assert_eq!(bench.cash(ALICE), -1_000 * ONE.cast_signed());
    bench.send(BOB, &IClearing::writeOffCall { account: account(ALICE) });
    assert_eq!((bench.cash(ALICE), shares(&bench, ALICE)), (0, 0));
    assert_eq!(bench.sums().carried, U256::from(500 * ONE));
    bench.check_balance(&OWNERS);
}

#[test]
fn liquidation_tells_the_flagged_shortfall() {
    let bench = Bench::new();
    let call = |flagged: u128| IClearing::setFlaggedShortfallCall { flagged: U256::from(flagged) };
    let error = encoded(&IErrors::Unauthorized { caller: GOVERNOR });
    assert_eq!(bench.refusal(GOVERNOR, &call(1)), error);
    bench.send(LIQUIDATION, &call(5));
    assert_eq!(bench.sums().flagged, U256::from(5));
    bench.fund(ALICE, 5);
    assert_eq!(bench.sums().flagged, U256::from(5));
    bench.send(LIQUIDATION, &call(0));
    assert_eq!(bench.sums().flagged, U256::ZERO);
}
