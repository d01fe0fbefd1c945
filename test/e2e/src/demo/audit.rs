//! What must hold whatever happens, and where every account's money went.

use std::collections::BTreeMap;

use alloy_primitives::{B256, I256, U256};
use novate_abi::{IClearing, IMargin};
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
    shares: Vec<U256>,
    collateral: Vec<U256>,
    quantities: Vec<BTreeMap<u64, i64>>,
    /// Tokens held, 18 decimals: cash and collateral.
    held: (U256, U256),
    ledger: IClearing::Ledger,
    /// Index price of the underlying, 18 decimals.
    pub(super) index: U256,
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
        let (mut cash, mut shares) = (vec![], vec![]);
        let (mut collateral, mut quantities) = (vec![], vec![]);
        for account in accounts {
            books.push(novate.book(*account).await?);
            cash.push(novate.cash(*account).await?);
            shares.push(novate.pool_shares(*account).await?);
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
            shares,
            collateral,
            quantities,
            held: (usdc * U256::from(CASH_SCALE), weth),
            ledger,
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

    /// What all debts are, dollars.
    pub(super) fn debts(&self) -> f64 {
        units::unsigned_units(self.ledger.debts)
    }

    /// Value of the pool, dollars.
    pub(super) fn pool(&self) -> f64 {
        units::unsigned_units(self.ledger.pool)
    }

    /// Losses that nobody has borne yet, dollars.
    pub(super) fn carried(&self) -> f64 {
        units::unsigned_units(self.ledger.carried)
    }

    /// Equity of all accounts less their collateral, with fees and insurance and less what is carried: what deposits of cash have
    /// brought.
    pub(super) fn total(&self) -> I256 {
        let funds = signed(self.ledger.fees) + signed(self.ledger.insurance);
        let mut total = funds - signed(self.ledger.carried);
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
        let IClearing::Ledger { variation, fees, insurance, pool, carried, .. } = self.ledger;
        check(
            cash == self.ledger.cash,
            format!("cash of all accounts {cash}, the ledger says {}", self.ledger.cash),
        );
        let debts = self
            .cash
            .iter()
            .filter(|cash| cash.is_negative())
            .fold(U256::ZERO, |sum, cash| sum + cash.unsigned_abs());
        check(
            debts == self.ledger.debts,
            format!("debts of all accounts {debts}, the ledger says {}", self.ledger.debts),
        );
        let shares = self.shares.iter().fold(U256::ZERO, |sum, shares| sum + *shares);
        check(shares == pool, format!("pool shares of all accounts {shares}, the pool is {pool}"));
        let lent = signed(debts) - variation + signed(carried);
        check(
            lent == self.ledger.lentOut,
            format!("lent out {lent}, the ledger says {}", self.ledger.lentOut),
        );
        let owed =
            cash + signed(pool) + variation + signed(fees) + signed(insurance) - signed(carried);
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
            format!(
                "equities, fees and insurance less what is carried sum to {difference} more than was deposited"
            ),
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

/// State is rebuilt from logs alone: each account's cash, pool shares and positions as events tell them, compared with what the
/// contracts say.
pub(super) async fn rebuilt(stage: &Stage, accounts: &[B256]) -> Result<Vec<Violation>, Error> {
    let (chain, clearing) = (stage.chain(), stage.novate.at.clearing);
    let mut violations = Vec::new();
    let mut cash: BTreeMap<B256, I256> = BTreeMap::new();
    for event in chain.events::<IClearing::CashChanged>(clearing, 0).await? {
        let held = cash.entry(event.account).or_default();
        *held += event.change;
        if *held != event.cash {
            let account = event.account;
            violations
                .push(Violation(format!("cash of {account} as told: {held}, {}", event.cash)));
            *held = event.cash;
        }
    }
    let mut shares: BTreeMap<B256, U256> = BTreeMap::new();
    for event in chain.events::<IClearing::PoolSharesChanged>(clearing, 0).await? {
        shares.insert(event.account, event.shares);
    }
    let mut lines: BTreeMap<(B256, u64), (i64, u128, i128)> = BTreeMap::new();
    for event in chain.events::<IClearing::PositionChanged>(clearing, 0).await? {
        let place = (event.account, event.instrument);
        if event.quantity == 0 {
            lines.remove(&place);
        } else {
            lines.insert(place, (event.quantity, event.referencePrice, event.fundingReference));
        }
    }
    let mut check = |holds: bool, account: &B256, what: &str| {
        if !holds {
            violations.push(Violation(format!("{what} of {account} can't be rebuilt from events")));
        }
    };
    for account in accounts {
        let told = cash.get(account).copied().unwrap_or_default();
        check(told == stage.novate.cash(*account).await?, account, "cash");
        let told = shares.get(account).copied().unwrap_or_default();
        check(told == stage.novate.pool_shares(*account).await?, account, "pool shares");
        for held in stage.novate.positions(*account).await? {
            let line = (held.quantity, held.referencePrice, held.fundingReference);
            let told = lines.remove(&(*account, held.instrument));
            check(told == Some(line), account, "a position");
        }
    }
    for (account, _) in lines.keys() {
        check(false, account, "a position that isn't there");
    }
    Ok(violations)
}
