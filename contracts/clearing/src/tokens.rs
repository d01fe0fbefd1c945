//! Tokens as the ledger counts them: units, what is owed of them, what is taken in and paid out.

use alloy_primitives::{Address, B256, I256, U256};
use novate_abi::IClearing::{
    CollateralCapExceeded, InsufficientBalance, InvalidReceiver, TokenNotAccepted,
};
use novate_common::{Revert, address, halves, not_zero, out_of_bounds, pair, refuse, this, token};
use novate_risk::{Book, divide_slowly};

use crate::{
    admin::number,
    error::{narrow, overflow, refused},
    load::{Loaded, collateral},
    storage::{CASH_TOKEN, LIQUIDATION, MARGIN, ORACLE, TOKENS, VENUES, parts},
};

/// An accepted token.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Accepted {
    pub(crate) address: Address,
    /// 0: cash.
    pub(crate) number: u8,
    /// Units of 1e-18 in a unit of the token.
    pub(crate) unit: u128,
}

/// What is paid for `amount` (token decimals): all of it, or the share that clearing holds of what it owes.
pub(crate) fn share_of(accepted: &Accepted, amount: U256, owed: u128) -> Result<U256, Revert> {
    let held = token::balance(&accepted.address)?.saturating_mul(U256::from(accepted.unit));
    let owed = U256::from(owed);
    if held >= owed {
        return Ok(amount);
    }
    // Both are below 2^128 here: no more than is owed is held, and no more is asked for.
    let product = amount.checked_mul(held).ok_or_else(overflow)?;
    Ok(divide_slowly(product, owed).0)
}

/// What is taken of the account, 18 decimals: no more than it has, and no debt is made by withdrawing.
pub(crate) fn taken(touched: &Loaded, accepted: &Accepted, amount: U256) -> Result<u128, Revert> {
    let asked = times(amount, accepted.unit).ok();
    let available = available(touched, accepted.number);
    asked.filter(|asked| *asked <= available).ok_or_else(|| {
        let requested = U256::from(asked.unwrap_or(u128::MAX));
        let (account, token) = (touched.id, accepted.address);
        refuse!(InsufficientBalance { account, token, requested, available: U256::from(available) })
    })
}

/// Refuses the zero address and contracts of the house, which couldn't give tokens back.
pub(crate) fn not_house(receiver: Address) -> Result<(), Revert> {
    not_zero(receiver)?;
    let modules = [MARGIN, ORACLE, LIQUIDATION, CASH_TOKEN];
    let is_module = modules.iter().any(|slot| address(&slot.get()) == receiver);
    let is_token = number(&receiver) != 0;
    let is_venue = !VENUES.of(&receiver).get().is_zero();
    if receiver == this() || is_module || is_token || is_venue {
        return Err(refuse!(InvalidReceiver { receiver }));
    }
    Ok(())
}

pub(crate) fn money(amount: u128) -> I256 {
    I256::from_raw(U256::from(amount))
}

/// As an event tells it: a debt is a balance of 0.
pub(crate) fn balance(book: &Book) -> U256 {
    book.cash().max(I256::ZERO).unsigned_abs()
}

/// Token units to 18 decimals, within 128 bits.
pub(crate) fn times(amount: U256, unit: u128) -> Result<u128, Revert> {
    u128::try_from(amount).ok().and_then(|amount| amount.checked_mul(unit)).ok_or_else(overflow)
}

/// Credits collateral and returns the balance.
pub(crate) fn add_collateral(
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
pub(crate) fn take_collateral(
    touched: &mut Loaded,
    number: u8,
    taken: u128,
) -> Result<U256, Revert> {
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
pub(crate) fn accepted(token: &Address) -> Result<Accepted, Revert> {
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
pub(crate) const fn owner(account: B256) -> Address {
    let [owner @ .., _, _, _, _, _, _, _, _, _, _, _, _] = account.0;
    Address::new(owner)
}
