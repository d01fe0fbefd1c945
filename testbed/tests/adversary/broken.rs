//! Parts whose data are dead or unknown: they stop themselves, make nobody immune, and sell nobody's good book.

use alloy_primitives::{Address, U256};
use novate_abi::{IClearing, ILiquidation, IRiskParameters};
use novate_testbed::{
    Aggregator, House, Trader, call, dollars_of, future,
    house::{CLEARING, ETH, NOW, PARAMETERS, SECOND},
    perpetual, put,
    token::Token,
    units::{DAY, HOUR, MINUTE, WAD},
    wad,
};

use crate::{close, house_with, largest, leaves_whole};

struct Second {
    house: House,
    depositor: Trader,
    feed: Aggregator,
    token: Token,
}

fn with_second(pool: f64, price: f64) -> Second {
    let (house, _, depositor) = house_with(pool);
    house.insure(1_000_000.0);
    let (feed, token, _) = house.list_second(price);
    Second { house, depositor, feed, token }
}

impl Second {
    fn fund(&self, trader: &Trader, amount: f64) {
        self.token.mint(&self.house.world, trader.address(), U256::from(wad(amount)));
        self.house.deposit_units(trader, self.token.address, U256::from(wad(amount))).unwrap();
    }

    /// Passes time with ETH alive and the second underlying's feed as it is.
    fn pass(&self, seconds: u64) {
        self.house.pass(seconds, (20 * MINUTE).min(seconds));
    }
}

/// Closes an account out until it is healed, by honest bids for slices and parts; whether that came to an end.
fn heal(house: &House, ours: &Trader, by: &Trader, bidder: &Trader) -> bool {
    for _ in 0..30 {
        if house.figures(ours).excess() >= 0.0 {
            return true;
        }
        if house.start(by.address(), ours).is_err() {
            return false;
        }
        let most = house.auction(ours).maximumFraction;
        if let Err(refusal) = house.bid(bidder, &house.whole(ours, bidder, most)) {
            eprintln!("a bid for {most} is refused: {refusal:?} {:?}", house.figures(ours));
            return false;
        }
        house.check();
    }
    house.figures(ours).excess() >= 0.0
}

#[test]
fn row_9_a_crumb_of_something_dead_protects_nobody() {
    for (age, is_dead) in [
        (2 * HOUR, false),
        (26 * HOUR, false),
        (10 * MINUTE, true),
        (5 * DAY, true),
        (80 * HOUR, false),
    ] {
        let stage = with_second(1_000_000.0, 60_000.0);
        let house = &stage.house;
        let (ours, other) = (house.funded(1, 7_000.0), house.funded(2, 10_000_000.0));
        stage.fund(&ours, 0.000_1);
        house.trade_at_mark(&ours, &other, perpetual(ETH), 10.0).unwrap();
        stage.feed.set_dead(is_dead);
        stage.pass(age);
        house.move_index(2_900.0);
        // The good part goes on: reduces at the mark, adds risk, and can be closed out.
        house.world.trying(|_| house.trade_at_mark(&other, &ours, perpetual(ETH), 1.0).unwrap());
        let fits = |size| house.world.trying(|_| house.withdraw(&ours, size).is_ok());
        assert!(largest(100.0, fits) >= 0.0);
        for index in [2_800.0, 2_700.0] {
            house.wait(MINUTE);
            house.move_index(index);
        }
        let bidder = house.funded(3, 1_000_000.0);
        house.world.trying(|_| house.trade_at_mark(&other, &ours, perpetual(ETH), 1.0).unwrap());
        assert!(heal(house, &ours, &other, &bidder), "{age} {is_dead}: immune");
        leaves_whole(house, &stage.depositor);
    }
}

#[test]
fn row_9_a_dead_line_protects_nobody() {
    // A perpetual or an option of the second underlying instead of its token.
    for kind in 0..2 {
        let stage = with_second(1_000_000.0, 60_000.0);
        let house = &stage.house;
        let (ours, other) = (house.funded(1, 7_000.0), house.funded(2, 10_000_000.0));
        let expiry = NOW + 30 * DAY;
        let model = novate_testbed::Model::new(SECOND, vec![expiry]);
        house.wait(1);
        house.relay(&model.message(house.now(), 60_000.0)).unwrap();
        let instrument = if kind == 0 { perpetual(SECOND) } else { call(SECOND, expiry, 60_000.0) };
        house.trade_at_mark(&ours, &other, instrument, 0.000_1).unwrap();
        house.trade_at_mark(&ours, &other, perpetual(ETH), 10.0).unwrap();
        stage.pass(2 * HOUR);
        for index in [2_800.0, 2_700.0] {
            house.wait(MINUTE);
            house.move_index(index);
        }
        let bidder = house.funded(3, 1_000_000.0);
        assert!(heal(house, &ours, &other, &bidder), "{kind}: immune");
        leaves_whole(house, &stage.depositor);
    }
}

