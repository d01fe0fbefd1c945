//! The replay: every bar is a block and a round of the feed; at every step publishers sign the market, gains are settled at the marks,
//! the liquidator looks, and what has expired is settled.

use std::collections::BTreeMap;

use alloy_primitives::{I256, U256};
use novate_abi::{IClearing, IOracle};
use novate_client::{EIGHTHS, Publisher};
use novate_liquidator::{Action, Liquidator};
use novate_risk::{Instrument, instrument::Kind};

use super::audit::{Moment, Violation, signed};
use super::cast::Who;
use super::plan::RATE;
use super::report;
use super::theatre::{PlayError, Theatre};
use crate::message::{CERTAIN, expiry_update};
use crate::model::Market;
use crate::units;

/// While an auction is open the bot looks every minute, so often between two bars.
const MINUTE: u64 = 60;
const LOOKS: u64 = 15;

/// What happened on the way.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Happened {
    pub(super) steps: usize,
    pub(super) rounds: usize,
    pub(super) updates: usize,
    /// Updates in which a surface went only a part of its way.
    pub(super) partial: usize,
    pub(super) surfaces: usize,
    /// Surfaces that the oracle didn't take.
    pub(super) refused: usize,
    pub(super) auctions: usize,
    pub(super) bids: usize,
    pub(super) insolvent_bids: usize,
    pub(super) written_off: usize,
    pub(super) settled_expiries: usize,
    pub(super) settled_positions: usize,
}

/// The replay and where it stands.
#[derive(Debug)]
pub(super) struct Replay {
    pub(super) market: Market,
    pub(super) happened: Happened,
    /// Expiries that are over, and when their price becomes final.
    proposed: BTreeMap<u64, u64>,
    publisher: Publisher,
    /// Whether a surface is still on its way to where the market is.
    is_behind: bool,
    /// Whether the bot started or saw an auction in which it didn't bid.
    auction_is_open: bool,
    /// What was told last of each account that the bot did nothing about: said once.
    told: BTreeMap<Who, Action>,
}

impl Replay {
    pub(super) fn new(market: Market) -> Self {
        Self {
            market,
            happened: Happened::default(),
            proposed: BTreeMap::new(),
            publisher: Publisher::default(),
            is_behind: false,
            auction_is_open: false,
            told: BTreeMap::new(),
        }
    }

    /// Plays all bars that close after now, in `steps` steps.
    pub(super) async fn play(
        &mut self,
        theatre: &mut Theatre,
        bot: &mut Liquidator,
        steps: u32,
    ) -> Result<(), PlayError> {
        let interval = self.market.bars.interval;
        let ahead: Vec<(u64, f64)> = self
            .market
            .bars
            .bars
            .iter()
            .map(|bar| (bar.time + interval, bar.close))
            .filter(|(time, _)| *time > theatre.now)
            .collect();
        let steps = usize::try_from(steps).unwrap_or(usize::MAX);
        let bars_per_step = ahead.len().div_ceil(steps).max(1);
        let mut since_step = 0;
        for (number, (time, price)) in ahead.iter().enumerate() {
            theatre.move_to(*time).await?;
            theatre.stage.push_price(0, *price).await?;
            self.market.observe(*time, *price);
            self.happened.rounds += 1;
            since_step += 1;
            self.observe(theatre).await?;
            // Nobody who runs an auction looks away until the next hour: while one is open, every bar is a step.
            if since_step == bars_per_step || number + 1 == ahead.len() || self.auction_is_open {
                since_step = 0;
                self.step(theatre, bot, *price).await?;
                report::progress(number + 1, ahead.len(), theatre.now, *price);
            } else if self.is_behind {
                self.publish(theatre, *price).await?;
            }
            self.watch(theatre, bot, *price, *time + interval).await?;
        }
        Ok(())
    }

    /// An auction ages by at most a minute from one sighting to the next: while one is open, the bot looks every minute.
    async fn watch(
        &mut self,
        theatre: &mut Theatre,
        bot: &mut Liquidator,
        price: f64,
        next_bar: u64,
    ) -> Result<(), PlayError> {
        for _ in 0..LOOKS {
            if !self.auction_is_open || theatre.now + MINUTE >= next_bar {
                break;
            }
            let time = theatre.now + MINUTE;
            theatre.stage.chain().mine_at(time).await?;
            theatre.now = time;
            let marked = theatre.marked("a minute").await?;
            theatre.last = Some(self.liquidate(theatre, bot, &marked, price).await?);
        }
        Ok(())
    }

