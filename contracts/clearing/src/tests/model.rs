//! Random sequences of everything, against the invariants: quantities sum to zero, tokens held are what is owed, equity is
//! neither made nor lost, an account that adds risk keeps its initial excess, and logs alone give back the whole state.

use std::{
    collections::{BTreeMap, HashMap},
    vec::Vec,
};

use alloy_primitives::{Address, B256, I256, U256};
use alloy_sol_types::{SolCall, SolEvent};
use novate_abi::IClearing::{self, Fill};
use proptest::prelude::*;

use super::bench::*;

const OWNERS: [Address; 4] = [
    Address::repeat_byte(0x01),
    Address::repeat_byte(0x02),
    Address::repeat_byte(0x03),
    Address::repeat_byte(0x04),
];

#[derive(Debug, Clone)]
enum Step {
    Deposit { owner: usize, units: u64 },
    Pledge { owner: usize, tokens: u64 },
    Withdraw { owner: usize, amount: u64, collateral: bool },
    Lend { owner: usize, amount: u64 },
    Redeem { owner: usize, amount: u64 },
    Trade { buyer: usize, seller: usize, instrument: usize, quantity: u64, off: i32, second: bool },
    Touch { owners: Vec<usize> },
    Move { instrument: usize, by: i32, funding: i64 },
    Rate { rate: u128, validity: u8 },
    Call { from: usize, to: usize, amount: u64 },
    WriteOff { owner: usize },
    Insure { units: u64 },
    Sweep,
    Wait { hours: u64 },
    Flatten { owner: usize, other: usize },
    CloseOut { from: usize, to: usize, kind: u8, fraction: u64, concession: u64 },
}

fn step() -> impl Strategy<Value = Step> {
    let owner = 0..OWNERS.len();
    let two = (owner.clone(), owner.clone());
    prop_oneof![
        1 => (owner.clone(), 1..20_000_u64).prop_map(|(owner, units)| Step::Deposit { owner, units }),
        1 => (owner.clone(), 1..10_u64).prop_map(|(owner, tokens)| Step::Pledge { owner, tokens }),
        2 => (owner.clone(), any::<u32>(), any::<bool>()).prop_map(|(owner, amount, collateral)| {
            Step::Withdraw { owner, amount: amount.into(), collateral }
        }),
        1 => (owner.clone(), 1..20_000_u64).prop_map(|(owner, amount)| Step::Lend { owner, amount }),
        1 => (owner.clone(), 1..20_000_u64).prop_map(|(owner, amount)| Step::Redeem { owner, amount }),
        8 => (two.clone(), 0..3_usize, 1..40_000_000_u64, -60_000..60_000_i32, any::<bool>()).prop_map(
            |((buyer, seller), instrument, quantity, off, second)| {
                Step::Trade { buyer, seller, instrument, quantity, off, second }
            }
        ),
        2 => prop::collection::vec(owner.clone(), 0..4).prop_map(|owners| Step::Touch { owners }),
        2 => (0..3_usize, -300_000..300_000_i32, any::<i32>()).prop_map(|(instrument, by, funding)| {
            Step::Move { instrument, by, funding: funding.into() }
        }),
        1 => (0..200_u128, prop_oneof![6 => Just(4_u8), 1 => 0..4_u8]).prop_map(|(rate, validity)| {
            Step::Rate { rate: rate * ONE, validity }
        }),
        2 => (two.clone(), any::<u32>()).prop_map(|((from, to), amount)| Step::Call { from, to, amount: u64::from(amount) * 1_000_000_000 }),
        1 => owner.prop_map(|owner| Step::WriteOff { owner }),
        1 => (1..1_000_u64).prop_map(|units| Step::Insure { units }),
        1 => Just(Step::Sweep),
        1 => (1..40_u64).prop_map(|hours| Step::Wait { hours }),
        1 => two.clone().prop_map(|(owner, other)| Step::Flatten { owner, other }),
        3 => (two, 0..3_u8, 1..=1_000_000_000_000_000_000_u64, 0..=1_000_000_000_000_000_000_u64)
            .prop_map(|((from, to), kind, fraction, concession)| {
                Step::CloseOut { from, to, kind, fraction, concession }
            }),
    ]
}

fn instruments() -> [u64; 3] {
    [perpetual(), future(), call()]
}

fn mark(bench: &Bench, instrument: u64) -> u128 {
    bench.told.borrow().marks[&instrument]
}

