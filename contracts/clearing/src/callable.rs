//! Debts that are called: collateral of accounts in debt is sold while too much is lent out; what nothing covers is written off.

use alloc::vec::Vec;

use alloy_primitives::{B256, I256, U256};
use alloy_sol_types::SolCall;
use novate_abi::{
    IClearing::{
        CollateralBought, DebtNotCallable, DebtWrittenOff, InsufficientBalance, InvalidQuantity,
        LiquidationWorsens, NothingToWriteOff, PriceAboveLimit, SelfTrade, TokenNotAccepted,
    },
    IMargin::{Mark, wordCall},
    parameters::{Place, unpack_collateral},
};
use novate_common::{
    Answer, Input, Revert, address, answers, ask, empty, event, margin::excess, only, refuse,
    selected, sender, timestamp,
};
use novate_risk::{Book, Kind, Trade, divide_slowly};

use crate::{
    Clearing,
    check::{LIQUIDATE, Marks, mark_of, may_add_risk, reference_of, require_level, shift},
    error::{overflow, refused},
    journal::Reason,
    ledger::{Ledger, MILLION},
    load::{Loaded, collateral},
    pool::{delta_one, pay_from_shares, redeem_own, settle_all},
    session::{Session, debt},
    storage::{MARGIN, TOKENS},
    tokens::owner,
};

const DAY: u64 = 86_400;
const HOUR: u64 = 3_600;
/// Discount when a debt becomes callable, millionths of the collateral's value, and how much more it becomes.
const FIRST_DISCOUNT: u64 = 10_000;
const FURTHER_DISCOUNT: u64 = 40_000;
const WAD: u128 = 1_000_000_000_000_000_000;

/// Arguments of `buyCollateral`.
#[derive(Debug, Clone, Copy)]
struct Purchase {
    from: B256,
    number: u8,
    amount: u128,
}

impl Clearing {
    /// `buyCollateral(from, to, collateral, amount, maximumPrice)`.
    pub(crate) fn buy_collateral(&mut self, input: &mut Input<'_>) -> Answer {
        let (from, to, number) = (input.bytes32()?, input.bytes32()?, input.u8()?);
        let (amount, most) = (input.u128()?, input.u256()?);
        only(sender(), owner(to))?;
        if from == to {
            return Err(refuse!(SelfTrade { account: from }));
        }
        let mut session = self.session();
        self.reach(&mut session, from)?;
        self.reach(&mut session, to)?;
        let mut instruments = delta_one(session.accounts.iter());
        instruments.insert(0, number.into());
        let (_, marks) = self.ask(core::iter::empty(), &instruments)?;
        let price_mark = mark_of(&marks, number.into()).ok_or_else(overflow)?.clone();
        if !price_mark.isMarked || number == 0 {
            let token = address(&TOKENS.of(&number).get());
            return Err(refuse!(TokenNotAccepted { token }));
        }
        require_level(price_mark.validity, LIQUIDATE)?;
        let Session { accounts, ledger, .. } = &mut session;
        for account in accounts {
            settle_all(account, &marks, ledger)?;
        }
        pay_from_shares(&mut session, 0)?;
        let settled = session.accounts.first().ok_or_else(overflow)?.book.clone();
        let mut purchase = Purchase { from, number, amount };
        let (price, value) = self.price(&session, &mut purchase, &price_mark)?;
        self.deliver(&mut session, &purchase, price, &price_mark, &marks)?;
        let more = self.check_purchase(&session, &settled, value.saturating_sub(price))?;
        let price = price.checked_add(more).ok_or_else(overflow)?;
        if U256::from(price) > most {
            return Err(refuse!(PriceAboveLimit { price: U256::from(price), limit: most }));
        }
        self.pay(&mut session, more)?;
        self.commit(&session)?;
        let amount = U256::from(purchase.amount);
        event!(CollateralBought { from, to, collateral: number; amount, price: U256::from(price) });
        answers![price]
    }

