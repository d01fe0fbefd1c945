//! No book that passes the codec and no accepted market state makes any function fail, panic or wrap.

use crate::common::{NOW, ONE};
use alloy_primitives::{I256, U256};
use novate_risk::{
    Book, CollateralBalance, Instrument, Kind, Market, Parameters, Position, Reference, Strike,
    Trade, Validity, after, assess, breakdown, excess_under, greeks,
    liquidation::{Piece, Size, Terms, WHOLE},
    loss_vector,
    market::{
        CollateralMarket, ExpiryMarket, MAX_PRICE, PerpetualMarket, Settlement, Surface,
        UnderlyingMarket,
    },
    parameters::{CollateralParameters, UnderlyingParameters},
};
use proptest::prelude::*;

/// Anything, with the ends of its range often.
fn edgy_i64() -> impl Strategy<Value = i64> {
    prop_oneof![
        Just(i64::MAX),
        Just(i64::MIN),
        Just(1_i64),
        Just(-1_i64),
        any::<i64>(),
        (0_u32..63, any::<bool>()).prop_map(|(bit, sign)| if sign {
            1 << bit
        } else {
            -(1 << bit)
        }),
    ]
}

fn edgy_u64() -> impl Strategy<Value = u64> {
    prop_oneof![
        Just(0_u64),
        Just(1),
        Just(ONE),
        Just(u64::MAX),
        any::<u64>(),
        (0_u32..64).prop_map(|bit| 1 << bit),
        (0_u64..5).prop_map(|x| x * ONE),
    ]
}

fn confidences() -> impl Strategy<Value = u64> {
    prop_oneof![Just(0), Just(ONE), 0..=ONE]
}

fn prices() -> impl Strategy<Value = u128> {
    prop_oneof![
        Just(1_u128),
        Just(MAX_PRICE),
        1..=MAX_PRICE,
        (0_u32..110).prop_map(|bit| (1_u128 << bit).min(MAX_PRICE)),
        (1_u128..100_000).prop_map(|x| x * u128::from(ONE)),
    ]
}

fn strikes() -> impl Strategy<Value = Strike> {
    let any_strike =
        (1_u32..1 << 27, 0_u8..32).prop_filter_map("canonical", |(m, e)| Strike::new(m, e));
    prop_oneof![
        any_strike,
        Just(Strike::new(1, 0).unwrap()),
        Just(Strike::new((1 << 27) - 1, 31).unwrap()),
    ]
}

const HOUR: u32 = (NOW / 3_600) as u32;
const HOURS: [u32; 8] =
    [1, HOUR - 1, HOUR, HOUR + 1, HOUR + 2, HOUR + 720, HOUR + 10_000, (1 << 22) - 1];

fn instruments() -> impl Strategy<Value = Instrument> {
    let kinds =
        prop_oneof![Just(Kind::Perpetual), Just(Kind::Future), Just(Kind::Call), Just(Kind::Put)];
    (1_u8..4, kinds, prop::sample::select(&HOURS[..]), strikes()).prop_map(
        |(u, kind, hours, strike)| {
            match kind {
                Kind::Perpetual => Instrument::perpetual(u),
                Kind::Future => Instrument::future(u, hours),
                Kind::Call => Instrument::call(u, hours, strike),
                Kind::Put => Instrument::put(u, hours, strike),
            }
            .unwrap()
        },
    )
}

fn books() -> impl Strategy<Value = Book> {
    (
        prop::collection::btree_map(
            instruments().prop_map(|i| i.id()),
            (edgy_i64().prop_filter("nothing", |q| *q != 0), any::<u128>(), any::<i128>()),
            0..40,
        ),
        any::<[u64; 4]>(),
        prop::collection::vec(any::<u128>(), 0..4),
    )
        .prop_map(|(held, cash, amounts)| {
            let cash = I256::from_raw(U256::from_limbs(cash)).asr(55);
            let positions = held
                .iter()
                .map(|(id, (q, ..))| Position { instrument: *id, quantity: *q })
                .collect();
            let references = held
                .iter()
                .filter(|(id, _)| !Instrument::decode(**id).unwrap().is_option())
                .map(|(_, (_, price, funding))| Reference { price: *price, funding: *funding })
                .collect();
            let collateral = (1_u8..)
                .zip(amounts)
                .map(|(collateral, amount)| CollateralBalance { collateral, amount });
            Book::new(cash, positions, references, collateral.collect()).unwrap()
        })
}

