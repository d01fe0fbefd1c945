//! Scenarios as words: eight to a word, the first lowest, 32 bits each; no bits: none.
//!
//! ```text
//! volatility mode + 1 (uint3) << 29 | tail (bool) << 28 | absolute (bool) << 27 | weight (uint12) << 15 | spot move (int15)
//! ```
//!
//! Spot moves and weights are in thousandths, which is as fine as governance may set them.

use alloc::vec::Vec;

use alloy_primitives::U256;
use novate_risk::scenario::{Scenario, SpotMove, VolatilityMode, Weight};

/// Most words of a table, its first scenario apart.
pub const TABLE_WORDS: u8 = 8;
/// Scenarios in a word.
const TO_A_WORD: usize = 8;
const THOUSANDTH: i64 = 1_000_000_000_000_000;
const TAIL: u32 = 1 << 28;
const ABSOLUTE: u32 = 1 << 27;
const WEIGHT_SHIFT: u32 = 15;
const MOST_WEIGHT: u32 = (1 << 12) - 1;
const SPOT_MASK: u32 = (1 << WEIGHT_SHIFT) - 1;
const SPOT_UNUSED: u32 = u32::BITS - WEIGHT_SHIFT;

/// Whole thousandths of a number with 18 decimals.
fn thousandths(number: i64) -> Option<i32> {
    (number.wrapping_rem(THOUSANDTH) == 0)
        .then(|| number.wrapping_div(THOUSANDTH))
        .and_then(|whole| i32::try_from(whole).ok())
}

/// A scenario's 32 bits; `None` if its move or its weight isn't a whole number of thousandths, or its weight is above 4.
pub fn pack_scenario(scenario: &Scenario) -> Option<u32> {
    let (spot, absolute) = match scenario.spot {
        SpotMove::Ranges(spot) => (spot, 0),
        SpotMove::Absolute(spot) => (spot, ABSOLUTE),
    };
    let (weight, tail) = match scenario.weight {
        Weight::Fixed(weight) => (weight, 0),
        Weight::Tail(weight) => (weight, TAIL),
    };
    // 64 bits hold less than ten units of 18 decimals, so that every move fits.
    let spot = thousandths(spot)?.cast_unsigned() & SPOT_MASK;
    let weight = thousandths(i64::try_from(weight).ok()?)?.cast_unsigned();
    let mode = u32::from(scenario.volatility.number()).wrapping_add(1) << 29;
    (weight <= MOST_WEIGHT).then_some(mode | tail | absolute | weight << WEIGHT_SHIFT | spot)
}

/// A scenario from its 32 bits; `None` if there is none.
pub fn unpack_scenario(code: u32) -> Option<Scenario> {
    let [high, ..] = (code >> 5).to_be_bytes();
    let volatility = VolatilityMode::from_number(high.checked_sub(1)?)?;
    let spot = (code << SPOT_UNUSED).cast_signed() >> SPOT_UNUSED;
    let spot = i64::from(spot).wrapping_mul(THOUSANDTH);
    let weight =
        u64::from(code >> WEIGHT_SHIFT & MOST_WEIGHT).wrapping_mul(THOUSANDTH.cast_unsigned());
    Some(Scenario {
        spot: if code & ABSOLUTE == 0 { SpotMove::Ranges(spot) } else { SpotMove::Absolute(spot) },
        volatility,
        weight: if code & TAIL == 0 { Weight::Fixed(weight) } else { Weight::Tail(weight) },
    })
}

/// The words of codes, at most 64 of them.
pub fn pack_table(codes: &[u32]) -> Vec<U256> {
    let word = |codes: &[u32]| {
        let mut limbs = [0_u64; 4];
        for (limb, pair) in limbs.iter_mut().zip(codes.chunks(2)) {
            for code in pair.iter().rev() {
                *limb = *limb << 32 | u64::from(*code);
            }
        }
        U256::from_limbs(limbs)
    };
    codes.chunks(TO_A_WORD).map(word).collect()
}

/// Appends the scenarios of a word.
pub fn unpack_table(word: U256, scenarios: &mut Vec<Scenario>) {
    for limb in word.into_limbs() {
        for code in [limb, limb >> 32] {
            let [.., a, b, c, d] = code.to_be_bytes();
            scenarios.extend(unpack_scenario(u32::from_be_bytes([a, b, c, d])));
        }
    }
}
