//! What leaves the house: receivers, tokens that misbehave, fully paid books, and who signs.

use alloy_primitives::{Address, U256};
use novate_abi::{IClearing, IExchange, IOracle};
use novate_testbed::{
    Aggregator, House, Leg, call, dollars, dollars_of,
    house::{
        CLEARING, ETH, EXCHANGE, GOVERNOR, LENS, LIQUIDATION, MARGIN, NOW, ORACLE, PARAMETERS,
    },
    perpetual, put,
    token::Manner,
    units::{DAY, HOUR, WAD},
    wad,
};

use crate::{house_with, leaves_whole};

#[test]
fn row_21_nothing_is_paid_to_the_house() {
    let (house, _, depositor) = house_with(0.0);
    for receiver in [CLEARING, MARGIN, ORACLE, LIQUIDATION] {
        let call = IClearing::withdrawCall {
            account: depositor.account,
            token: house.cash.address,
            amount: U256::from(1_000_000),
            receiver,
        };
        let refusal = house.refused(depositor.address(), CLEARING, &call);
        assert!(refusal.is::<IClearing::InvalidReceiver>(), "{receiver}: {refusal:?}");
    }
    // What the house's other contracts and tokens are sent by mistake changes nothing that it owes.
    for receiver in [EXCHANGE, PARAMETERS, LENS, house.cash.address, Address::ZERO] {
        let call = IClearing::withdrawCall {
            account: depositor.account,
            token: house.cash.address,
            amount: U256::from(1_000_000),
            receiver,
        };
        house.world.trying(|_| {
            let refused = house.send(depositor.address(), CLEARING, &call).is_err();
            assert!(refused || receiver != Address::ZERO);
            house.check();
        });
    }
}

#[test]
fn row_21_no_stranger_withdraws() {
    let (house, _, depositor) = house_with(0.0);
    let thief = house.trader(66);
    let call = IClearing::withdrawCall {
        account: depositor.account,
        token: house.cash.address,
        amount: U256::from(1),
        receiver: thief.address(),
    };
    assert!(house.send(thief.address(), CLEARING, &call).is_err());
    for call in [IClearing::redeemCall { account: depositor.account, amount: U256::from(1) }] {
        assert!(house.send(thief.address(), CLEARING, &call).is_err());
    }
    let fills = vec![IClearing::Fill {
        instrument: perpetual(ETH),
        quantity: 1_000_000,
        price: 3_000 * WAD,
        buyer: depositor.account,
        seller: thief.account,
        buyerIsMaker: true,
    }];
    assert!(house.send(thief.address(), CLEARING, &IClearing::fillCall { fills }).is_err());
    let cut =
        IClearing::Cut { kind: 0, underlying: 0, fraction: U256::from(WAD), legs: Vec::new() };
    let call = IClearing::closeOutCall {
        from: depositor.account,
        to: thief.account,
        cut,
        concession: U256::from(WAD),
        bonus: U256::from(WAD),
    };
    assert!(house.send(thief.address(), CLEARING, &call).is_err());
    assert!(
        house
            .send(
                thief.address(),
                CLEARING,
                &IClearing::setFlaggedShortfallCall { flagged: U256::MAX }
            )
            .is_err()
    );
    leaves_whole(&house, &depositor);
}

#[test]
fn row_21_tokens_that_misbehave_are_credited_what_arrived() {
    for manner in [
        Manner::Silent,
        Manner::Denies,
        Manner::Shouts,
        Manner::Talks,
        Manner::TakesFee,
        Manner::Pretends,
    ] {
        let (house, _, depositor) = house_with(0.0);
        let ours = house.funded(1, 1_000.0);
        house.cash.mint(&house.world, ours.address(), U256::from(1_000_000_000));
        *house.cash.manner.borrow_mut() = manner;
        match house.deposit(&ours, 500.0) {
            Ok(()) => assert!(
                matches!(manner, Manner::Silent | Manner::Talks | Manner::TakesFee),
                "{manner:?}"
            ),
            // A megabyte of a token's words isn't handed on.
            Err(refusal) => assert!(refusal.0.len() < 1_000, "{manner:?}: {}", refusal.0.len()),
        }
        house.check();
        if let Err(refusal) = house.withdraw(&ours, 100.0) {
            assert!(refusal.0.len() < 1_000, "{manner:?}");
        } else if manner == Manner::Pretends {
            // It says that it paid and didn't: who chose it bears that, the house holds more than it owes.
            continue;
        }
        house.check();
        *house.cash.manner.borrow_mut() = Manner::Plain;
        leaves_whole(&house, &depositor);
    }
}

