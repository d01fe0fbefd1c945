//! A scene for tests on the built WASM: the stage with ether at 2,500 dollars, three expiries with flat surfaces, and
//! traders with cash. Runs on the devnode, or on the development node that `NOVATE_RPC_URL` names (then with
//! `--test-threads=1`: tests move the chain's time).

#![allow(
    dead_code,
    unreachable_pub,
    clippy::float_arithmetic,
    clippy::format_push_string,
    clippy::panic,
    reason = "each test file uses a part"
)]

use alloy_primitives::{Address, B256, Bytes, I256, U256};
use novate_abi::{IExchange, IMargin, IOracle};
use novate_client::{ContractError, Error, Receipt, Wallet};
use novate_e2e::message::{CERTAIN, expiry_update};
use novate_e2e::model::Svi;
use novate_e2e::stage::{Settings, Stage};
use novate_e2e::units;
use novate_risk::{Instrument, Strike};

/// Underlying 1.
pub const ETHER: u8 = 1;

/// 18 decimals.
pub const ONE: u64 = 1_000_000_000_000_000_000;

/// The devnode's time at the start: 2026-01-05 00:00 UTC. Another node has its own.
const START: u64 = 1_767_571_200;

/// Everything at its place.
pub struct Scene {
    pub stage: Stage,
    /// Time of the last block.
    pub now: u64,
    /// Expiries with a surface, ascending: in one, seven and thirty days.
    pub expiries: [u64; 3],
    pub index: f64,
    /// Of the last message.
    model_time: u64,
    salt: u64,
}

impl Scene {
    /// Ether at 2,500, volatility 60%.
    pub async fn new(seed: u64) -> Self {
        let stage =
            Stage::new(&Settings::ether(seed, START), |_| {}).await.expect("the stage is set");
        let now = stage.chain().timestamp().await.expect("a time");
        let midnight = now - now % 3_600 + 3_600;
        let expiries = [1, 7, 30].map(|days| midnight + days * 86_400);
        let mut scene = Self { stage, now, expiries, index: 2_500.0, model_time: 0, salt: 0 };
        scene.market(2_500.0, 0.6).await;
        scene
    }

    /// A trader with that much cash, dollars.
    pub async fn trader(&mut self, name: &str, dollars: u64) -> Wallet {
        let wallet = self.stage.wallet(name).await.expect("a wallet");
        if dollars > 0 {
            let usdc = self.stage.usdc;
            self.stage
                .deposit(&wallet, usdc, U256::from(dollars) * U256::from(1_000_000))
                .await
                .expect("a deposit");
        }
        wallet
    }

    /// Moves time; the next transaction is at `time`.
    pub async fn warp(&mut self, time: u64) {
        self.stage.chain().mine_at(time).await.expect("a block");
        self.now = time;
    }

    /// A new round, and a message of all publishers: flat surfaces for the expiries to come, and the perpetual's mark at the index. A
    /// second later, if this second has its message already.
    pub async fn market(&mut self, index: f64, volatility: f64) {
        self.index = index;
        if self.now <= self.model_time {
            self.warp(self.model_time + 1).await;
        }
        self.stage.push_price(0, index).await.expect("a round");
        let surfaces = self
            .expiries
            .into_iter()
            .filter(|expiry| *expiry > self.now)
            .map(|expiry| self.surface(expiry, index, volatility));
        let update = self.message(surfaces.collect());
        self.post(&update).await.expect("an update");
    }

    /// A flat surface as of now.
    pub fn surface(&self, expiry: u64, forward: f64, volatility: f64) -> IOracle::ExpiryUpdate {
        let tau =
            f64::from(u32::try_from(expiry - self.now).expect("years at most")) / 31_536_000.0;
        let a = volatility * volatility * tau;
        let flat = Svi { a, b: 0.0, rho: 0.0, m: 0.0, sigma: 0.1, tau };
        expiry_update(expiry, forward, 0.0, &flat)
    }

    /// The market of ether as of now, its perpetual at the index.
    pub fn message(&self, expiries: Vec<IOracle::ExpiryUpdate>) -> IOracle::MarketUpdate {
        IOracle::MarketUpdate {
            underlying: ETHER,
            modelTime: self.now,
            indexReference: units::price(self.index),
            perpetualMark: units::price(self.index),
            perpetualConfidence: CERTAIN,
            expiries,
        }
    }

    /// Posts a message signed by all publishers: it may move as far as it likes.
    pub async fn post(&mut self, update: &IOracle::MarketUpdate) -> Result<Receipt, Error> {
        let publishers = &self.stage.publishers;
        let receipt = self.stage.novate.update(&self.stage.keeper, publishers, update).await?;
        self.model_time = self.model_time.max(update.modelTime);
        Ok(receipt)
    }

    /// A trade as it is signed.
    pub fn agreement(
        &mut self,
        buyer: &Wallet,
        seller: &Wallet,
        legs: &[(u64, f64, f64)],
    ) -> IExchange::Trade {
        self.salt += 1;
        let legs = legs.iter().map(|(instrument, contracts, price)| IExchange::Leg {
            instrument: *instrument,
            quantity: units::quantity(*contracts),
            price: units::price(*price),
        });
        IExchange::Trade {
            buyer: buyer.account(),
            seller: seller.account(),
            buyerIsMaker: true,
            legs: legs.collect(),
            deadline: self.now + 3_600,
            salt: U256::from(self.salt),
        }
    }

