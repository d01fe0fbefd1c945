//! Deposits, withdrawals, the insurance fund.

use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::SolEvent;
use novate_abi::{IClearing, IErrors, IGoverned};

use super::bench::*;

fn deposit(token: Address, amount: u64) -> IClearing::depositCall {
    IClearing::depositCall { account: account(ALICE), token, amount: U256::from(amount) }
}

fn withdraw(token: Address, amount: u64) -> IClearing::withdrawCall {
    let amount = U256::from(amount);
    IClearing::withdrawCall { account: account(ALICE), token, amount, receiver: BOB }
}

#[test]
fn a_deposit_credits_what_arrived() {
    let bench = Bench::new();
    mint(&bench.world, CASH, ALICE, U256::from(100_000_000));
    set_keeps(&bench.world, CASH, 1_000_000);
    bench.send(ALICE, &deposit(CASH, 50_000_000));
    assert_eq!(bench.cash(ALICE), 49 * ONE.cast_signed());
    assert_eq!(bench.nonce(ALICE), 1);
    bench.check_balance(&[ALICE]);
    let logs = bench.world.logs();
    let (_, topics, data) = logs.last().unwrap();
    let event = IClearing::Deposited::decode_raw_log(topics.iter().copied(), data).unwrap();
    assert_eq!(event.account, account(ALICE));
    assert_eq!(event.token, CASH);
    assert_eq!((event.credited, event.balance), (U256::from(49 * ONE), U256::from(49 * ONE)));
}

#[test]
fn a_deposit_of_collateral_is_held_apart_from_cash() {
    let bench = Bench::new();
    mint(&bench.world, WETH, ALICE, U256::from(5 * ONE));
    bench.send(ALICE, &deposit(WETH, 3_000_000_000_000_000_000));
    assert_eq!(bench.cash(ALICE), 0);
    let held = bench.send(ALICE, &IClearing::collateralCall { account: account(ALICE) });
    assert_eq!(held, [IClearing::CollateralBalance { token: WETH, amount: 3 * ONE }]);
    let token = bench.send(ALICE, &IClearing::collateralTokenCall { collateral: 1 });
    assert_eq!((token.token, token.cap, token.total), (WETH, 1_000 * ONE, 3 * ONE));
    bench.send(ALICE, &withdraw(WETH, 1_000_000_000_000_000_000));
    assert_eq!(balance(&bench.world, WETH, BOB), U256::from(ONE));
    bench.send(ALICE, &withdraw(WETH, 2_000_000_000_000_000_000));
    assert_eq!(bench.nonce(ALICE), 3);
    let held = bench.send(ALICE, &IClearing::collateralCall { account: account(ALICE) });
    assert!(held.is_empty());
    let token = bench.send(ALICE, &IClearing::collateralTokenCall { collateral: 1 });
    assert_eq!(token.total, 0);
}

#[test]
fn a_permit_that_was_used_already_does_no_harm() {
    let bench = Bench::new();
    mint(&bench.world, CASH, ALICE, U256::from(1_000_000));
    let (amount, deadline) = (U256::from(1_000_000), U256::MAX);
    let (v, r, s) = (27, B256::ZERO, B256::ZERO);
    let account = account(ALICE);
    let call = IClearing::depositWithPermitCall { account, token: CASH, amount, deadline, v, r, s };
    bench.send(ALICE, &call);
    assert_eq!(bench.cash(ALICE), ONE.cast_signed());
}

#[test]
fn a_stranger_can_neither_deposit_nor_withdraw() {
    let bench = Bench::new();
    mint(&bench.world, CASH, BOB, U256::from(1_000_000));
    let caller = BOB;
    let error = encoded(&IErrors::Unauthorized { caller });
    assert_eq!(bench.refusal(BOB, &deposit(CASH, 1_000_000)), error);
    assert_eq!(bench.refusal(BOB, &withdraw(CASH, 1)), error);
}

