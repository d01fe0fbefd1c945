//! What must hold whatever happens, and where every account's money went.

use std::collections::BTreeMap;

use alloy_primitives::{B256, I256, U256};
use novate_abi::IMargin;
use novate_client::{Error, Wallet};

use super::cast::Who;
use crate::stage::{IMockToken, Stage};
use crate::units;

/// Cash tokens have 6 decimals, the ledger 18.
const CASH_SCALE: u64 = 1_000_000_000_000;

/// Rounding that the sum of all equities may show, in units of 1e-18 dollars: each mark is rounded once per position
/// and assessment, and equal positions on both sides are rounded apart.
const DUST: i64 = 1_000_000_000;

/// The figures of all accounts at one moment.
#[derive(Debug, Clone)]
pub(super) struct Moment {
    pub(super) assessments: Vec<IMargin::Assessment>,
    cash: Vec<I256>,
    collateral: Vec<U256>,
    quantities: Vec<BTreeMap<u64, i64>>,
    /// Tokens held, 18 decimals: cash and collateral.
    held: (U256, U256),
    ledger: Ledger,
    /// Index price of the underlying, 18 decimals.
    pub(super) index: U256,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Ledger {
    total_cash: I256,
    variation: I256,
    fees: U256,
    insurance: U256,
}

/// Something that must hold didn't.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Violation(pub(super) String);

impl Moment {
    /// Reads everything: one assessment of all books, from one snapshot of the market.
    pub(super) async fn read(
        stage: &Stage,
        underlying: u8,
        accounts: &[B256],
    ) -> Result<Self, Error> {
        let novate = &stage.novate;
        let mut books = Vec::new();
        let (mut cash, mut collateral, mut quantities) = (vec![], vec![], vec![]);
        for account in accounts {
            books.push(novate.book(*account).await?);
            cash.push(novate.cash(*account).await?);
            let balances = novate.collateral(*account).await?;
            collateral.push(balances.iter().map(|balance| U256::from(balance.amount)).sum());
            let positions = novate.positions(*account).await?;
            quantities
                .push(positions.iter().map(|held| (held.instrument, held.quantity)).collect());
        }
        let assessments = novate.assess(books).await?;
        let clearing = novate.at.clearing;
        let balance = IMockToken::balanceOfCall { account: clearing };
        let usdc = stage.chain().view(stage.usdc, &balance).await?;
        let weth = stage.chain().view(stage.weth, &balance).await?;
        let ledger = novate.ledger().await?;
        let index = stage
            .chain()
            .view(novate.at.oracle, &novate_abi::IOracle::indexPriceCall { underlying })
            .await?;
        Ok(Self {
            assessments,
            cash,
            collateral,
            quantities,
            held: (usdc * U256::from(CASH_SCALE), weth),
            ledger: Ledger {
                total_cash: ledger.totalCash,
                variation: ledger.variation,
                fees: ledger.fees,
                insurance: ledger.insurance,
            },
            index: index.price,
        })
    }

    /// Figures of `who`.
    pub(super) fn of(&self, who: Who) -> IMargin::Assessment {
        self.assessments.get(who.index()).cloned().unwrap_or_default()
    }

    /// Equity of `who`.
    pub(super) fn equity(&self, who: Who) -> I256 {
        self.of(who).equity
    }

    /// Number of positions of `who`.
    pub(super) fn positions(&self, who: Who) -> usize {
        self.quantities.get(who.index()).map_or(0, BTreeMap::len)
    }

    /// Instruments of all positions of all accounts.
    pub(super) fn holdings(&self) -> impl Iterator<Item = u64> + '_ {
        self.quantities.iter().flat_map(|held| held.keys().copied())
    }

    /// Insurance fund, dollars.
    pub(super) fn insurance(&self) -> f64 {
        units::unsigned_units(self.ledger.insurance)
    }

    /// Fees collected, dollars.
    pub(super) fn fees(&self) -> f64 {
        units::unsigned_units(self.ledger.fees)
    }

    /// Equity of all accounts less their collateral, with fees and insurance: what deposits of cash have brought.
    pub(super) fn total(&self) -> I256 {
        let mut total = signed(self.ledger.fees) + signed(self.ledger.insurance);
        for (assessment, collateral) in self.assessments.iter().zip(&self.collateral) {
            let wad = U256::from(10_u64.pow(18));
            total += assessment.equity - signed(*collateral * self.index / wad);
        }
        total
    }

