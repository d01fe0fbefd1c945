//! What was taken once, or would have been under an earlier wording of the rules, and can't be: one attack a test.

use std::vec::Vec;

use alloy_primitives::{Address, U256};
use alloy_sol_types::{SolCall, SolError};
use novate_abi::IClearing::{self, Fill};
use novate_risk::{Instrument, Strike};

use super::bench::*;

const FRIEND: Address = BOB;
const HONEST: Address = Address::repeat_byte(0x40);

fn money(units: i128) -> i128 {
    units * ONE.cast_signed()
}

fn withdraw(owner: Address, units: u64) -> IClearing::withdrawCall {
    let amount = U256::from(units) * U256::from(1_000_000);
    IClearing::withdrawCall { account: account(owner), token: CASH, amount, receiver: owner }
}

fn option(is_call: bool, hours: u32, strike: u64) -> u64 {
    let strike = Strike::whole(strike).unwrap();
    let build = if is_call { Instrument::call } else { Instrument::put };
    build(1, EXPIRY_HOURS + hours, strike).unwrap().id()
}

fn selector<E: SolError>() -> [u8; 4] {
    E::SELECTOR
}

/// Refused with this error; returns the revert data.
fn refused<E: SolError>(bench: &Bench, sender: Address, call: &impl SolCall) -> E {
    let data = bench.refusal(sender, call);
    assert_eq!(data[..4], selector::<E>(), "{data:02x?}");
    E::abi_decode(&data).unwrap()
}

/// Alice is long 10 perpetuals with this equity, at a mark of 2,450 and 426.3 of maintenance requirement a contract.
fn long_at(equity: u64) -> Bench {
    let bench = Bench::new();
    bench.told.borrow_mut().index = 2_450 * ONE;
    bench.told.borrow_mut().rate = 10 * ONE;
    bench.mark(perpetual(), 2_450 * ONE);
    bench.fund(ALICE, equity);
    bench.fund(FRIEND, 100_000);
    bench.send(VENUE, &buys(perpetual(), 10 * CONTRACT, 2_450 * ONE));
    bench.told.borrow_mut().rate = 852_600_000_000_000_000_000;
    bench
}

#[test]
fn row_4_reducing_against_a_friend_drains_nothing() {
    // Long 10, equity 1,497, maintenance 4,263; closed at 2,025 with the index at 2,450.
    let bench = long_at(1_497);
    let close = |price| sells(perpetual(), 10 * CONTRACT, price * ONE);
    refused::<IClearing::PriceOutOfBand>(&bench, VENUE, &close(2_025));
    // Inside the band nothing may be lost below e = 1/2, unless what is left keeps its initial excess.
    let half = |price| sells(perpetual(), 5 * CONTRACT, price * ONE);
    for price in [2_328, 2_449] {
        let error = refused::<IClearing::ConcessionTooLarge>(&bench, VENUE, &half(price));
        assert_eq!(error.loss, U256::from(5 * (2_450 - price) * ONE));
        assert_eq!(error.most, U256::ZERO);
    }
    // All of it at the edge of the band leaves a debt where there is less than that.
    let poor = long_at(1_000);
    let error = refused::<IClearing::ConcessionTooLarge>(&poor, VENUE, &close(2_328));
    assert_eq!((error.loss, error.most), (U256::from(1_220 * ONE), U256::ZERO));
    bench.send(VENUE, &half(2_450));
    bench.send(VENUE, &half(2_450));
    assert_eq!(bench.cash(ALICE), money(1_497));
    bench.check_balance(&[ALICE, FRIEND]);

    // Likewise 20 short puts bought back at 475 with the mark at 196.
    let put = option(false, 0, 2_500);
    let bench = Bench::new();
    bench.told.borrow_mut().index = 2_450 * ONE;
    bench.told.borrow_mut().rate = 10 * ONE;
    bench.mark(put, 196 * ONE);
    bench.fund(ALICE, 5_227);
    bench.fund(FRIEND, 100_000);
    bench.send(VENUE, &sells(put, 20 * CONTRACT, 196 * ONE));
    bench.told.borrow_mut().rate = 900 * ONE;
    refused::<IClearing::PriceOutOfBand>(&bench, VENUE, &buys(put, 20 * CONTRACT, 475 * ONE));
    // Equity 5,227 of 9,000: e = 0.58, so a sixth of what is relieved.
    let error = refused::<IClearing::ConcessionTooLarge>(
        &bench,
        VENUE,
        &buys(put, 10 * CONTRACT, 318 * ONE),
    );
    assert_eq!(error.loss, U256::from(10 * 122 * ONE));
    assert_eq!(error.most / U256::from(ONE), U256::from(727));
    bench.send(VENUE, &buys(put, 10 * CONTRACT, (196 + 72) * ONE));
    assert_eq!(bench.equity(ALICE), money(5_227 - 10 * 72));
    bench.check_balance(&[ALICE, FRIEND]);
}