fn edgy_volatility() -> impl Strategy<Value = u128> {
    prop_oneof![
        edgy_u64().prop_map(u128::from),
        (64_u32..128).prop_map(|bit| 1 << bit),
        any::<u128>(),
        Just(u128::MAX)
    ]
}

prop_compose! {
    fn surfaces()(a in edgy_i64(), b in edgy_u64(), rho in edgy_i64(), m in edgy_i64(), sigma in edgy_u64(),
                  points in prop::collection::btree_map(any::<u32>(), edgy_volatility(), 0..4), svi in prop::bool::weighted(0.8)) -> Surface {
        if svi { Surface::Svi { a, b, rho, m, sigma } } else { Surface::Points(points.into_iter().collect()) }
    }
}

prop_compose! {
    fn expiries(underlying: u8, expiry_hours: u32)(
        forward in prices(), part in prop::option::of(0_u128..=MAX_PRICE), rate in edgy_i64(), surface in surfaces(), model_time in edgy_u64(),
        forward_confidence in confidences(), rate_confidence in confidences(), volatility_confidence in confidences(),
        is_final in any::<bool>(), ends in prop_oneof![Just((0, 0)), (prices(), prices()), (Just(0), prices())], observed_share in confidences(),
    ) -> ExpiryMarket {
        let settlement =
            if is_final { Settlement::Final } else { Settlement::Open { least: ends.0.min(ends.1), greatest: ends.0.max(ends.1) } };
        ExpiryMarket {
            underlying, expiry_hours, forward, forward_variable: part.map(|part| part.min(forward)), observed_share, rate, surface, model_time,
            forward_confidence, rate_confidence, volatility_confidence, settlement,
        }
    }
}

prop_compose! {
    fn underlyings(underlying: u8)(
        index in prices(), confidence in confidences(), mark in prop::option::of(prices()), mark_confidence in confidences(),
        funding in -(MAX_PRICE as i128)..=MAX_PRICE as i128, level in 0_u8..10, updated_at in edgy_u64(),
        slow_price in prop::option::of(prop_oneof![Just(0), prices(), any::<u128>()]),
    ) -> UnderlyingMarket {
        let validity = match level {
            0 => Validity::Invalid,
            1 => Validity::TooVolatile,
            2 => Validity::TooUncertain,
            3 => Validity::StaleForMargin,
            _ => Validity::Valid,
        };
        UnderlyingMarket {
            underlying, index, confidence, validity, updated_at, slow_price,
            perpetual: mark.map(|mark| PerpetualMarket { mark, funding_index: funding, confidence: mark_confidence }),
        }
    }
}

fn markets() -> impl Strategy<Value = Market> {
    let all_expiries: Vec<_> =
        (1_u8..4).flat_map(|u| HOURS.iter().map(move |hours| expiries(u, *hours))).collect();
    let all_underlyings: Vec<_> = (1_u8..4).map(underlyings).collect();
    (all_underlyings, all_expiries, ONE / 10..=10 * ONE, prices(), confidences()).prop_map(
        |(underlyings, expiries, stable_price, price, confidence)| Market {
            stable_price,
            underlyings,
            expiries,
            collateral: vec![CollateralMarket { collateral: 2, price, confidence }],
        },
    )
}

