//! The opening: capital by the requirement of the book to come, then the trades, each checked against its preview.

use alloy_primitives::{Bytes, I256, U256};
use novate_abi::book::{Book, Collateral};
use novate_abi::{IClearing, IExchange, IMargin, IMarginLens};
use novate_client::{Error, Wallet};

use super::audit::{Violation, ledger_amount};
use super::cast::Who;
use super::plan::{Deal, Plan, hedge};
use super::report;
use super::theatre::{PlayError, Theatre};
use crate::units;

/// Cash of the account that only saves, and the least that anyone brings, whole dollars.
const SAVINGS: u64 = 50_000;
const LEAST: u64 = 500;

/// Cash on the way to the final book, as a multiple of the initial requirement: fees are paid from what is over.
const ON_THE_WAY: f64 = 1.05;

/// Initial margin of a debt.
const DEBT_MARGIN: f64 = 0.02;

/// What an account needs.
#[derive(Debug, Clone, Copy, Default)]
struct Needs {
    /// Initial requirement of the final book, without that of a debt.
    required: f64,
    /// Cash that gives his multiple of it in the end, and carries every step on the way there.
    cash: f64,
    /// The most that he borrows with that.
    debt: f64,
}

/// What a trade costs in cash: perpetuals and futures nothing.
fn premium(trade: &IMarginLens::Trade) -> f64 {
    if novate_abi::book::is_delta_one(trade.instrument) {
        return 0.0;
    }
    let price = units::unsigned_units(U256::from(trade.price));
    let millionths = units::unsigned_units(U256::from(trade.quantity.unsigned_abs()) * MILLIONTH);
    price * millionths * if trade.quantity < 0 { -1.0 } else { 1.0 }
}

/// A millionth, 18 decimals.
const MILLIONTH: U256 = U256::from_limbs([1_000_000_000_000, 0, 0, 0]);

impl Theatre {
    /// Brings capital, trades the plan and the makers' hedges.
    pub(super) async fn open(&mut self, plan: &mut Plan, index: f64) -> Result<(), PlayError> {
        self.hedge_makers(plan, index).await?;
        self.fund(plan).await?;
        self.last = Some(self.moment().await?);
        for (number, deal) in plan.deals.iter().enumerate() {
            self.trade(number, deal).await?;
        }
        Ok(())
    }

    /// Appends perpetuals that bring both makers' delta to nothing: margin tells the Greeks of books that don't exist yet.
    async fn hedge_makers(&self, plan: &mut Plan, index: f64) -> Result<(), PlayError> {
        for maker in [Who::North, Who::South] {
            let book = hypothetical(&plan.trades(maker, plan.deals.len()));
            let greeks = self.stage.novate.greeks(book).await?;
            let delta = units::units(greeks.iter().fold(I256::ZERO, |sum, part| sum + part.delta));
            let contracts = (-delta * 1_000.0).round() / 1_000.0;
            if contracts != 0.0 {
                plan.deals.extend(hedge(self.underlying.number(), maker, contracts, index));
            }
        }
        Ok(())
    }

    /// Deposits, per account, its multiple of the initial requirement of the book that it will have.
    async fn fund(&mut self, plan: &Plan) -> Result<(), PlayError> {
        let (mut requirements, mut debts) = (0.0, 0.0);
        for who in Who::ALL {
            let wallet = self.wallet(who);
            let mut book = Book::default();
            if who == Who::CallWriter {
                let amount = units::price(plan.collateral);
                self.stage.deposit(&wallet, self.stage.weth, U256::from(amount)).await?;
                book.collateral.push(Collateral { number: 1, amount });
            }
            let cash = match who {
                Who::Saver => f64::from(u32::try_from(SAVINGS).unwrap_or(u32::MAX)),
                // Twice what is borrowed at the start.
                Who::Lender => f64::from(u32::try_from(SAVINGS).unwrap_or(u32::MAX)) + 2.0 * debts,
                Who::Liquidator => 1.5 * requirements,
                _ => {
                    let needs = self.needs(plan, who, &book).await?;
                    requirements += needs.required;
                    debts += needs.debt;
                    needs.cash
                }
            };
            let least = f64::from(u32::try_from(LEAST).unwrap_or(u32::MAX));
            let tokens =
                U256::from(units::price(cash.max(least).ceil())) / U256::from(10_u64.pow(12));
            self.stage.deposit(&wallet, self.stage.usdc, tokens).await?;
            self.deposited += ledger_amount(tokens);
            self.flows(who).deposited = units::unsigned_units(ledger_amount(tokens));
            if who == Who::Lender {
                let shares = ledger_amount(tokens);
                let receipt = self.stage.novate.lend(&wallet, wallet.account(), shares).await?;
                self.stage.gas.note("lend", receipt.gas_used);
            }
        }
        // Collateral counts as brought: its later changes of price are the market's.
        let moment = self.moment().await?;
        for who in Who::ALL {
            self.flows(who).deposited = units::units(moment.equity(who));
        }
        let insurance =
            U256::from(units::price((requirements * 0.15).ceil())) / U256::from(10_u64.pow(12));
        self.fund_insurance(insurance).await?;
        Ok(())
    }

    /// What `who` needs for the book that he will have, and for every step on the way there.
    async fn needs(&self, plan: &Plan, who: Who, book: &Book) -> Result<Needs, PlayError> {
        let mut needs = Needs::default();
        let mut spent = 0.0_f64;
        for deals in 1..=plan.deals.len() {
            let trades = plan.trades(who, deals);
            let premium: f64 = trades.iter().map(premium).sum();
            spent = spent.max(premium);
            let preview = self.stage.novate.preview(book.pack().into(), trades).await?;
            let multiple = if deals == plan.deals.len() { who.capital() } else { ON_THE_WAY };
            needs.required = units::unsigned_units(preview.initialRequirement);
            let cash = needs.required * multiple - units::units(preview.equity);
            // What premiums take beyond it is borrowed, and a debt carries margin too.
            let debt = (premium - cash).max(0.0) / (1.0 + DEBT_MARGIN * multiple);
            needs.cash = needs.cash.max(cash + DEBT_MARGIN * multiple * debt);
        }
        needs.debt = (spent - needs.cash).max(0.0);
        Ok(needs)
    }