#[test]
fn row_4_what_reducing_may_cost_is_bounded_in_parts_as_in_one() {
    // e = 0.6: a fifth of the relief, and later a quarter: no number of steps costs more.
    let bench = long_at(2_558);
    let mut lost = 0;
    for _ in 0..7 {
        let before = bench.equity(ALICE);
        for price in (2_328..=2_450).rev() {
            // The best price for the friend that passes.
            let call = sells(perpetual(), CONTRACT, (2_450 + 2_328 - price) * ONE);
            if bench.world.send(VENUE, CLEARING, &call).is_ok() {
                break;
            }
        }
        lost += before - bench.equity(ALICE);
    }
    assert_eq!(bench.positions(ALICE)[0].quantity, 3_000_000);
    assert!(lost > money(600) && lost <= money(4_263) / 40 * 7, "{lost}");
    bench.check_balance(&[ALICE, FRIEND]);
}

#[test]
fn row_5_a_price_is_not_the_state_of_a_position() {
    let bench = Bench::new();
    bench.fund(ALICE, 10_000);
    bench.fund(FRIEND, 10_000);
    bench.send(VENUE, &buys(perpetual(), 10 * CONTRACT, 3_000 * ONE));
    // A millionth of a contract at 10^10.
    let absurd = 10_000_000_000 * ONE;
    refused::<IClearing::PriceOutOfBand>(&bench, VENUE, &buys(perpetual(), 1, absurd));
    // At the edge of the band it moves a fifteen-thousandth of a cent and no reference.
    for price in [3_150 * ONE, 2_850 * ONE] {
        let cash = bench.cash(ALICE);
        bench.send(VENUE, &buys(perpetual(), 1, price));
        assert!((bench.cash(ALICE) - cash).unsigned_abs() <= 150 * ONE / 1_000_000 + 1);
        assert_eq!(bench.positions(ALICE)[0].referencePrice, 3_000 * ONE);
    }
    bench.check_balance(&[ALICE, FRIEND]);
}

#[test]
fn row_12_nobody_borrows_the_depositors_money() {
    let bench = Bench::new();
    bench.told.borrow_mut().rate = 10 * ONE;
    bench.told.borrow_mut().haircut = 50_000;
    bench.fund(HONEST, 2_000_000);
    bench.pledge(ALICE, 500);
    bench.fund(FRIEND, 200_000);
    // A put of strike 1 sold for 1,000,000 to an account with 500 WETH: its mark is nothing.
    let put = option(false, 0, 1);
    bench.mark(put, 0);
    let sale = buys(put, CONTRACT, 1_000_000 * ONE);
    refused::<IClearing::PriceOutOfBand>(&bench, VENUE, &sale);
    // Many of them at the edge of the band, or a fair option: the debt must be funded by a pool.
    for sale in [buys(put, 4_000 * CONTRACT, 150 * ONE), buys(call(), 5_000 * CONTRACT, 100 * ONE)]
    {
        let before = bench.sums();
        refused::<IClearing::LendingLimitExceeded>(&bench, VENUE, &sale);
        assert_eq!(bench.sums(), before);
    }
    // With a pool as far as 85% of it, out of the lender's shares and nobody's cash; and the debt carries margin.
    bench.lend(HONEST, 1_000_000);
    bench.send(VENUE, &buys(call(), 5_000 * CONTRACT, 100 * ONE));
    bench.send(FRIEND, &withdraw(FRIEND, 150_000));
    bench.send(HONEST, &withdraw(HONEST, 1_000_000));
    let sums = bench.sums();
    assert_eq!(sums.lentOut, signed(money(500_000)));
    let figures = bench.send(ALICE, &IClearing::assessCall { account: account(ALICE) });
    assert!(figures.lastRequirement >= U256::from(5_000 * ONE));
    bench.check_balance(&[ALICE, FRIEND, HONEST]);
}

