//! What liquidation tells.

use alloc::vec;

use novate_common::{Answer, Input, address, answers, timestamp};
use novate_risk::liquidation::Terms;

use crate::{
    Liquidation,
    auction::{Auction, flagged},
    load::{Sight, sequencer},
    storage::{CLEARING, FLAGGED, MARGIN, ORACLE},
};

/// Words of an auction.
const WORDS: usize = 11;

impl Liquidation {
    /// `modules()`.
    pub(crate) fn modules(&self) -> Answer {
        answers![address(&CLEARING.get()), address(&MARGIN.get()), address(&ORACLE.get())]
    }

    /// `terms(elapsed)`.
    pub(crate) fn terms(&self, input: &mut Input<'_>) -> Answer {
        let Terms { concession, bonus } = Terms::at(input.u64()?);
        answers![concession, bonus]
    }

    /// `flaggedShortfall()`.
    pub(crate) fn flagged_shortfall(&self) -> Answer {
        answers![FLAGGED.get()]
    }

    /// `auction(account)`: zeros if there is none. While the sequencer is down the clock stands.
    pub(crate) fn auction(&self, input: &mut Input<'_>) -> Answer {
        let account = input.bytes32()?;
        let Some(auction) = Auction::load(&account) else {
            return Ok(vec![0; WORDS.saturating_mul(32)]);
        };
        let sight = Sight::of(&account)?;
        let (is_up, since) = sequencer()?;
        let runs = is_up && sight.slice_passes(&account)?;
        let clock = auction.clock.sighted(timestamp(), since, runs);
        let terms = Terms::at(clock.elapsed);
        let fraction = match sight.healed() {
            Some(_) => 0,
            None => sight.size(&account)?.largest_fraction(terms),
        };
        answers![
            auction.started_at,
            clock.elapsed,
            auction.clock.last_seen,
            auction.clock.ran,
            terms.concession,
            terms.bonus,
            fraction,
            sight.figures.close_excess(),
            sight.figures.last_equity,
            sight.figures.last_requirement,
            flagged(&account),
        ]
    }
}
