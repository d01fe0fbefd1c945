//! Words and what they hold, both ways.

use alloc::vec;

use novate_risk::scenario::{MAX_SCENARIOS, Scenario, SpotMove, VolatilityMode, Weight};

use super::*;

const LISTED: UnderlyingParameters = UnderlyingParameters {
    underlying: 9,
    range: u64::MAX,
    volatility_up: 3,
    volatility_down: u64::MAX - 1,
    group: 255,
};
const TOKEN: CollateralParameters = CollateralParameters {
    collateral: 7,
    underlying: 255,
    maintenance_haircut: u64::MAX,
    initial_haircut: 5,
    cancels_risk: true,
};

#[test]
fn every_field_keeps_its_extremes() {
    let root =
        Root { oracle: Address::repeat_byte(0xee), stored: 0xbcd, table: 8, first: 0x8765_4321 };
    assert_eq!(Root::unpack(root.pack()), root);
    assert_eq!(root.pack() >> 160_usize, U256::from(0x8765_4321_8bcd_u64));
    for moves in [false, true] {
        let word = pack_underlying(&LISTED, moves);
        assert_eq!(unpack_underlying(9, word), Some((LISTED, moves)));
    }
    assert_eq!(unpack_underlying(9, U256::ZERO), None);
    assert_eq!(unpack_collateral(7, pack_collateral(&TOKEN)), Some(TOKEN));
    assert_eq!(unpack_collateral(7, U256::ZERO), None);
    let ramp = Ramp { from: u64::MAX, to: 8, start: 1, length: u64::MAX };
    assert_eq!(unpack_ramp(8, pack_ramp(&ramp)), ramp);
}

#[test]
fn sets_are_numbered_and_carry_every_value() {
    for (number, set) in (0_u8..).zip(SETS) {
        assert_eq!((set.number(), Set::from_number(number)), (number, Some(set)));
        assert_eq!(u32::from(set.bit()), 1_u32 << number);
        let lanes = set.names().len();
        let word = U256::from_limbs(core::array::from_fn(|limb| {
            if limb + lanes >= 4 { u64::MAX - u64::from(number) } else { 0 }
        }));
        let (mut parameters, mut extensions) = (Parameters::default(), Extensions::default());
        assert_ne!(set.word(&parameters, &extensions), word);
        set.store(word, &mut parameters, &mut extensions);
        assert_eq!(set.word(&parameters, &extensions), word, "{set:?}");
    }
    assert_eq!(Set::from_number(12), None);
}

#[test]
fn words_are_read_in_their_order() {
    let mut asked = Vec::new();
    let code = pack_scenario(&Scenario::defaults()[30]).unwrap();
    let mut word = |place: Place| -> Result<U256, Error> {
        asked.push(place);
        Ok(match place {
            Place::Root => {
                Root { oracle: Address::ZERO, stored: 0b1000_0000_0010, first: code, table: 2 }
                    .pack()
            }
            Place::Table(0) => pack_table(&[code; 8])[0],
            Place::Table(_) => pack_table(&[code])[0],
            Place::Underlying(3) => pack_underlying(&LISTED, true),
            Place::Underlying(_) => pack_underlying(&LISTED, false),
            Place::Collateral(number) => {
                pack_collateral(&CollateralParameters { underlying: number + 2, ..TOKEN })
            }
            Place::Ramp(_) | Place::Set(_) => U256::ZERO,
        })
    };
    let governed = read(vec![1, 5], &[1, 3], &mut word).unwrap();
    let expected = [
        Place::Root,
        Place::Set(Set::Contingencies),
        Place::Set(Set::Offsets),
        Place::Table(0),
        Place::Table(1),
        Place::Collateral(1),
        Place::Collateral(3),
        Place::Underlying(1),
        Place::Underlying(3),
        Place::Ramp(3),
        Place::Underlying(5),
    ];
    assert_eq!(asked, expected);
    assert_eq!(governed.ramps.len(), 1);
    assert_eq!(governed.parameters.scenarios, [Scenario::defaults()[30]; 10]);
    assert_eq!(governed.parameters.contingencies.option_initial, 0);
    for place in expected {
        assert_eq!(Place::decode(place.encode()), Some(place));
    }
    assert_eq!(Place::decode(0x0508), None, "a table has eight words");
    let nothing = &mut |_| Ok::<_, Error>(U256::ZERO);
    assert_eq!(read(vec![4], &[], nothing).unwrap_err(), Error::UnderlyingNotListed(4));
    assert_eq!(read(vec![], &[2], nothing).unwrap_err(), Error::CollateralNotListed(2));
}

#[test]
fn any_scenario_inside_the_bounds_keeps_its_thousandths() {
    const STEP: i64 = 1_000_000_000_000_000;
    let modes = (0..5).map(|number| VolatilityMode::from_number(number).unwrap());
    for (number, mode) in (0_u8..).zip(modes) {
        assert_eq!(mode.number(), number);
        for spot in [-9_223, -4_000, -3_999, -1, 0, 1, 250, 4_000, 8_191, 8_192, 9_223] {
            for weight in [0, 1, 770, 1_000, 2_048, 3_000] {
                let (spot, weight) = (spot * STEP, (weight * STEP).unsigned_abs());
                for spot in [SpotMove::Ranges(spot), SpotMove::Absolute(spot)] {
                    for weight in [Weight::Fixed(weight), Weight::Tail(weight)] {
                        let scenario = Scenario { spot, volatility: mode, weight };
                        let code = pack_scenario(&scenario).unwrap();
                        assert_eq!(unpack_scenario(code), Some(scenario), "{code:x}");
                    }
                }
            }
        }
    }
    let plain = |spot, weight| Scenario {
        spot: SpotMove::Ranges(spot),
        volatility: VolatilityMode::Up,
        weight: Weight::Fixed(weight),
    };
    let step = STEP.unsigned_abs();
    let refused = [(STEP + 1, 0), (i64::MIN, 0), (0, step - 1), (0, 4_096 * step), (0, u64::MAX)];
    for (spot, weight) in refused {
        assert_eq!(pack_scenario(&plain(spot, weight)), None, "{spot} {weight}");
    }
    assert_eq!(unpack_scenario(0x1fff_ffff), None, "no mode: no scenario");
    assert_eq!((unpack_scenario(6 << 29), VolatilityMode::from_number(5)), (None, None));
}

#[test]
fn a_table_takes_a_word_for_eight_scenarios() {
    let mut table = Scenario::defaults();
    table.extend(Scenario::defaults());
    table.truncate(MAX_SCENARIOS);
    for count in [1, 7, 8, 9, 33, MAX_SCENARIOS] {
        let codes: Vec<u32> =
            table.iter().take(count).map(|scenario| pack_scenario(scenario).unwrap()).collect();
        let words = pack_table(&codes);
        assert_eq!(words.len(), count.div_ceil(8));
        assert_eq!(words[0].into_limbs()[0] & 0xffff_ffff, u64::from(codes[0]));
        let mut found = Vec::new();
        for word in words {
            unpack_table(word, &mut found);
        }
        assert_eq!(found, table[..count]);
    }
}