#[test]
fn row_14_fees_and_caps_follow_the_index_and_not_what_is_stated() {
    let bench = Bench::new();
    bench.told.borrow_mut().rate = ONE;
    bench.fund(ALICE, 100_000);
    bench.fund(FRIEND, 100_000);
    bench.send(
        GOVERNOR,
        &IClearing::setFeesCall {
            optionRate: 300,
            optionPremiumCap: 125_000,
            optionMinimum: 10_000_000_000_000_000,
            makerRate: 100,
            takerRate: 500,
        },
    );
    // 100 perpetuals: 180 dollars at any price of the band; at 1 dollar it isn't a trade.
    refused::<IClearing::PriceOutOfBand>(&bench, VENUE, &buys(perpetual(), CONTRACT, ONE));
    for (price, total) in [(3_000, 180), (2_850, 360), (3_150, 540)] {
        bench.send(VENUE, &buys(perpetual(), 100 * CONTRACT, price * ONE));
        assert_eq!(bench.sums().fees, U256::from(total * ONE));
    }
    // One strike more per order: all strikes of an expiry count together.
    let cap = 10 * 3_000 * ONE;
    bench.send(
        GOVERNOR,
        &IClearing::setCapsCall { underlying: 1, series: cap, account: 1_000_000 * ONE },
    );
    for number in 0..10 {
        let strike = option(true, 0, 3_100 + 100 * number);
        bench.mark(strike, 10 * ONE);
        bench.send(VENUE, &buys(strike, CONTRACT, 10 * ONE));
    }
    let further = option(false, 0, 3_000);
    bench.mark(further, 10 * ONE);
    let error = refused::<IClearing::OpenInterestCapExceeded>(
        &bench,
        VENUE,
        &buys(further, CONTRACT, 10 * ONE),
    );
    assert_eq!(
        (error.expiry, error.notional, error.cap),
        (expiry(), U256::from(11 * 3_000 * ONE), U256::from(cap))
    );
    // Futures of the expiry are of the series as well; the perpetual isn't.
    refused::<IClearing::OpenInterestCapExceeded>(
        &bench,
        VENUE,
        &buys(future(), CONTRACT, 3_000 * ONE),
    );
}

#[test]
fn row_21_tokens_are_not_paid_to_the_house() {
    let bench = Bench::new();
    bench.fund(ALICE, 100);
    for receiver in [CLEARING, MARGIN, ORACLE, LIQUIDATION, VENUE, CASH, WETH] {
        let call = IClearing::withdrawCall { receiver, ..withdraw(ALICE, 1) };
        let error = encoded(&IClearing::InvalidReceiver { receiver });
        assert_eq!(bench.refusal(ALICE, &call), error);
    }
    bench.send(ALICE, &withdraw(ALICE, 1));
}

#[test]
fn row_21_a_token_that_shrinks_is_shared_and_nobody_is_first_out_whole() {
    let bench = Bench::new();
    bench.fund(ALICE, 600);
    bench.fund(HONEST, 400);
    // A fifth of what clearing holds vanishes.
    let slot = U256::from_be_bytes(CLEARING.into_word().0) + U256::from(1_000);
    bench.world.set_storage(CASH, slot, U256::from(800_000_000_u64).into());
    bench.send(ALICE, &withdraw(ALICE, 600));
    assert_eq!(balance(&bench.world, CASH, ALICE), U256::from(480_000_000));
    // Who comes now would pay for it.
    mint(&bench.world, CASH, FRIEND, U256::from(10_000_000));
    let deposit = IClearing::depositCall {
        account: account(FRIEND),
        token: CASH,
        amount: U256::from(10_000_000),
    };
    let error = refused::<IClearing::TokenShort>(&bench, FRIEND, &deposit);
    assert_eq!((error.held, error.owed), (U256::from(320 * ONE), U256::from(400 * ONE)));
    // Made good, it is whole again.
    bench.send(HONEST, &withdraw(HONEST, 200));
    assert_eq!(balance(&bench.world, CASH, HONEST), U256::from(160_000_000));
    mint(&bench.world, CASH, CLEARING, U256::from(40_000_000));
    bench.send(HONEST, &withdraw(HONEST, 200));
    assert_eq!(balance(&bench.world, CASH, HONEST), U256::from(360_000_000));
    bench.send(FRIEND, &deposit);
    bench.check_balance(&[ALICE, HONEST, FRIEND]);
}

