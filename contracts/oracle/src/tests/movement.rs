//! How far messages move what is stored: allowances, their refill, what lifts them, neighbours; and the publishers' rule of eighths.

use crate::{
    curve::Curve,
    load,
    words::{AllowanceWord, ForwardWord, SurfaceWord},
};

use super::*;

/// One at the oracle's nine decimals.
const NINE: i64 = 1_000_000_000;

/// A message now, with these expiries.
pub(super) fn message(
    bench: &Bench,
    mark: u128,
    expiries: &[IOracle::ExpiryUpdate],
) -> IOracle::MarketUpdate {
    IOracle::MarketUpdate {
        modelTime: bench.now(),
        perpetualMark: mark,
        expiries: expiries.to_vec(),
        ..market()
    }
}

/// A feed that answers all the time.
fn wait(bench: &Bench, seconds: u64) {
    bench.wait(seconds);
    bench.feed_answers(ANSWER);
}

/// Percent of the index at which the perpetual is marked, and the forward of an expiry, in millionths.
fn marked(bench: &Bench) -> u128 {
    bench.perpetual().mark.to::<u128>() / (PRICE / 1_000_000)
}

fn forward(bench: &Bench, expiry: u64) -> u128 {
    bench.state(expiry).forward / (PRICE / 1_000_000)
}

fn deci(millionths: u128) -> u128 {
    PRICE / 1_000_000 * millionths
}

/// The volatility at the money that an expiry's words give, in percent.
pub(super) fn volatility(bench: &Bench, expiry: u64) -> f64 {
    let read = bench.expiry_now(expiry);
    let variance = read.a as f64 / 1e18
        + read.b as f64 / 1e18
            * (read.rho as f64 / 1e18 * -(read.m as f64 / 1e18)
                + (read.m as f64 / 1e18).hypot(read.sigma as f64 / 1e18));
    (variance / ((expiry - read.model_time) as f64 / 31_536_000.0)).sqrt() * 100.0
}

/// The publishers' rule: of a new surface, `old + t (new - old)`, t the greatest of eighths that its allowance holds; `None` if not
/// even one does. What is stored, the bucket included, is public.
fn fitting(
    bench: &Bench,
    new: &IOracle::ExpiryUpdate,
    model_time: u64,
) -> Option<IOracle::ExpiryUpdate> {
    let key = [B256::from(U256::from((1 << 22) | (new.expiry / HOUR))), B256::from(U256::from(11))]
        .concat();
    let slot = U256::from_be_bytes(alloy_primitives::keccak256(key).0);
    let forward = ForwardWord::unpack(&bench.world.storage(ORACLE, slot));
    let surface = SurfaceWord::unpack(&bench.world.storage(ORACLE, slot + U256::from(1)));
    if forward.ratio == 0 {
        return Some(new.clone());
    }
    let (made, left) = (new.expiry - surface.time, new.expiry - model_time);
    let old = Curve::new(&surface, made, left);
    let used = forward.used[2..]
        .iter()
        .map(|used| crate::moves::refilled(*used, model_time - forward.model_time));
    let used: Vec<u16> = used.collect();
    let roll = |value: i64| {
        i64::try_from(i128::from(value) * i128::from(left) / i128::from(made)).unwrap()
    };
    (1..=8).rev().find_map(|eighths| {
        let between = |old: i64, new: i64| old + (new - old) * eighths / 8;
        let part = SurfaceWord {
            a: between(roll(surface.a), i64::try_from(new.a).unwrap()),
            b: u32::try_from(between(roll(surface.b.into()), new.b.into())).unwrap(),
            rho: between(surface.rho, new.rho.into()),
            m: between(surface.m, i64::try_from(new.m).unwrap()),
            sigma: u64::try_from(between(
                i64::try_from(surface.sigma).unwrap(),
                new.sigma.to::<i64>(),
            ))
            .unwrap(),
            time: model_time,
        };
        let curve = Curve::check(&part, left).ok()?;
        crate::moves::DEFAULT.volatility_step(&old, &curve, left, &used)?;
        Some(IOracle::ExpiryUpdate {
            a: i40(part.a),
            b: part.b,
            rho: i32::try_from(part.rho).unwrap(),
            m: i40(part.m),
            sigma: U40::from(part.sigma),
            ..new.clone()
        })
    })
}

/// The surface of this volatility at every strike, made now.
pub(super) fn level(bench: &Bench, expiry: u64, percent: f64) -> IOracle::ExpiryUpdate {
    let years = (expiry - bench.now()) as f64 / 31_536_000.0;
    let a = (percent * percent / 1e4 * years * 1e9).round() as i64;
    IOracle::ExpiryUpdate { expiry, a: i40(a), ..flat(1, 60) }
}

