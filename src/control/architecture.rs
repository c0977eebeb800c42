//! Architectures, as dpkg names them.

use std::fmt;
use std::str::FromStr;

/// Why a word names no architecture of a machine.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct BadArchitecture(String);

/// A real architecture in dpkg's spelling (Debian Policy 11.1, dpkg-architecture(1)): `amd64`, `arm64`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Architecture(String);

/// Names that the kernel and Rust give to architectures for which dpkg has another.
const SPELLINGS: [(&str, &str); 12] = [
    ("x86_64", "amd64"),
    ("x86-64", "amd64"),
    ("aarch64", "arm64"),
    ("arm", "armhf"),
    ("armv7l", "armhf"),
    ("x86", "i386"),
    ("i586", "i386"),
    ("i686", "i386"),
    ("powerpc64", "ppc64el"),
    ("powerpc64le", "ppc64el"),
    ("ppc64le", "ppc64el"),
    ("loongarch64", "loong64"),
];

impl Architecture {
    /// The architecture that this binary runs on.
    pub(crate) fn native() -> Self {
        let name = std::env::consts::ARCH;
        Self(dpkg_spelling(name).unwrap_or(name).to_owned())
    }

    /// The name as dpkg spells it.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

fn dpkg_spelling(name: &str) -> Option<&'static str> {
    SPELLINGS.iter().find(|(other, _)| *other == name).map(|(_, dpkg)| *dpkg)
}

impl fmt::Display for Architecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Architecture {
    type Err = BadArchitecture;

    fn from_str(text: &str) -> Result<Self, BadArchitecture> {
        if let Some(dpkg) = dpkg_spelling(text) {
            return Err(BadArchitecture(format!("dpkg calls this architecture '{dpkg}'")));
        }
        if matches!(text, "all" | "any" | "native" | "source") {
            return Err(BadArchitecture("this is no architecture of a machine".to_owned()));
        }
        check(text)?;
        Ok(Self(text.to_owned()))
    }
}

/// Checks the shape that deb-src-control(5) gives to architecture names: lower-case letters, digits and `-`.
fn check(text: &str) -> Result<(), BadArchitecture> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    if text.starts_with(fits) && text.chars().all(|c| fits(c) || c == '-') {
        return Ok(());
    }
    let reason = "an architecture is lower-case letters, digits and '-', such as amd64 or arm64";
    Err(BadArchitecture(reason.to_owned()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn an_architecture_is_spelled_as_dpkg_spells_it() {
        for good in
            ["amd64", "arm64", "armhf", "i386", "riscv64", "ppc64el", "s390x", "loong64", "kfreebsd-amd64"]
        {
            assert_eq!(good.parse::<Architecture>().map(|arch| arch.0), Ok(good.to_owned()));
        }
        for (wrong, right) in SPELLINGS {
            let error = wrong.parse::<Architecture>().map(|arch| arch.0);
            assert!(matches!(&error, Err(BadArchitecture(why)) if why.contains(right)), "{wrong}: {error:?}");
        }
        for bad in ["", "AMD64", "-amd64", "amd 64", "amd64/i386", "all", "any"] {
            assert!(bad.parse::<Architecture>().is_err(), "{bad}");
        }
    }

    #[test]
    fn the_native_architecture_is_a_name_that_dpkg_knows() {
        let native = Architecture::native();
        assert_eq!(native.as_str().parse(), Ok(native.clone()));
    }
}
