//! Liquidation's one tool: a fraction of a whole book changes hands.

use alloy_primitives::{B256, I256, U256};
use novate_abi::IClearing::{
    InsufficientInsurance, InsuranceChanged, InvalidFraction, LiquidationWorsens, SelfTrade,
    SliceTransferred, StateChanged,
};
use novate_common::{
    Answer, Input, Revert, address, empty, event, margin::maintenance_excess, only, refuse, sender,
};
use novate_risk::{Book, liquidation::WHOLE};

use crate::{
    Clearing,
    check::{LIQUIDATE, may_add_risk},
    error::{overflow, refused},
    session::Session,
    storage::LIQUIDATION,
};

/// Arguments of `transferSlice`.
#[derive(Debug, Clone, Copy)]
struct Slice {
    from: B256,
    to: B256,
    fraction: u64,
    price: I256,
}

impl Clearing {
    /// `transferSlice(from, to, fraction, price, expectedNonce)`.
    pub(crate) fn transfer_slice(&mut self, input: &mut Input<'_>) -> Answer {
        only(sender(), address(&LIQUIDATION.get()))?;
        let (from, to, fraction) = (input.bytes32()?, input.bytes32()?, input.u256()?);
        let (price, expected) = (input.i256()?, input.u64()?);
        if from == to {
            return Err(refuse!(SelfTrade { account: from }));
        }
        let checked = u64::try_from(fraction).ok().filter(|part| (1..=WHOLE).contains(part));
        let fraction = checked.ok_or_else(|| refuse!(InvalidFraction { fraction }))?;
        let mut session = self.session();
        self.touch(&mut session, from)?;
        self.touch(&mut session, to)?;
        let actual = session.accounts.first().map_or(0, |touched| touched.nonce);
        if actual != expected {
            return Err(refuse!(StateChanged { account: from, expected, actual }));
        }
        let slice = Slice { from, to, fraction, price };
        let paid = self.move_slice(&mut session, &slice)?;
        self.check_slice(&session, &slice)?;
        self.commit(&session)?;
        self.tell(&session, &slice, paid);
        empty()
    }

    /// Changes both books and the sums; returns what the insurance fund paid.
    fn move_slice(&self, session: &mut Session, slice: &Slice) -> Result<u128, Revert> {
        let [seller, bidder] = session.accounts.as_mut_slice() else { return Err(overflow()) };
        let (part, rest) = seller.book.cut(slice.fraction);
        seller.book = rest;
        let before = bidder.book.cash().checked_add(part.cash()).ok_or_else(overflow)?;
        bidder.book.absorb(&part).map_err(|error| refused(slice.to, error))?;
        // What the bidder's own perpetuals and futures were settled by, to the references of the slice.
        let settled = bidder.book.cash().checked_sub(before).ok_or_else(overflow)?;
        session.ledger.add_cash(settled)?;
        session.ledger.pay_variation(settled)?;
        let price = slice.price;
        let owed = price.checked_neg().ok_or_else(overflow)?;
        bidder.book.add_cash(owed).map_err(|error| refused(slice.to, error))?;
        let mut paid = 0;
        if price.is_negative() {
            paid = u128::try_from(price.unsigned_abs()).map_err(|_| overflow())?;
            let fund = session.ledger.insurance;
            let left = fund.checked_sub(paid).ok_or_else(|| {
                let (requested, fund) = (U256::from(paid), U256::from(fund));
                refuse!(InsufficientInsurance { requested, fund })
            })?;
            session.ledger.insurance = left;
            session.ledger.add_cash(owed)?;
        } else {
            seller.book.add_cash(price).map_err(|error| refused(slice.from, error))?;
        }
        self.count_slice(session, &part)?;
        Ok(paid)
    }

    fn count_slice(&self, session: &mut Session, part: &Book) -> Result<(), Revert> {
        for held in part.holdings() {
            let id = held.instrument.id();
            for index in 0..2 {
                let touched = session.accounts.get(index).ok_or_else(overflow)?;
                let (old, new) = (touched.before.quantity(id), touched.book.quantity(id));
                self.count_interest(session, id, old, new)?;
            }
        }
        Ok(())
    }

    /// The seller's maintenance excess doesn't fall, and the bidder can bear what he took.
    fn check_slice(&self, session: &Session, slice: &Slice) -> Result<(), Revert> {
        let [seller, bidder] = session.accounts.as_slice() else { return Err(overflow()) };
        let books = [&seller.before, &seller.book, &bidder.book];
        let assessments = self.assess(books.into_iter())?;
        let [before, after, bidder] = assessments.as_slice() else { return Err(overflow()) };
        let (before, after) = (maintenance_excess(before)?, maintenance_excess(after)?);
        if after < before {
            return Err(refuse!(LiquidationWorsens {
                account: slice.from,
                excessBefore: before,
                excessAfter: after,
            }));
        }
        may_add_risk(slice.to, bidder, LIQUIDATE)
    }

    fn tell(&self, session: &Session, slice: &Slice, paid: u128) {
        if paid != 0 {
            event!(InsuranceChanged {
                ; change: slice.price, fund: U256::from(session.ledger.insurance)
            });
        }
        event!(SliceTransferred {
            from: slice.from, to: slice.to;
            fraction: U256::from(slice.fraction),
            price: slice.price,
            insurancePaid: U256::from(paid),
        });
    }
}
