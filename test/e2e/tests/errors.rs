//! Every custom error of the interfaces is raised by the built WASM, and what isn't a proper call changes nothing.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::float_arithmetic,
    clippy::indexing_slicing,
    clippy::missing_const_for_fn,
    clippy::panic,
    clippy::similar_names,
    reason = "a test fails loudly"
)]

mod common;

use std::collections::BTreeMap;

use alloy_primitives::{
    Address, B256, Bytes, I256, TxKind, U256,
    aliases::{I40, U80},
};
use alloy_sol_types::{SolCall, SolError, sol};
use common::{ETHER, Scene, call, perpetual, put};
use novate_abi::book::{Book, Position};
use novate_abi::{
    IClearing, IClearing::Fill, IClearing::IClearingErrors, IErrors::IErrorsErrors, IExchange,
    IExchange::IExchangeErrors, IGoverned, IGoverned::IGovernedErrors, ILiquidation,
    ILiquidation::ILiquidationErrors, IMargin, IMargin::IMarginErrors, IMarginLens,
    IMarginLens::IMarginLensErrors, IOracle, IOracle::IOracleErrors, IRiskParameters,
    IRiskParameters::IRiskParametersErrors,
};
use novate_client::{ContractError, Error, Wallet};
use novate_e2e::stage::{Artifacts, IMockAggregator, IMockSequencerFeed, IMockToken};
use novate_e2e::units;

sol! {
    interface IReentrantToken {
        function arm(uint8 moment, address target, bytes calldata payload, bool bubbles) external;
    }
    interface IShrinkingToken {
        function shrink(address holder, uint256 amount) external;
    }
    interface IFalseReturningToken {
        function setFrozen(bool frozen) external;
    }
}

/// Errors that were raised, with what raised them, and what was raised instead of what was expected.
#[derive(Default)]
struct Raised {
    names: BTreeMap<[u8; 4], &'static str>,
    wrong: Vec<String>,
}

impl Raised {
    /// Notes that `result` is a refusal named `name`, or that it isn't.
    #[track_caller]
    fn by<T>(&mut self, name: &'static str, result: Result<T, Error>) {
        let place = core::panic::Location::caller();
        let text = match result {
            Err(Error::Contract { error, .. }) => {
                let text = error.to_string();
                if text.starts_with(name) {
                    self.names.insert(error.selector(), name);
                    return;
                }
                text
            }
            Err(other) => other.to_string(),
            Ok(_) => "nothing".into(),
        };
        self.wrong.push(format!("line {}: expected {name}, got {text}", place.line()));
    }

    /// Panics with the names of the errors in `all` that nothing raised.
    fn assert_complete(&self) {
        let all: [(&str, &[[u8; 4]]); 9] = [
            ("IErrors", IErrorsErrors::SELECTORS),
            ("IGoverned", IGovernedErrors::SELECTORS),
            ("IOracle", IOracleErrors::SELECTORS),
            ("IMargin", IMarginErrors::SELECTORS),
            ("IMarginLens", IMarginLensErrors::SELECTORS),
            ("IRiskParameters", IRiskParametersErrors::SELECTORS),
            ("IClearing", IClearingErrors::SELECTORS),
            ("ILiquidation", ILiquidationErrors::SELECTORS),
            ("IExchange", IExchangeErrors::SELECTORS),
        ];
        // No state reaches these: margin counts 0 for unlisted collateral and takes an expiry without a market for broken, and at no
        // price that is asked does a close-out worsen an account. They stand guard.
        let guards = [
            IMargin::CollateralNotListed::SELECTOR,
            IMargin::NoMarketData::SELECTOR,
            IClearing::LiquidationWorsens::SELECTOR,
        ];
        let missing: Vec<String> = all
            .iter()
            .flat_map(|(interface, selectors)| {
                selectors.iter().map(move |selector| (interface, selector))
            })
            .filter(|(_, selector)| {
                !self.names.contains_key(*selector) && !guards.contains(*selector)
            })
            .map(|(interface, selector)| format!("{interface} {selector:02x?}"))
            .collect();
        assert!(
            missing.is_empty() && self.wrong.is_empty(),
            "{}\nnever raised: {missing:?}",
            self.wrong.join("\n")
        );
    }
}

/// The scene, with calls as somebody.
struct Court {
    scene: Scene,
    raised: Raised,
    alice: Wallet,
    bob: Wallet,
}

impl Court {
    async fn call<C: SolCall>(
        &self,
        from: Address,
        to: Address,
        call: &C,
    ) -> Result<C::Return, Error> {
        self.scene.stage.chain().view_from(from, to, call).await
    }

    async fn govern<C: SolCall>(&self, to: Address, call: &C) {
        let governor = self.scene.stage.governor.clone();
        self.scene.stage.chain().send(&governor, to, call).await.expect("the governor may");
    }

    fn governor(&self) -> Address {
        self.scene.stage.governor.address()
    }