#[test]
fn a_mark_moves_a_quarter_percent_and_the_rest_as_it_refills() {
    let bench = Bench::new();
    bench.post(&message(&bench, deci(1_000_000), &[]));
    wait(&bench, 1);
    bench.post(&message(&bench, deci(1_020_000), &[]));
    assert_eq!(marked(&bench), 1_002_499);
    wait(&bench, 60);
    bench.post(&message(&bench, deci(1_020_000), &[]));
    assert!((1_002_740..=1_002_750).contains(&marked(&bench)), "{}", marked(&bench));
    // Back and forth takes twice.
    wait(&bench, 600);
    bench.post(&message(&bench, deci(1_004_000), &[]));
    wait(&bench, 1);
    bench.post(&message(&bench, deci(1_002_000), &[]));
    let back = marked(&bench);
    assert!((1_002_740..1_002_800).contains(&back), "{back}");
}

#[test]
fn forwards_and_rates_stop_at_their_allowances() {
    let bench = Bench::new();
    let at = |forward: u128, rate: u32| IOracle::ExpiryUpdate {
        forward: deci(forward),
        rate,
        ..expiry()
    };
    bench.post(&message(&bench, PRICE, &[at(1_000_000, 50_000_000)]));
    wait(&bench, 60);
    bench.post(&message(&bench, PRICE, &[at(1_020_000, 250_000_000)]));
    // 0.25% + 1% sqrt(30/365) = 0.5367%.
    assert_eq!(forward(&bench, EXPIRY), 1_005_366);
    assert_eq!(bench.state(EXPIRY).rate, 60_000_000);
    let told = bench.told().pop().unwrap();
    assert!(told.clamped && told.surfaceTaken);
    wait(&bench, 300);
    bench.post(&message(&bench, PRICE, &[at(980_000, 0)]));
    assert!((1_002_660..1_002_680).contains(&forward(&bench, EXPIRY)));
    assert!((55_000_000..55_010_000).contains(&bench.state(EXPIRY).rate));
    wait(&bench, 600);
    bench.post(&message(&bench, PRICE, &[at(1_003_000, 55_500_000)]));
    let told = bench.told().pop().unwrap();
    assert!(!told.clamped && told.surfaceTaken && told.refusal == 0);
}

#[test]
fn a_surface_beyond_its_allowance_leaves_the_old_one_without_confidence() {
    let bench = Bench::new();
    bench.post(&message(&bench, PRICE, &[level(&bench, EXPIRY, 60.0)]));
    wait(&bench, 60);
    bench.post(&message(&bench, PRICE, &[level(&bench, EXPIRY, 75.0)]));
    let told = bench.told().pop().unwrap();
    assert_eq!((told.surfaceTaken, told.refusal, told.clamped), (false, 6, false));
    let state = bench.state(EXPIRY);
    assert_eq!((state.surfaceTime, state.modelTime), (NOW, NOW + 60));
    assert_eq!((state.volatilityConfidence, state.forwardConfidence), (0, 10_000));
    assert!((volatility(&bench, EXPIRY) - 60.0).abs() < 1e-4, "rolled");
    // What fits is taken, from the same bucket.
    wait(&bench, 60);
    bench.post(&message(&bench, PRICE, &[level(&bench, EXPIRY, 70.0)]));
    assert!((volatility(&bench, EXPIRY) - 70.0).abs() < 1e-4);
    assert_eq!(bench.state(EXPIRY).volatilityConfidence, 9_998);
    wait(&bench, 60);
    bench.post(&message(&bench, PRICE, &[level(&bench, EXPIRY, 60.0)]));
    assert_eq!(bench.told().pop().unwrap().refusal, 6);
}

#[test]
fn all_publishers_together_lift_allowances_and_refill_them() {
    let bench = Bench::new();
    bench.post(&message(&bench, PRICE, &[level(&bench, EXPIRY, 60.0)]));
    wait(&bench, 60);
    let jump = IOracle::ExpiryUpdate { forward: deci(1_020_000), ..level(&bench, EXPIRY, 150.0) };
    let call = bench.signed_by_all(&message(&bench, deci(1_020_000), &[jump]));
    bench.world.send(ANYONE, ORACLE, &call).unwrap();
    assert!((1_019_998..=1_020_000).contains(&marked(&bench)));
    assert!((1_019_998..=1_020_000).contains(&forward(&bench, EXPIRY)));
    assert!((volatility(&bench, EXPIRY) - 150.0).abs() < 1e-4);
    // The buckets are full again.
    wait(&bench, 1);
    let back = IOracle::ExpiryUpdate { forward: deci(1_015_000), ..level(&bench, EXPIRY, 135.0) };
    bench.post(&message(&bench, deci(1_018_000), &[back]));
    assert!((1_017_998..=1_018_000).contains(&marked(&bench)));
    assert!((volatility(&bench, EXPIRY) - 135.0).abs() < 1e-4);
    // Where all must sign, no message is beyond them.
    let update = IOracle::MarketUpdate {
        modelTime: bench.now() + 1,
        ..message(&bench, deci(1_000_000), &[])
    };
    wait(&bench, 1);
    let signatures = bench.sign(&update, 2, 0);
    bench.world.send(ANYONE, ORACLE, &IOracle::updateCall { update, signatures }).unwrap();
    assert!(marked(&bench) > 1_015_000);
}