    async fn step(
        &mut self,
        theatre: &mut Theatre,
        bot: &mut Liquidator,
        price: f64,
    ) -> Result<(), PlayError> {
        self.happened.steps += 1;
        self.publish(theatre, price).await?;
        theatre.touch().await?;
        let marked = theatre.marked("market move").await?;
        let liquidated = self.liquidate(theatre, bot, &marked, price).await?;
        let settled = self.settle(theatre, liquidated).await?;
        theatre.violations.extend(settled.conservation(theatre.deposited));
        theatre.last = Some(settled);
        Ok(())
    }

    /// One message with the whole market, as far as its surfaces' allowances go.
    pub(super) async fn publish(
        &mut self,
        theatre: &mut Theatre,
        index: f64,
    ) -> Result<(), PlayError> {
        let (keeper, publishers) = (theatre.stage.keeper.clone(), theatre.stage.publishers.clone());
        // All but one sign: that is the threshold, and allowances hold.
        let signing = publishers.get(1..).unwrap_or_default();
        let slices = self.market.slices(theatre.now, index);
        let wanted = IOracle::MarketUpdate {
            underlying: theatre.underlying.number(),
            modelTime: theatre.now,
            indexReference: units::price(index),
            perpetualMark: units::price(index * 1.0002),
            perpetualConfidence: CERTAIN,
            expiries: slices
                .iter()
                .map(|slice| expiry_update(slice.expiry, slice.forward, RATE, &slice.svi))
                .collect(),
        };
        let novate = &theatre.stage.novate;
        let (receipt, reached) =
            novate.publish(&keeper, signing, &mut self.publisher, &wanted).await?;
        theatre
            .stage
            .gas
            .note(format!("update, {} expiries", wanted.expiries.len()), receipt.gas_used);
        self.is_behind = reached < EIGHTHS;
        self.happened.updates += 1;
        self.happened.partial += usize::from(self.is_behind);
        for told in receipt.events::<IOracle::ExpiryUpdated>() {
            self.happened.surfaces += 1;
            self.happened.refused += usize::from(!told.surfaceTaken);
            if !told.surfaceTaken {
                report::untaken(theatre.now, told.expiry, told.refusal);
            }
        }
        Ok(())
    }

    /// Observes the settlement window of what has expired, until its price is proposed.
    async fn observe(&mut self, theatre: &mut Theatre) -> Result<(), PlayError> {
        let due = self
            .market
            .expiries
            .iter()
            .filter(|expiry| **expiry <= theatre.now && !self.proposed.contains_key(expiry));
        let due: Vec<u64> = due.copied().collect();
        for expiry in due {
            let (keeper, underlying) = (theatre.stage.keeper.clone(), theatre.underlying.number());
            let receipt = theatre.stage.novate.observe(&keeper, underlying, expiry).await?;
            theatre.stage.gas.note("observe a settlement window", receipt.gas_used);
            let proposed = receipt.events::<IOracle::SettlementProposed>();
            let Some(event) = proposed.first() else { continue };
            let price = units::unsigned_units(event.price);
            report::proposed(theatre.now, expiry, price, event.finalAt);
            self.proposed.insert(expiry, event.finalAt);
        }
        Ok(())
    }

    /// Lets the bot look and act, and holds what it did against the rules.
    async fn liquidate(
        &mut self,
        theatre: &mut Theatre,
        bot: &mut Liquidator,
        before: &Moment,
        price: f64,
    ) -> Result<Moment, PlayError> {
        let actions = bot.step().await?;
        self.auction_is_open = actions.iter().any(|action| matches!(action, Action::Passed { .. }));
        if actions.is_empty() {
            return Ok(before.clone());
        }
        let after = theatre.moment().await?;
        let mut parties = vec![Who::Liquidator];
        for action in actions {
            let Some(who) = theatre.who(action.account()) else { continue };
            parties.push(who);
            theatre.stage.gas.note(action.kind(), action.gas_used());
            let is_told = match &action {
                Action::Sighted { .. } => true,
                Action::Passed { .. } => {
                    self.told.insert(who, action.clone()).as_ref() == Some(&action)
                }
                _ => {
                    self.told.remove(&who);
                    false
                }
            };
            if !is_told {
                report::acted(theatre.now, price, who, &action);
            }
            match &action {
                Action::Started { .. } => self.happened.auctions += 1,
                Action::Bid { has_started, value, paid, .. } => {
                    self.happened.auctions += usize::from(*has_started);
                    self.happened.bids += 1;
                    self.happened.insolvent_bids += usize::from(value.is_negative());
                    theatre.violations.extend(as_auctioned(before, &after, who, *value, *paid));
                }
                Action::WrittenOff { .. } => self.happened.written_off += 1,
                Action::Sighted { .. } | Action::Released { .. } | Action::Passed { .. } => {}
            }
        }
        theatre.violations.extend(after.only_changed(before, &parties, "liquidation"));
        theatre.violations.extend(after.printed(before, "liquidation"));
        for who in Who::ALL {
            theatre.flows(who).liquidation += units::units(after.equity(who) - before.equity(who));
        }
        Ok(after)
    }

