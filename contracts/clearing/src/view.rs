//! What clearing tells.

use alloc::vec::Vec;

use alloy_primitives::B256;
use novate_common::{Answer, Input, Word, address, answers, halves};

use crate::{
    Clearing,
    fill::Rates,
    load::packed,
    storage::{CAPS, CASH_TOKEN, LIQUIDATION, MARGIN, OPEN_INTEREST, ORACLE, TOKENS, VENUES},
};

impl Clearing {
    /// `modules()`.
    pub(crate) fn modules(&self) -> Answer {
        answers(&[MARGIN, ORACLE, LIQUIDATION].map(|slot| address(slot.get()).word()))
    }

    /// `isVenue(venue)`.
    pub(crate) fn is_venue(&self, input: &mut Input<'_>) -> Answer {
        answers(&[VENUES.of(input.address()?.word()).get()])
    }

    /// `cashToken()`.
    pub(crate) fn cash_token(&self) -> Answer {
        answers(&[address(CASH_TOKEN.get()).word()])
    }

    /// `collateralToken(collateral)`: zeros for a number not given.
    pub(crate) fn collateral_token(&self, input: &mut Input<'_>) -> Answer {
        let stored = TOKENS.of(input.u8()?.word());
        let (cap, total) = halves(stored.plus(1).get());
        answers(&[address(stored.get()).word(), cap.word(), total.word()])
    }

    /// `fees()`.
    pub(crate) fn fees(&self) -> Answer {
        let rates = Rates::load();
        answers(&[rates.option, rates.premium_cap, rates.maker, rates.taker].map(Word::word))
    }

    /// `openInterest(instrument)`.
    pub(crate) fn open_interest_of(&self, input: &mut Input<'_>) -> Answer {
        answers(&[OPEN_INTEREST.of(input.u64()?.word()).get()])
    }

    /// `openInterestCap(underlying)`.
    pub(crate) fn open_interest_cap(&self, input: &mut Input<'_>) -> Answer {
        answers(&[CAPS.of(input.u8()?.word()).get()])
    }

    /// `cash(account)`.
    pub(crate) fn cash(&self, input: &mut Input<'_>) -> Answer {
        answers(&[self.header(input.bytes32()?).cash.word()])
    }

    /// `positions(account)`.
    pub(crate) fn positions(&self, input: &mut Input<'_>) -> Answer {
        let loaded = self.load_account(input.bytes32()?)?;
        let mut words = listed(loaded.book.positions().len());
        for held in loaded.book.holdings() {
            words.push(held.instrument.id().word());
            words.push(held.quantity.word());
            words.push(held.reference.price.word());
            words.push(held.reference.funding.word());
        }
        answers(&words)
    }

    /// `collateral(account)`.
    pub(crate) fn collateral(&self, input: &mut Input<'_>) -> Answer {
        let loaded = self.load_account(input.bytes32()?)?;
        let mut words = listed(loaded.book.collateral().len());
        for held in loaded.book.collateral() {
            words.push(address(TOKENS.of(held.collateral.word()).get()).word());
            words.push(held.amount.word());
        }
        answers(&words)
    }

    /// `nonce(account)`.
    pub(crate) fn nonce(&self, input: &mut Input<'_>) -> Answer {
        answers(&[self.header(input.bytes32()?).nonce.word()])
    }

    /// `book(account)`.
    pub(crate) fn book(&self, input: &mut Input<'_>) -> Answer {
        let loaded = self.load_account(input.bytes32()?)?;
        let book = packed(&loaded.book);
        // A packed book is a whole number of words, so that it needs no padding.
        let mut answer = answers(&listed(book.len()))?;
        answer.extend_from_slice(&book);
        Ok(answer)
    }

    /// `ledger()`.
    pub(crate) fn ledger(&self) -> Answer {
        let ledger = self.load_ledger();
        let (fees, insurance) = (ledger.fees.word(), ledger.insurance.word());
        answers(&[ledger.cash.word(), ledger.variation.word(), fees, insurance])
    }
}

/// The first two words of an answer that is one list: where it begins, and its length.
fn listed(length: usize) -> Vec<B256> {
    let mut words = Vec::new();
    words.push(32_u64.word());
    words.push(u64::try_from(length).unwrap_or(u64::MAX).word());
    words
}