    fn fill(&self, instrument: u64, quantity: u64, price: f64) -> Fill {
        Fill {
            instrument,
            quantity,
            price: units::price(price),
            buyer: self.alice.account(),
            seller: self.bob.account(),
            buyerIsMaker: true,
        }
    }

    /// Fills as the venue that alice is.
    async fn fill_call(&self, fills: Vec<Fill>) -> Result<(), Error> {
        let call = IClearing::fillCall { fills };
        self.call(self.alice.address(), self.scene.stage.novate.at.clearing, &call)
            .await
            .map(|_| ())
    }
}

#[tokio::test]
async fn every_error_of_the_interfaces_is_raised() {
    let mut scene = Scene::new(100).await;
    let (alice, bob) = (scene.trader("alice", 50_000).await, scene.trader("bob", 50_000).await);
    let mut court = Court { scene, raised: Raised::default(), alice, bob };
    entry(&mut court).await;
    governance(&mut court).await;
    tokens(&mut court).await;
    fills(&mut court).await;
    lending(&mut court).await;
    close_outs(&mut court).await;
    exchange(&mut court).await;
    margin(&mut court).await;
    posts(&mut court).await;
    auctions(&mut court).await;
    settlement(&mut court).await;
    flights(&mut court).await;
    court.raised.assert_complete();
}

async fn entry(court: &mut Court) {
    let at = court.scene.stage.novate.at;
    let (chain, alice) = (court.scene.stage.chain().clone(), court.alice.address());
    let unknown = chain.call(alice, at.clearing, common::unknown_selector(), U256::ZERO).await;
    court.raised.by("UnknownSelector", unknown);
    let input = Bytes::from(IClearing::ledgerCall {}.abi_encode());
    let paid = chain.call(alice, at.clearing, input, U256::from(1)).await;
    court.raised.by("ValueNotAccepted", paid);
    let again = IOracle::initializeCall { governor: alice, guardian: alice };
    let again = court.call(alice, at.oracle, &again).await;
    court.raised.by("AlreadyInitialized", again);
}

async fn governance(court: &mut Court) {
    let at = court.scene.stage.novate.at;
    let (governor, alice) = (court.governor(), court.alice.address());
    let feed = |feed: Address, heartbeat: u32| IOracle::setFeedCall {
        underlying: 7,
        feed: IOracle::Feed { feed, heartbeat, minimumAnswer: 1, maximumAnswer: 10_u128.pow(30) },
        expectedPrice: 0,
    };
    let real = court.scene.stage.feeds[0];
    let stranger = court.call(alice, at.oracle, &feed(real, 3_600)).await;
    court.raised.by("Unauthorized", stranger);
    let hasty = court.call(governor, at.oracle, &feed(real, 1)).await;
    court.raised.by("ParameterOutOfBounds", hasty);
    let nobody = court.call(governor, at.oracle, &feed(alice, 3_600)).await;
    court.raised.by("CallFailed", nobody);
    let far = IOracle::setFeedCall { expectedPrice: units::price(1_000.0), ..feed(real, 3_600) };
    let far = court.call(governor, at.oracle, &far).await;
    court.raised.by("PriceOutOfRange", far);
    let zero = IClearing::setVenueCall { venue: Address::ZERO, allowed: true };
    let zero = court.call(governor, at.clearing, &zero).await;
    court.raised.by("ZeroAddress", zero);
    let twice = IOracle::setPublishersCall { publishers: vec![alice, alice], threshold: 1 };
    let twice = court.call(governor, at.oracle, &twice).await;
    court.raised.by("DuplicatePublisher", twice);

    let usdc = court.scene.stage.usdc;
    court.govern(at.clearing, &IGoverned::pauseCall { mask: U256::from(1) }).await;
    let withdraw = IClearing::withdrawCall {
        account: court.alice.account(),
        token: usdc,
        amount: U256::from(1),
        receiver: alice,
    };
    let paused = court.call(alice, at.clearing, &withdraw).await;
    court.raised.by("OperationPaused", paused);
    court.govern(at.clearing, &IGoverned::unpauseCall { mask: U256::from(1) }).await;
    // A guardian of its own may stop an operation once in 30 days.
    court.govern(at.clearing, &IGoverned::setGuardianCall { guardian: alice }).await;
    let pause = IGoverned::pauseCall { mask: U256::from(1) };
    let chain = court.scene.stage.chain().clone();
    chain.send(&court.alice, at.clearing, &pause).await.expect("the guardian may");
    court.govern(at.clearing, &IGoverned::unpauseCall { mask: U256::from(1) }).await;
    let again = court.call(alice, at.clearing, &pause).await;
    court.raised.by("PausedRecently", again);

    let nonsense = IRiskParameters::valueCall { name: B256::repeat_byte(b'x'), subject: 0 };
    let nonsense = court.call(alice, at.parameters, &nonsense).await;
    court.raised.by("UnknownParameter", nonsense);
}