#[test]
fn row_21_what_a_token_answers_is_read_in_bounds() {
    let bench = Bench::new();
    bench.fund(ALICE, 100);
    for (length, first, passes) in
        [(1 << 20, 1, true), (32, 1, true), (1 << 20, 0, false), (31, 1, false)]
    {
        bench.world.mock(CASH, move |_, message| {
            let mut answer = std::vec![0xff; length];
            answer[..31].fill(0);
            if let Some(last) = answer.get_mut(31) {
                *last = first;
            }
            if message.data[..4] == novate_abi::IERC20::balanceOfCall::SELECTOR {
                answer = U256::MAX.to_be_bytes::<32>().to_vec();
            }
            Ok(answer)
        });
        let data = withdraw(ALICE, 1).abi_encode();
        let answer = bench.world.call(ALICE, CLEARING, U256::ZERO, &data);
        assert_eq!(answer.is_ok(), passes, "{length} {first}");
    }
    // A long reason is passed on as far as 256 bytes.
    bench.world.mock(CASH, |_, message| {
        if message.data[..4] == novate_abi::IERC20::balanceOfCall::SELECTOR {
            return Ok(U256::MAX.to_be_bytes::<32>().to_vec());
        }
        Err(std::vec![7; 1 << 20])
    });
    assert_eq!(bench.refusal(ALICE, &withdraw(ALICE, 1)), [7; 256]);
}

#[test]
fn row_24_no_later_gain_is_withdrawn_for_an_earlier_loss() {
    let bench = Bench::new();
    bench.told.borrow_mut().rate = 2_000 * ONE;
    bench.fund(ALICE, 951);
    bench.fund(FRIEND, 100_000);
    let sides = [(true, 2_500, 1), (true, 3_500, -1), (false, 2_500, -1), (false, 3_500, 1)];
    let box_of = |hours, sign: i64, price: u128| {
        let mut fills = Vec::new();
        for (place, (is_call, strike, side)) in sides.into_iter().enumerate() {
            // The price of the box stands on its first leg.
            let price = if place == 0 { price * ONE } else { 0 };
            let instrument = option(is_call, hours, strike);
            let mark = if place == 0 { price } else { 0 };
            bench.mark(instrument, mark);
            let (buyer, seller) = if side * sign > 0 { (ALICE, FRIEND) } else { (FRIEND, ALICE) };
            fills.push(Fill {
                instrument,
                quantity: CONTRACT,
                price,
                buyer: account(buyer),
                seller: account(seller),
                buyerIsMaker: true,
            });
        }
        IClearing::fillCall { fills }
    };
    let mut call = box_of(24 * 365, 1, 951);
    call.fills.extend(box_of(24, -1, 1_000).fills);
    bench.send(VENUE, &call);
    assert_eq!(bench.cash(ALICE), money(1_000));
    // All her cash is needed at the near expiry: without a price nothing leaves, with one margin decides.
    let free = |owner| bench.send(owner, &IClearing::freeCashCall { account: account(owner) });
    assert_eq!(free(ALICE), U256::ZERO);
    assert!(bench.send(ALICE, &IClearing::assessCall { account: account(ALICE) }).isFullyPaid);
    refused::<IClearing::MarginShortfall>(&bench, ALICE, &withdraw(ALICE, 49));
    bench.fund(ALICE, 30);
    assert_eq!(free(ALICE), U256::from(30 * ONE));
    bench.world.remove(MARGIN);
    bench.world.remove(ORACLE);
    bench.send(ALICE, &withdraw(ALICE, 30));
    assert!(bench.world.send(ALICE, CLEARING, &withdraw(ALICE, 1)).is_err());
}

#[test]
fn row_26_what_one_side_owes_the_other_does_not_withdraw() {
    // An account pays for options with what it hasn't; the other side would withdraw it.
    let bench = Bench::new();
    bench.told.borrow_mut().rate = ONE;
    bench.fund(HONEST, 1_000);
    bench.pledge(ALICE, 10);
    bench.fund(FRIEND, 5_000);
    let error = refused::<IClearing::LendingLimitExceeded>(
        &bench,
        VENUE,
        &buys(call(), 50 * CONTRACT, 100 * ONE),
    );
    assert_eq!((error.lentOut, error.limit), (signed(money(5_000)), U256::ZERO));
    // Gains of a touched account are withdrawn while the losing side stays untouched.
    bench.send(VENUE, &sells(perpetual(), 10 * CONTRACT, 3_000 * ONE));
    bench.mark(perpetual(), 3_090 * ONE);
    bench.touch(&[FRIEND]);
    assert_eq!(bench.sums().lentOut, signed(money(900)));
    let start = bench.world.timestamp();
    assert_eq!(bench.sums().overLimitSince, start, "it is known from the first second");
    // The loser's touch makes it a debt, which is called at once.
    bench.touch(&[ALICE]);
    assert_eq!(bench.sums().lentOut, signed(money(900)));
    let buy = IClearing::buyCollateralCall {
        from: account(ALICE),
        to: account(HONEST),
        collateral: 1,
        amount: ONE * 2 / 5,
        maximumPrice: U256::MAX,
    };
    let paid: u128 = bench.send(HONEST, &buy).to();
    assert!((790 * ONE..=800 * ONE).contains(&paid), "{paid}");
    bench.check_balance(&[ALICE, FRIEND, HONEST]);
    assert!(bench.sums().lentOut <= signed(money(110)));
}

