//! The mark is the state: tenors against each other, prices that somebody states, concessions, fees and caps.

use novate_abi::{IClearing, IOracle};
use novate_testbed::{
    House, Leg, Trader, call, dollars, dollars_of, future,
    house::{CLEARING, ETH, NOW},
    perpetual, put,
    units::{DAY, MINUTE},
};

use crate::{close, house_with, largest, leaves_whole, nobody_sinks};

/// Legs of a spread: the first bought, the second sold.
fn spread(house: &House, near: u64, far: u64, size: f64) -> [Leg; 2] {
    [Leg(near, size, house.mark(near)), Leg(far, -size, house.mark(far))]
}

fn tenors() -> Vec<u64> {
    let mut all = vec![perpetual(ETH)];
    all.extend([1, 7, 30, 90, 365].map(|days| future(ETH, NOW + days * DAY)));
    all
}

/// Every message that moves one tenor as far as it goes.
fn push(house: &House, instrument: u64, by: f64) {
    let mut model = house.model.borrow_mut();
    if instrument == perpetual(ETH) {
        model.premium = by;
        return;
    }
    for days in [1, 7, 30, 90, 365] {
        let expiry = NOW + days * DAY;
        if instrument == future(ETH, expiry) {
            model.basis.insert(expiry, by);
        }
    }
}

#[test]
fn row_1_futures_against_futures_make_no_debt() {
    for (near, far) in pairs() {
        for (first, second) in [(0.0, 1.0 / 3_000.0), (0.01, -0.01), (-0.01, 0.01), (0.0, -0.3)] {
            let (house, _, depositor) = house_with(5_000_000.0);
            let (ours, friend) = (house.funded(1, 2_000.0), house.funded(2, 2_000.0));
            let refused = house.trade_legs(&ours, &friend, &spread(&house, near, far, 1_000_000.0));
            assert!(refused.unwrap_err().is::<IClearing::MarginShortfall>());
            let fits = |size| {
                let legs = spread(&house, near, far, size);
                house.world.trying(|_| house.trade_legs(&ours, &friend, &legs).is_ok())
            };
            let size = largest(1_000.0, fits);
            house.trade_legs(&ours, &friend, &spread(&house, near, far, size)).unwrap();
            house.wait(MINUTE);
            push(&house, near, first);
            push(&house, far, second);
            house.refresh();
            nobody_sinks(&house, &[&ours, &friend]);
            assert!(house.extractable(&[&ours, &friend]) <= 4_000.0 + 1e-5);
            house.trade_legs(&friend, &ours, &spread(&house, near, far, size)).unwrap();
            nobody_sinks(&house, &[&ours, &friend]);
            let taken = house.extractable(&[&ours, &friend]);
            assert!(taken <= 4_000.0 + 1e-5, "{near} {far} {first} {second}: {taken}");
            leaves_whole(&house, &depositor);
        }
    }
}

fn pairs() -> Vec<(u64, u64)> {
    let all = tenors();
    let mut pairs = Vec::new();
    for (place, near) in all.iter().enumerate() {
        pairs.extend(all.iter().skip(place + 1).map(|far| (*near, *far)));
    }
    pairs
}

#[test]
fn row_2_a_trade_between_messages_takes_nothing() {
    // Index move, ETH a leg.
    for (rise, size) in [(0.01, 10_000.0), (-0.01, 10_000.0), (0.0005, 500_000.0), (0.03, 100.0)] {
        let (house, _, depositor) = house_with(5_000_000.0);
        let (ours, friend) = (house.funded(1, 200_000.0), house.funded(2, 200_000.0));
        let (near, far) = (future(ETH, NOW + 7 * DAY), future(ETH, NOW + 30 * DAY));
        house.wait(30);
        let held = house.message();
        house.wait(30);
        house.set_index(3_000.0 * (1.0 + rise));
        // The old message, a trade, the new message, the way back, all at once.
        house.relay(&held).unwrap();
        let fits = |size| {
            let legs = spread(&house, near, far, size);
            house.world.trying(|_| house.trade_legs(&ours, &friend, &legs).is_ok())
        };
        let size = largest(size, fits);
        house.trade_legs(&ours, &friend, &spread(&house, near, far, size)).unwrap();
        house.publish();
        nobody_sinks(&house, &[&ours, &friend]);
        house.trade_legs(&friend, &ours, &spread(&house, near, far, size)).unwrap();
        nobody_sinks(&house, &[&ours, &friend]);
        let taken = house.extractable(&[&ours, &friend]);
        assert!(taken <= 400_000.0 + 1e-5, "{taken}");
        leaves_whole(&house, &depositor);
    }
}