/// `price` and millionths of it.
fn moved(price: u128, millionths: i32) -> u128 {
    let factor = 1_000_000_i128 + i128::from(millionths);
    price / 1_000_000 * factor.unsigned_abs() + u128::from(millionths.unsigned_abs())
}

/// A call, which may be refused, but then with data and without a trace.
fn try_call<C: SolCall>(bench: &Bench, sender: Address, call: &C) {
    let before = bench.world.all_storage();
    if let Err(data) = bench.world.call(sender, CLEARING, U256::ZERO, &call.abi_encode()) {
        assert!(data.len() >= 4);
        assert_ne!(
            data[..4],
            <novate_abi::IErrors::ArithmeticOverflow as alloy_sol_types::SolError>::SELECTOR,
            "the sums don't add up"
        );
        assert_eq!(before, bench.world.all_storage());
    }
}

fn close_out(
    [from, to]: [B256; 2],
    held: &[IClearing::Position],
    kind: u8,
    fraction: u64,
    concession: u64,
) -> IClearing::closeOutCall {
    let part = |held: &IClearing::Position| IClearing::Leg {
        instrument: held.instrument,
        quantity: (i128::from(held.quantity) * i128::from(fraction >> 20)) >> 40,
    };
    let legs = if kind == 2 { held.iter().map(part).collect() } else { Vec::new() };
    let fraction = U256::from(if kind == 2 { 0 } else { fraction });
    let cut = IClearing::Cut { kind, underlying: u8::from(kind == 1), fraction, legs };
    let (concession, bonus) = (U256::from(concession), U256::from(concession / 2));
    IClearing::closeOutCall { from, to, cut, concession, bonus }
}

fn apply(bench: &Bench, step: &Step) {
    let id = |owner: usize| account(OWNERS[owner]);
    match *step {
        Step::Deposit { owner, units } => bench.fund(OWNERS[owner], units),
        Step::Pledge { owner, tokens } => bench.pledge(OWNERS[owner], tokens),
        Step::Withdraw { owner, amount, collateral } => {
            let (token, amount) = if collateral {
                (WETH, U256::from(amount) * U256::from(1_000_000_000))
            } else {
                (CASH, U256::from(amount))
            };
            let receiver = OWNERS[owner];
            let call = IClearing::withdrawCall { account: id(owner), token, amount, receiver };
            try_call(bench, receiver, &call);
        }
        Step::Lend { owner, amount } => {
            let amount = U256::from(amount) * U256::from(ONE + 3);
            try_call(bench, OWNERS[owner], &IClearing::lendCall { account: id(owner), amount });
        }
        Step::Redeem { owner, amount } => {
            let amount = U256::from(amount) * U256::from(ONE + 3);
            try_call(bench, OWNERS[owner], &IClearing::redeemCall { account: id(owner), amount });
        }
        Step::Trade { buyer, seller, instrument, quantity, off, second } => {
            let fill = |instrument: usize, buyer, seller| Fill {
                instrument: instruments()[instrument],
                quantity,
                price: moved(mark(bench, instruments()[instrument]), off),
                buyer: id(buyer),
                seller: id(seller),
                buyerIsMaker: quantity % 2 == 0,
            };
            let mut fills = Vec::from([fill(instrument, buyer, seller)]);
            if second {
                fills.push(fill((instrument + 1) % 3, seller, buyer));
                fills.push(fill(instrument, buyer, seller));
            }
            try_call(bench, VENUE, &IClearing::fillCall { fills });
        }
        Step::Touch { ref owners } => {
            let accounts = owners.iter().map(|owner| id(*owner)).collect();
            try_call(bench, BOB, &IClearing::touchCall { accounts });
        }
        Step::Move { instrument, by, funding } => {
            let instrument = instruments()[instrument];
            let to = moved(mark(bench, instrument), by).clamp(100 * ONE, 10_000 * ONE);
            bench.mark(instrument, to);
            bench.told.borrow_mut().funding = i128::from(funding) * 1_000_000_000;
        }
        Step::Rate { rate, validity } => {
            let mut told = bench.told.borrow_mut();
            told.rate = rate;
            told.validity = validity;
        }
        Step::Call { from, to, amount } => {
            let call = IClearing::buyCollateralCall {
                from: id(from),
                to: id(to),
                collateral: 1,
                amount: amount.into(),
                maximumPrice: U256::MAX,
            };
            try_call(bench, OWNERS[to], &call);
        }
        Step::WriteOff { owner } => {
            try_call(bench, BOB, &IClearing::writeOffCall { account: id(owner) });
        }
        Step::Insure { units } => {
            let amount = U256::from(units) * U256::from(1_000_000);
            mint(&bench.world, CASH, BOB, amount);
            try_call(bench, BOB, &IClearing::fundInsuranceCall { amount });
        }
        Step::Sweep => try_call(bench, GOVERNOR, &IClearing::sweepFeesCall {}),
        Step::Wait { hours } => {
            // Not past the expiry, which is days away.
            bench.world.set_timestamp(bench.world.timestamp() + hours * 3_600);
        }
        Step::CloseOut { from, to, kind, fraction, concession } => {
            let held = bench.positions(OWNERS[from]);
            try_call(
                bench,
                LIQUIDATION,
                &close_out([id(from), id(to)], &held, kind, fraction, concession),
            );
        }
        Step::Flatten { owner, other } => {
            let mut fills = Vec::new();
            for held in bench.positions(OWNERS[owner]) {
                let parties = if held.quantity < 0 { (owner, other) } else { (other, owner) };
                fills.push(Fill {
                    instrument: held.instrument,
                    quantity: held.quantity.unsigned_abs(),
                    price: mark(bench, held.instrument),
                    buyer: id(parties.0),
                    seller: id(parties.1),
                    buyerIsMaker: true,
                });
            }
            try_call(bench, VENUE, &IClearing::fillCall { fills });
        }
    }
}