    /// Conservation: quantities, cash and tokens balance, to the unit; equities up to rounding of marks.
    pub(super) fn conservation(&self, deposited: U256) -> Vec<Violation> {
        let mut violations = Vec::new();
        let mut check = |holds: bool, text: String| {
            if !holds {
                violations.push(Violation(text));
            }
        };
        let mut sums: BTreeMap<u64, i128> = BTreeMap::new();
        for (instrument, quantity) in self.quantities.iter().flatten() {
            *sums.entry(*instrument).or_default() += i128::from(*quantity);
        }
        for (instrument, sum) in sums {
            check(sum == 0, format!("positions in instrument {instrument:#x} sum to {sum}"));
        }
        let cash = self.cash.iter().fold(I256::ZERO, |sum, cash| sum + *cash);
        check(
            cash == self.ledger.total_cash,
            format!("cash of all accounts {cash}, the ledger says {}", self.ledger.total_cash),
        );
        let owed = self.ledger.total_cash
            + self.ledger.variation
            + signed(self.ledger.fees)
            + signed(self.ledger.insurance);
        check(
            owed == signed(self.held.0),
            format!("cash tokens held {}, the ledger owes {owed}", self.held.0),
        );
        let collateral = self.collateral.iter().fold(U256::ZERO, |sum, amount| sum + *amount);
        check(
            collateral == self.held.1,
            format!("collateral tokens held {}, owed {collateral}", self.held.1),
        );
        let difference = self.total() - signed(deposited);
        check(
            difference.abs() <= I256::try_from(DUST).unwrap_or_default(),
            format!("equities, fees and insurance sum to {difference} more than was deposited"),
        );
        violations
    }

    /// Nobody but `parties` changed, to the last digit, between `before` and this moment of the same second.
    pub(super) fn only_changed(
        &self,
        before: &Self,
        parties: &[Who],
        what: &str,
    ) -> Vec<Violation> {
        let others = Who::ALL.into_iter().filter(|who| !parties.contains(who));
        others
            .filter(|who| self.equity(*who) != before.equity(*who))
            .map(|who| {
                let change = self.equity(who) - before.equity(who);
                Violation(format!(
                    "{what}: equity of {}, who wasn't part, changed by {change}",
                    who.name()
                ))
            })
            .collect()
    }

    /// The greatest difference of the sum of equities (with fees and insurance) to that at `before`.
    pub(super) fn printed(&self, before: &Self, what: &str) -> Vec<Violation> {
        let change = self.total() - before.total();
        if change.abs() <= I256::try_from(DUST).unwrap_or_default() {
            return Vec::new();
        }
        vec![Violation(format!(
            "{what}: all equities, fees and insurance together changed by {change}"
        ))]
    }
}

/// Where the money of one account went, dollars.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Flows {
    pub(super) deposited: f64,
    pub(super) trading: f64,
    pub(super) fees: f64,
    pub(super) market: f64,
    pub(super) settlement: f64,
    pub(super) liquidation: f64,
}

impl Flows {
    /// Both together.
    pub(super) fn plus(&self, other: &Self) -> Self {
        Self {
            deposited: self.deposited + other.deposited,
            trading: self.trading + other.trading,
            fees: self.fees + other.fees,
            market: self.market + other.market,
            settlement: self.settlement + other.settlement,
            liquidation: self.liquidation + other.liquidation,
        }
    }

    /// What the account must have in the end.
    pub(super) fn sum(&self) -> f64 {
        self.deposited + self.trading - self.fees + self.market + self.settlement + self.liquidation
    }
}

/// Token units of cash as the ledger counts them.
pub(super) fn ledger_amount(tokens: U256) -> U256 {
    tokens * U256::from(CASH_SCALE)
}

/// As a signed number; amounts of tokens fit.
pub(super) fn signed(value: U256) -> I256 {
    I256::try_from(value).unwrap_or(I256::MAX)
}

/// Who a wallet list belongs to.
pub(super) fn accounts(wallets: &[Wallet]) -> Vec<B256> {
    wallets.iter().map(Wallet::account).collect()
}
