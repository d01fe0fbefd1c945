//! Rules against the functions that they put together.

use alloc::{vec, vec::Vec};

use alloy_primitives::I256;

use super::*;
use crate::{
    Instrument, Position, Reference, Strike, Validity,
    adaptive::assess_ramped,
    assess, liquidation_prices,
    market::{ExpiryMarket, Settlement, Surface, UnderlyingMarket},
    max_quantity,
    parameters::UnderlyingParameters,
};

const ONE: u64 = 1_000_000_000_000_000_000;
const WAD: u128 = 1_000_000_000_000_000_000;
const NOW: u64 = 1_768_406_400;
const HOURS: u32 = 491_224 + 24 * 14;

fn parameters(group: u8) -> Parameters {
    let listed = |number| UnderlyingParameters {
        group,
        ..UnderlyingParameters::new(number, 180_000_000_000_000_000)
    };
    Parameters { underlyings: vec![listed(1), listed(2)], ..Parameters::default() }
}

fn market() -> Market {
    let mut market = Market::default();
    for underlying in [1, 2] {
        let index = 3_000 * WAD * u128::from(underlying);
        let (confidence, validity) = (ONE, Validity::Valid);
        market.underlyings.push(UnderlyingMarket {
            underlying,
            index,
            confidence,
            validity,
            updated_at: NOW,
            slow_price: None,
            perpetual: None,
        });
        market.expiries.push(ExpiryMarket {
            underlying,
            expiry_hours: HOURS,
            forward: index,
            forward_variable: None,
            observed_share: 0,
            rate: 0,
            surface: Surface::Svi {
                a: 10_000_000_000_000_000,
                b: 40_000_000_000_000_000,
                rho: -200_000_000_000_000_000,
                m: 0,
                sigma: ONE / 5,
            },
            model_time: NOW - 60,
            forward_confidence: ONE,
            rate_confidence: ONE,
            volatility_confidence: ONE,
            settlement: Settlement::default(),
        });
    }
    market
}

/// Short calls on one underlying, long futures on the other: what one loses when prices rise, the other gains.
fn book() -> Book {
    let call = Instrument::call(1, HOURS, Strike::whole(3_300).unwrap()).unwrap().id();
    let future = Instrument::future(2, HOURS).unwrap().id();
    let positions = vec![
        Position { instrument: call, quantity: -5_000_000 },
        Position { instrument: future, quantity: 1_000_000 },
    ];
    let references = vec![Reference { price: 6_000 * WAD, funding: 0 }];
    let cash = I256::try_from(4_000 * WAD).unwrap();
    Book::new(cash, positions, references, Vec::new()).unwrap()
}

fn offsetting() -> Extensions {
    Extensions { offsets: vec![(1, ONE / 2)], ..Extensions::default() }
}

fn rules(group: u8, extensions: Extensions) -> Rules {
    Rules::new(parameters(group), extensions, &[], NOW)
}

#[test]
fn without_extensions_and_ramps_they_are_the_plain_functions() {
    let (book, market, plain) = (book(), market(), parameters(0));
    let rules = rules(0, Extensions::default());
    assert_eq!(rules.assess(&book, &market), assess(&book, &market, &plain, NOW));
    let parts = crate::breakdown(&book, &market, &plain, NOW).unwrap();
    assert_eq!(rules.breakdown(&book, &market).unwrap(), parts);
    let scenarios: Vec<u8> = parts.iter().map(|part| part.worst_scenario).collect();
    assert_eq!(rules.worst_scenarios(&book, &market).unwrap(), scenarios);
    for scenarios in [scenarios, vec![0, 22], vec![255, 3], vec![1], vec![1, 2, 3], vec![33, 0]] {
        let expected = crate::excess_under(&book, &market, &plain, NOW, &scenarios);
        assert_eq!(rules.excess_under(&book, &market, &scenarios), expected, "{scenarios:?}");
    }
    let proceed = || Ok::<(), Error>(());
    let instrument = Instrument::decode(book.positions()[0].instrument).unwrap();
    for (buy, quantity) in [(true, 90_000_000), (false, -90_000_000)] {
        let most = Trade { instrument: instrument.id(), quantity, price: 100 * WAD };
        let wish = Wish { most, reserve: I256::ONE };
        let expected = max_quantity(
            &book,
            &instrument,
            buy,
            most.price,
            90_000_000,
            I256::ONE,
            &market,
            &plain,
            NOW,
        );
        assert_eq!(rules.max_quantity(&book, &market, &wish, proceed), expected);
    }
    let expected = liquidation_prices(&book, &market, &plain, NOW, 1);
    assert_eq!(rules.liquidation_prices(&book, &market, 1, proceed), expected);
    assert!(expected.unwrap().above.is_some());
}

