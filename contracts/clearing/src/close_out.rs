//! Close-outs: what the liquidation module cuts out of a book, and what it costs.
//!
//! Gains of the account's perpetuals and futures are settled first, so that its cash is what it is at marks. Margin is asked twice:
//! about the book as it is, with the marks, and about what the cut leaves and what the bidder has then. The price isn't in those
//! books: it is cash, and moves figures one for one. So value and relief are reckoned from what was really cut, after all rounding.

use alloc::vec::Vec;

use alloy_primitives::{B256, I256, U256};
use novate_abi::{
    IClearing::{ClosedOut, LiquidationWorsens, NotShort, RelievesNothing, SelfTrade},
    IMargin::Assessment,
    book::for_bid,
};
use novate_common::{
    Answer, Input, Revert, address, answers, event,
    margin::{assess, excess},
    only, refuse, sender, timestamp,
};
use novate_risk::{
    Book, fully_paid,
    liquidation::{Piece, Price, Standing, Terms, WHOLE},
    revaluation,
};

use crate::{
    Clearing,
    check::{LIQUIDATE, Marks, mark_of, may_add_risk, reference_of, shift},
    cut::{self, Cut},
    error::{overflow, refused},
    journal::Reason,
    ledger::{Ledger, difference},
    load::{Loaded, packed},
    pool::pay_from_shares,
    session::Session,
    storage::{LIQUIDATION, MARGIN},
};

/// The account before the cut, its gains settled.
#[derive(Debug)]
struct Before {
    /// Margin's figures.
    bare: Assessment,
    /// The same with the margin of its debt.
    figures: Assessment,
    marks: Marks,
}

/// What changed hands beside the piece.
#[derive(Debug, Clone, Copy)]
struct Paid {
    /// By the bidder in cash; below 0: to him by the account.
    by_bidder: I256,
    /// To the bidder.
    by_waterfall: u128,
    /// Of that, beyond the insurance fund.
    carried: u128,
}

impl Clearing {
    /// `closeOut(from, to, cut, concession, bonus)`.
    pub(crate) fn close_out(&mut self, input: &mut Input<'_>) -> Answer {
        only(sender(), address(&LIQUIDATION.get()))?;
        let (from, to) = (input.bytes32()?, input.bytes32()?);
        if from == to {
            return Err(refuse!(SelfTrade { account: from }));
        }
        let mut session = self.session();
        self.reach(&mut session, from)?;
        self.reach(&mut session, to)?;
        let (cut, terms) = (Cut::read(input)?, terms(input)?);
        let (piece, paid, closed) = self.cut(&mut session, &cut, terms)?;
        self.count_all_interest(&mut session)?;
        self.commit(&session)?;
        let Piece { value, relief, .. } = piece;
        let (by_bidder, by_waterfall) = (positive(paid.by_bidder), U256::from(paid.by_waterfall));
        event!(ClosedOut {
            from, to; value, relief, paid: by_bidder, fromWaterfall: by_waterfall
        });
        closed
    }

    /// `previewCloseOut(from, cut, concession, bonus)`: nobody takes what is cut.
    pub(crate) fn preview_close_out(&mut self, input: &mut Input<'_>) -> Answer {
        let mut session = self.session();
        self.reach(&mut session, input.bytes32()?)?;
        let (cut, terms) = (Cut::read(input)?, terms(input)?);
        self.cut(&mut session, &cut, terms)?.2
    }

