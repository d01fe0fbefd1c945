//! What clearing tells.

use alloc::vec::Vec;

use novate_common::{Answer, Input, Word, address, answers, halves};

use crate::{
    Clearing,
    error::overflow,
    fill::Rates,
    load::packed,
    storage::{CAPS, CASH_TOKEN, LIQUIDATION, MARGIN, OPEN_INTEREST, ORACLE, TOKENS, VENUES},
};

impl Clearing {
    /// `modules()`.
    pub(crate) fn modules(&self) -> Answer {
        answers![address(&MARGIN.get()), address(&ORACLE.get()), address(&LIQUIDATION.get())]
    }

    /// `isVenue(venue)`.
    pub(crate) fn is_venue(&self, input: &mut Input<'_>) -> Answer {
        answers![VENUES.of(&input.address()?).get()]
    }

    /// `cashToken()`.
    pub(crate) fn cash_token(&self) -> Answer {
        answers![address(&CASH_TOKEN.get())]
    }

    /// `collateralToken(collateral)`: zeros for a number not given.
    pub(crate) fn collateral_token(&self, input: &mut Input<'_>) -> Answer {
        let stored = TOKENS.of(&input.u8()?);
        let (cap, total) = halves(&stored.plus(1).get());
        answers![address(&stored.get()), cap, total]
    }

    /// `fees()`.
    pub(crate) fn fees(&self) -> Answer {
        let rates = Rates::load();
        answers![rates.option, rates.premium_cap, rates.maker, rates.taker]
    }

    /// `openInterest(instrument)`.
    pub(crate) fn open_interest_of(&self, input: &mut Input<'_>) -> Answer {
        answers![OPEN_INTEREST.of(&input.u64()?).get()]
    }

    /// `openInterestCap(underlying)`.
    pub(crate) fn open_interest_cap(&self, input: &mut Input<'_>) -> Answer {
        answers![CAPS.of(&input.u8()?).get()]
    }

    /// `cash(account)`.
    pub(crate) fn cash(&self, input: &mut Input<'_>) -> Answer {
        answers![self.header(&input.bytes32()?).cash]
    }

    /// `positions(account)`.
    pub(crate) fn positions(&self, input: &mut Input<'_>) -> Answer {
        let loaded = self.load_account(input.bytes32()?)?;
        let mut words = listed(loaded.book.positions().len());
        for held in loaded.book.holdings() {
            held.instrument.id().push(&mut words);
            held.quantity.push(&mut words);
            held.reference.price.push(&mut words);
            held.reference.funding.push(&mut words);
        }
        Ok(words)
    }

    /// `collateral(account)`.
    pub(crate) fn collateral(&self, input: &mut Input<'_>) -> Answer {
        let loaded = self.load_account(input.bytes32()?)?;
        let mut words = listed(loaded.book.collateral().len());
        for held in loaded.book.collateral() {
            address(&TOKENS.of(&held.collateral).get()).push(&mut words);
            held.amount.push(&mut words);
        }
        Ok(words)
    }

    /// `nonce(account)`.
    pub(crate) fn nonce(&self, input: &mut Input<'_>) -> Answer {
        answers![self.header(&input.bytes32()?).nonce]
    }

    /// `book(account)`.
    pub(crate) fn book(&self, input: &mut Input<'_>) -> Answer {
        let loaded = self.load_account(input.bytes32()?)?;
        let book = packed(&loaded.book);
        // A packed book is a whole number of words, so that it needs no padding.
        let mut answer = listed(book.len());
        answer.extend_from_slice(&book);
        Ok(answer)
    }

    /// `assess(account)`.
    pub(crate) fn assess_account(&self, input: &mut Input<'_>) -> Answer {
        let loaded = self.load_account(input.bytes32()?)?;
        let figures = self.assess(core::iter::once(&loaded.book))?;
        let figures = figures.first().ok_or_else(overflow)?;
        answers![
            figures.equity,
            figures.initialRequirement,
            figures.maintenanceRequirement,
            figures.worstUnderlying,
            figures.worstScenario,
            figures.validity,
        ]
    }

    /// `ledger()`.
    pub(crate) fn ledger(&self) -> Answer {
        let ledger = self.load_ledger();
        answers![ledger.cash, ledger.variation, ledger.fees, ledger.insurance]
    }
}

/// The first two words of an answer that is one list: where it begins, and its length.
fn listed(length: usize) -> Vec<u8> {
    let mut words = Vec::new();
    32_u64.push(&mut words);
    u64::try_from(length).unwrap_or(u64::MAX).push(&mut words);
    words
}
