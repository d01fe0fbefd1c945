//! What must hold for every book: section 7 of the method.

use crate::common::{
    NOW, ONE, books, flat, float, instruments, market, markets, money, parameters, quantities,
};
use alloy_primitives::{I256, U256};
use novate_risk::{
    Book, Extensions, Instrument, Market, Position, Trade, after, assess, assess_extended,
    breakdown, excess_under, greeks,
    liquidation::WHOLE,
    loss_vector,
    parameters::{Corrections, Parameters},
    preview,
    scenario::{Scenario, SpotMove, VolatilityMode, Weight},
};
use proptest::prelude::*;

/// A unit of the last place of 18 decimals.
fn units(count: i64) -> I256 {
    I256::try_from(count).unwrap()
}

const MODES: [VolatilityMode; 5] = [
    VolatilityMode::None,
    VolatilityMode::Up,
    VolatilityMode::Down,
    VolatilityMode::SkewLinear,
    VolatilityMode::SkewAbsolute,
];

/// The most by which what a book is worth may differ from the sum of its parts, in units of the last place: each line's sum
/// is floored to 2^-55 of a millionth of its forward, each token's value and the whole to a unit.
fn grain(book: &Book, market: &Market) -> U256 {
    let forward = market.expiries.iter().map(|expiry| expiry.forward).max().unwrap();
    let lines = U256::from(book.positions().len());
    let millionths = U256::from(forward) * lines / U256::from(1_000_000);
    (millionths >> 55) + U256::from(book.collateral().len() + 3)
}

fn config() -> ProptestConfig {
    ProptestConfig::with_cases(192)
}

