//! Tokens in and out: deposits, withdrawals, gifts to the insurance fund.

use alloy_primitives::{Address, B256, I256, U256};
use alloy_sol_types::SolCall;
use novate_abi::{
    IClearing::{
        CollateralCapExceeded, DepositTooSmall, Deposited, InsufficientBalance, TokenNotAccepted,
        TransferFailed, Withdrawn,
    },
    IERC20::permitCall,
};
use novate_common::{
    Answer, Input, Revert, address, empty, event, halves, not_zero, only, out_of_bounds, pair,
    refuse, selected, sender, tell, this, timestamp, token,
};

use crate::{
    Clearing,
    admin::{number, tell_insurance},
    error::{narrow, overflow, refused},
    load::{Loaded, collateral},
    storage::{CASH_TOKEN, LIQUIDATION, TOKENS, WITHDRAW, parts},
};

/// The least that a deposit credits, 18 decimals: a millionth of a token.
const MINIMUM_DEPOSIT: u128 = 1_000_000_000_000;
/// How long a pause of withdrawals lasts, seconds: 7 days.
const LONGEST_PAUSE: u64 = 604_800;

/// An accepted token.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Accepted {
    address: Address,
    /// 0: cash.
    number: u8,
    /// Units of 1e-18 in a unit of the token.
    unit: u128,
}

impl Clearing {
    /// `deposit(account, token, amount)`.
    pub(crate) fn deposit(&mut self, input: &mut Input<'_>) -> Answer {
        let (account, address, amount) = (input.bytes32()?, input.address()?, input.u256()?);
        self.take(account, address, amount)
    }

    /// `depositWithPermit(account, token, amount, deadline, v, r, s)`. A permit that fails may have been used by somebody
    /// else already: the allowance decides.
    pub(crate) fn deposit_with_permit(&mut self, input: &mut Input<'_>) -> Answer {
        let (account, address, amount) = (input.bytes32()?, input.address()?, input.u256()?);
        let (deadline, v) = (input.u256()?, input.u8()?);
        let (r, s) = (input.bytes32()?, input.bytes32()?);
        accepted(&address)?;
        let permit = selected![permitCall::SELECTOR, sender(), this(), amount, deadline, v, r, s];
        let _ = tell(&address, &permit);
        self.take(account, address, amount)
    }

    fn take(&mut self, account: B256, address: Address, amount: U256) -> Answer {
        let caller = sender();
        only(caller, owner(account))?;
        let accepted = accepted(&address)?;
        let credited = receive(&accepted, &caller, &amount)?;
        if credited < MINIMUM_DEPOSIT {
            return Err(refuse!(DepositTooSmall {
                token: address,
                amount: U256::from(credited),
                minimum: U256::from(MINIMUM_DEPOSIT),
            }));
        }
        let mut touched = self.load_account(account)?;
        let balance = if accepted.number == 0 {
            self.change_cash(&mut touched, I256::from_raw(U256::from(credited)))?
        } else {
            add_collateral(&mut touched, &accepted, credited)?
        };
        self.store_account(&touched)?;
        event!(Deposited { account, token: address; credited: U256::from(credited), balance });
        empty()
    }

    fn change_cash(&mut self, touched: &mut Loaded, change: I256) -> Result<U256, Revert> {
        touched.book.add_cash(change).map_err(|error| refused(touched.id, error))?;
        let mut ledger = self.load_ledger();
        ledger.add_cash(change)?;
        self.store_ledger(&ledger);
        // As an event tells it: a debt is a balance of 0.
        Ok(touched.book.cash().max(I256::ZERO).unsigned_abs())
    }

    /// `withdraw(account, token, amount, receiver)`.
    pub(crate) fn withdraw(&mut self, input: &mut Input<'_>) -> Answer {
        let (account, address) = (input.bytes32()?, input.address()?);
        let (amount, receiver) = (input.u256()?, input.address()?);
        self.withdrawals_open()?;
        only(sender(), owner(account))?;
        not_zero(receiver)?;
        let accepted = accepted(&address)?;
        let asked = times(amount, accepted.unit);
        let mut touched = self.load_account(account)?;
        let available = available(&touched, accepted.number);
        let requested = U256::from(asked.as_ref().map_or(u128::MAX, |asked| *asked));
        let taken = asked.ok().filter(|taken| *taken <= available);
        let taken = taken.ok_or_else(|| {
            let available = U256::from(available);
            refuse!(InsufficientBalance { account, token: address, requested, available })
        })?;
        let balance = if accepted.number == 0 {
            self.change_cash(&mut touched, I256::from_raw(requested).wrapping_neg())?
        } else {
            take_collateral(&mut touched, accepted.number, taken)?
        };
        self.check_withdrawal(&touched)?;
        self.store_account(&touched)?;
        event!(Withdrawn { account, token: address; amount: requested, receiver, balance });
        token::pay(&address, &receiver, &amount)?;
        empty()
    }

