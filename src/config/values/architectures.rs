//! Architectures, one or several.

use std::fmt;
use std::str::FromStr;

use super::error::BadValue;
use crate::control::architecture::Architecture;

/// At least one, each once: `amd64`, or for an image `amd64,arm64`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Architectures(Vec<Architecture>);

impl Architectures {
    /// The first.
    pub(in crate::config) fn first(&self) -> Architecture {
        self.0.first().cloned().unwrap_or_else(Architecture::native)
    }

    /// All but the first, each alone.
    pub(crate) fn others(&self) -> impl Iterator<Item = Self> {
        self.0.iter().skip(1).map(|one| Self(vec![one.clone()]))
    }
}

impl FromStr for Architectures {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        let mut all: Vec<Architecture> = Vec::new();
        for name in text.split(',') {
            let one: Architecture = name.trim().parse().map_err(|error| BadValue(format!("{error}")))?;
            if all.contains(&one) {
                return Err(BadValue(format!("{one} stands twice")));
            }
            all.push(one);
        }
        Ok(Self(all))
    }
}

impl fmt::Display for Architectures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.0.iter().map(Architecture::as_str).collect();
        f.write_str(&names.join(","))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn architectures_are_names_between_commas() {
        let both: Architectures = "amd64, arm64".parse().unwrap();
        assert_eq!((both.to_string().as_str(), both.first().as_str()), ("amd64,arm64", "amd64"));
        assert_eq!(both.others().map(|other| other.to_string()).collect::<Vec<_>>(), ["arm64"]);
        for bad in ["", "amd64,", "amd64,amd64", "x86_64"] {
            assert!(bad.parse::<Architectures>().is_err(), "{bad}");
        }
    }
}
