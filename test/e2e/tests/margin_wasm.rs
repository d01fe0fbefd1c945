//! The built WASM of margin and of its lens gives the bits of the native risk crate: thousands of random books, as calls on the
//! devnode, in markets of two underlyings with expiries past, in the settlement window, and years away; with the extensions off, on, and
//! with ranges on their way.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::expect_used,
    clippy::float_arithmetic,
    clippy::indexing_slicing,
    reason = "a test fails loudly"
)]

mod common;

use std::collections::BTreeMap;

use alloy_primitives::{Bytes, I256, U256};
use alloy_sol_types::{SolCall, SolError};
use common::ONE;
use novate_abi::{
    IMargin, IMarginLens, IOracle, IRiskParameters,
    book::{Book, Collateral, Position},
    snapshot::level_number,
};
use novate_client::{Evaluation, risk_book};
use novate_e2e::{
    message::{CERTAIN, expiry_update},
    model::Svi,
    stage::{Settings, Stage, UnderlyingSettings},
    units,
};
use novate_risk::{Instrument, Strike, Trade, rules::Wish};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha20Rng;

/// 2026-01-05 00:00 UTC.
const START: u64 = 1_767_571_200;
const HOUR: u64 = 3_600;
/// Hours from the start to the expiries of both underlyings.
const EXPIRIES: [u64; 7] = [28, 31, 62, 24 * 9, 24 * 40, 24 * 200, 24 * 900];
/// Books in each market, and in each call.
const BOOKS: usize = 420;
const BATCH: usize = 12;

struct Market {
    stage: Stage,
    random: ChaCha20Rng,
    now: u64,
}

impl Market {
    async fn new() -> Self {
        let mut settings = Settings::ether(4_711, START);
        settings.underlyings.push(UnderlyingSettings {
            number: 2,
            range: 160_000_000_000_000_000,
            price: 90_000.0,
            ..settings.underlyings[0]
        });
        let stage = Stage::new(&settings, |_| {}).await.expect("the stage is set");
        let now = stage.chain().timestamp().await.expect("a time");
        Self { stage, random: ChaCha20Rng::seed_from_u64(4_711), now }
    }

    async fn govern<C: SolCall>(&self, call: &C) {
        let Stage { governor, novate, .. } = &self.stage;
        novate.chain.send(governor, novate.at.parameters, call).await.expect("the governor may");
    }

    /// Moves time by some minutes, and prices, surfaces and marks to anywhere: all publishers sign.
    async fn turn(&mut self, later: u64) {
        self.now += later;
        self.stage.chain().mine_at(self.now).await.expect("a block");
        for (feed, centre) in [(0, 2_500.0), (1, 90_000.0)] {
            let index = centre * self.random.random_range(0.5..2.0);
            self.stage.push_price(feed, index).await.expect("a round");
            let mut expiries: Vec<IOracle::ExpiryUpdate> = Vec::new();
            let mut shorter: Option<Svi> = None;
            for hours in EXPIRIES {
                let expiry = START + hours * HOUR;
                if expiry > self.now {
                    let (told, surface) = self.surface(expiry, index, shorter.as_ref());
                    expiries.push(told);
                    shorter = Some(surface);
                }
            }
            let update = IOracle::MarketUpdate {
                underlying: feed as u8 + 1,
                modelTime: self.now,
                indexReference: units::price(index),
                perpetualMark: units::price(index * self.random.random_range(0.981..1.019)),
                perpetualConfidence: self.random.random_range(CERTAIN / 2..=CERTAIN),
                expiries,
            };
            let Stage { novate, keeper, publishers, .. } = &self.stage;
            let receipt = novate.update(keeper, publishers, &update).await.expect("an update");
            for told in receipt.events::<IOracle::ExpiryUpdated>() {
                assert!(told.surfaceTaken, "refused: {told:?} of {update:?}");
            }
        }
    }

