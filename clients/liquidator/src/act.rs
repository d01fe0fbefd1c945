//! Acts: looks what a bid would get, bids within limits of that, and says what came of it.

use alloy_primitives::{B256, I256, U256};
use novate_abi::IClearing::IClearingErrors;
use novate_abi::{IClearing, ILiquidation};
use novate_client::{ContractError, Error, Novate, Receipt, Wallet};

use crate::Decision;

/// How often a bid that asks too much margin of the bidder is halved.
const HALVINGS: u32 = 6;

/// The whole book: the contract takes as much of it as may be taken.
const WHOLE: u64 = 1_000_000_000_000_000_000;

/// How long a bid stands, seconds.
const BID_LIFE: u64 = 60;

/// A nonce that stands for any: the owner's acts can't void the bid, its limits guard it.
const ANY_NONCE: u64 = u64::MAX;

/// A bid is guarded within a hundredth of what it was seen to get.
const TOLERANCE: u64 = 100;

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
    /// A running auction was sighted, so that its clock counts.
    Sighted {
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
        /// How much of the book, 18 decimals.
        fraction: U256,
        /// What was cut out, at marks, 18 decimals.
        value: I256,
        /// What was paid for it, 18 decimals.
        paid: U256,
        /// What the waterfall paid for taking it, 18 decimals.
        from_waterfall: U256,
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
    /// What an empty account owed was written off.
    WrittenOff {
        /// Whose.
        account: B256,
        /// How much, 18 decimals.
        amount: U256,
        /// Gas used.
        gas_used: u64,
    },
    /// Nothing could be done: the contracts or the node refused.
    Passed {
        /// Whose.
        account: B256,
        /// The reason.
        reason: String,
    },
}

impl Action {
    /// The account that it was about.
    pub const fn account(&self) -> B256 {
        match self {
            Self::Started { account, .. }
            | Self::Sighted { account, .. }
            | Self::Bid { account, .. }
            | Self::Released { account, .. }
            | Self::WrittenOff { account, .. }
            | Self::Passed { account, .. } => *account,
        }
    }

    /// In words.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Started { .. } => "start auction",
            Self::Sighted { .. } => "sight auction",
            Self::Bid { has_started: true, .. } => "start auction and bid",
            Self::Bid { .. } => "bid",
            Self::Released { .. } => "end auction",
            Self::WrittenOff { .. } => "write off",
            Self::Passed { .. } => "pass",
        }
    }

    /// Gas used; nothing where no transaction was sent.
    pub const fn gas_used(&self) -> u64 {
        match self {
            Self::Started { gas_used, .. }
            | Self::Sighted { gas_used, .. }
            | Self::Bid { gas_used, .. }
            | Self::Released { gas_used, .. }
            | Self::WrittenOff { gas_used, .. } => *gas_used,
            Self::Passed { .. } => 0,
        }
    }
}

/// Does it. Bids are tried as calls first; refusals cost nothing and end nothing.
pub(crate) async fn act(novate: &Novate, wallet: &Wallet, decision: &Decision) -> Vec<Action> {
    match decision {
        Decision::Release(account) => {
            let account = *account;
            vec![told(account, novate.sight(wallet, account).await, |receipt| Action::Released {
                account,
                gas_used: receipt.gas_used,
            })]
        }
        Decision::WriteOff(account) => {
            let account = *account;
            let call = IClearing::writeOffCall { account };
            let sent = novate.chain.send(wallet, novate.at.clearing, &call).await;
            vec![told(account, sent, |receipt| {
                let events = receipt.events::<IClearing::DebtWrittenOff>();
                let amount = events.first().map_or(U256::ZERO, |event| event.amount);
                Action::WrittenOff { account, amount, gas_used: receipt.gas_used }
            })]
        }
        Decision::Bid { account, is_due } => {
            let account = *account;
            let action = place(novate, wallet, account, false).await;
            if !*is_due || !matches!(action, Action::Passed { .. }) {
                return vec![action];
            }
            // The clock counts from sighting to sighting: what nobody can bid for now becomes cheaper.
            let sighted = told(account, novate.sight(wallet, account).await, |receipt| {
                Action::Sighted { account, gas_used: receipt.gas_used }
            });
            vec![sighted, action]
        }
        Decision::StartAndBid { account, scenarios } => {
            let account = *account;
            let action = place(novate, wallet, account, true).await;
            if !matches!(action, Action::Passed { .. }) {
                return vec![action];
            }
            // Someone else may be able to bid: start it at least.
            let mut sent = novate.start_auction(wallet, account, scenarios.clone()).await;
            if sent.is_err() && !scenarios.is_empty() {
                sent = novate.start_auction(wallet, account, Vec::new()).await;
            }
            let started = told(account, sent, |receipt| Action::Started {
                account,
                gas_used: receipt.gas_used,
            });
            vec![started, action]
        }
    }
}

