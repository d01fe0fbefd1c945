//! Close-outs: what changes hands, at what price, and what is refused.

use alloy_primitives::{Address, U256};
use alloy_sol_types::{SolCall, SolValue};
use novate_abi::{IClearing, IErrors};

use super::{bench::*, desk::*};

const CONTRACTS: i64 = 1_000_000;

/// Alice holds 10 perpetuals from 3,000 and 2,000 of cash, the mark is 2,840: equity 400 against 1,000.
fn short() -> Desk {
    let desk = Desk::new();
    desk.bench.fund(ALICE, 2_000);
    desk.buys(perpetual(), 10 * CONTRACTS);
    desk.bench.mark(perpetual(), 2_840 * ONE);
    desk
}

#[test]
fn a_slice_changes_hands_at_its_value_less_the_concession() {
    let desk = short();
    assert_eq!(desk.equity(ALICE), units(400));
    let nonces = (desk.bench.nonce(ALICE), desk.bench.nonce(BIDDER));
    let before = desk.equity(BIDDER);
    let closed = desk.close(slice(ONE / 4), ONE / 5, 0);
    // A quarter: worth 100, relieves 250; a = min(0.2, 0.4): 50, of which half a unit is the fund's.
    assert_eq!((closed.value, closed.relief), (units(100), units(250)));
    assert_eq!(closed.paid, bare(505) / U256::from(10));
    assert_eq!(desk.bench.ledger().3, ONE / 2);
    assert_eq!((closed.fromWaterfall, closed.carried, closed.received), Default::default());
    assert_eq!((closed.equity, closed.excess), (units(350), units(350 - 750)));
    assert_eq!((closed.requirement, closed.isEmpty), (bare(750), false));
    assert_eq!(desk.equity(ALICE), units(350));
    assert_eq!(desk.equity(BIDDER) - before, units(99) / signed(2));
    // Both are settled at the mark, and nobody's nonce moved.
    let (left, taken) = (desk.bench.positions(ALICE), desk.bench.positions(BIDDER));
    assert_eq!((left[0].quantity, left[0].referencePrice), (7_500_000, 2_840 * ONE));
    assert_eq!((taken[0].quantity, taken[0].referencePrice), (2_500_000, 2_840 * ONE));
    assert_eq!((desk.bench.nonce(ALICE), desk.bench.nonce(BIDDER)), nonces);
    desk.check();
    let open = IClearing::openInterestCall { underlying: 1, expiry: 0 };
    assert_eq!(desk.bench.send(ALICE, &open), 10_000_000);
}

#[test]
fn a_preview_tells_what_a_close_out_does() {
    let desk = short();
    desk.insure(10_000);
    for cut in [slice(ONE / 4), part(1, ONE / 3), legs(&[(perpetual(), 1_234_567)])] {
        let (concession, bonus) = (U256::from(ONE / 7), U256::from(ONE / 9));
        let from = account(ALICE);
        let call = IClearing::previewCloseOutCall { from, cut: cut.clone(), concession, bonus };
        let before = desk.bench.world.all_storage();
        let told = desk.bench.send(BOB, &call);
        assert_eq!(desk.bench.world.all_storage(), before);
        let done = desk.close(cut, ONE / 7, ONE / 9);
        assert_eq!(told.abi_encode_packed(), done.abi_encode_packed());
        desk.check();
    }
}

#[test]
fn a_bidder_of_the_other_side_is_settled_at_the_mark() {
    let desk = short();
    let fill = IClearing::Fill {
        instrument: perpetual(),
        quantity: 4 * CONTRACT,
        price: 2_840 * ONE,
        buyer: account(BOB),
        seller: account(BIDDER),
        buyerIsMaker: true,
    };
    desk.bench.send(VENUE, &IClearing::fillCall { fills: [fill].into() });
    desk.bench.mark(perpetual(), 2_830 * ONE);
    let before = desk.equity(BIDDER);
    let closed = desk.close(slice(ONE / 2), ONE / 5, 0);
    let gained = closed.value - signed(closed.paid.to::<i128>());
    assert_eq!(desk.equity(BIDDER), before + gained);
    assert_eq!(desk.bench.positions(BIDDER)[0].quantity, 1_000_000);
    desk.check();
    let open = IClearing::openInterestCall { underlying: 1, expiry: 0 };
    assert_eq!(desk.bench.send(ALICE, &open), 6_000_000);
}

