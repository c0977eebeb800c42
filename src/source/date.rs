//! The dates of a Release, as apt reads them (`RFC1123StrToTime`): those of HTTP in all their three forms (RFC 9110,
//! 5.6.7), and in UTC only.

use jiff::{SignedDuration, Timestamp, civil};

/// None for what apt reads as no date either.
pub(super) fn parse(value: &str) -> Option<Timestamp> {
    let words: Vec<&str> = value.split_ascii_whitespace().collect();
    let weekday = words.first()?;
    let known = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
    if !known.iter().any(|day| weekday.get(..3).is_some_and(|own| own.eq_ignore_ascii_case(day))) {
        return None;
    }
    match (&weekday[3..], words.as_slice()) {
        // Sun, 06 Nov 1994 08:49:37 GMT
        (",", [_, day, month, year, time, zone]) if is_utc(zone) => {
            at(year.parse().ok()?, month, day.parse().ok()?, time)
        }
        // Sun Nov  6 08:49:37 1994
        ("", [_, month, day, time, year]) => at(year.parse().ok()?, month, day.parse().ok()?, time),
        // Sunday, 06-Nov-94 08:49:37 GMT
        (rest, [_, date, time, zone]) if rest.len() > 1 && rest.ends_with(',') && is_utc(zone) => {
            let mut parts = date.split('-');
            let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
            let year = match year.parse().ok()? {
                // two digits; apt adds 1900 to all of them
                recent @ 0..70 => recent + 2000,
                year @ 70..100 => year + 1900,
                year => year,
            };
            if parts.next().is_some() { None } else { at(year, month, day.parse().ok()?, time) }
        }
        _ => None,
    }
}

fn is_utc(zone: &str) -> bool {
    matches!(zone, "GMT" | "UTC" | "Z") || zone.parse() == Ok(0)
}

fn at(year: i16, month: &str, day: u8, time: &str) -> Option<Timestamp> {
    let mut parts = time.split(':');
    let (hour, minute, second) = (parts.next()?, parts.next()?, parts.next()?);
    // whatever follows the seconds is passed over, and so is a second digit that makes too many of them
    let digits = second.bytes().take(2).take_while(u8::is_ascii_digit).count();
    let second: i64 = second[..digits].parse().ok()?;
    let second = if second > 61 { second / 10 } else { second };
    // the 30th of February is in March, and a leap second in the next minute
    let start =
        civil::DateTime::new(year, i8::try_from(number_of(month)).ok()?, 1, two(hour)?, two(minute)?, 0, 0);
    if !(1..=31).contains(&day) {
        return None;
    }
    let since = SignedDuration::from_secs(i64::from(day - 1) * 86_400 + second);
    let start = start.ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp();
    // the end of time comes a day before that of the year 9999
    Some(start.checked_add(since).unwrap_or(Timestamp::MAX))
}

fn two(digits: &str) -> Option<i8> {
    if (1..=2).contains(&digits.len()) { digits.parse().ok().filter(|number| *number >= 0) } else { None }
}

/// apt looks at no more letters of a month than tell them apart in English, so that `Nov.` and `Okt` are months as well;
/// what begins like none is January.
fn number_of(month: &str) -> u8 {
    let letter = |index: usize| month.as_bytes().get(index).map_or(0, u8::to_ascii_lowercase);
    match letter(0) {
        b'a' if letter(1) == b'p' => 4,
        b'a' => 8,
        b'd' => 12,
        b'f' => 2,
        b'j' if letter(1) == b'a' => 1,
        b'j' if letter(2) == b'n' => 6,
        b'j' => 7,
        b'm' if letter(2) == b'r' => 3,
        b'm' => 5,
        b'n' => 11,
        b'o' => 10,
        b's' => 9,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_apt_reads_is_read() {
        for (text, expected) in [
            ("Thu, 01 Jun 2023 08:51:37 UTC", "2023-06-01T08:51:37Z"),
            ("Thu, 1 Jun 2023  8:51:37 GMT", "2023-06-01T08:51:37Z"),
            ("thu, 01 jun 2023 08:51:37 +0000", "2023-06-01T08:51:37Z"),
            ("Mon, 01 Jun 2023 08:51:37 -0000", "2023-06-01T08:51:37Z"),
            ("Thu, 01 Jun 2023 08:51:37 Z", "2023-06-01T08:51:37Z"),
            ("Thu Jun  1 08:51:37 2023", "2023-06-01T08:51:37Z"),
            ("Sunday, 06-Nov-94 08:49:37 GMT", "1994-11-06T08:49:37Z"),
            ("Sunday, 29-Nov-26 08:49:37 UTC", "2026-11-29T08:49:37Z"),
            ("Sunday, 29-Nov-2026 08:49:37 UTC", "2026-11-29T08:49:37Z"),
            ("Sun, 06 Nov. 1994 08:49:37 GMT", "1994-11-06T08:49:37Z"),
            ("Sun, 06 Okt 1994 08:49:37 GMT", "1994-10-06T08:49:37Z"),
            ("Sun, 06 Dez 1994 08:49:37 GMT", "1994-12-06T08:49:37Z"),
            ("Sun, 06 November 1994 08:49:37 GMT", "1994-11-06T08:49:37Z"),
            ("Thu, 01 Jun 2023 08:51:99 UTC", "2023-06-01T08:51:09Z"),
            ("Fri, 30 Feb 2024 23:59:60 UTC", "2024-03-02T00:00:00Z"),
            ("Fri, 31 Dec 9999 23:59:59 UTC", &Timestamp::MAX.to_string()),
        ] {
            assert_eq!(parse(text), expected.parse().ok(), "{text}");
        }
        let months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec";
        assert!(months.split(' ').map(number_of).eq(1..=12));
    }

    #[test]
    fn what_apt_warns_of_is_no_date() {
        for text in [
            "",
            "UTC",
            "yesterday",
            "2023-06-01T08:51:37Z",
            "2023-06-01 08:51:37 UTC",
            "01 Jun 2023 08:51:37 UTC",
            "Thu, 01 Jun 2023",
            "Thu, 01 Jun 2023 08:51 UTC",
            "Thu, 01 Jun 2023 08:51:37",
            "Thu, 01 Jun 2023 08:51:37 PST",
            "Thu, 01 Jun 2023 08:51:37 +0200",
            "Thu, 01 Jun 2023 08:51:37 UTC (a comment)",
            "Thu., 01 Jun 2023 08:51:37 UTC",
            "Do, 01 Jun 2023 08:51:37 UTC",
            "Thu 01 Jun 2023 08:51:37 UTC",
            "Thu Jun  1 08:51:37 UTC 2023",
            "Thu, 32 Jun 2023 08:51:37 UTC",
            "Thu, 01 Jun 2023 25:51:37 UTC",
            "Thu, 01 Jun 99999 08:51:37 UTC",
            "Sunday, 06-Nov 08:49:37 GMT",
            "jué, 01 jun 2023 08:51:37 UTC",
            "\u{e4}\u{e4}",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
