//! What traders, keepers and liquidators do, on the built WASM.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::float_arithmetic,
    clippy::indexing_slicing,
    clippy::missing_const_for_fn,
    clippy::panic,
    reason = "a test fails loudly"
)]

mod common;

use alloy_primitives::{Address, B256, I256, TxKind, U256};
use alloy_sol_types::{SolCall, sol};
use common::{ETHER, Scene, call, future, perpetual, put, reason};
use novate_abi::{
    IClearing, IClearing::IClearingErrors, IExchange, IGoverned, IMarginLens, IOracle,
};
use novate_client::{Chain, ContractError};
use novate_e2e::units;
use novate_liquidator::{Action, Liquidator, LiquidatorConfig};

sol! {
    interface IDeployer {
        event Deployed(address indexed program, bytes32 indexed salt, address indexed deployer, uint16 version, uint256 dataFee);
        function deploy(bytes32 salt, bytes calldata code, bytes calldata initialization) external payable returns (address);
    }
}

fn wad(dollars: f64) -> I256 {
    I256::try_from(units::wad(dollars)).expect("fits")
}

#[tokio::test]
async fn deposits_are_credited_and_withdrawn_to_the_cent() {
    let mut scene = Scene::new(1).await;
    let alice = scene.trader("alice", 1_000).await;
    assert_eq!(scene.stage.novate.cash(alice.account()).await.expect("cash"), wad(1_000.0));
    let (usdc, receiver) = (scene.stage.usdc, scene.stage.keeper.address());
    let before = scene.tokens(usdc, receiver).await;
    let half = U256::from(500_000_001);
    scene
        .stage
        .novate
        .withdraw(&alice, alice.account(), usdc, half, receiver)
        .await
        .expect("a withdrawal");
    assert_eq!(scene.tokens(usdc, receiver).await - before, half);
    assert_eq!(scene.stage.novate.cash(alice.account()).await.expect("cash"), wad(499.999_999));
    scene.assert_balanced().await;
}

#[tokio::test]
async fn without_positions_money_comes_out_though_every_feed_is_dead() {
    let mut scene = Scene::new(2).await;
    let alice = scene.trader("alice", 1_000).await;
    // Nearly a year: then the programs themselves would have to be kept alive.
    scene.warp(scene.now + 360 * 86_400).await;
    let usdc = scene.stage.usdc;
    let all = U256::from(1_000_000_000);
    scene
        .stage
        .novate
        .withdraw(&alice, alice.account(), usdc, all, alice.address())
        .await
        .expect("a withdrawal");
    assert_eq!(scene.tokens(usdc, alice.address()).await, all);
}

#[tokio::test]
async fn a_preview_is_what_the_trade_then_does() {
    let mut scene = Scene::new(3).await;
    let (alice, bob) = (scene.trader("alice", 50_000).await, scene.trader("bob", 50_000).await);
    let [first, second, third] = scene.expiries;
    let legs = [
        (call(second, 2_600), 3.0, 70.25),
        (put(third, 2_300), -2.0, 91.5),
        (put(first, 2_400), 1.5, 12.0),
        (future(third), 4.0, 2_505.0),
        (perpetual(), -7.25, 2_499.5),
    ];
    let mut previews = Vec::new();
    for (wallet, side) in [(&alice, 1), (&bob, -1)] {
        let book = scene.stage.novate.book(wallet.account()).await.expect("a book");
        let trades = legs.map(|(instrument, contracts, price)| IMarginLens::Trade {
            instrument,
            quantity: units::quantity(contracts) * side,
            price: units::price(price),
        });
        let preview = scene.stage.novate.preview(book, trades.to_vec()).await.expect("a preview");
        previews.push((wallet.account(), preview));
    }
    let receipt = scene.trade(&alice, &bob, &legs).await.expect("a trade");
    let fills = receipt.events::<IClearing::Filled>();
    assert_eq!(fills.len(), legs.len());
    for (account, expected) in previews {
        let fees = fills
            .iter()
            .map(|fill| if fill.buyer == account { fill.buyerFee } else { fill.sellerFee })
            .fold(I256::ZERO, |sum, fee| sum + fee);
        let figures = scene.figures(account).await;
        assert_eq!(figures.equity, expected.equity - fees);
        assert_eq!(figures.initialRequirement, expected.initialRequirement);
        assert_eq!(figures.maintenanceRequirement, expected.maintenanceRequirement);
        assert_eq!(figures.worstUnderlying, expected.worstUnderlying);
        assert_eq!(figures.worstScenario, expected.worstScenario);
        assert_eq!(figures.validity, expected.validity);
    }
    scene.assert_balanced().await;
}

