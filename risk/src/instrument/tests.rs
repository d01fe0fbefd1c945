use alloc::string::ToString;

use alloy_primitives::U256;
use proptest::prelude::*;

use super::{Instrument, Kind, MAX_EXPIRY_HOURS, NameError, Strike, series_key};
use crate::Error;

const SYMBOLS: [(u8, &str); 3] = [(1, "ETH"), (2, "BTC"), (255, "SOL")];

fn strikes() -> impl Strategy<Value = Strike> {
    (1_u32..1 << 27, 0_u8..32)
        .prop_filter_map("a factor of ten", |(mantissa, exponent)| Strike::new(mantissa, exponent))
}

prop_compose! {
    fn instruments()(underlying in prop::sample::select(&[1_u8, 2, 255][..]),
                     kind in 0_u8..4, expiry in 1..=MAX_EXPIRY_HOURS, strike in strikes()) -> Instrument {
        match kind {
            0 => Instrument::perpetual(underlying),
            1 => Instrument::future(underlying, expiry),
            2 => Instrument::call(underlying, expiry, strike),
            _ => Instrument::put(underlying, expiry, strike),
        }.unwrap()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_096))]

    #[test]
    fn id_and_terms_are_one(instrument in instruments()) {
        prop_assert_eq!(Instrument::decode(instrument.id()), Ok(instrument));
    }

    #[test]
    fn what_decodes_is_canonical(id in any::<u64>()) {
        match Instrument::decode(id) {
            Ok(instrument) => prop_assert_eq!(instrument.id(), id),
            Err(error) => prop_assert_eq!(error, Error::InvalidInstrument(id)),
        }
    }

    #[test]
    fn name_and_terms_are_one(instrument in instruments()) {
        let name = instrument.name(&SYMBOLS).unwrap().to_string();
        prop_assert_eq!(Instrument::parse(&name, &SYMBOLS), Ok(instrument), "{}", name);
    }

    #[test]
    fn parsing_never_fails_otherwise(text in "(ETH|BTC)?-?[0-9A-Zd-]{0,24}") {
        if let Ok(instrument) = Instrument::parse(&text, &SYMBOLS) {
            prop_assert_eq!(instrument.name(&SYMBOLS).unwrap().to_string(), text);
        }
    }

    #[test]
    fn strike_and_price_are_one(strike in strikes()) {
        prop_assert_eq!(Strike::from_wad(strike.to_wad()), Some(strike));
    }

    #[test]
    fn ids_are_grouped_by_underlying_kind_and_expiry(a in instruments(), b in instruments()) {
        let key = |i: &Instrument| (i.underlying(), i.kind(), i.expiry_hours(), i.strike().code());
        prop_assert_eq!(a.id().cmp(&b.id()), key(&a).cmp(&key(&b)));
    }
}

#[test]
fn names_are_those_of_the_field() {
    let expiry = 1_774_598_400 / 3_600; // 2026-03-27 08:00 UTC
    let strike = Strike::whole(4_000).unwrap();
    let cases = [
        (Instrument::call(1, expiry, strike), "ETH-27MAR26-4000-C"),
        (Instrument::put(2, expiry + 6, strike), "BTC-27MAR26T14-4000-P"),
        (Instrument::perpetual(1), "ETH-PERP"),
        (Instrument::future(1, expiry), "ETH-27MAR26"),
        (Instrument::future(1, expiry - 24 * 18), "ETH-9MAR26"),
        (Instrument::put(255, expiry, Strike::new(5, 15).unwrap()), "SOL-27MAR26-0d5-P"),
        (Instrument::future(1, 1), "ETH-1JAN1970T01"),
        (Instrument::future(1, MAX_EXPIRY_HOURS), "ETH-25JUN2448T15"),
    ];
    for (instrument, name) in cases {
        let instrument = instrument.unwrap();
        assert_eq!(instrument.name(&SYMBOLS).unwrap().to_string(), name);
        assert_eq!(Instrument::parse(name, &SYMBOLS), Ok(instrument));
    }
}

