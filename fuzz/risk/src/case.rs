//! A packed book: mostly well formed, sometimes one bit off, sometimes noise.

use alloy_primitives::{I256, U256};
use novate_abi::book::{Book, Collateral, Position};
use novate_risk::{Instrument, InstrumentId, Kind, Strike, instrument::MAX_EXPIRY_HOURS};

use crate::draw::Draw;

/// A whole hour.
pub(crate) const NOW: u64 = 1_768_406_400;
/// The hours from 1970 of the expiries that books mostly hold: gone, now, in an hour, a day, weeks, years, the last.
pub(crate) const HOURS: [u32; 8] =
    [491_200, 491_224, 491_225, 491_248, 491_600, 493_000, 510_000, MAX_EXPIRY_HOURS];

/// The bytes of a book.
pub(crate) fn packed(draw: &mut Draw<'_>) -> Vec<u8> {
    if draw.once_in(64) {
        let words = usize::from(draw.byte() % 12);
        return draw.raw(32 * words);
    }
    let mut bytes = book(draw).pack();
    if draw.once_in(32) {
        let place = draw.below(8 * bytes.len() as u64);
        bytes[(place / 8) as usize] ^= 1 << (place % 8);
    }
    bytes
}

fn book(draw: &mut Draw<'_>) -> Book {
    // Mostly few: an execution costs what it holds.
    let count = match draw.byte() {
        0 => 256,
        1..8 => draw.below(64),
        _ => draw.below(6),
    };
    let noise = draw.once_in(16);
    let mut positions: Vec<Position> = (0..count).map(|_| position(draw, noise)).collect();
    positions.sort_unstable_by_key(|position| position.instrument);
    positions.dedup_by_key(|position| position.instrument);
    let collateral = (1..=draw.byte() % 4)
        .map(|number| Collateral { number, amount: draw.wide() >> (draw.byte() % 128) })
        .filter(|held| held.amount != 0)
        .collect();
    let cash = I256::from_raw(U256::from_limbs(std::array::from_fn(|_| draw.word())));
    Book { cash: cash.asr(usize::from(50 + draw.byte() % 200)), positions, collateral }
}

fn position(draw: &mut Draw<'_>, noise: bool) -> Position {
    let instrument = if noise && draw.once_in(4) { draw.word() } else { instrument(draw) };
    let option = Instrument::decode(instrument).is_ok_and(|terms| terms.is_option());
    let quantity = match draw.byte() % 4 {
        0 => draw.edgy_signed(),
        _ => i64::from(draw.wide() as i32) >> (draw.byte() % 31),
    };
    let quantity = if quantity == 0 { 1 } else { quantity };
    let (reference_price, funding_reference) = if option {
        (0, 0)
    } else {
        (draw.wide() >> (draw.byte() % 128), draw.wide().cast_signed() >> (draw.byte() % 127))
    };
    Position { instrument, quantity, reference_price, funding_reference }
}

/// A canonical id.
pub(crate) fn instrument(draw: &mut Draw<'_>) -> InstrumentId {
    let underlying = 1 + draw.byte() % 3;
    let hours = if draw.once_in(16) {
        1 + draw.below(u64::from(MAX_EXPIRY_HOURS)) as u32
    } else {
        draw.pick(&HOURS)
    };
    let kind =
        draw.pick(&[Kind::Call, Kind::Put, Kind::Call, Kind::Put, Kind::Future, Kind::Perpetual]);
    let terms = match kind {
        Kind::Perpetual => Instrument::perpetual(underlying),
        Kind::Future => Instrument::future(underlying, hours),
        Kind::Call | Kind::Put => Instrument::new(underlying, kind, hours, strike(draw)),
    };
    terms.expect("underlying, hours and strike are in range").id()
}

fn strike(draw: &mut Draw<'_>) -> Strike {
    match draw.byte() % 8 {
        0 => Strike::new(1 + draw.word() as u32 % ((1 << 27) - 1), draw.byte() % 32),
        1 => Strike::new(1, draw.pick(&[0, 31, 15, 16])),
        _ => Strike::whole(1_000 + 125 * draw.below(40)),
    }
    .unwrap_or_else(|| Strike::new(3, 19).expect("canonical"))
}