    /// What the collateral costs, at most the debt, to which the amount is cut; and the most that it may cost: its value, and the debt.
    fn price(
        &self,
        session: &Session,
        purchase: &mut Purchase,
        mark: &Mark,
    ) -> Result<(u128, u128), Revert> {
        let Purchase { from, number, amount } = *purchase;
        let seller = session.accounts.first().ok_or_else(overflow)?;
        let owed = debt(seller.book.cash());
        let discount = session.totals()?.discount(timestamp()).filter(|_| owed != 0);
        let discount = discount.ok_or_else(|| refuse!(DebtNotCallable { account: from }))?;
        let held = collateral(&seller.book, number);
        if amount > held {
            let token = address(&TOKENS.of(&number).get());
            let (requested, available) = (U256::from(amount), U256::from(held));
            return Err(refuse!(InsufficientBalance {
                account: from,
                token,
                requested,
                available
            }));
        }
        // Price and amount are below 2^128; the rate is below 2^20.
        let rate = U256::from(MILLION).wrapping_sub(U256::from(discount));
        let unit = U256::from(mark.mark).wrapping_mul(rate);
        let whole = U256::from(WAD).wrapping_mul(U256::from(MILLION));
        let asked = U256::from(amount).checked_mul(unit).ok_or_else(overflow)?;
        let up = whole.wrapping_sub(U256::ONE);
        let price = divide_slowly(asked.saturating_add(up), whole).0;
        let owed_wide = U256::from(owed);
        if price > owed_wide {
            let least = owed_wide.checked_mul(whole).map(|owed| divide_slowly(owed, unit).0);
            let most = least.and_then(|most| u128::try_from(most).ok()).ok_or_else(overflow)?;
            purchase.amount = most.min(amount);
        }
        if purchase.amount == 0 {
            return Err(refuse!(InvalidQuantity { instrument: u64::from(number) }));
        }
        let value = U256::from(purchase.amount).wrapping_mul(U256::from(mark.mark));
        let value = divide_slowly(value, U256::from(WAD)).0;
        let limited = |price: U256| u128::try_from(price).unwrap_or(u128::MAX).min(owed);
        Ok((limited(price), limited(value)))
    }

    /// Moves the collateral, the lines that it cancels, and the price.
    fn deliver(
        &self,
        session: &mut Session,
        purchase: &Purchase,
        price: u128,
        mark: &Mark,
        marks: &Marks,
    ) -> Result<(), Revert> {
        let Purchase { number, amount, .. } = *purchase;
        let Session { accounts, ledger, .. } = &mut *session;
        let [seller, buyer] = accounts.as_mut_slice() else { return Err(overflow()) };
        let held = collateral(&seller.book, number);
        let lines = match cancelled_underlying(number)? {
            Some(underlying) => cancelled(seller, underlying, held, amount, mark, marks),
            None => Vec::new(),
        };
        buyer.acts = true;
        let rest = held.checked_sub(amount).ok_or_else(overflow)?;
        let sum = collateral(&buyer.book, number).checked_add(amount).ok_or_else(overflow)?;
        for (account, balance) in [(&mut *seller, rest), (&mut *buyer, sum)] {
            let set = account.book.set_collateral(number, balance);
            set.map_err(|error| refused(account.id, error))?;
        }
        for (instrument, quantity) in lines {
            let mark = mark_of(marks, instrument).and_then(reference_of).ok_or_else(overflow)?;
            let bought = Trade { instrument, quantity, price: mark.price };
            let sold = Trade { quantity: quantity.wrapping_neg(), ..bought };
            buyer.trade(&bought, Some(mark), ledger)?;
            seller.trade(&sold, Some(mark), ledger)?;
        }
        self.count_all_interest(session)?;
        self.pay(session, price)
    }

    /// The buyer pays the seller.
    fn pay(&self, session: &mut Session, price: u128) -> Result<(), Revert> {
        let [seller, buyer] = session.accounts.as_mut_slice() else { return Err(overflow()) };
        let money = crate::ledger::difference(0, price);
        buyer.pay(Reason::CollateralSold, money.wrapping_neg())?;
        seller.pay(Reason::CollateralSold, money)
    }

    /// The seller's maintenance excess doesn't fall, and the buyer can bear what he took. Where the discount takes more than the sale
    /// relieves, the price is higher by that, up to `most`: so a discount that grows never makes a debt uncallable. Returns by how much.
    fn check_purchase(
        &self,
        session: &Session,
        settled: &Book,
        most: u128,
    ) -> Result<u128, Revert> {
        let [seller, buyer] = session.accounts.as_slice() else { return Err(overflow()) };
        let books = [settled, &seller.book, &buyer.book];
        let (mut figures, _) = self.assess(books.into_iter(), &[])?;
        let [before, after, bought] = figures.as_mut_slice() else { return Err(overflow()) };
        let before = excess(before.lastEquity, before.lastRequirement)?;
        let after = excess(after.lastEquity, after.lastRequirement)?;
        let worse = before.checked_sub(after).ok_or_else(overflow)?.max(I256::ZERO);
        let more = u128::try_from(worse.unsigned_abs()).ok().filter(|more| *more <= most);
        let more = more.ok_or_else(|| {
            refuse!(LiquidationWorsens {
                account: seller.id,
                excessBefore: before,
                excessAfter: after,
            })
        })?;
        let paid = crate::ledger::difference(0, more);
        shift(bought, paid.wrapping_neg())?;
        may_add_risk(buyer.id, bought)?;
        let cash = buyer.book.cash().checked_sub(paid).ok_or_else(overflow)?;
        if cash.is_negative() {
            session.totals()?.check_lending()?;
        }
        Ok(more)
    }

