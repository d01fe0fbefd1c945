//! Trades: what they do to books, cash, fees and open interest, and whether each account may be left so.
//!
//! Margin is asked once, about books to which the trades were applied at their prices, and with the figures come the marks. Then the
//! trades are done at the marks; what that makes of equity is known without another evaluation. Only accounts whose initial excess is
//! below 0 afterwards, or which may only reduce, are valued as they were before as well.

use alloc::vec::Vec;

use alloy_primitives::{B256, I256, U256};
use novate_abi::{
    IClearing::{
        ConcessionTooLarge, Fill, Filled, InstrumentExpired, InvalidPrice, InvalidQuantity,
        SelfTrade,
    },
    IErrors,
    IMargin::{Assessment, Mark},
};
use novate_common::{Answer, Input, Revert, empty, event, refuse, sender, timestamp};
use novate_risk::{Book, Instrument, Reference, Trade, closes, fully_paid, revaluation};

use crate::{
    Clearing,
    check::{
        Marks, Reduction, VALID, is_covered, mark_of, may_add_risk, reduction, reference_of,
        require_debt, require_level, shift,
    },
    error::{overflow, refused},
    fees::{Fees, Terms},
    journal::Reason,
    session::{Session, debt},
    storage::{FILL, VENUES},
};

/// Highest price of a contract, 18 decimals: a trillion.
const MAXIMUM_PRICE: u128 = 1_000_000_000_000_000_000_000_000_000_000;
/// Units of 1e-18 that roundings of one trade may cost an account: of premium or price, gain, funding, and equity.
const DUST: u64 = 4;

/// A fill with its terms.
#[derive(Debug)]
struct Line {
    fill: Fill,
    instrument: Instrument,
    quantity: i64,
    /// Whether both sides only made their positions smaller.
    both_close: bool,
    /// Where the accounts stand in the session.
    buyer: usize,
    seller: usize,
    fees: Fees,
    /// Paid to the maker.
    rebate: u128,
}

/// How an account stands after the trades.
#[derive(Debug)]
struct Standing {
    /// With fees and without rebates.
    figures: Assessment,
    /// House fees that it pays.
    fees: u128,
    /// Lowest level of the indices that its trades depend on.
    level: u8,
    /// Its trades.
    lines: u64,
    /// Whether it passes by initial excess, or because its book is fully paid.
    passes: bool,
}

impl Clearing {
    /// `fill(fills)`.
    pub(crate) fn fill(&mut self, input: &mut Input<'_>) -> Answer {
        let caller = sender();
        if VENUES.of(&caller).get().is_zero() {
            return Err(refuse!(IErrors::Unauthorized { caller }));
        }
        let mut session = self.session();
        let mut lines = self.read_fills(&mut session, input)?;
        let (figures, marks) = self.ask_about(&session, &lines)?;
        let provisional = self.trade_at_marks(&mut session, &mut lines, &marks)?;
        self.check_caps(&session, &marks)?;
        let standings = self.standings(&session, &lines, &marks, &provisional, figures)?;
        self.judge(&session, &standings, &marks)?;
        pay_rebates(&mut session, &mut lines, &standings)?;
        for line in &lines {
            tell(line, &marks);
        }
        self.commit(&session)?;
        empty()
    }

    /// Reads fills and applies them at their prices.
    fn read_fills(
        &self,
        session: &mut Session,
        input: &mut Input<'_>,
    ) -> Result<Vec<Line>, Revert> {
        let (count, mut fills) = input.array(6)?;
        let mut lines = Vec::with_capacity(count);
        for _ in 0..count {
            let fill = Fill {
                instrument: fills.u64()?,
                quantity: fills.u64()?,
                price: fills.u128()?,
                buyer: fills.bytes32()?,
                seller: fills.bytes32()?,
                buyerIsMaker: fills.bool()?,
            };
            let (instrument, quantity) = accept(&fill)?;
            let buyer = self.reach(session, fill.buyer)?;
            let seller = self.reach(session, fill.seller)?;
            let mut both_close = true;
            for (index, signed) in [(buyer, quantity), (seller, quantity.wrapping_neg())] {
                let account = session.accounts.get_mut(index).ok_or_else(overflow)?;
                account.acts = true;
                let held = account.book.quantity(fill.instrument);
                let trade =
                    Trade { instrument: fill.instrument, quantity: signed, price: fill.price };
                let traded = account.book.trade(&trade, None);
                traded.map_err(|error| refused(account.id, error))?;
                both_close &= closes(held, account.book.quantity(fill.instrument));
            }
            let (fees, rebate) = (Fees::default(), 0);
            lines.push(Line {
                fill,
                instrument,
                quantity,
                both_close,
                buyer,
                seller,
                fees,
                rebate,
            });
        }
        Ok(lines)
    }

    /// Figures of every account and marks of every instrument.
    fn ask_about(
        &self,
        session: &Session,
        lines: &[Line],
    ) -> Result<(Vec<Assessment>, Marks), Revert> {
        let mut instruments: Vec<u64> = Vec::with_capacity(lines.len());
        for Line { fill, .. } in lines {
            if let Err(place) = instruments.binary_search(&fill.instrument) {
                instruments.insert(place, fill.instrument);
            }
        }
        self.ask(session.accounts.iter().map(|account| &account.book), &instruments)
    }

