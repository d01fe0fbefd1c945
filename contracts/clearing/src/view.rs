//! What clearing tells.

use alloc::vec::Vec;

use novate_common::{Answer, Input, Word, address, answers, halves, timestamp};
use novate_risk::{
    fully_paid,
    instrument::{MAX_EXPIRY_HOURS, series_key},
};

use crate::{
    Clearing,
    fees::Terms,
    load::packed,
    storage::{CAPS, CASH_TOKEN, LIQUIDATION, MARGIN, OPEN_INTEREST, ORACLE, TOKENS, VENUES},
};

const HOUR: u64 = 3_600;

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
        let terms = Terms::load();
        answers![terms.option, terms.premium_cap, terms.minimum, terms.maker, terms.taker]
    }

    /// `bands()`.
    pub(crate) fn bands(&self) -> Answer {
        let terms = Terms::load();
        answers![terms.delta_one, terms.of_index, terms.of_mark]
    }

    /// `lending()`.
    pub(crate) fn lending(&self) -> Answer {
        let debt = self.debt_margin();
        answers![self.load_ledger().limit, debt.maintenance, debt.initial]
    }

    /// `openInterest(underlying, expiry)`: 0 where there is none of that expiry.
    pub(crate) fn open_interest(&self, input: &mut Input<'_>) -> Answer {
        let (underlying, expiry) = (input.u8()?, input.u64()?);
        let hours = expiry.checked_div(HOUR).and_then(|hours| u32::try_from(hours).ok());
        let is_whole = expiry.checked_rem(HOUR) == Some(0);
        let hours = hours.filter(|hours| is_whole && *hours <= MAX_EXPIRY_HOURS);
        let open = hours.map(|hours| OPEN_INTEREST.of(&series_key(underlying, hours)).get());
        answers![open.unwrap_or_default()]
    }

    /// `caps(underlying)`.
    pub(crate) fn caps(&self, input: &mut Input<'_>) -> Answer {
        let (series, account) = halves(&CAPS.of(&input.u8()?).get());
        answers![series, account]
    }

    /// `poolShares(account)`.
    pub(crate) fn pool_shares(&self, input: &mut Input<'_>) -> Answer {
        answers![self.shares(&input.bytes32()?)]
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
        let (figures, is_fully_paid) = self.figures_when_touched(input.bytes32()?)?;
        answers![
            figures.equity,
            figures.initialRequirement,
            figures.maintenanceRequirement,
            figures.worstUnderlying,
            figures.worstScenario,
            figures.validity,
            figures.closeEquity,
            figures.closeRequirement,
            figures.lastEquity,
            figures.lastRequirement,
            figures.healthyRequirement,
            is_fully_paid,
        ]
    }

    /// `freeCash(account)`.
    pub(crate) fn free_cash(&self, input: &mut Input<'_>) -> Answer {
        let loaded = self.load_account(input.bytes32()?)?;
        answers![fully_paid::free_cash(&loaded.book, timestamp()).unwrap_or_default()]
    }

    /// `ledger()`.
    pub(crate) fn ledger(&self) -> Answer {
        let ledger = self.load_ledger();
        answers![
            ledger.cash(self.tokens_held()),
            ledger.debts,
            ledger.variation,
            ledger.fees,
            ledger.insurance,
            ledger.pool,
            ledger.carried,
            ledger.flagged,
            ledger.lent_out(),
            ledger.over_limit_since,
        ]
    }
}

/// The first two words of an answer that is one list: where it begins, and its length.
fn listed(length: usize) -> Vec<u8> {
    let mut words = Vec::new();
    32_u64.push(&mut words);
    u64::try_from(length).unwrap_or(u64::MAX).push(&mut words);
    words
}
