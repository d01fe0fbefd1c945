//! A market state for a book: everything that it asks for, inside the domain or, if told so, somewhere outside.

use novate_risk::{
    Book, Market, Validity,
    market::{
        CollateralMarket, ExpiryMarket, MAX_PRICE, PerpetualMarket, Surface, UnderlyingMarket,
    },
};

use crate::{
    case::{HOURS, NOW},
    draw::{Draw, ONE},
};

/// The series of the book and the usual ones of each underlying, in prices around a common level or anywhere.
pub(crate) fn market(draw: &mut Draw<'_>, book: &Book) -> Market {
    let mut market = Market {
        stable_price: if draw.once_in(2) { ONE } else { draw.between(ONE / 10, 10 * ONE) },
        ..Market::default()
    };
    for underlying in 1..=3 {
        market.underlyings.push(spot(draw, underlying));
    }
    let mut series: Vec<(u8, u32)> = book
        .holdings()
        .filter(|held| held.instrument.expiry().is_some())
        .map(|held| (held.instrument.underlying(), held.instrument.expiry_hours()))
        .collect();
    series.push((1, draw.pick(&HOURS)));
    series.sort_unstable();
    series.dedup();
    for (underlying, hours) in series {
        market.expiries.push(expiry(draw, underlying, hours));
    }
    // An underlying whose number only noise would name.
    for held in book.holdings() {
        let underlying = held.instrument.underlying();
        if market.underlyings.iter().all(|known| known.underlying != underlying) {
            market.underlyings.push(spot(draw, underlying));
        }
    }
    market.collateral.push(CollateralMarket {
        collateral: 2,
        price: price(draw),
        confidence: confidence(draw),
    });
    market
}

/// One field of the state moved out of its domain.
pub(crate) fn spoil(draw: &mut Draw<'_>, market: &mut Market) {
    let spot = market.underlyings.first_mut().expect("three");
    match draw.byte() % 7 {
        0 => market.stable_price = draw.pick(&[0, ONE / 10 - 1, 10 * ONE + 1, u64::MAX]),
        1 => spot.index = draw.pick(&[0, MAX_PRICE + 1, u128::MAX]),
        2 => spot.confidence = draw.pick(&[ONE + 1, u64::MAX]),
        3 => {
            if let Some(perpetual) = &mut spot.perpetual {
                perpetual.funding_index = draw.pick(&[i128::MIN, i128::MAX]);
            }
        }
        4 => {
            for expiry in &mut market.expiries {
                expiry.forward = draw.pick(&[0, MAX_PRICE + 1, u128::MAX]);
            }
        }
        5 => {
            for expiry in &mut market.expiries {
                expiry.forward_variable = Some(expiry.forward + 1);
            }
        }
        _ => {
            for expiry in &mut market.expiries {
                expiry.settlement_price = Some(u128::MAX);
            }
        }
    }
}

fn price(draw: &mut Draw<'_>) -> u128 {
    match draw.byte() % 8 {
        0 => 1,
        1 => MAX_PRICE,
        2 => 1 + draw.wide() % MAX_PRICE,
        3 => (1 << (draw.byte() % 110)).min(MAX_PRICE),
        _ => u128::from(ONE) * u128::from(2_000 + draw.below(2_000)),
    }
}

fn confidence(draw: &mut Draw<'_>) -> u64 {
    draw.between(0, ONE)
}

fn spot(draw: &mut Draw<'_>, underlying: u8) -> UnderlyingMarket {
    let perpetual = (!draw.once_in(4)).then(|| PerpetualMarket {
        mark: price(draw),
        funding_index: (draw.wide() % MAX_PRICE).cast_signed()
            * if draw.once_in(2) { 1 } else { -1 },
        confidence: confidence(draw),
        validity: Validity::Valid,
    });
    let (index, confidence) = (price(draw), confidence(draw));
    UnderlyingMarket { underlying, index, confidence, validity: Validity::Valid, perpetual }
}

fn expiry(draw: &mut Draw<'_>, underlying: u8, expiry_hours: u32) -> ExpiryMarket {
    let forward = price(draw);
    let forward_variable = draw.once_in(4).then(|| draw.wide() % (forward + 1));
    ExpiryMarket {
        underlying,
        expiry_hours,
        forward,
        forward_variable,
        rate: draw.edgy_signed(),
        surface: surface(draw),
        model_time: draw.pick(&[NOW, NOW - 60, 0, u64::MAX]),
        forward_confidence: confidence(draw),
        rate_confidence: confidence(draw),
        volatility_confidence: confidence(draw),
        validity: Validity::Valid,
        settlement_price: draw.once_in(4).then(|| price(draw)),
    }
}

/// Any of 64 bits, and some beyond.
fn volatility(draw: &mut Draw<'_>) -> u128 {
    let volatility = u128::from(draw.edgy());
    if draw.once_in(4) { volatility << (draw.byte() % 128) } else { volatility }
}

fn surface(draw: &mut Draw<'_>) -> Surface {
    match draw.byte() % 4 {
        0 => Surface::Svi {
            a: draw.edgy_signed(),
            b: draw.edgy(),
            rho: draw.edgy_signed(),
            m: draw.edgy_signed(),
            sigma: draw.edgy(),
        },
        1 => {
            let mut points: Vec<(u32, u128)> =
                (0..draw.byte() % 4).map(|_| (draw.word() as u32, volatility(draw))).collect();
            points.sort_unstable();
            Surface::Points(points)
        }
        _ => Surface::Svi {
            a: draw.below(1 << 20).cast_signed() * (ONE >> 21).cast_signed(),
            b: draw.below(1 << 20) * (ONE >> 20),
            rho: (draw.below(1 << 21).cast_signed() - (1 << 20)) * (ONE >> 20).cast_signed(),
            m: (draw.below(1 << 21).cast_signed() - (1 << 20)) * (ONE >> 21).cast_signed(),
            sigma: (1 + draw.below(1 << 20)) * (ONE >> 20),
        },
    }
}
