//! Acts: sends what was decided, and says what came of it.

use alloy_primitives::{B256, I256, U256};
use novate_abi::IClearing::IClearingErrors;
use novate_abi::ILiquidation;
use novate_client::{ContractError, Error, Novate, Receipt, Wallet};

use crate::Decision;

/// How often a bid that asks too much margin of the bidder is halved.
const HALVINGS: u32 = 6;

/// Something that the bot did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// An auction was started, without a bid.
    Started {
        /// Whose.
        account: B256,
        /// Gas used.
        gas_used: u64,
    },
    /// A bid was accepted.
    Bid {
        /// Whose book.
        account: B256,
        /// Whether the same transaction started the auction.
        has_started: bool,
        /// 0 solvent, 1 insolvent.
        mode: u8,
        /// How much of the book, 18 decimals.
        fraction: U256,
        /// What was paid, 18 decimals; below zero: received.
        price: I256,
        /// Gas used.
        gas_used: u64,
    },
    /// A recovered account's auction was ended.
    Released {
        /// Whose.
        account: B256,
        /// Gas used.
        gas_used: u64,
    },
    /// The contracts refused every size of bid.
    Passed {
        /// Whose.
        account: B256,
        /// The contracts' reason.
        reason: String,
    },
}

impl Action {
    /// The account that it was about.
    pub const fn account(&self) -> B256 {
        match self {
            Self::Started { account, .. }
            | Self::Bid { account, .. }
            | Self::Released { account, .. }
            | Self::Passed { account, .. } => *account,
        }
    }

    /// In words.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Started { .. } => "start auction",
            Self::Bid { has_started: true, .. } => "start auction and bid",
            Self::Bid { .. } => "bid",
            Self::Released { .. } => "release",
            Self::Passed { .. } => "pass",
        }
    }

    /// Gas used; nothing where no transaction was sent.
    pub const fn gas_used(&self) -> u64 {
        match self {
            Self::Started { gas_used, .. }
            | Self::Bid { gas_used, .. }
            | Self::Released { gas_used, .. } => *gas_used,
            Self::Passed { .. } => 0,
        }
    }
}

/// Does it. Every transaction is tried as a call first; refusals cost nothing.
pub(crate) async fn act(
    novate: &Novate,
    wallet: &Wallet,
    decision: &Decision,
) -> Result<Vec<Action>, Error> {
    match decision {
        Decision::Release(account) => {
            let receipt = novate.release(wallet, *account).await?;
            Ok(vec![Action::Released { account: *account, gas_used: receipt.gas_used }])
        }
        Decision::Bid(bid) => Ok(vec![place(novate, wallet, bid, None).await?]),
        Decision::StartAndBid { scenarios, bid } => {
            let action = place(novate, wallet, bid, Some(scenarios)).await?;
            if !matches!(action, Action::Passed { .. }) {
                return Ok(vec![action]);
            }
            // Someone else may be able to bid: start it at least.
            match novate.start_auction(wallet, bid.account, scenarios.clone()).await {
                Ok(receipt) => Ok(vec![
                    Action::Started { account: bid.account, gas_used: receipt.gas_used },
                    action,
                ]),
                Err(Error::Contract { .. }) => Ok(vec![action]),
                Err(error) => Err(error),
            }
        }
    }
}

/// Bids, with half the size as long as the bidder's own margin doesn't allow it.
async fn place(
    novate: &Novate,
    wallet: &Wallet,
    bid: &ILiquidation::Bid,
    scenarios: Option<&Vec<u8>>,
) -> Result<Action, Error> {
    let mut bid = bid.clone();
    let mut reason = String::new();
    for _ in 0..HALVINGS {
        match attempt(novate, wallet, &bid, scenarios).await {
            Ok(receipt) => return Ok(accepted(&bid, &receipt, scenarios.is_some())),
            Err(Error::Contract { error, .. }) => {
                reason = error.to_string();
                if !is_short_of_margin(&error) {
                    break;
                }
                // Half of the book for at most half of the price; the hole of the insolvent is halved with it.
                bid.fraction = bid.fraction.wrapping_shr(1);
                bid.maximumPrice = bid.maximumPrice.asr(1);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(Action::Passed { account: bid.account, reason })
}

const fn is_short_of_margin(error: &ContractError) -> bool {
    matches!(error, ContractError::Clearing(IClearingErrors::MarginShortfall(_)))
}

async fn attempt(
    novate: &Novate,
    wallet: &Wallet,
    bid: &ILiquidation::Bid,
    scenarios: Option<&Vec<u8>>,
) -> Result<Receipt, Error> {
    let (chain, target, from) = (&novate.chain, novate.at.liquidation, wallet.address());
    if let Some(scenarios) = scenarios {
        let call = ILiquidation::startAndBidCall { scenarios: scenarios.clone(), bid: bid.clone() };
        chain.view_from(from, target, &call).await?;
        return novate.start_and_bid(wallet, scenarios.clone(), bid).await;
    }
    chain.view_from(from, target, &ILiquidation::bidCall { bid: bid.clone() }).await?;
    novate.bid(wallet, bid).await
}

fn accepted(bid: &ILiquidation::Bid, receipt: &Receipt, has_started: bool) -> Action {
    let event = receipt.events::<ILiquidation::BidAccepted>().into_iter().next();
    let (mode, fraction, price) = event.map_or((bid.mode, U256::ZERO, I256::ZERO), |event| {
        (event.mode, event.fraction, event.price)
    });
    Action::Bid {
        account: bid.account,
        has_started,
        mode,
        fraction,
        price,
        gas_used: receipt.gas_used,
    }
}
