//! Auctions: their clock, their price, what voids a bid, and who can be closed out at all.

use alloy_primitives::U256;
use novate_abi::{IClearing, ILiquidation};
use novate_testbed::{
    House, Refusal, Trader, call, dollars, dollars_of, future,
    house::{CLEARING, ETH, LIQUIDATION, NOW},
    money, perpetual,
    units::{DAY, HOUR, MINUTE, ONE},
};

use crate::{close, house_with, leaves_whole};

fn whole() -> U256 {
    U256::from(ONE)
}

/// Long ten perpetuals from 3,000 with `cash`, in a house with an insurance fund.
fn long_ten(cash: f64) -> (House, Trader, Trader, Trader) {
    let (house, ..) = house_with(1_000_000.0);
    house.insure(100_000.0);
    let (ours, other) = (house.funded(1, cash), house.funded(2, 1_000_000.0));
    house.trade_at_mark(&ours, &other, perpetual(ETH), 10.0).unwrap();
    let bidder = house.funded(3, 1_000_000.0);
    (house, ours, other, bidder)
}

/// What a bidder gains by a bid, at marks.
fn gain(house: &House, bidder: &Trader, bid: &ILiquidation::Bid) -> Result<f64, Refusal> {
    house.world.trying(|_| {
        let before = house.figures(bidder).last_equity;
        house.bid(bidder, bid)?;
        house.check();
        Ok(house.figures(bidder).last_equity - before)
    })
}

#[test]
fn row_7_an_old_start_sells_nothing_cheaply() {
    for cured in ["deposit", "price"] {
        for sighted in [false, true] {
            let (house, ours, other, bidder) = long_ten(7_000.0);
            house.wait(MINUTE);
            house.move_index(2_700.0);
            house.start(other.address(), &ours).unwrap();
            house.wait(30);
            if cured == "deposit" {
                house.fund(&ours, 3_000.0);
            } else {
                house.move_index(3_000.0);
            }
            if sighted {
                house.sight(&ours).unwrap();
            }
            // 31 days later short for one block.
            house.wait(31 * DAY);
            house.set_index(2_550.0);
            house.publish();
            let before = house.figures(&ours);
            if before.excess() >= 0.0 {
                house.wait(1);
                house.move_index(2_400.0);
            }
            let seen = house.figures(&ours);
            assert!(seen.excess() < 0.0, "{seen:?}");
            house.start(other.address(), &ours).unwrap();
            let auction = house.auction(&ours);
            assert_eq!(auction.elapsed, 0, "{cured} {sighted}");
            let fund = house.ledger().insurance;
            let taken =
                gain(&house, &bidder, &house.whole(&ours, &bidder, auction.maximumFraction))
                    .unwrap();
            assert!(taken <= 0.02 * seen.last + 1e-6, "{taken} of {seen:?}");
            assert!(house.ledger().insurance >= fund);
        }
    }
}

#[test]
fn row_7_time_without_bids_is_no_time() {
    // An index that can't be used, or a sequencer that is down, for 13 hours.
    for gap in ["feed", "sequencer"] {
        let (house, ours, other, bidder) = long_ten(7_000.0);
        house.wait(MINUTE);
        house.move_index(2_700.0);
        house.start(other.address(), &ours).unwrap();
        house.wait(30);
        house.sight(&ours).unwrap();
        if gap == "sequencer" {
            house.sequencer.push_raw(alloy_primitives::I256::ONE, house.now(), house.now());
        }
        for _ in 0..26 {
            house.wait(30 * MINUTE);
            if gap == "sequencer" {
                house.set_index(2_700.0);
            }
            house.sight(&ours).ok();
            house.start(other.address(), &ours).ok();
            let bid = house.whole(&ours, &bidder, whole() / U256::from(10));
            if gap == "sequencer" || house.now() > NOW + 3 * HOUR {
                let got = gain(&house, &bidder, &bid);
                assert!(
                    got.is_err(),
                    "{gap} {} {got:?} {:?}",
                    house.now() - NOW,
                    house.figures(&ours)
                );
            }
        }
        if gap == "sequencer" {
            house.sequencer.push_raw(alloy_primitives::I256::ZERO, house.now(), house.now());
            house.wait(HOUR);
        }
        house.move_index(2_700.0);
        house.start(other.address(), &ours).unwrap();
        let elapsed = house.auction(&ours).elapsed;
        assert!(elapsed <= 600, "{gap}: {elapsed}");
    }
}