#[test]
fn row_9_collateral_that_margin_does_not_know_is_not_taken() {
    let (house, ..) = house_with(0.0);
    let token = Token::install(&house.world, Address::repeat_byte(0xe9), 18);
    let call = IClearing::addCollateralCall { token: token.address, cap: WAD };
    let refusal = house.refused(novate_testbed::house::GOVERNOR, CLEARING, &call);
    assert!(refusal.is::<IClearing::CollateralNotReady>(), "{refusal:?}");
    // Known to margin, but without a price.
    let listed = IRiskParameters::setCollateralCall {
        collateral: 2,
        underlying: SECOND,
        maintenanceHaircut: 50_000_000_000_000_000,
        initialHaircut: 30_000_000_000_000_000,
        cancelsRisk: false,
    };
    house.send(novate_testbed::house::GOVERNOR, PARAMETERS, &listed).ok();
    let refusal = house.refused(novate_testbed::house::GOVERNOR, CLEARING, &call);
    assert!(refusal.is::<IClearing::CollateralNotReady>(), "{refusal:?}");
}

#[test]
fn row_9_worthless_calls_protect_nobody() {
    let (house, _, depositor) = house_with(1_000_000.0);
    house.insure(100_000.0);
    let (ours, other) = (house.funded(1, 7_100.0), house.funded(2, 50_000_000.0));
    house.pass(DAY - HOUR, 20 * MINUTE);
    house.trade_at_mark(&ours, &other, perpetual(ETH), 10.0).unwrap();
    for strike in [9_000.0, 20_000.0] {
        let instrument = call(ETH, NOW + DAY, strike);
        for size in [200_000.0, 1_000.0, 1.0] {
            if house.trade_at_mark(&ours, &other, instrument, size).is_ok() {
                break;
            }
        }
    }
    assert!(house.positions(&ours).len() > 1);
    house.wait(MINUTE);
    house.move_index(2_700.0);
    let bidder = house.funded(3, 10_000_000.0);
    let healed_now = house.world.trying(|_| heal(&house, &ours, &other, &bidder));
    assert!(healed_now, "immune before expiry");
    // And past it, while the price isn't there.
    house.wait(2 * HOUR);
    house.refresh();
    assert!(heal(&house, &ours, &other, &bidder), "immune after expiry");
    leaves_whole(&house, &depositor);
}

#[test]
fn row_25_a_dead_feed_sells_nobody_and_costs_the_fund_nothing() {
    let stage = with_second(2_000_000.0, 1.0);
    let house = &stage.house;
    let (ours, other) = (house.funded(1, 1_000_000.0), house.funded(2, 10_000_000.0));
    stage.fund(&ours, 1_000_000.0);
    // Long 400 perpetuals that lose 500,000 and more is spent: cash below 0, token above.
    house.trade_at_mark(&ours, &other, perpetual(ETH), 400.0).unwrap();
    let spend = put(ETH, NOW + 365 * DAY, 3_000.0);
    let fits = |size| {
        house.world.trying(|_| {
            house.trade_at_mark(&ours, &other, spend, size).is_ok()
                && house.figures(&ours).initial_excess() > 1_000.0
        })
    };
    house.trade_at_mark(&ours, &other, spend, largest(2_000.0, fits)).unwrap();
    let fund = house.ledger().insurance;
    let before = house.figures(&ours);
    assert!(before.excess() > 0.0);
    stage.feed.set_dead(true);
    let bidder = house.funded(3, 10_000_000.0);
    for hours in [0_u64, 1, 12, 23, 24, 40, 60, 95, 96, 97, 200] {
        let at = NOW + hours * HOUR + 1;
        while house.now() < at {
            house.wait((20 * MINUTE).min(at - house.now()));
            house.refresh();
        }
        let seen = house.figures(&ours);
        close(seen.last_equity, before.last_equity, 0.2 * before.last_equity.abs());
        if hours < 24 {
            assert!(house.start(other.address(), &ours).is_err(), "{hours}: {seen:?}");
        }
        house.start(other.address(), &ours).ok();
        for fraction in [1, 10, 100_u64] {
            let cut = U256::from(WAD) / U256::from(fraction);
            house.world.trying(|_| {
                if let Ok(done) = house.bid(&bidder, &house.whole(&ours, &bidder, cut)) {
                    assert!(
                        done.fromWaterfall.is_zero(),
                        "{hours}: the fund pays {}",
                        done.fromWaterfall
                    );
                    house.check();
                    // What is dead stays with its owner.
                    let held =
                        house.view(CLEARING, &IClearing::collateralCall { account: ours.account });
                    assert!(held.iter().any(
                        |one| one.token == stage.token.address && one.amount == 1_000_000 * WAD
                    ));
                }
            });
        }
        assert_eq!(house.ledger().insurance, fund);
    }
    // The feed comes back: everything is as it was.
    stage.feed.set_dead(false);
    stage.feed.push(1.0, house.now());
    house.refresh();
    assert!(house.figures(&ours).excess() > 0.0, "{:?}", house.figures(&ours));
    leaves_whole(house, &stage.depositor);
}

