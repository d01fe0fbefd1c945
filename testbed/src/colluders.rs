//! Random groups of two or three accounts that try everything together: every public function, messages of the market in any order and age that
//! the rules let pass, prices at the edges of bands and sizes at the edges of margin, jumps of time and of the index.
//!
//! What must hold after every step:
//! - an act (nothing of the market moves) makes the group no richer, wallets and equity at marks together, than by what the waterfall paid, to
//!   a unit of the cash token; and nobody's shortfall grows by it;
//! - a step of the market (index within 3%, messages, time) brings nobody who wasn't short below zero;
//! - the ledger's identity and running totals hold to the unit, quantities sum to zero;
//! - whoever is short can be closed out at once, and cash of those who only deposited is there in tokens while lent out is within the pool.

use std::collections::BTreeMap;

use alloy_primitives::{I256, U256};
use novate_abi::{IClearing, ILiquidation, IOracle};
use novate_risk::Instrument;

use crate::{
    dice::Dice,
    house::{
        ANYONE, CLEARING, ETH, EXCHANGE, House, LIQUIDATION, Leg, NOW, ORACLE, Refusal, Trader,
        WETH, expiries,
    },
    units::{
        DAY, HOUR, MINUTE, ONE, call, contracts, dollars, future, perpetual, put, signed, units,
        wad,
    },
};

/// What a run saw.
#[derive(Debug, Clone, Default)]
pub struct Report {
    pub steps: u64,
    pub episodes: u64,
    /// Accepted and refused, by kind of step.
    pub kinds: BTreeMap<&'static str, (u64, u64)>,
    /// Refusals by their error.
    pub refusals: BTreeMap<String, u64>,
    /// The most that an act made a group richer by, beyond what the waterfall paid; dollars.
    pub greatest_gain: f64,
    /// Of all groups: beyond market moves and the waterfall, after fees; dollars.
    pub sum_of_gains: f64,
    pub fees: f64,
    pub waterfall: f64,
    pub close_outs: u64,
    /// Greatest shortfall of an account that was short before the market moved, dollars.
    pub greatest_shortfall: f64,
    pub carried: f64,
}

impl Report {
    /// Adds what another run saw.
    pub fn add(&mut self, other: &Self) {
        self.steps += other.steps;
        self.episodes += other.episodes;
        for (kind, (accepted, refused)) in &other.kinds {
            let entry = self.kinds.entry(kind).or_default();
            entry.0 += accepted;
            entry.1 += refused;
        }
        for (name, count) in &other.refusals {
            *self.refusals.entry(name.clone()).or_default() += count;
        }
        self.greatest_gain = self.greatest_gain.max(other.greatest_gain);
        self.sum_of_gains += other.sum_of_gains;
        self.fees += other.fees;
        self.waterfall += other.waterfall;
        self.close_outs += other.close_outs;
        self.greatest_shortfall = self.greatest_shortfall.max(other.greatest_shortfall);
        self.carried = self.carried.max(other.carried);
    }
}

/// A unit of the cash token, 18 decimals.
fn unit() -> I256 {
    I256::try_from(1_000_000_000_000_u64).unwrap()
}

/// How an account stands, at last data.
struct Standing {
    equity: I256,
    requirement: U256,
    is_short: bool,
}

struct Episode {
    house: House,
    dice: Dice,
    group: Vec<Trader>,
    maker: Trader,
    keeper: Trader,
    depositor: Trader,
    lender: Trader,
    instruments: Vec<u64>,
    held: Vec<IOracle::MarketUpdate>,
    /// Which way the index tends, a step.
    drift: f64,
    report: Report,
    trace: Vec<String>,
}

/// Runs `steps` steps in episodes of a few hundred.
///
/// # Panics
/// If an invariant breaks: with the seed and the steps that led there.
pub fn run(seed: u64, steps: u64) -> Report {
    let mut total = Report::default();
    let mut dice = Dice::new(seed);
    while total.steps < steps {
        let length = (100 + dice.below(300) as u64).min(steps - total.steps);
        let mut episode = Episode::new(dice.throw());
        for _ in 0..length {
            episode.step();
        }
        episode.finish();
        total.add(&episode.report);
    }
    total
}

