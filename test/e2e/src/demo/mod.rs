//! The demonstration: a clearing house on a chain of its own, a book of options, a crash, and the proof that every cent is
//! where it belongs.

mod audit;
mod cast;
mod open;
mod options;
mod plan;
mod replay;
mod report;
mod theatre;

use novate_client::Chain;
use novate_liquidator::{Liquidator, LiquidatorConfig};

pub use options::{Options, Underlying};
pub use theatre::PlayError;

use crate::input::{InputError, format_time};
use crate::stage::{Settings, Stage, StageError, UnderlyingSettings};
use audit::{Moment, Violation};
use cast::Who;
use options::Source;
use replay::Replay;
use theatre::Theatre;

/// How long before the market begins the contracts are deployed, seconds.
const PREPARATION: u64 = 3_600;

/// How the demonstration ended early.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DemoError {
    /// A file that was named can't be used.
    #[error(transparent)]
    Input(#[from] InputError),
    /// Something on the chain failed.
    #[error(transparent)]
    Play(#[from] PlayError),
}

impl From<StageError> for DemoError {
    fn from(error: StageError) -> Self {
        Self::Play(error.into())
    }
}

impl From<novate_client::Error> for DemoError {
    fn from(error: novate_client::Error) -> Self {
        Self::Play(error.into())
    }
}

/// Plays it. `true` if everything that must hold held.
///
/// # Errors
/// [`DemoError::Input`] before anything is started; [`DemoError::Play`] if a call failed.
pub async fn run(options: &Options) -> Result<bool, DemoError> {
    let Source { market, snapshot, words } = options.source()?;
    report::line("Novate: a clearing house through a crash\n");
    for line in &words {
        report::line(line);
    }
    let (from, to) = (market.start, market.bars.span().1);
    report::line(&format!(
        "replay  {} to {}, seed {}\n",
        format_time(from),
        format_time(to),
        options.seed
    ));
    report::market(&market, options.underlying);

    let index = market.bars.covering(from).map_or(snapshot.index, |bar| bar.open);
    let settings = settings(options, &market.bars, from, index);
    let stage = Stage::new(&settings, |step| report::note(&format!("deploying {step}"))).await?;
    let mut theatre = Theatre::new(stage, options.underlying, settings.time).await?;
    let mut replay = Replay::new(market);

    theatre.move_to(from).await?;
    theatre.stage.push_price(0, index).await?;
    replay.publish(&mut theatre, index).await?;
    report::note("trading the opening book");
    let plan = plan::plan(options.underlying.number(), &snapshot, &replay.market, from, index);
    let mut plan = plan.ok_or(PlayError::TooFewStrikes)?;
    report::line(&format!("Trades (unit: {} contracts)", plan.unit));
    theatre.open(&mut plan, index).await?;
    let opening = theatre.moment().await?;
    report::line("");
    report::book(&opening);
    report::accounts(
        &theatre,
        "Accounts after the opening (dollars; Greeks in contracts)",
        &opening,
    )
    .await?;

    let mut bot = liquidator(&theatre).await?;
    report::line("Replay");
    replay.play(&mut theatre, &mut bot, options.steps).await?;
    let end = theatre.moment().await?;
    report::line("");
    report::accounts(&theatre, "Accounts at the end", &end).await?;
    report::flows(&mut theatre, &end);
    theatre.withdraw_savings().await?;
    theatre.redeem_shares().await?;
    theatre.rebuild().await?;
    let closing = theatre.moment().await?;
    let violations = theatre.verdict(&replay, &opening, &closing);
    report::gas(&theatre.stage.gas);
    Ok(violations.is_empty())
}

fn settings(options: &Options, bars: &crate::input::Bars, from: u64, index: f64) -> Settings {
    let mut settings = Settings::ether(options.seed, from - PREPARATION);
    settings.underlyings = vec![UnderlyingSettings {
        number: options.underlying.number(),
        range: options.underlying.range(),
        caps: [10_u128.pow(28), 10_u128.pow(28)],
        price: index,
    }];
    settings.collateral.underlying = options.underlying.number();
    // A bar may be longer than an hour.
    let two_bars = u32::try_from(2 * bars.interval).unwrap_or(u32::MAX);
    settings.heartbeat = settings.heartbeat.max(two_bars);
    settings
}

/// The bot, on a connection of its own: it knows the node's address, a key and the contracts, nothing else.
async fn liquidator(theatre: &Theatre) -> Result<Liquidator, DemoError> {
    let novate = &theatre.stage.novate;
    let chain = Chain::connect(theatre.stage.url()).await?;
    let config =
        LiquidatorConfig { wallet: theatre.wallet(Who::Liquidator), at: novate.at, first_block: 0 };
    Ok(Liquidator::new(chain, config))
}

impl Theatre {
    /// The saver takes everything out: with no positions it needs no price.
    async fn withdraw_savings(&mut self) -> Result<(), DemoError> {
        let saver = self.wallet(Who::Saver);
        let (account, usdc) = (saver.account(), self.stage.usdc);
        let cash = self.stage.novate.cash(account).await?;
        let scale = alloy_primitives::U256::from(10_u64.pow(12));
        let tokens = cash.unsigned_abs() / scale;
        let receipt =
            self.stage.novate.withdraw(&saver, account, usdc, tokens, saver.address()).await?;
        self.stage.gas.note("withdraw", receipt.gas_used);
        self.deposited -= tokens * scale;
        let call = crate::stage::IMockToken::balanceOfCall { account: saver.address() };
        let received = self.stage.chain().view(usdc, &call).await?;
        if received != tokens {
            self.violations
                .push(Violation(format!("the saver withdrew {tokens} and has {received}")));
        }
        Ok(())
    }

    /// The lender takes back what isn't lent out.
    async fn redeem_shares(&mut self) -> Result<(), DemoError> {
        let lender = self.wallet(Who::Lender);
        let account = lender.account();
        let novate = &self.stage.novate;
        let (shares, ledger) = (novate.pool_shares(account).await?, novate.ledger().await?);
        let lent = ledger.lentOut.max(alloy_primitives::I256::ZERO).unsigned_abs();
        let limit = alloy_primitives::U256::from(novate.lending().await?.limit);
        // Lent out stays within its limit of what remains.
        let million = alloy_primitives::U256::from(1_000_000);
        let least = (lent * million).div_ceil(limit.max(alloy_primitives::U256::from(1)));
        let amount = shares.min(ledger.pool.saturating_sub(least));
        if !amount.is_zero() {
            let receipt = novate.redeem(&lender, account, amount).await?;
            self.stage.gas.note("redeem", receipt.gas_used);
        }
        report::redeemed(amount, shares);
        Ok(())
    }

    /// Rebuilds every account's cash, shares and positions from events alone, and compares.
    async fn rebuild(&mut self) -> Result<(), DemoError> {
        let violations = audit::rebuilt(&self.stage, &self.accounts).await?;
        self.violations.extend(violations);
        Ok(())
    }

    /// Prints what was proved, or what was violated.
    fn verdict(&mut self, replay: &Replay, opening: &Moment, closing: &Moment) -> Vec<Violation> {
        self.violations.extend(closing.conservation(self.deposited));
        let saver = opening.equity(Who::Saver);
        let withdrawn = crate::units::wad(50_000.0);
        if alloy_primitives::I256::try_from(withdrawn).is_ok_and(|all| all != saver) {
            self.violations.push(Violation("the saver's equity isn't what was deposited".into()));
        }
        if !closing.equity(Who::Saver).is_zero() {
            self.violations.push(Violation(
                "the saver's account isn't empty after withdrawing all that was deposited".into(),
            ));
        }
        if closing.equity(Who::Lender) != opening.equity(Who::Lender) {
            self.violations.push(Violation("the lender's equity isn't what was lent".into()));
        }
        report::verdict(&replay.happened, closing, &self.violations);
        self.violations.clone()
    }
}