#[test]
fn row_25_what_is_dead_neither_adds_risk_nor_leaves() {
    let stage = with_second(1_000_000.0, 60_000.0);
    let house = &stage.house;
    let (ours, other) = (house.funded(1, 1_000.0), house.funded(2, 10_000_000.0));
    stage.fund(&ours, 1.0);
    stage.pass(2 * HOUR);
    // 60,000 of dead collateral back no new risk, and a withdrawal is measured without it.
    let fits = |size| {
        house.world.trying(|_| house.trade_at_mark(&ours, &other, perpetual(ETH), size).is_ok())
    };
    let most = largest(100.0, fits);
    assert!(most * 3_000.0 * 0.22 <= 1_000.0 + 1.0, "{most}");
    house.trade_at_mark(&ours, &other, perpetual(ETH), most * 0.9).unwrap();
    let excess = house.figures(&ours).initial_excess();
    assert!(house.withdraw(&ours, excess + 1.0).unwrap_err().is::<IClearing::MarginShortfall>());
    house.withdraw(&ours, (excess - 1.0).max(0.0)).unwrap();
}

#[test]
fn row_3_a_feed_that_dies_for_a_moment_starts_no_auction() {
    let (house, ..) = house_with(0.0);
    let (ours, other) = (house.funded(1, 10_000.0), house.funded(2, 1_000_000.0));
    house.trade_at_mark(&ours, &other, future(ETH, NOW + 30 * DAY), 10.0).unwrap();
    for dead in [true, false] {
        house.feed.set_dead(dead);
        for seconds in [1, MINUTE, HOUR, 6 * HOUR, 17 * HOUR] {
            house.wait(seconds);
            if !dead {
                house.refresh();
            }
            let refusal = house.start(other.address(), &ours).unwrap_err();
            assert!(refusal.0.len() >= 4);
            assert!(house.figures(&ours).excess() >= 0.0, "{dead} {seconds}");
        }
    }
}

#[test]
fn row_9_legs_reach_what_a_slice_cannot() {
    // Named legs of the good part, while another part of the account is dead.
    let stage = with_second(1_000_000.0, 60_000.0);
    let house = &stage.house;
    let (ours, other) = (house.funded(1, 7_000.0), house.funded(2, 10_000_000.0));
    stage.fund(&ours, 0.000_1);
    house.trade_at_mark(&ours, &other, perpetual(ETH), 10.0).unwrap();
    stage.pass(2 * HOUR);
    house.move_index(2_700.0);
    house.start(other.address(), &ours).unwrap();
    let bidder = house.funded(3, 1_000_000.0);
    let mut bid = house.whole(&ours, &bidder, U256::ZERO);
    bid.cut.kind = 2;
    bid.cut.legs = vec![ILiquidation::Leg { instrument: perpetual(ETH), quantity: 1_000_000 }];
    let done = house.bid(&bidder, &bid).unwrap();
    assert!(dollars_of(done.relief.unsigned_abs()) > 100.0);
    house.check();
    let before = house.figures(&ours).excess();
    let mut part = house.whole(&ours, &bidder, U256::from(WAD / 20));
    part.cut.kind = 1;
    part.cut.underlying = ETH;
    house.bid(&bidder, &part).unwrap();
    assert!(house.figures(&ours).excess() >= before);
    house.check();
}