/// Parameters of any value at all: functions saturate even outside the bounds.
fn parameters() -> impl Strategy<Value = Parameters> {
    (prop::collection::vec(edgy_u64(), 40), prop::collection::vec(edgy_i64(), 3), any::<bool>())
        .prop_map(|(x, slopes, wild)| {
            let mut p = Parameters {
                underlyings: (1_u8..4)
                    .map(|u| UnderlyingParameters::new(u, x[usize::from(u)]))
                    .collect(),
                collateral: (1_u8..5)
                    .map(|collateral| CollateralParameters {
                        collateral,
                        underlying: 1 + collateral % 3,
                        maintenance_haircut: x[4],
                        initial_haircut: x[5],
                        cancels_risk: collateral % 2 == 0,
                    })
                    .collect(),
                ..Parameters::default()
            };
            // Some beyond 64 bits.
            let wide = |x: u64| u128::from(x) << (x % 61);
            let slope = |x: i64| i128::from(x) << (x.unsigned_abs() % 61);
            if wild {
                (p.scan.initial, p.scan.maintenance, p.scan.peg_threshold, p.scan.peg_factor) =
                    (x[6], x[7], wide(x[8]), x[9]);
                (p.volatility.short_power, p.volatility.long_power) = (x[10], x[11]);
                (p.volatility.floor, p.volatility.minimum_up) = (x[12], wide(x[13]));
                (p.skew.linear_cap, p.skew.linear_slope) = (x[14], slope(slopes[0]));
                (p.skew.absolute_cap, p.skew.absolute_slope) = (x[15], slope(slopes[1]));
                (p.skew.kstar_minimum, p.skew.width) = (x[16], x[17]);
                (p.skew.volatility_static, p.skew.volatility_slope) = (x[18], slope(slopes[2]));
                (p.basis.up, p.basis.down, p.basis.add, p.basis.multiplier) =
                    (x[19], x[20], wide(x[21]), wide(x[22]));
                let c = &mut p.contingencies;
                (c.perpetual_maintenance, c.perpetual_initial) = (x[23], x[24]);
                (c.option_maintenance, c.option_initial) = (x[25], x[26]);
                (c.confidence_threshold, c.confidence_margin) = (x[27], wide(x[28]));
                (p.long.base, p.long.multiplier, p.long.addition) = (x[29], x[30], x[31]);
                (p.short.base, p.short.multiplier, p.short.addition) = (x[32], x[33], x[34]);
                for u in &mut p.underlyings {
                    (u.volatility_up, u.volatility_down) = (x[35], x[36]);
                }
            }
            p
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn every_function_is_total(
        book in books(), market in markets(), parameters in parameters(), now in prop_oneof![NOW - 3_600..NOW + 7_200, edgy_u64()],
        scenario in any::<u8>(), fraction in edgy_u64(), elapsed in edgy_u64(), instrument in instruments(), quantity in edgy_i64(),
        price in any::<u128>(),
    ) {
        let figures = assess(&book, &market, &parameters, now).unwrap();
        let parts = breakdown(&book, &market, &parameters, now).unwrap();
        for part in &parts {
            loss_vector(&book, &market, &parameters, now, part.underlying).unwrap();
            prop_assert!(part.worst <= I256::ZERO);
        }
        let scenarios = vec![scenario; parts.len()];
        let bound = excess_under(&book, &market, &parameters, now, &scenarios);
        prop_assert_eq!(bound.is_ok(), scenario < 37 || scenario == 255 || parts.is_empty());
        greeks(&book, &market, &parameters, now).unwrap();
        let (slice, rest) = book.cut(fraction);
        assess(&slice, &market, &parameters, now).unwrap();
        assess(&rest, &market, &parameters, now).unwrap();
        let (terms, size) = (Terms::at(elapsed), Size::of(&figures, U256::from(fraction), ONE));
        prop_assert!(size.largest_fraction(terms) <= WHOLE);
        let (value, relief) = (figures.equity, I256::from_raw(figures.maintenance_requirement));
        for is_slice in [false, true] {
            size.standing.price(&Piece { value, relief, is_slice }, terms);
        }
        // A trade may be refused, never trap.
        let trade = Trade { instrument: instrument.id(), quantity, price };
        if let Ok(traded) = after(&book, &market, &[trade]) {
            assess(&traded, &market, &parameters, now).unwrap();
        }
        let mut settled = book;
        let _ = settled.settle(instrument.id(), price);
        let mut merged = slice;
        let _ = merged.absorb(&rest);
    }
}
