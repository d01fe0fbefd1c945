//! What liquidation tells.

use alloy_primitives::B256;
use novate_common::{Answer, Input, Word, address, answers};
use novate_risk::liquidation::AuctionTerms;

use crate::{
    Liquidation,
    entry::Offer,
    load::{Running, assess, nonce, sequencer},
    storage::{CLEARING, MARGIN, ORACLE},
};

impl Liquidation {
    /// `modules()`.
    pub(crate) fn modules(&self) -> Answer {
        answers(&[CLEARING, MARGIN, ORACLE].map(|slot| address(slot.get()).word()))
    }

    /// `discount(elapsed)`.
    pub(crate) fn discount(&self, input: &mut Input<'_>) -> Answer {
        answers(&[AuctionTerms::default().discount(input.u64()?).word()])
    }

    /// `auction(account)`: zeros if there is none. While the sequencer is down the clock stands as counted last.
    pub(crate) fn auction(&self, input: &mut Input<'_>) -> Answer {
        let account = input.bytes32()?;
        let Some(auction) = Running::load(account) else {
            return answers(&[B256::ZERO; 8]);
        };
        let (is_up, since) = sequencer()?;
        let elapsed = if is_up { auction.elapsed(since) } else { auction.counted };
        let assessment = assess(account)?;
        let offer = Offer::of(&assessment, elapsed);
        let price = offer.price(&assessment, offer.maximum_fraction, elapsed)?;
        answers(&[
            auction.started_at.word(),
            offer.mode.word(),
            offer.discount.word(),
            offer.maximum_fraction.word(),
            price.word(),
            nonce(account)?.word(),
            assessment.equity.word(),
            assessment.maintenance_requirement.word(),
        ])
    }
}
