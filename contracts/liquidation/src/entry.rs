//! Starts, sightings and bids.

use alloy_primitives::{B256, U256};
use novate_abi::{
    IErrors,
    ILiquidation::{AuctionStarted, BidAccepted, NoAuction, NotLiquidatable, StateChanged},
};
use novate_common::{
    Answer, Input, Revert, answers, empty, event, only, refuse, sender, timestamp,
};
use novate_risk::liquidation::Terms;

use crate::{
    Liquidation,
    auction::{Auction, end},
    bid::Bid,
    load::{Sight, excess_under, nonce, owner, scenarios, up_since},
};

/// Of a bid: whatever the account's nonce is.
const ANY: u64 = u64::MAX;

impl Liquidation {
    /// `start(account, scenarios)`.
    pub(crate) fn start(&mut self, input: &mut Input<'_>) -> Answer {
        let account = input.bytes32()?;
        let scenarios = scenarios(input)?;
        let since = up_since()?;
        if let Some(auction) = Auction::load(&account) {
            look(account, auction, since)?;
            return empty();
        }
        if !scenarios.is_empty()
            && let Some(excess) = excess_under(&account, &scenarios)?
        {
            if !excess.is_negative() {
                return Err(refuse!(NotLiquidatable { account, excess }));
            }
            Auction::begin(false).store(&account);
            event!(AuctionStarted { account, starter: sender(); excess });
            return empty();
        }
        let sight = Sight::of(&account)?;
        if let Some(excess) = sight.healed() {
            return Err(refuse!(NotLiquidatable { account, excess }));
        }
        event!(AuctionStarted { account, starter: sender(); excess: sight.figures.close_excess() });
        Auction::begin(sight.slice_passes(&account)?)
            .sighted(account, sight.figures.last_equity)?;
        empty()
    }

    /// `sight(account)`.
    pub(crate) fn sight(&mut self, input: &mut Input<'_>) -> Answer {
        let account = input.bytes32()?;
        look(account, running(account)?, up_since()?)?;
        empty()
    }

    /// `bid(bid)`.
    pub(crate) fn bid(&mut self, input: &mut Input<'_>) -> Answer {
        let bid = Bid::read(input)?;
        let auction = running(bid.account)?;
        self.take(bid, auction)
    }

    /// `startAndBid(bid)`: clearing refuses a bid for an account that isn't short, and so the start.
    pub(crate) fn start_and_bid(&mut self, input: &mut Input<'_>) -> Answer {
        let bid = Bid::read(input)?;
        let auction = Auction::load(&bid.account).unwrap_or_else(|| Auction::begin(true));
        self.take(bid, auction)
    }

    fn take(&self, mut bid: Bid, mut auction: Auction) -> Answer {
        let (account, now) = (bid.account, timestamp());
        if now > bid.deadline {
            let deadline = bid.deadline;
            return Err(refuse!(IErrors::DeadlinePassed { deadline, timestamp: now }));
        }
        only(sender(), owner(bid.bidder))?;
        check_nonce(&bid)?;
        // A bid that passes is a sighting at which the clock runs; one that doesn't leaves nothing behind.
        auction.clock = auction.clock.sighted(now, up_since()?, true);
        let terms = Terms::at(auction.clock.elapsed);
        if bid.is_flexible() {
            let sight = Sight::of(&account)?;
            if let Some(excess) = sight.healed() {
                return Err(refuse!(NotLiquidatable { account, excess }));
            }
            bid.lower(sight.size(&account)?.largest_fraction(terms));
        }
        bid.check_fraction()?;
        let closed = bid.close_out(terms)?;
        bid.check(&closed)?;
        if Auction::load(&account).is_none() {
            let excess = closed.excess;
            event!(AuctionStarted { account, starter: sender(); excess });
        }
        let (fraction, bidder) = (U256::from(bid.fraction()), bid.bidder);
        let (value, relief) = (closed.value, closed.relief);
        let (paid, from_waterfall) = (closed.paid, closed.from_waterfall);
        event!(BidAccepted {
            account, bidder; fraction, value, relief, paid, fromWaterfall: from_waterfall
        });
        if closed.excess.is_negative() {
            auction.sighted(account, closed.equity)?;
        } else {
            end(account, closed.excess)?;
        }
        answers![fraction, value, relief, paid, from_waterfall]
    }
}

/// A sighting of a running auction.
fn look(account: B256, mut auction: Auction, since: u64) -> Result<(), Revert> {
    let sight = Sight::of(&account)?;
    if let Some(excess) = sight.healed() {
        return end(account, excess);
    }
    let runs = sight.slice_passes(&account)?;
    auction.clock = auction.clock.sighted(timestamp(), since, runs);
    auction.sighted(account, sight.figures.last_equity)
}

fn check_nonce(bid: &Bid) -> Result<(), Revert> {
    let expected = bid.expected_nonce;
    if expected != ANY {
        let actual = nonce(&bid.account)?;
        if actual != expected {
            return Err(refuse!(StateChanged { account: bid.account, expected, actual }));
        }
    }
    Ok(())
}

/// The auction of `account`.
fn running(account: B256) -> Result<Auction, Revert> {
    Auction::load(&account).ok_or_else(|| refuse!(NoAuction { account }))
}
