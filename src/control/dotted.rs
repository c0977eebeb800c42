//! Versions that are numbers with dots between them, as those of C libraries and compilers.

use std::cmp::Ordering;
use std::fmt;

/// A dotted number, such as the 2.38 of `GLIBC_2.38`. What is missing at the end is 0.
#[derive(Debug, Clone)]
pub(crate) struct Dotted(Vec<u32>);

impl<const PARTS: usize> From<[u32; PARTS]> for Dotted {
    fn from(parts: [u32; PARTS]) -> Self {
        Self(parts.to_vec())
    }
}

impl Dotted {
    /// Reads numbers with dots between them, and nothing else.
    pub(crate) fn of(text: &str) -> Option<Self> {
        text.split('.').map(|part| part.parse().ok()).collect::<Option<Vec<u32>>>().map(Self)
    }

    /// The upstream part of a version of Debian: 2.36 of `2.36-9+deb12u13`.
    pub(crate) fn of_package(version: &str) -> Option<Self> {
        let upstream = version.split_once(':').map_or(version, |(_, rest)| rest);
        let end = upstream.find(|letter: char| !letter.is_ascii_digit() && letter != '.');
        Self::of(upstream[..end.unwrap_or(upstream.len())].trim_end_matches('.'))
    }

    fn part(&self, at: usize) -> u32 {
        self.0.get(at).copied().unwrap_or(0)
    }
}

impl PartialEq for Dotted {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Dotted {}

impl PartialOrd for Dotted {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Dotted {
    fn cmp(&self, other: &Self) -> Ordering {
        let parts = 0..self.0.len().max(other.0.len());
        parts
            .map(|at| self.part(at).cmp(&other.part(at)))
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal)
    }
}

impl fmt::Display for Dotted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&parts.join("."))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn dotted(text: &str) -> Dotted {
        Dotted::of(text).unwrap()
    }

    #[test]
    fn numbers_are_compared_as_numbers() {
        assert!(dotted("2.9") < dotted("2.36") && dotted("2.36") < dotted("2.36.1"));
        assert_eq!(dotted("2.36"), dotted("2.36.0"));
        for bad in ["", "2.", "x", "2.36-9", "GLIBC_2"] {
            assert_eq!(Dotted::of(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_package_has_its_upstream_version() {
        for (version, upstream) in [
            ("2.36-9+deb12u13", "2.36"),
            ("2.39-0ubuntu8.6", "2.39"),
            ("2.31-0ubuntu9.16", "2.31"),
            ("2.42~20250801-1", "2.42"),
            ("1:14.2.0-19", "14.2.0"),
        ] {
            assert_eq!(Dotted::of_package(version).unwrap().to_string(), upstream);
        }
        assert_eq!(Dotted::of_package("none"), None);
    }
}