/// The book with one position more, less, or changed, everything else as it is.
fn with_option(book: &Book, option: &Instrument, quantity: i64) -> Option<Book> {
    let mut positions: Vec<Position> = book.positions().to_vec();
    match positions.binary_search_by_key(&option.id(), |held| held.instrument) {
        Ok(index) => {
            positions[index].quantity = positions[index].quantity.checked_add(quantity)?;
            if positions[index].quantity == 0 {
                positions.remove(index);
            }
        }
        Err(index) => {
            positions.insert(index, Position { instrument: option.id(), quantity });
        }
    }
    Book::new(book.cash(), positions, book.references().to_vec(), book.collateral().to_vec()).ok()
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn cash_raises_excess_one_for_one(mut book in books(24), market in markets(), cash in -1e6_f64..1e6) {
        let before = assess(&book, &market, &parameters(), NOW).unwrap();
        book.add_cash(money(cash)).unwrap();
        let after = assess(&book, &market, &parameters(), NOW).unwrap();
        prop_assert_eq!(after.initial_excess() - before.initial_excess(), money(cash));
        prop_assert_eq!(after.maintenance_excess() - before.maintenance_excess(), money(cash));
    }

    #[test]
    fn a_scenario_more_never_lowers_a_requirement(
        book in books(24), market in markets(), spot in -90_i64..500, weight in 0_u64..200, mode in 0_u8..5,
    ) {
        // A contingency that is capped by what an expiry's own scenarios leave may fall where another's gains hide its loss.
        let corrections = Corrections { caps_losses: false, ..Corrections::default() };
        let less = Parameters { corrections, ..parameters() };
        let before = assess(&book, &market, &less, NOW).unwrap();
        let mut more = less;
        let volatility = MODES[usize::from(mode)];
        more.scenarios.push(Scenario {
            spot: SpotMove::Absolute(spot * (ONE / 100) as i64),
            volatility,
            weight: Weight::Fixed(weight * (ONE / 100)),
        });
        let after = assess(&book, &market, &more, NOW).unwrap();
        prop_assert!(after.initial_requirement >= before.initial_requirement);
        prop_assert!(after.maintenance_requirement >= before.maintenance_requirement);
        prop_assert_eq!(after.equity, before.equity);
    }

    /// Rows share revaluations and logarithms with their neighbours; that mustn't show.
    #[test]
    fn an_outcome_does_not_depend_on_the_other_scenarios(
        book in books(8), market in markets(), table in prop::collection::vec((0_usize..6, 0_u8..5), 1..12),
    ) {
        let moves = [SpotMove::Ranges(0), SpotMove::Ranges(ONE as i64), SpotMove::Ranges(-(ONE as i64) / 2),
            SpotMove::Absolute(ONE as i64 / 22), SpotMove::Absolute(-45 * (ONE / 1_000) as i64), SpotMove::Absolute(45 * (ONE / 1_000) as i64)];
        let scenarios: Vec<Scenario> = table
            .iter()
            .map(|(spot, mode)| Scenario { spot: moves[*spot], volatility: MODES[usize::from(*mode)], weight: Weight::Fixed(ONE) })
            .collect();
        let of = |scenarios: Vec<Scenario>| {
            let parameters = Parameters { scenarios, ..parameters() };
            loss_vector(&book, &market, &parameters, NOW, 1).unwrap().0
        };
        let together = of(scenarios.clone());
        for (scenario, outcome) in scenarios.into_iter().zip(together) {
            prop_assert_eq!(of(vec![scenario]), vec![outcome]);
        }
    }

    #[test]
    fn initial_excess_is_at_most_maintenance_excess(book in books(48), market in markets(), stable in 90_u64..110) {
        let market = novate_risk::Market { stable_price: stable * (ONE / 100), ..market };
        let figures = assess(&book, &market, &parameters(), NOW).unwrap();
        prop_assert!(figures.initial_excess() <= figures.maintenance_excess());
    }

    #[test]
    fn order_of_trades_is_irrelevant(
        trades in prop::collection::vec((instruments(), quantities()), 1..12), market in markets(), turn in 0_usize..12,
    ) {
        // At price zero no rounding depends on the order.
        let trades: Vec<Trade> = trades
            .iter()
            .map(|(instrument, quantity)| Trade { instrument: instrument.id(), quantity: *quantity, price: 0 })
            .collect();
        let mut turned = trades.clone();
        turned.rotate_left(turn % trades.len());
        let one = after(&Book::default(), &market, &trades).unwrap();
        let other = after(&Book::default(), &market, &turned).unwrap();
        prop_assert_eq!(&one, &other);
        prop_assert_eq!(assess(&one, &market, &parameters(), NOW), assess(&other, &market, &parameters(), NOW));
    }

    #[test]
    fn splitting_a_trade_is_neutral(
        book in books(12), instrument in instruments(), quantity in quantities(), part in 0_i64..100, price in 1_u64..100_000, market in markets(),
    ) {
        let price = u128::from(price) * u128::from(ONE);
        let whole = Trade { instrument: instrument.id(), quantity, price };
        let first = quantity / 100 * part;
        let mut parts = vec![Trade { quantity: first, ..whole }, Trade { quantity: quantity - first, ..whole }];
        parts.retain(|trade| trade.quantity != 0);
        let one = preview(&book, &[whole], &market, &parameters(), NOW).unwrap();
        let other = preview(&book, &parts, &market, &parameters(), NOW).unwrap();
        prop_assert_eq!(one.initial_requirement, other.initial_requirement);
        prop_assert_eq!(one.maintenance_requirement, other.maintenance_requirement);
        // Each amount of cash is rounded down.
        prop_assert!((one.equity - other.equity).unsigned_abs() <= U256::from(1));
    }

    #[test]
    fn a_position_and_its_opposite_cost_nothing(
        book in books(12), instrument in instruments(), quantity in quantities(), market in markets(),
    ) {
        prop_assume!(instrument.is_option());
        let there = Trade { instrument: instrument.id(), quantity, price: u128::from(ONE) };
        let back = Trade { quantity: -quantity, ..there };
        prop_assert_eq!(
            preview(&book, &[there, back], &market, &parameters(), NOW),
            assess(&book, &market, &parameters(), NOW)
        );
    }

    /// Where no row turns gains into losses (skew) or counts more than the loss itself (weights and factors above one).
    #[test]
    fn a_long_option_never_costs_more_than_its_premium(
        book in books(16), instrument in instruments(), quantity in quantities(), eth in 1_500.0_f64..6_000.0, vol in 0.2_f64..1.5,
    ) {
        prop_assume!(instrument.is_option());
        let market = market(eth, 90_000.0, vol, false);
        let mut plain = parameters();
        plain.scenarios.retain(|scenario| !scenario.volatility.is_skew());
        plain.basis.multiplier = 0;
        // Initially, value that can vanish costs a fifth of the premium on top.
        let wholly = Parameters { corrections: Corrections { vanishing: 0, caps_losses: false, ..plain.corrections }, ..plain.clone() };
        let Some(more) = with_option(&book, &instrument, quantity.abs()) else { return Ok(()) };
        let slack = I256::try_from(quantity.unsigned_abs() / 1_000).unwrap() + units(100);
        let before = assess(&book, &market, &wholly, NOW).unwrap();
        let after = assess(&more, &market, &wholly, NOW).unwrap();
        prop_assert!(after.initial_excess() + slack >= before.initial_excess(), "{:?} {:?}", before, after);
        let before = assess(&book, &market, &plain, NOW).unwrap();
        let after = assess(&more, &market, &plain, NOW).unwrap();
        prop_assert!(after.maintenance_excess() + slack >= before.maintenance_excess());
    }

    #[test]
    fn requirement_is_homogeneous(book in books(16), market in markets(), factor in 2_i64..20) {
        let positions = book
            .positions()
            .iter()
            .map(|held| Position { quantity: held.quantity * factor, ..*held })
            .collect();
        let collateral = book
            .collateral()
            .iter()
            .map(|held| novate_risk::CollateralBalance { amount: held.amount * factor as u128, ..*held })
            .collect();
        let cash = book.cash() * units(factor);
        let larger = Book::new(cash, positions, book.references().to_vec(), collateral).unwrap();
        let one = assess(&book, &market, &parameters(), NOW).unwrap();
        let many = assess(&larger, &market, &parameters(), NOW).unwrap();
        for (one, many) in [
            (one.equity, many.equity),
            (I256::from_raw(one.initial_requirement), I256::from_raw(many.initial_requirement)),
            (I256::from_raw(one.maintenance_requirement), I256::from_raw(many.maintenance_requirement)),
        ] {
            let (one, many) = (float(one) * factor as f64, float(many));
            prop_assert!((one - many).abs() <= 1e-15 * many.abs() + 1e-12, "{one} {many}");
        }
    }

    /// All of section 6 but the charges of 6.3, which grow faster than the book.
    #[test]
    fn offsets_and_floors_are_homogeneous_and_cash_counts_in_full(
        mut book in books(16), market in markets(), factor in 2_i64..20, offset in 0..=6 * (ONE / 10), net in 0..ONE / 5, hedged in 0..ONE / 5,
        cash in -1e6_f64..1e6,
    ) {
        let mut grouped = parameters();
        for listed in &mut grouped.underlyings {
            listed.group = 1;
        }
        let extensions = Extensions { offsets: vec![(1, offset)], floor_net: net, floor_hedged: hedged, ..Extensions::default() };
        let of = |book: &Book| assess_extended(book, &market, &grouped, &extensions, NOW).unwrap();
        let one = of(&book);
        let positions = book.positions().iter().map(|held| Position { quantity: held.quantity * factor, ..*held }).collect();
        let collateral = book
            .collateral()
            .iter()
            .map(|held| novate_risk::CollateralBalance { amount: held.amount * factor as u128, ..*held })
            .collect();
        let many = of(&Book::new(book.cash() * units(factor), positions, book.references().to_vec(), collateral).unwrap());
        for (one, many) in [
            (one.initial_requirement, many.initial_requirement), (one.maintenance_requirement, many.maintenance_requirement),
        ] {
            let (one, many) = (float(I256::from_raw(one)) * factor as f64, float(I256::from_raw(many)));
            prop_assert!((one - many).abs() <= 1e-15 * many.abs() + 1e-12, "{one} {many}");
        }
        prop_assert!(one.initial_excess() <= one.maintenance_excess());
        book.add_cash(money(cash)).unwrap();
        prop_assert_eq!(of(&book).initial_excess() - one.initial_excess(), money(cash));
        prop_assert_eq!(of(&book).maintenance_excess() - one.maintenance_excess(), money(cash));
    }

    #[test]
    fn preview_equals_the_outcome(
        book in books(24), trades in prop::collection::vec((instruments(), quantities(), 0_u64..1_000_000_000), 1..6), market in markets(),
    ) {
        let trades: Vec<Trade> = trades
            .iter()
            .map(|(instrument, quantity, price)| Trade {
                instrument: instrument.id(), quantity: *quantity, price: u128::from(*price) * 1_000_000_000_000_007,
            })
            .collect();
        let mut outcome = book.clone();
        let mut cash = book.cash();
        for trade in &trades {
            cash += outcome.apply(trade, 5_000_000_000_000_000_000).unwrap();
        }
        prop_assert_eq!(cash, outcome.cash());
        let figures = preview(&book, &trades, &market, &parameters(), NOW).unwrap();
        // What a trade moves to cash and what stays unsettled until the next touch are worth the same, but for what cash is rounded.
        let unsettled = assess(&outcome, &market, &parameters(), NOW).unwrap();
        prop_assert_eq!(figures.initial_requirement, unsettled.initial_requirement);
        prop_assert_eq!(figures.maintenance_requirement, unsettled.maintenance_requirement);
        let lost = (figures.equity - unsettled.equity).unsigned_abs();
        prop_assert!(lost <= U256::from(2 * trades.len()), "{lost}");
        let mut outcome = book.clone();
        for trade in &trades {
            outcome = after(&outcome, &market, &[*trade]).unwrap();
        }
        prop_assert_eq!(Ok(figures), assess(&outcome, &market, &parameters(), NOW));
    }

    #[test]
    fn a_trade_at_the_mark_leaves_equity(book in books(12), quantity in quantities(), market in markets()) {
        let perpetual = Instrument::perpetual(1).unwrap();
        let mark = market.underlyings[0].perpetual.unwrap().mark;
        let trade = Trade { instrument: perpetual.id(), quantity, price: mark };
        let before = assess(&book, &market, &parameters(), NOW).unwrap();
        let after = preview(&book, &[trade], &market, &parameters(), NOW).unwrap();
        prop_assert!((after.equity - before.equity).unsigned_abs() <= U256::from(1));
    }

    #[test]
    fn one_scenario_bounds_the_excess_from_above(book in books(24), market in markets(), number in 0_u8..38) {
        let number = if number == 37 { 255 } else { number };
        let count = breakdown(&book, &market, &parameters(), NOW).unwrap().len();
        // What caps contingencies are all scenarios: from one alone they are bounded.
        let uncapped = Corrections { caps_losses: false, ..Corrections::default() };
        for terms in [parameters(), Parameters { corrections: uncapped, ..parameters() }] {
            let figures = assess(&book, &market, &terms, NOW).unwrap();
            let bound = excess_under(&book, &market, &terms, NOW, &vec![number; count]).unwrap();
            prop_assert!(bound >= figures.close_excess());
            if count == 1 {
                let worst = [figures.worst_scenario];
                let named = excess_under(&book, &market, &terms, NOW, &worst).unwrap();
                prop_assert!(named >= figures.close_excess());
                prop_assert!(terms.corrections.caps_losses || named == figures.close_excess());
            }
        }
        prop_assert!(excess_under(&book, &market, &parameters(), NOW, &vec![number; count + 1]).is_err());
    }

    #[test]
    fn the_loss_vector_holds_the_worst(book in books(24), market in markets()) {
        for part in breakdown(&book, &market, &parameters(), NOW).unwrap() {
            let (outcomes, basis) = loss_vector(&book, &market, &parameters(), NOW, part.underlying).unwrap();
            prop_assert_eq!(outcomes.len(), 37);
            let least = outcomes.iter().map(|outcome| outcome.pnl).min().unwrap().min(basis);
            prop_assert_eq!(least, part.worst);
            prop_assert!(basis <= I256::ZERO);
        }
    }

    #[test]
    fn a_cut_conserves_everything(book in books(24), market in markets(), fraction in 0..=WHOLE) {
        let (slice, rest) = book.cut(fraction);
        prop_assert_eq!(slice.cash() + rest.cash(), book.cash());
        for held in book.positions() {
            let sum = slice.quantity(held.instrument) + rest.quantity(held.instrument);
            prop_assert_eq!(sum, held.quantity);
        }
        // Both parts are books.
        for part in [&slice, &rest] {
            let again = Book::new(
                part.cash(), part.positions().to_vec(), part.references().to_vec(), part.collateral().to_vec(),
            );
            prop_assert_eq!(again.as_ref(), Ok(part));
        }
        let whole = assess(&book, &market, &parameters(), NOW).unwrap();
        let one = assess(&slice, &market, &parameters(), NOW).unwrap();
        let other = assess(&rest, &market, &parameters(), NOW).unwrap();
        let lost = whole.equity - one.equity - other.equity;
        prop_assert!(lost.unsigned_abs() <= grain(&book, &market), "{lost}");
    }

    #[test]
    fn absorbing_conserves_equity(one in books(16), other in books(16), market in markets()) {
        let value = |book: &Book| assess(book, &market, &parameters(), NOW).unwrap().equity;
        let mut sum = one.clone();
        sum.absorb(&other).unwrap();
        let lost = value(&one) + value(&other) - value(&sum);
        prop_assert!(lost.unsigned_abs() <= grain(&one, &market), "{lost}");
    }

    #[test]
    fn greeks_are_derivatives(book in books(10), eth in 2_000.0_f64..5_000.0, vol in 0.3_f64..1.2) {
        let rows = |eth: f64, vol: f64, now: u64| {
            let market = flat(market(eth, 90_000.0, vol, false), vol);
            greeks(&book, &market, &parameters(), now).unwrap()
        };
        let centre = rows(eth, vol, NOW);
        let of = |list: Vec<novate_risk::Greeks>, pick: &dyn Fn(&novate_risk::Greeks) -> I256| -> Vec<f64> {
            list.iter().map(|row| float(pick(row))).collect()
        };
        let value = |row: &novate_risk::Greeks| row.value;
        let delta = |row: &novate_risk::Greeks| row.delta;
        let (h, v, t) = (eth * 1e-5, 1e-5, 60_u64);
        let up = of(rows(eth + h, vol, NOW), &value);
        let down = of(rows(eth - h, vol, NOW), &value);
        let up_delta = of(rows(eth + h, vol, NOW), &delta);
        let down_delta = of(rows(eth - h, vol, NOW), &delta);
        let high = of(rows(eth, vol + v, NOW), &value);
        let low = of(rows(eth, vol - v, NOW), &value);
        let later = of(rows(eth, vol, NOW + t), &value);
        let earlier = of(rows(eth, vol, NOW - t), &value);
        for (i, row) in centre.iter().enumerate() {
            // Expired rows and the settlement window have kinks in time and price.
            if row.underlying != 1 || (row.expiry > 0 && row.expiry < NOW + 86_400) {
                continue;
            }
            let tau = if row.expiry == 0 { 0.0 } else { (row.expiry - NOW) as f64 / 31_536_000.0 };
            let carry = 1.0 + 0.04 * tau; // of the forward, for each unit of the index
            let check = |name: &str, given: I256, slope: f64, grain: f64| {
                let close = (float(given) - slope).abs() <= 2e-3 * slope.abs() + grain;
                prop_assert!(close, "{name}: {} is not {slope}: {row:?}", float(given));
                Ok(())
            };
            // The mark of the perpetual is 1.001 of the index; collateral and index move together.
            if row.expiry > 0 {
                let size = 1e-9 * (up[i].abs() + down[i].abs()) / h;
                check("delta", row.delta, (up[i] - down[i]) / (2.0 * h) / carry, size + 1e-6)?;
                let gamma = (up_delta[i] - down_delta[i]) / (2.0 * h) / carry;
                check("gamma", row.gamma, gamma, 1e-9 * up_delta[i].abs() / h + 1e-9)?;
                check("vega", row.vega, (high[i] - low[i]) / (2.0 * v), size * h / v + 1e-3)?;
                let pace = (later[i] - earlier[i]) / (2 * t) as f64 * 31_536_000.0;
                check("theta", row.theta, pace, 1e-2 * pace.abs() + size * h * 1e5 + 1.0)?;
            }
        }
    }
}