fn instruments() -> Vec<u64> {
    let mut all = vec![perpetual(ETH)];
    for expiry in expiries() {
        all.push(future(ETH, expiry));
        for strike in [1.0, 2_000.0, 2_800.0, 3_000.0, 3_050.0, 3_500.0, 9_000.0] {
            all.push(call(ETH, expiry, strike));
            all.push(put(ETH, expiry, strike));
        }
    }
    all
}

impl Episode {
    fn new(seed: u64) -> Self {
        let house = House::new();
        let mut dice = Dice::new(seed);
        let lender = house.trader(801);
        let pool = dice.pick(&[100.0, 50_000.0, 1_000_000.0]);
        house.fund(&lender, pool);
        house.lend(&lender, pool).unwrap();
        house.insure(dice.pick(&[100.0, 100_000.0, 10_000_000.0]));
        let depositor = house.funded(802, 2_000_000.0);
        let maker = house.funded(803, 1e12);
        let keeper = house.funded(804, 1e12);
        if dice.chance(30) {
            house.no_fees();
        }
        let mut group: Vec<Trader> =
            (1..=2 + dice.below(2) as u64).map(|number| house.trader(number)).collect();
        if dice.chance(20) {
            group.push(group[0].other(7));
            house.watch(&group[group.len() - 1]);
        }
        for trader in &group {
            house.cash.mint(&house.world, trader.address(), units(dice.scaled(100.0, 1_000_000.0)));
            house.weth.mint(
                &house.world,
                trader.address(),
                U256::from(wad(dice.scaled(0.01, 500.0))),
            );
        }
        let mut instruments = instruments();
        // A handful of instruments, so that books meet.
        while instruments.len() > 12 {
            instruments.swap_remove(dice.below(instruments.len()));
        }
        // Most of what they have is at stake from the start.
        for trader in &group {
            let held = house.cash.balance(&house.world, trader.address());
            let part = held * U256::from(dice.pick(&[0_u64, 1, 1, 1]))
                / U256::from(dice.pick(&[1_u64, 2]));
            house.deposit_units(trader, house.cash.address, part).ok();
            if dice.chance(50) {
                let held = house.weth.balance(&house.world, trader.address());
                house.deposit_units(trader, house.weth.address, held).ok();
            }
        }
        let drift = dice.pick(&[-0.01, -0.003, 0.0, 0.0, 0.003, 0.01]);
        let trace = vec![format!("seed {seed:#x}, pool {pool}")];
        let report = Report { episodes: 1, ..Report::default() };
        Self {
            house,
            dice,
            group,
            maker,
            keeper,
            depositor,
            lender,
            instruments,
            held: Vec::new(),
            drift,
            report,
            trace,
        }
    }

    // Measures

    fn equity(&self, trader: &Trader) -> I256 {
        self.house.view(CLEARING, &IClearing::assessCall { account: trader.account }).lastEquity
    }

    /// Wallets and equity of the group, at marks; and of each account its equity and whether it is short.
    fn worth(&self) -> (I256, Vec<Standing>) {
        let house = &self.house;
        let index = U256::from(house.marked(perpetual(ETH)).index);
        let mut owners = Vec::new();
        let mut total = I256::ZERO;
        let mut each = Vec::new();
        for trader in &self.group {
            if !owners.contains(&trader.address()) {
                owners.push(trader.address());
                total += signed(house.cash.balance(&house.world, trader.address())) * unit();
                let weth = house.weth.balance(&house.world, trader.address());
                total += signed(weth * index / U256::from(ONE));
            }
            let seen = house.view(CLEARING, &IClearing::assessCall { account: trader.account });
            total += seen.lastEquity;
            let excess = seen.closeEquity - signed(seen.closeRequirement);
            each.push(Standing {
                equity: seen.lastEquity,
                requirement: seen.lastRequirement,
                is_short: excess.is_negative(),
            });
        }
        (total, each)
    }