#[test]
fn a_deposit_is_refused_for_what_it_is() {
    let bench = Bench::new();
    mint(&bench.world, CASH, ALICE, U256::from(1_000_000));
    mint(&bench.world, WETH, ALICE, U256::from(5_000 * ONE));
    let token = BOB;
    let error = encoded(&IClearing::TokenNotAccepted { token });
    assert_eq!(bench.refusal(ALICE, &deposit(BOB, 1)), error);
    let error = encoded(&IErrors::ZeroAddress {});
    assert_eq!(bench.refusal(ALICE, &deposit(Address::ZERO, 1)), error);
    let error = encoded(&IClearing::TransferFailed { token: CASH });
    assert_eq!(bench.refusal(ALICE, &deposit(CASH, 0)), error);
    let (total, cap) = (U256::from(1_001 * ONE), U256::from(1_000 * ONE));
    let error = encoded(&IClearing::CollateralCapExceeded { token: WETH, total, cap });
    let amount = U256::from(1_001 * ONE);
    let call = IClearing::depositCall { account: account(ALICE), token: WETH, amount };
    assert_eq!(bench.refusal(ALICE, &call), error);
    assert_eq!(bench.refusal(ALICE, &deposit(CASH, 2_000_000)), b"poor");
    set_refuses(&bench.world, CASH);
    let error = encoded(&IClearing::TransferFailed { token: CASH });
    assert_eq!(bench.refusal(ALICE, &deposit(CASH, 1_000_000)), error);
}

#[test]
fn amounts_beyond_the_ledger_are_refused() {
    let bench = Bench::new();
    let amount = U256::from(u128::MAX);
    mint(&bench.world, CASH, ALICE, amount);
    let call = IClearing::depositCall { account: account(ALICE), token: CASH, amount };
    assert_eq!(bench.refusal(ALICE, &call), encoded(&IErrors::ArithmeticOverflow {}));
}

#[test]
fn a_withdrawal_without_positions_or_debt_asks_nobody() {
    let bench = Bench::new();
    bench.fund(ALICE, 100);
    bench.world.remove(MARGIN);
    bench.world.remove(ORACLE);
    bench.send(ALICE, &withdraw(CASH, 40_000_000));
    assert_eq!(bench.cash(ALICE), 60 * ONE.cast_signed());
    assert_eq!(balance(&bench.world, CASH, BOB), U256::from(40_000_000));
    bench.check_balance(&[ALICE]);
}

#[test]
fn a_withdrawal_leaves_the_initial_requirement() {
    let bench = Bench::new();
    bench.fund(ALICE, 1_000);
    bench.fund(BOB, 1_000);
    bench.send(VENUE, &buys(perpetual(), 5 * CONTRACT, 3_000 * ONE));
    let required = U256::from(500 * ONE);
    let equity = signed(499 * ONE.cast_signed());
    let error = encoded(&IClearing::MarginShortfall { account: account(ALICE), required, equity });
    assert_eq!(bench.refusal(ALICE, &withdraw(CASH, 501_000_000)), error);
    bench.send(ALICE, &withdraw(CASH, 400_000_000));
    // What can't be valued now counts at its worst bound, here the mark less the requirement; the rest may leave.
    bench.told.borrow_mut().validity = 3;
    let (required, equity) = (U256::ZERO, signed(-ONE.cast_signed()));
    let error = encoded(&IClearing::MarginShortfall { account: account(ALICE), required, equity });
    assert_eq!(bench.refusal(ALICE, &withdraw(CASH, 101_000_000)), error);
    bench.send(ALICE, &withdraw(CASH, 100_000_000));
}

#[test]
fn a_withdrawal_is_refused_beyond_the_balance() {
    let bench = Bench::new();
    bench.fund(ALICE, 100);
    let (requested, available) = (U256::from(101 * ONE), U256::from(100 * ONE));
    let account = account(ALICE);
    let error = IClearing::InsufficientBalance { account, token: CASH, requested, available };
    assert_eq!(bench.refusal(ALICE, &withdraw(CASH, 101_000_000)), encoded(&error));
    let call = IClearing::withdrawCall {
        account,
        token: CASH,
        amount: U256::from(1),
        receiver: Address::ZERO,
    };
    assert_eq!(bench.refusal(ALICE, &call), encoded(&IErrors::ZeroAddress {}));
    set_refuses(&bench.world, CASH);
    let error = encoded(&IClearing::TransferFailed { token: CASH });
    assert_eq!(bench.refusal(ALICE, &withdraw(CASH, 1_000_000)), error);
}