#[test]
fn every_hour_of_two_calendars_has_its_own_name() {
    let mut last = alloc::string::String::new();
    for hour in (700_000..740_000).chain(1_130_000..1_150_000) {
        let instrument = Instrument::future(1, hour).unwrap();
        let name = instrument.name(&SYMBOLS).unwrap().to_string();
        assert_eq!(Instrument::parse(&name, &SYMBOLS), Ok(instrument), "{name}");
        assert_ne!(name, last);
        last = name;
    }
}

#[test]
fn wrong_names_say_what_is_wrong() {
    for (name, error) in [
        ("DOGE-PERP", NameError::UnknownSymbol),
        ("", NameError::UnknownSymbol),
        ("ETH-31FEB26-4000-C", NameError::InvalidExpiry),
        ("ETH-29FEB26", NameError::InvalidExpiry),
        ("ETH-27MAR26T24", NameError::InvalidExpiry),
        ("ETH-27MAR26-0-C", NameError::InvalidStrike),
        ("ETH-27MAR26-+5-C", NameError::InvalidStrike),
        ("ETH-27MAR26-4000-X", NameError::InvalidRight),
        ("ETH-27MAR26-4000", NameError::NotCanonical),
        ("ETH-07MAR26-4000-C", NameError::NotCanonical),
        ("ETH-27MAR26T08-4000-C", NameError::NotCanonical),
        ("ETH-27MAR26-4000d0-C", NameError::NotCanonical),
        ("ETH-27MAR26-4000-C-X", NameError::NotCanonical),
    ] {
        assert_eq!(Instrument::parse(name, &SYMBOLS), Err(error), "{name}");
    }
}

#[test]
fn refused_ids() {
    let option = Instrument::call(1, 500_000, Strike::whole(4_000).unwrap()).unwrap().id();
    let underlying_zero = option & !(0xff << 56);
    let factor_of_ten = (option & !0xffff_ffff) | 0xa;
    let no_mantissa = (option & !0xffff_ffff) | (3 << 27);
    let no_expiry = option & !(0x3f_ffff << 32);
    let future_with_strike = (option & !(3 << 54)) | (1 << 54);
    let perpetual_with_expiry = (option & !(3 << 54)) & !0xffff_ffff;
    for id in [
        0,
        underlying_zero,
        factor_of_ten,
        no_mantissa,
        no_expiry,
        future_with_strike,
        perpetual_with_expiry,
        option & !0xffff_ffff,
    ] {
        assert_eq!(Instrument::decode(id), Err(Error::InvalidInstrument(id)), "{id:#x}");
    }
}

#[test]
fn accessors() {
    let strike = Strike::whole(4_000).unwrap();
    let call = Instrument::call(7, 500_000, strike).unwrap();
    assert_eq!((call.underlying(), call.kind(), call.strike()), (7, Kind::Call, strike));
    assert_eq!(call.expiry(), Some(1_800_000_000));
    assert_eq!(call.series(), (7 << 22) + 500_000);
    assert_eq!(series_key(7, 0), Instrument::perpetual(7).unwrap().series());
    assert!(call.is_option() && !Instrument::future(7, 1).unwrap().is_option());
    assert_eq!(Instrument::perpetual(7).unwrap().expiry(), None);
    assert_eq!((strike.mantissa(), strike.exponent()), (4, 19));
    assert_eq!(strike.to_wad(), U256::from(4_000) * U256::from(10).pow(U256::from(18)));
    assert_eq!(Strike::whole(0), None);
    assert_eq!(Strike::whole(123_456_789_012), None);
    assert_eq!(Strike::whole(1 << 27), None);
    assert_eq!(Strike::whole((1 << 27) - 1).unwrap().mantissa(), (1 << 27) - 1);
    assert_eq!(Strike::from_wad(U256::ZERO), None);
    assert_eq!(Strike::from_wad(U256::from(1)), None);
    assert_eq!(Strike::from_wad(U256::from(100)), Strike::new(1, 0));
}
