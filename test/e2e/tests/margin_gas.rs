//! Gas of checking a stored book, on the built WASM, against `snapshots/margin.json`: the workload by which peers are
//! compared. N options over E expiries, calls and puts alternating, strikes 2000 + 20 j, volatilities 60% to 75%, spot 2000.
//!
//! `NOVATE_SNAPSHOTS=write cargo test --release -p novate-e2e --test margin_gas` rewrites the snapshot.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::expect_used,
    clippy::float_arithmetic,
    clippy::panic,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod common;

use std::{collections::BTreeMap, fs};

use alloy_primitives::{Address, B256, Bytes, TxKind, U256, address, b256, keccak256};
use alloy_sol_types::{SolCall, sol};
use common::{Scene, call, put};
use novate_abi::{IClearing, IOracle, IRiskParameters};
use novate_client::{Receipt, Wallet};
use novate_e2e::{pack::workspace_root, units};
use serde_json::{Value as Json, json};

sol! {
    interface ArbWasmCache {
        function cacheProgram(address program) external;
        function evictCodehash(bytes32 codehash) external;
    }
    interface ArbWasm {
        function programInitGas(address program) external view returns (uint64 gas, uint64 gasWhenCached);
    }
}

const ARB_WASM: Address = address!("0000000000000000000000000000000000000071");
const ARB_WASM_CACHE: Address = address!("0000000000000000000000000000000000000072");
/// The key of the chain's owner on development chains.
const OWNER: B256 = b256!("b6b15c8cb491557369f3c7d2c287b053eb229daa9c22138887752191c9520659");
/// Ink in a unit of gas.
const INK: u64 = 10_000;
/// Legs of one trade.
const LEGS: usize = 16;

/// Sizes at which a growing book is measured, by number of expiries.
const WORKLOADS: [(usize, &[usize]); 3] = [
    (1, &[1, 4, 8, 16, 32, 64, 127, 256]),
    (4, &[1, 4, 8, 16, 32, 64, 127, 256]),
    (8, &[1, 4, 8, 16, 32, 64, 127, 256]),
];
/// Options in each of the books between which a fill is measured, and their expiries.
const FILLS: [(usize, usize); 2] = [(16, 4), (127, 8)];
/// Expiries of a message.
const UPDATE: usize = 4;

/// The market of the workload: ether at 2,000 and surfaces with a smile in two, four, six... weeks. With `places` the scenario table is
/// turned by so many first: in another order it is stored, and costs the same ink once the change has landed.
async fn scene(places: usize) -> (Scene, Vec<u64>) {
    let mut scene = Scene::new(77).await;
    if places != 0 {
        rotate(&scene, places).await;
        scene.warp(scene.now + 86_400).await;
    }
    scene.market(2_000.0, 0.6).await;
    let expiries: Vec<u64> =
        (1..=8).map(|number| scene.expiries[0] + number * 14 * 86_400).collect();
    post(&mut scene, &expiries, 0.0).await;
    let owner = Wallet::from_key(OWNER).expect("a key").address();
    let ether = U256::from(10_u64.pow(19));
    let _: Json =
        scene.stage.chain().request("anvil_setBalance", json!([owner, ether])).await.expect("rich");
    (scene, expiries)
}

/// Surfaces with a smile, volatilities from 60% to 75% and `more`; signed by all, or by as many as must where nothing moves far.
async fn post(scene: &mut Scene, expiries: &[u64], more: f64) -> Receipt {
    scene.warp(scene.now + 60).await;
    scene.stage.push_price(0, 2_000.0).await.expect("a round");
    let surfaces = expiries.iter().zip(0_u32..).map(|(expiry, number)| {
        let volatility = 0.6 + 0.15 * f64::from(number) / 7.0 + more;
        let mut surface = scene.surface(*expiry, 2_000.0, volatility);
        surface.b = u32::try_from(i64::try_from(surface.a).expect("fits") / 8).expect("fits");
        surface.rho = -300_000_000;
        surface
    });
    let update = scene.message(surfaces.collect());
    let receipt = if more == 0.0 {
        scene.post(&update).await
    } else {
        let (keeper, publishers) = (&scene.stage.keeper, &scene.stage.publishers);
        scene.stage.novate.update(keeper, &publishers[1..], &update).await
    };
    let receipt = receipt.expect("an update");
    for told in receipt.events::<IOracle::ExpiryUpdated>() {
        assert!(told.surfaceTaken && !told.clamped, "{told:?}");
    }
    receipt
}

