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

use alloy_primitives::{Address, B256, Bytes, I256, TxKind, U256, aliases::U80};
use alloy_sol_types::{SolCall, sol};
use common::{ETHER, Scene, call, perpetual};
use novate_abi::book::{Book, Collateral, Position};
use novate_abi::{
    IClearing, IClearing::Fill, IClearing::IClearingErrors, IErrors::IErrorsErrors, IExchange,
    IExchange::IExchangeErrors, IGoverned, ILiquidation, ILiquidation::ILiquidationErrors, IMargin,
    IMargin::IMarginErrors, IMarginLens, IMarginLens::IMarginLensErrors, IOracle,
    IOracle::IOracleErrors, IRiskParameters, IRiskParameters::IRiskParametersErrors,
};
use novate_client::{ContractError, Error, Wallet, surface_digest};
use novate_e2e::stage::{Artifacts, IMockAggregator, IMockSequencerFeed, IMockToken};
use novate_e2e::units;

sol! {
    interface IReentrantToken {
        function arm(uint8 moment, address target, bytes calldata payload, bool bubbles) external;
    }
    interface IFalseReturningToken {
        function setFrozen(bool frozen) external;
    }
}

/// Errors that were raised, with what raised them.
#[derive(Default)]
struct Raised(BTreeMap<[u8; 4], &'static str>);

impl Raised {
    /// Checks that `result` is a refusal named `name`.
    #[track_caller]
    fn by<T>(&mut self, name: &'static str, result: Result<T, Error>) {
        let error = match result {
            Err(Error::Contract { error, .. }) => error,
            Err(other) => panic!("expected {name}, got {other}"),
            Ok(_) => panic!("expected {name}, but it succeeded"),
        };
        let text = error.to_string();
        assert!(text.starts_with(name), "expected {name}, got {text}");
        self.0.insert(error.selector(), name);
    }

    /// Panics with the names of the errors in `all` that nothing raised.
    fn assert_complete(&self) {
        let all: [(&str, &[[u8; 4]]); 8] = [
            ("IErrors", IErrorsErrors::SELECTORS),
            ("IOracle", IOracleErrors::SELECTORS),
            ("IMargin", IMarginErrors::SELECTORS),
            ("IMarginLens", IMarginLensErrors::SELECTORS),
            ("IRiskParameters", IRiskParametersErrors::SELECTORS),
            ("IClearing", IClearingErrors::SELECTORS),
            ("ILiquidation", ILiquidationErrors::SELECTORS),
            ("IExchange", IExchangeErrors::SELECTORS),
        ];
        let missing: Vec<String> = all
            .iter()
            .flat_map(|(interface, selectors)| {
                selectors.iter().map(move |selector| (interface, selector))
            })
            .filter(|(_, selector)| !self.0.contains_key(*selector))
            .map(|(interface, selector)| format!("{interface} {selector:02x?}"))
            .collect();
        assert!(missing.is_empty(), "never raised: {missing:?}");
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
    slices(&mut court).await;
    exchange(&mut court).await;
    margin(&mut court).await;
    posts(&mut court).await;
    auctions(&mut court).await;
    settlement(&mut court).await;
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
    };
    let real = court.scene.stage.feeds[0];
    let stranger = court.call(alice, at.oracle, &feed(real, 3_600)).await;
    court.raised.by("Unauthorized", stranger);
    let hasty = court.call(governor, at.oracle, &feed(real, 1)).await;
    court.raised.by("ParameterOutOfBounds", hasty);
    let nobody = court.call(governor, at.oracle, &feed(alice, 3_600)).await;
    court.raised.by("CallFailed", nobody);
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
    let frozen = list(court, "FalseReturningToken").await;
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

    let hostile = list(court, "ReentrantToken").await;
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

    // WETH and the two above are listed: 32 is the limit.
    let mut token = Address::ZERO;
    for _ in 3..32 {
        token = list(court, "MockWeth").await;
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

async fn list(court: &Court, contract: &str) -> Address {
    let token = create(court, contract).await;
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
    let large = court.fill_call(vec![court.fill(option, 1_000_000_000, 80.0)]).await;
    court.raised.by("MarginShortfall", large);
    let many = (1..=257).map(|strike| court.fill(call(expiry, strike), 1, 0.01)).collect();
    let many = court.fill_call(many).await;
    court.raised.by("TooManyPositions", many);

    let cap = |cap: u64| IClearing::setOpenInterestCapCall { underlying: ETHER, cap };
    court.govern(clearing, &cap(1)).await;
    let crowded = court.fill_call(vec![court.fill(option, 1_000_000, 80.0)]).await;
    court.raised.by("OpenInterestCapExceeded", crowded);
    court.govern(clearing, &cap(1_000_000_000_000_000)).await;
}

async fn slices(court: &mut Court) {
    let at = court.scene.stage.novate.at;
    let modules = |liquidation: Address| IClearing::setModulesCall {
        margin: at.margin,
        oracle: at.oracle,
        liquidation,
    };
    court.govern(at.clearing, &modules(court.alice.address())).await;
    let (from, to) = (court.bob.account(), court.alice.account());
    let nonce = court.scene.stage.novate.nonce(from).await.expect("a nonce");
    let whole = U256::from(common::ONE);
    let slice = |fraction: U256, price: I256, expected: u64| IClearing::transferSliceCall {
        from,
        to,
        fraction,
        price,
        expectedNonce: expected,
    };
    let cases = [
        ("StateChanged", slice(whole, I256::ZERO, nonce + 1)),
        ("InvalidFraction", slice(U256::ZERO, I256::ZERO, nonce)),
        ("InvalidFraction", slice(whole + U256::from(1), I256::ZERO, nonce)),
        (
            "InsufficientInsurance",
            slice(whole, -I256::try_from(units::wad(1e9)).expect("fits"), nonce),
        ),
        ("LiquidationWorsens", slice(whole / U256::from(2), I256::ZERO, nonce)),
    ];
    for (name, transfer) in cases {
        let refusal = court.call(court.alice.address(), at.clearing, &transfer).await;
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
    let assess = |book: Vec<u8>| IMargin::assessCall { books: vec![book.into()] };
    let option = call(court.scene.expiries[1], 2_500);
    let other = option ^ (u64::from(ETHER ^ 9) << 56);
    let unknown_token =
        Book { collateral: vec![Collateral { number: 9, amount: 1 }], ..Book::default() };
    let crowd = Book { positions: vec![held(option).positions[0]; 257], ..Book::default() };
    let cases = [
        ("MalformedBytes", vec![1, 2, 3]),
        ("UnderlyingNotListed", held(other).pack()),
        ("CollateralNotListed", unknown_token.pack()),
        ("NoMarketData", held(call(court.scene.expiries[1] + 3_600, 2_500)).pack()),
        ("BookTooLarge", crowd.pack()),
    ];
    for (name, book) in cases {
        let refusal = court.call(Address::ZERO, at.margin, &assess(book)).await;
        court.raised.by(name, refusal);
    }
    let scenario = IMargin::maintenanceExcessUnderCall {
        book: held(option).pack().into(),
        scenarios: vec![99],
    };
    let scenario = court.call(Address::ZERO, at.margin, &scenario).await;
    court.raised.by("UnknownScenario", scenario);

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
    let scene = &court.scene;
    let good = IOracle::Surface { nonce: 1_000, ..scene.surface(scene.expiries[1], 2_500.0, 0.6) };
    let cases = [
        ("InvalidExpiry", IOracle::Surface { expiry: good.expiry + 1, ..good.clone() }),
        (
            "InvalidExpiry",
            IOracle::Surface { expiry: scene.now - scene.now % 3_600, ..good.clone() },
        ),
        ("ArbitrageableSurface", IOracle::Surface { a: -1, ..good.clone() }),
        ("StaleNonce", IOracle::Surface { nonce: 0, ..good.clone() }),
        ("InvalidModelTime", IOracle::Surface { modelTime: scene.now + 60, ..good.clone() }),
    ];
    let mut refusals = Vec::new();
    for (name, surface) in cases {
        refusals.push((name, scene.post(&surface).await));
    }
    let lone = &scene.stage.publishers[0];
    let digest = surface_digest(scene.stage.chain().chain_id(), at.oracle, &good);
    let lone = IOracle::postSurfaceCall {
        surface: good,
        signatures: vec![lone.sign(digest).expect("signed")],
    };
    let lone = court.call(Address::ZERO, at.oracle, &lone).await;
    for (name, refusal) in refusals {
        court.raised.by(name, refusal);
    }
    court.raised.by("TooFewSignatures", lone);
}

async fn auctions(court: &mut Court) {
    let at = court.scene.stage.novate.at;
    let carol = court.scene.trader("carol", 10_000).await;
    let (bob, account) = (court.bob.clone(), carol.account());
    court.scene.trade(&carol, &bob, &[(perpetual(), 14.0, 2_500.0)]).await.expect("carol is long");
    let keeper = court.scene.stage.keeper.clone();
    let start = ILiquidation::startCall { account, scenarios: vec![0] };
    let healthy = court.call(keeper.address(), at.liquidation, &start).await;
    court.raised.by("NotLiquidatable", healthy);
    let none =
        court.call(keeper.address(), at.liquidation, &ILiquidation::releaseCall { account }).await;
    court.raised.by("NoAuction", none);

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
    let twice = court.call(keeper.address(), at.liquidation, &start).await;
    court.raised.by("AuctionRunning", twice);
    let early =
        court.call(keeper.address(), at.liquidation, &ILiquidation::releaseCall { account }).await;
    court.raised.by("StillLiquidatable", early);
    let good = ILiquidation::Bid {
        account,
        bidder: bob.account(),
        mode: 0,
        fraction: U256::from(common::ONE),
        minimumFraction: U256::from(1),
        maximumPrice: I256::MAX,
        expectedNonce: court.scene.stage.novate.nonce(account).await.expect("a nonce"),
        deadline: court.scene.now + 60,
    };
    let cases = [
        ("WrongMode", ILiquidation::Bid { mode: 1, ..good.clone() }),
        (
            "FractionTooSmall",
            ILiquidation::Bid {
                minimumFraction: U256::from(common::ONE) * U256::from(2),
                ..good.clone()
            },
        ),
        ("PriceAboveLimit", ILiquidation::Bid { maximumPrice: I256::ZERO, ..good }),
    ];
    for (name, bid) in cases {
        let refusal =
            court.call(bob.address(), at.liquidation, &ILiquidation::bidCall { bid }).await;
        court.raised.by(name, refusal);
    }
}

async fn settlement(court: &mut Court) {
    let at = court.scene.stage.novate.at;
    let expiry = court.scene.expiries[0];
    let (alice, bob) = (court.alice.clone(), court.bob.clone());
    court.scene.market(2_500.0, 0.6).await;
    court.scene.trade(&alice, &bob, &[(call(expiry, 2_600), 1.0, 5.0)]).await.expect("a trade");
    let governor = court.governor();
    let dispute = IOracle::disputeSettlementCall { underlying: ETHER, expiry };
    let nothing = court.call(governor, at.oracle, &dispute).await;
    court.raised.by("NothingToDispute", nothing);
    let after = |round: u64| IOracle::proposeSettlementAfterCall {
        underlying: ETHER,
        expiry,
        round: U80::from(round),
    };
    let early = court.call(governor, at.oracle, &after(1)).await;
    court.raised.by("TooEarly", early);

    court.scene.warp(expiry).await;
    let stale = court
        .fill_call(vec![court.fill(call(court.scene.expiries[1], 2_500), 1_000_000, 80.0)])
        .await;
    court.raised.by("MarketNotValid", stale);
    let nothing = court.call(governor, at.oracle, &after(1)).await;
    court.raised.by("RoundsProveNothing", nothing);
    court.scene.stage.push_price(0, 2_650.0).await.expect("a round");
    let keeper = court.scene.stage.keeper.clone();
    court
        .scene
        .stage
        .novate
        .propose_settlement(&keeper, ETHER, expiry, 3)
        .await
        .expect("a proposal");
    let again = court.scene.stage.novate.propose_settlement(&keeper, ETHER, expiry, 3).await;
    court.raised.by("SettlementExists", again);
    let open = court.scene.stage.novate.settle(&keeper, vec![alice.account()]).await;
    court.raised.by("SettlementNotFinal", open);
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
        (at.oracle, IOracle::postSurfaceCall::SELECTOR),
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