#[test]
fn a_calendar_is_held_against_the_neighbour_as_it_then_stands() {
    let bench = Bench::new();
    let [week, month, year] = [7, 30, 365].map(|days| NOW + days * DAY);
    bench.post(&message(&bench, PRICE, &[week, month, year].map(|at| level(&bench, at, 60.0))));
    wait(&bench, 60);
    // 60% for a week and 25% for a month: total variance falls. The year stands against the month's old surface.
    let all = [level(&bench, week, 60.0), level(&bench, month, 25.0), level(&bench, year, 58.0)];
    let call = bench.signed_by_all(&message(&bench, PRICE, &all));
    bench.world.send(ANYONE, ORACLE, &call).unwrap();
    let told = bench.told();
    let refusals: Vec<u8> = told[3..].iter().map(|told| told.refusal).collect();
    assert_eq!(refusals, [0, 5, 0]);
    assert_eq!(bench.state(month).volatilityConfidence, 0);
    assert!((volatility(&bench, month) - 60.0).abs() < 1e-4);
    // A first surface that contradicts lists nothing, and is no neighbour.
    let between = NOW + 60 * DAY;
    wait(&bench, 60);
    let all = [level(&bench, month, 60.0), level(&bench, between, 30.0), level(&bench, year, 58.0)];
    bench.post(&message(&bench, PRICE, &all));
    assert_eq!(
        bench.told().iter().rev().take(3).map(|told| told.refusal).collect::<Vec<_>>(),
        [0, 5, 0]
    );
    assert_eq!(bench.state(between).modelTime, 0);
    assert_eq!(bench.expiry_now(between).state, novate_abi::snapshot::ExpiryState::Unknown);
}

#[test]
fn an_allowance_is_what_the_keeper_wrote() {
    let bench = Bench::new();
    let none = IOracle::Allowances {
        floor: 86_400,
        ..IOracle::Allowances {
            mark: 0,
            forwardFloor: 0,
            forwardSlope: 0,
            volatilityUp: 0,
            volatilityDown: 0,
            shortPower: 0,
            longPower: 0,
            floor: 0,
        }
    };
    let call = IOracle::setAllowancesCall { underlying: ETH, allowances: none };
    bench.world.send(KEEPER, ORACLE, &call).unwrap();
    bench.post(&message(&bench, PRICE, &[expiry()]));
    wait(&bench, 60);
    let other = IOracle::ExpiryUpdate { forward: PRICE, rate: 50_000_001, ..expiry() };
    bench.post(&message(&bench, deci(1_001_000), &[other]));
    assert_eq!((marked(&bench), forward(&bench, EXPIRY)), (1_000_000, 1_009_999));
    assert_eq!(bench.state(EXPIRY).rate, 50_000_001, "a rate's allowance is fixed");
    assert_eq!(bench.told().pop().unwrap().refusal, 6, "even time moves this surface");
}

/// Every minute a message, of this volatility of all expiries, in eighths; the minutes until it is stored, and the most minutes in
/// a row for which a surface wasn't.
pub(super) fn follow(bench: &Bench, path: impl Fn(u64) -> f64, minutes: u64) -> (u64, u64) {
    let expiries = [7, 30, 365].map(|days| NOW + days * DAY);
    bench.post(&message(bench, PRICE, &expiries.map(|at| level(bench, at, path(0)))));
    let (mut arrived, mut refused, mut most) = (minutes, 0, 0);
    for minute in 1..=minutes {
        wait(bench, 60);
        let wanted = path(minute);
        let time = bench.now();
        let entries = expiries.map(|at| {
            let new = level(bench, at, wanted);
            fitting(bench, &new, time).unwrap_or(new)
        });
        bench.post(&message(bench, PRICE, &entries));
        let told = bench.told();
        let last = &told[told.len() - 3..];
        refused = if last.iter().all(|told| told.surfaceTaken) { 0 } else { refused + 1 };
        most = most.max(refused);
        let off =
            expiries.iter().map(|at| (volatility(bench, *at) - wanted).abs()).fold(0.0, f64::max);
        if off < 0.01 && arrived == minutes && wanted == path(minutes) {
            arrived = minute;
        }
    }
    (arrived, most)
}

#[test]
fn one_is_nine_decimals() {
    let curve = |a| {
        Curve::new(
            &SurfaceWord { a, b: 0, rho: 0, m: 0, sigma: 1, time: 0 },
            31_536_000,
            31_536_000,
        )
    };
    assert_eq!(curve(NINE).volatility(0) >> 20, (1 << 38) - 1);
    assert_eq!(load::ONE, ONE);
    assert_eq!(AllowanceWord::unpack(&crate::moves::DEFAULT.pack()), crate::moves::DEFAULT);
}