async fn tokens(court: &mut Court) {
    let at = court.scene.stage.novate.at;
    let (alice, account) = (court.alice.clone(), court.alice.account());
    let (usdc, weth) = (court.scene.stage.usdc, court.scene.stage.weth);
    let deposit = |token: Address, amount: U256| IClearing::depositCall { account, token, amount };

    let withdraw = IClearing::withdrawCall {
        account,
        token: usdc,
        amount: U256::from(10_u64.pow(15)),
        receiver: alice.address(),
    };
    let too_much = court.call(alice.address(), at.clearing, &withdraw).await;
    court.raised.by("InsufficientBalance", too_much);
    let unlisted = court
        .call(alice.address(), at.clearing, &deposit(court.scene.stage.feeds[0], U256::from(1)))
        .await;
    court.raised.by("TokenNotAccepted", unlisted);

    for (token, amount) in
        [(usdc, U256::from(1) << 200), (weth, U256::from(10_u64).pow(U256::from(25)))]
    {
        court.scene.stage.mint(token, alice.address(), amount).await.expect("minted");
        let approve = IMockToken::approveCall { spender: at.clearing, amount };
        court.scene.stage.chain().send(&alice, token, &approve).await.expect("approved");
    }
    let huge = court.call(alice.address(), at.clearing, &deposit(usdc, U256::from(1) << 200)).await;
    court.raised.by("ArithmeticOverflow", huge);
    let capped = court
        .call(alice.address(), at.clearing, &deposit(weth, U256::from(10_u64).pow(U256::from(25))))
        .await;
    court.raised.by("CollateralCapExceeded", capped);
    let dust = court.call(alice.address(), at.clearing, &deposit(weth, U256::from(1))).await;
    court.raised.by("DepositTooSmall", dust);

    let listed = court
        .call(court.governor(), at.clearing, &IClearing::addCollateralCall { token: weth, cap: 1 })
        .await;
    court.raised.by("AlreadyListed", listed);
    let unknown = create(court, "MockWeth").await;
    let call = IClearing::addCollateralCall { token: unknown, cap: 1 };
    let unready = court.call(court.governor(), at.clearing, &call).await;
    court.raised.by("CollateralNotReady", unready);
    let house = IClearing::withdrawCall { receiver: at.margin, ..withdraw };
    let house = IClearing::withdrawCall { amount: U256::from(1), ..house };
    let house = court.call(alice.address(), at.clearing, &house).await;
    court.raised.by("InvalidReceiver", house);
    let frozen = list(court, "FalseReturningToken", 2).await;
    court
        .scene
        .stage
        .chain()
        .send(&alice, frozen, &IFalseReturningToken::setFrozenCall { frozen: true })
        .await
        .expect("frozen");
    let refused =
        court.call(alice.address(), at.clearing, &deposit(frozen, U256::from(10_u64.pow(6)))).await;
    court.raised.by("TransferFailed", refused);

    let hostile = list(court, "ReentrantToken", 3).await;
    let amount = U256::from(10_u64.pow(18));
    court.scene.stage.mint(hostile, alice.address(), amount).await.expect("minted");
    let chain = court.scene.stage.chain().clone();
    chain
        .send(&alice, hostile, &IMockToken::approveCall { spender: at.clearing, amount })
        .await
        .expect("approved");
    let payload = Bytes::from(IClearing::settleCall { accounts: vec![account] }.abi_encode());
    let arm = IReentrantToken::armCall { moment: 2, target: at.clearing, payload, bubbles: true };
    chain.send(&alice, hostile, &arm).await.expect("armed");
    let entered = court.call(alice.address(), at.clearing, &deposit(hostile, amount)).await;
    court.raised.by("Reentrant", entered);

    let shrinking = list(court, "ShrinkingToken", 4).await;
    court.scene.stage.mint(shrinking, alice.address(), amount + amount).await.expect("minted");
    let approve = IMockToken::approveCall { spender: at.clearing, amount: amount + amount };
    chain.send(&alice, shrinking, &approve).await.expect("approved");
    chain.send(&alice, at.clearing, &deposit(shrinking, amount)).await.expect("deposited");
    let shrink = IShrinkingToken::shrinkCall { holder: at.clearing, amount: U256::from(1) };
    chain.send(&alice, shrinking, &shrink).await.expect("shrunk");
    let short = court.call(alice.address(), at.clearing, &deposit(shrinking, amount)).await;
    court.raised.by("TokenShort", short);

    // WETH and the three above are listed: 32 is the limit.
    let mut token = Address::ZERO;
    for number in 5..=32 {
        token = list(court, "MockWeth", number).await;
    }
    assert_ne!(token, Address::ZERO);
    let another = create(court, "MockWeth").await;
    let full = court
        .call(
            court.governor(),
            at.clearing,
            &IClearing::addCollateralCall { token: another, cap: 1 },
        )
        .await;
    court.raised.by("TooManyCollaterals", full);
}

