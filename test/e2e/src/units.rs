//! Between the host's floating point and the contracts' integers: 18 decimals for money, millionths for quantities.

use alloy_primitives::{I256, U256};

/// `value` with 18 decimals, from nine decimals on rounded (a double has no more for prices).
///
/// Values beyond ±9.2e9 saturate.
pub fn wad(value: f64) -> i128 {
    i128::from(nanos(value)) * 1_000_000_000
}

/// A price with 18 decimals; below zero becomes zero.
pub fn price(value: f64) -> u128 {
    wad(value).max(0).unsigned_abs()
}

/// A number of at most ±9.2 with 18 decimals; saturates beyond.
#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "saturates, which is what the doc says"
)]
pub fn small_wad(value: f64) -> i64 {
    (value * 1e18).round() as i64
}

/// Millionths of a contract.
#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "saturates far beyond any quantity used"
)]
pub fn quantity(contracts: f64) -> i64 {
    (contracts * 1e6).round() as i64
}

/// A number with 9 decimals, rounded; values beyond ±9.2e9 saturate.
#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "saturates, which is what the doc says"
)]
pub fn nanos(value: f64) -> i64 {
    (value * 1e9).round() as i64
}

/// Money of 18 decimals as a number of units.
#[expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "for display and ratios")]
pub fn units(value: I256) -> f64 {
    let nanos = value / I256::try_from(1_000_000_000_u64).unwrap_or(I256::ONE);
    i128::try_from(nanos).map_or(f64::NAN, |nanos| nanos as f64 / 1e9)
}

/// Unsigned money of 18 decimals as a number of units.
pub fn unsigned_units(value: U256) -> f64 {
    I256::try_from(value).map_or(f64::NAN, units)
}

/// Money of 18 decimals in dollars and cents with separators: `-1,234.50`.
pub fn dollars(value: f64) -> String {
    let text = format!("{:.2}", value.abs());
    let (whole, cents) = text.split_once('.').unwrap_or((&text, "00"));
    let mut grouped = String::new();
    for (position, digit) in whole.chars().enumerate() {
        if position > 0 && (whole.len() - position).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let is_negative = value < 0.0 && text.bytes().any(|digit| (b'1'..=b'9').contains(&digit));
    format!("{}{grouped}.{cents}", if is_negative { "-" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_reads_as_money() {
        assert_eq!(dollars(1_234_567.894), "1,234,567.89");
        assert_eq!(dollars(-999.999), "-1,000.00");
        assert_eq!(dollars(-0.001), "0.00");
    }

    #[test]
    fn decimals_convert_exactly_to_the_ninth() {
        assert_eq!(wad(2_500.123_456_789), 2_500_123_456_789_000_000_000);
        assert_eq!(small_wad(-0.25), -250_000_000_000_000_000);
        assert_eq!(quantity(-1.5), -1_500_000);
        assert!(
            (units(I256::try_from(-1_500_000_000_000_000_000_i128).unwrap_or_default()) + 1.5)
                .abs()
                < 1e-12
        );
    }
}
