//! Settings that are numbers: of things, of bytes, of seconds.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::error::BadValue;

/// A whole number from `LEAST` to 99999.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Count<const LEAST: u32>(pub(crate) u32);

impl<const LEAST: u32> FromStr for Count<LEAST> {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        match text.parse() {
            Ok(number) if (LEAST..=99_999).contains(&number) => Ok(Self(number)),
            _ => Err(BadValue(format!("a whole number from {LEAST} to 99999 is expected"))),
        }
    }
}

impl<const LEAST: u32> fmt::Display for Count<LEAST> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A number of bytes, as Kubernetes writes quantities (`2Gi`, `500M`, `1.5Gi`, plain bytes), but more than none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Quantity(pub(crate) u64);

impl FromStr for Quantity {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        let bad = || BadValue("a number of bytes is expected, or a quantity such as 500M or 2Gi".to_owned());
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let (number, suffix) = text.split_at(end);
        let unit: u128 = match suffix {
            "" => 1,
            "k" => 1000,
            "M" => 1000_u128.pow(2),
            "G" => 1000_u128.pow(3),
            "T" => 1000_u128.pow(4),
            "Ki" => 1 << 10,
            "Mi" => 1 << 20,
            "Gi" => 1 << 30,
            "Ti" => 1 << 40,
            _ => return Err(bad()),
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
        if whole.len() > 20 || fraction.is_empty() || fraction.len() > 9 {
            return Err(bad());
        }
        let digits = |text: &str| text.parse::<u128>().map_err(|_| bad());
        let scale = 10_u128.pow(u32::try_from(fraction.len()).map_err(|_| bad())?);
        let bytes = digits(whole)? * unit + digits(fraction)? * unit / scale;
        u64::try_from(bytes).ok().filter(|bytes| *bytes > 0).map(Self).ok_or_else(bad)
    }
}

/// As people write it: in the largest unit that leaves a whole number.
impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [(1 << 40, "Ti"), (1 << 30, "Gi"), (1 << 20, "Mi"), (1 << 10, "Ki")];
        match units.into_iter().find(|(unit, _)| self.0.is_multiple_of(*unit)) {
            Some((unit, name)) => write!(f, "{}{name}", self.0 / unit),
            None => self.0.fmt(f),
        }
    }
}

/// A length of time as Prometheus writes it: a whole number and one of the units s, m, h and d.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Interval(pub(crate) Duration);

impl FromStr for Interval {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        let bad =
            || BadValue("a number with one of the units s, m, h and d is expected, such as 6h".to_owned());
        let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(bad)?;
        let seconds = match unit {
            "s" => 1,
            "m" => 60,
            "h" => 60 * 60,
            "d" => 24 * 60 * 60,
            _ => return Err(bad()),
        };
        match number.parse::<u32>() {
            Ok(number) if (1..=99_999).contains(&number) => {
                Ok(Self(Duration::from_secs(u64::from(number) * seconds)))
            }
            _ => Err(bad()),
        }
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let units = [(24 * 60 * 60, 'd'), (60 * 60, 'h'), (60, 'm')];
        let fits = |(unit, _): &&(u64, char)| seconds.is_multiple_of(*unit);
        let (unit, letter) = units.iter().find(fits).copied().unwrap_or((1, 's'));
        write!(f, "{}{letter}", seconds / unit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_has_a_least_value() {
        assert_eq!("1".parse(), Ok(Count::<1>(1)));
        assert_eq!("0".parse(), Ok(Count::<0>(0)));
        assert!("0".parse::<Count<1>>().is_err());
        for bad in ["", "many", "-1", "1.5", "100000"] {
            assert!(bad.parse::<Count<0>>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_quantity_is_as_kubernetes_writes_it() {
        for (text, bytes) in [
            ("1", 1),
            ("500M", 500_000_000),
            ("2Gi", 2 << 30),
            ("1.5Ki", 1536),
            ("0.5G", 500_000_000),
            ("3k", 3000),
        ] {
            assert_eq!(text.parse(), Ok(Quantity(bytes)), "{text}");
        }
        for (bytes, text) in
            [(2 << 30, "2Gi"), (3 << 29, "1536Mi"), (1000, "1000"), (u64::MAX, "18446744073709551615")]
        {
            assert_eq!(Quantity(bytes).to_string(), text);
        }
        for bad in
            ["", "0", "Gi", "-1", "2GB", "2 Gi", "1.", ".5", "1.2.3", "1e3", "99999999Ti", "2gi", "100m"]
        {
            assert!(bad.parse::<Quantity>().is_err(), "{bad}");
        }
    }

    #[test]
    fn an_interval_has_one_unit() {
        for (text, seconds) in [("1s", 1), ("90s", 90), ("30m", 1800), ("6h", 21_600), ("1d", 86_400)] {
            assert_eq!(text.parse(), Ok(Interval(Duration::from_secs(seconds))), "{text}");
        }
        for bad in ["", "6", "h", "0s", "-1h", "1.5h", "1h30m", "6 h", "6H", "1w", "100000s", "6é"] {
            assert!(bad.parse::<Interval>().is_err(), "{bad}");
        }
    }
}