#[test]
fn row_7_liquidation_cannot_be_paused() {
    let (house, ours, other, bidder) = long_ten(7_000.0);
    for mask in [1, 2, 3, 255] {
        house.pause(LIQUIDATION, mask).ok();
        house.pause(CLEARING, mask).ok();
    }
    house.wait(MINUTE);
    house.move_index(2_700.0);
    house.start(other.address(), &ours).unwrap();
    let most = house.auction(&ours).maximumFraction;
    house.bid(&bidder, &house.whole(&ours, &bidder, most)).unwrap();
    house.check();
}

#[test]
fn row_8_dust_voids_no_bid() {
    let (house, ours, other, bidder) = long_ten(7_000.0);
    house.wait(MINUTE);
    house.move_index(2_700.0);
    house.start(other.address(), &ours).unwrap();
    for turn in 0..12 {
        house.wait(5 * MINUTE);
        house.refresh();
        if house.sight(&ours).is_err() || house.figures(&ours).excess() >= 0.0 {
            break;
        }
        let auction = house.auction(&ours);
        let mut bid = house.whole(&ours, &bidder, auction.maximumFraction);
        let expected = house.figures(&ours).last_equity * dollars_of(auction.maximumFraction);
        bid.minimumFraction = U256::from(1);
        bid.maximumPrice = U256::from(novate_testbed::wad(expected.max(0.0) + 500.0));
        // Between look and bid: a deposit of a unit, one of a dollar, a bid for a millionth.
        house.cash.mint(&house.world, ours.address(), U256::from(2_000_001));
        let dust = house.deposit_units(&ours, house.cash.address, U256::from(1)).unwrap_err();
        assert!(dust.is::<IClearing::DepositTooSmall>(), "{dust:?}");
        house.deposit(&ours, 1.0).unwrap();
        let friend = house.funded(4, 100_000.0);
        let small =
            house.bid(&friend, &house.whole(&ours, &friend, whole() / U256::from(1_000_000)));
        assert!(small.unwrap_err().is::<ILiquidation::RelievesTooLittle>());
        house.touch(&[&ours]).unwrap();
        assert!(
            gain(&house, &bidder, &bid).is_ok(),
            "turn {turn}: {:?}",
            gain(&house, &bidder, &bid)
        );
    }
}

#[test]
fn row_8_the_account_goes_to_whom_bids_not_to_whom_waits() {
    // A bid with limits on price and worth, and any nonce, succeeds whatever dust arrives; one with a nonce of before doesn't.
    let (house, ours, other, bidder) = long_ten(7_000.0);
    house.wait(MINUTE);
    house.move_index(2_700.0);
    house.start(other.address(), &ours).unwrap();
    let nonce = house.view(CLEARING, &IClearing::nonceCall { account: ours.account });
    let touched = house.touch(&[&ours]);
    touched.unwrap();
    assert_eq!(house.view(CLEARING, &IClearing::nonceCall { account: ours.account }), nonce);
    let most = house.auction(&ours).maximumFraction;
    let mut bid = house.whole(&ours, &bidder, most);
    bid.expectedNonce = nonce;
    house.world.trying(|_| house.bid(&bidder, &bid).unwrap());
    house.fund(&ours, 5.0);
    assert!(house.bid(&bidder, &bid).unwrap_err().is::<ILiquidation::StateChanged>());
    bid.maximumPrice = U256::ZERO;
    bid.expectedNonce = u64::MAX;
    assert!(house.bid(&bidder, &bid).unwrap_err().is::<ILiquidation::PriceAboveLimit>());
    bid.maximumPrice = U256::MAX;
    bid.minimumWorth = money(1e9);
    assert!(house.bid(&bidder, &bid).unwrap_err().is::<ILiquidation::WorthBelowLimit>());
}