    /// `legs` are (instrument, contracts that the buyer buys, price).
    pub async fn trade(
        &mut self,
        buyer: &Wallet,
        seller: &Wallet,
        legs: &[(u64, f64, f64)],
    ) -> Result<Receipt, Error> {
        let trade = self.agreement(buyer, seller, legs);
        let novate = &self.stage.novate;
        let (by_buyer, by_seller) =
            (novate.sign_trade(buyer, &trade)?, novate.sign_trade(seller, &trade)?);
        novate.trade(&self.stage.keeper, &trade, by_buyer, by_seller).await
    }

    /// Figures of an account's book as stored, without the margin of its debt. Clearing tells those that a touch leaves: less what
    /// settling rounds, and with what a debt requires then.
    pub async fn figures(&self, account: B256) -> IMargin::Assessment {
        let novate = &self.stage.novate;
        let book = novate.book(account).await.expect("a book");
        let figures = novate.assess(vec![book]).await.expect("figures").remove(0);
        if !novate.cash(account).await.expect("cash").is_negative() {
            let told = novate.figures(account).await.expect("figures");
            let rounded = figures.equity - told.equity;
            assert!(
                (I256::ZERO..I256::try_from(16).expect("fits")).contains(&rounded),
                "{rounded}"
            );
            assert!(told.initialRequirement >= figures.initialRequirement, "margin and clearing");
            assert!(told.closeRequirement >= figures.closeRequirement, "margin and clearing");
        }
        figures
    }

    /// Close excess of an account now: below 0 it is short.
    pub async fn excess(&self, account: B256) -> I256 {
        let figures = self.stage.novate.figures(account).await.expect("figures");
        figures.closeEquity - I256::try_from(figures.closeRequirement).expect("fits")
    }

    /// Lends that many dollars to the pool.
    pub async fn lender(&mut self, dollars: u64) -> Wallet {
        let wallet = self.trader("lender", dollars).await;
        let amount = U256::from(dollars) * U256::from(ONE);
        self.stage.novate.lend(&wallet, wallet.account(), amount).await.expect("lent");
        wallet
    }

    /// Tokens of `holder`, in the token's decimals.
    pub async fn tokens(&self, token: Address, holder: Address) -> U256 {
        let call = novate_e2e::stage::IMockToken::balanceOfCall { account: holder };
        self.stage.chain().view(token, &call).await.expect("a balance")
    }

    /// Cash tokens held = cash + pool + variation + fees + insurance - carried, to the unit.
    pub async fn assert_balanced(&self) {
        let ledger = self.stage.novate.ledger().await.expect("a ledger");
        let held = self.tokens(self.stage.usdc, self.stage.novate.at.clearing).await
            * U256::from(10_u64.pow(12));
        let signed = |amount: U256| I256::try_from(amount).expect("fits");
        let owed = ledger.cash
            + signed(ledger.pool)
            + ledger.variation
            + signed(ledger.fees)
            + signed(ledger.insurance)
            - signed(ledger.carried);
        let lent = signed(ledger.debts) - ledger.variation + signed(ledger.carried);
        assert_eq!(ledger.lentOut, lent, "what is lent out");
        assert_eq!(I256::try_from(held).expect("fits"), owed, "tokens held and owed");
    }

    /// Everything that a failed call may not change: ledger, tokens, and the accounts given.
    pub async fn state(&self, accounts: &[B256]) -> String {
        let novate = &self.stage.novate;
        let ledger = novate.ledger().await.expect("a ledger");
        let mut state = format!("{ledger:?}");
        for account in accounts {
            let book = novate.book(*account).await.expect("a book");
            let nonce = novate.nonce(*account).await.expect("a nonce");
            state += &format!(" {account} {nonce} {book}");
        }
        for contract in self.contracts() {
            let ether = self.stage.chain().balance(contract).await.expect("a balance");
            state +=
                &format!(" {contract} {ether} {}", self.tokens(self.stage.usdc, contract).await);
        }
        state
    }

    /// The contracts.
    pub const fn contracts(&self) -> [Address; 7] {
        let at = self.stage.novate.at;
        [at.oracle, at.margin, at.clearing, at.liquidation, at.exchange, at.parameters, at.lens]
    }
}

/// The call of that strike, whole dollars.
pub fn call(expiry: u64, strike: u64) -> u64 {
    Instrument::call(ETHER, hours(expiry), Strike::whole(strike).expect("a strike"))
        .expect("an instrument")
        .id()
}

/// The put of that strike, whole dollars.
pub fn put(expiry: u64, strike: u64) -> u64 {
    Instrument::put(ETHER, hours(expiry), Strike::whole(strike).expect("a strike"))
        .expect("an instrument")
        .id()
}

/// The future.
pub fn future(expiry: u64) -> u64 {
    Instrument::future(ETHER, hours(expiry)).expect("an instrument").id()
}

/// The perpetual.
pub const fn perpetual() -> u64 {
    Instrument::perpetual(ETHER).expect("an instrument").id()
}

fn hours(expiry: u64) -> u32 {
    u32::try_from(expiry / 3_600).expect("fits")
}

/// The contract's reason for a refusal.
pub fn reason<T: core::fmt::Debug>(result: Result<T, Error>) -> ContractError {
    match result {
        Err(Error::Contract { error, .. }) => *error,
        other => panic!("expected a typed refusal, got {other:?}"),
    }
}

/// Bytes of a call that nothing answers to.
pub const fn unknown_selector() -> Bytes {
    Bytes::from_static(&[0xde, 0xad, 0xbe, 0xef])
}