async fn create(court: &Court, contract: &str) -> Address {
    let code = Artifacts::default().solidity(contract).expect("compiled");
    let keeper = court.scene.stage.keeper.clone();
    court.scene.stage.chain().create(&keeper, code).await.expect("created").0
}

/// Lists a token under its number, with margin first.
async fn list(court: &Court, contract: &str, collateral: u8) -> Address {
    let token = create(court, contract).await;
    let call = IRiskParameters::setCollateralCall {
        collateral,
        underlying: ETHER,
        maintenanceHaircut: 100_000_000_000_000_000,
        initialHaircut: 50_000_000_000_000_000,
        cancelsRisk: true,
    };
    court.govern(court.scene.stage.novate.at.parameters, &call).await;
    let call = IClearing::addCollateralCall { token, cap: 10_u128.pow(24) };
    court.govern(court.scene.stage.novate.at.clearing, &call).await;
    token
}

async fn fills(court: &mut Court) {
    let clearing = court.scene.stage.novate.at.clearing;
    let venue = court.alice.address();
    court.govern(clearing, &IClearing::setVenueCall { venue, allowed: true }).await;
    let expiry = court.scene.expiries[1];
    let option = call(expiry, 2_500);

    let garbled = court.fill_call(vec![court.fill(1, 1, 1.0)]).await;
    court.raised.by("InvalidInstrument", garbled);
    let nothing = court.fill_call(vec![court.fill(option, 0, 1.0)]).await;
    court.raised.by("InvalidQuantity", nothing);
    let free = court.fill_call(vec![court.fill(perpetual(), 1, 0.0)]).await;
    court.raised.by("InvalidPrice", free);
    let old = court
        .fill_call(vec![court.fill(call(court.scene.now - court.scene.now % 3_600, 2_500), 1, 1.0)])
        .await;
    court.raised.by("InstrumentExpired", old);
    let alone = Fill { seller: court.alice.account(), ..court.fill(option, 1, 1.0) };
    let alone = court.fill_call(vec![alone]).await;
    court.raised.by("SelfTrade", alone);
    let dear = court.fill_call(vec![court.fill(option, 1_000_000, 1_000.0)]).await;
    court.raised.by("PriceOutOfBand", dear);
    let unmarked = call(court.scene.expiries[1] + 3_600, 2_500);
    let unmarked = court.fill_call(vec![court.fill(unmarked, 1, 80.0)]).await;
    court.raised.by("NoMark", unmarked);
    let large = court.fill_call(vec![court.fill(option, 1_000_000_000, 80.0)]).await;
    court.raised.by("MarginShortfall", large);
    let many = (4_001..=4_257).map(|strike| court.fill(call(expiry, strike), 1, 0.01)).collect();
    let many = court.fill_call(many).await;
    court.raised.by("TooManyPositions", many);

    let most = 10_u128.pow(28);
    let caps =
        |series: u128, account: u128| IClearing::setCapsCall { underlying: ETHER, series, account };
    for (name, series, account) in
        [("OpenInterestCapExceeded", 1, most), ("AccountCapExceeded", most, 1)]
    {
        court.govern(clearing, &caps(series, account)).await;
        let crowded = court.fill_call(vec![court.fill(option, 1_000_000, 80.0)]).await;
        court.raised.by(name, crowded);
    }
    court.govern(clearing, &caps(most, most)).await;
    // 26 calls deep in the money cost more than alice has, and the pool is the house's 100.
    let deep = call(court.scene.expiries[2], 500);
    let lent = court.fill_call(vec![court.fill(deep, 26_000_000, 2_000.0)]).await;
    court.raised.by("LendingLimitExceeded", lent);
}

async fn lending(court: &mut Court) {
    let clearing = court.scene.stage.novate.at.clearing;
    let (alice, account) = (court.alice.address(), court.alice.account());
    let amount = U256::from(units::price(1e6));
    let lend = IClearing::lendCall { account, amount };
    let lend = court.call(alice, clearing, &lend).await;
    court.raised.by("CashBelowZero", lend);
    let call = IClearing::buyCollateralCall {
        from: court.bob.account(),
        to: account,
        collateral: 1,
        amount: 10_u128.pow(18),
        maximumPrice: U256::MAX,
    };
    let call = court.call(alice, clearing, &call).await;
    court.raised.by("DebtNotCallable", call);
    let nothing = court.call(alice, clearing, &IClearing::writeOffCall { account }).await;
    court.raised.by("NothingToWriteOff", nothing);
}