#[test]
fn short_legs_of_a_solvent_book_are_closed_at_value_and_concession() {
    let desk = Desk::new();
    desk.bench.mark(call(), 100 * ONE);
    desk.bench.fund(ALICE, 2_000);
    desk.buys(call(), -10 * CONTRACTS);
    desk.bench.mark(call(), 260 * ONE);
    // 3,000 of cash, 2,600 owed: equity 400 against 1,000.
    let before = desk.equity(BIDDER);
    let closed = desk.close(legs(&[(call(), -5_000_000)]), ONE / 10, 0);
    assert_eq!((closed.value, closed.relief), (units(-1_300), units(500)));
    assert_eq!((closed.paid, closed.received), (U256::ZERO, bare(1_350) - bare(1) / U256::from(2)));
    assert_eq!(desk.bench.cash(ALICE), (3_000 - 1_350) * ONE.cast_signed());
    assert_eq!(closed.equity, units(350));
    assert_eq!(desk.equity(BIDDER) - before, units(50) - signed(ONE.cast_signed() / 2));
    desk.check();
}

#[test]
fn a_part_goes_with_the_collateral_that_cancels_its_risk() {
    let desk = Desk::new();
    desk.rules.borrow_mut().rate[1] = 0;
    desk.rules.borrow_mut().rate[2] = 0;
    desk.bench.pledge(ALICE, 4);
    mint(&desk.bench.world, WBTC, ALICE, U256::from(ONE));
    let (account, amount) = (account(ALICE), U256::from(ONE));
    desk.bench.send(ALICE, &IClearing::depositCall { account, token: WBTC, amount });
    desk.buys(perpetual(), -4 * CONTRACTS);
    desk.buys(perpetual_of(2), CONTRACTS);
    desk.rules.borrow_mut().rate = [0, 10_000 * ONE, 50_000 * ONE];
    let cash = desk.bench.cash(ALICE);
    let closed = desk.close(part(1, ONE / 2), 0, 0);
    // 2 tokens at 2,000; 2 perpetuals and 5% of the tokens.
    assert_eq!((closed.value, closed.relief), (units(4_000), units(20_200)));
    assert_eq!(desk.bench.cash(ALICE) - cash, 4_000 * ONE.cast_signed());
    let held = desk.bench.send(ALICE, &IClearing::collateralCall { account });
    assert_eq!((held[0].amount, held[1].amount), (2 * ONE, ONE));
    assert_eq!(desk.bench.positions(ALICE)[0].quantity, -2_000_000);
    assert_eq!(desk.bench.positions(ALICE)[1].quantity, 1_000_000);
    // Named tokens, as much as is held.
    let closed = desk.close(legs(&[(2, ONE.cast_signed() / 4)]), 0, 0);
    assert_eq!((closed.value, closed.relief), (units(15_000), units(1_500)));
    let quantity = IClearing::InvalidQuantity { instrument: 2 };
    assert_eq!(desk.refused(legs(&[(2, ONE.cast_signed())])), encoded(&quantity));
    desk.check();
}

/// Alice 400 below zero: 1,400 lost on 1,000.
fn insolvent() -> Desk {
    let desk = short();
    desk.bench.mark(perpetual(), 2_760 * ONE);
    desk
}

