//! The C library of an image.

use std::fmt;
use std::str::FromStr;

use super::error::BadValue;
use crate::control::dotted::Dotted;

/// The C library of the main image, as it is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ImageLibc {
    /// `musl`, as in Alpine.
    Musl,
    /// The release of glibc.
    Glibc(Dotted),
}

impl ImageLibc {
    const MUSL: &str = "musl";
}

impl FromStr for ImageLibc {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        if text == Self::MUSL {
            return Ok(Self::Musl);
        }
        let number = Dotted::of(text).filter(|number| text.contains('.') && *number >= Dotted::from([2]));
        number.map(Self::Glibc).ok_or_else(|| {
            BadValue(
                "a release of glibc is expected, such as 2.36 ('ldd --version' tells), or 'musl'".to_owned(),
            )
        })
    }
}

impl fmt::Display for ImageLibc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Musl => f.write_str(Self::MUSL),
            Self::Glibc(number) => number.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_c_library_is_a_release_of_glibc_or_musl() {
        for good in ["2.36", "2.2.5", "musl"] {
            assert_eq!(good.parse::<ImageLibc>().unwrap().to_string(), good);
        }
        for bad in ["", "36", "2", "1.2", "glibc", "2.36-9+deb12u13", "bookworm"] {
            assert!(bad.parse::<ImageLibc>().is_err(), "{bad}");
        }
    }
}
