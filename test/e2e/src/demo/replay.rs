//! The replay: every bar is a block and a round of the feed; at every step publishers post, the liquidator looks, and what
//! has expired is settled.

use std::collections::BTreeMap;

use alloy_primitives::{I256, U256};
use novate_abi::{IClearing, IOracle};
use novate_liquidator::{Action, Liquidator};
use novate_risk::{Instrument, instrument::Kind};

use super::audit::{Moment, Violation, signed};
use super::cast::Who;
use super::plan::RATE;
use super::report;
use super::theatre::{PlayError, Theatre};
use crate::model::Market;
use crate::units;

/// How long a proposed settlement price can be disputed, seconds.
const DISPUTE_WINDOW: u64 = 7_200;

/// Fewest rounds whose average is a settlement price; with fewer the first round after expiry counts.
const LEAST_ROUNDS: usize = 3;

/// What happened on the way.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Happened {
    pub(super) steps: usize,
    pub(super) rounds: usize,
    pub(super) auctions: usize,
    pub(super) bids: usize,
    pub(super) insolvent_bids: usize,
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
    nonce: u64,
    /// Whether the bot started or saw an auction in which it didn't bid.
    auction_is_open: bool,
}

impl Replay {
    pub(super) const fn new(market: Market) -> Self {
        let happened = Happened {
            steps: 0,
            rounds: 0,
            auctions: 0,
            bids: 0,
            insolvent_bids: 0,
            settled_expiries: 0,
            settled_positions: 0,
        };
        Self { market, happened, proposed: BTreeMap::new(), nonce: 0, auction_is_open: false }
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
            // Nobody who runs an auction looks away until the next hour: while one is open, every bar is a step.
            if since_step == bars_per_step || number + 1 == ahead.len() || self.auction_is_open {
                since_step = 0;
                self.step(theatre, bot, *price).await?;
                report::progress(number + 1, ahead.len(), theatre.now, *price);
            }
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
        self.propose(theatre).await?;
        let marked = theatre.moment().await?;
        if let Some(before) = theatre.last.take() {
            // Whoever gains by a move, gains from someone: prices create no money.
            theatre.violations.extend(marked.printed(&before, "market move"));
            for who in Who::ALL {
                theatre.flows(who).market += units::units(marked.equity(who) - before.equity(who));
            }
        }
        let liquidated = self.liquidate(theatre, bot, &marked, price).await?;
        let settled = self.settle(theatre, liquidated).await?;
        theatre.violations.extend(settled.conservation(theatre.deposited));
        theatre.last = Some(settled);
        Ok(())
    }

    /// Posts a surface per living expiry, and the perpetual's mark.
    pub(super) async fn publish(
        &mut self,
        theatre: &mut Theatre,
        index: f64,
    ) -> Result<(), PlayError> {
        self.nonce += 1;
        let (keeper, publishers) = (theatre.stage.keeper.clone(), theatre.stage.publishers.clone());
        // All but one sign: that is the threshold.
        let signing = publishers.get(1..).unwrap_or_default();
        let underlying = theatre.underlying.number();
        let one = 1_000_000_000_000_000_000;
        for slice in self.market.slices(theatre.now, index) {
            let surface = IOracle::Surface {
                underlying,
                expiry: slice.expiry,
                modelTime: theatre.now,
                forward: units::price(slice.forward),
                rate: units::small_wad(RATE),
                a: units::small_wad(slice.svi.a),
                b: units::small_wad(slice.svi.b).unsigned_abs(),
                rho: units::small_wad(slice.svi.rho),
                m: units::small_wad(slice.svi.m),
                sigma: units::small_wad(slice.svi.sigma).unsigned_abs(),
                forwardConfidence: one,
                rateConfidence: one,
                volatilityConfidence: one,
                nonce: self.nonce,
            };
            let receipt = theatre.stage.novate.post_surface(&keeper, signing, &surface).await?;
            theatre.stage.gas.note("post surface", receipt.gas_used);
        }
        let mark = IOracle::PerpetualMark {
            underlying,
            modelTime: theatre.now,
            mark: units::price(index * 1.0002),
            confidence: one,
            nonce: self.nonce,
        };
        let receipt = theatre.stage.novate.post_perpetual_mark(&keeper, signing, &mark).await?;
        theatre.stage.gas.note("post perpetual mark", receipt.gas_used);
        Ok(())
    }

    /// Proposes the settlement price of what has expired.
    async fn propose(&mut self, theatre: &mut Theatre) -> Result<(), PlayError> {
        let due = self
            .market
            .expiries
            .iter()
            .filter(|expiry| **expiry <= theatre.now && !self.proposed.contains_key(expiry));
        let due: Vec<u64> = due.copied().collect();
        for expiry in due {
            let (keeper, underlying) = (theatre.stage.keeper.clone(), theatre.underlying.number());
            let receipt = theatre
                .stage
                .novate
                .propose_settlement(&keeper, underlying, expiry, LEAST_ROUNDS)
                .await?;
            theatre.stage.gas.note("propose settlement", receipt.gas_used);
            let proposed = receipt.events::<IOracle::SettlementProposed>();
            let (price, final_at) = proposed
                .first()
                .map_or((U256::ZERO, theatre.now + DISPUTE_WINDOW), |e| (e.price, e.finalAt));
            report::proposed(theatre.now, expiry, units::unsigned_units(price), final_at);
            self.proposed.insert(expiry, final_at);
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
            report::acted(theatre.now, price, who, &action);
            match &action {
                Action::Started { .. } => self.happened.auctions += 1,
                Action::Bid { has_started, mode, fraction, price, .. } => {
                    self.happened.auctions += usize::from(*has_started);
                    self.happened.bids += 1;
                    self.happened.insolvent_bids += usize::from(*mode == 1);
                    theatre.violations.extend(as_auctioned(before, &after, who, *fraction, *price));
                }
                Action::Released { .. } | Action::Passed { .. } => {}
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

/// The account sold a fraction of its equity for the price, and lost nothing else. Quantities are cut to millionths of a
/// contract: that is how far the slice may differ, position by position.
fn as_auctioned(
    before: &Moment,
    after: &Moment,
    who: Who,
    fraction: U256,
    price: I256,
) -> Option<Violation> {
    let wad = I256::try_from(10_u64.pow(18)).unwrap_or(I256::ONE);
    let slice = before.equity(who) * signed(fraction) / wad;
    // In the insolvent mode the fund pays the bidder (a price below zero), not the account.
    let expected = before.equity(who) - slice + price.max(I256::ZERO);
    let difference = (after.equity(who) - expected).abs();
    let millionth = signed(before.index / U256::from(1_000_000));
    let tolerance = millionth * I256::try_from(before.positions(who) + 1).unwrap_or(I256::ONE);
    (difference > tolerance).then(|| {
        Violation(format!(
            "liquidation of {}: equity is {difference} away from equity - slice + price",
            who.name()
        ))
    })
}

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
