//! Settings that are about registries.

use std::fmt;
use std::str::FromStr;

use super::error::BadValue;
use crate::reference;

/// A registry: `HOST[:PORT]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RegistryHost(pub(crate) String);

impl FromStr for RegistryHost {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        match reference::is_host(text) {
            true => Ok(Self(text.to_ascii_lowercase())),
            false => Err(BadValue("a registry is named as HOST or HOST:PORT".to_owned())),
        }
    }
}

impl fmt::Display for RegistryHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registry_is_a_host_and_no_url() {
        for good in ["registry.example", "10.0.0.1:5000", "[::1]:5000", "localhost"] {
            assert!(good.parse::<RegistryHost>().is_ok(), "{good}");
        }
        for bad in ["", "http://registry.example", "registry.example/team", "registry.example:", "a b"] {
            assert!(bad.parse::<RegistryHost>().is_err(), "{bad}");
        }
    }
}
