//! Trades: what they do to books, cash, fees and open interest, and whether each account may be left so.
//!
//! Margin is asked once, about books to which the trades were applied at their prices, and with the figures come the marks. Then the
//! trades are done at the marks; what that makes of equity is known without another evaluation. Only accounts whose initial excess is
//! below 0 afterwards, or which may only reduce, are valued as they were before as well.

use alloc::vec::Vec;

use alloy_primitives::{I256, U256};
use novate_abi::{
    IClearing::{Fill, Filled, InstrumentExpired, InvalidPrice, InvalidQuantity, SelfTrade},
    IErrors,
    IMargin::{Assessment, Mark},
};
use novate_common::{Answer, Input, Revert, empty, event, refuse, sender, timestamp};
use novate_risk::{Book, Instrument, Trade, closes};

use crate::{
    Clearing,
    check::{Marks, mark_of, reference_of},
    error::{overflow, refused},
    fees::{Fees, Terms},
    journal::Reason,
    judge::Standing,
    session::Session,
    storage::VENUES,
};

/// Highest price of a contract, 18 decimals: a trillion.
const MAXIMUM_PRICE: u128 = 1_000_000_000_000_000_000_000_000_000_000;

/// A fill with its terms.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) fill: Fill,
    pub(crate) instrument: Instrument,
    pub(crate) quantity: i64,
    /// Whether both sides only made their positions smaller.
    pub(crate) both_close: bool,
    /// Where the accounts stand in the session.
    pub(crate) buyer: usize,
    pub(crate) seller: usize,
    pub(crate) fees: Fees,
    /// Paid to the maker.
    pub(crate) rebate: u128,
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

pub(crate) fn money(amount: u128) -> I256 {
    I256::from_raw(U256::from(amount))
}
