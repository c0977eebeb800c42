//! The types of single settings. Each parses from the same text wherever it is given, and refuses there
//! what could only fail later.

use std::fmt;
use std::marker::PhantomData;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;
use std::time::Duration;

use serde::de::{self, Deserialize, Deserializer, SeqAccess, Visitor};
use url::Url;

use crate::control::architecture::Architecture;
use crate::request::credentials::redact;
use crate::request::words::{self, is_separator};

use crate::control::glob::Glob;

/// A value that does not fit its setting; the text says why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadValue(pub(super) String);

/// How the log is written.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Lines for people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Which maintainer scripts must have been done by aptlet's own means, as none is run.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum RequireScripts {
    /// None: what is missing is noted.
    #[default]
    None,
    /// All lines that may matter in a pod.
    Known,
    /// All lines.
    All,
}

/// The name of a locale, as `LC_ALL` has it: `de_DE.UTF-8`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Locale(pub String);

impl FromStr for Locale {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        // it becomes a part of paths
        let fits = |c: char| c.is_ascii_alphanumeric() || "_.@-".contains(c);
        if text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.chars().all(fits) {
            return Ok(Self(text.to_owned()));
        }
        Err(BadValue("a locale is named as for LC_ALL: de_DE.UTF-8, C.UTF-8".to_owned()))
    }
}

/// Whose the installed files are.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Owners {
    /// The current user's, without set-id bits.
    #[default]
    Map,
    /// Whose they are in the packages.
    Keep,
}

/// What `aptlet run` does when the installation fails.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum OnFailure {
    /// Ends.
    #[default]
    Abort,
    /// Starts the command with what is there.
    Continue,
}

/// How packages get into a pod.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// An init container installs them before the containers start.
    #[default]
    Init,
    /// A sidecar installs them before the containers start, and again whenever the settings change.
    Sidecar,
    /// The main container installs them itself and then becomes what it was meant to be.
    Entrypoint,
}

/// A whole number from `LEAST` to 99999.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count<const LEAST: u32>(pub u32);

impl<const LEAST: u32> FromStr for Count<LEAST> {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        match text.parse() {
            Ok(number) if (LEAST..=99_999).contains(&number) => Ok(Self(number)),
            _ => Err(BadValue(format!("a whole number from {LEAST} to 99999 is expected"))),
        }
    }
}

/// A number of bytes, as Kubernetes writes quantities (`2Gi`, `500M`, `1.5Gi`, plain bytes), but more than none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quantity(pub u64);

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

/// A length of time as Prometheus writes it: a whole number and one of the units s, m, h and d.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interval(pub Duration);

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

/// An address to listen on: `IP:PORT`, or `:PORT` for all addresses of the pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listen(pub Vec<SocketAddr>);

impl FromStr for Listen {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        if let Some(port) = text.strip_prefix(':').and_then(|port| port.parse::<u16>().ok()) {
            // the second where the kernel has no IPv6; where it has, the first is for both
            return Ok(Self(vec![
                (Ipv6Addr::UNSPECIFIED, port).into(),
                (Ipv4Addr::UNSPECIFIED, port).into(),
            ]));
        }
        match text.parse() {
            Ok(address) => Ok(Self(vec![address])),
            Err(_) => {
                Err(BadValue("':PORT' or 'IP:PORT' is expected, such as :8080 or 127.0.0.1:8080".to_owned()))
            }
        }
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_slice() {
            [address] => address.fmt(f),
            several => write!(f, ":{}", several.first().map_or(0, SocketAddr::port)),
        }
    }
}

/// The base URI of a repository, in a scheme that aptlet can fetch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MirrorUri(pub Url);

impl FromStr for MirrorUri {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        let uri = Url::parse(text).map_err(|error| match error {
            url::ParseError::RelativeUrlWithoutBase => {
                BadValue("a URL begins with http://, https:// or file://".to_owned())
            }
            error => BadValue(error.to_string()),
        })?;
        match uri.scheme() {
            "http" | "https" | "file" | "copy" => Ok(Self(uri)),
            scheme => Err(BadValue(format!(
                "the scheme '{scheme}' is not supported, only http, https, file and copy are"
            ))),
        }
    }
}