    /// A random surface free of arbitrage, nowhere below the shorter one.
    fn surface(
        &mut self,
        expiry: u64,
        index: f64,
        shorter: Option<&Svi>,
    ) -> (IOracle::ExpiryUpdate, Svi) {
        let random = &mut self.random;
        let tau = (expiry - self.now) as f64 / 31_536_000.0;
        let volatility: f64 = random.random_range(0.15..1.8);
        // The oracle takes levels of variance up to 5.
        let w = (volatility * volatility * tau).min(2.0);
        let mut surface = Svi {
            a: w * 0.9,
            b: w * random.random_range(0.0..0.3),
            rho: random.random_range(-0.5..0.5),
            m: random.random_range(-0.03..0.03),
            sigma: random.random_range(0.1..0.5),
            tau,
        };
        // What has arbitrage is taken less steep, flat at last.
        while !surface.is_arbitrage_free() {
            surface.b /= 3.0;
        }
        if let Some(shorter) = shorter {
            let deviation = shorter.total_variance(0.0).sqrt();
            surface.a += (-8..=8)
                .map(|step| f64::from(step) / 4.0 * deviation)
                .map(|k| shorter.total_variance(k) + 1e-7 - surface.total_variance(k))
                .fold(0.0, f64::max);
        }
        let forward = index * (1.0 + 0.1 * tau * random.random_range(-1.0..1.0));
        let rate = random.random_range(0.0..0.08);
        let told = IOracle::ExpiryUpdate {
            forwardConfidence: random.random_range(CERTAIN / 2..=CERTAIN),
            volatilityConfidence: random.random_range(CERTAIN / 4..=CERTAIN),
            ..expiry_update(expiry, forward, rate, &surface)
        };
        (told, surface)
    }

    /// A book of 0 to 40 positions, some of 200.
    fn book(&mut self) -> Book {
        let random = &mut self.random;
        let most = if random.random_ratio(1, 60) { 200 } else { 40 };
        let count = random.random_range(0..=most);
        let mut positions = BTreeMap::new();
        for _ in 0..count {
            let underlying = random.random_range(1..=2_u8);
            let hours = EXPIRIES[random.random_range(0..EXPIRIES.len())];
            let expiry = u32::try_from(START / HOUR + hours).expect("fits");
            let centre = if underlying == 1 { 2_500.0 } else { 90_000.0 };
            let strike = (centre * random.random_range(0.2..3.0_f64)).round() as u64;
            let strike = Strike::whole(strike).expect("a strike");
            let instrument = match random.random_range(0..16) {
                0 => Instrument::perpetual(underlying),
                1 => Instrument::future(underlying, expiry),
                2..=8 => Instrument::call(underlying, expiry, strike),
                _ => Instrument::put(underlying, expiry, strike),
            };
            let instrument = instrument.expect("an instrument");
            let size = random.random_range(1..1_000_i64) * 10_i64.pow(random.random_range(0..8));
            let quantity = if random.random() { size } else { -size };
            let mut position = Position {
                instrument: instrument.id(),
                quantity,
                reference_price: 0,
                funding_reference: 0,
            };
            if !instrument.is_option() {
                position.reference_price = units::price(centre * random.random_range(0.5..1.5));
                if instrument.expiry().is_none() {
                    position.funding_reference = random.random_range(-1_000_000_000..1_000_000_000);
                }
            }
            positions.insert(position.instrument, position);
        }
        let collateral = if random.random_ratio(1, 3) {
            vec![Collateral { number: 1, amount: random.random_range(1..10_u128.pow(21)) }]
        } else {
            Vec::new()
        };
        let cash = I256::try_from(random.random_range(-(10_i128.pow(24))..10_i128.pow(24)));
        let pool =
            if random.random_ratio(1, 3) { random.random_range(1..10_u128.pow(23)) } else { 0 };
        let cash = cash.expect("fits");
        Book { cash, pool, positions: positions.into_values().collect(), collateral }
    }

