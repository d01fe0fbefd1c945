//! Messages of the market: their age, what one or several of them may move, what is refused and what is bounded.

use std::collections::BTreeMap;

use novate_abi::IOracle;
use novate_testbed::{
    House, Leg, Trader, call, future,
    house::{ETH, NOW, ORACLE, expiries},
    market::Model,
    perpetual, put,
    units::{DAY, HOUR, MINUTE, WAD},
    wad,
};

use crate::{close, house_with, largest, leaves_whole, nobody_sinks};

#[test]
fn row_13_an_old_message_is_refused() {
    let (house, ..) = house_with(0.0);
    house.wait(MINUTE);
    let held = house.message();
    for age in [120, 121, 600, 55 * MINUTE] {
        house.world.set_timestamp(held.modelTime + age);
        house.set_index(3_000.0);
        if age == 120 {
            house.world.trying(|_| {
                house.relay(&held).unwrap();
                assert!(house.relay(&held).unwrap_err().is::<IOracle::InvalidModelTime>(), "twice");
            });
            continue;
        }
        assert!(house.relay(&held).unwrap_err().is::<IOracle::InvalidModelTime>(), "{age}");
        assert!(house.relay_by_all(&held).unwrap_err().is::<IOracle::InvalidModelTime>(), "{age}");
    }
}

#[test]
fn row_13_the_premium_is_the_messages_own() {
    // Relayed late or at once, at whatever index: the rate is the same.
    let rate = |index: f64, late: u64| {
        let (house, ..) = house_with(0.0);
        house.model.borrow_mut().premium = 0.001;
        for _ in 0..10 {
            house.wait(10 * MINUTE);
            house.set_index(3_000.0);
            let held = house.message();
            house.wait(late);
            house.set_index(index);
            house.relay(&held).unwrap();
        }
        // In quote currency: of the index.
        house.view(ORACLE, &IOracle::perpetualCall { underlying: ETH }).fundingRate as f64 / index
    };
    let honest = rate(3_000.0, 1);
    close(rate(2_940.0, 1) / honest, 1.0, 1e-6);
    close(rate(3_060.0, 100) / honest, 1.0, 0.05);
}

#[test]
fn row_13_silence_pays_no_funding() {
    let (house, ..) = house_with(0.0);
    let funding = |house: &House| {
        let at = house.view(ORACLE, &IOracle::fundingIndexCall { underlying: ETH });
        novate_testbed::dollars(at)
    };
    house.model.borrow_mut().premium = -0.02;
    for _ in 0..120 {
        house.wait(10 * MINUTE);
        house.refresh();
    }
    let start = funding(&house);
    house.wait(HOUR);
    house.set_index(3_000.0);
    let hour = funding(&house) - start;
    // The rate is at most 4% a day.
    assert!(hour.abs() <= 3_000.0 * 0.04 / 24.0 * 1.001, "{hour}");
    let mut days = 0.0;
    for _ in 0..48 {
        house.wait(HOUR / 2);
        house.set_index(3_000.0);
        days = funding(&house) - start - hour;
    }
    // A day without messages: the premium counts 0, what stays is what decays of the average and one basis point.
    assert!(days.abs() <= 3_000.0 * 0.04 / 24.0 * 8.5, "{days}");
}

/// Every kind of book that a message could hurt, as legs for one contract.
fn books(house: &House) -> Vec<Vec<Leg>> {
    let at = |instrument| Leg(instrument, 1.0, house.mark(instrument));
    let neg = |instrument| Leg(instrument, -1.0, house.mark(instrument));
    let (day, month, year) = (NOW + DAY, NOW + 30 * DAY, NOW + 365 * DAY);
    vec![
        vec![at(perpetual(ETH)), neg(future(ETH, day))],
        vec![at(perpetual(ETH)), neg(future(ETH, year))],
        vec![at(future(ETH, day)), neg(future(ETH, year))],
        vec![at(call(ETH, year, 3_000.0)), at(put(ETH, year, 3_000.0))],
        vec![at(call(ETH, month, 3_000.0)), at(put(ETH, month, 3_000.0))],
        vec![at(call(ETH, day, 3_000.0)), at(put(ETH, day, 3_000.0))],
        vec![at(call(ETH, year, 1_500.0)), neg(call(ETH, year, 3_000.0))],
        vec![at(call(ETH, year, 3_000.0)), neg(call(ETH, month, 3_000.0))],
        vec![at(call(ETH, year, 1_000.0)), neg(perpetual(ETH))],
        vec![at(call(ETH, year, 3_000.0)), neg(put(ETH, year, 3_000.0)), neg(future(ETH, year))],
        vec![at(call(ETH, year, 3_000.0)), neg(put(ETH, year, 3_000.0)), neg(future(ETH, month))],
    ]
}

