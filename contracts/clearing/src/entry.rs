//! Tokens in and out: deposits, withdrawals, gifts to the insurance fund.
//!
//! A token that shrinks in clearing's hands (it "rebases down") is owed to everybody alike: while clearing holds less than it owes, a
//! withdrawal pays the same share of what is asked to each, and nothing is taken in.

use alloy_primitives::{Address, B256, I256, U256};
use alloy_sol_types::SolCall;
use novate_abi::{
    IClearing::{
        CollateralCapExceeded, DepositTooSmall, Deposited, InsufficientBalance, InvalidReceiver,
        TokenNotAccepted, TokenShort, TransferFailed, Withdrawn,
    },
    IERC20::permitCall,
};
use novate_common::{
    Answer, Input, Revert, address, empty, event, halves, not_zero, only, out_of_bounds, pair,
    refuse, selected, sender, this, timestamp, token,
};
use novate_risk::{Book, fully_paid};

use crate::{
    Clearing,
    admin::number,
    check::{VALID, may_add_risk, require_level},
    error::{narrow, overflow, refused},
    journal::Reason,
    load::{Loaded, collateral},
    session::Session,
    storage::{CASH_TOKEN, LIQUIDATION, MARGIN, ORACLE, TOKENS, VENUES, WITHDRAW, parts},
};

/// The least value that a deposit credits, 18 decimals: 1 USD.
const MINIMUM_DEPOSIT: u128 = 1_000_000_000_000_000_000;
/// The least amount of a collateral whose price isn't valid now, 18 decimals: a millionth of a token.
const MINIMUM_AMOUNT: u128 = 1_000_000_000_000;

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
        token::permit(&address, &permit);
        self.take(account, address, amount)
    }

    fn take(&mut self, account: B256, address: Address, amount: U256) -> Answer {
        let caller = sender();
        only(caller, owner(account))?;
        let accepted = accepted(&address)?;
        let credited = self.receive(&accepted, &caller, &amount)?;
        self.check_minimum(&accepted, credited)?;
        let mut session = self.session();
        self.reach(&mut session, account)?;
        let touched = session.accounts.first_mut().ok_or_else(overflow)?;
        touched.acts = true;
        let balance = if accepted.number == 0 {
            session.tokens = narrow(money(credited))?;
            touched.pay(Reason::Deposit, money(credited))?;
            balance(&touched.book)
        } else {
            add_collateral(touched, &accepted, credited)?
        };
        self.commit(&session)?;
        event!(Deposited { account, token: address; credited: U256::from(credited), balance });
        empty()
    }

    /// A deposit is worth 1 USD; of a collateral without a valid price, it is a millionth of a token.
    fn check_minimum(&self, accepted: &Accepted, credited: u128) -> Result<(), Revert> {
        let Accepted { address: token, number, .. } = *accepted;
        let price = if number == 0 { Some(MINIMUM_DEPOSIT) } else { self.valid_price(number) };
        let (worth, minimum) = price.map_or((U256::from(credited), MINIMUM_AMOUNT), |price| {
            // Two numbers of 128 bits.
            let worth = U256::from(credited).wrapping_mul(U256::from(price));
            let unit = U256::from(MINIMUM_DEPOSIT);
            (worth.checked_div(unit).unwrap_or_default(), MINIMUM_DEPOSIT)
        });
        if worth < U256::from(minimum) {
            let (amount, minimum) = (worth, U256::from(minimum));
            return Err(refuse!(DepositTooSmall { token, amount, minimum }));
        }
        Ok(())
    }

    /// The price of a collateral, if it is valid. A deposit never fails because nobody can tell.
    fn valid_price(&self, number: u8) -> Option<u128> {
        let (_, marks) = self.ask(core::iter::empty(), &[number.into()]).ok()?;
        let (_, mark) = marks.first()?;
        (mark.isMarked && mark.validity >= VALID).then_some(mark.mark)
    }

    /// `withdraw(account, token, amount, receiver)`.
    pub(crate) fn withdraw(&mut self, input: &mut Input<'_>) -> Answer {
        let (account, address) = (input.bytes32()?, input.address()?);
        let (amount, receiver) = (input.u256()?, input.address()?);
        self.governance.not_paused(WITHDRAW)?;
        only(sender(), owner(account))?;
        not_house(receiver)?;
        let accepted = accepted(&address)?;
        let mut session = self.session();
        self.reach(&mut session, account)?;
        let touched = session.accounts.first_mut().ok_or_else(overflow)?;
        touched.acts = true;
        let taken = taken(touched, &accepted, amount)?;
        let owed = self.owed(&accepted);
        let balance = if accepted.number == 0 {
            session.tokens = narrow(money(taken))?.wrapping_neg();
            touched.pay(Reason::Withdrawal, money(taken).wrapping_neg())?;
            balance(&touched.book)
        } else {
            take_collateral(touched, accepted.number, taken)?
        };
        self.check_withdrawal(&session, accepted.number)?;
        self.commit(&session)?;
        event!(Withdrawn { account, token: address; amount: U256::from(taken), receiver, balance });
        let paid = share_of(&accepted, amount, owed)?;
        token::pay(&address, &receiver, &paid)?;
        empty()
    }

    /// Refuses unless a withdrawal leaves initial excess at least 0 on a valid price of what is withdrawn. A book that was fully paid
    /// and stays so, and one without positions and debt, needs no price.
    fn check_withdrawal(&self, session: &Session, number: u8) -> Result<(), Revert> {
        let touched = session.accounts.first().ok_or_else(overflow)?;
        let book = &touched.book;
        if !book.cash().is_negative() && fully_paid::is_fully_paid(book, timestamp()) {
            return Ok(());
        }
        let instruments = [u64::from(number)];
        let instruments = if number == 0 { &[][..] } else { &instruments };
        let (figures, marks) = self.assess(core::iter::once(book), instruments)?;
        for (_, mark) in &marks {
            require_level(if mark.isMarked { mark.validity } else { 0 }, VALID)?;
        }
        may_add_risk(touched.id, figures.first().ok_or_else(overflow)?)?;
        if book.cash().is_negative() {
            session.totals()?.check_lending()?;
        }
        Ok(())
    }

    /// What clearing owes of a token, 18 decimals.
    fn owed(&self, accepted: &Accepted) -> u128 {
        if accepted.number == 0 {
            self.tokens_held()
        } else {
            halves(&TOKENS.of(&accepted.number).plus(1).get()).1
        }
    }

    /// `fundInsurance(amount)`.
    pub(crate) fn fund_insurance(&mut self, input: &mut Input<'_>) -> Answer {
        let amount = input.u256()?;
        let accepted = accepted(&address(&CASH_TOKEN.get()))?;
        let credited = self.receive(&accepted, &sender(), &amount)?;
        let mut session = self.session();
        session.tokens = narrow(money(credited))?;
        session.ledger.insure(credited)?;
        self.commit(&session)?;
        empty()
    }

    /// Takes tokens from the caller and returns what arrived, 18 decimals. Nothing is taken while clearing holds less than it owes:
    /// it would be shared among those who were there before.
    fn receive(&self, accepted: &Accepted, from: &Address, amount: &U256) -> Result<u128, Revert> {
        let Accepted { address: token, unit, .. } = *accepted;
        let arrived = token::take(&token, from, amount)?;
        if arrived.amount.is_zero() {
            return Err(refuse!(TransferFailed { token }));
        }
        let held = arrived.before.saturating_mul(U256::from(unit));
        let owed = U256::from(self.owed(accepted));
        if held < owed {
            return Err(refuse!(TokenShort { token, held, owed }));
        }
        times(arrived.amount, unit)
    }
}