#[test]
fn row_21_a_token_that_shrinks_pays_nobody_whole_first() {
    let (house, ..) = house_with(0.0);
    let (first, second) = (house.trader(1), house.trader(2));
    house.fund_weth(&first, 100.0);
    house.fund_weth(&second, 100.0);
    let held = house.weth.balance(&house.world, CLEARING);
    house.weth.set_balance(&house.world, CLEARING, held / U256::from(2));
    house.withdraw_weth(&first, 100.0).ok();
    let got = dollars_of(house.weth.balance(&house.world, first.address()));
    assert!(got <= 50.0 + 1e-6, "who comes first gets {got} of 100 where half is left");
}

#[test]
fn row_21_a_feed_is_not_set_without_a_look_at_the_last_price() {
    let (house, ..) = house_with(0.0);
    let feed = Aggregator::install(&house.world, Address::repeat_byte(0xf7));
    let set = |expected: f64| IOracle::setFeedCall {
        underlying: ETH,
        feed: IOracle::Feed {
            feed: feed.address,
            heartbeat: 3_600,
            minimumAnswer: WAD,
            maximumAnswer: 1_000_000 * WAD,
        },
        expectedPrice: wad(expected),
    };
    for price in [30.0, 2_600.0, 3_400.0, 300_000.0] {
        feed.push(price, house.now());
        assert!(house.send(GOVERNOR, ORACLE, &set(0.0)).is_err(), "{price}");
    }
    feed.push(3_010.0, house.now());
    house.send(GOVERNOR, ORACLE, &set(0.0)).unwrap();
}

#[test]
fn row_21_an_account_with_code_signs_by_its_key() {
    // EIP-7702: the owner's address has code, which knows nothing of signatures; the key stays his.
    let (house, ..) = house_with(0.0);
    let (ours, other) = (house.funded(1, 10_000.0), house.funded(2, 10_000.0));
    house.trade_at_mark(&ours, &other, perpetual(ETH), 1.0).unwrap();
    house.world.mock(ours.address(), |_, _| Err(Vec::new()));
    house.trade_at_mark(&ours, &other, perpetual(ETH), 1.0).unwrap();
    house.world.mock(ours.address(), |_, _| Ok(Vec::new()));
    house.trade_at_mark(&ours, &other, perpetual(ETH), 1.0).unwrap();
    house.world.mock(ours.address(), |_, _| Ok(vec![0xee; 1 << 20]));
    house.trade_at_mark(&ours, &other, perpetual(ETH), 1.0).unwrap();
    // Nobody else's key.
    let mut forged = house.agreed(&ours, &other, &[Leg(perpetual(ETH), 1.0, 3_000.0)]);
    forged.buyerSignature = forged.sellerSignature.clone();
    assert!(house.send(other.address(), EXCHANGE, &forged).is_err());
}

#[test]
fn row_21_a_trade_is_done_once() {
    let (house, ..) = house_with(0.0);
    let (ours, other) = (house.funded(1, 10_000.0), house.funded(2, 10_000.0));
    let agreed = house.agreed(&ours, &other, &[Leg(perpetual(ETH), 1.0, 3_000.0)]);
    house.send(other.address(), EXCHANGE, &agreed).unwrap();
    assert!(house.refused(other.address(), EXCHANGE, &agreed).is::<IExchange::TradeUsed>());
    let cancelled = house.agreed(&ours, &other, &[Leg(perpetual(ETH), 1.0, 3_000.0)]);
    house
        .send(ours.address(), EXCHANGE, &IExchange::cancelCall { trade: cancelled.trade.clone() })
        .unwrap();
    assert!(house.refused(other.address(), EXCHANGE, &cancelled).is::<IExchange::TradeUsed>());
    let itself = house.agreed(&ours, &ours, &[Leg(perpetual(ETH), 1.0, 3_000.0)]);
    assert!(house.send(other.address(), EXCHANGE, &itself).is_err());
}