#[test]
fn row_2_forward_and_mark_follow_the_index_without_a_message() {
    let (house, ..) = house_with(0.0);
    house.model.borrow_mut().carry = 0.05;
    house.wait(MINUTE);
    house.refresh();
    let before: Vec<f64> = tenors().iter().map(|tenor| house.mark(*tenor)).collect();
    house.set_index(3_030.0);
    for (tenor, before) in tenors().iter().zip(&before) {
        close(house.mark(*tenor) / before, 1.01, 1e-9);
    }
}

#[test]
fn row_3_an_honest_spread_is_never_short_between_messages() {
    for (near, far) in pairs() {
        for direction in [1.0, -1.0] {
            let (house, ..) = house_with(0.0);
            let (honest, other) = (house.funded(1, 19_400.0), house.funded(2, 1_000_000.0));
            let legs = |size| spread(&house, near, far, size);
            let fits = |size| {
                house.world.trying(|_| house.trade_legs(&honest, &other, &legs(size)).is_ok())
            };
            let size = largest(1_000.0, fits);
            house.trade_legs(&honest, &other, &legs(size)).unwrap();
            let safe = |house: &House| {
                let start = house.start(other.address(), &honest);
                assert!(start.is_err(), "{near} {far}: {:?}", house.figures(&honest));
                assert!(house.figures(&honest).excess() >= -1e-9);
            };
            // The index moves, and no message comes.
            for index in [3_030.0, 3_000.0, 2_970.0, 3_000.0] {
                house.wait(10);
                house.set_index(index);
                safe(&house);
            }
            // One message half as far against him as messages go.
            let all = |share: f64| {
                push(&house, near, -0.02 * direction);
                push(&house, far, 0.02 * direction);
                house.wait((600.0 * share) as u64);
                house.refresh();
            };
            let before = house.figures(&honest);
            house.world.trying(|_| {
                all(0.01);
                // What all of it takes is half of what guards it; he keeps about what he must.
                let after = house.figures(&honest);
                assert!(
                    after.equity >= 0.9 * after.maintenance,
                    "{near} {far}: {before:?} {after:?}"
                );
                if house.start(other.address(), &honest).is_ok() {
                    let bid = house.whole(&honest, &other, house.auction(&honest).maximumFraction);
                    let before = house.figures(&other).last_equity;
                    house.bid(&other, &bid).unwrap();
                    let gain = house.figures(&other).last_equity - before;
                    assert!(gain <= 0.02 * after.last, "{gain}");
                }
            });
        }
    }
}

/// An account long ten perpetuals with 1,497 of equity at an index of 2,450, and its friend.
fn fallen() -> (House, Trader, Trader) {
    let (house, ..) = house_with(5_000_000.0);
    let (ours, friend) = (house.funded(1, 6_997.0), house.funded(2, 1_000_000.0));
    house.trade_at_mark(&ours, &friend, perpetual(ETH), 10.0).unwrap();
    house.wait(MINUTE);
    house.move_index(2_450.0);
    let figures = house.figures(&ours);
    close(figures.equity, 1_497.0, 0.01);
    close(figures.maintenance, 4_263.0, 0.01);
    (house, ours, friend)
}