/// What a message may say that is far from what was said: as far as bounds let it.
fn extremes() -> Vec<fn(&mut Model)> {
    vec![
        |model| model.premium = 0.02,
        |model| model.premium = -0.02,
        |model| model.volatility = 0.75,
        |model| model.volatility = 0.45,
        |model| model.volatility = 2.0,
        |model| model.rate = 0.25,
        |model| {
            for expiry in expiries() {
                model.basis.insert(expiry, 0.01);
            }
        },
        |model| {
            for expiry in expiries() {
                model.basis.insert(expiry, -0.01);
            }
        },
        |model| {
            model.premium = 0.02;
            model.volatility = 0.75;
            model.rate = 0.25;
            for (place, expiry) in expiries().into_iter().enumerate() {
                model.basis.insert(expiry, if place % 2 == 0 { -0.3 } else { 0.3 });
            }
        },
    ]
}

#[test]
fn row_27_no_string_of_messages_beats_the_margin() {
    for number in 0..11 {
        for (which, extreme) in extremes().into_iter().enumerate() {
            // Either side at its most, one message or three held ones seconds apart.
            let (house, _, depositor) = house_with(0.0);
            let (ours, friend) = (house.funded(1, 10_000.0), house.funded(2, 10_000.0));
            let legs = books(&house).remove(number);
            let scaled = |size: f64| -> Vec<Leg> {
                legs.iter()
                    .map(|Leg(id, one, price)| Leg(*id, (one * size * 1e6).round() / 1e6, *price))
                    .collect()
            };
            let fits = |size| {
                house.world.trying(|_| house.trade_legs(&ours, &friend, &scaled(size)).is_ok())
            };
            let size = largest(2_000.0, fits);
            assert!(size > 0.0, "{number}");
            house.trade_legs(&ours, &friend, &scaled(size)).unwrap();
            let held: Vec<_> = (0..3)
                .map(|_| {
                    house.wait(5);
                    extreme(&mut house.model.borrow_mut());
                    house.message()
                })
                .collect();
            house.set_index(3_000.0);
            for message in &held {
                house.relay(message).unwrap();
                nobody_sinks(&house, &[&ours, &friend]);
            }
            let back: Vec<Leg> = scaled(size)
                .iter()
                .map(|Leg(id, size, _)| Leg(*id, *size, house.mark(*id)))
                .collect();
            house.trade_legs(&friend, &ours, &back).ok();
            let taken = house.extractable(&[&ours, &friend]);
            assert!(taken <= 20_000.0 + 1e-3, "book {number}, message {which}: {taken}");
            leaves_whole(&house, &depositor);
        }
    }
}

#[test]
fn row_27_one_message_moves_no_more_than_its_allowance() {
    let (house, ..) = house_with(0.0);
    house.model.borrow_mut().premium = -0.02;
    house.pass(3 * HOUR, MINUTE);
    close(house.mark(perpetual(ETH)), 2_940.0, 0.5);
    house.model.borrow_mut().premium = 0.02;
    let before = house.mark(perpetual(ETH));
    house.wait(5);
    house.refresh();
    let moved = (house.mark(perpetual(ETH)) - before) / 3_000.0;
    assert!(moved > 0.0 && moved <= 0.002_5 * 1.02, "{moved}");
    // All publishers together lift it.
    house.wait(5);
    house.set_index(3_000.0);
    house.relay_by_all(&house.message()).unwrap();
    close(house.mark(perpetual(ETH)), 3_060.0, 1e-6);
}

fn state(house: &House, expiry: u64) -> IOracle::ExpiryState {
    house.view(ORACLE, &IOracle::expiryStateCall { underlying: ETH, expiry })
}

/// After whatever was said, the publishers' next true words count again within twenty minutes.
fn lives(house: &House) {
    for _ in 0..20 {
        house.wait(MINUTE);
        house.refresh();
    }
    for expiry in expiries() {
        let state = state(house, expiry);
        assert_eq!(state.volatilityConfidence, 10_000, "{state:?}");
        assert_eq!(state.surfaceTime, house.now());
        close(state.forward as f64 / 1e18, house.index(), 1.0);
    }
    close(house.mark(perpetual(ETH)), house.index(), 1.0);
}

