//! Random books and the markets to value them in.

use alloy_primitives::I256;
use novate_risk::{
    Book, CollateralBalance, Instrument, Market, Parameters, Position, Reference, Strike, Validity,
    market::{
        CollateralMarket, ExpiryMarket, PerpetualMarket, Settlement, Surface, UnderlyingMarket,
    },
    parameters::{CollateralParameters, UnderlyingParameters},
};
use proptest::prelude::*;

/// One, 18 decimals.
pub(crate) const ONE: u64 = 1_000_000_000_000_000_000;
/// A whole hour.
pub(crate) const NOW: u64 = 1_768_406_400;
/// Hours from now of the expiries that exist: expired, in the settlement window soon, a day, weeks, years.
pub(crate) const TENORS: [u32; 6] = [0, 1, 24, 24 * 14, 24 * 80, 24 * 500];

pub(crate) fn wad(x: f64) -> u128 {
    (x * 1e9).round() as u128 * 1_000_000_000
}

pub(crate) fn money(x: f64) -> I256 {
    let size = I256::try_from(wad(x.abs())).unwrap();
    if x < 0.0 { -size } else { size }
}

/// A positive or negative amount with 18 decimals as a float.
pub(crate) fn float(x: I256) -> f64 {
    x.to_string().parse::<f64>().unwrap() / 1e18
}

/// ETH (1), BTC (2) and the default parameters, with two collateral tokens.
pub(crate) fn parameters() -> Parameters {
    Parameters {
        underlyings: vec![
            UnderlyingParameters::new(1, 180_000_000_000_000_000),
            UnderlyingParameters::new(2, 160_000_000_000_000_000),
        ],
        collateral: vec![
            CollateralParameters {
                collateral: 1,
                underlying: 1,
                maintenance_haircut: ONE / 10,
                initial_haircut: ONE / 20,
                cancels_risk: true,
            },
            CollateralParameters {
                collateral: 2,
                underlying: 2,
                maintenance_haircut: ONE / 5,
                initial_haircut: ONE / 10,
                cancels_risk: false,
            },
        ],
        ..Parameters::default()
    }
}

/// A market around the given prices. `doubt` lowers some confidences.
pub(crate) fn market(eth: f64, btc: f64, vol: f64, doubt: bool) -> Market {
    let mut market = Market {
        collateral: vec![CollateralMarket { collateral: 2, price: wad(btc), confidence: ONE }],
        ..Market::default()
    };
    for (underlying, index) in [(1_u8, eth), (2, btc)] {
        market.underlyings.push(UnderlyingMarket {
            underlying,
            index: wad(index),
            confidence: ONE,
            validity: Validity::Valid,
            updated_at: NOW,
            slow_price: None,
            perpetual: Some(PerpetualMarket {
                mark: wad(index * 1.001),
                funding_index: 5_000_000_000_000_000_000,
                confidence: if doubt { ONE / 2 } else { ONE },
            }),
        });
        for tenor in TENORS {
            let tau = f64::from(tenor.max(1)) / 8760.0;
            let w = vol * vol * tau;
            market.expiries.push(ExpiryMarket {
                underlying,
                expiry_hours: (NOW / 3600) as u32 + tenor,
                forward: wad(index * (1.0 + 0.04 * tau)),
                forward_variable: None,
                observed_share: 0,
                rate: 40_000_000_000_000_000,
                surface: Surface::Svi {
                    a: (w * 0.6 * 1e18) as i64,
                    b: (w.sqrt() * 0.2 * 1e18) as u64,
                    rho: -300_000_000_000_000_000,
                    m: 20_000_000_000_000_000,
                    sigma: 200_000_000_000_000_000,
                },
                model_time: NOW - 60,
                forward_confidence: ONE,
                rate_confidence: ONE,
                volatility_confidence: if doubt { ONE / 4 } else { ONE },
                settlement: Settlement::Open {
                    least: wad(index * 0.95),
                    greatest: wad(index * 1.05),
                },
            });
        }
    }
    market
}

/// The same market with one volatility for all strikes of an expiry.
pub(crate) fn flat(mut market: Market, vol: f64) -> Market {
    for expiry in &mut market.expiries {
        expiry.model_time = NOW - 1_000;
        let tau = (expiry.expiry() - expiry.model_time) as f64 / 31_536_000.0;
        let a = (vol * vol * tau * 1e18) as i64;
        expiry.surface = Surface::Svi { a, b: 0, rho: 0, m: 0, sigma: ONE / 10 };
    }
    market
}

/// An instrument near the money of a market made by [`market`].
pub(crate) fn instruments() -> impl Strategy<Value = Instrument> {
    (1_u8..=2, 0_u8..12, 1_usize..TENORS.len(), 4_u64..25).prop_map(|(u, kind, tenor, level)| {
        let hours = (NOW / 3600) as u32 + TENORS[tenor];
        let unit = if u == 1 { 250 } else { 7_500 };
        let strike = Strike::whole(level * unit).unwrap();
        match kind {
            0 => Instrument::perpetual(u),
            1 => Instrument::future(u, hours),
            2..=6 => Instrument::call(u, hours, strike),
            _ => Instrument::put(u, hours, strike),
        }
        .unwrap()
    })
}

pub(crate) fn quantities() -> impl Strategy<Value = i64> {
    (prop::bool::ANY, 0_u32..9, 1_i64..1_000).prop_map(|(sign, power, digits)| {
        let size = digits * 10_i64.pow(power.min(7));
        if sign { size } else { -size }
    })
}

/// A book of up to `most` positions.
pub(crate) fn books(most: usize) -> impl Strategy<Value = Book> {
    (
        prop::collection::btree_map(
            instruments().prop_map(|i| i.id()),
            (quantities(), 0.5_f64..1.5, -1_000_000_i64..1_000_000),
            0..=most,
        ),
        -1e6_f64..1e6,
        prop::collection::btree_map(1_u8..=2, 0.0_f64..100.0, 0..=2),
    )
        .prop_map(|(held, cash, tokens)| {
            let mut references = Vec::new();
            let mut positions = Vec::new();
            for (instrument, (quantity, level, funding)) in held {
                let terms = Instrument::decode(instrument).unwrap();
                positions.push(Position { instrument, quantity });
                if !terms.is_option() {
                    let price = if terms.underlying() == 1 { 3_000.0 } else { 90_000.0 };
                    let perpetual = terms.expiry().is_none();
                    references.push(Reference {
                        price: wad(price * level),
                        funding: if perpetual {
                            i128::from(funding) * 10_000_000_000_000
                        } else {
                            0
                        },
                    });
                }
            }
            let collateral = tokens
                .into_iter()
                .map(|(collateral, amount)| CollateralBalance { collateral, amount: wad(amount) })
                .collect();
            Book::new(money(cash), positions, references, collateral).unwrap()
        })
}

pub(crate) fn markets() -> impl Strategy<Value = Market> {
    (1_500.0_f64..6_000.0, 40_000.0_f64..150_000.0, 0.2_f64..1.5, prop::bool::weighted(0.2))
        .prop_map(|(eth, btc, vol, doubt)| market(eth, btc, vol, doubt))
}