#[tokio::test]
async fn a_client_computes_the_contracts_figures_to_the_last_digit() {
    let mut scene = Scene::new(9).await;
    let (alice, bob) = (scene.trader("alice", 50_000).await, scene.trader("bob", 60_000).await);
    let weth = scene.stage.weth;
    scene.stage.deposit(&alice, weth, U256::from(3 * common::ONE)).await.expect("collateral");
    let [first, second, third] = scene.expiries;
    let legs = [
        (call(second, 2_600), 3.0, 70.25),
        (put(third, 2_300), -2.0, 91.5),
        (put(first, 2_400), -1.5, 12.0),
        (call(third, 3_500), -4.0, 11.0),
        (future(third), 4.0, 2_505.0),
        (perpetual(), -7.25, 2_499.5),
    ];
    scene.trade(&alice, &bob, &legs).await.expect("a trade");
    for (later, index, volatility) in
        [(0, 2_500.0, 0.6), (3_600, 2_312.5, 0.83), (86_400, 2_750.0, 0.41)]
    {
        scene.warp(scene.now + later).await;
        scene.market(index, volatility).await;
        for wallet in [&alice, &bob] {
            let packed = scene.stage.novate.book(wallet.account()).await.expect("a book");
            let evaluation = scene
                .stage
                .novate
                .evaluation(core::slice::from_ref(&packed))
                .await
                .expect("an evaluation");
            let (own, parts) = evaluation
                .assess(&novate_client::risk_book(&packed).expect("a book"))
                .expect("figures");
            let theirs = scene.figures(wallet.account()).await;
            assert_eq!(own.equity, theirs.equity);
            assert_eq!(own.initial_requirement, theirs.initialRequirement);
            assert_eq!(own.maintenance_requirement, theirs.maintenanceRequirement);
            assert_eq!(own.close_equity, theirs.closeEquity);
            assert_eq!(own.close_requirement, theirs.closeRequirement);
            assert_eq!(own.last_equity, theirs.lastEquity);
            assert_eq!(own.last_requirement, theirs.lastRequirement);
            assert_eq!(own.healthy_requirement, theirs.healthyRequirement);
            assert_eq!(
                (own.worst_underlying, own.worst_scenario),
                (theirs.worstUnderlying, theirs.worstScenario)
            );
            assert_eq!(parts.len(), 1);
            // And what clearing makes of it: as a touch would leave the account, with the margin of its debt.
            let lending = scene.stage.novate.lending().await.expect("rates");
            let book = novate_client::risk_book(&packed).expect("a book");
            let (own, _) = evaluation.account(&book, &lending).expect("figures");
            let theirs = scene.stage.novate.figures(wallet.account()).await.expect("figures");
            assert_eq!(own.equity, theirs.equity);
            assert_eq!(own.initial_requirement, theirs.initialRequirement);
            assert_eq!(own.maintenance_requirement, theirs.maintenanceRequirement);
            assert_eq!(own.close_equity, theirs.closeEquity);
            assert_eq!(own.close_requirement, theirs.closeRequirement);
            assert_eq!(own.last_equity, theirs.lastEquity);
            assert_eq!(own.last_requirement, theirs.lastRequirement);
        }
    }
}

