//! Who lends, what is lent out, and who can be called.

use alloy_primitives::U256;
use novate_abi::IClearing;
use novate_testbed::{
    House, Leg, Trader, call, dollars, dollars_of,
    house::{CLEARING, ETH, NOW, WETH},
    perpetual, put,
    units::{DAY, HOUR, MINUTE, signed},
    wad,
};

use crate::{close, house_with, largest, leaves_whole, nobody_sinks};

/// Somebody with 500 WETH.
fn with_weth(house: &House, number: u64) -> Trader {
    let trader = house.trader(number);
    house.fund_weth(&trader, 500.0);
    trader
}

#[test]
fn row_12_nobody_borrows_from_those_who_do_not_lend() {
    let (house, _, depositor) = house_with(0.0);
    let (ours, friend) = (with_weth(&house, 1), house.funded(2, 1_000_000.0));
    let strike_of_one = put(ETH, NOW + 365 * DAY, 1.0);
    let refusal = house.trade(&ours, &friend, strike_of_one, 1.0, 1_000_000.0).unwrap_err();
    assert!(refusal.is::<IClearing::PriceOutOfBand>());
    // At the edge of the band, and at marks: whatever leaves him in debt is refused while nobody lends.
    let refusal = house.trade(&ours, &friend, strike_of_one, 6_666.0, 149.0).unwrap_err();
    assert!(refusal.is::<IClearing::LendingLimitExceeded>(), "{refusal:?}");
    for strike in [2_000.0, 3_000.0, 6_000.0] {
        let before = house.figures(&ours);
        let done = house.trade_at_mark(&ours, &friend, call(ETH, NOW + 365 * DAY, strike), 1.0);
        let Err(refusal) = done else { panic!("{strike} {before:?} {:?}", house.figures(&ours)) };
        assert!(refusal.is::<IClearing::LendingLimitExceeded>(), "{refusal:?}");
    }
    leaves_whole(&house, &depositor);
}

#[test]
fn row_12_a_loan_is_the_lenders_and_bounded() {
    for pool in [10_000.0, 400_000.0, 2_000_000.0] {
        let (house, lender, depositor) = house_with(pool);
        let (ours, friend) = (with_weth(&house, 1), house.funded(2, 1_000_000.0));
        let option = call(ETH, NOW + 365 * DAY, 3_000.0);
        let fits = |size| {
            house.world.trying(|_| house.trade_at_mark(&ours, &friend, option, size).is_ok())
        };
        let size = largest(2_000.0, fits);
        house.trade_at_mark(&ours, &friend, option, size).unwrap();
        let ledger = house.ledger();
        assert!(dollars(ledger.lentOut) <= 0.85 * pool + 1e-6, "{ledger:?}");
        assert!(dollars_of(ledger.debts) <= 0.85 * pool + 1e-6);
        // The other side takes its premium out; cash is whole, and lenders leave as far as it isn't lent.
        let free = house.withdrawable(&friend);
        house.withdraw(&friend, free).unwrap();
        leaves_whole(&house, &depositor);
        let rest = pool - dollars(house.ledger().lentOut) / 0.85;
        if rest > 1.0 {
            house.world.trying(|_| house.redeem(&lender, rest - 0.01).unwrap());
        }
        let refusal = house.redeem(&lender, rest.max(0.0) + 1.0).unwrap_err();
        assert!(refusal.is::<IClearing::LendingLimitExceeded>(), "{refusal:?}");
        house.world.trying(|_| {
            house.withdraw(&depositor, 2_000_000.0).unwrap();
            house.check();
        });
    }
}

#[test]
fn row_26_gains_taken_out_count_as_lent_while_losers_are_untouched() {
    let (house, lender, depositor) = house_with(100_000.0);
    let (winner, loser) = (house.funded(1, 100_000.0), house.funded(2, 100_000.0));
    house.trade_at_mark(&winner, &loser, perpetual(ETH), 100.0).unwrap();
    for index in [3_100.0, 3_200.0, 3_300.0, 3_400.0] {
        house.wait(MINUTE);
        house.move_index(index);
    }
    house.touch(&[&winner]).unwrap();
    house.check();
    let ledger = house.ledger();
    close(dollars(ledger.lentOut), 40_000.0, 0.5);
    let free = house.withdrawable(&winner);
    house.withdraw(&winner, free).unwrap();
    house.check();
    // Who lends waits for the losers; who doesn't, doesn't wait.
    assert!(house.redeem(&lender, 100_000.0).unwrap_err().is::<IClearing::LendingLimitExceeded>());
    leaves_whole(&house, &depositor);
    house.touch(&[&loser]).unwrap();
    close(dollars(house.ledger().lentOut), 0.0, 0.5);
    house.world.trying(|_| house.redeem(&lender, 100_000.0).unwrap());
    leaves_whole(&house, &depositor);
}

