//! Values as text, and text as values.

use alloy_dyn_abi::{DynSolType, DynSolValue};
use alloy_primitives::{I256, U256, hex};

use super::{Args, Code, Failure, Reply, Session, args};
use crate::forge::text;

pub(super) const CODES: &[(&str, Code)] = &[
    ("toString(address)", Code::Plain(to_string)),
    ("toString(bytes)", Code::Plain(to_string)),
    ("toString(bytes32)", Code::Plain(to_string)),
    ("toString(bool)", Code::Plain(to_string)),
    ("toString(uint256)", Code::Plain(to_string)),
    ("toString(int256)", Code::Plain(to_string)),
    ("parseBytes(string)", Code::Plain(|_, a| parsed(a, &DynSolType::Bytes))),
    ("parseAddress(string)", Code::Plain(|_, a| parsed(a, &DynSolType::Address))),
    ("parseUint(string)", Code::Plain(|_, a| parsed(a, &DynSolType::Uint(256)))),
    ("parseInt(string)", Code::Plain(|_, a| parsed(a, &DynSolType::Int(256)))),
    ("parseBytes32(string)", Code::Plain(|_, a| parsed(a, &DynSolType::FixedBytes(32)))),
    ("parseBool(string)", Code::Plain(|_, a| parsed(a, &DynSolType::Bool))),
    ("toLowercase(string)", Code::Plain(|_, a| Ok(vec![args::text(a.text(0)?.to_lowercase())]))),
    ("toUppercase(string)", Code::Plain(|_, a| Ok(vec![args::text(a.text(0)?.to_uppercase())]))),
    ("trim(string)", Code::Plain(|_, a| Ok(vec![args::text(a.text(0)?.trim())]))),
    ("replace(string,string,string)", Code::Plain(replace)),
    ("split(string,string)", Code::Plain(split)),
    ("indexOf(string,string)", Code::Plain(index_of)),
    ("contains(string,string)", Code::Plain(contains)),
    ("toBase64(bytes)", Code::Plain(|_, a| Ok(vec![args::text(base64(a.bytes(0)?, false))]))),
    (
        "toBase64(string)",
        Code::Plain(|_, a| Ok(vec![args::text(base64(a.text(0)?.as_bytes(), false))])),
    ),
    ("toBase64URL(bytes)", Code::Plain(|_, a| Ok(vec![args::text(base64(a.bytes(0)?, true))]))),
    (
        "toBase64URL(string)",
        Code::Plain(|_, a| Ok(vec![args::text(base64(a.text(0)?.as_bytes(), true))])),
    ),
];

fn to_string(_: &mut Session<'_>, args: &Args) -> Reply {
    Ok(vec![args::text(text::value(args.at(0)?))])
}

fn parsed(args: &Args, kind: &DynSolType) -> Reply {
    Ok(vec![parse(args.text(0)?, kind)?])
}

/// The value of that type that a text stands for.
pub(super) fn parse(input: &str, kind: &DynSolType) -> Result<DynSolValue, Failure> {
    let wrong = || Failure::Message(format!("failed parsing \"{input}\" as type `{kind}`"));
    match kind {
        DynSolType::String => Ok(args::text(input)),
        DynSolType::Uint(256) => input.parse::<U256>().map(args::uint).map_err(|_| wrong()),
        DynSolType::Int(256) => {
            let number = input.parse::<I256>().or_else(|_| I256::from_hex_str(input));
            number.map(|number| DynSolValue::Int(number, 256)).map_err(|_| wrong())
        }
        DynSolType::Bytes => hex::decode(input).map(DynSolValue::Bytes).map_err(|_| wrong()),
        DynSolType::Bool => match input.to_lowercase().as_str() {
            "true" | "1" => Ok(DynSolValue::Bool(true)),
            "false" | "0" => Ok(DynSolValue::Bool(false)),
            _ => Err(wrong()),
        },
        _ => kind.coerce_str(input).map_err(|_| wrong()),
    }
}

fn replace(_: &mut Session<'_>, args: &Args) -> Reply {
    Ok(vec![args::text(args.text(0)?.replace(args.text(1)?, args.text(2)?))])
}

fn split(_: &mut Session<'_>, args: &Args) -> Reply {
    let parts = args.text(0)?.split(args.text(1)?).map(args::text);
    Ok(vec![DynSolValue::Array(parts.collect())])
}

fn index_of(_: &mut Session<'_>, args: &Args) -> Reply {
    let at = args.text(0)?.find(args.text(1)?);
    Ok(vec![at.map_or_else(|| args::uint(U256::MAX), args::uint)])
}

fn contains(_: &mut Session<'_>, args: &Args) -> Reply {
    Ok(vec![DynSolValue::Bool(args.text(0)?.contains(args.text(1)?))])
}

/// RFC 4648, with padding; `url` takes the alphabet for addresses.
fn base64(bytes: &[u8], url: bool) -> String {
    let last: [char; 2] = if url { ['-', '_'] } else { ['+', '/'] };
    let symbols: Vec<char> = ('A'..='Z').chain('a'..='z').chain('0'..='9').chain(last).collect();
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let mut word = [0; 4];
        for (slot, byte) in word.iter_mut().skip(1).zip(chunk) {
            *slot = *byte;
        }
        let word = u32::from_be_bytes(word);
        for index in 0..4_usize {
            let shift = 18_u32.saturating_sub(u32::try_from(index).unwrap_or(0).saturating_mul(6));
            let place = usize::try_from((word >> shift) & 63).unwrap_or(0);
            let symbol = symbols.get(place).copied().unwrap_or('=');
            out.push(if index <= chunk.len() { symbol } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_pads_as_the_standard_shows() {
        let expected = ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"];
        for (length, expected) in expected.into_iter().enumerate() {
            assert_eq!(base64(&b"foobar"[..length], false), expected);
        }
        assert_eq!(base64(&[0xfb, 0xff], true), "-_8=");
    }

    #[test]
    fn numbers_are_read_in_both_bases() {
        let read = |text: &str| parse(text, &DynSolType::Int(256)).unwrap().as_int().unwrap().0;
        assert_eq!(read("-12"), I256::try_from(-12).unwrap());
        assert_eq!(read("0x10"), I256::try_from(16).unwrap());
        assert!(parse("twelve", &DynSolType::Uint(256)).is_err());
    }
}