    /// Does the trades again, at the marks, and takes fees. Returns the books that margin was asked about.
    fn trade_at_marks(
        &self,
        session: &mut Session,
        lines: &mut [Line],
        marks: &Marks,
    ) -> Result<Vec<Book>, Revert> {
        let terms = Terms::load();
        let reset = |account: &mut crate::load::Loaded| {
            core::mem::replace(&mut account.book, account.before.clone())
        };
        let provisional = session.accounts.iter_mut().map(reset).collect();
        for line in lines {
            let Line { ref fill, quantity, .. } = *line;
            let mark = mark_of(marks, fill.instrument).ok_or_else(overflow)?;
            terms.check_price(fill, &line.instrument, mark, line.both_close)?;
            line.fees = terms.fees(fill, &line.instrument, mark)?;
            let sides = [
                (line.buyer, quantity, line.fees.buyer),
                (line.seller, quantity.wrapping_neg(), line.fees.seller),
            ];
            for (index, signed, fee) in sides {
                let Session { accounts, ledger, .. } = session;
                let account = accounts.get_mut(index).ok_or_else(overflow)?;
                let (instrument, price) = (fill.instrument, fill.price);
                let old = account.book.quantity(instrument);
                let trade = Trade { instrument, quantity: signed, price };
                account.trade(&trade, reference_of(mark), ledger)?;
                account.pay(Reason::Fee, money(fee).wrapping_neg())?;
                ledger.fees = ledger.fees.checked_add(fee).ok_or_else(overflow)?;
                let new = account.book.quantity(instrument);
                self.count_interest(session, instrument, old, new)?;
            }
        }
        Ok(provisional)
    }

    /// How each account stands, of margin's figures for the provisional books.
    fn standings(
        &self,
        session: &Session,
        lines: &[Line],
        marks: &Marks,
        provisional: &[Book],
        figures: Vec<Assessment>,
    ) -> Result<Vec<Standing>, Revert> {
        let references: Vec<(u64, Reference)> = marks
            .iter()
            .filter_map(|(id, mark)| reference_of(mark).map(|reference| (*id, reference)))
            .collect();
        let is_over_limit = session.totals()?.is_over_limit();
        let is_paused = self.governance.is_paused(FILL);
        let mut standings = Vec::with_capacity(figures.len());
        let accounts = session.accounts.iter().zip(provisional).zip(figures);
        for (index, ((account, asked), mut figures)) in accounts.enumerate() {
            let mut standing = Standing {
                figures: figures.clone(),
                fees: 0,
                level: VALID,
                lines: 0,
                passes: false,
            };
            for line in lines {
                for (side, fee) in [(line.buyer, line.fees.buyer), (line.seller, line.fees.seller)]
                {
                    if side == index {
                        let mark = mark_of(marks, line.fill.instrument).ok_or_else(overflow)?;
                        standing.level = standing.level.min(mark.validity);
                        standing.fees = standing.fees.checked_add(fee).ok_or_else(overflow)?;
                        standing.lines = standing.lines.saturating_add(1);
                    }
                }
            }
            // Fees are in the book's cash, hence in the revaluation.
            shift(&mut figures, revaluation(asked, &account.book, &references))?;
            let is_owing = account.book.cash().is_negative();
            self.charge_debt(&mut figures, &account.book)?;
            let adds = standing.level >= VALID && is_covered(&figures);
            let is_fully_paid =
                || !is_owing && fully_paid::is_fully_paid(&account.book, timestamp());
            standing.passes =
                !is_paused && !(is_owing && is_over_limit) && (adds || is_fully_paid());
            standing.figures = figures;
            standings.push(standing);
        }
        Ok(standings)
    }

    /// Refuses unless each account passes, or reduces within the concession.
    ///
    /// The state before is the one with the traded lines settled at their marks: that moves no equity, but an unsettled loss that
    /// becomes a debt carries the debt's margin, and settling it isn't what the trade did.
    fn judge(
        &self,
        session: &Session,
        standings: &[Standing],
        marks: &Marks,
    ) -> Result<(), Revert> {
        let short: Vec<_> =
            session.accounts.iter().zip(standings).filter(|(_, after)| !after.passes).collect();
        if short.is_empty() {
            return Ok(());
        }
        let mut settled = Vec::with_capacity(short.len());
        for (account, _) in &short {
            let mut book = account.before.clone();
            for (instrument, mark) in marks {
                if let Some(mark) = reference_of(mark) {
                    let moved = book.settle_at_mark(*instrument, mark);
                    moved.map_err(|error| refused(account.id, error))?;
                }
            }
            settled.push(book);
        }
        let (before, _) = self.assess(settled.iter(), &[])?;
        for ((account, standing), before) in short.into_iter().zip(&before) {
            let after = self.without_fees(standing, &account.book)?;
            let dust = standing.lines.saturating_mul(DUST);
            // A trade that relieves nothing makes no debt of its fees: worthless lines aren't opened by those who have nothing.
            let relieves = after.lastRequirement < before.lastRequirement;
            if !relieves && standing.fees != 0 && standing.figures.lastEquity.is_negative() {
                return Err(self.refusal(session, account.id, standing));
            }
            match reduction(before, &after, dust)? {
                Reduction::Passes => {}
                Reduction::TooDear { loss, most } => {
                    let account = account.id;
                    return Err(refuse!(ConcessionTooLarge { account, loss, most }));
                }
                Reduction::Fails => return Err(self.refusal(session, account.id, standing)),
            }
        }
        Ok(())
    }