#[test]
fn a_search_ends_where_it_may_not_proceed() {
    let (book, market) = (book(), market());
    let rules = rules(0, Extensions::default());
    let mut left = 5;
    let mut proceed = || {
        left -= 1;
        if left == 0 { Err(Error::CashOutOfRange) } else { Ok(()) }
    };
    let stopped = rules.liquidation_prices(&book, &market, 1, &mut proceed);
    assert_eq!(stopped, Err(Error::CashOutOfRange));
    let most = Trade { instrument: book.positions()[0].instrument, quantity: 1 << 40, price: WAD };
    let wish = Wish { most, reserve: I256::ZERO };
    let mut left = 5;
    let stopped = rules.max_quantity(&book, &market, &wish, || {
        left -= 1;
        if left == 0 { Err(Error::CashOutOfRange) } else { Ok(()) }
    });
    assert_eq!(stopped, Err(Error::CashOutOfRange));
}

#[test]
fn underlyings_that_offset_share_their_worst_scenario() {
    let (book, market) = (book(), market());
    let grouped = rules(1, offsetting());
    let alone = rules(0, offsetting());
    let together = grouped.assess(&book, &market).unwrap();
    let apart = alone.assess(&book, &market).unwrap();
    assert!(together.maintenance_requirement < apart.maintenance_requirement);
    assert_eq!(grouped.breakdown(&book, &market).unwrap().len(), 1);
    let worst = grouped.worst_scenarios(&book, &market).unwrap();
    assert_eq!(worst, [together.worst_scenario; 2]);
    for rules in [&grouped, &alone] {
        let worst = rules.worst_scenarios(&book, &market).unwrap();
        let excess = rules.assess(&book, &market).unwrap().maintenance_excess();
        let bound = rules.excess_under(&book, &market, &worst).unwrap();
        // Of a group, each one's own worst outcome counts for a part.
        assert!(if rules == &alone { bound == excess } else { bound >= excess });
        for scenario in (0..33).chain([255]) {
            let bound = rules.excess_under(&book, &market, &[scenario; 2]).unwrap();
            assert!(bound >= excess, "scenario {scenario}");
        }
    }
    // Losses of each under its own worst scenario would bound nothing.
    let refused = grouped.excess_under(&book, &market, &[0, 22]);
    assert_eq!(refused, Err(Error::UnknownScenario(22)));
    let refused = grouped.excess_under(&book, &market, &[22, 255]);
    assert_eq!(refused, Err(Error::UnknownScenario(255)));
    assert!(alone.excess_under(&book, &market, &[0, 22]).is_ok());
}

#[test]
fn a_floor_that_decides_is_scenario_255_and_counts_under_all() {
    let (book, market) = (book(), market());
    let floor = Extensions { floor_hedged: ONE, floor_net: ONE, ..Extensions::default() };
    let rules = rules(0, floor.clone());
    let figures = rules.assess(&book, &market).unwrap();
    let expected = crate::assess_extended(&book, &market, &parameters(0), &floor, NOW).unwrap();
    assert_eq!(figures, expected);
    assert_eq!(rules.worst_scenarios(&book, &market).unwrap(), [255, 255]);
    for scenarios in [[255, 255], [0, 22], [31, 255]] {
        let bound = rules.excess_under(&book, &market, &scenarios);
        assert_eq!(bound, Ok(figures.maintenance_excess()));
    }
}

#[test]
fn ranges_on_their_way_count_as_in_the_ramped_assessment() {
    let (book, market, plain) = (book(), market(), parameters(0));
    let to = |to| Ramp { from: 180_000_000_000_000_000, to, start: NOW - 100, length: 400 };
    let (up, down) = (to(400_000_000_000_000_000), to(120_000_000_000_000_000));
    for ramps in [vec![(1, up)], vec![(1, down), (2, up)], vec![(2, down)], vec![]] {
        let rules = Rules::new(plain.clone(), Extensions::default(), &ramps, NOW);
        let expected =
            assess_ramped(&book, &market, &plain, &Extensions::default(), &ramps, NOW).unwrap();
        let figures = rules.assess(&book, &market).unwrap();
        assert_eq!(figures, expected, "{ramps:?}");
        assert!(figures.initial_excess() <= figures.maintenance_excess());
        let worst = rules.worst_scenarios(&book, &market).unwrap();
        let bound = rules.excess_under(&book, &market, &worst);
        assert_eq!(bound, Ok(figures.maintenance_excess()));
    }
}