/// The expiry passes and everything of it is settled, in some order.
fn settle(bench: &Bench, price: u128, first: usize) {
    bench.world.set_timestamp(bench.world.timestamp().max(expiry()));
    bench.settle_at(price);
    for place in 0..OWNERS.len() {
        let accounts = Vec::from([account(OWNERS[(first + place) % OWNERS.len()])]);
        bench.send(BOB, &IClearing::settleCall { accounts });
    }
}

/// `steps`: how many roundings there were at most, in units of 1e-18.
fn check(bench: &Bench, steps: i128) {
    bench.check_balance(&OWNERS);
    let mut sums: HashMap<u64, i64> = HashMap::new();
    let mut longs: HashMap<u64, u128> = HashMap::new();
    // Gains not yet moved, at any mark, in millionths of 1e-18.
    let mut unsettled = signed(0);
    for owner in OWNERS {
        for held in bench.positions(owner) {
            assert_ne!(held.quantity, 0);
            *sums.entry(held.instrument).or_default() += held.quantity;
            if held.quantity > 0 {
                let series = if held.instrument == perpetual() { 0 } else { expiry() };
                *longs.entry(series).or_default() += u128::from(held.quantity.unsigned_abs());
            }
            let quantity = i128::from(held.quantity);
            unsettled -= signed(held.referencePrice.cast_signed()) * signed(quantity);
            if held.instrument == perpetual() {
                unsettled += signed(held.fundingReference) * signed(quantity);
            }
        }
    }
    assert!(sums.values().all(|sum| *sum == 0), "{sums:?}");
    for expiry in [0, expiry()] {
        let call = IClearing::openInterestCall { underlying: 1, expiry };
        let open = bench.send(BOB, &call);
        assert_eq!(open, longs.get(&expiry).copied().unwrap_or_default());
    }
    // What the house still has to pay out is there: variation covers unsettled gains, to the dust of the roundings.
    let variation = signed(bench.ledger().1) * signed(1_000_000);
    let dust = variation - unsettled;
    assert!(!dust.is_negative(), "dust {dust}");
    assert!(dust <= signed(40_000_000 * (steps + 1)), "dust {dust} after {steps}");
}

/// What is known of an account, from logs or from views.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Known {
    cash: I256,
    shares: U256,
    nonce: u64,
    collateral: BTreeMap<Address, U256>,
    positions: BTreeMap<u64, (i64, u128, i128)>,
}