    /// `writeOff(account)`.
    pub(crate) fn write_off(&mut self, input: &mut Input<'_>) -> Answer {
        let account = input.bytes32()?;
        let mut session = self.session();
        self.reach(&mut session, account)?;
        let book = &session.accounts.first().ok_or_else(overflow)?.book;
        let is_bare = book.positions().is_empty() && book.collateral().is_empty();
        let own = debt(book.cash()).min(book.pool());
        redeem_own(&mut session, 0, own)?;
        let Session { accounts, ledger, .. } = &mut session;
        let debtor = accounts.first_mut().ok_or_else(overflow)?;
        let owed = debt(debtor.book.cash());
        if !is_bare || owed == 0 {
            return Err(refuse!(NothingToWriteOff { account }));
        }
        ledger.pay_loss(owed)?;
        debtor.pay(Reason::WrittenOff, crate::ledger::difference(0, owed))?;
        self.commit(&session)?;
        event!(DebtWrittenOff { account; amount: U256::from(owed) });
        empty()
    }
}

impl Ledger {
    /// What is taken off the price of called collateral, millionths; `None`: debts aren't callable.
    fn discount(&self, now: u64) -> Option<u64> {
        let since = |since: u64, wait: u64, length: u64| {
            let ran = now.checked_sub(since.checked_add(wait)?)?;
            let more = FURTHER_DISCOUNT.checked_mul(ran.min(length))?.checked_div(length)?;
            FIRST_DISCOUNT.checked_add(more)
        };
        let of_limit = match self.over_limit_since {
            0 => None,
            start => since(start, DAY, DAY).filter(|_| self.is_over_limit()),
        };
        let of_pool = match self.over_pool_since {
            _ if !self.is_over_pool() => None,
            0 => Some(FIRST_DISCOUNT),
            start => since(start, 0, HOUR),
        };
        of_limit.max(of_pool)
    }
}

/// The underlying whose lines a collateral cancels.
pub(crate) fn cancelled_underlying(number: u8) -> Result<Option<u8>, Revert> {
    let place = Place::Collateral(number).encode();
    let word = ask(&address(&MARGIN.get()), &selected![wordCall::SELECTOR, place])?.u256(0)?;
    Ok(unpack_collateral(number, word).filter(|held| held.cancels_risk).map(|held| held.underlying))
}

/// Of short perpetuals and futures (less long ones) of the underlying, what the collateral cancels, times the share of it that is sold:
/// quantities to the buyer, below 0.
fn cancelled(
    seller: &Loaded,
    underlying: u8,
    held: u128,
    amount: u128,
    mark: &Mark,
    marks: &Marks,
) -> Vec<(u64, i64)> {
    let mut shorts: Vec<(u64, u64)> = Vec::new();
    let (mut short, mut long) = (0_u128, 0_u128);
    for line in seller.book.holdings() {
        let id = line.instrument.id();
        let mine = line.instrument.underlying() == underlying
            && matches!(line.instrument.kind(), Kind::Perpetual | Kind::Future)
            && mark_of(marks, id).is_some_and(|mark| mark.isMarked && mark.validity >= LIQUIDATE);
        let size = line.quantity.unsigned_abs();
        if mine && line.quantity < 0 {
            shorts.push((id, size));
            // 256 numbers of 63 bits.
            short = short.wrapping_add(size.into());
        } else if mine {
            long = long.wrapping_add(size.into());
        }
    }
    let contracts = contracts(held, mark);
    let net = short.saturating_sub(long).min(contracts);
    let scaled = |size: u64| {
        // size * (amount / held) * (net / short), of 64, 128 and 71 bits.
        let whole = U256::from(size).checked_mul(U256::from(amount))?;
        let whole = divide_slowly(whole, U256::from(held)).0.checked_mul(U256::from(net))?;
        i64::try_from(divide_slowly(whole, U256::from(short)).0).ok()
    };
    let cut = |(id, size): (u64, u64)| scaled(size).map(|size| (id, size.wrapping_neg()));
    shorts.into_iter().filter_map(cut).filter(|(_, quantity)| *quantity != 0).collect()
}

/// Millionths of contracts that an amount of collateral is worth.
fn contracts(amount: u128, mark: &Mark) -> u128 {
    let value = U256::from(amount).checked_mul(U256::from(mark.mark)).unwrap_or(U256::MAX);
    let unit = U256::from(mark.index).wrapping_mul(U256::from(WAD / MILLION));
    u128::try_from(divide_slowly(value, unit).0).unwrap_or(0)
}