/// Option `number` of a book over the first `count` expiries.
fn option(expiries: &[u64], count: usize, number: usize) -> u64 {
    let expiry = expiries[number / 2 % count];
    let strike = 2_000 + 20 * u64::try_from(number).unwrap();
    if number.is_multiple_of(2) { call(expiry, strike) } else { put(expiry, strike) }
}

/// The second sells the first one contract of each option at its mark, at most [`LEGS`] in a transaction.
async fn sell(
    scene: &mut Scene,
    [buyer, seller]: [&Wallet; 2],
    options: impl Iterator<Item = u64>,
) -> Option<Receipt> {
    let options: Vec<u64> = options.collect();
    let marks = scene.stage.novate.marks(options.clone()).await.expect("marks");
    let price = |mark: u128| units::unsigned_units(U256::from(mark));
    let legs: Vec<_> =
        options.iter().zip(&marks).map(|(id, mark)| (*id, 1.0, price(mark.mark))).collect();
    let mut last = None;
    for legs in legs.chunks(LEGS) {
        last = Some(scene.trade(buyer, seller, legs).await.expect("a trade"));
    }
    last
}

/// Keeps all programs cached, or none.
async fn cache(scene: &Scene, is_cached: bool) {
    let owner = Wallet::from_key(OWNER).expect("a key");
    for program in scene.contracts() {
        let input = if is_cached {
            ArbWasmCache::cacheProgramCall { program }.abi_encode()
        } else {
            let params = json!([program, "latest"]);
            let code: Bytes =
                scene.stage.chain().request("eth_getCode", params).await.expect("code");
            let codehash = keccak256(&code);
            ArbWasmCache::evictCodehashCall { codehash }.abi_encode()
        };
        let to = TxKind::Call(ARB_WASM_CACHE);
        scene.stage.chain().send_raw(&owner, to, input.into(), U256::ZERO).await.expect("cached");
    }
}

/// Turns the scenario table by so many places: in another order it is stored, and costs the same ink.
async fn rotate(scene: &Scene, places: usize) {
    let (chain, parameters) = (scene.stage.chain(), scene.stage.novate.at.parameters);
    let table = chain.view(parameters, &IRiskParameters::scenariosCall {}).await;
    let mut table = table.expect("a table");
    table.rotate_left(places);
    let call = IRiskParameters::setScenariosCall { table };
    chain.send(&scene.stage.governor, parameters, &call).await.expect("a table");
}

/// A transaction that asks clearing for an account's figures.
async fn check(scene: &Scene, account: B256) -> Receipt {
    let (keeper, clearing) = (&scene.stage.keeper, scene.stage.novate.at.clearing);
    let call = IClearing::assessCall { account };
    scene.stage.chain().send(keeper, clearing, &call).await.expect("figures")
}

/// Where a transaction's gas went.
#[derive(Debug, Default)]
struct Breakdown {
    entry: u64,
    storage_ink: u64,
    host_ink: u64,
    feeds: u64,
}

impl Breakdown {
    /// Adds a frame: `calls` is the call tracer's, `steps` the Stylus tracer's.
    fn add(&mut self, entries: &BTreeMap<Address, u64>, frame: &Json, steps: &Json) {
        let to: Address = frame["to"].as_str().unwrap().parse().unwrap();
        let Some(entry) = entries.get(&to) else {
            self.feeds += number(&frame["gasUsed"]);
            return;
        };
        self.entry += entry;
        let mut calls = frame["calls"].as_array().into_iter().flatten();
        for step in steps.as_array().unwrap() {
            let ink = step["startInk"].as_u64().unwrap() - step["endInk"].as_u64().unwrap();
            let name = step["name"].as_str().unwrap();
            if name.ends_with("call_contract") {
                let callee = calls.next().expect("a frame");
                self.host_ink += ink - number(&callee["gasUsed"]) * INK;
                self.add(entries, callee, &step["steps"]);
            } else if name.starts_with("storage") {
                self.storage_ink += ink;
            } else {
                self.host_ink += ink;
            }
        }
    }

    fn show(&self, used: u64, intrinsic: u64) -> Json {
        let (storage, host) = (self.storage_ink / INK, self.host_ink / INK);
        let compute = used - intrinsic - self.entry - storage - host - self.feeds;
        json!({
            "intrinsic": intrinsic, "program_entry": self.entry, "storage": storage,
            "feeds": self.feeds, "host_calls": host, "compute": compute,
        })
    }
}

