//! What is printed: tables and events on standard output, progress on standard error.

#![expect(clippy::print_stdout, reason = "the demonstration's output")]

use std::collections::BTreeSet;

use alloy_primitives::{I256, U256};
use novate_abi::{IClearing, IMargin, IMarginLens};
use novate_client::Error;
use novate_liquidator::Action;
use novate_risk::Instrument;

use super::audit::{Flows, Moment, Violation};
use super::cast::Who;
use super::options::Underlying;
use super::plan::Deal;
use super::replay::Happened;
use super::theatre::Theatre;
use crate::input::format_time;
use crate::model::{Market, VolatilityRule};
use crate::stage::GasLog;
use crate::table::Table;
use crate::units::{dollars, units, unsigned_units};

/// Minutes are enough in a log.
fn minute(time: u64) -> String {
    format_time(time).get(..16).map_or_else(String::new, |text| text.replace('T', " "))
}

/// Writes a line of text.
pub(super) fn line(text: &str) {
    println!("{text}");
}

/// A step of a long task, on standard error.
pub(super) fn note(text: &str) {
    eprintln!("demo: {text}");
}

/// How far the replay is, on standard error.
pub(super) fn progress(bar: usize, bars: usize, time: u64, price: f64) {
    eprintln!("demo: bar {bar} of {bars}, {}, index {price}", minute(time));
}

/// Each expiry's surface and the error of its fit.
pub(super) fn market(market: &Market, underlying: Underlying) {
    let heads =
        ["expiry", "days", "forward", "at-the-money", "quotes", "rms error", "largest error"];
    let mut table = Table::new(
        format!("Surfaces of {} (SVI; errors in volatility points)", underlying.symbol()),
        &heads,
    );
    for fit in &market.fits {
        table.row([
            minute(fit.expiry),
            format!("{:.2}", fit.slice.tau * 365.0),
            dollars(fit.forward),
            format!("{:.2}%", 100.0 * fit.slice.volatility(0.0)),
            fit.error.count.to_string(),
            format!("{:.3}", 100.0 * fit.error.rms),
            format!("{:.3}", 100.0 * fit.error.maximum),
        ]);
    }
    println!("{table}");
    let rule = match market.rule {
        VolatilityRule::Snapshots => {
            "each later snapshot of the chain, as soon as its time has come"
        }
        VolatilityRule::Realised => {
            "the first fit, volatility times clamp(sqrt(realised / realised at the start), 0.8, 2.5), half-life 12 h"
        }
    };
    println!("Surfaces move by: {rule}.");
    println!(
        "In between, the smile keeps its shape in standard deviations and the forward's premium shrinks with time.\n"
    );
}

/// A trade that was done.
pub(super) fn traded(deal: &Deal, gas: u64) {
    let (buyer, seller) = (deal.buyer.name(), deal.seller.name());
    println!(
        "  {:<16} {:>2} leg(s)  {buyer:<14} from {seller:<18}  gas {gas}",
        deal.what,
        deal.legs.len()
    );
}

/// A surface wasn't taken.
pub(super) fn untaken(time: u64, expiry: u64, refusal: u8) {
    let why = match refusal {
        5 => "it contradicts a shorter one",
        6 => "it moves too far",
        _ => "it has arbitrage",
    };
    note(&format!("{}: surface of {} not taken, {why}", minute(time), minute(expiry)));
}

/// A settlement price was proposed.
pub(super) fn proposed(time: u64, expiry: u64, price: f64, final_at: u64) {
    println!(
        "{}  settlement of {} proposed at {}; final {}",
        minute(time),
        minute(expiry),
        dollars(price),
        minute(final_at)
    );
}

/// An expiry was settled.
pub(super) fn settled(time: u64, expiry: u64, events: &[IClearing::Settled]) {
    let of_expiry: Vec<&IClearing::Settled> = events
        .iter()
        .filter(|event| {
            Instrument::decode(event.instrument).ok().and_then(|terms| terms.expiry())
                == Some(expiry)
        })
        .collect();
    let paid = of_expiry.iter().fold(I256::ZERO, |sum, event| sum + event.cashflow.max(I256::ZERO));
    println!(
        "{}  settled {}: {} positions, {} paid",
        minute(time),
        minute(expiry),
        of_expiry.len(),
        dollars(units(paid))
    );
}

