//! UTC times as the files write them (`2026-01-14T15:34:05Z`), to and from Unix seconds. Proleptic Gregorian calendar;
//! day counts by the usual era arithmetic of 400 years.

/// Seconds of a day.
const DAY: u64 = 86_400;

/// Unix seconds of `YYYY-MM-DDTHH:MM:SSZ` (`Z` optional, a space may stand for `T`); `None` if it isn't such a time
/// from 1970 to 9999.
pub fn parse_time(text: &str) -> Option<u64> {
    let text = text.strip_suffix('Z').unwrap_or(text);
    let (date, clock) = text.split_once(['T', ' '])?;
    let [year, month, day] = fields(date, '-')?;
    let [hour, minute, second] = fields(clock, ':')?;
    let in_range = (1970..=9999).contains(&year)
        && (1..=12).contains(&month)
        && (1..=days_in_month(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    in_range.then(|| days_from_epoch(year, month, day) * DAY + hour * 3600 + minute * 60 + second)
}

/// The time `seconds` after 1970 in the form that [`parse_time`] reads.
pub fn format_time(seconds: u64) -> String {
    let (year, month, day) = date_from_epoch(seconds / DAY);
    let of_day = seconds % DAY;
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z",
        of_day / 3600,
        of_day / 60 % 60,
        of_day % 60
    )
}

fn fields(text: &str, separator: char) -> Option<[u64; 3]> {
    let mut parts = text.split(separator).map(|part| {
        let digits =
            !part.is_empty() && part.len() <= 4 && part.bytes().all(|b| b.is_ascii_digit());
        if digits { part.parse().ok() } else { None }
    });
    let fields = [parts.next()??, parts.next()??, parts.next()??];
    parts.next().is_none().then_some(fields)
}

const fn days_in_month(year: u64, month: u64) -> u64 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01; the year counts from March so that the leap day is its last.
const fn days_from_epoch(year: u64, month: u64, day: u64) -> u64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year / 400, year % 400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

const fn date_from_epoch(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let (day, month) = (of_year - (153 * shifted + 2) / 5 + 1, (shifted + 2) % 12 + 1);
    let year = year + era * 400;
    (if month <= 2 { year + 1 } else { year }, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_times() {
        assert_eq!(parse_time("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(parse_time("2026-01-14T15:34:05Z"), Some(1_768_404_845));
        assert_eq!(parse_time("2020-02-29T00:00:00"), Some(1_582_934_400));
        assert_eq!(parse_time("2000-03-01 00:00:01Z"), Some(951_868_801));
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in
            ["", "2026-01-14", "2026-02-29T00:00:00Z", "2026-01-14T24:00:00Z", "x-01-14T00:00:00Z"]
        {
            assert_eq!(parse_time(text), None, "{text}");
        }
        assert_eq!(parse_time("2026-01-14T15:34:05.5Z"), None);
        assert_eq!(parse_time("2026-1-+4T15:34:05Z"), None);
    }

    #[test]
    fn every_day_of_eight_centuries_round_trips() {
        for day in 0..292_194 {
            let text = format_time(day * DAY + 3_723);
            assert_eq!(parse_time(&text), Some(day * DAY + 3_723), "{text}");
        }
    }
}
