//! What liquidation tells.

use alloc::vec;

use novate_common::{Answer, Input, address, answers};
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
        answers![address(&CLEARING.get()), address(&MARGIN.get()), address(&ORACLE.get())]
    }

    /// `discount(elapsed)`.
    pub(crate) fn discount(&self, input: &mut Input<'_>) -> Answer {
        answers![AuctionTerms::default().discount(input.u64()?)]
    }

    /// `auction(account)`: zeros if there is none. While the sequencer is down the clock stands as counted last.
    pub(crate) fn auction(&self, input: &mut Input<'_>) -> Answer {
        let account = input.bytes32()?;
        let Some(auction) = Running::load(&account) else {
            return Ok(vec![0; 256]);
        };
        let (is_up, since) = sequencer()?;
        let elapsed = if is_up { auction.elapsed(since) } else { auction.counted };
        let assessment = assess(&account)?;
        let offer = Offer::of(&assessment, elapsed);
        let price = offer.price(&assessment, offer.maximum_fraction, elapsed)?;
        answers![
            auction.started_at,
            offer.mode,
            offer.discount,
            offer.maximum_fraction,
            price,
            nonce(&account)?,
            assessment.equity,
            assessment.maintenance_requirement,
        ]
    }
}