/// What the account's owner, the bidder and the fund get if the whole book is bid for, at an equity near zero and an age of the auction.
fn close_out_at(index: f64, minutes: u64) -> (f64, f64, f64) {
    let (house, ours, other, bidder) = long_ten(7_000.0);
    house.wait(MINUTE);
    house.move_index(index);
    house.start(other.address(), &ours).unwrap();
    for _ in 0..minutes {
        house.wait(MINUTE);
        house.refresh();
        house.sight(&ours).unwrap();
    }
    let equity = house.figures(&ours).last_equity;
    let fund = dollars_of(house.ledger().insurance);
    let taken = gain(&house, &bidder, &house.whole(&ours, &bidder, whole())).unwrap();
    house.world.trying(|_| {
        house.bid(&bidder, &house.whole(&ours, &bidder, whole())).unwrap();
        (equity, taken, dollars_of(house.ledger().insurance) - fund)
    })
}

#[test]
fn row_17_the_price_is_continuous_at_zero_equity() {
    for minutes in [0, 10, 40] {
        // Equity is 7,000 + 10 * (index - 3,000): zero at 2,300.
        let seen: Vec<_> = [2_310.0, 2_301.0, 2_300.1, 2_299.9, 2_299.0, 2_290.0]
            .map(|index| close_out_at(index, minutes))
            .to_vec();
        for pair in seen.windows(2) {
            let ((equity, taken, fund), (next_equity, next_taken, next_fund)) = (pair[0], pair[1]);
            let apart = equity - next_equity;
            // w and a R move by at most ten times a share of what equity moved by.
            assert!((taken - next_taken).abs() <= 6.0 * apart + 1e-6, "{minutes}: {seen:?}");
            assert!((fund - next_fund).abs() <= 8.0 * apart + 1e-6, "{minutes}: {seen:?}");
        }
    }
}

#[test]
fn row_17_after_a_gap_and_back_the_fund_pays_what_is_owed_now() {
    let (house, ours, other, bidder) = long_ten(7_000.0);
    house.wait(MINUTE);
    house.move_index(2_000.0);
    house.start(other.address(), &ours).unwrap();
    house.pass(30 * MINUTE, MINUTE);
    house.sight(&ours).unwrap();
    house.wait(MINUTE);
    house.move_index(2_450.0);
    let fund = dollars_of(house.ledger().insurance);
    let figures = house.figures(&ours);
    assert!(figures.last_equity > 0.1 * figures.last);
    let bid = house.whole(&ours, &bidder, house.auction(&ours).maximumFraction);
    house.bid(&bidder, &bid).unwrap();
    house.check();
    assert!(
        dollars_of(house.ledger().insurance) >= fund,
        "a solvent account costs the fund nothing"
    );
}

#[test]
fn row_17_an_insolvent_account_costs_its_deficit_and_the_bonus() {
    for minutes in [0_u64, 5, 15, 60] {
        let (house, ours, other, bidder) = long_ten(7_000.0);
        house.wait(MINUTE);
        house.move_index(2_150.0);
        house.start(other.address(), &ours).unwrap();
        for _ in 0..minutes {
            house.wait(MINUTE);
            house.refresh();
            house.sight(&ours).unwrap();
        }
        // The debt that gains make when they are settled requires its margin.
        house.touch(&[&ours]).unwrap();
        let figures = house.figures(&ours);
        let terms = house
            .view(LIQUIDATION, &ILiquidation::termsCall { elapsed: house.auction(&ours).elapsed });
        let fund = dollars_of(house.ledger().insurance);
        house.bid(&bidder, &house.whole(&ours, &bidder, whole())).unwrap();
        let paid = fund - dollars_of(house.ledger().insurance);
        let bonus =
            dollars_of(terms.concession).min(dollars_of(terms.bonus)).min(0.2) * figures.last;
        assert!(paid <= -figures.last_equity + bonus + 1e-6, "{minutes}: {paid} {figures:?}");
        close(house.figures(&ours).last_equity, 0.0, 1e-6);
        house.check();
    }
}