    /// Compares margin with the risk crate on [`BOOKS`] books; gives how many rely on a worst scenario of each kind.
    async fn compare(&mut self) -> BTreeMap<u8, usize> {
        let books: Vec<Bytes> = (0..BOOKS).map(|_| self.book().pack().into()).collect();
        let evaluation = self.stage.novate.evaluation(&books).await.expect("an evaluation");
        let mut worst = BTreeMap::new();
        let mut exact = 0;
        for (number, batch) in books.chunks(BATCH).enumerate() {
            let told = self.stage.novate.assess(batch.to_vec()).await.expect("figures");
            for (told, packed) in told.iter().zip(batch) {
                let book = risk_book(packed).expect("a book");
                let (own, scenarios) = evaluation.assess(&book).expect("figures");
                assert_eq!(told.equity, own.equity, "{packed}");
                assert_eq!(told.initialRequirement, own.initial_requirement, "{packed}");
                assert_eq!(told.maintenanceRequirement, own.maintenance_requirement, "{packed}");
                assert_eq!(told.worstUnderlying, own.worst_underlying, "{packed}");
                assert_eq!(told.worstScenario, own.worst_scenario, "{packed}");
                assert_eq!(told.validity, level_number(own.validity), "{packed}");
                assert_eq!(told.closeEquity, own.close_equity, "{packed}");
                assert_eq!(told.closeRequirement, own.close_requirement, "{packed}");
                assert_eq!(told.lastEquity, own.last_equity, "{packed}");
                assert_eq!(told.lastRequirement, own.last_requirement, "{packed}");
                assert_eq!(told.healthyRequirement, own.healthy_requirement, "{packed}");
                *worst.entry(told.worstScenario).or_default() += 1;
                let excess = evaluation.excess_under(&book, &scenarios).expect("an excess");
                assert!(excess >= own.close_excess(), "{packed}");
                exact += usize::from(excess == own.close_excess());
            }
            self.under(&evaluation, &batch[0]).await;
            if number % 5 == 0 {
                self.lens(&evaluation, &batch[0]).await;
            }
        }
        // What caps an expiry's contingencies looks at all scenarios, a group at those of each underlying, a change in flight at two
        // tables: else one scenario tells all.
        assert!(exact > 0, "one scenario never tells the excess");
        worst
    }

    /// One scenario for each underlying.
    async fn under(&mut self, evaluation: &Evaluation, packed: &Bytes) {
        let book = risk_book(packed).expect("a book");
        let (own, worst) = evaluation.assess(&book).expect("figures");
        let any = self.random.random_range(0..37);
        for scenarios in [vec![any; worst.len()], worst] {
            let expected = evaluation.excess_under(&book, &scenarios).expect("an excess");
            assert!(expected >= own.close_excess());
            let text = format!("{scenarios:?}");
            let call = IMargin::maintenanceExcessUnderCall { book: packed.clone(), scenarios };
            let margin = self.stage.novate.at.margin;
            let told = self.stage.chain().view(margin, &call).await.expect("an excess");
            assert_eq!(told, expected, "under {text}: {packed}");
        }
    }

    /// What the lens says of a book.
    async fn lens(&mut self, evaluation: &Evaluation, packed: &Bytes) {
        let (margin, lens) = (self.stage.novate.at.margin, self.stage.novate.at.lens);
        let chain = self.stage.chain().clone();
        let Evaluation { market, rules, .. } = evaluation;
        let book = risk_book(packed).expect("a book");
        let packed = packed.clone();

        let call = IMarginLens::requirementsCall { margin, book: packed.clone() };
        let told = chain.view(lens, &call).await.expect("requirements");
        let expected = rules.breakdown(&book, market).expect("requirements");
        assert_eq!(told.len(), expected.len());
        for (told, expected) in told.iter().zip(&expected) {
            assert_eq!(told.worst, expected.worst);
            assert_eq!(told.maintenanceRequirement, expected.maintenance_requirement);
        }
        let call = IMarginLens::greeksCall { margin, book: packed.clone() };
        let told = chain.view(lens, &call).await.expect("greeks");
        let expected =
            novate_risk::greeks(&book, market, &rules.parameters, rules.now).expect("greeks");
        assert_eq!(told.len(), expected.len());
        for (told, expected) in told.iter().zip(&expected) {
            let own = [expected.delta, expected.gamma, expected.vega, expected.theta];
            assert_eq!([told.delta, told.gamma, told.vega, told.theta], own);
        }
        let Some(instrument) = book.positions().first().map(|held| held.instrument) else { return };
        let underlying = instrument.to_be_bytes()[0];
        let call = IMarginLens::scenariosCall { margin, book: packed.clone(), underlying };
        let told = chain.view(lens, &call).await.expect("scenarios");
        let (outcomes, basis) =
            novate_risk::loss_vector(&book, market, &rules.parameters, rules.now, underlying)
                .expect("scenarios");
        assert_eq!(told.pnl, outcomes.iter().map(|outcome| outcome.pnl).collect::<Vec<_>>());
        assert_eq!(told.basis, basis);
        let scenario = self.random.random_range(0..37);
        let call =
            IMarginLens::attributionCall { margin, book: packed.clone(), underlying, scenario };
        let told = chain.view(lens, &call).await.expect("shares");
        let shares = novate_risk::attribution(
            &book,
            market,
            &rules.parameters,
            rules.now,
            underlying,
            scenario,
        )
        .expect("shares");
        assert_eq!(
            told.iter().map(|share| share.pnl).collect::<Vec<_>>(),
            shares.iter().map(|share| share.pnl).collect::<Vec<_>>()
        );
        let quantity = if self.random.random() { 1_000_000_000 } else { -1_000_000_000 };
        let price = units::price(100.0);
        let most = IMarginLens::Trade { instrument, quantity, price };
        let call = IMarginLens::maxQuantityCall { margin, book: packed, most, reserve: I256::ZERO };
        let told = chain.view(lens, &call).await.expect("a quantity");
        let wish = Wish { most: Trade { instrument, quantity, price }, reserve: I256::ZERO };
        let own = rules
            .max_quantity(&book, market, &wish, || Ok::<(), novate_risk::Error>(()))
            .expect("a quantity");
        assert_eq!(told, own.unsigned_abs());
    }
}