#[test]
fn row_30_a_claim_on_a_proposed_price_is_not_cash() {
    let bench = Bench::new();
    bench.fund(ALICE, 1_000);
    bench.fund(FRIEND, 10_000);
    bench.send(VENUE, &buys(call(), 2 * CONTRACT, 100 * ONE));
    bench.send(VENUE, &buys(perpetual(), CONTRACT, 3_000 * ONE));
    bench.world.set_timestamp(expiry() + 3_600);
    // The oracle has a price that isn't final: no cash moves, and a withdrawal is margin's matter.
    let settle = IClearing::settleCall { accounts: Vec::from([account(ALICE)]) };
    refused::<IClearing::SettlementNotFinal>(&bench, FRIEND, &settle);
    bench.told.borrow_mut().rate = 300 * ONE;
    bench.mark(call(), 400 * ONE);
    refused::<IClearing::InsufficientBalance>(&bench, ALICE, &withdraw(ALICE, 801));
    bench.send(ALICE, &withdraw(ALICE, 700));
    refused::<IClearing::MarginShortfall>(&bench, ALICE, &withdraw(ALICE, 1));
    // The dispute lowered it: what she has left pays for all that she owes.
    bench.settle_at(3_100 * ONE);
    bench.send(FRIEND, &settle);
    assert_eq!(bench.cash(ALICE), money(100 + 200));
    let nonce = bench.nonce(ALICE);
    bench.send(FRIEND, &settle);
    assert_eq!(bench.nonce(ALICE), nonce);
}

#[test]
fn row_32_below_half_one_closes_at_the_mark() {
    // e = 0.25, a tenth of the book is unsaleable: nine tenths are sold 1% below the mark.
    let bench = long_at(1_066);
    let junk = option(true, 0, 9_000);
    bench.mark(junk, 0);
    bench.told.borrow_mut().rate = 0;
    bench.send(VENUE, &sells(junk, CONTRACT, 0));
    bench.told.borrow_mut().rate = 852_600_000_000_000_000_000;
    let sale = |price: u128| sells(perpetual(), 9 * CONTRACT, price);
    let error =
        refused::<IClearing::ConcessionTooLarge>(&bench, VENUE, &sale(2_450 * ONE - ONE / 100));
    assert_eq!(error.most, U256::ZERO);
    bench.send(VENUE, &sale(2_450 * ONE));
    assert_eq!(bench.equity(ALICE), money(1_066));
}

#[test]
fn row_35_shares_are_not_bought_on_debt() {
    let bench = Bench::new();
    bench.told.borrow_mut().rate = ONE;
    bench.fund(HONEST, 10_000);
    bench.lend(HONEST, 10_000);
    bench.fund(ALICE, 100);
    let lend = |units: u128| IClearing::lendCall {
        account: account(ALICE),
        amount: U256::from(units * ONE),
    };
    let error = refused::<IClearing::CashBelowZero>(&bench, ALICE, &lend(101));
    assert_eq!(error.cash, signed(money(-1)));
    bench.send(ALICE, &lend(100));
    refused::<IClearing::CashBelowZero>(&bench, ALICE, &lend(1));
    // A box bought on debt: the debt needs 2%, and a requirement to be relieved of is left.
    bench.fund(FRIEND, 100_000);
    bench.told.borrow_mut().rate = 0;
    let error = refused::<IClearing::MarginShortfall>(
        &bench,
        VENUE,
        &buys(call(), 60 * CONTRACT, 101 * ONE),
    );
    assert_eq!(error.required, U256::from(60 * 101 * ONE / 50));
    bench.send(VENUE, &buys(call(), 40 * CONTRACT, 100 * ONE));
    let figures = bench.send(ALICE, &IClearing::assessCall { account: account(ALICE) });
    // Of what is left when his own shares have paid what they can.
    assert_eq!(figures.initialRequirement, U256::from(78 * ONE));
    assert_eq!(figures.closeRequirement, U256::from(39 * ONE));
    assert!(!figures.isFullyPaid);
    refused::<IClearing::CashBelowZero>(&bench, ALICE, &lend(1));
    bench.check_balance(&[ALICE, FRIEND, HONEST]);
}