#[test]
fn row_26_a_premium_spent_from_nothing_is_lent() {
    for premium in [1.0, 1_000.0, 50_000.0] {
        let (house, _, depositor) = house_with(100_000.0);
        let (ours, friend) = (with_weth(&house, 1), house.funded(2, 1_000_000.0));
        let option = call(ETH, NOW + 365 * DAY, 3_000.0);
        let size = premium / house.mark(option);
        house.trade_at_mark(&ours, &friend, option, size).unwrap();
        let before = house.ledger();
        close(dollars(before.lentOut), premium, premium * 1e-3);
        let free = house.withdrawable(&friend);
        house.withdraw(&friend, free).unwrap();
        assert_eq!(house.ledger().lentOut, before.lentOut);
        leaves_whole(&house, &depositor);
        // lent out = positive cash + pool + fees + insurance - tokens held.
        let ledger = house.ledger();
        let owed = ledger.cash
            + signed(ledger.debts)
            + signed(ledger.pool)
            + signed(ledger.fees)
            + signed(ledger.insurance);
        assert_eq!(owed - house.tokens_held(), ledger.lentOut);
    }
}

#[test]
fn row_35_shares_bought_round_and_round_make_nothing() {
    let (house, _, depositor) = house_with(1_000_000.0);
    let (ours, friend) = (house.funded(1, 100.0), house.funded(2, 100.0));
    let option = call(ETH, NOW + 365 * DAY, 3_000.0);
    for _ in 0..40 {
        for (one, two) in [(&ours, &friend), (&friend, &ours)] {
            let cash = dollars(house.cash_of(one));
            if cash > 0.0 {
                house.lend(one, (cash * 1e6).floor() / 1e6).unwrap();
            }
            // Buys from the other on debt as much as goes.
            let fits =
                |size| house.world.trying(|_| house.trade_at_mark(one, two, option, size).is_ok());
            let size = largest(10.0, fits);
            if size > 0.0 {
                house.trade_at_mark(one, two, option, size).unwrap();
            }
        }
        nobody_sinks(&house, &[&ours, &friend]);
    }
    let debts = dollars_of(house.ledger().debts);
    // A debt carries 2% initially: 200 of equity carry at most 10,000 of it.
    assert!(debts <= 200.0 / 0.02, "{debts}");
    for one in [&ours, &friend] {
        let figures = house.figures(one);
        assert!(
            figures.initial + 1e-6 >= 0.02 * (-dollars(house.cash_of(one))).max(0.0),
            "{figures:?}"
        );
    }
    assert!(house.extractable(&[&ours, &friend]) <= 200.0 + 1e-4);
    leaves_whole(&house, &depositor);
}

#[test]
fn row_35_shares_are_bought_with_cash_that_stays() {
    let (house, ..) = house_with(1_000_000.0);
    let ours = house.funded(1, 100.0);
    for amount in [100.000_001, 200.0, 1e9] {
        assert!(house.lend(&ours, amount).unwrap_err().is::<IClearing::CashBelowZero>());
    }
    house.lend(&ours, 100.0).unwrap();
    assert!(house.redeem(&ours, 100.01).is_err());
    house.redeem(&ours, 100.0).unwrap();
    house.check();
}

/// A box of 1,000 a contract, a year long.
fn boxed(house: &House, size: f64) -> [Leg; 4] {
    let expiry = NOW + 365 * DAY;
    let at = |instrument, size: f64| Leg(instrument, size, house.mark(instrument));
    [
        at(call(ETH, expiry, 2_500.0), size),
        at(call(ETH, expiry, 3_500.0), -size),
        at(put(ETH, expiry, 3_500.0), size),
        at(put(ETH, expiry, 2_500.0), -size),
    ]
}