fn told(
    account: B256,
    sent: Result<Receipt, Error>,
    what: impl FnOnce(&Receipt) -> Action,
) -> Action {
    match sent {
        Ok(receipt) => what(&receipt),
        Err(error) => Action::Passed { account, reason: error.to_string() },
    }
}

/// Bids, with half the size as long as the bidder's own margin doesn't allow it.
async fn place(novate: &Novate, wallet: &Wallet, account: B256, starts: bool) -> Action {
    let mut fraction = U256::from(WHOLE);
    let mut reason = String::new();
    for _ in 0..HALVINGS {
        match attempt(novate, wallet, account, fraction, starts).await {
            Ok(Some(receipt)) => return accepted(account, &receipt, starts),
            Ok(None) => {
                reason = "what it gets isn't worth what it costs".into();
                break;
            }
            Err((error, seen)) => {
                reason = error.to_string();
                let is_short = error.contract().is_some_and(is_short_of_margin);
                if !is_short {
                    break;
                }
                fraction = seen.unwrap_or(fraction).wrapping_shr(1);
            }
        }
    }
    Action::Passed { account, reason }
}

const fn is_short_of_margin(error: &ContractError) -> bool {
    matches!(error, ContractError::Clearing(IClearingErrors::MarginShortfall(_)))
}

/// Looks what a bid for at most `fraction` would get now, and bids within limits of that; nothing if it would lose by it.
async fn attempt(
    novate: &Novate,
    wallet: &Wallet,
    account: B256,
    fraction: U256,
    starts: bool,
) -> Result<Option<Receipt>, (Error, Option<U256>)> {
    let now = novate.chain.timestamp().await.map_err(|error| (error, None))?;
    let mut bid = ILiquidation::Bid {
        account,
        bidder: wallet.account(),
        cut: ILiquidation::Cut { kind: 0, underlying: 0, fraction, legs: Vec::new() },
        minimumFraction: U256::from(1),
        maximumPrice: U256::MAX,
        minimumWorth: I256::MIN,
        expectedNonce: ANY_NONCE,
        deadline: now.saturating_add(BID_LIFE),
    };
    let seen = look(novate, wallet, &bid, starts).await.map_err(|error| (error, None))?;
    let worth = seen.value.saturating_add(signed(seen.from_waterfall));
    if worth < signed(seen.paid) {
        return Ok(None);
    }
    let slack = seen.value.unsigned_abs().checked_div(U256::from(TOLERANCE)).unwrap_or_default();
    bid.cut.fraction = seen.fraction;
    bid.minimumFraction = seen.fraction.wrapping_shr(1).max(U256::from(1));
    bid.maximumPrice = seen.paid.saturating_add(slack);
    // Half of the slice is worth half as much; a book that is worth less than nothing is taken for what the waterfall adds.
    bid.minimumWorth = if worth.is_negative() { worth } else { worth.asr(1) };
    bid.minimumWorth = bid.minimumWorth.saturating_sub(signed(slack));
    let sent = if starts {
        novate.start_and_bid(wallet, &bid).await
    } else {
        novate.bid(wallet, &bid).await
    };
    sent.map(Some).map_err(|error| (error, Some(seen.fraction)))
}

/// What a bid would get.
struct Seen {
    fraction: U256,
    value: I256,
    paid: U256,
    from_waterfall: U256,
}

async fn look(
    novate: &Novate,
    wallet: &Wallet,
    bid: &ILiquidation::Bid,
    starts: bool,
) -> Result<Seen, Error> {
    let (chain, target, from) = (&novate.chain, novate.at.liquidation, wallet.address());
    if starts {
        let call = ILiquidation::startAndBidCall { bid: bid.clone() };
        let told = chain.view_from(from, target, &call).await?;
        let (fraction, value, paid) = (told.fraction, told.value, told.paid);
        return Ok(Seen { fraction, value, paid, from_waterfall: told.fromWaterfall });
    }
    let told = chain.view_from(from, target, &ILiquidation::bidCall { bid: bid.clone() }).await?;
    let (fraction, value, paid) = (told.fraction, told.value, told.paid);
    Ok(Seen { fraction, value, paid, from_waterfall: told.fromWaterfall })
}

fn signed(amount: U256) -> I256 {
    I256::try_from(amount).unwrap_or(I256::MAX)
}

fn accepted(account: B256, receipt: &Receipt, has_started: bool) -> Action {
    let event = receipt.events::<ILiquidation::BidAccepted>().into_iter().next();
    let event = event.unwrap_or_default();
    Action::Bid {
        account,
        has_started,
        fraction: event.fraction,
        value: event.value,
        paid: event.paid,
        from_waterfall: event.fromWaterfall,
        gas_used: receipt.gas_used,
    }
}
