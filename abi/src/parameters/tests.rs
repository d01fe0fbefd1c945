//! Words and what they hold, both ways.

use alloc::vec;

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
    let root = Root { oracle: Address::repeat_byte(0xee), stored: 0xabcd };
    assert_eq!(Root::unpack(root.pack()), root);
    assert_eq!(root.pack() >> 160_usize, U256::from(0xabcd));
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
    let mut word = |place: Place| -> Result<U256, Error> {
        asked.push(place);
        Ok(match place {
            Place::Root => Root { oracle: Address::ZERO, stored: 0b1000_0000_0010 }.pack(),
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
        Place::Collateral(1),
        Place::Collateral(3),
        Place::Underlying(1),
        Place::Underlying(3),
        Place::Ramp(3),
        Place::Underlying(5),
    ];
    assert_eq!(asked, expected);
    assert_eq!(governed.ramps.len(), 1);
    assert_eq!(governed.parameters.contingencies.option_initial, 0);
    for place in expected {
        assert_eq!(Place::decode(place.encode()), Some(place));
    }
    let nothing = &mut |_| Ok::<_, Error>(U256::ZERO);
    assert_eq!(read(vec![4], &[], nothing).unwrap_err(), Error::UnderlyingNotListed(4));
    assert_eq!(read(vec![], &[2], nothing).unwrap_err(), Error::CollateralNotListed(2));
}
