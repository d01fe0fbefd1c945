//! Tokens in and out: deposits, withdrawals, gifts to the insurance fund.

use alloy_primitives::{Address, B256, I256, U256, aliases::U128};
use novate_abi::{
    IClearing::{
        CollateralCapExceeded, DepositTooSmall, Deposited, InsufficientBalance, InsuranceChanged,
        TokenNotAccepted, TransferFailed, Withdrawn,
    },
    IERC20::permitCall,
    IErrors,
};
use novate_common::{Answer, Input, Revert, empty, not_zero, only, send, token};
use stylus_sdk::prelude::*;

use crate::{
    Clearing,
    error::{narrow, overflow, refused},
    load::{Loaded, collateral},
    storage::WITHDRAW,
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
        self.accepted(address)?;
        let (owner, spender) = (self.vm().msg_sender(), self.vm().contract_address());
        let permit = permitCall { owner, spender, value: amount, deadline, v, r, s };
        let _ = send(self.vm(), address, &permit);
        self.take(account, address, amount)
    }

    fn take(&mut self, account: B256, address: Address, amount: U256) -> Answer {
        let caller = self.vm().msg_sender();
        only(caller, owner(account))?;
        let accepted = self.accepted(address)?;
        let credited = self.receive(&accepted, caller, amount)?;
        if credited < MINIMUM_DEPOSIT {
            return Err(DepositTooSmall {
                token: address,
                amount: U256::from(credited),
                minimum: U256::from(MINIMUM_DEPOSIT),
            }
            .into());
        }
        let mut touched = self.load_account(account)?;
        let balance = if accepted.number == 0 {
            self.change_cash(&mut touched, I256::from_raw(U256::from(credited)))?
        } else {
            self.add_collateral_balance(&mut touched, &accepted, credited)?
        };
        self.store_account(&touched)?;
        self.vm().log(Deposited {
            account,
            token: address,
            credited: U256::from(credited),
            balance,
        });
        empty()
    }

    /// Takes tokens from the caller and returns what arrived, 18 decimals.
    fn receive(&self, accepted: &Accepted, from: Address, amount: U256) -> Result<u128, Revert> {
        let Accepted { address: token, unit, .. } = *accepted;
        let arrived = token::take(self.vm(), token, from, amount)?;
        if arrived.is_zero() {
            return Err(TransferFailed { token }.into());
        }
        let credited = arrived.checked_mul(U256::from(unit)).ok_or_else(overflow)?;
        u128::try_from(credited).map_err(|_| overflow())
    }

    fn change_cash(&mut self, touched: &mut Loaded, change: I256) -> Result<U256, Revert> {
        touched.book.add_cash(change).map_err(|error| refused(touched.id, error))?;
        let mut ledger = self.load_ledger();
        ledger.add_cash(change)?;
        self.store_ledger(&ledger);
        // As an event tells it: a debt is a balance of 0.
        Ok(touched.book.cash().max(I256::ZERO).unsigned_abs())
    }

    fn add_collateral_balance(
        &mut self,
        touched: &mut Loaded,
        accepted: &Accepted,
        credited: u128,
    ) -> Result<U256, Revert> {
        let Accepted { address: token, number, .. } = *accepted;
        let held = collateral(&touched.book, number);
        let balance = held.checked_add(credited).ok_or_else(overflow)?;
        let mut stored = self.tokens.setter(number);
        let total = stored.total.get().checked_add(U128::from(credited)).ok_or_else(overflow)?;
        let cap = stored.cap.get();
        if total > cap {
            let (total, cap) = (U256::from(total), U256::from(cap));
            return Err(CollateralCapExceeded { token, total, cap }.into());
        }
        stored.total.set(total);
        let set = touched.book.set_collateral(number, balance);
        set.map_err(|error| refused(touched.id, error))?;
        Ok(U256::from(balance))
    }

    /// `withdraw(account, token, amount, receiver)`.
    pub(crate) fn withdraw(&mut self, input: &mut Input<'_>) -> Answer {
        let (account, address) = (input.bytes32()?, input.address()?);
        let (amount, receiver) = (input.u256()?, input.address()?);
        self.withdrawals_open()?;
        only(self.vm().msg_sender(), owner(account))?;
        not_zero(receiver)?;
        let accepted = self.accepted(address)?;
        let requested = amount.checked_mul(U256::from(accepted.unit)).ok_or_else(overflow)?;
        let mut touched = self.load_account(account)?;
        let available = available(&touched, accepted.number);
        let taken = u128::try_from(requested).ok().filter(|taken| *taken <= available);
        let taken = taken.ok_or_else(|| InsufficientBalance {
            account,
            token: address,
            requested,
            available: U256::from(available),
        })?;
        let balance = if accepted.number == 0 {
            self.change_cash(&mut touched, I256::from_raw(requested).wrapping_neg())?
        } else {
            self.take_collateral(&mut touched, accepted.number, taken)?
        };
        self.check_withdrawal(&touched)?;
        self.store_account(&touched)?;
        self.vm().log(Withdrawn { account, token: address, amount: requested, receiver, balance });
        token::pay(self.vm(), address, receiver, amount)?;
        empty()
    }

    fn take_collateral(
        &mut self,
        touched: &mut Loaded,
        number: u8,
        taken: u128,
    ) -> Result<U256, Revert> {
        let balance = collateral(&touched.book, number).checked_sub(taken).ok_or_else(overflow)?;
        let mut stored = self.tokens.setter(number);
        let total = stored.total.get().checked_sub(U128::from(taken)).ok_or_else(overflow)?;
        stored.total.set(total);
        let set = touched.book.set_collateral(number, balance);
        set.map_err(|error| refused(touched.id, error))?;
        Ok(U256::from(balance))
    }

    /// A pause of withdrawals ends by itself.
    fn withdrawals_open(&self) -> Result<(), Revert> {
        let until = self.withdraw_paused_at.get().to::<u64>().saturating_add(LONGEST_PAUSE);
        if self.vm().block_timestamp() < until {
            self.governance.not_paused(WITHDRAW)?;
        }
        Ok(())
    }

    /// `fundInsurance(amount)`.
    pub(crate) fn fund_insurance(&mut self, input: &mut Input<'_>) -> Answer {
        let amount = input.u256()?;
        let accepted = self.accepted(self.cash_token.get())?;
        let credited = self.receive(&accepted, self.vm().msg_sender(), amount)?;
        let mut ledger = self.load_ledger();
        ledger.insure(credited)?;
        self.store_ledger(&ledger);
        self.tell_insurance(credited, ledger.insurance)
    }

    /// `InsuranceChanged` for a gain.
    pub(crate) fn tell_insurance(&self, gain: u128, fund: u128) -> Answer {
        let change = I256::from_raw(U256::from(gain));
        self.vm().log(InsuranceChanged { change, fund: U256::from(fund) });
        empty()
    }

    /// The token as cash or as collateral.
    fn accepted(&self, address: Address) -> Result<Accepted, Revert> {
        not_zero(address)?;
        if address == self.cash_token.get() {
            let unit = unit(self.cash_decimals.get().to())?;
            return Ok(Accepted { address, number: 0, unit });
        }
        let number: u8 = self.numbers.get(address).to();
        if number == 0 {
            return Err(TokenNotAccepted { token: address }.into());
        }
        let unit = unit(self.tokens.getter(number).decimals.get().to())?;
        Ok(Accepted { address, number, unit })
    }
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
pub(crate) fn unit(decimals: u8) -> Result<u128, Revert> {
    18_u32.checked_sub(u32::from(decimals)).and_then(|zeros| 10_u128.checked_pow(zeros)).ok_or_else(
        || {
            IErrors::ParameterOutOfBounds {
                name: novate_common::name(b"decimals"),
                value: I256::from_raw(U256::from(decimals)),
                minimum: I256::ZERO,
                maximum: I256::from_raw(U256::from(18)),
            }
            .into()
        },
    )
}

/// The owner of an account: its first 20 bytes.
fn owner(account: B256) -> Address {
    let [owner @ .., _, _, _, _, _, _, _, _, _, _, _, _] = account.0;
    Address::new(owner)
}