/// What clearing refuses to the liquidation module, which alice is for a while.
async fn close_outs(court: &mut Court) {
    let at = court.scene.stage.novate.at;
    let modules = |liquidation: Address| IClearing::setModulesCall {
        margin: at.margin,
        oracle: at.oracle,
        liquidation,
    };
    court.govern(at.clearing, &modules(court.alice.address())).await;
    let cut = |kind: u8, fraction: u64| IClearing::closeOutCall {
        from: court.bob.account(),
        to: court.alice.account(),
        cut: IClearing::Cut {
            kind,
            underlying: 0,
            fraction: U256::from(fraction),
            legs: Vec::new(),
        },
        concession: U256::from(common::ONE / 50),
        bonus: U256::from(common::ONE / 5),
    };
    let cases = [
        ("InvalidCut", cut(9, common::ONE)),
        ("InvalidFraction", cut(0, 0)),
        ("NotShort", cut(0, common::ONE)),
    ];
    for (name, call) in cases {
        let refusal = court.call(court.alice.address(), at.clearing, &call).await;
        court.raised.by(name, refusal);
    }
    court.govern(at.clearing, &modules(at.liquidation)).await;
}

async fn exchange(court: &mut Court) {
    let at = court.scene.stage.novate.at;
    let (alice, bob) = (court.alice.clone(), court.bob.clone());
    let novate = court.scene.stage.novate.clone();
    let legs = [(perpetual(), 1.0, 2_500.0)];
    let signed = |trade: &IExchange::Trade, buyer: &Wallet, seller: &Wallet| IExchange::tradeCall {
        trade: trade.clone(),
        buyerSignature: novate.sign_trade(buyer, trade).expect("signed"),
        sellerSignature: novate.sign_trade(seller, trade).expect("signed"),
    };
    let good = court.scene.agreement(&alice, &bob, &legs);
    let late = IExchange::Trade { deadline: court.scene.now - 1, ..good.clone() };
    let late = court.call(alice.address(), at.exchange, &signed(&late, &alice, &bob)).await;
    court.raised.by("DeadlinePassed", late);
    let empty = IExchange::Trade { legs: vec![], ..good.clone() };
    let empty = court.call(alice.address(), at.exchange, &signed(&empty, &alice, &bob)).await;
    court.raised.by("EmptyTrade", empty);
    let forged = court.call(alice.address(), at.exchange, &signed(&good, &alice, &alice)).await;
    court.raised.by("InvalidSignature", forged);
    let call = signed(&good, &alice, &bob);
    court.scene.stage.chain().send(&alice, at.exchange, &call).await.expect("a trade");
    let again = court.call(alice.address(), at.exchange, &call).await;
    court.raised.by("TradeUsed", again);
}

async fn margin(court: &mut Court) {
    let at = court.scene.stage.novate.at;
    let held = |instrument: u64| Book {
        positions: vec![Position {
            instrument,
            quantity: 1,
            reference_price: 0,
            funding_reference: 0,
        }],
        ..Book::default()
    };
    let assess =
        |book: Vec<u8>| IMargin::assessCall { books: vec![book.into()], instruments: vec![] };
    let option = call(court.scene.expiries[1], 2_500);
    let other = option ^ (u64::from(ETHER ^ 9) << 56);
    let crowd = Book { positions: vec![held(option).positions[0]; 257], ..Book::default() };
    for (name, book) in [("MalformedBytes", vec![1, 2, 3]), ("BookTooLarge", crowd.pack())] {
        let refusal = court.call(Address::ZERO, at.margin, &assess(book)).await;
        court.raised.by(name, refusal);
    }
    let scenario = IMargin::maintenanceExcessUnderCall {
        book: held(option).pack().into(),
        scenarios: vec![99],
    };
    let scenario = court.call(Address::ZERO, at.margin, &scenario).await;
    court.raised.by("UnknownScenario", scenario);
    // Margin counts 0 for what isn't listed; the lens says so.
    let trade = |instrument: u64| IMarginLens::previewCall {
        margin: at.margin,
        book: Book::default().pack().into(),
        trades: vec![IMarginLens::Trade { instrument, quantity: 1, price: 1 }],
    };
    let unlisted = court.call(Address::ZERO, at.lens, &trade(other)).await;
    court.raised.by("UnderlyingNotListed", unlisted);

    let group = IRiskParameters::setOffsetCall { group: 5, offset: 0 };
    let group = court.call(court.governor(), at.parameters, &group).await;
    court.raised.by("UnknownGroup", group);
    let fine = IRiskParameters::Scenario {
        spotMove: 1,
        absolute: false,
        volatility: 0,
        weight: 1_000_000_000_000_000_000,
        tail: false,
    };
    let fine = IRiskParameters::setScenariosCall { table: vec![fine] };
    let fine = court.call(court.governor(), at.parameters, &fine).await;
    court.raised.by("ScenarioTooFine", fine);
    let prices = IMarginLens::liquidationPricesCall {
        margin: at.margin,
        book: Book { cash: I256::ONE, ..held(option) }.pack().into(),
        underlying: ETHER,
    };
    let input = Bytes::from(prices.abi_encode());
    let request = serde_json::json!([
        { "to": at.lens, "input": input, "gas": "0xc3500" }, "latest", { "tracer": "callTracer" },
    ]);
    let chain = court.scene.stage.chain();
    let trace: serde_json::Value =
        chain.request("debug_traceCall", request).await.expect("a trace");
    let data: Bytes = serde_json::from_value(trace["output"].clone()).expect("revert data");
    let error = Box::new(ContractError::decode(&data).expect("an error of ours"));
    court.raised.by("GasLimitTooLow", Err::<(), _>(Error::Contract { target: at.lens, error }));
}