#[test]
fn row_28_rounding_makes_nobody_immune() {
    let (house, ..) = house_with(1_000_000.0);
    house.insure(100_000.0);
    let (ours, other) = (house.funded(1, 40_000.0), house.funded(2, 10_000_000.0));
    let expiry = NOW + 30 * DAY;
    // Eight short lines of odd quantities and one long, a millionth net short.
    let mut sold = 0.0;
    for line in 0..8_u32 {
        let strike = 3_000.0 + 50.0 * f64::from(line);
        let size = 1.234_567 + f64::from(line) * 0.111_111;
        house.trade_at_mark(&other, &ours, call(ETH, expiry, strike), size).unwrap();
        sold += size;
    }
    house.trade_at_mark(&ours, &other, call(ETH, expiry, 3_500.0), sold - 0.000_001).unwrap();
    let free = house.withdrawable(&ours);
    house.withdraw(&ours, free - 1.0).unwrap();
    for index in [3_100.0, 3_200.0, 3_300.0, 3_400.0] {
        house.wait(MINUTE);
        house.move_index(index);
        if house.figures(&ours).excess() < 0.0 {
            break;
        }
    }
    assert!(house.figures(&ours).excess() < 0.0, "{:?}", house.figures(&ours));
    house.start(other.address(), &ours).unwrap();
    let bidder = house.funded(3, 1_000_000.0);
    let most = house.auction(&ours).maximumFraction;
    assert!(most > U256::ZERO);
    let mut passed = 0;
    for part in 1..=20_u64 {
        let fraction = most * U256::from(part) / U256::from(20);
        match gain(&house, &bidder, &house.whole(&ours, &bidder, fraction)) {
            Ok(gain) => {
                assert!(gain >= -1e-6, "a bidder loses {gain}");
                passed += 1;
            }
            Err(refusal) => {
                assert!(refusal.is::<ILiquidation::RelievesTooLittle>(), "{part}: {refusal:?}")
            }
        }
    }
    assert!(passed > 0, "immune");
}

#[test]
fn row_31_an_auction_ages_only_while_a_bid_would_pass() {
    let (house, ours, other, bidder) = long_ten(7_000.0);
    house.wait(MINUTE);
    house.move_index(2_700.0);
    house.start(other.address(), &ours).unwrap();
    // A bidder who has just what the book needs, data that nobody renews, an index that lives.
    let lean = house.funded(4, 12_000.0);
    let mut requirement = house.figures(&ours).initial;
    let mut elapsed = 0;
    for minute in 1..=240_u64 {
        house.wait(MINUTE);
        house.set_index(2_700.0);
        let most = house.auction(&ours).maximumFraction;
        let passes = gain(&house, &lean, &house.whole(&ours, &lean, most)).is_ok();
        let funded = gain(&house, &bidder, &house.whole(&ours, &bidder, most)).is_ok();
        house.sight(&ours).unwrap();
        let now = house.auction(&ours).elapsed;
        assert!(
            now == elapsed || (passes && funded),
            "aged at minute {minute} while no bid passes"
        );
        elapsed = now;
        let next = house.figures(&ours).initial;
        assert!(
            (next - requirement).abs() <= 0.05 * 27_000.0,
            "a step at minute {minute}: {requirement} {next}"
        );
        requirement = next;
    }
    assert!(elapsed > 0);
}

#[test]
fn row_33_seconds_of_being_short_do_not_add_up() {
    let (house, ours, other, _) = long_ten(7_000.0);
    // The boundary: 7,000 - 10 (3,000 - S) = 10 S 0.174.
    let boundary = 23_000.0 / (10.0 * (1.0 - 0.174));
    let mut starts = 0_u64;
    for _ in 0..96 {
        house.wait(15 * MINUTE - 1);
        house.move_index(boundary + 1.0);
        house.wait(1);
        house.move_index(boundary - 0.5);
        if house.start(other.address(), &ours).is_ok() {
            starts += 1;
        }
    }
    assert!(starts > 90);
    let elapsed = house.auction(&ours).elapsed;
    // Twenty-four hours in which he was short for 96 seconds: at a minute a sighting until a quarter of an hour, five minutes then,
    // a clock by sightings alone runs at a third of time's speed at most; any sighting while he is healthy ends it.
    assert!(elapsed <= 15 * MINUTE + 96 * 300, "{elapsed}");
    house.wait(1);
    house.move_index(boundary + 1.0);
    house.sight(&ours).unwrap();
    house.wait(1);
    house.move_index(boundary - 0.5);
    house.start(other.address(), &ours).unwrap();
    assert_eq!(house.auction(&ours).elapsed, 0);
    assert_eq!(
        dollars(house.cash_of(&other)),
        1_000_000.0 + pnl(&house, &other),
        "starts pay nothing"
    );
}