    /// Cuts the first account of a session, for the second if there is one.
    fn cut(
        &self,
        session: &mut Session,
        cut: &Cut,
        terms: Terms,
    ) -> Result<(Piece, Paid, Answer), Revert> {
        let before = self.settle_and_look(session)?;
        let seller = session.accounts.first_mut().ok_or_else(overflow)?;
        let account = seller.id;
        let (slice, rest) = cut.apply(seller, &before.bare, &before.marks)?;
        if slice == Book::default() {
            return Err(refuse!(RelievesNothing { account, relief: I256::ZERO }));
        }
        seller.note(Reason::Slice, slice.cash().wrapping_neg());
        seller.book = rest;
        let Session { accounts, ledger, .. } = &mut *session;
        if let Some(bidder) = accounts.get_mut(1) {
            take_over(bidder, &slice, &before.marks, ledger)?;
        }
        let mut books: Vec<_> =
            session.accounts.iter().map(|account| packed(&account.book)).collect();
        // The bidder is charged for no data that the account isn't charged for.
        for bidder in books.iter_mut().skip(1) {
            for_bid(bidder);
        }
        let (figures, _) = assess(&address(&MARGIN.get()), &books, &[])?;
        let mut figures = figures.into_iter();
        let mut after = figures.next().ok_or_else(overflow)?;
        let piece = self.piece(session, &before, &after, cut.is_slice())?;
        let price = standing(&before).price(&piece, terms);
        let relief = piece.relief;
        let price = price.ok_or_else(|| refuse!(RelievesNothing { account, relief }))?;
        let paid = pay(session, &price)?;
        self.check_seller(session, &before, &mut after, price.to_account)?;
        if let Some(figures) = figures.next() {
            self.check_bidder(session, figures, &paid)?;
        }
        let book = &session.accounts.first().ok_or_else(overflow)?.book;
        let closed = answers![
            piece.value,
            piece.relief,
            positive(paid.by_bidder),
            paid.by_waterfall,
            paid.carried,
            excess(after.closeEquity, after.closeRequirement)?,
            after.closeRequirement,
            after.lastEquity,
            book.positions().is_empty() && book.collateral().is_empty(),
            positive(paid.by_bidder.wrapping_neg()),
            cut::rounding(&slice, &before.marks),
        ];
        Ok((piece, paid, closed))
    }

    /// The same of an account that is short.
    ///
    /// # Errors
    /// `NotShort`.
    fn settle_and_look(&self, session: &mut Session) -> Result<Before, Revert> {
        let before = self.settle_first(session)?;
        let seller = session.accounts.first().ok_or_else(overflow)?;
        let excess = excess(before.figures.closeEquity, before.figures.closeRequirement)?;
        if !excess.is_negative() || fully_paid::is_fully_paid(&seller.book, timestamp()) {
            return Err(refuse!(NotShort { account: seller.id, excess }));
        }
        Ok(before)
    }

    /// An account's figures as a touch leaves it, and whether its book is fully paid then: what its debt requires depends on gains that
    /// aren't settled yet and on its own shares.
    pub(crate) fn figures_when_touched(&self, account: B256) -> Result<(Assessment, bool), Revert> {
        let mut session = self.session();
        self.reach(&mut session, account)?;
        let figures = self.settle_first(&mut session)?.figures;
        let book = &session.accounts.first().ok_or_else(overflow)?.book;
        Ok((figures, fully_paid::is_fully_paid(book, timestamp())))
    }

    /// Settles the gains of a session's first account, pays its debt out of its own shares, and asks margin about it.
    fn settle_first(&self, session: &mut Session) -> Result<Before, Revert> {
        let seller = session.accounts.first_mut().ok_or_else(overflow)?;
        let wanted = cut::instruments(&seller.book);
        let (figures, marks) = self.ask(core::iter::once(&seller.book), &wanted)?;
        let mut bare = figures.into_iter().next().ok_or_else(overflow)?;
        let mut unsettled = seller.book.clone();
        let mut references = Vec::new();
        for (instrument, mark) in &marks {
            if mark.validity >= LIQUIDATE
                && unsettled.quantity(*instrument) != 0
                && let Some(reference) = reference_of(mark)
            {
                seller.settle_at_mark(*instrument, reference, &mut session.ledger)?;
                references.push((*instrument, reference));
            }
        }
        unsettled.set_pool(seller.book.pool());
        shift(&mut bare, revaluation(&unsettled, &seller.book, &references))?;
        pay_from_shares(session, 0)?;
        let seller = session.accounts.first().ok_or_else(overflow)?;
        let mut figures = bare.clone();
        self.charge_debt(&mut figures, &seller.book)?;
        Ok(Before { bare, figures, marks })
    }

    /// Value and relief of what was cut. What the debt requires counts as if the piece were sold at its value.
    fn piece(
        &self,
        session: &Session,
        before: &Before,
        after: &Assessment,
        is_slice: bool,
    ) -> Result<Piece, Revert> {
        let figures = &before.figures;
        let value = figures.lastEquity.checked_sub(after.lastEquity).ok_or_else(overflow)?;
        let seller = session.accounts.first().ok_or_else(overflow)?;
        let mut sold = seller.book.clone();
        let settled = standing(before).settled(value, is_slice);
        sold.add_cash(settled).map_err(|error| refused(seller.id, error))?;
        let mut after = after.clone();
        self.charge_debt(&mut after, &sold)?;
        // Both are figures of books: far below 2^255.
        let relief = I256::from_raw(figures.lastRequirement.wrapping_sub(after.lastRequirement));
        Ok(Piece { value, relief, is_slice })
    }

