//! The class against settlements at all kinds of prices.

use alloc::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::{
    book::{Position, Reference},
    instrument::{Instrument, Strike},
};

const WAD: i128 = 1_000_000_000_000_000_000;
const HOURS: u32 = 490_000;

fn money(units: i128) -> I256 {
    I256::try_from(units * WAD).unwrap()
}

fn option(underlying: u8, day: u32, is_call: bool, strike: u64) -> u64 {
    let strike = Strike::whole(strike).unwrap();
    let build = if is_call { Instrument::call } else { Instrument::put };
    build(underlying, HOURS + 24 * day, strike).unwrap().id()
}

fn book(cash: I256, lines: &[(u64, i64)]) -> Book {
    let mut lines: Vec<_> = lines.to_vec();
    lines.sort_unstable();
    let position = |(instrument, quantity): &(u64, i64)| Position {
        instrument: *instrument,
        quantity: *quantity,
    };
    Book::new(cash, lines.iter().map(position).collect(), Vec::new(), Vec::new()).unwrap()
}

/// A box of width 1,000: pays 1,000 a contract at any price.
fn long_box(day: u32, contracts: i64) -> Vec<(u64, i64)> {
    Vec::from([
        (option(1, day, true, 2_500), contracts * 1_000_000),
        (option(1, day, true, 3_500), -contracts * 1_000_000),
        (option(1, day, false, 2_500), -contracts * 1_000_000),
        (option(1, day, false, 3_500), contracts * 1_000_000),
    ])
}

#[test]
fn row_24_a_later_gain_covers_no_earlier_loss() {
    // A far box bought at its mark 951 for all the money, a near spread sure to lose 1,000 sold for 1,000.
    let mut lines = long_box(365, 1);
    lines.extend(long_box(1, -1));
    let held = book(money(1_000), &lines);
    assert_eq!(free_cash(&held, 0), Some(U256::ZERO));
    let held = book(money(951), &lines);
    assert_eq!(free_cash(&held, 0), None);
    // The other way about the gain comes first.
    let mut lines = long_box(1, 1);
    lines.extend(long_box(365, -1));
    let held = book(money(951), &lines);
    assert_eq!(free_cash(&held, 0), Some(money(951).unsigned_abs()));
}

#[test]
fn row_35_what_is_bought_on_debt_is_not_fully_paid() {
    assert_eq!(free_cash(&book(money(-1), &long_box(5, 1)), 0), None);
    let pool = book(money(-1), &[]).with_pool(u128::MAX);
    assert_eq!(free_cash(&pool, 0), None);
}

#[test]
fn a_short_put_needs_its_strike_and_a_short_call_has_no_end() {
    let put = option(1, 3, false, 2_000);
    assert_eq!(free_cash(&book(money(4_000), &[(put, -2_000_000)]), 0), Some(U256::ZERO));
    let short = book(money(4_000) - I256::ONE, &[(put, -2_000_000)]);
    assert_eq!(free_cash(&short, 0), None);
    let call = option(1, 3, true, 2_000);
    assert_eq!(free_cash(&book(money(1 << 60), &[(call, -1)]), 0), None);
    // Covered by a longer one of the same expiry, not of another.
    let cover =
        |day| book(money(500), &[(call, -1_000_000), (option(1, day, true, 2_500), 1_000_000)]);
    assert!(is_fully_paid(&cover(3), 0));
    assert!(!is_fully_paid(&cover(4), 0));
}

#[test]
fn perpetuals_and_futures_are_never_fully_paid() {
    let future = Instrument::future(1, HOURS).unwrap().id();
    let position = Position { instrument: future, quantity: 1 };
    let held = Book::new(
        money(1 << 40),
        Vec::from([position]),
        Vec::from([Reference { price: 1, funding: 0 }]),
        Vec::new(),
    );
    assert!(!is_fully_paid(&held.unwrap(), 0));
}

