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
    let root = Root {
        oracle: Address::repeat_byte(0xee),
        stored: 0xabcd,
        table: 8,
        first: 0x8765_4321,
        flight: (1 << 40) - 3,
    };
    assert_eq!(Root::unpack(root.pack()), root);
    assert_eq!(root.pack() >> 160_usize, U256::from(0xffff_ffff_fd87_6543_2108_abcd_u128));
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
    assert_eq!(Set::from_number(13), None);
}

const NOW: u64 = 1_764_000_000;

/// Words of places, as they stand and as a flight found them; who was asked for what, in order.
#[derive(Default)]
struct Words {
    current: Vec<(Place, U256)>,
    before: Vec<(Place, U256)>,
    asked: Vec<(Place, bool)>,
}

impl Words {
    fn read(&mut self, underlyings: &[u8], collaterals: &[u8]) -> Governed {
        let Self { current, before, asked } = self;
        let word = &mut |place, version| {
            let is_current = version == Version::Current;
            asked.push((place, is_current));
            let words = if is_current { &*current } else { &*before };
            let found = words.iter().find(|(known, _)| *known == place);
            let word = found.map_or(U256::ZERO, |(_, word)| *word);
            Ok::<_, ()>(if is_current || found.is_none() { word } else { !word })
        };
        read(underlyings, collaterals, NOW, word).unwrap()
    }
}

fn token(underlying: u8) -> U256 {
    pack_collateral(&CollateralParameters { underlying, ..TOKEN })
}

#[test]
fn words_are_read_in_their_order() {
    let code = pack_scenario(&Scenario::defaults()[30]).unwrap();
    let root = Root { stored: 0b1000_0000_0010, first: code, table: 2, ..Root::default() };
    let mut words = Words {
        current: vec![
            (Place::Root, root.pack()),
            (Place::Table(0), pack_table(&[code; 8])[0]),
            (Place::Table(1), pack_table(&[code])[0]),
            (Place::Collateral(1), token(3)),
            (Place::Collateral(3), token(5)),
            (Place::Underlying(1), pack_underlying(&LISTED, false)),
            (Place::Underlying(3), pack_underlying(&LISTED, true)),
            (Place::Underlying(5), pack_underlying(&LISTED, false)),
        ],
        ..Words::default()
    };
    let governed = words.read(&[1, 5], &[1, 3]);
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
    assert_eq!(words.asked, expected.map(|place| (place, true)));
    let Decided { parameters, ramps, .. } = &governed.decided;
    assert_eq!((ramps.len(), &governed.before), (1, &None));
    assert_eq!(parameters.scenarios, [Scenario::defaults()[30]; 10]);
    assert_eq!(parameters.contingencies.option_initial, 0);
    for place in expected {
        assert_eq!(Place::decode(place.encode()), Some(place));
    }
    assert_eq!(Place::decode(0x0508), None, "a table has eight words");
}

#[test]
fn what_is_not_listed_is_left_out() {
    let mut words = Words {
        current: vec![
            (Place::Underlying(4), pack_underlying(&LISTED, false)),
            (Place::Collateral(2), token(9)),
        ],
        ..Words::default()
    };
    let Decided { parameters, .. } = words.read(&[3, 4], &[1, 2]).decided;
    assert_eq!(parameters.underlyings.len(), 1);
    assert_eq!(parameters.underlyings[0].underlying, 4);
    assert_eq!(parameters.collateral.len(), 1);
}

#[test]
fn words_before_a_flight_are_read_while_it_lasts() {
    let before = UnderlyingParameters { range: 7, ..LISTED };
    let set = Place::Set(Set::Skew);
    let root = |flight| Root { stored: Set::Skew.bit(), flight, ..Root::default() };
    let mut words = Words {
        current: vec![
            (Place::Root, root(NOW - FLIGHT + 1).pack()),
            (set, U256::from(5)),
            (Place::Underlying(9), pack_underlying(&LISTED, false)),
        ],
        before: vec![(set, U256::ZERO), (Place::Underlying(9), pack_underlying(&before, false))],
        ..Words::default()
    };
    let governed = words.read(&[9], &[]);
    let (found, flight) = governed.before.as_ref().unwrap();
    assert_eq!(*flight, Flight { start: NOW - FLIGHT + 1, length: FLIGHT });
    assert_eq!(found.parameters.underlyings, [before]);
    assert_eq!(governed.decided.parameters.underlyings, [LISTED]);
    // All zero, which isn't what stands there now, nor the default.
    assert_eq!((found.parameters.skew.linear_cap, found.parameters.skew.absolute_slope), (0, 0));
    assert_eq!(governed.decided.parameters.skew.absolute_slope, 5);
    let asked = [
        (Place::Root, true),
        (set, true),
        (Place::Underlying(9), true),
        (Place::Root, false),
        (Place::Root, true),
        (set, false),
        (Place::Underlying(9), false),
    ];
    assert_eq!(words.asked, asked);
    assert_ne!(governed.clone().rules(NOW), Rules::of(governed.decided, NOW));

    words.current[0].1 = root(NOW - FLIGHT).pack();
    words.asked.clear();
    assert_eq!(words.read(&[9], &[]).before, None);
    assert_eq!(words.asked.len(), 3, "a flight that has arrived costs nothing");
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