    fn fail(&self, what: &str) -> ! {
        let tail = self.trace.len().saturating_sub(40);
        panic!("{what}\n{}\n…\n{}", self.trace[0], self.trace[tail..].join("\n"));
    }

    fn note<T>(&mut self, kind: &'static str, outcome: &Result<T, Refusal>) {
        let entry = self.report.kinds.entry(kind).or_default();
        match outcome {
            Ok(_) => entry.0 += 1,
            Err(refusal) => {
                entry.1 += 1;
                let text = format!("{refusal:?}");
                let name = text.split(['(', ' ', '{']).nth(1).unwrap_or("").to_owned();
                *self.report.refusals.entry(name).or_default() += 1;
            }
        }
        let said = outcome
            .as_ref()
            .err()
            .map_or_else(String::new, |refusal| format!(" refused {refusal:?}"));
        if let Some(last) = self.trace.last_mut() {
            last.push_str(&said);
        }
    }

    fn say(&mut self, what: String) {
        self.trace.push(format!("{} {what}", self.house.now() - NOW));
    }

    // Steps

    fn step(&mut self) {
        self.report.steps += 1;
        if self.dice.chance(70) {
            self.act()
        } else {
            self.market()
        }
        self.house.check();
        self.house.world.take_logs();
    }

    /// A step of the group, which must make it no richer.
    fn act(&mut self) {
        let (before, each) = self.worth();
        let fees = self.house.ledger().fees;
        let someone_is_short = each.iter().any(|one| one.is_short);
        let kind = if someone_is_short && self.dice.chance(50) { 21 } else { self.dice.below(24) };
        let paid = match kind {
            0 | 1 => self.pay_in(),
            2..=4 => self.pay_out(),
            5 => self.lend(),
            6..=18 => self.trade(),
            19 => self.touch(),
            20 => self.settle(),
            21 => self.bid(),
            22 => self.buy_collateral(),
            _ => self.write_off(),
        };
        let (after, now) = self.worth();
        let gain = after - before - paid;
        self.report.waterfall += dollars(paid);
        self.report.fees += dollars(signed(self.house.ledger().fees) - signed(fees));
        self.report.greatest_gain = self.report.greatest_gain.max(dollars(gain));
        self.report.sum_of_gains += dollars(gain);
        if gain > unit() {
            self.fail(&format!("an act made the group richer by {}", dollars(gain)));
        }
        // Who frees requirement below zero still pays the house's fees, if he frees more than them; a debt of them requires its margin.
        let fees = signed(self.house.ledger().fees) - signed(fees);
        let margin = fees / I256::try_from(50).unwrap();
        for (now, was) in now.iter().zip(&each) {
            let relief = signed(was.requirement) - signed(now.requirement) + margin;
            let spared = if relief >= fees { fees } else { I256::ZERO };
            if now.equity < was.equity.min(I256::ZERO) - spared - unit() {
                let (was, now) = (dollars(was.equity), dollars(now.equity));
                self.fail(&format!("an act made a shortfall: {was} to {now}"));
            }
        }
    }

    fn somebody(&mut self) -> Trader {
        let number = self.dice.below(self.group.len());
        self.group[number].clone()
    }

    fn two(&mut self) -> (Trader, Trader) {
        let first = self.dice.below(self.group.len());
        let second = (first + 1 + self.dice.below(self.group.len() - 1)) % self.group.len();
        (self.group[first].clone(), self.group[second].clone())
    }

    fn pay_in(&mut self) -> I256 {
        let trader = self.somebody();
        let token =
            if self.dice.chance(60) { self.house.cash.clone() } else { self.house.weth.clone() };
        let held = token.balance(&self.house.world, trader.address());
        let amount = match self.dice.below(4) {
            0 => held,
            1 => U256::from(1),
            _ => held / U256::from(1 + self.dice.below(5)),
        };
        self.say(format!("{} deposits {amount} of {}", trader.address(), token.decimals));
        let done = self.house.deposit_units(&trader, token.address, amount);
        self.note("deposit", &done);
        I256::ZERO
    }