fn number(hex: &Json) -> u64 {
    u64::from_str_radix(hex.as_str().unwrap().trim_start_matches("0x"), 16).unwrap()
}

/// The breakdown of a transaction by cached programs.
async fn breakdown(scene: &Scene, receipt: &Receipt, intrinsic: u64) -> Json {
    let mut entries = BTreeMap::new();
    for program in scene.contracts() {
        let call = ArbWasm::programInitGasCall { program };
        let gas = scene.stage.chain().view(ARB_WASM, &call).await.expect("an active program");
        entries.insert(program, gas.gasWhenCached);
    }
    let trace = async |tracer: &str| -> Json {
        let params = json!([receipt.transaction, { "tracer": tracer }]);
        scene.stage.chain().request("debug_traceTransaction", params).await.expect("a trace")
    };
    let (frame, steps) = (trace("callTracer").await, trace("stylusTracer").await);
    let mut found = Breakdown::default();
    found.add(&entries, &frame, &steps);
    found.show(receipt.gas_used, intrinsic)
}

/// Gas of a transaction before anything runs.
fn intrinsic(input: &[u8]) -> u64 {
    21_000 + input.iter().map(|byte| if *byte == 0 { 4 } else { 16 }).sum::<u64>()
}

/// Books of growing size over `count` expiries.
async fn grow(scene: &mut Scene, expiries: &[u64], count: usize, sizes: &[usize]) -> Json {
    let buyer = scene.trader(&format!("buyer {count}"), 50_000_000).await;
    let seller = scene.trader(&format!("seller {count}"), 50_000_000).await;
    let (mut held, mut rows) = (0, serde_json::Map::new());
    for size in sizes {
        let options = (held..*size).map(|number| option(expiries, count, number));
        sell(scene, [&buyer, &seller], options).await;
        held = *size;
        let account = seller.account();
        let book = scene.stage.novate.positions(account).await.expect("positions");
        assert!(book.len() == *size && book.iter().all(|position| position.quantity < 0));
        cache(scene, true).await;
        let receipt = check(scene, account).await;
        let input = IClearing::assessCall { account }.abi_encode();
        let parts = breakdown(scene, &receipt, intrinsic(&input)).await;
        cache(scene, false).await;
        let uncached = check(scene, account).await.gas_used;
        let row = json!({
            "cached": receipt.gas_used, "uncached": uncached, "cached_parts": parts,
        });
        rows.insert(format!("{size:03}"), row);
    }
    Json::Object(rows)
}

/// One option traded between two books that hold it already, and one that both don't.
async fn fill(scene: &mut Scene, expiries: &[u64], (size, count): (usize, usize)) -> Json {
    let buyer = scene.trader(&format!("fill buyer {size}"), 50_000_000).await;
    let seller = scene.trader(&format!("fill seller {size}"), 50_000_000).await;
    let options = (0..size).map(|number| option(expiries, count, number));
    sell(scene, [&buyer, &seller], options).await;
    let mut gas = serde_json::Map::new();
    for (name, is_cached) in [("cached", true), ("uncached", false)] {
        cache(scene, is_cached).await;
        let held = option(expiries, count, size / 2);
        let receipt = sell(scene, [&buyer, &seller], core::iter::once(held)).await;
        gas.insert(format!("held_{name}"), receipt.expect("one trade").gas_used.into());
    }
    // Both ids sort among the ids held: words of positions behind them move.
    for (name, is_cached, number) in [("cached", true, size), ("uncached", false, size + 1)] {
        cache(scene, is_cached).await;
        let new = option(expiries, count, number);
        let receipt = sell(scene, [&buyer, &seller], core::iter::once(new)).await;
        gas.insert(format!("new_{name}"), receipt.expect("one trade").gas_used.into());
    }
    Json::Object(gas)
}

/// A message that moves every scalar a little, signed by as many publishers as must.
async fn message(scene: &mut Scene, expiries: &[u64]) -> Json {
    let mut gas = serde_json::Map::new();
    for (name, is_cached, more) in [("cached", true, 0.01), ("uncached", false, 0.02)] {
        cache(scene, is_cached).await;
        let receipt = post(scene, &expiries[..UPDATE], more).await;
        gas.insert(name.into(), receipt.gas_used.into());
    }
    Json::Object(gas)
}

