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
    for (account, mut expected) in previews {
        let fees: U256 = fills
            .iter()
            .map(|fill| if fill.buyer == account { fill.buyerFee } else { fill.sellerFee })
            .sum();
        expected.equity -= I256::try_from(fees).expect("fits");
        assert_eq!(scene.figures(account).await, expected);
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
            assert_eq!(
                (own.worst_underlying, own.worst_scenario),
                (theirs.worstUnderlying, theirs.worstScenario)
            );
            assert_eq!(parts.len(), 1);
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
    // Three rounds in the window, one before and one after it.
    let rounds = [(1_801, 2_000.0), (1_800, 2_540.0), (900, 2_545.0), (1, 2_565.0), (0, 9_000.0)];
    for (ahead, price) in rounds {
        scene.warp(expiry - ahead).await;
        scene.stage.push_price(0, price).await.expect("a round");
    }
    let keeper = scene.stage.keeper.clone();
    scene.stage.novate.propose_settlement(&keeper, ETHER, expiry, 3).await.expect("a proposal");
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
    // 2 (2,550 - 2,400) - 1 (2,700 - 2,550) + 3 (2,550 - 2,501)
    let gained = scene.stage.novate.cash(alice.account()).await.expect("cash") - cash;
    assert_eq!(gained, wad(300.0 - 150.0 + 147.0));
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
    assert!(
        before.0.equity.is_positive()
            && scene.maintenance_excess(bob.account()).await.is_negative()
    );
    let actions = bot.step().await.expect("it acts");
    let [Action::Bid { mode: 0, fraction, price, has_started: true, account, .. }] =
        actions.as_slice()
    else {
        panic!("{actions:?}")
    };
    assert_eq!(*account, bob.account());
    assert!(price.is_positive() && *fraction <= U256::from(common::ONE));
    assert!(
        !scene.maintenance_excess(bob.account()).await.is_negative(),
        "brought back over maintenance"
    );
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
    bot.step().await.expect("it starts the auction");
    let fund = scene.stage.novate.ledger().await.expect("a ledger").insurance;
    scene.warp(scene.now + 3_600).await;
    scene.market(1_800.0, 0.6).await;
    let actions = bot.step().await.expect("it bids");
    let Some(Action::Bid { mode: 1, price, .. }) = actions.last() else { panic!("{actions:?}") };
    assert!(price.is_negative(), "the fund pays");
    assert!(
        scene.stage.novate.positions(bob.account()).await.expect("positions").is_empty(),
        "all is taken"
    );
    let paid = fund - scene.stage.novate.ledger().await.expect("a ledger").insurance;
    assert_eq!(I256::try_from(paid).expect("fits"), -*price);
    scene.assert_balanced().await;
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