    async fn fund_insurance(&mut self, tokens: U256) -> Result<(), PlayError> {
        let keeper = self.stage.keeper.clone();
        let (usdc, clearing) = (self.stage.usdc, self.stage.novate.at.clearing);
        self.stage.mint(usdc, keeper.address(), tokens).await?;
        let approve = crate::stage::IMockToken::approveCall { spender: clearing, amount: tokens };
        self.stage.chain().send(&keeper, usdc, &approve).await?;
        self.stage
            .send(
                "fund insurance",
                &keeper,
                clearing,
                &IClearing::fundInsuranceCall { amount: tokens },
            )
            .await?;
        self.deposited += ledger_amount(tokens);
        Ok(())
    }

    /// Signs by both sides, relays, and compares the outcome with the preview.
    async fn trade(&mut self, number: usize, deal: &Deal) -> Result<(), PlayError> {
        let (buyer, seller) = (self.wallet(deal.buyer), self.wallet(deal.seller));
        let trade = IExchange::Trade {
            buyer: buyer.account(),
            seller: seller.account(),
            buyerIsMaker: matches!(deal.buyer, Who::North | Who::South | Who::Basis),
            legs: deal.legs.iter().map(|leg| leg.to_exchange()).collect(),
            deadline: self.now + 3_600,
            salt: U256::from(number),
        };
        let previews =
            [self.preview(&buyer, deal, 1).await?, self.preview(&seller, deal, -1).await?];
        let novate = &self.stage.novate;
        let (by_buyer, by_seller) =
            (novate.sign_trade(&buyer, &trade)?, novate.sign_trade(&seller, &trade)?);
        let receipt = novate.trade(&self.stage.keeper, &trade, by_buyer, by_seller).await.map_err(
            |error| PlayError::Refused {
                what: format!(
                    "{} between {} and {}",
                    deal.what,
                    deal.buyer.name(),
                    deal.seller.name()
                ),
                error,
            },
        )?;
        self.stage.gas.note(format!("trade, {} leg(s)", trade.legs.len()), receipt.gas_used);
        let mut fees = [I256::ZERO; 2];
        for fill in receipt.events::<IClearing::Filled>() {
            // A leg of negative quantity turns buyer and seller round.
            let (to_buyer, to_seller) = if fill.buyer == trade.buyer {
                (fill.buyerFee, fill.sellerFee)
            } else {
                (fill.sellerFee, fill.buyerFee)
            };
            fees = [fees[0] + to_buyer, fees[1] + to_seller];
        }
        let before = self.last.take().unwrap_or(self.moment().await?);
        let after = self.moment().await?;
        self.violations.extend(after.only_changed(&before, &[deal.buyer, deal.seller], &deal.what));
        self.violations.extend(after.printed(&before, &deal.what));
        for ((who, preview), fee) in [deal.buyer, deal.seller].into_iter().zip(previews).zip(fees) {
            let charged = units::units(fee);
            let change = units::units(after.equity(who) - before.equity(who));
            let flows = self.flows(who);
            flows.fees += charged;
            flows.trading += change + charged;
            self.violations.extend(same_as_preview(&preview, &after.of(who), fee, who, &deal.what));
        }
        report::traded(deal, receipt.gas_used);
        self.last = Some(after);
        Ok(())
    }

    async fn preview(
        &self,
        wallet: &Wallet,
        deal: &Deal,
        side: i64,
    ) -> Result<IMarginLens::previewReturn, Error> {
        let book = self.stage.novate.book(wallet.account()).await?;
        let trades = deal.legs.iter().map(|leg| leg.to_margin(side)).collect();
        self.stage.novate.preview(book, trades).await
    }
}

/// The view says what the transaction then does, to the last digit; margin doesn't know the fees, which are cash.
fn same_as_preview(
    preview: &IMarginLens::previewReturn,
    outcome: &IMargin::Assessment,
    fee: I256,
    who: Who,
    what: &str,
) -> Option<Violation> {
    let is_same = preview.equity - fee == outcome.equity
        && preview.initialRequirement == outcome.initialRequirement
        && preview.maintenanceRequirement == outcome.maintenanceRequirement
        && preview.worstUnderlying == outcome.worstUnderlying
        && preview.worstScenario == outcome.worstScenario
        && preview.validity == outcome.validity;
    (!is_same).then(|| {
        Violation(format!(
            "{what}: the preview for {} (less fees of {fee}) was {preview:?}, the outcome {outcome:?}",
            who.name()
        ))
    })
}

/// The packed book of someone who has done nothing but `trades`, with no cash.
fn hypothetical(trades: &[IMarginLens::Trade]) -> Bytes {
    let mut book = Book::default();
    for trade in trades {
        match book.positions.iter_mut().find(|held| held.instrument == trade.instrument) {
            Some(held) => held.quantity += trade.quantity,
            None => book.positions.push(novate_abi::book::Position {
                instrument: trade.instrument,
                quantity: trade.quantity,
                reference_price: if novate_abi::book::is_delta_one(trade.instrument) {
                    trade.price
                } else {
                    0
                },
                funding_reference: 0,
            }),
        }
    }
    book.positions.retain(|held| held.quantity != 0);
    book.positions.sort_by_key(|held| held.instrument);
    book.pack().into()
}