/// A suite or a component: one word, as sources.list(5) has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word(pub String);

impl FromStr for Word {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        if text.is_empty() || text.contains(is_separator) {
            return Err(BadValue("a suite or component is one word; give each on its own".to_owned()));
        }
        Ok(Self(text.to_owned()))
    }
}

/// A pattern for paths of packages, as of dpkg(1)'s `--path-exclude` and `--path-include`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathPattern {
    /// As it was given.
    pub text: String,
    /// Where on the command line it stood; 0 where it was not given there.
    pub place: usize,
}

impl FromStr for PathPattern {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        // dpkg takes these, and they match nothing
        if !text.starts_with(['/', '*', '?', '[']) {
            return Err(BadValue(
                "paths begin with '/', so a pattern does as well, or with a '*'".to_owned(),
            ));
        }
        if text.len() > 1 && text.ends_with('/') {
            let whole = format!("no path ends in '/'; for all that is in a folder write '{text}*'");
            return Err(BadValue(whole));
        }
        match Glob::exact(text) {
            Ok(_) => Ok(Self { text: text.to_owned(), place: 0 }),
            Err(bad) => Err(BadValue(bad.to_string())),
        }
    }
}

/// Deserializes a list that is either a sequence or one text of [`words`].
pub(super) fn list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr,
    T::Err: fmt::Display,
{
    struct List<T>(PhantomData<T>);

    impl<'de, T> Visitor<'de> for List<T>
    where
        T: FromStr,
        T::Err: fmt::Display,
    {
        type Value = Vec<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a text or a list of texts")
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<Vec<T>, E> {
            words::split(text).map(parse_item).collect()
        }

        // A name of digits only, which YAML takes for a number.
        fn visit_u64<E: de::Error>(self, number: u64) -> Result<Vec<T>, E> {
            self.visit_str(&number.to_string())
        }

        fn visit_i64<E: de::Error>(self, number: i64) -> Result<Vec<T>, E> {
            self.visit_str(&number.to_string())
        }

        // Left to serde, these two would be reported without their place in the file.
        fn visit_f64<E: de::Error>(self, _: f64) -> Result<Vec<T>, E> {
            Err(E::custom("a text is expected; put the number into quotes"))
        }

        fn visit_bool<E: de::Error>(self, _: bool) -> Result<Vec<T>, E> {
            Err(E::custom("a text or a list of texts is expected"))
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Vec<T>, A::Error> {
            let mut list = Vec::new();
            while let Some(Item(value)) = sequence.next_element()? {
                list.push(value);
            }
            Ok(list)
        }

        fn visit_unit<E: de::Error>(self) -> Result<Vec<T>, E> {
            Ok(Vec::new())
        }
    }

    deserializer.deserialize_any(List(PhantomData))
}

fn parse_item<T, E>(text: &str) -> Result<T, E>
where
    T: FromStr,
    T::Err: fmt::Display,
    E: de::Error,
{
    text.parse().map_err(|error| E::custom(format_args!("'{}': {error}", redact(text))))
}

/// A value that is parsed from its text within the visitor, where errors still get their place in the file.
struct Item<T>(T);

impl<'de, T> Deserialize<'de> for Item<T>
where
    T: FromStr,
    T::Err: fmt::Display,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text<T>(PhantomData<T>);

        impl<T> Visitor<'_> for Text<T>
        where
            T: FromStr,
            T::Err: fmt::Display,
        {
            type Value = Item<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Item<T>, E> {
                parse_item(text).map(Item)
            }
        }

        deserializer.deserialize_str(Text(PhantomData))
    }
}

/// Serializes as the text that it is parsed from.
macro_rules! serialized_as_text {
    ($($type:ty),*) => {
        $(impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        })*
    };
}

serialized_as_text!(Locale, Architecture, Quantity, Interval, Listen, MirrorUri, Word, PathPattern);

impl<const LEAST: u32> serde::Serialize for Count<LEAST> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(self.0)
    }
}