#[tokio::test]
async fn the_built_wasm_gives_the_bits_of_the_risk_crate() {
    let mut market = Market::new().await;
    let mut books = 0;
    let mut compare = async |market: &mut Market| {
        let worst = market.compare().await;
        books += worst.values().sum::<usize>();
        worst
    };
    market.turn(600).await;
    let worst = compare(&mut market).await;
    assert!(worst.len() > 8, "scenarios that decide: {worst:?}");

    // 20 minutes before the first expiry: part of its settlement price is known. Floor and charges on.
    market.govern(&IRiskParameters::setFloorCall { net: ONE / 20, hedged: ONE / 50 }).await;
    market.govern(&IRiskParameters::setGammaChargeCall { rate: ONE / 4, threshold: 1_000 }).await;
    let call = IRiskParameters::setLiquidityChargeCall {
        rate: 20_000_000_000,
        maximum: ONE / 20,
        threshold: 100_000,
    };
    market.govern(&call).await;
    // On the way from the requirement before to the one after it.
    market.turn(2 * HOUR).await;
    compare(&mut market).await;
    market.turn(EXPIRIES[0] * HOUR - 1_200 - 600 - 2 * HOUR).await;
    let worst = compare(&mut market).await;
    assert!(worst.contains_key(&255), "the floor decides nowhere: {worst:?}");

    // The first expiry has passed without a settlement price. Gains offset losses; other scales.
    for underlying in [1, 2] {
        market.govern(&IRiskParameters::setGroupCall { underlying, group: 1 }).await;
    }
    market.govern(&IRiskParameters::setOffsetCall { group: 1, offset: ONE / 2 }).await;
    market
        .govern(&IRiskParameters::setSkewCall {
            linearCap: ONE / 2,
            linearSlope: -150_000_000_000_000_000,
            absoluteCap: ONE / 3,
            absoluteSlope: 10_000_000_000_000_000,
        })
        .await;
    market.turn(2_400).await;
    compare(&mut market).await;

    // A range on its way, up and down.
    let ramp = |underlying, range| IRiskParameters::rampRangeCall {
        underlying,
        range,
        duration: 24 * HOUR,
    };
    market.govern(&ramp(1, 400_000_000_000_000_000)).await;
    market.govern(&ramp(2, 120_000_000_000_000_000)).await;
    market.turn(2 * HOUR).await;
    compare(&mut market).await;
    market.turn(25 * HOUR).await;

    // All of it off but the ramps, which have arrived; two more expiries have passed. Another scenario table: what was last comes first,
    // and what moves the price by whole ranges counts half.
    let table = IRiskParameters::scenariosCall {};
    let chain = market.stage.chain().clone();
    let mut table = chain.view(market.stage.novate.at.parameters, &table).await.expect("a table");
    table.rotate_right(10);
    for scenario in table.iter_mut().filter(|entry| entry.spotMove.unsigned_abs() == ONE) {
        scenario.weight /= 2;
    }
    market.govern(&IRiskParameters::setScenariosCall { table }).await;
    market.govern(&IRiskParameters::setFloorCall { net: 0, hedged: 0 }).await;
    market.govern(&IRiskParameters::setGammaChargeCall { rate: 0, threshold: 0 }).await;
    let call = IRiskParameters::setLiquidityChargeCall { rate: 0, maximum: 0, threshold: 0 };
    market.govern(&call).await;
    market.govern(&IRiskParameters::setOffsetCall { group: 1, offset: 0 }).await;
    market.turn(30 * HOUR).await;
    compare(&mut market).await;
    assert!(books >= 2_000, "{books} books");
}