#[test]
fn row_19_no_message_kills_a_series() {
    // Times.
    for time in [u64::MAX, u64::MAX - 1, u64::MAX / 2, 1 << 40, NOW + 2 * DAY, 0] {
        let (house, ..) = house_with(0.0);
        house.wait(MINUTE);
        house.set_index(3_000.0);
        let mut message = house.message();
        message.modelTime = time;
        for refusal in [house.relay(&message), house.relay_by_all(&message)] {
            assert!(refusal.unwrap_err().is::<IOracle::InvalidModelTime>());
        }
        lives(&house);
    }
}

#[test]
fn row_19_forwards_and_marks_beyond_their_levels_are_bounded() {
    for (forward, mark) in
        [(30.0, 3_000.0), (0.0, 3_000.0), (300_000.0, 3_000.0), (3_000.0, 30.0), (3_000.0, 1e12)]
    {
        let (house, ..) = house_with(0.0);
        house.wait(MINUTE);
        house.set_index(3_000.0);
        let mut message = house.message();
        message.perpetualMark = wad(mark);
        message.expiries[2].forward = wad(forward);
        house.relay(&message).ok();
        let seen = state(&house, message.expiries[2].expiry).forward as f64 / 1e18;
        assert!((2_900.0..=3_100.0).contains(&seen), "{seen}");
        assert!((2_940.0..=3_060.0).contains(&house.mark(perpetual(ETH))));
        lives(&house);
    }
}

#[test]
fn row_19_surfaces_that_contradict_keep_the_old_ones() {
    let changes: [fn(&mut IOracle::MarketUpdate); 7] = [
        // Volatility 0.
        |message| message.expiries.iter_mut().for_each(|expiry| expiry.a = 0.try_into().unwrap()),
        // The later expiry has less variance than the earlier one.
        |message| message.expiries[3].a = message.expiries[1].a,
        // Slopes, turns, and numbers at the ends of their types.
        |message| message.expiries[2].b = u32::MAX,
        |message| message.expiries[2].rho = i32::MIN,
        |message| message.expiries[2].a = "-549755813888".parse().unwrap(),
        |message| message.expiries[2].sigma = 0.try_into().unwrap(),
        |message| {
            message.expiries[2].m = "549755813887".parse().unwrap();
            message.expiries[2].b = 1_000_000_000;
        },
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let (house, ..) = house_with(0.0);
        let atm = call(ETH, NOW + 30 * DAY, 3_000.0);
        house.wait(MINUTE);
        house.set_index(3_000.0);
        let before = house.mark(atm);
        let mut message = house.message();
        change(&mut message);
        // The rest of the message counts; all publishers together can't make an arbitrage either.
        if house.relay(&message).is_ok() {
            assert!((house.mark(atm) / before - 1.0).abs() < 0.35, "{number}");
        }
        house.wait(1);
        let mut message = house.message();
        change(&mut message);
        house.relay_by_all(&message).ok();
        lives(&house);
    }
}

#[test]
fn row_19_strangers_and_the_past_say_nothing() {
    let (house, ..) = house_with(0.0);
    house.wait(MINUTE);
    let message = house.message();
    let one = house.signatures(&message, 1);
    let twice = vec![one[0].clone(), one[0].clone()];
    for signatures in [Vec::new(), one, twice] {
        let call = IOracle::updateCall { update: message.clone(), signatures };
        assert!(house.send(novate_testbed::house::ANYONE, ORACLE, &call).is_err());
    }
    // Entries of expiries that are past are skipped.
    let mut late = message;
    late.expiries[0].expiry = NOW - DAY;
    house.relay(&late).unwrap();
    lives(&house);
}

/// Relays what the publishers' program would sign on the way to its model: the greatest of eighths of the way at which every surface is taken.
fn publish_by_the_rule(house: &House, stored: &mut f64, goal: f64) {
    house.set_index(house.index());
    for eighths in (0..=8).rev() {
        let volatility = *stored + (goal - *stored) * f64::from(eighths) / 8.0;
        house.model.borrow_mut().volatility = volatility;
        let message = house.message();
        let taken = house.world.trying(|_| {
            house.relay(&message).unwrap();
            expiries().into_iter().all(|expiry| {
                expiry <= house.now() || state(house, expiry).surfaceTime == house.now()
            })
        });
        if taken {
            house.relay(&message).unwrap();
            *stored = volatility;
            return;
        }
    }
    house.publish();
}