/// Shows the only field.
macro_rules! shown_as_field {
    ($($type:ty: $field:tt),*) => {
        $(impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.$field.fmt(f)
            }
        })*
    };
}

shown_as_field!(Locale: 0, Quantity: 0, MirrorUri: 0, Word: 0, PathPattern: text);

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let units = [(24 * 60 * 60, 'd'), (60 * 60, 'h'), (60, 'm')];
        let fits = |(unit, _): &&(u64, char)| seconds.is_multiple_of(*unit);
        let (unit, letter) = units.iter().find(fits).copied().unwrap_or((1, 's'));
        write!(f, "{}{letter}", seconds / unit)
    }
}

/// Deserializes an optional value from its text.
pub(super) fn parsed<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr,
    T::Err: fmt::Display,
{
    Ok(Option::deserialize(deserializer)?.map(|Item(value)| value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mirror_is_a_url_that_can_be_fetched() {
        for good in
            ["http://mirror.example/debian", "https://u:p@mirror.example/", "file:/srv/mirror", "copy:/srv"]
        {
            assert!(good.parse::<MirrorUri>().is_ok(), "{good}");
        }
        for (bad, why) in
            [("mirror.example/debian", "http://"), ("ftp://mirror.example/", "'ftp'"), ("http://", "host")]
        {
            let error = bad.parse::<MirrorUri>();
            assert!(matches!(&error, Err(BadValue(text)) if text.contains(why)), "{bad}: {error:?}");
        }
    }

    #[test]
    fn a_password_is_not_shown() {
        assert_eq!(redact("ftp://user:p@ss@mirror.example/x@y"), "ftp://…@mirror.example/x@y");
        assert_eq!(redact("ftp://mirror.example/x@y"), "ftp://mirror.example/x@y");
        assert_eq!(redact("ftp://u:p@mirror.example/x?token=p"), "ftp://…@mirror.example/x?…");
        assert_eq!(redact("lib?"), "lib?");
    }

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

    #[test]
    fn an_address_to_listen_on_is_no_name() {
        for (text, first, count) in [
            (":8080", "[::]:8080", 2),
            ("0.0.0.0:8080", "0.0.0.0:8080", 1),
            ("[::1]:0", "[::1]:0", 1),
            ("127.0.0.1:9477", "127.0.0.1:9477", 1),
        ] {
            let listen: Result<Listen, _> = text.parse();
            let said =
                listen.as_ref().map(|listen| (listen.0[0].to_string(), listen.0.len(), listen.to_string()));
            assert_eq!(said, Ok((first.to_owned(), count, text.to_owned())));
        }
        for bad in
            ["", "8080", ":", ":http", ":65536", "localhost:8080", "::1:8080", "10.0.0.1", "http://[::]:80"]
        {
            assert!(bad.parse::<Listen>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_pattern_for_paths_can_match_one() {
        for good in ["/usr/share/doc/*", "*.pyc", "/", "/usr/*/READ[Mm]E", "[/]etc"] {
            assert!(good.parse::<PathPattern>().is_ok(), "{good}");
        }
        for (bad, why) in
            [("", "'/'"), ("usr/share/doc", "'/'"), ("/usr/share/doc/", "'/usr/share/doc/*'"), ("/[a", "']'")]
        {
            let error = bad.parse::<PathPattern>();
            assert!(matches!(&error, Err(BadValue(text)) if text.contains(why)), "{bad}: {error:?}");
        }
    }

    #[test]
    fn a_locale_is_no_path() {
        for good in ["de_DE.UTF-8", "C", "ca_ES.UTF-8@valencia", "de_DE.ISO-8859-15"] {
            assert!(good.parse::<Locale>().is_ok(), "{good}");
        }
        for bad in ["", "../x", ".x", "de DE", "de/DE"] {
            assert!(bad.parse::<Locale>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_suite_is_one_word() {
        assert!("trixie".parse::<Word>().is_ok());
        assert!("./".parse::<Word>().is_ok());
        for bad in ["", "trixie trixie-updates", "main,contrib"] {
            assert!(bad.parse::<Word>().is_err(), "{bad}");
        }
    }
}