#[tokio::test]
async fn a_trade_beyond_the_margin_is_refused_and_changes_nothing() {
    let mut scene = Scene::new(4).await;
    let (alice, bob) = (scene.trader("alice", 50_000).await, scene.trader("bob", 1_000).await);
    let accounts = [alice.account(), bob.account()];
    let before = scene.state(&accounts).await;
    let refusal =
        reason(scene.trade(&alice, &bob, &[(call(scene.expiries[1], 2_500), 20.0, 80.0)]).await);
    let ContractError::Clearing(IClearingErrors::MarginShortfall(shortfall)) = refusal else {
        panic!("{refusal}")
    };
    assert_eq!(shortfall.account, bob.account());
    assert!(I256::try_from(shortfall.required).expect("fits") > shortfall.equity);
    assert_eq!(scene.state(&accounts).await, before);
}

#[tokio::test]
async fn an_account_that_is_short_of_initial_margin_may_still_reduce() {
    let mut scene = Scene::new(5).await;
    let (alice, bob) = (scene.trader("alice", 50_000).await, scene.trader("bob", 8_000).await);
    scene.trade(&alice, &bob, &[(perpetual(), -12.0, 2_500.0)]).await.expect("bob is long");
    scene.market(2_250.0, 0.6).await;
    let figures = scene.figures(bob.account()).await;
    assert!(
        figures.equity < I256::try_from(figures.initialRequirement).expect("fits"),
        "{figures:?}"
    );
    let more = reason(scene.trade(&alice, &bob, &[(perpetual(), -1.0, 2_250.0)]).await);
    assert!(matches!(more, ContractError::Clearing(IClearingErrors::MarginShortfall(_))), "{more}");
    scene.trade(&alice, &bob, &[(perpetual(), 4.0, 2_250.0)]).await.expect("closing a part");
    scene.assert_balanced().await;
}

#[tokio::test]
async fn what_a_price_differs_from_the_mark_is_cash_between_the_two() {
    let mut scene = Scene::new(13).await;
    let (alice, bob) = (scene.trader("alice", 50_000).await, scene.trader("bob", 50_000).await);
    scene.trade(&alice, &bob, &[(perpetual(), 4.0, 2_510.0)]).await.expect("a trade");
    // The mark is 2,500: alice paid 4 times 10, and both hold at the mark.
    let fees = wad(0.000_5 * 4.0 * 2_500.0) + wad(0.000_1 * 4.0 * 2_500.0);
    let mut cash = I256::ZERO;
    for wallet in [&alice, &bob] {
        let held = scene.stage.novate.positions(wallet.account()).await.expect("positions");
        assert_eq!(held[0].referencePrice, units::price(2_500.0));
        cash += scene.stage.novate.cash(wallet.account()).await.expect("cash");
    }
    assert_eq!(cash, wad(100_000.0) - fees);
    let paid = scene.stage.novate.cash(alice.account()).await.expect("cash");
    assert_eq!(paid, wad(50_000.0 - 40.0 - 0.000_1 * 4.0 * 2_500.0), "the maker's side");
    scene.market(2_600.0, 0.6).await;
    let keeper = scene.stage.keeper.clone();
    let nonce = scene.stage.novate.nonce(alice.account()).await.expect("a nonce");
    let both = vec![alice.account(), bob.account()];
    scene.stage.novate.touch(&keeper, both).await.expect("touched");
    let gained = scene.stage.novate.cash(alice.account()).await.expect("cash") - paid;
    // A second of funding apart.
    assert!((gained - wad(400.0)).abs() < wad(0.01), "{gained}");
    assert_eq!(scene.stage.novate.nonce(alice.account()).await.expect("a nonce"), nonce);
    scene.assert_balanced().await;
}