#[test]
fn row_4_reducing_drains_nothing() {
    let (house, ours, friend) = fallen();
    let instrument = perpetual(ETH);
    let refusal = house.trade(&friend, &ours, instrument, 10.0, 2_025.0).unwrap_err();
    assert!(refusal.is::<IClearing::PriceOutOfBand>(), "{refusal:?}");
    for price in [2_327.5, 2_400.0, 2_449.0, 2_449.999] {
        for size in [10.0, 5.0, 1.0, 0.01] {
            house.world.trying(|_| match house.trade(&friend, &ours, instrument, size, price) {
                // Who needs no more than he has may give away what is his own.
                Ok(()) => assert!(
                    house.figures(&ours).initial_excess() >= 0.0 && size > 9.0,
                    "{price} {size}"
                ),
                Err(refusal) => assert!(
                    refusal.is::<IClearing::ConcessionTooLarge>(),
                    "{price} {size} {refusal:?}"
                ),
            });
        }
    }
    house.trade(&friend, &ours, instrument, 4.0, 2_450.0).unwrap();
    house.trade(&friend, &ours, instrument, 4.0, 2_500.0).unwrap();
    house.check();
}

#[test]
fn row_4_short_puts_are_bought_back_near_their_mark() {
    let (house, ..) = house_with(5_000_000.0);
    let (ours, friend) = (house.funded(1, 20_000.0), house.funded(2, 1_000_000.0));
    let instrument = put(ETH, NOW + 30 * DAY, 2_500.0);
    house.trade_at_mark(&friend, &ours, instrument, 20.0).unwrap();
    for index in [2_900.0, 2_800.0, 2_700.0, 2_600.0, 2_500.0] {
        house.wait(MINUTE);
        house.move_index(index);
    }
    let (mark, before) = (house.mark(instrument), house.figures(&ours));
    let refusal = house.trade(&ours, &friend, instrument, 20.0, mark + 279.0).unwrap_err();
    assert!(refusal.is::<IClearing::PriceOutOfBand>(), "{refusal:?}");
    // Whatever passes, leaves him no worse for his requirement.
    for over in [0.0, 1.0, 10.0, 40.0, 100.0] {
        for size in [20.0, 10.0, 1.0] {
            house.world.trying(|_| {
                if house.trade(&ours, &friend, instrument, size, mark + over).is_ok() {
                    let after = house.figures(&ours);
                    assert!(after.excess() >= before.excess() - 1e-9, "{before:?} {after:?}");
                    assert!(after.equity > 0.0);
                }
            });
        }
    }
}

#[test]
fn row_4_and_32_the_concession_is_bounded_by_solvency() {
    // What may be lost is min(0.25, max(0, 2 e - 1)) of what the requirement falls by.
    for equity in [400.0, 1_065.0, 1_497.0, 2_100.0, 2_500.0, 3_000.0, 4_000.0] {
        let (house, ..) = house_with(5_000_000.0);
        let (ours, friend) = (house.funded(1, 5_500.0 + equity), house.funded(2, 1_000_000.0));
        let instrument = perpetual(ETH);
        house.fund(&ours, 3_000.0);
        house.trade_at_mark(&ours, &friend, instrument, 10.0).unwrap();
        house.withdraw(&ours, 2_000.0).ok();
        let extra = dollars(house.cash_of(&ours)) - 5_500.0 - equity;
        // Back to the equity that is meant: a trade above the mark with the friend gives the rest away.
        if extra > 0.0 {
            let give = |by: f64| {
                house.trade(
                    &ours,
                    &friend,
                    call(ETH, NOW + 365 * DAY, 90_000.0),
                    by,
                    house.mark(call(ETH, NOW + 365 * DAY, 90_000.0)) + 100.0,
                )
            };
            give(extra / 100.0).ok();
        }
        house.wait(MINUTE);
        house.move_index(2_450.0);
        let before = house.figures(&ours);
        let solvency = before.last_equity / before.last;
        for size in [10.0, 5.0, 1.0] {
            let sell = |loss: f64| {
                house.world.trying(|_| {
                    house
                        .trade(&friend, &ours, instrument, size, 2_450.0 - loss / size)
                        .map(|()| house.figures(&ours))
                })
            };
            let Ok(after) = sell(0.0) else {
                panic!("closing at the mark is refused at {solvency}")
            };
            let allowed =
                (2.0 * solvency - 1.0).clamp(0.0, 0.25) * (before.maintenance - after.maintenance);
            if after.initial_excess() < 0.0 {
                assert!(sell(allowed + 0.01 + 1e-3 * size).is_err(), "{solvency} {size} {allowed}");
            }
            let most = allowed.min(size * 122.0);
            assert!(
                sell((most - 0.01 - 1e-3 * size).max(0.0)).is_ok(),
                "{solvency} {size} {allowed}"
            );
        }
    }
}

