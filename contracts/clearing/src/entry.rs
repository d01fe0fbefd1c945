//! Tokens in and out: deposits, withdrawals, gifts to the insurance fund.
//!
//! A token that shrinks in clearing's hands (it "rebases down") is owed to everybody alike: while clearing holds less than it owes, a
//! withdrawal pays the same share of what is asked to each, and nothing is taken in.

use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::SolCall;
use novate_abi::{
    IClearing::{DepositTooSmall, Deposited, TokenShort, TransferFailed, Withdrawn},
    IERC20::permitCall,
};
use novate_common::{
    Answer, Input, Revert, address, empty, event, halves, only, refuse, selected, sender, this,
    timestamp, token,
};
use novate_risk::{divide, fully_paid};

use crate::{
    Clearing,
    check::{VALID, may_add_risk, require_level},
    error::{narrow, overflow},
    journal::Reason,
    session::Session,
    storage::{CASH_TOKEN, TOKENS, WITHDRAW},
    tokens::{
        Accepted, accepted, add_collateral, balance, money, not_house, owner, share_of,
        take_collateral, taken, times,
    },
};

/// The least value that a deposit credits, 18 decimals: 1 USD.
const MINIMUM_DEPOSIT: u128 = 1_000_000_000_000_000_000;
/// The least amount of a collateral whose price isn't valid now, 18 decimals: a millionth of a token.
const MINIMUM_AMOUNT: u128 = 1_000_000_000_000;

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
            let unit = u64::try_from(MINIMUM_DEPOSIT).unwrap_or(u64::MAX);
            (divide(worth, unit).0, MINIMUM_DEPOSIT)
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