#[tokio::test]
async fn debts_are_funded_by_those_who_lend_and_limited_by_the_pool() {
    let mut scene = Scene::new(14).await;
    let (alice, bob) = (scene.trader("alice", 20_000).await, scene.trader("bob", 100_000).await);
    let lender = scene.lender(40_000).await;
    let deep = call(scene.expiries[2], 1_000);
    // 20 calls deep in the money cost 30,000: 10,000 of it are borrowed.
    scene.trade(&alice, &bob, &[(deep, 20.0, 1_500.0)]).await.expect("on credit");
    let ledger = scene.stage.novate.ledger().await.expect("a ledger");
    assert!(ledger.debts > U256::from(units::price(10_000.0)), "{ledger:?}");
    assert_eq!(ledger.pool, U256::from(units::price(40_100.0)));
    scene.assert_balanced().await;
    let all = U256::from(units::price(40_000.0));
    let refusal = reason(scene.stage.novate.redeem(&lender, lender.account(), all).await);
    let ContractError::Clearing(IClearingErrors::LendingLimitExceeded(_)) = refusal else {
        panic!("{refusal}")
    };
    let part = U256::from(units::price(20_000.0));
    scene.stage.novate.redeem(&lender, lender.account(), part).await.expect("redeemed");
    // The margin of the debt is clearing's part.
    let figures = scene.stage.novate.figures(alice.account()).await.expect("figures");
    let without = scene.figures(alice.account()).await;
    let more = ledger.debts.div_ceil(U256::from(100));
    assert_eq!(figures.maintenanceRequirement, without.maintenanceRequirement + more);
    let usdc = scene.stage.usdc;
    let tokens = U256::from(20_000_000_000_u64);
    scene
        .stage
        .novate
        .withdraw(&lender, lender.account(), usdc, tokens, lender.address())
        .await
        .expect("withdrawn");
    scene.assert_balanced().await;
}

#[tokio::test]
async fn expired_options_settle_at_the_proved_price_for_anyone() {
    let mut scene = Scene::new(6).await;
    let (alice, bob) = (scene.trader("alice", 50_000).await, scene.trader("bob", 50_000).await);
    let expiry = scene.expiries[0];
    let legs = [
        (call(expiry, 2_400), 2.0, 110.0),
        (put(expiry, 2_700), -1.0, 205.0),
        (future(expiry), 3.0, 2_501.0),
    ];
    scene.trade(&alice, &bob, &legs).await.expect("a trade");
    let cash = scene.stage.novate.cash(alice.account()).await.expect("cash");
    // Two rounds in the window after the one in force at its start, one before and one after it.
    let rounds = [(1_801, 2_400.0), (1_800, 2_540.0), (900, 2_545.0), (450, 2_575.0), (0, 2_900.0)];
    for (ahead, price) in rounds {
        scene.warp(expiry - ahead).await;
        scene.stage.push_price(0, price).await.expect("a round");
    }
    let keeper = scene.stage.keeper.clone();
    scene.stage.novate.observe(&keeper, ETHER, expiry).await.expect("a proposal");
    let both = vec![alice.account(), bob.account()];
    let early = reason(scene.stage.novate.settle(&keeper, both.clone()).await);
    assert!(
        matches!(early, ContractError::Clearing(IClearingErrors::SettlementNotFinal(_))),
        "{early}"
    );
    scene.warp(expiry + 7_200).await;
    scene.stage.novate.settle(&keeper, both).await.expect("a settlement");
    let settled = IOracle::settlementPriceCall { underlying: ETHER, expiry };
    let price =
        scene.stage.chain().view(scene.stage.novate.at.oracle, &settled).await.expect("a price");
    assert!(price.isFinal);
    assert_eq!(price.price, U256::from(units::price(2_550.0)));
    // 2 (2,550 - 2,400) - 1 (2,700 - 2,550) + 3 (2,550 - 2,500): the future's 1 above the mark was paid at the trade.
    let gained = scene.stage.novate.cash(alice.account()).await.expect("cash") - cash;
    assert_eq!(gained, wad(300.0 - 150.0 + 150.0));
    for wallet in [&alice, &bob] {
        assert!(
            scene.stage.novate.positions(wallet.account()).await.expect("positions").is_empty()
        );
    }
    scene.assert_balanced().await;
}