    fn pay_out(&mut self) -> I256 {
        let trader = self.somebody();
        let is_cash = self.dice.chance(60);
        let house = &self.house;
        let token = if is_cash { house.cash.clone() } else { house.weth.clone() };
        let held: u128 = if is_cash {
            house.cash_of(&trader).max(I256::ZERO).unsigned_abs().to::<u128>() / 1_000_000_000_000
        } else {
            let balances =
                house.view(CLEARING, &IClearing::collateralCall { account: trader.account });
            balances.iter().map(|one| one.amount).sum()
        };
        let amount = match self.dice.below(3) {
            0 => held,
            // As much as goes.
            1 => self.search(held, |house, amount| {
                house.withdraw_units(&trader, token.address, U256::from(amount)).is_ok()
            }),
            _ => held / (1 + self.dice.below(9) as u128),
        };
        self.say(format!("{} withdraws {amount} of {}", trader.address(), token.decimals));
        let done = self.house.withdraw_units(&trader, token.address, U256::from(amount));
        self.note("withdraw", &done);
        I256::ZERO
    }

    /// The greatest amount up to `most` that passes, roughly: to a thousandth, then the last unit.
    fn search(&self, most: u128, passes: impl Fn(&House, u128) -> bool) -> u128 {
        let passes = |amount| self.house.world.trying(|_| passes(&self.house, amount));
        if passes(most) {
            return most;
        }
        let (mut least, mut most) = (0, most);
        for _ in 0..14 {
            let middle = u128::midpoint(least, most);
            if passes(middle) { least = middle } else { most = middle }
        }
        least
    }

    fn lend(&mut self) -> I256 {
        let trader = self.somebody();
        let cash = dollars(self.house.cash_of(&trader).max(I256::ZERO));
        let shares = dollars(signed(
            self.house.view(CLEARING, &IClearing::poolSharesCall { account: trader.account }),
        ));
        if self.dice.chance(50) {
            let amount = cash * self.dice.pick(&[1.0, 0.5, 0.999_999]);
            self.say(format!("{} lends {amount}", trader.address()));
            let done = self.house.lend(&trader, amount);
            self.note("lend", &done);
        } else {
            let amount = shares * self.dice.pick(&[1.0, 0.5, 0.1]);
            self.say(format!("{} redeems {amount}", trader.address()));
            let done = self.house.redeem(&trader, amount);
            self.note("redeem", &done);
        }
        I256::ZERO
    }

    /// A price within the band, at its edges, or beyond.
    fn price(&mut self, instrument: u64) -> u128 {
        let seen = self.house.marked(instrument);
        let (mark, index) = (seen.mark, seen.index);
        let is_option = !self.is_delta_one(instrument);
        let width = if is_option { (index / 20).max(mark / 2) } else { mark / 20 };
        match self.dice.below(6) {
            0 | 1 => mark,
            2 => mark.saturating_sub(width),
            3 => mark + width,
            4 => mark.saturating_sub(width) + wad(self.dice.share()) * (width / wad(1.0)) * 2,
            _ => mark
                .saturating_sub(width)
                .saturating_sub(wad(self.dice.between(-1.0, 1.0).max(0.0))),
        }
    }

    /// One of the episode's that isn't expired; the perpetual where all are.
    fn live_instrument(&mut self) -> u64 {
        for _ in 0..8 {
            let id = self.instruments[self.dice.below(self.instruments.len())];
            let expiry = Instrument::decode(id).unwrap().expiry();
            if expiry.is_none_or(|expiry| expiry > self.house.now()) {
                return id;
            }
        }
        perpetual(ETH)
    }

    fn is_delta_one(&self, instrument: u64) -> bool {
        instrument == perpetual(ETH)
            || expiries().into_iter().any(|expiry| future(ETH, expiry) == instrument)
    }