    /// A pause of withdrawals ends by itself.
    fn withdrawals_open(&self) -> Result<(), Revert> {
        let (paused_at, _) = parts(&LIQUIDATION.get());
        if timestamp() < paused_at.saturating_add(LONGEST_PAUSE) {
            self.governance.not_paused(WITHDRAW)?;
        }
        Ok(())
    }

    /// `fundInsurance(amount)`.
    pub(crate) fn fund_insurance(&mut self, input: &mut Input<'_>) -> Answer {
        let amount = input.u256()?;
        let accepted = accepted(&address(&CASH_TOKEN.get()))?;
        let credited = receive(&accepted, &sender(), &amount)?;
        let mut ledger = self.load_ledger();
        ledger.insure(credited)?;
        self.store_ledger(&ledger);
        tell_insurance(credited, ledger.insurance)
    }
}

/// Takes tokens from the caller and returns what arrived, 18 decimals.
fn receive(accepted: &Accepted, from: &Address, amount: &U256) -> Result<u128, Revert> {
    let Accepted { address: token, unit, .. } = *accepted;
    let arrived = token::take(&token, from, amount)?;
    if arrived.is_zero() {
        return Err(refuse!(TransferFailed { token }));
    }
    times(arrived, unit)
}

/// Token units to 18 decimals, within 128 bits.
fn times(amount: U256, unit: u128) -> Result<u128, Revert> {
    u128::try_from(amount).ok().and_then(|amount| amount.checked_mul(unit)).ok_or_else(overflow)
}

/// Credits collateral and returns the balance.
fn add_collateral(
    touched: &mut Loaded,
    accepted: &Accepted,
    credited: u128,
) -> Result<U256, Revert> {
    let Accepted { address: token, number, .. } = *accepted;
    let place = TOKENS.of(&number).plus(1);
    let (cap, total) = halves(&place.get());
    let total = total.checked_add(credited).ok_or_else(overflow)?;
    if total > cap {
        let (total, cap) = (U256::from(total), U256::from(cap));
        return Err(refuse!(CollateralCapExceeded { token, total, cap }));
    }
    place.set(&pair(cap, total));
    let balance = collateral(&touched.book, number).checked_add(credited).ok_or_else(overflow)?;
    set_collateral(touched, number, balance)
}

/// Debits collateral and returns the balance.
fn take_collateral(touched: &mut Loaded, number: u8, taken: u128) -> Result<U256, Revert> {
    let place = TOKENS.of(&number).plus(1);
    let (cap, total) = halves(&place.get());
    place.set(&pair(cap, total.checked_sub(taken).ok_or_else(overflow)?));
    let balance = collateral(&touched.book, number).checked_sub(taken).ok_or_else(overflow)?;
    set_collateral(touched, number, balance)
}

fn set_collateral(touched: &mut Loaded, number: u8, balance: u128) -> Result<U256, Revert> {
    let set = touched.book.set_collateral(number, balance);
    set.map_err(|error| refused(touched.id, error))?;
    Ok(U256::from(balance))
}

/// The token as cash or as collateral.
fn accepted(token: &Address) -> Result<Accepted, Revert> {
    not_zero(*token)?;
    let (decimals, cash) = parts(&CASH_TOKEN.get());
    if *token == cash {
        return Ok(Accepted { address: *token, number: 0, unit: unit(decimals)? });
    }
    let number = number(token);
    if number == 0 {
        return Err(refuse!(TokenNotAccepted { token: *token }));
    }
    let (decimals, _) = parts(&TOKENS.of(&number).get());
    Ok(Accepted { address: *token, number, unit: unit(decimals)? })
}

/// What can be withdrawn of a token, were it not for margin: a debt isn't made by withdrawing.
fn available(touched: &Loaded, number: u8) -> u128 {
    if number == 0 {
        let cash = narrow(touched.book.cash()).unwrap_or(0);
        cash.max(0).unsigned_abs()
    } else {
        collateral(&touched.book, number)
    }
}

/// Units of 1e-18 in a unit of a token.
///
/// # Errors
/// `ParameterOutOfBounds` beyond 18 decimals.
pub(crate) fn unit(decimals: u64) -> Result<u128, Revert> {
    let zeros = 18_u64.checked_sub(decimals).and_then(|zeros| u32::try_from(zeros).ok());
    zeros
        .and_then(|zeros| 10_u128.checked_pow(zeros))
        .ok_or_else(|| out_of_bounds(b"decimals", I256::from_raw(U256::from(decimals)), 18))
}

/// The owner of an account: its first 20 bytes.
const fn owner(account: B256) -> Address {
    let [owner @ .., _, _, _, _, _, _, _, _, _, _, _, _] = account.0;
    Address::new(owner)
}