#[tokio::test]
async fn a_short_account_is_sold_by_the_bot_and_nobody_else_is_touched() {
    let mut scene = Scene::new(7).await;
    let (alice, bob) = (scene.trader("alice", 500_000).await, scene.trader("bob", 10_000).await);
    let (hunter, saver) = (scene.trader("hunter", 200_000).await, scene.trader("saver", 777).await);
    scene.trade(&alice, &bob, &[(perpetual(), -15.0, 2_500.0)]).await.expect("bob is long");
    let mut bot = bot(&scene, hunter).await;
    assert!(bot.step().await.expect("a look").is_empty(), "nobody is short yet");
    scene.market(2_180.0, 0.6).await;
    let before = (scene.figures(bob.account()).await, scene.figures(alice.account()).await);
    assert!(before.0.equity.is_positive() && scene.excess(bob.account()).await.is_negative());
    let actions = bot.step().await.expect("it acts");
    let [Action::Bid { fraction, value, paid, has_started: true, account, .. }] =
        actions.as_slice()
    else {
        panic!("{actions:?}")
    };
    assert_eq!(*account, bob.account());
    assert!(*fraction < U256::from(common::ONE), "a part is enough");
    assert!(
        !paid.is_zero() && I256::try_from(*paid).expect("fits") < *value,
        "below what it is worth"
    );
    assert!(!scene.excess(bob.account()).await.is_negative(), "brought back over maintenance");
    assert_eq!(scene.figures(alice.account()).await, before.1);
    assert_eq!(scene.figures(saver.account()).await.equity, wad(777.0));
    scene.assert_balanced().await;
}

#[tokio::test]
async fn an_insolvent_account_is_taken_over_at_the_insurance_funds_cost() {
    let mut scene = Scene::new(8).await;
    let (alice, bob) = (scene.trader("alice", 500_000).await, scene.trader("bob", 10_000).await);
    let hunter = scene.trader("hunter", 200_000).await;
    insure(&mut scene, 50_000).await;
    scene.trade(&alice, &bob, &[(perpetual(), -15.0, 2_500.0)]).await.expect("bob is long");
    scene.market(1_800.0, 0.6).await;
    assert!(scene.figures(bob.account()).await.equity.is_negative());
    let mut bot = bot(&scene, hunter.clone()).await;
    let fund = scene.stage.novate.ledger().await.expect("a ledger").insurance;
    let actions = bot.step().await.expect("it starts the auction and bids");
    let Some(Action::Bid { value, paid, from_waterfall, .. }) = actions.last() else {
        panic!("{actions:?}")
    };
    assert!(value.is_negative() && paid.is_zero(), "{actions:?}");
    // The hole, and 2% of the requirement that it relieves: no more than that for being first.
    assert!(*from_waterfall > value.unsigned_abs());
    assert!(
        scene.stage.novate.positions(bob.account()).await.expect("positions").is_empty(),
        "all is taken"
    );
    let taken = fund - scene.stage.novate.ledger().await.expect("a ledger").insurance;
    assert_eq!(taken, *from_waterfall);
    let hunter_equity = scene.figures(hunter.account()).await.equity;
    let gained = hunter_equity - wad(200_000.0);
    assert!(gained.is_positive() && gained < wad(1_000.0), "{gained}");
    scene.assert_balanced().await;
}

#[tokio::test]
async fn an_auction_without_bidders_ages_by_sightings_and_ends_when_the_account_recovers() {
    let mut scene = Scene::new(12).await;
    let (alice, bob) = (scene.trader("alice", 500_000).await, scene.trader("bob", 10_000).await);
    let hunter = scene.trader("hunter", 1).await;
    scene.trade(&alice, &bob, &[(perpetual(), -15.0, 2_500.0)]).await.expect("bob is long");
    scene.market(2_180.0, 0.6).await;
    let mut bot = bot(&scene, hunter).await;
    let actions = bot.step().await.expect("a look");
    let [Action::Started { .. }, Action::Passed { .. }] = actions.as_slice() else {
        panic!("{actions:?}")
    };
    for _ in 0..5 {
        scene.warp(scene.now + 60).await;
        let actions = bot.step().await.expect("a look");
        assert!(matches!(actions.first(), Some(Action::Sighted { .. })), "{actions:?}");
    }
    let auction = scene.stage.novate.auction(bob.account()).await.expect("an auction");
    assert!(auction.wasShort && (240..=300).contains(&auction.elapsed), "{auction:?}");
    scene.market(2_400.0, 0.6).await;
    let actions = bot.step().await.expect("a look");
    assert!(matches!(actions.as_slice(), [Action::Released { .. }]), "{actions:?}");
    assert!(bot.step().await.expect("a look").is_empty());
}