    /// The account's figures after the price, and that its excess hasn't fallen.
    fn check_seller(
        &self,
        session: &Session,
        before: &Before,
        after: &mut Assessment,
        price: I256,
    ) -> Result<(), Revert> {
        let seller = session.accounts.first().ok_or_else(overflow)?;
        shift(after, price)?;
        self.charge_debt(after, &seller.book)?;
        let was = excess(before.figures.closeEquity, before.figures.closeRequirement)?;
        let is = excess(after.closeEquity, after.closeRequirement)?;
        if is < was {
            return Err(refuse!(LiquidationWorsens {
                account: seller.id,
                excessBefore: was,
                excessAfter: is,
            }));
        }
        Ok(())
    }

    /// The bidder can bear what he took.
    fn check_bidder(
        &self,
        session: &Session,
        mut figures: Assessment,
        paid: &Paid,
    ) -> Result<(), Revert> {
        let bidder = session.accounts.get(1).ok_or_else(overflow)?;
        if fully_paid::is_fully_paid(&bidder.book, timestamp()) {
            return Ok(());
        }
        shift(&mut figures, paid.to_bidder()?)?;
        self.charge_debt(&mut figures, &bidder.book)?;
        may_add_risk(bidder.id, &figures)
    }
}

impl Paid {
    /// Cash that the bidder receives.
    fn to_bidder(self) -> Result<I256, Revert> {
        difference(0, self.by_waterfall).checked_sub(self.by_bidder).ok_or_else(overflow)
    }
}

/// What a piece may cost at most, 18 decimals.
fn terms(input: &mut Input<'_>) -> Result<Terms, Revert> {
    let share = |number: U256| u64::try_from(number).unwrap_or(WHOLE).min(WHOLE);
    Ok(Terms { concession: share(input.u256()?), bonus: share(input.u256()?) })
}

const fn standing(before: &Before) -> Standing {
    let Assessment { lastEquity: equity, lastRequirement: requirement, .. } = before.figures;
    Standing { equity, requirement }
}

/// The bidder takes what was cut; his own lines of it are settled first, so that both have the same reference.
fn take_over(
    bidder: &mut Loaded,
    slice: &Book,
    marks: &Marks,
    ledger: &mut Ledger,
) -> Result<(), Revert> {
    for held in slice.positions() {
        if let Some(mark) = mark_of(marks, held.instrument).and_then(reference_of) {
            bidder.settle_at_mark(held.instrument, mark, ledger)?;
        }
    }
    let before = bidder.book.cash();
    bidder.book.absorb(slice).map_err(|error| refused(bidder.id, error))?;
    let pool = bidder.book.pool().checked_add(slice.pool()).ok_or_else(overflow)?;
    bidder.book.set_pool(pool);
    // What lines without a mark were settled by, to the reference of the other side. All are cash of books.
    let gain = bidder.book.cash().wrapping_sub(before).wrapping_sub(slice.cash());
    bidder.note(Reason::Slice, slice.cash());
    bidder.note(Reason::Gain, gain);
    ledger.pay_variation(gain)
}

/// Moves the price: bidder, account, insurance fund and what lies beyond it.
fn pay(session: &mut Session, price: &Price) -> Result<Paid, Revert> {
    let narrow = |money: U256| u128::try_from(money).map_err(|_| overflow());
    let Session { accounts, ledger, .. } = session;
    ledger.insure(narrow(price.fee)?)?;
    let debt = narrow(price.debt)?;
    let carried = ledger.pay_loss(debt)?;
    // The layer beyond the fund pays debt alone.
    let bonus = narrow(price.bonus.min(U256::from(ledger.insurance)))?;
    ledger.insurance = ledger.insurance.saturating_sub(bonus);
    let by_waterfall = debt.checked_add(bonus).ok_or_else(overflow)?;
    let paid = Paid { by_bidder: price.from_bidder, by_waterfall, carried };
    if let Some(seller) = accounts.first_mut() {
        seller.pay(Reason::Liquidation, price.to_account)?;
    }
    if let Some(bidder) = accounts.get_mut(1) {
        bidder.pay(Reason::Liquidation, paid.to_bidder()?)?;
    }
    Ok(paid)
}

fn positive(money: I256) -> U256 {
    money.max(I256::ZERO).unsigned_abs()
}