#[test]
fn a_pause_of_withdrawals_ends_by_itself_and_can_not_be_prolonged() {
    let bench = Bench::new();
    bench.fund(ALICE, 100);
    let start = bench.world.timestamp();
    let pause = IGoverned::pauseCall { mask: U256::from(1) };
    bench.send(GUARDIAN, &pause);
    let error = encoded(&IErrors::OperationPaused { operation: U256::from(1) });
    assert_eq!(bench.refusal(ALICE, &withdraw(CASH, 1)), error);
    bench.world.set_timestamp(start + 604_799);
    assert!(bench.world.send(GUARDIAN, CLEARING, &pause).is_err());
    assert_eq!(bench.refusal(ALICE, &withdraw(CASH, 1)), error);
    bench.world.set_timestamp(start + 604_800);
    bench.send(ALICE, &withdraw(CASH, 1));
    assert!(bench.world.send(GUARDIAN, CLEARING, &pause).is_err());
    bench.world.set_timestamp(start + 30 * 86_400);
    bench.send(GUARDIAN, &pause);
    assert_eq!(bench.refusal(ALICE, &withdraw(CASH, 1)), error);
}

#[test]
fn a_deposit_is_worth_a_dollar() {
    let bench = Bench::new();
    mint(&bench.world, CASH, ALICE, U256::from(10_000_000));
    mint(&bench.world, WETH, ALICE, U256::from(ONE));
    let small = |token, amount: u128, minimum: u128| {
        let (amount, minimum) = (U256::from(amount), U256::from(minimum));
        encoded(&IClearing::DepositTooSmall { token, amount, minimum })
    };
    let error = small(CASH, ONE - 1_000_000_000_000, ONE);
    assert_eq!(bench.refusal(ALICE, &deposit(CASH, 999_999)), error);
    bench.send(ALICE, &deposit(CASH, 1_000_000));
    // At 2,000 a token.
    let dollar = 500_000_000_000_000;
    let error = small(WETH, ONE - 2_000, ONE);
    assert_eq!(bench.refusal(ALICE, &deposit(WETH, dollar - 1)), error);
    bench.send(ALICE, &deposit(WETH, dollar));
    // Where nobody knows a valid price, a millionth of a token will do.
    bench.told.borrow_mut().validity = 3;
    let error = small(WETH, 999_999_999_999, 1_000_000_000_000);
    assert_eq!(bench.refusal(ALICE, &deposit(WETH, 999_999_999_999)), error);
    bench.send(ALICE, &deposit(WETH, 1_000_000_000_000));
    bench.world.remove(MARGIN);
    bench.send(ALICE, &deposit(WETH, 1_000_000_000_000));
}

#[test]
fn anyone_may_add_to_the_insurance_fund() {
    let bench = Bench::new();
    mint(&bench.world, CASH, BOB, U256::from(7_000_000));
    bench.send(BOB, &IClearing::fundInsuranceCall { amount: U256::from(7_000_000) });
    assert_eq!(bench.ledger(), (0, 0, 0, 7 * ONE));
    bench.check_balance(&[]);
    let (_, topics, data) = bench.world.logs().pop().unwrap();
    let event = IClearing::InsuranceChanged::decode_raw_log(topics, &data).unwrap();
    assert_eq!(event.change, signed(7 * ONE.cast_signed()));
}

#[test]
fn a_token_that_calls_back_is_refused() {
    let bench = Bench::new();
    bench.fund(ALICE, 100);
    bench.world.mock(CASH, |world, message| {
        use alloy_sol_types::SolCall;
        let data = withdraw(CASH, 1).abi_encode();
        world.call(message.target, CLEARING, U256::ZERO, &data)
    });
    let error = encoded(&IErrors::Reentrant {});
    assert_eq!(bench.refusal(ALICE, &withdraw(CASH, 1_000_000)), error);
}