#[test]
fn row_36_no_account_chooses_its_margin_and_no_debt_is_free_of_it() {
    // No function of clearing switches a mode: there is one.
    use alloy_sol_types::SolInterface;
    for selector in IClearing::IClearingCalls::selectors() {
        let name = IClearing::IClearingCalls::SIGNATURES;
        assert!(name.iter().all(|name| !name.to_lowercase().contains("mode")), "{selector:02x?}");
    }
    // 1,000,000 of WETH, a friend's options bought for 900,000.
    let bench = Bench::new();
    bench.told.borrow_mut().haircut = 75_000;
    bench.told.borrow_mut().rate = 10 * ONE;
    bench.pledge(ALICE, 500);
    bench.fund(FRIEND, 1_000_000);
    bench.fund(HONEST, 2_000_000);
    let buy = buys(call(), 9_000 * CONTRACT, 100 * ONE);
    refused::<IClearing::LendingLimitExceeded>(&bench, VENUE, &buy);
    bench.lend(HONEST, 2_000_000);
    // 15% of the WETH, 10 a contract, 2% of the debt: the options' value is hers, but they are sold at no more than the band.
    bench.send(VENUE, &buy);
    let figures = bench.send(ALICE, &IClearing::assessCall { account: account(ALICE) });
    assert_eq!(figures.initialRequirement, U256::from((150_000 + 90_000 + 18_000) * ONE));
    refused::<IClearing::PriceOutOfBand>(&bench, VENUE, &buys(call(), CONTRACT, 251 * ONE));
    bench.check_balance(&[ALICE, FRIEND, HONEST]);
}

#[test]
fn row_39_collateral_is_called_with_the_lines_that_it_cancels() {
    // 500 WETH, 500 short perpetuals, a debt of 500,000.
    let bench = Bench::new();
    {
        let mut told = bench.told.borrow_mut();
        (told.index, told.weth) = (1_000 * ONE, 1_000 * ONE);
        (told.rate, told.haircut) = (50 * ONE, 25_000);
    }
    bench.mark(perpetual(), 1_000 * ONE);
    bench.pledge(ALICE, 500);
    bench.fund(FRIEND, 100_000);
    bench.fund(HONEST, 1_000_000);
    bench.lend(HONEST, 400_000);
    bench.send(VENUE, &sells(perpetual(), 500 * CONTRACT, 1_000 * ONE));
    {
        let mut told = bench.told.borrow_mut();
        (told.index, told.weth) = (2_000 * ONE, 2_000 * ONE);
    }
    bench.mark(perpetual(), 2_000 * ONE);
    bench.touch(&[ALICE, FRIEND]);
    assert_eq!(bench.cash(ALICE), money(-500_000));
    assert_eq!(bench.sums().lentOut, signed(money(500_000)));
    let excess = || {
        let figures = bench.send(ALICE, &IClearing::assessCall { account: account(ALICE) });
        figures.lastEquity - alloy_primitives::I256::from_raw(figures.lastRequirement)
    };
    let before = excess();
    let buy = |amount: u128| IClearing::buyCollateralCall {
        from: account(ALICE),
        to: account(HONEST),
        collateral: 1,
        amount,
        maximumPrice: U256::MAX,
    };
    // In parts, and then all that is owed.
    bench.send(HONEST, &buy(100 * ONE));
    assert_eq!(bench.positions(ALICE)[0].quantity, -400_000_000);
    assert!(excess() >= before);
    let middle = excess();
    bench.fund(HONEST, 1);
    // Less is lent out than the limit now, but for the first day it isn't callable.
    bench.send(FRIEND, &withdraw(FRIEND, 500_000));
    let sums = bench.sums();
    assert!(sums.lentOut < signed(money(340_000)) && sums.overLimitSince == 0);
    refused::<IClearing::DebtNotCallable>(&bench, HONEST, &buy(100 * ONE));
    assert_eq!(excess(), middle);
    assert_eq!(bench.positions(HONEST)[0].quantity, -100_000_000);
    bench.check_balance(&[ALICE, FRIEND, HONEST]);
}