/// What a trader's cash changed by through settled gains so far.
fn pnl(house: &House, trader: &Trader) -> f64 {
    let events = house.events::<IClearing::CashChanged>();
    let own = events
        .iter()
        .filter(|event| event.account == trader.account && matches!(event.reason, 3..=5));
    own.map(|event| dollars(event.change)).sum()
}

#[test]
fn row_33_an_hour_without_a_sighting_starts_again() {
    let (house, ours, other, _) = long_ten(7_000.0);
    house.wait(MINUTE);
    house.move_index(2_700.0);
    house.start(other.address(), &ours).unwrap();
    for _ in 0..30 {
        house.wait(MINUTE);
        house.refresh();
        house.sight(&ours).unwrap();
    }
    assert!(house.auction(&ours).elapsed > 10 * MINUTE);
    house.wait(HOUR + 1);
    house.refresh();
    house.sight(&ours).unwrap();
    assert_eq!(house.auction(&ours).elapsed, 0);
}

#[test]
fn every_fallen_account_can_be_closed_out_and_costs_only_its_deficit() {
    // All sides and depths: after bids the account is healed or empty, and depositors are whole.
    for (direction, step) in [(1.0, -1.0), (-1.0, 1.0)] {
        for fall in [320.0, 450.0, 600.0, 720.0, 900.0] {
            let (house, _, depositor) = house_with(1_000_000.0);
            house.insure(100_000.0);
            let (ours, other) = (house.funded(1, 7_000.0), house.funded(2, 1_000_000.0));
            if direction > 0.0 {
                house.trade_at_mark(&ours, &other, future(ETH, NOW + 30 * DAY), 10.0).unwrap();
            } else {
                house.trade_at_mark(&other, &ours, future(ETH, NOW + 30 * DAY), 10.0).unwrap();
            }
            house.wait(MINUTE);
            house.move_index(3_000.0 + step * fall);
            let bidder = house.funded(3, 1_000_000.0);
            for _ in 0..20 {
                if house.figures(&ours).excess() >= 0.0 {
                    break;
                }
                house.start(other.address(), &ours).unwrap();
                let most = house.auction(&ours).maximumFraction;
                house.bid(&bidder, &house.whole(&ours, &bidder, most)).unwrap();
                house.check();
            }
            let figures = house.figures(&ours);
            assert!(figures.excess() >= 0.0 && figures.last_equity >= -1e-9, "{figures:?}");
            assert!(house.ledger().carried.is_zero());
            leaves_whole(&house, &depositor);
        }
    }
}

#[test]
fn row_7_whom_a_touch_heals_is_not_short() {
    // A debt that his own shares or unsettled gains cover requires nothing: no auction ages on him while every bid is refused.
    for shares in [10_000.0, 3_000.0] {
        let (house, ..) = house_with(1_000_000.0);
        let (ours, other) = (house.funded(1, 20_000.0), house.funded(2, 1_000_000.0));
        house.lend(&ours, shares).unwrap();
        house.trade_at_mark(&other, &ours, perpetual(ETH), 20.0).unwrap();
        // To within a touch of being short, where the margin of the debt decides.
        for step in 1..400 {
            house.wait(5);
            house.move_index(3_000.0 + f64::from(step));
            let seen = house.figures(&ours).excess();
            let started = house.world.trying(|_| house.start(other.address(), &ours).is_ok());
            let bids = house.world.trying(|_| {
                house.touch(&[&ours]).unwrap();
                house.figures(&ours).excess()
            });
            close(seen, bids, 1e-6);
            assert_eq!(started, bids < 0.0, "{shares} {step} {seen} {bids}");
            if bids < 0.0 {
                let most = house.auction(&ours).maximumFraction;
                let bidder = house.funded(3, 1_000_000.0);
                house.start(other.address(), &ours).unwrap();
                house.bid(&bidder, &house.whole(&ours, &bidder, most)).unwrap();
                break;
            }
        }
        house.check();
    }
}