#[test]
fn a_slice_of_an_insolvent_book_is_paid_by_the_waterfall() {
    let desk = insolvent();
    desk.insure(10_000);
    let before = desk.equity(BIDDER);
    assert_eq!(desk.equity(ALICE), units(-400));
    let closed = desk.close(slice(ONE / 2), ONE / 5, ONE / 10);
    // Half of the debt, which requires 1% besides, and a tenth of the relief.
    assert_eq!((closed.value, closed.relief), (units(-200), units(502)));
    assert_eq!(closed.fromWaterfall, bare(200) + bare(502) / U256::from(10));
    assert_eq!((closed.paid, closed.received, closed.carried), Default::default());
    assert_eq!((closed.equity, desk.bench.cash(ALICE)), (units(-200), -200 * ONE.cast_signed()));
    assert_eq!(desk.equity(BIDDER) - before, units(502) / signed(10));
    let closed = desk.close(slice(ONE), ONE / 5, ONE / 10);
    assert!(closed.isEmpty && closed.excess.is_zero());
    assert_eq!(desk.bench.cash(ALICE), 0);
    assert_eq!(desk.bench.sums().insurance, bare(10_000 - 400) - bare(1_004) / U256::from(10));
    desk.check();
}

#[test]
fn what_the_fund_lacks_is_carried_and_no_bonus_is_printed() {
    let desk = insolvent();
    desk.insure(150);
    let closed = desk.close(slice(ONE / 2), ONE / 5, ONE / 5);
    assert_eq!((closed.fromWaterfall, closed.carried), (bare(200), bare(50)));
    let sums = desk.bench.sums();
    assert_eq!((sums.insurance, sums.carried), (U256::ZERO, bare(50)));
    desk.check();
    // What reaches the fund pays that first.
    desk.insure(60);
    let sums = desk.bench.sums();
    assert_eq!((sums.insurance, sums.carried), (bare(10), U256::ZERO));
    let closed = desk.close(slice(ONE), ONE / 5, ONE / 5);
    assert_eq!((closed.fromWaterfall, closed.carried), (bare(200), bare(190)));
    desk.check();
}

#[test]
fn legs_of_an_insolvent_book_are_paid_out_of_its_cash() {
    let desk = Desk::new();
    desk.bench.mark(call(), 100 * ONE);
    desk.bench.fund(ALICE, 2_000);
    desk.buys(call(), -10 * CONTRACTS);
    desk.bench.mark(call(), 400 * ONE);
    desk.insure(1_000);
    let closed = desk.close(legs(&[(call(), -10_000_000)]), ONE / 5, ONE / 5);
    assert_eq!((closed.value, closed.received), (units(-4_000), bare(4_000)));
    // 1,000 less the 1% that the debt requires.
    assert_eq!((closed.relief, closed.fromWaterfall), (units(990), bare(198)));
    assert_eq!(desk.bench.cash(ALICE), -1_000 * ONE.cast_signed());
    assert!(closed.isEmpty && closed.excess.is_negative());
    desk.check();
    desk.bench.send(BOB, &IClearing::writeOffCall { account: account(ALICE) });
    assert_eq!(desk.bench.cash(ALICE), 0);
    assert_eq!(desk.bench.sums().carried, bare(198));
    desk.check();
}

#[test]
fn a_debt_that_comes_back_relieves_nothing() {
    // An expired claim of 18,000 against a debt of 19,000: a slice can take the debt alone.
    let desk = Desk::new();
    desk.insure(100_000);
    desk.rules.borrow_mut().rate[1] = 0;
    desk.bench.mark(call(), 100 * ONE);
    desk.bench.fund(ALICE, 60_000);
    desk.buys(call(), 500 * CONTRACTS);
    desk.buys(perpetual(), 10 * CONTRACTS);
    desk.bench.mark(perpetual(), 100 * ONE);
    desk.bench.touch(&[ALICE]);
    desk.buys(perpetual(), -10 * CONTRACTS);
    desk.bench.world.set_timestamp(expiry());
    desk.rules.borrow_mut().model_time = [expiry(); 3];
    desk.bench.mark(call(), 36 * ONE);
    assert_eq!(desk.equity(ALICE), units(-1_000));
    let before = desk.bench.ledger().3;
    let closed = desk.close(slice(ONE), ONE / 50, ONE / 5);
    // The waterfall pays what is lacking, the account the rest of the debt that the bidder took.
    assert_eq!((closed.value, closed.relief), (units(-19_000), units(10)));
    assert_eq!((closed.received, closed.equity), (bare(18_000), units(0)));
    let paid = before - desk.bench.ledger().3;
    assert_eq!(paid, 1_000 * ONE + ONE / 5);
    desk.check();
    let (account, relief) = (account(ALICE), units(0));
    let error = encoded(&IClearing::RelievesNothing { account, relief });
    assert_eq!(desk.refused(slice(ONE)), error);
    assert_eq!(desk.refused(slice(ONE / 3)), error);
}

