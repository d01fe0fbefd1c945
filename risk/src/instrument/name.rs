//! Readable names, as the field writes them: `ETH-27MAR26-4000-C`, `ETH-27MAR26`, `ETH-PERP`.
//!
//! The day has no leading zero. An expiry at another hour than 08:00 UTC carries it (`27MAR26T14`), a year outside
//! 2000-2099 has four digits, and a fractional strike has `d` for its point (`0d5`), as on Deribit. One instrument has
//! one name, and only that name is read back.

use core::fmt;

use super::{Instrument, Kind, MAX_EXPIRY_HOURS, Strike};

const MONTHS: [&str; 12] =
    ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
/// The hour of the day at which listed options expire, UTC.
const USUAL_HOUR: u32 = 8;

/// Underlyings' symbols: pairs of number and symbol. A symbol has no hyphen.
pub type Symbols<'a> = [(u8, &'a str)];

/// Why a name was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum NameError {
    /// The part before the first hyphen is no symbol of the table.
    UnknownSymbol,
    /// The expiry isn't a date such as `27MAR26`.
    InvalidExpiry,
    /// The strike isn't a number such as `4000` or `0d5` that an id can hold.
    InvalidStrike,
    /// The part after the strike isn't `C` or `P`.
    InvalidRight,
    /// All parts make sense, but the instrument is written otherwise (a leading zero, a fourth part).
    NotCanonical,
}

impl fmt::Display for NameError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::UnknownSymbol => "unknown symbol of an underlying",
            Self::InvalidExpiry => "invalid expiry, expected a date such as 27MAR26",
            Self::InvalidStrike => "invalid strike, expected a number such as 4000 or 0d5",
            Self::InvalidRight => "invalid right, expected C or P",
            Self::NotCanonical => "not the canonical name of an instrument",
        })
    }
}

impl core::error::Error for NameError {}

/// An instrument and its underlying's symbol: displays the readable name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Name<'a> {
    instrument: Instrument,
    symbol: &'a str,
}

impl Instrument {
    /// The readable name, if the underlying is in the table.
    pub fn name<'a>(&self, symbols: &Symbols<'a>) -> Option<Name<'a>> {
        let (_, symbol) = symbols.iter().find(|(number, _)| *number == self.underlying())?;
        Some(Name { instrument: *self, symbol })
    }

    /// The instrument of a readable name.
    ///
    /// # Errors
    /// A [`NameError`] that says which part is wrong.
    pub fn parse(name: &str, symbols: &Symbols<'_>) -> Result<Self, NameError> {
        let mut parts = name.split('-');
        let symbol = parts.next().unwrap_or_default();
        let (underlying, _) =
            symbols.iter().find(|(_, known)| *known == symbol).ok_or(NameError::UnknownSymbol)?;
        let instrument = match (parts.next(), parts.next(), parts.next()) {
            (Some("PERP"), None, None) => Self::perpetual(*underlying),
            (Some(date), None, None) => Self::future(*underlying, parse_expiry(date)?),
            (Some(date), Some(strike), Some(right)) => {
                let kind = match right {
                    "C" => Kind::Call,
                    "P" => Kind::Put,
                    _ => return Err(NameError::InvalidRight),
                };
                Self::new(*underlying, kind, parse_expiry(date)?, parse_strike(strike)?)
            }
            _ => None,
        }
        .ok_or(NameError::NotCanonical)?;
        let canonical = Name { instrument, symbol };
        if matches(&canonical, name) { Ok(instrument) } else { Err(NameError::NotCanonical) }
    }
}

impl fmt::Display for Name<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.symbol)?;
        if self.instrument.kind() == Kind::Perpetual {
            return formatter.write_str("-PERP");
        }
        write_expiry(formatter, self.instrument.expiry_hours())?;
        let right = match self.instrument.kind() {
            Kind::Call => "-C",
            Kind::Put => "-P",
            Kind::Perpetual | Kind::Future => return Ok(()),
        };
        write_strike(formatter, self.instrument.strike())?;
        formatter.write_str(right)
    }
}

/// Days before 1 January of `year` (from 1970) in the Gregorian calendar. `year` is at most 2449.
#[expect(clippy::arithmetic_side_effects, reason = "1970 <= year < 2500: every term is below 2^20")]
const fn days_before(year: u32) -> u32 {
    let past = year - 1;
    past * 365 + past / 4 - past / 100 + past / 400 - 719_162
}

const fn days_of_month(year: u32, month: usize) -> u32 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        1 if leap => 29,
        1 => 28,
        3 | 5 | 8 | 10 => 30,
        _ => 31,
    }
}