async fn found() -> Json {
    let (mut own, expiries) = scene(1).await;
    let mut tables = Vec::new();
    for (count, sizes) in WORKLOADS {
        tables.push(grow(&mut own, &expiries, count, sizes).await);
    }
    drop(own);
    let (mut scene, expiries) = scene(0).await;
    let mut checks = serde_json::Map::new();
    for ((count, sizes), table) in WORKLOADS.into_iter().zip(tables) {
        let mut rows = grow(&mut scene, &expiries, count, sizes).await;
        for (size, row) in rows.as_object_mut().expect("sizes") {
            row["cached_own_scenarios"] = table[size]["cached"].clone();
        }
        checks.insert(count.to_string(), rows);
    }
    let mut found = json!({ "check": checks });
    for (size, count) in FILLS {
        // A minute apart from the last message: data don't age.
        post(&mut scene, &expiries, 0.0).await;
        found[format!("fill_between_{size}_options")] =
            fill(&mut scene, &expiries, (size, count)).await;
    }
    post(&mut scene, &expiries, 0.0).await;
    found[format!("update_of_{UPDATE}_expiries")] = message(&mut scene, &expiries).await;
    found
}

#[tokio::test]
async fn gas_equals_the_snapshot() {
    let path = workspace_root().join("snapshots/margin.json");
    let found = format!("{:#}\n", found().await);
    if std::env::var_os("NOVATE_SNAPSHOTS").is_some_and(|value| value == "write") {
        fs::write(path, found).expect("a file");
        return;
    }
    let kept =
        fs::read_to_string(path).expect("snapshots/margin.json; NOVATE_SNAPSHOTS=write makes it");
    assert!(
        kept == found,
        "the gas has changed; NOVATE_SNAPSHOTS=write rewrites the snapshot\n{found}"
    );
}

/// What a check may cost, by expiries and options, with the default table; one of its size in storage costs [`OWN_TABLE`] more.
const OWN_TABLE: u64 = 12_000;
const BARS: [(&str, &str, u64); 5] = [
    ("1", "001", 120_000),
    ("4", "016", 150_000),
    ("4", "064", 225_000),
    ("8", "127", 380_000),
    ("8", "256", 700_000),
];
/// What an option more may cost.
const SLOPE: u64 = 2_500;
/// What a fill of one option between two books of [`FILLS`] may cost that hold it, by cached programs; and any other.
const HELD_GAS: [(usize, u64); 2] = [(16, 310_000), (127, 1_200_000)];
const FILL_GAS: u64 = 1_200_000;
/// What a message of [`UPDATE`] expiries may cost; the aim is 150,000.
const UPDATE_GAS: u64 = 155_000;

#[test]
fn the_bars_hold() {
    let path = workspace_root().join("snapshots/margin.json");
    let kept: Json =
        serde_json::from_str(&fs::read_to_string(path).expect("a snapshot")).expect("JSON");
    let gas = |value: &Json| value.as_u64().expect("gas");
    for (expiries, options, most) in BARS {
        for (table, more) in [("cached", 0), ("cached_own_scenarios", OWN_TABLE)] {
            let cost = gas(&kept["check"][expiries][options][table]);
            assert!(cost <= most + more, "{options} over {expiries}, {table}: {cost}");
        }
    }
    for (expiries, rows) in kept["check"].as_object().expect("expiries") {
        let rows: Vec<(u64, u64)> = rows
            .as_object()
            .expect("sizes")
            .iter()
            .map(|(options, row)| (options.parse().expect("a size"), gas(&row["cached"])))
            .collect();
        // From where every expiry has a call and a put, so that options alone are added.
        let expiries: u64 = expiries.parse().expect("a number");
        for pair in rows.windows(2) {
            let [(few, less), (many, more)] = pair else { continue };
            if *few < 2 * expiries {
                continue;
            }
            let slope = (more - less).div_ceil(many - few);
            assert!(slope <= SLOPE, "{few} to {many} over {expiries}: {slope} an option");
        }
    }
    for (size, most) in HELD_GAS {
        let fills = &kept[format!("fill_between_{size}_options")];
        let cost = gas(&fills["held_cached"]);
        assert!(cost <= most, "a fill between {size} options: {cost}");
        for (fill, cost) in fills.as_object().expect("fills") {
            assert!(gas(cost) <= FILL_GAS, "{fill}: {cost}");
        }
    }
    let cost = gas(&kept[format!("update_of_{UPDATE}_expiries")]["cached"]);
    assert!(cost <= UPDATE_GAS, "an update: {cost}");
}