#[test]
fn pool_shares_go_with_a_slice() {
    let desk = short();
    desk.bench.mark(perpetual(), 2_900 * ONE);
    desk.bench.lend(ALICE, 800);
    desk.bench.mark(perpetual(), 2_860 * ONE);
    desk.close(slice(ONE / 4), ONE / 5, 0);
    let shares =
        |owner| desk.bench.send(owner, &IClearing::poolSharesCall { account: account(owner) });
    // First they pay the debt of 200 that settling makes.
    assert_eq!((shares(ALICE), shares(BIDDER)), (bare(450), bare(150)));
    desk.check();
}

#[test]
fn parts_and_lines_need_a_market_of_five_minutes() {
    let desk = short();
    let now = desk.bench.world.timestamp();
    desk.rules.borrow_mut().model_time[1] = now - 301;
    let error = encoded(&IClearing::MarketTooOld {
        underlying: 1,
        modelTime: now - 301,
        earliest: now - 300,
    });
    assert_eq!(desk.refused(part(1, ONE / 2)), error);
    assert_eq!(desk.refused(legs(&[(perpetual(), 1_000_000)])), error);
    // A slice doesn't, and a minute later nobody needs to wait.
    desk.close(slice(ONE / 10), 0, 0);
    desk.rules.borrow_mut().model_time[1] = now - 300;
    desk.close(part(1, ONE / 2), 0, 0);
}

#[test]
fn expired_lines_are_named_or_left() {
    let desk = Desk::new();
    desk.bench.mark(call(), 100 * ONE);
    desk.bench.fund(ALICE, 3_000);
    desk.buys(call(), -10 * CONTRACTS);
    desk.buys(perpetual(), CONTRACTS);
    desk.bench.world.set_timestamp(expiry());
    desk.rules.borrow_mut().rate[1] = 2_000 * ONE;
    desk.bench.mark(call(), 300 * ONE);
    // 4,000 of cash, a claim of 3,000 against it: 1,000 against 2,000. What is expired needs no market of the last minutes.
    let closed = desk.close(slice(ONE / 2), ONE / 50, 0);
    assert_eq!((closed.value, closed.relief), (units(2_000), units(1_000)));
    assert_eq!(desk.bench.positions(ALICE)[1].quantity, -10_000_000);
    assert_eq!(closed.equity, units(980));
    // It relieves nothing, so that only a book below zero sells it.
    let cut = legs(&[(call(), -5_000_000)]);
    let (account, relief) = (account(ALICE), units(0));
    let error = encoded(&IClearing::RelievesNothing { account, relief });
    assert_eq!(desk.refused(cut), error);
    desk.bench.mark(perpetual(), 900 * ONE);
    let closed = desk.close(legs(&[(call(), -5_000_000)]), ONE / 50, 0);
    assert_eq!((closed.value, closed.received), (units(-1_500), bare(1_500)));
    desk.check();
}

