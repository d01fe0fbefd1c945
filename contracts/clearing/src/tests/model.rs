//! Random sequences of everything, against the invariants: quantities sum to zero, tokens held are what is owed, equity is
//! neither made nor lost, and an account that adds risk keeps its initial excess.

use std::{collections::HashMap, vec::Vec};

use alloy_primitives::{Address, U256};
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
    Withdraw { owner: usize, amount: u64 },
    Trade { buyer: usize, seller: usize, instrument: usize, quantity: u64, price: u128 },
    Slice { from: usize, to: usize, fraction: u64, price: i64 },
    Move { instrument: usize, mark: u128, funding: i64 },
    Insure { units: u64 },
}

fn step() -> impl Strategy<Value = Step> {
    let owner = 0..OWNERS.len();
    let price = prop_oneof![1..=6_000_u128, Just(0)].prop_flat_map(|whole| {
        (Just(whole), any::<u64>()).prop_map(|(whole, part)| whole * ONE + u128::from(part >> 4))
    });
    prop_oneof![
        1 => (owner.clone(), 1..100_000_u64).prop_map(|(owner, units)| Step::Deposit { owner, units }),
        1 => (owner.clone(), any::<u32>()).prop_map(|(owner, amount)| Step::Withdraw {
            owner,
            amount: u64::from(amount)
        }),
        4 => (owner.clone(), owner.clone(), 0..3_usize, 1..5_000_000_u64, price.clone()).prop_map(
            |(buyer, seller, instrument, quantity, price)| Step::Trade {
                buyer,
                seller,
                instrument,
                quantity,
                price
            }
        ),
        1 => (owner.clone(), owner, 1..=1_000_000_000_000_000_000_u64, any::<i32>()).prop_map(
            |(from, to, fraction, price)| Step::Slice { from, to, fraction, price: price.into() }
        ),
        1 => (0..3_usize, price, any::<i32>()).prop_map(|(instrument, mark, funding)| Step::Move {
            instrument,
            mark,
            funding: funding.into()
        }),
        1 => (1..1_000_u64).prop_map(|units| Step::Insure { units }),
    ]
}

fn instruments() -> [u64; 3] {
    [perpetual(), future(), call()]
}

/// Applies a step, which may be refused, but then with data and without a trace.
fn apply(bench: &Bench, step: &Step) {
    let clearing = |sender, data: Vec<u8>| {
        let before = bench.world.all_storage();
        if let Err(data) = bench.world.call(sender, CLEARING, U256::ZERO, &data) {
            assert!(data.len() >= 4);
            assert_eq!(before, bench.world.all_storage());
        }
    };
    use alloy_sol_types::SolCall;
    match *step {
        Step::Deposit { owner, units } => bench.fund(OWNERS[owner], units),
        Step::Withdraw { owner, amount } => {
            let owner = OWNERS[owner];
            let (account, amount) = (account(owner), U256::from(amount));
            let call = IClearing::withdrawCall { account, token: CASH, amount, receiver: owner };
            clearing(owner, call.abi_encode());
        }
        Step::Trade { buyer, seller, instrument, quantity, price } => {
            let fill = Fill {
                instrument: instruments()[instrument],
                quantity,
                price,
                buyer: account(OWNERS[buyer]),
                seller: account(OWNERS[seller]),
                buyerIsMaker: quantity % 2 == 0,
            };
            clearing(VENUE, IClearing::fillCall { fills: Vec::from([fill]) }.abi_encode());
        }
        Step::Slice { from, to, fraction, price } => {
            let call = IClearing::transferSliceCall {
                from: account(OWNERS[from]),
                to: account(OWNERS[to]),
                fraction: U256::from(fraction),
                price: signed(i128::from(price) * 100_000_000_000_000),
                expectedNonce: bench.nonce(OWNERS[from]),
            };
            clearing(LIQUIDATION, call.abi_encode());
        }
        Step::Move { instrument, mark, funding } => {
            let mut told = bench.told.borrow_mut();
            told.marks.insert(instruments()[instrument], mark);
            told.funding = i128::from(funding) * 1_000_000_000;
        }
        Step::Insure { units } => {
            let amount = U256::from(units) * U256::from(1_000_000);
            mint(&bench.world, CASH, BOB, amount);
            clearing(BOB, IClearing::fundInsuranceCall { amount }.abi_encode());
        }
    }
}

/// Invariants 1, 2 and 6. `steps`: how many roundings there were at most, in units of 1e-18.
fn check(bench: &Bench, steps: i128) {
    bench.check_balance(&OWNERS);
    let mut sums: HashMap<u64, i64> = HashMap::new();
    let mut longs: HashMap<u64, u64> = HashMap::new();
    // Gains not yet moved, at any mark, in millionths of 1e-18.
    let mut unsettled = signed(0);
    for owner in OWNERS {
        for held in bench.positions(owner) {
            assert_ne!(held.quantity, 0);
            *sums.entry(held.instrument).or_default() += held.quantity;
            if held.quantity > 0 {
                *longs.entry(held.instrument).or_default() += held.quantity.unsigned_abs();
            }
            let quantity = i128::from(held.quantity);
            unsettled -= signed(held.referencePrice.cast_signed()) * signed(quantity);
            if held.instrument == perpetual() {
                unsettled += signed(held.fundingReference) * signed(quantity);
            }
        }
    }
    assert!(sums.values().all(|sum| *sum == 0), "{sums:?}");
    for instrument in instruments() {
        let open = bench.send(BOB, &IClearing::openInterestCall { instrument });
        assert_eq!(open, longs.get(&instrument).copied().unwrap_or_default());
    }
    // What the house still has to pay out is there: variation covers unsettled gains, to the dust of the roundings.
    let variation = signed(bench.ledger().1) * signed(1_000_000);
    let dust = variation - unsettled;
    assert!(!dust.is_negative(), "dust {dust}");
    assert!(dust <= signed(2_000_000 * (steps + 1)), "dust {dust} after {steps}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
    #[test]
    fn every_sequence_keeps_the_invariants(steps in prop::collection::vec(step(), 1..60)) {
        let bench = Bench::new();
        bench.told.borrow_mut().rate = 10 * ONE;
        for owner in OWNERS {
            bench.fund(owner, 20_000);
        }
        for (count, step) in steps.iter().enumerate() {
            apply(&bench, step);
            check(&bench, i128::try_from(count).unwrap());
        }
    }
}