/// A search that hasn't the gas says so, whatever the limit of the call.
#[tokio::test]
async fn a_search_without_gas_ends_with_a_reason() {
    let mut market = Market::new().await;
    market.turn(600).await;
    let mut book = market.book();
    while book.positions.len() < 20 {
        book = market.book();
    }
    book.cash = I256::try_from(10_i128.pow(33)).expect("fits");
    let Stage { novate, .. } = &market.stage;
    let call = IMarginLens::liquidationPricesCall {
        margin: novate.at.margin,
        book: book.pack().into(),
        underlying: book.positions[0].instrument.to_be_bytes()[0],
    };
    let input: Bytes = call.abi_encode().into();
    let mut refused = 0;
    for gas in [600_000_u64, 1_000_000, 2_000_000, 5_000_000, 9_000_000, 50_000_000] {
        let request = serde_json::json!([
            { "to": novate.at.lens, "input": input, "gas": U256::from(gas) },
            "latest",
            { "tracer": "callTracer" },
        ]);
        let trace: serde_json::Value =
            novate.chain.request("debug_traceCall", request).await.expect("a trace");
        if trace.get("error").is_some() {
            let data: Bytes = serde_json::from_value(trace["output"].clone()).expect("a reason");
            assert_eq!(data[..4], IMarginLens::GasLimitTooLow::SELECTOR, "{gas}: {trace}");
            refused += 1;
        }
    }
    assert!(refused > 0, "no limit was too low");
}

/// Prices of liquidation of a book as large as they come, within what nodes give a call.
#[tokio::test]
async fn a_search_through_a_large_book_ends() {
    let mut market = Market::new().await;
    market.turn(600).await;
    let mut book = Book::default();
    for hours in &EXPIRIES[1..] {
        for step in 0..32_u64 {
            let hours = u32::try_from(START / HOUR + hours).expect("fits");
            let strike = Strike::whole(1_000 + 100 * step).expect("a strike");
            let instrument = if step < 15 {
                Instrument::put(1, hours, strike)
            } else {
                Instrument::call(1, hours, strike)
            };
            book.positions.push(Position {
                instrument: instrument.expect("an instrument").id(),
                quantity: -1_000_000,
                reference_price: 0,
                funding_reference: 0,
            });
        }
    }
    book.positions.sort_unstable_by_key(|position| position.instrument);
    book.cash = I256::try_from(15 * 10_i128.pow(22)).expect("fits");
    let packed: Bytes = book.pack().into();
    let evaluation =
        market.stage.novate.evaluation(core::slice::from_ref(&packed)).await.expect("a market");
    let own = evaluation
        .rules
        .liquidation_prices(&risk_book(&packed).expect("a book"), &evaluation.market, 1, || {
            Ok::<(), novate_risk::Error>(())
        })
        .expect("prices");
    let Stage { novate, .. } = &market.stage;
    let call = IMarginLens::liquidationPricesCall {
        margin: novate.at.margin,
        book: packed,
        underlying: 1,
    };
    let told = novate.chain.view(novate.at.lens, &call).await.expect("prices");
    assert_eq!(told.below, U256::from(own.below.expect("a price below")));
    assert_eq!(told.above, U256::from(own.above.expect("a price above")));
}