async fn posts(court: &mut Court) {
    let at = court.scene.stage.novate.at;
    let unknown =
        court.call(Address::ZERO, at.oracle, &IOracle::indexPriceCall { underlying: 9 }).await;
    court.raised.by("UnknownUnderlying", unknown);
    let now = court.scene.now + 1;
    court.scene.warp(now).await;
    let scene = &mut court.scene;
    let surface = scene.surface(scene.expiries[1], 2_500.0, 0.6);
    let good = scene.message(vec![surface.clone()]);
    let with = |surface: IOracle::ExpiryUpdate| IOracle::MarketUpdate {
        expiries: vec![surface],
        ..good.clone()
    };
    let cases = [
        (
            "InvalidExpiry",
            with(IOracle::ExpiryUpdate { expiry: surface.expiry + 1, ..surface.clone() }),
        ),
        ("InvalidModelTime", IOracle::MarketUpdate { modelTime: now + 60, ..good.clone() }),
        ("InvalidModelTime", IOracle::MarketUpdate { modelTime: now - 1, ..good.clone() }),
        (
            "ParameterOutOfBounds",
            IOracle::MarketUpdate { perpetualMark: units::price(2_600.0), ..good.clone() },
        ),
    ];
    let mut refusals = Vec::new();
    for (name, update) in cases {
        refusals.push((name, scene.post(&update).await));
    }
    let few = scene.stage.novate.update(&scene.stage.keeper, &scene.stage.publishers[..1], &good);
    refusals.push(("TooFewSignatures", few.await));
    // A surface that has arbitrage isn't taken, and the rest of the message counts.
    let torn = with(IOracle::ExpiryUpdate { a: I40::MINUS_ONE, ..surface });
    let receipt = scene.post(&torn).await.expect("an update");
    let told = receipt.events::<IOracle::ExpiryUpdated>();
    assert!(!told[0].surfaceTaken && told[0].refusal != 0, "{told:?}");
    for (name, refusal) in refusals {
        court.raised.by(name, refusal);
    }
    let index = court.scene.index;
    court.scene.market(index, 0.6).await;
}

async fn auctions(court: &mut Court) {
    let at = court.scene.stage.novate.at;
    let carol = court.scene.trader("carol", 10_000).await;
    let (bob, account) = (court.bob.clone(), carol.account());
    let hedge = put(court.scene.expiries[1], 2_300);
    let legs = [(perpetual(), 14.0, 2_500.0), (hedge, 0.1, 25.0)];
    court.scene.trade(&carol, &bob, &legs).await.expect("carol is long");
    let keeper = court.scene.stage.keeper.clone();
    let start = ILiquidation::startCall { account, scenarios: vec![0] };
    let healthy = court.call(keeper.address(), at.liquidation, &start).await;
    court.raised.by("NotLiquidatable", healthy);
    let sight = ILiquidation::sightCall { account };
    let none = court.call(keeper.address(), at.liquidation, &sight).await;
    court.raised.by("NoAuction", none);

    // Short of initial margin alone: closing may cost a part of what it relieves, and 4.5% is more.
    court.scene.market(2_230.0, 0.6).await;
    let dear = court.scene.trade(&bob, &carol, &[(perpetual(), 1.0, 2_230.0 * 0.955)]).await;
    court.raised.by("ConcessionTooLarge", dear);

    court.scene.market(2_150.0, 0.6).await;
    let worst = court.scene.figures(account).await.worstScenario;
    let start = ILiquidation::startCall { account, scenarios: vec![worst] };
    let down = IMockSequencerFeed::reportCall { isUp: false };
    let (chain, feed) = (court.scene.stage.chain().clone(), court.scene.stage.sequencer);
    chain.send(&keeper, feed, &down).await.expect("reported");
    let dark = court.call(keeper.address(), at.liquidation, &start).await;
    court.raised.by("SequencerDown", dark);
    let up = IMockSequencerFeed::reportSinceCall {
        isUp: true,
        startedAt: U256::from(court.scene.now - 86_400),
    };
    chain.send(&keeper, feed, &up).await.expect("reported");

    chain.send(&keeper, at.liquidation, &start).await.expect("started");
    let whole = U256::from(common::ONE);
    let cut =
        |fraction: U256| ILiquidation::Cut { kind: 0, underlying: 0, fraction, legs: Vec::new() };
    let good = ILiquidation::Bid {
        account,
        bidder: bob.account(),
        cut: cut(whole),
        minimumFraction: U256::from(1),
        maximumPrice: U256::MAX,
        minimumWorth: I256::MIN,
        expectedNonce: u64::MAX,
        deadline: court.scene.now + 60,
    };
    let nonce = court.scene.stage.novate.nonce(account).await.expect("a nonce");
    let sliver = whole / U256::from(1_000);
    let cases = [
        (
            "FractionTooSmall",
            ILiquidation::Bid { minimumFraction: whole - U256::from(1), ..good.clone() },
        ),
        (
            "TakesTooMuch",
            ILiquidation::Bid { minimumFraction: whole, cut: cut(whole), ..good.clone() },
        ),
        ("PriceAboveLimit", ILiquidation::Bid { maximumPrice: U256::ZERO, ..good.clone() }),
        ("WorthBelowLimit", ILiquidation::Bid { minimumWorth: I256::MAX, ..good.clone() }),
        (
            "RelievesTooLittle",
            ILiquidation::Bid { minimumFraction: sliver, cut: cut(sliver), ..good.clone() },
        ),
        ("StateChanged", ILiquidation::Bid { expectedNonce: nonce + 1, ..good.clone() }),
        // What protects the account relieves nothing when it is taken away.
        (
            "RelievesNothing",
            ILiquidation::Bid {
                cut: ILiquidation::Cut {
                    kind: 2,
                    underlying: 0,
                    fraction: U256::ZERO,
                    legs: vec![ILiquidation::Leg { instrument: hedge, quantity: 50_000 }],
                },
                ..good.clone()
            },
        ),
    ];
    for (name, bid) in cases {
        let refusal =
            court.call(bob.address(), at.liquidation, &ILiquidation::bidCall { bid }).await;
        court.raised.by(name, refusal);
    }
    // A part is taken at marks of the last five minutes only.
    let later = court.scene.now + 301;
    court.scene.warp(later).await;
    let part = ILiquidation::Bid {
        cut: ILiquidation::Cut { kind: 1, underlying: ETHER, ..cut(whole / U256::from(4)) },
        deadline: later,
        ..good
    };
    let old = court.call(bob.address(), at.liquidation, &ILiquidation::bidCall { bid: part }).await;
    court.raised.by("MarketTooOld", old);
}