/// All accounts, insurance, carried, open interest's cause: rebuilt from nothing but logs.
fn rebuild(bench: &Bench) -> (BTreeMap<B256, Known>, U256, U256) {
    let mut accounts: BTreeMap<B256, Known> = BTreeMap::new();
    let (mut insurance, mut carried) = (U256::ZERO, U256::ZERO);
    for (emitter, topics, data) in bench.world.logs() {
        if emitter != CLEARING {
            continue;
        }
        macro_rules! on {
            ($event:ident, $body:expr) => {
                if topics[0] == IClearing::$event::SIGNATURE_HASH {
                    let event =
                        IClearing::$event::decode_raw_log(topics.iter().copied(), &data).unwrap();
                    #[allow(clippy::redundant_closure_call, reason = "it names the event")]
                    $body(event);
                }
            };
        }
        on!(CashChanged, |event: IClearing::CashChanged| {
            let known = accounts.entry(event.account).or_default();
            known.cash += event.change;
            assert_eq!(known.cash, event.cash, "reason {}", event.reason);
            assert!((1..=12).contains(&event.reason));
        });
        on!(PoolSharesChanged, |event: IClearing::PoolSharesChanged| {
            let known = accounts.entry(event.account).or_default();
            let shares = I256::from_raw(known.shares) + event.change;
            known.shares = shares.into_raw();
            assert_eq!(known.shares, event.shares);
        });
        on!(CollateralChanged, |event: IClearing::CollateralChanged| {
            let known = accounts.entry(event.account).or_default();
            let held = known.collateral.entry(event.token).or_default();
            *held = (I256::from_raw(*held) + event.change).into_raw();
            assert_eq!(*held, event.balance);
            if held.is_zero() {
                known.collateral.remove(&event.token);
            }
        });
        on!(PositionChanged, |event: IClearing::PositionChanged| {
            let known = accounts.entry(event.account).or_default();
            if event.quantity == 0 {
                known.positions.remove(&event.instrument).expect("a held position was closed");
            } else {
                let line = (event.quantity, event.referencePrice, event.fundingReference);
                let before = known.positions.insert(event.instrument, line);
                assert_ne!(before, Some(line), "told without a change");
            }
        });
        on!(NonceChanged, |event: IClearing::NonceChanged| {
            let known = accounts.entry(event.account).or_default();
            assert_eq!(event.nonce, known.nonce + 1);
            known.nonce = event.nonce;
        });
        on!(InsuranceChanged, |event: IClearing::InsuranceChanged| {
            insurance = (I256::from_raw(insurance) + event.change).into_raw();
            assert_eq!(insurance, event.fund);
        });
        on!(CarriedChanged, |event: IClearing::CarriedChanged| {
            carried = (I256::from_raw(carried) + event.change).into_raw();
            assert_eq!(carried, event.carried);
        });
    }
    (accounts, insurance, carried)
}

fn known(bench: &Bench, owner: Address) -> Known {
    let account = account(owner);
    let collateral = bench.send(owner, &IClearing::collateralCall { account });
    let line = |held: IClearing::Position| {
        (held.instrument, (held.quantity, held.referencePrice, held.fundingReference))
    };
    Known {
        cash: bench.send(owner, &IClearing::cashCall { account }),
        shares: bench.send(owner, &IClearing::poolSharesCall { account }),
        nonce: bench.nonce(owner),
        collateral: collateral.iter().map(|held| (held.token, U256::from(held.amount))).collect(),
        positions: bench.positions(owner).into_iter().map(line).collect(),
    }
}

fn check_logs(bench: &Bench) {
    let (accounts, insurance, carried) = rebuild(bench);
    for owner in OWNERS {
        let told = accounts.get(&account(owner)).cloned().unwrap_or_default();
        assert_eq!(told, known(bench, owner));
    }
    let sums = bench.sums();
    assert_eq!((insurance, carried), (sums.insurance, sums.carried));
}

fn begin() -> Bench {
    let bench = Bench::new();
    {
        let mut told = bench.told.borrow_mut();
        told.rate = 10 * ONE;
        told.haircut = 30_000;
    }
    bench.world.set_timestamp(expiry() - 400 * 86_400);
    bench.send(
        GOVERNOR,
        &IClearing::setFeesCall {
            optionRate: 300,
            optionPremiumCap: 125_000,
            optionMinimum: 10_000_000_000_000_000,
            makerRate: -100,
            takerRate: 500,
        },
    );
    for owner in OWNERS {
        bench.fund(owner, 20_000);
    }
    bench
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]
    #[test]
    fn every_sequence_keeps_the_invariants(
        steps in prop::collection::vec(step(), 1..80),
        price in 1_000 * ONE..6_000 * ONE,
        late in prop::collection::vec(step(), 0..20),
        first in 0..OWNERS.len(),
    ) {
        let bench = begin();
        for (count, step) in steps.iter().enumerate() {
            apply(&bench, step);
            check(&bench, i128::try_from(count).unwrap());
        }
        check_logs(&bench);
        settle(&bench, price, first);
        for (count, step) in late.iter().enumerate() {
            check(&bench, i128::try_from(count + steps.len()).unwrap());
            apply(&bench, step);
        }
        check_logs(&bench);
    }
}