#[test]
fn row_40_a_jump_of_volatility_arrives_in_minutes() {
    for (goal, rise, most) in [(0.85, 3, 45), (1.10, 20, 60), (0.40, 3, 45)] {
        let (house, ..) = house_with(0.0);
        let mut stored = 0.6;
        let mut arrived = None;
        for minute in 1..=120_u64 {
            house.wait(MINUTE);
            let way = (minute as f64 / f64::from(rise)).min(1.0);
            publish_by_the_rule(&house, &mut stored, 0.6 + (goal - 0.6) * way);
            for expiry in expiries() {
                let state = state(&house, expiry);
                assert!(state.volatilityConfidence > 0, "no surface at minute {minute} of {goal}");
            }
            if arrived.is_none() && (stored - goal).abs() < 1e-3 {
                arrived = Some(minute);
            }
        }
        let arrived = arrived.unwrap_or(u64::MAX);
        assert!(arrived <= most, "{goal} arrives after {arrived} minutes, stands at {stored}");
    }
}

#[test]
fn row_40_a_surface_beyond_its_allowance_charges_no_cliff() {
    // Publishers without that rule: the old surface stays at confidence 0; maintenance doesn't move, nobody is closed out by it.
    let (house, ..) = house_with(0.0);
    let (ours, other) = (house.funded(1, 5_000.0), house.funded(2, 1_000_000.0));
    house.trade_at_mark(&ours, &other, call(ETH, NOW + 30 * DAY, 3_000.0), 10.0).unwrap();
    let before = house.figures(&ours);
    house.wait(MINUTE);
    house.model.borrow_mut().volatility = 2.0;
    house.refresh();
    let after = house.figures(&ours);
    close(after.maintenance, before.maintenance, 0.01 * before.maintenance);
    assert!(house.start(other.address(), &ours).is_err());
}

#[test]
fn a_single_expiry_left_out_or_named_alone_moves_nothing_else() {
    // Parts of two messages don't mix: an expiry that a message leaves out keeps following the index.
    let (house, ..) = house_with(0.0);
    house.wait(MINUTE);
    house.set_index(3_030.0);
    let mut message = house.message();
    message.expiries.remove(2);
    house.relay(&message).unwrap();
    for expiry in expiries() {
        close(house.mark(future(ETH, expiry)), 3_030.0, 1e-6);
    }
    let untouched: BTreeMap<u64, u128> = expiries()
        .into_iter()
        .map(|expiry| (expiry, state(&house, expiry).forward / WAD))
        .collect();
    assert!(
        untouched.values().all(|forward| *forward == 3_029 || *forward == 3_030),
        "{untouched:?}"
    );
}

#[test]
fn row_2_no_order_of_held_messages_pays_a_pair() {
    // Messages of a minute, held and relayed in every order and subset that the rules let pass, with trades in between.
    for pattern in 0_u32..16 {
        let (house, _, depositor) = house_with(0.0);
        let (ours, friend): (Trader, Trader) =
            (house.funded(1, 10_000.0), house.funded(2, 10_000.0));
        let (near, far) = (future(ETH, NOW + DAY), future(ETH, NOW + 90 * DAY));
        let mut held = Vec::new();
        for turn in 0..4_i32 {
            house.wait(20);
            let tilt = if turn % 2 == 0 { 0.004 } else { -0.004 };
            house.model.borrow_mut().basis.insert(NOW + DAY, tilt);
            house.model.borrow_mut().basis.insert(NOW + 90 * DAY, -tilt);
            house.set_index(3_000.0 * (1.0 + tilt));
            held.push(house.message());
        }
        for (turn, message) in held.iter().enumerate() {
            if pattern >> turn & 1 == 1 {
                house.relay(message).unwrap();
            }
            let legs =
                |size: f64| [Leg(near, size, house.mark(near)), Leg(far, -size, house.mark(far))];
            let fits = |size| {
                house.world.trying(|_| house.trade_legs(&ours, &friend, &legs(size)).is_ok())
            };
            let size = largest(1_000.0, fits);
            if size > 0.0 {
                let (buyer, seller) =
                    if turn % 2 == 0 { (&ours, &friend) } else { (&friend, &ours) };
                house.trade_legs(buyer, seller, &legs(size)).ok();
            }
            nobody_sinks(&house, &[&ours, &friend]);
        }
        assert!(house.extractable(&[&ours, &friend]) <= 20_000.0 + 1e-3);
        leaves_whole(&house, &depositor);
    }
}