async fn settlement(court: &mut Court) {
    let at = court.scene.stage.novate.at;
    let expiry = court.scene.expiries[0];
    let (alice, bob) = (court.alice.clone(), court.bob.clone());
    court.scene.market(2_500.0, 0.6).await;
    court.scene.trade(&alice, &bob, &[(call(expiry, 2_600), 1.0, 5.0)]).await.expect("a trade");
    let governor = court.governor();
    let dispute =
        IOracle::disputeSettlementCall { underlying: ETHER, expiry, reason: B256::repeat_byte(1) };
    let nothing = court.call(governor, at.oracle, &dispute).await;
    court.raised.by("NothingToDispute", nothing);
    let answer = IOracle::answerDisputeCall { underlying: ETHER, expiry, price: 1 };
    let nothing = court.call(governor, at.oracle, &answer).await;
    court.raised.by("NothingToAnswer", nothing);
    let last = IOracle::settleByLastRoundCall { underlying: ETHER, expiry, round: U80::from(1) };
    let early = court.call(governor, at.oracle, &last).await;
    court.raised.by("TooEarly", early);

    court.scene.warp(expiry - 1_800).await;
    court.scene.stage.push_price(0, 2_640.0).await.expect("a round");
    court.scene.warp(expiry).await;
    court.scene.stage.push_price(0, 2_650.0).await.expect("a round");
    let rounds = vec![U80::from(7)];
    let wrong = IOracle::observeCall { underlying: ETHER, expiry, rounds };
    let wrong = court.call(governor, at.oracle, &wrong).await;
    court.raised.by("RoundsProveNothing", wrong);
    let keeper = court.scene.stage.keeper.clone();
    court.scene.stage.novate.observe(&keeper, ETHER, expiry).await.expect("a proposal");
    let again = IOracle::observeCall { underlying: ETHER, expiry, rounds: vec![U80::from(1)] };
    let again = court.call(governor, at.oracle, &again).await;
    court.raised.by("SettlementExists", again);
    let option = call(court.scene.expiries[1], 2_500);
    court.scene.warp(expiry + 3_700).await;
    let stale = court.fill_call(vec![court.fill(option, 1_000_000, 80.0)]).await;
    court.raised.by("MarketNotValid", stale);
    let open = court.scene.stage.novate.settle(&keeper, vec![alice.account()]).await;
    court.raised.by("SettlementNotFinal", open);
}