#[test]
fn row_35_a_box_on_debt_can_be_called_short_and_bid_for() {
    let (house, _, depositor) = house_with(1_000_000.0);
    house.insure(100_000.0);
    let (ours, other) = (house.funded(1, 10_000.0), house.funded(2, 10_000_000.0));
    house.model.borrow_mut().rate = 0.05;
    house.wait(MINUTE);
    house.set_index(3_000.0);
    house.relay_by_all(&house.message()).unwrap();
    let fits = |size| {
        house.world.trying(|_| house.trade_legs(&ours, &other, &boxed(&house, size)).is_ok())
    };
    let size = largest(2_000.0, fits);
    assert!(size * 900.0 > 10_000.0, "{size}");
    house.trade_legs(&ours, &other, &boxed(&house, size)).unwrap();
    let figures = house.figures(&ours);
    let debt = (-dollars(house.cash_of(&ours))).max(0.0);
    assert!(figures.maintenance >= 0.01 * debt && figures.initial >= 0.02 * debt, "{figures:?}");
    // The rate rises as far as levels let it.
    for minute in 0..120 {
        house.wait(10 * MINUTE);
        house.model.borrow_mut().rate = (0.05 + 0.002 * f64::from(minute)).min(0.25);
        house.refresh();
        if house.figures(&ours).excess() < 0.0 {
            break;
        }
    }
    let figures = house.figures(&ours);
    if figures.excess() < 0.0 {
        let bidder = house.funded(3, 10_000_000.0);
        house.start(other.address(), &ours).unwrap();
        let most = house.auction(&ours).maximumFraction;
        house.bid(&bidder, &house.whole(&ours, &bidder, most)).unwrap();
        house.check();
    } else {
        assert!(debt < 1.0, "{figures:?}");
    }
    leaves_whole(&house, &depositor);
}

#[test]
fn row_37_boxes_do_not_thin_the_margin_of_perpetuals() {
    for (direction, to) in [(1.0, 2_550.0), (-1.0, 3_450.0)] {
        let (house, _, depositor) = house_with(1_000_000.0);
        let (ours, other) = (house.funded(1, 60_000.0), house.funded(2, 10_000_000.0));
        house.model.borrow_mut().rate = 0.05;
        house.wait(MINUTE);
        house.set_index(3_000.0);
        house.relay_by_all(&house.message()).unwrap();
        house.trade_legs(&ours, &other, &boxed(&house, 60.0)).unwrap();
        let perp = |size: f64| {
            if direction > 0.0 {
                house.trade_at_mark(&ours, &other, perpetual(ETH), size)
            } else {
                house.trade_at_mark(&other, &ours, perpetual(ETH), size)
            }
        };
        let size = largest(1_000.0, |size| house.world.trying(|_| perp(size).is_ok()));
        perp(size).unwrap();
        let figures = house.figures(&ours);
        assert!(figures.initial >= 0.22 * size * 3_000.0 * 0.999, "{figures:?} {size}");
        house.wait(MINUTE);
        house.move_index(to);
        assert!(house.figures(&ours).equity > 0.0, "{:?}", house.figures(&ours));
        nobody_sinks(&house, &[&ours]);
        leaves_whole(&house, &depositor);
    }
}

/// 500 WETH hedged by 500 short perpetuals from 3,000; the price rises until 500,000 are owed; the winner takes them out.
fn hedged(pool: f64) -> (House, Trader, Trader) {
    let (house, _, depositor) = house_with(pool);
    let (ours, other) = (with_weth(&house, 1), house.funded(2, 5_000_000.0));
    house.trade_at_mark(&other, &ours, perpetual(ETH), 500.0).unwrap();
    for step in 1..=20 {
        house.wait(MINUTE);
        house.move_index(3_000.0 + 50.0 * f64::from(step));
    }
    house.touch(&[&ours, &other]).unwrap();
    close(dollars(house.cash_of(&ours)), -500_000.0, 10.0);
    let free = house.withdrawable(&other);
    house.withdraw(&other, free).unwrap();
    house.check();
    (house, ours, depositor)
}

fn buy(
    house: &House,
    from: &Trader,
    to: &Trader,
    weth: f64,
) -> Result<f64, novate_testbed::Refusal> {
    let call = IClearing::buyCollateralCall {
        from: from.account,
        to: to.account,
        collateral: WETH,
        amount: wad(weth),
        maximumPrice: U256::MAX,
    };
    house.send(to.address(), CLEARING, &call).map(dollars_of)
}