async fn bot(scene: &Scene, wallet: novate_client::Wallet) -> Liquidator {
    let chain = Chain::connect(scene.stage.url()).await.expect("a node");
    Liquidator::new(chain, LiquidatorConfig { wallet, at: scene.stage.novate.at, first_block: 0 })
}

async fn insure(scene: &mut Scene, dollars: u64) {
    let (keeper, usdc) = (scene.stage.keeper.clone(), scene.stage.usdc);
    let (clearing, amount) = (scene.stage.novate.at.clearing, U256::from(dollars * 1_000_000));
    scene.stage.mint(usdc, keeper.address(), amount).await.expect("minted");
    let approve = novate_e2e::stage::IMockToken::approveCall { spender: clearing, amount };
    scene.stage.chain().send(&keeper, usdc, &approve).await.expect("approved");
    scene
        .stage
        .chain()
        .send(&keeper, clearing, &IClearing::fundInsuranceCall { amount })
        .await
        .expect("funded");
}

#[tokio::test]
async fn the_deployer_creates_activates_and_initialises_in_one_transaction() {
    let scene = Scene::new(10).await;
    let (chain, wallet) = (scene.stage.chain(), &scene.stage.governor);
    let artifacts = novate_e2e::stage::Artifacts::default();
    let creation = artifacts.solidity("Deployer").expect("make mocks");
    let (deployer, _) = chain.create(wallet, creation).await.expect("a deployer");

    // The stage has activated the exchange's code: a custom section makes it another program.
    let packed = novate_e2e::pack::workspace_root().join("target/novate/exchange.wasm");
    let mut wasm = std::fs::read(packed).expect("make pack");
    wasm.extend([0, 3, 1, b'x', 0]);
    let code = novate_devnode::pack::compress(&wasm).expect("compresses");

    let (governor, clearing) = (wallet.address(), scene.stage.novate.at.clearing);
    let initialize = IExchange::initializeCall { governor, guardian: governor, clearing };
    let deploy = |salt: u8, call: &IExchange::initializeCall| IDeployer::deployCall {
        salt: B256::repeat_byte(salt),
        code: code.clone(),
        initialization: call.abi_encode().into(),
    };
    let fee = U256::from(10_u64.pow(17));
    let refused = IExchange::initializeCall { governor: Address::ZERO, ..initialize.clone() };
    let call = deploy(1, &refused).abi_encode();
    let error = chain
        .send_raw(wallet, TxKind::Call(deployer), call.into(), fee)
        .await
        .expect_err("nobody would govern it");
    assert!(error.to_string().contains("ZeroAddress"), "{error}");

    let call = deploy(2, &initialize).abi_encode();
    let receipt =
        chain.send_raw(wallet, TxKind::Call(deployer), call.into(), fee).await.expect("deploys");
    let [program] = &receipt.events::<IDeployer::Deployed>()[..] else { panic!("one event") };
    let found = chain.view(program.program, &IGoverned::governorCall {}).await.expect("answers");
    assert_eq!(found, governor);
    assert_eq!(chain.balance(deployer).await.expect("a balance"), U256::ZERO, "refunded");
    let again = chain.send(wallet, program.program, &initialize).await.expect_err("taken");
    assert!(again.to_string().contains("AlreadyInitialized"), "{again}");
}

#[tokio::test]
async fn a_program_that_somebody_activated_is_deployed_again_without() {
    let scene = Scene::new(11).await;
    let chain = scene.stage.chain();
    // The stage has deployed both. What clearing's fragments are laid into is a new list of addresses: other code.
    for (name, is_active) in [("exchange", true), ("clearing", false)] {
        let program = novate_e2e::stage::Artifacts::default().program(name).expect("make pack");
        let deployed =
            chain.create_program(&scene.stage.governor, &program).await.expect("deployed");
        assert_eq!(deployed.activation_gas == 0, is_active, "{name}");
        assert!(!scene.contracts().contains(&deployed.program));
        let governor = chain.view(deployed.program, &IGoverned::governorCall {}).await;
        assert_eq!(governor.expect("answers"), Address::ZERO, "{name} isn't initialised");
    }
}