    fn trade(&mut self) -> I256 {
        let (mut buyer, mut seller) = self.two();
        let with_maker = self.dice.chance(25);
        if with_maker {
            if self.dice.chance(50) {
                buyer = self.maker.clone()
            } else {
                seller = self.maker.clone()
            }
        }
        let count = self.dice.pick(&[1, 1, 1, 2, 2, 4]);
        let mut legs: Vec<(u64, f64, u128)> = Vec::new();
        for _ in 0..count {
            let held: Vec<(u64, i64)> = self.house.positions(&buyer).into_iter().collect();
            let closing = !held.is_empty() && self.dice.chance(30);
            let (instrument, size) = if closing {
                let (instrument, quantity) = self.dice.pick(&held);
                (instrument, -(quantity as f64) / 1e6 * self.dice.pick(&[1.0, 1.0, 0.5, 0.25]))
            } else {
                let side = self.dice.pick(&[1.0, -1.0]);
                (self.live_instrument(), side * self.dice.scaled(0.000_001, 3_000.0))
            };
            let price = if with_maker {
                self.house.marked(instrument).mark
            } else {
                self.price(instrument)
            };
            legs.push((instrument, size, price));
        }
        let agreed = |scale: f64| {
            let rough: Vec<Leg> =
                legs.iter().map(|(id, size, _)| Leg(*id, size * scale, 0.0)).collect();
            let mut call = self.house.agreed(&buyer, &seller, &rough);
            for (leg, (_, _, price)) in call.trade.legs.iter_mut().zip(&legs) {
                leg.price = *price;
            }
            self.house.sign_trade(&buyer, &seller, call.trade)
        };
        let mut scale = 1.0;
        if self.dice.chance(60) {
            // As the exchange hands it on: signatures are dear, and change nothing.
            let most = self.search(1_000_000, |house, share| {
                let fill = |(id, size, price): &(u64, f64, u128)| {
                    let quantity = contracts(size * share as f64 / 1e6);
                    let is_bought = quantity > 0;
                    let (buyer, seller) =
                        if is_bought { (&buyer, &seller) } else { (&seller, &buyer) };
                    IClearing::Fill {
                        instrument: *id,
                        quantity: quantity.unsigned_abs(),
                        price: *price,
                        buyer: buyer.account,
                        seller: seller.account,
                        buyerIsMaker: is_bought,
                    }
                };
                let call = IClearing::fillCall { fills: legs.iter().map(fill).collect() };
                house.send(EXCHANGE, CLEARING, &call).is_ok()
            });
            scale = most as f64 / 1e6;
            if most == 0 {
                self.say("no trade is possible".to_owned());
                return I256::ZERO;
            }
        }
        let call = agreed(scale);
        let what =
            format!("{} trades with {}: {:?}", buyer.address(), seller.address(), call.trade.legs);
        self.say(what);
        let done = self.house.send(ANYONE, EXCHANGE, &call);
        self.note("trade", &done);
        I256::ZERO
    }

    fn touch(&mut self) -> I256 {
        let trader = self.somebody();
        self.say(format!("{} is touched", trader.address()));
        let done = self.house.touch(&[&trader]);
        self.note("touch", &done);
        I256::ZERO
    }

    fn settle(&mut self) -> I256 {
        let trader = self.somebody();
        self.say(format!("{} is settled", trader.address()));
        let done = self.house.settle(&[&trader]);
        self.note("settle", &done);
        I256::ZERO
    }