#[test]
fn row_39_a_hedged_debt_can_be_called() {
    let (house, ours, depositor) = hedged(400_000.0);
    let buyer = house.funded(3, 3_000_000.0);
    // Above the pool itself: at once.
    assert!(dollars(house.ledger().lentOut) > 400_000.0);
    let mut bought = 0.0;
    for weth in [1.0, 10.0, 50.0] {
        let (before, gained) = (house.figures(&ours), house.figures(&buyer).last_equity);
        let paid = buy(&house, &ours, &buyer, weth).unwrap();
        bought += weth;
        let after = house.figures(&ours);
        assert!(after.excess() >= before.excess() - 1e-6, "{before:?} {after:?}");
        let gain = house.figures(&buyer).last_equity - gained;
        assert!(gain >= -1e-6 && gain <= 0.05 * weth * 4_000.0 + 1e-6, "{gain} {paid}");
        house.check();
        close(
            house.positions(&ours)[&perpetual(ETH)] as f64,
            -(500.0 - bought) * 1e6,
            2.0 * bought,
        );
    }
    // At most up to the debt.
    for weth in [500.0, 400.0, 300.0] {
        house.world.trying(|_| {
            if buy(&house, &ours, &buyer, weth).is_ok() {
                assert!(dollars(house.cash_of(&ours)) <= 1e-6 + 0.05 * 4_000.0);
                house.check();
            }
        });
    }
    leaves_whole(&house, &depositor);
}

#[test]
fn row_39_debts_are_called_after_a_day_above_the_limit_and_not_within_it() {
    // 500,000 of 550,000: above 85%, below the pool.
    let (house, ours, depositor) = hedged(550_000.0);
    let buyer = house.funded(3, 3_000_000.0);
    assert!(buy(&house, &ours, &buyer, 1.0).unwrap_err().is::<IClearing::DebtNotCallable>());
    house.pass(24 * HOUR + MINUTE, 20 * MINUTE);
    house.touch(&[&ours]).unwrap();
    buy(&house, &ours, &buyer, 1.0).unwrap();
    house.check();
    leaves_whole(&house, &depositor);
    // 500,000 of 2,000,000: never.
    let (house, ours, _) = hedged(2_000_000.0);
    let buyer = house.funded(3, 3_000_000.0);
    house.pass(26 * HOUR, 20 * MINUTE);
    assert!(buy(&house, &ours, &buyer, 1.0).unwrap_err().is::<IClearing::DebtNotCallable>());
}

#[test]
fn row_12_an_owed_account_without_anything_is_written_off() {
    let (house, _, depositor) = house_with(1_000_000.0);
    house.insure(500.0);
    let (ours, other) = (house.funded(1, 7_000.0), house.funded(2, 1_000_000.0));
    house.trade_at_mark(&ours, &other, perpetual(ETH), 10.0).unwrap();
    house.wait(MINUTE);
    house.move_index(2_100.0);
    let write_off = IClearing::writeOffCall { account: ours.account };
    assert!(
        house
            .refused(depositor.address(), CLEARING, &write_off)
            .is::<IClearing::NothingToWriteOff>()
    );
    // Closing at the mark is what he may do below half of his requirement.
    house.trade_at_mark(&other, &ours, perpetual(ETH), 10.0).unwrap();
    close(dollars(house.cash_of(&ours)), -2_000.0, 0.01);
    house.send(depositor.address(), CLEARING, &write_off).unwrap();
    house.check();
    let ledger = house.ledger();
    close(dollars_of(ledger.carried), 1_500.0, 0.01);
    close(dollars_of(ledger.insurance), 0.0, 1e-6);
    assert_eq!(house.cash_of(&ours), alloy_primitives::I256::ZERO);
    assert!(house.send(depositor.address(), CLEARING, &write_off).is_err());
    // What reaches the fund pays what is carried first.
    house.insure(1_000.0);
    house.check();
    close(dollars_of(house.ledger().carried), 500.0, 0.01);
    house.insure(1_000.0);
    close(dollars_of(house.ledger().insurance), 500.0, 0.01);
    house.check();
    leaves_whole(&house, &depositor);
}

#[test]
fn row_12_worthless_lines_make_no_debt_of_their_fees() {
    let house = House::new();
    let other = house.funded(2, 1_000_000.0);
    let empty = house.trader(1);
    let worthless = put(ETH, NOW + DAY, 1.0);
    for size in [0.000_001, 1.0, 10_000.0] {
        for (buyer, seller) in [(&empty, &other), (&other, &empty)] {
            assert!(house.trade(buyer, seller, worthless, size, 0.0).is_err(), "{size}");
        }
    }
    assert_eq!(house.cash_of(&empty), alloy_primitives::I256::ZERO);
    house.check();
}
