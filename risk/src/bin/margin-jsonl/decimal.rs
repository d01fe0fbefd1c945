//! Exact decimals: text to integers of a fixed number of digits after the point, and back.

use alloy_primitives::{I256, U256};

/// A power of ten.
pub(crate) fn ten_to(exponent: u32) -> U256 {
    U256::from(10_u8).pow(U256::from(exponent))
}

/// The integer `number * 10^digits`; `None` if the text isn't a decimal number, has more digits, or doesn't fit.
pub(crate) fn parse(text: &str, digits: u32) -> Option<I256> {
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() || (mantissa.contains('.') && fraction.is_empty()) {
        return None;
    }
    let mut size = U256::ZERO;
    let ten = U256::from(10_u8);
    for byte in whole.bytes().chain(fraction.bytes()) {
        let digit = byte.checked_sub(b'0').filter(|digit| *digit < 10)?;
        size = size.checked_mul(ten)?.checked_add(U256::from(digit))?;
    }
    let places = i32::try_from(fraction.len()).ok()?;
    let mut missing = i32::try_from(digits).ok()?.checked_add(exponent)?.checked_sub(places)?;
    if size.is_zero() {
        return Some(I256::ZERO);
    }
    while missing > 0 {
        size = size.checked_mul(ten)?;
        missing = missing.checked_sub(1)?;
    }
    while missing < 0 {
        let (quotient, rest) = size.div_rem(ten);
        if !rest.is_zero() {
            return None;
        }
        size = quotient;
        missing = missing.checked_add(1)?;
    }
    let size = I256::try_from(size).ok()?;
    Some(if negative { size.wrapping_neg() } else { size })
}

/// An integer of 18 digits after the point as text, without trailing zeros.
pub(crate) fn show(value: I256) -> String {
    let one = U256::from(1_000_000_000_000_000_000_u64);
    let (whole, rest) = value.unsigned_abs().div_rem(one);
    let sign = if value.is_negative() { "-" } else { "" };
    if rest.is_zero() {
        return format!("{sign}{whole}");
    }
    let digits = format!("{:0>18}", rest.to_string());
    format!("{sign}{whole}.{}", digits.trim_end_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_exact() {
        for (text, digits, value) in [
            ("1", 2, 100),
            ("-1.5", 2, -150),
            ("0.01", 2, 1),
            ("1.500", 1, 15),
            ("12e-1", 1, 12),
            ("1.2E+1", 0, 12),
            ("-0", 3, 0),
            ("0e99", 3, 0),
        ] {
            assert_eq!(parse(text, digits), Some(I256::try_from(value).unwrap()), "{text}");
        }
        for text in
            ["", "-", ".", "1.", ".5", "+1", "1e", "0.001", "1_0", "0x1", "1:", "1e99999999999"]
        {
            assert_eq!(parse(text, 2), None, "{text}");
        }
        // To the end of the range.
        let most = I256::MAX.to_string();
        for (text, digits) in [(most.clone(), 0), (format!("{most}e-3"), 3)] {
            assert_eq!(parse(&text, digits), Some(I256::MAX), "{text}");
        }
        assert_eq!(parse(&most, 1), None);
        for text in ["0", "-12.000000000000000001", "5", "0.5", "-0.25"] {
            assert_eq!(show(parse(text, 18).unwrap()), text);
        }
    }
}