    /// The figures, house fees aside.
    fn without_fees(&self, standing: &Standing, book: &Book) -> Result<Assessment, Revert> {
        let mut figures = standing.figures.clone();
        shift(&mut figures, money(standing.fees))?;
        let (owed, cash) = (debt(book.cash()), book.cash().wrapping_add(money(standing.fees)));
        if owed != 0 && !fully_paid::is_fully_paid(book, timestamp()) {
            // Requirements with the debt before fees: what the whole debt required is taken out.
            let rates = self.debt_margin();
            let mut with = Assessment::default();
            require_debt(&mut with, owed, rates)?;
            let mut without = Assessment::default();
            require_debt(&mut without, debt(cash), rates)?;
            let less = |requirement: U256, with: U256, without: U256| {
                requirement.saturating_sub(with.saturating_sub(without))
            };
            figures.initialRequirement = less(
                figures.initialRequirement,
                with.initialRequirement,
                without.initialRequirement,
            );
            figures.lastRequirement =
                less(figures.lastRequirement, with.lastRequirement, without.lastRequirement);
        }
        Ok(figures)
    }

    /// Why an account that doesn't reduce is refused.
    #[cold]
    fn refusal(&self, session: &Session, account: B256, standing: &Standing) -> Revert {
        let reasons = || {
            self.governance.not_paused(FILL)?;
            require_level(standing.level, VALID)?;
            may_add_risk(account, &standing.figures)?;
            session.totals()?.check_lending()
        };
        reasons().err().unwrap_or_else(overflow)
    }
}

/// Pays rebates out of the fees of takers who don't pass as reducing only.
fn pay_rebates(
    session: &mut Session,
    lines: &mut [Line],
    standings: &[Standing],
) -> Result<(), Revert> {
    for line in lines {
        let (maker, taker) = if line.fill.buyerIsMaker {
            (line.buyer, line.seller)
        } else {
            (line.seller, line.buyer)
        };
        let may = standings.get(taker).is_some_and(|standing| standing.passes);
        if line.fees.rebate != 0 && may {
            let Session { accounts, ledger, .. } = session;
            let account = accounts.get_mut(maker).ok_or_else(overflow)?;
            account.pay(Reason::Fee, money(line.fees.rebate))?;
            // It is at most the taker's fee of the same fill.
            ledger.fees = ledger.fees.checked_sub(line.fees.rebate).ok_or_else(overflow)?;
            line.rebate = line.fees.rebate;
        }
    }
    Ok(())
}

/// The terms and the signed quantity of a fill that can be done.
fn accept(fill: &Fill) -> Result<(Instrument, i64), Revert> {
    let Fill { instrument: id, price, buyer, seller, .. } = *fill;
    let instrument = Instrument::decode(id).map_err(|error| refused(buyer, error))?;
    let now = timestamp();
    if instrument.expiry().is_some_and(|expiry| expiry <= now) {
        return Err(refuse!(InstrumentExpired { instrument: id }));
    }
    let quantity = i64::try_from(fill.quantity).ok().filter(|quantity| *quantity != 0);
    let quantity = quantity.ok_or_else(|| refuse!(InvalidQuantity { instrument: id }))?;
    // An option may be given away as far as its band allows; a perpetual or a future without a price has no gain to count.
    if price > MAXIMUM_PRICE || (price == 0 && !instrument.is_option()) {
        return Err(refuse!(InvalidPrice { instrument: id, price }));
    }
    if buyer == seller {
        return Err(refuse!(SelfTrade { account: buyer }));
    }
    Ok((instrument, quantity))
}

fn tell(line: &Line, marks: &Marks) {
    let Line { fill, fees, rebate, .. } = line;
    let mark = mark_of(marks, fill.instrument).map_or(0, |mark: &Mark| mark.mark);
    let less = |fee: u128, is_maker: bool| {
        money(fee).wrapping_sub(if is_maker { money(*rebate) } else { I256::ZERO })
    };
    let buyer_fee = less(fees.buyer, fill.buyerIsMaker);
    let seller_fee = less(fees.seller, !fill.buyerIsMaker);
    event!(Filled {
        instrument: fill.instrument,
        buyer: fill.buyer,
        seller: fill.seller;
        quantity: fill.quantity,
        price: fill.price,
        mark,
        buyerFee: buyer_fee,
        sellerFee: seller_fee,
    });
}

fn money(amount: u128) -> I256 {
    I256::from_raw(U256::from(amount))
}