    /// One of the group starts an auction of another and bids.
    fn bid(&mut self) -> I256 {
        let (mut account, bidder) = self.two();
        let house = &self.house;
        // Rather somebody who is short.
        let (_, standings) = self.worth();
        if let Some(short) = standings.iter().position(|one| one.is_short) {
            account = self.group[short].clone();
        }
        let started = house.start(bidder.address(), &account);
        let fraction = match self.dice.below(3) {
            0 => U256::from(ONE),
            1 => house.auction(&account).maximumFraction,
            _ => U256::from(wad(self.dice.share())),
        };
        let mut bid = house.whole(&account, &bidder, fraction);
        let held: Vec<(u64, i64)> = house.positions(&account).into_iter().collect();
        match self.dice.below(4) {
            0 => {
                bid.cut.kind = 1;
                bid.cut.underlying = ETH;
            }
            1 if !held.is_empty() => {
                let (instrument, quantity) = self.dice.pick(&held);
                bid.cut.kind = 2;
                bid.cut.fraction = U256::ZERO;
                let quantity = i128::from((quantity as f64 * self.dice.share()) as i64);
                bid.cut.legs = vec![ILiquidation::Leg { instrument, quantity }];
                if self.dice.chance(30) {
                    bid.cut.legs.push(ILiquidation::Leg {
                        instrument: u64::from(WETH),
                        quantity: wad(self.dice.scaled(0.01, 10.0)) as i128,
                    });
                }
            }
            _ => {}
        }
        self.say(format!("{} bids {:?} for {}", bidder.address(), bid.cut, account.address()));
        self.note("start", &started);
        let done = self.house.bid(&bidder, &bid);
        self.note("bid", &done);
        done.map_or(I256::ZERO, |done| {
            self.report.close_outs += 1;
            signed(done.fromWaterfall)
        })
    }

    fn buy_collateral(&mut self) -> I256 {
        let (from, to) = self.two();
        let amount = wad(self.dice.scaled(0.001, 500.0));
        let call = IClearing::buyCollateralCall {
            from: from.account,
            to: to.account,
            collateral: WETH,
            amount,
            maximumPrice: U256::MAX,
        };
        self.say(format!("{} buys {amount} of {}", to.address(), from.address()));
        let done = self.house.send(to.address(), CLEARING, &call);
        self.note("buyCollateral", &done);
        I256::ZERO
    }

    fn write_off(&mut self) -> I256 {
        let trader = self.somebody();
        let owed = -self.house.cash_of(&trader).min(I256::ZERO);
        self.say(format!("{} is written off", trader.address()));
        let done = self.house.send(
            self.keeper.address(),
            CLEARING,
            &IClearing::writeOffCall { account: trader.account },
        );
        self.note("writeOff", &done);
        if done.is_ok() { owed } else { I256::ZERO }
    }

    // The market

    /// Index, messages, time, rounds of a window: nobody who wasn't short may fall below zero.
    fn market(&mut self) {
        let (_, before) = self.worth();
        match self.dice.below(10) {
            0..=4 => self.move_index(),
            5 | 6 => self.relay(),
            7 => self.wait(),
            8 => self.observe(),
            _ => self.change_model(),
        }
        let (_, after) = self.worth();
        for (now, was) in after.iter().zip(&before) {
            let equity = now.equity;
            if equity.is_negative() {
                self.report.greatest_shortfall =
                    self.report.greatest_shortfall.max(-dollars(equity));
                if !was.is_short && !was.equity.is_negative() && equity < -unit() {
                    let (was, now) = (dollars(was.equity), dollars(equity));
                    self.fail(&format!("the market took {was} to {now}"));
                }
            }
        }
        // Mostly somebody honest is there first.
        if self.dice.chance(40) {
            self.keep();
        }
    }

    fn move_index(&mut self) {
        let house = &self.house;
        house.wait(1 + self.dice.below(30) as u64);
        let by =
            self.dice.pick(&[0.0, 0.000_5, 0.01, 0.02]) * self.dice.between(-1.0, 1.0) + self.drift;
        let price = (house.index() * (1.0 + by)).clamp(1_500.0, 6_000.0);
        house.set_index(price);
        let message = house.message();
        self.say(format!("the index is {price}"));
        self.held.push(message);
        if self.held.len() > 6 {
            self.held.remove(0);
        }
        if self.dice.chance(50) {
            self.relay();
        }
    }