/// The liquidator did something.
pub(super) fn acted(time: u64, index: f64, who: Who, action: &Action) {
    let what = match action {
        Action::Started { .. } => "auction started".into(),
        Action::Bid { fraction, value, paid, from_waterfall, .. } => {
            let share = 100.0 * unsigned_units(*fraction);
            let fund = match unsigned_units(*from_waterfall) {
                0.0 => String::new(),
                fund => format!(", the insurance fund pays {}", dollars(fund)),
            };
            if value.is_negative() {
                format!("insolvent: {share:.2}% of the book taken over{fund}")
            } else {
                format!(
                    "liquidated: {share:.2}% of the book, worth {}, sold for {}{fund}",
                    dollars(units(*value)),
                    dollars(unsigned_units(*paid))
                )
            }
        }
        Action::Sighted { .. } => "auction goes on".into(),
        Action::Released { .. } => "recovered, auction ended".into(),
        Action::WrittenOff { amount, .. } => {
            format!("debt of {} written off", dollars(unsigned_units(*amount)))
        }
        Action::Passed { reason, .. } => format!("nothing done: {reason}"),
    };
    println!("{}  index {:>10}  {:<18}  {what}", minute(time), dollars(index), who.name());
}

/// Figures of every account.
pub(super) async fn accounts(theatre: &Theatre, title: &str, moment: &Moment) -> Result<(), Error> {
    let heads = [
        "account",
        "positions",
        "equity",
        "initial",
        "maintenance",
        "excess",
        "worst scenario",
        "delta",
        "gamma",
        "vega/pt",
        "theta/day",
    ];
    let mut table = Table::new(title, &heads);
    for who in Who::ALL {
        let book = theatre.stage.novate.book(theatre.account(who)).await?;
        let greeks = theatre.stage.novate.greeks(book.clone()).await?;
        let sum = |part: fn(&IMarginLens::Greeks) -> I256| {
            units(greeks.iter().fold(I256::ZERO, |sum, of| sum + part(of)))
        };
        let assessment = moment.of(who);
        let maintenance = unsigned_units(assessment.maintenanceRequirement);
        table.row([
            who.name().into(),
            moment.positions(who).to_string(),
            dollars(units(assessment.equity)),
            dollars(unsigned_units(assessment.initialRequirement)),
            dollars(maintenance),
            dollars(units(assessment.equity) - maintenance),
            worst(theatre, book, &assessment).await?,
            format!("{:.3}", sum(|of| of.delta)),
            format!("{:.5}", sum(|of| of.gamma)),
            format!("{:.2}", sum(|of| of.vega) / 100.0),
            format!("{:.2}", sum(|of| of.theta) / 365.0),
        ]);
    }
    println!("{table}");
    Ok(())
}

async fn worst(
    theatre: &Theatre,
    book: alloy_primitives::Bytes,
    assessment: &IMargin::Assessment,
) -> Result<String, Error> {
    if assessment.maintenanceRequirement.is_zero() {
        return Ok("-".into());
    }
    let call = IMarginLens::scenariosCall {
        margin: theatre.stage.novate.at.margin,
        book,
        underlying: assessment.worstUnderlying,
    };
    let table = theatre.stage.chain().view(theatre.stage.novate.at.lens, &call).await?;
    let number = usize::from(assessment.worstScenario);
    let (Some(shock), Some(mode)) = (table.shocks.get(number), table.modes.get(number)) else {
        return Ok("basis".into());
    };
    let moved = 100.0 * (unsigned_units(*shock) - 1.0);
    let mode = match mode {
        0 => "vol same",
        1 => "vol up",
        2 => "vol down",
        3 => "skew",
        _ => "smile",
    };
    Ok(format!("{moved:+.1}% {mode}"))
}