fn rated(rate: f64) -> House {
    let (house, ..) = house_with(0.0);
    house.model.borrow_mut().rate = rate;
    house.wait(60);
    house.set_index(3_000.0);
    house.relay_by_all(&house.message()).unwrap();
    house
}

#[test]
fn row_24_a_later_gain_covers_no_earlier_loss() {
    let (near, far) = (NOW + 7 * DAY, NOW + 365 * DAY);
    for (size, width) in [(10.0, 1_000.0), (1.0, 1_000.0), (50.0, 200.0)] {
        let house = rated(0.05);
        let (ours, friend) =
            (house.funded(1, 951.3 * size * width / 1_000.0), house.funded(2, 10_000_000.0));
        let at = |instrument, size: f64| Leg(instrument, size, house.mark(instrument));
        let (low, high) = (3_000.0 - width / 2.0, 3_000.0 + width / 2.0);
        let legs = [
            at(call(ETH, far, low), size),
            at(call(ETH, far, high), -size),
            at(put(ETH, far, high), size),
            at(put(ETH, far, low), -size),
        ];
        house.trade_legs(&ours, &friend, &legs).unwrap();
        // A near spread sure to lose `width`, sold for as much as the band gives.
        let sure =
            [at(call(ETH, near, 1_000.0), -size), at(call(ETH, near, 1_000.0 + width), size)];
        house.trade_legs(&ours, &friend, &sure).ok();
        let free = house.view(CLEARING, &IClearing::freeCashCall { account: ours.account });
        let cash = dollars(house.cash_of(&ours));
        let sold = house.positions(&ours).len() > 4;
        let covered = if sold { cash - size * width } else { cash };
        assert!(dollars_of(free) <= covered.max(0.0) + 1e-6, "{free} of {cash}");
        // Without a price nothing more than that leaves; with one nothing that the near loss needs.
        house.feed.set_dead(true);
        if house.withdraw(&ours, dollars_of(free) + 1.0).is_ok() {
            panic!(
                "{size} {width} {sold} {free} {cash} {:?} {:?}",
                house.figures(&ours),
                house.positions(&ours)
            );
        }
        house.feed.set_dead(false);
        let taken = house.withdrawable(&ours);
        house.withdraw(&ours, taken).unwrap();
        house.check();
        // To the near expiry and past it: no debt that the far box doesn't cover at its mark.
        house.pass(7 * DAY - 30 * 60, 12 * HOUR);
        for _ in 0..30 {
            house.wait(60);
            house.refresh();
        }
        house.wait(60);
        house.set_index(3_000.0);
        house.observe_all(near).unwrap();
        house.refresh();
        house.pass(2 * HOUR + 60, 20 * 60);
        house.settle(&[&ours, &friend]).unwrap();
        let figures = house.figures(&ours);
        assert!(figures.last_equity >= -1e-6, "{figures:?}");
    }
}

#[test]
fn row_24_a_fully_paid_book_needs_no_price_and_is_never_short() {
    let house = rated(0.0);
    let (ours, friend) = (house.funded(1, 5_000.0), house.funded(2, 1_000_000.0));
    house.trade_at_mark(&ours, &friend, call(ETH, NOW + 30 * DAY, 3_000.0), 10.0).unwrap();
    assert!(house.figures(&ours).is_fully_paid);
    house.feed.set_dead(true);
    house.wait(3 * DAY);
    let free = dollars_of(house.view(CLEARING, &IClearing::freeCashCall { account: ours.account }));
    assert!(free > 1_000.0);
    house.withdraw(&ours, (free * 1e6).floor() / 1e6).unwrap();
    assert!(house.start(friend.address(), &ours).is_err());
    house.check();
}
