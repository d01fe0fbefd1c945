//! Starts, bids and releases.

use alloy_primitives::{B256, I256, U256};
use alloy_sol_types::SolCall;
use novate_abi::{
    IClearing::transferSliceCall,
    IErrors,
    ILiquidation::{
        AuctionEnded, AuctionRunning, AuctionStarted, BidAccepted, FractionTooSmall, NoAuction,
        NotLiquidatable, PriceAboveLimit, StillLiquidatable, WrongMode,
    },
};
use novate_common::{
    Answer, Input, Revert, address, answers, empty, event, only, refuse, selected, sender, tell,
    timestamp,
};
use novate_risk::{Assessment, liquidation::AuctionTerms};

use crate::{
    Liquidation,
    load::{Bid, Running, assess, bid, erase, excess_under, insurance, owner, scenarios, up_since},
    storage::{BID, CLEARING, START},
};

/// Equity is left: bidders pay for it.
pub(crate) const SOLVENT: u8 = 0;
/// No equity is left: bidders are paid.
pub(crate) const INSOLVENT: u8 = 1;

/// What a bidder can have now.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Offer {
    pub(crate) mode: u8,
    pub(crate) discount: u64,
    pub(crate) maximum_fraction: u64,
}

impl Liquidation {
    /// `start(account, scenarios)`.
    pub(crate) fn start(&mut self, input: &mut Input<'_>) -> Answer {
        let account = input.bytes32()?;
        self.begin(account, &scenarios(input)?)?;
        empty()
    }

    /// `bid(bid)`.
    pub(crate) fn bid(&mut self, input: &mut Input<'_>) -> Answer {
        self.take(&bid(input)?)
    }

    /// `startAndBid(scenarios, bid)`.
    pub(crate) fn start_and_bid(&mut self, input: &mut Input<'_>) -> Answer {
        let scenarios = scenarios(input)?;
        let bid = bid(input)?;
        self.begin(bid.account, &scenarios)?;
        self.take(&bid)
    }

    /// `release(account)`.
    pub(crate) fn release(&mut self, input: &mut Input<'_>) -> Answer {
        let account = input.bytes32()?;
        running(&account)?;
        let excess = assess(&account)?.maintenance_excess();
        if excess.is_negative() {
            return Err(refuse!(StillLiquidatable { account, excess }));
        }
        end(&account, excess);
        empty()
    }

    fn begin(&self, account: B256, scenarios: &[u8]) -> Result<(), Revert> {
        self.governance.not_paused(START)?;
        up_since()?;
        if Running::load(&account).is_some() {
            return Err(refuse!(AuctionRunning { account }));
        }
        let excess = excess_under(&account, scenarios)?;
        if !excess.is_negative() {
            return Err(refuse!(NotLiquidatable { account, excess }));
        }
        let auction = Running::begin();
        auction.store(&account);
        event!(AuctionStarted {
            account, starter: sender(); excessUnderScenario: excess, startedAt: auction.started_at
        });
        Ok(())
    }

    fn take(&self, bid: &Bid) -> Answer {
        self.governance.not_paused(BID)?;
        let now = timestamp();
        if now > bid.deadline {
            return Err(refuse!(IErrors::DeadlinePassed {
                deadline: bid.deadline,
                timestamp: now
            }));
        }
        only(sender(), owner(bid.bidder))?;
        let account = bid.account;
        let mut auction = running(&account)?;
        let elapsed = auction.elapsed(up_since()?);
        let assessment = assess(&account)?;
        let excess = assessment.maintenance_excess();
        if !excess.is_negative() {
            return Err(refuse!(NotLiquidatable { account, excess }));
        }
        let offer = Offer::of(&assessment, elapsed);
        let fraction = accept(bid, &offer)?;
        let price = offer.price(&assessment, fraction, elapsed)?;
        if price > bid.maximum_price {
            let limit = bid.maximum_price;
            return Err(refuse!(PriceAboveLimit { price, limit }));
        }
        auction.counted = elapsed;
        auction.counted_at = now;
        auction.store(&account);
        transfer(bid, fraction, price)?;
        event!(BidAccepted {
            account, bidder: bid.bidder; mode: offer.mode, fraction: U256::from(fraction), price
        });
        let excess = assess(&account)?.maintenance_excess();
        if !excess.is_negative() {
            end(&account, excess);
        }
        answers![fraction, price]
    }
}

impl Offer {
    /// What is on offer for an account of these figures, `elapsed` seconds after the start.
    pub(crate) fn of(assessment: &Assessment, elapsed: u64) -> Self {
        let terms = AuctionTerms::default();
        let discount = terms.discount(elapsed);
        let mode = if assessment.equity.is_positive() { SOLVENT } else { INSOLVENT };
        Self { mode, discount, maximum_fraction: terms.largest_fraction(assessment, discount) }
    }

    /// What a bidder pays for `fraction`; negative: what he is paid, at most the insurance fund.
    pub(crate) fn price(
        &self,
        assessment: &Assessment,
        fraction: u64,
        elapsed: u64,
    ) -> Result<I256, Revert> {
        let terms = AuctionTerms::default();
        if self.mode == SOLVENT {
            return Ok(terms.price(assessment.equity, fraction, self.discount));
        }
        let payment = terms.insolvent_payment(assessment, fraction, elapsed);
        // At most the shortfall, below 2^255.
        Ok(I256::from_raw(payment.min(insurance()?)).wrapping_neg())
    }
}

/// The fraction that the bidder gets.
fn accept(bid: &Bid, offer: &Offer) -> Result<u64, Revert> {
    if bid.mode != offer.mode {
        return Err(refuse!(WrongMode { expected: bid.mode, actual: offer.mode }));
    }
    let fraction = bid.fraction.min(offer.maximum_fraction);
    let (minimum, available) = (bid.minimum_fraction, U256::from(fraction));
    if available < minimum {
        return Err(refuse!(FractionTooSmall { minimum, available }));
    }
    Ok(fraction)
}

fn transfer(bid: &Bid, fraction: u64, price: I256) -> Result<(), Revert> {
    let call = selected![
        transferSliceCall::SELECTOR,
        bid.account,
        bid.bidder,
        fraction,
        price,
        bid.expected_nonce
    ];
    tell(&address(&CLEARING.get()), &call)
}

/// The auction of `account`.
fn running(account: &B256) -> Result<Running, Revert> {
    Running::load(account).ok_or_else(|| refuse!(NoAuction { account: *account }))
}

fn end(account: &B256, excess: I256) {
    erase(account);
    event!(AuctionEnded { account: *account; maintenanceExcess: excess });
}