/// What is paid for `amount` (token decimals): all of it, or the share that clearing holds of what it owes.
fn share_of(accepted: &Accepted, amount: U256, owed: u128) -> Result<U256, Revert> {
    let held = token::balance(&accepted.address)?.saturating_mul(U256::from(accepted.unit));
    let owed = U256::from(owed);
    if held >= owed {
        return Ok(amount);
    }
    // Both are below 2^128 here: no more than is owed is held, and no more is asked for.
    let product = amount.checked_mul(held).ok_or_else(overflow)?;
    product.checked_div(owed).ok_or_else(overflow)
}

/// What is taken of the account, 18 decimals: no more than it has, and no debt is made by withdrawing.
fn taken(touched: &Loaded, accepted: &Accepted, amount: U256) -> Result<u128, Revert> {
    let asked = times(amount, accepted.unit).ok();
    let available = available(touched, accepted.number);
    asked.filter(|asked| *asked <= available).ok_or_else(|| {
        let requested = U256::from(asked.unwrap_or(u128::MAX));
        let (account, token) = (touched.id, accepted.address);
        refuse!(InsufficientBalance { account, token, requested, available: U256::from(available) })
    })
}

/// Refuses the zero address and contracts of the house, which couldn't give tokens back.
fn not_house(receiver: Address) -> Result<(), Revert> {
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

fn money(amount: u128) -> I256 {
    I256::from_raw(U256::from(amount))
}

/// As an event tells it: a debt is a balance of 0.
fn balance(book: &Book) -> U256 {
    book.cash().max(I256::ZERO).unsigned_abs()
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
pub(crate) const fn owner(account: B256) -> Address {
    let [owner @ .., _, _, _, _, _, _, _, _, _, _, _, _] = account.0;
    Address::new(owner)
}