#[test]
fn an_empty_book_requires_nothing() {
    let figures =
        assess(&Book::default(), &market(3_000.0, 90_000.0, 0.6, false), &parameters(), NOW);
    let figures = figures.unwrap();
    assert_eq!((figures.equity, figures.initial_requirement), (I256::ZERO, U256::ZERO));
    assert_eq!((figures.worst_underlying, figures.worst_scenario), (0, 255));
}

#[test]
fn the_defaults_are_within_their_bounds_and_the_table_has_37() {
    assert_eq!(parameters().check(), Ok(()));
    let (own, peers) = (Parameters::default().scenarios, Scenario::peer_table());
    assert_eq!((own.len(), peers.len()), (37, 33));
    assert!(peers.iter().all(|scenario| own.contains(scenario)));
    let whole = |scenario: &&Scenario| matches!(scenario.spot, SpotMove::Ranges(spot) if spot.unsigned_abs() == ONE);
    let modes = |table: &[Scenario]| {
        table.iter().filter(whole).map(|scenario| scenario.volatility).collect::<Vec<_>>()
    };
    assert_eq!(modes(&peers), [VolatilityMode::Up; 2]);
    let three = [VolatilityMode::Up, VolatilityMode::None, VolatilityMode::Down];
    assert_eq!(modes(&own), [three, three].concat());
}

#[test]
fn discounts_cannot_be_swapped() {
    let mut swapped = parameters();
    swapped.long.base = 1_050_000_000_000_000_000;
    assert!(swapped.check().is_err());
    let mut swapped = parameters();
    swapped.short.base = 950_000_000_000_000_000;
    assert!(swapped.check().is_err());
}