/// What is open, in numbers.
pub(super) fn book(moment: &Moment) {
    let (mut options, mut others) = (0, 0);
    let (mut instruments, mut expiries) = (BTreeSet::new(), BTreeSet::new());
    for id in moment.holdings() {
        match Instrument::decode(id) {
            Ok(terms) if terms.is_option() => {
                options += 1;
                instruments.insert(id);
                expiries.insert(terms.expiry_hours());
            }
            _ => others += 1,
        }
    }
    let (kinds, dates) = (instruments.len(), expiries.len());
    println!(
        "Open: {options} positions in {kinds} options on {dates} expiries, {others} in perpetual and futures\n"
    );
}

/// Where everyone's money went; what isn't explained to the cent is a violation.
pub(super) fn flows(theatre: &mut Theatre, moment: &Moment) {
    let heads = [
        "account",
        "brought",
        "trades",
        "fees",
        "market",
        "liquidation",
        "settlement",
        "equity",
        "unexplained",
    ];
    let mut table = Table::new("Where the money went (dollars)", &heads);
    let mut total = Flows::default();
    let mut equities = 0.0;
    for who in Who::ALL {
        let flows = *theatre.flows(who);
        let equity = units(moment.equity(who));
        equities += equity;
        total = total.plus(&flows);
        table.row(row(who.name(), &flows, equity));
        if (equity - flows.sum()).abs() > 0.005 {
            let text = format!("{}: {} dollars aren't explained", who.name(), equity - flows.sum());
            theatre.violations.push(Violation(text));
        }
    }
    table.row(row("all", &total, equities));
    println!("{table}");
}

fn row(name: &str, flows: &Flows, equity: f64) -> [String; 9] {
    let Flows { deposited, trading, fees, market, settlement, liquidation } = *flows;
    let parts =
        [deposited, trading, -fees, market, liquidation, settlement, equity, equity - flows.sum()]
            .map(dollars);
    let [deposited, trading, fees, market, liquidation, settlement, equity, unexplained] = parts;
    [name.into(), deposited, trading, fees, market, liquidation, settlement, equity, unexplained]
}

/// What the lender took back.
pub(super) fn redeemed(amount: U256, shares: U256) {
    println!(
        "The lender redeems {} of {}.",
        dollars(unsigned_units(amount)),
        dollars(unsigned_units(shares))
    );
}

/// What was proved.
pub(super) fn verdict(happened: &Happened, closing: &Moment, violations: &[Violation]) {
    let Happened {
        steps,
        rounds,
        updates,
        partial,
        surfaces,
        refused,
        auctions,
        bids,
        insolvent_bids,
        written_off,
        settled_expiries,
        settled_positions,
    } = happened;
    println!(
        "{rounds} rounds in {steps} steps; {auctions} auctions with {bids} bids, {insolvent_bids} of them insolvent; {written_off} debts written off;"
    );
    println!("{settled_expiries} expiries with {settled_positions} positions settled.");
    println!(
        "{updates} messages with {surfaces} surfaces, {refused} not taken; {partial} messages went a part of their way."
    );
    println!(
        "Fees {}, insurance fund {}, debts {}, pool {}, carried {}.\n",
        dollars(closing.fees()),
        dollars(closing.insurance()),
        dollars(closing.debts()),
        dollars(closing.pool()),
        dollars(closing.carried())
    );
    if violations.is_empty() {
        println!("Proved after every step:");
        println!("  positions sum to zero in every instrument;");
        println!(
            "  cash tokens held = cash of all accounts + pool + variation + fees + insurance - carried, to the unit;"
        );
        println!(
            "  debts, pool shares and what is lent out are what the accounts say, to the unit;"
        );
        println!("  collateral tokens held = collateral of all accounts, to the unit;");
        println!("  all equities + fees + insurance - carried = deposits - withdrawals;");
        println!(
            "  a trade or liquidation changes nobody's equity but its parties', to the last digit;"
        );
        println!(
            "  every trade came out as its preview said; every auction and settlement paid what its terms say;"
        );
        println!("  the accounts without positions, of saver and lender, lost nothing;");
        println!(
            "  cash, pool shares and positions of all accounts are rebuilt from events alone.\n"
        );
        return;
    }
    println!("VIOLATED ({}):", violations.len());
    for violation in violations {
        println!("  {}", violation.0);
    }
    println!();
}

/// Gas by kind of operation.
pub(super) fn gas(log: &GasLog) {
    println!("{}", log.table("Gas per operation"));
}