    /// One of the messages that were signed, in any order.
    fn relay(&mut self) {
        if self.held.is_empty() || self.dice.chance(20) {
            self.house.set_index(self.house.index());
            self.held.push(self.house.message());
        }
        let number = self.dice.below(self.held.len());
        let message = self.held.remove(number);
        self.say(format!("the message of {} is relayed", message.modelTime.saturating_sub(NOW)));
        let done = self.house.relay(&message);
        self.note("update", &done);
    }

    /// What publishers see changes, within the levels of the rules or to their edges.
    fn change_model(&mut self) {
        let dice = &mut self.dice;
        let mut model = self.house.model.borrow_mut();
        match dice.below(4) {
            0 => model.premium = dice.pick(&[0.0, 0.02, -0.02]) * dice.share(),
            1 => model.volatility = (model.volatility * dice.between(0.7, 1.4)).clamp(0.2, 2.0),
            2 => {
                let expiry = dice.pick(&expiries());
                let by = dice.pick(&[0.0, 0.01, -0.01]) * dice.share();
                model.basis.insert(expiry, by);
            }
            _ => model.rate = dice.pick(&[0.0, 0.05, 0.25]),
        }
        drop(model);
        self.say("publishers see something else".to_owned());
    }

    /// Seconds to hours; longer ones with rounds and, mostly, messages and keepers on the way.
    fn wait(&mut self) {
        let length = match self.dice.below(6) {
            0 => 1,
            1 => 59,
            2 => 10 * MINUTE,
            3 => HOUR,
            4 => 8 * HOUR,
            _ => self.to_an_expiry(),
        };
        let talks = self.dice.chance(80);
        self.say(format!("{length} seconds pass, with messages: {talks}"));
        let end = self.house.now() + length;
        while self.house.now() < end {
            self.house.wait((10 * MINUTE).min(end - self.house.now()));
            self.house.set_index(self.house.index());
            if talks {
                self.house.publish_if_possible();
            }
            self.keep();
        }
    }

    /// To the window of the next expiry, or into it, or past it.
    fn to_an_expiry(&mut self) -> u64 {
        let now = self.house.now();
        let next =
            expiries().into_iter().find(|expiry| *expiry + 3 * HOUR > now).unwrap_or(now + DAY);
        let goal = next + 3 * HOUR
            - self.dice.pick(&[
                3 * HOUR + 31 * MINUTE,
                3 * HOUR + 10 * MINUTE,
                3 * HOUR + 1,
                HOUR,
                0,
            ]);
        goal.saturating_sub(now).min(30 * HOUR).max(1)
    }

    fn observe(&mut self) {
        let now = self.house.now();
        let Some(expiry) = expiries().into_iter().find(|expiry| *expiry + 5 * HOUR > now) else {
            return;
        };
        if now + 30 * MINUTE < expiry {
            return;
        }
        let seen = self.house.settlement(expiry);
        let rounds = self.house.feed.window(expiry - 30 * MINUTE, expiry);
        let most = if self.dice.chance(50) { 100 } else { 2 };
        let rest = rounds.into_iter().filter(|round| *round > seen.lastRound).take(most).collect();
        self.say("rounds are observed".to_owned());
        let done = self.house.observe(expiry, rest);
        self.note("observe", &done);
    }