#[test]
fn a_close_out_is_refused_for_what_it_is() {
    let desk = short();
    let good = closing(slice(ONE / 4), 0, 0);
    let error = encoded(&IErrors::Unauthorized { caller: BIDDER });
    assert_eq!(desk.bench.refusal(BIDDER, &good), error);
    let mut call = good;
    call.to = call.from;
    let error = encoded(&IClearing::SelfTrade { account: account(ALICE) });
    assert_eq!(desk.bench.refusal(LIQUIDATION, &call), error);
    for fraction in [U256::ZERO, U256::from(ONE + 1), U256::MAX] {
        let error = encoded(&IClearing::InvalidFraction { fraction });
        for kind in [0, 1] {
            let mut cut = slice(ONE);
            (cut.kind, cut.fraction) = (kind, fraction);
            assert_eq!(desk.refused(cut), error);
        }
    }
    let mut cut = slice(ONE);
    cut.kind = 3;
    assert_eq!(desk.refused(cut), encoded(&IClearing::InvalidCut { kind: 3 }));
    let quantity = |instrument| encoded(&IClearing::InvalidQuantity { instrument });
    for leg in [
        (perpetual(), 0),
        (perpetual(), -1),
        (perpetual(), 10_000_001),
        (future(), 1),
        (0, 1),
        (7, 1),
    ] {
        assert_eq!(desk.refused(legs(&[leg])), quantity(leg.0));
    }
    assert_eq!(desk.refused(legs(&[(300, 1)])), encoded(&IErrors::InvalidInstrument { id: 300 }));
    let nothing =
        encoded(&IClearing::RelievesNothing { account: account(ALICE), relief: units(0) });
    assert_eq!(desk.refused(legs(&[])), nothing);
    assert_eq!(desk.refused(part(2, ONE)), nothing);
    let data = closing(legs(&[(perpetual(), 1)]), 0, 0).abi_encode();
    for length in 4..data.len() {
        let error = desk.bench.world.call(LIQUIDATION, CLEARING, U256::ZERO, &data[..length]);
        assert!(error.unwrap_err().len() >= 4);
    }
    desk.bench.mark(perpetual(), 2_900 * ONE);
    let error = encoded(&IClearing::NotShort { account: account(ALICE), excess: units(0) });
    assert_eq!(desk.refused(slice(ONE / 4)), error);
}

#[test]
fn a_fully_paid_book_is_never_cut() {
    let desk = Desk::new();
    desk.bench.fund(ALICE, 2_000);
    desk.buys(call(), 10 * CONTRACTS);
    desk.rules.borrow_mut().rate[1] = 5_000 * ONE;
    let error = IClearing::NotShort { account: account(ALICE), excess: units(2_000 - 50_000) };
    assert_eq!(desk.refused(slice(ONE / 4)), encoded(&error));
}

#[test]
fn a_bidder_must_bear_what_he_takes() {
    let desk = short();
    let poor = Address::repeat_byte(0x99);
    let mut call = closing(slice(ONE), ONE / 5, 0);
    call.to = account(poor);
    let error =
        IClearing::MarginShortfall { account: call.to, required: bare(2_000), equity: units(198) };
    // 200 of concession less the fund's; he owes the 201 and more that he pays out of the slice's cash.
    assert_eq!(desk.bench.refusal(LIQUIDATION, &call), encoded(&error));
}

#[test]
fn a_cut_that_raises_the_requirement_is_refused() {
    // Debt margin: buying back a deep burden on credit requires more than the line did.
    let desk = Desk::new();
    desk.bench.mark(call(), 100 * ONE);
    desk.bench.fund(ALICE, 2_000);
    desk.buys(call(), -10 * CONTRACTS);
    desk.rules.borrow_mut().rate[1] = ONE;
    desk.bench.mark(call(), 900 * ONE);
    let cut = legs(&[(call(), -10_000_000)]);
    // 10 of the lines, 60 of the debt of 6,000.
    let error = IClearing::RelievesNothing { account: account(ALICE), relief: units(-50) };
    assert_eq!(desk.refused(cut), encoded(&error));
    // A slice is paid by the waterfall.
    let closed = desk.close(slice(ONE), ONE / 5, ONE / 5);
    assert_eq!((closed.value, closed.carried), (units(-6_000), bare(6_000)));
    desk.check();
}