    /// Settles every account once a price is final, and checks each cash flow against the instrument's terms.
    async fn settle(&mut self, theatre: &mut Theatre, before: Moment) -> Result<Moment, PlayError> {
        let is_final = self.proposed.values().any(|final_at| *final_at <= theatre.now);
        if !is_final {
            return Ok(before);
        }
        let (keeper, accounts) = (theatre.stage.keeper.clone(), theatre.accounts.clone());
        let receipt = theatre.stage.novate.settle(&keeper, accounts).await?;
        theatre.stage.gas.note("settle all accounts", receipt.gas_used);
        let events = receipt.events::<IClearing::Settled>();
        for event in &events {
            theatre.violations.extend(as_agreed(event));
        }
        self.happened.settled_positions += events.len();
        let over: Vec<u64> = self
            .proposed
            .iter()
            .filter(|(_, at)| **at <= theatre.now)
            .map(|(expiry, _)| *expiry)
            .collect();
        for expiry in over {
            self.happened.settled_expiries += 1;
            // Done: never again proposed, never again final.
            self.proposed.insert(expiry, u64::MAX);
            report::settled(theatre.now, expiry, &events);
        }
        let after = theatre.moment().await?;
        theatre.violations.extend(after.printed(&before, "settlement"));
        for who in Who::ALL {
            theatre.flows(who).settlement += units::units(after.equity(who) - before.equity(who));
        }
        Ok(after)
    }
}

/// The account gave what was cut out, at marks, for the price, less what of it went to insurance: a 99th of its concession more was
/// taken out of the bidder's. It lost nothing else, to a few units of rounding.
fn as_auctioned(
    before: &Moment,
    after: &Moment,
    who: Who,
    value: I256,
    paid: U256,
) -> Option<Violation> {
    let number = |number: u64| I256::try_from(number).unwrap_or(I256::ONE);
    // paid = V - a R + a R / 100.
    let concession = (value - signed(paid)) * number(100) / number(99);
    let received = if paid.is_zero() { I256::ZERO } else { value - concession };
    let expected = before.equity(who) - value + received;
    let difference = (after.equity(who) - expected).abs();
    (difference > number(ROUNDING)).then(|| {
        Violation(format!(
            "liquidation of {}: equity is {difference} away from equity - value + price",
            who.name()
        ))
    })
}

/// What a few roundings to 1e-18 of each of a book's lines make.
const ROUNDING: u64 = 10_000;

/// The cash flow of an option is quantity times payoff at the settlement price.
fn as_agreed(event: &IClearing::Settled) -> Option<Violation> {
    let instrument = Instrument::decode(event.instrument).ok()?;
    let (settled, strike) = (signed(event.price), signed(instrument.strike().to_wad()));
    let payoff = match instrument.kind() {
        Kind::Call => (settled - strike).max(I256::ZERO),
        Kind::Put => (strike - settled).max(I256::ZERO),
        Kind::Perpetual | Kind::Future => return None,
    };
    let millionths = I256::try_from(1_000_000).unwrap_or(I256::ONE);
    let expected = payoff * I256::try_from(event.quantity).unwrap_or_default() / millionths;
    let is_agreed = (event.cashflow - expected).abs() <= I256::ONE;
    (!is_agreed).then(|| {
        Violation(format!(
            "settlement of {:#x}: cash flow {}, terms say {expected}",
            event.instrument, event.cashflow
        ))
    })
}