#[test]
fn a_debt_made_by_settling_out_of_order_stays_in_the_class() {
    let expiry = |day: u32| u64::from(HOURS + 24 * day) * 3_600;
    let mut lines = long_box(1, 1);
    lines.extend(long_box(2, -1));
    let held = book(money(10), &lines);
    assert!(is_fully_paid(&held, 0));
    // The second expiry was settled first: the debt is covered by what the first is sure to pay.
    let later_settled = book(money(-990), &long_box(1, 1));
    assert!(!is_fully_paid(&later_settled, expiry(1) - 1));
    assert_eq!(free_cash(&later_settled, expiry(2)), Some(U256::ZERO));
    assert!(!is_fully_paid(&book(money(-1_001), &long_box(1, 1)), expiry(2)));
}

#[test]
fn losses_count_before_gains_of_the_same_time() {
    let other: Vec<_> =
        long_box(1, -1).into_iter().map(|(id, quantity)| (id + (1 << 56), quantity)).collect();
    let mut lines = long_box(1, 1);
    lines.extend(other);
    assert!(!is_fully_paid(&book(money(999), &lines), 0));
    assert!(is_fully_paid(&book(money(1_001), &lines), 0));
}

fn line() -> impl Strategy<Value = (u64, i64)> {
    let strike = (20_u64..40).prop_map(|hundreds| hundreds * 100);
    (1..=2_u8, 0..3_u32, any::<bool>(), strike, -3_000_000..3_000_000_i64)
        .prop_filter("something", |(.., quantity)| *quantity != 0)
        .prop_map(|(underlying, day, is_call, strike, quantity)| {
            (option(underlying, day, is_call, strike), quantity)
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]
    #[test]
    fn a_fully_paid_book_never_owes_whatever_the_prices(
        lines in prop::collection::btree_map((1..=2_u8, 0..3_u32, any::<bool>(), 20_u64..40), -3_000_000..3_000_000_i64, 1..8),
        cash in 0..12_000_i128,
        dust in 0..1_000_000_000_000_000_000_i128,
        prices in prop::collection::vec(prop_oneof![Just(0_u128), 1_900_u128..4_100, Just(1 << 40)], 6),
        fine in prop::collection::vec(0..1_000_000_000_000_000_000_u128, 6),
        reversed in any::<bool>(),
    ) {
        let lines: Vec<(u64, i64)> = lines
            .into_iter()
            .filter(|(_, quantity)| *quantity != 0)
            .map(|((underlying, day, is_call, hundreds), quantity)| {
                (option(underlying, day, is_call, hundreds * 100), quantity)
            })
            .collect();
        let full = book(money(cash) + I256::try_from(dust).unwrap(), &lines);
        let Some(free) = free_cash(&full, 0) else { return Ok(()) };
        let mut held = full.clone();
        held.add_cash(-I256::from_raw(free)).unwrap();
        prop_assert!(is_fully_paid(&held, 0));
        prop_assert_eq!(free_cash(&held, 0), Some(U256::ZERO));
        let mut more = held.clone();
        more.add_cash(I256::MINUS_ONE).unwrap();
        prop_assert!(!is_fully_paid(&more, 0));
        for day in 0..3 {
            let mut due: Vec<_> = held
                .holdings()
                .filter(|line| line.instrument.expiry_hours() == HOURS + 24 * day)
                .map(|line| line.instrument)
                .collect();
            if reversed {
                due.reverse();
            }
            let mut rest = 0;
            for instrument in due {
                let place = usize::try_from(day).unwrap() * 2 + usize::from(instrument.underlying() == 2);
                let price = prices[place] * WAD.cast_unsigned() + fine[place];
                held.settle_with(instrument.id(), price, &mut rest).unwrap();
            }
            prop_assert!(!held.cash().is_negative(), "day {day}: {}", held.cash());
        }
    }

    #[test]
    fn more_cash_is_more_free(lines in prop::collection::vec(line(), 0..1), cash in 0..9_000_i128) {
        let poor = free_cash(&book(money(cash), &lines), 0);
        let rich = free_cash(&book(money(cash + 1), &lines), 0);
        if let Some(free) = poor {
            prop_assert_eq!(rich, Some(free + money(1).unsigned_abs()));
        }
    }
}