    /// An honest keeper closes out whoever is short. Nobody may be immune.
    fn keep(&mut self) {
        self.observe_honestly();
        let accounts = self.group.clone();
        for trader in accounts {
            for turn in 0..40 {
                let seen =
                    self.house.view(CLEARING, &IClearing::assessCall { account: trader.account });
                let excess = seen.closeEquity - signed(seen.closeRequirement);
                if excess >= I256::ZERO || seen.isFullyPaid {
                    break;
                }
                let held = self.house.positions(&trader);
                // Claims are fixed: nobody takes them over, they are settled when they are final.
                let is_live = |id: &u64| {
                    let expiry = Instrument::decode(*id).unwrap().expiry();
                    expiry.is_none_or(|expiry| expiry > self.house.now())
                };
                let has_collateral = !self
                    .house
                    .view(CLEARING, &IClearing::collateralCall { account: trader.account })
                    .is_empty();
                if !held.is_empty() && !held.keys().any(is_live) && !has_collateral {
                    break;
                }
                if held.is_empty() && !has_collateral {
                    let call = IClearing::writeOffCall { account: trader.account };
                    let done = self.house.send(self.keeper.address(), CLEARING, &call);
                    self.note("keeper's writeOff", &done);
                    break;
                }
                if seen.validity < 3 || excess > -unit() {
                    break;
                }
                if let Err(refusal) = self.close_out(&trader) {
                    self.fail(&format!(
                        "immune at turn {turn}: {refusal:?}, excess {} {seen:?} {held:?} {}",
                        dollars(excess),
                        self.house.cash_of(&trader)
                    ));
                }
                if turn == 39 {
                    self.fail(&format!("closing out doesn't end, excess {}", dollars(excess)));
                }
            }
        }
    }

    /// Keepers observe what there is of a window as soon as its expiry is past: lines that aren't observed are exposures that nobody can take.
    fn observe_honestly(&mut self) {
        let now = self.house.now();
        for expiry in expiries().into_iter().filter(|expiry| *expiry <= now) {
            let seen = self.house.settlement(expiry);
            if seen.proposedAt == 0 {
                let rounds = self.house.feed.window(expiry - 30 * MINUTE, expiry);
                let rest: Vec<_> =
                    rounds.into_iter().filter(|round| *round > seen.lastRound).collect();
                let done = self.house.observe(expiry, rest);
                self.note("keeper's observe", &done);
            }
        }
    }

    fn close_out(&mut self, trader: &Trader) -> Result<(), Refusal> {
        let house = &self.house;
        house.start(self.keeper.address(), trader)?;
        let most = house.auction(trader).maximumFraction;
        let first = house.bid(&self.keeper, &house.whole(trader, &self.keeper, most)).map(|_| ());
        let mut done = first.clone();
        // What the view gives may lie a rounding beyond what is allowed; a bidder tries less, then all.
        for share in [0.999, 0.99, 0.95, 0.9, 0.8, 0.5, 0.25] {
            if done.is_ok() {
                break;
            }
            let less = most * U256::from((share * 1e3) as u64) / U256::from(1_000);
            done = house.bid(&self.keeper, &house.whole(trader, &self.keeper, less)).map(|_| ());
        }
        if done.is_err() {
            let all = house.whole(trader, &self.keeper, U256::from(ONE));
            done = house.bid(&self.keeper, &all).map(|_| ());
        }
        if let (Err(first), Err(_)) = (&first, &done) {
            self.say(format!("a bid for {most} was refused: {first:?}"));
        }
        if let (Err(first), Ok(())) = (&first, &done) {
            self.say(format!("a bid for {most} was refused, another not: {first:?}"));
            *self.report.refusals.entry("(view's fraction)".to_owned()).or_default() += 1;
        }
        self.report.close_outs += u64::from(done.is_ok());
        self.note("keeper's bid", &done);
        house_check(&self.house);
        done
    }

    /// Everybody who only deposited leaves whole.
    fn finish(&mut self) {
        let house = &self.house;
        let ledger = house.ledger();
        self.report.carried = dollars(signed(ledger.carried));
        if ledger.lentOut <= signed(ledger.pool) {
            let paid = house.world.trying(|_| house.withdraw(&self.depositor, 2_000_000.0));
            if let Err(refusal) = paid {
                self.fail(&format!("a depositor can't leave: {refusal:?}, {ledger:?}"));
            }
        }
        let lent = self.equity(&self.lender);
        assert!(lent.is_positive());
        let flagged = house.view(LIQUIDATION, &ILiquidation::flaggedShortfallCall {});
        assert!(flagged == ledger.flagged, "{flagged} {ledger:?}");
        let _ = house.view(ORACLE, &IOracle::sequencerStatusCall {});
    }
}

fn house_check(house: &House) {
    house.check();
}
