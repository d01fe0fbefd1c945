//! Attribution, the largest trade that fits, liquidation prices, and the extensions.

use crate::common::{NOW, ONE, books, float, instruments, market, markets, money, parameters, wad};
use alloy_primitives::{I256, U256};
use novate_risk::{
    Error, Extensions, Instrument, Trade, assess, assess_extended, attribution, breakdown,
    liquidation_prices, loss_vector, max_quantity,
    parameters::{Corrections, Parameters},
    preview,
};
use proptest::prelude::*;

/// ETH and BTC in one group, with that offset.
fn grouped(offset: u64) -> (novate_risk::Parameters, Extensions) {
    let mut p = parameters();
    for underlying in &mut p.underlyings {
        underlying.group = 1;
    }
    (p, Extensions { offsets: vec![(1, offset)], ..Extensions::default() })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn shares_add_up_to_the_outcome(book in books(16), market in markets(), scenario in 0_u8..37) {
        for part in breakdown(&book, &market, &parameters(), NOW).unwrap() {
            let (outcomes, _) = loss_vector(&book, &market, &parameters(), NOW, part.underlying).unwrap();
            let shares = attribution(&book, &market, &parameters(), NOW, part.underlying, scenario).unwrap();
            let sum = shares.iter().fold(I256::ZERO, |sum, share| sum + share.pnl);
            let size: f64 = shares.iter().map(|share| float(share.pnl).abs()).sum();
            let pnl = outcomes[usize::from(scenario)].pnl;
            prop_assert!(float(sum - pnl).abs() <= 1e-12 * size + 1e-9, "{sum} {pnl}");
        }
    }

    #[test]
    fn the_most_that_fits_fits_and_one_more_does_not(
        book in books(8), instrument in instruments(), buy in any::<bool>(), cash in 1e4_f64..1e6, market in markets(),
    ) {
        let figures = assess(&book, &market, &parameters(), NOW).unwrap();
        let mut book = book;
        book.add_cash(money(cash) - figures.initial_excess()).unwrap();
        let price = wad(if instrument.is_option() { 150.0 } else { 3_000.0 });
        let limit = 1_000_000_000_000;
        let most = max_quantity(&book, &instrument, buy, price, limit, I256::ZERO, &market, &parameters(), NOW).unwrap();
        let excess = |quantity: i64| {
            let quantity = if buy { quantity } else { -quantity };
            let trade = Trade { instrument: instrument.id(), quantity, price };
            preview(&book, &[trade], &market, &parameters(), NOW).unwrap().initial_excess()
        };
        if most > 0 {
            prop_assert!(excess(most) >= I256::ZERO);
        }
        if most < limit {
            prop_assert!(excess(most + 1) < I256::ZERO);
        }
    }

    #[test]
    fn liquidation_prices_are_where_excess_turns(book in books(6), cash in 1e3_f64..1e5, eth in 2_000.0_f64..5_000.0) {
        let here = market(eth, 90_000.0, 0.6, false);
        let mut book = book;
        let figures = assess(&book, &here, &parameters(), NOW).unwrap();
        book.add_cash(money(cash) - figures.maintenance_excess()).unwrap();
        let prices = liquidation_prices(&book, &here, &parameters(), NOW, 1).unwrap();
        let at = |price: u128| {
            let mut moved = here.clone();
            let scale = |x: u128| (U256::from(x) * U256::from(price) / U256::from(wad(eth))).to::<u128>();
            moved.underlyings[0].index = price;
            if let Some(perpetual) = &mut moved.underlyings[0].perpetual {
                perpetual.mark = scale(perpetual.mark);
            }
            for expiry in moved.expiries.iter_mut().filter(|expiry| expiry.underlying == 1) {
                expiry.forward = scale(expiry.forward);
            }
            assess(&book, &moved, &parameters(), NOW).unwrap().maintenance_excess()
        };
        for (price, back) in [(prices.below, 1.000_001), (prices.above, 0.999_999)] {
            if let Some(price) = price {
                prop_assert!(at(price) < I256::ZERO);
                let safe = (price as f64 * back) as u128;
                prop_assert!(at(safe) >= I256::ZERO, "{price}");
            }
        }
    }

    #[test]
    fn without_extensions_nothing_changes(book in books(24), market in markets()) {
        let plain = assess(&book, &market, &parameters(), NOW).unwrap();
        let none = Extensions::default();
        prop_assert_eq!(&assess_extended(&book, &market, &parameters(), &none, NOW).unwrap(), &plain);
        // A group that isn't listed doesn't offset.
        let (grouped, _) = grouped(0);
        prop_assert_eq!(assess_extended(&book, &market, &grouped, &none, NOW).unwrap(), plain);
    }

    #[test]
    fn offsets_never_raise_and_charges_never_lower_a_requirement(
        book in books(24), market in markets(), offset in 0..=6 * (ONE / 10), more in 0..ONE / 10, rate in 1..ONE / 10,
    ) {
        let plain = assess(&book, &market, &parameters(), NOW).unwrap();
        let (grouped_parameters, smaller) = grouped(offset);
        let (_, larger) = grouped((offset + more).min(6 * (ONE / 10)));
        let one = assess_extended(&book, &market, &grouped_parameters, &smaller, NOW).unwrap();
        let other = assess_extended(&book, &market, &grouped_parameters, &larger, NOW).unwrap();
        prop_assert!(other.maintenance_requirement <= one.maintenance_requirement);
        // Two sums are rounded up instead of one.
        prop_assert!(one.maintenance_requirement <= plain.maintenance_requirement + U256::from(2));
        prop_assert_eq!(one.equity, plain.equity);
        for charge in [
            Extensions { floor_net: rate, ..Extensions::default() },
            Extensions { floor_hedged: rate, ..Extensions::default() },
            Extensions { gamma: rate, ..Extensions::default() },
            Extensions { liquidity_rate: ONE / 100_000_000, liquidity_maximum: rate, ..Extensions::default() },
        ] {
            prop_assert_eq!(charge.check(), Ok(()));
            let charged = assess_extended(&book, &market, &parameters(), &charge, NOW).unwrap();
            prop_assert!(charged.maintenance_requirement >= plain.maintenance_requirement);
            prop_assert!(charged.initial_requirement >= plain.initial_requirement);
            prop_assert!(charged.initial_excess() <= charged.maintenance_excess());
        }
    }
}