#[test]
fn row_5_no_price_poisons_a_reference() {
    let (house, ..) = house_with(5_000_000.0);
    let (ours, friend) = (house.funded(1, 7_000.0), house.funded(2, 1_000_000.0));
    let instrument = perpetual(ETH);
    for price in [1e10, 1e6, 3_151.0, 2_849.0, 0.01] {
        let refusal = house.trade(&ours, &friend, instrument, 0.000_001, price).unwrap_err();
        assert!(refusal.is::<IClearing::PriceOutOfBand>(), "{refusal:?}");
    }
    for price in [3_150.0, 2_850.0, 3_000.0] {
        house.trade(&ours, &friend, instrument, 0.000_001, price).unwrap();
        let held = house.view(CLEARING, &IClearing::positionsCall { account: ours.account });
        assert_eq!(held[0].referencePrice, house.marked(instrument).mark, "the mark is the state");
    }
    house.trade_at_mark(&ours, &friend, instrument, 10.0).unwrap();
    house.wait(MINUTE);
    house.move_index(2_500.0);
    let bidder = house.funded(3, 1_000_000.0);
    let before = house.figures(&bidder).equity;
    for _ in 0..12 {
        let Ok(bid) = bid_as_seen(&house, &ours, &bidder) else { break };
        let after = house.figures(&bidder).equity;
        assert!(after >= before - 1e-9, "an honest bid lost {} ({bid:?})", before - after);
        house.check();
    }
    assert!(house.figures(&ours).excess() >= 0.0, "{:?}", house.figures(&ours));
    assert!(house.figures(&ours).last_equity >= 0.0);
}

/// What a bot does: starts, looks, bids for what it saw.
fn bid_as_seen(
    house: &House,
    account: &Trader,
    bidder: &Trader,
) -> Result<f64, novate_testbed::Refusal> {
    house.start(bidder.address(), account)?;
    let seen = house.auction(account);
    house
        .bid(bidder, &house.whole(account, bidder, seen.maximumFraction))
        .map(|done| dollars_of(done.fraction))
}

#[test]
fn row_14_fees_are_on_notional_at_the_index() {
    let (house, ..) = house_with(0.0);
    house.fees(300, 125_000, 10_000_000_000_000_000, 100, 500);
    let (ours, friend) = (house.funded(1, 1_000_000.0), house.funded(2, 1_000_000.0));
    let fee = |instrument, size, price| {
        house.world.trying(|_| {
            let before = house.ledger().fees;
            house.trade(&ours, &friend, instrument, size, price).unwrap();
            house.check();
            dollars_of(house.ledger().fees - before)
        })
    };
    for price in [2_850.0, 3_000.0, 3_150.0] {
        close(fee(perpetual(ETH), 100.0, price), 180.0, 1e-6);
    }
    let option = call(ETH, NOW + 30 * DAY, 3_000.0);
    let mark = house.mark(option);
    for price in [mark - 100.0, mark, mark + 149.0] {
        close(fee(option, 100.0, price), 180.0, 1e-6);
    }
}

#[test]
fn row_14_caps_count_all_strikes_of_an_expiry() {
    let (house, ..) = house_with(0.0);
    house.caps(3_000.0, 1e13);
    let (ours, friend) = (house.funded(1, 1_000_000.0), house.funded(2, 1_000_000.0));
    let expiry = NOW + 30 * DAY;
    house.trade_at_mark(&ours, &friend, call(ETH, expiry, 3_000.0), 1.0).unwrap();
    for strike in 1..=100 {
        let strike = 3_000.0 + f64::from(strike) * 10.0;
        for instrument in [call(ETH, expiry, strike), put(ETH, expiry, strike), future(ETH, expiry)]
        {
            for size in [1.0, 0.000_001] {
                let refusal = house.trade_at_mark(&ours, &friend, instrument, size).unwrap_err();
                assert!(refusal.is::<IClearing::OpenInterestCapExceeded>(), "{refusal:?}");
            }
        }
    }
    // Closing is never capped, and another expiry has a cap of its own.
    house.trade_at_mark(&friend, &ours, call(ETH, expiry, 3_000.0), 0.5).unwrap();
    house.trade_at_mark(&ours, &friend, call(ETH, NOW + 7 * DAY, 3_000.0), 1.0).unwrap();
    house.check();
}