/// A change of parameters is in flight for a day, and no other sets out meanwhile.
async fn flights(court: &mut Court) {
    let parameters = court.scene.stage.novate.at.parameters;
    let factors = |maintenance: u64| IRiskParameters::setFactorsCall {
        initialFactor: common::ONE,
        maintenanceFactor: maintenance,
    };
    court.govern(parameters, &factors(810_000_000_000_000_000)).await;
    let now = court.scene.now + 60;
    court.scene.warp(now).await;
    let call = factors(820_000_000_000_000_000);
    let second = court.call(court.governor(), parameters, &call).await;
    court.raised.by("ParametersInFlight", second);
}

/// What isn't a proper call is refused with a typed error, or cleanly, and changes nothing: as real transactions.
#[tokio::test]
async fn improper_calls_change_nothing() {
    let mut scene = Scene::new(101).await;
    let (alice, bob) = (scene.trader("alice", 50_000).await, scene.trader("bob", 50_000).await);
    scene.trade(&alice, &bob, &[(perpetual(), 1.0, 2_500.0)]).await.expect("a trade");
    let accounts = [alice.account(), bob.account()];
    let before = scene.state(&accounts).await;
    let chain = scene.stage.chain().clone();
    let at = scene.stage.novate.at;
    let selectors: [(Address, [u8; 4]); 8] = [
        (at.clearing, IClearing::depositCall::SELECTOR),
        (at.clearing, IClearing::settleCall::SELECTOR),
        (at.clearing, IClearing::fillCall::SELECTOR),
        (at.exchange, IExchange::tradeCall::SELECTOR),
        (at.liquidation, ILiquidation::startAndBidCall::SELECTOR),
        (at.margin, IMargin::assessCall::SELECTOR),
        (at.oracle, IOracle::updateCall::SELECTOR),
        (at.oracle, IOracle::snapshotCall::SELECTOR),
    ];
    let mut improper: Vec<(Address, Bytes, U256)> = Vec::new();
    for contract in scene.contracts() {
        improper.push((contract, Bytes::new(), U256::ZERO));
        improper.push((contract, common::unknown_selector(), U256::ZERO));
        improper.push((contract, Bytes::from_static(&[1, 2, 3]), U256::ZERO));
        improper.push((contract, Bytes::new(), U256::from(1)));
        improper.push((contract, IGoverned::governorCall {}.abi_encode().into(), U256::from(1)));
    }
    for (contract, selector) in selectors {
        // Nothing after the selector, half a word, offsets to a length without an end, and all ones.
        let endless = [B256::with_last_byte(32).0, [0xff; 32], [0xff; 32]].concat();
        for tail in [vec![], vec![0xff; 31], endless, vec![0xff; 32 * 40]] {
            improper.push((contract, [selector.to_vec(), tail].concat().into(), U256::ZERO));
        }
    }
    let mut silent = 0;
    for (contract, input, value) in improper {
        let text = format!("{contract} {input} {value}");
        match chain.send_raw(&alice, TxKind::Call(contract), input, value).await {
            Err(Error::Contract { .. }) => {}
            Err(Error::Reverted { data, .. }) if data.is_empty() => silent += 1,
            other => panic!("{text}: {other:?}"),
        }
    }
    assert_eq!(silent, 0, "refusals without a reason");
    assert_eq!(scene.state(&accounts).await, before);
}

/// A feed that reverts, or a gas limit that runs out half way, leaves no trace.
#[tokio::test]
async fn a_call_that_dies_half_way_changes_nothing() {
    let mut scene = Scene::new(102).await;
    let (alice, bob) = (scene.trader("alice", 50_000).await, scene.trader("bob", 50_000).await);
    let accounts = [alice.account(), bob.account()];
    let before = scene.state(&accounts).await;
    let trade = scene.agreement(&alice, &bob, &[(perpetual(), 2.0, 2_500.0)]);
    let novate = scene.stage.novate.clone();
    let signatures = [
        novate.sign_trade(&alice, &trade).expect("signed"),
        novate.sign_trade(&bob, &trade).expect("signed"),
    ];
    for gas in [60_000, 120_000, 180_000] {
        let mut poor = novate.clone();
        poor.chain = poor.chain.with_gas(novate_client::Gas::Limit(gas));
        let [buyer, seller] = signatures.clone();
        poor.trade(&alice, &trade, buyer, seller).await.expect_err("too little gas");
        assert_eq!(scene.state(&accounts).await, before, "with {gas} gas");
    }
    let feed = scene.stage.feeds[0];
    let dead = IMockAggregator::setUnavailableCall { unavailable: true };
    scene.stage.chain().send(&alice, feed, &dead).await.expect("dead");
    let [buyer, seller] = signatures.clone();
    let refusal = novate.trade(&alice, &trade, buyer, seller).await.expect_err("no price");
    assert!(refusal.contract().is_some(), "{refusal}");
    assert_eq!(scene.state(&accounts).await, before);
    let alive = IMockAggregator::setUnavailableCall { unavailable: false };
    scene.stage.chain().send(&alice, feed, &alive).await.expect("alive");
    let [buyer, seller] = signatures;
    novate.trade(&alice, &trade, buyer, seller).await.expect("now it is done");
}