#[expect(
    clippy::arithmetic_side_effects,
    reason = "hours are below 2^22, so days are below 174,763 and the year is below 2449"
)]
fn write_expiry(formatter: &mut fmt::Formatter<'_>, expiry_hours: u32) -> fmt::Result {
    let (mut day, hour) = (expiry_hours / 24, expiry_hours % 24);
    // 365.2425 days a year: the estimate is right or one too small or large.
    let mut year = 1970 + day * 400 / 146_097;
    while days_before(year) > day {
        year -= 1;
    }
    while days_before(year + 1) <= day {
        year += 1;
    }
    day -= days_before(year);
    let mut month = 0;
    while day >= days_of_month(year, month) {
        day -= days_of_month(year, month);
        month += 1;
    }
    let name = MONTHS.get(month).ok_or(fmt::Error)?;
    write!(formatter, "-{}{name}", day + 1)?;
    match year {
        2000..2100 => write!(formatter, "{:02}", year % 100)?,
        _ => write!(formatter, "{year}")?,
    }
    if hour == USUAL_HOUR { Ok(()) } else { write!(formatter, "T{hour:02}") }
}

fn write_strike(formatter: &mut fmt::Formatter<'_>, strike: Strike) -> fmt::Result {
    // At most 10^16 and 2^27 * 10^15 < 2^77.
    let scale = 10_u128.saturating_pow(strike.decimals());
    let whole_power = u32::from(strike.exponent()).saturating_sub(16);
    let digits = u128::from(strike.mantissa()).saturating_mul(10_u128.saturating_pow(whole_power));
    let (whole, fraction) = (
        digits.checked_div(scale).unwrap_or_default(),
        digits.checked_rem(scale).unwrap_or_default(),
    );
    write!(formatter, "-{whole}")?;
    match usize::try_from(strike.decimals()) {
        Ok(width) if width > 0 => write!(formatter, "d{fraction:0width$}"),
        _ => Ok(()),
    }
}

/// Hours since 1970 of a date such as `27MAR26`, `27MAR26T14` or `1JAN2126`.
fn parse_expiry(text: &str) -> Result<u32, NameError> {
    expiry_of(text).filter(|hours| *hours <= MAX_EXPIRY_HOURS).ok_or(NameError::InvalidExpiry)
}

fn expiry_of(text: &str) -> Option<u32> {
    let (date, hour) = match text.split_once('T') {
        // OCT holds the only T of a month's name.
        Some((head, tail)) if head.ends_with("OC") => match tail.split_once('T') {
            Some((_, hour)) => {
                (text.get(..text.len().checked_sub(hour.len())?.checked_sub(1)?)?, number(hour)?)
            }
            None => (text, USUAL_HOUR),
        },
        Some((head, tail)) => (head, number(tail)?),
        None => (text, USUAL_HOUR),
    };
    let letters = date.find(|c: char| c.is_ascii_uppercase())?;
    let (day, rest) = date.split_at_checked(letters)?;
    let (name, year) = rest.split_at_checked(3)?;
    let month = MONTHS.iter().position(|known| *known == name)?;
    let year = match year.len() {
        2 => number(year)?.checked_add(2000)?,
        4 => number(year)?,
        _ => return None,
    };
    let day = number(day)?;
    if !(1970..2449).contains(&year) || day == 0 || day > days_of_month(year, month) || hour > 23 {
        return None;
    }
    let months: u32 = (0..month).map(|index| days_of_month(year, index)).sum();
    days_before(year)
        .checked_add(months)?
        .checked_add(day)?
        .checked_sub(1)?
        .checked_mul(24)?
        .checked_add(hour)
}

/// A number of digits alone (no sign).
fn number(text: &str) -> Option<u32> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

fn parse_strike(text: &str) -> Result<Strike, NameError> {
    strike_of(text).ok_or(NameError::InvalidStrike)
}

fn strike_of(text: &str) -> Option<Strike> {
    let (whole, fraction) = text.split_once('d').unwrap_or((text, ""));
    let mut digits: u128 = 0;
    for byte in whole.bytes().chain(fraction.bytes()) {
        let digit = byte.checked_sub(b'0').filter(|digit| *digit < 10)?;
        digits = digits.checked_mul(10)?.checked_add(u128::from(digit))?;
    }
    if digits == 0 {
        return None;
    }
    let mut exponent = 16_u8.checked_sub(u8::try_from(fraction.len()).ok()?)?;
    while digits.is_multiple_of(10) {
        digits = digits.checked_div(10)?;
        exponent = exponent.checked_add(1)?;
    }
    Strike::new(u32::try_from(digits).ok()?, exponent)
}

/// Whether `value` displays exactly as `text`, without an allocation.
fn matches(value: &impl fmt::Display, text: &str) -> bool {
    struct Rest<'a>(&'a str);
    impl fmt::Write for Rest<'_> {
        fn write_str(&mut self, part: &str) -> fmt::Result {
            self.0 = self.0.strip_prefix(part).ok_or(fmt::Error)?;
            Ok(())
        }
    }
    let mut rest = Rest(text);
    fmt::Write::write_fmt(&mut rest, format_args!("{value}")).is_ok() && rest.0.is_empty()
}