#[test]
fn row_14_caps_count_all_lines_of_an_account() {
    let (house, ..) = house_with(0.0);
    house.caps(1e13, 6_000.0);
    let (ours, friend) = (house.funded(1, 1_000_000.0), house.funded(2, 1_000_000.0));
    house.trade_at_mark(&ours, &friend, perpetual(ETH), 1.0).unwrap();
    house.trade_at_mark(&ours, &friend, call(ETH, NOW + 30 * DAY, 3_000.0), 1.0).unwrap();
    let more = house.trade_at_mark(&ours, &friend, put(ETH, NOW + 7 * DAY, 2_000.0), 0.01);
    assert!(more.unwrap_err().is::<IClearing::AccountCapExceeded>());
}

#[test]
fn row_18_hedges_stay_hedges_while_the_index_moves() {
    // Perpetual against future, and against a synthetic of call and put: nothing of them waits for a message.
    for index in [2_910.0, 3_090.0, 2_700.0, 3_300.0] {
        let (house, ..) = house_with(0.0);
        let (ours, other) = (house.funded(1, 1_578.0), house.funded(2, 1_000_000.0));
        let expiry = NOW + 30 * DAY;
        let legs = [
            Leg(perpetual(ETH), 5.0, house.mark(perpetual(ETH))),
            Leg(call(ETH, expiry, 3_000.0), -5.0, house.mark(call(ETH, expiry, 3_000.0))),
            Leg(put(ETH, expiry, 3_000.0), 5.0, house.mark(put(ETH, expiry, 3_000.0))),
        ];
        let fits = |share: f64| {
            let legs = legs.map(|Leg(instrument, size, price)| {
                Leg(instrument, (size * share * 1e6).round() / 1e6, price)
            });
            house.world.trying(|_| house.trade_legs(&ours, &other, &legs).is_ok())
        };
        let share = (largest(1.0, fits) * 1e6).floor() / 1e6;
        let legs = legs.map(|Leg(instrument, size, price)| {
            Leg(instrument, (size * share * 1e6).floor() / 1e6, price)
        });
        house.trade_legs(&ours, &other, &legs).unwrap();
        let before = house.figures(&ours).equity;
        house.wait(MINUTE);
        house.set_index(index);
        close(house.figures(&ours).equity, before, 1e-2);
        assert!(house.start(other.address(), &ours).is_err());
        house.publish();
        close(house.figures(&ours).equity, before, 1e-2);
        assert!(house.start(other.address(), &ours).is_err());
    }
}

#[test]
fn row_1_messages_of_another_order_or_age_move_no_further() {
    // The bucket of a forward is one: no string of messages within it moves more than one message may.
    let (house, ..) = house_with(0.0);
    let expiry = NOW + 30 * DAY;
    let start = house.mark(future(ETH, expiry));
    house.model.borrow_mut().basis.insert(expiry, 0.02);
    house.wait(1);
    house.refresh();
    let once = house.mark(future(ETH, expiry)) - start;
    for _ in 0..10 {
        house.wait(1);
        house.refresh();
    }
    let ten = house.mark(future(ETH, expiry)) - start;
    assert!(once > 0.0 && ten <= once * 1.03, "{once} {ten}");
    let allowances =
        house.view(novate_testbed::house::ORACLE, &IOracle::allowancesCall { underlying: ETH });
    let years = 30.0 / 365.0_f64;
    let most = allowances.forwardFloor as f64 / 1e18
        + allowances.forwardSlope as f64 / 1e18 * years.sqrt();
    assert!(once <= 3_000.0 * most * (1.0 + 1e-6), "{once} {most}");
    // Half of the charge of one leg.
    close(most, (0.005 + 0.02 * years.sqrt()) / 2.0, 1e-9);
}