#[test]
fn a_hedged_pair_owes_its_closing_cost_under_the_floor() {
    let market = market(3_000.0, 90_000.0, 0.6, false);
    let hours = (NOW / 3600) as u32 + 24 * 14;
    let future = Instrument::future(1, hours).unwrap();
    let perpetual = Instrument::perpetual(1).unwrap();
    let trades = [
        Trade { instrument: perpetual.id(), quantity: 10_000_000, price: wad(3_003.0) },
        Trade { instrument: future.id(), quantity: -10_000_000, price: wad(3_003.0) },
    ];
    let book = novate_risk::after(&novate_risk::Book::default(), &market, &trades).unwrap();
    let floor = Extensions { floor_hedged: ONE / 2, ..Extensions::default() };
    let peers = Parameters { corrections: Corrections::NONE, ..parameters() };
    let plain = assess(&book, &market, &peers, NOW).unwrap();
    let floored = assess_extended(&book, &market, &peers, &floor, NOW).unwrap();
    // Half of the hedged notional of 10 contracts is 15,000; maintenance counts 80% of it, and 3% of the perpetual.
    let expected = 0.8 * 15_000.0 + 0.03 * 30_000.0;
    let requirement = float(I256::from_raw(floored.maintenance_requirement));
    assert!((requirement - expected).abs() < 1e-9, "{requirement}");
    assert!(plain.maintenance_requirement < floored.maintenance_requirement);
    assert_eq!(floored.worst_scenario, 255);
}

#[test]
fn a_liquidatable_account_has_its_price_here() {
    let market = market(3_000.0, 90_000.0, 0.6, false);
    let perpetual = Instrument::perpetual(1).unwrap();
    let trade = Trade { instrument: perpetual.id(), quantity: 1_000_000, price: wad(3_003.0) };
    let book = novate_risk::after(&novate_risk::Book::default(), &market, &[trade]).unwrap();
    let prices = liquidation_prices(&book, &market, &parameters(), NOW, 1).unwrap();
    assert_eq!((prices.below, prices.above), (Some(wad(3_000.0)), Some(wad(3_000.0))));
}

#[test]
fn unknown_scenarios_and_bounds_are_refused() {
    let market = market(3_000.0, 90_000.0, 0.6, false);
    let book = novate_risk::Book::default();
    for scenario in [37, 255] {
        let shares = attribution(&book, &market, &parameters(), NOW, 1, scenario);
        assert_eq!(shares, Err(Error::UnknownScenario(scenario)));
    }
    let (_, mut wild) = grouped(ONE);
    assert!(wild.check().is_err());
    wild.offsets.clear();
    assert_eq!(wild.check(), Ok(()));
}
